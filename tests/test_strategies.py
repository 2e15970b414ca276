"""Scores, strategies, shocks and protection in a configuration: what they change, what they leave, and what runs make of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scfast as sf
from scfast.config import Cell, Config, ConfigError
from scfast.entries import entries
from scfast.parameters import RANKINGS, Initial, Protection, Shock
from scfast.plan import Plan
from scfast.profiles import SHIPPED, Profile, Spread, Systems
from scfast.register import Register
from scfast.strategies import MEASURES, SCORES, Risk, Strategy

RATES = ("beta", "gamma", "delta", "xi")
FEW = "[run]\nnetworks = 2\nreplicates = 70\nsteps = 12\nseed = 3\n"
EDGES = "source,target\na,b\nb,c\nc,d\nd,e\ne,f\nf,g\ng,h\na,c\nb,d\na,h\nc,h\nb,h\n"
NODES = (
    "id,type,fitness,land,size\na,maker,1,IT,3\nb,shop,0.5,FR,2\nc,shop,0.2,IT,1\nd,maker,0.9,DE,2\n"
    "e,shop,0.3,IT,5\nf,maker,0.4,FR,1\ng,shop,0.8,DE,1\nh,shop,0.6,IT,2\n"
)
FILES = "[network]\nkind = 'file'\nedges = 'edges.csv'\nnodes = 'nodes.csv'\n"
JUDGMENTS = (
    ",event_review,data_analysis,staff_training,information_sharing\nevent_review,1,2,4,8\n"
    "data_analysis,,1,2,4\nstaff_training,,,1,2\ninformation_sharing,,,,1\n"
)
REGISTER = "[factor.strike]\nclass = 'own'\nabout = 'Dockers walk out.'\neffects = { delivery_delay = 0.4, partner_trust = -0.2 }\n"
SCORED = (
    "nodes = 's.csv'\nregister = ['f.toml']\npresent = { strike = 0.5, trust = 1 }\n"
    "judgments = { learning = 'j.csv' }\nexternal = 'e.toml'\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of eight firms in files, with everything that [risk] may name."""
    where = tmp_path_factory.mktemp("files")
    (where / "edges.csv").write_text(EDGES)
    (where / "nodes.csv").write_text(NODES)
    rows = [f"{name},{k / 10},{1 - k / 20}\n" for k, name in enumerate("hgfedcba")]  # the network has them the other way round
    (where / "s.csv").write_text("id,capital_stability,delivery_delay\n" + "".join(rows))
    (where / "f.toml").write_text(REGISTER)
    (where / "j.csv").write_text(JUDGMENTS)
    (where / "e.toml").write_text((SHIPPED / "external.toml").read_text())
    return where


def configured(text: str, base: Path | str = "", **overrides: Any) -> Config:
    return Config.from_text(text, [f"{key.replace('__', '.')}={value}" for key, value in overrides.items()], base=base)


def only(config: Config) -> Cell:
    (cell,) = config.cells
    return cell


# ---- scores


@pytest.mark.parametrize(
    ("scores", "profile"),
    [
        ("{}", {}),
        ("{ capital_stability = 0.9, cargo_damage = 1 }", {"capital_stability": 0.9, "cargo_damage": 1.0}),
        ("{ partner_trust = { low = 0.2, high = 0.6 } }", {"partner_trust": 0.4}),
        ("{ partner_trust = { low = 0.2, mode = 0.3, high = 0.4, shape = 'pert' } }", {"partner_trust": 0.3}),
        (
            "{ staff_training = { brand = 0, purchaser = 0.2, platform = { low = 0, high = 1 }, logistics = 1 } }",
            {"staff_training": {"brand": 0.0, "purchaser": 0.2, "platform": 0.5, "logistics": 1.0}},
        ),
    ],
)
def test_dynamics_are_the_rates_of_the_profile(scores: str, profile: dict[str, Any]) -> None:
    config = configured(f"[risk]\nstep = 0.3\ndefault = 0.4\nscores = {scores}\n[dynamics]\nepsilon = 0.01\nexposure = 'shared'")
    network = sf.grow(config.network.model, 60, seed=1)
    model = only(config).model(network)
    expected = sf.rates(Profile(profile, default=0.4).on(network), 0.3)
    for name in RATES:
        assert getattr(model, name) == pytest.approx(expected[name], abs=1e-15)  # the mean of a range is rounded
    assert (model.epsilon, model.exposure) == (0.01, "shared")


