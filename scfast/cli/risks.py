"""Commands of risk and comparison: ``scfast ahp``, ``register``, ``compare``, ``drivers``, ``importance``."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from scfast.cli.shared import (
    FOLDER,
    PICTURE,
    Computing,
    computing,
    console,
    new_table,
    print_tables,
    rates,
    save_picture,
    write_csv,
    write_new,
)


@click.command()
@computing
@click.option(
    "--outcome", "outcomes", multiple=True, metavar="NAME", help="risk load, eliminated, peak, extinct (the default), ..."
)
@click.option("--csv", type=FOLDER, help="Write comparison.csv, ranking.csv and rates.csv into this folder, too.")
@click.option("--plot", "picture", type=PICTURE, help="Draw the comparison, as png or svg by the name's ending.")
def compare(how: Computing, outcomes: tuple[str, ...], csv: Path | None, picture: str | None) -> None:
    """Strategies beside the baseline, with intervals.

    CONFIG is a configuration with [[strategy]] tables, which is run or completed, or the folder of results of one.
    """

    def comparable(strategies: Any) -> None:
        if not strategies:
            raise ValueError(f"{how.config}: has no [[strategy]]: must have at least one to be compared with the baseline")
        _check_outcomes(outcomes)

    def settings() -> Any:
        made = how.settings()
        comparable(made.strategies)
        how.folder()
        return made

    result = how.result(settings)
    comparable(result.config.get("strategy"))
    frames, texts, notes = _compared(result, outcomes)
    print_tables(result, texts, notes)
    if csv is not None:
        write_csv(csv, frames)
    if picture is not None:
        from scfast import charts

        save_picture(charts.compare(result), picture, result)


def _check_outcomes(outcomes: tuple[str, ...]) -> None:
    from scfast.entries import nearest
    from scfast.results import OUTCOMES

    for name in outcomes:
        if name not in OUTCOMES:
            raise ValueError(f"--outcome = {name}: {nearest(name, OUTCOMES)}")


def _compared(result: Any, outcomes: tuple[str, ...]) -> tuple[dict[str, Any], list[Any], list[str]]:
    """A comparison's tables as data, as texts, and the notes below them."""
    import pandas as pd

    from scfast import comparison, reports

    table = comparison.compare(result, outcomes or comparison.COMPARED)
    frames = {"comparison": table}
    texts = reports.tables(table)
    if ranked := comparison.ranked(table):
        frames["ranking"] = pd.concat([comparison.ranking(table, name) for name in ranked])
    if "risk" in result.config and result.done:
        frames["rates"] = rates(result)
        texts += reports.rates_tables(frames["rates"])
    return frames, texts, reports.notes(result, table)


@click.command()
@computing
@click.option("--csv", type=FOLDER, help="Write drivers.csv into this folder, too.")
@click.option("--plot", "picture", type=PICTURE, help="Draw effects beside weights, as png or svg by the name's ending.")
def drivers(how: Computing, csv: Path | None, picture: str | None) -> None:
    """Which indicators drive risk, beside the weights that judgments give them.

    CONFIG is a configuration with [risk] and [sensitivity], which is run or completed, or the folder of results of one.
    """

    def settings() -> Any:
        made = how.settings()
        if made.sensitivity is None:
            raise ValueError(f"{how.config}: has no [sensitivity], a design that varies the scores of [risk]")
        how.folder()
        return made

    result = how.result(settings)
    from scfast import sensitivity

    found = [sensitivity.drivers(result, name) for name in ("risk load", "eliminated")]
    notes = [note for one in found for note in sensitivity.notes(one)]
    print_tables(result, [table for one in found for table in sensitivity.tables(one)], notes)
    if csv is not None:
        import pandas as pd

        write_csv(csv, {"drivers": pd.concat([one.table.assign(outcome=one.outcome) for one in found])})
    if picture is not None:
        from scfast import charts

        save_picture(charts.drivers(result), picture, result)


