"""How a file is laid out: encoding, separator, header line; declared or guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile.columns import Column, Header, by_position, match_header
from lms.core.textfile.rows import Row, Splitter

SEPARATORS = (",", "\t", ";", "|", "|@|", "||", "!^", "\x01", "\x1b", "\x1f", "\x1e", "^", "~")
"""Separators that are guessed; any other may be declared."""

HEADER_WITHIN = 200
"""Header lines are looked for in so many first lines."""


@dataclass(frozen=True)
class Options:
    """What a person declared about a file; None means guess.

    * encoding, separator: as in `ENCODINGS`; any text may separate (`|@|`, a control character).
    * quoted: whether `"` encloses cells; None: yes for a printable separator of one character.
    * fields: a fixed-width file: begin (from 1) and length of each field, in bytes of the encoding.
    * header_line: where the header stands; 0: there is none, the columns come in the `order` named
      ("" for one that is not wanted), or as wanted.
    * skip_totals: leave out total and closing lines (合计, 小计, 共N笔, END, 以上数据仅供参考…).
    * control_marks: lines beginning with one of these are no data (a leading `H|`, a closing `END|`).
    * serial_days: a five-figure number in a day column is a spreadsheet's day count.
    * day_order: "dmy" or "mdy" where dates end with the year (03/09/2026); None: told for each column by
      the dates that can be read in one way only. A date with dots has its day first then.
    * sheet: the name of the sheet of a workbook; None: the first one.

    It travels as JSON: `Options(**asdict(options))` with lists in place of tuples is the same.
    """

    encoding: str | None = None
    separator: str | None = None
    skip_totals: bool = False
    serial_days: bool = False
    quoted: bool | None = None
    fields: tuple[tuple[int, int], ...] = ()
    header_line: int | None = None
    order: tuple[str, ...] = ()
    control_marks: tuple[str, ...] = ()
    sheet: str | None = None
    day_order: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", tuple((int(at), int(size)) for at, size in self.fields))
        object.__setattr__(self, "order", tuple(self.order))
        object.__setattr__(self, "control_marks", tuple(self.control_marks))


@dataclass(frozen=True)
class Layout:
    """How a file was read.

    `encoding` is "workbook" and `separator` "" for a spreadsheet, `separator` is "" for fixed
    width; `header_line` is 0 without one; `packed` is gzip or zip for a file that was unpacked.
    `orders`: by title, whether the day ("dmy") or the month ("mdy") comes first in dates that end with
    the year, where the column told it by itself.
    """

    encoding: str
    separator: str
    header_line: int
    titles: tuple[str, ...]
    quoted: bool = False
    packed: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    orders: Mapping[str, str] = field(default_factory=dict)


def guess_separator(lines: Sequence[str], columns: Sequence[Column]) -> str:
    """Return the separator under which some early line shows the most wanted columns."""
    text = "".join(lines)
    there = [separator for separator in SEPARATORS if separator in text]
    absent = [separator for separator in SEPARATORS if separator not in text]
    return max(
        sorted([*there, *absent[:1]], key=SEPARATORS.index),
        key=lambda separator: _wanted(lines, separator, columns),
    )


def _wanted(lines: Sequence[str], separator: str, columns: Sequence[Column]) -> tuple[int, int, int]:
    """Rank a separator: wanted titles found, other cells beside them (the fewer the better), its number."""
    best = (0, 0)
    try:
        for row in Splitter(separator).rows(iter(lines)):
            found = len(match_header(row.cells, columns).positions)
            best = max(best, (found, found - len(row.cells) if found else 0))
    except Rejected:
        pass  # a wrong separator makes nonsense of quotes; what was seen so far counts
    return *best, "".join(lines)[:5000].count(separator)


def find_header(
    rows: Sequence[Row], columns: Sequence[Column], options: Options
) -> tuple[int, Header, tuple[str, ...]]:
    """Return how many of the first rows come before the data, the columns, and all titles.

    Raises:
        Rejected: no line has all required columns; each missing one is named.
    """
    if options.header_line == 0:
        header, titles = by_position(columns, options.order)
        if header.missing:
            raise Rejected([_missing(title, None) for title in header.missing])
        return 0, header, titles
    if options.header_line is not None:
        rows = [row if row.line == options.header_line else Row(row.line, []) for row in rows]
    at, header = _best(rows, columns)
    return at + 1, header, tuple(cell.strip() for cell in rows[at].cells)


def _best(rows: Iterable[Row], columns: Sequence[Column]) -> tuple[int, Header]:
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
    raise Rejected([_missing(title, line) for title in header.missing])


def _missing(title: str, line: int | None) -> Problem:
    return Problem(N_("缺少“%(title)s”列。"), {"title": title}, field=title, line=line)


def _doubled(title: str, line: int) -> Problem:
    return Problem(N_("“%(title)s”列出现了不止一次。"), {"title": title}, field=title, line=line)
