"""The reading side of measured networks: what each of them is like, and the means over networks with their intervals."""

import functools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scfast import storage
from scfast.reading import Reading
from scfast.topology import MEASURES, Topology

if TYPE_CHECKING:
    import pandas as pd

    from scfast.network import Network

WHOLE = ("n_sources", "triangles", "wedges", "n_components", "largest_component", "cut_off")
REAL = (
    *("path_error", "local_clustering", "degree_assortativity", "type_assortativity", "spectral_radius", "pressure"),
    *("ks_exponent", "ks_distance", "ks_p", "ks_low", "ks_high"),
)
SHARES = ("ks_p", "connected", "efficiency", "transitivity", "clustering", "crossing", "largest")
SIGNED = ("degree_assortativity", "type_assortativity", "crossing_effect", "control_effect")
"""Measures from 0 to 1, and those that may be below 0: intervals do not go beyond."""
RAGGED = {"distances": "n_distances", "uncrossed": "n_uncrossed", "control": "n_control", "core_sizes": "n_cores"}
"""Arrays of a Topology that are stored as they are, and the columns of their lengths."""


def columns(found: Topology, n_types: int) -> dict[str, np.ndarray]:
    """A topology by the schema of storage, as one row; what is by type filled up with zeros to `n_types`.

    Parameters
    ----------
    found : Topology
    n_types : int
        Not less than its own.
    """
    spare = n_types - len(found.type_names)
    degrees = np.flatnonzero(found.degrees.sum(axis=0))
    values: dict[str, Any] = {name: [getattr(found, name)] for name in (*WHOLE, *REAL)}
    values |= {name: getattr(found, name) for name in RAGGED}
    values |= {length: [len(getattr(found, name))] for name, length in RAGGED.items()}
    values["tier_edges"] = np.pad(found.tier_edges, (0, spare))[None]
    values["n_degrees"] = [len(degrees)]
    values["degree"] = degrees
    values["degree_nodes"] = np.pad(found.degrees[:, degrees].T, ((0, 0), (0, spare)))
    return {f"topology/{name}": np.asarray(value) for name, value in values.items()}


