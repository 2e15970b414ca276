"""Index systems, profiles, their rates, and the mean-field outcome of these."""

import itertools
import json
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import heavy
from scipy import stats

from scfast import ahp
from scfast.parameters import SIRS
from scfast.profiles import IMMUNITY, SHIPPED, Profile, Spread, System, Systems
from scfast.register import Register
from scfast.risk import levels, mean_field, rates, step, to_sirs

KEYS = tuple(Systems.load().indicators)
ROUNDING = 1e-12  # some hundred roundings of numbers of order one


def by_hand(name: str) -> dict[str, tuple[str, float, float]]:
    """Criterion, local and global weight of each leaf by row geometric means, straight from the file."""
    data = tomllib.loads((SHIPPED / f"{name}.toml").read_text())
    weights = {}
    for key, table in data["factor"].items():
        n = len(table["children"])
        full = [[1.0] * n for _ in range(n)]
        for i, row in enumerate(table["judgments"]):
            for j, cell in enumerate(row, i):
                top, _, bottom = str(cell).partition("/")
                full[i][j] = float(top) / float(bottom or 1)
                full[j][i] = 1 / full[i][j]
        means = [math.prod(row) ** (1 / n) for row in full]
        weights[key] = {child: mean / sum(means) for child, mean in zip(table["children"], means, strict=True)}
    return {
        leaf: (criterion, local, local * weight)
        for criterion, weight in weights[name].items()
        for leaf, local in weights[criterion].items()
    }


@pytest.mark.parametrize("method", ["geometric", "sum", "eigenvector"])
@pytest.mark.parametrize("name", ["immunity", "external"])
def test_shipped_weights_rank_as_the_paper_found(name: str, method: str) -> None:
    tree = ahp.read(SHIPPED / f"{name}.toml", method)
    assert all(node.judged.consistency_ratio < 0.1 for node in tree.factors)
    ranked = [leaf.key for leaf in sorted(tree.leaves, key=lambda leaf: -leaf.global_weight)]
    if name == "immunity":
        assert len(ranked) == 13
        assert ranked[:2] == ["capital_stability", "monitoring_response"]
    else:
        assert len(ranked) == 10
        environment = tree["environment"].global_weight
        assert min(tree["transaction"].global_weight, tree["logistics"].global_weight) > environment


@pytest.mark.parametrize("name", ["immunity", "external"])
def test_weights_are_those_of_the_file(name: str) -> None:
    system = getattr(Systems.load(), name)
    found = {item.key: (item.criterion, item.local, item.weight) for item in system.indicators}
    for key, (criterion, local, weight) in by_hand(name).items():
        assert found[key] == (criterion, pytest.approx(local, abs=ROUNDING), pytest.approx(weight, abs=ROUNDING))
    assert set(system.ratios) == {name, *system.criteria}
    assert all(item.zero and item.one and item.label[0].isupper() for item in system.indicators)


def test_own_system_of_another_depth_and_one_without_criteria(tmp_path: Path) -> None:
    (tmp_path / "i.toml").write_text("""
goal = "ours"
factor.ours = { children = ["recovery", "resistance", "learning"], judgments = [[1, 1, 1], [1, 1], [1]] }
factor.resistance = { children = ["money", "people"], judgments = [[1, 3], [1]] }
factor.people = { children = ["young", "old"], judgments = [[1, 1], [1]] }
""")
    (tmp_path / "e.csv").write_text("storm,1,3\nwar,,1\n")
    systems = Systems.load(tmp_path / "i.toml", tmp_path / "e.csv")
    assert tuple(systems.indicators) == ("recovery", "money", "young", "old", "learning", "storm", "war")
    assert systems.indicators["young"].local == pytest.approx(1 / 8)
    found = levels(Profile({"money": 1, "young": 0, "old": 0, "storm": 1, "war": 0}, systems))
    assert found == pytest.approx({"resistance": 0.75, "recovery": 0.5, "learning": 0.5, "external": 0.75})
    register = Register.load(systems=systems)
    assert not register.factors  # none of the shipped ones moves an indicator of these


