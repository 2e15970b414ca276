"""The shape of networks: ``scfast topology``."""

import contextlib
import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from scfast.cli.shared import FOLDER, Computing, Interrupted, console, write_csv, written

EDGES = ("nodes", "clean", "symmetrize")
MEASURED = ("sources", "bootstraps", "seed")
RUN = ("out", "overrides", "jobs")
PRINTED = ("csv", "picture", "as_json")


@click.command()
@click.argument("what", required=False)
@click.option("--study", is_flag=True, help="Run or complete the network study, instead of WHAT.")
@click.option("--large", is_flag=True, help="With --study: up to a million nodes, too.")
@click.option("--nodes", metavar="FILE", help="CSV of nodes, for a CSV of edges: id, perhaps type and others.")
@click.option("--out", "-o", type=FOLDER, help="Results folder, made if missing; what it holds already is kept.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key of a configuration or of the study.")
@click.option("--jobs", "-j", default=-1, show_default=True, help="Workers; -1: all processors. No effect on numbers.")
@click.option("--csv", type=FOLDER, help="Write tables into this folder, too.")
@click.option("--plot", "picture", metavar="FILE|DIR", help="Draw: a .png or .svg of a network, or a folder.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.option("--bootstraps", type=int, help="Samples for goodness of fit and interval of the exponent; by default none.")
@click.option("--sources", type=int, help="Nodes from which paths are measured; by default all of up to 20,000.")
@click.option("--clean", is_flag=True, help="Drop self-loops and repeated edges of a CSV of edges.")
@click.option("--symmetrize", is_flag=True, help="Rows of a CSV of edges are directed; a pair given both ways is one edge.")
@click.option("--seed", type=int, help="Root seed of what is sampled; 0 for a CSV of edges.")
@click.pass_context
def topology(context: click.Context, /, what: str | None, study: bool, large: bool, **given: Any) -> None:
    """Degrees, path lengths, clustering, tiers, cores and thresholds of networks.

    WHAT is a CSV of edges (source,target), of which one page is printed; a configuration, whose networks are grown and measured;
    or the folder of results of one with [topology]. With --study: the network study, its tables and claims, and its pictures.
    """
    if study and what is not None:
        raise ValueError(f"--study: must not be given together with WHAT, here {what}")
    if large and not study:
        raise ValueError("--large: goes with --study")
    if study:
        _allow(context, (*RUN, *PRINTED), "the study")
        _study(large, **{name: given[name] for name in (*RUN, *PRINTED)})
    elif not what:
        raise ValueError("WHAT: must be a CSV of edges, a configuration or a folder of results; or give --study")
    elif Path(what).is_dir():
        _allow(context, PRINTED, f"a folder of results, {what},")
        _print(_loaded(Path(what)), what, **{name: given[name] for name in PRINTED})
    elif _is_table(what):
        _allow(context, (*EDGES, *MEASURED, *PRINTED), f"a CSV of edges, {what},")
        _one(what, **{name: given[name] for name in (*EDGES, *MEASURED, *PRINTED)})
    else:
        _allow(context, (*RUN, *MEASURED, *PRINTED), f"a configuration, {what},")
        _grown(what, given)


def _allow(context: click.Context, names: tuple[str, ...], about: str) -> None:
    """Refuse options that have no meaning for what is measured."""
    for option in context.command.params:
        chosen = context.get_parameter_source(str(option.name)) is not click.core.ParameterSource.DEFAULT
        if chosen and option.name not in (*names, "what", "study", "large"):
            raise ValueError(f"{max(option.opts, key=len)}: has no meaning for {about} which has none")


def _is_table(what: str) -> bool:
    """Whether this is a CSV file, not a configuration or the name of a shipped one."""
    from scfast.config import shipped

    path = Path(what)
    return path.suffix.lower() != ".toml" and (path.suffix.lower() == ".csv" or (path.is_file() and what not in shipped()))


def _one(
    edges: str,
    nodes: str | None,
    clean: bool,
    symmetrize: bool,
    sources: int | None,
    bootstraps: int | None,
    seed: int | None,
    csv: Path | None,
    picture: str | None,
    as_json: bool,
) -> None:
    """One page of a network from files."""
    from scfast import measure, pages, read_network

    network = read_network(edges, nodes, clean=clean, symmetrize=symmetrize)
    found = measure(network, sources=sources, bootstraps=bootstraps or 0, seed=seed or 0)
    path = Path(edges).absolute()
    name = path.parent.name if path.stem == "edges" and path.parent.name else path.stem
    if as_json:
        click.echo(_json(pages.plain(found)))
    else:
        screen = console()
        for table in pages.page(found, name):
            screen.print(written(table))
        for note in network.notes:
            screen.print(f"note: {note}", markup=False)
    if csv is not None:
        with _aside(as_json):
            write_csv(csv, pages.frames(found))
    if picture is not None:
        from scfast import plots, portraits

        to = Path(picture) if picture.endswith((".png", ".svg")) else Path(picture) / f"{name}.png"
        plots.save(portraits.portrait(found, network, name), to, f"topology of {name}")
        click.echo(to, err=as_json)


def _grown(what: str, given: dict[str, Any]) -> None:
    """Networks of a configuration, measured as an ensemble."""
    from scfast.config import Config, RunSettings, TopologySettings

    settings = _how(what, given).settings()
    if settings.topology is None:  # what happens on the networks has no meaning here
        run = settings.run
        sweep = [(key, values) for key, values in settings.sweep if key.startswith("network.")]
        seed = None if run.seed_drawn else run.seed
        settings = Config(
            settings.network, sweep=sweep, run=RunSettings(networks=run.networks, seed=seed), topology=TopologySettings(),
            base=settings.base, name=settings.name)  # fmt: skip
    chosen = {name: given[name] for name in ("sources", "bootstraps") if given[name] is not None}
    settings = replace(settings, topology=replace(settings.topology, **chosen))
    if given["seed"] is not None:
        settings = replace(settings, run=replace(settings.run, seed=given["seed"]))
    found = _run(settings, given["out"], given["jobs"])
    _print([found], what, **{name: given[name] for name in PRINTED})


def _how(config: str, given: dict[str, Any]) -> Computing:
    return Computing(config, given["out"], given["overrides"], given["jobs"], "threads", None, None, False)


def _run(settings: Any, out: Path | None, jobs: int) -> Any:
    """The study of a configuration, run or completed; in memory without a folder."""
    from scfast import ensemble

    try:
        return ensemble.run(settings, out, n_jobs=jobs, progress=True)
    except KeyboardInterrupt as stop:
        raise Interrupted(*stop.args) from None


def _study(large: bool, **given: Any) -> None:
    """The network study: run or completed, in `out` and, of large networks, in `out`/large."""
    out = _how("study", given).folder()
    folders = {"study": out} | ({"study_large": out / "large"} if large else {})
    settings = {name: _how(name, given).settings() for name in folders}
    found = [_run(settings[name], folder, given["jobs"]) for name, folder in folders.items()]
    picture = given["picture"] or str(out / "pictures")
    _print(found, "the network study", given["csv"], picture, given["as_json"])


def _loaded(folder: Path) -> list[Any]:
    """The study in a folder, and that of large networks below it."""
    from scfast.results import load
    from scfast.study import Study

    found = [load(folder)]
    if (folder / "large" / "manifest.json").exists():
        found.append(load(folder / "large"))
    if not all(isinstance(one, Study) for one in found):
        raise ValueError(f"{folder}: holds results of dynamics; must hold those of a configuration with [topology]")
    if not found[0].done:
        raise ValueError(f"{folder}: nothing is finished yet, so there is nothing to show")
    return found


def _print(found: list[Any], name: str, csv: Path | None, picture: str | None, as_json: bool) -> None:
    """Tables of studies, one below the other, and what was asked for beside them."""
    import pandas as pd

    from scfast import claims, pages

    networks = pd.concat([claims.estimated(one) for one in found], ignore_index=True)
    first = found[0]
    summary = pd.concat([one.summary().assign(run=one.manifest["run_id"][:16]) for one in found], ignore_index=True)
    notes: list[str] = []
    data = {"networks": networks}
    if claims.SERIES in claims.named_series(networks):
        tables, notes, data = pages.study_tables(networks)
    elif first.total == 1:
        tables = pages.page(first.topologies()[0], name)
    else:
        tables = pages.ensemble(first.summary(), [pages.label(cell) for cell in first.cells])
    done = [f"{one.done} of {one.total} networks are done: this is of these alone." for one in found if not one.complete]
    runs = [f"seed {one.seed}   run {one.manifest['run_id'][:16]}" for one in found]
    if as_json:
        frames = data | {"summary": summary}
        records = {key: frame.to_dict("records") for key, frame in frames.items() if key != "networks"}
        click.echo(_json({"runs": runs, **records, "notes": done + notes}))
    else:
        screen = console()
        for table in tables:
            screen.print(written(table))
        for line in done + notes:
            screen.print(f"note: {line}", markup=False)
        screen.print("\n".join(runs))
    if csv is not None:
        with _aside(as_json):
            write_csv(csv, data | {"summary": summary})
    if picture is not None:
        with _aside(as_json):
            _draw(found, networks, name, picture)


def _draw(found: list[Any], networks: Any, name: str, picture: str) -> None:
    """Pictures of a study, or of the first network of each cell, in a folder; or the only one in a file."""
    from scfast import claims, pages, plots, portraits

    first = found[0]
    made = dict(portraits.study(networks)) if claims.named_series(networks) else {}
    for cell in range(first.n_cells if not made else 0):
        if len(rows := first.rows(cell)):
            number = int(first.tables["rows/network"][rows[0]])
            told = [Path(name).stem, pages.label(first.cells[cell])]
            told += [f"network {number} of {first.n_networks}"] * (first.n_networks > 1)
            page = portraits.portrait(first.topologies(cell)[0], first.network(cell, number), ", ".join(filter(None, told)))
            made["portrait" + f"-cell{cell}" * (first.n_cells > 1)] = page
    one = picture.endswith((".png", ".svg"))
    if one and len(made) > 1:
        raise ValueError(f"--plot = {picture}: must be a folder, for {len(made)} pictures")
    for key, figure in made.items():
        path = Path(picture) if one else Path(picture) / f"{key}.png"
        plots.save(figure, path, f"run {first.manifest['run_id']}, seed {first.seed}")
        click.echo(path)


def _aside(as_json: bool) -> Any:
    """Beside one JSON object, names of files go to standard error."""
    return contextlib.redirect_stdout(sys.stderr if as_json else sys.stdout)


def _json(value: Any) -> str:
    """As JSON, in which NaN is null and what is infinite is text."""

    def plain(item: Any) -> Any:
        if isinstance(item, dict):
            return {str(key): plain(one) for key, one in item.items()}
        if isinstance(item, list | tuple):
            return [plain(one) for one in item]
        if hasattr(item, "item"):
            item = item.item()
        if isinstance(item, float) and not math.isfinite(item):
            return None if math.isnan(item) else str(item)
        return item

    return json.dumps(plain(value), indent=1)


COMMANDS = (topology,)