def test_scores_per_node_meet_their_nodes(folder: Path) -> None:
    """Each node's rates are those of a firm with its scores alone, though files, network and types have other orders."""
    config = configured(
        f"{FILES}[risk]\nnodes = 's.csv'\nscores = {{ partner_trust = {{ shop = 0.1, maker = 0.7 }}, event_review = 0.2 }}", folder
    )
    network = sf.read_network(folder / "edges.csv", folder / "nodes.csv")
    model = only(config).model(network)
    for i, name in enumerate(network.names.tolist()):
        k = "hgfedcba".index(name)
        trust = {"shop": 0.1, "maker": 0.7}[network.type_names[network.types[i]]]
        scores = {"capital_stability": k / 10, "delivery_delay": 1 - k / 20, "partner_trust": trust, "event_review": 0.2}
        expected = sf.rates(Profile(scores), 0.1)
        for rate in RATES:
            value = np.broadcast_to(getattr(model, rate), 8)[i]  # xi is one number
            assert value == pytest.approx(expected[rate], abs=1e-15)  # rounding of sums in another shape


def test_what_is_in_the_files_is_taken_in(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = configured(f"{FILES}[risk]\n{SCORED}{FEW}networks = 1".replace("networks = 2\n", ""), tmp_path)
    first = sf.run(config, tmp_path / "r", n_jobs=1)
    systems = Systems.load(external=folder / "e.toml", judgments={"learning": folder / "j.csv"})
    assert systems.indicators["event_review"].local == pytest.approx(8 / 15)  # 8 : 4 : 2 : 1
    scored = Profile.from_csv(folder / "s.csv", systems=systems)
    expected = Register.load([folder / "f.toml"], systems).apply({"strike": 0.5, "trust": 1.0}, scored)
    network = sf.read_network(tmp_path / "edges.csv", tmp_path / "nodes.csv")
    for name, values in sf.rates(expected.on(network), 0.1).items():
        np.testing.assert_allclose(getattr(only(config).model(network), name), values, rtol=1e-15)
    identity = Plan.of(config).run_id
    for path in tmp_path.glob("*.*"):
        path.unlink()
    kept = Config.from_dict(first.manifest["config"])
    assert kept == config and Plan.of(kept, network).run_id == identity
    assert sf.load(tmp_path / "r").digest == first.digest
    assert Config.from_text(config.to_toml()) == config  # the text needs no files of [risk] either


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("s.csv", "h,0.0", "h,0.01"),
        ("f.toml", "delivery_delay = 0.4", "delivery_delay = 0.41"),
        ("j.csv", "1,2,4,8", "1,2,4,9"),
        ("e.toml", "1, 2", "1, 3"),
    ],
)
def test_a_changed_file_is_another_run(folder: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = f"{FILES}[risk]\n{SCORED}[run]\nseed = 1"
    before = Plan.of(configured(text, folder)).run_id
    assert Plan.of(configured(text, tmp_path)).run_id == before  # where they lie does not matter
    content = (tmp_path / name).read_text()
    assert old in content
    (tmp_path / name).write_text(content.replace(old, new, 1))
    assert Plan.of(configured(text, tmp_path)).run_id != before


def test_an_own_system_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "i.toml").write_text(
        "goal = 'immunity'\n[factor.immunity]\nchildren = ['resistance', 'recovery', 'learning']\n"
        "judgments = [[1, 1, 1], [1, 1], [1]]\n"
        "[factor.resistance]\nchildren = ['cash', 'stock']\njudgments = [[1, 3], [1]]\n"
        "[factor.recovery]\nchildren = ['plan']\n[factor.learning]\nchildren = ['review']\n"
    )
    config = configured("[risk]\nimmunity = 'i.toml'\nscores = { cash = 1, stock = 0, review = 1 }\nstep = 1", tmp_path)
    model = only(config).model(sf.grow(config.network.model, 20, seed=1))
    # A = 3/4, C = 1/2, L = 1, E = 1/2
    assert [getattr(model, name) for name in RATES] == pytest.approx([0.125, 0.25, 0.25, 0.0])
    taken = replace(config.risk, judgments=None)
    assert taken.loaded(tmp_path / "nowhere") == taken
    with pytest.raises(
        ConfigError, match=r"^strategy\[0\]\.trust = 0\.5: raises partner_trust, which is no indicator of the index"
    ):
        configured("[risk]\nimmunity = 'i.toml'\n[[strategy]]\nname = 'a'\ntrust = 0.5", tmp_path)
    with pytest.raises(ValueError, match=r"^immunity = \{.*must be the name of a file where judgments are given$"):
        Risk(immunity=taken.immunity, judgments={"learning": "j.csv"})
    mixed = Risk(immunity=taken.immunity, external=str(SHIPPED / "external.toml")).loaded("")
    assert mixed.immunity == taken.immunity and mixed.systems.immunity == config.risk.systems.immunity


