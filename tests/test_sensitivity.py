"""What drives risk: the split of the variance, and the effects of indicators beside their weights."""

import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runs import heavy, run

import scfast as sf
from scfast import charts, ensemble, sensitivity, storage, uncertainty
from scfast.config import ConfigError
from scfast.plan import Plan
from scfast.profiles import Profile
from scfast.sensitivity import Sensitivity

SMALL = "[network]\nn_nodes = 60\n[run]\nnetworks = 3\nreplicates = 70\nsteps = 20\nseed = 5\nrecord = []\n"
DRAWN = (
    SMALL + "[risk]\ndraws = 4\nscores = {capital_stability = {low = 0.1, high = 0.9}, delivery_delay = {low = 0.0, high = 1.0}}\n"
)
FEW = "indicators = ['capital_stability', 'delivery_delay', 'staff_training']\n"
DESIGNED = SMALL + "[risk]\n[sensitivity]\nsamples = 8\nlow = 0.0\nhigh = 1.0\n" + FEW


def samples(rng: np.random.Generator, variances: tuple[float, ...], shape: tuple[int, int, int]) -> np.ndarray:
    """Outcomes with a judgment, a network, an interaction and chance of these variances, (draw, network, replicate)."""
    draws, networks, _ = shape
    sizes = ((draws, 1, 1), (1, networks, 1), (draws, networks, 1), shape)
    return sum((rng.normal(0, v**0.5, size) for v, size in zip(variances, sizes, strict=True)), np.zeros(shape))


def split(y: np.ndarray, **more: int) -> uncertainty.Split:
    means = y.mean(axis=2)
    return uncertainty.crossed(means, float(((y - means[..., None]) ** 2).sum()), y.shape[2], **more)


def test_split_is_the_analysis_of_variance_by_hand() -> None:
    y = samples(np.random.default_rng(1), (4.0, 2.0, 1.0, 3.0), (3, 4, 5))
    d, g, r = y.shape
    grand = y.mean()
    between_draws = sum(g * r * (y[i].mean() - grand) ** 2 for i in range(d)) / (d - 1)
    between_networks = sum(d * r * (y[:, j].mean() - grand) ** 2 for j in range(g)) / (g - 1)
    both = sum(
        r * (y[i, j].mean() - y[i].mean() - y[:, j].mean() + grand) ** 2 for i, j in itertools.product(range(d), range(g))
    ) / ((d - 1) * (g - 1))
    within = sum((y[i, j, k] - y[i, j].mean()) ** 2 for i in range(d) for j in range(g) for k in range(r)) / (d * g * (r - 1))
    expected = {
        "judgment": (between_draws - both) / (g * r),
        "network": (between_networks - both) / (d * r),
        "interaction": (both - within) / r,
        "chance": within,
    }
    found = split(y)
    assert found.raw == pytest.approx(expected, rel=1e-12)  # rounding alone
    assert sum(found.share.values()) == pytest.approx(1)
    assert found.mean == pytest.approx(grand)
    assert found.low < grand < found.high


def test_components_are_unbiased() -> None:
    """Means of 3,000 estimates (negative ones too) within 4.5 of their standard errors of the truth."""
    rng, truth = np.random.default_rng(2), (2.0, 1.0, 0.5, 3.0)
    raw = np.array([list(split(samples(rng, truth, (4, 3, 2)), n_resamples=1).raw.values()) for _ in range(3000)])
    off = (raw.mean(axis=0) - truth) / (raw.std(axis=0, ddof=1) / len(raw) ** 0.5)
    assert np.abs(off).max() < 4.5, off


@pytest.mark.parametrize("truth", [(2.0, 1.0, 0.5, 3.0), (1.0, 0.0, 0.0, 4.0)])
def test_intervals_hold_what_they_promise(truth: tuple[float, ...]) -> None:
    """Of 500 data sets 95 % in the mean; 4.5 standard errors of a share of 0.95 are 4.4 %. Too many is no fault."""
    rng = np.random.default_rng(3)
    shares = dict(zip(uncertainty.SOURCES, np.array(truth) / sum(truth), strict=True))
    hits = dict.fromkeys(("mean", *shares), 0)
    for number in range(500):
        found = split(samples(rng, truth, (6, 5, 4)), n_resamples=400, seed=number)
        hits["mean"] += found.low <= 0 <= found.high
        for name, share in shares.items():
            low, high = found.intervals[name]
            hits[name] += low <= share <= high
    assert min(hits.values()) / 500 > 0.95 - 0.044, hits


