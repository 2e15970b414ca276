"""The grid of a configuration: the values of swept keys, checked, and named series of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from scfast.entries import Choice, Entry, Number, PerType, Rate, Text, nearest, short
from scfast.sections import FOLLOWING, NOUNS, ConfigError, fields_of, kinds_with, known, prefixed
from scfast.strategies import Table

MAX_CELLS = 100_000
SWEPT = ("network", "dynamics", "risk", "initial", "protection")
UNSWEPT = ("kind", "types", "edges", "nodes", "clean", "symmetrize", "draws", "register", "judgments", "immunity", "external")
Value: TypeAlias = float | int | str
Axes: TypeAlias = tuple[tuple[str, tuple[Value, ...]], ...]


@dataclasses.dataclass(frozen=True)
class Series:
    """A grid of its own among others, with a name.

    Parameters
    ----------
    name : str
        Not empty, and unlike those of the others.
    sweep : mapping or sequence of (key, values)
        As in `Config`.

    Examples
    --------
    >>> Series("size", {"network.n_nodes": [500, 1000]}).name
    'size'
    """

    name: str
    sweep: Axes | Any = ()


@dataclasses.dataclass(frozen=True)
class Grid:
    """What the checking of swept keys needs to know of their configuration.

    Attributes
    ----------
    where : str
        What errors begin with: sweep, or series[0].
    kind : str
        Kind of network.
    sections : tuple of str
        Those whose keys can be swept.
    risk : bool
        Whether rates follow from scores.
    """

    where: str
    kind: str
    sections: tuple[str, ...]
    risk: bool


def flat(sweep: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, values) of a table of swept keys; unquoted dotted keys arrive as nested tables."""
    for key, value in sweep.items():
        if isinstance(value, Mapping) and any(isinstance(item, Mapping | list) for item in value.values()):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def checked(grid: Grid, sweep: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> Axes:
    """The swept keys with their values, checked.

    Raises
    ------
    ConfigError
        A key that cannot be swept, or twice, or a value out of bounds.
    """
    pairs = list(flat(sweep) if isinstance(sweep, Mapping) else sweep)
    _once(grid.where, pairs)
    return tuple((key, _axis(grid, key, values)) for key, values in pairs)


def with_type(where: str, given: Mapping[str, Any], key: str, value: Value) -> Any:
    """The value of a key's field with the entry of one type replaced, as in network.m.brand."""
    _, field, of_type = key.split(".", 2)
    whole = given.get(field)
    if field in ("scores", "present"):  # indicators and factors; any may be set
        return {**(whole or {}), of_type: value}
    if isinstance(whole, list) and "types" in given:
        whole = dict(zip(given["types"], whole, strict=True))
    if not isinstance(whole, Mapping) or of_type not in whole:
        names = nearest(of_type, whole) if isinstance(whole, Mapping) else "it must be written as {type = value}"
        raise ConfigError(f"{where}.{key} = {short(value)}: {key.removesuffix('.' + of_type)} has no such type, {names}")
    return {**whole, of_type: value}


def _once(where: str, pairs: Sequence[tuple[str, Any]]) -> None:
    """Refuse a key that is swept twice, or both as a whole and by type."""
    for (other, _), (key, values) in itertools.combinations(pairs, 2):
        whole, part = sorted((key, other), key=len)
        if key == other or (part.startswith(f"{whole}.") and whole.count(".") == 1):
            raise ConfigError(f"{where}.{key} = {short(values)}: must not be swept together with {other}")


def _axis(grid: Grid, key: str, given: Any) -> tuple[Value, ...]:
    """The checked values of one swept key."""
    where = f"{grid.where}.{key}"
    entry, by_type = _entry(grid, key, given)
    values = _range(where, given) if isinstance(given, Mapping) else given
    if not isinstance(values, list | tuple | np.ndarray) or len(values) == 0:
        raise ConfigError(f"{where} = {short(given)}: must be a list with at least one value, or {{start, stop, num}}")
    found: dict[tuple[type, Value], Value] = {}
    for i, value in enumerate(values):
        name = f"{where}[{i}]"
        if not isinstance(value, int | float | str | np.number) or isinstance(value, bool):
            raise ConfigError(f"{name} = {short(value)}: must be a number or a string")
        single = isinstance(entry, PerType) or (isinstance(entry, Number) and (by_type or not isinstance(value, str)))
        try:
            good = entry.one(value, name) if single else entry.check(value, name, {})  # type: ignore[attr-defined]
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if (type(good), good) in found:
            raise ConfigError(f"{name} = {short(value)}: must not be given twice")
        found[type(good), good] = good
    return tuple(found.values())


def _entry(grid: Grid, key: str, given: Any) -> tuple[Entry, bool]:
    """What one value of a swept key must be, and whether it is that of one type."""
    section, _, rest = key.partition(".")
    field, _, of_type = rest.partition(".")
    valid = {
        f"{name}.{item}": entry
        for name in grid.sections
        for item, (entry, _) in fields_of(name, grid.kind).items()
        if item not in UNSWEPT and (name != "risk" or grid.risk) and not (name == "dynamics" and item in FOLLOWING and grid.risk)
    }
    entry = valid.get(f"{section}.{field}")
    if isinstance(entry, Table):
        if not of_type:
            raise ConfigError(f"{grid.where}.{key} = {short(given)}: must be swept one by one, as in {key}.NAME")
        return Number("", low=0, high=1), True
    if entry is not None and (not of_type or section == "risk" or isinstance(entry, Rate | PerType)):
        return entry, bool(of_type)
    if entry is not None:
        bound = "cannot be swept by type"
    elif section == "dynamics" and field in FOLLOWING and grid.risk:
        bound = "must not be swept together with [risk], which gives it"
    elif section == "risk" and not grid.risk and section in grid.sections:
        bound = "needs [risk]"
    elif section in ("network", *NOUNS) and field in fields_of(section, grid.kind):
        bound = f"cannot be swept: only keys of {', '.join(grid.sections)} can, but not {', '.join(UNSWEPT)}"
    elif section == "network" and field not in UNSWEPT and kinds_with(field):
        bound = f"belongs to kind = {kinds_with(field)}"
    else:
        bound = f"unknown key, {nearest(key, valid)}"
    raise ConfigError(f"{grid.where}.{key} = {short(given)}: {bound}")


def _range(where: str, given: Mapping[str, Any]) -> list[Value]:
    """Evenly spaced values, rounded to 12 digits so that they are the same on every machine."""
    bounds = {
        "start": Number("", low=-1e300, high=1e300),
        "stop": Number("", low=-1e300, high=1e300),
        "num": Number("", low=1, high=MAX_CELLS, whole=True),
        "scale": Choice("", options=("linear", "log")),
    }
    known(where, given, bounds)
    for name in ("start", "stop", "num"):
        if name not in given:
            raise ConfigError(f"{where} = {short(dict(given))}: must have {name}")
    full = {"scale": "linear", **given}
    bound = {name: prefixed(where, entry.check, full[name], name, {}) for name, entry in bounds.items()}
    if bound["num"] == 1 and bound["start"] != bound["stop"]:
        raise ConfigError(f"{where}.num = 1: must be at least 2 where start and stop differ")
    log = bound["scale"] == "log"
    for name in ("start", "stop"):
        if log and bound[name] <= 0:
            raise ConfigError(f"{where}.{name} = {short(given[name])}: must be more than 0 on a log scale")
    points = (np.geomspace if log else np.linspace)(bound["start"], bound["stop"], bound["num"])
    rounded = [float(f"{point:.12g}") for point in points]
    whole = isinstance(given["start"], int) and isinstance(given["stop"], int) and not any(p % 1 for p in rounded)
    return [int(point) for point in rounded] if whole else list(rounded)


def series_of(position: int, given: Series | Mapping[str, Any]) -> Series:
    """One of the tables [[series]], of which the name alone is checked.

    Raises
    ------
    ConfigError
        It has no name, or one that is no text.
    """
    where = f"series[{position}]"
    if not isinstance(given, Series):
        if "name" not in given:
            raise ConfigError(f"{where}.name: must be given")
        given = Series(given["name"], {key: value for key, value in given.items() if key != "name"})
    return dataclasses.replace(given, name=prefixed(where, Text("").check, given.name, "name", {}))
