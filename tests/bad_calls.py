"""Calls of scfast that must fail, as bad_input.py and bad_risk.py list them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Bad:
    """A call of scfast that must fail.

    Attributes
    ----------
    arguments : list of str
        What follows ``scfast``, in a folder with nothing in it but what is named here.
    line : str
        What standard error must hold after ``scfast: ``.
    files : mapping of str to str or bytes
        Files that are there before.
    before : list of str
        Arguments of a call that must succeed first.
    damage : mapping of str to callable
        What becomes of files that this call left: their bytes to bytes, or to None for a file that is removed.
    """

    arguments: list[str]
    line: str
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    damage: Mapping[str, Callable[[bytes], bytes | None]] = field(default_factory=dict)

    def prepare(self, folder: Path, call: Callable[[list[str]], None]) -> None:
        """Lay out the folder, the working directory of `call`."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        if self.before:
            call(self.before)
        for name, change in self.damage.items():
            changed = change((folder / name).read_bytes())
            (folder / name).unlink()
            if changed is not None:
                (folder / name).write_bytes(changed)


def contents(folder: Path) -> dict[str, bytes | None]:
    """Everything under a folder: the bytes of files, None for folders."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


RUN = ["run", "c.toml", "-o", "r"]
EDGES = "source,target\na,b\nb,c\n"
NODES = "id,type,fitness,risk,size\na,maker,1,0.5,3\nb,shop,0.5,0.1,2\nc,shop,0.2,0,1\n"
FILE = "[network]\nkind='file'\nedges='edges.csv'\n"
BOTH = FILE + "nodes='nodes.csv'\n"
FEW = "[run]\nreplicates=64\nsteps=3\nseed=1\n"
TINY = f"[network]\nkind='barabasi_albert'\nn_nodes=20\n{FEW}networks=2\n"


def configured(text: str | bytes, line: str) -> Bad:
    """Wrong in the configuration alone."""
    return Bad(RUN, f"c.toml: {line}", {"c.toml": text})


def grown(text: str, line: str) -> Bad:
    """Wrong only for the networks or the memory that the configuration asks for."""
    return Bad(RUN, line, {"c.toml": text})


def drawn(edges: str | bytes, line: str, more: str = "") -> Bad:
    """Wrong in edges.csv, or in what the configuration says of it."""
    return Bad(RUN, line, {"c.toml": FILE + more, "edges.csv": edges})


def listed(nodes: str | bytes, line: str, more: str = "", edges: str = EDGES) -> Bad:
    """Wrong in nodes.csv, or in what the configuration says of it."""
    return Bad(RUN, line, {"c.toml": BOTH + more, "edges.csv": edges, "nodes.csv": nodes})


def called(arguments: str, line: str, **files: str) -> Bad:
    """Wrong on the command line."""
    return Bad(arguments.split(), line, {name.replace("_", "."): text for name, text in files.items()})


def left(
    arguments: str,
    line: str,
    before: str = "run c.toml -o r --jobs 1",
    text: str = TINY,
    damage: Mapping[str, Callable[[bytes], bytes | None]] | None = None,
    **files: str,
) -> Bad:
    """Wrong for, or with, the results that a run has left in the folder r."""
    there = {"c.toml": text, **{name.replace("_", "."): content for name, content in files.items()}}
    return Bad(arguments.split(), line, there, before.split(), damage or {})


def changed(manifest: bytes, **values: object) -> bytes:
    """A manifest with other values that looks as if it had been written so."""
    content = json.loads(manifest) | values
    del content["sha256"]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return json.dumps({**content, "sha256": digest}).encode()
