"""Where the law is known beyond five nodes: counts on complete graphs, their mean field, final sizes on tree-like networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import networkx as nx
import numpy as np
import reference as ref
from numpy.typing import NDArray
from scipy import stats

import scfast as sf

from .judge import WAYS, Check, Law, from_p, from_z, g_test, root, way

BATCH = 1 << 17
"""Replicates of one call: bounds memory at any scale."""

LARGEST = 10.0  # beyond it minutes would go by, and mean-field terms of 1/n^3 would begin to show


def complete(n: int) -> sf.Network:
    return sf.Network.from_edges(np.column_stack(np.triu_indices(n, 1)), n_nodes=n)


def states_of(counts: ref.Counts) -> NDArray[np.uint8]:
    return np.repeat(np.arange(4, dtype=np.uint8), counts)


def last_counts(
    network: sf.Network, model: sf.SIRS, n_steps: int, n_replicates: int, key: tuple[int, ...], initial: int | NDArray[np.uint8]
) -> Iterator[NDArray[np.int32]]:
    """Counts at the last step, int32 (replicates, 4), batch by batch."""
    for batch, first in enumerate(range(0, n_replicates, BATCH)):
        size = min(BATCH, n_replicates - first)
        yield sf.simulate(network, model, n_steps, size, root(*key, batch), initial=initial).counts[:, -1]


# ---- counts on the complete graph


@dataclass(frozen=True)
class Chain:
    """A complete graph, its rates, and the steps after which the counts are looked at."""

    rates: dict[str, float]
    start: ref.Counts
    steps: tuple[int, ...]
    counted: bool = False  # the start is a number of infected nodes, drawn anew in each replicate


def rates(beta: float, gamma: float, delta: float, xi: float, epsilon: float) -> dict[str, float]:
    return {"beta": beta, "gamma": gamma, "delta": delta, "xi": xi, "epsilon": epsilon}


CHAINS = {
    "2 nodes": Chain(rates(0.4, 0.3, 0.1, 0.25, 0.0), (1, 1, 0, 0), (1, 4), counted=True),
    "2 nodes, shocks, gamma + delta = 1": Chain(rates(0.15, 0.6, 0.4, 0.5, 0.05), (1, 0, 1, 0), (2, 5)),
    "7 nodes": Chain(rates(0.12, 0.25, 0.04, 0.3, 0.0), (5, 2, 0, 0), (1, 6), counted=True),
    "7 nodes, mixed start, shocks": Chain(rates(0.08, 0.3, 0.1, 0.2, 0.06), (3, 2, 1, 1), (2, 5)),
    "7 nodes, xi = 0, gamma + delta = 1": Chain(rates(0.3, 0.9, 0.1, 0.0, 0.0), (6, 1, 0, 0), (1, 5), counted=True),
    "12 nodes, shocks, xi = 0": Chain(rates(0.05, 0.35, 0.05, 0.0, 0.02), (9, 3, 0, 0), (2, 4), counted=True),
    "12 nodes, mixed start": Chain(rates(0.07, 0.2, 0.08, 0.4, 0.0), (2, 8, 1, 1), (1, 4)),
    "20 nodes, mixed start, shocks": Chain(rates(0.06, 0.25, 0.05, 0.15, 0.01), (7, 10, 3, 0), (1, 2)),
    "40 nodes, one step": Chain(rates(0.035, 0.15, 0.05, 0.3, 0.03), (10, 25, 4, 1), (1,)),
}


def chain_law(n: int, law: dict[ref.Counts, float]) -> NDArray[np.float64]:
    """Probabilities by the code of S, I and R in base n + 1."""
    out = np.zeros((n + 1, n + 1, n + 1))
    for counts, p in law.items():
        out[counts[:3]] += p
    return out.ravel()


def check_chain(case: Chain, scale: float, seed: int) -> Iterator[Check]:
    """The counts in each way of running, each number of steps with its own seed, against the chain's law."""
    n = sum(case.start)
    network, model = complete(n), sf.SIRS(**case.rates)
    n_replicates = max(1000, round(200_000 * scale))
    code = np.array([(n + 1) ** 2, n + 1, 1])
    laws = {t: chain_law(n, ref.complete_graph_counts(case.start, t, **case.rates)) for t in case.steps}
    for number, name in enumerate(WAYS):
        for t, law in laws.items():
            observed = np.zeros(len(law), np.int64)
            with way(name):
                initial = case.start[1] if case.counted else states_of(case.start)
                for counts in last_counts(network, model, t, n_replicates, (seed, number, t), initial):
                    observed += np.bincount(counts[:, :3] @ code, minlength=len(law))
            yield from_p(f"{name}, {t} steps", n_replicates, g_test(observed, law))


