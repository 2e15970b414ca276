"""Statistics: intervals over networks cover as often as they say, and variance components are unbiased.

Experiments are synthetic and nested (networks, and replicates on each), so that the truth is known; what is compared with it comes
from sums and sums of squares, as the package stores them. That merged shards give what all raw replicates give is no matter of
chance: see test_stats.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import integrate
from scipy import stats as laws

from scfast import stats

from .judge import Check, Law, binomial_p, from_z

Floats = NDArray[np.float64]

CENTRE = 500.0
LEVEL = 0.95
EXPERIMENTS = 20_000
"""At scale 1: the coverage of a 95 % interval then has a standard error of 0.15 %. They also are the most held at once."""


@dataclass(frozen=True)
class Nested:
    """Normal replicates about normal network means."""

    sizes: tuple[int, ...]  # replicates on each network
    between: float  # standard deviations
    within: float
    whole: bool = False  # values are rounded to whole numbers, as counts are

    def draw(self, rng: np.random.Generator, experiments: int) -> tuple[NDArray, NDArray]:
        """Sums and sums of squares over each network's replicates, (networks, experiments)."""
        kind = np.int64 if self.whole else np.float64
        sums, squares = np.empty((2, len(self.sizes), experiments), kind)
        for g, n in enumerate(self.sizes):
            values = CENTRE + self.between * rng.standard_normal(experiments) + self.within * rng.standard_normal((n, experiments))
            values = np.rint(values).astype(np.int64) if self.whole else values
            sums[g], squares[g] = values.sum(axis=0), (values * values).sum(axis=0)
        return sums, squares

    def coverage(self, level: float) -> float:
        """Probability that the t-interval over the network means holds the truth: `level` exactly where all are equally large.

        With normal means it does where a quadratic form of them is negative: its characteristic function is inverted (Imhof 1961).
        """
        groups = len(self.sizes)
        deviation = np.sqrt(self.between**2 + self.within**2 / np.array(self.sizes))
        everywhere = np.ones((groups, groups)) / groups
        t2 = laws.t.ppf(0.5 + level / 2, groups - 1) ** 2
        form = everywhere / groups - t2 / (groups * (groups - 1)) * (np.eye(groups) - everywhere)
        weight = np.linalg.eigvalsh(deviation[:, None] * form * deviation)
        weight /= np.abs(weight).max()

        def slope(u: float) -> float:
            return float(np.sin(np.arctan(weight * u).sum() / 2) / (u * np.prod(1 + (weight * u) ** 2) ** 0.25))

        return 0.5 - integrate.quad(slope, 0, np.inf, limit=500)[0] / np.pi


def _batches(scale: float, least: int = 1) -> Iterator[int]:
    left = max(round(EXPERIMENTS * scale), least)
    while left > 0:
        yield min(left, EXPERIMENTS)
        left -= EXPERIMENTS


def _share(case: str, hits: int, n: int, p: float, note: str = "") -> Check:
    """A share of experiments against its probability."""
    return Check(case, n, float(binomial_p(hits, n, p)), (hits - n * p) / np.sqrt(n * p * (1 - p)), note)


def _at_least(case: str, hits: int, n: int, p: float, note: str) -> Check:
    """A share of experiments that may be larger than `p`."""
    tail = float(laws.binom.cdf(hits, n, p))
    return Check(case, n, tail, (hits - n * p) / np.sqrt(n * p * (1 - p)), note)


def _holds(case: str, n: int, yes: bool, note: str) -> Check:
    return Check(case, n, float(yes), np.nan, note)


def _cover(kind: Nested, scale: float, rng: np.random.Generator, case: str) -> Iterator[Check]:
    """How often intervals hold the truth, of two levels over networks, and naive ones over all replicates."""
    total = naive = 0
    levels = {LEVEL: 0, 0.8: 0}
    sizes = np.array(kind.sizes)
    for experiments in _batches(scale):
        sums, squares = kind.draw(rng, experiments)
        part = stats.components(sizes, sums, squares)
        for level in levels:
            low, high = part.interval(level)
            levels[level] += int(((low <= CENTRE) & (high >= CENTRE)).sum())
        mean = sums.sum(axis=0) / sizes.sum()
        error = np.sqrt((squares.sum(axis=0) / sizes.sum() - mean**2) / sizes.sum())
        naive += int((np.abs(mean - CENTRE) <= laws.norm.ppf(0.5 + LEVEL / 2) * error).sum())
        total += experiments
    for level, hits in levels.items():
        p = kind.coverage(level)
        note = f"coverage {hits / total:.4f}, exact {p:.4f}, of naive errors {naive / total:.3f}" if level == LEVEL else ""
        yield _share(f"{case}, {level:.0%}", hits, total, p, note)
    if total >= EXPERIMENTS:  # six standard errors of the coverage; with fewer the band says little
        coverage = levels[LEVEL] / total
        yield _holds(f"{case}, band", total, abs(coverage - LEVEL) <= 0.01, f"coverage {coverage:.4f}, to be between 94 and 96 %")
    yield _holds(f"{case}, naive errors", total, naive / total < 0.8, f"coverage {naive / total:.3f}, to be below 80 %")


