"""A slow, obvious twin of network growth, and laws of growth by enumeration, from the model's text; shares no code with scfast."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Edges = list[tuple[int, int]]
Choice = tuple[int, float, Floats, Floats]
"""What a newcomer may be: type, probability of the type, points of its fitness, probabilities of these."""
Outcome = tuple[tuple[int, bool, frozenset[int]], ...]
"""Type, crossing and partners of each newcomer."""


@dataclass
class Plain:
    """A model in plain Python: what a reader of the text would write down."""

    start: Sequence[int]
    shares: Sequence[float]
    exponent: Sequence[float]
    eta_min: float
    theta: Sequence[float]
    local_world: Sequence[float]
    m: Sequence[int]
    m_crossing: Sequence[int]
    one_type: bool = False
    one_more: float = 0.0  # probability of one partner more than m
    h: float = -1.0  # the fitness has the pdf ~ (1 - eta)**h; -1: a power law

    def partners_types(self, t: int, crossing: bool) -> list[int]:
        """Types that a newcomer of type `t` may trade with."""
        if self.one_type:
            return [0]
        return [s for s in range(len(self.start)) if s != t and (crossing or abs(s - t) == 1)]

    def wanted(self, t: int, crossing: bool) -> dict[int, float]:
        """Partners that a newcomer of type `t` looks for: number and probability."""
        if crossing:
            return {self.m_crossing[t]: 1.0}
        return {self.m[t]: 1.0 - self.one_more, self.m[t] + 1: self.one_more}

    def quantile(self, u: float, t: int) -> float:
        """Inverse distribution function of the fitness of type `t`."""
        if self.h >= 0:
            return 1 - (1 - self.eta_min) * (1 - u) ** (1 / (1 + self.h))
        return power_law_quantile(u, self.exponent[t], self.eta_min)

    def points(self, t: int, cut: float, n: int) -> tuple[Floats, Floats]:
        """Points and probabilities of a quadrature of the fitness of type `t`, of which `cut` may divide the range."""
        if self.h >= 0:
            x, w = np.polynomial.legendre.leggauss(2 * n)
            below_one = (1 - self.eta_min) * (1 - x) / 2
            return 1 - below_one, w / 2 * (1 + self.h) * (below_one / (1 - self.eta_min)) ** self.h
        return power_law_points(self.exponent[t], self.eta_min, cut, n)


def plain(model: Any) -> Plain:
    """The fields of a growth model."""
    if len(model.types) > 1:
        names = ("start", "shares", "exponent", "eta_min", "theta", "local_world", "m", "m_crossing")
        return Plain(**{name: getattr(model, name) for name in names})
    m = int(model.m)
    one = Plain([m + 1], [1], [0], 1.0, [math.inf], [getattr(model, "size", math.inf)], [m], [0], True, model.m - m)
    if hasattr(model, "fitness"):
        one.exponent, one.eta_min = [model.exponent], model.eta_min
        one.h = {"uniform": 0.0, "power_law": -1.0, "falling": model.h}[model.fitness]
    return one


def start_types(rules: Plain) -> list[int]:
    """Types of the nodes before growth."""
    return [t for t, count in enumerate(rules.start) for _ in range(count)]


def start_neighbours(rules: Plain) -> list[set[int]]:
    """Neighbours of the nodes before growth."""
    types = start_types(rules)
    return [
        {j for j in range(len(types)) if j != i and types[j] in rules.partners_types(types[i], False)} for i in range(len(types))
    ]


def power_law_quantile(u: float, exponent: float, low: float) -> float:
    """Inverse distribution function of the pdf ~ eta**-exponent on [low, 1]."""
    if exponent == 1:
        return low ** (1 - u)
    q = 1 - exponent
    return (low**q + u * (1 - low**q)) ** (1 / q)


def twin(
    rules: Plain, n_nodes: int, rng: random.Random, fitness: Sequence[float] | None = None
) -> tuple[Edges, list[int], list[float]]:
    """One growth, step by step as the text says: edges (newcomer, partner), types, fitness."""
    types = start_types(rules)
    eta = [rules.quantile(rng.random(), t) for t in types]
    if fitness is not None:
        eta = list(fitness[: len(types)])
    neighbours = start_neighbours(rules)
    for i in range(len(types), n_nodes):
        t = rng.choices(range(len(rules.shares)), rules.shares)[0]
        eta.append(rules.quantile(rng.random(), t) if fitness is None else fitness[i])
        crossing = eta[i] >= rules.theta[t]
        world = [j for j in range(i) if types[j] in rules.partners_types(t, crossing)]
        if len(world) > rules.local_world[t]:
            world = rng.sample(world, int(rules.local_world[t]))
        chosen: set[int] = set()
        numbers = rules.wanted(t, crossing)
        for _ in range(min(*rng.choices(list(numbers), list(numbers.values())), len(world))):
            left = [j for j in world if j not in chosen]
            weights = [eta[j] * len(neighbours[j]) for j in left]
            chosen.add(rng.choices(left, weights if sum(weights) > 0 else None)[0])
        types.append(t)
        neighbours.append(chosen)
        for j in chosen:
            neighbours[j].add(i)
    return [(i, j) for i in range(n_nodes) for j in sorted(neighbours[i]) if j < i], types, eta


def features(edges: Iterable[Sequence[int]], types: Sequence[int], fitness: Sequence[float]) -> dict[str, float]:
    """What growth decides about a network, in a few numbers."""
    n = len(types)
    matrix = np.zeros((n, n))
    for i, j in edges:
        matrix[i, j] = matrix[j, i] = 1
    degree = matrix.sum(axis=0)
    tier = np.asarray(types, dtype=int)
    return {
        "edges": float(degree.sum()) / 2,
        "second moment": float((degree**2).sum()),
        "largest degree": float(degree.max()),
        "degree by fitness": float(np.asarray(fitness) @ degree),
        "degree by age": float(np.arange(n) @ degree),
        "triangles": float(np.trace(matrix @ matrix @ matrix)) / 6,
        "distance of tiers": float((matrix * np.abs(np.subtract.outer(tier, tier))).sum()) / 2,
        "log fitness": float(np.log(fitness).sum()),
        "tiers": float(tier.sum()),
    }


def partners_law(world: Sequence[int], weight: Sequence[Floats], local_world: float, m: int) -> dict[frozenset[int], Floats]:
    """Probability of each set of partners: every second local world, every order of draws; elementwise in the weights."""
    law: dict[frozenset[int], Floats] = {}
    seconds = list(itertools.combinations(world, int(min(local_world, len(world)))))

    def draw(left: tuple[int, ...], chosen: frozenset[int], p: Floats) -> None:
        if len(chosen) == m or not left:
            law[chosen] = law.get(chosen, 0.0) + p
            return
        total = np.asarray(sum(weight[j] for j in left))
        for j in left:
            share = np.divide(weight[j], total, out=np.full(total.shape, 1 / len(left)), where=total > 0)
            if share.any():
                draw(tuple(k for k in left if k != j), chosen | {j}, p * share)

    for second in seconds:
        draw(second, frozenset(), np.array(1 / len(seconds)))
    return law


def additions_law(
    rules: Plain, start_eta: Sequence[Floats], start_p: Floats, newcomers: Sequence[Sequence[Choice]]
) -> dict[Outcome, float]:
    """Probability of each outcome of the next additions.

    Fitness has finitely many points: those of a law that is discrete, or those of a quadrature. Each newcomer's points lie along
    an axis of their own; `start_eta` has for each start node one array along the last axis, `start_p` the probabilities there.
    """
    law: dict[Outcome, float] = {}

    def add(types: list[int], eta: list[Floats], degree: list[int], p: Floats, outcome: Outcome) -> None:
        d, n = len(outcome), len(types)
        if d == len(newcomers):
            law[outcome] = law.get(outcome, 0.0) + float(p.sum())
            return
        for (t, share, points, chances), crossing in itertools.product(newcomers[d], (False, True)):
            inside = (points >= rules.theta[t]) == crossing
            own, chance = points[inside], share * chances[inside]
            if not chance.any():
                continue
            if d == len(newcomers) - 1:  # nobody comes who would look at its fitness
                own, chance = own[:1], chance.sum(keepdims=True)
            shape = (-1,) + (1,) * (d + 1)
            world = [j for j in range(n) if types[j] in rules.partners_types(t, crossing)]
            weight = [eta[j] * degree[j] for j in range(n)]
            for number, of_number in rules.wanted(t, crossing).items():
                for chosen, q in partners_law(world, weight, rules.local_world[t], number).items() if of_number else ():
                    degrees = [degree[j] + (j in chosen) for j in range(n)] + [len(chosen)]
                    here = (*outcome, (t, crossing, chosen))
                    add([*types, t], [*eta, own.reshape(shape)], degrees, p * chance.reshape(shape) * q * of_number, here)

    degree = [len(neighbours) for neighbours in start_neighbours(rules)]
    add(start_types(rules), list(start_eta), degree, start_p, ())
    return law


def power_law_points(exponent: float, low: float, cut: float, n: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre points and probabilities of the pdf ~ eta**-exponent on [low, 1], `n` below `cut` and `n` from there on."""
    q = 1 - exponent
    whole = -math.log(low) if q == 0 else (1 - low**q) / q
    x, w = np.polynomial.legendre.leggauss(n)
    ends = [math.log(low), math.log(cut), 0.0] if low < cut < 1 else [math.log(low), 0.0]
    logs = np.concatenate([a + (b - a) * (x + 1) / 2 for a, b in itertools.pairwise(ends)])
    widths = np.concatenate([(b - a) / 2 * w for a, b in itertools.pairwise(ends)])
    return np.exp(logs), widths * np.exp(q * logs) / whole
