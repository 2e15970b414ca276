"""Judgments to weights: the analytic hierarchy process [P].

A judgment matrix says how many times as important (1 to 9, or 1/2 to 1/9) each row's factor is as each column's. :func:`weights`
turns one into weights; :func:`tree` and :func:`read` do so for a hierarchy of any depth; :func:`suspects` names the judgments
behind a bad consistency ratio, and :func:`sensitivity` how far each judgment is from changing a ranking.

A hierarchy as TOML has one table for each factor that has children, whose order is that of rows and columns::

    goal = "immunity"                                # the factor at the top
    method = "geometric"                             # or "sum", "eigenvector"; may be left out

    [factor.immunity]
    children = ["resistance", "recovery", "learning"]
    judgments = [
        [1, 2, 4],                                   # resistance is twice as important as recovery
        [   1, 2],                                   # the upper triangle, or all rows in full
        [      1],
    ]

    [factor.recovery]
    children = ["monitoring", "contingency_fund"]
    [factor.recovery.experts]                        # several matrices instead of one: joined by geometric mean
    Li = [[1, 3], ["1/3", 1]]
    Wang = [[1, 2], [1]]

    [factor.learning]
    children = ["staff_training"]                    # an only child needs no judgments

    [labels]                                         # names for people; may be left out
    contingency_fund = "Contingency fund"

What no table has as its factor is a leaf, here ``resistance`` too. Every factor has one parent. A table ``[about]`` may hold
anything for other readers of the file. A CSV file is one factor: a row of judgments for each child, entries below the diagonal
empty if you like, with or without the names of the children as first row, as first column, or both.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scfast.entries import MAX_NAME, FloatArray, nearest, short
from scfast.judgments import EQUAL, MAX_CHILDREN, Place, changed, checked_names, judge, ratio, vectors
from scfast.judgments import METHODS as METHODS
from scfast.judgments import RANDOM_INDEX as RANDOM_INDEX
from scfast.judgments import Suspect as Suspect
from scfast.judgments import Weights as Weights
from scfast.judgments import as_text as as_text
from scfast.judgments import suspects as suspects
from scfast.judgments import weights as weights

MAX_DEPTH = 50
GRID = 48  # factors tried for a change of order, evenly spaced in the logarithm


@dataclass(frozen=True)
class Change:
    """The nearest change of an order: at a judgment of `value`, `factor` (> 1) times away, `overtaker` passes `overtaken`."""

    factor: float
    value: float
    overtaker: str
    overtaken: str


@dataclass(frozen=True)
class Swing:
    """How far one judgment is from changing the order of its factor's children, and of the leaves by global weight.

    Attributes
    ----------
    parent, over, under : str
        Keys of the factor and of the two children compared.
    value : float
        The judgment.
    children_up, children_down, leaves_up, leaves_down : Change or None
        The smallest change of the judgment up, or down, within 1/9..9 that changes the order; None if none does.
    """

    parent: str
    over: str
    under: str
    value: float
    children_up: Change | None
    children_down: Change | None
    leaves_up: Change | None
    leaves_down: Change | None

    @property
    def nearest(self) -> float:
        """The smallest of the factors, infinite if no order changes."""
        changes = (self.children_up, self.children_down, self.leaves_up, self.leaves_down)
        return min((change.factor for change in changes if change), default=math.inf)


@dataclass(frozen=True, eq=False)
class Node:
    """A factor of a hierarchy.

    Attributes
    ----------
    key, label : str
        Its name in the file, and for people.
    local_weight, global_weight : float
        Its share among its siblings, and the product of these shares down the tree; 1 for the goal.
    children : tuple of Node
        Empty for a leaf.
    judged : Weights or None
        Where the children's local weights come from; None for a leaf.
    """

    key: str
    label: str
    local_weight: float
    global_weight: float
    children: tuple[Node, ...] = ()
    judged: Weights | None = None

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, eq=False)
class Tree:
    """A hierarchy with its weights; ``tree[key]`` is a node.

    Attributes
    ----------
    goal : Node
    method : str
    """

    goal: Node
    method: str

    def __getitem__(self, key: str) -> Node:
        for node in self.goal.walk():
            if node.key == key:
                return node
        raise KeyError(key)

    @property
    def leaves(self) -> tuple[Node, ...]:
        """Nodes without children, from left to right; their global weights sum to 1."""
        return tuple(node for node in self.goal.walk() if not node.children)

    @property
    def factors(self) -> tuple[Node, ...]:
        """Nodes with children, parents first."""
        return tuple(node for node in self.goal.walk() if node.children)

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of all factors, a line each."""
        return tuple(note for node in self.factors if node.judged for note in node.judged.notes)


