"""What [P] says of its network, as claims with intervals: numbers of the network study, from one row per measured network.

Everything here takes the table ``Study.networks`` (a pandas DataFrame with one row per network), or one of its columns.

An estimate is a :class:`~scfast.contrasts.Estimate`, as the mean at N = 5,000 less that at N = 500, or a slope per doubling of N
less that of another model.

A verdict is read from the interval alone: *holds* where the whole of it is on the claim's side, *fails* where none of it is,
*not decided* else, *not defined* where there is nothing to be compared.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scfast.contrasts import Estimate, contrast, slope_weights
from scfast.entries import short

if TYPE_CHECKING:
    import pandas as pd

    from scfast.study import Study

BASE, BESIDE = "dual_local_world", "barabasi_albert"
"""Kinds of growth model: the one that [P] proposes, and the one that it stands beside."""

MODELS = {
    "dual_local_world": "dual local world",
    "barabasi_albert": "Barabási-Albert",
    "bianconi_barabasi": "Bianconi-Barabási",
    "local_world": "local world",
}
"""Kinds of growth models as people name them."""

WITHIN = (500, 5_000)
"""Network sizes between which the claims are tested: about those of [P]'s figures."""

ALIKE, SMALL, STEADY = 0.10, 0.05, 0.01
"""Margins (A), as shares: slopes that are alike; an effect that is "not obvious" beside path length; a mean degree that settles."""

ESTIMATORS = {
    "exponent": "maximum likelihood (k \N{GREATER-THAN OR EQUAL TO} 4)",
    "ks_exponent": "maximum likelihood (cut-off by KS)",
    "histogram_exponent": "least squares (histogram, k \N{GREATER-THAN OR EQUAL TO} 4)",
    "ccdf_exponent": "least squares (CCDF, k \N{GREATER-THAN OR EQUAL TO} 4)",
}
"""Columns that hold a degree exponent, and how it is estimated."""

SERIES = "size"
"""The series that the claims are about: N varies, all else as the model's defaults."""

UNITS = {
    "exponent.slope": "per doubling",
    "path.rises": "edges per doubling",
    "path.ba_rises": "edges per doubling",
    "path.like": "edges per doubling",
    "path.below": "edges",
    "crossing.shortens": "edges",
    "crossing.small": "edges",
    "degree.settles": "per doubling",
}
"""Units of what a claim is about, by its key; others have none."""

_TYPE = "mean_degree."


@dataclass(frozen=True)
class Claim:
    """A sentence about networks, and what the numbers say of it.

    Attributes
    ----------
    key : str
        Which claim, as ``exponent.below``; equal for all estimators and sizes.
    text : str
        The sentence.
    measure, estimator : str
        The column, and how it is estimated; the estimator is empty where there is only one way.
    sizes : tuple of int
        The network sizes that it is about.
    estimate, low, high : float
        The contrast and its confidence limits, for each claim alone.
    apart_low, apart_high : float
        Limits by Welch, as if all networks were independent.
    unit : str
    above, below : float
        The claim holds where the true value lies between these: (0, inf) for "rises", (-x, x) for "alike".
    n : int
        Networks in each group.
    paired : bool
        Whether network by network.
    p : float
        1 - the confidence at which the verdict would no longer be decided; NaN where nothing can be said.
    verdict : str
        holds, fails, not decided, or not defined.
    """

    key: str
    text: str
    measure: str
    estimator: str
    sizes: tuple[int, ...]
    estimate: float
    low: float
    high: float
    apart_low: float
    apart_high: float
    unit: str
    above: float
    below: float
    n: int
    paired: bool
    p: float
    verdict: str


def verdict(low: float, high: float, above: float, below: float) -> str:
    """What an interval says of the claim that the value lies between `above` and `below`.

    >>> verdict(0.1, 0.3, 0, math.inf), verdict(-0.1, 0.3, 0, math.inf), verdict(-0.3, -0.1, 0, math.inf)
    ('holds', 'not decided', 'fails')
    """
    if math.isnan(low) or math.isnan(high):
        return "not defined"
    if low > above and high < below:
        return "holds"
    return "fails" if high <= above or low >= below else "not decided"


def _p(told: Estimate, above: float, below: float) -> float:
    """Of the bounds that the interval must clear for the verdict, the p of the hardest."""
    if above < told.value < below:
        return max((told.p(bound) for bound in (above, below) if math.isfinite(bound)), default=math.nan)
    return told.p(above if told.value <= above else below)


