"""Commands of runs: ``scfast init``, ``run``, ``status``, ``merge``, ``show``, ``plot``."""

import json
import re
import time
from pathlib import Path
from typing import Any

import click

from scfast.cli.shared import FOLDER, Computing, computing, console, new_table, rates, write_csv, write_new, written
from scfast.cli.studies import study_tables

MEANS = "Means; ± is the longer side of the 95 % interval."


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@click.option("--template", "-t", default="default", show_default=True, help="Shipped configuration to start from.")
@click.option("--list", "listing", is_flag=True, help="Name the shipped configurations.")
def init(file: str | None, template: str, listing: bool) -> None:
    """Print a commented configuration that holds every key, or write it to FILE (never over one)."""
    from scfast import config

    if listing:
        for name, about in config.shipped().items():
            click.echo(f"{name:12} {about}")
        return
    if template not in config.shipped():
        raise ValueError(f"--template = {template}: must be one of {', '.join(config.shipped())}")
    if file == "":
        raise ValueError("FILE = '': must be the name of a file")
    text = config.template_text(template)
    if file is None:
        click.echo(text)
        return
    write_new(file, text + "\n")
    click.echo(f"{file} written; run it with: scfast run {file} -o results", err=True)


@click.command()
@computing
@click.option("--shard", metavar="I/N", help="Compute only part I of N (0 <= I < N) of the plan.")
@click.option("--dry-run", is_flag=True, help="Print the plan: networks, cells, blocks, shards, memory, disk, time.")
def run(how: Computing, shard: str | None, dry_run: bool) -> None:
    """Run the experiment that CONFIG describes (a TOML file, or the name of a shipped one), or complete it."""
    settings = how.settings()
    part = _part(shard)
    if dry_run:
        from scfast import ensemble

        _print_plan(ensemble.preview(settings, how.out, how.jobs, how.backend, how.max_memory), how.jobs, how.backend)
        return
    out = how.folder()
    result = how.computed(settings, part)
    if part is not None and not result.complete:
        from scfast import ensemble

        seen = ensemble.status(out)
        click.echo(f"{out}: part {shard} is done; of all, {seen.done} of {seen.total} shards")
        return
    _show(result, top=10)
    draw = f"topology {out} --plot {out}/pictures" if "topology" in result.config else f"plot {out}"
    click.echo(f"Results in {out}; pictures: scfast {draw}")


def _part(shard: str | None) -> tuple[int, int] | None:
    if shard is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", shard)
    index, total = map(int, match.groups()) if match else (0, 0)
    if index >= total:
        raise ValueError(f"--shard = {shard}: must be I/N with 0 <= I < N")
    return index, total


