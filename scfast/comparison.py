"""Strategies beside the baseline: differences with intervals, ranking per unit of budget, resolved rates.

Where a strategy and the baseline ran on the same networks they are paired, network by network; on one network replicate by
replicate, as both meet the same first infections there. Whether networks are the same is read from their digests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scfast import risk, stats
from scfast.entries import nearest, short
from scfast.parameters import STATES, Protection
from scfast.results import OUTCOMES, Result
from scfast.strategies import Point, Strategy

if TYPE_CHECKING:
    import pandas as pd

    from scfast.config import Cell

COMPARED = ("risk load", "eliminated", "peak", "extinct")
"""Outcomes that are compared unless others are asked for."""

BETTER = {"risk load": -1, "eliminated": -1, "attack rate": -1, "peak": -1, "peak step": 0, "extinct": 1, "extinction step": -1}
"""Which way an outcome is better: 1 more, -1 less, 0 neither."""

OWN = ("strategy.name", "strategy.level", "risk.draw")
LEVELS = ("resistance", "recovery", "learning", "external")
RATES = ("beta", "gamma", "delta", "xi")


@dataclass(frozen=True)
class Difference:
    """A mean difference and how it was told.

    Attributes
    ----------
    baseline, mean, difference : float
        Means, and the second less the first.
    low, high : float
        Confidence limits of the difference; NaN where one value is all there is.
    paired : str
        What both share, by which they are paired: networks, replicates (of the one network), draws (of uncertain scores), or two
        of these; "nothing" where networks differ.
    networks : int
        Fewest networks on one side.
    removed : float
        Share of the variance of the unpaired difference that pairing removed, 1 - var(paired) / (var(a) + var(b)); negative where
        it added some; NaN where nothing is paired, or nothing varies.
    """

    baseline: float
    mean: float
    difference: float
    low: float
    high: float
    paired: str
    networks: int
    removed: float


def difference(strategy: np.ndarray, baseline: np.ndarray, same: bool, *, binary: bool = False, level: float = 0.95) -> Difference:
    """Strategy less baseline, with its t interval (L).

    Units are networks; where a side has one, replicates, conditional on it. Same networks: t over the differences of units.
    Others: Welch's. Several draws of uncertain scores cross the units, both random: the variance of the mean is the sum of what
    draws and what units alone say, less the two-way residual that both contain, and not less than either; degrees of freedom by
    Satterthwaite, not less than the fewest of a part.

    Parameters
    ----------
    strategy, baseline : float64 (draw, network, replicate)
        An outcome; the same draws in the same order, and if `same` the same networks.
    same : bool
        Whether the networks are the same: then networks, or replicates of the one, are paired.
    binary : bool
        Values are 0 or 1: where one side never or always was, limits are at least Newcombe's from two Wilson intervals.
    level : float
        Confidence, in (0, 1).

    Raises
    ------
    ValueError
        Shapes that do not fit, or `level` out of bounds.

    Examples
    --------
    >>> told = difference(np.array([[[3.0], [5.0], [4.0]]]), np.array([[[2.0], [3.0], [3.0]]]), same=True)
    >>> round(told.difference, 4), round(told.low, 4), round(told.high, 4), told.paired
    (1.3333, -0.1009, 2.7676, 'networks')
    """
    from scipy.special import stdtrit

    if not 0 < level < 1:
        raise ValueError(f"level = {level!r}: must be between 0 and 1, both excluded")
    if strategy.ndim != 3 or baseline.ndim != 3 or len(strategy) != len(baseline) or not strategy.size or not baseline.size:
        raise ValueError(f"strategy = {strategy.shape}: must be (draw, network, replicate) with the draws of {baseline.shape}")
    if same and strategy.shape != baseline.shape:
        raise ValueError(f"strategy = {strategy.shape}: must have the shape of the baseline, {baseline.shape}, to be paired")
    networks = min(strategy.shape[1], baseline.shape[1])
    a, b = (side.mean(axis=2) if networks > 1 else side[:, 0] for side in (strategy, baseline))
    draws = len(a)
    apart, _ = _error([a, b], None)
    if draws > 1:
        apart = _error([a], a.mean(axis=1))[0] + _error([b], b.mean(axis=1))[0]
    by_draw = a.mean(axis=1) - b.mean(axis=1)
    variance, freedom = _error([a - b] if same else [a, b], by_draw if draws > 1 else None)
    units = "networks" if networks > 1 else "replicates"
    paired = " and ".join([units] * same + ["draws"] * (draws > 1)) or "nothing"
    means = float(b.mean()), float(a.mean())
    centre = float(by_draw.mean())
    half = math.sqrt(variance) * float(stdtrit(freedom, 0.5 + level / 2)) if freedom > 0 else math.nan
    low, high = centre - half, centre + half
    if binary and not {0.0, 1.0}.isdisjoint(means):
        far, near = _newcombe(means, (baseline.size, strategy.size), level)
        low, high = min(low, far), max(high, near)
    removed = 1 - variance / apart if paired != "nothing" and apart > 0 else math.nan
    return Difference(*means, centre, low, high, paired, networks, removed)


def _error(sides: Sequence[np.ndarray], by_draw: np.ndarray | None) -> tuple[float, float]:
    """Variance of a mean, or of a difference of two, and its degrees of freedom; `sides` are (draw, unit), `by_draw` (draw,)."""
    parts, shared = [], []
    for side in sides:
        draws, units = side.shape
        if units < 2:
            continue
        parts.append((float(side.mean(axis=0).var(ddof=1)) / units, units - 1))
        if draws > 1:
            rest = side - side.mean(axis=0) - side.mean(axis=1, keepdims=True) + side.mean()
            freedom = (draws - 1) * (units - 1)
            shared.append((float((rest**2).sum()) / (freedom * draws * units), freedom))
    among_units = sum(variance for variance, _ in parts)
    if len(parts) < len(sides):  # a unit alone says nothing of how units differ
        parts, shared, among_units = [], [], 0.0
    among_draws = 0.0
    if by_draw is not None:
        among_draws = float(by_draw.var(ddof=1)) / len(by_draw)
        parts.append((among_draws, len(by_draw) - 1))
    total = sum(variance for variance, _ in parts) - sum(variance for variance, _ in shared)
    total = max(total, among_units, among_draws)
    fewest = min((freedom for _, freedom in parts), default=0)
    spread = sum(variance**2 / freedom for variance, freedom in parts + shared)
    return total, max(total**2 / spread, fewest) if spread > 0 else fewest


def _newcombe(means: tuple[float, float], sizes: tuple[int, int], level: float) -> tuple[float, float]:
    """Limits of the second share less the first from the Wilson interval of each (L)."""
    limits = []
    for mean, size in zip(means, sizes, strict=True):
        part = np.array(mean)
        alone = stats.Components(part, part, part, part, part, part * 0, 1, size, (0.0, 1.0), binary=True)
        limits.append([float(limit) for limit in alone.interval(level)])
    (first_low, first_high), (second_low, second_high) = limits
    first, second = means
    return (
        second - first - math.hypot(second - second_low, first_high - first),
        second - first + math.hypot(second_high - second, first - first_low),
    )


def compare(result: Result, outcomes: Sequence[str] = COMPARED, level: float = 0.95) -> pd.DataFrame:
    """Each strategy at each level beside the baseline with the same other values.

    Parameters
    ----------
    result : Result
        Complete or partial: compared is what is finished on both sides.
    outcomes : sequence of str
        Of :data:`scfast.results.OUTCOMES`.
    level : float
        Confidence of the intervals, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row per outcome, other swept values (among them the exposure, where there are both), strategy and level: the swept
        keys; ``strategy``; ``level``; ``budget`` and ``unit`` (the cost where given, else the level and its measure; nodes where
        it is a number of nodes); ``cell`` (the first, where several draws make one row); ``baseline_cell``; ``outcome``; the
        fields of :class:`Difference`; ``draws``; ``verdict`` (better or worse where the interval leaves out 0, else unclear).
        NaN and ``paired`` "not finished" where nothing can be compared yet.

    Raises
    ------
    ValueError
        No strategies, an unknown outcome, or `level` out of bounds.

    Examples
    --------
    >>> import scfast as sf
    >>> text = "[network]\\nn_nodes=60\\n[run]\\nnetworks=3\\nreplicates=64\\nsteps=20\\nseed=1\\n"
    >>> text += "[[strategy]]\\nname='hubs'\\nprotection=[3, 9]"
    >>> table = compare(sf.run(sf.Config.from_text(text), n_jobs=1), ["risk load"])
    >>> table[["strategy", "level", "paired", "verdict"]].values.tolist()
    [['hubs', 3, 'networks', 'better'], ['hubs', 9, 'networks', 'better']]
    """
    import pandas as pd

    for name in outcomes:
        if name not in OUTCOMES:
            raise ValueError(f"outcome = {short(name)}: {nearest(name, OUTCOMES)}")
    if not outcomes:
        raise ValueError(f"outcome = []: must be one or more of {', '.join(OUTCOMES)}")
    groups, points = _groups(result), _points(result)
    records = []
    for name in outcomes:
        for (context, strategy, at), cells in groups.items():
            if strategy == "baseline":
                continue
            base = groups[context, "baseline", ""]
            record: dict[str, Any] = dict(context) | {"strategy": strategy, "level": at}
            record |= _budget(result, points[strategy, at], cells[0]) | {"cell": cells[0], "baseline_cell": base[0]}
            record |= {"outcome": name, "draws": len(cells)}
            records.append(record | _row(result, name, cells, base, level))
    return pd.DataFrame.from_records(records)


Context = tuple[tuple[str, Any], ...]


def _groups(result: Result) -> dict[tuple[Context, str, Any], list[int]]:
    """Cells by (other swept values, strategy, level): several where scores were drawn."""
    if "strategy.name" not in result.cells[0]:
        raise ValueError("strategy: there is none, so there is nothing to be compared with the baseline; add a [[strategy]]")
    groups: dict[tuple[Context, str, Any], list[int]] = {}
    for cell, values in enumerate(result.cells):
        context = tuple((key, value) for key, value in values.items() if key not in OWN)
        groups.setdefault((context, values["strategy.name"], values["strategy.level"]), []).append(cell)
    return groups


def _points(result: Result) -> dict[tuple[str, Any], Point]:
    strategies = [Strategy(**given) for given in result.config["strategy"]]
    points = [point for strategy in strategies for point in strategy.points()]
    return {(point.strategy.name, "" if point.level is None else point.level): point for point in points}


def _budget(result: Result, point: Point, cell: int) -> dict[str, Any]:
    if point.cost is not None:
        return {"budget": float(point.cost), "unit": "cost"}
    if point.level is None:
        return {"budget": math.nan, "unit": ""}
    rows = result.rows(cell)
    budget = float(point.level)
    counted = "protection" if "protection" in point.measures else "hubs"
    if isinstance(point.level, float) and point.level == point.measures.get(counted) and len(rows):
        budget = float(Protection(point.level).count(int(result.tables["rows/n_nodes"][rows[0]])))
    return {"budget": budget, "unit": " + ".join(sorted(point.measures))}


def _row(result: Result, name: str, cells: Sequence[int], base: Sequence[int], level: float) -> dict[str, Any]:
    """The fields of a `Difference`, and the verdict."""
    ours, theirs = (_finished(result, side) for side in (cells, base))
    draws = [d for d in range(len(cells)) if ours[d].any() and theirs[d].any()]
    first, second = (side[draws].all(axis=0) for side in (ours, theirs))
    both = np.flatnonzero(first & second)
    same = len(both) > 0 and _same(result, [cells[d] for d in draws], [base[d] for d in draws], both)
    if same:
        first = second = np.isin(np.arange(result.n_networks), both)
    if not draws or not first.any() or not second.any():
        missing = dict.fromkeys(("baseline", "mean", "difference", "low", "high"), math.nan)
        return missing | {"paired": "not finished", "networks": 0, "removed": math.nan, "verdict": ""}
    values = result.replicates[name]
    strategy, baseline = values[np.array(cells)[draws]][:, first], values[np.array(base)[draws]][:, second]
    told = difference(strategy, baseline, same, binary=name == "extinct", level=level)
    way = BETTER[name]
    gain = {1: told.low, -1: -told.high}.get(way, 0.0), {1: told.high, -1: -told.low}.get(way, 0.0)
    verdict = "better" if gain[0] > 0 else "worse" if gain[1] < 0 else "unclear"
    bound = 1.0 if OUTCOMES[name][1] == "share" else math.inf
    limits = {"low": max(told.low, -bound), "high": min(told.high, bound)}
    return {**vars(told), **limits, "verdict": verdict if way else ""}


def _finished(result: Result, cells: Sequence[int]) -> np.ndarray:
    """Whether each network of each cell is there, (cell, network)."""
    done = np.zeros((len(cells), result.n_networks), bool)
    for k, cell in enumerate(cells):
        if len(rows := result.rows(cell)):
            done[k, result.tables["rows/network"][rows]] = True
    return done


def _same(result: Result, cells: Sequence[int], base: Sequence[int], networks: np.ndarray) -> bool:
    """Whether all these cells ran on the same networks, by their digests."""
    known: dict[int, bytes] = {}
    for cell in (*cells, *base):
        for row in result.rows(cell):
            network = int(result.tables["rows/network"][row])
            digest = result.tables["rows/network_digest"][row].tobytes()
            if network in networks and known.setdefault(network, digest) != digest:
                return False
    return True


def ranking(table: pd.DataFrame, outcome: str = "risk load") -> pd.DataFrame:
    """Strategies by what a unit of budget gains of an outcome, the most first.

    Ranked are those whose budgets have the same unit: their costs, or the levels of the same measure.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare`.
    outcome : str
        One that is better one way.

    Returns
    -------
    pandas.DataFrame
        ``outcome``; the swept keys; ``strategy``, ``level``, ``budget``, ``unit``; ``gain`` (how much better than the baseline, in
        the outcome's unit); ``per_unit``, ``low``, ``high`` (per unit of budget, with its limits); ``rank`` within the unit and the
        swept values, 1 the best; NaN for what is not better beyond its interval. Strategies without a budget, with 0, or of
        several measures without a cost have no ``per_unit`` either, and come last.

    Raises
    ------
    ValueError
        The outcome is not in the table, or not better one way.

    Examples
    --------
    >>> import pandas as pd
    >>> told = {"outcome": "risk load", "unit": "protection", "difference": -1.0, "low": -1.5, "high": -0.5}
    >>> rows = [{"strategy": "a", "level": 5, "budget": 5.0, **told}, {"strategy": "b", "level": 2, "budget": 2.0, **told}]
    >>> ranking(pd.DataFrame(rows))[["strategy", "per_unit", "low", "high", "rank"]].values.tolist()
    [['b', 0.5, 0.25, 0.75, 1.0], ['a', 0.2, 0.1, 0.3, 2.0]]
    """
    if outcome not in set(table["outcome"]):
        raise ValueError(f"outcome = {short(outcome)}: must be one of those compared, {', '.join(dict.fromkeys(table['outcome']))}")
    way = BETTER[outcome]
    if not way:
        raise ValueError(f"outcome = {short(outcome)}: must be better one way to be ranked")
    rows = table[table["outcome"] == outcome]
    keys = swept_keys(table)
    frame = rows[["outcome", *keys, "strategy", "level", "budget", "unit"]].copy()
    several = rows["unit"].str.contains(" + ", regex=False)  # measures whose levels do not add up to a budget
    budget = rows["budget"].where((rows["budget"] > 0) & (rows["unit"] != "") & ~several)
    near, far = ("low", "high") if way > 0 else ("high", "low")
    frame["gain"] = way * rows["difference"]
    for name, column in (("per_unit", "difference"), ("low", near), ("high", far)):
        frame[name] = way * rows[column] / budget
    better = frame.assign(per_unit=frame["per_unit"].where(frame["low"] > 0))
    frame["rank"] = better.groupby([*keys, "unit"], sort=False, dropna=False)["per_unit"].rank(method="min", ascending=False)
    place = frame.groupby(keys, sort=False, dropna=False).ngroup() if keys else 0
    order = frame.assign(_place=place, _last=frame["per_unit"].isna()).sort_values(
        ["_place", "_last", "unit", "rank"], kind="stable"
    )
    return frame.loc[order.index].reset_index(drop=True)


def ranked(table: pd.DataFrame) -> list[str]:
    """Outcomes of a comparison by which to rank: risk load and eliminated, which may order otherwise; else the first that can."""
    able = [name for name in dict.fromkeys(table["outcome"]) if BETTER[name]]
    return [name for name in able if name in COMPARED[:2]] or able[:1]


def swept_keys(table: pd.DataFrame) -> list[str]:
    """Swept keys other than the strategy's own."""
    return [str(key) for key in table.columns if "." in str(key)]


def rates(result: Result, cells: Sequence[Cell]) -> pd.DataFrame:
    """Scores, resolved rates and their mean-field outcome, for a configuration with ``[risk]``.

    Parameters
    ----------
    result : Result
    cells : sequence of Cell
        Those of the configuration, as ``Config.from_dict(result.config).cells``.

    Returns
    -------
    pandas.DataFrame
        One row per type where scores are per type, else one (nodes' mean where they are per node), for all cells that have the
        same: ``cells`` (their labels), ``type``, ``resistance``, ``recovery``, ``learning``, ``external`` (A, C, L, E, 0 to 1),
        ``beta``, ``gamma``, ``delta``, ``xi`` (per step), and the mean field's ``reproduction``, ``eliminated``, ``peak``,
        ``risk_load``, which knows the mean degree, but no network, protection, detection or shock. Means over draws of scores.

    Raises
    ------
    ValueError
        The configuration has no ``[risk]``.
    """
    import pandas as pd

    if cells[0].profile is None:
        raise ValueError("risk: there is no such section, so no scores from which rates follow")
    draws: dict[Context, list[pd.DataFrame]] = {}
    for number, cell in enumerate(cells):
        if len(result.rows(number)):
            label = tuple(
                (key, value) for key, value in result.cells[number].items() if key not in ("risk.draw", "dynamics.exposure")
            )
            draws.setdefault(label, []).append(_resolved(result, number, cell))
    alike: dict[tuple[Any, ...], tuple[list[Context], pd.DataFrame]] = {}
    for label, drawn in draws.items():
        frame = drawn[0].copy()
        numbers = [str(name) for name in frame.columns[1:]]
        frame[numbers] = np.mean([one[numbers].to_numpy() for one in drawn], axis=0)
        alike.setdefault(tuple(frame.to_numpy().ravel().tolist()), ([], frame))[0].append(label)
    named = []
    for labels, frame in alike.values():
        frame.insert(0, "cells", _labels(labels))
        named.append(frame)
    return pd.concat(named, ignore_index=True) if named else pd.DataFrame()


def _labels(cells: Sequence[Context]) -> str:
    """What cells are called together: a strategy's levels stand behind its name."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        values = dict(cell)
        name, at = values.pop("strategy.name", ""), values.pop("strategy.level", "")
        swept = [f"{key.partition('.')[2]} {number_text(value)}" for key, value in values.items()]
        found.setdefault(", ".join(swept + [name] * bool(name)), []).append(number_text(at))
    return "; ".join(f"{name} {', '.join(levels)}".strip() for name, levels in found.items()) or "all"


def _resolved(result: Result, number: int, cell: Cell) -> pd.DataFrame:
    """The rows of a cell."""
    import pandas as pd

    rows = result.rows(number)
    network = result.network(number, int(result.tables["rows/network"][rows[0]]))
    assert cell.profile is not None
    model = cell.model(network).on(network)
    profile = cell.profile.on(network)
    given = risk.levels(profile) | {name: getattr(model, name) for name in (*RATES, "epsilon")}
    types = list(result.type_names) if any(isinstance(value, Mapping) for value in given.values()) else None
    sizes = dict(zip(result.type_names, result.type_sizes(number).mean(axis=0).tolist(), strict=True))
    k = float(2 * result.tables["rows/n_edges"][rows].sum() / result.tables["rows/n_nodes"][rows].sum())
    first = float(result.components(number).mean[0, STATES.index("I")] / result.tables["rows/n_nodes"][rows].mean())
    mixed = {name: given[name] for name in (*RATES, "epsilon")}
    if any(np.ndim(value) == 1 for value in mixed.values()):  # types and nodes together are known by the nodes
        mixed = {name: _per_node(value, network) for name, value in mixed.items()}
    outcome = risk.mean_field(mixed, k, result.n_steps, min(first, 1.0), sizes if types else None)
    records = []
    for name in types or ["nodes" if any(np.ndim(value) == 1 for value in given.values()) else "all"]:
        row: dict[str, Any] = {"type": name}
        for key in (*LEVELS, *RATES):
            value = given[key]
            row[key] = float(np.mean(value[name] if isinstance(value, Mapping) else value))
        fields = ("reproduction", "eliminated", "peak", "risk_load")
        records.append(row | {key: getattr(outcome, key) for key in fields})
    return pd.DataFrame.from_records(records)


def _per_node(value: Any, network: Any) -> np.ndarray:
    if isinstance(value, Mapping):
        return np.array([value[name] for name in network.type_names], np.float64)[network.types]
    return np.broadcast_to(np.asarray(value, np.float64), network.n_nodes)


class Table(NamedTuple):
    """A table of texts; columns whose names end in > hold numbers."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    caption: str = ""


def number_text(value: Any) -> str:
    """A level or a number as people write it."""
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.4g}"
    return str(value)