class Sample:
    """The networks of one setting of all assumptions: each (model, size, network) once.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of ``Study.networks``.
    level : float
        Confidence of the intervals, in (0, 1).

    Raises
    ------
    ValueError
        `level` out of bounds, columns that are not there, or a network that comes twice.
    """

    def __init__(self, rows: pd.DataFrame, level: float = 0.95) -> None:
        if not 0 < level < 1:
            raise ValueError(f"level = {level!r}: must be between 0 and 1, both excluded")
        for column in ("network", "model", "n_nodes"):
            if column not in rows:
                raise ValueError(f"networks: must have the column {column!r}")
        self.one = ["seed", "network"] if "seed" in rows else ["network"]  # networks of one number and other seeds are strangers
        twice = rows.duplicated([*self.one, "model", "n_nodes"])
        if twice.any():
            one = rows[twice].iloc[0]
            told = f"network {one['network']} of {one['model']} with {one['n_nodes']} nodes"
            raise ValueError(f"networks: must have one row for each network; {told} comes twice")
        self.rows, self.level = rows, level

    def __contains__(self, measure: str) -> bool:
        return measure in self.rows and bool(self.rows[measure].notna().any())

    def sizes(self, *models: str, within: tuple[float, float] = (0, math.inf)) -> list[int]:
        """Network sizes that all these models have, rising."""
        known = [set(self.rows.loc[self.rows["model"] == model, "n_nodes"]) for model in models]
        return sorted(int(n) for n in set.intersection(*known) if within[0] <= n <= within[1])

    def values(self, measure: str, model: str, n_nodes: int) -> pd.Series:
        """Values by network."""
        mine = self.rows[(self.rows["model"] == model) & (self.rows["n_nodes"] == n_nodes)]
        values: pd.Series = mine.set_index(self.one)[measure].astype(float)
        return values

    def estimate(self, measure: str, weights: dict[tuple[str, int], float]) -> Estimate:
        """The weighted sum of means at (model, size)."""
        return contrast([self.values(measure, *at) for at in weights], list(weights.values()))

    def mean(self, measure: str, model: str, sizes: Sequence[int]) -> float:
        """Mean over sizes of the means over networks."""
        return float(np.mean([self.values(measure, model, n).mean() for n in sizes]))

    def claim(
        self,
        key: str,
        text: str,
        measure: str,
        told: Estimate,
        sizes: Sequence[int],
        above: float = -math.inf,
        below: float = math.inf,
    ) -> Claim:
        """The claim that the true value lies between `above` and `below`, with the verdict that the estimate gives it."""
        low, high = told.interval(self.level)
        apart_low, apart_high = told.interval(self.level, apart=True)
        p, found = _p(told, above, below), verdict(low, high, above, below)
        return Claim(
            key, text, measure, ESTIMATORS.get(measure, ""), tuple(sizes), told.value, low, high, apart_low, apart_high,
            UNITS.get(key, ""), above, below, told.n, told.paired, p, found)  # fmt: skip


def _slope(model: str, sizes: Sequence[int], sign: float = 1.0) -> dict[tuple[str, int], float]:
    return {(model, n): sign * float(w) for n, w in zip(sizes, slope_weights(sizes), strict=True)}


def _beside(sizes: Sequence[int]) -> dict[tuple[str, int], float]:
    """Base less the model beside it, mean over sizes."""
    return {(model, n): sign / len(sizes) for n in sizes for model, sign in ((BASE, 1.0), (BESIDE, -1.0))}


def _exponents(sample: Sample, sizes: list[int], both: list[int]) -> Iterator[Claim]:
    """The exponent rises with N, and is smaller than BA's, by each estimator."""
    for measure in (name for name in ESTIMATORS if name in sample):
        if len(sizes) > 1:
            told = sample.estimate(measure, {(BASE, sizes[-1]): 1.0, (BASE, sizes[0]): -1.0})
            text = f"the degree exponent is larger at N = {sizes[-1]:,} than at {sizes[0]:,}"
            yield sample.claim("exponent.rises", text, measure, told, (sizes[0], sizes[-1]), above=0)
        if len(sizes) > 2:
            told = sample.estimate(measure, _slope(BASE, sizes))
            yield sample.claim("exponent.slope", "the degree exponent rises with N", measure, told, sizes, above=0)
        yield from _below(sample, "exponent.below", "the degree exponent is smaller than BA's", measure, both)


def _below(sample: Sample, key: str, text: str, measure: str, sizes: list[int]) -> Iterator[Claim]:
    """A measure is below that of the model beside it, over all sizes and at each."""
    for part in _parts(sizes):
        yield sample.claim(key, text, measure, sample.estimate(measure, _beside(part)), part, below=0)


