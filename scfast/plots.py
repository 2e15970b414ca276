"""Pictures of a :class:`~scfast.results.Result`, each a matplotlib Figure of its own.

Nothing global is touched: no pyplot, and the style holds only while a picture is made or written. The same result gives the same
picture. A picture of one cell takes the result and the cell (a point of the sweep), and raises ValueError where there is no such
cell or nothing of it is finished; what else a picture takes or refuses stands with it.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps, patheffects
from matplotlib import style as mpl_style
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

import scfast
from scfast import stats
from scfast.ahp import Node, Tree
from scfast.network import Network
from scfast.parameters import STATES
from scfast.results import OUTCOMES, Result

SWEEP_OUTCOMES = ("risk load", "eliminated", "peak", "extinct")
"""Outcomes that :func:`save_all` draws over a sweep."""

NETWORK_NODES = 1_500
"""Networks of more nodes are not drawn: they would be a ball of wool."""

NAMES_NODES = 500
"""Up to six nodes of networks of so many nodes are named, three of larger ones."""

AHP_LEAVES = 500
"""Hierarchies of more leaves are not drawn."""

BAR, LINE = 3.2, 0.19  # inches: the longest bar and the height of a line in a picture of a hierarchy
RADIUS = 292.0  # points, of the disk in which a network is drawn
MARKERS = "osD^vPXph<>*d8HX"
GOLDEN = np.pi * (3 - 5**0.5)  # radians
TIMES = "\N{MULTIPLICATION SIGN}"
INK, GREY = "#222222", "#666666"
# Okabe and Ito's colours, which colour-blind readers can tell apart
STATE_COLOURS = {"S": "#0072B2", "I": "#D55E00", "R": "#009E73", "X": "#4D4D4D"}
STATE_NAMES = {"S": "susceptible", "I": "infected", "R": "immune", "X": "eliminated"}
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#4D4D4D", "#B2A400")
KEYS = {
    "dynamics.beta": "infection probability \N{GREEK SMALL LETTER BETA} per step",
    "dynamics.gamma": "recovery probability \N{GREEK SMALL LETTER GAMMA} per step",
    "dynamics.delta": "elimination probability \N{GREEK SMALL LETTER DELTA} per step",
    "dynamics.xi": "probability \N{GREEK SMALL LETTER XI} per step of losing immunity",
    "dynamics.epsilon": "probability \N{GREEK SMALL LETTER EPSILON} per step of an external shock",
    "network.n_nodes": "nodes of a network",
    "initial.infected": "infected at the start (share, or number of nodes)",
}
STYLE: dict[str, Any] = {"font.size": 12.0, "text.color": INK, "lines.linewidth": 2.4, "lines.solid_capstyle": "round"}
STYLE |= {"axes.labelcolor": INK, "axes.labelsize": 12.5, "axes.titlesize": 12.5, "axes.titlelocation": "left"}
STYLE |= {"axes.edgecolor": "#999999", "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True}
STYLE |= {"axes.grid": True, "grid.color": "#E8E8E8", "legend.frameon": False, "text.parse_math": False, "svg.hashsalt": "scfast"}
STYLE |= {f"{axis}tick.{part}": colour for axis in "xy" for part, colour in (("color", "#999999"), ("labelcolor", INK))}

# every picture is drawn in this style, whatever the user's is, which is left as it was
_styled = mpl_style.context(["default", STYLE])


def _figure(width: float, height: float, title: str, details: Sequence[str], body: float = 0.0) -> Figure:
    """A figure (inches) with a heading in a strip of its own, above whatever the layout does; `body`: height without the strip."""
    lines = [line for text in details for line in textwrap.wrap(text, round(12 * width))]
    strip = 0.62 + 0.23 * len(lines)
    height = height or body + strip
    strip /= height
    figure = Figure(figsize=(width, height), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0.006, 0.006, 0.988, 1 - strip), w_pad=0.1, h_pad=0.1)
    figure.text(0.16 / width, 1 - 0.18 / height, title, size=16, weight="bold", va="top")
    figure.text(0.16 / width, 1 - 0.52 / height, "\n".join(lines), size=11, color=GREY, va="top", linespacing=1.35)
    return figure


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plural(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'s' * (n != 1)}"


def _ensemble(result: Result, cell: int) -> str:
    """Swept values of a cell, networks x replicates, nodes."""
    finished = len(_rows(result, cell))
    networks = _plural(finished, "network") if finished == result.n_networks else f"{finished} of {result.n_networks} networks"
    swept = ", ".join(f"{key.partition('.')[2]} = {_value(value)}" for key, value in result.cells[cell].items())
    where = f"cell {cell}: {swept}   ·   " if swept else ""
    return f"{where}{networks} {TIMES} {_plural(result.n_replicates, 'replicate')}   ·   N = {_n_nodes(result, cell):,} nodes"


def _rows(result: Result, cell: int) -> np.ndarray:
    rows = result.rows(cell)
    if not len(rows):
        raise ValueError(f"cell = {cell}: nothing of it is finished yet")
    return rows


def _n_nodes(result: Result, cell: int) -> int:
    return int(result.tables["rows/n_nodes"][_rows(result, cell)[0]])


def _plain(axis: Any, percent: bool = False) -> None:
    """Tick labels as people write numbers."""
    axis.set_major_formatter(FuncFormatter(lambda at, _: f"{100 * at:.6g} %" if percent else f"{at:,.6g}"))
    axis.set_minor_formatter("")


def _time_axis(ax: Axes, result: Result) -> None:
    ax.set(xlim=(0, max(result.n_steps, 1)), xlabel="time (steps)")
    ax.xaxis.set_major_locator(MaxNLocator(10, steps=(1, 2, 2.5, 5, 10), integer=True))
    _plain(ax.xaxis)
    _plain(ax.yaxis, percent=True)


def _label_lines(ax: Axes, lines: Sequence[tuple[float, str, str]]) -> None:
    """Name lines at their right ends: (height, text, colour), moved apart where they would overlap."""
    bottom, top = ax.get_ylim()
    gap = (top - bottom) * 0.056
    order = sorted(range(len(lines)), key=lambda k: lines[k][0])
    heights = np.array([lines[k][0] for k in order])
    # each label at least a gap above the one below; a run of pushed labels keeps its centre of mass
    slots = np.maximum(heights - gap * np.arange(len(order)), bottom + gap / 4)
    groups: list[list[float]] = []
    for slot in slots:
        groups.append([float(slot)])
        while len(groups) > 1 and np.mean(groups[-2]) > np.mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = np.concatenate([[np.mean(group)] * len(group) for group in groups]) + gap * np.arange(len(order))
    for k, height in zip(order, placed, strict=True):
        _, text, colour = lines[k]
        ax.annotate(
            text, (1.0, height), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            color=colour, va="center", weight="bold", size=11.5, annotation_clip=False)  # fmt: skip


@_styled
def trajectories(result: Result, cell: int = 0) -> Figure:
    """Shares of nodes in S, I, R and X over time: mean, the band of 5 to 95 % of all runs, and a few single runs.

    The lines labelled ``mean S`` to ``mean X`` are ``result.mean[cell] / n_nodes``.
    """
    n = _n_nodes(result, cell)
    mean = result.components(cell).mean / n
    low, high = (result.quantile(q)[cell] / n for q in (0.05, 0.95))
    samples = result.samples(cell)
    # the first sample of each network, then the second ones
    runs = samples.swapaxes(0, 1).reshape(-1, *mean.shape)[:5] / n
    step = np.arange(result.n_steps + 1)
    shown = f"line: mean   ·   band: 5 to 95 % of all runs   ·   thin: {_plural(len(runs), 'single run')}"
    figure = _figure(11, 6.6, "How risk spreads over time", (_ensemble(result, cell), shown))
    ax = figure.subplots()
    for k, state in enumerate(STATES):
        colour = STATE_COLOURS[state]
        ax.plot(step, mean[:, k], color=colour, zorder=4, label=f"mean {state}")
        ax.fill_between(step, low[:, k], high[:, k], color=colour, alpha=0.16, linewidth=0, zorder=2, label=f"band {state}")
        ax.plot(step, runs[:, :, k].T, color=colour, linewidth=0.7, alpha=0.5, zorder=3, label="_single run")
    ax.set(ylim=(-0.01, 1.01), ylabel="share of nodes")
    _time_axis(ax, result)
    ends = zip(mean[-1].tolist(), STATES, strict=True)
    _label_lines(ax, [(end, f"{STATE_NAMES[state]} {100 * end:.1f} %", STATE_COLOURS[state]) for end, state in ends])
    return figure


@_styled
def types(result: Result, cell: int = 0) -> Figure:
    """Infected share of each type's nodes over time, the mean of the networks' means with its 95 % interval.

    One line a type, in type order, those left out of which no network has a node.

    Raises
    ------
    ValueError
        Types were not recorded, or there is only one.
    """
    rows = _rows(result, cell)
    if "type_trajectory/sum" not in result.tables:
        raise ValueError("run.record: must hold 'types' for the types to be told apart")
    if len(result.type_names) < 2:
        raise ValueError(f"type_names = {', '.join(result.type_names)}: must be at least two to be compared")
    infected = STATES.index("I")
    sums = result.tables["type_trajectory/sum"][rows][..., infected]
    squares = result.tables["type_trajectory/sum_of_squares"][rows][..., infected]
    replicates = result.tables["rows/n_replicates"][rows]
    sizes = result.type_sizes(cell)
    over = "networks" if len(rows) > 1 else "replicates of the one network"
    details = (_ensemble(result, cell), f"line: mean   ·   band: 95 % interval of the mean, over {over}")
    figure = _figure(11, 6.2, "Which types are hit", details)
    ax = figure.subplots()
    ends = []
    for k, name in enumerate(result.type_names):
        if not len(has := np.flatnonzero(sizes[:, k])):
            continue
        # sizes differ between networks, so shares are averaged, not counts
        size = sizes[has, k].astype(np.float64)[:, None]
        part = stats.components(replicates[has], sums[has, :, k] / size, squares[has, :, k] / size**2)
        colour, dashes = COLOURS[k % len(COLOURS)], "-" if k < len(COLOURS) else (0, (4, 1.5))
        ax.plot(part.mean, color=colour, linestyle=dashes, label=name, zorder=3)
        ax.fill_between(range(len(part.mean)), *part.interval(), color=colour, alpha=0.2, linewidth=0, zorder=2)
        ends.append((float(part.mean[-1]), name, colour))
    ax.set(ylim=(0, None), ylabel="share of the type's nodes that are infected")
    _time_axis(ax, result)
    _label_lines(ax, ends)
    return figure


@_styled
def degrees(result: Result, cell: int = 0) -> Figure:
    """Share of nodes with at least k partners, over k, on logarithmic axes, all networks of a cell together.

    Isolated nodes count, but have no place on a logarithmic axis.

    Raises
    ------
    ValueError
        No network of the cell has an edge.
    """
    rows = _rows(result, cell)
    value, count = result.degrees(cell)
    if not value.max(initial=0):
        raise ValueError(f"cell = {cell}: must have at least one edge for its degrees to be drawn")
    reached = np.cumsum(count[::-1])[::-1] / count.sum()
    seen = value > 0
    isolates = int(count[~seen].sum())
    facts = f"mean degree {np.average(value, weights=count):.2f}   ·   largest {value.max():,}"
    facts += f"   ·   {isolates:,} isolated" * (isolates > 0)
    facts += f"   ·   all {len(rows)} networks together" * (len(rows) > 1)
    figure = _figure(9, 6.4, "How many partners", (_ensemble(result, cell), facts))
    ax = figure.subplots()
    ax.plot(value[seen], reached[seen], color=STATE_COLOURS["S"], linewidth=1.2, marker="o", ms=5, mew=0, drawstyle="steps-pre")
    ax.set(xscale="log", yscale="log", xlabel="degree k (partners)", ylabel="share of nodes with degree ≥ k")
    ax.set_xlim(0.9, value.max() * 1.15)
    ax.grid(True, which="minor", axis="x", color="#F4F4F4")
    _plain(ax.xaxis)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    _plain(ax.yaxis, percent=True)
    return figure


@_styled
def network(result: Result, cell: int = 0, index: int = 0) -> Figure | None:
    """One network: nodes coloured by vulnerability (share of time infected), sized by degree, shaped by type.

    Parameters
    ----------
    index : int, optional
        Which of the cell's networks.

    Returns
    -------
    matplotlib.figure.Figure or None
        None where the network has more than :data:`NETWORK_NODES` nodes. The three most vulnerable nodes are named; up to six of at
        most :data:`NAMES_NODES`, where there is room. None of them was never infected.

    Raises
    ------
    ValueError
        There is no such network, it is not finished, or nodes were not recorded.
    """
    rows = _rows(result, cell)
    if "node/infected_steps" not in result.tables:
        raise ValueError("run.record: must hold 'nodes' for the nodes' vulnerability to be known")
    if not 0 <= index < result.n_networks:
        raise ValueError(f"index = {index}: must be between 0 and {result.n_networks - 1}")
    mine = rows[result.tables["rows/network"][rows] == index]
    if not len(mine):
        raise ValueError(f"index = {index}: this network of cell {cell} is not finished yet")
    row = int(mine[0])
    sizes = result.tables["rows/n_nodes"].astype(np.int64)
    n = int(sizes[row])
    if n > NETWORK_NODES:
        return None
    first = int(sizes[:row].sum())
    infected = result.tables["node/infected_steps"][first : first + n] / (result.n_replicates * (result.n_steps + 1))
    net = result.network(cell, index)
    shown = f"network {index}   ·   " * (result.n_networks > 1) + _plural(net.n_edges, "edge")
    shown += f"   ·   colour: share of time infected   ·   size: degree ({net.degree.min():,} to {net.degree.max():,})"
    figure = _figure(11.2, 10.4, "Who is vulnerable", (_ensemble(result, cell), shown))
    _draw_network(figure, net, infected)
    return figure


def _draw_network(figure: Figure, net: Network, infected: np.ndarray) -> None:
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set_aspect("equal")
    spacing = RADIUS / (net.n_nodes**0.5 + 1)  # points between neighbours in a disk that fills the picture
    area = np.minimum((0.55 * spacing) ** 2 * (np.maximum(net.degree, 0.5) / max(net.degree.mean(), 1)) ** 0.75, 42.0**2)
    place = _layout(net, np.sqrt(area) / spacing)
    place -= (place.min(axis=0) + place.max(axis=0)) / 2
    radius = np.sqrt(area) / 2
    # whole markers stand inside, diamonds from corner to corner
    reach = max(float((np.abs(place).max(axis=1) / (1 - (1.5 * radius + 2) / RADIUS)).max()), 1.0)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    source = np.repeat(np.arange(net.n_nodes), np.diff(net.indptr))
    once = source < net.indices
    ends = np.stack([place[source[once]], place[net.indices[once]]], axis=1)
    faint = float(np.clip(0.7 * (500 / max(len(ends), 1)) ** 0.5, 0.18, 0.55))
    ax.add_collection(LineCollection(list(ends), colors="#808080", linewidths=0.6, alpha=faint, zorder=1))
    norm = Normalize(float(infected.min()), float(infected.max()))
    edge, shapes = "#4A3A32", []
    # hubs last within a type, and no type as a whole above another
    for large in (False, True):
        for k, name in enumerate(net.type_names):
            ours = np.flatnonzero((net.types == k) & ((net.degree > 2 * net.degree.mean()) == large))
            ours = ours[np.argsort(net.degree[ours], kind="stable")]
            marker = MARKERS[k % len(MARKERS)]
            ax.scatter(
                place[ours, 0], place[ours, 1], s=area[ours], c=infected[ours], norm=norm, cmap="YlOrRd", marker=marker,
                edgecolors=edge, linewidths=0.5, zorder=2 + large, label=name)  # fmt: skip
            if large:
                text = f"{name} ({int((net.types == k).sum()):,})"
                shapes.append(Line2D([], [], ls="none", marker=marker, ms=9, color="#C9C2BD", markeredgecolor=edge, label=text))
    bar = figure.colorbar(ScalarMappable(norm, "YlOrRd"), ax=ax, shrink=0.42, aspect=22, pad=0.01)
    bar.set_label("vulnerability: share of time infected")
    bar.outline.set_visible(False)
    _plain(bar.ax.yaxis, percent=True)
    if len(shapes) > 1:
        figure.legend(handles=shapes, loc="outside lower center", ncols=min(len(shapes), 5), handletextpad=0.2)
    most = np.argsort(-infected, kind="stable")[: 6 if net.n_nodes <= NAMES_NODES else 3]
    most = most[infected[most] > 0]
    labels = [net.label(int(i)) for i in most]
    names = [f"{net.type_names[net.types[i]]} {label}" if label == str(i) else label for i, label in zip(most, labels, strict=True)]
    _name_nodes(ax, place, radius, most, names, RADIUS / reach)


def _name_nodes(ax: Axes, place: np.ndarray, radius: np.ndarray, nodes: np.ndarray, names: Sequence[str], scale: float) -> None:
    """Write names near nodes where they hide least, those after the third only where there is room.

    Radii are in points; `scale` points make a unit of `place`.
    """
    place = place * scale
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    taken: list[tuple[np.ndarray, np.ndarray]] = []
    for node, full in zip(nodes, names, strict=True):
        name = full if len(full) <= 36 else full[:35].rstrip() + "…"
        half = np.array([3.6 * len(name) + 4, 10.0])
        best, centre = np.inf, place[node]
        for reach, angle in itertools.product((14.0, 26.0, 42.0, 62.0, 86.0, 114.0), angles):
            way = np.array([np.cos(angle), np.sin(angle)])
            spot = place[node] + way * (radius[node] + reach) + np.sign(np.round(way, 6)) * half * np.abs(way)
            hidden = (np.abs(place - spot) < half + radius[:, None]).all(axis=1)
            cost = float((radius[hidden] ** 2).sum()) / 3 + 0.35 * reach
            cost += 1e4 * sum(bool((np.abs(other - spot) < size + half).all()) for other, size in taken)
            cost += 1e3 * bool((np.abs(spot) + half > RADIUS).any())
            if cost < best:
                best, centre = cost, spot
        # a far spot that hides nothing still costs less than this; a crowded near one does not
        if len(taken) >= 3 and best > 30:
            continue
        taken.append((centre, half))
        ax.annotate(
            name, tuple(place[node] / scale), tuple(centre / scale), ha="center", va="center", size=12, weight="bold", zorder=9,
            arrowprops={"arrowstyle": "-", "color": INK, "shrinkA": 0, "shrinkB": float(radius[node]), "zorder": 8},
            path_effects=[patheffects.withStroke(linewidth=3.5, foreground="white")])  # fmt: skip


def _layout(net: Network, size: np.ndarray) -> np.ndarray:
    """Places of the nodes, float64 (n_nodes, 2), about one unit of area a node.

    The largest component stands in the middle, the others around it. `size` holds the nodes' diameters, which are kept from
    covering each other.
    """
    from scipy.sparse import csgraph

    matrix = net.to_scipy()
    _, part = csgraph.connected_components(matrix, directed=False)
    place = np.zeros((net.n_nodes, 2))
    parts = []
    for nodes in np.split(np.argsort(part, kind="stable"), np.cumsum(np.bincount(part))[:-1]):
        distance = csgraph.shortest_path(matrix[nodes][:, nodes], unweighted=True, directed=False)
        place[nodes] = _separate(_stress_layout(distance) * len(nodes) ** 0.5, size[nodes])
        parts.append((float(np.hypot(*place[nodes].T).max()) + 0.7, nodes))
    parts.sort(key=lambda part: -part[0])
    # four times the area of the parts always has room for the next; spots are numbered from the middle outwards
    bound = 2 * sum(reach**2 for reach, _ in parts) ** 0.5 + 3
    spot = np.arange(1 if len(parts) == 1 else round(2 * bound**2))
    spots = np.sqrt(spot / 2)[:, None] * np.stack([np.cos(GOLDEN * spot), np.sin(GOLDEN * spot)], axis=1)
    room = np.full(len(spots), np.inf)
    for reach, nodes in parts:
        centre = spots[np.argmax(room >= reach)]
        place[nodes] += centre
        np.minimum(room, np.hypot(*(spots - centre).T) - reach, out=room)
    return place


def _stress_layout(distance: np.ndarray, n_iterations: int = 50) -> np.ndarray:
    """Places in the unit disk whose distances follow path lengths: stress majorization (L) from a classical scaling."""
    from scipy import linalg
    from scipy.spatial.distance import cdist

    n = len(distance)
    if n < 3:
        return np.array([[0.0, 0.0]]) if n == 1 else np.array([[-0.7, 0.0], [0.7, 0.0]])
    centred = -0.5 * distance**2
    centred = centred - centred.mean(axis=0) - centred.mean(axis=1)[:, None] + centred.mean()
    values, vectors = linalg.eigh(centred, subset_by_index=[n - 2, n - 1])
    place = vectors * np.sqrt(np.maximum(values, 0))
    # nodes with the same neighbours would start, and stay, on one spot
    place += np.random.Generator(np.random.PCG64(0)).normal(scale=0.1, size=(n, 2))
    distance = distance + np.diag(np.full(n, np.inf))
    weight, pull = 1 / distance**2, 1 / distance
    inverse = np.linalg.inv(np.diag(weight.sum(axis=1)) - weight + 1 / n) - 1 / n
    for _ in range(n_iterations):
        apart = cdist(place, place)
        np.fill_diagonal(apart, np.inf)
        force = np.divide(pull, apart, out=apart)
        place = inverse @ (force.sum(axis=1)[:, None] * place - force @ place)
    place -= (place.min(axis=0) + place.max(axis=0)) / 2 if n < 50 else np.median(place, axis=0)
    radius = np.hypot(*place.T)
    # where there are many, half way to a disk of even density, so that no crowded middle stands in an empty margin
    even = np.sqrt((radius.argsort().argsort() + 0.5) / n) if n >= 50 else radius / radius.max()
    scaled: np.ndarray = place * ((radius / radius.max() + even) / 2 / np.maximum(radius, 1e-9))[:, None]
    return scaled


def _separate(place: np.ndarray, size: np.ndarray, n_iterations: int = 60) -> np.ndarray:
    """Push apart nodes that cover each other."""
    from scipy.spatial import cKDTree

    for _ in range(n_iterations if len(place) > 1 else 0):
        a, b = cKDTree(place).query_pairs(float(size.max()), output_type="ndarray").T
        gap = place[b] - place[a]
        apart = np.maximum(np.hypot(*gap.T), 1e-9)
        missing = np.maximum(0.55 * (size[a] + size[b]) - apart, 0)
        if not missing.any():
            break
        # the smaller node gives way
        share = (size[a] ** 2 / (size[a] ** 2 + size[b] ** 2))[:, None]
        push = gap / apart[:, None] * missing[:, None] * 0.7
        move = np.zeros_like(place)
        np.add.at(move, b, push * share)
        np.add.at(move, a, -push * (1 - share))
        place = place + move
    return place


def _nothing(result: Result) -> ValueError:
    return ValueError(f"{result.folder or 'results'}: nothing is finished yet, so there is nothing to draw")


def _swept(result: Result) -> dict[str, list[Any]]:
    """Swept keys of more than one value, with the values, in the order of the grid."""
    found = {key: list({repr(cell[key]): cell[key] for cell in result.cells}.values()) for key in result.cells[0]}
    return {key: values for key, values in found.items() if len(values) > 1}


def _meaning(key: str) -> str:
    section, field, *of_type = key.split(".", 2)
    return KEYS.get(f"{section}.{field}", f"{section}.{field}") + "".join(f" ({name})" for name in of_type)


def _means(result: Result, name: str) -> np.ndarray:
    """Mean of an outcome and its 95 % interval at each cell, (3, cell); NaN where nothing is finished."""
    out = np.full((3, result.n_cells), np.nan)
    for cell in range(result.n_cells):
        if len(result.rows(cell)):
            part, _ = result.outcome(name, cell)
            out[:, cell] = part.mean, *part.interval()
    return out


def _panels(
    result: Result, outcome: str | Sequence[str], n_keys: int, shown: str, size: tuple[float, float]
) -> tuple[Figure, list[tuple[str, Axes]], list[tuple[str, list[Any]]]]:
    """A figure with a panel an outcome; outcome and panel; the `n_keys` swept keys and their values."""
    names = [outcome] if isinstance(outcome, str) else list(outcome)
    unknown = [name for name in names if name not in OUTCOMES]
    if unknown or not names:
        raise ValueError(f"outcome = {(unknown or names)!r}: must be one or more of {', '.join(OUTCOMES)}")
    swept = _swept(result)
    if len(swept) != n_keys:
        raise ValueError(f"sweep = {', '.join(swept) or 'none'}: must vary exactly {_plural(n_keys, 'key')} for this picture")
    sizes = [_n_nodes(result, cell) for cell in range(result.n_cells) if len(result.rows(cell))]
    if not sizes:
        raise _nothing(result)
    done = "" if result.complete else f", {result.done} of {result.total} networks done"
    each = f"{_plural(result.n_networks, 'network')} {TIMES} {_plural(result.n_replicates, 'replicate')} in each cell"
    nodes = f"N = {min(sizes):,}" + f" to {max(sizes):,}" * (max(sizes) > min(sizes)) + " nodes"
    columns = min(len(names), 2 if len(names) == 4 else 3)
    n_rows = -(-len(names) // columns)
    title = f"Outcome{'s' * (len(names) > 1)} over the {'grid' if n_keys == 2 else 'sweep'}"
    details = (f"{each}{done}   ·   {nodes}   ·   {result.n_steps:,} steps", shown)
    figure = _figure(max(size[0] * columns, 8.6), size[1] * n_rows + 0.9, title, details)
    grid = figure.subplots(n_rows, columns, squeeze=False)
    for spare in grid.flat[len(names) :]:
        spare.remove()
    panels = list(zip(names, grid.flat, strict=False))
    for name, ax in panels:
        text = f"{name}: {OUTCOMES[name][0]}"
        ax.set_title(text[0].upper() + text[1:])
    return figure, panels, list(swept.items())


@_styled
def heatmap(result: Result, outcome: str | Sequence[str] = "risk load") -> Figure:
    """Mean outcome over a grid of two swept keys, the first along x; a panel each for several outcomes.

    Parameters
    ----------
    result : Result
        Exactly two swept keys have more than one value.
    outcome : str or sequence of str, optional
        Of :data:`scfast.results.OUTCOMES`.

    Returns
    -------
    matplotlib.figure.Figure
        Cells in which nothing is finished stay grey.

    Raises
    ------
    ValueError
        No such outcome, or not two swept keys.
    """
    shown = "colours and numbers: mean of all replicates, shares in %"
    figure, panels, ((x_key, x_values), (y_key, y_values)) = _panels(result, outcome, 2, shown, (7.4, 5.7))
    for name, ax in panels:
        mean = _means(result, name)[0].reshape(len(x_values), len(y_values)).T
        percent = OUTCOMES[name][1] == "share"
        mesh = ax.pcolormesh(
            np.arange(len(x_values) + 1) - 0.5, np.arange(len(y_values) + 1) - 0.5, np.ma.masked_invalid(mean),
            cmap="YlOrRd", edgecolors="white", linewidth=0.8 if mean.size <= 900 else 0)  # fmt: skip
        ax.set_facecolor("#DDDDDD")
        ax.grid(False)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        for axis, key, values in ((ax.xaxis, x_key, x_values), (ax.yaxis, y_key, y_values)):
            every = -(-len(values) // 12)
            axis.set_ticks(list(range(0, len(values), every)), [_value(value) for value in values[::every]])
            axis.set_label_text(_meaning(key))
        bar = figure.colorbar(mesh, ax=ax, aspect=26, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label(f"{name} ({OUTCOMES[name][1]})")
        _plain(bar.ax.yaxis, percent)
        if max(mean.shape) <= 12:
            _write_cells(ax, mean, percent)
    return figure


def _write_cells(ax: Axes, mean: np.ndarray, percent: bool) -> None:
    low, high = np.nanmin(mean), np.nanmax(mean)
    for (y, x), value in np.ndenumerate(mean):
        if np.isfinite(value):
            colour = colormaps["YlOrRd"]((value - low) / max(high - low, 1e-300))
            dark = np.dot(colour[:3], (0.299, 0.587, 0.114)) < 0.55
            digits = 0 if high >= (0.1 if percent else 100) else 1
            text = f"{value * (100 if percent else 1):.{digits}f}"
            ax.text(x, y, text, ha="center", va="center", size=9.5, color="white" if dark else INK)


@_styled
def sweep_curve(result: Result, outcome: str | Sequence[str] = "risk load") -> Figure:
    """Mean outcome over the values of one swept key, with its 95 % interval; a panel each for several outcomes.

    Exactly one swept key must have more than one value; outcomes as for :func:`heatmap`.

    Raises
    ------
    ValueError
        No such outcome, or not one swept key.
    """
    over = "networks" if result.n_networks > 1 else "replicates of the one network"
    shown = f"line: mean   ·   band: 95 % interval of the mean, over {over}"
    figure, panels, ((key, values),) = _panels(result, outcome, 1, shown, (6.4, 4.3))
    numbers = all(isinstance(value, int | float) and np.isfinite(value) for value in values)
    x = np.array(values, float) if numbers else np.arange(len(values), dtype=float)
    order = np.argsort(x, kind="stable")
    for k, (name, ax) in enumerate(panels):
        mean, low, high = _means(result, name)[:, order]
        colour = COLOURS[k % len(COLOURS)]
        ax.fill_between(x[order], low, high, color=colour, alpha=0.22, linewidth=0, zorder=2)
        ax.plot(x[order], mean, color=colour, marker="o", markersize=5.5, zorder=3)
        ax.set(xlabel=_meaning(key), ylabel=f"{name} ({OUTCOMES[name][1]})")
        if numbers and x.min() > 0 and x.max() / x.min() >= 50:
            ax.set_xscale("log")
        _plain(ax.xaxis)
        if not numbers or (len(x) <= 8 and ax.get_xscale() == "log"):
            ax.set_xticks(x, [_value(value) for value in values])
            ax.set_xticks([], minor=True)
        _plain(ax.yaxis, OUTCOMES[name][1] == "share")
    return figure


@_styled
def ahp(tree: Tree) -> Figure:
    """A hierarchy of factors: goal to the left, leaves to the right with bars of their global weights, and every CR.

    Parameters
    ----------
    tree : scfast.ahp.Tree

    Returns
    -------
    matplotlib.figure.Figure
        One colour for all that is below one child of the goal.

    Raises
    ------
    ValueError
        More than 500 leaves.
    """
    leaves = tree.leaves
    if len(leaves) > AHP_LEAVES:
        raise ValueError(f"leaves = {len(leaves)}: must be at most {AHP_LEAVES} to be drawn")
    texts: dict[str, _Words] = {}
    columns: list[float] = []  # widths of the factors' columns, by depth; the leaves have one more
    rows: dict[str, float] = {}  # heights of the nodes' middles, from the top
    height = _lay(tree.goal, 0, 0.15, texts, columns, rows) + 0.15
    edges = [0.16, *(0.16 + np.cumsum(np.array(columns) + 0.62)).tolist()]
    bars = edges[-1] + max(texts[leaf.key].width for leaf in leaves) + 0.15
    width = bars + BAR + 1.5
    title = textwrap.shorten(f"Weights for {tree.goal.label}", max(30, round(6.5 * width)), placeholder=" ...")
    groups = "   ·   in brackets: share of its group" * (len(columns) > 1)
    legend = f"bar and bold: share of the whole{groups}   ·   CR: consistency ratio"
    figure = _figure(width, 0.0, title, (f"AHP, {tree.method} method   ·   {legend}",), body=height)
    figure.set_layout_engine("none")  # places are inches
    ax = figure.add_axes((0, 0, 1, height / figure.get_figheight()))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    longest = max(leaf.global_weight for leaf in leaves)

    def draw(node: Node, depth: int, colour: str) -> None:
        x, y, words = edges[depth if node.children else -1], rows[node.key], texts[node.key]
        words.draw(ax, x, y)
        if not node.children:
            long = BAR * node.global_weight / longest
            ax.barh(y, long, 0.21, bars, color=colour)
            ax.annotate(
                f"{100 * node.global_weight:.1f} %", (bars + long, y), (5, 0), textcoords="offset points", va="center",
                size=11, weight="bold")  # fmt: skip
            share = f"({100 * node.local_weight:.1f} %)" * (depth > 1)
            ax.annotate(share, (bars + long, y), (55, 0), textcoords="offset points", va="center", size=10, color=GREY)
        spine = edges[depth + 1] - 0.3 if node.children else 0.0
        heights = [rows[child.key] for child in node.children]
        if node.children:
            ax.plot([x + words.width + 0.08, spine], [y, y], color=colour, linewidth=1.3)
            ax.plot([spine, spine], [heights[0], heights[-1]], color=colour, linewidth=1.3)
        for k, (child, at) in enumerate(zip(node.children, heights, strict=True)):
            own = COLOURS[k % len(COLOURS)] if depth == 0 else colour
            ax.plot([spine, edges[depth + 1 if child.children else -1] - 0.08], [at, at], color=own, linewidth=1.3)
            draw(child, depth + 1, own)

    draw(tree.goal, 0, GREY)
    return figure


def _lay(node: Node, depth: int, top: float, texts: dict[str, _Words], columns: list[float], rows: dict[str, float]) -> float:
    """Place a node and what is below it, from `top` down; the lower end of it all. Inches."""
    texts[node.key] = words = _Words.of(node, depth)
    gap = 0.2 if any(child.children for child in node.children) else 0.0
    bottom = top
    for k, child in enumerate(node.children):
        bottom = _lay(child, depth + 1, bottom + gap * (k > 0), texts, columns, rows)
    missing = max(words.height - (bottom - top), 0.0)
    for below in itertools.islice(node.walk(), 1, None):
        rows[below.key] += missing / 2
    bottom += missing
    ends = [rows[child.key] for child in node.children] or [top, bottom]
    rows[node.key] = (ends[0] + ends[-1]) / 2
    if node.children:
        columns.extend([0.0] * (depth + 1 - len(columns)))
        columns[depth] = max(columns[depth], words.width)
    return bottom


@dataclasses.dataclass(frozen=True)
class _Words:
    """The name of a node in a picture of a hierarchy, wrapped, and under a factor's its weight and CR; inches."""

    lines: tuple[tuple[str, dict[str, Any]], ...]
    width: float
    height: float

    @classmethod
    def of(cls, node: Node, depth: int) -> _Words:
        factor = bool(node.children)
        style: dict[str, Any] = {"size": 12 if factor else 11, "weight": "bold" if factor else "normal"}
        lines = [(text, style) for text in textwrap.wrap(node.label, 24 if factor else 44, max_lines=4, placeholder=" ...")]
        if factor and node.judged is not None:
            share = f"{100 * node.global_weight:.1f} %   " * (depth > 0) + f"({100 * node.local_weight:.1f} %)   " * (depth > 1)
            ratio = f"CR {node.judged.consistency_ratio:.3f}" if len(node.children) > 1 else "one child"
            colour = GREY if node.judged.consistent else STATE_COLOURS["I"]
            lines.append((f"{share}{ratio}", {"size": 10.5, "color": colour}))
        fonts = [FontProperties(size=style["size"], weight=style.get("weight")) for _, style in lines]
        wide = max(TextPath((0, 0), text, prop=font).get_extents().xmax for (text, _), font in zip(lines, fonts, strict=True))
        return cls(tuple(lines), wide / 72, LINE * len(lines) + (0.16 if factor else 0.13))

    def draw(self, ax: Axes, x: float, y: float) -> None:
        for k, (text, style) in enumerate(self.lines):
            ax.text(x, y + LINE * (k - (len(self.lines) - 1) / 2), text, va="center", **style)


