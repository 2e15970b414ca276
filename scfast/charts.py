"""Pictures of comparisons: strategies beside the baseline, results side by side, effects beside weights, rankings of nodes.

As for :mod:`scfast.plots`, nothing global is touched.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from scfast import comparison, sensitivity
from scfast.drawing import (
    COLOURS,
    GREY,
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
    styled,
    time_axis,
)
from scfast.parameters import STATES
from scfast.results import OUTCOMES, Result

VERDICTS = {"better": "#0072B2", "worse": "#D55E00", "unclear": "#888888", "": INK}
SHOWN = ("risk load", "eliminated")
"""Outcomes that are drawn unless others are asked for."""

MOST_ROWS = 200
LINE, PANEL, GAP, CURVE = 0.25, 3.7, 0.85, 2.6  # inches: a point's row, a panel's width, between panels, a curve's height
NAME = 34  # characters in a line of a strategy's name
CHARACTER = 0.085  # inches, about
SYSTEMS = {"immunity": COLOURS[0], "external": COLOURS[5]}
UNITS = {
    "cost": "cost",
    "protection": "protected firms",
    "detection": "probability per step of being detected",
    "hubs": "hubs that detect",
    "more_partners": "further partners of each newcomer",
    "partner_selection": "fitness that newcomers must have",
}


@dataclass(frozen=True)
class _Block:
    """A strategy's rows of a table, one per level, and where they stand, in inches from the top."""

    lines: list[str]
    rows: pd.DataFrame
    top: float
    height: float
    heading: bool = False

    def places(self) -> np.ndarray:
        """Heights of the points, from the top."""
        n = max(self.rows["level"].nunique(), 1)
        return self.top + self.height / 2 + LINE * (np.arange(n) - (n - 1) / 2)


@styled
def compare(result: Result, outcomes: Sequence[str] = SHOWN, baseline: int | None = None) -> Figure:
    """Differences from the baseline with their 95 % intervals, a line per strategy and level; curves against the budget below.

    Parameters
    ----------
    result : Result
        Complete or partial, of a configuration with strategies.
    outcomes : sequence of str, optional
        One or more of :data:`scfast.results.OUTCOMES`, a column each.
    baseline : int, optional
        The baseline's cell, where a sweep has several; the first if not given. Both exposures are drawn where there are both.

    Returns
    -------
    matplotlib.figure.Figure
        Blue is better, orange worse, grey not told apart; hollow points have other networks than the baseline.

    Raises
    ------
    ValueError
        No strategies, an unknown outcome, no such baseline, nothing finished, or more than 200 rows.
    """
    table = comparison.compare(result, outcomes)
    table, where = _of_one(table, baseline)
    table = table[table["paired"] != "not finished"]
    if not len(table):
        raise nothing_finished(result)
    if len(table) > MOST_ROWS * len(outcomes):
        raise ValueError(f"strategies = {len(table) // len(outcomes)} rows: must be at most {MOST_ROWS} to be drawn")
    blocks = _blocks(table)
    forest = blocks[-1].top + blocks[-1].height
    curves = _curved(table)
    left = 0.3 + CHARACTER * max(len(line) for block in blocks for line in block.lines) + 0.75
    legends = [sum(len(textwrap.wrap(name, NAME)) for name in _names(rows)) * 0.22 + 0.3 for rows in curves.values()]
    heights = [max(CURVE, legend) for legend in legends]
    body = 0.55 + forest + 0.65 + sum(height + 1.15 for height in heights)
    width = left + len(outcomes) * PANEL + (len(outcomes) - 1) * GAP + 0.35
    size = f"{plural(result.n_networks, 'network')} {TIMES} {plural(result.n_replicates, 'replicate')}, {result.n_steps:,} steps"
    done = "" if result.complete else f"   ·   {result.done} of {result.total} networks {TIMES} cells done"
    single = "   ·   conditional on the one network" * (int(table["networks"].max()) == 1)
    hollow = "   ·   hollow: other networks, not paired" * bool((~table["paired"].str.contains("networks|replicates")).any())
    below = "   ·   below: mean outcome, its band as wide as that interval" * bool(curves)
    told = f"point: difference from the baseline   ·   bar: its 95 % interval{single}{hollow}{below}"
    figure = new_figure(width, 0.0, "What strategies change", (f"{where}{size}{done}", told), body=body)
    figure.set_layout_engine("none")  # places are inches
    high = figure.get_figheight()

    def panel(column: int, top: float, height: float) -> Axes:
        x = left + column * (PANEL + GAP)
        return figure.add_axes((x / width, (body - top - height) / high, PANEL / width, height / high))

    for column, name in enumerate(outcomes):
        _forest(panel(column, 0.55, forest), table[table["outcome"] == name], blocks, name, column == 0, left)
    top = 0.55 + forest + 1.05
    for (unit, rows), height in zip(curves.items(), heights, strict=True):
        for column, name in enumerate(outcomes):
            _curves(panel(column, top, height), rows[rows["outcome"] == name], unit, name)
        _key(figure, rows, 0.2 / width, (body - top) / high, width, high)
        top += height + 1.15
    return figure


