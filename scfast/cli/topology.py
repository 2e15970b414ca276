"""The shape of networks: ``scfast topology``."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from scfast.cli.measured import aside, json_text, print_tables, save_pictures, show_studies
from scfast.cli.shared import FOLDER, Computing, Interrupted, write_csv, written

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
@click.option("--seed", type=int, help="Root seed; for a CSV of edges, of what is sampled, by default 0.")
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
    _check_picture(given["picture"], study)
    if study:
        _allow(context, (*RUN, *PRINTED), "the study")
        _study(large, **{name: given[name] for name in (*RUN, *PRINTED)})
    elif not what:
        raise ValueError("WHAT: must be a CSV of edges, a configuration or a folder of results; or give --study")
    elif Path(what).is_dir():
        _allow(context, PRINTED, f"a folder of results ({what})")
        show_studies(_loaded(Path(what)), what, **{name: given[name] for name in PRINTED})
    elif _is_table(what):
        _allow(context, (*EDGES, *MEASURED, *PRINTED), f"a CSV of edges ({what})")
        _one(what, **{name: given[name] for name in (*EDGES, *MEASURED, *PRINTED)})
    else:
        _allow(context, (*RUN, *MEASURED, *PRINTED), f"a configuration ({what})")
        _grown(what, given)


def _check_picture(picture: str | None, study: bool) -> None:
    """Refuse early what nothing can be drawn to."""
    kind = Path(picture or "").suffix.lower()
    if study and kind in (".png", ".svg"):
        raise ValueError(f"--plot = {picture}: must be a folder, for the pictures of the study")
    if kind in (".pdf", ".eps", ".ps", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".webp", ".bmp"):
        raise ValueError(f"--plot = {picture}: must end in .png or .svg, or be a folder")


def _allow(context: click.Context, names: tuple[str, ...], about: str) -> None:
    """Refuse options that have no meaning for what is measured."""
    for option in context.command.params:
        chosen = context.get_parameter_source(str(option.name)) is not click.core.ParameterSource.DEFAULT
        if chosen and option.name not in (*names, "what", "study", "large"):
            raise ValueError(f"{max(option.opts, key=len)}: has no meaning for {about}")


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
    if picture is not None and not network.n_edges:
        raise ValueError(f"--plot = {picture}: needs a network with at least one edge; {edges} has none")
    found = measure(network, sources=sources, bootstraps=bootstraps or 0, seed=seed or 0)
    path = Path(edges).absolute()
    name = path.parent.name if path.stem == "edges" and path.parent.name else path.stem
    made = {}
    if picture is not None:
        from scfast import portraits

        made = {name: portraits.portrait(found, network, name)}
    if as_json:
        click.echo(json_text(pages.plain(found)))
    else:
        print_tables(map(written, pages.page(found, name)), network.notes)
    with aside(as_json):
        if csv is not None:
            write_csv(csv, pages.frames(found))
        save_pictures(made, picture or "", f"topology of {name}")


def _grown(what: str, given: dict[str, Any]) -> None:
    """Networks of a configuration, measured as an ensemble."""
    from scfast.config import Config, RunSettings, TopologySettings

    settings = _how(what, given).settings()
    if settings.topology is None:  # what happens on the networks has no meaning here
        run = settings.run
        sweep = [(key, values) for key, values in settings.sweep if key.startswith("network.")]
        few = RunSettings(networks=run.networks, seed=None if run.seed_drawn else run.seed)
        settings = Config(
            settings.network,
            _rates(settings),
            sweep=sweep,
            run=few,
            topology=TopologySettings(),
            base=settings.base,
            name=settings.name,
        )
    chosen = {name: given[name] for name in ("sources", "bootstraps") if given[name] is not None}
    settings = replace(settings, topology=replace(settings.topology, **chosen))
    if given["seed"] is not None:
        settings = replace(settings, run=replace(settings.run, seed=given["seed"]))
    n_cells, picture = len(settings.cells), given["picture"] or ""
    if n_cells > 1 and picture.endswith((".png", ".svg")):
        raise ValueError(f"--plot = {picture}: must be a folder, for the pictures of {n_cells} cells")
    found = _run(settings, given["out"], given["jobs"])
    show_studies([found], what, **{name: given[name] for name in PRINTED})


def _rates(settings: Any) -> Any:
    """The dynamics of a configuration, those that follow from scores too."""
    from scfast import read_network
    from scfast.cells import Expected
    from scfast.config import Grown

    network, cell = settings.network, settings.cells[0]
    if settings.risk is None:
        return settings.dynamics
    if isinstance(network, Grown):
        return cell.model(Expected(network.n_nodes, network.type_names))
    edges, nodes = settings.paths(network)
    return cell.model(read_network(edges, nodes, clean=network.clean, symmetrize=network.symmetrize))


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
    show_studies(found, "the network study", given["csv"], picture, given["as_json"])


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


COMMANDS = (topology,)
