"""Histogram: how many fall into each range, and where one stands among them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from lms.web.charts.label import shorten, width_of
from lms.web.charts.palette import PAGE, Palette
from lms.web.charts.scale import Figure, Scale, Show, figure, show_plain, thinned, ticks
from lms.web.charts.svg import frame, line, nothing, tag, text
from lms.web.charts.table import DataTable

_WIDTH, _HEIGHT = 520.0, 240.0
_TOP, _BOTTOM = 34.0, 34.0


def histogram(
    edges: Sequence[Figure],
    counts: Sequence[int],
    *,
    title: str,
    desc: str = "",
    mark: Figure | None = None,
    mark_label: str = "",
    palette: Palette = PAGE,
    show: Show = show_plain,
    empty: str = "",
) -> Markup:
    """SVG of counts in the ranges between rising `edges` (one more than counts), with an optional mark.

    ValueError if the edges do not rise or do not fit the counts, or if a count is negative.
    """
    borders = [float(edge) for edge in edges]
    if counts and len(borders) != len(counts) + 1:
        raise ValueError(f"{len(counts)} counts need {len(counts) + 1} edges, got {len(borders)}")
    if any(right <= left for left, right in pairwise(borders)):
        raise ValueError("edges must rise")
    if any(count < 0 for count in counts):
        raise ValueError("a count cannot be negative")
    if not counts:
        return nothing("histogram", _WIDTH, _HEIGHT, empty, title=title, desc=desc, palette=palette)
    marked = [value for value in ticks(0, max(1, *counts), about=4) if value == int(value)]
    margin = 18 + max(width_of(show(value), 11) for value in marked)
    rise = Scale(0, marked[-1], _HEIGHT - _BOTTOM, _TOP)
    across = Scale(borders[0], borders[-1], margin, _WIDTH - 20)
    marks = []
    for value in marked:
        y = rise.at(value)
        marks.append(line(margin, y, _WIDTH - 20, y, palette.grid, "zx-grid", width=0.7))
        marks.append(text(margin - 8, y + 4, show(value), palette, size=11, anchor="end", muted=True))
    for (left, right), count in zip(pairwise(borders), counts, strict=True):
        marks.append(_column(across.at(left), across.at(right), count, rise, palette))
    each = max(width_of(show(edge), 11) for edge in borders) + 8
    for position in sorted(thinned(len(borders), across.end - across.start, each)):
        x, edge = across.at(borders[position]), show(borders[position])
        marks.append(text(x, _HEIGHT - 14, edge, palette, size=11, anchor="middle", muted=True))
    if (here := figure(mark)) is not None:
        marks += _mark(across.at(here), mark_label, palette)
    return frame("histogram", _WIDTH, _HEIGHT, *marks, title=title, desc=desc, palette=palette)


def histogram_table(
    heading: str,
    count_name: str,
    edges: Sequence[Figure],
    counts: Sequence[int],
    *,
    show: Show = show_plain,
) -> DataTable:
    """The histogram as a table of ranges and counts."""
    ranges = (f"{show(left)} – {show(right)}" for left, right in pairwise(edges))
    return DataTable(
        (heading, count_name), tuple((span, str(count)) for span, count in zip(ranges, counts, strict=True))
    )


def _column(left: float, right: float, count: int, rise: Scale, palette: Palette) -> Markup:
    top = rise.at(count)
    return tag(
        "rect",
        class_="zx-series-1",
        x=left + 1,
        y=top,
        width=max(right - left - 2, 0.5),
        height=rise.start - top,
        fill=palette.of_series(0),
        fill_opacity=0.75,
    )


def _mark(x: float, label: str, palette: Palette) -> list[Markup]:
    marks = [line(x, 22, x, _HEIGHT - _BOTTOM, palette.target, "zx-target", width=2)]
    if label:
        words = shorten(label, _WIDTH / 2, 12)
        wide = width_of(words, 12) / 2 + 4
        at = min(max(x, wide), _WIDTH - wide)
        marks.append(text(at, 15, words, palette, anchor="middle", bold=True))
    return marks