@pytest.mark.parametrize(
    ("name", "risk", "content", "key"),
    [
        ("j.csv", "judgments = { learning = 'j.csv' }", "1,2\n", "risk.judgments.learning: "),
        ("i.toml", "immunity = 'i.toml'", "goal = 3", "risk.immunity: "),
        ("e.toml", "external = 'e.toml'", "goal = 3", "risk.external: "),
        ("s.csv", "nodes = 's.csv'", "id,cash\n", "risk.nodes: "),
        ("f.toml", "register = ['f.toml']", "[[", "risk.register[0]: "),
    ],
)
def test_what_is_wrong_in_a_file_names_its_key(tmp_path: Path, name: str, risk: str, content: str, key: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError) as caught:
        configured(f"[risk]\n{risk}", tmp_path)
    assert str(caught.value).startswith(f"{key}{tmp_path / name}: ")


DRAWN = (
    "[risk]\ndraws = 5\nscores = { partner_trust = { low = 0.2, high = 0.6 },"
    " cargo_damage = { low = 0.1, mode = 0.2, high = 0.9 } }\n"
)


def test_draws_are_the_same_for_strategies_and_sweeps() -> None:
    more = "[sweep]\nrisk.step = [0.1, 0.2]\nrisk.present.global_events = [0.0, 0.1]\n[[strategy]]\nname = 'a'\ntrust = 0.5\n"
    config = configured(f"{DRAWN}{more}[run]\nseed = 9")
    assert len(config.cells) == 2 * 2 * 2 * 5
    seen: dict[int, set[float]] = {}
    for cell in config.cells:
        raised, scores = cell.point is not None, cell.profile.scores
        assert 0.1 <= scores["cargo_damage"] <= 0.9
        trust = (scores["partner_trust"] - 0.5) / 0.5 if raised else scores["partner_trust"]
        seen.setdefault(cell.values["risk.draw"], set()).add((round(scores["cargo_damage"], 12), round(trust, 12)))
    assert [len(found) for found in seen.values()] == [1] * 5
    assert len(set.union(*seen.values())) == 5
    uniform = np.random.SeedSequence(9, spawn_key=(6, 1)).generate_state(2, np.uint64) / 2.0**64  # a stream of its own
    assert config.cells[1].profile.scores["partner_trust"] == pytest.approx(Spread(0.2, 0.6).quantile(uniform[0]))
    other = configured(f"{DRAWN}[run]\nseed = 10")
    assert {cell.profile.scores["partner_trust"] for cell in other.cells}.isdisjoint(
        {cell.profile.scores["partner_trust"] for cell in config.cells}
    )


def test_one_draw_is_the_means_and_certain_scores_need_none() -> None:
    one = only(configured(DRAWN.replace("draws = 5", "draws = 1")))
    assert one.values == {}
    assert one.profile.scores == pytest.approx({"partner_trust": 0.4, "cargo_damage": 0.4})
    certain = configured("[risk]\ndraws = 5\nscores = { partner_trust = 0.3 }")
    assert only(certain).values == {}


def test_draws_have_the_means_of_their_ranges() -> None:
    draws = [cell.profile.scores for cell in configured(DRAWN.replace("draws = 5", "draws = 400"), run__seed=2).cells]
    for name, mean, spread in (("partner_trust", 0.4, 0.4 / 12**0.5), ("cargo_damage", 0.4, 0.178)):  # standard deviations
        assert np.mean([scores[name] for scores in draws]) == pytest.approx(mean, abs=3 * spread / 20)  # 3 standard errors


