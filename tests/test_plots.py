"""Every picture holds the numbers that it claims to show; files are valid, equal from run to run, and say where they come from."""

import hashlib
import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from runs import run

import scfast as sf
from scfast import drawing, plots
from scfast.layout import layout
from scfast.results import Result

GRID = """
[network]
n_nodes = 60
[run]
networks = 3
replicates = 70
steps = 25
seed = 5
[sweep]
"dynamics.beta" = [0.02, 0.1, 0.3]
"dynamics.gamma" = [0.1, 0.4]
"""
ONE = GRID[: GRID.index('"dynamics.gamma"')]
PLAIN = GRID[: GRID.index("[sweep]")]


@pytest.fixture(scope="module")
def grid() -> Result:
    return run(GRID)


@pytest.fixture(scope="module")
def line() -> Result:
    return run(ONE)


@pytest.fixture(scope="module")
def plain() -> Result:
    return run(PLAIN)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Three components, an isolate, names that a formula reader would trip over."""
    folder = tmp_path_factory.mktemp("named")
    (folder / "edges.csv").write_text("source,target\nhub,a\nhub,b\nhub,c\nhub,d\na,b\ne,f\ng,h\nh,i\n")
    rows = ["hub,shop,Costs $1 & $2 <Co>", *(f"{name},{'shop' if name in 'ace' else 'mill'}," for name in "abcdefghij")]
    (folder / "nodes.csv").write_text("id,type,name\n" + "\n".join(rows) + "\n")
    text = f"""
[network]
kind = "file"
edges = {str(folder / "edges.csv")!r}
nodes = {str(folder / "nodes.csv")!r}
[dynamics]
beta = 0.3
[initial]
nodes = ["hub"]
[run]
networks = 1
replicates = 64
steps = 10
seed = 1
"""
    return run(text)


def heading(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.texts)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Student's 95 % interval of the mean, written out for three values."""
    half = 4.302652729911275 * values.std(ddof=1) / np.sqrt(3)
    return values.mean() - half, values.mean() + half


# ---- over time


@pytest.mark.parametrize("cell", [0, 5])
def test_trajectories_show_means_and_quantiles(grid: Result, cell: int) -> None:
    (ax,) = plots.trajectories(grid, cell).axes
    lines = {line.get_label(): line for line in ax.lines}
    bands = {band.get_label(): band for band in ax.collections}
    for k, state in enumerate("SIRX"):
        np.testing.assert_array_equal(lines[f"mean {state}"].get_ydata(), grid.mean[cell, :, k] / 60)
        np.testing.assert_array_equal(lines[f"mean {state}"].get_xdata(), np.arange(26))
        heights = bands[f"band {state}"].get_paths()[0].vertices[:, 1]
        low, high = (grid.quantile(q)[cell, :, k] / 60 for q in (0.05, 0.95))
        assert set(heights) == set(low) | set(high)
    assert ax.get_ylabel() == "share of nodes"
    assert ax.get_xlabel() == "time (steps)"


def test_trajectories_show_single_runs_that_happened(grid: Result) -> None:
    (ax,) = plots.trajectories(grid, 3).axes
    shown = [line.get_ydata() for line in ax.lines if line.get_label().startswith("_single")]
    kept = grid.samples(3) / 60
    assert len(shown) == 4 * 5
    for k in range(4):
        for j in range(5):
            assert any(np.array_equal(shown[5 * k + j], run) for run in kept[..., k].reshape(-1, 26))


def test_headings_say_what_is_shown(grid: Result, plain: Result) -> None:
    assert "cell 3: beta = 0.1, gamma = 0.4" in heading(plots.trajectories(grid, 3))
    for figure in (plots.trajectories(plain), plots.types(plain), plots.degrees(plain), plots.network(plain)):
        assert figure is not None
        assert "3 networks × 70 replicates" in heading(figure)  # noqa: RUF001
        assert "N = 60 nodes" in heading(figure)
        assert "cell" not in heading(figure)


def test_lines_are_named_in_their_colours_without_overlap(plain: Result) -> None:
    (ax,) = plots.trajectories(plain).axes
    names = {text.get_text().split()[0]: text for text in ax.texts}
    assert list(names) and set(names) == {"susceptible", "infected", "immune", "eliminated"}
    for state, name in drawing.STATE_NAMES.items():
        assert to_hex(names[name].get_color()).upper() == drawing.STATE_COLOURS[state]
    heights = sorted(text.xy[1] for text in names.values())
    # the axis is 4.9 inches high and the letters are 11.5 points: 0.033 of it
    assert np.diff(heights).min() > 0.04


