"""Results on disk: the manifest, immutable checksummed shards, and the one file that they merge into.

A results folder holds

- ``manifest.json``: resolved configuration, run id, versions; written once.
- ``network.h5``: a copy of the network, where the configuration reads one from files.
- ``shards/*.h5``: each the results of some tasks, bare, with a sidecar ``*.json`` of its checksum and content digest.
- ``results.h5``: all shards merged, with units and meanings, and its sidecar.

A file is written under a temporary name, synced, and published by an atomic link: what has its name is whole, and is never
changed. All files of results have one layout, :data:`scfast.tables.SCHEMA`: arrays joined along their first axis, whole numbers
wherever that can be.
"""

import contextlib
import errno
import fcntl
import hashlib
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, cast

import h5py
import numpy as np

from scfast import __version__
from scfast.network import Network
from scfast.parameters import STATES
from scfast.tables import LAYOUT
from scfast.tables import SCHEMA as SCHEMA
from scfast.tables import StorageError as StorageError
from scfast.tables import Tables as Tables

NUMBERS_VERSION = 4
"""Raised whenever the numbers that a configuration gives change, or how they are stored."""

_FORMAT = "scfast results 1"
_WITHOUT = "once it is removed, 'scfast run' with the same configuration writes it anew and keeps what is whole"
_MANIFEST_KEYS = {
    *(
        "run_id",
        "numbers_version",
        "config",
        "cells",
        "networks",
        "seed",
        "type_names",
        "network_digest",
        "network_notes",
    ),
    *("n_networks", "n_shards"),
}
_DYNAMICS_KEYS = {"n_replicates", "n_steps", "record"}


class ForeignError(StorageError):
    """A file is whole, but belongs to another run."""


def _array_digest(name: str, array: np.ndarray) -> str:
    return hashlib.sha256(f"{name} {array.dtype.str} {array.shape}\n".encode() + hashlib.sha256(array.data).digest()).hexdigest()


def _stored(name: str, array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, np.dtype(SCHEMA[name].dtype).newbyteorder("<"))


def _joined(digests: Mapping[str, str]) -> str:
    return hashlib.sha256("\n".join(digests[name] for name in sorted(digests)).encode()).hexdigest()


def run_id(config: Mapping[str, Any], network_digest: str | None) -> str:
    """Hash of what the numbers are a function of: a resolved configuration, the loaded network, NUMBERS_VERSION."""
    identity = {name: section for name, section in config.items() if name != "base"}
    if network_digest is not None:
        identity["network"] = {"kind": "file", "digest": network_digest}
    identity["numbers_version"] = NUMBERS_VERSION
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def content_digest(tables: Tables) -> str:
    """SHA-256 over names, types, shapes and values: equal for equal results, however they came about."""
    return _joined({name: _array_digest(name, _stored(name, tables[name])) for name in tables})


