"""How a block begins, and what strikes it from outside: first infections, protection, shocks. The steps are :mod:`scfast.lanes`."""

from typing import Any, NamedTuple

import numpy as np

from scfast.jit import kernel
from scfast.lanes import BITS, Block, I, Planes, R, Record, Rules, S, note, width
from scfast.rng import below, next_u64, word_state, xoshiro
from scfast.words import LANES, add_counts, aligned, any_set, broadcast, like, load, store


class Protection(NamedTuple):
    """Who is protected in each lane: the first `budget` of those still susceptible."""

    budget: int
    order: np.ndarray  # int32 (k,): nodes, the first to be protected first
    shuffle: bool  # in random order instead
    tries: int  # before that, so many random partners of random nodes


@kernel
def _infect(planes: Planes, word: int, lanes: int, pool: np.ndarray, n_infected: int, rng: np.ndarray) -> None:
    """Move `n_infected` distinct nodes of `pool` from S to I in each of the first `lanes` lanes of one machine word."""
    one = np.uint64(1)
    for lane in range(lanes):
        bit = one << np.uint64(lane)
        for k in range(n_infected):
            # a partial shuffle of whatever order the last lane left is still uniform over subsets
            j = k + below(rng, pool.shape[0] - k)
            node = pool[j]
            pool[j] = pool[k]
            pool[k] = node
            planes.s[node, word] &= ~bit
            planes.i[node, word] |= bit


def _infect_each(planes: Planes, pool: np.ndarray, first: int, n_lanes: int) -> None:
    """Move one node from S to I in each lane: in replicate `first` + lane the node of `pool` whose turn it is."""
    lane = np.arange(n_lanes)
    node, word = pool[(first + lane) % len(pool)], lane // LANES
    bit = np.uint64(1) << (lane % LANES).astype(np.uint64)
    np.bitwise_or.at(planes.i, (node, word), bit)
    planes.s[node, word] &= ~planes.i[node, word]


@kernel
def _protect(
    planes: Planes,
    word: int,
    lanes: int,
    indptr: np.ndarray,
    indices: np.ndarray,
    order: np.ndarray,
    budget: int,
    shuffle: bool,
    tries: int,
    rng: np.ndarray,
) -> None:
    """Protect `budget` susceptible nodes in each lane of one machine word, or all where there are fewer.

    First `tries` times a random partner of a random node, then those of `order`, if `shuffle` in random order.
    """
    one = np.uint64(1)
    n = indptr.shape[0] - 1
    for lane in range(lanes):
        bit = one << np.uint64(lane)
        left = budget
        for k in range(tries + order.shape[0]):
            if left == 0:
                break
            if k < tries:
                node = below(rng, n)
                degree = indptr[node + 1] - indptr[node]
                if degree == 0:
                    continue
                node = np.int64(indices[indptr[node] + below(rng, degree)])
            else:
                if shuffle:
                    j = k - tries + below(rng, order.shape[0] - k + tries)
                    moved = order[j]
                    order[j] = order[k - tries]
                    order[k - tries] = moved
                node = np.int64(order[k - tries])
            if planes.s[node, word] & bit:
                planes.s[node, word] &= ~bit
                planes.kept[node, word] |= bit
                left -= 1


