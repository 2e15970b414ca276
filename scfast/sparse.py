"""The same dynamics where few nodes are infected: one lane at a time, from event to event, so that the work follows the infected.

Trials of one kind (contacts of infected nodes, exits from I, returns from R, shocks) are counted off in one row, and the number of
failures before the next success is drawn at once: a step costs what happens in it. Kinds whose rate differs between nodes are
counted off at the largest rate, and a success is kept with the ratio of the node's own to it (thinning). Infected nodes are
listed by classes of degree; each has as many places for contacts as the power of two next to its degree, and those beyond it are
empty.

Failures before a success are drawn by the alias method from integer weights, which sum to 2**64: those of the 64-bit threshold of
the rate, without rounding beyond it. All is integer arithmetic, so the bits are the same on every machine.

A block is here in *lists*: infected and immune nodes of each lane. The memory of its planes S, R and I to be holds meanwhile, by
machine word and then by node, what lanes of a word touch one after another: ever infected, infected steps, eliminated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from scfast.jit import inline, kernel, part
from scfast.lanes import Block, I, Planes, R, Record, S, X, count_nodes
from scfast.rng import xoshiro
from scfast.words import LANES, lowest_set, prefetch

_CONTACT, _LEAVE, _WANE, _SHOCK = range(4)
_INFECTED, _IMMUNE, _ELIMINATED, _NEW, _OPEN_S, _OPEN_R = range(6)  # numbers of nodes; the last two: see Lists.exposed
_TOP = np.uint64(56)
_NODE = 0xFFFFFFFF
_MORE = 255  # the last symbol of a table of gaps: so many failures, and no success yet
_ONES = 0xFFFFFFFFFFFFFFFF
# What decides between lists and planes: nanoseconds of an event, of a lane's step, and of a node's step in planes, for itself and
# for each machine word, about as `benchmarks/costs.py` finds them with AVX-512. Never measured in a run: results depend on them.
_EVENT, _LANE = 10.0, 200.0
_PLANES_NODE, _PLANES_WORD = 8.0, 4.0
_ROOM = 1 / 16  # largest share of nodes in I or R, on average over lanes
_SPAN_MIN, _SPAN_MAX = 2, 64


class Chances(NamedTuple):
    """Rates as tables of gaps, and what a success needs beyond them."""

    gaps: np.ndarray  # uint64 (4, 256): of contacts, exits, returns and shocks, at the largest rates
    possible: np.ndarray  # bool (4,): whether each of these is above 0
    varied: bool  # whether any rate differs between classes
    eliminates: bool  # whether any delta > 0
    node_class: np.ndarray  # int32 (n,)
    keep: np.ndarray  # uint64 (classes, 4): own rate / largest rate, all ones: certain
    eliminate: np.ndarray  # uint64 (classes,): delta / (gamma + delta), all ones: certain


class Shape(NamedTuple):
    """The network by classes of degree: class d > 0 has up to 2**d neighbours and more than half of that, 0 at most one."""

    indptr: np.ndarray  # int32 (n + 1,), or (0,) where that is too short: lists are not used then
    indices: np.ndarray
    degree_class: np.ndarray  # uint8 (n,)
    base: np.ndarray  # int64 (classes + 1,): where the list of each class begins
    group: np.ndarray  # uint8 (n,): whose counts are recorded together
    n_groups: int
    returning: np.ndarray  # uint8 (n,) or (0,): as in Rules


class Columns(NamedTuple):
    """What is kept of each node, by machine word: uint64 (W, n)."""

    ever: np.ndarray
    gone: np.ndarray
    steps: np.ndarray  # uint32 (W, n), or (W, 0) where not recorded


class Lists(NamedTuple):
    """Infected and immune nodes of all lanes."""

    nodes: np.ndarray  # int32: of each lane the infected, then the immune
    extent: np.ndarray  # int64 (lanes, 3): first entry, infected, immune
    rng: np.ndarray  # uint64 (lanes, 4)
    exposed: np.ndarray  # int64 (lanes, 2): S with epsilon > 0, R with epsilon > 0 and xi > 0; zeros without shocks


class Lane(NamedTuple):
    """What one lane works on; clean between lanes."""

    cell: np.ndarray  # uint8 (n,): state, 4 about to be infected; the eliminated count as S here
    infected: np.ndarray  # int64 (n,): by class of degree; where its neighbours begin (upper half), and the node
    length: np.ndarray  # int64 (classes,): of the lists of infected nodes
    immune: np.ndarray  # int32 (n,)
    new: np.ndarray  # int32 (n,): about to be infected
    moved: np.ndarray  # int32 (n,): leaving R, then I
    hit: np.ndarray  # int64 (n,): contacts and shocks that succeed
    now: np.ndarray  # int64 (6,): see _INFECTED and what follows
    tally: np.ndarray  # int32 (groups, 4)
    rng: np.ndarray  # uint64 (4,)


class Work(NamedTuple):
    """All that a step of a lane needs."""

    shape: Shape
    chances: Chances
    lane: Lane
    ever: np.ndarray  # columns of the lane's machine word
    gone: np.ndarray
    steps: np.ndarray
    bit: np.uint64  # the lane's in them


def gaps(p: int) -> np.ndarray:
    """Alias table, uint64 (256,), of the failures before a success of probability ``p / 2**64``.

    Symbol g < 255 has the weight of exactly g failures, 255 that of at least so many. Entry k: the share of column k that is k
    itself, as 56 bits, and the symbol of the rest, as 8 bits.

    Examples
    --------
    >>> from scfast.sparse import gaps
    >>> own, rest = gaps(2**62) >> 8, gaps(2**62) & 255  # a quarter
    >>> sum(2**56 - int(share) for share, symbol in zip(own, rest) if symbol == 0) + int(own[0]) == 2**62
    True
    """
    left, weights = 2**64, []
    for _ in range(_MORE):
        success = left * p >> 64
        weights.append(success)
        left -= success
    weights.append(left)
    column = 2**56
    table = np.zeros(256, np.uint64)
    small = [k for k, w in enumerate(weights) if w < column]
    large = [k for k, w in enumerate(weights) if w >= column]
    while small:
        k, donor = small.pop(), large[-1]
        table[k] = weights[k] << 8 | donor
        weights[donor] -= column - weights[k]
        if weights[donor] < column:
            small.append(large.pop())
    for k in large:  # full columns
        table[k] = k
    return table


@kernel
def _ratios(share: np.ndarray, whole: np.ndarray, out: np.ndarray) -> None:
    """``share / whole`` as 64 binary digits by long division, all ones where they are equal; shares are at most the wholes."""
    one = np.uint64(1)
    for k in range(share.shape[0]):
        rest, digits = share[k], np.uint64(0)
        if rest == whole[k]:
            out[k] = np.uint64(_ONES)
            continue
        for _ in range(64):
            top = rest >> np.uint64(63)
            rest = rest << one
            digits = digits << one
            if top == one or rest >= whole[k]:
                rest = rest - whole[k]
                digits |= one
        out[k] = digits


@inline
def _below(u: Any, threshold: Any) -> Any:
    """Whether the uniform `u` is below a 64-bit threshold; all ones are certain."""
    return u < threshold or threshold == np.uint64(_ONES)


@inline
def _gap(u: Any, entry: Any) -> Any:
    """Symbol that the uint64 `u` picks, `entry` being what the table holds at its top eight bits."""
    if (u & np.uint64(0xFFFFFFFFFFFFFF)) < (entry >> np.uint64(8)):
        return np.int64(u >> np.uint64(56))
    return np.int64(entry & np.uint64(255))


# what happens in a step is listed before it is done: loops with little to guess keep many accesses to memory under way at once


@part
def _catch(work: Work, what: int) -> None:
    """Contacts of all infected nodes with their neighbours, or shocks to all nodes: adds to the nodes about to be infected."""
    shape, chances, lane, bit = work.shape, work.chances, work.lane, work.bit
    indptr, indices, base = shape.indptr, shape.indices, shape.base
    s0, s1, s2, s3 = lane.rng[0], lane.rng[1], lane.rng[2], lane.rng[3]
    some_gone = lane.now[_ELIMINATED] > 0
    n, n_new = lane.cell.shape[0], lane.now[_NEW]
    kinds = lane.length.shape[0] if what == _CONTACT else 1
    kind, place = 0, 0
    trials: Any = n
    if what == _CONTACT:
        trials = lane.length[0]
    while kind < kinds:
        n_hit = 0
        while n_hit < n:
            u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
            gap = _gap(u, chances.gaps[what, u >> _TOP])
            place += gap
            while place >= trials:
                place -= trials
                kind += 1
                if kind == kinds:
                    break
                trials = lane.length[kind] << kind
            if kind == kinds:
                break
            if gap == _MORE:
                continue
            if what == _CONTACT:
                entry = lane.infected[base[kind] + (place >> kind)]
                q = (entry >> 32) + (place & ((1 << kind) - 1))
                lane.hit[n_hit] = q
                prefetch(indices, q)
                n_hit += q < indptr[(entry & _NODE) + 1]
            else:
                lane.hit[n_hit] = place
                n_hit += 1
            place += 1
        for h in range(n_hit):
            node = np.int64(indices[lane.hit[h]]) if what == _CONTACT else lane.hit[h]
            if lane.cell[node] != 0 or (some_gone and work.gone[node] & bit):
                continue
            if chances.varied:
                u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
                if not _below(u, chances.keep[chances.node_class[node], what]):
                    continue
            lane.cell[node] = 4
            prefetch(work.ever, node)
            prefetch(work.steps, node)
            prefetch(indptr, node)
            lane.new[n_new] = node
            n_new += 1
    lane.now[_NEW] = n_new
    lane.rng[0], lane.rng[1], lane.rng[2], lane.rng[3] = s0, s1, s2, s3


@part
def _wane(work: Work) -> None:
    """Returns from R to S."""
    shape, chances, lane = work.shape, work.chances, work.lane
    s0, s1, s2, s3 = lane.rng[0], lane.rng[1], lane.rng[2], lane.rng[3]
    left, n_moved, place = lane.now[_IMMUNE], 0, 0
    while True:
        u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        gap = _gap(u, chances.gaps[_WANE, u >> _TOP])
        place += gap
        if place >= left:
            break
        if gap == _MORE:
            continue
        node = lane.immune[place]
        if chances.varied:
            u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
            if not _below(u, chances.keep[chances.node_class[node], _WANE]):
                place += 1
                continue
        # the last of the list comes here, and has its trial next
        left -= 1
        lane.immune[place] = lane.immune[left]
        lane.moved[n_moved] = node
        n_moved += 1
    groups, shocks = lane.tally.shape[0], shape.returning.shape[0] > 0
    for k in range(n_moved):
        node = lane.moved[k]
        lane.cell[node] = 0
        if groups > 1:
            lane.tally[shape.group[node], R] -= np.int32(1)
            lane.tally[shape.group[node], S] += np.int32(1)
        if shocks:
            lane.now[_OPEN_S] += shape.returning[node] & 1
            lane.now[_OPEN_R] -= shape.returning[node] >> 1
    lane.now[_IMMUNE] = left
    lane.rng[0], lane.rng[1], lane.rng[2], lane.rng[3] = s0, s1, s2, s3


@part
def _leave(work: Work, later: int) -> None:
    """Exits from I to R or X; `later` steps of being infected have been counted ahead."""
    shape, chances, lane = work.shape, work.chances, work.lane
    s0, s1, s2, s3 = lane.rng[0], lane.rng[1], lane.rng[2], lane.rng[3]
    base, length, kinds = shape.base, lane.length, lane.length.shape[0]
    n_moved, place, kind = 0, 0, 0
    while True:
        u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        gap = _gap(u, chances.gaps[_LEAVE, u >> _TOP])
        place += gap
        while kind < kinds and place >= length[kind]:
            place -= length[kind]
            kind += 1
        if kind == kinds:
            break
        if gap == _MORE:
            continue
        node = lane.infected[base[kind] + place] & _NODE
        if chances.varied:
            u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
            if not _below(u, chances.keep[chances.node_class[node], _LEAVE]):
                place += 1
                continue
        length[kind] -= 1
        lane.infected[base[kind] + place] = lane.infected[base[kind] + length[kind]]
        prefetch(work.steps, node)
        lane.moved[n_moved] = node
        n_moved += 1
    groups, shocks, maps = lane.tally.shape[0], shape.returning.shape[0] > 0, work.steps.shape[0] > 0
    n_r = lane.now[_IMMUNE]
    for k in range(n_moved):
        node = np.int64(lane.moved[k])
        if maps:
            work.steps[node] -= np.uint32(later)
        removed = False
        if chances.eliminates:
            u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
            removed = _below(u, chances.eliminate[chances.node_class[node]])
        if removed:
            lane.cell[node] = 0
            work.gone[node] |= work.bit
        else:
            lane.cell[node] = 2
            lane.immune[n_r] = node
            n_r += 1
            if shocks:
                lane.now[_OPEN_R] += shape.returning[node] >> 1
        if groups > 1:
            lane.tally[shape.group[node], I] -= np.int32(1)
            lane.tally[shape.group[node], X if removed else R] += np.int32(1)
    lane.now[_ELIMINATED] += n_moved - (n_r - lane.now[_IMMUNE])
    lane.now[_IMMUNE] = n_r
    lane.now[_INFECTED] -= n_moved
    lane.rng[0], lane.rng[1], lane.rng[2], lane.rng[3] = s0, s1, s2, s3


@part
def _enter(work: Work, later: int) -> None:
    """Those about to be infected are; `later` steps are counted ahead."""
    shape, lane = work.shape, work.lane
    groups, shocks, maps = lane.tally.shape[0], shape.returning.shape[0] > 0, work.steps.shape[0] > 0
    for k in range(lane.now[_NEW]):
        node = np.int64(lane.new[k])
        d = shape.degree_class[node]
        lane.infected[shape.base[d] + lane.length[d]] = np.int64(shape.indptr[node]) << 32 | node
        lane.length[d] += 1
        lane.cell[node] = 1
        work.ever[node] |= work.bit
        if maps:
            work.steps[node] += np.uint32(later)
        if groups > 1:
            lane.tally[shape.group[node], S] -= np.int32(1)
            lane.tally[shape.group[node], I] += np.int32(1)
        if shocks:
            lane.now[_OPEN_S] -= shape.returning[node] & 1
    lane.now[_INFECTED] += lane.now[_NEW]
    lane.now[_NEW] = 0


@part
def _begin(work: Work, nodes: np.ndarray, extent: np.ndarray, later: int) -> None:
    """Lay out a lane's lists; `later` steps of being infected are counted ahead."""
    shape, lane = work.shape, work.lane
    first, n_i, n_r = extent[0], extent[1], extent[2]
    lane.length[:] = 0
    for q in range(first, first + n_i):
        node = np.int64(nodes[q])
        d = shape.degree_class[node]
        lane.infected[shape.base[d] + lane.length[d]] = np.int64(shape.indptr[node]) << 32 | node
        lane.length[d] += 1
        lane.cell[node] = 1
        if work.steps.shape[0] > 0:
            work.steps[node] += np.uint32(later)
    for k in range(n_r):
        node = np.int64(nodes[first + n_i + k])
        lane.immune[k] = node
        lane.cell[node] = 2
    lane.now[_INFECTED], lane.now[_IMMUNE], lane.now[_NEW] = n_i, n_r, 0


