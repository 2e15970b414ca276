"""What holds in every run, on random networks, rates and starts, in each way that the dynamics may run."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
import reference as ref
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from proof.judge import FAMILY, WAYS, two_sample_p, way

import scfast as sf
from scfast import sirs
from scfast.parameters import Protection, Shock

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741
TYPES = ("a", "b", "c")
RATES = ("beta", "gamma", "delta", "xi", "epsilon")

ways = pytest.mark.parametrize("name", WAYS)


@dataclass(frozen=True)
class World:
    """A network, rates and a start, in the package's form and in the twin's."""

    edges: NDArray[np.int64]
    types: NDArray[np.int64]
    fitness: NDArray[np.float64]
    given: dict[str, Any]  # each rate as a number, per type or per node
    exposure: str
    initial: Any
    seed: int
    shocks: tuple[Shock, ...] = ()
    protection: Protection | None = None

    @property
    def n_nodes(self) -> int:
        return len(self.types)

    def network(self) -> sf.Network:
        labels = np.array(TYPES)[self.types]
        return sf.Network.from_edges(self.edges, n_nodes=self.n_nodes, types=labels, type_names=TYPES, fitness=self.fitness)

    def node_rates(self) -> dict[str, list[float]]:
        return {name: expand(self.given[name], self.types) for name in RATES}

    def adjacency(self) -> ref.Adjacency:
        return ref.adjacency_from_edges(self.edges.tolist(), self.n_nodes)

    def run(self, n_steps: int, n_replicates: int, **options: Any) -> sf.Run:
        model = sf.SIRS(exposure=self.exposure, **self.given)
        options = {"initial": self.initial, "shocks": self.shocks, "protection": self.protection} | options
        return sf.simulate(self.network(), model, n_steps, n_replicates, self.seed, **options)

    def dates(self, n_steps: int) -> dict[str, Any]:
        """What the twin is told of shocks, all of which happen for certain or never, or may at any step."""
        able = [shock for shock in self.shocks if shock.severity > 0 and shock.probability]
        hitting = [shock for shock in able if int(shock.share * len(shock.on(self.network())) + 0.5)]
        dated = {t for shock in hitting for t in shock.steps or () if t < n_steps}
        return {"shocks": dated, "ever_shocked": any(shock.steps is None for shock in hitting)}

    def history(self, n_steps: int, n_replicates: int) -> tuple[sf.Run, NDArray[np.uint8]]:
        """The run, and all states (steps, replicates, nodes): the last ones of runs of 0, 1, ... steps, which it must continue."""
        runs = [self.run(t, n_replicates, by_type=True, keep_final=True) for t in range(n_steps + 1)]
        for t, run in enumerate(runs):
            np.testing.assert_array_equal(run.type_counts, runs[-1].type_counts[:, : t + 1])
        return runs[-1], np.array([run.final for run in runs])


def expand(rate: Any, types: NDArray[np.int64]) -> list[float]:
    """One number per node."""
    if isinstance(rate, dict):
        return [rate[TYPES[t]] for t in types]
    return ref.per_node(rate, len(types))


def protected(world: World, start: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Who is, (replicates, nodes): immune in `start`, the states at step 0, and susceptible in those of the world without."""
    bare = replace(world, protection=None).run(0, len(start), keep_final=True).final
    assert bare is not None
    kept = start != bare
    assert ((bare == S) & (start == R))[kept].all()
    if world.protection is None:
        assert not kept.any()
    else:
        wanted = world.protection.count(world.n_nodes)
        np.testing.assert_array_equal(kept.sum(axis=1), np.minimum(wanted, (bare == S).sum(axis=1)))
    return kept


@st.composite
def networks(draw: st.DrawFn, most: int) -> tuple[NDArray[np.int64], int]:
    """Edges of a sparse or dense random graph, isolates and hubs included, and the number of nodes."""
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pairs = np.column_stack(np.triu_indices(n, 1))
    chosen = rng.random(len(pairs)) < draw(st.sampled_from([0.0, 0.1, 0.3, 0.8, 1.0]))
    if draw(st.booleans()):
        chosen |= pairs[:, 0] == 0
    return rng.permuted(pairs[chosen], axis=1), n


