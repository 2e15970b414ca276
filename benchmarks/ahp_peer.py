"""AHP weights and consistency beside those of the package ahpy (which must be installed; without it a line says so).

    python benchmarks/ahp_peer.py

200 random matrices on the 1-9 scale, n = 3..9, by the eigenvector method, where ahpy rounds to 4 decimals by default and to 10 as
asked for here. It divides by random indices of its own (Saaty 2005), so its CR is turned back into CI. Exits with 1 if any
weight or CI differs by more than ahpy's own stopping rule and rounding allow.
"""

import importlib
import sys
import time

import numpy as np

from scfast import ahp
from scfast.judgments import SCALE

COUNT = 200
DIGITS = 10
ALLOWED = 2 * 10.0**-DIGITS
"""ahpy squares until two vectors agree after rounding, and then rounds."""

PEER_INDEX = {3: 0.52, 4: 0.89, 5: 1.11, 6: 1.25, 7: 1.35, 8: 1.40, 9: 1.45}


def matrix(random: np.random.Generator) -> np.ndarray:
    """Judgments of random weights with random errors, on the scale: consistent ones and others."""
    n = int(random.integers(3, 10))
    made = np.ones((n, n))
    logs = random.normal(0, random.uniform(0.2, 1.2), n)
    for i, j in zip(*np.triu_indices(n, 1), strict=True):
        wanted = logs[i] - logs[j] + random.normal(0, 0.4)
        made[i, j] = SCALE[np.abs(np.log(SCALE) - wanted).argmin()]
        made[j, i] = 1 / made[i, j]
    return made


def main() -> None:
    """Compare, print the largest differences and both times."""
    try:
        peer = importlib.import_module("ahpy")
    except ImportError:
        print("ahpy is not installed: nothing compared")
        return
    random = np.random.default_rng(1)
    weight = index = scfast_seconds = ahpy_seconds = 0.0
    consistent = 0
    for _ in range(COUNT):
        given = matrix(random)
        n = len(given)
        start = time.perf_counter()
        ours = ahp.weights(given, "eigenvector", allow_inconsistent=True)
        middle = time.perf_counter()
        pairs = {(str(i), str(j)): given[i, j] for i in range(n) for j in range(i + 1, n)}
        theirs = peer.Compare("all", pairs, precision=DIGITS, random_index="saaty")
        ahpy_seconds += time.perf_counter() - middle
        scfast_seconds += middle - start
        vector = np.array([theirs.local_weights[str(i)] for i in range(n)])
        weight = max(weight, float(np.abs(vector - ours.vector).max()))
        index = max(index, abs(float(theirs.consistency_ratio) * PEER_INDEX[n] - ours.consistency_index))
        consistent += ours.consistent
    print(f"{COUNT} random matrices, {consistent} of them with CR < 0.1")
    print(f"largest difference: weights {weight:.1e}, CI {index:.1e} (allowed: {ALLOWED:.0e})")
    print(f"time for all: scfast {scfast_seconds:.3f} s, ahpy {ahpy_seconds:.3f} s")
    sys.exit(max(weight, index) > ALLOWED)


if __name__ == "__main__":
    main()
