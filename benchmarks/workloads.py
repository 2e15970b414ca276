"""The workloads that are timed: a network, rates, a start and a size each, from fixed seeds."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import scfast as sf
from scfast import lanes, sirs

TYPES = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Workload:
    """Replicates of one process on one network."""

    network: Callable[[], sf.Network]
    model: sf.SIRS
    initial: Any  # as sf.simulate takes it
    n_steps: int
    n_replicates: int

    def run(self, seed: int, **options: Any) -> sf.Run:
        """All of it, on one thread."""
        return sf.simulate(
            self.network(), self.model, self.n_steps, self.n_replicates, seed, **{"initial": self.initial, **options}
        )

    @property
    def node_steps(self) -> int:
        """Node-steps of one run."""
        return self.network().n_nodes * self.n_steps * self.n_replicates


@functools.cache
def barabasi_albert(n_nodes: int, m: int = 3) -> sf.Network:
    """A grown Barabási-Albert network."""
    return sf.grow(sf.BarabasiAlbert(m), n_nodes=n_nodes, seed=1)


@functools.cache
def typed(n_nodes: int) -> sf.Network:
    """The Barabási-Albert network with m = 3, its nodes of four types in turn."""
    plain = barabasi_albert(n_nodes)
    return sf.Network(plain.indptr, plain.indices, types=np.arange(n_nodes) % len(TYPES), type_names=TYPES)


@functools.cache
def bipartite() -> sf.Network:
    """200 hubs and 8,000 others, 229,600 random links between them: mean degree 56, hubs 1,148."""
    hubs, others = 200, 8_000
    pairs = np.random.default_rng(1).choice(hubs * others, size=229_600, replace=False)
    return sf.Network.from_edges(np.column_stack((pairs // others, hubs + pairs % others)), n_nodes=hubs + others)


def rates(beta: Any = 0.1, gamma: Any = 0.1, xi: Any = 0.05, delta: Any = 0.0) -> sf.SIRS:
    """The reference workload's rates, or some of them and others."""
    return sf.SIRS(beta=beta, gamma=gamma, xi=xi, delta=delta)


def _between(low: float, high: float) -> np.ndarray:
    return np.random.default_rng(2).uniform(low, high, 10_000)


_TEN_THOUSAND = functools.partial(barabasi_albert, 10_000)
REFERENCE = Workload(_TEN_THOUSAND, rates(), 0.01, 200, 1024)
WORKLOADS = {
    "reference": REFERENCE,
    "low prevalence": Workload(_TEN_THOUSAND, rates(beta=0.03, gamma=0.2, delta=0.005), 0.01, 200, 1024),
    "sparse": Workload(functools.partial(barabasi_albert, 100_000), rates(beta=0.02, gamma=0.2), 10, 100, 1024),
    "hubs, beta = 0.01": Workload(bipartite, rates(beta=0.01), 0.01, 200, 512),
    "hubs, beta = 0.1": Workload(bipartite, rates(), 0.01, 200, 512),
    "tree": Workload(functools.partial(barabasi_albert, 10_000, 1), rates(), 0.01, 200, 1024),
    "100 nodes": Workload(functools.partial(barabasi_albert, 100), rates(), 0.01, 200, 51_200),
    "per type": Workload(
        functools.partial(typed, 10_000),
        rates(beta=dict(zip(TYPES, (0.05, 0.08, 0.1, 0.2), strict=True)), xi=dict(zip(TYPES, (0.05, 0.02, 0.1, 0.3), strict=True))),
        0.01,
        200,
        1024,
    ),
    "per node": Workload(_TEN_THOUSAND, rates(_between(0.02, 0.2), _between(0.05, 0.3), _between(0.01, 0.2)), 0.01, 200, 1024),
    "a million nodes": Workload(functools.partial(barabasi_albert, 1_000_000), rates(delta=0.005), 0.01, 5, 512),
}


def settled(n_nodes: int) -> np.ndarray:
    """States with about the reference workload's shares of S, I, R once it has settled; the same in all replicates: no work."""
    return np.random.default_rng(4).choice(3, n_nodes, p=(0.28, 0.24, 0.48))


class Steps:
    """512 settled replicates that are advanced again and again from one state, with more or less of them recorded."""

    def __init__(self, network: sf.Network, n_steps: int, *, counts: bool, by_type: bool = False, maps: bool) -> None:
        self.setup = sirs.prepare(network, REFERENCE.model, sf.Initial(states=settled(network.n_nodes)), by_type)
        block = sirs.run_block(self.setup, (3, 0, 0, 0), lanes.BLOCK_LANES, n_steps, True)
        planes, record = block.planes, block.record
        if not maps:
            planes = planes._replace(steps=planes.steps[:0])
        if not counts:
            record = record._replace(starts=record.starts[:1])  # no group of nodes that could be counted
        self._block, self._n_steps = block._replace(planes=planes, record=record), n_steps
        self._saved = planes._replace(**{name: getattr(planes, name).copy() for name in planes._fields})

    def __call__(self) -> lanes.Block:
        """The block after its steps; its generators move on from call to call."""
        for name, array, saved in zip(self._saved._fields, self._block.planes, self._saved, strict=True):
            if name != "rng":
                array[...] = saved
        return lanes.advance(self._block, 0, self._n_steps)
