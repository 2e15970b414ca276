"""Growth: the law of the next additions in tiny worlds, exactly, and the degree laws of its special cases.

The tiny worlds drive the kernels as `grow` does, in a compiled loop that returns one number for each growth.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
import reference_growth as ref
from numpy.typing import NDArray
from scipy import special, stats

from scfast import growth, newcomers
from scfast.growth import BarabasiAlbert, BianconiBarabasi, DualLocalWorld, LocalWorld, grow, grow_many
from scfast.network import Network
from scfast.parameters import GrowthModel
from scfast.rng import Purpose, scalar_state, stream

from .judge import Check, Law, from_p, g_test, two_sample_p

Floats = NDArray[np.float64]
Model = GrowthModel


def edge_ends(net: Network) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Newcomer and partner of each edge: the younger and the older node."""
    row = np.repeat(np.arange(net.n_nodes), net.degree)
    younger = net.indices < row
    return row[younger], net.indices[younger]


def features(net: Network) -> dict[str, float]:
    """A network as the twin's are seen."""
    assert net.types is not None
    assert net.fitness is not None
    return ref.features(np.column_stack(edge_ends(net)).tolist(), net.types.tolist(), net.fitness.tolist())


# ------------------------------------------------------------------------------------------------ the next additions, exactly


@dataclass(eq=False)
class World:
    """A start and what comes to it.

    Attributes
    ----------
    fitness : sequence of float, optional
        Of the start nodes; drawn where not given.
    newcomers : sequence of (type, fitness), optional
        What comes next.
    two_points : mapping of fitness to probability, optional
        Else: the law of the fitness of two newcomers, whose types are drawn; the model's power law where not given.
    """

    model: Model
    fitness: Sequence[float] | None = None
    newcomers: Sequence[tuple[int, float]] | None = None
    two_points: dict[float, float] = field(default_factory=dict)

    @property
    def n_new(self) -> int:
        return 2 if self.newcomers is None else len(self.newcomers)

    @functools.cached_property
    def law(self) -> dict[int, float]:
        """Probability of each outcome, by its code."""
        rules = ref.plain(self.model)
        one = np.ones(1)
        choices: list[list[ref.Choice]]
        if self.newcomers is not None:
            choices = [[(t, 1.0, eta * one, one)] for t, eta in self.newcomers]
        else:
            points = np.array(list(self.two_points.items())).T
            total = sum(rules.shares)
            # 10 points below theta and 10 above: with 20 the probabilities are the same to 1e-10
            pairs = [points if points.size else rules.points(t, rules.theta[t], 10) for t in range(len(rules.shares))]
            choices = [[(t, share / total, *pairs[t]) for t, share in enumerate(rules.shares)]] * self.n_new
        if self.fitness is not None:
            start = [eta * one for eta in self.fitness], one
        else:
            grids = [rules.points(t, 0.0, 14) for t in ref.start_types(rules)]
            start = (
                [grid.ravel() for grid in np.meshgrid(*(eta for eta, _ in grids), indexing="ij")],
                functools.reduce(np.multiply.outer, [p for _, p in grids]).ravel(),
            )
        return {_code(outcome): p for outcome, p in ref.additions_law(rules, *start, choices).items() if p > 0}

    def fitness_given(self, rng: np.random.Generator, n_times: int) -> Floats:
        """Fitness of all nodes in `n_times` growths, or in all of them; -1 is for the package to draw."""
        n_start = sum(ref.plain(self.model).start)
        given = np.full((n_times if self.two_points else 1, n_start + self.n_new), -1.0)
        if self.fitness is not None:
            given[:, :n_start] = self.fitness
        if self.newcomers is not None:
            given[:, n_start:] = [eta for _, eta in self.newcomers]
        if self.two_points:
            given[:, n_start:] = rng.choice(list(self.two_points), (n_times, self.n_new), p=list(self.two_points.values()))
        return given


