"""The reading side: what an ensemble gave, as arrays with named axes and as tables."""

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scfast import stats, storage
from scfast.parameters import STATES
from scfast.reading import Reading
from scfast.tables import MergedTables

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from scfast.network import Network
    from scfast.study import Study

OUTCOMES: dict[str, tuple[str, str]] = {
    "risk load": ("infected steps per node", "steps"),
    "eliminated": ("share of nodes eliminated at the last step", "share"),
    "attack rate": ("share of nodes ever infected, initial cases included", "share"),
    "peak": ("largest share of nodes infected at once", "share"),
    "peak step": ("first step at the peak", "steps"),
    "extinct": ("share of replicates in which risk died out", "share"),
    "extinction step": ("step at which risk died out, or the last step where it did not", "steps"),
}
"""Outcomes per replicate: name -> (meaning, unit)."""


class Result(Reading):
    """Statistics of an ensemble (``sf.run`` and ``sf.load`` make it).

    Axes are named in :attr:`axes`: `cell` (a point of the sweep), `network`, `replicate`, `step`, `state` (S, I, R, X), `type`.

    Attributes
    ----------
    config : dict
        The resolved configuration.
    cells : list of dict
        The swept keys and their values, one dict per cell; a single empty one without a sweep.
    seed : int
        Root seed.
    type_names : tuple of str
    n_cells, n_networks, n_replicates, n_steps : int
        Cells; networks; replicates on each network; time steps.
    done, total : int
        Pairs of a cell and a network that are finished, and that there are.
    digest : str
        SHA-256 over all stored numbers: equal for equal results, whatever computed them.

    Examples
    --------
    >>> import scfast as sf
    >>> text = "[network]\\nkind='barabasi_albert'\\nn_nodes=60\\n[run]\\nnetworks=3\\nreplicates=70\\nsteps=20\\nseed=5"
    >>> result = sf.run(sf.Config.from_text(text))
    >>> result.mean.shape, result.axes["state"]
    ((1, 21, 4), ('S', 'I', 'R', 'X'))
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
        self.n_replicates: int = manifest["n_replicates"]
        self.n_steps: int = manifest["n_steps"]
        self._histograms: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray, int]] = {}
        self._ends: dict[str, np.ndarray] = {}

    def __repr__(self) -> str:
        where = f", {str(self.folder)!r}" if self.folder else ""
        return (
            f"Result({self.n_cells} cells, {self.n_networks} networks x {self.n_replicates} replicates, {self.n_steps} steps, "
            f"{self.done} of {self.total} done{where})"
        )

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Labels of every axis."""
        return {
            "cell": tuple(range(self.n_cells)),
            "network": tuple(range(self.n_networks)),
            "replicate": tuple(range(self.n_replicates)),
            "step": tuple(range(self.n_steps + 1)),
            "state": STATES,
            "type": self.type_names,
        }

    def components(self, cell: int, group: str = "trajectory") -> stats.Components:
        """Mean, variance components and errors of the counts at each step: arrays (step, state), or (step, type, state).

        Parameters
        ----------
        cell : int
        group : "trajectory" or "type_trajectory"
        """
        rows = self.finished_rows(cell)
        if f"{group}/sum" not in self.tables:
            raise ValueError(f"group = {group!r}: was not recorded; run.record must hold 'types'")
        sums, squares = (self.tables[f"{group}/{name}"][rows] for name in ("sum", "sum_of_squares"))
        return replace(stats.components(self.tables["rows/n_replicates"][rows], sums, squares), bounds=(0.0, np.inf))

    def _stack(self, attribute: str, group: str = "trajectory") -> np.ndarray:
        shape: tuple[int, ...] = (self.n_steps + 1, len(STATES))
        if group == "type_trajectory":
            shape = (self.n_steps + 1, len(self.type_names), len(STATES))
        out = np.full((self.n_cells, *shape), np.nan)
        for cell in range(self.n_cells):
            if len(self.rows(cell)):
                out[cell] = getattr(self.components(cell, group), attribute)
        return out

    @functools.cached_property
    def mean(self) -> np.ndarray:
        """Mean nodes in each state, float64 (cell, step, state): the mean of the network means."""
        return self._stack("mean")

    @functools.cached_property
    def sem(self) -> np.ndarray:
        """Standard error of :attr:`mean`: over networks; with one network over replicates, conditional on it."""
        return self._stack("sem")

    @functools.cached_property
    def type_mean(self) -> np.ndarray:
        """Mean nodes of each type in each state, float64 (cell, step, type, state)."""
        return self._stack("mean", "type_trajectory")

    @functools.cached_property
    def variance(self) -> dict[str, np.ndarray]:
        """Variance of counts: `between` networks, `within`, `total`, each (cell, step, state); `negative`: where cut to 0."""
        return {name: self._stack(name) for name in ("between", "within", "total", "negative")}

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Confidence limits of :attr:`mean`, two arrays (cell, step, state): t over the network means.

        Raises
        ------
        ValueError
            `level` not in (0, 1).
        """
        limits = np.full((2, *self.mean.shape), np.nan)
        for cell in range(self.n_cells):
            if len(self.rows(cell)):
                limits[:, cell] = self.components(cell).interval(level)
        return limits[0], limits[1]

    def quantile(self, q: float) -> np.ndarray:
        """The q-quantile over all replicates of all networks, float64 (cell, step, state).

        By the inverted distribution function: a value that occurred, exact up to 65,535 nodes; above, the lower edge of its bin.

        Raises
        ------
        ValueError
            `q` not in [0, 1].
        """
        if not 0 <= q <= 1:
            raise ValueError(f"q = {q!r}: must be between 0 and 1")
        out = np.full((self.n_cells, self.n_steps + 1, len(STATES)), np.nan)
        for cell in range(self.n_cells):
            if len(self.rows(cell)):
                out[cell] = stats.histogram_quantiles(*self._histogram(cell), q).reshape(out.shape[1:])
        return out

    def _histogram(self, cell: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Histograms of a cell pooled over its networks, and their bin shift."""
        if cell not in self._histograms:
            rows = self.rows(cell)
            pooled = self._pool("histogram", rows)
            self._histograms[cell] = (*pooled, int(self.tables["rows/bin_shift"][rows[0]]))
        return self._histograms[cell]

    def _pool(self, group: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        lengths = self.tables[f"{group}/length"][rows].reshape(len(rows), -1).astype(np.int64)
        ends = self._pair_ends(group)[rows]
        first = (np.cumsum(lengths, axis=1) - lengths) + (ends - lengths.sum(axis=1))[:, None]
        return stats.pool(lengths, first, self.tables[f"{group}/value"], self.tables[f"{group}/count"])

    def _pair_ends(self, group: str) -> np.ndarray:
        if group not in self._ends:
            self._ends[group] = np.cumsum(self.tables[f"{group}/length"].reshape(self.done, -1).sum(axis=1, dtype=np.int64))
        return self._ends[group]

    @property
    def counts(self) -> np.ndarray:
        """Every replicate's counts, int32 (cell, network, replicate, step, state).

        Raises
        ------
        ValueError
            Trajectories were not kept (``run.record``), or the run is not complete.
        """
        if not self.complete:
            raise ValueError(f"results: {self.done} of {self.total} are done; counts need them all")
        if "raw/counts" not in self.tables:
            raise ValueError("run.record: must hold 'trajectories' for every replicate's counts to be kept")
        return self.tables["raw/counts"].reshape(self.n_cells, self.n_networks, self.n_replicates, self.n_steps + 1, len(STATES))

    @functools.cached_property
    def replicates(self) -> dict[str, np.ndarray]:
        """Outcomes of each replicate, name -> float64 (cell, network, replicate); NaN where not finished. See :data:`OUTCOMES`."""
        columns = {name: self._replicate_column(name) for name in ("infected_steps", "final_eliminated", "ever_infected", "peak")}
        peak_step, extinction = self._replicate_column("peak_step"), self._replicate_column("extinction_step")
        sizes = np.full((self.n_cells, self.n_networks, 1), np.nan)
        if self.done:
            sizes[self.tables["rows/cell"], self.tables["rows/network"], 0] = self.tables["rows/n_nodes"]
        missing = np.isnan(extinction)
        return {
            "risk load": columns["infected_steps"] / sizes,
            "eliminated": columns["final_eliminated"] / sizes,
            "attack rate": columns["ever_infected"] / sizes,
            "peak": columns["peak"] / sizes,
            "peak step": peak_step,
            "extinct": np.where(missing, np.nan, extinction >= 0),
            "extinction step": np.where(missing, np.nan, np.where(extinction < 0, self.n_steps, extinction)),
        }

    def _replicate_column(self, name: str) -> np.ndarray:
        out = np.full((self.n_cells, self.n_networks, self.n_replicates), np.nan)
        if not self.done:
            return out
        values = self.tables[f"replicate/{name}"].reshape(self.done, self.n_replicates)
        out[self.tables["rows/cell"], self.tables["rows/network"]] = values
        return out

    def outcome(self, name: str, cell: int = 0) -> tuple[stats.Components, np.ndarray]:
        """Mean, errors and variance components of one of :data:`OUTCOMES`, and its sorted values over all replicates.

        Raises
        ------
        ValueError
            There is no such outcome or cell.
        """
        if name not in OUTCOMES:
            raise ValueError(f"name = {name!r}: must be one of {', '.join(OUTCOMES)}")
        self.finished_rows(cell)
        values = self.replicates[name][cell]
        values = values[~np.isnan(values[:, 0])]
        centre = values.mean()
        shifted = values - centre
        part = stats.components(np.full(len(values), self.n_replicates), shifted.sum(axis=1), (shifted**2).sum(axis=1))
        bounds = (0.0, 1.0 if OUTCOMES[name][1] == "share" else np.inf)
        return replace(part, mean=part.mean + centre, bounds=bounds, binary=name == "extinct"), np.sort(values, axis=None)

    def summary(self, level: float = 0.95, cell: int | None = None) -> "pd.DataFrame":
        """One row per cell (or of one `cell`) and outcome: mean with its interval, spread between and within networks, quantiles.

        Columns: the swept keys, ``outcome``, ``mean``, ``low``, ``high`` (confidence limits of the mean), ``sd_between``,
        ``sd_within``, ``q05``, ``q50``, ``q95`` (over replicates), ``unit``.
        """
        import pandas as pd

        records = []
        for c in range(self.n_cells) if cell is None else [cell]:
            if not len(self.rows(c)):
                continue
            for name, (_, unit) in OUTCOMES.items():
                part, values = self.outcome(name, c)
                low, high = part.interval(level)
                q05, q50, q95 = np.quantile(values, (0.05, 0.5, 0.95), method="inverted_cdf")
                numbers = {
                    "mean": part.mean,
                    "low": low,
                    "high": high,
                    "sd_between": part.between**0.5,
                    "sd_within": part.within**0.5,
                }
                record = {"cell": c, **self.cells[c], "outcome": name} | {key: float(number) for key, number in numbers.items()}
                records.append(record | {"q05": float(q05), "q50": float(q50), "q95": float(q95), "unit": unit})
        return pd.DataFrame.from_records(records)

    def samples(self, cell: int = 0) -> np.ndarray:
        """The first few replicates of each network whole, int32 (network, sample, step, state)."""
        rows = self.finished_rows(cell)
        samples = self.tables["sample/counts"][rows]
        return samples[:, samples[0, :, 0, 0] >= 0]

    def type_sizes(self, cell: int = 0) -> np.ndarray:
        """Nodes of each type on each finished network, int64 (network, type)."""
        rows = self.finished_rows(cell)
        return self.tables["rows/type_size"][rows]

    def degrees(self, cell: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Degrees that occur over a cell's networks, and how many nodes have them."""
        _, value, count = self._pool("degree", self.finished_rows(cell))
        return value, count

    def nodes(self, cell: int = 0, top: int | None = None) -> "pd.DataFrame":
        """Nodes by vulnerability: the share of their time spent infected, the highest first.

        Parameters
        ----------
        cell : int
        top : int, optional
            Only so many.

        Returns
        -------
        pandas.DataFrame
            ``network``, ``node`` (index), ``id`` (as in the files; the index where grown), ``name``, ``type``, ``degree``,
            ``infected`` (share of steps in I) and ``infected_se``, its standard error over replicates (NaN below 512),
            ``ever_infected``, ``eliminated`` (shares of replicates).

        Raises
        ------
        ValueError
            Nodes were not recorded.
        """
        where, network, node = self._nodes_of(cell, top)
        if "node/infected_steps" not in self.tables:
            raise ValueError("run.record: must hold 'nodes' for the nodes' vulnerability to be known")
        infected, error = self._vulnerability(where)
        best = np.argsort(-infected, kind="stable")[:top]
        where = where[best]
        frame = self._described(cell, network[best], node[best])
        frame["infected"], frame["infected_se"] = infected[best], error[best]
        frame["ever_infected"] = self.tables["node/ever_infected"][where] / self.n_replicates
        frame["eliminated"] = self.tables["node/ever_eliminated"][where] / self.n_replicates
        return frame.drop(columns="fitness")

    def importance(self, cell: int = 0, top: int | None = None) -> "pd.DataFrame":
        """Nodes by systemic importance: the mean outbreak where the node alone is infected at first, the largest first.

        In these replicates (``run.alone`` for each node) no shock comes and no node is protected.

        Parameters
        ----------
        cell : int
        top : int, optional
            Only so many.

        Returns
        -------
        pandas.DataFrame
            ``network``, ``node``, ``id``, ``name``, ``type``, ``degree`` as in :meth:`nodes`; ``fitness`` (NaN if there is none);
            ``infected`` and ``infected_se``, the vulnerability as in :meth:`nodes` (NaN where nodes were not recorded); then what
            comes of the node alone: ``risk_load`` (infected steps per node of the network) and ``eliminated`` (share of them at the
            last step), with ``risk_load_se`` and ``eliminated_se``, their standard errors over replicates.

        Raises
        ------
        ValueError
            Importance was not recorded.
        """
        where, network, node = self._nodes_of(cell, top)
        if "node/alone_infected_steps" not in self.tables:
            raise ValueError("run.record: must hold 'importance' for the nodes' importance to be known")
        n_alone = int(self.config["run"]["alone"])
        size = self.tables["rows/n_nodes"][self.rows(cell)[0]]
        outcomes: dict[str, np.ndarray] = {}
        pairs = (("risk_load", "infected_steps", "squares"), ("eliminated", "eliminated", "eliminated_squares"))
        for name, *columns in pairs:
            sums, squares = (self.tables[f"node/alone_{column}"][where] for column in columns)
            scatter = np.maximum(squares - sums / n_alone * sums, 0.0)
            outcomes[name] = sums / (n_alone * size)
            outcomes[f"{name}_se"] = np.sqrt(scatter / (n_alone - 1) / n_alone) / size
        best = np.argsort(-outcomes["risk_load"], kind="stable")[:top]
        frame = self._described(cell, network[best], node[best])
        if "node/infected_steps" in self.tables:
            frame["infected"], frame["infected_se"] = self._vulnerability(where[best])
        else:
            frame["infected"] = frame["infected_se"] = np.nan
        return frame.assign(**{name: values[best] for name, values in outcomes.items()})

    def _nodes_of(self, cell: int, top: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every node of a cell's finished networks: its place in the tables, network and index."""
        if top is not None and top < 0:
            raise ValueError(f"top = {top}: must be at least 0")
        rows = self.finished_rows(cell)
        sizes = self.tables["rows/n_nodes"]
        ends = np.cumsum(sizes)
        where = np.concatenate([np.arange(ends[row] - sizes[row], ends[row]) for row in rows])
        network = np.repeat(self.tables["rows/network"][rows], sizes[rows])
        return where, network, where - np.repeat((ends - sizes)[rows], sizes[rows])

    def _described(self, cell: int, network: np.ndarray, node: np.ndarray) -> "pd.DataFrame":
        """What is known of nodes without a run."""
        import pandas as pd

        identity, name, kind = (np.empty(len(node), object) for _ in range(3))
        degree, fitness = np.empty(len(node), np.int64), np.full(len(node), np.nan)
        for g in np.unique(network):
            graph, mine = self.network(cell, int(g)), np.flatnonzero(network == g)
            degree[mine] = graph.degree[node[mine]]
            if graph.fitness is not None:
                fitness[mine] = graph.fitness[node[mine]]
            kind[mine] = [graph.type_names[graph.types[i]] for i in node[mine]]
            identity[mine] = [graph.name(int(i)) for i in node[mine]]
            name[mine] = [graph.label(int(i)) for i in node[mine]]
        columns = {
            "network": network,
            "node": node,
            "id": identity,
            "name": name,
            "type": kind,
            "degree": degree,
            "fitness": fitness,
        }
        return pd.DataFrame(columns)

    def _vulnerability(self, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nodes' shares of time infected, and their standard errors."""
        return self.tables["node/infected_steps"][where] / (self.n_replicates * (self.n_steps + 1)), self._infected_se(where)

    def _infected_se(self, where: np.ndarray) -> np.ndarray:
        """Standard error of nodes' shares of time infected, from the spread between lots of 64 replicates, at least 8 lots."""
        lots = self.n_replicates // 64
        if lots < 8:
            return np.full(len(where), np.nan)
        squares = self.tables["node/lot_squares"][where] / lots
        mean = self.tables["node/infected_steps_in_lots"][where] / lots
        variance = np.maximum(squares - mean**2, 0) * lots / (lots - 1)
        return np.sqrt(variance * self.n_replicates / 64) / (self.n_replicates * (self.n_steps + 1))

    def to_pandas(self) -> "pd.DataFrame":
        """One row per cell, step and state: swept values, mean, sem, low, high, variance components, quantiles (nodes)."""
        import pandas as pd

        low, high = self.interval()
        index = pd.MultiIndex.from_product([self.axes[axis] for axis in ("cell", "step", "state")], names=("cell", "step", "state"))
        columns = {"mean": self.mean, "sem": self.sem, "low": low, "high": high}
        columns |= {f"variance_{name}": self.variance[name] for name in ("between", "within", "total")}
        columns |= {f"q{round(100 * q):02d}": self.quantile(q) for q in (0.05, 0.5, 0.95)}
        frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index).reset_index()
        for position, key in enumerate(self.cells[0]):
            frame.insert(1 + position, key, frame["cell"].map({cell: values[key] for cell, values in enumerate(self.cells)}))
        return frame

    def to_xarray(self) -> "xr.Dataset":
        """The same as labelled arrays (needs xarray, in the extra ``interop``), with outcomes of each replicate.

        Raises
        ------
        ImportError
            xarray is not installed.
        """
        try:
            import xarray as xr
        except ImportError:
            raise ImportError("xarray is not installed: pip install xarray") from None
        dims = ("cell", "step", "state")
        low, high = self.interval()
        arrays = {"mean": self.mean, "sem": self.sem, "low": low, "high": high} | {
            f"variance_{name}": self.variance[name] for name in ("between", "within", "total")
        }
        data: dict[str, Any] = {
            name: (dims, values, {"unit": "nodes^2" if "variance" in name else "nodes"}) for name, values in arrays.items()
        }
        if "type_trajectory/sum" in self.tables:
            data["type_mean"] = (("cell", "step", "type", "state"), self.type_mean, {"unit": "nodes"})
        for name, values in self.replicates.items():
            meaning, unit = OUTCOMES[name]
            data[name.replace(" ", "_")] = (("cell", "network", "replicate"), values, {"unit": unit, "meaning": meaning})
        coordinates: dict[str, Any] = {axis: list(labels) for axis, labels in self.axes.items()}
        coordinates |= {key: ("cell", [values[key] for values in self.cells]) for key in self.cells[0]}
        return xr.Dataset(data, coords=coordinates, attrs={"seed": str(self.seed), "run_id": self.manifest["run_id"]})


def opened(
    manifest: Mapping[str, Any],
    tables: storage.Tables,
    folder: Path | None = None,
    *,
    loaded: "Network | None" = None,
    digest: str | None = None,
) -> "Result | Study":
    """The reading side of results, by the kind of task that the manifest names: dynamics where it names none."""
    if manifest.get("kind") == "topology":
        from scfast.study import Study

        return Study(manifest, tables, folder, loaded=loaded, digest=digest)
    return Result(manifest, tables, folder, loaded=loaded, digest=digest)


def load(folder: str | Path) -> "Result | Study":
    """Open a results folder, also while its run goes on: then what is finished and verified so far.

    Parameters
    ----------
    folder : str or Path
        The folder that ``scfast run -o`` or ``sf.run(out=...)`` wrote.

    Returns
    -------
    Result or Study
        A Study where the configuration has a section [topology].

    Raises
    ------
    ValueError
        There is no manifest, or a file in it is damaged.
    """
    folder = Path(folder)
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise storage.StorageError(f"{folder}: holds no results (there is no manifest.json)")
    merged = folder / "results.h5"
    if merged.exists():
        note = storage.verify(merged, manifest["run_id"])
        if note is None:
            raise storage.StorageError(f"{merged}: damaged; 'scfast run' again sets it aside and completes the results")
        return opened(manifest, storage.FileTables(merged), folder, digest=note["content"])
    parts = []
    for path in sorted((folder / "shards").glob("*.h5")):
        if storage.verify(path, manifest["run_id"]) is not None:
            parts.append(storage.FileTables(path, storage.KEPT // manifest["n_shards"]))
        elif path.exists():  # else another process has just set it aside
            raise storage.StorageError(f"{path}: damaged; 'scfast run' again sets it aside and completes the results")
    return opened(manifest, MergedTables(parts, manifest.get("n_replicates")), folder)
