"""Trend: figures over time as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from lms.web.charts.label import shorten, width_of
from lms.web.charts.palette import PAGE, Palette
from lms.web.charts.scale import Figure, Scale, Series, Show, figure, present, show_plain, thinned, ticks
from lms.web.charts.svg import frame, line, nothing, points, tag, text

_TOP, _BOTTOM = 30.0, 34.0
_SIZE = 12.0


class _Size(NamedTuple):
    width: float
    height: float


def trend(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    title: str,
    desc: str = "",
    target: Figure | None = None,
    target_label: str = "",
    low: Figure | None = None,
    high: Figure | None = None,
    palette: Palette = PAGE,
    show: Show = show_plain,
    empty: str = "",
    width: float = 520,
    height: float = 240,
) -> Markup:
    """SVG of one or more series over the same periods, with an optional target line.

    Missing values break the line; a value alone is a dot. `low`/`high` pin the scale (what lies beyond stays
    at the edge), else it encloses the figures. Values are written at the dots of a lone series of at most
    twelve periods. ValueError if a series is not as long as the labels.
    """
    for one in series:
        if len(one.values) != len(labels):
            raise ValueError(f"series {one.name!r} has {len(one.values)} values for {len(labels)} labels")
    size = _Size(width, height)
    known = present([value for one in series for value in one.values])
    if not known:
        return nothing("trend", width, height, empty, title=title, desc=desc, palette=palette)
    known += present([target])
    least, most = figure(low), figure(high)
    marked = ticks(min(known) if least is None else least, max(known) if most is None else most, about=4)
    margin = 16 + max(width_of(show(value), 11) for value in marked)
    rise = Scale(marked[0], marked[-1], height - _BOTTOM, _TOP)
    half = max(18.0, min(max(width_of(label, 11) for label in labels), 120) / 2)
    across = Scale(0, max(len(labels) - 1, 1), margin + half, width - half - 6)
    if len(labels) == 1:
        across = Scale(0, 0, (margin + width) / 2, (margin + width) / 2)
    marks = []
    for value in marked:
        y = rise.at(value)
        marks.append(line(margin, y, width - 8, y, palette.grid, "zx-grid", width=0.7))
        marks.append(text(margin - 8, y + 4, show(value), palette, size=11, anchor="end", muted=True))
    marks += _periods(labels, across, size, palette)
    if (aim := figure(target)) is not None:
        marks += _target(rise.at(aim), margin, target_label, size, palette)
    for position, one in reversed(list(enumerate(series))):
        marks += _path(one, position, across, rise, palette)
    if len(series) == 1 and len(labels) <= 12:
        marks += _values(series[0], across, rise, palette, show)
    elif len(series) > 1:
        marks += _legend(series, margin, size, palette)
    return frame("trend", width, height, *marks, title=title, desc=desc, palette=palette)


def _periods(labels: Sequence[str], across: Scale, size: _Size, palette: Palette) -> list[Markup]:
    each = min(max(width_of(label, 11) for label in labels) + 10, 130)
    kept = thinned(len(labels), across.end - across.start + each, each)
    marks = []
    for position in sorted(kept):
        x = across.at(position)
        words = shorten(labels[position], 2 * min(x, size.width - x), 11)
        marks.append(text(x, size.height - 12, words, palette, size=11, anchor="middle", muted=True))
    return marks


def _target(y: float, margin: float, label: str, size: _Size, palette: Palette) -> list[Markup]:
    marks = [line(margin, y, size.width - 8, y, palette.target, "zx-target", width=1.4, dash="6 4")]
    if label:
        words = shorten(label, 200, 11)
        marks.append(text(margin + 4, y - 5, words, palette, size=11, muted=True))
    return marks


def _path(one: Series, position: int, across: Scale, rise: Scale, palette: Palette) -> list[Markup]:
    colour, class_ = palette.of_series(position), f"zx-series-{position + 1}"
    runs: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(one.values):
        if (number := figure(value)) is None:
            runs.append([])
        else:
            runs[-1].append((across.at(place), rise.at(number)))
    marks = []
    for run in runs:
        if len(run) > 1:
            marks.append(
                tag(
                    "polyline",
                    class_=class_,
                    points=points(run),
                    fill="none",
                    stroke=colour,
                    stroke_width=2,
                    stroke_linejoin="round",
                    stroke_dasharray=None if position == 0 else "5 3",
                )
            )
        marks += [tag("circle", class_=class_, cx=x, cy=y, r=3.4, fill=colour) for x, y in run]
    return marks


def _values(one: Series, across: Scale, rise: Scale, palette: Palette, show: Show) -> list[Markup]:
    widest = max(width_of(show(value), _SIZE) for value in one.values if value is not None)
    kept = thinned(len(one.values), across.end - across.start + widest, widest + 8)
    return [
        text(
            across.at(at),
            rise.at(number) + (19 if _dips(one.values, at) else -9),
            show(value),
            palette,
            size=_SIZE,
            anchor="middle",
            bold=True,
        )
        for at, value in enumerate(one.values)
        if value is not None and (number := figure(value)) is not None and at in kept
    ]


def _dips(values: Sequence[Figure | None], at: int) -> bool:
    """Whether both neighbours stand higher, so that the figure has room below only."""
    here, sides = figure(values[at]), present([*values[max(at - 1, 0) : at], *values[at + 1 : at + 2]])
    return here is not None and len(sides) == 2 and min(sides) > here


def _legend(series: Sequence[Series], margin: float, size: _Size, palette: Palette) -> list[Markup]:
    marks = []
    each = (size.width - margin - 8) / len(series)
    for position, one in enumerate(series):
        x = margin + position * each
        class_, colour = f"zx-series-{position + 1}", palette.of_series(position)
        marks.append(line(x, 12, x + 18, 12, colour, class_, width=2, dash="" if position == 0 else "5 3"))
        marks.append(text(x + 24, 16, shorten(one.name, each - 32, 11), palette, size=11))
    return marks
