"""The kernels of growth: the fitness and type of each newcomer, its local worlds, its partners, and the rows that come of them.

They know no model, only arrays with one entry or row for each type, and a node by its place: nodes by type, then by age, each type
from a multiple of 16 on. So a first local world is a few runs of places. Weights eta k stand in an array of their own, by place, as
a newcomer meets many nodes and looks at nothing else of most of them.

A partner is drawn from a finite local world by its summed weights; from the whole first local world by edge ends, since an end
of an edge drawn at random is a node drawn by degree, and a node drawn by degree and accepted by fitness is one drawn by weight.
Where this fails again and again, as a few nodes hold nearly all the weight and are drawn already, weights are summed up in a tree
for each type, 16 entries below each, in which what is drawn weighs nothing. Trees are made anew each time until that has cost as
much as there are nodes, and kept from then on. So time stays within a logarithm of linear whatever the fitness.
"""

import math

import numpy as np

from scfast.jit import kernel, part
from scfast.rng import below, below_from, unit

TIER = np.dtype(
    [
        ("start", np.int64),  # nodes before growth
        ("cumulative_share", np.float64),
        ("eta_min", np.float64),
        ("exponent", np.float64),  # of a power law
        ("h", np.float64),  # of a falling density; -1: it is a power law
        ("span", np.float64),  # ln eta_min, and what else the power law's inverse needs
        ("curve", np.float64),
        ("theta", np.float64),
        ("local_world", np.int64),
        ("m", np.int64),
        ("one_more", np.float64),  # probability of one partner more than m
        ("m_crossing", np.int64),
        ("first", np.int64),  # place of the type's first node
        ("count", np.int64),  # nodes so far
        ("n_weighted", np.int64),  # of them, those of positive fitness and degree
        ("top", np.float64),  # the highest fitness among these
        ("low", np.float64),  # the lowest
    ]
)
RUN = np.dtype([("begin", np.int64), ("gap", np.int64)])  # in the first local world, from number `begin` on: places passed over
BITS = 4  # of a place, for each level of a tree of weights
FEW = 32  # numbers that are sorted by insertion
BUCKET = 14  # bits of a place that are the same bucket's
TRIES = 64  # edge ends that are drawn for one partner at most


@part
def _inverse(u: float, exponent: float, low: float, span: float, curve: float) -> float:
    """Inverse distribution function of the pdf ~ eta**-exponent on [low, 1], written so that exponents near 1 lose no digits."""
    q = 1.0 - exponent
    if q == 0.0:
        eta = math.exp((1.0 - u) * span)
    elif q < 0.0:
        eta = low * math.exp(math.log1p(u * curve) / q)
    else:
        eta = math.exp(math.log1p((1.0 - u) * curve) / q)
    return min(max(eta, low), 1.0)


@kernel
def draw_traits(state: np.ndarray, tiers: np.ndarray, types: np.ndarray, fitness: np.ndarray) -> None:
    """Fill the types and the fitness of all nodes, in node order."""
    n_start = 0
    for t in range(tiers.size):
        for _ in range(tiers[t]["start"]):
            types[n_start] = t
            n_start += 1
        tiers[t]["span"] = math.log(tiers[t]["eta_min"]) if tiers[t]["h"] < 0.0 else 0.0
        tiers[t]["curve"] = math.expm1(abs(1.0 - tiers[t]["exponent"]) * tiers[t]["span"])
    for i in range(types.size):
        if i >= n_start:
            t = 0
            u = unit(state) if tiers.size > 1 else 0.0
            while u >= tiers[t]["cumulative_share"]:
                t += 1
            types[i] = t
        u = unit(state)
        tier = tiers[types[i]]
        if tier["eta_min"] == 1.0:
            fitness[i] = 1.0
        elif tier["h"] < 0.0:
            fitness[i] = _inverse(u, tier["exponent"], tier["eta_min"], tier["span"], tier["curve"])
        else:  # pdf ~ (1 - eta)**h on (eta_min, 1]
            above = u if tier["h"] == 0.0 else math.exp(math.log1p(-u) / (1.0 + tier["h"]))
            fitness[i] = 1.0 - (1.0 - tier["eta_min"]) * above


