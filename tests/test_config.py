"""TOML to Config and back: exact error lines, round trips, sweeps, templates, and what is not imported."""

import json
import math
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scfast.config import Config, ConfigError, Files, Grown, RunSettings, find, shipped, template_text
from scfast.entries import entries
from scfast.parameters import (
    RANKINGS,
    SIRS,
    BarabasiAlbert,
    BianconiBarabasi,
    DualLocalWorld,
    Initial,
    LocalWorld,
    Protection,
    Shock,
)
from scfast.profiles import SHIPPED as SYSTEMS
from scfast.profiles import Spread, Systems
from scfast.register import Register
from scfast.sections import KINDS, LISTS, NOUNS, TopologySettings
from scfast.sensitivity import Sensitivity
from scfast.strategies import MEASURES, Risk, Strategy
from scfast.sweeps import MAX_CELLS, SWEPT
from scfast.sweeps import UNSWEPT as NEVER
from scfast.templates import SECTIONS

SEED = ["run.seed=1"]
AXIS = "must be a list with at least one value, or {start, stop, num}"
UNSWEPT = f"cannot be swept: only keys of {', '.join(SWEPT)} can, but not {', '.join(NEVER)}"

BAD = [
    # sections and keys
    ("[dynamic]\nbeta = 1", "[dynamic]: unknown section, did you mean 'dynamics'?"),
    ("beta = 0.1", f"beta = 0.1: outside a section, valid: {', '.join(SECTIONS)}"),
    ("dynamics = 3", "dynamics = 3: must be a section, [dynamics]"),
    ("[[run]]\nsteps = 1", "run = [{'steps': 1}]: must be a section, [run]"),
    ("sweep = 3", "sweep = 3: must be a section, [sweep]"),
    ("[dynamics]\nbta = 0.1", "dynamics.bta = 0.1: unknown key, did you mean 'beta'?"),
    ("[run]\nstep = 3", "run.step = 3: unknown key, did you mean 'steps'?"),
    ('[initial]\n"by\\nall" = 3', "initial.by all = 3: unknown key, did you mean 'by'?"),
    ("[network]\nnodes = 30", "network.nodes = 30: unknown key where kind is 'dual_local_world', did you mean 'n_nodes'?"),
    (
        '[network]\nkind = "barabasi_albert"\ntheta = 1',
        'network.theta = 1: belongs to kind = "dual_local_world"',
    ),
    # not TOML
    ("[run]\nsteps = = 1", "line 2, column 9: not TOML, invalid value"),
    ("[run]\nsteps = 1\nsteps = 2\n", "line 3, column 10: not TOML, cannot overwrite a value"),
    ("[dynamics\nbeta = 1", "line 1, column 10: not TOML, expected ']' at the end of a table declaration"),
    # types and bounds
    ("[dynamics]\nbeta = 1.5", "dynamics.beta = 1.5: must be at most 1"),
    ("[dynamics]\nxi = -0.1", "dynamics.xi = -0.1: must be at least 0"),
    ("[dynamics]\nbeta = nan", "dynamics.beta = nan: must be a number"),
    ("[dynamics]\nbeta = true", "dynamics.beta = True: must be a number"),
    ("[dynamics]\nbeta = { brand = 1.2 }", "dynamics.beta.brand = 1.2: must be at most 1"),
    ("[dynamics]\nbeta = { bran = 0.1 }", "dynamics.beta.bran = 0.1: no such type, did you mean 'brand'?"),
    (
        "[dynamics]\nbeta = { brand = 0.1 }",
        "dynamics.beta = {'brand': 0.1}: must give a value for every type, 'purchaser' is missing",
    ),
    ("[dynamics]\nbeta = [0.1]", "dynamics.beta = an array of shape (1,): must have one value for each of the 1000 nodes"),
    ('[dynamics]\nbeta = "risk"', "dynamics.beta = 'risk': no such node attribute, there are none"),
    ("[dynamics]\ngamma = 0.9\ndelta = 0.2", "dynamics.gamma + delta = 1.1: must be at most 1"),
    ('[dynamics]\nexposure = "both"', "dynamics.exposure = 'both': must be one of 'per_partner', 'shared'"),
    (
        '[network]\nkind = "dlw"',
        "network.kind = 'dlw': must be one of 'dual_local_world', 'barabasi_albert', 'bianconi_barabasi', 'local_world', 'file'",
    ),
    ("[network]\nn_nodes = 5", "network.n_nodes = 5: must be at least 10, the number of initial nodes"),
    ("[network]\nn_nodes = 10.5", "network.n_nodes = 10.5: must be a whole number"),
    ("[network]\nn_nodes = 2147483648", "network.n_nodes = 2147483648: must be at most 2147483647"),
    (
        '[network]\nkind = "barabasi_albert"\nm = 10\nn_nodes = 10',
        "network.n_nodes = 10: must be at least 11, the number of initial nodes",
    ),
    ("[network]\nstart = [900, 90, 9, 2]", "network.n_nodes = 1000: must be at least 1001, the number of initial nodes"),
    ("[network]\nm = [1, 2]", "network.m = [1, 2]: must have 4 values, one per type"),
    ("[network]\nm = { brnd = 1 }", "network.m.brnd = 1: no such type, did you mean 'brand'?"),
    ("[network]\neta_min = 0", "network.eta_min = 0: must be more than 0"),
    ('[network]\ntypes = ["a"]', "network.types = ['a']: must hold 2 to 16 names"),
    ("[network]\nclean = true", 'network.clean = True: belongs to kind = "file"'),
    ('[network]\nedges = "e.csv"', "network.edges = 'e.csv': belongs to kind = \"file\""),
    (
        '[network]\nkind = "file"\nm = 2',
        'network.m = 2: belongs to kind = "dual_local_world" or "barabasi_albert" or "bianconi_barabasi" or "local_world"',
    ),
    ('[network]\nkind = "file"', "network.edges: must be given where kind is 'file'"),
    ('[network]\nkind = "file"\nedges = 3', "network.edges = 3: must be a string that is not empty"),
    ('[network]\nkind = "file"\nedges = "e"\nclean = 1', "network.clean = 1: must be true or false"),
    (
        '[network]\nkind = "file"\nedges = "e"\n[run]\nnetworks = 2',
        "run.networks = 2: must be 1 for a network from files",
    ),
    ("[initial]\ninfected = 1.5", "initial.infected = 1.5: must be at most 1 as a fraction; a count has no decimal point"),
    ("[initial]\ninfected = 2000", "initial.infected = 2000: must be at most 1000, the number of nodes"),
    ('[initial]\nwithin = "bran"', "initial.within = 'bran': no such type, did you mean 'brand'?"),
    ('[initial]\nnodes = ["Acme"]', "initial.nodes[0] = 'Acme': no such node"),
    ("[initial]\nnodes = [1000]", "initial.nodes[0] = 1000: no such node"),
    ("[initial]\nnodes = [1]\ninfected = 0.01", "initial.infected = 0.01: must not be given together with nodes"),
    ('[initial]\nstates = "first"', "initial.states = 'first': no such node attribute, there are none"),
    ('[initial]\nstates = "first"\nnodes = [1]', "initial.nodes = [1]: must not be given together with states"),
    ("[run]\nseed = -1", "run.seed = -1: must be at least 0"),
    ("[run]\nseed = 9223372036854775808", "run.seed = 9223372036854775808: must be at most 9223372036854775807"),
    ('[run]\nrecord = ["all"]', "run.record[0] = 'all': must be one of 'types', 'nodes', 'trajectories', 'importance'"),
    ('[run]\nrecord = ["nodes", "types", "nodes"]', "run.record[2] = 'nodes': must not be given twice"),
    ('[run]\nrecord = "types"', "run.record = 'types': must be a list"),
    ("[run]\nsteps = 0", "run.steps = 0: must be at least 1"),
    ('[run]\nreplicates = "many"', "run.replicates = 'many': must be a number"),
    (
        "[network]\nn_nodes = 2000000000\n[run]\nreplicates = 3",  # 4e18 * 3 > 2^63 = 9.2e18
        "run.replicates = 3: must be at most 2 with 2000000000 nodes, as sums of squares are 64-bit",
    ),
    # sweeps
    ('[sweep]\n"dynamics.bta" = [1]', "sweep.dynamics.bta = [1]: unknown key, did you mean 'dynamics.beta'?"),
    ('[sweep]\n"run.replicates" = [1]', f"sweep.run.replicates = [1]: {UNSWEPT}"),
    ('[sweep]\n"network.kind" = ["file"]', f"sweep.network.kind = ['file']: {UNSWEPT}"),
    ('[sweep]\n"network.types" = [["a", "b"]]', f"sweep.network.types = [['a', 'b']]: {UNSWEPT}"),
    ('[sweep]\n"network.eta_min.brand" = [1]', "sweep.network.eta_min.brand = [1]: cannot be swept by type"),
    (
        '[network]\nkind = "barabasi_albert"\n[sweep]\n"network.theta" = [1]',
        'sweep.network.theta = [1]: belongs to kind = "dual_local_world"',
    ),
    ('[sweep]\n"dynamics.beta" = []', f"sweep.dynamics.beta = []: {AXIS}"),
    ('[sweep]\n"dynamics.beta" = 0.1', f"sweep.dynamics.beta = 0.1: {AXIS}"),
    ('[sweep]\n"dynamics.beta" = [0.1, 1.5]', "sweep.dynamics.beta[1] = 1.5: must be at most 1"),
    ("[sweep]\ndynamics.beta = [1.5]", "sweep.dynamics.beta[0] = 1.5: must be at most 1"),
    ('[sweep]\n"dynamics.beta" = [true]', "sweep.dynamics.beta[0] = True: must be a number or a string"),
    ('[sweep]\n"dynamics.beta" = [0.1, 0.1]', "sweep.dynamics.beta[1] = 0.1: must not be given twice"),
    ('[sweep]\n"network.m" = [2.5]', "sweep.network.m[0] = 2.5: must be a whole number"),
    ('[sweep]\n"network.m.bran" = [2]', "sweep.network.m.bran = 2: network.m has no such type, did you mean 'brand'?"),
    (
        '[sweep]\n"dynamics.beta.brand" = [0.1]',
        "sweep.dynamics.beta.brand = 0.1: dynamics.beta has no such type, it must be written as {type = value}",
    ),
    (
        '[sweep]\n"network.n_nodes" = [50, 5]',
        "sweep, at network.n_nodes = 5: network.n_nodes = 5: must be at least 10, the number of initial nodes",
    ),
    (
        '[sweep]\n"dynamics.gamma" = [0.1, 0.999]',
        "sweep, at dynamics.gamma = 0.999: dynamics.gamma + delta = 1.004: must be at most 1",
    ),
    (
        '[sweep]\n"network.n_nodes" = [50]\n"initial.infected" = [10, 90]',
        "sweep, at network.n_nodes = 50, initial.infected = 90: initial.infected = 90: must be at most 50, the number of nodes",
    ),
    ('[sweep]\n"dynamics.beta" = { start = 0, stop = 1 }', "sweep.dynamics.beta = {'start': 0, 'stop': 1}: must have num"),
    ('[sweep]\n"dynamics.beta" = { start = 0, stop = 1, num = 0 }', "sweep.dynamics.beta.num = 0: must be at least 1"),
    (
        '[sweep]\n"dynamics.beta" = { start = 0, stop = 1, num = 1 }',
        "sweep.dynamics.beta.num = 1: must be at least 2 where start and stop differ",
    ),
    ('[sweep]\n"dynamics.beta" = { start = 0, stop = 2, num = 3 }', "sweep.dynamics.beta[2] = 2: must be at most 1"),
    (
        '[sweep]\n"dynamics.beta" = { start = 0, stop = 1, nun = 3 }',
        "sweep.dynamics.beta.nun = 3: unknown key, did you mean 'num'?",
    ),
    (
        '[sweep]\n"dynamics.beta" = { start = 0, stop = 1, num = 3, scale = "log" }',
        "sweep.dynamics.beta.start = 0: must be more than 0 on a log scale",
    ),
    (
        "[sweep]\ndynamics.beta = { start = 0, stop = 1, num = 400 }\ndynamics.xi = { start = 0, stop = 1, num = 400 }",
        f"sweep = 160000 cells: must be at most {MAX_CELLS}",
    ),
]

