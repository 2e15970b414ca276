"""The workloads' answers by other means: float probabilities, SciPy's matrix product and NumPy's generator.

    python benchmarks/independent.py        # some minutes; rewrites expected.json

Shares no code with the dynamics of scfast. Three numbers of each workload: shares of nodes infected and eliminated at the last
step, and the risk load; mean and standard deviation over replicates.
"""

import json
from pathlib import Path

import numpy as np
import scipy.sparse
from workloads import WORKLOADS, Workload

EXPECTED = Path(__file__).with_name("expected.json")
OUTCOMES = ("infected", "eliminated", "risk load")
TOGETHER = 64


def per_node(rate: object, workload: Workload) -> np.ndarray:
    """A rate as a column with one number per node."""
    network = workload.network()
    if isinstance(rate, dict):
        rate = np.array([rate[name] for name in network.type_names])[network.types]
    return np.broadcast_to(np.asarray(rate, np.float64), network.n_nodes)[:, None]


def simulate(workload: Workload, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """Outcomes of so many replicates, (replicates, 3)."""
    network, model = workload.network(), workload.model
    n = network.n_nodes
    links = scipy.sparse.csr_array((np.ones(len(network.indices), np.float32), network.indices, network.indptr), shape=(n, n))
    escape, gamma, delta, xi = (
        1 - per_node(model.beta, workload),
        *(per_node(getattr(model, k), workload) for k in ("gamma", "delta", "xi")),
    )
    count = workload.initial if isinstance(workload.initial, int) else round(workload.initial * n)
    state = np.zeros((n, replicates), np.int8)  # S, I, R, X
    for column in state.T:
        column[rng.choice(n, count, replace=False)] = 1
    load = (state == 1).mean(axis=0)
    for _ in range(workload.n_steps):
        infected = state == 1
        safe = escape ** (links @ infected.astype(np.float32))
        u = rng.random((n, replicates))
        following = state.copy()
        following[(state == 0) & (u >= safe)] = 1
        following[infected & (u < gamma)] = 2
        following[infected & (u >= gamma) & (u < gamma + delta)] = 3
        following[(state == 2) & (u < xi)] = 0
        state = following
        load += (state == 1).mean(axis=0)
    return np.column_stack(((state == 1).mean(axis=0), (state == 3).mean(axis=0), load))


def main() -> None:
    """Compute all and write them down."""
    answers = {}
    for name, workload in WORKLOADS.items():
        n = workload.network().n_nodes
        rng = np.random.default_rng(9)
        lots = {100: 64, 100_000: 6, 1_000_000: 1}.get(n, 8)
        outcomes = np.concatenate([simulate(workload, TOGETHER, rng) for _ in range(lots)])
        answers[name] = {
            "network": workload.network().digest(),
            "replicates": len(outcomes),
            "mean": outcomes.mean(axis=0).tolist(),
            "sd": outcomes.std(axis=0, ddof=1).tolist(),
        }
        print(name, dict(zip(OUTCOMES, outcomes.mean(axis=0).round(6).tolist(), strict=True)), flush=True)
    EXPECTED.write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main()
