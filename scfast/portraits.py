"""Pictures of networks and of the network study: one page for a network, and measures against network size and assumptions.

As for :mod:`scfast.drawing`, nothing global is touched.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from scfast import claims
from scfast.claims import MODELS
from scfast.drawing import COLOURS, GREY, INK, label_lines, new_figure, plain, plural, styled
from scfast.entries import short
from scfast.layout import layout
from scfast.topology import Topology

if TYPE_CHECKING:
    import pandas as pd

    from scfast.network import Network

DRAWN_NODES = 400
"""Networks of more nodes are not drawn on their page: at that size they would be a ball of wool."""

FIGURES = {
    "mean-degree": ("Mean degree and network size", ("mean_degree",)),
    "exponent": ("Degree exponent and network size", ("exponent", "ks_exponent")),
    "path-length": ("Path length and network size", ("path_length",)),
}
"""Pictures of :func:`study` against N: file name -> (title, measures); beside them stands ``mean-degree-by-type``."""

SETTINGS = ("mean_degree", "exponent", "ks_exponent", "path_length")
"""Measures that are drawn against the assumptions."""

AXES = {
    "mean_degree": "mean degree (partners)",
    "exponent": "degree exponent",
    "ks_exponent": "degree exponent",
    "path_length": "mean path length (edges)",
}
NAMES = {
    "local_world": "the size of the local world",
    "theta": "the threshold of crossing tiers",
    "exponent": "the exponent of the fitness",
    "eta_min": "the least fitness",
    "m": "the number of partners",
    "m.brand": "the number of partners of brands",
    "m_crossing": "the number of partners of crossing newcomers",
    "shares": "an equal mix of types",
    "shares.brand": "the share of brands",
}
"""Assumptions as people name them, by the keys of a configuration."""

KEYS = {
    "local_world": "size M of the second local world",
    "theta": "fitness \N{GREEK SMALL LETTER THETA} from which on newcomers cross tiers",
    "exponent": "exponent g of the fitness density, of all types",
    "eta_min": "least fitness",
    "m": "partners of a newcomer, of all types",
    "m.brand": "partners of a new brand",
    "m_crossing": "partners of a newcomer that crosses tiers",
    "shares": "relative share of each type",
    "shares.brand": "relative share of brands (others: 3, 2, 1)",
}
SHORT = {"exponent": "degree exponent, k ≥ 4", "ks_exponent": "degree exponent, cut-off by KS"}
ESTIMATORS = {"exponent": "maximum likelihood, k ≥ 4", "ks_exponent": "maximum likelihood, cut-off by KS"}
NUMBERS = {
    "diameter": "diameter",
    "efficiency": "efficiency",
    "transitivity": "transitivity",
    "clustering": "mean clustering of a node",
    "degree_assortativity": "assortativity of degrees",
    "type_assortativity": "assortativity of types",
    "crossing": "share of cross-tier edges",
    "crossing_effect": "paths longer without them by",
    "control_effect": "and without as many others by",
    "spectral_threshold": "epidemic threshold, spectral",
    "mean_field_threshold": "epidemic threshold, mean field",
}
"""Measures on a network's page, where it is not drawn."""

_LOOKS = (("-", "o"), ((0, (5, 2)), "s"), ((0, (1.5, 1.5)), "D"), ((0, (6, 2, 1.5, 2)), "^"))


def _colour(model: str) -> str:
    return COLOURS[list(MODELS).index(model)] if model in MODELS else GREY


