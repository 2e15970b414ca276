"""Configurations that measure their networks: their cells, numbers that depend on nothing else, and how they are read."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from runs import environment
from scipy import stats as scipy_stats

import scfast as sf
from scfast import cli, ensemble, storage
from scfast.config import Config, ConfigError, TopologySettings, find, template_text
from scfast.measuring import measuring_seed
from scfast.parameters import BarabasiAlbert, DualLocalWorld, LocalWorld
from scfast.plan import Plan
from scfast.study import Study
from scfast.sweeps import Series
from scfast.topology import MEASURES, Topology

SMALL = """
[network]
n_nodes = 60
[topology]
beside = ["barabasi_albert", "local_world"]
[[series]]
name = "size"
"network.n_nodes" = [60, 90]
[[series]]
name = "crossing"
network.theta = { start = 0.1, stop = 0.4, num = 2 }
"network.local_world" = [3, inf]
[run]
networks = 4
seed = 5
"""


@pytest.fixture(scope="module")
def study() -> Study:
    found = sf.run(Config.from_text(SMALL), n_jobs=1)
    assert isinstance(found, Study)
    return found


# ---- configuration


def test_series_stand_one_after_another_and_models_beside_each_cell() -> None:
    config = Config.from_text(SMALL)
    kinds = ("dual_local_world", "barabasi_albert", "local_world")
    sizes = [{"series.name": "size", "network.n_nodes": n, "topology.model": kind} for n in (60, 90) for kind in kinds]
    grid = [
        {"series.name": "crossing", "network.theta": theta, "network.local_world": size, "topology.model": kind}
        for theta in (0.1, 0.4)
        for size in (3, math.inf)
        for kind in kinds
    ]
    assert [cell.values for cell in config.cells] == sizes + grid
    assert [list(cell.values) for cell in config.cells[:7:6]] == [list(sizes[0]), list(grid[0])]  # the order of keys, too
    base, albert, local = (config.cells[k].network for k in (12, 13, 14))
    assert base.model == DualLocalWorld(theta=0.4, local_world=3)
    assert albert.model == BarabasiAlbert(base.model.mean_partners) and albert.n_nodes == base.n_nodes == 60
    assert local.model == LocalWorld(base.model.mean_partners, size=3)


def test_round_trips() -> None:
    text = SMALL + "[dynamics]\nbeta = 0.2\n"
    config = Config.from_text(text.replace("beside", "sources = 20\nbootstraps = 5\nbeside"))
    assert Config.from_text(config.to_toml()) == config
    assert Config.from_text(config.to_toml()).to_toml() == config.to_toml()
    plain = config.resolved()
    again = Config.from_dict(json.loads(json.dumps(plain, sort_keys=True, allow_nan=False)))
    assert again == config and again.resolved() == plain
    assert [cell.values for cell in again.cells] == [cell.values for cell in config.cells]
    assert set(plain) == {"network", "dynamics", "topology", "series", "run", "base"}  # no more than has a meaning
    assert set(plain["run"]) == {"networks", "seed"}
    assert [one["name"] for one in plain["series"]] == ["size", "crossing"]


def test_series_from_python() -> None:
    sizes = {"network.n_nodes": [60, 90]}
    config = Config(topology=TopologySettings(), series=[Series("a", sizes), {"name": "b", "network": {"m": [1, 2]}}])
    assert config.series == (Series("a", (("network.n_nodes", (60, 90)),)), Series("b", (("network.m", (1, 2)),)))
    assert [cell.network.model.m[0] for cell in config.cells] == [2, 2, 1, 2]
    plain = Config(topology=TopologySettings(), sweep=sizes)
    assert [cell.values for cell in plain.cells] == [{"network.n_nodes": 60}, {"network.n_nodes": 90}]
    assert Config.from_text(plain.to_toml()) == plain == Config.from_dict(plain.resolved())
    with pytest.raises(ConfigError, match=r"^\[protection\]: must not be given together with \[topology\]$"):
        Config(topology=TopologySettings(), protection=sf.Protection(3))
    with pytest.raises(ConfigError, match=r"^run\.steps = 3: must not be given together with \[topology\]$"):
        Config(topology=TopologySettings(), run=type(config.run)(steps=3))


def test_a_series_alone_is_the_configuration_with_a_name() -> None:
    (cell,) = Config.from_text("[topology]\n[[series]]\nname='as it is'").cells
    assert cell.values == {"series.name": "as it is"} and cell.network.n_nodes == 1000


def test_a_run_of_dynamics_says_nothing_of_topology() -> None:
    config = Config.from_text("[run]\nseed=1")
    manifest = Plan.of(config).manifest()
    assert not {"topology", "series"} & config.resolved().keys() and not {"kind", "types"} & manifest.keys()
    assert Plan.of(Config.from_text("[run]\nseed=1\n[topology]")).manifest()["kind"] == "topology"


@pytest.mark.parametrize(("name", "networks", "seed"), [("study", 100, 2), ("study_large", 30, 1)])
def test_shipped_studies(
    name: str, networks: int, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``scfast init`` prints them so that they read back; each cell has the other model beside it, with as many partners."""
    monkeypatch.setattr(sys, "argv", ["scfast", "init", "--template", name])
    cli.main()
    text = capsys.readouterr().out
    assert text == template_text(name) + "\n"
    config = Config.from_text(text)
    assert config == Config.from_toml(find(name))
    assert (config.run.networks, config.run.seed, config.topology) == (networks, seed, TopologySettings(beside=["barabasi_albert"]))
    for base, beside in zip(config.cells[::2], config.cells[1::2], strict=True):
        assert isinstance(beside.network.model, BarabasiAlbert) and beside.network.n_nodes == base.network.n_nodes
        assert beside.network.model.mean_partners == base.network.model.mean_partners
    assert "replicates" not in text and "[initial]" not in text  # what has no meaning is not explained


