"""Writing SVG: elements with escaped text and attributes, and the frame that every chart shares."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from lms.web.charts.label import wrap
from lms.web.charts.palette import Palette

Attribute = str | int | float | None

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def tag(name: str, *children: str, **attributes: Attribute) -> Markup:
    """One element. What is not Markup is escaped; `text_anchor=` becomes text-anchor=; None is left out."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _value(value))
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(child if isinstance(child, Markup) else plain(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, inner)


def plain(text: str) -> Markup:
    """Escaped text without the control characters that no SVG reader accepts."""
    return escape(_UNPRINTABLE.sub("", text))


def frame(
    kind: str, width: float, height: float, *marks: Markup, title: str, desc: str, palette: Palette
) -> Markup:
    """The <svg> around a chart's marks, with its name and description for those who hear it."""
    return tag(
        "svg",
        tag("title", title),
        tag("desc", desc),
        *marks,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        class_=f"zx-chart zx-chart-{kind}",
        width=width,
        height=height,
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        font_family=palette.font,
    )


def nothing(
    kind: str, width: float, height: float, words: str, *, title: str, desc: str, palette: Palette
) -> Markup:
    """The frame of a chart without figures, with a few words in its place."""
    size = 12
    rows = wrap(words, width - 24, size, 3)
    first = height / 2 - (len(rows) - 1) * 9
    marks = (
        text(width / 2, first + row * 18, line_, palette, size=size, anchor="middle", muted=True)
        for row, line_ in enumerate(rows)
    )
    return frame(kind, width, height, *marks, title=title, desc=desc, palette=palette)


def text(
    x: float,
    y: float,
    words: str,
    palette: Palette,
    *,
    size: float = 12,
    anchor: str = "start",
    muted: bool = False,
    bold: bool = False,
) -> Markup:
    """One line of text with its baseline at y."""
    return tag(
        "text",
        words,
        class_="zx-muted" if muted else "zx-ink",
        x=x,
        y=y,
        fill=palette.muted if muted else palette.ink,
        font_family=palette.font,
        font_size=size,
        font_weight="bold" if bold else None,
        text_anchor=None if anchor == "start" else anchor,
    )


def line(
    x1: float, y1: float, x2: float, y2: float, colour: str, class_: str, *, width: float = 1, dash: str = ""
) -> Markup:
    """A straight stroke; `dash` as in stroke-dasharray."""
    return tag(
        "line",
        class_=class_,
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        stroke=colour,
        stroke_width=width,
        stroke_dasharray=dash or None,
    )


def points(pairs: list[tuple[float, float]]) -> str:
    """Pairs as the `points` attribute of a polyline or polygon."""
    return " ".join(f"{_value(x)},{_value(y)}" for x, y in pairs)


def _value(value: Attribute) -> str:
    if isinstance(value, str):
        return _UNPRINTABLE.sub("", value)
    written = f"{value or 0:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