@kernel
def lay_out(
    tiers: np.ndarray,
    types: np.ndarray,
    fitness: np.ndarray,
    order: np.ndarray,
    kinds: np.ndarray,
    placed: np.ndarray,
    levels: np.ndarray,
) -> tuple[int, int]:
    """Give each node a place, and each level of each type's tree its room; returns the numbers of places and of weights.

    Fills, by place, `order`, the node there (-1: none), `kinds`, its type, and `placed`, its fitness; the first place of each tier;
    and `levels` (type, level), where a level begins in the array of weights: level 0 at the first place, the last level one number.
    """
    for t in range(tiers.size):
        tiers[t]["count"] = 0
    for i in range(types.size):
        tiers[types[i]]["count"] += 1
    end = 0
    for level in range(levels.shape[1]):
        for t in range(tiers.size):
            levels[t, level] = end
            span = 1 << (BITS * level)
            entries = (tiers[t]["count"] + span - 1) // span
            end += (entries + 15) >> BITS << BITS
        if level == 0:
            n_places = end
    order[:n_places] = -1
    for t in range(tiers.size):
        tiers[t]["first"] = levels[t, 0]
        tiers[t]["count"] = 0
        tiers[t]["n_weighted"] = 0
        tiers[t]["top"] = 0.0
        tiers[t]["low"] = math.inf
    for i in range(types.size):
        tier = tiers[types[i]]
        place = tier["first"] + tier["count"]
        order[place], kinds[place], placed[place] = i, types[i], fitness[i]
        tier["count"] += 1
    for t in range(tiers.size):
        tiers[t]["count"] = 0
    return n_places, end


@kernel
def rooms(tiers: np.ndarray, allowed: np.ndarray, types: np.ndarray, fitness: np.ndarray) -> tuple[int, int, int]:
    """At least as many edges as can come, given all types and fitness; most nodes of a finite local world; most that are drawn."""
    n_start, room, most_met, most_seen = 0, 0, 0, 0
    for t in range(tiers.size):
        n_start += tiers[t]["start"]
        for s in range(t):
            room += tiers[t]["start"] * tiers[s]["start"] if allowed[0, t, s] else 0
        room += tiers[t]["start"] * (tiers[t]["start"] - 1) // 2 if allowed[0, t, t] else 0
        most_met = max(most_met, tiers[t]["local_world"] if tiers[t]["local_world"] < types.size else 0)
        most_seen = max(most_seen, most_met, tiers[t]["m"] + 1, tiers[t]["m_crossing"])
    for i in range(n_start, types.size):
        tier = tiers[types[i]]
        m = tier["m_crossing"] if fitness[i] >= tier["theta"] else tier["m"] + (tier["one_more"] > 0.0)
        room += min(m, tier["local_world"], i)
    return room, most_met, min(most_seen, types.size)


@part
def _first_local_world(tiers: np.ndarray, allowed: np.ndarray, runs: np.ndarray) -> tuple[int, int]:
    """Write the runs of places that make up the first local world, two at least; returns how many nodes and runs."""
    size, n_runs, place = 0, 0, 0
    for t in range(tiers.size):
        if allowed[t]:
            runs[n_runs]["begin"] = size
            runs[n_runs]["gap"] = tiers[t]["first"] - place
            size += tiers[t]["count"]
            place = tiers[t]["first"] + tiers[t]["count"]
            n_runs += 1
    while n_runs < 2:
        runs[n_runs]["begin"] = size
        runs[n_runs]["gap"] = 0
        n_runs += 1
    return size, n_runs


@part
def _place(runs: np.ndarray, x: int) -> int:
    """Place of node number `x` of the first local world."""
    place = (
        x + runs[0]["gap"] + (runs[1]["gap"] & ~((x - runs[1]["begin"]) >> 63))
    )  # without a branch, which would be guessed wrong
    if runs.size > 2:
        for r in range(2, runs.size):
            place += runs[r]["gap"] & ~((x - runs[r]["begin"]) >> 63)
    return place


@part
def _slot(seen: np.ndarray, i: int, place: int) -> int:
    """Where `seen`, a hash table of what newcomers drew, has newcomer `i` with a place, or may have it."""
    slot = place & (seen.size - 1)
    if seen[slot] >> 32 == i:
        while seen[slot] != i << 32 | place and seen[slot] >> 32 == i:
            slot = (slot + 1) & (seen.size - 1)
    return slot


