"""Weighted sums of means over networks, with intervals: differences, slopes, differences of slopes.

Network g of every cell of a study is grown from the same seed, so a large network may contain the small one. Sums are therefore
taken network by network, and their mean has a t interval (L). Where cells share no networks, and beside it everywhere, stands
Welch's interval, which takes all networks as independent (L).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Estimate:
    """A weighted sum of means over networks.

    Attributes
    ----------
    value : float
    error, freedom : float
        Standard error and degrees of freedom, network by network where the groups share networks.
    apart_error, apart_freedom : float
        The same as if all networks were independent (Welch-Satterthwaite, L).
    n : int
        Networks: those that all groups share, or the fewest of a group.
    paired : bool
        Whether the groups share networks.
    """

    value: float
    error: float
    freedom: float
    apart_error: float
    apart_freedom: float
    n: int
    paired: bool

    def interval(self, level: float = 0.95, *, apart: bool = False) -> tuple[float, float]:
        """Confidence limits by Student's t; `apart`: as if all networks were independent."""
        from scipy.special import stdtrit

        error, freedom = (self.apart_error, self.apart_freedom) if apart else (self.error, self.freedom)
        half = error * float(stdtrit(freedom, 0.5 + level / 2)) if freedom > 0 else math.nan
        return self.value - half, self.value + half

    def p(self, bound: float) -> float:
        """Two-sided p of the hypothesis that the sum is `bound`."""
        from scipy.special import stdtr

        if not self.freedom > 0:
            return math.nan
        if self.error == 0:
            return float(self.value == bound)
        return 2 * float(stdtr(self.freedom, -abs(self.value - bound) / self.error))


def contrast(groups: Sequence[pd.Series], weights: Sequence[float]) -> Estimate:
    """A weighted sum of the groups' means with its errors.

    Parameters
    ----------
    groups : sequence of pandas.Series
        Values by network: the index says which. NaN is left out.
    weights : sequence of float
        One for each group.

    Returns
    -------
    Estimate
        Paired where all groups have two or more networks in common, from these alone. NaN with too few networks.

    Examples
    --------
    >>> import pandas as pd
    >>> large, small = pd.Series([2.0, 3.0, 4.0]), pd.Series([1.0, 2.5, 2.5])
    >>> told = contrast([large, small], [1, -1])
    >>> told.value, told.paired, [round(x, 3) for x in told.interval()]
    (1.0, True, [-0.242, 2.242])
    """
    import pandas as pd

    table = pd.concat(list(groups), axis=1, keys=range(len(groups)))
    shared = table.dropna().to_numpy(float)
    weight = np.asarray(weights, float)
    sizes = table.count().to_numpy()
    if not len(sizes) or sizes.min() < 2:
        value = float((table.mean().to_numpy() * weight).sum()) if len(sizes) else math.nan
        return Estimate(value, math.nan, 0.0, math.nan, 0.0, int(min(sizes, default=0)), False)
    paired = len(shared) > 1
    columns = list(shared.T) if paired else [table[k].dropna().to_numpy(float) for k in table]
    parts = np.array([w**2 * column.var(ddof=1) / len(column) for w, column in zip(weight, columns, strict=True)])
    total, spread = parts.sum(), sum(part**2 / (len(column) - 1) for part, column in zip(parts, columns, strict=True))
    fewest = min(map(len, columns))
    apart = math.sqrt(total), float(total**2 / spread) if spread > 0 else fewest - 1.0
    if not paired:
        value = float(sum(w * column.mean() for w, column in zip(weight, columns, strict=True)))
        return Estimate(value, *apart, *apart, fewest, False)
    each = shared @ weight
    return Estimate(float(each.mean()), float(each.std(ddof=1)) / math.sqrt(len(each)), len(each) - 1.0, *apart, len(each), True)


def slope_weights(sizes: Sequence[int]) -> np.ndarray:
    """Weights of the means at these sizes that give the least-squares slope per doubling of N, float64 (sizes,).

    >>> slope_weights([500, 1000, 2000]).tolist()
    [-0.5, 0.0, 0.5]
    """
    x = np.log2(np.asarray(sizes, float))
    x -= x.mean()
    weights: np.ndarray = x / (x @ x)
    return weights
