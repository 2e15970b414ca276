"""The same numbers from a dask cluster and a SLURM array as from one process, workers lost on the way or not."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from runs import Noted, environment

import scfast as sf
from scfast import ensemble, jit

HERE = Path(__file__).resolve().parents[1]
TEXT = """
[network]
n_nodes = 300
[run]
networks = 24
replicates = 512
steps = {steps}
seed = 5
record = ["nodes", "types"]
"""


@pytest.fixture(scope="module")
def expected() -> str:
    """The digest of one process."""
    return sf.run(sf.Config.from_text(TEXT.format(steps=150)), n_jobs=1).digest


# ---- dask

CLUSTER = """
import sys, time
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


def dask_cluster(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A dask cluster of two worker processes, each replaced when it dies, and its address; it ends with its standard input."""
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("distributed is not installed (pip install 'scfast[dask]')")
    (folder / "cluster.py").write_text(CLUSTER)
    process = subprocess.Popen(
        [sys.executable, str(folder / "cluster.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(),
        process_group=0,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dask cluster."""
    process, address = dask_cluster(tmp_path_factory.mktemp("dask"))
    yield address
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=60)


def test_dask_gives_the_same_numbers(scheduler: str, tmp_path: Path, expected: str) -> None:
    config = sf.Config.from_text(TEXT.format(steps=150))
    assert sf.run(config, tmp_path / "r", backend="dask", scheduler=scheduler).digest == expected
    assert sf.run(config, backend="dask", scheduler=scheduler).digest == expected  # without a folder results travel


def test_dask_replaces_a_killed_worker(scheduler: str, tmp_path: Path, expected: str) -> None:
    (tmp_path / "c.toml").write_text(TEXT.format(steps=150))
    noted = Noted(tmp_path, fatal={3}, times=1)
    code, error = noted.finish("run", tmp_path / "c.toml", "-o", tmp_path / "r", "--backend", "dask", "--scheduler", scheduler)
    assert code == 0, error
    assert [shard for shard, _ in noted.starts()].count(3) >= 2
    assert sf.load(tmp_path / "r").digest == expected


def test_dask_gives_up_what_is_always_fatal(scheduler: str, tmp_path: Path, expected: str) -> None:
    (tmp_path / "c.toml").write_text(TEXT.format(steps=150))
    noted = Noted(tmp_path, fatal={3})
    code, error = noted.finish("run", tmp_path / "c.toml", "-o", tmp_path / "r", "--backend", "dask", "--scheduler", scheduler)
    assert code == 1
    assert "1 of 24 shards given up after 3 attempts or more: shard 3: cell 0, network 3 (" in error.splitlines()[-1]
    assert [shard for shard, _ in noted.starts()].count(3) >= 3
    assert sf.load(tmp_path / "r").done == 23
    assert sf.run(sf.Config.from_text(TEXT.format(steps=150)), tmp_path / "r").digest == expected


