"""The bit-parallel dynamics: one pass over the CSR arrays advances up to 512 replicates.

Bit `l` of row `i` of a *plane* says whether node `i` is in that state in lane (replicate) `l`; in a lane with no bit set in S, I
and R node `i` is eliminated. In each step (MODEL.md section 2, synchronous (A)) the infected neighbours of a node are counted bit
by bit with carry-save adders, and one uniform per lane, most significant bit first and only until every lane is decided, is
compared with the threshold of the lane's own situation: k infected neighbours, infected, or immune. An infected lane compares the
same uniform with two thresholds: below gamma it becomes immune, from there to gamma + delta it is eliminated.

Three planes of a count (k = 0..7) make one comparison. A node of eight and more neighbours takes one for each three digits of k in
base 2, as (1 - beta)**k is the product of (1 - beta)**k0, ((1 - beta)**8)**k1, ((1 - beta)**64)**k2 and so on: a hub of 500
neighbours takes three. The later ones, mostly without any lane, concern lanes that are still susceptible; the shock epsilon belongs
to the first.

Infected nodes that were detected (A) transmit nothing, or less: then a second plane, T, holds who transmits as others do, and a
third, D, who transmits less; neighbours in T and in D are counted one after the other, each with digits of its own. Whoever is not
detected yet compares the one uniform with one threshold more: from gamma + delta up to it, it stays infected and is detected.

Thresholds are 64-bit integers, built by multiplication; p = 1 is certain. All is integer arithmetic, so the bits are the same on
every machine.
"""

from typing import Any, NamedTuple

import numpy as np

from scfast.jit import inline, kernel, part
from scfast.rng import xoshiro
from scfast.words import (
    LANES,
    WIDTHS,
    add_counts,
    any_set,
    broadcast,
    load,
    popcounts,
    prefetch,
    spread,
    store,
    total,
)

BLOCK_LANES = WIDTHS[-1] * LANES
S, I, R, X = 0, 1, 2, 3  # noqa: E741

BITS = 64  # draws per uniform; column 64 of a row says which situations are certain
_EXIT, _IMMUNE, _SHOCK, _RECOVER, _DETECT = range(7, 12)  # bits of a row entry; bits 0..6 are 1..7 infected neighbours
_AHEAD = 24  # neighbours whose rows are asked for ahead of use
_FULL = np.array([0, 0xFFFFFFFFFFFFFFFF], np.uint64)
_MASKS = _FULL[(np.arange(512)[:, None] >> np.arange(9)) & 1]


class Rules(NamedTuple):
    """Transition probabilities as bits of thresholds: nodes with equal rates share a class."""

    node_row: np.ndarray  # int32 (n,): first row of the node's class; those of the higher digits of k follow
    row: np.ndarray  # uint16 (rows, 65): bit b of the thresholds of all situations
    eliminates: bool  # whether any delta > 0
    shock: bool  # whether any epsilon > 0
    detects: tuple[int, ...]  # a witness: 1 long, nobody is detected; 2, who is transmits nothing; 3, who is transmits less
    reduced: np.ndarray  # int32 (n,), (0,) where they are isolated: as node_row, for contacts with detected neighbours
    returning: np.ndarray  # uint8 (n,), (0,) without shocks: 1 epsilon > 0, 2 also xi > 0
    masks: np.ndarray  # uint64 (512, 9): nine bits to nine masks
    full: np.ndarray  # uint64 (2,): a bit to a mask


class Planes(NamedTuple):
    """State of one block."""

    s: np.ndarray  # uint64 (n, W)
    i: np.ndarray
    r: np.ndarray
    next_i: np.ndarray  # I after the step that is being made
    t: np.ndarray  # those of I that are not detected; I itself where nobody can be
    next_t: np.ndarray
    d: np.ndarray  # the others of I, where they transmit less; (0, W) elsewhere
    next_d: np.ndarray
    kept: np.ndarray  # lanes in which the node is protected, immune for ever and in none of the other planes; or (0, W)
    ever: np.ndarray  # lanes in which the node was ever infected
    steps: np.ndarray  # uint32 (n, W): infected steps over the lanes of each machine word, or (0, W) where not recorded
    rng: np.ndarray  # uint64 (4, W)
    counter: np.ndarray  # uint64 (2 digits, W): a count in base 2 per lane, digit by digit, then what waits to be added; scratch
    mean_open: np.ndarray  # int64 (1,): lanes per node that had to draw in the last step