def test_a_network_without_edges_is_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("edges.csv").write_text("source,target\n")
    Path("nodes.csv").write_text("id\na\nb\n")
    Path("c.toml").write_text("[network]\nkind='file'\nedges='edges.csv'\nnodes='nodes.csv'\n[topology]\n")
    monkeypatch.setattr(sys, "argv", ["scfast", "run", "c.toml", "-o", "r", "--dry-run"])
    cli.main()
    assert "networks    1 of 2 nodes each" in capsys.readouterr().out


def test_estimates_of_the_large_study_are_sensible() -> None:
    """Each network of a million nodes is a shard of its own; one worker needs less than a gigabyte, as do the results on disk."""
    plan = Plan.of(Config.from_toml(find("study_large")))
    largest = {cell for cell, one in enumerate(plan.config.cells) if one.network.n_nodes == 10**6}
    holding = [tasks for tasks in plan.shards if any(largest & set(task.cells) for task in tasks)]
    assert len(holding) == 2 * 30 and max(map(plan.work, range(len(plan.shards)))) < 1e9
    cost, one = plan.estimate(2), plan.estimate(1)
    assert one["memory"] < 1e9 and one["memory"] < cost["memory"] < 1.8e9 and cost["disk"] < 1e9
    assert cost["work"] == sum(map(plan.work, range(len(plan.shards))))


# ---- numbers


def test_networks_are_those_that_risk_spreads_on(study: Study) -> None:
    """Network k of a configuration is the same whether it is measured or run on, of whatever model, at whatever place."""
    for cell, text in {0: "n_nodes=60", 13: "kind='barabasi_albert'\nm={m!r}\nn_nodes=60"}.items():
        partners = study.manifest["networks"][13]["m"]
        run = f"[network]\n{text.format(m=partners)}\n[run]\nnetworks=4\nreplicates=64\nsteps=3\nseed=5"
        result = sf.run(Config.from_text(run), n_jobs=1)
        digests = (found.tables["rows/network_digest"][found.rows(k)] for found, k in ((result, 0), (study, cell)))
        np.testing.assert_array_equal(*digests)
    assert study.network(13, 2).digest() == sf.grow(BarabasiAlbert(partners), 60, 5, network=2).digest()


def test_topologies_are_what_measuring_each_network_gives(study: Study) -> None:
    for cell in (0, 1, 12):
        for k, found in enumerate(study.topologies(cell)):
            assert found == sf.measure(study.network(cell, k), dynamics=sf.SIRS(), seed=measuring_seed(5, k))
            assert found.type_names == study.types[cell]
    assert study.types[0] == study.type_names == ("brand", "purchaser", "platform", "logistics")
    assert study.types[1] == ("node",)


def test_equal_cells_of_two_series_share_their_task() -> None:
    text = SMALL.replace("[3, inf]", "[50, inf]")  # 60 nodes, theta 0.1 and M 50 are in both
    config = Config.from_text(text)
    plan = Plan.of(config)
    shared = [task.cells for tasks in plan.shards for task in tasks if len(task.cells) > 1]
    assert (0, 6) in shared and sum(len(task.cells) for tasks in plan.shards for task in tasks) == 4 * len(config.cells)
    study = sf.run(config, n_jobs=1)
    assert study.topologies(0) == study.topologies(6) and study.done == study.total == 4 * len(config.cells)


