"""Networks: frozen CSR adjacency with node types, fitness, names and attributes; readers and converters.

All networks are undirected, unweighted and simple [P]. A :class:`Network` is cheap to make and never changes; whatever was
dropped, merged or ignored while it was read is told in its ``notes``.
"""

import hashlib
import operator
import os
import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scfast.entries import MAX_NAME, MAX_NODES, numbers, short
from scfast.parameters import CHAIN

if TYPE_CHECKING:
    import pandas as pd

MAX_TYPES = 16
RESERVED = ("id", "type", "fitness")  # columns of a nodes file that are not attributes
COLUMN_BYTES = 2**30  # of a column of text, in which all fields take the room of the longest

Attributes: TypeAlias = Mapping[str, ArrayLike]
StrPath: TypeAlias = str | os.PathLike[str]

_INTEGER = r"-?(?:0|[1-9][0-9]*)"  # not '007' and not '+7': those stay text
_NUMBER = r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Network:
    """An undirected simple graph in CSR form with what is known about its nodes.

    The constructor trusts its caller: it normalises dtypes and checks shapes, in time linear in the number of nodes at most.
    Edges from anywhere else go through :meth:`from_edges`, :meth:`from_networkx`, :meth:`from_scipy` or :func:`read_network`,
    which check everything. Networks are equal when all but their notes is equal. Setting a field raises AttributeError;
    arrays are read-only views (the arrays given stay as they are).

    Parameters
    ----------
    indptr : array_like of int64, shape (n_nodes + 1,)
        Row starts; node i's neighbours are ``indices[indptr[i]:indptr[i + 1]]``.
    indices : array_like of int32, shape (2 * n_edges,)
        Neighbours, ascending within each row; every edge stands in both of its rows.
    types : array_like of int8, shape (n_nodes,), optional
        Code of each node's type, a position in `type_names`. Default: all 0.
    type_names : sequence of str
        1 to 16 distinct labels.
    fitness : array_like of float64, shape (n_nodes,), optional
        Fitness eta of each node [P].
    names : array_like of str, shape (n_nodes,), optional
        Distinct node names. Default None: a node's name is its index as text.
    attributes : mapping of str to array_like of shape (n_nodes,), optional
        Further columns: int64, float64, bool or str arrays. The names id, type and fitness are taken.
    notes : sequence of str
        What was dropped, merged, ignored or read.

    Raises
    ------
    ValueError
        If a shape, a dtype, a type code or a reserved attribute name does not fit.

    Examples
    --------
    >>> net = Network([0, 1, 3, 4], [1, 0, 2, 1], types=[0, 1, 0], type_names=("brand", "platform"))
    >>> net
    Network(3 nodes, 2 edges, types brand 2, platform 1, 0 isolates)
    >>> net.degree.tolist(), net.indices.dtype.name
    ([1, 2, 1], 'int32')
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    types: NDArray[np.int8]
    type_names: tuple[str, ...]
    fitness: NDArray[np.float64] | None
    names: NDArray[np.str_] | None
    attributes: Mapping[str, NDArray[Any]]
    notes: tuple[str, ...]

    def __init__(
        self,
        indptr: ArrayLike,
        indices: ArrayLike,
        types: ArrayLike | None = None,
        type_names: Sequence[str] = ("node",),
        fitness: ArrayLike | None = None,
        names: ArrayLike | None = None,
        attributes: Attributes | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        starts, neighbours = _frozen("indptr", indptr, np.int64), _frozen("indices", indices, np.int32)
        n = starts.size - 1
        if n < 1 or starts[0] != 0 or starts[-1] != neighbours.size or neighbours.size % 2:
            raise ValueError(
                f"indptr = {short(starts)}: must have at least 2 entries, begin with 0 and end with the even size of indices"
            )
        put = partial(object.__setattr__, self)
        put("indptr", starts)
        put("indices", neighbours)
        put("type_names", _labels(type_names))
        put("types", _frozen("types", np.zeros(n, np.int8) if types is None else types, np.int8, n))
        if self.types.min() < 0 or self.types.max() >= len(self.type_names):
            raise ValueError(f"types: codes must be between 0 and {len(self.type_names) - 1}")
        put("fitness", None if fitness is None else _frozen("fitness", fitness, np.float64, n))
        put("names", None if names is None else _column("names", names, n))
        if self.names is not None and self.names.dtype.kind != "U":
            raise ValueError(f"names: must be str, not {self.names.dtype}")
        columns = {name: _column(name, values, n) for name, values in (attributes or {}).items()}
        for name in RESERVED:
            if name in columns:
                raise ValueError(f"attributes[{name!r}]: this name is taken, give another")
        put("attributes", MappingProxyType(columns))
        put("notes", tuple(notes))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.indptr, self.indices, self.types, self.type_names, self.fitness, self.names)
        return Network, (*fields, dict(self.attributes), self.notes)

    def __eq__(self, other: object) -> bool:
        return self.digest() == other.digest() if isinstance(other, Network) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.n_nodes, self.n_edges, self.type_names))

    def __repr__(self) -> str:
        counts = np.bincount(self.types, minlength=len(self.type_names))
        types = ", ".join(f"{name} {count}" for name, count in zip(self.type_names, counts, strict=True))
        return f"Network({self.n_nodes} nodes, {self.n_edges} edges, types {types}, {_many(self.n_isolates, 'isolate')})"

    @property
    def n_nodes(self) -> int:
        """Number of nodes, isolates included."""
        return self.indptr.size - 1

    @property
    def n_edges(self) -> int:
        """Number of undirected edges."""
        return self.indices.size // 2

    @property
    def degree(self) -> NDArray[np.int64]:
        """Number of partners of each node, int64 (n_nodes,)."""
        return np.diff(self.indptr)

    @property
    def n_isolates(self) -> int:
        """Number of nodes without partners."""
        return int(np.count_nonzero(self.indptr[1:] == self.indptr[:-1]))

    def name(self, i: int) -> str:
        """The name of node `i`: its id in the file it came from, or the index as text."""
        return str(i) if self.names is None else str(self.names[i])

    def label(self, i: int) -> str:
        """What to print for node `i`: its attribute ``name`` where it has one, else :meth:`name`."""
        shown = self.attributes.get("name")
        return (str(shown[i]) if shown is not None else "") or self.name(i)

    def index(self, node: str | int, /) -> int:
        """The index of a node given by name (str) or by index (int).

        Raises
        ------
        ValueError
            If there is no such node.

        Examples
        --------
        >>> net = Network.from_edges([[0, 1]], names=["x7", "x9"])
        >>> net.index("x9"), net.index(0)
        (1, 0)
        """
        if isinstance(node, str):
            if self.names is None and re.fullmatch(_INTEGER, node) and 0 <= int(node) < self.n_nodes:
                return int(node)
            if node in self._positions:
                return self._positions[node]
            raise ValueError(f"node = {short(node)}: no node has this name")
        position = _integer("node", node)
        if not 0 <= position < self.n_nodes:
            raise ValueError(f"node = {position}: must be between 0 and {self.n_nodes - 1}")
        return position

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {} if self.names is None else {name: i for i, name in enumerate(self.names.tolist())}

    def digest(self) -> str:
        """SHA-256 (hexadecimal) of structure, types, fitness, names and attributes; equal networks have equal digests."""
        total = hashlib.sha256(repr((self.type_names, sorted(self.attributes))).encode())
        fixed = self.indptr, self.indices, self.types, self.fitness, self.names
        for array in (*fixed, *(self.attributes[name] for name in sorted(self.attributes))):
            plain = np.zeros(0, np.int8) if array is None else _canonical(array)
            total.update(f"{plain.dtype.str}{-1 if array is None else plain.size};".encode())
            total.update(plain.data.cast("B") if plain.size else b"")
        return total.hexdigest()

    @classmethod
    def from_edges(
        cls,
        edges: ArrayLike,
        n_nodes: int | None = None,
        types: ArrayLike | None = None,
        *,
        type_names: Sequence[str] | None = None,
        fitness: ArrayLike | None = None,
        names: ArrayLike | None = None,
        attributes: Attributes | None = None,
        clean: bool = False,
        symmetrize: bool = False,
    ) -> "Network":
        """Make a network from pairs of node indices.

        Parameters
        ----------
        edges : array_like of int, shape (m, 2)
            Each row is one undirected edge, in either order (one directed arc with ``symmetrize``). May be empty.
        n_nodes : int, optional
            Number of nodes, 1 to 2**31 - 1. Default: the length of `types`, `names`, `fitness` or an attribute if one is
            given, else one more than the largest index. Nodes without edges are kept.
        types : array_like, shape (n_nodes,), optional
            Codes (integers) or labels (str).
        type_names : sequence of str, optional
            All labels, in code order. Default: labels in order of first appearance, but the four of [P] in chain order
            (brand, purchaser, platform, logistics); codes are then their own labels.
        fitness : array_like of float, shape (n_nodes,), optional
            Finite, at least 0.
        names : array_like of str or int, shape (n_nodes,), optional
            Distinct, not blank; blanks around a name are dropped.
        attributes : mapping of str to array_like of shape (n_nodes,), optional
            Further columns of numbers or text.
        clean : bool
            Drop self-loops, duplicates and reversed duplicates and say so in ``notes``, instead of raising.
        symmetrize : bool
            Rows are directed: a pair given in both directions is one edge (counted in ``notes``), not a reversed duplicate.

        Raises
        ------
        ValueError
            Self-loops, duplicate or reversed duplicate edges, with their count and an example; an index out of range;
            non-integer edges; a length that is not `n_nodes`.

        Examples
        --------
        >>> net = Network.from_edges([[0, 1], [2, 1]], n_nodes=4, types=["logistics", "brand", "logistics", "brand"])
        >>> net.type_names, net.types.tolist(), net.n_isolates
        (('brand', 'logistics'), [1, 0, 1, 0], 1)
        >>> Network.from_edges([[0, 1], [1, 0], [2, 2]])
        Traceback (most recent call last):
        ValueError: edges: 1 self-loop (2 - 2), 1 reversed duplicate (0 - 1): must be none (clean drops them;
            symmetrize reads directed pairs)
        >>> Network.from_edges([[0, 1], [1, 0], [2, 2]], clean=True).notes
        ('dropped 1 self-loop (2 - 2), 1 reversed duplicate (0 - 1)',)
        """
        nodes = _nodes(n_nodes, types, type_names, fitness, names, attributes)
        return _build("edges", _pairs(edges), nodes, clean, symmetrize)

    @classmethod
    def from_networkx(
        cls,
        g: Any,
        type_attribute: str = "type",
        *,
        type_names: Sequence[str] | None = None,
        clean: bool = False,
        symmetrize: bool = False,
    ) -> "Network":
        """Make a network from a NetworkX graph, nodes in the graph's order.

        Node names are ``str(node)``; the node attribute `type_attribute` gives the types (all nodes or none must have it),
        ``fitness`` the fitness; other node attributes are kept where they are numbers or text, edge attributes are ignored.
        The other parameters are those of :meth:`from_edges`.

        Raises
        ------
        ImportError
            NetworkX is not installed.
        ValueError
            `g` is no graph, or directed without ``symmetrize``, or as in :meth:`from_edges`.

        Examples
        --------
        >>> import networkx as nx
        >>> Network.from_networkx(nx.star_graph(3)).degree.tolist()
        [3, 1, 1, 1]
        """
        nx = _networkx()
        if not isinstance(g, nx.Graph):
            raise ValueError(f"g = {short(g)}: must be a NetworkX graph")
        if g.is_directed() and not symmetrize:
            raise ValueError("g: must be undirected (symmetrize=True makes it so)")
        position: dict[Hashable, int] = {node: i for i, node in enumerate(g)}
        edges = np.fromiter((position[end] for pair in g.edges() for end in pair), np.int64).reshape(-1, 2)
        columns: dict[str, list[Any]] = {}
        for i, data in enumerate(data for _, data in g.nodes(data=True)):
            for key, value in data.items():
                columns.setdefault(str(key), [None] * len(g))[i] = value
        types, fitness = columns.pop(type_attribute, None), columns.pop("fitness", None)
        attributes: dict[str, ArrayLike] = {}
        notes = []
        for key, values in columns.items():
            array = _typed(values)
            if array is None or key in RESERVED:
                notes.append(f"node attribute {key!r} left out: neither numbers nor text, or a taken name")
            else:
                attributes[key] = array
        nodes = _nodes(len(g), types, type_names, fitness, [str(node) for node in g], attributes)
        return _build("g", edges, nodes, clean, symmetrize and g.is_directed(), notes)

    @classmethod
    def from_scipy(
        cls,
        matrix: Any,
        types: ArrayLike | None = None,
        *,
        type_names: Sequence[str] | None = None,
        fitness: ArrayLike | None = None,
        names: ArrayLike | None = None,
        attributes: Attributes | None = None,
        clean: bool = False,
        symmetrize: bool = False,
    ) -> "Network":
        """Make a network from a square SciPy sparse adjacency matrix.

        A nonzero entry is an edge; its value is ignored (told in ``notes`` where it is not 1). The other parameters are those
        of :meth:`from_edges`.

        Raises
        ------
        ValueError
            `matrix` is not sparse or not square; its pattern is asymmetric and ``symmetrize`` is False; diagonal entries.

        Examples
        --------
        >>> import scipy.sparse as sp
        >>> Network.from_scipy(sp.csr_array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])).n_edges
        2
        """
        import scipy.sparse

        if not scipy.sparse.issparse(matrix) or matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"matrix = {short(matrix)}: must be a square SciPy sparse matrix")
        entries = scipy.sparse.csr_array(matrix, copy=True)
        entries.sum_duplicates()
        pattern = entries != 0
        alone = pattern > pattern.T
        if alone.nnz and not symmetrize:
            u, v = alone.nonzero()
            raise ValueError(
                f"matrix: {_many(alone.nnz, 'asymmetric entry', 'asymmetric entries')} (at {u[0]}, {v[0]}): "
                "must be symmetric (symmetrize=True makes it so)"
            )
        u, v = (pattern if alone.nnz else scipy.sparse.triu(pattern)).nonzero()
        plain = np.isin(entries.data, (0, 1)).all()
        notes = [] if plain else ["matrix values other than 1 ignored: edges are unweighted"]
        nodes = _nodes(matrix.shape[0], types, type_names, fitness, names, attributes)
        return _build("matrix", np.column_stack((u, v)), nodes, clean, alone.nnz > 0, notes)

    def edges(self) -> NDArray[np.int32]:
        """Each edge once, int32 (n_edges, 2), the smaller index first, in ascending order.

        >>> Network.from_edges([[2, 1], [1, 0]]).edges().tolist()
        [[0, 1], [1, 2]]
        """
        rows = np.repeat(np.arange(self.n_nodes, dtype=np.int32), self.degree)
        upper = rows < self.indices
        return np.column_stack((rows[upper], self.indices[upper]))

    def to_networkx(self) -> Any:
        """The network as a ``networkx.Graph``.

        Nodes are the names (the indices where there are none), with type, fitness and attributes as node attributes.

        Raises
        ------
        ImportError
            NetworkX is not installed.
        """
        graph = _networkx().Graph()
        ids, columns = self._table()
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        graph.add_nodes_from((node, dict(zip(columns, row, strict=True))) for node, row in zip(ids.tolist(), rows, strict=True))
        graph.add_edges_from(ids[self.edges()].tolist())
        return graph

    def to_scipy(self) -> Any:
        """The adjacency matrix as a ``scipy.sparse.csr_array`` of float64 ones, shape (n_nodes, n_nodes).

        >>> Network.from_edges([[0, 1]]).to_scipy().toarray().tolist()
        [[0.0, 1.0], [1.0, 0.0]]
        """
        import scipy.sparse

        content = (np.ones(self.indices.size), self.indices, self.indptr)
        return scipy.sparse.csr_array(content, shape=(self.n_nodes, self.n_nodes), copy=True)

    def to_csv(self, edges_path: StrPath, nodes_path: StrPath) -> None:
        """Write the two files that :func:`read_network` reads: source,target and id,type[,fitness][,attributes].

        A not-a-number is written as an empty field; digits kept as text come back as numbers.

        Parameters
        ----------
        edges_path, nodes_path : path
            Written over where they exist, in UTF-8.
        """
        import pandas as pd

        ids, columns = self._table()
        pd.DataFrame({"id": ids, **columns}).to_csv(nodes_path, index=False, lineterminator="\n")
        pairs = pd.DataFrame(ids[self.edges()], columns=["source", "target"])
        pairs.to_csv(edges_path, index=False, lineterminator="\n")

    def _table(self) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
        """Names (indices where there are none), and by their names types, fitness and attributes."""
        columns: dict[str, NDArray[Any]] = {"type": np.array(self.type_names)[self.types]}
        if self.fitness is not None:
            columns["fitness"] = self.fitness
        return np.arange(self.n_nodes) if self.names is None else self.names.astype(object), columns | dict(self.attributes)


def read_network(
    edges: StrPath,
    nodes: StrPath | None = None,
    *,
    type_names: Sequence[str] | None = None,
    clean: bool = False,
    symmetrize: bool = False,
) -> Network:
    """Read a network from CSV files (UTF-8, comma separated, a header line, double quotes where needed).

    Ids are text of any kind ('007' is not '7'), blanks around them dropped; they become the network's ``names``. Nodes are in
    the order of the nodes file, without one in the order in which ids first appear in the edges file.

    Parameters
    ----------
    edges : path
        Columns ``source`` and ``target``; others are ignored, and named in ``notes``.
    nodes : path, optional
        Column ``id``; ``type`` and ``fitness`` if there; all others are kept as attributes (numbers where every filled field
        is a number, with NaN for empty fields; else text). ``name`` is what :meth:`Network.label` shows. Nodes without
        edges are kept.
    type_names, clean, symmetrize
        As in :meth:`Network.from_edges`.

    Raises
    ------
    ValueError
        One line with file, line and value: a file that is missing, empty or not UTF-8; a missing column; a row longer than
        the header (fields missing at a row's end are empty); an empty, duplicate or unknown id; self-loops and duplicates as
        in :meth:`Network.from_edges`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "e.csv").write_text("source,target,value\\nF1,007,3\\n007,F2,1\\n")
    >>> _ = (folder / "n.csv").write_text("id,type,country\\n007,platform,PE\\nF1,brand,\\nF2,brand,CL\\nF3,brand,PE\\n")
    >>> net = read_network(folder / "e.csv", folder / "n.csv")
    >>> net, net.name(0), net.attributes["country"].tolist()
    (Network(4 nodes, 2 edges, types brand 3, platform 1, 1 isolate), '007', ['PE', '', 'CL', 'PE'])
    """
    rows, ignored = _read(edges, ("source", "target"), others=False)
    ids, pairs = _ids(edges, rows[["source", "target"]])
    notes = [f"{edges}: {_many(len(pairs), 'row')}"]
    if ignored:
        notes.append(f"{edges}: columns ignored: {', '.join(ignored)}")
    if nodes is None:
        if ids.empty:
            raise ValueError(f"{edges}: has no edges (and no nodes file was given)")
        table = _nodes(len(ids), None, type_names, None, ids.to_numpy(), None)
        return _build(str(edges), pairs, table, clean, symmetrize, notes)
    rows, _ = _read(nodes, ("id",), others=True)
    names, first = _ids(nodes, rows[["id"]])
    again = first[:, 0] != np.arange(len(rows))
    if again.any():
        row = int(np.argmax(again))
        name, line = names[first[row, 0]], _line(nodes, int(first[row, 0]))
        raise ValueError(f"{nodes} line {_line(nodes, row)}: id = {short(name)}: is that of line {line} already")
    if names.empty:
        raise ValueError(f"{nodes}: has no rows below the header")
    position = names.get_indexer(ids)
    if (position < 0).any():
        unknown = int(np.argmax(position < 0))
        line = _line(edges, int(np.argmax(pairs == unknown)) // 2)
        raise ValueError(f"{edges} line {line}: id = {short(ids[unknown])}: not among the ids of {nodes}")
    notes.append(f"{nodes}: {_many(len(names), 'row')}")
    columns = {str(name): column.str.strip() for name, column in rows.items() if name != "id"}
    types = columns.pop("type").to_numpy() if "type" in columns else None
    try:
        typed = {name: _parsed(name, column) for name, column in columns.items()}
        table = _nodes(len(names), types, type_names, typed.pop("fitness", None), names.to_numpy(), typed)
    except ValueError as error:
        raise ValueError(f"{nodes}: {error}") from None
    return _build(str(edges), position[pairs], table, clean, symmetrize, notes)


def _build(
    source: str, edges: NDArray[Any], nodes: dict[str, Any], clean: bool, symmetrize: bool, notes: Sequence[str] = ()
) -> Network:
    """A network from index pairs and checked node columns; `source` names the edges in messages."""
    import scipy.sparse

    nodes = dict(nodes)
    n, names = nodes.pop("n_nodes"), nodes["names"]
    largest = int(edges.max(initial=0)) if edges.size else -1
    if edges.size and edges.min() < 0:
        raise ValueError(f"{source}: node index {edges.min()}: must be at least 0")
    n = largest + 1 if n is None else n
    if not 1 <= n <= MAX_NODES:
        raise ValueError(f"n_nodes = {n}: must be between 1 and {MAX_NODES}")
    if largest >= n:
        raise ValueError(f"n_nodes = {n}: must be at least {largest + 1}, one more than the largest index in {source}")
    # An entry of arcs counts the rows that say so.
    arcs = scipy.sparse.coo_array((np.ones(len(edges), np.int32), (edges[:, 0], edges[:, 1])), shape=(n, n)).tocsr()
    loops = scipy.sparse.diags_array(arcs.diagonal(), dtype=arcs.dtype).tocsr()
    arcs = arcs - loops if loops.nnz else arcs
    turned = arcs.T.tocsr()
    both = scipy.sparse.triu(arcs.minimum(turned))
    found = {"self-loop": (loops.sum(), loops), "duplicate": (arcs.sum() - arcs.nnz, arcs > 1)}
    if not symmetrize:
        found["reversed duplicate"] = (both.nnz, both)

    def show(matrix: Any) -> str:
        ends = [int(index[0]) for index in matrix.nonzero()]
        return " - ".join(str(end) if names is None else repr(str(names[end])) for end in ends)

    told = ", ".join(f"{_many(int(count), kind)} ({show(where)})" for kind, (count, where) in found.items() if count)
    if told and not clean:
        hint = "; symmetrize reads directed pairs" if both.nnz and not symmetrize else ""
        raise ValueError(f"{source}: {told}: must be none (clean drops them{hint})")
    adjacency = arcs + turned
    adjacency.sort_indices()
    notes = [*notes, *([f"dropped {told}"] if told else [])]
    if symmetrize:
        merged = f"{_many(both.nnz, 'pair')} given in both directions"
        notes.append(f"{len(edges)} directed rows read as {_many(adjacency.nnz // 2, 'undirected edge')}: {merged}")
    return Network(adjacency.indptr, adjacency.indices, notes=notes, **nodes)


def _nodes(n: Any, types: Any, type_names: Any, fitness: Any, names: Any, attributes: Any) -> dict[str, Any]:
    """Node columns checked and copied, as keyword arguments of :class:`Network`, and ``n_nodes`` (None: not known)."""
    n = None if n is None else _integer("n_nodes", n)
    for name, values in {"types": types, "names": names, "fitness": fitness, **(attributes or {})}.items():
        if values is not None:
            shape = np.shape(values)
            if len(shape) != 1 or (n is not None and shape[0] != n):
                nodes = "node" if n is None else f"of the {n} nodes"
                raise ValueError(f"{name} = {short(values)}: must be one value for each {nodes}")
            n = shape[0]
    codes, labels = _types(types, type_names, names)
    copies = {name: np.array(values) for name, values in (attributes or {}).items()}
    copy = None if fitness is None else numbers(fitness)
    if copy is not None and not (good := np.isfinite(copy) & (copy >= 0)).all():
        i = int(np.argmin(good))
        raise ValueError(f"{_at('fitness', i, names)} = {short(np.asarray(fitness)[i])}: must be a finite number, at least 0")
    table = {"types": codes, "type_names": labels, "fitness": copy, "names": _names(names), "attributes": copies}
    return {"n_nodes": n, **table}


def _at(column: str, i: int, names: Any) -> str:
    return f"{column}[{i}]" if names is None else f"{column} of node {short(str(names[i]))}"


def _types(
    types: ArrayLike | None, type_names: Sequence[str] | None, names: Any
) -> tuple[NDArray[np.int8] | None, tuple[str, ...]]:
    """Codes and labels from codes or labels."""
    given = None if type_names is None else _labels(type_names)
    if types is None:
        if given is not None and len(given) > 1:
            raise ValueError(f"types: must be given for more than one type ({', '.join(given)})")
        return None, given or ("node",)
    array = np.asarray(types)
    if array.dtype.kind in "iu":
        low, high = int(array.min(initial=0)), int(array.max(initial=0))
        bound = (len(given) if given else MAX_TYPES) - 1
        if low < 0 or high > bound:
            raise ValueError(f"types: code {low if low < 0 else high}: must be between 0 and {bound}")
        return array.astype(np.int8), given or tuple(map(str, range(high + 1)))
    labels = [label.strip() if isinstance(label, str) else label for label in array.tolist()]
    seen = dict.fromkeys(labels)
    for label in seen:
        if not isinstance(label, str) or not label or len(label) > MAX_NAME or (given and label not in given):
            wanted = f"not one of {', '.join(given)}" if given else f"must be a type's name of at most {MAX_NAME} characters"
            raise ValueError(f"{_at('type' + 's' * (names is None), labels.index(label), names)} = {short(label)}: {wanted}")
    if given is None:
        given = _labels([name for name in CHAIN if name in seen] if set(seen) <= set(CHAIN) else list(seen))
    code = {label: i for i, label in enumerate(given)}
    return np.fromiter(map(code.__getitem__, labels), np.int8, len(labels)), given


def _labels(type_names: Sequence[str]) -> tuple[str, ...]:
    """Type names as a tuple of 1 to 16 distinct, nonempty strings."""
    labels = tuple(type_names)
    good = not isinstance(type_names, str) and all(isinstance(name, str) and name for name in labels)
    if not good or not 1 <= len(labels) <= MAX_TYPES or len(set(labels)) < len(labels):
        raise ValueError(f"type_names = {short(type_names)}: must be 1 to {MAX_TYPES} distinct names")
    return labels


def _names(names: ArrayLike | None) -> NDArray[np.str_] | None:
    """Names as an array of distinct text; None where they are just the indices."""
    if names is None:
        return None
    plain: Any = names.tolist() if isinstance(names, np.ndarray) else names
    listed = [name.strip() if isinstance(name, str) else str(name) if type(name) is int else "" for name in plain]
    if "" in listed:
        i = listed.index("")
        raise ValueError(f"names[{i}] = {short(plain[i])}: must be text that is not blank, or an integer")
    for name, count in Counter(listed).most_common(1):
        if count > 1:
            raise ValueError(f"names: {short(name)} stands there {count} times: must be distinct")
    if listed == list(map(str, range(len(listed)))):
        return None
    return np.array(listed, dtype=np.str_)


def _pairs(edges: ArrayLike) -> NDArray[Any]:
    """Edges as an integer array of shape (m, 2), not copied where it is one."""
    try:
        array = np.asarray(edges)
    except ValueError:  # rows of unequal lengths
        raise ValueError("edges: must be integers of shape (m, 2)") from None
    if array.shape in ((0,), (0, 2)):
        return np.zeros((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise ValueError(f"edges = {short(array)} of {array.dtype}: must be integers of shape (m, 2)")
    return array


def _integer(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} = {short(value)}: must be an integer") from None


def _frozen(name: str, values: ArrayLike, dtype: Any, n: int | None = None) -> NDArray[Any]:
    """A read-only, contiguous, one-dimensional view of `dtype` (a copy only where it must be)."""
    try:
        array = np.ascontiguousarray(values, dtype).view()
    except (TypeError, ValueError):
        raise ValueError(f"{name} = {short(values)}: must be numbers, one for each node") from None
    if array.ndim != 1 or (n is not None and array.size != n):
        raise ValueError(f"{name} = {short(array)}: must be of shape ({'m' if n is None else n},)")
    array.flags.writeable = False
    return array


def _column(name: str, values: ArrayLike, n: int) -> NDArray[Any]:
    """A read-only column of int64, float64, bool or text."""
    array: NDArray[Any] | None = np.asarray(values)
    if array is not None and array.dtype.kind == "O":
        array = _typed(array.tolist()) if array.ndim == 1 else None
    kinds = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64, "U": np.str_, "T": np.str_}
    if array is not None and array.dtype.kind in kinds and array.dtype != np.uint64:
        return _frozen(name, array, array.dtype if array.dtype.kind == "U" else kinds[array.dtype.kind], n)
    raise ValueError(f"{name} = {short(values)}: must be numbers or text, one for each node")


def _typed(values: list[Any]) -> NDArray[Any] | None:
    """A column from Python values, None meaning missing (NaN or empty text); None where they are of another kind."""
    import pandas as pd

    column = pd.Series(values, dtype=object)
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in ("string", "empty"):
        return column.fillna("").to_numpy(np.str_)
    if kind in ("integer", "floating", "mixed-integer-float"):
        array = pd.to_numeric(column).to_numpy()
        return array if array.dtype.kind in "if" else None
    return column.to_numpy(np.bool_) if kind == "boolean" and column.notna().all() else None


def _parsed(name: str, column: "pd.Series[str]") -> NDArray[Any]:
    """A column of a CSV file: int64, float64 (NaN where empty) or text."""
    filled = column[column != ""]
    if filled.empty or not filled.str.fullmatch(_NUMBER).all():
        longest, most = int(column.str.len().max()), max(MAX_NAME, COLUMN_BYTES // (4 * len(column)))
        if longest > most:
            raise ValueError(f"{name}: a field of {longest} characters: must be at most {most} in {_many(len(column), 'row')}")
        return column.to_numpy(np.str_)
    if len(filled) == len(column) and filled.str.fullmatch(_INTEGER).all() and filled.str.len().max() <= 18:
        return column.to_numpy(np.int64)
    return column.where(column != "", "nan").to_numpy(np.float64)


def _canonical(array: NDArray[Any]) -> NDArray[Any]:
    """Little-endian content of which every equal array has the same bytes."""
    if array.dtype.kind == "U":
        width = max(1, int(np.char.str_len(array).max(initial=0)))
        return np.ascontiguousarray(array, f"<U{width}")
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.nan, array + 0.0)  # one NaN, one zero
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


def _many(count: int, noun: str, plural: str | None = None) -> str:
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def _networkx() -> Any:
    try:
        import networkx
    except ImportError:
        raise ImportError("networkx is not installed: pip install networkx") from None
    return networkx


def _hint(name: str, columns: Sequence[str]) -> str:
    """What may have become of a column that is missing."""
    for mark, shown in ((";", "';'"), ("\t", "tabs")):
        if any(mark in column for column in columns):
            return f": is it separated by {shown}? it must be commas"
    like = [column for column in columns if "".join(column.split()).lower() == name]
    return f": did you mean {like[0]!r}? names are lower case" if like else ""


def _read(path: StrPath, required: Sequence[str], others: bool) -> tuple["pd.DataFrame", list[str]]:
    """The rows of a CSV file as text under the header's names, without `others` only the required ones; and the names left out."""
    import pandas as pd

    # The header is read as a row, so that pandas holds every row to its length and renames nothing.
    options: dict[str, Any] = {"header": None, "na_filter": False, "skipinitialspace": True, "encoding": "utf-8-sig"}
    try:
        with open(path, "rb") as file:
            start = file.read(4)
        if start == b"PK\x03\x04":
            raise ValueError(f"{path}: is an Excel workbook, not CSV: save it as CSV (UTF-8)")
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise ValueError(f"{path}: is UTF-16: save it as UTF-8")
        _no_nul(path)
        header = pd.read_csv(Path(path), nrows=1, dtype=object, compression=None, **options)
        columns = [name.strip() for name in header.iloc[0]]
        for name in required:
            if name not in columns:
                raise ValueError(f"{path}: column {name!r} is missing (columns: {short(', '.join(columns))}){_hint(name, columns)}")
        for name in columns:
            if name and columns.count(name) > 1:
                raise ValueError(f"{path}: column {name!r} stands there {columns.count(name)} times")
        kept = [i for i, name in enumerate(columns) if name in required or (others and name)]
        # One byte of each other field; usecols would let rows of any length pass.
        dtype = {i: object if i in kept else "S1" for i in range(len(columns))}
        rows = pd.read_csv(Path(path), dtype=dtype, low_memory=False, compression=None, **options)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError as error:
        before = error.object[: error.start].rpartition(b"\n")[2][-20:].decode(errors="ignore")
        raise ValueError(f"{path}: is not UTF-8: byte {error.object[error.start]:#04x} after {short(before)}") from None
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path}: is empty: must have a header with {','.join(required)}") from None
    except pd.errors.ParserError as error:
        raise ValueError(f"{path}: {str(error).partition('C error: ')[2].strip() or error}") from None
    ignored = [name for i, name in enumerate(columns) if name and i not in kept]
    return rows.iloc[1:, kept].set_axis([columns[i] for i in kept], axis=1), ignored


