"""What is known of the firms and of the outside: index systems and the scores of their indicators.

Experts' judgments weigh two systems of indicators [P]: the immunity of the firms to risk, with the criteria resistance, recovery
and learning, and the intensity of risk from outside. A `Profile` says how good or bad each indicator is, for all firms, per type
or per node, for certain or as a range. Leaf names and the shipped judgments are A (the paper's own are lost).
"""

from __future__ import annotations

import csv
import functools
import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scfast import ahp
from scfast.entries import Choice, FloatArray, Number, Rate, _bad, _complete, nearest, numbers, short
from scfast.parameters import Nodes

SHIPPED = Path(__file__).with_name("data") / "risk"
IMMUNITY = ("resistance", "recovery", "learning")  # the criteria of risk immunity [P], on which the rates rest

SCORE = Rate("Score", low=0, high=1)
SHARE = Number("Share", low=0, high=1)
SHAPES = Choice("Shape", options=("uniform", "triangular", "pert"))


@dataclass(frozen=True)
class Indicator:
    """A leaf of an index system.

    Attributes
    ----------
    key, label : str
    criterion : str
        The child of the goal that it stands under.
    local, weight : float
        Its weight within the criterion, and within the whole system (global).
    zero, one : str
        What the scores 0 and 1 mean; empty where the file does not say.
    """

    key: str
    label: str
    criterion: str
    local: float
    weight: float
    zero: str = ""
    one: str = ""


@dataclass(frozen=True)
class System:
    """An index system: weighted indicators under criteria.

    Attributes
    ----------
    name : str
        The goal.
    indicators : tuple of Indicator
        In the order of the file.
    ratios : mapping of str to float
        The consistency ratio of every judged factor.
    """

    name: str
    indicators: tuple[Indicator, ...]
    ratios: Mapping[str, float]

    @property
    def criteria(self) -> tuple[str, ...]:
        """Keys of the criteria in the order of the file."""
        return tuple(dict.fromkeys(item.criterion for item in self.indicators))

    @classmethod
    def read(
        cls, path: str | Path, *, judgments: Mapping[str, str | Path] | None = None, allow_inconsistent: bool = False
    ) -> System:
        """Read a hierarchy of judgments in the formats of `scfast.ahp`.

        `judgments` holds files of judgments that take the place of those of a factor.

        A table ``[about.scales]`` may say what the scores of an indicator mean: ``KEY = ["what 0 means", "what 1 means"]``.

        Raises
        ------
        ValueError
            What `scfast.ahp.read` refuses, or a scale that is none.

        Examples
        --------
        >>> system = System.read(SHIPPED / "immunity.toml")
        >>> max(system.indicators, key=lambda item: item.weight).key
        'capital_stability'
        """
        tree = ahp.read(path, allow_inconsistent=allow_inconsistent)
        if judgments:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
            for key, own in judgments.items():
                data["factor"][key] = _own_judgments(own, [child.key for child in tree[key].children])
            tree = ahp.tree(data, allow_inconsistent=allow_inconsistent)
        found = [
            Indicator(leaf.key, leaf.label, top.key, leaf.global_weight / top.global_weight, leaf.global_weight)
            for top in tree.goal.children
            for leaf in top.walk()
            if not leaf.children
        ]
        try:
            scales = _scales(Path(path), [item.key for item in found])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        described = tuple(replace(item, zero=scales[item.key][0], one=scales[item.key][1]) for item in found)
        ratios = {node.key: node.judged.consistency_ratio for node in tree.factors if node.judged}
        return cls(tree.goal.key, described, ratios)

    def plain(self) -> dict[str, Any]:
        """The system as plain JSON, for :meth:`from_plain`."""
        rows = [[item.key, item.label, item.criterion, item.local, item.weight] for item in self.indicators]
        return {"name": self.name, "indicators": rows, "ratios": dict(self.ratios)}

    @classmethod
    def from_plain(cls, table: Mapping[str, Any]) -> System:
        """The inverse of :meth:`plain`.

        Raises
        ------
        ValueError
            A table that is not one of those.
        """
        try:
            items = tuple(Indicator(str(k), str(label), str(c), float(lo), float(w)) for k, label, c, lo, w in table["indicators"])
            return cls(str(table["name"]), items, {str(key): float(ratio) for key, ratio in table["ratios"].items()})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError(f"{short(dict(table))}: must be the name of a file") from None