def test_own_judgments_of_one_factor(tmp_path: Path) -> None:
    """From a CSV file, its children by key or by position."""
    (tmp_path / "a.csv").write_text("customs_delay,1,4,4\ndelivery_delay,,1,1\ncargo_damage,,,1\n")
    (tmp_path / "b.csv").write_text("1,1/4,1/4\n,1,1\n,,1\n")
    for name, expected in (("a", (1 / 6, 1 / 6, 4 / 6)), ("b", (1 / 9, 4 / 9, 4 / 9))):
        systems = Systems.load(judgments={"logistics": tmp_path / f"{name}.csv"})
        keys = ("delivery_delay", "cargo_damage", "customs_delay")
        assert [systems.indicators[key].local for key in keys] == pytest.approx(expected)
        assert systems.indicators["customs_delay"].label == "Slow customs clearance"
        assert systems.immunity == Systems.load().immunity
        kept = Systems(systems.immunity, System.from_plain(json.loads(json.dumps(systems.external.plain()))))
        assert rates(Profile({"customs_delay": 1}, kept)) == rates(Profile({"customs_delay": 1}, systems))
    (tmp_path / "c.csv").write_text("delay,1,2\ncargo_damage,,1\n")
    (tmp_path / "d.csv").write_text("1,9,1/9\n,1,9\n,,1\n")
    for name in "cde":
        with pytest.raises(ValueError) as error:
            Systems.load(judgments={"logistics": tmp_path / f"{name}.csv"})
        assert "\n" not in str(error.value)
    with pytest.raises(
        ValueError, match=r"^judgments.logistic = 'x.csv': no such factor of the index systems, did you mean 'logistics'"
    ):
        Systems.load(judgments={"logistic": "x.csv"})


def test_rates_by_hand() -> None:
    """All scores one half; and A = 0.8, C = 0.6, L = 0.9, E = 0.3 by equal scores within each."""
    assert rates(Profile()) == {"beta": 0.25, "gamma": 0.25, "delta": 0.25, "xi": 0.5}
    level = {"resistance": 0.8, "recovery": 0.6, "learning": 0.9}
    scores = {item.key: level.get(item.criterion, 0.3) for item in Systems.load().indicators.values()}
    assert levels(Profile(scores)) == {**level, "external": 0.3}
    expected = {"beta": 0.3 * 0.2, "gamma": 0.6 * 0.7, "delta": 0.3 * 0.4, "xi": 0.1}
    assert rates(Profile(scores)) == pytest.approx(expected)
    halved = rates(Profile(scores), h=0.5)
    leaving = 1 - math.sqrt(1 - 0.54)
    expected = {"beta": 1 - math.sqrt(0.94), "gamma": leaving * 42 / 54, "delta": leaving * 12 / 54, "xi": 1 - math.sqrt(0.9)}
    assert halved == pytest.approx(expected)


@pytest.mark.parametrize("corner", list(itertools.product([0.0, 1.0], repeat=4)))
def test_certain_and_impossible_stay_so(corner: tuple[float, ...]) -> None:
    level = dict(zip((*IMMUNITY, "external"), corner, strict=True))
    scores = {item.key: level.get(item.criterion, level["external"]) for item in Systems.load().indicators.values()}
    whole, tenth = rates(Profile(scores)), rates(Profile(scores), h=0.1)
    assert set(whole.values()) <= {0.0, 1.0}
    assert tenth == whole


