"""Power laws fitted to degrees: P(k) = k^-g / zeta(g, k0) for k >= k0, with Hurwitz's zeta.

Degrees come as *counts*: how many nodes have degree 0, 1, 2, ... (``numpy.bincount(network.degree)``, or
``Topology.degree_counts``). Maximum likelihood, choice of the cut-off k0 and goodness of fit are those of Clauset, Shalizi and
Newman 2009 (L). Least squares on double-logarithmic axes stand beside them because many papers use them; they are biased.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scfast.entries import MAX_NODES, Number

Tick = Callable[[int], Any]

STEEPEST = 30.0
"""Exponents are sought between 1 and this."""

_TABLE = 4096  # degrees of a law that are drawn from a table
_PROBES = 16  # places at which a cut-off is looked at before all are
_FAR = 2.0**52  # no larger degree is drawn


@dataclass(frozen=True)
class PowerLaw:
    """A fitted power law.

    Attributes
    ----------
    cut_off : int
        Degree k0 from which on it is fitted; 0 where none could be chosen.
    exponent, error : float
        g and its asymptotic standard error; NaN where no exponent between 1 and 30 is the likeliest.
    n_tail : int
        Nodes of degree at least k0.
    distance : float
        Kolmogorov-Smirnov distance between the law and the degrees of at least k0.
    """

    cut_off: int
    exponent: float
    error: float
    n_tail: int
    distance: float


class _Sample(NamedTuple):
    """Degrees by value."""

    value: np.ndarray  # float64 (d,): distinct degrees above 0, ascending
    above: np.ndarray  # int64 (d + 1,): nodes of at least this degree; 0 at the end
    log_sum: np.ndarray  # float64 (d + 1,): sum of their logarithms
    step: np.ndarray  # float64: where two distributions can differ most: at each degree, and next to it


def _sample(value: np.ndarray, number: np.ndarray) -> _Sample:
    held = (number > 0) & (value > 0)
    value, number = value[held].astype(np.float64), number[held]

    def upward(each: np.ndarray) -> np.ndarray:
        return np.append(np.cumsum(each[::-1])[::-1], each.dtype.type(0))

    return _Sample(value, upward(number), upward(number * np.log(value)), np.union1d(value, value + 1))


def _likeliest(cut_off: np.ndarray, mean_log: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exponents that maximise the likelihood for each cut-off, and its curvature per node; NaN where not between 1 and STEEPEST.

    `mean_log` is the mean of log(k / cut_off). Newton's method on log(g - 1); derivatives of zeta are differences of fourth order.
    """
    from scipy.special import zeta

    logs = np.log(cut_off)
    wanted = mean_log > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        g = np.where(wanted, np.clip(1 + 1 / (mean_log - np.log1p(-0.5 / cut_off)), 1 + 1e-6, STEEPEST), 2.0)
    for _ in range(60):
        width = 1e-3 * (g - 1)
        at = g + width * np.arange(-2, 3)[:, None]
        f = np.log(zeta(at, cut_off)) + at * logs
        slope = (f[0] - f[4] + 8 * (f[3] - f[1])) / (12 * width) + mean_log
        curvature = (f[1] - 2 * f[2] + f[3]) / width**2
        bend = np.maximum((g - 1) * curvature + slope, 0.25 * (g - 1) * curvature)
        step = np.clip(-slope / bend, -1.0, 1.0)
        g = np.clip(1 + (g - 1) * np.exp(step), 1 + 1e-9, STEEPEST)
        if np.all(~wanted | (np.abs(step) < 1e-10) | (g == STEEPEST)):
            break
    found = wanted & (g < STEEPEST) & (g > 1 + 1e-8)
    return np.where(found, g, np.nan), curvature


def _gap(sample: _Sample, cut_off: Any, exponent: Any, points: np.ndarray) -> Any:
    """Largest difference at `points` (last axis) between law and sample, in the share of degrees of at least a point."""
    from scipy.special import zeta

    law = zeta(exponent, points) / zeta(exponent, cut_off)
    above = sample.above[np.searchsorted(sample.value, points)] / sample.above[np.searchsorted(sample.value, cut_off)]
    return np.abs(above - law).max(axis=-1)


