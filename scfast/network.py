"""Networks: frozen CSR adjacency with node types, fitness, names and attributes; readers and converters.

All networks are undirected, unweighted and simple [P]. A :class:`Network` is cheap to make and never changes; whatever was
dropped, merged or ignored while it was read is told in its ``notes``.
"""

import csv
import hashlib
import io
import operator
import os
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scfast.jit import kernel
from scfast.parameters import CHAIN, MAX_NODES, short

MAX_TYPES = 16
RESERVED = ("id", "type", "fitness")  # columns of a nodes file that are not attributes

Attributes: TypeAlias = Mapping[str, ArrayLike]
StrPath: TypeAlias = str | os.PathLike[str]

_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)  # not '007' and not '+7': those stay text
_NUMBER = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LOW = 0x7FFFFFFF
_FIELDS, _EMPTY, _QUOTE = 1, 2, 3  # what _scan_pairs can find wrong
_TAB, _NEWLINE, _RETURN, _SPACE, _QUOTATION, _COMMA = 9, 10, 13, 32, 34, 44


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

    __slots__ = ("_positions", "attributes", "fitness", "indices", "indptr", "names", "notes", "type_names", "types")

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    types: NDArray[np.int8]
    type_names: tuple[str, ...]
    fitness: NDArray[np.float64] | None
    names: NDArray[np.str_] | None
    attributes: Mapping[str, NDArray[Any]]
    notes: tuple[str, ...]
    _positions: dict[str, int] | None

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
        put = object.__setattr__
        put(self, "indptr", starts)
        put(self, "indices", neighbours)
        put(self, "type_names", _labels(type_names))
        put(self, "types", _frozen("types", np.zeros(n, np.int8) if types is None else types, np.int8, n))
        if self.types.min() < 0 or self.types.max() >= len(self.type_names):
            raise ValueError(f"types: codes must be between 0 and {len(self.type_names) - 1}")
        put(self, "fitness", None if fitness is None else _frozen("fitness", fitness, np.float64, n))
        put(self, "names", None if names is None else _column("names", names, n))
        if self.names is not None and self.names.dtype.kind != "U":
            raise ValueError(f"names: must be str, not {self.names.dtype}")
        columns = {name: _column(name, values, n) for name, values in (attributes or {}).items()}
        for name in RESERVED:
            if name in columns:
                raise ValueError(f"attributes[{name!r}]: this name is taken, give another")
        put(self, "attributes", MappingProxyType(columns))
        put(self, "notes", tuple(notes))
        put(self, "_positions", None)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name}: a Network is frozen")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name}: a Network is frozen")

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.indptr, self.indices, self.types, self.type_names, self.fitness, self.names)
        return Network, (*fields, dict(self.attributes), self.notes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return (
            self.type_names == other.type_names
            and self.attributes.keys() == other.attributes.keys()
            and all(_same(mine, theirs) for mine, theirs in zip(self._arrays(), other._arrays(), strict=True))
        )

    def __hash__(self) -> int:
        return hash((self.n_nodes, self.n_edges, self.type_names))

    def __repr__(self) -> str:
        counts = np.bincount(self.types, minlength=len(self.type_names))
        types = ", ".join(f"{name} {count}" for name, count in zip(self.type_names, counts, strict=True))
        return f"Network({self.n_nodes} nodes, {self.n_edges} edges, types {types}, {_many(self.n_isolates, 'isolate')})"

    def _arrays(self) -> list[NDArray[Any] | None]:
        """All content arrays in a fixed order."""
        fixed: list[NDArray[Any] | None] = [self.indptr, self.indices, self.types, self.fitness, self.names]
        return [*fixed, *(self.attributes[name] for name in sorted(self.attributes))]

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
            if self.names is None:
                if _INTEGER.fullmatch(node) and 0 <= int(node) < self.n_nodes:
                    return int(node)
            else:
                if self._positions is None:
                    found = {name: i for i, name in enumerate(self.names.tolist())}
                    object.__setattr__(self, "_positions", found)
                assert self._positions is not None
                if node in self._positions:
                    return self._positions[node]
            raise ValueError(f"node = {short(node)}: no node has this name")
        position = _integer("node", node)
        if not 0 <= position < self.n_nodes:
            raise ValueError(f"node = {position}: must be between 0 and {self.n_nodes - 1}")
        return position

    def digest(self) -> str:
        """SHA-256 (hexadecimal) of structure, types, fitness, names and attributes; equal networks have equal digests."""
        total = hashlib.sha256(repr((self.type_names, sorted(self.attributes))).encode())
        for array in self._arrays():
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
            Finite.
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
        ValueError: edges: 1 self-loop (2 - 2), 1 reversed duplicate (0 - 1): must be none (clean=True drops them;
            symmetrize=True reads directed pairs)
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
        rows = scipy.sparse.csr_array(matrix, copy=True)
        rows.sum_duplicates()
        rows.eliminate_zeros()
        entries = rows.tocoo()
        u, v = entries.row, entries.col
        forward, backward = _key(u, v), np.sort(_key(v, u))
        symmetric = np.array_equal(forward, backward)
        if not symmetric and not symmetrize:
            alone = forward[~np.isin(forward, backward, assume_unique=True)]
            text = f"{alone[0] >> 32}, {alone[0] & _LOW}"
            raise ValueError(
                f"matrix: {_many(alone.size, 'asymmetric entry', 'asymmetric entries')} (at {text}): "
                "must be symmetric (symmetrize=True makes it so)"
            )
        notes = [] if bool(np.all(entries.data == 1)) else ["matrix values other than 1 ignored: edges are unweighted"]
        keep = u <= v if symmetric else np.ones(u.size, np.bool_)
        nodes = _nodes(matrix.shape[0], types, type_names, fitness, names, attributes)
        return _build("matrix", np.column_stack((u[keep], v[keep])), nodes, clean, not symmetric, notes)

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
        nodes: list[Hashable] = list(range(self.n_nodes)) if self.names is None else self.names.tolist()
        columns = self._table()
        values = zip(*columns.values(), strict=True)
        graph.add_nodes_from((node, dict(zip(columns, row, strict=True))) for node, row in zip(nodes, values, strict=True))
        u, v = self.edges().T.tolist()
        graph.add_edges_from(zip(map(nodes.__getitem__, u), map(nodes.__getitem__, v), strict=True))
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
        nodes = [str(i) for i in range(self.n_nodes)] if self.names is None else self.names.tolist()
        columns = self._table()
        with open(nodes_path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", *columns])
            shown = [["" if v != v else v for v in values] for values in columns.values()]
            writer.writerows(zip(nodes, *shown, strict=True))
        with open(edges_path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["source", "target"])
            pairs = self.edges()
            for first in range(0, len(pairs), 1 << 16):
                u, v = pairs[first : first + (1 << 16)].T.tolist()
                writer.writerows(zip(map(nodes.__getitem__, u), map(nodes.__getitem__, v), strict=True))

    def _table(self) -> dict[str, list[Any]]:
        """Types by name, fitness and attributes as lists of Python values."""
        columns: dict[str, list[Any]] = {"type": [self.type_names[code] for code in self.types.tolist()]}
        if self.fitness is not None:
            columns["fitness"] = self.fitness.tolist()
        return columns | {name: values.tolist() for name, values in self.attributes.items()}


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
        Columns ``source`` and ``target``; others are ignored.
    nodes : path, optional
        Column ``id``; ``type`` and ``fitness`` if there; all others are kept as attributes (numbers where every filled field
        is a number, with NaN for empty fields; else text). ``name`` is what :meth:`Network.label` shows. Nodes without
        edges are kept.
    type_names, clean, symmetrize
        As in :meth:`Network.from_edges`.

    Raises
    ------
    ValueError
        One line with file, line and value: a file that is missing, empty or not UTF-8; a missing column; a row of another
        length than the header; an empty, duplicate or unknown id; self-loops and duplicates as in :meth:`Network.from_edges`.

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
    data, rows, places = _read_pairs(edges)
    ids = [_id(edges, data, start, end) for start, end in places.tolist()]
    notes = [f"{edges}: {_many(len(rows), 'row')}"]
    if nodes is None:
        if not ids:
            raise ValueError(f"{edges}: has no edges (and no nodes file was given)")
        position: dict[str, int] = {}
        codes = np.fromiter((position.setdefault(name, len(position)) for name in ids), np.int32, len(ids))
        table = _nodes(len(position), None, type_names, None, list(position), None)
    else:
        columns = _read_nodes(nodes)
        names = columns.pop("id")
        position = {name: i for i, name in enumerate(names)}
        codes = np.fromiter((position.get(name, -1) for name in ids), np.int32, len(ids))
        if codes.size and codes.min() < 0:
            first = int(np.argmin(codes))
            line = _line(data, int(places[first, 0]))
            raise ValueError(f"{edges} line {line}: id = {short(ids[first])}: not among the ids of {nodes}")
        notes.append(f"{nodes}: {_many(len(names), 'row')}")
        types, fitness = columns.pop("type", None), columns.pop("fitness", None)
        typed = {name: _parsed(values) for name, values in columns.items()}
        try:
            table = _nodes(len(names), types, type_names, None if fitness is None else _parsed(fitness), names, typed)
        except ValueError as error:
            raise ValueError(f"{nodes}: {error}") from None
    del data, places, ids, position
    return _build(str(edges), codes[rows], table, clean, symmetrize, notes)


def _build(
    source: str, edges: NDArray[Any], nodes: dict[str, Any], clean: bool, symmetrize: bool, notes: Sequence[str] = ()
) -> Network:
    """A network from index pairs and checked node columns; `source` names the edges in messages."""
    nodes = dict(nodes)
    n, names = nodes.pop("n_nodes"), nodes["names"]
    smallest, largest = (int(edges.min()), int(edges.max())) if edges.size else (0, -1)
    if smallest < 0:
        raise ValueError(f"{source}: node index {smallest}: must be at least 0")
    if n is None:
        n = largest + 1
    if not 1 <= n <= MAX_NODES:
        raise ValueError(f"n_nodes = {n}: must be between 1 and {MAX_NODES}")
    if largest >= n:
        raise ValueError(f"n_nodes = {n}: must be at least {largest + 1}, one more than the largest index in {source}")

    def show(key: int) -> str:
        ends = (key >> 32, key & _LOW)
        return " - ".join(str(end) if names is None else repr(str(names[end])) for end in ends)

    n_rows = len(edges)
    keys, found = _simple_keys(edges)
    merged = int(found.pop("reversed duplicate")[0]) if symmetrize else 0
    told = ", ".join(f"{_many(count, kind)} ({show(example)})" for kind, (count, example) in found.items() if count)
    if told and not clean:
        directed = not symmetrize and found["reversed duplicate"][0] > 0
        hint = "; symmetrize=True reads directed pairs" if directed else ""
        raise ValueError(f"{source}: {told}: must be none (clean=True drops them{hint})")
    notes = [*notes, *([f"dropped {told}"] if told else [])]
    if symmetrize:
        both = f"{_many(merged, 'pair')} given in both directions"
        notes.append(f"{n_rows} directed rows read as {_many(keys.size, 'undirected edge')}: {both}")
    indptr, indices = _csr(keys, n)
    return Network(indptr, indices, notes=notes, **nodes)


def _simple_keys(edges: NDArray[Any]) -> tuple[NDArray[np.int64], dict[str, tuple[int, int]]]:
    """The distinct edges as sorted keys ``low << 32 | high``, and of each kind of surplus row the count and one key."""
    u, v = edges[:, 0], edges[:, 1]
    loops = u == v
    n_loops = int(np.count_nonzero(loops))
    found = {"self-loop": (0, 0), "duplicate": (0, 0), "reversed duplicate": (0, 0)}
    if n_loops:
        node = int(u[np.argmax(loops)])
        found["self-loop"] = (n_loops, node << 32 | node)
        u, v = u[~loops], v[~loops]
    keys = _key(np.minimum(u, v), np.maximum(u, v))
    keys.sort()
    fresh = _fresh(keys)
    if fresh.all():
        return keys, found
    repeated, keys = keys[~fresh], keys[fresh]
    row_keys = _key(np.minimum(u, v), np.maximum(u, v))
    near = np.searchsorted(repeated, row_keys)
    near[near == repeated.size] = 0
    several = repeated[near] == row_keys
    arcs = _key(u[several], v[several])
    arcs.sort()
    first = _fresh(arcs)
    if not first.all():
        found["duplicate"] = (int(np.count_nonzero(~first)), int(arcs[~first][0]))
    arcs = arcs[first]
    ends = arcs >> 32, arcs & _LOW
    pairs = _key(np.minimum(*ends), np.maximum(*ends))
    pairs.sort()
    both = pairs[~_fresh(pairs)]
    if both.size:
        found["reversed duplicate"] = (both.size, int(both[0]))
    return keys, found


def _key(high: NDArray[Any], low: NDArray[Any]) -> NDArray[np.int64]:
    """Two node indices in one integer: ``high << 32 | low``."""
    keys = high.astype(np.int64)
    keys <<= 32
    keys |= low.astype(np.int64, copy=False)
    return keys


def _fresh(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a sorted array holds a value for the first time."""
    first = np.ones(ordered.size, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def _csr(keys: NDArray[np.int64], n_nodes: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Row starts and sorted neighbours from the keys of distinct edges, by one in-place sort of all arcs."""
    arcs = np.empty(2 * keys.size, np.int64)
    arcs[: keys.size] = keys
    arcs[keys.size :] = keys << 32 | keys >> 32
    arcs.sort()
    indices = (arcs & _LOW).astype(np.int32)
    arcs >>= 32
    indptr = np.zeros(n_nodes + 1, np.int64)
    np.cumsum(np.bincount(arcs, minlength=n_nodes), out=indptr[1:])
    return indptr, indices


def _nodes(
    n_nodes: int | None,
    types: ArrayLike | None,
    type_names: Sequence[str] | None,
    fitness: ArrayLike | None,
    names: ArrayLike | None,
    attributes: Attributes | None,
) -> dict[str, Any]:
    """Node columns checked and normalised, as keyword arguments of :class:`Network`, and ``n_nodes`` (None: not known)."""
    columns: dict[str, Any] = {"types": types, "names": names, "fitness": fitness, **(attributes or {})}
    n = None if n_nodes is None else _integer("n_nodes", n_nodes)
    for name, values in columns.items():
        if values is None:
            continue
        shape = np.shape(values)
        if len(shape) != 1 or (n is not None and shape[0] != n):
            raise ValueError(f"{name} = {short(values)}: must be one value for each of the {n or ''} nodes".replace("  ", " "))
        n = shape[0]
    codes, labels = _types(types, type_names)
    if fitness is not None:
        try:
            fitness = np.array(fitness, np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"fitness = {short(fitness)}: must be numbers, one for each node") from None
        if not np.isfinite(fitness).all():
            raise ValueError(f"fitness[{int(np.argmin(np.isfinite(fitness)))}]: must be a finite number")
    copies = {name: np.array(values) for name, values in (attributes or {}).items()}
    table = {"types": codes, "type_names": labels, "fitness": fitness, "names": _names(names), "attributes": copies}
    return {"n_nodes": n, **table}


def _types(types: ArrayLike | None, type_names: Sequence[str] | None) -> tuple[NDArray[np.int8] | None, tuple[str, ...]]:
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
    for i, label in enumerate(labels):
        if not isinstance(label, str) or not label:
            raise ValueError(f"types[{i}] = {short(label)}: must be a type's name")
    seen = list(islice(dict.fromkeys(labels), MAX_TYPES + 1))
    if given is None:
        given = _labels([name for name in CHAIN if name in seen] if set(seen) <= set(CHAIN) else seen)
    code = {label: i for i, label in enumerate(given)}
    for label in seen:
        if label not in code:
            raise ValueError(f"types[{labels.index(label)}] = {short(label)}: not one of {', '.join(given)}")
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
    if len(set(listed)) < len(listed):
        seen: set[str] = set()
        twice = next(name for name in listed if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"names: {short(twice)} stands there {listed.count(twice)} times: must be distinct")
    if all(name == str(i) for i, name in enumerate(listed)):
        return None
    return np.array(listed, dtype=np.str_)


def _pairs(edges: ArrayLike) -> NDArray[Any]:
    """Edges as an integer array of shape (m, 2), not copied where it is one."""
    try:
        array = np.asarray(edges)
    except ValueError:  # rows of unequal lengths
        raise ValueError("edges: must be an (m, 2) array of integers") from None
    if array.shape in ((0,), (0, 2)):
        return np.zeros((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"edges = {short(array)}: must be of shape (m, 2)")
    if array.dtype.kind not in "iu":
        raise ValueError(f"edges: must be integers, not {array.dtype}")
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
    array = np.ascontiguousarray(values, dtype).view()
    if array.ndim != 1 or (n is not None and array.size != n):
        raise ValueError(f"{name} = {short(array)}: must be of shape ({'m' if n is None else n},)")
    array.flags.writeable = False
    return array


def _column(name: str, values: ArrayLike, n: int) -> NDArray[Any]:
    """A read-only column of int64, float64, bool or text."""
    array: NDArray[Any] | None = np.asarray(values)
    if array is not None and array.dtype.kind == "O":
        array = _typed(array.tolist()) if array.ndim == 1 else None
    if array is not None:
        for dtype in (np.bool_, np.int64, np.float64, np.str_):
            if array.dtype.kind == np.dtype(dtype).kind or (array.dtype.kind == "u" and np.can_cast(array.dtype, dtype)):
                return _frozen(name, array, array.dtype if dtype is np.str_ else dtype, n)
            if array.dtype.kind == "T" and dtype is np.str_:
                return _frozen(name, array, dtype, n)
    raise ValueError(f"{name} = {short(values)}: must be numbers or text, one for each node")


def _typed(values: list[Any]) -> NDArray[Any] | None:
    """A column from Python values, None meaning missing (NaN or empty text); None where they are of another kind."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, str) for value in there):
        return np.array(["" if value is None else value for value in values], dtype=np.str_)
    if all(isinstance(value, bool | np.bool_) for value in there):
        return np.array(values, np.bool_) if len(there) == len(values) else None
    if not all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in there):
        return None
    array = np.array([np.nan if value is None else value for value in values])
    return array if array.dtype.kind in "if" else None


def _parsed(values: list[str]) -> NDArray[Any]:
    """A column of a CSV file: int64, float64 (NaN where empty) or text."""
    filled = [value for value in values if value]
    if filled and all(map(_NUMBER.fullmatch, filled)):
        whole = len(filled) == len(values) and all(map(_INTEGER.fullmatch, filled))
        if whole and max(map(len, filled)) <= 18:
            return np.array(list(map(int, filled)), np.int64)
        return np.array([float(value) if value else np.nan for value in values])
    return np.array(values, dtype=np.str_)


def _same(a: NDArray[Any] | None, b: NDArray[Any] | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.dtype.kind == b.dtype.kind and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


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


def _read(path: StrPath, required: Sequence[str]) -> tuple[bytes, list[str], int]:
    """A CSV file's bytes, its column names, and where its rows begin."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror or error})") from None
    mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    end = data.find(b"\n")
    end = len(data) if end < 0 else end
    if not data[mark:].strip():
        raise ValueError(f"{path}: is empty: must have a header with {','.join(required)}")
    try:
        header = data[mark:end].decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path} line 1: is not UTF-8") from None
    columns = [name.strip() for name in next(csv.reader([header.strip()], skipinitialspace=True), [])]
    for name in required:
        if name not in columns:
            raise ValueError(f"{path}: column {name!r} is missing (columns: {short(', '.join(columns))})")
    for name in columns:
        if name and columns.count(name) > 1:
            raise ValueError(f"{path}: column {name!r} stands there {columns.count(name)} times")
    return data, columns, end + 1


def _line(data: bytes, at: int) -> int:
    """The number of the line, counted from 1, in which byte `at` lies."""
    return data.count(b"\n", 0, at) + 1


def _id(path: StrPath, data: bytes, start: int, end: int) -> str:
    """The id that a field's bytes stand for."""
    raw = data[start:end]
    if data[start - 1] == _QUOTATION:
        raw = raw.replace(b'""', b'"')
    try:
        name = raw.decode().strip()
    except UnicodeDecodeError:
        raise ValueError(f"{path} line {_line(data, start)}: id = {short(raw)}: is not UTF-8") from None
    if not name:
        raise ValueError(f"{path} line {_line(data, start)}: id = {short(raw.decode())}: must not be blank")
    return name


def _read_pairs(path: StrPath) -> tuple[bytes, NDArray[np.int32], NDArray[np.int64]]:
    """An edges file: its bytes, each row's two codes of ids in order of first appearance, and where each id's text lies."""
    data, columns, begin = _read(path, ("source", "target"))
    room = data.count(b"\n", begin) + 1
    edges, places = np.empty((room, 2), np.int32), np.empty((2 * room, 2), np.int64)
    wanted = columns.index("source"), columns.index("target")
    n_rows, n_ids, fault, at = _scan_pairs(np.frombuffer(data, np.uint8), begin, len(columns), wanted, edges, places)
    if fault:
        what = {
            _FIELDS: f"must have {len(columns)} fields like the header",
            _EMPTY: "source and target must not be empty",
            _QUOTE: "a quoted field must end with a quote before the next comma",
        }[fault]
        line = data[at : at + 200].split(b"\n")[0].decode(errors="replace").strip()
        raise ValueError(f"{path} line {_line(data, at)}: {short(line)}: {what}")
    return data, edges[:n_rows], places[:n_ids].copy()


def _read_nodes(path: StrPath) -> dict[str, list[str]]:
    """A nodes file's columns, every field without the blanks around it; ids are distinct and not empty."""
    data, columns, begin = _read(path, ("id",))
    try:
        text = data[begin:].decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} line {_line(data, begin + error.start)}: is not UTF-8") from None
    first_line: dict[str, int] = {}
    rows: list[list[str]] = []
    at = columns.index("id")
    for line, row in _records(path, text):
        if len(row) != len(columns):
            raise ValueError(f"{path} line {line}: {short(','.join(row))}: must have {len(columns)} fields like the header")
        row = [field.strip() for field in row]
        if not row[at]:
            raise ValueError(f"{path} line {line}: id = '': must not be empty")
        if first_line.setdefault(row[at], line) != line:
            raise ValueError(f"{path} line {line}: id = {short(row[at])}: is that of line {first_line[row[at]]} already")
        rows.append(row)
    if not rows:
        raise ValueError(f"{path}: has no rows below the header")
    return {name: list(values) for name, values in zip(columns, zip(*rows, strict=True), strict=True) if name}


def _records(path: StrPath, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header that are not blank, each with the number of the line on which it ends."""
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        for row in reader:
            if any(row):
                yield reader.line_num + 1, row
    except csv.Error as error:
        raise ValueError(f"{path} line {reader.line_num + 1}: {error}") from None


@kernel
def _field(text: NDArray[np.uint8], at: int) -> tuple[int, int, int]:
    """One CSV field from `at`: where its content starts and ends, and its delimiter (-1: quotes do not match)."""
    size = text.size
    while at < size and (text[at] == _SPACE or text[at] == _TAB):
        at += 1
    start = at
    if at < size and text[at] == _QUOTATION:
        start = at + 1
        at += 1
        while True:
            while at < size and text[at] != _QUOTATION:
                at += 1
            if at >= size:
                return start, at, -1
            if at + 1 == size or text[at + 1] != _QUOTATION:
                break
            at += 2
        end = at
        at += 1
        while at < size and text[at] != _COMMA and text[at] != _NEWLINE:
            if text[at] != _SPACE and text[at] != _TAB and text[at] != _RETURN:
                return start, end, -1
            at += 1
        return start, end, at
    while at < size and text[at] != _COMMA and text[at] != _NEWLINE:
        at += 1
    end = at
    while end > start and (text[end - 1] == _SPACE or text[end - 1] == _TAB or text[end - 1] == _RETURN):
        end -= 1
    return start, end, at


@kernel
def _slot(key: int, n_slots: int) -> int:
    """Where to begin the search for `key`; factors below 2**31 keep the products within int64."""
    h = ((key & _LOW) * 0x2C1B3C6D + (key >> 31) * 0x297A2D39) & _LOW
    h = (h ^ h >> 15) * 0x5D8AF2E3 & _LOW
    return (h ^ h >> 13) & (n_slots - 1)


@kernel
def _intern(text: NDArray[np.uint8], start: int, end: int, table: NDArray[np.int64], places: NDArray[np.int64], n_ids: int) -> int:
    """The code of an id's text: that of the same text before, or `n_ids` for a new one, which is then entered.

    Up to seven bytes are their own key; a longer text's key is a hash with bit 60 set, and the texts are compared.
    """
    size, key = end - start, end - start
    if size <= 7:
        for i in range(start, end):
            key = key << 8 | int(text[i])
    else:
        for i in range(start, end):
            key = (key * 1000003 ^ int(text[i])) & 0xFFFFFFFFFF
        key |= 1 << 60
    slot = _slot(key, len(table))
    while table[slot, 1] >= 0:
        if table[slot, 0] == key:
            code = table[slot, 1]
            first, i = places[code, 0], 0
            if size > 7 and places[code, 1] - first == size:
                while i < size and text[first + i] == text[start + i]:
                    i += 1
            if size <= 7 or i == size:
                return code
        slot = (slot + 1) & (len(table) - 1)
    table[slot, 0], table[slot, 1] = key, n_ids
    places[n_ids, 0], places[n_ids, 1] = start, end
    return n_ids


@kernel
def _wider(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """A hash table of four times the slots with the same entries (key, code)."""
    wider = np.full((4 * len(table), 2), -1, np.int64)
    for i in range(len(table)):
        if table[i, 1] >= 0:
            slot = _slot(table[i, 0], len(wider))
            while wider[slot, 1] >= 0:
                slot = (slot + 1) & (len(wider) - 1)
            wider[slot, 0], wider[slot, 1] = table[i, 0], table[i, 1]
    return wider


@kernel
def _scan_pairs(
    text: NDArray[np.uint8],
    begin: int,
    n_fields: int,
    columns: tuple[int, int],
    edges: NDArray[np.int32],
    places: NDArray[np.int64],
) -> tuple[int, int, int, int]:
    """Fill `edges` with codes of ids and `places` with where their text lies; returns rows, ids, fault (0: none), its place."""
    table = np.full((1 << 12, 2), -1, np.int64)
    n_rows, n_ids, at = 0, 0, begin
    while at < text.size:
        line, field, more = at, 0, True
        source_start = source_end = target_start = target_end = 0
        while more:
            start, end, at = _field(text, at)
            if at < 0:
                return n_rows, n_ids, _QUOTE, line
            if field == columns[0]:
                source_start, source_end = start, end
            elif field == columns[1]:
                target_start, target_end = start, end
            field += 1
            more = at < text.size and text[at] == _COMMA
            at += 1
        if field == 1 and start == end:
            continue
        if field != n_fields:
            return n_rows, n_ids, _FIELDS, line
        if source_start == source_end or target_start == target_end:
            return n_rows, n_ids, _EMPTY, line
        u = _intern(text, source_start, source_end, table, places, n_ids)
        n_ids = max(n_ids, u + 1)
        v = _intern(text, target_start, target_end, table, places, n_ids)
        n_ids = max(n_ids, v + 1)
        edges[n_rows, 0], edges[n_rows, 1] = u, v
        n_rows += 1
        if 2 * n_ids > len(table):
            table = _wider(table)
    return n_rows, n_ids, 0, 0
