"""Networks: construction, checks, converters and CSV files. All figures here are exact: nothing is random but by fixed seed."""

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scfast.network import Network, read_network

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
real_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real networks (../shared/data) are not beside the repository")

TRIANGLE = [[0, 1], [1, 2], [2, 0]]


def write(folder, **files):
    """Write text (or bytes) files name.csv; returns their paths."""
    paths = []
    for name, content in files.items():
        path = folder / f"{name}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        paths.append(path)
    return paths


def refused(call, *parts):
    """The call raises ValueError with one line that holds all parts."""
    with pytest.raises(ValueError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message


def full():
    """A network with every field filled, two isolates (one typed differently) and awkward names."""
    return Network.from_edges(
        [[3, 0], [0, 1], [1, 2]],
        n_nodes=5,
        types=["platform", "brand", "brand", "logistics", "platform"],
        fitness=[0.5, 0.25, 1.0, 0.1, 1 / 3],
        names=["007", "7", "Zoë, Inc.", 'a "b"', "x y"],
        attributes={"name": ["Hub", "", "Zoë", "B", "X"], "lat": [1.5, np.nan, -2.0, 0.0, 3.0], "states": [0, 1, 2, 3, 0]},
    )


class TestStructure:
    def test_rows_are_sorted_csr_with_isolates(self):
        net = Network.from_edges([[4, 1], [1, 0], [3, 1]], n_nodes=6)
        assert net.indptr.tolist() == [0, 1, 4, 4, 5, 6, 6]
        assert net.indices.tolist() == [1, 0, 3, 4, 1, 1]
        assert (net.indptr.dtype, net.indices.dtype, net.types.dtype) == (np.int64, np.int32, np.int8)
        assert (net.n_nodes, net.n_edges, net.n_isolates) == (6, 3, 2)
        assert net.degree.tolist() == [1, 3, 0, 1, 1, 0]
        assert net.type_names == ("node",) and net.fitness is None and net.names is None

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=40),
        st.sampled_from([np.int64, np.int32, np.uint8, np.uint64]),
    )
    def test_clean_agrees_with_sets_of_pairs(self, pairs, dtype):
        net = Network.from_edges(np.array(pairs, dtype).reshape(-1, 2), n_nodes=9, clean=True)
        expected = {frozenset(pair) for pair in pairs if pair[0] != pair[1]}
        assert {frozenset(pair) for pair in net.edges().tolist()} == expected and net.n_edges == len(expected)
        for i in range(9):
            row = net.indices[net.indptr[i] : net.indptr[i + 1]].tolist()
            assert row == sorted(j for pair in expected if i in pair for j in pair - {i})
        kept = [pair for pair in pairs if pair[0] != pair[1]]
        loops, exact = len(pairs) - len(kept), len(kept) - len(set(kept))
        turned = len(set(kept)) - len(expected)
        told = " ".join(net.notes)
        for count, kind in ((loops, "self-loop"), (exact, " duplicate"), (turned, "reversed duplicate")):
            assert (f"{count} {kind.strip()}" in told) == (count > 0)

    def test_many_edges_agree_with_scipy(self):
        import scipy.sparse as sp

        pairs = np.random.default_rng(5).integers(0, 3000, (40_000, 2))
        net = Network.from_edges(pairs, n_nodes=3000, clean=True)
        u, v = pairs[pairs[:, 0] != pairs[:, 1]].T
        one = sp.coo_array((np.ones(u.size), (u, v)), shape=(3000, 3000)).tocsr()
        expected = ((one + one.T) > 0).tocsr()
        expected.sort_indices()
        np.testing.assert_array_equal(net.indptr, expected.indptr)
        np.testing.assert_array_equal(net.indices, expected.indices)

    def test_surplus_edges_are_counted_with_examples(self):
        edges = [[0, 1], [0, 1], [0, 1], [1, 0], [2, 2], [3, 2], [2, 3], [3, 3], [4, 1]]
        text = "2 self-loops (2 - 2), 2 duplicates (0 - 1), 2 reversed duplicates (0 - 1)"
        refused(lambda: Network.from_edges(edges), text, "clean drops them; symmetrize reads directed pairs")
        net = Network.from_edges(edges, clean=True)
        assert net.notes == (f"dropped {text}",) and net.edges().tolist() == [[0, 1], [1, 4], [2, 3]]

    def test_symmetrize_merges_both_directions_only(self):
        net = Network.from_edges([[0, 1], [1, 0], [2, 1]], symmetrize=True)
        assert net.n_edges == 2
        assert net.notes == ("3 directed rows read as 2 undirected edges: 1 pair given in both directions",)
        refused(lambda: Network.from_edges([[0, 1], [0, 1], [1, 0]], symmetrize=True), "1 duplicate (0 - 1)")
        refused(lambda: Network.from_edges([[0, 1], [1, 1]], symmetrize=True), "1 self-loop (1 - 1)")
        both = Network.from_edges([[0, 1], [0, 1], [1, 0], [2, 2]], symmetrize=True, clean=True)
        assert both.n_edges == 1 and both.n_isolates == 1

    def test_empty_edge_list(self):
        for edges in ([], np.zeros((0, 2)), np.zeros((0, 2), np.int32)):
            net = Network.from_edges(edges, n_nodes=3)
            assert (net.n_edges, net.n_isolates) == (0, 3)
        refused(lambda: Network.from_edges([]), "n_nodes = 0", "between 1 and 2147483647")

    @pytest.mark.parametrize(
        ("edges", "n_nodes", "parts"),
        [
            ([[0, 1], [2, -4]], None, ["edges", "-4", "at least 0"]),
            ([[0, 5]], 3, ["n_nodes = 3", "at least 6"]),
            ([[0.0, 1.0]], None, ["edges", "integers", "float64"]),
            ([[True, False]], None, ["edges", "integers", "bool"]),
            ([["a", "b"]], None, ["edges", "integers"]),
            ([[0, 1, 2]], None, ["edges", "(m, 2)"]),
            ([[0, 1], [2]], None, ["edges", "(m, 2)"]),
            ([[0, 2**31 - 1]], None, ["n_nodes = 2147483648", "2147483647"]),
            ([[0, 2**40]], None, ["n_nodes", "2147483647"]),
            (np.array([[0, 2**63]], np.uint64), 5, ["n_nodes = 5"]),
            ([[0, 1]], 2.0, ["n_nodes = 2.0", "integer"]),
            ([[0, 1]], True, ["n_nodes = True", "integer"]),
            ([[0, 1]], 0, ["n_nodes = 0"]),
            ([[0, 1]], 2**31, ["n_nodes = 2147483648"]),
        ],
    )
    def test_bad_edges_are_named(self, edges, n_nodes, parts):
        refused(lambda: Network.from_edges(edges, n_nodes), *parts)