def test_what_cannot_be_told_is_nan_and_negative_estimates_are_flagged() -> None:
    rng = np.random.default_rng(4)
    y = samples(rng, (1.0, 1.0, 1.0, 1.0), (5, 4, 3))
    one = split(y[:, :1])
    assert np.isnan([one.raw["network"], one.raw["interaction"]]).all()
    assert one.share["judgment"] + one.share["chance"] == pytest.approx(1)
    assert one.raw["judgment"] == pytest.approx(y[:, 0].mean(axis=1).var(ddof=1) - one.raw["chance"] / 3)
    single = split(y[..., :1])
    assert np.isnan(single.raw["interaction"]) and single.raw["chance"] > 0
    flat = split(np.array([[[0.0, 4.0], [4.0, 0.0]], [[4.0, 0.0], [0.0, 4.0]]]))
    assert flat.negative == {"judgment": False, "network": False, "interaction": True, "chance": False}
    assert flat.variance["interaction"] == 0
    nothing = split(np.ones((2, 2, 2)))
    assert np.isnan(nothing.share["chance"]) and (nothing.low, nothing.high) == (1, 1)


@pytest.fixture(scope="module")
def drawn() -> sf.Result:
    return run(DRAWN)


def test_draws_cross_the_networks(drawn: sf.Result) -> None:
    assert [cell["risk.draw"] for cell in drawn.cells] == [0, 1, 2, 3]
    digests = drawn.tables["rows/network_digest"].reshape(4, 3, 32)
    assert (digests == digests[:1]).all()
    found = uncertainty.uncertainty(drawn, "eliminated", cell=2)
    assert found.raw == split(drawn.replicates["eliminated"]).raw
    assert (found.n_draws, found.n_networks, found.n_replicates) == (4, 3, 70)


def test_cells_that_differ_by_more_than_the_draw_stay_apart(drawn: sf.Result) -> None:
    swept = run(DRAWN + "[sweep]\n'dynamics.epsilon' = [0.0, 0.3]")
    assert uncertainty.draws_of(swept, 6) == [4, 5, 6, 7]
    assert uncertainty.uncertainty(swept, cell=1).mean == uncertainty.uncertainty(drawn).mean
    assert uncertainty.uncertainty(swept, cell=4).mean > uncertainty.uncertainty(swept, cell=0).mean
    assert not uncertainty.tables(swept, range(8))


def test_networks_that_are_not_finished_in_all_draws_are_left_out(tmp_path: Path, drawn: sf.Result) -> None:
    config = sf.Config.from_text(DRAWN)
    assert len(Plan.of(config).shards) == 12  # network 0 in its four draws, then network 1
    sf.run(config, tmp_path / "r", shard=(0, 12))
    with pytest.raises(ValueError, match="cell = 0: no network of it is finished in all draws yet"):
        uncertainty.uncertainty(sf.load(tmp_path / "r"))
    assert not uncertainty.tables(sf.load(tmp_path / "r"), range(4))
    for shard in range(1, 9):
        part = sf.run(config, tmp_path / "r", shard=(shard, 12))
    assert part.done == 9
    expected = split(drawn.replicates["risk load"][:, :2]).raw
    assert uncertainty.uncertainty(part).raw == pytest.approx(expected, rel=1e-9)  # sums in another order


def test_show_says_where_uncertainty_comes_from(tmp_path: Path, scfast: Callable) -> None:
    (tmp_path / "c.toml").write_text(DRAWN)
    code, out, err = scfast("run", tmp_path / "c.toml", "-o", tmp_path / "r")
    assert code == 0, err
    assert "Why outcomes differ: 4 draws of the scores x 3 networks x 70 replicates" in out
    assert [
        line.split()[0] for line in out.split("Why")[1].splitlines() if line.strip().startswith(tuple(uncertainty.SOURCES))
    ] == [*uncertainty.SOURCES]


def test_splits_that_cannot_be_are_refused(drawn: sf.Result) -> None:
    plain = run(SMALL)
    for result, arguments, line in (
        (plain, {}, "risk.draws: must be at least 2, and some score a range, "),
        (drawn, {"outcome": "loss"}, "outcome = 'loss': must be one of risk load, eliminated, "),
        (drawn, {"cell": 4}, "cell = 4: must be between 0 and 3"),
    ):
        with pytest.raises(ValueError) as caught:
            uncertainty.uncertainty(result, **arguments)
        assert str(caught.value).startswith(line)