BAD_OVERRIDES = [
    ("run.replicats=4096", "--set: run.replicats = 4096: unknown key, did you mean 'replicates'?"),
    ("run.replicates=many", "--set: run.replicates = 'many': must be a number"),
    ("run.replicates", "--set run.replicates: must look like run.replicates=4096"),
    ("replicates=4096", "--set replicates=4096: must look like run.replicates=4096"),
    ("runs.replicates=4096", "--set: [runs]: unknown section, did you mean 'run'?"),
    ("dynamics.beta=2", "--set: dynamics.beta = 2: must be at most 1"),
    ("dynamics.beta.brand=0.2", "--set dynamics.beta.brand = 0.2: dynamics.beta must be a table"),
    ("sweep.dynamics.beta=[0.1, 3]", "--set: sweep.dynamics.beta[1] = 3: must be at most 1"),
    ("run.seed=1\nsteps=2", "--set: run.seed = '1\\nsteps=2': must be a number"),
]


@pytest.mark.parametrize(("text", "line"), BAD)
def test_a_bad_configuration_is_one_line(text, line):
    with pytest.raises(ConfigError) as caught:
        Config.from_text(text, name="config.toml")
    assert str(caught.value) == f"config.toml: {line}"


@pytest.mark.parametrize(("override", "line"), BAD_OVERRIDES)
def test_a_bad_override_is_one_line(override, line):
    with pytest.raises(ConfigError) as caught:
        Config.from_text("[dynamics]\nbeta = 0.1", [override], name="config.toml")
    assert str(caught.value) == line