class TestNodes:
    def test_types_by_label_take_the_chain_order(self):
        net = Network.from_edges([[0, 1]], types=["logistics", "brand"])
        assert net.type_names == ("brand", "logistics") and net.types.tolist() == [1, 0]
        net = Network.from_edges([[0, 1]], types=["mine", "brand"])
        assert net.type_names == ("mine", "brand") and net.types.tolist() == [0, 1]
        net = Network.from_edges([[0, 1]], types=["b", "a"], type_names=["a", "b", "c"])
        assert net.type_names == ("a", "b", "c") and net.types.tolist() == [1, 0]

    def test_types_by_code(self):
        net = Network.from_edges([[0, 2]], types=[0, 2, 1])
        assert net.type_names == ("0", "1", "2") and net.types.tolist() == [0, 2, 1]
        assert Network.from_edges([[0, 1]], types=[3, 0], type_names=list("wxyz")).type_names == tuple("wxyz")

    def test_sixteen_types_but_not_seventeen(self):
        labels = [f"t{i}" for i in range(16)]
        net = Network.from_edges([[0, 15]], types=labels)
        assert net.types.tolist() == list(range(16)) and net.type_names == tuple(labels)
        refused(lambda: Network.from_edges([[0, 15]], types=[*labels, "one more"]), "type_names", "1 to 16")
        refused(lambda: Network.from_edges([[0, 1]], types=[0, 16]), "code 16", "between 0 and 15")

    @pytest.mark.parametrize(
        ("columns", "parts"),
        [
            ({"types": [0, -1, 0]}, ["types", "-1"]),
            ({"types": ["a", "", "a"]}, ["types[1]"]),
            ({"types": ["a", None, "a"]}, ["types[1]", "None"]),
            ({"types": np.array(["a", np.nan, "a"], object)}, ["types[1]", "nan"]),
            ({"types": ["a", "b", "a"], "type_names": ["a"]}, ["types[1] = 'b'", "not one of a"]),
            ({"type_names": ["a", "b"]}, ["types", "must be given"]),
            ({"types": ["a", "b"]}, ["types", "3 nodes"]),
            ({"types": [0, 0, 0], "type_names": ["a", "a"]}, ["type_names", "distinct"]),
            ({"names": ["a", "b", "a"]}, ["names", "'a'", "distinct"]),
            ({"names": ["a", " ", "c"]}, ["names[1]", "blank"]),
            ({"names": ["a", None, "c"]}, ["names[1]"]),
            ({"names": ["a", float("nan"), "c"]}, ["names[1]"]),
            ({"fitness": [1.0, np.nan, 1.0]}, ["fitness[1]", "finite"]),
            ({"fitness": ["x", 1, 1]}, ["fitness[0] = 'x'", "number"]),
            ({"fitness": [1, 1, -0.5], "names": [7, 8, 9]}, ["fitness of node '9' = -0.5: must be a finite number, at least 0"]),
            ({"fitness": [1.0]}, ["fitness", "3 nodes"]),
            ({"attributes": {"a": [1]}}, ["a = [1]", "3 nodes"]),
            ({"attributes": {"type": [1, 2, 3]}}, ["'type'", "taken"]),
            ({"attributes": {"a": [1, 2, {}]}}, ["a = ", "numbers or text"]),
        ],
    )
    def test_bad_columns_are_named(self, columns, parts):
        refused(lambda: Network.from_edges([[0, 1]], n_nodes=3, **columns), *parts)

    def test_names_and_index(self):
        net = full()
        assert [net.name(i) for i in range(3)] == ["007", "7", "Zoë, Inc."]
        assert [net.label(i) for i in range(3)] == ["Hub", "7", "Zoë"]  # an empty display name falls back to the id
        assert net.index("7") == 1 and net.index("007") == 0 and net.index(4) == 4 and net.index(np.int32(2)) == 2
        refused(lambda: net.index("07"), "node = '07'")
        refused(lambda: net.index(5), "node = 5", "between 0 and 4")
        refused(lambda: net.index(-1), "node = -1")
        refused(lambda: net.index(True), "node = True")
        plain = Network.from_edges(TRIANGLE)
        assert plain.index("2") == 2 and plain.name(2) == plain.label(2) == "2"
        for wrong in ("02", "3", "-1", "x", ""):
            refused(lambda wrong=wrong: plain.index(wrong), f"node = {wrong!r}")

    def test_names_that_are_the_indices_are_not_kept(self):
        assert Network.from_edges(TRIANGLE, names=["0", "1", "2"]).names is None
        assert Network.from_edges(TRIANGLE, names=[7, 8, 9]).name(1) == "8"

    def test_errors_show_names(self):
        refused(lambda: Network.from_edges([[0, 1], [1, 0]], names=["x", "y"]), "('x' - 'y')")