@part
def _end(work: Work, nodes: np.ndarray, at: int) -> int:
    """Write a lane's lists into `nodes` from entry `at` on, clean up, and return the entry after the last."""
    shape, lane = work.shape, work.lane
    for d in range(lane.length.shape[0]):
        for k in range(shape.base[d], shape.base[d] + lane.length[d]):
            node = lane.infected[k] & _NODE
            nodes[at] = node
            lane.cell[node] = 0
            at += 1
    for k in range(lane.now[_IMMUNE]):
        nodes[at] = lane.immune[k]
        lane.cell[lane.immune[k]] = 0
        at += 1
    return at


@kernel
def _follow(
    shape: Shape,
    chances: Chances,
    lists: Lists,
    lane: Lane,
    columns: Columns,
    record: Record,
    index: int,
    last: int,
    t0: int,
    t1: int,
    into: Lists,
) -> int:
    """Take lanes from step `t0` to `t1`, up to the first for which `into` may lack room, and return which that is."""
    n, groups, now, tally = lane.cell.shape[0], lane.tally.shape[0], lane.now, lane.tally
    while index < last:
        if into.nodes.shape[0] - into.extent[index, 0] < n:
            break
        word, bit = index // LANES, np.uint64(1) << np.uint64(index % LANES)
        work = Work(shape, chances, lane, columns.ever[word], columns.gone[word], columns.steps[word], bit)
        _begin(work, lists.nodes, lists.extent[index], t1 - t0)
        for k in range(4):
            lane.rng[k] = lists.rng[index, k]
        now[_OPEN_S], now[_OPEN_R], now[_ELIMINATED] = lists.exposed[index, 0], lists.exposed[index, 1], 0
        for g in range(groups):
            for state in range(4):
                tally[g, state] = record.counts[t0, g, state, index]
            now[_ELIMINATED] += tally[g, X]
        for t in range(t0, t1):
            if now[_INFECTED] > 0 and chances.possible[_CONTACT]:
                _catch(work, _CONTACT)
            if chances.possible[_SHOCK]:
                _catch(work, _SHOCK)
            if now[_IMMUNE] > 0 and chances.possible[_WANE]:
                _wane(work)
            if now[_INFECTED] > 0 and chances.possible[_LEAVE]:
                _leave(work, t1 - t)
            _enter(work, t1 - t)
            if groups == 1:
                tally[0, S] = n - now[_INFECTED] - now[_IMMUNE] - now[_ELIMINATED]
                tally[0, I], tally[0, R], tally[0, X] = now[_INFECTED], now[_IMMUNE], now[_ELIMINATED]
            for g in range(groups):
                for state in range(4):
                    record.counts[t + 1, g, state, index] = tally[g, state]
            if now[_INFECTED] > 0 or now[_OPEN_S] > 0 or now[_OPEN_R] > 0:
                record.active[t + 1, word] |= bit
        at = _end(work, into.nodes, into.extent[index, 0])
        into.extent[index, 1], into.extent[index, 2] = now[_INFECTED], now[_IMMUNE]
        into.exposed[index, 0], into.exposed[index, 1] = now[_OPEN_S], now[_OPEN_R]
        for k in range(4):
            lists.rng[index, k] = lane.rng[k]
        index += 1
        if index < into.extent.shape[0]:
            into.extent[index, 0] = at
    return index


