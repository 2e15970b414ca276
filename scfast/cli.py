"""The command line: ``scfast init``, ``run``, ``status``, ``merge``, ``show``, ``plot``.

Wrong input ends with one line on standard error and exit code 2; an interrupted run with 130, and the next one goes on from there.
"""

import sys
from pathlib import Path
from typing import Any

import click

from scfast import __version__


class _Folder(click.ParamType):
    """A folder's path: not empty, and not a file's."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if not str(value) or Path(value).is_file():
            raise ValueError(f"{max(param.opts, key=len) if param else 'folder'} = {str(value)!r}: must be a folder")
        return Path(value)


FOLDER = _Folder()
MEANS = "Means; ± is the longer side of the 95 % interval."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="scfast")
def cli() -> None:
    """How risk spreads through supply networks: grow or load a network, run an ensemble, look at it.

    \b
    scfast init > my.toml             a commented configuration
    scfast run my.toml -o results     run it, or complete it
    scfast show results               tables
    scfast plot results               pictures
    """


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--template", "-t", default="default", show_default=True, help="Shipped configuration to start from.")
@click.option("--list", "listing", is_flag=True, help="Name the shipped configurations.")
def init(file: Path | None, template: str, listing: bool) -> None:
    """Print a commented configuration that holds every key, or write it to FILE (never over one)."""
    from scfast import config

    if listing:
        for name, about in config.shipped().items():
            click.echo(f"{name:10} {about}")
        return
    if template not in config.shipped():
        raise config.ConfigError(f"--template = {template}: must be one of {', '.join(config.shipped())}")
    text = config.template_text(template)
    if file is None:
        click.echo(text)
        return
    try:
        with file.open("x", encoding="utf-8") as handle:
            handle.write(text + "\n")
    except FileExistsError:
        raise ValueError(f"{file}: is there already, and is left as it is") from None
    click.echo(f"{file} written; run it with: scfast run {file} -o results", err=True)


@cli.command()
@click.argument("config")
@click.option("--out", "-o", type=FOLDER, help="Results folder, made if missing; what it holds already is kept.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key, as in --set run.replicates=4096.")
@click.option("--jobs", "-j", default=-1, show_default=True, help="Workers; -1: all processors. Never changes the numbers.")
@click.option("--backend", default="threads", show_default=True, help="threads or loky (processes).")
@click.option("--shard", metavar="I/N", help="Compute only part I of N (0 <= I < N) of the plan.")
@click.option("--clean", is_flag=True, help="Drop self-loops and repeated edges of a network from files.")
@click.option("--dry-run", is_flag=True, help="Print the plan: networks, cells, blocks, shards, memory, disk, time.")
def run(
    config: str,
    out: Path | None,
    overrides: tuple[str, ...],
    jobs: int,
    backend: str,
    shard: str | None,
    clean: bool,
    dry_run: bool,
) -> None:
    """Run the experiment that CONFIG describes (a TOML file, or the name of a shipped one), or complete it."""
    from dataclasses import replace

    from scfast.config import Config, Files, find

    settings = Config.from_toml(find(config), overrides=overrides)
    if clean:
        if not isinstance(settings.network, Files):
            raise ValueError("--clean: is for a network from files; this one is grown")
        settings = replace(settings, network=replace(settings.network, clean=True))
    if jobs != -1 and jobs < 1:
        raise ValueError(f"--jobs = {jobs}: must be -1 or at least 1")
    if backend not in ("threads", "loky"):
        raise ValueError(f"--backend = {backend}: must be threads or loky")
    part = _part(shard)
    if not dry_run and out is None:
        raise ValueError("--out: must name the results folder, as in -o results")
    from scfast import ensemble

    if dry_run:
        _print_plan(ensemble.Plan.of(settings), jobs)
        return
    assert out is not None
    result = ensemble.run(settings, out, n_jobs=jobs, backend=backend, progress=True, shard=part)
    _show(result, top=10)
    click.echo(
        f"Results in {out}; pictures: scfast plot {out}" if result.complete else f"{out}: {result.done} of {result.total} done"
    )


def _part(shard: str | None) -> tuple[int, int] | None:
    if shard is None:
        return None
    index, slash, total = shard.partition("/")
    if not (slash and index.isdecimal() and total.isdecimal() and int(index) < int(total)):
        raise ValueError(f"--shard = {shard}: must be I/N with 0 <= I < N")
    return int(index), int(total)


@cli.command()
@click.argument("folder", type=FOLDER)
def status(folder: Path) -> None:
    """How much of a run is finished."""
    from scfast.results import load

    result = load(folder)
    share = 100 * result.done / result.total
    click.echo(f"{folder}: {result.done} of {result.total} networks x cells done ({share:.0f} %)")


@cli.command()
@click.argument("folder", type=FOLDER)
def merge(folder: Path) -> None:
    """Join the shards of a finished run into results.h5 (runs in one piece do so themselves)."""
    from scfast import ensemble

    ensemble.merge_folder(folder)
    click.echo(f"{folder / 'results.h5'} written")


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
    steps = result.to_pandas()
    frames = {"summary": result.summary(cell=cell), "trajectories": steps[steps["cell"].isin(cells)]}
    if "node/infected_steps" in result.tables and cells:
        frames["nodes"] = pd.concat([result.nodes(c).assign(cell=c) for c in cells])
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


def _print_plan(plan: Any, jobs: int) -> None:
    from scfast import lanes

    run, cost = plan.config.run, plan.estimate(jobs)
    blocks = -(-run.replicates // lanes.BLOCK_LANES)
    rows = [
        ("cells", f"{len(plan.config.cells)}"),
        ("networks", f"{run.networks} of {_span([plan.n_nodes(c) for c in range(len(plan.config.cells))])} nodes each"),
        ("replicates", f"{run.replicates} on each network, in {blocks} block{'s' * (blocks > 1)} of up to {lanes.BLOCK_LANES}"),
        ("time steps", f"{run.steps}"),
        ("shards", f"{len(plan.shards)}"),
        ("work", f"{cost['node_steps']:.3g} node-steps"),
        ("time", f"about {_duration(cost['node_steps'] / 2e9)} on one core at 2e9 node-steps/s, without growth and compilation"),
        ("memory", f"about {_size(cost['memory'])} with --jobs {jobs}"),
        ("disk", f"about {_size(cost['disk'])}"),
        ("seed", f"{run.seed}{' (drawn now)' * run.seed_drawn}"),
        ("run id", plan.run_id[:16]),
    ]
    for name, text in rows:
        click.echo(f"{name:11} {text}")


def _span(values: list[int]) -> str:
    return f"{min(values):,}" if min(values) == max(values) else f"{min(values):,} to {max(values):,}"


def _size(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 999.5:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _show(result: Any, top: int, cell: int | None = None) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 150
    cells = range(result.n_cells) if cell is None else [cell]
    for c in cells:
        result.rows(c)
    if not result.complete:
        console.print(f"{result.done} of {result.total} networks x cells done; what follows is of these alone.")
    console.print(_parameters(result))
    if len(cells) == 1:
        if len(result.rows(cells[0])):
            console.print(_outcomes(result, cells[0], console.width >= 100))
            if top and "node/infected_steps" in result.tables:
                console.print(_vulnerable(result, cells[0], top))
    else:
        console.print(_sweep(result, console.width))
    console.print(f"seed {result.seed}   run {result.manifest['run_id'][:16]}   content {result.digest[:16]}")


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
        return ", ".join(f"{key} {_brief(item)}" for key, item in value.items())
    if isinstance(value, list) and len(value) > 8:
        return f"{len(value)} values"
    if isinstance(value, list):
        return ", ".join(map(_brief, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _parameters(result: Any) -> Any:
    table = _table("Parameters", "section", "key", "value")
    for section in ("network", "dynamics", "initial", "run"):
        name = section
        for key, value in result.config[section].items():
            swept = dict(result.config["sweep"]).get(f"{section}.{key}")
            table.add_row(name, key, f"sweep: {_brief(swept)}" if swept else _brief(value))
            name = ""
        if section == "network" and result.done:
            nodes, edges, isolates = (_mean(result.tables[f"rows/n_{what}"]) for what in ("nodes", "edges", "isolates"))
            table.add_row("", "size", f"{nodes} nodes, {edges} edges, {isolates} isolates{' on average' * (result.total > 1)}")
            for note in result.manifest["network_notes"]:
                table.add_row("", "", note)
    return table


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
        _fail(error.format_message().replace("\n", " "), 2)
    except (click.Abort, KeyboardInterrupt) as stop:
        number = (*(stop.__cause__ or stop).args, 2)[0]  # click wraps the interrupt, which says which signal it was
        _fail("stopped; what is finished is kept: run the same command again to go on from there", 128 + int(number))
    except (ValueError, OSError, MemoryError, ImportError) as error:
        wrong = (ValueError, FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)
        _fail(_line(error), 2 if isinstance(error, wrong) else 1)


def _line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'file'}: {error.strerror.lower()}"
    if isinstance(error, MemoryError):
        return f"out of memory: {error}" if str(error) else "out of memory"
    return " ".join(str(error).split())


def _fail(line: str, code: int) -> None:
    click.echo(f"scfast: {line}", err=True)
    sys.exit(code)
