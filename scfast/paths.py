"""Distances by breadth-first search from up to 512 sources at once.

Bit `l` of row `v` says whether source `l` has reached node `v`. At each level a node's row becomes the union of its own and its
partners' rows of the level before; what is new in it are (source, node) pairs at that distance. Where many rows changed at the last
level every row that is not yet full is gathered from its partners' (*pull*); where few did, these alone are spread to theirs
(*push*). Two planes of rows take turns: while one is read, the other is written.

Nodes are numbered in breadth-first order from the largest hub, component by component: partners' rows lie near each other, sources
of one batch meet early, and a batch concerns only the components that its sources are in.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scfast.jit import kernel, part
from scfast.lanes import BLOCK_LANES, count_nodes, renumber
from scfast.words import LANES, WIDTHS, aligned, any_set, broadcast, like, load, popcounts, prefetch, store, total

Tick = Callable[[int], Any]

SLICE = 30_000_000
"""Edges followed in one slice: less than half a second."""

_FULL = 0xFFFFFFFFFFFFFFFF
_AHEAD = 32  # partners whose rows are asked for ahead of use
_NEAR = 1 << 14  # nodes whose rows a cache holds: nothing is asked for ahead
_LEVEL, _CHANGED, _EDGES, _OPEN, _OPEN_EDGES, _HERE, _PULLS = range(7)  # numbers of a batch, in `at`


class Layout(NamedTuple):
    """A network in the order in which it is searched."""

    order: np.ndarray  # int64 (n,): the node at each position
    position: np.ndarray  # int32 (n,): its inverse
    first: np.ndarray  # int64 (components + 1,): position of each component's first node
    indptr: np.ndarray  # int64 (n + 1,), int32 (2 m,): the network in that order
    indices: np.ndarray


class Batch(NamedTuple):
    """Searches from up to 512 sources on positions `low` to `high` - 1."""

    low: int
    high: int
    planes: np.ndarray  # uint64 (2 n, W): two planes, of which row at[_HERE] begins the one that holds
    open: np.ndarray  # int32 (n,): while pulling, the nodes whose rows are not full in both planes
    changed: np.ndarray  # int32 (n,): nodes whose rows changed at the last level
    touched: np.ndarray  # int32 (n,): while pushing, partners of these
    mark: np.ndarray  # uint8 (n,): which nodes are touched
    at: np.ndarray  # int64 (7,)
    counter: np.ndarray  # uint64 (2 digits, W), int32 (64 W,), the same: scratch of counts per source
    before: np.ndarray
    after: np.ndarray


@dataclass(frozen=True)
class Paths:
    """Distances over ordered pairs (source, other node).

    Attributes
    ----------
    counts : int64 (d_max + 1,)
        Pairs at each distance; entry 0 is 0, and pairs that no path connects are nowhere.
    n_sources : int
    error : float
        Standard error of the mean distance over connected pairs, for sources drawn without replacement; 0 where all nodes are
        sources, NaN for a single source among several nodes.
    """

    counts: np.ndarray
    n_sources: int
    error: float


@kernel
def _breadth_first(
    indptr: np.ndarray, indices: np.ndarray, seeds: np.ndarray, order: np.ndarray, position: np.ndarray, first: np.ndarray
) -> int:
    """Number the nodes, each component from the first of `seeds` in it; `position` comes in as -1. Returns how many components."""
    n, components = 0, 0
    for k in range(seeds.shape[0]):
        if position[seeds[k]] >= 0:
            continue
        first[components] = n
        components += 1
        order[n] = seeds[k]
        position[seeds[k]] = n
        head = n
        n += 1
        while head < n:
            for q in range(indptr[order[head]], indptr[order[head] + 1]):
                v = indices[q]
                if position[v] < 0:
                    order[n] = v
                    position[v] = n
                    n += 1
            head += 1
    first[components] = n
    return components


def layout(indptr: np.ndarray, indices: np.ndarray) -> Layout:
    """Lay a network out for :func:`search`: int64 (n + 1,) and int32 (2 m,), each edge in both of its rows."""
    n = indptr.size - 1
    seeds = np.argsort(-np.diff(indptr), kind="stable")
    order, position, first = np.empty(n, np.int64), np.full(n, -1, np.int32), np.empty(n + 1, np.int64)
    components = _breadth_first(indptr, indices, seeds, order, position, first)
    starts, partners = np.zeros(n + 1, np.int64), np.empty_like(indices)
    renumber(indptr, indices, order, position, starts, partners)
    return Layout(order, position, first[: components + 1].copy(), starts, partners)


@kernel
def _begin(indptr: np.ndarray, sources: np.ndarray, batch: Batch) -> None:
    """Rows in which each source has reached itself; lanes without a source are set everywhere, so that rows can be full."""
    full = np.uint64(_FULL)
    planes, at = batch.planes, batch.at
    for w in range(planes.shape[1]):
        used = min(max(sources.shape[0] - LANES * w, 0), LANES)
        unused = np.uint64(0) if used == LANES else full << np.uint64(used)
        for v in range(batch.low, batch.high):
            planes[v, w] = unused
    at[:] = 0
    for s in range(sources.shape[0]):
        v = sources[s]
        planes[v, s // LANES] |= np.uint64(1) << np.uint64(s % LANES)
        batch.changed[s] = v
        at[_EDGES] += indptr[v + 1] - indptr[v]
    at[_CHANGED] = sources.shape[0]


@part
def _pull(indptr: np.ndarray, indices: np.ndarray, batch: Batch, like: tuple[int, ...]) -> int:
    """Gather the open rows; returns how many (source, node) pairs are new.

    Rows that are full stay open for one level more, as the other plane is to hold them too.
    """
    planes, at, nodes, changed = batch.planes, batch.at, batch.open, batch.changed
    here = at[_HERE]
    there = planes.shape[0] // 2 - here
    gained = broadcast(np.uint64(0), like)
    n_open, n_changed, edges, open_edges = 0, 0, 0, 0
    last = indices.shape[0] - 1
    far = planes.shape[0] > 2 * _NEAR
    for k in range(at[_OPEN]):
        v = np.int64(nodes[k])
        old = load(planes, here + v, like)
        row = old
        if not any_set(~old):
            store(planes, there + v, row)
            continue
        begin, end = indptr[v], indptr[v + 1]
        for q in range(begin, end):
            if far:
                prefetch(planes, here + np.int64(indices[min(q + _AHEAD, last)]))
            row = row | load(planes, here + np.int64(indices[q]), like)
            if (q - begin) & 7 == 7 and not any_set(~row):
                break
        store(planes, there + v, row)
        nodes[n_open] = v
        n_open += 1
        open_edges += end - begin
        new = row ^ old
        gained = gained + popcounts(new)
        changed[n_changed] = v
        if any_set(new):
            n_changed += 1
            edges += end - begin
    at[_OPEN], at[_OPEN_EDGES], at[_CHANGED], at[_EDGES] = n_open, open_edges, n_changed, edges
    return total(gained)


@part
def _push(indptr: np.ndarray, indices: np.ndarray, batch: Batch, like: tuple[int, ...]) -> int:
    """Spread the rows that changed to the other plane; returns how many nodes they touch."""
    planes, touched, mark = batch.planes, batch.touched, batch.mark
    here = batch.at[_HERE]
    there = planes.shape[0] // 2 - here
    n_touched = 0
    for k in range(batch.at[_CHANGED]):
        u = np.int64(batch.changed[k])
        row = load(planes, here + u, like)
        for q in range(indptr[u], indptr[u + 1]):
            v = np.int64(indices[q])
            if mark[v]:
                store(planes, there + v, load(planes, there + v, like) | row)
            else:
                store(planes, there + v, load(planes, here + v, like) | row)
                mark[v] = 1
                touched[n_touched] = v
                n_touched += 1
    return n_touched


@part
def _settle(indptr: np.ndarray, batch: Batch, n_touched: int, like: tuple[int, ...]) -> int:
    """Bring touched rows back to the plane that holds; returns how many (source, node) pairs are new."""
    planes, at = batch.planes, batch.at
    here = at[_HERE]
    there = planes.shape[0] // 2 - here
    gained = broadcast(np.uint64(0), like)
    n_changed, edges = 0, 0
    for k in range(n_touched):
        v = np.int64(batch.touched[k])
        row = load(planes, there + v, like)
        new = row ^ load(planes, here + v, like)
        store(planes, here + v, row)
        gained = gained + popcounts(new)
        batch.mark[v] = 0
        batch.changed[n_changed] = v
        if any_set(new):
            n_changed += 1
            edges += indptr[v + 1] - indptr[v]
    at[_CHANGED], at[_EDGES] = n_changed, edges
    return total(gained)


@part
def _count_sources(batch: Batch, nodes: np.ndarray, sums: np.ndarray, like: tuple[int, ...]) -> None:
    """Add what is new in rows of `nodes` to each source's reached nodes and sum of distances, int64 (2, 64 W)."""
    n, here, level = batch.planes.shape[0] // 2, batch.at[_HERE], batch.at[_LEVEL]
    there = n - here
    count_nodes(batch.planes[here : here + n], nodes, batch.counter, batch.before, like)
    count_nodes(batch.planes[there : there + n], nodes, batch.counter, batch.after, like)
    for lane in range(sums.shape[1]):
        new = np.int64(batch.after[lane]) - np.int64(batch.before[lane])
        sums[0, lane] += new
        sums[1, lane] += level * new