@kernel
def _gather(planes: Planes, columns: Columns, ends: np.ndarray, nodes: np.ndarray) -> None:
    """Lists and columns from planes; `ends`, (lanes, 2), where the infected and immune of a lane begin, moves to their ends."""
    one = np.uint64(1)
    n, width = planes.i.shape
    for node in range(n):
        for w in range(width):
            x = planes.i[node, w]
            columns.gone[w, node] = ~(planes.s[node, w] | x | planes.r[node, w])
            while x != np.uint64(0):
                lane = w * LANES + lowest_set(x)
                nodes[ends[lane, 0]] = node
                ends[lane, 0] += 1
                x = x & (x - one)
            x = planes.r[node, w]
            while x != np.uint64(0):
                lane = w * LANES + lowest_set(x)
                nodes[ends[lane, 1]] = node
                ends[lane, 1] += 1
                x = x & (x - one)
    # the planes of S and R have been read: their memory is that of the other columns
    for node in range(n):
        for w in range(width):
            columns.ever[w, node] = planes.ever[node, w]
            if columns.steps.shape[1] > 0:
                columns.steps[w, node] = planes.steps[node, w]


@kernel
def _scatter(nodes: np.ndarray, extent: np.ndarray, columns: Columns, spare: np.ndarray, planes: Planes) -> None:
    """Planes from lists and columns; `spare`, uint64 (W, n), is the memory of the plane of I, idle while a block is in lists."""
    one, zero = np.uint64(1), np.uint64(0)
    n, width = planes.i.shape
    for node in range(n):
        for w in range(width):
            planes.ever[node, w] = columns.ever[w, node]
            if columns.steps.shape[1] > 0:
                planes.steps[node, w] = columns.steps[w, node]
    # the column of `ever` has been read: its memory takes that of I, and the spare one that of R
    for w in range(width):
        for node in range(n):
            columns.ever[w, node] = zero
            spare[w, node] = zero
    for lane in range(extent.shape[0]):
        word, bit = lane // LANES, one << np.uint64(lane % LANES)
        begin, n_i, n_r = extent[lane, 0], extent[lane, 1], extent[lane, 2]
        for q in range(begin, begin + n_i):
            columns.ever[word, nodes[q]] |= bit
        for q in range(begin + n_i, begin + n_i + n_r):
            spare[word, nodes[q]] |= bit
    for node in range(n):
        for w in range(width):
            planes.r[node, w] = spare[w, node]
    for node in range(n):
        for w in range(width):
            planes.i[node, w] = columns.ever[w, node]
    for node in range(n):
        for w in range(width):
            planes.s[node, w] = ~(columns.gone[w, node] | planes.i[node, w] | planes.r[node, w])