def _code(outcome: Iterable[tuple[int, bool, Iterable[int]]]) -> int:
    """One number for an outcome: 20 bits for each newcomer, of which 12 say who its partners are."""
    return sum(
        ((2 * t + bool(crossing)) << 12 | sum(1 << j for j in partners)) << 20 * d
        for d, (t, crossing, partners) in enumerate(outcome)
    )


@numba.njit
def _grow_often(
    traits: NDArray[np.uint64],
    partners: NDArray[np.uint64],
    tiers: NDArray[np.void],
    allowed: NDArray[np.bool_],
    n_start: int,
    theta: Floats,
    types: NDArray[np.int8],
    given: Floats,
    drawn: bool,
    room: int,
    most_met: int,
    patience: int,
    codes: NDArray[np.int64],
) -> None:
    """The code of one growth after another; `given` fitness, -1 where drawn; types of newcomers, too, if `drawn`."""
    n = types.size
    most = n + 16 * tiers.size
    fitness, placed, weight = np.empty(n), np.empty(most), np.zeros(8 * most)
    order, kinds, degree = np.empty(most, np.int32), np.empty(most, np.int8), np.zeros(most, np.int32)
    levels, runs = np.empty((tiers.size, 2 + 16 // newcomers.BITS), np.int64), np.empty(max(tiers.size, 2), newcomers.RUN)
    seen, met, sums = np.empty(128, np.int64), np.empty(most_met, np.int64), np.empty((2, most_met))
    ends = np.empty(2 * room, np.int32)
    for r in range(codes.size):
        if drawn:
            newcomers.draw_traits(traits, tiers, types, fitness)
        for i in range(n):
            if given[r % len(given), i] >= 0.0:
                fitness[i] = given[r % len(given), i]
        newcomers.lay_out(tiers, types, fitness, order, kinds, placed, levels)
        seen[:] = -1
        degree[:] = 0
        weight[:] = 0.0
        n_edges = newcomers.grow_edges(
            partners, tiers, allowed, types, kinds, placed, degree, weight, levels, runs, seen, met, sums, ends, patience
        )
        code = 0
        for i in range(n_start, n):
            code |= (2 * types[i] + (fitness[i] >= theta[types[i]])) << (12 + 20 * (i - n_start))
        for e in range(n_edges):
            i = order[ends[2 * e]]
            if i >= n_start:
                code |= 1 << (order[ends[2 * e + 1]] + 20 * (i - n_start))
        codes[r] = code


def _by_kernels(world: World, n_times: int, seed: int, first: int, patience: int = 2**16) -> NDArray[np.int64]:
    """Codes of `n_times` growths by the kernels, from number `first` on; arrays as in `growth._rows`."""
    rules = ref.plain(world.model)
    tiers, allowed = growth._rules(world.model)
    drawn = world.newcomers is None
    types = np.array([*ref.start_types(rules), *(t for t, _ in world.newcomers or [(0, 0.0)] * world.n_new)], dtype=np.int8)
    n = types.size
    codes = np.empty(n_times, dtype=np.int64)
    given = world.fitness_given(np.random.default_rng([seed, first]), n_times)
    states = [scalar_state(stream(seed, Purpose.GROWTH, first, part)) for part in range(2)]
    theta = np.array(rules.theta, dtype=float)
    n_start = sum(rules.start)
    _grow_often(*states, tiers, allowed, n_start, theta, types, given, drawn, n * n, n, patience, codes)
    return codes


def _by_trees(world: World, n_times: int, seed: int, first: int) -> NDArray[np.int64]:
    """The same where trees of weights are kept from the start."""
    return _by_kernels(world, n_times, seed, first, -1000)


def _by_grow(world: World, n_times: int, seed: int, first: int) -> NDArray[np.int64]:
    """Codes of `n_times` networks grown by the public call."""
    rules = ref.plain(world.model)
    n_start = sum(rules.start)
    n = n_start + world.n_new
    given = world.fitness_given(np.random.default_rng([seed, first]), n_times)
    codes = np.empty(n_times, dtype=np.int64)
    for r in range(n_times):
        net = grow(world.model, n, seed, fitness=given[r] if world.two_points else None, network=first + r)
        assert net.types is not None
        assert net.fitness is not None
        types, eta, ends, neighbours = net.types.tolist(), net.fitness.tolist(), net.indptr.tolist(), net.indices.tolist()
        codes[r] = _code(
            (types[i], eta[i] >= rules.theta[types[i]], [j for j in neighbours[ends[i] : ends[i + 1]] if j < i])
            for i in range(n_start, n)
        )
    return codes


Sampler = Callable[[World, int, int, int], NDArray[np.int64]]


def _additions(world: World, sampler: Sampler, scale: float, seed: int) -> Iterator[Check]:
    """G-test of the outcomes of the next additions against enumeration.

    At scale 1 these are 10^6 growths by kernels, 200,000 where trees are kept, which they are seldom, and 20,000 by `grow`.
    """
    law = world.law
    assert abs(sum(law.values()) - 1) < 1e-9  # the quadrature's error
    n_times = max(int({_by_grow: 20_000, _by_trees: 200_000}.get(sampler, 1_000_000) * scale), 1000)
    counts = dict.fromkeys(law, 0)
    for first in range(0, n_times, 100_000):
        codes, times = np.unique(sampler(world, min(100_000, n_times - first), seed, first), return_counts=True)
        for code, count in zip(codes.tolist(), times.tolist(), strict=True):
            counts[code] = counts.get(code, 0) + count
    observed = np.array(list(counts.values()))
    expected = np.array([law.get(code, 0.0) for code in counts])
    yield from_p(f"{len(law)} outcomes", n_times, g_test(observed, expected / expected.sum()))


def _two_tiers(**changes: Any) -> DualLocalWorld:
    settings: dict[str, Any] = {
        "start": (1, 4),
        "shares": 1,
        "exponent": 2,
        "theta": math.inf,
        "local_world": 3,
        "m": 2,
        "m_crossing": 1,
    }
    return DualLocalWorld(types=("a", "b"), **settings | changes)


def _three_tiers(**changes: Any) -> DualLocalWorld:
    settings: dict[str, Any] = {"start": (2, 2, 2), "shares": (3, 1, 2), "exponent": (2, 1, 0), "eta_min": 0.05}
    return DualLocalWorld(types=("a", "b", "c"), **settings | changes)


_UNEVEN = [0.3, 1.0, 0.2, 0.6, 0.05]
_TWO_A = [(0, 0.4), (0, 0.7)]
_SIX = [0.3, 1.0, 0.2, 0.6, 0.05, 0.4]
_POINTS = {0.3: 0.6, 0.9: 0.4}
# a newcomer of fitness 0.9 crosses from theta = 0.9 on, too; c never does
_M2 = {"local_world": 2, "m": 1, "m_crossing": (1, 2, 1), "theta": (0.5, 0.9, math.inf)}
_M3 = {"local_world": 3, "m": (2, 1, 2), "m_crossing": (1, 2, 3), "theta": (0.5, 0.9, math.inf)}

WORLDS = {
    "M = 2: the pair itself": World(_two_tiers(local_world=2), _UNEVEN, _TWO_A),
    "M = 3": World(_two_tiers(), _UNEVEN, _TWO_A),
    "M = 3, m = 3 of 4, tiers mixed": World(_two_tiers(m=3), _UNEVEN, [(1, 0.4), (0, 0.7)]),
    "M infinite": World(_two_tiers(local_world=math.inf), _UNEVEN, _TWO_A),
    "M infinite, fitness above 1": World(_two_tiers(local_world=math.inf), [20.0 * eta for eta in reversed(_UNEVEN)], _TWO_A),
    "M infinite, one holds all weight": World(_two_tiers(local_world=math.inf), [1, 1, 1e-9, 2e-9, 3e-9], [(0, 1)]),
    "M infinite, fewer of positive weight than m": World(
        _two_tiers(local_world=math.inf, m=3), [1, 0, 0.5, 0, 0.1], [(0, 1), (0, 1)]
    ),
    "M = 3, fewer of positive weight than m": World(_two_tiers(), [1, 0, 0.5, 0, 0], [(0, 1), (0, 1)]),
    "M = 3, no weight at all": World(_two_tiers(), [0.0] * 5, [(0, 0.0)] * 2),
    "M infinite, no weight at all": World(_two_tiers(local_world=math.inf), [0.0] * 5, [(0, 0.0)] * 2),
    "isolates are drawn uniformly": World(
        _two_tiers(start=(0, 3), local_world=math.inf, m=1), [1, 0.5, 0.2], [(0, 1), (1, 1), (0, 1)]
    ),
    "crossing over three tiers, M = 4": World(
        _three_tiers(start=(2, 1, 3), theta=(0.5, 0.5, math.inf), local_world=4, m=2, m_crossing=2),
        [0.3, 0.9, 0.2, 0.6, 0.05, 0.4],
        [(0, 0.7), (1, 0.1)],
    ),
    "Barabási-Albert, m = 2": World(BarabasiAlbert(2), [1.0] * 3, [(0, 1.0)] * 3),
    "Bianconi-Barabási, m = 2": World(BarabasiAlbert(2), [0.9, 0.1, 0.4], [(0, 1.0), (0, 0.2), (0, 0.7)]),
    "Barabási-Albert, m = 1.75": World(BarabasiAlbert(1.75), [1.0] * 2, [(0, 1.0)] * 3),
    "local world, m = 2.25, size 3": World(LocalWorld(2.25, 3), [1.0] * 3, [(0, 1.0)] * 2),
    "Bianconi-Barabási, m = 1.5, falling fitness drawn": World(BianconiBarabasi(1.5, fitness="falling", h=2, eta_min=0.05)),
    "M infinite for a alone": World(
        _two_tiers(start=(4, 4), local_world=(math.inf, 3)), [*_UNEVEN, 0.3, 0.1, 1], [*_TWO_A, (1, 1)]
    ),
    "types and two fitnesses drawn, M = 2": World(_three_tiers(**_M2), _SIX, two_points=_POINTS),
    "types and two fitnesses drawn, M = 3": World(_three_tiers(**_M3), _SIX, two_points=_POINTS),
    "types and fitness drawn, M = 2": World(_three_tiers(**_M2 | {"theta": (0.2, 0.5, 0.8)}), _SIX),
    "types and fitness drawn, M = 3": World(_three_tiers(**_M3 | {"theta": (0.2, 0.5, 0.8)}), _SIX),
    "types and all fitness drawn, M infinite": World(
        _three_tiers(start=1, theta=(0.2, 0.5, 0.8), local_world=math.inf, m=1, m_crossing=(1, 2, 1))
    ),
}
TREES = (
    "M infinite, one holds all weight",
    "M infinite, fewer of positive weight than m",
    "isolates are drawn uniformly",
    "M infinite for a alone",
    "Bianconi-Barabási, m = 1.5, falling fitness drawn",
    "types and all fitness drawn, M infinite",
)
PUBLIC = ("types and two fitnesses drawn, M = 3", "types and all fitness drawn, M infinite")

# ------------------------------------------------------------------------------------------------------------- degree laws


def _means(
    case: str,
    samples: Floats,
    expected: Floats,
    cells: Iterable[object],
    tolerance: Floats | float = 0.0,
    notes: Sequence[str] = (),
) -> Iterator[Check]:
    """t-tests of the mean over networks (rows) against the law, for each column; a deviation counts as far as above `tolerance`."""
    n = len(samples)
    gap = samples.mean(axis=0) - expected
    t = np.sign(gap) * np.maximum(np.abs(gap) - tolerance, 0.0) / (samples.std(axis=0, ddof=1) / math.sqrt(n))
    for i, cell in enumerate(cells):
        p = 2 * stats.t.sf(abs(t[i]), n - 1)
        yield Check(f"{case}, k = {cell}", n, float(p), float(np.sign(t[i]) * stats.norm.isf(p / 2)), notes[i] if notes else "")


def _size(scale: float, at_scale_1: int, most: int) -> tuple[int, int]:
    """Nodes and networks: more nodes for more scale, so that traces of the start fade against the standard error."""
    return min(max(int(at_scale_1 * scale), 5000), most), 32 if scale >= 0.1 else 16


def _shares(degree: NDArray[np.int64], m: int) -> Floats:
    """Fraction of nodes of degree m..m+5."""
    return np.bincount(degree, minlength=m + 6)[m : m + 6] / degree.size


def _barabasi_albert(scale: float, seed: int) -> Iterator[Check]:
    """For m = 1 the expected counts, exact at any N; for m = 3 P(k) = 2m(m+1)/(k(k+1)(k+2)), as draws depend on each other.

    There the start's trace is largest at k = m: -1.5/N, by 40,000 networks of 1000 nodes. The standard error is 0.35/sqrt(32 N):
    the trace is 0.16 of it at scale 1, 0.5 at the smallest, 0.07 at the largest.
    """
    n, n_networks = _size(scale, 100_000, 500_000)
    k = np.arange(3, 9)
    yield from _degrees(BarabasiAlbert(3), n, n_networks, seed, 24 / (k * (k + 1) * (k + 2)))
    for nodes, networks in ((n, n_networks), (60, int(min(max(4000 * scale, 400), 40_000)))):
        yield from _degrees(BarabasiAlbert(1), nodes, networks, seed, _expected_shares(1, nodes, True))


def _degrees(model: Model, n: int, n_networks: int, seed: int, law: Floats) -> Iterator[Check]:
    m = model.most_partners
    samples = np.array([_shares(net.degree, m) for net in grow_many(model, n, n_networks, seed)])
    yield from _means(f"m = {m}, N = {n}", samples, law, range(m, m + 6))


@numba.njit
def _expected_shares(m: int, n: int, by_degree: bool) -> Floats:
    """Expected shares of nodes of degree m..m+5 after growth from a complete graph on m + 1 nodes to `n`, exactly.

    A node of degree k is a partner of the newcomer to t nodes with probability k / (2 (t - 1)), for m = 1 and a tree; or m / t.
    """
    counts = np.zeros(6)
    counts[0] = m + 1
    for t in range(m + 1, n):
        for a in range(5, -1, -1):
            leaving = (m + a) / (2.0 * (t - 1)) if by_degree else m / t
            coming = (m + a - 1) / (2.0 * (t - 1)) if by_degree else m / t
            counts[a] += (counts[a - 1] * coming if a > 0 else 1.0) - counts[a] * leaving
    return counts / n


def _uniform_attachment(scale: float, seed: int) -> Iterator[Check]:
    """A local world of m nodes leaves no choice by weight: expected counts, exact at any N, and P(k) = (m/(m+1))^(k-m) / (m+1)."""
    n, n_networks = _size(scale, 100_000, 500_000)
    for m in (1, 3):
        law = _expected_shares(m, n, False)
        assert np.abs(law - (m / (m + 1)) ** np.arange(6) / (m + 1)).max() < 1 / n  # geometric, but for a trace of the start
        yield from _degrees(LocalWorld(m, size=m), n, n_networks, seed, law)
        few = int(min(max(4000 * scale, 400), 40_000))
        yield from _degrees(LocalWorld(m, size=m), 60, few, seed, _expected_shares(m, 60, False))


def _twins(scale: float, seed: int) -> Iterator[Check]:
    """Small networks of random fitness beside the plain twin's: a joint test of the means of five features."""
    model, n = BianconiBarabasi(2), 40
    n_networks = int(min(max(400 * scale, 200), 10_000))
    rng = random.Random(seed)
    names = ("second moment", "largest degree", "degree by fitness", "degree by age", "triangles")
    ours = [features(net) for net in grow_many(model, n, n_networks, seed)]
    theirs = [ref.features(*ref.twin(ref.plain(model), n, rng)) for _ in range(n_networks)]
    a, b = (np.array([[row[name] for name in names] for row in rows]) for rows in (ours, theirs))
    yield from_p(f"m = 2, {n} nodes", n_networks, two_sample_p(a, b))


_STEPS = np.array([0, 2, 3, 4, 6, 9])
TYPED = {
    "local world, m = 2, size 4": LocalWorld(2, 4),
    "local world, m = 2.6, size 6": LocalWorld(2.6, 6),
    "Bianconi-Barabási, m = 1.5, falling": BianconiBarabasi(1.5, fitness="falling", h=3),
    "M = 4, 9, 4, infinite": DualLocalWorld(local_world=(4, 9, 4, math.inf), theta=0.03),
    "M infinite": DualLocalWorld(local_world=math.inf, theta=0.03),
}


def _degrees_by_type(model: Model, scale: float, seed: int) -> Iterator[Check]:
    """Small networks beside the plain twin's: a joint test of how many nodes of each type have 0..1, 2, 3, 4..5, 6..8 partners."""
    n, n_networks = 60, int(min(max(250 * scale, 150), 10_000))
    rng, rules = random.Random(seed), ref.plain(model)

    def counts(types: Sequence[int], degree: Sequence[int]) -> Floats:
        bins = np.searchsorted(_STEPS, degree, side="right") - 1
        table = np.zeros((len(rules.start), _STEPS.size))
        np.add.at(table, (types, bins), 1)
        return table[:, :-1].ravel()

    ours = np.array([counts(net.types, net.degree) for net in grow_many(model, n, n_networks, seed)])
    theirs = np.empty(ours.shape)
    for r in range(n_networks):
        edges, types, _ = ref.twin(rules, n, rng)
        theirs[r] = counts(types, np.bincount(np.ravel(edges), minlength=n).tolist())
    some = ours.any(axis=0) | theirs.any(axis=0)
    yield from_p(f"{some.sum()} counts, {n} nodes", n_networks, two_sample_p(ours[:, some], theirs[:, some]))


_C = 1.2550009749  # the root of integral_0^1 d eta / (C/eta - 1) = 1, to ten digits
_BINS = 2 ** np.arange(7)  # degrees 1, 2..3, 4..7, ..., 32..63


def bianconi_barabasi_law(m: int, n_degrees: int) -> Floats:
    """P(k), k = m.., for fitness uniform on (0, 1]: its tail is k^-(1+C) / ln k."""
    x, w = np.polynomial.legendre.leggauss(200)
    ratio, w = 2 * _C / (1 + x), w / 2
    k = np.arange(m, m + n_degrees)[:, None]
    logs = special.gammaln(k) + special.gammaln(m + ratio) - special.gammaln(m) - special.gammaln(k + 1 + ratio)
    return (w * ratio * np.exp(logs)).sum(axis=1)


def _fitness_networks(scale: float, seed: int, first: int) -> tuple[int, Floats, Floats]:
    """Bianconi-Barabási trees: nodes, shares of nodes by bin of degree for each network from number `first` on, and the
    same as they should be given the network's normaliser.

    With m = 1 and Z_t = sum of eta k before addition t, the degree of a node of fitness eta is a Yule process in the time
    tau = eta sum 1/Z_t since its birth: P(degree >= k) = (1 - exp(-tau))^(k-1).
    """
    n, n_networks = _size(scale, 100_000, 500_000)
    observed, given = np.empty((2, n_networks, _BINS.size - 1))
    for r in range(n_networks):
        net = grow(BianconiBarabasi(1), n, seed, network=first + r)
        assert net.fitness is not None
        eta = net.fitness
        partner = net.indices[net.indptr[1:-1]]  # of nodes 1.. : the first in the row, the only older one
        before = np.cumsum(eta[1:] + eta[partner])[:-1]  # Z before the additions of nodes 2..
        since = np.append(np.cumsum(1.0 / before[::-1])[::-1], 0.0)
        grown = -np.expm1(-eta * np.insert(since, 0, since[0]))
        at_least = np.array([np.mean(grown ** (k - 1)) for k in _BINS])
        given[r] = at_least[:-1] - at_least[1:]
        counts = np.bincount(net.degree, minlength=_BINS[-1])[: _BINS[-1]]
        observed[r] = np.add.reduceat(counts, _BINS[:-1]) / n
    return n, observed, given


def _bin_names() -> list[str]:
    return [f"{k}..{2 * k - 1}" for k in _BINS[:-1]]


def _bianconi_barabasi_path(scale: float, seed: int) -> Iterator[Check]:
    """Degrees given each network's normaliser; 2 10^7 nodes at each of N = 10^4, 10^5 and 10^6 show no trace of N."""
    _, observed, given = _fitness_networks(scale, seed, 0)
    yield from _means("m = 1, given the normaliser", observed - given, np.zeros(_BINS.size - 1), _bin_names())


def _bianconi_barabasi_limit(scale: float, seed: int) -> Iterator[Check]:
    """Degrees against the law of infinite networks, and how they fall from 4..7 to 32..63, beside a power law's fall.

    The normaliser converges as N^(1/C - 1) = N^-0.2. In the bin from k on, the relative deviation is at most 0.013 k N^-0.2 by
    2 10^7 nodes at each of N = 10^4, 10^5 and 10^6; 0.02 k N^-0.2 is let pass.
    """
    n, observed, _ = _fitness_networks(scale, seed, 100)
    law = np.add.reduceat(bianconi_barabasi_law(1, _BINS[-1] - 1), _BINS[:-1] - 1)
    passing = 0.02 * _BINS[:-1] * n**-0.2
    yield from _means("m = 1, limit", observed, law, _bin_names(), passing * law)

    power = np.add.reduceat(np.arange(1, _BINS[-1]) ** -(1 + _C), _BINS[:-1] - 1)
    fall, expected, wrong = (np.log2(x[..., 2] / x[..., 5]) for x in (observed, law, power))
    z = (fall.mean() - wrong) / (fall.std(ddof=1) / math.sqrt(len(fall)))
    notes = [f"k^-(1+C) without the logarithm: {wrong:.3f} for {fall.mean():.3f}, z = {z:.0f}"]
    passing_fall = (passing[2] + passing[5]) / math.log(2)
    yield from _means("fall of log2 P", fall[:, None], np.array([expected]), ["4..7 to 32..63"], passing_fall, notes)


LAWS = [
    *(Law(f"additions: {name}", functools.partial(_additions, world, _by_kernels), largest=10.0) for name, world in WORLDS.items()),
    *(Law(f"additions, by trees: {name}", functools.partial(_additions, WORLDS[name], _by_trees), largest=10.0) for name in TREES),
    *(Law(f"additions, by grow: {name}", functools.partial(_additions, WORLDS[name], _by_grow), largest=10.0) for name in PUBLIC),
    Law("degrees: Barabási-Albert", _barabasi_albert),
    Law("degrees: uniform attachment", _uniform_attachment),
    *(Law(f"degrees by type: {name}, twin", functools.partial(_degrees_by_type, model)) for name, model in TYPED.items()),
    Law("degrees: Bianconi-Barabási, twin", _twins),
    Law("degrees: Bianconi-Barabási, path", _bianconi_barabasi_path),
    Law("degrees: Bianconi-Barabási, limit", _bianconi_barabasi_limit),
]
