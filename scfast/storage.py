"""Results on disk: the manifest, immutable checksummed shards, and the one file that they merge into.

A results folder holds

- ``manifest.json``: resolved configuration, run id, versions; written once.
- ``network.h5``: a copy of the network, where the configuration reads one from files.
- ``shards/*.h5``: each the results of some tasks, with a sidecar ``*.json`` of its checksum and content digest.
- ``results.h5``: all shards merged, with its sidecar.

A file is built in memory, written under a temporary name, synced, and published by an atomic link: what has its name is whole, and
is never changed. All files of results have one layout, :data:`SCHEMA`: arrays joined along their first axis, whole numbers only.
"""

import contextlib
import hashlib
import io
import itertools
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from scfast import __version__, stats
from scfast.network import Network
from scfast.parameters import STATES

NUMBERS_VERSION = 1
"""Raised whenever the numbers that a configuration gives change."""

Tables = dict[str, np.ndarray]


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
    "histogram/value": Column("i4", ("pair",), "bins", "nodes in the state, shifted right by bin_shift"),
    "histogram/count": Column("i4", ("pair",), "replicates", "replicates with this value"),
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
    "degree/length": Column("i4", ("row",), "pairs", "pairs (value, count) of each row, one after another"),
    "degree/value": Column("i4", ("pair",), "partners", "degree"),
    "degree/count": Column("i4", ("pair",), "nodes", "nodes with this degree"),
    "raw/counts": Column("i4", ("replicate", "step", "state"), "nodes", "every replicate's trajectory"),
}

_LAYOUT = (
    "Arrays run along their first axis row by row: a row is the replicates of one network in one cell. Axis 'replicate' has "
    "rows/n_replicates entries per row, axis 'node' rows/n_nodes, axis 'pair' the sum of the group's 'length'. Whole numbers only; "
    "means, variances, intervals and quantiles are derived from them."
)


class StorageError(ValueError):
    """A results folder cannot be used as asked: one line that says which file and why."""


