"""The command line: what it prints, what it leaves behind, and one line with exit code 2 for whatever is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from bad_input import KINDS, contents

from scfast import cli

SMALL = ["--set", "network.n_nodes=60", "--set", "run.networks=2", "--set", "run.replicates=64", "--set", "run.steps=20"]
HEAVY = ("numba", "scipy", "h5py", "matplotlib", "pandas", "joblib", "networkx", "xarray")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``scfast arguments``."""
    monkeypatch.setattr(sys, "argv", ["scfast", *map(str, arguments)])
    code = 0
    try:
        cli.main()
    except SystemExit as done:
        code = int(done.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def scfast(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The command line, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: call(capsys, monkeypatch, *arguments)


def test_from_init_to_pictures(scfast, tmp_path: Path) -> None:
    assert scfast("init", "my.toml")[0] == 0
    code, out, err = scfast("run", "my.toml", "-o", "r", *SMALL)
    assert code == 0, err
    assert "risk load" in out and "most vulnerable nodes" in out
    code, again, err = scfast("run", "my.toml", "-o", "r", *SMALL)
    assert (code, err) == (0, "r: complete already\n")
    assert again == out
    code, shown, _ = scfast("show", "r", "--top", "3")
    assert code == 0
    assert "The 3 most vulnerable nodes" in shown
    code, paths, _ = scfast("plot", "r")
    assert code == 0
    for line in paths.splitlines():
        assert Path(line).stat().st_size > 5000
    written = scfast("show", "r", "--csv", "tables")[1].split()
    assert [Path(path).name for path in written] == ["summary.csv", "trajectories.csv", "nodes.csv"]
    assert len(pd.read_csv(written[1])) == 21 * 4
    assert scfast("status", "r")[1] == "r: 2 of 2 shards done (100 %); merged\n"


def test_sweep_prints_a_row_per_cell(scfast) -> None:
    grid = ["--set", "sweep.dynamics.beta=[0.1, 0.2]", "--set", "sweep.dynamics.gamma=[0.1, 0.3, 0.5]"]
    code, out, err = scfast("run", "default", "-o", "r", *SMALL, *grid)
    assert code == 0, err
    tables = {Path(path).stem: pd.read_csv(path) for path in scfast("show", "r", "--csv", "t", "--cell", "4")[1].split()}
    assert {name: set(table["cell"]) for name, table in tables.items()} == {"summary": {4}, "trajectories": {4}, "nodes": {4}}
    scfast("show", "r", "--csv", "t")
    assert set(pd.read_csv("t/nodes.csv")["cell"]) == set(range(6))
    rows = [line.split() for line in out.split("Cells")[1].splitlines() if line.strip()[:1].isdigit()]
    assert [row[:3] for row in rows] == [
        [str(3 * i + j), beta, gamma] for i, beta in enumerate(("0.1", "0.2")) for j, gamma in enumerate(("0.1", "0.3", "0.5"))
    ]
    assert scfast("show", "r", "--cell", "4")[0] == 0


def test_alone_it_tells_how_it_is_used(scfast) -> None:
    assert scfast() == scfast("--help")
    assert scfast()[0] == 0


def test_dry_run_computes_nothing(scfast, tmp_path: Path) -> None:
    code, out, _ = scfast("run", "default", "--dry-run", "--set", "run.seed=1")
    assert code == 0
    for word in ("cells", "networks", "replicates", "block", "shards", "memory", "disk", "time", "3.28e+09 node-steps"):
        assert word in out
    assert not list(tmp_path.iterdir())


def test_network_from_files(scfast, tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("source,target,weight\na,b,1\nb,c,2\nc,d,1\n")
    (tmp_path / "nodes.csv").write_text(
        "id,name,type\na,Acme,brand\nb,Bolt,purchaser\nc,Cargo,platform\nd,Dock,logistics\ne,Echo,brand\n"
    )
    (tmp_path / "c.toml").write_text(
        "[network]\nkind='file'\nedges='edges.csv'\nnodes='nodes.csv'\n"
        "[dynamics]\nbeta={brand=0.1, purchaser=0.2, platform=0.3, logistics=0.4}\n"
        "[initial]\nnodes=['b']\n[run]\nreplicates=100\nsteps=9\n"
    )
    code, out, err = scfast("run", "c.toml", "-o", "r")
    assert code == 0, err
    assert "Bolt" in out and "Echo" in out
    for name in ("edges.csv", "nodes.csv"):
        (tmp_path / name).unlink()
    assert "Bolt" in scfast("show", "r")[1]  # results carry their own copy of the network


@pytest.mark.skipif(not DATA.exists(), reason="the real networks are not beside this checkout")
def test_real_network_names_its_most_vulnerable_firms(scfast, tmp_path: Path) -> None:
    folder = DATA / "scms_2006_2015"
    (tmp_path / "c.toml").write_text(
        f"[network]\nkind='file'\nedges='{folder / 'edges.csv'}'\nnodes='{folder / 'nodes.csv'}'\n"
        "[run]\nreplicates=512\nsteps=100\nseed=1\n"
    )
    code, out, err = scfast("run", "c.toml", "-o", "r")
    assert code == 0, err
    assert "PMO - US" in out.split("most vulnerable nodes")[1]  # manages all but 59 of 10,324 shipments


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_is_one_line_and_leaves_nothing(scfast, tmp_path: Path, kind: str) -> None:
    bad = KINDS[kind]

    def succeed(arguments: list[str]) -> None:
        code, _, err = scfast(*arguments)
        assert code == 0, err

    bad.prepare(tmp_path, succeed)
    before = contents(tmp_path)
    code, out, err = scfast(*bad.arguments)
    assert (code, out) == (2, ""), err
    assert err.startswith("scfast: ") and bad.line in err
    assert err.endswith("\n") and err.count("\n") == 1
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("closed", "arguments", "line"),
    [
        ("c.toml", ["run", "c.toml", "-o", "r"], "c.toml: permission denied\n"),
        ("edges.csv", ["run", "c.toml", "-o", "r"], "edges.csv: cannot be read (Permission denied)\n"),
        ("s", ["run", "default", "-o", "s/r"], "--out = 's/r': must be a folder (permission denied)\n"),
        ("s", ["init", "s/my.toml"], "s/my.toml: permission denied\n"),
        ("s", ["show", "s"], "s/manifest.json: permission denied\n"),
    ],
)
def test_what_may_not_be_read_is_one_line(scfast, tmp_path: Path, closed: str, arguments: list[str], line: str) -> None:
    (tmp_path / "c.toml").write_text("[network]\nkind='file'\nedges='edges.csv'\n")
    (tmp_path / "edges.csv").write_text("source,target\na,b\n")
    (tmp_path / "s").mkdir()
    (tmp_path / closed).chmod(0)
    try:
        if os.access(tmp_path / closed, os.R_OK):
            pytest.skip("root may read everything")
        code, out, err = scfast(*arguments)
    finally:
        (tmp_path / closed).chmod(0o700)
    assert (code, out) == (2, "")
    assert err.startswith("scfast: ") and err.endswith(line) and err.count("\n") == 1
    assert not list((tmp_path / "s").iterdir()) and not (tmp_path / "r").exists()


def test_init_never_overwrites(scfast, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("precious")
    assert scfast("init", "my.toml") == (2, "", "scfast: my.toml: is there already, and is left as it is\n")
    assert (tmp_path / "my.toml").read_text() == "precious"
    assert {line.split()[0] for line in scfast("init", "--list")[1].splitlines()} == {
        "default",
        "files",
        "hurried",
        "steady",
        "study",
        "study_large",
        "sweep",
    }


def test_help_import_and_configuration_errors_stay_light(tmp_path: Path) -> None:
    """None of them loads a heavy library: numba alone would cost half a second."""
    (tmp_path / "bad.toml").write_text("[dynamics]\nbeta = 2\n")
    for arguments, code in ((["--help"], 0), (["run", str(tmp_path / "bad.toml"), "-o", str(tmp_path / "r")], 2), (["init"], 0)):
        program = (
            "import sys, scfast, scfast.cli\n"
            f"sys.argv = ['scfast', *{arguments!r}]\n"
            "try:\n    scfast.cli.main()\nexcept SystemExit as done:\n    code = done.code or 0\nelse:\n    code = 0\n"
            f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)), code)\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == f"LOADED [] {code}"