def test_sweeps_of_scores() -> None:
    text = (
        "[risk]\nscores = { partner_trust = 0.3, cargo_damage = 0.4 }\npresent = { social_unrest = 0.5 }\n[sweep]\n"
        "risk.step = [0.1, 1]\nrisk.scores.partner_trust = [0.0, 1.0]\nrisk.scores.event_review = [0.2]\n"
        "risk.present.natural_disaster = [0.0, 0.5]\nrisk.default = [0.5, 0.6]\n"
    )
    config = configured(text)
    assert len(config.cells) == 16
    register, network = Register.load(), sf.grow(config.network.model, 30, seed=1)
    for cell in config.cells:
        step, trust, review, disaster, default = cell.values.values()
        profile = Profile({"partner_trust": trust, "cargo_damage": 0.4, "event_review": review}, default=default)
        expected = sf.rates(register.apply({"social_unrest": 0.5, "natural_disaster": disaster}, profile), step)
        model = cell.model(network)
        assert {name: getattr(model, name) for name in RATES} == pytest.approx(expected)
    assert Config.from_text(config.to_toml(), ["run.seed=1"]) == configured(text, run__seed=1)


# ---- strategies

BASE = (
    "[network]\nn_nodes = 60\n[risk]\ndefault = 0.4\n"
    "scores = { partner_trust = 0.3, staff_training = { brand = 0, purchaser = 0.2, platform = 0.4, logistics = 1 },"
    " monitoring_response = { low = 0.2, mode = 0.3, high = 0.6 } }\n"
    "[dynamics]\ndetection = 0.05\n[protection]\nprotected = 2\nby = 'random'\n"
)
LEVELS: dict[str, Any] = {
    **dict.fromkeys(SCORES, 0.5),
    "detection": 0.3,
    "hubs": 5,
    "protection": 7,
    "more_partners": 2,
    "partner_selection": 0.05,
}
EXPECTED: dict[str, dict[str, Any]] = {
    "detection": {"dynamics.detection": 0.3},
    "hubs": {"dynamics.detection": 0.3, "dynamics.detection_hubs": 5},
    "protection": {"protection.protected": 7},
    "more_partners": {"network.m": (4, 5, 5, 4), "network.m_crossing": (6, 6, 6, 6)},
    "partner_selection": {"network.eta_min": 0.05},
}


def closer(score: Any, strength: float) -> Any:
    """s + k (1 - s), of every number in a score."""
    if isinstance(score, dict):
        return {name: closer(item, strength) for name, item in score.items()}
    if isinstance(score, Spread):
        return Spread(*(closer(end, strength) for end in (score.low, score.high, score.mode)), score.shape)
    return score + strength * (1 - score)


def differences(cell: Cell, other: Cell) -> dict[str, Any]:
    """What differs between two cells, key -> what the first has; scores apart."""
    parts = [("dynamics", cell.dynamics, other.dynamics), ("protection", cell.protection, other.protection)]
    parts += [("initial", cell.initial, other.initial), ("network", cell.network.model, other.network.model)]
    assert (cell.network.n_nodes, cell.shocks, cell.step) == (other.network.n_nodes, other.shocks, other.step)
    return {
        f"{section}.{name}": getattr(one, name)
        for section, one, two in parts
        for name in entries(type(one))
        if getattr(one, name) != getattr(two, name)
    }


@pytest.mark.parametrize("measure", MEASURES)
def test_a_measure_changes_what_it_should_and_nothing_else(measure: str) -> None:
    with_it = "detection = 0.3\n" if measure == "hubs" else ""
    config = configured(f"{BASE}[[strategy]]\nname = 'it'\n{with_it}{measure} = {LEVELS[measure]}\n")
    baseline, cell = config.cells[0], config.cells[1]
    assert (baseline.values["strategy.name"], baseline.point) == ("baseline", None)
    assert cell.values["strategy.name"] == "it"
    assert cell.values["strategy.level"] == ("" if measure == "hubs" else LEVELS[measure])
    assert differences(cell, baseline) == EXPECTED.get(measure, {})
    before, after = (config.risk.profile.systems.indicators, cell.profile.scores)
    mean = baseline.profile.scores
    for key in before:
        old, new = mean.get(key, 0.4), after.get(key, 0.4)
        expected = closer(old, 0.5) if key in SCORES.get(measure, ()) else old
        assert new == pytest.approx(expected)  # the mean of a raised range is the raised mean
    assert cell.regrown == (measure in ("more_partners", "partner_selection"))