def _columns(planes: Planes) -> Columns:
    """Columns in the memory of planes."""
    n, width = planes.s.shape
    steps = planes.r.view(np.uint32).reshape(-1)[: n * width].reshape(width, n)
    if not len(planes.steps):
        steps = np.empty((width, 0), np.uint32)
    return Columns(planes.s.reshape(width, n), planes.next_i.reshape(width, n), steps)


@dataclass(frozen=True)
class Ways:
    """What a network and rates are for :class:`Sparse`; shared by all blocks on them."""

    shape: Shape
    chances: Chances
    infected_events: float  # expected per infected node and step
    immune_events: float
    shock_events: float  # per lane and step


def _largest(rates: np.ndarray) -> np.ndarray:
    """Rates as thresholds: uint64, 1 as all ones."""
    return np.where(rates >= 1.0, np.uint64(_ONES), (np.minimum(rates, 1 - 2**-53) * 2.0**64).astype(np.uint64))


def ways(
    indptr: np.ndarray, indices: np.ndarray, rates: np.ndarray, node_class: np.ndarray, returning: np.ndarray, starts: np.ndarray
) -> Ways:
    """Lay out a network and rates.

    Parameters
    ----------
    indptr, indices : int64 (n + 1,), int32 (2 m,)
    rates : float64 (classes, 5)
        beta, gamma, delta, xi, epsilon of each class.
    node_class : int32 (n,)
    returning : uint8 (n,) or (0,)
        As in :class:`~scfast.lanes.Rules`.
    starts : int64 (groups + 1,)
        As for :func:`~scfast.outset.make_block`.
    """
    degree = np.diff(indptr)
    degree_class = np.frexp(np.maximum(degree, 1) - 1)[1].astype(np.uint8)
    base = np.concatenate(([0], np.cumsum(np.bincount(degree_class))))
    group = np.repeat(np.arange(len(starts) - 1, dtype=np.uint8), np.diff(starts))
    beta, gamma, delta, xi, epsilon = _largest(rates).T
    leave = np.where((rates[:, 1] + rates[:, 2] >= 1.0) | (gamma + delta < gamma), np.uint64(_ONES), gamma + delta)
    each = np.column_stack((beta, leave, xi, epsilon))
    keep = np.empty(each.shape, np.uint64)
    largest = each.max(axis=0)
    for kind in range(4):
        with np.errstate(over="ignore"):
            _ratios(each[:, kind].copy(), np.full(len(each), largest[kind]), out := np.empty(len(each), np.uint64))
        keep[:, kind] = out
    eliminate = np.empty(len(each), np.uint64)
    with np.errstate(over="ignore"):
        _ratios(np.where(rates[:, 1] <= 0.0, leave, delta), leave, eliminate)
    exact = [2**64 if p == _ONES else p for p in map(int, largest)]
    chances = Chances(
        np.array([gaps(p) for p in exact]),
        largest > 0,
        bool((each != largest).any()),
        bool((rates[:, 2] > 0).any()),
        node_class,
        keep,
        eliminate,
    )
    likely = [p / 2**64 for p in exact]
    # a node is infected in proportion to its degree, or nearly so
    places = np.left_shift(degree, degree_class.astype(np.int64))
    contacts = int(places.sum()) / max(int(degree.sum()), 1) * likely[0]
    short = indptr.astype(np.int32) if len(indices) < 2**31 else indptr[:0].astype(np.int32)
    shape = Shape(short, indices, degree_class, base, group, len(starts) - 1, returning)
    return Ways(shape, chances, likely[1] + contacts, likely[2], len(degree) * likely[3])


