"""The risk register: factors by name, which indicators they move, and what can be done about them.

The shipped factors are those that two surveys name, [C] on supply-chain cooperation and [B] on big data in risk management; how
far each moves a score is A. A register of one's own is a TOML file of the same form::

    scope = "Accessories by sea, 2027"            # may be left out
    [factor.port_strike]
    label = "Port strike"                         # may be left out
    class = "external"
    source = "own"                                # may be left out
    about = "Dockers at the only port walk out."
    effects = { delivery_delay = 0.5 }            # change of the score at severity 1
    responses = [{ text = "A second port", strategies = ["diversification"] }]    # may be left out
    replace = true                                # only where a factor of this name is there already
    [present]                                     # which factors a cooperation has, shipped ones too: kept as a note, as
    trust = 0.5                                   # ``risk.present`` of a configuration alone says which ones move scores
"""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from scfast.entries import Flag, Number, Text, _bad, nearest
from scfast.profiles import SHIPPED, Profile, Spread, Systems

STRATEGIES = (
    "contingency_fund",
    "capital_reserve",
    "insurance",
    "emergency_inventory",
    "monitoring",
    "diversification",
    "partner_selection",
    "information_sharing",
    "trust",
    "information_security",
    "training_and_review",
)
"""Kinds of strategy that a response may name."""

COLUMNS = ("key", "label", "class", "source", "about", "effects", "responses", "strategies")
EFFECT = Number("Change of the score at severity 1", low=-1, high=1)
SEVERITY = Number("Severity", low=0, high=1)
TEXT = Text("Text")
USUAL_SEVERITY = 0.5
TOP = ("scope", "factor", "present")
KEYS = ("label", "class", "source", "about", "effects", "responses", "replace")


@dataclass(frozen=True)
class Response:
    """Something that can be done: one line, and the kinds of strategy that model it."""

    text: str
    strategies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Factor:
    """A risk factor.

    Attributes
    ----------
    key, label : str
    category : str
        Its class: cooperation, transfer, external, internal, or another.
    source : str
        [C], [B], or where else it is from.
    about : str
        One line.
    effects : mapping of str to float
        Indicator -> change of its score at severity 1, -1 to 1 (A).
    responses : tuple of Response
    """

    key: str
    label: str
    category: str
    source: str
    about: str
    effects: Mapping[str, float]
    responses: tuple[Response, ...] = ()

    @property
    def strategies(self) -> tuple[str, ...]:
        """The kinds of strategy that its responses name."""
        return tuple(dict.fromkeys(kind for response in self.responses for kind in response.strategies))

    def cells(self) -> tuple[str, ...]:
        """Its row in a table of `COLUMNS`, as text."""
        effects = "; ".join(f"{name} {value:+g}" for name, value in self.effects.items())
        responses = "; ".join(response.text for response in self.responses)
        return (self.key, self.label, self.category, self.source, self.about, effects, responses, "; ".join(self.strategies))


