"""Network growth: the dual-local-world fitness model and what it becomes in special cases.

There is one process (see `grow`). A model is turned into rules that are nothing but arrays with one entry or row for each type;
the kernels (:mod:`scfast.newcomers`) know no model. Barabási-Albert is one type without a tier rule, of fitness 1 and an infinite
local world; Bianconi-Barabási the same with a fitness that is drawn; the local world of Li and Chen the same with a finite one.

Each node's type and fitness come from one stream, the partners from another. So types and fitness do not depend on how many
partners are drawn or on whether the fitness is given, and growing further with the same seed extends the same network.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike

from scfast.entries import MAX_NODES, Number, short
from scfast.network import Network
from scfast.newcomers import BITS, BUCKET, RUN, TIER, draw_traits, fill_rows, grow_edges, lay_out, rooms
from scfast.parameters import BarabasiAlbert, BianconiBarabasi, DualLocalWorld, GrowthModel, LocalWorld, growth_model
from scfast.rng import Purpose, scalar_state, stream

__all__ = ["BarabasiAlbert", "BianconiBarabasi", "DualLocalWorld", "LocalWorld", "fitness_from_factors", "grow", "grow_many"]

_MAX_EDGES = 2**31
_MAX_FITNESS = 1e100
_INDEX = Number("root seed or network number", low=0, whole=True)
_SIZE = Number("nodes at the end", low=1, high=MAX_NODES, whole=True)
_INFINITE = np.iinfo(np.int64).max
_TRAITS, _PARTNERS = 0, 1
_PATIENCE = 2**16  # no less than a dual local world of M = 50 ever needs, nor more than a small network can afford


def _rules(model: GrowthModel) -> tuple[np.ndarray, np.ndarray]:
    """A model as data: tiers, and the allowed partners' types [crossing, newcomer's type, partner's type]."""
    tiers = np.zeros(len(model.types), TIER)
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


def _rows(
    state: np.ndarray, tiers: np.ndarray, allowed: np.ndarray, types: np.ndarray, fitness: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Grow the edges for these types and fitness: CSR indptr and indices."""
    n_nodes = types.size
    room, most_met, most_seen = map(int, rooms(tiers, allowed, types, fitness))
    if room > _MAX_EDGES:
        raise ValueError(f"n_nodes = {n_nodes}: up to {room} edges, must be at most {_MAX_EDGES}")
    most_places = n_nodes + 16 * tiers.size
    order, kinds, placed = np.empty(most_places, np.int32), np.empty(most_places, np.int8), np.empty(most_places)
    levels = np.empty((tiers.size, 2 + n_nodes.bit_length() // BITS), dtype=np.int64)
    n_places, n_weights = map(int, lay_out(tiers, types, fitness, order, kinds, placed, levels))
    degree, weight = np.zeros(n_places, dtype=np.int32), np.zeros(n_weights)
    runs = np.empty(max(tiers.size, 2), dtype=RUN)
    seen = np.full(1 << min(16 * most_seen, n_places).bit_length(), -1)
    met, sums = np.empty(most_met, dtype=np.int64), np.empty((2, most_met))
    ends = np.empty(2 * room, dtype=np.int32)
    n_edges = grow_edges(
        state, tiers, allowed, types, kinds, placed, degree, weight, levels, runs, seen, met, sums, ends, _PATIENCE
    )

    indptr, cursor = np.empty(n_nodes + 1, dtype=np.int64), np.empty(n_nodes, dtype=np.int64)
    indices, ends = np.empty(2 * n_edges, dtype=np.int32), ends[: 2 * n_edges]
    n_buckets = n_places >> BUCKET if n_places >> BUCKET > 1 else 0
    buckets, sorted_ = np.empty(n_buckets and n_buckets + 2, dtype=np.int64), np.empty(n_buckets and ends.size, dtype=np.int32)
    fill_rows(degree, ends, order[:n_places], indptr, cursor, buckets, sorted_, indices)
    return indptr, indices


def grow(
    model: GrowthModel,
    n_nodes: int,
    seed: int | None = None,
    *,
    fitness: ArrayLike | None = None,
    network: int = 0,
) -> Network:
    """Grow a network node by node, in time that is all but linear and in linear memory.

    Each newcomer draws its type by the types' shares and its fitness eta from the model's law on [eta_min, 1]. Its first local
    world is all nodes of the types that it may trade with: the next tiers of the chain, or, from fitness theta on (A), every type
    but its own; where there is one type, all nodes (L). Its second one is ``local_world`` distinct nodes of these, drawn uniformly
    [P], or all of them. There it takes m partners, one after another without replacement (A), each with probability

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
    n_nodes = int(_SIZE.one(n_nodes, "n_nodes"))
    if n_nodes < n_start:
        raise ValueError(f"n_nodes = {n_nodes}: must be at least {n_start}, the number of start nodes")
    network = int(_INDEX.one(network, "network"))
    seed = _root(seed)
    given = None if fitness is None else _given_fitness(fitness, n_nodes)

    types, eta = _traits(tiers, n_nodes, seed, network)
    eta = eta if given is None else given
    state = scalar_state(stream(seed, Purpose.GROWTH, network, _PARTNERS))
    indptr, indices = _rows(state, tiers, allowed, types, eta)
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
    types, eta = np.empty(n_nodes, dtype=np.int8), np.empty(n_nodes)
    draw_traits(scalar_state(stream(seed, Purpose.GROWTH, network, _TRAITS)), tiers, types, eta)
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
