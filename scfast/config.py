"""Where text meets models: a TOML file, checked whole, becomes a `Config` and its cells.

Sections and their keys, bounds and defaults are those of the nouns (`SIRS`, `Initial`, the growth
models, `Files` and `RunSettings`); nothing is declared twice.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
import re
import secrets
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from pydantic import model_validator

from scfast import risk
from scfast.entries import MAX_NODES, Choice, Entry, Flag, Number, PerType, Rate, Text, entries, nearest, noun, short
from scfast.parameters import SIRS, BarabasiAlbert, DualLocalWorld, Initial, Nodes, Protection, Shock
from scfast.profiles import Profile
from scfast.sensitivity import Sensitivity
from scfast.strategies import Point, Risk, Strategy, Table

MAX_CELLS = 100_000
SHIPPED = Path(__file__).with_name("data")
Value: TypeAlias = float | int | str
Variant: TypeAlias = tuple[dict[str, Value], Point | None, int]


BACKENDS = ("threads", "loky", "dask", "ray")
"""What runs the tasks: threads of one process, processes of one machine, or a cluster."""


class ConfigError(ValueError):
    """One line: file (where there is one), key, value, bound."""

    def __init__(self, line: str) -> None:
        super().__init__(" ".join(line.split()))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Model(Entry):
    """A growth model."""

    def check(self, value: Any, name: str, known: Mapping[str, Any]) -> Any:
        if not isinstance(value, DualLocalWorld | BarabasiAlbert):
            raise ValueError(f"{name} = {short(value)}: must be a DualLocalWorld or a BarabasiAlbert")
        return value


@noun
class Grown:
    """Networks grown by a model, a new one for each network of the run.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> Grown(n_nodes=500, model=BarabasiAlbert(2)).type_names
    ('node',)
    """

    n_nodes: Annotated[int, Number("Nodes of each network", unit="nodes", low=1, high=MAX_NODES, whole=True)] = 1000
    model: Annotated[DualLocalWorld | BarabasiAlbert, Model("How they grow")] = DualLocalWorld()

    @model_validator(mode="after")
    def _room(self) -> Grown:
        start = self.model.m + 1 if isinstance(self.model, BarabasiAlbert) else sum(self.model.start)
        if self.n_nodes < start:
            raise ValueError(f"n_nodes = {self.n_nodes}: must be at least {start}, the number of initial nodes")
        return self

    @property
    def type_names(self) -> tuple[str, ...]:
        """Names of the node types in the order of their codes."""
        return ("node",) if isinstance(self.model, BarabasiAlbert) else self.model.types


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


KINDS: dict[str, type] = {"dual_local_world": DualLocalWorld, "barabasi_albert": BarabasiAlbert, "file": Files}
KIND = Choice("Where the networks come from", options=tuple(KINDS))
NOUNS: dict[str, type] = {
    "dynamics": SIRS,
    "risk": Risk,
    "initial": Initial,
    "protection": Protection,
    "sensitivity": Sensitivity,
    "run": RunSettings,
}
LISTS: dict[str, tuple[str, type]] = {"shock": ("shocks", Shock), "strategy": ("strategies", Strategy)}
SWEPT = ("network", "dynamics", "risk", "initial", "protection")
VARIED = {"strategy.name", "strategy.level", "risk.draw", "sensitivity.point"}
"""Keys of a cell's values that are no keys of a section."""
FOLLOWING = ("beta", "gamma", "delta", "xi")
"""Keys of dynamics that follow from [risk] where there is one."""
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
    "run": "How much to compute and what to keep.",
}
UNSWEPT = ("kind", "types", "edges", "nodes", "clean", "symmetrize", "draws", "register", "judgments", "immunity", "external")
SWEEP_EXAMPLE = """\
[sweep]
"dynamics.beta" = [0.05, 0.1]
"dynamics.gamma" = { start = 0.1, stop = 0.4, num = 4 }
"dynamics.xi" = { start = 0.001, stop = 0.1, num = 3, scale = "log" }
"dynamics.delta.brand" = [0.0, 0.01]    # where delta is {type = number}
"""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One point of the grid.

    Attributes
    ----------
    network : Grown or Files
    dynamics : SIRS
    initial : Initial
    values : dict
        The swept values, key -> value, in the order of the sweep; then strategy.name and strategy.level, dynamics.exposure,
        risk.draw or sensitivity.point where there are several; empty otherwise.
    protection : Protection
    shocks : tuple of Shock
    profile : Profile or None
        Scores from which the dynamics follow, and the length of a step.
    step : float
    point : Point or None
        The strategy.
    """

    network: Grown | Files
    dynamics: SIRS
    initial: Initial
    values: dict[str, Value]
    protection: Protection
    shocks: tuple[Shock, ...] = ()
    profile: Profile | None = None
    step: float = 1.0
    point: Point | None = None

    def model(self, network: Nodes) -> SIRS:
        """The dynamics on a network, of which the scores may need to know the nodes.

        Raises
        ------
        ValueError
            Scores that do not fit the network.
        """
        if self.profile is None:
            return self.dynamics
        profile = self.profile.on(network)
        scores = profile.scores.values()
        if any(isinstance(s, Mapping) for s in scores) and any(isinstance(s, np.ndarray) for s in scores):
            return self.dynamics  # per type and per node: checked, but to be joined only where the nodes' types are known
        return dataclasses.replace(self.dynamics, **risk.rates(profile, self.step))

    def resolved(self) -> dict[str, Any]:
        """Network and swept values as plain JSON, as in `Config.resolved`."""
        return _json({"network": _plain(self.network), "values": self.values})

    @property
    def regrown(self) -> bool:
        """Whether its networks are not those of the baseline."""
        return self.point is not None and self.point.regrows


@dataclasses.dataclass(frozen=True)
class Config:
    """A whole run, checked: networks, dynamics, start, grid, size and what to keep.

    Parameters
    ----------
    network : Grown or Files
    dynamics : SIRS
    initial : Initial
    sweep : mapping or sequence of (key, values)
        Dotted key -> list of values or {start, stop, num, scale}; kept as a tuple of (key, tuple of
        values). The grid is their product in this order, the last key fastest.
    run : RunSettings
    risk : Risk, optional
        Scores, from which beta, gamma, delta and xi follow instead.
    protection : Protection
    shocks : sequence of Shock
    strategies : sequence of Strategy
        Each makes a cell, or one for each of its levels, beside the baseline.
    sensitivity : Sensitivity, optional
        A design that varies the scores of `risk`; its points are the cells.
    base : str
        Absolute folder that relative file paths refer to; not compared.
    name : str
        File name that errors begin with; not compared.

    Raises
    ------
    ConfigError
        One line: file name, key, value, bound.

    Examples
    --------
    >>> config = Config.from_text('[sweep]\\n"dynamics.beta" = [0.1, 0.2]', overrides=["run.seed=1"])
    >>> [cell.dynamics.beta for cell in config.cells], config.run.networks
    ([0.1, 0.2], 32)
    >>> Config.from_text(config.to_toml()) == config
    True
    """

    network: Grown | Files = dataclasses.field(default_factory=Grown)
    dynamics: SIRS = dataclasses.field(default_factory=SIRS)
    initial: Initial = dataclasses.field(default_factory=Initial)
    sweep: tuple[tuple[str, tuple[Value, ...]], ...] | Any = ()
    run: RunSettings = dataclasses.field(default_factory=RunSettings)
    risk: Risk | None = None
    protection: Protection = dataclasses.field(default_factory=Protection)
    shocks: tuple[Shock, ...] | Any = ()
    strategies: tuple[Strategy, ...] | Any = ()
    sensitivity: Sensitivity | None = None
    base: str = dataclasses.field(default="", compare=False)
    name: str = dataclasses.field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", str(Path(self.base).absolute()))
        if self.risk is not None:
            loaded = _prefixed("risk", self.risk.loaded, self.base)
            _prefixed("risk", lambda: loaded.profile)
            object.__setattr__(self, "risk", loaded)
        object.__setattr__(self, "shocks", tuple(self.shocks))
        object.__setattr__(self, "strategies", tuple(self.strategies))
        names = [strategy.name for strategy in self.strategies]
        for k, name in enumerate(names):
            if name in ("baseline", *names[:k]):
                raise ConfigError(f"strategy[{k}].name = {short(name)}: must not be 'baseline', nor that of another strategy")
        if self.risk is not None:
            for k, strategy in enumerate(self.strategies):
                _prefixed(f"strategy[{k}]", strategy.check_scores, self.risk.systems.indicators)
        self._check_sensitivity()
        pairs = list(_axes(self.sweep) if isinstance(self.sweep, Mapping) else self.sweep)
        _once(pairs)
        object.__setattr__(self, "sweep", tuple((key, _axis(self, key, values)) for key, values in pairs))
        if isinstance(self.network, Files) and self.run.networks != 1:
            raise ConfigError(f"run.networks = {self.run.networks}: must be 1 for a network from files")
        if self.sweep:  # the last cell first: a range that goes too far does so at its end, and there may be very many cells
            self._check_grown(self._grid([values[-1:] for _, values in self.sweep], list(self._variants())[:1]))
        self._check_grown(self.cells)

    @classmethod
    def from_toml(cls, path: str | Path, overrides: Iterable[str] = ()) -> Config:
        """Read a TOML file; `overrides` are texts like ``run.replicates=4096``.

        Raises
        ------
        ConfigError
            A missing or unreadable file, or anything wrong in it.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ConfigError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: not UTF-8 text, at byte {error.start}") from None
        return cls.from_text(text, overrides, name=str(path), base=Path(path).parent)

    @classmethod
    def from_text(cls, text: str, overrides: Iterable[str] = (), *, name: str = "", base: str | Path = "") -> Config:
        """Read TOML text; relative file paths in it refer to the folder `base`.

        Raises
        ------
        ConfigError
            One line that begins with `name`, or with ``--set`` where an override is at fault.
        """
        changed: list[str] = []
        try:
            data = _parse(text)
            for override in overrides:
                changed.append(_override(data, override))
            return cls._build(data, str(base), name)
        except (ConfigError, RecursionError) as error:
            line = str(error) if isinstance(error, ConfigError) else "nested too deeply"
            if any(re.match(rf"({re.escape(key)}\W|\[{re.escape(key.split('.')[0])}])", line) for key in changed):
                line = f"--set: {line}"
            elif name and not line.startswith("--set"):
                line = f"{name}: {line}"
            raise ConfigError(line) from None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Config:
        """The inverse of `resolved`; also takes any mapping of the shape of the TOML file."""
        sections = dict(data)
        base = str(sections.pop("base", ""))
        if isinstance(sections.get("sweep"), list):
            sections["sweep"] = dict(sections["sweep"])
        return cls._build(sections, base, "")

    @classmethod
    def _build(cls, data: Mapping[str, Any], base: str, name: str) -> Config:
        for key, value in data.items():
            if key in LISTS and isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
                continue
            if key not in SECTIONS:
                shown = f"[{key}]: unknown section" if isinstance(value, Mapping) else f"{key} = {short(value)}: outside a section"
                raise ConfigError(f"{shown}, {nearest(key, SECTIONS)}")
            if key in LISTS or not isinstance(value, Mapping):
                head = f"a list of tables, [[{key}]]" if key in LISTS else f"a section, [{key}]"
                raise ConfigError(f"{key} = {short(value)}: must be {head}")
        network = _network(data.get("network", {}))
        few = {"networks": 1} if isinstance(network, Files) else {}
        dynamics = data.get("dynamics", {})
        for key in FOLLOWING if "risk" in data else ():
            if key in dynamics:
                raise ConfigError(
                    f"dynamics.{key} = {short(dynamics[key])}: must not be given together with [risk], which gives it"
                )
        return cls(
            network,
            _section("dynamics", dynamics),
            _section("initial", data.get("initial", {})),
            data.get("sweep", {}),
            _section("run", few | data.get("run", {})),
            _section("risk", data["risk"]) if "risk" in data else None,
            _section("protection", data.get("protection", {})),
            tuple(_entry("shock", k, item) for k, item in enumerate(data.get("shock", ()))),
            tuple(_entry("strategy", k, item) for k, item in enumerate(data.get("strategy", ()))),
            _section("sensitivity", data["sensitivity"]) if "sensitivity" in data else None,
            base,
            name,
        )

    def _check_sensitivity(self) -> None:
        """Refuse what does not go together with a design, or one of very many cells."""
        if self.sensitivity is None:
            return
        if self.risk is None:
            raise ConfigError("[sensitivity]: needs [risk], whose scores it varies")
        for given, name in ((self.strategies, "[[strategy]]"), (self.sweep, "[sweep]")):
            if given:
                raise ConfigError(f"[sensitivity]: must not be given together with {name}")
        if self.risk.draws > 1:
            raise ConfigError(f"risk.draws = {self.risk.draws}: must be 1 together with [sensitivity], which varies scores itself")
        keys = _prefixed("sensitivity", self.sensitivity.keys, self.risk.profile)
        if self.sensitivity.n_points(len(keys)) > MAX_CELLS:
            most = MAX_CELLS * self.sensitivity.samples // self.sensitivity.n_points(len(keys))
            bound = f"must be at most {most} with {len(keys)} indicators, for at most {MAX_CELLS} cells"
            raise ConfigError(f"sensitivity.samples = {self.sensitivity.samples}: {bound}")

    @cached_property
    def design(self) -> np.ndarray | None:
        """The points of the design of [sensitivity], float64 (cells, indicators); None where there is none."""
        if self.sensitivity is None or self.risk is None:
            return None
        return self.sensitivity.design(self.risk.profile, self.run.seed)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The grid: every combination of the swept values, the last key fastest; one cell without a sweep."""
        variants = list(self._variants())
        n_cells = math.prod(len(values) for _, values in self.sweep) * len(variants)
        if n_cells > MAX_CELLS:
            raise ConfigError(f"sweep = {n_cells} cells: must be at most {MAX_CELLS}")
        return tuple(self._grid([values for _, values in self.sweep], variants))

    def _variants(self) -> Iterator[Variant]:
        """What multiplies the grid: the baseline and each strategy, under both exposures where partners become more; draws."""
        points = [None, *(point for strategy in self.strategies for point in strategy.points())]
        other = "shared" if self.dynamics.exposure == "per_partner" else "per_partner"
        swept = any(key == "dynamics.exposure" for key, _ in self.sweep)
        more = not swept and any(point is not None and "more_partners" in point.measures for point in points)
        draws = self.risk.draws if self.risk is not None and self.risk.profile.uncertain else 1
        if self.design is not None:
            for k in range(len(self.design)):
                yield {"sensitivity.point": k}, None, k
            return
        for exposure in (self.dynamics.exposure, other)[: 1 + more]:
            for point, draw in itertools.product(points, range(draws)):
                if exposure == other and point is not None and "more_partners" not in point.measures:
                    continue
                values: dict[str, Value] = {}
                if self.strategies:
                    name = "baseline" if point is None else point.strategy.name
                    level = "" if point is None or point.level is None else point.level
                    values |= {"strategy.name": name, "strategy.level": level}
                if more:
                    values["dynamics.exposure"] = exposure
                if draws > 1:
                    values["risk.draw"] = draw
                yield values, point, draw

    def _grid(self, axes: Sequence[tuple[Value, ...]], variants: Sequence[Variant]) -> Iterator[Cell]:
        """The cells of every combination of such values of the swept keys, in every variant."""
        keys = [key for key, _ in self.sweep]
        plain = {name: _plain(getattr(self, name)) for name in SWEPT if getattr(self, name) is not None}
        for values in itertools.product(*axes):
            swept = dict(zip(keys, values, strict=True))
            for more, point, draw in variants:
                yield self._cell(plain, swept | more, point, draw)

    def _cell(self, plain: Mapping[str, Mapping[str, Any]], values: dict[str, Value], point: Point | None, draw: int) -> Cell:
        given = {name: dict(plain[name]) for name in {key.split(".")[0] for key in values.keys() - VARIED}}
        for key, value in values.items():
            section, field, *of_type = key.split(".", 2)
            if key not in VARIED:
                table = given[section]
                table[field] = _with(table, key, field, of_type[0], value) if of_type else value
        try:
            if point is not None:
                given |= _prefixed("strategy", point.apply, {**plain, **given})
            made = {name: _network(table) if name == "network" else _section(name, table) for name, table in given.items()}
            sections = {name: made.get(name, getattr(self, name)) for name in SWEPT}
            scores = sections.pop("risk")
            if scores is not None:
                if self.sensitivity is not None and self.design is not None:
                    profile = self.sensitivity.profile(scores.profile, self.design[draw])
                else:
                    profile = _prefixed("risk", scores.draw, draw, self.run.seed)
                sections |= {"profile": profile, "step": scores.step}
        except ConfigError as error:
            raise ConfigError(f"{_where(values)}{error}") from None
        return Cell(**sections, values=values, shocks=self.shocks, point=point)

    def _check_grown(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            if isinstance(cell.network, Grown):
                self._check(cell, _Expected(cell.network.n_nodes, cell.network.type_names))

    def _check(self, cell: Cell, network: Nodes) -> None:
        try:
            _prefixed("dynamics", _scored(cell.model, network).on, network)
            _prefixed("initial", cell.initial.on, network)
            _prefixed("protection", cell.protection.on, network)
            for k, shock in enumerate(cell.shocks):
                _prefixed(f"shock[{k}]", shock.on, network)
                for i, step in enumerate(shock.steps or ()):
                    if step >= self.run.steps:
                        raise ConfigError(f"shock[{k}].steps[{i}] = {step}: must be less than run.steps = {self.run.steps}")
            most = (2**63 - 1) // network.n_nodes**2 if network.n_nodes else MAX_NODES
            if self.run.replicates > most:
                raise ConfigError(
                    f"run.replicates = {self.run.replicates}: must be at most {most} with {network.n_nodes} nodes, "
                    "as sums of squares are 64-bit"
                )
        except ConfigError as error:
            raise ConfigError(f"{_where(cell.values)}{error}") from None

    def check_network(self, cell: Cell, network: Nodes) -> None:
        """Check what only a loaded network can tell: types, node attributes, node names, sizes.

        Parameters
        ----------
        cell : Cell
        network : Network

        Raises
        ------
        ConfigError
            One line, as if the configuration had been wrong from the start.
        """
        try:
            self._check(cell, network)
        except ConfigError as error:
            raise self._error(str(error)) from None

    def paths(self, files: Files) -> tuple[Path, Path | None]:
        """Absolute paths of a network's edges and nodes file (None if it has none).

        Raises
        ------
        ConfigError
            One of them does not exist.
        """
        edges = Path(self.base, files.edges)
        nodes = None if files.nodes is None else Path(self.base, files.nodes)
        for key, path in (("edges", edges), ("nodes", nodes)):
            if path is not None and not os.path.isfile(path):  # unlike Path.is_file, takes names of any length
                raise self._error(f"network.{key} = {short(getattr(files, key))}: no such file in {self.base}")
        return edges, nodes

    def _error(self, line: str) -> ConfigError:
        return ConfigError(f"{self.name}: {line}" if self.name else line)

    def resolved(self) -> dict[str, Any]:
        """Everything as plain JSON: every key explicit, in a fixed order, floats exact, inf as ``"inf"``.

        ``sweep`` is a list of [key, values], as its order matters; ``base`` is the absolute folder of
        relative paths and the only entry that says nothing about the numbers.

        >>> config = Config(run=RunSettings(seed=1))
        >>> Config.from_dict(json.loads(json.dumps(config.resolved(), sort_keys=True))) == config
        True
        """
        plain: dict[str, Any] = {name: self._table(name) for name in ("network", *NOUNS) if getattr(self, name) is not None}
        plain |= {key: [_plain(item) for item in getattr(self, name)] for key, (name, _) in LISTS.items() if getattr(self, name)}
        plain["sweep"] = [[key, list(values)] for key, values in self.sweep]
        plain["base"] = self.base
        return _json(plain)

    def _table(self, section: str) -> dict[str, Any]:
        """A section as TOML has it, without what follows from another."""
        plain = _plain(getattr(self, section))
        if section == "dynamics" and self.risk is not None:
            plain = {key: value for key, value in plain.items() if key not in FOLLOWING}
        return plain

    def to_toml(self) -> str:
        """TOML text that reads back as an equal Config; every key that has a value is explicit."""
        return _render(self, notes=False)


@dataclasses.dataclass(frozen=True)
class _Expected:
    """What is known of a grown network before it grows; satisfies `Nodes`."""

    n_nodes: int
    type_names: tuple[str, ...]
    types: None = None
    fitness: np.ndarray = dataclasses.field(default_factory=lambda: np.empty(0))  # there will be one
    names: None = None
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def index(self, name: str | int, /) -> int:
        """Grown nodes are named by their index."""
        if str(name) != str(int(name)) or not 0 <= int(name) < self.n_nodes:
            raise ValueError(name)
        return int(name)


def _prefixed(section: str, make: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return make(*args, **kwargs)
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"{section}.{error}") from None


def _scored(make: Any, *args: Any) -> Any:
    try:
        return make(*args)
    except ValueError as error:
        place = "nodes: " if re.match("(node|id) ", str(error)) else "scores."  # of what has an id: nodes
        raise ConfigError(f"risk.{place}{error}") from None


def _where(values: Mapping[str, Value]) -> str:
    shown = ", ".join(f"{key} = {short(value)}" for key, value in values.items() if value != "")
    return f"{'' if VARIED & values.keys() else 'sweep, '}at {shown}: " if values else ""


def _fields(section: str, kind: str = "dual_local_world") -> dict[str, tuple[Entry, Any]]:
    """Keys of a section: name -> (metadata, default)."""
    if section != "network":
        return entries(NOUNS[section])
    grown = {} if kind == "file" else {"n_nodes": entries(Grown)["n_nodes"]}
    return {"kind": (KIND, "dual_local_world"), **grown, **entries(KINDS[kind])}


def _known(where: str, given: Mapping[str, Any], valid: Iterable[str], about: str = "") -> None:
    for key, value in given.items():
        if key not in valid:
            raise ConfigError(f"{where}.{key} = {short(value)}: unknown key{about}, {nearest(key, valid)}")


def _kinds(key: str) -> str:
    """The kinds of network that have a key, in words; empty if none has."""
    return " or ".join(_toml(kind) for kind in KINDS if key in _fields("network", kind))


def _section(name: str, given: Mapping[str, Any]) -> Any:
    _known(name, given, _fields(name))
    return _prefixed(name, NOUNS[name], **given)


def _entry(key: str, number: int, given: Mapping[str, Any]) -> Any:
    """One of the tables of a list."""
    kind = LISTS[key][1]
    _known(f"{key}[{number}]", given, entries(kind))
    return _prefixed(f"{key}[{number}]", kind, **given)


def _network(given: Mapping[str, Any]) -> Grown | Files:
    fields = dict(given)
    kind = _prefixed("network", KIND.check, fields.get("kind", "dual_local_world"), "kind", {})
    valid = _fields("network", kind)
    for key, value in fields.items():
        meant_size = key == "nodes" and isinstance(value, int)  # n_nodes, misspelt
        if key not in valid and _kinds(key) and not meant_size:
            raise ConfigError(f"network.{key} = {short(value)}: belongs to kind = {_kinds(key)}")
    _known("network", fields, valid, f" where kind is {kind!r}")
    fields.pop("kind", None)
    if kind == "file":
        if "edges" not in fields:
            raise ConfigError("network.edges: must be given where kind is 'file'")
        return _prefixed("network", Files, **fields)
    size = {"n_nodes": fields.pop("n_nodes")} if "n_nodes" in fields else {}
    return _prefixed("network", Grown, model=_prefixed("network", KINDS[kind], **fields), **size)


def _plain(spec: Any) -> dict[str, Any]:
    """The keys and values of a section as TOML has them; None is left out."""
    if isinstance(spec, Grown):
        kind = "barabasi_albert" if isinstance(spec.model, BarabasiAlbert) else "dual_local_world"
        return {"kind": kind, "n_nodes": spec.n_nodes, **_plain(spec.model)}
    head = {"kind": "file"} if isinstance(spec, Files) else {}
    values = {name: getattr(spec, name) for name in entries(spec.__class__)}
    return head | {name: _map(value, lambda item: item) for name, value in values.items() if value is not None}


def _map(value: Any, change: Any) -> Any:
    """`change` applied to every scalar inside dicts, sequences and arrays (which become lists)."""
    if isinstance(value, Mapping):
        return {key: _map(item, change) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return [_map(item, change) for item in value] if isinstance(value, list | tuple) else change(value)


def _json(value: Any) -> Any:
    """`value` with infinity, which JSON does not have, as text."""
    return _map(value, lambda item: "inf" if item == math.inf else item)


def _with(given: Mapping[str, Any], key: str, field: str, of_type: str, value: Value) -> Any:
    """The value of `field` with the entry of one type replaced."""
    whole = given.get(field)
    if field in ("scores", "present"):  # indicators and factors; any may be set
        return {**(whole or {}), of_type: value}
    if isinstance(whole, list) and "types" in given:
        whole = dict(zip(given["types"], whole, strict=True))
    if not isinstance(whole, Mapping) or of_type not in whole:
        names = nearest(of_type, whole) if isinstance(whole, Mapping) else "it must be written as {type = value}"
        raise ConfigError(f"sweep.{key} = {short(value)}: {key.removesuffix('.' + of_type)} has no such type, {names}")
    return {**whole, of_type: value}


def _axes(sweep: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, values) of the sweep section; unquoted dotted keys arrive as nested tables."""
    for key, value in sweep.items():
        if isinstance(value, Mapping) and any(isinstance(item, Mapping | list) for item in value.values()):
            yield from _axes(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _once(pairs: Sequence[tuple[str, Any]]) -> None:
    """Refuse a key that is swept twice, or both as a whole and by type."""
    for (other, _), (key, values) in itertools.combinations(pairs, 2):
        whole, part = sorted((key, other), key=len)
        if key == other or (part.startswith(f"{whole}.") and whole.count(".") == 1):
            raise ConfigError(f"sweep.{key} = {short(values)}: must not be swept together with {other}")


def _axis(config: Config, key: str, given: Any) -> tuple[Value, ...]:
    """The checked values of one swept key."""
    kind = _plain(config.network)["kind"]
    section, _, rest = key.partition(".")
    field, _, of_type = rest.partition(".")
    valid = {
        f"{name}.{item}": entry
        for name in SWEPT
        for item, (entry, _) in _fields(name, kind).items()
        if item not in UNSWEPT
        and (name != "risk" or config.risk is not None)
        and not (name == "dynamics" and item in FOLLOWING and config.risk is not None)
    }
    entry = valid.get(f"{section}.{field}")
    if isinstance(entry, Table):
        if not of_type:
            raise ConfigError(f"sweep.{key} = {short(given)}: must be swept one by one, as in {key}.NAME")
        entry = Number("", low=0, high=1)
    if entry is None or (of_type and section != "risk" and not isinstance(entry, Rate | PerType)):
        if entry is not None:
            bound = "cannot be swept by type"
        elif section == "dynamics" and field in FOLLOWING:
            bound = "must not be swept together with [risk], which gives it"
        elif section == "risk" and config.risk is None:
            bound = "needs [risk]"
        elif section in ("network", *NOUNS) and field in _fields(section, kind):
            bound = f"cannot be swept: only keys of {', '.join(SWEPT)} can, but not {', '.join(UNSWEPT)}"
        elif section == "network" and field not in UNSWEPT and _kinds(field):
            bound = f"belongs to kind = {_kinds(field)}"
        else:
            bound = f"unknown key, {nearest(key, valid)}"
        raise ConfigError(f"sweep.{key} = {short(given)}: {bound}")
    values = _range(key, given) if isinstance(given, Mapping) else given
    if not isinstance(values, list | tuple | np.ndarray) or len(values) == 0:
        raise ConfigError(f"sweep.{key} = {short(given)}: must be a list with at least one value, or {{start, stop, num}}")
    checked: dict[tuple[type, Value], Value] = {}
    for i, value in enumerate(values):
        name = f"sweep.{key}[{i}]"
        if not isinstance(value, int | float | str | np.number) or isinstance(value, bool):
            raise ConfigError(f"{name} = {short(value)}: must be a number or a string")
        single = isinstance(entry, PerType) or (isinstance(entry, Number) and (of_type or not isinstance(value, str)))
        try:
            good = entry.one(value, name) if single else entry.check(value, name, {})  # type: ignore[attr-defined]
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if (type(good), good) in checked:
            raise ConfigError(f"{name} = {short(value)}: must not be given twice")
        checked[type(good), good] = good
    return tuple(checked.values())


def _range(key: str, given: Mapping[str, Any]) -> list[Value]:
    """Evenly spaced values, rounded to 12 digits so that they are the same on every machine."""
    bounds = {
        "start": Number("", low=-1e300, high=1e300),
        "stop": Number("", low=-1e300, high=1e300),
        "num": Number("", low=1, high=MAX_CELLS, whole=True),
        "scale": Choice("", options=("linear", "log")),
    }
    _known(f"sweep.{key}", given, bounds)
    for name in ("start", "stop", "num"):
        if name not in given:
            raise ConfigError(f"sweep.{key} = {short(dict(given))}: must have {name}")
    full = {"scale": "linear", **given}
    checked = {name: _prefixed(f"sweep.{key}", entry.check, full[name], name, {}) for name, entry in bounds.items()}
    if checked["num"] == 1 and checked["start"] != checked["stop"]:
        raise ConfigError(f"sweep.{key}.num = 1: must be at least 2 where start and stop differ")
    log = checked["scale"] == "log"
    for name in ("start", "stop"):
        if log and checked[name] <= 0:
            raise ConfigError(f"sweep.{key}.{name} = {short(given[name])}: must be more than 0 on a log scale")
    points = (np.geomspace if log else np.linspace)(checked["start"], checked["stop"], checked["num"])
    rounded = [float(f"{point:.12g}") for point in points]
    whole = isinstance(given["start"], int) and isinstance(given["stop"], int) and not any(p % 1 for p in rounded)
    return [int(point) for point in rounded] if whole else list(rounded)


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:  # integers of very many digits are one that is not a TOMLDecodeError
        message, place = re.fullmatch(r"(.*?)(?: \(at (.*)\))?", str(error), re.DOTALL).groups()  # type: ignore[union-attr]
        raise ConfigError(f"{place or 'text'}: not TOML, {message[:1].lower()}{message[1:].partition(';')[0]}") from None


def _override(data: dict[str, Any], override: str) -> str:
    """Set one ``section.key=value`` in `data`; returns the key."""
    key, equals, text = (part.strip() for part in override.partition("="))
    section, _, rest = key.partition(".")
    if not equals or not rest:
        raise ConfigError(f"--set {override}: must look like run.replicates=4096")
    try:
        parsed = tomllib.loads(f"value = {text}")
        value = parsed["value"] if len(parsed) == 1 else text
    except (ValueError, RecursionError):
        value = text  # a bare word is a string
    table = data.setdefault(section, {})
    path = [rest] if section == "sweep" else rest.split(".", 1)
    for step in path[:-1]:
        table = table.setdefault(step, {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise ConfigError(f"--set {key} = {short(value)}: {key.rpartition('.')[0]} must be a table")
    if section == "sweep":
        data["sweep"] = table = dict(_axes(table))
    table[path[-1]] = value
    return key


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _render(config: Config, notes: bool, hide: Sequence[str] = ()) -> str:
    """`config` as TOML; with `notes` every key's meaning, range and default; `hide` comments keys out."""
    lines: list[str] = []
    kind = _plain(config.network)["kind"]
    for section, about in SECTIONS.items():
        lines += [f"# {line}" for line in about.splitlines() if notes]
        if section in LISTS or getattr(config, section, ()) is None:
            lines += _tables(config, section, notes)
            continue
        if section == "sweep":
            rows = [f"{_key(key)} = {_toml(values)}" for key, values in config.sweep]
            lines += [f"# {line}" for line in SWEEP_EXAMPLE.splitlines() if notes and not rows]
        else:
            values = {k: v for k, v in config._table(section).items() if f"{section}.{k}" not in hide}
            follow = FOLLOWING if section == "dynamics" and config.risk is not None else ()
            fields = {k: v for k, v in _fields(section, kind).items() if k not in follow}
            rows = _rows(fields, values, notes)
        for other in KINDS if section == "network" and notes else ():
            if other != kind:
                new = {k: v for k, v in _fields(section, other).items() if k not in fields or k not in ("kind", "n_nodes")}
                rows += ["", f"# Keys where kind = {_toml(other)}:", *_rows(new, {}, notes)]
        lines += [f"[{section}]", *rows, ""] if rows else [""] * notes
    return "\n".join(lines)


def _tables(config: Config, section: str, notes: bool) -> list[str]:
    """The tables of a list, or of a section that is not there; with `notes` a commented one where there is none."""
    name, kind = LISTS.get(section, (section, NOUNS.get(section)))
    head = f"[[{section}]]" if section in LISTS else f"[{section}]"
    assert kind is not None
    lines: list[str] = []
    for item in getattr(config, name) or ():
        lines += [head, *_rows(entries(kind), _plain(item), False), ""]
    if notes and not lines:
        lines = [f"# {head}", *_rows(entries(kind), {}, True), ""]
    return lines


def _rows(fields: Mapping[str, tuple[Entry, Any]], values: Mapping[str, Any], notes: bool) -> list[str]:
    """A line for every key with a value; with `notes` what it means, and an example where it has none."""
    rows: list[str] = []
    for name, (entry, default) in fields.items():
        has_default = default is not None and default is not dataclasses.MISSING
        if notes:
            about = [part for part in (entry.bounds(), f"default {_toml(default)}" if has_default else "") if part]
            rows += ["", *_comment(f"{entry.meaning}."), *_comment("; ".join(about), "  ")]
        if name in values:
            rows.append(f"{name} = {_toml(values[name])}")
        elif notes:
            rows.append(f"# {name} = {_toml(default if has_default else entry.example)}")
    return rows


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, 106, initial_indent=f"# {indent}", subsequent_indent=f"# {indent}")


def shipped() -> dict[str, str]:
    """Names of the shipped configurations with one line about each.

    >>> sorted(shipped())
    ['default', 'files', 'hurried', 'steady', 'sweep']
    """
    names = sorted(SHIPPED.glob("*.toml"))
    return {path.stem: path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") for path in names}


def find(name_or_path: str | Path) -> Path:
    """The path of a configuration: a file, or the name of a shipped one.

    Raises
    ------
    ConfigError
        Neither a file nor a shipped name.

    >>> find("default").name
    'default.toml'
    """
    if os.path.isfile(name_or_path):
        return Path(name_or_path)
    names = shipped()
    if str(name_or_path) in names:
        return SHIPPED / f"{name_or_path}.toml"
    what = "is a folder" if os.path.isdir(name_or_path) else "no such file or shipped configuration"
    raise ConfigError(f"{name_or_path}: {what}, {nearest(name_or_path, names)}")


def template_text(name: str = "default") -> str:
    """A shipped configuration with every key written out: meaning, unit, range, default.

    >>> template_text().splitlines()[0].startswith("# ")
    True
    """
    path = find(name)
    text = path.read_text(encoding="utf-8")
    config = Config.from_text(text, name=str(path))
    head = list(itertools.takewhile(lambda line: line.startswith("#"), text.splitlines()))
    hide = [] if "seed" in _parse(text).get("run", {}) else ["run.seed"]
    return "\n".join([*head, "", _render(config, notes=True, hide=hide)])
