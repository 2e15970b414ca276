"""What the commands share: types of parameters, the options of commands that run a plan, tables, files."""

import dataclasses
import functools
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click


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


class _Picture(click.ParamType):
    """The name of a picture's file, whose ending says its kind."""

    name = "picture"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not str(value).endswith((".png", ".svg")):
            raise ValueError(f"{_option(param)} = {value}: must end in .png or .svg")
        return str(value)


def _option(param: click.Parameter | None) -> str:
    return max(param.opts, key=len) if param else "value"


class Interrupted(Exception):
    """An interrupt of a run, on its way past click, which would print an empty line."""


FOLDER = _Folder()
BYTES = _Bytes()
PICTURE = _Picture()


@dataclasses.dataclass(frozen=True)
class Computing:
    """What a command that runs a plan was given; `config` is a configuration or, for some commands, a folder of results."""

    config: str
    out: Path | None
    overrides: tuple[str, ...]
    jobs: int
    backend: str
    scheduler: str | None
    max_memory: float | None
    clean: bool

    def settings(self) -> Any:
        """The checked configuration."""
        from scfast.config import BACKENDS, Config, Files, find

        settings = Config.from_toml(find(self.config), overrides=self.overrides)
        if self.clean:
            if not isinstance(settings.network, Files):
                raise ValueError("--clean: is for a network from files; this one is grown")
            settings = dataclasses.replace(settings, network=dataclasses.replace(settings.network, clean=True))
        if self.jobs != -1 and self.jobs < 1:
            raise ValueError(f"--jobs = {self.jobs}: must be -1 or at least 1")
        if self.backend not in BACKENDS:
            raise ValueError(f"--backend = {self.backend}: must be one of {', '.join(BACKENDS)}")
        return settings

    def folder(self) -> Path:
        """Where results go: must be named."""
        if self.out is None:
            raise ValueError("--out: must name the results folder, as in -o results")
        return self.out

    def computed(self, settings: Any, shard: tuple[int, int] | None = None) -> Any:
        """The result of a plan, run or completed."""
        from scfast import ensemble

        try:
            return ensemble.run(
                settings,
                self.folder(),
                n_jobs=self.jobs,
                backend=self.backend,
                scheduler=self.scheduler,
                max_memory=self.max_memory,
                shard=shard,
                progress=True,
            )
        except KeyboardInterrupt as stop:
            raise Interrupted(*stop.args) from None

    def result(self, settings: Callable[[], Any]) -> Any:
        """The result of a folder of results, or of a configuration that is run or completed: `settings` gives it, checked."""
        if not (Path(self.config) / "manifest.json").exists():
            return self.computed(settings())
        context = click.get_current_context()
        mine = {field.name for field in dataclasses.fields(self)} - {"config"}
        for option in context.command.params:
            given = context.get_parameter_source(str(option.name)) is not click.core.ParameterSource.DEFAULT
            if given and option.name in mine:
                raise ValueError(f"{_option(option)}: is for a configuration; {self.config} holds results")
        from scfast.results import load

        result = load(self.config)
        if "topology" in result.config:
            raise ValueError(f"{self.config}: holds networks that were measured, on which nothing ran")
        return result


def computing(command: Any) -> Any:
    """Give a command the argument CONFIG and the options of :class:`Computing`, collected into one as its first argument."""

    @functools.wraps(command)
    def collected(**given: Any) -> Any:
        how = Computing(**{field.name: given.pop(field.name) for field in dataclasses.fields(Computing)})
        return command(how, **given)

    options = (
        click.argument("config"),
        click.option("--out", "-o", type=FOLDER, help="Results folder, made if missing; what it holds already is kept."),
        click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key: --set run.replicates=4096."),
        click.option("--jobs", "-j", default=-1, show_default=True, help="Workers; -1: all processors. No effect on numbers."),
        click.option("--backend", default="threads", show_default=True, help="threads, loky (processes), dask or ray (clusters)."),
        click.option("--scheduler", metavar="ADDRESS", help="Where the cluster is: tcp://host:8786 (dask), ray://host:10001."),
        click.option("--max-memory", type=BYTES, help="Memory that may be used, as in 8GB; by default what is free."),
        click.option("--clean", is_flag=True, help="Drop self-loops and repeated edges of a network from files."),
    )
    return functools.reduce(lambda made, option: option(made), reversed(options), collected)


def save_picture(figure: Any, picture: str, result: Any) -> None:
    """Write a picture of a result and say where."""
    from scfast import drawing

    drawing.save(figure, picture, f"run {result.manifest['run_id']}, seed {result.seed}")
    click.echo(picture)


def write_new(file: str, text: str) -> None:
    """Write a file, never over one."""
    data = text.encode()
    try:
        with open(file, "xb") as handle:
            handle.write(data)
    except FileExistsError:
        raise ValueError(f"{file}: is there already, and is left as it is") from None


def write_csv(folder: Path, frames: Mapping[str, Any]) -> None:
    """Write tables into a folder, each under its name, and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
        click.echo(folder / f"{name}.csv")


def rates(result: Any) -> Any:
    """The rates that scores became, cell by cell."""
    from scfast import comparison
    from scfast.config import Config

    return comparison.rates(result, Config.from_dict(result.config).cells)


def console() -> Any:
    """Where tables are printed: as wide as the terminal, or 150 columns."""
    from rich.console import Console

    made = Console(highlight=False)
    if not made.is_terminal:
        made.width = 150
    return made


def new_table(title: str, *columns: str, caption: str | None = None) -> Any:
    """An empty table; a column whose name ends in ``>`` holds numbers, at its right."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=title, caption=caption, box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left", title_style="bold"
    )
    for column in columns:
        number = column.endswith(">")
        table.add_column(column.rstrip(">"), justify="right" if number else "left", no_wrap=number or column in ("outcome", "name"))
    return table


def written(table: Any) -> Any:
    """A table of texts for the console."""
    from rich.markup import escape

    made = new_table(escape(table.title), *table.columns, caption=escape(table.caption) or None)
    for row in table.rows:
        made.add_row(*map(escape, row))
    return made


def print_tables(result: Any, tables: Iterable[Any], notes: Iterable[str] = ()) -> None:
    """Tables of texts, notes below them, and which run they are of."""
    screen = console()
    for table in tables:
        screen.print(written(table))
    for note in notes:
        screen.print(f"note: {note}", markup=False)
    screen.print(f"seed {result.seed}   run {result.manifest['run_id'][:16]}")
