"""One point of a configuration's grid, and what is known of its networks before they grow."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from scfast import risk
from scfast.entries import short
from scfast.parameters import SIRS, Initial, Nodes, Protection, Shock
from scfast.profiles import Profile
from scfast.sections import Files, Grown, as_json, plain
from scfast.strategies import Point
from scfast.sweeps import Value

VARIED = {"series.name", "strategy.name", "strategy.level", "risk.draw", "sensitivity.point", "topology.model"}
"""Keys of a cell's values that are no keys of a section."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One point of the grid.

    Attributes
    ----------
    network : Grown or Files
    dynamics : SIRS
    initial : Initial
    values : dict
        The swept values, key -> value, in the order of the sweep; series.name before them; then strategy.name and strategy.level,
        dynamics.exposure, risk.draw, sensitivity.point or topology.model where there are several; empty otherwise.
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
        return as_json({"network": plain(self.network), "values": self.values})

    @property
    def regrown(self) -> bool:
        """Whether its networks are not those of the baseline."""
        return self.point is not None and self.point.regrows


@dataclasses.dataclass(frozen=True)
class Expected:
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


def where(values: Mapping[str, Value]) -> str:
    """Which cell an error is about: what one begins with that a cell's values alone make."""
    shown = ", ".join(f"{key} = {short(value)}" for key, value in values.items() if value != "")
    return f"{'' if VARIED & values.keys() else 'sweep, '}at {shown}: " if values else ""
