"""Growth against its text (MODEL.md, section 1): exact laws in tiny worlds, and a slow, obvious twin that shares no code with it.

All seeds are fixed, so every test is deterministic; bounds say how unlikely a correct program was to miss them.
"""

import itertools
import math
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import pytest
from scipy import stats

from scfast import growth
from scfast.growth import BarabasiAlbert, DualLocalWorld, fitness_from_factors, grow
from scfast.network import Network
from scfast.rng import Purpose, scalar_state, stream

Law = dict[tuple[frozenset[int], ...], float]


# ---------------------------------------------------------------------------------------------------------------- the twin


@dataclass
class Plain:
    """A model in plain Python: what a reader of the text would write down."""

    start: Sequence[int]
    shares: Sequence[float]
    exponent: Sequence[float]
    eta_min: float
    theta: Sequence[float]
    local_world: Sequence[float]
    m: Sequence[int]
    m_crossing: Sequence[int]
    one_type: bool

    def partners_types(self, t: int, crossing: bool) -> list[int]:
        if self.one_type:
            return [0]
        return [s for s in range(len(self.start)) if s != t and (crossing or abs(s - t) == 1)]


def plain(model: DualLocalWorld | BarabasiAlbert) -> Plain:
    if isinstance(model, BarabasiAlbert):
        return Plain([model.m + 1], [1], [0], 1.0, [math.inf], [math.inf], [model.m], [0], True)
    names = ("start", "shares", "exponent", "eta_min", "theta", "local_world", "m", "m_crossing")
    return Plain(**{name: getattr(model, name) for name in names}, one_type=False)


def start_types(rules: Plain) -> list[int]:
    return [t for t, count in enumerate(rules.start) for _ in range(count)]


def start_neighbours(rules: Plain) -> list[set[int]]:
    types = start_types(rules)
    return [
        {j for j in range(len(types)) if j != i and types[j] in rules.partners_types(types[i], False)} for i in range(len(types))
    ]


def power_law_quantile(u: float, exponent: float, low: float) -> float:
    if exponent == 1:
        return low ** (1 - u)
    q = 1 - exponent
    return (low**q + u * (1 - low**q)) ** (1 / q)


def twin(
    model: DualLocalWorld | BarabasiAlbert, n_nodes: int, rng: random.Random, fitness: Sequence[float] | None = None
) -> Network:
    """One growth, step by step as the text says."""
    rules = plain(model)
    types = start_types(rules)
    eta = [power_law_quantile(rng.random(), rules.exponent[t], rules.eta_min) for t in types]
    if fitness is not None:
        eta = list(fitness[: len(types)])
    neighbours = start_neighbours(rules)
    for i in range(len(types), n_nodes):
        t = rng.choices(range(len(rules.shares)), rules.shares)[0]
        eta.append(power_law_quantile(rng.random(), rules.exponent[t], rules.eta_min) if fitness is None else fitness[i])
        crossing = eta[i] >= rules.theta[t]
        world = [j for j in range(i) if types[j] in rules.partners_types(t, crossing)]
        if len(world) > rules.local_world[t]:
            world = rng.sample(world, rules.local_world[t])
        chosen: set[int] = set()
        for _ in range(min(rules.m_crossing[t] if crossing else rules.m[t], len(world))):
            left = [j for j in world if j not in chosen]
            weights = [eta[j] * len(neighbours[j]) for j in left]
            chosen.add(rng.choices(left, weights if sum(weights) > 0 else None)[0])
        types.append(t)
        neighbours.append(chosen)
        for j in chosen:
            neighbours[j].add(i)
    edges = np.array([(i, j) for i in range(n_nodes) for j in neighbours[i] if j < i]).reshape(-1, 2)
    names = ["node"] if rules.one_type else list(model.types)
    return Network.from_edges(edges, n_nodes, np.array(types), type_names=names, fitness=np.array(eta))


# ------------------------------------------------------------------------------------------------------ laws by enumeration


def partners_law(world: Sequence[int], weight: Sequence[float], local_world: float, m: int) -> dict[frozenset[int], float]:
    """Probability of each set of partners: every second local world, every order of draws."""
    law: dict[frozenset[int], float] = Counter()
    seconds = list(itertools.combinations(world, int(min(local_world, len(world)))))

    def draw(left: tuple[int, ...], chosen: frozenset[int], p: float) -> None:
        if len(chosen) == m or not left:
            law[chosen] += p
            return
        total = sum(weight[j] for j in left)
        for j in left:
            share = weight[j] / total if total > 0 else 1 / len(left)
            if share > 0:
                draw(tuple(k for k in left if k != j), chosen | {j}, p * share)

    for second in seconds:
        draw(second, frozenset(), 1 / len(seconds))
    return law