def _own_judgments(path: str | Path, children: Sequence[str]) -> dict[str, Any]:
    """The table of a factor with the judgments of a CSV file, in the order of its children."""
    judged = ahp.read(path, allow_inconsistent=True).goal.judged
    assert judged is not None
    names = judged.names or tuple(children)
    if len(judged.vector) != len(children) or set(names) != set(children):
        raise ValueError(f"{path}: children = {', '.join(map(judged.name, range(judged.n)))}: must be {', '.join(children)}")
    order = [names.index(child) for child in children]
    return {"children": list(children), "judgments": judged.matrix[np.ix_(order, order)].tolist()}


def _scales(path: Path, leaves: Sequence[str]) -> dict[str, tuple[str, str]]:
    """What the scores 0 and 1 of each leaf mean, empty where the file does not say."""
    about = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("about", {}) if path.suffix.lower() == ".toml" else {}
    given = about.get("scales", {}) if isinstance(about, Mapping) else {}
    if not isinstance(given, Mapping):
        raise _bad("about.scales", given, "must be a table, [about.scales]")
    for key, texts in given.items():
        if key not in leaves:
            raise _bad(f"about.scales.{key}", texts, f"no such indicator, {nearest(key, leaves)}")
        if not isinstance(texts, list) or len(texts) != 2 or not all(isinstance(text, str) for text in texts):
            raise _bad(f"about.scales.{key}", texts, "must be two texts, what 0 and what 1 means")
    return {key: tuple(given.get(key, ("", ""))) for key in leaves}


@dataclass(frozen=True)
class Systems:
    """Both index systems: `immunity` (how good the firms are) and `external` (how bad the outside is).

    Raises
    ------
    ValueError
        Criteria of immunity other than resistance, recovery and learning; an indicator that is in both.

    Examples
    --------
    >>> len(Systems.load().immunity.indicators), len(Systems.load().external.indicators)
    (13, 10)
    """

    immunity: System
    external: System

    def __post_init__(self) -> None:
        if sorted(self.immunity.criteria) != sorted(IMMUNITY):
            shown = ", ".join(self.immunity.criteria)
            raise ValueError(f"immunity: criteria = {shown}: must be {', '.join(IMMUNITY)}, on which the rates rest")
        both = {item.key for item in self.immunity.indicators}
        for item in self.external.indicators:
            if item.key in both:
                raise ValueError(f"external: indicator = {item.key!r}: must not be an indicator of immunity too")

    @functools.cached_property
    def indicators(self) -> Mapping[str, Indicator]:
        """Every indicator by its key, immunity first."""
        return {item.key: item for item in (*self.immunity.indicators, *self.external.indicators)}

    @classmethod
    def load(
        cls,
        immunity: str | Path | None = None,
        external: str | Path | None = None,
        judgments: Mapping[str, str | Path] | None = None,
    ) -> Systems:
        """The systems in these files; the shipped one for each that is not given.

        `judgments` holds CSV files of judgments, each instead of those of a factor of either system.

        Raises
        ------
        ValueError
            As `System.read` and `Systems`.
        """
        if immunity is None and external is None and not judgments:
            return _shipped()
        paths = (immunity or SHIPPED / "immunity.toml", external or SHIPPED / "external.toml")
        left = dict(judgments or {})
        made = []
        for path in paths:
            factors = [node.key for node in ahp.read(path).factors]
            own = {key: left.pop(key) for key in factors if key in left}
            made.append(System.read(path, judgments=own))
        for key, given in left.items():
            known = [node.key for path in paths for node in ahp.read(path).factors]
            raise ValueError(f"judgments.{key} = {short(str(given))}: no such factor of the index systems, {nearest(key, known)}")
        return cls(*made)


@functools.cache
def _shipped() -> Systems:
    return Systems(System.read(SHIPPED / "immunity.toml"), System.read(SHIPPED / "external.toml"))