def _of_one(table: pd.DataFrame, baseline: int | None) -> tuple[pd.DataFrame, str]:
    """The rows of one baseline (and of that under the other exposure), and its swept values in words."""
    known = list(dict.fromkeys(table["baseline_cell"]))
    if baseline is None:
        baseline = int(known[0])
    if baseline not in known:
        raise ValueError(f"baseline = {baseline}: must be a baseline's cell, of {', '.join(map(str, known[:20]))}")
    first = table[table["baseline_cell"] == baseline].iloc[0]
    keys = [key for key in comparison.swept_keys(table) if key != "dynamics.exposure" or not _both_exposures(table)]
    for key in keys:
        table = table[table[key] == first[key]]
    return table, "".join(f"{key.partition('.')[2]} = {as_text(first[key])}   ·   " for key in keys)


def _both_exposures(table: pd.DataFrame) -> bool:
    return "dynamics.exposure" in table and table["dynamics.exposure"].nunique() > 1


def _blocks(table: pd.DataFrame) -> list[_Block]:
    """A block for each strategy, in order, under a heading for each exposure; what stands for the baseline is the heading."""
    blocks: list[_Block] = []
    top = 0.0
    for _, part in table.groupby("baseline_cell", sort=False):
        exposure = f" ({part['dynamics.exposure'].iloc[0].replace('_', ' ')} exposure)" if _both_exposures(table) else ""
        blocks.append(_Block([f"baseline{exposure}"], part.iloc[:0], top, 0.42, heading=True))
        top += 0.42
        for name, rows in part.groupby("strategy", sort=False):
            lines = textwrap.wrap(str(name), NAME, max_lines=4, placeholder=" ...")
            height = max(LINE * rows["level"].nunique(), 0.2 * len(lines)) + 0.14
            blocks.append(_Block(lines, rows, top, height))
            top += height
    return blocks


