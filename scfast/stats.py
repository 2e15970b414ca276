"""Ensemble statistics in whole numbers that merge exactly, and what is derived from them.

Stored are sums, sums of squares and sparse histograms, all integers, so that merging parts in any order gives exactly what all raw
replicates give. Means, variance components, intervals and quantiles are derived when read.
"""

from dataclasses import dataclass

import numpy as np

from scfast.jit import kernel

EXACT_BINS = 65_536
"""Histograms are exact up to this many nodes less one; above, bins are the least power of two wide that gives no more bins."""

MOST = 65_535
"""The largest number in 16 bits."""


def bin_shift(n_nodes: int) -> int:
    """Counts 0..n_nodes are binned by ``count >> shift``: 0 (exact) up to 65,535 nodes.

    >>> bin_shift(65_535), bin_shift(65_536), bin_shift(10**6)
    (0, 1, 4)
    """
    return max(0, int(n_nodes).bit_length() - 16)


@kernel
def _tally(values: np.ndarray, shift: int, scratch: np.ndarray, length: np.ndarray, value: np.ndarray, count: np.ndarray) -> int:
    """Sparse histogram of each row of `values`, int32 (rows, replicates); `scratch` is zeros and is left so; returns pairs used."""
    used = 0
    for row in range(values.shape[0]):
        low, high = scratch.shape[0], -1
        for q in range(values.shape[1]):
            v = values[row, q] >> shift
            scratch[v] += 1
            low = min(low, v)
            high = max(high, v)
        first = used
        for v in range(low, high + 1):
            if scratch[v] > 0:
                value[used] = v
                count[used] = scratch[v]
                used += 1
                scratch[v] = 0
        length[row] = used - first
    return used


