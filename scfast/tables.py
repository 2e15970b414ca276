"""The layout of results, and parts of them merged by it: arrays joined along their first axis."""

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scfast import stats

Tables = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Column:
    """One dataset: its type, the names of its axes, its unit and its meaning."""

    dtype: str
    axes: tuple[str, ...]
    unit: str
    meaning: str


_STEPS = ("row", "step", "state")
_TYPES = ("row", "step", "type", "state")
SCHEMA: dict[str, Column] = {
    "rows/cell": Column("i4", ("row",), "1", "point of the parameter grid"),
    "rows/network": Column("i4", ("row",), "1", "index of the network"),
    "rows/first_replicate": Column("i8", ("row",), "1", "first replicate of the row"),
    "rows/n_replicates": Column("i8", ("row",), "replicates", "replicates of the row"),
    "rows/n_nodes": Column("i8", ("row",), "nodes", "nodes of the network"),
    "rows/n_edges": Column("i8", ("row",), "edges", "undirected edges of the network"),
    "rows/n_isolates": Column("i8", ("row",), "nodes", "nodes without a partner"),
    "rows/type_size": Column("i8", ("row", "type"), "nodes", "nodes of each type"),
    "rows/network_digest": Column("u1", ("row", "byte"), "1", "SHA-256 of the network"),
    "rows/bin_shift": Column("i4", ("row",), "bits", "histogram bins are 2**bin_shift nodes wide"),
    "trajectory/sum": Column("i8", _STEPS, "nodes", "nodes in each state, summed over replicates"),
    "trajectory/sum_of_squares": Column("i8", _STEPS, "nodes^2", "squares of the nodes in each state, summed over replicates"),
    "type_trajectory/sum": Column("i8", _TYPES, "nodes", "nodes of each type in each state, summed over replicates"),
    "type_trajectory/sum_of_squares": Column("i8", _TYPES, "nodes^2", "their squares, summed over replicates"),
    "histogram/length": Column("i4", _STEPS, "pairs", "pairs (value, count) of each row, step and state, one after another"),
    "histogram/value": Column("u2", ("pair",), "bins", "nodes in the state, shifted right by bin_shift; may come again"),
    "histogram/count": Column("u2", ("pair",), "replicates", "replicates with this value, with all of its pairs together"),
    "replicate/infected_steps": Column(
        "i8", ("replicate",), "node-steps", "steps spent infected, over all nodes; risk load x n_nodes"
    ),
    "replicate/final_eliminated": Column("i8", ("replicate",), "nodes", "eliminated nodes at the last step"),
    "replicate/peak": Column("i8", ("replicate",), "nodes", "most nodes infected at once"),
    "replicate/peak_step": Column("i8", ("replicate",), "steps", "first step with so many"),
    "replicate/ever_infected": Column(
        "i8", ("replicate",), "nodes", "nodes ever infected, initial cases included; attack rate x n_nodes"
    ),
    "replicate/extinction_step": Column(
        "i8", ("replicate",), "steps", "first step with no infected node from which nothing can return; -1: none"
    ),
    "sample/counts": Column(
        "i4", ("row", "sample", "step", "state"), "nodes", "the first replicates of the row whole; -1: there is none"
    ),
    "node/ever_infected": Column("i8", ("node",), "replicates", "replicates in which the node was ever infected"),
    "node/ever_eliminated": Column("i8", ("node",), "replicates", "replicates in which the node was ever eliminated"),
    "node/infected_steps": Column("i8", ("node",), "steps", "steps spent infected, summed over replicates"),
    "node/infected_steps_in_lots": Column("i8", ("node",), "steps", "the same in full lots of 64 replicates"),
    "node/lot_squares": Column(
        "i8", ("node",), "steps^2", "squares of the steps spent infected in each of these lots, summed over lots"
    ),
    "node/alone_infected_steps": Column(
        "i8", ("node",), "node-steps", "where it alone is infected at first: steps spent infected, over all nodes and replicates"
    ),
    "node/alone_squares": Column("i8", ("node",), "node-steps^2", "the squares of each replicate's, summed over replicates"),
    "node/alone_eliminated": Column(
        "i8", ("node",), "nodes", "where it alone is infected at first: eliminated nodes at the last step, over replicates"
    ),
    "node/alone_eliminated_squares": Column("i8", ("node",), "nodes^2", "their squares, summed over replicates"),
    "degree/length": Column("i4", ("row",), "pairs", "pairs (value, count) of each row, one after another"),
    "degree/value": Column("i4", ("pair",), "partners", "degree"),
    "degree/count": Column("i4", ("pair",), "nodes", "nodes with this degree"),
    "raw/counts": Column("i4", ("replicate", "step", "state"), "nodes", "every replicate's trajectory"),
    "topology/n_sources": Column("i8", ("row",), "nodes", "sources of breadth-first searches; rows/n_nodes where all are"),
    "topology/path_error": Column("f8", ("row",), "edges", "standard error of the mean path length over sources; 0 where exact"),
    "topology/triangles": Column("i8", ("row",), "triangles", "triangles"),
    "topology/wedges": Column("i8", ("row",), "pairs", "pairs of partners of one node"),
    "topology/local_clustering": Column("f8", ("row",), "1", "mean over nodes of the closed share of pairs of partners"),
    "topology/degree_assortativity": Column("f8", ("row",), "1", "correlation of the degrees at both ends of an edge"),
    "topology/type_assortativity": Column("f8", ("row",), "1", "assortativity of types over edges"),
    "topology/tier_edges": Column("i8", ("row", "type", "other type"), "edges", "edges between types, the first of them first"),
    "topology/n_components": Column("i8", ("row",), "components", "connected components"),
    "topology/largest_component": Column("i8", ("row",), "nodes", "nodes of the largest component"),
    "topology/spectral_radius": Column("f8", ("row",), "1", "largest eigenvalue of the adjacency matrix A"),
    "topology/pressure": Column("f8", ("row",), "1", "largest eigenvalue of diag(beta) A, to be held against gamma + delta"),
    "topology/cut_off": Column("i8", ("row",), "partners", "degree from which a power law fits best; 0: none does"),
    "topology/ks_exponent": Column("f8", ("row",), "1", "exponent of that power law"),
    "topology/ks_distance": Column("f8", ("row",), "1", "Kolmogorov-Smirnov distance of that power law"),
    "topology/ks_p": Column("f8", ("row",), "1", "goodness of fit of that power law, by bootstrap"),
    "topology/ks_low": Column("f8", ("row",), "1", "lower end of the 95 % bootstrap interval of that exponent"),
    "topology/ks_high": Column("f8", ("row",), "1", "upper end of the 95 % bootstrap interval of that exponent"),
    "topology/n_degrees": Column("i4", ("row",), "1", "entries of axis 'degree' of each row"),
    "topology/degree": Column("i8", ("degree",), "partners", "degrees that occur, rising"),
    "topology/degree_nodes": Column("i8", ("degree", "type"), "nodes", "nodes of each type with this degree"),
    "topology/n_distances": Column("i4", ("row",), "1", "entries of axis 'distance' of each row"),
    "topology/distances": Column("i8", ("distance",), "pairs", "pairs (source, other node) at distance 0, 1, 2, ..."),
    "topology/n_uncrossed": Column("i4", ("row",), "1", "entries of axis 'uncrossed' of each row"),
    "topology/uncrossed": Column("i8", ("uncrossed",), "pairs", "the same without edges across tiers; empty: there are none"),
    "topology/n_control": Column("i4", ("row",), "1", "entries of axis 'control' of each row"),
    "topology/control": Column("i8", ("control",), "pairs", "the same without equally many random other edges"),
    "topology/n_cores": Column("i4", ("row",), "1", "entries of axis 'core' of each row"),
    "topology/core_sizes": Column("i8", ("core",), "nodes", "nodes with core number 0, 1, 2, ..."),
}
LENGTHS = {
    "replicate": "rows/n_replicates",
    "node": "rows/n_nodes",
    "histogram/pair": "histogram/length",
    "degree/pair": "degree/length",
    **{axis: f"topology/n_{axis}s" for axis in ("degree", "distance", "core")},
    **{axis: f"topology/n_{axis}" for axis in ("uncrossed", "control")},
}
"""Which column says how many entries of an axis a row has; of the axis 'pair' each group has one."""

