"""Judgment matrices to weights and consistency: what :mod:`scfast.ahp` builds hierarchies of."""

from __future__ import annotations

import dataclasses
import math
import numbers
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scfast.entries import MAX_NAME, FloatArray, short

METHODS = ("geometric", "sum", "eigenvector")
RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""RI(n) for n = 1..15 (Saaty, L)."""

MAX_RATIO = 0.1
"""A consistency ratio passes below this (L)."""

MAX_CHILDREN = len(RANDOM_INDEX)
USUAL_CHILDREN = 9  # [P]: generally no more than nine
SCALE = np.array([*(1 / k for k in range(9, 1, -1)), *range(1, 10)])
LARGEST = 1e9  # of a judgment; its reciprocal is the smallest
EQUAL = 1e-9  # relative difference up to which numbers count as equal


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of the children of one factor, and how consistent the judgments behind them are.

    Attributes
    ----------
    vector : float64 array of shape (n,)
        Sums to 1.
    matrix : float64 array of shape (n, n)
        The judgments, reciprocal to the last digit; the geometric mean of several experts'.
    lambda_max, consistency_index, consistency_ratio : float
        At least n; CI = (lambda_max - n)/(n - 1) and CR = CI/RI(n) ([P] eq. 5), both 0 for n <= 2.
    method : str
    names : tuple of str
        Of the children; empty if not given.
    notes : tuple of str
        What was rebuilt, what is off the scale, which expert is inconsistent; a line each.
    allow_inconsistent : bool
        Whether a CR of 0.1 and more was allowed.
    experts : mapping of str to Weights
        Each expert's own; empty where there is one matrix.
    """

    vector: FloatArray
    matrix: FloatArray
    lambda_max: float
    consistency_index: float
    consistency_ratio: float
    method: str
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    allow_inconsistent: bool = False
    experts: Mapping[str, Weights] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of children."""
        return len(self.vector)

    @property
    def consistent(self) -> bool:
        """Whether CR < 0.1 (L)."""
        return self.consistency_ratio < MAX_RATIO

    def name(self, child: int) -> str:
        """The name of a child, or its number from 1 on where names were not given."""
        return self.names[child] if self.names else str(child + 1)


@dataclass(frozen=True)
class Suspect:
    """A judgment and what it would be if it agreed with the weights.

    Attributes
    ----------
    row, column : int
        Where it stands, row < column.
    over, under : str
        The children that it compares.
    value, consistent : float
        The judgment a, and w_row / w_column.
    scale : float
        The value of 1/9..9 nearest to `consistent` (by ratio).
    consistency_ratio : float
        CR with the judgment replaced by `scale`.
    """

    row: int
    column: int
    over: str
    under: str
    value: float
    consistent: float
    scale: float
    consistency_ratio: float


def weights(
    matrix: Any, method: str = "geometric", *, names: Sequence[str] | None = None, allow_inconsistent: bool = False
) -> Weights:
    """Weights from a judgment matrix a, with their consistency.

    "geometric": w_i ∝ (prod_j a_ij)^(1/n), the root method [P]. "sum": the mean of the columns, each divided by its sum (L).
    "eigenvector": the principal one (L). lambda_max = mean of (A w)_i / w_i, which is the eigenvalue for the eigenvector;
    CI = (lambda_max - n)/(n - 1), CR = CI/RI(n) ([P] eq. 5), 0 for n <= 2.

    Parameters
    ----------
    matrix : array-like of shape (n, n), or mapping of expert to such
        n = 1..15, positive, 1 on the diagonal, a_ji = 1/a_ij within 1 % (rounding is rebuilt from the upper triangle, with a
        note). Text such as "1/3" is read. Below the diagonal entries may be None, empty or NaN; or row i has n - i entries, the
        upper triangle. Several experts' matrices are joined by the geometric mean of each entry (Aczel and Saaty, L).
    method : {"geometric", "sum", "eigenvector"}
    names : sequence of str, optional
        Of the children, for messages and results.
    allow_inconsistent : bool
        Accept CR >= 0.1, which is recorded.

    Returns
    -------
    Weights

    Raises
    ------
    ValueError
        A bad entry, named by its cell, another method, or CR >= 0.1, with the judgment most to blame.

    Warns
    -----
    UserWarning
        More than nine children.

    Examples
    --------
    >>> found = weights([[1, 3, 5], ["1/3", 1, 2], ["1/5", "1/2", 1]])
    >>> found.vector.round(3).tolist(), round(found.consistency_ratio, 4)
    ([0.648, 0.23, 0.122], 0.0032)
    >>> weights([[1, 3], [3, 1]])
    Traceback (most recent call last):
    ValueError: judgments[1][0] = 3: must be 1/3, the reciprocal of judgments[0][1] = 3, within 1 %
    """
    return judge(matrix, method, Place(names=checked_names(names)), allow_inconsistent)


def suspects(found: Weights) -> tuple[Suspect, ...]:
    """The judgments of a matrix, the one least in agreement with the weights first: by the size of log(a_ij w_j / w_i) (L).

    Equal ones (all three of three children are, by the geometric method) stand by the CR after replacing, smallest first.

    Examples
    --------
    >>> found = weights([[1, 2, 4, "1/3"], [1, 2, 4], [1, 2], [1]], allow_inconsistent=True)
    >>> round(found.consistency_ratio, 3)
    0.534
    >>> worst = suspects(found)[0]
    >>> (worst.over, worst.under), worst.value, round(worst.consistent, 2), worst.scale, round(worst.consistency_ratio, 3)
    (('1', '4'), 0.333..., 1.63, 2.0, 0.091)
    """
    i, j = np.triu_indices(found.n, 1)
    value, consistent = found.matrix[i, j], found.vector[i] / found.vector[j]
    on_scale = SCALE[np.abs(np.log(consistent[:, None] / SCALE)).argmin(axis=1)]
    replaced = changed(found.matrix, np.log(on_scale / value)[:, None])[:, 0]
    after = _consistency(replaced, vectors(replaced, found.method))[2]
    # rounded, so that what is equally far off counts as equal
    order = np.lexsort((after.round(9), -np.abs(np.log(value / consistent)).round(9)))
    return tuple(
        Suspect(a, b, found.name(a), found.name(b), *(float(column[k]) for column in (value, consistent, on_scale, after)))
        for a, b, k in zip(i[order].tolist(), j[order].tolist(), order.tolist(), strict=True)
    )


def as_text(value: float) -> str:
    """A judgment as people write it.

    >>> as_text(3.0), as_text(1 / 3), as_text(2.34567)
    ('3', '1/3', '2.346')
    """
    inverse = 1 / value
    whole = round(inverse)
    return f"1/{whole}" if 1 < whole <= 9 and abs(inverse - whole) < 1e-6 else f"{value:.4g}"


@dataclass(frozen=True)
class Place:
    """Where a matrix stands, for messages that name a cell of it."""

    name: str = "judgments"
    names: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()  # of a CSV file, one per row
    column: int = 0  # of a CSV file, before the first judgment
    triangle: bool = False  # row i begins with its diagonal

    def row(self, i: int) -> str:
        return f"line {self.lines[i]}" if self.lines else f"{self.name}[{i}]"

    def cell(self, i: int, j: int) -> str:
        at = j - i * self.triangle
        where = f"{self.row(i)}, column {self.column + at + 1}" if self.lines else f"{self.row(i)}[{at}]"
        return where + (f" ({self.names[i]} over {self.names[j]})" if self.names else "")


def checked_names(given: Any, name: str = "names") -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list | tuple) or not given:
        raise ValueError(f"{name} = {short(given)}: must be a list of names")
    for i, item in enumerate(given):
        if not isinstance(item, str) or not item.strip() or len(item) > MAX_NAME:
            raise ValueError(f"{name}[{i}] = {short(item)}: must be a name of 1 to {MAX_NAME} characters")
        if item in given[:i]:
            raise ValueError(f"{name}[{i}] = {short(item)}: must not be named twice")
    return tuple(given)


def ratio(value: Any) -> float:
    """A number or the text of one, such as "1/3"; NaN for what is neither."""
    plain = value.item() if isinstance(value, np.generic) else value
    try:
        if isinstance(plain, str):
            top, slash, bottom = plain.partition("/")
            return float(top) / (float(bottom) if slash else 1.0)
        return float(plain) if isinstance(plain, numbers.Real) and not isinstance(plain, bool) else math.nan
    except (ValueError, ZeroDivisionError):
        return math.nan
    except OverflowError:
        return math.inf


def _judgment(value: Any, cell: str) -> float:
    number = ratio(value)
    if math.isnan(number):
        raise ValueError(f'{cell} = {short(value)}: must be a number, or a fraction such as "1/3"')
    if number <= 0:
        raise ValueError(f"{cell} = {short(value)}: must be more than 0")
    if not 1 / LARGEST <= number <= LARGEST:
        raise ValueError(f"{cell} = {short(value)}: must be {1 / LARGEST:g} to {LARGEST:g}")
    return number


def _missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _square(given: Any, place: Place) -> tuple[list[Any], Place]:
    """The rows of a matrix, all full, None where an upper triangle has nothing."""
    if not isinstance(given, list | tuple) and hasattr(given, "__array__"):
        given = np.asarray(given).tolist()
    if not isinstance(given, list | tuple) or not given:
        raise ValueError(f"{place.name} = {short(given)}: must be a matrix, a list of rows")
    n, wanted = len(given), len(place.names)
    if wanted and n != wanted:
        raise ValueError(f"{place.name}: {n} rows: must be {wanted}, one per child")
    if n > MAX_CHILDREN:
        raise ValueError(f"{place.name}: {n} rows: must be at most {MAX_CHILDREN}")
    for i, row in enumerate(given):
        if not isinstance(row, list | tuple):
            raise ValueError(f"{place.row(i)} = {short(row)}: must be a row, a list of judgments")
    if n > 1 and [len(row) for row in given] == list(range(n, 0, -1)):
        return [[None] * i + list(row) for i, row in enumerate(given)], dataclasses.replace(place, triangle=True)
    for i, row in enumerate(given):
        if len(row) != n:
            raise ValueError(f"{place.row(i)}: {len(row)} entries: must be {n}, as many as rows (or {n - i}, in an upper triangle)")
    return list(given), place


def _matrix(given: Any, place: Place) -> tuple[FloatArray, list[str], Place]:
    """The checked matrix, rebuilt from its upper triangle; notes; and its place."""
    rows, place = _square(given, place)
    n = len(rows)
    matrix = np.ones((n, n))
    rounded: list[str] = []
    off_scale: list[str] = []
    for i in range(n):
        for j in range(i, n):
            cell, value = place.cell(i, j), rows[i][j]
            if value is None or value == "":
                raise ValueError(f"{cell} is missing: must be {'more than 0' if j > i else '1, on the diagonal'}")
            number = _judgment(value, cell)
            if i == j:
                if abs(number - 1) > EQUAL:
                    raise ValueError(f"{cell} = {short(value)}: must be 1, on the diagonal")
                continue
            matrix[i, j], matrix[j, i] = number, 1 / number
            if not 1 - EQUAL <= 9 * number <= 81 * (1 + EQUAL):
                off_scale.append(f"{cell} = {short(value)}")
            if _missing(rows[j][i]):
                continue
            other, product = place.cell(j, i), number * _judgment(rows[j][i], place.cell(j, i))
            if abs(product - 1) > 0.01 + EQUAL:
                bound = f"must be {as_text(1 / number)}, the reciprocal of {cell} = {as_text(number)}, within 1 %"
                raise ValueError(f"{other} = {short(rows[j][i])}: {bound}")
            if abs(product - 1) > EQUAL:
                rounded.append(f"{other} = {short(rows[j][i])} became {1 / number:.6g}")
    told = ((rounded, "rounded, rebuilt from the upper triangle"), (off_scale, "outside the scale 1/9 to 9"))
    return matrix, [f"{what}: {found[0]}{_more(len(found) - 1)}" for found, what in told if found], place


def _more(n: int) -> str:
    return f" and {n} more" * (n > 0)


def vectors(matrices: FloatArray, method: str) -> FloatArray:
    """Weights (..., n) of matrices (..., n, n)."""
    if method == "geometric":
        raw = np.exp(np.log(matrices).mean(axis=-1))
    elif method == "sum":
        raw = (matrices / matrices.sum(axis=-2, keepdims=True)).mean(axis=-1)
    else:
        raw = _principal(matrices)
    found: FloatArray = raw / raw.sum(axis=-1, keepdims=True)
    return found


def _principal(matrices: FloatArray) -> FloatArray:
    """Principal eigenvectors by squaring: every column of a positive matrix's powers tends to it, and nothing cancels."""
    power = matrices
    for _ in range(40):
        power = power / power.sum(axis=-2, keepdims=True).max(axis=-1, keepdims=True)
        columns = power / power.sum(axis=-2, keepdims=True)
        if np.all(np.ptp(columns, axis=-1) <= 1e-15 * columns.min(axis=-1)):
            break
        power = power @ power
    mean: FloatArray = columns.mean(axis=-1)
    return mean


