"""What all pictures share: style, heading, labels, files.

Nothing global is touched: no pyplot, and the style holds only while a picture is made or written.
"""

from __future__ import annotations

import io
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import style as mpl_style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

import scfast
from scfast.results import Result

TIMES = "\N{MULTIPLICATION SIGN}"
INK, GREY = "#222222", "#666666"
# Okabe and Ito's colours, which colour-blind readers can tell apart
STATE_COLOURS = {"S": "#0072B2", "I": "#D55E00", "R": "#009E73", "X": "#4D4D4D"}
STATE_NAMES = {"S": "susceptible", "I": "infected", "R": "immune", "X": "eliminated"}
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#4D4D4D", "#B2A400")
STYLE: dict[str, Any] = {"font.size": 12.0, "text.color": INK, "lines.linewidth": 2.4, "lines.solid_capstyle": "round"}
STYLE |= {"axes.labelcolor": INK, "axes.labelsize": 12.5, "axes.titlesize": 12.5, "axes.titlelocation": "left"}
STYLE |= {"axes.edgecolor": "#999999", "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True}
STYLE |= {"axes.grid": True, "grid.color": "#E8E8E8", "legend.frameon": False, "text.parse_math": False, "svg.hashsalt": "scfast"}
STYLE |= {f"{axis}tick.{part}": colour for axis in "xy" for part, colour in (("color", "#999999"), ("labelcolor", INK))}

# every picture is drawn in this style, whatever the user's is, which is left as it was
styled = mpl_style.context(["default", STYLE])


def new_figure(width: float, height: float, title: str, details: Sequence[str], body: float = 0.0) -> Figure:
    """A figure (inches) with a heading in a strip of its own, above whatever the layout does; `body`: height without the strip."""
    lines = [line for text in details for line in textwrap.wrap(text, round(12 * width))]
    strip = 0.62 + 0.23 * len(lines)
    height = height or body + strip
    strip /= height
    figure = Figure(figsize=(width, height), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0.006, 0.006, 0.988, 1 - strip), w_pad=0.1, h_pad=0.1)
    figure.text(0.16 / width, 1 - 0.18 / height, title, size=16, weight="bold", va="top")
    figure.text(0.16 / width, 1 - 0.52 / height, "\n".join(lines), size=11, color=GREY, va="top", linespacing=1.35)
    return figure


def as_text(value: Any) -> str:
    """A value in a heading or a label."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def plural(n: int, noun: str) -> str:
    """So many of them, in words."""
    return f"{n:,} {noun}{'s' * (n != 1)}"


def ensemble_text(result: Result, cell: int) -> str:
    """Swept values of a cell (no level where a strategy has none), networks x replicates, nodes."""
    finished = len(rows_of(result, cell))
    networks = plural(finished, "network") if finished == result.n_networks else f"{finished} of {result.n_networks} networks"
    known = {key: value for key, value in result.cells[cell].items() if value != ""}
    swept = ", ".join(f"{key.partition('.')[2]} = {as_text(value)}" for key, value in known.items())
    where = f"cell {cell}: {swept}   ·   " if swept else ""
    return f"{where}{networks} {TIMES} {plural(result.n_replicates, 'replicate')}   ·   N = {nodes_of(result, cell):,} nodes"


def rows_of(result: Result, cell: int) -> np.ndarray:
    """Rows of a cell's finished networks: at least one, else ValueError."""
    rows = result.rows(cell)
    if not len(rows):
        raise ValueError(f"cell = {cell}: nothing of it is finished yet")
    return rows


def nodes_of(result: Result, cell: int) -> int:
    """Nodes of a cell's first finished network."""
    return int(result.tables["rows/n_nodes"][rows_of(result, cell)[0]])


def nothing_finished(result: Result) -> ValueError:
    """What to raise where there is nothing to draw."""
    return ValueError(f"{result.folder or 'results'}: nothing is finished yet, so there is nothing to draw")


def plain(axis: Any, percent: bool = False) -> None:
    """Tick labels as people write numbers."""
    axis.set_major_formatter(FuncFormatter(lambda at, _: f"{100 * at:.6g} %" if percent else f"{at:,.6g}"))
    axis.set_minor_formatter("")


def time_axis(ax: Axes, result: Result) -> None:
    """Steps along x, shares along y."""
    ax.set(xlim=(0, max(result.n_steps, 1)), xlabel="time (steps)")
    ax.xaxis.set_major_locator(MaxNLocator(10, steps=(1, 2, 2.5, 5, 10), integer=True))
    plain(ax.xaxis)
    plain(ax.yaxis, percent=True)


def label_lines(ax: Axes, lines: Sequence[tuple[float, str, str]]) -> None:
    """Name lines at their right ends: (height, text, colour), moved apart where they would overlap."""
    bottom, top = ax.get_ylim()
    gap = (top - bottom) * 0.056
    order = sorted(range(len(lines)), key=lambda k: lines[k][0])
    heights = np.array([lines[k][0] for k in order])
    # each label at least a gap above the one below; a run of pushed labels keeps its centre of mass
    slots = np.maximum(heights - gap * np.arange(len(order)), bottom + gap / 4)
    groups: list[list[float]] = []
    for slot in slots:
        groups.append([float(slot)])
        while len(groups) > 1 and np.mean(groups[-2]) > np.mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = np.concatenate([[np.mean(group)] * len(group) for group in groups]) + gap * np.arange(len(order))
    for k, height in zip(order, placed, strict=True):
        _, text, colour = lines[k]
        ax.annotate(
            text, (1.0, height), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            color=colour, va="center", weight="bold", size=11.5, annotation_clip=False)  # fmt: skip


def save(figure: Figure, path: str | Path, about: str) -> None:
    """Write a picture whole or not at all, as png or svg by the name's ending; `about` stands in it.

    Raises
    ------
    ValueError
        Another ending, or a folder that cannot be written.
    """
    path = Path(path)
    folder, fmt = path.parent, path.suffix.removeprefix(".")
    if fmt not in ("png", "svg"):
        raise ValueError(f"path = {str(path)!r}: must end in .png or .svg")
    scratch = folder / f".{path.name}.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(_render(figure, path.stem, f"scfast {scfast.__version__}, {about}", fmt))
        os.replace(scratch, path)
    except OSError as error:
        raise ValueError(f"folder = {str(folder)!r}: cannot be written ({error.strerror})") from None
    finally:
        if folder.is_dir():
            scratch.unlink(missing_ok=True)


@styled
def _render(figure: Figure, name: str, told: str, fmt: str) -> bytes:
    """The bytes of a picture's file; no date in it."""
    metadata: dict[str, Any] = {"Title": name, "Description": told}
    metadata |= {"Software": "scfast"} if fmt == "png" else {"Creator": "scfast", "Date": None}
    figure.savefig(buffer := io.BytesIO(), format=fmt, dpi=150, metadata=metadata)
    return buffer.getvalue()
