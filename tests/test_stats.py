"""Statistics: exact merging, quantiles, variance components and intervals. Bias and coverage: see proof/statistics.py."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scfast as sf
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


@given(st.lists(st.lists(st.integers(1, 3 * stats.MOST + 2), max_size=4), min_size=1, max_size=4))
def test_counts_that_exceed_sixteen_bits_come_in_pieces(counts: list[list[int]]) -> None:
    """Added up again they are what they were; the pieces are as few as can be, and always cut alike."""
    length = np.array([len(row) for row in counts], np.int32)
    value = np.concatenate([np.arange(len(row)) * 7 for row in counts]).astype(np.int32)
    count = np.array([times for row in counts for times in row], np.int32)
    got = stats.narrow(length, value, count)
    assert [array.dtype for array in got] == [np.int32, np.uint16, np.uint16]
    assert got[0].tolist() == [sum(-(-times // stats.MOST) for times in row) for row in counts]
    first = np.cumsum(got[0]) - got[0]
    for array, expected in zip(stats.pool(got[0][None], first[None], got[1], got[2]), (length, value, count), strict=True):
        assert array.tolist() == expected.tolist()


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


@pytest.mark.parametrize(
    ("n", "low", "high", "every"), [(1000, 1_000_000, 1_000_001, 2), (10_000, 0, 2_000_000, 2), (10_000, 0, 1_000_000, 4)]
)
def test_large_counts_neither_cancel_nor_overflow(n: int, low: int, high: int, every: int) -> None:
    """Some counts `low`, some `high`: where squares add up to 10^15 and the variance is 1/4, and where 64 bits are too few.

    In the last case they hold the square of the sum, not what is taken from it.
    """
    values = np.full((2, n), low, np.int64)
    values[:, ::every] = high
    got = stats.components(np.full(2, n), values.sum(axis=1), (values**2).sum(axis=1))
    assert float(got.within) == pytest.approx((high - low) ** 2 * (every - 1) / every**2 * n / (n - 1), rel=1e-12)


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


def test_one_replicate_of_something_that_happens_or_not() -> None:
    """t has no degrees of freedom left, Wilson's interval of 1 of 1 goes from 1 / (1 + z^2) = 0.2065 on (z = 1.95996)."""
    once = np.array([1])
    part = replace(stats.components(once, once, once), bounds=(0.0, 1.0), binary=True)
    assert [float(limit) for limit in part.interval()] == pytest.approx((0.206549, 1.0), abs=2e-6)


def test_bad_level() -> None:
    part = stats.components(np.array([2, 2]), np.array([1, 2]), np.array([1, 2]))
    with pytest.raises(ValueError, match=r"^level = 1.5: must be between 0 and 1, both excluded$"):
        part.interval(1.5)


