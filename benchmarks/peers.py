"""scfast beside other engines: the same workloads on the same graphs, one thread each, interleaved, and whether all agree.

`benchmarks/peers` sets up what this needs and runs it. Every engine is a process of its own (`engines.py`) and all take turns. What
is compared is time per step of one replicate that is alive: steps after the last infected node do not count, for anyone. Then the
agreement: mean infected nodes at each step of a small case by one joint test per engine, with scfast's mean extrapolated from steps
h and h / 2 for engines of continuous time, and prevalence at the end of the reference workload. Exits with 1 if a p-value is below
1e-6.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from report import write_between
from scipy.special import ndtr
from scipy.stats import chi2

import scfast as sf

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
ROUNDS = 11
WIDTH = 132
PYTHONS = {
    "own": sys.executable,
    "peers": str(HERE.parent / ".venv-peers" / "bin" / "python"),
    "system": os.environ.get("GRAPH_TOOL_PYTHON", "/usr/bin/python3"),
}
LABELS = {
    "scfast": ("own", "scfast"),
    "scfast-avx2": ("own", "scfast"),
    "together": ("own", "NumPy and SciPy, 64 replicates at once"),
    "active": ("own", "Numba, lists of active nodes"),
    "sweep-xoshiro": ("own", "Numba, sweep, xoshiro256++"),
    "sweep": ("own", "Numba, sweep"),
    "graph-tool": ("system", "graph-tool"),
    "ndlib": ("peers", "NDlib"),
    "EoN": ("peers", "EoN"),
    "fastgemf": ("peers", "FastGEMF"),
    "epydemic": ("peers", "epydemic"),
    "twin": ("own", "naive twin"),
}
"""Engine: the Python that it needs, and what it is called in tables, in the tables' order."""

CHECKED = {"sweep": 20_000, "sweep-xoshiro": 20_000, "active": 20_000, "together": 20_000, "twin": 10_000, "graph-tool": 4_000}
CHECKED |= {"ndlib": 2_000, "epydemic": 1_000, "EoN": 4_000, "fastgemf": 2_000}
"""Replicates of the small case."""

LARGE = {"graph-tool": 200, "together": 256, "active": 200, "sweep": 200, "sweep-xoshiro": 200}
"""Replicates of the reference workload, at least, for the prevalence at its end."""


@dataclass(frozen=True)
class Workload:
    """Rates (delta, epsilon: 0 unless given), steps, first infections, and replicates in one round by engine."""

    title: str
    graph: str
    rates: dict[str, float]
    steps: int
    infected: int
    replicates: dict[str, int]

    @property
    def all_rates(self) -> dict[str, float]:
        return {"delta": 0.0, "epsilon": 0.0, **self.rates}


REFERENCE = {"beta": 0.1, "gamma": 0.1, "xi": 0.05}
SCALAR = {"sweep": 8, "sweep-xoshiro": 8, "active": 8}
SLOW = {"ndlib": 1, "EoN": 1, "fastgemf": 1, "epydemic": 1}
WORKLOADS = {
    "reference": Workload(
        "Barabási-Albert, N = 10^4, m = 3; beta = gamma = 0.1, xi = 0.05; 1 % infected at first; 200 steps",
        "ba3",
        REFERENCE,
        200,
        100,
        {"scfast": 1024, "graph-tool": 4, "together": 64, **SCALAR, **SLOW},
    ),
    "low": Workload(
        "Barabási-Albert, N = 10^4, m = 3; beta = 0.03, gamma = 0.2, xi = 0.05, delta = 0.005; 1 % infected at first; 200 steps",
        "ba3",
        {"beta": 0.03, "gamma": 0.2, "xi": 0.05, "delta": 0.005},
        200,
        100,
        {"scfast": 2048, "active": 64, "sweep-xoshiro": 8, "sweep": 8},
    ),
    "sparse": Workload(
        "Barabási-Albert, N = 10^5, m = 3; beta = 0.02, gamma = 0.2, xi = 0.05; 10 infected at first; 100 steps",
        "ba3large",
        {"beta": 0.02, "gamma": 0.2, "xi": 0.05},
        100,
        10,
        {"scfast": 1024, "active": 128, "graph-tool": 4},
    ),
    **{
        f"hubs-{beta}": Workload(
            f"bipartite, 200 x 8,000, mean degree 56; beta = {beta}, gamma = 0.1, xi = 0.05; 1 % infected at first; 200 steps",
            "bipartite",
            {**REFERENCE, "beta": beta},
            200,
            82,
            {"scfast": 1024, "graph-tool": 2},
        )
        for beta in (0.01, 0.1)
    },
    "tree": Workload(
        "Barabási-Albert, N = 10^4, m = 1; beta = gamma = 0.1, xi = 0.05; 1 % infected at first; 200 steps",
        "ba1",
        REFERENCE,
        200,
        100,
        {"scfast": 1024, "graph-tool": 4},
    ),
}
SMALL = {"beta": 0.15, "gamma": 0.2, "xi": 0.1, "delta": 0.02, "epsilon": 0.002}
SMALL_STEPS, SMALL_START = 12, [0, 7, 31]


