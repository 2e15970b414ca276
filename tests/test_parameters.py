"""The nouns: bounds, forms, messages, equality, and what they know of a network."""

import dataclasses
import math
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scfast.entries import MAX_NODES, Number, Rate, entries
from scfast.parameters import CHAIN, SIRS, BarabasiAlbert, BianconiBarabasi, DualLocalWorld, Initial, LocalWorld

NOUNS = [SIRS, Initial, DualLocalWorld, BarabasiAlbert, BianconiBarabasi, LocalWorld]
RATES = [name for name, (entry, _) in entries(SIRS).items() if isinstance(entry, Rate)]


def net(**changes):
    """Six nodes of two types, three each, as `on` sees a network."""

    names = changes.get("names", list("abcdef"))

    def index(name):
        return names.index(name) if isinstance(name, str) else range(6)[name]

    known = {
        "n_nodes": 6,
        "types": np.array([0, 0, 0, 1, 1, 1], np.int8),
        "type_names": ("brand", "platform"),
        "fitness": None,
        "attributes": {"risk": np.linspace(0, 1, 6), "state": np.array([0, 1, 2, 3, 0, 0]), "country": np.array(list("DEFRIT"))},
        "names": names,
        "index": index,
    }
    return SimpleNamespace(**known | changes)


BAD = [
    (SIRS, {"beta": 1.5}, "beta = 1.5: must be at most 1"),
    (SIRS, {"beta": -0.1}, "beta = -0.1: must be at least 0"),
    (SIRS, {"beta": math.nan}, "beta = nan: must be a number"),
    (SIRS, {"beta": True}, "beta = True: must be a number"),
    (SIRS, {"beta": None}, "beta = None: must be a number"),
    (SIRS, {"beta": ""}, "beta = '': must not be empty"),
    (SIRS, {"beta": "0.1"}, "beta = '0.1': must be a number (text names a node attribute)"),
    (SIRS, {"beta": {}}, "beta = {}: must not be empty"),
    (SIRS, {"beta": np.float64(1.5)}, "beta = 1.5: must be at most 1"),
    (SIRS, {"beta": {"brand": 2}}, "beta.brand = 2: must be at most 1"),
    (SIRS, {"beta": [0.1, -1]}, "beta[1] = -1.0: must be at least 0"),
    (SIRS, {"beta": [0.1, math.nan]}, "beta[1] = nan: must be a number"),
    (SIRS, {"beta": np.zeros((2, 2))}, "beta = an array of shape (2, 2): must be a 1-D array of numbers, one per node"),
    (SIRS, {"beta": [[0.1], [0.1, 0.2]]}, "beta = [[0.1], [0.1, 0.2]]: must be a 1-D array of numbers, one per node"),
    (SIRS, {"bta": 0.1}, "bta = 0.1: no such parameter, did you mean 'beta'?"),
    (SIRS, {"exposure": "both"}, "exposure = 'both': must be one of 'per_partner', 'shared'"),
    (SIRS, {"gamma": 0.9, "delta": 0.2}, "gamma + delta = 1.1: must be at most 1"),
    (SIRS, {"gamma": {"a": 0.9}, "delta": 0.2}, "gamma.a + delta.a = 1.1: must be at most 1"),
    (SIRS, {"gamma": {"a": 0.9}, "delta": {"b": 0.1, "a": 0.3}}, "gamma.a + delta.a = 1.2: must be at most 1"),
    (SIRS, {"gamma": [0.1, 0.9], "delta": 0.2}, "gamma[1] + delta[1] = 1.1: must be at most 1"),
    (SIRS, {"gamma": [0.1], "delta": [0.1, 0.2]}, "delta = an array of shape (2,): must have as many values as gamma, 1"),
    (Initial, {"infected": True}, "infected = True: must be a number"),
    (Initial, {"infected": -1}, "infected = -1: must be at least 0"),
    (Initial, {"infected": 1.5}, "infected = 1.5: must be at most 1 as a fraction; a count has no decimal point"),
    (Initial, {"infected": "all"}, "infected = 'all': must be a number"),
    (Initial, {"by": "size"}, "by = 'size': must be one of 'random', 'degree', 'fitness', 'each'"),
    (Initial, {"within": 3}, "within = 3: must be a string that is not empty"),
    (Initial, {"nodes": "a"}, "nodes = 'a': must be a list of node ids or indices, at least one"),
    (Initial, {"nodes": []}, "nodes = []: must be a list of node ids or indices, at least one"),
    (Initial, {"nodes": [1, 1]}, "nodes = [1, 1]: must not name a node twice"),
    (Initial, {"nodes": ["a", -1]}, "nodes[1] = -1: must be at least 0"),
    (Initial, {"nodes": [1], "infected": 0.01}, "infected = 0.01: must not be given together with nodes"),
    (Initial, {"nodes": [1], "within": "brand"}, "within = 'brand': must not be given together with nodes"),
    (Initial, {"states": [0, 1], "nodes": [1]}, "nodes = [1]: must not be given together with states"),
    (Initial, {"states": [0, 4]}, "states[1] = 4: must be a state: 0, 1, 2 or 3 (S, I, R, X)"),
    (Initial, {"states": [0, 0.5]}, "states = [0, 0.5]: must be a 1-D array of states 0..3, or name a node attribute"),
    (DualLocalWorld, {"types": ["a"]}, "types = ['a']: must hold 2 to 16 names"),
    (DualLocalWorld, {"types": ["a", "a"]}, "types = ['a', 'a']: must not name a type twice"),
    (DualLocalWorld, {"types": ["a", "b"]}, "start = [4, 3, 2, 1]: must have 2 values, one per type"),
    (DualLocalWorld, {"m": {"brand": 1}}, "m = {'brand': 1}: must give a value for every type, 'purchaser' is missing"),
    (DualLocalWorld, {"m": {"brnd": 1}}, "m.brnd = 1: no such type, did you mean 'brand'?"),
    (DualLocalWorld, {"m": [1, 2, 0, 1]}, "m[2] = 0: must be at least 1"),
    (DualLocalWorld, {"m": 2.5}, "m = 2.5: must be a whole number"),
    (DualLocalWorld, {"m": math.inf}, f"m = inf: must be at most {MAX_NODES}"),
    (DualLocalWorld, {"shares": 0}, "shares = [0.0, 0.0, 0.0, 0.0]: must not be all 0"),
    (DualLocalWorld, {"shares": math.inf}, "shares = inf: must be finite"),
    (DualLocalWorld, {"exponent": -math.inf}, "exponent = -inf: must be finite"),
    (DualLocalWorld, {"eta_min": 0}, "eta_min = 0: must be more than 0"),
    (DualLocalWorld, {"theta": -0.1}, "theta = -0.1: must be at least 0"),
    (DualLocalWorld, {"local_world": 0}, "local_world = 0: must be at least 1"),
    (BarabasiAlbert, {"m": 0}, "m = 0: must be at least 1"),
    (BarabasiAlbert, {"m": "3"}, "m = '3': must be a number"),
]


