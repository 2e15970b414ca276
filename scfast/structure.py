"""Clustering, cores, mixing and spectrum of a network."""

import math
from typing import Any

import numpy as np

from scfast.jit import kernel
from scfast.network import Network
from scfast.paths import Layout, Tick

_STEPS = 20_000  # of Lanczos' method, at most


@kernel
def _count_triangles(indptr: np.ndarray, indices: np.ndarray, end: np.ndarray, mark: np.ndarray, out: np.ndarray) -> None:
    """Triangles through each node, added to int64 (n,).

    Of each row only partners of higher degree (of equal degree: of higher number) are kept, at its front, up to `end`; each
    triangle is found once, from its lowest node. `indices` is spoilt; `mark` comes in as -1.
    """
    for v in range(out.shape[0]):
        at = indptr[v]
        degree = indptr[v + 1] - at
        for q in range(indptr[v], indptr[v + 1]):
            w = indices[q]
            other = indptr[w + 1] - indptr[w]
            if other > degree or (other == degree and w > v):
                indices[at] = w
                at += 1
        end[v] = at
    for u in range(out.shape[0]):
        for q in range(indptr[u], end[u]):
            mark[indices[q]] = u
        for q in range(indptr[u], end[u]):
            v = indices[q]
            for p in range(indptr[v], end[v]):
                if mark[indices[p]] == u:
                    out[u] += 1
                    out[v] += 1
                    out[indices[p]] += 1


@kernel
def _peel(
    indptr: np.ndarray, indices: np.ndarray, core: np.ndarray, order: np.ndarray, position: np.ndarray, first: np.ndarray
) -> None:
    """Core numbers by taking away a node of least degree again and again (Batagelj and Zaversnik 2003, L).

    `core` comes in as degrees, `order` as nodes by rising degree, `position` as its inverse, `first` as the place of the first node
    of each degree.
    """
    for k in range(order.shape[0]):
        u = order[k]
        for q in range(indptr[u], indptr[u + 1]):
            v = indices[q]
            degree = core[v]
            if degree > core[u]:  # move v to the front of its degree, which then begins one later
                other = order[first[degree]]
                order[position[v]], position[other] = other, position[v]
                order[first[degree]], position[v] = v, first[degree]
                first[degree] += 1
                core[v] = degree - 1


@kernel
def _lanczos(
    indptr: np.ndarray,
    indices: np.ndarray,
    root: np.ndarray,
    before: np.ndarray,
    now: np.ndarray,
    weighted: np.ndarray,
    after: np.ndarray,
    beside: float,
) -> tuple[float, float]:
    """One step on diag(root) A diag(root); `beside` is the last entry beside the diagonal.

    `weighted` is root * now. Fills `after` with the next vector, not yet of length 1; returns the new entries on and beside the
    diagonal.
    """
    on = 0.0
    for i in range(now.shape[0]):
        total = 0.0
        for q in range(indptr[i], indptr[i + 1]):
            total += weighted[indices[q]]
        after[i] = root[i] * total
        on += now[i] * after[i]
    squares = 0.0
    for i in range(now.shape[0]):
        after[i] -= on * now[i] + beside * before[i]
        squares += after[i] * after[i]
    return on, math.sqrt(squares)


def triangles(network: Network) -> np.ndarray:
    """Triangles through each node, int64 (n_nodes,).

    Examples
    --------
    >>> import scfast as sf
    >>> from scfast.topology import triangles
    >>> triangles(sf.Network.from_edges([(0, 1), (1, 2), (2, 0), (2, 3)])).tolist()
    [1, 1, 1, 0]
    """
    n = network.n_nodes
    found = np.zeros(n, np.int64)
    _count_triangles(network.indptr, network.indices.copy(), np.empty(n, np.int64), np.full(n, -1, np.int64), found)
    return found


def core_numbers(network: Network) -> np.ndarray:
    """Largest k for each node such that it lies in a subnetwork in which all have k partners or more, int64 (n_nodes,).

    Examples
    --------
    >>> import scfast as sf
    >>> from scfast.topology import core_numbers
    >>> core_numbers(sf.Network.from_edges([(0, 1), (1, 2), (2, 0), (2, 3)], n_nodes=5)).tolist()
    [2, 2, 2, 1, 0]
    """
    core = network.degree
    order = np.argsort(core, kind="stable")
    position = np.empty_like(order)
    position[order] = np.arange(order.size)
    first = np.concatenate(([0], np.cumsum(np.bincount(core))[:-1]))
    _peel(network.indptr, network.indices, core, order, position, first)
    return core


