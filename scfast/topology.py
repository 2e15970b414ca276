"""The shape of a network: degrees, path lengths, clustering, mixing, cores, the effect of crossing tiers, thresholds.

:func:`measure` takes all of it at once; each part is also a function of its own. Whatever is random (sampled sources, the control
of cross-tier edges, bootstraps) follows from `seed` alone.
"""

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from scfast import degrees, paths
from scfast.entries import MAX_NODES, Number, short
from scfast.network import Network
from scfast.parameters import SIRS, shared_exposure
from scfast.paths import Paths, Tick
from scfast.rng import Purpose, stream
from scfast.structure import (
    core_numbers,
    degree_assortativity,
    largest_eigenvalue,
    ratio,
    tier_edges,
    triangles,
    type_assortativity,
)

EXACT = 20_000
"""Nodes up to which path lengths are those of all pairs by default."""

SOURCES = 512
"""Sources that are drawn in larger networks."""

MEASURES: dict[str, tuple[str, str]] = {
    "mean_degree": ("partners per node", ""),
    "exponent": ("degree exponent by discrete maximum likelihood, degrees of at least 4", ""),
    "ks_exponent": ("degree exponent by discrete maximum likelihood, degrees of at least the KS cut-off", ""),
    "ks_cut_off": ("degree from which on a power law fits best by the Kolmogorov-Smirnov distance", ""),
    "ks_p": ("goodness of fit of the power law above the KS cut-off, by bootstrap", ""),
    "path_length": ("mean distance over ordered pairs of connected nodes", "edges"),
    "diameter": ("largest distance found between connected nodes", "edges"),
    "connected": ("share of ordered pairs of nodes that are connected", ""),
    "efficiency": ("mean of 1 / distance over ordered pairs of nodes, 0 where not connected", ""),
    "transitivity": ("closed share of all pairs of partners of a node", ""),
    "clustering": ("mean over nodes of the closed share of pairs of their partners, 0 below two partners", ""),
    "degree_assortativity": ("correlation of the degrees at both ends of an edge", ""),
    "type_assortativity": ("assortativity of types over edges (Newman)", ""),
    "crossing": ("share of edges between types that are two or more tiers apart", ""),
    "crossing_effect": ("mean path length without cross-tier edges, less that with them", "edges"),
    "control_effect": ("the same without equally many random other edges", "edges"),
    "max_core": ("largest core number", ""),
    "n_components": ("connected components", ""),
    "largest": ("share of nodes in the largest component", ""),
    "spectral_threshold": ("1 / largest eigenvalue of the adjacency matrix", ""),
    "mean_field_threshold": ("<k> / <k^2>", ""),
}
"""What :meth:`Topology.measures` gives: name -> (meaning, unit)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Topology:
    """What was measured of one network, as whole numbers wherever that can be.

    Distances are those of breadth-first searches from `n_sources` nodes; a pair is (source, other node), in this order. Pairs that
    no path connects are not in `distances`. Without any pair, edge or node to speak of a measure is NaN. Topologies are equal
    where all fields are.

    Attributes
    ----------
    n_nodes, n_edges : int
    type_names : tuple of str
    degrees : int64 (types, k_max + 1)
        Nodes of each type with each degree.
    distances : int64 (d_max + 1,)
        Pairs at each distance; entry 0 is 0.
    n_sources : int
        Breadth-first searches; `n_nodes` where path lengths are exact.
    path_error : float
        Standard error of the mean path length over sources, for sampling without replacement; 0 where exact.
    triangles, wedges : int
        Triangles, and pairs of partners of one node.
    local_clustering : float
        Mean over all nodes of the closed share of pairs of their partners, 0 where there are fewer than two.
    degree_assortativity, type_assortativity : float
    tier_edges : int64 (types, types)
        Edges between types a <= b at [a, b]; 0 below the diagonal.
    n_components, largest_component : int
        Connected components, and nodes in the largest.
    core_sizes : int64 (c_max + 1,)
        Nodes by core number.
    spectral_radius : float
        Largest eigenvalue of the adjacency matrix A.
    pressure : float
        Largest eigenvalue of diag(beta) A, to be held against gamma + delta; NaN without rates.
    cut_off : int
        Degree from which on a power law fits best by the Kolmogorov-Smirnov distance; 0 where nothing can be fitted.
    ks_exponent, ks_distance : float
        Exponent and distance of that fit.
    ks_p, ks_low, ks_high : float
        Its goodness of fit, and 95 % bootstrap interval of the exponent; NaN without bootstraps.
    uncrossed, control : int64 (d,)
        Distances, from the same sources, without the edges between types two or more tiers apart, and without equally many random
        other edges; empty where there is none to cross.

    Examples
    --------
    >>> import scfast as sf
    >>> square = sf.measure(sf.Network.from_edges([(0, 1), (1, 2), (2, 3), (3, 0)]))
    >>> square.distances.tolist(), square.path_length, square.mean_degree
    ([0, 8, 4], 1.3333333333333333, 2.0)
    """

    n_nodes: int
    n_edges: int
    type_names: tuple[str, ...]
    degrees: np.ndarray
    distances: np.ndarray
    n_sources: int
    path_error: float
    triangles: int
    wedges: int
    local_clustering: float
    degree_assortativity: float
    type_assortativity: float
    tier_edges: np.ndarray
    n_components: int
    largest_component: int
    core_sizes: np.ndarray
    spectral_radius: float
    pressure: float
    cut_off: int
    ks_exponent: float
    ks_distance: float
    ks_p: float
    ks_low: float
    ks_high: float
    uncrossed: np.ndarray
    control: np.ndarray

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Topology):
            return NotImplemented

        def same(a: Any, b: Any) -> bool:
            return np.array_equal(a, b, equal_nan=isinstance(a, float))

        return all(same(getattr(self, item.name), getattr(other, item.name)) for item in fields(self))

    def __hash__(self) -> int:
        return hash((self.n_nodes, self.n_edges, self.type_names))

    def __repr__(self) -> str:
        searched = f"path length {self.path_length:.4g} from {self.n_sources} sources"
        return f"Topology({self.n_nodes} nodes, {self.n_edges} edges, {searched})"

    @property
    def exact(self) -> bool:
        """Whether distances are those of all pairs."""
        return self.n_sources == self.n_nodes

    @property
    def mean_degree(self) -> float:
        """Partners per node."""
        return ratio(2 * self.n_edges, self.n_nodes)

    @property
    def type_mean_degree(self) -> np.ndarray:
        """Partners per node of each type, float64 (types,); NaN for a type without nodes."""
        return np.array([ratio(row @ np.arange(row.size), row.sum()) for row in self.degrees])

    @property
    def degree_counts(self) -> np.ndarray:
        """Nodes with each degree, int64 (k_max + 1,)."""
        return self.degrees.sum(axis=0)

    @property
    def ccdf(self) -> np.ndarray:
        """Share of nodes that have at least so many partners, float64 (k_max + 1,)."""
        return np.cumsum(self.degree_counts[::-1])[::-1] / self.n_nodes

    def exponent(self, cut_off: int = 4) -> float:
        """Degree exponent by discrete maximum likelihood (L), from the degrees of at least `cut_off`; NaN where it is undefined."""
        return degrees.fit(self.degree_counts, cut_off).exponent

    @property
    def path_length(self) -> float:
        """Mean distance over connected pairs, as igraph has it; `connected` says how many these are."""
        return _mean_distance(self.distances)

    @property
    def diameter(self) -> float:
        """Largest distance between connected nodes; where sources are sampled, the largest found, a lower bound."""
        return float(self.distances.size - 1) if self.distances.sum() else math.nan

    @property
    def connected(self) -> float:
        """Share of pairs that are connected."""
        return ratio(self.distances.sum(), self._pairs)

    @property
    def efficiency(self) -> float:
        """Mean of 1 / distance over all pairs, 0 where they are not connected (Latora and Marchiori 2001, L)."""
        return ratio((self.distances[1:] / np.arange(1, self.distances.size)).sum(), self._pairs)

    @property
    def _pairs(self) -> int:
        return self.n_sources * (self.n_nodes - 1)

    def path_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval of the mean path length over sources (Student's t); the path length twice where it is exact."""
        from scipy.special import stdtrit

        half = self.path_error * stdtrit(self.n_sources - 1, 0.5 + level / 2) if self.path_error > 0 else self.path_error
        return self.path_length - half, self.path_length + half

    @property
    def transitivity(self) -> float:
        """Closed share of all pairs of partners of a node."""
        return ratio(3 * self.triangles, self.wedges)

    @property
    def crossing(self) -> float:
        """Share of edges between types that are two or more tiers apart."""
        return ratio(np.triu(self.tier_edges, 2).sum(), self.n_edges)

    @property
    def crossing_effect(self) -> float:
        """Mean path length without cross-tier edges, less that with them; each over the pairs that are then connected.

        It can be negative where pairs far from each other lose their only path; the sums of `uncrossed` and `distances` tell.
        """
        return self._effect(self.uncrossed)

    @property
    def control_effect(self) -> float:
        """Mean path length without equally many random other edges, less that with them."""
        return self._effect(self.control)

    def _effect(self, distances: np.ndarray) -> float:
        """What leaving edges out does to the mean path length: nothing, where tiers could be crossed and no edge does."""
        if len(self.type_names) > 2 and not np.triu(self.tier_edges, 2).any():
            return 0.0 * self.path_length
        return _mean_distance(distances) - self.path_length

    @property
    def max_core(self) -> int:
        """Largest core number."""
        return self.core_sizes.size - 1

    @property
    def largest(self) -> float:
        """Share of nodes in the largest component."""
        return ratio(self.largest_component, self.n_nodes)

    @property
    def spectral_threshold(self) -> float:
        """Epidemic threshold by the largest eigenvalue of A, 1 / spectral_radius (L)."""
        return ratio(1.0, self.spectral_radius)

    @property
    def mean_field_threshold(self) -> float:
        """Epidemic threshold of heterogeneous mean field, <k> / <k^2> (L)."""
        return ratio(2 * self.n_edges, 2 * self.wedges + 2 * self.n_edges)

    def measures(self) -> dict[str, float]:
        """One number for each of :data:`MEASURES`, in their order."""
        own = {"exponent": self.exponent(), "ks_cut_off": self.cut_off or math.nan, "clustering": self.local_clustering}
        return {name: float(own[name] if name in own else getattr(self, name)) for name in MEASURES}


