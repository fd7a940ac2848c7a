"""Which title of a file is which column: the choice of a person, what is proposed, and wide files.

A choice is `{column: title}`; the title "" says that the file does not have an optional column, `#3`
is the third column of a file without a header line. In a wide file a row has the values of several
indicators, one a column: `{"indicator:CODE": title}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.core.textfile import UNITS, Column, Kind, Layout
from lms.core.textfile.columns import match_header, plain
from lms.core.textfile.rows import Row
from lms.core.textfile.units import plain_unit
from lms.indicators.rules.checks import Spec
from lms.indicators.rules.kinds import ImportKind

WIDE = "indicator:"
"""What stands before an indicator's code where a column holds its values."""
NOWHERE = "\x00"
"""The title of a column that the file does not have; no file has it."""


@dataclass(frozen=True)
class Guess:
    """How a file seems to be laid out.

    * layout: encoding, separator, sheets; `header_line` as declared or guessed, 0 without one.
    * titles: of its columns, in order; `#1`, `#2`… without a header line.
    * head: the first lines, as they stand; samples: the first rows below the header.
    * foot: the last lines of a text file; total: the last of them is no data.
    * unclear_day: a date that ends with its year, of a column that does not tell which of day and month
      comes first; "" when there is none among the rows looked at.
    """

    layout: Layout
    titles: tuple[str, ...]
    head: Sequence[Row]
    samples: Sequence[Row]
    foot: Sequence[str]
    total: bool
    unclear_day: str = ""

    def sample(self, at: int) -> str:
        """Return the first value of a column."""
        return next((row.cells[at] for row in self.samples if at < len(row.cells) and row.cells[at]), "")


WIDE_KINDS = (ImportKind.ACTUALS, ImportKind.TARGETS)

_PLACE = re.compile(r"^#(\d+)$")
_UNIT = re.compile(r"^(?P<title>.+?)\((?P<unit>[^()]+)\)$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[-/](\d{1,2})[-/]\d{4}(?!\d)")
_MONTHS = 12
_BY_VALUE = ("indicator", "value", "target")
"""Columns that a wide file has not: what they would say is said by its other columns."""
_SHORTEST = 2
"""A title of so few characters is not looked for inside another one."""


@dataclass(frozen=True)
class WideColumn:
    """A column that holds the values of one indicator."""

    name: str
    indicator: str
    title: str


def wide_columns(titles: Mapping[str, str]) -> list[WideColumn]:
    """Return the columns of indicators, none if the file is not a wide one."""
    chosen = sorted((key.removeprefix(WIDE), title) for key, title in titles.items() if key.startswith(WIDE))
    return [WideColumn(f"wide{at}", code, title) for at, (code, title) in enumerate(chosen)]