KEYS = ("capital_stability", "staff_training", "delivery_delay")  # in the order of the systems


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_effects_of_a_sum_are_those_that_mathematics_says(method: str) -> None:
    """y = 3 a + 2 b + c: shares 9, 4 and 1 of 14 (within 2.5 half-widths, about 5 sigma), elementary effects 3, 2, 1 exactly."""
    spec = Sensitivity(method=method, samples=512, indicators=KEYS)
    design = spec.design(Profile(), seed=1)
    assert design.shape == (spec.n_points(3), 3)
    assert (design >= 0).all() and (design <= 1).all()
    y = design @ np.array([3.0, 2.0, 1.0])
    table = sensitivity._effects(method, KEYS, design, y, seed=1)
    if method == "morris":
        np.testing.assert_allclose(table["mu_star"], [3, 2, 1], rtol=1e-9)
        np.testing.assert_allclose(table["mu"], [3, 2, 1], rtol=1e-9)
        np.testing.assert_allclose(table["sigma"], 0, atol=1e-9)
    for name in ("first_order", "total") if method == "sobol" else ():
        off = np.abs(table[name] - np.array([9, 4, 1]) / 14) / table[f"{name}_conf"]
        assert off.max() < 2.5, name
        assert table[f"{name}_conf"].max() < 0.2


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_chance_shows_the_effect_that_is_foretold(method: str) -> None:
    """An indicator without effect, chance of a quarter of the variance: its effect is the floor, in the mean of 40 designs."""
    rng, floors, found = np.random.default_rng(5), [], []
    for seed in range(40):
        spec = Sensitivity(method=method, samples=64, indicators=KEYS)
        design = spec.design(Profile(), seed)
        y = design[:, 0] * 12**0.5 + rng.normal(0, 3**-0.5, len(design))
        table = sensitivity._effects(method, KEYS, design, y, seed)
        found.append(table[sensitivity.MAIN[method]][1:].mean())
        floors.append(1 / 3 / y.var() if method == "sobol" else (2 / 3 * 2 / np.pi) ** 0.5 * 1.5)
    off = (np.mean(found) - np.mean(floors)) / (np.std(found, ddof=1) / 40**0.5)
    assert abs(off) < 4.5


def test_an_outcome_that_does_not_vary_has_no_effects() -> None:
    for method in ("sobol", "morris"):
        spec = Sensitivity(method=method, samples=4, indicators=KEYS)
        design = spec.design(Profile(), 1)
        table = sensitivity._effects(method, KEYS, design, np.ones(len(design)), 1)
        assert (table[[sensitivity.MAIN[method], f"{sensitivity.MAIN[method]}_conf"]] == 0).all(axis=None)


def test_designs_follow_the_root_seed() -> None:
    spec = Sensitivity(samples=4)
    one, again, other = (spec.design(Profile(), seed) for seed in (0, 0, 1))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert sensitivity.fingerprint(one) != sensitivity.fingerprint(other)


def test_scores_stand_where_the_design_says() -> None:
    nodes = np.array([0.0, 0.5, 0.9])
    profile = Profile({"capital_stability": {"brand": 0.1, "purchaser": 0.5}, "staff_training": {"low": 0.2, "high": 0.4}})
    at = Sensitivity(indicators=KEYS).profile(profile, np.array([0.25, 0.5, 1.0]))
    assert at.scores["capital_stability"] == pytest.approx({"brand": 0.075, "purchaser": 0.4})  # 0.1 reaches down to 0 alone
    assert at.scores["delivery_delay"] == pytest.approx(0.7)
    assert at.scores["staff_training"] == pytest.approx(0.3)  # its mean, in the middle of its range
    at = Sensitivity(indicators=KEYS, within=0.2).profile(Profile({"delivery_delay": nodes}), np.array([0.5, 0.0, 1.0]))
    np.testing.assert_allclose(at.scores["delivery_delay"], [0.2, 0.7, 1.0])
    at = Sensitivity(indicators=KEYS, low=0.2, high=0.6).profile(Profile({"delivery_delay": nodes}), np.array([0.5, 0.0, 0.5]))
    np.testing.assert_allclose(at.scores["delivery_delay"], 0.4)
    assert at.scores["capital_stability"] == pytest.approx(0.4) and at.scores["staff_training"] == pytest.approx(0.2)


def test_cells_are_the_points_of_the_design() -> None:
    config = sf.Config.from_text(DESIGNED)
    assert [cell.values for cell in config.cells] == [{"sensitivity.point": k} for k in range(8 * 5)]
    assert config.design is not None
    assert [cell.profile.scores["delivery_delay"] for cell in config.cells] == pytest.approx(config.design[:, 2].tolist())
    assert sf.Config.from_text(config.to_toml()) == config
    assert sf.Config.from_dict(json.loads(json.dumps(config.resolved()))).cells[7].profile.scores == config.cells[7].profile.scores
    other = sf.Config.from_text(DESIGNED)
    other.__dict__["design"] = config.design[::-1]  # as if SALib made another design of the same seed
    assert Plan.of(other).run_id != Plan.of(config).run_id


