"""How jobs are run: on which engine, how far they are, how they stop, and what becomes of those whose worker dies.

An engine is whatever hands out futures: threads, loky's processes (joblib's own), a dask or a ray cluster. Jobs know nothing of it.
(joblib's own dask backend waits for ever for a job whose workers died too often: it is told of results alone.)
"""

import contextlib
import logging
import os
import re
import signal
import socket
import sys
import threading
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Protocol

import joblib
from joblib.externals.loky import get_reusable_executor

from scfast import jit

CLUSTERS = ("dask", "ray")
"""Backends that need the address of a scheduler."""

ATTEMPTS = 3
"""Workers that a job may cost before it is given up."""

POLL = 0.2
GRACE = 3.0
"""Seconds that jobs at work may take to notice a stop; they look between slices of half a second, if steps are as short."""

Job = Callable[[], Any]


class Stopped(Exception):
    """Raised inside a job once a stop was asked for."""


class GivenUp(RuntimeError):
    """Some jobs could not be done; everything else was."""


def n_workers(n_jobs: int) -> int:
    """Workers for `n_jobs`: -1 is all processors that this process may use (affinity and cgroups counted)."""
    return int(joblib.effective_n_jobs(n_jobs))


# ---- stopping


class Stop:
    """Whether to stop, and by which signal: SIGINT, SIGTERM, SIGHUP, or SIGUSR1, with which batch systems warn of a time limit."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.failed = False
        self.at_once = False
        self._at_work = False

    def check(self) -> None:
        """Raise Stopped if work is to end."""
        if self.failed or self.signal is not None:
            raise Stopped

    def _ask(self, number: int, frame: Any) -> None:
        again, self.signal = self.signal is not None, number
        self.at_once = again
        if again or not self._at_work:
            raise KeyboardInterrupt(number)

    @contextlib.contextmanager
    def heeded(self) -> Iterator[None]:
        """While this lasts, a signal asks for a stop; a second one, or one where nothing is at work, is an interrupt at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)}
        if before[signal.SIGHUP] is signal.SIG_IGN:  # as under nohup
            del before[signal.SIGHUP]
        try:
            for number in before:
                signal.signal(number, self._ask)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """While jobs are at work, which are told of a stop; afterwards it becomes a KeyboardInterrupt."""
        self._at_work = True
        try:
            yield
        except Stopped:
            raise KeyboardInterrupt(self.signal) from None
        finally:
            self._at_work = False
        if self.signal is not None:  # since the last look
            raise KeyboardInterrupt(self.signal)


# ---- progress


