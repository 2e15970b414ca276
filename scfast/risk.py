"""From scores to SIRS rates, and what the well-mixed process makes of the rates.

The paper's own equations (its eqs. 6-9) are lost, but it describes each in words; those here are A. See MODEL.md, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scfast.entries import MAX_NODES, FloatArray, Number, Rate, _bad, _complete
from scfast.parameters import SIRS
from scfast.profiles import IMMUNITY, Profile, Systems, check_keys

SHARE = Number("Share", low=0, high=1)
PROBABILITY = Rate("Probability", low=0, high=1)
STEP = Number("Length of a step", low=0, high=1, above=True)


def levels(profile: Profile, systems: Systems | None = None) -> dict[str, Any]:
    """How good or bad the profile is by criterion: A resistance, C recovery, L learning, E external (A).

    A, C and L are sums over their own indicators with local weights, E over all external ones with global weights. Ranges count
    with their means.

    Parameters
    ----------
    profile : Profile
    systems : Systems, optional
        Weights to use; default: the profile's own.

    Returns
    -------
    dict
        resistance, recovery, learning, external -> float, {type: float}, or float64 array of shape (n_nodes,); all in [0, 1].

    Raises
    ------
    ValueError
        An indicator that `systems` does not have; scores per type and per node together, or for different types.

    Examples
    --------
    >>> levels(Profile())
    {'resistance': 0.5, 'recovery': 0.5, 'learning': 0.5, 'external': 0.5}
    """
    systems = systems or profile.systems
    check_keys(profile.scores, systems)
    values, types = _aligned(profile.central().scores)
    return {name: _form(level, types) for name, level in _levels(values, profile.default, systems).items()}


def _levels(values: Mapping[str, Any], default: float, systems: Systems) -> dict[str, Any]:
    groups: dict[str, list[tuple[str, float]]] = {name: [] for name in IMMUNITY}
    for item in systems.immunity.indicators:
        groups[item.criterion].append((item.key, item.local))
    groups["external"] = [(item.key, item.weight) for item in systems.external.indicators]
    found = {}
    for name, members in groups.items():
        scores = np.broadcast_arrays(*(values.get(key, default) for key, _ in members))
        least = np.minimum.reduce(scores)  # summing what is above it keeps equal scores exact though weights are rounded
        total = least + sum(weight * (score - least) for score, (_, weight) in zip(scores, members, strict=True))
        found[name] = np.minimum(total, np.maximum.reduce(scores))
    return found


def _aligned(given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...] | None]:
    """Values that broadcast against each other, and the types where they are per type."""
    tables = {key: value for key, value in given.items() if isinstance(value, Mapping)}
    arrays = [key for key, value in given.items() if np.ndim(value) == 1 and key not in tables]
    if tables and arrays:
        first = next(iter(tables))
        raise _bad(first, dict(tables[first]), f"is per type, but {arrays[0]} per node: the nodes' types must be known, use on()")
    for key in arrays:
        if len(given[key]) != len(given[arrays[0]]):
            raise _bad(key, given[key], f"must have as many values as {arrays[0]}, {len(given[arrays[0]])}")
    if not tables:
        return dict(given), None
    types = tuple(dict.fromkeys(name for table in tables.values() for name in table))
    rows = {key: np.array(list(_complete(table, key, types).values()), np.float64) for key, table in tables.items()}
    return {**given, **rows}, types


def _form(value: Any, types: tuple[str, ...] | None) -> Any:
    if np.ndim(value) == 0:
        return float(value)
    if types is not None:
        return dict(zip(types, value.tolist(), strict=True))
    array = np.array(value, np.float64)
    array.setflags(write=False)
    return array


def step(p: Any, h: float) -> Any:
    """The probability over a step of `h` units, 1 - (1 - p)^h, of what has probability `p` in one unit (A).

    Parameters
    ----------
    p : float, {type: float} or array_like of float
        In [0, 1].
    h : float
        0 < h <= 1.

    Examples
    --------
    >>> step(0.75, 0.5), step(1.0, 0.1), step({"brand": 0.0}, 0.1)
    (0.5, 1.0, {'brand': 0.0})
    """
    return _stepped(p, STEP.one(h, "h"), "p")


def _stepped(p: Any, h: float, name: str) -> Any:
    if isinstance(p, str):
        raise _bad(name, p, "must be numbers, not the name of a node attribute")
    values, types = _aligned({name: PROBABILITY.check(p, name, {})})
    return _form(_step(values[name], h), types)


def _step(p: Any, h: float) -> Any:
    if h == 1:
        return p
    with np.errstate(divide="ignore"):
        return _rounded(-np.expm1(h * np.log1p(-np.asarray(p, np.float64))))


def _rounded(p: Any) -> Any:
    """To 40 binary digits, so that logarithms and powers give the same rates on every machine."""
    digits, exponent = np.frexp(p)
    return np.ldexp(np.round(digits * 2.0**40) / 2.0**40, exponent)


def rates(profile: Profile, h: float = 1.0, systems: Systems | None = None) -> dict[str, Any]:
    """The rates of the SIRS process per step of `h` units of time (A, for the lost eqs. 6-9 of [P]).

    Per unit beta = E (1 - A), gamma = C (1 - E), delta = E (1 - C), xi = 1 - L, with A, C, L, E as in `levels`. A step of h units
    makes p -> 1 - (1 - p)^h of beta and xi, and of gamma + delta, which is split in proportion. gamma + delta <= 1 always.

    Parameters
    ----------
    profile : Profile
        Ranges count with their means.
    h : float
        0 < h <= 1.
    systems : Systems, optional
        Weights to use; default: the profile's own.

    Returns
    -------
    dict
        beta, gamma, delta, xi -> float, {type: float}, or float64 array of shape (n_nodes,); probabilities per step.

    Raises
    ------
    ValueError
        As `levels`, or `h` out of bounds.

    Examples
    --------
    >>> rates(Profile())
    {'beta': 0.25, 'gamma': 0.25, 'delta': 0.25, 'xi': 0.5}
    >>> round(rates(Profile(), h=0.5)["xi"], 6)
    0.292893
    """
    length = STEP.one(h, "h")
    systems = systems or profile.systems
    check_keys(profile.scores, systems)
    values, types = _aligned(profile.central().scores)
    level = _levels(values, profile.default, systems)
    resistance, recovery, learning, external = (level[name] for name in (*IMMUNITY, "external"))
    gamma, delta = recovery * (1 - external), external * (1 - recovery)
    leaving = np.minimum(gamma + delta, 1.0)
    with np.errstate(invalid="ignore"):
        part = np.where(leaving > 0, gamma / leaving, 0.0)
    left = _step(leaving, length)
    found = {
        "beta": _step(external * (1 - resistance), length),
        "gamma": part * left if length < 1 else gamma,
        "delta": left - part * left if length < 1 else delta,
        "xi": _step(1 - learning, length),
    }
    return {name: _form(rate, types) for name, rate in found.items()}


def to_sirs(
    profile: Profile, h: float = 1.0, systems: Systems | None = None, *, exposure: str = "per_partner", epsilon: Any = 0.0
) -> SIRS:
    """The SIRS model of `profile`: its `rates` for a step of `h` units.

    Parameters
    ----------
    exposure : {"per_partner", "shared"}
        As in `SIRS`.
    epsilon : float, {type: float} or array_like
        Infection from outside per unit of time; made one per step like beta.

    Raises
    ------
    ValueError
        As `rates` and `SIRS`.

    Examples
    --------
    >>> to_sirs(Profile({"capital_stability": 1.0}), h=0.1).beta < to_sirs(Profile(), h=0.1).beta
    True
    """
    found = rates(profile, h, systems)
    return SIRS(**found, epsilon=_stepped(epsilon, h, "epsilon"), exposure=exposure)  # type: ignore[arg-type]


@dataclass(frozen=True)
class MeanField:
    """Outcome of the well-mixed process.

    Attributes
    ----------
    eliminated : float
        Share of firms eliminated at the end.
    peak : float
        Largest share infected.
    risk_load : float
        Infected steps per firm, step 0 included.
    prevalence : float
        Share infected at the end.
    reproduction : float
        k times the mean of beta / (gamma + delta): the infections that one causes among susceptible firms only; inf where an
        infected firm never leaves.
    """

    eliminated: float
    peak: float
    risk_load: float
    prevalence: float
    reproduction: float


def mean_field(
    rates: Mapping[str, Any] | SIRS, k: float, n_steps: int, initial: float = 0.01, shares: Mapping[str, float] | None = None
) -> MeanField:
    """What the rates make of very many firms that each meet `k` random ones (the mixed version of MODEL.md's limit, L).

    Per step a susceptible firm is infected with probability 1 - (1 - epsilon)(1 - beta)^(k i), i the share infected among all
    firms. Rates per type or per node give each type or node its own states and all of them one i, to which types contribute by
    `shares`, or equally, and nodes equally. It knows no network: an order of magnitude to print beside a profile.

    Parameters
    ----------
    rates : mapping or SIRS
        beta, gamma, delta and xi as `rates` returns them, perhaps epsilon; probabilities per step.
    k : float
        Mean degree, at least 0.
    n_steps : int
        At least 1.
    initial : float
        Share infected at step 0, in [0, 1]; the others are susceptible.
    shares : {type: number}, optional
        Relative frequency of each type; of no effect where no rate is per type.

    Raises
    ------
    ValueError
        A value out of bounds or missing, an unknown or missing type.

    Examples
    --------
    >>> outcome = mean_field({"beta": 0.1, "gamma": 0.1, "delta": 0.0, "xi": 0.0}, k=4, n_steps=100)
    >>> outcome.eliminated, round(outcome.reproduction, 6)
    (0.0, 4.0)
    """
    degree = Number("", low=0).one(k, "k")
    steps = int(Number("", low=1, high=MAX_NODES, whole=True).one(n_steps, "n_steps"))
    first = SHARE.one(initial, "initial")
    (beta, gamma, delta, xi, epsilon), share = _units(rates, shares)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(beta > 0, beta / (gamma + delta), 0.0)
    s, i, r, x = (np.full(len(beta), value) for value in (1 - first, first, 0.0, 0.0))
    infected = [first]
    for _ in range(steps):
        p = 1 - (1 - epsilon) * np.power(1 - beta, degree * infected[-1])
        new, back = s * p, xi * r
        s, i, r, x = s - new + back, i + new - (gamma + delta) * i, r + gamma * i - back, x + delta * i
        infected.append(float(share @ i))
    reproduction = degree * float(share @ ratio) if degree else 0.0
    return MeanField(float(share @ x), max(infected), sum(infected), infected[-1], reproduction)


def _units(rates: Mapping[str, Any] | SIRS, shares: Mapping[str, float] | None) -> tuple[list[FloatArray], FloatArray]:
    """beta, gamma, delta, xi and epsilon of each type or node, and the share of each in the whole."""
    names = ("beta", "gamma", "delta", "xi", "epsilon")
    if not isinstance(rates, SIRS):
        for name in names[:-1]:
            if name not in rates:
                raise ValueError(f"rates: {name} must be given")
        rates = SIRS(**rates)
    for name in names:
        if isinstance(getattr(rates, name), str):
            raise _bad(name, getattr(rates, name), "must be numbers: look node attributes up by SIRS.on() first")
    values, types = _aligned({name: getattr(rates, name) for name in names})
    columns = list(np.broadcast_arrays(*(np.atleast_1d(values[name]).astype(np.float64) for name in names)))
    share = np.full(len(columns[0]), 1 / len(columns[0]))
    if types is not None and shares is not None:
        checked = {name: Number("", low=0).one(value, f"shares.{name}") for name, value in shares.items()}
        share = np.array(list(_complete(checked, "shares", types).values()), np.float64)
        if not share.any():
            raise _bad("shares", dict(shares), "must not be all 0")
        share /= share.sum()
    return columns, share
