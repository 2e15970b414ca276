"""Where few nodes are infected: gaps are exact, the choice of the way follows the states alone, and changes nothing else.

That lists sample the right distribution is tested in test_dynamics.py, whose tests all run in lists as well.
"""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

import scfast as sf
from scfast import sirs, sparse

SPREADING = sf.SIRS(beta=0.05, gamma=0.1, delta=0.002, xi=0.05)


@pytest.mark.parametrize("p", [1, 12345, 2**40 + 1, 2**60 // 3, 2**63, 2**64 - 1, 2**64])
def test_gaps_have_the_weights_of_a_64_bit_threshold(p: int) -> None:
    """Every weight is within one of 2**64 (1 - q)**g q, and they sum to 2**64: nothing is lost to rounding."""
    weights = [0] * 256
    for k, entry in enumerate(sparse.gaps(p).tolist()):
        weights[k] += entry >> 8
        weights[entry & 255] += 2**56 - (entry >> 8)
    assert sum(weights) == 2**64
    left = 2**64
    for weight in weights[:255]:
        assert weight == left * p >> 64
        left -= weight
    assert weights[255] == left


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """What :meth:`Sparse.span` answers while a test runs."""
    seen: list[int] = []
    choose = sparse.Sparse.span

    def span(self: sparse.Sparse, *args: object) -> int:
        seen.append(choose(self, *args))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(sparse.Sparse, "span", span)
    yield seen


@pytest.fixture(scope="module")
def network() -> sf.Network:
    return sf.grow(sf.DualLocalWorld(), n_nodes=6000, seed=3)


def test_lists_come_first_and_planes_when_infection_has_grown(network: sf.Network, spans: list[int]) -> None:
    run = sf.simulate(network, SPREADING, 100, 100, seed=1, initial=3)
    assert run.counts[:, 0, 1].max() == 3 and run.counts[:, -1, 1].mean() > 300
    assert spans[:2] == [2, 4]
    assert spans[-1] == 0


def test_neither_slices_nor_recording_nor_what_is_kept_change_a_bit(
    network: sf.Network, spans: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sf.simulate(network, SPREADING, 60, 600, seed=2, initial=5)
    assert min(spans) == 0 < max(spans)
    monkeypatch.setattr(sirs, "SLICE", 1)  # one step a slice
    parts = sf.simulate(network, SPREADING, 60, 600, seed=2, initial=5, by_type=True, keep_final=True)
    np.testing.assert_array_equal(whole.counts, parts.counts)
    np.testing.assert_array_equal(whole.counts, parts.type_counts.sum(axis=2))
    np.testing.assert_array_equal(whole.infected_steps, parts.infected_steps)
    np.testing.assert_array_equal(whole.extinction_step, parts.extinction_step)
    np.testing.assert_array_equal(whole.counts[:, -1, 1], (parts.final == 1).sum(axis=1))


def test_replicates_of_a_block_are_the_same_with_more_blocks_after_it(network: sf.Network) -> None:
    """Blocks hand their memory on, and nothing else."""
    one, two = (sf.simulate(network, SPREADING, 30, n, seed=4, initial=5) for n in (512, 1200))
    np.testing.assert_array_equal(one.counts, two.counts[:512])
    alone = sirs.run_block(sirs.prepare(network, SPREADING, sf.Initial(5), False), (4, 0, 0, 1), 512, 30, True)
    np.testing.assert_array_equal(alone.record.counts[:, 0].transpose(2, 0, 1), two.counts[512:1024])


def test_both_ways_have_the_same_means(network: sf.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mean S, I, R at steps 5 to 40 of 2,048 replicates each, one joint test; a beta 4 % off is 10 sigma and more away."""

    def sample(beta: float, seed: int) -> np.ndarray:
        model = sf.SIRS(beta=beta, gamma=0.1, delta=0.002, xi=0.05)
        return sf.simulate(network, model, 40, 2048, seed=seed, initial=20).counts[:, 5::7, :3].reshape(2048, -1).astype(float)

    def p_value(a: np.ndarray, b: np.ndarray) -> float:
        gap, spread = a.mean(axis=0) - b.mean(axis=0), (np.cov(a.T) + np.cov(b.T)) / len(a)
        return float(stats.chi2.sf(gap @ np.linalg.solve(spread, gap), len(gap)))

    mixed = sample(0.05, 5)
    monkeypatch.setattr(sparse.Sparse, "span", lambda self, block, t: 0)
    planes = sample(0.05, 6)
    assert p_value(mixed, planes) > 1e-6
    assert p_value(mixed, sample(0.052, 7)) < 1e-6


def test_small_networks_never_use_lists(spans: list[int]) -> None:
    sf.simulate(sf.grow(sf.BarabasiAlbert(2), n_nodes=100, seed=1), SPREADING, 50, 512, seed=1, initial=1)
    assert set(spans) == {0}