def _forest(ax: Axes, table: pd.DataFrame, blocks: Sequence[_Block], name: str, named: bool, left: float) -> None:
    """Differences of one outcome, a row per strategy and level."""
    total = blocks[-1].top + blocks[-1].height
    ax.axvline(0, color=INK, linewidth=1.4, zorder=2)
    percent = OUTCOMES[name][1] == "share"
    for number, block in enumerate(blocks):
        if block.heading:
            mean = table.loc[table["baseline_cell"] == blocks[number + 1].rows["baseline_cell"].iloc[0], "baseline"].iloc[0]
            shown = f"{100 * mean:.3g} %" if percent else f"{mean:.4g}"
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            if named:
                ax.annotate(
                    "level", (0, block.top + block.height / 2), (-7, 0), xycoords=("axes fraction", "data"), ha="right",
                    va="center", textcoords="offset points", size=10, color=GREY, annotation_clip=False)  # fmt: skip
            ax.text(0, block.top + block.height / 2, shown, ha="center", va="center", size=11, weight="bold", bbox=box, zorder=5)
        elif number % 2:
            ax.axhspan(block.top, block.top + block.height, color="#F6F6F6", linewidth=0, zorder=0)
        if named:
            weight = "bold" if block.heading else "normal"
            ax.annotate(
                "\n".join(block.lines), (0, block.top + block.height / 2), (72 * (0.16 - left), 0), annotation_clip=False,
                xycoords=("axes fraction", "data"), textcoords="offset points", va="center", size=11.5, weight=weight)  # fmt: skip
        mine = block.rows[block.rows["outcome"] == name].to_dict("records")
        for row, y in zip(mine, block.places(), strict=False):
            _point(ax, row, float(y))
            if named and row["level"] != "":
                level = as_text(row["level"])
                ax.annotate(
                    level, (0, float(y)), (-7, 0), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
                    va="center_baseline", size=10.5, color=GREY, annotation_clip=False)  # fmt: skip
    ax.set(ylim=(total, 0), yticks=[])
    ax.spines["left"].set_visible(False)
    reach = np.nanmax(np.abs(table[["low", "high", "difference"]].to_numpy(float)))
    ends = ax.get_xlim()
    room = 0.12 * max(reach, 1e-9)
    ax.set_xlim(min(ends[0], -room), max(ends[1], room))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    plain(ax.xaxis, percent)
    meaning = "percentage points" if percent else OUTCOMES[name][1]
    ax.set_xlabel(f"change of {name} ({meaning})", size=11)
    way = comparison.BETTER[name]
    words = {
        -1: ("\N{LEFTWARDS ARROW} better", "worse \N{RIGHTWARDS ARROW}"),
        1: ("\N{LEFTWARDS ARROW} worse", "better \N{RIGHTWARDS ARROW}"),
    }
    ax.set_title(f"{name[0].upper()}{name[1:]}", pad=22, weight="bold")
    for x, align, word in zip((0.0, 1.0), ("left", "right"), words.get(way, ("less", "more")), strict=True):
        colour = VERDICTS[next((known for known in ("better", "worse") if known in word), "")]
        ax.text(x, 1.0, word, transform=ax.transAxes, ha=align, va="bottom", size=11, color=colour)


def _point(ax: Axes, row: Mapping[Any, Any], y: float) -> None:
    colour = VERDICTS[row["verdict"]]
    ax.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2.2, zorder=3, solid_capstyle="butt")
    paired = "networks" in row["paired"] or "replicates" in row["paired"]
    ax.plot(
        [row["difference"]], [y], marker="o", ms=6.5, color=colour, mfc=colour if paired else "white", mew=1.6, zorder=4,
        label=f"{row['strategy']} {row['level']}".strip())  # fmt: skip


