"""Systemic importance: what comes of each node alone, beside vulnerability, degree and fitness."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runs import run

import scfast as sf
from scfast import charts, sensitivity, simulating, sirs
from scfast.config import ConfigError
from scfast.plan import Plan
from scfast.simulating import Task, run_task

SMALL = """
[network]
n_nodes = 60
[dynamics]
beta = 0.15
delta = 0.02
[run]
networks = 2
replicates = 600
steps = 20
seed = 5
record = ["nodes", "importance"]
alone = 16
"""
NODES = ("infected_steps", "squares", "eliminated", "eliminated_squares")


def tables_of(result: sf.Result) -> dict[str, np.ndarray]:
    return {name: result.tables[name] for name in result.tables}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> sf.Result:
    return sf.run(sf.Config.from_text(SMALL), tmp_path_factory.mktemp("importance") / "r", n_jobs=2)


def test_importance_is_the_outbreak_of_a_run_that_begins_with_the_node() -> None:
    """Every node of a small network against `simulate` from it: 16 differences of independent means below 4.5 sigma."""
    net = sf.Network.from_edges([(0, k) for k in range(1, 6)] + [(5, 6), (6, 7)])
    model = sf.SIRS(beta=0.25, gamma=0.2, delta=0.05, xi=0.1)
    sums = sirs.alone(net, model, 15, 3000, seed=3)
    mean = sums[::2] / 3000
    variance = sums[1::2] / 3000 - mean**2
    for node in range(8):
        run = sf.simulate(net, model, 15, 3000, seed=100 + node, initial=sf.Initial(nodes=[node]))
        for k, values in enumerate((run.risk_load * 8, run.final_eliminated)):
            sigma = ((variance[k, node] + values.var()) / 3000) ** 0.5
            assert abs(mean[k, node] - values.mean()) < 4.5 * sigma


def test_table_is_what_is_stored(result: sf.Result) -> None:
    frame = result.importance()
    assert len(frame) == 120
    assert (frame["risk_load"].diff().dropna() <= 0).all()
    first = frame[frame["network"] == 1].sort_values("node")
    net, config = result.network(0, 1), sf.Config.from_text(SMALL)
    sums = sirs.alone(net, config.dynamics, 20, 16, sirs.pilot_seed(5, 1))
    np.testing.assert_array_equal(result.tables["node/alone_infected_steps"][60:], sums[0])
    np.testing.assert_allclose(first["risk_load"], sums[0] / (16 * 60))
    np.testing.assert_allclose(first["eliminated"], sums[2] / (16 * 60))
    np.testing.assert_allclose(first["risk_load_se"], np.sqrt((sums[1] / 16 - (sums[0] / 16) ** 2) / 15) / 60)
    np.testing.assert_allclose(first["eliminated_se"], np.sqrt((sums[3] / 16 - (sums[2] / 16) ** 2) / 15) / 60, atol=1e-12)
    np.testing.assert_array_equal(first["degree"], net.degree)
    np.testing.assert_array_equal(first["fitness"], net.fitness)
    vulnerable = result.nodes(0).set_index(["network", "node"]).loc[list(zip(frame["network"], frame["node"], strict=True))]
    np.testing.assert_array_equal(vulnerable["infected"], frame["infected"])
    np.testing.assert_array_equal(vulnerable["infected_se"], frame["infected_se"])
    pd.testing.assert_frame_equal(result.importance(0, top=7), frame.head(7))


def test_standard_errors_are_the_spread_over_seeds() -> None:
    """Mean square of 12 nodes' standard errors against their variance over 150 seeds.

    The nodes are independent: 12 x 149 degrees of freedom, a relative standard error of 3.3 % and half as much again for the
    errors' own; 4.5 of them are 0.23.
    """
    net = sf.Network.from_edges([(i, (i + 1) % 12) for i in range(12)])
    means, errors = [], []
    for seed in range(150):
        sums = sirs.alone(net, sf.SIRS(beta=0.2, gamma=0.3), 10, 20, seed)
        means.append(sums[0] / 20)
        errors.append((sums[1] / 20 - (sums[0] / 20) ** 2) / 19)
    assert abs(np.mean(errors) / np.mean(np.var(means, axis=0, ddof=1)) - 1) < 0.23


def test_plain_numbers_stay_what_they_are(result: sf.Result) -> None:
    """Without importance the stored tables are the same, whatever `alone` is; with it they only become more."""
    plain = [run(SMALL, "run.record=['nodes']", f"run.alone={n}") for n in (16, 32)]
    assert plain[0].digest == plain[1].digest
    assert not any("alone" in name for name in plain[0].tables)
    more = tables_of(result)
    assert {name for name in more if "alone" in name} == {f"node/alone_{name}" for name in NODES}
    for name, array in tables_of(plain[0]).items():
        np.testing.assert_array_equal(array, more[name])


def test_same_bits_in_parts_and_on_any_number_of_workers(
    result: sf.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(SMALL).digest == result.digest
    monkeypatch.setattr("scfast.simulating.TASK_BYTES", 1)
    split = Plan.of(sf.Config.from_text(SMALL))
    assert sum(map(len, split.shards)) == 4  # 600 replicates are two blocks, of which the first has the importance
    assert sf.run(sf.Config.from_text(SMALL), tmp_path / "r", n_jobs=2).digest == result.digest


def test_shocks_and_protection_have_no_part_in_it(result: sf.Result) -> None:
    """The same replicates, to the bit."""
    more = SMALL + "[protection]\nprotected = 9\n[[shock]]\nseverity = 0.5\nsteps = [1]\n"
    other = run(more)
    for name in NODES:
        np.testing.assert_array_equal(other.tables[f"node/alone_{name}"], result.tables[f"node/alone_{name}"])
    assert (other.tables["node/infected_steps"] != result.tables["node/infected_steps"]).any()


def test_progress_and_stop_reach_into_it() -> None:
    config = sf.Config.from_text(SMALL)
    laid = Plan.of(config)
    task = Task(0, 0, 0, 600)
    net = sf.grow(sf.DualLocalWorld(), n_nodes=60, seed=5)
    done: list[int] = []
    run_task(config.run, config.cells[0], task, net, done.append)
    # what shocks and first steps take is told once more at most
    assert sum(done) == pytest.approx(60 * 20 * (600 + 60 * 16), rel=0.05)
    assert sum(laid.work(k) for k in range(len(laid.shards))) == 2 * 60 * 20 * (600 + 60 * 16)
    assert laid.estimate(1)["work"] == 2 * 60 * 20 * (600 + 60 * 16)
    ticks = iter(range(10**9))

    def stop(_: int) -> None:
        if next(ticks) == len(done) - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # at the very last look, in the replicates of nodes alone
        run_task(config.run, config.cells[0], task, net, stop)


def test_estimates_count_it() -> None:
    with_it, without = (
        Plan.of(sf.Config.from_text(SMALL, [f"run.record={record}"])).estimate(1) for record in (["importance"], [])
    )
    assert with_it["disk"] - without["disk"] == 2 * 2 * 60 * 32  # four whole numbers per node and network, in shards and merged
    assert with_it["memory"] > without["memory"]


BAD = {
    "10,001 nodes": (
        ["network.n_nodes=10001"],
        "run.record = 'importance': must not be asked for in networks of more than 10000 nodes, here 10001",
    ),
    "one of them too large": (
        ["sweep.network.n_nodes=[100, 20000]"],
        "run.record = 'importance': must not be asked for in networks of more than 10000 nodes, here 20000",
    ),
    "too many steps": (
        ["network.n_nodes=10000", "run.steps=100000"],
        "run.alone = 16: must be at most 9 with 10000 nodes and 100000 steps, as sums ",
    ),
    "once": (["run.alone=1"], "run.alone = 1: must be at least 2"),
    "half": (["run.alone=2.5"], "run.alone = 2.5: must be a whole number"),
    "word": (["run.alone=all"], "run.alone = 'all': must be a number"),
    "misspelt": (["run.record=['importence']"], "run.record[0] = 'importence': must be one of 'types', 'nodes', 'trajectories', "),
    "twice": (["run.record=['importance', 'importance']"], "run.record[1] = 'importance': must not be given twice"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_line(kind: str) -> None:
    overrides, line = BAD[kind]
    with pytest.raises(ConfigError) as caught:
        Plan.of(sf.Config.from_text(SMALL, overrides))
    assert str(caught.value).removeprefix("--set: ").startswith(line)
    assert "\n" not in str(caught.value)


def test_a_network_from_files_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulating, "MOST_ALONE", 20)
    net = sf.Network.from_edges([(0, k) for k in range(1, 30)])
    config = sf.Config.from_text("[network]\nkind='file'\nedges='e.csv'\n[run]\nrecord=['importance']")
    with pytest.raises(ConfigError, match="networks of more than 20 nodes, here 30"):
        Plan.of(config, net)


def test_what_was_not_recorded_is_refused(result: sf.Result) -> None:
    plain = run(SMALL, "run.record=[]", "run.networks=1")
    for found, arguments, line in (
        (plain, {}, "run.record: must hold 'importance' for the nodes' importance to be known"),
        (result, {"cell": 1}, "cell = 1: must be between 0 and 0"),
        (result, {"top": -1}, "top = -1: must be at least 0"),
    ):
        with pytest.raises(ValueError) as caught:
            found.importance(**arguments)
        assert str(caught.value) == line
    alone = run(SMALL, "run.record=['importance']", "run.networks=1")
    assert alone.importance()["infected"].isna().all()
    assert ("risk_load", "infected") not in sensitivity.agreement(alone.importance())


def test_rankings_agree_over_networks(result: sf.Result) -> None:
    frame = result.importance()
    found = sensitivity.agreement(frame)
    assert set(found) == {(a, b) for k, a in enumerate(sensitivity.MEASURES) for b in sensitivity.MEASURES[k + 1 :]}
    each = [graph["risk_load"].corr(graph["degree"], method="spearman") for _, graph in frame.groupby("network")]
    r, low, high = found["risk_load", "degree"]
    assert r == pytest.approx(np.mean(each))
    assert low <= r <= high
    one = sensitivity.agreement(frame[frame["network"] == 0])["risk_load", "degree"]
    assert one == sensitivity.rank_correlation(*(frame[frame["network"] == 0][name].to_numpy() for name in ("risk_load", "degree")))
    assert 0 < sensitivity.chance_between(frame) < 1


def test_command_and_picture(result: sf.Result, tmp_path: Path, scfast: Callable) -> None:
    (tmp_path / "c.toml").write_text(SMALL.replace(', "importance"', ""))  # which the command adds
    code, out, err = scfast("importance", tmp_path / "c.toml", "-o", result.folder, "--top", 3, "--csv", tmp_path)
    assert (code, err) == (0, f"{result.folder}: complete already\n")
    assert "The 3 most important nodes" in out and "rank correlation" in out
    assert len(pd.read_csv(tmp_path / "importance.csv")) == 120
    assert scfast("importance", result.folder, "--plot", tmp_path / "i.svg")[0] == 0
    assert "rank by vulnerability" in (tmp_path / "i.svg").read_text() or (tmp_path / "i.svg").stat().st_size > 20_000
    for arguments, line in (
        ((tmp_path / "c.toml",), "--out: must name the results folder"),
        ((result.folder, "--top", -1), "--top = -1: must be at least 0"),
        ((result.folder, "--cell", 1), "cell = 1: must be between 0 and 0"),
        ((tmp_path / "c.toml", "-o", tmp_path / "n", "--cell", 1), "--cell = 1: must be between 0 and 0"),
        ((result.folder, "--set", "run.seed=1"), "--set: is for a configuration; "),
        ((result.folder, "--plot", "i.jpg"), "--plot = i.jpg: must end in .png or .svg"),
    ):
        code, _, err = scfast("importance", *arguments)
        assert (code, err.count("\n")) == (2, 1)
        assert err.startswith(f"scfast: {line}")
    assert not (tmp_path / "n").exists()


def test_picture_without_types_and_fitness(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("source,target\n" + "".join(f"a,b{k}\n" for k in range(9)) + "b0,c\n")
    (tmp_path / "c.toml").write_text(
        "[network]\nkind='file'\nedges='e.csv'\n[run]\nreplicates=64\nsteps=10\nseed=1\nrecord=['nodes','importance']\n"
    )
    found = sf.run(sf.Config.from_toml(tmp_path / "c.toml"), tmp_path / "r", n_jobs=1)
    assert found.importance()["id"].iloc[0] == "a"
    assert found.importance()["fitness"].isna().all()
    assert [ax.get_xlabel() for ax in charts.importance(found).axes] == ["degree (points moved a little)", "rank by vulnerability"]
    tables = sensitivity.importance_tables(found, found.importance(), 3)
    assert "fitness>" not in tables[0].columns and len(tables[1].rows) == 3
