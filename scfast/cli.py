"""The command line: ``scfast init``, ``run``, ``compare``, ``status``, ``merge``, ``show``, ``plot``.

Wrong input ends with one line on standard error and exit code 2; an interrupted run with 130, and the next one goes on from there.
"""

import errno
import json
import os
import re
import stat
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click

from scfast import __version__


class _Folder(click.ParamType):
    """A folder's path, which need not be there: not empty, not a file's or below one, not too long."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        why = ""
        try:
            good = bool(str(value)) and stat.S_ISDIR(os.stat(value).st_mode)
        except OSError as error:
            good, why = isinstance(error, FileNotFoundError), f" ({str(error.strerror).lower()})"
        if not good:
            raise ValueError(f"{_option(param)} = {str(value)!r}: must be a folder{why}")
        return Path(value)


class _Bytes(click.ParamType):
    """An amount of memory, as in 8GB or 512MiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from pydantic import ByteSize, TypeAdapter, ValidationError

        try:
            size = float(TypeAdapter(ByteSize).validate_python(value))
        except (ValidationError, OverflowError):
            size = 0.0
        if not size > 0:
            raise ValueError(f"{_option(param)} = {value}: must be an amount of memory, as in 8GB or 512MiB")
        return size


def _option(param: click.Parameter | None) -> str:
    return max(param.opts, key=len) if param else "value"


class _Interrupted(Exception):
    """An interrupt of a run, on its way past click, which would print an empty line."""


