"""The simulator against its exact law, the naive twin, and what must hold in every run.

Every statistical test is a family: its bound is FAMILY divided by the number of comparisons, so that the whole
file fails by chance in fewer than one of 10^4 sets of seeds, and the seeds are fixed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import reference as ref
from numpy.typing import NDArray
from scipy import stats

import scfast as sf
from scfast import sirs, sparse

FAMILY = 1e-6
N_EXACT = 1 << 18  # replicates of a G-test

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741

PATH4 = [(0, 1), (1, 2), (2, 3)]
TRIANGLE = [(0, 1), (0, 2), (1, 2)]
STAR5 = [(0, 1), (0, 2), (0, 3), (0, 4)]
COMPLETE4 = [(a, b) for a in range(4) for b in range(a + 1, 4)]
COMPLETE5 = [(a, b) for a in range(5) for b in range(a + 1, 5)]
APART = [(0, 1), (2, 3)]  # with node 4 isolated


@pytest.fixture(autouse=True, params=["planes", "lists", "both"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test runs on bit-planes, in lists of infected nodes, and changing from one to the other every two steps."""
    if request.param == "planes":
        monkeypatch.setattr(sparse.Sparse, "span", lambda self, block, t: 0)
    elif request.param == "lists":
        monkeypatch.setattr(sparse.Sparse, "span", lambda self, block, t: 8)
    else:
        monkeypatch.setattr(sparse.Sparse, "span", lambda self, block, t: t % 4 // 2)
        monkeypatch.setattr(sirs, "LOOK", 1)
    return request.param


# ---- statistics


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
    """Joint chi-square p-value that two samples of vectors (rows) have the same mean."""
    covariance = np.cov(a.T) / len(a) + np.cov(b.T) / len(b)
    gap = a.mean(axis=0) - b.mean(axis=0)
    assert np.linalg.matrix_rank(covariance) == len(gap)
    return float(stats.chi2.sf(gap @ np.linalg.solve(covariance, gap), len(gap)))


def random_edges(n_nodes: int, n_edges: int, seed: int) -> list[tuple[int, int]]:
    """Distinct edges drawn uniformly."""
    rng = random.Random(seed)
    pairs = [(a, b) for a in range(n_nodes) for b in range(a + 1, n_nodes)]
    return rng.sample(pairs, n_edges)


# ---- the twin against itself


@pytest.mark.parametrize("exposure", ["per_partner", "shared"])
def test_twin_matrix_rows_sum_to_one(exposure: str) -> None:
    matrix = ref.transition_matrix(
        ref.adjacency_from_edges(STAR5, 5),
        beta=[0.1, 0.9, 0.3, 0.4, 0.5],
        gamma=0.3,
        delta=0.7,
        xi=[0.0, 1.0, 0.2, 0.3, 0.4],
        epsilon=[0.0, 0.0, 0.1, 1.0, 0.2],
        exposure=exposure,
    )
    assert (matrix >= 0).all()
    # 32 products of five factors per row: rounding stays far below 1e-12.
    assert np.abs(matrix.sum(axis=1) - 1.0).max() < 1e-12


@pytest.mark.parametrize("exposure", ["per_partner", "shared"])
def test_twin_mechanism_follows_twin_matrix(exposure: str) -> None:
    adjacency = ref.adjacency_from_edges([(0, 1), (1, 2)], 3)
    rates: dict[str, Any] = {
        "beta": [0.3, 0.2, 0.5],
        "gamma": [0.4, 0.1, 0.7],
        "delta": [0.1, 0.3, 0.3],
        "xi": [0.2, 0.5, 0.9],
        "epsilon": [0.0, 0.15, 0.05],
        "exposure": exposure,
    }
    matrix = ref.transition_matrix(adjacency, **rates)
    rng = random.Random(20)
    start = [I, S, R]
    histories = [ref.simulate(adjacency, start, n_steps=3, rng=rng, **rates) for _ in range(20_000)]
    for t in (1, 2, 3):
        codes = ref.encode([history[t] for history in histories])
        law = ref.distribution_after(matrix, ref.state_distribution(start), t)
        assert g_test(np.bincount(codes, minlength=64), law) > FAMILY / 6


def test_twin_extinction_waits_for_the_last_way_back() -> None:
    history = [[I, S], [R, S], [R, S], [S, S]]
    assert ref.observables(history).extinction_step == 1
    assert ref.observables(history, epsilon=[0.0, 0.1]).extinction_step == -1
    assert ref.observables(history[:2], epsilon=[0.1, 0.0], xi=0.0).extinction_step == 1
    assert ref.observables(history[:2], epsilon=[0.1, 0.0], xi=0.5).extinction_step == -1
    assert ref.observables([[I, R], [R, R]], epsilon=[0.0, 0.1], xi=0.5).extinction_step == -1
    assert ref.observables([[I, R], [R, R]], epsilon=0.1, xi=0.0).extinction_step == 1
    assert ref.observables([[I, R], [X, R]], epsilon=[0.1, 0.0], xi=0.5).extinction_step == 1


# ---- exact laws of small networks


@dataclass(frozen=True)
class Case:
    """A small network with its rates, in the package's form and in the twin's."""

    name: str
    edges: list[tuple[int, int]]
    n_nodes: int
    rates: dict[str, Any]
    start: Any
    twin_start: Any
    types: list[str] | None = None
    exposure: str = "per_partner"
    twin_rates: dict[str, Any] = field(default_factory=dict)

    def network(self) -> Any:
        return sf.Network.from_edges(self.edges, n_nodes=self.n_nodes, types=self.types)

    def matrix(self, scale_beta: float = 1.0) -> NDArray[np.float64]:
        rates = self.rates | self.twin_rates
        rates["beta"] = np.minimum(1.0, np.multiply(rates["beta"], scale_beta)).tolist()
        return ref.transition_matrix(ref.adjacency_from_edges(self.edges, self.n_nodes), exposure=self.exposure, **rates)

    def start_law(self) -> NDArray[np.float64]:
        if isinstance(self.twin_start, list):
            return ref.state_distribution(self.twin_start)
        count, within = self.twin_start
        return ref.initial_distribution(self.n_nodes, count, within)

    def codes(self, n_steps: int, seed: int, n_replicates: int = N_EXACT) -> NDArray[np.int64]:
        run = sf.simulate(
            self.network(),
            sf.SIRS(exposure=self.exposure, **self.rates),
            n_steps=n_steps,
            n_replicates=n_replicates,
            seed=seed,
            initial=self.start() if callable(self.start) else self.start,
            keep_final=True,
        )
        return np.bincount(ref.encode(run.final), minlength=4**self.n_nodes)


def scalars(beta: float, gamma: float, delta: float, xi: float, epsilon: float = 0.0) -> dict[str, Any]:
    return {"beta": beta, "gamma": gamma, "delta": delta, "xi": xi, "epsilon": epsilon}


CASES = [
    Case("path", PATH4, 4, scalars(0.3, 0.25, 0.1, 0.4), 1, (1, None)),
    Case(
        "path, gamma + delta = 1",
        PATH4,
        4,
        scalars(0.45, 0.7, 0.3, 0.35, 0.05),
        np.array([I, S, S, R], dtype=np.uint8),
        [I, S, S, R],
    ),
    Case(
        "triangle, per node",
        TRIANGLE,
        3,
        {
            "beta": np.array([0.2, 0.55, 0.8]),
            "gamma": np.array([0.1, 0.35, 0.5]),
            "delta": np.array([0.3, 0.02, 0.5]),
            "xi": np.array([0.6, 0.15, 1.0]),
            "epsilon": np.array([0.0, 0.03, 0.2]),
        },
        np.array([I, S, S], dtype=np.uint8),
        [I, S, S],
        twin_rates={
            "beta": [0.2, 0.55, 0.8],
            "gamma": [0.1, 0.35, 0.5],
            "delta": [0.3, 0.02, 0.5],
            "xi": [0.6, 0.15, 1.0],
            "epsilon": [0.0, 0.03, 0.2],
        },
    ),
    Case("triangle, delta = 0", TRIANGLE, 3, scalars(0.37, 0.41, 0.0, 0.29), 1, (1, None)),
    Case(
        "star, shared",
        STAR5,
        5,
        scalars(0.3, 0.3, 0.05, 0.5),
        np.array([S, I, I, S, R], dtype=np.uint8),
        [S, I, I, S, R],
        exposure="shared",
    ),
    Case(
        "star, shared, leaves capped at 1, per type",
        STAR5,
        5,
        {
            "beta": {"hub": 0.9, "leaf": 0.8},
            "gamma": {"hub": 0.2, "leaf": 0.45},
            "delta": {"hub": 0.05, "leaf": 0.15},
            "xi": {"hub": 0.9, "leaf": 0.3},
            "epsilon": {"hub": 0.0, "leaf": 0.02},
        },
        2,
        (2, None),
        types=["hub", "leaf", "leaf", "leaf", "leaf"],
        exposure="shared",
        twin_rates={
            "beta": [0.9] + [0.8] * 4,
            "gamma": [0.2] + [0.45] * 4,
            "delta": [0.05] + [0.15] * 4,
            "xi": [0.9] + [0.3] * 4,
            "epsilon": [0.0] + [0.02] * 4,
        },
    ),
    Case("star, beta = 1", STAR5, 5, scalars(1.0, 0.5, 0.1, 0.25), 1, (1, None)),
    Case("complete", COMPLETE5, 5, scalars(0.15, 0.3, 0.1, 0.2, 0.01), 2, (2, None)),
    Case(
        "complete, shared, per node",
        COMPLETE4,
        4,
        scalars(0.0, 0.2, 0.2, 0.1) | {"beta": np.array([0.0, 0.3, 0.65, 1.0])},
        np.array([S, I, S, S], dtype=np.uint8),
        [S, I, S, S],
        exposure="shared",
        twin_rates={"beta": [0.0, 0.3, 0.65, 1.0]},
    ),
    Case("complete, xi = 0", COMPLETE4, 4, scalars(0.33, 0.4, 0.2, 0.0), 1, (1, None)),
    Case(
        "apart with an isolate, shocks",
        APART,
        5,
        scalars(0.6, 0.3, 0.15, 0.35, 0.2),
        np.array([I, S, S, R, X], dtype=np.uint8),
        [I, S, S, R, X],
    ),
    Case(
        "apart with an isolate, shared, shocks, counted start",
        APART,
        5,
        scalars(0.5, 0.2, 0.1, 0.5, 0.07),
        3,
        (3, None),
        exposure="shared",
    ),
    Case(
        "types mixed with nodes, start within a type",
        [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 2)],
        5,
        {
            "beta": {"a": 0.25, "b": 0.6},
            "gamma": np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
            "delta": 0.125,
            "xi": {"a": 0.0, "b": 1.0},
            "epsilon": np.array([0.0, 0.5, 0.0, 0.0, 0.001]),
        },
        lambda: sf.Initial(2, within="b"),
        (2, [1, 3, 4]),
        types=["a", "b", "a", "b", "b"],
        twin_rates={
            "beta": [0.25, 0.6, 0.25, 0.6, 0.6],
            "gamma": [0.1, 0.2, 0.3, 0.4, 0.5],
            "xi": [0.0, 1.0, 0.0, 1.0, 1.0],
            "epsilon": [0.0, 0.5, 0.0, 0.0, 0.001],
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_final_states_follow_the_exact_law(case: Case) -> None:
    matrix, start = case.matrix(), case.start_law()
    for n_steps in (1, 2, 5):
        observed = case.codes(n_steps, seed=1000 + n_steps)
        law = ref.distribution_after(matrix, start, n_steps)
        p = g_test(observed, law)
        assert p > FAMILY / (3 * len(CASES)), (n_steps, p, observed[law == 0].sum())


@pytest.mark.parametrize("name", ["path", "complete", "star, shared"])
def test_g_test_rejects_a_beta_three_percent_off(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    n_replicates = 1 << 20  # G then exceeds its bound for sure: about 200 above its mean or more
    observed = case.codes(1, seed=77, n_replicates=n_replicates)
    start = case.start_law()
    bound = FAMILY / (3 * len(CASES))
    assert g_test(observed, ref.distribution_after(case.matrix(), start, 1)) > bound
    for scale in (0.97, 1.03):
        wrong = ref.distribution_after(case.matrix(scale), start, 1)
        assert g_test(observed, wrong) < bound


# ---- single transitions, node by node


HUB_RATES = [
    (0.001, 0.0),
    (0.05, 0.0),
    (0.05, 0.01),
    (0.37, 0.2),
    (0.5, 0.0),
    (0.9, 0.5),
    (0.0, 0.3),
    (1.0, 0.0),
]


@pytest.mark.parametrize("exposure", ["per_partner", "shared"])
def test_hub_with_k_infected_partners(exposure: str) -> None:
    """One hub per k, each with k infected leaves and three that are S, R and X."""
    edges, states, hubs = [], [], []
    ks = [*range(41), 63, 64, 127, 128, 500, 1024]
    for k in ks:
        hub = len(states)
        hubs.append(hub)
        leaves = [I] * k + [S, R, X]
        random.Random(k).shuffle(leaves)
        states += [S, *leaves]
        edges += [(hub, hub + 1 + j) for j in range(k + 3)]
    net = sf.Network.from_edges(edges, n_nodes=len(states))
    adjacency = ref.adjacency_from_edges(edges, len(states))
    trials = 1 << 16
    for number, (beta, epsilon) in enumerate(HUB_RATES):
        run = sf.simulate(
            net,
            sf.SIRS(beta=beta, gamma=0.0, delta=0.0, xi=0.0, epsilon=epsilon, exposure=exposure),
            n_steps=1,
            n_replicates=trials,
            seed=500 + number,
            initial=np.array(states, dtype=np.uint8),
        )
        contact = np.array(ref.effective_beta(adjacency, beta, exposure))[hubs]
        law = 1.0 - (1.0 - epsilon) * (1.0 - contact) ** np.array(ks)
        p = binomial_p(run.ever_infected[hubs], trials, law)
        assert p.min() > FAMILY / (2 * len(HUB_RATES) * len(ks)), (beta, epsilon, ks[p.argmin()])


def test_every_rate_is_met_on_isolated_nodes() -> None:
    """Rates from 0 to 1, odd and even in binary, each on its own node; S, I and R starts at once."""
    rates = np.array([0.0, 1e-4, 1 / 300, 1 / 256, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.7, 0.99, 1 - 1e-4, 1.0])
    heal, lose = (grid.ravel() for grid in np.meshgrid(rates, rates))
    possible = heal + lose <= 1.0
    heal, lose = heal[possible], lose[possible]
    n_i, n_r = len(heal), len(rates)
    n = n_i + 2 * n_r
    gamma, delta, xi, epsilon = np.zeros((4, n))
    gamma[:n_i], delta[:n_i] = heal, lose
    xi[n_i : n_i + n_r] = rates
    epsilon[n_i + n_r :] = rates
    trials = 1 << 17
    run = sf.simulate(
        sf.Network.from_edges(np.empty((0, 2), dtype=np.int64), n_nodes=n),
        sf.SIRS(beta=0.5, gamma=gamma, delta=delta, xi=xi, epsilon=epsilon),
        n_steps=1,
        n_replicates=trials,
        seed=41,
        initial=np.repeat(np.array([I, R, S], dtype=np.uint8), [n_i, n_r, n_r]),
        keep_final=True,
    )
    tests = [
        ((run.final[:, :n_i] == R).sum(axis=0), heal),
        ((run.final[:, :n_i] == X).sum(axis=0), lose),
        ((run.final[:, n_i : n_i + n_r] == S).sum(axis=0), rates),
        ((run.final[:, n_i + n_r :] == I).sum(axis=0), rates),
    ]
    for seen, law in tests:
        p = binomial_p(seen, trials, law)
        assert p.min() > FAMILY / (2 * n_i + 2 * n_r), law[p.argmin()]


@pytest.mark.parametrize("rate", [1e-6, 1 - 1e-6])
def test_rates_near_zero_and_one_are_not_rounded(rate: float) -> None:
    """3.3e8 trials: a rate kept to 20 bits would be off by up to 48 %, 9 sigma."""
    n, trials = 5000, 1 << 16
    run = sf.simulate(
        sf.Network.from_edges(np.empty((0, 2), dtype=np.int64), n_nodes=n),
        sf.SIRS(beta=0.0, gamma=0.0, delta=0.0, xi=0.0, epsilon=rate),
        n_steps=1,
        n_replicates=trials,
        seed=42,
        initial=np.zeros(n, dtype=np.uint8),
    )
    assert binomial_p(run.ever_infected.sum(), n * trials, rate) > FAMILY / 2


def test_counted_start_is_uniform_over_nodes() -> None:
    n, count, trials = 300, 37, 40_000
    run = sf.simulate(
        sf.Network.from_edges([(0, 1)], n_nodes=n),
        sf.SIRS(beta=0.0, gamma=0.0, delta=0.0, xi=0.0),
        n_steps=1,
        n_replicates=trials,
        seed=9,
        initial=count,
        keep_final=True,
    )
    assert (run.counts[:, :, I] == count).all()
    share = count / n
    # Without replacement the indicators have covariance -share (1 - share) / (n - 1): so n - 1 degrees.
    excess = (run.ever_infected - trials * share) / np.sqrt(trials * share * (1 - share))
    chi_square = float((excess**2).sum()) * (n - 1) / n
    assert FAMILY / 4 < stats.chi2.sf(chi_square, n - 1) < 1 - FAMILY / 4
    # Neighbours in node order are drawn together as often as any pair.
    infected = run.final == I
    together = (infected[:, 1:] & infected[:, :-1]).sum(axis=1)
    mean = (n - 1) * share * (count - 1) / (n - 1)
    assert abs(together.mean() - mean) < 5.2 * together.std() / np.sqrt(trials)


@pytest.mark.parametrize(("fraction", "count"), [(0.0, 0), (1e-9, 1), (0.025, 3), (0.5, 50), (1.0, 100)])
def test_fraction_is_rounded_half_up_and_at_least_one(fraction: float, count: int) -> None:
    run = sf.simulate(
        sf.Network.from_edges([(0, 1)], n_nodes=100),
        sf.SIRS(),
        n_steps=0,
        n_replicates=70,
        seed=1,
        initial=fraction,
    )
    assert (run.counts == [100 - count, count, 0, 0]).all()


@pytest.mark.parametrize(
    ("initial", "states"),
    [
        (lambda: sf.Initial(1, by="degree"), [S, S, S, S, I]),
        (lambda: sf.Initial(3, by="degree"), [I, I, S, S, I]),  # ties by node order
        (lambda: sf.Initial(nodes=[3, 1]), [S, I, S, I, S]),
        (lambda: sf.Initial(states=[S, I, R, X, S]), [S, I, R, X, S]),
        (lambda: [S, I, R, X, I], [S, I, R, X, I]),
    ],
)
def test_certain_starts(initial: Any, states: list[int]) -> None:
    run = sf.simulate(
        sf.Network.from_edges([(4, 0), (4, 1), (4, 2), (4, 3)]),
        sf.SIRS(),
        n_steps=0,
        n_replicates=70,
        seed=1,
        initial=initial(),
        keep_final=True,
    )
    twin = ref.observables([states])
    assert (run.final == states).all()
    assert (run.counts == twin.counts).all()
    assert (run.infected_steps == 70 * np.array(twin.infected_steps)).all()
    assert (run.ever_infected == 70 * np.array(twin.ever_infected)).all()
    assert (run.ever_eliminated == 70 * np.array(twin.ever_eliminated)).all()
    assert (run.peak == twin.peak).all()


# ---- what holds in every run


MIDDLE = random_edges(150, 400, seed=8)
MIDDLE_TYPES = [("a", "b", "c")[i % 3] for i in range(150)]


def middle_run(n_replicates: int = 700, n_steps: int = 40, **changes: Any) -> Any:
    model: dict[str, Any] = {
        "beta": {"a": 0.05, "b": 0.1, "c": 0.02},
        "gamma": 0.2,
        "delta": {"a": 0.01, "b": 0.002, "c": 0.05},
        "xi": 0.1,
        "epsilon": 0.0,
    }
    options: dict[str, Any] = {"initial": 5, "seed": 17, "by_type": True, "keep_final": True}
    for key, value in changes.items():
        (model if key in {*model, "exposure"} else options)[key] = value
    net = sf.Network.from_edges(MIDDLE, n_nodes=150, types=MIDDLE_TYPES)
    return sf.simulate(net, sf.SIRS(**model), n_steps=n_steps, n_replicates=n_replicates, **options)


@pytest.mark.parametrize("exposure", ["per_partner", "shared"])
@pytest.mark.parametrize("epsilon", [0.0, 0.003])
def test_observables_agree_with_each_other(exposure: str, epsilon: float) -> None:
    run = middle_run(exposure=exposure, epsilon=epsilon)
    n, counts = 150, run.counts.astype(np.int64)
    assert run.counts.shape == (700, 41, 4)
    assert run.counts.dtype == np.int32
    assert run.final.dtype == np.uint8
    assert (counts >= 0).all()
    assert (counts.sum(axis=2) == n).all()
    assert (counts[:, 0] == [145, 5, 0, 0]).all()
    assert (np.diff(counts[:, :, X], axis=1) >= 0).all()
    assert (np.diff(counts[:, :, X], axis=1) <= counts[:, :-1, I]).all()
    for state in (S, I, R, X):
        assert ((run.final == state).sum(axis=1) == counts[:, -1, state]).all()
    assert run.infected_steps.sum() == counts[:, :, I].sum()
    assert run.ever_eliminated.sum() == counts[:, -1, X].sum()
    assert (run.ever_eliminated == (run.final == X).sum(axis=0)).all()
    assert run.ever_infected.sum() == round(float(run.attack_rate.sum()) * n)
    assert (run.ever_eliminated <= run.ever_infected).all()
    assert (run.ever_infected <= 700).all()
    assert (run.infected_steps >= run.ever_infected).all()
    np.testing.assert_allclose(run.risk_load, counts[:, :, I].sum(axis=1) / n, rtol=1e-12)
    assert (run.final_eliminated == counts[:, -1, X]).all()
    assert (run.peak == counts[:, :, I].max(axis=1)).all()
    assert (run.peak_step == counts[:, :, I].argmax(axis=1)).all()


@pytest.mark.parametrize("initial", [0, 1, 5, 150])
def test_type_counts_add_up(initial: int) -> None:
    run = middle_run(initial=initial, epsilon=0.001)
    assert run.type_counts.shape == (700, 41, 3, 4)
    assert run.type_counts.dtype == np.int32
    assert (run.type_counts.sum(axis=2) == run.counts).all()
    assert (run.type_counts.sum(axis=3) == 50).all()
    types = np.array([0, 1, 2] * 50)
    for code in range(3):
        for state in (S, I, R, X):
            seen = (run.final[:, types == code] == state).sum(axis=1)
            assert (seen == run.type_counts[:, -1, code, state]).all()
        assert run.infected_steps[types == code].sum() == run.type_counts[:, :, code, I].sum()


@pytest.mark.parametrize("waning", [0.0, 0.3])
@pytest.mark.parametrize("shocked", ["", "a", "abc"])
def test_extinction_is_the_first_step_without_a_way_back(waning: float, shocked: str) -> None:
    """Only types in `shocked` can be shocked, only type a wanes at `waning`: counts by type tell all."""
    run = middle_run(
        beta=0.02,
        gamma=0.4,
        delta={"a": 0.5, "b": 0.6, "c": 0.6},
        xi={"a": waning, "b": 0.0, "c": 0.0},
        epsilon={name: 0.2 if name in shocked else 0.0 for name in "abc"},
        n_steps=60,
    )
    alive = run.counts[:, :, I] > 0
    for code, name in enumerate("abc"):
        if name in shocked:
            alive |= run.type_counts[:, :, code, S] > 0
            if name == "a" and waning > 0:
                alive |= run.type_counts[:, :, code, R] > 0
    dead = ~alive
    expected = np.where(dead.any(axis=1), dead.argmax(axis=1), -1)
    assert (run.extinction_step == expected).all()
    assert (expected >= 0).any()  # the test has something to see


def test_epidemic_that_cannot_start_is_extinct_at_once() -> None:
    run = middle_run(initial=0)
    assert (run.extinction_step == 0).all()
    assert (run.risk_load == 0).all()
    assert (run.attack_rate == 0).all()
    assert (run.peak == 0).all()
    assert (run.peak_step == 0).all()
    assert (middle_run(initial=0, epsilon=1e-12).extinction_step == -1).all()


def test_seed_decides_everything() -> None:
    first, again, other = middle_run(), middle_run(), middle_run(seed=18)
    assert (first.counts == again.counts).all()
    assert (first.final == again.final).all()
    assert (first.infected_steps == again.infected_steps).all()
    assert (first.counts[:, 1:] != other.counts[:, 1:]).any()


# ---- what cannot happen


def test_nothing_is_caught_without_contact_or_shock() -> None:
    run = middle_run(beta=0.0, initial=40)
    assert (np.diff(run.counts[:, :, I], axis=1) <= 0).all()
    np.testing.assert_allclose(run.attack_rate, 40 / 150, rtol=1e-12)


def test_isolates_are_never_infected_by_contact() -> None:
    start = np.array([I, S, S, S, S], dtype=np.uint8)
    for exposure in ("per_partner", "shared"):
        run = sf.simulate(
            sf.Network.from_edges(APART, n_nodes=5),
            sf.SIRS(beta=1.0, gamma=0.1, delta=0.0, xi=1.0, exposure=exposure),
            n_steps=30,
            n_replicates=600,
            seed=3,
            initial=start,
        )
        assert (run.ever_infected[2:] == 0).all()
        assert (run.ever_infected[:1] == 600).all()


def test_gamma_one_lets_nobody_stay_infected() -> None:
    run = middle_run(gamma=1.0, delta=0.0, xi=0.0, beta=0.4)
    assert (run.infected_steps == run.ever_infected).all()
    assert (run.counts[:, 1:, R] == run.counts[:, :-1, R] + run.counts[:, :-1, I]).all()
    assert (run.counts[:, 1:, S] == run.counts[:, :-1, S] - run.counts[:, 1:, I]).all()


def test_delta_one_eliminates_every_case() -> None:
    run = middle_run(gamma=0.0, delta=1.0, beta=0.4)
    assert (run.ever_eliminated == run.ever_infected - (run.final == I).sum(axis=0)).all()
    assert (run.counts[:, 1:, X] == run.counts[:, :-1, X] + run.counts[:, :-1, I]).all()


def test_certain_rates_turn_like_a_clock() -> None:
    """All rates 1: I, R, S, I, ... from any start but X."""
    start = np.array([S, I, R, X] * 40, dtype=np.uint8)
    run = sf.simulate(
        sf.Network.from_edges([(0, 1)], n_nodes=160),
        sf.SIRS(beta=1.0, gamma=1.0, delta=0.0, xi=1.0, epsilon=1.0),
        n_steps=7,
        n_replicates=65,
        seed=4,
        initial=start,
        keep_final=True,
    )
    cycle = {S: I, I: R, R: S, X: X}
    states = [start.tolist()]
    for _ in range(7):
        states.append([cycle[value] for value in states[-1]])
    assert (run.final == states[-1]).all()
    twin = ref.observables(states, xi=1.0, epsilon=1.0)
    assert (run.counts == twin.counts).all()
    assert (run.infected_steps == 65 * np.array(twin.infected_steps)).all()
    assert (run.ever_infected == 65 * np.array(twin.ever_infected)).all()
    assert (run.ever_eliminated == 65 * np.array(twin.ever_eliminated)).all()
    assert (run.extinction_step == twin.extinction_step).all()
    np.testing.assert_allclose(run.attack_rate, twin.attack_rate, rtol=1e-12)


def test_certain_contagion_grows_by_one_shell_a_step() -> None:
    """beta = 1, nobody leaves I: the infected are the ball of radius t around the start."""
    adjacency = ref.adjacency_from_edges(MIDDLE, 150)
    ball, sizes = {7}, [1]
    for _ in range(6):
        ball |= {j for i in ball for j in adjacency[i]}
        sizes.append(len(ball))
    start = np.zeros(150, dtype=np.uint8)
    start[7] = I
    run = middle_run(beta=1.0, gamma=0.0, delta=0.0, n_steps=6, initial=start)
    assert (run.counts[:, :, I] == sizes).all()
    assert (run.final == np.where(np.isin(np.arange(150), list(ball)), I, S)).all()


# ---- against the naive twin on a network too large for the matrix


TWIN_EDGES = random_edges(14, 24, seed=5)
TWIN_STEPS = 12


@pytest.mark.parametrize("exposure", ["per_partner", "shared"])
def test_trajectories_and_observables_follow_the_twin(exposure: str) -> None:
    n, n_twin = 14, 5000
    rng = np.random.default_rng(6)
    rates: dict[str, Any] = {
        "beta": rng.uniform(0.05, 0.4, n).tolist(),
        "gamma": rng.uniform(0.1, 0.5, n).tolist(),
        "delta": rng.uniform(0.0, 0.1, n).tolist(),
        "xi": rng.uniform(0.0, 0.6, n).tolist(),
    }
    rates["epsilon"] = [0.02 if i < 3 else 0.0 for i in range(n)]
    adjacency = ref.adjacency_from_edges(TWIN_EDGES, n)
    plain = random.Random(61)
    twins = []
    for _ in range(n_twin):
        start = [S] * n
        for i in plain.sample(range(n), 2):
            start[i] = I
        history = ref.simulate(adjacency, start, n_steps=TWIN_STEPS, rng=plain, exposure=exposure, **rates)
        twins.append(ref.observables(history, xi=rates["xi"], epsilon=rates["epsilon"]))
    run = sf.simulate(
        sf.Network.from_edges(TWIN_EDGES, n_nodes=n),
        sf.SIRS(exposure=exposure, **{key: np.array(value) for key, value in rates.items()}),
        n_steps=TWIN_STEPS,
        n_replicates=200_000,
        seed=62,
        initial=2,
    )
    bound = FAMILY / (2 * (3 + 2 * n))
    twin_counts = np.array([twin.counts for twin in twins], dtype=float)
    for states in ([I], [S, X]):
        ours = run.counts[:, 1:, states].reshape(len(run.counts), -1).astype(float)
        assert two_sample_p(ours, twin_counts[:, 1:, states].reshape(n_twin, -1)) > bound
    names = ["risk_load", "final_eliminated", "peak", "peak_step", "attack_rate"]
    ours = np.column_stack([getattr(run, name) for name in names])
    theirs = np.array([[getattr(twin, name) for name in names] for twin in twins], dtype=float)
    assert two_sample_p(ours, theirs) > bound
    # Node by node: the twin's own variance, as only sums are kept on our side.
    for name in ("ever_infected", "infected_steps"):
        per_twin = np.array([getattr(twin, name) for twin in twins], dtype=float)
        spread = per_twin.std(axis=0, ddof=1) * np.sqrt(1 / n_twin + 1 / 200_000)
        z = (getattr(run, name) / 200_000 - per_twin.mean(axis=0)) / spread
        assert 2 * stats.norm.sf(np.abs(z).max()) > bound, name


# ---- replicates: any number of them, and independent


@pytest.fixture(scope="module")
def many() -> Any:
    return middle_run(n_replicates=20_000, seed=99)


@pytest.mark.parametrize("n_replicates", [1, 63, 64, 65, 511, 512, 513, 1000])
def test_any_number_of_replicates(n_replicates: int, many: Any) -> None:
    run = middle_run(n_replicates=n_replicates, seed=n_replicates)
    counts = run.counts.astype(np.int64)
    assert counts.shape == (n_replicates, 41, 4)
    assert run.final.shape == (n_replicates, 150)
    assert (counts.sum(axis=2) == 150).all()
    assert (run.type_counts.sum(axis=2) == counts).all()
    assert (counts[:, 0] == [145, 5, 0, 0]).all()
    for state in (S, I, R, X):
        assert ((run.final == state).sum(axis=1) == counts[:, -1, state]).all()
    assert run.infected_steps.sum() == counts[:, :, I].sum()
    assert run.ever_eliminated.sum() == counts[:, -1, X].sum()
    assert run.ever_infected.sum() == round(float(run.attack_rate.sum()) * 150)
    assert run.ever_infected.max() <= n_replicates
    for name in ("peak", "peak_step", "extinction_step"):
        assert getattr(run, name).shape == (n_replicates,)
    for name in ("risk_load", "final_eliminated", "attack_rate"):
        ours, theirs = getattr(run, name), getattr(many, name)
        assert ours.shape == (n_replicates,)
        if n_replicates == 1:  # one value has no normal mean: it must lie in the range of 20 000
            assert theirs.min() <= ours[0] <= theirs.max()
        else:  # 5.5 sigma: 4e-8 two-sided
            error = theirs.std() * np.sqrt(1 / n_replicates + 1 / 20_000)
            assert abs(ours.mean() - theirs.mean()) < 5.5 * error


def test_replicates_are_uncorrelated_at_every_lag_and_lane() -> None:
    n_replicates = 64 * 2048
    run = sf.simulate(
        sf.Network.from_edges(random_edges(24, 40, seed=12), n_nodes=24),
        sf.SIRS(beta=0.2, gamma=0.3, delta=0.05, xi=0.2),
        n_steps=6,
        n_replicates=n_replicates,
        seed=13,
        initial=6,
    )
    load = run.counts[:, :, I].sum(axis=1).astype(float)
    z = (load - load.mean()) / load.std()
    # Lags 1..1100 pass word (64) and block (512, 1024) boundaries; each mean product is N(0, 1/N).
    products = np.array([(z[lag:] * z[:-lag]).sum() / np.sqrt(len(z) - lag) for lag in range(1, 1101)])
    assert np.abs(products).max() < stats.norm.isf(FAMILY / 2 / len(products))
    assert FAMILY < stats.chi2.sf((products**2).sum(), len(products)) < 1 - FAMILY
    # The same by position: all pairs of lanes of a word, and of places in blocks of 512.
    for width in (64, 512):
        lanes = z.reshape(-1, width)
        rows = len(lanes)
        means = rows * (lanes.mean(axis=0) ** 2).sum()  # lanes have equal means
        assert FAMILY < stats.chi2.sf(means, width - 1) < 1 - FAMILY
        words = width * (lanes.mean(axis=1) ** 2).sum()  # words have equal means
        assert FAMILY < stats.chi2.sf(words, rows - 1) < 1 - FAMILY
        pairs = (lanes.T @ lanes / np.sqrt(rows))[np.triu_indices(width, 1)]
        assert np.abs(pairs).max() < stats.norm.isf(FAMILY / 2 / len(pairs)) * 1.1
        # Sum of squares of products of standardised values: mean 1 each, pairwise uncorrelated.
        error = (pairs**2).std() / np.sqrt(len(pairs))
        assert abs((pairs**2).mean() - 1.0) < 5.5 * error


def test_nodes_of_one_replicate_draw_apart() -> None:
    """Isolated nodes in one step: any two are uncorrelated, within and across neighbouring lanes."""
    n, n_replicates = 70, 1 << 15
    for start, rates in (
        (I, {"gamma": 0.3, "delta": 0.2}),
        (S, {"epsilon": 0.4}),
        (R, {"xi": 0.45}),
    ):
        model = {"beta": 0.0, "gamma": 0.0, "delta": 0.0, "xi": 0.0} | rates
        run = sf.simulate(
            sf.Network.from_edges(np.empty((0, 2), dtype=np.int64), n_nodes=n),
            sf.SIRS(**model),
            n_steps=1,
            n_replicates=n_replicates,
            seed=14 + start,
            initial=np.full(n, start, dtype=np.uint8),
            keep_final=True,
        )
        moved = (run.final != start).astype(float)
        z = (moved - moved.mean(axis=0)) / moved.std(axis=0)
        for lag in (0, 1, 64, 512):
            products = z[lag:].T @ z[: len(z) - lag] / np.sqrt(len(z) - lag)
            pairs = products[~np.eye(n, dtype=bool)] if lag == 0 else products.ravel()
            assert np.abs(pairs).max() < stats.norm.isf(FAMILY / 24 / len(pairs))
            # At lag 0 every pair is there twice.
            error = np.sqrt(2 / len(pairs)) * (np.sqrt(2) if lag == 0 else 1)
            assert abs((pairs**2).mean() - 1.0) < 5.5 * error


def test_steps_of_one_node_draw_apart() -> None:
    """An isolated node under shock, healing and waning: products over pairs of steps as the twin's."""
    law_rates = {"beta": 0.0, "gamma": 0.5, "delta": 0.1, "xi": 0.5, "epsilon": 0.5}
    rng = random.Random(70)
    twins = [
        [row[I] for row in ref.observables(ref.simulate([[]], [S], n_steps=8, rng=rng, **law_rates)).counts] for _ in range(20_000)
    ]
    run = sf.simulate(
        sf.Network.from_edges(np.empty((0, 2), dtype=np.int64), n_nodes=1),
        sf.SIRS(**law_rates),
        n_steps=8,
        n_replicates=200_000,
        seed=71,
        initial=np.zeros(1, dtype=np.uint8),
    )
    ours = run.counts[:, 1:, I].astype(float)
    theirs = np.array(twins, dtype=float)[:, 1:]
    upper = np.triu_indices(8)
    pair_a = (ours[:, :, None] * ours[:, None, :])[:, *upper]
    pair_b = (theirs[:, :, None] * theirs[:, None, :])[:, *upper]
    assert two_sample_p(pair_a, pair_b) > FAMILY