def _size_axis(ax: Axes, sizes: Sequence[int]) -> None:
    """A logarithmic axis of network sizes, with ticks at those that were grown, or at powers of ten where these are many."""
    ax.set_xscale("log")
    ax.set_xlabel("nodes N")
    apart = [sizes[0]]
    for n in sizes[1:]:
        if n >= 1.35 * apart[-1]:
            apart.append(n)
    ax.set_xticks(apart if len(apart) <= 9 else [n for n in apart if math.log10(n) % 1 == 0])
    ax.xaxis.set_major_formatter(lambda at, _: f"{at:,.0f}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(sizes[0] / 1.12, sizes[-1] * 1.12)


def _line(ax: Axes, part: pd.DataFrame, x: np.ndarray, label: str, colour: str, look: int = 0, alpha: float = 1.0) -> None:
    """Means with their intervals."""
    dashes, marker = _LOOKS[look % len(_LOOKS)]
    mean, low, high = (part[name].to_numpy(float) for name in ("mean", "low", "high"))
    ax.fill_between(x, low, high, color=colour, alpha=0.15 * alpha, linewidth=0, zorder=2)
    ax.vlines(x, low, high, color=colour, linewidth=1.6, alpha=alpha, zorder=3)
    ax.plot(x, mean, color=colour, linestyle=dashes, marker=marker, ms=5.5, linewidth=2, alpha=alpha, label=label, zorder=4)


def _counted(networks: pd.DataFrame) -> str:
    """How many networks a point stands for."""
    sizes = networks.groupby(["model", "n_nodes"]).size()
    low, high = int(sizes.min()), int(sizes.max())
    return f"{plural(low, 'network')} a point" if low == high else f"{low:,} to {high:,} networks a point"


SHOWN = "point: mean over networks   ·   bar and band: its 95 % interval"


@styled
def against_size(networks: pd.DataFrame, title: str, measures: Sequence[str]) -> Figure:
    """Measures of each model against network size, a panel for each measure, with 95 % intervals.

    Parameters
    ----------
    networks : pandas.DataFrame
        Rows of ``Study.networks``, of the series ``size`` where there are series.
    title : str
    measures : sequence of str
        Columns; a line for each model in each panel.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        A column that is not there, or no rows.
    """
    rows = _rows(networks)
    figure = new_figure(4.2 + 4.8 * len(measures), 5.6, title, (_counted(rows), SHOWN))
    panels = np.atleast_1d(figure.subplots(1, len(measures), sharey=len(measures) > 1))
    for k, (ax, measure) in enumerate(zip(panels, measures, strict=True)):
        table = claims.curve(rows, measure)
        ends = []
        for j, model in enumerate(_models(table)):
            part = table[table["model"] == model]
            _line(ax, part, part["n_nodes"].to_numpy(float), MODELS.get(model, model), _colour(model), j)
            ends.append((float(part["mean"].iloc[-1]), MODELS.get(model, model), _colour(model)))
        _size_axis(ax, sorted(map(int, rows["n_nodes"].unique())))
        plain(ax.yaxis)
        ax.set_title(ESTIMATORS.get(measure, "") if len(measures) > 1 else "")
        if k == 0:
            ax.set_ylabel(AXES.get(measure, measure))
        if k == len(measures) - 1:
            label_lines(ax, ends)
    return figure


def _rows(networks: pd.DataFrame) -> pd.DataFrame:
    rows = claims.of_series(networks, claims.SERIES)
    if not len(rows):
        raise ValueError("networks: must have at least one row to be drawn")
    return rows


def _models(table: pd.DataFrame) -> list[str]:
    found = set(table["model"])
    return [model for model in MODELS if model in found] + sorted(found - MODELS.keys())


@styled
def types_against_size(networks: pd.DataFrame) -> Figure:
    """Mean degree of each type against network size, with 95 % intervals; the model beside as a grey line.

    Parameters and errors as for :func:`against_size`; ValueError also where there are no types.
    """
    rows = _rows(networks)
    mine = rows[rows["model"] == claims.BASE]
    if not (columns := claims.type_columns(rows)):
        raise ValueError("networks: must have mean degrees by type to be drawn")
    figure = new_figure(9.0, 5.6, "Mean degree by type and network size", (_counted(rows), SHOWN))
    ax = figure.subplots()
    ends = []
    for k, column in enumerate(columns):
        table = claims.curve(mine, column)
        name, colour = column.partition(".")[2], COLOURS[k % len(COLOURS)]
        _line(ax, table, table["n_nodes"].to_numpy(float), name, colour, k)
        ends.append((float(table["mean"].iloc[-1]), name, colour))
    for model in _models(rows):
        if model != claims.BASE:
            table = claims.curve(rows[rows["model"] == model], "mean_degree")
            ax.plot(table["n_nodes"], table["mean"], color=GREY, linestyle=(0, (5, 2)), linewidth=1.6, zorder=3, label=model)
            ends.append((float(table["mean"].iloc[-1]), MODELS.get(model, model), GREY))
    ax.set_ylim(bottom=0)
    ax.set_ylabel(AXES["mean_degree"])
    _size_axis(ax, sorted(map(int, rows["n_nodes"].unique())))
    plain(ax.yaxis)
    label_lines(ax, ends)
    return figure


@styled
def against_setting(networks: pd.DataFrame, series: str, measures: Sequence[str] = SETTINGS) -> Figure:
    """Measures against an assumption, a panel for each, a line for each model and network size, with 95 % intervals.

    Parameters
    ----------
    networks : pandas.DataFrame
        Rows of ``Study.networks``.
    series : str
        A series in which something varies beside the number of nodes.
    measures : sequence of str, optional
        Columns.

    Returns
    -------
    matplotlib.figure.Figure
        Values that are no numbers, or more than one together, stand side by side; an infinite one stands last.

    Raises
    ------
    ValueError
        No such series, nothing varies in it, or a column that is not there.
    """
    points = [(setting, rows) for name, setting, rows in claims.settings(networks) if name == series]
    if not points:
        known = ", ".join(dict.fromkeys(name for name, _, _ in claims.settings(networks)))
        raise ValueError(f"series = {short(series)}: must be one in which a setting varies, of {known or 'none'}")
    import pandas as pd

    keys, labels, x, log = _places([setting for setting, _ in points])
    order = np.argsort(x, kind="stable")
    rows = pd.concat([points[k][1].assign(place=x[k]) for k in order])
    sizes = sorted(map(int, rows["n_nodes"].unique()))
    columns = min(len(measures), 2)
    n_rows = -(-len(measures) // columns)
    title = f"What {NAMES.get(keys, keys.replace('_', ' '))} changes"
    figure = new_figure(5.4 * columns, 3.7 * n_rows + 1.3, title, (_counted_by(rows), SHOWN))
    grid = figure.subplots(n_rows, columns, squeeze=False, sharex=True)
    for spare in grid.flat[len(measures) :]:
        spare.remove()
    for measure, ax in zip(measures, grid.flat, strict=False):
        for model in _models(rows):
            for look, n in enumerate(reversed(sizes)):
                mine = rows[(rows["model"] == model) & (rows["n_nodes"] == n)]
                part = claims.curve(mine, measure, by="place")
                if len(part):
                    name = f"{MODELS.get(model, model)}, N = {n:,}"
                    _line(ax, part, part["place"].to_numpy(), name, _colour(model), look, alpha=0.6 if look else 1.0)
        ax.set_title(SHORT.get(measure, AXES.get(measure, measure)), weight="bold")
        if log:
            ax.set_xscale("log")
        ax.set_xticks([x[k] for k in order], [labels[k] for k in order])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.tick_params(axis="x", labelbottom=True)
        ax.set_xlabel(KEYS.get(keys, keys))
        _plain_y(ax)
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2 if len(names) > 3 else len(names))
    return figure


def _plain_y(ax: Axes) -> None:
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=(1, 2, 2.5, 5, 10)))
    plain(ax.yaxis)