@pytest.mark.parametrize(("jobs", "backend"), [(2, "threads"), (2, "loky")])
def test_numbers_do_not_depend_on_workers(study: Study, tmp_path: Path, jobs: int, backend: str) -> None:
    found = sf.run(Config.from_text(SMALL), tmp_path / "r", n_jobs=jobs, backend=backend)
    assert found.digest == study.digest == sf.load(tmp_path / "r").digest
    assert found.networks.equals(study.networks)


def test_numbers_do_not_depend_on_interruption(study: Study, tmp_path: Path) -> None:
    """In three parts; then with shards, and the merged file, gone or damaged."""
    config, folder = Config.from_text(SMALL), tmp_path / "r"
    partial = sf.run(config, folder, n_jobs=1, shard=(1, 3))
    assert isinstance(partial, Study) and 0 < partial.done < partial.total and not partial.complete
    rows = study.networks.merge(partial.networks[["cell", "network"]], on=["cell", "network"])
    assert rows.equals(partial.networks) and len(rows) == partial.done
    with pytest.raises(ValueError, match="missing or damaged"):
        ensemble.merge_folder(folder)
    for part in (0, 2):
        sf.run(config, folder, n_jobs=1, shard=(part, 3))
    assert sf.load(folder).digest == study.digest  # whoever finds the plan complete merges it
    (folder / "results.h5").unlink()
    shards = sorted((folder / "shards").glob("*.h5"))
    shards[0].unlink()
    shards[1].write_bytes(shards[1].read_bytes()[:-1])
    assert sf.run(config, folder, n_jobs=1).digest == study.digest


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    """Stopped by a signal while it measures; the exit code says so, and the next run completes it to the same numbers."""
    config = tmp_path / "c.toml"
    config.write_text("[network]\nn_nodes=3000\n[topology]\nbootstraps=40\n[run]\nnetworks=300\nseed=1\n")
    run = [sys.executable, "-m", "scfast", "run", str(config), "-o", str(tmp_path / "r"), "--jobs", "1"]
    process = subprocess.Popen(run, stderr=subprocess.PIPE, text=True, env=environment(), process_group=0)
    deadline = time.monotonic() + 120
    while not list((tmp_path / "r" / "shards").glob("*.h5")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and "edges followed to compute" in error and "what is finished is kept" in error
    seen = ensemble.status(tmp_path / "r")
    assert 0 < seen.done < seen.total and seen.unit == "edges followed" and 0 < seen.work < seen.total_work
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "r" / "shards").glob("*.h5")}
    first = sf.load(tmp_path / "r")
    assert first.topologies(0)[0] == sf.measure(
        first.network(0, 0), dynamics=sf.SIRS(), bootstraps=40, seed=measuring_seed(1, int(first.networks["network"][0]))
    )
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in done.items())


def test_sampled_sources_and_bootstraps_come_from_the_seed() -> None:
    text = "[network]\nn_nodes=200\n[topology]\nsources=50\nbootstraps=8\n[run]\nnetworks=2\nseed={}"
    one, other = (sf.run(Config.from_text(text.format(seed)), n_jobs=1) for seed in (3, 4))
    found = one.topologies(0)[1]
    assert found.n_sources == 50 and found.path_error > 0 and 0 <= found.ks_p <= 1 and found.ks_low < found.ks_high
    assert found == sf.measure(one.network(0, 1), dynamics=sf.SIRS(), sources=50, bootstraps=8, seed=measuring_seed(3, 1))
    assert one.digest != other.digest
    everywhere = sf.run(Config.from_text(text.format(3).replace("sources=50", "sources=5000")), n_jobs=1)
    assert everywhere.topologies(0)[0].exact  # as there are fewer nodes


