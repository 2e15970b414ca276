"""What a field of a noun says of itself: meaning, unit and bounds, declared once.

Validation, the parameter lists in docstrings and the commented configuration of ``scfast init`` all read that one place.
"""

from __future__ import annotations

import abc
import dataclasses
import difflib
import functools
import inspect
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, TypeAlias, TypeVar, cast, dataclass_transform

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass
from pydantic_core import CoreSchema, core_schema

MAX_NODES = 2**31 - 1  # neighbour indices are int32
MAX_NAME = 1000  # characters of a type's name or a node's id

FloatArray: TypeAlias = NDArray[np.float64]

Noun = TypeVar("Noun")


def short(value: object, limit: int = 60) -> str:
    """One line that shows `value`, cut at `limit` characters.

    >>> short(np.float64(1.5)), short(np.zeros(3)), short("a" * 99, 8)
    ('1.5', 'an array of shape (3,)', "'aaaa...")
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    try:
        text = repr(value.item() if isinstance(value, np.generic) else value).replace("\n", " ")
    except ValueError:  # Python writes no integers of more digits
        text = f"a number of more than {sys.get_int_max_str_digits()} digits"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def nearest(name: object, valid: Iterable[str]) -> str:
    """The valid name closest to `name` as a hint, or the list of valid names.

    >>> nearest("bta", ["beta", "gamma"])
    "did you mean 'beta'?"
    >>> nearest("?", ["beta", "gamma"])
    'valid: beta, gamma'
    """
    names = list(valid)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"valid: {', '.join(names[:20])}{', ...' * (len(names) > 20)}" if names else "there are none"


def numbers(values: Any) -> FloatArray:
    """A float64 copy of a 1-D array-like; text is read, and what is no number is NaN.

    >>> numbers([1, 2]).tolist(), numbers(["0.5", "40%", ""]).tolist()
    ([1.0, 2.0], [0.5, nan, nan])
    """

    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return math.nan

    array = np.asarray(values)
    if array.dtype.kind in "iuf":
        return array.astype(np.float64)
    return np.fromiter((read(str(value)) for value in array.tolist()), np.float64, array.size)


def _bad(name: str, value: object, bound: str) -> ValueError:
    return ValueError(f"{name} = {short(value)}: {bound}")


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic | np.ndarray) and not value.ndim else value


def _array(value: Any, name: str) -> NDArray[Any]:
    """`value` as a 1-D numeric array; what is none of that gives an array of another dtype."""
    for i, item in enumerate(value if isinstance(value, list | tuple) else ()):
        if isinstance(item, bool):  # which NumPy would take for 0 or 1
            raise _bad(f"{name}[{i}]", item, "must be a number")
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        return np.empty(0, dtype=object)
    return array if array.ndim == 1 and array.dtype.kind in "iuf" else np.empty(0, dtype=object)


@dataclasses.dataclass(frozen=True)
class Entry(abc.ABC):
    """Meaning, unit and bounds of one field; checks its values.

    `known` of `check` holds the fields before this one; a bad value raises a one-line ValueError.
    """

    meaning: str
    _: dataclasses.KW_ONLY
    unit: str = ""
    optional: bool = False
    example: Any = None
    words: ClassVar[str] = ""

    @abc.abstractmethod
    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        """Return `value` normalised."""

    def span(self) -> str:
        """The allowed values, in words."""
        return self.words

    def bounds(self) -> str:
        """Unit and range in one line."""
        return "; ".join(part for part in (self.unit, self.span()) if part)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, info: core_schema.ValidationInfo) -> Any:
            if value is None and self.optional:
                return None
            return self.check(value, str(info.field_name), info.data)

        return core_schema.with_info_plain_validator_function(validate)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Number(Entry):
    """One number, low <= number <= high; `above` excludes low, `infinite` admits inf."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    above: bool = False
    infinite: bool = False

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        return self.one(value, name)

    def one(self, value: Any, name: str) -> float | int:
        """One number, checked: int if `whole` (save inf), else float."""
        if type(value) is float and self.low < value < self.high and not self.whole:  # the usual: a sweep has very many
            return value
        number = math.inf if self.infinite and isinstance(value, str) and value == "inf" else _plain(value)
        if not isinstance(number, int | float) or isinstance(number, bool) or number != number:
            raise _bad(name, value, "must be a number")
        if self.whole and number % 1 and abs(number) != math.inf:
            raise _bad(name, value, "must be a whole number")
        if number == math.inf and self.infinite:
            return math.inf
        if number < self.low or (self.above and number == self.low):
            raise _bad(name, value, f"must be {self._least()}")
        if number > self.high:
            raise _bad(name, value, f"must be at most {self.high}")
        if abs(number) > sys.float_info.max:
            raise _bad(name, value, "must be finite")
        return int(number) if self.whole else float(number)

    def _least(self) -> str:
        return f"{'more than' if self.above else 'at least'} {self.low}"

    def span(self) -> str:
        parts = ["whole number" if self.whole else "number"]
        if self.high not in (math.inf, MAX_NODES):
            parts.append(f"{self.low} to {self.high}" + f", not {self.low}" * self.above)
        elif self.low != -math.inf:
            parts.append(self._least())
        return ", ".join(parts) + ", or inf" * self.infinite


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rate(Number):
    """A number, {type name: number}, a 1-D array over nodes, or the name of a node attribute."""

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if isinstance(value, float):
            return self.one(value, name)
        if isinstance(value, str | Mapping) and not value:
            raise _bad(name, value, "must not be empty")
        if isinstance(value, str):
            if not np.isnan(numbers([value])[0]):
                raise _bad(name, value, "must be a number (text names a node attribute)")
            return value
        if isinstance(value, Mapping):
            return {str(key): self.one(item, f"{name}.{key}") for key, item in value.items()}
        if _is_list(value):
            return self.column(value, name)
        return self.one(value, name)

    def column(self, value: Any, name: str) -> FloatArray:
        """A checked, read-only float64 copy of a 1-D array-like, one value per node."""
        given = _array(value, name)
        if given.dtype.kind == "O":
            raise _bad(name, value, "must be a 1-D array of numbers, one per node")
        array = given.astype(np.float64)
        wrong = np.flatnonzero(~((array >= self.low) & (array <= self.high)))
        if wrong.size:
            self.one(array[wrong[0]], f"{name}[{wrong[0]}]")
        array.setflags(write=False)
        return array


