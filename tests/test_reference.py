"""The twin against itself: what it plays and what it computes are the same law."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import reference as ref
from proof.judge import FAMILY, g_test

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741


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
    """From n = 20 to 40 what the correction leaves over falls as 1/n^2: to a quarter, within a tenth of it."""
    rates = {"gamma": 0.3, "delta": 0.1, "xi": 0.2, "epsilon": 0.03}
    start, n_steps, b = (0.6, 0.3, 0.1, 0.0), 2, 1.5
    shift, _ = ref.mean_field_corrections(start, b=b, n_steps=n_steps, **rates)
    map_ = ref.mean_field(start, b=b, n_steps=n_steps, **rates)[-1]
    left = []
    for n in (20, 40):
        law = ref.complete_graph_counts(tuple(round(n * share) for share in start), n_steps, beta=b / n, **rates)
        mean = sum(p * np.array(counts) for counts, p in law.items()) / n
        left.append(np.abs(mean - map_ - shift / n).max())
    assert left[0] < 0.1 * np.abs(shift).max() / 20
    assert 0.225 < left[1] / left[0] < 0.275


def test_final_size_of_a_regular_network_solves_its_own_equation() -> None:
    """d = 3, T = 0.8: u = 0.2 + 0.8 u^2 has the root 0.25, and 1 - u^3 are infected."""
    assert ref.final_size([3] * 10, beta=0.8, gamma=1.0) == pytest.approx(1 - 0.25**3, abs=1e-12)


def test_shared_exposure_by_hand() -> None:
    """A star of four leaves: 8 ends for 5 nodes, so the hub meets 0.3 * 1.6 / 4, a leaf 0.3 * 1.6, and 1.44 is 1."""
    star = ref.adjacency_from_edges([(0, 1), (0, 2), (0, 3), (0, 4)], 5)
    assert ref.effective_beta(star, [0.3, 0.3, 0.3, 0.9, 0.0], "shared") == pytest.approx([0.12, 0.48, 0.48, 1.0, 0.0])