def test_files_that_cannot_be_read(tmp_path):
    missing, latin = tmp_path / "none.toml", tmp_path / "latin.toml"
    latin.write_bytes(b"# \xe9")
    for path, line in ((missing, "no such file or directory"), (tmp_path, "is a directory"), (latin, "not UTF-8 text, at byte 2")):
        with pytest.raises(ConfigError) as caught:
            Config.from_toml(path)
        assert str(caught.value) == f"{path}: {line}"
    with pytest.raises(ConfigError) as caught:
        find("defalt")
    assert str(caught.value) == "defalt: no such file or shipped configuration, did you mean 'default'?"


FULL = """
[network]
kind = "dual_local_world"
n_nodes = 60
types = ["maker", "tier.1", "a \\"b\\""]
start = [2, 1, 3]
shares = { maker = 1, "tier.1" = 2.5, "a \\"b\\"" = 0 }
exponent = 1
theta = inf
local_world = [inf, 5, 1e3]
m = 2
[dynamics]
beta = { maker = 0.1, "tier.1" = 0.30000000000000004, "a \\"b\\"" = 1e-300 }
gamma = 0.05
xi = 1
exposure = "shared"
[initial]
infected = 3
by = "fitness"
within = "tier.1"
[sweep]
"dynamics.gamma" = { start = 0.1, stop = 0.4, num = 4 }
"network.theta.tier.1" = [0.5, inf]
"dynamics.beta.tier.1" = [0.25, 0.5]
"initial.by" = ["random", "degree"]
[run]
networks = 2
replicates = 64
steps = 10
seed = 9223372036854775807
record = ["trajectories", "nodes"]
"""
BARE = "[run]\nseed = 5\nrecord = []"
STATES = '[network]\nkind = "barabasi_albert"\nn_nodes = 4\n[initial]\nstates = [0, 1, 2, 3]\n[dynamics]\nbeta = [0, 0.1, 0.2, 1]'
FILE = '[network]\nkind = "file"\nedges = "data/e.csv"\n[initial]\nnodes = ["A1", 3]\n[dynamics]\nbeta = "risk"\nxi = {a = 0}'