class Sparse:
    """The part of a block's run in which few nodes are infected.

    Parameters
    ----------
    ways : callable
        Gives the :class:`Ways`, when first needed.
    n_nodes, n_lanes : int
    streams : callable
        Gives the SeedSequence of the lanes' generators, when first needed.
    """

    def __init__(self, ways: Callable[[], Ways], n_nodes: int, n_lanes: int, streams: Callable[[], np.random.SeedSequence]) -> None:
        self._make_ways = ways
        self._n_nodes = n_nodes
        self._n_lanes = n_lanes
        self._streams = streams
        self._lists: Lists | None = None
        self._spare = np.empty(0, np.int32)
        self._span = 0
        self._infected = 0

    @cached_property
    def _ways(self) -> Ways:
        return self._make_ways()

    @cached_property
    def _rng(self) -> np.ndarray:
        return self._streams().generate_state(4 * self._n_lanes, np.uint64).reshape(-1, 4)

    def span(self, block: Block, t: int) -> int:
        """Steps to go from step `t` in lists, or 0 where planes are faster.

        A pure function of the network, the rates and the states so far: at first few steps, then twice as many each time, unless
        infection grows so fast that planes would be faster before their end.
        """
        planes = self._n_nodes * (_PLANES_NODE + _PLANES_WORD * len(block.like))
        if planes < self._n_lanes * _LANE or not len(self._ways.shape.indptr):
            return 0
        counts = block.record.counts[t].sum(axis=0, dtype=np.int64)
        infected, immune = int(counts[I].sum()), int(counts[R].sum())
        ways, per_lane = self._ways, self._n_lanes * _LANE
        events = infected * ways.infected_events + immune * ways.immune_events + self._n_lanes * ways.shock_events
        if per_lane + events * _EVENT >= planes or infected + immune > self._n_nodes * self._n_lanes * _ROOM:
            self._span = 0
        elif self._span == 0:
            self._span = _SPAN_MIN
        else:
            growth = max(infected / max(self._infected, 1), 1.0)
            if per_lane + events * growth * growth * _EVENT < 2 * planes:
                self._span = min(2 * self._span, _SPAN_MAX)
            elif per_lane + events * growth * _EVENT >= 2 * planes:
                self._span = max(self._span // 2, _SPAN_MIN)
        self._infected = infected
        return self._span

    def advance(self, block: Block, t0: int, t1: int, size: int, tick: Callable[[int], None]) -> None:
        """Advance the block from step `t0` to `t1` in lists, a few lanes at a time.

        They are as many as have `size` node-steps, and at least one; `tick` is told how many lane-steps were done.
        """
        lists = self._lists or self._gather(block, t0)
        columns = _columns(block.planes)
        room = int(lists.extent[-1].sum()) * 3 // 2 + len(self._lane.cell)
        nodes = self._spare if len(self._spare) >= room else np.empty(room, np.int32)
        into = Lists(nodes, np.zeros_like(lists.extent), lists.rng, np.empty_like(lists.exposed))
        few = max(1, size // (self._n_nodes * (t1 - t0)))
        at = 0
        while at < self._n_lanes:
            last = min(at + few, self._n_lanes)
            with np.errstate(over="ignore"):  # as integers do, where kernels run as plain Python
                done = _follow(
                    self._ways.shape, self._ways.chances, lists, self._lane, columns, block.record, at, last, t0, t1, into
                )
            if done < last:
                into = into._replace(nodes=np.concatenate((into.nodes, np.empty(len(into.nodes), np.int32))))
            tick((done - at) * (t1 - t0))
            at = done
        self._lists, self._spare = into, lists.nodes

    @cached_property
    def _lane(self) -> Lane:
        shape = self._ways.shape
        n = len(shape.group)
        return Lane(
            cell=np.zeros(n, np.uint8),
            infected=np.empty(n, np.int64),
            length=np.zeros(len(shape.base) - 1, np.int64),
            immune=np.empty(n, np.int32),
            new=np.empty(n, np.int32),
            moved=np.empty(n, np.int32),
            hit=np.empty(n, np.int64),
            now=np.zeros(6, np.int64),
            tally=np.zeros((shape.n_groups, 4), np.int32),
            rng=np.zeros(4, np.uint64),
        )

    def _gather(self, block: Block, t: int) -> Lists:
        planes, counts = block.planes, block.record.counts[t].sum(axis=0, dtype=np.int64)
        extent = np.zeros((self._n_lanes, 3), np.int64)
        extent[:, 1:] = counts[[I, R], : self._n_lanes].T
        extent[1:, 0] = np.cumsum(extent[:-1, 1] + extent[:-1, 2])
        nodes = np.empty(extent[-1].sum(), np.int32)
        ends = np.column_stack((extent[:, 0], extent[:, 0] + extent[:, 1]))
        exposed = np.zeros((self._n_lanes, 2), np.int64)
        for column, plane in enumerate((planes.s, planes.r) if len(self._ways.shape.returning) else ()):
            open_ = np.flatnonzero(self._ways.shape.returning >> column & 1).astype(np.int32)
            lanes_open = np.zeros(plane.shape[1] * LANES, np.int32)
            count_nodes(plane, open_, planes.counter, lanes_open, block.like)
            exposed[:, column] = lanes_open[: self._n_lanes]
        _gather(planes, _columns(planes), ends, nodes)
        return Lists(nodes, extent, self._rng, exposed)

    def scatter(self, block: Block) -> None:
        """Bring the block's planes up to date, if it is in lists."""
        if self._lists is not None:
            planes = block.planes
            columns = _columns(planes)
            _scatter(self._lists.nodes, self._lists.extent, columns, planes.i.reshape(columns.gone.shape), planes)
            self._lists, self._spare = None, np.empty(0, np.int32)