def _no_nul(path: StrPath) -> None:
    """Refuse a file with a NUL byte, of which pandas and NumPy would each make something else."""
    line = 1
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            if (at := block.find(0)) >= 0:
                raise ValueError(f"{path} line {line + block.count(10, 0, at)}: holds a NUL byte, must be text")
            line += block.count(10)


def _line(path: StrPath, row: int) -> int:
    """The number of the line, counted from 1, of a row, counted from 0 below the header; blank lines are no rows."""
    with open(path, encoding="utf-8-sig") as file:
        filled = (number for number, line in enumerate(file, 1) if line.strip(" \t\r\n"))
        return next(islice(filled, row + 1, None))


def _ids(path: StrPath, rows: "pd.DataFrame") -> tuple["pd.Index[str]", NDArray[np.int64]]:
    """The distinct ids in some columns in order of first appearance, row by row; and of each field the position among them."""
    import pandas as pd

    raw, texts = pd.factorize(rows.to_numpy().ravel())
    stripped, ids = pd.factorize(pd.Index(texts, dtype=object).str.strip())
    codes = stripped[raw].reshape(rows.shape)
    if "" in ids:
        row, column = divmod(int(np.argmax(codes == ids.get_loc(""))), rows.shape[1])
        raise ValueError(f"{path} line {_line(path, row)}: {rows.columns[column]} = '': must not be empty")
    if len(ids) and (long := ids.str.len() > MAX_NAME).any():
        row, column = divmod(int(np.argmax(long[codes])), rows.shape[1])
        shown = f"{rows.columns[column]} = {short(ids[codes[row, column]])}"
        raise ValueError(f"{path} line {_line(path, row)}: {shown}: must be at most {MAX_NAME} characters")
    return ids, codes