@pytest.mark.parametrize(("noun", "arguments", "line"), BAD)
def test_a_bad_argument_is_one_plain_line(noun, arguments, line):
    with pytest.raises(ValueError) as caught:
        noun(**arguments)
    assert str(caught.value) == line
    assert type(caught.value) is ValueError  # pydantic's own class prints several lines


@pytest.mark.parametrize(
    ("noun", "values", "line"),
    [
        (DualLocalWorld, (3,), "3: must be given by name, as in DualLocalWorld(types=...)"),
        (SIRS, (0.1,), "0.1: must be given by name, as in SIRS(beta=...)"),
        (Initial, (5, "degree"), "'degree': must be given by name, as in Initial(by=...)"),
    ],
)
def test_a_value_without_its_name_is_one_plain_line(noun, values, line):
    with pytest.raises(ValueError) as caught:
        noun(*values)
    assert str(caught.value) == line


@pytest.mark.parametrize("noun", NOUNS)
def test_defaults_are_valid_and_stable_under_replace_pickle_and_hash(noun):
    made = noun()
    assert dataclasses.replace(made) == made == pickle.loads(pickle.dumps(made))
    assert hash(made) == hash(noun())
    assert made != object()
    with pytest.raises(AttributeError):
        setattr(made, dataclasses.fields(made)[0].name, 1)


@pytest.mark.parametrize("noun", NOUNS)
def test_the_docstring_lists_every_field_with_its_bounds(noun):
    for name, (entry, default) in entries(noun).items():
        assert f"{name} : " in noun.__doc__
        assert entry.meaning in noun.__doc__
        assert entry.bounds() in noun.__doc__
        assert default is not dataclasses.MISSING


@pytest.mark.parametrize("noun", NOUNS)
def test_declared_bounds_are_the_enforced_ones(noun):
    for name, (entry, _) in entries(noun).items():
        if isinstance(entry, Number) and entry.low != -math.inf:
            beyond = entry.low if entry.above else entry.low - 1
            with pytest.raises(ValueError, match=f"^{name} = .*: must be (at least|more than) {entry.low}$"):
                noun(**{name: beyond})
        if isinstance(entry, Number) and entry.high != math.inf:
            with pytest.raises(ValueError, match=f"^{name} = .*: must be at most {entry.high}$"):
                noun(**{name: entry.high + 1})


