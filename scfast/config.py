"""Where text meets models: a TOML file, checked whole, becomes a `Config` and its cells."""

from __future__ import annotations

import dataclasses
import itertools
import math
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np

from scfast.cells import VARIED, Cell, Expected, where
from scfast.claims import SERIES as SIZES
from scfast.entries import MAX_NODES, nearest, short
from scfast.parameters import SIRS, Initial, Nodes, Protection, Shock
from scfast.sections import (
    FOLLOWING,
    LISTS,
    MEASURED_RUN,
    NOUNS,
    RUNS_ALONE,
    ConfigError,
    Files,
    Grown,
    RunSettings,
    TopologySettings,
    as_json,
    entry_of,
    fields_of,
    laid_beside,
    network_of,
    plain,
    prefixed,
    section_of,
)
from scfast.sensitivity import Sensitivity
from scfast.strategies import Point, Risk, Strategy
from scfast.sweeps import MAX_CELLS, SWEPT, Axes, Grid, Series, Value, checked, flat, series_of, with_type
from scfast.templates import SECTIONS, rendered

SHIPPED = Path(__file__).with_name("data")
Variant: TypeAlias = tuple[dict[str, Value], Point | None, int]
BACKENDS = ("threads", "loky", "dask", "ray")
"""What runs the tasks: threads of one process, processes of one machine, or a cluster."""

