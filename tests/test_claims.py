"""Claims are decided by their intervals, and the intervals are right."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from scfast import claims, contrasts, pages

BASE, BESIDE = claims.BASE, claims.BESIDE
SIZES = (500, 1000, 2000, 5000)


def study(
    n_networks: int = 20, sizes: tuple[int, ...] = SIZES, seed: int = 1, noise: float = 0.01, **means: object
) -> pd.DataFrame:
    """Networks whose measures have given means, {column: f(model, n)}, and normal noise that sizes share in part."""
    rng = np.random.default_rng(seed)
    rows = []
    shared = rng.normal(size=(n_networks, len(means)))
    for model, n in itertools.product((BASE, BESIDE), sizes):
        own = rng.normal(size=(n_networks, len(means)))
        for g in range(n_networks):
            row: dict[str, object] = {"network": g, "series": "size", "model": model, "n_nodes": n, "n_edges": 3 * n + g}
            for k, (name, mean) in enumerate(means.items()):
                row[name] = mean(model, n) + noise * (shared[g, k] + own[g, k]) / 2**0.5  # type: ignore[operator]
            rows.append(row)
    return pd.DataFrame(rows)


def told(found: list[claims.Claim], key: str, measure: str = "", sizes: int = 2) -> claims.Claim:
    """The one claim of a key that is about at least so many sizes."""
    mine = [one for one in found if one.key == key and one.measure.startswith(measure) and len(one.sizes) >= sizes]
    assert len(mine) == 1
    return mine[0]


# ---- intervals


def test_intervals_are_those_of_the_textbook_tests() -> None:
    rng = np.random.default_rng(3)
    a, b = pd.Series(rng.normal(2, 1, 14)), pd.Series(rng.normal(1, 3, 14))
    found = contrasts.contrast([a, b], [1, -1])
    paired = scipy_stats.ttest_rel(a, b)
    welch = scipy_stats.ttest_ind(a, b, equal_var=False)
    for level in (0.9, 0.99):
        assert found.interval(level) == pytest.approx(tuple(paired.confidence_interval(level)), rel=1e-12)
        assert found.interval(level, apart=True) == pytest.approx(tuple(welch.confidence_interval(level)), rel=1e-12)
    assert found.paired and found.n == 14 and found.p(0) == pytest.approx(paired.pvalue, rel=1e-10)
    other = contrasts.contrast([a, b.set_axis(range(50, 64))], [1, -1])
    assert not other.paired and other.interval() == pytest.approx(found.interval(apart=True), rel=1e-12)
    assert other.p(0) == pytest.approx(welch.pvalue, rel=1e-10)


def test_networks_that_are_not_shared_are_left_out_and_too_few_say_nothing() -> None:
    a, b = pd.Series([1.0, 2.0, 4.0, np.nan, 9.0]), pd.Series([0.5, 1.0, 2.0, 7.0], index=[0, 1, 2, 3])
    found = contrasts.contrast([a, b], [1, -1])
    assert found.n == 3 and found.value == pytest.approx(np.mean([0.5, 1, 2]))
    for few in (a.iloc[:1], a.iloc[:0]):
        alone = contrasts.contrast([few], [1.0])
        assert np.isnan(alone.interval()).all() and math.isnan(alone.p(0))
    same = contrasts.contrast([a, a], [1, -1])
    assert same.interval() == (0.0, 0.0) and same.p(0) == 1.0 and same.p(1) == 0.0


def test_networks_of_other_seeds_are_strangers() -> None:
    """Two studies below one another, with networks 0 to 9 of seed 2 and 0 to 4 of seed 1: all are used, none is paired."""
    rng = np.random.default_rng(3)
    rows = [
        {"seed": seed, "network": g, "model": claims.BASE, "n_nodes": n, "exponent": value}
        for seed, n, networks in ((2, 500, 10), (1, 5_000, 5))
        for g, value in enumerate(rng.normal(2.5, 0.1, networks))
    ]
    frame = pd.DataFrame(rows)
    (found,) = claims.claims(frame)
    means = frame.groupby("n_nodes")["exponent"].mean()
    assert not found.paired and found.n == 5 and found.estimate == pytest.approx(means[5_000] - means[500])
    (found,) = claims.claims(frame.assign(seed=1))
    assert found.paired and found.n == 5 and found.estimate != pytest.approx(means[5_000] - means[500])


def test_other_series_are_looked_at_before_that_of_sizes_has_their_sizes() -> None:
    """As in a study of which a part is finished: each setting has its verdict, and none is taken for the study's own."""
    rng = np.random.default_rng(5)
    places = [("size", 1_000, math.nan), ("size", 2_000, math.nan), ("worlds", 500, 5.0), ("worlds", 5_000, 5.0)]
    rows = [
        {"series": series, "network.local_world": world, "network": g, "model": claims.BASE, "n_nodes": n, "n_edges": 3 * n,
         "exponent": rng.normal(2 + n / 10_000, 0.01)}
        for series, n, world in places
        for g in range(5)
    ]  # fmt: skip
    (found,) = claims.assumptions(pd.DataFrame(rows)).itertuples()
    assert (found.series, found.setting, found.default, found.verdict) == ("worlds", "local_world = 5", False, "holds")


