"""Scores and strategies in a configuration: ``[risk]`` and ``[[strategy]]``, and what they make of the other sections.

A strategy ([P] section 4, [C] 4.2, [B] 3) changes scores, rates, states or growth. How far is our assumption (A): a strength k in
[0, 1] closes that share of what is missing to the best score, s -> s + k (1 - s).
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import model_validator

from scfast.entries import Amount, Choice, Entry, Number, Text, _bad, _is_list, noun, short
from scfast.parameters import RANKINGS
from scfast.profiles import SCORE, Profile, Spread, System, Systems
from scfast.register import Register, read_toml

SCORES = {
    "contingency_fund": ("contingency_fund",),
    "capital_reserve": ("capital_stability",),
    "insurance": ("contingency_fund", "partner_trust"),
    "emergency_inventory": ("inventory_buffers",),
    "monitoring": ("monitoring_response",),
    "diversification": ("partner_diversification",),
    "information_sharing": ("information_sharing",),
    "trust": ("partner_trust",),
    "information_security": ("information_security",),
    "training_and_review": ("staff_training", "event_review"),
}
"""Strategies that raise scores, and the indicators that they raise (A)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table(Entry):
    """A table with text keys; what is in it is checked where its meaning is known."""

    words = "table"

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not isinstance(value, Mapping):
            raise _bad(name, value, "must be a table")
        return _written(value)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source(Entry):
    """A file's name, or a table that holds what is in one; with `several`, a list of such."""

    words = "file"
    several: bool = False

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if self.several:
            if not isinstance(value, list | tuple):
                raise _bad(name, value, "must be a list of files")
            return tuple(self._one(item, f"{name}[{i}]") for i, item in enumerate(value))
        return self._one(value, name)

    def _one(self, value: Any, name: str) -> Any:
        if isinstance(value, Mapping):
            return _written(value)
        if not isinstance(value, str) or not value:
            raise _bad(name, value, "must be the name of a file")
        return value


