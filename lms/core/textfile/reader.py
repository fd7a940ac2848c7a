"""Reading one file: layout, typed columns, problems."""

# ruff: noqa: S608  the queries are made of our own column names, never of a file's text
from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lms.core.duck import duck
from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile import typed
from lms.core.textfile.columns import Column, Header, plain
from lms.core.textfile.decode import decode
from lms.core.textfile.layout import HEADER_WITHIN, Layout, Options, find_header, guess_separator
from lms.core.textfile.rows import Row, delimited, is_workbook, workbook

_CHUNK = 50_000
_TOTAL = re.compile(r"^(合计|总计|小计|共计|本页合计|grandtotal|total|subtotal)|(合计|总计|小计)$")
_HTML = re.compile(r"^\s*(<!doctype html|<html|<table|<\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class Preview:
    """The layout and the first rows as they stand in the file.

    `matched`: for each wanted column that was found, its name and the title the file gives it.
    """

    layout: Layout
    rows: Sequence[Row]
    matched: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Sheet:
    """A file that was read.

    * table: `line` (int64) and the wanted columns, typed, of the rows without a problem, by line;
      an optional column that the file lacks is all null.
    * cells: `line` and the wanted columns as text, of every data row (for an error file).
    * problems: one for each bad cell or row, by line.
    * rows: how many data rows were read; skipped: how many blank, total and repeated header lines not.
    """

    layout: Layout
    table: pa.Table
    cells: pa.Table
    problems: list[Problem]
    rows: int
    skipped: int


def preview(
    content: bytes, columns: Sequence[Column], options: Options | None = None, *, first: int = 20
) -> Preview:
    """Read the layout and the first data rows.

    Raises:
        Rejected: as `read`, as far as the first lines show it.
    """
    opened = _open(content, columns, options or Options())
    positions, titles = opened.header.positions, opened.layout.titles
    matched = [
        (column.title, titles[positions[column.name]]) for column in columns if column.name in positions
    ]
    return Preview(opened.layout, list(itertools.islice(opened.data(), first)), matched)


def read(content: bytes, columns: Sequence[Column], options: Options | None = None) -> Sheet:
    """Read a whole file.

    Raises:
        Rejected: the file as a whole cannot be used: empty, not text, no header line, a wanted
            column missing, cut off within a character, a row or a quote.
    """
    options = options or Options()
    opened = _open(content, columns, options)
    gathered = _gather(opened, columns, options)
    if not gathered.rows:
        raise Rejected([Problem(N_("表头下面没有数据行。"), line=opened.layout.header_line)])
    serials = options.serial_days or not opened.layout.separator
    table, problems = _type(gathered.cells, columns, opened.header, gathered.bad_rows, serials=serials)
    return Sheet(opened.layout, table, gathered.cells, problems, gathered.rows, gathered.skipped)


@dataclass(frozen=True)
class _Opened:
    layout: Layout
    header: Header
    head: Sequence[Row]
    rest: Iterator[Row]
    ends_with_newline: bool

    def data(self) -> Iterator[Row]:
        return itertools.chain(self.head, self.rest)


@dataclass(frozen=True)
class _Gathered:
    cells: pa.Table
    bad_rows: Mapping[int, Problem]
    rows: int
    skipped: int


def _open(content: bytes, columns: Sequence[Column], options: Options) -> _Opened:
    ends_with_newline = True
    if is_workbook(content):
        encoding, separator, rows = "workbook", "", workbook(content)
    else:
        decoded = decode(content, options.encoding)
        if _HTML.match(decoded.text[:200]):
            raise Rejected([Problem(N_("这是网页格式的文件，请在表格软件中另存为 CSV 或 xlsx。"))])
        encoding = decoded.encoding
        separator = options.separator or guess_separator(decoded.text, columns)
        rows = delimited(decoded.text, separator)
        ends_with_newline = decoded.text.endswith(("\n", "\r"))
    head = list(itertools.islice(rows, HEADER_WITHIN))
    at, header = find_header(head, columns)
    layout = Layout(encoding, separator, head[at].line, tuple(cell.strip() for cell in head[at].cells))
    return _Opened(layout, header, head[at + 1 :], rows, ends_with_newline)


def _gather(opened: _Opened, columns: Sequence[Column], options: Options) -> _Gathered:
    """Collect the wanted cells of all rows as Arrow text, a chunk at a time."""
    schema = pa.schema({"line": pa.int64()} | {column.name: pa.string() for column in columns})
    places = [opened.header.positions.get(column.name) for column in columns]
    titles = [plain(title) for title in opened.layout.titles]
    width = _width(opened.layout.titles)
    bad_rows: dict[int, Problem] = {}
    batches: list[pa.RecordBatch] = []
    rows = skipped = 0
    last: Row | None = None
    data = opened.data()
    while chunk := list(itertools.islice(data, _CHUNK)):
        kept: list[Row] = []
        for row in chunk:
            if len(row.cells) == width and row.cells[0].strip() and not options.skip_totals:
                if row.cells[0].strip() == opened.layout.titles[0] and _is_header(row, titles):
                    skipped += 1
                    continue
            elif row.sound and _is_left_out(row, titles, options):
                skipped += 1
                continue
            elif problem := _row_problem(row, width, len(opened.layout.titles)):
                bad_rows[row.line] = problem
            kept.append(row)
        if kept:
            batches.append(_batch(kept, places, schema))
            rows += len(kept)
            last = kept[-1]
    _refuse_cut(last, width, ends_with_newline=opened.ends_with_newline)
    return _Gathered(pa.Table.from_batches(batches, schema), bad_rows, rows, skipped)


def _width(titles: Sequence[str]) -> int:
    """Return how many cells a row must have: up to the last titled column."""
    return max((at for at, title in enumerate(titles, start=1) if title), default=0)


def _is_left_out(row: Row, titles: Sequence[str], options: Options) -> bool:
    filled = next((cell for cell in row.cells if cell.strip()), None)
    if filled is None or _is_header(row, titles):
        return True
    return options.skip_totals and _TOTAL.search(plain(filled)) is not None


def _is_header(row: Row, titles: Sequence[str]) -> bool:
    return [plain(cell) for cell in row.cells] == list(titles)


def _row_problem(row: Row, width: int, widest: int) -> Problem | None:
    if not row.sound:
        return Problem(typed.REASONS["quote"], line=row.line)
    found = len(row.cells)
    if found < width or (found > widest and any(cell.strip() for cell in row.cells[widest:])):
        return Problem(typed.REASONS["cells"], {"wanted": width, "found": found}, line=row.line)
    return None


def _refuse_cut(last: Row | None, width: int, *, ends_with_newline: bool) -> None:
    """A last row that is too short and has no line end tells that the file was cut off."""
    if last is not None and not ends_with_newline and len(last.cells) < width:
        message = N_("文件在第 %(line)s 行中途被截断，请重新导出。")
        raise Rejected([Problem(message, {"line": last.line}, line=last.line)])


def _batch(rows: Sequence[Row], places: Sequence[int | None], schema: pa.Schema) -> pa.RecordBatch:
    arrays: list[pa.Array[Any]] = [pa.array([row.line for row in rows], pa.int64())]
    for place in places:
        if place is None:
            arrays.append(pa.nulls(len(rows), pa.string()))
        else:
            cells = [row.cells[place] if len(row.cells) > place else None for row in rows]
            arrays.append(pa.array(cells, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _type(
    cells: pa.Table,
    columns: Sequence[Column],
    header: Header,
    bad_rows: Mapping[int, Problem],
    *,
    serials: bool,
) -> tuple[pa.Table, list[Problem]]:
    values, reasons = ["line"], []
    for column in columns:
        unit = header.units.get(column.name, "")
        expressions, reason = typed.column_sql(column, unit=unit, serials=serials)
        values += expressions
        reasons.append(f'{reason if column.name in header.positions else "NULL"} AS "{column.name}!"')
    marks = [f'"{column.name}!"' for column in columns]
    texts = [f'cells."{column.name}"' for column in columns]
    with duck() as connection:
        typed.prepare(connection)
        connection.register("cells", cells)
        connection.register("bad", pa.table({"line": pa.array(list(bad_rows), pa.int64())}))
        connection.execute(
            f"CREATE TABLE typed AS SELECT {', '.join(values)}, {', '.join(reasons)} "
            "FROM cells WHERE line NOT IN (SELECT line FROM bad)"
        )
        wrong = " OR ".join(f"{mark} IS NOT NULL" for mark in marks)
        table = connection.sql(
            f"SELECT * EXCLUDE ({', '.join(marks)}) FROM typed WHERE NOT ({wrong}) ORDER BY line"
        ).to_arrow_table()
        faults = connection.sql(
            f"SELECT typed.line, {', '.join(f'typed.{mark}' for mark in marks)}, {', '.join(texts)} "
            f"FROM typed JOIN cells USING (line) WHERE {wrong} ORDER BY typed.line"
        ).fetchall()
    problems = list(bad_rows.values())
    for line, *rest in faults:
        for column, reason, value in zip(columns, rest[: len(columns)], rest[len(columns) :], strict=True):
            if reason is not None:
                problems.append(_problem(column, reason, value, line))
    return table, sorted(problems, key=lambda problem: problem.line or 0)


def _problem(column: Column, reason: str, value: str | None, line: int) -> Problem:
    shown = (value or "").strip()[:100]
    return Problem(typed.REASONS[reason], {"value": shown}, field=column.title, line=line, value=shown)
