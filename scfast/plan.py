"""From a configuration to work: the plan, its tasks, what they need, and how a worker runs them.

A plan is a fixed list of tasks, a pure function of the configuration: whoever computes them, in whatever order and however often
interrupted, the numbers are the same.
"""

import datetime
import functools
import itertools
import platform
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numba
import numpy as np

import scfast
from scfast import driver, lanes, sirs, stats, storage
from scfast.config import Cell, Config, ConfigError, Files, Grown, RunSettings
from scfast.growth import grow, type_sizes
from scfast.network import Network, read_network
from scfast.sensitivity import fingerprint

SAMPLES = 4
"""Replicates of each network whose trajectories are always kept whole."""

MAX_TASKS = 1_000_000
MANY_NODES = 10**9
TASK_BYTES = 64 << 20
SHARD_BYTES = 64 << 20
TASK_NODE_STEPS = 20_000_000_000
SHARDS = 64
LIBRARIES = 300e6
"""Resident bytes of a process before it does anything."""

NODE_MAPS = ("ever_infected", "ever_eliminated", "infected_steps", "infected_steps_in_lots", "lot_squares")
ALONE = ("alone_infected_steps", "alone_squares", "alone_eliminated", "alone_eliminated_squares")
MOST_ALONE = 10_000
"""Nodes of the largest network of which each node's importance can be asked for."""


@dataclass(frozen=True)
class Task:
    """Some blocks of one network in one cell: what is computed in one go."""

    cell: int
    network: int
    first_block: int
    n_replicates: int


