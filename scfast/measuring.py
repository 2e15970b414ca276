"""Measuring as tasks: what is measured of each network of each cell, what that needs, and how a worker does it."""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scfast import storage, topology
from scfast.config import Cell, Files, Grown, TopologySettings
from scfast.lanes import BLOCK_LANES
from scfast.network import Network
from scfast.rng import Purpose, stream
from scfast.study import columns
from scfast.tables import SCHEMA
from scfast.tasks import Kind, Needs, Tick, alike, check_number

LEVELS = 5
REST = 30
"""How often a breadth-first search follows an edge from each of its ends, and all else that is measured, about."""
NEAR = 50_000
"""Nodes up to which a network lies near at hand, in caches."""
NODE_BYTES = 250.0
EDGE_BYTES = 50.0
"""Memory that growing and measuring a network takes for each of its nodes and edges."""


@dataclass(frozen=True)
class Task:
    """One network, in all cells where it is measured in the same way."""

    cells: tuple[int, ...]
    network: int


@dataclass(frozen=True)
class Measurements(Kind):
    """The work of a configuration that measures its networks."""

    unit: ClassVar[str] = "edges followed"
    most_work: ClassVar[int] = 1_000_000_000

    @property
    def speed(self) -> float:
        """Less where networks are large, as their edges lead far."""
        seconds = sum(work / (2e8 if self.n_nodes(cell) <= NEAR else 2e7) for cell, (_, work) in self._shared.items())
        return sum(work for _, work in self._shared.values()) / seconds

    def check(self) -> None:
        """Refuse too many tasks."""
        check_number(self.config.run.networks * len(self.config.cells), "run.networks", self.config.run.networks)

    def tasks(self) -> Iterator[tuple[Task, int, float]]:
        """One for each network: cells with the same network, measured in the same way, share it."""
        for network, (members, work) in itertools.product(range(self.config.run.networks), self._shared.values()):
            yield Task(members, network), work, sum(self._row_bytes(self.n_nodes(cell)) for cell in members)

    @functools.cached_property
    def _shared(self) -> dict[int, tuple[tuple[int, ...], int]]:
        """Cells with the same network, measured in the same way, and the work for one network of theirs; by the first of them."""
        together = alike(self.config.cells, lambda cell: (cell.network, cell.dynamics))
        return {members[0]: (tuple(members), self._work(members[0], self.n_nodes(members[0]))) for members in together}

    def work(self, task: Task) -> int:
        """Edges that are followed, about."""
        return self._shared[task.cells[0]][1]

    def _work(self, cell: int, n: int) -> int:
        spec = self.config.cells[cell].network
        partners = spec.model.mean_partners if isinstance(spec, Grown) else self.n_edges(cell) / self.n_nodes(cell)
        return work_of(n, partners * n, self._settings, len(self.type_names(cell)))

    @property
    def _settings(self) -> TopologySettings:
        settings = self.config.topology
        assert settings is not None
        return settings

    def _row_bytes(self, n: int) -> float:
        """Stored bytes of one network: degrees that occur, by type; distances; cores."""
        return 1000.0 + min(n, 2 * n**0.5) * 8 * (1 + self._n_types)

    @functools.cached_property
    def _n_types(self) -> int:
        return max(len(self.type_names(cell)) for cell in range(len(self.config.cells)))

    def amounts(self) -> dict[str, str]:
        """Sources and bootstraps."""
        settings = self._settings
        every = f"all nodes, {topology.SOURCES} of more than {topology.EXACT:,}"
        sources = every if settings.sources is None else f"{settings.sources}, or all nodes where there are fewer"
        return {"sources": sources, "bootstraps": f"{settings.bootstraps}"}

    def manifest(self) -> dict[str, Any]:
        """The kind, and each cell's types."""
        return {"kind": "topology", "types": [list(self.type_names(cell)) for cell in range(len(self.config.cells))]}

    def sizes(self) -> dict[str, int]:
        """Networks."""
        return {"run.networks": self.config.run.networks}

    def needs(self, n_nodes: int | None = None, **smaller: int) -> Needs:
        """Counted from array sizes."""
        networks = smaller.get("networks", self.config.run.networks)
        cells = range(len(self.config.cells))
        sizes = [min(self.n_nodes(cell), n_nodes or self.n_nodes(cell)) for cell in cells]
        rows = [self._row_bytes(n) for n in sizes]
        edges = [self.n_edges(cell) * n / self.n_nodes(cell) for cell, n in zip(cells, sizes, strict=True)]
        largest = max(NODE_BYTES * n + EDGE_BYTES * m for n, m in zip(sizes, edges, strict=True))
        work = sum(self._work(cell, sizes[cell]) for cell in self._shared) * networks
        return Needs(float(work), rows, largest, sum(rows) * networks / 2)

    def worker(self, tasks: tuple[Task, ...]) -> "Measurer":
        """Who measures these networks."""
        cells = {task.cells[0]: self.config.cells[task.cells[0]] for task in tasks}
        return Measurer(self._settings, self.config.run.seed, cells, self._n_types, {task: self.work(task) for task in tasks})

    def check_rows(self, tables: storage.Tables) -> bool:
        """Whether they are of this kind."""
        return "topology/n_sources" in tables


