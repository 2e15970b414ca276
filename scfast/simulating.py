"""Dynamics as tasks: blocks of replicates on one network in one cell, what they need, and how a worker runs them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from scfast import lanes, sirs, stats, storage
from scfast.config import Cell, Config, ConfigError, Files, Grown, RunSettings
from scfast.growth import type_sizes
from scfast.network import Network
from scfast.tasks import Kind, Needs, Tick, alike, check_number

SAMPLES = 4
"""Replicates of each network whose trajectories are always kept whole."""

MANY_NODES = 10**9
TASK_BYTES = 64 << 20
TASK_NODE_STEPS = 20_000_000_000

NODE_MAPS = ("ever_infected", "ever_eliminated", "infected_steps", "infected_steps_in_lots", "lot_squares")
ALONE = ("alone_infected_steps", "alone_squares", "alone_eliminated", "alone_eliminated_squares")
MOST_ALONE = 10_000
"""Nodes of the largest network of which each node's importance can be asked for."""


@dataclass(frozen=True)
class Task:
    """Some blocks of one network in one cell."""

    cell: int
    network: int
    first_block: int
    n_replicates: int

    @property
    def cells(self) -> tuple[int, ...]:
        """The one cell."""
        return (self.cell,)


@dataclass(frozen=True)
class Simulations(Kind):
    """The work of a configuration that runs SIRS on its networks."""

    unit: ClassVar[str] = "node-steps"
    most_work: ClassVar[int] = TASK_NODE_STEPS

    @property
    def speed(self) -> float:
        """As many as with a vector unit."""
        return 2e9

    def check(self) -> None:
        """Refuse too many tasks, importance in large networks, and more first infections of a type than there are nodes."""
        run, cells = self.config.run, range(len(self.config.cells))
        groups = self._groups
        parts = max(-(-run.replicates // _most_lanes(run, self.n_nodes(cell), groups)) for cell in cells)
        key, value = ("networks", run.networks) if run.networks >= parts else ("replicates", run.replicates)
        check_number(run.networks * len(cells) * parts, f"run.{key}", value)
        _check_alone(self.config, [self.n_nodes(cell) for cell in cells])
        _check_starts(self.config)

    @property
    def _groups(self) -> int:
        """Groups of nodes that are counted apart."""
        return len(self.type_names()) if "types" in self.config.run.record else 1

    def tasks(self) -> Iterator[tuple[Task, int, float]]:
        """Tasks of at most 64 MiB of trajectories and twenty thousand million node-steps.

        Cells with the same network stand together, so that it is grown once.
        """
        run, n_types = self.config.run, len(self.type_names())
        shared = alike(self.config.cells, lambda cell: cell.network)
        for network, members in itertools.product(range(run.networks), shared):
            n = self.n_nodes(members[0])
            most = _most_lanes(run, n, self._groups)
            for cell, first in itertools.product(members, range(0, run.replicates, most)):
                task = Task(cell, network, first // lanes.BLOCK_LANES, min(most, run.replicates - first))
                yield task, self.work(task), _row_bytes(run, n, task.n_replicates, n_types)

    def work(self, task: Task) -> int:
        """Nodes x steps x replicates, those in which each node alone is infected at first among them."""
        run, n = self.config.run, self.n_nodes(task.cell)
        alone = 0 if task.first_block else _n_alone(run, n)
        return n * run.steps * (task.n_replicates + alone + _n_pilot(self.config.cells[task.cell], n))

    def describe(self, tasks: tuple[Task, ...]) -> str:
        """The replicates of a shard that holds not all of a network's."""
        if len(tasks) > 1 or tasks[0].n_replicates == self.config.run.replicates:
            return ""
        first = tasks[0].first_block * lanes.BLOCK_LANES
        return f", replicates {first} to {first + tasks[0].n_replicates - 1}"

    def amounts(self) -> dict[str, str]:
        """Replicates and steps."""
        run = self.config.run
        blocks = -(-run.replicates // lanes.BLOCK_LANES)
        many = f"{run.replicates} on each network, in {blocks} block{'s' * (blocks > 1)} of up to {lanes.BLOCK_LANES}"
        return {"replicates": many, "time steps": f"{run.steps}"}

    def manifest(self) -> dict[str, Any]:
        """Replicates, steps, and what is recorded."""
        run = self.config.run
        return {"n_replicates": run.replicates, "n_steps": run.steps, "record": list(run.record)}

    def sizes(self) -> dict[str, int]:
        """Replicates, steps and networks."""
        run = self.config.run
        return {"run.replicates": run.replicates, "run.steps": run.steps, "run.networks": run.networks}

    def needs(self, n_nodes: int | None = None, **smaller: int) -> Needs:
        """Counted from array sizes; sparse histograms, which cannot be known before, by a guess at how many values occur."""
        run = replace(self.config.run, **smaller)
        n_types = len(self.type_names())
        cells = range(len(self.config.cells))
        sizes = [min(self.n_nodes(cell), n_nodes or self.n_nodes(cell)) for cell in cells]
        rows = [_row_bytes(run, n, run.replicates, n_types) for n in sizes]
        disk = sum(rows) * run.networks
        block = 8 * lanes.width(min(run.replicates, lanes.BLOCK_LANES))
        groups = n_types if "types" in run.record else 1
        most = max(min(_most_lanes(run, n, groups), run.replicates) for n in sizes)
        buffers = 4 * 4 * (run.steps + 1) * (groups + (groups > 1)) * (most + 8 * block)
        # planes, lists (as a rule of less than a tenth of the nodes, twice), maps, what is known of each node; both orders of nodes
        pilots = [_n_pilot(cell, n) for cell, n in zip(self.config.cells, sizes, strict=True)]
        if "importance" in run.record or any(pilots):
            block = 8 * lanes.width(lanes.BLOCK_LANES)
            buffers += 2 * 4 * 4 * (run.steps + 1) * sirs.alone_lanes(run.steps)
        largest = max(
            n * (_planes(self.config.cells[cell]) * block + 150) + 32 * self.n_edges(cell) * n / self.n_nodes(cell)
            for cell, n in zip(cells, sizes, strict=True)
        )
        n_tasks = [-(-run.replicates // _most_lanes(run, n, groups)) for n in sizes]
        replicates = [
            run.replicates + _n_alone(run, n) + pilot * tasks for n, pilot, tasks in zip(sizes, pilots, n_tasks, strict=True)
        ]
        work = sum(n * run.steps * all_of_them for n, all_of_them in zip(sizes, replicates, strict=True)) * run.networks
        # trajectories, if kept, are by far the largest array
        return Needs(float(work), rows, largest + buffers, disk if "trajectories" in run.record else disk / 2)

    def worker(self, tasks: tuple[Task, ...]) -> "Simulator":
        """Who runs these tasks."""
        return Simulator(self.config.run, {task.cell: self.config.cells[task.cell] for task in tasks})

    def check_rows(self, tables: storage.Tables) -> bool:
        """Whether each row holds all replicates."""
        return bool((tables["rows/n_replicates"] == self.config.run.replicates).all())


@dataclass(frozen=True)
class Simulator:
    """Runs tasks of some cells."""

    settings: RunSettings
    cells: dict[int, Cell]

    def source(self, task: Task) -> Grown | Files:
        """The network of the task's cell."""
        return self.cells[task.cell].network

    def run(self, task: Task, network: Network, tick: Tick | None, kept: dict[Any, Any]) -> storage.Tables:
        """As :func:`run_task`."""
        return run_task(self.settings, self.cells[task.cell], task, network, tick, kept)


def _row_bytes(run: RunSettings, n: int, n_replicates: int, n_types: int) -> float:
    """Stored bytes of so many replicates of one network in one cell."""
    cells = 4 * (run.steps + 1)
    pairs = cells * min(n_replicates / 2, n + 1, 5 * n**0.5)
    groups = n_types if "types" in run.record else 0
    fixed = 16 * cells * (1 + groups) + 4 * cells * (SAMPLES + 1)
    fixed += n * (40 * ("nodes" in run.record) + 32 * ("importance" in run.record))
    return fixed + 4 * pairs + n_replicates * (48 + 4 * cells * ("trajectories" in run.record))


def _planes(cell: Cell) -> int:
    """Planes that a block of a cell holds, lists and maps among them."""
    detects = not isinstance(cell.dynamics.detection, float) or cell.dynamics.detection > 0
    return 12 + 2 * detects * (1 + (cell.dynamics.detected_beta > 0)) + (cell.protection.protected > 0) + bool(cell.shocks)


def _n_alone(run: RunSettings, n: int) -> int:
    """Replicates on a network in which one node alone is infected at first."""
    return n * run.alone if "importance" in run.record else 0


def _n_pilot(cell: Cell, n: int) -> int:
    """Replicates of a pilot run that protection in a cell needs."""
    if not cell.protection.count(n):
        return 0
    return sirs.pilot_replicates(cell.protection.by, cell.initial, n)


def _check_alone(config: Config, sizes: list[int]) -> None:
    """Refuse the importance of each node where there are very many of them."""
    run = config.run
    for cell, n in zip(config.cells, sizes, strict=True):
        if cell.protection.by == "importance" and cell.protection.protected and n > MOST_ALONE:
            raise ConfigError(f"protection.by = 'importance': must not be asked for with more than {MOST_ALONE} nodes, here {n}")
    if "importance" not in run.record:
        return
    n = max(sizes)
    if n > MOST_ALONE:
        raise ConfigError(f"run.record = 'importance': must not be asked for in networks of more than {MOST_ALONE} nodes, here {n}")
    most = (2**63 - 1) // (n * (run.steps + 1)) ** 2
    if run.alone > most:
        raise ConfigError(
            f"run.alone = {run.alone}: must be at most {most} with {n} nodes and {run.steps} steps, as sums of squares are 64-bit"
        )


def _check_starts(config: Config) -> None:
    """Refuse more first infections within a type than some grown network will have nodes of it."""
    seen = {}
    for cell in config.cells:
        spec, start = cell.network, cell.initial
        if start.within is None or not isinstance(spec, Grown) or len(spec.type_names) == 1:
            continue
        if spec.n_nodes > MANY_NODES:  # more than fits into memory, which is said later
            continue
        position = spec.type_names.index(start.within)
        if start.count(spec.model.start[position]) <= spec.model.start[position]:
            continue  # the initial nodes suffice
        for index in range(config.run.networks):
            key = (spec, index)
            if key not in seen:
                seen[key] = type_sizes(spec.model, spec.n_nodes, config.run.seed, index)
            size = int(seen[key][position])
            if start.count(size) > size:
                bound = f"must be at most {size}, the number of {start.within} nodes of network {index}"
                raise ConfigError(f"initial.infected = {start.infected}: {bound}")


def _most_lanes(run: RunSettings, n: int, groups: int) -> int:
    """Replicates that a task may have, a multiple of the block."""
    by_memory = TASK_BYTES // (16 * (run.steps + 1) * groups * lanes.BLOCK_LANES)
    return lanes.BLOCK_LANES * max(1, min(by_memory, TASK_NODE_STEPS // (lanes.BLOCK_LANES * n * run.steps)))


def run_task(
    run: RunSettings,
    cell: Cell,
    task: Task,
    network: Network,
    tick: Tick | None,
    rankings: dict[Any, np.ndarray] | None = None,
) -> storage.Tables:
    """Run one task; its results by the schema of storage, as one row. `rankings` keeps what pilot runs give, for other tasks."""
    by_type = "types" in run.record
    place = sirs.Place(run.seed, task.network, run.steps, tick, {} if rankings is None else rankings)
    setup = sirs.prepare(network, cell.model(network), cell.initial, by_type, cell.shocks, cell.protection, place)
    n = network.n_nodes
    key = (run.seed, task.network, task.cell, task.first_block)
    counts, seen, maps = sirs.run_replicates(setup, key, task.n_replicates, run.steps, map_steps="nodes" in run.record, tick=tick)
    total = counts[:, 0] if counts.shape[1] == 1 else counts.sum(axis=1, dtype=np.int32)
    shift = stats.bin_shift(n)
    length, value, count = stats.narrow(*stats.tally(total.reshape(-1, task.n_replicates), shift))
    sample = np.full((1, SAMPLES, run.steps + 1, 4), -1, np.int32)
    sample[0, : min(SAMPLES, task.n_replicates)] = total[..., :SAMPLES].transpose(2, 0, 1)
    degrees, nodes_with = np.unique(network.degree, return_counts=True)
    tables: dict[str, np.ndarray] = {
        "rows/cell": np.array([task.cell]),
        "rows/network": np.array([task.network]),
        "rows/first_replicate": np.array([task.first_block * lanes.BLOCK_LANES]),
        "rows/n_replicates": np.array([task.n_replicates]),
        "rows/n_nodes": np.array([n]),
        "rows/n_edges": np.array([network.n_edges]),
        "rows/n_isolates": np.array([network.n_isolates]),
        "rows/type_size": np.bincount(network.types, minlength=len(network.type_names))[None],
        "rows/network_digest": np.frombuffer(bytes.fromhex(network.digest()), np.uint8)[None],
        "rows/bin_shift": np.array([shift]),
        "trajectory/sum": total.sum(axis=-1, dtype=np.int64)[None],
        "trajectory/sum_of_squares": _squares(total)[None],
    }
    if by_type:
        tables["type_trajectory/sum"] = counts.sum(axis=-1, dtype=np.int64)[None]
        tables["type_trajectory/sum_of_squares"] = _squares(counts)[None]
    tables |= {"histogram/length": length.reshape(1, run.steps + 1, 4), "histogram/value": value, "histogram/count": count}
    tables |= {f"replicate/{name}": seen[:, k] for k, name in enumerate(sirs.OBSERVABLES)}
    tables["sample/counts"] = sample
    if "nodes" in run.record:
        tables |= {f"node/{name}": maps[k] for k, name in enumerate(NODE_MAPS)}
    if "importance" in run.record:
        tables |= {f"node/{name}": sums for name, sums in zip(ALONE, _alone(run, cell, task, network, tick), strict=True)}
    tables |= {"degree/length": np.array([len(degrees)]), "degree/value": degrees, "degree/count": nodes_with}
    if "trajectories" in run.record:
        tables["raw/counts"] = total.transpose(2, 0, 1)
    return {name: np.ascontiguousarray(tables[name], storage.SCHEMA[name].dtype) for name in storage.SCHEMA if name in tables}


def _alone(run: RunSettings, cell: Cell, task: Task, network: Network, tick: Tick | None) -> np.ndarray:
    """What comes of each node alone, int64 (4, n); in the task of the first block, and 0 in the others, as they are added up."""
    if task.first_block:
        return np.zeros((len(ALONE), network.n_nodes), np.int64)
    seed = sirs.pilot_seed(run.seed, task.network)
    return sirs.alone(network, cell.model(network), run.steps, run.alone, seed, tick=tick)


def _squares(values: np.ndarray) -> np.ndarray:
    return np.einsum("...r,...r->...", values, values, dtype=np.int64, casting="safe")