def test_types_show_the_mean_of_the_networks_shares(plain: Result) -> None:
    (ax,) = plots.types(plain).axes
    assert [line.get_label() for line in ax.lines] == list(plain.type_names)
    infected = plain.tables["type_trajectory/sum"][..., 1] / 70
    shares = infected / plain.type_sizes()[:, None, :]
    for k, (line, band) in enumerate(zip(ax.lines, ax.collections, strict=True)):
        # equal up to the order of additions
        np.testing.assert_allclose(line.get_ydata(), shares[:, :, k].mean(axis=0), rtol=1e-13)
        limits = np.array([interval(shares[:, step, k]) for step in range(26)])
        heights = band.get_paths()[0].vertices[:, 1]
        np.testing.assert_allclose([heights.min(), heights.max()], [limits.min(), limits.max()], atol=1e-9)


def test_types_need_recorded_types_and_two_of_them(plain: Result) -> None:
    with pytest.raises(ValueError, match=r"^run.record: must hold 'types'[^\n]*$"):
        plots.types(run(PLAIN, 'run.record=["nodes"]', "run.networks=1"))
    with pytest.raises(ValueError, match=r"^type_names = node: must be at least two[^\n]*$"):
        plots.types(run("[network]\nkind='barabasi_albert'\nn_nodes=20\n[run]\nnetworks=1\nreplicates=64\nsteps=3\nseed=1"))


# ---- networks


def test_degrees_are_the_complementary_distribution(plain: Result) -> None:
    (ax,) = plots.degrees(plain).axes
    (line,) = ax.lines
    pooled = np.concatenate([plain.network(0, g).degree for g in range(3)])
    value = np.unique(pooled)
    np.testing.assert_array_equal(line.get_xdata(), value)
    np.testing.assert_array_equal(line.get_ydata(), [(pooled >= k).sum() / 180 for k in value])
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert f"mean degree {pooled.mean():.2f}" in heading(ax.figure)


def test_isolates_count_in_the_degrees_but_are_not_drawn(named: Result) -> None:
    (ax,) = plots.degrees(named).axes
    assert ax.lines[0].get_xdata()[0] == 1
    assert ax.lines[0].get_ydata()[0] == 10 / 11
    assert "1 isolated" in heading(ax.figure)


@pytest.mark.parametrize("index", [0, 2])
def test_network_shows_each_node_once_in_its_colour(plain: Result, index: int) -> None:
    figure = plots.network(plain, index=index)
    assert figure is not None
    ax, bar = figure.axes
    net = plain.network(0, index)
    points = [group for group in ax.collections if group.get_offsets().shape[0] and group.get_array() is not None]
    shown = np.concatenate([np.asarray(group.get_array()) for group in points])
    table = plain.nodes()
    infected = table[table["network"] == index].sort_values("node")["infected"].to_numpy()
    np.testing.assert_array_equal(np.sort(shown), np.sort(infected))
    for kind in net.type_names:
        mine = [group for group in points if group.get_label() == kind]
        of_type = infected[net.types == net.type_names.index(kind)]
        np.testing.assert_array_equal(np.sort(np.concatenate([g.get_array() for g in mine])), np.sort(of_type))
    lines = next(group for group in ax.collections if hasattr(group, "get_segments"))
    assert len(lines.get_segments()) == net.n_edges
    assert "time infected" in bar.get_ylabel()
    assert [text.get_text().split(" (")[0] for text in figure.legends[0].get_texts()] == list(net.type_names)


def test_network_sizes_rise_with_degree(plain: Result) -> None:
    figure = plots.network(plain)
    assert figure is not None
    net = plain.network()
    groups = [group for group in figure.axes[0].collections if group.get_array() is not None and len(group.get_offsets())]
    areas = np.sort(np.concatenate([group.get_sizes() for group in groups]))
    # sorted alike, equal areas mean equal degrees (below the cap, which no node of this network reaches)
    np.testing.assert_array_equal(np.unique(areas, return_counts=True)[1], np.unique(net.degree, return_counts=True)[1])


def test_network_names_the_most_vulnerable(plain: Result, named: Result) -> None:
    figure = plots.network(named)
    assert figure is not None
    best = named.nodes()
    # the start is at the hub, so that the other components and the isolate are never infected
    assert [text.get_text() for text in figure.axes[0].texts] == best["name"][best["infected"] > 0].tolist()
    assert best["name"][0] == "Costs $1 & $2 <Co>" and (best["infected"] > 0).sum() == 5
    figure = plots.network(plain)
    assert figure is not None
    table = plain.nodes()
    best = table[table["network"] == 0].head(6)
    expected = [f"{kind} {node}" for kind, node in zip(best["type"], best["node"], strict=True)]
    shown = [text.get_text() for text in figure.axes[0].texts]
    # the first three always, the next three where they find room
    assert shown[:3] == expected[:3] and shown[3:] == [name for name in expected[3:] if name in shown[3:]]