@st.composite
def rate(draw: st.DrawFn, n: int, largest: float) -> Any:
    """A number, or one per type or node, from 0 to `largest`, both of which are likely."""
    value = st.one_of(st.sampled_from([0.0, largest]), st.floats(0.0, largest))
    form = draw(st.sampled_from(["one", "type", "node"]))
    if form == "one":
        return draw(value)
    if form == "type":
        return {name: draw(value) for name in TYPES}
    few = draw(st.lists(value, min_size=1, max_size=4))
    return np.array(few)[np.random.default_rng(draw(st.integers(0, 2**32))).integers(len(few), size=n)]


@st.composite
def starts(draw: st.DrawFn, types: NDArray[np.int64]) -> Any:
    """A start of every kind."""
    n = len(types)
    kind = draw(st.sampled_from(["count", "fraction", "within", "degree", "fitness", "nodes", "states"]))
    if kind == "count":
        return draw(st.integers(0, n))
    if kind == "fraction":
        return draw(st.floats(0.0, 1.0))
    if kind == "within":
        t = draw(st.sampled_from(range(len(TYPES))))
        return sf.Initial(draw(st.integers(0, int((types == t).sum()))), within=TYPES[t])
    if kind in ("degree", "fitness"):
        return sf.Initial(draw(st.integers(0, n)), by=kind)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    if kind == "nodes":
        return sf.Initial(nodes=rng.permutation(n)[: draw(st.integers(1, n))].tolist())
    return rng.integers(4, size=n).astype(np.uint8)


@st.composite
def worlds(draw: st.DrawFn, most: int = 30, **fixed: Any) -> World:
    """Anything that the package accepts, but for the rates in `fixed`."""
    edges, n = draw(networks(most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    types = rng.integers(draw(st.integers(1, len(TYPES))), size=n)
    split = draw(st.sampled_from([0.0, 0.5, 0.8, 1.0]))
    bounds = {"beta": 1.0, "gamma": split, "delta": 1.0 - split, "xi": 1.0, "epsilon": draw(st.sampled_from([0.0, 0.0, 0.1, 1.0]))}
    given = {name: fixed[name] if name in fixed else draw(rate(n, bounds[name])) for name in RATES}
    exposure = draw(st.sampled_from(["per_partner", "shared"]))
    return World(edges, types, rng.random(n), given, exposure, draw(starts(types)), draw(st.integers(0, 2**63 - 1)))


@st.composite
def shocks(draw: st.DrawFn, n: int) -> Shock:
    """An event of any kind; a dated one happens for certain or never."""
    nodes = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=4, unique=True))
    group: dict[str, Any] = draw(st.sampled_from([{}, {"within": "a"}, {"within": "c"}, {"nodes": nodes}]))
    severity = draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))
    if draw(st.booleans()):
        dates = draw(st.lists(st.integers(0, 7), min_size=1, max_size=3, unique=True))
        return Shock(steps=dates, probability=draw(st.sampled_from([1.0, 1.0, 0.0])), severity=severity, **group)
    return Shock(probability=draw(st.sampled_from([0.0, 0.3, 1.0])), severity=severity, **group)


@st.composite
def defended(draw: st.DrawFn, most: int = 30, detection: bool | None = None) -> World:
    """A world with shocks, protection and detection, some of them or all; whom a pilot run protects depends on how long it is."""
    world = draw(worlds(most))
    n = world.n_nodes
    if draw(st.booleans()) if detection is None else detection:
        seen = {"detection": draw(rate(n, 1.0)), "detected_beta": draw(st.sampled_from([0.0, 0.0, 0.4, 1.0]))}
        world = replace(world, given=world.given | seen)
    by = draw(st.sampled_from(["degree", "fitness", "random", "acquaintance"]))
    protection = draw(st.none() | st.integers(0, n).map(lambda budget: Protection(budget, by=by)))
    return replace(world, shocks=tuple(draw(st.lists(shocks(n), max_size=3))), protection=protection)


# ---- counts


