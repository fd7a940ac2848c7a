"""Curve: what comes of a figure, and where people stand on it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lms.web.charts.label import width_of
from lms.web.charts.palette import PAGE, Palette
from lms.web.charts.scale import Scale, Show, show_plain, thinned, ticks
from lms.web.charts.svg import frame, line, points, tag, text

_WIDTH, _HEIGHT = 320.0, 168.0
_TOP, _BOTTOM, _RIGHT = 12.0, 26.0, 12.0

Pairs = Sequence[tuple[float, float]]


def curve(
    path: Pairs,
    people: Pairs = (),
    *,
    title: str,
    desc: str = "",
    mark: tuple[float, float] | None = None,
    palette: Palette = PAGE,
    show_across: Show = show_plain,
    show: Show = show_plain,
) -> Markup:
    """SVG of a line through rising (x, y) pairs, with a dot for each of `people` and a larger one for `mark`.

    ValueError if the path has fewer than two pairs.
    """
    if len(path) < 2:
        raise ValueError("a path needs two ends")
    heights = [y for _, y in (*path, *people, *([mark] if mark else []))]
    levels = ticks(min(heights), max(heights), about=3)
    margin = 12 + max(width_of(show(level), 11) for level in levels)
    across = Scale(path[0][0], path[-1][0], margin, _WIDTH - _RIGHT)
    rise = Scale(levels[0], levels[-1], _HEIGHT - _BOTTOM, _TOP)
    marks = []
    for level in levels:
        y = rise.at(level)
        marks.append(line(margin, y, _WIDTH - _RIGHT, y, palette.grid, "zx-grid", width=0.7))
        marks.append(text(margin - 6, y + 4, show(level), palette, size=11, anchor="end", muted=True))
    marks += _across(across, palette, show_across)
    marks.append(
        tag(
            "polyline",
            class_="zx-series-1",
            points=points([(across.at(x), rise.at(y)) for x, y in path]),
            fill="none",
            stroke=palette.of_series(0),
            stroke_width=2,
        )
    )
    for x, y in people:
        marks.append(_dot(across.at(x), rise.at(y), 3, palette.muted, "zx-muted", 0.45))
    if mark is not None:
        marks.append(_dot(across.at(mark[0]), rise.at(mark[1]), 6, palette.ink, "zx-ink", 1))
    return frame("curve", _WIDTH, _HEIGHT, *marks, title=title, desc=desc, palette=palette)


def _across(across: Scale, palette: Palette, show: Show) -> list[Markup]:
    inside = [at for at in ticks(across.low, across.high, about=4) if across.low <= at <= across.high]
    each = max((width_of(show(at), 11) for at in inside), default=0.0) + 10
    kept = thinned(len(inside), across.end - across.start, each)
    marks = []
    for position in sorted(kept):
        x, words = across.at(inside[position]), show(inside[position])
        half = width_of(words, 11) / 2
        x = min(max(x, half), _WIDTH - half)
        marks.append(text(x, _HEIGHT - 8, words, palette, size=11, anchor="middle", muted=True))
    return marks


def _dot(x: float, y: float, size: float, colour: str, class_: str, opacity: float) -> Markup:
    return tag("circle", class_=class_, cx=x, cy=y, r=size, fill=colour, fill_opacity=opacity)
