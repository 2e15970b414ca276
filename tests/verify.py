"""The long proof: every law at its largest size, p-values over many seeds, planted faults; or all mutants (``scripts/verify``)."""

from __future__ import annotations

import datetime
import functools
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import joblib
import mutants
import numba
import numpy as np
from click.core import ParameterSource
from joblib.externals.loky import get_reusable_executor
from proof import ALL, MODULES, chains, faults, rates
from proof.judge import FAMILY, Check, Law
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from scipy import stats

import scfast as sf

SEED = 20261121
OVER_SEEDS = {  # laws with continuous p-values: a scale that makes each run short, and of dependent checks the one that is taken
    "chain: path, gamma + delta = 1, lists": (1 / 64, ""),
    "chain: star, shared, both": (1 / 64, ""),
    "chain: triangle, per node, planes": (1 / 128, ""),
    "chain: complete, planes": (1 / 128, ""),
    "rates: small, planes": (1 / 16, ""),
    "rates: large, planes": (1 / 64, ""),
    "rates: small, lists": (1 / 64, ""),
    "lanes: places in a block, planes": (1, "marginals of 512 places, together"),
    "lanes: partly filled, both": (1 / 2, "all of 100 from S"),
    "complete graph: 7 nodes, mixed start, shocks": (1 / 64, ""),
    "mean field: endemic": (1 / 32, "S, mean: c"),
    "additions: M = 3": (1 / 64, ""),
    "additions: types and fitness drawn, M = 3": (1 / 64, ""),
    "degrees: uniform attachment": (1 / 64, "m = 1, k = 1"),
    "intervals: G = 8": (1, "normal, 95%"),
    "components: unbalanced": (1, "within"),
}
FAULTY_CASE, FAULTY_SCALE, FAULT = "star, shared", 1 / 8, 1.01

Table = list[Sequence[str]]


class Report:
    """Lines for people, and whether all held."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failures: list[str] = []

    def text(self, *lines: str) -> None:
        self.lines += [*lines, ""]
        print(*lines, "", sep="\n", flush=True)

    def table(self, head: Sequence[str], rows: Table) -> None:
        ruler = ["---", *["---:"] * (len(head) - 1)]
        self.text(*(f"| {' | '.join(row)} |" for row in [head, ruler, *rows]))

    def must(self, holds: bool, what: str) -> str:
        """A word for a table."""
        if not holds:
            self.failures.append(what)
        return "holds" if holds else "**FAILS**"


def by_workers(jobs: Sequence[Callable[[], Any]], what: str, workers: int) -> Iterator[Any]:
    """Results as they come, `workers` processes at a time, with a bar on a terminal."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=len(jobs))
        parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
        for result in parallel(joblib.delayed(job)() for job in jobs):
            bar.advance(task)
            yield result


def look(law: Law, scale: float, seed: int) -> tuple[Law, list[Check], float]:
    begin = time.monotonic()
    checks = list(law.run(min(scale, law.largest), seed))
    return law, checks, time.monotonic() - begin


def p_values(law: Law, scale: float, only: str, seed: int) -> tuple[str, list[float]]:
    """Those of one seed, without checks of what is certain; or the one whose case is `only`."""
    return law.name, [check.p for check in law.run(scale, seed) if not np.isnan(check.z) and only in ("", check.case)]


