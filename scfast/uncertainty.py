"""Where uncertainty comes from: the variance of an outcome split into judgment, network, their interaction and chance.

Where scores are ranges, draws of them and networks are crossed: every draw meets every network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scfast.entries import FloatArray, _bad
from scfast.results import OUTCOMES, Result

if TYPE_CHECKING:
    from scfast.comparison import Table

SPLIT = 8
"""First part of the spawn key of limits of shares, after those of ``rng``, ``strategies`` and ``sensitivity``."""

SOURCES = {
    "judgment": "the scores are ranges: narrower ones would take this away",
    "network": "which network it is",
    "interaction": "some judgments matter more on some networks",
    "chance": "luck: the same network and the same scores once more",
}
"""Sources of variance, and what each of them means."""


@dataclass(frozen=True)
class Split:
    """Variance of a replicate's outcome by its sources, and the mean.

    Attributes
    ----------
    raw : dict of str to float
        Source -> unbiased estimate of its variance, perhaps negative; NaN where it cannot be told from another: network and
        interaction with one network, interaction with one replicate (chance holds it).
    intervals : dict of str to (float, float)
        95 % limits of its share.
    mean, low, high : float
        The mean over draws and networks, with its 95 % interval.
    n_draws, n_networks, n_replicates : int
    """

    raw: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    mean: float
    low: float
    high: float
    n_draws: int
    n_networks: int
    n_replicates: int

    @property
    def variance(self) -> dict[str, float]:
        """Source -> variance; negative estimates are 0."""
        return {name: max(value, 0.0) if value == value else value for name, value in self.raw.items()}

    @property
    def negative(self) -> dict[str, bool]:
        """Where the estimate was negative and is reported as 0."""
        return {name: value < 0 for name, value in self.raw.items()}

    @property
    def share(self) -> dict[str, float]:
        """Source -> its share of the sum; NaN where nothing varies."""
        total = np.nansum(list(self.variance.values()))
        return {name: float(value / total) if total > 0 else np.nan for name, value in self.variance.items()}


def uncertainty(result: Result, outcome: str = "risk load", cell: int = 0) -> Split:
    """The variance of an outcome by its sources, of a run with several draws of the scores (``[risk] draws``).

    Parameters
    ----------
    result : Result
        Networks of which a draw is not finished are left out.
    outcome : str
        One of ``scfast.results.OUTCOMES``.
    cell : int
        One of the draws' cells; those that differ from it by the draw alone belong to it.

    Returns
    -------
    Split
        By :func:`crossed`.

    Raises
    ------
    ValueError
        A run without draws; no such outcome or cell; nothing is finished in all draws.
    """
    if outcome not in OUTCOMES:
        raise _bad("outcome", outcome, f"must be one of {', '.join(OUTCOMES)}")
    cells = draws_of(result, cell)
    values = result.replicates[outcome][cells]  # (draw, network, replicate)
    values = values[:, ~np.isnan(values).any(axis=(0, 2))]
    if not values.shape[1]:
        raise ValueError(f"cell = {cell}: no network of it is finished in all draws yet")
    means = values.mean(axis=2)
    return crossed(means, float(((values - means[..., None]) ** 2).sum()), values.shape[2], seed=result.seed)


def draws_of(result: Result, cell: int) -> list[int]:
    """The cells that differ from one by the draw of the scores alone, itself among them.

    Raises
    ------
    ValueError
        No such cell, or a run without draws.
    """
    result.rows(cell)
    if "risk.draw" not in result.cells[cell]:
        raise ValueError("risk.draws: must be at least 2, and some score a range, for the uncertainty to be split")
    mine = _without_draw(result.cells[cell])
    return [c for c, values in enumerate(result.cells) if _without_draw(values) == mine]


def _without_draw(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != "risk.draw"}


def crossed(means: FloatArray, within: float, n_replicates: int, *, seed: int = 0, n_resamples: int = 20_000) -> Split:
    """Components of variance of draws crossed with networks, two-way random effects with replicates (L, analysis of variance).

    y = mean + a_draw + b_network + c_draw,network + e. With mean squares MS of D draws, G networks, R replicates:
    var a = (MS_D - MS_DG) / (G R), var b = (MS_G - MS_DG) / (D R), var c = (MS_DG - MS_e) / R, var e = MS_e. Limits of the shares
    are generalised confidence limits (L, Burdick, Borror & Montgomery 2005): each MS is replaced by MS df / chi2(df). The mean's
    interval is t with the variance (MS_D + MS_G - MS_DG) / (D G R), negative components taken as 0, and Satterthwaite's degrees of
    freedom: it holds for other draws and other networks. With one network both are conditional on it.

    Parameters
    ----------
    means : float64 (D, G)
        Mean over replicates; D >= 2, G >= 1.
    within : float
        Sum of squares of the replicates about these means.
    n_replicates : int
        R >= 1, of each of them.
    seed : int
        Of the shares' limits.
    n_resamples : int

    Examples
    --------
    >>> split = crossed(np.array([[0.0, 2.0], [4.0, 6.0]]), within=8.0, n_replicates=2)
    >>> split.raw
    {'judgment': 8.0, 'network': 2.0, 'interaction': -1.0, 'chance': 2.0}
    """
    n_draws, n_networks = means.shape
    squares, freedom = _mean_squares(means, within, n_replicates)
    raw = _components(squares, n_draws, n_networks, n_replicates)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(SPLIT,)))
    fuzzy = {name: ms * freedom[name] / rng.chisquare(freedom[name], n_resamples) for name, ms in squares.items()}
    parts = {name: np.maximum(part, 0.0) for name, part in _components(fuzzy, n_draws, n_networks, n_replicates).items()}
    total = np.sum([part for part in parts.values() if np.ndim(part)], axis=0)
    intervals = {name: _limits(part, total) for name, part in parts.items()}
    size = n_draws * n_networks * n_replicates
    base: str = next(name for name in ("interaction", "chance", "judgment") if name in squares)
    over: list[str] = [name for name in ("judgment", "network") if name in squares and squares[name] > squares[base]]
    terms: dict[str, float] = {name: 1.0 for name in over or [base]}
    if len(over) == 2:
        terms["interaction"] = -1.0
    variance = sum(sign * squares[name] for name, sign in terms.items()) / size
    error = sum((squares[name] / size) ** 2 / freedom[name] for name in terms)
    mean = float(means.mean())
    half = 0.0
    if variance > 0:
        from scipy.special import stdtrit

        half = float(np.sqrt(variance) * stdtrit(max(variance**2 / error, 1.0), 0.975))
    found = {name: float(value) for name, value in raw.items()}
    return Split(found, intervals, mean, mean - half, mean + half, n_draws, n_networks, n_replicates)


def _mean_squares(means: FloatArray, within: float, n_replicates: int) -> tuple[dict[str, float], dict[str, int]]:
    """Mean squares and their degrees of freedom, of those that there are."""
    n_draws, n_networks = means.shape
    centre, rows, columns = means.mean(), means.mean(axis=1, keepdims=True), means.mean(axis=0, keepdims=True)
    sums = {
        "judgment": (n_networks * n_replicates * ((rows - centre) ** 2).sum(), n_draws - 1),
        "network": (n_draws * n_replicates * ((columns - centre) ** 2).sum(), n_networks - 1),
        "interaction": (n_replicates * ((means - rows - columns + centre) ** 2).sum(), (n_draws - 1) * (n_networks - 1)),
        "chance": (within, means.size * (n_replicates - 1)),
    }
    known = {name: (float(total) / df, df) for name, (total, df) in sums.items() if df > 0}
    return {name: ms for name, (ms, _) in known.items()}, {name: df for name, (_, df) in known.items()}


def _components(squares: Mapping[str, Any], n_draws: int, n_networks: int, n_replicates: int) -> dict[str, Any]:
    """Variances from mean squares, numbers or arrays; NaN for what cannot be told."""
    nan = np.nan
    chance = squares.get("chance", squares.get("interaction", nan))
    if n_networks == 1:
        return {
            "judgment": (squares["judgment"] - chance) / n_replicates,
            "network": nan,
            "interaction": nan,
            "chance": chance,
        }
    both = squares["interaction"]
    return {
        "judgment": (squares["judgment"] - both) / (n_networks * n_replicates),
        "network": (squares["network"] - both) / (n_draws * n_replicates),
        "interaction": (both - chance) / n_replicates if n_replicates > 1 else nan,
        "chance": chance,
    }


def _limits(part: Any, total: Any) -> tuple[float, float]:
    if not np.ndim(part) or not np.all(total > 0):
        return np.nan, np.nan
    low, high = np.quantile(part / total, (0.025, 0.975))
    return float(low), float(high)


def tables(result: Result, cells: Sequence[int], outcomes: Sequence[str] = ("risk load", "eliminated")) -> list[Table]:
    """The split as a table of texts; none where scores were not drawn, or the cells differ in more than the draw."""
    from scfast.comparison import Table

    if "risk.draw" not in result.cells[cells[0]] or not set(cells) <= set(mine := draws_of(result, cells[0])):
        return []
    if not any(all(network in result.tables["rows/network"][result.rows(c)] for c in mine) for network in range(result.n_networks)):
        return []
    splits = {name: uncertainty(result, name, cells[0]) for name in outcomes}
    rows = []
    for source, meaning in SOURCES.items():
        row = [source]
        for split in splits.values():
            share, (low, high) = split.share[source], split.intervals[source]
            row.append("-" if share != share else f"{100 * share:.1f} %{'*' * split.negative[source]}")
            row.append("-" if low != low else f"{100 * low:.1f} .. {100 * high:.1f}")
        rows.append([*row, meaning])
    first = next(iter(splits.values()))
    means = "; ".join(f"mean {name} {split.mean:.4g} ({split.low:.4g} .. {split.high:.4g})" for name, split in splits.items())
    over = "other scores and networks like these" if first.n_networks > 1 else "other scores like these, on this network"
    starred = " *: the estimate was negative." if any(any(split.negative.values()) for split in splits.values()) else ""
    size = f"{first.n_draws} draws of the scores x {first.n_networks} network{'s' * (first.n_networks > 1)}"
    moved = "; ".join(f"{name} {split.variance['judgment'] ** 0.5:.2g}" for name, split in splits.items())
    return [
        Table(
            f"Why outcomes differ: {size} x {first.n_replicates} replicates",
            ["source", *(f"{part}>" for name in outcomes for part in (name, "95 %")), "what it is"],
            rows,
            f"Shares of the variance of an outcome.{starred} What other scores alone would change (standard deviation): {moved}.\n"
            f"With 95 % intervals that hold for {over}: {means}.",
        )
    ]
