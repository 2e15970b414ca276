"""Engines that run SIRS with elimination on a network, each behind the same few calls, in a process of its own.

    python engines.py NAME

takes orders as JSON lines and answers each with one, under whatever Python has the engine:

``{"do": "hello"}``
    ``{"version": .., "features": [..], "continuous": .., "compiled": ..}``: which of "delta" and "epsilon" the engine can do;
    whether its time is continuous (rates, not probabilities per step); whether its first run compiles.
``{"do": "load", "graph": FILE.npz, "rates": {beta, gamma, delta, xi, epsilon}}``
    A network (CSR arrays indptr, indices) and the rates of the runs that follow.
``{"do": "run", "replicates": .., "steps": .., "seed": .., "initial": COUNT or [NODES], "stride": .., "record": FILE.npy or null}``
    ``{"seconds": .., "live": .., "last": [..]}``: processor time (which does not mind other work on the machine) without setting up
    and compiling; steps of all replicates, those after extinction not counted; infected nodes at the end. Infected nodes at every
    stride-th step go to the file, (replicates, ..).

An engine class has `load(indptr, indices, rates)` and `run(starts, steps, seed)`, or `one(start, steps, seed)` for one replicate; a
start is a list of nodes. They give seconds and the infected nodes at steps 0..steps, (replicates, steps + 1). What is timed is the
engine's own loop over steps, unless its class says more.
"""

import importlib.util
import json
import os
import random
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np


def edges_of(indptr, indices):
    """Each edge once, (edges, 2)."""
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    return np.column_stack((rows, indices))[rows < indices]


def networkx_of(indptr, indices):
    import networkx

    graph = networkx.Graph()
    graph.add_nodes_from(range(len(indptr) - 1))
    graph.add_edges_from(edges_of(indptr, indices).tolist())
    return graph


def at_whole_times(times, infected, steps):
    """Infected nodes at times 0..steps, from those after each event."""
    return np.asarray(infected)[np.searchsorted(times, np.arange(steps + 1), side="right") - 1]


class Engine:
    """What engines have in common: replicates run one after another by `one(start, steps, seed)`."""

    features: tuple[str, ...] = ("delta", "epsilon")
    continuous = False
    compiled = False
    package = ""

    def version(self):
        return version(self.package) if self.package else ""

    def run(self, starts, steps, seed):
        seconds, rows = 0.0, []
        for number, start in enumerate(starts):
            took, infected = self.one(start, steps, int(np.random.SeedSequence([seed, number]).generate_state(1)[0]))
            seconds += took
            rows.append(np.pad(infected, (0, steps + 1 - len(infected))))
        return seconds, np.array(rows)


class scfast(Engine):
    """simulate() as a whole, Python call, counts and node maps included. It draws its first infections itself, timed as well."""

    compiled = True

    def version(self):
        from llvmlite.binding import get_host_cpu_features
        from numba.core.config import CPU_NAME

        import scfast

        features = get_host_cpu_features()
        host = next((name for name, flag in (("AVX-512", "avx512f"), ("AVX2", "avx2")) if features.get(flag)), "no AVX2")
        return f"{scfast.__version__}, {({'haswell': 'AVX2'}.get(CPU_NAME, CPU_NAME)) if CPU_NAME else host}"

    def load(self, indptr, indices, rates):
        import scfast as sf

        self.sf, self.network, self.model = sf, sf.Network(indptr, indices), sf.SIRS(**rates)

    def simulate(self, replicates, steps, seed, initial):
        if isinstance(initial, list):
            initial = self.sf.Initial(nodes=initial)
        before = time.process_time()
        run = self.sf.simulate(self.network, self.model, steps, replicates, seed, initial=initial)
        return time.process_time() - before, run.counts[:, :, 1]