@settings(max_examples=40)
@given(
    st.one_of(
        st.floats(0, 1),
        st.fixed_dictionaries({name: st.floats(0, 1) for name in sf.DualLocalWorld().types}),
        st.lists(st.floats(0, 1), min_size=3).map(sorted).map(lambda x: {"low": x[0], "mode": x[1], "high": x[-1]}),
        st.lists(st.floats(0, 1), min_size=20, max_size=20),
    ),
    st.floats(0, 1),
)
def test_strengths_raise_scores_of_every_form(score: Any, strength: float) -> None:
    config = Config(
        replace(Config().network, n_nodes=20),
        risk=Risk(scores={"monitoring_response": score}),
        strategies=[Strategy(name="a", monitoring=strength)],
    )
    given, raised = (cell.profile.scores["monitoring_response"] for cell in config.cells)
    if isinstance(given, dict):
        assert raised == pytest.approx(closer(given, strength))
    else:
        np.testing.assert_allclose(raised, closer(np.asarray(given), strength), atol=1e-15)
    assert np.all(np.array(list(raised.values()) if isinstance(raised, dict) else raised) <= 1)


def test_columns_of_nodes_and_present_factors_are_raised_too(folder: Path) -> None:
    text = (
        f"{FILES}[risk]\nnodes = 's.csv'\npresent = {{ trust = 1 }}\n[[strategy]]\nname = 'a'\ncapital_reserve = 0.5\ntrust = 0.5\n"
    )
    config = configured(text, folder)
    baseline, cell = config.cells
    raised = closer(np.arange(8) / 10, 0.5)
    np.testing.assert_allclose(cell.profile.scores["capital_stability"], raised, rtol=1e-15)
    assert cell.profile.ids == tuple("hgfedcba")
    effect = Register.load()["trust"].effects["partner_trust"]
    assert baseline.profile.scores["partner_trust"] == pytest.approx(0.5 + effect)
    assert cell.profile.scores["partner_trust"] == pytest.approx(0.75 + effect)  # raised first, then moved by what is present
    np.testing.assert_array_equal(config.risk.nodes["capital_stability"], np.arange(8) / 10)  # what was given stays


def test_measures_combine() -> None:
    config = configured(
        f"{BASE}[[strategy]]\nname = 'all'\ncost = 7\ncontingency_fund = 0.5\ninsurance = 0.2\ndetection = 0.3\n"
        "detected_beta = 0.1\nhubs = 5\nprotection = 0.1\nprotection_by = 'degree'\nmore_partners = 1\npartner_selection = 0.02\n"
    )
    baseline, cell = config.cells[:2]
    fund = 0.4 + 0.6 * (1 - 0.5 * 0.8)  # each closes its share of what the other leaves
    assert cell.profile.scores["contingency_fund"] == pytest.approx(fund)
    assert cell.profile.scores["partner_trust"] == pytest.approx(closer(0.3, 0.2))
    assert differences(cell, baseline) == {
        "dynamics.detection": 0.3, "dynamics.detected_beta": 0.1, "dynamics.detection_hubs": 5, "protection.protected": 0.1,
        "protection.by": "degree", "network.m": (3, 4, 4, 3), "network.m_crossing": (5,) * 4, "network.eta_min": 0.02,
    }  # fmt: skip
    assert (cell.point.cost, cell.point.level, cell.values["strategy.level"]) == (7.0, None, "")


def test_a_list_of_levels_is_a_curve() -> None:
    config = configured(
        f"{BASE}[[strategy]]\nname = 'hubs'\ndetection = 0.3\nhubs = [2, 0.1, 9]\ncost = [1, 1, 4]\n"
        "[[strategy]]\nname = 'fund'\ncontingency_fund = [0.25]\ncost = 3\n"
    )
    rows = [(cell.values["strategy.name"], cell.values["strategy.level"], cell.dynamics.detection_hubs) for cell in config.cells]
    assert rows == [("baseline", "", None), ("hubs", 2, 2), ("hubs", 0.1, 0.1), ("hubs", 9, 9), ("fund", 0.25, None)]
    assert [cell.point.cost for cell in config.cells[1:]] == [1.0, 1.0, 4.0, 3.0]
    listed = Strategy(name="fund", contingency_fund=[0.25], cost=[3])
    assert [point.cost for point in listed.points()] == [3.0]
    assert [point.cost for point in Strategy(name="fund", contingency_fund=[0.25, 0.5]).points()] == [None, None]