def growth_law(model: DualLocalWorld | BarabasiAlbert, types: Sequence[int], eta: Sequence[float]) -> Law:
    """Probability of each sequence of the newcomers' partner sets, given all types and fitness."""
    rules = plain(model)

    def grown(degree: list[int]) -> Iterator[tuple[tuple[frozenset[int], ...], float]]:
        i = len(degree)
        if i == len(types):
            yield (), 1.0
            return
        t, crossing = types[i], eta[i] >= rules.theta[types[i]]
        world = [j for j in range(i) if types[j] in rules.partners_types(t, crossing)]
        weight = [eta[j] * degree[j] for j in range(i)]
        m = rules.m_crossing[t] if crossing else rules.m[t]
        for chosen, p in partners_law(world, weight, rules.local_world[t], m).items():
            for later, q in grown([degree[j] + (j in chosen) for j in range(i)] + [len(chosen)]):
                yield (chosen, *later), p * q

    return dict(grown([len(neighbours) for neighbours in start_neighbours(rules)]))


@numba.njit
def _grow_often(n_times, state, tiers, allowed, n_start, types, kinds, nodes, runs, local, edges, partners):
    fresh_tiers, fresh_nodes = tiers.copy(), nodes.copy()
    for r in range(n_times):
        tiers[:] = fresh_tiers
        nodes[:] = fresh_nodes
        n_edges = growth._grow(state, tiers, allowed, n_start, types, kinds, nodes, runs, local, edges)
        for e in range(n_edges):
            partners[r, e] = edges[e]["partner"]


def observed_growths(
    model: DualLocalWorld | BarabasiAlbert, types: Sequence[int], eta: Sequence[float], n_times: int, seed: int
) -> Counter[tuple[frozenset[int], ...]]:
    """How often the kernel grew each sequence of partner sets; the same kernel and arrays as in `grow`, in a compiled loop."""
    tiers, allowed, _, _ = growth._rules(model)
    codes, fitness = np.array(types, dtype=np.int8), np.array(eta)
    order = np.argsort(codes, kind="stable")
    kinds = codes[order]
    tiers["first"] = np.searchsorted(kinds, np.arange(tiers.size))
    nodes = np.zeros(len(types), dtype=growth._NODE)
    nodes["fitness"], nodes["stamp"] = fitness[order], -1
    n_start = int(tiers["start"].sum())
    edges = np.empty(growth._edge_room(tiers, allowed, n_start, codes, fitness), dtype=growth._EDGE)
    partners = np.full((n_times, edges.size), -1, dtype=np.int32)
    runs, local = np.empty(tiers.size, dtype=growth._RUN), np.empty(len(types), dtype=growth._LOCAL)
    state = scalar_state(stream(seed, Purpose.GROWTH))
    _grow_often(n_times, state, tiers, allowed, n_start, codes, kinds, nodes, runs, local, edges, partners)

    distinct, times = np.unique(partners, axis=0, return_counts=True)
    n_new = plain_partner_counts(model, types, eta)
    n_old = sum(map(len, start_neighbours(plain(model)))) // 2
    bounds = n_old + np.concatenate(([0], np.cumsum(n_new)))
    seen: Counter[tuple[frozenset[int], ...]] = Counter()
    for row, count in zip(distinct, times, strict=True):
        sets = [frozenset(order[row[a:b]].tolist()) for a, b in itertools.pairwise(bounds)]
        assert [len(chosen) for chosen in sets] == n_new, "a partner drawn twice"
        seen[tuple(sets)] += int(count)
    return seen


def plain_partner_counts(model: DualLocalWorld | BarabasiAlbert, types: Sequence[int], eta: Sequence[float]) -> list[int]:
    rules = plain(model)
    counts = []
    for i in range(sum(rules.start), len(types)):
        crossing = eta[i] >= rules.theta[types[i]]
        size = sum(types[j] in rules.partners_types(types[i], crossing) for j in range(i))
        m = rules.m_crossing[types[i]] if crossing else rules.m[types[i]]
        counts.append(int(min(m, size, rules.local_world[types[i]])))
    return counts