def _parts(sizes: list[int]) -> list[list[int]]:
    """All sizes together, and each."""
    return [sizes] * (len(sizes) > 1) + [[n] for n in sizes]


def _paths(sample: Sample, sizes: list[int], both: list[int]) -> Iterator[Claim]:
    """Path length rises with N as BA's, is below it, and what cross-tier edges have to do with it."""
    name = "path_length"
    if name not in sample:
        return
    if len(sizes) > 1:
        yield sample.claim(
            "path.rises", "path length rises with N", name, sample.estimate(name, _slope(BASE, sizes)), sizes, above=0
        )
    if len(both) > 1:
        beside = sample.estimate(name, _slope(BESIDE, both))
        yield sample.claim("path.ba_rises", "BA's path length rises with N", name, beside, both, above=0)
        told = sample.estimate(name, _slope(BASE, both) | _slope(BESIDE, both, -1.0))
        margin = ALIKE * abs(beside.value)
        text = f"path length rises like BA's: slopes within {100 * ALIKE:.0f} % of each other"
        yield sample.claim("path.like", text, name, told, both, -margin, margin)
    yield from _below(sample, "path.below", "path length is below BA's", name, both)
    if {"crossing_effect", "control_effect"} <= set(sample.rows):
        yield from _crossing(sample, sizes)


def _crossing(sample: Sample, sizes: list[int]) -> Iterator[Claim]:
    """What cross-tier edges do to path length, beyond what as many other edges do."""
    name = "crossing_effect - control_effect"
    if "crossing" in sample and not (sample.rows.loc[sample.rows["model"] == BASE, "crossing"] > 0).any():
        return  # nobody crosses
    beyond = Sample(sample.rows.assign(**{name: sample.rows["crossing_effect"] - sample.rows["control_effect"]}), sample.level)
    for part in _parts(sizes):
        told = beyond.estimate(name, {(BASE, n): 1 / len(part) for n in part})
        text = "cross-tier edges shorten paths more than as many other edges do"
        yield sample.claim("crossing.shortens", text, name, told, part, above=0)
        margin = SMALL * sample.mean("path_length", BASE, part)
        text = f"that effect is not obvious: within {100 * SMALL:.0f} % of path length"
        yield sample.claim("crossing.small", text, name, told, part, -margin, margin)


def _degrees(sample: Sample, sizes: list[int], both: list[int]) -> Iterator[Claim]:
    """The mean degree settles, equals BA's, and the order of the types does not depend on N."""
    name = "mean_degree"
    if len(sizes) > 1:
        margin = STEADY * sample.mean(name, BASE, sizes[-1:])
        text = f"mean degree settles: changes by less than {100 * STEADY:.0f} % per doubling of N"
        yield sample.claim("degree.settles", text, name, sample.estimate(name, _slope(BASE, sizes)), sizes, -margin, margin)
    for n in both:
        margin = STEADY * sample.mean(name, BESIDE, [n])
        text = f"mean degree is that of BA beside it, within {100 * STEADY:.0f} %"
        yield sample.claim("degree.equal", text, name, sample.estimate(name, _beside([n])), [n], -margin, margin)
    for first, second in itertools.pairwise(type_order(sample, sizes[-1]) if sizes else []):
        for n in dict.fromkeys((sizes[0], sizes[-1])):
            told = contrast([sample.values(_TYPE + kind, BASE, n) for kind in (first, second)], [1, -1])
            text = f"mean degree by type has the order of N = {sizes[-1]:,}"
            yield sample.claim("degree.order", text, f"{first} above {second}", told, [n], above=0)


def type_columns(networks: pd.DataFrame) -> list[str]:
    """Columns that hold the mean degree of a type, where any dual local world has it."""
    mine = networks[networks["model"] == BASE]
    return [name for name in map(str, networks) if name.startswith(_TYPE) and mine[name].notna().any()]


def type_order(sample: Sample, n_nodes: int) -> list[str]:
    """Types by mean degree at a size, the highest first."""
    kinds = [column.removeprefix(_TYPE) for column in type_columns(sample.rows)]
    means = {kind: float(sample.values(_TYPE + kind, BASE, n_nodes).mean()) for kind in kinds}
    return sorted((kind for kind in kinds if not math.isnan(means[kind])), key=lambda kind: -means[kind])