def number(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def all_laws(report: Report, laws: Sequence[Law], scale: float, seed: int, workers: int) -> list[float]:
    """Every law once, at its largest; returns the p-values of all checks but those of what is certain."""
    jobs = [functools.partial(look, law, scale, seed) for law in laws]
    seen = {law.name: (checks, seconds) for law, checks, seconds in by_workers(jobs, "laws", workers)}
    report.text(
        f"## Laws: {sum(len(checks) for checks, _ in seen.values()):,} checks",
        "",
        "`bound`: the p-value below which a check fails. `z`: the deviation that the least p-value belongs to, in standard "
        "deviations; where a test knows no sign, that of a normal with this p.",
    )
    rows: Table = []
    for law in laws:
        checks, seconds = seen[law.name]
        worst = min(checks, key=lambda check: check.p)
        listed = ", ".join(number(check.p) for check in checks) if len(checks) <= 3 else f"{number(worst.p)} of {len(checks)}"
        verdict = report.must(not law.failures(checks), law.name)
        rows.append(
            (
                law.name,
                f"{max(c.n for c in checks):,}",
                listed,
                f"{worst.z:.2f}",
                f"{law.bound(len(checks)):.1e}",
                f"{seconds:.0f}",
                verdict,
            )
        )
    report.table(("law", "samples", "p-values, or the least", "z", "bound", "seconds", ""), rows)
    notes = [(f"{law.name}: {check.case}", check.note) for law in laws for check in seen[law.name][0] if "coverage" in check.note]
    if notes:
        report.text("## Coverage of intervals")
        report.table(("experiment", "coverage"), notes)
    return [check.p for checks, _ in seen.values() for check in checks if not np.isnan(check.z)]


def uniformity(report: Report, laws: Sequence[Law], n_seeds: int, seed: int, workers: int) -> dict[str, list[float]]:
    """Whether p-values over many seeds are uniform, and whether a fault too small for one seed is found in all of them.

    Returns the p-values of each law, the faulty one last.
    """
    case = next(case for case in chains.CASES if case.name == FAULTY_CASE)
    faulty = Law(f"fault: beta {FAULT - 1:+.0%} in {FAULTY_CASE}", functools.partial(chains.against, case, FAULT, "both"))
    chosen = [(law, *OVER_SEEDS[law.name]) for law in laws if law.name in OVER_SEEDS] + [(faulty, FAULTY_SCALE, "")]
    jobs = [functools.partial(p_values, law, scale, only, seed + k) for law, scale, only in chosen for k in range(1, n_seeds + 1)]
    seen: dict[str, list[float]] = {}
    for name, values in by_workers(jobs, "p-values over seeds", workers):
        seen.setdefault(name, []).extend(values)
    report.text(f"## p-values over {n_seeds} seeds against the uniform distribution, by Kolmogorov and Smirnov")
    rows: Table = []
    for law, _, _ in chosen:
        values = np.array(seen[law.name])
        result = stats.kstest(values, "uniform")
        least = values.min() * len(values)  # the smallest of so many, by Bonferroni
        if law is faulty:
            # and no seed alone would have found it
            hidden = result.pvalue < FAMILY <= values.min()
            verdict = "found" if hidden else report.must(False, f"{law.name}: not found, or by one seed")
        else:
            verdict = report.must(result.pvalue >= FAMILY and least >= FAMILY, f"uniformity: {law.name}")
        rows.append((law.name, str(len(values)), f"{result.statistic:.4f}", number(result.pvalue), number(values.min()), verdict))
    report.table(("law", "p-values", "D", "p of D", "smallest", ""), rows)
    return {law.name: seen[law.name] for law, _, _ in chosen}


def draw(once: list[float], over_seeds: dict[str, list[float]], path: Path) -> None:
    """P-values of all checks, and of a few laws over many seeds, against the uniform distribution."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    *right_laws, fault = over_seeds
    for name in right_laws:
        left.ecdf(over_seeds[name], linewidth=1.2, label=name)
    left.ecdf(over_seeds[fault], linewidth=2, color="crimson", label=fault)
    left.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    left.set(xlabel="p-value", ylabel="share of p-values below", title="Over many seeds, and with a planted fault")
    left.legend(fontsize=8, loc="lower right")
    values = np.sort(np.clip(once, 1e-300, 1.0))
    right.loglog((np.arange(values.size) + 0.5) / values.size, values, ".", markersize=4)
    ends = np.array([0.3 / values.size, 1.0])
    right.plot(ends, ends, color="black", linewidth=0.8, linestyle=":")
    right.set(xlabel="expected p-value of that rank", ylabel="p-value", title=f"All {values.size:,} checks of the long proof")
    figure.savefig(path, dpi=110)


def plant(fault: faults.Fault, law: Law, seed: int) -> tuple[str, str, int, int, float]:
    """Run one law at scale 1 with a fault."""
    with fault.plant():
        checks = list(law.run(1, seed))
    return fault.name, law.name, len(law.failures(checks)), len(checks), min(check.p for check in checks)


def planted(report: Report, seed: int, workers: int) -> None:
    """Faults that the laws must find, and the smallest relative biases of rates that they do."""
    laws = {law.name: law for module in MODULES for law in module.LAWS}
    jobs = [functools.partial(plant, fault, laws[name], seed) for fault in faults.FAULTS for name in fault.laws]
    found = {(fault, law): result for fault, law, *result in by_workers(jobs, "planted faults", workers)}
    report.text("## Planted faults, at the size of the fast tests")
    rows: Table = []
    for fault, law in ((each.name, law) for each in faults.FAULTS for law in each.laws):
        failed, n_checks, p = found[fault, law]
        verdict = "found" if failed else report.must(False, f"fault {fault!r} by {law!r}: not found")
        rows.append((fault, law, f"{failed} of {n_checks}", number(p), verdict))
    report.table(("fault", "law", "checks failed", "least p", ""), rows)

    sets = [("small", rates.SMALL, "planes"), ("middle", rates.MIDDLE, "planes"), ("small", rates.SMALL, "lists")]
    searches = [functools.partial(rates.smallest_biases, rates.SITUATIONS, given, name, seed) for _, given, name in sets]
    biases: dict[tuple[str, str], list[str]] = {}
    for (_, _, name), smallest in zip(
        sets, joblib.Parallel(n_jobs=workers)(joblib.delayed(job)() for job in searches), strict=True
    ):
        for case, bias in smallest.items():
            report.must(bias <= 0.01, f"bias of {case}, {name}: not found")
            biases.setdefault((name, case.split(",")[0]), []).append(f"{bias:.2%}" if bias <= 0.01 else "none")
    report.text(
        "## Smallest bias detected, of " + ", ".join(f"{bias:.2%}" for bias in rates.BIASES),
        "",
        "Found both too high and too low, as are all larger ones; beta at k = 1 .. 7 infected neighbours, and at 3 beside a shock.",
    )
    report.table(("rate", "way", "smallest bias"), [(case, name, ", ".join(values)) for (name, case), values in biases.items()])


def kill(report: Report, workers: int) -> None:
    """All mutants, beside the unchanged copy."""
    groups = {group: mutants.read(group) for group in ("known", "unseen")}
    fates = {}
    for one in mutants.fates([None, *(each for listed in groups.values() for each in listed)], workers):
        fates[one.name] = one
        print(f"{one.name}: {one.outcome}{', by ' if one.by else ''}{one.by} ({one.seconds:.0f} s)", flush=True)
    unchanged = fates[mutants.UNCHANGED]
    report.must(unchanged.outcome == "survived", f"the unchanged copy: {unchanged.outcome}, by {unchanged.by}")
    killed = sum(one.outcome == "killed" for one in fates.values())
    report.text(
        f"## Mutants: {killed} killed of {len(fates) - 1}",
        "",
        "Each is a small wrong edit; tests run up to the first failure. `unseen`: written without sight of the others and of the",
        "laws.",
        "",
        f"The unchanged copy passes the fast suite in {unchanged.seconds:.0f} s once its kernels are compiled, on one core.",
    )
    rows: Table = []
    for group, listed in groups.items():
        for each in listed:
            one = fates[each.name]
            report.must(one.outcome == "killed", f"mutant {one.name!r}: {one.outcome}")
            by = one.by.removeprefix("tests/").replace("|", " ")
            rows.append((one.name, each.module, group, one.outcome, by, f"{one.seconds:.0f}"))
    report.table(("mutant", "module", "written", "outcome", "first failure", "seconds"), rows)


def select(only: str) -> list[Law]:
    further = [law for module in MODULES for law in getattr(module, "MORE", [])]
    laws = [law for law in [*ALL, *further] if only in law.name]
    if not laws:
        raise click.BadParameter(f"{only!r}: no law's name contains it", param_hint="'--only'")
    return laws


@click.command()
@click.option("--mutants", "by_mutants", is_flag=True, help="Kill all mutants instead.")
@click.option(
    "--scale",
    type=click.FloatRange(min=0.01, max=1000),
    default=100.0,
    show_default=True,
    help="Samples, in those of the fast tests.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=200, max=100_000),
    default=200,
    show_default=True,
    help="Seeds for the uniformity of p-values.",
)
@click.option("--seed", type=click.IntRange(min=0, max=2**31), default=SEED, show_default=True, help="Root of all seeds.")
@click.option("--only", default="", help="Only laws whose name contains this.")
@click.option("--jobs", type=click.IntRange(min=1), default=len(os.sched_getaffinity(0)), help="Processes.  [default: all cores]")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the tables to this file, too, as Markdown, and a picture beside it.",
)
def main(by_mutants: bool, scale: float, seeds: int, seed: int, only: str, jobs: int, out: Path | None) -> None:
    """Prove at length that the package samples the right distributions. Exits with 1 if anything fails."""
    laws = select(only)
    context = click.get_current_context()
    given = [
        name for name in ("scale", "seeds", "seed", "only") if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    if by_mutants and given:
        raise click.BadOptionUsage(given[0], f"--{given[0]}: not with --mutants")
    if not scale > 0:
        raise click.BadParameter(f"{scale}: must be between 0.01 and 1000", param_hint="'--scale'")
    if out is not None:
        if out.suffix != ".md":
            raise click.BadParameter(f"{str(out)!r}: must end in .md", param_hint="'--out'")
        out.parent.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    report = Report()
    report.text(
        "# What `scripts/verify --mutants` prints" if by_mutants else "# What `scripts/verify` prints",
        "",
        f"scfast {sf.__version__}, Python {platform.python_version()}, numba {numba.__version__}, NumPy {np.__version__}, "
        f"{datetime.date.today()}, {jobs} processes" + ("" if by_mutants else f", scale {scale:g}, seed {seed}"),
    )
    if by_mutants:
        kill(report, jobs)
    else:
        once = all_laws(report, laws, scale, seed, jobs)
        over_seeds = uniformity(report, laws, seeds, seed, jobs)
        if not only:
            planted(report, seed, jobs)
    minutes = (time.monotonic() - begin) / 60
    outcome = (
        f"All held; {minutes:.1f} minutes."
        if not report.failures
        else f"FAILED: {'; '.join(report.failures)}. {minutes:.1f} minutes."
    )
    report.text(outcome)
    if out is not None:
        picture = out.with_suffix(".png")
        lines = report.lines if by_mutants else [*report.lines, f"![p-values against the uniform distribution]({picture.name})"]
        out.write_text("\n".join(lines).rstrip() + "\n")
        if not by_mutants:
            draw(once, over_seeds, picture)
    sys.exit(1 if report.failures else 0)


def stop(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        main(standalone_mode=False)
    except click.ClickException as error:
        print(f"verify: {error.format_message()}", file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        print("stopped", file=sys.stderr)
        sys.exit(130)