class TestObject:
    def test_nothing_can_be_changed(self):
        net = full()
        for array in (net.indptr, net.indices, net.types, net.fitness, net.names, net.attributes["lat"]):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = array[1]
        with pytest.raises(AttributeError, match="field"):
            net.fitness = None
        with pytest.raises(AttributeError, match="field"):
            del net.types
        with pytest.raises(TypeError):
            net.attributes["x"] = np.zeros(5)

    def test_arrays_given_stay_as_they_are(self):
        fitness, lat = np.array([1.0, 0.5]), np.array([1.0, 2.0])
        net = Network.from_edges([[0, 1]], fitness=fitness, attributes={"lat": lat})
        fitness[0] = lat[0] = 9
        assert net.fitness.tolist() == [1.0, 0.5] and net.attributes["lat"].tolist() == [1.0, 2.0]
        indices = np.array([1, 0], np.int32)
        assert Network([0, 1, 2], indices).indices.base is indices and indices.flags.writeable  # no copy, no side effect

    def test_constructor_checks_shapes(self):
        for bad in ([0], [1, 2], [0, 1], [0, 2]):
            refused(lambda bad=bad: Network(bad, [0]), "indptr")
        refused(lambda: Network([0, 1, 2], [1, 0], types=[0, 1]), "types", "between 0 and 0")
        refused(lambda: Network([0, 1, 2], [1, 0], types=[0]), "types", "(2,)")
        refused(lambda: Network([0, 1, 2], [1, 0], names=[1, 2]), "names", "str")

    def test_pickles_small_and_equal(self):
        net = full()
        again = pickle.loads(pickle.dumps(net))
        assert again == net and again.notes == net.notes and hash(again) == hash(net) and again.digest() == net.digest()
        assert not again.indices.flags.writeable and not again.attributes["lat"].flags.writeable
        big = Network.from_edges(np.column_stack((np.arange(9999), np.arange(1, 10_000))))
        raw = big.indptr.nbytes + big.indices.nbytes + big.types.nbytes
        assert len(pickle.dumps(big)) < raw + 2000  # the arrays and a header, nothing derived

    def test_equality_and_digest_follow_content(self):
        net = full()
        columns = {"types": net.types, "type_names": net.type_names, "fitness": net.fitness, "names": net.names}
        same = Network(net.indptr, net.indices, **columns, attributes=net.attributes, notes=["other"])
        assert same == net and same.digest() == net.digest()
        wide = net.names.astype("<U99")
        assert Network(net.indptr, net.indices, **(columns | {"names": wide}), attributes=net.attributes).digest() == net.digest()
        digests = {net.digest()}
        for change in (
            {"types": 1 - np.minimum(net.types, 1)},
            {"type_names": ("a", "b", "c")},
            {"fitness": None},
            {"fitness": net.fitness + 1e-15},
            {"names": None},
            {"names": ["a", "b", "c", "d", "e"]},
            {"attributes": {}},
            {"attributes": {**net.attributes, "states": net.attributes["states"].astype(float)}},
        ):
            other = Network(net.indptr, net.indices, **(columns | {"attributes": net.attributes} | change))
            assert other != net
            digests.add(other.digest())
        digests.add(Network.from_edges([[3, 0], [0, 1], [1, 4]], n_nodes=5).digest())
        digests.add(Network.from_edges([[3, 0], [0, 1], [1, 2]], n_nodes=5).digest())
        assert len(digests) == 11
        assert net != "network"

    def test_digest_is_stable(self):
        # Golden: run ids depend on it; it must not differ between machines or versions.
        assert Network.from_edges(TRIANGLE).digest() == "48fdb4a19296230503094e7c9ea3c6cee12740e3f3b7382493e08dec6b259d62"

    def test_repr_tells_sizes_and_types(self):
        assert repr(full()) == "Network(5 nodes, 3 edges, types brand 2, platform 2, logistics 1, 1 isolate)"