FOLDER = _Folder()
BYTES = _Bytes()
MEANS = "Means; ± is the longer side of the 95 % interval."


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="scfast")
@click.pass_context
def cli(context: click.Context) -> None:
    """How risk spreads through supply networks: grow or load a network, run an ensemble, look at it.

    \b
    scfast init > my.toml             a commented configuration
    scfast run my.toml -o results     run it, or complete it
    scfast show results               tables
    scfast plot results               pictures
    scfast compare my.toml -o results strategies beside the baseline
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@click.option("--template", "-t", default="default", show_default=True, help="Shipped configuration to start from.")
@click.option("--list", "listing", is_flag=True, help="Name the shipped configurations.")
def init(file: str | None, template: str, listing: bool) -> None:
    """Print a commented configuration that holds every key, or write it to FILE (never over one)."""
    from scfast import config

    if listing:
        for name, about in config.shipped().items():
            click.echo(f"{name:10} {about}")
        return
    if template not in config.shipped():
        raise ValueError(f"--template = {template}: must be one of {', '.join(config.shipped())}")
    if file == "":
        raise ValueError("FILE = '': must be the name of a file")
    text = config.template_text(template)
    if file is None:
        click.echo(text)
        return
    _write_new(file, text + "\n")
    click.echo(f"{file} written; run it with: scfast run {file} -o results", err=True)


def _write_new(file: str, text: str) -> None:
    """Write a file, never over one."""
    data = text.encode()
    try:
        with open(file, "xb") as handle:
            handle.write(data)
    except FileExistsError:
        raise ValueError(f"{file}: is there already, and is left as it is") from None


def _computing(command: Any) -> Any:
    """The options of commands that run a plan."""
    keep = "Results folder, made if missing; what it holds already is kept."
    for option in reversed(
        (
            click.option("--out", "-o", type=FOLDER, help=keep),
            click.option(
                "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key: --set run.replicates=4096."
            ),
            click.option("--jobs", "-j", default=-1, show_default=True, help="Workers; -1: all processors. No effect on numbers."),
            click.option(
                "--backend", default="threads", show_default=True, help="threads, loky (processes), dask or ray (clusters)."
            ),
            click.option("--scheduler", metavar="ADDRESS", help="Where the cluster is: tcp://host:8786 (dask), ray://host:10001."),
            click.option("--max-memory", type=BYTES, help="Memory that may be used, as in 8GB; by default what is free."),
            click.option("--clean", is_flag=True, help="Drop self-loops and repeated edges of a network from files."),
        )
    ):
        command = option(command)
    return command


def _settings(config: str, overrides: tuple[str, ...], jobs: int, backend: str, clean: bool) -> Any:
    """The checked configuration."""
    from dataclasses import replace

    from scfast.config import BACKENDS, Config, Files, find

    settings = Config.from_toml(find(config), overrides=overrides)
    if clean:
        if not isinstance(settings.network, Files):
            raise ValueError("--clean: is for a network from files; this one is grown")
        settings = replace(settings, network=replace(settings.network, clean=True))
    if jobs != -1 and jobs < 1:
        raise ValueError(f"--jobs = {jobs}: must be -1 or at least 1")
    if backend not in BACKENDS:
        raise ValueError(f"--backend = {backend}: must be one of {', '.join(BACKENDS)}")
    return settings


def _needed(out: Path | None) -> Path:
    if out is None:
        raise ValueError("--out: must name the results folder, as in -o results")
    return out


def _computed(settings: Any, out: Path, **how: Any) -> Any:
    """The result of a plan, run or completed in `out`."""
    from scfast import ensemble

    try:
        return ensemble.run(settings, out, progress=True, **how)
    except KeyboardInterrupt as stop:
        raise _Interrupted(*stop.args) from None


@cli.command()
@click.argument("config")
@_computing
@click.option("--shard", metavar="I/N", help="Compute only part I of N (0 <= I < N) of the plan.")
@click.option("--dry-run", is_flag=True, help="Print the plan: networks, cells, blocks, shards, memory, disk, time.")
def run(
    config: str,
    out: Path | None,
    overrides: tuple[str, ...],
    jobs: int,
    backend: str,
    scheduler: str | None,
    max_memory: float | None,
    clean: bool,
    shard: str | None,
    dry_run: bool,
) -> None:
    """Run the experiment that CONFIG describes (a TOML file, or the name of a shipped one), or complete it."""
    settings = _settings(config, overrides, jobs, backend, clean)
    part = _part(shard)
    if not dry_run:
        out = _needed(out)
    from scfast import ensemble

    if dry_run:
        _print_plan(ensemble.preview(settings, out, jobs, backend, max_memory), jobs, backend)
        return
    assert out is not None
    result = _computed(settings, out, n_jobs=jobs, backend=backend, scheduler=scheduler, max_memory=max_memory, shard=part)
    if part is not None and not result.complete:
        seen = ensemble.status(out)
        click.echo(f"{out}: part {shard} is done; of all, {seen.done} of {seen.total} shards")
        return
    _show(result, top=10)
    click.echo(f"Results in {out}; pictures: scfast plot {out}")


@cli.command()
@click.argument("config")
@_computing
@click.option(
    "--outcome", "outcomes", multiple=True, metavar="NAME", help="risk load, eliminated, peak, extinct (the default), ..."
)
@click.option("--csv", type=FOLDER, help="Write comparison.csv, ranking.csv and rates.csv into this folder, too.")
@click.option("--plot", "picture", metavar="PICTURE", help="Draw the comparison, as png or svg by the name's ending.")
@click.pass_context
def compare(
    context: click.Context,
    config: str,
    out: Path | None,
    overrides: tuple[str, ...],
    jobs: int,
    backend: str,
    scheduler: str | None,
    max_memory: float | None,
    clean: bool,
    outcomes: tuple[str, ...],
    csv: Path | None,
    picture: str | None,
) -> None:
    """Strategies beside the baseline, with intervals.

    CONFIG is a configuration with [[strategy]] tables, which is run or completed, or the folder of results of one.
    """
    if picture is not None and not picture.endswith((".png", ".svg")):
        raise ValueError(f"--plot = {picture}: must end in .png or .svg")
    if (Path(config) / "manifest.json").exists():
        for option in context.command.params:
            given = context.get_parameter_source(str(option.name)) is not click.core.ParameterSource.DEFAULT
            if given and option.name not in ("config", "outcomes", "csv", "picture"):
                raise ValueError(f"{_option(option)}: is for a configuration; {config} holds results")
        from scfast.results import load

        result = load(config)
        _comparable(config, result.config.get("strategy"))
    else:
        settings = _settings(config, overrides, jobs, backend, clean)
        _comparable(config, settings.strategies)
        _check_outcomes(outcomes)
        result = _computed(settings, _needed(out), n_jobs=jobs, backend=backend, scheduler=scheduler, max_memory=max_memory)
    _print_comparison(result, outcomes, csv, picture)


def _result_of(context: click.Context, config: str, own: tuple[str, ...], settings: Any, how: dict[str, Any]) -> Any:
    """The result of a folder of results, or of a configuration that is run or completed: `settings()` gives it, checked."""
    if not (Path(config) / "manifest.json").exists():
        return _computed(settings(), **how)
    for option in context.command.params:
        given = context.get_parameter_source(str(option.name)) is not click.core.ParameterSource.DEFAULT
        if given and option.name not in ("config", *own):
            raise ValueError(f"{_option(option)}: is for a configuration; {config} holds results")
    from scfast.results import load

    return load(config)


@cli.command()
@click.argument("config")
@_computing
@click.option("--csv", type=FOLDER, help="Write drivers.csv into this folder, too.")
@click.option("--plot", "picture", metavar="PICTURE", help="Draw effects beside weights, as png or svg by the name's ending.")
@click.pass_context
def drivers(
    context: click.Context,
    config: str,
    out: Path | None,
    overrides: tuple[str, ...],
    jobs: int,
    backend: str,
    scheduler: str | None,
    max_memory: float | None,
    clean: bool,
    csv: Path | None,
    picture: str | None,
) -> None:
    """Which indicators drive risk, beside the weights that judgments give them.

    CONFIG is a configuration with [risk] and [sensitivity], which is run or completed, or the folder of results of one.
    """
    _check_picture(picture)

    def settings() -> Any:
        made = _settings(config, overrides, jobs, backend, clean)
        if made.sensitivity is None:
            raise ValueError(f"{config}: has no [sensitivity], a design that varies the scores of [risk]")
        _needed(out)
        return made

    how = {"out": out, "n_jobs": jobs, "backend": backend, "scheduler": scheduler, "max_memory": max_memory}
    result = _result_of(context, config, ("csv", "picture"), settings, how)
    from scfast import sensitivity

    found = [sensitivity.drivers(result, name) for name in ("risk load", "eliminated")]
    console = _console()
    for one in found:
        for table in sensitivity.tables(one):
            console.print(_written(table))
    for note in [note for one in found for note in sensitivity.notes(one)]:
        console.print(f"note: {note}", markup=False)
    console.print(f"seed {result.seed}   run {result.manifest['run_id'][:16]}")
    if csv is not None:
        import pandas as pd

        _write_csv(csv, "drivers", pd.concat([one.table.assign(outcome=one.outcome) for one in found]))
    if picture is not None:
        from scfast import charts, plots

        plots.save(charts.drivers(result), picture, f"run {result.manifest['run_id']}, seed {result.seed}")
        click.echo(picture)


@cli.command()
@click.argument("config")
@_computing
@click.option("--top", default=10, show_default=True, help="How many of the most important nodes.")
@click.option("--cell", default=0, show_default=True, type=int, help="Which cell of a sweep.")
@click.option("--csv", type=FOLDER, help="Write importance.csv, of all nodes, into this folder, too.")
@click.option("--plot", "picture", metavar="PICTURE", help="Draw it against degree, vulnerability and fitness, as png or svg.")
@click.pass_context
def importance(
    context: click.Context,
    config: str,
    out: Path | None,
    overrides: tuple[str, ...],
    jobs: int,
    backend: str,
    scheduler: str | None,
    max_memory: float | None,
    clean: bool,
    top: int,
    cell: int,
    csv: Path | None,
    picture: str | None,
) -> None:
    """Which firms matter most: the mean outbreak where one alone is infected at first, beside degree and vulnerability.

    CONFIG is a configuration, whose baseline is run or completed with "importance" in run.record, or the folder of results of one.
    """
    _check_picture(picture)
    if top < 0:
        raise ValueError(f"--top = {top}: must be at least 0")

    def settings() -> Any:
        from dataclasses import replace

        made = replace(_settings(config, overrides, jobs, backend, clean), strategies=(), sensitivity=None)
        _needed(out)
        if not 0 <= cell < len(made.cells):
            raise ValueError(f"--cell = {cell}: must be between 0 and {len(made.cells) - 1}")
        kept = dict.fromkeys((*made.run.record, "nodes", "importance"))
        return replace(made, run=replace(made.run, record=tuple(kept)))

    how = {"out": out, "n_jobs": jobs, "backend": backend, "scheduler": scheduler, "max_memory": max_memory}
    result = _result_of(context, config, ("top", "cell", "csv", "picture"), settings, how)
    frame = result.importance(cell)
    from scfast import sensitivity

    console = _console()
    for table in sensitivity.importance_tables(result, frame, top):
        console.print(_written(table))
    console.print(f"seed {result.seed}   run {result.manifest['run_id'][:16]}")
    if csv is not None:
        _write_csv(csv, "importance", frame)
    if picture is not None:
        from scfast import charts, plots

        plots.save(charts.importance(result, cell), picture, f"run {result.manifest['run_id']}, seed {result.seed}")
        click.echo(picture)


def _check_picture(picture: str | None) -> None:
    if picture is not None and not picture.endswith((".png", ".svg")):
        raise ValueError(f"--plot = {picture}: must end in .png or .svg")


def _write_csv(folder: Path, name: str, frame: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / f"{name}.csv", index=False)
    click.echo(folder / f"{name}.csv")


def _check_outcomes(outcomes: tuple[str, ...]) -> None:
    from scfast.parameters import nearest
    from scfast.results import OUTCOMES

    for name in outcomes:
        if name not in OUTCOMES:
            raise ValueError(f"--outcome = {name}: {nearest(name, OUTCOMES)}")


def _comparable(config: str, strategies: Any) -> None:
    if not strategies:
        raise ValueError(f"{config}: has no [[strategy]]: must have at least one to be compared with the baseline")


def _print_comparison(result: Any, outcomes: tuple[str, ...], csv: Path | None, picture: str | None) -> None:
    import pandas as pd

    from scfast import comparison, reports

    _check_outcomes(outcomes)
    table = comparison.compare(result, outcomes or comparison.COMPARED)
    frames = {"comparison": table}
    texts = reports.tables(table)
    if ranked := comparison.ranked(table):
        frames["ranking"] = pd.concat([comparison.ranking(table, name) for name in ranked])
    if "risk" in result.config and result.done:
        frames["rates"] = _rates(result)
        texts += reports.rates_tables(frames["rates"])
    console = _console()
    for text in texts:
        console.print(_written(text))
    for note in reports.notes(result, table):
        console.print(f"note: {note}", markup=False)
    console.print(f"seed {result.seed}   run {result.manifest['run_id'][:16]}")
    if csv is not None:
        csv.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            frame.to_csv(csv / f"{name}.csv", index=False)
            click.echo(csv / f"{name}.csv")
    if picture is not None:
        from scfast import charts, plots

        plots.save(charts.compare(result), picture, f"run {result.manifest['run_id']}, seed {result.seed}")
        click.echo(picture)


def _rates(result: Any) -> Any:
    from scfast import comparison
    from scfast.config import Config

    return comparison.rates(result, Config.from_dict(result.config).cells)


def _written(table: Any) -> Any:
    """A table of texts for the console."""
    from rich.markup import escape

    made = _table(escape(table.title), *table.columns, caption=escape(table.caption) or None)
    for row in table.rows:
        made.add_row(*map(escape, row))
    return made


def _part(shard: str | None) -> tuple[int, int] | None:
    if shard is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", shard)
    index, total = map(int, match.groups()) if match else (0, 0)
    if index >= total:
        raise ValueError(f"--shard = {shard}: must be I/N with 0 <= I < N")
    return index, total


@cli.command()
@click.argument("folder", type=FOLDER)
@click.option("--watch", is_flag=True, help="Look again and again, until all is there.")
@click.option("--every", default=2.0, show_default=True, help="Seconds between looks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each look.")
def status(folder: Path, watch: bool, every: float, as_json: bool) -> None:
    """How far a run is: done, rate, time left, failures. Looks at the files alone, so it may run anywhere, at any time."""
    from dataclasses import asdict

    if not 0.1 <= every <= 86400:
        raise ValueError(f"--every = {every}: must be 0.1 to 86400 seconds")
    from scfast import ensemble

    if watch and not (folder / "manifest.json").exists():
        click.echo(f"{folder}: waiting for a run to begin in it", err=True)
        while not (folder / "manifest.json").exists():
            time.sleep(every)
    plan = ensemble.plan_of(folder)
    while True:
        seen = ensemble.status(folder, plan)
        click.echo(json.dumps(asdict(seen)) if as_json else f"{folder}: {_progress(seen)}")
        if not watch or seen.complete or (seen.failures and seen.done + len(seen.failures) >= seen.total):
            break
        time.sleep(every)
    for failure in [] if as_json else seen.failures:
        click.echo(f"given up: {failure}")


def _progress(seen: Any) -> str:
    share = 100 * seen.work / max(seen.total_work, 1)
    parts = [f"{seen.done} of {seen.total} shards done ({share:.0f} %)"]
    if seen.complete:
        parts.append("merged")
    elif seen.done == seen.total:
        parts.append("to be merged")
    else:
        if seen.rate and seen.seconds_left is not None:
            parts.append(f"{seen.rate:.2e} {seen.unit}/s, {_duration(seen.seconds_left)} left")
        if seen.idle is not None:
            parts.append(f"the last one {_duration(seen.idle)} ago")
    if seen.stalled:
        parts.append("nothing new for long: stopped? The same command goes on")
    if seen.failures:
        parts.append(f"{len(seen.failures)} given up")
    if seen.damaged:
        parts.append(f"{seen.damaged} damaged, to be made again")
    if seen.set_aside:
        parts.append(f"{seen.set_aside} files set aside")
    return "; ".join(parts)


@cli.command()
@click.argument("folder", type=FOLDER)
def merge(folder: Path) -> None:
    """Join the shards of a finished run into results.h5 (runs in one piece do so themselves)."""
    from scfast import ensemble

    written = ensemble.merge_folder(folder)
    click.echo(f"{folder / 'results.h5'} {'written' if written else 'is there already'}")


@cli.command()
@click.argument("folder", type=FOLDER)
@click.option("--top", default=10, show_default=True, help="How many of the most vulnerable nodes.")
@click.option("--cell", default=None, type=int, help="Only this cell of a sweep.")
@click.option("--csv", type=FOLDER, help="Write summary.csv, trajectories.csv and nodes.csv into this folder instead.")
def show(folder: Path, top: int, cell: int | None, csv: Path | None) -> None:
    """Tables: parameters, ensemble summary with intervals, the most vulnerable nodes."""
    import pandas as pd

    from scfast.results import load

    if top < 0:
        raise ValueError(f"--top = {top}: must be at least 0")
    result = load(folder)
    if csv is None:
        _show(result, top=top, cell=cell)
        return
    cells = [c for c in range(result.n_cells) if len(result.rows(c))] if cell is None else [cell]
    for c in cells:
        result.type_sizes(c)  # refuses a cell that is not there, or of which nothing is
    nodes = [result.nodes(c).assign(cell=c) for c in cells if "node/infected_steps" in result.tables]
    steps = result.to_pandas()
    frames = {"summary": result.summary(cell=cell), "trajectories": steps[steps["cell"].isin(cells)]}
    if nodes:
        frames["nodes"] = pd.concat(nodes)
    if "risk" in result.config and result.done:
        frames["rates"] = _rates(result)
    csv.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(csv / f"{name}.csv", index=False)
        click.echo(csv / f"{name}.csv")


@cli.command()
@click.argument("folder", type=FOLDER)
@click.option("--to", type=FOLDER, help="Folder for the pictures; FOLDER/pictures if not given.")
@click.option("--format", "fmt", default="png", show_default=True, help="png or svg.")
@click.option("--cell", default=None, type=int, help="Pictures of this cell of a sweep alone.")
def plot(folder: Path, to: Path | None, fmt: str, cell: int | None) -> None:
    """Pictures: states over time, types, degrees, the network, the sweep."""
    from scfast.results import load

    result = load(folder)
    from scfast import plots

    for path in plots.save_all(result, to or folder / "pictures", fmt, cell):
        click.echo(path)


class _Register(click.Group):
    """Options without a command are those of ``list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@cli.group(cls=_Register)