@given(st.lists(st.floats(0, 1), min_size=len(KEYS), max_size=len(KEYS)), st.sampled_from([1.0, 0.5, 0.25, 0.1, 0.01]))
def test_rates_agree_with_plain_code(values: list[float], h: float) -> None:
    scores = dict(zip(KEYS, values, strict=True))
    immunity, external = by_hand("immunity"), by_hand("external")
    level = {name: sum(local * scores[key] for key, (of, local, _) in immunity.items() if of == name) for name in IMMUNITY}
    outside = sum(weight * scores[key] for key, (_, _, weight) in external.items())
    unit = {
        "beta": outside * (1 - level["resistance"]),
        "gamma": level["recovery"] * (1 - outside),
        "delta": outside * (1 - level["recovery"]),
        "xi": 1 - level["learning"],
    }
    found = rates(Profile(scores), h)
    assert found["gamma"] + found["delta"] <= 1
    assert min(found.values()) >= 0
    for name in ("beta", "xi"):
        assert found[name] == pytest.approx(1 - (1 - min(unit[name], 1)) ** h, abs=1e-9)  # at 1 a power has no finite slope
        assert 1 - (1 - found[name]) ** (1 / h) == pytest.approx(unit[name], abs=1e-9)
    leaving = unit["gamma"] + unit["delta"]
    assert 1 - (1 - found["gamma"] - found["delta"]) ** (1 / h) == pytest.approx(leaving, abs=1e-9)
    assert found["gamma"] * unit["delta"] == pytest.approx(found["delta"] * unit["gamma"], abs=ROUNDING)
    SIRS(**found)


@pytest.mark.parametrize("parts", [2, 4, 8, 10])
def test_steps_make_up_the_unit(parts: int) -> None:
    """Surviving `parts` steps is surviving one unit, whatever the probability."""
    p = np.linspace(0, 1, 101)
    np.testing.assert_allclose((1 - step(p, 1 / parts)) ** parts, 1 - p, rtol=0, atol=1e-12)
    assert step(1e-17, 1 / parts) == pytest.approx(1e-17 / parts, rel=1e-9, abs=0)  # lost where 1 - p is formed first


def test_forms_agree() -> None:
    """The same scores for all firms, per type and per node give the same rates; step and model pass them on."""
    one = Profile({"capital_stability": 0.9, "delivery_delay": 0.2})
    two = Profile({"capital_stability": 0.1, "delivery_delay": 0.7})
    typed = Profile({"capital_stability": {"a": 0.9, "b": 0.1}, "delivery_delay": {"b": 0.7, "a": 0.2}})
    arrays = Profile({"capital_stability": [0.9, 0.1, 0.1], "delivery_delay": np.array([0.2, 0.7, 0.7])})
    for name in ("beta", "gamma", "delta"):
        low, high = rates(one, 0.1)[name], rates(two, 0.1)[name]
        assert rates(typed, 0.1)[name] == pytest.approx({"a": low, "b": high})
        assert rates(arrays, 0.1)[name] == pytest.approx([low, high, high])
    assert rates(arrays)["xi"] == 0.5
    model = to_sirs(typed, 0.1, exposure="shared", epsilon={"a": 0.19, "b": 0.0})
    assert (model.exposure, model.beta) == ("shared", rates(typed, 0.1)["beta"])
    assert to_sirs(typed, 0.5, epsilon={"a": 0.19, "b": 0.0}).epsilon == pytest.approx({"a": 0.1, "b": 0.0})


def network(names: list[str] | None = None) -> SimpleNamespace:
    """Three nodes of the types a, b, b."""
    return SimpleNamespace(n_nodes=3, types=np.array([0, 1, 1], np.int8), type_names=("a", "b"), names=names)


