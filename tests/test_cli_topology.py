"""``scfast topology``: a network, a configuration, results, the study, and one line for whatever is wrong."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import scfast as sf
from scfast import cli

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
EDGES = "source,target,weight\nb,a,1\nb,c,2\nc,d,1\nd,a,1\n"
NODES = "id,type\na,brand\nb,purchaser\nc,platform\nd,logistics\ne,brand\n"
SERIES = """
[network]
n_nodes = 60
[topology]
beside = ["barabasi_albert"]
[[series]]
name = "size"
"network.n_nodes" = [500, 1000, 5000]
[[series]]
name = "M"
"network.n_nodes" = [500, 5000]
"network.local_world" = [5, 50]
[run]
networks = 3
seed = 1
"""


@pytest.fixture
def scfast(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """``scfast topology ...`` in an empty folder: exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["scfast", "topology", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as done:
            code = int(done.code or 0)
        return code, *capsys.readouterr()

    return call


def value(out: str, measure: str) -> str:
    """The value of a measure in a printed page."""
    (line,) = [line for line in out.splitlines() if line.split()[:1] == [measure]]
    return re.split(r"\s{2,}", line.strip())[1]


def test_a_page_of_a_network(scfast, tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text(EDGES)
    (tmp_path / "nodes.csv").write_text(NODES)
    code, out, err = scfast("edges.csv", "--nodes", "nodes.csv", "--plot", "page.png", "--csv", "tables", "--bootstraps", "5")
    assert (code, err) == (0, "")
    network = sf.read_network("edges.csv", "nodes.csv")
    found = sf.measure(network, bootstraps=5)
    assert value(out, "n_nodes") == "5" and value(out, "n_components") == "2" and value(out, "connected") == "0.6"
    assert value(out, "path_length") == f"{found.path_length:.4g}" and value(out, "ks_p") == "-"
    assert "note: edges.csv: columns ignored: weight" in out
    assert Path("page.png").stat().st_size > 20_000
    names = ["measures", "types", "degrees", "distances", "tiers", "cores"]
    assert out.split()[-7:] == [*(f"tables/{name}.csv" for name in names), "page.png"]
    measures = pd.read_csv("tables/measures.csv").set_index("measure")["value"]
    np.testing.assert_allclose(measures, list(found.measures().values()))
    degrees = pd.read_csv("tables/degrees.csv")
    assert (degrees["degree"] * degrees["nodes"]).sum() == 2 * network.n_edges
    # in a folder, the picture has the folder's name, as all such files are called edges.csv
    assert scfast("edges.csv", "--plot", "pictures")[1].splitlines()[-1] == f"pictures/{tmp_path.name}.png"


def test_json_is_one_object(scfast, tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("source,target\na,b\nb,a\na,a\n")
    code, out, err = scfast("e.csv", "--clean", "--json", "--plot", "p.svg", "--csv", "t")
    assert code == 0
    told = json.loads(out)
    assert told["mean_degree"] == 1 and told["exponent"] is None and told["measured"]["distances"] == [0, 2]
    assert err.splitlines()[-1] == "p.svg" and Path("p.svg").exists()


def test_the_networks_of_any_configuration(scfast, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(
        "[network]\nn_nodes=60\n[dynamics]\nbeta=0.3\n[initial]\ninfected=2\n[[strategy]]\nname='s'\nprotection=3\n"
        "[sweep]\n'network.theta'=[0.1, inf]\n'dynamics.gamma'=[0.1, 0.2]\n[run]\nnetworks=4\nsteps=9\n"
    )
    code, out, err = scfast("my.toml", "--seed", "7", "--sources", "20", "-j", "1", "--csv", "t", "--plot", "p")
    assert code == 0, err
    assert "Networks (network.theta = 0.1)" in out and "Networks (network.theta = inf)" in out and "seed 7" in out
    table = pd.read_csv("t/networks.csv")
    assert table.groupby("cell").size().tolist() == [4, 4] and set(table["n_nodes"]) == {60}
    expected = [sf.grow(sf.DualLocalWorld(), 60, seed=7, network=g).n_edges for g in range(4)]
    assert table[table["cell"] == 0]["n_edges"].tolist() == expected
    summary = pd.read_csv("t/summary.csv").set_index(["cell", "measure"])
    mean = summary.loc[(0, "mean_degree"), "mean"]
    assert mean == pytest.approx(2 * np.mean(expected) / 60)
    radius = [sf.measure(sf.grow(sf.DualLocalWorld(), 60, seed=7, network=g)).spectral_radius for g in range(4)]
    assert summary.loc[(0, "pressure"), "mean"] == pytest.approx(0.3 * np.mean(radius))
    assert f"mean degree  {mean:.4g}" in re.sub(" +", "  ", out.split("theta = inf")[0]).replace("mean  degree", "mean degree")
    assert [path.name for path in sorted(Path("p").iterdir())] == ["portrait-cell0.png", "portrait-cell1.png"]
    code, _, err = scfast("my.toml", "--plot", "p.png", "-j", "1")
    assert code == 2 and err == "scfast: --plot = p.png: must be a folder, for the pictures of 2 cells\n"


def test_results_are_shown_again(scfast, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("[network]\nn_nodes=60\n[topology]\nbootstraps=3\n[run]\nnetworks=3\nseed=2\n")
    code, out, err = scfast("my.toml", "-o", "r")
    assert code == 0, err
    assert scfast("r") == (0, out, "")
    told = json.loads(scfast("r", "--json")[1])
    assert {row["measure"] for row in told["summary"]} >= {"ks_p", "path_length", "mean_degree.brand"}


def test_the_study(scfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "study.toml").write_text(SERIES)
    large = SERIES.split("[[series]]")
    (tmp_path / "data" / "study_large.toml").write_text(
        large[0] + '[[series]]\nname = "size"\n"network.n_nodes" = [10_000]\n[run]\nnetworks = 3\nseed = 1\n'
    )
    monkeypatch.setattr("scfast.config.SHIPPED", tmp_path / "data")
    code, out, err = scfast("--study", "--large", "-o", "r", "--set", "run.networks=3", "--csv", "t")
    assert code == 0, err
    for figure in (
        "[P] figure 2",
        "[P] table 3",
        "[P] figure 3",
        "[P] figure 4",
        "Claims",
        "under other assumptions",
        "Beside BA at each N",
    ):
        assert figure in out
    networks = pd.read_csv("t/networks.csv")
    assert len(networks) == (2 * 3 + 2 * 4 + 2) * 3 and networks["n_nodes"].max() == 10_000
    claims = pd.read_csv("t/claims.csv")
    assert claims["n"].eq(3).all() and not claims["sizes"].astype(str).str.contains("10000").any()
    row = claims[(claims["key"] == "path.rises")].iloc[0]
    assert row["verdict"] == "holds"
    names = ["mean-degree", "mean-degree-by-type", "exponent", "path-length", "by-M"]
    assert sorted(path.stem for path in Path("r/pictures").iterdir()) == sorted(names)
    # run again, it finds everything there
    code, out, err = scfast("--study", "--large", "-o", "r", "--set", "run.networks=3", "--json", "--plot", "p")
    told = json.loads(out)
    assert [one["key"] for one in told["claims"]] == claims["key"].tolist() and len(told["runs"]) == 2
    assert err.splitlines()[:2] == ["r: complete already", "r/large: complete already"]
    assert told["claims"][0]["estimate"] == pytest.approx(claims["estimate"][0], rel=1e-12)


@pytest.mark.skipif(not DATA.exists(), reason="the real networks are not beside this checkout")
def test_real_networks(scfast) -> None:
    folder = DATA / "openflights_2014"
    code, out, _ = scfast(folder / "edges.csv", "--nodes", folder / "nodes.csv", "--symmetrize", "--plot", "p")
    assert code == 0 and value(out, "n_edges") == "18,858" and value(out, "n_components") == "7"
    assert Path("p/openflights_2014.png").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("", "WHAT: must be a CSV of edges, a configuration or a folder of results; or give --study"),
        ("none.csv", "none.csv: cannot be read (No such file or directory)"),
        ("none.toml", "none.toml: no such file or shipped configuration, valid: default, "),
        ("nothing", "nothing: no such file or shipped configuration, valid: default, "),
        ("c.toml --study", "--study: must not be given together with WHAT, here c.toml"),
        ("--large", "--large: goes with --study"),
        ("--study", "--out: must name the results folder, as in -o results"),
        ("--study -o r --seed 1", "--seed: has no meaning for the study"),
        ("--study -o c.toml", "--out = 'c.toml': must be a folder"),
        ("--study -o r --set run.steps=3", "--set: run.steps = 3: "),
        ("c.toml --nodes n.csv", "--nodes: has no meaning for a configuration (c.toml)"),
        ("c.toml --jobs 0", "--jobs = 0: must be -1 or at least 1"),
        ("c.toml --sources 1", "sources = 1: must be at least 2"),
        ("e.csv -o r", "--out: has no meaning for a CSV of edges (e.csv)"),
        ("e.csv --bootstraps -1", "bootstraps = -1: must be at least 0"),
        ("e.csv --nodes none.csv", "none.csv: cannot be read (No such file or directory)"),
        ("e.csv --seed -1", "seed = -1: must be at least 0"),
        (". --seed 1", "--seed: has no meaning for a folder of results (.)"),
        (".", ".: holds no results (there is no manifest.json)"),
        ("empty.csv", "empty.csv: has no edges (and no nodes file was given)"),
        ("nothing.csv", "nothing.csv: "),
        ("loop.csv", "loop.csv: 1 self-loop ('a' - 'a'): must be none (clean drops them)"),
        ("loop.csv --clean --plot p.png", "--plot = p.png: needs a network with at least one edge; loop.csv has none"),
        ("e.csv --plot p.pdf", "--plot = p.pdf: must end in .png or .svg, or be a folder"),
        ("--study -o r --plot p.png", "--plot = p.png: must be a folder, for the pictures of the study"),
        ("e.csv --plot c.toml", "folder = 'c.toml': cannot be written ("),
        ("e.csv --csv c.toml", "--csv = 'c.toml': must be a folder"),
    ],
)
def test_what_is_wrong_is_one_line(scfast, tmp_path: Path, arguments: str, line: str) -> None:
    (tmp_path / "c.toml").write_text("[network]\nn_nodes=20\n[run]\nnetworks=1\nseed=1\n")
    files = {"e.csv": EDGES, "n.csv": NODES, "empty.csv": "source,target\n", "nothing.csv": "", "loop.csv": "source,target\na,a\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    before = sorted(tmp_path.iterdir())
    code, out, err = scfast(*arguments.split())
    assert code == 2 and err.startswith("scfast: ") and err.endswith("\n") and err.count("\n") == 1 and line in err, err
    assert out == "" or "--plot c.toml" in arguments
    assert sorted(tmp_path.iterdir()) == before


def test_results_of_dynamics_are_not_shown(scfast, tmp_path: Path) -> None:
    text = "[network]\nn_nodes=20\n[run]\nnetworks=1\nreplicates=8\nsteps=2\nseed=1\n"
    sf.run(sf.Config.from_text(text), tmp_path / "r", n_jobs=1)
    code, out, err = scfast("r")
    assert (code, out) == (
        2,
        "",
    ) and err == "scfast: r: holds results of dynamics; must hold those of a configuration with [topology]\n"
