"""The driver and what it leaves on disk: same numbers however they are computed, nothing believed that is damaged."""

import contextlib
import errno
import functools
import io
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

import scfast as sf
from scfast import ensemble, storage
from scfast.plan import Plan
from scfast.simulating import Task, run_task

SMALL = """
[network]
n_nodes = 70
[dynamics]
beta = 0.2
[sweep]
"dynamics.gamma" = [0.1, 0.4]
"network.m_crossing" = [2, 5]
[run]
networks = 3
replicates = 130
steps = 25
seed = 11
record = ["types", "nodes", "trajectories"]
"""


@pytest.fixture(scope="module")
def result() -> sf.Result:
    """The small sweep, in memory, on one worker."""
    return sf.run(sf.Config.from_text(SMALL), n_jobs=1)


@pytest.mark.parametrize(("n_jobs", "backend"), [(2, "threads"), (2, "loky"), (1, "loky")])
def test_same_bits_whatever_computes_them(result: sf.Result, tmp_path: Path, n_jobs: int, backend: str) -> None:
    again = sf.run(sf.Config.from_text(SMALL), tmp_path / "r", n_jobs=n_jobs, backend=backend)
    assert again.complete
    assert again.digest == result.digest


def test_parts_of_the_plan_merge_to_the_whole(result: sf.Result, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    config = sf.Config.from_text(SMALL)
    partial = sf.run(config, folder, shard=(1, 3))
    assert 0 < partial.done < partial.total
    assert np.isnan(partial.mean).any() or partial.done >= partial.total / 3
    with pytest.raises(ValueError, match="missing or damaged"):
        ensemble.merge_folder(folder)
    for part in (0, 2):
        sf.run(config, folder, shard=(part, 3))
    assert sf.load(folder).digest == result.digest  # whoever finds the plan complete merges it
    for name in ("results.h5", "results.json"):
        (folder / name).unlink()
    assert sf.load(folder).digest == result.digest
    ensemble.merge_folder(folder)
    assert sf.load(folder).digest == result.digest


def test_blocks_split_over_tasks_merge_exactly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """1,300 replicates in tasks of one block each, merged, hold what one task of all of them holds."""
    config = sf.Config.from_text(
        "[network]\nn_nodes=40\n[run]\nnetworks=2\nreplicates=1300\nsteps=12\nseed=4\nrecord=['nodes','trajectories']"
    )
    whole = sf.run(config, n_jobs=1)
    monkeypatch.setattr("scfast.simulating.TASK_BYTES", 1)
    assert sum(map(len, Plan.of(config).shards)) == 6
    split = sf.run(config, tmp_path / "r", n_jobs=1)
    assert split.digest == whole.digest


def test_statistics_equal_those_of_the_raw_trajectories(result: sf.Result) -> None:
    counts = result.counts.astype(float)  # (cell, network, replicate, step, state)
    means = counts.mean(axis=2)
    np.testing.assert_allclose(result.mean, means.mean(axis=1), rtol=1e-12)  # rounding alone
    np.testing.assert_allclose(result.sem, means.std(axis=1, ddof=1) / np.sqrt(3), rtol=1e-9, atol=1e-12)
    within = counts.var(axis=2, ddof=1).mean(axis=1)
    np.testing.assert_allclose(result.variance["within"], within, rtol=1e-9, atol=1e-9)
    between = means.var(axis=1, ddof=1) - within / 130
    np.testing.assert_allclose(result.variance["between"], np.maximum(between, 0), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(result.variance["negative"], between < 0)
    pooled = result.counts.reshape(4, 390, 26, 4)
    for q in (0.0, 0.05, 0.5, 0.9, 1.0):
        np.testing.assert_array_equal(result.quantile(q), np.quantile(pooled, q, axis=1, method="inverted_cdf"))
    infected = counts[..., 1]
    np.testing.assert_array_equal(result.replicates["risk load"], infected.sum(axis=3) / 70)
    np.testing.assert_array_equal(result.replicates["eliminated"], counts[..., -1, 3] / 70)
    np.testing.assert_array_equal(result.replicates["peak"], infected.max(axis=3) / 70)
    np.testing.assert_array_equal(result.replicates["peak step"], infected.argmax(axis=3))
    died = (infected == 0).any(axis=3)
    np.testing.assert_array_equal(result.replicates["extinct"], died)
    np.testing.assert_array_equal(result.replicates["extinction step"], np.where(died, (infected == 0).argmax(axis=3), 25))
    np.testing.assert_array_equal(result.samples(0), result.counts[0, :, :4])
    assert result.type_mean.sum(axis=2) == pytest.approx(result.mean)


def test_cells_share_networks_and_first_infections(result: sf.Result) -> None:
    """Cells 0 and 2 differ in gamma alone: the same networks, the same step 0; cell 1 has other networks."""
    assert result.cells[0] == {"dynamics.gamma": 0.1, "network.m_crossing": 2}
    digests = result.tables["rows/network_digest"].reshape(4, 3, 32)
    np.testing.assert_array_equal(digests[0], digests[2])
    assert (digests[0] != digests[1]).any()
    for cell in (0, 3):
        again = result.network(cell, 2)
        assert again.digest() == digests[cell, 2].tobytes().hex()
    config = sf.Config.from_text(SMALL)
    runs = [
        sf.simulate(result.network(cell, 0), config.cells[cell].dynamics, 25, 130, 11, initial=config.initial, keep_final=True)
        for cell in (0, 2)
    ]
    np.testing.assert_array_equal(runs[0].counts, result.counts[0, 0])  # network 0 of cell 0 is what simulate gives
    np.testing.assert_array_equal(runs[1].counts[:, 0], result.counts[2, 0, :, 0])
    shares = result.nodes(0)
    first = shares[shares["network"] == 0].sort_values("node")
    np.testing.assert_allclose(first["infected"], runs[0].infected_steps / (130 * 26), rtol=1e-12)
    np.testing.assert_allclose(first["eliminated"], (runs[0].final == 3).mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("replicates", [1024, 1000, 600])
def test_standard_errors_of_nodes_are_the_spread_over_seeds(replicates: int) -> None:
    """Mean square of 20 nodes' standard errors against their variance over 80 seeds: a ratio near 1, also with lots not full.

    The nodes of a run move together, so the variances over seeds alone count: 79 degrees of freedom, a relative standard error of
    16 %; 4.5 of them are 0.72.
    """
    net = sf.Network.from_edges([(i, (i + 1) % 20) for i in range(20)])
    shares, errors = [], []
    for seed in range(80):
        text = f"[network]\nn_nodes=20\n[run]\nnetworks=1\nreplicates={replicates}\nsteps=20\nseed={seed}\nrecord=['nodes']"
        plan = Plan.of(sf.Config.from_text(text))
        task = Task(0, 0, 0, replicates)
        result = sf.Result(plan.manifest(), run_task(plan.config.run, plan.config.cells[0], task, net, None), loaded=net)
        shares.append(result.tables["node/infected_steps"] / (replicates * 21))
        errors.append(result._infected_se(np.arange(20)))
    ratio = np.mean(np.square(errors)) / np.mean(np.var(shares, axis=0, ddof=1))
    assert abs(ratio - 1) < 0.72


def test_file_describes_itself(tmp_path: Path) -> None:
    every = "run.record=['types', 'nodes', 'trajectories', 'importance']"
    sf.run(sf.Config.from_text(SMALL, [every]), tmp_path / "r")
    with h5py.File(tmp_path / "r" / "results.h5") as file:
        assert [name.decode() for name in file.attrs["state"]] == ["S", "I", "R", "X"]
        assert len(file.attrs["run_id"]) == 64
        seen = []

        def look(name: str, item: h5py.HLObject) -> None:
            if isinstance(item, h5py.Dataset):
                seen.append(name)
                assert item.dtype.kind in "iu"
                assert item.attrs["unit"] and item.attrs["meaning"]
                assert item.attrs["axes"].split(", ") == [dim.label for dim in item.dims]

        file.visititems(look)
    assert set(seen) == {name for name in storage.SCHEMA if not name.startswith("topology/")}


def test_second_run_computes_nothing(tmp_path: Path) -> None:
    config = sf.Config.from_text(SMALL)
    sf.run(config, tmp_path / "r")
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "r").rglob("*") if path.is_file()}
    sf.run(config, tmp_path / "r")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "r").rglob("*") if path.is_file()} == stamps


