"""The network study as texts: a network on one page, ensembles, tables after [P]'s figures, claims and what they depend on."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scfast import claims
from scfast.claims import BASE, BESIDE, MODELS, Claim
from scfast.comparison import Table, number_text
from scfast.topology import MEASURES, Topology

if TYPE_CHECKING:
    import pandas as pd

MEANINGS = {name: meaning for name, (meaning, _) in MEASURES.items()}
MEANINGS["pressure"] = "largest eigenvalue of diag(beta) A, to be held against gamma + delta"

SIGNS = {"holds": "yes", "fails": "no", "not decided": "?", "not defined": "-"}
"""Verdicts in tables of many."""

SHORT = {"exponent": "k≥4", "ks_exponent": "KS", "histogram_exponent": "histogram", "ccdf_exponent": "CCDF"}
COLUMNS = {
    "exponent.rises": "rises",
    "exponent.below": "below BA",
    "path.like": "path like BA's",
    "path.below": "path below BA's",
    "crossing.shortens": "crossing shortens",
    "crossing.small": "not obvious",
    "degree.settles": "degree settles",
}
"""Claims that are looked at under other assumptions, and their short names."""

BY_SIZE = {
    "Beside BA at each N": {"exponent.below": "exponent", "path.below": "path", "degree.equal": "mean degree"},
    "From each N to the next": {
        "exponent.rises": "rises",
        "path.rises": "path rises",
        "path.like": "as BA's",
        "degree.settles": "degree settles",
    },
    "Cross-tier edges at each N": {"crossing.shortens": "shorten paths", "crossing.small": "not obvious"},
}
"""Claims that are looked at by size: tables, and short names of the claims in each."""

BRIEF = {BASE: "dual", BESIDE: "BA", "bianconi_barabasi": "BB", "local_world": "local"}
CLAIM_ABOUT = (
    "yes: the 95 % interval is wholly on the claim's side; no: wholly off it; ?: neither. Intervals are for each claim alone."
)


def plus_minus(mean: float, low: float, high: float) -> str:
    """A mean and half its interval, to two digits of it.

    >>> plus_minus(2.61234, 2.6, 2.62468), plus_minus(3.0, math.nan, math.nan), plus_minus(4.0, 4.0, 4.0)
    ('2.612 ± 0.012', '3', '4')
    """
    half = (high - low) / 2
    if math.isnan(mean):
        return "-"
    if not half > 1e-12 * abs(mean):
        return number_text(float(mean))
    digits = max(0, 1 - math.floor(math.log10(half)))
    return f"{mean:.{digits}f} ± {half:.{digits}f}"


# ---- one network


def page(topology: Topology, name: str) -> list[Table]:
    """One network: its measures with their meanings, and its types.

    Parameters
    ----------
    topology : Topology
    name : str
        For the heading.
    """
    measures = topology.measures()
    rows = [["n_nodes", f"{topology.n_nodes:,}", "nodes"], ["n_edges", f"{topology.n_edges:,}", "edges"]]
    texts = _texts(topology)
    for key, (meaning, unit) in MEASURES.items():
        value = texts.get(key, number_text(measures[key]))
        rows.append([key, value, f"{meaning}{f' ({unit})' * bool(unit)}"])
    if topology.pressure == topology.pressure:
        rows.append(["pressure", number_text(topology.pressure), MEANINGS["pressure"]])
    paths = "exact" if topology.exact else f"from {topology.n_sources:,} sources, ±: 95 % interval over them"
    found = [Table(name, ["measure", "value>", "meaning"], rows, f"Path lengths are {paths}; of pairs that are connected.")]
    if len(topology.type_names) > 1:
        found.append(_types(topology))
    return found


def _texts(topology: Topology) -> dict[str, str]:
    """Values that have an interval."""
    low, high = topology.path_interval()
    found = {"path_length": plus_minus(topology.path_length, low, high)}
    if topology.ks_low == topology.ks_low:
        found["ks_exponent"] = f"{topology.ks_exponent:.3f} ({topology.ks_low:.3f} .. {topology.ks_high:.3f})"
    return found


def frames(topology: Topology) -> dict[str, pd.DataFrame]:
    """All that was measured of one network, as tables by name: measures, types, degrees, distances, tiers, cores."""
    import pandas as pd

    names = np.array(topology.type_names)
    measures = topology.measures()
    about = [(key, measures[key], unit, meaning) for key, (meaning, unit) in MEASURES.items()]
    kind, degree = np.nonzero(topology.degrees)
    first, second = np.nonzero(topology.tier_edges)
    return {
        "measures": pd.DataFrame(about, columns=["measure", "value", "unit", "meaning"]),
        "types": pd.DataFrame({"type": names, "nodes": topology.degrees.sum(axis=1), "mean_degree": topology.type_mean_degree}),
        "degrees": pd.DataFrame({"type": names[kind], "degree": degree, "nodes": topology.degrees[kind, degree]}),
        "distances": pd.DataFrame({"distance": np.arange(topology.distances.size), "pairs": topology.distances}).iloc[1:],
        "tiers": pd.DataFrame({"type": names[first], "other": names[second], "edges": topology.tier_edges[first, second]}),
        "cores": pd.DataFrame({"core": np.arange(topology.core_sizes.size), "nodes": topology.core_sizes}),
    }


def plain(topology: Topology) -> dict[str, Any]:
    """All that was measured of one network, as JSON has it, but for NaN."""
    raw = {field.name: getattr(topology, field.name) for field in dataclasses.fields(topology)}
    own = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in raw.items()}
    by_type = dict(zip(topology.type_names, topology.type_mean_degree.tolist(), strict=True))
    return topology.measures() | {"mean_degree_by_type": by_type, "measured": own}


def _types(topology: Topology) -> Table:
    names = topology.type_names
    both = topology.tier_edges + np.triu(topology.tier_edges, 1).T
    ends = both + np.diag(np.diag(topology.tier_edges))
    rows = []
    for t, name in enumerate(names):
        row = topology.degrees[t]
        n = int(row.sum())
        most = str(int(np.flatnonzero(row)[-1])) if n else "-"
        whole = ends[t].sum()
        shares = [f"{100 * end / whole:.1f} %" if whole else "-" for end in ends[t]]
        rows.append([name, f"{n:,}", number_text(float(topology.type_mean_degree[t])), most, *shares])
    columns = ["type", "nodes>", "mean degree>", "largest>", *(f"to {name}>" for name in names)]
    return Table("Types", columns, rows, "to: where the partners of a type are.")


# ---- the study


def label(values: Mapping[str, Any]) -> str:
    """What was varied in a cell, in words.

    >>> label({"network.theta": 0.1, "topology.model": "barabasi_albert"})
    'Barabási-Albert, theta = 0.1'
    """
    told = [f"{key.partition('.')[2]} = {number_text(value)}" for key, value in values.items() if key not in OWN]
    model = values.get("topology.model")
    return ", ".join(([MODELS.get(str(model), str(model))] if model else []) + told)


OWN = ("series.name", "topology.model")


def study_tables(networks: pd.DataFrame) -> tuple[list[Table], list[str], dict[str, pd.DataFrame]]:
    """Tables, notes and data of a study whose networks vary in size.

    Parameters
    ----------
    networks : pandas.DataFrame
        :func:`claims.estimated` of one study, or of several one below the other.

    Returns
    -------
    tables : list of Table
        After [P]'s figures, claims, claims under other assumptions and by size, as far as there is something to compare.
    notes : list of str
    frames : dict of str to pandas.DataFrame
        networks, claims, assumptions, sizes.
    """
    tables = figures(networks)
    data = {"networks": networks}
    found = claims.claims(networks)
    if not found:
        return tables, [], data
    tables += claim_tables(found)
    data["claims"] = claims.to_frame(found)
    table = None
    if len(other := claims.assumptions(networks)):
        table = other
        tables += assumption_tables(table)
        data["assumptions"] = table.assign(sizes=table["sizes"].map(lambda sizes: " ".join(map(str, sizes))))
    sizes = claims.by_size(networks)
    tables += size_tables(sizes)
    data["sizes"] = claims.to_frame(sizes)
    told = notes(found, table)
    beyond = [one for one in claims.claims(networks, (1 + claims.WITHIN[1], math.inf)) if not one.key.startswith("degree.order")]
    if beyond:
        tables += claim_tables(beyond, " beyond, exploratory")
        data["beyond"] = claims.to_frame(beyond)
        told += broken(found, beyond, sizes)
    return tables, told, data


def broken(found: Sequence[Claim], beyond: Sequence[Claim], sizes: Sequence[Claim]) -> list[str]:
    """Which claims are decided otherwise in larger networks than those that they are about, and where they fail first."""
    told = []
    within = {(one.key, one.measure): one.verdict for one in found if len(one.sizes) > 1}
    first = {at: where[-1] for at, where in claims.breaks(sizes).items() if where[-1] > claims.WITHIN[1]}
    for one in beyond:
        before = within.get((one.key, one.measure))
        since = first.get((one.key, one.measure)) if before != "fails" else None
        if len(one.sizes) > 1 and before is not None and (before != one.verdict or since):
            how = f", {one.estimator}" * bool(one.estimator)
            fails = f"; fails for the first time at N = {since:,}" if since else ""
            told.append(f"  {one.text}{how}: {one.verdict}, by {_signed(one)}; {before} below{fails}.")
    low, high = min(one.sizes[0] for one in beyond), max(one.sizes[-1] for one in beyond)
    return [
        f"At N = {low:,} to {high:,} (exploratory), otherwise than at {claims.WITHIN[0]:,} to {claims.WITHIN[1]:,}:",
        *told,
    ] * bool(told)


def figures(networks: pd.DataFrame) -> list[Table]:
    """Tables after [P]'s figures 2 to 4 and table 3, with 95 % intervals.

    Parameters
    ----------
    networks : pandas.DataFrame
        ``claims.estimated(study)``, or rows of ``Study.networks``.
    """
    rows = claims.of_series(networks, claims.SERIES)
    found = [_beside(rows, "Mean degree against N ([P] figure 2)", {"mean_degree": ""})]
    mine = rows[rows["model"] == BASE]
    if kinds := claims.type_columns(rows):
        title = "Mean degree of each type against N, dual local world ([P] table 3)"
        found.append(_against(mine, title, {column: column.partition(".")[2] for column in kinds}))
    exponents = {name: SHORT[name] for name in claims.ESTIMATORS if name in rows}
    for part in (list(exponents)[:2], list(exponents)[2:]):
        if part:
            how = "maximum likelihood" if part[0] == "exponent" else "least squares on logarithms"
            title = f"Degree exponent against N, {how} ([P] figure 3)"
            found.append(_beside(rows, title, {name: exponents[name] for name in part}))
    found.append(_beside(rows, "Mean path length against N, edges ([P] figure 4)", {"path_length": ""}))
    if "crossing" in rows and len(mine):
        shown = {"crossing": "share of edges", "crossing_effect": "longer without them", "control_effect": "without as many others"}
        found.append(_against(mine, "Cross-tier edges: their share, and mean path length without them, edges", shown))
    return found


def _against(rows: pd.DataFrame, title: str, columns: dict[str, str]) -> Table:
    """Measures of one model by N."""
    texts = []
    for n, part in rows.groupby("n_nodes"):
        curves = [claims.curve(part, column) for column in columns]
        texts.append([f"{n:,}", f"{len(part):,}", *(_mean(curve) for curve in curves)])
    return Table(title, ["N>", "networks>", *(f"{name}>" for name in columns.values())], texts, "±: 95 % interval over networks.")


def _mean(curve: pd.DataFrame) -> str:
    if not len(curve):
        return "-"
    row = curve.iloc[0]
    return plus_minus(float(row["mean"]), float(row["low"]), float(row["high"]))


def _beside(rows: pd.DataFrame, title: str, measures: dict[str, str]) -> Table:
    """Measures of the models side by side, by N."""
    models = [model for model in MODELS if (rows["model"] == model).any()]
    both = {BASE, BESIDE} <= set(models)
    texts = []
    sample = claims.Sample(rows)
    for n, part in rows.groupby("n_nodes"):
        size = int(str(n))
        line = [f"{n:,}", f"{part['network'].nunique():,}"]
        for measure in measures:
            line += [_mean(claims.curve(part[part["model"] == model], measure)) for model in models]
            if both:
                told = sample.estimate(measure, {(BASE, size): 1.0, (BESIDE, size): -1.0})
                line.append(plus_minus(told.value, *told.interval()))
        texts.append(line)
    columns = ["N>", "networks>"]
    for short in measures.values():
        names = [*(BRIEF[model] if short else MODELS[model] for model in models), *["difference"] * both]
        columns += [f"{name}{f', {short}' * bool(short)}>" for name in names]
    return Table(title, columns, texts, "±: 95 % interval over networks.")


def _by(measure: str) -> str:
    """The estimator of an exponent, after a comma."""
    return f", {SHORT[measure]}" if measure in SHORT else ""


def claim_tables(found: Sequence[Claim], where: str = "") -> list[Table]:
    """The claims with their intervals and verdicts, and where they hold at each size; `where` goes into the headings."""
    several = [one for one in found if len(one.sizes) > 1]
    rows = []
    for one in several:
        each = [other for other in found if len(other.sizes) == 1 and (other.key, other.measure) == (one.key, one.measure)]
        at = ", ".join(f"{other.sizes[0]:,}: {SIGNS[other.verdict]}" for other in each)
        rows.append([one.text, one.estimator, _signed(one), one.unit, one.verdict, at])
    head = ["claim", "estimator", "estimate, 95 % interval>", "unit", "verdict", "at each N"]
    tables = [Table(f"Claims{where}", head, rows, CLAIM_ABOUT)] if rows else []
    keys = {one.key for one in several}
    alone = [one for one in found if one.key not in keys]
    if alone:
        rows = [
            [f"{one.text}{f' ({one.measure})' * (one.key == 'degree.order')}", f"{one.sizes[0]:,}", _signed(one), one.verdict]
            for one in alone
        ]
        tables.append(
            Table(f"Claims at one size{where}", ["claim", "N>", "estimate, 95 % interval>", "verdict"], rows, CLAIM_ABOUT)
        )
    return tables


def _signed(one: Claim) -> str:
    """An estimate and its limits to two digits of their distance."""
    if math.isnan(one.low):
        return number_text(one.estimate)
    reach = one.high - one.low
    digits = max(0, 2 - math.floor(math.log10(reach))) if reach > 0 else 3
    return f"{one.estimate:+.{digits}f} ({one.low:+.{digits}f} .. {one.high:+.{digits}f})"


def assumption_tables(table: pd.DataFrame) -> list[Table]:
    """Verdicts under each other setting of the assumptions; `table` as :func:`claims.assumptions` gives it.

    One table of exponents, one of all else; what a setting decides otherwise than the study's own is marked.
    """
    shown = [(key, measure) for key in COLUMNS for measure in dict.fromkeys(table.loc[table["key"] == key, "measure"])]
    base = {(row["key"], row["measure"]): row["base"] for row in table.to_dict("records")}
    sizes = sorted({n for one in table["sizes"] for n in one})
    about = (
        f"At N = {' and '.join(f'{n:,}' for n in sizes)} alone. {CLAIM_ABOUT} !: decided, and otherwise than by the study's own."
    )
    found = []
    for title, exponents in (("Degree exponent under other assumptions", True), ("Other claims under other assumptions", False)):
        if not (mine := [at for at in shown if at[0].startswith("exponent") == exponents]):
            continue
        rows = [["the study's own, all N", *(SIGNS[base[at]] for at in mine)]]
        for (_, setting), part in table.groupby(["series", "setting"], sort=False):
            by = {(row["key"], row["measure"]): row for row in part.to_dict("records")}
            mark = " (the same)" * bool(part["default"].all())
            rows.append([f"{setting}{mark}", *(_changed(by.get(at)) for at in mine)])
        found.append(Table(title, ["setting", *(COLUMNS[key] + _by(measure) for key, measure in mine)], rows, about))
    return found


def _changed(row: Any) -> str:
    return "-" if row is None else SIGNS[row["verdict"]] + "!" * bool(row["changed"])


def size_tables(found: Sequence[Claim]) -> list[Table]:
    """Claims at every size, as :func:`claims.by_size` gives them: where do they break?"""
    tables = []
    for title, names in BY_SIZE.items():
        rows: dict[int, dict[str, str]] = {}
        for one in found:
            if one.key in names and one.verdict != "not defined":
                rows.setdefault(one.sizes[-1], {})[names[one.key] + _by(one.measure)] = f"{_short(one)} {SIGNS[one.verdict]}"
        columns = list(dict.fromkeys(column for by in rows.values() for column in by))
        texts = [[f"{n:,}", *(rows[n].get(column, "") for column in columns)] for n in sorted(rows)]
        if columns:
            tables.append(Table(title, ["N>", *(f"{column}>" for column in columns)], texts, CLAIM_ABOUT))
    return tables


def _short(one: Claim) -> str:
    """An estimate to two digits of its interval."""
    reach = one.high - one.low
    return f"{one.estimate:+.{min(4, max(0, 2 - math.floor(math.log10(reach))))}f}" if reach > 0 else f"{one.estimate:+.3g}"


def notes(found: Sequence[Claim], table: pd.DataFrame | None = None) -> list[str]:
    """How to read the claims, and what they depend on, one line each."""
    defined = [one for one in found if one.verdict != "not defined"]
    if not defined:
        return []
    told = [
        "Intervals are over networks, by Student's t; sizes and models that share growth seeds are compared network by network."
    ]
    kept = claims.holm(found)
    decided = [one.verdict in ("holds", "fails") for one in found]
    both = sum(a and b for a, b in zip(kept, decided, strict=True))
    told.append(
        f"{len(defined)} claims, each with an interval of its own: {sum(decided)} are decided, and {both} of these stay so "
        "if all shall be right together with 95 % confidence (Holm)."
    )
    apart = [one for one in defined if claims.verdict(one.apart_low, one.apart_high, one.above, one.below) != one.verdict]
    told.append(f"By Welch's intervals, as if all networks were independent, {len(apart)} verdicts would be others.")
    told += depends(found, table)
    return told


def depends(found: Sequence[Claim], table: pd.DataFrame | None = None) -> list[str]:
    """For each claim about several sizes: its verdict by each estimator, and the settings that decide otherwise."""
    told = []
    several = [one for one in found if len(one.sizes) > 1]
    for key in dict.fromkeys(one.key for one in several):
        mine = [one for one in several if one.key == key]
        ways = {one.verdict: ", ".join(other.estimator for other in mine if other.verdict == one.verdict) for one in mine}
        told.append(f"{mine[0].text}: " + "; ".join(f"{word}{f' by {by}' * bool(by)}" for word, by in ways.items()) + ".")
        if table is not None and len(table) and key in COLUMNS:
            told += _otherwise(table[(table["key"] == key) & table["changed"]])
    return told


def _otherwise(rows: pd.DataFrame) -> list[str]:
    """The settings under which a claim is decided otherwise than by the study's own, by estimator and verdict."""
    told = []
    for (measure, found), part in rows.groupby(["measure", "verdict"], sort=False):
        settings: dict[str, list[str]] = {}
        for setting in part["setting"]:
            key, _, value = setting.partition(" = ")
            settings.setdefault(key, []).append(value)
        texts = [f"{key} = {', '.join(values)}" for key, values in settings.items()]
        told.append(f"  otherwise{_by(str(measure))}: {found} with {'; '.join(texts)}.")
    return told or ["  no setting decides otherwise."]


def bullets(notes: Iterable[str]) -> str:
    """Notes as Markdown; what is indented belongs to the one before.

    >>> print(bullets(["one:", "  more"]))
    - one:
      - more
    """
    return "\n".join(f"{'  ' * line.startswith('  ')}- {line.strip()}" for line in notes)


def markdown(tables: Iterable[Table]) -> str:
    """Tables as Markdown.

    >>> print(markdown([Table("Sizes", ["name", "N>"], [["a|b", "5"]], "Few.")]))
    ### Sizes
    <BLANKLINE>
    | name | N |
    | :--- | ---: |
    | a\\|b | 5 |
    <BLANKLINE>
    Few.
    """
    parts = []
    for table in tables:
        head = "| " + " | ".join(column.rstrip(">") for column in table.columns) + " |"
        rule = "| " + " | ".join("---:" if column.endswith(">") else ":---" for column in table.columns) + " |"
        rows = ["| " + " | ".join(text.replace("|", "\\|").replace("<", "&lt;") for text in row) + " |" for row in table.rows]
        parts.append("\n".join([f"### {table.title}", "", head, rule, *rows, *(["", table.caption] if table.caption else [])]))
    return "\n\n".join(parts)