def _print_plan(plan: Any, jobs: int, backend: str) -> None:
    from scfast.plan import size

    run, cost, speed = plan.config.run, plan.estimate(jobs, backend), f"{plan.kind.speed:.0e}".replace("e+0", "e")
    rows = [
        ("cells", f"{len(plan.config.cells)}"),
        ("networks", f"{run.networks} of {_span([plan.n_nodes(c) for c in range(len(plan.config.cells))])} nodes each"),
        *plan.kind.amounts().items(),
        ("shards", f"{len(plan.shards)}"),
        ("work", f"{cost['work']:.3g} {plan.kind.unit}"),
        (
            "time",
            f"about {_duration(cost['work'] / plan.kind.speed)} on one core at {speed} {plan.kind.unit}/s, "
            "without growth and compilation",
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


@click.command()
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


@click.command()
@click.argument("folder", type=FOLDER)
def merge(folder: Path) -> None:
    """Join the shards of a finished run into results.h5 (runs in one piece do so themselves)."""
    from scfast import ensemble

    new = ensemble.merge_folder(folder)
    click.echo(f"{folder / 'results.h5'} {'written' if new else 'is there already'}")


@click.command()
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
    result: Any = load(folder)
    if csv is None:
        _show(result, top=top, cell=cell)
        return
    if "topology" in result.config:
        frames = {"networks": result.networks, "summary": result.summary()}
        if cell is not None:
            result.rows(cell)
            frames = {name: frame[frame["cell"] == cell] for name, frame in frames.items()}
        write_csv(csv, frames)
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
        frames["rates"] = rates(result)
    write_csv(csv, frames)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--to", type=FOLDER, help="Folder for the pictures; FOLDER/pictures if not given.")
@click.option("--format", "fmt", default="png", show_default=True, help="png or svg.")
@click.option("--cell", default=None, type=int, help="Pictures of this cell of a sweep alone.")
def plot(folder: Path, to: Path | None, fmt: str, cell: int | None) -> None:
    """Pictures: states over time, types, degrees, the network, the sweep."""
    from scfast.results import load

    result: Any = load(folder)
    if "topology" in result.config:
        raise ValueError(f"{folder}: holds networks that were measured; scfast topology {folder} draws them")
    from scfast import plots

    for path in plots.save_all(result, to or folder / "pictures", fmt, cell):
        click.echo(path)


def _show(result: Any, top: int, cell: int | None = None) -> None:
    screen = console()
    cells = range(result.n_cells) if cell is None else [cell]
    for c in cells:
        result.rows(c)
    tables = [_parameters(result)]
    if "topology" in result.config:
        tables += study_tables(result, result.folder, cell) if result.done else []
        _print_shown(screen, result, tables)
        return
    if "risk" in result.config and result.done and "sensitivity" not in result.config:
        from scfast.reports import rates_tables

        tables += map(written, rates_tables(rates(result)))
    if len(cells) == 1:
        if len(result.rows(cells[0])):
            tables.append(_outcomes(result, cells[0], screen.width >= 100))
            if top and "node/infected_steps" in result.tables:
                tables.append(_vulnerable(result, cells[0], top))
    else:
        tables.append(_sweep(result, screen.width))
    if result.done and "risk.draw" in result.cells[0]:
        from scfast import uncertainty

        tables += map(written, uncertainty.tables(result, cells))
    _print_shown(screen, result, tables)


def _print_shown(screen: Any, result: Any, tables: list[Any]) -> None:
    if not result.complete:
        screen.print(f"{result.done} of {result.total} networks x cells done; what follows is of these alone.")
    for table in tables:
        screen.print(table)
    content = f"   content {result.digest[:16]}{'' if result.complete else ' (of what is done)'}" if result.done else ""
    screen.print(f"seed {result.seed}   run {result.manifest['run_id'][:16]}{content}")


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
    table = new_table("Parameters", "section", "key", "value")
    for section, values in _sections(result.config):
        name = section
        for key, value in values.items():
            swept = dict(result.config.get("sweep", ())).get(f"{section}.{key}")
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
        for name in ("network", "dynamics", "risk", "initial", "protection", "sensitivity", "topology", "run")
        if name in config
    }
    scores = found.get("risk", {})
    for key in ("immunity", "external", "register", "nodes"):
        if key in scores:
            own = "from your files or judgments"
            scores[key] = f"{len(scores[key]['id'])} nodes" if key == "nodes" and "id" in scores[key] else own
    swept = config.get("sweep", ())
    if not any(key.startswith("protection.") for key, _ in swept) and not found.get("protection", {}).get("protected"):
        found.pop("protection", None)
    tables = [(f"{kind} {k + 1}", table) for kind in ("shock", "strategy") for k, table in enumerate(config.get(kind, ()))]
    tables += [(f"series {k + 1}", {"name": one["name"], **dict(one["sweep"])}) for k, one in enumerate(config.get("series", ()))]
    last = found.pop("run")
    return [*found.items(), *tables, ("run", last)]


def _mean(values: Any) -> str:
    return f"{float(values.mean()):,.1f}".removesuffix(".0")


def _outcomes(result: Any, cell: int, wide: bool) -> Any:
    from scfast.results import OUTCOMES

    one = result.components(cell).conditional
    over = "replicates, conditional on the one network" if one else f"{len(result.rows(cell))} networks"
    table = new_table(
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
    table = new_table("Cells", "cell>", *(f"{key}>" for key in keys), *(f"{name}>" for name in names), caption=MEANS)
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
    table = new_table(
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


COMMANDS = (init, run, status, merge, show, plot)