def _intervals(groups: int, scale: float, seed: int) -> Iterator[Check]:
    rng = np.random.default_rng([seed, 31, groups])
    equal = (8,) * groups
    unequal = ((2, 6, 20, 4) * groups)[:groups]
    yield from _cover(Nested(equal, 40, 40), scale, rng, "normal")
    yield from _cover(Nested(equal, 40, 40, whole=True), scale, rng, "whole numbers")
    yield from _cover(Nested(unequal, 40, 40, whole=True), scale, rng, "unequal numbers of replicates")


def _one_network(scale: float, seed: int) -> Iterator[Check]:
    """Replicates on one network, whose own mean is the truth."""
    rng = np.random.default_rng([seed, 32])
    for n in (4, 16):
        hits = total = 0
        for experiments in _batches(scale):
            low, high = stats.components(np.array([n]), *Nested((n,), 0, 40, whole=True).draw(rng, experiments)).interval(LEVEL)
            hits += int(((low <= CENTRE) & (high >= CENTRE)).sum())
            total += experiments
        yield _share(f"{n} replicates", hits, total, LEVEL, f"coverage {hits / total:.4f}")


def _cut(groups: int, n: float, replicates: int, between: float, within: float) -> float:
    """Mean of the larger of 0 and (A - W) / n: A, W are mean squares of normal values, G - 1 and N - G degrees of freedom.

    `between` and `within` are variances. E[X; X > Y] for gamma variables X and Y is the mean of X times P(X' > Y), X' of two more
    degrees of freedom.
    """
    a, c = within + n * between, within
    p, q = groups - 1, replicates - groups
    first = a * laws.f.sf(c * p / (a * (p + 2)), p + 2, q)
    second = c * laws.f.sf(c * (q + 2) / (a * q), p, q + 2)
    return float(first - second) / n


def _components(case: str, scale: float, seed: int) -> Iterator[Check]:
    """Means over experiments against the truth, of all that can be had from the public results.

    The estimate of `between` before it is cut at 0 is G sem^2 - within / n where all networks have n replicates. Where they do not,
    it is tested with so much variance between networks that nothing is ever cut; and where there is none, the mean squares are
    independent chi-square variables with any numbers of replicates, so that the mean of the cut one is known.
    """
    rng = np.random.default_rng([seed, 33, list(NESTED).index(case)])
    kind = NESTED[case]
    variance = kind.within**2 + kind.whole / 12  # rounding adds that of a uniform number
    sizes = np.array(kind.sizes)
    groups, replicates = len(sizes), int(sizes.sum())
    balanced, certain = len(set(kind.sizes)) == 1, kind.between > 2 * kind.within
    typical = float(replicates - (sizes**2).sum() / replicates) / (groups - 1)
    between = kind.between**2 if certain else _cut(groups, typical, replicates, kind.between**2, variance)
    truth = {
        "within": variance,
        "between": between,
        "total": between + variance,
        "squared error of the mean": float((kind.between**2 + variance / sizes).mean()) / groups,
    }
    if balanced:
        truth["between, uncut"] = kind.between**2
    found: dict[str, list[NDArray]] = {name: [] for name in (*truth, "negative")}
    for experiments in _batches(scale, 4000):  # skewed quantities, whose means are normal enough with so many
        part = stats.components(sizes, *kind.draw(rng, experiments))
        seen = {
            "within": part.within,
            "between": part.between,
            "total": part.total,
            "squared error of the mean": part.sem**2,
            "between, uncut": groups * part.sem**2 - part.within / typical,
            "negative": part.negative,
        }
        for name, values in found.items():
            values.append(seen[name])
    n = sum(map(len, found["negative"]))
    for name, value in truth.items():
        values = np.concatenate(found[name])
        z = (values.mean() - value) / (values.std() / np.sqrt(n))
        yield from_z(name, n, float(z), f"mean {values.mean():.2f}, exact {value:.2f}")
    hits = int(np.concatenate(found["negative"]).sum())
    if certain:
        yield _holds("negative", n, hits == 0, "never, with so much variance between networks")
    else:
        ratio = 1 + typical * kind.between**2 / variance
        p = float(laws.f.cdf(1 / ratio, groups - 1, replicates - groups))
        yield _share("negative", hits, n, p, f"share {hits / n:.4f}, exact {p:.4f}")


