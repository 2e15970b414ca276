"""The driver: the same numbers on one thread and on two, and nothing computed twice."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scfast as sf

CONFIG = """
[network]
n_nodes = 5000
[sweep]
"dynamics.beta" = [0.05, 0.1]
[run]
networks = 4
replicates = 512
steps = 200
seed = 11
record = ["types", "nodes"]
"""


@pytest.fixture(scope="module")
def digest() -> str:
    """Of the results that one thread finds in memory."""
    return sf.run(sf.Config.from_text(CONFIG), n_jobs=1).digest


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_run(benchmark: Any, tmp_path: Path, digest: str, n_jobs: int) -> None:
    folders = (tmp_path / str(k) for k in itertools.count())
    config = sf.Config.from_text(CONFIG)
    result = benchmark.pedantic(
        lambda folder: sf.run(config, folder, n_jobs=n_jobs), setup=lambda: ((next(folders),), {}), rounds=5, warmup_rounds=1
    )
    assert result.complete
    assert result.digest == digest
    np.testing.assert_allclose(result.mean.sum(axis=-1), 5000, rtol=1e-12)  # rounding alone


def test_continuing_what_is_finished(benchmark: Any, tmp_path: Path, digest: str) -> None:
    config = sf.Config.from_text(CONFIG)
    sf.run(config, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    result = benchmark(sf.run, config, tmp_path)
    assert result.digest == digest
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
