"""One-step transitions, situation by situation, with so many trials that a rate one percent off cannot pass.

A network of many centres: those of one type are in one situation (k infected neighbours, infected, immune, open to shocks), so that
counts by type are the numbers of transitions.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import reference as ref
from numpy.typing import NDArray

import scfast as sf

from .judge import Check, Law, binomial_p, from_p, root, way

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741

EACH = 1e-8
"""Two-sided p-value below which a transition count fails."""

N_CENTRES = 4096
N_LANES = {"planes": 60_000, "lists": 36_000}  # 2.5e8 and 1.5e8 trials of each situation; no multiples of 64
N_SOURCES = 512  # infected for ever, neighbours of the centres


@dataclass(frozen=True)
class Rates:
    """One number each; gamma + delta <= 1."""

    beta: float
    gamma: float
    delta: float
    xi: float
    epsilon: float

    def times(self, factor: float) -> Rates:
        return Rates(*(rate * factor for rate in (self.beta, self.gamma, self.delta, self.xi, self.epsilon)))


SMALL = Rates(0.005, 0.005, 0.005, 0.005, 0.005)
MIDDLE = Rates(0.03, 0.2, 0.02, 0.05, 0.01)
LARGE = Rates(0.3, 0.45, 0.25, 0.7, 0.4)


@dataclass(frozen=True)
class Situation:
    """What some centres are in: a state, a number of infected neighbours, and which rates they have."""

    name: str
    state: int
    k: int = 0
    shocked: bool = False

    def law(self, rates: Rates) -> dict[tuple[str, int], float]:
        """Probability of each other state after, under its rate's name; of later ones, given that it is none of the earlier."""
        if self.state == I:  # delta: of those that did not become immune, so that both counts are independent
            return {("gamma", R): rates.gamma, ("delta", X): rates.delta / (1.0 - rates.gamma)}
        if self.state == R:
            return {("xi", S): rates.xi}
        shock = rates.epsilon if self.shocked else 0.0
        if shock == 0.0 and self.k == 0:
            return {}
        return {("beta" if self.k else "epsilon", I): 1.0 - (1.0 - shock) * (1.0 - rates.beta) ** self.k}


SITUATIONS = [
    *(Situation(f"k = {k}", S, k) for k in range(8)),
    Situation("infected", I),
    Situation("immune", R),
    Situation("shock", S, 0, True),
    Situation("shock and k = 3", S, 3, True),
]
HUBS = [Situation(f"hub, k = {k}", S, k) for k in (7, 8, 9, 15, 16, 63, 64, 200)]


def network(situations: Sequence[Situation]) -> sf.Network:
    """Sources first, then the centres of each situation."""
    edges, types = [np.empty((0, 2), np.int64)], ["source"] * N_SOURCES
    for situation in situations:
        centre = np.repeat(np.arange(N_CENTRES), situation.k)
        source = (centre * 7 + np.tile(np.arange(situation.k), N_CENTRES)) % N_SOURCES
        edges.append(np.column_stack((source, len(types) + centre)))
        types += [situation.name] * N_CENTRES
    names = tuple(dict.fromkeys(types))
    return sf.Network.from_edges(np.concatenate(edges), n_nodes=len(types), types=types, type_names=names)