def _consistency(matrices: FloatArray, vectors: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """lambda_max, CI and CR of matrices (..., n, n) with weights (..., n)."""
    n = matrices.shape[-1]
    each = (matrices @ vectors[..., None])[..., 0] / vectors
    # never less than n, as x + 1/x >= 2, but for rounding
    largest = np.maximum(each.mean(axis=-1), n)
    if n <= 2:
        return largest, np.zeros_like(largest), np.zeros_like(largest)
    index = (largest - n) / (n - 1)
    return largest, index, index / RANDOM_INDEX[n - 1]


def _weights(matrix: FloatArray, method: str, **told: Any) -> Weights:
    vector = vectors(matrix, method)
    matrix.setflags(write=False)
    vector.setflags(write=False)
    largest, index, random = map(float, _consistency(matrix, vector))
    return Weights(vector, matrix, largest, index, random, method, **told)


def judge(given: Any, method: Any, place: Place, allow: bool) -> Weights:
    """Weights of one matrix, or of several experts' by name, checked whole."""
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method = {short(method)}: must be one of {', '.join(map(repr, METHODS))}")
    experts: dict[str, Weights] = {}
    notes: list[str] = []
    if isinstance(given, Mapping):
        for expert, matrix in given.items():
            if not isinstance(expert, str) or not expert.strip():
                raise ValueError(f"{place.name} = {short(expert)}: must be named by text that is not empty")
            own = dataclasses.replace(place, name=f"{place.name}.{expert}")
            one, told, own = _matrix(matrix, own)
            experts[expert] = found = _weights(one, method, names=place.names, notes=tuple(told), allow_inconsistent=allow)
            first = next(iter(experts.values()))
            if found.n != first.n:
                raise ValueError(f"{own.name}: {found.n} rows: must be {first.n}, as for the others")
            notes += told
            if not found.consistent:
                notes.append(f"{own.name}: own CR = {found.consistency_ratio:.4g} is not less than {MAX_RATIO}")
        if not experts:
            raise ValueError(f"{place.name} = {{}}: must hold at least one matrix")
        matrix = np.exp(np.mean([np.log(found.matrix) for found in experts.values()], axis=0))
    else:
        matrix, notes, place = _matrix(given, place)
    found = _weights(matrix, method, names=place.names, notes=tuple(notes), allow_inconsistent=allow, experts=experts)
    if found.n > USUAL_CHILDREN:
        warnings.warn(f"{place.name}: {found.n} children: generally no more than {USUAL_CHILDREN}", UserWarning, stacklevel=3)
    if not found.consistent and not allow:
        worst = suspects(found)[0]
        raise ValueError(
            f"{place.name}: CR = {found.consistency_ratio:.4g}: must be less than {MAX_RATIO} (or allow_inconsistent); most to"
            f" blame: {place.cell(worst.row, worst.column)} = {as_text(worst.value)}, consistent would be {worst.consistent:.4g};"
            f" {as_text(worst.scale)} makes CR = {worst.consistency_ratio:.4g}"
        )
    return found


def changed(matrix: FloatArray, steps: FloatArray) -> FloatArray:
    """Copies (pair, k, n, n) of a matrix, the pair's judgment times exp(steps[pair, k]); pairs as np.triu_indices(n, 1)."""
    i, j = np.triu_indices(len(matrix), 1)
    copies = np.broadcast_to(matrix, (*steps.shape, *matrix.shape)).copy()
    pair = np.arange(len(i))
    copies[pair, :, i, j] *= np.exp(steps)
    copies[pair, :, j, i] *= np.exp(-steps)
    return copies