SPLIT = """
[network]
n_nodes = 40
[sweep]
"dynamics.gamma" = [0.1, 0.4]
[run]
networks = 3
replicates = 1100
steps = 9
seed = 8
record = ["types", "trajectories"]
"""


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder of two cells of three networks, each in three tasks of one block."""
    folder = tmp_path_factory.mktemp("split")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scfast.simulating.TASK_BYTES", 1)
        for part in (2, 0, 1):
            sf.run(sf.Config.from_text(SPLIT), folder, n_jobs=1, shard=(part, 3))
    assert len(list((folder / "shards").glob("*.h5"))) == 18
    return folder


@pytest.fixture(scope="module", params=["shards", "merged"])
def split(request: pytest.FixtureRequest, shards: Path, tmp_path_factory: pytest.TempPathFactory) -> sf.Result:
    """The results, from the shards or from the file that they were merged into."""
    if request.param == "merged":
        return sf.load(shards)
    folder = shutil.copytree(shards, tmp_path_factory.mktemp("copy") / "r")
    (folder / "results.h5").unlink()
    return sf.load(folder)


def test_merged_sums_and_histograms_are_those_of_all_raw_replicates(split: sf.Result) -> None:
    raw = split.counts.astype(np.int64).reshape(6, 1100, 10, 4)
    np.testing.assert_array_equal(split.tables["rows/n_replicates"], np.full(6, 1100))
    np.testing.assert_array_equal(split.tables["trajectory/sum"], raw.sum(axis=1))
    np.testing.assert_array_equal(split.tables["trajectory/sum_of_squares"], (raw**2).sum(axis=1))
    columns = raw.transpose(0, 2, 3, 1).reshape(-1, 1100)
    pairs = [np.unique(column, return_counts=True) for column in columns]
    np.testing.assert_array_equal(split.tables["histogram/length"].ravel(), [len(value) for value, _ in pairs])
    np.testing.assert_array_equal(split.tables["histogram/value"], np.concatenate([value for value, _ in pairs]))
    np.testing.assert_array_equal(split.tables["histogram/count"], np.concatenate([count for _, count in pairs]))
    config = sf.Config.from_text(SPLIT).cells[0]
    alone = sf.simulate(split.network(0, 0), config.dynamics, 9, 1100, 8, initial=config.initial, by_type=True)
    np.testing.assert_array_equal(split.counts[0, 0], alone.counts)
    types = alone.type_counts.astype(np.int64)
    np.testing.assert_array_equal(split.tables["type_trajectory/sum"][0], types.sum(axis=0))
    np.testing.assert_array_equal(split.tables["type_trajectory/sum_of_squares"][0], (types**2).sum(axis=0))


def test_merged_statistics_are_those_of_all_raw_replicates(split: sf.Result) -> None:
    """To 1e-12 where two ways of adding up floats may differ in rounding; quantiles are equal."""
    raw = split.counts.astype(float)
    means, within = raw.mean(axis=2), raw.var(axis=2, ddof=1).mean(axis=1)
    sem = means.std(axis=1, ddof=1) / np.sqrt(3)
    raw_between = means.var(axis=1, ddof=1) - within / 1100
    between = np.maximum(raw_between, 0)
    got = {"mean": split.mean, "sem": split.sem, **split.variance}
    expected = {"mean": means.mean(axis=1), "sem": sem, "between": between, "within": within, "total": between + within}
    for name, values in expected.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-12, atol=1e-12, err_msg=name)
    sure = np.abs(raw_between) > 1e-12
    np.testing.assert_array_equal(got["negative"][sure], (raw_between < 0)[sure])
    half = 4.302652729749464 * sem  # t of 2 degrees of freedom, 97.5 %, from tables
    low, high = split.interval(0.95)
    np.testing.assert_allclose(low, np.maximum(means.mean(axis=1) - half, 0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(high, means.mean(axis=1) + half, rtol=1e-12, atol=1e-12)
    pooled = split.counts.reshape(2, 3300, 10, 4)
    for q in (0.0, 0.05, 0.5, 0.9, 1.0):
        np.testing.assert_array_equal(split.quantile(q), np.quantile(pooled, q, axis=1, method="inverted_cdf"))


def test_merged_outcomes_are_those_of_all_raw_replicates(split: sf.Result) -> None:
    infected = split.counts[..., 1].astype(float)
    died = (infected == 0).any(axis=3)
    outcomes = {
        "risk load": infected.sum(axis=3) / 40,
        "eliminated": split.counts[..., -1, 3] / 40,
        "peak": infected.max(axis=3) / 40,
        "peak step": infected.argmax(axis=3).astype(float),
        "extinct": died.astype(float),
        "extinction step": np.where(died, (infected == 0).argmax(axis=3), 9).astype(float),
    }
    table = split.summary().set_index(["cell", "outcome"])
    for name, values in outcomes.items():
        for cell in range(2):
            part, found = split.outcome(name, cell)
            means, within = values[cell].mean(axis=1), values[cell].var(axis=1, ddof=1).mean()
            np.testing.assert_array_equal(found, np.sort(values[cell], axis=None))
            got = [part.mean, part.sem, part.within, part.between]
            between = max(means.var(ddof=1) - within / 1100, 0.0)
            expected = [means.mean(), means.std(ddof=1) / np.sqrt(3), within, between]
            np.testing.assert_allclose(np.array(got, float), expected, rtol=1e-12, atol=1e-12, err_msg=name)
            row = table.loc[(cell, name)]
            numbers, spreads = row[["mean", "sd_between", "sd_within"]].astype(float), [means.mean(), between**0.5, within**0.5]
            np.testing.assert_allclose(numbers, spreads, rtol=1e-12, atol=1e-6, err_msg=name)  # the root of 1e-12
            quantiles = np.quantile(values[cell], (0.05, 0.5, 0.95), method="inverted_cdf")
            np.testing.assert_array_equal(row[["q05", "q50", "q95"]].astype(float), quantiles)