@dataclass(frozen=True)
class Spread:
    """A score that is not certain: somewhere from `low` to `high`.

    Parameters
    ----------
    low, high : float
        Ends of the range, 0 <= low <= high <= 1.
    mode : float, optional
        The likeliest score.
    shape : {"uniform", "triangular", "pert"}, optional
        Default: uniform without a mode, triangular with one. pert is the beta distribution on the range with the mean
        (low + 4 mode + high) / 6 (L).

    Raises
    ------
    ValueError
        A bound out of [0, 1] or out of order, or a mode where there can be none.

    Examples
    --------
    >>> Spread(0.2, 0.8, mode=0.5, shape="pert").mean, Spread(0, 1).quantile(0.25)
    (0.5, 0.25)
    """

    low: float
    high: float
    mode: float | None = None
    shape: str | Any = None

    def __post_init__(self) -> None:
        low, high = SHARE.one(self.low, "low"), SHARE.one(self.high, "high")
        if low > high:
            raise _bad("low", self.low, f"must be at most high, {high}")
        shape = self.shape if self.shape is not None else ("uniform" if self.mode is None else "triangular")
        SHAPES.check(shape, "shape", {})
        if (shape == "uniform") != (self.mode is None):
            raise _bad("mode", self.mode, f"must {'not ' * (shape == 'uniform')}be given where shape is {shape!r}")
        mode = self.mode
        if mode is not None:
            mode = Number("", low=low, high=high).one(mode, "mode")
        for name, value in (("low", low), ("high", high), ("mode", mode), ("shape", shape)):
            object.__setattr__(self, name, value)

    @property
    def mean(self) -> float:
        """Its expectation."""
        if self.mode is None:
            return (self.low + self.high) / 2
        weight = 4 if self.shape == "pert" else 1
        return (self.low + weight * self.mode + self.high) / (weight + 2)

    def quantile(self, u: float) -> float:
        """The inverse distribution function at `u` in [0, 1]."""
        width = self.high - self.low
        if self.mode is None or not width:
            value = self.low + width * u
        elif self.shape == "pert":
            from scipy.special import betaincinv

            place = (self.mode - self.low) / width
            share = float(betaincinv(1 + 4 * place, 5 - 4 * place, u if u > 1e-100 else 0.0))  # nan below
            value = self.low + width * round(share, 12)  # the same on every machine
        elif u * width < self.mode - self.low:
            value = self.low + math.sqrt(u * width * (self.mode - self.low))
        else:
            value = self.high - math.sqrt((1 - u) * width * (self.high - self.mode))
        return min(max(value, self.low), self.high)

    def shifted(self, by: float) -> Spread:
        """Every bound moved by `by` and kept within [0, 1] (A)."""
        low, high = _clip(self.low + by), _clip(self.high + by)
        return Spread(low, high, None if self.mode is None else _clip(self.mode + by), self.shape)


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _spread(given: Mapping[str, Any], name: str) -> Spread:
    valid = ("low", "mode", "high", "shape")
    for key, value in given.items():
        if key not in valid:
            raise _bad(f"{name}.{key}", value, f"unknown key of a range, {nearest(key, valid)}")
    for key in ("low", "high"):
        if key not in given:
            raise _bad(name, dict(given), f"must have {key}")
    try:
        return Spread(**given)
    except ValueError as error:
        raise ValueError(f"{name}.{error}") from None


def _single(value: Any, name: str) -> float | Spread:
    if isinstance(value, Spread):
        return value
    return _spread(value, name) if isinstance(value, Mapping) else SCORE.one(value, name)


def _score(value: Any, name: str) -> Any:
    """A score in any of its forms, checked."""
    if isinstance(value, str):
        raise _bad(name, value, "must be a number, {type = number}, a range {low, high}, or one number per node")
    if isinstance(value, Mapping) and value:
        if {"low", "high", "mode", "shape"} & value.keys():
            return _single(value, name)
        # in an order of its own, which draws follow: equal tables give equal draws
        return {str(key): _single(value[key], f"{name}.{key}") for key in sorted(value, key=str)}
    return value if isinstance(value, Spread) else SCORE.check(value, name, {})