@pytest.mark.parametrize("text", [FULL, BARE, STATES, FILE, *(find(name).read_text() for name in shipped())])
def test_round_trips(text):
    config = Config.from_text(text)
    assert Config.from_text(config.to_toml()) == config
    assert Config.from_text(config.to_toml()).to_toml() == config.to_toml()
    plain = config.resolved()
    # through JSON with sorted keys, as a manifest is hashed: nothing is lost, floats are exact, the grid keeps its order
    again = Config.from_dict(json.loads(json.dumps(plain, sort_keys=True, allow_nan=False)))
    assert again == config and again.resolved() == plain and again.base == config.base
    assert [cell.values for cell in again.cells] == [cell.values for cell in config.cells]


def test_every_key_is_explicit_in_toml():
    data = tomllib.loads(Config(run=RunSettings(seed=1)).to_toml())
    assert set(data) == {"network", "dynamics", "initial", "protection", "run"}
    assert set(data["network"]) == {"kind", "n_nodes", *entries(DualLocalWorld)}
    assert set(data["dynamics"]) == {*entries(SIRS)} - {"detection_hubs"} and set(data["run"]) == set(entries(RunSettings))
    assert set(data["initial"]) == {"infected", "by"}  # the others have no value


def test_the_empty_configuration_is_the_models_defaults():
    config = Config.from_text("", SEED)
    assert config == Config(run=RunSettings(seed=1))
    assert config.network == Grown() and config.network.model == DualLocalWorld()
    assert (config.dynamics, config.initial) == (SIRS(), Initial())
    (cell,) = config.cells
    assert (cell.network, cell.dynamics, cell.initial, cell.values) == (Grown(), SIRS(), Initial(), {})


