"""The entry grid as a file: a template with everybody filled in, and reading it back."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import xlsxwriter

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile import Column, Kind, csv_text, factor, preview, read
from lms.indicators.models import Indicator
from lms.indicators.rules import Flag, IndicatorSet
from lms.indicators.rules.entry import Change, Content, Key, Present, fault_of, read_stamp, stamp, written
from lms.indicators.services.entry import Frame
from lms.indicators.services.indicators import spec_of
from lms.people.models import Employee

LIMIT = 8 * 1024 * 1024
FLAGS = {Flag.CALCULATED: N_("计算"), Flag.INFERRED: N_("推算")}
_DAY = Column("day", (N_("日期"), "Date", "Day"), Kind.DAY)
_NUMBER = Column("employee", (N_("工号"), "员工号", "Employee number", "Staff no"), Kind.ID, longest=40)
_NAME = N_("姓名")
_UNIT = N_("机构")
_FLAG = N_("标志")
_STAMP = Column(
    "stamp",
    (N_("下载时的值（请勿改动）"), "As downloaded (do not change)"),
    required=False,
    blank=True,
    longest=60_000,
)
"""The cells as they were in the template, so that a later upload sets back nobody else's change."""


@dataclass(frozen=True)
class Say:
    """The reader's language: the words of a message id, and a thing's name."""

    word: Callable[[str], str]
    name: Callable[[object], str]


@dataclass(frozen=True)
class Table:
    """A template: titles, and for each person the cells; figures are decimals, everything else is text."""

    titles: Sequence[str]
    rows: Sequence[Sequence[str | Decimal | None]]


@dataclass(frozen=True)
class Readback:
    """What a file says of the cells, where each stands, what it was in the template, and what is wrong."""

    given: Mapping[Key, Content] = field(default_factory=dict)
    lines: Mapping[Key, int] = field(default_factory=dict)
    was: Mapping[Key, Content] = field(default_factory=dict)
    problems: Sequence[Problem] = ()


def _changes(indicator: Indicator) -> bool:
    return indicator.indicator_set is IndicatorSet.CHANGE


def table_of(frame: Frame, present: Mapping[Key, Present], units: Mapping[int, str], say: Say) -> Table:
    """Return the template of a grid with what counts now in the cells; `units` by employee id."""
    titles = [say.word(_DAY.title), say.word(_NUMBER.title), say.word(_NAME), say.word(_UNIT)]
    for indicator in frame.indicators:
        titles.append(f"{indicator.code} {say.name(indicator)}({indicator.unit})")
        if _changes(indicator):
            titles.append(f"{indicator.code} {say.word(_FLAG)}")
    titles.append(say.word(_STAMP.title))
    rows: list[list[str | Decimal | None]] = []
    for employee in frame.employees:
        row: list[str | Decimal | None] = [
            frame.day.isoformat(),
            employee.number,
            employee.name,
            units.get(employee.id, ""),
        ]
        for indicator in frame.indicators:
            content = present.get((f"e{employee.id}", indicator.id), Present()).content
            row.append(content.value)
            if _changes(indicator):
                row.append(say.word(FLAGS[content.flag]) if content.flag in FLAGS else "")
        was = {
            one.code: present.get((f"e{employee.id}", one.id), Present()).content for one in frame.indicators
        }
        rows.append([*row, stamp(was)])
    return Table(titles, rows)


def as_csv(table: Table) -> bytes:
    """Return a template as CSV; no cell is taken for a formula."""
    return csv_text(table.titles, [[_text(cell) for cell in row] for row in table.rows])


def as_xlsx(table: Table) -> bytes:
    """Return a template as a workbook; numbers of people are text, and no cell is a formula."""
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet()
    head, text = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "@"})
    for column, title in enumerate(table.titles):
        sheet.write_string(0, column, title, head)
    for at, row in enumerate(table.rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, Decimal) and _exact(cell):
                sheet.write_number(at, column, float(cell))
            elif cell is not None and cell != "":
                sheet.write_string(at, column, _text(cell), text if column < 4 else None)
    sheet.freeze_panes(1, 4)
    sheet.set_column(0, len(table.titles) - 2, 14)
    sheet.set_column(len(table.titles) - 1, len(table.titles) - 1, None, None, {"hidden": True})
    book.close()
    return target.getvalue()


def _text(cell: str | Decimal | None) -> str:
    return written(cell) if isinstance(cell, Decimal) else cell or ""


def _exact(value: Decimal) -> bool:
    """Whether a workbook, which keeps 15 digits, gives the same figure back."""
    return Decimal(f"{float(value):.15g}") == value