def content_digest(tables: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and values: equal for equal results, however they came about."""
    digest = hashlib.sha256()
    for name in sorted(tables):
        array = np.ascontiguousarray(tables[name], np.dtype(SCHEMA[name].dtype).newbyteorder("<"))
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _file_bytes(tables: Mapping[str, np.ndarray], attributes: Mapping[str, Any], type_names: Iterable[str]) -> memoryview:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=("v110", "v110")) as file:
        file.attrs.update(attributes)
        file.attrs["layout"] = _LAYOUT
        file.attrs["state"] = np.array(STATES, "S")
        file.attrs["type"] = np.array([name.encode() for name in type_names], "S")
        for name, array in tables.items():
            column = SCHEMA[name]
            data = np.ascontiguousarray(array, np.dtype(column.dtype).newbyteorder("<"))
            dataset = _write(file, name, data)
            dataset.attrs["unit"] = column.unit
            dataset.attrs["meaning"] = column.meaning
            dataset.attrs["axes"] = ", ".join(column.axes)
            for dimension, axis in zip(dataset.dims, column.axes, strict=True):
                dimension.label = axis
    return buffer.getbuffer()


def _write(file: Any, name: str, data: np.ndarray) -> Any:
    if data.size == 0:
        return file.create_dataset(name, data=data, track_times=False)
    # chunks of at most a few MiB, whole in all axes but the first
    rows = max(1, min(len(data), (4 << 20) // max(data.nbytes // len(data), 1)))
    return file.create_dataset(name, data=data, chunks=(rows, *data.shape[1:]), fletcher32=True, track_times=False)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(path: Path, data: bytes | memoryview) -> bool:
    """Give `data` the name `path`, whole or not at all; False if the name was taken already."""
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o644)
        try:
            os.link(scratch, path)
        except FileExistsError:
            return False
        except OSError:  # no hard links on this file system
            if path.exists():
                return False
            os.replace(scratch, path)
        _sync_folder(path.parent)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)


def _sidecar(path: Path) -> Path:
    return path.with_suffix(".json")


def publish_tables(path: Path, tables: Tables, run_id: str, type_names: Iterable[str]) -> None:
    """Publish results with their sidecar; equal content that is there already is accepted, other content is an error."""
    content = content_digest(tables)
    attributes = {"format": "scfast results 1", "run_id": run_id, "numbers_version": NUMBERS_VERSION, "scfast": __version__}
    data = _file_bytes(tables, attributes, type_names)
    if not publish(path, data):
        there = read_tables(path)
        if content_digest(there) != content:
            raise StorageError(f"{path}: other results for the same tasks are there already")
        data = memoryview(path.read_bytes())
    note = {"sha256": hashlib.sha256(data).hexdigest(), "content": content, "run_id": run_id}
    publish(_sidecar(path), (json.dumps(note, indent=1) + "\n").encode())


def read_tables(path: Path, names: Iterable[str] | None = None) -> Tables:
    """The arrays of a results file, all or some; StorageError if it is damaged or not one of ours."""
    try:
        with h5py.File(path, "r") as file:
            if not str(file.attrs.get("format", "")).startswith("scfast results"):
                raise StorageError(f"{path}: not a results file of scfast")
            found: Tables = {}
            for name in SCHEMA if names is None else names:
                if name in file:
                    if file.get(name, getlink=True).__class__ is not h5py.HardLink:
                        raise StorageError(f"{path}: {name} is a link to somewhere else")
                    dataset = file[name]
                    if dataset.dtype.kind not in "iu" or dataset.ndim != len(SCHEMA[name].axes) or dataset.external:
                        raise StorageError(f"{path}: {name} is not what the schema says")
                    found[name] = dataset[...]
            return found
    except (OSError, RuntimeError, KeyError) as error:
        raise StorageError(f"{path}: damaged or not an HDF5 file ({str(error).splitlines()[0]})") from None


def verify(path: Path, run_id: str) -> dict[str, Any] | None:
    """The sidecar of a published results file, or None if either is missing or damaged.

    Raises
    ------
    StorageError
        The file is whole, but belongs to another run.
    """
    try:
        note = json.loads(_sidecar(path).read_bytes())
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != note["sha256"]:
            return None
        owner = note["run_id"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if owner != run_id:
        raise StorageError(f"{path}: belongs to another run ({owner[:12]}, this is {run_id[:12]})")
    return note


def set_aside(path: Path) -> Path | None:
    """Rename a damaged file, with its sidecar, so that its place is free; the new name, or None if there was nothing."""
    moved = None
    for file in (path, _sidecar(path)):
        for k in range(10_000):
            target = file.with_name(f"{file.name}.damaged-{k}")
            if not target.exists():
                with contextlib.suppress(FileNotFoundError):
                    os.replace(file, target)
                    moved = target if file == path else moved
                break
    return moved


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a results folder; None if there is none; StorageError if it cannot be read."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["format"] != "scfast manifest 1":
            raise ValueError
        return manifest
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise StorageError(f"{folder}: not a folder") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise StorageError(f"{path}: not a manifest of scfast") from None


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest if there is none yet; returns the one that is there."""
    try:
        (folder / "shards").mkdir(parents=True, exist_ok=True)
        publish(folder / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written ({error.strerror or error})") from None
    there = read_manifest(folder)
    assert there is not None
    return there


def write_network(path: Path, network: Network) -> None:
    """Keep a copy of a loaded network beside its results."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=("v110", "v110")) as file:
        file.attrs["format"] = "scfast network 1"
        file.attrs["type"] = np.array([name.encode() for name in network.type_names], "S")
        file.attrs["notes"] = "\n".join(network.notes)
        arrays: Tables = {"indptr": network.indptr, "indices": network.indices, "types": network.types}
        if network.fitness is not None:
            arrays["fitness"] = network.fitness
        if network.names is not None:
            arrays["names"] = network.names
        # columns may have any name, a slash in it too: they are numbered, and carry their name
        arrays |= {f"attributes/{k:04d}": values for k, values in enumerate(network.attributes.values())}
        for name, array in arrays.items():
            _write(file, name, np.char.encode(array.astype(str), "utf-8") if array.dtype.kind not in "iufb" else array)
        for k, name in enumerate(network.attributes):
            file[f"attributes/{k:04d}"].attrs["name"] = name
    publish(path, buffer.getbuffer())


def read_network_copy(path: Path) -> Network:
    """The network that :func:`write_network` kept."""

    def decoded(dataset: Any) -> np.ndarray:
        data = dataset[...]
        return np.char.decode(data, "utf-8") if data.dtype.kind == "S" else data

    try:
        with h5py.File(path, "r") as file:
            arrays = {name: decoded(file[name]) for name in file if name != "attributes"}
            columns = file["attributes"].values() if "attributes" in file else ()
            attributes = {str(column.attrs["name"]): decoded(column) for column in columns}
            return Network(
                arrays["indptr"],
                arrays["indices"],
                arrays["types"],
                tuple(name.decode() for name in file.attrs["type"]),
                fitness=arrays.get("fitness"),
                names=arrays.get("names"),
                attributes=attributes,
                notes=tuple(str(file.attrs["notes"]).splitlines()),
            )
    except (OSError, KeyError, ValueError) as error:
        raise StorageError(f"{path}: damaged or missing ({str(error).splitlines()[0]})") from None


class FileTables(Mapping[str, np.ndarray]):
    """The arrays of a results file, each read when first asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: Tables = {}
        with h5py.File(path, "r") as file:
            self._names = tuple(name for name in SCHEMA if name in file)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._read:
            self._read |= read_tables(self._path, [name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def concatenate(parts: Iterable[Tables]) -> Tables:
    """Join results along their first axis."""
    tables = list(parts)
    return {name: np.concatenate([part[name] for part in tables]) for name in tables[0]}


def _segments(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ends = np.cumsum(lengths)
    return ends - lengths, ends


def _take_segments(array: np.ndarray, lengths: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The segments of a ragged array in another order."""
    if np.array_equal(order, np.arange(len(order))):
        return array
    first, last = _segments(lengths)
    pieces = [array[first[k] : last[k]] for k in order]
    return np.concatenate(pieces) if pieces else array[:0]


def _groups(keys: np.ndarray) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
    bounds = [0, *edges.tolist(), len(keys)]
    return itertools.pairwise(bounds)


def select_rows(tables: Tables, order: np.ndarray) -> Tables:
    """Some of the rows, in the order given, with all that belongs to them."""
    lengths = {"replicate": tables["rows/n_replicates"], "node": tables["rows/n_nodes"]}
    rows = len(lengths["node"])
    for group in ("histogram", "degree"):
        lengths[group] = tables[f"{group}/length"].reshape(rows, -1).sum(axis=1, dtype=np.int64)
    chosen: Tables = {}
    for name, array in tables.items():
        axis = SCHEMA[name].axes[0]
        key = name.split("/")[0] if axis == "pair" else axis
        chosen[name] = array[order] if axis == "row" else _take_segments(array, lengths[key], order)
    return chosen


def merge_tables(tables: Tables) -> Tables:
    """Sort rows by cell and network and add up the rows of one network and cell; exact, whatever the order.

    Raises
    ------
    StorageError
        Replicates are missing or doubled within a row, or parts of it were made on different networks.
    """
    ordered = select_rows(tables, np.lexsort((tables["rows/first_replicate"], tables["rows/network"], tables["rows/cell"])))
    keys = np.column_stack((ordered["rows/cell"], ordered["rows/network"]))
    groups = list(_groups(keys))
    for low, high in groups:
        size = ordered["rows/n_replicates"][low:high]
        if not np.array_equal(ordered["rows/first_replicate"][low:high], np.cumsum(size) - size):
            raise StorageError(f"cell {keys[low, 0]}, network {keys[low, 1]}: replicates are missing or doubled")
        digests = ordered["rows/network_digest"][low:high]
        if (digests != digests[0]).any():
            raise StorageError(f"cell {keys[low, 0]}, network {keys[low, 1]}: parts were made on different networks")
    return ordered if len(groups) == len(keys) else _collapse(ordered, groups)


def _collapse(tables: Tables, groups: list[tuple[int, int]]) -> Tables:
    """Add up neighbouring rows that belong to one network and cell."""
    starts = np.array([low for low, _ in groups])
    summed = ("rows/n_replicates", "trajectory/", "type_trajectory/")
    merged: Tables = {}
    for name, array in tables.items():
        axis = SCHEMA[name].axes[0]
        if name.startswith(summed):
            merged[name] = np.add.reduceat(array, starts, axis=0)
        elif axis == "row" and name != "histogram/length":
            merged[name] = array[starts]
        elif axis == "replicate":
            merged[name] = array
    nodes_first, nodes_last = _segments(tables["rows/n_nodes"])
    for name in tables:
        if SCHEMA[name].axes[0] == "node":
            merged[name] = np.concatenate(
                [tables[name][nodes_first[low] : nodes_last[high - 1]].reshape(high - low, -1).sum(axis=0) for low, high in groups]
            )
    degree_first, degree_last = _segments(tables["degree/length"])
    for name in ("degree/value", "degree/count"):
        merged[name] = np.concatenate([tables[name][degree_first[low] : degree_last[low]] for low in starts])
    lengths = tables["histogram/length"]
    flat = lengths.reshape(len(lengths), -1).astype(np.int64)
    first = (np.cumsum(flat.ravel()) - flat.ravel()).reshape(flat.shape)
    value, count = tables["histogram/value"], tables["histogram/count"]
    pooled = [stats.pool(flat[low:high], first[low:high], value, count) for low, high in groups]
    merged["histogram/length"] = np.stack([length for length, _, _ in pooled]).reshape(len(groups), *lengths.shape[1:])
    merged["histogram/value"] = np.concatenate([values for _, values, _ in pooled])
    merged["histogram/count"] = np.concatenate([counts for _, _, counts in pooled])
    return {name: merged[name] for name in tables}
