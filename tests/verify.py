"""The long proof: every law at its largest size, p-values over many seeds, planted faults; or all mutants, or the long tests."""

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
import pytest
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
    "degrees: uniform attachment": (1 / 64, "m = 1, N = 5000, k = 1"),
    "intervals: G = 8": (1, "normal, 95%"),
    "components: unbalanced": (1, "within"),
}
FAULTY_CASE, FAULTY_SCALE, FAULT = "star, shared", 1 / 8, 1.01
WORDS = (
    "- A lane is one replicate, a bit of each machine word. `planes`: all nodes of a block of lanes advance at once, as planes of "
    "bits; `lists`: only the nodes at risk; `both`: from one to the other and back every two steps.",
    f"- `bound`: the p-value below which a check fails. All checks of a law share a probability of error of {FAMILY:g}; those of "
    f"rates have {rates.EACH:g} each.",
    "- `p`: up to three p-values, or the least of so many.",
    "- `z`: the deviation that the least p-value belongs to, in standard deviations, with its sign. In brackets, where a test "
    "knows no sign: the normal deviate exceeded with probability p, which is negative where p is above 1/2.",
    "- `D`: largest distance between the distribution of p-values and the uniform one.",
)

WORST = 3  # failed checks of a law that are described

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

    def must(self, holds: bool, what: str, good: str = "holds", bad: str = "**FAILS**") -> str:
        """A word for a table."""
        if not holds:
            self.failures.append(what)
        return good if holds else bad


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


def describe(law: Law, check: Check) -> str:
    """A failed check, for a list."""
    detail = f"; {check.note}" if check.note else ""
    return f"- {law.name}: {check.case}: p = {number(check.p)}, z = {check.z:.2f}, {check.n:,} samples{detail}"


def all_laws(report: Report, laws: Sequence[Law], scale: float, seed: int, workers: int) -> list[float]:
    """Every law once, at its largest; returns the p-values of all checks but those of what is certain."""
    jobs = [functools.partial(look, law, scale, seed) for law in laws]
    seen = {law.name: (checks, seconds) for law, checks, seconds in by_workers(jobs, "laws", workers)}
    report.text(f"## Laws: {sum(len(checks) for checks, _ in seen.values()):,} checks of {len(laws)} laws", "", *WORDS)
    rows: Table = []
    wrong: list[str] = []
    for law in laws:
        checks, seconds = seen[law.name]
        worst = min(checks, key=lambda check: check.p)
        listed = ", ".join(number(check.p) for check in checks) if len(checks) <= 3 else f"{number(worst.p)} of {len(checks)}"
        failed = sorted(law.failures(checks), key=lambda check: check.p)
        verdict = report.must(not failed, law.name)
        wrong += [describe(law, check) for check in failed[:WORST]]
        if len(failed) > WORST:
            wrong.append(f"- {law.name}: and {len(failed) - WORST} more")
        rows.append(
            (
                law.name,
                f"{max(c.n for c in checks):,}",
                listed,
                f"{worst.z:.2f}" if worst.signed else f"({worst.z:.2f})",
                f"{law.bound(len(checks)):.1e}",
                f"{seconds:.0f}",
                verdict,
            )
        )
    report.table(("law", "samples", "p", "z", "bound", "seconds", ""), rows)
    if wrong:
        report.text("### What failed, the worst first", "", *wrong)
    covers = [
        (
            f"{law.name}: {check.case}",
            f"{check.n:,}",
            check.note,
            "**FAILS**" if check in law.failures(seen[law.name][0]) else "holds",
        )
        for law in laws
        for check in seen[law.name][0]
        if "coverage" in check.note
    ]
    if covers:
        report.text("## Coverage of intervals")
        report.table(("experiments", "number", "coverage", ""), covers)
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
            verdict = report.must(result.pvalue < FAMILY, f"{law.name}: not found", "found")
            report.must(values.min() >= FAMILY, f"{law.name}: found by a single seed: the dynamics are farther off than planted")
        else:
            verdict = report.must(result.pvalue >= FAMILY and least >= FAMILY, f"uniformity: {law.name}")
        smallest = f"{number(values.min())} ({FAMILY / len(values):.0e})"
        rows.append((law.name, str(len(values)), f"{result.statistic:.4f}", number(result.pvalue), smallest, verdict))
    report.table(("law", "p-values", "D", f"p of D ({FAMILY:g})", "smallest (bound)", ""), rows)
    return {law.name: seen[law.name] for law, _, _ in chosen}