@dataclass(frozen=True)
class Measurer:
    """Measures the networks of some cells."""

    settings: TopologySettings
    seed: int
    cells: dict[int, Cell]
    n_types: int
    work: dict[Task, int]

    def source(self, task: Task) -> Grown | Files:
        """The network of the task's cells."""
        return self.cells[task.cells[0]].network

    def run(self, task: Task, network: Network, tick: Tick | None, kept: dict[Any, Any]) -> storage.Tables:
        """Measure a network; a row for each of the task's cells."""
        cell, n = self.cells[task.cells[0]], network.n_nodes
        left = self.work[task]

        def told(edges: int) -> None:
            nonlocal left
            step = min(edges, left)  # what is left is made up for at the end, so that all adds up to what was foreseen
            left -= step
            if tick is not None:
                tick(step)

        found = topology.measure(
            network,
            dynamics=cell.model(network),
            sources=self.settings.sources,
            bootstraps=self.settings.bootstraps,
            seed=measuring_seed(self.seed, task.network),
            tick=told,
        )
        told(left)
        sizes = np.bincount(network.types, minlength=self.n_types)
        tables = {
            "rows/network": [task.network],
            "rows/n_nodes": [n],
            "rows/n_edges": [network.n_edges],
            "rows/n_isolates": [network.n_isolates],
            "rows/type_size": [sizes],
            "rows/network_digest": np.frombuffer(bytes.fromhex(network.digest()), np.uint8)[None],
            **columns(found, self.n_types),
        }
        rows = {name: np.concatenate([np.asarray(values)] * len(task.cells)) for name, values in tables.items()}
        rows["rows/cell"] = np.array(task.cells)
        return {name: np.ascontiguousarray(rows[name], SCHEMA[name].dtype) for name in SCHEMA if name in rows}


def work_of(n: int, n_edges: float, settings: TopologySettings, n_types: int) -> int:
    """Edges that are followed when a network is measured, from each end, each for up to 512 sources at once; about.

    Bootstraps are counted as the edges that could be followed meanwhile.
    """
    sources = min(n, settings.sources or (n if n <= topology.EXACT else topology.SOURCES))
    searches = 3 if n_types > 2 else 1  # again without edges across tiers, and without others
    edges = 2 * n_edges * (LEVELS * searches * -(-sources // BLOCK_LANES) + REST)
    return max(1, int(edges + settings.bootstraps * (200_000 + 15 * n)))


def measuring_seed(root: int, network: int) -> int:
    """Root seed of what is drawn when a network is measured: the same in all cells."""
    return int(stream(root, Purpose.TOPOLOGY, network).generate_state(1, np.uint64)[0] >> np.uint64(1))