def _written(value: Any) -> Any:
    """`value` as a file would hold it: tables, lists, and plain numbers."""
    if isinstance(value, Spread):
        value = {name: item for name, item in dataclasses.asdict(value).items() if item is not None}
    if isinstance(value, Mapping):
        return {str(key): _written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [item if type(item) in (float, str) else _written(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


@noun
class Risk:
    """Scores of the indicators, from which the rates follow (A, for the lost eqs. 6-9 of [P]).

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> Risk(scores={"capital_stability": 0.9}).profile.scores
    {'capital_stability': 0.9}
    """

    step: Annotated[float, Number("Length h of a time step, in units over which the scores act", low=0, high=1, above=True)] = 0.1
    default: Annotated[float, Number("Score of every indicator that is not given", low=0, high=1)] = 0.5
    draws: Annotated[int, Number("Draws of the scores that are ranges; 1: their means", low=1, high=100_000, whole=True)] = 1
    scores: Annotated[
        Mapping[str, Any] | None,
        Table(
            "Indicator -> score: a number; {type = number}; or a range {low, high}, {low, mode, high}, or that with a shape: pert",
            optional=True,
            example={"capital_stability": 0.8, "delivery_delay": {"low": 0.2, "high": 0.6}},
        ),
    ] = None
    nodes: Annotated[
        str | Mapping[str, Any] | None,
        Source("CSV file with the column id and columns of scores per node", optional=True, example="scores.csv"),
    ] = None
    present: Annotated[
        Mapping[str, Any] | None,
        Table(
            "Risk factors of the register that are present -> severity 0 to 1; they move scores",
            optional=True,
            example={"conflict_of_interest": 0.5},
        ),
    ] = None
    register: Annotated[
        Sequence[Any] | None, Source("Registers of your own", several=True, optional=True, example=["register.toml"])
    ] = None
    judgments: Annotated[
        Mapping[str, Any] | None,
        Table(
            "Factor of an index system -> CSV file with your judgments of its children",
            optional=True,
            example={"resistance": "judgments.csv"},
        ),
    ] = None
    immunity: Annotated[
        str | Mapping[str, Any] | None,
        Source("Index system of immunity, as `scfast ahp` reads it", optional=True, example="immunity.toml"),
    ] = None
    external: Annotated[
        str | Mapping[str, Any] | None,
        Source("Index system of external risk", optional=True, example="external.toml"),
    ] = None

    @model_validator(mode="after")
    def _judged(self) -> Risk:
        for key, value in (self.judgments or {}).items():
            if not isinstance(value, str) or not value:
                raise _bad(f"judgments.{key}", value, "must be the name of a CSV file")
        for name in ("immunity", "external") if self.judgments else ():
            if isinstance(table := getattr(self, name), Mapping):
                raise _bad(name, table, "must be the name of a file where judgments are given")
        return self

    def loaded(self, base: str | Path) -> Risk:
        """The same with what is in its files, which are relative to `base`, in their place.

        Raises
        ------
        ValueError
            A file that cannot be read, or is not what it should be.
        """
        changes = self._weighed(base)
        if self.register:
            changes["register"] = [
                _told(key, read_toml, _path(base, key, item)) if isinstance(item, str) else item
                for key, item in ((f"register[{k}]", item) for k, item in enumerate(self.register))
            ]
        if isinstance(self.nodes, str):
            systems = dataclasses.replace(self, **changes).systems
            table = _told("nodes", Profile.from_csv, _path(base, "nodes", self.nodes), systems=systems)
            columns = {key: np.asarray(score).tolist() for key, score in table.scores.items()}
            changes["nodes"] = {"id": list(table.ids or ()), **columns}
        return dataclasses.replace(self, **changes) if changes else self

    def _weighed(self, base: str | Path) -> dict[str, Any]:
        """The index systems as tables instead of the files that they and judgments are in."""
        given = {name: value for name in ("immunity", "external") if isinstance(value := getattr(self, name), str)}
        judged = {key: _path(base, f"judgments.{key}", name) for key, name in (self.judgments or {}).items()}
        if not given and not judged:
            return {}
        where = {name: _path(base, name, value) for name, value in given.items()}
        for name, path in where.items():
            _told(name, System.read, path)
        Systems.load(where.get("immunity"), where.get("external"))
        for key, path in judged.items():
            _told(f"judgments.{key}", Systems.load, **where, judgments={key: path})
        systems = Systems.load(**where, judgments=judged)
        plain = {name: getattr(systems, name).plain() for name in ("immunity", "external")}
        return {name: table for name, table in plain.items() if getattr(self, name) is None or name in given} | {"judgments": None}

    @cached_property
    def systems(self) -> Systems:
        """The index systems; ValueError if a file's content has not been loaded, or is wrong."""
        given = {
            name: _told(name, System.from_plain, table)
            for name in ("immunity", "external")
            if (table := getattr(self, name)) is not None
        }
        return dataclasses.replace(Systems.load(), **given) if given else Systems.load()

    @cached_property
    def profile(self) -> Profile:
        """All scores, with the factors that are present.

        Raises
        ------
        ValueError
            An unknown indicator or factor, or a score or severity out of bounds.
        """
        systems, scores, ids = self.systems, dict(self.scores or {}), None
        if isinstance(self.nodes, Mapping):
            for key, score in scores.items():
                if _is_list(score):  # in whose order would it be?
                    raise _bad(f"scores.{key}", score, "must not be a list where nodes names a file: give it as a column there")
            for key, column in self.nodes.items():
                if not isinstance(column, list | tuple):
                    raise _bad(f"nodes.{key}", column, "must be a list, one value per node")
                if key == "id":
                    ids = column
                elif key in scores:
                    raise _bad(f"scores.{key}", scores[key], "must not be given twice: it is a column of the nodes' scores")
                else:
                    scores[key] = SCORE.column(column, f"nodes.{key}")
        try:
            profile = Profile(scores, systems, default=self.default, ids=ids)
        except ValueError as error:
            raise ValueError(f"scores.{error}") from None
        if not self.present and not self.register:
            return profile
        register = Register.load(systems=systems)
        for k, data in enumerate(self.register or ()):
            register = _told(f"register[{k}]", register.joined, data)
        return register.apply(self.present or {}, profile)

    def draw(self, number: int, seed: int) -> Profile:
        """The profile of one of the `draws`; the mean scores where there is one.

        Uniforms come from (seed, number) alone, so that all cells meet the same draws.
        """
        profile = self.profile
        if self.draws == 1 or not profile.uncertain:
            return profile.central()
        words = np.random.SeedSequence(seed, spawn_key=(DRAWS, number)).generate_state(len(profile.uncertain), np.uint64)
        return profile.draw(words / 2.0**64)


def _told(key: str, make: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `make` gives; its errors say which key is at fault."""
    try:
        return make(*args, **kwargs)
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(f"{key} ") else f"{key}: {error}") from None


def _path(base: str | Path, key: str, name: str) -> Path:
    """Where the file of a key is."""
    path = Path(base, name)
    if not os.path.isfile(path):  # unlike Path.is_file, takes names of any length
        raise ValueError(f"{key} = {short(name)}: no such file in {base}")
    return path


DRAWS = 6
"""First part of the spawn key of score draws, after the purposes in ``rng``."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Levels(Entry):
    """A level, or a list of levels, a curve; each is checked by `level`."""

    level: Entry
    repeated: bool = False

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not _is_list(value):
            return self.level.check(value, name, known)
        levels = tuple(self.level.check(item, f"{name}[{i}]", known) for i, item in enumerate(value))
        if not levels:
            raise _bad(name, list(levels), "must hold at least one number")
        if len(set(levels)) < len(levels) and not self.repeated:
            raise _bad(name, list(levels), "must not hold a level twice")
        return levels

    def span(self) -> str:
        return f"{self.level.span()}; or a list of such, a curve"


def _strength(meaning: str) -> Levels:
    return Levels(meaning, level=Number("", low=0, high=1), optional=True, example=0.5)


Level = float | int | tuple[float, ...] | Any


@noun
class Strategy:
    """What a firm can do: one or several measures, each with a strength or a budget (A).

    One of them may be a list, which makes a curve of outcome against level.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> [point.level for point in Strategy(name="hubs", protection=[10, 20]).points()]
    [10, 20]
    """

    name: Annotated[str, Text("What it is called", example="fund")]
    cost: Annotated[
        Level,
        Levels("What it costs, in any unit; as many as levels", level=Number("", low=0), repeated=True, optional=True, example=1.0),
    ] = None
    contingency_fund: Annotated[Level, _strength("Share of what is missing to the best score of the contingency fund")] = None
    capital_reserve: Annotated[Level, _strength("The same for capital stability")] = None
    insurance: Annotated[Level, _strength("The same for contingency fund and partners' support")] = None
    emergency_inventory: Annotated[Level, _strength("The same for inventory and capacity buffers")] = None
    monitoring: Annotated[Level, _strength("The same for the monitoring and response mechanism")] = None
    diversification: Annotated[Level, _strength("The same for partner diversification")] = None
    information_sharing: Annotated[Level, _strength("The same for information sharing")] = None
    trust: Annotated[Level, _strength("The same for partners' support and trust")] = None
    information_security: Annotated[Level, _strength("The same for information security")] = None
    training_and_review: Annotated[Level, _strength("The same for staff training and post-event review")] = None
    detection: Annotated[Level, _strength("Probability per step that an infected firm is detected")] = None
    detected_beta: Annotated[
        float | Any,
        Number("Factor on the beta that detected firms exert; 0: isolated", low=0, high=1, optional=True, example=0.0),
    ] = None
    hubs: Annotated[
        Level,
        Levels(
            "Only the so many largest hubs and their partners detect", level=Amount("", unit="nodes"), optional=True, example=20
        ),
    ] = None
    protection: Annotated[
        Level, Levels("Firms that are made immune", level=Amount("", unit="nodes"), optional=True, example=20)
    ] = None
    protection_by: Annotated[
        str | None,
        Choice("Which, as in [protection]", options=RANKINGS, optional=True, example="random"),
    ] = None
    more_partners: Annotated[
        Level,
        Levels("Further partners of each newcomer", level=Number("", low=1, high=1000, whole=True), optional=True, example=1),
    ] = None
    partner_selection: Annotated[Level, _strength("Fitness below which newcomers are not let in")] = None

    @model_validator(mode="after")
    def _one_curve(self) -> Strategy:
        if len(self.name) > 100 or not self.name.isprintable() or not self.name.strip():
            raise _bad("name", self.name, "must be 1 to 100 characters that can be seen")
        curves = [name for name in MEASURES if isinstance(getattr(self, name), tuple)]
        if len(curves) > 1:
            raise _bad(curves[1], list(getattr(self, curves[1])), f"must be one level, as {curves[0]} is a list already")
        if all(getattr(self, name) is None for name in MEASURES):
            raise ValueError(f"name = {self.name!r}: must have at least one measure, of {', '.join(MEASURES)}")
        for name, needed in (("detected_beta", "detection"), ("hubs", "detection"), ("protection_by", "protection")):
            if getattr(self, name) is not None and getattr(self, needed) is None:
                raise _bad(name, getattr(self, name), f"must come with {needed}")
        costs = list(self.cost) if isinstance(self.cost, tuple) else [self.cost]
        n_levels = len(getattr(self, curves[0])) if curves else 1
        if self.cost is not None and len(costs) != n_levels:
            bound = f"a list of {n_levels}, one for each level" if curves else "one number"
            raise _bad("cost", costs if isinstance(self.cost, tuple) else self.cost, f"must be {bound}")
        return self

    def check_scores(self, indicators: Container[str]) -> None:
        """Raise ValueError where a measure raises the score of what is not one of the `indicators`."""
        for name, keys in SCORES.items():
            for key in keys:
                if getattr(self, name) is not None and key not in indicators:
                    raise _bad(name, getattr(self, name), f"raises {key}, which is no indicator of the index systems in [risk]")

    def points(self) -> Iterator[Point]:
        """One for each level of the curve, or one."""
        chosen = {name: value for name in MEASURES if (value := getattr(self, name)) is not None}
        curve = next((name for name, value in chosen.items() if isinstance(value, tuple)), None)
        costs = self.cost if isinstance(self.cost, tuple) else itertools.repeat(self.cost)
        if curve is None:
            level = next(iter(chosen.values())) if len(chosen) == 1 else None
            yield Point(self, chosen, level, next(iter(costs)))
            return
        for level, cost in zip(chosen[curve], costs, strict=False):
            yield Point(self, chosen | {curve: level}, level, cost)


MEASURES = (*SCORES, "detection", "hubs", "protection", "more_partners", "partner_selection")
"""Keys of a strategy that have a level."""


@dataclasses.dataclass(frozen=True)
class Point:
    """A strategy at one level.

    Attributes
    ----------
    strategy : Strategy
    measures : dict
        Measure -> level.
    level : number or None
        Of the only measure, or of the one that is a list.
    cost : float or None
    """

    strategy: Strategy
    measures: dict[str, Any]
    level: float | int | None
    cost: float | None

    @property
    def regrows(self) -> bool:
        """Whether other networks grow: then nothing is shared with the baseline but growth seeds."""
        return "more_partners" in self.measures or "partner_selection" in self.measures

    def apply(self, sections: Mapping[str, Any]) -> dict[str, Any]:
        """The sections (network, risk, dynamics, protection as plain tables) that change.

        Raises
        ------
        ValueError
            A measure that the rest of the configuration has no room for.
        """
        changed: dict[str, Any] = {}
        raised: dict[str, float] = {}
        for name, level in self.measures.items():
            for key in SCORES.get(name, ()):  # two measures that raise one score: each closes its share of what the other leaves
                raised[key] = raised.get(key, 0.0) + level * (1 - raised.get(key, 0.0))
        if raised:
            if sections.get("risk") is None:
                name = next(name for name in self.measures if name in SCORES)
                raise _bad(name, self.measures[name], "raises a score: needs [risk] instead of rates in [dynamics]")
            changed["risk"] = _raised(sections["risk"], raised)
        if "detection" in self.measures:
            extra = {"detection": self.measures["detection"], "detected_beta": self.strategy.detected_beta}
            extra["detection_hubs"] = self.measures.get("hubs")
            changed["dynamics"] = {**sections["dynamics"], **{key: value for key, value in extra.items() if value is not None}}
        if "protection" in self.measures:
            by = {"by": self.strategy.protection_by} if self.strategy.protection_by else {}
            changed["protection"] = {**sections["protection"], "protected": self.measures["protection"], **by}
        if self.regrows:
            changed["network"] = self._network(dict(sections["network"]))
        return changed

    def _network(self, network: dict[str, Any]) -> dict[str, Any]:
        name = next(name for name in ("more_partners", "partner_selection") if name in self.measures)
        if network["kind"] == "file" or ("eta_min" not in network and "partner_selection" in self.measures):
            name = name if network["kind"] == "file" else "partner_selection"
            how = "grow" if name == "more_partners" else "grow by fitness"
            raise _bad(name, self.measures[name], f"needs networks that {how}, not of kind = {network['kind']!r}")
        more = self.measures.get("more_partners", 0)
        for key in ("m", "m_crossing"):
            if key in network:
                network[key] = _each(network[key], lambda m: m + more)
        if "partner_selection" in self.measures:
            network["eta_min"] = max(network["eta_min"], self.measures["partner_selection"])
        return network


def _raised(table: Mapping[str, Any], strengths: Mapping[str, float]) -> dict[str, Any]:
    """The table of [risk] with scores raised towards 1."""
    scores, nodes = dict(table.get("scores") or {}), dict(table.get("nodes") or {})

    def closer(strength: float) -> Callable[[float], float]:
        return lambda score: score + strength * (1 - score)

    for key, strength in strengths.items():
        place = nodes if key in nodes else scores
        place[key] = _each(place.get(key, table["default"]), closer(strength))
    return {**table, "scores": scores, **({"nodes": nodes} if nodes else {})}


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """`change` made to every number in a value: one, a list, a table by type, or a range (of which the shape is text)."""
    if isinstance(value, Mapping):
        return {name: _each(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    return value if isinstance(value, str) else change(value)