def _pictures(result: Result, cell: int | None) -> Iterator[tuple[str, Figure]]:
    """Name and figure of each picture that applies, of one cell alone if given; tells standard error what is left out, and why."""
    finished = [at for at in range(result.n_cells) if len(result.rows(at))]
    one = "" if cell is None else f"-cell{cell}"
    if cell is not None:
        result.rows(cell)
    if not finished:
        raise _nothing(result)
    first = finished[0] if cell is None else cell
    nodes = "node/infected_steps" in result.tables
    # before all others, as it needs the network itself, of which the copy may be gone
    drawn = network(result, first, int(result.tables["rows/network"][_rows(result, first)[0]])) if nodes else None
    yield f"trajectories{one}", trajectories(result, first)
    if cell is None:
        load = _means(result, "risk load")[0]
        for at in sorted({int(np.nanargmin(load)), int(np.nanargmax(load))} - {first}):
            yield f"trajectories-cell{at}", trajectories(result, at)
    if "type_trajectory/sum" in result.tables and len(result.type_names) > 1:
        yield f"types{one}", types(result, first)
    if result.degrees(first)[0].max(initial=0):
        yield f"degrees{one}", degrees(result, first)
    if drawn is not None:
        yield f"network{one}", drawn
    elif nodes:
        print(f"no picture of the network: more than {NETWORK_NODES:,} nodes are too many to draw", file=sys.stderr)
    varied = {"strategy.name", "risk.draw", "sensitivity.point"} & result.cells[0].keys()  # no grid: others draw these
    swept = 0 if cell is not None or varied else len(_swept(result))
    if swept in (1, 2):
        yield "sweep", (sweep_curve if swept == 1 else heatmap)(result, SWEEP_OUTCOMES)
    elif swept:
        print("no picture of the sweep: more than two swept keys are too many to draw", file=sys.stderr)