def register() -> None:
    """Risk factors: what they move, and what can be done. Without a command: list."""


WITH = click.option("--with", "files", multiple=True, metavar="FILE", help="Add the factors of a register of your own (TOML).")


@register.command(name="list")
@click.option("--class", "category", metavar="CLASS", help="Only this class: cooperation, transfer, external, internal, ...")
@click.option("--indicator", metavar="KEY", help="Only what moves this indicator.")
@click.option("--search", metavar="TEXT", help="Only what has this text in it.")
@click.option("--csv", "to", metavar="FILE", help="Write a CSV file (never over one) instead of a table.")
@WITH
def list_register(category: str | None, indicator: str | None, search: str | None, to: str | None, files: tuple[str, ...]) -> None:
    """The factors as a table: class, source, the scores that each moves at full severity, strategies against it."""
    from rich.markup import escape

    from scfast.register import Register, csv_text

    factors = Register.load(files).select(category, indicator, search)
    if to is not None:
        _write_new(to, csv_text(factors))
        click.echo(to)
        return
    table = _table(f"{len(factors)} risk factors", "factor", "class", "source", "moves", "strategies")
    for factor in factors:
        row = factor.cells()
        table.add_row(*(escape(row[column]) for column in (0, 2, 3, 5, 7)))
    _console().print(table)