def wide_base(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of a kind that a wide file may have beside its indicators."""
    kept = [column for column in columns if column.name not in _BY_VALUE]
    return [replace(column, required=False) if column.name == "day" else column for column in kept]


def mapped(columns: Sequence[Column], titles: Mapping[str, str], kind: ImportKind) -> list[Column]:
    """Return the columns that are looked for under the chosen titles."""
    wide = wide_columns(titles)
    if not wide:
        return [_mapped(column, titles.get(column.name)) for column in columns]
    base = [
        _mapped(column, titles.get(column.name, ""))
        for column in wide_base(columns)
        if column.name != "day" or titles.get("day")
    ]
    return base + [
        Column(one.name, (without_unit(one.title),), Kind.NUMBER, blank=True)
        if not _PLACE.match(one.title)
        else Column(one.name, (one.indicator,), Kind.NUMBER, blank=True)
        for one in wide
    ]


def _mapped(column: Column, title: str | None) -> Column:
    if title is None or _PLACE.match(title):
        return column
    if title == "":
        return replace(column, titles=(NOWHERE,)) if not column.required else column
    return replace(column, titles=(without_unit(title),), required=True)


def without_unit(title: str) -> str:
    """Return a title without the unit behind it, which the reader finds by itself: `余额(万元)`."""
    match = _UNIT.match(plain(title))
    return match["title"] if match and plain_unit(match["unit"]) in UNITS else title.strip()


def order_of(titles: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of a headerless file's columns by their places, "" for one that is not wanted."""
    names = {f"{WIDE}{one.indicator}": one.name for one in wide_columns(titles)}
    places = {
        int(match[1]): names.get(name, name)
        for name, title in titles.items()
        if (match := _PLACE.match(title)) is not None
    }
    return tuple(places.get(at, "") for at in range(1, max(places, default=0) + 1))


def place_title(place: int) -> str:
    """Return what stands for the title of a column in a file without a header line."""
    return f"#{place}"


def unclear_day(rows: Sequence[Sequence[str]]) -> str:
    """Return the first date that ends with its year, in a column that does not tell the order of its dates.

    A column tells it by dates that can be read in one way only, all speaking for the same order.
    """
    widest = max(map(len, rows), default=0)
    for at in range(widest):
        found = [match for row in rows if at < len(row) and (match := _YEAR_LAST.match(row[at].strip()))]
        pairs = [(int(match[1]), int(match[2])) for match in found]
        day_first = any(first > _MONTHS >= second for first, second in pairs)
        month_first = any(second > _MONTHS >= first for first, second in pairs)
        if found and day_first is month_first:
            return found[0][0]
    return ""


def propose(columns: Sequence[Column], titles: Sequence[str]) -> dict[str, str]:
    """Return the columns whose titles are spelled as known, or hold a known spelling, with their titles."""
    found: dict[str, str] = {}
    for name, place in match_header(titles, columns).positions.items():
        found[name] = titles[place]
    for column in columns:
        if column.name not in found:
            free = [title for title in titles if title.strip() and title not in found.values()]
            near = [title for title in free if _near(title, column.titles)]
            if len(near) == 1:
                found[column.name] = near[0]
    return found


def _near(title: str, spellings: Sequence[str]) -> bool:
    text = plain(without_unit(title))
    return any(
        len(word) >= _SHORTEST and len(text) >= _SHORTEST and (word in text or text in word)
        for word in map(plain, spellings)
    )


def propose_indicators(titles: Sequence[str], specs: Sequence[Spec]) -> dict[str, str]:
    """Return the titles that are an indicator's code or name, with the indicator's code."""
    spelled: dict[str, str] = {}
    for names in ("name_en", "name_zh", "code"):  # a code wins over another indicator's name
        spelled |= {plain(name): spec.code for spec in specs if (name := getattr(spec, names))}
    found: dict[str, str] = {}
    for title in titles:
        code = spelled.get(plain(title)) or spelled.get(plain(without_unit(title)))
        if code is not None and code not in found.values():
            found[title] = code
    return found


def looks_wide(kind: ImportKind, columns: Sequence[Column], titles: Sequence[str], known: int) -> bool:
    """Whether a file seems to have one column an indicator; `known`: how many titles are indicators."""
    if kind not in WIDE_KINDS or not known:
        return False
    return not {"indicator"} & set(match_header(titles, columns).positions)


def mapping_problems(
    columns: Sequence[Column], titles: Mapping[str, str], kind: ImportKind, *, wide: bool
) -> list[Problem]:
    """Return what is wrong with a choice of titles."""
    base = wide_base(columns) if wide else columns
    problems = [
        Problem(N_("请为“%(column)s”选择文件中的一列。"), {"column": column.title}, field=column.name)
        for column in base
        if column.required and not titles.get(column.name)
    ]
    if wide and not wide_columns(titles):
        problems.append(Problem(N_("请至少为一列选择指标。")))
    if wide and kind is ImportKind.TARGETS and not (titles.get("employee") or titles.get("unit")):
        problems.append(Problem(N_("请选择哪一列是工号，或哪一列是机构代码。"), field="employee"))
    used: set[str] = set()
    for name, title in titles.items():
        if title and title in used:
            message = N_("“%(title)s”列被选了不止一次。")
            problems.append(Problem(message, {"title": title}, field=name))
        used.add(title)
    return problems