def _counted_by(rows: pd.DataFrame) -> str:
    sizes = rows.groupby(["model", "n_nodes", "place"]).size()
    low, high = int(sizes.min()), int(sizes.max())
    return f"{plural(low, 'network')} a point" if low == high else f"{low:,} to {high:,} networks a point"


def _places(settings: Sequence[str]) -> tuple[str, list[str], list[float], bool]:
    """Of settings as ``key = value``: the key, the values' labels and places on the axis, and whether it is logarithmic."""
    pairs = [setting.partition(" = ") for setting in settings]
    if any(", " in value for _, _, value in pairs) or len({key for key, _, _ in pairs}) > 1:
        labels = [setting.replace(", ", "\n") for setting in settings]
        return "each setting", labels, [float(k) for k in range(len(settings))], False
    key, labels = pairs[0][0], [value for _, _, value in pairs]
    try:
        values = [float(value) for value in labels]
    except ValueError:
        return key, [label.replace(":", "\n") for label in labels], [float(k) for k in range(len(labels))], False
    finite = sorted(value for value in values if math.isfinite(value))
    log = bool(finite) and finite[0] > 0 and finite[-1] / finite[0] >= 20
    step = finite[-1] / finite[-2] if log else (finite[-1] - finite[-2] if len(finite) > 1 else 1.0)
    last = (finite[-1] * max(step, 2.0) if log else finite[-1] + step) if finite else 1.0
    endless = "all" if "local_world" in key else "inf"
    return key, [endless if math.isinf(value) else f"{value:,.6g}" for value in values], [min(value, last) for value in values], log