class Scalar(Engine):
    """One of the kernels of `scalar.py`; setting up its lists and states is not timed."""

    compiled = True
    kernel, generator = "sweep", "mersenne"

    def load(self, indptr, indices, rates):
        import scalar

        self.scalar, self.draw = scalar, getattr(scalar, self.generator)
        self.graph = indptr.astype(np.int32), indices.astype(np.int32)
        self.infection, self.others = scalar.thresholds(self.draw, rates, int(np.diff(indptr).max()))

    def one(self, start, steps, seed):
        n = len(self.graph[0]) - 1
        states, sick, infected = np.zeros(n, np.int8), np.zeros(n, np.int32), np.zeros(steps + 1, np.int64)
        states[start], sick[: len(start)], infected[0] = self.scalar.I, start, len(start)
        lists = (states, sick, np.zeros(n, np.int32)) if self.kernel == "active" else (states, states.copy(), self.infection)
        state = tuple(np.random.SeedSequence(seed).generate_state(4, np.uint64))
        self.scalar.seed_mersenne(seed)
        before = time.process_time()
        getattr(self.scalar, self.kernel)(*self.graph, *lists, self.others, self.draw, state, infected)
        return time.process_time() - before, infected


class sweep(Scalar):
    """A visit to every node in every step, by Numba's generator."""


class sweep_xoshiro(Scalar):
    """The same by a generator that is faster."""

    generator = "xoshiro"


class active(Scalar):
    """Lists of infected and immune nodes, pushing from the infected."""

    kernel, generator = "active", "xoshiro"


class together(Engine):
    """NumPy and SciPy: up to 64 replicates in one matrix."""

    def load(self, indptr, indices, rates):
        import scalar

        self.scalar, self.rates, self.n = scalar, rates, len(indptr) - 1
        self.contacts = scalar.matrix(indptr.astype(np.int32), indices.astype(np.int32), rates["beta"])

    def run(self, starts, steps, seed):
        seconds, parts, rng = 0.0, [], np.random.default_rng(seed)
        for first in range(0, len(starts), 64):
            part = starts[first : first + 64]
            infectious, infected = np.zeros((self.n, len(part)), bool), np.zeros((steps + 1, len(part)))
            for column, start in enumerate(part):
                infectious[start, column] = True
                infected[0, column] = len(start)
            before = time.process_time()
            self.scalar.together(self.contacts, infectious, self.rates, rng, infected)
            seconds += time.process_time() - before
            parts.append(infected.T)
        return seconds, np.concatenate(parts)


class twin(Engine):
    """The slow and obvious twin of the tests, for checks alone."""

    def load(self, indptr, indices, rates):
        spec = importlib.util.spec_from_file_location("twin", Path(__file__).parents[1] / "tests" / "reference.py")
        self.twin = sys.modules["twin"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.twin)
        n = len(indptr) - 1
        self.adjacency = self.twin.adjacency_from_edges(edges_of(indptr, indices).tolist(), n)
        contact = self.twin.effective_beta(self.adjacency, rates["beta"])
        self.rates = [contact, *(self.twin.per_node(rates[name], n) for name in ("gamma", "delta", "xi", "epsilon"))]

    def one(self, start, steps, seed):
        rng, states, infected = random.Random(seed), [0] * len(self.adjacency), [len(start)]
        for node in start:
            states[node] = 1
        before = time.process_time()
        for _ in range(steps):
            states = self.twin.step(self.adjacency, states, *self.rates, rng)
            infected.append(states.count(1))
        return time.process_time() - before, infected


class graph_tool(Engine):
    """SIRSState.iterate_sync with constant beta, step by step (which costs nothing); its r is epsilon, its mu is xi."""

    features = ("epsilon",)

    def version(self):
        import graph_tool

        return graph_tool.__version__.split()[0]

    def load(self, indptr, indices, rates):
        import graph_tool
        from graph_tool.dynamics import SIRSState

        graph_tool.openmp_set_num_threads(1)
        self.tool, self.state, self.epsilon = graph_tool, SIRSState, rates["epsilon"]
        self.rates = {"beta": rates["beta"], "gamma": rates["gamma"], "mu": rates["xi"], "r": rates["epsilon"]}
        self.graph = graph_tool.Graph(directed=False)
        self.graph.add_vertex(len(indptr) - 1)
        self.graph.add_edge_list(edges_of(indptr, indices))

    def one(self, start, steps, seed):
        self.tool.seed_rng(seed)
        first = self.graph.new_vertex_property("int32_t", 0)
        first.a[start] = 1
        state = self.state(self.graph, s=first, constant_beta=True, **self.rates)
        seconds, infected = 0.0, [len(start)]
        while len(infected) <= steps and (infected[-1] or self.epsilon):
            before = time.process_time()
            state.iterate_sync()
            seconds += time.process_time() - before
            infected.append(int(np.count_nonzero(state.get_state().a == 1)))
        return seconds, infected