@ways
@settings(max_examples=60)
@given(data=st.data())
def test_records_are_those_of_the_states(name: str, data: st.DataObject) -> None:
    """Counts, observables and maps equal what the twin makes of the states at each step."""
    n_replicates = data.draw(st.sampled_from([1, 2, 63, 64, 65, 129, 511, 512, 513]))
    most = 40 if n_replicates < 100 else 8
    world = data.draw(st.one_of(worlds(most), defended(most)))
    n_steps = data.draw(st.integers(0, 7))
    with way(name):
        run, states = world.history(n_steps, n_replicates)
    rates = world.node_rates()
    told = {"xi": rates["xi"], "epsilon": rates["epsilon"], "types": world.types.tolist()} | world.dates(n_steps)
    inner = np.where(protected(world, states[0]), ref.KEPT, states)
    assert (states[inner == ref.KEPT] == R).all()
    twins = [ref.observables(inner[:, lane].tolist(), **told) for lane in range(n_replicates)]
    n_types = int(world.types.max()) + 1
    for what in ("counts", "risk_load", "final_eliminated", "peak", "peak_step", "attack_rate", "extinction_step"):
        np.testing.assert_array_equal(getattr(run, what), [getattr(twin, what) for twin in twins], what)
    np.testing.assert_array_equal(run.type_counts[:, :, :n_types], [twin.type_counts for twin in twins])
    assert not run.type_counts[:, :, n_types:].any()
    for what in ("ever_infected", "ever_eliminated", "infected_steps"):
        np.testing.assert_array_equal(getattr(run, what), np.sum([getattr(twin, what) for twin in twins], axis=0), what)


# ---- moves


@ways
@settings(max_examples=64)
@given(data=st.data())
def test_only_possible_moves_are_made(name: str, data: st.DataObject) -> None:
    """Each node's move has a positive probability given the states of the step before, so that certain moves are made."""
    world = data.draw(worlds())
    with way(name):
        _, states = world.history(data.draw(st.integers(1, 6)), data.draw(st.integers(1, 130)))
    rates = {key: np.array(value) for key, value in world.node_rates().items()}
    neighbours = np.zeros((world.n_nodes, world.n_nodes))
    for node, partners in enumerate(world.adjacency()):
        neighbours[node, partners] = 1.0
    contact = np.array(ref.effective_beta(world.adjacency(), rates["beta"].tolist(), world.exposure))
    for now, then in itertools.pairwise(states):
        escape = (1.0 - rates["epsilon"]) * (1.0 - contact) ** ((now == I) @ neighbours)
        chance = np.zeros((4, 4, *now.shape))
        chance[S, S], chance[S, I] = escape, 1.0 - escape
        chance[I, I] = np.round(1.0 - rates["gamma"] - rates["delta"], 12)
        chance[I, R], chance[I, X] = rates["gamma"], rates["delta"]
        chance[R, R], chance[R, S] = 1.0 - rates["xi"], rates["xi"]
        chance[X, X] = 1.0
        lane, node = np.indices(now.shape)
        made = chance[now, then, lane, node]
        assert (made > 0.0).all(), (now[made <= 0.0], then[made <= 0.0])


@ways
@settings(max_examples=64)
@given(data=st.data())
def test_nodes_are_kept_and_the_eliminated_too(name: str, data: st.DataObject) -> None:
    world = data.draw(st.one_of(worlds(most=60), defended(most=60)))
    with way(name):
        run = world.run(data.draw(st.integers(1, 30)), data.draw(st.integers(1, 600)), by_type=True, keep_final=True)
    assert (run.counts >= 0).all()
    assert (run.counts.sum(axis=2) == world.n_nodes).all()
    assert (run.type_counts.sum(axis=3) == np.bincount(world.types, minlength=len(TYPES))).all()
    assert (np.diff(run.counts[:, :, X], axis=1) >= 0).all()
    for state in (S, I, R, X):
        assert ((run.final == state).sum(axis=1) == run.counts[:, -1, state]).all()


@ways
@settings(max_examples=24)
@given(data=st.data())
def test_nobody_is_eliminated_without_delta(name: str, data: st.DataObject) -> None:
    world = data.draw(worlds(delta=0.0))
    with way(name):
        run = world.run(data.draw(st.integers(1, 20)), data.draw(st.integers(1, 130)))
    assert (run.counts[:, :, X] == run.counts[:, :1, X]).all()


@ways
@settings(max_examples=24)
@given(data=st.data())
def test_nobody_is_infected_without_beta_and_epsilon(name: str, data: st.DataObject) -> None:
    world = data.draw(worlds(beta=0.0, epsilon=0.0))
    with way(name):
        run = world.run(data.draw(st.integers(1, 20)), data.draw(st.integers(1, 130)))
    assert (np.diff(run.counts[:, :, I], axis=1) <= 0).all()
    np.testing.assert_array_equal(run.attack_rate, run.counts[:, 0, I] / world.n_nodes)