def study(networks: pd.DataFrame) -> Iterator[tuple[str, Figure]]:
    """Name and figure of each picture of a study: [P]'s figures 2 to 4 and table 3, then each assumption of several settings.

    Parameters
    ----------
    networks : pandas.DataFrame
        ``Study.networks``; of several studies, one below the other.
    """
    if claims.SERIES in claims.named_series(networks):
        for name, (title, measures) in FIGURES.items():
            yield name, against_size(networks, title, measures)
            if name == "mean-degree" and claims.type_columns(_rows(networks)):
                yield "mean-degree-by-type", types_against_size(networks)
    settings = Counter(name for name, _, _ in claims.settings(networks))
    for series in (name for name, number in settings.items() if number > 1):
        yield f"by-{re.sub('[^0-9A-Za-z_]+', '-', series)}", against_setting(networks, series)


# ---- one network


@styled
def portrait(topology: Topology, network: Network | None = None, name: str = "network") -> Figure:
    """One page: degrees with the laws fitted to them, degrees by type, distances, edges between tiers, cores, the network itself.

    Parameters
    ----------
    topology : Topology
    network : Network, optional
        What was measured, to be drawn where it has at most :data:`DRAWN_NODES` nodes.
    name : str, optional
        For the heading.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        A network without edges.
    """
    if not topology.n_edges:
        raise ValueError(f"{name}: must have at least one edge to be drawn")
    drawn = network is not None and network.n_nodes <= DRAWN_NODES
    typed = len(topology.type_names) > 1
    panels = [_ccdf, _distances, *([_by_type, _tiers] if typed else []), _cores]
    columns = 3 if typed else 2
    size = [plural(topology.n_nodes, "node"), plural(topology.n_edges, "edge"), f"mean degree {topology.mean_degree:.4g}"]
    if topology.n_components > 1:
        size.append(plural(topology.n_components, "component"))
    figure = new_figure(4.9 * columns, 9.0, name, ("   ·   ".join(size),))
    *grid, last = figure.subplots(2, columns).flat
    for draw, ax in zip(panels, grid, strict=True):
        draw(ax, topology)
    if network is not None and drawn:
        _drawing(last, network)
    else:
        _numbers(last, topology)
    return figure


def _titled(ax: Axes, title: str, detail: str) -> None:
    """A panel's title, and what else must be known under it."""
    ax.set_title(f"{title}\n", weight="bold")
    ax.text(0, 1.02, detail, transform=ax.transAxes, size=10.5, color=GREY)


def _numbers(ax: Axes, topology: Topology) -> None:
    """Measures that no other panel shows."""
    ax.set_axis_off()
    _titled(ax, "In numbers", "")
    measures = topology.measures()
    shown = {name: (text, measures[name]) for name, text in NUMBERS.items() if measures[name] == measures[name]}
    for row, (text, value) in enumerate(shown.values()):
        y = 0.95 - 0.088 * row
        ax.text(0, y, text, transform=ax.transAxes, va="top", size=11.5)
        ax.text(0.98, y, f"{value:.3g}", transform=ax.transAxes, va="top", ha="right", size=11.5, weight="bold")


def _ccdf(ax: Axes, topology: Topology) -> None:
    """Share of nodes with at least k partners, and the fitted laws over the degrees that they were fitted to."""
    from scipy.special import zeta

    counts = topology.degree_counts
    seen = np.flatnonzero(counts)
    seen = seen[seen > 0]
    share = topology.ccdf
    ax.plot(seen, share[seen], color=COLOURS[0], linestyle="none", marker="o", ms=4.5, mew=0, alpha=0.8, zorder=3)
    laws = [(4, topology.exponent(), COLOURS[5], "-"), (topology.cut_off, topology.ks_exponent, INK, (0, (5, 2)))]
    for cut_off, exponent, colour, dashes in laws:
        if exponent != exponent or cut_off < 1:
            continue
        k = np.unique(np.geomspace(cut_off, max(seen[-1], cut_off + 1), 60).round())
        law = share[cut_off] * zeta(exponent, k) / zeta(exponent, cut_off)
        told = f"{exponent:.2f} for k ≥ {cut_off}" + " (KS)" * (colour == INK)
        ax.plot(k, law, color=colour, linestyle=dashes, linewidth=1.8, label=told, zorder=4)
    ax.set(xscale="log", yscale="log", xlabel="degree k (partners)", ylabel="share of nodes with degree ≥ k")
    ax.set_xlim(0.9, seen[-1] * 1.15)
    ax.set_ylim(bottom=0.6 / topology.n_nodes, top=1.4)
    plain(ax.xaxis)
    plain(ax.yaxis, percent=True)
    _titled(ax, "Degrees", f"largest: {seen[-1]:,}")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(title="exponent", alignment="left", loc="best", fontsize=10.5, title_fontsize=10.5)