def test_the_seed_is_drawn_once_recorded_and_known_to_be_drawn():
    one, other = Config.from_text(""), Config.from_text("")
    assert 0 <= one.run.seed < 2**63 and one.run.seed != other.run.seed  # equal once in 2^63
    assert one.run.seed_drawn and one.resolved()["run"]["seed"] == one.run.seed
    again = Config.from_text(one.to_toml())
    assert again == one and not again.run.seed_drawn
    assert not replace(one.run, seed=3).seed_drawn


def test_a_sweep_is_the_product_in_file_order_last_fastest():
    config = Config.from_text(FULL)
    assert [key for key, _ in config.sweep] == ["dynamics.gamma", "network.theta.tier.1", "dynamics.beta.tier.1", "initial.by"]
    assert len(config.cells) == 4 * 2 * 2 * 2
    assert [cell.initial.by for cell in config.cells[:3]] == ["random", "degree", "random"]
    assert [cell.dynamics.gamma for cell in config.cells[::8]] == [0.1, 0.2, 0.3, 0.4]  # not 0.30000000000000004
    assert [cell.network.model.theta for cell in config.cells[:5:4]] == [(math.inf, 0.5, math.inf), (math.inf,) * 3]
    assert config.cells[2].dynamics.beta == {"maker": 0.1, "tier.1": 0.5, 'a "b"': 1e-300}
    assert config.cells[-1].values == {
        "dynamics.gamma": 0.4, "network.theta.tier.1": math.inf, "dynamics.beta.tier.1": 0.5, "initial.by": "degree"
    }  # fmt: skip
    first = config.cells[0]
    assert first.dynamics.xi == 1.0 and first.initial.within == "tier.1"  # what is not swept stays


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("{ start = 0, stop = 1, num = 3 }", (0.0, 0.5, 1.0)),
        ("{ start = 0.001, stop = 0.1, num = 3, scale = 'log' }", (0.001, 0.01, 0.1)),
        ("{ start = 1.0, stop = 0.5, num = 2, scale = 'linear' }", (1.0, 0.5)),
        ("{ start = 0.3, stop = 0.3, num = 1 }", (0.3,)),
    ],
)
def test_ranges(given, values):
    config = Config.from_text(f'[sweep]\n"dynamics.xi" = {given}')
    assert config.sweep == (("dynamics.xi", values),)  # exact: rounded to 12 digits


def test_whole_ranges_are_counts():
    config = Config.from_text("[sweep]\ninitial.infected = { start = 1, stop = 5, num = 3 }")
    assert [(cell.initial.infected, type(cell.initial.infected)) for cell in config.cells] == [(1, int), (3, int), (5, int)]
    mixed = Config.from_text("[sweep]\ninitial.infected = [1, 1.0]")  # one node; all nodes
    assert [cell.initial.count(1000) for cell in mixed.cells] == [1, 1000]


def test_sweeps_from_python():
    config = Config(dynamics=SIRS(delta=0), sweep={"dynamics.beta": np.linspace(0, 1, 3), "network.m": [1, 2]})
    assert config.sweep == (("dynamics.beta", (0.0, 0.5, 1.0)), ("network.m", (1, 2)))
    assert config.cells[-1].network.model.m == (2, 2, 2, 2)
    with pytest.raises(ConfigError, match=r"^sweep\.dynamics\.gamma\[0\] = 3: must be at most 1$"):
        Config(sweep={"dynamics.gamma": [3]})


