"""The twin against itself: what it plays and what it computes are the same law."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import reference as ref
from proof.judge import FAMILY, g_test

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741
DETECTED, KEPT = ref.DETECTED, ref.KEPT


@pytest.mark.parametrize("exposure", ["per_partner", "shared"])
def test_twin_matrix_rows_sum_to_one(exposure: str) -> None:
    matrix = ref.transition_matrix(
        ref.adjacency_from_edges([(0, 1), (0, 2), (0, 3), (0, 4)], 5),
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


STRATEGIES: dict[str, Any] = {
    "beta": [0.3, 0.2, 0.5],
    "gamma": [0.4, 0.1, 0.2],
    "delta": [0.1, 0.2, 0.3],
    "xi": [0.2, 0.5, 0.9],
    "epsilon": [0.0, 0.15, 0.05],
    "detection": [0.5, 1.0, 0.2],
    "detected_beta": 0.4,
}


def test_twin_mechanism_of_detection_and_shocks_follows_the_formula() -> None:
    adjacency = ref.adjacency_from_edges([(0, 1), (1, 2)], 3)
    events = [ref.Event((0, 1), 0.4, (0, 2), 0.5), ref.Event((1, 2), 0.3, None, 0.6)]
    start = [I, S, R]
    code = np.zeros(6**3)
    code[ref.encode(start, 6)] = 1.0
    laws = ref.distributions_with_shocks(adjacency, code, 3, events, **STRATEGIES)
    rng = random.Random(21)
    histories = []
    for _ in range(20_000):
        happen = ref.draw_events(events, 3, rng)
        histories.append(ref.simulate(adjacency, start, n_steps=3, rng=rng, events=happen, **STRATEGIES))
    for t in (1, 2, 3):
        assert laws[t].sum() == pytest.approx(1.0, abs=1e-12)  # rounding of some thousand products
        codes = ref.encode(np.array([history[t] for history in histories]), 6)
        assert g_test(np.bincount(codes, minlength=6**3), laws[t]) > FAMILY / 6


@pytest.mark.parametrize(("order", "tries"), [(None, 0), ([2, 0, 3, 1], 0), (None, 3), (None, 60)])
@pytest.mark.parametrize("budget", [0, 1, 2, 4])
def test_twin_protects_by_its_own_law(order: list[int] | None, tries: int, budget: int) -> None:
    """Node 3 is isolated, node 1 infected at first."""
    adjacency = ref.adjacency_from_edges([(0, 1), (1, 2)], 4)
    law = ref.with_protection(adjacency, ref.state_distribution([S, I, S, S]), budget, order, tries)
    rng = random.Random(22)
    seen = np.zeros(6**4, np.int64)
    for _ in range(5000):
        seen[ref.encode(ref.protect(adjacency, [S, I, S, S], budget, rng, order, tries), 6)] += 1
    assert law.sum() == pytest.approx(1.0, abs=1e-12)
    assert g_test(seen, law) > FAMILY / 16


def test_twin_by_hand() -> None:
    """A path: the middle meets one who is detected and one who is not, and two shocks."""
    adjacency = ref.adjacency_from_edges([(0, 1), (1, 2)], 3)
    rates = {"beta": 0.5, "gamma": 0.1, "delta": 0.3, "xi": 0.2, "epsilon": 0.2, "detection": 0.25, "detected_beta": 0.2}
    events = (ref.Event((1,), 0.4), ref.Event((0, 1, 2), 0.5))
    law: dict[tuple[int, ...], float] = {}
    for after, p in ref.transitions_from([DETECTED, S, I], adjacency, events=events, **rates):
        law[tuple(after)] = law.get(tuple(after), 0.0) + p
    escape = 0.8 * 0.5 * 0.9 * 0.6 * 0.5
    assert law[DETECTED, S, DETECTED] == pytest.approx(0.6 * escape * 0.6 * 0.25)
    assert law[R, I, I] == pytest.approx(0.1 * (1 - escape) * 0.6 * 0.75)
    assert not any(after[0] == I for after in law)
    (stays,) = ref.transitions_from([KEPT, X, KEPT], adjacency, events=events, **rates)
    assert stays == ([KEPT, X, KEPT], 1.0)


def test_twin_waits_for_shocks_and_not_for_the_protected() -> None:
    history = [[DETECTED, KEPT], [R, KEPT], [R, KEPT], [R, KEPT]]
    seen = ref.observables(history, xi=[0.0, 1.0], epsilon=[0.0, 1.0])
    assert seen.extinction_step == 1
    assert seen.counts[0] == [0, 1, 1, 0] and seen.infected_steps == [1, 0] and seen.ever_eliminated == [0, 0]
    assert ref.observables(history, shocks=[1]).extinction_step == 2
    assert ref.observables(history, ever_shocked=True).extinction_step == -1


def test_twin_extinction_waits_for_the_last_way_back() -> None:
    history = [[I, S], [R, S], [R, S], [S, S]]
    assert ref.observables(history).extinction_step == 1
    assert ref.observables(history, epsilon=[0.0, 0.1]).extinction_step == -1
    assert ref.observables(history[:2], epsilon=[0.1, 0.0], xi=0.0).extinction_step == 1
    assert ref.observables(history[:2], epsilon=[0.1, 0.0], xi=0.5).extinction_step == -1
    assert ref.observables([[I, R], [R, R]], epsilon=[0.0, 0.1], xi=0.5).extinction_step == -1
    assert ref.observables([[I, R], [R, R]], epsilon=0.1, xi=0.0).extinction_step == 1
    assert ref.observables([[I, R], [X, R]], epsilon=[0.1, 0.0], xi=0.5).extinction_step == 1


def test_counts_on_the_complete_graph_are_those_of_the_matrix() -> None:
    rates = {"beta": 0.2, "gamma": 0.3, "delta": 0.15, "xi": 0.4, "epsilon": 0.05}
    matrix = ref.transition_matrix(ref.adjacency_from_edges([(a, b) for b in range(4) for a in range(b)], 4), **rates)
    law = ref.distribution_after(matrix, ref.state_distribution([I, S, S, R]), 4)
    expected: dict[ref.Counts, float] = {}
    for code, p in enumerate(law):
        states = ref.decode(code, 4)
        key = (states.count(S), states.count(I), states.count(R), states.count(X))
        expected[key] = expected.get(key, 0.0) + float(p)
    counts = ref.complete_graph_counts((2, 1, 1, 0), 4, **rates)
    assert sum(counts.values()) == pytest.approx(1.0, abs=1e-12)  # rounding of some hundred sums
    for key, p in expected.items():
        assert counts.get(key, 0.0) == pytest.approx(p, abs=1e-14)


def test_mean_field_and_its_correction_meet_the_chain_of_counts() -> None:
    """From n = 20 to 30 what the correction leaves over falls as 1/n^2: to four ninths, within a twentieth of it."""
    rates = {"gamma": 0.3, "delta": 0.1, "xi": 0.2, "epsilon": 0.03}
    start, n_steps, b = (0.6, 0.3, 0.1, 0.0), 2, 1.5
    shift, _ = ref.mean_field_corrections(start, b=b, n_steps=n_steps, **rates)
    map_ = ref.mean_field(start, b=b, n_steps=n_steps, **rates)[-1]
    left = []
    for n in (20, 30):
        law = ref.complete_graph_counts(tuple(round(n * share) for share in start), n_steps, beta=b / n, **rates)
        mean = sum(p * np.array(counts) for counts, p in law.items()) / n
        left.append(np.abs(mean - map_ - shift / n).max())
    assert left[0] < 0.1 * np.abs(shift).max() / 20
    assert left[1] / left[0] == pytest.approx(4 / 9, rel=0.05)


def test_final_size_of_a_regular_network_solves_its_own_equation() -> None:
    """d = 3, T = 0.8: u = 0.2 + 0.8 u^2 has the root 0.25, and 1 - u^3 are infected."""
    assert ref.final_size([3] * 10, beta=0.8, gamma=1.0) == pytest.approx(1 - 0.25**3, abs=1e-12)


def test_shared_exposure_by_hand() -> None:
    """A star of four leaves: 8 ends for 5 nodes, so the hub meets 0.3 * 1.6 / 4, a leaf 0.3 * 1.6, and 1.44 is 1."""
    star = ref.adjacency_from_edges([(0, 1), (0, 2), (0, 3), (0, 4)], 5)
    assert ref.effective_beta(star, [0.3, 0.3, 0.3, 0.9, 0.0], "shared") == pytest.approx([0.12, 0.48, 0.48, 1.0, 0.0])