def test_slopes_are_least_squares_on_the_logarithm() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(9, 4))
    groups = [pd.Series(column) for column in values.T]
    found = contrasts.contrast(groups, contrasts.slope_weights(SIZES))
    each = [np.polyfit(np.log2(SIZES), row, 1)[0] for row in values]
    assert found.value == pytest.approx(np.mean(each), rel=1e-10)
    assert found.error == pytest.approx(np.std(each, ddof=1) / 3, rel=1e-10)


def test_intervals_cover_the_truth_also_where_large_networks_contain_small_ones() -> None:
    rng = np.random.default_rng(5)
    inside, apart = 0, 0
    for _ in range(800):
        shared = rng.normal(size=8)
        groups = [pd.Series(n + shared + rng.normal(size=8) * 0.5) for n in range(3)]
        found = contrasts.contrast(groups, [-0.5, 0.0, 0.5])
        low, high = found.interval()
        inside += low <= 1.0 <= high
        low, high = found.interval(apart=True)
        apart += low <= 1.0 <= high
    # binomial, 800 draws at 0.95: standard deviation 6.2, four of them
    assert abs(inside - 760) < 25
    assert apart > 790  # what networks share cancels, so that Welch is too careful here


# ---- verdicts


@pytest.mark.parametrize(
    ("low", "high", "above", "below", "expected"),
    [
        (0.1, 0.2, 0, math.inf, "holds"),
        (-0.1, 0.2, 0, math.inf, "not decided"),
        (-0.2, -0.1, 0, math.inf, "fails"),
        (-0.2, -0.1, -math.inf, 0, "holds"),
        (-0.04, 0.03, -0.05, 0.05, "holds"),
        (-0.06, 0.03, -0.05, 0.05, "not decided"),
        (0.06, 0.09, -0.05, 0.05, "fails"),
        (-0.2, 0.2, -0.05, 0.05, "not decided"),
        (math.nan, math.nan, 0, math.inf, "not defined"),
        (0.0, 0.0, 0, math.inf, "fails"),
    ],
)
def test_verdicts(low: float, high: float, above: float, below: float, expected: str) -> None:
    assert claims.verdict(low, high, above, below) == expected


