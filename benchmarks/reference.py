"""The reference workload beside graph-tool, on the same graph, one thread each, interleaved in one run.

    benchmarks/setup && .venv/bin/python benchmarks/reference.py

BA N = 10^4, m = 3, beta = gamma = 0.1, xi = 0.05, delta = 0, 1 % infected to begin with, T = 200, 1,024 replicates, counts and maps
recorded (graph-tool records nothing while it is timed). Time per replicate: median over rounds, with the range. Then two tests that
graph-tool, the naive twin of the tests and scfast sample the same process: the mean prevalence at T of this workload, and the mean
number of infected nodes at every step of a small case by one joint test. Exits with 1 if one fails at 1e-6.
"""

import argparse
import datetime
import importlib.util
import json
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from llvmlite.binding import get_host_cpu_features
from scipy.special import ndtr
from scipy.stats import chi2

import scfast as sf
from scfast import lanes

_spec = importlib.util.spec_from_file_location("twin", Path(__file__).parents[1] / "tests" / "reference.py")
twin = sys.modules["twin"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)
PEER = Path(__file__).with_name("graph_tool_peer.py")
RATES = {"beta": 0.1, "gamma": 0.1, "xi": 0.05, "epsilon": 0.0}


class Peer:
    """graph-tool in a process of its own."""

    def __init__(self, python: str, folder: str) -> None:
        self._process = subprocess.Popen([python, str(PEER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._folder = folder

    def ask(self, order: dict) -> dict:
        print(json.dumps(order), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            sys.exit("graph-tool's process ended; is python3-graph-tool installed? (benchmarks/setup)")
        return json.loads(line)

    def load(self, network: sf.Network, **rates: float) -> str:
        rows = np.repeat(np.arange(network.n_nodes), network.degree)
        edges = np.column_stack((rows, network.indices))[rows < network.indices]
        path = Path(self._folder, "edges.npy")
        np.save(path, edges)
        return self.ask({"edges": str(path), "n": network.n_nodes, **rates})["version"]


def timing(peer: Peer, rounds: int) -> tuple[dict[str, np.ndarray], str, np.ndarray]:
    """Milliseconds per replicate of both, graph-tool's version, and our prevalence at T in every replicate."""
    network = sf.grow(sf.BarabasiAlbert(3), n_nodes=10_000, seed=1)
    version = peer.load(network, **RATES).split()[0]
    model = sf.SIRS(beta=0.1, gamma=0.1, delta=0.0, xi=0.05)
    sf.simulate(network, model, n_steps=1, n_replicates=512, seed=0)  # compile
    rng = np.random.default_rng(5)
    ours, theirs, last = [], [], []
    for turn in range(rounds):
        before = time.perf_counter()
        run = sf.simulate(network, model, n_steps=200, n_replicates=1024, seed=turn, initial=0.01)
        ours.append((time.perf_counter() - before) / 1024)
        last.append(run.counts[:, -1, lanes.I] / network.n_nodes)
        for repeat in range(2):
            infected = rng.choice(network.n_nodes, 100, replace=False).tolist()
            theirs.append(peer.ask({"infected": infected, "steps": 200, "every": 0, "seed": 2 * turn + repeat + 1})["seconds"])
    return {"scfast": np.multiply(ours, 1e3), "graph-tool": np.multiply(theirs, 1e3)}, version, np.concatenate(last)


def twin_runs(network: sf.Network, starts: list[list[int]], steps: int, seed: int, **rates: float) -> np.ndarray:
    """Infected nodes at steps 1..steps by the naive twin of the tests, (replicates, steps)."""
    adjacency = twin.adjacency_from_edges(network.edges().tolist(), network.n_nodes)
    rng = random.Random(seed)
    rows = []
    for start in starts:
        states = [int(node in set(start)) for node in range(network.n_nodes)]
        contact = twin.effective_beta(adjacency, rates["beta"])
        others = [twin.per_node(rate, network.n_nodes) for rate in (rates["gamma"], 0.0, rates["xi"], rates["epsilon"])]
        row = []
        for _ in range(steps):
            states = twin.step(adjacency, states, contact, *others, rng)
            row.append(states.count(1))
        rows.append(row)
    return np.array(rows, float)


def small_case(peer: Peer, replicates: int) -> tuple[float, float]:
    """p-values that mean infected at steps 1..12 of a small case are graph-tool's, and the twin's (Hotelling, large samples)."""
    network = sf.grow(sf.BarabasiAlbert(2), n_nodes=60, seed=2)
    rates = {"beta": 0.15, "gamma": 0.2, "xi": 0.1, "epsilon": 0.002}
    peer.load(network, **rates)
    steps, start = 12, [0, 7, 31]
    model = sf.SIRS(**rates, delta=0.0)
    run = sf.simulate(network, model, n_steps=steps, n_replicates=100_000, seed=3, initial=sf.Initial(nodes=start))
    ours = run.counts[:, 1:, lanes.I].astype(float)
    orders = [{"infected": start, "steps": steps, "every": 1, "seed": 1000 + k} for k in range(replicates)]
    others = np.array([peer.ask(order)["infected"] for order in orders], float)
    return joint(ours, others), joint(ours, twin_runs(network, [start] * 5 * replicates, steps, 4, **rates))


def joint(ours: np.ndarray, theirs: np.ndarray) -> float:
    """p-value that two samples of rows have the same mean row."""
    gap = ours.mean(axis=0) - theirs.mean(axis=0)
    spread = np.cov(ours.T) / len(ours) + np.cov(theirs.T) / len(theirs)
    return float(chi2.sf(gap @ np.linalg.solve(spread, gap), len(gap)))


def prevalence(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Their mean prevalence at T, the z-score of ours less theirs, and its two-sided p-value."""
    z = (ours.mean() - theirs.mean()) / np.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))
    return float(theirs.mean()), float(z), float(2 * ndtr(-abs(z)))


def plateau(peer: Peer, replicates: int, twin_replicates: int) -> tuple[np.ndarray, np.ndarray]:
    """Prevalence at T of the reference workload by graph-tool, which still holds the timed graph, and by the twin."""
    rng = np.random.default_rng(6)
    starts = [rng.choice(10_000, 100, replace=False).tolist() for _ in range(replicates)]
    orders = [{"infected": start, "steps": 200, "every": 0, "seed": 10_000 + k} for k, start in enumerate(starts)]
    theirs = np.array([peer.ask(order)["infected"][-1] for order in orders]) / 10_000
    network = sf.grow(sf.BarabasiAlbert(3), n_nodes=10_000, seed=1)
    return theirs, twin_runs(network, starts[:twin_replicates], 200, 7, **RATES)[:, -1] / 10_000


def instructions() -> str:
    """The widest vector instructions that the kernels may use here."""
    features = get_host_cpu_features()
    return next((name for name, flag in (("AVX-512", "avx512f"), ("AVX2", "avx2")) if features.get(flag)), "no AVX2")


def write_into(readme: Path, text: str) -> None:
    """Replace what stands between the two marks of the speed section."""
    before, _, rest = readme.read_text().partition("<!-- speed -->\n")
    _, _, after = rest.partition("<!-- /speed -->\n")
    readme.write_text(f"{before}<!-- speed -->\n{text}<!-- /speed -->\n{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--python", default="/usr/bin/python3", help="a Python that has graph_tool")
    parser.add_argument("--readme", type=Path, help="write the table into this file as well")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(args.python, folder)
        times, version, last = timing(peer, args.rounds)
        samples = plateau(peer, 200, 50)
        small = small_case(peer, 4000)
    large = [prevalence(last, sample) for sample in samples]
    ratio = np.median(times["graph-tool"]) / np.median(times["scfast"])
    lines = ["| | ms per replicate, median | range | |", "| --- | ---: | --- | ---: |"]
    for name, label, note in (("scfast", sf.__version__, "1"), ("graph-tool", version, f"{ratio:.0f} times")):
        took = times[name]
        lines.append(f"| {name} {label} | {np.median(took):.4g} | {took.min():.4g} .. {took.max():.4g} | {note} |")
    machine = f"Python {platform.python_version()}, {instructions()}, {datetime.date.today()}"
    lines += [
        "",
        "Barabási-Albert network of 10,000 nodes, m = 3, beta = gamma = 0.1, xi = 0.05, 1 % infected to begin with, 200 steps;",
        f"one thread each, interleaved, {args.rounds} rounds of 1,024 replicates against two. scfast records counts and node maps",
        f"meanwhile, graph-tool nothing. {machine}.",
        "",
        "All sample the same process. Prevalence at step 200, and mean infected nodes at steps 1 to 12 of a small case with shocks",
        "(a joint test; 4,000 replicates of graph-tool, 20,000 of the twin), beside graph-tool and the naive twin of the tests:",
        "",
        "| | prevalence | z | p | small case, p |",
        "| --- | ---: | ---: | ---: | ---: |",
        f"| scfast, {len(last):,} replicates | {last.mean():.5f} | | | |",
        *(
            f"| {name}, {len(sample)} replicates | {mean:.5f} | {z:.2f} | {p:.2g} | {p_small:.2g} |"
            for name, sample, (mean, z, p), p_small in zip(("graph-tool", "naive twin"), samples, large, small, strict=True)
        ),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if args.readme:
        write_into(args.readme, text)
    sys.exit(int(min(*small, *(p for _, _, p in large)) < 1e-6))


if __name__ == "__main__":
    main()