def test_csv_follows_the_ids(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("\ufeffid, capital_stability,delivery_delay\nz,0.1,0.2\nx,0.3,0.4\n\ny,1,0\n", encoding="utf-8")
    given = Profile.from_csv(tmp_path / "p.csv", {"cargo_damage": {"a": 0.6, "b": 0.7}, "customs_delay": 0.8})
    placed = given.on(network(["x", "y", "z"]))
    assert placed.scores["capital_stability"].tolist() == [0.3, 1.0, 0.1]
    assert placed.scores["delivery_delay"].tolist() == [0.4, 0.0, 0.2]
    assert placed.scores["cargo_damage"].tolist() == [0.6, 0.7, 0.7]
    assert placed.scores["customs_delay"] == 0.8
    assert rates(placed)["beta"].shape == (3,)
    (tmp_path / "p.csv").write_text("id,capital_stability\n2,0.2\n0,0\n1,0.1\n")
    assert Profile.from_csv(tmp_path / "p.csv").on(network()).scores["capital_stability"].tolist() == [0.0, 0.1, 0.2]


@pytest.mark.parametrize(
    ("spread", "same"),
    [
        (Spread(0.2, 0.7), stats.uniform(0.2, 0.5)),
        (Spread(0.2, 0.7, 0.3), stats.triang(0.2, 0.2, 0.5)),
        (Spread(0.2, 0.7, 0.2), stats.triang(0.0, 0.2, 0.5)),
        (Spread(0.2, 0.7, 0.7), stats.triang(1.0, 0.2, 0.5)),
        (Spread(0, 1, 0.25, "pert"), stats.beta(2, 4)),
        (Spread(0.2, 0.7, 0.3, "pert"), stats.beta(1.8, 4.2, 0.2, 0.5)),
    ],
)
def test_quantiles_and_means(spread: Spread, same: stats.rv_continuous) -> None:
    for u in (0.0, 1e-9, 0.01, 0.2, 0.5, 0.77, 0.999, 1.0):
        assert spread.quantile(u) == pytest.approx(same.ppf(u), abs=1e-9)  # what the quantiles of scipy.stats agree to
    assert spread.mean == pytest.approx(same.mean(), abs=ROUNDING)


def test_draws_follow_the_order_of_the_systems() -> None:
    profile = Profile({
        "delivery_delay": {"low": 0.0, "high": 1.0},
        "capital_stability": {"a": {"low": 0.2, "high": 0.4}, "b": 0.5, "c": {"low": 0, "mode": 0.5, "high": 1}},
        "cargo_damage": {"low": 0.3, "high": 0.3},
    })  # fmt: skip
    assert profile.uncertain == ("capital_stability.a", "capital_stability.c", "delivery_delay", "cargo_damage")
    drawn = profile.draw([0.5, 0.5, 0.25, 0.9])
    assert drawn.scores["capital_stability"] == pytest.approx({"a": 0.3, "b": 0.5, "c": 0.5})
    assert (drawn.scores["delivery_delay"], drawn.scores["cargo_damage"], drawn.uncertain) == (0.25, 0.3, ())
    assert profile.central().scores["delivery_delay"] == 0.5
    assert rates(profile) == rates(profile.central())
    assert len(profile.defaulted) == len(KEYS) - 3


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_quantiles_stay_in_range_and_rise(a: float, b: float, c: float, u: float, pert: bool) -> None:
    low, mode, high = sorted((a, b, c))
    spread = Spread(low, high, mode, "pert" if pert else "triangular")
    assert low <= spread.quantile(u) <= high
    assert spread.quantile(0.9 * u) <= spread.quantile(u) + 1e-9  # both solve for the root on their own
    assert low - ROUNDING <= spread.mean <= high + ROUNDING


def plain_mean_field(rows: list[dict[str, float]], share: list[float], k: float, n_steps: int, first: float) -> tuple[float, ...]:
    groups = [[1 - first, first, 0.0, 0.0] for _ in rows]
    infected = [first]
    for _ in range(n_steps):
        mean = infected[-1]
        for row, group in zip(rows, groups, strict=True):
            s, i, r, x = group
            p = 1 - (1 - row.get("epsilon", 0.0)) * (1 - row["beta"]) ** (k * mean)
            group[0] = s * (1 - p) + row["xi"] * r
            group[1] = i * (1 - row["gamma"] - row["delta"]) + s * p
            group[2] = r * (1 - row["xi"]) + row["gamma"] * i
            group[3] = x + row["delta"] * i
            assert sum(group) == pytest.approx(1)
        infected.append(sum(w * group[1] for w, group in zip(share, groups, strict=True)))
    eliminated = sum(w * group[3] for w, group in zip(share, groups, strict=True))
    reproduction = k * sum(w * row["beta"] / (row["gamma"] + row["delta"]) for w, row in zip(share, rows, strict=True))
    return eliminated, max(infected), sum(infected), infected[-1], reproduction


def fields(outcome: object) -> list[float]:
    return list(vars(outcome).values())


def test_mean_field_agrees_with_plain_code() -> None:
    one = {"beta": 0.1, "gamma": 0.1, "delta": 0.02, "xi": 0.05, "epsilon": 0.001}
    two = {"beta": 0.3, "gamma": 0.2, "delta": 0.1, "xi": 0.5, "epsilon": 0.0}
    both = {name: {"a": one[name], "b": two[name]} for name in one}
    listed = {name: [one[name], two[name], two[name]] for name in one}
    assert fields(mean_field(one, 5.5, 60, 0.02)) == pytest.approx(plain_mean_field([one], [1], 5.5, 60, 0.02))
    expected = plain_mean_field([one, two], [0.25, 0.75], 4, 60, 0.02)
    assert fields(mean_field(both, 4, 60, 0.02, shares={"b": 3, "a": 1})) == pytest.approx(expected)
    assert fields(mean_field(both, 4, 60, 0.02)) == pytest.approx(plain_mean_field([one, two], [0.5, 0.5], 4, 60, 0.02))
    assert fields(mean_field(listed, 4, 60)) == pytest.approx(plain_mean_field([one, two, two], [1 / 3] * 3, 4, 60, 0.01))
    assert mean_field(SIRS(**one), 4, 9) == mean_field(one, 4, 9)


def test_mean_field_at_its_corners() -> None:
    still = {"beta": 0.0, "gamma": 0.0, "delta": 0.0, "xi": 0.0}
    outcome = mean_field(still, 6, 10, 0.1)
    assert fields(outcome) == pytest.approx([0, 0.1, 1.1, 0.1, 0])
    assert mean_field({**still, "beta": 1.0}, 6, 3, 0.1).reproduction == math.inf
    assert mean_field({**still, "beta": 1.0}, 6, 3, 0.1).prevalence == pytest.approx(1)
    assert mean_field({**still, "beta": 1.0}, 0, 3, 0.1).prevalence == pytest.approx(0.1)
    assert mean_field({**still, "delta": 1.0}, 6, 3, 0.1).eliminated == pytest.approx(0.1)


def test_stays_light() -> None:
    program = "import scfast as sf\nsf.to_sirs(sf.Profile({'capital_stability': {'low': 0, 'high': 1}}), 0.1)"
    assert heavy(program, "register", "show", "trst") == ["2"]


RATES = {"beta": 0.1, "gamma": 0.1, "delta": 0.1, "xi": 0.1}
BAD = [
    (lambda: Profile({"capital_stabilty": 0.5}), "capital_stabilty = 0.5: no such indicator, did you mean 'capital_stability'?"),
    (lambda: Profile({"cargo_damage": 1.5}), "cargo_damage = 1.5: must be at most 1"),
    (lambda: Profile({"cargo_damage": -0.1}), "cargo_damage = -0.1: must be at least 0"),
    (lambda: Profile({"cargo_damage": math.nan}), "cargo_damage = nan: must be a number"),
    (lambda: Profile({"cargo_damage": True}), "cargo_damage = True: must be a number"),
    (
        lambda: Profile({"cargo_damage": "high"}),
        "cargo_damage = 'high': must be a number, {type = number}, a range {low, high}, or one number per node",
    ),
    (lambda: Profile({"cargo_damage": {}}), "cargo_damage = {}: must not be empty"),
    (lambda: Profile({"cargo_damage": {"brand": 2}}), "cargo_damage.brand = 2: must be at most 1"),
    (lambda: Profile({"cargo_damage": [0.1, math.nan]}), "cargo_damage[1] = nan: must be a number"),
    (
        lambda: Profile({"cargo_damage": [0.1, 0.2], "delivery_delay": [0.1]}),
        "cargo_damage = an array of shape (2,): must have 1 values, one per node, as the others",
    ),
    (lambda: Profile({"cargo_damage": [0.1, 0.2]}, ids=["a", "a"]), "id = 'a': must not stand there twice"),
    (lambda: Profile(["cargo_damage"]), "scores = ['cargo_damage']: must be {indicator = score}"),
    (lambda: Profile(default=2), "default = 2: must be at most 1"),
    (lambda: Profile({"cargo_damage": {"low": 0.6, "high": 0.5}}), "cargo_damage.low = 0.6: must be at most high, 0.5"),
    (lambda: Profile({"cargo_damage": {"low": 0.6}}), "cargo_damage = {'low': 0.6}: must have high"),
    (lambda: Profile({"cargo_damage": {"low": 0, "high": 1.2}}), "cargo_damage.high = 1.2: must be at most 1"),
    (lambda: Profile({"cargo_damage": {"low": 0, "mode": 0.9, "high": 0.5}}), "cargo_damage.mode = 0.9: must be at most 0.5"),
    (
        lambda: Profile({"cargo_damage": {"a": {"low": 0.2, "mode": 0.1, "high": 0.5}}}),
        "cargo_damage.a.mode = 0.1: must be at least 0.2",
    ),
    (
        lambda: Profile({"cargo_damage": {"low": 0, "high": 1, "shape": "pert"}}),
        "cargo_damage.mode = None: must be given where shape is 'pert'",
    ),
    (lambda: Spread(0, 1, 0.5, "uniform"), "mode = 0.5: must not be given where shape is 'uniform'"),
    (lambda: Spread(0, 1, 0.5, "normal"), "shape = 'normal': must be one of 'uniform', 'triangular', 'pert'"),
    (
        lambda: Profile({"cargo_damage": {"low": 0, "high": 1, "mod": 0.5}}),
        "cargo_damage.mod = 0.5: unknown key of a range, did you mean 'mode'?",
    ),
    (
        lambda: Profile({"cargo_damage": {"low": 0, "high": 1}}).draw([0.1, 0.2]),
        "u = [0.1, 0.2]: must have 1 values, one for each uncertain score",
    ),
    (lambda: Profile({"cargo_damage": {"low": 0, "high": 1}}).draw([1.5]), "u[0] = 1.5: must be at most 1"),
    (
        lambda: Profile({"cargo_damage": {"a": 0.1, "c": 0.2}}).on(network()),
        "cargo_damage.c = 0.2: no such type, valid: a, b",
    ),
    (
        lambda: Profile({"cargo_damage": {"a": 0.1}}).on(network()),
        "cargo_damage = {'a': 0.1}: must give a value for every type, 'b' is missing",
    ),
    (
        lambda: Profile({"cargo_damage": [0.1]}).on(network()),
        "cargo_damage = an array of shape (1,): must have one value for each of the 3 nodes",
    ),
    (
        lambda: Profile({"cargo_damage": [0.1, 0.2]}, ids=["x", "y"]).on(network(["x", "y", "z"])),
        "node 'z': must have a row with its scores (1 of 3 have none)",
    ),
    (
        lambda: Profile({"cargo_damage": [0.1] * 4}, ids=list("wxyz")).on(network(["x", "y", "z"])),
        "id = 'w': no such node in the network",
    ),
    (
        lambda: rates(Profile({"cargo_damage": [0.1], "delivery_delay": {"a": 0.1}})),
        "delivery_delay = {'a': 0.1}: is per type, but cargo_damage per node: the nodes' types must be known, use on()",
    ),
    (
        lambda: rates(Profile({"cargo_damage": {"a": 0.1}, "delivery_delay": {"b": 0.1}})),
        "delivery_delay = {'b': 0.1}: must give a value for every type, 'a' is missing",
    ),
    (lambda: rates(Profile(), h=0), "h = 0: must be more than 0"),
    (lambda: rates(Profile(), h=1.5), "h = 1.5: must be at most 1"),
    (lambda: to_sirs(Profile(), exposure="all"), "exposure = 'all': must be one of 'per_partner', 'shared'"),
    (lambda: to_sirs(Profile(), epsilon=-1), "epsilon = -1: must be at least 0"),
    (lambda: to_sirs(Profile(), epsilon="shock"), "epsilon = 'shock': must be numbers, not the name of a node attribute"),
    (lambda: mean_field(RATES, k=-1, n_steps=9), "k = -1: must be at least 0"),
    (lambda: mean_field(RATES, k=4, n_steps=0), "n_steps = 0: must be at least 1"),
    (lambda: mean_field(RATES, k=4, n_steps=9, initial=2), "initial = 2: must be at most 1"),
    (lambda: mean_field({"beta": 0.1}, k=4, n_steps=9), "rates: gamma must be given"),
    (lambda: mean_field({**RATES, "bta": 1}, k=4, n_steps=9), "bta = 1: no such parameter, did you mean 'beta'?"),
    (lambda: mean_field({**RATES, "gamma": 0.95}, k=4, n_steps=9), "gamma + delta = 1.05: must be at most 1"),
    (
        lambda: mean_field({**RATES, "beta": {"a": 0.1, "b": 0.2}}, 4, 9, shares={"a": 1}),
        "shares = {'a': 1.0}: must give a value for every type, 'b' is missing",
    ),
    (lambda: mean_field({**RATES, "beta": {"a": 0.1}}, 4, 9, shares={"a": 0}), "shares = {'a': 0}: must not be all 0"),
]


@pytest.mark.parametrize(("act", "line"), BAD, ids=[line[:40] for _, line in BAD])
def test_bad_input_is_told_in_one_line(act: Callable, line: str) -> None:
    with pytest.raises(ValueError) as error:
        act()
    assert str(error.value) == line


SCALE = 'goal = "g"\nfactor.g.children = ["a"]\nabout.scales.'
FILES = [
    (Profile.from_csv, "name,cargo_damage\na,1\n", "column 'id' is missing (columns: 'name, cargo_damage')"),
    (Profile.from_csv, "", "column 'id' is missing (columns: '')"),
    (Profile.from_csv, "id,cargo_damge\na,1\n", "column = 'cargo_damge': no such indicator, did you mean 'cargo_damage'?"),
    (Profile.from_csv, "id,cargo_damage,cargo_damage\na,1,1\n", "column = 'cargo_damage': must not stand there twice"),
    (Profile.from_csv, "id,cargo_damage\na,1\nb\n", "row 3: has 1 fields, must have 2"),
    (Profile.from_csv, "id,cargo_damage\na,1\na,1\n", "id = 'a': must not stand there twice"),
    (Profile.from_csv, "id,cargo_damage\na,\n", "cargo_damage of node 'a' = '': must be a number from 0 to 1"),
    (Profile.from_csv, "id,cargo_damage\na,1.5\n", "cargo_damage of node 'a' = '1.5': must be a number from 0 to 1"),
    (Profile.from_csv, b"id\n\xff\n", "not CSV in UTF-8, 'utf-8' codec can't decode byte 0xff in position 3: invalid start byte"),
    (System.read, SCALE + 'b = ["0", "1"]', "about.scales.b = ['0', '1']: no such indicator, valid: a"),
    (System.read, SCALE + 'a = "0"', "about.scales.a = '0': must be two texts, what 0 and what 1 means"),
]


@pytest.mark.parametrize(("read", "content", "line"), FILES, ids=[line[:40] for *_, line in FILES])
def test_bad_files_are_named(read: Callable, content: str | bytes, line: str, tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError) as error:
        read(path)
    assert str(error.value) == f"{path}: {line}"
    with pytest.raises(ValueError, match=r"none.toml: no such file or directory$"):
        read(tmp_path / "none.toml")


def test_systems_that_cannot_give_rates(tmp_path: Path) -> None:
    (tmp_path / "i.toml").write_text('goal = "g"\nfactor.g = { children = ["resistance", "recovery"], judgments = [[1, 1], [1]] }')
    with pytest.raises(ValueError, match=r"^immunity: criteria = resistance, recovery: must be resistance, recovery, learning, "):
        Systems.load(immunity=tmp_path / "i.toml")
    with pytest.raises(ValueError, match=r"^immunity: criteria = environment, transaction, logistics: must be "):
        Systems.load(immunity=SHIPPED / "external.toml")
    with pytest.raises(ValueError, match=r"^external: indicator = 'capital_stability': must not be an indicator of immunity too$"):
        Systems.load(external=SHIPPED / "immunity.toml")
    bad = 'goal = "g"\nfactor.g = { children = ["a", "b", "c"], judgments = [[1, 9, "1/9"], [1, 9], [1]] }'
    (tmp_path / "e.toml").write_text(bad)
    with pytest.raises(ValueError, match=r"e\.toml: "):
        Systems.load(external=tmp_path / "e.toml")