def tier_edges(network: Network) -> np.ndarray:
    """Edges between types a <= b, int64 (types, types); 0 below the diagonal.

    Examples
    --------
    >>> import scfast as sf
    >>> from scfast.topology import tier_edges
    >>> tier_edges(sf.Network.from_edges([(0, 1), (1, 2), (2, 3)], types=[0, 0, 1, 1])).tolist()
    [[1, 1], [0, 1]]
    """
    n = len(network.type_names)
    ends = np.repeat(network.types, network.degree).astype(np.int64) * n + network.types[network.indices]
    both = np.bincount(ends, minlength=n * n).reshape(n, n)
    return np.triu(both, 1) + np.diag(np.diagonal(both) // 2)


def degree_assortativity(network: Network) -> float:
    """Correlation of the degrees at both ends of an edge (Newman 2002, L), from exact sums; NaN where all ends are alike.

    Examples
    --------
    >>> import scfast as sf
    >>> from scfast.topology import degree_assortativity
    >>> degree_assortativity(sf.Network.from_edges([(0, 1), (1, 2), (1, 3)]))
    -1.0
    """
    degree = network.degree
    running = np.concatenate(([0], np.cumsum(degree[network.indices])))
    across = np.zeros(int(degree.max()) + 1, np.int64)  # sum of partners' degrees over nodes of each degree
    np.add.at(across, degree, running[network.indptr[1:]] - running[network.indptr[:-1]])
    held = [(k, int(count)) for k, count in enumerate(np.bincount(degree)) if count]
    ends, first = 2 * network.n_edges, sum(count * k**2 for k, count in held)
    product = sum(k * int(across[k]) for k, _ in held)
    return ratio(ends * product - first**2, ends * sum(count * k**3 for k, count in held) - first**2)


def type_assortativity(tiers: np.ndarray) -> float:
    """Newman's assortativity of types (2003, L) from :func:`tier_edges`: 1 if all edges stay within types; NaN with one type.

    With e the share of edge ends between types and a its sums, (tr e - sum a^2) / (1 - sum a^2).

    Examples
    --------
    >>> type_assortativity(np.array([[0, 4], [0, 0]]))
    -1.0
    """
    both = (tiers + tiers.T).tolist()
    ends = sum(map(sum, both))
    chance = sum(sum(row) ** 2 for row in both)
    return ratio(ends * sum(row[t] for t, row in enumerate(both)) - chance, ends**2 - chance)


def largest_eigenvalue(nodes: Layout, beta: np.ndarray, tick: Tick | None = None) -> float:
    """Largest eigenvalue of diag(beta) A, that of the symmetric diag(sqrt(beta)) A diag(sqrt(beta)), by Lanczos' method (L).

    Steps are not made orthogonal again, which does no harm to the largest eigenvalue and saves nearly all of what ARPACK costs in
    large networks. Relative error about 1e-12, but up to 1e-8 where the first two eigenvalues all but coincide, as in long chains.

    Parameters
    ----------
    nodes : Layout
    beta : float64 (n,)
        At least 0, in the order of `nodes`.
    tick : callable, optional
        Called after each step with the edges that it followed; may raise to stop.
    """
    from scipy.linalg import eigh_tridiagonal

    n, root = beta.size, np.sqrt(beta)
    if not nodes.indices.size or not root.any():
        return 0.0
    before, now, after = np.zeros(n), np.full(n, 1 / math.sqrt(n)), np.empty(n)
    diagonal, beside = [], [0.0]
    look = 8
    while True:
        entries = _lanczos(nodes.indptr, nodes.indices, root, before, now, root * now, after, beside[-1])
        diagonal.append(entries[0])
        beside.append(entries[1])
        if tick is not None:
            tick(nodes.indices.size)
        size = len(diagonal)
        closed = beside[-1] <= 1e-14 * max(abs(diagonal[0]), beside[1]) or size == _STEPS
        if closed or size == look:
            look += look // 2
            values, vectors = eigh_tridiagonal(diagonal, beside[1:-1], select="i", select_range=(max(size - 2, 0), size - 1))
            rest = abs(beside[-1] * vectors[-1, -1])  # the residual, whose square over the gap bounds the error, too
            if closed or min(rest, rest**2 / max(values[-1] - values[0], 1e-300)) <= 1e-12 * values[-1]:
                return float(values[-1])
        after /= beside[-1]
        before, now, after = now, after, before


def ratio(part: Any, whole: Any) -> float:
    """`part` / `whole`, NaN where `whole` is 0."""
    return float(part / whole) if whole else math.nan