@dataclass(frozen=True)
class Register:
    """Risk factors by key.

    Attributes
    ----------
    factors : mapping of str to Factor
    systems : Systems
        Whose indicators they move.
    idle : frozenset of str
        Shipped factors that were left out, as they move no indicator of `systems`.

    Examples
    --------
    >>> register = Register.load()
    >>> [factor.key for factor in register.select(category="external")]
    ['social_unrest', 'natural_disaster', 'global_events']
    >>> register.apply({"natural_disaster": 0.5}, Profile()).scores["natural_disaster"]
    0.8
    """

    factors: Mapping[str, Factor]
    systems: Systems = field(default_factory=Systems.load)
    idle: frozenset[str] = frozenset()

    @classmethod
    def load(cls, files: Iterable[str | Path] = (), systems: Systems | None = None) -> Register:
        """The shipped factors and those of `files`, in this order.

        Parameters
        ----------
        files : sequence of path
        systems : Systems, optional
            Whose indicators the factors in `files` move; default: the shipped ones. Shipped factors lose effects on indicators
            that are not there, and are left out where none remains.

        Raises
        ------
        ValueError
            A file that is not a register, or a factor that is there already and does not say ``replace = true``.
        """
        register = _shipped()
        if systems is not None:
            register = register._within(systems)
        for path in files:
            data = read_toml(path)
            try:
                register = register.joined(data)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
        return register

    def _within(self, systems: Systems) -> Register:
        """The same factors without effects on indicators that `systems` do not have."""
        kept = {}
        for key, factor in self.factors.items():
            effects = {name: value for name, value in factor.effects.items() if name in systems.indicators}
            if effects:
                kept[key] = replace(factor, effects=effects)
        return Register(kept, systems, frozenset(self.factors) - set(kept))

    def joined(self, data: Mapping[str, Any]) -> Register:
        """With the factors of `data`, the content of a register file.

        Raises
        ------
        ValueError
            As `load`.
        """
        for key, value in data.items():
            if key not in TOP:
                raise _bad(key, value, f"unknown key of a register, {nearest(key, TOP)}")
        tables = data.get("factor", {})
        if not isinstance(tables, Mapping) or not (tables or "scope" in data or "present" in data):
            raise ValueError("factor: must be given as tables, [factor.KEY]")
        if "scope" in data:
            TEXT.check(data["scope"], "scope", {})
        found = dict(self.factors)
        for key, table in tables.items():
            found[key] = _factor(key, table, found, self.systems)
        joined = replace(self, factors=found)
        for key in _severities(data.get("present", {})):
            if key not in found and key not in self.idle:
                raise _bad(f"present.{key}", data["present"][key], joined._missing(key))
        return joined

    def __getitem__(self, key: str) -> Factor:
        if key not in self.factors:
            raise _bad("factor", key, self._missing(key))
        return self.factors[key]

    def _missing(self, key: str) -> str:
        """Why there is no factor `key`."""
        if key in self.idle:
            return "the factor moves no indicator of these index systems"
        return f"no such factor in the register, {nearest(key, self.factors)}"

    def select(self, category: str | None = None, indicator: str | None = None, search: str | None = None) -> tuple[Factor, ...]:
        """The factors of a class, that move an indicator, and whose text holds `search` in any case.

        Raises
        ------
        ValueError
            A class or an indicator that is not there.
        """
        classes = dict.fromkeys(factor.category for factor in self.factors.values())
        if category is not None and category not in classes:
            raise _bad("class", category, f"no factor is of this class, {nearest(category, classes)}")
        if indicator is not None and indicator not in self.systems.indicators:
            raise _bad("indicator", indicator, f"no such indicator, {nearest(indicator, self.systems.indicators)}")
        return tuple(
            factor
            for factor in self.factors.values()
            if category in (None, factor.category)
            and (indicator is None or indicator in factor.effects)
            and (search is None or search.casefold() in " ".join(factor.cells()).casefold())
        )

    def apply(self, present: Mapping[str, float], profile: Profile) -> Profile:
        """The profile with these factors present (A).

        Each score moves by the sum of severity times effect over the factors, and is then kept within [0, 1]; of a range every
        bound moves so.

        Parameters
        ----------
        present : {factor: severity}
            Severity in [0, 1].

        Raises
        ------
        ValueError
            An unknown factor, a severity out of bounds, or a factor that moves indicators which the profile does not know.
        """
        moves: dict[str, float] = {}
        # sums must not depend on the order in which factors are written
        for key, severity in sorted(_severities(present).items()):
            if key not in self.factors:
                raise _bad(f"present.{key}", present[key], self._missing(key))
            for name, effect in self.factors[key].effects.items():
                if name not in profile.systems.indicators:
                    raise _bad(f"present.{key}", present[key], f"moves {name}, which is no indicator of the profile")
                moves[name] = moves.get(name, 0.0) + severity * effect
        scores: dict[str, Any] = dict(profile.scores)
        for name, by in moves.items():
            scores[name] = _moved(profile.scores.get(name, profile.default), by)
        return replace(profile, scores=scores)


