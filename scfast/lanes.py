"""The bit-parallel dynamics: one pass over the CSR arrays advances up to 512 replicates.

Bit `l` of row `i` of a *plane* says whether node `i` is in that state in lane (replicate) `l`; in a lane with no bit set in S, I
and R node `i` is eliminated. In each step (MODEL.md section 2, synchronous (A)) the infected neighbours of a node are counted bit
by bit with carry-save adders, at most seven at a time, and one uniform per lane, most significant bit first and only until every
lane is decided, is compared with the threshold of the lane's own situation: k infected neighbours, infected, or immune. Neighbours
beyond the seventh form further groups, which draw only for lanes that are still susceptible and have an infected neighbour in them:
the product (1 - beta)^k splits over groups, and the shock epsilon belongs to the first. Lanes that leave I draw once
more for R or X.

Thresholds are 64-bit integers, built by multiplication; p = 1 is certain. All is integer arithmetic, so the bits are the same on
every machine.
"""

from typing import Any, NamedTuple

import numpy as np

from scfast.jit import inline, kernel
from scfast.rng import below, word_state, xoshiro
from scfast.words import LANES, WIDTHS, aligned, any_set, broadcast, like, load, popcount, popcounts, spread, store

BLOCK_LANES = WIDTHS[-1] * LANES
S, I, R, X = 0, 1, 2, 3  # noqa: E741

_BITS = 64  # draws per uniform; column 64 of a row says which situations are certain
_EXIT, _IMMUNE, _SHOCK = 7, 8, 9  # bits of a row entry; bits 0..6 are 1..7 infected neighbours
_UNTESTED = 7  # bits before the first look whether every lane is decided: with 512 lanes an earlier exit is all but impossible
_FULL = np.array([0, 0xFFFFFFFFFFFFFFFF], np.uint64)
_MASKS = _FULL[(np.arange(512)[:, None] >> np.arange(9)) & 1]


class Rules(NamedTuple):
    """Transition probabilities as bits of thresholds: nodes with equal rates share a class."""

    node_class: np.ndarray  # int32 (n,)
    row: np.ndarray  # uint16 (classes or 2 classes, 65): bit b of the thresholds of all situations
    later: int  # offset of the rows for groups after the first: 0 without shocks
    split: np.ndarray  # uint8 (classes, 65): bits of delta / (gamma + delta)
    eliminates: np.ndarray  # uint8 (classes,): whether delta > 0
    shock: bool  # whether any epsilon > 0
    returning: np.ndarray  # uint8 (n,), (0,) without shocks: 1 epsilon > 0, 2 also xi > 0
    masks: np.ndarray  # uint64 (512, 9): nine bits to nine masks
    full: np.ndarray  # uint64 (2,): a bit to a mask


class Planes(NamedTuple):
    """State of one block."""

    s: np.ndarray  # uint64 (n, W)
    i: np.ndarray
    r: np.ndarray
    flip: np.ndarray  # lanes in which the node changes state in this step
    ever: np.ndarray  # lanes in which the node was ever infected
    steps: np.ndarray  # uint64 (n, W): infected steps over the lanes of each machine word, or (0, W) where not recorded
    rng: np.ndarray  # uint64 (4, W)


class Record(NamedTuple):
    """What a block writes down at each step."""

    order: np.ndarray  # int32 (n,): nodes, group by group
    starts: np.ndarray  # int64 (groups + 1,)
    counts: np.ndarray  # int32 (T + 1, groups, 4, 64 W)
    active: np.ndarray  # uint64 (T + 1, W): lanes in which infection is present or can return
    counter: np.ndarray  # uint64 (planes, W): vertical counter, scratch


class Block(NamedTuple):
    """The lanes that run together on one network and one cell."""

    indptr: np.ndarray
    indices: np.ndarray
    rules: Rules
    planes: Planes
    record: Record
    like: tuple[int, ...]

    @property
    def node_steps(self) -> int:
        """Node-steps that one time step advances, unused lanes included."""
        return self.planes.s.size * LANES


