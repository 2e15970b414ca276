"""Growth: links, degrees and types are as the model says."""

import math
from typing import Any

import numpy as np
import pytest

import scfast as sf

SIZES = [1_000, 10_000, 100_000, 1_000_000]


def check_structure(network: sf.Network, n_nodes: int) -> None:
    """Each link stands in the rows of both its ends, once; rows ascend."""
    assert network.n_nodes == n_nodes
    assert network.degree.sum() == 2 * network.n_edges == len(network.indices)
    rows = np.repeat(np.arange(n_nodes), network.degree)
    keys = rows * n_nodes + network.indices
    assert (np.diff(keys) > 0).all()
    assert (rows != network.indices).all()
    np.testing.assert_array_equal(np.sort(network.indices.astype(np.int64) * n_nodes + rows), keys)


@pytest.mark.parametrize("n_nodes", SIZES)
def test_barabasi_albert(benchmark: Any, n_nodes: int) -> None:
    m = 3
    network = benchmark(sf.grow, sf.BarabasiAlbert(m), n_nodes=n_nodes, seed=1)
    check_structure(network, n_nodes)
    assert network.n_edges == m * (m + 1) // 2 + m * (n_nodes - m - 1)
    assert network.degree.min() == m
    for degree in (3, 4, 6):  # P(k) = 2 m (m + 1) / (k (k + 1) (k + 2)) (L); counts vary less than independent draws would
        law = 2 * m * (m + 1) / (degree * (degree + 1) * (degree + 2))
        share = (network.degree == degree).mean()
        assert abs(share - law) < 5 * np.sqrt(law * (1 - law) / n_nodes) + 4 / n_nodes


@pytest.mark.parametrize("n_nodes", SIZES)
def test_dual_local_world(benchmark: Any, n_nodes: int) -> None:
    model = sf.DualLocalWorld()
    network = benchmark(sf.grow, model, n_nodes=n_nodes, seed=1)
    check_structure(network, n_nodes)
    rows = np.repeat(np.arange(n_nodes), network.degree)
    assert (network.types[rows] != network.types[network.indices]).all()  # never the own type [P]
    newcomers, start = n_nodes - sum(model.start), np.array(model.start)
    share = np.array(model.shares) / sum(model.shares)
    arrived = np.bincount(network.types, minlength=4) - start
    assert (np.abs(arrived - newcomers * share) < 5 * np.sqrt(newcomers * share * (1 - share))).all()
    # a newcomer crosses if its fitness, of density ~ eta**-g on [eta_min, 1], reaches theta; then it has m_crossing partners
    g = np.array(model.exponent)
    crossing = (1 - np.array(model.theta) ** (1 - g)) / (1 - model.eta_min ** (1 - g))
    m, many = np.array(model.m), np.array(model.m_crossing)
    mean = share @ (m + (many - m) * crossing)
    spread = np.sqrt(share @ (m**2 + (many**2 - m**2) * crossing) - mean**2)
    assert abs(network.n_edges - 20 - newcomers * mean) < 5 * spread * np.sqrt(newcomers)


@pytest.mark.parametrize("n_nodes", SIZES[1:])
@pytest.mark.parametrize(
    "model",
    [
        sf.DualLocalWorld(local_world=math.inf),
        sf.BianconiBarabasi(2),
        sf.BianconiBarabasi(2, fitness="falling", h=3),
        sf.LocalWorld(2.5, 50),
    ],
    ids=["unlimited", "bianconi-barabasi", "condensed", "local-world"],
)
def test_family(benchmark: Any, model: Any, n_nodes: int) -> None:
    network = benchmark(sf.grow, model, n_nodes=n_nodes, seed=1)
    check_structure(network, n_nodes)
    newcomers = n_nodes - model.n_start  # their partners are most_partners at most: so is twice the standard deviation
    start = 20 if network.types.any() else model.n_start * (model.n_start - 1) // 2
    assert abs(network.n_edges - start - newcomers * model.mean_partners) < 5 * model.most_partners / 2 * np.sqrt(newcomers)


def test_ensemble(benchmark: Any) -> None:
    networks = benchmark(sf.grow_many, sf.BarabasiAlbert(3), 1000, 1000, seed=1, n_jobs=1)
    for network in networks[::100]:
        check_structure(network, 1000)
    assert len({network.digest() for network in networks}) == 1000