@ways
@settings(max_examples=32)
@given(data=st.data())
def test_nobody_is_infected_twice_running_where_gamma_is_one(name: str, data: st.DataObject) -> None:
    world = data.draw(worlds(gamma=1.0, delta=0.0))
    with way(name):
        _, states = world.history(data.draw(st.integers(1, 6)), data.draw(st.integers(1, 130)))
    assert not ((states[1:] == I) & (states[:-1] == I)).any()


@ways
@settings(max_examples=40)
@given(data=st.data())
def test_a_clean_component_stays_clean_without_epsilon(name: str, data: st.DataObject) -> None:
    """Two networks side by side, no node of the second infected at first: it only loses immunity."""
    world, (edges, more) = data.draw(worlds(most=20, beta=1.0, epsilon=0.0, xi=0.5)), data.draw(networks(20))
    n, rng = world.n_nodes, np.random.default_rng(world.seed)
    start = np.concatenate((rng.choice([S, I, R, X], n), rng.choice([S, R, X], more))).astype(np.uint8)
    beside = replace(
        world,
        edges=np.concatenate((world.edges, edges + n)),
        types=np.concatenate((world.types, rng.integers(len(TYPES), size=more))),
        fitness=rng.random(n + more),
        given={key: np.resize(value, n + more) if isinstance(value, np.ndarray) else value for key, value in world.given.items()},
        initial=start,
    )
    with way(name):
        run = beside.run(data.draw(st.integers(1, 20)), data.draw(st.integers(1, 130)), keep_final=True)
    assert not run.ever_infected[n:].any()
    assert not run.infected_steps[n:].any()
    final, first = run.final[:, n:], start[n:]
    assert ((final == first) | ((final == S) & (first == R))).all()


# ---- strategies and shocks


def assert_same_bits(one: sf.Run, other: sf.Run) -> None:
    for what in ("type_counts", "infected_steps", "ever_infected", "ever_eliminated", "extinction_step", "attack_rate", "final"):
        np.testing.assert_array_equal(getattr(one, what), getattr(other, what), what)


@ways
@settings(max_examples=24)
@given(data=st.data())
def test_what_does_nothing_changes_no_bit(name: str, data: st.DataObject) -> None:
    """No shock, none that happens or strikes in time, nobody protected, nobody detected."""
    world = data.draw(worlds())
    n_steps, options = data.draw(st.integers(1, 8)), {"by_type": True, "keep_final": True}
    nothing = [Shock(steps=[n_steps]), Shock(probability=0.0), Shock(steps=[0], severity=0.0), Shock(probability=0.5, severity=0.0)]
    idle = replace(
        world,
        given=world.given | {"detection": 0.0, "detected_beta": 0.5},
        shocks=tuple(data.draw(st.permutations(nothing))[: data.draw(st.integers(0, 4))]),
        protection=data.draw(st.sampled_from([None, Protection(0), Protection(0, by="random"), Protection(0.0, by="importance")])),
    )
    n_replicates = data.draw(st.sampled_from([1, 64, 65, 511, 513]))
    with way(name):
        assert_same_bits(world.run(n_steps, n_replicates, **options), idle.run(n_steps, n_replicates, **options))


@ways
@settings(max_examples=24)
@given(data=st.data())
def test_slices_change_no_bit(name: str, data: st.DataObject) -> None:
    world, options = data.draw(defended()), {"by_type": True, "keep_final": True}
    n_steps, n_replicates = data.draw(st.integers(1, 9)), data.draw(st.sampled_from([1, 63, 129, 513]))
    with way(name):
        whole = world.run(n_steps, n_replicates, **options)
        with mock.patch.object(sirs, "SLICE", 1):
            assert_same_bits(whole, world.run(n_steps, n_replicates, **options))


@ways
@settings(max_examples=40)
@given(data=st.data())
def test_first_infections_are_those_of_the_world_without_strategies(name: str, data: st.DataObject) -> None:
    world = data.draw(defended())
    bare = replace(world, given={key: world.given[key] for key in RATES}, shocks=(), protection=None)
    n_replicates = data.draw(st.integers(1, 600))
    with way(name):
        ours, theirs = (each.run(0, n_replicates, keep_final=True).final for each in (world, bare))
    np.testing.assert_array_equal(ours == I, theirs == I)
    np.testing.assert_array_equal(ours == X, theirs == X)


