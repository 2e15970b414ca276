"""The risk register: its content, what present factors do to a profile, identification, and the command line."""

import csv
import io
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest

from scfast.profiles import IMMUNITY, Profile, Systems
from scfast.register import COLUMNS, STRATEGIES, Register, csv_text, identify, read_toml, risk_lines
from scfast.risk import rates


def test_register_is_complete() -> None:
    register = Register.load()
    named = {
        "[C]": "information_asymmetry conflict_of_interest information_security partner_selection trust management_coordination "
        "transfer_financial transfer_market transfer_technology transfer_brand",
        "[B]": "social_unrest natural_disaster global_events technology employees data_security analytical_capability "
        "information_sharing",
    }
    for source, keys in named.items():
        assert [factor.key for factor in register.factors.values() if factor.source == source] == keys.split()
    worse = {key: -1 if item.criterion in IMMUNITY else 1 for key, item in register.systems.indicators.items()}
    for factor in register.factors.values():
        assert factor.about.endswith(".") and len(factor.about) < 150 and "\n" not in factor.about
        assert all(effect * worse[name] > 0 for name, effect in factor.effects.items()), factor.key
        assert factor.responses and factor.strategies
    assert {kind for factor in register.factors.values() for kind in factor.strategies} == set(STRATEGIES)
    texts = " ".join(response.text for factor in register.factors.values() for response in factor.responses).lower()
    assert all(word in texts for word in ("insurance", "emergency inventory", "contracts", "backups"))
    assert {key for factor in register.factors.values() for key in factor.effects} == set(Systems.load().indicators)


def test_present_factors_move_scores() -> None:
    register = Register.load().joined({
        "factor": {
            "storm": {"class": "external", "about": "Storm.", "effects": {"delivery_delay": 0.5, "capital_stability": -0.4}},
            "calm": {"class": "external", "about": "Calm.", "effects": {"delivery_delay": -0.4}},
        }
    })  # fmt: skip
    base = Profile({"capital_stability": {"low": 0.1, "mode": 0.3, "high": 0.9}, "cargo_damage": [0.1, 0.2]})
    worse = register.apply({"storm": 0.5}, base)
    assert worse.scores["delivery_delay"] == 0.75
    assert vars(worse.scores["capital_stability"]) == pytest.approx({"low": 0.0, "mode": 0.1, "high": 0.7, "shape": "triangular"})
    assert worse.scores["cargo_damage"].tolist() == [0.1, 0.2]
    assert "delivery_delay" not in worse.defaulted
    first = register.apply({"storm": 1.0, "calm": 1.0}, Profile({"delivery_delay": 0.8}))
    assert first.scores["delivery_delay"] == pytest.approx(0.9)  # 0.8 + 0.5 - 0.4: added up before it is clipped
    typed = register.apply({"storm": 1.0}, Profile({"delivery_delay": {"a": 0.7, "b": 0.1}, "capital_stability": [0.2, 0.9]}))
    assert typed.scores["delivery_delay"] == pytest.approx({"a": 1.0, "b": 0.6})
    assert typed.scores["capital_stability"] == pytest.approx([0.0, 0.5])
    assert register.apply({"storm": 0.0}, Profile({"delivery_delay": 0.8})).scores["delivery_delay"] == 0.8
    assert rates(register.apply({"trust": 1}, Profile()))["delta"] > rates(Profile())["delta"]