class Record(NamedTuple):
    """What a block writes down at each step."""

    nodes: np.ndarray  # int32 (n,): 0..n-1
    starts: np.ndarray  # int64 (groups + 1,): nodes of a group follow each other
    counts: np.ndarray  # int32 (T + 1, groups, 4, 64 W)
    active: np.ndarray  # uint64 (T + 1, W): lanes in which infection is present or can return


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
def _fill_rules(rates: np.ndarray, first: np.ndarray, row: np.ndarray, threshold: np.ndarray) -> None:
    """Bits of the thresholds of each class; `rates` holds beta, gamma, delta, xi, epsilon, and the probability of being detected.

    `threshold` is scratch, uint64 (12,).
    """
    one = np.uint64(1)
    for c in range(rates.shape[0]):
        beta, gamma, delta, xi, epsilon = rates[c, 0], rates[c, 1], rates[c, 2], rates[c, 3], rates[c, 4]
        detection = rates[c, 5]
        contact, shock = _fixed(beta), epsilon
        leave = _fixed(gamma) + _fixed(delta)
        if gamma + delta >= 1.0 or leave < _fixed(gamma):
            leave = np.uint64(0xFFFFFFFFFFFFFFFF)
        threshold[_EXIT] = leave
        threshold[_IMMUNE] = _fixed(xi)
        threshold[_RECOVER] = _fixed(gamma)
        threshold[_DETECT] = _either(leave, _fixed(detection))
        for target in range(first[c], first[c + 1]):
            p = _fixed(shock)
            threshold[_SHOCK] = p
            for k in range(7):
                p = _either(p, contact)
                threshold[k] = p
            for b in range(BITS):
                bits: Any = 0
                for k in range(12):
                    bits |= np.int64((threshold[k] >> np.uint64(63 - b)) & one) << k
                row[target, b] = bits
            sure = 0
            if beta >= 1.0 or shock >= 1.0:
                sure |= 127
            if gamma + delta >= 1.0:
                sure |= 1 << _EXIT
            if xi >= 1.0:
                sure |= 1 << _IMMUNE
            if shock >= 1.0:
                sure |= 1 << _SHOCK
            if gamma >= 1.0:
                sure |= 1 << _RECOVER
            if detection >= 1.0 or gamma + delta >= 1.0:
                sure |= 1 << _DETECT
            row[target, BITS] = sure
            for _ in range(3):
                contact = _either(contact, contact)
            shock = 0.0


@kernel
def _count_rows(node_class: np.ndarray, degree: np.ndarray, rows: np.ndarray) -> None:
    """Rows that each class needs: one for each digit of its largest degree in base 8; `rows` comes in as ones."""
    for node in range(node_class.shape[0]):
        c = node_class[node]
        while degree[node] >> (3 * rows[c]):
            rows[c] += 1


