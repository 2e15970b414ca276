"""Growth against its text (MODEL.md, section 1) and its plain twin; its exact laws are in proof/growth.py.

All seeds are fixed, so every test is deterministic; bounds say how unlikely a correct program was to miss them.
"""

import math
import os
import random
import re
import subprocess
import sys

import numpy as np
import pytest
import reference_growth as ref
from proof.growth import edge_ends, features
from scipy import stats

from scfast.growth import BarabasiAlbert, DualLocalWorld, fitness_from_factors, grow
from scfast.network import Network


def ranks(n: int) -> np.ndarray:
    """A fitness that is given: each of 1/n .. 1 once."""
    return (1 + np.arange(n) * 7 % n) / n


TWIN_MODELS = {
    "default with M = 8": DualLocalWorld(local_world=8),
    "M infinite, half of all cross": DualLocalWorld(local_world=math.inf, exponent=1, theta=0.1),
    "three tiers, M per type, uniform fitness": DualLocalWorld(
        types=("a", "b", "c"),
        start=(0, 2, 1),
        shares=(1, 2, 3),
        exponent=0,
        theta=(0.5, math.inf, 0.9),
        local_world=(3, math.inf, 5),
        m=(1, 2, 4),
        m_crossing=(3, 1, 2),
    ),
}


@pytest.mark.parametrize("name", TWIN_MODELS)
def test_networks_agree_with_the_twin(name: str) -> None:
    """Welch's z of nine means over 400 networks each: 4.5 sigma, which a correct program misses with probability 2e-4 in all."""
    model = TWIN_MODELS[name]
    rng = random.Random(5)
    ours = [features(grow(model, 50, 5, network=r)) for r in range(400)]
    theirs = [ref.features(*ref.twin(ref.plain(model), 50, rng)) for _ in range(400)]
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


def test_more_partners_wanted_than_there_are() -> None:
    # 10^9 wanted of local worlds of 5: all five, and room for no more than these is made
    net = grow(DualLocalWorld(local_world=5, m=10**9, m_crossing=10**9), 20_000, seed=1)
    assert (np.bincount(edge_ends(net)[0])[200:] == 5).all()


def test_barabasi_albert_start() -> None:
    net = grow(BarabasiAlbert(3), 4, seed=1)
    assert (net.n_edges, net.degree.tolist(), net.type_names) == (6, [3, 3, 3, 3], ("node",))
    later = grow(BarabasiAlbert(3), 1000, seed=1)
    assert later.n_edges == 6 + 3 * 996
    assert (later.fitness == 1).all()


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
        "print([grow(m, 300, 3).digest() for m in (DualLocalWorld(), DualLocalWorld(local_world=np.inf), BarabasiAlbert(2), "
        "BianconiBarabasi(2.5, fitness='falling', eta_min=0.1), BianconiBarabasi(2), LocalWorld(1.5, 10))], "
        "grow(BarabasiAlbert(2), 300, 3, fitness=[1] + 299 * [1e-9]).digest(), grow(DualLocalWorld(m=40), 300, 3).digest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"NUMBA_DISABLE_JIT": value}, capture_output=True, text=True, check=True
        ).stdout
        for value in ("0", "1")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 8 * 64


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
    "model = 3: must be a growth model: DualLocalWorld, BarabasiAlbert, BianconiBarabasi, LocalWorld": lambda: grow(3, 10),
    "n_nodes = 9: must be at least 10, the number of start nodes": lambda: grow(DualLocalWorld(), 9),
    "n_nodes = 3: must be at least 4, the number of start nodes": lambda: grow(BarabasiAlbert(3), 3),
    "n_nodes = 10.5: must be a whole number": lambda: grow(DualLocalWorld(), 10.5),
    "n_nodes = 2147483648: must be at most 2147483647": lambda: grow(DualLocalWorld(), 2**31),
    "n_nodes = 100000: up to 4999949955 edges, must be at most 2147483648": lambda: grow(BarabasiAlbert(99_990), 100_000),
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
