"""The dynamics: every workload gives the answer that other means gave (expected.json, made by independent.py)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scfast as sf
from benchmarks.workloads import WORKLOADS

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text())


def outcomes(run: sf.Run) -> np.ndarray:
    """Shares infected and eliminated at the last step, and risk load, (replicates, 3)."""
    shares = run.counts[:, -1] / run.network.n_nodes
    return np.column_stack((shares[:, 1], shares[:, 3], run.risk_load))


@pytest.mark.parametrize("name", WORKLOADS)
def test_workload(benchmark: Any, name: str) -> None:
    workload, expected = WORKLOADS[name], EXPECTED[name]
    n = workload.network().n_nodes
    assert workload.network().digest() == expected["network"], "the network is another one: run independent.py again"
    run = benchmark(workload.run, seed=7)
    benchmark.extra_info["node-steps"] = workload.node_steps
    ours = outcomes(run)
    error = np.sqrt(np.square(expected["sd"]) / expected["replicates"] + ours.var(axis=0, ddof=1) / len(ours))
    # three outcomes of ten workloads, one fixed seed: beyond five standard errors is no chance
    assert (np.abs(ours.mean(axis=0) - expected["mean"]) <= 5 * error).all(), (ours.mean(axis=0), expected["mean"], error)
    assert (run.counts.sum(axis=2) == n).all()
    assert run.infected_steps.sum() == run.counts[:, :, 1].sum(dtype=np.int64)
    assert run.ever_eliminated.sum() == run.final_eliminated.sum()
    assert (run.ever_infected >= run.ever_eliminated).all()