def test_more_partners_are_shown_under_both_exposures() -> None:
    text = (
        "[network]\nkind = 'barabasi_albert'\nn_nodes = 30\nm = 2\n[[strategy]]\nname = 'few'\nprotection = 3\n"
        "[[strategy]]\nname = 'more'\nmore_partners = [1, 2]\n"
    )
    config = configured(text)
    rows = [(c.values["strategy.name"], c.dynamics.exposure, c.network.model.m) for c in config.cells]
    assert rows == [
        ("baseline", "per_partner", 2), ("few", "per_partner", 2), ("more", "per_partner", 3), ("more", "per_partner", 4),
        ("baseline", "shared", 2), ("more", "shared", 3), ("more", "shared", 4),
    ]  # fmt: skip
    assert all(cell.values["dynamics.exposure"] == cell.dynamics.exposure for cell in config.cells)
    shared = configured(text + "[dynamics]\nexposure = 'shared'\n")
    assert [cell.dynamics.exposure for cell in shared.cells] == ["shared"] * 4 + ["per_partner"] * 3  # one's own first
    swept = configured(text + "[sweep]\ndynamics.exposure = ['shared', 'per_partner']\n")
    assert len(swept.cells) == 2 * 4  # none twice
    assert len({json.dumps(cell.values, sort_keys=True) for cell in swept.cells}) == 8


def test_strategies_start_from_the_swept_values() -> None:
    config = configured(
        "[network]\nm = { brand = 1, purchaser = 2, platform = 3, logistics = 4 }\n[risk]\n[sweep]\nnetwork.m.brand = [1, 5]\n"
        "risk.scores.partner_trust = [0.2, 0.6]\nprotection.by = ['random']\n"
        "[[strategy]]\nname = 'a'\nmore_partners = 2\ntrust = 0.5\nprotection = 3\n"
    )
    found = [
        (cell.network.model.m, cell.profile.scores["partner_trust"], cell.protection.by)
        for cell in config.cells
        if cell.point is not None and cell.dynamics.exposure == "shared"
    ]
    assert found == [((m, 4, 5, 6), pytest.approx(trust), "random") for m in (3, 7) for trust in (0.6, 0.8)]


def test_strategies_meet_the_same_networks_and_first_infections() -> None:
    """Without any infection but the first, who is ever infected tells who was first."""
    measures = {name: f"{'detection = 0.3' if name == 'hubs' else ''}\n{name} = {LEVELS[name]}\n" for name in MEASURES}
    external = ", ".join(f"{item.key} = 0" for item in Systems.load().external.indicators)
    config = configured(
        f"[network]\nn_nodes = 60\n[risk]\nscores = {{ {external} }}\n[initial]\ninfected = 5\n{FEW}"
        + "".join(f"[[strategy]]\nname = '{name}'\n{text}" for name, text in measures.items())
    )
    result = sf.run(config, n_jobs=1)
    cells = config.cells
    digests = result.tables["rows/network_digest"].reshape(len(cells), 2, 32)
    first = result.tables["node/ever_infected"].reshape(len(cells), 2, 60)
    assert first[0].sum() == 5 * 70 * 2 and not (digests[0, 0] == digests[0, 1]).all()
    assert sum(cell.regrown for cell in cells) == 3  # more partners twice
    for k, cell in enumerate(cells):
        np.testing.assert_array_equal(first[k], first[0])
        assert (digests[k] == digests[0]).all() != cell.regrown
        if cell.regrown:  # growth seeds are shared: the same types, and fitness the same, or in the same order within a type
            one, other = result.network(0, 1), result.network(k, 1)
            np.testing.assert_array_equal(one.types, other.types)
            if "more_partners" in cell.point.measures:
                np.testing.assert_array_equal(one.fitness, other.fitness)
                assert other.n_edges > one.n_edges
            for code in range(4):
                ranks = [np.argsort(network.fitness[network.types == code]) for network in (one, other)]
                np.testing.assert_array_equal(*ranks)


