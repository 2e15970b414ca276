"""Statistics: exact merging, quantiles, variance components and the coverage of intervals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scfast import stats


@given(
    st.lists(st.lists(st.integers(0, 300), min_size=5, max_size=5), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_histograms_hold_every_value(rows: list[list[int]], shift: int) -> None:
    values = np.array(rows, np.int32)
    length, value, count = stats.tally(values, shift)
    ends = np.cumsum(length)
    for k, row in enumerate(values >> shift):
        bins, times = np.unique(row, return_counts=True)
        assert value[ends[k] - length[k] : ends[k]].tolist() == bins.tolist()
        assert count[ends[k] - length[k] : ends[k]].tolist() == times.tolist()


@given(st.data(), st.sampled_from([0.0, 0.05, 0.1, 0.25, 0.5, 0.9, 0.95, 1.0]))
def test_pooled_quantiles_are_those_of_all_raw_values(data: st.DataObject, q: float) -> None:
    """Whatever parts the replicates come in, the quantile is NumPy's inverted_cdf of all of them together, exactly."""
    parts = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))
    raw = [np.array(data.draw(st.lists(st.integers(0, 40), min_size=n * 3, max_size=n * 3)), np.int32).reshape(3, n) for n in parts]
    tallies = [stats.tally(values, 0) for values in raw]
    lengths = np.stack([length for length, _, _ in tallies]).astype(np.int64)
    value = np.concatenate([part[1] for part in tallies])
    count = np.concatenate([part[2] for part in tallies])
    first = (np.cumsum(lengths.ravel()) - lengths.ravel()).reshape(lengths.shape)
    together = np.concatenate(raw, axis=1)
    expected = np.quantile(together, q, axis=1, method="inverted_cdf")
    assert stats.histogram_quantiles(*stats.pool(lengths, first, value, count), 0, q).tolist() == expected.tolist()


def test_quantiles_at_exact_ranks() -> None:
    """0.9 x 10 is a whole rank: rounding must not push it to the next value."""
    for n in (10, 20, 100, 1000, 4096):
        values = np.arange(n, dtype=np.int32)[None]
        for q in (0.05, 0.1, 0.3, 0.7, 0.9, 0.95):
            got = stats.histogram_quantiles(*stats.tally(values, 0), 0, q)[0]
            assert abs(got - (round(q * n, 9) // 1 + (round(q * n, 9) % 1 > 0) - 1)) == 0


def test_bins_above_the_exact_limit() -> None:
    assert stats.bin_shift(stats.EXACT_BINS - 1) == 0
    shift = stats.bin_shift(1_000_000)
    assert 1_000_000 >> shift < stats.EXACT_BINS
    values = np.array([[1_000_000, 0, 500_000]], np.int32)
    middle = stats.histogram_quantiles(*stats.tally(values, shift), shift, 0.5)[0]
    assert abs(middle - 500_000) < 2**shift


def nested(rng: np.random.Generator, networks: int, replicates: int, between: float, within: float) -> np.ndarray:
    return rng.normal(0, between, (networks, 1)) + rng.normal(0, within, (networks, replicates))


def test_components_equal_textbook_anova() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 1000, (5, 7, 3))
    sums, squares = values.sum(axis=1), (values**2).sum(axis=1)
    got = stats.components(np.full(5, 7), sums, squares)
    means = values.mean(axis=1)
    within = values.var(axis=1, ddof=1).mean(axis=0)
    between = means.var(axis=0, ddof=1) - within / 7
    np.testing.assert_allclose(got.mean, means.mean(axis=0), rtol=1e-12)  # rounding alone
    np.testing.assert_allclose(got.within, within, rtol=1e-12)
    np.testing.assert_allclose(got.between, np.maximum(between, 0), rtol=1e-9, atol=1e-9)
    assert got.negative.tolist() == (between < 0).tolist()


def test_large_counts_do_not_cancel() -> None:
    """Counts near 10^6 that differ by one: sums of squares near 10^15 a replicate, and the variance is 1/4 all the same."""
    values = np.full((2, 1000), 1_000_000, np.int64)
    values[:, ::2] += 1
    got = stats.components(np.full(2, 1000), values.sum(axis=1), (values**2).sum(axis=1))
    assert float(got.within) == pytest.approx(0.25 * 1000 / 999, rel=1e-12)


def test_components_are_unbiased() -> None:
    """Means of 4,000 estimates against the truth, within 4.5 of their own standard errors (two-sided 7e-6 each)."""
    rng = np.random.default_rng(2)
    raw = []
    for _ in range(4000):
        values = nested(rng, 6, 8, 1.0, 2.0)
        part = stats.components(np.full(6, 8), values.sum(axis=1), (values**2).sum(axis=1))
        raw.append((float(part.within), float(values.mean(axis=1).var(ddof=1)) - float(part.within) / 8))
    within, between = np.array(raw).T
    assert abs(within.mean() - 4.0) < 4.5 * within.std() / np.sqrt(4000)
    assert abs(between.mean() - 1.0) < 4.5 * between.std() / np.sqrt(4000)


@pytest.mark.parametrize("networks", [4, 16])
def test_intervals_over_networks_cover(networks: int) -> None:
    """95 % nominal; 3,000 experiments have a standard error of 0.4 %, so 1.8 % is 4.5 of them. Naive errors cover far less."""
    rng = np.random.default_rng(3 + networks)
    covered = naive = 0
    for _ in range(3000):
        values = nested(rng, networks, 32, 1.0, 2.0)
        low, high = stats.components(np.full(networks, 32), values.sum(axis=1), (values**2).sum(axis=1)).interval()
        covered += low < 0 < high
        naive += abs(values.mean()) < 1.96 * values.std() / np.sqrt(values.size)
    assert abs(covered / 3000 - 0.95) < 0.018
    assert naive / 3000 < 0.8


def test_one_network_is_conditional() -> None:
    values = np.array([[3, 5, 4, 8]])
    got = stats.components(np.array([4]), values.sum(axis=1), (values**2).sum(axis=1))
    assert got.conditional
    assert float(got.sem) == pytest.approx(values.std(ddof=1) / 2)
    low, high = got.interval(0.9)
    assert high - got.mean == pytest.approx(2.3533634348 * float(got.sem))  # t of 3 degrees of freedom, from tables
    assert got.mean - low == pytest.approx(float(high - got.mean))
    assert np.isnan(got.between)


def test_never_is_not_a_certainty() -> None:
    """0 of 400 runs: Wilson's 95 % interval is 0 .. z^2 / (n + z^2) = 0.00951 (z = 1.95996); and 400 of 400 mirrors it."""
    for value, limits in ((0, (0.0, 0.009512)), (1, (0.990488, 1.0))):
        sums = np.full(4, 100 * value)
        part = replace(stats.components(np.full(4, 100), sums, sums), bounds=(0.0, 1.0), binary=True)
        assert [float(limit) for limit in part.interval()] == pytest.approx(limits, abs=2e-6)


def test_bad_level() -> None:
    part = stats.components(np.array([2, 2]), np.array([1, 2]), np.array([1, 2]))
    with pytest.raises(ValueError, match=r"^level = 1.5: must be between 0 and 1, both excluded$"):
        part.interval(1.5)
