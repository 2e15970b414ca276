"""Ensembles: the driver's work laid out in a results folder, completed, merged and watched."""

import functools
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scfast import driver, results, storage
from scfast.config import BACKENDS, Config
from scfast.network import Network
from scfast.plan import Plan, fitting
from scfast.tables import MergedTables

if TYPE_CHECKING:
    from scfast.study import Study


def _execute(
    plan: Plan, todo: list[int], folder: Path | None, backend: str, engine: driver.Engine, stop: driver.Stop, shown: bool
) -> list[storage.Tables]:
    """Run shards; those that were given up are noted in the folder, and raise GivenUp once all others are done."""
    if not todo:
        return []
    threads = backend == "threads"
    progress = driver.Progress(sum(map(plan.work, todo)), plan.kind.unit, shown)
    found: dict[int, storage.Tables] = {}
    failed: dict[int, str] = {}

    def tick(work: int) -> None:
        stop.check()
        progress.add(work)

    def finished(shard: int, tables: storage.Tables | None) -> None:
        if tables is not None:
            found[shard] = tables
        if not threads:
            progress.add(plan.work(shard))

    def given_up(shard: int, reason: str) -> None:
        failed[shard] = reason
        progress.say(f"{plan.describe(shard)} is given up ({reason})")
        if folder is not None:
            storage.note_failure(plan.shard_path(folder, shard), {"tasks": plan.describe(shard), "reason": reason})

    def again(shard: int, reason: str) -> None:
        progress.say(f"{plan.describe(shard)} is tried again ({reason})")

    with ExitStack() as stack:
        stack.callback(progress.close)
        network = None
        if plan.loaded is not None and not threads:  # once for each worker instead of once for each shard
            if folder is not None:
                network = (folder / "network.h5").resolve()
            elif backend == "loky":
                network = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scfast-")), "network.h5")
                storage.write_network(network, plan.loaded)
        needs = plan.estimate(1)["worker"] if backend in driver.CLUSTERS else 0.0
        jobs: dict[int, driver.Job] = {}
        for shard in todo:
            path = None if folder is None else plan.shard_path(folder, shard).resolve()
            job = plan.job(shard, path, network, needs)
            jobs[shard] = functools.partial(job, tick) if threads else job
        with stop.working():
            driver.drive(jobs, engine, stop, finished, given_up, again)
    if failed:
        named = "; ".join(f"{plan.describe(shard)} ({reason})" for shard, reason in sorted(failed.items())[:3])
        more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
        rest = (
            "nothing was kept, as no results folder was named"
            if folder is None
            else "all else is kept, and the same command tries again"
        )
        raise driver.GivenUp(
            f"{len(failed)} of {len(todo)} shards given up after {driver.ATTEMPTS} attempts or more: {named}{more}; {rest}"
        )
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


def _refuse_other(plan: Plan, folder: Path, manifest: dict[str, Any]) -> None:
    if manifest["run_id"] != plan.run_id:
        found = list(_difference(manifest["config"], plan.config.resolved())) or [_unlike(manifest, plan)]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise storage.StorageError(f"{folder}: holds results of another configuration: {found[0]}{more}")


def preview(config: Config, out: Path | None, n_jobs: int, backend: str, max_memory: float | None) -> Plan:
    """The plan that :func:`run` would follow, after all checks that it makes before anything is written.

    Raises
    ------
    ValueError
        As :func:`run`.
    """
    manifest = None if out is None else storage.read_manifest(out)
    plan = Plan.of(config if manifest is None else _with_seed(config, manifest))
    if out is not None and manifest is not None:
        _refuse_other(plan, out, manifest)
    fitting(plan, n_jobs, backend, max_memory, out is None)
    return plan


def open_folder(plan: Plan, folder: Path) -> Plan:
    """Make or check a results folder; returns the plan, with the folder's seed if the configuration gave none.

    Raises
    ------
    StorageError
        The folder holds the results of another configuration, or cannot be written.
    """
    manifest = storage.read_manifest(folder) or storage.write_manifest(folder, plan.manifest())
    plan = Plan(_with_seed(plan.config, manifest), plan.loaded, plan.shards)
    _refuse_other(plan, folder, manifest)
    for place in (folder, folder / "shards"):
        storage.sweep(place)
    if plan.loaded is not None:
        _keep_network(folder / "network.h5", plan.loaded)
    return plan


def missing_shards(plan: Plan, folder: Path, part: tuple[int, int] = (0, 1)) -> list[int]:
    """Shards that are not there, of part i of n; damaged and foreign ones are set aside, and are then not there."""
    missing = []
    for shard in range(part[0], len(plan.shards), part[1]):
        path = plan.shard_path(folder, shard)
        if not _believed(path, plan.run_id):
            missing.append(shard)
        storage.forget_failure(path)
    return missing