def _mean_distance(distances: np.ndarray) -> float:
    return ratio(int(distances @ np.arange(distances.size)), int(distances.sum()))


def _checked(network: object) -> Network:
    if not isinstance(network, Network):
        raise ValueError(f"network = {short(network)}: must be a Network")
    return network


def _rng(seed: int, part: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(stream(seed, Purpose.TOPOLOGY, part)))


def _drawn_sources(n: int, sources: int | None, seed: int) -> np.ndarray | None:
    """Sources drawn uniformly without replacement, or None for all nodes."""
    if sources is None:
        sources = n if n <= EXACT else SOURCES
    sources = int(Number("sources", low=1, high=MAX_NODES, whole=True).one(sources, "sources"))
    return None if sources >= n else _rng(seed, 0).choice(n, sources, replace=False, shuffle=False)


def path_lengths(network: Network, sources: int | None = None, seed: int = 0, *, tick: Tick | None = None) -> Paths:
    """How many ordered pairs of nodes are at each distance.

    Parameters
    ----------
    network : Network
    sources : int, optional
        Breadth-first searches, from nodes drawn uniformly without replacement; all nodes where it is as many or more. Default:
        all nodes up to 20,000, 512 above.
    seed : int
    tick : callable, optional
        Called after each slice of less than half a second with the edges that it followed; may raise to stop.

    Returns
    -------
    Paths
        Pairs that no path connects are left out, as in igraph.

    Examples
    --------
    >>> import scfast as sf
    >>> from scfast.topology import path_lengths
    >>> path_lengths(sf.Network.from_edges([(0, 1), (1, 2)], n_nodes=5)).counts.tolist()
    [0, 4, 2]
    """
    nodes = paths.layout(_checked(network).indptr, network.indices)
    return paths.search(nodes, _drawn_sources(network.n_nodes, sources, seed), tick)