class TestNetworkx:
    def test_round_trip(self):
        pytest.importorskip("networkx")
        net = full()
        again = Network.from_networkx(net.to_networkx())
        assert again == net and again.index("Zoë, Inc.") == 2
        plain = Network.from_edges(TRIANGLE, n_nodes=4)
        assert Network.from_networkx(plain.to_networkx()) == plain

    def test_directed_multi_and_loops(self):
        nx = pytest.importorskip("networkx")
        arcs = nx.DiGraph([("b", "a"), ("a", "b"), ("c", "a")])
        refused(lambda: Network.from_networkx(arcs), "g", "undirected", "symmetrize=True")
        net = Network.from_networkx(arcs, symmetrize=True)
        assert net.n_edges == 2 and net.names.tolist() == ["b", "a", "c"]
        multi = nx.MultiGraph([(0, 1), (0, 1), (1, 2), (2, 2)])
        refused(lambda: Network.from_networkx(multi), "1 self-loop (2 - 2)", "1 duplicate (0 - 1)")
        assert Network.from_networkx(multi, clean=True).n_edges == 2
        refused(lambda: Network.from_networkx([1]), "g = [1]")

    def test_attributes_and_types(self):
        nx = pytest.importorskip("networkx")
        graph = nx.Graph()
        graph.add_node("x", tier="low", size=1, tag="t", odd=[1])
        graph.add_node("y", tier="high", size=2)
        net = Network.from_networkx(graph, "tier", type_names=["high", "low"])
        assert net.types.tolist() == [1, 0] and net.n_isolates == 2
        assert net.attributes["size"].dtype == np.int64 and net.attributes["tag"].tolist() == ["t", ""]
        assert list(net.attributes) == ["size", "tag"] and "'odd'" in net.notes[0]
        del graph.nodes["y"]["tier"]
        refused(lambda: Network.from_networkx(graph, "tier"), "type of node 'y' = None")
        refused(lambda: Network.from_networkx(nx.Graph([(1, "1")])), "names", "'1'")

    def test_missing_networkx_is_one_line(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "networkx", None)
        with pytest.raises(ImportError, match=r"^networkx is not installed: pip install networkx$"):
            Network.from_edges(TRIANGLE).to_networkx()