def _law(sample: _Sample, cut_off: float, exponent: float, curvature: float) -> PowerLaw:
    n = int(sample.above[np.searchsorted(sample.value, cut_off)])
    if math.isnan(exponent):
        return PowerLaw(int(cut_off), math.nan, math.nan, n, math.nan)
    points = sample.step[np.searchsorted(sample.step, cut_off, side="right") :]
    distance = _gap(sample, cut_off, exponent, points)
    return PowerLaw(int(cut_off), float(exponent), 1 / math.sqrt(n * curvature), n, float(distance))


def fit(counts: np.ndarray, cut_off: int = 4) -> PowerLaw:
    """Fit the exponent to degrees of at least `cut_off` by discrete maximum likelihood (L).

    Parameters
    ----------
    counts : int (k_max + 1,)
        Nodes with each degree.
    cut_off : int
        k0, at least 1.

    Returns
    -------
    PowerLaw

    Raises
    ------
    ValueError
        `cut_off` is no whole number of at least 1.

    Examples
    --------
    >>> from scfast.degrees import fit
    >>> law = fit([0, 0, 0, 9, 40, 22, 14, 9, 6, 4, 3, 2, 2])
    >>> law.cut_off, law.n_tail, round(law.exponent, 2)
    (4, 102, 3.45)
    """
    cut_off = int(Number("cut-off", low=1, high=MAX_NODES, whole=True).one(cut_off, "cut_off"))
    counts = np.asarray(counts)
    sample = _sample(np.arange(counts.size), counts)
    at = int(np.searchsorted(sample.value, cut_off))
    if not sample.above[at]:
        return PowerLaw(cut_off, math.nan, math.nan, 0, math.nan)
    mean_log = sample.log_sum[at] / sample.above[at] - math.log(cut_off)
    g, curvature = _likeliest(np.array([float(cut_off)]), np.array([mean_log]))
    return _law(sample, float(cut_off), g[0], curvature[0])


def fit_cut_off(counts: np.ndarray) -> PowerLaw:
    """Fit exponent and cut-off: of all degrees but the largest, that with the least Kolmogorov-Smirnov distance (L).

    Examples
    --------
    >>> from scfast.degrees import fit_cut_off
    >>> fit_cut_off([0, 3, 20, 9, 40, 22, 14, 9, 6, 4, 3, 2, 2]).cut_off
    4
    """
    counts = np.asarray(counts)
    return _best(_sample(np.arange(counts.size), counts))


def _best(sample: _Sample) -> PowerLaw:
    """The law of the cut-off with the least distance. All are looked at in a few places, then the promising ones everywhere."""
    value, step = sample.value[:-1], sample.step
    if not value.size:
        return PowerLaw(0, math.nan, math.nan, 0, math.nan)
    g, curvature = _likeliest(value, sample.log_sum[:-2] / sample.above[:-2] - np.log(value))
    first = np.searchsorted(step, value, side="right")
    probes = first[:, None] + (step.size - 1 - first)[:, None] * np.arange(_PROBES) // (_PROBES - 1)
    bound = _gap(sample, value[:, None], g[:, None], step[probes])
    best = PowerLaw(0, math.nan, math.nan, 0, math.inf)
    for i in np.argsort(bound, kind="stable"):
        if not bound[i] <= best.distance:
            break
        law = _law(sample, value[i], g[i], curvature[i])
        if (law.distance, law.cut_off) < (best.distance, best.cut_off):
            best = law
    return best if best.cut_off else PowerLaw(0, math.nan, math.nan, 0, math.nan)


class _Table(NamedTuple):
    """A law laid out for drawing: exponent, degrees from the cut-off on, and the share of nodes that reach each."""

    exponent: float
    value: np.ndarray  # float64 (_TABLE + 1,)
    reach: np.ndarray  # float64 (_TABLE + 1,)


def _table(law: PowerLaw) -> _Table:
    from scipy.special import zeta

    value = law.cut_off + np.arange(_TABLE + 1.0)
    return _Table(law.exponent, value, zeta(law.exponent, value) / zeta(law.exponent, law.cut_off))