def test_measures_help() -> None:
    """Each lowers the share eliminated on the same networks by more than three standard errors of the paired differences."""
    text = (
        "[network]\nn_nodes = 100\n[risk]\ndefault = 0.45\n[run]\nnetworks = 6\nreplicates = 256\nsteps = 40\nseed = 5\n"
        "[[strategy]]\nname = 'monitoring'\nmonitoring = 0.8\n[[strategy]]\nname = 'reserve'\ncapital_reserve = 0.8\n"
        "[[strategy]]\nname = 'detection'\ndetection = 0.5\n[[strategy]]\nname = 'protection'\nprotection = 10\n"
    )
    result = sf.run(configured(text), n_jobs=2)
    eliminated = result.replicates["eliminated"].mean(axis=2)
    for k in range(1, 5):
        difference = eliminated[0] - eliminated[k]
        assert difference.mean() > 3 * difference.std(ddof=1) / 6**0.5, result.cells[k]


# ---- runs: what the sections say is what is simulated

RUN = "[run]\nreplicates = 130\nsteps = 15\nseed = 7\nrecord = ['nodes', 'types', 'trajectories']\n"
SPREADING = "[dynamics]\nbeta = 0.2\ngamma = 0.1\ndelta = 0.02\nxi = 0.1\n"
ITALY = "[[shock]]\nsteps = [2, 6]\nseverity = 0.7\nattribute = 'land'\nequals = 'IT'\n"
LARGE = "[[shock]]\nprobability = 0.2\nseverity = 0.5\nattribute = 'size'\nequals = 2\n"
RANDOM = "[[shock]]\nsteps = [4]\nseverity = 1\nshare = 0.5\n"


@pytest.mark.parametrize(
    ("text", "extra", "model"),
    [
        ("", {}, {}),
        (ITALY, {"shocks": [Shock(steps=[2, 6], severity=0.7, attribute="land", equals="IT")]}, {}),
        (
            LARGE + RANDOM,
            {"shocks": [Shock(probability=0.2, attribute="size", equals=2), Shock(steps=[4], severity=1, share=0.5)]},
            {},
        ),
        ("[protection]\nprotected = 0.25\nby = 'fitness'\n", {"protection": Protection(0.25, by="fitness")}, {}),
        (
            f"{ITALY}[protection]\nprotected = 2\nby = 'vulnerability'\n",
            {
                "protection": Protection(2, by="vulnerability"),
                "shocks": [Shock(steps=[2, 6], severity=0.7, attribute="land", equals="IT")],
            },
            {},
        ),
        ("", {}, {"detection": {"maker": 0.9, "shop": 0.0}, "detected_beta": 0.2}),
        ("", {}, {"detection": 0.6, "detection_hubs": 1}),
    ],
)
def test_a_run_is_what_simulate_makes_of_its_sections(
    folder: Path, text: str, extra: dict[str, Any], model: dict[str, Any]
) -> None:
    config = configured(f"{FILES}{RUN}[initial]\ninfected = 2\n{text}", folder)
    config = replace(config, dynamics=sf.SIRS(beta=0.2, gamma=0.1, delta=0.02, xi=0.1, **model))
    result = sf.run(config, n_jobs=1)
    network = sf.read_network(folder / "edges.csv", folder / "nodes.csv")
    run = sf.simulate(network, config.dynamics, 15, 130, seed=7, initial=Initial(2), **extra)
    np.testing.assert_array_equal(result.counts[0, 0], run.counts)
    np.testing.assert_array_equal(result.tables["node/infected_steps"], run.infected_steps)


def test_equal_content_in_memory_in_folders_and_in_processes(folder: Path, tmp_path: Path) -> None:
    rankings = ", ".join(f"'{by}'" for by in RANKINGS)
    text = (
        f"{FILES}{RUN}{SPREADING}[initial]\ninfected = 2\n[protection]\nprotected = 2\n[sweep]\nprotection.by = [{rankings}]\n"
        f"{ITALY}{LARGE}{RANDOM}[[strategy]]\nname = 'watch'\ndetection = [0.2, 0.8]\nhubs = 2\n"
    )
    config = configured(text, folder)
    first = sf.run(config, n_jobs=1)
    assert first.n_cells == len(RANKINGS) * 3
    assert sf.run(config, tmp_path / "two", n_jobs=2).digest == first.digest
    assert sf.run(config, tmp_path / "loky", n_jobs=2, backend="loky").digest == first.digest
    immune = first.counts[:, 0, :, 0, 2]
    assert (immune == 2).all()  # two are protected, whoever they are
    after = first.tables["node/ever_infected"].reshape(first.n_cells, 8)
    assert len(np.unique(after[::3], axis=0)) == len(RANKINGS)  # and they are others