def two_tiers(**changes: object) -> DualLocalWorld:
    settings = {"types": ("a", "b"), "start": (1, 4), "shares": 1, "exponent": 2, "theta": math.inf, "local_world": 3, "m": 2}
    return DualLocalWorld(**settings | {"m_crossing": 1} | changes)


UNEVEN = [0.3, 1.0, 0.2, 0.6, 0.05, 0.4, 0.7]
TINY_WORLDS = {
    "M = 2: the pair itself": (two_tiers(local_world=2), [0, 1, 1, 1, 1, 0, 0], UNEVEN),
    "M = 3": (two_tiers(), [0, 1, 1, 1, 1, 0, 0], UNEVEN),
    "M = 3, m = 3 of 4, tiers mixed": (two_tiers(m=3), [0, 1, 1, 1, 1, 1, 0], UNEVEN),
    "M infinite": (two_tiers(local_world=math.inf), [0, 1, 1, 1, 1, 0, 0], UNEVEN),
    "M infinite, one holds all weight": (two_tiers(local_world=math.inf), [0, 1, 1, 1, 1, 0], [1, 1, 1e-9, 2e-9, 3e-9, 1]),
    "M infinite, fewer of positive weight than m": (
        two_tiers(local_world=math.inf, m=3),
        [0, 1, 1, 1, 1, 0, 0],
        [1, 0, 0.5, 0, 0.1, 1, 1],
    ),
    "M = 3, fewer of positive weight than m": (two_tiers(), [0, 1, 1, 1, 1, 0, 0], [1, 0, 0.5, 0, 0, 1, 1]),
    "M = 3, no weight at all": (two_tiers(), [0, 1, 1, 1, 1, 0, 0], [0.0] * 7),
    "M infinite, no weight at all": (two_tiers(local_world=math.inf), [0, 1, 1, 1, 1, 0, 0], [0.0] * 7),
    "isolates are drawn uniformly": (
        two_tiers(start=(0, 3), local_world=math.inf, m=1),
        [1, 1, 1, 0, 1, 0],
        [1, 0.5, 0.2, 1, 1, 1],
    ),
    "crossing over three tiers, M = 4": (
        DualLocalWorld(types=("a", "b", "c"), start=(2, 1, 3), theta=(0.5, 0.5, math.inf), local_world=4, m=2, m_crossing=2, **{
            name: 1 for name in ("shares", "exponent")}),
        [0, 0, 1, 2, 2, 2, 0, 1],
        [0.3, 0.9, 0.2, 0.6, 0.05, 0.4, 0.7, 0.1],
    ),
    "Barabási-Albert, m = 2": (BarabasiAlbert(2), [0] * 6, [1.0] * 6),
    "Bianconi-Barabási, m = 2": (BarabasiAlbert(2), [0] * 6, [0.9, 0.1, 0.4, 1.0, 0.2, 0.7]),
}  # fmt: skip


@pytest.mark.parametrize("name", TINY_WORLDS)
def test_law_of_the_next_additions_is_exact(name: str) -> None:
    """G-test of 100,000 growths against enumeration; all worlds together fail a correct program with probability 0.001."""
    model, types, eta = TINY_WORLDS[name]
    n_times = 100_000
    law = growth_law(model, types, eta)
    assert sum(law.values()) == pytest.approx(1, abs=1e-12)  # rounding of some hundred sums
    seen = observed_growths(model, types, eta, n_times, seed=11)
    assert seen.keys() <= {outcome for outcome, p in law.items() if p > 0}
    # cells expected fewer than 10 times are joined: the chi-square limit of G needs none smaller
    rare = [outcome for outcome, p in law.items() if p * n_times < 10]
    cells = [(seen[outcome], p * n_times) for outcome, p in law.items() if p * n_times >= 10]
    expected_rare = sum(law[outcome] for outcome in rare) * n_times
    n_rare = sum(seen[outcome] for outcome in rare)
    if expected_rare >= 10:
        cells.append((n_rare, expected_rare))
    else:
        assert stats.poisson.sf(n_rare - 1, expected_rare) > 1e-3 / len(TINY_WORLDS) / 2
    if len(cells) > 1:
        found, expected = np.array(cells, dtype=float).T
        g = 2 * np.sum(found * np.log(np.where(found > 0, found, 1) / expected)) - 2 * np.sum(found - expected)
        assert stats.chi2.sf(g, len(cells) - 1) > 1e-3 / len(TINY_WORLDS) / 2


