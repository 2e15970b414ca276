"""Measures of a network beside igraph, NetworKit, NetworkX and powerlaw (those that are installed; a line says which are not).

    python benchmarks/topology_peers.py [ROUNDS]

Exact average path length of a Barabási-Albert network and of a dual local world, N = 10^4, mean degree 6 and 5: the same network,
one thread each, in turns, median of the rounds' processor times. Then other measures of a network of 2,000 nodes, and power laws.
Exits with 1 where a path length differs by more than 1e-12, relatively, or a measure by more than the peer's own rounding.
"""

import importlib
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

import scfast as sf
from scfast import degrees
from scfast.topology import path_lengths

ROUNDS = 5
PEERS = ("igraph", "networkit", "networkx", "powerlaw")
MODELS = {"Barabási-Albert, m = 3": sf.BarabasiAlbert(3), "dual local world": sf.DualLocalWorld()}
Measure = Callable[[], float]


def installed() -> dict[str, ModuleType]:
    """The peers that there are."""
    found = {}
    for name in PEERS:
        try:
            found[name] = importlib.import_module(name)
        except ImportError:
            print(f"{name} is not installed: not compared")
    return found


def edges(network: sf.Network) -> np.ndarray:
    """Each edge once, int64 (n_edges, 2)."""
    row = np.repeat(np.arange(network.n_nodes), network.degree)
    once = row < network.indices
    return np.column_stack((row[once], network.indices[once]))


def mean_distance(network: sf.Network) -> float:
    """The average path length by scfast."""
    counts = path_lengths(network, network.n_nodes).counts
    return float(counts @ np.arange(counts.size) / counts.sum())


def networkit_mean(networkit: ModuleType, graph: Any) -> float:
    """From NetworKit's exact closeness, the inverse of each node's mean distance, of a connected graph."""
    closeness = networkit.centrality.Closeness(graph, False, networkit.centrality.ClosenessVariant.STANDARD).run()
    return math.fsum(1 / score for score in closeness.scores()) / graph.numberOfNodes()


def ways(network: sf.Network, peers: dict[str, ModuleType]) -> dict[str, Measure]:
    """Average path length by each engine; graphs are made beforehand."""
    found: dict[str, Measure] = {"scfast": lambda: mean_distance(network)}
    if "igraph" in peers:
        graph = peers["igraph"].Graph(n=network.n_nodes, edges=edges(network))
        found["igraph"] = lambda: graph.average_path_length(directed=False)
    if "networkit" in peers:
        networkit = peers["networkit"]
        networkit.setNumberOfThreads(1)
        other = networkit.Graph(network.n_nodes)
        for u, v in edges(network).tolist():
            other.addEdge(u, v)
        found["networkit"] = lambda: networkit_mean(networkit, other)
    return found


def compare_paths(title: str, network: sf.Network, peers: dict[str, ModuleType], rounds: int) -> bool:
    """Print times and ratios; whether all agree."""
    engines = ways(network, peers)
    times: dict[str, list[float]] = {name: [] for name in engines}
    values = {}
    for turn in range(rounds + 1):
        for name, engine in engines.items():
            begin = time.process_time()
            values[name] = engine()
            if turn:  # the first one compiles
                times[name].append(time.process_time() - begin)
    print(f"\nExact average path length, {title}: N = {network.n_nodes:,}, {network.n_edges:,} edges")
    own = statistics.median(times["scfast"])
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        span = f"{1e3 * min(seconds):.1f} .. {1e3 * max(seconds):.1f}"
        print(f"  {name:10} {1e3 * middle:9.1f} ms ({span}), {middle / own:6.1f} times scfast's; {values[name]!r}")
    return all(abs(value / values["scfast"] - 1) <= 1e-12 for value in values.values())


def other_measures(network: sf.Network, peers: dict[str, ModuleType]) -> list[tuple[str, float, float, float]]:
    """Measure and engine, ours, theirs, and the difference allowed."""
    ours, rows = sf.measure(network), []
    if "igraph" in peers:
        graph = peers["igraph"].Graph(n=network.n_nodes, edges=edges(network))
        rows += [
            ("diameter, igraph", ours.diameter, graph.diameter(directed=False), 0.0),
            ("transitivity, igraph", ours.transitivity, graph.transitivity_undirected(), 1e-12),
            ("clustering, igraph", ours.local_clustering, graph.transitivity_avglocal_undirected(mode="zero"), 1e-12),
            ("degree assortativity, igraph", ours.degree_assortativity, graph.assortativity_degree(directed=False), 1e-9),
            (
                "type assortativity, igraph",
                ours.type_assortativity,
                graph.assortativity_nominal(network.types.tolist(), False),
                1e-9,
            ),
            ("largest core, igraph", ours.max_core, max(graph.coreness()), 0.0),
        ]
    if "networkx" in peers:
        networkx = peers["networkx"]
        graph = networkx.Graph(edges(network).tolist())
        rows += [
            ("efficiency, NetworkX", ours.efficiency, networkx.global_efficiency(graph), 1e-10),
            ("transitivity, NetworkX", ours.transitivity, networkx.transitivity(graph), 1e-12),
            ("spectral radius, NetworkX", ours.spectral_radius, max(networkx.adjacency_spectrum(graph).real), 1e-9),
        ]
    if "powerlaw" in peers:
        rows += power_laws(network, peers["powerlaw"])
    return rows


def power_laws(network: sf.Network, powerlaw: ModuleType) -> list[tuple[str, float, float, float]]:
    """powerlaw, exact for whole numbers, stops its search for the exponent at four digits; so do exponents and distances agree.

    Its standard error is (g - 1) / sqrt(n), that of continuous degrees, and not compared.
    """
    counts = np.bincount(network.degree)
    rows = []
    for given in (4, None):
        begin = time.process_time()
        ours = degrees.fit(counts, given) if given else degrees.fit_cut_off(counts)
        middle = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = powerlaw.Fit(network.degree, xmin=given, discrete=True, estimate_discrete=False, verbose=0).power_law
        seconds = middle - begin, time.process_time() - middle
        print(f"  power law from {given or 'the KS cut-off'}: {1e3 * seconds[0]:.2f} ms, powerlaw {1e3 * seconds[1]:.0f} ms")
        rows += [
            (f"cut-off {given or 'by KS'}, powerlaw", ours.cut_off, float(theirs.xmin), 0.0),
            ("exponent, powerlaw", ours.exponent, float(theirs.alpha), 3e-4),
            ("KS distance, powerlaw", ours.distance, float(theirs.D), 2e-4),
        ]
    return rows


def main() -> int:
    """Compare; the exit code says whether all agree."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    peers, fine = installed(), True
    for title, model in MODELS.items():
        fine &= compare_paths(title, sf.grow(model, 10_000, seed=1), peers, rounds)
    for title, model in MODELS.items():
        print(f"\nOther measures, {title}, N = 2,000")
        for name, ours, theirs, allowed in other_measures(sf.grow(model, 2_000, seed=1), peers):
            good = abs(ours - theirs) <= allowed or (math.isnan(ours) and math.isnan(theirs))
            fine &= good
            print(f"  {name:32} {ours:.12g} {theirs:.12g}{'' if good else '  DIFFERS'}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