__all__ = [
    "BACKENDS",
    "Cell",
    "Config",
    "ConfigError",
    "Files",
    "Grown",
    "RunSettings",
    "Series",
    "TopologySettings",
    "find",
    "shipped",
    "template_text",
]


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
    topology : TopologySettings, optional
        Networks are measured, and nothing runs on them: `network`, `dynamics`, `sweep` or `series`, networks and seed of `run` are
        what has a meaning beside it.
    series : sequence of Series
        Grids, one after another, instead of `sweep`; only with `topology`.
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
    sweep: Axes | Any = ()
    run: RunSettings = dataclasses.field(default_factory=RunSettings)
    risk: Risk | None = None
    protection: Protection = dataclasses.field(default_factory=Protection)
    shocks: tuple[Shock, ...] | Any = ()
    strategies: tuple[Strategy, ...] | Any = ()
    sensitivity: Sensitivity | None = None
    topology: TopologySettings | None = None
    series: tuple[Series, ...] | Any = ()
    base: str = dataclasses.field(default="", compare=False)
    name: str = dataclasses.field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", str(Path(self.base).absolute()))
        if self.risk is not None:
            loaded = prefixed("risk", self.risk.loaded, self.base)
            prefixed("risk", lambda: loaded.profile)
            object.__setattr__(self, "risk", loaded)
        object.__setattr__(self, "shocks", tuple(self.shocks))
        object.__setattr__(self, "strategies", tuple(self.strategies))
        names = [strategy.name for strategy in self.strategies]
        for k, name in enumerate(names):
            if name in ("baseline", *names[:k]):
                raise ConfigError(f"strategy[{k}].name = {short(name)}: must not be 'baseline', nor that of another strategy")
        if self.risk is not None:
            for k, strategy in enumerate(self.strategies):
                prefixed(f"strategy[{k}]", strategy.check_scores, self.risk.systems.indicators)
        self._check_sensitivity()
        self._check_topology()
        object.__setattr__(self, "sweep", checked(self._grid_of("sweep"), self.sweep))
        self._check_series()
        if isinstance(self.network, Files) and self.run.networks != 1:
            raise ConfigError(f"run.networks = {self.run.networks}: must be 1 for a network from files")
        variants = list(self._variants())[:1]
        for about, axes in self._grids():  # the last cell first: a range that goes too far does so at its end
            if axes:  # and there may be very many cells
                self._check_grown(self._grid(about, tuple((key, values[-1:]) for key, values in axes), variants))
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
        if any("sweep" in one for one in sections.get("series", ())):
            sections["series"] = [{"name": one["name"], **dict(one["sweep"])} for one in sections["series"]]
        return cls._build(sections, base, "")

    @classmethod
    def _build(cls, data: Mapping[str, Any], base: str, name: str) -> Config:
        for key, value in data.items():
            listed = key in LISTS or key == "series"
            if listed and isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
                continue
            if key not in SECTIONS:
                shown = f"[{key}]: unknown section" if isinstance(value, Mapping) else f"{key} = {short(value)}: outside a section"
                raise ConfigError(f"{shown}, {nearest(key, SECTIONS)}")
            if listed or not isinstance(value, Mapping):
                head = f"a list of tables, [[{key}]]" if listed else f"a section, [{key}]"
                raise ConfigError(f"{key} = {short(value)}: must be {head}")
        if "topology" in data:
            for key in data:
                if key in RUNS_ALONE:
                    raise _beside_topology(key)
            for key, value in data.get("run", {}).items():
                if key in fields_of("run") and key not in MEASURED_RUN:
                    raise _beside_topology("run", key, value)
        network = network_of(data.get("network", {}))
        few = {"networks": 1} if isinstance(network, Files) else {}
        dynamics = data.get("dynamics", {})
        for key in FOLLOWING if "risk" in data else ():
            if key in dynamics:
                raise ConfigError(
                    f"dynamics.{key} = {short(dynamics[key])}: must not be given together with [risk], which gives it"
                )
        return cls(
            network,
            section_of("dynamics", dynamics),
            section_of("initial", data.get("initial", {})),
            data.get("sweep", {}),
            section_of("run", few | data.get("run", {})),
            section_of("risk", data["risk"]) if "risk" in data else None,
            section_of("protection", data.get("protection", {})),
            tuple(entry_of("shock", k, item) for k, item in enumerate(data.get("shock", ()))),
            tuple(entry_of("strategy", k, item) for k, item in enumerate(data.get("strategy", ()))),
            section_of("sensitivity", data["sensitivity"]) if "sensitivity" in data else None,
            section_of("topology", data["topology"]) if "topology" in data else None,
            tuple(data.get("series", ())),
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
        keys = prefixed("sensitivity", self.sensitivity.keys, self.risk.profile)
        if self.sensitivity.n_points(len(keys)) > MAX_CELLS:
            most = MAX_CELLS * self.sensitivity.samples // self.sensitivity.n_points(len(keys))
            bound = f"must be at most {most} with {len(keys)} indicators, for at most {MAX_CELLS} cells"
            raise ConfigError(f"sensitivity.samples = {self.sensitivity.samples}: {bound}")

    def _check_topology(self) -> None:
        """Refuse what has no meaning where networks are measured."""
        if self.topology is None:
            return
        for key in RUNS_ALONE:
            name, _ = LISTS.get(key, (key, None))
            default = next(item for item in dataclasses.fields(self) if item.name == name)
            unset = default.default if default.default_factory is dataclasses.MISSING else default.default_factory()
            if getattr(self, name) != unset:
                raise _beside_topology(key)
        for key, (_, default) in fields_of("run").items():
            if key not in MEASURED_RUN and getattr(self.run, key) != default:
                raise _beside_topology("run", key, getattr(self.run, key))
        kind = plain(self.network)["kind"]
        if self.topology.beside and kind != "dual_local_world":
            given = list(self.topology.beside)
            raise ConfigError(f"topology.beside = {short(given)}: needs network.kind = 'dual_local_world', here {kind!r}")

    def _check_series(self) -> None:
        """Check names and keys of the series, and keep them as Series."""
        if self.series and self.topology is None:
            raise ConfigError("[[series]]: needs [topology]")
        if self.series and self.sweep:
            raise ConfigError("[sweep]: must not be given together with [[series]]")
        found = [series_of(k, one) for k, one in enumerate(self.series)]
        for k, one in enumerate(found):
            if one.name in [other.name for other in found[:k]]:
                raise ConfigError(f"series[{k}].name = {short(one.name)}: must not be that of another series")
            found[k] = dataclasses.replace(one, sweep=checked(self._grid_of(f"series[{k}]"), one.sweep))
            if one.name == SIZES and [key for key, _ in found[k].sweep] != ["network.n_nodes"]:
                bound = "must hold network.n_nodes and nothing else, as it is what claims are about"
                raise ConfigError(f"series[{k}], named {SIZES!r}: {bound}")
        object.__setattr__(self, "series", tuple(found))

    def heeds(self, section: str, key: str = "") -> bool:
        """Whether a section, or a key of it, has a meaning beside the others."""
        if self.topology is None:
            return not (section == "dynamics" and key in FOLLOWING and self.risk is not None)
        if section == "sweep":
            return not self.series
        return section not in RUNS_ALONE and not (section == "run" and key and key not in MEASURED_RUN)

    def _grid_of(self, where: str) -> Grid:
        sections = tuple(name for name in SWEPT if self.heeds(name))
        return Grid(where, plain(self.network)["kind"], sections, self.risk is not None)

    @cached_property
    def design(self) -> np.ndarray | None:
        """The points of the design of [sensitivity], float64 (cells, indicators); None where there is none."""
        if self.sensitivity is None or self.risk is None:
            return None
        return self.sensitivity.design(self.risk.profile, self.run.seed)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The grid: every combination of the swept values, the last key fastest; one cell without a sweep; or each series' own."""
        variants = list(self._variants())
        n_cells = sum(math.prod(len(values) for _, values in axes) for _, axes in self._grids()) * len(variants)
        if n_cells > MAX_CELLS:
            raise ConfigError(f"{'series' if self.series else 'sweep'} = {n_cells} cells: must be at most {MAX_CELLS}")
        return tuple(cell for about, axes in self._grids() for cell in self._grid(about, axes, variants))

    def _grids(self) -> list[tuple[dict[str, Value], Axes]]:
        """What the values of a grid's cells begin with, and its axes."""
        return [({"series.name": one.name}, one.sweep) for one in self.series] or [({}, self.sweep)]

    def _variants(self) -> Iterator[Variant]:
        """What multiplies the grid: the baseline and each strategy, also under the other exposure; draws; growth models."""
        if self.topology is not None and self.topology.beside:
            for kind in ("dual_local_world", *self.topology.beside):
                yield {"topology.model": kind}, None, 0
            return
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

    def _grid(self, about: Mapping[str, Value], axes: Axes, variants: Sequence[Variant]) -> Iterator[Cell]:
        """The cells of every combination of such values of the swept keys, in every variant."""
        given = {name: plain(getattr(self, name)) for name in SWEPT if getattr(self, name) is not None}
        for values in itertools.product(*(values for _, values in axes)):
            swept = dict(zip((key for key, _ in axes), values, strict=True))
            for more, point, draw in variants:
                yield self._cell(given, {**about, **swept, **more}, point, draw)

    def _cell(self, base: Mapping[str, Mapping[str, Any]], values: dict[str, Value], point: Point | None, draw: int) -> Cell:
        given = {name: dict(base[name]) for name in {key.split(".")[0] for key in values.keys() - VARIED}}
        for key, value in values.items():
            section, field, *of_type = key.split(".", 2)
            if key not in VARIED:
                table = given[section]
                table[field] = with_type(self._whose(values), table, key, value) if of_type else value
        try:
            if point is not None:
                given |= prefixed("strategy", point.apply, {**base, **given})
            made = {name: network_of(table) if name == "network" else section_of(name, table) for name, table in given.items()}
            if values.get("topology.model", "dual_local_world") != "dual_local_world":
                made["network"] = laid_beside(cast(Grown, made.get("network", self.network)), str(values["topology.model"]))
            sections = {name: made.get(name, getattr(self, name)) for name in SWEPT}
            scores = sections.pop("risk")
            if scores is not None:
                if self.sensitivity is not None and self.design is not None:
                    profile = self.sensitivity.profile(scores.profile, self.design[draw])
                else:
                    profile = prefixed("risk", scores.draw, draw, self.run.seed)
                sections |= {"profile": profile, "step": scores.step}
        except ConfigError as error:
            raise ConfigError(f"{where(values)}{error}") from None
        return Cell(**sections, values=values, shocks=self.shocks, point=point)

    def _whose(self, values: Mapping[str, Value]) -> str:
        """The table that a cell's values come from, as errors name it."""
        if not self.series:
            return "sweep"
        return f"series[{[one.name for one in self.series].index(str(values['series.name']))}]"

    def _check_grown(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            if isinstance(cell.network, Grown):
                self._check(cell, Expected(cell.network.n_nodes, cell.network.type_names))

    def _check(self, cell: Cell, network: Nodes) -> None:
        try:
            prefixed("dynamics", _scored(cell.model, network).on, network)
            if self.topology is not None:
                return
            prefixed("initial", cell.initial.on, network)
            prefixed("protection", cell.protection.on, network)
            for k, shock in enumerate(cell.shocks):
                prefixed(f"shock[{k}]", shock.on, network)
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
            raise ConfigError(f"{where(cell.values)}{error}") from None

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

        >>> import json
        >>> config = Config(run=RunSettings(seed=1))
        >>> Config.from_dict(json.loads(json.dumps(config.resolved(), sort_keys=True))) == config
        True
        """
        found: dict[str, Any] = {
            name: self.table(name) for name in ("network", *NOUNS) if getattr(self, name) is not None and self.heeds(name)
        }
        found |= {key: [plain(item) for item in getattr(self, name)] for key, (name, _) in LISTS.items() if getattr(self, name)}
        if self.series:
            found["series"] = [{"name": one.name, "sweep": _pairs(one.sweep)} for one in self.series]
        else:
            found["sweep"] = _pairs(self.sweep)
        found["base"] = self.base
        return as_json(found)

    def table(self, section: str) -> dict[str, Any]:
        """A section as TOML has it, without what follows from another or has no meaning."""
        return {key: value for key, value in plain(getattr(self, section)).items() if self.heeds(section, key)}

    def to_toml(self) -> str:
        """TOML text that reads back as an equal Config; every key that has a value is explicit."""
        return rendered(self, notes=False)


def _pairs(axes: Axes) -> list[list[Any]]:
    return [[key, list(values)] for key, values in axes]


def _beside_topology(section: str, key: str = "", value: Any = None) -> ConfigError:
    head = f"{section}.{key} = {short(value)}" if key else f"[[{section}]]" if section in LISTS else f"[{section}]"
    return ConfigError(f"{head}: must not be given together with [topology]")


def _scored(make: Any, *args: Any) -> Any:
    try:
        return make(*args)
    except ValueError as error:
        place = "nodes: " if re.match("(node|id) ", str(error)) else "scores."  # of what has an id: nodes
        raise ConfigError(f"risk.{place}{error}") from None


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
        data["sweep"] = table = dict(flat(table))
    table[path[-1]] = value
    return key


def shipped() -> dict[str, str]:
    """Names of the shipped configurations with one line about each.

    >>> sorted(shipped())
    ['default', 'files', 'hurried', 'steady', 'study', 'study_large', 'sweep']
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
    return "\n".join([*head, "", rendered(config, notes=True, hide=hide)])
