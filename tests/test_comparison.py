"""Strategies beside the baseline: intervals recomputed by hand from raw trajectories, their coverage, and what the command says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runs import heavy, run

import scfast as sf
from scfast import comparison, reports
from scfast.cli import shared
from scfast.comparison import difference
from scfast.results import Result

T3, T127 = 3.182446305284263, 1.9788195  # 97.5 % points of Student's t with 3 and 127 degrees of freedom (tables)

SMALL = """
[network]
n_nodes = 60
[risk]
step = 0.1
[initial]
infected = 0.05
[run]
networks = 4
replicates = 64
steps = 20
seed = 3
record = ["trajectories"]
"""
FUND = "[[strategy]]\nname = 'fund'\ncontingency_fund = 0.5\ncost = 4\n"
HUBS = "[[strategy]]\nname = 'hubs'\nprotection = [3, 8]\n"
MORE = "[[strategy]]\nname = 'more'\nmore_partners = 1\n"


@pytest.fixture(scope="module")
def small() -> Result:
    return run(SMALL + FUND + HUBS + MORE)


def outcome(result: Result, cell: int) -> np.ndarray:
    """Risk load of each replicate, (network, replicate), from the raw counts."""
    return result.counts[cell, ..., 1].sum(axis=-1) / 60


def row(table: pd.DataFrame, **at: object) -> pd.Series:
    for key, value in at.items():
        table = table[table[key.replace("__", ".")] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_pairing_by_network_against_a_hand_computation(small: Result) -> None:
    told = row(comparison.compare(small), strategy="hubs", level=8, outcome="risk load")
    ours, base = (outcome(small, cell).mean(axis=1) for cell in (told["cell"], told["baseline_cell"]))
    apart = ours - base
    half = T3 * apart.std(ddof=1) / 2  # four networks
    expected = [base.mean(), ours.mean(), apart.mean(), apart.mean() - half, apart.mean() + half]
    # floating-point sums in another order
    np.testing.assert_allclose(told[["baseline", "mean", "difference", "low", "high"]].astype(float), expected, rtol=1e-9)
    assert told["removed"] == pytest.approx(1 - apart.var(ddof=1) / (ours.var(ddof=1) + base.var(ddof=1)), rel=1e-9)
    assert (told["paired"], told["networks"], told["verdict"]) == ("networks", 4, "better")


def test_regrown_networks_are_not_paired_and_shown_under_both_exposures(small: Result) -> None:
    table = comparison.compare(small, ["risk load"])
    rows = table[table["strategy"] == "more"]
    assert list(rows["dynamics.exposure"]) == ["per_partner", "shared"]
    assert len(table) == 5 and table["baseline_cell"].nunique() == 2
    for told in rows.to_dict("records"):
        assert told["paired"] == "nothing" and np.isnan(told["removed"])
        ours, base = (outcome(small, told[cell]).mean(axis=1) for cell in ("cell", "baseline_cell"))
        a, b = ours.var(ddof=1) / 4, base.var(ddof=1) / 4
        freedom = (a + b) ** 2 / (a**2 / 3 + b**2 / 3)  # Welch
        from scipy.stats import t

        half = t.ppf(0.975, freedom) * (a + b) ** 0.5
        assert told["high"] - told["difference"] == pytest.approx(half, rel=1e-9)
    assert any("not paired" in note and "more" in note for note in reports.notes(small, table))


def test_pairing_asks_the_digests_not_the_configuration(small: Result) -> None:
    tables = dict(small.tables)
    changed = tables["rows/network_digest"].copy()
    cell = int(row(comparison.compare(small, ["risk load"]), strategy="fund")["cell"])
    changed[small.rows(cell)[2], 0] ^= 1
    other = Result(small.manifest, tables | {"rows/network_digest": changed})
    told = comparison.compare(other, ["risk load"]).set_index(["strategy", "level"])["paired"]
    assert told["fund", 0.5] == "nothing" and told["hubs", 3] == "networks"


def test_one_network_is_paired_by_replicate() -> None:
    result = run(SMALL + HUBS, "run.networks=1", "run.replicates=128")
    table = comparison.compare(result, ["risk load"])
    told = row(table, level=3)
    apart = outcome(result, 1)[0] - outcome(result, 0)[0]
    half = T127 * apart.std(ddof=1) / 128**0.5
    assert told["high"] - told["difference"] == pytest.approx(half, rel=1e-6)  # digits of T127
    assert told["paired"] == "replicates" and any("conditional on it" in note for note in reports.notes(result, table))
    assert told["removed"] > 0  # same first infections


def test_draws_of_scores_are_one_row_with_wider_intervals() -> None:
    text = (
        SMALL.replace("step = 0.1", "step = 0.1\ndraws = 4\nscores = {monitoring_response = {low = 0.1, high = 0.9}}") + FUND + HUBS
    )
    result = run(text)
    table = comparison.compare(result, ["risk load"])
    assert len(result.cells) == 16 and len(table) == 3
    told = row(table, strategy="hubs", level=8)
    assert (told["draws"], told["paired"]) == (4, "networks and draws")
    cells = [cell for cell, values in enumerate(result.cells) if values["strategy.level"] == 8]
    apart = np.array([outcome(result, cell).mean(axis=1) - outcome(result, draw).mean(axis=1) for draw, cell in enumerate(cells)])
    assert told["difference"] == pytest.approx(apart.mean(), rel=1e-9)
    rows, columns = (4 * apart.mean(axis=axis).var(ddof=1) for axis in (1, 0))
    rest = ((apart - apart.mean(axis=0) - apart.mean(axis=1)[:, None] + apart.mean()) ** 2).sum() / 9
    variance = max(rows + columns - rest, rows, columns) / 16
    assert told["high"] - told["difference"] <= T3 * variance**0.5 * (1 + 1e-9)  # degrees of freedom are at least 3
    assert told["high"] - told["difference"] >= 1.9599 * variance**0.5


def experiments(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, bool]:
    """A strategy 0.3 above the baseline: arrays (draw, network, replicate), and whether networks are the same."""

    def normal(sd: float, *shape: int) -> np.ndarray:
        return rng.normal(0, sd, shape)

    if kind == "networks":
        base = normal(1, 1, 8, 1)
        return base + 0.3 + normal(0.5, 1, 8, 1) + normal(1, 1, 8, 9), base + normal(1, 1, 8, 9), True
    if kind == "one network":
        base = normal(2, 1, 1, 40)
        return base + 0.3 + normal(1, 1, 1, 40), base + normal(1, 1, 1, 40), True
    if kind == "other networks":
        return 0.3 + normal(1, 1, 5, 1) + normal(1, 1, 5, 9), normal(0.5, 1, 9, 1) + normal(1, 1, 9, 9), False
    common = normal(1, 6, 1, 1)
    effect = 0.3 + normal(1, 6, 1, 1) + normal(1, 1, 8, 1) + normal(0.5, 6, 8, 1)
    if kind == "draws":
        common = common + normal(1, 1, 8, 1)
        return common + effect + normal(1, 6, 8, 4), common + normal(1, 6, 8, 4), True
    return common + effect + normal(1, 6, 8, 4), common + normal(1, 1, 5, 1) + normal(1, 6, 5, 4), False


@pytest.mark.parametrize("kind", ["networks", "one network", "other networks", "draws", "draws, other networks"])
def test_intervals_cover_as_often_as_they_say(kind: str) -> None:
    rng = np.random.default_rng(11)
    n = 1500
    hits = 0
    for _ in range(n):
        told = difference(*experiments(kind, rng))
        hits += told.low <= 0.3 <= told.high
    sigma = (0.95 * 0.05 / n) ** 0.5
    # four sigma; Welch's and the crossed intervals are approximate, by less than a percent here
    assert abs(hits / n - 0.95) < 4 * sigma + 0.01 * (kind not in ("networks", "one network"))


def test_draws_without_effect_of_either_are_covered_with_room() -> None:
    rng = np.random.default_rng(12)
    hits = 0
    for _ in range(500):
        told = difference(0.3 + rng.normal(size=(5, 6, 3)), rng.normal(size=(5, 6, 3)), True)
        hits += told.low <= 0.3 <= told.high
    assert hits / 500 > 0.95  # two parts hold the same noise, of which one is taken off, but never below the larger


def test_never_against_never_is_not_certain() -> None:
    never = np.zeros((1, 4, 25))
    told = difference(never, never, True, binary=True)
    upper = 1.959964**2 / (100 + 1.959964**2)  # Wilson's limit of 0 of 100
    assert (told.low, told.high) == (pytest.approx(-upper, rel=1e-6), pytest.approx(upper, rel=1e-6))
    assert difference(never, never, True).high == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((np.zeros((1, 2, 3)), np.zeros((2, 2, 3)), True), "strategy = (1, 2, 3): must be (draw, network, replicate)"),
        ((np.zeros((1, 2)), np.zeros((1, 2)), True), "strategy = (1, 2): must be (draw, network, replicate)"),
        ((np.zeros((1, 2, 3)), np.zeros((1, 3, 3)), True), "must have the shape of the baseline, (1, 3, 3)"),
    ],
)
def test_wrong_shapes_are_refused(arguments: tuple, line: str) -> None:
    with pytest.raises(ValueError, match="strategy") as caught:
        difference(*arguments)
    assert line in str(caught.value)


def test_one_value_has_no_interval() -> None:
    told = difference(np.ones((1, 1, 1)), np.zeros((1, 1, 1)), True)
    assert told.difference == 1 and np.isnan(told.low) and np.isnan(told.removed)


def test_protection_by_degree_beats_random_at_equal_budget() -> None:
    text = "[network]\nn_nodes = 200\n[run]\nnetworks = 6\nreplicates = 128\nsteps = 60\nseed = 2\nrecord = []\n"
    text += "".join(f"[[strategy]]\nname = '{by}'\nprotection = [5, 10]\nprotection_by = '{by}'\n" for by in ("degree", "random"))
    table = comparison.compare(run(text))
    for name in ("risk load", "eliminated", "peak"):
        for budget in (5, 10):
            degree, random = (row(table, strategy=by, level=budget, outcome=name) for by in ("degree", "random"))
            assert degree["high"] < random["low"]
    ranked = comparison.ranking(table)
    assert list(ranked["strategy"]) == ["degree", "degree", "random", "random"]


def test_ranking_is_within_units_of_budget(small: Result) -> None:
    table = comparison.compare(small)
    ranked = comparison.ranking(table)
    fund, hubs = row(ranked, strategy="fund"), ranked[ranked["strategy"] == "hubs"]
    told = row(table, strategy="fund", outcome="risk load")
    assert (fund["unit"], fund["budget"]) == ("cost", 4)
    assert fund["low"] < 0 and np.isnan(fund["rank"])  # not better beyond its interval
    assert fund["per_unit"] == pytest.approx(-told["difference"] / 4)
    assert (fund["low"], fund["high"]) == (pytest.approx(-told["high"] / 4), pytest.approx(-told["low"] / 4))
    assert set(hubs["unit"]) == {"protection"} and sorted(hubs["rank"]) == [1, 2]
    extinct = comparison.ranking(table, "extinct")  # more is better
    best = row(table, strategy="hubs", level=8, outcome="extinct")
    assert row(extinct, strategy="hubs", level=8)["per_unit"] == pytest.approx(best["difference"] / 8)
    with pytest.raises(ValueError, match="must be one of those compared"):
        comparison.ranking(table, "peak step")


def test_budgets_of_all_kinds() -> None:
    text = SMALL + "[[strategy]]\nname = 'share'\nprotection = 0.1\n[[strategy]]\nname = 'both'\nprotection = 2\ndetection = 0.1\n"
    text += "[[strategy]]\nname = 'curve'\nprotection = 2\ndetection = [0.1, 0.2]\n[[strategy]]\nname = 'idle'\ndetection = 0.0\n"
    ranked = comparison.ranking(comparison.compare(run(text, "run.networks=2"))).set_index(["strategy", "level"])
    assert (ranked.loc[("share", 0.1), "budget"], ranked.loc[("share", 0.1), "unit"]) == (6, "protection")  # a tenth of 60 nodes
    assert ranked.loc[("both", ""), "unit"] == "" and np.isnan(ranked.loc[("both", ""), "rank"])
    assert ranked.loc[("curve", 0.2), "unit"] == "detection + protection"
    assert ranked.loc[("idle", 0.0), "gain"] == 0 or abs(ranked.loc[("idle", 0.0), "gain"]) < 1
    assert np.isnan(ranked.loc[("idle", 0.0), "per_unit"])


def test_partial_results_compare_what_is_there(tmp_path: Path) -> None:
    config = sf.Config.from_text(SMALL + HUBS)
    sf.run(config, tmp_path, n_jobs=1, shard=(0, 5))
    result = sf.load(tmp_path)
    assert 0 < result.done < result.total
    table = comparison.compare(result, ["risk load"])
    for told in table.to_dict("records"):
        both = [set(result.tables["rows/network"][result.rows(told[cell])].tolist()) for cell in ("cell", "baseline_cell")]
        common = both[0] & both[1]
        if not both[0] or not both[1]:
            assert told["paired"] == "not finished" and np.isnan(told["mean"])
        elif common:
            assert told["networks"] == len(common) and told["paired"] in ("networks", "replicates")
    assert "networks x cells are done" in reports.notes(result, table)[0]
    assert any("-" in cells for one in reports.tables(table) for cells in one.rows)


def test_rates_and_their_mean_field(small: Result) -> None:
    cells = sf.Config.from_dict(small.config).cells
    frame = comparison.rates(small, cells)
    assert list(frame["cells"]) == ["baseline; hubs 3, 8", "fund 0.5", "more 1"]  # more partners: a higher mean degree
    first = frame.iloc[0]
    expected = sf.rates(sf.Profile(), 0.1)
    assert [first[name] for name in expected] == list(expected.values())
    rows = small.rows(0)
    degree = 2 * small.tables["rows/n_edges"][rows].sum() / (4 * 60)
    field = sf.mean_field(expected, degree, 20, 3 / 60)
    assert (first["eliminated"], first["risk_load"]) == (pytest.approx(field.eliminated), pytest.approx(field.risk_load))
    typed = run(
        SMALL.replace(
            "[initial]", "scores = {capital_stability = {brand = 0.9, purchaser = 0.5, platform = 0.5, logistics = 0.1}}\n[initial]"
        )
    )
    by_type = comparison.rates(typed, sf.Config.from_dict(typed.config).cells)
    assert list(by_type["type"]) == list(typed.type_names) and by_type["beta"].is_monotonic_increasing
    with pytest.raises(ValueError, match="risk: there is no such section"):
        plain = run("[network]\nn_nodes = 60\n[run]\nnetworks = 1\nreplicates = 64\nsteps = 5\nseed = 1\n")
        comparison.rates(plain, sf.Config.from_dict(plain.config).cells)


def test_command_runs_then_reads_the_folder(scfast, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(SMALL + FUND + HUBS + MORE)
    code, out, err = scfast("compare", "c.toml", "-o", "r", "--set", "run.networks=2", "--csv", "t", "--plot", "p.png")
    assert code == 0, err
    for words in ("Risk load", "Extinct", "baseline, exposure shared", "not paired", "Scores and rates", "mean-field", "per unit"):
        assert words in out
    assert [len(pd.read_csv(tmp_path / "t" / f"{name}.csv")) for name in ("comparison", "ranking", "rates")] == [20, 10, 3]
    assert (tmp_path / "p.png").stat().st_size > 20_000
    code, again, err = scfast("compare", "r")
    assert (code, err) == (0, "") and out.startswith(again)
    code, only, _ = scfast("compare", "r", "--outcome", "peak step")
    assert code == 0 and "Peak step" in only and "per unit" not in only and "Risk load" not in only
    shown = scfast("show", "r")[1]
    for words in ("strategy 2", "protection_by", "risk ", "Scores and rates", "Their mean-field outcome"):
        assert words in shown or words == "protection_by"
    assert "rates.csv" in scfast("show", "r", "--csv", "s")[1]


def test_fits_a_hundred_columns(scfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    (tmp_path / "c.toml").write_text(SMALL + FUND + HUBS + MORE.replace("more", "partners for every newcomer", 1))
    monkeypatch.setattr(shared, "console", lambda: Console(highlight=False, width=100))
    code, out, err = scfast("compare", "c.toml", "-o", "r")
    assert code == 0, err
    assert max(map(len, out.splitlines())) <= 100 and "…" not in out


GOOD = SMALL + HUBS
BAD = {
    "no strategies": ("compare c.toml -o r", SMALL, "c.toml: has no [[strategy]]: must have at least one"),
    "no folder": ("compare c.toml", GOOD, "--out: must name the results folder"),
    "no such file": ("compare d.toml -o r", GOOD, "d.toml: no such file or shipped configuration"),
    "a folder without results": ("compare f", GOOD, "f: is a folder"),
    "unknown outcome": ("compare c.toml -o r --outcome load", GOOD, "--outcome = load: "),
    "empty outcome": ("compare c.toml -o r --outcome=", GOOD, "--outcome = : "),
    "another picture": ("compare c.toml -o r --plot p.pdf", GOOD, "--plot = p.pdf: must end in .png or .svg"),
    "table as a file": ("compare c.toml -o r --csv c.toml", GOOD, "--csv = 'c.toml': must be a folder"),
    "workers": ("compare c.toml -o r --jobs 0", GOOD, "--jobs = 0: must be -1 or at least 1"),
    "backend": ("compare c.toml -o r --backend fork", GOOD, "--backend = fork: must be one of"),
    "clean": ("compare c.toml -o r --clean", GOOD, "--clean: is for a network from files"),
    "memory": ("compare c.toml -o r --max-memory many", GOOD, "--max-memory = many: must be an amount of memory"),
    "override": ("compare c.toml -o r --set run.networks=0", GOOD, "--set: run.networks = 0: must be at least 1"),
    "a strength too high": ("compare c.toml -o r", SMALL + FUND.replace("0.5", "1.5"), "contingency_fund = 1.5: must be at most 1"),
    "no measure": ("compare c.toml -o r", SMALL + "[[strategy]]\nname='x'\n", "must have at least one measure"),
    "named as the baseline": ("compare c.toml -o r", SMALL + FUND.replace("fund'", "baseline'", 1), "must not be 'baseline'"),
    "part of a plan": ("compare c.toml -o r --shard 0/2", GOOD, "No such option"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_line(scfast, tmp_path: Path, kind: str) -> None:
    arguments, text, line = BAD[kind]
    (tmp_path / "c.toml").write_text(text)
    (tmp_path / "f").mkdir()
    code, out, err = scfast(*arguments.split())
    assert (code, out) == (2, ""), err
    assert err.startswith("scfast: ") and line in err and err.count("\n") == 1
    assert not (tmp_path / "r").exists()


def test_bad_input_with_a_folder_of_results(scfast, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(SMALL)
    assert scfast("run", "c.toml", "-o", "r")[0] == 0
    assert scfast("compare", "r") == (
        2,
        "",
        "scfast: r: has no [[strategy]]: must have at least one to be compared with the baseline\n",
    )
    code, out, err = scfast("compare", "r", "--jobs", "1")
    assert (code, out, err) == (2, "", "scfast: --jobs: is for a configuration; r holds results\n")
    with pytest.raises(ValueError, match=r"strategy: there is none"):
        comparison.compare(sf.load(tmp_path / "r"))


def test_arguments_of_compare(small: Result) -> None:
    for outcomes, line in ((["load"], "outcome = 'load'"), ([], "must be one or more of")):
        with pytest.raises(ValueError, match="outcome") as caught:
            comparison.compare(small, outcomes)
        assert line in str(caught.value)
    with pytest.raises(ValueError, match=r"level = 1: must be between 0 and 1"):
        comparison.compare(small, level=1)


def test_a_plan_without_strategies_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(SMALL)
    assert heavy("", "compare", tmp_path / "c.toml", "-o", tmp_path / "r") == ["2"]


@pytest.mark.parametrize("name", ["steady", "hurried"])
def test_case_studies_neither_die_out_nor_eliminate_all(name: str) -> None:
    from scfast.config import find

    config = sf.Config.from_toml(find(name), overrides=["run.networks=2", "run.replicates=64"])
    result = sf.run(config, n_jobs=1)
    extinct, eliminated = (float(result.outcome(which, 0)[0].mean) for which in ("extinct", "eliminated"))
    assert extinct < 0.2 and 0.02 < eliminated < 0.8
    other = sf.Config.from_toml(find({"steady": "hurried", "hurried": "steady"}[name]))
    mine, theirs = config.risk.scores, other.risk.scores
    immunity = {item.key for item in config.risk.systems.immunity.indicators}
    assert mine.keys() == theirs.keys() == config.risk.systems.indicators.keys()
    assert {key for key in mine if mine[key] != theirs[key]} == immunity
    assert (config.strategies, config.network, config.run.seed) == (other.strategies, other.network, other.run.seed)
