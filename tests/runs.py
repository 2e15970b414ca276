"""Runs of scfast: here and at once, or in processes of their own, for tests that kill, starve or watch them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import scfast as sf

HEAVY = ("numba", "scipy", "h5py", "matplotlib", "pandas", "joblib", "networkx", "xarray", "SALib")


def run(text: str, *overrides: str, **how: object) -> sf.Result:
    """The result of a configuration, on one thread."""
    return sf.run(sf.Config.from_text(text, overrides=list(overrides)), n_jobs=1, **how)


def heavy(program: str, *arguments: str | Path) -> list[str]:
    """What of `HEAVY` a program loads, and then ``scfast arguments`` if there are any; the exit code stands last."""
    full = f"import sys\n{program}\ncode = 0\n"
    if arguments:
        full += f"from scfast import cli\nsys.argv = ['scfast', *{list(map(str, arguments))!r}]\n"
        full += "try:\n    cli.main()\nexcept SystemExit as done:\n    code = done.code or 0\n"
    full += f"print('LOADED', *sorted({set(HEAVY)!r} & set(sys.modules)), code)\n"
    done = subprocess.run([sys.executable, "-c", full], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()[1:]


NOTED = """
import functools, os, signal, sys, time
from pathlib import Path
from scfast import cli
from scfast.plan import Plan

LOG, FATAL, TIMES = Path(sys.argv.pop(1)), eval(sys.argv.pop(1)), int(sys.argv.pop(1))
plain = Plan.job

def noted(job, log, shard, fatal, times, *arguments):
    with log.open("a") as file:
        file.write(f"{shard} {os.getpid()}\\n")
    starts = [line.split()[0] for line in log.read_text().splitlines()].count(str(shard))
    if shard in fatal and times < 0:
        time.sleep(-times)
    elif shard in fatal and starts <= times:
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    return job(*arguments)

def job(self, shard, *arguments):
    return functools.partial(noted, plain(self, shard, *arguments), LOG, shard, FATAL, TIMES)

if __name__ == "__main__":
    Plan.job = job
    cli.main()
"""
"""``scfast``, but each start of a shard is noted in a file, and some shards kill the process that runs them."""


class Noted:
    """Runs whose starts of shards are noted.

    Parameters
    ----------
    folder : Path
        For the program and its notes.
    fatal : set of int
        Shards that kill their process half a second after each of their first `times` starts, or sleep for -`times` seconds first.
    """

    def __init__(self, folder: Path, fatal: set[int] | frozenset[int] = frozenset(), times: int = 10**6) -> None:
        self.program, self.log = folder / "noted.py", folder / "starts.txt"
        self.program.write_text(NOTED)
        self.given = [str(self.log), repr(set(fatal)), str(times)]

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """``scfast arguments``, as the leader of a group of processes."""
        command = [sys.executable, str(self.program), *self.given, *map(str, arguments)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0, env=environment()
        )

    def finish(self, *arguments: str | Path) -> tuple[int, str]:
        """Exit code and standard error of ``scfast arguments``."""
        process = self.start(*arguments)
        _, error = process.communicate(timeout=300)
        return process.returncode, error

    def starts(self) -> list[tuple[int, int]]:
        """(shard, process) of each start."""
        if not self.log.exists():
            return []
        return [(int(shard), int(process)) for shard, process in map(str.split, self.log.read_text().splitlines())]


def environment() -> dict[str, str]:
    """This process's, with the package on the path wherever a program lies."""
    package = str(Path(__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))}


def members(group: int) -> list[int]:
    """Living processes of a group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, owner = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(owner) == group and state != "Z":
            found.append(int(path.parent.name))
    return found
