"""The nouns of a run: growth models, SIRS rates, and the first infections.

Each field declares its meaning, unit and bounds once (see :mod:`scfast.entries`).
Marks: [P] the paper says it; L literature standard; A our assumption (see MODEL.md).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated, Any, Literal, Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator
from pydantic_core import ArgsKwargs

from scfast.entries import (
    MAX_NODES,
    Amount,
    Choice,
    FloatArray,
    NodeList,
    Number,
    PerType,
    Rate,
    Scalar,
    StateColumn,
    Steps,
    Text,
    TypeNames,
    _bad,
    _complete,
    entries,
    nearest,
    noun,
    numbers,
    short,
)

CHAIN = ("brand", "purchaser", "platform", "logistics")  # the node types of [P], in chain order
STATES = ("S", "I", "R", "X")  # in the order of their codes 0..3
RANKINGS = ("degree", "fitness", "random", "acquaintance", "vulnerability", "importance")  # ways to choose protected nodes

RateValue: TypeAlias = float | Mapping[str, float] | Sequence[float] | FloatArray | str
# A union with Any lets callers pass every documented form; what is read back is the tuple.
TypeValues: TypeAlias = tuple[float, ...] | Any
TypeCounts: TypeAlias = tuple[int, ...] | Any


class Nodes(Protocol):
    """What checking against a network needs of it: a Network, or what is known before growth."""

    @property
    def n_nodes(self) -> int: ...
    @property
    def types(self) -> NDArray[np.int8] | None: ...
    @property
    def type_names(self) -> tuple[str, ...]: ...
    @property
    def fitness(self) -> FloatArray | None: ...
    @property
    def names(self) -> NDArray[np.str_] | None: ...
    @property
    def attributes(self) -> Mapping[str, NDArray[Any]]: ...
    def index(self, name: str | int, /) -> int: ...


Probability = functools.partial(Rate, unit="probability per step", low=0, high=1)
Count = functools.partial(PerType, low=1, high=MAX_NODES, whole=True)


@noun
class SIRS:
    """Rates of the SIRS process with elimination [P]: S -> I -> R -> S, and I -> X for ever.

    Per step a susceptible node with k infected neighbours is infected with probability
    1 - (1 - epsilon)(1 - beta)^k (L; epsilon: A). Infected nodes that were detected (A) transmit
    nothing, or with beta times `detected_beta`, from the step after. Each rate is one number; {type name: number};
    a 1-D array-like, one value per node (kept as a read-only float64 array); or the name of a
    node attribute that holds it. Keyword only.

    Parameters
    ----------
    {parameters}

    Raises
    ------
    ValueError
        A value out of bounds, or gamma + delta > 1 anywhere (as far as the forms can be compared
        without a network).

    Examples
    --------
    >>> SIRS(beta=0.08).beta
    0.08
    >>> SIRS(beta=1.5)
    Traceback (most recent call last):
    ValueError: beta = 1.5: must be at most 1
    """

    beta: Annotated[RateValue, Probability("Infection by one infected neighbour; beta of the node being infected")] = 0.1
    gamma: Annotated[RateValue, Probability("Recovery, I -> R")] = 0.1
    delta: Annotated[RateValue, Probability("Elimination, I -> X; gamma + delta must be at most 1")] = 0.005
    xi: Annotated[RateValue, Probability("Loss of immunity, R -> S")] = 0.05
    epsilon: Annotated[RateValue, Probability("Infection from outside, whatever the neighbours")] = 0.0
    detection: Annotated[RateValue, Probability("Detection of an infected node, which is then isolated")] = 0.0
    detected_beta: Annotated[
        float, Number("Factor on the beta that detected nodes exert until they leave I; 0: they transmit nothing", low=0, high=1)
    ] = 0.0
    detection_hubs: Annotated[
        int | float | Any,
        Amount("Only the so many nodes of highest degree and their partners are detected", unit="nodes", optional=True, example=20),
    ] = None
    exposure: Annotated[
        Literal["per_partner", "shared"],
        Choice("How beta acts: per_partner, as it is; shared, times mean degree / own degree", options=("per_partner", "shared")),
    ] = "per_partner"

    @model_validator(mode="after")
    def _leaving(self) -> SIRS:
        if not isinstance(self.gamma, str) and not isinstance(self.delta, str):
            _check_leaving(self.gamma, self.delta)
        return self

    def on(self, network: Nodes) -> SIRS:
        """The same rates with their node attributes looked up, checked against `network`.

        Returns
        -------
        SIRS
            Each rate is a float, a dict that holds every type in the network's order, or a
            read-only float64 array of shape (n_nodes,).

        Raises
        ------
        ValueError
            An unknown or missing type, an unknown attribute or a bad value in one, a wrong length,
            or gamma + delta > 1.
        """
        found: dict[str, Any] = {}
        for name, (entry, _) in entries(SIRS).items():
            value = getattr(self, name)
            if isinstance(entry, Rate):
                if isinstance(value, str):
                    value = _attribute(network, name, value, entry.low, entry.high)
                elif isinstance(value, Mapping):
                    value = _complete(value, name, network.type_names)
                if isinstance(value, np.ndarray) and value.shape[0] != network.n_nodes:
                    raise _bad(name, value, f"must have one value for each of the {network.n_nodes} nodes")
            found[name] = value
        if self.detection_hubs is not None and self.detection_hubs > network.n_nodes:
            raise _bad("detection_hubs", self.detection_hubs, f"must be at most {network.n_nodes}, the number of nodes")
        for one, other in (("gamma", "delta"), ("delta", "gamma")):
            mixed = isinstance(found[one], Mapping) and isinstance(found[other], np.ndarray)
            if mixed and network.types is not None:
                _check_leaving(np.fromiter(found[one].values(), np.float64)[network.types], found[other])
        return SIRS(**found)


def shared_exposure(beta: Any, degree: NDArray[np.int64]) -> FloatArray:
    """beta under shared exposure, beta_i k_ref / k_i, at most 1 (A): a firm's exposure is spread over its partners.

    k_ref is the mean of `degree`.
    """
    return cast(FloatArray, np.minimum(1.0, beta * degree.mean() / np.maximum(degree, 1)))


def _check_leaving(gamma: Any, delta: Any) -> None:
    """Raise ValueError if gamma + delta > 1 for any type or node that both speak of."""
    if isinstance(gamma, float) and isinstance(delta, float) and gamma + delta <= 1:
        return
    tables = [rate for rate in (gamma, delta) if isinstance(rate, Mapping)]
    if tables and any(isinstance(rate, np.ndarray) for rate in (gamma, delta)):
        return  # comparable only where the nodes' types are known
    if tables:
        sums = {
            f".{key}": sum(rate[key] if isinstance(rate, Mapping) else rate for rate in (gamma, delta))
            for key in tables[0]
            if all(key in table for table in tables)
        }
    elif np.ndim(gamma) or np.ndim(delta):
        if np.ndim(gamma) and np.ndim(delta) and len(gamma) != len(delta):
            raise _bad("delta", delta, f"must have as many values as gamma, {len(gamma)}")
        total = np.add(gamma, delta)
        sums = {f"[{i}]": float(total[i]) for i in np.flatnonzero(total > 1)[:1]}
    else:
        sums = {"": gamma + delta}
    for where, value in sums.items():
        if value > 1:
            raise ValueError(f"gamma{where} + delta{where} = {value:.6g}: must be at most 1")


def _attribute(network: Nodes, name: str, column: str, low: float, high: float, whole: bool = False) -> FloatArray:
    """The node attribute `column` as numbers from low to high; the first that is none is named by its node."""
    if column not in network.attributes:
        raise _bad(name, column, f"no such node attribute, {nearest(column, network.attributes)}")
    values = network.attributes[column]
    array = numbers(values)
    wrong = np.flatnonzero(~((array >= low) & (array <= high) & ((np.floor(array) == array) | (not whole))))
    if wrong.size:
        i = int(wrong[0])
        node = str(i if network.names is None else network.names[i])
        bound = f"must be a {'whole ' * whole}number from {low} to {high}"
        raise ValueError(f"{name}: column {column!r} of node {short(node)} = {short(values[i])}: {bound}")
    return array


@noun
class Initial:
    """The first infections: how many and which, or named nodes, or every node's state.

    Give `infected` (with `by` and `within`), or `nodes`, or `states`; the others are then None.

    Parameters
    ----------
    {parameters}

    Raises
    ------
    ValueError
        A value out of bounds, or two ways of starting at once.

    Examples
    --------
    >>> Initial(5).infected, Initial(0.01, by="degree").by
    (5, 'degree')
    >>> Initial(nodes=["Acme", 7]).nodes
    ('Acme', 7)
    """

    infected: Annotated[
        int | float | Any,
        Amount("First infections; a positive fraction means at least one node, rounded half up", unit="nodes", optional=True),
    ] = field(default=0.01, kw_only=False)
    by: Annotated[
        str | Any,
        Choice(
            "How they are chosen: random, anew per replicate; degree or fitness, highest first, ties by node order; "
            "each, one node alone in each replicate, all in turn",
            options=("random", "degree", "fitness", "each"),
            optional=True,
        ),
    ] = "random"
    within: Annotated[str | None, Text("Only nodes of this type", optional=True, example="brand")] = None
    nodes: Annotated[
        Sequence[str | int] | None,
        NodeList("Exactly these nodes, by id; by index where nodes have no ids", optional=True, example=["A1", 7]),
    ] = None
    states: Annotated[
        Sequence[int] | NDArray[np.uint8] | str | None,
        StateColumn("Every node's first state, instead of all the others", optional=True, example="first_state"),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _one_way(cls, given: ArgsKwargs) -> ArgsKwargs:
        named = given.kwargs or {}
        if len(given.args) > 1 or (given.args and "infected" in named):
            return given
        kwargs = {**dict(zip(("infected",), given.args, strict=False)), **named}
        kwargs = {name: value for name, value in kwargs.items() if value is not None}
        for alone in ("states", "nodes"):
            if alone in kwargs:
                for other in ("infected", "by", "within", "nodes"):
                    if other != alone and other in kwargs:
                        raise _bad(other, kwargs[other], f"must not be given together with {alone}")
                kwargs |= {"infected": None, "by": None}
                break
        if kwargs.get("by") == "each" and (kwargs.setdefault("infected", 1) != 1 or isinstance(kwargs["infected"], float)):
            raise _bad("infected", kwargs["infected"], "must be 1 where by is 'each'")
        return ArgsKwargs((), kwargs)

    def count(self, n_nodes: int) -> int:
        """Number of first infections among `n_nodes` eligible nodes (half up, at least 1 if > 0).

        >>> [Initial(infected).count(10) for infected in (0.01, 0.25, 0.0, 4)]
        [1, 3, 0, 4]
        """
        if isinstance(self.infected, float):
            return max(math.floor(self.infected * n_nodes + 0.5), 1) if self.infected > 0 else 0
        return int(self.infected)

    def on(self, network: Nodes) -> Initial:
        """The same start with nodes as indices and states looked up, checked against `network`.

        Raises
        ------
        ValueError
            An unknown type, node or attribute, a wrong length, no fitness to rank by, or more
            first infections than there are nodes to choose from.
        """
        if self.states is not None:
            column = self.states
            if isinstance(column, str):
                column = _attribute(network, "states", column, 0, len(STATES) - 1, whole=True).astype(np.uint8)
            if len(column) != network.n_nodes:
                raise _bad("states", column, f"must have one value for each of the {network.n_nodes} nodes")
            return Initial(states=cast(Any, column))
        if self.nodes is not None:
            found: dict[int, None] = {}
            for i, node in enumerate(self.nodes):
                index = _node(network, i, node)
                if index in found:
                    raise _bad(f"nodes[{i}]", node, "must not name a node twice")
                found[index] = None
            return Initial(nodes=list(found))
        if self.within is not None and self.within not in network.type_names:
            raise _bad("within", self.within, f"no such type, {nearest(self.within, network.type_names)}")
        if self.by == "fitness" and network.fitness is None:
            raise _bad("by", self.by, "the network's nodes have no fitness")
        eligible = network.n_nodes
        if self.within is not None and network.types is not None:
            eligible = int(np.count_nonzero(network.types == network.type_names.index(self.within)))
        if self.count(eligible) > eligible:
            of_type = "" if self.within is None else f" of type {self.within!r}"
            raise _bad("infected", self.infected, f"must be at most {eligible}, the number of nodes{of_type}")
        return self


@noun
class Protection:
    """Nodes that are immune for ever, chosen after the first infections among the susceptible (A).

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> Protection(20).by, Protection(0.05, by="random").protected
    ('degree', 0.05)
    """

    protected: Annotated[int | float, Amount("Protected nodes; where fewer are susceptible, those", unit="nodes")] = field(
        default=0, kw_only=False
    )
    by: Annotated[
        str,
        Choice(
            "Who: degree or fitness, highest first; random, anew per replicate; acquaintance, random partners of random nodes; "
            "vulnerability, the longest infected in a pilot run; importance, the largest outbreaks if they are infected alone",
            options=RANKINGS,
        ),
    ] = "degree"

    def count(self, n_nodes: int) -> int:
        """The budget in nodes (half up).

        >>> Protection(0.05).count(50)
        3
        """
        if isinstance(self.protected, float):
            return math.floor(self.protected * n_nodes + 0.5)
        return int(self.protected)

    def on(self, network: Nodes) -> Protection:
        """The same, checked against `network`.

        Raises
        ------
        ValueError
            More nodes than there are, or no fitness to rank by.
        """
        if self.count(network.n_nodes) > network.n_nodes:
            raise _bad("protected", self.protected, f"must be at most {network.n_nodes}, the number of nodes")
        if self.by == "fitness" and network.fitness is None:
            raise _bad("by", self.by, "the network's nodes have no fitness")
        return self


@noun
class Shock:
    """An event from outside that infects part of a group at once ([B]: rare, severe, regional).

    At a step at which it happens, each susceptible member of the group becomes infected with probability `severity`, beside what
    its neighbours do (A); happening is drawn once per event and replicate.

    Parameters
    ----------
    {parameters}

    Raises
    ------
    ValueError
        A value out of bounds, neither steps nor a probability, or a group named in two ways.

    Examples
    --------
    >>> Shock(steps=[50], within="logistics", severity=0.8).probability
    1.0
    """

    steps: Annotated[Sequence[int] | None, Steps("When it may happen; else at every step", optional=True, example=[50])] = None
    probability: Annotated[
        float | Any | None,
        Number("That it happens at such a step; 1 where steps are given", low=0, high=1, optional=True, example=0.01),
    ] = None
    severity: Annotated[float, Number("Probability that a susceptible member becomes infected", low=0, high=1)] = 0.5
    within: Annotated[str | None, Text("Group: nodes of this type", optional=True, example="logistics")] = None
    attribute: Annotated[
        str | None, Text("Group: nodes with this attribute equal to `equals`", optional=True, example="country")
    ] = None
    equals: Annotated[str | float | None, Scalar("That value", optional=True, example="Italy")] = None
    nodes: Annotated[Sequence[str | int] | None, NodeList("Group: these nodes, by id or index", optional=True, example=["A1"])] = (
        None
    )
    share: Annotated[float, Number("Of the group, a random share, drawn once per network", low=0, high=1, above=True)] = 1.0

    @model_validator(mode="after")
    def _one_group(self) -> Shock:
        if self.probability is None:
            if self.steps is None:
                raise _bad("probability", None, "must be given where steps are not")
            object.__setattr__(self, "probability", 1.0)
        groups = [name for name in ("within", "attribute", "nodes") if getattr(self, name) is not None]
        if len(groups) > 1:
            raise _bad(groups[1], getattr(self, groups[1]), f"must not be given together with {groups[0]}")
        if (self.attribute is None) != (self.equals is None):
            given, lacking = ("attribute", "equals") if self.equals is None else ("equals", "attribute")
            raise _bad(lacking, None, f"must be given where {given} is")
        return self

    def on(self, network: Nodes) -> NDArray[np.int64] | None:
        """Indices of the group's nodes, before a share of them is drawn; None where only growth will tell.

        Raises
        ------
        ValueError
            An unknown type, attribute, value or node.
        """
        if self.nodes is not None:
            indices = [_node(network, i, node) for i, node in enumerate(self.nodes)]
            for i, index in enumerate(indices):
                if index in indices[:i]:
                    raise _bad(f"nodes[{i}]", self.nodes[i], "must not name a node twice")
            return np.array(indices, np.int64)
        if self.within is not None:
            if self.within not in network.type_names:
                raise _bad("within", self.within, f"no such type, {nearest(self.within, network.type_names)}")
            if network.types is None:
                return None
            return np.flatnonzero(network.types == network.type_names.index(self.within))
        if self.attribute is not None:
            if self.attribute not in network.attributes:
                raise _bad("attribute", self.attribute, f"no such node attribute, {nearest(self.attribute, network.attributes)}")
            values = network.attributes[self.attribute]
            if isinstance(self.equals, str) and values.dtype.kind in "iuf":
                raise _bad("equals", self.equals, f"must be a number, as those of {self.attribute} are")
            found = np.flatnonzero(numbers(values) == self.equals if isinstance(self.equals, float) else values == self.equals)
            if not len(found):
                known = nearest(self.equals, sorted(set(map(str, values.tolist()))))
                raise _bad("equals", self.equals, f"no node has it as {self.attribute}, {known}")
            return found
        return np.arange(network.n_nodes)


def _node(network: Nodes, position: int, node: str | int) -> int:
    by_id = network.names is not None
    try:
        return int(network.index(str(node) if by_id else node))
    except (KeyError, IndexError, ValueError):
        bound = "no node has this id" if by_id and isinstance(node, int) else "no such node"
        raise _bad(f"nodes[{position}]", node, bound) from None


@noun
class DualLocalWorld:
    """The dual-local-world fitness model of supply-chain growth [P]; its numbers are A.

    Entries per type are one number for all types, a list in type order, or {type: number}; they
    are read back as tuples in type order. Each new node draws its type by `shares`, its fitness eta
    from pdf ∝ eta^(-exponent) on [eta_min, 1], meets `local_world` nodes of the types that it may
    trade with, and links to `m` of them with probability ∝ eta k ([P] eq. 4).

    Parameters
    ----------
    {parameters}

    Raises
    ------
    ValueError
        A value out of bounds, or a list whose length is not the number of types.

    Examples
    --------
    >>> DualLocalWorld(m=2).m, DualLocalWorld().start
    ((2, 2, 2, 2), (4, 3, 2, 1))
    """

    types: Annotated[tuple[str, ...] | Any, TypeNames("Node types in chain order")] = CHAIN
    start: Annotated[
        TypeCounts,
        Count("Initial nodes per type, fully connected between adjacent tiers", unit="nodes", low=0, positive_sum=True),
    ] = (4, 3, 2, 1)
    shares: Annotated[
        TypeValues, PerType("Relative frequency of each type among new nodes", low=0, positive_sum=True)
    ] = (4, 3, 2, 1)  # fmt: skip
    exponent: Annotated[TypeValues, PerType("Exponent g of the fitness density eta^(-g)")] = (2.5, 2.4, 2.2, 2.3)
    eta_min: Annotated[float, Number("Smallest fitness", low=0, high=1, above=True)] = 0.01
    theta: Annotated[
        TypeValues, PerType("Fitness from which a newcomer may trade with every other type; inf: never", low=0, infinite=True)
    ] = 0.1
    local_world: Annotated[
        TypeCounts, Count("Size M of the second local world; inf: all of the first", unit="nodes", infinite=True)
    ] = 50
    m: Annotated[TypeCounts, Count("Partners of a newcomer", unit="links")] = (2, 3, 3, 2)
    m_crossing: Annotated[TypeCounts, Count("Partners of a newcomer that crosses tiers", unit="links")] = 4

    @property
    def n_start(self) -> int:
        """Initial nodes."""
        return sum(self.start)

    @property
    def most_partners(self) -> int:
        """Most partners that a newcomer may take."""
        return max(*self.m, *self.m_crossing)

    @property
    def mean_partners(self) -> float:
        """Expected partners of a newcomer, of m and m_crossing by P(eta >= theta), where its first local world is not too small."""
        mean = 0.0
        for share, exponent, theta, size, *m in zip(
            self.shares, self.exponent, self.theta, self.local_world, self.m, self.m_crossing, strict=True
        ):
            few, many = (min(number, size) for number in m)
            crossing = _power_law_tail(theta, exponent, self.eta_min)
            mean += share / max(self.shares) * (few + (many - few) * crossing)
        return mean / math.fsum(share / max(self.shares) for share in self.shares)


def _power_law_tail(theta: float, exponent: float, low: float) -> float:
    """P(eta >= theta) of the pdf ~ eta**-exponent on [low, 1]; written so that no exponent loses digits or overflows."""
    if theta <= low:
        return 1.0
    if theta > 1.0:
        return 0.0
    q = 1.0 - exponent
    near, whole = q * math.log(theta), q * math.log(low)
    if q == 0.0:
        return math.log(theta) / math.log(low)
    if q > 0.0:
        return math.expm1(near) / math.expm1(whole)
    return math.exp(near - whole) * math.expm1(-near) / math.expm1(-whole)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeanCount(Number):
    """A number that is a mean of whole ones; read back as int where it is whole."""

    def one(self, value: Any, name: str) -> float | int:
        number = super().one(value, name)
        return int(number) if number % 1 == 0 else number


Partners = functools.partial(
    MeanCount, "Links of each new node; between whole numbers: one of both, with this mean (A)", unit="links", low=1, high=MAX_NODES
)


class _OneType:
    """What the growth models of one node type have in common: all nodes may trade with all, m is a mean."""

    m: float
    types = ("node",)

    @property
    def start(self) -> tuple[int, ...]:
        """Initial nodes per type: a complete graph on m + 1 nodes (L), m rounded down."""
        return (math.floor(self.m) + 1,)

    @property
    def n_start(self) -> int:
        """Initial nodes."""
        return self.start[0]

    @property
    def most_partners(self) -> int:
        """Most partners that a newcomer may take."""
        return math.ceil(self.m)

    @property
    def mean_partners(self) -> float:
        """Expected partners of a newcomer."""
        return float(self.m)


@noun
class BarabasiAlbert(_OneType):
    """Growth by preferential attachment (L): a newcomer links to m nodes, each with probability ∝ k.

    It starts from a complete graph on m + 1 nodes. P(k) = 2m(m + 1) / (k(k + 1)(k + 2)) as the network grows.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> BarabasiAlbert(2).m, BarabasiAlbert(2.5).mean_partners
    (2, 2.5)
    """

    m: Annotated[float, Partners()] = field(default=3, kw_only=False)


@noun
class BianconiBarabasi(_OneType):
    """Growth by fitness and degree (L): a newcomer links to m nodes, each with probability ∝ eta k.

    It starts from a complete graph on m + 1 nodes. The fitness eta of each node is drawn once, from [eta_min, 1]: uniformly (the
    degree exponent is then 2.25, with a logarithmic correction that is far from gone at a million nodes); from a power law, as in
    the dual local world; or with a density that falls to 0 at 1, where for h > 1 few nodes take a share of all links (L).

    Parameters
    ----------
    {parameters}

    Raises
    ------
    ValueError
        A value out of bounds, or a power law from 0 on.

    Examples
    --------
    >>> BianconiBarabasi(2).fitness, BianconiBarabasi(2, fitness="falling", h=2).h
    ('uniform', 2.0)
    """

    m: Annotated[float, Partners()] = field(default=3, kw_only=False)
    fitness: Annotated[
        str,
        Choice("Density of the fitness: constant, eta^(-exponent), or (1 - eta)^h", options=("uniform", "power_law", "falling")),
    ] = "uniform"
    eta_min: Annotated[float, Number("Smallest fitness; more than 0 for a power law", low=0, high=1)] = 0.0
    exponent: Annotated[float, Number("Exponent g of the power law eta^(-g)")] = 2.5
    h: Annotated[float, Number("Exponent h of the falling density (1 - eta)^h", low=0)] = 1.0

    @model_validator(mode="after")
    def _positive(self) -> BianconiBarabasi:
        if self.fitness == "power_law" and self.eta_min == 0.0:
            raise ValueError("eta_min = 0.0: must be more than 0 where fitness is 'power_law'")
        return self


@noun
class LocalWorld(_OneType):
    """Preferential attachment within a sample (L, Li and Chen): a newcomer meets `size` nodes and links to m, each ∝ k.

    It starts from a complete graph on m + 1 nodes. With size = m nothing is left to choose: attachment is uniform and degrees are
    geometric. With size inf it is that of Barabási and Albert.

    Parameters
    ----------
    {parameters}

    Examples
    --------
    >>> LocalWorld(2, size=10).size, LocalWorld(2, size=1).mean_partners
    (10, 1.0)
    """

    m: Annotated[float, Partners()] = field(default=3, kw_only=False)
    size: Annotated[
        float,
        Number(
            "Nodes that a newcomer meets, or all where there are fewer",
            unit="nodes",
            low=1,
            high=MAX_NODES,
            whole=True,
            infinite=True,
        ),
    ] = field(default=50, kw_only=False)

    @property
    def mean_partners(self) -> float:
        """Expected partners of a newcomer: m, or all that it meets where these are fewer."""
        return float(min(self.m, self.size))


GrowthModel: TypeAlias = DualLocalWorld | BarabasiAlbert | BianconiBarabasi | LocalWorld
MODELS: dict[str, type[GrowthModel]] = {
    "dual_local_world": DualLocalWorld,
    "barabasi_albert": BarabasiAlbert,
    "bianconi_barabasi": BianconiBarabasi,
    "local_world": LocalWorld,
}
"""Growth models by what a configuration calls them."""


def growth_model(model: object, name: str = "model") -> GrowthModel:
    """`model` itself, if it is one.

    Raises
    ------
    ValueError
        It is no growth model.

    Examples
    --------
    >>> growth_model(BarabasiAlbert(2)).m
    2
    """
    if not isinstance(model, GrowthModel):
        raise _bad(name, model, f"must be a growth model: {', '.join(kind.__name__ for kind in MODELS.values())}")
    return model
