"""Pictures of a :class:`~scfast.results.Result`, each a matplotlib Figure of its own.

Nothing global is touched: no pyplot, and the style holds only while a picture is made or written. The same result gives the same
picture. A picture of one cell takes the result and the cell (a point of the sweep), and raises ValueError where there is no such
cell or nothing of it is finished; what else a picture takes or refuses stands with it.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps, patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from scfast import stats
from scfast.drawing import (
    COLOURS,
    INK,
    STATE_COLOURS,
    STATE_NAMES,
    TIMES,
    as_text,
    ensemble_text,
    label_lines,
    new_figure,
    nodes_of,
    nothing_finished,
    plain,
    plural,
    rows_of,
    save,
    styled,
    time_axis,
)
from scfast.layout import layout
from scfast.network import Network
from scfast.parameters import STATES
from scfast.results import OUTCOMES, Result

SWEEP_OUTCOMES = ("risk load", "eliminated", "peak", "extinct")
"""Outcomes that :func:`save_all` draws over a sweep."""

NETWORK_NODES = 1_500
"""Networks of more nodes are not drawn: they would be a ball of wool."""

NAMES_NODES = 500
"""Up to six nodes of networks of so many nodes are named, three of larger ones."""

RADIUS = 292.0  # points, of the disk in which a network is drawn
MARKERS = "osD^vPXph<>*d8HX"
KEYS = {
    "dynamics.beta": "infection probability \N{GREEK SMALL LETTER BETA} per step",
    "dynamics.gamma": "recovery probability \N{GREEK SMALL LETTER GAMMA} per step",
    "dynamics.delta": "elimination probability \N{GREEK SMALL LETTER DELTA} per step",
    "dynamics.xi": "probability \N{GREEK SMALL LETTER XI} per step of losing immunity",
    "dynamics.epsilon": "probability \N{GREEK SMALL LETTER EPSILON} per step of an external shock",
    "network.n_nodes": "nodes of a network",
    "initial.infected": "infected at the start (share, or number of nodes)",
}


@styled
def trajectories(result: Result, cell: int = 0) -> Figure:
    """Shares of nodes in S, I, R and X over time: mean, the band of 5 to 95 % of all runs, and a few single runs.

    The lines labelled ``mean S`` to ``mean X`` are ``result.mean[cell] / n_nodes``.
    """
    n = nodes_of(result, cell)
    mean = result.components(cell).mean / n
    low, high = (result.quantile(q)[cell] / n for q in (0.05, 0.95))
    samples = result.samples(cell)
    # the first sample of each network, then the second ones
    runs = samples.swapaxes(0, 1).reshape(-1, *mean.shape)[:5] / n
    step = np.arange(result.n_steps + 1)
    shown = f"line: mean   ·   band: 5 to 95 % of all runs   ·   thin: {plural(len(runs), 'single run')}"
    figure = new_figure(11, 6.6, "How risk spreads over time", (ensemble_text(result, cell), shown))
    ax = figure.subplots()
    for k, state in enumerate(STATES):
        colour = STATE_COLOURS[state]
        ax.plot(step, mean[:, k], color=colour, zorder=4, label=f"mean {state}")
        ax.fill_between(step, low[:, k], high[:, k], color=colour, alpha=0.16, linewidth=0, zorder=2, label=f"band {state}")
        ax.plot(step, runs[:, :, k].T, color=colour, linewidth=0.7, alpha=0.5, zorder=3, label="_single run")
    ax.set(ylim=(-0.01, 1.01), ylabel="share of nodes")
    time_axis(ax, result)
    ends = zip(mean[-1].tolist(), STATES, strict=True)
    label_lines(ax, [(end, f"{STATE_NAMES[state]} {100 * end:.1f} %", STATE_COLOURS[state]) for end, state in ends])
    return figure


@styled
def types(result: Result, cell: int = 0) -> Figure:
    """Infected share of each type's nodes over time, the mean of the networks' means with its 95 % interval.

    One line a type, in type order, those left out of which no network has a node.

    Raises
    ------
    ValueError
        Types were not recorded, or there is only one.
    """
    rows = rows_of(result, cell)
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
    details = (ensemble_text(result, cell), f"line: mean   ·   band: 95 % interval of the mean, over {over}")
    figure = new_figure(11, 6.2, "Which types are hit", details)
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
    time_axis(ax, result)
    label_lines(ax, ends)
    return figure


@styled
def degrees(result: Result, cell: int = 0) -> Figure:
    """Share of nodes with at least k partners, over k, on logarithmic axes, all networks of a cell together.

    Isolated nodes count, but have no place on a logarithmic axis.

    Raises
    ------
    ValueError
        No network of the cell has an edge.
    """
    rows = rows_of(result, cell)
    value, count = result.degrees(cell)
    if not value.max(initial=0):
        raise ValueError(f"cell = {cell}: must have at least one edge for its degrees to be drawn")
    reached = np.cumsum(count[::-1])[::-1] / count.sum()
    seen = value > 0
    isolates = int(count[~seen].sum())
    facts = f"mean degree {np.average(value, weights=count):.2f}   ·   largest {value.max():,}"
    facts += f"   ·   {isolates:,} isolated" * (isolates > 0)
    facts += f"   ·   all {len(rows)} networks together" * (len(rows) > 1)
    figure = new_figure(9, 6.4, "How many partners", (ensemble_text(result, cell), facts))
    ax = figure.subplots()
    ax.plot(value[seen], reached[seen], color=STATE_COLOURS["S"], linewidth=1.2, marker="o", ms=5, mew=0, drawstyle="steps-pre")
    ax.set(xscale="log", yscale="log", xlabel="degree k (partners)", ylabel="share of nodes with degree ≥ k")
    ax.set_xlim(0.9, value.max() * 1.15)
    ax.grid(True, which="minor", axis="x", color="#F4F4F4")
    plain(ax.xaxis)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    plain(ax.yaxis, percent=True)
    return figure


@styled
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
    rows = rows_of(result, cell)
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
    shown = f"network {index}   ·   " * (result.n_networks > 1) + plural(net.n_edges, "edge")
    shown += f"   ·   colour: share of time infected   ·   size: degree ({net.degree.min():,} to {net.degree.max():,})"
    figure = new_figure(11.2, 10.4, "Who is vulnerable", (ensemble_text(result, cell), shown))
    _draw_network(figure, net, infected)
    return figure


def _draw_network(figure: Figure, net: Network, infected: np.ndarray) -> None:
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set_aspect("equal")
    spacing = RADIUS / (net.n_nodes**0.5 + 1)  # points between neighbours in a disk that fills the picture
    area = np.minimum((0.55 * spacing) ** 2 * (np.maximum(net.degree, 0.5) / max(net.degree.mean(), 1)) ** 0.75, 42.0**2)
    place = layout(net, np.sqrt(area) / spacing)
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
    plain(bar.ax.yaxis, percent=True)
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
        raise ValueError(f"sweep = {', '.join(swept) or 'none'}: must vary exactly {plural(n_keys, 'key')} for this picture")
    sizes = [nodes_of(result, cell) for cell in range(result.n_cells) if len(result.rows(cell))]
    if not sizes:
        raise nothing_finished(result)
    done = "" if result.complete else f", {result.done} of {result.total} networks done"
    each = f"{plural(result.n_networks, 'network')} {TIMES} {plural(result.n_replicates, 'replicate')} in each cell"
    nodes = f"N = {min(sizes):,}" + f" to {max(sizes):,}" * (max(sizes) > min(sizes)) + " nodes"
    columns = min(len(names), 2 if len(names) == 4 else 3)
    n_rows = -(-len(names) // columns)
    title = f"Outcome{'s' * (len(names) > 1)} over the {'grid' if n_keys == 2 else 'sweep'}"
    details = (f"{each}{done}   ·   {nodes}   ·   {result.n_steps:,} steps", shown)
    figure = new_figure(max(size[0] * columns, 8.6), size[1] * n_rows + 0.9, title, details)
    grid = figure.subplots(n_rows, columns, squeeze=False)
    for spare in grid.flat[len(names) :]:
        spare.remove()
    panels = list(zip(names, grid.flat, strict=False))
    for name, ax in panels:
        text = f"{name}: {OUTCOMES[name][0]}"
        ax.set_title(text[0].upper() + text[1:])
    return figure, panels, list(swept.items())


@styled
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
            axis.set_ticks(list(range(0, len(values), every)), [as_text(value) for value in values[::every]])
            axis.set_label_text(_meaning(key))
        bar = figure.colorbar(mesh, ax=ax, aspect=26, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label(f"{name} ({OUTCOMES[name][1]})")
        plain(bar.ax.yaxis, percent)
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


@styled
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
        plain(ax.xaxis)
        if not numbers or (len(x) <= 8 and ax.get_xscale() == "log"):
            ax.set_xticks(x, [as_text(value) for value in values])
            ax.set_xticks([], minor=True)
        plain(ax.yaxis, OUTCOMES[name][1] == "share")
    return figure


def _pictures(result: Result, cell: int | None) -> Iterator[tuple[str, Figure]]:
    """Name and figure of each picture that applies, of one cell alone if given; tells standard error what is left out, and why."""
    finished = [at for at in range(result.n_cells) if len(result.rows(at))]
    one = "" if cell is None else f"-cell{cell}"
    if cell is not None:
        result.rows(cell)
    if not finished:
        raise nothing_finished(result)
    first = finished[0] if cell is None else cell
    nodes = "node/infected_steps" in result.tables
    # before all others, as it needs the network itself, of which the copy may be gone
    drawn = network(result, first, int(result.tables["rows/network"][rows_of(result, first)[0]])) if nodes else None
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