def tree(data: Mapping[str, Any], method: str | None = None, *, allow_inconsistent: bool = False) -> Tree:
    """A hierarchy from a dict as TOML gives it (the format stands at the top of this module).

    Parameters
    ----------
    data : mapping
        ``goal``, ``factor`` = {key: {"children", "judgments" or "experts"}}, and perhaps ``method``, ``labels``, ``about``.
    method : str, optional
        Instead of the one in `data`; "geometric" if neither says.
    allow_inconsistent : bool
        Accept CR >= 0.1, which is recorded.

    Raises
    ------
    ValueError
        One line: key, value, bound. All that :func:`weights` refuses; unknown keys; no goal; a factor without a parent, with two,
        or with several children and no judgments.

    Examples
    --------
    >>> family = {"children": ["old", "young"], "judgments": [[1, 3], [1]]}
    >>> found = tree({"goal": "all", "factor": {"all": family, "old": {"children": ["x"]}}})
    >>> [(leaf.key, leaf.global_weight) for leaf in found.leaves]
    [('x', 0.75...), ('young', 0.2...)]
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"data = {short(data)}: must be a mapping")
    _known("", data, ("goal", "method", "labels", "about", "factor"))
    for name in ("factor", "labels"):
        if not isinstance(data.get(name, {}), Mapping):
            raise ValueError(f"{name} = {short(data[name])}: must be a table, [{name}]")
    specs, labels, goal = data.get("factor", {}), data.get("labels", {}), data.get("goal")
    if not isinstance(goal, str) or goal not in specs:
        told = "goal: must be given" if goal is None else f"goal = {short(goal)}: no such factor"
        raise ValueError(f"{told}, {nearest(goal, specs)}" if specs else "factor: must hold at least one table, [factor.GOAL]")
    children = {key: _children(key, spec) for key, spec in specs.items()}
    reached = _reached(goal, children)
    for key in labels:
        if not isinstance(labels[key], str) or not labels[key].strip() or len(labels[key]) > MAX_NAME:
            raise ValueError(f"labels.{key} = {short(labels[key])}: must be text of 1 to {MAX_NAME} characters")
        if key not in reached:
            raise ValueError(f"labels.{key} = {short(labels[key])}: no such factor, {nearest(key, reached)}")
    way = data.get("method", "geometric") if method is None else method
    judged = {key: _factor(key, spec, children[key], way, allow_inconsistent) for key, spec in specs.items()}

    def node(key: str, local: float, share: float) -> Node:
        below = zip(children.get(key, ()), judged[key].vector.tolist() if key in judged else (), strict=True)
        nodes = tuple(node(child, weight, share * weight) for child, weight in below)
        return Node(key, labels.get(key, key), local, share, nodes, judged.get(key))

    return Tree(node(goal, 1.0, 1.0), way)


def _known(where: str, given: Mapping[str, Any], valid: Sequence[str]) -> None:
    for key, value in given.items():
        if key not in valid:
            raise ValueError(f"{where}{key} = {short(value)}: unknown key, {nearest(key, valid)}")


def _children(key: str, spec: Any) -> tuple[str, ...]:
    name = f"factor.{key}"
    if not isinstance(spec, Mapping):
        raise ValueError(f"{name} = {short(spec)}: must be a table, [{name}]")
    _known(f"{name}.", spec, ("children", "judgments", "experts"))
    if "children" not in spec:
        raise ValueError(f"{name}: must have children; what has none needs no table")
    children = checked_names(spec["children"], f"{name}.children")
    if len(children) > MAX_CHILDREN:
        raise ValueError(f"{name}.children: {len(children)} names: must be at most {MAX_CHILDREN}")
    return children


def _reached(goal: str, children: Mapping[str, tuple[str, ...]]) -> list[str]:
    """All keys from the goal down; every factor must be among them, and have one parent."""
    parents: dict[str, str] = {}
    for key, below in children.items():
        for i, child in enumerate(below):
            if child == goal:
                raise ValueError(f"factor.{key}.children[{i}] = {short(child)}: must not be the goal")
            if child in parents:
                raise ValueError(f"factor.{key}.children[{i}] = {short(child)}: is a child of {parents[child]} already")
            parents[child] = key
    reached, level, depth = [goal], [goal], 0
    while level:
        level = [child for key in level for child in children.get(key, ())]
        reached += level
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"goal = {short(goal)}: must be at most {MAX_DEPTH} levels deep")
    for key in children:
        if key not in reached:
            raise ValueError(f"factor.{key}: must be the goal, or be below it, {nearest(key, reached)}")
    return reached


def _factor(key: str, spec: Mapping[str, Any], children: tuple[str, ...], method: str, allow: bool) -> Weights:
    name = f"factor.{key}"
    if "judgments" in spec and "experts" in spec:
        raise ValueError(f"{name}.experts: must not be given together with judgments")
    if "experts" in spec and not isinstance(spec["experts"], Mapping):
        raise ValueError(f"{name}.experts = {short(spec['experts'])}: must be a table of matrices, as in Li = [[1, 3], [1]]")
    if "judgments" in spec and isinstance(spec["judgments"], Mapping):
        raise ValueError(f"{name}.judgments = {short(dict(spec['judgments']))}: must be a matrix; several go into experts")
    which = "experts" if "experts" in spec else "judgments"
    given = spec.get(which, [[1]] if len(children) == 1 else None)
    if given is None:
        raise ValueError(f"{name}.judgments: must be given for {len(children)} children")
    return judge(given, method, Place(f"{name}.{which}", children), allow)


def read(path: str | Path, method: str | None = None, *, allow_inconsistent: bool = False) -> Tree:
    """A hierarchy from a TOML file, or one factor from a CSV file (formats: the top of this module).

    The goal of a CSV file is called as the file is. `method` and `allow_inconsistent` are those of :func:`tree`.

    Raises
    ------
    ValueError
        One line: file, key or cell, value, bound.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "car.csv").write_text(",price,speed\\nprice,1,4\\nspeed,,1\\n")
    ...     {leaf.key: leaf.global_weight for leaf in read(Path(folder, "car.csv")).leaves}
    {'price': 0.8, 'speed': 0.2}
    """
    path = Path(path)
    kind = path.suffix.lower()
    try:
        if kind not in (".toml", ".csv"):
            raise ValueError("must be a file named .toml or .csv")
        text = path.read_text(encoding="utf-8-sig")
        if kind == ".toml":
            return tree(_toml(text), method, allow_inconsistent=allow_inconsistent)
        rows, place = _table(text)
        goal = path.stem
        judged = judge(rows, method or "geometric", place, allow_inconsistent)
    except OSError as error:
        raise ValueError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text, at byte {error.start}") from None
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path}: {error}") from None
    below = tuple(Node(judged.name(i), judged.name(i), weight, weight) for i, weight in enumerate(judged.vector.tolist()))
    return Tree(Node(goal, goal, 1.0, 1.0, below, judged), judged.method)


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not TOML, {error}") from None


def _table(text: str) -> tuple[list[list[str]], Place]:
    """The judgments of a CSV file, with the names of the children where it has them."""
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=max(",;\t", key=first.count))
    rows, lines = [], []
    for row in reader:
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:  # spreadsheets fill up short rows
            cells.pop()
        if cells:
            rows.append(cells)
            lines.append(reader.line_num)
    if not rows:
        raise ValueError("must hold a row of judgments for each child")

    def is_name(cell: str) -> bool:
        return cell != "" and math.isnan(ratio(cell))

    named_rows = len(rows) > 1 and (not rows[0][0] or is_name(rows[0][0])) and all(is_name(row[0]) for row in rows[1:])
    head = rows[0][1:] if named_rows else rows[0]
    heading = bool(head) and all(map(is_name, head))
    if heading:
        head = rows[0][1:] if named_rows and (not rows[0][0] or len(rows[0]) == len(rows)) else rows[0]
        rows, lines = rows[1:], lines[1:]
    names = [row[0] for row in rows] if named_rows else head if heading else None
    for k, name in enumerate(names or ()):
        if heading and named_rows and head[k : k + 1] != [name]:
            raise ValueError(
                f"line {lines[k]}, column 1 = {short(name)}: must be {short((head[k:] or ['missing'])[0])}, as in the header"
            )
    place = Place("judgments", checked_names(names), tuple(lines), int(named_rows))
    return [row[int(named_rows) :] for row in rows], place


def sensitivity(found: Tree) -> tuple[Swing, ...]:
    """How far each judgment may go before an order changes, all others as they are (L).

    A judgment a_ij is multiplied, or divided, by the smallest factor for which the order of the factor's children, or that of
    the leaves by global weight, is another, a_ij staying within 1/9..9. Equal weights that part are no change of order. Factors
    are exact to 1e-8; an order that changes and changes back within 1/48 of the way to the end of the scale may be overlooked.

    Returns
    -------
    tuple of Swing
        Parents first, in the order of the matrix; none for an only child.

    Examples
    --------
    >>> family = {"children": ["old", "young"], "judgments": [[1, 3], [1]]}
    >>> swing = sensitivity(tree({"goal": "all", "factor": {"all": family}}))[0]
    >>> swing.children_up, swing.children_down
    (None, Change(factor=3.0000..., value=0.99999..., overtaker='young', overtaken='old'))
    """
    leaves = found.leaves
    keys = [leaf.key for leaf in leaves]
    fixed = np.array([leaf.global_weight for leaf in leaves])
    swings: list[Swing] = []
    for node in found.factors:
        if node.judged is None or node.judged.n < 2:
            continue
        swings += _swings(node, node.judged, keys, fixed)
    return tuple(swings)


def _swings(node: Node, judged: Weights, keys: list[str], fixed: FloatArray) -> list[Swing]:
    i, j = np.triu_indices(judged.n, 1)
    start = np.log(judged.matrix[i, j])
    below = {leaf.key: k for k, child in enumerate(node.children) for leaf in child.walk()}
    inside = np.array([key in below for key in keys])
    branch = np.array([below.get(key, 0) for key in keys])

    def local(steps: FloatArray) -> FloatArray:
        return vectors(changed(judged.matrix, steps), judged.method)

    def everywhere(steps: FloatArray) -> FloatArray:
        # leaves of other branches keep their weights
        change: FloatArray = (local(steps) / judged.vector)[..., branch]
        return fixed * np.where(inside, change, 1.0)

    names = [child.key for child in node.children]
    changes = [_changes(values, start, sign, who) for values, who in ((local, names), (everywhere, keys)) for sign in (1, -1)]
    pairs = zip(i.tolist(), j.tolist(), *changes, strict=True)
    return [Swing(node.key, names[a], names[b], float(judged.matrix[a, b]), *found) for a, b, *found in pairs]


def _changes(values: Callable[[FloatArray], FloatArray], start: FloatArray, sign: int, who: Sequence[str]) -> list[Change | None]:
    """Per pair the nearest change of the order of `values` (pair, k, item), its judgment going from exp(start) up or down.

    `values` takes the logarithms of factors, (pair, k). A grid finds the first cell that holds a change, halving narrows it down.
    """
    base = values(np.zeros((len(start), 1)))[0, 0]
    order = np.argsort(-base, kind="stable")
    apart = np.flatnonzero(base[order][1:] < base[order][:-1] * (1 - EQUAL)) + 1
    # where in the order the run of equals begins that each item belongs to
    begins = np.array([0, *apart])[np.searchsorted(apart, np.arange(len(base)), side="right")]

    def passing(steps: FloatArray) -> tuple[FloatArray, Any]:
        """Values in the old order, and whether each is now more than one of those that were before its equals."""
        now = values(steps)[..., order]
        least = np.minimum.accumulate(np.concatenate([np.full((*now.shape[:-1], 1), np.inf), now], axis=-1), axis=-1)
        return now, now > least[..., begins] * (1 + EQUAL)

    room = np.maximum(math.log(9) - sign * start, 0)
    steps = sign * room[:, None] * np.linspace(0, 1, GRID + 1)
    changed_at = passing(steps)[1].any(axis=-1)
    first = changed_at.argmax(axis=1)
    pair = np.arange(len(start))
    before, after = steps[pair, np.maximum(first - 1, 0)], steps[pair, first]
    for _ in range(40):
        middle = (before + after) / 2
        beyond = passing(middle[:, None])[1][:, 0].any(axis=-1)
        before, after = np.where(beyond, before, middle), np.where(beyond, middle, after)
    now, last = passing(after[:, None])
    found: list[Change | None] = []
    for k in pair.tolist():
        up = int(last[k, 0].argmax())
        down = int(now[k, 0, : begins[up]].argmin()) if begins[up] else 0
        change = Change(math.exp(abs(after[k])), math.exp(start[k] + after[k]), who[order[up]], who[order[down]])
        found.append(change if changed_at[k].any() else None)
    return found


def plain(found: Tree, swings: Sequence[Swing] | None = None) -> dict[str, Any]:
    """A tree as plain JSON: nodes with label and weights, factors with consistency, judgments and experts' CRs; swings if given.

    >>> plain(tree({"goal": "all", "factor": {"all": {"children": ["x"]}}}))["goal"]["children"]
    [{'key': 'x', 'label': 'x', 'local_weight': 1.0, 'global_weight': 1.0}]
    """

    def below(node: Node) -> dict[str, Any]:
        told: dict[str, Any] = {name: getattr(node, name) for name in ("key", "label", "local_weight", "global_weight")}
        if node.judged is not None:
            told |= {name: getattr(node.judged, name) for name in ("lambda_max", "consistency_index", "consistency_ratio")}
            told["allow_inconsistent"] = node.judged.allow_inconsistent
            told["judgments"] = node.judged.matrix.tolist()
            told["experts"] = {name: own.consistency_ratio for name, own in node.judged.experts.items()}
            told["children"] = [below(child) for child in node.children]
        return told

    told = {"method": found.method, "goal": below(found.goal), "notes": list(found.notes)}
    return told if swings is None else told | {"sensitivity": [asdict(swing) for swing in swings]}
