"""What is written down: it adds up, and writing it down changes nothing."""

from typing import Any

import numpy as np
import pytest

from benchmarks.workloads import Steps, typed
from scfast import lanes, sirs

N_STEPS = 100


@pytest.mark.parametrize("maps", [False, True], ids=["no maps", "maps"])
@pytest.mark.parametrize("counts", ["no counts", "counts", "by type"])
@pytest.mark.parametrize("n_nodes", [100, 10_000])
def test_recording(benchmark: Any, n_nodes: int, counts: str, maps: bool) -> None:
    def steps() -> Steps:
        return Steps(typed(n_nodes), N_STEPS, counts=counts != "no counts", by_type=counts == "by type", maps=maps)

    benchmark(steps())
    block, plain = steps()(), Steps(typed(n_nodes), N_STEPS, counts=True, maps=True)()
    for name in ("s", "i", "r", "ever"):
        np.testing.assert_array_equal(getattr(block.planes, name), getattr(plain.planes, name))
    written, total = block.record.counts, plain.record.counts  # (step, group, state, lane)
    if counts != "no counts":
        assert (written.sum(axis=(1, 2)) == n_nodes).all()
        np.testing.assert_array_equal(written.sum(axis=1, keepdims=True), total)
    if counts == "by type":
        np.testing.assert_array_equal(written.sum(axis=2)[0, :, 0], np.bincount(typed(n_nodes).types))
    if maps:
        np.testing.assert_array_equal(block.planes.steps, plain.planes.steps)


@pytest.mark.parametrize("by_type", [False, True], ids=["total", "by type"])
def test_everything_that_simulate_keeps(benchmark: Any, by_type: bool) -> None:
    setup = sirs.prepare(typed(100), sirs.SIRS(beta=0.1, gamma=0.1, xi=0.05, delta=0.005), sirs.Initial(0.1), by_type)
    counts, seen, maps = benchmark(sirs.run_replicates, setup, (3, 0, 0, 0), 2_048, N_STEPS)
    assert (counts.sum(axis=(1, 2)) == 100).all()
    outcomes = dict(zip(sirs.OBSERVABLES, seen.T, strict=True))
    infected = counts[:, :, lanes.I].sum(axis=1)
    np.testing.assert_array_equal(outcomes["infected_steps"], infected.sum(axis=0))
    np.testing.assert_array_equal(outcomes["peak"], infected.max(axis=0))
    np.testing.assert_array_equal(outcomes["final_eliminated"], counts[-1, :, lanes.X].sum(axis=0))
    ever, eliminated, steps = maps[:3].sum(axis=1)
    assert ever == outcomes["ever_infected"].sum()
    assert eliminated == outcomes["final_eliminated"].sum()
    assert steps == outcomes["infected_steps"].sum()