def test_overrides():
    text = "[dynamics]\nbeta = { brand = 0.1, purchaser = 0.1, platform = 0.1, logistics = 0.1 }\n[sweep]\ndynamics.xi = [0.1, 0.2]"
    overrides = [
        "run.replicates = 4096",
        "initial.by=degree",
        "dynamics.beta.brand=0.5",
        "sweep.dynamics.xi=[0.3]",
        "run.record=['nodes']",
    ]
    config = Config.from_text(text, [*overrides, "sweep.network.m=[1, 2]"])
    assert (config.run.replicates, config.run.record, config.initial.by) == (4096, ("nodes",), "degree")
    assert config.dynamics.beta["brand"] == 0.5
    assert config.sweep == (("dynamics.xi", (0.3,)), ("network.m", (1, 2)))


def test_files_are_found_beside_the_configuration(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text('[network]\nkind = "file"\nedges = "edges.csv"\nnodes = "nodes.csv"')
    config = Config.from_toml(path)
    assert config.run.networks == 1  # one file is one network
    assert (config.resolved()["network"]["edges"], config.resolved()["base"]) == ("edges.csv", str(tmp_path))
    (tmp_path / "edges.csv").write_text("source,target\n")
    with pytest.raises(ConfigError) as caught:
        config.paths(config.network)
    assert str(caught.value) == f"{path}: network.nodes = 'nodes.csv': no such file in {tmp_path}"
    (tmp_path / "nodes.csv").write_text("id\n")
    assert config.paths(config.network) == (tmp_path / "edges.csv", tmp_path / "nodes.csv")
    assert config.paths(Files(edges=str(tmp_path / "edges.csv"))) == (tmp_path / "edges.csv", None)


def test_what_only_the_loaded_network_tells():
    names = ["A1", "A2", "A3"]
    loaded = SimpleNamespace(
        n_nodes=3,
        types=np.zeros(3, np.int8),
        type_names=("a",),
        fitness=None,
        attributes={"risk": np.array([0, 0.5, 2])},
        names=names,
        index=names.index,
    )
    config = Config.from_text(FILE, name="config.toml")
    with pytest.raises(ConfigError) as caught:
        config.check_network(config.cells[0], loaded)
    assert str(caught.value) == "config.toml: dynamics.beta: column 'risk' of node 'A3' = 2.0: must be a number from 0 to 1"
    loaded.attributes["risk"] = np.array([0, 0.5, 1])
    with pytest.raises(ConfigError) as caught:
        config.check_network(config.cells[0], loaded)
    assert str(caught.value) == "config.toml: initial.nodes[1] = 3: no node has this id"
    swept = Config.from_text('[network]\nkind = "file"\nedges = "e"\n[sweep]\n"dynamics.beta" = [0.1, "rsk"]', name="config.toml")
    swept.check_network(swept.cells[0], loaded)
    with pytest.raises(ConfigError) as caught:
        swept.check_network(swept.cells[1], loaded)
    assert str(caught.value) == (
        "config.toml: sweep, at dynamics.beta = 'rsk': dynamics.beta = 'rsk': no such node attribute, did you mean 'risk'?"
    )


def test_shipped_configurations():
    assert list(shipped()) == ["default", "files", "hurried", "steady", "study", "study_large", "sweep"]
    assert all(line and not line.startswith("#") for line in shipped().values())
    default, sweep, files = (Config.from_toml(find(name)) for name in ("default", "sweep", "files"))
    assert isinstance(default.network.model, DualLocalWorld) and default.network.n_nodes == 1000
    assert (default.run.networks, default.run.replicates, default.run.steps) == (32, 512, 200)
    assert default.run.record == ("types", "nodes")
    assert [key for key, _ in sweep.sweep] == ["dynamics.beta", "dynamics.gamma"] and len(sweep.cells) == 64
    assert files.network == Files(edges="edges.csv", nodes="nodes.csv")


@pytest.mark.parametrize("name", ["default", "files", "sweep"])
def test_a_template_is_its_configuration_with_every_key_explained(name):
    text = template_text(name)
    assert Config.from_text(text, SEED) == Config.from_toml(find(name), SEED)
    assert text.splitlines()[0] == f"# {shipped()[name]}"
    comments = re.sub(r"\n# +", " ", f"\n{text}")
    for noun in (*KINDS.values(), *NOUNS.values(), *(kind for _, kind in LISTS.values())):
        for key, (entry, _) in entries(noun).items():
            assert re.search(rf"^(# )?{key} = ", text, re.MULTILINE), key
            assert f" {entry.meaning}." in comments
            assert entry.bounds() in comments
    assert Config.from_text(text).run.seed != Config.from_text(text).run.seed  # left to be drawn
    assert max(map(len, text.splitlines())) <= 110


def test_commented_lines_of_the_template_can_be_used():
    text = template_text("default")
    examples = re.findall(r"^# ([a-z_]+ = .*)$", text, re.MULTILINE)
    # edges, nodes, clean, symmetrize; detection_hubs; within, nodes, states; name of a series; seed; all keys of what is not there
    absent = (BarabasiAlbert, BianconiBarabasi, LocalWorld, Risk, Sensitivity, Shock, Strategy, TopologySettings)
    assert len(examples) == 10 + sum(len(entries(kind)) for kind in absent)
    for line in examples:
        tomllib.loads(line)
    sweep = text.partition("# [sweep]\n")[2].partition("\n\n")[0]
    grid = Config.from_text(
        "[dynamics]\ndelta = {brand = 0, purchaser = 0, platform = 0, logistics = 0}\n[sweep]\n"
        + re.sub("^# ", "", sweep, flags=re.MULTILINE)
    )
    assert len(grid.cells) == 2 * 4 * 3 * 2


def test_barabasi_albert_from_text():
    config = Config.from_text('[network]\nkind = "barabasi_albert"\nn_nodes = 50\nm = 2')
    assert config.network == Grown(n_nodes=50, model=BarabasiAlbert(2))
    assert Config.from_text(config.to_toml()) == config


def test_light_imports():
    script = (
        "import sys\nfrom scfast.config import Config, template_text\ntemplate_text()\n"
        "try:\n    Config.from_text('[run]\\nstep=1')\nexcept ValueError as error:\n    print(error)\n"
        "heavy = {'numba', 'scipy', 'h5py', 'matplotlib', 'pandas', 'networkx', 'joblib'}\n"
        "heavy |= {'scfast.growth', 'scfast.sirs', 'scfast.network'}\nprint(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["run.step = 1: unknown key, did you mean 'steps'?", "[]"]


OWN_REGISTER = (
    "[factor.strike]\nclass = 'own'\nabout = 'Dockers walk out.'\neffects = { delivery_delay = 0.4, partner_trust = -0.2 }\n"
)
OWN_FACTORS = tomllib.loads(OWN_REGISTER)
NAMES = st.sampled_from(list(Systems.load().indicators))
SHARE = st.floats(0, 1)
RANGES = st.tuples(SHARE, SHARE, SHARE).map(sorted).map(lambda x: {"low": x[0], "mode": x[1], "high": x[2], "shape": "pert"})
TYPES = DualLocalWorld().types
FORMS = st.one_of(SHARE, RANGES, st.fixed_dictionaries(dict.fromkeys(TYPES, st.one_of(SHARE, RANGES))))
SCORED = st.builds(
    Risk,
    step=st.floats(1e-6, 1),
    default=SHARE,
    draws=st.integers(1, 3),
    scores=st.dictionaries(NAMES, FORMS, max_size=4) | st.none(),
    present=st.dictionaries(st.sampled_from(list(Register.load().factors)), SHARE, max_size=3) | st.none(),
    register=st.sampled_from([None, [OWN_FACTORS]]),
)
EVENTS = st.builds(
    Shock,
    steps=st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True),
    probability=SHARE | st.none(),
    severity=SHARE,
    within=st.sampled_from([*TYPES, None]),
    share=st.floats(1e-6, 1),
)
MEASURED = st.builds(
    Strategy,
    name=st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=9).filter(lambda text: text != "baseline"),
    monitoring=SHARE | st.lists(SHARE, min_size=1, max_size=3, unique=True) | st.none(),
    insurance=SHARE | st.none(),
    detection=SHARE,
    detected_beta=SHARE | st.none(),
    hubs=st.integers(0, 60) | SHARE | st.none(),
    protection=st.integers(0, 60) | SHARE,
    protection_by=st.sampled_from([*RANKINGS, None]),
    more_partners=st.integers(1, 9) | st.none(),
    partner_selection=SHARE | st.none(),
)


