"""Results on disk: what is published, merged and loaded is what was computed."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scfast as sf
from scfast import ensemble, storage
from scfast.plan import Plan

CONFIG = """
[network]
n_nodes = 1000
[run]
networks = 16
replicates = 512
steps = 100
seed = 12
record = ["types", "nodes", "trajectories"]
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Sixteen networks, every trajectory kept: 13 MB of them."""
    return Plan.of(sf.Config.from_text(CONFIG))


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all results."""
    path = tmp_path_factory.mktemp("storage") / "results"
    sf.run(plan.config, path)
    return path


def test_publish(benchmark: Any, plan: Plan, tmp_path: Path) -> None:
    tables = plan.job(0)()
    assert tables is not None
    paths = (tmp_path / f"{k}.h5" for k in itertools.count())
    last = []

    def publish(path: Path) -> None:
        storage.publish_tables(path, tables, plan.run_id)
        last[:] = [path]

    benchmark.pedantic(publish, setup=lambda: ((next(paths),), {}), rounds=10, warmup_rounds=1)
    note = storage.verify(last[0], plan.run_id)
    assert note is not None
    assert note["content"] == storage.content_digest(tables)
    again = storage.read_tables(last[0])
    assert again.keys() == tables.keys()
    for name, array in tables.items():
        np.testing.assert_array_equal(again[name], array)


def test_merge(benchmark: Any, folder: Path) -> None:
    whole = sf.load(folder).digest

    def unmerged() -> tuple[tuple[Path], dict[str, Any]]:
        for name in ("results.h5", "results.json"):
            (folder / name).unlink()
        return (folder,), {}

    benchmark.pedantic(ensemble.merge_folder, setup=unmerged, rounds=5, warmup_rounds=1)
    assert sf.load(folder).digest == whole


def test_load(benchmark: Any, folder: Path) -> None:
    def load() -> tuple[sf.Result, np.ndarray, np.ndarray]:
        result = sf.load(folder)
        return result, result.mean, result.quantile(0.9)

    result, mean, high = benchmark(load)
    assert result.complete
    counts = result.counts[0].reshape(-1, 101, 4)
    assert len(counts) == 16 * 512
    assert (counts.sum(axis=2) == 1000).all()
    np.testing.assert_allclose(mean[0], counts.mean(axis=0), rtol=1e-12)  # rounding alone
    np.testing.assert_array_equal(high[0], np.quantile(counts, 0.9, axis=0, method="inverted_cdf"))