@pytest.fixture(scope="module")
def designed(tmp_path_factory: pytest.TempPathFactory) -> sf.Result:
    return sf.run(sf.Config.from_text(DESIGNED), tmp_path_factory.mktemp("designed") / "r", n_jobs=2)


def test_drivers_are_told_beside_weights(designed: sf.Result) -> None:
    found = sensitivity.drivers(designed, "eliminated")
    assert list(found.table["effect_rank"]) == [1, 2, 3]
    rows = found.table.set_index("indicator")
    indicators = sf.Systems.load().indicators
    assert rows["weight"].to_dict() == {key: indicators[key].weight for key in KEYS}
    assert rows["weight_rank"].to_dict() == {"capital_stability": 1, "delivery_delay": 2, "staff_training": 3}
    assert rows["system"].to_dict() == dict(zip(KEYS, ("immunity", "immunity", "external"), strict=True))
    values = designed.replicates["eliminated"]
    assert found.variance == pytest.approx(values.mean(axis=(1, 2)).var())
    assert found.chance == pytest.approx(values.var(axis=2, ddof=1).mean() / 210 / found.variance)
    assert found.floor == found.chance
    assert rows.loc["staff_training", "total"] < rows["total"].max() / 5
    assert found.shared(3) == 3
    text = sensitivity.notes(found)[0]
    assert text.startswith("eliminated: ") and "rank correlation of weight and effect" in text


def test_rank_correlation_is_spearmans() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(6)
    for _ in range(20):
        a, b = rng.integers(0, 6, (2, 23)).astype(float)
        r, low, high = sensitivity.rank_correlation(a, b)
        assert r == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
        assert -1 < low < r < high < 1
    assert np.isnan(sensitivity.rank_correlation(np.ones(9), np.arange(9.0))).all()
    hits = 0
    cover = np.array([[1, 0.6], [0.6, 1]])
    truth = 6 / np.pi * np.arcsin(0.3)  # of a bivariate normal with correlation 0.6
    for _ in range(1000):
        x = rng.multivariate_normal([0, 0], cover, 23)
        _, low, high = sensitivity.rank_correlation(x[:, 0], x[:, 1])
        hits += low <= truth <= high
    assert abs(hits / 1000 - 0.95) < 0.031 + 0.01  # 4.5 standard errors, and one hundredth as the formula is an approximation


def test_commands_and_pictures(designed: sf.Result, tmp_path: Path, scfast: Callable) -> None:
    (tmp_path / "c.toml").write_text(DESIGNED)
    code, out, err = scfast("drivers", tmp_path / "c.toml", "-o", designed.folder, "--csv", tmp_path / "t")
    assert (code, err) == (0, f"{designed.folder}: complete already\n")
    assert "What drives risk load (40 points of the design)" in out and "Capital stability" in out
    assert len(pd.read_csv(tmp_path / "t" / "drivers.csv")) == 6
    code, again, _ = scfast("drivers", designed.folder, "--plot", tmp_path / "d.png")
    assert code == 0
    assert (tmp_path / "d.png").stat().st_size > 20_000
    assert "Capital stability" in again
    assert scfast("show", designed.folder)[0] == 0
    for arguments, line in (
        ((tmp_path / "c.toml",), "--out: must name the results folder"),
        (("default", "-o", tmp_path / "n"), "default: has no [sensitivity], a design that varies the scores of [risk]"),
        ((designed.folder, "--jobs", 2), "--jobs: is for a configuration; "),
        ((designed.folder, "--plot", "d.jpg"), "--plot = d.jpg: must end in .png or .svg"),
    ):
        code, _, err = scfast("drivers", *arguments)
        assert (code, err.count("\n")) == (2, 1)
        assert err.startswith(f"scfast: {line}")
    assert not (tmp_path / "n").exists()


