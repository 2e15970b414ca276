"""Comparisons as texts: tables for the command line, and notes on how to read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scfast.comparison import RATES, Table, number_text, ranked, ranking, swept_keys
from scfast.results import OUTCOMES, Result

if TYPE_CHECKING:
    import pandas as pd


def tables(table: pd.DataFrame, most: int = 100) -> list[Table]:
    """The comparison as texts: a table for each outcome, and the rankings.

    `most` rows of each; the caption says if there are more.
    """
    keys = swept_keys(table)
    shown = [_compared(table[table["outcome"] == name], keys, most) for name in dict.fromkeys(table["outcome"])]
    return shown + [_ranked(ranking(table, name), name, keys, most) for name in ranked(table)]


def _compared(rows: pd.DataFrame, keys: Sequence[str], most: int) -> Table:
    name = rows["outcome"].iloc[0]
    columns = ["strategy", "level>", "mean>", "difference>", "95 % interval>", "", "paired by", "removed>"]
    texts: list[list[str]] = []
    last = None
    for row in rows.iloc[:most].to_dict("records"):
        if row["baseline_cell"] != last:
            last = row["baseline_cell"]
            means = rows.loc[rows["baseline_cell"] == last, "baseline"].dropna()
            where = ", ".join(["baseline", *(f"{key.partition('.')[2]} {number_text(row[key])}" for key in keys)])
            texts.append([where, "", number_text(float(means.iloc[0])) if len(means) else "-", *[""] * 5])
        line = [row["strategy"], number_text(row["level"])]
        if math.isnan(row["mean"]):
            texts.append([*line, "-", "-", "-", "", row["paired"], "-"])
            continue
        removed = "-" if math.isnan(row["removed"]) else f"{100 * row['removed']:.0f} %"
        told, low, high = _rounded(row["difference"], row["low"], row["high"], sign="+")
        texts.append([*line, number_text(row["mean"]), told, f"{low} .. {high}", row["verdict"], row["paired"], removed])
    meaning, unit = OUTCOMES[name]
    title = f"{name[0].upper()}{name[1:]}: {meaning}{' (steps)' * (unit == 'steps')}"
    return Table(title, columns, texts, _cut(rows, most))


def _cut(rows: pd.DataFrame, most: int) -> str:
    return f"The first {most} of {len(rows)} rows; all by --csv." if len(rows) > most else ""


def _ranked(frame: pd.DataFrame, outcome: str, keys: Sequence[str], most: int) -> Table:
    columns = ["rank>", "strategy", "level>", "budget>", "gain>", "per unit>", "95 % interval>"]
    texts: list[list[str]] = []
    last = ""
    for row in frame.iloc[:most].to_dict("records"):
        where = ", ".join(f"{key.partition('.')[2]} {number_text(row[key])}" for key in keys)
        if where != last:
            last = where
            texts.append(["", f"({where})", *[""] * 5])
        line, gain = [row["strategy"], number_text(row["level"])], number_text(row["gain"])
        if math.isnan(row["per_unit"]):
            texts.append(["-", *line, "not finished" if math.isnan(row["gain"]) else "none", gain, "-", "-"])
            continue
        told, low, high = _rounded(row["per_unit"], row["low"], row["high"])
        budget = f"{number_text(row['budget'])} {row['unit']}"
        place = "-" if math.isnan(row["rank"]) else f"{row['rank']:.0f}"
        texts.append([place, *line, budget, gain, told, f"{low} .. {high}"])
    units = [unit for unit in dict.fromkeys(frame["unit"]) if unit]
    about = [
        "gain: how much better than the baseline; ranked is what is so beyond its interval. "
        "Where intervals overlap, the order may be chance."
    ]
    if len(units) > 1:
        about.append(f"Units of budget differ ({', '.join(units)}): ranks hold within each.")
    if frame["per_unit"].isna().any():
        about.append("Without a budget: several measures together, or nothing spent; give a cost.")
    return Table(f"Gain in {outcome} per unit of budget", columns, texts, " ".join([*about, _cut(frame, most)]).strip())


def rates_tables(frame: pd.DataFrame, most: int = 60) -> list[Table]:
    """Scores and rates, and what the mean field makes of them, as texts; `frame` as :func:`rates` gives it."""
    typed = set(frame["type"]) != {"all"}
    scores: list[list[str]] = []
    outcomes: list[list[str]] = []
    last = None
    for row in frame.iloc[:most].itertuples(index=False):
        label, kind, *numbers = row
        new = label != last
        last = label
        texts = [f"{value:.2f}" for value in numbers[:4]] + [f"{value:.3g}" for value in numbers[4:]]
        scores.append([str(label) * new, *[str(kind)] * typed, *texts[:8]])
        if new:
            outcomes.append([str(label), *texts[8:]])
    about = (
        "Assumption (A), as the paper's own equations are lost. A resistance, C recovery, L learning, E external intensity "
        "(0 to 1); beta, gamma, delta, xi: probabilities per step."
    )
    field = (
        "Firms that meet at random: no network, protection, detection or shock is known. R: reproduction number; load: infected "
        "steps per firm."
    )
    cut = _cut(frame, most)
    return [
        Table(
            "Scores and rates",
            ["of", *["type"] * typed, *(f"{letter}>" for letter in "ACLE"), *(f"{name}>" for name in RATES)],
            scores,
            about,
        ),
        Table("Their mean-field outcome", ["of", "R>", "eliminated>", "peak>", "load>"], outcomes, f"{field} {cut}".strip()),
    ]


def _rounded(value: float, low: float, high: float, sign: str = "-") -> list[str]:
    """A value and its limits to two digits of their distance."""
    reach = max(high - value, value - low)
    if not reach > 0:
        return [f"{number:{sign}.3g}" for number in (value, low, high)]
    digits = max(0, 1 - math.floor(math.log10(reach)))
    return [f"{number:{sign}.{digits}f}" for number in (value, low, high)]


def notes(result: Result, table: pd.DataFrame) -> list[str]:
    """What must be known to read the comparison, one line each."""
    told = []
    done = table[table["paired"] != "not finished"]
    if not result.complete:
        told.append(f"{result.done} of {result.total} networks x cells are done: this is of these alone.")
    if len(done) < len(table):
        told.append(f"{_names(table[table['paired'] == 'not finished'])}: nothing to compare is finished yet.")
    apart = done[~done["paired"].str.contains("networks|replicates")]
    if len(apart):
        told.append(f"{_names(apart)}: other networks than the baseline's (growth changed), so not paired: Welch's interval.")
    single = done[done["networks"] == 1]
    if len(single):
        whose = "all intervals are" if len(single) == len(done) else f"intervals of {_names(single)} are"
        told.append(f"One network: {whose} conditional on it, and say nothing of other networks.")
    if (done["draws"] > 1).any():
        told.append("Scores were drawn: intervals are over networks and draws (crossed), so they hold the doubt in the judgments.")
    removed = done["removed"].dropna()
    if len(removed):
        names = [
            f"{name} {100 * part.median():.0f} %" for name, part in done.groupby("outcome", sort=False)["removed"] if part.any()
        ]
        told.append(f"Pairing removed of the variance of a difference, in the median: {', '.join(names)} (less than 0: it added).")
    worse = done[done["verdict"] == "worse"]
    for name, rows in worse.groupby("outcome", sort=False):
        told.append(f"Against expectation, worse than the baseline in {name}: {_names(rows)}.")
    paradox = _both(done, "risk load", "worse") & _both(done, "eliminated", "better")
    if paradox:
        told.append(f"More risk load, but fewer eliminated: {', '.join(sorted(paradox))}. Who is not lost can be infected longer.")
    unclear = done[done["verdict"] == "unclear"]
    for name, rows in unclear.groupby("outcome", sort=False):
        told.append(f"Not told apart from the baseline in {name}: {_names(rows)}.")
    if len(done) > 20:
        told.append(
            f"{len(done)} differences at 95 %: about {max(1, round(len(done) / 20))} would leave out 0 though there is none."
        )
    return told


def _both(rows: pd.DataFrame, outcome: str, verdict: str) -> set[str]:
    """Names of what has such a verdict in an outcome."""
    return set(_named(rows[(rows["outcome"] == outcome) & (rows["verdict"] == verdict)]))


def _named(rows: pd.DataFrame) -> list[str]:
    """Strategies with their levels, and other swept values."""
    keys = swept_keys(rows)
    found: dict[str, None] = {}
    for row in rows.to_dict("records"):
        where = ", ".join(f"{key.partition('.')[2]} {number_text(row[key])}" for key in keys)
        found[f"{row['strategy']} {number_text(row['level'])}".strip() + f" ({where})" * bool(where)] = None
    return list(found)


def _names(rows: pd.DataFrame, most: int = 12) -> str:
    names = _named(rows)
    return ", ".join(names[:most]) + f" and {len(names) - most} more" * (len(names) > most)
