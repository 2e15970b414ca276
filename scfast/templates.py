"""Configurations as text: TOML that reads back as it was, and templates that explain every key."""

from __future__ import annotations

import dataclasses
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scfast.entries import Entry, entries
from scfast.sections import KINDS, LISTS, NOUNS, fields_of, plain

if TYPE_CHECKING:
    from scfast.config import Config
    from scfast.sweeps import Axes

SECTIONS = {
    "network": "The networks: grown by a model, or read from files. What may differ by type is one number, a list in\n"
    "the order of the types, or {type = number}.",
    "dynamics": "SIRS with elimination. Each rate is a number; {type = number}; a list with one number per node;\n"
    "or the name of a node attribute (a column of the nodes file).",
    "risk": "Instead of beta, gamma, delta and xi in [dynamics]: scores in [0, 1] of the indicators of two systems,\n"
    "from which they follow. Immunity: how good the firms are; external risk: how bad the outside is.",
    "initial": "The first infections. Give infected (with by and within), or nodes, or states.",
    "protection": "Nodes that are immune for ever, chosen after the first infections.",
    "shock": "Events from outside, any number of these tables: rare, severe, and hitting a group.",
    "sweep": "Grid of cells, the product of the lists below in file order, last fastest. Any key of network,\n"
    "dynamics and initial whose value is a number or a string, also of one type.",
    "strategy": "What firms can do, any number of these tables: each is run beside the baseline. A measure with a list\n"
    "of levels makes a curve.",
    "sensitivity": "Which scores of [risk] matter most: a cell for each point of a design that varies all of them.",
    "topology": "Where this section stands, networks are measured and nothing runs on them: it goes with network, dynamics\n"
    "(for the pressure of infection), sweep or series, and with networks and seed of run.",
    "series": "Grids with a name, any number of these tables beside [topology], instead of [sweep]: their cells stand one\n"
    "after another.",
    "run": "How much to compute and what to keep.",
}
SWEEP_EXAMPLE = """\
[sweep]
"dynamics.beta" = [0.05, 0.1]
"dynamics.gamma" = { start = 0.1, stop = 0.4, num = 4 }
"dynamics.xi" = { start = 0.001, stop = 0.1, num = 3, scale = "log" }
"dynamics.delta.brand" = [0.0, 0.01]    # where delta is {type = number}
"""
SERIES_EXAMPLE = """\
[[series]]
name = "size"
"network.n_nodes" = [200, 500, 1000, 2000, 5000]
"""


def toml(value: Any) -> str:
    """A value in TOML.

    >>> toml({"a b": [1, 0.5, "x"], "c": True})
    '{ "a b" = [1, 0.5, "x"], c = true }'
    """
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml(key)


def rendered(config: Config, notes: bool, hide: Sequence[str] = ()) -> str:
    """`config` as TOML; with `notes` every key's meaning, range and default; `hide` comments keys out."""
    lines: list[str] = []
    for section, about in SECTIONS.items():
        if not config.heeds(section):
            continue
        lines += [f"# {line}" for line in about.splitlines() if notes]
        if section == "series":
            lines += _series(config, notes)
        elif section in LISTS or getattr(config, section) is None:
            lines += _tables(config, section, notes)
        else:
            rows = _axes(config.sweep) if section == "sweep" else _section(config, section, notes, hide)
            if section == "sweep" and notes and not rows:
                lines += [f"# {line}" for line in SWEEP_EXAMPLE.splitlines()]
            lines += [f"[{section}]", *rows, ""] if rows else [""] * notes
    return "\n".join(lines)


def _section(config: Config, section: str, notes: bool, hide: Sequence[str]) -> list[str]:
    """The rows of a section that is one table."""
    kind = plain(config.network)["kind"]
    values = {k: v for k, v in config.table(section).items() if f"{section}.{k}" not in hide}
    fields = {k: v for k, v in fields_of(section, kind).items() if config.heeds(section, k)}
    rows = _rows(fields, values, notes)
    for other in KINDS if section == "network" and notes else ():
        if other != kind:
            new = {k: v for k, v in fields_of(section, other).items() if k not in fields or k not in ("kind", "n_nodes")}
            rows += ["", f"# Keys where kind = {toml(other)}:", *_rows(new, {}, notes)]
    return rows


def _axes(axes: Axes) -> list[str]:
    return [f"{_key(key)} = {toml(values)}" for key, values in axes]


def _series(config: Config, notes: bool) -> list[str]:
    """The tables [[series]]; with `notes` a commented one where there is none."""
    lines: list[str] = []
    for one in config.series:
        lines += ["[[series]]", f"name = {toml(one.name)}", *_axes(one.sweep), ""]
    return lines or [f"# {line}".rstrip() for line in SERIES_EXAMPLE.splitlines() if notes] + [""] * notes


def _tables(config: Config, section: str, notes: bool) -> list[str]:
    """The tables of a list, or of a section that is not there; with `notes` a commented one where there is none."""
    name, kind = LISTS.get(section, (section, NOUNS.get(section)))
    head = f"[[{section}]]" if section in LISTS else f"[{section}]"
    assert kind is not None
    lines: list[str] = []
    for item in getattr(config, name) or ():
        lines += [head, *_rows(entries(kind), plain(item), False), ""]
    if notes and not lines:
        lines = [f"# {head}", *_rows(entries(kind), {}, True), ""]
    return lines


def _rows(fields: Mapping[str, tuple[Entry, Any]], values: Mapping[str, Any], notes: bool) -> list[str]:
    """A line for every key with a value; with `notes` what it means, and an example where it has none."""
    rows: list[str] = []
    for name, (entry, default) in fields.items():
        has_default = default is not None and default is not dataclasses.MISSING
        if notes:
            about = [part for part in (entry.bounds(), f"default {toml(default)}" if has_default else "") if part]
            rows += ["", *_comment(f"{entry.meaning}."), *_comment("; ".join(about), "  ")]
        if name in values:
            rows.append(f"{name} = {toml(values[name])}")
        elif notes:
            rows.append(f"# {name} = {toml(default if has_default else entry.example)}")
    return rows


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, 106, initial_indent=f"# {indent}", subsequent_indent=f"# {indent}")