# ---- mean field

SIZES = (100, 200, 400, 800)
FIELDS = {
    "endemic": (rates(1.5, 0.25, 0.05, 0.15, 0.0), (0.7, 0.2, 0.1, 0.0), 8),
    "shocks": (rates(0.8, 0.3, 0.1, 0.2, 0.05), (0.6, 0.1, 0.2, 0.1), 6),
    "delta = 0": (rates(2.0, 0.4, 0.0, 0.1, 0.0), (0.8, 0.2, 0.0, 0.0), 5),
}
"""Rates with b in the place of beta, shares at the start (whole numbers of nodes at every size), steps."""


def moments(batches: Iterator[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and covariances of what is averaged: deviations (first four columns) and their squares (last four)."""
    total, products, count = np.zeros(8), np.zeros((8, 8)), 0
    for deviation in batches:
        both = np.hstack((deviation, deviation**2))
        total += both.sum(axis=0)
        products += both.T @ both
        count += len(both)
    mean = total / count
    return mean, (products / count - np.outer(mean, mean)) / count


def first_term(values: NDArray[np.float64], errors: NDArray[np.float64], terms: int) -> tuple[float, float]:
    """Limit of `values` as n grows, by a fit of so many powers of 1/n weighted by their errors, and its error."""
    design = (1.0 / np.array(SIZES))[:, None] ** np.arange(terms) / errors[:, None]
    inverse = np.linalg.inv(design.T @ design)
    return float((inverse @ design.T @ (values / errors))[0]), float(np.sqrt(inverse[0, 0]))


def check_field(name: str, scale: float, seed: int) -> Iterator[Check]:
    """Shares at one step on complete graphs of four sizes against the map.

    Means: their deviation is a + c/n + d/n^2, where a must be 0, and, that given, c what the map's curvature makes it. Single
    runs: n times their variance is v + w/n + ..., where v must be what the draws of each step add up to: they deviate as
    1/sqrt(n). What is left out, at most 30/n^3 in means and 300/n^3 in n times variances by runs on 10 to 80 nodes, stays below
    half of an error at every scale.
    """
    given, start, n_steps = FIELDS[name]
    others = {key: value for key, value in given.items() if key != "beta"}
    node_runs = max(1_600_000, round(40_000_000 * scale))  # as many at each size: it costs about the same
    limit = ref.mean_field(start, b=given["beta"], n_steps=n_steps, **others)[-1]
    shift, covariance = ref.mean_field_corrections(start, b=given["beta"], n_steps=n_steps, **others)
    found = []
    for n in SIZES:
        initial = states_of(tuple(round(n * share) for share in start))
        model = sf.SIRS(beta=given["beta"] / n, **others)
        runs = last_counts(complete(n), model, n_steps, node_runs // n, (seed, n), initial)
        found.append(moments(counts / n - limit for counts in runs))
    mean = np.array([each for each, _ in found])
    error = np.sqrt([np.diag(each) for _, each in found])
    size = np.array(SIZES)
    for state, letter in enumerate("SIRX"):
        if covariance[state, state] == 0.0:
            continue  # nothing ever comes there
        a, a_error = first_term(mean[:, state], error[:, state], 3)
        yield from_z(f"{letter}, mean: a = 0", node_runs, a / a_error, f"a = {a:.1e} +- {a_error:.1e}")
        c, c_error = first_term(size * mean[:, state], size * error[:, state], 2)
        note = f"c = {c:.3f} +- {c_error:.3f}, {abs(c / c_error):.0f} errors from 0; to be {shift[state]:.3f}"
        yield from_z(f"{letter}, mean: c", node_runs, (c - shift[state]) / c_error, note)
        # about the limit, not the mean: the difference is a square of c/n, in the term of 1/n
        v, v_error = first_term(size * mean[:, 4 + state], size * error[:, 4 + state], 3)
        note = f"sd sqrt(n) = {np.sqrt(v):.4f} +- {v_error / 2 / np.sqrt(v):.4f}; to be {np.sqrt(covariance[state, state]):.4f}"
        yield from_z(f"{letter}, single runs: n variance", node_runs, (v - covariance[state, state]) / v_error, note)


# ---- final sizes of SIR on locally tree-like networks

BETA, GAMMA = 0.25, 0.25
SMALL, LARGE = 2500, 10_000
LANES = 256
STEPS = 150
"""The last of 50,000 outbreaks at each size ended after 109 steps."""
CUT = 0.1
"""Share ever infected that separates major from minor outbreaks: of 50,000 at each size, no minor one passed 0.01 and no major
one stayed below 0.7."""


def regular(n: int, rng: np.random.Generator) -> sf.Network:
    """All degrees 4."""
    return sf.Network.from_edges(np.array(nx.random_regular_graph(4, n, seed=int(rng.integers(2**31))).edges()), n_nodes=n)


def poisson(n: int, rng: np.random.Generator) -> sf.Network:
    """Erdos-Renyi of mean degree 4."""
    return sf.Network.from_edges(rng.integers(n, size=(2 * n, 2)), n_nodes=n, clean=True)


def mixed(n: int, rng: np.random.Generator) -> sf.Network:
    """Ends of edges paired at random: half of the nodes of degree 2, some of 1, 5 and 12."""
    degree = rng.choice([1, 2, 5, 12], size=n, p=[0.1, 0.5, 0.3, 0.1])
    degree[0] += degree.sum() % 2
    return sf.Network.from_edges(rng.permutation(np.repeat(np.arange(n), degree)).reshape(-1, 2), n_nodes=n, clean=True)


def excess(make: Callable[[int, np.random.Generator], sf.Network], n: int, key: tuple[int, ...]) -> float:
    """Mean final size given a major outbreak less what generating functions say, on one network."""
    network = make(n, np.random.default_rng(key))
    run = sf.simulate(network, sf.SIRS(beta=BETA, gamma=GAMMA, delta=0.0, xi=0.0), STEPS, LANES, root(*key), initial=1)
    major = run.attack_rate > CUT
    return float(run.attack_rate[major].mean()) - ref.final_size(network.degree, beta=BETA, gamma=GAMMA)


def check_size(make: Callable[[int, np.random.Generator], sf.Network], pairs: int, scale: float, seed: int) -> Iterator[Check]:
    """Pairs of networks of two sizes, each pair extrapolated to 1/n = 0: their mean is 0, by t over independent pairs.

    The initial case, short cycles and edges left out where they were double all shift the mean by a constant over n.
    """
    n_pairs = max(8, round(pairs * scale))
    gaps = np.array([[excess(make, n, (seed, pair, n)) for n in (SMALL, LARGE)] for pair in range(n_pairs)])
    limit = (LARGE * gaps[:, 1] - SMALL * gaps[:, 0]) / (LARGE - SMALL)
    error = limit.std(ddof=1) / np.sqrt(n_pairs)
    t = limit.mean() / error
    p = 2 * stats.t.sf(abs(t), n_pairs - 1)
    z = float(np.sign(t) * stats.norm.isf(p / 2))
    at_large = f"{gaps[:, 1].mean():.1e} at n = {LARGE}"
    yield Check(
        "size given a major outbreak", n_pairs * LANES, float(p), z, f"off by {limit.mean():.1e} +- {error:.1e}; {at_large}"
    )


LAWS = [
    *(Law(f"complete graph: {name}", partial(check_chain, case), largest=LARGEST) for name, case in CHAINS.items()),
    *(Law(f"mean field: {name}", partial(check_field, name), largest=LARGEST) for name in FIELDS),
    Law("final size: 4-regular", partial(check_size, regular, 12), largest=LARGEST),
    Law("final size: Erdos-Renyi", partial(check_size, poisson, 24), largest=LARGEST),
    Law("final size: mixed degrees", partial(check_size, mixed, 24), largest=LARGEST),
]