def test_own_register_adds_and_replaces(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'factor.strike = { class = "port", about = "A strike.", effects = { delivery_delay = 0.5 } }\n'
        'factor.trust = { class = "cooperation", about = "Ours.", effects = { partner_trust = -1 }, replace = true }\n'
    )
    register = Register.load([own])
    assert [factor.key for factor in register.select(category="port")] == ["strike"]
    assert register["trust"].effects == {"partner_trust": -1.0}
    assert (register["strike"].label, register["strike"].source) == ("Strike", "own")
    assert len(register.factors) == len(Register.load().factors) + 1
    found = register.select(indicator="delivery_delay", search="A STRIKE")
    assert [factor.key for factor in found] == ["strike"]
    rows = list(csv.DictReader(io.StringIO(csv_text(register.factors.values()))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["key"] for row in rows] == list(register.factors)
    assert rows[-1]["effects"] == "delivery_delay +0.5"


ANSWERS = """scope = "Ours, \\"2027\\""
[factor.trust]
severity = 0.25
[factor.strike]
label = "Port strike"
class = "external"
about = 'Back\\slash "quoted"'
effects = { delivery_delay = 0.5, capital_stability = -0.125 }
responses = [{ text = "Wait" }, { text = "Two ports", strategies = ["diversification", "insurance"] }]
severity = 1
[factor.employees]
class = "internal"
about = "Changed."
effects = { staff_training = -0.5 }
replace = true
"""


def test_identified_factors_make_a_register(tmp_path: Path) -> None:
    known = Register.load()
    text, present = identify(tomllib.loads(ANSWERS), known)
    assert present == {"trust": 0.25, "strike": 1.0}
    (tmp_path / "new.toml").write_text(text)
    register = Register.load([tmp_path / "new.toml"])
    assert list(tomllib.loads(text)["factor"]) == ["strike", "employees"]
    assert register["strike"].about == 'Back\\slash "quoted"'
    assert register["strike"].strategies == ("diversification", "insurance")
    assert register["strike"].effects == {"delivery_delay": 0.5, "capital_stability": -0.125}
    assert register["employees"].effects == {"staff_training": -0.5}
    assert identify({**read_toml(tmp_path / "new.toml")}, known)[0] == text
    assert tomllib.loads(risk_lines(["new.toml"], present)) == {"risk": {"register": ["new.toml"], "present": present}}


@pytest.fixture
def scfast(scfast: Callable) -> Callable:
    """``scfast register``, run in an empty folder, with lines to read."""
    return lambda *arguments, lines="": scfast("register", *arguments, lines=lines)


def test_register_on_the_command_line(scfast: Callable, tmp_path: Path) -> None:
    code, out, err = scfast()
    assert (code, err) == (0, "")
    assert all(key in out for key in Register.load().factors)
    assert scfast("list") == (0, out, "")
    out = scfast("--class", "external", "--indicator", "cargo_damage", "--search", "ROUTES")[1]
    assert "social_unrest" in out and "natural_disaster" not in out and "[B]" in out
    assert scfast("--csv", "r.csv") == (0, "r.csv\n", "")
    assert len(list(csv.reader(io.StringIO((tmp_path / "r.csv").read_text())))) == 19
    shown = scfast("show", "natural_disaster")[1]
    assert "(natural_disaster): +0.6" in shown and "(emergency_inventory)" in shown
    before = (tmp_path / "r.csv").read_text()
    assert scfast("--csv", "r.csv") == (2, "", "scfast: r.csv: is there already, and is left as it is\n")
    assert (tmp_path / "r.csv").read_text() == before
    assert "Commands:" in scfast("--help")[1]


def test_questions_and_answers_give_the_same(scfast: Callable, tmp_path: Path) -> None:
    typed = ["Ours", "Port strike", "trust", "trust", "", "external", "Dockers walk out.", "delivry_delay", "delivery_delay", "2"]
    typed += ["0.5", "", "A second port", "divers", "diversification, insurance", "", "0.6", ""]
    code, out, err = scfast("new", "my.toml", lines="\n".join(typed) + "\n")
    assert (code, err) == (0, "my.toml written; in a configuration:\n")
    assert "did you mean 'delivery_delay'?" in out and "effect = 2.0: must be at most 1" in out and "in the list already" in out
    lines = '[risk]\nregister = ["my.toml"]\npresent = { port_strike = 0.6, trust = 0.5 }\n'
    assert out.endswith(lines)
    (tmp_path / "answers.toml").write_text(
        'scope = "Ours"\nfactor.port_strike = { label = "Port strike", class = "external", about = "Dockers walk out.", '
        'effects = { delivery_delay = 0.5 }, severity = 0.6, responses = [{ text = "A second port", '
        'strategies = ["diversification", "insurance"] }] }\nfactor.trust = { severity = 0.5 }\n'
    )
    assert scfast("new", "again.toml", "--from", "answers.toml")[1] == lines.replace("my", "again")
    assert (tmp_path / "again.toml").read_text() == (tmp_path / "my.toml").read_text()
    assert "port_strike" in scfast("--with", "my.toml", "--class", "external")[1]
    further = scfast("new", "b.toml", "--with", "my.toml", lines="Ours\nport strike\n\n1\n")
    assert further[1].endswith('register = ["my.toml", "b.toml"]\npresent = { port_strike = 1.0 }\n')
    assert "port_strike" in scfast("--with", "my.toml", "--with", "b.toml", "--class", "external")[1]


def test_new_never_overwrites_and_never_half_writes(scfast: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there.toml").write_text("x")
    assert scfast("new", "there.toml", lines="a") == (2, "", "scfast: there.toml: is there already, and is left as it is\n")
    for lines in ("", "Ours\n", "Ours\nStrike\n\nexternal\nAbout\n"):
        code, _, err = scfast("new", "my.toml", lines=lines)
        assert (code, err) == (2, "scfast: my.toml: not written, the answers ended too early\n")

    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(click.termui, "visible_prompt_func", interrupt)
    code, _, err = scfast("new", "my.toml")
    assert (code, err) == (130, "scfast: stopped\n")
    assert [path.name for path in tmp_path.iterdir()] == ["there.toml"]


def test_known_factors_are_kept_in_the_file(scfast: Callable, tmp_path: Path) -> None:
    code, out, _ = scfast("new", "my.toml", lines="Ours\n0.5\ntrust\n\n0.25\n")
    assert code == 0 and "factor = '0.5': a name needs a letter a-z" in out
    assert tomllib.loads((tmp_path / "my.toml").read_text()) == {"scope": "Ours", "present": {"trust": 0.25}}
    again = scfast("new", "again.toml", "--from", "my.toml")[1]
    assert again == '[risk]\nregister = ["again.toml"]\npresent = { trust = 0.25 }\n'
    assert (tmp_path / "again.toml").read_text() == (tmp_path / "my.toml").read_text()
    assert Register.load([tmp_path / "my.toml"]).factors == Register.load().factors
    assert identify({"scope": "Ours", "factor": {"trust": {}}}, Register.load())[1] == {"trust": 0.5}


def test_help_shows_answers_that_work(scfast: Callable, tmp_path: Path) -> None:
    told = [line.strip() for line in scfast("new", "--help")[1].splitlines()]
    first, last = told.index('scope = "Our two firms, 2027"'), told.index("effects = { delivery_delay = 0.5 }")
    answers = "\n".join(line for line in told[first : last + 1] if "=" in line or line.startswith("["))
    (tmp_path / "a.toml").write_text(answers)
    assert scfast("new", "b.toml", "--from", "a.toml")[1].endswith("present = { trust = 0.5, natural_disaster = 0.2 }\n")
    assert "port_strike" in Register.load([tmp_path / "b.toml"]).factors


def test_factor_that_moves_nothing_here_is_told() -> None:
    shipped, lost = Systems.load(), Register.load()["trust"].effects
    kept = tuple(item for item in shipped.immunity.indicators if item.key not in lost)
    systems = replace(shipped, immunity=replace(shipped.immunity, indicators=kept))
    register = Register.load(systems=systems)
    line = "present.trust = 0.2: the factor moves no indicator of these index systems"
    with pytest.raises(ValueError, match=f"^{line}$"):
        register.apply({"trust": 0.2}, Profile())
    assert register.joined({"present": {"trust": 0.2}}).factors == register.factors
    with pytest.raises(ValueError, match="no such factor in the register, "):
        register.apply({"strike": 0.2}, Profile())


def factor(**changes: object) -> dict:
    """A register with the factor x, changed; None takes a key away."""
    table = {"class": "external", "about": "X.", "effects": {"delivery_delay": 0.5}, **changes}
    return {"factor": {"x": {key: value for key, value in table.items() if value is not None}}}


def join(**changes: object) -> Register:
    return Register.load().joined(factor(**changes))


BAD = [
    (lambda: join(**{"class": None}), "factor.x.class: must be given"),
    (lambda: join(effects=None), "factor.x.effects: must be given"),
    (lambda: join(about=""), "factor.x.about = '': must be a string that is not empty"),
    (lambda: join(effects={}), "factor.x.effects = {}: must be {indicator = change of its score} with at least one"),
    (
        lambda: join(effects={"deliver_delay": 1}),
        "factor.x.effects.deliver_delay = 1: no such indicator, did you mean 'delivery_delay'?",
    ),
    (lambda: join(effects={"delivery_delay": 1.5}), "factor.x.effects.delivery_delay = 1.5: must be at most 1"),
    (lambda: join(effects={"delivery_delay": 0}), "factor.x.effects.delivery_delay = 0: must not be 0"),
    (lambda: join(effcts={}), "factor.x.effcts = {}: unknown key, did you mean 'effects'?"),
    (lambda: join(responses=[{"txt": "A"}]), "factor.x.responses[0] = {'txt': 'A'}: must be {text = \"...\", strategies = [...]}"),
    (
        lambda: join(responses=[{"text": "A", "strategies": ["insurence"]}]),
        "factor.x.responses[0].strategies[0] = 'insurence': no such kind of strategy, did you mean 'insurance'?",
    ),
    (lambda: join(replace=True), "factor.x.replace = True: there is no such factor to replace, valid: "),
    (lambda: join(replace=1), "factor.x.replace = 1: must be true or false"),
    (
        lambda: Register.load().joined({"factor": {"trust": {}}}),
        "factor.trust: is in the register already: say replace = true to change it",
    ),
    (lambda: Register.load().joined({"factor": {"a b": {}}}), "factor = 'a b': must be 1 to 60 letters a-z, digits, _ or -"),
    (lambda: Register.load().joined({"factr": {}}), "factr = {}: unknown key of a register, did you mean 'factor'?"),
    (lambda: Register.load().joined({}), "factor: must be given as tables, [factor.KEY]"),
    (lambda: Register.load()["truts"], "factor = 'truts': no such factor in the register, did you mean 'trust'?"),
    (lambda: Register.load().select(category="extern"), "class = 'extern': no factor is of this class, did you mean 'external'?"),
    (lambda: Register.load().select(indicator="cash"), "indicator = 'cash': no such indicator, "),
    (lambda: Register.load().apply({"trust": 1.1}, Profile()), "present.trust = 1.1: must be at most 1"),
    (
        lambda: Register.load().apply({"truts": 1}, Profile()),
        "present.truts = 1: no such factor in the register, did you mean 'trust'?",
    ),
    (lambda: Register.load().apply(["trust"], Profile()), "present = ['trust']: must be {factor = severity}"),
    (lambda: identify({"factor": {"trust": {}}}, Register.load()), "scope: must be given"),
    (lambda: identify({"scope": "x", "factor": {"new": {"severity": 1}}}, Register.load()), "factor.new.class: must be given"),
    (
        lambda: identify({"scope": "x", "factor": {"trust": {"severity": 2}}}, Register.load()),
        "factor.trust.severity = 2: must be at most 1",
    ),
    (lambda: identify({"scope": "x"}, Register.load()), "factor: must be given"),
    (lambda: identify({"scope": "x", "present": {"trust": 2}}, Register.load()), "present.trust = 2: must be at most 1"),
    (
        lambda: identify({"scope": "x", "factor": {"trust": {"severity": 1}}, "present": {"trust": 0.5}}, Register.load()),
        "present.trust = 0.5: factor.trust.severity is given as well",
    ),
    (
        lambda: Register.load().joined({"present": {"truts": 1}}),
        "present.truts = 1: no such factor in the register, did you mean 'trust'?",
    ),
    (lambda: Register.load().joined({"present": ["trust"]}), "present = ['trust']: must be {factor = severity}"),
]


@pytest.mark.parametrize(("act", "line"), BAD, ids=[line[:40] for _, line in BAD])
def test_bad_input_is_told_in_one_line(act: Callable, line: str) -> None:
    with pytest.raises(ValueError) as error:
        act()
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)
    assert str(error.value) == line or line.endswith(("valid: ", "indicator, "))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("factor.x.about = ", "not TOML, Invalid value (at end of document)"),
        (b"\xff", "not UTF-8 text, at byte 0"),
        ('factor.x.about = "x"', "factor.x.class: must be given"),
    ],
)
def test_bad_files_are_named(content: str | bytes, line: str, tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError) as error:
        Register.load([path])
    assert str(error.value) == f"{path}: {line}"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--class", "extern"], "class = 'extern': no factor is of this class, did you mean 'external'?"),
        (["show", "trst"], "factor = 'trst': no such factor in the register, did you mean 'trust'?"),
        (["--with", "none.toml"], "none.toml: no such file or directory"),
        (["new", "my.toml", "--from", "none.toml"], "none.toml: no such file or directory"),
        (["new", "my.toml", "--from", "a.toml"], "a.toml: scope: must be given"),
        (["shw"], "No such command 'shw'. Did you mean 'show'?"),
    ],
)
def test_bad_commands_end_with_2(scfast: Callable, tmp_path: Path, arguments: list[str], line: str) -> None:
    (tmp_path / "a.toml").write_text("factor.trust.severity = 1")
    assert scfast(*arguments) == (2, "", f"scfast: {line}\n")