class _Patient:
    """A file for HDF5 to write to that never fails, as the library ends the process when one does: the error is kept for later."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: BaseException | None = None

    def _try(self, act: Callable[[], Any], otherwise: Any) -> Any:
        if self.error is None:
            try:
                return act()
            except BaseException as error:  # an interrupt, too
                self.error = error
        return otherwise

    def write(self, data: Any) -> int:
        return self._try(lambda: self._file.write(data), len(data))

    def read(self, size: int = -1) -> bytes:
        return self._try(lambda: self._file.read(size), b"")

    def readinto(self, buffer: Any) -> int:
        return self._try(lambda: self._file.readinto(buffer), len(buffer))  # type: ignore[attr-defined]

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._try(lambda: self._file.seek(offset, whence), offset)

    def tell(self) -> int:
        return self._try(self._file.tell, 0)

    def truncate(self, size: int | None = None) -> int:
        return self._try(lambda: self._file.truncate(size), size or 0)

    def flush(self) -> None:
        self._try(self._file.flush, None)


def write_tables(target: BinaryIO, tables: Tables, run_id: str, name: str, type_names: Iterable[str] | None) -> str:
    """Write results as HDF5, one dataset after another, so that no more than one need be in memory; returns the content digest.

    `name` is the file's, without its ending: one that was copied over another is not believed. With `type_names`, units, axes and
    meanings are written, too, which takes as long again.
    """
    digests = {}
    patient = _Patient(target)
    with ThreadPoolExecutor(1) as beside, h5py.File(patient, "w", libver=("v110", "v110")) as file:
        file.attrs["format"] = _FORMAT
        file.attrs["run_id"] = run_id
        file.attrs["name"] = name
        file.attrs["numbers_version"] = NUMBERS_VERSION
        file.attrs["scfast"] = __version__
        if type_names is not None:
            file.attrs["layout"] = LAYOUT
            file.attrs["state"] = np.array(STATES, "S")
            file.attrs["type"] = np.array([name.encode() for name in type_names], "S")
        for key in tables:
            column = SCHEMA[key]
            data = _stored(key, tables[key])
            digest = beside.submit(_array_digest, key, data)
            dataset = _write(file, key, data)
            if type_names is not None:
                dataset.attrs["unit"] = column.unit
                dataset.attrs["meaning"] = column.meaning
                dataset.attrs["axes"] = ", ".join(column.axes)
                for dimension, axis in zip(dataset.dims, column.axes, strict=True):
                    dimension.label = axis
            digests[key] = digest.result()
    if patient.error is not None:
        raise patient.error
    return _joined(digests)


def _write(file: Any, name: str, data: np.ndarray) -> Any:
    if data.size == 0:
        return file.create_dataset(name, data=data, track_times=False)
    # chunks of at most a few MiB, whole in all axes but the first
    rows = max(1, min(len(data), (4 << 20) // max(data.nbytes // len(data), 1)))
    return file.create_dataset(name, data=data, chunks=(rows, *data.shape[1:]), fletcher32=True, track_times=False)


def _process() -> str:
    return f"{os.uname().nodename}-{os.getpid()}"


def sweep(folder: Path) -> None:
    """Remove what processes that are no more had begun to write: nobody holds it, and its process is dead or a minute is past."""
    for path in folder.glob(".*.*-*.*"):
        host, _, number = path.name.rpartition(".")[0].rpartition("-")
        if not number.isdecimal():
            continue
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            dead = host.endswith(f".{os.uname().nodename}") and not Path(f"/proc/{number}").exists() and Path("/proc/self").exists()
            if dead or time.time() - path.stat().st_mtime > 60:
                path.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(path: Path, write: Callable[[BinaryIO], Any], *, over: bool = False) -> bool:
    """Give what `write` writes the name `path`, whole or not at all; False if the name was taken already (`over`: replace it)."""
    scratch = ""
    try:
        handle, scratch = tempfile.mkstemp(prefix=f".{path.name}.{_process()}.", dir=path.parent)
        with os.fdopen(handle, "w+b") as file:
            with contextlib.suppress(OSError):  # says that somebody is at it, where locks are known
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            write(file)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(scratch, 0o644)
            if over:
                os.replace(scratch, path)
            elif not _link(scratch, path):
                return False
        _sync_folder(path.parent)
        return True
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)


def _link(scratch: str, path: Path) -> bool:
    try:
        os.link(scratch, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        # no hard links on this file system: two that publish in the same instant would not see each other
        if path.exists():
            return False
        os.replace(scratch, path)
    return True


def _publish_json(path: Path, content: Mapping[str, Any], *, over: bool = False) -> bool:
    return publish(path, lambda file: file.write((json.dumps(content, indent=1) + "\n").encode()), over=over)


def _sidecar(path: Path) -> Path:
    return path.with_suffix(".json")


def publish_tables(path: Path, tables: Tables, run_id: str, type_names: Iterable[str] | None = None) -> None:
    """Publish results with their sidecar; equal content that is there already is accepted, other content is an error."""
    note: dict[str, Any] = {}

    def write(file: BinaryIO) -> None:
        content = write_tables(file, tables, run_id, path.stem, type_names)
        file.seek(0)
        note.update(_note(path, hashlib.file_digest(cast(Any, file), "sha256").hexdigest(), file.tell(), content, run_id))

    while not publish(path, write):
        there = verify(path, run_id)
        if there is not None and there["content"] == note["content"]:
            return
        if there is not None:
            raise StorageError(f"{path}: other results for the same tasks are there already")
        set_aside(path)
    _publish_json(_sidecar(path), note, over=True)  # one that is there belongs to a file that is no more


def _note(path: Path, sha256: str, n_bytes: int, content: str, run_id: str) -> dict[str, Any]:
    note = {"name": path.stem, "sha256": sha256, "bytes": n_bytes, "content": content, "run_id": run_id}
    return {**note, "self": _text_digest(note)}


def read_tables(path: Path, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of a results file, all or some; StorageError if it is damaged or not one of ours."""
    with _open(path) as file:
        found = {}
        for name in SCHEMA if names is None else names:
            if _holds(file, name):
                found[name] = _whole(_dataset(path, file, name))
        return found


def _holds(file: Any, name: str) -> bool:
    """Whether there is a dataset; by HDF5's own calls, as h5py's take ten times as long, and there are thirty in each shard."""
    group, _, own = name.encode().partition(b"/")
    root = h5py.h5g.open(file.id, b"/")
    if not root.links.exists(group):
        return False
    held = h5py.h5g.open(root, group)
    return bool(held.links.exists(own))


def _dataset(path: Path, file: Any, name: str) -> Any:
    """A dataset that is in this very file, of whole numbers or floats as it should be, with as many axes as it should have."""
    group, _, own = name.encode().partition(b"/")
    hard = h5py.h5l.TYPE_HARD
    root = h5py.h5g.open(file.id, b"/")
    if root.links.get_info(group).type == hard:
        held = h5py.h5g.open(root, group)
        if held.links.get_info(own).type == hard:
            found = h5py.h5d.open(held, own)
            number = h5py.h5t.FLOAT if SCHEMA[name].dtype.startswith("f") else h5py.h5t.INTEGER
            good = found.get_type().get_class() == number and found.rank == len(SCHEMA[name].axes)
            if good and not found.get_create_plist().get_external_count():
                return h5py.Dataset(found)
    raise StorageError(f"{path}: {name} is not what the schema says")


