"""What everything costs: recording, parameters, threads, size, cold start, each side by side in one run, interleaved.

    python benchmarks/costs.py                           # all, some minutes; draws docs/costs.png
    python benchmarks/costs.py --only recording,threads  # some sections
    python benchmarks/costs.py --readme                  # writes the table into benchmarks/README.md as well
    python benchmarks/costs.py --quick                   # three pairs: to see that it works, not to be quoted

Each figure is the median over pairs (the two sides one right after the other, in turns first and second), with their range. Times
are processor time on one processor, which a busy machine disturbs less; `threads` and `cold` go by the clock, and want a quiet
one. A bound that is missed is said, and is no error. On a machine with more than AVX2, set both ``NUMBA_CPU_NAME=haswell`` and
``NUMBA_CPU_FEATURES=`` (empty) to measure AVX2: with the name alone Numba goes on using whatever the processor has.
"""

import argparse
import functools
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from report import instructions, machine, write_between
from workloads import REFERENCE, TYPES, Steps, Workload, barabasi_albert, rates, settled, typed

import scfast as sf
from scfast import sirs

HERE = Path(__file__).parent
FIGURE = HERE.parent / "docs" / "costs.png"
ROUNDS, FEW = 7, 3
LANES = 512
GIB = 2**30
PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
BETA, GAMMA, XI = "\N{GREEK SMALL LETTER BETA}", "\N{GREEK SMALL LETTER GAMMA}", "\N{GREEK SMALL LETTER XI}"


class Line(NamedTuple):
    """A row of the table: a figure, its range over pairs, and the bound that the project has set for it."""

    what: str
    figure: str
    spread: str = ""
    bound: str = ""
    met: bool | None = None


