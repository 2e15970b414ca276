"""The kernel cache never breaks a run, and the plain-Python form of the kernels gives the same bits."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

PROGRAM = """
import hashlib, json, sys, numpy as np, scfast as sf
from scfast import lanes, sirs, sparse
from scfast.parameters import (Protection, Shock)
sparse.Sparse.span = lambda self, block, t: 2 * (t % 4 == 2)  # two steps on planes, two in lists
sirs.LOOK = 2
edges = [(i, j) for i in range(20) for j in range(i + 1, 20) if (i * j + i + j) % 3 or i == 0]
net = sf.Network.from_edges(edges, n_nodes=21, types=np.arange(21) % 2)
model = sf.SIRS(beta=0.07, gamma={"0": 0.3, "1": 0.2}, delta=0.07, xi=0.2, epsilon=0.01)
run = sf.simulate(net, model, n_steps=6, n_replicates=70, seed=5, initial=2, by_type=True, keep_final=True)
shocks = [Shock(steps=[1, 4], probability=0.6, severity=0.3, within="1", share=0.5), Shock(steps=[3], severity=1.0, nodes=[2, 5])]
runs = [run]
for by, seen in (("acquaintance", {}), ("random", {"detection": 0.3, "detected_beta": 0.4}), ("degree", {"detection": 0.6})):
    model = sf.SIRS(beta=0.07, gamma={"0": 0.3, "1": 0.2}, delta=0.07, xi=0.2, **seen)
    runs.append(sf.simulate(net, model, 6, 70, seed=5, initial=2, shocks=shocks, protection=Protection(3, by=by), keep_final=True))
runs.append(sf.simulate(net, model, 3, 70, seed=5, initial=sf.Initial(by="each"), keep_final=True))
grown = sf.grow(sf.DualLocalWorld(), n_nodes=40, seed=3)
digest = hashlib.sha256()
seen = [array for r in runs for array in (r.counts, r.final, r.infected_steps, r.ever_infected, r.extinction_step)]
for array in (*seen, grown.indices, grown.fitness):
    digest.update(np.ascontiguousarray(array).tobytes())
seen = [(f"{name}.{key}", value.stats) for name, module in sys.modules.items() if name.startswith("scfast.")
        for key, value in vars(module).items() if hasattr(value, "stats") and value.__module__ == name]
print(json.dumps([digest.hexdigest(), [name for name, stats in seen if any(stats.cache_hits.values())],
                  [name for name, stats in seen if any(stats.cache_misses.values())]]))
"""


class Ran(NamedTuple):
    """A small run in a fresh process: digest of its numbers; kernels that came from the cache, and that were compiled."""

    digest: str
    loaded: set[str]
    compiled: set[str]


AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2"}  # code for a processor with vector registers of 256 bits


def start(before: str = "", **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", before + PROGRAM]
    return subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate()
    assert process.returncode == 0, err
    digest, loaded, compiled = json.loads(out)
    return Ran(digest, set(loaded), set(compiled))


def run(cache: Path, before: str = "", **environment: str) -> Ran:
    return end(start(before, **{"SCFAST_CACHE_DIR": str(cache), **AVX2, **environment}))


class Cold(NamedTuple):
    """Runs that compile all kernels: for AVX2 into a cache that was empty, `folder`; for any processor, without a cache."""

    folder: Path
    avx2: Ran
    generic: Ran


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> Cold:
    folder, blocked = (tmp_path_factory.mktemp("cache") / name for name in ("cache", "a file, so that no folder can be made here"))
    blocked.write_text("")
    avx2 = start(SCFAST_CACHE_DIR=str(folder), **AVX2)
    generic = start(SCFAST_CACHE_DIR=str(blocked), NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")  # beside it
    return Cold(folder, end(avx2), end(generic))


@pytest.fixture(scope="module")
def digest() -> str:
    """What every variant must give: by kernels for this processor, those of all other tests."""
    return end(start()).digest


@pytest.fixture(scope="module")
def files(cold: Cold) -> list[Path]:
    """Eight files of the cache, all of kernels that a run loads, the quickest to compile."""
    found = {name: list(cold.folder.rglob(f"{name}-*.kernel")) for name in run(cold.folder).loaded}
    single = [paths[0] for paths in found.values() if len(paths) == 1]  # not one of several signatures, of which a run loads one
    return sorted(single, key=lambda path: path.stat().st_size)[:8]


def names(paths: list[Path]) -> set[str]:
    return {path.name.split("-")[0] for path in paths}


def test_second_process_compiles_nothing(cold: Cold) -> None:
    assert cold.avx2.compiled and not cold.avx2.loaded
    before = {path: path.stat().st_mtime_ns for path in cold.folder.rglob("*.kernel")}
    again = run(cold.folder)
    assert (again.digest, again.compiled) == (cold.avx2.digest, set())
    assert again.loaded
    assert {path: path.stat().st_mtime_ns for path in cold.folder.rglob("*.kernel")} == before


def test_damaged_files_are_compiled_again(cold: Cold, digest: str, files: list[Path], tmp_path: Path) -> None:
    """Files cut short, with one bit flipped, empty, and of garbage, all in one cache."""
    shutil.copytree(cold.folder, tmp_path / "cache")
    for k, path in enumerate(files):
        data = path.read_bytes()
        flipped = bytearray(data)
        flipped[len(data) // 2] ^= 1
        (tmp_path / "cache" / path.relative_to(cold.folder)).write_bytes((data[:-100], bytes(flipped), b"", b"x" * 500)[k % 4])
    mended, again = run(tmp_path / "cache"), run(tmp_path / "cache")
    assert (mended.digest, mended.compiled) == (digest, names(files))
    assert (again.digest, again.compiled) == (digest, set())


def test_unwritable_cache_is_done_without(cold: Cold, digest: str) -> None:
    assert cold.generic == (digest, set(), cold.avx2.compiled)


def test_plain_python_gives_the_same_bits(cold: Cold, digest: str) -> None:
    assert run(cold.folder, NUMBA_DISABLE_JIT="1") == (digest, set(), set())


@pytest.mark.parametrize("name", ["generic", "avx2"])
def test_processor_without_avx_gives_the_same_bits(cold: Cold, digest: str, name: str) -> None:
    """Neither without vector registers wider than 128 bits, nor with those of AVX2."""
    assert getattr(cold, name).digest == digest


NFS_LIKE = """
import errno, os, pathlib
attempts = [0]
plain_replace, plain_read = os.replace, pathlib.Path.read_bytes