def _believed(path: Path, run_id: str) -> bool:
    """Whether a results file is there and whole; a damaged or foreign one is set aside."""
    for _ in range(2):  # another process may have published it since it was found missing
        try:
            if storage.verify(path, run_id) is not None:
                return True
        except storage.ForeignError:
            break
        if not path.exists():
            return False
    _set_aside(path)
    return False


def _set_aside(path: Path) -> None:
    aside = storage.set_aside(path)
    if aside is not None:
        print(f"{path.name} is damaged or not of this run: set aside as {aside.name}, to be made again", file=sys.stderr)


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
    return _believed(folder / "results.h5", plan.run_id)


def merge(plan: Plan, folder: Path) -> None:
    """Join all shards into ``results.h5``, after proving that they tile the plan exactly once.

    Raises
    ------
    StorageError
        A shard is missing, or rows are missing or doubled.
    """
    paths = [plan.shard_path(folder, shard) for shard in range(len(plan.shards))]
    with ThreadPoolExecutor(driver.n_workers(-1)) as pool:  # which is hashing, outside the interpreter's lock
        for path, note in zip(paths, pool.map(lambda path: storage.verify(path, plan.run_id), paths), strict=True):
            if note is None:
                raise storage.StorageError(f"{path}: missing or damaged; 'scfast run' again completes the results")
    tables = MergedTables([storage.FileTables(path, storage.KEPT // len(paths)) for path in paths])
    keys = list(zip(tables["rows/cell"].tolist(), tables["rows/network"].tolist(), strict=True))
    expected = list(itertools.product(range(len(plan.config.cells)), range(plan.config.run.networks)))
    if keys != expected or not plan.kind.check_rows(tables):
        raise storage.StorageError(f"{folder}: shards do not hold each network of each cell exactly once")
    grown: dict[Any, bytes] = {}
    for (cell, network), digest in zip(keys, tables["rows/network_digest"], strict=True):
        if grown.setdefault((plan.config.cells[cell].network, network), digest.tobytes()) != digest.tobytes():
            raise storage.StorageError(f"{folder}: network {network} differs between shards; they were made on different platforms")
    storage.publish_tables(folder / "results.h5", tables, plan.run_id, plan.type_names)


def plan_of(folder: Path) -> Plan:
    """The plan of a results folder, as its manifest describes it.

    Raises
    ------
    StorageError
        There is no manifest, or its network is damaged.
    """
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise storage.StorageError(f"{folder}: holds no results (there is no manifest.json)")
    kept = folder / "network.h5"
    plan = Plan.of(Config.from_dict(manifest["config"]), storage.read_network_copy(kept) if kept.exists() else None)
    if plan.run_id != manifest["run_id"]:
        raise storage.StorageError(f"{folder}: {_unlike(manifest, plan)}")
    return plan


def merge_folder(folder: Path) -> bool:
    """Merge a results folder whose shards are all there; False if that was done already.

    Raises
    ------
    StorageError
        No manifest, or missing shards.
    """
    plan = plan_of(folder)
    if _merged(plan, folder):
        return False
    merge(plan, folder)
    return True


RECENT = 600.0
"""Seconds that a run's rate is taken over."""


@dataclass(frozen=True)
class Status:
    """How far a run is, by the files that are there (which are not verified here: loading them does so).

    Attributes
    ----------
    done, total : int
        Shards.
    work, total_work : int
        In `unit`.
    unit : str
        What work is counted in: node-steps where risk spreads, edges followed where networks are measured.
    rate : float or None
        Work per second over the last shards; None before there are two.
    seconds_left : float or None
    idle : float or None
        Seconds since the last shard was finished.
    stalled : bool
        Nothing has come for a minute, and for ten times as long as a shard took: it was stopped, or is stuck.
    failures : list of str
        What was given up.
    damaged, set_aside : int
        Shards whose size is not what it was, which the next run sets aside and makes again; files that were set aside.
    complete : bool
        All is there, in one file.
    """

    done: int
    total: int
    work: int
    total_work: int
    unit: str
    rate: float | None
    seconds_left: float | None
    idle: float | None
    stalled: bool
    failures: list[str]
    damaged: int
    set_aside: int
    complete: bool


def status(folder: Path, plan: Plan | None = None) -> Status:
    """How far the run in a folder is.

    Raises
    ------
    StorageError
        There is no run in it.
    """
    plan = plan or plan_of(folder)
    stamps: dict[int, float] = {}
    damaged = 0
    for shard in range(len(plan.shards)):
        path = plan.shard_path(folder, shard)
        try:
            stamp = path.stat().st_mtime
        except FileNotFoundError:
            continue
        except OSError as error:
            raise storage.StorageError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from None
        if storage.looks_whole(path):
            stamps[shard] = stamp
        else:
            damaged += 1
    complete = storage.looks_whole(folder / "results.h5")
    every = range(len(plan.shards))
    done, total = (sum(map(plan.work, shards)) for shards in (every if complete else stamps, every))
    last = max(stamps.values(), default=0.0)
    order = sorted(stamps.values())
    since = min([last - RECENT, *order[-6:-5]])
    recent = {shard: stamp for shard, stamp in stamps.items() if stamp >= since}
    rate, idle, stalled = None, time.time() - last if stamps else None, False
    if recent and last > (first := min(recent.values())):
        rate = sum(plan.work(shard) for shard, stamp in recent.items() if stamp > first) / (last - first)
        stalled = idle is not None and done < total and idle > max(60.0, 10 * (last - first) / (len(recent) - 1))
    return Status(
        done=len(plan.shards) if complete else len(stamps),
        total=len(plan.shards),
        work=done,
        total_work=total,
        unit=plan.kind.unit,
        rate=rate,
        seconds_left=0.0 if done == total else (total - done) / rate if rate and not stalled else None,
        idle=idle,
        stalled=stalled,
        failures=[f"{note['tasks']} ({note['reason']})" for note in storage.failures(folder)],
        damaged=damaged,
        set_aside=len(list(folder.glob("**/*.h5.damaged-*"))),
        complete=complete,
    )


def run(
    config: Config,
    out: str | Path | None = None,
    *,
    n_jobs: int = -1,
    backend: str = "threads",
    scheduler: str | None = None,
    max_memory: float | None = None,
    progress: bool = False,
    shard: tuple[int, int] | None = None,
) -> "results.Result | Study":
    """Run an ensemble, or complete one: what `out` holds already is verified and kept.

    Parameters
    ----------
    config : Config
        Networks, what happens on them or is measured of them, grid and size.
    out : str or Path, optional
        Results folder; without one the results are kept in memory alone. Workers of a cluster must see it by the same path.
    n_jobs : int
        Workers; -1 for all processors that this process may use, or as many of them as fit into memory. The numbers do not depend
        on it. A cluster has its own number.
    backend : "threads", "loky", "dask" or "ray"
        Threads over one shared network (kernels release the interpreter lock), processes, or a cluster.
    scheduler : str, optional
        Address of the cluster, as in tcp://host:8786 or ray://host:10001.
    max_memory : float, optional
        Bytes that may be used; by default what is free. What needs more is refused.
    progress : bool
        Show progress on standard error.
    shard : (int, int), optional
        (i, n): compute only the i-th of n parts of the plan, i in 0..n-1; needs `out`.

    Returns
    -------
    Result or Study
        A Study where the configuration has a section [topology].

    Raises
    ------
    ValueError
        A bad argument or file, a folder that holds the results of another configuration, or more work than fits into memory.
    RuntimeError
        Shards whose workers died three times; all others are kept.
    KeyboardInterrupt
        Ctrl-C, SIGTERM or SIGUSR1: finished shards are kept, and the next run goes on from there.

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
    if scheduler is not None and backend not in driver.CLUSTERS:
        raise ValueError(f"scheduler = {scheduler!r}: is for a backend of {' or '.join(driver.CLUSTERS)}, not {backend}")
    if max_memory is not None and not max_memory > 0:
        raise ValueError(f"max_memory = {max_memory!r}: must be more than 0 bytes")
    if shard is not None and (out is None or not 0 <= shard[0] < shard[1]):
        raise ValueError(f"shard = {shard!r}: must be (i, n) with 0 <= i < n, and needs a results folder")
    stop = driver.Stop()
    with ExitStack() as stack:
        stack.enter_context(stop.heeded())
        manifest = None if out is None else storage.read_manifest(Path(out))
        if manifest is not None:
            config = _with_seed(config, manifest)
        plan = Plan.of(config)
        if out is not None and manifest is not None:
            plan = open_folder(plan, Path(out))
            if _merged(plan, Path(out)):
                if progress:
                    print(f"{out}: complete already", file=sys.stderr)
                return results.load(out)
        workers = fitting(plan, n_jobs, backend, max_memory, out is None)
        engine = stack.enter_context(driver.started(backend, workers, scheduler, stop))
        execute = functools.partial(_execute, backend=backend, engine=engine, stop=stop, shown=progress)
        if out is None:
            parts = execute(plan, list(range(len(plan.shards))), None)
            return results.opened(plan.manifest(), MergedTables(parts), loaded=plan.loaded)
        folder = Path(out)
        plan = open_folder(plan, folder)
        execute(plan, missing_shards(plan, folder, shard or (0, 1)), folder)
        # of several parts, whoever finds the plan complete merges it
        if shard is None or all(plan.shard_path(folder, k).exists() for k in range(len(plan.shards))):
            merge(plan, folder)
    return results.load(folder)
