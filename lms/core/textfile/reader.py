"""Reading one file: layout, typed columns, problems."""

# ruff: noqa: S608  the queries are made of our own column names, never of a file's text
from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lms.core.duck import Workroom
from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile import typed
from lms.core.textfile.blocks import Feed
from lms.core.textfile.columns import Column, Header, Kind
from lms.core.textfile.decode import Encoded, survey
from lms.core.textfile.gather import Chunk, Gatherer
from lms.core.textfile.layout import HEADER_WITHIN, Layout, Options, find_header, guess_separator
from lms.core.textfile.rows import Row, Splitter
from lms.core.textfile.sheet import Cells, Sheet
from lms.core.textfile.sift import Sifter
from lms.core.textfile.source import Source
from lms.core.textfile.workbook import Workbook, is_workbook

PROBLEMS_LIMIT = 100_000
"""So many problems are told one by one; a file with more was read with a wrong layout."""

_HTML = re.compile(r"^\s*(<!doctype html|<html|<table|<\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class Preview:
    """The layout and the first rows as they stand in the file.

    `matched`: for each wanted column that was found, its name and the title the file gives it.
    """

    layout: Layout
    rows: Sequence[Row]
    matched: Sequence[tuple[str, str]]


def preview(
    content: bytes | Path, columns: Sequence[Column], options: Options | None = None, *, first: int = 20
) -> Preview:
    """Read the layout and the first data rows.

    Raises:
        Rejected: as `read`, as far as the first lines show it.
    """
    opened = _open(Source(content), columns, options or Options())
    positions, titles = opened.header.positions, opened.layout.titles
    matched = [
        (column.title, titles[positions[column.name]]) for column in columns if column.name in positions
    ]
    return Preview(opened.layout, opened.first[:first], matched)


def read(
    content: bytes | Path,
    columns: Sequence[Column],
    options: Options | None = None,
    *,
    sha256: str | None = None,
    room: Workroom | None = None,
    quickly: bool = True,
) -> Sheet:
    """Read a whole file, given as content or by path; one by path is never in memory as a whole.

    `sha256`: what the file must hash to after it was read. `room`: where the rows are to stay.
    `quickly=False` goes row by row throughout; the answer is the same.

    Raises:
        Rejected: the file as a whole cannot be used: empty, not text, no header line, a wanted
            column missing, cut off within a character, a row or a quote, too long a line, an
            archive or workbook that cannot be opened, changed while it was read.
    """
    options = options or Options()
    source = Source(content, sha256)
    with ThreadPoolExecutor(1) as pool:
        verified = pool.submit(source.verify)  # hashing leaves the interpreter free
        opened = _open(source, columns, options)
        verified.result()
    sifter = Sifter(opened.layout.titles, options.skip_totals, options.control_marks)
    gatherer = Gatherer(columns, opened.header.positions, sifter)
    cells = Cells(gatherer.schema)
    room = room or Workroom()
    serials = options.serial_days or opened.text is None
    typing = _Typing(room, gatherer, cells, opened.header.units, serials, quickly)
    typing.first(opened.chunks(gatherer, quickly=quickly), options.day_order)
    orders = typing.orders() if options.day_order is None else {}
    if orders:
        typing.again(orders)
    source.refuse_changed()
    tally = gatherer.tally
    gatherer.refuse_cut(ends_with_newline=opened.text is None or opened.text.ends_with_newline)
    if not tally.rows:
        raise Rejected([Problem(N_("表头下面没有数据行。"), line=opened.layout.header_line or None)])
    problems, bad = _problems(room, columns, cells, tally.bad_rows)
    return Sheet(
        layout=replace(
            opened.layout, orders={one.title: orders[one.name] for one in columns if one.name in orders}
        ),
        good=room.rows("SELECT * EXCLUDE (wrong) FROM typed WHERE wrong IS NULL"),
        half=room.rows("SELECT * EXCLUDE (wrong) FROM typed WHERE wrong IS NOT NULL"),
        text=cells,
        problems=problems,
        rows=tally.rows,
        skipped=tally.skipped,
        bad=bad,
        omitted=tally.omitted,
    )


@dataclass(frozen=True)
class _Opened:
    """A file of which the layout is known. `text` and `splitter`: of a text, else there is a `workbook`."""

    source: Source
    layout: Layout
    header: Header
    first: Sequence[Row]
    data_line: int
    text: Encoded | None = None
    splitter: Splitter | None = None
    workbook: Workbook | None = None

    def chunks(self, gatherer: Gatherer, *, quickly: bool) -> Iterator[Chunk]:
        """Give all data rows."""
        if self.workbook is not None:
            return gatherer.of_rows(self.workbook.rows(self.data_line))
        assert self.text is not None
        assert self.splitter is not None
        feed = Feed(self.source, self.text)
        feed.skip_to(self.data_line)
        return gatherer.of_text(feed, self.splitter, quickly=quickly)


def _open(source: Source, columns: Sequence[Column], options: Options) -> _Opened:
    with source.open() as stream:
        head = stream.read(8)
        stream.seek(0)
        if is_workbook(head):
            book = Workbook(stream, options.sheet)
            rows, text, splitter = book.rows(), None, None
        else:
            book = None
            text = survey(source, options.encoding)
            splitter = _splitter(source, text, columns, options)
            rows = splitter.rows(_lines(source, text))
    several = list(itertools.islice(rows, HEADER_WITHIN))
    before, header, titles = find_header(several, columns, options)
    data_line = several[before].line if before < len(several) else _end(several)
    layout = Layout(
        encoding=text.encoding if text else "workbook",
        separator=splitter.separator if splitter else "",
        header_line=several[before - 1].line if before else 0,
        titles=titles,
        quoted=splitter.quotes if splitter else False,
        packed=source.packed,
        sheet=book.sheet if book else "",
        sheets=book.sheets if book else (),
    )
    return _Opened(source, layout, header, several[before:], data_line, text, splitter, book)


def _end(rows: Sequence[Row]) -> int:
    """Return a line after all others, for a file that ends with its header."""
    return 1 << 62 if rows else 1


def _lines(source: Source, text: Encoded) -> Iterator[str]:
    feed = Feed(source, text)
    while block := feed.take():
        yield from block.lines()


def _splitter(source: Source, text: Encoded, columns: Sequence[Column], options: Options) -> Splitter:
    lines = list(itertools.islice(_lines(source, text), HEADER_WITHIN))
    if _HTML.match("".join(lines)[:200]):
        raise Rejected([Problem(N_("这是网页格式的文件，请在表格软件中另存为 CSV 或 xlsx。"))])
    if options.fields:
        return Splitter("", fields=options.fields, encoding=text.encoding)
    separator = options.separator or guess_separator(lines, columns)
    if any(one in separator for one in '\r\n"'):
        raise Rejected([Problem(N_("换行符和引号不能作为分隔符。"))])
    return Splitter(separator, options.quoted)


@dataclass(frozen=True)
class _Typing:
    """Lets DuckDB draw the rows through and keep them typed, as table `typed`."""

    room: Workroom
    gatherer: Gatherer
    cells: Cells
    units: Mapping[str, str]
    serials: bool
    plainly: bool

    def first(self, chunks: Iterator[Chunk], order: str | None) -> None:
        """Type all rows. While DuckDB types some, a thread already splits the next ones."""

        def batches() -> Iterator[pa.RecordBatch]:
            with ThreadPoolExecutor(1) as pool:
                coming = pool.submit(_next_batch, chunks, self.gatherer.columns, self.cells)
                while (batch := coming.result()) is not None:
                    coming = pool.submit(_next_batch, chunks, self.gatherer.columns, self.cells)
                    yield batch

        typed.prepare(self.room.connection)
        orders = {column.name: order for column in self._days} if order else {}
        self._draw(batches(), lambda given: f"CREATE TABLE typed AS {self._typed(given, orders)}")
        self.cells.close()

    def orders(self) -> dict[str, str]:
        """Return which of day and month comes first in the columns that left it open and tell it themselves.

        A column tells it by dates such as 13/09/2026, all of which must speak for the same order.
        """
        found = self.room.connection.sql(
            "SELECT bool_or(contains(wrong, ':order')) FROM typed WHERE wrong IS NOT NULL"
        ).fetchall()[0][0]
        if not found:
            return {}
        query = typed.evidence_sql("text_given", self._days)
        self._draw(self._kept(), lambda given: f"CREATE TABLE evidence AS {query}")
        counts = self.room.connection.sql("FROM evidence").fetchall()[0]
        pairs = zip(self._days, counts[::2], counts[1::2], strict=True)
        return {
            column.name: "dmy" if day_first else "mdy"
            for column, day_first, month_first in pairs
            if bool(day_first) is not bool(month_first)
        }

    def again(self, orders: Mapping[str, str]) -> None:
        """Type all rows anew, now that the order of their dates is known."""
        wanted = "(FROM text_given SEMI JOIN typed USING (line))"
        self._draw(self._kept(), lambda _: f"CREATE TABLE typed_again AS {self._typed(wanted, orders)}")
        self.room.connection.execute("DROP TABLE typed; ALTER TABLE typed_again RENAME TO typed")

    @property
    def _days(self) -> list[Column]:
        return [one for one in self.gatherer.columns if one.kind in (Kind.DAY, Kind.MOMENT)]

    def _kept(self) -> Iterator[pa.RecordBatch]:
        return (_with_simple(one, self.gatherer.columns) for one in self.cells.batches() if one.num_rows)

    def _typed(self, given: str, orders: Mapping[str, str]) -> str:
        return typed.typed_sql(
            given,
            self.gatherer.columns,
            self.units,
            serials=self.serials,
            orders=orders,
            plainly=self.plainly,
        )

    def _draw(self, rows: Iterator[pa.RecordBatch], statement: Callable[[str], str]) -> None:
        """Execute a statement over rows that it gets under the name `text_given`."""
        raised: list[BaseException] = []

        def noted() -> Iterator[pa.RecordBatch]:
            try:
                yield from rows
            except BaseException as error:
                raised.append(error)  # on its way through DuckDB it would become a text
                raise

        columns = self.gatherer.columns
        schema = _with_simple(pa.RecordBatch.from_pylist([], self.gatherer.schema), columns).schema
        connection = self.room.connection
        connection.register("text_given", pa.RecordBatchReader.from_batches(schema, noted()))
        try:
            connection.execute(statement("text_given"))
        except Exception:
            if raised:
                raise raised[0] from None
            raise
        connection.unregister("text_given")


def _next_batch(chunks: Iterator[Chunk], columns: Sequence[Column], cells: Cells) -> pa.RecordBatch | None:
    """Return the next rows to be typed, their text kept; None after the last."""
    for chunk in chunks:
        cells.add(chunk.sound)
        cells.add(chunk.bad)
        if chunk.sound.num_rows:
            return _with_simple(chunk.sound, columns)
    return None


def _with_simple(batch: pa.RecordBatch, columns: Sequence[Column]) -> pa.RecordBatch:
    """Add for each column of a kind in `typed.SIMPLE` which cells are of the simplest spelling."""
    for at, column in enumerate(columns):
        if test := typed.SIMPLE.get(column.kind):
            batch = batch.append_column(f"simple{at}", pc.call_function(test, [batch.column(at + 1)]))
    return batch


def _problems(
    room: Workroom, columns: Sequence[Column], cells: Cells, bad_rows: Sequence[Problem]
) -> tuple[list[Problem], int]:
    """Return the problems by line, and how many rows have one."""
    connection = room.connection
    count = int(connection.sql("SELECT count(wrong) FROM typed").fetchall()[0][0])
    wrong = connection.sql(
        f"SELECT line, wrong FROM typed WHERE wrong IS NOT NULL ORDER BY line LIMIT {PROBLEMS_LIMIT}"
    ).fetchall()
    problems = list(bad_rows[:PROBLEMS_LIMIT])
    texts = cells.of([line for line, _ in wrong]) if wrong else None
    for at, (line, reasons) in enumerate(wrong):
        for reason in reasons.split(" "):
            place, _, key = reason.partition(":")
            column = columns[int(place)]
            assert texts is not None
            text = texts.column(int(place) + 1)[at].as_py() or ""
            shown = text.strip()[:100]
            problems.append(
                Problem(typed.REASONS[key], {"value": shown}, field=column.title, line=line, value=shown)
            )
    problems.sort(key=lambda problem: problem.line or 0)
    return problems, count + len(bad_rows)
