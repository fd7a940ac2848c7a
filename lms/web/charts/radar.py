"""Radar: a few levels on one scale, one spoke each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from lms.web.charts.label import shorten, wrap
from lms.web.charts.palette import PAGE, Palette
from lms.web.charts.scale import Figure, Scale, Series, Show, figure, show_plain
from lms.web.charts.svg import frame, line, nothing, points, tag, text
from lms.web.charts.table import ABSENT

_WIDTH, _HEIGHT = 440.0, 340.0
_CENTRE = (_WIDTH / 2, _HEIGHT / 2 + 2)
_RADIUS = 112.0
_SIZE = 13.0


def radar(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    title: str,
    desc: str = "",
    top: Figure = 5,
    bottom: Figure = 0,
    rings: int = 5,
    palette: Palette = PAGE,
    show: Show = show_plain,
    empty: str = "",
) -> Markup:
    """SVG of one or more series over the same spokes, clockwise from the top.

    Values outside bottom–top are drawn at the edge, and written as they are beside the label (first series
    only). A missing value leaves a gap: the outline is not drawn through it and nothing is filled. Fewer than
    three spokes give lines on circles. ValueError if a series is not as long as the labels.
    """
    for one in series:
        if len(one.values) != len(labels):
            raise ValueError(f"series {one.name!r} has {len(one.values)} values for {len(labels)} labels")
    if not labels:
        return nothing("radar", _WIDTH, _HEIGHT, empty, title=title, desc=desc, palette=palette)
    scale = Scale(float(bottom), float(top), 0, _RADIUS)
    marks = [*_rings(len(labels), rings, palette), *_spokes(len(labels), palette)]
    for position, one in reversed(list(enumerate(series))):
        marks += _outline(one, position, scale, palette)
    lead = series[0].values if series else [None] * len(labels)
    for position, (label, value) in enumerate(zip(labels, lead, strict=True)):
        marks += _label(label, value if series else None, position, len(labels), palette, show)
    if len(series) > 1:
        marks += _legend(series, palette)
    return frame("radar", _WIDTH, _HEIGHT, *marks, title=title, desc=desc, palette=palette)


def _place(position: int, count: int, distance: float) -> tuple[float, float]:
    angle = 2 * math.pi * position / count
    return _CENTRE[0] + distance * math.sin(angle), _CENTRE[1] - distance * math.cos(angle)


def _rings(count: int, rings: int, palette: Palette) -> list[Markup]:
    marks = []
    for ring in range(1, rings + 1):
        distance = _RADIUS * ring / rings
        look = {"class_": "zx-grid", "fill": "none", "stroke": palette.grid}
        width = 1.2 if ring == rings else 0.7
        if count < 3:
            marks.append(tag("circle", cx=_CENTRE[0], cy=_CENTRE[1], r=distance, stroke_width=width, **look))
        else:
            corners = [_place(position, count, distance) for position in range(count)]
            marks.append(tag("polygon", points=points(corners), stroke_width=width, **look))
    return marks


def _spokes(count: int, palette: Palette) -> list[Markup]:
    ends = (_place(position, count, _RADIUS) for position in range(count))
    return [line(*_CENTRE, x, y, palette.grid, "zx-grid", width=0.7) for x, y in ends]


def _outline(one: Series, position: int, scale: Scale, palette: Palette) -> list[Markup]:
    """The filled outline when it is whole, else the sides whose both ends are there; a dot on each value."""
    colour, class_ = palette.of_series(position), f"zx-series-{position + 1}"
    dash = None if position == 0 else "5 3"
    count = len(one.values)
    dots = [
        None if (number := figure(value)) is None else _place(spoke, count, scale.at(number))
        for spoke, value in enumerate(one.values)
    ]
    whole = [dot for dot in dots if dot is not None]
    marks = []
    if len(whole) == count and count > 2:
        marks.append(
            tag(
                "polygon",
                class_=class_,
                points=points(whole),
                fill=colour,
                fill_opacity=0.14 if position == 0 else 0,
                stroke=colour,
                stroke_width=2 if position == 0 else 1.4,
                stroke_linejoin="round",
                stroke_dasharray=dash,
            )
        )
    elif count > 1:
        pairs = zip(dots, dots[1:] + dots[:1], strict=True)
        for start, end in list(pairs)[: count if count > 2 else 1]:
            if start is not None and end is not None:
                marks.append(line(*start, *end, colour, class_, width=2, dash=dash or ""))
    marks += [tag("circle", class_=class_, cx=x, cy=y, r=3, fill=colour) for x, y in whole]
    return marks


def _label(
    label: str, value: Figure | None, position: int, count: int, palette: Palette, show: Show
) -> list[Markup]:
    x, y = _place(position, count, _RADIUS + 14)
    side = math.sin(2 * math.pi * position / count)
    anchor = "middle" if abs(side) < 0.2 else "start" if side > 0 else "end"
    room = {"middle": 2 * min(x, _WIDTH - x) - 16, "start": _WIDTH - x - 4, "end": x - 4}[anchor]
    rows = wrap(label, room, _SIZE, 3)
    height = (len(rows) + 1) * _SIZE * 1.25
    upward = math.cos(2 * math.pi * position / count)
    first = y - height / 2 * (1 + upward) + _SIZE
    first = min(max(first, _SIZE + 2), _HEIGHT - height + _SIZE - 2)
    marks = [
        text(x, first + row * _SIZE * 1.25, words, palette, size=_SIZE, anchor=anchor, muted=value is None)
        for row, words in enumerate(rows)
    ]
    written = ABSENT if figure(value) is None or value is None else show(value)
    written = shorten(written, room, _SIZE)
    below = first + len(rows) * _SIZE * 1.25
    marks.append(text(x, below, written, palette, size=_SIZE, anchor=anchor, bold=True, muted=value is None))
    return marks


def _legend(series: Sequence[Series], palette: Palette) -> list[Markup]:
    marks = []
    for position, one in enumerate(series):
        y = 16 + position * 18
        class_, colour = f"zx-series-{position + 1}", palette.of_series(position)
        marks.append(line(6, y - 4, 22, y - 4, colour, class_, width=2, dash="" if position == 0 else "5 3"))
        marks += [text(27, y, words, palette, size=11) for words in wrap(one.name, 90, 11, 1)]
    return marks