class Progress:
    """Work done, rate and time left, on standard error: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, total: int, unit: str, shown: bool) -> None:
        self.done = 0
        self._unit = unit
        self._total = max(total, 1)
        self._shown = shown and total > 0
        self._lock = threading.Lock()
        self._said = time.monotonic()
        self._start: tuple[float, int] | None = None
        self._bar: Any = None
        if self._shown:
            cold = not any(jit.cache_folder().glob("*.kernel"))
            first = "; the kernels are compiled first, which takes half a minute" if cold else ""
            print(f"{total:.3g} {unit} to compute{first}", file=sys.stderr)
        if self._shown and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (BarColumn(), TextColumn("{task.percentage:3.0f} %  {task.fields[rate]}  left"), TimeRemainingColumn())
            self._bar = Bar(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task("", total=self._total, rate="")

    def add(self, work: int) -> None:
        """Note work that is done."""
        with self._lock:
            self.done += work
            now = time.monotonic()
            if self._start is None:  # the first slice holds compilation and growth, and would spoil the rate
                self._start = now, self.done
                self._said = now
                return
            rate = (self.done - self._start[1]) / max(now - self._start[0], 1e-9)
            if self._bar is not None:
                self._bar.update(self._task, completed=self.done, rate=f"{rate:.2e} {self._unit}/s")
            elif self._shown and now - self._said > 10 and self.done < self._total:
                self._said = now
                left = (self._total - self.done) / max(rate, 1e-9)
                print(
                    f"{100 * self.done / self._total:.0f} %, {rate:.2e} {self._unit}/s, {left:.0f} s left",
                    file=sys.stderr,
                    flush=True,
                )

    def say(self, line: str) -> None:
        """Print a line beside the bar."""
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        elif self._shown:
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()


# ---- engines


class Engine(Protocol):
    """Runs jobs somewhere.

    Attributes
    ----------
    slots : int
        Jobs to hand over at a time.
    lost : tuple of exception types
        What a future raises whose worker died.
    retries : bool
        Whether the engine itself tries a job again whose worker died, so that a job that is lost alone has had its chances.
    """

    @property
    def slots(self) -> int: ...
    @property
    def lost(self) -> tuple[type[BaseException], ...]: ...
    @property
    def retries(self) -> bool: ...

    def submit(self, job: Job) -> "Future[Any]":
        """Start a job, or queue it."""

    def close(self, kill: bool, grace: float) -> None:
        """Let go of the workers; with `kill`, whatever they are at, as far as can be, within `grace` seconds."""


class Threads:
    """Threads of this process: kernels release the interpreter lock."""

    lost: tuple[type[BaseException], ...] = ()
    retries = False

    def __init__(self, workers: int) -> None:
        self.slots = workers
        self._pool = ThreadPoolExecutor(workers, "scfast-worker")
        self._futures: set[Future[Any]] = set()

    def submit(self, job: Job) -> "Future[Any]":
        future = self._pool.submit(job)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def close(self, kill: bool, grace: float) -> None:
        self._pool.shutdown(wait=not kill, cancel_futures=True)
        wait(set(self._futures), timeout=grace)


def _follow(parent: int) -> None:
    """In a worker: leave signals from the keyboard to the parent, and do not outlive it."""
    for number in (signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class Processes:
    """Processes of this machine. If one dies, loky ends them all."""

    lost: tuple[type[BaseException], ...] = (BrokenExecutor,)
    retries = False

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: Any = None
        self.slots = workers + 1

    def submit(self, job: Job) -> "Future[Any]":
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")  # loky replaces it
            self._pool = get_reusable_executor(max_workers=self._workers, timeout=300, initializer=_follow, initargs=(os.getpid(),))
            try:
                future: Future[Any] = self._pool.submit(job)
            except BrokenExecutor as error:  # a worker has just died, perhaps without work
                future = Future()
                future.set_exception(error)
        return future

    def close(self, kill: bool, grace: float) -> None:
        if kill and self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)


class Dask:
    """Workers of a dask cluster, which have this package and see the results folder."""

    retries = True

    def __init__(self, scheduler: str | None) -> None:
        try:
            import dask
            from distributed import Client, KilledWorker
        except ImportError:
            raise ValueError("backend = 'dask': needs the extra dask, as in pip install '.[dask]'") from None
        for name in list(logging.root.manager.loggerDict):  # what matters is told by exceptions
            if name.partition(".")[0] in ("distributed", "tornado"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
        address = scheduler or dask.config.get("scheduler-address", None)
        if address is None:
            raise ValueError("scheduler = None: must be the address of a dask scheduler, as in tcp://host:8786, or its JSON file")
        self.lost: tuple[type[BaseException], ...] = (KilledWorker,)
        where = {"scheduler_file": address} if str(address).endswith(".json") else {"address": address}
        _probe(str(address))
        try:
            self._client = Client(**where, timeout=5, set_as_default=False)
        except Exception as error:  # dask raises many kinds
            raise ValueError(f"scheduler = {address!r}: no dask scheduler answers there ({_brief(error)})") from None
        self._pool = self._client.get_executor(pure=False)
        self._asked = -10.0
        self._slots = 1

    @property
    def slots(self) -> int:
        if time.monotonic() - self._asked > 5:  # workers come and go
            self._slots = max(1, 2 * sum(self._client.nthreads().values()))
            self._asked = time.monotonic()
        return self._slots

    def submit(self, job: Job) -> "Future[Any]":
        future: Future[Any] = self._pool.submit(job)
        return future

    def close(self, kill: bool, grace: float) -> None:
        self._pool.shutdown(wait=not kill)
        self._client.close(timeout=2)


def _probe(address: str) -> None:
    """Refuse at once what dask would try for long."""
    if address.endswith(".json"):
        if not Path(address).is_file():
            raise ValueError(f"scheduler = {address!r}: no such file")
        return
    found = re.fullmatch(r"(?:(\w+)://)?\[?([^\s\[\]/]+)\]?:(\d{1,5})/?", address)
    if not found:
        raise ValueError(f"scheduler = {address!r}: must be an address, as in tcp://host:8786, or a scheduler's JSON file")
    if found[1] in (None, "tcp", "tls"):
        try:
            socket.create_connection((found[2], int(found[3])), timeout=3).close()
        except (OSError, OverflowError) as error:
            raise ValueError(f"scheduler = {address!r}: no dask scheduler answers there ({error})") from None


class Ray:
    """Workers of a ray cluster, which have this package and see the results folder."""

    retries = False

    def __init__(self, scheduler: str | None) -> None:
        try:
            import ray
        except ImportError:
            raise ValueError("backend = 'ray': needs the extra ray, as in pip install '.[ray]'") from None
        if scheduler is None and "RAY_ADDRESS" not in os.environ:
            raise ValueError("scheduler = None: must be the address of a ray cluster, as in ray://host:10001, or auto")
        self._ray, self._ours = ray, not ray.is_initialized()
        if self._ours:
            try:
                ray.init(address=scheduler, log_to_driver=False, configure_logging=False)
            except Exception as error:
                raise ValueError(f"scheduler = {scheduler!r}: no ray cluster answers there ({_brief(error)})") from None
        self.lost: tuple[type[BaseException], ...] = (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError)
        self._call = ray.remote(max_retries=0)(_call)
        self._refs: dict[Future[Any], Any] = {}

    @property
    def slots(self) -> int:
        return max(1, 2 * int(self._ray.cluster_resources().get("CPU", 1)))

    def submit(self, job: Job) -> "Future[Any]":
        reference = self._call.remote(job)
        future: Future[Any] = reference.future()
        self._refs[future] = reference
        future.add_done_callback(lambda done: self._refs.pop(done, None))
        return future

    def close(self, kill: bool, grace: float) -> None:
        if kill:
            for reference in list(self._refs.values()):
                self._ray.cancel(reference, force=True)
        if self._ours:
            self._ray.shutdown()


def _call(job: Job) -> Any:
    return job()


@contextlib.contextmanager
def started(backend: str, workers: int, scheduler: str | None, stop: Stop) -> Iterator[Engine]:
    """The engine of a name, while this lasts; what it is at is killed if an error ends this.

    Raises
    ------
    ValueError
        The engine is not installed, or no scheduler answers.
    """
    makers: dict[str, Callable[[], Engine]] = {
        "threads": lambda: Threads(workers),
        "loky": lambda: Processes(workers),
        "dask": lambda: Dask(scheduler),
        "ray": lambda: Ray(scheduler),
    }
    engine = makers[backend]()
    try:
        yield engine
    except BaseException as error:
        engine.close(not isinstance(error, GivenUp), 0.0 if stop.at_once else GRACE)
        raise
    engine.close(False, GRACE)


def drive(
    jobs: Mapping[int, Job],
    engine: Engine,
    stop: Stop,
    finished: Callable[[int, Any], Any],
    given_up: Callable[[int, str], Any],
    again: Callable[[int, str], Any],
) -> None:
    """Run jobs until each is finished or given up.

    A job whose worker dies is run again, alone where it is not certain which of several jobs was to blame, and given up when it has
    cost ATTEMPTS workers. Running out of memory counts as a death; so does an error that only a programmer can have made. What
    concerns all jobs alike (OSError, ValueError) ends the run.

    Parameters
    ----------
    jobs : mapping of key to callable
    engine : Engine
    stop : Stop
        Looked at every POLL seconds, and by jobs in threads between slices.
    finished : callable
        (key, result), as they come.
    given_up, again : callable
        (key, reason), of jobs that are given up or will be tried again.

    Raises
    ------
    Stopped
        A stop was asked for.
    """
    waiting, suspects = deque(jobs), deque[int]()
    running: dict[Future[Any], int] = {}
    deaths: Counter[int] = Counter()
    lost: dict[int, str] = {}
    alone = False
    unfinished = True
    try:
        while waiting or suspects or running:
            stop.check()
            if not running:
                alone = bool(suspects)
                if alone:  # if the worker dies again, it is clear of what
                    key = suspects.popleft()
                    running[engine.submit(jobs[key])] = key
            while waiting and not suspects and not alone and len(running) < engine.slots:
                key = waiting.popleft()
                running[engine.submit(jobs[key])] = key
            done, _ = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
            together = len(running)
            if not engine.retries and any(isinstance(future.exception(), engine.lost) for future in done):
                done |= wait(running, timeout=GRACE).done  # all workers fall with one
            for future in done:
                key = running.pop(future)
                try:
                    result = future.result()
                except engine.lost as error:
                    lost[key] = _brief(error)
                    certain = together == 1
                    deaths[key] += ATTEMPTS if engine.retries and certain else 1
                except CancelledError:
                    raise OSError("the scheduler of the cluster is lost; what is finished is kept") from None
                except (OSError, ValueError, ImportError, Stopped):
                    raise
                except Exception as error:
                    lost[key] = f"{type(error).__name__}: {_brief(error)}".removesuffix(": ")
                    certain = not isinstance(error, MemoryError) or together == 1  # with others at work there is less
                    deaths[key] += 1
                else:
                    finished(key, result)
                    continue
                time.sleep(POLL)  # a signal to all processes of a job kills workers, and reaches this one, too
                stop.check()
                if certain and deaths[key] >= ATTEMPTS:
                    given_up(key, lost[key])
                else:
                    again(key, lost[key])
                    suspects.append(key)
        unfinished = False
    finally:
        stop.failed = unfinished


def _brief(error: BaseException) -> str:
    text = " ".join(str(error).split())
    text = re.sub(r" This could be caused by .*?(?= The exit codes|$)| Detailed tracebacks .*", "", text)  # loky's advice
    return text if len(text) < 400 else f"{text[:400]} ..."


# ---- memory


def available_memory() -> float:
    """Bytes that this process may still use: free memory of the machine, or of a control group that it is in where that is less."""
    free = []
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                free.append(1024.0 * int(line.split()[1]))
    for group, limit, used in _control_groups():
        with contextlib.suppress(OSError, ValueError):
            cached = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            reclaimable = int(cached.get("total_inactive_file", cached.get("inactive_file", 0)))
            free.append(float(int((group / limit).read_text()) - int((group / used).read_text()) + reclaimable))
    if free:
        return max(0.0, min(free))
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _control_groups() -> Iterator[tuple[Path, str, str]]:
    """Folders of the groups that may limit this process's memory, with the names of limit and use: its own and all above."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds and "memory" not in kinds.split(","):
                continue
            root = Path("/sys/fs/cgroup/memory" if kinds else "/sys/fs/cgroup")
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if kinds else ("memory.max", "memory.current")
            own = root / path.lstrip("/")
            for group in (own, *own.parents):
                if group.is_relative_to(root):
                    yield group, *names
