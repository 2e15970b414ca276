"""graph-tool's side of `reference.py`: runs under the Python that has graph_tool, takes orders as JSON lines, answers likewise.

Order ``{"edges": FILE.npy, "n": N, "beta": .., "gamma": .., "xi": .., "epsilon": ..}`` loads a graph; order ``{"infected": [nodes],
"steps": T, "every": 1 or 0, "seed": S}`` runs one replicate: infected nodes per step (or at the end), seconds.
"""

import json
import sys
import time

import graph_tool
import numpy as np
from graph_tool.dynamics import SIRSState

graph = None
rates = {}
for line in sys.stdin:
    order = json.loads(line)
    if "edges" in order:
        graph = graph_tool.Graph(directed=False)
        graph.add_vertex(order["n"])
        graph.add_edge_list(np.load(order["edges"]))
        rates = {"beta": order["beta"], "gamma": order["gamma"], "mu": order["xi"], "r": order["epsilon"]}
        graph_tool.openmp_set_num_threads(1)
        answer = {"version": graph_tool.__version__, "edges": graph.num_edges()}
    else:
        graph_tool.seed_rng(order["seed"])
        start = graph.new_vertex_property("int32_t", 0)
        start.a[order["infected"]] = 1
        state = SIRSState(graph, s=start, constant_beta=True, **rates)
        infected = []
        seconds = 0.0
        for steps in [1] * order["steps"] if order["every"] else [order["steps"]]:
            before = time.perf_counter()
            state.iterate_sync(niter=steps)
            seconds += time.perf_counter() - before
            infected.append(int((state.get_state().a == 1).sum()))
        answer = {"infected": infected, "seconds": seconds}
    print(json.dumps(answer), flush=True)
