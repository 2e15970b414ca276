"""SIRS with elimination on a network: the public face of the dynamics (MODEL.md section 2)."""

import itertools
import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from scfast import lanes, outset, sparse
from scfast.entries import Number
from scfast.network import Network
from scfast.parameters import SIRS, Initial, Protection, Shock, shared_exposure
from scfast.rng import Purpose, scalar_state, stream, word_state
from scfast.words import LANES, WIDTHS, aligned

__all__ = ["SIRS", "Initial", "Protection", "Run", "Shock", "simulate"]

Tick = Callable[[int], Any]

SLICE = 200_000_000
"""Lane-node-steps of one slice: at most half a second where no vector unit helps."""

PILOT = 512
"""Replicates of a pilot run that ranks nodes by vulnerability."""

ALONE = 32
"""Replicates for each node alone of one that ranks them by importance."""

LOOK = 32
"""Steps from one look whether few nodes are infected to the next."""

OBSERVABLES = ("infected_steps", "final_eliminated", "peak", "peak_step", "ever_infected", "extinction_step")
"""Whole numbers kept per replicate, in the order of :func:`observables`."""


@dataclass(frozen=True)
class Setup:
    """A network, rates and a start, checked and laid out for the kernels."""

    network: Network
    order: np.ndarray  # int64 (n,): the kernels' node p is node order[p] of the network
    indptr: np.ndarray  # int64 (n + 1,), int32 (2 m,): the network in that order
    indices: np.ndarray
    rates: np.ndarray  # float64 (classes, 6)
    node_class: np.ndarray  # int32 (n,)
    rules: lanes.Rules
    states: np.ndarray
    pool: np.ndarray
    n_infected: int
    each: bool  # nodes of the pool are infected alone, in turn
    starts: np.ndarray
    shocks: tuple[tuple[Shock, np.ndarray], ...]  # each with whom it may hit, int32 in the kernels' order
    protection: outset.Protection | None

    @cached_property
    def ways(self) -> sparse.Ways:
        """The same for runs in lists."""
        return sparse.ways(self.indptr, self.indices, self.rates[:, :5], self.node_class, self.rules.returning, self.starts)


def _rate_classes(network: Network, model: SIRS) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of (beta, gamma, delta, xi, epsilon, detection), float64 (classes, 6), and each node's class, int32 (n,)."""
    n = network.n_nodes
    given: list[Any] = [model.beta, model.gamma, model.delta, model.xi, model.epsilon, model.detection]
    shared = model.exposure == "shared"
    around = _around_hubs(network, model.detection_hubs)
    if around is not None:
        detection: Any = model.detection
        each = np.fromiter(detection.values(), np.float64)[network.types] if isinstance(detection, dict) else detection
        given[5] = np.where(around, each, 0.0)
    if not shared and all(isinstance(rate, float) for rate in given):
        return np.array([given], np.float64), np.zeros(n, np.int32)
    per_type = [np.fromiter(rate.values(), np.float64) if isinstance(rate, dict) else rate for rate in given]
    if not shared and not any(isinstance(rate, np.ndarray) for rate in given):
        rates = np.column_stack([np.broadcast_to(rate, len(network.type_names)) for rate in per_type])
        return rates, network.types.astype(np.int32)
    nodes = np.empty((n, 6))
    for column, (rate, table) in enumerate(zip(given, per_type, strict=True)):
        nodes[:, column] = table[network.types] if isinstance(rate, dict) else table
    if shared:
        nodes[:, 0] = shared_exposure(nodes[:, 0], network.degree)
    rates, node_class = np.unique(nodes, axis=0, return_inverse=True)
    return rates, node_class.reshape(-1).astype(np.int32)


def _around_hubs(network: Network, amount: Any) -> np.ndarray | None:
    """Which nodes are among the largest hubs, ties by node order, or partners of one; None if that does not matter."""
    if amount is None:
        return None
    count = Protection(amount).on(network).count(network.n_nodes)
    hubs = np.argsort(-network.degree, kind="stable")[:count]
    around = np.zeros(network.n_nodes, bool)
    around[hubs] = True
    for hub in hubs:
        around[network.indices[network.indptr[hub] : network.indptr[hub + 1]]] = True
    return around


