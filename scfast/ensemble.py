"""From a configuration to results: the plan, its tasks, and the driver that runs what is missing.

A plan is a fixed list of tasks, a pure function of the configuration: whoever computes them, in whatever order and however often
interrupted, the numbers are the same.
"""

import datetime
import functools
import itertools
import platform
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numba
import numpy as np

import scfast
from scfast import lanes, results, sirs, stats, storage
from scfast.config import Config, ConfigError, Files, Grown
from scfast.growth import grow, type_sizes
from scfast.network import Network, read_network
from scfast.parameters import BarabasiAlbert

SAMPLES = 4
"""Replicates of each network whose trajectories are always kept whole."""

TASK_BYTES = 64 << 20
SHARD_BYTES = 64 << 20
TASK_NODE_STEPS = 20_000_000_000
SHARDS = 64
LIBRARIES = 250e6
"""Resident bytes of a process before it does anything."""

NODE_MAPS = ("ever_infected", "ever_eliminated", "infected_steps", "infected_steps_in_lots", "lot_squares")
BACKENDS = {"threads": "threading", "loky": "loky"}


class _Stopped(Exception):
    """Raised inside a worker once a stop was asked for."""


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
        """Work of a shard: nodes x steps x replicates."""
        return sum(self.n_nodes(task.cell) * self.config.run.steps * task.n_replicates for task in self.shards[shard])

    def network(self, cell: int, index: int) -> Network:
        """Grow or hand out one of the networks."""
        spec = self.config.cells[cell].network
        if self.loaded is not None or not isinstance(spec, Grown):
            assert self.loaded is not None
            return self.loaded
        return grow(spec.model, spec.n_nodes, self.config.run.seed, network=index)

    @functools.cached_property
    def run_id(self) -> str:
        """Hash of configuration, loaded network and NUMBERS_VERSION: what the numbers are a function of."""
        return storage.run_id(self.config.resolved(), self.loaded.digest() if self.loaded is not None else None)

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
            "network_digest": self.loaded.digest() if self.loaded is not None else None,
            "network_notes": list(self.loaded.notes) if self.loaded is not None else [],
            "n_shards": len(self.shards),
            "config": self.config.resolved(),
        }

    def shard_path(self, folder: Path, shard: int) -> Path:
        """Where a shard is published."""
        return folder / "shards" / f"{shard:06d}.h5"

    def estimate(self, n_jobs: int = -1) -> dict[str, float]:
        """What the run will take: node-steps; bytes on disk; bytes of memory with so many workers.

        Counted from array sizes; sparse histograms, which cannot be known before the run, by a guess at how many values occur.
        """
        run = self.config.run
        rows = [
            _row_bytes(self.config, self.n_nodes(cell), run.replicates, len(self.type_names))
            for cell in range(len(self.config.cells))
        ]
        disk = sum(rows) * run.networks
        workers = min(_workers(n_jobs), len(self.shards))
        block = 8 * lanes.width(min(run.replicates, lanes.BLOCK_LANES))
        groups = len(self.type_names) if "types" in run.record else 1
        most = max(task.n_replicates for task in itertools.chain(*self.shards))
        buffers = 4 * 4 * (run.steps + 1) * (groups + (groups > 1)) * (most + 8 * block)
        # planes, lists (as a rule of less than a tenth of the nodes, twice), maps, what is known of each node; both orders of nodes
        largest = max(self.n_nodes(cell) * (12 * block + 150) + 32 * self._edges(cell) for cell in range(len(self.config.cells)))
        held = 2 * min(SHARD_BYTES + max(rows), disk / len(self.shards))
        # merging goes array by array; trajectories, if kept, are by far the largest
        merge = 2.5 * (disk if "trajectories" in run.record else disk / 2)
        memory = LIBRARIES + max(workers * (largest + buffers + held), merge)
        return {"node_steps": float(sum(map(self.node_steps, range(len(self.shards))))), "disk": 2 * disk, "memory": memory}

    def _edges(self, cell: int) -> float:
        spec = self.config.cells[cell].network
        if isinstance(spec, Files):
            return float(self.loaded.n_edges) if self.loaded is not None else 0.0
        partners = spec.model.m if isinstance(spec.model, BarabasiAlbert) else max(*spec.model.m, *spec.model.m_crossing)
        return float(partners * spec.n_nodes)