def _rare_coverage(p: float, groups: int, n: int) -> float:
    """Probability that the t-interval over `groups` networks of `n` runs each, or Wilson's over all runs, holds `p`.

    It depends on the sum and the sum of squares of the networks' counts, whose law is convolved; counts of an event that is rarer
    than 1e-14 are left out.
    """
    counts = range(int(laws.binom.isf(1e-14, n, p)) + 1)
    each = laws.binom.pmf(counts, n, p)
    law = {(0, 0): 1.0}
    for _ in range(groups):
        wider: dict[tuple[int, int], float] = {}
        for (total, squares), weight in law.items():
            for k in counts:
                at = total + k, squares + k * k
                wider[at] = wider.get(at, 0.0) + weight * float(each[k])
        law = wider
    total, squares = np.array(list(law)).T
    weight = np.array(list(law.values()))
    off2 = (total / (groups * n) - p) ** 2
    error2 = np.maximum(squares - total**2 / groups, 0) / n**2 / (groups - 1) / groups
    by_t = off2 <= laws.t.ppf(0.5 + LEVEL / 2, groups - 1) ** 2 * error2
    by_wilson = off2 <= laws.norm.ppf(0.5 + LEVEL / 2) ** 2 * p * (1 - p) / (groups * n)
    return float(weight[by_t | by_wilson].sum())


def _binary(scale: float, seed: int) -> Iterator[Check]:
    """Outcomes that are 0 or 1, and rare (or nearly certain), on networks that do not differ: coverage is known exactly.

    It is at least 95 % for these probabilities; Wilson's interval alone would swing about that. The last case has networks that
    differ, where Wilson's limits alone would be naive.
    """
    rng = np.random.default_rng([seed, 34])
    groups, n = 4, 100

    def hits(p: float | Floats, experiments: int, truth: float) -> int:
        sums = rng.binomial(n, p, (groups, experiments))
        part = replace(stats.components(np.full(groups, n), sums, sums), bounds=(0.0, 1.0), binary=True)
        low, high = part.interval(LEVEL)
        return int(((low <= truth) & (high >= truth)).sum())

    for p in (0.0005, 0.002, 0.005, 0.02, 0.98, 0.998):
        done = list(_batches(scale))
        seen, total = sum(hits(p, experiments, p) for experiments in done), sum(done)
        exact = _rare_coverage(min(p, 1 - p), groups, n)
        note = f"coverage {seen / total:.4f}, exact {exact:.4f}"
        yield _share(f"probability {p}", seen, total, exact, note)
        yield _at_least(f"probability {p}, at least 95 %", seen, total, LEVEL, "")
    groups = 16
    done = list(_batches(scale))
    seen, total = sum(hits(rng.beta(2, 2, (groups, size)), size, 0.5) for size in done), sum(done)
    # the means are not normal: that there is no less than 94 % is all that is asked
    yield _at_least("networks that differ, at least 94 %", seen, total, LEVEL - 0.01, f"coverage {seen / total:.4f}")


NESTED = {
    "balanced": Nested((8,) * 6, 20, 40),
    "balanced, whole numbers": Nested((8,) * 6, 20, 40, whole=True),
    "balanced, equal networks": Nested((8,) * 6, 0, 40),
    "unbalanced": Nested((3, 9, 30, 6) * 4, 100, 20),
    "unbalanced, equal networks": Nested((3, 9, 30, 6) * 2, 0, 40, whole=True),
}

LAWS: list[Law] = [
    *(Law(f"intervals: G = {groups}", partial(_intervals, groups)) for groups in (4, 8, 16, 32)),
    Law("intervals: one network", _one_network),
    Law("intervals: rare outcomes", _binary),
    *(Law(f"components: {case}", partial(_components, case)) for case in NESTED),
]