def make_rules(rates: np.ndarray, node_class: np.ndarray, degree: np.ndarray, detected_beta: float = 0.0) -> Rules:
    """Turn rates into the bits that the kernels compare with.

    Parameters
    ----------
    rates : float64 (classes, 6)
        beta, gamma, delta, xi, epsilon and probability of detection of each class, each in [0, 1], gamma + delta <= 1.
    node_class : int32 (n,)
        The class of each node.
    degree : int64 (n,)
    detected_beta : float
        Factor on beta where the infected neighbour is detected.
    """
    detects = bool((rates[:, 5] > 0).any())
    reduces = detects and detected_beta > 0
    if reduces:  # classes of contacts with detected neighbours follow the others, of the same rates otherwise
        rates = np.concatenate((rates, rates * [detected_beta, 1, 1, 1, 0, 1]))
    rows = np.ones(len(rates), np.int64)
    _count_rows(node_class, degree, rows)
    if reduces:
        _count_rows(node_class + np.int32(len(rates) // 2), degree, rows)
    first = np.concatenate(([0], np.cumsum(rows)))
    row = np.zeros((first[-1], BITS + 1), np.uint16)
    with np.errstate(over="ignore"):
        _fill_rules(np.ascontiguousarray(rates, np.float64), first, row, np.zeros(12, np.uint64))
    shock = bool((rates[:, 4] > 0).any())
    flags = (rates[:, 4] > 0) * (1 + 2 * (rates[:, 3] > 0))
    returning = flags.astype(np.uint8)[node_class] if shock else np.zeros(0, np.uint8)
    first = first.astype(np.int32)
    reduced = first[node_class + len(rates) // 2] if reduces else first[:0]
    witness = (0,) * (1 + detects + reduces)
    return Rules(first[node_class], row, bool((rates[:, 2] > 0).any()), shock, witness, reduced, returning, _MASKS, _FULL)


@kernel
def _tally(plane: np.ndarray, nodes: np.ndarray, lo: int, hi: int, counter: np.ndarray, like: tuple[int, ...]) -> None:
    """Count per lane the set bits of the rows ``nodes[lo:hi]``, in base 2: digit `d` goes to row `d` of `counter`.

    Eight rows at a time by full adders (Harley-Seal, L); beyond the third digit a carry waits, in the second half of `counter`, for
    a second one of its weight, as in a binary counter.
    """
    zero = broadcast(np.uint64(0), like)
    digits = counter.shape[0] // 2
    c0, c1, c2, over = zero, zero, zero, zero
    top, eights = 3, 0
    q = lo
    while q < hi:
        if q + 8 <= hi:
            x0, x1 = load(plane, np.int64(nodes[q]), like), load(plane, np.int64(nodes[q + 1]), like)
            x2, x3 = load(plane, np.int64(nodes[q + 2]), like), load(plane, np.int64(nodes[q + 3]), like)
            x4, x5 = load(plane, np.int64(nodes[q + 4]), like), load(plane, np.int64(nodes[q + 5]), like)
            x6, x7 = load(plane, np.int64(nodes[q + 6]), like), load(plane, np.int64(nodes[q + 7]), like)
            u, v = x0 ^ x1, x2 ^ x3
            t0, t1 = (x0 & x1) | (u & c0), (x2 & x3) | (v & (c0 ^ u))
            c0 = c0 ^ u ^ v
            u = t0 ^ t1
            f0 = (t0 & t1) | (u & c1)
            c1 = c1 ^ u
            u, v = x4 ^ x5, x6 ^ x7
            t0, t1 = (x4 & x5) | (u & c0), (x6 & x7) | (v & (c0 ^ u))
            c0 = c0 ^ u ^ v
            u = t0 ^ t1
            f1 = (t0 & t1) | (u & c1)
            c1 = c1 ^ u
            u = f0 ^ f1
            x = (f0 & f1) | (u & c2)
            c2 = c2 ^ u
            q += 8
            d = 3
            waiting = eights
            while waiting & 1:
                a, w = load(counter, d, like), load(counter, digits + d, like)
                u = a ^ w
                store(counter, d, u ^ x)
                x = (a & w) | (u & x)
                waiting >>= 1
                d += 1
            store(counter, digits + d, x)
            if d >= top:
                top = d + 1
                store(counter, d, zero)
            eights += 1
        else:
            x = load(plane, np.int64(nodes[q]), like)
            u = c0 & x
            c0 = c0 ^ x
            x = c1 & u
            c1 = c1 ^ u
            over = over | (c2 & x)
            c2 = c2 ^ x
            q += 1
    store(counter, 0, c0)
    store(counter, 1, c1)
    store(counter, 2, c2)
    x = over
    d = 3
    while (hi - lo) >> (d - d % 3):  # digits are read in threes
        a, w = zero, zero
        if d < top:
            a = load(counter, d, like)
            if (eights >> (d - 3)) & 1:
                w = load(counter, digits + d, like)
        u = a ^ w
        store(counter, d, u ^ x)
        x = (a & w) | (u & x)
        d += 1


@part
def _neighbours(plane: np.ndarray, nodes: np.ndarray, start: int, end: int, counter: np.ndarray, like: tuple[int, ...]) -> Any:
    """First digits in base 2 of how many of the rows ``nodes[start:end]`` are set per lane: four if there are fewer than 16 rows.

    Of more rows the first three are given, and all are left in `counter`.
    """
    zero = broadcast(np.uint64(0), like)
    c0, c1, c2, c3 = zero, zero, zero, zero
    if end - start < 16:
        q = start
        while q + 1 < end:
            a, b = load(plane, np.int64(nodes[q]), like), load(plane, np.int64(nodes[q + 1]), like)
            u = a ^ b
            t = (a & b) | (u & c0)
            c0 = c0 ^ u
            u = c1 & t
            c1 = c1 ^ t
            c3 = c3 ^ (c2 & u)
            c2 = c2 ^ u
            q += 2
        if q < end:
            a = load(plane, np.int64(nodes[q]), like)
            t = c0 & a
            c0 = c0 ^ a
            u = c1 & t
            c1 = c1 ^ t
            c3 = c3 ^ (c2 & u)
            c2 = c2 ^ u
    else:
        _tally(plane, nodes, start, end, counter, like)
        c0, c1, c2 = load(counter, 0, like), load(counter, 1, like), load(counter, 2, like)
    return c0, c1, c2, c3


@part
def _decide(
    rules: Rules,
    c: Any,
    near: Any,
    c0: Any,
    c1: Any,
    c2: Any,
    leaving: Any,
    losing: Any,
    bare: Any,
    free: Any,
    open_: Any,
    untested: int,
    s0: Any,
    s1: Any,
    s2: Any,
    s3: Any,
    like: tuple[int, ...],
) -> Any:
    """One uniform for each lane of `open_`: in which is it below the threshold, and in which of `leaving` below gamma as well?

    And in which of `free`, which are in I and not detected, is it below the threshold of being detected, if they can be?
    Thresholds are those of row `c`, for the lanes of `near` by the count c0, c1, c2, for those of `leaving` (I), `losing` (R) and
    `bare` (S without an infected neighbour, but with shocks) by state. Returns the three words and the generator.
    """
    masks, row, full = rules.masks, rules.row, rules.full
    zero = broadcast(np.uint64(0), like)
    n2, n1, n0 = ~c2, ~c1, ~c0
    low, two = near & n2 & n1, near & n2 & c1
    four, six = near & c2 & n1, near & c2 & c1
    q1, q2, q3, q4 = low & c0, two & n0, two & c0, four & n0
    q5, q6, q7 = four & c0, six & n0, six & c0
    less, immune, unsure = zero, zero, leaving
    seen, unseen = zero, free
    bit = 0
    # while this bit is 0 in every threshold of the class, a lane that draws 1 is above them all: decided at little cost
    while bit < untested and row[c, bit] == 0:
        u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        open_ = open_ & ~u
        unsure = unsure & ~u
        if len(rules.detects) > 1:
            unseen = unseen & ~u
        bit += 1
    while True:
        w = np.int64(row[c, bit])
        m = w & 511
        th = (
            (q1 & broadcast(masks[m, 0], like))
            | (q2 & broadcast(masks[m, 1], like))
            | (q3 & broadcast(masks[m, 2], like))
            | (q4 & broadcast(masks[m, 3], like))
            | (q5 & broadcast(masks[m, 4], like))
            | (q6 & broadcast(masks[m, 5], like))
            | (q7 & broadcast(masks[m, 6], like))
            | (leaving & broadcast(masks[m, 7], like))
            | (losing & broadcast(masks[m, 8], like))
        )
        if rules.shock:
            th = th | (bare & broadcast(full[(w >> _SHOCK) & 1], like))
        if bit == BITS:
            less = less | (open_ & th)
            immune = immune | (unsure & broadcast(full[(w >> _RECOVER) & 1], like))
            if len(rules.detects) > 1:
                seen = seen | (unseen & broadcast(full[(w >> _DETECT) & 1], like))
            break
        u, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        t = (u ^ th) & open_
        less = less | (t & th)
        open_ = open_ & ~t
        bit += 1
        if len(rules.detects) > 1:
            th = broadcast(full[(w >> _DETECT) & 1], like)
            t = (u ^ th) & unseen
            seen = seen | (t & th)
            unseen = unseen & ~t
        if rules.eliminates:
            th = broadcast(full[(w >> _RECOVER) & 1], like)
            t = (u ^ th) & unsure
            immune = immune | (t & th)
            unsure = unsure & ~t
            if bit >= untested and not any_set(open_ | unsure | unseen):
                break
        elif bit >= untested and not any_set(open_ | unseen):
            break
    return less, immune, seen, s0, s1, s2, s3


@kernel
def _step(indptr: np.ndarray, indices: np.ndarray, rules: Rules, planes: Planes, like: tuple[int, ...]) -> None:
    """Advance every node by one step; I, T and D go to ``planes.next_i``, ``next_t`` and ``next_d``."""
    counter = planes.counter
    s0, s1, s2, s3 = load(planes.rng, 0, like), load(planes.rng, 1, like), load(planes.rng, 2, like), load(planes.rng, 3, like)
    zero = broadcast(np.uint64(0), like)
    # a look whether every lane is decided costs most when its outcome is uncertain: the first comes when it is all but sure
    untested = 2
    while planes.mean_open[0] >> (untested - 2):
        untested += 1
    drawing = zero
    last = indices.shape[0] - 1
    far = planes.t.size > 131072  # a smaller plane lies in a near cache anyway
    maps = planes.steps.shape[0] > 0
    for i in range(indptr.shape[0] - 1):
        s, x, r = load(planes.s, i, like), load(planes.i, i, like), load(planes.r, i, like)
        c = np.int64(rules.node_row[i])
        start, end = indptr[i], indptr[i + 1]
        if far:
            for q in range(start, end):
                prefetch(planes.t, np.int64(indices[min(q + _AHEAD, last)]))
        c0, c1, c2, c3 = _neighbours(planes.t, indices, start, end, counter, like)
        flip, recovered, detected, free = zero, zero, zero, zero
        if len(rules.detects) > 1:
            free = load(planes.t, i, like)
        digit = 0
        reduced = False
        while True:
            susceptible = s & ~flip
            near = susceptible & (c0 | c1 | c2)
            leaving, losing, new = zero, zero, zero
            first = digit == 0 and not reduced
            if first:
                leaving, losing, new = x, r, free
            bare = zero
            if rules.shock and first:
                bare = susceptible & ~near
            open_ = near | leaving | losing | bare
            if any_set(open_):
                drawing = drawing + popcounts(open_)
                less, immune, seen, s0, s1, s2, s3 = _decide(
                    rules, c, near, c0, c1, c2, leaving, losing, bare, new, open_, untested, s0, s1, s2, s3, like
                )
                flip = flip | less
                recovered = recovered | immune
                detected = detected | seen
            digit += 3
            if not any_set(s & ~flip):
                break
            if (end - start) >> digit == 0:
                if len(rules.detects) < 3 or reduced:
                    break
                reduced, digit, c = True, 0, np.int64(rules.reduced[i])
                c0, c1, c2, c3 = _neighbours(planes.d, indices, start, end, counter, like)
                continue
            c += 1
            c0, c1, c2 = c3, zero, zero
            if end - start >= 16:
                c0, c1, c2 = load(counter, digit, like), load(counter, digit + 1, like), load(counter, digit + 2, like)
        if not rules.eliminates:  # then `immune` was left aside
            recovered = x & flip
        stay = ~flip
        infected = (x & stay) | (s & flip)
        store(planes.s, i, (s & stay) | (r & flip))
        store(planes.next_i, i, infected)
        if len(rules.detects) > 1:
            still = free & stay & ~detected
            store(planes.next_t, i, still | (s & flip))
            if len(rules.detects) > 2:
                store(planes.next_d, i, x & stay & ~still)
        store(planes.r, i, (r & stay) | recovered)
        store(planes.ever, i, load(planes.ever, i, like) | infected)
        if maps:
            add_counts(planes.steps, i, infected)
    store(planes.rng, 0, s0)
    store(planes.rng, 1, s1)
    store(planes.rng, 2, s2)
    store(planes.rng, 3, s3)
    planes.mean_open[0] = total(drawing) // (indptr.shape[0] - 1)


@kernel
def _unpack(counter: np.ndarray, top: int, out: np.ndarray) -> None:
    """Counts of all lanes from their first `top` digits in base 2, into the int32 row `out`."""
    none = np.uint64(0)
    for w in range(counter.shape[1]):
        for d in range(0, max(top, 1), 8):
            spread(
                out,
                w * LANES,
                (
                    counter[d, w] if d < top else none,
                    counter[d + 1, w] if d + 1 < top else none,
                    counter[d + 2, w] if d + 2 < top else none,
                    counter[d + 3, w] if d + 3 < top else none,
                    counter[d + 4, w] if d + 4 < top else none,
                    counter[d + 5, w] if d + 5 < top else none,
                    counter[d + 6, w] if d + 6 < top else none,
                    counter[d + 7, w] if d + 7 < top else none,
                ),
                d,
            )


@kernel
def note(rules: Rules, planes: Planes, record: Record, t: int, like: tuple[int, ...]) -> None:
    """Write down the counts of step `t` and in which lanes infection is present or can return."""
    active = broadcast(np.uint64(0), like)
    for g in range(record.starts.shape[0] - 1):
        lo, hi = record.starts[g], record.starts[g + 1]
        counts = record.counts[t, g]
        top = 0
        while (hi - lo) >> top:
            top += 1
        _tally(planes.i, record.nodes, lo, hi, planes.counter, like)
        _unpack(planes.counter, top, counts[1])
        for d in range(top):
            active = active | load(planes.counter, d, like)
        _tally(planes.s, record.nodes, lo, hi, planes.counter, like)
        _unpack(planes.counter, top, counts[0])
        _tally(planes.r, record.nodes, lo, hi, planes.counter, like)
        _unpack(planes.counter, top, counts[2])
        for lane in range(counts.shape[1]):
            counts[3, lane] = np.int32(hi - lo) - counts[0, lane] - counts[1, lane] - counts[2, lane]
    if rules.shock:
        for i in range(planes.s.shape[0]):
            if rules.returning[i] & 1:
                active = active | load(planes.s, i, like)
            if rules.returning[i] & 2:
                active = active | load(planes.r, i, like)
    store(record.active, t, active)


def _exchange(now: Any) -> Any:
    return Planes(
        now.s,
        now.next_i,
        now.r,
        now.i,
        now.next_t,
        now.t,
        now.next_d,
        now.d,
        now.kept,
        now.ever,
        now.steps,
        now.rng,
        now.counter,
        now.mean_open,
    )


_exchanged = inline(_exchange)


@kernel
def _advance(block: Block, t0: int, t1: int) -> None:
    now = block.planes
    # the planes of I change places at each step
    then = _exchanged(now)
    for t in range(t0, t1):
        _step(block.indptr, block.indices, block.rules, now, block.like)
        now, then = then, now
        note(block.rules, now, block.record, t + 1, block.like)


def advance(block: Block, t0: int, t1: int) -> Block:
    """Advance a block from step `t0` to step `t1`; what is seen at steps ``t0 + 1 .. t1`` is written to ``block.record``.

    Returns the block with the planes of step `t1`; the one given is no longer valid. Slicing never changes bits:
    ``advance(b, 0, 9)`` equals ``advance(advance(b, 0, 4), 4, 9)``.
    """
    _advance(block, t0, t1)
    if (t1 - t0) % 2 == 0:
        return block
    return block._replace(planes=_exchange(block.planes))


@kernel
def count_nodes(plane: np.ndarray, nodes: np.ndarray, counter: np.ndarray, out: np.ndarray, like: tuple[int, ...]) -> None:
    """How many of `nodes` are set per lane in one plane, int32 (64 W,)."""
    top = 0
    while nodes.shape[0] >> top:
        top += 1
    _tally(plane, nodes, 0, nodes.shape[0], counter, like)
    _unpack(counter, top, out)


@kernel
def count_lanes(plane: np.ndarray, out: np.ndarray, like: tuple[int, ...]) -> None:
    """Lanes set per node in one plane, added to int64 (n,)."""
    for i in range(plane.shape[0]):
        out[i] += total(popcounts(load(plane, i, like)))


@kernel
def renumber(
    indptr: np.ndarray, indices: np.ndarray, order: np.ndarray, inverse: np.ndarray, out_indptr: np.ndarray, out_indices: np.ndarray
) -> None:
    """The network whose node p is node ``order[p]``; `inverse` says where each node goes."""
    at = 0
    for p in range(order.shape[0]):
        for q in range(indptr[order[p]], indptr[order[p] + 1]):
            out_indices[at] = inverse[indices[q]]
            at += 1
        out_indptr[p + 1] = at


@kernel
def summarise(counts: np.ndarray, active: np.ndarray, out: np.ndarray) -> None:
    """Per lane, from the counts at all steps, int64 (lanes, 5).

    Infected nodes summed over steps; eliminated at the end; most infected at once; the first step with so many; the first step at
    which the lane is not active, -1 if there is none.
    """
    one = np.uint64(1)
    for lane in range(out.shape[0]):
        out[lane, 1] = 0
        for g in range(counts.shape[1]):
            out[lane, 1] += counts[counts.shape[0] - 1, g, 3, lane]
        out[lane, 0], out[lane, 2], out[lane, 3], out[lane, 4] = 0, -1, 0, -1
    for t in range(counts.shape[0]):
        for lane in range(out.shape[0]):
            infected = 0
            for g in range(counts.shape[1]):
                infected += counts[t, g, 1, lane]
            out[lane, 0] += infected
            if infected > out[lane, 2]:
                out[lane, 2], out[lane, 3] = infected, t
            if out[lane, 4] < 0 and not active[t, lane // LANES] >> np.uint64(lane % LANES) & one:
                out[lane, 4] = t
