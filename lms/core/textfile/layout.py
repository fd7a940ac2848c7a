"""How a file is laid out: encoding, separator, header line; declared or guessed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile.columns import Column, Header, match_header
from lms.core.textfile.rows import Row, delimited

SEPARATORS = (",", "\t", ";", "|")
HEADER_WITHIN = 200
"""Header lines are looked for in so many first lines."""


@dataclass(frozen=True)
class Options:
    """What a person declared about a file; None means guess.

    `skip_totals`: leave out total lines (合计, 小计…). `serial_days`: a five-figure number
    in a day column is a spreadsheet's day count.
    """

    encoding: str | None = None
    separator: str | None = None
    skip_totals: bool = False
    serial_days: bool = False


@dataclass(frozen=True)
class Layout:
    """How a file was read. `separator` is "" for a spreadsheet."""

    encoding: str
    separator: str
    header_line: int
    titles: tuple[str, ...]


def guess_separator(text: str, columns: Sequence[Column]) -> str:
    """Return the separator under which some early line shows the most wanted columns."""
    scores = {separator: _wanted(text, separator, columns) for separator in SEPARATORS}
    return max(SEPARATORS, key=lambda separator: scores[separator])


def _wanted(text: str, separator: str, columns: Sequence[Column]) -> tuple[int, int]:
    head = text[:200_000]
    best = 0
    try:
        for row in itertools.islice(delimited(head, separator), HEADER_WITHIN):
            best = max(best, len(match_header(row.cells, columns).positions))
    except Rejected:
        pass  # a wrong separator makes nonsense of quotes; what was seen so far counts
    return best, head[:5000].count(separator)


def find_header(rows: Sequence[Row], columns: Sequence[Column]) -> tuple[int, Header]:
    """Return the place of the header line among the first rows, and its columns.

    Raises:
        Rejected: no line has all required columns; each missing one is named.
    """
    best: tuple[int, int, Header] | None = None
    for at, row in enumerate(rows):
        header = match_header(row.cells, columns)
        if not header.missing and len(header.positions) > 0:
            if header.doubled:
                raise Rejected([_doubled(title, row.line) for title in header.doubled])
            return at, header
        if header.positions and (best is None or len(header.positions) > best[0]):
            best = (len(header.positions), row.line, header)
    if best is None:
        titles = "、".join(column.title for column in columns if column.required)
        raise Rejected([Problem(N_("找不到表头：需要含有“%(titles)s”的一行。"), {"titles": titles})])
    _, line, header = best
    raise Rejected(
        [
            Problem(N_("缺少“%(title)s”列。"), {"title": title}, field=title, line=line)
            for title in header.missing
        ]
    )


def _doubled(title: str, line: int) -> Problem:
    return Problem(N_("“%(title)s”列出现了不止一次。"), {"title": title}, field=title, line=line)
