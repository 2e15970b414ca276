"""What a firm can do, and what comes from outside: detection, protection and shocks, against exact laws.

Small networks again, as in :mod:`.chains`: with who is detected and who is protected their chain has 6**n states, of which 4**n are
seen. Detection is never in lists; shocks and protection are.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from unittest import mock

import numpy as np
import reference as ref
from numpy.typing import NDArray
from scipy import stats

import scfast as sf
from scfast import sirs, sparse
from scfast.parameters import Protection, Shock

from .chains import COMPLETE4, PATH4, TRIANGLE, scalars
from .judge import WAYS, Check, Law, binomial_p, from_p, from_z, g_test, holm, root, two_sample_p, way

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741

N_LANES = 1 << 16
N_SAMPLES = 1 << 22  # where copies can be had
SHARE = {"planes": 1.0, "lists": 0.25, "both": 0.25}  # of these that each way can afford
N_COPIES = 200
STEPS = (1, 2, 3, 6)
TRIES = 32  # times the number of nodes: partners of random nodes that acquaintance looks at

STAR4 = [(0, 1), (0, 2), (0, 3)]
PATH3 = [(0, 1), (1, 2)]  # with node 3 isolated, where there are four


@dataclass(frozen=True)
class Case:
    """A small network, its rates, its start, and what befalls and protects it; all in the package's words."""

    name: str
    edges: list[tuple[int, int]]
    rates: dict[str, Any]
    start: list[int] | int  # states, or how many are infected at random
    shocks: tuple[Shock, ...] = ()
    protection: Protection | None = None
    order: list[int] | None = None  # in which they are protected, where they are ranked
    types: list[str] | None = None
    fitness: list[float] | None = None
    n_nodes: int = 4

    @property
    def copied(self) -> bool:
        """Whether copies side by side are independent, and each what one alone is."""
        chances = {shock.probability for shock in self.shocks}
        return (
            not isinstance(self.start, int) and self.protection is None and chances <= {1.0} and "detection_hubs" not in self.rates
        )

    def network(self, copies: int) -> sf.Network:
        edges = [(a + c * self.n_nodes, b + c * self.n_nodes) for c in range(copies) for a, b in self.edges]
        types = None if self.types is None else self.types * copies
        return sf.Network.from_edges(edges, n_nodes=copies * self.n_nodes, types=types, fitness=self.fitness)

    def model(self, copies: int) -> sf.SIRS:
        rates: dict[str, Any] = {key: np.tile(rate, copies) for key, rate in self.rates.items() if isinstance(rate, np.ndarray)}
        return sf.SIRS(**self.rates | rates)

    def shocks_in(self, copies: int) -> list[Shock]:
        made = []
        for shock in self.shocks:
            group: dict[str, Any] = {"within": shock.within}
            if shock.nodes is not None:
                group = {"nodes": [int(node) + c * self.n_nodes for c in range(copies) for node in shock.nodes]}
            made.append(Shock(steps=shock.steps, probability=shock.probability, severity=shock.severity, **group))
        return made

    def events(self) -> list[ref.Event]:
        """The shocks in the twin's words."""
        made = []
        for shock in self.shocks:
            group = tuple(range(self.n_nodes)) if shock.nodes is None else tuple(int(node) for node in shock.nodes)
            if shock.within is not None:
                group = tuple(i for i, name in enumerate(self.types or ()) if name == shock.within)
            steps = None if shock.steps is None else tuple(shock.steps)
            made.append(ref.Event(group, shock.severity, steps, float(shock.probability or 0.0)))
        return made

    def laws(self, n_steps: int) -> list[NDArray[np.float64]]:
        """Over what is seen at steps 0..n_steps."""
        n = self.n_nodes
        adjacency = ref.adjacency_from_edges(self.edges, n)
        rates: dict[str, Any] = {}
        for key, rate in self.rates.items():
            values = [rate[name] for name in self.types or ()] if isinstance(rate, dict) else rate
            rates[key] = values if key in ("exposure", "detected_beta") else np.broadcast_to(values, n).tolist()
        if rates.pop("detection_hubs", 0):
            largest = sorted(range(n), key=lambda i: -len(adjacency[i]))[: self.rates["detection_hubs"]]
            around = {*largest, *(j for i in largest for j in adjacency[i])}
            rates["detection"] = [q if i in around else 0.0 for i, q in enumerate(rates["detection"])]
        start = ref.initial_distribution(n, self.start) if isinstance(self.start, int) else ref.state_distribution(self.start)
        budget, tries = 0, 0
        if self.protection is not None:
            budget = self.protection.count(n)
            tries = TRIES * n if self.protection.by == "acquaintance" else 0
        inner = ref.with_protection(adjacency, start, budget, self.order, tries)
        return [ref.shown(law, n) for law in ref.distributions_with_shocks(adjacency, inner, n_steps, self.events(), **rates)]

    def count(self, n_steps: int, key: tuple[int, ...], scale: float) -> NDArray[np.int64]:
        """How often each code is seen after `n_steps`."""
        copies = N_COPIES if self.copied else 1
        n_lanes = max(64, int(scale * (N_SAMPLES if self.copied else N_LANES)) // copies)
        powers = (4 ** np.arange(self.n_nodes)).astype(np.uint16)
        seen = np.zeros(4**self.n_nodes, np.int64)
        network, model, shocks = self.network(copies), self.model(copies), self.shocks_in(copies)
        most = (1 << 22) // copies
        for batch in range(-(-n_lanes // most)):
            run = sf.simulate(
                network,
                model,
                n_steps,
                min(most, n_lanes - batch * most),
                root(*key, n_steps, batch),
                initial=self.start if isinstance(self.start, int) else np.tile(np.array(self.start, np.uint8), copies),
                shocks=shocks,
                protection=self.protection,
                keep_final=True,
            )
            assert run.final is not None
            seen += np.bincount(run.final.reshape(-1, self.n_nodes) @ powers, minlength=len(seen))
        return seen


PER_NODE = {
    "beta": np.array([0.5, 0.8, 1.0]),
    "gamma": np.array([0.1, 0.35, 0.2]),
    "delta": np.array([0.2, 0.02, 0.3]),
    "xi": np.array([0.6, 0.15, 1.0]),
    "epsilon": np.array([0.0, 0.03, 0.2]),
    "detection": np.array([0.35, 0.0, 1.0]),
    "detected_beta": 0.6,
}
PER_TYPE = {
    "beta": {"hub": 0.9, "leaf": 0.7},
    "gamma": {"hub": 0.15, "leaf": 0.25},
    "delta": {"hub": 0.05, "leaf": 0.15},
    "xi": {"hub": 0.9, "leaf": 0.5},
    "epsilon": {"hub": 0.0, "leaf": 0.02},
    "detection": {"hub": 0.65, "leaf": 0.2},
    "detected_beta": 0.45,
}
HUB = ["hub", "leaf", "leaf", "leaf"]
PLAIN = scalars(0.4, 0.25, 0.1, 0.4)
RANKED = [1, 2, 0, 3]  # nodes of a path of four by degree
DATED = Shock(steps=[1, 4], severity=0.35, within="leaf")
CHANCY = Shock(steps=[0, 2, 3], probability=0.6, severity=0.7, nodes=[1, 2])
USUAL = Shock(probability=0.25, severity=0.5)
TWO = (
    Shock(steps=[0, 2], probability=0.5, severity=0.4, nodes=[0, 1]),
    Shock(steps=[2], severity=0.3),
    Shock(steps=[2], probability=0.7, severity=1.0, nodes=[1, 3]),
)

DETECTION = [
    Case("isolated", PATH4, PLAIN | {"beta": 0.6, "detection": 0.4}, [I, S, S, S]),
    Case("isolated, drawn start, shocks from outside", PATH4, scalars(0.5, 0.2, 0.1, 0.4, 0.05) | {"detection": 0.3}, 2),
    Case("isolated at once", COMPLETE4, PLAIN | {"detection": 1.0}, [I, S, S, R]),
    Case("reduced", PATH4, PLAIN | {"beta": 0.7, "detection": 0.5, "detected_beta": 0.3}, [I, S, I, R]),
    Case(
        "reduced, beta = 1, epsilon",
        PATH4,
        scalars(1.0, 0.2, 0.05, 0.5, 0.1) | {"detection": 0.7, "detected_beta": 0.35},
        [S, I, S, R],
    ),
    Case("reduced by nothing", COMPLETE4, PLAIN | {"detection": 0.5, "detected_beta": 1.0}, [I, S, S, S]),
    Case("reduced, per type, hub in the middle", STAR4, PER_TYPE, [I, I, S, S], types=HUB),
    Case("isolated, per type, start at the hub", STAR4, PER_TYPE | {"detected_beta": 0.0}, [I, S, S, R], types=HUB),
    Case("reduced, per node", TRIANGLE, PER_NODE, [I, S, S], n_nodes=3),
    Case(
        "reduced, shared exposure",
        STAR4,
        scalars(0.5, 0.2, 0.05, 0.5, 0.04) | {"detection": 0.6, "detected_beta": 0.5, "exposure": "shared"},
        [S, I, I, S],
    ),
    Case("around a hub", PATH4, PLAIN | {"beta": 0.7, "detection": 0.6, "detection_hubs": 1}, [S, I, S, I]),
    Case("gamma + delta = 1", COMPLETE4, scalars(0.6, 0.7, 0.3, 0.9) | {"detection": 1.0, "detected_beta": 0.5}, [I, S, S, R]),
]
SHOCKS = [
    Case("dated, a type", STAR4, PLAIN, [I, S, S, R], (DATED,), types=HUB),
    Case("dated, certain severity, some nodes", PATH4, PLAIN, [S, R, I, S], (Shock(steps=[0, 2], severity=1.0, nodes=[1, 3]),)),
    Case("dated by chance, some nodes", PATH4, PLAIN, [I, S, S, R], (CHANCY,)),
    Case("at any step", COMPLETE4, scalars(0.2, 0.4, 0.1, 0.5), 1, (USUAL,)),
    Case(
        "at every step, certain severity", PATH4, scalars(0.3, 0.5, 0.1, 0.6), [R, S, R, I], (Shock(probability=1.0, severity=1.0),)
    ),
    Case("several in one step", PATH4, PLAIN, [I, S, S, R], TWO),
    Case("nobody infected at first, epsilon", PATH4, scalars(0.4, 0.3, 0.1, 0.3, 0.02), 0, (CHANCY, USUAL)),
]
PROTECTION = [
    Case("random", PATH4, PLAIN, 1, protection=Protection(1, by="random")),
    Case("random, start with all states", COMPLETE4, PLAIN, [S, I, S, S], protection=Protection(2, by="random")),
    Case("degree", PATH4, PLAIN, 1, protection=Protection(2, by="degree"), order=RANKED),
    Case(
        "fitness, a share",
        COMPLETE4,
        PLAIN,
        1,
        protection=Protection(0.3, by="fitness"),
        order=[2, 0, 3, 1],
        fitness=[0.5, 0.1, 0.9, 0.3],
    ),
    Case("acquaintance", STAR4, PLAIN, 1, protection=Protection(1, by="acquaintance")),
    Case("acquaintance, a path", PATH4, PLAIN, 1, protection=Protection(2, by="acquaintance")),
    Case("acquaintance, an isolate", PATH3, scalars(0.5, 0.3, 0.1, 0.4, 0.1), 1, protection=Protection(2, by="acquaintance")),
    Case(
        "acquaintance, partners do not suffice",
        PATH3,
        scalars(0.5, 0.3, 0.1, 0.4, 0.1),
        [S, I, S, S],
        protection=Protection(2, by="acquaintance"),
    ),
    Case("more than there are", PATH4, scalars(0.5, 0.3, 0.1, 0.4, 0.1), [I, S, R, X], protection=Protection(3)),
]
TOGETHER = [
    Case("detection and shocks", STAR4, PER_TYPE, [I, S, S, R], (DATED, USUAL), types=HUB),
    Case("detection and dated shocks", STAR4, PER_TYPE, [I, S, S, R], (DATED, Shock(steps=[0, 1, 3], severity=0.2)), types=HUB),
    Case(
        "detection, shocks and random protection",
        PATH4,
        scalars(0.6, 0.2, 0.1, 0.4, 0.03) | {"detection": 0.5, "detected_beta": 0.4},
        1,
        TWO,
        Protection(1, by="random"),
    ),
    Case("detection and acquaintance", STAR4, PER_TYPE, 1, (CHANCY,), Protection(1, by="acquaintance"), types=HUB),
]
UNDETECTED = [
    Case("shocks and ranked protection", PATH4, scalars(0.5, 0.2, 0.1, 0.4, 0.03), 1, TWO, Protection(1), RANKED),
    Case("shocks and random protection", PATH4, PLAIN, 1, (CHANCY, USUAL), Protection(1, by="random")),
]  # fmt: skip
CASES = [*DETECTION, *SHOCKS, *PROTECTION, *TOGETHER, *UNDETECTED]


@functools.cache
def known(name: str) -> list[NDArray[np.float64]]:
    """The laws of a case, which its ways share."""
    (case,) = (case for case in CASES if case.name == name)
    return case.laws(STEPS[-1])


def checks(case: Case, name: str, scale: float, seed: int) -> Iterator[Check]:
    """A G-test after each number of steps."""
    laws = known(case.name)
    with way(name):
        for n_steps in STEPS:
            observed = case.count(n_steps, (seed, WAYS.index(name)), scale * SHARE[name])
            yield from_p(f"{n_steps} steps, {name}", int(observed.sum()), g_test(observed, laws[n_steps]))


# ---- rates, one by one

DETECTIONS = (0.0, 1e-4, 1 / 300, 0.01, 0.1, 1 / 3, 0.5, 0.75, 0.99, 1 - 1e-4, 1.0)
LEAVING = ((0.0, 0.0), (0.2, 0.0), (0.0, 0.3), (0.45, 0.35), (0.005, 0.99), (0.999, 0.0), (0.6, 0.4))


def notice(scale: float, seed: int) -> Iterator[Check]:
    """Infected nodes with every probability of being detected, each with a partner that was immune for one step.

    The partner is infected in the second step if and only if the node stayed infected and undetected in the first.
    """
    grid = list(itertools.product(DETECTIONS, LEAVING))
    n = len(grid)
    q = np.array([detection for detection, _ in grid])
    heal, lose = np.array([leaving for _, leaving in grid]).T
    nothing = np.zeros(n)
    trials = max(64, int(scale * 200_000))
    run = sf.simulate(
        sf.Network.from_edges(np.column_stack((np.arange(n), n + np.arange(n)))),
        sf.SIRS(
            beta=1.0,
            gamma=np.append(heal, nothing),
            delta=np.append(lose, nothing),
            xi=1.0,
            detection=np.append(q, nothing),
        ),
        n_steps=2,
        n_replicates=trials,
        seed=root(seed, 1),
        initial=np.repeat(np.array([I, R], np.uint8), n),
    )
    law = np.maximum(0.0, np.round(1.0 - heal - lose, 12)) * (1.0 - q)
    for (detection, leaving), p in zip(grid, binomial_p(run.ever_infected[n:], trials, law), strict=True):
        yield from_p(f"detection = {detection:g}, gamma, delta = {leaving}", trials, p)


MEETINGS = [
    *((0, k) for k in (0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 63, 64, 500)),
    *((k, 0) for k in (1, 7, 8, 16, 500)),
    *(
        (1, 1),
        (1, 7),
        (2, 5),
        (7, 1),
        (7, 8),
        (8, 7),
        (8, 8),
        (9, 15),
        (15, 16),
        (16, 15),
        (1, 64),
        (64, 1),
        (250, 250),
        (500, 500),
    ),
]
MEETING_RATES = [  # beta, detected_beta, epsilon
    (0.0005, 0.5, 0.0),
    (0.002, 0.25, 0.01),
    (0.05, 0.0, 0.0),
    (0.05, 0.1, 0.2),
    (0.3, 1.0, 0.0),
    (0.6, 0.7, 0.4),
    (1.0, 0.02, 0.0),
]


def hubs(exposure: Literal["per_partner", "shared"], scale: float, seed: int) -> Iterator[Check]:
    """Hubs that meet k infected and k' detected neighbours: exact binomial p-values.

    A hub is immune for one step, in which those of its leaves that can be detected are.
    """
    edges: list[tuple[int, int]] = []
    states: list[int] = []
    noticed: list[float] = []
    centres = []
    for free, detected in MEETINGS:
        hub = len(states)
        centres.append(hub)
        rng = np.random.default_rng([free, detected])
        order = rng.permutation(free + detected + 3)
        states += [R, *np.array([I] * (free + detected) + [S, R, X])[order].tolist()]
        noticed += [0.0, *np.array([0.0] * free + [1.0] * detected + [0.5] * 3)[order].tolist()]
        edges += [(hub, hub + 1 + j) for j in range(len(order))]
    net = sf.Network.from_edges(edges, n_nodes=len(states))
    middle = np.zeros(len(states))
    middle[centres] = 1.0
    trials = max(64, int(scale * 30_000))
    k, k_detected = np.array(MEETINGS).T
    for number, (beta, factor, epsilon) in enumerate(MEETING_RATES):
        model = sf.SIRS(
            beta=beta,
            gamma=0.0,
            delta=0.0,
            xi=middle,
            epsilon=epsilon * middle,
            detection=np.array(noticed),
            detected_beta=factor,
            exposure=exposure,
        )
        run = sf.simulate(net, model, 2, trials, root(seed, 2, number), initial=np.array(states, np.uint8))
        contact = beta if exposure == "per_partner" else np.minimum(1.0, beta * net.degree.mean() / net.degree[centres])
        law = 1.0 - (1.0 - epsilon) * (1.0 - contact) ** k * (1.0 - factor * contact) ** k_detected
        for meeting, p in zip(MEETINGS, binomial_p(run.ever_infected[centres], trials, law), strict=True):
            yield from_p(f"k, detected = {meeting}, beta = {beta}, {factor}, epsilon = {epsilon}", trials, p)


# ---- each node alone


def each_alone(name: str, scale: float, seed: int) -> Iterator[Check]:
    """Replicate r begins with node r mod n alone."""
    case = Case("", STAR4, scalars(0.4, 0.3, 0.1, 0.4, 0.02), 1)
    n, n_lanes = case.n_nodes, max(64, int(scale * N_LANES))
    matrix = ref.transition_matrix(ref.adjacency_from_edges(case.edges, n), **case.rates)
    with way(name):
        run = sf.simulate(case.network(1), case.model(1), 3, n_lanes, root(seed, 3), initial=sf.Initial(by="each"), keep_final=True)
    assert run.final is not None
    codes = run.final @ (4 ** np.arange(n)).astype(np.uint16)
    for node in range(n):
        start = ref.state_distribution([int(i == node) for i in range(n)])
        observed = np.bincount(codes[node::n], minlength=4**n)
        yield from_p(f"node {node}", len(codes[node::n]), g_test(observed, ref.distribution_after(matrix, start, 3)))


def importances(scale: float, seed: int) -> Iterator[Check]:
    """Mean infected steps and eliminated nodes by first node, against the chain."""
    case = Case("", STAR4, scalars(0.4, 0.3, 0.1, 0.4, 0.02) | {"detection": 0.5, "detected_beta": 0.2}, 1)
    n, n_steps, n_lanes = case.n_nodes, 6, max(64, int(scale * 20_000))
    load, lost = sirs.importance(case.network(1), case.model(1), n_steps, n_lanes, root(seed, 4))
    states = np.array([ref.decode(code, n) for code in range(4**n)])
    infected, gone = (states == I).sum(axis=1) / n, (states == X).sum(axis=1) / n
    for node in range(n):
        laws = Case("", STAR4, case.rates, [int(i == node) for i in range(n)]).laws(n_steps)
        # the spread of a mean is at most that of a number between 0 and the most there can be
        mean, share = sum(float(law @ infected) for law in laws), float(laws[-1] @ gone)
        spread = np.sqrt(mean * (n_steps + 1 - mean) / n_lanes)
        yield from_z(f"load from {node}", n_lanes, (load[node] - mean) / spread, f"{load[node]:.4f} of {mean:.4f}")
        spread = np.sqrt(share * (1 - share) / n_lanes)
        yield from_z(f"eliminated from {node}", n_lanes, (lost[node] - share) / spread, f"{lost[node]:.4f} of {share:.4f}")


# ---- whom an event strikes


def shares(scale: float, seed: int) -> Iterator[Check]:
    """Of a group of six 0.45 are struck, rounded to three: any three equally likely, and the same three in all replicates."""
    net = sf.Network.from_edges([(0, 1)], n_nodes=8)
    model = sf.SIRS(beta=0.0, gamma=0.0, delta=0.0, xi=0.0)
    shocks = [Shock(steps=[0], severity=1.0, nodes=[7, 1, 2, 4, 5, 6], share=0.45), Shock(steps=[1], severity=1.0, share=0.5)]
    sets = [set(some) for some in itertools.combinations((1, 2, 4, 5, 6, 7), 3)]
    seen, both, same = np.zeros(len(sets), np.int64), np.zeros(8, np.int64), True
    n_seeds = max(100, int(scale * 400))
    for number in range(n_seeds):
        first, second = (
            sf.simulate(net, model, 2, 70, root(seed, 5, number), initial=0, shocks=some).ever_infected
            for some in (shocks[:1], shocks)
        )
        same &= set(first.tolist()) <= {0, 70} and set(second.tolist()) <= {0, 70} and bool((second >= first).all())
        seen[sets.index(set(np.flatnonzero(first).tolist()))] += 1
        both[int(((second > 0) & (first == 0)).sum())] += 1
    yield Check("the same in all replicates", n_seeds, float(same), np.nan)
    yield from_p("subsets", n_seeds, g_test(seen, np.full(len(sets), 1 / len(sets))))
    # four of eight, of which three are in the first group: what is drawn for one event has nothing to do with another's
    yield from_p("of two events", n_seeds, g_test(both, np.append(stats.hypergeom(8, 5, 4).pmf(range(6)), [0, 0])))


N_LARGE = 6000


@functools.cache
def large() -> sf.Network:
    """Mean degree 4, three types."""
    edges = np.random.default_rng(4).integers(N_LARGE, size=(2 * N_LARGE, 2))
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0)
    return sf.Network.from_edges(edges, n_nodes=N_LARGE, types=["a", "b", "c"] * (N_LARGE // 3))


@contextlib.contextmanager
def chosen(name: str) -> Iterator[list[int]]:
    """A way to run, or the package's own choice, and what it answers."""
    seen: list[int] = []
    choose = sparse.Sparse.span

    def span(self: sparse.Sparse, block: Any, t: int) -> int:
        seen.append(choose(self, block, t))
        return seen[-1]

    with mock.patch.object(sparse.Sparse, "span", span) if name == "chosen" else way(name):
        yield seen


def struck(name: str, scale: float, seed: int) -> Iterator[Check]:
    """Where nothing is passed on, those infected by an event are binomial in number, and any members of the group."""
    net, n_lanes, severity, chance = large(), max(512, int(scale * 4000)), 0.003, 0.4
    start = np.zeros(N_LARGE, np.uint8)
    start[1:6:3] = I  # of type b
    shocks = [
        Shock(steps=[7, 9], probability=chance, severity=severity, within="a"),
        Shock(steps=[40], severity=severity, within="c"),
    ]
    model = sf.SIRS(beta=0.0, gamma=0.25, delta=0.05, xi=0.0)
    with chosen(name) as spans:
        run = sf.simulate(net, model, 60, n_lanes, root(seed, 6), initial=start, shocks=shocks)
    if name == "chosen":
        yield Check("in lists between them", len(spans), float(min(spans) > 0), np.nan)
    size = N_LARGE // 3
    lost = -np.diff(run.counts[:, :, S], axis=1)
    other = np.delete(lost, [7, 9, 40], axis=1)
    yield Check("at no other step", n_lanes, float(not other.any()), np.nan)
    law = stats.binom.pmf(np.arange(60), size, severity)
    by_chance = chance * law + (1 - chance) * (np.arange(60) == 0)
    law[-1] += 1 - law.sum()
    by_chance[-1] += 1 - by_chance.sum()
    yield from_p("by chance", n_lanes, g_test(np.bincount(lost[:, 7], minlength=60), by_chance))
    spared = lost[lost[:, 7] == 0, 9]  # of whom all members are left
    yield from_p("by chance, later", len(spared), g_test(np.bincount(spared, minlength=60), by_chance))
    p = chance * (1 - law[0])
    twice = np.count_nonzero((lost[:, 7] > 0) & (lost[:, 9] > 0))
    yield from_p("both", n_lanes, float(binomial_p(twice, n_lanes, p * p)))
    yield from_p("certain", n_lanes, g_test(np.bincount(lost[:, 40], minlength=60), law))
    hit = run.ever_infected
    each = 1 - (1 - chance * severity) ** 2
    for label, members, q in (("a", slice(0, None, 3), each), ("c", slice(2, None, 3), severity)):
        # members of one lane that an event by chance strikes are dependent, those of different lanes are not
        yield from_p(f"members of {label}", n_lanes, holm(binomial_p(hit[members], n_lanes, q)))
    yield Check(
        "others", n_lanes, float(hit[1::3].sum() == 2 * n_lanes and (run.infected_steps.sum() == run.counts[:, :, I].sum())), np.nan
    )
    gone = np.cumsum(run.counts[:, ::-1, I] > 0, axis=1)[:, ::-1] == 0
    gone[:, :41] = False
    expected = np.where(gone.any(axis=1), gone.argmax(axis=1), -1)
    yield Check("extinction", n_lanes, float((run.extinction_step == expected).all()), np.nan)


def alike(protection: Protection | None, scale: float, seed: int) -> Iterator[Check]:
    """Around shocks to a large network with few infected nodes the package's own choice and planes have the same means."""
    n_lanes = max(512, int(scale * 2000))
    shocks = [Shock(steps=[25], severity=0.01, within="a"), Shock(steps=[40], probability=0.5, severity=0.004)]
    model = sf.SIRS(beta={"a": 0.05, "b": 0.04, "c": 0.06}, gamma=0.3, delta=0.02, xi=0.1)
    runs = []
    for number, name in enumerate(("chosen", "planes")):
        with chosen(name) as spans:
            runs.append(
                sf.simulate(
                    large(),
                    model,
                    60,
                    n_lanes,
                    root(seed, 7, number),
                    initial=20,
                    shocks=shocks,
                    protection=protection,
                    by_type=True,
                    keep_final=True,
                )
            )
        if name == "chosen":
            yield Check("in lists", len(spans), float(sum(span > 0 for span in spans) >= 6), np.nan)
    for state in (S, I, R, X):
        seen = [
            np.asarray(run.type_counts)[..., state][:, [1, 12, 25, 26, 30, 40, 41, 48, 60]].reshape(n_lanes, -1) for run in runs
        ]
        yield from_p(f"counts of {'SIRX'[state]}", n_lanes, two_sample_p(*(each.astype(float) for each in seen)))
    names = ("risk_load", "final_eliminated", "peak", "peak_step", "attack_rate", "extinction_step")
    seen = [np.column_stack([getattr(run, what) for what in names]).astype(float) for run in runs]
    yield from_p("observables", n_lanes, two_sample_p(*seen))
    for what in ("ever_infected", "ever_eliminated"):
        pair = np.array([getattr(run, what) for run in runs])
        p = binomial_p(pair[0], pair.sum(axis=0), 0.5)  # given both together, as rare as these are
        yield from_p(f"{what} by node", n_lanes, holm(p))
    for run in runs:
        exact = (run.infected_steps.sum() == run.counts[:, :, I].sum()) and (
            run.ever_infected.sum() == round(float(run.attack_rate.sum()) * N_LARGE)
        )
        assert run.final is not None
        final = np.array([(run.final == state).sum(axis=1) for state in (S, I, R, X)]).T
        yield Check("maps and states sum up", n_lanes, float(exact and (final == run.counts[:, -1]).all()), np.nan)


# ---- until when


def extinction(name: str, scale: float, seed: int) -> Iterator[Check]:
    """First step without an infected node and without an event still to come, which happens with some probability."""
    case = Case("", PATH4, scalars(0.3, 0.5, 0.2, 0.1), [I, S, S, R])
    when, chance, n_steps, n_lanes = 4, 0.35, 9, max(64, int(scale * N_LANES))
    adjacency = ref.adjacency_from_edges(case.edges, 4)
    nobody = np.array([float(I not in ref.decode(code, 4)) for code in range(4**4)])
    done = np.zeros(n_steps + 1)  # by step t
    for happens, p in ((0.0, 1 - chance), (1.0, chance)):
        events = [ref.Event((0, 1), 0.6, (when,), happens)]
        start = ref.with_protection(adjacency, ref.state_distribution([I, S, S, R]), 0)
        laws = ref.distributions_with_shocks(adjacency, start, n_steps, events, **case.rates)
        done += p * np.array([float(ref.shown(law, 4) @ nobody) * (t > when or not happens) for t, law in enumerate(laws)])
    law = np.append(np.diff(done, prepend=0.0), 1.0 - done[-1])
    with way(name):
        run = sf.simulate(
            case.network(1),
            case.model(1),
            n_steps,
            n_lanes,
            root(seed, 8),
            initial=np.array(case.start, np.uint8),
            shocks=[Shock(steps=[when], probability=chance, severity=0.6, nodes=[1, 0])],
        )
    observed = np.bincount(np.where(run.extinction_step < 0, n_steps + 1, run.extinction_step), minlength=n_steps + 2)
    yield from_p("steps", n_lanes, g_test(observed, law))


def law(group: str, case: Case, name: str) -> Law:
    return Law(f"{group}: {case.name}, {name}", functools.partial(checks, case, name), largest=100.0 if case.copied else 30.0)


LAWS = [
    *(law("detection", case, "planes") for case in DETECTION),
    *(law("shocks", case, name) for case in SHOCKS for name in WAYS),
    *(law("protection", case, name) for case in PROTECTION for name in WAYS),
    *(law("strategies", case, "planes") for case in TOGETHER),
    *(law("strategies", case, name) for case in UNDETECTED for name in WAYS),
    Law("detection: every rate, planes", notice, largest=30.0),
    *(
        Law(f"detection: hubs, {exposure}, planes", functools.partial(hubs, exposure), largest=10.0)
        for exposure in ("per_partner", "shared")
    ),
    *(Law(f"each node alone, {name}", functools.partial(each_alone, name), largest=10.0) for name in WAYS),
    Law("importance, planes", importances, largest=10.0),
    Law("shocks: shares of a group, planes", shares, largest=10.0),
    *(
        Law(f"shocks: large network, {name}", functools.partial(struck, name), largest=10.0)
        for name in ("planes", "lists", "chosen")
    ),
    Law("shocks: lists and planes alike", functools.partial(alike, None), largest=5.0),
    Law("shocks: lists and planes alike, protection", functools.partial(alike, Protection(300, by="random")), largest=5.0),
    *(Law(f"shocks: extinction, {name}", functools.partial(extinction, name), largest=10.0) for name in WAYS),
]
