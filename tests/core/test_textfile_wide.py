"""Separators, fixed widths, archives, workbooks and spellings that bank systems really use."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import zipfile
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from lms.core.errors import Problem, Rejected
from lms.core.textfile import Column, Kind, Options, Sheet, archive, preview, read, source, workbook
from lms.core.textfile.blocks import LINE_LIMIT

COLUMNS = (
    Column("number", ("工号",), Kind.ID),
    Column("day", ("日期",), Kind.DAY),
    Column("value", ("数值",), Kind.NUMBER),
)
PLAIN = "工号,日期,数值\n00017,2026-09-30,12.5\n00018,2026-09-30,13\n"


def refusal(content: bytes | Path, options: Options | None = None, **more: Any) -> Problem:
    with pytest.raises(Rejected) as caught:
        read(content, COLUMNS, options, **more)
    return caught.value.problems[0]


def numbers(sheet: Sheet) -> list[Any]:
    assert sheet.problems == []
    return sheet.table.column("number").to_pylist()


def one_column(kind: Kind, *cells: str) -> tuple[list[Any], list[Problem]]:
    text = "n\t列\n" + "".join(f"{n}\t{cell}\n" for n, cell in enumerate(cells))
    sheet = read(text.encode(), (Column("x", ("列",), kind),), Options(separator="\t"))
    return sheet.table.column("x").to_pylist(), sheet.problems


@pytest.mark.parametrize("separator", ["|@|", "||", "!^", "\x01", "\x1b", "\x1f", "^", "~"])
def test_separators_of_core_systems_are_guessed(separator: str) -> None:
    sheet = read(PLAIN.replace(",", separator).encode("gbk"), COLUMNS)
    assert (sheet.layout.separator, numbers(sheet)) == (separator, ["00017", "00018"])


@pytest.mark.parametrize("separator", ["#", "，", "§§", "¦", "::"])
def test_any_other_separator_can_be_declared(separator: str) -> None:
    assert numbers(read(PLAIN.replace(",", separator).encode(), COLUMNS, Options(separator=separator))) == [
        "00017",
        "00018",
    ]


@pytest.mark.parametrize("separator", ["\n", '"', "a\r"])
def test_line_ends_and_quotes_are_no_separators(separator: str) -> None:
    assert "分隔符" in refusal(PLAIN.encode(), Options(separator=separator)).message


def test_quotes_are_plain_text_where_the_separator_needs_none() -> None:
    text = '工号\x01日期\x01数值\x01备注\n1\x012026-09-30\x011\x01"半开\n2\x012026-09-30\x012\x0112" 屏\n'
    note = Column("note", ("备注",))
    assert read(text.encode(), (*COLUMNS, note)).table.column("note").to_pylist() == ['"半开', '12" 屏']
    comma = '工号,日期,数值\n"1,2026-09-30,1\n'
    assert [p.line for p in read(comma.encode(), COLUMNS, Options(quoted=False)).problems] == []


def test_fixed_width_in_bytes_of_the_files_encoding() -> None:
    rows = [("00017", "张三", "20260930", "       12.50"), ("00018", "欧阳小明", "20260930", "        1.00")]
    name = Column("name", ("姓名",))
    columns = (COLUMNS[0], name, *COLUMNS[1:])
    lines = []
    for number, who, day, value in rows:
        padded = who.encode("gbk").ljust(12)
        lines.append(number.encode() + padded + day.encode() + value.encode())
    content = b"\n".join(lines) + b"\n"
    options = Options(encoding="gbk", fields=((1, 5), (6, 12), (18, 8), (26, 12)), header_line=0)
    sheet = read(content, columns, options)
    assert [(r["number"], r["name"], r["value"]) for r in sheet.table.to_pylist()] == [
        ("00017", "张三", 12.5),
        ("00018", "欧阳小明", 1),
    ]
    assert (sheet.layout.header_line, sheet.layout.separator, sheet.table.column("line").to_pylist()) == (
        0,
        "",
        [1, 2],
    )


def test_a_fixed_width_line_that_is_too_short_is_named() -> None:
    options = Options(fields=((1, 5), (6, 8), (14, 4)), header_line=0)
    sheet = read(b"0001720260930  12\n00018\n0001920260930   3\n", COLUMNS, options)
    assert [(p.line, p.params) for p in sheet.problems] == [(2, {"wanted": 3, "found": 1})]


def test_no_header_at_all_columns_by_position_or_by_name() -> None:
    content = b"1,2026-09-30,5\n2,2026-09-30,6\n"
    assert numbers(read(content, COLUMNS, Options(header_line=0))) == ["1", "2"]
    mixed = b"x|2026-09-30|1|5\nx|2026-09-30|2|6\n"
    sheet = read(mixed, COLUMNS, Options(separator="|", header_line=0, order=("", "day", "number", "value")))
    assert numbers(sheet) == ["1", "2"]
    assert sheet.table.column("line").to_pylist() == [1, 2]


def test_a_position_that_is_missing_is_named() -> None:
    options = Options(separator=",", header_line=0, order=("number", "day"))
    assert refusal(b"1,2026-09-30\n", options).field == "数值"


def test_a_declared_header_line_wins_over_an_earlier_match() -> None:
    text = "工号,日期,数值\n说明,,\n工号,日期,数值\n1,2026-09-30,1\n"
    assert read(text.encode(), COLUMNS, Options(header_line=3)).rows == 1
    assert "表头" in refusal(text.encode(), Options(header_line=2)).message


def test_control_lines_closing_lines_and_counts_are_left_out_and_shown() -> None:
    text = "H|20260930|2\n工号|日期|数值\n1|2026-09-30|1\n2|2026-09-30|2\n合计：|共2笔|3\n共 2 笔\nEND|2\n"
    marks = read(text.encode(), COLUMNS, Options(skip_totals=True, control_marks=("END", "H")))
    assert (marks.problems, marks.rows) == ([], 2)
    assert [line for line, _ in marks.omitted] == [5, 6, 7]
    assert marks.omitted[2] == (7, "END 2")


def test_windows_1252_only_where_declared() -> None:
    content = "number,day,value\nM\xfcller,2026-09-30,1\n".encode("windows-1252")
    columns = (
        Column("number", ("number",)),
        Column("day", ("day",), Kind.DAY),
        Column("value", ("value",), Kind.NUMBER),
    )
    declared = read(content, columns, Options(encoding="windows-1252"))
    assert declared.table.column("number").to_pylist() == ["Müller"]
    assert read(content, columns).layout.encoding != "windows-1252"


@pytest.mark.parametrize("by_path", [False, True])
def test_gzip_and_a_zip_of_one_file_are_unpacked(tmp_path: Path, by_path: bool) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("导出/数据.csv", PLAIN.encode("gbk"))
    for kind, content in (("gzip", gzip.compress(PLAIN.encode())), ("zip", target.getvalue())):
        path = tmp_path / kind
        path.write_bytes(content)
        sheet = read(path if by_path else content, COLUMNS)
        assert (sheet.layout.packed, numbers(sheet)) == (kind, ["00017", "00018"])


def test_archives_that_are_cut_mixed_or_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "解压" in refusal(gzip.compress(PLAIN.encode() * 500)[:-20]).message
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("a.csv", PLAIN)
        packed.writestr("b.csv", PLAIN)
    assert refusal(target.getvalue()).params == {"found": 2}
    monkeypatch.setattr(archive, "_UNJUDGED", 1 << 20)
    assert "过大" in refusal(gzip.compress(b"0" * (5 << 20))).message


def made_workbook(*, formula_value: Any = 5) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    book.add_worksheet("封面").write(0, 0, "说明")
    sheet = book.add_worksheet("明细")
    sheet.merge_range(0, 0, 0, 2, "某银行 9 月明细")
    sheet.write_row(2, 0, ["工号", "日期", "数值"])
    sheet.write_string(3, 0, "00017")
    sheet.write_datetime(3, 1, date(2026, 9, 30), book.add_format({"num_format": "yyyy-mm-dd"}))
    sheet.write_formula(3, 2, "=2+3", None, formula_value)
    book.close()
    return target.getvalue()


def test_a_sheet_is_chosen_by_name_and_formulas_give_their_value() -> None:
    sheet = read(made_workbook(), COLUMNS, Options(sheet="明细"))
    assert (sheet.layout.sheet, sheet.layout.sheets, sheet.layout.header_line) == (
        "明细",
        ("封面", "明细"),
        3,
    )
    assert sheet.table.to_pylist() == [
        {"line": 4, "number": "00017", "day": date(2026, 9, 30), "value": 5, "value_unit": ""}
    ]
    assert refusal(made_workbook(), Options(sheet="没有")).params["sheets"] == "封面、明细"


def test_a_formula_without_a_value_is_named() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made_workbook())) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("sheet2.xml"):
                data = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", data)
            new.writestr(name, data)
    problem = refusal(content.getvalue(), Options(sheet="明细"))
    assert (problem.params["cells"], problem.line) == ("C4", 4)


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "UNPACKED_LIMIT", 1000)
    assert "过大" in refusal(made_workbook()).message


def test_account_numbers_that_a_spreadsheet_mangled_are_refused() -> None:
    values, problems = one_column(Kind.ID, "6.22202E+15", "6222021234567890123")
    assert values == ["6222021234567890123"]
    assert "改写" in problems[0].message
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["工号", "日期", "数值"])
    sheet.write_row(1, 0, [6222021234567890123, "2026-09-30", 1])
    sheet.write_row(2, 0, ["6222021234567890123", "2026-09-30", 1])
    book.close()
    read_back = read(target.getvalue(), COLUMNS)
    assert [(p.line, p.value) for p in read_back.problems] == [(2, "6.22202123456789E+18")]


@pytest.mark.parametrize(
    ("cell", "value"), [("123.45-", "-123.45"), ("1.2E+05", "120000"), ("5.0E-03", "0.005"), ("12-", "-12")]
)
def test_numbers_as_old_systems_and_spreadsheets_write_them(cell: str, value: str) -> None:
    values, problems = one_column(Kind.NUMBER, cell)
    assert (values, problems) == ([Decimal(value)], [])


@pytest.mark.parametrize("cell", ["-5-", "(5-)", "E+05", "1.2E5"])
def test_two_signs_and_half_powers_are_no_numbers(cell: str) -> None:
    assert [p.value for p in one_column(Kind.NUMBER, cell, "1")[1]] == [cell]


def test_days_months_moments_flags_and_whole_numbers() -> None:
    days = ["2026-09-30 12:30:00", "20260930123000", "30-SEP-2026", "30.09.2026"]
    assert one_column(Kind.DAY, *days) == ([date(2026, 9, 30)] * 4, [])
    months, wrong = one_column(Kind.MONTH, "2026-09", "2026/9", "202609", "2026年9月", "2026-09-30")
    assert (months, [p.value for p in wrong]) == ([date(2026, 9, 1)] * 4, ["2026-09-30"])
    moments, wrong = one_column(
        Kind.MOMENT, "2026-09-30 12:30:00", "20260930123000", "2026/9/30T12:30", "2026-09-30", "25:00"
    )
    assert [str(moment) for moment in moments] == ["2026-09-30 12:30:00"] * 3 + ["2026-09-30 00:00:00"]
    assert [p.value for p in wrong] == ["25:00"]
    flags, wrong = one_column(Kind.FLAG, "是", "否", "Y", "n", "1", "0", "TRUE", "false", " 是 ", "也许")
    assert flags == [True, False, True, False, True, False, True, False, True]
    assert [p.value for p in wrong] == ["也许"]
    whole, wrong = one_column(Kind.INTEGER, "12", "1,234", "5.0", "3笔", "-7", "1.5", "3元", "9" * 20)
    assert (whole, [p.value for p in wrong]) == ([12, 1234, 5, 3, -7], ["1.5", "3元", "9" * 20])


def test_a_month_is_no_day() -> None:
    assert [p.value for p in one_column(Kind.DAY, "2026-09", "2026-09-30")[1]] == ["2026-09"]


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    with path.open("wb") as target:
        target.write("工号,日期,数值\n1,2026-09-30,".encode())
        for _ in range(40):
            target.write(b"9" * LINE_LIMIT)
    assert (refusal(path, Options(encoding="utf-8")).line, "1 MB" in refusal(path).message) == (2, True)


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "moving.csv"
    path.write_text(PLAIN)
    sha256 = hashlib.sha256(PLAIN.encode()).hexdigest()
    assert read(path, COLUMNS, sha256=sha256).rows == 2
    pieces = source.Source.pieces

    def appended(self: source.Source, skip: int = 0) -> Any:
        yield from pieces(self, skip)
        with path.open("a") as more:
            more.write("00019,2026-09-30,14\n")

    monkeypatch.setattr(source.Source, "pieces", appended)
    assert "改动" in refusal(path, sha256=sha256).message


def test_other_content_than_was_received_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "swapped.csv"
    path.write_text(PLAIN)
    assert "改动" in refusal(path, sha256="0" * 64).message


def test_options_travel_as_json() -> None:
    options = Options(fields=((1, 5), (6, 8)), order=("number",), control_marks=("END",), header_line=0)
    assert Options(**json.loads(json.dumps(asdict(options)))) == options


def test_the_preview_tells_the_layout() -> None:
    seen = preview(gzip.compress(PLAIN.replace(",", "|@|").encode("gbk")), COLUMNS)
    assert (seen.layout.packed, seen.layout.encoding, seen.layout.separator) == ("gzip", "gb18030", "|@|")
    assert [row.line for row in seen.rows] == [2, 3]