def test_a_network_from_files(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("source,target\na,b\nb,c\nc,d\nd,a\nd,e\n")
    (tmp_path / "nodes.csv").write_text(
        "id,type,risk\n" + "".join(f"{name},{kind},0.5\n" for name, kind in zip("abcde", "xyxyz", strict=True))
    )
    text = (
        "[network]\nkind='file'\nedges='edges.csv'\nnodes='nodes.csv'\n[dynamics]\nbeta='risk'\n[topology]\n"
        "[[series]]\nname='rates'\n'dynamics.beta'=[0.1, 'risk']\n[run]\nseed=1\n"
    )
    study = sf.run(Config.from_text(text, base=tmp_path), tmp_path / "r", n_jobs=1)
    frame = sf.load(tmp_path / "r").networks
    assert (study.n_networks, list(frame["model"]), list(frame["series"])) == (1, ["file"] * 2, ["rates"] * 2)
    assert list(frame["dynamics.beta"]) == [0.1, "risk"]
    assert frame["pressure"][1] == pytest.approx(5 * frame["pressure"][0])  # 0.5 against 0.1, up to rounding
    assert study.topologies(1)[0].tier_edges.tolist() == [[0, 4, 0], [0, 0, 1], [0, 0, 0]]
    assert study.network(0).names is not None and frame["mean_degree.z"].tolist() == [1.0, 1.0]


# ---- reading


def test_networks_is_one_row_per_network(study: Study) -> None:
    frame = study.networks
    swept = ["network.n_nodes", "network.theta", "network.local_world"]
    types = [f"mean_degree.{name}" for name in (*study.type_names, "node")]
    assert list(frame) == ["cell", "network", "series", "model", "n_nodes", "n_edges", *swept, *MEASURES, "pressure", *types]
    assert len(frame) == study.done == 4 * study.n_cells
    assert list(zip(frame["cell"], frame["network"], strict=True)) == [(c, k) for c in range(study.n_cells) for k in range(4)]
    np.testing.assert_array_equal(frame["mean_degree"], 2 * frame["n_edges"] / frame["n_nodes"])
    crossing = frame[(frame["series"] == "crossing") & (frame["model"] == "dual_local_world")]
    assert crossing["network.n_nodes"].isna().all() and set(crossing["network.local_world"]) == {3.0, math.inf}
    assert crossing[types[:4]].notna().all(axis=None) and crossing["mean_degree.node"].isna().all()
    row = frame.iloc[50]
    found: Topology = study.topologies(int(row["cell"]))[int(row["network"])]
    assert {name: row[name] for name in MEASURES} == pytest.approx(found.measures(), nan_ok=True, rel=0, abs=0)


def test_intervals_are_those_of_scipy(study: Study) -> None:
    summary, frame = study.summary(0.9), study.networks
    assert (summary["n"] <= 4).all() and summary.groupby("cell")["measure"].nunique().min() > 15
    for cell, measure in ((0, "path_length"), (7, "exponent"), (3, "mean_degree.brand")):
        values = frame.loc[frame["cell"] == cell, measure].dropna()
        (row,) = summary[(summary["cell"] == cell) & (summary["measure"] == measure)].itertuples()
        low, high = scipy_stats.t.interval(0.9, len(values) - 1, values.mean(), scipy_stats.sem(values))
        assert (row.mean, row.low, row.high, row.sd) == pytest.approx((values.mean(), low, high, values.std()), rel=1e-12)
        assert row.unit == ("edges" if measure == "path_length" else "")
    assert set(summary.loc[summary["cell"] == 1, "measure"]).isdisjoint({"mean_degree.brand", "crossing_effect", "ks_p"})
    with pytest.raises(ValueError, match="level = 1: must be between 0 and 1"):
        study.summary(1)


def test_results_describe_themselves(tmp_path: Path) -> None:
    import h5py

    sf.run(Config.from_text(SMALL), tmp_path / "r", n_jobs=1)
    with h5py.File(tmp_path / "r" / "results.h5") as file:
        for name, column in storage.SCHEMA.items():
            if not name.startswith("topology/"):
                continue
            dataset = file[name]
            assert dataset.dtype == column.dtype and dataset.attrs["unit"] == column.unit and dataset.attrs["meaning"]
            assert [dim.label for dim in dataset.dims] == list(column.axes)
        assert {name for name in file["rows"]} == {
            *("cell", "network", "n_nodes", "n_edges", "n_isolates", "type_size", "network_digest")
        }


def test_nothing_done_yet(tmp_path: Path) -> None:
    plan = Plan.of(Config.from_text(SMALL))
    ensemble.open_folder(plan, tmp_path / "r")
    study = sf.load(tmp_path / "r")
    assert isinstance(study, Study) and (study.done, study.total) == (0, 4 * 18)
    assert study.topologies(0) == [] and len(study.networks) == 0 and len(study.summary()) == 0
    with pytest.raises(ValueError, match="cell = 18: must be between 0 and 17"):
        study.topologies(18)