# ------------------------------------------------------------------------------------------------------- whole networks


def features(net: Network) -> dict[str, float]:
    """What growth decides about a network, in a few numbers."""
    fitness = net.fitness
    assert fitness is not None
    degree = net.degree
    matrix = np.zeros((net.n_nodes, net.n_nodes))
    row = np.repeat(np.arange(net.n_nodes), degree)
    matrix[row, net.indices] = 1
    tier = net.types.astype(int)
    return {
        "edges": net.n_edges,
        "second moment": float((degree.astype(float) ** 2).sum()),
        "largest degree": int(degree.max()),
        "degree by fitness": float(fitness @ degree),
        "degree by age": float(np.arange(net.n_nodes) @ degree),
        "triangles": float(np.trace(matrix @ matrix @ matrix)) / 6,
        "distance of tiers": float(np.abs(tier[row] - tier[net.indices]).sum()) / 2,
        "log fitness": float(np.log(fitness).sum()),
        "tiers": int(tier.sum()),
    }


def ranks(n: int) -> np.ndarray:
    """A fitness that is given: each of 1/n .. 1 once."""
    return (1 + np.arange(n) * 7 % n) / n


TWIN_MODELS = {
    "default with M = 8": (DualLocalWorld(local_world=8), None),
    "M infinite, half of all cross": (DualLocalWorld(local_world=math.inf, exponent=1, theta=0.1), None),
    "three tiers, M per type, uniform fitness": (
        DualLocalWorld(
            types=("a", "b", "c"),
            start=(0, 2, 1),
            shares=(1, 2, 3),
            exponent=0,
            theta=(0.5, math.inf, 0.9),
            local_world=(3, math.inf, 5),
            m=(1, 2, 4),
            m_crossing=(3, 1, 2),
        ),
        None,
    ),
    "Bianconi-Barabási": (BarabasiAlbert(2), ranks(50)),
}


@pytest.mark.parametrize("name", TWIN_MODELS)
def test_networks_agree_with_the_twin(name: str) -> None:
    """Welch's z of nine means over 400 networks each: 4.5 sigma, which a correct program misses with probability 3e-4 in all."""
    model, fitness = TWIN_MODELS[name]
    rng = random.Random(5)
    ours = [features(grow(model, 50, 5, fitness=fitness, network=r)) for r in range(400)]
    theirs = [features(twin(model, 50, rng, fitness)) for _ in range(400)]
    for feature in ours[0]:
        a, b = (np.array([row[feature] for row in rows]) for rows in (ours, theirs))
        if a.std() + b.std() < 1e-9:  # the same in all networks
            assert a[0] == pytest.approx(b[0])
        else:
            z = (a.mean() - b.mean()) / math.sqrt((a.var() + b.var()) / 400)
            assert abs(z) < 4.5, f"{feature}: {a.mean()} and {b.mean()}, z = {z:.2f}"


def test_start_is_complete_between_adjacent_tiers() -> None:
    net = grow(DualLocalWorld(), 10, seed=1)
    assert (net.n_nodes, net.n_edges, net.type_names) == (10, 20, ("brand", "purchaser", "platform", "logistics"))
    assert net.types.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]
    for i in range(10):
        row = net.indices[net.indptr[i] : net.indptr[i + 1]]
        assert row.tolist() == np.flatnonzero(np.abs(net.types - net.types[i]) == 1).tolist()
    gap = grow(DualLocalWorld(start=(4, 0, 2, 1)), 7, seed=1)
    assert (gap.n_edges, gap.n_isolates) == (2, 4)  # no purchasers: only platforms and logistics meet


def edge_ends(net: Network) -> tuple[np.ndarray, np.ndarray]:
    """Newcomer and partner of each edge: the younger and the older node."""
    row = np.repeat(np.arange(net.n_nodes), net.degree)
    younger = net.indices < row
    return row[younger], net.indices[younger]