@part
def _meet(state: np.ndarray, runs: np.ndarray, size: int, i: int, seen: np.ndarray, met: np.ndarray) -> None:
    """Fill `met` with places of distinct nodes, uniform among the `size` of the first local world (Floyd's algorithm, L)."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    for a in range(met.size):
        last = size - met.size + a
        x, s0, s1, s2, s3 = below_from(s0, s1, s2, s3, last + 1)
        j = _place(runs, x)
        slot = _slot(seen, i, j)
        if seen[slot] == i << 32 | j:
            j = _place(runs, last)
            slot = _slot(seen, i, j)
        seen[slot] = i << 32 | j
        met[a] = j
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3


@part
def _draw_from_met(state: np.ndarray, weight: np.ndarray, met: np.ndarray, sums: np.ndarray, new: np.ndarray) -> None:
    """Draw the partners of `new` from those met by weight, one after another without replacement.

    Uniformly if all weights are zero. `sums` has room for their weights and, in its second row, the sums of these.
    """
    own, cumulative = sums[0], sums[1]
    for a in range(met.size):  # by itself, so that many loads are under way at once
        own[a] = weight[met[a]]
    total = 0.0
    for a in range(met.size):
        total += own[a]
        cumulative[a] = total
    n = met.size
    for d in range(new.size // 2):
        chosen = 0
        if total > 0.0:
            x = unit(state) * total
            for a in range(n - 1):  # as sums never fall, so many are not above x as there are before the first that is
                chosen += x >= cumulative[a]
        else:
            chosen = below(state, n)
        new[2 * d + 1] = met[chosen]
        n -= 1
        met[chosen], own[chosen] = met[n], own[n]  # the last takes its place
        if 2 * d + 2 < new.size:
            total = cumulative[chosen - 1] if chosen > 0 else 0.0
            for a in range(chosen, n):
                total += own[a]
                cumulative[a] = total


@part
def _put(weight: np.ndarray, levels: np.ndarray, t: int, place: int, value: float) -> None:
    """Set a weight in the tree of type `t`."""
    weight[place] = value
    x = place - levels[t, 0]
    for level in range(1, levels.shape[1]):
        x >>= BITS
        below = levels[t, level - 1] + (x << BITS)
        total = 0.0
        for a in range(below, below + 16):
            total += weight[a]
        weight[levels[t, level] + x] = total


@kernel
def _sum_up(tiers: np.ndarray, fitness: np.ndarray, degree: np.ndarray, weight: np.ndarray, levels: np.ndarray) -> int:
    """Make the trees of weights of all types anew; returns the number of nodes."""
    n = 0
    for t in range(tiers.size):
        first, count = tiers[t]["first"], tiers[t]["count"]
        for j in range(first, first + count):
            weight[j] = fitness[j] * degree[j]
        n += count
        for level in range(1, levels.shape[1]):
            count = (count + 15) >> BITS
            for x in range(count):
                total = 0.0
                for a in range(16):
                    total += weight[levels[t, level - 1] + (x << BITS) + a]
                weight[levels[t, level] + x] = total
    return n


@kernel
def _take_from_trees(state: np.ndarray, allowed: np.ndarray, weight: np.ndarray, levels: np.ndarray) -> tuple[int, int]:
    """Type and place of a node drawn by weight from the trees of the allowed types, not all of which weigh nothing."""
    top = levels.shape[1] - 1
    total = 0.0
    for t in range(allowed.size):
        total += weight[levels[t, top]] if allowed[t] else 0.0
    x = unit(state) * total
    kind, before, end = 0, 0.0, 0.0
    for t in range(allowed.size):  # the last of positive weight that begins at x or before; so rounding does no harm
        here = weight[levels[t, top]] if allowed[t] else 0.0
        if here > 0.0 and x >= end:
            kind, before = t, end
        end += here
    place = 0
    for level in range(top - 1, -1, -1):
        begin = levels[kind, level] + (place << BITS)
        chosen, end = 0, before
        for a in range(16):
            here = weight[begin + a]
            if here > 0.0 and x >= end:
                chosen, before = a, end
            end += here
        place = (place << BITS) + chosen
    return kind, levels[kind, 0] + place


@part
def _draw_edge_ends(
    state: np.ndarray,
    allowed: np.ndarray,
    kinds: np.ndarray,
    fitness: np.ndarray,
    ends: np.ndarray,
    seen: np.ndarray,
    low: float,
    top: float,
    n_tries: int,
    i: int,
    new: np.ndarray,
    begin: int,
    stop: int,
) -> int:
    """Draw partners number `begin`.. of `new` among allowed nodes by weight: edge ends accepted by fitness / top.

    Returns the number of the first that was not found in `n_tries`, or `stop`.
    """
    n_left = n_tries
    while begin < stop and n_left > 0:
        n_left -= 1
        j = int(ends[below(state, ends.size)])
        if allowed.size > 1 and not allowed[kinds[j]]:
            continue
        slot = _slot(seen, i, j)
        if seen[slot] == i << 32 | j:
            continue
        if low < top and fitness[j] < top and unit(state) * top >= fitness[j]:
            continue
        seen[slot] = i << 32 | j
        new[2 * begin + 1] = j
        begin += 1
        n_left = n_tries
    return begin


@kernel
def _draw_from_trees(
    state: np.ndarray,
    tiers: np.ndarray,
    allowed: np.ndarray,
    kinds: np.ndarray,
    fitness: np.ndarray,
    degree: np.ndarray,
    weight: np.ndarray,
    levels: np.ndarray,
    kept: bool,
    new: np.ndarray,
    d: int,
) -> int:
    """Draw partner number `d` of `new` by summed weights; returns how many had to be summed up, none where trees are kept."""
    n_summed = 0
    if not kept:
        n_summed = _sum_up(tiers, fitness, degree, weight, levels)
        for earlier in range(d):
            _put(weight, levels, kinds[new[2 * earlier + 1]], new[2 * earlier + 1], 0.0)
    t, j = _take_from_trees(state, allowed, weight, levels)
    if kept:
        _put(weight, levels, t, j, 0.0)
    new[2 * d + 1] = j
    return n_summed


@part
def _draw_from_all(
    state: np.ndarray,
    tiers: np.ndarray,
    allowed: np.ndarray,
    kinds: np.ndarray,
    fitness: np.ndarray,
    degree: np.ndarray,
    weight: np.ndarray,
    levels: np.ndarray,
    ends: np.ndarray,
    runs: np.ndarray,
    size: int,
    i: int,
    seen: np.ndarray,
    kept: bool,
    new: np.ndarray,
) -> int:
    """Draw the partners of `new` from the whole first local world, by weight; uniformly when all weights are zero.

    Returns how many weights had to be summed up.
    """
    top, low = 0.0, math.inf
    n_weighted, n_summed = 0, 0
    for t in range(tiers.size):
        if allowed[t]:
            top = max(top, tiers[t]["top"])
            low = min(low, tiers[t]["low"])
            n_weighted += tiers[t]["n_weighted"]
    d, n_new = 0, new.size // 2
    n_weighted = min(n_weighted, n_new)
    while d < n_new:
        if not kept and d < n_weighted:
            d = _draw_edge_ends(state, allowed, kinds, fitness, ends, seen, low, top, min(size, TRIES), i, new, d, n_weighted)
        if d < n_weighted:
            n_summed += _draw_from_trees(state, tiers, allowed, kinds, fitness, degree, weight, levels, kept, new, d)
            j = int(new[2 * d + 1])
            seen[_slot(seen, i, j)] = i << 32 | j
            d += 1
        elif d < n_new:
            j = _place(runs, below(state, size))
            slot = _slot(seen, i, j)
            if seen[slot] != i << 32 | j:
                seen[slot] = i << 32 | j
                new[2 * d + 1] = j
                d += 1
    return n_summed


@part
def _has_ends(tier: np.ndarray, eta: float) -> None:
    """A node of this tier and fitness has got its first edge ends."""
    if eta > 0.0:
        tier["n_weighted"] += 1
        tier["top"] = max(tier["top"], eta)
        tier["low"] = min(tier["low"], eta)


@part
def _n_wanted(state: np.ndarray, tier: np.ndarray, crossing: int) -> int:
    """How many partners a newcomer looks for."""
    if crossing:
        return int(tier["m_crossing"])
    if tier["one_more"] > 0.0:
        return int(tier["m"]) + (unit(state) < tier["one_more"])
    return int(tier["m"])


@kernel
def _put_all(
    kinds: np.ndarray, fitness: np.ndarray, degree: np.ndarray, weight: np.ndarray, levels: np.ndarray, own: int, new: np.ndarray
) -> None:
    """Put the weights of a newcomer and of its partners into the trees."""
    _put(weight, levels, kinds[own], own, fitness[own] * degree[own])
    for d in range(1, new.size, 2):
        _put(weight, levels, kinds[new[d]], new[d], fitness[new[d]] * degree[new[d]])


@kernel
def grow_edges(
    state: np.ndarray,
    tiers: np.ndarray,
    allowed: np.ndarray,
    types: np.ndarray,
    kinds: np.ndarray,
    fitness: np.ndarray,
    degree: np.ndarray,
    weight: np.ndarray,
    levels: np.ndarray,
    runs: np.ndarray,
    seen: np.ndarray,
    met: np.ndarray,
    sums: np.ndarray,
    ends: np.ndarray,
    patience: int,
) -> int:
    """Add all nodes in order; returns the number of edges. Start nodes take all of the first local world, never crossing.

    `types` are by node; `kinds`, which are types, too, `fitness`, `degree` and `weight` (zero at first) by place. Fills `ends`:
    newcomer and partner of one edge after another, by place. Trees are kept once more than `patience` weights beside one for each
    node were summed up.
    """
    n_start, weighed, kept = 0, False, False
    for t in range(tiers.size):
        n_start += tiers[t]["start"]
        weighed = weighed or tiers[t]["local_world"] < types.size
    n_ends, n_summed = 0, 0
    for i in range(types.size):
        tier = tiers[types[i]]
        own = tier["first"] + tier["count"]
        crossing = 1 if i >= n_start and fitness[own] >= tier["theta"] else 0
        near = allowed[crossing, types[i]]
        size, n_runs = _first_local_world(tiers, near, runs)
        n_local, n_new = size, size
        if i >= n_start:
            n_local = min(tier["local_world"], size)
            n_new = min(_n_wanted(state, tier, crossing), n_local)
        before, new = ends[:n_ends], ends[n_ends : n_ends + 2 * n_new]
        n_ends += 2 * n_new
        if n_new == size:
            for x in range(size):
                new[2 * x + 1] = _place(runs[:n_runs], x)
        elif n_local == size:
            n_summed += _draw_from_all(
                state, tiers, near, kinds, fitness, degree, weight, levels, before, runs[:n_runs], size, i, seen, kept, new
            )
        else:
            _meet(state, runs[:n_runs], size, i, seen, met[:n_local])
            _draw_from_met(state, weight, met[:n_local], sums, new)
        if n_summed > patience + i and not kept:
            _sum_up(tiers, fitness, degree, weight, levels)
            kept = True
        for d in range(n_new):
            j = new[2 * d + 1]
            new[2 * d] = own
            degree[j] += 1
            if degree[j] == 1:
                _has_ends(tiers[kinds[j]], fitness[j])
        if n_new > 0:
            degree[own] = n_new
            _has_ends(tier, fitness[own])
        if kept:
            _put_all(kinds, fitness, degree, weight, levels, own, new)
        elif weighed:
            weight[own] = fitness[own] * n_new
            for d in range(n_new):
                weight[new[2 * d + 1]] = fitness[new[2 * d + 1]] * degree[new[2 * d + 1]]
        tier["count"] += 1
    return n_ends // 2


@part
def _sort(values: np.ndarray) -> None:
    """Shell's method with Knuth's gaps (L)."""
    gap = 1
    while values.size > 9 * gap:
        gap = 3 * gap + 1
    while gap > 0:
        for a in range(gap, values.size):
            value = values[a]
            b = a
            while b >= gap and values[b - gap] > value:
                values[b] = values[b - gap]
                b -= gap
            values[b] = value
        gap = gap // 3 if gap > 1 else 0


@kernel
def fill_rows(
    degree: np.ndarray,
    ends: np.ndarray,
    order: np.ndarray,
    indptr: np.ndarray,
    cursor: np.ndarray,
    buckets: np.ndarray,
    sorted_: np.ndarray,
    indices: np.ndarray,
) -> None:
    """Rows in ascending order from edges that come by newcomer; `order` is the node at each place.

    At a node's turn its older partners are known, and all that come to its row later are younger, in order. Where there are
    `buckets`, edges are sorted by their partner's place first, so that writing to rows stays within what a cache holds.
    """
    for place in range(order.size):
        if order[place] >= 0:
            indptr[order[place] + 1] = degree[place]
    indptr[0] = 0
    for node in range(cursor.size):
        indptr[node + 1] += indptr[node]
    if buckets.size > 0:
        buckets[:] = 0
        for e in range(1, ends.size, 2):
            buckets[(ends[e] >> BUCKET) + 1] += 2
        for b in range(1, buckets.size):
            buckets[b] += buckets[b - 1]
    e = 0
    for node in range(cursor.size):
        begin = end = indptr[node]
        while e < ends.size and order[ends[e]] == node:
            partner = order[ends[e + 1]]
            place = end
            while place > begin and end - begin < FEW and indices[place - 1] > partner:
                indices[place] = indices[place - 1]
                place -= 1
            indices[place] = partner
            if buckets.size > 0:
                to = buckets[ends[e + 1] >> BUCKET]
                buckets[ends[e + 1] >> BUCKET] = to + 2
                sorted_[to], sorted_[to + 1] = node, partner
            else:
                indices[cursor[partner]] = node
                cursor[partner] += 1
            end += 1
            e += 2
        if end - begin > FEW:
            _sort(indices[begin:end])
        cursor[node] = end
    for e in range(0, sorted_.size, 2):
        partner = sorted_[e + 1]
        indices[cursor[partner]] = sorted_[e]
        cursor[partner] += 1
