"""From a configuration to work: the plan, its shards, what they need, and the job that makes one.

A plan is a fixed list of tasks, a pure function of the configuration: whoever computes them, in whatever order and however often
interrupted, the numbers are the same.
"""

import datetime
import functools
import platform
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

import scfast
from scfast import driver, storage
from scfast.config import Config, ConfigError, Files, Grown
from scfast.growth import grow
from scfast.measuring import Measurements
from scfast.network import Network, read_network
from scfast.sensitivity import fingerprint
from scfast.simulating import Simulations
from scfast.tables import concatenate
from scfast.tasks import SHARD_BYTES, Kind, Task, Tick, Worker

LIBRARIES = 300e6
"""Resident bytes of a process before it does anything."""


def kind_of(config: Config, loaded: Network | None) -> Kind:
    """The work that a configuration means: networks are measured, or risk spreads on them."""
    return (Simulations if config.topology is None else Measurements)(config, loaded)


@dataclass(frozen=True)
class Plan:
    """The fixed list of tasks that a configuration means, in the shards that will hold their results.

    Attributes
    ----------
    config : Config
    loaded : Network or None
        The network read from files, if the configuration names some.
    shards : tuple of tuple of Task
        Of the kind that the configuration means.
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
        kind = kind_of(config, loaded)
        kind.check()
        return cls(config, loaded, kind.shards())

    @functools.cached_property
    def kind(self) -> Kind:
        """What kind of work it is."""
        return kind_of(self.config, self.loaded)

    @functools.cached_property
    def type_names(self) -> tuple[str, ...]:
        """Names of the node types."""
        return self.kind.type_names()

    def n_nodes(self, cell: int) -> int:
        """Nodes of each network of a cell."""
        return self.kind.n_nodes(cell)

    def work(self, shard: int) -> int:
        """Work of a shard, in its kind's unit."""
        return sum(map(self.kind.work, self.shards[shard]))

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
            **self.kind.manifest(),
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
        cells = [cell for task in tasks for cell in task.cells]
        return f"shard {shard}: cell{span(cells)}, network{span([task.network for task in tasks])}{self.kind.describe(tasks)}"

    def job(self, shard: int, path: Path | None = None, network: Network | Path | None = None, needs: float = 0.0) -> "ShardJob":
        """What makes a shard, and publishes it at `path` or hands it back.

        `network` is where the loaded one is kept; `needs` is the memory without which a worker shall not begin.
        """
        where = self.loaded if network is None else network
        tasks = self.shards[shard]
        return ShardJob(self.kind.worker(tasks), tasks, self.config.run.seed, where, path, self.run_id, needs)

    def shard_path(self, folder: Path, shard: int) -> Path:
        """Where a shard is published."""
        return folder / "shards" / f"{shard:06d}.h5"

    def estimate(self, n_jobs: int = -1, backend: str = "threads", *, in_memory: bool = False, **smaller: int) -> dict[str, float]:
        """What the run will take: work; bytes on disk; bytes of memory here with so many workers, and of one worker.

        `in_memory`: without a results folder. `smaller` (n_nodes, networks and others of the kind's sizes) stands in for the plan's
        numbers.
        """
        needs = self.kind.needs(**smaller)
        networks = smaller.get("networks", self.config.run.networks)
        disk = sum(needs.rows) * networks
        workers = min(driver.n_workers(n_jobs), len(self.shards))
        held = 2 * min(SHARD_BYTES + max(needs.rows), disk / min(len(self.shards), networks * len(needs.rows)))
        merge = 2.5 * needs.array + min(disk, storage.KEPT)  # array by array
        worker = needs.worker + held
        here = 0 if backend in driver.CLUSTERS else workers
        processes = workers if backend == "loky" else 0
        memory = (1 + processes) * LIBRARIES + max(here * worker + (disk if in_memory else 0), merge)
        return {"work": needs.work, "disk": 2 * disk, "memory": memory, "worker": worker}


@functools.lru_cache(maxsize=1)
def _kept_network(path: Path, run_id: str) -> Network:
    return storage.read_network_copy(path)


@dataclass(frozen=True)
class ShardJob:
    """All that a worker needs to make one shard, wherever it is.

    Attributes
    ----------
    worker : Worker
        Who does the tasks.
    tasks : tuple of Task
    seed : int
        Root seed.
    network : Network or Path or None
        The loaded network, or where its copy is; None if networks are grown.
    path : Path or None
        Where to publish; None hands the results back.
    run_id : str
        As in the plan.
    needs : float
        Bytes of memory without which it does not begin.
    """

    worker: Worker
    tasks: tuple[Task, ...]
    seed: int
    network: Network | Path | None
    path: Path | None
    run_id: str
    needs: float = 0.0
    version: tuple[str, int] = (scfast.__version__, storage.NUMBERS_VERSION)

    @property
    def __name__(self) -> str:
        """What dask's dashboard shows."""
        return f"scfast-{self.run_id[:8]}-{self.path.stem if self.path else 'shard'}"

    def __call__(self, tick: Tick | None = None) -> storage.Tables | None:
        """Run the tasks and publish them, or hand them back."""
        if self.version != (scfast.__version__, storage.NUMBERS_VERSION):
            here = f"scfast {scfast.__version__}, NUMBERS_VERSION {storage.NUMBERS_VERSION}"
            raise ValueError(
                f"{socket.gethostname()}: has {here}; must be {self.version[0]}, {self.version[1]}, as where it was started"
            )
        if self.needs and (free := driver.available_memory()) < self.needs:
            raise MemoryError(f"{socket.gethostname()}: this needs {size(self.needs)}, and {size(free)} are free")
        parts = []
        held: tuple[Any, Network, dict[Any, Any]] | None = None
        for task in self.tasks:
            key = (self.worker.source(task), task.network)
            if held is None or held[0] != key:
                held = key, self._network(*key), {}
            parts.append(self.worker.run(task, held[1], tick, held[2]))
        tables = concatenate(parts)
        if self.path is None:
            return tables
        storage.publish_tables(self.path, tables, self.run_id)
        return None

    def _network(self, spec: Grown | Files, index: int) -> Network:
        if isinstance(spec, Grown):
            return grow(spec.model, spec.n_nodes, self.seed, network=index)
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
    sizes = plan.kind.sizes()
    if plan.loaded is None:
        sizes = {"network.n_nodes": max(plan.n_nodes(cell) for cell in range(len(plan.config.cells))), **sizes}
    for key, value in sizes.items():
        name = key.partition(".")[2]
        low, high = 0, value
        while high - low > max(1, low // 50):
            middle = (low + high) // 2
            low, high = (middle, high) if fits({name: middle}) else (low, middle)
        if low >= (100 if name == "n_nodes" else 1):
            return f"{key} = {value}: must be at most {low}"
    return ""
