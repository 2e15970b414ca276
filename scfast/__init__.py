"""scfast: a high-performance Monte Carlo engine for how risk spreads through supply networks.

>>> import scfast as sf
>>> network = sf.grow(sf.DualLocalWorld(), n_nodes=1_000, seed=1)
>>> run = sf.simulate(network, sf.SIRS(beta=0.08, gamma=0.15), n_steps=100, n_replicates=512, seed=7)
>>> run.counts.shape
(512, 101, 4)

Names are loaded on first use, so that importing the package stays cheap.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scfast import ahp as ahp
    from scfast.config import Config as Config
    from scfast.ensemble import run as run
    from scfast.growth import fitness_from_factors as fitness_from_factors
    from scfast.growth import grow as grow
    from scfast.growth import grow_many as grow_many
    from scfast.network import Network as Network
    from scfast.network import read_network as read_network
    from scfast.parameters import SIRS as SIRS
    from scfast.parameters import BarabasiAlbert as BarabasiAlbert
    from scfast.parameters import BianconiBarabasi as BianconiBarabasi
    from scfast.parameters import DualLocalWorld as DualLocalWorld
    from scfast.parameters import Initial as Initial
    from scfast.parameters import LocalWorld as LocalWorld
    from scfast.parameters import Protection as Protection
    from scfast.parameters import Shock as Shock
    from scfast.profiles import Profile as Profile
    from scfast.profiles import Systems as Systems
    from scfast.register import Register as Register
    from scfast.results import Result as Result
    from scfast.results import load as load
    from scfast.risk import mean_field as mean_field
    from scfast.risk import rates as rates
    from scfast.risk import to_sirs as to_sirs
    from scfast.sirs import Run as Run
    from scfast.sirs import simulate as simulate
    from scfast.study import Study as Study
    from scfast.topology import Topology as Topology
    from scfast.topology import measure as measure

__version__ = "0.1.0"

_HOMES = {
    "BarabasiAlbert": "parameters",
    "BianconiBarabasi": "parameters",
    "Config": "config",
    "DualLocalWorld": "parameters",
    "Initial": "parameters",
    "LocalWorld": "parameters",
    "Protection": "parameters",
    "Shock": "parameters",
    "Network": "network",
    "Profile": "profiles",
    "Register": "register",
    "Result": "results",
    "Run": "sirs",
    "SIRS": "parameters",
    "Study": "study",
    "Systems": "profiles",
    "Topology": "topology",
    "fitness_from_factors": "growth",
    "grow": "growth",
    "grow_many": "growth",
    "load": "results",
    "mean_field": "risk",
    "measure": "topology",
    "rates": "risk",
    "read_network": "network",
    "run": "ensemble",
    "simulate": "sirs",
    "to_sirs": "risk",
}

_MODULES = ("ahp",)

__all__ = sorted([*_HOMES, *_MODULES, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"scfast.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'scfast' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"scfast.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