@pytest.mark.parametrize(("n_nodes", "most"), [(plots.NAMES_NODES, 6), (plots.NAMES_NODES + 1, 3)])
def test_names_do_not_overlap_and_are_fewer_on_large_networks(n_nodes: int, most: int) -> None:
    figure = plots.network(run(PLAIN, f"network.n_nodes={n_nodes}", "run.networks=1"))
    assert figure is not None
    figure.draw_without_rendering()
    names = figure.axes[0].texts
    assert 3 <= len(names) <= most
    boxes = [Text.get_window_extent(text) for text in names]  # of the letters, without the line to the node
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("edges", ["a,b\nb,c\nc,d\nd,e\na,c", "a,b", "b,c\nc,d\nd,e\ne,f\nf,b", "a,f\nb,f\nc,f\nd,f\ne,f"])
def test_markers_and_names_of_small_networks_stand_inside_the_picture(tmp_path: Path, edges: str) -> None:
    (tmp_path / "e.csv").write_text(f"source,target\n{edges}\n")
    rows = [f"{node},{kind}" for node, kind in zip("abcdef", "uvwwww", strict=True)]
    (tmp_path / "n.csv").write_text("id,type\n" + "\n".join(rows) + "\n")
    files = f'[network]\nkind="file"\nedges="{tmp_path}/e.csv"\nnodes="{tmp_path}/n.csv"\n'
    figure = plots.network(run(files + "[run]\nnetworks=1\nreplicates=64\nsteps=9\nseed=1"))
    assert figure is not None
    figure.draw_without_rendering()
    ax = figure.axes[0]
    frame = ax.get_window_extent()
    for group in ax.collections:
        if group.get_array() is None or not len(group.get_offsets()):
            continue
        # half the diagonal of the marker's square, in pixels
        half = np.sqrt(group.get_sizes()[:, None] / 2) * figure.dpi / 72
        at = ax.transData.transform(group.get_offsets())
        assert (at - half >= frame.min).all() and (at + half <= frame.max).all()
    for text in ax.texts:
        box = Text.get_window_extent(text)
        assert (box.min >= frame.min).all() and (box.max <= frame.max).all()


def test_layout_keeps_neighbours_near_and_nodes_apart(plain: Result, named: Result) -> None:
    net = sf.grow(sf.BarabasiAlbert(2), 300, seed=3)
    size = np.full(300, 0.5)
    place = layout(net, size)
    assert np.isfinite(place).all()
    np.testing.assert_array_equal(place, layout(net, size))
    apart = np.hypot(*(place[:, None] - place).transpose(2, 0, 1))
    linked = net.to_scipy().toarray() > 0
    # a random placement would give 1; paths of BA(2) are 1 to 7 edges long, their mean about 4
    assert apart[linked].mean() < 0.6 * apart[~linked].mean()
    # half the asked diameter at the least: separation is iterative and may stop short in a crowd
    assert (apart + np.eye(300)).min() > 0.25
    place = layout(named.network(), np.full(11, 0.5))
    apart = np.hypot(*(place[:, None] - place).transpose(2, 0, 1))
    assert (apart + np.eye(11)).min() > 0.25


def test_large_networks_are_not_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "[network]\nkind='barabasi_albert'\nn_nodes=1501\n[run]\nnetworks=1\nreplicates=64\nsteps=2\nseed=1"
    result = run(text)
    assert plots.network(result) is None
    assert [path.name for path in plots.save_all(result, tmp_path)] == ["trajectories.png", "degrees.png"]
    said = capsys.readouterr().err
    assert said.startswith("no picture of the network") and said.count("\n") == 1


# ---- sweeps