@pytest.mark.parametrize("name", RATES)
def test_rates_take_numbers_tables_arrays_and_attribute_names(name):
    small = {"gamma": 0.0, "delta": 0.0}
    column = np.array([0, 0.25, 1])
    assert getattr(SIRS(**small | {name: 1}), name) == 1.0
    assert type(getattr(SIRS(**small | {name: 1}), name)) is float
    assert getattr(SIRS(**small | {name: {"brand": 1}}), name) == {"brand": 1.0}
    assert getattr(SIRS(**small | {name: "risk"}), name) == "risk"
    kept = getattr(SIRS(**small | {name: column}), name)
    column[:] = 7  # a copy was kept
    assert kept.tolist() == [0, 0.25, 1] and kept.dtype == np.float64 and not kept.flags.writeable


def test_equality_compares_arrays_by_content_and_never_raises():
    one, same, other = (SIRS(beta=np.array(values)) for values in ([0.1, 0.2], [0.1, 0.2], [0.1, 0.3]))
    assert one == same and hash(one) == hash(same)
    assert one != other and one != SIRS() and SIRS(beta={"a": 0.1, "b": 0.2}) == SIRS(beta={"b": 0.2, "a": 0.1})
    assert Initial(1) != Initial(1.0)  # one node; all nodes
    assert pickle.loads(pickle.dumps(one)) == one


@given(st.integers(0, 10**6))
def test_gamma_and_delta_that_add_up_to_one_are_allowed(millionths):
    # the doubles nearest p and 1 - p are off by less than 2^-53 together, which rounds away in the sum
    SIRS(gamma=millionths / 10**6, delta=(10**6 - millionths) / 10**6)


def test_gamma_and_delta_are_compared_once_their_forms_allow():
    late = SIRS(gamma={"brand": 0.2, "platform": 0.9}, delta=np.array([0.8, 0.8, 0.8, 0.05, 0.05, 0.2]))
    with pytest.raises(ValueError, match=r"^gamma\[5\] \+ delta\[5\] = 1.1: must be at most 1$"):
        late.on(net())
    with pytest.raises(ValueError, match=r"^gamma\[5\] \+ delta\[5\] = 1.005: must be at most 1$"):
        SIRS(gamma="risk").on(net())


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (3, (3, 3, 3, 3)),
        ([1, 2, 3, 4], (1, 2, 3, 4)),
        (np.arange(1, 5), (1, 2, 3, 4)),
        (dict(zip(CHAIN[::-1], (4, 3, 2, 1), strict=True)), (1, 2, 3, 4)),
    ],
)
def test_per_type_entries_become_tuples_in_type_order(given, values):
    assert DualLocalWorld(m=given).m == DualLocalWorld(start=given).start == values
    assert all(type(value) is int for value in DualLocalWorld(m=given).m)
    assert DualLocalWorld(shares=given).shares == values


def test_infinity_where_it_means_something():
    world = DualLocalWorld(theta=math.inf, local_world=[math.inf, 5, "inf", 7])
    assert world.theta == (math.inf,) * 4 and world.local_world == (math.inf, 5, math.inf, 7)


def test_sixteen_types_and_no_more():
    fields = {"start": 1, "shares": 1, "exponent": 2.5, "m": 1}
    names = [f"tier {i}" for i in range(17)]
    assert len(DualLocalWorld(types=names[:16], **fields).start) == 16
    with pytest.raises(ValueError, match="must hold 2 to 16 names"):
        DualLocalWorld(types=names, **fields)


@pytest.mark.parametrize(
    ("infected", "n_nodes", "count"),
    [(0.0, 10, 0), (1e-9, 10, 1), (0.25, 10, 3), (0.24, 10, 2), (1.0, 10, 10), (0, 10, 0), (7, 10, 7), (0.01, 0, 1)],
)
def test_a_fraction_is_rounded_half_up_and_is_at_least_one(infected, n_nodes, count):
    assert Initial(infected).count(n_nodes) == count


def test_one_way_to_start_at_a_time():
    assert (Initial(nodes=["a", 3]).infected, Initial(nodes=["a", 3]).by) == (None, None)
    assert Initial(states=[0, 1]).states.dtype == np.uint8 and not Initial(states=[0, 1]).states.flags.writeable
    assert Initial(infected=None, by=None) == Initial()  # None means not given
    again = dataclasses.replace(Initial(nodes=["a"]), nodes=[5])
    assert again == Initial(nodes=[5])


