"""Fitting words into a given width, for hanzi and Latin text alike, without a font at hand.

Widths are estimates in ems, a little generous, so that what fits here fits on screen and on paper.
"""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"

_NARROW = frozenset("ijlIft.,:;'|!()[] ")
_BROAD = frozenset("mwMW@%—")


def width_of(words: str, size: float) -> float:
    """Estimated width in pixels of one line of text at this font size."""
    return size * sum(_ems(char) for char in words)


def _ems(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WFA":
        return 1.0
    if char in _NARROW:
        return 0.36
    if char in _BROAD:
        return 0.96
    return 0.68 if char.isupper() else 0.6


def shorten(words: str, width: float, size: float) -> str:
    """The text itself if it fits, else its beginning with an ellipsis (at least one character of it)."""
    if width_of(words, size) <= width:
        return words
    kept = words
    while len(kept) > 1 and width_of(kept + ELLIPSIS, size) > width:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def wrap(words: str, width: float, size: float, lines: int = 2) -> list[str]:
    """The text in at most `lines` lines of this width.

    Latin words break at spaces, hanzi anywhere but before closing marks; the rest ends in an ellipsis.
    """
    rows: list[str] = []
    rest = " ".join(words.split())
    while rest and len(rows) < lines - 1:
        row = _head(rest, width, size)
        rows.append(row.rstrip())
        rest = rest[len(row) :].lstrip()
    if rest:
        rows.append(shorten(rest, width, size))
    return rows


def _head(words: str, width: float, size: float) -> str:
    """As much of the text as one line takes, ending where a line may end."""
    if width_of(words, size) <= width:
        return words
    end = 1
    while end < len(words) and width_of(words[: end + 1], size) <= width:
        end += 1
    for cut in range(end, 0, -1):
        if _may_break(words[cut - 1], words[cut]):
            return words[:cut]
    return words[:end]


def _may_break(before: str, after: str) -> bool:
    if after in "，。、；：！？）》」』”’,.;:!?)%":
        return False
    if before in "（《「『“‘(":
        return False
    return before in " -/" or after == " " or _is_wide(before) or _is_wide(after)


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"
