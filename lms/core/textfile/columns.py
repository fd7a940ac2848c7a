"""What a file is expected to hold: wanted columns and how a header line is matched to them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from lms.core.textfile.units import UNITS, plain_unit

_IGNORED = re.compile(r"[\s_\-*:：\ufeff\u200b]+")
_UNIT = re.compile(r"^(?P<title>.+?)\((?P<unit>[^()]+)\)$")


class Kind(StrEnum):
    """How the text of a cell becomes a value.

    TEXT and ID give strings (an id keeps its leading zeros and loses padding; one that a
    spreadsheet turned into 6.22202E+15 is refused), NUMBER gives DECIMAL(28, 8) and a second
    column `<name>_unit` with the unit written beside it ("" when none), INTEGER a 64-bit whole
    number, DAY a date, MONTH the first day of the month, MOMENT a timestamp without zone,
    FLAG a boolean (是, Y, 1, true…), CHOICE one of the keys of `choices`.
    """

    TEXT = "text"
    ID = "id"
    NUMBER = "number"
    INTEGER = "integer"
    DAY = "day"
    MONTH = "month"
    MOMENT = "moment"
    FLAG = "flag"
    CHOICE = "choice"


@dataclass(frozen=True)
class Column:
    """A wanted column; `titles` are its header spellings in order of preference, the first names it.

    `required`: the column must be there. `blank`: its cells may be empty (they give null).
    """

    name: str
    titles: tuple[str, ...]
    kind: Kind = Kind.TEXT
    required: bool = True
    blank: bool = False
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    longest: int = 200

    @property
    def title(self) -> str:
        """The name of the column in messages and templates."""
        return self.titles[0]


@dataclass(frozen=True)
class Header:
    """Where the wanted columns stand in a line, and what that line lacks or has twice."""

    positions: Mapping[str, int]
    units: Mapping[str, str]
    missing: tuple[str, ...]
    doubled: tuple[str, ...]


@lru_cache(2048)
def plain(title: str) -> str:
    """Return a header cell for comparing: one width, no padding, lower case."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", title)).lower()


def match_header(cells: Sequence[str], columns: Sequence[Column]) -> Header:
    """Find the wanted columns among the cells of one line; `金额(万元)` is 金额 with a unit."""
    places: dict[str, list[tuple[int, str]]] = {}
    for index, cell in enumerate(cells):
        title, unit = plain(cell), ""
        places.setdefault(title, []).append((index, ""))
        split = _UNIT.match(title)
        if split and (unit := plain_unit(split["unit"])) in UNITS:
            places.setdefault(split["title"], []).append((index, unit))
    positions: dict[str, int] = {}
    units: dict[str, str] = {}
    missing: list[str] = []
    doubled: list[str] = []
    for column in columns:
        found = next((places[title] for title in map(plain, column.titles) if title in places), [])
        if not found and column.required:
            missing.append(column.title)
        if len(found) > 1:
            doubled.append(column.title)
        if found:
            positions[column.name], units[column.name] = found[0]
    return Header(positions, units, tuple(missing), tuple(doubled))


def by_position(columns: Sequence[Column], order: Sequence[str]) -> tuple[Header, tuple[str, ...]]:
    """Return the columns of a file without a header line, and titles in its place.

    `order` names the file's columns ("" for one that is not wanted); without it they come as wanted.
    """
    names = list(order) or [column.name for column in columns]
    titles = {column.name: column.title for column in columns}
    positions = {name: at for at, name in enumerate(names) if name in titles}
    missing = tuple(one.title for one in columns if one.required and one.name not in positions)
    shown = tuple(titles.get(name) or str(at) for at, name in enumerate(names, start=1))
    return Header(positions, dict.fromkeys(positions, ""), missing, ()), shown