def replace(source, target):
    attempts[0] += 1
    if str(target).endswith(".kernel") and attempts[0] % 2:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(target))
    return plain_replace(source, target)

def read_bytes(path):
    if path.name in os.environ["STALE"].split():
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))
    return plain_read(path)

os.replace, pathlib.Path.read_bytes = replace, read_bytes
"""


def test_file_handles_that_go_stale_are_done_without(cold: Cold, digest: str, files: list[Path], tmp_path: Path) -> None:
    """As on network file systems: some files of a cache cannot be read, and every second not be put in its place."""
    shutil.copytree(cold.folder, tmp_path / "cache")
    for _ in range(2):
        done = run(tmp_path / "cache", NFS_LIKE, STALE=" ".join(path.name for path in files))
        assert (done.digest, done.compiled) == (digest, names(files))
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.long
def test_read_only_home_is_done_without(digest: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(home)], capture_output=True, text=True)
    if made.returncode:  # for anybody but root, rights will do
        home.chmod(0o500)
    full = {name: value for name, value in os.environ.items() if not name.endswith(("CACHE_DIR", "CACHE_HOME"))}
    try:
        command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
        done = subprocess.run(command, env={**full, "HOME": str(home)}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)[:2] == [digest, []]
        assert not list(home.iterdir())
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "-l", str(home)], check=True)


def at_once(cache: Path, n: int) -> set[str]:
    """Digests of so many processes that start together."""
    return {end(process).digest for process in [start(SCFAST_CACHE_DIR=str(cache), **AVX2) for _ in range(n)]}


def test_many_starts_at_once_from_a_torn_cache(cold: Cold, digest: str, files: list[Path], tmp_path: Path) -> None:
    """Eight processes find a cache of which one file is cut short, and all mend it."""
    shutil.copytree(cold.folder, tmp_path / "cache")
    torn = tmp_path / "cache" / files[0].relative_to(cold.folder)
    torn.write_bytes(torn.read_bytes()[:-1])
    assert at_once(tmp_path / "cache", 8) == {digest}
    again = run(tmp_path / "cache")
    assert (again.digest, again.compiled) == (digest, set())
    assert not list((tmp_path / "cache").rglob("*.part"))


@pytest.mark.long
def test_eight_cold_starts_at_once(digest: str, tmp_path: Path) -> None:
    assert at_once(tmp_path, 8) == {digest}
    again = run(tmp_path)
    assert (again.digest, again.compiled) == (digest, set())
    assert not list(tmp_path.rglob("*.part"))
