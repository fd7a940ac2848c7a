"""Figures of people as CSV text, read row by row so that a wrong one is named with its line and field."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from lms.scoring import frames
from lms.scoring.document import RESULT_GRADE
from lms.scoring.history import HISTORY
from lms.scoring.peers import GROUPS
from lms.scoring.problems import N_, InvalidFrame, Problem
from lms.scoring.spans import distance

MOST_PROBLEMS = 100
Row = dict[str, Any]
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?\Z", re.ASCII)
_NUMBERS = {"value", "target"}
# What does not tell one row from another.
_BESIDE = {*_NUMBERS, "source", "group"}
_LINE = "line"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a file of facts holds; its targets and earlier periods too, where it has columns for them."""

    facts: pa.Table
    targets: pa.Table
    history: pa.Table


def read_facts(content: bytes, period: str = "", grades: Mapping[str, float] | None = None) -> Figures:
    """Return the facts (columns subject, measure, value) and the targets (target, optional) of a CSV.

    Where there is a column period, rows of earlier periods than `period` are history; those of `period` and
    those without any are of now. `grades`: what each grade is worth, for earlier results (result.grade).

    Raises InvalidFrame: a column is missing, a row too short, a number none, a pair twice; with lines.
    """
    rows = _rows(content, ("subject", "measure", "value"), ("target", "period"), grades or {})
    now, history, problems = [], [], []
    for row in rows:
        told = str(row.get("period") or period)
        apart = (0, True) if told == period else distance(told, period)
        if apart is None or apart[0] < 0:
            shown = {"period": told, "now": period or "–"}
            message = N_("%(period)s 不是 %(now)s 或它之前同样长短的一期（用 --period 写明计分的考核期）")
            problems.append(Problem("period", message, shown, int(row[_LINE])))
        elif apart[0]:
            history.append(row | {"back": apart[0], "same_year": apart[1], "target": row.get("target")})
        else:
            now.append(row)
    if problems:
        raise InvalidFrame(problems[:MOST_PROBLEMS])
    with_targets = [row for row in now if row.get("target") is not None]
    return Figures(_table(now, frames.FACTS), _table(with_targets, frames.TARGETS), _table(history, HISTORY))


def read_groups(content: bytes) -> pa.Table:
    """Return the peer groups (subject, grouping, group) of a CSV; raises InvalidFrame like `read_facts`."""
    return _table(_rows(content, ("subject", "grouping", "group")), GROUPS)


def read_targets(content: bytes) -> pa.Table:
    """Return the targets (subject, measure, target) of a CSV; raises InvalidFrame like `read_facts`."""
    return _table(_rows(content, ("subject", "measure", "target")), frames.TARGETS)


def read_coefficients(content: bytes) -> pa.Table:
    """Return people's own coefficients (subject, indicator, name, value, source) of a CSV."""
    return _table(_rows(content, ("subject", "indicator", "name", "value", "source")), frames.COEFFICIENTS)


def _table(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in schema.names}
    return pa.table({name: pa.array(values, schema.field(name).type) for name, values in columns.items()})


def _rows(
    content: bytes,
    needed: Sequence[str],
    possible: Sequence[str] = (),
    grades: Mapping[str, float] = MappingProxyType({}),
) -> list[Row]:
    reader = _reader(content)
    problems: list[Problem] = []
    rows: list[Row] = []
    seen: dict[tuple[str, ...], int] = {}
    columns: dict[str, int] = {}
    try:
        titles = [title.strip().lower() for title in next(reader, [])]
        missing = [name for name in needed if name not in titles]
        if missing:
            raise InvalidFrame([Problem("", N_("缺少：%(fields)s"), {"fields": ", ".join(missing)}, 1)])
        columns = {name: titles.index(name) for name in (*needed, *possible) if name in titles}
        for cells in reader:
            if not any(cells):
                continue
            line = reader.line_num
            row, wrong = _row(cells, columns, line, grades)
            key = tuple(str(row[name]) for name in columns if name not in _BESIDE)
            if not wrong and seen.setdefault(key, line) != line:
                shown = {"line": seen[key]}
                wrong = [Problem("", N_("与第 %(line)s 行重复"), shown, line)]
            problems += wrong
            if len(problems) >= MOST_PROBLEMS:
                break
            rows.append(row)
    except csv.Error as error:
        raise InvalidFrame(
            [Problem("", N_("CSV 写法有误：%(detail)s"), {"detail": str(error)}, reader.line_num)]
        ) from error
    if problems:
        raise InvalidFrame(problems)
    return rows


class _Reader:
    """csv.reader, typed: an iterator of rows that knows its line."""

    def __init__(self, text: str) -> None:
        self._reader = csv.reader(io.StringIO(text, newline=""), strict=True)

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        return next(self._reader)

    @property
    def line_num(self) -> int:
        return self._reader.line_num


def _reader(content: bytes) -> _Reader:
    try:
        return _Reader(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFrame([Problem("", N_("文件不是 UTF-8 编码"), line=line)]) from error


def _row(
    cells: list[str], columns: dict[str, int], line: int, grades: Mapping[str, float]
) -> tuple[Row, list[Problem]]:
    row: Row = {_LINE: line}
    problems = []
    for name, at in columns.items():
        text = cells[at].strip() if at < len(cells) else ""
        row[name] = text
        if name in _NUMBERS:
            if name == "value" and row.get("measure") == RESULT_GRADE and text:
                value = grades.get(text)
                if value is None:
                    problems.append(Problem(name, N_("等级表中没有 %(grade)s"), {"grade": text}, line))
            else:
                value = _number(text)
            row[name] = value
            if value is not None and not abs(value) <= frames.LIMIT:
                message = N_("数值 %(value)s 无法计分：必须是有限的数，绝对值不超过 1e15")
                problems.append(Problem(name, message, {"value": text}, line))
        elif not text and name != "period":
            problems.append(Problem(name, N_("不能为空"), {}, line))
    return row, problems


def _number(text: str) -> float | None:
    """The number, None where the cell is empty (the figure is missing), NaN where it is none."""
    if not text:
        return None
    try:
        return float(text.replace(",", "") if _GROUPED.match(text) else text)
    except ValueError:
        return math.nan
