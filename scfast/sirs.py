"""SIRS with elimination on a network: the public face of the dynamics (MODEL.md section 2)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scfast import lanes, sparse
from scfast.network import Network
from scfast.parameters import SIRS, Initial, Number
from scfast.rng import Purpose, scalar_state, stream
from scfast.words import LANES, WIDTHS

__all__ = ["SIRS", "Initial", "Run", "simulate"]

SLICE = 200_000_000
"""Lane-node-steps of one slice: at most half a second where no vector unit helps."""

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
    rates: np.ndarray  # float64 (classes, 5)
    node_class: np.ndarray  # int32 (n,)
    rules: lanes.Rules
    states: np.ndarray
    pool: np.ndarray
    n_infected: int
    starts: np.ndarray

    @cached_property
    def ways(self) -> sparse.Ways:
        """The same for runs in lists."""
        return sparse.ways(self.indptr, self.indices, self.rates, self.node_class, self.rules.returning, self.starts)


def _rate_classes(network: Network, model: SIRS) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of (beta, gamma, delta, xi, epsilon), float64 (classes, 5), and each node's class, int32 (n,)."""
    n = network.n_nodes
    given: list[Any] = [model.beta, model.gamma, model.delta, model.xi, model.epsilon]
    shared = model.exposure == "shared"
    if not shared and all(isinstance(rate, float) for rate in given):
        return np.array([given], np.float64), np.zeros(n, np.int32)
    per_type = [np.fromiter(rate.values(), np.float64) if isinstance(rate, dict) else rate for rate in given]
    if not shared and not any(isinstance(rate, np.ndarray) for rate in given):
        rates = np.column_stack([np.broadcast_to(rate, len(network.type_names)) for rate in per_type])
        return rates, network.types.astype(np.int32)
    nodes = np.empty((n, 5))
    for column, (rate, table) in enumerate(zip(given, per_type, strict=True)):
        nodes[:, column] = table[network.types] if isinstance(rate, dict) else table
    if shared:  # beta_i k_ref / k_i, at most 1 (A): a firm's exposure is spread over its partners
        mean_degree = network.degree.mean()
        nodes[:, 0] = np.minimum(1.0, nodes[:, 0] * mean_degree / np.maximum(network.degree, 1))
    rates, node_class = np.unique(nodes, axis=0, return_inverse=True)
    return rates, node_class.reshape(-1).astype(np.int32)


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
    if initial.by == "random":
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


def prepare(network: Network, model: SIRS, initial: Initial, by_type: bool) -> Setup:
    """Check rates and start against the network and lay them out; raises ValueError as their ``on`` methods do."""
    if network.n_nodes < 1:
        raise ValueError(f"network.n_nodes = {network.n_nodes}: must be at least 1")
    rates, node_class = _rate_classes(network, model.on(network))
    states, pool, count = _start(network, initial.on(network))
    order, inverse, indptr, indices = _reorder(network)
    sizes = np.bincount(network.types, minlength=len(network.type_names)) if by_type else [network.n_nodes]
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    node_class = node_class[order]
    rules = lanes.make_rules(rates, node_class, network.degree[order])
    return Setup(network, order, indptr, indices, rates, node_class, rules, states[order], inverse[pool], count, starts)


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
    block = lanes.make_block(
        setup.indptr,
        setup.indices,
        setup.rules,
        states=setup.states,
        pool=setup.pool,
        n_infected=setup.n_infected,
        start_streams=[scalar_state(stream(root, Purpose.INITIAL, network, first + w)) for w in words if setup.n_infected],
        dynamics=stream(root, Purpose.DYNAMICS, network, cell, index),
        n_lanes=n_lanes,
        n_steps=n_steps,
        starts=setup.starts,
        map_steps=map_steps,
        reuse=reuse,
    )

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
        span = few.span(block, t)
        if span:
            span = min(span, n_steps - t)
            few.advance(block, t, t + span, SLICE, done)
        else:
            few.scatter(block)
            span = min(LOOK, n_steps - t)
            for t0 in range(t, t + span, stride):
                t1 = min(t0 + stride, t + span)
                block = lanes.advance(block, t0, t1)
                done((t1 - t0) * n_lanes)
        t += span
    few.scatter(block)
    return block


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
    for plane in (planes.s, planes.i, planes.r):
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
        for plane in (block.planes.s, block.planes.i, block.planes.r)
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


def simulate(
    network: Network,
    model: SIRS,
    n_steps: int,
    n_replicates: int,
    seed: int | None = None,
    *,
    initial: Any = 0.01,
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
    setup = prepare(network, model, initial, by_type)
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