def _curved(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Rows by the unit of their budgets, where some strategy has several."""
    found = {}
    for unit, rows in table[table["unit"] != ""].groupby("unit", sort=False):
        kept = rows.groupby(["baseline_cell", "strategy"], sort=False)["budget"].transform("nunique") > 1
        if kept.any():
            found[str(unit)] = rows
    return found


def _names(rows: pd.DataFrame) -> list[str]:
    """Names of a panel's curves, with the exposure where there are both."""
    both = _both_exposures(rows)
    named = [f"{row['strategy']} ({row['dynamics.exposure']})" if both else row["strategy"] for row in rows.to_dict("records")]
    return list(dict.fromkeys(named))


def _look(number: int) -> dict[str, Any]:
    dashes = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))[number // len(COLOURS) % 4]
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": dashes, "linewidth": 2.0}


def _curves(ax: Axes, rows: pd.DataFrame, unit: str, name: str) -> None:
    """Mean outcome against the budget; the band is the interval of the difference from the baseline."""
    groups = [part for _, part in rows.groupby(["baseline_cell", "strategy"], sort=False)]
    from_zero = " + " not in unit and unit in ("protection", "detection")
    for mean in dict.fromkeys(rows["baseline"].tolist()):
        ax.axhline(mean, color=INK, linewidth=1.2, zorder=1)
    for number, part in enumerate(groups):
        part = part.sort_values("budget")
        base, x = part["baseline"].to_numpy(float), part["budget"].to_numpy(float)
        middle, low, high = (base + part[column].to_numpy(float) for column in ("difference", "low", "high"))
        if from_zero and x[0] > 0:  # nothing spent is the baseline
            x, middle, low, high = (
                np.concatenate([[first], rest])
                for first, rest in zip((0.0, *base[:1].repeat(3)), (x, middle, low, high), strict=True)
            )
        look = _look(number)
        ax.fill_between(x, low, high, color=look["color"], alpha=0.2 if len(groups) <= 8 else 0.06, linewidth=0, zorder=2)
        ax.plot(x, middle, **look, marker="o", ms=4.5, zorder=3, label=str(part["strategy"].iloc[0]))
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]) if OUTCOMES[name][1] != "share" else 0.0)
    ax.set_xlabel(UNITS.get(unit, f"level of {unit}".replace("_", " ")), size=11)
    ax.set_title(f"{name[0].upper()}{name[1:]}", size=11.5)
    _at_levels(ax, sorted({*rows["budget"].astype(float), *[0.0] * from_zero}))
    plain(ax.yaxis, percent=OUTCOMES[name][1] == "share")


def _at_levels(ax: Axes, levels: Sequence[float]) -> None:
    """Tick marks at the levels: the ends, and from the highest down whatever there is room for the numbers of."""
    plain(ax.xaxis)
    inch = (levels[-1] - levels[0]) / (0.9 * PANEL)
    room = {level: CHARACTER * (len(ax.xaxis.get_major_formatter()(level)) + 1) / 2 * inch for level in levels}
    kept: list[float] = []
    for level in dict.fromkeys((levels[-1], levels[0], *reversed(levels))):
        if all(abs(level - other) >= room[level] + room[other] for other in kept):
            kept.append(level)
    ax.set_xticks(sorted(kept))


def _key(figure: Figure, rows: pd.DataFrame, x: float, y: float, width: float, high: float) -> None:
    """Names of the curves, in the column of the strategies' names."""
    names = _names(rows[rows["outcome"] == rows["outcome"].iloc[0]])
    handles = [Line2D([], [], **_look(number)) for number in range(len(names))]
    handles.append(Line2D([], [], color=INK, linewidth=1.2))
    labels = ["\n".join(textwrap.wrap(name, NAME - 6, max_lines=3, placeholder=" ...")) for name in [*names, "baseline"]]
    figure.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(x - 0.1 / width, y + 0.1 / high), fontsize=10, handlelength=1.6
    )