LAYOUT = (
    "Arrays run along their first axis row by row: a row is the replicates of one network in one cell. Axis 'replicate' has "
    "rows/n_replicates entries per row, axis 'node' rows/n_nodes, axis 'pair' the sum of the group's 'length', others what a "
    "column 'n_...' of the group says. Whole numbers wherever that can be; means, variances, intervals and quantiles are derived "
    "from them."
)


class StorageError(ValueError):
    """A results folder cannot be used as asked: one line that says which file and why."""


class KeptTables(Mapping[str, np.ndarray]):
    """Tables of which each array is kept once it was asked for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._kept: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._kept:
            self._kept[name] = self._tables[name]
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


class MergedTables(Mapping[str, np.ndarray]):
    """Several parts as one: rows in the order of cell and network, those of one network and cell added up; exact.

    Each array is put together whenever it is asked for, so that merging needs the memory of one array, not of all.

    Parameters
    ----------
    parts : sequence of tables
        In any order.
    n_replicates : int, optional
        Leave out each network and cell that does not hold so many; without it, replicates that are missing are an error.

    Raises
    ------
    StorageError
        Replicates are missing or doubled, or parts of one row were made on different networks.
    """

    def __init__(self, parts: Sequence[Tables], n_replicates: int | None = None) -> None:
        self._parts = parts
        self._names: tuple[str, ...] = tuple(parts[0]) if parts else ()
        if not parts:
            return
        cell, network = (self._joined(f"rows/{name}") for name in ("cell", "network"))
        first, size = np.zeros(len(cell), np.int64), np.ones(len(cell), np.int64)  # where nothing runs, a row is not split
        if "rows/n_replicates" in self._names:
            first, size = (self._joined(f"rows/{name}") for name in ("first_replicate", "n_replicates"))
        order = np.lexsort((first, network, cell))
        if n_replicates is not None:
            _, inverse = np.unique(np.column_stack((cell, network)), axis=0, return_inverse=True)
            held = np.bincount(inverse.reshape(-1), weights=size)
            order = order[held[inverse.reshape(-1)][order] == n_replicates]
        if not len(order):
            self._names = ()
            return
        self._order = order
        keys = np.column_stack((cell, network))[order]
        edges = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
        self._groups = list(itertools.pairwise([0, *edges.tolist(), len(keys)]))
        self._lengths = {
            axis: self._joined(column).reshape(len(cell), -1).sum(axis=1, dtype=np.int64)
            for axis, column in LENGTHS.items()
            if column in self._names
        }
        self._check(keys, first[order], size[order])

    def _check(self, keys: np.ndarray, first: np.ndarray, size: np.ndarray) -> None:
        digests = self._joined("rows/network_digest")[self._order]
        for low, high in self._groups:
            if not np.array_equal(first[low:high], np.cumsum(size[low:high]) - size[low:high]):
                raise StorageError(f"cell {keys[low, 0]}, network {keys[low, 1]}: replicates are missing or doubled")
            if (digests[low:high] != digests[low]).any():
                raise StorageError(f"cell {keys[low, 0]}, network {keys[low, 1]}: parts were made on different networks")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        split = len(self._groups) < len(self._order)
        if split and name.startswith("histogram/"):
            return self._pooled[name]
        array = self._ordered(name)
        return self._added_up(name, array) if split else array

    def _joined(self, name: str) -> np.ndarray:
        return np.concatenate([part[name] for part in self._parts])

    def _ordered(self, name: str, rows: np.ndarray | None = None) -> np.ndarray:
        """An array with its rows, or what belongs to them, in order."""
        array, axis = self._joined(name), SCHEMA[name].axes[0]
        order = self._order if rows is None else rows
        if axis == "row":
            return array[order]
        lengths = self._lengths[f"{name.split('/')[0]}/pair" if axis == "pair" else axis]
        if np.array_equal(order, np.arange(len(lengths))):
            return array
        ends = np.cumsum(lengths)
        return np.concatenate([array[ends[row] - lengths[row] : ends[row]] for row in order])

    def _added_up(self, name: str, array: np.ndarray) -> np.ndarray:
        """One row for each group of neighbouring rows."""
        starts = np.array([low for low, _ in self._groups])
        axis = SCHEMA[name].axes[0]
        if name.startswith(("rows/n_replicates", "trajectory/", "type_trajectory/")):
            return np.add.reduceat(array, starts, axis=0)
        if axis == "row":
            return array[starts]
        if axis == "pair":  # degrees: those of the group's first row
            return self._ordered(name, self._order[starts])
        if axis == "node":
            ends = np.cumsum(self._lengths["node"][self._order])
            begins = ends - self._lengths["node"][self._order]
            return np.concatenate(
                [array[begins[low] : ends[high - 1]].reshape(high - low, -1).sum(axis=0) for low, high in self._groups]
            )
        return array

    @functools.cached_property
    def _pooled(self) -> dict[str, np.ndarray]:
        lengths, value, count = (self._ordered(f"histogram/{name}") for name in ("length", "value", "count"))
        flat = lengths.reshape(len(lengths), -1).astype(np.int64)
        first = (np.cumsum(flat.ravel()) - flat.ravel()).reshape(flat.shape)
        pooled = [stats.narrow(*stats.pool(flat[low:high], first[low:high], value, count)) for low, high in self._groups]
        return {
            "histogram/length": np.stack([part[0] for part in pooled]).reshape(len(pooled), *lengths.shape[1:]),
            "histogram/value": np.concatenate([part[1] for part in pooled]),
            "histogram/count": np.concatenate([part[2] for part in pooled]),
        }


def concatenate(parts: Sequence[Tables]) -> dict[str, np.ndarray]:
    """Join results along their first axis."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
