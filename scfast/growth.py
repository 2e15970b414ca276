"""Network growth: the dual-local-world fitness model and what it becomes in special cases.

There is one process (see `grow`). A model is turned into rules that are nothing but arrays with one entry or row for each type; the
kernels know no model. Barabási-Albert is one type without a tier rule, fitness 1 and an infinite local world. Only the way to draw
a partner has two forms, of the same law: from a finite local world by its summed weights, from the whole first local world by edge
ends, since an end of an edge drawn at random is a node drawn by degree.

Each node's type and fitness come from one stream, the partners from another. So types and fitness do not depend on how many
partners are drawn or on whether the fitness is given, and growing further with the same seed extends the same network.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike

from scfast.jit import inline, kernel
from scfast.network import Network
from scfast.parameters import (
    MAX_NODES,
    BarabasiAlbert,
    BianconiBarabasi,
    DualLocalWorld,
    GrowthModel,
    LocalWorld,
    Number,
    growth_model,
    short,
)
from scfast.rng import Purpose, below, scalar_state, stream, unit

__all__ = ["BarabasiAlbert", "BianconiBarabasi", "DualLocalWorld", "LocalWorld", "fitness_from_factors", "grow", "grow_many"]

_MAX_EDGES = 2**31
_MAX_FITNESS = 1e100
_INDEX = Number("root seed or network number", low=0, whole=True)
_INFINITE = np.iinfo(np.int64).max
_TRAITS, _PARTNERS = 0, 1


# What the kernels share. They know a node by its place: nodes by type, then by age. So a first local world is a few runs of places,
# and as a node's fields lie together, meeting a random node costs one access to memory.
_NODE = np.dtype([("fitness", np.float64), ("degree", np.int32), ("stamp", np.int32)])  # stamp: the last newcomer that drew it
_TIER = np.dtype(
    [
        ("start", np.int64),  # nodes before growth
        ("cumulative_share", np.float64),
        ("eta_min", np.float64),
        ("exponent", np.float64),  # of a power law
        ("h", np.float64),  # of a falling density; -1: it is a power law
        ("theta", np.float64),
        ("local_world", np.int64),
        ("m", np.int64),
        ("one_more", np.float64),  # probability of one partner more than m
        ("m_crossing", np.int64),
        ("first", np.int64),  # place of the type's first node
        ("count", np.int64),  # nodes so far
        ("n_weighted", np.int64),  # of them, those of positive fitness and degree
        ("top", np.float64),  # the highest fitness among these
    ]
)
_RUN = np.dtype([("begin", np.int64), ("shift", np.int64)])  # in the first local world, from number `begin`: place = number + shift
_LOCAL = np.dtype([("place", np.int64), ("weight", np.float64), ("cumulative", np.float64)])  # the second local world
_EDGE = np.dtype([("newcomer", np.int32), ("partner", np.int32)])


@kernel
def _power_law(u: float, exponent: float, low: float) -> float:
    """Inverse distribution function of the pdf ~ eta**-exponent on [low, 1], written so that exponents near 1 lose no digits."""
    q = 1.0 - exponent
    span = math.log(low)
    if q == 0.0:
        eta = math.exp((1.0 - u) * span)
    elif q < 0.0:
        eta = low * math.exp(math.log1p(u * math.expm1(-q * span)) / q)
    else:
        eta = math.exp(math.log1p((1.0 - u) * math.expm1(q * span)) / q)
    return min(max(eta, low), 1.0)


@kernel
def _falling(u: float, h: float, low: float) -> float:
    """Inverse distribution function of the pdf ~ (1 - eta)**h on (low, 1], of 1 - u for h = 0."""
    below_one = u if h == 0.0 else math.exp(math.log1p(-u) / (1.0 + h))
    return 1.0 - (1.0 - low) * below_one


@kernel
def _draw_traits(state: np.ndarray, tiers: np.ndarray, n_start: int, types: np.ndarray, fitness: np.ndarray) -> None:
    """Fill the fitness of all nodes and the types of those after the first `n_start`, in node order."""
    for i in range(types.size):
        if i >= n_start:
            u = unit(state)
            t = 0
            while u >= tiers[t]["cumulative_share"]:
                t += 1
            types[i] = t
        tier = tiers[types[i]]
        if tier["h"] < 0.0:
            fitness[i] = _power_law(unit(state), tier["exponent"], tier["eta_min"])
        else:
            fitness[i] = _falling(unit(state), tier["h"], tier["eta_min"])


@kernel
def _first_local_world(tiers: np.ndarray, allowed: np.ndarray, runs: np.ndarray) -> tuple[int, int]:
    """Write the runs of places that make up the first local world; returns how many nodes and runs."""
    size = 0
    n_runs = 0
    for t in range(tiers.size):
        if allowed[t]:
            runs[n_runs]["begin"] = size
            runs[n_runs]["shift"] = tiers[t]["first"] - size
            size += tiers[t]["count"]
            n_runs += 1
    return size, n_runs


@inline
def _place(runs: np.ndarray, x: int) -> int:
    """Place of node number `x` of the first local world."""
    place = x + runs[0]["shift"]
    for r in range(1, runs.size):
        if x >= runs[r]["begin"]:
            place = x + runs[r]["shift"]
    return place


@kernel
def _accumulate(local: np.ndarray, begin: int, n: int) -> None:
    total = local[begin - 1]["cumulative"] if begin > 0 else 0.0
    for a in range(begin, n):
        total += local[a]["weight"]
        local[a]["cumulative"] = total


@kernel
def _sample_local_world(state: np.ndarray, nodes: np.ndarray, runs: np.ndarray, size: int, i: int, local: np.ndarray) -> None:
    """Fill `local` with distinct nodes, uniform among the `size` of the first local world (Floyd's algorithm, L)."""
    for a in range(local.size):
        last = size - local.size + a
        j = _place(runs, below(state, last + 1))
        if nodes[j]["stamp"] == i:
            j = _place(runs, last)
        nodes[j]["stamp"] = i
        local[a]["place"] = j
        local[a]["weight"] = nodes[j]["fitness"] * nodes[j]["degree"]
    _accumulate(local, 0, local.size)


@kernel
def _take_by_weight(state: np.ndarray, local: np.ndarray, n: int) -> int:
    """Draw one of the first `n` of `local` by weight, uniformly if all weights are zero; the last takes its place."""
    total = local[n - 1]["cumulative"]
    if total > 0.0:
        x = unit(state) * total
        chosen = 0
        while chosen < n - 1 and x >= local[chosen]["cumulative"]:
            chosen += 1
    else:
        chosen = below(state, n)
    j = local[chosen]["place"]
    local[chosen]["place"] = local[n - 1]["place"]
    local[chosen]["weight"] = local[n - 1]["weight"]
    _accumulate(local, chosen, n - 1)
    return j


@kernel
def _draw_edge_end(
    state: np.ndarray,
    allowed: np.ndarray,
    kinds: np.ndarray,
    nodes: np.ndarray,
    edges: np.ndarray,
    top: float,
    n_tries: int,
    i: int,
) -> int:
    """Place of an allowed node that `i` has not drawn, by weight: edge ends accepted by fitness / top; -1 after `n_tries`."""
    for _ in range(n_tries):
        end = below(state, 2 * edges.size)
        j = edges[end >> 1]["partner"] if end & 1 else edges[end >> 1]["newcomer"]
        if allowed[kinds[j]] and nodes[j]["stamp"] != i:
            eta = nodes[j]["fitness"]
            if eta == top or unit(state) * top < eta:
                return j
    return -1


@kernel
def _draw_from_all(
    state: np.ndarray,
    tiers: np.ndarray,
    allowed: np.ndarray,
    kinds: np.ndarray,
    nodes: np.ndarray,
    edges: np.ndarray,
    runs: np.ndarray,
    size: int,
    i: int,
    new: np.ndarray,
    local: np.ndarray,
) -> None:
    """Draw the partners of `new` from the whole first local world, by weight; uniformly when all weights are zero."""
    top = 0.0
    n_weighted = 0
    for t in range(tiers.size):
        if allowed[t]:
            top = max(top, tiers[t]["top"])
            n_weighted += tiers[t]["n_weighted"]
    for d in range(new.size):
        if d < n_weighted:
            j = _draw_edge_end(state, allowed, kinds, nodes, edges, top, size, i)
            if j < 0:  # a few nodes hold nearly all the weight: sum it up instead, which costs no more than the tries
                n = 0
                for x in range(size):
                    j = _place(runs, x)
                    if nodes[j]["stamp"] != i:
                        local[n]["place"] = j
                        local[n]["weight"] = nodes[j]["fitness"] * nodes[j]["degree"]
                        n += 1
                _accumulate(local, 0, n)
                j = _take_by_weight(state, local, n)
        else:
            j = _place(runs, below(state, size))
            while nodes[j]["stamp"] == i:
                j = _place(runs, below(state, size))
        nodes[j]["stamp"] = i
        new[d]["partner"] = j


@kernel
def _add_edge_end(tiers: np.ndarray, kinds: np.ndarray, nodes: np.ndarray, j: int) -> None:
    nodes[j]["degree"] += 1
    if nodes[j]["degree"] == 1 and nodes[j]["fitness"] > 0.0:
        t = kinds[j]
        tiers[t]["n_weighted"] += 1
        tiers[t]["top"] = max(tiers[t]["top"], nodes[j]["fitness"])


@kernel
def _grow(
    state: np.ndarray,
    tiers: np.ndarray,
    allowed: np.ndarray,
    n_start: int,
    types: np.ndarray,
    kinds: np.ndarray,
    nodes: np.ndarray,
    runs: np.ndarray,
    local: np.ndarray,
    edges: np.ndarray,
) -> int:
    """Add all nodes in order; returns the number of edges. Start nodes take all of the first local world, never crossing."""
    n_edges = 0
    for i in range(types.size):
        t = types[i]
        own = tiers[t]["first"] + tiers[t]["count"]
        crossing = 1 if i >= n_start and nodes[own]["fitness"] >= tiers[t]["theta"] else 0
        near = allowed[crossing, t]
        size, n_runs = _first_local_world(tiers, near, runs)
        n_local, n_new = size, size
        if i >= n_start:
            n_local = min(tiers[t]["local_world"], size)
            n_new = min(tiers[t]["m_crossing"] if crossing else tiers[t]["m"], n_local)
            if tiers[t]["one_more"] > 0.0 and unit(state) < tiers[t]["one_more"]:
                n_new = min(n_new + 1, n_local)
        new = edges[n_edges : n_edges + n_new]
        if n_new == size:
            for x in range(size):
                new[x]["partner"] = _place(runs[:n_runs], x)
        elif n_local == size:
            _draw_from_all(state, tiers, near, kinds, nodes, edges[:n_edges], runs[:n_runs], size, i, new, local)
        else:
            _sample_local_world(state, nodes, runs[:n_runs], size, i, local[:n_local])
            for d in range(n_new):
                new[d]["partner"] = _take_by_weight(state, local, n_local - d)
        for d in range(n_new):
            new[d]["newcomer"] = own
            _add_edge_end(tiers, kinds, nodes, own)
            _add_edge_end(tiers, kinds, nodes, new[d]["partner"])
        n_edges += n_new
        tiers[t]["count"] += 1
    return n_edges


@kernel
def _fill_rows(edges: np.ndarray, order: np.ndarray, indptr: np.ndarray, cursor: np.ndarray, indices: np.ndarray) -> None:
    """Rows in ascending order without a sort, from edges that come by newcomer; `order` is the node at each place.

    Younger neighbours arrive in order and are laid at the end of each row. Going through the rows then hands the older ones out in
    order, too; when a row's turn comes, its older part is full, and its cursor stands where the younger part begins.
    """
    for node in range(cursor.size):
        cursor[node] = indptr[node + 1]
    for e in range(edges.size - 1, -1, -1):
        j = order[edges[e]["partner"]]
        cursor[j] -= 1
        indices[cursor[j]] = order[edges[e]["newcomer"]]
    for node in range(cursor.size):
        cursor[node] = indptr[node]
    for j in range(cursor.size):
        for a in range(cursor[j], indptr[j + 1]):
            i = indices[a]
            indices[cursor[i]] = j
            cursor[i] += 1


def _rules(model: GrowthModel) -> tuple[np.ndarray, np.ndarray]:
    """A model as data: tiers, and the allowed partners' types [crossing, newcomer's type, partner's type]."""
    tiers = np.zeros(len(model.types), _TIER)
    tiers["start"] = model.start
    if isinstance(model, DualLocalWorld):
        for name in ("eta_min", "exponent", "theta", "m", "m_crossing"):
            tiers[name] = getattr(model, name)
        tiers["h"] = -1.0
        tiers["local_world"] = [int(min(size, _INFINITE)) for size in model.local_world]
        shares = np.array(model.shares, dtype=np.float64)
        cumulative = np.cumsum(shares / shares.max())
        cumulative /= cumulative[-1]
        cumulative[np.flatnonzero(shares)[-1] :] = 1.0
        tiers["cumulative_share"] = cumulative
        distance = np.abs(np.subtract.outer(np.arange(tiers.size), np.arange(tiers.size)))
        return tiers, np.stack([distance == 1, distance >= 1])
    tiers["cumulative_share"], tiers["theta"] = 1.0, math.inf
    tiers["m"] = math.floor(model.m)
    tiers["one_more"] = model.m - math.floor(model.m)
    tiers["local_world"] = int(min(model.size, _INFINITE)) if isinstance(model, LocalWorld) else _INFINITE
    tiers["eta_min"], tiers["h"] = 1.0, -1.0
    if isinstance(model, BianconiBarabasi):
        tiers["eta_min"], tiers["exponent"] = model.eta_min, model.exponent
        tiers["h"] = {"uniform": 0.0, "power_law": -1.0, "falling": model.h}[model.fitness]
    return tiers, np.ones((2, 1, 1), dtype=bool)


def _given_fitness(fitness: ArrayLike, n_nodes: int) -> np.ndarray:
    try:
        array = np.array(fitness, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("fitness: must be numbers, one for each node") from None
    if array.shape != (n_nodes,):
        raise ValueError(f"fitness has shape {array.shape}: must be ({n_nodes},), one number for each node")
    wrong = np.flatnonzero(~((array >= 0.0) & (array <= _MAX_FITNESS)))
    if wrong.size:
        raise ValueError(f"fitness[{wrong[0]}] = {array[wrong[0]]}: must be between 0 and {_MAX_FITNESS:g}")
    return array


def _edge_room(tiers: np.ndarray, allowed: np.ndarray, n_start: int, types: np.ndarray, fitness: np.ndarray) -> int:
    """At least as many edges as can come, given all types and fitness."""
    crossing = fitness >= tiers["theta"][types]
    m = tiers["m"] + (tiers["one_more"] > 0)
    most = np.minimum(np.where(crossing, tiers["m_crossing"][types], m[types]), tiers["local_world"][types])
    room = int(tiers["start"] @ allowed[0] @ tiers["start"]) // 2 + int(np.minimum(most, types.size)[n_start:].sum())
    if room > _MAX_EDGES:
        raise ValueError(f"n_nodes = {types.size}: up to {room} edges, must be at most {_MAX_EDGES}")
    return room


def _rows(
    state: np.ndarray, tiers: np.ndarray, allowed: np.ndarray, n_start: int, types: np.ndarray, fitness: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Grow the edges for these types and fitness: CSR indptr and indices."""
    order = np.argsort(types, kind="stable")
    kinds = types[order]
    tiers["first"] = np.searchsorted(kinds, np.arange(tiers.size))
    nodes = np.zeros(types.size, dtype=_NODE)
    nodes["fitness"], nodes["stamp"] = fitness[order], -1
    runs = np.empty(tiers.size, dtype=_RUN)
    local = np.empty(min(int(tiers["local_world"].max()), types.size), dtype=_LOCAL)
    edges = np.empty(_edge_room(tiers, allowed, n_start, types, fitness), dtype=_EDGE)
    n_edges = _grow(state, tiers, allowed, n_start, types, kinds, nodes, runs, local, edges)

    degree = np.empty(types.size, dtype=np.int64)
    degree[order] = nodes["degree"]
    indptr = np.concatenate(([0], np.cumsum(degree)))
    indices = np.empty(2 * n_edges, dtype=np.int32)
    _fill_rows(edges[:n_edges], order, indptr, degree, indices)
    return indptr, indices


def grow(
    model: GrowthModel,
    n_nodes: int,
    seed: int | None = None,
    *,
    fitness: ArrayLike | None = None,
    network: int = 0,
) -> Network:
    """Grow a network node by node, in linear time and memory.

    Each newcomer draws its type by the types' shares and its fitness eta from a power law on [eta_min, 1]. Its first local world
    is all nodes of the types that it may trade with: the next tiers of the chain, or, from fitness theta on (A), every type but
    its own. Its second one is ``local_world`` distinct nodes of these, drawn uniformly [P]. There it takes m partners, one after
    another without replacement (A), each with probability

        Pi_j = eta_j k_j / sum_l eta_l k_l    ([P] eq. 4)

    over those not yet drawn; uniformly if all weights are zero, and all nodes of the second local world where it has fewer than
    m. An empty first local world leaves an isolate (``Network.n_isolates``).

    Parameters
    ----------
    model : DualLocalWorld, BarabasiAlbert, BianconiBarabasi or LocalWorld
    n_nodes : int
        Nodes at the end, start included: from the model's number of start nodes to 2**31 - 1.
    seed : int, optional
        Root seed, >= 0; drawn where none is given. It stands in the network's notes.
    fitness : array-like of float, shape (n_nodes,), optional
        Fixes eta, in node order, start nodes first; each from 0 to 1e100. Types stay the same, so that `fitness_from_factors`
        can use those of a network grown before with the same seed.
    network : int
        Number of the network, >= 0: networks of one seed and different numbers are independent.

    Returns
    -------
    Network
        Nodes by age, with types and fitness. A smaller n_nodes with the same seed gives the same network at an earlier time.

    Raises
    ------
    ValueError
        If an argument is not as said above, or if more than 2**31 edges could come.

    Examples
    --------
    >>> start = grow(DualLocalWorld(), n_nodes=10, seed=1)
    >>> start.n_edges, start.types.tolist()
    (20, [0, 0, 0, 0, 1, 1, 1, 2, 2, 3])
    """
    tiers, allowed = _rules(growth_model(model))
    n_start = model.n_start
    n_nodes = int(Number("nodes at the end", low=1, high=MAX_NODES, whole=True).one(n_nodes, "n_nodes"))
    if n_nodes < n_start:
        raise ValueError(f"n_nodes = {n_nodes}: must be at least {n_start}, the number of start nodes")
    network = int(_INDEX.one(network, "network"))
    seed = _root(seed)
    given = None if fitness is None else _given_fitness(fitness, n_nodes)

    types, eta = _traits(tiers, n_nodes, seed, network)
    eta = eta if given is None else given
    state = scalar_state(stream(seed, Purpose.GROWTH, network, _PARTNERS))
    indptr, indices = _rows(state, tiers, allowed, n_start, types, eta)
    notes = (f"grown with seed {seed}, network {network}",)
    return Network(indptr, indices, types=types, type_names=model.types, fitness=eta, notes=notes)


def grow_many(
    model: GrowthModel, n_nodes: int, n_networks: int, seed: int | None = None, *, first: int = 0, n_jobs: int = -1
) -> list[Network]:
    """Grow an ensemble of independent networks, in threads.

    Each is what :func:`grow` gives for the same seed and its number alone, however many are grown and by however many threads.

    Parameters
    ----------
    model : DualLocalWorld, BarabasiAlbert, BianconiBarabasi or LocalWorld
    n_nodes : int
        Nodes of each network at the end, as in :func:`grow`.
    n_networks : int
        How many, >= 0.
    seed : int, optional
        Root seed, >= 0; drawn where none is given. It stands in the networks' notes.
    first : int
        Number of the first network, >= 0; the others follow.
    n_jobs : int
        Threads at most; -1 for as many as this process may use processors, -2 for one less, and so on.

    Returns
    -------
    list of Network

    Raises
    ------
    ValueError
        If an argument is not as said above.

    Examples
    --------
    >>> ensemble = grow_many(BarabasiAlbert(2), n_nodes=50, n_networks=3, seed=1, first=4)
    >>> ensemble[2] == grow(BarabasiAlbert(2), n_nodes=50, seed=1, network=6)
    True
    """
    count = int(Number("", low=0, high=MAX_NODES, whole=True).one(n_networks, "n_networks"))
    first = int(_INDEX.one(first, "first"))
    if not isinstance(n_jobs, int) or n_jobs == 0:
        raise ValueError(f"n_jobs = {short(n_jobs)}: must be a whole number other than 0")
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = max(n_jobs if n_jobs > 0 else processors + 1 + n_jobs, 1)
    root = _root(seed)
    lot = max(count // (8 * threads), 1)  # handed out together: small networks take less time than handing them out

    def grown(begin: int) -> list[Network]:
        return [grow(model, n_nodes, root, network=first + k) for k in range(begin, min(begin + lot, count))]

    with ThreadPoolExecutor(threads) as pool:
        return [network for part in pool.map(grown, range(0, count, lot)) for network in part]


def _root(seed: int | None) -> int:
    """A root seed, checked; drawn where there is none."""
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
    return int(_INDEX.one(seed, "seed"))


def _traits(tiers: np.ndarray, n_nodes: int, seed: int, network: int) -> tuple[np.ndarray, np.ndarray]:
    """Types, int8, and fitness, float64, of all nodes."""
    n_start = int(tiers["start"].sum())
    types, eta = np.empty(n_nodes, dtype=np.int8), np.empty(n_nodes)
    types[:n_start] = np.repeat(np.arange(tiers.size), tiers["start"])
    _draw_traits(scalar_state(stream(seed, Purpose.GROWTH, network, _TRAITS)), tiers, n_start, types, eta)
    return types, eta


def type_sizes(model: GrowthModel, n_nodes: int, seed: int, network: int = 0) -> np.ndarray:
    """Nodes of each type, int64 (types,), that :func:`grow` will give, without growing the network.

    Examples
    --------
    >>> type_sizes(DualLocalWorld(), 10, seed=1).tolist()
    [4, 3, 2, 1]
    """
    tiers, _ = _rules(model)
    types, _ = _traits(tiers, n_nodes, seed, network)
    return np.bincount(types, minlength=tiers.size)


def fitness_from_factors(factors: ArrayLike, weights: ArrayLike, types: ArrayLike) -> np.ndarray:
    """Fitness from a table of factors, each measured against the best node of the same type.

    eta_i = sum_k w_k F_ik / max_j F_jk, j over all nodes of the type of i, sum_k w_k = 1 ([P] eqs. 1-3).

    Parameters
    ----------
    factors : array-like of float, shape (n_nodes, n_factors)
        F, in any units, higher is better; >= 0, and for each factor positive for at least one node of every type.
    weights : array-like of float, shape (n_factors,)
        w, each >= 0; their sum must be 1 to within 1e-9.
    types : array-like, shape (n_nodes,)
        Types of the nodes, as codes or labels.

    Returns
    -------
    ndarray of float64, shape (n_nodes,)
        eta, from 0 to 1; for ``grow(..., fitness=eta)``.

    Raises
    ------
    ValueError
        If an argument is not as said above.

    Examples
    --------
    >>> fitness_from_factors([[2, 30], [4, 15], [7, 0.5]], weights=[0.5, 0.5], types=["brand", "brand", "platform"]).tolist()
    [0.75, 0.75, 1.0]
    """
    table = np.array(factors, dtype=np.float64)
    share = np.array(weights, dtype=np.float64)
    kinds = np.asarray(types)
    if table.ndim != 2:
        raise ValueError(f"factors has {table.ndim} dimensions: must be 2, nodes by factors")
    for name, array, length in (("weights", share, table.shape[1]), ("types", kinds, table.shape[0])):
        if array.shape != (length,):
            raise ValueError(f"{name} has shape {array.shape}: must be ({length},)")
    wrong = np.argwhere(~((table >= 0.0) & (table < math.inf)))
    if wrong.size:
        i, k = wrong[0]
        raise ValueError(f"factors[{i}, {k}] = {table[i, k]}: must be at least 0 and finite")
    if not (np.all(share >= 0.0) and abs(share.sum() - 1.0) <= 1e-9):
        raise ValueError(f"weights = {share.tolist()}: must be at least 0 with sum 1")
    eta = np.empty(kinds.size)
    for kind in np.unique(kinds):
        rows = kinds == kind
        best = table[rows].max(axis=0)
        if not best.all():
            raise ValueError(f"factors[:, {np.argmin(best)}]: must be positive for at least one node of type {kind}")
        eta[rows] = (table[rows] / best) @ share
    return eta