@pytest.mark.parametrize("by", RANKINGS)
def test_a_share_of_none_and_of_all_is_protected(folder: Path, by: str) -> None:
    text = f"{FILES}{RUN}{SPREADING}[initial]\ninfected = 2\n[[shock]]\nsteps = [1]\nseverity = 1\n"
    plain = sf.run(configured(text, folder), n_jobs=1)
    none = sf.run(configured(f"{text}[protection]\nprotected = 0.0\nby = '{by}'\n", folder), n_jobs=1)
    assert none.digest == plain.digest
    every = sf.run(configured(f"{text}[protection]\nprotected = 1.0\nby = '{by}'\n", folder), n_jobs=1)
    assert (every.counts[..., 0, :] == [0, 2, 6, 0]).all()
    assert (every.replicates["attack rate"] == 2 / 8).all()
    assert (every.counts[..., 1:, 2] >= 6).all() and plain.replicates["attack rate"].mean() > 0.9


def test_shocks_hit_their_group_alone(folder: Path) -> None:
    """Nothing else spreads: those ever infected are the first, and the group."""
    text = (
        f"{FILES}{RUN}[dynamics]\nbeta = 0\ngamma = 0\ndelta = 0\n[initial]\nnodes = ['b']\n[[shock]]\nsteps = [3]\nseverity = 1\n"
    )
    for group, hit in (
        ("attribute = 'land'\nequals = 'IT'", "aceh"),
        ("attribute = 'size'\nequals = 2", "dh"),
        ("within = 'maker'", "adf"),
    ):
        result = sf.run(configured(text + group, folder), n_jobs=1)
        expected = [130 * (name in hit + "b") for name in "abcdefgh"]
        assert result.tables["node/ever_infected"].tolist() == expected
        assert (result.counts[..., 3, 1] == 1).all() and (result.counts[..., 4, 1] == len(set(hit + "b"))).all()
    half = sf.run(configured(f"{text}attribute = 'land'\nequals = 'IT'\nshare = 0.5\n", folder), n_jobs=1)
    ever = half.tables["node/ever_infected"]
    assert sorted(ever[[0, 2, 4, 7]].tolist()) == [0, 0, 130, 130]  # the same half in every replicate


def test_detection_isolates_types_and_partners_of_hubs(tmp_path: Path) -> None:
    """Along a chain from the hub, those who are detected at once transmit in one step alone, the others for ever."""
    names = ["hub", "x", "y", "a", "b", "c", "d"]
    (tmp_path / "edges.csv").write_text("source,target\nhub,x\nhub,y\nhub,a\na,b\nb,c\nc,d\n")
    (tmp_path / "nodes.csv").write_text("id,type\n" + "".join(f"{name},{'far' if name in 'bcd' else 'near'}\n" for name in names))

    def ever(detection: str, more: str = "") -> list[int]:
        config = configured(
            f"{FILES}[run]\nreplicates = 512\nsteps = 60\nseed = 1\n[initial]\nnodes = ['hub']\n"
            f"[dynamics]\nbeta = 0.5\ngamma = 0\ndelta = 0\nxi = 0\ndetection = {detection}\n{more}",
            tmp_path,
        )
        return sf.run(config, n_jobs=1).tables["node/ever_infected"].tolist()

    def within(found: list[int], expected: list[float]) -> None:
        for count, share in zip(found, expected, strict=True):
            assert abs(count - 512 * share) <= 4 * (512 * share * (1 - share)) ** 0.5  # 4 standard deviations

    within(ever("{ near = 0, far = 1 }"), [1, 1, 1, 1, 1, 1 / 2, 1 / 4])
    within(ever("{ near = 1, far = 0 }"), [1, 1 / 2, 1 / 2, 1 / 2, 1 / 4, 1 / 4, 1 / 4])
    around = ever("1", "detection_hubs = 1\n")  # the hub and its partners, x, y and a, are those near
    within(around, [1, 1 / 2, 1 / 2, 1 / 2, 1 / 4, 1 / 4, 1 / 4])
    assert ever("1", "detected_beta = 1\n") == [512] * 7