def read_back(content: bytes, frame: Frame) -> Readback:
    """Read a template that people filled in; columns that it lacks leave their cells as they are.

    Raises:
        Rejected: the file as a whole cannot be used.
    """
    if len(content) > LIMIT:
        raise Rejected([Problem(N_("文件超过 %(limit)s MB。"), {"limit": LIMIT >> 20})])
    columns = [_DAY, _NUMBER, _STAMP, *(column for one in frame.indicators for column in _columns(one))]
    found = {title for title, _ in preview(content, columns).matched}
    kinds = [one for one in frame.indicators if _value_column(one).title in found]
    if not kinds:
        raise Rejected([Problem(N_("文件中没有可以录入的指标列，请使用从本页下载的模板。"))])
    sheet = read(content, columns)
    given: dict[Key, Content] = {}
    lines: dict[Key, int] = {}
    was: dict[Key, Content] = {}
    problems = list(sheet.problems)
    first: dict[int, int] = {}
    people = _by_number(frame.employees)
    for row in sheet.table.to_pylist():
        line = row["line"]
        employee = people.get(row["employee"]) or people.get(row["employee"].lstrip("0"))
        if problem := _misplaced(row, employee, frame, first):
            problems.append(problem)
            continue
        assert employee is not None
        first[employee.id] = line
        stamped = read_stamp(row["stamp"])
        for one in kinds:
            told, fault = _content(one, row)
            if fault is not None:
                problems.append(fault)
            else:
                key = (f"e{employee.id}", one.id)
                given[key], lines[key] = told, line
                was.update({key: stamped[one.code]} if one.code in stamped else {})
    for row in sheet.half.by_line().to_pylist():  # whoever mends a row is told all that is wrong with it
        problems += [fault for one in kinds if (fault := _content(one, row)[1]) is not None]
    return Readback(given, lines, was, sorted(problems, key=lambda problem: problem.line or 0))


def _misplaced(
    row: Mapping[str, Any], employee: Employee | None, frame: Frame, first: Mapping[int, int]
) -> Problem | None:
    """Return why a row is none of this grid's, or stands in it twice."""
    line = row["line"]
    if row["day"] != frame.day:
        message = N_("日期应为 %(day)s，文件中是 %(value)s。")
        detail = {"day": frame.day.isoformat(), "value": row["day"].isoformat()}
        return Problem(message, detail, field=_DAY.title, line=line)
    if employee is None:
        message = N_("该机构没有可由您录入的工号“%(value)s”。")
        return Problem(message, {"value": row["employee"]}, field=_NUMBER.title, line=line)
    if employee.id in first:
        message = N_("与第 %(detail)s 行重复：同一工号。")
        return Problem(message, {"detail": str(first[employee.id])}, field=_NUMBER.title, line=line)
    return None


def digest(changes: Sequence[Change]) -> str:
    """Return what two readings of a file share when they would change the same."""
    told = [
        [*one.key, written(one.old.value), one.old.flag, written(one.new.value), one.new.flag, one.seen]
        for one in changes
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _value_column(one: Indicator) -> Column:
    titles = [one.code, f"{one.code} {one.name_zh}"]
    if one.name_en:
        titles.append(f"{one.code} {one.name_en}")
    return Column(f"v{one.id}", tuple(titles), Kind.NUMBER, required=False, blank=True)


def _columns(one: Indicator) -> list[Column]:
    if not _changes(one):
        return [_value_column(one)]
    titles = (f"{one.code} 标志", f"{one.code} Flag")
    choices = {"calculated": ("计算", "calculated"), "inferred": ("推算", "inferred")}
    flag = Column(f"f{one.id}", titles, Kind.CHOICE, required=False, blank=True, choices=choices)
    return [_value_column(one), flag]


def _content(one: Indicator, row: Mapping[str, Any]) -> tuple[Content, Problem | None]:
    """Return what a row says of an indicator, in the indicator's unit, and what is wrong with it."""
    line, flag = row["line"], row.get(f"f{one.id}")
    value, unit = row[f"v{one.id}"], str(row.get(f"v{one.id}_unit") or "")
    if not isinstance(value, Decimal):
        return Content(None, Flag(flag) if flag else None), None
    times = factor(unit, one.unit)
    if times is None:
        message = N_("单位“%(value)s”与指标的单位“%(detail)s”不符。")
        title = _value_column(one).title
        detail = {"value": unit, "detail": one.unit}
        return Content(None, None), Problem(message, detail, field=title, line=line)
    content = Content(value * times, Flag(flag) if flag else None)
    if fault := fault_of(content, spec_of(one)):
        return content, Problem(fault[0], fault[1], field=_value_column(one).title, line=line)
    return content, None


def _by_number(employees: Sequence[Employee]) -> dict[str, Employee]:
    """Return people by number, and by the number without its leading zeros, which spreadsheets drop."""
    bare: dict[str, list[Employee]] = {}
    for employee in employees:
        bare.setdefault(employee.number.lstrip("0"), []).append(employee)
    found = {number: several[0] for number, several in bare.items() if len(several) == 1}
    found.update({employee.number: employee for employee in employees})
    return found