@register.command(name="show")
@click.argument("key")
@WITH
def show_factor(key: str, files: tuple[str, ...]) -> None:
    """All about one factor."""
    from scfast.register import Register

    known = Register.load(files)
    factor = known[key]
    click.echo(f"{factor.label} ({factor.key})\n{factor.category}, source {factor.source}\n{factor.about}")
    click.echo("At full severity it moves the score of")
    for name, effect in factor.effects.items():
        click.echo(f"  {known.systems.indicators[name].label} ({name}): {effect:+g}")
    for response in factor.responses:
        kinds = f" ({', '.join(response.strategies)})" if response.strategies else ""
        click.echo(f"- {response.text}{kinds}")


@register.command(name="new")
@click.argument("file")
@click.option("--from", "answers", metavar="FILE", help="Answers as TOML instead of questions, as above.")
@WITH
def new_register(file: str, answers: str | None, files: tuple[str, ...]) -> None:
    """Find the risk factors of a cooperation in four steps (scope, identify, classify, list) and write them to FILE.

    A file for --from has a scope, under [present] each factor that is present with its severity, 0 to 1, and a table
    [factor.KEY] for each one that is new. FILE is written in this form. With known factors only:

    \b
        scope = "Our two firms, 2027"
        [present]
        trust = 0.5
        natural_disaster = 0.2

    \b
    A new factor, port_strike, which can then stand under [present]:
        [factor.port_strike]
        class = "external"
        about = "Dockers walk out."
        effects = { delivery_delay = 0.5 }
    """
    from scfast.register import Register, identify, interview, read_toml, risk_lines

    known = Register.load(files)
    if os.path.lexists(file):
        raise ValueError(f"{file}: is there already, and is left as it is")
    if answers is not None:
        given = read_toml(answers)
    else:
        try:
            given = interview(known, _ask, lambda line: click.echo(click.wrap_text(line, 100)))
        except click.Abort as stop:
            if not isinstance(stop.__context__, EOFError):
                raise
            click.echo()
            raise ValueError(f"{file}: not written, the answers ended too early") from None
    try:
        text, present = identify(given, known)
    except ValueError as error:
        raise ValueError(f"{answers}: {error}" if answers else str(error)) from None
    _write_new(file, text)
    click.echo(f"{file} written; in a configuration:", err=True)
    click.echo(risk_lines([*files, file], present))