@styled
def beside(results: Mapping[str, Result], title: str = "Cases side by side", outcomes: Sequence[str] = SHOWN) -> Figure:
    """Cases side by side: how risk spreads in the baseline of each, and what each strategy leaves of it.

    Parameters
    ----------
    results : mapping of str to Result
        Name of the case -> result, complete or partial; two to four, of equal length.
    title : str, optional
    outcomes : sequence of str, optional
        One or more of :data:`scfast.results.OUTCOMES`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Fewer than two cases or more than four, different numbers of steps, an unknown outcome, or nothing finished.
    """
    if not 2 <= len(results) <= 4:
        raise ValueError(f"results = {', '.join(results) or 'none'}: must be two to four cases")
    if len({result.n_steps for result in results.values()}) > 1:
        raise ValueError(f"results = {', '.join(results)}: must have the same number of steps")
    for name in outcomes:
        if name not in OUTCOMES:
            raise ValueError(f"outcome = {name!r}: must be one or more of {', '.join(OUTCOMES)}")
    rows = _remaining(results)
    height = LINE * 1.25 * len(rows) + 0.9
    first = next(iter(results.values()))
    size = f"{plural(first.n_networks, 'network')} {TIMES} {plural(first.n_replicates, 'replicate')} each"
    told = "lines: mean, band: 5 to 95 % of all runs   ·   points: mean with its 95 % interval"
    figure = new_figure(11.5, 0.0, title, (size, told), body=3.9 + height)
    over, under = figure.subfigures(2, 1, squeeze=False, height_ratios=[3.9, height])[:, 0]
    for ax, (name, result) in zip(over.subplots(1, len(results), sharey=True), results.items(), strict=True):
        _spread(ax, result, name)
    over.axes[0].set_ylabel("share of firms")
    panels = np.atleast_1d(under.subplots(1, len(outcomes), sharey=True))
    for ax, outcome in zip(panels, outcomes, strict=True):
        _leftover(ax, results, rows, outcome)
    panels[0].set_yticks(range(len(rows)), ["\n".join(textwrap.wrap(f"{name} {at}".strip(), NAME)) for name, at in rows])
    panels[0].set_ylim(len(rows) - 0.4, -0.6)
    handles = [Line2D([], [], marker="o", color=COLOURS[k], linewidth=2, label=name) for k, name in enumerate(results)]
    under.legend(handles=handles, loc="outside lower center", ncols=len(results))
    return figure


def _remaining(results: Mapping[str, Result]) -> list[tuple[str, str]]:
    """Strategies and levels of all cases, in order, the baseline first."""
    found = {("baseline", ""): None}
    for result in results.values():
        if not result.done:
            raise nothing_finished(result)
        for values in result.cells:
            found[str(values.get("strategy.name", "baseline")), str(values.get("strategy.level", ""))] = None
    return list(found)


def _spread(ax: Axes, result: Result, name: str) -> None:
    n = nodes_of(result, 0)
    mean = result.components(0).mean / n
    low, high = (result.quantile(q)[0] / n for q in (0.05, 0.95))
    step = np.arange(result.n_steps + 1)
    for k, state in enumerate(STATES):
        ax.plot(step, mean[:, k], color=STATE_COLOURS[state], label=STATE_NAMES[state], zorder=3)
        ax.fill_between(step, low[:, k], high[:, k], color=STATE_COLOURS[state], alpha=0.15, linewidth=0, zorder=2)
    ax.set_title(name, weight="bold")
    ax.set_ylim(0, 1)
    time_axis(ax, result)
    ends = [
        (float(mean[-1, k]), f"{STATE_NAMES[state]} {100 * mean[-1, k]:.0f} %", STATE_COLOURS[state])
        for k, state in enumerate(STATES)
    ]
    label_lines(ax, ends)


def _leftover(ax: Axes, results: Mapping[str, Result], rows: Sequence[tuple[str, str]], outcome: str) -> None:
    """Mean outcome of each strategy in each case."""
    for k, result in enumerate(results.values()):
        seen: set[tuple[str, str]] = set()
        for cell, values in enumerate(result.cells):
            key = str(values.get("strategy.name", "baseline")), str(values.get("strategy.level", ""))
            if key in seen or not len(result.rows(cell)):
                continue
            seen.add(key)
            part, _ = result.outcome(outcome, cell)
            low, high = part.interval()
            y = rows.index(key) + 0.22 * (k - (len(results) - 1) / 2)
            ax.plot([float(low), float(high)], [y, y], color=COLOURS[k], linewidth=2.2, solid_capstyle="butt", zorder=3)
            ax.plot([float(part.mean)], [y], marker="o", ms=6, color=COLOURS[k], zorder=4)
    ax.set_xlim(left=0)
    ax.set_title(f"{outcome[0].upper()}{outcome[1:]}: {OUTCOMES[outcome][0]}", size=11.5)
    ax.grid(True, axis="y", color="#F2F2F2")
    ax.tick_params(axis="y", length=0)
    plain(ax.xaxis, percent=OUTCOMES[outcome][1] == "share")


