"""A slow, obvious twin of the risk model, written from the model's text and sharing no code with scfast.

States are the integers 0..3 = S, I, R, X; 4 is an I that was detected and 5 an R that is protected, where these are
told apart. A network is a list of neighbour lists. Every rate is a list with one
number per node, or one number for all. Two routes lead to the same law and check each other: `simulate` plays the
mechanism (one trial per infected partner, one per shock), `transition_matrix` evaluates the formula.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

S, I, R, X = 0, 1, 2, 3  # noqa: E741
DETECTED, KEPT = 4, 5
SHOWN = (S, I, R, X, I, R)  # what is seen of each state

Adjacency = list[list[int]]
Rate = float | Sequence[float]
Floats = NDArray[np.float64]


class Uniform(Protocol):
    """Anything with random() in [0, 1): random.Random or numpy.random.Generator."""

    def random(self) -> float: ...


def adjacency_from_edges(edges: Iterable[tuple[int, int]], n_nodes: int) -> Adjacency:
    """Neighbour lists of an undirected simple graph."""
    adjacency: Adjacency = [[] for _ in range(n_nodes)]
    for a, b in edges:
        assert a != b
        assert b not in adjacency[a]
        adjacency[a].append(b)
        adjacency[b].append(a)
    return adjacency


def per_node(rate: Rate, n_nodes: int) -> list[float]:
    """One number per node."""
    if isinstance(rate, int | float):
        return [float(rate)] * n_nodes
    values = [float(value) for value in rate]
    assert len(values) == n_nodes
    return values


def effective_beta(adjacency: Adjacency, beta: Rate, exposure: str = "per_partner") -> list[float]:
    """Per-contact probability of each node; under shared exposure beta_i <k> / k_i, at most 1."""
    n = len(adjacency)
    values = per_node(beta, n)
    if exposure == "per_partner":
        return values
    assert exposure == "shared"
    mean_degree = sum(len(partners) for partners in adjacency) / n
    shared = []
    for value, partners in zip(values, adjacency, strict=True):
        # A node without partners has no contact, whatever its beta.
        shared.append(min(1.0, value * mean_degree / len(partners)) if partners else 0.0)
    return shared


@dataclass(frozen=True)
class Event:
    """A shock: when it may happen (at any step if None), how probably, whom it strikes, and how hard."""

    group: tuple[int, ...]
    severity: float
    steps: tuple[int, ...] | None = None
    probability: float = 1.0

    def chance(self, t: int) -> float:
        """That it happens at step t."""
        return self.probability if self.steps is None or t in self.steps else 0.0


def draw_events(events: Sequence[Event], n_steps: int, rng: Uniform) -> list[list[Event]]:
    """Those that happen at steps 0..n_steps - 1 of one replicate."""
    return [[event for event in events if rng.random() < event.chance(t)] for t in range(n_steps)]


def protect(
    adjacency: Adjacency, states: Sequence[int], budget: int, rng: random.Random, order: Sequence[int] | None = None, tries: int = 0
) -> list[int]:
    """States with `budget` susceptible nodes protected: after `tries` partners of random nodes the first in `order`, or in any."""
    following = list(states)
    rest = rng.sample(range(len(states)), len(states)) if order is None else list(order)
    for k in range(tries + len(rest)):
        if following.count(KEPT) == budget:
            break
        if k < tries:
            partners = adjacency[rng.randrange(len(states))]
            node = rng.choice(partners) if partners else None
        else:
            node = rest[k - tries]
        if node is not None and following[node] == S:
            following[node] = KEPT
    return following


def step(
    adjacency: Adjacency,
    states: Sequence[int],
    beta: Sequence[float],
    gamma: Sequence[float],
    delta: Sequence[float],
    xi: Sequence[float],
    epsilon: Sequence[float],
    rng: Uniform,
    detection: Sequence[float] | None = None,
    detected_beta: float = 0.0,
    events: Sequence[Event] = (),
) -> list[int]:
    """One synchronous step, by mechanism; `beta` is the effective one, `events` those that happen."""
    following = list(states)
    for i, state in enumerate(states):
        if state == S:
            caught = rng.random() < epsilon[i]
            for j in adjacency[i]:
                if states[j] == I and rng.random() < beta[i]:
                    caught = True
                if states[j] == DETECTED and rng.random() < detected_beta * beta[i]:
                    caught = True
            for event in events:
                if i in event.group and rng.random() < event.severity:
                    caught = True
            if caught:
                following[i] = I
        elif state in (I, DETECTED):
            u = rng.random()
            if u < gamma[i]:
                following[i] = R
            elif u >= 1.0 - delta[i]:
                following[i] = X
            elif state == I and detection is not None and rng.random() < detection[i]:
                following[i] = DETECTED
        elif state == R and rng.random() < xi[i]:
            following[i] = S
    return following


def simulate(
    adjacency: Adjacency,
    start: Sequence[int],
    *,
    beta: Rate,
    gamma: Rate,
    delta: Rate,
    xi: Rate,
    epsilon: Rate = 0.0,
    exposure: str = "per_partner",
    detection: Rate | None = None,
    detected_beta: float = 0.0,
    events: Sequence[Sequence[Event]] = (),
    n_steps: int,
    rng: Uniform,
) -> list[list[int]]:
    """States at steps 0..n_steps of one replicate; `events` are those that happen at each step."""
    n = len(adjacency)
    contact = effective_beta(adjacency, beta, exposure)
    gamma, delta, xi, epsilon = (per_node(rate, n) for rate in (gamma, delta, xi, epsilon))
    seen = None if detection is None else per_node(detection, n)
    history = [list(start)]
    for t in range(n_steps):
        now = events[t] if events else ()
        history.append(step(adjacency, history[-1], contact, gamma, delta, xi, epsilon, rng, seen, detected_beta, now))
    return history


@dataclass(frozen=True)
class Observables:
    """What one replicate shows; per-node lists hold 0/1 or a number of steps."""

    counts: list[list[int]]
    type_counts: list[list[list[int]]]
    risk_load: float
    final_eliminated: int
    peak: int
    peak_step: int
    attack_rate: float
    extinction_step: int
    ever_infected: list[int]
    ever_eliminated: list[int]
    infected_steps: list[int]


def observables(
    states: Sequence[Sequence[int]],
    *,
    xi: Rate = 0.0,
    epsilon: Rate = 0.0,
    types: Sequence[int] | None = None,
    shocks: Collection[int] = (),
    ever_shocked: bool = False,
) -> Observables:
    """Everything observed of one replicate, from its states at all steps (step 0 included).

    `shocks` are the steps at which one happens in it; `ever_shocked`: whether there may be one at any step.
    """
    n = len(states[0])
    types = [0] * n if types is None else list(types)
    n_types = max(types) + 1
    waning, shock = per_node(xi, n), per_node(epsilon, n)
    inner, states = states, [[SHOWN[state] for state in now] for now in states]
    type_counts = [
        [[sum(1 for i in range(n) if types[i] == t and now[i] == s) for s in (S, I, R, X)] for t in range(n_types)]
        for now in states
    ]
    counts = [[sum(1 for value in now if value == s) for s in (S, I, R, X)] for now in states]
    infected = [row[I] for row in counts]
    ever_infected = [int(any(now[i] == I for now in states)) for i in range(n)]
    extinction_step = -1
    for t, now in enumerate(inner):
        to_come = ever_shocked or any(date >= t for date in shocks)
        if infected[t] == 0 and not to_come and not can_return(now, waning, shock):
            extinction_step = t
            break
    return Observables(
        counts=counts,
        type_counts=type_counts,
        risk_load=sum(infected) / n,
        final_eliminated=counts[-1][X],
        peak=max(infected),
        peak_step=infected.index(max(infected)),
        attack_rate=sum(ever_infected) / n,
        extinction_step=extinction_step,
        ever_infected=ever_infected,
        ever_eliminated=[int(any(now[i] == X for now in states)) for i in range(n)],
        infected_steps=[sum(1 for now in states if now[i] == I) for i in range(n)],
    )


def can_return(states: Sequence[int], xi: Sequence[float], epsilon: Sequence[float]) -> bool:
    """Whether a state without infected nodes can still get one: only a shock can bring it."""
    for i, state in enumerate(states):
        if state == S and epsilon[i] > 0:
            return True
        if state == R and xi[i] > 0 and epsilon[i] > 0:
            return True
    return False


# ---- exact law of small networks


def encode(states: Any, base: int = 4) -> Any:
    """Code in that base, node 0 least significant; the last axis of an array is nodes."""
    if isinstance(states, list) and isinstance(states[0], int):
        return sum(state * base**i for i, state in enumerate(states))
    states = np.asarray(states, dtype=np.int64)
    return states @ base ** np.arange(states.shape[-1], dtype=np.int64)


def decode(code: int, n_nodes: int, base: int = 4) -> list[int]:
    """Inverse of `encode` for one code."""
    return [code // base**i % base for i in range(n_nodes)]


def transitions_from(
    now: Sequence[int],
    adjacency: Adjacency,
    *,
    beta: Rate,
    gamma: Rate,
    delta: Rate,
    xi: Rate,
    epsilon: Rate = 0.0,
    exposure: str = "per_partner",
    detection: Rate = 0.0,
    detected_beta: float = 0.0,
    events: Sequence[Event] = (),
) -> Iterator[tuple[list[int], float]]:
    """States one step after `now` with their probabilities; `events` are those that happen."""
    n = len(adjacency)
    contact = effective_beta(adjacency, beta, exposure)
    heal, lose, wane, shock, notice = (per_node(rate, n) for rate in (gamma, delta, xi, epsilon, detection))
    fates: list[list[tuple[int, float]]] = []
    for i in range(n):
        if now[i] == S:
            k = sum(now[j] == I for j in adjacency[i])
            k_detected = sum(now[j] == DETECTED for j in adjacency[i])
            escape = (1.0 - shock[i]) * (1.0 - contact[i]) ** k * (1.0 - detected_beta * contact[i]) ** k_detected
            escape *= math.prod(1.0 - event.severity for event in events if i in event.group)
            fates.append([(S, escape), (I, 1.0 - escape)])
        elif now[i] in (I, DETECTED):
            # Rounding of 1 - gamma - delta must not open a forbidden way.
            stay = max(0.0, round(1.0 - heal[i] - lose[i], 12))
            noticed = notice[i] if now[i] == I else 0.0
            fates.append([(now[i], stay * (1.0 - noticed)), (R, heal[i]), (X, lose[i])])
            if noticed > 0.0:
                fates[-1].append((DETECTED, stay * noticed))
        elif now[i] == R:
            fates.append([(R, 1.0 - wane[i]), (S, wane[i])])
        else:
            fates.append([(now[i], 1.0)])
    for outcome in itertools.product(*fates):
        yield [state for state, _ in outcome], math.prod(share for _, share in outcome)


def transition_matrix(adjacency: Adjacency, **rates: Any) -> Floats:
    """P[a, b] = probability of state code b one step after code a, over all 4^n codes (n <= 5)."""
    n = len(adjacency)
    assert n <= 5
    matrix = np.zeros((4**n, 4**n))
    for code in range(4**n):
        for after, p in transitions_from(decode(code, n), adjacency, **rates):
            matrix[code, encode(after)] += p
    return matrix


def distributions_with_shocks(
    adjacency: Adjacency, start: Floats, n_steps: int, events: Sequence[Event], **rates: Any
) -> list[Floats]:
    """Laws over the codes in base 6 at steps 0..n_steps: at each step each set of events happens with its probability."""
    n = len(adjacency)
    subsets = [some for size in range(len(events) + 1) for some in itertools.combinations(events, size)]
    rows: dict[tuple[int, tuple[Event, ...]], Floats] = {}
    laws = [start]
    for t in range(n_steps):
        law = np.zeros_like(start)
        for some in subsets:
            chance = math.prod(event.chance(t) if event in some else 1.0 - event.chance(t) for event in events)
            for code in np.flatnonzero(laws[-1]).tolist() if chance > 0.0 else ():
                if (code, some) not in rows:
                    rows[code, some] = np.zeros_like(start)
                    for after, p in transitions_from(decode(code, n, 6), adjacency, events=some, **rates):
                        rows[code, some][encode(after, 6)] += p
                law += chance * laws[-1][code] * rows[code, some]
        laws.append(law)
    return laws


def shown(law: Floats, n_nodes: int) -> Floats:
    """The law over what is seen, codes in base 4, of one over codes in base 6."""
    seen = np.zeros(4**n_nodes)
    for code, p in enumerate(law):
        seen[encode([SHOWN[state] for state in decode(code, n_nodes, 6)])] += p
    return seen


def with_protection(adjacency: Adjacency, start: Floats, budget: int, order: Sequence[int] | None = None, tries: int = 0) -> Floats:
    """Law over the codes in base 6 once `protect` has been at work on the law `start` over codes in base 4."""
    n = len(adjacency)
    # a partner of a random node
    met = [sum(1.0 / n / len(adjacency[i]) for i in adjacency[j]) for j in range(n)]
    law = np.zeros(6**n)
    for code, share in enumerate(start):
        if share == 0.0:
            continue
        now = decode(code, n)
        susceptible = [i for i in range(n) if now[i] == S]
        full = min(budget, len(susceptible))
        kept = {frozenset[int](): share}
        for _ in range(tries):
            following: dict[frozenset[int], float] = {}
            for group, p in kept.items():
                ways = {i: met[i] for i in susceptible if i not in group} if len(group) < full else {}
                following[group] = following.get(group, 0.0) + p * (1.0 - sum(ways.values()))
                for i, chance in ways.items():
                    following[group | {i}] = following.get(group | {i}, 0.0) + p * chance
            kept = following
        for group, p in kept.items():
            rest = [i for i in (susceptible if order is None else order) if i in susceptible and i not in group]
            lacking = full - len(group)
            sets = list(itertools.combinations(rest, lacking)) if order is None else [tuple(rest[:lacking])]
            for more in sets:
                after = [KEPT if i in group or i in more else now[i] for i in range(n)]
                law[encode(after, 6)] += p / len(sets)
    return law


def distribution_after(matrix: Floats, start: Floats, steps: int) -> Floats:
    """Law over state codes after `steps` steps, from the law `start`."""
    law = np.asarray(start, dtype=np.float64)
    for _ in range(steps):
        law = law @ matrix
    return law


def state_distribution(states: Sequence[int]) -> Floats:
    """The law that is certain of one state."""
    law = np.zeros(4 ** len(states))
    law[encode(states)] = 1.0
    return law


def initial_distribution(n_nodes: int, n_infected: int, within: Sequence[int] | None = None) -> Floats:
    """Law of a start with exactly `n_infected` infected, uniform without replacement in `within`."""
    pool = range(n_nodes) if within is None else within
    law = np.zeros(4**n_nodes)
    subsets = list(itertools.combinations(pool, n_infected))
    for subset in subsets:
        law[encode([int(i in subset) for i in range(n_nodes)])] += 1.0 / len(subsets)
    return law


# ---- exact law of the counts on the complete graph


Counts = tuple[int, int, int, int]


def binomial(n: int, p: float) -> list[float]:
    """Probability of 0..n successes."""
    return [math.comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(n + 1)]


def counts_after_one_step(
    now: Counts, *, beta: float, gamma: float, delta: float, xi: float, epsilon: float
) -> dict[Counts, float]:
    """Law of the counts (S, I, R, X) one step after `now`: every S has all I as neighbours."""
    s, i, r, x = now
    caught = binomial(s, 1.0 - (1.0 - epsilon) * (1.0 - beta) ** i)
    waned = binomial(r, xi)
    # Rounding of 1 - gamma - delta must not open a forbidden way.
    stay = max(0.0, round(1.0 - gamma - delta, 12))
    law: dict[Counts, float] = {}
    for healed in range(i + 1):
        for lost in range(i - healed + 1):
            ways = math.comb(i, healed) * math.comb(i - healed, lost)
            left = ways * gamma**healed * delta**lost * stay ** (i - healed - lost)
            for a, p_caught in enumerate(caught):
                for b, p_waned in enumerate(waned):
                    after = (s - a + b, i + a - healed - lost, r - b + healed, x + lost)
                    p = left * p_caught * p_waned
                    if p > 0.0:
                        law[after] = law.get(after, 0.0) + p
    return law


def complete_graph_counts(start: Counts, n_steps: int, **rates: float) -> dict[Counts, float]:
    """Law of the counts (S, I, R, X) on the complete graph after `n_steps` steps from `start`; rates are one number each."""
    law = {start: 1.0}
    for _ in range(n_steps):
        following: dict[Counts, float] = {}
        for now, share in law.items():
            for after, p in counts_after_one_step(now, **rates).items():
                following[after] = following.get(after, 0.0) + share * p
        law = following
    return law


# ---- limits of large networks


def mean_field(start: Sequence[float], *, b: float, gamma: float, delta: float, xi: float, epsilon: float, n_steps: int) -> Floats:
    """Shares (s, i, r, x) at steps 0..n_steps of the complete graph with n -> infinity and beta = b / n."""
    shares = [list(start)]
    for _ in range(n_steps):
        s, i, r, x = shares[-1]
        p = 1.0 - (1.0 - epsilon) * math.exp(-b * i)
        shares.append([s - s * p + xi * r, i + s * p - (gamma + delta) * i, r + gamma * i - xi * r, x + delta * i])
    return np.array(shares)


def mean_field_corrections(
    start: Sequence[float], *, b: float, gamma: float, delta: float, xi: float, epsilon: float, n_steps: int
) -> tuple[Floats, Floats]:
    """How the shares after `n_steps` steps differ from `mean_field` at large n, from an exact start.

    Returns the limits of n (mean - map), (4,), and of n times the covariance, (4, 4): one step adds the covariance of its
    own draws and maps what there was linearly; curvature turns covariance into a shift of the mean, and so does
    (1 - b/n)^(n i) = exp(-b i - b^2 i / 2n - ...).
    """
    shift, covariance = np.zeros(4), np.zeros((4, 4))
    rates = {"b": b, "gamma": gamma, "delta": delta, "xi": xi, "epsilon": epsilon}
    for s, i, r, _ in mean_field(start, n_steps=n_steps, **rates)[:-1]:
        escape = (1.0 - epsilon) * math.exp(-b * i)
        p, slope, bend = 1.0 - escape, b * escape, -b * b * escape
        caught = slope * covariance[S, I] + 0.5 * s * bend * covariance[I, I] + s * escape * b * b * i / 2.0
        jacobian = np.array(
            [
                [1.0 - p, -s * slope, xi, 0.0],
                [p, 1.0 + s * slope - gamma - delta, 0.0, 0.0],
                [0.0, gamma, 1.0 - xi, 0.0],
                [0.0, delta, 0.0, 1.0],
            ]
        )
        own = np.zeros((4, 4))
        flows = [(S, I, s * p * (1.0 - p)), (R, S, r * xi * (1.0 - xi)), (I, R, i * gamma * (1.0 - gamma))]
        for a, c, variance in [*flows, (I, X, i * delta * (1.0 - delta))]:
            move = np.zeros(4)
            move[a], move[c] = -1.0, 1.0
            own += variance * np.outer(move, move)
        heal, lose = np.array([0.0, -1.0, 1.0, 0.0]), np.array([0.0, -1.0, 0.0, 1.0])
        own -= i * gamma * delta * (np.outer(heal, lose) + np.outer(lose, heal))
        shift = jacobian @ shift + caught * np.array([-1.0, 1.0, 0.0, 0.0])
        covariance = jacobian @ covariance @ jacobian.T + own
    return shift, covariance


def final_size(degrees: Sequence[int], *, beta: float, gamma: float) -> float:
    """Share ever infected given a major outbreak of SIR (xi = delta = 0) on a large, locally tree-like network.

    A neighbour infects with probability T = E[1 - (1 - beta)^L], L the geometric number of its infected steps; those of
    different neighbours are independent, so how L varies changes the probability of an outbreak and not its size.
    """
    transmissibility = beta / (beta + gamma - beta * gamma)
    counts = np.bincount(degrees)
    k = np.arange(len(counts))
    ends = k * counts / (k * counts).sum()
    u, before = 0.0, -1.0
    while u - before > 1e-15:
        before, u = u, 1.0 - transmissibility + transmissibility * float((ends[1:] * u ** k[:-1]).sum())
    return 1.0 - float((counts * u**k).sum()) / len(degrees)
