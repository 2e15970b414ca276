"""The command line: what it prints, what it leaves behind, and one line with exit code 2 for whatever is wrong."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

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
    assert scfast("status", "r")[1] == "r: 2 of 2 networks x cells done (100 %)\n"


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


EDGES = "source,target\na,b\nb,c\n"
FILES = "[network]\nkind='file'\nedges='edges.csv'\n"
BAD_CONFIGS = {
    "unknown key": ("[dynamics]\nbta=0.1\n", None, "c.toml: dynamics.bta = 0.1: unknown key, did you mean 'beta'?"),
    "unknown section": ("[dynamic]\nbeta=0.1\n", None, "c.toml: [dynamic]: unknown section, did you mean 'dynamics'?"),
    "out of bounds": ("[dynamics]\nbeta=1.5\n", None, "c.toml: dynamics.beta = 1.5: must be at most 1"),
    "exits over one": (
        "[dynamics]\ngamma=0.7\ndelta=0.6\n",
        None,
        "c.toml: dynamics.gamma + delta = 1.3: must be at most 1",
    ),
    "not toml": ("[dynamics\n", None, "c.toml: line 1, column 10: not TOML, expected ']' at the end of a table declaration"),
    "no such file": (FILES, None, "c.toml: network.edges = 'edges.csv': no such file in "),
    "self-loop": (FILES, EDGES + "c,c\n", "edges.csv: 1 self-loop ('c' - 'c'): must be none (clean drops them)"),
    "duplicate": (FILES, EDGES + "a,b\n", "edges.csv: 1 duplicate ('a' - 'b'): must be none (clean drops them)"),
    "reversed duplicate": (
        FILES,
        EDGES + "b,a\n",
        "edges.csv: 1 reversed duplicate ('a' - 'b'): must be none (clean drops them; symmetrize reads directed pairs)",
    ),
    "missing column": (FILES, "from,to\na,b\n", "edges.csv: column 'source' is missing (columns: 'from, to')"),
    "unknown type in rates": (
        FILES + "[dynamics]\nbeta={brand=0.1}\n",
        EDGES,
        "c.toml: dynamics.beta.brand = 0.1: no such type, ",
    ),
    "too many infected": (
        FILES + "[initial]\ninfected=9\n",
        EDGES,
        "c.toml: initial.infected = 9: must be at most 3, the number of nodes",
    ),
    "unknown node": (FILES + "[initial]\nnodes=['zz']\n", EDGES, "c.toml: initial.nodes[0] = 'zz': no such node"),
}


@pytest.mark.parametrize("kind", BAD_CONFIGS)
def test_wrong_configuration_is_one_line(scfast, tmp_path: Path, kind: str) -> None:
    text, edges, line = BAD_CONFIGS[kind]
    (tmp_path / "c.toml").write_text(text)
    if edges is not None:
        (tmp_path / "edges.csv").write_text(edges)
    code, out, err = scfast("run", "c.toml", "-o", "r")
    assert (code, out) == (2, "")
    assert err.startswith("scfast: ")
    assert line in err
    assert err.count("\n") == 1
    assert not (tmp_path / "r").exists()


BAD_CALLS = {
    "no folder": (["run", "default"], "--out: must name the results folder, as in -o results"),
    "no configuration": (["run", "nothing.toml", "-o", "r"], "nothing.toml: no such file or shipped configuration, "),
    "unknown command": (["rum"], "No such command 'rum'."),
    "unknown option": (["run", "default", "--job", "2"], "No such option"),
    "not a number": (
        ["run", "default", "-o", "r", "--jobs", "two"],
        "Invalid value for '--jobs' / '-j': 'two' is not a valid integer.",
    ),
    "no jobs": (["run", "default", "-o", "r", "--jobs", "0"], "--jobs = 0: must be -1 or at least 1"),
    "unknown backend": (["run", "default", "-o", "r", "--backend", "mpi"], "--backend = mpi: must be threads or loky"),
    "override of nothing": (["run", "default", "-o", "r", "--set", "run.replicats=5"], "--set: run.replicats = 5: unknown key, "),
    "override out of bounds": (
        ["run", "default", "-o", "r", "--set", "run.replicates=0"],
        "--set: run.replicates = 0: must be at least 1",
    ),
    "override without value": (
        ["run", "default", "-o", "r", "--set", "run.steps"],
        "--set run.steps: must look like run.replicates=4096",
    ),
    "shard": (["run", "default", "-o", "r", "--shard", "4/4"], "--shard = 4/4: must be I/N with 0 <= I < N"),
    "no results": (["show", "."], ".: holds no results (there is no manifest.json)"),
    "empty folder": (["run", "default", "-o", ""], "--out = '': must be a folder"),
    "clean of a grown network": (
        ["run", "default", "-o", "r", "--clean"],
        "--clean: is for a network from files; this one is grown",
    ),
    "unknown folder": (["init", "nowhere/my.toml"], "nowhere/my.toml: no such file or directory"),
    "unknown template": (["init", "-t", "x"], "--template = x: must be one of default, files, sweep"),
}


@pytest.mark.parametrize("kind", BAD_CALLS)
def test_wrong_call_is_one_line(scfast, tmp_path: Path, kind: str) -> None:
    arguments, line = BAD_CALLS[kind]
    code, out, err = scfast(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"scfast: {line}"), err
    assert err.count("\n") == 1
    assert not (tmp_path / "r").exists()


def test_wrong_picture_format(scfast) -> None:
    assert scfast("run", "default", "-o", "r", *SMALL)[0] == 0
    code, _, err = scfast("plot", "r", "--format", "gif")
    assert code == 2
    assert err.count("\n") == 1
    assert "gif" in err and "png" in err and "svg" in err


def test_init_never_overwrites(scfast, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("precious")
    assert scfast("init", "my.toml") == (2, "", "scfast: my.toml: is there already, and is left as it is\n")
    assert (tmp_path / "my.toml").read_text() == "precious"
    assert {line.split()[0] for line in scfast("init", "--list")[1].splitlines()} == {"default", "files", "sweep"}


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