@styled
def drivers(result: Result, outcomes: Sequence[str] = SHOWN) -> Figure:
    """Weights of the indicators by judgments, and beside them what each does to the outcomes, as bars with 95 % intervals.

    Parameters
    ----------
    result : Result
        Complete, of a configuration with ``[sensitivity]``.
    outcomes : sequence of str, optional
        One to three of :data:`scfast.results.OUTCOMES`, a column each.

    Returns
    -------
    matplotlib.figure.Figure
        Indicators stand by system, the heaviest first; figures are ranks over both systems.

    Raises
    ------
    ValueError
        As :func:`scfast.sensitivity.drivers`, or another number of outcomes.
    """
    if not 1 <= len(outcomes) <= 3:
        raise ValueError(f"outcomes = {', '.join(outcomes) or 'none'}: must be one to three")
    found = [sensitivity.drivers(result, name) for name in outcomes]
    first = found[0].table.sort_values(["system", "weight_rank", "indicator"], ascending=[False, True, True])
    place, heads, y = _rows_of(first)
    top = min(5, len(place))
    answers = ", ".join(f"{one.shared(top)} for {one.outcome}" for one in found)
    how = {"sobol": "bar: total effect, a share of the variance", "morris": "bar: mean size of elementary effects"}
    figure = new_figure(
        4.6 + 3.1 * len(found), 0.0, "Do the heaviest factors matter most?",
        (f"Of the {top} heaviest, so many are among the {top} that matter most: {answers}   ·   numbers: ranks",
         f"{how[found[0].method]}   ·   line: 95 % interval   ·   dotted: what chance alone would show"),
        body=0.9 + 0.27 * y)  # fmt: skip
    axes = figure.subplots(1, 1 + len(found), sharey=True, width_ratios=[0.8, *[1.0] * len(found)])
    for ax, one in zip(axes, [None, *found], strict=True):
        _bars(ax, first, one, place)
    labels = dict(zip(first["indicator"], first["label"], strict=True))
    axes[0].set_yticks(list(place.values()), [labels[key] for key in place], size=11)
    axes[0].set_ylim(y - 0.4, -0.6)
    for height, system in heads:
        name = {"immunity": "immunity of the firms", "external": "risk from outside"}[system]
        axes[0].text(0.0, height, name, color=SYSTEMS[system], weight="bold", va="center", size=11)
    return figure


def _rows_of(table: pd.DataFrame) -> tuple[dict[str, float], list[tuple[float, str]], float]:
    """Where each indicator stands, and each system's heading, from the top; and where all ends."""
    place: dict[str, float] = {}
    heads: list[tuple[float, str]] = []
    y = 0.0
    for system, part in table.groupby("system", sort=False):
        heads.append((y, str(system)))
        for k, key in enumerate(part["indicator"]):
            place[key] = y + 0.95 + k
        y += len(part) + 1.3
    return place, heads, y


def _bars(ax: Axes, first: pd.DataFrame, one: sensitivity.Drivers | None, place: Mapping[str, float]) -> None:
    """Effects with their intervals and ranks; weights where there are no effects."""
    table = first if one is None else one.table
    name = "weight" if one is None else one.main
    at = table["indicator"].map(place)
    shade = table["system"].map(SYSTEMS)
    ax.barh(at, table[name], color=shade, alpha=0.35 if one is None else 0.75, height=0.72, zorder=2)
    reach = table[name].to_numpy(float)
    if one is not None:
        half = table[f"{name}_conf"].to_numpy(float)
        ax.hlines(at, np.maximum(reach - half, 0), reach + half, color=INK, linewidth=1.4, zorder=4)
        if one.floor == one.floor:
            ax.axvline(one.floor, color=GREY, linestyle=":", linewidth=1.2, zorder=1)
        reach = reach + half
    edge = 0.02 * max(reach.max(), 1e-12)
    for x, height, rank in zip(reach, at, table["weight_rank" if one is None else "effect_rank"], strict=True):
        ax.text(x + edge, height, str(rank), va="center", size=9.5, color=GREY)
    ax.set_xlim(0, 1.12 * max(reach.max(), 1e-12))
    ax.tick_params(axis="y", length=0)
    ax.set_title("weight by AHP" if one is None else f"effect on {one.outcome}", weight="bold")
    ax.grid(False, axis="y")
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    plain(ax.xaxis)


