"""What the sections of a configuration hold: their nouns, and how tables of text become them and they become tables again.

Keys, bounds and defaults of a section are those of its noun; nothing is declared twice.
"""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import model_validator

from scfast.entries import MAX_NODES, Choice, Entry, Flag, Number, Text, entries, nearest, noun, short
from scfast.parameters import MODELS, SIRS, DualLocalWorld, GrowthModel, Initial, Protection, Shock, growth_model
from scfast.sensitivity import Sensitivity
from scfast.strategies import Risk, Strategy


class ConfigError(ValueError):
    """One line: file (where there is one), key, value, bound."""

    def __init__(self, line: str) -> None:
        super().__init__(" ".join(line.split()))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Model(Entry):
    """A growth model."""

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        return growth_model(value, name)


@noun
class Grown:
    """Networks grown by a model, a new one for each network of the run.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> from scfast.parameters import BarabasiAlbert
    >>> Grown(n_nodes=500, model=BarabasiAlbert(2)).type_names
    ('node',)
    """

    n_nodes: Annotated[int, Number("Nodes of each network", unit="nodes", low=1, high=MAX_NODES, whole=True)] = 1000
    model: Annotated[GrowthModel, Model("How they grow")] = DualLocalWorld()

    @model_validator(mode="after")
    def _room(self) -> Grown:
        if self.n_nodes < self.model.n_start:
            raise ValueError(f"n_nodes = {self.n_nodes}: must be at least {self.model.n_start}, the number of initial nodes")
        return self

    @property
    def type_names(self) -> tuple[str, ...]:
        """Names of the node types in the order of their codes."""
        return tuple(self.model.types)


@noun
class Files:
    """One network read from CSV files.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> Files(edges="edges.csv").nodes is None
    True
    """

    edges: Annotated[str, Text("CSV file with the columns source, target; relative to this file's folder", example="edges.csv")]
    nodes: Annotated[
        str | None, Text("CSV file with the column id, perhaps type and others", optional=True, example="nodes.csv")
    ] = None
    clean: Annotated[bool, Flag("Drop self-loops and repeated edges instead of refusing them")] = False
    symmetrize: Annotated[bool, Flag("Rows are directed; a pair given in both directions is one edge")] = False


KINDS: dict[str, type] = {**MODELS, "file": Files}
KIND = Choice("Where the networks come from", options=tuple(KINDS))
BESIDE = tuple(kind for kind in MODELS if kind != "dual_local_world")
"""Kinds that can be laid beside a dual local world."""


@noun
class RunSettings:
    """How much to compute and what to keep.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> RunSettings(seed=1, record=["nodes"]).record
    ('nodes',)
    """

    networks: Annotated[int, Number("Networks per cell; 1 for a network from files", low=1, high=MAX_NODES, whole=True)] = 32
    replicates: Annotated[int, Number("Replicates on each network", low=1, high=MAX_NODES, whole=True)] = 512
    steps: Annotated[int, Number("Time steps T", unit="steps", low=1, high=MAX_NODES, whole=True)] = 200
    seed: Annotated[
        int | Any,
        Number("Root seed; drawn and recorded if absent", low=0, high=2**63 - 1, whole=True, optional=True, example=1),
    ] = None
    record: Annotated[
        tuple[str, ...] | Any,
        Choice(
            "What to keep beside the totals: counts per type, maps of nodes, every replicate's counts, each node's importance",
            options=("types", "nodes", "trajectories", "importance"),
            several=True,
        ),
    ] = ("types", "nodes")
    alone: Annotated[
        int, Number("Replicates in which each node alone is infected at first, for its importance", low=2, high=10**6, whole=True)
    ] = 32

    seed_drawn: ClassVar[bool] = False
    """Whether the seed was drawn for lack of one; not compared."""

    @model_validator(mode="after")
    def _seeded(self) -> RunSettings:
        if self.seed is None:
            object.__setattr__(self, "seed", secrets.randbits(63))
            object.__setattr__(self, "seed_drawn", True)
        return self


@noun
class TopologySettings:
    """What to measure of each network, and which growth models to lay beside the dual local world.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> TopologySettings(beside=["barabasi_albert"]).beside
    ('barabasi_albert',)
    """

    sources: Annotated[
        int | None,
        Number(
            "Nodes from which path lengths are measured; if absent, all of up to 20,000, a sample of more",
            unit="nodes",
            low=2,
            high=MAX_NODES,
            whole=True,
            optional=True,
            example=1000,
        ),
    ] = None
    bootstraps: Annotated[
        int,
        Number(
            "Samples for goodness of fit and interval of the exponent with the KS cut-off; 0: neither",
            low=0,
            high=10**6,
            whole=True,
        ),
    ] = 0
    beside: Annotated[
        tuple[str, ...] | Any,
        Choice(
            "Models to grow beside each dual local world, with as many nodes and as many partners", options=BESIDE, several=True
        ),
    ] = ()