def crossing_paths(
    network: Network, sources: int | None = None, seed: int = 0, *, tick: Tick | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs at each distance without the cross-tier edges, and without equally many random other edges (the control).

    Cross-tier edges join types that are two or more places apart. Sources are those of :func:`path_lengths`.

    Parameters
    ----------
    network, sources, seed, tick
        As for :func:`path_lengths`.

    Returns
    -------
    uncrossed, control : int64 (d,)
        Empty where there is no cross-tier edge; the control also where there are not as many other edges.

    Examples
    --------
    >>> import scfast as sf
    >>> ring = sf.Network.from_edges([(0, 1), (1, 2), (2, 0)], types=[0, 1, 2], type_names=("a", "b", "c"))
    >>> [counts.tolist() for counts in crossing_paths(ring)]
    [[0, 4, 2], [0, 4, 2]]
    """
    n, indices = network.n_nodes, network.indices
    row = np.repeat(np.arange(n), network.degree)
    once = np.flatnonzero(row < indices)
    crosses = np.abs(network.types[row[once]] - network.types[indices[once]]) >= 2
    crossing, others = once[crosses], once[~crosses]
    chosen = _drawn_sources(n, sources, seed)
    place = row * n + indices  # ascending, as rows are

    def without(gone: np.ndarray) -> np.ndarray:
        kept = np.ones(indices.size, bool)
        kept[gone] = kept[np.searchsorted(place, indices[gone] * np.int64(n) + row[gone])] = False
        starts = np.concatenate(([0], np.cumsum(kept)))[network.indptr]
        return paths.search(paths.layout(starts, indices[kept]), chosen, tick).counts

    nothing = np.zeros(0, np.int64)
    if not crossing.size:
        return nothing, nothing
    uncrossed = without(crossing)
    if crossing.size > others.size:
        return uncrossed, nothing
    return uncrossed, without(_rng(seed, 1).choice(others, crossing.size, replace=False, shuffle=False))


def spectral_radius(network: Network) -> float:
    """Largest eigenvalue of the adjacency matrix; 0 without edges.

    Examples
    --------
    >>> import scfast as sf
    >>> from scfast.topology import spectral_radius
    >>> round(spectral_radius(sf.Network.from_edges([(0, k) for k in range(1, 10)])), 12)
    3.0
    """
    return largest_eigenvalue(paths.layout(network.indptr, network.indices), np.ones(network.n_nodes))


def _beta(network: Network, dynamics: SIRS) -> np.ndarray:
    """Infection by one infected partner, of each node, float64 (n_nodes,)."""
    if not isinstance(dynamics, SIRS):
        raise ValueError(f"dynamics = {short(dynamics)}: must be a SIRS")
    given: Any = dynamics.on(network).beta
    beta = np.fromiter(given.values(), np.float64)[network.types] if isinstance(given, dict) else given
    beta = np.broadcast_to(np.float64(beta), network.n_nodes)
    return shared_exposure(beta, network.degree) if dynamics.exposure == "shared" else beta


def measure(
    network: Network,
    *,
    dynamics: SIRS | None = None,
    sources: int | None = None,
    bootstraps: int = 0,
    seed: int = 0,
    tick: Tick | None = None,
) -> Topology:
    """Measure a network, on one thread.

    Parameters
    ----------
    network : Network
    dynamics : SIRS, optional
        Rates, for the pressure that is to be held against gamma + delta.
    sources : int, optional
        Breadth-first searches, from nodes drawn uniformly without replacement; all nodes where it is as many or more. Default: all
        nodes up to 20,000, 512 above.
    bootstraps : int
        Bootstrap samples for the goodness of fit of the power law with the KS cut-off, and as many for the interval of its
        exponent. 0: neither.
    seed : int
        Of sources, control edges and bootstraps, 0 .. 2**63 - 1.
    tick : callable, optional
        Called between slices of less than half a second with the edges that were followed (0 after a bootstrap sample); may raise
        to stop.

    Returns
    -------
    Topology

    Raises
    ------
    ValueError
        A value out of bounds, or rates that do not fit the network.

    Examples
    --------
    >>> import scfast as sf
    >>> found = sf.measure(sf.grow(sf.BarabasiAlbert(3), n_nodes=500, seed=1), dynamics=sf.SIRS(beta=0.1))
    >>> found.exact, found.max_core, round(found.pressure * found.spectral_threshold, 9)
    (True, 3, 0.1)
    """
    _checked(network)
    bootstraps = int(Number("bootstraps", low=0, high=10**6, whole=True).one(bootstraps, "bootstraps"))
    seed = int(Number("seed", low=0, high=2**63 - 1, whole=True).one(seed, "seed"))
    chosen = _drawn_sources(network.n_nodes, sources, seed)
    beta = None if dynamics is None else _beta(network, dynamics)
    degree, n_types = network.degree, len(network.type_names)
    nodes = paths.layout(network.indptr, network.indices)
    found = paths.search(nodes, chosen, tick)
    uncrossed, control = crossing_paths(network, sources, seed, tick=tick)
    components = np.diff(nodes.first)
    closed, tiers = triangles(network), tier_edges(network)
    radius = largest_eigenvalue(nodes, np.ones(network.n_nodes), tick)
    counts = np.bincount(network.types * (degree.max() + 1) + degree, minlength=n_types * (degree.max() + 1))
    law = degrees.fit_cut_off(np.bincount(degree))
    low, high = degrees.interval(np.bincount(degree), bootstraps, _rng(seed, 3), tick=tick)
    return Topology(
        n_nodes=network.n_nodes,
        n_edges=network.n_edges,
        type_names=network.type_names,
        degrees=counts.reshape(n_types, -1),
        distances=found.counts,
        n_sources=found.n_sources,
        path_error=found.error,
        triangles=int(closed.sum()) // 3,
        wedges=int(degree @ (degree - 1)) // 2,
        local_clustering=_local_clustering(closed, degree),
        degree_assortativity=degree_assortativity(network),
        type_assortativity=type_assortativity(tiers),
        tier_edges=tiers,
        n_components=components.size,
        largest_component=int(components.max()),
        core_sizes=np.bincount(core_numbers(network)),
        spectral_radius=radius,
        pressure=math.nan if beta is None else _pressure(nodes, beta, radius, tick),
        cut_off=law.cut_off,
        ks_exponent=law.exponent,
        ks_distance=law.distance,
        ks_p=degrees.goodness(np.bincount(degree), law, bootstraps, _rng(seed, 2), tick=tick),
        ks_low=low,
        ks_high=high,
        uncrossed=uncrossed,
        control=control,
    )


def _local_clustering(closed: np.ndarray, degree: np.ndarray) -> float:
    """Mean closed share of pairs of partners, 0 below two; summed in an order of its own, so that node numbers do not matter."""
    return float(np.sort(2 * closed / np.maximum(degree * (degree - 1), 1)).mean())


def _pressure(nodes: paths.Layout, beta: np.ndarray, radius: float, tick: Tick | None) -> float:
    """Largest eigenvalue of diag(beta) A; `radius` is that of A."""
    return float(beta[0]) * radius if (beta == beta[0]).all() else largest_eigenvalue(nodes, beta[nodes.order], tick)