@settings(max_examples=30)
@given(
    SCORED,
    st.lists(EVENTS, max_size=2),
    st.lists(MEASURED, max_size=2, unique_by=lambda strategy: strategy.name),
    st.builds(Protection, st.integers(0, 60) | SHARE, by=st.sampled_from(RANKINGS)),
)
def test_round_trips_of_everything(risk, shocks, strategies, protection):
    config = Config(
        replace(Grown(), n_nodes=60),
        risk=risk,
        shocks=shocks,
        strategies=strategies,
        protection=protection,
        sweep={"risk.step": [0.1, 1.0], "risk.scores.partner_trust": [0.2, 0.4], "protection.protected": [3, 0.5]},
    )
    again = Config.from_text(config.to_toml())
    assert again == config and again.to_toml() == config.to_toml()
    plain = config.resolved()
    assert Config.from_dict(json.loads(json.dumps(plain, sort_keys=True, allow_nan=False))) == config
    assert [cell.values for cell in again.cells] == [cell.values for cell in config.cells]
    assert [cell.profile.scores for cell in again.cells] == [cell.profile.scores for cell in config.cells]


def test_python_values_become_plain():
    scores = {
        "partner_trust": Spread(0.2, 0.8, mode=0.5, shape="pert"),
        "cargo_damage": np.float32(0.5),
        "event_review": np.full(20, 0.25),
        "staff_training": {name: np.int64(1) for name in TYPES},
    }
    config = Config(replace(Grown(), n_nodes=20), risk=Risk(scores=scores))
    assert Config.from_dict(json.loads(json.dumps(config.resolved()))) == config
    assert Config.from_text(config.to_toml()) == config