def test_a_drawn_seed_is_kept(tmp_path: Path) -> None:
    text = SMALL.replace("seed = 11\n", "")
    first = sf.run(sf.Config.from_text(text), tmp_path / "r")
    again = sf.run(sf.Config.from_text(text), tmp_path / "r")
    assert first.seed == again.seed
    assert first.digest == again.digest


@pytest.mark.parametrize("damage", ["truncate", "flip", "sidecar"])
def test_damaged_shards_are_set_aside_and_computed_again(
    result: sf.Result, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "r"
    sf.run(sf.Config.from_text(SMALL), folder)
    shard = sorted((folder / "shards").glob("*.h5"))[1]
    for merged in ("results.h5", "results.json"):
        (folder / merged).unlink()
    data = bytearray(shard.read_bytes())
    if damage == "truncate":
        shard.write_bytes(data[:-1000])
    elif damage == "flip":
        data[len(data) // 2] ^= 4
        shard.write_bytes(data)
    else:
        shard.with_suffix(".json").write_text("{")
    with pytest.raises(ValueError, match=r"000001.h5: damaged; 'scfast run' again sets it aside and completes the results"):
        sf.load(folder)
    again = sf.run(sf.Config.from_text(SMALL), folder)
    assert again.digest == result.digest
    assert "set aside" in capsys.readouterr().err
    assert list((folder / "shards").glob("*.damaged-0"))


def test_file_without_its_sidecar_is_believed_if_whole(result: sf.Result, tmp_path: Path) -> None:
    """A kill between the two leaves a whole file: nothing is computed again."""
    folder = tmp_path / "r"
    sf.run(sf.Config.from_text(SMALL), folder)
    shards = sorted((folder / "shards").glob("*.h5"))
    stamps = [path.stat().st_mtime_ns for path in shards]
    for path in (*(shard.with_suffix(".json") for shard in shards), folder / "results.h5", folder / "results.json"):
        path.unlink()
    assert sf.run(sf.Config.from_text(SMALL), folder).digest == result.digest
    assert [path.stat().st_mtime_ns for path in shards] == stamps


class Full(io.FileIO):
    """A file on a disk that has room for 20 kB."""

    def write(self, data) -> int:
        if self.tell() + len(data) > 20_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_full_disk_is_an_error_that_leaves_nothing_behind(result: sf.Result, tmp_path: Path) -> None:
    """HDF5 itself ends the process when a write fails."""

    def write(file) -> None:
        with Full(os.dup(file.fileno()), "w+b") as full:
            storage.write_tables(full, result.tables, "run", "x", result.type_names)

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as caught:
        storage.publish(tmp_path / "x.h5", write)
    assert caught.value.filename == str(tmp_path / "x.h5")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_a_file_is_written_leaves_nothing_behind(result: sf.Result, tmp_path: Path) -> None:
    """HDF5 itself ends the process when a callback raises anything."""
    for after in (1, 10, 100):
        calls = itertools.count()

        class Interrupted(io.FileIO):
            def write(self, data) -> int:
                if next(calls) == after:  # noqa: B023
                    raise KeyboardInterrupt
                return super().write(data)

        def write(file) -> None:
            with Interrupted(os.dup(file.fileno()), "w+b") as interrupted:
                storage.write_tables(interrupted, result.tables, "run", "x", result.type_names)

        with pytest.raises(KeyboardInterrupt):
            storage.publish(tmp_path / "x.h5", write)
        assert list(tmp_path.iterdir()) == []


def test_whole_files_are_believed_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sf.run(sf.Config.from_text(SMALL), tmp_path / "r")
    for path in (tmp_path / "r").rglob("*.json"):
        if path.name != "manifest.json":
            path.unlink()

    def full(path: Path, write: object, **_: object) -> bool:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(storage, "publish", full)
    assert sf.load(tmp_path / "r").complete


FULL_DISK = """
import errno, sys
from scfast import cli, storage
plain = storage.publish

def full(path, write, **how):
    if path.parent.name == 'shards' and path.suffix == '.json':
        raise OSError(errno.ENOSPC, 'no space', str(path))
    return plain(path, write, **how)

storage.publish = full
small = ['run.networks=12', 'run.steps=20', 'network.n_nodes=200']
sys.argv = ['scfast', 'run', 'default', '-o', sys.argv[1], '--jobs', '2', *(word for key in small for word in ('--set', key))]
cli.main()
"""


def test_an_error_in_a_worker_ends_the_run_cleanly(tmp_path: Path) -> None:
    """Threads still at work when one fails are waited for: cut off inside native code they hung or aborted the process."""
    for attempt in range(4):
        command = [sys.executable, "-c", FULL_DISK, str(tmp_path / str(attempt))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 1
        assert (
            done.stderr.strip()
            .splitlines()[-1]
            .endswith(".json: no space; make room; what is finished is kept: run the same command again to go on from there")
        )


def test_a_drawn_seed_is_kept_before_the_start_is_checked(tmp_path: Path) -> None:
    """Whether four logistics providers exist depends on the seed: the folder's, not one drawn anew."""
    text = "[network]\nn_nodes=40\n[initial]\nwithin='logistics'\ninfected=3\n[run]\nnetworks=5\nreplicates=64\nsteps=5"
    for seed in range(100):
        with contextlib.suppress(ValueError):
            Plan.of(sf.Config.from_text(f"{text}\nseed={seed}"))
            break
    first = sf.run(sf.Config.from_text(f"{text}\nseed={seed}"), tmp_path / "r")
    for _ in range(12):
        assert sf.run(sf.Config.from_text(text), tmp_path / "r").digest == first.digest


def test_any_part_of_a_run_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Networks in several tasks each: whatever shards are there, the networks that are whole give what the complete run gives."""
    monkeypatch.setattr("scfast.simulating.TASK_BYTES", 1)
    config = sf.Config.from_text("[network]\nn_nodes=30\n[run]\nnetworks=3\nreplicates=1200\nsteps=8\nseed=4")
    whole = sf.run(config, n_jobs=1)
    assert sf.run(config, tmp_path / "r", n_jobs=1).digest == whole.digest
    shards = sorted((tmp_path / "r" / "shards").glob("*.h5"))
    assert len(shards) == 9  # 3 tasks for each of 3 networks
    for name in ("results.h5", "results.json"):
        (tmp_path / "r" / name).unlink()
    away = tmp_path / "away"
    away.mkdir()
    for kept in [(), (0,), (0, 1), (0, 1, 2), (0, 1, 2, 3), (3, 4, 5), (1, 2, 6, 7, 8), (0, 1, 2, 6, 7, 8), tuple(range(1, 9))]:
        for k, shard in enumerate(shards):
            if k not in kept:
                os.replace(shard, away / shard.name)
        part = sf.load(tmp_path / "r")
        networks = [g for g in range(3) if {3 * g, 3 * g + 1, 3 * g + 2} <= set(kept)]
        assert part.done == len(networks)
        expected = np.full((1, 3, 1200), np.nan)
        expected[:, networks] = whole.replicates["risk load"][:, networks]
        np.testing.assert_array_equal(part.replicates["risk load"], expected)
        if networks:
            assert len(part.nodes(0)) == 30 * len(networks)
            assert len(part.summary()) == 7
            np.testing.assert_allclose(part.type_mean.sum(axis=2), part.mean, rtol=1e-12)  # rounding alone
        else:
            assert np.isnan(part.quantile(0.5)).all() and np.isnan(part.mean).all()
            assert len(part.summary()) == 0
            for ask in (part.nodes, part.samples, part.degrees, part.type_sizes, functools.partial(part.outcome, "peak")):
                with pytest.raises(ValueError, match=r"^cell = 0: nothing of it is finished yet$"):
                    ask()
        for file in away.iterdir():
            os.replace(file, tmp_path / "r" / "shards" / file.name)


def test_two_processes_on_one_folder(result: sf.Result, tmp_path: Path) -> None:
    """Both work on all that is missing; equal shards are accepted, and both end well."""
    config = tmp_path / "c.toml"
    config.write_text(SMALL)
    command = [sys.executable, "-m", "scfast", "run", str(config), "-o", str(tmp_path / "r"), "--jobs", "1"]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        _, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
    assert sf.load(tmp_path / "r").digest == result.digest
    assert not list((tmp_path / "r").rglob("*damaged*"))


FILES = "[network]\nkind='file'\nedges='e.csv'\n[run]\nreplicates=64\nsteps=10\nseed=1"


def test_results_carry_the_network_they_were_made_on(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("source,target\na,b\nb,c\n")
    first = sf.run(sf.Config.from_text(FILES, base=tmp_path), tmp_path / "r")
    assert set(first.nodes()["name"]) == {"a", "b", "c"}
    copy = tmp_path / "r" / "network.h5"
    copy.write_bytes(copy.read_bytes()[:300])
    with pytest.raises(ValueError, match="damaged or missing"):
        sf.load(tmp_path / "r").nodes()
    assert set(sf.run(sf.Config.from_text(FILES, base=tmp_path), tmp_path / "r").nodes()["name"]) == {"a", "b", "c"}
    (tmp_path / "e.csv").write_text("source,target\nP,Q\nQ,S\n")
    with pytest.raises(ValueError, match="another configuration: the network's files have changed since"):
        sf.run(sf.Config.from_text(FILES, base=tmp_path), tmp_path / "r")
    shutil.rmtree(tmp_path / "r")
    assert set(sf.run(sf.Config.from_text(FILES, base=tmp_path), tmp_path / "r").nodes()["name"]) == {"P", "Q", "S"}


def test_columns_of_any_name_survive(tmp_path: Path) -> None:
    net = sf.Network.from_edges([(0, 1)], names=["x", "y"], attributes={"a/b": [1.5, 2.0], "é": ["u", "ü"]})
    storage.write_network(tmp_path / "n.h5", net)
    assert storage.read_network_copy(tmp_path / "n.h5") == net


def test_too_many_first_infections_of_a_type_are_refused_before_work(tmp_path: Path) -> None:
    """Type sizes of grown networks are random: 40 nodes hold about four logistics providers."""
    text = "[network]\nn_nodes=40\n[initial]\nwithin='logistics'\ninfected=5\n[run]\nnetworks=30\nseed=1"
    with pytest.raises(
        ValueError, match=r"^initial.infected = 5: must be at most \d, the number of logistics nodes of network \d+$"
    ):
        Plan.of(sf.Config.from_text(text))


def test_quantiles_stay_within_the_network_where_binned() -> None:
    """70,000 nodes need bins two nodes wide; nobody is eliminated, and everybody is susceptible in the end."""
    text = (
        "[network]\nkind='barabasi_albert'\nn_nodes=70000\nm=1\n[dynamics]\nbeta=0.0\ngamma=1.0\ndelta=0.0\nxi=1.0\n"
        "[run]\nnetworks=1\nreplicates=3\nsteps=3\nseed=1\nrecord=[]"
    )
    middle = sf.run(sf.Config.from_text(text)).quantile(0.5)[0]
    assert middle[:, 3].tolist() == [0, 0, 0, 0]
    assert middle[3, 0] == 70_000
    assert abs(middle[0, 1] - 700) < 2


def test_other_configuration_is_refused(tmp_path: Path) -> None:
    sf.run(sf.Config.from_text(SMALL), tmp_path / "r")
    with pytest.raises(ValueError, match=r"holds results of another configuration: dynamics.beta = 0.2 there, 0.3 here$"):
        sf.run(sf.Config.from_text(SMALL, overrides=["dynamics.beta=0.3"]), tmp_path / "r")


def test_results_from_other_runs_and_foreign_files_are_refused(tmp_path: Path) -> None:
    for name, text in (("a", SMALL), ("b", SMALL.replace("seed = 11", "seed = 12"))):
        sf.run(sf.Config.from_text(text), tmp_path / name)
    for suffix in ("h5", "json"):
        os.replace(tmp_path / "b" / "shards" / f"000000.{suffix}", tmp_path / "a" / "shards" / f"000000.{suffix}")
    (tmp_path / "a" / "results.h5").unlink()
    with pytest.raises(ValueError, match="belongs to another run"):
        sf.load(tmp_path / "a")
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["rows/cell"] = [1]
    with pytest.raises(ValueError, match="not a results file of scfast"):
        storage.read_tables(foreign)
    with pytest.raises(ValueError, match="holds no results"):
        sf.load(tmp_path)
    for text in ("[]", "{", '{"format": "scfast manifest 1"}'):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(ValueError, match="not a manifest of scfast"):
            sf.load(tmp_path)
    edited = (tmp_path / "b" / "manifest.json").read_text()
    (tmp_path / "b" / "manifest.json").write_text(edited.replace('"n_steps": 25', '"n_steps": 24'))
    with pytest.raises(ValueError, match=r"manifest.json: was changed after it was written; once it is removed"):
        sf.load(tmp_path / "b")


GOLDEN = "2521df6ac519f298"
GOLDEN_LARGE = "558546579c527ca8"


def test_golden_digests() -> None:
    """Numbers change only together with NUMBERS_VERSION: the digest of a small run at version 4.

    Growth promises equal bits per platform, so the network here is given, and the dynamics are the same everywhere.
    """
    assert storage.NUMBERS_VERSION == 4
    net = sf.Network.from_edges([(i, (i * i + 3) % 23) for i in range(23) if i != (i * i + 3) % 23], n_nodes=23, clean=True)
    run = sf.simulate(net, sf.SIRS(beta=0.3, gamma=0.2, delta=0.02, xi=0.1, epsilon=0.01), 20, 600, 42, initial=3)
    assert hash_of(run.counts) == GOLDEN
    # large enough for lists of infected nodes, and planes later on
    pairs = [(i, (i * k + 3 * k) % 5003) for i in range(5003) for k in (2, 5)]
    net = sf.Network.from_edges([pair for pair in pairs if pair[0] != pair[1]], n_nodes=5003, clean=True)
    run = sf.simulate(net, sf.SIRS(beta=0.2, gamma=0.1, delta=0.02, xi=0.1, epsilon=1e-5), 40, 100, 42, initial=3)
    assert hash_of(run.counts) == GOLDEN_LARGE


def hash_of(array: np.ndarray) -> str:
    import hashlib

    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_run_goes_on(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    """A run of some seconds, stopped after its first shard: its exit code, then completion to the uninterrupted run's digest."""
    text = "[network]\nkind='barabasi_albert'\nn_nodes=400\n[run]\nnetworks=64\nreplicates=512\nsteps=900\nseed=3\nrecord=[]"
    config = tmp_path / "c.toml"
    config.write_text(text)
    command = [sys.executable, "-m", "scfast", "run", str(config), "-o", str(tmp_path / "r"), "--jobs", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    shards = tmp_path / "r" / "shards"
    for _ in range(1200):
        if shards.exists() and list(shards.glob("*.json")):
            break
        time.sleep(0.05)
    process.send_signal(sent)
    _, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert error.strip().splitlines()[-1].startswith("scfast: stopped")
    assert 0 < sf.load(tmp_path / "r").done < 64
    assert sf.run(sf.Config.from_text(text), tmp_path / "r").digest == sf.run(sf.Config.from_text(text)).digest


def test_manifest_holds_what_is_needed_to_repeat(tmp_path: Path) -> None:
    result = sf.run(sf.Config.from_text(SMALL), tmp_path / "r")
    manifest = json.loads((tmp_path / "r" / "manifest.json").read_text())
    assert manifest["seed"] == 11
    assert set(manifest["versions"]) == {"scfast", "python", "numpy", "numba"}
    assert sf.run(sf.Config.from_dict(manifest["config"])).digest == result.digest


def test_tables_for_other_libraries(result: sf.Result) -> None:
    frame = result.to_pandas()
    assert len(frame) == 4 * 26 * 4
    row = frame[(frame["cell"] == 2) & (frame["step"] == 7) & (frame["state"] == "I")].iloc[0]
    assert row["mean"] == result.mean[2, 7, 1]
    assert row["dynamics.gamma"] == 0.4
    data = result.to_xarray()
    assert float(data["mean"].sel(cell=2, step=7, state="I")) == result.mean[2, 7, 1]
    assert data["risk_load"].dims == ("cell", "network", "replicate")
    low, high = result.interval()
    assert ((low <= result.mean) & (result.mean <= high)).all()
    summary = result.summary()
    assert set(summary["outcome"]) == {"risk load", "eliminated", "attack rate", "peak", "peak step", "extinct", "extinction step"}


def test_bad_arguments(result: sf.Result) -> None:
    config = sf.Config.from_text(SMALL)
    for call, line in (
        (lambda: sf.run(config, n_jobs=0), "n_jobs = 0: must be a whole number other than 0"),
        (lambda: sf.run(config, backend="mpi"), "backend = 'mpi': must be one of threads, loky, dask, ray"),
        (lambda: sf.run(config, shard=(3, 3)), "shard = (3, 3): must be (i, n) with 0 <= i < n, and needs a results folder"),
        (lambda: result.quantile(1.2), "q = 1.2: must be between 0 and 1"),
        (lambda: result.rows(4), "cell = 4: must be between 0 and 3"),
        (
            lambda: result.outcome("x"),
            "name = 'x': must be one of risk load, eliminated, attack rate, peak, peak step, extinct, extinction step",
        ),
        (lambda: result.network(0, 3), "network = 3: must be between 0 and 2"),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert str(caught.value) == line
