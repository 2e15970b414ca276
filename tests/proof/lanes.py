"""Draws of any two lanes, words, blocks, steps and nodes have nothing to do with each other.

Nodes whose only neighbours are two that stay infected for ever change their states with known probabilities. What a draw adds to
its expectation, divided by its standard deviation, is a *residual*: mean 0 and variance 1, uncorrelated with all residuals of other
lanes and nodes, and of earlier steps.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator

import numpy as np
import reference as ref
from numpy.typing import NDArray
from scipy import stats

import scfast as sf

from .judge import WAYS, Check, Law, from_p, from_z, holm, root, way

S, I, R, X = ref.S, ref.I, ref.R, ref.X  # noqa: E741

RATES = {"beta": 0.2, "gamma": 0.3, "delta": 0.02, "xi": 0.45, "epsilon": 0.15}
N_SOURCES = 2
N_NODES, N_STEPS = 24, 6
N_LANES = 20_037  # the last block is filled in part, and so is its last word
STEP_LAGS = range(4)
LANE_LAGS = (0, 1, 2, 3, 8, 32, 63, 64, 65, 128, 256, 448, 511, 512, 513, 1024, 1536)


def scores() -> NDArray[np.float64]:
    """[state, next state] to the residual: of mean 0 and variance 1 given the state, and different for each way out."""
    caught = 1 - (1 - RATES["epsilon"]) * (1 - RATES["beta"]) ** N_SOURCES
    stay = 1 - RATES["gamma"] - RATES["delta"]
    ways = {
        S: {S: 1 - caught, I: caught},
        I: {I: stay, R: RATES["gamma"], X: RATES["delta"]},
        R: {R: 1 - RATES["xi"], S: RATES["xi"]},
    }
    score = np.zeros((4, 4))  # the eliminated draw nothing
    for state, shares in ways.items():
        raw = dict(zip(shares, range(len(shares)), strict=True))
        mean = sum(raw[after] * p for after, p in shares.items())
        spread = np.sqrt(sum((raw[after] - mean) ** 2 * p for after, p in shares.items()))
        for after in shares:
            score[state, after] = (raw[after] - mean) / spread
    return score


def residuals(name: str, n_lanes: int, seed: int, n_nodes: int = N_NODES, n_steps: int = N_STEPS) -> NDArray[np.float32]:
    """(steps, nodes, lanes): of each draw; node p starts in state p % 3.

    A longer run goes on as the shorter one did, so that runs of all lengths show the states at each step.
    """
    nodes = np.arange(n_nodes)
    net = sf.Network.from_edges(np.column_stack((np.tile(nodes, N_SOURCES), n_nodes + np.repeat(np.arange(N_SOURCES), n_nodes))))
    leaving = {key: np.where(np.arange(n_nodes + N_SOURCES) < n_nodes, RATES[key], 0.0) for key in ("gamma", "delta")}
    model = sf.SIRS(**RATES | leaving)
    start = np.append(nodes % 3, [I] * N_SOURCES)
    with way(name):
        runs = [sf.simulate(net, model, t, n_lanes, seed, initial=start, keep_final=True) for t in range(n_steps + 1)]
    states = [run.final[:, :n_nodes].T for run in runs if run.final is not None]
    assert (states[0] == start[:n_nodes, None]).all()
    score = scores().astype(np.float32)
    return np.array([score[before, after] for before, after in itertools.pairwise(states)])


def lagged(name: str, scale: float, seed: int) -> Iterator[Check]:
    """Products of residuals at all lags of step, node and lane together, each summed over everything."""
    e = residuals(name, max(4096, int(scale * N_LANES)), root(seed, WAYS.index(name), 0))
    squares = e**2
    for lane in LANE_LAGS:
        z = []
        for step, node, ahead in itertools.product(STEP_LAGS, range(-7, 8), (True, False)):
            if (step == 0 or lane == 0) and (not ahead or ((step, lane) == (0, 0) and node <= 0)):
                continue  # itself, or pairs that come the other way round
            here, there = np.s_[: e.shape[2] - lane], np.s_[lane:]
            early = np.s_[: N_STEPS - step, max(node, 0) : N_NODES + min(node, 0), here if ahead else there]
            late = np.s_[step:, max(-node, 0) : N_NODES + min(-node, 0), there if ahead else here]
            product = np.einsum("snl,snl->", e[early], e[late])
            z.append(float(product) / np.sqrt(float(np.einsum("snl,snl->", squares[early], squares[late]))))
        p = holm(2 * stats.norm.sf(np.abs(z)))
        yield from_p(f"{len(z)} lags of steps and nodes, lanes {lane} apart", e.size, p, f"max |z| {np.abs(z).max():.2f}")
    for step in (0, 1):
        a, b = (np.moveaxis(part, 1, 0).reshape(N_NODES, -1) for part in (e[: N_STEPS - step], e[step:]))
        pairs = (a @ b.T) / np.sqrt((a**2) @ (b**2).T)
        each = pairs[np.triu_indices(N_NODES, 1)] if step == 0 else pairs.ravel()
        p = holm(2 * stats.norm.sf(np.abs(each)))
        yield from_p(f"{each.size} pairs of nodes, steps {step} apart", e.size, p, f"max |z| {np.abs(each).max():.2f}")


def places(name: str, scale: float, seed: int) -> Iterator[Check]:
    """Each of the 512 places of a lane in a block has the same marginals, and no two of them go together."""
    roots = [root(seed, WAYS.index(name), 1, batch) for batch in range(max(1, int(scale)))]
    e = np.concatenate([residuals(name, 512 * 64, each) for each in roots], axis=2)
    e = e.reshape(N_STEPS * N_NODES, -1, 512).transpose(2, 0, 1).reshape(512, -1)
    squares = (e.astype(np.float64) ** 2).sum(axis=1)
    z = e.sum(axis=1, dtype=np.float64) / np.sqrt(squares)
    n = int(squares.sum())
    yield from_p("marginals of 512 places", n, holm(2 * stats.norm.sf(np.abs(z))), f"max |z| {np.abs(z).max():.2f}")
    yield from_p("marginals of 512 places, together", n, float(stats.chi2.sf((z**2).sum(), 512)))
    sides = 2 * ((np.arange(512)[:, None] >> np.arange(9)) & 1) - 1
    halves = (sides.T @ z) / np.sqrt(512)
    yield from_p(
        "marginals of halves by bits of the place",
        n,
        holm(2 * stats.norm.sf(np.abs(halves))),
        f"max |z| {np.abs(halves).max():.2f}",
    )
    pairs = (e @ e.T)[np.triu_indices(512, 1)] / np.sqrt((squares[:, None] * squares)[np.triu_indices(512, 1)] / e.shape[1])
    yield from_p(f"{pairs.size} pairs of places", n, holm(2 * stats.norm.sf(np.abs(pairs))), f"max |z| {np.abs(pairs).max():.2f}")
    # squares of uncorrelated z's: mean 1, and their own spread
    yield from_z("pairs of places, together", n, (float((pairs**2).mean()) - 1) / (float((pairs**2).std()) / np.sqrt(pairs.size)))


def partly_filled(name: str, scale: float, seed: int) -> Iterator[Check]:
    """Blocks and words filled in part: two steps of the last lane, the first, and all of them, by the state at the start."""
    for n_lanes in (1, 2, 63, 64, 65, 100, 127, 129, 511, 513, 600):
        sums = np.zeros((3, 3, 3))  # of lanes, from a state: residuals, their squares, how many
        for r in range(max(4, int(scale * 8))):
            e = residuals(name, n_lanes, root(seed, WAYS.index(name), 2, n_lanes, r), 3000, 2).astype(np.float64)
            for k, part in enumerate((e, e[..., :1], e[..., -1:])):
                for state in (S, I, R):
                    each = part[:, state::3]
                    sums[k, state] += each.sum(), (each**2).sum(), each.size
        for k, label in enumerate(("all", "first", "last")):
            for state in (S, I, R):
                total, squares, n = sums[k, state]
                yield from_z(f"{label} of {n_lanes} from {'SIR'[state]}", int(n), total / np.sqrt(squares))


LAWS = [
    Law(f"lanes: {label}, {name}", functools.partial(run, name), largest=10.0)
    for label, run in (("pairs at lags", lagged), ("places in a block", places), ("partly filled", partly_filled))
    for name in WAYS
]
