"""Clustering, cores, mixing and spectrum of a network."""

import math
from typing import Any

import numpy as np

from scfast.jit import kernel
from scfast.lanes import renumber
from scfast.network import Network
from scfast.paths import Layout, Tick

_DENSE = 32  # nodes up to which eigenvalues are those of a full matrix


@kernel
def _count_triangles(indptr: np.ndarray, indices: np.ndarray, end: np.ndarray, mark: np.ndarray, out: np.ndarray) -> None:
    """Triangles through each node, added to int64 (n,); nodes come by falling degree, and rows may be in any order.

    Of each row only partners before the node are kept, at its front up to `end`; each triangle is found once, from its last node.
    `mark` comes in as -1.
    """
    for v in range(out.shape[0]):
        at = indptr[v]
        for q in range(indptr[v], indptr[v + 1]):
            if indices[q] < v:
                indices[at] = indices[q]
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
def _add_partners(indptr: np.ndarray, indices: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
    """The product of the adjacency matrix and `x`, float64 (n,)."""
    for i in range(out.shape[0]):
        total = 0.0
        for q in range(indptr[i], indptr[i + 1]):
            total += x[indices[q]]
        out[i] = total


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
    order = np.argsort(-network.degree, kind="stable")
    inverse = np.empty(n, np.int32)
    inverse[order] = np.arange(n, dtype=np.int32)
    indptr, indices = np.zeros_like(network.indptr), np.empty_like(network.indices)
    renumber(network.indptr, network.indices, order, inverse, indptr, indices)
    found = np.zeros(n, np.int64)
    _count_triangles(indptr, indices, np.empty(n, np.int64), np.full(n, -1, np.int64), found)
    return found[inverse]


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


def rows(low: np.ndarray, high: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """indptr, int64 (n + 1,), and indices, int32 (2 m,), of edges that are given once."""
    from scipy.sparse import csr_array

    upper = csr_array((np.ones(low.size, np.int8), (low, high)), shape=(n, n))
    both = upper + upper.T
    return both.indptr.astype(np.int64), both.indices.astype(np.int32)


def largest_eigenvalue(nodes: Layout, beta: np.ndarray, tick: Tick | None = None) -> float:
    """Largest eigenvalue of diag(beta) A, that of the symmetric diag(sqrt(beta)) A diag(sqrt(beta)), by Lanczos steps.

    Relative error about 1e-12, where the first two eigenvalues nearly coincide (long chains) 1e-6.

    Parameters
    ----------
    nodes : Layout
    beta : float64 (n,)
        At least 0, in the order of `nodes`.
    tick : callable, optional
        Called for each product with the matrix with the edges that it followed; may raise to stop.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    n, root = beta.size, np.sqrt(beta)
    product = np.empty(n)

    def apply(x: np.ndarray) -> np.ndarray:
        _add_partners(nodes.indptr, nodes.indices, root * x.reshape(n), product)
        if tick is not None:
            tick(nodes.indices.size)
        return root * product

    if not nodes.indices.size or not root.any():
        return 0.0
    if n <= _DENSE:
        return float(np.linalg.eigvalsh(np.column_stack([apply(unit) for unit in np.eye(n)]))[-1])
    matrix = LinearOperator((n, n), matvec=apply, dtype=np.float64)
    for tolerance, tries in ((1e-6, 300), (1e-3, 10 * n)):
        try:
            found = eigsh(matrix, k=1, which="LA", v0=np.ones(n), tol=tolerance, maxiter=tries, return_eigenvectors=False)
            return float(found[0])
        except ArpackNoConvergence:
            continue
    return math.nan


def ratio(part: Any, whole: Any) -> float:
    """`part` / `whole`, NaN where `whole` is 0."""
    return float(part / whole) if whole else math.nan
