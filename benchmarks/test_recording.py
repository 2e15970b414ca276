"""What is written down: it adds up, and writing it down changes nothing."""

from typing import Any

import numpy as np
import pytest

from benchmarks.workloads import REFERENCE, silent, typed
from scfast import lanes, sirs

STEPS, LANES = 100, 512


@pytest.mark.parametrize("maps", [False, True], ids=["no maps", "maps"])
@pytest.mark.parametrize("counts", ["no counts", "counts", "by type"])
@pytest.mark.parametrize("n_nodes", [100, 10_000])
def test_recording(benchmark: Any, n_nodes: int, counts: str, maps: bool) -> None:
    setup = sirs.prepare(typed(n_nodes), REFERENCE.model, sirs.Initial(0.01), by_type=counts == "by type")
    if counts == "no counts":
        setup = silent(setup)
    block = benchmark(sirs.run_block, setup, (3, 0, 0, 0), LANES, STEPS, map_steps=maps)
    plain = sirs.run_block(
        sirs.prepare(typed(n_nodes), REFERENCE.model, sirs.Initial(0.01), False), (3, 0, 0, 0), LANES, STEPS, True
    )
    for plane, other in ((block.planes.s, plain.planes.s), (block.planes.i, plain.planes.i), (block.planes.r, plain.planes.r)):
        np.testing.assert_array_equal(plane, other)
    written = block.record.counts  # (step, group, state, lane)
    if counts != "no counts":
        assert (written.sum(axis=(1, 2)) == n_nodes).all()
        np.testing.assert_array_equal(written.sum(axis=1, keepdims=True), plain.record.counts)
    if counts == "by type":
        np.testing.assert_array_equal(written.sum(axis=2)[0, :, 0], np.bincount(typed(n_nodes).types))
    infected = plain.record.counts[:, :, lanes.I].sum(dtype=np.int64)
    assert block.planes.steps.sum() == (infected if maps else 0)
    if maps:
        assert sirs.node_maps(block, LANES)[2].sum() == infected
