"""Every kind of bad input that the tests know, each in a process of its own: what it answers, and how long that takes.

    python benchmarks/bad_input.py        # some minutes

An answer is right if it is exit code 2, nothing on standard output and one line on standard error that says what is wrong, with
nothing written. Exits with 1 if any is not; a bound of time that is missed is said, and is no error.
"""

import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
BOUND = 1.5
"""Seconds that an answer may take, the start of Python included."""


def call(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """``scfast arguments`` in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-m", "scfast", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def answer(bad: Any, tests: Any) -> tuple[str, float]:
    """What is wrong with the answer to bad input, empty if nothing is, and its seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        bad.prepare(folder, lambda arguments: call(arguments, folder).check_returncode())
        before = tests.contents(folder)
        start = time.perf_counter()
        done = call(bad.arguments, folder)
        seconds = time.perf_counter() - start
        good = {
            f"exit code {done.returncode}": done.returncode == 2,
            f"standard output {done.stdout!r:.100}": not done.stdout,
            f"standard error {done.stderr!r:.300}": done.stderr.startswith("scfast: ") and bad.line in done.stderr,
            f"{done.stderr.count(chr(10))} lines": done.stderr.count("\n") == 1,
            "something written": tests.contents(folder) == before,
        }
    return "; ".join(what for what, right in good.items() if not right), seconds


def main() -> None:
    """Try all and print what came of it."""
    sys.path.insert(0, str(HERE / "tests"))
    tests = importlib.import_module("bad_input")
    took, wrong = {}, 0
    for name, bad in tests.KINDS.items():
        told, took[name] = answer(bad, tests)
        if told:
            wrong += 1
            print(f"WRONG: {name}: {told}", flush=True)
    print(f"{len(took)} kinds of bad input: {len(took) - wrong} answered by exit code 2 and one line, with nothing written")
    slowest = sorted(took, key=lambda name: took[name])[:-4:-1]
    print(
        f"median {statistics.median(took.values()):.2f} s; slowest: " + ", ".join(f"{name} {took[name]:.2f} s" for name in slowest)
    )
    late = sum(seconds > BOUND for seconds in took.values())
    print(f"bound of {BOUND} s: " + (f"missed by {late}" if late else "met by all"))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