class TestScipy:
    def test_round_trip(self):
        net = Network.from_edges([[3, 0], [0, 1], [1, 2]], n_nodes=5)
        matrix = net.to_scipy()
        assert matrix.shape == (5, 5) and matrix.sum() == 6 and matrix.dtype == np.float64
        again = Network.from_scipy(matrix)
        assert again == net and again.notes == ()
        matrix.data[0] = 5  # the matrix is the caller's own
        assert net == again

    def test_asymmetric_loops_weights_and_zeros(self):
        import scipy.sparse as sp

        arcs = sp.csr_array(np.array([[0, 1, 0], [0, 0, 2], [0, 1, 0]]))
        refused(lambda: Network.from_scipy(arcs), "matrix", "1 asymmetric entry (at 0, 1)", "symmetrize=True")
        net = Network.from_scipy(arcs, symmetrize=True)
        assert net.edges().tolist() == [[0, 1], [1, 2]]
        assert net.notes == (
            "matrix values other than 1 ignored: edges are unweighted",
            "3 directed rows read as 2 undirected edges: 1 pair given in both directions",
        )
        loops = sp.coo_array(np.eye(2) + 1)
        refused(lambda: Network.from_scipy(loops), "2 self-loops (0 - 0)")
        assert Network.from_scipy(loops, clean=True).n_edges == 1
        zero = sp.csr_array((np.zeros(1), [1], [0, 1, 1]), shape=(2, 2))
        assert Network.from_scipy(zero).n_edges == 0
        refused(lambda: Network.from_scipy(sp.csr_array((2, 3))), "square")
        refused(lambda: Network.from_scipy(np.eye(2)), "sparse")