def network(name: str) -> sf.Network:
    """The graphs, from fixed seeds."""
    if name == "bipartite":
        linked = np.random.default_rng(3).random((200, 8000)) < 56 * 8200 / 2 / (200 * 8000)
        few, many = np.nonzero(linked)
        return sf.Network.from_edges(np.column_stack((few, 200 + many)), n_nodes=8200)
    m, size, seed = {"ba3": (3, 10_000, 1), "ba3large": (3, 100_000, 1), "ba1": (1, 10_000, 1), "small": (2, 60, 2)}[name]
    return sf.grow(sf.BarabasiAlbert(m), n_nodes=size, seed=seed)


class Peer:
    """An engine's process."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._folder, self._files = name, folder, 0
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        environment = {**os.environ, **threads, "MPLBACKEND": "Agg"}
        if name == "scfast-avx2":
            environment |= {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}  # by name alone, the host's features stay
        kind, self.label = LABELS[name]
        command = [PYTHONS[kind], str(HERE / "engines.py"), name.removesuffix("-avx2")]
        self._log = open(folder / f"{name}.log", "w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
        )
        self.facts = self.ask(do="hello")
        if self.facts["version"]:
            self.label += f" {self.facts['version']}"

    def ask(self, **order: object) -> dict:
        """The answer to an order; RuntimeError with the engine's last words if it has ended."""
        try:
            print(json.dumps(order), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._log.seek(0)
            raise RuntimeError(f"{self.name}: {(self._log.read().strip().splitlines() or ['it ended without a word'])[-1]}")
        return json.loads(line)

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def load(self, graph: sf.Network, rates: dict[str, float]) -> None:
        path = self._folder / f"{graph.n_nodes}-{graph.n_edges}.npz"
        if not path.exists():
            np.savez(path, indptr=graph.indptr, indices=graph.indices)
        self.ask(do="load", graph=str(path), rates=rates)

    def run(self, replicates: int, steps: int, seed: int, initial: object) -> dict:
        return self.ask(do="run", replicates=replicates, steps=steps, seed=seed, initial=initial, stride=1, record=None)

    def sample(self, replicates: int, steps: int, seed: int, stride: int = 1) -> np.ndarray:
        """Infected nodes of the small case at every stride-th step but 0, (replicates, ..)."""
        path = self._folder / "sample.npy"
        self.ask(do="run", replicates=replicates, steps=steps, seed=seed, initial=SMALL_START, stride=stride, record=str(path))
        return np.load(path)[:, 1:].astype(float)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def started(names: list[str], folder: Path) -> dict[str, Peer]:
    """The engines that are there."""
    peers = {}
    for name in names:
        try:
            peers[name] = Peer(name, folder)
        except (RuntimeError, OSError) as reason:
            tell(f"{name} is left out: {str(reason).removeprefix(f'{name}: ')}")
    return peers


def timing(key: str, peers: dict[str, Peer], rounds: int, budget: float) -> tuple[dict[str, np.ndarray], dict[str, list[int]]]:
    """Processor time per live step of each engine in each of its rounds, and infected nodes at the end.

    The first call, which compiles, is not counted. A peer that has had its seconds sits out the rounds that are left.
    """
    workload = WORKLOADS[key]
    graph = network(workload.graph)
    sizes = {
        name: workload.replicates[name.removesuffix("-avx2")] for name in peers if name.removesuffix("-avx2") in workload.replicates
    }
    took: dict[str, list[float]] = {name: [] for name in sizes}
    last: dict[str, list[int]] = {name: [] for name in sizes}
    spent = dict.fromkeys(sizes, 0.0)
    for name in sizes:
        peers[name].load(graph, workload.all_rates)
        if peers[name].facts["compiled"]:
            peers[name].run(sizes[name], workload.steps, 0, workload.infected)
    for turn in range(1, rounds + 1):
        for name, replicates in sizes.items():
            if spent[name] < budget or name.startswith("scfast"):
                answer = peers[name].run(replicates, workload.steps, turn, workload.infected)
                spent[name] += answer["seconds"]
                took[name].append(answer["seconds"] / answer["live"])
                last[name] += answer["last"]
                tell(f"{key}, round {turn} of {rounds}: {name}: {took[name][-1] * 1e6:.4g} us per step")
    return {name: np.array(values) for name, values in took.items()}, last


def joint(gap: np.ndarray, spread: np.ndarray) -> float:
    """p-value that a vector of mean differences with this covariance is one of zeros (Hotelling, large samples)."""
    return float(chi2.sf(gap @ np.linalg.solve(spread, gap), len(gap)))


def mean_and_spread(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean row, and its covariance."""
    return sample.mean(axis=0), np.cov(sample.T) / len(sample)


def expected(
    peer: Peer, graph: sf.Network, rates: dict[str, float], continuous: bool, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """scfast's mean infected nodes at times 1..12 of the small case, and its covariance.

    In continuous time rates are multiplied by the step; the means for steps h and h / 2 are extrapolated: 2 m(h / 2) - m(h).
    """
    parts = ((1, 100_000, 1.0),) if not continuous else ((16, 50_000, -1.0), (32, 50_000, 2.0))
    mean, spread = np.zeros(SMALL_STEPS), np.zeros((SMALL_STEPS, SMALL_STEPS))
    for pieces, replicates, weight in parts:
        peer.load(graph, {name: rate / pieces for name, rate in rates.items()})
        sample = peer.sample(int(replicates * scale), SMALL_STEPS * pieces, pieces, pieces)
        part_mean, part_spread = mean_and_spread(sample)
        mean += weight * part_mean
        spread += weight**2 * part_spread
    return mean, spread


def small_case(peers: dict[str, Peer], scale: float) -> dict[str, tuple[float, int]]:
    """For each engine the p-value that its mean infected nodes at times 1..12 are scfast's, and its replicates."""
    graph, known, results = network("small"), {}, {}
    for name in [name for name in CHECKED if name in peers]:
        facts = peers[name].facts
        rates = {
            rate: value if rate not in ("delta", "epsilon") or rate in facts["features"] else 0.0 for rate, value in SMALL.items()
        }
        case = (*rates.values(), facts["continuous"])
        if case not in known:
            known[case] = expected(peers["scfast"], graph, rates, facts["continuous"], scale)
        replicates = int(CHECKED[name] * scale)
        peers[name].load(graph, rates)
        mean, spread = mean_and_spread(peers[name].sample(replicates, SMALL_STEPS, 5))
        results[name] = joint(mean - known[case][0], spread + known[case][1]), replicates
        tell(f"small case: {name}, {replicates} replicates: p = {results[name][0]:.2g}")
    return results


def large_case(peers: dict[str, Peer], last: dict[str, list[int]], scale: float) -> dict[str, tuple[float, int, float]]:
    """Prevalence at the end of the reference workload, replicates, and z-score of scfast's less it."""
    workload = WORKLOADS["reference"]
    graph = network(workload.graph)
    n, samples = graph.n_nodes, {"scfast": np.array(last["scfast"]) / graph.n_nodes}
    for name in [name for name in LARGE if name in peers]:
        missing = int(LARGE[name] * scale) - len(last.get(name, ()))
        if missing > 0:
            peers[name].load(graph, workload.all_rates)
            last[name] = last.get(name, []) + peers[name].run(missing, workload.steps, 1000, workload.infected)["last"]
        samples[name] = np.array(last[name]) / n
    results = {}
    for name, sample in samples.items():
        error = np.sqrt(sum(part.var(ddof=1) / len(part) for part in (samples["scfast"], sample)))
        results[name] = float(sample.mean()), len(sample), float((samples["scfast"].mean() - sample.mean()) / error)
    return results


def machine() -> str:
    """The processor's own name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def number(value: float) -> str:
    """Three significant digits, without powers of ten."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.{max(0, 2 - int(np.floor(np.log10(rounded))))}f}"


def row(name: str, peers: dict[str, Peer], took: dict[str, np.ndarray], replicates: int, unit: float) -> list[str]:
    """An engine's cells: label, what was run, median and range in units of seconds per step, ratio to scfast's variants."""
    values = took[name] * unit
    return [
        peers[name].label,
        f"{replicates:,} x {len(values)}",
        number(np.median(values)),
        f"{number(values.min())} .. {number(values.max())}",
        *(number(np.median(took[name]) / np.median(took[own])) for own in took if own.startswith("scfast")),
    ]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table in Markdown, numbers to the right."""
    marks = ["---" if name in ("", "workload", "range") else "---:" for name in head]
    return [f"| {' | '.join(cells)} |" for cells in (head, marks, *rows)]


def report(times: dict[str, dict[str, np.ndarray]], peers: dict[str, Peer], tests: list[str]) -> str:
    """What goes into the README."""
    sets = [peer.facts["version"].partition(", ")[2] for name, peer in peers.items() if name.startswith("scfast")]
    head = ["replicates x rounds", "time", "range", *(f"ratio, {name}" for name in sets)]

    def rows_of(key: str, unit: float) -> list[list[str]]:
        sizes = WORKLOADS[key].replicates
        return [row(name, peers, times[key], sizes[name.removesuffix("-avx2")], unit) for name in LABELS if name in times[key]]

    lines = []
    if "reference" in times:
        lines += ["Milliseconds per replicate, medians:", ""]
        lines += table(["", *head], rows_of("reference", 1e3 * WORKLOADS["reference"].steps))
        lines += ["", f"{WORKLOADS['reference'].title}.", ""]
    others = [key for key in times if key != "reference"]
    if others:
        lines += ["Other workloads, microseconds per step of one replicate:", ""]
        cells = [["" if place else key, *row] for key in others for place, row in enumerate(rows_of(key, 1e6))]
        lines += table(["workload", "", *head], cells)
        lines += ["", *(f"- {key}: {WORKLOADS[key].title}" for key in others), ""]
    versions = ", ".join(f"{name} {version(name.lower())}" for name in ("NumPy", "Numba", "SciPy"))
    caption = (
        "Processor time, one thread each, all taking turns, on the same graphs. Steps after the last infected node do not count, "
        "for anyone; compiling does not either. scfast's time is all of `simulate()`, counts and node maps included; graph-tool's "
        "is its iteration alone. EoN and FastGEMF run in continuous time, with the same numbers as rates. The rows named NumPy and "
        "Numba are plain implementations of our own (benchmarks/scalar.py). Engines without elimination are not in low. Ranges are "
        "from the fastest to the slowest round; the last columns say how many times as long as scfast with AVX-512, and with AVX2. "
        f"{machine()}, Python {platform.python_version()}, {versions}, {datetime.date.today()}."
    )
    lines += [
        textwrap.fill(caption, WIDTH),
        "",
        *tests,
    ]
    return "\n".join(lines) + "\n"


def agreement(peers: dict[str, Peer], small: dict[str, tuple[float, int]], large: dict[str, tuple[float, int, float]]) -> list[str]:
    """The tests in a few lines."""
    parts = []
    for continuous, text in (
        (False, "Mean infected nodes at steps 1 to 12 of a small case, with elimination and shocks where the engine has them"),
        (True, "The same in continuous time, scfast's mean extrapolated from steps 1/16 and 1/32"),
    ):
        cells = [
            f"{peers[name].label} {p:.2g} ({count:,})"
            for name, (p, count) in small.items()
            if peers[name].facts["continuous"] == continuous
        ]
        if cells:
            parts.append(f"{text}, p of one joint test (replicates): {'; '.join(cells)}.")
    if large:
        cells = [f"{peers[name].label} {mean:.4f}, z = {z:.1f} ({count:,})" for name, (mean, count, z) in large.items()]
        parts.append(f"Prevalence at step 200 of the first workload (replicates): {'; '.join(cells).replace(', z = 0.0', '', 1)}.")
    lines = [textwrap.fill(f"- {part}", WIDTH, subsequent_indent="  ", break_on_hyphens=False) for part in parts]
    return ["All sample the same process (p-values below 1e-6 would end the run as failed):", "", *lines]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/peers", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAMES", help=f"workloads, with commas: {', '.join(WORKLOADS)}")
    parser.add_argument("--engines", metavar="NAMES", help=f"beside scfast, with commas: {', '.join(list(LABELS)[2:])}")
    parser.add_argument("--rounds", type=int, help=f"turns of every engine (default {ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="a few rounds and small samples, for trying: under 4 minutes")
    parser.add_argument("--haswell", action="store_true", help="scfast also without AVX-512 (NUMBA_CPU_NAME=haswell)")
    parser.add_argument("--readme", action="store_true", help="write the tables into README.md as well: all of them")
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    for name, given, known in (("only", args.only, WORKLOADS), ("engines", args.engines, LABELS)):
        for wrong in [word for word in (given or "").split(",") if word not in known] if given is not None else []:
            parser.error(f"--{name} = {wrong!r}: must be one of {', '.join(known)}")
    if args.rounds is not None and args.rounds < 1:
        parser.error(f"--rounds = {args.rounds}: must be at least 1")
    if args.engines and "scfast-avx2" in args.engines.split(",") and not args.haswell:
        parser.error("--engines = 'scfast-avx2': goes with --haswell")
    if args.readme:
        if args.only or args.engines or args.quick or (args.rounds or ROUNDS) < ROUNDS:
            parser.error(f"--readme: must be a whole run: without --only, --engines and --quick, and with at least {ROUNDS} rounds")
        if not os.access(README, os.W_OK):
            parser.error(f"--readme: {README}: cannot be written")
    if args.check:
        sys.exit()
    return args


def main() -> None:
    args = options()
    rounds = args.rounds or (3 if args.quick else ROUNDS)
    budget, scale = (8.0, 0.25) if args.quick else (40.0, 1.0)
    names = args.engines.split(",") if args.engines else list(LABELS)
    wanted = [name for name in LABELS if name == "scfast" or name in names]
    if not args.haswell:
        wanted = [name for name in wanted if name != "scfast-avx2"]
    keys = [key for key in WORKLOADS if not args.only or key in args.only.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        peers: dict[str, Peer] = {}
        try:
            peers = started(wanted, Path(folder))
            runs = {key: timing(key, peers, rounds, budget) for key in keys}
            small = small_case(peers, scale)
            large = large_case(peers, runs["reference"][1], scale) if "reference" in runs else {}
            text = report({key: took for key, (took, _) in runs.items()}, peers, agreement(peers, small, large))
        except RuntimeError as reason:
            sys.exit(str(reason))
        except KeyboardInterrupt:
            tell("stopped; nothing was written")
            sys.exit(130)
        finally:
            for peer in peers.values():
                peer.close()
    print(text)
    if args.readme:
        write_between(README, "speed", text)
    for key, (_, last) in runs.items():
        if "scfast-avx2" in last and not all(a == b for a, b in zip(last["scfast"], last["scfast-avx2"], strict=False)):
            sys.exit(f"{key}: scfast's numbers depend on the instruction set")
    values = [p for p, _ in small.values()] + [float(2 * ndtr(-abs(z))) for _, _, z in large.values()]
    sys.exit(int(min(values, default=1.0) < 1e-6))


if __name__ == "__main__":
    main()
