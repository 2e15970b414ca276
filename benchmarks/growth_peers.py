"""Growth beside other generators: same N, one thread each, interleaved; medians of processor time, and their ratios.

`benchmarks/peers growth` sets up what this needs and runs it; peers that are not there are left out. The time of scfast includes
all that `grow()` returns: rows, types and fitness. Exits with 1 if a bound is missed.
"""

import argparse
import gc
import importlib
import math
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np
from report import machine, write_between

import scfast as sf

HERE = Path(__file__).parent
LARGE, SMALL, MANY = 1_000_000, 1_000, 1_000
Job = Callable[[], object]

BOUNDS = (
    ("Barabási-Albert", "NetworKit", 1.5),
    ("Barabási-Albert", "igraph", 1.0),
    ("dual local world, m = 3", "igraph", 1.0),
    ("dual local world", "igraph", 1.0),
    ("1,000 Barabási-Albert", "NetworkX", 1 / 40),
    ("1,000 dual local world", "NetworkX", 1 / 5),
)
"""What is timed, beside which peer, and the largest ratio of both times."""


def peer(name: str) -> ModuleType | None:
    """A peer, if it is there."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def large() -> dict[str, Job]:
    """Networks of a million nodes."""
    jobs: dict[str, Job] = {
        "Barabási-Albert": lambda: sf.grow(sf.BarabasiAlbert(3), LARGE, seed=1),
        "dual local world, m = 3": lambda: sf.grow(sf.DualLocalWorld(m=3, m_crossing=3), LARGE, seed=1),
        "dual local world": lambda: sf.grow(sf.DualLocalWorld(), LARGE, seed=1),
    }
    if nk := peer("networkit"):
        nk.setNumberOfThreads(1)
        jobs["NetworKit"] = lambda: nk.generators.BarabasiAlbertGenerator(3, LARGE).generate()
    if ig := peer("igraph"):
        jobs["igraph"] = lambda: ig.Graph.Barabasi(LARGE, 3)
        jobs["igraph, bag"] = lambda: ig.Graph.Barabasi(LARGE, 3, implementation="bag")  # with multiple edges
    return jobs


def small() -> dict[str, Job]:
    """A thousand networks of a thousand nodes."""
    jobs: dict[str, Job] = {
        "1,000 Barabási-Albert": lambda: sf.grow_many(sf.BarabasiAlbert(3), SMALL, MANY, seed=1, n_jobs=1),
        "1,000 dual local world": lambda: sf.grow_many(sf.DualLocalWorld(), SMALL, MANY, seed=1, n_jobs=1),
    }
    if nx := peer("networkx"):
        jobs["NetworkX"] = lambda: [nx.barabasi_albert_graph(SMALL, 3, seed=k) for k in range(MANY)]
    return jobs


def medians(jobs: dict[str, Job], rounds: int) -> dict[str, float]:
    """Median seconds of processor time of each job, all taking turns; compiling is not timed."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for k in range(rounds + 1):
        for name, job in jobs.items():
            gc.collect()
            begin = time.process_time()
            job()
            if k > 0:
                times[name].append(time.process_time() - begin)
    return {name: statistics.median(taken) for name, taken in times.items()}


def by_size(rounds: int) -> list[str]:
    """Microseconds for each node by the number of nodes: unlimited local worlds, and all weight on one node."""
    models = {
        "dual local world, M infinite": sf.DualLocalWorld(local_world=math.inf),
        "Bianconi-Barabási, m = 2": sf.BianconiBarabasi(2),
        "Bianconi-Barabási, m = 2, falling with h = 3": sf.BianconiBarabasi(2, fitness="falling", h=3),
        "Barabási-Albert, m = 3, fitness 1 and 10^-9": sf.BarabasiAlbert(3),
    }
    rows = ["| microseconds per node at N = | 10^4 | 10^5 | 10^6 |", "| --- | ---: | ---: | ---: |"]
    for name, model in models.items():
        cells = []
        for n_nodes in (10_000, 100_000, 1_000_000):
            fitness = np.append(1.0, np.full(n_nodes - 1, 1e-9)) if "10^-9" in name else None
            (taken,) = medians({name: lambda n=n_nodes, f=fitness, m=model: sf.grow(m, n, seed=1, fitness=f)}, rounds).values()  # type: ignore[misc]
            cells.append(f"{taken / n_nodes * 1e6:.2f}")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def report(rounds: int) -> tuple[str, bool]:
    """The tables, and whether all bounds are kept."""
    times = medians(large(), rounds) | medians(small(), rounds)
    versions = {"NetworKit": "networkit", "igraph": "igraph", "igraph, bag": "igraph", "NetworkX": "networkx"}
    rows = ["| seconds | median |", "| --- | ---: |"]
    for name, taken in times.items():
        label = f"{name} {version(versions[name])}" if name in versions else f"scfast: {name}"
        rows.append(f"| {label} | {taken:.3f} |")
    rows += ["", "| scfast | beside | takes | bound | |", "| --- | --- | ---: | ---: | --- |"]
    good = True
    for name, other, bound in BOUNDS:
        if other in times:
            ratio = times[name] / times[other]
            good &= ratio <= bound
            shown, limit = (f"{ratio:.2f} times", f"{bound:.1f}") if bound >= 1 else (f"1/{1 / ratio:.0f}", f"1/{1 / bound:.0f}")
            rows.append(f"| {name} | {other} | {shown} | {limit} | {'met' if ratio <= bound else '**missed**'} |")
    head = f"N = 10^6, m = 3, and 1,000 networks of 1,000 nodes; processor time, median of {rounds} rounds by turns.\n{machine()}."
    return "\n".join([head, "", *rows, "", *by_size(min(rounds, 3)), ""]), good


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/peers growth", description="Growth beside other generators.")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each (default 7)")
    parser.add_argument("--readme", action="store_true", help="write the tables into benchmarks/README.md as well")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error(f"--rounds = {args.rounds}: must be at least 1")
    sys.path += map(str, (HERE.parent / ".venv-peers").glob("lib/python*/site-packages"))
    text, good = report(args.rounds)
    print(text)
    if args.readme:
        write_between(HERE / "README.md", "growth", text)
    sys.exit(int(not good))


if __name__ == "__main__":
    main()
