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
import threading
import time
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[1]
FAST = (
    "tests/test_proof.py",
    "tests/test_invariants.py",
    "tests/test_growth.py",
    "tests/test_stats.py",
    "tests/test_dynamics.py",
    "tests/test_topology.py",
)
"""The fast suite: what of CI tests the distributions sampled and the statistics reported."""

LAWS = ["tests/test_proof.py", "tests/test_invariants.py", "tests/test_dynamics.py", "-k"]
FOCUS = {
    "lanes.py": [*LAWS, "(planes or invariants) and not additions and not degrees"],
    "outset.py": [*LAWS, "(planes or invariants) and not additions and not degrees"],
    "sparse.py": [*LAWS, "lists or both"],
    "sirs.py": [*LAWS, "chain or lanes or invariants"],
    "rng.py": [*LAWS, "lanes or additions"],
    "growth.py": ["tests/test_growth.py", *LAWS, "growth or additions or degrees"],
    **{module: ["tests/test_topology.py"] for module in ("topology.py", "structure.py", "paths.py", "degrees.py")},
    "newcomers.py": ["tests/test_growth.py", *LAWS, "growth or additions or degrees"],
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
    focus: str = ""  # names of the tests to look at first, where not those of its module

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
    return [
        Mutant(table["name"], table["module"], tuple(Edit(**edit) for edit in table["edits"]), table.get("focus", ""))
        for table in tables
    ]


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


class Stopped(Exception):
    """No more tests are to be started."""


class Children:
    """Test processes at work, each the leader of a group of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, command: list[str], folder: Path, environment: dict[str, str], patience: float) -> tuple[int, str]:
        """Exit code and output; raises TimeoutExpired, or Stopped after :meth:`stop`."""
        with self._lock:
            if self._stopped:
                raise Stopped
            child = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
            )
            self._running.add(child)
        try:
            output, _ = child.communicate(timeout=patience)
        finally:
            self._kill(child)
            child.wait()
            with self._lock:
                self._running.discard(child)
        if self._stopped:
            raise Stopped
        return child.returncode, output

    def stop(self) -> None:
        """Kill what runs; nothing is started any more."""
        with self._lock:
            self._stopped = True
            for child in self._running:
                self._kill(child)

    @staticmethod
    def _kill(child: subprocess.Popen[str]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def run_tests(children: Children, folder: Path, arguments: Iterable[str]) -> tuple[int, str]:
    """Exit code of pytest in a copy, and the first test that failed or the last words."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "SCFAST_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *arguments]
    code, output = children.run(command, folder, environment, PATIENCE)
    found = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", output, re.MULTILINE)
    if found or code == 0:
        return code, found[1] if found else ""
    return code, output.strip().rpartition("\n")[2]


def fate(children: Children, one: Mutant | None) -> Fate:
    """Make a mutant and run the tests on it. None is the unchanged copy, which runs them all twice, compiling at first."""
    code, by = 0, ""
    with scratch_copy() as folder:
        runs = [list(FAST), list(FAST)]
        if one is not None:
            (folder / "scfast" / one.module).write_text(one.source())
            runs[0] = [*LAWS, one.focus] if one.focus else FOCUS[one.module]
        begin = time.monotonic()
        try:
            for arguments in runs:
                if one is None:
                    begin = time.monotonic()
                code, by = run_tests(children, folder, arguments)
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
    """Fates as they come, `jobs` at a time; whatever ends this early leaves no process and no scratch folder behind."""
    children = Children()
    with ThreadPoolExecutor(jobs) as pool:
        pending = [pool.submit(fate, children, one) for one in mutants]
        try:
            for done in as_completed(pending):
                yield done.result()
        finally:
            for each in pending:
                each.cancel()
            children.stop()