def _whole_axis(ax: Axes, last: int) -> None:
    """An axis of whole numbers from 1 to `last`, for bars."""
    ax.set_xlim(0.4, last + 0.6)
    if last <= 12:
        ax.set_xticks(range(1, last + 1))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    plain(ax.xaxis)
    ax.grid(False, axis="x")


def _distances(ax: Axes, topology: Topology) -> None:
    """Share of connected pairs at each distance."""
    share = topology.distances / max(topology.distances.sum(), 1)
    at = np.arange(1, share.size)
    ax.bar(at, share[1:], width=0.8, color=COLOURS[0], alpha=0.8, zorder=2)
    ax.axvline(topology.path_length, color=INK, linewidth=1.6, zorder=3)
    error = "" if topology.exact else f" ± {topology.path_interval()[1] - topology.path_length:.2g}"
    right = topology.path_length < (1 + at[-1]) / 2 + 0.5
    ax.annotate(
        f"mean {topology.path_length:.2f}{error}", (topology.path_length, 1.0), (6 if right else -6, -2), va="top", size=11,
        xycoords=("data", "axes fraction"), textcoords="offset points", ha="left" if right else "right")  # fmt: skip
    ax.set_ylim(0, 1.15 * share.max())
    ax.set(xlabel="distance (edges)", ylabel="share of connected pairs")
    _whole_axis(ax, int(at[-1]))
    plain(ax.yaxis, percent=True)
    whole = "all pairs are connected" if topology.connected == 1 else f"{100 * topology.connected:.3g} % of all pairs are connected"
    _titled(ax, "Distances", whole)