def _start(network: Network, initial: Initial) -> tuple[np.ndarray, np.ndarray, int]:
    """States before the random infections, uint8 (n,); the pool they are drawn from, int32; and how many."""
    states = np.zeros(network.n_nodes, np.uint8)
    nobody = np.zeros(0, np.int32)
    if initial.states is not None:
        return np.asarray(initial.states, np.uint8), nobody, 0
    if initial.nodes is not None:
        states[np.asarray(initial.nodes, np.int64)] = lanes.I
        return states, nobody, 0
    pool = np.arange(network.n_nodes, dtype=np.int32)
    if initial.within is not None:
        pool = pool[network.types == network.type_names.index(initial.within)]
    count = initial.count(len(pool))
    if initial.by in ("random", "each"):
        return states, pool, count
    height = network.degree if initial.by == "degree" else network.fitness
    assert height is not None  # Initial.on has seen to it
    states[pool[np.argsort(-height[pool], kind="stable")[:count]]] = lanes.I
    return states, nobody, 0


def _reorder(network: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Nodes by type, and by falling degree in a type: (order, its inverse, indptr, indices).

    Counts by type are then counts of slices, and the rows of hubs, which are read most, lie together. The order depends on the
    network alone.
    """
    order = np.lexsort((-network.degree, network.types))
    inverse = np.empty(len(order), np.int32)
    inverse[order] = np.arange(len(order), dtype=np.int32)
    indptr, indices = np.zeros_like(network.indptr), np.empty_like(network.indices)
    lanes.renumber(network.indptr, network.indices, order, inverse, indptr, indices)
    return order, inverse, indptr, indices


@dataclass(frozen=True)
class Place:
    """Where a setup runs: what shares of groups and pilot runs are a function of.

    Attributes
    ----------
    root, network : int
        Root seed, and index of the network.
    n_steps : int
        Steps of a pilot run.
    tick : callable, optional
        As for :func:`run_block`.
    rankings : dict
        Those that pilot runs gave here, by what they follow from.
    """

    root: int = 0
    network: int = 0
    n_steps: int = 0
    tick: Tick | None = None
    rankings: dict[Any, np.ndarray] = field(default_factory=dict)


def _ranking(network: Network, model: SIRS, initial: Initial, shocks: Sequence[Shock], by: str, place: Place) -> np.ndarray:
    """Nodes in the order in which they are protected, int64 (n,)."""
    if by in ("random", "acquaintance"):
        return np.arange(network.n_nodes)
    if by in ("degree", "fitness"):
        height: Any = network.degree if by == "degree" else network.fitness
        return np.argsort(-height, kind="stable")
    key = (place.network, model, initial, tuple(shocks), by)
    n_replicates = pilot_replicates(by, initial, network.n_nodes)
    if key in place.rankings:
        if place.tick is not None:
            place.tick(n_replicates * network.n_nodes * place.n_steps)
        return place.rankings[key]
    seed = pilot_seed(place.root, place.network)
    if by == "vulnerability":
        setup = prepare(network, model, initial, False, shocks, place=place)
        height = run_replicates(setup, (seed, 0, 0, 0), n_replicates, place.n_steps, tick=place.tick)[2][2]
    else:
        height = importance(network, model, place.n_steps, ALONE, seed, tick=place.tick)[0]
    return place.rankings.setdefault(key, np.argsort(-height, kind="stable"))


def pilot_replicates(by: str, initial: Initial, n_nodes: int) -> int:
    """Replicates of the pilot run that a ranking of nodes needs."""
    if by == "importance":
        return n_nodes * ALONE
    if by == "vulnerability":
        return n_nodes * -(-PILOT // n_nodes) if initial.by == "each" else PILOT
    return 0


def importance(
    network: Network, model: SIRS, n_steps: int, n_replicates: int, seed: int, *, tick: Tick | None = None
) -> np.ndarray:
    """Mean outbreak that each node causes if it alone is infected at first.

    Parameters
    ----------
    network : Network
    model : SIRS
    n_steps : int
    n_replicates : int
        For each node.
    seed : int

    Returns
    -------
    float64 (2, n_nodes)
        Risk load (infected steps per node of the network), and share of nodes eliminated at the end.

    Examples
    --------
    >>> import scfast as sf
    >>> star = sf.Network.from_edges([(0, k) for k in range(1, 9)])
    >>> load, _ = importance(star, sf.SIRS(beta=0.3, gamma=0.3), n_steps=20, n_replicates=64, seed=1)
    >>> int(load.argmax())
    0
    """
    sums = alone(network, model, n_steps, n_replicates, seed, tick=tick)
    return sums[::2] / (network.n_nodes * n_replicates)


def alone(network: Network, model: SIRS, n_steps: int, n_replicates: int, seed: int, *, tick: Tick | None = None) -> np.ndarray:
    """Sums over replicates in which each node alone is infected at first, no shock comes and no node is protected.

    Parameters
    ----------
    network, model, n_steps, n_replicates, seed
        As for :func:`importance`.

    Returns
    -------
    int64 (4, n_nodes)
        Infected steps over all nodes of the network, and their squares; nodes eliminated at the end, and their squares.
    """
    n = network.n_nodes
    setup = prepare(network, model, Initial(by="each"), False)
    sums = np.zeros((4, n), np.int64)
    part = alone_lanes(n_steps)
    total = n * n_replicates
    for first in range(0, total, part):
        size = min(part, total - first)
        key = (seed, 0, 0, first // lanes.BLOCK_LANES)
        _, seen, _ = run_replicates(setup, key, size, n_steps, map_steps=False, tick=tick)
        node = (first + np.arange(size)) % n
        for k in range(2):
            np.add.at(sums[2 * k], node, seen[:, k])
            np.add.at(sums[2 * k + 1], node, seen[:, k] ** 2)
    return sums


def alone_lanes(n_steps: int) -> int:
    """Replicates of :func:`alone` that run in one go: whole blocks, as the counts of all of them are held."""
    return lanes.BLOCK_LANES * max(1, 4096 // (n_steps + 1))


def _hit(shock: Shock, network: Network, number: int, place: Place) -> np.ndarray:
    """Whom a shock may hit: its group, or the share of it that is drawn for the network."""
    group = shock.on(network)
    assert group is not None  # as the network is there
    size = math.floor(shock.share * len(group) + 0.5)
    draws = stream(place.root, Purpose.SHOCK, place.network, number, 0).generate_state(len(group), np.uint64)
    return np.sort(group[draws.argsort(kind="stable")[:size]])


def prepare(
    network: Network,
    model: SIRS,
    initial: Initial,
    by_type: bool,
    shocks: Sequence[Shock] = (),
    protection: Protection | None = None,
    place: Place | None = None,
) -> Setup:
    """Check rates and start against the network and lay them out; raises ValueError as their ``on`` methods do."""
    place = place or Place()
    if network.n_nodes < 1:
        raise ValueError(f"network.n_nodes = {network.n_nodes}: must be at least 1")
    rates, node_class = _rate_classes(network, model.on(network))
    states, pool, count = _start(network, initial.on(network))
    groups = [_hit(shock, network, k, place) for k, shock in enumerate(shocks)]
    order, inverse, indptr, indices = _reorder(network)
    sizes = np.bincount(network.types, minlength=len(network.type_names)) if by_type else [network.n_nodes]
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    node_class = node_class[order]
    rules = lanes.make_rules(rates, node_class, network.degree[order], model.detected_beta)
    budget = 0 if protection is None else protection.on(network).count(network.n_nodes)
    kept = None
    if protection is not None and budget:
        ranking = _ranking(network, model, initial, shocks, protection.by, place)
        tries = 32 * network.n_nodes if protection.by == "acquaintance" else 0
        kept = outset.Protection(budget, inverse[ranking], protection.by in ("random", "acquaintance"), tries)
    return Setup(
        network,
        order,
        indptr,
        indices,
        rates,
        node_class,
        rules,
        states[order],
        inverse[pool],
        count,
        initial.by == "each",
        starts,
        tuple((shock, inverse[group]) for shock, group in zip(shocks, groups, strict=True)),
        kept,
    )


def run_block(
    setup: Setup,
    key: tuple[int, int, int, int],
    n_lanes: int,
    n_steps: int,
    map_steps: bool,
    tick: Callable[[int], Any] | None = None,
    reuse: lanes.Block | None = None,
) -> lanes.Block:
    """Run one block from step 0 to `n_steps` in slices of at most half a second.

    Parameters
    ----------
    setup : Setup
    key : (root seed, network, cell, block)
        What the block's streams are derived from; the start depends on the network and the lane alone.
    n_lanes : int
        Replicates in the block, 1..512.
    n_steps : int
    map_steps : bool
        Whether to sum infected steps per node.
    tick : callable, optional
        Called after each slice with the node-steps done for lanes in use; may raise to stop the run.
    reuse : Block, optional
        The last block of the same run, done with: its memory may be used again.
    """
    root, network, cell, index = key
    words = range(-(-n_lanes // LANES))
    first = index * WIDTHS[-1]

    def streams(purpose: Purpose, wanted: bool) -> list[np.ndarray]:
        return [scalar_state(stream(root, purpose, network, first + w)) for w in words if wanted]

    block = outset.make_block(
        setup.indptr,
        setup.indices,
        setup.rules,
        states=setup.states,
        pool=setup.pool,
        n_infected=setup.n_infected,
        start_streams=streams(Purpose.INITIAL, setup.n_infected > 0),
        dynamics=stream(root, Purpose.DYNAMICS, network, cell, index),
        n_lanes=n_lanes,
        n_steps=n_steps,
        starts=setup.starts,
        map_steps=map_steps,
        each=index * lanes.BLOCK_LANES if setup.each else None,
        protection=setup.protection,
        protection_streams=streams(Purpose.PROTECTION, setup.protection is not None),
        reuse=reuse,
    )
    events = _Events(setup, (root, network, index), n_lanes, n_steps, block)

    def done(lane_steps: int) -> None:
        if tick is not None:
            tick(lane_steps * setup.network.n_nodes)

    few = sparse.Sparse(
        lambda: setup.ways,
        setup.network.n_nodes,
        n_lanes,
        lambda: stream(root, Purpose.DYNAMICS, network, cell, index, 1),
    )
    stride = max(1, SLICE // max(block.node_steps, 1))
    t = 0
    while t < n_steps:
        quiet = events.quiet(t)
        span = 0 if len(setup.rules.detects) > 1 or not quiet else few.span(block, t)
        if not quiet:
            few.scatter(block)
            block = events.step(block, t)
            span = 1
            done(n_lanes)
        elif span:
            span = min(span, quiet)
            few.advance(block, t, t + span, SLICE, done)
        else:
            few.scatter(block)
            span = min(LOOK, quiet)
            for t0 in range(t, t + span, stride):
                t1 = min(t0 + stride, t + span)
                block = lanes.advance(block, t0, t1)
                done((t1 - t0) * n_lanes)
        t += span
    few.scatter(block)
    events.pend(block)
    _count_protected(block)
    return block


class _Events:
    """When shocks happen in the lanes of a block, and whom they hit.

    What is drawn depends on the network and the block alone: cells and strategies meet the same shocks.
    """

    def __init__(self, setup: Setup, key: tuple[int, int, int], n_lanes: int, n_steps: int, block: lanes.Block) -> None:
        root, network, index = key
        n, width = block.planes.s.shape
        self._n_steps = n_steps
        self._thresholds: list[tuple[np.uint64, bool]] = []
        self._groups: list[np.ndarray] = []
        self._rng: list[np.ndarray] = []
        self._happens = [aligned(n_steps, width) for _ in setup.shocks]
        for k, (shock, group) in enumerate(setup.shocks):

            def draws(*what: int, k: int = k) -> np.random.SeedSequence:
                return stream(root, Purpose.SHOCK, network, k, *what)

            self._groups.append(group)
            self._thresholds.append(_threshold(shock.severity))
            self._rng.append(aligned(4, width))
            self._rng[k][:] = word_state(draws(2, index), width)
            dates = np.arange(n_steps) if shock.steps is None else np.array(shock.steps)
            when = np.zeros((len(dates), width), np.uint64)
            with np.errstate(over="ignore"):
                outset.occur(*_threshold(shock.probability), n_lanes, scalar_state(draws(1, index)), when)
            if shock.severity > 0 and len(group):
                self._happens[k][dates[dates < n_steps]] = when[dates < n_steps]
        self._any = np.bitwise_or.reduce(self._happens, axis=0) if self._happens else np.zeros((n_steps, width), np.uint64)
        self._steps = np.flatnonzero(self._any.any(axis=1))
        self._hit = aligned(n if len(self._steps) else 0, width)
        self._returning = any(
            shock.steps is None and shock.probability and shock.severity and len(group) for shock, group in setup.shocks
        )

    def quiet(self, t: int) -> int:
        """Steps from `t` on in which nothing happens."""
        later = self._steps[np.searchsorted(self._steps, t) :]
        return int(later[0] if len(later) else self._n_steps) - t

    def step(self, block: lanes.Block, t: int) -> lanes.Block:
        """Advance a block by the step `t`, in which something happens."""
        with np.errstate(over="ignore"):
            for k, group in enumerate(self._groups):
                if self._happens[k][t].any():
                    outset.strike(
                        block.planes, group, self._happens[k], t, *self._thresholds[k], self._rng[k], self._hit, block.like
                    )
        block = lanes.advance(block, t, t + 1)
        outset.land(block, self._hit, t + 1)
        return block

    def pend(self, block: lanes.Block) -> None:
        """Risk can return to a lane as long as a shock is still to come."""
        if self._returning:
            block.record.active[:] = np.uint64(2**64 - 1)
        else:
            block.record.active[:-1] |= np.bitwise_or.accumulate(self._any[::-1], axis=0)[::-1]


def _threshold(p: Any) -> tuple[np.uint64, bool]:
    """A probability as 64 binary digits, and whether it is certain."""
    return np.uint64(int(p * 2.0**64) if p < 1 else 2**64 - 1), p >= 1


def _count_protected(block: lanes.Block) -> None:
    """Count protected nodes as immune; in the planes they are in no state, as eliminated ones are."""
    planes, record = block.planes, block.record
    for g, (low, high) in enumerate(itertools.pairwise(record.starts) if len(planes.kept) else ()):
        kept = np.zeros(record.counts.shape[-1], np.int32)
        lanes.count_nodes(planes.kept, record.nodes[low:high], planes.counter, kept, block.like)
        record.counts[:, g, lanes.R] += kept
        record.counts[:, g, lanes.X] -= kept


def observables(block: lanes.Block, n_lanes: int) -> np.ndarray:
    """What is kept of each replicate of a block that has run, int64 (n_lanes, 6), columns as :data:`OBSERVABLES`.

    Infected steps summed over nodes (step 0 included); eliminated nodes at the end; most infected nodes at once, and the first step
    with so many; nodes ever infected (initial cases included); first step with no infected node from which nothing can return,
    -1 if there is none.
    """
    seen = np.empty((n_lanes, 5), np.int64)
    lanes.summarise(block.record.counts, block.record.active, seen)
    ever = np.zeros(LANES * len(block.like), np.int32)
    lanes.count_nodes(block.planes.ever, block.record.nodes, block.planes.counter, ever, block.like)
    return np.insert(seen, 4, ever[:n_lanes], axis=1)


def node_maps(setup: Setup, block: lanes.Block, n_lanes: int) -> np.ndarray:
    """Per node of the network, over a block's lanes, int64 (5, n): ever infected, ever eliminated, infected steps, and two more.

    These are sums and squares of infected steps in lots of 64 replicates, full lots alone: they give the standard error.
    """
    planes = block.planes
    maps = np.zeros((5, len(planes.s)), np.int64)
    lanes.count_lanes(planes.ever, maps[0], block.like)
    for plane in (planes.s, planes.i, planes.r, *(planes.kept,) * bool(len(planes.kept))):
        lanes.count_lanes(plane, maps[1], block.like)
    maps[1] = n_lanes - maps[1]
    steps = planes.steps.astype(np.int64)
    maps[2] = steps.sum(axis=1)
    maps[3] = steps[:, : n_lanes // LANES].sum(axis=1)
    maps[4] = (steps[:, : n_lanes // LANES] ** 2).sum(axis=1)
    return _given_order(setup, maps)


@dataclass(frozen=True)
class Run:
    """Replicates of one process on one network.

    Attributes
    ----------
    network : Network
    counts : int32 (n_replicates, n_steps + 1, 4)
        Nodes in S, I, R, X at steps 0..n_steps.
    type_counts : int32 (n_replicates, n_steps + 1, n_types, 4) or None
        The same per node type, if `by_type` was asked for.
    infected_steps, ever_infected, ever_eliminated : int64 (n_nodes,)
        Summed over replicates: steps spent in I (step 0 included), replicates in which the node was ever in I, ever in X.
    risk_load : float64 (n_replicates,)
        Infected steps per node.
    final_eliminated, peak, peak_step : int64 (n_replicates,)
        Nodes in X at the last step; the most nodes in I at once; the first step with so many.
    attack_rate : float64 (n_replicates,)
        Share of nodes ever infected, initial cases included.
    extinction_step : int64 (n_replicates,)
        First step with no node in I from which nothing can return; -1 where there is none.
    final : uint8 (n_replicates, n_nodes) or None
        State of each node at the last step, 0..3 = S, I, R, X, if `keep_final` was asked for.
    seed : int
        Root seed, also when none was given.
    """

    network: Network
    counts: np.ndarray
    type_counts: np.ndarray | None
    infected_steps: np.ndarray
    ever_infected: np.ndarray
    ever_eliminated: np.ndarray
    risk_load: np.ndarray
    final_eliminated: np.ndarray
    peak: np.ndarray
    peak_step: np.ndarray
    attack_rate: np.ndarray
    extinction_step: np.ndarray
    final: np.ndarray | None
    seed: int

    def __repr__(self) -> str:
        replicates, steps, _ = self.counts.shape
        return f"Run({replicates} replicates, {steps - 1} steps, {self.network!r}, seed={self.seed})"


def _given_order(setup: Setup, columns: np.ndarray) -> np.ndarray:
    """Columns of the kernels' nodes as columns of the network's."""
    out = np.empty_like(columns)
    out[:, setup.order] = columns
    return out


def _final(setup: Setup, block: lanes.Block, n_lanes: int) -> np.ndarray:
    s, i, r = (
        np.unpackbits(plane.astype("<u8").view(np.uint8), axis=1, bitorder="little")[:, :n_lanes].T
        for plane in (
            block.planes.s,
            block.planes.i,
            block.planes.r | block.planes.kept if len(block.planes.kept) else block.planes.r,
        )
    )
    return _given_order(setup, (lanes.X - 3 * s - 2 * i - r).astype(np.uint8))


def run_replicates(
    setup: Setup,
    key: tuple[int, int, int, int],
    n_replicates: int,
    n_steps: int,
    *,
    map_steps: bool = True,
    final: np.ndarray | None = None,
    tick: Callable[[int], Any] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run consecutive blocks, from the one that `key` names.

    Parameters
    ----------
    setup, key, n_steps, map_steps, tick
        As for :func:`run_block`.
    n_replicates : int
    final : uint8 (n_replicates, n), optional
        Is filled with the nodes' last states.

    Returns
    -------
    counts : int32 (n_steps + 1, groups, 4, n_replicates)
    seen : int64 (n_replicates, 6)
        As :func:`observables`.
    maps : int64 (5, n)
        As :func:`node_maps`, over all replicates.
    """
    root, network, cell, first = key
    counts = np.empty((n_steps + 1, len(setup.starts) - 1, 4, n_replicates), np.int32)
    seen = np.empty((n_replicates, len(OBSERVABLES)), np.int64)
    maps = np.zeros((5, setup.network.n_nodes), np.int64)
    block = None
    for index, start in enumerate(range(0, n_replicates, lanes.BLOCK_LANES)):
        part = slice(start, min(start + lanes.BLOCK_LANES, n_replicates))
        n_lanes = part.stop - part.start
        block = run_block(setup, (root, network, cell, first + index), n_lanes, n_steps, map_steps, tick, block)
        counts[..., part] = block.record.counts[..., :n_lanes]
        seen[part] = observables(block, n_lanes)
        if map_steps:
            maps += node_maps(setup, block, n_lanes)
        if final is not None:
            final[part] = _final(setup, block, n_lanes)
    return counts, seen, maps


def pilot_seed(root: int, network: int) -> int:
    """Root seed of pilot runs on a network: the same in all cells, so that levels of a budget protect more and more of one list."""
    return int(stream(root, Purpose.PILOT, network).generate_state(1, np.uint64)[0] >> np.uint64(1))


def simulate(
    network: Network,
    model: SIRS,
    n_steps: int,
    n_replicates: int,
    seed: int | None = None,
    *,
    initial: Any = 0.01,
    shocks: Shock | Sequence[Shock] = (),
    protection: Protection | None = None,
    by_type: bool = False,
    keep_final: bool = False,
) -> Run:
    """Run replicates of SIRS with elimination on a network, 512 at a time on one thread.

    In each step a susceptible node with k infected neighbours becomes infected with probability
    ``1 - (1 - epsilon) (1 - beta)**k`` (L; epsilon: A), an infected one becomes immune with probability gamma or is eliminated with
    probability delta [P] (exclusive outcomes, A), and an immune one becomes susceptible with probability xi [P]. All transitions of
    a step see the states before it (A).

    Parameters
    ----------
    network : Network
    model : SIRS
        Rates per step: numbers, per type or per node.
    n_steps : int
        Time steps, >= 0.
    n_replicates : int
        Independent replicates, >= 1. The same (seed, n_replicates) gives the same bits on every machine.
    seed : int, optional
        Root seed, 0 .. 2**63 - 1; drawn and kept in ``Run.seed`` when not given.
    initial : int, float, Initial or array of int (n_nodes,)
        First infections: a count, a fraction (half up, at least 1 if positive), a full description, or every node's state 0..3.
    shocks : Shock or sequence of Shock
        Events from outside.
    protection : Protection, optional
        Nodes that are immune for ever.
    by_type : bool
        Also record counts per node type.
    keep_final : bool
        Also keep every node's last state, n_replicates * n_nodes bytes.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        A value out of bounds, or rates or a start that do not fit the network.

    Examples
    --------
    >>> import scfast as sf
    >>> ring = sf.Network.from_edges([(0, 1), (1, 2), (2, 3), (3, 0)])
    >>> run = sf.simulate(ring, sf.SIRS(beta=0.5, gamma=0.2), n_steps=10, n_replicates=100, seed=1, initial=1)
    >>> run.counts.shape, int(run.counts[:, 0, 1].sum())
    ((100, 11, 4), 100)
    """
    for name, value, kind in (("network", network, Network), ("model", model, SIRS)):
        if not isinstance(value, kind):
            raise ValueError(f"{name} = {value!r:.60}: must be a {kind.__name__}")
    n_steps = int(Number("time steps", low=0, high=10**7, whole=True).one(n_steps, "n_steps"))
    n_replicates = int(Number("replicates", low=1, high=2**40, whole=True).one(n_replicates, "n_replicates"))
    if seed is None:
        seed = secrets.randbits(63)
    seed = int(Number("root seed", low=0, high=2**63 - 1, whole=True).one(seed, "seed"))
    if not isinstance(initial, Initial):
        initial = Initial(states=initial) if np.ndim(initial) else Initial(initial)
    if protection is not None and not isinstance(protection, Protection):
        protection = Protection(protection)
    shocks = (shocks,) if isinstance(shocks, Shock) else tuple(shocks)
    for k, shock in enumerate(shocks):
        if not isinstance(shock, Shock):
            raise ValueError(f"shocks[{k}] = {shock!r:.60}: must be a Shock")
    setup = prepare(network, model, initial, by_type, shocks, protection, Place(seed, 0, n_steps))
    n = network.n_nodes
    final = np.empty((n_replicates, n), np.uint8) if keep_final else None
    counts, seen, maps = run_replicates(setup, (seed, 0, 0, 0), n_replicates, n_steps, final=final)
    columns = dict(zip(OBSERVABLES, seen.T.copy(), strict=True))
    return Run(
        network=network,
        counts=(counts[:, 0] if counts.shape[1] == 1 else counts.sum(axis=1, dtype=np.int32)).transpose(2, 0, 1),
        type_counts=counts.transpose(3, 0, 1, 2) if by_type else None,
        infected_steps=maps[2],
        ever_infected=maps[0],
        ever_eliminated=maps[1],
        risk_load=columns["infected_steps"] / n,
        final_eliminated=columns["final_eliminated"],
        peak=columns["peak"],
        peak_step=columns["peak_step"],
        attack_rate=columns["ever_infected"] / n,
        extinction_step=columns["extinction_step"],
        final=final,
        seed=seed,
    )