@kernel
def _advance(
    indptr: np.ndarray, indices: np.ndarray, batch: Batch, budget: int, counts: np.ndarray, sums: np.ndarray, like: tuple[int, ...]
) -> int:
    """Levels, until no row changes or `budget` edges were followed; returns how many were.

    New pairs are added to `counts`, int64 (n + 1,), and for each source to `sums`, int64 (2, 64 W) or (2, 0).
    """
    at = batch.at
    n = batch.planes.shape[0] // 2
    work = 0
    while at[_CHANGED] > 0 and work < budget:
        at[_LEVEL] += 1
        if at[_PULLS] == 0:
            at[_OPEN_EDGES] = indptr[batch.high] - indptr[batch.low]
        if 3 * at[_EDGES] < at[_OPEN_EDGES]:
            work += at[_EDGES]
            at[_PULLS] = 0
            n_touched = _push(indptr, indices, batch, like)
            if sums.shape[1]:
                _count_sources(batch, batch.touched[:n_touched], sums, like)
            counts[at[_LEVEL]] += _settle(indptr, batch, n_touched, like)
        else:
            if at[_PULLS] == 0:
                at[_PULLS] = 1
                at[_OPEN] = batch.high - batch.low
                for v in range(batch.low, batch.high):
                    batch.open[v - batch.low] = v
            work += at[_OPEN_EDGES]
            counts[at[_LEVEL]] += _pull(indptr, indices, batch, like)
            if sums.shape[1]:
                _count_sources(batch, batch.changed[: at[_CHANGED]], sums, like)
            at[_HERE] = n - at[_HERE]
    return work


