"""The reference workload beside graph-tool, on the same graph, one thread each, interleaved in one run.

    benchmarks/setup && .venv/bin/python benchmarks/reference.py

BA N = 10^4, m = 3, beta = gamma = 0.1, xi = 0.05, delta = 0, 1 % infected to begin with, T = 200, 1,024 replicates, counts and maps
recorded (graph-tool records nothing while it is timed). Time per replicate: median over rounds, with the range. Then two tests that
both sample the same process: the mean prevalence at T of this workload, and the mean number of infected nodes at every step of a
small case by one joint test. Exits with 1 if either fails at 1e-6.
"""

import argparse
import datetime
import json
import platform
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


def small_case(peer: Peer, replicates: int) -> float:
    """p-value that the mean numbers of infected nodes at steps 1..12 are equal (two-sample Hotelling test, large samples)."""
    network = sf.grow(sf.BarabasiAlbert(2), n_nodes=60, seed=2)
    rates = {"beta": 0.15, "gamma": 0.2, "xi": 0.1, "epsilon": 0.002}
    peer.load(network, **rates)
    steps = 12
    start = [0, 7, 31]
    model = sf.SIRS(beta=0.15, gamma=0.2, delta=0.0, xi=0.1, epsilon=0.002)
    run = sf.simulate(network, model, n_steps=steps, n_replicates=replicates, seed=3, initial=sf.Initial(nodes=start))
    ours = run.counts[:, 1:, lanes.I].astype(float)
    theirs = np.array(
        [peer.ask({"infected": start, "steps": steps, "every": 1, "seed": 1000 + k})["infected"] for k in range(replicates)], float
    )
    gap = ours.mean(axis=0) - theirs.mean(axis=0)
    spread = (np.cov(ours.T) + np.cov(theirs.T)) / replicates
    return float(chi2.sf(gap @ np.linalg.solve(spread, gap), steps))


def prevalence(peer: Peer, ours: np.ndarray, replicates: int) -> tuple[float, float, float]:
    """Prevalence at T by graph-tool, the z-score of the difference, and its p-value; the peer still holds the timed graph."""
    rng = np.random.default_rng(6)
    orders = [{"infected": rng.choice(10_000, 100, replace=False).tolist(), "seed": 10_000 + k} for k in range(replicates)]
    theirs = np.array([peer.ask({**order, "steps": 200, "every": 0})["infected"][-1] for order in orders]) / 10_000
    z = (ours.mean() - theirs.mean()) / np.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))
    return float(theirs.mean()), float(z), float(2 * ndtr(-abs(z)))


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
        theirs, z, p_large = prevalence(peer, last, 200)
        p_small = small_case(peer, 4000)
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
        f"Both sample the same process: prevalence at step 200 is {last.mean():.5f} and {theirs:.5f} (z = {z:.2f},",
        f"p = {p_large:.2g}); mean infected nodes at steps 1 to 12 of a small case with shocks, one joint test over",
        f"4,000 replicates: p = {p_small:.2g}.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if args.readme:
        write_into(args.readme, text)
    sys.exit(int(min(p_large, p_small) < 1e-6))


if __name__ == "__main__":
    main()