def test_tiers_types_and_numbers_of_partners() -> None:
    n = 100_000
    model = DualLocalWorld()
    net = grow(model, n, seed=2)
    newcomer, partner = edge_ends(net)
    assert net.fitness is not None
    crossing = net.fitness >= np.array(model.theta)[net.types]
    crossing[:10] = False
    distance = np.abs(net.types[newcomer] - net.types[partner])
    assert distance.min() == 1  # never the own type
    assert crossing[newcomer[distance > 1]].all()
    assert (distance[crossing[newcomer]] > 1).mean() > 0.1  # crossing newcomers do cross
    wanted = np.where(crossing, np.array(model.m_crossing)[net.types], np.array(model.m)[net.types])
    taken = np.bincount(newcomer, minlength=n)
    assert (taken[10:] == wanted[10:]).all()
    assert net.n_edges == 20 + wanted[10:].sum()
    assert net.n_isolates == 0

    # mean number of partners from shares and P(eta >= theta), within 4.5 standard errors (probability 7e-6)
    share = np.array(model.shares) / sum(model.shares)
    q = 1 - np.array(model.exponent)
    crosses = (1 - np.array(model.theta) ** q) / (1 - model.eta_min**q)
    assert share @ crosses == pytest.approx(0.04, abs=0.01)  # "about 4 % cross"
    expected = share @ (np.array(model.m) * (1 - crosses) + np.array(model.m_crossing) * crosses)
    assert abs(wanted[10:].mean() - expected) < 4.5 * wanted[10:].std() / math.sqrt(n - 10)

    found = np.bincount(net.types[10:], minlength=4)
    assert stats.chisquare(found, share * (n - 10)).pvalue > 1e-4


def test_sixteen_tiers() -> None:
    names = tuple(f"tier {t}" for t in range(16))
    model = DualLocalWorld(
        types=names, start=1, shares=1, exponent=2, theta=0.05, local_world=[5, math.inf] * 8, m=[1, 2, 3, 4] * 4, m_crossing=7
    )
    net = grow(model, 5000, seed=3)
    assert grow(model, 16, seed=3).n_edges == 15
    newcomer, partner = edge_ends(net)
    assert net.fitness is not None
    distance = np.abs(net.types[newcomer] - net.types[partner])
    assert distance.min() == 1
    assert distance.max() == 15
    assert (net.fitness[newcomer[distance > 1]] >= 0.05).all()
    late = net.fitness[newcomer] >= 0.05
    assert set(np.bincount(newcomer[late & (newcomer > 500)], minlength=1)) <= {0, 5, 7}  # 7, or M = 5 where it has fewer


def test_fitness_law() -> None:
    """Kolmogorov-Smirnov for each of six exponents: all together fail a correct program with probability 0.001."""
    exponents = (2.5, 1.0, 0.0, -1.0, 1.5, 30.0)
    model = DualLocalWorld(
        types=tuple("abcdef"), start=1, shares=1, exponent=exponents, eta_min=0.02, theta=math.inf, local_world=5, m=1
    )
    net = grow(model, 60_000, seed=4)
    assert net.fitness is not None
    assert net.fitness.min() >= 0.02
    assert net.fitness.max() <= 1
    for t, exponent in enumerate(exponents):
        q = 1 - exponent

        def distribution(x: np.ndarray, q: float = q) -> np.ndarray:
            return 1 - np.log(x) / np.log(0.02) if q == 0 else (x**q - 0.02**q) / (1 - 0.02**q)

        assert stats.kstest(net.fitness[net.types == t], distribution).pvalue > 1e-3 / 6


def test_fitness_is_smooth_at_exponent_one() -> None:
    near = [grow(DualLocalWorld(exponent=g), 1000, seed=5).fitness for g in (1 - 1e-9, 1, 1 + 1e-9)]
    # d ln(eta) / d exponent is below ln(100)**2 = 21 everywhere: at most 2.2e-8 apart
    np.testing.assert_allclose(near[0], near[1], rtol=2.2e-8)
    np.testing.assert_allclose(near[2], near[1], rtol=2.2e-8)