class ndlib(Engine):
    """SIRSModel, which is synchronous and tries beta once for each contact; iteration without the dictionary of states."""

    package = "ndlib"
    features = ()

    def load(self, indptr, indices, rates):
        import ndlib.models.ModelConfig
        from ndlib.models.epidemics import SIRSModel

        self.model = SIRSModel(networkx_of(indptr, indices))
        configuration = ndlib.models.ModelConfig.Configuration()
        for name, rate in (("beta", rates["beta"]), ("gamma", rates["gamma"]), ("eta", rates["xi"])):
            configuration.add_model_parameter(name, rate)
        configuration.add_model_initial_configuration("Infected", [0])
        self.model.set_initial_status(configuration)

    def one(self, start, steps, seed):
        np.random.seed(seed)
        self.model.reset(start)
        infected = [self.model.iteration(node_status=False)["node_count"][1]]  # the first gives the start
        before = time.process_time()
        while len(infected) <= steps and infected[-1]:
            infected.append(self.model.iteration(node_status=False)["node_count"][1])
        return time.process_time() - before, infected


class epydemic(Engine):
    """SIRS under SynchronousDynamics, which is faster here than its StochasticDynamics and has the model's own time."""

    package = "epydemic"
    features = ()

    def load(self, indptr, indices, rates):
        import epydemic

        class Model(epydemic.SIRS):
            """Starts from `start`; notes the infected before each step and stops with the last of them."""

            def initialCompartments(self):
                for node in self.network().nodes():
                    self.changeInitialCompartment(node, self.INFECTED if node in self.start else self.SUSCEPTIBLE)

            def atEquilibrium(self, t):
                self.infected.append(len(self.loci()[self.INFECTED]))
                return len(self.infected) > self.steps or not self.infected[-1]

        self.rng, self.model = epydemic.rng, Model()
        self.dynamics = epydemic.SynchronousDynamics(self.model, networkx_of(indptr, indices))
        names = (Model.P_INFECTED, Model.P_INFECT, Model.P_REMOVE, Model.P_RESUSCEPT)
        self.parameters = dict(zip(names, (0.0, rates["beta"], rates["gamma"], rates["xi"]), strict=True))

    def one(self, start, steps, seed):
        self.rng.bit_generator.state = type(self.rng.bit_generator)(seed).state
        self.model.start, self.model.steps, self.model.infected = set(start), steps, []
        self.dynamics.setUp(self.parameters)
        before = time.process_time()
        self.dynamics.do(self.parameters)
        seconds = time.process_time() - before
        self.dynamics.tearDown()
        return seconds, self.model.infected


class EoN(Engine):
    """fast_simple_contagion, driven by a queue of events; the whole call, of which setting up is 3 % in 200 steps."""

    package = "EoN"
    continuous = True

    def load(self, indptr, indices, rates):
        import EoN
        import networkx

        self.contagion, self.graph = EoN.fast_simple_contagion, networkx_of(indptr, indices)
        self.own, self.induced = networkx.DiGraph(), networkx.DiGraph()
        self.own.add_node("S")
        for source, target, name in (("I", "R", "gamma"), ("R", "S", "xi"), ("I", "X", "delta"), ("S", "I", "epsilon")):
            if rates[name] > 0:
                self.own.add_edge(source, target, rate=rates[name])
        self.induced.add_edge(("I", "S"), ("I", "I"), rate=rates["beta"])

    def one(self, start, steps, seed):
        states, rng = dict.fromkeys(self.graph, "S") | dict.fromkeys(start, "I"), np.random.default_rng(seed)
        before = time.process_time()
        times, infected = self.contagion(self.graph, self.own, self.induced, states, ("I",), tmax=steps, rng=rng)
        return time.process_time() - before, at_whole_times(times, infected, steps)


