"""Small networks, whose law is a matrix: states after some steps against the exact distribution over all 4**n of them.

Samples are lanes of the network itself; where the start is certain they can also be disjoint copies of it side by side in one
large network, which is how many more of them are had.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import reference as ref
from numpy.typing import NDArray

import scfast as sf

from .judge import WAYS, Check, Law, from_p, g_test, root, way

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741

N_LANES = 1 << 21
FEW_LANES = 1 << 18  # where the start is drawn and the run is in lists
N_COPIES = 200
STEPS = (1, 2, 5)

PATH4 = [(0, 1), (1, 2), (2, 3)]
TRIANGLE = [(0, 1), (0, 2), (1, 2)]
STAR5 = [(0, 1), (0, 2), (0, 3), (0, 4)]
COMPLETE4 = list(itertools.combinations(range(4), 2))
COMPLETE5 = list(itertools.combinations(range(5), 2))
APART = [(0, 1), (2, 3)]  # with node 4 isolated
HOUSE = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 2)]


@dataclass(frozen=True)
class Case:
    """A small network with its rates in the package's words, and its start in both the package's and the twin's."""

    name: str
    edges: list[tuple[int, int]]
    n_nodes: int
    rates: dict[str, Any]
    start: Callable[[], Any]
    twin_start: list[int] | tuple[int, list[int] | None]  # states, or how many infected among which nodes
    types: list[str] | None = None
    exposure: str = "per_partner"
    fitness: list[float] | None = None

    def network(self, copies: int = 1) -> sf.Network:
        edges = [(a + c * self.n_nodes, b + c * self.n_nodes) for c in range(copies) for a, b in self.edges]
        types = None if self.types is None else self.types * copies
        fitness = None if self.fitness is None else self.fitness * copies
        return sf.Network.from_edges(edges, n_nodes=copies * self.n_nodes, types=types, fitness=fitness)

    def model(self, copies: int = 1) -> sf.SIRS:
        rates = {key: np.tile(rate, copies) if isinstance(rate, np.ndarray) else rate for key, rate in self.rates.items()}
        return sf.SIRS(exposure=self.exposure, **rates)

    def matrix(self, scale_beta: float = 1.0) -> NDArray[np.float64]:
        """The twin's transition matrix, its beta multiplied by `scale_beta`, at most 1."""
        per_node = {}
        for key, rate in self.rates.items():
            values = [rate[name] for name in self.types or ()] if isinstance(rate, dict) else rate
            per_node[key] = np.broadcast_to(values, self.n_nodes).tolist()
        per_node["beta"] = [min(1.0, scale_beta * beta) for beta in per_node["beta"]]
        return ref.transition_matrix(ref.adjacency_from_edges(self.edges, self.n_nodes), exposure=self.exposure, **per_node)

    def start_law(self) -> NDArray[np.float64]:
        if isinstance(self.twin_start, list):
            return ref.state_distribution(self.twin_start)
        return ref.initial_distribution(self.n_nodes, *self.twin_start)

    def starts(self) -> list[list[int]]:
        """All states that the start may be."""
        return [ref.decode(int(code), self.n_nodes) for code in np.flatnonzero(self.start_law())]

    def count(self, n_steps: int, key: tuple[int, ...], n_lanes: int, states: list[int] | None = None) -> NDArray[np.int64]:
        """How often each state code comes after `n_steps`: from the case's own start, or in copies from `states`."""
        copies = 1 if states is None else N_COPIES
        powers = (4 ** np.arange(self.n_nodes)).astype(np.uint16)
        seen = np.zeros(4**self.n_nodes, np.int64)
        most = (1 << 22) // copies
        network, model = self.network(copies), self.model(copies)
        n_lanes = -(-n_lanes // copies)
        for batch in range(-(-n_lanes // most)):
            run = sf.simulate(
                network,
                model,
                n_steps=n_steps,
                n_replicates=min(most, n_lanes - batch * most),
                seed=root(*key, n_steps, batch),
                initial=self.start() if states is None else np.tile(np.array(states, np.uint8), copies),
                keep_final=True,
            )
            assert run.final is not None
            seen += np.bincount(run.final.reshape(-1, self.n_nodes) @ powers, minlength=len(seen))
        return seen


def scalars(beta: float, gamma: float, delta: float, xi: float, epsilon: float = 0.0) -> dict[str, Any]:
    return {"beta": beta, "gamma": gamma, "delta": delta, "xi": xi, "epsilon": epsilon}


def drawn(count: int) -> dict[str, Any]:
    """`count` nodes infected at random."""
    return {"start": lambda: count, "twin_start": (count, None)}


def certain(*states: int) -> dict[str, Any]:
    return {"start": lambda: np.array(states, np.uint8), "twin_start": list(states)}


PER_NODE = {
    "beta": np.array([0.2, 0.55, 0.8]),
    "gamma": np.array([0.1, 0.35, 0.5]),
    "delta": np.array([0.3, 0.02, 0.5]),
    "xi": np.array([0.6, 0.15, 1.0]),
    "epsilon": np.array([0.0, 0.03, 0.2]),
}
HUB_AND_LEAVES = {
    "beta": {"hub": 0.9, "leaf": 0.8},
    "gamma": {"hub": 0.2, "leaf": 0.45},
    "delta": {"hub": 0.05, "leaf": 0.15},
    "xi": {"hub": 0.9, "leaf": 0.3},
    "epsilon": {"hub": 0.0, "leaf": 0.02},
}
MIXED = {
    "beta": {"a": 0.25, "b": 0.6},
    "gamma": np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
    "delta": 0.125,
    "xi": {"a": 0.0, "b": 1.0},
    "epsilon": np.array([0.0, 0.5, 0.0, 0.0, 0.001]),
}
ABABB = ["a", "b", "a", "b", "b"]
HUB = ["hub", "leaf", "leaf", "leaf", "leaf"]

CASES = [
    Case("path", PATH4, 4, scalars(0.3, 0.25, 0.1, 0.4), **drawn(1)),
    Case("path, gamma + delta = 1", PATH4, 4, scalars(0.45, 0.7, 0.3, 0.35, 0.05), **certain(I, S, S, R)),
    Case("path, gamma = 1", PATH4, 4, scalars(0.6, 1.0, 0.0, 0.55), **certain(I, S, I, S)),
    Case("path, delta = 1", PATH4, 4, scalars(0.35, 0.0, 1.0, 0.0, 0.15), **certain(S, I, S, S)),
    Case("triangle, per node", TRIANGLE, 3, PER_NODE, **certain(I, S, S)),
    Case("triangle, delta = 0", TRIANGLE, 3, scalars(0.37, 0.41, 0.0, 0.29), **drawn(1)),
    Case("star, shared", STAR5, 5, scalars(0.3, 0.3, 0.05, 0.5), **certain(S, I, I, S, R), exposure="shared"),
    Case("star, shared, leaves capped at 1, per type", STAR5, 5, HUB_AND_LEAVES, **drawn(2), types=HUB, exposure="shared"),
    Case("star, beta = 1", STAR5, 5, scalars(1.0, 0.5, 0.1, 0.25), **drawn(1)),
    Case(
        "star, its highest degree infected",
        STAR5,
        5,
        scalars(0.25, 0.2, 0.02, 0.7),
        start=lambda: sf.Initial(1, by="degree"),
        twin_start=[I, S, S, S, S],
    ),
    Case("complete", COMPLETE5, 5, scalars(0.15, 0.3, 0.1, 0.2, 0.01), **drawn(2)),
    Case("complete, half infected", COMPLETE4, 4, scalars(0.01, 0.005, 0.02, 0.015), start=lambda: 0.5, twin_start=(2, None)),
    Case(
        "complete, shared, per node",
        COMPLETE4,
        4,
        scalars(0.0, 0.2, 0.2, 0.1) | {"beta": np.array([0.0, 0.3, 0.65, 1.0])},
        **certain(S, I, S, S),
        exposure="shared",
    ),
    Case("complete, xi = 0", COMPLETE4, 4, scalars(0.33, 0.4, 0.2, 0.0), **drawn(1)),
    Case(
        "complete, two nodes named",
        COMPLETE5,
        5,
        scalars(0.08, 0.35, 0.05, 0.6),
        start=lambda: sf.Initial(nodes=[4, 1]),
        twin_start=[S, I, S, S, I],
    ),
    Case("apart with an isolate, shocks", APART, 5, scalars(0.6, 0.3, 0.15, 0.35, 0.2), **certain(I, S, S, R, X)),
    Case("apart with an isolate, shared, shocks", APART, 5, scalars(0.5, 0.2, 0.1, 0.5, 0.07), **drawn(3), exposure="shared"),
    Case("nobody infected, shocks alone", APART, 5, scalars(0.4, 0.3, 0.1, 0.2, 0.3), **drawn(0)),
    Case("no edge at all", [], 3, scalars(1.0, 0.15, 0.35, 0.9, 0.25), **certain(I, R, S)),
    Case(
        "house, types mixed with nodes, start within a type",
        HOUSE,
        5,
        MIXED,
        start=lambda: sf.Initial(0.6, within="b"),  # of three nodes: 1.8, rounded
        twin_start=(2, [1, 3, 4]),
        types=ABABB,
    ),
    Case(
        "house, fittest infected",
        HOUSE,
        5,
        scalars(0.2, 0.1, 0.1, 0.3, 0.02),
        start=lambda: sf.Initial(2, by="fitness"),
        twin_start=[S, I, S, I, S],
        fitness=[0.1, 0.9, 0.3, 0.8, 0.2],
    ),
]  # fmt: skip


def random_case(number: int) -> Case:
    """A case that nobody has thought of: network, rates and start drawn; the same for the same number."""
    rng = random.Random(number)
    n = rng.randint(2, 5)
    pairs = list(itertools.combinations(range(n), 2))
    edges = rng.sample(pairs, rng.randint(1, len(pairs)))
    types = [rng.choice("ab") for _ in range(n)]
    types[:2] = "ab"

    def rate(high: float) -> Any:
        def draw() -> float:
            return rng.choice([0.0, high, *(high * rng.random() for _ in range(3))])

        form = rng.randrange(3)
        if form == 0:
            return draw()
        return {"a": draw(), "b": draw()} if form == 1 else np.array([draw() for _ in range(n)])

    share = rng.random()  # gamma is at most this, delta the rest
    rates = {"beta": rate(1.0), "gamma": rate(share), "delta": rate(1.0 - share), "xi": rate(1.0), "epsilon": rate(0.2)}
    states = [rng.choice([S, I, R, X, I, S]) for _ in range(n)]
    return Case(
        f"random {number}", edges, n, rates, **certain(*states), types=types, exposure=rng.choice(["per_partner", "shared"])
    )


def checks(case: Case, name: str, scale: float, seed: int) -> Iterator[Check]:
    """A G-test after each number of steps.

    On planes the last has N_LANES lanes of the network itself and of its own start at least; where the start is drawn, so have all,
    as many as can be afforded. What is certain can be had in copies, and each state that a drawn start may give, too.
    """
    matrix, start = case.matrix(), case.start_law()
    one = isinstance(case.twin_start, list)
    key = (seed, WAYS.index(name))
    with way(name):
        for n_steps in STEPS:
            itself = name == "planes" and n_steps == STEPS[-1]
            if one and not (itself and scale <= 1):
                observed = case.count(n_steps, key, int(scale * N_LANES), case.starts()[0])
            else:
                observed = case.count(n_steps, key, int(min(scale, 4) * (N_LANES if itself else FEW_LANES)))
            exact = ref.distribution_after(matrix, start, n_steps)
            yield from_p(f"{n_steps} steps, {name}", int(observed.sum()), g_test(observed, exact))
        if not one and scale > 1:
            for number, states in enumerate(case.starts()):
                observed = case.count(STEPS[-1], (*key, number), int(scale * N_LANES / len(case.starts())), states)
                exact = ref.distribution_after(matrix, ref.state_distribution(states), STEPS[-1])
                label = "".join("SIRX"[state] for state in states)
                yield from_p(f"{STEPS[-1]} steps from {label}, {name}", int(observed.sum()), g_test(observed, exact))


def against(case: Case, factor: float, name: str, scale: float, seed: int) -> Iterator[Check]:
    """One step of a case with a certain start against the law with `factor` times its beta: a planted fault, unless it is 1."""
    (states,) = case.starts()
    with way(name):
        observed = case.count(1, (seed,), int(scale * N_LANES), states)
    exact = ref.distribution_after(case.matrix(factor), ref.state_distribution(states), 1)
    yield from_p(f"beta times {factor}, {name}", int(observed.sum()), g_test(observed, exact))


LARGEST = {"planes": 100.0, "lists": 10.0, "both": 10.0}


def law(case: Case, name: str, largest: float) -> Law:
    return Law(f"chain: {case.name}, {name}", functools.partial(checks, case, name), largest=largest)


LAWS = [law(case, name, LARGEST[name]) for case in CASES for name in WAYS]
MORE = [law(case, name, 10.0) for case in map(random_case, range(24)) for name in WAYS[:2]]
"""Further cases, for scripts/verify."""