def interleaved(
    calls: Mapping[Any, Callable[[], Any]], rounds: int, clock: Callable[[], Any] = time.process_time
) -> dict[Any, np.ndarray]:
    """Seconds of each call in each round, after one call of each that is not counted; every second round in reverse order."""
    seconds: dict[Any, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for turn in range(rounds):
        for name in reversed(calls) if turn % 2 else calls:
            before = clock()
            calls[name]()
            seconds[name].append(clock() - before)
    return {name: np.array(values) for name, values in seconds.items()}


def bounded(what: str, values: Any, form: str, bound: float | None = None, at_least: bool = False) -> Line:
    """A line from one value per pair; `form` writes a number."""
    values = np.atleast_1d(values)
    middle = float(np.median(values))
    spread = f"{form.format(values.min())} .. {form.format(values.max())}" if len(values) > 1 else ""
    if bound is None:
        return Line(what, form.format(middle), spread)
    met = middle >= bound if at_least else middle <= bound
    return Line(what, form.format(middle), spread, f"{'at least' if at_least else 'at most'} {form.format(bound)}", met)


PERCENT, TIMES, SECONDS = "{:.1%}", "{:.2f}", "{:.2f} s"


def recording(pairs: int) -> Iterator[Line]:
    """Share of the time that recording takes: how much less the same steps take without it."""
    for n, most, n_blocks in ((10_000, 0.15, 1), (100, 0.30, 50)):
        make = functools.partial(Steps, typed(n), REFERENCE.n_steps)
        steps = {
            "nothing": make(counts=False, maps=False),
            "counts": make(counts=True, maps=False),
            "types": make(counts=True, by_type=True, maps=False),
            "maps": make(counts=False, maps=True),
        }
        calls = {name: functools.partial(_repeat, n_blocks, each, name == "maps") for name, each in steps.items()}
        for name, each in (("simulate", steps["counts"]), ("ensemble", steps["types"])):
            calls[name] = functools.partial(sirs.run_replicates, each.setup, (1, 0, 0, 0), n_blocks * LANES, REFERENCE.n_steps)
        took = interleaved(calls, pairs)

        def share(name: str, took: dict[str, np.ndarray] = took) -> np.ndarray:
            return 1 - took["nothing"] / took[name]

        yield bounded(f"N = {n:,}: counts of S, I, R, X", share("counts"), PERCENT, most)
        yield bounded(f"N = {n:,}: counts by type, four types", share("types"), PERCENT, most)
        yield bounded(f"N = {n:,}: maps per node", share("maps"), PERCENT, 0.10)
        yield bounded(f"N = {n:,}: all of simulate but the steps: layout, counts, maps, outcomes", share("simulate"), PERCENT)
        yield bounded(f"N = {n:,}: the same with counts by type", share("ensemble"), PERCENT)


def _repeat(times: int, steps: Steps, maps: bool) -> None:
    for _ in range(times):
        block = steps()
        if maps:
            sirs.node_maps(steps.setup, block, LANES)


def parameters(pairs: int) -> Iterator[Line]:
    """Time with rates per type and per node over that with numbers: nearly equal ones, so that the same happens."""
    network = typed(10_000)
    rng = np.random.default_rng(3)

    def near(values: Any, width: float) -> Any:
        return values * (1 + width * rng.uniform(-1, 1, np.shape(values)))

    def models(width: float) -> dict[str, sf.SIRS]:
        each = {name: getattr(REFERENCE.model, name) for name in ("beta", "gamma", "xi")}
        types = {name: dict(zip(TYPES, near(np.full(4, rate), width).tolist(), strict=True)) for name, rate in each.items()}
        nodes = {name: near(np.full(network.n_nodes, rate), width) for name, rate in each.items()}
        return {"per type": rates(**types), "per node": rates(**nodes)}

    given = {"numbers": REFERENCE.model, **models(1e-4), "widely per node": models(0.5)["per node"]}
    setups = {name: sirs.prepare(network, model, sirs.Initial(0.01), False) for name, model in given.items()}
    calls = {
        name: functools.partial(sirs.run_block, setup, (1, 0, 0, 0), LANES, REFERENCE.n_steps, True)
        for name, setup in setups.items()
    }
    took = interleaved(calls, pairs)
    for name, what, most in (
        ("per type", "per type, four types", 1.05),
        ("per node", "per node, 10,000 different rates", 1.3),
        ("widely per node", "per node, each rate times 0.5 to 1.5", None),
    ):
        yield bounded(what, took[name] / took["numbers"], TIMES, most)


ENSEMBLE = """
[network]
kind = "barabasi_albert"
n_nodes = 10000
[dynamics]
delta = 0.0
[run]
networks = 8
replicates = 1024
steps = 100
seed = 1
record = []
"""


def threads(pairs: int) -> Iterator[Line]:
    """How much faster two threads are than one."""
    if len(PROCESSORS) < 2:
        yield Line("not measured: this process may use one processor only", "")
        return
    setup = sirs.prepare(barabasi_albert(10_000), REFERENCE.model, sirs.Initial(0.01), False)

    def block(index: int) -> None:
        sirs.run_block(setup, (1, 0, 0, index), LANES, REFERENCE.n_steps, True)

    config = sf.Config.from_text(ENSEMBLE)
    with ThreadPoolExecutor(2) as pool:
        calls = {"one": lambda: [block(0), block(1)], "two": lambda: list(pool.map(block, range(2)))}
        took = interleaved(calls, pairs, lambda: np.array((time.perf_counter(), time.process_time())))
    (one, _), (two, used) = took["one"].T, took["two"].T
    yield bounded("two blocks on one network, run_block", one / two, TIMES, 1.8, at_least=True)
    yield bounded("share of two processors that they got meanwhile (far below 100 %: not a quiet machine)", used / two / 2, PERCENT)
    took = interleaved({jobs: functools.partial(sf.run, config, n_jobs=jobs) for jobs in (1, 2)}, pairs, time.perf_counter)
    yield bounded("an ensemble of eight networks, --jobs 2 over --jobs 1", took[1] / took[2], TIMES, 1.8, at_least=True)


LARGE = Workload(functools.partial(barabasi_albert, 1_000_000), REFERENCE.model, 0.01, 20, 1024)
SMALL = Workload(functools.partial(barabasi_albert, 100), REFERENCE.model, 0.01, 200, 100_000)
CHILDREN = {"large": LARGE, "small": SMALL}


def beside_reference(workload: Workload, pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds per node-step of a workload, and of the reference workload."""
    took = interleaved({"it": lambda: workload.run(1), "reference": lambda: REFERENCE.run(1)}, pairs)
    return took["it"] / workload.node_steps, took["reference"] / REFERENCE.node_steps


def in_a_process_of_its_own(name: str, pairs: int) -> tuple[np.ndarray, np.ndarray, int]:
    """The same in a fresh process, and its peak memory in bytes."""
    command = [sys.executable, __file__, "--child", name, "--pairs", str(pairs)]
    answer = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return np.array(answer["it"]), np.array(answer["reference"]), answer["peak"]


def child(name: str, pairs: int) -> None:
    """What that process does."""
    it, reference = beside_reference(CHILDREN[name], pairs)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"it": it.tolist(), "reference": reference.tolist(), "peak": peak}))


def large(pairs: int) -> Iterator[Line]:
    """A million nodes, m = 3, 1,024 lanes, 20 steps, beside the reference workload."""
    it, reference, peak = in_a_process_of_its_own("large", pairs)
    fast = 1.2e9 if instructions() == "AVX-512" else None
    yield bounded("time per node-step over the reference's", it / reference, TIMES, 4.0)
    yield bounded("node-steps per second", 1 / it, "{:.2e}", fast, at_least=True)
    yield bounded("peak memory of the process, growth included", peak / GIB, "{:.2f} GiB", 2.0)


def small(pairs: int) -> Iterator[Line]:
    """A hundred nodes, 100,000 replicates, beside the reference workload."""
    it, reference, peak = in_a_process_of_its_own("small", pairs)
    yield bounded("time per node-step over the reference's", it / reference, TIMES, 2.0)
    yield bounded("node-steps per second", 1 / it, "{:.2e}")
    yield bounded("peak memory of the process", peak / GIB, "{:.2f} GiB")


EVERYTHING = """
import numpy as np, scfast as sf
from scfast import jit, lanes, newcomers, outset, rng, sparse
grown = [sf.grow(model, n_nodes=5000, seed=1) for model in (sf.BarabasiAlbert(2), sf.DualLocalWorld())]
some = np.arange(5000) % 2 / 100
for width in (64, 128, 256, 512):
    for start in (1, 2500):
        sf.simulate(grown[1], sf.SIRS(beta=some, epsilon=some / 1e4), 40, width, 1, initial=start, by_type=True, keep_final=True)
        sf.simulate(grown[0], sf.SIRS(beta=0.001, delta=0.0), 40, width, seed=1, initial=start)
kernels = [each for module in (lanes, newcomers, outset, rng, sparse) for each in vars(module).values()]
print(*(each.__name__ for each in kernels if isinstance(getattr(each, "_cache", None), jit.KernelCache) and not each.signatures))
"""
FIRST_BLOCK = """
import time
from scfast.config import Config, find
from scfast.plan import Plan
plan = Plan.of(Config.from_toml(find("default")))
def tick(node_steps):
    print(time.time())
    raise SystemExit
plan.job(0)(tick)
"""


def cold(pairs: int) -> Iterator[Line]:
    """Compiling into an empty cache, and the next process."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SCFAST_CACHE_DIR": folder}

        def python(text: str) -> tuple[float, str]:
            before = time.time()
            done = subprocess.run([sys.executable, "-c", text], env=environment, stdout=subprocess.PIPE, text=True, check=True)
            return before, done.stdout

        before, missed = python(EVERYTHING)
        took = time.time() - before
        kernels = len(list(Path(folder).rglob("*.kernel")))
        but = f" but {missed.strip()}" if missed.strip() else ""
        yield bounded(f"first process: all kernels{but} compiled, at every width ({kernels} files)", took, SECONDS, 30.0)
        python(FIRST_BLOCK)  # whatever only this needs
        starts = [python(FIRST_BLOCK) for _ in range(pairs)]
        yield bounded(
            "next process, until the default experiment's first block is done",
            np.array([float(said) - before for before, said in starts]),
            SECONDS,
            2.0,
        )


class Curve(NamedTuple):
    """Cost along one axis."""

    axis: str
    note: str
    at: list[float]
    cost: list[float]  # picoseconds per node-step


def curve(axis: str, note: str, points: Mapping[Any, Workload], rounds: int) -> Curve:
    """Measure one."""
    took = interleaved({place: functools.partial(workload.run, 1) for place, workload in points.items()}, rounds)
    return Curve(axis, note, list(points), [1e12 * float(np.median(took[k])) / points[k].node_steps for k in points])


def prevalence(workload: Workload) -> float:
    """Mean share of nodes infected, over steps and replicates."""
    return float(workload.run(1).risk_load.mean()) / (workload.n_steps + 1)


def around(
    n: int = 10_000, m: int = 3, model: sf.SIRS = REFERENCE.model, start: Any = None, n_steps: int = 100, lanes: int = LANES
) -> Workload:
    """The reference workload, settled, or something near it."""
    return Workload(functools.partial(barabasi_albert, n, m), model, settled(n) if start is None else start, n_steps, lanes)


def measured_curves(rounds: int) -> Iterator[Curve]:
    """Against size, degree, lanes, prevalence and steps; without the largest network where a few rounds must do."""
    sizes = {n: around(n, lanes=max(LANES, 2**21 // n)) for n in (100, 1_000, 10_000)} | {100_000: around(100_000, n_steps=50)}
    if rounds >= ROUNDS:
        sizes[1_000_000] = around(1_000_000, n_steps=10)
    yield curve("nodes N", "m = 3", sizes, rounds)
    degrees = {2 * m: around(m=m, model=rates(beta=0.3 / m), n_steps=50) for m in (1, 3, 10, 30, 100)}
    yield curve("mean degree", f"{BETA} · mean degree = 0.6", degrees, rounds)
    lanes = {n: around(n_steps=min(100, 204_800 // n), lanes=n) for n in (64, 128, 256, 512, 1_024, 10_240)}
    yield curve("replicates", "on one network", lanes, rounds)
    spread = [(0.006, 1), (0.01, 1), (0.01, 5), (0.01, 50), (0.02, 0.1), (0.3, 0.6)]
    thin = [around(model=rates(beta=beta, xi=0.2), start=start) for beta, start in spread]
    yield curve("mean prevalence (%)", f"{BETA} = 0.006 to 0.3, {XI} = 0.2", {prevalence(each): each for each in thin}, rounds)
    steps = {t: around(start=0.01, n_steps=t) for t in (1, 5, 20, 100, 500)}
    yield curve("steps T", "1 % infected at step 0", steps, rounds)


def draw(found: Sequence[Curve], path: Path) -> None:
    """The curves as small panels with one common vertical axis."""
    from matplotlib import patheffects, style
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    from scfast import drawing

    details = (
        "Picoseconds of one processor core per node, step and replicate; set-up, counts and maps included. Where not varied: "
        f"Barabási-Albert network, N = 10,000, m = 3, {BETA} = {GAMMA} = 0.1, {XI} = 0.05, 512 replicates, settled.",
        machine(),
    )
    costs = np.concatenate([each.cost for each in found])
    low, high = costs.min() / 1.3, costs.max() * 1.5
    ticks = [tick for tick in np.outer(10.0 ** np.arange(6), (1, 2, 5)).ravel() if low <= tick <= high]
    halo = [patheffects.withStroke(linewidth=3, foreground="white")]
    with style.context(["default", drawing.STYLE]):
        figure = drawing.new_figure(
            15, 5, "What a node-step costs", [text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}") for text in details]
        )
        panels = figure.subplots(1, len(found), sharey=True)
        panels[0].set(yscale="log", ylim=(low, high), ylabel="ps per node-step")
        panels[0].yaxis.set_major_locator(FixedLocator(ticks))
        panels[0].yaxis.set_minor_locator(NullLocator())
        panels[0].yaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:,.6g}"))
        for panel, each in zip(panels, found, strict=True):
            panel.plot(each.at, each.cost, "o-", color=drawing.COLOURS[0], markersize=6)
            for x, y, above in zip(each.at, each.cost, _apart(each.at, 0.15), strict=True):
                panel.annotate(
                    f"{y:,.0f}", (x, y), (0, 8 if above else -17),
                    textcoords="offset points", ha="center", size=10.5, path_effects=halo)  # fmt: skip
            panel.set(xscale="log", xlabel=each.axis)
            shown = list(itertools.compress(each.at, _apart(each.at, 0.17))) if each.at[0] >= 1 else 10.0 ** np.arange(-4, 0)
            panel.xaxis.set_major_locator(FixedLocator(shown))
            panel.xaxis.set_minor_locator(NullLocator())
            panel.xaxis.set_major_formatter(FuncFormatter(lambda at, _: _short(at)))
            panel.margins(x=0.12)
            panel.set_title(each.note, size=11, color=drawing.GREY)
        figure.savefig(path, dpi=120)


def _apart(at: Sequence[float], share: float) -> list[bool]:
    """Which places keep that share of a logarithmic axis from the last one that does."""
    last, apart = 0.0, []
    for place in at:
        apart.append(last == 0 or np.log(place / last) > share * np.log(at[-1] / at[0]))
        last = place if apart[-1] else last
    return apart


def _short(at: float) -> str:
    """A number in few letters."""
    if at < 1:
        return f"{100 * at:g}"  # percent
    if at < 1e4 or at % 1e4:
        return f"{at:,.0f}"
    return f"{at / 1e3:g}k" if at < 1e6 else f"{at / 1e6:g}M"


def curves(pairs: int) -> Iterator[Line]:
    """Picoseconds per node-step along five axes (docs/costs.png)."""
    found = list(measured_curves(pairs))
    draw(found, FIGURE)
    for each in found:
        places = ", ".join(f"{100 * at:.2g}" if at < 1 else f"{at:,.0f}" for at in each.at)
        yield Line(f"{each.axis} = {places}", ", ".join(f"{cost:,.0f}" for cost in each.cost))


SECTIONS = {
    "recording": recording,
    "parameters": parameters,
    "threads": threads,
    "large": large,
    "small": small,
    "cold": cold,
    "curves": curves,
}


def _use(processors: Sequence[int]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, processors)


def table(names: Sequence[str], pairs: int) -> Iterator[str]:
    """The table, line by line, as it is being measured."""
    yield "| | median | range | bound | |"
    yield "| --- | ---: | --- | --- | --- |"
    for name in names:
        _use(PROCESSORS if name == "threads" else PROCESSORS[-1:])
        yield f"| **{(SECTIONS[name].__doc__ or '').splitlines()[0].rstrip('.')}** | | | | |"
        for line in SECTIONS[name](pairs):
            verdict = {None: "", True: "met", False: "**missed**"}[line.met]
            yield f"| {line.what} | {line.figure} | {line.spread} | {line.bound} | {verdict} |"
    yield ""
    yield f"Medians over {pairs} interleaved pairs, with their range; processor time, but by the clock for threads and starts."
    yield f"{machine()}."


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas: %(default)s")
    parser.add_argument("--pairs", type=int, help=f"pairs of each measurement ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help=f"{FEW} pairs, and no curve beyond 100,000 nodes")
    parser.add_argument("--readme", action="store_true", help="write the table into benchmarks/README.md")
    parser.add_argument("--child", choices=CHILDREN, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pairs is not None and args.pairs < 1:
        parser.error(f"--pairs = {args.pairs}: must be at least 1")
    pairs = args.pairs or (FEW if args.quick else ROUNDS)
    if args.child:
        child(args.child, pairs)
        return
    names = list(dict.fromkeys(args.only.split(",")))
    if unknown := set(names) - SECTIONS.keys():
        parser.error(f"--only = {args.only!r}: must be of {', '.join(SECTIONS)}, not {', '.join(map(repr, sorted(unknown)))}")
    if args.readme and (set(names) != SECTIONS.keys() or pairs < ROUNDS):
        parser.error(f"--readme: must be a whole run: without --only and --quick, and with at least {ROUNDS} pairs")
    lines = []
    for line in table(names, pairs):
        print(line, flush=True)
        lines.append(line)
    if args.readme:
        write_between(HERE / "README.md", "costs", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