def _draw(rng: np.random.Generator, table: _Table, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `n` degrees from a law: values and how many of each; a value may stand there twice."""
    from scipy.special import zeta

    exponent, value, reach = table
    number = rng.multinomial(n, np.append(-np.diff(reach), reach[-1]))
    low = np.full(number[-1], value[-1])
    high, whole = 2 * low, zeta(exponent, value[-1])
    share = 1 - rng.random(low.size)  # of those beyond the table: the degree is the largest that this share still reaches
    while (far := (zeta(exponent, high) >= share * whole) & (high < _FAR)).any():
        low, high = np.where(far, high, low), np.where(far, 2 * high, high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        reached = zeta(exponent, middle) >= share * whole
        low, high = np.where(reached, middle, low), np.where(reached, high, middle)
    return np.concatenate((value[:-1], low)), np.concatenate((number[:-1], np.ones(low.size, np.int64)))


def goodness(counts: np.ndarray, law: PowerLaw, n_bootstraps: int, rng: np.random.Generator, *, tick: Tick | None = None) -> float:
    """Goodness of fit of the law of :func:`fit_cut_off`: share of samples of it that lie farther from their own best law (L).

    Each node has a degree of the law with probability n_tail / n, else that of a random node below the cut-off; cut-off and
    exponent are fitted anew. Below 0.1 a power law is ruled out, say Clauset and others. NaN without a law. `tick` is called with 0
    after each sample and may raise to stop.
    """
    counts = np.asarray(counts)
    if math.isnan(law.distance) or not n_bootstraps:
        return math.nan
    body = counts[: law.cut_off]
    n_body, table = int(body.sum()), _table(law)
    farther = 0
    for _ in range(n_bootstraps):
        n_tail = int(rng.binomial(n_body + law.n_tail, law.n_tail / (n_body + law.n_tail)))
        value, number = _draw(rng, table, n_tail)
        rest = rng.multinomial(n_body + law.n_tail - n_tail, body / max(n_body, 1))
        sample = _gathered(np.concatenate((np.arange(law.cut_off), value)), np.concatenate((rest, number)))
        farther += not _best(sample).distance < law.distance
        if tick is not None:
            tick(0)
    return farther / n_bootstraps


def _gathered(value: np.ndarray, number: np.ndarray) -> _Sample:
    """The sample of values that may stand there more than once."""
    held = number > 0
    value, place = np.unique(value[held], return_inverse=True)
    return _sample(value, np.bincount(place, number[held]).astype(np.int64))


def interval(
    counts: np.ndarray, n_bootstraps: int, rng: np.random.Generator, level: float = 0.95, *, tick: Tick | None = None
) -> tuple[float, float]:
    """Bootstrap percentile interval of the exponent: nodes are drawn with replacement, the cut-off is fitted anew (L).

    NaN without bootstraps, or where any of them has nothing to fit. `tick` as for :func:`goodness`.
    """
    counts = np.asarray(counts)
    n, value = int(counts.sum()), np.arange(counts.size)
    if not n_bootstraps or not n:
        return math.nan, math.nan
    exponents = []
    for _ in range(n_bootstraps):
        exponents.append(_best(_sample(value, rng.multinomial(n, counts / n))).exponent)
        if tick is not None:
            tick(0)
    low, high = np.quantile(exponents, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def least_squares(counts: np.ndarray, cut_off: int = 4) -> float:
    """Exponent by least squares on the logarithms of degrees of at least `cut_off` and of how many nodes have each.

    Degrees that no node has are left out, and each other counts alike, which makes the exponent too small. NaN below two degrees.

    Examples
    --------
    >>> from scfast.degrees import least_squares
    >>> round(least_squares([0, 6400, 800, 0, 100], cut_off=1), 12)
    3.0
    """
    counts = np.asarray(counts)
    degrees = np.flatnonzero(counts[cut_off:]) + cut_off
    return -_slope(degrees, counts[degrees])


def complementary(counts: np.ndarray, cut_off: int = 4) -> float:
    """Exponent by least squares on the logarithms of degrees of at least `cut_off` and of the share of nodes that reach each.

    The share falls with k^(1 - g), so the exponent is 1 minus the slope. NaN below two degrees.

    Examples
    --------
    >>> from scfast.degrees import complementary
    >>> round(complementary([0, 60, 15, 0, 25], cut_off=1), 12)
    2.0
    """
    counts = np.asarray(counts)
    degrees = np.flatnonzero(counts[cut_off:]) + cut_off
    return 1 - _slope(degrees, np.cumsum(counts[::-1])[::-1][degrees])


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Slope of the least-squares line through log(x), log(y); NaN below two points."""
    if x.size < 2:
        return math.nan
    across, up = np.log(x), np.log(y)
    across = across - across.mean()
    return float(across @ up / (across @ across))
