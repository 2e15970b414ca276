"""What ``scfast run`` and ``scfast show`` print of measured networks."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scfast.cli.shared import new_table

if TYPE_CHECKING:
    from scfast.study import Study

SHOWN = ("mean_degree", "exponent", "path_length", "crossing")


def study_tables(study: "Study", folder: Path | None = None, cell: int | None = None, most: int = 100) -> list[Any]:
    """Means with intervals: some measures of every cell, or all of one.

    Raises
    ------
    ValueError
        There is no such cell.
    """
    if cell is not None:
        study.finished_rows(cell)
    summary = study.summary()
    if cell is not None or study.n_cells == 1:
        return [_one(study, summary[summary["cell"] == (cell or 0)], cell or 0)]
    found = {(row.cell, row.measure): row for row in summary.itertuples()}
    more = "" if study.n_cells <= most else f"The first {most} of {study.n_cells} cells; all by --csv. "
    hint = f" scfast topology {folder} shows more." if folder else ""
    rates = any(key.startswith("dynamics.") for key in study.keys)
    shown = (*SHOWN, *("pressure",) * rates)
    table = new_table(
        "Networks",
        *("cell>", "series", "model", "at", *(f"{name.replace('_', ' ')}>" for name in shown)),
        caption=f"{more}Means over networks; ± half the 95 % interval.{hint}",
    )
    for c, values in list(enumerate(study.cells))[:most]:
        at = [f"{key.partition('.')[2]} {value}" for key, value in values.items() if key in study.keys]
        model = str(study.manifest["networks"][c]["kind"]).replace("_", " ")
        means = (_mean(found.get((c, name))) for name in shown)
        table.add_row(str(c), str(values.get("series.name", "")), model, ", ".join(at), *means)
    return [table]


def _one(study: "Study", summary: Any, cell: int) -> Any:
    """Every measure of a cell."""
    table = new_table(
        f"Networks ({study.label(cell)})" if study.cells[cell] else "Networks",
        *("measure", "mean>", "95 % interval>", "sd>", "networks>", "unit"),
        caption="95 % interval of the mean, over networks; sd: standard deviation between networks.",
    )
    for row in summary.itertuples():
        interval = f"{row.low:.4g} .. {row.high:.4g}" if row.n > 1 else "-"
        table.add_row(
            row.measure.replace("_", " "), f"{row.mean:.4g}", interval, f"{row.sd:.3g}" if row.n > 1 else "-", str(row.n), row.unit
        )
    return table


def _mean(row: Any) -> str:
    if row is None:
        return "-"
    half = row.high - row.mean
    return f"{row.mean:.4g}" if math.isnan(half) else f"{row.mean:.4g} ± {half:.2g}"