def test_heatmap_holds_the_mean_outcomes(grid: Result) -> None:
    figure = plots.heatmap(grid, ["risk load", "extinct"])
    assert len(figure.axes) == 4  # two panels, two colour bars
    table = grid.summary().set_index(["dynamics.beta", "dynamics.gamma", "outcome"])["mean"]
    for ax, name in zip(figure.axes, ("risk load", "extinct"), strict=False):
        shown = np.asarray(ax.collections[0].get_array()).reshape(2, 3)
        expected = [[table[beta, gamma, name] for beta in (0.02, 0.1, 0.3)] for gamma in (0.1, 0.4)]
        np.testing.assert_array_equal(shown, expected)
        assert [label.get_text() for label in ax.get_xticklabels()] == ["0.02", "0.1", "0.3"]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["0.1", "0.4"]
    assert "infection" in figure.axes[0].get_xlabel() and "recovery" in figure.axes[0].get_ylabel()
    assert {ax.get_ylabel() for ax in figure.axes[2:]} == {"risk load (steps)", "extinct (share)"}
    first = {(text.get_position()): text.get_text() for text in figure.axes[0].texts}
    assert first[2, 0] == f"{table[0.3, 0.1, 'risk load']:.1f}"


def test_heatmap_takes_one_outcome_by_default(grid: Result) -> None:
    figure = plots.heatmap(grid)
    assert len(figure.axes) == 2
    assert figure.axes[0].get_title(loc="left") == "Risk load: infected steps per node"


def test_keys_with_one_value_do_not_count_as_swept(grid: Result) -> None:
    figure = plots.sweep_curve(run(GRID.replace("[0.1, 0.4]", "[0.1]"), "run.networks=1"))
    assert len(figure.axes) == 1
    with pytest.raises(ValueError, match=r"^sweep = dynamics.beta, dynamics.gamma: must vary exactly 1 key[^\n]*$"):
        plots.sweep_curve(grid)


def test_sweep_curve_shows_means_and_intervals(line: Result) -> None:
    figure = plots.sweep_curve(line, plots.SWEEP_OUTCOMES)
    assert len(figure.axes) == 4
    for ax, name in zip(figure.axes, plots.SWEEP_OUTCOMES, strict=True):
        by_network = line.replicates[name].mean(axis=2)
        np.testing.assert_array_equal(ax.lines[0].get_xdata(), [0.02, 0.1, 0.3])
        # equal up to the order of additions
        np.testing.assert_allclose(ax.lines[0].get_ydata(), by_network.mean(axis=1), rtol=1e-12)
        limits = np.array([interval(values) for values in by_network])
        if name == "extinct":  # yes or no: at least Wilson's interval over all replicates
            n, p, z2 = line.replicates[name][0].size, by_network.mean(axis=1), 1.959963984540054**2
            half = np.sqrt(z2 * (p * (1 - p) + z2 / (4 * n)) / n)
            limits[:, 0] = np.minimum(limits[:, 0], (p + z2 / (2 * n) - half) / (1 + z2 / n))
            limits[:, 1] = np.maximum(limits[:, 1], (p + z2 / (2 * n) + half) / (1 + z2 / n))
        limits = np.clip(limits, 0, np.inf if name == "risk load" else 1)
        band = ax.collections[0].get_paths()[0].vertices[:, 1]
        for limit in limits.ravel():
            assert np.abs(band - limit).min() < 1e-9


def test_sweep_curve_of_words_and_of_decades(line: Result) -> None:
    words = run(ONE.replace('"dynamics.beta" = [0.02, 0.1, 0.3]', '"dynamics.exposure" = ["per_partner", "shared"]'))
    (ax,) = plots.sweep_curve(words, "peak").axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["per_partner", "shared"]
    decades = run(ONE.replace("[0.02, 0.1, 0.3]", "[1, 0.001, 0.1]"))
    (ax,) = plots.sweep_curve(decades).axes
    assert ax.get_xscale() == "log"
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [0.001, 0.1, 1])
    means = [decades.outcome("risk load", cell)[0].mean for cell in (1, 2, 0)]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), means)
    (ax,) = plots.sweep_curve(line).axes
    assert ax.get_xscale() == "linear"


# ---- files


def test_save_all_writes_valid_png(grid: Result, tmp_path: Path) -> None:
    paths = plots.save_all(grid, tmp_path / "a" / "b")
    load = [grid.outcome("risk load", cell)[0].mean for cell in range(6)]
    extremes = sorted({int(np.argmin(load)), int(np.argmax(load))} - {0})
    names = ["trajectories", *(f"trajectories-cell{cell}" for cell in extremes), "types", "degrees", "network", "sweep"]
    assert [path.name for path in paths] == [f"{name}.png" for name in names]
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == sorted(path.name for path in paths)
    from PIL import Image

    for path in paths:
        with Image.open(path) as image:
            image.load()
            assert min(image.size) > 800
            assert grid.manifest["run_id"] in image.text["Description"] and "seed 5" in image.text["Description"]
            # at least a hundred colours: something is drawn
            assert len(image.convert("RGB").getcolors(1 << 24)) > 100