def test_a_lost_scheduler_ends_the_run_in_a_line(tmp_path: Path, expected: str) -> None:
    cluster, address = dask_cluster(tmp_path)
    (tmp_path / "c.toml").write_text(TEXT.format(steps=150))
    noted = Noted(tmp_path, fatal={20}, times=-60)  # the run cannot be over before
    run = noted.start("run", tmp_path / "c.toml", "-o", tmp_path / "r", "--backend", "dask", "--scheduler", address)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("r/shards/*.h5"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(cluster.pid, signal.SIGKILL)
    _, error = run.communicate(timeout=120)
    cluster.communicate()
    assert (run.returncode, "Traceback" in error) == (1, False), error
    assert error.splitlines()[-1] == "scfast: the scheduler of the cluster is lost; what is finished is kept"
    assert sf.run(sf.Config.from_text(TEXT.format(steps=150)), tmp_path / "r").digest == expected


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--backend", "dask", "--scheduler", "tcp://127.0.0.1:9"], "scheduler = 'tcp://127.0.0.1:9': no dask scheduler answers"),
        (
            ["--backend", "dask"],
            "scheduler = None: must be the address of a dask scheduler, as in tcp://host:8786, or its JSON file",
        ),
        (["--scheduler", "tcp://x:1"], "scheduler = 'tcp://x:1': is for a backend of dask or ray, not threads"),
    ],
)
def test_no_cluster_is_one_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    command = [sys.executable, "-m", "scfast", "run", "default", "-o", str(tmp_path / "r"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"scfast: {line}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "r").exists()


# ---- ray

RAY = """
import sys
import ray
import scfast as sf

if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    config = sf.Config.from_toml(sys.argv[1])
    for out in (sys.argv[2], None):
        print(sf.run(config, out, backend="ray", scheduler="auto").digest)
"""


def test_ray_gives_the_same_numbers(tmp_path: Path, expected: str) -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("ray is not installed (pip install 'scfast[ray]')")
    (tmp_path / "program.py").write_text(RAY)
    (tmp_path / "c.toml").write_text(TEXT.format(steps=150))
    command = [sys.executable, str(tmp_path / "program.py"), str(tmp_path / "c.toml"), str(tmp_path / "r")]
    done = subprocess.run(command, capture_output=True, text=True, env={**environment(), "RAY_AUTH_MODE": "disabled"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == [expected, expected]


# ---- SLURM


def without_slurm() -> str:
    """Why there can be no cluster here; empty if there can."""
    if os.geteuid() != 0:
        return "a SLURM node is started by root alone"
    if all(map(shutil.which, ("slurmctld", "slurmd", "munged", "sbatch"))):
        return ""
    if "SCFAST_INSTALL" not in os.environ:
        return "SLURM is not installed; with SCFAST_INSTALL=1 the tests install it"
    return "" if shutil.which("apt-get") else "SLURM is not installed, and there is no apt-get to install it with"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of a SLURM cluster of one node; scfast is on its path."""
    if reason := without_slurm():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    script = Path(__file__).with_name("slurm_cluster.sh")
    started = subprocess.run(["bash", str(script), "start", str(folder)], capture_output=True, text=True)
    try:
        if started.returncode and not shutil.which("slurmctld"):
            pytest.skip(f"SLURM cannot be installed here: {started.stderr.strip()[-200:]}")
        assert started.returncode == 0, started.stderr
        programs = folder / "bin"
        programs.mkdir()
        (programs / "scfast").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scfast "$@"\n')
        (programs / "scfast").chmod(0o755)
        made = {**environment(), "SCFAST_CACHE_DIR": str(jit.cache_folder().parent)}
        yield {**made, "SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{programs}{os.pathsep}{made['PATH']}"}
    finally:
        subprocess.run(
            ["scancel", "--user=root"], env={**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}, capture_output=True
        )
        subprocess.run(["bash", str(script), "stop", str(folder)], check=True)


def queue(slurm: dict[str, str], fields: str = "%i %t %j") -> list[list[str]]:
    listed = subprocess.run(
        ["squeue", "--noheader", "--array", f"--format={fields}"], env=slurm, capture_output=True, text=True, check=True
    )
    return [line.split() for line in listed.stdout.splitlines()]


def drained(slurm: dict[str, str], seconds: float = 120) -> None:
    """Wait until no job is left."""
    deadline = time.monotonic() + seconds
    while queue(slurm):
        assert time.monotonic() < deadline, queue(slurm)
        time.sleep(0.3)


def submit(slurm: dict[str, str], folder: Path, parts: int) -> str:
    """Number of the array."""
    command = [str(HERE / "scripts" / "slurm" / "submit"), str(parts), "c.toml", "r"]
    done = subprocess.run(command, env=slurm, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1]


def logs(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted((folder / "r").glob("slurm-*.log")))


def test_slurm_array_gives_the_same_numbers(slurm: dict[str, str], tmp_path: Path, expected: str) -> None:
    (tmp_path / "c.toml").write_text(TEXT.format(steps=150))
    submit(slurm, tmp_path, 4)
    drained(slurm)
    assert (tmp_path / "r" / "results.h5").exists(), logs(tmp_path)
    assert sf.load(tmp_path / "r").digest == expected


def test_slurm_task_cancelled_warned_and_requeued(slurm: dict[str, str], tmp_path: Path) -> None:
    """One task of four is cancelled at work, one is warned of its limit and goes back into the queue; another array completes."""
    text = TEXT.format(steps=3000) + "[dynamics]\ndelta = 0.0\nxi = 0.2\nepsilon = 0.01\n"  # a shard takes a second or so
    (tmp_path / "c.toml").write_text(text)
    array = submit(slurm, tmp_path, 4)
    shards = tmp_path / "r" / "shards"
    deadline = time.monotonic() + 120
    while len(list(shards.glob("*.json")) if shards.exists() else []) < 2:
        assert time.monotonic() < deadline, logs(tmp_path)
        time.sleep(0.1)
    at_work = [job for job, state, _ in queue(slurm) if state == "R"]
    assert len(at_work) == 2, logs(tmp_path)
    subprocess.run(["scancel", at_work[0]], env=slurm, check=True)
    # goes on and on once the task is back in the queue
    warn = subprocess.Popen(["scancel", "--batch", "--signal=USR1", at_work[1]], env=slurm, stderr=subprocess.DEVNULL)
    time.sleep(1)
    warn.kill()
    warn.wait()
    drained(slurm)
    seen = ensemble.status(tmp_path / "r")
    assert not seen.complete and 6 * 2 < seen.done < 24, logs(tmp_path)  # three of four parts are whole
    assert "stopped; what is finished is kept" in logs(tmp_path)
    missing = "missing or damaged; 'scfast run' again completes the results"
    assert missing in logs(tmp_path)  # says the merge that depended on the array
    whole = {path: path.stat().st_mtime_ns for path in shards.glob("*.h5")}
    assert array != submit(slurm, tmp_path, 4)
    drained(slurm)
    assert {path: path.stat().st_mtime_ns for path in whole} == whole
    assert sf.load(tmp_path / "r").complete, logs(tmp_path)
    assert sf.load(tmp_path / "r").digest == sf.run(sf.Config.from_text(text)).digest


def test_submit_without_what_it_needs_is_one_line(tmp_path: Path) -> None:
    command = str(HERE / "scripts" / "slurm" / "submit")
    for arguments in ([], ["0", "c", "d"], ["x", "c", "d"], ["00", "c", "d"]):
        done = subprocess.run([command, *arguments], capture_output=True, text=True)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.startswith("usage: ")


def test_submit_says_at_once_what_is_wrong(slurm: dict[str, str], tmp_path: Path) -> None:
    command = str(HERE / "scripts" / "slurm" / "submit")
    done = subprocess.run([command, "2", "no.toml", "r"], env=slurm, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("scfast: no.toml: no such file") and done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
    wrong = {**slurm, "SBATCH_OPTIONS": "--partition=none"}
    assert subprocess.run([command, "2", "default", "r"], env=wrong, cwd=tmp_path, capture_output=True).returncode == 1
    assert not list(tmp_path.iterdir())
    assert not queue(slurm)