def tally(values: np.ndarray, shift: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sparse histograms of many rows at once.

    Parameters
    ----------
    values : int32 (rows, replicates)
        Counts, >= 0.
    shift : int
        Bin width is ``2**shift``.

    Returns
    -------
    length : int32 (rows,)
        Pairs of each row.
    value, count : int32 (pairs,)
        Bins in rising order within a row, and how many replicates fell in each.

    Examples
    --------
    >>> [a.tolist() for a in tally(np.array([[3, 1, 3], [2, 2, 2]], np.int32), 0)]
    [[2, 1], [1, 3, 2], [1, 2, 3]]
    """
    values = np.ascontiguousarray(values, np.int32)
    bins = (int(values.max(initial=0)) >> shift) + 1
    length = np.empty(len(values), np.int32)
    value = np.empty(len(values) * min(bins, values.shape[1]), np.int32)
    count = np.empty_like(value)
    used = _tally(values, shift, np.zeros(bins, np.int32), length, value, count)
    return length, value[:used].copy(), count[:used].copy()


def narrow(length: np.ndarray, value: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sparse histograms in 16 bits, in which they are stored: a bin with more than 65,535 in it comes several times.

    Parameters
    ----------
    length, value, count
        As :func:`tally` gives them, with bins up to 65,535.

    Returns
    -------
    length : int32
        Its shape is kept.
    value, count : uint16 (pairs,)

    Examples
    --------
    >>> [a.tolist() for a in narrow(np.array([1, 1]), np.array([4, 2]), np.array([65_536, 9]))]
    [[2, 1], [4, 4, 2], [65535, 1, 9]]
    """
    if count.max(initial=0) > MOST:
        times = -(-count // MOST)
        ends = np.cumsum(times)
        before = np.concatenate(([0], ends))[np.concatenate(([0], np.cumsum(length)))]
        last = count - MOST * (times - 1)
        value, count = value.repeat(times), np.full(ends[-1], MOST)
        count[ends - 1] = last
        length = np.diff(before).reshape(length.shape)
    return length.astype(np.int32, copy=False), value.astype(np.uint16), count.astype(np.uint16)


@kernel
def _pool(
    first: np.ndarray,
    length: np.ndarray,
    value: np.ndarray,
    count: np.ndarray,
    scratch: np.ndarray,
    out: np.ndarray,
    pairs: np.ndarray,
) -> int:
    """Add up the sparse histograms of the parts: cell k of part p is ``value[first[p, k]:][:length[p, k]]``; returns pairs used."""
    used = 0
    for k in range(first.shape[1]):
        low, high = scratch.shape[0], -1
        for p in range(first.shape[0]):
            start = first[p, k]
            for q in range(start, start + length[p, k]):
                v = value[q]
                scratch[v] += count[q]
                low = min(low, v)
                high = max(high, v)
        before = used
        for v in range(low, high + 1):
            if scratch[v] > 0:
                pairs[used, 0] = v
                pairs[used, 1] = scratch[v]
                used += 1
                scratch[v] = 0
        out[k] = used - before
    return used


def pool(lengths: np.ndarray, first: np.ndarray, value: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merge sparse histograms of several parts, cell by cell.

    Parameters
    ----------
    lengths, first : int (parts, cells)
        Pairs of each part's cell, and where they begin in `value` and `count`.
    value, count : int (pairs,)

    Returns
    -------
    length : int32 (cells,)
    value, count : int32 (pairs,)
    """
    spans = [slice(start.min(), (start + size).max()) for start, size in zip(first, lengths, strict=True) if size.any()]
    bins = max((int(value[span].max()) for span in spans), default=0) + 1
    pairs = np.empty((int(lengths.sum()), 2), np.int64)
    out = np.empty(lengths.shape[1], np.int32)
    used = _pool(
        np.ascontiguousarray(first, np.int64),
        np.ascontiguousarray(lengths, np.int64),
        np.ascontiguousarray(value),
        np.ascontiguousarray(count),
        np.zeros(bins, np.int64),
        out,
        pairs,
    )
    return out, pairs[:used, 0].astype(np.int32), pairs[:used, 1].astype(np.int32)


def histogram_quantiles(length: np.ndarray, value: np.ndarray, count: np.ndarray, shift: int, q: float) -> np.ndarray:
    """The q-quantile of each cell by the inverted distribution function, float64 (cells,); the lower edge of its bin where binned.

    Examples
    --------
    >>> histogram_quantiles(np.array([2]), np.array([1, 3]), np.array([1, 2]), 0, 0.5)
    array([3.])
    """
    ends = np.cumsum(length)
    if len(ends) == 0 or len(value) == 0:
        return np.full(len(length), np.nan)
    below = np.concatenate(([0], np.cumsum(count)))
    totals = below[ends] - below[ends - length]
    # a hair less than q n, so that 0.9 * 10 asks for the ninth value, not the tenth
    rank = np.maximum(np.ceil(q * totals * (1 - 1e-15)), 1).astype(np.int64)
    at = np.searchsorted(below[1:], below[ends - length] + rank, side="left")
    return value[at].astype(np.float64) * 2**shift


@dataclass(frozen=True)
class Components:
    """Mean and one-way ANOVA variance components over networks (L); arrays of any equal shape.

    Attributes
    ----------
    mean : ndarray
        Mean of the network means.
    between, within, total : ndarray
        Variance between networks, within networks (replicates), and their sum; NaN where it cannot be estimated.
    negative : ndarray of bool
        Where the estimate of `between` was negative and is reported as 0.
    sem : ndarray
        Standard error of the mean: from the spread of the network means, or with one network of its replicates.
    n_networks, n_replicates : int
        Networks, and replicates on all of them.
    bounds : (float, float)
        What values are possible: confidence limits are cut there.
    binary : bool
        Whether every value is 0 or 1: then the interval is at least Wilson's over all replicates, so that "never" is not "0 .. 0".
    """

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray
    total: np.ndarray
    negative: np.ndarray
    sem: np.ndarray
    n_networks: int
    n_replicates: int
    bounds: tuple[float, float] = (-np.inf, np.inf)
    binary: bool = False

    @property
    def conditional(self) -> bool:
        """Whether errors are conditional on one network."""
        return self.n_networks < 2

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Confidence limits of the mean: t with G - 1 degrees of freedom, G networks; with one, over its replicates.

        Raises
        ------
        ValueError
            `level` not in (0, 1).
        """
        from scipy.special import ndtri, stdtrit

        if not 0 < level < 1:
            raise ValueError(f"level = {level!r}: must be between 0 and 1, both excluded")
        freedom = (self.n_replicates if self.conditional else self.n_networks) - 1
        half = self.sem * (stdtrit(freedom, 0.5 + level / 2) if freedom > 0 else np.nan)
        low, high = self.mean - half, self.mean + half
        if self.binary:
            z2 = float(ndtri(0.5 + level / 2)) ** 2 / self.n_replicates
            centre = (self.mean + z2 / 2) / (1 + z2)
            reach = np.sqrt(np.maximum(z2 * (self.mean * (1 - self.mean) + z2 / 4), 0)) / (1 + z2)
            low, high = np.fmin(low, centre - reach), np.fmax(high, centre + reach)
        return np.maximum(low, self.bounds[0]), np.minimum(high, self.bounds[1])


def components(n: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> Components:
    """Variance components from each network's sums (MODEL.md section 2, "Over replicates").

    Parameters
    ----------
    n : int (G,)
        Replicates on each network, >= 1.
    sums, squares : (G, ...)
        Sums and sums of squares over a network's replicates: integers, or float64.

    Examples
    --------
    >>> c = components(np.array([2, 2]), np.array([2, 6]), np.array([4, 20]))  # replicates (0, 2) and (2, 4)
    >>> float(c.mean), float(c.within), float(c.between), float(c.total)
    (2.0, 2.0, 1.0, 3.0)
    """
    groups = len(n)
    shape = (groups,) + (1,) * (sums.ndim - 1)
    size = n.reshape(shape).astype(np.float64)
    means = sums / size
    mean = means.mean(axis=0)
    # each network's squares about its own mean, in whole numbers as long as they fit, so that nothing cancels
    scatter = _scatter(n.reshape(shape), sums, squares) / size
    freedom = float(n.sum() - groups)
    nan = np.full(mean.shape, np.nan)
    within = scatter.sum(axis=0) / freedom if freedom > 0 else nan
    if groups < 2:
        return Components(mean, nan, within, within, np.zeros(mean.shape, bool), np.sqrt(within / n.sum()), groups, int(n.sum()))
    sem = means.std(axis=0, ddof=1) / np.sqrt(groups)
    grand = sums.sum(axis=0) / n.sum()
    mean_square = (size * (means - grand) ** 2).sum(axis=0) / (groups - 1)
    typical = (n.sum() - (n.astype(np.float64) ** 2).sum() / n.sum()) / (groups - 1)
    raw = (mean_square - within) / typical
    between = np.maximum(raw, 0.0)
    return Components(mean, between, within, between + within, raw < 0, sem, groups, int(n.sum()))


def _scatter(n: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """n * squares - sums**2, exactly where whole numbers of 64 bits hold it."""
    if sums.dtype.kind in "iu":
        largest = max(float(np.max(n)) * float(squares.max(initial=0)), float(np.abs(sums).max(initial=0)) ** 2)
        if largest < 2.0**63:
            return (n * squares - sums * sums).astype(np.float64)
        wide = n.astype(object) * squares.astype(object) - sums.astype(object) ** 2
        return wide.astype(np.float64)
    return np.maximum(n * squares - sums * sums, 0.0)
