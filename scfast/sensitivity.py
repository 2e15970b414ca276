"""What drives risk: the effect of each indicator, and of each firm.

A design of ``[sensitivity]`` varies all scores at once and says how much each of them matters, beside the weights that experts gave
them: [P] asks for the main factors of risk.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import model_validator

from scfast.entries import Choice, Entry, FloatArray, Number, _bad, nearest, noun
from scfast.profiles import Profile
from scfast.strategies import Risk

if TYPE_CHECKING:
    import pandas as pd

    from scfast.comparison import Table
    from scfast.results import Result

WITHIN = 0.2
LEVELS = 4
"""Levels of each score in a design of Morris (A: SALib's)."""

MAIN = {"sobol": "total", "morris": "mu_star"}
"""The column by which factors are ranked; its half-width of 95 % has ``_conf`` after it."""

DESIGN = 7
"""First part of the spawn key of designs, after those of ``rng`` and ``strategies``."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keys(Entry):
    """A list of distinct names."""

    words = "list of names"

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not isinstance(value, list | tuple) or not value:
            raise _bad(name, value, "must be a list of at least one indicator")
        for i, item in enumerate(value):
            if not isinstance(item, str) or item in value[:i]:
                raise _bad(f"{name}[{i}]", item, "must be the name of an indicator, and none twice")
        return tuple(value)


@noun
class Sensitivity:
    """A design that varies the scores of all indicators at once, each uniformly over a range of its own.

    Sobol: first-order and total effects, shares of the variance (L, Saltelli et al. 2010). Morris: mean and spread of elementary
    effects (L, Morris 1991, Campolongo et al. 2007). Both are made and analysed by SALib.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> Sensitivity().within, Sensitivity(low=0.0, high=1.0).within
    (0.2, None)
    >>> Sensitivity(samples=8).n_points(23)
    200
    """

    method: Annotated[
        str, Choice("sobol: shares of variance; morris: elementary effects, in fewer cells", options=("sobol", "morris"))
    ] = "sobol"
    samples: Annotated[
        int,
        Number(
            "Samples: k indicators need samples x (k + 2) cells by sobol (a power of 2), x (k + 1) by morris",
            low=2,
            high=100_000,
            whole=True,
        ),
    ] = 64
    within: Annotated[
        float | None,
        Number(
            "Each score varies by so much up and down, as far as [0, 1] goes; 0.2 if low and high are not given",
            low=0,
            high=1,
            above=True,
            optional=True,
            example=WITHIN,
        ),
    ] = None
    low: Annotated[
        float | None, Number("Instead of within: every score varies from here", low=0, high=1, optional=True, example=0.0)
    ] = None
    high: Annotated[float | None, Number("And up to here", low=0, high=1, optional=True, example=1.0)] = None
    indicators: Annotated[
        tuple[str, ...] | Any,
        Keys("Only these indicators vary; all if absent", optional=True, example=["capital_stability", "delivery_delay"]),
    ] = None

    @model_validator(mode="after")
    def _whole(self) -> Sensitivity:
        for name, other in (("low", "high"), ("high", "low")):
            if getattr(self, name) is not None and getattr(self, other) is None:
                raise _bad(name, getattr(self, name), f"must come with {other}")
        if self.low is None and self.within is None:
            object.__setattr__(self, "within", WITHIN)
        if self.low is not None and self.high is not None:
            if self.within is not None:
                raise _bad("within", self.within, "must not be given together with low and high")
            if self.low >= self.high:
                raise _bad("low", self.low, f"must be less than high, {self.high}")
        if self.method == "sobol" and self.samples & (self.samples - 1):
            raise _bad("samples", self.samples, "must be a power of 2 where method is 'sobol'")
        return self

    def keys(self, profile: Profile) -> tuple[str, ...]:
        """The indicators that vary, in the order of the systems.

        Raises
        ------
        ValueError
            One that the systems do not have.
        """
        valid = profile.systems.indicators
        for i, key in enumerate(self.indicators or ()):
            if key not in valid:
                raise _bad(f"indicators[{i}]", key, f"no such indicator, {nearest(key, valid)}")
        return tuple(key for key in valid if self.indicators is None or key in self.indicators)

    def n_points(self, n_keys: int) -> int:
        """Points of the design for so many indicators."""
        return self.samples * (n_keys + (2 if self.method == "sobol" else 1))

    def design(self, profile: Profile, seed: int) -> FloatArray:
        """The points, float64 (points, indicators): where each score stands in its range, 0 to 1.

        Parameters
        ----------
        profile : Profile
        seed : int
            Root seed.

        Raises
        ------
        ImportError
            SALib is not installed.
        """
        problem = _problem(self.keys(profile))
        if self.method == "sobol":
            points = _salib("sample", "sobol").sample(problem, self.samples, calc_second_order=False, seed=_seed(seed, 0))
        else:
            points = _salib("sample", "morris").sample(problem, self.samples, num_levels=LEVELS, seed=_seed(seed, 0))
        return np.asarray(points, np.float64)

    def profile(self, profile: Profile, at: FloatArray) -> Profile:
        """The definite profile at a point of the design; ranges that do not vary count with their means.

        A score per type or per node keeps its differences: each value stands at the same place in its own range.
        """
        central = profile.central()
        scores = dict(central.scores)
        for key, u in zip(self.keys(profile), at.tolist(), strict=True):
            scores[key] = self._at(central.scores.get(key, central.default), u)
        return dataclasses.replace(central, scores=scores)

    def _at(self, score: Any, u: float) -> Any:
        if isinstance(score, Mapping):
            return {name: self._at(value, u) for name, value in score.items()}
        low, high = self.low, self.high
        if self.within is not None:
            low, high = np.maximum(score - self.within, 0.0), np.minimum(score + self.within, 1.0)
        moved = np.clip(low + u * (high - low), 0.0, 1.0)  # type: ignore[operator]
        if np.ndim(score):
            return np.broadcast_to(moved, np.shape(score))
        return float(moved)


def fingerprint(design: FloatArray) -> str:
    """SHA-256 of a design: another version of SALib may make another one of the same seed."""
    return hashlib.sha256(repr(design.shape).encode() + np.ascontiguousarray(design, "<f8").tobytes()).hexdigest()


def _problem(keys: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(keys), "names": list(keys), "bounds": [[0.0, 1.0]] * len(keys)}


def _seed(root: int, *key: int) -> int:
    """A seed that is never 0, which SALib takes for none."""
    return 1 + int(np.random.SeedSequence(root, spawn_key=(DESIGN, *key)).generate_state(1)[0] >> np.uint32(1))


def _salib(part: str, method: str) -> Any:
    import importlib

    try:
        return importlib.import_module(f"SALib.{part}.{method}")
    except ImportError:
        raise ImportError("SALib is not installed: pip install '.[sensitivity]' (or salib)") from None


@dataclass(frozen=True)
class Drivers:
    """How much each indicator matters for one outcome.

    Attributes
    ----------
    outcome, method : str
    table : pandas.DataFrame
        One row per indicator that varied, the greatest effect first: ``indicator``, ``label``, ``system``, ``criterion``,
        ``weight`` (global, within its system) and ``weight_rank``, then by sobol ``first_order`` and ``total`` (shares of the
        variance), by morris ``mu_star`` (mean size of the change of the outcome from one end of the score's range to the other),
        ``mu`` (the same with signs) and ``sigma``; ``..._conf``, half of their 95 % intervals; ``effect_rank``.
    correlations : dict of str to (float, float, float)
        Spearman's rank correlation of weights and effects with its 95 % interval: of all indicators, and of each system's.
    variance : float
        Variance of the outcome over the design.
    chance : float
        Share of it that is left to chance, as each point has so many replicates.
    floor : float
        What the effect in :attr:`main` would be of an indicator that has none, for the same reason.
    n_points : int
    """

    outcome: str
    method: str
    table: pd.DataFrame
    correlations: dict[str, tuple[float, float, float]]
    variance: float
    chance: float
    floor: float
    n_points: int

    @property
    def main(self) -> str:
        """The column by which factors are ranked."""
        return MAIN[self.method]

    def shared(self, top: int) -> int:
        """How many of the `top` heaviest indicators are among the `top` that matter most."""
        return int(((self.table["weight_rank"] <= top) & (self.table["effect_rank"] <= top)).sum())


def drivers(result: Result, outcome: str = "risk load") -> Drivers:
    """The effect of each indicator on an outcome, of a run with ``[sensitivity]``.

    Parameters
    ----------
    result : Result
        Complete.
    outcome : str
        One of ``scfast.results.OUTCOMES``.

    Raises
    ------
    ValueError
        A run without [sensitivity], or one that is not complete; no such outcome; a design that cannot be made again here.
    ImportError
        SALib is not installed.
    """
    from scfast.results import OUTCOMES
    from scfast.storage import StorageError

    if "sensitivity" not in result.config:
        raise ValueError("[sensitivity]: is not in this run's configuration, so no effects can be told")
    if outcome not in OUTCOMES:
        raise _bad("outcome", outcome, f"must be one of {', '.join(OUTCOMES)}")
    if not result.complete:
        raise ValueError(f"results: {result.done} of {result.total} are done; effects need them all")
    spec = Sensitivity(**result.config["sensitivity"])
    profile = Risk(**result.config["risk"]).profile
    design = spec.design(profile, result.seed)
    if fingerprint(design) != result.manifest["design"]:
        raise StorageError("[sensitivity]: the design cannot be made again here as it was in the run; SALib has changed since")
    values = result.replicates[outcome]  # (point, network, replicate)
    means = values.mean(axis=(1, 2))
    spread = float(means.var())
    chance = values.var(axis=2, ddof=1).mean() / (values[0].size) if result.n_replicates > 1 else np.nan
    keys = spec.keys(profile)
    table = _effects(spec.method, keys, design, means, result.seed)
    _weigh(table, profile, keys)
    groups = {"all": np.ones(len(table), bool)} | {name: (table["system"] == name).to_numpy() for name in ("immunity", "external")}
    main = MAIN[spec.method]
    table["effect_rank"] = table[main].rank(ascending=False, method="min").astype(int)
    correlations = {
        name: rank_correlation(table["weight"].to_numpy()[mine], table[main].to_numpy()[mine]) for name, mine in groups.items()
    }
    ordered = table.sort_values(["effect_rank", "weight_rank"], ignore_index=True)
    share = float(min(chance / spread, 1.0)) if spread > 0 else np.nan
    # an elementary effect is the difference of two points over its step; the mean size of a normal one is sqrt(2 / pi) of its sd
    step = LEVELS / (2 * (LEVELS - 1))
    floor = share if spec.method == "sobol" else float(np.sqrt(2 * chance) / step * np.sqrt(2 / np.pi))
    return Drivers(outcome, spec.method, ordered, correlations, spread, share, floor, len(design))


def _effects(method: str, keys: Sequence[str], design: FloatArray, means: FloatArray, seed: int) -> pd.DataFrame:
    import pandas as pd

    names = ("mu_star", "mu", "sigma") if method == "morris" else ("first_order", "total")
    table = pd.DataFrame({"indicator": keys})
    if np.ptp(means) == 0:  # nothing that could be shared out
        return table.assign(**{name: 0.0 for name in (*names, *(f"{name}_conf" for name in names if name not in ("mu", "sigma")))})
    if method == "morris":
        found = _salib("analyze", "morris").analyze(
            _problem(keys), design, means, num_resamples=1000, num_levels=LEVELS, seed=_seed(seed, 1)
        )
        return table.assign(**{name: np.asarray(found[name], np.float64) for name in ("mu_star", "mu_star_conf", "mu", "sigma")})
    found = _salib("analyze", "sobol").analyze(
        _problem(keys), means, calc_second_order=False, num_resamples=1000, seed=_seed(seed, 1)
    )
    columns = {"first_order": "S1", "first_order_conf": "S1_conf", "total": "ST", "total_conf": "ST_conf"}
    return table.assign(**{name: np.asarray(found[theirs], np.float64) for name, theirs in columns.items()})


def _weigh(table: pd.DataFrame, profile: Profile, keys: Sequence[str]) -> None:
    """Put names and global weights in front."""
    items = [profile.systems.indicators[key] for key in keys]
    external = {item.key for item in profile.systems.external.indicators}
    columns = {
        "label": [item.label for item in items],
        "system": ["external" if item.key in external else "immunity" for item in items],
        "criterion": [item.criterion for item in items],
        "weight": [item.weight for item in items],
    }
    for place, (name, values) in enumerate(columns.items()):
        table.insert(1 + place, name, values)
    table.insert(5, "weight_rank", table["weight"].rank(ascending=False, method="min").astype(int))


def rank_correlation(a: FloatArray, b: FloatArray) -> tuple[float, float, float]:
    """Spearman's rank correlation (ties share their mean rank) with its 95 % interval.

    The interval is by Fisher's transformation with the variance (1 + r**2 / 2) / (n - 3) (L, Bonett & Wright 2000), as if the pairs
    were a sample; NaN for fewer than four pairs or where one side is all the same.

    Examples
    --------
    >>> r, low, high = rank_correlation(np.arange(10.0), np.arange(10.0) ** 3)
    >>> r, rank_correlation(np.arange(3.0), np.arange(3.0))[0]
    (1.0, 1.0)
    """
    ranks = []
    for values in (a, b):
        _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
        ends = np.cumsum(count)
        centred = (ends - (count - 1) / 2)[inverse] - (len(values) + 1) / 2
        ranks.append(centred)
    length = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    if not length:
        return (np.nan,) * 3
    r = float(np.clip((ranks[0] * ranks[1]).sum() / length, -1.0, 1.0))
    if len(a) < 4:
        return r, np.nan, np.nan
    if abs(r) == 1:
        return r, r, r
    half = 1.959963984540054 * np.sqrt((1 + r**2 / 2) / (len(a) - 3))
    return r, float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


NAMES = {
    "first_order": "first order",
    "total": "total",
    "mu_star": "mean size (mu*)",
    "mu": "with sign (mu)",
    "sigma": "spread (sigma)",
}
SHOWN = {"sobol": ("first_order", "total"), "morris": ("mu_star", "mu", "sigma")}
"""Columns of effects that a table shows, by method."""

ABOUT = {
    "sobol": "first order: share of the outcome's variance that the indicator explains alone; total: with all that it does "
    "together with others.",
    "morris": "How much the outcome changes from one end of the indicator's range to the other: mean size, mean with its sign, "
    "standard deviation (large where it depends on others).",
}


def tables(found: Drivers) -> list[Table]:
    """Effects beside weights, as texts."""
    from scfast.comparison import Table

    columns = SHOWN[found.method]
    rows = []
    for row in found.table.to_dict("records"):
        effects = [
            f"{row[name]:.3f} ± {row[f'{name}_conf']:.3f}" if f"{name}_conf" in row else f"{row[name]:.3f}" for name in columns
        ]
        rows.append(
            [row["label"], row["criterion"], f"{row['weight']:.3f}", str(row["weight_rank"]), *effects, str(row["effect_rank"])]
        )
    head = ["indicator", "of", "weight>", "rank>", *(f"{NAMES[name]}>" for name in columns), "rank>"]
    about = (
        f"{ABOUT[found.method]} ±: half of the 95 % interval. weight: by judgments (AHP), adding up to 1 in each of the two "
        "systems; how much resistance, recovery and learning weigh is for the ranking, and does not enter the rates."
    )
    return [Table(f"What drives {found.outcome} ({found.n_points:,} points of the design)", head, rows, about)]


def notes(found: Drivers) -> list[str]:
    """Whether the heaviest factors matter most, in words."""
    top = min(5, len(found.table))
    texts = [
        f"{'of all' if name == 'all' else name} {r:.2f}{f' ({low:.2f} .. {high:.2f})' if low == low else ''}"
        for name, (r, low, high) in found.correlations.items()
        if r == r
    ]
    r, low, high = found.correlations["all"]
    if r != r:
        return [
            f"{found.outcome}: nothing to tell whether the heaviest indicators matter most, as effects or weights are all the same"
        ]
    if low > 0.5:
        verdict = "the heaviest indicators matter most, by and large"
    elif low > 0:
        verdict = "the heavier an indicator, the more it tends to matter, but not in step"
    elif high < 0:
        verdict = "no: the lighter ones matter more"
    else:
        verdict = "it cannot be told that the heaviest matter most"
    said = (
        f"{found.outcome}: {verdict}. {found.shared(top)} of the {top} heaviest are among the {top} that matter most; "
        f"rank correlation of weight and effect, with its 95 % interval: {', '.join(texts)}"
    )
    told = [said]
    if found.chance == found.chance:
        noise = f"{found.outcome}: {100 * found.chance:.2g} % of the variance over the design is chance"
        told.append(f"{noise}: an indicator without any effect would show about {found.floor:.2g} ({NAMES[found.main]})")
    odd = _against(found)
    if odd:
        told.append(f"{found.outcome}, against what one expects: it grows with the scores of {', '.join(odd)}, of which 1 is best")
    return told


def _against(found: Drivers) -> list[str]:
    """Indicators of immunity that, by morris, make an outcome larger of which less is better."""
    if found.method != "morris" or found.outcome not in ("risk load", "eliminated", "attack rate", "peak"):
        return []
    table = found.table
    odd = (table["system"] == "immunity") & (table["mu"] > table["mu_star_conf"] + found.floor)
    return table["label"][odd].tolist()


MEASURES = ("risk_load", "infected", "degree", "fitness")
"""Columns by which nodes are ranked: systemic importance, vulnerability, and what the network says."""


def agreement(nodes: pd.DataFrame) -> dict[tuple[str, str], tuple[float, float, float]]:
    """How far rankings of nodes agree: Spearman's rank correlation with its 95 % interval.

    Parameters
    ----------
    nodes : pandas.DataFrame
        As ``Result.importance`` gives it, all nodes.

    Returns
    -------
    dict
        Pair of :data:`MEASURES` -> mean over networks and limits by t over them; with one network as :func:`rank_correlation`.
        Measures that are not known are left out.
    """
    known = [name for name in MEASURES if nodes[name].notna().all()]
    graphs = [group for _, group in nodes.groupby("network")]
    found = {}
    for i, one in enumerate(known):
        for other in known[i + 1 :]:
            each = [rank_correlation(graph[one].to_numpy(), graph[other].to_numpy()) for graph in graphs]
            found[one, other] = each[0] if len(each) == 1 else _over_networks(np.array(each)[:, 0])
    return found


def _over_networks(values: FloatArray) -> tuple[float, float, float]:
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return mean, max(mean - half, -1.0), min(mean + half, 1.0)


def chance_between(nodes: pd.DataFrame) -> float:
    """Share of the variance of importance between nodes of a network that is left to chance, mean over networks."""
    shares = [
        min(float((graph["risk_load_se"] ** 2).mean() / graph["risk_load"].var(ddof=1)), 1.0)
        if graph["risk_load"].nunique() > 1
        else 1.0
        for _, graph in nodes.groupby("network")
    ]
    return float(np.mean(shares))


LABELS = {"risk_load": "importance", "infected": "vulnerability", "degree": "degree", "fitness": "fitness"}


def importance_tables(result: Result, nodes: pd.DataFrame, top: int) -> list[Table]:
    """The first nodes of ``Result.importance`` and how far rankings agree, as texts."""
    from scfast.comparison import Table

    several, named = nodes["network"].nunique() > 1, bool((nodes["id"] != nodes["name"]).any())
    known = [name for name in MEASURES if nodes[name].notna().all()]
    ranks = {name: nodes.groupby("network")[name].rank(ascending=False, method="min").astype(int) for name in known}
    head = ["network>"] * several + ["id"] + ["name"] * named + ["type", "degree>"] + ["fitness>"] * ("fitness" in known)
    rows = []
    for k, row in zip(nodes.index, nodes.head(top).to_dict("records"), strict=False):
        texts = [str(row["network"])] * several + [str(row["id"])] + [str(row["name"])] * named + [str(row["type"])]
        texts += [f"{row['degree']} ({ranks['degree'][k]})"]
        if "fitness" in known:
            texts.append(f"{row['fitness']:.3f} ({ranks['fitness'][k]})")
        for name, rank in (("infected", "infected"), ("risk_load", "risk_load"), ("eliminated", "")):
            error = f" ± {row[f'{name}_se']:.2g}" if row[f"{name}_se"] == row[f"{name}_se"] else ""
            texts.append(f"{row[name]:.4g}{error}{f' ({ranks[rank][k]})' if rank in ranks else ''}")
        rows.append(texts)
    about = (
        f"Risk load (infected steps per firm) and share eliminated where the node alone is infected at first: means of "
        f"{result.config['run']['alone']} replicates ± standard error. infected: share of its time, as in the run itself. "
        f"In brackets: rank within the network. {100 * chance_between(nodes):.2g} % of the variance of risk load between nodes is "
        "chance, for which rankings agree less; more run.alone makes it less."
    )
    found = [
        Table(f"The {len(rows)} most important nodes", [*head, "infected>", "risk load alone>", "eliminated alone>"], rows, about)
    ]
    pairs = [
        [LABELS[one], LABELS[other], f"{r:.3f}", f"{low:.3f} .. {high:.3f}" if low == low else "-"]
        for (one, other), (r, low, high) in agreement(nodes).items()
    ]
    over = f"over {nodes['network'].nunique()} networks" if several else "as if the nodes were a sample"
    found.append(
        Table("How far rankings agree", ["of", "and", "rank correlation>", "95 %>"], pairs, f"Spearman's; interval {over}.")
    )
    return found
