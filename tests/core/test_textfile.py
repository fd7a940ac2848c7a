"""Files as banks export them: what is read, and what is said about what cannot be read."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.core.errors import Problem, Rejected
from lms.core.textfile import Column, Kind, Options, csv_text, factor, mended, preview, read
from lms.core.textfile.rows import Splitter
from lms.core.textfile.write import safe_cell

COLUMNS = (
    Column("number", ("工号", "Employee number"), Kind.ID),
    Column("day", ("日期", "Date"), Kind.DAY),
    Column("value", ("数值", "金额", "Value"), Kind.NUMBER),
    Column("note", ("备注", "Note"), required=False, blank=True),
)
PLAIN = "工号,日期,数值,备注\n00017,2026-09-30,12.5,好\n00018,2026-09-30,13,\n"


def one_column(kind: Kind, cells: list[str], **options: Any) -> tuple[list[object], list[Problem]]:
    """Read one column of its own file, with a second column so that blanks are rows."""
    column = Column("x", ("列",), kind, choices={"a": ("甲", "A")})
    text = "n\t列\n" + "".join(f"{n}\t{cell}\n" for n, cell in enumerate(cells))
    sheet = read(text.encode(), (column,), Options(separator="\t", **options))
    return sheet.table.column("x").to_pylist(), sheet.problems


def refusal(content: bytes) -> Problem:
    with pytest.raises(Rejected) as caught:
        read(content, COLUMNS)
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("encoding", "read_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.requirement("7.23")
def test_every_encoding_and_separator_is_guessed(encoding: str, read_as: str, separator: str) -> None:
    sheet = read(PLAIN.replace(",", separator).encode(encoding), COLUMNS)
    assert (sheet.layout.encoding, sheet.layout.separator) == (read_as, separator)
    assert sheet.table.column("number").to_pylist() == ["00017", "00018"]
    assert sheet.table.column("note").to_pylist() == ["好", None]
    assert sheet.problems == []


def test_a_declared_encoding_wins() -> None:
    content = "工号,日期,数值\n1,2026-01-01,1\n".encode("gb18030")
    assert read(content, COLUMNS, Options(encoding="gb18030")).rows == 1


def test_header_far_down_in_either_language_with_lines_as_the_file_has_them() -> None:
    text = (
        "导出信息\r\n\r\n机构：示例银行\r\n" + "说明,一\r\n" * 40 + " Value (万元) ,Date,Employee Number\r\n"
    )
    sheet = read((text + "1.5,2026/9/30,007\r\n\r\n2,20260930,008\r\n").encode(), COLUMNS)
    assert sheet.layout.header_line == 44
    assert sheet.table.to_pylist() == [
        {
            "line": 45,
            "number": "007",
            "day": date(2026, 9, 30),
            "value": Decimal("1.5"),
            "value_unit": "万元",
            "note": None,
        },
        {
            "line": 47,
            "number": "008",
            "day": date(2026, 9, 30),
            "value": Decimal(2),
            "value_unit": "万元",
            "note": None,
        },
    ]
    assert sheet.skipped == 1


def test_a_missing_column_is_named() -> None:
    problem = refusal("工号,日期\n1,2026-01-01\n".encode())
    assert (problem.field, problem.line) == ("数值", 1)
    assert "数值" in str(problem)


def test_a_column_given_twice_is_named() -> None:
    assert refusal("工号,日期,数值,数值\n1,2026-01-01,1,2\n".encode()).field == "数值"


def test_a_file_without_any_header_says_what_is_needed() -> None:
    assert "工号、日期、数值" in str(refusal(b"1,2,3\n4,5,6\n"))


@pytest.mark.parametrize(
    ("cell", "value", "unit"),
    [
        ("1,234,567.89", "1234567.89", ""),
        ("¥1,234.00", "1234", "元"),
        ("-￥3.5", "-3.5", "元"),
        ("１２３．５", "123.5", ""),
        ("(1,234.50)", "-1234.5", ""),
        ("（12）", "-12", ""),
        ("35%", "35", "%"),
        ("1.2万元", "1.2", "万元"),
        ("3 亿", "3", "亿元"),
        ("12户", "12", "户"),
        ("+7", "7", ""),
        ("−7", "-7", ""),
        (" 8\t", "8", ""),
        (".5", "0.5", ""),
        ("5.", "5", ""),
        ("12345678901234567890.12345678", "12345678901234567890.12345678", ""),
    ],
)
def test_numbers_as_people_write_them(cell: str, value: str, unit: str) -> None:
    text = f"工号|日期|数值\n1|2026-01-01|{cell}\n"
    sheet = read(text.encode(), COLUMNS, Options(separator="|"))
    assert sheet.problems == []
    assert sheet.table.column("value").to_pylist() == [Decimal(value)]
    assert sheet.table.column("value_unit").to_pylist() == [unit]


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "1,23",
        "12,34.5",
        "1.2.3",
        "--5",
        "(5",
        "5)",
        "(-5)",
        "1e5",
        "NaN",
        "inf",
        "1 000",
        "12%%",
        "9" * 30,
    ],
)
def test_what_is_no_number_is_reported_not_guessed(cell: str) -> None:
    values, problems = one_column(Kind.NUMBER, ["1", cell])
    assert values == [Decimal(1)]
    assert [(p.line, p.field, p.value) for p in problems] == [(3, "列", cell)]


def test_days_in_their_spellings() -> None:
    cells = ["2026-09-30", "2026/9/30", "20260930", "2026年9月30日", "30.09.2026", "2026.9.30"]
    cells += ["2026-09-30 00:00:00", "２０２６－０９－３０"]
    values, problems = one_column(Kind.DAY, cells)
    assert values == [date(2026, 9, 30)] * len(cells)
    assert problems == []


@pytest.mark.parametrize(
    ("cells", "order", "wanted"),
    [
        (["03/09/2026", "13/09/2026"], None, [date(2026, 9, 3), date(2026, 9, 13)]),
        (["03/09/2026 8:05", "9/13/2026"], None, [date(2026, 3, 9), date(2026, 9, 13)]),
        (["03.09.2026", "09.13.2026"], None, [date(2026, 3, 9), date(2026, 9, 13)]),
        (
            ["３-９-２０２６", "2026-09-13", "30-09-2026"],
            None,
            [date(2026, 9, 3), date(2026, 9, 13), date(2026, 9, 30)],
        ),
        (["03/09/2026"], "dmy", [date(2026, 9, 3)]),
        (["03/09/2026", "2026年9月13日"], "mdy", [date(2026, 3, 9), date(2026, 9, 13)]),
    ],
)
def test_the_order_of_day_and_month_is_told_by_the_column_or_declared(
    cells: list[str], order: str | None, wanted: list[date]
) -> None:
    values, problems = one_column(Kind.DAY, cells, day_order=order)
    assert (values, problems) == (wanted, [])


def test_each_column_tells_the_order_of_its_own_dates() -> None:
    columns = [Column("a", ("甲",), Kind.DAY), Column("b", ("乙",), Kind.MOMENT)]
    sheet = read("甲,乙\n03/09/2026,03/09/2026 10:00\n13/09/2026,09/13/2026\n".encode(), columns)
    assert sheet.layout.orders == {"甲": "dmy", "乙": "mdy"}
    assert sheet.table.column("a").to_pylist() == [date(2026, 9, 3), date(2026, 9, 13)]
    assert sheet.table.column("b").to_pylist() == [
        datetime.fromisoformat("2026-03-09 10:00"),
        datetime.fromisoformat("2026-09-13"),
    ]


@pytest.mark.parametrize("cells", [["03/09/2026"], ["03/09/2026", "13/09/2026", "09/13/2026"]])
def test_an_order_that_the_column_does_not_tell_is_asked_for(cells: list[str]) -> None:
    values, problems = one_column(Kind.DAY, ["2026-09-01", *cells])
    assert values == [date(2026, 9, 1)]
    assert [p.line for p in problems] == list(range(3, 3 + len(cells)))
    assert all("日和月哪个在前" in p.message for p in problems)


@given(
    st.lists(st.dates(date(1900, 1, 1), date(2200, 12, 31)), min_size=1, max_size=20), st.sampled_from("/-")
)
def test_dates_are_never_read_in_the_wrong_order(days: list[date], mark: str) -> None:
    cells = [f"{day.day:02}{mark}{day.month:02}{mark}{day.year:04}" for day in days]
    values, problems = one_column(Kind.DAY, cells)
    told = any(day.day > 12 for day in days)
    clear = [day for day in days if told]
    assert values == clear
    assert len(problems) == len(days) - len(clear)


@pytest.mark.parametrize(
    "cell",
    ["2026-02-30", "2026-13-01", "20261301", "30/30/2026", "46295", "0026-01-01", "昨天", "2026-9", "-", ""],
)
def test_days_that_are_none(cell: str) -> None:
    values, problems = one_column(Kind.DAY, [cell, "2026-01-01"])
    assert values == [date(2026, 1, 1)]
    assert [(p.line, p.field) for p in problems] == [(2, "列")]


def test_day_counts_of_spreadsheets_only_where_declared() -> None:
    assert one_column(Kind.DAY, ["46295"], serial_days=True)[0] == [date(2026, 9, 30)]


@pytest.mark.parametrize("cell", ["00123", "\t00123 ", "'00123", '="00123"', "００１２３"])
def test_ids_keep_their_zeros_and_lose_their_padding(cell: str) -> None:
    text = f"工号,日期,数值\n{cell},2026-01-01,1\n"
    assert read(text.encode(), COLUMNS).table.column("number").to_pylist() == ["00123"]


def test_choices_in_their_spellings() -> None:
    values, problems = one_column(Kind.CHOICE, ["甲", "a", "乙"])
    assert values == ["a", "a"]
    assert [problem.value for problem in problems] == ["乙"]


def test_rows_with_too_few_or_too_many_cells_are_named_and_the_rest_is_read() -> None:
    text = "工号,日期,数值,备注\n1,2026-01-01\n2,2026-01-01,2,\n3,2026-01-01,3,,多\n4,2026-01-01,4,,,\n"
    sheet = read(text.encode(), COLUMNS)
    assert [(p.line, p.params) for p in sheet.problems] == [
        (2, {"wanted": 4, "found": 2}),
        (4, {"wanted": 4, "found": 5}),
    ]
    assert sheet.table.column("number").to_pylist() == ["2", "4"]
    assert sheet.cells.num_rows == 4


def test_quoted_cells_hold_separators_quotes_and_line_breaks() -> None:
    text = '工号,日期,数值,备注\n1,2026-01-01,"1,234.50","第一行\n第二行,还""有"\n2,坏,1,\n'
    sheet = read(text.encode(), COLUMNS)
    assert sheet.table.to_pylist()[0]["note"] == '第一行\n第二行,还"有'
    assert sheet.table.to_pylist()[0]["value"] == Decimal("1234.5")
    assert [problem.line for problem in sheet.problems] == [4]


def test_a_row_with_a_wrong_quote_is_named() -> None:
    sheet = read('工号,日期,数值\n1,2026-01-01,1\n"2"x,2026-01-01,2\n3,2026-01-01,3\n'.encode(), COLUMNS)
    assert [problem.line for problem in sheet.problems] == [3]
    assert sheet.table.column("number").to_pylist() == ["1", "3"]


def test_a_file_cut_off_inside_a_quote_is_refused_with_the_line() -> None:
    problem = refusal('工号,日期,数值,备注\n1,2026-01-01,1,\n2,2026-01-01,2,"没写完'.encode())
    assert problem.line == 3
    assert "引号" in problem.message


def test_a_quote_left_open_in_the_middle_is_refused_with_its_own_line() -> None:
    text = (
        '工号,日期,数值,备注\n1,2026-01-01,1,\n2,2026-01-01,2,"没关\n3,2026-01-01,3,"好"\n4,2026-01-01,4,\n'
    )
    assert refusal(text.encode()).line == 3


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_file_cut_off_within_a_row_is_refused_with_the_line(encoding: str) -> None:
    problem = refusal("工号,日期,数值\n1,2026-01-01,1\n2,2026-0".encode(encoding))
    assert (problem.line, "截断" in problem.message) == (3, True)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
def test_a_file_cut_off_within_a_character_is_refused(encoding: str) -> None:
    problem = refusal("工号,日期,数值,备注\n1,2026-01-01,1,好\n2,2026-01-01,2,好".encode(encoding)[:-1])
    assert (problem.line, "截断" in problem.message) == (3, True)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n \r\n", b"\xff\xfe"])
def test_an_empty_file_is_said_to_be_empty(content: bytes) -> None:
    assert "空" in refusal(content).message


def test_a_header_without_rows_is_refused() -> None:
    assert "没有数据行" in refusal("工号,日期,数值\n".encode()).message


def test_bytes_that_are_no_text_are_refused() -> None:
    assert refusal(bytes(range(256)) * 40)


def test_a_web_page_called_xls_is_refused_with_advice() -> None:
    assert "CSV" in refusal("<html><table><tr><td>工号</td></tr></table>".encode()).message


def test_nul_and_broken_bytes_are_named_by_line() -> None:
    filler = "".join(f"{n},2026-01-01,1\n" for n in range(200)).encode()
    content = "工号,日期,数值\n".encode() + b"a\x00b,2026-01-01,1\n" + b"c\xff\xffd,2026-01-01,1\n" + filler
    sheet = read(content, COLUMNS)
    assert [(p.line, p.field) for p in sheet.problems] == [(2, "工号"), (3, "工号")]
    assert sheet.table.num_rows == 200


@pytest.mark.parametrize("ends", ["", "\n", "\r\n", "\r"])
@pytest.mark.parametrize("rows", [1, 2])
def test_the_last_row_needs_no_line_end(ends: str, rows: int) -> None:
    lines = ["工号,日期,数值", *["1,2026-01-01,5"] * rows]
    sheet = read(((ends or "\n").join(lines) + ends).encode(), COLUMNS)
    assert (sheet.rows, sheet.problems) == (rows, [])


def test_totals_are_left_out_only_when_declared() -> None:
    content = "工号,日期,数值\n1,2026-01-01,1\n工号,日期,数值\n合计,,1\n人民币合计,,1\n".encode()
    plainly = read(content, COLUMNS)
    assert sorted({problem.line for problem in plainly.problems}) == [4, 5]
    declared = read(content, COLUMNS, Options(skip_totals=True))
    assert (declared.problems, declared.rows, declared.skipped) == ([], 1, 3)


def test_a_closing_remark_alone_in_its_row_is_left_out_when_declared() -> None:
    remarks = "以上数据仅供参考|具体内容请以柜台为准,,\n制表人：张三\n"
    content = f"工号,日期,数值\n说明员,2026-01-01,1\n{remarks}".encode()
    declared = read(content, COLUMNS, Options(skip_totals=True))
    assert (declared.problems, declared.rows, declared.skipped) == ([], 1, 2)
    assert sorted({problem.line for problem in read(content, COLUMNS).problems}) == [3, 4]


def test_many_problems_each_with_line_field_and_value() -> None:
    text = "工号,日期,数值\n" + "x,昨天,很多\n" * 1000
    problems = read(text.encode(), COLUMNS).problems
    assert len(problems) == 2000
    assert (problems[0].line, problems[0].field, problems[0].value) == (2, "日期", "昨天")
    assert (problems[-1].line, problems[-1].field, problems[-1].value) == (1001, "数值", "很多")


def workbook() -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["导出"])
    sheet.write_row(2, 0, ["工号", "日期", "数值"])
    sheet.write_string(3, 0, "00017")
    sheet.write_datetime(3, 1, date(2026, 9, 30), book.add_format({"num_format": "yyyy-mm-dd"}))
    sheet.write_number(3, 2, 0.1 + 0.2)
    sheet.write_row(4, 0, [18, 46295, 1e-7])
    book.close()
    return target.getvalue()


def test_workbooks_are_read_with_their_row_numbers() -> None:
    sheet = read(workbook(), COLUMNS)
    assert sheet.problems == []
    rows = sheet.table.to_pylist()
    assert [row["line"] for row in rows] == [4, 5]
    assert [row["number"] for row in rows] == ["00017", "18"]
    assert [row["day"] for row in rows] == [date(2026, 9, 30)] * 2
    assert [row["value"] for row in rows] == [Decimal("0.3"), Decimal("0.0000001")]


def test_a_cut_workbook_is_refused() -> None:
    assert "工作簿" in refusal(workbook()[:900]).message


def test_the_preview_shows_the_first_rows_as_they_stand() -> None:
    seen = preview(("工号,日期,数值\n" + "1,x,￥2\n" * 50).encode("gbk"), COLUMNS)
    assert len(seen.rows) == 20
    assert (seen.rows[0].line, seen.rows[0].cells) == (2, ["1", "x", "￥2"])
    assert seen.layout.encoding == "gb18030"


@pytest.mark.parametrize(
    ("written", "wanted", "times"),
    [
        ("万元", "元", "10000"),
        ("元", "万元", "0.0001"),
        ("", "%", "1"),
        ("%", "%", "1"),
        ("%", "元", None),
        ("户", "笔", None),
    ],
)
def test_units_convert_or_are_refused(written: str, wanted: str, times: str | None) -> None:
    assert factor(written, wanted) == (None if times is None else Decimal(times))


def test_no_cell_becomes_a_formula_and_figures_stay() -> None:
    content = csv_text(["工号", "数值"], [["=1+1", "-5"], ["@x", "12"]]).decode("utf-8-sig")
    assert content == "工号,数值\r\n'=1+1,-5\r\n'@x,12\r\n"


@given(st.text(max_size=20).filter(lambda text: not text.startswith("'")))
def test_a_guarded_cell_is_mended_back(text: str) -> None:
    assert mended(safe_cell(text)) == text


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)


@settings(max_examples=60)
@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=12))
def test_what_is_written_is_read_back_with_its_lines(rows: list[list[str]]) -> None:
    text = csv_text(["一", "二"], rows).decode("utf-8-sig")
    found = list(Splitter(",").rows(iter(io.StringIO(text, newline=""))))[1:]
    assert [row.cells for row in found] == [[safe_cell(cell) for cell in row] for row in rows]
    assert [row.line for row in found] == list(range(2, len(rows) + 2))
