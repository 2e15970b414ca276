"""What a proof is made of: a law yields checks, each with a p-value, and a family of checks shares one probability of error.

A :class:`Law` runs at any scale: 1 is what the fast tests can afford, 100 is what ``scripts/verify`` runs. Its p-values are
uniform on (0, 1) for a right program (or stochastically larger, where an exact test of few counts or Holm's method makes them).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scfast import sirs, sparse

FAMILY = 1e-6
"""Probability that a right program fails any check of one law."""

WAYS = ("planes", "lists", "both")
"""How the dynamics may run: on bit-planes, in lists of infected nodes, and changing from one to the other every two steps."""


class Check(NamedTuple):
    """One comparison of the program with what is known."""

    case: str
    n: int  # samples: lanes, trials, networks, experiments
    p: float  # p-value, two-sided unless the case says "at least"
    z: float  # deviation in standard deviations, signed where a sign has a meaning
    note: str = ""
    signed: bool = True  # whether the sign of z means anything


@dataclass(frozen=True)
class Law:
    """What must hold, and how to look.

    Attributes
    ----------
    name : str
        "group: case", unique.
    run : callable
        (scale, seed) to checks; `scale` multiplies the number of samples.
    each : float, optional
        Smallest p-value that each check may have; by default FAMILY shared out equally among the checks.
    largest : float
        Scale beyond which more samples are not worth their time.
    """

    name: str
    run: Callable[[float, int], Iterable[Check]]
    each: float | None = None
    largest: float = 100.0

    def bound(self, n_checks: int) -> float:
        """Smallest p-value that passes, if there are so many checks."""
        return FAMILY / n_checks if self.each is None else self.each

    def failures(self, checks: Sequence[Check]) -> list[Check]:
        """The checks that a right program would not have shown."""
        assert checks, f"{self.name}: nothing was checked"
        return [check for check in checks if not check.p >= self.bound(len(checks))]


@contextlib.contextmanager
def way(name: str) -> Iterator[None]:
    """Make the dynamics run one of the WAYS."""
    spans: dict[str, Callable[[int], int]] = {"planes": lambda t: 0, "lists": lambda t: 3, "both": lambda t: (t + 1) % 4 // 2}
    span = spans[name]
    with (
        mock.patch.object(sparse.Sparse, "span", lambda self, block, t: span(t)),
        mock.patch.object(sirs, "LOOK", 1 if name == "both" else sirs.LOOK),
    ):
        yield


def root(*key: int) -> int:
    """A root seed for the package."""
    # its length first: numpy takes (7, 0) for (7,)
    return int(np.random.SeedSequence((len(key), *key)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def from_p(case: str, n: int, p: float, note: str = "") -> Check:
    """A check of a test without a sign: z is the normal deviate that is exceeded with probability p."""
    return Check(case, n, float(p), float(stats.norm.isf(p)), note, signed=False)


def from_z(case: str, n: int, z: float, note: str = "") -> Check:
    """A check of a deviation that is normal."""
    return Check(case, n, float(2 * stats.norm.sf(abs(z))), float(z), note)


def g_test(observed: NDArray[np.int64], law: NDArray[np.float64]) -> float:
    """P-value of counts against a law: G with Williams' correction, cells expected below 5 pooled.

    A count in a cell of probability 0 gives 0.
    """
    total = int(observed.sum())
    if observed[law == 0].any():
        return 0.0
    expected = total * law
    large = expected >= 5
    o, e = observed[large].astype(float), expected[large]
    rest_o, rest_e = float(observed[~large].sum()), float(expected[~large].sum())
    if rest_e >= 5:
        o, e = np.append(o, rest_o), np.append(e, rest_e)
    elif rest_e > 0:
        smallest = int(e.argmin())
        o[smallest] += rest_o
        e[smallest] += rest_e
    if len(e) == 1:
        return 1.0
    seen = o > 0
    g = 2.0 * float((o[seen] * np.log(o[seen] / e[seen])).sum())
    williams = 1.0 + (float((total / e).sum()) - 1.0) / (6.0 * total * (len(e) - 1))
    return float(stats.chi2.sf(g / williams, len(e) - 1))


def binomial_p(successes: Any, trials: Any, p: Any) -> NDArray[np.float64]:
    """Exact two-sided p-values: twice the smaller tail."""
    lower = stats.binom.cdf(successes, trials, p)
    upper = stats.binom.sf(np.asarray(successes) - 1, trials, p)
    return np.minimum(1.0, 2.0 * np.minimum(lower, upper))


def two_sample_p(a: NDArray[Any], b: NDArray[Any]) -> float:
    """P-value that two samples of vectors (rows) have the same mean: Hotelling's T with the degrees of freedom of the smaller."""
    covariance = np.cov(a.T) / len(a) + np.cov(b.T) / len(b)
    gap = a.mean(axis=0) - b.mean(axis=0)
    assert np.linalg.matrix_rank(covariance) == len(gap)
    freedom, d = min(len(a), len(b)) - 1, len(gap)
    return float(stats.f.sf(gap @ np.linalg.solve(covariance, gap) * (freedom - d + 1) / (freedom * d), d, freedom - d + 1))


def holm(p: NDArray[np.float64]) -> float:
    """The smallest of many p-values, adjusted by Holm's method: below a level if any hypothesis is rejected at it."""
    return float(min(1.0, p.min() * p.size))