def test_each_claim_finds_what_is_true_and_what_is_not() -> None:
    def path(model: str, n: int) -> float:
        return (1.0 if model == BASE else 1.1) + 0.3 * math.log2(n)

    def effect(model: str, n: int) -> float:
        return 0.3 if model == BASE else math.nan

    up = lambda model, n: 2.5 + 0.02 * math.log2(n) + 0.3 * (model == BESIDE)  # noqa: E731
    down = lambda model, n: 3.0 - 0.02 * math.log2(n) - 0.3 * (model == BESIDE)  # noqa: E731
    table = study(
        exponent=up, ks_exponent=down, path_length=path, mean_degree=lambda model, n: 5.0,
        crossing_effect=effect, control_effect=lambda model, n: 0.1 if model == BASE else math.nan,
        **{"mean_degree.a": lambda model, n: 3.0, "mean_degree.b": lambda model, n: 4.0 + (n == 500)})  # fmt: skip
    found = claims.claims(table)
    assert told(found, "exponent.rises", "exponent").verdict == told(found, "exponent.slope", "exponent").verdict == "holds"
    assert told(found, "exponent.rises", "ks_").verdict == told(found, "exponent.slope", "ks_").verdict == "fails"
    assert told(found, "exponent.below", "exponent").verdict == "holds" and told(found, "exponent.below", "ks_").verdict == "fails"
    slope = told(found, "exponent.slope", "exponent")
    assert slope.estimate == pytest.approx(0.02, abs=4 * 0.01 / 20**0.5) and slope.sizes == SIZES and slope.unit == "per doubling"
    assert {one.estimator for one in found if one.key == "exponent.rises"} == {
        "maximum likelihood (k ≥ 4)",
        "maximum likelihood (cut-off by KS)",
    }
    for key in ("path.rises", "path.ba_rises", "path.like", "path.below", "crossing.shortens", "crossing.small", "degree.settles"):
        assert told(found, key).verdict == "holds", key
    # 0.2 edges longer than the control is less than 5 % of a path of some 4 edges
    assert told(found, "crossing.small").below == pytest.approx(0.05 * np.mean([path(BASE, n) for n in SIZES]), rel=0.01)
    assert {one.verdict for one in found if one.key == "degree.equal"} == {"holds"}
    order = [(one.measure, one.sizes) for one in found if one.key == "degree.order"]
    assert order == [("b above a", (500,)), ("b above a", (5000,))]
    assert [one.sizes for one in found if one.key == "path.below"] == [SIZES, (500,), (1000,), (2000,), (5000,)]


def test_no_difference_is_not_decided_and_slopes_apart_fail() -> None:
    table = study(
        n_networks=30, noise=0.2, exponent=lambda model, n: 2.6, path_length=lambda model, n: math.log2(n) * (1 + (model == BASE))
    )
    found = claims.claims(table)
    # of six claims that are false by no margin, at 95 %: more than two decided has a probability below 0.003
    undecided = [one.verdict == "not decided" for one in found if one.key.startswith("exponent")]
    assert len(undecided) == 7 and sum(undecided) >= 5
    assert told(found, "path.like").verdict == told(found, "path.below").verdict == "fails"


def test_a_verdict_is_decided_exactly_where_p_says_so() -> None:
    table = study(
        n_networks=6, noise=0.05, exponent=lambda model, n: 2.6 + 0.01 * math.log2(n), path_length=lambda model, n: math.log2(n)
    )
    found = claims.claims(table)
    for one in found:
        assert (one.p < 0.05) == (one.verdict in ("holds", "fails")), one
        at = claims.claims(table, level=1 - one.p)
        same = next(other for other in at if (other.key, other.measure, other.sizes) == (one.key, one.measure, one.sizes))
        bounds = [bound for bound in (one.above, one.below) if math.isfinite(bound)]
        assert min(abs(limit - bound) for limit in (same.low, same.high) for bound in bounds) < 1e-6 * max(1, abs(one.estimate))


def test_what_is_not_there_is_not_defined() -> None:
    table = study(
        exponent=lambda model, n: 2.6,
        crossing_effect=lambda *_: math.nan,
        control_effect=lambda *_: math.nan,
        path_length=lambda *_: 3.0,
    )
    found = claims.claims(table)
    assert {one.verdict for one in found if one.key.startswith("crossing")} == {"not defined"}
    one = claims.claims(table[table["network"] == 0])
    assert one and {claim.verdict for claim in one} == {"not defined"}
    alone = claims.claims(table[table["model"] == BASE])
    assert alone and not [claim for claim in alone if "below" in claim.key or "ba_" in claim.key]
    assert claims.claims(table[table["n_nodes"] > 10_000]) == []
    assert pages.notes([]) == []


