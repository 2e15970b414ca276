"""AHP: published examples, independent arithmetic, properties, trees, files, sensitivity, and bad input."""

import json
import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import heavy

import scfast as sf
from scfast import ahp

METHODS = ("geometric", "sum", "eigenvector")
SCALE = [Fraction(1, k) for k in range(9, 1, -1)] + [Fraction(k) for k in range(1, 10)]


def upper(text: str) -> list[list[str]]:
    """An upper triangle, rows parted by bars."""
    return [row.split() for row in text.split("|")]


def reciprocal(values: list[Fraction], n: int) -> list[list[Fraction]]:
    """The full matrix of an upper triangle's judgments, row by row."""
    matrix = [[Fraction(1)] * n for _ in range(n)]
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    for (i, j), value in zip(pairs, values, strict=True):
        matrix[i][j], matrix[j][i] = value, 1 / value
    return matrix


@st.composite
def matrices(draw: st.DrawFn, largest: int = 8) -> list[list[Fraction]]:
    n = draw(st.integers(2, largest))
    return reciprocal([draw(st.sampled_from(SCALE)) for _ in range(n * (n - 1) // 2)], n)


def random_matrices(count: int, seed: int) -> list[list[list[Fraction]]]:
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        n = int(random.integers(3, 10))
        made.append(reciprocal([SCALE[k] for k in random.integers(0, 17, n * (n - 1) // 2)], n))
    return made


# judgments, weights, lambda_max, CR as printed, and one unit of the last printed digit of each
PUBLISHED = {
    # Wikipedia, "Analytic hierarchy process - leader example": the four criteria (.5476 is printed as .547)
    "leader, n = 4": ("1 4 3 7|1 1/3 3|1 5|1", ".547 .127 .270 .056", None, ".044"),
    # same, the three candidates by charisma and by experience
    "charisma, n = 3": ("1 5 9|1 4|1", ".743 .194 .063", None, None),
    "experience, n = 3": ("1 1/4 4|1 9|1", ".217 .717 .066", None, None),
    # Saaty (1977), A scaling method for priorities in hierarchical structures, J. Math. Psychology 15: light on chairs
    "optics, n = 4": ("1 4 6 7|1 3 4|1 2|1", ".62 .22 .10 .06", "4.1", None),
    # Saaty (1977), same paper: wealth of nations; weights as in Saaty (2008), RACSAM 102(2)
    "wealth, n = 7": (
        "1 4 9 6 6 5 5|1 7 5 5 3 4|1 1/5 1/5 1/7 1/5|1 1 1/3 1/3|1 1/3 1/3|1 2|1",
        ".427 .230 .021 .052 .052 .123 .094", "7.608", ".08",
    ),
    # Saaty (2008), Decision making with the analytic hierarchy process, Int. J. Services Sciences 1(1): drinks in the US
    "drinks, n = 7": (
        "1 9 5 2 1 1 1/2|1 1/3 1/9 1/9 1/9 1/9|1 1/3 1/4 1/3 1/9|1 1/2 1 1/3|1 2 1/2|1 1/3|1",
        ".177 .019 .042 .116 .190 .129 .327", None, ".022",
    ),
    # Saaty (1990), How to make a decision, European J. of Operational Research 48: buying a house (inconsistent, as he says)
    "house, n = 8": (
        "1 5 3 7 6 6 1/3 1/4|1 1/3 5 3 3 1/5 1/7|1 6 3 4 6 1/5|1 1/3 1/4 1/7 1/8|1 1/2 1/5 1/6|1 1/5 1/6|1 1/2|1",
        ".173 .054 .188 .018 .031 .036 .167 .333", "9.669", ".169",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_examples(name: str) -> None:
    text, vector, largest, ratio = PUBLISHED[name]
    found = sf.ahp.weights(upper(text), "eigenvector", allow_inconsistent=True)
    printed = vector.split()
    # one unit of the last digit: sources cut as well as round, and came from hand-held machines
    np.testing.assert_allclose(
        found.vector, [float(digits) for digits in printed], rtol=0, atol=1.01 * 10.0 ** -(len(printed[0]) - 1)
    )
    assert found.lambda_max == pytest.approx(
        float(largest or found.lambda_max), abs=0.51 * 10.0 ** -len((largest or ".0").split(".")[1])
    )
    assert found.consistency_ratio == pytest.approx(
        float(ratio or found.consistency_ratio), abs=0.51 * 10.0 ** -len((ratio or ".0")[1:])
    )


def test_published_hierarchy() -> None:
    """The whole leader example of Wikipedia: criteria times candidates; priorities .358, .493, .149."""
    judgments = {
        "experience": "1 1/4 4|1 9|1", "education": "1 3 1/5|1 1/7|1", "charisma": "1 5 9|1 4|1", "age": "1 1/3 5|1 9|1",
    }  # fmt: skip
    factor = {key: {"children": [f"{who}/{key}" for who in "TDH"], "judgments": upper(text)} for key, text in judgments.items()}
    factor["leader"] = {"children": list(judgments), "judgments": upper("1 4 3 7|1 1/3 3|1 5|1")}
    tree = ahp.tree({"goal": "leader", "factor": factor}, "eigenvector")
    total = [sum(leaf.global_weight for leaf in tree.leaves if leaf.key[0] == who) for who in "TDH"]
    np.testing.assert_allclose(total, [0.358, 0.493, 0.149], rtol=0, atol=0.0006)  # three digits printed, of rounded factors
    assert sum(leaf.global_weight for leaf in tree.leaves) == pytest.approx(1, abs=1e-14)


def slow_weights(matrix: list[list[Fraction]], method: str) -> list[float]:
    n = len(matrix)
    if method == "geometric":
        raw = [float(math.prod(row)) ** (1 / n) for row in matrix]
        return [value / sum(raw) for value in raw]
    sums = [sum(matrix[i][j] for i in range(n)) for j in range(n)]
    return [float(sum(matrix[i][j] / sums[j] for j in range(n)) / n) for i in range(n)]


def slow_ratio(matrix: list[list[Fraction]], vector: list[float]) -> tuple[float, float]:
    n = len(matrix)
    largest = sum(sum(float(matrix[i][j]) * vector[j] for j in range(n)) / vector[i] for i in range(n)) / n
    random_index = [0, 0, 0.58, 0.9, 1.12, 1.24, 1.32, 1.41, 1.45][n - 1]
    return largest, (largest - n) / (n - 1) / random_index


@pytest.mark.parametrize("method", ["geometric", "sum"])
def test_against_loops_over_fractions(method: str) -> None:
    for matrix in random_matrices(100, seed=1):
        found = ahp.weights(matrix, method, allow_inconsistent=True)
        vector = slow_weights(matrix, method)
        np.testing.assert_allclose(found.vector, vector, rtol=1e-13)  # a few roundings of 1e-16
        assert (found.lambda_max, found.consistency_ratio) == pytest.approx(slow_ratio(matrix, vector), rel=1e-11)


def test_eigenvector_against_numpy() -> None:
    for matrix in random_matrices(200, seed=2):
        found = ahp.weights(matrix, "eigenvector", allow_inconsistent=True)
        values, vectors = np.linalg.eig(np.array(matrix, dtype=float))
        top = int(np.argmax(values.real))
        # eig works to 1e-16 times the condition of the vector, some hundreds here
        np.testing.assert_allclose(found.vector, np.abs(vectors[:, top]) / np.abs(vectors[:, top]).sum(), rtol=1e-12)
        assert found.lambda_max == pytest.approx(values[top].real, rel=1e-13)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=9), st.sampled_from(METHODS))
def test_consistent_judgments_give_their_weights(share: list[float], method: str) -> None:
    weight = np.array(share)
    found = ahp.weights(weight[:, None] / weight, method)
    np.testing.assert_allclose(found.vector, weight / weight.sum(), rtol=1e-12)
    assert 0 <= found.consistency_ratio < 1e-12
    assert found.lambda_max == pytest.approx(len(share), rel=1e-13)


@given(matrices(), st.randoms(use_true_random=False), st.sampled_from(METHODS))
def test_children_in_another_order(matrix: list[list[Fraction]], random: object, method: str) -> None:
    order = list(range(len(matrix)))
    random.shuffle(order)  # type: ignore[attr-defined]
    found = ahp.weights(matrix, method, allow_inconsistent=True)
    other = ahp.weights([[matrix[i][j] for j in order] for i in order], method, allow_inconsistent=True)
    np.testing.assert_allclose(other.vector, found.vector[order], rtol=1e-12)
    assert other.consistency_ratio == pytest.approx(found.consistency_ratio, abs=1e-12)


@given(matrices())
def test_opposite_judgments(matrix: list[list[Fraction]]) -> None:
    """Geometric means of a transposed matrix are the reciprocals; lambda_max stays, also that of the eigenvector."""
    turned = [list(row) for row in zip(*matrix, strict=True)]
    found, other = (ahp.weights(given, allow_inconsistent=True) for given in (matrix, turned))
    product = found.vector * other.vector
    np.testing.assert_allclose(product, product[0], rtol=1e-12)
    assert other.lambda_max == pytest.approx(found.lambda_max, rel=1e-12)
    # a matrix and its transpose have the same eigenvalues
    values = [ahp.weights(given, "eigenvector", allow_inconsistent=True).lambda_max for given in (matrix, turned)]
    assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_forms_of_a_matrix() -> None:
    full = [[1, 3, "5"], ["1/3", 1, 2.0], [Fraction(1, 5), np.float64(0.5), 1]]
    nan = float("nan")
    forms = [
        full, upper("1 3 5|1 2|1"), [[1, 3, 5], [None, 1, 2], ["", None, 1]], np.array([[1, 3, 5], [nan, 1, 2], [nan, nan, 1]]),
        tuple(map(tuple, full)), np.array([["1", "3", "5"], ["1/3", "1", "2"], ["1/5", "1/2", "1"]]),
    ]  # fmt: skip
    vectors = [ahp.weights(form).vector for form in forms]
    for vector in vectors[1:]:
        assert vector.tolist() == vectors[0].tolist()
    found = ahp.weights(full, names=["a", "b", "c"])
    assert (found.n, found.names, found.notes, found.allow_inconsistent, found.consistent) == (3, ("a", "b", "c"), (), False, True)
    assert not found.vector.flags.writeable and not found.matrix.flags.writeable


def test_rounded_reciprocals_are_rebuilt_and_told() -> None:
    found = ahp.weights([[1, 3, 2], [0.33, 1, 0.67], [0.5, 1.5, 1]])
    assert found.matrix[1, 0] == 1 / 3
    assert len(found.notes) == 1 and found.notes[0].startswith("rounded, rebuilt from the upper triangle: judgments[1][0] = 0.33")
    assert found.notes[0].endswith("and 1 more")
    off = ahp.weights([[1, 12], [1 / 12, 1]])
    assert off.notes == ("outside the scale 1/9 to 9: judgments[0][1] = 12",)


def test_small_matrices_are_consistent() -> None:
    for matrix, vector in (([[1]], [1]), ([[1, 4], [1]], [0.8, 0.2])):
        for method in METHODS:
            found = ahp.weights(matrix, method)
            assert found.vector.tolist() == pytest.approx(vector, rel=1e-15)
            assert (found.consistency_index, found.consistency_ratio) == (0, 0)


def test_more_than_nine_children_is_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ahp.weights(np.ones((9, 9)))
    with pytest.warns(UserWarning, match=r"^judgments: 10 children: generally no more than 9$"):
        assert ahp.weights(np.ones((10, 10))).n == 10


def test_experts_are_joined_by_the_geometric_mean() -> None:
    experts = {"Li": upper("1 2 4|1 2|1"), "Wang": upper("1 8 4|1 2|1"), "Ma": upper("1 2 4|1 9|1")}
    found = ahp.weights(experts, names=["a", "b", "c"])
    np.testing.assert_allclose(found.matrix[0, 1], 32 ** (1 / 3), rtol=1e-15)
    np.testing.assert_allclose(found.matrix[2, 1], 1 / 36 ** (1 / 3), rtol=1e-15)
    for name, own in found.experts.items():
        assert own.consistency_ratio == ahp.weights(experts[name], allow_inconsistent=True).consistency_ratio
    assert [own.consistent for own in found.experts.values()] == [True, False, False] and found.consistent
    assert [note.split(":")[0] for note in found.notes] == ["judgments.Wang", "judgments.Ma"]
    assert "own CR = 0.1874 is not less than 0.1" in found.notes[0]
    assert ahp.weights({"one": experts["Li"]}).vector.tolist() == pytest.approx(ahp.weights(experts["Li"]).vector.tolist())


@pytest.mark.parametrize("method", METHODS)
def test_the_one_wrong_judgment_is_suspected(method: str) -> None:
    """A consistent matrix with one judgment turned round: it is named, and replacing it mends the matrix."""
    weight = np.array([8.0, 4, 2, 2, 1])
    matrix = weight[:, None] / weight
    matrix[1, 4], matrix[4, 1] = 1 / 4, 4
    names = list("abcde")
    with pytest.raises(
        ValueError, match=r"CR = 0\.\d+: must be less than 0\.1 .* judgments\[1\]\[4\] \(b over e\) = 1/4, consistent"
    ):
        ahp.weights(matrix, method, names=names)
    found = ahp.weights(matrix, method, names=names, allow_inconsistent=True)
    assert found.allow_inconsistent and not found.consistent
    worst, *others = ahp.suspects(found)
    assert (worst.over, worst.under, worst.row, worst.column, worst.value) == ("b", "e", 1, 4, 0.25)
    assert worst.consistent == pytest.approx(found.vector[1] / found.vector[4])
    assert worst.scale == min(map(float, SCALE), key=lambda value: abs(math.log(value / worst.consistent)))
    mended = found.matrix.copy()
    mended[1, 4], mended[4, 1] = worst.scale, 1 / worst.scale
    assert worst.consistency_ratio == pytest.approx(ahp.weights(mended, method).consistency_ratio, rel=1e-12)
    off = [round(abs(math.log(one.value / one.consistent)), 9) for one in (worst, *others)]
    assert len(off) == 10 and off == sorted(off, reverse=True)


DEEP = {
    "goal": "g",
    "factor": {
        "g": {"children": ["a", "b", "c"], "judgments": [[1, 2, 4], [1, 2], [1]]},
        "a": {"children": ["a1", "a2"], "judgments": [[1, 3], ["1/3", 1]]},
        "a1": {"children": ["x", "y", "z"], "judgments": [[1, 1, 2], [1, 2], [1]]},
        "b": {"children": ["b1"]},
    },
    "labels": {"g": "Goal", "x": "An x"},
    "about": {"x": {"anything": 1}},
}


def test_tree_of_any_depth() -> None:
    tree = ahp.tree(DEEP)
    expected = {
        "x": 4 / 7 * 3 / 4 * 2 / 5,
        "y": 4 / 7 * 3 / 4 * 2 / 5,
        "z": 4 / 7 * 3 / 4 / 5,
        "a2": 1 / 7,
        "b1": 2 / 7,
        "c": 1 / 7,
    }
    assert {leaf.key: leaf.global_weight for leaf in tree.leaves} == pytest.approx(expected, rel=1e-14)
    assert list(expected) == [leaf.key for leaf in tree.leaves]
    assert [node.key for node in tree.factors] == ["g", "a", "a1", "b"]
    assert (tree["x"].label, tree["y"].label, tree.goal.label) == ("An x", "y", "Goal")
    assert tree["a1"].local_weight == pytest.approx(0.75) and tree["b1"].local_weight == 1
    assert tree["b"].judged.consistency_ratio == 0
    with pytest.raises(KeyError):
        tree["nobody"]
    assert ahp.tree({**DEEP, "method": "sum"}).method == "sum"
    assert ahp.tree({**DEEP, "method": "sum"}, "eigenvector").method == "eigenvector"


CSV = {
    "both": ",a,b,c\na,1,3,5\nb,1/3,1,2\nc,1/5,1/2,1\n",
    "corner": "goal;a;b;c\r\na;1;3;5\r\nb;;1;2\r\nc;;;1\r\n",
    "header": "a,b,c\n1,3,5\n1/3,1,2\n1/5,1/2,1\n",
    "column": "a,1,3,5\nb,,1,2\nc,,,1\n",
    "no corner": "a,b,c\na,1,3,5\nb,1/3,1,2\nc,1/5,1/2,1\n",
    "ragged": "a,b,c\n1,3,5\n1,2\n1\n",
    "filled up": "\ufeffa\tb\tc\n1\t3\t5\n1\t2\t\n\n1\t\t\n",
    "bare": "1, 3, 5\n1/3, 1, 2\n1/5, 1/2, 1\n",
}


@pytest.mark.parametrize("form", CSV)
def test_csv(form: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(CSV[form], encoding="utf-8")
    tree = ahp.read(tmp_path / "m.csv")
    assert tree.goal.key == "m"
    assert [leaf.key for leaf in tree.leaves] == (["1", "2", "3"] if form == "bare" else ["a", "b", "c"])
    expected = ahp.weights(upper("1 3 5|1 2|1")).vector.tolist()
    assert [leaf.global_weight for leaf in tree.leaves] == expected


def slow_order(tree: ahp.Tree, parent: str, over: str, under: str, value: float, leaves: bool) -> list[float]:
    """Weights of the children, or of all leaves, with one judgment replaced; by building everything again."""
    shares = {node.key: node.local_weight for node in tree.goal.walk()}
    node = tree[parent]
    keys = [child.key for child in node.children]
    matrix = node.judged.matrix.copy()
    i, j = keys.index(over), keys.index(under)
    matrix[i, j], matrix[j, i] = value, 1 / value
    shares |= dict(zip(keys, ahp.weights(matrix, tree.method, allow_inconsistent=True).vector.tolist(), strict=True))
    if not leaves:
        return [shares[key] for key in keys]
    found: list[float] = []

    def walk(node: ahp.Node, share: float) -> None:
        if not node.children:
            found.append(share)
        for child in node.children:
            walk(child, share * shares[child.key])

    walk(tree.goal, 1.0)
    return found


@pytest.mark.parametrize("method", METHODS)
def test_sensitivity_against_building_anew(method: str) -> None:
    """Just before the change the order stands, just after it the one named has passed the other; nothing changes where None."""
    tree = ahp.tree(DEEP, method)
    swings = ahp.sensitivity(tree)
    assert [(s.parent, s.over, s.under) for s in swings[:4]] == [
        ("g", "a", "b"),
        ("g", "a", "c"),
        ("g", "b", "c"),
        ("a", "a1", "a2"),
    ]
    assert len(swings) == 7
    seen = 0
    for swing in swings:
        for leaves in (False, True):
            keys = [node.key for node in (tree.leaves if leaves else tree[swing.parent].children)]
            base = np.array(slow_order(tree, swing.parent, swing.over, swing.under, swing.value, leaves))
            above = base[:, None] > base * (1 + 1e-7)

            def stands(value: float, swing=swing, leaves=leaves, above=above) -> bool:
                now = np.array(slow_order(tree, swing.parent, swing.over, swing.under, value, leaves))
                return not (above & (now[:, None] * (1 + 1e-8) < now)).any()

            for change, sign in zip(
                (swing.leaves_up, swing.leaves_down) if leaves else (swing.children_up, swing.children_down), (1, -1), strict=True
            ):
                end = math.log(change.factor) - 1e-6 if change else max(math.log(9) - sign * math.log(swing.value), 0)
                assert all(stands(swing.value * math.exp(sign * step)) for step in np.linspace(0, end, 30))
                if change:
                    seen += 1
                    assert change.value == pytest.approx(swing.value * change.factor**sign)
                    beyond = slow_order(tree, swing.parent, swing.over, swing.under, change.value * math.exp(sign * 1e-6), leaves)
                    up, down = keys.index(change.overtaker), keys.index(change.overtaken)
                    assert base[up] < base[down] and beyond[up] > beyond[down]
    assert seen >= 10


def test_sensitivity_has_the_geometric_solution() -> None:
    """w_i / w_j = (a_ij ...)^(2/n): for weights 4:2:1, n = 3, a_12 = 2 must fall by 2^(3/2) for the second to pass the first."""
    swing = ahp.sensitivity(ahp.tree({"goal": "g", "factor": {"g": DEEP["factor"]["g"]}}))[0]
    assert swing.children_down.factor == pytest.approx(2**1.5, rel=1e-8)
    # going up, the second falls to the third: 4 f^(1/3) : 2 f^(-1/3) : 1, equal at f = 8, beyond the scale's 9/2
    assert swing.children_up is None and swing.nearest == swing.children_down.factor


def test_ties_may_part() -> None:
    tree = ahp.tree({"goal": "g", "factor": {"g": {"children": ["a", "b"], "judgments": [[1, 1], [1]]}}})
    assert ahp.sensitivity(tree)[0].nearest == math.inf


MATRIX = [
    ("text", "abc", "judgments = 'abc': must be a matrix, a list of rows"),
    ("number", 3, "judgments = 3: must be a matrix, a list of rows"),
    ("empty", [], "judgments = []: must be a matrix, a list of rows"),
    ("flat", [1, 2], "judgments[0] = 1: must be a row, a list of judgments"),
    ("oblong", [[1, 2, 3], [1, 1, 1]], "judgments[0]: 3 entries: must be 2, as many as rows (or 2, in an upper triangle)"),
    ("ragged", [[1, 2, 3], [1, 1, 1], [1, 1]], "judgments[2]: 2 entries: must be 3, as many as rows (or 1, in an upper triangle)"),
    ("zero", [[1, 2, 3], [0.5, 1, 2], [1 / 3, 0, 1]], "judgments[2][1] = 0: must be more than 0"),
    ("negative", [[1, -2], [1]], "judgments[0][1] = -2: must be more than 0"),
    ("minus infinity", [[1, -math.inf], [1]], "judgments[0][1] = -inf: must be more than 0"),
    ("infinite", [[1, math.inf], [1]], "judgments[0][1] = inf: must be 1e-09 to 1e+09"),
    ("huge", [[1, 10**400], [1]], "judgments[0][1] = 1000000000"),
    ("nan", [[1, math.nan], [1, 1]], 'judgments[0][1] = nan: must be a number, or a fraction such as "1/3"'),
    ("nan text", [[1, 2], ["nan", 1]], "judgments[1][0] = 'nan': must be a number"),
    ("word", [[1, "often"], [1]], "judgments[0][1] = 'often': must be a number"),
    ("by zero", [[1, "1/0"], [1]], "judgments[0][1] = '1/0': must be a number"),
    ("flag", [[1, True], [1]], "judgments[0][1] = True: must be a number"),
    ("list", [[1, [2]], [1]], "judgments[0][1] = [2]: must be a number"),
    ("diagonal", [[1, 2], [0.5, 2]], "judgments[1][1] = 2: must be 1, on the diagonal"),
    ("diagonal left out", [[1, 2], [0.5, None]], "judgments[1][1] is missing: must be 1, on the diagonal"),
    ("upper left out", [[1, ""], [2, 1]], "judgments[0][1] is missing: must be more than 0"),
    ("not reciprocal", [[1, 3], [3, 1]], "judgments[1][0] = 3: must be 1/3, the reciprocal of judgments[0][1] = 3, within 1 %"),
    ("rounded too far", [[1, 7], [0.14, 1]], "judgments[1][0] = 0.14: must be 1/7, the reciprocal of judgments[0][1] = 7"),
    ("triangle", [[1, 2, 3], [1, -4], [1]], "judgments[1][1] = -4: must be more than 0"),
    ("sixteen", np.ones((16, 16)), "judgments: 16 rows: must be at most 15"),
    ("no experts", {}, "judgments = {}: must hold at least one matrix"),
    ("nameless expert", {1: [[1]]}, "judgments = 1: must be named by text"),
    ("expert's cell", {"Li": [[1, 2], [1]], "Wang": [[1, 0], [1]]}, "judgments.Wang[0][1] = 0: must be more than 0"),
    ("experts differ", {"Li": [[1, 2], [1]], "Wang": np.ones((3, 3))}, "judgments.Wang: 3 rows: must be 2, as for the others"),
]  # fmt: skip


@pytest.mark.parametrize(("matrix", "line"), [row[1:] for row in MATRIX], ids=[row[0] for row in MATRIX])
def test_bad_matrix(matrix: object, line: str) -> None:
    with pytest.raises(ValueError) as error:
        ahp.weights(matrix)
    assert line in str(error.value) and "\n" not in str(error.value)


def test_bad_arguments() -> None:
    for arguments, line in (
        ({"method": "mean"}, "method = 'mean': must be one of 'geometric', 'sum', 'eigenvector'"),
        ({"method": ["sum"]}, "method = ['sum']: must be one of"),
        ({"names": ["a"]}, "judgments: 2 rows: must be 1, one per child"),
        ({"names": "ab"}, "names = 'ab': must be a list of names"),
        ({"names": ["a", "a"]}, "names[1] = 'a': must not be named twice"),
        ({"names": ["a", " "]}, "names[1] = ' ': must be a name of 1 to 1000 characters"),
    ):
        with pytest.raises(ValueError) as error:
            ahp.weights([[1, 2], [1]], **arguments)
        assert line in str(error.value)
    with pytest.raises(ValueError, match=r"^judgments\[0\]\[1\] \(a over b\) = 0: must be more than 0$"):
        ahp.weights([[1, 0], [1]], names=["a", "b"])


TWO = {"children": ["a", "b"], "judgments": [[1, 2], [1]]}


def of(factor: object) -> dict[str, object]:
    return {"goal": "g", "factor": factor}


TREES = [
    ("no table", 3, "data = 3: must be a mapping"),
    ("nothing", {}, "factor: must hold at least one table, [factor.GOAL]"),
    ("key", {"gaol": "g", "factor": {"g": TWO}}, "gaol = 'g': unknown key, did you mean 'goal'?"),
    ("no goal", {"factor": {"g": TWO}}, "goal: must be given, valid: g"),
    ("other goal", {"goal": "immunty", "factor": {"immunity": TWO}}, "goal = 'immunty': no such factor, did you mean 'immunity'?"),
    ("goal number", {"goal": 1, "factor": {"g": TWO}}, "goal = 1: no such factor"),
    ("factor list", of([TWO]), "factor = [{'children'"),
    ("factor text", of({"g": "x"}), "factor.g = 'x': must be a table, [factor.g]"),
    ("no children", of({"g": {}}), "factor.g: must have children; what has none needs no table"),
    ("empty children", of({"g": {"children": []}}), "factor.g.children = []: must be a list of names"),
    ("child number", of({"g": {"children": [1]}}), "factor.g.children[0] = 1: must be a name"),
    ("child twice", of({"g": {"children": ["a", "a"]}}), "factor.g.children[1] = 'a': must not be named twice"),
    ("sixteen", of({"g": {"children": list("abcdefghijklmnop")}}), "factor.g.children: 16 names: must be at most 15"),
    ("factor key", of({"g": {**TWO, "judgment": 1}}), "factor.g.judgment = 1: unknown key, did you mean 'judgments'?"),
    ("no judgments", of({"g": {"children": ["a", "b"]}}), "factor.g.judgments: must be given for 2 children"),
    ("both", of({"g": {**TWO, "experts": {}}}), "factor.g.experts: must not be given together with judgments"),
    ("experts list", of({"g": {"children": ["a"], "experts": [1]}}), "factor.g.experts = [1]: must be a table"),
    ("judgments table", of({"g": {"children": ["a"], "judgments": {"Li": 1}}}), "several go into experts"),
    ("rows", of({"g": {"children": ["a", "b"], "judgments": [[1]]}}), "factor.g.judgments: 1 rows: must be 2, one per child"),
    ("cell", of({"g": {**TWO, "judgments": [[1, 0], [1]]}}), "factor.g.judgments[0][1] (a over b) = 0: must be more"),
    ("two parents", of({"g": TWO, "a": {"children": ["b"]}}), "factor.a.children[0] = 'b': is a child of g already"),
    ("goal below", of({"g": TWO, "a": {"children": ["g"]}}), "factor.a.children[0] = 'g': must not be the goal"),
    ("apart", of({"g": TWO, "c": {"children": ["d"]}}), "factor.c: must be the goal, or be below it"),
    ("circle", of({"g": TWO, "c": {"children": ["d"]}, "d": {"children": ["c"]}}), "factor.c: must be the goal"),
    ("deep", {"goal": "0", "factor": {str(k): {"children": [str(k + 1)]} for k in range(60)}},
     "goal = '0': must be at most 50 levels deep"),
    ("label", {**of({"g": TWO}), "labels": {"c": "C"}}, "labels.c = 'C': no such factor"),
    ("label number", {**of({"g": TWO}), "labels": {"a": 1}}, "labels.a = 1: must be text of 1 to 1000 characters"),
    ("labels", {**of({"g": TWO}), "labels": 1}, "labels = 1: must be a table, [labels]"),
    ("method", {"goal": "g", "method": 1, "factor": {"g": TWO}}, "method = 1: must be one of"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "line"), [row[1:] for row in TREES], ids=[row[0] for row in TREES])
def test_bad_tree(data: object, line: str) -> None:
    with pytest.raises(ValueError) as error:
        ahp.tree(data)
    assert line in str(error.value) and "\n" not in str(error.value)


@pytest.fixture
def command(scfast: Callable) -> Callable:
    return lambda *arguments: scfast("ahp", *arguments)


GOOD = """
goal = "g"
[factor.g]
children = ["a", "b", "c"]
[factor.g.experts]
Li = [[1, 2, 4], [1, 2], [1]]
Wang = [[1, 8, 4], [1, 2], [1]]
[factor.b]
children = ["b1", "b2"]
judgments = [[1, 3], ["1/3", 1]]
[labels]
a = "An [a] with $ signs $"
"""
BAD = [
    ("missing file", None, ["m.toml"], "m.toml: no such file or directory"),
    ("folder", None, ["."], ".: must be a file named .toml or .csv"),
    ("another kind", ("m.txt", b"1"), ["m.txt"], "m.txt: must be a file named .toml or .csv"),
    ("not TOML", ("m.toml", b"goal = "), ["m.toml"], "m.toml: not TOML, Invalid value"),
    ("nested", ("m.toml", b"goal = " + b"[" * 3000), ["m.toml"], "m.toml: not TOML, "),
    ("not text", ("m.csv", b"\xff\xfe1"), ["m.csv"], "m.csv: not UTF-8 text, at byte 0"),
    ("empty", ("m.csv", b"\n\n"), ["m.csv"], "m.csv: must hold a row of judgments for each child"),
    ("CSV cell", ("m.csv", b",a,b\na,1,x\nb,,1\n"), ["m.csv"], "m.csv: line 2, column 3 (a over b) = 'x': must be a number"),
    ("CSV zero", ("m.csv", b"a,b\n\n1,0\n,1\n"), ["m.csv"], "m.csv: line 3, column 2 (a over b) = '0': must be more than 0"),
    ("CSV triangle", ("m.csv", b"1,2,3\n1,-4\n1\n"), ["m.csv"], "m.csv: line 2, column 2 = '-4': must be more than 0"),
    ("CSV names", ("m.csv", b",a,b\na,1,2\nc,,1\n"), ["m.csv"], "m.csv: line 3, column 1 = 'c': must be 'b', as in the header"),
    ("CSV oblong", ("m.csv", b"1,2,3\n1,1,1\n"), ["m.csv"], "m.csv: line 1: 3 entries: must be 2, as many as rows"),
    ("inconsistent", ("m.csv", b"1,9,1\n,1,9\n,,1\n"), ["m.csv"], "m.csv: judgments: CR = 2.205: must be less than 0.1 (or allow"),
    ("method", ("m.csv", b"1,2\n,1\n"), ["m.csv", "--method", "mean"], "m.csv: method = 'mean': must be one of"),
    ("picture", ("m.csv", b"1,2\n,1\n"), ["m.csv", "--plot", "m.pdf"], "--plot = m.pdf: must end in .png or .svg"),
    ("place", ("m.csv", b"1,2\n,1\n"), ["m.csv", "--plot", "m.csv/m.png"], "folder = 'm.csv': cannot be written"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "arguments", "line"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_files(file: tuple[str, bytes] | None, arguments: list[str], line: str, command, tmp_path: Path) -> None:
    if file:
        (tmp_path / file[0]).write_bytes(file[1])
    code, out, err = command(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"scfast: {line}")


def test_command_prints_the_tree(command, tmp_path: Path) -> None:
    (tmp_path / "g.toml").write_text(GOOD)
    code, out, err = command("g.toml", "--sensitivity", "--plot", "g.svg", "--method", "eigenvector")
    assert (code, err) == (0, "")
    assert "An [a] with $ signs $" in out and "Li 0.0000, Wang 0.1874" in out and "eigenvector method" in out
    assert "note: factor.g.experts.Wang: own CR = 0.1874 is not less than 0.1" in " ".join(out.split())
    assert "passes" in out and out.endswith("g.svg\n")
    assert (tmp_path / "g.svg").read_text().startswith("<?xml")
    code, out, err = command("g.toml", "--json", "--sensitivity")
    data = json.loads(out)
    tree = ahp.read("g.toml")
    assert data["goal"]["children"][1]["children"][0]["global_weight"] == tree["b1"].global_weight
    assert data["goal"]["experts"] == {name: own.consistency_ratio for name, own in tree["g"].judged.experts.items()}
    assert len(data["sensitivity"]) == 4
    assert "sensitivity" not in json.loads(command("g.toml", "--json")[1])


def test_command_says_what_it_lets_pass(command, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("1,9,1\n,1,9\n,,1\n")
    code, out, _ = command("m.csv", "--allow-inconsistent")
    assert code == 0 and "2.2051 (!)" in out
    assert json.loads(command("m.csv", "--allow-inconsistent", "--json")[1])["goal"]["allow_inconsistent"] is True
    (tmp_path / "ten.csv").write_text("\n".join([",".join("1" * 10)] * 10))
    code, out, err = command("ten.csv")
    assert (code, err) == (0, "scfast: warning: judgments: 10 children: generally no more than 9\n")


def test_loads_nothing_heavy() -> None:
    assert heavy("import scfast as sf\nsf.ahp.weights([[1, 2], [1]])") == ["0"]


def test_picture_holds_every_weight_and_nothing_overlaps() -> None:
    from scfast import trees

    deep = {
        **DEEP,
        "labels": {"g": "A goal with a name that must be wrapped over some lines", "x": "A leaf that has a long name " * 4},
    }
    figure = trees.ahp(ahp.tree(deep))
    figure.draw_without_rendering()
    texts = [text for text in [*figure.texts, *figure.axes[0].texts] if text.get_text()]
    for leaf in ahp.tree(deep).leaves:
        assert any(text.get_text() == f"{100 * leaf.global_weight:.1f} %" for text in texts)
    boxes = [text.get_window_extent() for text in texts] + [bar.get_window_extent() for bar in figure.axes[0].patches]
    frame = figure.bbox
    for k, box in enumerate(boxes):
        assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
        for other in boxes[k + 1 :]:
            # lines of one name may touch by a point
            inside = min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0)
            assert inside[0] <= 0 or inside[1] <= 0.03 * figure.dpi
    wide = {"goal": "g", "factor": {"g": {"children": ["a"]}}}
    many = ahp.tree(wide)
    node = ahp.Node("g", "g", 1.0, 1.0, tuple(many.leaves[0] for _ in range(501)), many.goal.judged)
    with pytest.raises(ValueError, match="leaves = 501: must be at most 500 to be drawn"):
        trees.ahp(ahp.Tree(node, "geometric"))
