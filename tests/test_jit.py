"""The kernel cache never breaks a run, and the plain-Python form of the kernels gives the same bits."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import hashlib, numpy as np, scfast as sf
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
stats = getattr(lanes._advance, "stats", None)
hits = -1 if stats is None else int(any(stats.cache_hits.values()) and not any(stats.cache_misses.values()))
print(digest.hexdigest(), hits)
"""


def run(cache: Path | str, **environment: str) -> tuple[str, int]:
    """Digest of a small run in a fresh process, and whether its kernel came from the cache."""
    full = {**os.environ, "SCFAST_CACHE_DIR": str(cache), **environment}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM], env=full, capture_output=True, text=True, check=True)
    digest, hits = done.stdout.split()
    return digest, int(hits)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A filled cache, and the digest that every variant must give."""
    folder = tmp_path_factory.mktemp("cache")
    digest, hits = run(folder)
    assert hits == 0
    assert list(folder.rglob("*.kernel"))
    return folder, digest


def test_second_process_compiles_nothing(warm: tuple[Path, str]) -> None:
    folder, digest = warm
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.kernel")}
    assert run(folder) == (digest, 1)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.kernel")} == before


def test_damaged_files_are_compiled_again(warm: tuple[Path, str], tmp_path: Path) -> None:
    """Files cut short, with one bit flipped, empty, and of garbage, all in one cache."""
    folder, digest = warm
    shutil.copytree(folder, tmp_path / "cache")
    for k, path in enumerate(sorted((tmp_path / "cache").rglob("*.kernel"))):
        data = path.read_bytes()
        flipped = bytearray(data)
        flipped[len(data) // 2] ^= 1
        path.write_bytes((data[:-100], bytes(flipped), b"", b"x" * 500)[k % 4])
    assert run(tmp_path / "cache") == (digest, 0)
    assert run(tmp_path / "cache") == (digest, 1)


def test_unwritable_cache_is_done_without(warm: tuple[Path, str], tmp_path: Path) -> None:
    blocked = tmp_path / "a file, so that no folder can be made here"
    blocked.write_text("")
    assert run(blocked) == (warm[1], 0)


def test_plain_python_gives_the_same_bits(warm: tuple[Path, str]) -> None:
    assert run(warm[0], NUMBA_DISABLE_JIT="1")[0] == warm[1]


def test_processor_without_avx_gives_the_same_bits(warm: tuple[Path, str], tmp_path: Path) -> None:
    """Neither without vector registers wider than 128 bits, nor with those of AVX2."""
    assert run(tmp_path, NUMBA_CPU_NAME="generic")[0] == warm[1]
    assert run(tmp_path, NUMBA_CPU_NAME="haswell", NUMBA_CPU_FEATURES="+avx2")[0] == warm[1]


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
    if path.suffix == ".kernel" and len(path.name) % 3 == 0:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))
    return plain_read(path)

os.replace, pathlib.Path.read_bytes = replace, read_bytes
"""


def test_file_handles_that_go_stale_are_done_without(warm: tuple[Path, str], tmp_path: Path) -> None:
    """As on network file systems: some files of a cache cannot be read, and every second not be put in its place."""
    folder, digest = warm
    shutil.copytree(folder, tmp_path / "cache")
    full = {**os.environ, "SCFAST_CACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", NFS_LIKE + PROGRAM], env=full, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[0] == digest
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.long
def test_read_only_home_is_done_without(warm: tuple[Path, str], tmp_path: Path) -> None:
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
        assert done.stdout.split() == [warm[1], "0"]
        assert not list(home.iterdir())
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "-l", str(home)], check=True)


def at_once(cache: Path, n: int) -> list[str]:
    """Digests of so many processes that start together."""
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    full = {**os.environ, "SCFAST_CACHE_DIR": str(cache)}
    processes = [subprocess.Popen(command, env=full, stdout=subprocess.PIPE, text=True) for _ in range(n)]
    return [process.communicate()[0].split()[0] for process in processes]


def test_many_starts_at_once_from_a_torn_cache(warm: tuple[Path, str], tmp_path: Path) -> None:
    """Eight processes find a cache of which one file is cut short, and all mend it."""
    folder, digest = warm
    shutil.copytree(folder, tmp_path / "cache")
    torn = min((tmp_path / "cache").rglob("*.kernel"), key=lambda path: path.stat().st_size)
    torn.write_bytes(torn.read_bytes()[:-1])
    assert at_once(tmp_path / "cache", 8) == [digest] * 8
    assert run(tmp_path / "cache") == (digest, 1)
    assert not list((tmp_path / "cache").rglob("*.part"))


@pytest.mark.long
def test_eight_cold_starts_at_once(warm: tuple[Path, str], tmp_path: Path) -> None:
    assert at_once(tmp_path, 8) == [warm[1]] * 8
    assert run(tmp_path) == (warm[1], 1)
    assert not list(tmp_path.rglob("*.part"))