def test_what_is_wrong_is_refused_in_one_line() -> None:
    table = study(exponent=lambda model, n: 2.6)
    with pytest.raises(ValueError, match=r"^level = 1: must be between 0 and 1, both excluded$"):
        claims.claims(table, level=1)
    with pytest.raises(ValueError, match=r"^networks: must have the column 'model'$"):
        claims.claims(table.drop(columns="model"))
    with pytest.raises(
        ValueError,
        match=r"^networks: must have one row for each network; network 0 of dual_local_world with 500 nodes comes twice$",
    ):
        claims.claims(pd.concat([table, table.iloc[:1]]))
    with pytest.raises(ValueError, match=r"^series = 'size': must be one of M$"):
        claims.claims(table.assign(series="M"))
    with pytest.raises(ValueError, match=r"^networks: must have the column 'diameter'$"):
        claims.curve(table, "diameter")


# ---- many claims


def test_holm_keeps_what_is_safe_together() -> None:
    table = study(exponent=lambda model, n: 2.6 + 0.3 * (model == BESIDE), noise=0.1)
    found = claims.claims(table)
    p = np.array([one.p for one in found])
    kept = claims.holm(found)
    order = np.argsort(p)
    steps = p[order] * (len(p) - np.arange(len(p)))
    expected = np.maximum.accumulate(steps)[np.argsort(order)] <= 0.05  # Holm's adjusted p
    assert kept == expected.tolist() and any(kept) and not all(kept)


# ---- assumptions and sizes


def varied() -> pd.DataFrame:
    """A study in which M = 5 turns the exponent's place round, and M = 50 is what the study has."""
    base = study(
        exponent=lambda model, n: 2.6 + 0.1 * (model == BESIDE), path_length=lambda model, n: math.log2(n) + (model == BESIDE)
    )
    two = base[base["n_nodes"].isin((500, 5000))]
    same = two.assign(series="M", **{"network.local_world": 50.0})
    other = study(
        sizes=(500, 5000),
        seed=2,
        exponent=lambda model, n: 2.8 - 0.1 * (model == BESIDE),
        path_length=lambda model, n: math.log2(n),
    )
    shares = two.assign(series="shares").assign(**{"network.shares": [[4, 3, 2, 1]] * len(two)})
    return pd.concat([base, other.assign(series="M", **{"network.local_world": 5.0}), same, shares], ignore_index=True)


def test_assumptions_say_what_each_setting_decides_otherwise() -> None:
    table = claims.assumptions(varied())
    assert list(dict.fromkeys(table["setting"])) == ["local_world = 5", "local_world = 50", "shares = 4:3:2:1"]
    below = table[(table["key"] == "exponent.below")].set_index("setting")
    assert below["verdict"].tolist() == ["fails", "holds", "holds"]
    assert below["base"].tolist() == ["holds"] * 3
    assert below["changed"].tolist() == [True, False, False]
    assert below["default"].tolist() == [False, True, True]
    assert set(table["sizes"]) == {(500, 5000)}
    lines = pages.depends(claims.claims(varied()), table)
    at = lines.index("the degree exponent is smaller than BA's: holds by maximum likelihood (k ≥ 4).")
    assert lines[at + 1] == "  otherwise, k≥4: fails with local_world = 5."
    shown = pages.assumption_tables(table)
    assert [one.title.split()[0] for one in shown] == ["Degree", "Other"]
    column = shown[0].columns.index("below BA, k≥4")
    assert [row[column] for row in shown[0].rows] == ["yes", "no!", "yes", "yes"]
    assert len(claims.assumptions(study(exponent=lambda *_: 2.6))) == 0


