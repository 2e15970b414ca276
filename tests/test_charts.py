"""Pictures of comparisons hold the numbers of the tables."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from runs import run

import scfast as sf
from scfast import charts, comparison, drawing, plots
from scfast.results import Result

SMALL = "[network]\nn_nodes = 60\n[initial]\ninfected = 0.05\n[run]\nnetworks = 3\nreplicates = 64\nsteps = 20\nseed = 3\n"
HUBS = "[[strategy]]\nname = 'hubs'\nprotection = [3, 8]\n"
MORE = "[[strategy]]\nname = 'more'\nmore_partners = 1\n"
DETECT = "[[strategy]]\nname = 'detect $1 & $2'\ndetection = 0.2\ncost = 3\n"
LONG = "a long name that somebody has thought of and that goes on for more than a line or two"


@pytest.fixture(scope="module")
def mixed() -> Result:
    return run(SMALL + HUBS + MORE + DETECT)


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for ax in figure.axes for text in ax.texts) + "\n".join(t.get_text() for t in figure.texts)


def test_points_and_bars_are_those_of_the_table(mixed: Result) -> None:
    figure = charts.compare(mixed, ["risk load", "extinct"])
    table = comparison.compare(mixed, ["risk load", "extinct"])
    for ax, name in zip(figure.axes, ("risk load", "extinct"), strict=False):
        rows = table[table["outcome"] == name].to_dict("records")
        drawn = [line for line in ax.lines if line.get_marker() == "o"]
        bars = [line for line in ax.lines if line.get_marker() == "None" and len(set(line.get_ydata())) == 1]
        assert [line.get_xdata()[0] for line in drawn] == [row["difference"] for row in rows]
        assert [tuple(line.get_xdata()) for line in bars] == [(row["low"], row["high"]) for row in rows]
        assert [to_hex(line.get_color()).upper() for line in drawn] == [charts.VERDICTS[row["verdict"]] for row in rows]
        assert [line.get_markerfacecolor() == "white" for line in drawn] == [row["paired"] == "nothing" for row in rows]
        heights = [line.get_ydata()[0] for line in drawn]
        assert heights == sorted(heights) and len(set(heights)) == len(rows)
    words = [text.get_text() for text in figure.axes[1].texts]
    assert words[-2:] == ["\N{LEFTWARDS ARROW} worse", "better \N{RIGHTWARDS ARROW}"]  # more extinction is better
    told = texts(figure)
    for text in ("baseline (per partner exposure)", "baseline (shared exposure)", "detect $1 & $2", "hollow: other networks"):
        assert text in told


def test_curves_hold_means_and_the_interval_of_the_difference(mixed: Result) -> None:
    figure = charts.compare(mixed, ["risk load"])
    table = comparison.compare(mixed, ["risk load"])
    hubs = table[table["strategy"] == "hubs"]
    base = hubs["baseline"].iloc[0]
    assert len(figure.axes) == 2  # only one strategy has several levels
    line = next(line for line in figure.axes[1].lines if line.get_label() == "hubs")
    np.testing.assert_allclose(line.get_xdata(), [0, 3, 8])
    np.testing.assert_allclose(line.get_ydata(), [base, *hubs["mean"]], rtol=1e-12)
    band = figure.axes[1].collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(max(base, *(base + hubs["high"])))
    assert band.min() == pytest.approx(min(base + hubs["low"]))


def test_long_names_and_many_strategies_stay_apart() -> None:
    many = "".join(f"[[strategy]]\nname = '{LONG} {k}'\nprotection = [{k + 1}, {k + 9}]\n" for k in range(15))
    figure = charts.compare(run(SMALL.replace("replicates = 64", "replicates = 8").replace("steps = 20", "steps = 5") + many))
    figure.canvas.draw()
    names = [text for text in figure.axes[0].texts if text.get_text().startswith("a long name")]
    assert len(names) == 15
    boxes = [text.get_window_extent() for text in names]
    whole = figure.bbox
    for box, other in itertools.pairwise(boxes):
        assert not box.overlaps(other)
        assert box.x0 >= whole.x0 and box.x1 < figure.axes[0].get_window_extent().x0
    assert figure.legends[0].get_window_extent().y0 >= whole.y0


def test_ticks_stand_at_levels_with_room_for_their_numbers(mixed: Result) -> None:
    curve = charts.compare(mixed).axes[2]
    assert curve.get_xlabel() == "protected firms"
    assert list(curve.get_xticks()) == [0, 3, 8]
    many = SMALL + f"[[strategy]]\nname = 'many'\nprotection = {[1, 2, 3, 5, 8, 13, 21, 34, 35]}\n"
    figure = charts.compare(run(many.replace("replicates = 64", "replicates = 8")))
    figure.canvas.draw()
    curve = figure.axes[2]
    assert set(curve.get_xticks()) < {0, 1, 2, 3, 5, 8, 13, 21, 34, 35} and {35, 21, 13, 0} <= set(curve.get_xticks())
    boxes = [label.get_window_extent() for label in curve.get_xticklabels()]
    assert len(boxes) >= 5
    assert not any(box.overlaps(other) for box, other in itertools.combinations(boxes, 2))


def test_a_strategy_without_levels_has_none_in_headings() -> None:
    result = run(SMALL + HUBS)
    assert "cell 0: name = baseline   ·   3 networks" in texts(plots.trajectories(result, 0))
    assert "cell 1: name = hubs, level = 3   ·   3 networks" in texts(plots.trajectories(result, 1))
    assert result.label(0) == "strategy.name = baseline"


def test_a_point_of_a_sweep_and_what_is_not_there(mixed: Result, tmp_path: Path) -> None:
    result = run(SMALL + HUBS + "[sweep]\n'dynamics.beta' = [0.05, 0.2]\n")
    assert "beta = 0.05" in texts(charts.compare(result)) and "beta = 0.2" in texts(charts.compare(result, baseline=3))
    with pytest.raises(ValueError, match="baseline = 1: must be a baseline's cell, of 0, 3"):
        charts.compare(result, baseline=1)
    with pytest.raises(ValueError, match="outcome = 'load'"):
        charts.compare(result, ["load"])
    with pytest.raises(ValueError, match="strategy: there is none"):
        charts.compare(run(SMALL))
    sf.run(sf.Config.from_text(SMALL + HUBS), tmp_path, n_jobs=1, shard=(8, 9))
    part = sf.load(tmp_path)
    assert 0 < part.done < part.total
    with pytest.raises(ValueError, match="nothing is finished yet"):
        charts.compare(part)


def test_files_are_equal_and_valid(mixed: Result, tmp_path: Path) -> None:
    for fmt in ("png", "svg"):
        for name in ("a", "b"):
            drawing.save(charts.compare(mixed), tmp_path / name / f"c.{fmt}", "run")
        first, second = ((tmp_path / name / f"c.{fmt}").read_bytes() for name in ("a", "b"))
        assert first == second and len(first) > 20_000


def test_cases_side_by_side(mixed: Result) -> None:
    plain = run(SMALL + "[dynamics]\nbeta = 0.3\n" + HUBS)
    figure = charts.beside({"calm": mixed, "wild": plain}, title="Two firms")
    axes = figure.axes
    assert [ax.get_title(loc="left") for ax in axes[:2]] == ["calm", "wild"]
    for ax, result in zip(axes, (mixed, plain), strict=False):
        infected = next(line for line in ax.lines if line.get_label() == "infected")
        np.testing.assert_allclose(infected.get_ydata(), result.mean[0, :, 1] / 60)
    points = [line for line in axes[2].lines if line.get_marker() == "o"]
    expected = [float(result.outcome("risk load", cell)[0].mean) for result in (mixed, plain) for cell in range(result.n_cells)]
    drawn = [float(line.get_xdata()[0]) for line in points]
    assert set(drawn) <= set(expected) and expected[0] in drawn and len(drawn) == 5 + 3
    assert [label.get_text() for label in axes[2].get_yticklabels()] == [
        "baseline",
        "hubs 3",
        "hubs 8",
        "more 1",
        "detect $1 & $2 0.2",
    ]


@pytest.mark.parametrize(("names", "line"), [(1, "must be two to four cases"), (5, "must be two to four cases")])
def test_cases_are_two_to_four(mixed: Result, names: int, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        charts.beside({str(k): mixed for k in range(names)})


def test_cases_must_match(mixed: Result) -> None:
    with pytest.raises(ValueError, match="must have the same number of steps"):
        charts.beside({"a": mixed, "b": run(SMALL.replace("steps = 20", "steps = 9"))})
    with pytest.raises(ValueError, match="outcome = 'load'"):
        charts.beside({"a": mixed, "b": mixed}, outcomes=["load"])
