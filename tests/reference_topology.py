"""A slow, obvious twin of the measures of a network, from their definitions; shares no code with scfast.

A network here is a list of sets of partners.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Partners = list[set[int]]


def partners(network: Any) -> Partners:
    """Partners of each node."""
    return [set(network.indices[a:b].tolist()) for a, b in itertools.pairwise(network.indptr)]


def from_source(graph: Partners, source: int) -> dict[int, int]:
    """Distances from a node to all that it reaches, itself included."""
    found, queue = {source: 0}, deque([source])
    while queue:
        u = queue.popleft()
        for v in graph[u]:
            if v not in found:
                found[v] = found[u] + 1
                queue.append(v)
    return found


def distances(graph: Partners, sources: Iterable[int]) -> list[int]:
    """Pairs (source, other node) at each distance."""
    tally = Counter(d for source in sources for d in from_source(graph, source).values() if d)
    return [tally[d] for d in range(max(tally, default=0) + 1)]


def components(graph: Partners) -> list[int]:
    """Sizes of the connected components."""
    left, sizes = set(range(len(graph))), []
    while left:
        one = set(from_source(graph, min(left)))
        sizes.append(len(one))
        left -= one
    return sizes


def closed_pairs(graph: Partners, node: int) -> int:
    """Pairs of partners of a node that are partners of each other."""
    return sum(b in graph[a] for a, b in itertools.combinations(graph[node], 2))


def local_clustering(graph: Partners) -> float:
    """Mean closed share of pairs of partners."""
    return math.fsum(closed_pairs(graph, v) / math.comb(len(p), 2) for v, p in enumerate(graph) if len(p) > 1) / len(graph)


def core_numbers(graph: Partners) -> list[int]:
    """For each k, all nodes with fewer than k partners are taken away until none is left to take."""
    core = [0] * len(graph)
    for k in range(1, max(map(len, graph)) + 1):
        left = set(range(len(graph)))
        while poor := {v for v in left if len(graph[v] & left) < k}:
            left -= poor
        for v in left:
            core[v] = k
    return core


def correlation(graph: Partners) -> float:
    """Pearson's, of the degrees at both ends of all edges, each in both directions."""
    ends = np.array([(len(graph[u]), len(graph[v])) for u in range(len(graph)) for v in graph[u]], dtype=float).reshape(-1, 2)
    x = ends[:, 0] - ends[:, 0].mean() if len(ends) else ends[:, 0]
    y = ends[:, 1] - ends[:, 1].mean() if len(ends) else ends[:, 1]
    return float(x @ y / (x @ x)) if len(ends) and ends[:, 0].std() > 0 else math.nan


def mixing(graph: Partners, types: Sequence[int], n_types: int) -> np.ndarray:
    """Share of edge ends between types."""
    e = np.zeros((n_types, n_types))
    for u, near in enumerate(graph):
        for v in near:
            e[types[u], types[v]] += 1
    return e / max(e.sum(), 1)


def assortativity(e: np.ndarray) -> float:
    """Newman's, from shares of edge ends."""
    chance = float((e.sum(axis=0) * e.sum(axis=1)).sum())
    return float((np.trace(e) - chance) / (1 - chance)) if e.any() and chance < 1 else math.nan


def largest_eigenvalue(graph: Partners, beta: Sequence[float]) -> float:
    """Of diag(beta) A, which is not symmetric."""
    matrix = np.zeros((len(graph), len(graph)))
    for u, near in enumerate(graph):
        for v in near:
            matrix[u, v] = beta[u]
    return float(np.linalg.eigvals(matrix).real.max())


def zeta(g: float, first: int) -> float:
    """Sum of k^-g from `first` on: many terms, and Euler's formula for the rest."""
    end = first + 20_000
    return math.fsum((np.arange(first, end) ** -g).tolist()) + end ** (1 - g) / (g - 1) + end**-g / 2


def likelihood(degrees: Sequence[int], cut_off: int, g: float) -> float:
    """Log-likelihood of an exponent."""
    tail = [k for k in degrees if k >= cut_off]
    return -len(tail) * math.log(zeta(g, cut_off)) - g * math.fsum(map(math.log, tail))


def ks_distance(degrees: Sequence[int], cut_off: int, g: float) -> float:
    """Largest difference of the distribution functions over all whole numbers up to the largest degree."""
    tail = [k for k in degrees if k >= cut_off]
    whole, below, largest = zeta(g, cut_off), 0.0, 0.0
    for k in range(cut_off, max(tail) + 1):
        below += k**-g / whole
        largest = max(largest, abs(below - sum(d <= k for d in tail) / len(tail)))
    return largest