class fastgemf(Engine):
    """Its own loop with the times in an array, the faster of its two structures here; no route of it is compiled."""

    package = "fastgemf"
    continuous = True

    def load(self, indptr, indices, rates):
        import fastgemf
        from fastgemf.error import StopLoopException
        from scipy.sparse import csr_matrix

        self.gemf, self.over, self.n = fastgemf, StopLoopException, len(indptr) - 1
        own = [
            move
            for move in (("I", "R", "gamma"), ("R", "S", "xi"), ("I", "X", "delta"), ("S", "I", "epsilon"))
            if rates[move[2]] > 0
        ]
        schema = fastgemf.ModelSchema("SIRS").define_compartment(["S", "I", "R", "X"]).add_network_layer("contacts")
        for source, target, name in own:
            schema = schema.add_node_transition(name=name, from_state=source, to_state=target, rate=name)
        schema = schema.add_edge_interaction(
            name="infection", from_state="S", to_state="I", inducer="I", network_layer="contacts", rate="beta"
        )
        adjacency = csr_matrix((np.ones(len(indices)), indices, indptr))
        values = {name: rates[name] for name in ("beta", *(move[2] for move in own))}
        self.model = fastgemf.ModelConfiguration(schema).add_parameter(**values).get_networks(contacts=adjacency)

    def one(self, start, steps, seed):
        np.random.seed(seed)
        states = np.zeros(self.n, int)
        states[start] = 1
        simulation = self.gemf.Simulation(
            self.model, time_structure_option="Array", initial_condition={"exact": states}, stop_condition={"time": steps}
        )
        before = time.process_time()
        try:
            while not simulation.stop_condition():
                simulation.forward()
        except self.over:
            pass
        seconds = time.process_time() - before
        events = simulation.setup.event_data
        change = np.equal(events.states_k_plus_1, 1).astype(int) - np.equal(events.states_k, 1)
        return seconds, at_whole_times([0.0, *events.min_times], len(start) + np.append(0, np.cumsum(change)), steps)


ENGINES = {
    kind.__name__.replace("_", "-"): kind
    for kind in (scfast, sweep, sweep_xoshiro, active, together, twin, graph_tool, ndlib, epydemic, EoN, fastgemf)
}


def simulate(engine, n_nodes, order):
    """Seconds and infected nodes, (replicates, steps + 1), of an order to run."""
    replicates, steps, seed, initial = (order[name] for name in ("replicates", "steps", "seed", "initial"))
    if isinstance(engine, scfast):
        return engine.simulate(replicates, steps, seed, initial)
    rng = np.random.default_rng([seed, 1])
    starts = [
        initial if isinstance(initial, list) else rng.choice(n_nodes, initial, replace=False).tolist() for _ in range(replicates)
    ]
    return engine.run(starts, steps, seed)


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries talk; the answers' channel stays clean
    engine = ENGINES[sys.argv[1]]()
    n_nodes = shocked = None
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "hello":
            answer = {name: getattr(engine, name) for name in ("features", "continuous", "compiled")} | {
                "version": engine.version()
            }
        elif order["do"] == "load":
            graph = np.load(order["graph"])
            engine.load(graph["indptr"], graph["indices"], order["rates"])
            n_nodes, shocked = len(graph["indptr"]) - 1, order["rates"]["epsilon"] > 0
            answer = {}
        else:
            seconds, infected = simulate(engine, n_nodes, order)
            over = (infected == 0) & (not shocked)
            live = np.where(over.any(axis=1), over.argmax(axis=1), order["steps"]).sum()
            if order["record"]:
                np.save(order["record"], infected[:, :: order["stride"]].astype(np.int32))
            answer = {"seconds": seconds, "live": int(live), "last": infected[:, -1].astype(int).tolist()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
