"""The simulator against the naive twin, and what must hold in every run; tests/proof has the exact laws.

Every statistical test is a family: its bound is FAMILY divided by the number of comparisons, so that the whole
file fails by chance in fewer than one of 10^4 sets of seeds, and the seeds are fixed.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import reference as ref
from proof import judge
from proof.judge import FAMILY, binomial_p, two_sample_p
from scipy import stats

import scfast as sf
from scfast import sirs
from scfast.parameters import Protection, Shock

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741


@pytest.fixture(autouse=True, params=judge.WAYS)
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test runs on bit-planes, in lists of infected nodes, and changing from one to the other every two steps."""
    with judge.way(request.param):
        yield


def random_edges(n_nodes: int, n_edges: int, seed: int) -> list[tuple[int, int]]:
    """Distinct edges drawn uniformly."""
    rng = random.Random(seed)
    pairs = [(a, b) for a in range(n_nodes) for b in range(a + 1, n_nodes)]
    return rng.sample(pairs, n_edges)


# ---- single transitions, node by node


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


@pytest.mark.parametrize("rate", [1.4e-6, 1 - 1.4e-6])
def test_rates_near_zero_and_one_are_not_rounded(rate: float) -> None:
    """3.3e8 trials: a rate kept to 20 bits or six decimals would be off by 29 % and more, 6 sigma."""
    n, trials = 5000, 1 << 16
    run = sf.simulate(
        sf.Network.from_edges(np.empty((0, 2), dtype=np.int64), n_nodes=n),
        sf.SIRS(beta=0.0, gamma=0.0, delta=0.0, xi=0.0, epsilon=np.full(n, rate)),
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


# ---- strategies and shocks


@pytest.mark.parametrize(
    "initial",
    [lambda: sf.Initial(by="each"), lambda: sf.Initial(by="each", within="b"), lambda: sf.Initial(1, by="each", within="c")],
)
def test_each_node_begins_in_turn(initial: Any) -> None:
    run = middle_run(n_replicates=1100, n_steps=0, initial=initial())
    pool = [i for i in range(150) if initial().within in (None, MIDDLE_TYPES[i])]
    assert (run.final == I).sum() == 1100
    assert ((run.final == I).argmax(axis=1) == np.resize(pool, 1100)).all()


def test_importance_is_the_mean_of_replicates_that_begin_with_a_node() -> None:
    """Of so many steps that not all replicates are held at once."""
    net = sf.Network.from_edges([(0, 1), (1, 2), (1, 3)], n_nodes=5)
    model = sf.SIRS(beta=0.2, gamma=0.3, delta=0.01, xi=0.2)
    load, lost = sirs.importance(net, model, 2100, 220, seed=8)
    run = sf.simulate(net, model, 2100, 5 * 220, seed=8, initial=sf.Initial(by="each"))
    for seen, column in ((load, run.risk_load), (lost, run.final_eliminated / 5)):
        np.testing.assert_allclose(seen, column.reshape(220, 5).mean(axis=0), rtol=1e-12)
    assert load.argmax() == 1 and load.argmin() == 4


@pytest.mark.parametrize(
    ("by", "rates", "of_type"),
    [
        ("vulnerability", {"beta": 0.01, "xi": 1.0, "epsilon": {"a": 0.0, "b": 0.5, "c": 0.01}}, [0, 40, 0]),
        ("importance", {"beta": {"a": 0.05, "b": 0.0, "c": 0.0}, "gamma": {"a": 0.4, "b": 0.9, "c": 0.01}}, [0, 0, 40]),
    ],
)
def test_a_pilot_run_tells_whom_to_protect(by: str, rates: dict[str, Any], of_type: list[int]) -> None:
    """Those who are infected from outside most often, and those who if infected stay so longest."""
    run = middle_run(n_replicates=70, n_steps=30, delta=0.0, initial=0, protection=Protection(40, by=by), **rates)
    assert (run.type_counts[:, 0, :, R] == of_type).all()
    again = middle_run(n_replicates=70, n_steps=30, delta=0.0, initial=0, protection=Protection(40, by=by), **rates)
    assert (run.final == again.final).all()


def test_random_protection_has_nothing_to_do_with_first_infections_of_any_lane() -> None:
    """One node each: the protected of a lane is the infected of another of its word once in 150 times, and never its own."""
    words, some = 400, 8
    run = middle_run(n_replicates=64 * words, n_steps=0, initial=1, protection=Protection(1, by="random"))
    infected, kept = ((run.final == state).argmax(axis=1).reshape(words, 64)[:, :some] for state in (I, R))
    same = (infected[:, :, None] == kept[:, None, :]).sum(axis=0)
    own = np.eye(some, dtype=bool)
    assert not same[own].any()
    assert binomial_p(same[~own], words, 1 / 150).min() > FAMILY / (some * some)


def test_the_protected_are_immune_for_ever_and_counted_so() -> None:
    degree = np.bincount(np.ravel(MIDDLE), minlength=150)
    kept = np.argsort(-degree, kind="stable")[:20]
    start = np.zeros(150, np.uint8)
    start[kept[3]] = I  # in its place the next is protected
    kept = np.append(np.delete(kept, 3), np.argsort(-degree, kind="stable")[20])
    event = Shock(steps=[3, 11], severity=1.0)
    run = middle_run(initial=start, xi=1.0, epsilon=0.1, shocks=[event], protection=Protection(20), n_replicates=513)
    assert (run.final[:, kept] == R).all()
    assert not run.ever_infected[kept].any() and not run.ever_eliminated[kept].any() and not run.infected_steps[kept].any()
    of_type = np.bincount(kept % 3, minlength=3)
    assert (run.type_counts[:, :, :, R] >= of_type).all() and (run.type_counts[:, 0, :, R] == of_type).all()
    assert (run.type_counts.sum(axis=3) == 50).all()
    assert (run.counts[:, 0, X] == 0).all()


def test_all_cells_meet_the_same_shocks_and_protect_the_same_nodes() -> None:
    """Cells share what is drawn for a block of a network; blocks, networks and seeds do not."""
    net = sf.Network.from_edges(MIDDLE, n_nodes=150, types=MIDDLE_TYPES)
    inert = sf.SIRS(beta=0.0, gamma=0.0, delta=0.0, xi=0.0)
    setup = sirs.prepare(
        net,
        inert,
        sf.Initial(5),
        False,
        [Shock(probability=0.2, severity=0.1, within="b")],
        Protection(10, by="acquaintance"),
    )

    def final(*key: int) -> np.ndarray:
        out = np.empty((512, 150), np.uint8)
        sirs.run_replicates(setup, key, 512, 8, final=out)
        return out

    one = final(3, 0, 0, 0)
    np.testing.assert_array_equal(one, final(3, 0, 7, 0))
    for other in (final(4, 0, 0, 0), final(3, 1, 0, 0), final(3, 0, 0, 1)):
        for state in (I, R):
            assert ((one == state) != (other == state)).any(axis=1).mean() > 0.9


# ---- what cannot happen


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


@functools.cache
def twin_rates() -> dict[str, Any]:
    n, rng = 14, np.random.default_rng(6)
    rates: dict[str, Any] = {
        "beta": rng.uniform(0.05, 0.4, n).tolist(),
        "gamma": rng.uniform(0.1, 0.5, n).tolist(),
        "delta": rng.uniform(0.0, 0.1, n).tolist(),
        "xi": rng.uniform(0.0, 0.6, n).tolist(),
    }
    return rates | {"epsilon": [0.02 if i < 3 else 0.0 for i in range(n)]}


@functools.cache
def twin_observables(exposure: str) -> list[ref.Observables]:
    """5,000 replicates of the twin with two infected nodes."""
    rates, plain, twins = twin_rates(), random.Random(61), []
    adjacency = ref.adjacency_from_edges(TWIN_EDGES, 14)
    for _ in range(5000):
        start = [S] * 14
        for i in plain.sample(range(14), 2):
            start[i] = I
        history = ref.simulate(adjacency, start, n_steps=TWIN_STEPS, rng=plain, exposure=exposure, **rates)
        twins.append(ref.observables(history, xi=rates["xi"], epsilon=rates["epsilon"]))
    return twins


@pytest.mark.parametrize("exposure", ["per_partner", "shared"])
def test_trajectories_and_observables_follow_the_twin(exposure: str) -> None:
    n, n_twin, rates = 14, 5000, twin_rates()
    twins = twin_observables(exposure)
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