class TestCsv:
    def test_round_trip(self, tmp_path):
        net = full()
        net.to_csv(tmp_path / "e.csv", tmp_path / "n.csv")
        again = read_network(tmp_path / "e.csv", tmp_path / "n.csv")
        assert again == net
        assert again.notes == (f"{tmp_path / 'e.csv'}: 3 rows", f"{tmp_path / 'n.csv'}: 5 rows")
        plain = Network.from_edges(TRIANGLE, n_nodes=4)
        plain.to_csv(tmp_path / "e.csv", tmp_path / "n.csv")
        assert read_network(tmp_path / "e.csv", tmp_path / "n.csv") == plain

    def test_ids_are_text_in_order_of_first_appearance(self, tmp_path):
        (edges,) = write(tmp_path, e="weight,target,source\n1,7,007\n2,NaN,+7\n3,007,NaN\n4,7.0,7\n")
        net = read_network(edges)
        assert net.names.tolist() == ["007", "7", "+7", "NaN", "7.0"]
        assert net.notes == (f"{edges}: 4 rows", f"{edges}: columns ignored: weight")
        assert net.edges().tolist() == [[0, 1], [0, 3], [1, 4], [2, 3]]

    def test_many_edges_agree_with_index_pairs(self, tmp_path):
        ids = [f"{i:x}" if i % 2 else f"a-rather-long-id-{i}" for i in range(12_000)]
        pairs = np.random.default_rng(3).permutation(12_000).reshape(-1, 2)
        shifted = np.column_stack((pairs[:-1, 0], pairs[1:, 1]))
        expected = np.vstack((pairs, shifted))
        lines = [f"{ids[u]},{ids[v]}" for u, v in expected]
        edges, nodes = write(tmp_path, e="source,target\n" + "\n".join(lines), n="id\n" + "\n".join(ids) + "\n")
        net = read_network(edges, nodes)
        assert net == Network.from_edges(expected, names=ids)
        assert read_network(edges).names.tolist()[:2] == [ids[i] for i in pairs[0]]

    def test_blanks_quotes_line_ends_and_marks(self, tmp_path):
        edges, nodes = write(
            tmp_path,
            e=b'\xef\xbb\xbf source , target\r\n\r\n A1 ,"b, ""c"""\r\n\tA1\t, d e \r\n   \r\n',
            n=b'\xef\xbb\xbfid, type\r\n"b, ""c""", brand\r\nd e,brand \r\n\r\nA1,platform\r\nalone,brand',
        )
        net = read_network(edges, nodes)
        assert net.names.tolist() == ['b, "c"', "d e", "A1", "alone"] and net.edges().tolist() == [[0, 2], [1, 2]]
        assert net.type_names == ("brand", "platform") and net.n_isolates == 1
        assert read_network(edges).names.tolist() == ["A1", 'b, "c"', "d e"]

    def test_attribute_columns(self, tmp_path):
        nodes = "id,zip,n,x,country,big,empty,fitness,\na,007,1,,NA,99999999999999999999,,0.5,\nb,08,-2,1e-3,,1,,1,\n"
        edges, nodes = write(tmp_path, e="source,target\na,b\n", n=nodes)
        net = read_network(edges, nodes)
        columns = net.attributes
        assert list(columns) == ["zip", "n", "x", "country", "big", "empty"]
        assert columns["zip"].tolist() == ["007", "08"] and columns["country"].tolist() == ["NA", ""]
        assert columns["n"].dtype == np.int64 and columns["n"].tolist() == [1, -2]
        np.testing.assert_array_equal(columns["x"], [np.nan, 0.001])
        assert columns["big"].tolist() == [1e20, 1.0] and columns["empty"].tolist() == ["", ""]
        assert net.fitness.tolist() == [0.5, 1.0] and net.type_names == ("node",)

    def test_short_rows_end_in_empty_fields(self, tmp_path):
        edges, nodes = write(tmp_path, e="source,target,w\na,b\nb,c,1\n", n="id,x,y\na\nb,1\nc,2,z\n")
        net = read_network(edges, nodes)
        np.testing.assert_array_equal(net.attributes["x"], [np.nan, 1, 2])
        assert net.attributes["y"].tolist() == ["", "", "z"] and net.n_edges == 2

    def test_no_edges(self, tmp_path):
        edges, nodes = write(tmp_path, e="source,target\n", n="id\na\nb\n")
        assert read_network(edges, nodes).n_isolates == 2
        refused(lambda: read_network(edges), "e.csv", "no edges")

    @pytest.mark.parametrize(
        ("edges", "nodes", "parts"),
        [
            ("", None, ["e.csv", "empty"]),
            ("\n\n", None, ["e.csv", "empty"]),
            ("from,to\na,b\n", None, ["e.csv", "column 'source' is missing", "from, to"]),
            (
                "source;target\na;b\n",
                None,
                ["column 'source' is missing (columns: 'source;target'): is it separated by ';'? it must be commas"],
            ),
            ("source\ttarget\na\tb\n", None, ["is missing", ": is it separated by tabs? it must be commas"]),
            ("Source, TARGET\na,b\n", None, ["column 'source' is missing", ": did you mean 'Source'? names are lower case"]),
            ("source,target\na,b\n", "id_,I D\na,1\n", ["column 'id' is missing", ": did you mean 'I D'?"]),
            (b"PK\x03\x04\x14\x00", None, ["e.csv: is an Excel workbook, not CSV: save it as CSV (UTF-8)"]),
            ("source,target\na,b\n", "id\na\nb\n".encode("utf-16"), ["n.csv: is UTF-16: save it as UTF-8"]),
            ("source,source,target\na,b,c\n", None, ["e.csv", "'source'", "2 times"]),
            ("source,target\na,b\nc\n", None, ["e.csv line 3: target = ''", "empty"]),
            ("source,target\na,b\nc,d,e\n", None, ["e.csv: Expected 2 fields in line 3, saw 3"]),
            ("source,target\na,b,c\nd,e\n", None, ["e.csv: Expected 2 fields in line 2, saw 3"]),
            ("v,source,target\n1,a,b\n1,Lima, PE,c\n", None, ["e.csv: Expected 3 fields in line 3, saw 4"]),
            ("source,target\na,b\n\n\n ,c\n", None, ["e.csv line 5: source = ''", "empty"]),
            ('source,target\na,b\nc," "\n', None, ["e.csv line 3: target = ''", "empty"]),
            ('source,target\na,"b\nc,d\n', None, ["e.csv: EOF inside string"]),
            (b"source,target\na,b\nab,\xff\n", None, ["e.csv: is not UTF-8: byte 0xff after 'ab,'"]),
            (b"source,target,\xff\na,b\n", None, ["e.csv: is not UTF-8: byte 0xff after 'source,target,'"]),
            ("source,target\nb,a\na,Z9\n", "id\na\nb\n", ["e.csv line 3", "'Z9'", "n.csv"]),
            ("source,target\na,b\n", "", ["n.csv", "empty"]),
            ("source,target\na,b\n", "id\n", ["n.csv", "no rows"]),
            ("source,target\na,b\n", "name\na\n", ["n.csv", "column 'id' is missing"]),
            ("source,target\na,b\n", "id,type\na,x\nb,y\na,x\n", ["n.csv line 4", "'a'", "line 2"]),
            ("source,target\na,b\n", "id,type\na,x\n ,y\n", ["n.csv line 3", "id = ''"]),
            ("source,target\na,b\n", "id,type\na,x\nb,\n", ["n.csv: type of node 'b' = ''"]),
            ("source,target\na,b\n", "id,type\na,x\nb\n", ["n.csv: type of node 'b' = ''"]),
            ("source,target\na,b\n", "id,c\na,Lima, PE\nb,x\n", ["n.csv: Expected 2 fields in line 2, saw 3"]),
            (
                "source,target\na,b\n",
                "id,fitness\na,0.5\nb,\n",
                ["n.csv: fitness of node 'b' = nan: must be a finite number, at least 0"],
            ),
            ("source,target\na,b\n", "id,fitness\na,0.5\nb,-1\n", ["n.csv: fitness of node 'b' = -1.0: must be", "at least 0"]),
            ("source,target\na,b\n", "id,fitness\na,0.5\nb,N/A\n", ["n.csv: fitness of node 'b' = 'N/A': must be"]),
            ("source,target\na,b\n", "id,c,c\na,1,2\nb,1,2\n", ["n.csv", "'c'", "2 times"]),
            ("source,target\na,b\n", b"id,c\na,1\nb,Caf\xe9\n", ["n.csv: is not UTF-8: byte 0xe9 after 'b,Caf'"]),
            ("source,target\na,b\n", 'id,c\na,"x\nb,y\n', ["n.csv: EOF inside string"]),
            ("source,target\na,b\nb,a\na,a\n", None, ["e.csv", "1 self-loop ('a' - 'a')", "1 reversed duplicate ('a' - 'b')"]),
        ],
    )
    def test_bad_files_are_named(self, tmp_path, edges, nodes, parts):
        paths = write(tmp_path, e=edges, **({} if nodes is None else {"n": nodes}))
        refused(lambda: read_network(*paths), *parts)

    def test_files_that_cannot_be_read(self, tmp_path):
        refused(lambda: read_network(tmp_path / "none.csv"), "none.csv", "No such file")
        refused(lambda: read_network(tmp_path), str(tmp_path), "directory")