def test_drivers_that_cannot_be_told_are_refused(designed: sf.Result, drawn: sf.Result, tmp_path: Path) -> None:
    part = sf.run(sf.Config.from_text(DESIGNED), tmp_path / "r", shard=(0, 20))
    other = sf.Result({**designed.manifest, "design": "0" * 64}, designed.tables)
    for result, outcome, line in (
        (drawn, "risk load", "[sensitivity]: is not in this run's configuration"),
        (designed, "loss", "outcome = 'loss': must be one of risk load, "),
        (part, "risk load", f"results: {part.done} of 120 are done; effects need them all"),
        (other, "risk load", "[sensitivity]: the design cannot be made again here as it was in the run"),
    ):
        with pytest.raises(ValueError) as caught:
            sensitivity.drivers(result, outcome)
        assert str(caught.value).startswith(line)
    for outcomes in ((), ("peak",) * 4):
        with pytest.raises(ValueError, match=r"outcomes = .*: must be one to three"):
            charts.drivers(designed, outcomes)
    with pytest.raises(storage.StorageError, match=r"sensitivity.samples = 8 there, 4 here"):
        ensemble.run(sf.Config.from_text(DESIGNED, ["sensitivity.samples=4"]), designed.folder)


BAD = {
    "no scores": (SMALL + "[sensitivity]\n", "[sensitivity]: needs [risk], whose scores it varies"),
    "strategies": (
        DESIGNED + "[[strategy]]\nname='a'\nprotection=3\n",
        "[sensitivity]: must not be given together with [[strategy]]",
    ),
    "sweep": (DESIGNED + "[sweep]\n'risk.step'=[0.1, 0.2]\n", "[sensitivity]: must not be given together with [sweep]"),
    "draws": (DRAWN + "[sensitivity]\n", "risk.draws = 4: must be 1 together with [sensitivity], which varies scores itself"),
    "method": ("[risk]\n[sensitivity]\nmethod='fast'\n", "sensitivity.method = 'fast': must be one of 'sobol', 'morris'"),
    "key": ("[risk]\n[sensitivity]\nsample=8\n", "sensitivity.sample = 8: unknown key, did you mean 'samples'?"),
    "no power": ("[risk]\n[sensitivity]\nsamples=60\n", "sensitivity.samples = 60: must be a power of 2 where method is 'sobol'"),
    "one sample": ("[risk]\n[sensitivity]\nsamples=1\n", "sensitivity.samples = 1: must be at least 2"),
    "cells": (
        "[risk]\n[sensitivity]\nsamples=8192\n",
        "sensitivity.samples = 8192: must be at most 4000 with 23 indicators, for at most 100000 cells",
    ),
    "width 0": ("[risk]\n[sensitivity]\nwithin=0\n", "sensitivity.within = 0: must be more than 0"),
    "width 2": ("[risk]\n[sensitivity]\nwithin=2\n", "sensitivity.within = 2: must be at most 1"),
    "low alone": ("[risk]\n[sensitivity]\nlow=0.2\n", "sensitivity.low = 0.2: must come with high"),
    "high alone": ("[risk]\n[sensitivity]\nhigh=0.2\n", "sensitivity.high = 0.2: must come with low"),
    "low above": ("[risk]\n[sensitivity]\nlow=0.5\nhigh=0.5\n", "sensitivity.low = 0.5: must be less than high, 0.5"),
    "both": (
        "[risk]\n[sensitivity]\nwithin=0.1\nlow=0.2\nhigh=0.3\n",
        "sensitivity.within = 0.1: must not be given together with low ",
    ),
    "indicator": (
        "[risk]\n[sensitivity]\nindicators=['capital_stabilty']\n",
        "sensitivity.indicators[0] = 'capital_stabilty': no such indicator, did you mean 'capital_stability'?",
    ),
    "indicator twice": (
        "[risk]\n[sensitivity]\nindicators=['staff_training','staff_training']\n",
        "sensitivity.indicators[1] = 'staff_training': must be the name of an indicator, and none twice",
    ),
    "no indicators": (
        "[risk]\n[sensitivity]\nindicators=[]\n",
        "sensitivity.indicators = []: must be a list of at least one indicator",
    ),
    "swept": (
        "[risk]\n[sweep]\n'sensitivity.samples'=[2, 4]\n",
        "sweep.sensitivity.samples = [2, 4]: cannot be swept: only keys of ",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_line(kind: str) -> None:
    text, line = BAD[kind]
    with pytest.raises(ConfigError) as caught:
        sf.Config.from_text(text)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_errors_and_imports_stay_light() -> None:
    program = (
        "from scfast import config\n"
        f"for text, line in {list(BAD.values())!r}:\n"
        "    try:\n        config.Config.from_text(text)\n    except config.ConfigError as error:\n"
        "        assert str(error).startswith(line)\n"
    )
    assert heavy(program) == ["0"]


def test_without_salib_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib.sample.sobol", None)
    with pytest.raises(ImportError, match=r"^SALib is not installed: pip install '\.\[sensitivity\]' \(or salib\)$"):
        sf.Config.from_text(DESIGNED)
