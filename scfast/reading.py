"""What reading any results has in common: the manifest, the tables, which networks are done, and the networks themselves."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scfast import storage
from scfast.parameters import MODELS
from scfast.tables import KeptTables

if TYPE_CHECKING:
    from scfast.network import Network


class Reading:
    """Results of any kind, as :class:`scfast.Result` and :class:`scfast.Study` open them."""

    def __init__(
        self,
        manifest: Mapping[str, Any],
        tables: storage.Tables,
        folder: Path | None = None,
        *,
        loaded: "Network | None" = None,
        digest: str | None = None,
    ) -> None:
        self.manifest = manifest
        self.tables = KeptTables(tables)
        self._digest, self._source = digest, tables
        self.folder = folder
        self.config: dict[str, Any] = manifest["config"]
        self.cells: list[dict[str, Any]] = manifest["cells"]
        self.seed: int = manifest["seed"]
        self.type_names = tuple(manifest["type_names"])
        self.n_cells = len(self.cells)
        self.n_networks: int = manifest["n_networks"]
        self._networks: dict[Any, Network] = {} if loaded is None else {"file": loaded}
        self.done = len(tables["rows/cell"]) if tables else 0
        self.total = self.n_cells * self.n_networks

    @property
    def complete(self) -> bool:
        """Whether all that the configuration asks for is there."""
        return self.done == self.total

    @property
    def digest(self) -> str:
        """SHA-256 over all stored numbers."""
        if self._digest is None:
            self._digest = storage.content_digest(self._source)
        return self._digest

    def label(self, cell: int) -> str:
        """The swept values of a cell, in one line."""
        return ", ".join(f"{key} = {value}" for key, value in self.cells[cell].items() if value != "") or "as configured"

    def rows(self, cell: int) -> np.ndarray:
        """Rows of the tables that belong to a cell, one per finished network.

        Raises
        ------
        ValueError
            There is no such cell.
        """
        if not 0 <= cell < self.n_cells:
            raise ValueError(f"cell = {cell}: must be between 0 and {self.n_cells - 1}")
        if not self.done:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.tables["rows/cell"] == cell)

    def finished_rows(self, cell: int) -> np.ndarray:
        """As :meth:`rows`, of a cell of which something is finished; ValueError where nothing is."""
        rows = self.rows(cell)
        if not len(rows):
            raise ValueError(f"cell = {cell}: nothing of it is finished yet")
        return rows

    def network(self, cell: int = 0, network: int = 0) -> "Network":
        """The network itself: grown again from its seed, or the kept copy of the one that was read from files.

        Raises
        ------
        ValueError
            There is no such cell or network, or it is not the one that the results were made on (growth promises equal bits on
            one platform only).
        """
        if not 0 <= network < self.n_networks:
            raise ValueError(f"network = {network}: must be between 0 and {self.n_networks - 1}")
        mine = self.rows(cell)
        spec = self.manifest["networks"][cell]
        key = "file" if spec["kind"] == "file" else (repr(spec), network)
        if key not in self._networks:
            if len(self._networks) >= 8:
                self._networks.pop(next(iter(self._networks)))
            self._networks[key] = self._made(spec, network)
        found = self._networks[key]
        row = mine[self.tables["rows/network"][mine] == network] if len(mine) else mine
        if len(row) and self.tables["rows/network_digest"][row[0]].tobytes().hex() != found.digest():
            raise storage.StorageError(f"network {network} of cell {cell}: cannot be made again here as it was in the run")
        return found

    def _made(self, spec: Mapping[str, Any], network: int) -> "Network":
        if spec["kind"] == "file":
            assert self.folder is not None
            return storage.read_network_copy(self.folder / "network.h5")
        from scfast.growth import grow

        fields = dict(spec)
        model: Any = MODELS[fields.pop("kind")]
        n_nodes = fields.pop("n_nodes")
        return grow(model(**fields), n_nodes, self.seed, network=network)
