"""Pictures of networks and of the study hold the numbers."""

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.special import zeta

import scfast as sf
from scfast import claims, drawing, portraits
from scfast.topology import Topology

BASE, BESIDE = claims.BASE, claims.BESIDE


@pytest.fixture(scope="module")
def grown() -> tuple[Topology, sf.Network]:
    network = sf.grow(sf.DualLocalWorld(), n_nodes=300, seed=1)
    return sf.measure(network), network


def rows(series: str, sizes: tuple[int, ...], **swept: float) -> pd.DataFrame:
    """Networks with made-up measures."""
    rng = np.random.default_rng(1)
    found = []
    for model, n, g in itertools.product((BASE, BESIDE), sizes, range(4)):
        row: dict[str, object] = {"network": g, "series": series, "model": model, "n_nodes": n, "n_edges": 3 * n}
        noise = rng.normal(size=4) / 50
        row |= dict(zip(portraits.SETTINGS, np.array([5, 2.6, 2.4, math.log2(n)]) + noise, strict=True))
        if model == BASE:
            row |= {"mean_degree.maker": 4 + noise[0], "mean_degree.seller": 6 + noise[0]}
        found.append(row | {f"network.{key}": value for key, value in swept.items()})
    return pd.DataFrame(found)


@pytest.fixture(scope="module")
def networks() -> pd.DataFrame:
    size = rows("size", (200, 500, 1000, 2000, 5000))
    world = [rows("M", (500, 5000), local_world=value) for value in (5.0, 50.0, math.inf)]
    shares = [rows("equal shares", (500, 5000), shares=1.0)]
    return pd.concat([size, *world, *shares], ignore_index=True)


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in (*figure.texts, *(text for ax in figure.axes for text in ax.texts)))


def inside(figure: Figure) -> None:
    """Nothing that is written hangs over the edge, and no tick labels of an axis overlap."""
    figure.draw_without_rendering()
    whole = figure.bbox.padded(1)
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            shown = [tick.label1 for tick in ticks if low <= tick.get_loc() <= high and tick.label1.get_visible()]
            labels = [label for label in shown if label.get_text()]
            boxes = [label.get_window_extent() for label in labels]
            assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes)), [label.get_text() for label in labels]
        named = [text for text in (*ax.texts, ax.title, ax._left_title) if text.get_text().strip() and text.get_visible()]
        for text in named:
            box = text.get_window_extent()
            assert whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0 and box.y1 <= whole.y1, text.get_text()


# ---- the study


def test_curves_hold_means_and_intervals(networks: pd.DataFrame) -> None:
    figure = portraits.against_size(networks, "Exponent", ["exponent", "ks_exponent"])
    for ax, measure in zip(figure.axes, ("exponent", "ks_exponent"), strict=True):
        table = claims.curve(networks[networks["series"] == "size"], measure)
        for model, line in zip((BASE, BESIDE), ax.lines, strict=True):
            part = table[table["model"] == model]
            np.testing.assert_array_equal(line.get_xdata(), part["n_nodes"])
            np.testing.assert_array_equal(line.get_ydata(), part["mean"])
            assert line.get_label() == claims.MODELS[model]
        bars = [bar for bar in ax.collections if hasattr(bar, "get_segments")]
        ends = [segment[:, 1].tolist() for bar in bars for segment in bar.get_segments()]
        order = pd.concat([table[table["model"] == BASE], table[table["model"] == BESIDE]])
        np.testing.assert_allclose(ends, order[["low", "high"]].to_numpy())
        assert ax.get_xscale() == "log" and [text.get_text() for text in ax.get_xticklabels()] == [
            "200",
            "500",
            "1,000",
            "2,000",
            "5,000",
        ]
    assert "4 networks a point" in words(figure) and "dual local world" in words(figure)
    assert to_hex(figure.axes[1].texts[0].get_color()) != to_hex(figure.axes[1].texts[1].get_color())
    inside(figure)


def test_types_stand_in_one_picture(networks: pd.DataFrame) -> None:
    figure = portraits.types_against_size(networks)
    (ax,) = figure.axes
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines) == ["maker", "seller", BESIDE]
    mean = networks[(networks["series"] == "size") & (networks["model"] == BASE)].groupby("n_nodes")["mean_degree.seller"].mean()
    np.testing.assert_allclose(lines["seller"].get_ydata(), mean)
    inside(figure)
    with pytest.raises(ValueError, match=r"^networks: must have mean degrees by type to be drawn$"):
        portraits.types_against_size(networks.drop(columns=["mean_degree.maker", "mean_degree.seller"]))


def test_assumptions_stand_in_order_with_the_infinite_last(networks: pd.DataFrame) -> None:
    figure = portraits.against_setting(networks.sample(frac=1, random_state=1), "M")
    assert len(figure.axes) == 4
    for ax, measure in zip(figure.axes, portraits.SETTINGS, strict=True):
        assert [text.get_text() for text in ax.get_xticklabels()] == ["5", "50", "all"]
        assert len(ax.lines) == 4
        mine = networks[(networks["series"] == "M") & (networks["model"] == BASE) & (networks["n_nodes"] == 5000)]
        expected = [mine[mine["network.local_world"] == value][measure].mean() for value in (5.0, 50.0, math.inf)]
        line = next(line for line in ax.lines if line.get_label() == "dual local world, N = 5,000")
        np.testing.assert_allclose(line.get_ydata(), expected)
        assert line.get_linestyle() == "-"
    inside(figure)
    inside(portraits.against_setting(networks, "equal shares"))
    with pytest.raises(ValueError, match=r"^series = 'size': must be one in which a setting varies, of M, equal shares$"):
        portraits.against_setting(networks, "size")