def test_one_cell_is_drawn_alone(grid: Result, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = plots.save_all(grid, tmp_path, "svg", cell=4)
    assert [path.name for path in paths] == [f"{name}-cell4.svg" for name in ("trajectories", "types", "degrees", "network")]
    for path in paths:
        assert "cell 4: beta = 0.3, gamma = 0.1" in path.read_text()
    assert capsys.readouterr().err == ""
    with pytest.raises(ValueError, match=r"^cell = 6: must be between 0 and 5$"):
        plots.save_all(grid, tmp_path / "none", cell=6)
    assert not (tmp_path / "none").exists()


def test_nothing_finished_is_told_with_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    sf.run(sf.Config.from_text(GRID), out=folder, n_jobs=1, shard=(1, 2))
    for path in (folder / "shards").iterdir():
        path.unlink()
    nothing = sf.load(folder)
    for call in (lambda: plots.save_all(nothing, tmp_path / "p"), lambda: plots.heatmap(nothing)):
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == f"{folder}: nothing is finished yet, so there is nothing to draw"


def test_svg_is_valid_and_the_same_each_time(plain: Result, tmp_path: Path) -> None:
    hashes = []
    for folder in ("one", "two"):
        paths = plots.save_all(run(PLAIN) if folder == "two" else plain, tmp_path / folder, "svg")
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
        for path in paths:
            assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
            text = path.read_text()
            assert plain.manifest["run_id"] in text and "seed 5" in text
            assert "<dc:date>" not in text
    assert len(hashes[0]) == 4
    assert hashes[0] == hashes[1]


def test_the_users_style_is_neither_used_nor_changed(plain: Result, tmp_path: Path) -> None:
    (first,) = (path for path in plots.save_all(plain, tmp_path / "a", "svg") if path.stem == "degrees")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.hashsalt": None}):
        before = dict(matplotlib.rcParams)
        (second,) = (path for path in plots.save_all(plain, tmp_path / "b", "svg") if path.stem == "degrees")
        assert dict(matplotlib.rcParams) == before
    assert first.read_bytes() == second.read_bytes()


def test_a_run_that_goes_on_is_drawn_as_far_as_it_is(tmp_path: Path) -> None:
    config = sf.Config.from_text(GRID)
    part = sf.run(config, out=tmp_path / "r", n_jobs=1, shard=(1, 2))
    assert 0 < part.done < part.total
    paths = plots.save_all(part, tmp_path / "p")
    assert {"trajectories.png", "sweep.png"} <= {path.name for path in paths}
    shown = np.ma.masked_invalid(plots.heatmap(part).axes[0].collections[0].get_array())
    unfinished = sum(not len(part.rows(cell)) for cell in range(6))
    assert np.ma.count_masked(shown) == unfinished
    assert f"{part.done} of 18 networks done" in heading(plots.heatmap(part))


def test_one_replicate_of_one_step_can_be_drawn(tmp_path: Path) -> None:
    result = run(PLAIN, "run.networks=1", "run.replicates=1", "run.steps=1")
    assert len(plots.save_all(result, tmp_path)) == 4


def test_bad_arguments_are_told_in_one_line(plain: Result, grid: Result, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    bare = run(PLAIN, "run.record=[]", "run.networks=1")
    cases = [
        (lambda: plots.save_all(plain, tmp_path, "pdf"), "format = 'pdf': must be one of png, svg"),
        (lambda: plots.save_all(plain, tmp_path / "file"), f"folder = {str(tmp_path / 'file')!r}: cannot be written"),
        (lambda: plots.trajectories(plain, 1), "cell = 1: must be between 0 and 0"),
        (lambda: plots.types(plain, -1), "cell = -1: must be between 0 and 0"),
        (lambda: plots.degrees(plain, 7), "cell = 7: must be between 0 and 0"),
        (lambda: plots.network(plain, 0, 3), "index = 3: must be between 0 and 2"),
        (lambda: plots.network(bare), "run.record: must hold 'nodes'"),
        (lambda: plots.heatmap(grid, "profit"), "outcome = ['profit']: must be one or more of risk load, "),
        (lambda: plots.heatmap(grid, []), "outcome = []: must be one or more of risk load, "),
        (lambda: plots.heatmap(plain), "sweep = none: must vary exactly 2 keys"),
        (lambda: plots.sweep_curve(plain), "sweep = none: must vary exactly 1 key"),
    ]
    for call, said in cases:
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value).startswith(said)
        assert "\n" not in str(error.value)
    assert [path.name for path in plots.save_all(bare, tmp_path / "bare")] == ["trajectories.png", "degrees.png"]
