"""The shape of a network: degrees, path lengths, clustering, mixing, cores, the effect of crossing tiers, thresholds."""

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

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
        return f"Topology({self.n_nodes} nodes, {self.n_edges} edges, path length {self.path_length:.4g} from {self.n_sources} sources)"

    @property
    def exact(self) -> bool:
        """Whether distances are those of all pairs."""
        return self.n_sources == self.n_nodes

    @property
    def mean_degree(self) -> float:
        """Partners per node."""
        return _ratio(2 * self.n_edges, self.n_nodes)

    @property
    def type_mean_degree(self) -> np.ndarray:
        """Partners per node of each type, float64 (types,); NaN for a type without nodes."""
        return np.array([_ratio(row @ np.arange(row.size), row.sum()) for row in self.degrees])

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
        from scfast.degrees import fit

        return fit(self.degree_counts, cut_off).exponent

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
        return _ratio(self.distances.sum(), self._pairs)

    @property
    def efficiency(self) -> float:
        """Mean of 1 / distance over all pairs, 0 where they are not connected (Latora and Marchiori 2001, L)."""
        return _ratio((self.distances[1:] / np.arange(1, self.distances.size)).sum(), self._pairs)

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
        return _ratio(3 * self.triangles, self.wedges)

    @property
    def crossing(self) -> float:
        """Share of edges between types that are two or more tiers apart."""
        return _ratio(np.triu(self.tier_edges, 2).sum(), self.n_edges)

    @property
    def crossing_effect(self) -> float:
        """Mean path length without cross-tier edges, less that with them; each over the pairs that are then connected."""
        return _mean_distance(self.uncrossed) - self.path_length

    @property
    def control_effect(self) -> float:
        """Mean path length without equally many random other edges, less that with them."""
        return _mean_distance(self.control) - self.path_length

    @property
    def max_core(self) -> int:
        """Largest core number."""
        return self.core_sizes.size - 1

    @property
    def largest(self) -> float:
        """Share of nodes in the largest component."""
        return _ratio(self.largest_component, self.n_nodes)

    @property
    def spectral_threshold(self) -> float:
        """Epidemic threshold by the largest eigenvalue of A, 1 / spectral_radius (L)."""
        return _ratio(1.0, self.spectral_radius)

    @property
    def mean_field_threshold(self) -> float:
        """Epidemic threshold of heterogeneous mean field, <k> / <k^2> (L)."""
        return _ratio(2 * self.n_edges, 2 * self.wedges + 2 * self.n_edges)

    def measures(self) -> dict[str, float]:
        """One number for each of :data:`MEASURES`, in their order."""
        own = {"exponent": self.exponent(), "ks_cut_off": self.cut_off or math.nan, "clustering": self.local_clustering}
        return {name: float(own[name] if name in own else getattr(self, name)) for name in MEASURES}


def _ratio(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else math.nan


def _mean_distance(distances: np.ndarray) -> float:
    return _ratio(int(distances @ np.arange(distances.size)), int(distances.sum()))