def search(nodes: Layout, sources: np.ndarray | None = None, tick: Tick | None = None) -> Paths:
    """Distances from some nodes, or from all, to all others.

    Parameters
    ----------
    nodes : Layout
        As :func:`layout` makes it.
    sources : int64 (k,), optional
        Distinct nodes, by their numbers in the network. Default: all.
    tick : callable, optional
        Called after each slice with the edges that it followed; may raise to stop.

    Returns
    -------
    Paths

    Examples
    --------
    >>> from scfast.paths import layout, search
    >>> chain = layout(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1], np.int32))
    >>> search(chain).counts.tolist()
    [0, 4, 2]
    """
    n = nodes.indptr.size - 1
    chosen = np.arange(n) if sources is None else np.sort(nodes.position[sources].astype(np.int64))
    width = WIDTHS[-1]
    places = [np.empty(n, np.int32) for _ in range(3)]
    counter = aligned(2 * (n.bit_length() + 3), width)
    lanes = (np.empty(BLOCK_LANES, np.int32), np.empty(BLOCK_LANES, np.int32))
    shared = (aligned(2 * n, width), *places, np.zeros(n, np.uint8), np.zeros(7, np.int64), counter, *lanes)
    counts = np.zeros(n + 1, np.int64)
    sums = np.zeros((2, chosen.size if sources is not None else 0), np.int64)
    for begin in range(0, chosen.size, BLOCK_LANES):
        batch_sources = chosen[begin : begin + BLOCK_LANES]
        low, high = np.searchsorted(nodes.first, batch_sources[[0, -1]], side="right")
        batch = Batch(int(nodes.first[low - 1]), int(nodes.first[high]), *shared)
        own = np.zeros((2, BLOCK_LANES if sources is not None else 0), np.int64)
        _begin(nodes.indptr, batch_sources, batch)
        while batch.at[_CHANGED]:
            work = _advance(nodes.indptr, nodes.indices, batch, SLICE, counts, own, like(width))
            if tick is not None:
                tick(work)
        sums[:, begin : begin + BLOCK_LANES] = own[:, : batch_sources.size]
    counts = counts[: int(np.flatnonzero(counts).max(initial=0)) + 1].copy()
    return Paths(counts, chosen.size, _error(sums, n) if chosen.size < n else 0.0)


def _error(sums: np.ndarray, n: int) -> float:
    """Standard error of the ratio of sums, distances over nodes reached, of k of `n` sources drawn without replacement (L)."""
    reached, distance = sums.astype(np.float64)
    k = reached.size
    if k < 2 or not reached.any():
        return math.nan
    rest = distance - distance.sum() / reached.sum() * reached
    return float(math.sqrt((1 - k / n) * (rest @ rest) / (k - 1) / k) / reached.mean())