def test_rates_looked_up_on_a_network():
    model = SIRS(beta="risk", gamma={"platform": 0.2, "brand": 0.1}, delta=0, exposure="shared").on(net())
    assert model.beta.tolist() == np.linspace(0, 1, 6).tolist()
    assert list(model.gamma.items()) == [("brand", 0.1), ("platform", 0.2)]
    assert (model.delta, model.exposure) == (0.0, "shared")


@pytest.mark.parametrize(
    ("noun", "line"),
    [
        (SIRS(beta="rsk"), "beta = 'rsk': no such node attribute, did you mean 'risk'?"),
        (SIRS(beta="country"), "beta: column 'country' of node 'a' = 'D': must be a number from 0 to 1"),
        (SIRS(beta="state"), "beta: column 'state' of node 'c' = 2: must be a number from 0 to 1"),
        (SIRS(beta=[0.1] * 5), "beta = an array of shape (5,): must have one value for each of the 6 nodes"),
        (SIRS(beta={"brand": 0.1}), "beta = {'brand': 0.1}: must give a value for every type, 'platform' is missing"),
        (SIRS(beta={"Brand": 0.1}), "beta.Brand = 0.1: no such type, did you mean 'brand'?"),
        (Initial(7), "infected = 7: must be at most 6, the number of nodes"),
        (Initial(4, within="brand"), "infected = 4: must be at most 3, the number of nodes of type 'brand'"),
        (Initial(within="logistics"), "within = 'logistics': no such type, valid: brand, platform"),
        (Initial(by="fitness"), "by = 'fitness': the network's nodes have no fitness"),
        (Initial(nodes=["a", "z"]), "nodes[1] = 'z': no such node"),
        (Initial(nodes=["a", 6]), "nodes[1] = 6: no node has this id"),
        (Initial(states=[0] * 5), "states = an array of shape (5,): must have one value for each of the 6 nodes"),
        (Initial(states="stat"), "states = 'stat': no such node attribute, did you mean 'state'?"),
        (Initial(states="country"), "states: column 'country' of node 'a' = 'D': must be a whole number from 0 to 3"),
        (Initial(states="risk"), "states: column 'risk' of node 'b' = 0.2: must be a whole number from 0 to 3"),
    ],
)
def test_what_does_not_fit_the_network(noun, line):
    with pytest.raises(ValueError) as caught:
        noun.on(net())
    assert str(caught.value) == line


def test_an_integer_is_the_id_written_so_where_nodes_have_ids():
    numbered = net(names=["3", "5", "4", "2", "0", "9000000000"])
    assert Initial(nodes=[3, "0", 5, 9_000_000_000]).on(numbered).nodes == (0, 4, 1, 5)
    with pytest.raises(ValueError, match=r"^nodes\[1\] = 1: no node has this id$"):  # though there is an index 1
        Initial(nodes=[3, 1]).on(numbered)
    with pytest.raises(ValueError, match=r"^nodes\[1\] = '3': must not name a node twice$"):
        Initial(nodes=[3, "3"]).on(numbered)


@pytest.mark.parametrize(
    ("column", "node", "value"),
    [
        (["0.1", "40%", "x"], "e", "'40%'"),
        (["0.1", "0.2", ""], "f", "''"),
        (["0.1", "NaN", "x"], "e", "'NaN'"),
        ([0.1, np.nan, 7], "e", "nan"),
        ([0.1, 0.2, -0.5], "f", "-0.5"),
        ([False, True, True], "d", "False"),
    ],
)
def test_a_column_that_is_no_rate_names_the_first_node_at_fault(column, node, value):
    known = net(n_nodes=3, names=["d", "e", "f"], attributes={"b": np.array(column)})
    with pytest.raises(ValueError) as caught:
        SIRS(beta="b").on(known)
    assert str(caught.value) == f"beta: column 'b' of node '{node}' = {value}: must be a number from 0 to 1"
    known.names = None
    with pytest.raises(ValueError, match=f"column 'b' of node '{'def'.index(node)}' = "):
        SIRS(beta="b").on(known)


def test_starts_looked_up_on_a_network():
    assert Initial(nodes=["c", "f"]).on(net()).nodes == (2, 5)
    assert Initial(nodes=[5, 0]).on(net(names=None)).nodes == (5, 0)
    assert Initial(states="state").on(net()).states.tolist() == [0, 1, 2, 3, 0, 0]
    assert Initial(1.0, within="brand").on(net()) == Initial(1.0, within="brand")
    assert Initial(4, within="brand").on(net(types=None)).infected == 4  # unknown before growth: only n_nodes bounds it