@functools.cache
def _shipped() -> Register:
    return Register({}).joined(read_toml(SHIPPED / "register.toml"))


def _severities(given: Any) -> dict[str, float]:
    """{factor: severity}, with the severities checked."""
    if not isinstance(given, Mapping):
        raise _bad("present", given, "must be {factor = severity}")
    return {key: float(SEVERITY.one(value, f"present.{key}")) for key, value in given.items()}


def _moved(score: Any, by: float) -> Any:
    if isinstance(score, Mapping):
        return {key: _moved(item, by) for key, item in score.items()}
    if isinstance(score, Spread):
        return score.shifted(by)
    return np.clip(score + by, 0.0, 1.0)


def csv_text(factors: Iterable[Factor]) -> str:
    """The factors as CSV with the columns `COLUMNS`."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(factor.cells() for factor in factors)
    return text.getvalue()


def read_toml(path: str | Path) -> dict[str, Any]:
    """The content of a TOML file; ValueError names the file."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text, at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not TOML, {' '.join(str(error).split())}") from None


def _key(key: str) -> str:
    """The key of a factor, which can stand in ``present = {KEY = severity}``."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key):
        raise _bad("factor", key, "must be 1 to 60 letters a-z, digits, _ or -")
    return key


def _factor(key: str, table: Any, others: Mapping[str, Factor], systems: Systems) -> Factor:
    """The factor of a table ``[factor.KEY]``, checked."""
    name = f"factor.{_key(key)}"
    if not isinstance(table, Mapping):
        raise _bad(name, table, f"must be a table, [{name}]")
    for field_, value in table.items():
        if field_ not in KEYS:
            raise _bad(f"{name}.{field_}", value, f"unknown key, {nearest(field_, KEYS)}")
    replacing = Flag("").check(table.get("replace", False), f"{name}.replace", {})
    if key in others and not replacing:
        raise ValueError(f"{name}: is in the register already: say replace = true to change it")
    if replacing and key not in others:
        raise ValueError(f"{name}.replace = True: there is no such factor to replace, {nearest(key, others)}")
    for field_ in ("class", "about", "effects"):
        if field_ not in table:
            raise ValueError(f"{name}.{field_}: must be given")
    texts = {"label": key.replace("_", " ").capitalize(), "source": "own", **table}
    label, category, source, about = (
        " ".join(TEXT.check(texts[field_], f"{name}.{field_}", {}).split()) for field_ in ("label", "class", "source", "about")
    )
    effects = _effects(table["effects"], f"{name}.effects", systems)
    return Factor(key, label, category, source, about, effects, _responses(table.get("responses", []), f"{name}.responses"))


def _effects(given: Any, name: str, systems: Systems) -> dict[str, float]:
    if not isinstance(given, Mapping) or not given:
        raise _bad(name, given, "must be {indicator = change of its score} with at least one")
    effects = {}
    for key, value in given.items():
        if key not in systems.indicators:
            raise _bad(f"{name}.{key}", value, f"no such indicator, {nearest(key, systems.indicators)}")
        effects[key] = _effect(value, f"{name}.{key}")
    return effects


def _effect(value: Any, name: str) -> float:
    if not EFFECT.one(value, name):
        raise _bad(name, value, "must not be 0")
    return float(value)


def _responses(given: Any, name: str) -> tuple[Response, ...]:
    if not isinstance(given, list | tuple):
        raise _bad(name, given, 'must be a list of {text = "...", strategies = [...]}')
    found = []
    for i, item in enumerate(given):
        where = f"{name}[{i}]"
        if not isinstance(item, Mapping) or "text" not in item:
            raise _bad(where, item, 'must be {text = "...", strategies = [...]}')
        for key, value in item.items():
            if key not in ("text", "strategies"):
                raise _bad(f"{where}.{key}", value, f"unknown key, {nearest(key, ('text', 'strategies'))}")
        text = " ".join(TEXT.check(item["text"], f"{where}.text", {}).split())
        found.append(Response(text, _kinds(item.get("strategies", []), f"{where}.strategies")))
    return tuple(found)


def _kinds(given: Any, name: str) -> tuple[str, ...]:
    if not isinstance(given, list | tuple):
        raise _bad(name, given, "must be a list")
    for i, kind in enumerate(given):
        if kind not in STRATEGIES:
            raise _bad(f"{name}[{i}]", kind, f"no such kind of strategy, {nearest(kind, STRATEGIES)}")
    return tuple(given)


def identify(answers: Mapping[str, Any], register: Register) -> tuple[str, dict[str, float]]:
    """What [C]'s four steps of identification (scope, identify, classify, list) have found.

    Parameters
    ----------
    answers : mapping
        The content of a register file with a scope. How severe the factors are that are present, 0 to 1, stands in ``present``,
        {factor: severity}, or in ``severity`` of a factor. One that is in `register` already needs nothing else, and is 0.5
        severe where it is only named.
    register : Register

    Returns
    -------
    text : str
        A register of the factors that are new, as TOML, and under ``[present]`` all that are present.
    present : {factor: severity}
        The factors that are present.

    Raises
    ------
    ValueError
        Answers that are no register, without scope or factors, or with two severities of a factor.

    Examples
    --------
    >>> text, present = identify({"scope": "Us, 2027", "present": {"trust": 0.4}}, Register.load())
    >>> print(text)
    scope = "Us, 2027"
    <BLANKLINE>
    [present]
    trust = 0.4
    <BLANKLINE>
    >>> present
    {'trust': 0.4}
    """
    if not answers.get("scope"):
        raise ValueError("scope: must be given")
    tables, listed = answers.get("factor", {}), _severities(answers.get("present", {}))
    if not isinstance(tables, Mapping):
        raise _bad("factor", tables, "must be given as tables, [factor.KEY]")
    if not tables and not listed:
        raise ValueError("factor: must be given")
    new, present = {}, {}
    for key, table in tables.items():
        if not isinstance(table, Mapping):
            raise _bad(f"factor.{key}", table, f"must be a table, [factor.{key}]")
        if "severity" in table:
            present[key] = float(SEVERITY.one(table["severity"], f"factor.{key}.severity"))
            if key in listed:
                raise _bad(f"present.{key}", listed[key], f"factor.{key}.severity is given as well")
        elif not table and key in register.factors:
            present[key] = USUAL_SEVERITY
        rest = {name: value for name, value in table.items() if name != "severity"}
        if rest or key not in register.factors:
            new[key] = rest
    joined = register.joined({**answers, "factor": new})
    present |= listed
    parts = [f"scope = {_toml(answers['scope'])}\n"]
    if present:
        parts.append("\n".join(["[present]", *(f"{key} = {_toml(severity)}" for key, severity in present.items()), ""]))
    parts += [_table(joined[key], replaces=key in register.factors) for key in new]
    return "\n".join(parts), present


def risk_lines(files: Iterable[str | Path], present: Mapping[str, float]) -> str:
    """The section ``[risk]`` of a configuration in which these factors of the register with `files` are present.

    >>> print(risk_lines(["my.toml"], {"trust": 0.4}))
    [risk]
    register = ["my.toml"]
    present = { trust = 0.4 }
    """
    return f"[risk]\nregister = {_toml([str(path) for path in files])}\npresent = {_toml(present)}"


def _table(factor: Factor, replaces: bool) -> str:
    responses = [
        {"text": item.text, **({"strategies": list(item.strategies)} if item.strategies else {})} for item in factor.responses
    ]
    values: dict[str, Any] = {
        "label": factor.label, "class": factor.category, "source": factor.source, "about": factor.about, "effects": factor.effects
    }  # fmt: skip
    rows = [f"{name} = {_toml(value)}" for name, value in values.items()]
    if responses:
        rows += ["responses = [", *(f"    {_toml(item)}," for item in responses), "]"]
    return "\n".join([f"[factor.{factor.key}]", *rows, *["replace = true"] * replaces, ""])


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)


Ask = Callable[[str, str | None, Callable[[str], Any]], Any]


def interview(register: Register, ask: Ask, say: Callable[[str], None]) -> dict[str, Any]:
    """Ask for the answers that `identify` takes.

    Parameters
    ----------
    ask : callable (question, default or None, check) -> what check returns
        It asks again where check raises ValueError.
    say : callable
        Shows a line.
    """
    say("Step 1 of 4, scope: the firms, the cooperation and the time that are looked at.")
    scope = ask("Scope", None, lambda text: TEXT.check(text.strip(), "scope", {}))
    say("Step 2 of 4, identify: what could go wrong? Factors in the register:")
    say(", ".join(register.factors))
    factors: dict[str, dict[str, Any]] = {}
    while key := ask("Factor, known or new" + " (empty: no more)" * bool(factors), "" if factors else None, _name):
        if key[0] in factors:
            say(f"{key[0]} is in the list already")
        else:
            factors[key[0]] = {} if key[0] in register.factors else {"label": key[1]}
    say("Step 3 of 4, classify: what is new, and which scores it moves.")
    for table in factors.values():
        if table:
            table |= _classified(str(table["label"]), register, ask, say)
    say("Step 4 of 4, list: how severe each one is, 0 (absent) to 1 (full).")
    for key, table in factors.items():
        table["severity"] = ask(f"Severity of {key}", str(USUAL_SEVERITY), lambda text: SEVERITY.one(_number(text), "severity"))
    return {"scope": scope, "factor": factors}


def _name(text: str) -> tuple[str, str] | None:
    """Key and label of a factor as it was typed; None for nothing."""
    label = " ".join(text.split())
    if not label:
        return None
    if not re.search("[a-z]", label.lower()):
        raise _bad("factor", label, "a name needs a letter a-z")
    return _key(re.sub(r"[^a-z0-9-]+", "_", label.lower()).strip("_")), label


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _classified(label: str, register: Register, ask: Ask, say: Callable[[str], None]) -> dict[str, Any]:
    systems = register.systems

    def indicator(text: str) -> str:
        if text.strip() and text.strip() not in systems.indicators:
            raise _bad("indicator", text.strip(), f"no such indicator, {nearest(text.strip(), systems.indicators)}")
        return text.strip()

    def effect(text: str) -> float:
        return _effect(_number(text), "effect")

    def kinds_in(text: str) -> tuple[str, ...]:
        return _kinds([kind.strip() for kind in text.split(",") if kind.strip()], "strategies")

    def filled(text: str) -> str:
        return str(TEXT.check(text.strip(), "answer", {}))

    classes = dict.fromkeys(factor.category for factor in register.factors.values())
    category = ask(f"Class of {label} ({', '.join(classes)}, or another)", None, filled)
    about = ask("What it is, in one line", None, filled)
    say(f"Indicators: {', '.join(systems.indicators)}")
    effects: dict[str, float] = {}
    while name := ask("Indicator that it moves" + " (empty: no more)" * bool(effects), "" if effects else None, indicator):
        effects[name] = ask(f"Change of {name} at full severity, -1 to 1", None, effect)
    responses: list[dict[str, Any]] = []
    say(f"Kinds of strategy that a response may be: {', '.join(STRATEGIES)}")
    while text := ask("Response (empty: no more)", "", str.strip):
        kinds = ask("Its kinds, with commas (empty: none)", "", kinds_in)
        responses.append({"text": text, "strategies": list(kinds)})
    return {"class": category, "about": about, "effects": effects, "responses": responses}