@dataclasses.dataclass(frozen=True, kw_only=True)
class PerType(Number):
    """One number for all types, a list in type order, or {type: number}; read back as a tuple.

    `positive_sum` asks that not all of them be 0.
    """

    positive_sum: bool = False

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        types: tuple[str, ...] = known.get("types", ())
        if isinstance(value, Mapping):
            items = {str(k): self.one(v, f"{name}.{k}") for k, v in value.items()}
            checked = tuple(_complete(items, name, types).values())
        elif _is_list(value):
            checked = tuple(self.one(item, f"{name}[{i}]") for i, item in enumerate(value))
            if types and len(checked) != len(types):
                raise _bad(name, list(checked), f"must have {len(types)} values, one per type")
        else:
            checked = (self.one(value, name),) * len(types)
        if self.positive_sum and checked and not any(checked):
            raise _bad(name, list(checked), "must not be all 0")
        return checked


@dataclasses.dataclass(frozen=True, kw_only=True)
class Amount(Entry):
    """An int is a count (at least 0), a float a fraction of the nodes in [0, 1]."""

    words = "fraction 0.0 to 1.0, or a whole number at least 0 as a count"

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        number = _plain(value)
        fraction = isinstance(number, float)
        if fraction and number > 1:
            raise _bad(name, value, "must be at most 1 as a fraction; a count has no decimal point")
        return Number("", low=0, high=MAX_NODES, whole=not fraction).one(number, name)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice(Entry):
    """One of the strings `options`; with `several`, a list of distinct ones (kept as a tuple)."""

    options: tuple[str, ...]
    several: bool = False

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not self.several:
            return self._one(value, name)
        if not isinstance(value, list | tuple):
            raise _bad(name, value, "must be a list")
        found = [self._one(item, f"{name}[{i}]") for i, item in enumerate(value)]
        for i, option in enumerate(found):
            if option in found[:i]:
                raise _bad(f"{name}[{i}]", option, "must not be given twice")
        return tuple(option for option in self.options if option in found)

    def _one(self, value: Any, name: str) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise _bad(name, value, f"must be one of {', '.join(map(repr, self.options))}")
        return value

    def span(self) -> str:
        options = ", ".join(f'"{option}"' for option in self.options)
        return f"any of {options}" if self.several else f"one of {options}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flag(Entry):
    """true or false."""

    words = "true or false"

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not isinstance(value, bool | np.bool_):
            raise _bad(name, value, "must be true or false")
        return bool(value)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Text(Entry):
    """A string that is not empty."""

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not isinstance(value, str) or not value:
            raise _bad(name, value, "must be a string that is not empty")
        return value


