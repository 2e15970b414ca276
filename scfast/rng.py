"""Randomness: named streams from one root seed, and the generator that runs inside kernels.

Every stream is ``SeedSequence(root, spawn_key=(purpose, ...))``: a pure function of what it is for, so that a run gives the same
bits with any number of workers, in any order, on any backend. The generator is xoshiro256++ (Blackman and Vigna 2021, L), once for
growth and initial states, and once per machine word, side by side, for the lanes.
"""

from enum import IntEnum
from typing import Any

import numpy as np

from scfast.jit import inline
from scfast.words import rotate_left, shift_left


class Purpose(IntEnum):
    """What a stream is for: the first part of its spawn key."""

    GROWTH = 0
    INITIAL = 1
    DYNAMICS = 2
    SHOCK = 3
    PROTECTION = 4
    PILOT = 5
    TOPOLOGY = 7


def stream(root: int, purpose: Purpose, *key: int) -> np.random.SeedSequence:
    """The seed sequence of one purpose and key.

    Parameters
    ----------
    root : int
        Root seed, >= 0.
    purpose : Purpose
    *key : int
        Growth: (network, 0 for types and fitness, 1 for partners). Initial states: (network, word). Dynamics: (network, cell,
        block), and with a 1 after it for the lanes where few nodes are infected. Shocks: (network, event, 0) for the group that is
        hit, (network, event, 1, block) for when, (network, event, 2, block) for whom. Protection: (network, word). Pilots:
        (network), a root seed of their own. Topology: (network), a root seed for sampled sources, control edges and bootstraps.
        6 belongs to score draws, which ``strategies`` makes without this module.

    Examples
    --------
    >>> from scfast.rng import Purpose, stream
    >>> stream(7, Purpose.GROWTH, 3).spawn_key
    (0, 3)
    """
    return np.random.SeedSequence(root, spawn_key=(int(purpose), *key))


def scalar_state(sequence: np.random.SeedSequence) -> np.ndarray:
    """State of one generator, uint64 (4,)."""
    return sequence.generate_state(4, np.uint64)


def word_state(sequence: np.random.SeedSequence, n: int) -> np.ndarray:
    """State of `n` independent generators side by side, uint64 (4, n): column w drives the lanes of machine word w."""
    return np.ascontiguousarray(sequence.generate_state(4 * n, np.uint64).reshape(n, 4).T)


@inline
def xoshiro(s0: Any, s1: Any, s2: Any, s3: Any) -> Any:
    """One step of xoshiro256++ on scalars or words: (output, s0, s1, s2, s3)."""
    out = rotate_left(s0 + s3, 23) + s0
    t = shift_left(s1, 17)
    s2 = s2 ^ s0
    s3 = s3 ^ s1
    s1 = s1 ^ s2
    s0 = s0 ^ s3
    s2 = s2 ^ t
    s3 = rotate_left(s3, 45)
    return out, s0, s1, s2, s3


@inline
def next_u64(state: np.ndarray) -> Any:
    """Next 64 random bits; `state` (uint64, (4,)) moves on."""
    out, s0, s1, s2, s3 = xoshiro(state[0], state[1], state[2], state[3])
    state[0] = s0
    state[1] = s1
    state[2] = s2
    state[3] = s3
    return out


@inline
def unit(state: np.ndarray) -> Any:
    """Uniform float64 in [0, 1) on the grid of 2**-53."""
    return np.float64(next_u64(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inline
def below_from(s0: Any, s1: Any, s2: Any, s3: Any, n: Any) -> Any:
    """Uniform integer in 0..n-1, without bias, for 1 <= n <= 2**32 (Lemire 2019, L), and the state after it."""
    bound = np.uint64(n)
    word, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
    product = (word >> np.uint64(32)) * bound
    if (product & np.uint64(0xFFFFFFFF)) < bound:
        threshold = (np.uint64(4294967296) - bound) % bound
        while (product & np.uint64(0xFFFFFFFF)) < threshold:
            word, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
            product = (word >> np.uint64(32)) * bound
    return np.int64(product >> np.uint64(32)), s0, s1, s2, s3


@inline
def below(state: np.ndarray, n: Any) -> Any:
    """The same with the state in an array, uint64 (4,), that moves on."""
    x, s0, s1, s2, s3 = below_from(state[0], state[1], state[2], state[3], n)
    state[0] = s0
    state[1] = s1
    state[2] = s2
    state[3] = s3
    return x
