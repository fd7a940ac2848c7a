"""Bars with a target mark: how far each line has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lms.web.charts.label import width_of, wrap
from lms.web.charts.palette import PAGE, Palette
from lms.web.charts.scale import Figure, Scale, Show, figure, present, show_plain, ticks
from lms.web.charts.svg import frame, line, nothing, tag, text
from lms.web.charts.table import ABSENT, DataTable

_WIDTH = 520.0
_LABELS = 150.0
_ROW = 34.0
_HEAD = 12.0
_FOOT = 30.0
_SIZE = 12.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its value (None: nothing known) and where its target stands, on the same scale."""

    label: str
    value: Figure | None
    target: Figure | None = None


def bars(
    rows: Sequence[Bar],
    *,
    title: str,
    desc: str = "",
    cap: Figure | None = None,
    palette: Palette = PAGE,
    show: Show = show_plain,
    empty: str = "",
) -> Markup:
    """SVG of horizontal bars from zero, each with its own target mark; negative values go to the left.

    With `cap`, a longer bar stops at the cap with an arrow head while its true value is written beside it.
    """
    height = _HEAD + max(len(rows), 1) * _ROW + _FOOT
    if not rows:
        return nothing("bars", _WIDTH, height, empty, title=title, desc=desc, palette=palette)
    known = present([row.value for row in rows] + [row.target for row in rows])
    limit = figure(cap)
    high, low = max([0.0, *known]), min([0.0, *known])
    if limit is not None:
        high, low = max(min(high, limit), 0.0), max(low, -abs(limit))
    marked = ticks(low, high if high > low else low + 1)
    widest = max(width_of(_written(row, show), _SIZE) for row in rows)
    scale = Scale(marked[0], marked[-1], _LABELS + 12 + (widest if low < 0 else 0), _WIDTH - 26 - widest)
    base = height - _FOOT
    marks = []
    for value in marked:
        x = scale.at(value)
        marks.append(line(x, _HEAD, x, base, palette.grid, "zx-grid", width=1.2 if value == 0 else 0.7))
        marks.append(text(x, base + 16, show(value), palette, size=11, anchor="middle", muted=True))
    for position, row in enumerate(rows):
        marks += _bar(row, _HEAD + position * _ROW, scale, limit, palette, show)
    return frame("bars", _WIDTH, height, *marks, title=title, desc=desc, palette=palette)


def bars_table(
    heading: str, value_name: str, target_name: str, rows: Sequence[Bar], *, show: Show = show_plain
) -> DataTable:
    """The bars as a table of label, value, target."""
    written = tuple(
        (row.label, _written(row, show), ABSENT if row.target is None else show(row.target)) for row in rows
    )
    return DataTable((heading, value_name, target_name), written)


def _written(row: Bar, show: Show) -> str:
    return ABSENT if row.value is None or figure(row.value) is None else show(row.value)


def _bar(row: Bar, y: float, scale: Scale, limit: float | None, palette: Palette, show: Show) -> list[Markup]:
    middle, value, target = y + _ROW / 2, figure(row.value), figure(row.target)
    lines = wrap(row.label, _LABELS - 4, _SIZE)
    first = middle + 4 - (len(lines) - 1) * 7.5
    marks = [text(4, first + at * 15, words, palette, size=_SIZE) for at, words in enumerate(lines)]
    zero, end = scale.at(0), scale.at(value or 0)
    left, right = min(zero, end), max(zero, end)
    beside = right
    if value is not None:
        marks.append(
            tag(
                "rect",
                class_="zx-series-1",
                x=left,
                y=middle - 8,
                width=right - left,
                height=16,
                fill=palette.of_series(0),
            )
        )
        if limit is not None and abs(value) > abs(limit):
            marks.append(_arrow(end, middle, 1 if value > 0 else -1, palette))
            beside = right + (9 if value > 0 else 0)
    if target is not None:
        x = scale.at(target)
        marks.append(line(x, middle - 13, x, middle + 13, palette.target, "zx-target", width=2))
        beside = max(beside, x + 1) if x - beside < 50 and x >= beside else beside
    words = _written(row, show)
    if value is not None and value < 0:
        marks.append(text(left - 6, middle + 4, words, palette, size=_SIZE, anchor="end", bold=True))
    else:
        marks.append(text(beside + 6, middle + 4, words, palette, size=_SIZE, bold=True, muted=value is None))
    return marks


def _arrow(x: float, y: float, way: int, palette: Palette) -> Markup:
    return tag(
        "path",
        class_="zx-series-1",
        d=f"M {x:.2f} {y - 8:.2f} L {x + 8 * way:.2f} {y:.2f} L {x:.2f} {y + 8:.2f} Z",
        fill=palette.of_series(0),
    )
