"""Reading whole blocks at once gives what reading row by row gives, for any file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lms.core.errors import Rejected
from lms.core.textfile import Column, Kind, Options, blocks, fast, gather, read, source
from tests.conftest import PROFILE

COLUMNS = (
    Column("number", ("工号",), Kind.ID, longest=12),
    Column("day", ("日期",), Kind.DAY, blank=True),
    Column("value", ("数值",), Kind.NUMBER),
    Column("count", ("笔数",), Kind.INTEGER, required=False, blank=True),
    Column("note", ("备注",), required=False, blank=True),
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of some lines only, so that a file of a test has several."""
    monkeypatch.setattr(source, "PIECE", 97)
    monkeypatch.setattr(gather, "_SMALL", 40)


def outcome(content: bytes, options: Options, *, quickly: bool) -> Any:
    try:
        sheet = read(content, COLUMNS, options, quickly=quickly)
    except Rejected as error:
        return error.problems
    return (
        sheet.layout,
        sheet.table.to_pylist(),
        sheet.cells.to_pylist(),
        sheet.problems,
        (sheet.rows, sheet.skipped, sheet.bad, sheet.omitted),
    )


ID = st.sampled_from(
    [
        "00017",
        "E1",
        "Ｅ１",
        " 7\t",
        "'00123",
        '="001"',
        "6.2E+15",
        "合计",
        "工号",
        "x" * 13,
        "",
        "共3笔",
        "以上数据仅供参考",
    ]
)
DAY = st.sampled_from(
    ["2026-09-30", "2026/9/30", "20260930", "昨天", "", "1899-01-01", "2026-02-30", "30-SEP-2026"]
)
VALUE = st.sampled_from(
    [
        "1.5",
        "-2",
        "1,234.50",
        "（3）",
        "4-",
        "1e5",
        "1.2E+05",
        "很多",
        "",
        "0x1F",
        "1_0",
        "9" * 22,
        ".5",
        " 7 ",
        "数值",
    ]
)
COUNT = st.sampled_from(["", "3", "3.5", "12笔", "-", "¥1", "5.0"])
NOTE = st.sampled_from(
    ["", "好", "a-b", "=1+1", "\x00", "\ufffd", 'say "hi"', "two\nlines", "two\r\nlines", "，", "\u3000"]
)
ROW = st.tuples(ID, DAY, VALUE, COUNT, NOTE).map(list)


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, Options]:
    separator = draw(st.sampled_from([",", "\t", "|", ";", "|@|", "\x01", "，"]))
    rows = draw(st.lists(ROW, min_size=1, max_size=12))
    titles = ["工号", "日期", "数值", "笔数", "备注"]
    extra = draw(st.sampled_from([[], [""], ["", ""]]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines = []
    for cells in [titles, *rows]:
        cells = cells[: draw(st.sampled_from([5, 5, 5, 5, 4, 2]))] if cells is not titles else cells
        cells = [*cells, *extra, *draw(st.sampled_from([[], [], [], ["z"], [" "]]))]
        if len(separator) == 1 and separator not in ("\x01", "，"):
            target = io.StringIO()
            quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
            csv.writer(target, delimiter=separator, lineterminator=end, quoting=quoting).writerow(cells)
            lines.append(target.getvalue())
        else:
            lines.append(separator.join(cell.replace("\n", "").replace("\r", "") for cell in cells) + end)
        lines += draw(st.sampled_from([[], [], [], [end], [separator * 4 + end], ['"2"x' + separator + end]]))
    text = "".join(lines)
    text = text[: len(text) - draw(st.sampled_from([0, 0, 1, 3, 9]))]
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    content = text.encode(encoding)
    return content, Options(
        separator=separator,
        skip_totals=draw(st.booleans()),
        control_marks=draw(st.sampled_from([(), ("E1",)])),
    )


@settings(
    max_examples=300 if PROFILE == "full" else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(files())
@example(
    ('工号,日期,数值\n1,2026-01-01,1\n2,2026-01-01,"2\n3"\n4,2026-01-01,4\n'.encode(), Options(separator=","))
)
@example(("工号,日期,数值\r1,2026-01-01,1\r2,2026-01-01,2\r".encode(), Options(separator=",")))
def test_at_once_and_row_by_row_say_the_same(file: tuple[bytes, Options]) -> None:
    content, options = file
    assert outcome(content, options, quickly=True) == outcome(content, options, quickly=False)


DIGITS = st.text("0123456789-+ /.eE_xX年,()￥%", max_size=12)


@settings(
    max_examples=300 if PROFILE == "full" else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(DIGITS, DIGITS, DIGITS, st.text(max_size=6)), min_size=1, max_size=30))
def test_plain_spellings_give_what_the_full_rules_give(rows: list[tuple[str, str, str, str]]) -> None:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["工号", "日期", "数值", "笔数", "备注"])
    for number, day, value, note in rows:
        writer.writerow([number, day, value, value, note.replace("\r", "").replace("\n", "")])
    content = target.getvalue().encode(errors="replace")
    options = Options(encoding="utf-8", separator=",")
    assert outcome(content, options, quickly=True) == outcome(content, options, quickly=False)


def blocks_seen(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Note for each block whether it was taken at once."""
    seen: list[bool] = []
    split = fast.split

    def noted(*arguments: Any) -> Any:
        found = split(*arguments)
        seen.append(found is not None)
        return found

    monkeypatch.setattr(gather.fast, "split", noted)
    return seen


@pytest.mark.parametrize("quoted", [False, True])
def test_files_as_banks_write_them_are_taken_at_once(monkeypatch: pytest.MonkeyPatch, quoted: bool) -> None:
    seen = blocks_seen(monkeypatch)
    mark = '"' if quoted else ""
    rows = [",".join(f"{mark}{cell}{mark}" for cell in (n, "2026-09-30", "1.5")) for n in range(300)]
    sheet = read("\n".join(["工号,日期,数值", *rows, ""]).encode(), COLUMNS)
    assert (sheet.rows, sheet.problems, set(seen)) == (300, [], {True})
    assert sheet.table.column("line").to_pylist() == list(range(2, 302))


def test_a_line_break_in_a_cell_keeps_only_its_own_block_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = blocks_seen(monkeypatch)
    rows = [f'{n},2026-09-30,1,,"a\nb"' if n == 150 else f"{n},2026-09-30,1,," for n in range(300)]
    sheet = read("\n".join(["工号,日期,数值,笔数,备注", *rows, ""]).encode(), COLUMNS)
    assert sheet.problems == []
    assert sheet.table.column("line").to_pylist() == [*range(2, 153), *range(154, 303)]
    assert seen.count(True) > 50 > seen.count(False)


def test_lines_are_counted_across_blocks(tmp_path: Path) -> None:
    def lines() -> Iterator[str]:
        yield "工号,日期,数值\r\n"
        for n in range(2, 1002):
            yield f"{n},{'昨天' if n % 100 == 0 else '2026-09-30'},{n}\r\n"

    path = tmp_path / "long.csv"
    path.write_bytes("".join(lines()).encode("gbk"))
    sheet = read(path, COLUMNS)
    assert [problem.line for problem in sheet.problems] == list(range(100, 1001, 100))
    assert all(row["line"] == int(row["number"]) for row in sheet.table.to_pylist())


def test_a_blocks_halves_keep_all_lines() -> None:
    block = blocks.Block(7, b"a\nbb\nccc\n")
    halves = block.halves()
    assert halves is not None
    head, tail = halves
    assert head.data + tail.data == block.data
    assert tail.line == 7 + head.data.count(b"\n")
    assert blocks.Block(1, b"only\n").halves() is None