def test_barabasi_albert_degrees() -> None:
    """P(k) = 2m(m+1)/(k(k+1)(k+2)) for k = 3..8: t-tests over 32 networks, failing by chance with probability 0.001 in all.

    The start's traces are of order 1/N = 5e-5, a tenth of the smallest standard error.
    """
    m, n, k = 3, 20_000, np.arange(3, 9)
    nets = [grow(BarabasiAlbert(m), n, seed=6, network=r) for r in range(32)]
    assert {net.n_edges for net in nets} == {m * (m + 1) // 2 + m * (n - m - 1)}
    assert all((net.fitness == 1).all() and net.type_names == ("node",) for net in nets)
    share = np.array([np.bincount(net.degree, minlength=9)[3:9] / n for net in nets])
    error = share.std(axis=0, ddof=1) / math.sqrt(32)
    p = 2 * stats.t.sf(np.abs(share.mean(axis=0) - 2 * m * (m + 1) / (k * (k + 1) * (k + 2))) / error, 31)
    assert p.min() > 1e-3 / 6


def test_more_partners_wanted_than_there_are() -> None:
    # 10^9 wanted of local worlds of 5: all five, and room for no more than these is made
    net = grow(DualLocalWorld(local_world=5, m=10**9, m_crossing=10**9), 20_000, seed=1)
    assert (np.bincount(edge_ends(net)[0])[200:] == 5).all()


def test_barabasi_albert_start() -> None:
    net = grow(BarabasiAlbert(3), 4, seed=1)
    assert (net.n_edges, net.degree.tolist()) == (6, [3, 3, 3, 3])


def test_empty_first_local_world_leaves_isolates() -> None:
    alone = grow(DualLocalWorld(start=(3, 0, 0, 0), shares=(1, 0, 0, 0), theta=math.inf), 50, seed=1)
    assert (alone.n_isolates, alone.n_edges) == (50, 0)
    # brands wait until the first purchaser comes; he may take some of them, weightless as they are
    net = grow(DualLocalWorld(start=(3, 0, 0, 0), shares=(1, 1, 0, 0), theta=math.inf), 200, seed=1)
    first = int(np.flatnonzero(net.types == 1)[0])
    newcomer, partner = edge_ends(net)
    assert newcomer.min() == first
    assert (newcomer == first).sum() == 3
    assert (net.types[partner] != net.types[newcomer]).all()
    assert net.n_isolates == (net.degree == 0).sum()


PREFIX_CASES = {
    "default": (DualLocalWorld(), None),
    "M infinite": (DualLocalWorld(local_world=math.inf), None),
    "fitness given": (DualLocalWorld(local_world=6), ranks(3000)),
    "fitness given, M infinite": (BarabasiAlbert(2), ranks(3000)),
    "Barabási-Albert": (BarabasiAlbert(3), None),
}


@pytest.mark.parametrize("name", PREFIX_CASES)
def test_growing_further_extends_the_same_network(name: str) -> None:
    model, fitness = PREFIX_CASES[name]
    large = grow(model, 3000, seed=8, fitness=fitness, network=2)
    for n in (12, 301, 2999):
        small = grow(model, n, seed=8, fitness=None if fitness is None else fitness[:n], network=2)
        assert (small.types == large.types[:n]).all()
        assert (small.fitness == large.fitness[:n]).all()
        newcomer, partner = edge_ends(large)
        kept = newcomer < n
        assert (np.array(edge_ends(small)) == np.array((newcomer[kept], partner[kept]))).all()


@pytest.mark.parametrize("name", PREFIX_CASES)
def test_graphs_are_simple_with_sorted_rows(name: str) -> None:
    model, fitness = PREFIX_CASES[name]
    net = grow(model, 3000, seed=9, fitness=fitness)
    row = np.repeat(np.arange(3000), net.degree)
    code = row * 3000 + net.indices
    assert (np.diff(code) > 0).all()  # sorted, nothing twice
    assert (row != net.indices).all()
    assert (np.sort(net.indices * 3000 + row) == code).all()  # each edge in both rows


def test_a_local_world_of_all_nodes_is_an_infinite_one() -> None:
    finite, infinite = (grow(DualLocalWorld(local_world=size), 2000, seed=10) for size in (2000, math.inf))
    assert (finite.indices == infinite.indices).all()


def test_types_and_fitness_do_not_depend_on_the_partners() -> None:
    net = grow(DualLocalWorld(), 1000, seed=1)
    for other in (grow(DualLocalWorld(m=5), 1000, seed=1), grow(DualLocalWorld(), 1000, seed=1, fitness=ranks(1000))):
        assert (other.types == net.types).all()
        assert not np.array_equal(other.indices, net.indices)
    assert (grow(DualLocalWorld(m=5), 1000, seed=1).fitness == net.fitness).all()
    assert (other.fitness == ranks(1000)).all()


def test_seeds() -> None:
    def same(a: Network, b: Network) -> bool:
        return np.array_equal(a.indices, b.indices) and np.array_equal(a.fitness, b.fitness)

    model = DualLocalWorld()
    net = grow(model, 500, seed=7)
    assert same(net, grow(model, 500, seed=7, network=0))
    assert not same(net, grow(model, 500, seed=7, network=1))
    assert not same(net, grow(model, 500, seed=8))
    drawn = grow(model, 500)
    assert not same(drawn, grow(model, 500))
    found = re.fullmatch(r"grown with seed (\d+), network 0", drawn.notes[0])
    assert found
    assert same(drawn, grow(model, 500, seed=int(found[1])))


def test_the_same_bits_without_compilation() -> None:
    code = (
        "import numpy as np; from scfast.growth import *; np.seterr(over='ignore'); "
        "print([grow(m, 300, 3).digest() for m in (DualLocalWorld(), DualLocalWorld(local_world=np.inf), BarabasiAlbert(2))])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"NUMBA_DISABLE_JIT": value}, capture_output=True, text=True, check=True
        ).stdout
        for value in ("0", "1")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 3 * 64


def test_fitness_from_factors() -> None:
    rng = np.random.default_rng(1)
    factors, weights, types = rng.random((30, 3)), np.array([0.5, 0.3, 0.2]), rng.integers(0, 3, 30)
    expected = [
        sum(weights[k] * factors[i, k] / max(factors[j, k] for j in range(30) if types[j] == types[i]) for k in range(3))
        for i in range(30)
    ]
    eta = fitness_from_factors(factors, weights, types)
    np.testing.assert_allclose(eta, expected, rtol=1e-14)  # rounding of three terms
    labels = np.array(["brand", "platform", "logistics"])[types]
    assert fitness_from_factors((factors * [1, 1000, 1e-3]).tolist(), weights, labels) == pytest.approx(eta, rel=1e-14)
    types = grow(DualLocalWorld(), 200, seed=1).types
    eta = fitness_from_factors(rng.random((200, 3)), weights, types)
    net = grow(DualLocalWorld(), 200, seed=1, fitness=eta)
    assert (net.fitness == eta).all()
    assert (net.types == types).all()


WRONG = {
    "model = 3: must be a DualLocalWorld or a BarabasiAlbert": lambda: grow(3, 10),
    "n_nodes = 9: must be at least 10, the number of start nodes": lambda: grow(DualLocalWorld(), 9),
    "n_nodes = 3: must be at least 4, the number of start nodes": lambda: grow(BarabasiAlbert(3), 3),
    "n_nodes = 10.5: must be a whole number": lambda: grow(DualLocalWorld(), 10.5),
    "n_nodes = 2147483648: must be at most 2147483647": lambda: grow(DualLocalWorld(), 2**31),
    "n_nodes = 100000: up to 4999999950 edges, must be at most 2147483648": lambda: grow(BarabasiAlbert(99_990), 100_000),
    "seed = -1: must be at least 0": lambda: grow(DualLocalWorld(), 10, -1),
    "network = -1: must be at least 0": lambda: grow(DualLocalWorld(), 10, 1, network=-1),
    "fitness has shape (3,): must be (10,), one number for each node": lambda: grow(DualLocalWorld(), 10, 1, fitness=[1, 1, 1]),
    "fitness[4] = -0.5: must be between 0 and 1e+100": lambda: grow(DualLocalWorld(), 10, 1, fitness=[1] * 4 + [-0.5] * 6),
    "fitness[0] = nan: must be between 0 and 1e+100": lambda: grow(DualLocalWorld(), 10, 1, fitness=[math.nan] * 10),
    "fitness: must be numbers, one for each node": lambda: grow(DualLocalWorld(), 10, 1, fitness="high"),
    "factors has 1 dimensions: must be 2, nodes by factors": lambda: fitness_from_factors([1, 2], [1], [0, 0]),
    "factors[1, 0] = -1.0: must be at least 0 and finite": lambda: fitness_from_factors([[1], [-1]], [1], [0, 0]),
    "factors[:, 1]: must be positive for at least one node of type b": lambda: fitness_from_factors(
        [[1, 1], [1, 0]], [0.5, 0.5], ["a", "b"]
    ),
    "weights = [0.5, 0.4]: must be at least 0 with sum 1": lambda: fitness_from_factors([[1, 1]], [0.5, 0.4], [0]),
    "weights has shape (1,): must be (2,)": lambda: fitness_from_factors([[1, 1]], [1], [0]),
    "types has shape (2,): must be (1,)": lambda: fitness_from_factors([[1, 1]], [0.5, 0.5], [0, 0]),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_arguments_are_told_in_one_line(message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        WRONG[message]()
