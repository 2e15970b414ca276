"""Small wrong edits to the package, one at a time: the fast suite must kill each (``scripts/verify --mutants``).

A mutant is made in a scratch copy of package and tests, with an empty kernel cache. The tests that look at the edited module run
first, up to the first failure; what survives them meets the whole fast suite. Before all of them the copy runs unchanged, and must
pass.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[1]
FAST = ("tests/test_proof.py", "tests/test_invariants.py", "tests/test_growth.py", "tests/test_stats.py", "tests/test_dynamics.py")
"""The fast suite: what of CI tests the distributions sampled and the statistics reported."""

LAWS = ["tests/test_proof.py", "tests/test_invariants.py", "-k"]
FOCUS = {
    "lanes.py": [*LAWS, "(planes or invariants) and not additions and not degrees"],
    "sparse.py": [*LAWS, "lists or both"],
    "sirs.py": [*LAWS, "chain or lanes or invariants"],
    "rng.py": [*LAWS, "lanes or additions"],
    "growth.py": [*LAWS, "additions or degrees"],
    "stats.py": ["tests/test_stats.py", *LAWS, "stats or intervals or components"],
}
"""Where to look first for an edit of a module."""

UNCHANGED = "unchanged"
PATIENCE = 900.0
"""Seconds that a mutant may take: one that is caught in a loop is not killed by a test, and fails the command."""


class Edit(NamedTuple):
    """Text that occurs once in a module of the package, and what stands there instead."""

    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A wrong edit."""

    name: str
    module: str
    edits: tuple[Edit, ...]

    def source(self) -> str:
        """The module's source with the edits made; raises ValueError where one does not apply."""
        text = (HERE / "scfast" / self.module).read_text()
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"mutant {self.name!r}: {old!r} occurs {text.count(old)} times in {self.module}, must be once")
            text = text.replace(old, new)
        return text


def read(group: str) -> list[Mutant]:
    """The mutants of one group of mutants.toml."""
    tables = tomllib.loads((HERE / "tests" / "mutants.toml").read_text())[group]
    return [Mutant(table["name"], table["module"], tuple(Edit(**edit) for edit in table["edits"])) for table in tables]


class Fate(NamedTuple):
    """What became of a mutant."""

    name: str
    outcome: str  # killed, survived, or not tested
    by: str  # the first test that failed, or what else happened
    seconds: float


@contextlib.contextmanager
def scratch_copy() -> Iterator[Path]:
    """A copy of package and tests, with room for a kernel cache."""
    with tempfile.TemporaryDirectory(prefix="scfast-mutant-") as folder:
        for part in ("scfast", "tests"):
            shutil.copytree(HERE / part, Path(folder, part), ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(HERE / "pyproject.toml", folder)
        yield Path(folder)


def run_tests(folder: Path, arguments: Iterable[str], patience: float) -> tuple[int, str]:
    """Exit code of pytest in a copy, and the first test that failed or the last words; raises TimeoutExpired."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "SCFAST_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *arguments]
    child = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        output, _ = child.communicate(timeout=patience)
    finally:  # also on Ctrl-C: nothing is left running
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    found = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", output, re.MULTILINE)
    if found or child.returncode == 0:
        return child.returncode, found[1] if found else ""
    return child.returncode, output.strip().rpartition("\n")[2]


def fate(one: Mutant | None) -> Fate:
    """Make a mutant and run the tests on it; None is the unchanged copy, which must survive."""
    begin = time.monotonic()
    code, by = 0, ""
    with scratch_copy() as folder:
        runs = [list(FAST)]
        if one is not None:
            (folder / "scfast" / one.module).write_text(one.source())
            runs.insert(0, FOCUS[one.module])
        try:
            for arguments in runs:
                code, by = run_tests(folder, arguments, PATIENCE)
                if code != 0:
                    break
        except subprocess.TimeoutExpired:
            code, by = 2, f"still running after {PATIENCE:.0f} s"
    if code < 0:
        by = f"crash: {signal.Signals(-code).name}"
    # pytest's 1 says that tests failed; 2 and more, that they could not be run as they should
    outcome = {0: "survived", 1: "killed"}.get(code, "killed" if code < 0 else "not tested")
    return Fate(one.name if one else UNCHANGED, outcome, by, time.monotonic() - begin)


def fates(mutants: Iterable[Mutant | None], jobs: int) -> Iterator[Fate]:
    """Fates as they come, `jobs` at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        pending = [pool.submit(fate, one) for one in mutants]
        try:
            for done in as_completed(pending):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