def _by_type(ax: Axes, topology: Topology) -> None:
    """Median, mean, and range of the degrees of each type."""
    k = np.arange(topology.degrees.shape[1])
    names, present = [], np.flatnonzero(topology.degrees.sum(axis=1))
    top = 1.0
    for y, t in enumerate(present):
        row = topology.degrees[t]
        below = np.cumsum(row)
        low, median, high = (float(k[np.searchsorted(below, q * below[-1])]) for q in (0.05, 0.5, 0.95))
        mean, most = float(row @ k / below[-1]), float(k[row > 0][-1])
        colour = COLOURS[t % len(COLOURS)]
        ax.plot([max(low, 0.5), max(high, 0.5)], [y, y], color=colour, linewidth=9, alpha=0.3, solid_capstyle="butt", zorder=2)
        ax.plot([max(median, 0.5)], [y], color=colour, marker="|", ms=16, mew=2.5, zorder=3)
        ax.plot([max(mean, 0.5)], [y], color=colour, marker="o", ms=7, zorder=4)
        ax.plot([max(most, 0.5)], [y], color=colour, marker="x", ms=6, mew=1.8, zorder=4)
        names.append(f"{_wrapped(topology.type_names[t])}\n({int(below[-1]):,})")
        top = max(top, most)
    ax.set_yticks(range(len(present)), names)
    ax.set_ylim(len(present) - 0.4, -0.6)
    ax.set(xscale="log", xlabel="degree (partners)")
    isolates = bool(topology.degrees[:, 0].any())
    ax.set_xlim(0.4 if isolates else 0.8, 1.4 * top)
    ticks = [step * 10**power for power in range(8) for step in ((1, 2, 5) if top < 200 else (1,)) if step * 10**power <= 1.4 * top]
    ax.set_xticks([0.5] * isolates + ticks, ["0"] * isolates + [f"{tick:,}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.tick_params(axis="y", length=0)
    ax.grid(False, axis="y")
    _titled(ax, "Degrees by type", "in brackets: nodes")
    marks: list[Any] = [
        Line2D([], [], color=GREY, linewidth=9, alpha=0.3, solid_capstyle="butt", label="5 to 95 %"),
        Line2D([], [], color=GREY, linestyle="none", marker="|", ms=12, mew=2.5, label="median"),
        Line2D([], [], color=GREY, linestyle="none", marker="o", ms=7, label="mean"),
        Line2D([], [], color=GREY, linestyle="none", marker="x", ms=6, mew=1.8, label="largest"),
    ]
    ax.legend(
        handles=marks, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4, fontsize=10, columnspacing=1.0, handlelength=1.2
    )


def _wrapped(name: str) -> str:
    return "\n".join(textwrap.wrap(name, 12, max_lines=3, placeholder=" ...")) or name


def _tiers(ax: Axes, topology: Topology) -> None:
    """Share of edges between each two types."""
    present = np.flatnonzero(topology.degrees.sum(axis=1))
    edges = topology.tier_edges[np.ix_(present, present)]
    share = edges / topology.n_edges
    shown = np.ma.masked_where(np.tril(np.ones(share.shape), -1).astype(bool), share)
    ax.pcolormesh(shown, cmap="Blues", vmin=0, vmax=max(float(share.max()), 1e-9), edgecolors="white", linewidth=1.5)
    for (a, b), value in np.ndenumerate(share):
        if b >= a:
            dark = value > 0.6 * share.max()
            text = f"{100 * value:.1f} %" if edges[a, b] else "0"
            ax.text(b + 0.5, a + 0.5, text, ha="center", va="center", size=10.5, color="white" if dark else INK)
    names = [_wrapped(topology.type_names[t]) for t in present]
    places = np.arange(len(names)) + 0.5
    upright = max(len(line) for name in names for line in name.split("\n")) * len(names) <= 44
    ax.set_xticks(places, names)
    for tick in [] if upright else ax.get_xticklabels():
        tick.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(places, names)
    ax.set_ylim(len(names), 0)
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    _titled(ax, "Edges between types", "share of all edges")


def _cores(ax: Axes, topology: Topology) -> None:
    """Nodes in each k-core."""
    inside = np.cumsum(topology.core_sizes[::-1])[::-1] / topology.n_nodes
    at = np.arange(inside.size)
    at, inside = at[1:], inside[1:]
    ax.bar(at, inside, width=0.8 if inside.size < 40 else 1.0, color=COLOURS[2], alpha=0.8, zorder=2)
    ax.set(xlabel="k", ylabel="share of nodes in the k-core")
    ax.set_ylim(0, 1.05)
    _whole_axis(ax, int(at[-1]))
    plain(ax.yaxis, percent=True)
    _titled(ax, "Cores", f"innermost: k = {topology.max_core}, {plural(int(topology.core_sizes[-1]), 'node')}")


def _drawing(ax: Axes, network: Network) -> None:
    """The network: nodes coloured by type, sized by degree."""
    ax.set_axis_off()
    ax.set_aspect("equal")
    spacing = 135.0 / (network.n_nodes**0.5 + 1)  # points between neighbours
    area = np.minimum((0.5 * spacing) ** 2 * (np.maximum(network.degree, 0.5) / max(network.degree.mean(), 1)) ** 0.75, 20.0**2)
    place = layout(network, np.sqrt(area) / spacing)
    source = np.repeat(np.arange(network.n_nodes), np.diff(network.indptr))
    once = source < network.indices
    ends = np.stack([place[source[once]], place[network.indices[once]]], axis=1)
    faint = float(np.clip(0.6 * (300 / max(len(ends), 1)) ** 0.5, 0.12, 0.5))
    ax.add_collection(LineCollection(list(ends), colors="#808080", linewidths=0.5, alpha=faint, zorder=1))
    last = np.argsort(network.degree, kind="stable")
    shades = np.array([to_rgb(COLOURS[t % len(COLOURS)]) for t in network.types])
    ax.scatter(
        place[last, 0], place[last, 1], s=area[last], c=shades[last], edgecolors="white", linewidths=0.4, zorder=2, clip_on=False
    )
    present = np.unique(network.types)
    _titled(ax, "The network", "size: degree" + "   ·   colour: type" * (len(present) > 1))
    if len(present) > 1:
        handles = [
            Line2D([], [], linestyle="none", marker="o", ms=7, color=COLOURS[t % len(COLOURS)], label=network.type_names[t])
            for t in present
        ]
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, fontsize=10, handletextpad=0.1)