@dataclass(frozen=True, eq=False)
class Profile:
    """Scores of the indicators: immunity scores say how good, external ones how bad.

    Parameters
    ----------
    scores : mapping of str to score
        Indicator -> score in [0, 1]: one number for all firms; {type: number}; a 1-D array, one number per node; or, for all
        firms or for a type, a `Spread` or its mapping {low, high}, {low, mode, high} (triangular) or with shape = "pert".
    systems : Systems, optional
        Default: the shipped ones.
    default : float
        Score of every indicator that is not given, 0 to 1 (A); `defaulted` names them.
    ids : sequence of str, optional
        Node of each entry of the arrays; without it they are in the order of the network's nodes.

    Raises
    ------
    ValueError
        An unknown indicator, a score out of [0, 1], arrays of different lengths, a repeated id.

    Examples
    --------
    >>> profile = Profile({"capital_stability": 0.8, "delivery_delay": {"low": 0.2, "high": 0.6}})
    >>> profile.uncertain, len(profile.defaulted)
    (('delivery_delay',), 21)
    >>> profile.draw([0.5]).scores["delivery_delay"]
    0.4
    """

    scores: Mapping[str, Any] = field(default_factory=dict)
    systems: Systems | Any = None
    default: float = 0.5
    ids: Sequence[str] | None = None

    def __post_init__(self) -> None:
        systems = self.systems or Systems.load()
        check_keys(self.scores, systems)
        checked = {key: _score(self.scores[key], key) for key in systems.indicators if key in self.scores}
        ids = None if self.ids is None else tuple(map(str, self.ids))
        rows = None if ids is None else len(ids)
        for key, score in checked.items():
            if isinstance(score, np.ndarray):
                rows = len(score) if rows is None else rows
                if len(score) != rows:
                    raise _bad(key, score, f"must have {rows} values, one per node, as the others")
        _once(ids or ())
        default = SHARE.one(self.default, "default")
        for name, value in (("scores", checked), ("systems", systems), ("default", default), ("ids", ids)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_csv(cls, path: str | Path, scores: Mapping[str, Any] | None = None, systems: Systems | None = None) -> Profile:
        """Scores per node from a CSV file with the column id and columns named by indicators.

        `scores` holds those of other indicators.

        Raises
        ------
        ValueError
            A file that cannot be read, an unknown column, a repeated id, a score out of [0, 1].
        """
        ids, columns = _columns(Path(path), (systems or Systems.load()).indicators)
        for key in scores or {}:
            if key in columns:
                raise _bad(key, (scores or {})[key], f"must not be given twice: {path} has it as a column")
        return cls({**(scores or {}), **columns}, systems, ids=ids)

    @property
    def defaulted(self) -> tuple[str, ...]:
        """The indicators without a score of their own."""
        return tuple(key for key in self.systems.indicators if key not in self.scores)

    @property
    def uncertain(self) -> tuple[str, ...]:
        """The scores that are ranges, as indicator or indicator.type, in the systems' order."""
        return tuple(name for name, _ in self._spreads())

    def _spreads(self) -> Iterator[tuple[str, Spread]]:
        for key, score in self.scores.items():
            if isinstance(score, Spread):
                yield key, score
            elif isinstance(score, Mapping):
                yield from ((f"{key}.{name}", item) for name, item in score.items() if isinstance(item, Spread))

    def draw(self, u: ArrayLike) -> Profile:
        """The definite profile at the quantiles `u`.

        Parameters
        ----------
        u : array_like of float, shape (len(uncertain),)
            Uniforms in [0, 1], in the order of `uncertain`.

        Raises
        ------
        ValueError
            Another number of them, or one out of [0, 1].
        """
        n_uncertain = len(self.uncertain)
        if np.shape(u) != (n_uncertain,):
            raise _bad("u", u, f"must have {n_uncertain} values, one for each uncertain score")
        values = SCORE.column(u, "u")
        drawn = {name: spread.quantile(float(x)) for (name, spread), x in zip(self._spreads(), values, strict=True)}
        return self._settled(drawn)

    def central(self) -> Profile:
        """The definite profile in which every range is its mean."""
        return self._settled({name: spread.mean for name, spread in self._spreads()})

    def _settled(self, values: Mapping[str, float]) -> Profile:
        if not values:
            return self
        scores = {
            key: {name: values.get(f"{key}.{name}", item) for name, item in score.items()}
            if isinstance(score, Mapping)
            else values.get(key, score)
            for key, score in self.scores.items()
        }
        return replace(self, scores=scores)

    def on(self, network: Nodes) -> Profile:
        """The same profile with arrays in the order of the network's nodes, checked against it.

        Where one score is per node, certain ones per type become so too: draw first.

        Raises
        ------
        ValueError
            An unknown or missing type, an unknown or missing node, a wrong length.
        """
        order = _order(self.ids, network)
        arrays = any(isinstance(score, np.ndarray) for score in self.scores.values())
        scores: dict[str, Any] = {}
        for key, score in self.scores.items():
            if isinstance(score, np.ndarray):
                if len(score) != network.n_nodes:
                    raise _bad(key, score, f"must have one value for each of the {network.n_nodes} nodes")
                scores[key] = score if order is None else score[order]
            elif isinstance(score, Mapping):
                known = _complete(score, key, network.type_names)
                certain = not any(isinstance(item, Spread) for item in known.values())
                spread_out = arrays and certain and network.types is not None
                scores[key] = np.array(list(known.values()), np.float64)[network.types] if spread_out else known
            else:
                scores[key] = score
        return replace(self, scores=scores, ids=None)


def _once(ids: Sequence[str]) -> None:
    if len(set(ids)) < len(ids):
        raise ValueError(f"id = {short(Counter(ids).most_common(1)[0][0])}: must not stand there twice")


def check_keys(scores: Mapping[str, Any], systems: Systems) -> None:
    """Raise ValueError where a score is of no indicator of `systems`."""
    if not isinstance(scores, Mapping):
        raise _bad("scores", scores, "must be {indicator = score}")
    for key, value in scores.items():
        if key not in systems.indicators:
            raise _bad(key, value, f"no such indicator, {nearest(key, systems.indicators)}")


def _order(ids: Sequence[str] | None, network: Nodes) -> NDArray[np.int64] | None:
    """The row of each of the network's nodes."""
    if ids is None:
        return None
    rows = {name: i for i, name in enumerate(ids)}
    names = [str(i) for i in range(network.n_nodes)] if network.names is None else [str(name) for name in network.names]
    missing = [name for name in names if name not in rows]
    if missing:
        raise ValueError(f"node {short(missing[0])}: must have a row with its scores ({len(missing)} of {len(names)} have none)")
    if len(rows) > len(names):
        other = next(iter(rows.keys() - set(names)))
        raise ValueError(f"id = {short(other)}: no such node in the network")
    return np.array([rows[name] for name in names], np.int64)


def _columns(path: Path, indicators: Iterable[str]) -> tuple[list[str], dict[str, FloatArray]]:
    """Ids and columns of scores of a CSV file."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except OSError as error:
        raise ValueError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: not CSV in UTF-8, {error}") from None
    header = [name.strip() for name in rows[0]] if rows else []
    if "id" not in header:
        raise ValueError(f"{path}: column 'id' is missing (columns: {short(', '.join(header))})")
    for i, name in enumerate(header):
        if name != "id" and name not in indicators:
            raise ValueError(f"{path}: column = {short(name)}: no such indicator, {nearest(name, indicators)}")
        if name in header[:i]:
            raise ValueError(f"{path}: column = {name!r}: must not stand there twice")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise ValueError(f"{path}: row {number}: has {len(row)} fields, must have {len(header)}")
    fields = dict(zip(header, zip(*rows[1:], strict=True) if len(rows) > 1 else [()] * len(header), strict=True))
    ids = [name.strip() for name in fields.pop("id")]
    try:
        _once(ids)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    columns: dict[str, FloatArray] = {}
    for name, texts in fields.items():
        columns[name] = numbers(texts)
        wrong = np.flatnonzero(~((columns[name] >= 0) & (columns[name] <= 1)))
        if wrong.size:
            first = int(wrong[0])
            raise ValueError(f"{path}: {name} of node {short(ids[first])} = {short(texts[first])}: must be a number from 0 to 1")
    return ids, columns
