"""The reference workload beside graph-tool, on the same graph, one thread each, interleaved in one run.

    benchmarks/setup && .venv/bin/python benchmarks/reference.py

BA N = 10^4, m = 3, beta = gamma = 0.1, xi = 0.05, delta = 0, 1 % infected to begin with, T = 200, 1,024 replicates, counts and maps
recorded (graph-tool records nothing while it is timed). Time per replicate: median over rounds, with the range. Then two tests that
both sample the same process: the mean prevalence at T of this workload, and the mean number of infected nodes at every step of a
small case by one joint test. Exits with 1 if either fails at 1e-6.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
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


def timing(peer: Peer, rounds: int) -> tuple[dict, np.ndarray, np.ndarray]:
    network = sf.grow(sf.BarabasiAlbert(3), n_nodes=10_000, seed=1)
    version = peer.load(network, **RATES)
    model = sf.SIRS(beta=0.1, gamma=0.1, delta=0.0, xi=0.05)
    steps, replicates = 200, 1024
    sf.simulate(network, model, n_steps=1, n_replicates=512, seed=0)  # compile
    rng = np.random.default_rng(5)
    ours, theirs, our_last, their_last = [], [], [], []
    for turn in range(rounds):
        before = time.perf_counter()
        run = sf.simulate(network, model, n_steps=steps, n_replicates=replicates, seed=turn, initial=0.01)
        ours.append((time.perf_counter() - before) / replicates)
        our_last.append(run.counts[:, -1, lanes.I] / network.n_nodes)
        for repeat in range(2):
            infected = rng.choice(network.n_nodes, 100, replace=False).tolist()
            answer = peer.ask({"infected": infected, "steps": steps, "every": 0, "seed": 2 * turn + repeat + 1})
            theirs.append(answer["seconds"])
            their_last.append(answer["infected"][-1] / network.n_nodes)
    figures = {
        "graph-tool": version,
        "scfast": sf.__version__,
        "ours_ms": np.multiply(ours, 1e3),
        "theirs_ms": np.multiply(theirs, 1e3),
    }
    return figures, np.concatenate(our_last), np.array(their_last)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--python", default="/usr/bin/python3", help="a Python that has graph_tool")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(args.python, folder)
        figures, ours, theirs = timing(peer, args.rounds)
        p_small = small_case(peer, 4000)
    spread = np.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))
    z = (ours.mean() - theirs.mean()) / spread
    p_large = float(2 * ndtr(-abs(z)))
    for name, key in (("scfast", "ours_ms"), ("graph-tool", "theirs_ms")):
        times = figures[key]
        middle = f"{np.median(times):9.4f} ms per replicate (min {times.min():.4f}, max {times.max():.4f})"
        print(f"{name:11}{figures[name].split()[0]:>8}  {middle}")
    print(f"graph-tool / scfast: {np.median(figures['theirs_ms']) / np.median(figures['ours_ms']):.0f} times")
    print(f"prevalence at T: {ours.mean():.5f} and {theirs.mean():.5f}, z = {z:.2f}, p = {p_large:.3g}")
    print(f"mean infected at steps 1..12 of a small case, joint test: p = {p_small:.3g}")
    print(f"Python {platform.python_version()}, {platform.machine()}")
    sys.exit(int(min(p_large, p_small) < 1e-6))


if __name__ == "__main__":
    main()