def width(n_lanes: int) -> int:
    """Machine words of a block of `n_lanes` replicates: the least of 1, 2, 4, 8 that holds them."""
    return next(w for w in WIDTHS if w * LANES >= n_lanes)


@inline
def _high(a: Any, b: Any) -> Any:
    """Upper 64 bits of the product of two uint64."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    a0, a1, b0, b1 = a & low, a >> half, b & low, b >> half
    p01, p10 = a0 * b1, a1 * b0
    carry = ((a0 * b0) >> half) + (p01 & low) + (p10 & low)
    return a1 * b1 + (p01 >> half) + (p10 >> half) + (carry >> half)


@inline
def _fixed(p: Any) -> Any:
    """A probability in [0, 1) as 64 binary digits; 1 as all ones (which column 64 then makes certain)."""
    if p >= 1.0:
        return np.uint64(0xFFFFFFFFFFFFFFFF)
    return np.uint64(p * 18446744073709551616.0)


@inline
def _either(a: Any, b: Any) -> Any:
    """1 - (1 - a)(1 - b) of two such numbers, never past all ones."""
    total = a - _high(a, b) + b
    if total < b:
        return np.uint64(0xFFFFFFFFFFFFFFFF)
    return total


@kernel
def _fill_rules(rates: np.ndarray, row: np.ndarray, later: int, split: np.ndarray, threshold: np.ndarray) -> None:
    """Bits of the thresholds of each class; `rates` holds beta, gamma, delta, xi, epsilon; `threshold` is scratch, uint64 (10,)."""
    one = np.uint64(1)
    for c in range(rates.shape[0]):
        beta, gamma, delta, xi, epsilon = rates[c, 0], rates[c, 1], rates[c, 2], rates[c, 3], rates[c, 4]
        for group in range(2):
            if group == 1 and later == 0:
                break
            shock = epsilon if group == 0 else 0.0
            contact = _fixed(beta)
            p = _fixed(shock)
            threshold[_SHOCK] = p
            for k in range(7):
                p = _either(p, contact)
                threshold[k] = p
            leave = _fixed(gamma) + _fixed(delta)
            if gamma + delta >= 1.0 or leave < _fixed(gamma):
                leave = np.uint64(0xFFFFFFFFFFFFFFFF)
            threshold[_EXIT] = leave
            threshold[_IMMUNE] = _fixed(xi)
            for b in range(_BITS):
                bits: Any = 0
                for k in range(10):
                    bits |= np.int64((threshold[k] >> np.uint64(63 - b)) & one) << k
                row[c + group * later, b] = bits
            sure = 0
            if beta >= 1.0 or shock >= 1.0:
                sure |= 127
            if gamma + delta >= 1.0:
                sure |= 1 << _EXIT
            if xi >= 1.0:
                sure |= 1 << _IMMUNE
            if shock >= 1.0:
                sure |= 1 << _SHOCK
            row[c + group * later, _BITS] = sure
        # delta / (gamma + delta) by long division; whole = 0 stands for 2**64
        whole = np.uint64(0) if gamma + delta >= 1.0 else _fixed(gamma) + _fixed(delta)
        rest = _fixed(delta)
        if gamma <= 0.0:
            for b in range(_BITS + 1):
                split[c, b] = 1
        else:
            for b in range(_BITS):
                top = rest >> np.uint64(63)
                rest = rest << one
                if top == one or (whole > np.uint64(0) and rest >= whole):
                    rest = rest - whole
                    split[c, b] = 1
                else:
                    split[c, b] = 0
            split[c, _BITS] = 0


def make_rules(rates: np.ndarray, node_class: np.ndarray) -> Rules:
    """Turn rates into the bits that the kernels compare with.

    Parameters
    ----------
    rates : float64 (classes, 5)
        beta, gamma, delta, xi, epsilon of each class, each in [0, 1], gamma + delta <= 1.
    node_class : int32 (n,)
        The class of each node.
    """
    classes = len(rates)
    shock = bool((rates[:, 4] > 0).any())
    later = classes if shock else 0
    row = np.zeros((classes + later, _BITS + 1), np.uint16)
    split = np.zeros((classes, _BITS + 1), np.uint8)
    with np.errstate(over="ignore"):
        _fill_rules(np.ascontiguousarray(rates, np.float64), row, later, split, np.zeros(10, np.uint64))
    flags = (rates[:, 4] > 0) * (1 + 2 * (rates[:, 3] > 0))
    returning = flags.astype(np.uint8)[node_class] if shock else np.zeros(0, np.uint8)
    return Rules(node_class, row, later, split, (rates[:, 2] > 0).astype(np.uint8), shock, returning, _MASKS, _FULL)


@kernel
def _draw(indptr: np.ndarray, indices: np.ndarray, rules: Rules, planes: Planes, like: tuple[int, ...]) -> None:
    """Decide for every node in which lanes it leaves its state."""
    masks, row, shock = rules.masks, rules.row, rules.shock
    s0, s1, s2, s3 = load(planes.rng, 0, like), load(planes.rng, 1, like), load(planes.rng, 2, like), load(planes.rng, 3, like)
    zero = broadcast(np.uint64(0), like)
    for i in range(indptr.shape[0] - 1):
        s, x, r = load(planes.s, i, like), load(planes.i, i, like), load(planes.r, i, like)
        c = np.int64(rules.node_class[i])
        first = True
        start, end = indptr[i], indptr[i + 1]
        flip = zero
        while True:
            stop = min(start + 7, end)
            c0, c1, c2 = zero, zero, zero
            for q in range(start, stop):
                neighbour = load(planes.i, np.int64(indices[q]), like)
                k0 = c0 & neighbour
                c0 = c0 ^ neighbour
                k1 = c1 & k0
                c1 = c1 ^ k0
                c2 = c2 ^ k1
            susceptible = s & ~flip
            near = susceptible & (c0 | c1 | c2)
            open_ = near | x | r
            if shock and first:
                open_ = open_ | susceptible
            if any_set(open_):
                n2, n1, n0 = ~c2, ~c1, ~c0
                low, two = near & n2 & n1, near & n2 & c1
                four, six = near & c2 & n1, near & c2 & c1
                q1, q2, q3, q4 = low & c0, two & n0, two & c0, four & n0
                q5, q6, q7 = four & c0, six & n0, six & c0
                less = zero
                b = 0
                while True:
                    w = np.int64(row[c, b])
                    m = w & 511
                    th = (
                        (q1 & broadcast(masks[m, 0], like))
                        | (q2 & broadcast(masks[m, 1], like))
                        | (q3 & broadcast(masks[m, 2], like))
                        | (q4 & broadcast(masks[m, 3], like))
                        | (q5 & broadcast(masks[m, 4], like))
                        | (q6 & broadcast(masks[m, 5], like))
                        | (q7 & broadcast(masks[m, 6], like))
                        | (x & broadcast(masks[m, 7], like))
                        | (r & broadcast(masks[m, 8], like))
                    )
                    if shock and first:
                        th = th | (susceptible & ~near & broadcast(rules.full[w >> _SHOCK], like))
                    if b == _BITS:
                        less = less | (open_ & th)
                        break
                    u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
                    differ = (u ^ th) & open_
                    less = less | (differ & th)
                    open_ = open_ & ~differ
                    b += 1
                    if b >= _UNTESTED and not any_set(open_):
                        break
                flip = flip | less
            start = stop
            if start >= end:
                break
            if first:
                first = False
                c += rules.later
                x, r = zero, zero
            if not any_set(s & ~flip):
                break
        store(planes.flip, i, flip)
    store(planes.rng, 0, s0)
    store(planes.rng, 1, s1)
    store(planes.rng, 2, s2)
    store(planes.rng, 3, s3)


@kernel
def _apply(rules: Rules, planes: Planes, like: tuple[int, ...]) -> None:
    """Move the lanes that :func:`_draw` marked; those that leave I draw once more for R or X."""
    s0, s1, s2, s3 = load(planes.rng, 0, like), load(planes.rng, 1, like), load(planes.rng, 2, like), load(planes.rng, 3, like)
    zero = broadcast(np.uint64(0), like)
    map_steps = planes.steps.shape[0] > 0
    for i in range(planes.s.shape[0]):
        flip = load(planes.flip, i, like)
        s, x, r = load(planes.s, i, like), load(planes.i, i, like), load(planes.r, i, like)
        leaving = x & flip
        recovering = leaving
        c = rules.node_class[i]
        if rules.eliminates[c] and any_set(leaving):
            open_, eliminated = leaving, zero
            b = 0
            while True:
                th = broadcast(rules.full[np.int64(rules.split[c, b])], like)
                if b == _BITS:
                    eliminated = eliminated | (open_ & th)
                    break
                u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
                differ = (u ^ th) & open_
                eliminated = eliminated | (differ & th)
                open_ = open_ & ~differ
                b += 1
                if not any_set(open_):
                    break
            recovering = leaving & ~eliminated
        stay = ~flip
        infected = (x & stay) | (s & flip)
        store(planes.s, i, (s & stay) | (r & flip))
        store(planes.i, i, infected)
        store(planes.r, i, (r & stay) | recovering)
        store(planes.ever, i, load(planes.ever, i, like) | infected)
        if map_steps:
            store(planes.steps, i, load(planes.steps, i, like) + popcounts(infected))
    store(planes.rng, 0, s0)
    store(planes.rng, 1, s1)
    store(planes.rng, 2, s2)
    store(planes.rng, 3, s3)


@inline
def _carry(counter: np.ndarray, plane: int, x: Any, like: tuple[int, ...]) -> None:
    """Add the bits of `x`, each worth ``2**plane``, to a vertical counter."""
    while any_set(x):
        old = load(counter, plane, like)
        store(counter, plane, old ^ x)
        x = old & x
        plane += 1


@kernel
def _count(
    plane: np.ndarray, order: np.ndarray, lo: int, hi: int, counter: np.ndarray, out: np.ndarray, like: tuple[int, ...]
) -> None:
    """Set bits per lane over the nodes ``order[lo:hi]``, into the int32 row `out`, eight nodes at a time (Harley-Seal, L)."""
    zero = broadcast(np.uint64(0), like)
    c0, c1, c2 = zero, zero, zero
    q = lo
    while q + 8 <= hi:
        x0, x1 = load(plane, np.int64(order[q]), like), load(plane, np.int64(order[q + 1]), like)
        x2, x3 = load(plane, np.int64(order[q + 2]), like), load(plane, np.int64(order[q + 3]), like)
        x4, x5 = load(plane, np.int64(order[q + 4]), like), load(plane, np.int64(order[q + 5]), like)
        x6, x7 = load(plane, np.int64(order[q + 6]), like), load(plane, np.int64(order[q + 7]), like)
        u = c0 ^ x0
        t0 = (c0 & x0) | (u & x1)
        c0 = u ^ x1
        u = c0 ^ x2
        t1 = (c0 & x2) | (u & x3)
        c0 = u ^ x3
        u = c1 ^ t0
        f0 = (c1 & t0) | (u & t1)
        c1 = u ^ t1
        u = c0 ^ x4
        t0 = (c0 & x4) | (u & x5)
        c0 = u ^ x5
        u = c0 ^ x6
        t1 = (c0 & x6) | (u & x7)
        c0 = u ^ x7
        u = c1 ^ t0
        f1 = (c1 & t0) | (u & t1)
        c1 = u ^ t1
        u = c2 ^ f0
        eight = (c2 & f0) | (u & f1)
        c2 = u ^ f1
        _carry(counter, 3, eight, like)
        q += 8
    _carry(counter, 0, c0, like)
    _carry(counter, 1, c1, like)
    _carry(counter, 2, c2, like)
    while q < hi:
        _carry(counter, 0, load(plane, np.int64(order[q]), like), like)
        q += 1
    out[:] = 0
    for p in range(counter.shape[0]):
        for w in range(counter.shape[1]):
            spread(out, w * LANES, counter[p, w], p)
            counter[p, w] = np.uint64(0)


@kernel
def _note(rules: Rules, planes: Planes, record: Record, t: int, like: tuple[int, ...]) -> None:
    """Write down the counts of step `t` and in which lanes infection is present or can return."""
    for g in range(record.starts.shape[0] - 1):
        lo, hi = record.starts[g], record.starts[g + 1]
        counts = record.counts[t, g]
        _count(planes.s, record.order, lo, hi, record.counter, counts[0], like)
        _count(planes.i, record.order, lo, hi, record.counter, counts[1], like)
        _count(planes.r, record.order, lo, hi, record.counter, counts[2], like)
        for lane in range(counts.shape[1]):
            counts[3, lane] = hi - lo - counts[0, lane] - counts[1, lane] - counts[2, lane]
    active = broadcast(np.uint64(0), like)
    for i in range(planes.i.shape[0]):
        active = active | load(planes.i, i, like)
        if rules.shock:
            if rules.returning[i] & 1:
                active = active | load(planes.s, i, like)
            if rules.returning[i] & 2:
                active = active | load(planes.r, i, like)
    store(record.active, t, active)


@kernel
def _advance(block: Block, t0: int, t1: int) -> None:
    for t in range(t0, t1):
        _draw(block.indptr, block.indices, block.rules, block.planes, block.like)
        _apply(block.rules, block.planes, block.like)
        _note(block.rules, block.planes, block.record, t + 1, block.like)


def advance(block: Block, t0: int, t1: int) -> None:
    """Advance a block from step `t0` to step `t1`; what is seen at steps ``t0 + 1 .. t1`` is written to ``block.record``.

    Slicing never changes bits: ``advance(b, 0, 9)`` equals ``advance(b, 0, 4); advance(b, 4, 9)``.
    """
    _advance(block, t0, t1)


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


@kernel
def _finish_start(planes: Planes, like: tuple[int, ...]) -> None:
    for i in range(planes.s.shape[0]):
        infected = load(planes.i, i, like)
        store(planes.ever, i, infected)
        if planes.steps.shape[0] > 0:
            store(planes.steps, i, popcounts(infected))


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
    order: np.ndarray,
    starts: np.ndarray,
    map_steps: bool,
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
    order, starts : int32 (n,), int64 (groups + 1,)
        Nodes group by group: each group's counts are recorded.
    map_steps : bool
        Whether infected steps per node are recorded.
    """
    n, w = len(states), width(n_lanes)
    used = np.zeros(w, np.uint64)
    used[: n_lanes // LANES] = _FULL[1]
    if n_lanes % LANES:
        used[n_lanes // LANES] = np.uint64((1 << n_lanes % LANES) - 1)
    s, i, r, flip, ever = (aligned(n, w) for _ in range(5))
    planes = Planes(s, i, r, flip, ever, aligned(n if map_steps else 0, w), aligned(4, w))
    planes.rng[:] = word_state(dynamics, w)
    for plane, state in ((planes.s, S), (planes.i, I), (planes.r, R)):
        plane[states == state] = used
    record = Record(
        order,
        starts,
        np.zeros((n_steps + 1, len(starts) - 1, 4, w * LANES), np.int32),
        np.zeros((n_steps + 1, w), np.uint64),
        aligned(int(n).bit_length() + 1, w),
    )
    block = Block(indptr, indices, rules, planes, record, like(w))
    if n_infected:
        shuffled = pool.astype(np.int32)
        with np.errstate(over="ignore"):
            for word, rng in enumerate(start_streams):
                _infect(planes, word, min(LANES, n_lanes - word * LANES), shuffled, n_infected, rng)
                shuffled[:] = pool
    _finish_start(planes, block.like)
    _note(rules, planes, record, 0, block.like)
    return block


@kernel
def count_nodes(plane: np.ndarray, order: np.ndarray, counter: np.ndarray, out: np.ndarray, like: tuple[int, ...]) -> None:
    """Nodes set per lane in one plane, int32 (64 W,)."""
    _count(plane, order, 0, order.shape[0], counter, out, like)


@kernel
def count_lanes(plane: np.ndarray, out: np.ndarray, like: tuple[int, ...]) -> None:
    """Lanes set per node in one plane, added to int64 (n,)."""
    for i in range(plane.shape[0]):
        out[i] += popcount(load(plane, i, like))