def test_claims_by_size_say_where_they_break() -> None:
    sizes = (1000, 5000, 20_000, 100_000)
    table = study(
        sizes=sizes,
        path_length=lambda model, n: math.log2(n) * (1 if model == BESIDE else 1 if n < 10_000 else 1.3) - (model == BASE),
    )
    found = claims.by_size(table)
    assert claims.breaks(found) == {("path.like", "path_length"): (5000, 20_000), ("path.below", "path_length"): (20_000,)}
    beside, rising = pages.size_tables(found)
    assert beside.columns == ["N>", "path>"] and [row[0] for row in beside.rows] == ["1,000", "5,000", "20,000", "100,000"]
    assert [row[1].split()[-1] for row in beside.rows] == ["yes", "yes", "no", "no"]
    assert rising.columns == ["N>", "path rises>", "as BA's>"] and len(rising.rows) == 3
    tables, notes, data = pages.study_tables(table.assign(mean_degree=5.0))
    titles = [one.title for one in tables]
    assert "From each N to the next" in titles and "Claims beyond, exploratory" in titles
    at = notes.index("At N = 20,000 to 100,000 (exploratory), otherwise than at 500 to 5,000:")
    assert [line.split(":")[0].strip() for line in notes[at + 1 :]] == ["path length rises like BA's", "path length is below BA's"]
    assert notes[-1].endswith("; holds below; fails for the first time at N = 20,000.")
    assert set(data["beyond"]["sizes"]) == {"20000 100000", "20000", "100000"}


def test_curves_are_means_with_students_interval() -> None:
    table = study(n_networks=7, exponent=lambda model, n: 2.6)
    found = claims.curve(table, "exponent")
    assert len(found) == 8 and found["model"].unique().tolist() == [BESIDE, BASE]
    for row in found.to_dict("records"):
        values = table[(table["model"] == row["model"]) & (table["n_nodes"] == row["n_nodes"])]["exponent"]
        low, high = scipy_stats.t.interval(0.95, 6, values.mean(), scipy_stats.sem(values))
        assert [row[name] for name in ("mean", "low", "high", "n")] == pytest.approx([values.mean(), low, high, 7], rel=1e-12)


# ---- as texts


def test_other_models_have_tables_without_claims() -> None:
    table = study(exponent=lambda *_: 2.6, path_length=lambda *_: 3.0, mean_degree=lambda *_: 5.0)
    tables, notes, data = pages.study_tables(table[table["model"] == BESIDE])
    assert len(tables) == 3 and not notes and list(data) == ["networks"]
    assert tables[0].columns == ["N>", "networks>", "Barabási-Albert>"]
    third = table[table["model"] == BASE].assign(model="local_world")
    tables, _, _ = pages.study_tables(pd.concat([table, third]))
    assert tables[0].columns[2:] == ["dual local world>", "Barabási-Albert>", "local world>", "difference>"]


def test_tables_hold_the_numbers() -> None:
    table = varied()
    shown = {one.title: one for one in pages.figures(table.assign(mean_degree=5.0))}
    paths = shown["Mean path length against N, edges ([P] figure 4)"]
    assert paths.columns == ["N>", "networks>", "dual local world>", "Barabási-Albert>", "difference>"]
    assert [row[0] for row in paths.rows] == ["500", "1,000", "2,000", "5,000"]
    base = table[(table["series"] == "size") & (table["model"] == BASE) & (table["n_nodes"] == 500)]
    assert float(paths.rows[0][2].split(" ± ")[0]) == pytest.approx(base["path_length"].mean(), abs=5e-4)
    found = claims.claims(table)
    rows = pages.claim_tables(found)[0].rows
    assert len(rows) == len([one for one in found if len(one.sizes) > 1])
    for row, one in zip(rows, [one for one in found if len(one.sizes) > 1], strict=True):
        assert float(row[2].split()[0]) == pytest.approx(one.estimate, abs=(one.high - one.low) / 10) and row[4] == one.verdict
    told = pages.notes(found, claims.assumptions(table))
    assert f"{len(found)} claims, each with an interval of its own" in told[1] and "(Holm)" in told[1]
    frame = claims.to_frame(found)
    assert frame["sizes"].iloc[0] == "500 5000" and frame["verdict"].tolist() == [one.verdict for one in found]