def one_step(situations: Sequence[Situation], rates: Rates, name: str, scale: float, seed: int) -> NDArray[np.int64]:
    """Numbers of centres in each situation and state after one step, summed over lanes."""
    net = network(situations)
    inert = {"source": 0.0}  # sources stay infected
    model = sf.SIRS(
        beta=rates.beta,
        gamma=inert | {situation.name: rates.gamma for situation in situations},
        delta=inert | {situation.name: rates.delta for situation in situations},
        xi=rates.xi,
        epsilon=inert | {situation.name: rates.epsilon * situation.shocked for situation in situations},
    )
    start = np.array([I, *(situation.state for situation in situations)], np.uint8)[net.types]
    seen = np.zeros((len(net.type_names), 4), np.int64)
    most = N_LANES[name]
    n_lanes = max(64, int(scale * most))
    for batch in range(-(-n_lanes // most)):
        with way(name):
            run = sf.simulate(
                net,
                model,
                n_steps=1,
                n_replicates=min(most, n_lanes - batch * most),
                seed=root(seed, batch),
                initial=start,
                by_type=True,
            )
        assert run.type_counts is not None
        seen += run.type_counts[:, 1].sum(axis=0, dtype=np.int64)
    return seen[1:]


def transitions(
    situations: Sequence[Situation], rates: Rates, name: str, scale: float, seed: int, factor: float = 1.0
) -> Iterator[Check]:
    """Transition counts against the law, by exact binomial p-values; the package is given `factor` times the rates."""
    seen = one_step(situations, rates.times(factor), name, scale, seed)
    for situation, after in zip(situations, seen, strict=True):
        trials = left = int(after.sum())
        for (rate, state), p in situation.law(rates).items():
            z = (after[state] - left * p) / np.sqrt(max(left * p * (1 - p), 1.0))
            case = f"{rate} = {getattr(rates, rate):g}, {situation.name}"
            yield Check(case, trials, float(binomial_p(after[state], left, p)), float(z), f"{after[state] / left:.7f} of {p:.7f}")
            left -= int(after[state])
        yield Check(f"{situation.name}, to other states", trials, float(after[situation.state] == left), np.nan)


BIASES = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01)


def smallest_biases(situations: Sequence[Situation], rates: Rates, name: str, seed: int) -> dict[str, float]:
    """For each rate in each situation, the smallest of BIASES that is found, up and down, as are all larger ones; inf: none."""
    found: dict[str, float] = {}
    missed: set[str] = set()
    for bias in reversed(BIASES):
        low, high = (list(transitions(situations, rates, name, 1, seed, 1.0 + sign * bias)) for sign in (-1, 1))
        for a, b in zip(low, high, strict=True):
            if np.isnan(a.z):
                continue
            if max(a.p, b.p) >= EACH:
                missed.add(a.case)
            if a.case not in missed:
                found[a.case] = bias
    return {case: found.get(case, np.inf) for case in [*found, *missed]}


# ---- one hub

DEGREES = [*range(41), 63, 64, 500, 5000]
HUB_RATES = [(0.001, 0.0), (0.0002, 0.0), (0.05, 0.0), (0.05, 0.01), (0.37, 0.2), (0.5, 0.0), (0.9, 0.5), (0.0, 0.3), (1.0, 0.0)]


def hubs(exposure: str, name: str, scale: float, seed: int) -> Iterator[Check]:
    """One hub for each k, with k infected leaves and three that are S, R and X: exact binomial p-values."""
    edges: list[tuple[int, int]] = []
    states: list[int] = []
    centres = []
    for k in DEGREES:
        hub = len(states)
        centres.append(hub)
        leaves = np.random.default_rng([k, 1]).permutation([I] * k + [S, R, X]).tolist()
        states += [S, *leaves]
        edges += [(hub, hub + 1 + j) for j in range(k + 3)]
    net = sf.Network.from_edges(edges, n_nodes=len(states))
    degree = np.array(DEGREES) + 3
    trials = max(64, int(scale * (65_000 if name == "planes" else 4_000)))
    for number, (beta, epsilon) in enumerate(HUB_RATES):
        with way(name):
            run = sf.simulate(
                net,
                sf.SIRS(beta=beta, gamma=0.0, delta=0.0, xi=0.0, epsilon=epsilon, exposure=exposure),
                n_steps=1,
                n_replicates=trials,
                seed=root(seed, number),
                initial=np.array(states, dtype=np.uint8),
            )
        contact = beta if exposure == "per_partner" else np.minimum(1.0, beta * (2 * len(edges) / len(states)) / degree)
        law = 1.0 - (1.0 - epsilon) * (1.0 - contact) ** np.array(DEGREES)
        for k, p in zip(DEGREES, binomial_p(run.ever_infected[centres], trials, law), strict=True):
            yield from_p(f"k = {k}, beta = {beta}, epsilon = {epsilon}", trials, p)


def law(label: str, situations: Sequence[Situation], rates: Rates, name: str) -> Law:
    return Law(
        f"{label}, {name}",
        functools.partial(transitions, situations, rates, name),
        EACH,
        largest={"planes": 30.0, "lists": 5.0}[name],
    )


LAWS = [
    law("rates: small", SITUATIONS, SMALL, "planes"),
    law("rates: small", SITUATIONS, SMALL, "lists"),
    law("rates: middle", SITUATIONS, MIDDLE, "planes"),
    law("rates: large", SITUATIONS, LARGE, "planes"),
    law("rates: small, hubs", HUBS, SMALL, "planes"),
    law("rates: large, hubs", HUBS, LARGE, "planes"),
    *(
        Law(f"hubs: {exposure}, {name}", functools.partial(hubs, exposure, name), largest={"planes": 30.0, "lists": 15.0}[name])
        for exposure in ("per_partner", "shared")
        for name in ("planes", "lists")
    ),
]
MORE = [
    law("rates: middle", SITUATIONS, MIDDLE, "lists"),
    law("rates: middle, hubs", HUBS, MIDDLE, "planes"),
    law("rates: small, hubs", HUBS, SMALL, "lists"),
]
"""Further laws, for scripts/verify."""