class Study(Reading):
    """Measures of grown or loaded networks (``sf.run`` and ``sf.load`` make it of a configuration with [topology]).

    Attributes
    ----------
    config : dict
        The resolved configuration.
    cells : list of dict
        One dict per cell: series.name, the swept keys and their values, topology.model, as far as there are such.
    seed : int
        Root seed.
    type_names : tuple of str
        Node types of the configured network.
    types : list of tuple of str
        Node types of the networks of each cell.
    n_cells, n_networks : int
        Cells, and networks in each.
    done, total : int
        Networks that are finished, over all cells, and that there are.
    digest : str
        SHA-256 over all stored numbers: equal for equal results, whatever computed them.

    Examples
    --------
    >>> import scfast as sf
    >>> text = "[network]\\nn_nodes=60\\n[topology]\\n[sweep]\\nnetwork.theta=[0.1, inf]\\n[run]\\nnetworks=3\\nseed=5"
    >>> study = sf.run(sf.Config.from_text(text))
    >>> [round(float(study.networks["crossing"][study.networks["cell"] == cell].mean()), 2) for cell in (0, 1)]
    [0.02, 0.0]
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        tables: storage.Tables,
        folder: Path | None = None,
        *,
        loaded: "Network | None" = None,
        digest: str | None = None,
    ) -> None:
        super().__init__(manifest, tables, folder, loaded=loaded, digest=digest)
        self.types = [tuple(names) for names in manifest["types"]]
        self._topologies: dict[int, Topology] = {}

    def __repr__(self) -> str:
        where = f", {str(self.folder)!r}" if self.folder else ""
        return f"Study({self.n_cells} cells, {self.n_networks} networks, {self.done} of {self.total} done{where})"

    def topologies(self, cell: int = 0) -> list[Topology]:
        """What was measured of each finished network of a cell, in the networks' order.

        Raises
        ------
        ValueError
            There is no such cell.
        """
        return [self._topology(int(row)) for row in self.rows(cell)]

    def _topology(self, row: int) -> Topology:
        if row not in self._topologies:
            self._topologies[row] = self._restored(row)
        return self._topologies[row]

    def _restored(self, row: int) -> Topology:
        """The inverse of :func:`columns`."""
        own: dict[str, Any] = {name: self.tables[f"topology/{name}"][row].item() for name in (*WHOLE, *REAL)}
        own |= {name: self.tables[f"topology/{name}"][self._part(length, row)] for name, length in RAGGED.items()}
        names = self.types[self.tables["rows/cell"][row]]
        n = len(names)
        part = self._part("n_degrees", row)
        degree = self.tables["topology/degree"][part]
        degrees = np.zeros((n, int(degree.max(initial=0)) + 1), np.int64)
        degrees[:, degree] = self.tables["topology/degree_nodes"][part, :n].T
        return Topology(
            n_nodes=int(self.tables["rows/n_nodes"][row]),
            n_edges=int(self.tables["rows/n_edges"][row]),
            type_names=names,
            degrees=degrees,
            tier_edges=self.tables["topology/tier_edges"][row, :n, :n],
            **own,
        )

    def _part(self, length: str, row: int) -> slice:
        """A row's entries of an array whose rows are of unequal length."""
        ends = self._ends[length]
        return slice(int(ends[row]), int(ends[row + 1]))

    @functools.cached_property
    def _ends(self) -> dict[str, np.ndarray]:
        lengths = {name: self.tables[f"topology/{name}"] for name in ("n_degrees", *RAGGED.values())}
        return {name: np.concatenate(([0], np.cumsum(values, dtype=np.int64))) for name, values in lengths.items()}

    @property
    def keys(self) -> list[str]:
        """The swept keys of all cells, each once."""
        every = {key: None for cell in self.cells for key in cell}
        return [key for key in every if key not in ("series.name", "topology.model")]

    @functools.cached_property
    def networks(self) -> "pd.DataFrame":
        """One row per finished network of each cell.

        Columns: ``cell``, ``network``, ``series`` ("" without), ``model`` (kind of growth model, or file), ``n_nodes``,
        ``n_edges``; the swept keys of all cells, NaN in cells without; :data:`scfast.topology.MEASURES`; ``pressure``; and
        ``mean_degree.TYPE`` for each type of any cell, NaN where there is none.
        """
        import pandas as pd

        records = []
        for cell, values in enumerate(self.cells):
            numbers = self.tables["rows/network"][self.rows(cell)] if self.done else ()
            head = {
                "series": values.get("series.name", ""),
                "model": self.manifest["networks"][cell]["kind"],
                **{key: math.inf if values.get(key) == "inf" else values.get(key, math.nan) for key in self.keys},
            }
            for network, found in zip(numbers, self.topologies(cell), strict=True):
                place = {"cell": cell, "network": int(network), "n_nodes": found.n_nodes, "n_edges": found.n_edges}
                by_type = zip(found.type_names, found.type_mean_degree.tolist(), strict=True)
                own = found.measures() | {"pressure": found.pressure}
                records.append(place | head | own | {f"mean_degree.{name}": mean for name, mean in by_type})
        every = dict.fromkeys(name for names in self.types for name in names)
        order = ["cell", "network", "series", "model", "n_nodes", "n_edges", *self.keys, *MEASURES, "pressure"]
        return pd.DataFrame.from_records(records, columns=[*order, *(f"mean_degree.{name}" for name in every)])

    def summary(self, level: float = 0.95) -> "pd.DataFrame":
        """One row per cell and measure: the mean over networks with its interval (Student's t, cut where values end).

        Columns: ``cell``, ``series``, ``model``, ``n_nodes``, the swept keys, ``measure``, ``mean``, ``low``, ``high``; ``sd`` over
        networks; ``n``, the networks of which the measure is known; ``unit``. Measures that no network of a cell has are left out.

        Raises
        ------
        ValueError
            `level` not in (0, 1).
        """
        import pandas as pd
        from scipy.special import stdtrit

        if not 0 < level < 1:
            raise ValueError(f"level = {level!r}: must be between 0 and 1, both excluded")
        frame = self.networks
        about = ["cell", "series", "model", "n_nodes", *self.keys]
        measured = [*MEASURES, "pressure", *(name for name in frame if str(name).startswith("mean_degree."))]
        head = frame[about].groupby("cell", sort=True).first().reset_index() if len(frame) else frame[about]
        long = frame.melt(id_vars=["cell"], value_vars=measured, var_name="measure").dropna(subset=["value"])
        groups = (
            long.astype({"value": float}).groupby(["cell", "measure"])["value"].agg(mean="mean", sd="std", n="count").reset_index()
        )
        half = groups["sd"] / np.sqrt(groups["n"]) * stdtrit(np.maximum(groups["n"] - 1, 1), 0.5 + level / 2)
        least = np.where(groups["measure"].isin(SIGNED), -np.inf, 0.0)
        most = np.where(groups["measure"].isin(SHARES), 1.0, np.inf)
        groups = groups.assign(low=np.maximum(groups["mean"] - half, least), high=np.minimum(groups["mean"] + half, most))
        groups["unit"] = [MEASURES.get(name, ("", ""))[1] for name in groups["measure"]]
        place = {name: k for k, name in enumerate(measured)}
        groups = groups.sort_values(
            ["cell", "measure"], key=lambda column: column.map(place) if column.name == "measure" else column
        )
        whole = head.merge(groups, on="cell", how="inner")
        return pd.DataFrame(whole[[*about, "measure", "mean", "low", "high", "sd", "n", "unit"]])
