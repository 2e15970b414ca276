"""Three plain ways to run the model, as one would write them in an afternoon: what `engines.py` sets beside scfast.

Networks are CSR arrays (indptr, indices; int32), states are int8 0..3 = S, I, R, X. `infected` takes the number of infected nodes
at steps 0..T: entry 0 is given, the others are 0 to begin with, and a run ends where nothing can return. The kernels take a
generator as an argument: `draw(state)` gives a number and the next state; the number is compared with thresholds of its kind.
"""

import numpy as np
from numba import njit, uint64
from scipy.sparse import csr_array

S, I, R, X = 0, 1, 2, 3  # noqa: E741


@njit(inline="always")
def _rotate(word, by):
    return (word << uint64(by)) | (word >> uint64(64 - by))


@njit
def xoshiro(state):
    """A uint64 by xoshiro256++; thresholds are probabilities times 2**64."""
    s0, s1, s2, s3 = state
    drawn = _rotate(s0 + s3, 23) + s0
    shifted = s1 << uint64(17)
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    return drawn, (s0, s1, s2 ^ shifted, _rotate(s3, 45))


@njit
def mersenne(state):
    """Numba's own generator, a float64 in [0, 1); thresholds are probabilities. Its state is Numba's: see `seed_mersenne`."""
    return np.random.random(), state


@njit
def seed_mersenne(seed):
    np.random.seed(seed)


def thresholds(draw, rates, largest_degree):
    """What is compared with draws: infection by 0..largest_degree infected neighbours; beta, epsilon, gamma, gamma + delta, xi."""
    beta, epsilon, gamma, delta, xi = (rates[name] for name in ("beta", "epsilon", "gamma", "delta", "xi"))
    infection = 1 - (1 - epsilon) * (1 - beta) ** np.arange(largest_degree + 1)
    others = (beta, epsilon, gamma, gamma + delta, xi)
    if draw is mersenne:
        return infection, others
    exact = [[np.uint64(min(round(float(p) * 2**64), 2**64 - 1)) for p in part] for part in (infection, others)]
    return np.array(exact[0]), tuple(exact[1])


@njit
def sweep(indptr, indices, now, following, infection, others, draw, state, infected):
    """Visit every node in every step, count its infected neighbours, draw once where it can change."""
    _, epsilon, recovery, leaving, waning = others
    for step in range(1, len(infected)):
        count = infected[step - 1]
        if count == 0 and epsilon == 0:
            break
        for node in range(len(now)):
            own = now[node]
            if own == S:
                k = 0
                for edge in range(indptr[node], indptr[node + 1]):
                    k += now[indices[edge]] == I
                if infection[k] > 0:
                    u, state = draw(state)
                    if u < infection[k]:
                        own = I
                        count += 1
            elif own == I:
                u, state = draw(state)
                if u < leaving:
                    own = R if u < recovery else X
                    count -= 1
            elif own == R:
                u, state = draw(state)
                if u < waning:
                    own = S
            following[node] = own
        infected[step] = count
        now, following = following, now


@njit
def active(indptr, indices, states, sick, immune, others, draw, state, infected):
    """Follow lists of the infected and the immune nodes alone: push from the infected, one draw per neighbour.

    Drawing before looking whether the neighbour is susceptible is faster by half: most draws fail, and no state is then read.

    `sick` and `immune` have room for all nodes; the first infected[0] of `sick` are infected to begin with, nobody is immune. An
    infected node is written down as such at once: the lists, not the states, say who pushes, and only the susceptible are reached.
    """
    contact, epsilon, recovery, leaving, waning = others
    n_sick, n_immune = infected[0], 0
    for step in range(1, len(infected)):
        if n_sick == 0 and epsilon == 0:
            break
        pushing, fading, kept = n_sick, n_immune, 0
        for place in range(pushing):
            node = sick[place]
            for edge in range(indptr[node], indptr[node + 1]):
                u, state = draw(state)
                if u < contact:
                    other = indices[edge]
                    if states[other] == S:
                        states[other] = I
                        sick[n_sick] = other
                        n_sick += 1
            u, state = draw(state)
            if u >= leaving:
                sick[kept] = node
                kept += 1
            elif u < recovery:
                states[node] = R
                immune[n_immune] = node
                n_immune += 1
            else:
                states[node] = X
        if epsilon > 0:
            for node in range(len(states)):
                if states[node] == S:
                    u, state = draw(state)
                    if u < epsilon:
                        states[node] = I
                        sick[n_sick] = node
                        n_sick += 1
        for place in range(pushing, n_sick):
            sick[kept] = sick[place]
            kept += 1
        n_sick, kept = kept, 0
        for place in range(fading):
            node = immune[place]
            u, state = draw(state)
            if u < waning:
                states[node] = S
            else:
                immune[kept] = node
                kept += 1
        for place in range(fading, n_immune):
            immune[kept] = immune[place]
            kept += 1
        n_immune = kept
        infected[step] = n_sick


def matrix(indptr, indices, beta):
    """Adjacency matrix for `together`, holding log(1 - beta): float32, with which the product is fastest."""
    with np.errstate(divide="ignore"):
        return csr_array((np.full(len(indices), np.log1p(-beta), np.float32), indices, indptr))


def together(contacts, infectious, rates, rng, infected):
    """All replicates at once: `infectious` is bool (n, replicates), `infected` (T + 1, replicates); one sparse product a step."""
    _, epsilon, gamma, delta, xi = (np.float32(rates[name]) for name in ("beta", "epsilon", "gamma", "delta", "xi"))
    susceptible, immune = ~infectious, np.zeros_like(infectious)
    heads, everybody = infectious.astype(np.float32), np.ones(len(infectious), np.float32)
    draws = np.empty(infectious.shape, np.float32)
    for step in range(1, len(infected)):
        if epsilon == 0 and not infected[step - 1].any():
            break
        escape = np.exp(contacts @ heads)
        if epsilon > 0:
            escape *= 1 - epsilon
        rng.random(out=draws, dtype=np.float32)
        caught = (draws >= escape) & susceptible
        left = (draws >= 1 - (gamma + delta)) & infectious
        back = (draws >= 1 - xi) & immune
        infectious ^= caught | left
        susceptible ^= caught | back
        if delta > 0:
            left &= draws >= 1 - gamma
        immune ^= left | back
        heads = infectious.astype(np.float32)
        infected[step] = everybody @ heads