@dataclass(frozen=True)
class Plan:
    """The fixed list of tasks that a configuration means, in the shards that will hold their results.

    Attributes
    ----------
    config : Config
    loaded : Network or None
        The network read from files, if the configuration names some.
    shards : tuple of tuple of Task
    """

    config: Config
    loaded: Network | None
    shards: tuple[tuple[Task, ...], ...]

    @classmethod
    def of(cls, config: Config, loaded: Network | None = None) -> "Plan":
        """Lay out a configuration's tasks, after checking whatever only a loaded network can tell.

        Raises
        ------
        ConfigError
            The network's files, or values that do not fit the network in them.
        """
        first = config.cells[0].network
        if isinstance(first, Files):
            if loaded is None:
                edges, nodes = config.paths(first)
                loaded = read_network(edges, nodes, clean=first.clean, symmetrize=first.symmetrize)
            if loaded.n_nodes < 1:
                raise ConfigError(f"network.edges = {first.edges!r}: must hold at least one edge")
            for cell in config.cells:
                config.check_network(cell, loaded)
        _check_number(config, loaded)
        _check_alone(config, loaded)
        _check_starts(config)
        return cls(config, loaded, _shards(config, loaded))

    @functools.cached_property
    def type_names(self) -> tuple[str, ...]:
        """Names of the node types."""
        return _type_names(self.config, self.loaded)

    def n_nodes(self, cell: int) -> int:
        """Nodes of each network of a cell."""
        return _n_nodes(self.config.cells[cell].network, self.loaded)

    def node_steps(self, shard: int) -> int:
        """Work of a shard: nodes x steps x replicates, those in which each node alone is infected at first among them."""
        return sum(_work(self.config, task, self.n_nodes(task.cell)) for task in self.shards[shard])

    @functools.cached_property
    def run_id(self) -> str:
        """Hash of configuration, loaded network and NUMBERS_VERSION: what the numbers are a function of."""
        identity = self.config.resolved()
        if self.config.design is not None:  # which another version of SALib may make otherwise
            identity["design"] = fingerprint(self.config.design)
        return storage.run_id(identity, self.loaded.digest() if self.loaded is not None else None)

    def manifest(self) -> dict[str, Any]:
        """What ``manifest.json`` says."""
        run = self.config.run
        cells = [cell.resolved() for cell in self.config.cells]
        return {
            "format": "scfast manifest 1",
            "run_id": self.run_id,
            "numbers_version": storage.NUMBERS_VERSION,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "versions": {
                "scfast": scfast.__version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
                "numba": numba.__version__,
            },
            "seed": run.seed,
            "n_networks": run.networks,
            "n_replicates": run.replicates,
            "n_steps": run.steps,
            "record": list(run.record),
            "type_names": list(self.type_names),
            "cells": [cell["values"] for cell in cells],
            "networks": [cell["network"] for cell in cells],
            "design": fingerprint(self.config.design) if self.config.design is not None else None,
            "network_digest": self.loaded.digest() if self.loaded is not None else None,
            "network_notes": list(self.loaded.notes) if self.loaded is not None else [],
            "n_shards": len(self.shards),
            "config": self.config.resolved(),
        }

    def describe(self, shard: int) -> str:
        """The tasks of a shard, in a few words."""

        def span(values: list[int]) -> str:
            low, high = min(values), max(values)
            return f" {low}" if low == high else f"s {low} to {high}"

        tasks = self.shards[shard]
        text = f"shard {shard}: cell{span([task.cell for task in tasks])}, network{span([task.network for task in tasks])}"
        if len(tasks) == 1 and tasks[0].n_replicates < self.config.run.replicates:
            first = tasks[0].first_block * lanes.BLOCK_LANES
            text += f", replicates {first} to {first + tasks[0].n_replicates - 1}"
        return text

    def job(self, shard: int, path: Path | None = None, network: Network | Path | None = None, needs: float = 0.0) -> "ShardJob":
        """What makes a shard, and publishes it at `path` or hands it back.

        `network` is where the loaded one is kept; `needs` is the memory without which a worker shall not begin.
        """
        where = self.loaded if network is None else network
        tasks = self.shards[shard]
        cells = {task.cell: self.config.cells[task.cell] for task in tasks}
        return ShardJob(self.config.run, cells, tasks, where, path, self.run_id, needs)

    def shard_path(self, folder: Path, shard: int) -> Path:
        """Where a shard is published."""
        return folder / "shards" / f"{shard:06d}.h5"

    def estimate(self, n_jobs: int = -1, backend: str = "threads", *, in_memory: bool = False, **smaller: int) -> dict[str, float]:
        """What the run will take: node-steps; bytes on disk; bytes of memory here with so many workers, and of one worker.

        Counted from array sizes; sparse histograms, which cannot be known before the run, by a guess at how many values occur.
        `in_memory`: without a results folder. `smaller` (n_nodes, networks, replicates, steps) stands in for the plan's numbers.
        """
        n_nodes = smaller.pop("n_nodes", None)
        run = replace(self.config.run, **smaller)
        n_types = len(self.type_names)
        cells = range(len(self.config.cells))
        sizes = [min(self.n_nodes(cell), n_nodes or self.n_nodes(cell)) for cell in cells]
        rows = [_row_bytes(run, n, run.replicates, n_types) for n in sizes]
        disk = sum(rows) * run.networks
        workers = min(driver.n_workers(n_jobs), len(self.shards))
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
            n * (_planes(self.config.cells[cell]) * block + 150) + 32 * self._edges(cell) * n / self.n_nodes(cell)
            for cell, n in zip(cells, sizes, strict=True)
        )
        held = 2 * min(SHARD_BYTES + max(rows), disk / min(len(self.shards), run.networks * len(rows)))
        # merging goes array by array; trajectories, if kept, are by far the largest
        merge = 2.5 * (disk if "trajectories" in run.record else disk / 2) + min(disk, storage.KEPT)
        worker = largest + buffers + held
        here = 0 if backend in driver.CLUSTERS else workers
        processes = workers if backend == "loky" else 0
        memory = (1 + processes) * LIBRARIES + max(here * worker + (disk if in_memory else 0), merge)
        n_tasks = [-(-run.replicates // _most_lanes(run, n, groups)) for n in sizes]
        replicates = [
            run.replicates + _n_alone(run, n) + pilot * tasks for n, pilot, tasks in zip(sizes, pilots, n_tasks, strict=True)
        ]
        work = sum(n * run.steps * all_of_them for n, all_of_them in zip(sizes, replicates, strict=True)) * run.networks
        return {"node_steps": float(work), "disk": 2 * disk, "memory": memory, "worker": worker}

    def _edges(self, cell: int) -> float:
        spec = self.config.cells[cell].network
        if isinstance(spec, Files):
            return float(self.loaded.n_edges) if self.loaded is not None else 0.0
        return float(spec.model.most_partners * spec.n_nodes)


def _n_nodes(spec: Grown | Files, loaded: Network | None) -> int:
    if isinstance(spec, Grown):
        return spec.n_nodes
    assert loaded is not None
    return loaded.n_nodes


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


def _work(config: Config, task: Task, n: int) -> int:
    """Node-steps of a task."""
    alone = 0 if task.first_block else _n_alone(config.run, n)
    return n * config.run.steps * (task.n_replicates + alone + _n_pilot(config.cells[task.cell], n))


def _check_alone(config: Config, loaded: Network | None) -> None:
    """Refuse the importance of each node where there are very many of them."""
    run = config.run
    for cell in config.cells:
        n = _n_nodes(cell.network, loaded)
        if cell.protection.by == "importance" and cell.protection.protected and n > MOST_ALONE:
            raise ConfigError(f"protection.by = 'importance': must not be asked for with more than {MOST_ALONE} nodes, here {n}")
    if "importance" not in run.record:
        return
    n = max(_n_nodes(cell.network, loaded) for cell in config.cells)
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


def _check_number(config: Config, loaded: Network | None) -> None:
    """Refuse a plan that is too long to be laid out."""
    run = config.run
    groups = len(_type_names(config, loaded)) if "types" in run.record else 1
    parts = max(-(-run.replicates // _most_lanes(run, _n_nodes(cell.network, loaded), groups)) for cell in config.cells)
    if run.networks * len(config.cells) * parts > MAX_TASKS:
        key, value = ("networks", run.networks) if run.networks >= parts else ("replicates", run.replicates)
        most = int(value * MAX_TASKS / (run.networks * len(config.cells) * parts))
        raise ConfigError(f"run.{key} = {value}: must be at most {most}, for a plan of at most {MAX_TASKS:,} tasks")


def _shards(config: Config, loaded: Network | None) -> tuple[tuple[Task, ...], ...]:
    """Tasks of at most 64 MiB of trajectories and twenty thousand million node-steps, in shards of about equal work.

    Cells with the same network stand together, so that it is grown once.
    """
    run = config.run
    by_spec: dict[Grown | Files, list[int]] = {}
    for c, cell in enumerate(config.cells):
        by_spec.setdefault(cell.network, []).append(c)
    n_types = len(_type_names(config, loaded))
    groups = n_types if "types" in run.record else 1
    tasks, work, stored = [], [], []
    for network, (spec, members) in itertools.product(range(run.networks), by_spec.items()):
        n = _n_nodes(spec, loaded)
        most = _most_lanes(run, n, groups)
        for cell_index, first in itertools.product(members, range(0, run.replicates, most)):
            size = min(most, run.replicates - first)
            tasks.append(Task(cell_index, network, first // lanes.BLOCK_LANES, size))
            work.append(_work(config, tasks[-1], n))
            stored.append(_row_bytes(run, n, size, n_types))
    limit = max(1, min(TASK_NODE_STEPS, sum(work) // SHARDS))
    shards: list[tuple[Task, ...]] = []
    current: list[Task] = []
    steps, held = 0, 0.0
    for task, cost, size_bytes in zip(tasks, work, stored, strict=True):
        if current and (steps + cost > limit or held + size_bytes > SHARD_BYTES):
            shards.append(tuple(current))
            current, steps, held = [], 0, 0.0
        current.append(task)
        steps, held = steps + cost, held + size_bytes
    return (*shards, tuple(current))


def _type_names(config: Config, loaded: Network | None) -> tuple[str, ...]:
    spec = config.cells[0].network
    if isinstance(spec, Grown):
        return spec.type_names
    assert loaded is not None
    return loaded.type_names


def run_task(
    run: RunSettings,
    cell: Cell,
    task: Task,
    network: Network,
    tick: Callable[[int], Any] | None,
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


def _alone(run: RunSettings, cell: Cell, task: Task, network: Network, tick: Callable[[int], Any] | None) -> np.ndarray:
    """What comes of each node alone, int64 (4, n); in the task of the first block, and 0 in the others, as they are added up."""
    if task.first_block:
        return np.zeros((len(ALONE), network.n_nodes), np.int64)
    seed = sirs.pilot_seed(run.seed, task.network)
    return sirs.alone(network, cell.model(network), run.steps, run.alone, seed, tick=tick)


def _squares(values: np.ndarray) -> np.ndarray:
    return np.einsum("...r,...r->...", values, values, dtype=np.int64, casting="safe")


@functools.lru_cache(maxsize=1)
def _kept_network(path: Path, run_id: str) -> Network:
    return storage.read_network_copy(path)


@dataclass(frozen=True)
class ShardJob:
    """All that a worker needs to make one shard, wherever it is.

    Attributes
    ----------
    run : RunSettings
    cells : dict of int to Cell
        Those of the tasks alone.
    tasks : tuple of Task
    network : Network or Path or None
        The loaded network, or where its copy is; None if networks are grown.
    path : Path or None
        Where to publish; None hands the results back.
    run_id : str
        As in the plan.
    needs : float
        Bytes of memory without which it does not begin.
    """

    run: RunSettings
    cells: dict[int, Cell]
    tasks: tuple[Task, ...]
    network: Network | Path | None
    path: Path | None
    run_id: str
    needs: float = 0.0
    version: tuple[str, int] = (scfast.__version__, storage.NUMBERS_VERSION)

    @property
    def __name__(self) -> str:
        """What dask's dashboard shows."""
        return f"scfast-{self.run_id[:8]}-{self.path.stem if self.path else 'shard'}"

    def __call__(self, tick: Callable[[int], Any] | None = None) -> storage.Tables | None:
        """Run the tasks and publish them, or hand them back."""
        if self.version != (scfast.__version__, storage.NUMBERS_VERSION):
            here = f"scfast {scfast.__version__}, NUMBERS_VERSION {storage.NUMBERS_VERSION}"
            raise ValueError(
                f"{socket.gethostname()}: has {here}; must be {self.version[0]}, {self.version[1]}, as where it was started"
            )
        if self.needs and (free := driver.available_memory()) < self.needs:
            raise MemoryError(f"{socket.gethostname()}: this needs {size(self.needs)}, and {size(free)} are free")
        parts = []
        held: tuple[Any, Network, dict[Any, np.ndarray]] | None = None
        for task in self.tasks:
            key = (self.cells[task.cell].network, task.network)
            if held is None or held[0] != key:
                held = key, self._network(*key), {}
            parts.append(run_task(self.run, self.cells[task.cell], task, held[1], tick, held[2]))
        tables = storage.concatenate(parts)
        if self.path is None:
            return tables
        storage.publish_tables(self.path, tables, self.run_id)
        return None

    def _network(self, spec: Grown | Files, index: int) -> Network:
        if isinstance(spec, Grown):
            return grow(spec.model, spec.n_nodes, self.run.seed, network=index)
        if isinstance(self.network, Path):
            return _kept_network(self.network, self.run_id)
        assert self.network is not None
        return self.network


def fitting(plan: Plan, n_jobs: int, backend: str, max_memory: float | None, in_memory: bool = False) -> int:
    """Workers that fit into memory: as many as were asked for, or of all processors as many as can be.

    Raises
    ------
    ValueError
        Not even one fits, or not as many as were asked for.
    """
    workers = min(driver.n_workers(n_jobs), len(plan.shards))
    limit, whose = (driver.available_memory(), "are free") if max_memory is None else (max_memory, "are allowed")

    def need(jobs: int, **smaller: int) -> float:
        return plan.estimate(jobs, backend, in_memory=in_memory, **smaller)["memory"]

    fitting = next((jobs for jobs in range(workers, 0, -1) if need(jobs) <= limit), 0)
    if fitting == workers:
        return workers
    if fitting and n_jobs < 0:
        print(f"{fitting} of {workers} workers, as more do not fit into memory ({size(limit)} {whose})", file=sys.stderr)
        return fitting
    if fitting:
        raise ValueError(
            f"n_jobs = {n_jobs}: must be at most {fitting}, as more need {size(need(workers))} of memory and {size(limit)} {whose}"
        )
    line = _too_large(plan, lambda smaller: need(1, **smaller) <= limit)
    if line:
        raise ValueError(f"{line}, as this needs {size(need(1))} of memory and {size(limit)} {whose}")
    raise ValueError(f"max_memory = {size(limit)}: must be at least {size(need(1))}, which this needs with one worker")


def size(n_bytes: float) -> str:
    """Bytes, for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 999.5:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def _too_large(plan: Plan, fits: Callable[[dict[str, int]], bool]) -> str:
    """Which key to make smaller, and to what, so that one worker fits; empty if that does not help."""

    run = plan.config.run
    sizes = {
        "run.replicates": ("replicates", run.replicates),
        "run.steps": ("steps", run.steps),
        "run.networks": ("networks", run.networks),
    }
    if plan.loaded is None:
        sizes = {"network.n_nodes": ("n_nodes", max(plan.n_nodes(cell) for cell in range(len(plan.config.cells)))), **sizes}
    for key, (name, value) in sizes.items():
        low, high = 0, value
        while high - low > max(1, low // 50):
            middle = (low + high) // 2
            low, high = (middle, high) if fits({name: middle}) else (low, middle)
        if low >= (100 if name == "n_nodes" else 1):
            return f"{key} = {value}: must be at most {low}"
    return ""
