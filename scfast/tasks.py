"""What a kind of task answers: how a configuration's work is laid out, what it needs, and how a worker does a piece of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from scfast import storage
from scfast.config import Cell, Config, ConfigError, Files, Grown
from scfast.network import Network

SHARD_BYTES = 64 << 20
SHARDS = 64
MAX_TASKS = 1_000_000

Tick = Callable[[int], Any]
"""Told of work that is done; may raise to stop it."""


class Task(Protocol):
    """What is computed in one go: something of one network, in one cell or in several that share it."""

    @property
    def cells(self) -> tuple[int, ...]: ...
    @property
    def network(self) -> int: ...


@dataclass(frozen=True)
class Needs:
    """What a run will take.

    Attributes
    ----------
    work : float
        In the kind's unit.
    rows : list of float
        Stored bytes of one network in each cell.
    worker : float
        Bytes of memory that one worker needs, beside the results that it holds.
    array : float
        The largest part of all stored bytes that is one array.
    """

    work: float
    rows: list[float]
    worker: float
    array: float


class Worker(Protocol):
    """All that a worker must know to do some tasks, beside a loaded network; it can be pickled."""

    def source(self, task: Any) -> Grown | Files:
        """What the task's network is grown by, or read from."""

    def run(self, task: Any, network: Network, tick: Tick | None, kept: dict[Any, Any]) -> storage.Tables:
        """Do a task; its results by the schema of storage. `kept` is for what other tasks on this network may use, too."""


@dataclass(frozen=True)
class Kind(ABC):
    """A configuration's work, of one kind.

    Attributes
    ----------
    config : Config
    loaded : Network or None
        The network read from files, if the configuration names some.
    """

    config: Config
    loaded: Network | None

    unit: ClassVar[str]
    """What work is counted in."""
    most_work: ClassVar[int]
    """Units that a shard may hold."""

    @property
    @abstractmethod
    def speed(self) -> float:
        """Units of work per second that one core does, about."""

    @abstractmethod
    def check(self) -> None:
        """Raise ConfigError for what only a loaded network, or the size of the plan, can tell."""

    @abstractmethod
    def tasks(self) -> Iterator[tuple[Any, int, float]]:
        """All tasks in order, each with its work and the bytes that are stored of it."""

    @abstractmethod
    def work(self, task: Any) -> int:
        """Units of work."""

    def describe(self, tasks: tuple[Any, ...]) -> str:
        """What there is to say of a shard beside its cells and networks."""
        return ""

    @abstractmethod
    def amounts(self) -> dict[str, str]:
        """How much there is to do of what, in words."""

    @abstractmethod
    def manifest(self) -> dict[str, Any]:
        """What the manifest says beside what it always does."""

    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """Keys of the configuration that make it need less if they are less, network.n_nodes not among them, and their values."""

    @abstractmethod
    def needs(self, n_nodes: int | None = None, **smaller: int) -> Needs:
        """What all of it takes, if no network had more than `n_nodes` nodes, and with other numbers of :meth:`sizes`."""

    @abstractmethod
    def worker(self, tasks: tuple[Any, ...]) -> Worker:
        """Who does such tasks."""

    @abstractmethod
    def check_rows(self, tables: storage.Tables) -> bool:
        """Whether merged rows, one for each network of each cell, hold all that they should."""

    def shards(self) -> tuple[tuple[Any, ...], ...]:
        """All tasks in shards of about equal work, and of at most so much to store."""
        laid = list(self.tasks())
        limit = max(1, min(self.most_work, sum(work for _, work, _ in laid) // SHARDS))
        shards: list[tuple[Any, ...]] = []
        current: list[Any] = []
        done, held = 0, 0.0
        for task, work, n_bytes in laid:
            if current and (done + work > limit or held + n_bytes > SHARD_BYTES):
                shards.append(tuple(current))
                current, done, held = [], 0, 0.0
            current.append(task)
            done, held = done + work, held + n_bytes
        return (*shards, tuple(current))

    def n_nodes(self, cell: int) -> int:
        """Nodes of each network of a cell."""
        spec = self.config.cells[cell].network
        if isinstance(spec, Grown):
            return spec.n_nodes
        assert self.loaded is not None
        return self.loaded.n_nodes

    def n_edges(self, cell: int) -> float:
        """Edges of each network of a cell, or a little more than it will have."""
        spec = self.config.cells[cell].network
        if isinstance(spec, Files):
            return float(self.loaded.n_edges) if self.loaded is not None else 0.0
        return float(spec.model.most_partners * spec.n_nodes)

    def type_names(self, cell: int = 0) -> tuple[str, ...]:
        """Names of the node types in a cell."""
        spec = self.config.cells[cell].network
        if isinstance(spec, Grown):
            return spec.type_names
        assert self.loaded is not None
        return self.loaded.type_names


def alike(cells: Iterable[Cell], key: Callable[[Cell], Any]) -> list[list[int]]:
    """Indices of cells that have something in common, as `key` says of each, together; in the order of the first of each."""
    found: dict[Any, list[int]] = {}
    for index, cell in enumerate(cells):
        found.setdefault(key(cell), []).append(index)
    return list(found.values())


def check_number(n_tasks: int, key: str, value: int) -> None:
    """Refuse a plan that is too long to be laid out, naming the key to make smaller."""
    if n_tasks > MAX_TASKS:
        bound = f"must be at most {int(value * MAX_TASKS / n_tasks)}, for a plan of at most {MAX_TASKS:,} tasks"
        raise ConfigError(f"{key} = {value}: {bound}")