def claims(networks: pd.DataFrame, within: tuple[float, float] = WITHIN, level: float = 0.95) -> list[Claim]:
    """What [P] reports of its network (MODEL.md section 1), each with its interval and verdict.

    Parameters
    ----------
    networks : pandas.DataFrame
        Rows of ``Study.networks``: of the series ``size`` where there are series, else all.
    within : (float, float)
        Least and largest network size.
    level : float
        Confidence of the intervals, in (0, 1).

    Returns
    -------
    list of Claim
        Over all sizes first, then at each; empty where no network of the dual local world is within the sizes.

    Raises
    ------
    ValueError
        `level` out of bounds, columns that are not there, or a network that comes twice.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(g, "dual_local_world", n, n**0.1 + g / 50) for g in range(5) for n in (500, 5_000)]
    >>> told = claims(pd.DataFrame(rows, columns=["network", "model", "n_nodes", "exponent"]))
    >>> [(one.key, round(one.estimate, 3), one.verdict) for one in told]
    [('exponent.rises', 0.482, 'holds')]
    """
    sample = Sample(of_series(networks, SERIES), level)
    sizes = sample.sizes(BASE, within=within)
    both = sample.sizes(BASE, BESIDE, within=within)
    found = list(_exponents(sample, sizes, both)) + list(_paths(sample, sizes, both))
    if "mean_degree" in sample:
        found += _degrees(sample, sizes, both)
    return found


def estimated(study: Study) -> pd.DataFrame:
    """``study.networks`` with the exponents by least squares beside the others, from the degrees themselves.

    Parameters
    ----------
    study : Study
        Complete or partial.

    Returns
    -------
    pandas.DataFrame
        Columns more: ``seed``, the root seed; ``histogram_exponent`` and ``ccdf_exponent``.
    """
    from scfast.degrees import complementary, least_squares

    networks = study.networks.assign(seed=study.seed)
    for cell, rows in networks.groupby("cell").groups.items():
        counts = [topology.degree_counts for topology in study.topologies(int(str(cell)))]
        networks.loc[rows, "histogram_exponent"] = [least_squares(one) for one in counts]
        networks.loc[rows, "ccdf_exponent"] = [complementary(one) for one in counts]
    return networks