@click.command()
@computing
@click.option("--top", default=10, show_default=True, help="How many of the most important nodes.")
@click.option("--cell", default=0, show_default=True, type=int, help="Which cell of a sweep.")
@click.option("--csv", type=FOLDER, help="Write importance.csv, of all nodes, into this folder, too.")
@click.option("--plot", "picture", type=PICTURE, help="Draw it against degree, vulnerability and fitness, as png or svg.")
def importance(how: Computing, top: int, cell: int, csv: Path | None, picture: str | None) -> None:
    """Which firms matter most: the mean outbreak where one alone is infected at first, beside degree and vulnerability.

    CONFIG is a configuration, whose baseline is run or completed with "importance" in run.record, or the folder of results of one.
    """
    if top < 0:
        raise ValueError(f"--top = {top}: must be at least 0")

    def settings() -> Any:
        made = replace(how.settings(), strategies=(), sensitivity=None)
        if made.topology is not None:
            raise ValueError(f"{how.config}: has [topology]: networks are measured, and nothing runs on them")
        how.folder()
        if not 0 <= cell < len(made.cells):
            raise ValueError(f"--cell = {cell}: must be between 0 and {len(made.cells) - 1}")
        kept = dict.fromkeys((*made.run.record, "nodes", "importance"))
        return replace(made, run=replace(made.run, record=tuple(kept)))

    result = how.result(settings)
    frame = result.importance(cell)
    from scfast import sensitivity

    print_tables(result, sensitivity.importance_tables(result, frame, top))
    if csv is not None:
        write_csv(csv, {"importance": frame})
    if picture is not None:
        from scfast import charts

        save_picture(charts.importance(result, cell), picture, result)


class _Register(click.Group):
    """Options without a command are those of ``list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Register)
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
        write_new(to, csv_text(factors))
        click.echo(to)
        return
    table = new_table(f"{len(factors)} risk factors", "factor", "class", "source", "moves", "strategies")
    for factor in factors:
        row = factor.cells()
        table.add_row(*(escape(row[column]) for column in (0, 2, 3, 5, 7)))
    console().print(table)


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
    write_new(file, text)
    click.echo(f"{file} written; in a configuration:", err=True)
    click.echo(risk_lines([*files, file], present))


def _ask(question: str, default: str | None, check: Any) -> Any:
    def checked(text: str) -> Any:
        try:
            return check(text)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    return click.prompt(question, default=default, value_proc=checked, show_default=bool(default))


@click.command()
@click.argument("file")
@click.option("--method", type=str, help="geometric (the default), sum or eigenvector, instead of what FILE says.")
@click.option("--allow-inconsistent", is_flag=True, help="Accept a consistency ratio of 0.1 and more.")
@click.option("--sensitivity", "swings", is_flag=True, help="How far each judgment is from changing an order.")
@click.option("--plot", "picture", type=PICTURE, help="Draw the hierarchy, as png or svg by the name's ending.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def ahp(file: str, method: str | None, allow_inconsistent: bool, swings: bool, picture: str | None, as_json: bool) -> None:
    """Weights from the judgments in FILE, with every consistency ratio.

    FILE holds a hierarchy (TOML) or one factor's matrix (CSV), or is the name of a shipped index system, immunity or external.
    """
    import warnings

    from scfast.ahp import plain, read, sensitivity
    from scfast.profiles import SHIPPED

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        path = SHIPPED / f"{file}.toml" if file in ("immunity", "external") else file
        tree = read(path, method, allow_inconsistent=allow_inconsistent)
    for warning in caught:
        click.echo(f"scfast: warning: {' '.join(str(warning.message).split())}", err=True)
    found = sensitivity(tree) if swings else None
    if picture is not None:
        from scfast import drawing, trees

        drawing.save(trees.ahp(tree), picture, f"weights by {file}")
    if as_json:
        click.echo(json.dumps(plain(tree, found), indent=1))
        return
    screen = console()
    screen.print(_weights(tree))
    for note in tree.notes:
        screen.print(f"note: {note}", markup=False)
    if found is not None:
        screen.print(_swings(tree, found))
    if picture is not None:
        click.echo(picture)


def _weights(tree: Any) -> Any:
    from rich.markup import escape

    caption = f"By the {tree.method} method. CR below 0.1 is consistent."
    table = new_table(
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

    table = new_table(
        "How far each judgment is from changing an order",
        *("judgment", "is>", "order of its factor's children", "order of the leaves by global weight"),
        caption="Nearest first. Times or divided by, within 1/9 to 9, what the judgment becomes, and which passes which.",
    )
    for swing in sorted(swings, key=lambda swing: swing.nearest):
        pair = f"{names[swing.over]} over {names[swing.under]}"
        children = ways(swing.children_up, swing.children_down)
        table.add_row(pair, as_text(swing.value), children, ways(swing.leaves_up, swing.leaves_down))
    return table


COMMANDS = (compare, drivers, importance, register, ahp)