@styled
def importance(result: Result, cell: int = 0) -> Figure:
    """Systemic importance of each node against its degree, and its rank beside those by vulnerability and fitness.

    Parameters
    ----------
    result : Result
        Of a configuration with "importance" in ``run.record``.
    cell : int, optional

    Returns
    -------
    matplotlib.figure.Figure
        Ranks are within the network, 1 the highest; with several networks all their nodes are drawn.

    Raises
    ------
    ValueError
        Importance was not recorded, or there is no such cell.
    """
    nodes = result.importance(cell)
    ranked = [name for name in ("infected", "fitness") if nodes[name].notna().all()]
    agree = sensitivity.agreement(nodes)
    n_alone = int(result.config["run"]["alone"])
    figure = new_figure(
        4.6 + 3.9 * len(ranked), 0.0, "Which firms matter most if risk begins with them",
        (ensemble_text(result, cell),
         f"outbreak where the firm alone is infected at first: mean of {n_alone} replicates each, and "
         f"{100 * sensitivity.chance_between(nodes):.2g} % of its variance between firms is chance"),
        body=4.9)  # fmt: skip
    axes = np.atleast_1d(figure.subplots(1, 1 + len(ranked)))
    kinds = [name for name in result.type_names if (nodes["type"] == name).any()]
    size = float(np.clip(4000 / len(nodes), 4, 34))
    mine = {name: nodes[nodes["type"] == name] for name in kinds}
    beside = np.exp(np.random.default_rng(1).uniform(-0.07, 0.07, len(nodes)))
    ranks = {name: nodes.groupby("network")[name].rank(ascending=False) for name in ("risk_load", *ranked)}
    for k, (name, part) in enumerate(mine.items()):
        look = {"s": size, "color": COLOURS[k % len(COLOURS)], "alpha": 0.65, "linewidths": 0, "zorder": 3 + k / 100}
        axes[0].scatter(np.maximum(part["degree"], 0.7) * beside[part.index], part["risk_load"], label=name, **look)
        for ax, other in zip(axes[1:], ranked, strict=True):
            ax.scatter(ranks[other][part.index], ranks["risk_load"][part.index], **look)
    axes[0].set_xscale("log")
    axes[0].set(xlabel="degree (points moved a little)", ylabel="risk load (infected steps per firm)")
    plain(axes[0].xaxis)
    plain(axes[0].yaxis)
    _titled(axes[0], "Importance and degree", agree["risk_load", "degree"])
    for ax, other in zip(axes[1:], ranked, strict=True):
        label = sensitivity.LABELS[other]
        ax.set(xlabel=f"rank by {label}", ylabel="rank by importance")
        top = float(ranks["risk_load"].max())
        ax.plot([1, top], [1, top], color=GREY, linewidth=1, linestyle=":", zorder=2)
        ax.set(xlim=(1, top), ylim=(top, 1))
        plain(ax.xaxis)
        plain(ax.yaxis)
        _titled(ax, f"Importance and {label}", agree["risk_load", other])
    if len(kinds) > 1:
        handles = [
            Line2D([], [], linestyle="none", marker="o", ms=7, color=COLOURS[k % len(COLOURS)], label=name)
            for k, name in enumerate(kinds)
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(kinds), 6))
    return figure


def _titled(ax: Axes, title: str, agreement: tuple[float, float, float]) -> None:
    r, low, high = agreement
    ax.set_title(f"{title}\n", weight="bold")
    limits = f" ({low:.2f} .. {high:.2f})" if low == low else ""
    text = f"rank correlation {r:.2f}{limits}" if r == r else "one of them is the same for all"
    ax.text(0, 1.02, text, transform=ax.transAxes, size=11, color=GREY)