@kernel
def occur(threshold: Any, certain: bool, lanes: int, rng: np.ndarray, out: np.ndarray) -> None:
    """In which lanes an event happens at which step, uint64 (steps, W): each with probability ``threshold / 2**64``."""
    one = np.uint64(1)
    for t in range(out.shape[0]):
        for lane in range(lanes):
            if certain or next_u64(rng) < threshold:
                out[t, lane // LANES] |= one << np.uint64(lane % LANES)


@kernel
def strike(
    planes: Planes,
    nodes: np.ndarray,
    happens: np.ndarray,
    t: int,
    threshold: Any,
    certain: bool,
    rng: np.ndarray,
    hit: np.ndarray,
    like: tuple[int, ...],
) -> None:
    """Mark in `hit`, uint64 (n, W), the susceptible lanes of `nodes` that an event of step `t` infects.

    What is drawn does not depend on the states: with other rates or strategies the same nodes are hit.
    """
    one = np.uint64(1)
    s0, s1, s2, s3 = load(rng, 0, like), load(rng, 1, like), load(rng, 2, like), load(rng, 3, like)
    zero = broadcast(np.uint64(0), like)
    here = load(happens, t, like)
    for q in range(nodes.shape[0]):
        node = np.int64(nodes[q])
        open_, less = here, zero
        if certain:
            less = here
        else:
            for b in range(BITS):
                u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
                th = zero
                if (threshold >> np.uint64(63 - b)) & one:
                    th = ~zero
                x = (u ^ th) & open_
                less = less | (x & th)
                open_ = open_ & ~x
                if not any_set(open_):
                    break
        store(hit, node, load(hit, node, like) | (less & load(planes.s, node, like)))
    store(rng, 0, s0)
    store(rng, 1, s1)
    store(rng, 2, s2)
    store(rng, 3, s3)


@kernel
def land(block: Block, hit: np.ndarray, t: int) -> None:
    """Infect at step `t` whom events of the step before hit, and nothing else infected since; clears `hit`."""
    planes, like = block.planes, block.like
    zero = broadcast(np.uint64(0), like)
    for i in range(planes.s.shape[0]):
        s = load(planes.s, i, like)
        new = s & load(hit, i, like)
        store(hit, i, zero)
        if any_set(new):
            store(planes.s, i, s & ~new)
            store(planes.i, i, load(planes.i, i, like) | new)
            if len(block.rules.detects) > 1:
                store(planes.t, i, load(planes.t, i, like) | new)
            store(planes.ever, i, load(planes.ever, i, like) | new)
            if planes.steps.shape[0] > 0:
                add_counts(planes.steps, i, new)
    note(block.rules, planes, block.record, t, like)


@kernel
def _finish_start(planes: Planes, like: tuple[int, ...]) -> None:
    for i in range(planes.s.shape[0]):
        infected = load(planes.i, i, like)
        store(planes.t, i, infected)
        store(planes.ever, i, infected)
        if planes.steps.shape[0] > 0:
            add_counts(planes.steps, i, infected)


def make_block(
    indptr: np.ndarray,
    indices: np.ndarray,
    rules: Rules,
    *,
    states: np.ndarray,
    pool: np.ndarray,
    n_infected: int,
    start_streams: list[np.ndarray],
    dynamics: np.random.SeedSequence,
    n_lanes: int,
    n_steps: int,
    starts: np.ndarray,
    map_steps: bool,
    each: int | None = None,
    protection: Protection | None = None,
    protection_streams: list[np.ndarray] | None = None,
    reuse: Block | None = None,
) -> Block:
    """Lay out one block at step 0 and write step 0 down.

    Parameters
    ----------
    indptr, indices : int64 (n + 1,), int32 (2 m,)
    rules : Rules
    states : uint8 (n,)
        State 0..3 of each node in every lane before the random infections.
    pool : int32 (k,)
        Nodes, all susceptible in `states`, from which `n_infected` distinct ones are infected in each lane.
    start_streams : list of uint64 (4,)
        One generator for each machine word in use; lanes draw from it one after another.
    dynamics : SeedSequence
    n_lanes, n_steps : int
        Unused lanes of the last word are inert: no bit is ever set in them.
    starts : int64 (groups + 1,)
        Counts are recorded for each group of nodes ``starts[g] .. starts[g + 1] - 1``.
    map_steps : bool
        Whether infected steps per node are recorded.
    each : int, optional
        Instead of random infections: lane l begins with the node of `pool` whose turn it is in replicate `each` + l.
    protection : Protection, optional
        Nodes that are protected after the first infections, among the susceptible.
    protection_streams : list of uint64 (4,)
        For it, as `start_streams`.
    reuse : Block, optional
        A block that is done with, on the same network and recording the same: its memory is used again if the width is the same.
    """
    n, w = len(states), width(n_lanes)
    used = np.zeros(w, np.uint64)
    used[: n_lanes // LANES] = ~np.uint64(0)
    if n_lanes % LANES:
        used[n_lanes // LANES] = np.uint64((1 << n_lanes % LANES) - 1)
    if reuse is not None and len(reuse.like) == w:
        planes, record = reuse.planes, reuse.record
        for array in (*planes, record.counts, record.active):
            array.fill(0)
    else:
        digits = 3 * -(-max(n.bit_length(), 1) // 3)
        s, i, r, next_i, ever = (aligned(n, w) for _ in range(5))
        t, next_t = (aligned(n, w), aligned(n, w)) if len(rules.detects) > 1 else (i, next_i)
        d, next_d = (aligned(len(rules.reduced), w) for _ in range(2))
        kept = aligned(n if protection is not None else 0, w)
        steps = np.zeros((n if map_steps else 0, w), np.uint32)
        rng, counter = aligned(4, w), aligned(2 * digits, w)
        planes = Planes(s, i, r, next_i, t, next_t, d, next_d, kept, ever, steps, rng, counter, np.zeros(1, np.int64))
        record = Record(
            np.arange(n, dtype=np.int32),
            starts,
            np.zeros((n_steps + 1, len(starts) - 1, 4, w * LANES), np.int32),
            np.zeros((n_steps + 1, w), np.uint64),
        )
    planes.rng[:] = word_state(dynamics, w)
    for plane, state in ((planes.s, S), (planes.i, I), (planes.r, R)):
        plane[states == state] = used
    block = Block(indptr, indices, rules, planes, record, like(w))
    if each is not None:
        _infect_each(planes, pool, each, n_lanes)
    elif n_infected:
        shuffled = pool.astype(np.int32)
        with np.errstate(over="ignore"):
            for word, rng in enumerate(start_streams):
                _infect(planes, word, min(LANES, n_lanes - word * LANES), shuffled, n_infected, rng)
                shuffled[:] = pool
    if protection is not None:
        with np.errstate(over="ignore"):
            for word, rng in enumerate(protection_streams or []):
                of_word = min(LANES, n_lanes - word * LANES)
                order = protection.order.copy()
                _protect(
                    planes, word, of_word, indptr, indices, order, protection.budget, protection.shuffle, protection.tries, rng
                )
    _finish_start(planes, block.like)
    note(rules, planes, record, 0, block.like)
    return block