def _workers(n_jobs: int) -> int:
    return int(joblib.effective_n_jobs(n_jobs))


def _n_nodes(spec: Grown | Files, loaded: Network | None) -> int:
    if isinstance(spec, Grown):
        return spec.n_nodes
    assert loaded is not None
    return loaded.n_nodes


def _row_bytes(config: Config, n: int, n_replicates: int, n_types: int) -> float:
    """Stored bytes of so many replicates of one network in one cell."""
    run = config.run
    cells = 4 * (run.steps + 1)
    pairs = cells * min(n_replicates / 2, n + 1, 5 * n**0.5)
    groups = n_types if "types" in run.record else 0
    fixed = 16 * cells * (1 + groups) + 4 * cells * (SAMPLES + 1) + 40 * n * ("nodes" in run.record)
    return fixed + 8 * pairs + n_replicates * (48 + 4 * cells * ("trajectories" in run.record))


def _check_starts(config: Config) -> None:
    """Refuse more first infections within a type than some grown network will have nodes of it."""
    seen = {}
    for cell, index in itertools.product(config.cells, range(config.run.networks)):
        spec, start = cell.network, cell.initial
        if start.within is None or not isinstance(spec, Grown) or isinstance(spec.model, BarabasiAlbert):
            continue
        position = spec.type_names.index(start.within)
        if start.count(spec.model.start[position]) <= spec.model.start[position] and isinstance(start.infected, int):
            continue  # the initial nodes suffice
        key = (spec, index)
        if key not in seen:
            seen[key] = type_sizes(spec.model, spec.n_nodes, config.run.seed, index)
        size = int(seen[key][position])
        if start.count(size) > size:
            bound = f"must be at most {size}, the number of {start.within} nodes of network {index}"
            raise ConfigError(f"initial.infected = {start.infected}: {bound}")


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
    by_memory = TASK_BYTES // (16 * (run.steps + 1) * groups * lanes.BLOCK_LANES)
    tasks, work, stored = [], [], []
    for network, (spec, members) in itertools.product(range(run.networks), by_spec.items()):
        n = _n_nodes(spec, loaded)
        most = lanes.BLOCK_LANES * max(1, min(by_memory, TASK_NODE_STEPS // (lanes.BLOCK_LANES * n * run.steps)))
        for cell_index, first in itertools.product(members, range(0, run.replicates, most)):
            size = min(most, run.replicates - first)
            tasks.append(Task(cell_index, network, first // lanes.BLOCK_LANES, size))
            work.append(n * run.steps * size)
            stored.append(_row_bytes(config, n, size, n_types))
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


def run_task(plan: Plan, task: Task, network: Network, tick: Callable[[int], Any] | None) -> storage.Tables:
    """Run one task; its results by the schema of storage, as one row."""
    run = plan.config.run
    cell = plan.config.cells[task.cell]
    by_type = "types" in run.record
    setup = sirs.prepare(network, cell.dynamics, cell.initial, by_type)
    n = network.n_nodes
    key = (run.seed, task.network, task.cell, task.first_block)
    counts, seen, maps = sirs.run_replicates(setup, key, task.n_replicates, run.steps, map_steps="nodes" in run.record, tick=tick)
    total = counts[:, 0] if counts.shape[1] == 1 else counts.sum(axis=1, dtype=np.int32)
    shift = stats.bin_shift(n)
    length, value, count = stats.tally(total.reshape(-1, task.n_replicates), shift)
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
    tables |= {"degree/length": np.array([len(degrees)]), "degree/value": degrees, "degree/count": nodes_with}
    if "trajectories" in run.record:
        tables["raw/counts"] = total.transpose(2, 0, 1)
    return {name: np.ascontiguousarray(tables[name], storage.SCHEMA[name].dtype) for name in storage.SCHEMA if name in tables}


def _squares(values: np.ndarray) -> np.ndarray:
    return np.einsum("...r,...r->...", values, values, dtype=np.int64, casting="safe")


def run_shard(
    plan: Plan, shard: int, folder: Path | None, tick: Callable[[int], Any] | None = None
) -> tuple[int, storage.Tables | None]:
    """Run a shard's tasks and publish them in `folder`; without one, hand them back."""
    parts = []
    held: tuple[Any, Network] | None = None
    for task in plan.shards[shard]:
        key = (plan.config.cells[task.cell].network, task.network)
        if held is None or held[0] != key:
            held = key, plan.network(task.cell, task.network)
        parts.append(run_task(plan, task, held[1], tick))
    tables = storage.concatenate(parts)
    if folder is None:
        return shard, tables
    storage.publish_tables(plan.shard_path(folder, shard), tables, plan.run_id, plan.type_names)
    return shard, None


class Progress:
    """Node-steps done, rate and time left, on standard error: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, total: int, shown: bool) -> None:
        self.done = 0
        self._total = max(total, 1)
        self._shown = shown and total > 0
        self._lock = threading.Lock()
        self._said = time.monotonic()
        self._start: tuple[float, int] | None = None
        self._bar: Any = None
        if self._shown:
            print(
                f"{total:.3g} node-steps to compute; the first run on a machine compiles the kernels, some seconds", file=sys.stderr
            )
        if self._shown and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (BarColumn(), TextColumn("{task.percentage:3.0f} %  {task.fields[rate]}  left"), TimeRemainingColumn())
            self._bar = Bar(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task("", total=self._total, rate="")

    def add(self, node_steps: int) -> None:
        """Note work that is done."""
        with self._lock:
            self.done += node_steps
            now = time.monotonic()
            if self._start is None:  # the first slice holds compilation and growth, and would spoil the rate
                self._start = now, self.done
                self._said = now
                return
            rate = (self.done - self._start[1]) / max(now - self._start[0], 1e-9)
            if self._bar is not None:
                self._bar.update(self._task, completed=self.done, rate=f"{rate:.2e} node-steps/s")
            elif self._shown and now - self._said > 10:
                self._said = now
                left = (self._total - self.done) / max(rate, 1e-9)
                print(
                    f"{100 * self.done / self._total:.0f} %, {rate:.2e} node-steps/s, {left:.0f} s left",
                    file=sys.stderr,
                    flush=True,
                )

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()


class _Stop:
    """Whether a stop was asked for, and by which signal; and how many workers of this process are at work."""

    signal: int | None = None
    failed = False

    def __init__(self) -> None:
        self._at_work = 0
        self._idle = threading.Condition()

    def check(self) -> None:
        """Raise if work is to end."""
        if self.failed or self.signal is not None:
            raise _Stopped

    @contextmanager
    def working(self) -> Iterator[None]:
        """While a worker is at work."""
        with self._idle:
            self.check()
            self._at_work += 1
        try:
            yield
        finally:
            with self._idle:
                self._at_work -= 1
                self._idle.notify_all()

    def wait(self) -> None:
        """Return when nobody is at work: threads left behind would be cut off inside native code when the process ends."""
        with self._idle:
            self._idle.wait_for(lambda: self._at_work == 0)


@contextmanager
def _stoppable(stop: _Stop) -> Iterator[None]:
    """While this lasts, SIGINT and SIGTERM ask for a stop at the next slice; a second one stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: Any) -> None:
        if stop.signal is not None:
            raise KeyboardInterrupt(number)
        stop.signal = number

    try:
        for number in before:
            signal.signal(number, ask)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _execute(plan: Plan, todo: list[int], folder: Path | None, n_jobs: int, backend: str, shown: bool) -> list[storage.Tables]:
    stop = _Stop()
    progress = Progress(sum(map(plan.node_steps, todo)), shown)
    threads = BACKENDS[backend] == "threading"
    workers = max(1, min(_workers(n_jobs), len(todo)))

    def tick(node_steps: int) -> None:
        stop.check()
        progress.add(node_steps)

    def here(shard: int) -> tuple[int, storage.Tables | None]:
        with stop.working():
            return run_shard(plan, shard, folder, tick)

    found: dict[int, storage.Tables] = {}
    try:
        with _stoppable(stop), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "[0-9]+ tasks which were still being processed")  # joblib, on a stop
            elsewhere = functools.partial(run_shard, plan, folder=folder)
            jobs = (joblib.delayed(here if threads else elsewhere)(shard) for shard in todo)
            parallel = joblib.Parallel(
                n_jobs=workers, backend=BACKENDS[backend], return_as="generator_unordered", pre_dispatch="2*n_jobs"
            )
            for shard, tables in parallel(jobs):
                if not threads:
                    progress.add(plan.node_steps(shard))
                if tables is not None:
                    found[shard] = tables
                stop.check()
    except _Stopped:
        raise KeyboardInterrupt(stop.signal) from None
    finally:
        stop.failed = True
        stop.wait()
        progress.close()
    return [found[shard] for shard in sorted(found)]


def _difference(there: Any, here: Any, key: str = "") -> Iterator[str]:
    """Where two resolved configurations differ, a line each."""
    if isinstance(there, dict) and isinstance(here, dict):
        for name in sorted(there.keys() | here.keys()):
            if name != "base":
                yield from _difference(there.get(name), here.get(name), f"{key}.{name}" if key else name)
    elif there != here:
        yield f"{key} = {there} there, {here} here"


def _unlike(manifest: dict[str, Any], plan: Plan) -> str:
    if manifest["network_digest"] != (plan.loaded.digest() if plan.loaded is not None else None):
        return "the network's files have changed since"
    return f"made by another version of scfast, with NUMBERS_VERSION {manifest['numbers_version']}, here {storage.NUMBERS_VERSION}"


def _with_seed(config: Config, manifest: dict[str, Any]) -> Config:
    """The configuration with the folder's seed, if it gave none itself."""
    if not config.run.seed_drawn:
        return config
    return replace(config, run=replace(config.run, seed=int(manifest["seed"])))


def open_folder(plan: Plan, folder: Path) -> Plan:
    """Make or check a results folder; returns the plan, with the folder's seed if the configuration gave none.

    Raises
    ------
    StorageError
        The folder holds the results of another configuration, or cannot be written.
    """
    manifest = storage.read_manifest(folder) or storage.write_manifest(folder, plan.manifest())
    plan = Plan(_with_seed(plan.config, manifest), plan.loaded, plan.shards)
    if manifest["run_id"] != plan.run_id:
        found = list(_difference(manifest["config"], plan.config.resolved())) or [_unlike(manifest, plan)]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise storage.StorageError(f"{folder}: holds results of another configuration: {found[0]}{more}")
    if plan.loaded is not None:
        _keep_network(folder / "network.h5", plan.loaded)
    return plan


def missing_shards(plan: Plan, folder: Path) -> list[int]:
    """Shards that are not there; damaged ones are set aside, and are then not there."""
    missing = []
    for shard in range(len(plan.shards)):
        path = plan.shard_path(folder, shard)
        if storage.verify(path, plan.run_id) is None:
            _set_aside(path)
            missing.append(shard)
    return missing


def _set_aside(path: Path) -> None:
    aside = storage.set_aside(path)
    if aside is not None:
        print(f"{path.name} is damaged: set aside as {aside.name}, to be made again", file=sys.stderr)


def _keep_network(path: Path, network: Network) -> None:
    if path.exists():
        try:
            if storage.read_network_copy(path).digest() == network.digest():
                return
        except storage.StorageError:
            pass
        _set_aside(path)
    storage.write_network(path, network)


def _merged(plan: Plan, folder: Path) -> bool:
    """Whether the merged file is there; a damaged one is set aside."""
    path = folder / "results.h5"
    if not path.exists():
        return False
    if storage.verify(path, plan.run_id) is not None:
        return True
    _set_aside(path)
    return False


def merge(plan: Plan, folder: Path) -> None:
    """Join all shards into ``results.h5``, after proving that they tile the plan exactly once.

    Raises
    ------
    StorageError
        A shard is missing, or rows are missing or doubled.
    """
    parts = []
    for shard in range(len(plan.shards)):
        path = plan.shard_path(folder, shard)
        if storage.verify(path, plan.run_id) is None:
            raise storage.StorageError(f"{path}: missing or damaged; 'scfast run' again completes the results")
        parts.append(storage.FileTables(path))
    tables = storage.MergedTables(parts)
    keys = list(zip(tables["rows/cell"].tolist(), tables["rows/network"].tolist(), strict=True))
    expected = list(itertools.product(range(len(plan.config.cells)), range(plan.config.run.networks)))
    if keys != expected or (tables["rows/n_replicates"] != plan.config.run.replicates).any():
        raise storage.StorageError(f"{folder}: shards do not hold each network of each cell exactly once")
    grown: dict[Any, bytes] = {}
    for (cell, network), digest in zip(keys, tables["rows/network_digest"], strict=True):
        if grown.setdefault((plan.config.cells[cell].network, network), digest.tobytes()) != digest.tobytes():
            raise storage.StorageError(f"{folder}: network {network} differs between shards; they were made on different platforms")
    storage.publish_tables(folder / "results.h5", tables, plan.run_id, plan.type_names)


def merge_folder(folder: Path) -> None:
    """Merge a results folder whose shards are all there, as its manifest describes it.

    Raises
    ------
    StorageError
        No manifest, missing shards, or a merged file that is there already.
    """
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise storage.StorageError(f"{folder}: holds no results (there is no manifest.json)")
    kept = folder / "network.h5"
    plan = Plan.of(Config.from_dict(manifest["config"]), storage.read_network_copy(kept) if kept.exists() else None)
    if _merged(plan, folder):
        raise storage.StorageError(f"{folder / 'results.h5'}: is there already")
    merge(plan, folder)


def run(
    config: Config,
    out: str | Path | None = None,
    *,
    n_jobs: int = -1,
    backend: str = "threads",
    progress: bool = False,
    shard: tuple[int, int] | None = None,
) -> results.Result:
    """Run an ensemble, or complete one: what `out` holds already is verified and kept.

    Parameters
    ----------
    config : Config
        Networks, dynamics, start, grid and size.
    out : str or Path, optional
        Results folder; without one the results are kept in memory alone.
    n_jobs : int
        Workers; -1 for all processors that this process may use. The numbers do not depend on it.
    backend : "threads" or "loky"
        Threads over one shared network (kernels release the interpreter lock), or processes.
    progress : bool
        Show progress on standard error.
    shard : (int, int), optional
        (i, n): compute only the i-th of n parts of the plan, i in 0..n-1; needs `out`.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        A bad argument or file, or a folder that holds the results of another configuration.
    KeyboardInterrupt
        Ctrl-C or SIGTERM: finished shards are kept, and the next run goes on from there.

    Examples
    --------
    >>> import scfast as sf
    >>> config = sf.Config.from_text("[network]\\nn_nodes=50\\n[run]\\nnetworks=2\\nreplicates=64\\nsteps=30\\nseed=1")
    >>> sf.run(config, n_jobs=1).complete
    True
    """
    if not isinstance(config, Config):
        raise ValueError(f"config = {config!r:.60}: must be a Config, as Config.from_toml gives")
    if not isinstance(n_jobs, int) or n_jobs == 0:
        raise ValueError(f"n_jobs = {n_jobs!r}: must be a whole number other than 0")
    if backend not in BACKENDS:
        raise ValueError(f"backend = {backend!r}: must be one of {', '.join(BACKENDS)}")
    if shard is not None and (out is None or not 0 <= shard[0] < shard[1]):
        raise ValueError(f"shard = {shard!r}: must be (i, n) with 0 <= i < n, and needs a results folder")
    manifest = None if out is None else storage.read_manifest(Path(out))
    if manifest is not None:
        config = _with_seed(config, manifest)
    plan = Plan.of(config)
    if out is None:
        parts = _execute(plan, list(range(len(plan.shards))), None, n_jobs, backend, progress)
        return results.Result(plan.manifest(), storage.MergedTables(parts), loaded=plan.loaded)
    folder = Path(out)
    plan = open_folder(plan, folder)
    if _merged(plan, folder):
        if progress:
            print(f"{folder}: complete already", file=sys.stderr)
        return results.load(folder)
    missing = missing_shards(plan, folder)
    todo = missing if shard is None else [k for k in missing if k % shard[1] == shard[0]]
    _execute(plan, todo, folder, n_jobs, backend, progress)
    if len(todo) == len(missing):
        merge(plan, folder)
    return results.load(folder)