def draw(once: list[float], over_seeds: dict[str, list[float]], title: str, path: Path) -> None:
    """P-values of all checks, and of a few laws over many seeds, against the uniform distribution."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6.5), layout="constrained")
    *right_laws, fault = over_seeds or [""]
    for k, name in enumerate(right_laws):
        left.ecdf(over_seeds[name], linewidth=1.2, label=name, color=plt.get_cmap("tab20")(k % 20))
    if fault:
        left.ecdf(over_seeds[fault], linewidth=2.5, color="black", label=fault)
        left.legend(fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.12), frameon=False)
    left.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    left.set(xlabel="p-value", ylabel="share of p-values below", title="A few laws over many seeds, and a planted fault")
    values = np.sort(np.clip(once, 1e-300, 1.0))
    ranks = np.arange(1, values.size + 1)
    expected = (ranks - 0.5) / values.size
    low, high = (stats.beta.ppf(q, ranks, values.size + 1 - ranks) for q in (0.025, 0.975))
    right.fill_between(
        expected,
        low,
        high,
        alpha=0.2,
        color="grey",
        linewidth=0,
        label="95 % of uniform p-values; exact tests and Holm's give larger ones",
    )
    right.loglog(expected, values, ".", markersize=4, label="checks")
    right.plot(expected, expected, color="black", linewidth=0.8, linestyle=":")
    right.set(xlabel="expected p-value of that rank", ylabel="p-value", title=title)
    right.legend(fontsize=8, loc="upper left", frameon=False)
    figure.savefig(path, dpi=100)


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


def listed(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo("\n".join(law.name for law in select("")))
        context.exit(0)


@click.command(epilog="Exit codes: 0 if all held, 1 if anything failed, 2 for bad options, 130 or 143 if stopped.")
@click.option("--mutants", "by_mutants", is_flag=True, help="Kill all mutants instead.")
@click.option("--long", "by_tests", is_flag=True, help="Run the tests of safety that take minutes instead.")
@click.option(
    "--scale",
    type=click.FloatRange(min=0.01, max=1000),
    default=100.0,
    show_default=True,
    help="Samples of each law, as a multiple of what the fast tests take; some laws take less than is asked.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=0, max=100_000),
    default=200,
    show_default=True,
    help="Seeds for the uniformity of p-values: 0 for none, or 200 and more.",
)
@click.option("--seed", type=click.IntRange(min=0, max=2**31), default=SEED, show_default=True, help="Root of all seeds.")
@click.option("--only", default="", help="Only laws whose name contains this, and no planted faults.")
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=listed, help="List the laws and stop.")
@click.option("--jobs", type=click.IntRange(min=1), default=len(os.sched_getaffinity(0)), help="Processes.  [default: all cores]")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the tables to this file, too, as Markdown, and a picture beside it.",
)
def main(by_mutants: bool, by_tests: bool, scale: float, seeds: int, seed: int, only: str, jobs: int, out: Path | None) -> None:
    """Prove at length that the package samples the right distributions."""
    laws = select(only)
    context = click.get_current_context()
    given = [
        name for name in ("scale", "seeds", "seed", "only") if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    part = [f"--{name} {context.params[name]}" for name in given if name != "seed"]
    if (by_mutants or by_tests) and given:
        raise click.BadOptionUsage(given[0], f"--{given[0]}: not with {'--mutants' if by_mutants else '--long'}")
    if by_tests:
        sys.exit(pytest.main(["-m", "long", "-v", str(Path(__file__).parent)]))
    if not scale > 0:
        raise click.BadParameter(f"{scale}: must be between 0.01 and 1000", param_hint="'--scale'")
    if 0 < seeds < 200:
        raise click.BadParameter(f"{seeds}: must be 0, or 200 or more", param_hint="'--seeds'")
    if out is not None:
        if out.suffix != ".md":
            raise click.BadParameter(f"{str(out)!r}: must end in .md", param_hint="'--out'")
        try:  # rather than after the run
            out.parent.mkdir(parents=True, exist_ok=True)
            for path in (out, out.with_suffix(".png")):
                path.open("a").close()
        except OSError as error:
            raise click.BadParameter(f"{str(out)!r}: cannot be written: {error.strerror}", param_hint="'--out'") from None
    begin = time.monotonic()
    report = Report()
    report.text(
        "# What `scripts/verify --mutants` prints" if by_mutants else "# What `scripts/verify` prints",
        "",
        f"scfast {sf.__version__}, Python {platform.python_version()}, numba {numba.__version__}, NumPy {np.__version__}, "
        f"{datetime.date.today()}, {jobs} process{'es' if jobs > 1 else ''}"
        + ("" if by_mutants else f", scale {scale:g}, seed {seed}"),
    )
    if by_mutants:
        kill(report, jobs)
    else:
        once = all_laws(report, laws, scale, seed, jobs)
        over_seeds = uniformity(report, laws, seeds, seed, jobs) if seeds else {}
        if not only:
            planted(report, seed, jobs)
    minutes = (time.monotonic() - begin) / 60
    if by_mutants:
        what = "All mutants were killed"
    elif part:
        what = "All held of this part of the proof: " + ", ".join(part)
    else:
        what = "All held"
    report.text(
        f"FAILED: {'; '.join(report.failures)}. {minutes:.1f} minutes." if report.failures else f"{what}; {minutes:.1f} minutes."
    )
    if out is not None:
        picture = out.with_suffix(".png")
        lines = report.lines if by_mutants else [*report.lines, f"![p-values against the uniform distribution]({picture.name})"]
        out.write_text("\n".join(lines).rstrip() + "\n")
        if not by_mutants:
            title = f"All {len(once):,} checks {', '.join(part) or 'of the long proof'}"
            draw(once, over_seeds, title, picture)
    sys.exit(1 if report.failures else 0)


class Terminated(KeyboardInterrupt):
    """SIGTERM."""


def stop(*_: object) -> None:
    raise Terminated


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        main(prog_name="scripts/verify", standalone_mode=False)
    except click.ClickException as error:
        print(f"verify: {error.format_message()}", file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort) as error:
        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        print("stopped", file=sys.stderr)
        sys.exit(143 if isinstance(error, Terminated) or isinstance(error.__cause__, Terminated) else 130)
