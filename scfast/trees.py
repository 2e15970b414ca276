"""The picture of a hierarchy of factors, a :class:`~scfast.ahp.Tree`. As for :mod:`scfast.plots`, nothing global is touched."""

from __future__ import annotations

import dataclasses
import itertools
import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from scfast.ahp import Node, Tree
from scfast.drawing import COLOURS, GREY, STATE_COLOURS, new_figure, styled

AHP_LEAVES = 500
"""Hierarchies of more leaves are not drawn."""

BAR, LINE = 3.2, 0.19  # inches: the longest bar and the height of a line


@styled
def ahp(tree: Tree) -> Figure:
    """A hierarchy of factors: goal to the left, leaves to the right with bars of their global weights, and every CR.

    Parameters
    ----------
    tree : scfast.ahp.Tree

    Returns
    -------
    matplotlib.figure.Figure
        One colour for all that is below one child of the goal.

    Raises
    ------
    ValueError
        More than 500 leaves.
    """
    leaves = tree.leaves
    if len(leaves) > AHP_LEAVES:
        raise ValueError(f"leaves = {len(leaves)}: must be at most {AHP_LEAVES} to be drawn")
    texts: dict[str, _Words] = {}
    columns: list[float] = []  # widths of the factors' columns, by depth; the leaves have one more
    rows: dict[str, float] = {}  # heights of the nodes' middles, from the top
    height = _lay(tree.goal, 0, 0.15, texts, columns, rows) + 0.15
    edges = [0.16, *(0.16 + np.cumsum(np.array(columns) + 0.62)).tolist()]
    bars = edges[-1] + max(texts[leaf.key].width for leaf in leaves) + 0.15
    width = bars + BAR + 1.5
    title = textwrap.shorten(f"Weights for {tree.goal.label}", max(30, round(6.5 * width)), placeholder=" ...")
    groups = "   ·   in brackets: share of its group" * (len(columns) > 1)
    legend = f"bar and bold: share of the whole{groups}   ·   CR: consistency ratio"
    figure = new_figure(width, 0.0, title, (f"AHP, {tree.method} method   ·   {legend}",), body=height)
    figure.set_layout_engine("none")  # places are inches
    ax = figure.add_axes((0, 0, 1, height / figure.get_figheight()))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    longest = max(leaf.global_weight for leaf in leaves)

    def draw(node: Node, depth: int, colour: str) -> None:
        x, y, words = edges[depth if node.children else -1], rows[node.key], texts[node.key]
        words.draw(ax, x, y)
        if not node.children:
            long = BAR * node.global_weight / longest
            ax.barh(y, long, 0.21, bars, color=colour)
            ax.annotate(
                f"{100 * node.global_weight:.1f} %", (bars + long, y), (5, 0), textcoords="offset points", va="center",
                size=11, weight="bold")  # fmt: skip
            share = f"({100 * node.local_weight:.1f} %)" * (depth > 1)
            ax.annotate(share, (bars + long, y), (55, 0), textcoords="offset points", va="center", size=10, color=GREY)
        spine = edges[depth + 1] - 0.3 if node.children else 0.0
        heights = [rows[child.key] for child in node.children]
        if node.children:
            ax.plot([x + words.width + 0.08, spine], [y, y], color=colour, linewidth=1.3)
            ax.plot([spine, spine], [heights[0], heights[-1]], color=colour, linewidth=1.3)
        for k, (child, at) in enumerate(zip(node.children, heights, strict=True)):
            own = COLOURS[k % len(COLOURS)] if depth == 0 else colour
            ax.plot([spine, edges[depth + 1 if child.children else -1] - 0.08], [at, at], color=own, linewidth=1.3)
            draw(child, depth + 1, own)

    draw(tree.goal, 0, GREY)
    return figure


def _lay(node: Node, depth: int, top: float, texts: dict[str, _Words], columns: list[float], rows: dict[str, float]) -> float:
    """Place a node and what is below it, from `top` down; the lower end of it all. Inches."""
    texts[node.key] = words = _Words.of(node, depth)
    gap = 0.2 if any(child.children for child in node.children) else 0.0
    bottom = top
    for k, child in enumerate(node.children):
        bottom = _lay(child, depth + 1, bottom + gap * (k > 0), texts, columns, rows)
    missing = max(words.height - (bottom - top), 0.0)
    for below in itertools.islice(node.walk(), 1, None):
        rows[below.key] += missing / 2
    bottom += missing
    ends = [rows[child.key] for child in node.children] or [top, bottom]
    rows[node.key] = (ends[0] + ends[-1]) / 2
    if node.children:
        columns.extend([0.0] * (depth + 1 - len(columns)))
        columns[depth] = max(columns[depth], words.width)
    return bottom


@dataclasses.dataclass(frozen=True)
class _Words:
    """The name of a node in a picture of a hierarchy, wrapped, and under a factor's its weight and CR; inches."""

    lines: tuple[tuple[str, dict[str, Any]], ...]
    width: float
    height: float

    @classmethod
    def of(cls, node: Node, depth: int) -> _Words:
        factor = bool(node.children)
        style: dict[str, Any] = {"size": 12 if factor else 11, "weight": "bold" if factor else "normal"}
        lines = [(text, style) for text in textwrap.wrap(node.label, 24 if factor else 44, max_lines=4, placeholder=" ...")]
        if factor and node.judged is not None:
            share = f"{100 * node.global_weight:.1f} %   " * (depth > 0) + f"({100 * node.local_weight:.1f} %)   " * (depth > 1)
            ratio = f"CR {node.judged.consistency_ratio:.3f}" if len(node.children) > 1 else "one child"
            colour = GREY if node.judged.consistent else STATE_COLOURS["I"]
            lines.append((f"{share}{ratio}", {"size": 10.5, "color": colour}))
        fonts = [FontProperties(size=style["size"], weight=style.get("weight")) for _, style in lines]
        wide = max(TextPath((0, 0), text, prop=font).get_extents().xmax for (text, _), font in zip(lines, fonts, strict=True))
        return cls(tuple(lines), wide / 72, LINE * len(lines) + (0.16 if factor else 0.13))

    def draw(self, ax: Axes, x: float, y: float) -> None:
        for k, (text, style) in enumerate(self.lines):
            ax.text(x, y + LINE * (k - (len(self.lines) - 1) / 2), text, va="center", **style)