def load(name, **options):
    return read_network(DATA / name / "edges.csv", DATA / name / "nodes.csv", **options)


@real_data
class TestRealNetworks:
    def test_scms(self):
        net = load("scms_2006_2015")
        assert (net.n_nodes, net.n_edges, net.n_isolates) == (392, 1078, 0)
        assert dict(zip(net.type_names, np.bincount(net.types).tolist(), strict=True)) == {
            "brand": 88,
            "purchaser": 214,
            "platform": 5,
            "logistics": 85,
        }
        assert net.type_names == ("brand", "purchaser", "platform", "logistics")
        assert net.index("M001") >= 0 and net.label(net.index("M001")) == "ABBSP"
        assert net.attributes["country"].dtype.kind == "U"

    def test_openflights(self):
        refused(lambda: load("openflights_2014"), "18048 reversed duplicates ('A1' - 'A2')", "symmetrize reads directed pairs")
        net = load("openflights_2014", symmetrize=True)
        rows = [line.split(",")[:2] for line in (DATA / "openflights_2014" / "edges.csv").read_text().splitlines()[1:]]
        pairs = {frozenset(row) for row in rows}
        assert len(rows) == 36_906 and len(pairs) == 18_858  # counted here without the reader under test
        assert (net.n_nodes, net.n_edges, net.n_isolates) == (3214, 18_858, 0)
        assert net.type_names == ("logistics",)
        assert {frozenset(net.names[pair].tolist()) for pair in net.edges()} == pairs
        degree = Counter(end for pair in pairs for end in pair)
        assert [degree[name] for name in net.names.tolist()] == net.degree.tolist()
        assert net.label(net.index("A1")) == "Goroka Airport" and net.attributes["lat"].dtype == np.float64
        assert net.notes[-1] == "36906 directed rows read as 18858 undirected edges: 18048 pairs given in both directions"
