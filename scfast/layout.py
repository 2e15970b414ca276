"""Where the nodes of a network stand in a picture."""

from __future__ import annotations

import numpy as np

from scfast.network import Network

GOLDEN = np.pi * (3 - 5**0.5)  # radians


def layout(net: Network, size: np.ndarray) -> np.ndarray:
    """Places of the nodes, float64 (n_nodes, 2), about one unit of area a node.

    The largest component stands in the middle, the others around it. `size` holds the nodes' diameters, which are kept from
    covering each other.
    """
    from scipy.sparse import csgraph

    matrix = net.to_scipy()
    _, part = csgraph.connected_components(matrix, directed=False)
    place = np.zeros((net.n_nodes, 2))
    parts = []
    for nodes in np.split(np.argsort(part, kind="stable"), np.cumsum(np.bincount(part))[:-1]):
        distance = csgraph.shortest_path(matrix[nodes][:, nodes], unweighted=True, directed=False)
        place[nodes] = _separate(_stress_layout(distance) * len(nodes) ** 0.5, size[nodes])
        parts.append((float(np.hypot(*place[nodes].T).max()) + 0.7, nodes))
    parts.sort(key=lambda part: -part[0])
    # four times the area of the parts always has room for the next; spots are numbered from the middle outwards
    bound = 2 * sum(reach**2 for reach, _ in parts) ** 0.5 + 3
    spot = np.arange(1 if len(parts) == 1 else round(2 * bound**2))
    spots = np.sqrt(spot / 2)[:, None] * np.stack([np.cos(GOLDEN * spot), np.sin(GOLDEN * spot)], axis=1)
    room = np.full(len(spots), np.inf)
    for reach, nodes in parts:
        centre = spots[np.argmax(room >= reach)]
        place[nodes] += centre
        np.minimum(room, np.hypot(*(spots - centre).T) - reach, out=room)
    return place


def _stress_layout(distance: np.ndarray, n_iterations: int = 50) -> np.ndarray:
    """Places in the unit disk whose distances follow path lengths: stress majorization (L) from a classical scaling."""
    from scipy import linalg
    from scipy.spatial.distance import cdist

    n = len(distance)
    if n < 3:
        return np.array([[0.0, 0.0]]) if n == 1 else np.array([[-0.7, 0.0], [0.7, 0.0]])
    centred = -0.5 * distance**2
    centred = centred - centred.mean(axis=0) - centred.mean(axis=1)[:, None] + centred.mean()
    values, vectors = linalg.eigh(centred, subset_by_index=[n - 2, n - 1])
    place = vectors * np.sqrt(np.maximum(values, 0))
    # nodes with the same neighbours would start, and stay, on one spot
    place += np.random.Generator(np.random.PCG64(0)).normal(scale=0.1, size=(n, 2))
    distance = distance + np.diag(np.full(n, np.inf))
    weight, pull = 1 / distance**2, 1 / distance
    inverse = np.linalg.inv(np.diag(weight.sum(axis=1)) - weight + 1 / n) - 1 / n
    for _ in range(n_iterations):
        apart = cdist(place, place)
        np.fill_diagonal(apart, np.inf)
        force = np.divide(pull, apart, out=apart)
        place = inverse @ (force.sum(axis=1)[:, None] * place - force @ place)
    place -= (place.min(axis=0) + place.max(axis=0)) / 2 if n < 50 else np.median(place, axis=0)
    radius = np.hypot(*place.T)
    # where there are many, half way to a disk of even density, so that no crowded middle stands in an empty margin
    even = np.sqrt((radius.argsort().argsort() + 0.5) / n) if n >= 50 else radius / radius.max()
    scaled: np.ndarray = place * ((radius / radius.max() + even) / 2 / np.maximum(radius, 1e-9))[:, None]
    return scaled


def _separate(place: np.ndarray, size: np.ndarray, n_iterations: int = 60) -> np.ndarray:
    """Push apart nodes that cover each other."""
    from scipy.spatial import cKDTree

    for _ in range(n_iterations if len(place) > 1 else 0):
        a, b = cKDTree(place).query_pairs(float(size.max()), output_type="ndarray").T
        gap = place[b] - place[a]
        apart = np.maximum(np.hypot(*gap.T), 1e-9)
        missing = np.maximum(0.55 * (size[a] + size[b]) - apart, 0)
        if not missing.any():
            break
        # the smaller node gives way
        share = (size[a] ** 2 / (size[a] ** 2 + size[b] ** 2))[:, None]
        push = gap / apart[:, None] * missing[:, None] * 0.7
        move = np.zeros_like(place)
        np.add.at(move, b, push * share)
        np.add.at(move, a, -push * (1 - share))
        place = place + move
    return place
