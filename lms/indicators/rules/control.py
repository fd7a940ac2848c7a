"""Control files: what the sender says a file holds, so that a file that lost something is not believed."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_

LONGEST = 64 * 1024
_ROWS = re.compile(r"^(rows?|count|records?|行数|笔数|记录数)$", re.IGNORECASE)
_SUM = re.compile(r"^(?:sum|total|合计|总计)\s*\((?P<column>.+)\)$", re.IGNORECASE)
_LINE = re.compile(r"^(?P<name>[^=]+?)\s*=\s*(?P<value>\S.*?)\s*$")


@dataclass(frozen=True)
class Control:
    """How many rows a file should have, and what named columns of it add up to, as the file writes them."""

    rows: int | None = None
    sums: Mapping[str, Decimal] = field(default_factory=dict)


def parse_control(text: str) -> Control:
    """Read `rows=123` and `sum(balance)=4.56`, a line each, or the same as CSV (a pair a line, or titled).

    Raises:
        Rejected: naming each line that cannot be read; a control file that says nothing is one too.
    """
    pairs, problems = list(_pairs(text)), []
    rows: int | None = None
    sums: dict[str, Decimal] = {}
    for line, name, value in pairs:
        figure = _figure(value)
        summed = _SUM.match(name)
        if figure is None:
            problems.append(_bad(N_("“%(value)s”不是数字。"), line, name, value))
        elif _ROWS.match(name) and rows is None and figure == int(figure) >= 0:
            rows = int(figure)
        elif summed and (column := summed["column"].strip()) not in sums:
            sums[column] = figure
        else:
            problems.append(
                _bad(N_("控制文件的“%(name)s”不能识别或重复：只认 rows 和 sum(列名)。"), line, name, value)
            )
    if not pairs:
        problems.append(Problem(N_("控制文件里没有行数，也没有合计。")))
    if problems:
        raise Rejected(problems)
    return Control(rows, sums)


def _bad(message: str, line: int, name: str, value: str) -> Problem:
    return Problem(message, {"name": name, "value": value}, field=name, line=line, value=value)


def _pairs(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and value."""
    lines = [
        (number, line.strip())
        for number, line in enumerate(unicodedata.normalize("NFKC", text).splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if lines and "=" not in lines[0][1]:
        yield from _titled(lines)
        return
    for number, line in lines:
        found = _LINE.match(line)
        yield (number, found["name"], found["value"]) if found else (number, line, "")


def _titled(lines: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    cells = [
        (number, [cell.strip() for cell in next(csv.reader(io.StringIO(line)))]) for number, line in lines
    ]
    titles = cells[0][1]
    across = len(cells) == 2 and len(titles) == len(cells[1][1]) and all(map(_known, titles))
    if across:
        yield from ((cells[1][0], name, value) for name, value in zip(titles, cells[1][1], strict=True))
        return
    if not _known(titles[0]) and len(cells) > 1:
        cells = cells[1:]  # a title line such as item,value
    for number, row in cells:
        yield number, row[0], row[1] if len(row) == 2 else ""


def _known(name: str) -> bool:
    return bool(_ROWS.match(name) or _SUM.match(name))


def _figure(text: str) -> Decimal | None:
    try:
        figure = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return figure if figure.is_finite() and abs(figure) < Decimal(10) ** 20 else None


def control_problems(control: Control, rows: int, sums: Mapping[str, Decimal]) -> list[Problem]:
    """Return where a file differs from what its control file says."""
    found = []
    if control.rows is not None and control.rows != rows:
        found.append(
            Problem(
                N_("控制文件说有 %(told)s 行，文件有 %(seen)s 行。"), {"told": control.rows, "seen": rows}
            )
        )
    for column, told in control.sums.items():
        seen = sums.get(column, Decimal(0))
        if seen != told:
            params = {"column": column, "told": f"{told:f}", "seen": f"{seen.normalize():f}"}
            message = N_("控制文件说“%(column)s”合计 %(told)s，文件合计 %(seen)s。")
            found.append(Problem(message, params, field=column))
    return found