def test_the_study_has_a_picture_for_each_figure_and_assumption(networks: pd.DataFrame) -> None:
    made = dict(portraits.study(networks))
    assert list(made) == ["mean-degree", "mean-degree-by-type", "exponent", "path-length", "by-M"]  # one setting alone is no curve
    large = pd.concat([rows("size", (200, 500, 1000, 2000, 5000)), rows("size", (10**4, 2 * 10**4, 5 * 10**4, 10**5, 10**6))])
    ax = portraits.against_size(large, "Paths", ["path_length"]).axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1,000", "10,000", "100,000", "1,000,000"]
    alone = networks[(networks["model"] == BASE) & (networks["network"] == 0)]
    for figure in dict(portraits.study(alone)).values():  # one network, no interval
        inside(figure)


# ---- one network


def test_degrees_and_their_laws(grown: tuple[Topology, sf.Network]) -> None:
    topology, network = grown
    figure = portraits.portrait(topology, network, "mine")
    ax = figure.axes[0]
    points, fixed, ks = ax.lines
    value = np.unique(network.degree)
    np.testing.assert_array_equal(points.get_xdata(), value)
    np.testing.assert_allclose(points.get_ydata(), [(network.degree >= k).mean() for k in value])
    for line, cut_off, exponent in ((fixed, 4, topology.exponent()), (ks, topology.cut_off, topology.ks_exponent)):
        k = line.get_xdata()
        assert k[0] == cut_off and k[-1] == network.degree.max()
        law = (network.degree >= cut_off).mean() * zeta(exponent, k) / zeta(exponent, cut_off)
        np.testing.assert_allclose(line.get_ydata(), law)
        assert f"{exponent:.2f} for k ≥ {cut_off}" in line.get_label()
    assert "300 nodes" in words(figure)
    inside(figure)


def test_panels_hold_what_was_measured(grown: tuple[Topology, sf.Network]) -> None:
    topology, network = grown
    figure = portraits.portrait(topology, network)
    panels = {ax.get_title(loc="left").strip(): ax for ax in figure.axes}
    assert list(panels) == ["Degrees", "Distances", "Degrees by type", "Edges between types", "Cores", "The network"]
    heights = [bar.get_height() for bar in panels["Distances"].patches]
    np.testing.assert_allclose(heights, topology.distances[1:] / topology.distances.sum())
    assert panels["Distances"].lines[0].get_xdata()[0] == topology.path_length
    inside_core = [bar.get_height() for bar in panels["Cores"].patches]
    np.testing.assert_allclose(inside_core, [topology.core_sizes[k:].sum() / 300 for k in range(1, topology.core_sizes.size)])
    means = [line.get_xdata()[0] for line in panels["Degrees by type"].lines if line.get_marker() == "o"]
    np.testing.assert_allclose(means, topology.type_mean_degree)
    shares = [text.get_text() for text in panels["Edges between types"].texts if "%" in text.get_text()]
    assert len(shares) == np.count_nonzero(topology.tier_edges)
    drawn = panels["The network"]
    lines = next(group for group in drawn.collections if hasattr(group, "get_segments"))
    assert len(lines.get_segments()) == network.n_edges
    points = next(group for group in drawn.collections if not hasattr(group, "get_segments"))
    assert len(points.get_offsets()) == 300


@pytest.mark.parametrize("edges", ["0 1", "0 1,1 2,2 0", "0 1,2 3,4 5,4 6", "0 1,0 2,0 3,0 4,0 5,0 6"])
def test_small_networks(edges: str) -> None:
    pairs = [tuple(map(int, pair.split())) for pair in edges.split(",")]
    network = sf.Network.from_edges(pairs, n_nodes=8)
    figure = portraits.portrait(sf.measure(network), network, "small")
    assert len(figure.axes) == 4
    inside(figure)


def test_large_networks_show_numbers_instead(grown: tuple[Topology, sf.Network]) -> None:
    topology, _ = grown
    figure = portraits.portrait(topology, None, "mine")
    told = [text.get_text() for text in figure.axes[-1].texts]
    assert f"{topology.transitivity:.3g}" in told and "share of cross-tier edges" in told
    large = sf.grow(sf.BarabasiAlbert(2), n_nodes=portraits.DRAWN_NODES + 1, seed=1)
    figure = portraits.portrait(sf.measure(large), large)
    assert figure.axes[-1].get_title(loc="left").strip() == "In numbers" and len(figure.axes) == 4
    inside(figure)


def test_a_network_without_edges_is_not_drawn() -> None:
    network = sf.Network.from_edges(np.zeros((0, 2), int), n_nodes=3)
    with pytest.raises(ValueError, match=r"^lonely: must have at least one edge to be drawn$"):
        portraits.portrait(sf.measure(network), network, "lonely")


def test_files_are_equal(grown: tuple[Topology, sf.Network], networks: pd.DataFrame, tmp_path: Path) -> None:
    for name in ("a", "b"):
        drawing.save(portraits.portrait(*grown, "mine"), tmp_path / name / "p.png", "run")
        drawing.save(portraits.against_setting(networks, "M"), tmp_path / name / "m.svg", "run")
    for file in ("p.png", "m.svg"):
        first, second = ((tmp_path / name / file).read_bytes() for name in ("a", "b"))
        assert first == second and len(first) > 20_000