def uncommented(section: str, keys: list[str]) -> str:
    """A table of the template with these of its keys."""
    text = template_text("default").partition(f"\n# {section}\n")[2]
    rows = dict(re.findall(r"^# ([a-z_]+) = (.*)$", re.split(r"\n(?:# )?\[", text)[0], re.MULTILINE))
    return "\n".join([section, *(f"{key} = {rows[key]}" for key in keys), ""])


def test_tables_of_the_template_can_be_used_uncommented(tmp_path):
    from scfast.plan import Plan

    (tmp_path / "scores.csv").write_text("id,event_review\n" + "".join(f"{i},0.3\n" for i in range(1000)))
    (tmp_path / "register.toml").write_text(OWN_REGISTER)
    (tmp_path / "judgments.csv").write_text(
        ",".join(["1"] * 5) + "\n" + "\n".join("," * k + ",".join(["1"] * (5 - k)) for k in range(1, 5)) + "\n"
    )
    for name in ("immunity", "external"):
        (tmp_path / f"{name}.toml").write_text((SYSTEMS / f"{name}.toml").read_text())
    risk = uncommented("[risk]", list(entries(Risk)))
    strategy = uncommented("[[strategy]]", list(entries(Strategy)))
    groups = (["within"], ["attribute", "equals"], ["nodes"], [])
    shocks = [uncommented("[[shock]]", ["steps", "probability", "severity", "share", *group]) for group in groups]
    config = Config.from_text(risk + strategy + shocks[0] + shocks[3], base=tmp_path)
    assert config.cells[1].point.measures.keys() == set(MEASURES) and len(config.shocks) == 2
    assert config.risk.scores == {"capital_stability": 0.8, "delivery_delay": {"low": 0.2, "high": 0.6}}
    (tmp_path / "edges.csv").write_text("source,target\nA1,B\n")
    (tmp_path / "nodes.csv").write_text("id,country\nA1,Italy\nB,France\n")
    files = '[network]\nkind = "file"\nedges = "edges.csv"\nnodes = "nodes.csv"\n'
    Plan.of(Config.from_text(files + shocks[1] + shocks[2], base=tmp_path))
