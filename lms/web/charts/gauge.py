"""Gauge: one figure on a half circle, with an optional target mark."""

from __future__ import annotations

import math

from markupsafe import Markup

from lms.web.charts.label import shorten, width_of
from lms.web.charts.palette import PAGE, Palette
from lms.web.charts.scale import Figure, Scale, Show, figure, show_plain
from lms.web.charts.svg import frame, line, tag, text
from lms.web.charts.table import ABSENT

_WIDTH, _HEIGHT = 240.0, 156.0
_CENTRE = (_WIDTH / 2, 118.0)
_RADIUS = 92.0
_STROKE = 16.0


def gauge(
    value: Figure | None,
    *,
    title: str,
    desc: str = "",
    low: Figure = 0,
    high: Figure = 100,
    target: Figure | None = None,
    label: str = "",
    palette: Palette = PAGE,
    show: Show = show_plain,
) -> Markup:
    """SVG of a half-circle gauge. A value beyond low–high fills to the end and is written as it is.

    ValueError unless low < high.
    """
    if not low < high:
        raise ValueError("a gauge needs low < high")
    turn = Scale(float(low), float(high), math.pi, 0)
    number = figure(value)
    marks = [_arc(math.pi, 0, palette.track, "zx-track")]
    if number is not None and turn.at(number) < math.pi:
        marks.append(_arc(math.pi, turn.at(number), palette.of_series(0), "zx-series-1"))
    if (aim := figure(target)) is not None:
        angle = turn.at(aim)
        inner, outer = _at(angle, _RADIUS - 12), _at(angle, _RADIUS + 12)
        marks.append(line(*inner, *outer, palette.target, "zx-target", width=2.4))
    written = ABSENT if value is None or number is None else show(value)
    size = min(34.0, 34.0 * 130 / max(width_of(written, 34), 1))
    marks.append(text(_CENTRE[0], _CENTRE[1] - 8, written, palette, size=size, anchor="middle", bold=True))
    for angle, end in ((math.pi, low), (0.0, high)):
        x, y = _at(angle, _RADIUS)
        marks.append(text(x, y + 15, show(end), palette, size=11, anchor="middle", muted=True))
    if label:
        words = shorten(label, _WIDTH - 90, 12)
        marks.append(text(_CENTRE[0], _CENTRE[1] + 16, words, palette, anchor="middle", muted=True))
    return frame("gauge", _WIDTH, _HEIGHT, *marks, title=title, desc=desc, palette=palette)


def _at(angle: float, distance: float) -> tuple[float, float]:
    return _CENTRE[0] + distance * math.cos(angle), _CENTRE[1] - distance * math.sin(angle)


def _arc(start: float, end: float, colour: str, class_: str) -> Markup:
    x1, y1 = _at(start, _RADIUS)
    x2, y2 = _at(end, _RADIUS)
    return tag(
        "path",
        class_=class_,
        d=f"M {x1:.2f} {y1:.2f} A {_RADIUS:g} {_RADIUS:g} 0 0 1 {x2:.2f} {y2:.2f}",
        fill="none",
        stroke=colour,
        stroke_width=_STROKE,
    )