NOUNS: dict[str, type] = {
    "dynamics": SIRS,
    "risk": Risk,
    "initial": Initial,
    "protection": Protection,
    "sensitivity": Sensitivity,
    "topology": TopologySettings,
    "run": RunSettings,
}
LISTS: dict[str, tuple[str, type]] = {"shock": ("shocks", Shock), "strategy": ("strategies", Strategy)}
FOLLOWING = ("beta", "gamma", "delta", "xi")
"""Keys of dynamics that follow from [risk] where there is one."""
RUNS_ALONE = ("risk", "initial", "protection", "shock", "strategy", "sensitivity")
"""Sections that have no meaning where networks are measured and nothing runs on them."""
MEASURED_RUN = ("networks", "seed")
"""Keys of [run] that have one there."""


def prefixed(where: str, make: Any, *args: Any, **kwargs: Any) -> Any:
    """What `make` makes; its ValueError becomes a ConfigError of the section `where`."""
    try:
        return make(*args, **kwargs)
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"{where}.{error}") from None


def fields_of(section: str, kind: str = "dual_local_world") -> dict[str, tuple[Entry, Any]]:
    """Keys of a section: name -> (metadata, default)."""
    if section != "network":
        return entries(NOUNS[section])
    grown = {} if kind == "file" else {"n_nodes": entries(Grown)["n_nodes"]}
    return {"kind": (KIND, "dual_local_world"), **grown, **entries(KINDS[kind])}


def known(where: str, given: Mapping[str, Any], valid: Iterable[str], about: str = "") -> None:
    """Refuse a key that is not among the valid ones."""
    for key, value in given.items():
        if key not in valid:
            raise ConfigError(f"{where}.{key} = {short(value)}: unknown key{about}, {nearest(key, valid)}")


def kinds_with(key: str) -> str:
    """The kinds of network that have a key, in words; empty if none has."""
    return " or ".join(f'"{kind}"' for kind in KINDS if key in fields_of("network", kind))


def section_of(name: str, given: Mapping[str, Any]) -> Any:
    """The noun that a section's table describes."""
    known(name, given, fields_of(name))
    return prefixed(name, NOUNS[name], **given)


def entry_of(key: str, number: int, given: Mapping[str, Any]) -> Any:
    """One of the tables of a list."""
    kind = LISTS[key][1]
    known(f"{key}[{number}]", given, entries(kind))
    return prefixed(f"{key}[{number}]", kind, **given)


def network_of(given: Mapping[str, Any]) -> Grown | Files:
    """What the section network describes."""
    fields = dict(given)
    kind = prefixed("network", KIND.check, fields.get("kind", "dual_local_world"), "kind", {})
    valid = fields_of("network", kind)
    for key, value in fields.items():
        meant_size = key == "nodes" and isinstance(value, int)  # n_nodes, misspelt
        if key not in valid and kinds_with(key) and not meant_size:
            raise ConfigError(f"network.{key} = {short(value)}: belongs to kind = {kinds_with(key)}")
    known("network", fields, valid, f" where kind is {kind!r}")
    fields.pop("kind", None)
    if kind == "file":
        if "edges" not in fields:
            raise ConfigError("network.edges: must be given where kind is 'file'")
        return prefixed("network", Files, **fields)
    size = {"n_nodes": fields.pop("n_nodes")} if "n_nodes" in fields else {}
    return prefixed("network", Grown, model=prefixed("network", KINDS[kind], **fields), **size)


def laid_beside(base: Grown, kind: str) -> Grown:
    """The networks of another growth model with as many nodes and, on average, as many partners of each newcomer (A).

    Raises
    ------
    ConfigError
        That model cannot be so.
    """
    assert isinstance(base.model, DualLocalWorld)
    numbers = {"m": base.model.mean_partners}
    if kind == "local_world":
        numbers["size"] = min(base.model.local_world)
    model = prefixed(f"topology.beside, {kind}", KINDS[kind], **numbers)
    if model.mean_partners < base.model.mean_partners:
        least, most = numbers["size"], math.ceil(base.model.mean_partners)
        bound = f"must be at least {most} for as many partners"
        raise ConfigError(f"topology.beside = {kind!r}: takes the least network.local_world, {least}, which {bound}")
    return prefixed(f"topology.beside, {kind}", Grown, n_nodes=base.n_nodes, model=model)


def plain(spec: Any) -> dict[str, Any]:
    """The keys and values of a section as TOML has them; None is left out."""
    if isinstance(spec, Grown):
        (kind,) = (kind for kind, model in MODELS.items() if isinstance(spec.model, model))
        return {"kind": kind, "n_nodes": spec.n_nodes, **plain(spec.model)}
    head = {"kind": "file"} if isinstance(spec, Files) else {}
    values = {name: getattr(spec, name) for name in entries(spec.__class__)}
    return head | {name: mapped(value, lambda item: item) for name, value in values.items() if value is not None}


def mapped(value: Any, change: Any) -> Any:
    """`change` applied to every scalar inside dicts, sequences and arrays (which become lists)."""
    if isinstance(value, Mapping):
        return {key: mapped(item, change) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return [mapped(item, change) for item in value] if isinstance(value, list | tuple) else change(value)


def as_json(value: Any) -> Any:
    """`value` with infinity, which JSON does not have, as text."""
    return mapped(value, lambda item: "inf" if item == math.inf else item)