def _ask(question: str, default: str | None, check: Any) -> Any:
    def checked(text: str) -> Any:
        try:
            return check(text)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    return click.prompt(question, default=default, value_proc=checked, show_default=bool(default))


@cli.command()
@click.argument("file")
@click.option("--method", type=str, help="geometric (the default), sum or eigenvector, instead of what FILE says.")
@click.option("--allow-inconsistent", is_flag=True, help="Accept a consistency ratio of 0.1 and more.")
@click.option("--sensitivity", "swings", is_flag=True, help="How far each judgment is from changing an order.")
@click.option("--plot", "picture", metavar="PICTURE", help="Draw the hierarchy, as png or svg by the name's ending.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def ahp(file: str, method: str | None, allow_inconsistent: bool, swings: bool, picture: str | None, as_json: bool) -> None:
    """Weights from the judgments in FILE, with every consistency ratio.

    FILE holds a hierarchy (TOML) or one factor's matrix (CSV), or is the name of a shipped index system, immunity or external.
    """
    import warnings

    from scfast.ahp import plain, read, sensitivity
    from scfast.profiles import SHIPPED

    if picture is not None and not picture.endswith((".png", ".svg")):
        raise ValueError(f"--plot = {picture}: must end in .png or .svg")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        path = SHIPPED / f"{file}.toml" if file in ("immunity", "external") else file
        tree = read(path, method, allow_inconsistent=allow_inconsistent)
    for warning in caught:
        click.echo(f"scfast: warning: {' '.join(str(warning.message).split())}", err=True)
    found = sensitivity(tree) if swings else None
    if picture is not None:
        from scfast import plots

        plots.save(plots.ahp(tree), picture, f"weights by {file}")
    if as_json:
        click.echo(json.dumps(plain(tree, found), indent=1))
        return
    console = _console()
    console.print(_weights(tree))
    for note in tree.notes:
        console.print(f"note: {note}", markup=False)
    if found is not None:
        console.print(_swings(tree, found))
    if picture is not None:
        click.echo(picture)


def _weights(tree: Any) -> Any:
    from rich.markup import escape

    caption = f"By the {tree.method} method. CR below 0.1 is consistent."
    table = _table(
        escape(tree.goal.label), "factor", "local>", "global>", "children>", "lambda max>", "CR>", "CR of experts", caption=caption
    )

    def add(node: Any, depth: int) -> None:
        row = [f"{'  ' * depth}{escape(node.label)}", f"{node.local_weight:.4f}", f"{node.global_weight:.4f}"]
        if node.judged is not None:
            own = ", ".join(f"{escape(name)} {one.consistency_ratio:.4f}" for name, one in node.judged.experts.items())
            mark = "" if node.judged.consistent else " (!)"
            row += [f"{node.judged.n}", f"{node.judged.lambda_max:.4f}", f"{node.judged.consistency_ratio:.4f}{mark}", own]
        table.add_row(*row, style="bold" if node.children else None)
        for child in node.children:
            add(child, depth + 1)

    add(tree.goal, 0)
    return table


def _swings(tree: Any, swings: Any) -> Any:
    from rich.markup import escape

    from scfast.ahp import as_text

    names = {node.key: escape(node.label) for node in tree.goal.walk()}

    def ways(*changes: Any) -> str:
        told = [
            f"{sign} {change.factor:.3g} ({as_text(change.value)}): {names[change.overtaker]} passes {names[change.overtaken]}"
            for sign, change in zip("\N{MULTIPLICATION SIGN}/", changes, strict=True)
            if change
        ]
        return "\n".join(told) or "never"

    table = _table(
        "How far each judgment is from changing an order",
        *("judgment", "is>", "order of its factor's children", "order of the leaves by global weight"),
        caption="Nearest first. Times or divided by, within 1/9 to 9, what the judgment becomes, and which passes which.",
    )
    for swing in sorted(swings, key=lambda swing: swing.nearest):
        pair = f"{names[swing.over]} over {names[swing.under]}"
        children = ways(swing.children_up, swing.children_down)
        table.add_row(pair, as_text(swing.value), children, ways(swing.leaves_up, swing.leaves_down))
    return table


def _print_plan(plan: Any, jobs: int, backend: str) -> None:
    from scfast import lanes
    from scfast.plan import size

    run, cost = plan.config.run, plan.estimate(jobs, backend)
    blocks = -(-run.replicates // lanes.BLOCK_LANES)
    rows = [
        ("cells", f"{len(plan.config.cells)}"),
        ("networks", f"{run.networks} of {_span([plan.n_nodes(c) for c in range(len(plan.config.cells))])} nodes each"),
        ("replicates", f"{run.replicates} on each network, in {blocks} block{'s' * (blocks > 1)} of up to {lanes.BLOCK_LANES}"),
        ("time steps", f"{run.steps}"),
        ("shards", f"{len(plan.shards)}"),
        ("work", f"{cost['work']:.3g} {plan.kind.unit}"),
        (
            "time",
            f"about {_duration(cost['work'] / plan.kind.speed)} on one core at {plan.kind.speed:.0e} {plan.kind.unit}/s, without growth and compilation",
        ),
        ("memory", f"about {size(cost['memory'])} with --jobs {jobs}"),
        ("disk", f"about {size(cost['disk'])}"),
        ("seed", f"{run.seed}{' (drawn now)' * run.seed_drawn}"),
        ("run id", plan.run_id[:16]),
    ]
    for name, text in rows:
        click.echo(f"{name:11} {text}")


def _span(values: list[int]) -> str:
    return f"{min(values):,}" if min(values) == max(values) else f"{min(values):,} to {max(values):,}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _show(result: Any, top: int, cell: int | None = None) -> None:
    console = _console()
    cells = range(result.n_cells) if cell is None else [cell]
    for c in cells:
        result.rows(c)
    tables = [_parameters(result)]
    if "risk" in result.config and result.done and "sensitivity" not in result.config:
        from scfast.reports import rates_tables

        tables += map(_written, rates_tables(_rates(result)))
    if len(cells) == 1:
        if len(result.rows(cells[0])):
            tables.append(_outcomes(result, cells[0], console.width >= 100))
            if top and "node/infected_steps" in result.tables:
                tables.append(_vulnerable(result, cells[0], top))
    else:
        tables.append(_sweep(result, console.width))
    if result.done and "risk.draw" in result.cells[0]:
        from scfast import uncertainty

        tables += map(_written, uncertainty.tables(result, cells))
    if not result.complete:
        console.print(f"{result.done} of {result.total} networks x cells done; what follows is of these alone.")
    for table in tables:
        console.print(table)
    content = f"   content {result.digest[:16]}{'' if result.complete else ' (of what is done)'}" if result.done else ""
    console.print(f"seed {result.seed}   run {result.manifest['run_id'][:16]}{content}")


def _console() -> Any:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 150
    return console


def _table(title: str, *columns: str, caption: str | None = None) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(
        title=title, caption=caption, box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left", title_style="bold"
    )
    for column in columns:
        number = column.endswith(">")
        table.add_column(column.rstrip(">"), justify="right" if number else "left", no_wrap=number or column in ("outcome", "name"))
    return table


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{key} {{{_brief(item)}}}" if isinstance(item, dict) else f"{key} {_brief(item)}" for key, item in value.items()
        )
    if isinstance(value, list) and len(value) > 8:
        return f"{len(value)} values"
    if isinstance(value, list):
        return ", ".join(map(_brief, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _parameters(result: Any) -> Any:
    table = _table("Parameters", "section", "key", "value")
    for section, values in _sections(result.config):
        name = section
        for key, value in values.items():
            swept = dict(result.config["sweep"]).get(f"{section}.{key}")
            table.add_row(name, key, f"sweep: {_brief(swept)}" if swept else _brief(value))
            name = ""
        if section == "network" and result.done:
            nodes, edges, isolates = (_mean(result.tables[f"rows/n_{what}"]) for what in ("nodes", "edges", "isolates"))
            table.add_row("", "size", f"{nodes} nodes, {edges} edges, {isolates} isolates{' on average' * (result.total > 1)}")
            for note in result.manifest["network_notes"]:
                table.add_row("", "", note)
    return table


def _sections(config: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Sections of a configuration that say something, with what is long in them cut short."""
    found = {
        name: dict(config[name])
        for name in ("network", "dynamics", "risk", "initial", "protection", "sensitivity", "run")
        if name in config
    }
    scores = found.get("risk", {})
    for key in ("immunity", "external", "register", "nodes"):
        if key in scores:
            own = "from your files or judgments"
            scores[key] = f"{len(scores[key]['id'])} nodes" if key == "nodes" and "id" in scores[key] else own
    if not any(key.startswith("protection.") for key, _ in config["sweep"]) and not found.get("protection", {}).get("protected"):
        found.pop("protection", None)
    tables = [(f"{kind} {k + 1}", table) for kind in ("shock", "strategy") for k, table in enumerate(config.get(kind, ()))]
    last = found.pop("run")
    return [*found.items(), *tables, ("run", last)]


def _mean(values: Any) -> str:
    return f"{float(values.mean()):,.1f}".removesuffix(".0")


def _outcomes(result: Any, cell: int, wide: bool) -> Any:
    from scfast.results import OUTCOMES

    one = result.components(cell).conditional
    over = "replicates, conditional on the one network" if one else f"{len(result.rows(cell))} networks"
    table = _table(
        f"Outcomes ({result.label(cell)})" if result.cells[cell] else "Outcomes",
        *("outcome", "mean>", "95 % interval>"),
        *(("sd between>", "sd within>") if wide else ()),
        *("5 %>", "median>", "95 %>"),
        caption=f"95 % interval of the mean, over {over};\n5 %, median and 95 % over all replicates"
        + "; sd: standard deviation\nbetween and within networks" * wide
        + ".\n"
        + "\n".join(f"{name}: {meaning}{' (steps)' * (unit == 'steps')}" for name, (meaning, unit) in OUTCOMES.items()),
    )
    for row in result.summary(cell=cell).itertuples():
        between = "-" if one else f"{row.sd_between:.3g}"
        interval = f"{row.low:.4g} .. {row.high:.4g}"
        quantiles = (f"{row.q05:.4g}", f"{row.q50:.4g}", f"{row.q95:.4g}")
        spread = (between, f"{row.sd_within:.3g}") if wide else ()
        table.add_row(row.outcome, f"{row.mean:.4g}", interval, *spread, *quantiles)
    return table


def _sweep(result: Any, width: int, most: int = 100) -> Any:
    keys = [key.split(".", 1)[1] for key in result.cells[0]]
    room = (width - 8 - sum(len(key) + 5 for key in keys)) // 22
    names = ("risk load", "eliminated", "extinct", "peak", "attack rate")[: max(1, room)]
    table = _table("Cells", "cell>", *(f"{key}>" for key in keys), *(f"{name}>" for name in names), caption=MEANS)
    for cell, swept in list(enumerate(result.cells))[:most]:
        texts = []
        for name in names:
            if not len(result.rows(cell)):
                texts.append("-")
                continue
            part, _ = result.outcome(name, cell)
            low, high = part.interval()
            texts.append(f"{float(part.mean):.4g} ± {float(max(high - part.mean, part.mean - low)):.2g}")
        table.add_row(str(cell), *(_brief(value) for value in swept.values()), *texts)
    if result.n_cells > most:
        table.caption = f"The first {most} of {result.n_cells} cells; all by --csv. {MEANS}"
    return table


def _vulnerable(result: Any, cell: int, top: int) -> Any:
    frame = result.nodes(cell, top)
    several = result.n_networks > 1
    named = any(frame["id"] != frame["name"])
    head = ("network>",) * several + ("id",) + ("name",) * named + ("type", "degree>", "infected>", "eliminated>")
    table = _table(
        f"The {len(frame)} most vulnerable nodes",
        *head,
        caption="infected: share of its time ± standard error; nodes closer than two of these are as good as equal.\n"
        "eliminated: share of replicates.",
    )
    for row in frame.itertuples():
        place = (str(row.network),) * several + (str(row.id),) + (str(row.name),) * named + (str(row.type), str(row.degree))
        error = f" ± {row.infected_se:.4f}" if row.infected_se == row.infected_se else ""
        table.add_row(*place, f"{row.infected:.4f}{error}", f"{row.eliminated:.4f}")
    return table


def main() -> None:
    """Entry point: one line and an exit code instead of a traceback for whatever a user can get wrong."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        _fail(error.format_message(), 2)
    except (click.Abort, KeyboardInterrupt, _Interrupted) as stop:
        number = (*(stop.__cause__ or stop).args, 2)[0]  # click wraps the interrupt, which says which signal it was
        click.echo(f"scfast: stopped; {KEPT}" if isinstance(stop, _Interrupted) else "scfast: stopped", err=True)
        if any(thread.name.startswith("scfast-worker") for thread in threading.enumerate()):
            sys.stdout.flush()
            os._exit(128 + int(number))  # what is still at work would be waited for; what is published is whole
        sys.exit(128 + int(number))
    except (ValueError, OSError, MemoryError, ImportError) as error:
        wrong = (ValueError, FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)
        path = isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EROFS)
        _fail(_line(error), 2 if path or isinstance(error, wrong) else 1)
    except RuntimeError as error:
        from scfast.driver import GivenUp

        if not isinstance(error, GivenUp):
            raise
        _fail(str(error), 1)


KEPT = "what is finished is kept: run the same command again to go on from there"


def _line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{error.filename or 'file'}: {str(error.strerror).lower()}; make room; {KEPT}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'file'}: {error.strerror.lower()}"
    if isinstance(error, MemoryError):
        return f"out of memory: {error}" if str(error) else "out of memory"
    return str(error)


def _fail(line: str, code: int) -> None:
    click.echo(f"scfast: {' '.join(line.split())}", err=True)
    sys.exit(code)
