"""How commands show measured networks: tables, notes, JSON, files."""

import contextlib
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from scfast.cli.shared import console, write_csv, written
from scfast.cli.studies import study_tables

MOST_CELLS = 12
"""Up to so many cells have a table of all measures each."""


def show_studies(
    found: Sequence[Any], name: str, csv: Path | None = None, picture: str | None = None, as_json: bool = False
) -> None:
    """Studies, one below the other: their tables, or JSON, and what was asked for beside them.

    Parameters
    ----------
    found : sequence of Study
    name : str
        What they are of.
    csv : Path, optional
        Folder for tables.
    picture : str, optional
        Folder for pictures, or a file where there is one.
    as_json : bool
        One JSON object instead of tables.
    """
    import pandas as pd

    from scfast import claims, pages

    networks = pd.concat([claims.estimated(one) for one in found], ignore_index=True)
    made = {} if picture is None else _pictures(found[0], networks, name, picture)
    summary = pd.concat([one.summary().assign(run=one.manifest["run_id"][:16]) for one in found], ignore_index=True)
    notes: list[str] = []
    data = {"networks": networks}
    if claims.SERIES in claims.named_series(networks):
        texts, notes, data = pages.study_tables(networks)
        tables = [written(text) for text in texts]
    elif found[0].total == 1:
        tables = [written(text) for text in pages.page(found[0].topologies()[0], name)]
    else:
        tables = _ensemble(found[0])
    done = [f"{one.done} of {one.total} networks are done: this is of these alone." for one in found if not one.complete]
    runs = [f"seed {one.seed}   run {one.manifest['run_id'][:16]}" for one in found]
    data |= {"summary": summary}
    if as_json:
        records = {key: frame.to_dict("records") for key, frame in data.items() if key != "networks"}
        click.echo(json_text({"runs": runs, **records, "notes": done + notes}))
    else:
        for line in done:
            click.echo(f"note: {line}")
        print_tables(tables, notes + _sampled(found), runs + [f"Results in {one.folder}" for one in found if one.folder], 120)
    with aside(as_json):
        if csv is not None:
            write_csv(csv, data)
        save_pictures(made, picture or "", f"run {found[0].manifest['run_id']}, seed {found[0].seed}")


def _sampled(found: Sequence[Any]) -> list[str]:
    """A note where path lengths are not of all nodes."""
    sizes = sorted({(one.n_sources, one.n_nodes) for study in found for c in range(study.n_cells) for one in study.topologies(c)})
    some = [(sources, n) for sources, n in sizes if sources < n]
    told = ", ".join(f"{sources:,} of {n:,} nodes" for sources, n in some)
    return [f"path lengths are from sampled sources: {told}; the diameter is then the largest distance found"] if some else []


def _ensemble(study: Any) -> list[Any]:
    """Every measure of each cell, or some of each where there are many cells."""
    if study.n_cells > MOST_CELLS:
        return study_tables(study)
    return [table for cell in range(study.n_cells) if len(study.rows(cell)) for table in study_tables(study, cell=cell)]


def print_tables(tables: Iterable[Any], notes: Iterable[str], last: Iterable[str] = (), least: int = 0) -> None:
    """Tables, notes below them, and lines below these; `least`: columns below which a table would lose numbers."""
    screen = console()
    screen.width = max(screen.width, least)
    for table in tables:
        screen.print(table)
    for line in notes:
        screen.print(f"  {line}" if line.startswith("  ") else f"note: {line}", markup=False)
    for line in last:
        screen.print(line, markup=False)


def _pictures(study: Any, networks: Any, name: str, picture: str) -> dict[str, Any]:
    """Pictures of a study by name: those of its series, or the first network of each cell."""
    from scfast import claims, pages, portraits

    made = dict(portraits.study(networks)) if claims.named_series(networks) else {}
    for cell in range(0 if made else study.n_cells):
        if len(rows := study.rows(cell)):
            number = int(study.tables["rows/network"][rows[0]])
            told = [Path(name).stem, pages.label(study.cells[cell])]
            told += [f"network {number} of {study.n_networks}"] * (study.n_networks > 1)
            page = portraits.portrait(study.topologies(cell)[0], study.network(cell, number), ", ".join(filter(None, told)))
            made["portrait" + f"-cell{cell}" * (study.n_cells > 1)] = page
    if _is_file(picture) and len(made) > 1:
        raise ValueError(f"--plot = {picture}: must be a folder, for {len(made)} pictures")
    return made


def _is_file(picture: str) -> bool:
    return picture.endswith((".png", ".svg"))


def save_pictures(made: Mapping[str, Any], picture: str, about: str) -> None:
    """Write pictures into a folder, each under its name, or the only one into a file, and say where."""
    from scfast import drawing

    for key, figure in made.items():
        path = Path(picture) if _is_file(picture) else Path(picture) / f"{key}.png"
        drawing.save(figure, path, about)
        click.echo(path)


def aside(as_json: bool) -> contextlib.AbstractContextManager[Any]:
    """Beside one JSON object, names of files go to standard error."""
    return contextlib.redirect_stdout(sys.stderr if as_json else sys.stdout)


def json_text(value: Any) -> str:
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