@dataclasses.dataclass(frozen=True, kw_only=True)
class TypeNames(Entry):
    """Distinct names of the node types."""

    words = "2 to 16 names"

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not isinstance(value, list | tuple) or not all(isinstance(t, str) and t for t in value):
            raise _bad(name, value, "must be a list of names")
        for i, label in enumerate(value):
            if len(label) > MAX_NAME or "\0" in label:
                raise _bad(f"{name}[{i}]", label, f"must be at most {MAX_NAME} characters, none of them NUL")
        if not 2 <= len(value) <= 16:
            raise _bad(name, list(value), "must hold 2 to 16 names")
        if len(set(value)) < len(value):
            raise _bad(name, list(value), "must not name a type twice")
        return tuple(value)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Items(Entry):
    """Distinct items, at least one, kept as a tuple; `item` and `listed` say what one is, and several."""

    item: ClassVar[str]
    listed: ClassVar[str]

    @abc.abstractmethod
    def one(self, value: Any, name: str) -> Any:
        """One item, checked."""

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not _is_list(value) or len(value) == 0:
            raise _bad(name, value, f"must be a list of {self.listed}, at least one")
        found = tuple(self.one(_plain(item), f"{name}[{i}]") for i, item in enumerate(value))
        if len(set(found)) < len(found):
            raise _bad(name, list(found), f"must not name a {self.item} twice")
        return found


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeList(Items):
    """Distinct nodes, each by id (text or integer), or by index where nodes have no ids; kept as a tuple."""

    words = "list of ids or indices"
    item, listed = "node", "node ids or indices"

    def one(self, value: Any, name: str) -> str | int:
        return value if isinstance(value, str) else int(_WHOLE.one(value, name))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Steps(Items):
    """Distinct time steps, kept as a tuple in rising order."""

    words = "list of whole numbers at least 0"
    item, listed = "step", "steps"

    def one(self, value: Any, name: str) -> int:
        return int(_STEP.one(value, name))

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        return tuple(sorted(super().check(value, name, known)))