def save_all(result: Result, folder: str | Path, fmt: str = "png", cell: int | None = None) -> list[Path]:
    """Write every picture that applies.

    Parameters
    ----------
    result : Result
    folder : str or Path
        Made where it is not there.
    fmt : "png" or "svg"
        Files of the same result are equal, byte for byte; run id and seed stand in them.
    cell : int, optional
        Only pictures of this cell, with ``-cell3`` and so on after their names, and none of the sweep.

    Returns
    -------
    list of Path
        The files: ``trajectories`` of the first cell, and of those with the least and the greatest risk load as
        ``trajectories-cell3`` and so on; ``types``; ``degrees``; ``network``; ``sweep``.

    Raises
    ------
    ValueError
        Another format, no such cell, a folder that cannot be written, or nothing is finished yet.

    Examples
    --------
    >>> import tempfile
    >>> import scfast as sf
    >>> text = "[network]\\nn_nodes=40\\n[run]\\nnetworks=2\\nreplicates=64\\nsteps=10\\nseed=1"
    >>> result = sf.run(sf.Config.from_text(text), n_jobs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in save_all(result, folder)]
    ['trajectories.png', 'types.png', 'degrees.png', 'network.png']
    """
    if fmt not in ("png", "svg"):
        raise ValueError(f"format = {fmt!r}: must be one of png, svg")
    written = []
    for name, figure in _pictures(result, cell):
        path = Path(folder) / f"{name}.{fmt}"
        save(figure, path, f"run {result.manifest['run_id']}, seed {result.seed}")
        written.append(path)
    return written