def of_series(networks: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of one series; all where the study has no series.

    Raises
    ------
    ValueError
        Other series, but not this one.
    """
    known = named_series(networks)
    if not known:
        return networks
    found = networks[networks["series"] == name]
    if name not in known:
        raise ValueError(f"series = {short(name)}: must be one of {', '.join(known)}")
    return found


def named_series(networks: pd.DataFrame) -> list[str]:
    """Names of the series, each once."""
    given = dict.fromkeys(networks["series"].dropna()) if "series" in networks else {}
    return [str(name) for name in given if name]


def assumptions(networks: pd.DataFrame, ends: tuple[int, int] = WITHIN, level: float = 0.95) -> pd.DataFrame:
    """The claims that are about several sizes under every other setting of the assumptions: where does a verdict change?

    Parameters
    ----------
    networks : pandas.DataFrame
        Rows of ``Study.networks`` with the series ``size`` and others, in which other keys vary.
    ends : (int, int)
        The two sizes at which each setting is compared with the same setting of the other size.
    level : float
        Confidence of the intervals, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row per setting and claim: ``series``; ``setting``, as ``local_world = 20``; ``default``, whether these are the same
        networks as those of the series ``size``; the fields of :class:`Claim`; ``base``, the verdict in the series ``size`` with
        all its sizes between the two; ``changed``, whether this setting decides, and otherwise. Empty without another series.

    Raises
    ------
    ValueError
        As :func:`claims`.
    """
    import pandas as pd

    two = networks[networks["n_nodes"].isin(ends)]
    known = {(one.key, one.measure): one.verdict for one in claims(networks, ends, level) if len(one.sizes) > 1}
    marks = _marks(two[two["series"] == SERIES] if "series" in two else two)
    records = []
    for name, setting, rows in settings(two):
        same = bool(mine := _marks(rows)) and mine.items() <= marks.items()
        for one in claims(rows.drop(columns="series"), ends, level):
            if len(one.sizes) == 1:
                continue
            before = known.get((one.key, one.measure), "not defined")
            record = {"series": name, "setting": setting, "default": same, **dataclasses.asdict(one), "base": before}
            records.append(record | {"changed": one.verdict in ("holds", "fails") and one.verdict != before})
    return pd.DataFrame.from_records(records)


def _marks(rows: pd.DataFrame) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What tells networks apart, by model, size and number."""
    marks = rows[["model", "n_nodes", "network", "n_edges", *(name for name in ("exponent", "path_length") if name in rows)]]
    return {tuple(row[:3]): tuple(row[3:]) for row in marks[marks["model"] == BASE].itertuples(index=False)}


def settings(networks: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Series, setting and rows of each point of all series but ``size``, network sizes together."""
    keys = swept_keys(networks)
    for name in named_series(networks):
        part = networks[networks["series"] == name]
        varied = [key for key in keys if part[key].notna().any()]
        if name == SERIES or not varied:
            continue
        texts = part[varied].map(_text).agg(", ".join, axis=1) if len(varied) > 1 else part[varied[0]].map(_text)
        for _, rows in part.groupby(texts, sort=False):
            first = rows.iloc[0]
            yield name, ", ".join(f"{key.partition('.')[2]} = {_text(first[key])}" for key in varied), rows


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ":".join(map(_text, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def swept_keys(networks: pd.DataFrame) -> list[str]:
    """Columns of swept keys, but those of the number of nodes, the series and the model."""
    known = ("network.n_nodes", "series.name", "topology.model")
    return [name for name in map(str, networks) if "." in name and not name.startswith(_TYPE) and name not in known]


def by_size(networks: pd.DataFrame, level: float = 0.95) -> list[Claim]:
    """The claims at every size, and between each size and the next, the largest networks too: where do they break?

    Parameters
    ----------
    networks : pandas.DataFrame
        Rows of ``Study.networks`` of any sizes, of several studies together if wanted.

    Returns
    -------
    list of Claim
        Of one size each (below BA's, cross-tier edges, equal mean degree), or of two neighbouring ones (rises, rises alike).
    """
    rows = of_series(networks, SERIES)
    sizes = Sample(rows, level).sizes(BASE)
    found = [one for one in claims(rows, (0, math.inf), level) if len(one.sizes) == 1 and one.key != "degree.order"]
    for pair in itertools.pairwise(sizes):
        near = claims(rows[rows["n_nodes"].isin(pair)], (0, math.inf), level)
        found += [one for one in near if one.key in ("exponent.rises", "path.rises", "path.like", "degree.settles")]
    return found


def breaks(found: Sequence[Claim]) -> dict[tuple[str, str], tuple[int, ...]]:
    """By claim and measure, the sizes of the first time that it fails, of those that :func:`by_size` gives; of all that do."""
    first: dict[tuple[str, str], tuple[int, ...]] = {}
    for one in sorted(found, key=lambda one: one.sizes[-1]):
        if one.verdict == "fails":
            first.setdefault((one.key, one.measure), one.sizes)
    return first


def holm(found: Sequence[Claim], level: float = 0.95) -> list[bool]:
    """Which claims stay decided if all of them shall be right together with probability `level` (Holm 1979, L)."""
    defined = [k for k, one in enumerate(found) if not math.isnan(one.p)]
    kept = [False] * len(found)
    for rank, k in enumerate(sorted(defined, key=lambda k: found[k].p)):
        if found[k].p > (1 - level) / (len(defined) - rank):
            break
        kept[k] = True
    return kept


def curve(networks: pd.DataFrame, measure: str, by: str = "n_nodes", level: float = 0.95) -> pd.DataFrame:
    """Mean of a measure over networks with its t interval (L), against a column, for each model.

    Parameters
    ----------
    networks : pandas.DataFrame
        Rows of ``Study.networks``.
    measure, by : str
        Columns.
    level : float
        Confidence, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        ``model``, the column `by`, ``mean``, ``low``, ``high``, ``n`` (networks), sorted; limits are NaN with one network.

    Raises
    ------
    ValueError
        `level` out of bounds, or a column that is not there.
    """
    import pandas as pd
    from scipy.special import stdtrit

    if not 0 < level < 1:
        raise ValueError(f"level = {level!r}: must be between 0 and 1, both excluded")
    for column in (measure, by, "model"):
        if column not in networks:
            raise ValueError(f"networks: must have the column {column!r}")
    groups = networks.dropna(subset=[measure]).groupby(["model", by])[measure]
    table = pd.DataFrame({"mean": groups.mean(), "sd": groups.std(), "n": groups.size()}).reset_index()
    half = table["sd"] / np.sqrt(table["n"]) * stdtrit(np.maximum(table["n"] - 1, 1), 0.5 + level / 2)
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)[["model", by, "mean", "low", "high", "n"]]


def to_frame(found: Sequence[Claim]) -> pd.DataFrame:
    """Claims as a table, one row each; sizes as text."""
    import pandas as pd

    records = [dataclasses.asdict(one) | {"sizes": " ".join(map(str, one.sizes))} for one in found]
    return pd.DataFrame.from_records(records, columns=[field.name for field in dataclasses.fields(Claim)])