@ways
@settings(max_examples=40)
@given(data=st.data())
def test_shocks_strike_the_same_nodes_whatever_the_rates_and_strategies(name: str, data: st.DataObject) -> None:
    """Without beta and epsilon the newly infected are those struck where nobody ever changes, as far as they are susceptible."""
    n_steps, n_replicates = data.draw(st.integers(1, 6)), data.draw(st.sampled_from([1, 64, 100, 513]))
    world = data.draw(defended(most=20))
    world = replace(world, given=world.given | {"beta": 0.0, "epsilon": 0.0})
    inert = replace(
        world, given=dict.fromkeys(RATES, 0.0), initial=np.zeros(world.n_nodes, np.uint8), protection=None, seed=world.seed
    )
    event = Shock(
        steps=[n_steps - 1],
        probability=data.draw(st.sampled_from([0.5, 1.0])),
        severity=data.draw(st.sampled_from([0.5, 1.0])),
        share=data.draw(st.sampled_from([0.5, 1.0])),
    )
    with way(name):
        struck = replace(inert, shocks=(event,)).run(n_steps, n_replicates, keep_final=True).final == I
        before, after = (
            replace(world, shocks=(event,)).run(t, n_replicates, keep_final=True).final for t in (n_steps - 1, n_steps)
        )
    np.testing.assert_array_equal((before != I) & (after == I), (before == S) & struck)
    if event.severity < 1.0 and struck.size > 600 and event.share == 1.0 == event.probability:
        assert 0 < struck.sum() < struck.size


# ---- relabelling

N_SHUFFLED = 50_000


def shuffled(world: World, order: NDArray[np.int64]) -> World:
    """The same with node order[p] of the world as node p."""
    place = np.argsort(order)
    given = {key: value[order] if isinstance(value, np.ndarray) else value for key, value in world.given.items()}
    initial = world.initial[order] if isinstance(world.initial, np.ndarray) else world.initial
    edges = place[world.edges]
    return replace(world, edges=edges, types=world.types[order], fitness=world.fitness[order], given=given, initial=initial)


def outcome(run: sf.Run, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Per replicate where each node ends, nodes in the order `places`, and the observables."""
    ends = [run.final[:, places] == state for state in (I, R, X)]
    n = run.network.n_nodes
    return np.column_stack((*ends, run.risk_load * n, run.attack_rate * n, run.peak, run.peak_step, run.type_counts[:, 2, :, I]))


@ways
@settings(max_examples=6)
@given(seed=st.integers(0, 2**32), exposure=st.sampled_from(["per_partner", "shared"]), counted=st.booleans())
def test_relabelling_changes_nothing_in_distribution(name: str, seed: int, exposure: str, counted: bool) -> None:
    rng = np.random.default_rng(seed)
    n = 14
    pairs = np.column_stack(np.triu_indices(n, 1))
    edges = pairs[(rng.random(len(pairs)) < 0.2) | (pairs[:, 0] == 0)]  # node 0 is a hub
    types = np.arange(n) % 3
    given_rates = {
        "beta": rng.uniform(0.05, 0.4, n),
        "gamma": {"a": 0.3, "b": 0.2, "c": 0.4},
        "delta": rng.uniform(0.05, 0.2, n),
        "xi": 0.3,
        "epsilon": rng.uniform(0.0, 0.05, n),
    }
    initial = 3 if counted else np.array([S, I, R, I, S, S, R] * 2, np.uint8)
    world = World(edges, types, rng.random(n), given_rates, exposure, initial, seed=1)
    order = rng.permutation(n)
    options: dict[str, Any] = {"n_steps": 5, "n_replicates": N_SHUFFLED, "by_type": True, "keep_final": True}
    with way(name):
        ours = outcome(world.run(**options), np.arange(n))
        run = replace(shuffled(world, order), seed=2).run(**options)
    bound = FAMILY / (6 * len(WAYS))
    place = np.argsort(order)
    assert two_sample_p(ours, outcome(run, place)) > bound
    # it would see the hub and another node of its type change places
    place[[0, 9]] = place[[9, 0]]
    assert two_sample_p(ours, outcome(run, place)) < bound
