"""Measures of a network against their definitions, NetworkX and igraph; degree laws against samples of known law.

All seeds are fixed, so every test is deterministic; bounds say how unlikely a correct program was to miss them.
"""

import math
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pytest
import reference_topology as ref
from scipy import stats
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

import scfast as sf
from scfast import degrees, paths, topology
from scfast.structure import core_numbers, triangles

TIERS = ("brand", "purchaser", "platform", "logistics")


def random_network(seed: int) -> sf.Network:
    """2 to 80 nodes of four types and 0 to 3 edges per node, many of them in several pieces."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 80))
    edges = rng.integers(0, n, (int(rng.integers(0, 3 * n)), 2))
    return sf.Network.from_edges(edges, n_nodes=n, types=rng.integers(0, 4, n), type_names=TIERS, clean=True)


def chain(n: int) -> sf.Network:
    return sf.Network.from_edges(np.column_stack((np.arange(n - 1), np.arange(1, n))))


def as_networkx(network: sf.Network) -> Any:
    graph = nx.Graph()
    graph.add_nodes_from(range(network.n_nodes))
    graph.add_edges_from((u, v) for u, near in enumerate(ref.partners(network)) for v in near)
    nx.set_node_attributes(graph, dict(enumerate(network.types.tolist())), "type")
    return graph


def same(a: float, b: float, rel: float = 1e-12) -> bool:
    return (math.isnan(a) and math.isnan(b)) or a == pytest.approx(b, rel=rel, abs=1e-12)


def test_measures_agree_with_networkx() -> None:
    """To rounding (1e-12; NetworkX's correlation divides by standard deviations, hence 1e-9), on 50 random graphs."""
    pieces = 0
    for seed in range(50):
        network = random_network(seed)
        found, graph = sf.measure(network), as_networkx(network)
        lengths = [d for _, to in nx.all_pairs_shortest_path_length(graph) for d in to.values() if d]
        assert found.distances.tolist() == np.bincount(lengths, minlength=1).tolist()
        assert same(found.path_length, np.mean(lengths) if lengths else math.nan)
        assert same(found.efficiency, nx.global_efficiency(graph))
        assert found.triangles == sum(nx.triangles(graph).values()) // 3
        assert same(found.transitivity, nx.transitivity(graph) if found.wedges else math.nan)
        assert same(found.local_clustering, nx.average_clustering(graph))
        assert core_numbers(network).tolist() == [nx.core_number(graph)[v] for v in graph]
        assert found.n_components == nx.number_connected_components(graph)
        assert found.largest_component == max(map(len, nx.connected_components(graph)))
        assert found.mean_degree == pytest.approx(np.mean([d for _, d in graph.degree]))
        if network.n_edges:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # where all ends are alike
                by_degree = nx.degree_assortativity_coefficient(graph)
                by_type = nx.attribute_assortativity_coefficient(graph, "type")
            assert math.isnan(found.degree_assortativity) or same(found.degree_assortativity, by_degree, 1e-9)
            assert same(found.type_assortativity, by_type)
        pieces += found.n_components > 1
    assert 20 < pieces < 50


def test_measures_agree_with_igraph() -> None:
    """igraph averages over connected pairs, too."""
    igraph = pytest.importorskip("igraph", reason="a peer, installed for comparison only")
    for seed in range(50):
        network = random_network(seed)
        found = sf.measure(network)
        graph = igraph.Graph(n=network.n_nodes, edges=list(as_networkx(network).edges))
        assert same(found.path_length, graph.average_path_length(directed=False))
        assert same(found.transitivity, graph.transitivity_undirected())
        assert same(found.local_clustering, graph.transitivity_avglocal_undirected(mode="zero"))
        assert same(found.degree_assortativity, graph.assortativity_degree(directed=False), 1e-9)
        assert core_numbers(network).tolist() == graph.coreness()
        if network.n_edges:
            assert found.diameter == graph.diameter(directed=False)


@pytest.mark.parametrize("seed", range(8))
def test_measures_agree_with_the_twin(seed: int) -> None:
    network = sf.grow(sf.DualLocalWorld(), 120, seed=seed) if seed % 2 else random_network(seed)
    graph, types = ref.partners(network), network.types.tolist()
    beta = dict(zip(TIERS, (0.1, 0.4, 0.05, 1.0), strict=True))
    for exposure in ("per_partner", "shared"):
        found = sf.measure(network, dynamics=sf.SIRS(beta=beta, exposure=exposure))
        rates = [beta[TIERS[t]] for t in types]
        if exposure == "shared":
            rates = [min(1, b * found.mean_degree / max(len(p), 1)) for b, p in zip(rates, graph, strict=True)]
        assert same(found.pressure, ref.largest_eigenvalue(graph, rates), 1e-9)  # the twin's matrix is not symmetric
    assert same(found.spectral_radius, ref.largest_eigenvalue(graph, [1.0] * len(graph)), 1e-9)
    assert found.distances.tolist() == ref.distances(graph, range(len(graph)))
    assert triangles(network).tolist() == [ref.closed_pairs(graph, v) for v in range(len(graph))]
    assert same(found.local_clustering, ref.local_clustering(graph))
    assert core_numbers(network).tolist() == ref.core_numbers(graph)
    assert same(found.degree_assortativity, ref.correlation(graph))
    e = ref.mixing(graph, types, len(TIERS))
    assert found.tier_edges / max(network.n_edges, 1) == pytest.approx(np.triu(e + e.T, 1) + np.diag(np.diag(e)))
    assert same(found.type_assortativity, ref.assortativity(e))
    assert same(found.crossing, e[np.abs(np.subtract.outer(range(4), range(4))) > 1].sum() if network.n_edges else math.nan)
    assert sorted([found.n_components, found.largest_component]) == sorted([len(ref.components(graph)), max(ref.components(graph))])
    assert found.degrees.tolist() == [
        [sum(types[v] == t and len(p) == k for v, p in enumerate(graph)) for k in range(max(map(len, graph)) + 1)] for t in range(4)
    ]
    squares = sum(len(p) ** 2 for p in graph)
    assert same(found.mean_field_threshold, 2 * network.n_edges / squares if squares else math.nan)
    within = [[d] for d in found.type_mean_degree]
    assert all(same(w[0], np.mean([len(p) for v, p in enumerate(graph) if types[v] == t])) for t, w in enumerate(within))


def pieces() -> sf.Network:
    """A network of 1,900 nodes: 600 in a sparse piece, a ring of 500, a star of 200, and 600 in pairs and alone."""
    rng = np.random.default_rng(5)
    ring, leaves, pairs = 600 + np.arange(500), np.arange(1101, 1300), np.arange(1300, 1800, 2)
    edges = [
        rng.integers(0, 600, (1500, 2)),
        np.column_stack((ring, np.roll(ring, 1))),
        np.column_stack((np.full(199, 1100), leaves)),
    ]
    edges.append(np.column_stack((pairs, pairs + 1)))
    return sf.Network.from_edges(np.concatenate(edges), n_nodes=1900, clean=True)


def test_distances_over_many_batches_pieces_and_levels() -> None:
    """All rows at once and few, full rows and rows that never fill, batches within a piece and across; also from some sources."""
    network = pieces()
    graph = ref.partners(network)
    assert topology.path_lengths(network).counts.tolist() == ref.distances(graph, range(1900))
    for n_sources in (1, 63, 700):
        sources = topology._drawn_sources(1900, n_sources, seed=3)
        assert sources is not None and len(set(sources.tolist())) == n_sources
        found = topology.path_lengths(network, n_sources, seed=3)
        assert found.counts.tolist() == ref.distances(graph, sources.tolist())
        if n_sources == 1:
            assert math.isnan(found.error)
            continue
        reached = [list(ref.from_source(graph, s).values()) for s in sources.tolist()]
        size, total = (np.array([f(r) for r in reached], float) for f in (lambda r: len(r) - 1, sum))
        rest = total - total.sum() / size.sum() * size
        error = math.sqrt((1 - n_sources / 1900) * rest.var(ddof=1) / n_sources) / size.mean()
        assert found.error == pytest.approx(error, rel=1e-9)


def dense() -> sf.Network:
    """Hubs whose row is full before all partners were asked."""
    return sf.Network.from_edges(np.random.default_rng(2).integers(0, 1100, (30_000, 2)), n_nodes=1100, clean=True)


def tailed() -> sf.Network:
    """A core that is full long before a chain of 1,500 at its hub is: few rows change then, beside many that are full."""
    core = sf.grow(sf.BarabasiAlbert(2), 600, seed=1)
    edges = [(u, v) for u, near in enumerate(ref.partners(core)) for v in near if u < v]
    tail = np.arange(600, 2100)
    return sf.Network.from_edges(np.concatenate((edges, np.column_stack((np.append(0, tail[:-1]), tail)))))


@pytest.mark.parametrize("make", [dense, tailed])
def test_distances_where_rows_fill_early(make: Callable[[], sf.Network]) -> None:
    network = make()
    n = network.n_nodes
    matrix = csr_array((np.ones(network.indices.size), network.indices, network.indptr), shape=(n, n))
    lengths = shortest_path(matrix, unweighted=True).astype(int)
    assert topology.path_lengths(network).counts.tolist() == [0, *np.bincount(lengths.ravel())[1:].tolist()]


def test_kernels_run_as_plain_python() -> None:
    code = (
        "import numpy as np, scfast as sf; from scfast.topology import path_lengths; "
        "net = sf.Network.from_edges(np.random.default_rng(1).integers(0, 60, (70, 2)), n_nodes=70, clean=True, "
        "types=np.arange(70) % 3, type_names=('a', 'b', 'c')); found = sf.measure(net, bootstraps=3, dynamics=sf.SIRS()); "
        "few = path_lengths(net, 9); print(found.measures(), found.pressure, found.control.tolist(), few.counts, few.error)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env=os.environ | {"NUMBA_DISABLE_JIT": value},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for value in ("0", "1")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 500


@pytest.mark.parametrize(
    ("n", "edges", "radius"),
    [(1, [], 0), (2, [], 0), (40, [], 0), (2, [(0, 1)], 1), (5, [(0, 1), (1, 2), (2, 0)], 2), (9, [(0, 1), (2, 3), (4, 5)], 1)],
)
def test_tiny_and_empty_networks_are_measured_without_a_warning(n: int, edges: list[tuple[int, int]], radius: float) -> None:
    """Whoever is connected in these is next to each other."""
    network = sf.Network.from_edges(np.array(edges, int).reshape(-1, 2), n_nodes=n, types=np.arange(n) % 3, type_names=TIERS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = sf.measure(network, dynamics=sf.SIRS(beta=0.5), bootstraps=4)
        values = found.measures()
    assert list(values) == list(topology.MEASURES)
    assert found.distances.sum() == 2 * len(edges)
    assert all(same(values[name], 1.0 if edges else math.nan) for name in ("path_length", "diameter"))
    for name in ("connected", "efficiency"):
        assert same(values[name], 2 * len(edges) / (n * (n - 1)) if n > 1 else math.nan)
    assert all(same(end, found.path_length) for end in found.path_interval())
    assert found.spectral_radius == pytest.approx(radius, abs=1e-12) and found.pressure == pytest.approx(radius / 2, abs=1e-12)
    assert math.isnan(values["mean_field_threshold"]) == math.isnan(values["spectral_threshold"]) == (not edges)
    assert found.cut_off == 0 and all(map(math.isnan, (found.ks_exponent, found.ks_p, found.ks_low, values["ks_cut_off"])))


def test_node_numbers_do_not_matter() -> None:
    """Whole numbers are equal; eigenvalues and sums of logarithms differ by rounding."""
    for network in (sf.grow(sf.DualLocalWorld(), 300, seed=2), random_network(7)):
        new = np.random.default_rng(1).permutation(network.n_nodes)
        edges = np.array([(new[u], new[v]) for u, near in enumerate(ref.partners(network)) for v in near if u < v])
        types = np.empty_like(network.types)
        types[new] = network.types
        other = sf.Network.from_edges(edges, n_nodes=network.n_nodes, types=types, type_names=network.type_names)
        a, b = (sf.measure(each, dynamics=sf.SIRS(beta=0.2, exposure="shared")) for each in (network, other))
        assert b.spectral_radius == pytest.approx(a.spectral_radius, rel=1e-11)
        assert b.pressure == pytest.approx(a.pressure, rel=1e-11)
        known = dict(spectral_radius=a.spectral_radius, pressure=a.pressure, control=a.control)  # the control is drawn by number
        assert replace(b, **known) == a


def test_largest_eigenvalues_that_are_known() -> None:
    """A chain's is 2 cos(pi / (n + 1)), the first two all but equal; a star's a root; the largest of several pieces counts."""
    star = np.column_stack((np.zeros(400, int), np.arange(1, 401)))
    ring = np.column_stack((np.arange(500, 3000), np.append(np.arange(501, 3000), 500)))
    clique = np.array([(a, b) for b in range(3000, 3006) for a in range(3000, b)])
    for edges, expected in (
        (star, 20.0),
        (ring, 2.0),
        (np.concatenate((ring, clique)), 5.0),
        (np.concatenate((star, ring, clique)), 20.0),
    ):
        assert topology.spectral_radius(sf.Network.from_edges(edges)) == pytest.approx(expected, rel=1e-11)
    assert topology.spectral_radius(chain(800)) == pytest.approx(2 * math.cos(math.pi / 801), rel=1e-10)


def test_sampled_path_length_and_its_interval() -> None:
    """Over 400 draws of 40 of 150 sources, with the exact law of their mean: 4.5 sigma of bias; the 95 % interval covers the exact
    value in 95 %, give or take 4 sigma (0.044); squared errors are the variance, in a network whose nodes reach alike many."""
    network = sf.grow(sf.BarabasiAlbert(2), 150, seed=4)
    exact = sf.measure(network)
    assert exact.exact and exact.path_error == 0 and exact.path_interval() == (exact.path_length, exact.path_length)
    runs = [
        replace(exact, distances=p.counts, n_sources=40, path_error=p.error)
        for p in (topology.path_lengths(network, 40, seed=s) for s in range(400))
    ]
    lengths = np.array([run.path_length for run in runs])
    assert abs(lengths.mean() - exact.path_length) < 4.5 * lengths.std() / 20
    covered = np.mean([low <= exact.path_length <= high for low, high in (run.path_interval() for run in runs)])
    assert 0.95 - 0.044 < covered <= 0.95 + 0.044
    variance = np.mean([run.path_error**2 for run in runs])
    assert variance == pytest.approx(lengths.var(ddof=1), rel=4.5 * math.sqrt(2 / 399))
    assert all(run.connected == 1 and not run.exact for run in runs)


def test_large_networks_are_sampled_and_measured_again_alike() -> None:
    network = sf.grow(sf.BarabasiAlbert(1), topology.EXACT + 1, seed=1)
    assert topology.path_lengths(network).n_sources == topology.SOURCES
    small = sf.grow(sf.DualLocalWorld(), 200, seed=1)
    a, b, c = (sf.measure(small, sources=50, bootstraps=5, seed=seed) for seed in (8, 8, 9))
    assert a == b and a != c and a.control.tolist() != c.control.tolist() and (a.ks_low, a.ks_p) != (c.ks_low, c.ks_p)
    assert sf.measure(small, sources=200).exact and sf.measure(small, sources=10**6).exact


def test_cross_tier_edges_and_their_control() -> None:
    """Without them the twin's distances; the control loses as many others; with no more others than cross-tier edges, all."""
    network = sf.grow(sf.DualLocalWorld(), 400, seed=3)
    graph, types = ref.partners(network), network.types.tolist()
    plain = [{v for v in near if abs(types[u] - types[v]) < 2} for u, near in enumerate(graph)]
    crossing = network.n_edges - sum(map(len, plain)) // 2
    uncrossed, control = topology.crossing_paths(network)
    assert crossing > 10 and uncrossed.tolist() == ref.distances(plain, range(400))
    assert control[1] == uncrossed[1] == 2 * (network.n_edges - crossing)
    found = sf.measure(network)
    steps = np.arange(uncrossed.size)
    assert found.crossing_effect == pytest.approx(uncrossed @ steps / uncrossed.sum() - found.path_length, rel=1e-12)
    assert found.control_effect == pytest.approx(control @ np.arange(control.size) / control.sum() - found.path_length, rel=1e-12)
    both = sf.Network.from_edges(
        [(0, k) for k in range(1, 13)] + [(k, k + 1) for k in range(13, 25)],
        types=[0] + 12 * [2] + [0, 1] * 6 + [0],
        type_names=TIERS,
    )  # a star across tiers, and a chain of as many edges that are not
    chained, starred = topology.crossing_paths(both)
    assert chained.tolist() == [0, *range(24, 0, -2)] and starred.tolist() == [0, 24, 132]
    star = sf.Network.from_edges([(0, 1), (0, 2), (0, 3)], types=[0, 2, 2, 1], type_names=TIERS)
    assert [c.tolist() for c in topology.crossing_paths(star)] == [[0, 2], []]
    assert math.isnan(sf.measure(star).control_effect)
    assert [c.size for c in topology.crossing_paths(chain(5))] == [0, 0]


def test_bad_values_are_told_in_one_line() -> None:
    network = chain(4)
    for arguments, message in (
        (dict(sources=0), "sources = 0: must be at least 1"),
        (dict(sources=1.5), "sources = 1.5: must be a whole number"),
        (dict(bootstraps=-1), "bootstraps = -1: must be at least 0"),
        (dict(seed=-1), "seed = -1: must be at least 0"),
        (dict(dynamics=0.1), "dynamics = 0.1: must be a SIRS"),
        (dict(dynamics=sf.SIRS(beta=[0.1, 0.2])), "beta = an array of shape (2,): must have one value for each of the 4 nodes"),
    ):
        with pytest.raises(ValueError) as caught:
            sf.measure(network, **arguments)
        assert str(caught.value) == message
    with pytest.raises(ValueError, match=r"^network = 3: must be a Network$"):
        sf.measure(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^cut_off = 0: must be at least 1$"):
        degrees.fit(np.ones(9, int), 0)


def test_a_tick_comes_between_slices_and_can_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    network = chain(2000)
    whole, seen = topology.path_lengths(network, 600), []
    monkeypatch.setattr(paths, "SLICE", 10_000)
    sliced = topology.path_lengths(network, 600, tick=seen.append)
    assert len(seen) > 50 and max(seen) < 20_000 and np.array_equal(sliced.counts, whole.counts) and sliced.error == whole.error

    def stop(work: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sf.measure(network, tick=stop)


class Zeta:
    """Degrees of the exact law, by inversion; none above a million."""

    def __init__(self, g: float, cut_off: int) -> None:
        self.first, self.below = cut_off, np.cumsum(np.arange(float(cut_off), 10**6) ** -g)

    def counts(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return np.bincount(self.first + np.searchsorted(self.below, self.below[-1] * rng.random(n), side="right"))


def test_fits_are_the_likeliest_and_as_far_as_the_twin_says() -> None:
    """The twin's likelihood is highest there, to 2e-6, and bends as the standard error says, to 1 %, both by steps of 1e-3."""
    for model, n in ((sf.BarabasiAlbert(2), 400), (sf.DualLocalWorld(), 600)):
        network = sf.grow(model, n, seed=2)
        values = network.degree.tolist()
        best = degrees.fit_cut_off(np.bincount(values))
        for law in (degrees.fit(np.bincount(values), 4), degrees.fit(np.bincount(values), 1), best):
            at = ref.likelihood(values, law.cut_off, law.exponent)
            below, above = (at - ref.likelihood(values, law.cut_off, law.exponent + step) for step in (-1e-3, 1e-3))
            assert (below + above) / 2 == pytest.approx(1e-6 / law.error**2 / 2, rel=0.01)
            assert abs(below - above) / 2e-3 * law.error**2 < 2e-6
            assert law.distance == pytest.approx(ref.ks_distance(values, law.cut_off, law.exponent), rel=1e-9)
            assert law.n_tail == sum(k >= law.cut_off for k in values)
        others = [degrees.fit(np.bincount(values), k) for k in sorted(set(values) - {0})[:-1]]
        assert best.distance == min(law.distance for law in others if law.distance == law.distance)


@pytest.mark.parametrize(("g", "cut_off", "seed"), [(2.2, 4, 1), (2.9, 4, 2), (2.5, 1, 3), (3.5, 2, 4)])
def test_maximum_likelihood_finds_the_exponent(g: float, cut_off: int, seed: int) -> None:
    """z of 300 samples of 3,000: mean within 4.5 sigma of its bias of order 1/n (0.05), variance 1 within 4.5 sigma."""
    rng, law = np.random.default_rng(seed), Zeta(g, cut_off)
    laws = [degrees.fit(law.counts(rng, 3000), cut_off) for _ in range(300)]
    z = np.array([(law.exponent - g) / law.error for law in laws])
    assert abs(z.mean()) < 4.5 / math.sqrt(300) + 0.05
    assert z.var() == pytest.approx(1, abs=4.5 * math.sqrt(2 / 300))


def test_goodness_is_uniform_under_the_law_and_small_for_another() -> None:
    """60 samples of 400 of the law, 60 bootstraps each: Kolmogorov-Smirnov p above 1e-3; geometric degrees are ruled out."""
    rng, exact, p = np.random.default_rng(6), Zeta(2.5, 1), []
    for _ in range(60):
        counts = exact.counts(rng, 400)
        p.append(degrees.goodness(counts, degrees.fit_cut_off(counts), 60, rng))
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    counts = np.bincount(4 + rng.geometric(0.25, 4000))
    law = degrees.fit(counts, 5)
    assert degrees.goodness(counts, law, 60, rng) < 0.05


def test_draws_have_the_law_beyond_the_table_too() -> None:
    """Chi-square of 40,000 draws over bins up to a million, p above 1e-4."""
    from scipy.special import zeta

    law = degrees.PowerLaw(3, 1.5, 0.1, 10, 0.1)
    value, number = degrees._draw(np.random.default_rng(3), degrees._table(law), 40_000)
    edge = np.array([3, 4, 6, 10, 100, 1000, 4000, 4099, 4100, 6000, 20_000, 10**6])
    share = -np.diff(zeta(1.5, edge), append=0) / zeta(1.5, 3)
    seen = np.bincount(np.searchsorted(edge, value, side="right") - 1, number, edge.size)
    kept = share * 40_000 > 5
    assert kept.sum() >= 10 and stats.chisquare(seen[kept], share[kept] / share[kept].sum() * seen[kept].sum()).pvalue > 1e-4


def test_bootstrap_interval_covers_the_exponent() -> None:
    """Of 60 samples of 400 of the law from 1 on the 90 % interval holds it in 90 %, give or take 4 sigma (0.155)."""
    rng, exact = np.random.default_rng(9), Zeta(2.5, 1)
    ends = [degrees.interval(exact.counts(rng, 400), 50, rng, level=0.9) for _ in range(60)]
    assert abs(np.mean([low <= 2.5 <= high for low, high in ends]) - 0.9) < 0.155
    assert all(low < high for low, high in ends)


def test_least_squares_are_lines_through_logarithms() -> None:
    counts = np.array([7, 900, 0, 210, 100, 61, 0, 30, 12, 0, 0, 3, 1])
    k = np.flatnonzero(counts)[2:]
    assert degrees.least_squares(counts, 3) == pytest.approx(-stats.linregress(np.log(k), np.log(counts[k])).slope)
    share = np.array([counts[j:].sum() for j in k]) / counts.sum()
    assert degrees.complementary(counts, 3) == pytest.approx(1 - stats.linregress(np.log(k), np.log(share)).slope)
    assert all(math.isnan(f(counts, 12)) for f in (degrees.least_squares, degrees.complementary))
    steep = np.bincount([4] * 2000 + [5])
    assert math.isnan(degrees.fit(steep, 4).exponent) and degrees.fit_cut_off(steep).cut_off == 0  # steeper than any power law


def test_fits_agree_with_powerlaw() -> None:
    """It minimises to four digits, and gives the standard error of continuous degrees."""
    powerlaw = pytest.importorskip("powerlaw", reason="a peer, installed for comparison only")
    for seed in range(4):
        values = sf.grow(sf.DualLocalWorld() if seed % 2 else sf.BarabasiAlbert(3), 1000, seed=seed).degree
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = powerlaw.Fit(values, discrete=True, estimate_discrete=False, verbose=0).power_law
        ours = degrees.fit_cut_off(np.bincount(values))
        assert ours.cut_off == theirs.xmin
        assert ours.exponent == pytest.approx(theirs.alpha, abs=2e-4)
        assert ours.distance == pytest.approx(theirs.D, abs=1e-4)