_WHOLE = Number("", low=0, high=2**63 - 1, whole=True)  # an id may be larger than any index
_STEP = Number("", low=0, high=MAX_NODES, whole=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scalar(Entry):
    """A number or a text; numbers are kept as floats."""

    words = "number or text"

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if isinstance(value, str) and value:
            return value
        if isinstance(_plain(value), int | float) and not isinstance(value, bool):
            return Number("").one(value, name)
        raise _bad(name, value, "must be a number, or text that is not empty")


@dataclasses.dataclass(frozen=True, kw_only=True)
class StateColumn(Entry):
    """One state 0..3 per node (kept as a read-only uint8 array), or a node attribute's name."""

    words = "list of 0..3 = S, I, R, X, or the name of a node attribute that holds them"

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if isinstance(value, str) and value:
            return value
        given = _array(value, name)
        if given.dtype.kind == "O" or np.any(given != np.floor(given)):
            raise _bad(name, value, "must be a 1-D array of states 0..3, or name a node attribute")
        wrong = np.flatnonzero((given < 0) | (given > 3))
        if wrong.size:
            raise _bad(f"{name}[{wrong[0]}]", given[wrong[0]], "must be a state: 0, 1, 2 or 3 (S, I, R, X)")
        states = given.astype(np.uint8)
        states.setflags(write=False)
        return states


def _complete(values: Mapping[str, Any], name: str, types: Sequence[str]) -> dict[str, Any]:
    """`values` by type name, in type order; every type once and no other."""
    for key, value in values.items():
        if key not in types:
            raise _bad(f"{name}.{key}", value, f"no such type, {nearest(key, types)}")
    for key in types:
        if key not in values:
            raise _bad(name, dict(values), f"must give a value for every type, {key!r} is missing")
    return {key: values[key] for key in types}


def _canonical(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, Mapping):
        return frozenset((key, _canonical(item)) for key, item in value.items())
    return (type(value), tuple(map(_canonical, value)) if isinstance(value, list | tuple) else value)


def _message(error: ValidationError, cls: type) -> str:
    """The first of pydantic's errors as one line."""
    first = error.errors(include_url=False)[0]
    raised = first.get("ctx", {}).get("error")
    if isinstance(raised, ValueError):
        return str(raised)
    names = [f.name for f in dataclasses.fields(cls)]
    if first["type"] == "unexpected_positional_argument":
        named = next((f.name for f in dataclasses.fields(cls) if f.kw_only), names[0])
        return f"{short(first['input'])}: must be given by name, as in {cls.__name__}({named}=...)"
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"{where}: must be given"
    if first["type"] == "unexpected_keyword_argument":
        return f"{where} = {short(first['input'])}: no such parameter, {nearest(where, names)}"
    return f"{where} = {short(first['input'])}: {first['msg'].lower()}"


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def noun(cls: type[Noun]) -> type[Noun]:
    """Make `cls` a frozen, checked dataclass whose errors are plain one-line ValueErrors.

    `{parameters}` in its docstring becomes the numpydoc list of its fields. Equality compares
    values, arrays by content.
    """
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, validate_default=True)
    made: Any = checked_dataclass(cls, frozen=True, kw_only=True, eq=False, config=config)
    inner = made.__init__

    @functools.wraps(inner)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            inner(self, *args, **kwargs)
        except ValidationError as error:
            raise ValueError(_message(error, made)) from None

    def key(self: Any) -> tuple[Any, ...]:
        return tuple(_canonical(getattr(self, f.name)) for f in dataclasses.fields(self))

    def equal(self: Any, other: object) -> Any:
        return key(self) == key(other) if type(other) is type(self) else NotImplemented

    made.__init__, made.__eq__ = init, equal
    made.__hash__ = lambda self: hash((type(self), key(self)))
    listing = "\n".join(
        f"{name} : {entry.bounds() or 'any'}, default {short(default)}\n    {entry.meaning}."
        for name, (entry, default) in entries(made).items()
    )
    made.__doc__ = inspect.cleandoc(cls.__doc__ or "").replace("{parameters}", listing)
    return cast("type[Noun]", made)


@functools.cache
def entries(cls: type) -> dict[str, tuple[Entry, Any]]:
    """The fields of a noun in order: name -> (metadata, default; `dataclasses.MISSING` if none)."""
    found: dict[str, tuple[Entry, Any]] = {}
    for item in dataclasses.fields(cls):
        info = cast(Any, cls).__pydantic_fields__[item.name]
        entry = next(mark for mark in info.metadata if isinstance(mark, Entry))
        found[item.name] = (entry, dataclasses.MISSING if info.is_required() else info.default)
    return found