def _whole(dataset: Any) -> np.ndarray:
    array = np.empty(dataset.id.shape, dataset.id.dtype)
    if array.size:
        dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, array)
    return array


@contextlib.contextmanager
def _open(path: Path) -> Iterator[Any]:
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != _FORMAT:
                raise StorageError(f"{path}: not a results file of scfast")
            yield file
    except (OSError, RuntimeError, KeyError) as error:
        raise StorageError(f"{path}: damaged or not an HDF5 file ({str(error).splitlines()[0]})") from None


def verify(path: Path, run_id: str) -> dict[str, Any] | None:
    """The sidecar of a published results file, or None if the file is missing or damaged.

    A file whose sidecar is not there (yet) was published whole: it is read, and gets one.

    Raises
    ------
    ForeignError
        The file is whole, but belongs to another run.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            note = json.loads(_sidecar(path).read_bytes())
        except FileNotFoundError:
            with _open(path) as file:
                owner, name = str(file.attrs["run_id"]), str(file.attrs["name"])
            note = _note(path.with_stem(name), digest, path.stat().st_size, content_digest(FileTables(path)), owner)
            with contextlib.suppress(OSError):  # no room, or not ours to write: the file is whole all the same
                _publish_json(_sidecar(path), note)
        if note.pop("self") != _text_digest(note) or digest != note["sha256"] or note["name"] != path.stem:
            return None
        owner = note["run_id"]
    except PermissionError as error:
        raise StorageError(f"{error.filename}: permission denied") from None
    except (FileNotFoundError, IsADirectoryError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if owner != run_id:
        raise ForeignError(f"{path}: belongs to another run ({owner[:12]}, this is {run_id[:12]})")
    return note


def _failure(path: Path) -> Path:
    return path.with_suffix(".failed.json")


def note_failure(path: Path, note: Mapping[str, str]) -> None:
    """Keep what became of a shard that could not be made."""
    forget_failure(path)
    _publish_json(_failure(path), note)


def forget_failure(path: Path) -> None:
    """As a shard is there, or is tried again."""
    if _failure(path).exists():
        _failure(path).unlink(missing_ok=True)


def failures(folder: Path) -> list[dict[str, str]]:
    """What was kept of shards that could not be made."""
    notes = []
    for path in sorted((folder / "shards").glob("*.failed.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(path.read_bytes())
            notes.append({name: str(note[name]) for name in ("tasks", "reason")})
    return notes


def looks_whole(path: Path) -> bool:
    """Whether a published file has the size that its sidecar says; for a quick look, not to believe it."""
    try:
        return bool(json.loads(_sidecar(path).read_bytes())["bytes"] == path.stat().st_size)
    except FileNotFoundError:  # as right after it was published
        return path.is_file()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


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


def _text_digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a results folder; None if there is none; StorageError if it cannot be read."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["format"] != "scfast manifest 1":
            raise ValueError
        if not manifest.keys() >= (_MANIFEST_KEYS if manifest.get("kind") == "topology" else _MANIFEST_KEYS | _DYNAMICS_KEYS):
            raise ValueError
        if manifest.pop("sha256", "") != _text_digest(manifest):
            raise StorageError(f"{path}: was changed after it was written; {_WITHOUT}")
        return manifest
    except StorageError:
        raise
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise StorageError(f"{folder}: not a folder") from None
    except PermissionError:
        raise StorageError(f"{path}: permission denied") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise StorageError(f"{path}: damaged or not a manifest of scfast; {_WITHOUT}") from None


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest if there is none yet; returns the one that is there."""
    try:
        (folder / "shards").mkdir(parents=True, exist_ok=True)
        _publish_json(folder / "manifest.json", {**manifest, "sha256": _text_digest(manifest)})
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
        arrays: dict[str, np.ndarray] = {"indptr": network.indptr, "indices": network.indices, "types": network.types}
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
    publish(path, lambda file: file.write(buffer.getbuffer()))


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


KEPT = 256 << 20
"""Bytes of arrays that are kept from the first opening of files that are merged."""


class FileTables(Mapping[str, np.ndarray]):
    """The arrays of a results file, each read whenever it is asked for; up to `keep` bytes of them at once."""

    def __init__(self, path: Path, keep: int = 0) -> None:
        self._path = path
        self._kept: dict[str, np.ndarray] = {}
        with _open(path) as file:
            self._names = tuple(name for name in SCHEMA if _holds(file, name))
            for name in self._names:
                dataset = _dataset(path, file, name)
                if (need := dataset.id.get_storage_size()) <= keep:
                    self._kept[name] = _whole(dataset)
                    keep -= need

    def __getitem__(self, name: str) -> np.ndarray:
        if name in self._kept:
            return self._kept[name]
        if name not in self._names:
            raise KeyError(name)
        return read_tables(self._path, [name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