def save(figure: Figure, path: str | Path, about: str) -> None:
    """Write a picture whole or not at all, as png or svg by the name's ending; `about` stands in it.

    Raises
    ------
    ValueError
        Another ending, or a folder that cannot be written.
    """
    path = Path(path)
    folder, fmt = path.parent, path.suffix.removeprefix(".")
    if fmt not in ("png", "svg"):
        raise ValueError(f"path = {str(path)!r}: must end in .png or .svg")
    scratch = folder / f".{path.name}.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(_render(figure, path.stem, f"scfast {scfast.__version__}, {about}", fmt))
        os.replace(scratch, path)
    except OSError as error:
        raise ValueError(f"folder = {str(folder)!r}: cannot be written ({error.strerror})") from None
    finally:
        if folder.is_dir():
            scratch.unlink(missing_ok=True)


@_styled
def _render(figure: Figure, name: str, told: str, fmt: str) -> bytes:
    """The bytes of a picture's file; no date in it."""
    metadata: dict[str, Any] = {"Title": name, "Description": told}
    metadata |= {"Software": "scfast"} if fmt == "png" else {"Creator": "scfast", "Date": None}
    figure.savefig(buffer := io.BytesIO(), format=fmt, dpi=150, metadata=metadata)
    return buffer.getvalue()
