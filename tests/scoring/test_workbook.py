"""A workbook says the scheme that the YAML file says, and tells every mistake by its cell."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from lms.scoring import InvalidScheme, canonical_json, parse, presets, schema, schemefile, workbook
from lms.scoring.document import Scheme
from lms.scoring.workbook import notation, reading, tables, words
from lms.scoring.workbook.notation import Notation
from lms.scoring.workbook.source import LARGEST, MOST_ROWS, UNPACKED, sheets
from lms.scoring.workbook.writing import written
from tests.scoring.build import document, line, section
from tests.scoring.test_properties import schemes
from tests.scoring.test_schemefile import FILE, SHORT, WHOLE

SHIPPED = sorted((Path(__file__).parents[2] / "lms" / "demo" / "schemes").glob("*.yaml"))
RETAIL = schemefile.read(next(path for path in SHIPPED if path.stem == "retail").read_bytes())
Rows = dict[str, list[list[Any]]]
Percent = set[tuple[str, int, int]]


def rows_of(scheme: Scheme, lang: str = "zh") -> Rows:
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook.write(scheme, lang)))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def file_of(rows: Rows, *, percent: Percent | None = None, merge: str = "", sheet: str = "指标") -> bytes:
    """A workbook of plain cells, as another program would save it; what begins with = is a formula."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "m/d"}) as book:
        shown = book.add_format({"num_format": "0.0%"})
        for name, lines in rows.items():
            page = book.add_worksheet(name)
            for row, cells in enumerate(lines):
                for column, cell in enumerate(cells):
                    if cell != "":
                        page.write(
                            row, column, cell, shown if (name, row, column) in (percent or ()) else None
                        )
            if merge and name == sheet:
                page.merge_range(merge, "")
    return target.getvalue()


def changed(change: Callable[[Rows], None], scheme: Scheme = RETAIL) -> Rows:
    rows = rows_of(scheme)
    change(rows)
    return rows


def told(content: bytes) -> list[tuple[str, str]]:
    with pytest.raises(InvalidScheme) as caught:
        workbook.read(content)
    return [(one.cell, one.message % one.params) for one in caught.value.problems]


def column(rows: list[list[Any]], code: str) -> int:
    return rows[1].index(code)


def put(sheet: str, row: int, code: str, value: Any) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[sheet][row][column(rows[sheet], code)] = value

    return change


@pytest.mark.requirement("7.17")
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scheme_goes_out_and_in_again(path: Path, lang: str) -> None:
    scheme = schemefile.read(path.read_bytes())
    content = workbook.write(scheme, lang)
    assert canonical_json(workbook.read(content)) == canonical_json(scheme)
    assert content == workbook.write(scheme, lang)


def test_the_complete_files_of_the_handbook_go_out_and_in_again() -> None:
    for text in [*WHOLE, FILE]:
        scheme = schemefile.read(text)
        assert workbook.read(workbook.write(scheme)) == scheme


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
ODD = (
    *(
        "无",
        "none",
        "=1+1",
        "+1",
        "@x",
        "-",
        '"a"',
        '"',
        "{}",
        "[1]",
        " a ",
        "1",
        "1.10",
        "true",
        "2026-11-24",
    ),
    *("a；b → 1", "_x0041_", "a\r\nb", "\ufffe", "12%", "[0.8, 1] 表", "\u3000"),
)
odd = st.sampled_from(ODD)


@pytest.mark.requirement("7.17")
@given(schemes(), texts | odd, texts | odd, st.floats(-1e9, 1e9))
def test_whatever_the_scheme_says_is_read_back(
    data: dict[str, Any], name: str, other: str, figure: float
) -> None:
    lines = [one for part in data["sections"] for one in part["indicators"]]
    lines[0] |= {"clause": "1.10", "name_en": other, "unit": name}
    for item in lines[0].get("coefficients", []):
        item["source"] = name
    first = data["sections"][0]
    own = [{lines[0]["code"]: {"k": 1.2}}] if lines[0].get("coefficients") else [{}]
    scheme = parse(
        data
        | {
            "reason_for_full_business": "x",
            "name_zh": name,
            "clauses": [{"number": "1.10", "text": other}, {"number": "1.1", "text": name}],
            "examples": [
                {
                    "name": name,
                    "facts": {lines[0]["measure"]: figure},
                    "targets": {lines[0]["measure"]: None},
                    "others": [{}, {lines[0]["measure"]: 0.1}],
                    "coefficients": own[0],
                    "expect": {"total": None, "grade": "A", "sections": {first["code"]: 0.3}},
                },
                {
                    "name": name + "2",
                    "facts": {},
                    "expect": {"grade": None, "indicators": {lines[0]["code"]: 3}},
                },
            ],
        }
    )
    content = workbook.write(scheme)
    assert canonical_json(workbook.read(content)) == canonical_json(scheme)
    assert b"<f>" not in b"".join(
        zipfile.ZipFile(io.BytesIO(content)).read(entry) for entry in parts(content) if "sheets/" in entry
    )


def parts(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


@pytest.mark.parametrize("rule", SHORT.values(), ids=SHORT)
def test_a_short_form_has_its_cells(rule: dict[str, Any]) -> None:
    scheme = parse(document(section("S", 100, line("A", 100, **rule))))
    rows = rows_of(scheme)["指标"]
    assert rows[2][column(rows, "rule.preset")] != ""
    assert rows[2][column(rows, "curve.segments")] == rows[2][column(rows, "more")] == ""
    assert workbook.read(workbook.write(scheme)) == scheme


def test_a_table_of_bands_is_typed_in_one_cell() -> None:
    rule = presets.bands([(0.8, 60), (1, 100)], below=0)
    scheme = parse(document(section("S", 100, line("A", 100, **rule))))
    rows = rows_of(scheme)
    at = column(rows["指标"], "rule.table")
    assert rows["指标"][2][at] == "0.8 → 60；1 → 100"
    for typed in (
        "0.8->60; 1->100",
        "０.８：６０\n１：１００",
        "0.8 → 60；\n1 → 100；",
        "[[0.8, 60], [1, 100]]",
    ):
        rows["指标"][2][at] = typed
        assert workbook.read(file_of(rows)) == scheme


def test_a_rule_in_full_is_written_in_words_that_are_read_back() -> None:
    pieces = [
        {"low": None, "high": 1, "points": 100, "slope": 200, "at": 1, "high_closed": True},
        {"low": 1, "high": 1.5, "points": 100, "slope": 50, "at": -1, "low_closed": False},
        {"low": 1.5, "high": None, "points": 225},
    ]
    text = notation.told(Notation.SEGMENTS, pieces)
    assert text == "(-∞, 1] → 100 + 200×(u−1)；(1, 1.5) → 100 + 50×(u+1)；[1.5, +∞) → 225"
    assert notation.read(Notation.SEGMENTS, text) == pieces
    strange = [{"low": None, "high": None, "points": 1, "low_closed": False}]
    assert notation.told(Notation.SEGMENTS, strange).startswith("[{")
    own = [{"name": "region", "source": "表；[1", "value": 1.1, "low": 0.8, "high": None}]
    assert notation.read(Notation.COEFFICIENTS, notation.told(Notation.COEFFICIENTS, own)) == own
    assert notation.read(Notation.COEFFICIENTS, "region ＝ 1 【0.8，1.2】地区系数表") == [
        {"name": "region", "source": "地区系数表", "value": 1, "low": 0.8, "high": 1.2}
    ]
    assert notation.read(Notation.CONDITIONS, "A≥1；B !=-2") == [
        {"measure": "A", "op": "ge", "value": 1},
        {"measure": "B", "op": "ne", "value": -2},
    ]


def test_columns_may_change_places_and_go_where_they_are_empty() -> None:
    def change(rows: Rows) -> None:
        rows["指标"] = [list(reversed(cells)) for cells in rows["指标"]]
        gone = column(rows["等级"], "name_en"), column(rows["等级"], "more")
        rows["等级"] = [[cell for at, cell in enumerate(cells) if at not in gone] for cells in rows["等级"]]
        rows["草稿"] = [["随手记"]]
        del rows["模块"][1]  # the line of codes

    changed_rows = changed(change)
    got, want = workbook.read(file_of(changed_rows)), RETAIL
    assert [one.code for one in got.grades] == [one.code for one in want.grades]
    assert got.sections == want.sections


def test_numbers_are_understood_as_people_type_them() -> None:
    rows = changed(lambda rows: None)
    weight, cap = (column(rows["指标"], code) for code in ("weight", "rule.cap"))
    assert (rows["指标"][2][weight], rows["指标"][2][cap]) == (25, 120)
    rows["指标"][2][weight], rows["指标"][2][cap] = " ２５ ", "1,20"
    assert told(file_of(rows)) == [("指标!AB3 封顶分", "“1,20”不是数字")]
    rows["指标"][2][cap] = "１２０"
    assert workbook.read(file_of(rows)) == RETAIL
    rows["指标"][2][weight] = 0.25
    assert workbook.read(file_of(rows, percent={("指标", 2, weight)})) == RETAIL
    rows["指标"][2][weight] = "25%"
    assert workbook.read(file_of(rows)) == RETAIL


def shift_right(rows: Rows) -> None:
    rows["指标"][2].insert(3, "")


def shift_headings(rows: Rows) -> None:
    rows["指标"][0].insert(3, "")


MISTAKES: list[tuple[str, Callable[[Rows], Any], tuple[str, str]]] = [
    ("a sheet is missing", lambda rows: rows.pop("门槛"), ("", "缺少工作表：门槛（现有：方案、模块、")),
    (
        "an unknown heading",
        lambda rows: rows["等级"][0].append("颜色"),
        ("等级!J1", "不认识的列标题：颜色"),
    ),
    (
        "a needed column is gone",
        lambda rows: rows.update({"等级": [cells[1:] for cells in rows["等级"]]}),
        ("等级!A1", "缺少列：编码"),
    ),
    (
        "a heading twice",
        lambda rows: [cells.append(cells[0]) for cells in rows["等级"]],
        ("等级!J1", "列重复：编码"),
    ),
    ("a row was shifted", shift_right, ("指标!F3 权重（%）", "“万元”不是数字")),
    (
        "headings were shifted",
        shift_headings,
        ("指标!E2", "列标题“英文名称”与下面的代码 unit 不是同一列：可能错位"),
    ),
    (
        "cells beyond the last heading",
        lambda rows: rows["等级"][2].extend(["", "x"]),
        ("等级!K3", "这一格上方没有列标题：内容可能错位"),
    ),
    ("a formula", put("指标", 2, "weight", "=20+5"), ("指标!F3", "单元格是公式：请改为数值")),
    ("no number", put("指标", 2, "weight", "二十五"), ("指标!F3 权重（%）", "“二十五”不是数字")),
    (
        "a number of a clause",
        put("指标", 2, "clause", 2.2),
        ("指标!H3 条款编号", "编号 2.2 是数字，3.10 会变成 3.1："),
    ),
    (
        "an unknown kind of rule",
        put("指标", 2, "rule.preset", "魔法"),
        ("指标!I3 计分方法", "不认识 魔法，可以是："),
    ),
    (
        "no kind of rule",
        put("指标", 2, "rule.preset", ""),
        ("指标!I3 计分方法", "请选择计分方法，或在“分段”列写出全部分段"),
    ),
    (
        "a cell of another rule",
        put("指标", 2, "rule.factor", 3),
        ("指标!L3 每 1 得几分", "计分方法“完成率”不用这一列：请清空"),
    ),
    (
        "a notation",
        put("指标", 2, "coefficients", "地区 1.2"),
        ("指标!AE3 系数", "看不懂“地区 1.2”，请照此书写：region = 1 [0.8, 1.2] 地区系数表"),
    ),
    ("an unknown section", put("指标", 2, "section", "sales"), ("指标!A3 模块编码", "模块表中没有 sales")),
    ("weights", put("指标", 2, "weight", 24), ("模块!A3", "权重合计为 99，应为 100")),
    ("an unknown clause", put("指标", 2, "clause", "9"), ("指标!H3 条款编号", "条款表中没有 9")),
    ("a code", put("指标", 2, "measure", "DEPOSIT AVG"), ("指标!G3 数据来源", "编码 DEPOSIT AVG 不合规：")),
    (
        "an item of an example",
        put("算例", 2, "item", "天气"),
        ("算例!C3 项目", "不认识 天气，可以是：实际值、"),
    ),
    (
        "an example's measure",
        put("算例", 2, "code", "NOWHERE"),
        ("算例!E3 数值", "方案没有用到计量项 NOWHERE"),
    ),
    ("an example without a name", put("算例", 2, "example", ""), ("算例!A3 算例", "不能为空")),
    (
        "an unknown field",
        lambda rows: rows["方案"].append(["颜色", "colour", 1]),
        ("方案!A14", "不认识的字段：colour 颜色"),
    ),
    ("a field twice", lambda rows: rows["方案"].append(["", "code", "X"]), ("方案!A14", "字段重复")),
    (
        "another format",
        lambda rows: rows["方案"][1].__setitem__(2, "other/1"),
        ("方案!C2 数值", "不认识 other/1，可以是：zhixing-scheme/1"),
    ),
]


@pytest.mark.requirement("7.17")
@pytest.mark.parametrize(
    ("change", "want"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES]
)
def test_a_mistake_is_named_with_sheet_row_and_column(
    change: Callable[[Rows], Any], want: tuple[str, str]
) -> None:
    rows = rows_of(RETAIL)
    change(rows)
    cell, message = want
    found = told(file_of(rows))
    assert [one for one in found if one[0] == cell and one[1].startswith(message)], found


def test_a_percentage_that_may_mean_two_things_is_asked_for() -> None:
    rows = rows_of(RETAIL)
    at = column(rows["指标"], "rule.cap")
    rows["指标"][2][at] = 1.2
    want = "单元格是百分数 120%：此列请填普通数字，单位是百分数时填 120，是比率时填 1.2"
    assert told(file_of(rows, percent={("指标", 2, at)})) == [("指标!AB3 封顶分", want)]


def test_merged_cells_and_days_are_refused() -> None:
    rows = rows_of(RETAIL)
    for row in range(3, 6):
        rows["指标"][row][0] = ""
    assert ("指标!A3", "不能使用合并单元格：请取消合并，每行都填") in told(file_of(rows, merge="A3:A6"))
    rows = rows_of(RETAIL)
    rows["指标"][2][column(rows["指标"], "clause")] = date(2026, 3, 1)
    want = "表格软件把内容变成了日期：请先把单元格设为文本格式，再填写"
    assert told(file_of(rows)) == [("指标!H3 条款编号", want)]


def test_what_is_no_workbook_or_too_large_is_refused_before_it_is_read() -> None:
    assert told(b"PK\x03\x04" + b"x" * LARGEST) == [("", f"文件超过 {LARGEST} 字节")]
    assert told(b"\xd0\xcf\x11\xe0")[0][1].startswith("旧格式（.xls）或有密码的工作簿")
    damaged = "无法打开工作簿：文件已损坏、被截断或不是 .xlsx"
    assert told(b"PK\x03\x04 nothing") == [("", damaged)]
    content = workbook.write(RETAIL)
    assert told(content[:-400]) == [("", damaged)]
    assert told(repacked(content, "xl/worksheets/sheet1.xml", b"<worksheet>")) == [("", damaged)]
    entity = b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>'
    assert told(repacked(content, "xl/worksheets/sheet1.xml", entity)) == [("", damaged)]
    bomb = repacked(content, "xl/media/zeros.bin", b"\0" * (UNPACKED + 1))
    assert len(bomb) < LARGEST
    assert told(bomb) == [("", "工作簿解开后过大")]
    far = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet2.xml")
    far = far.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    found = told(repacked(content, "xl/worksheets/sheet2.xml", far))
    assert found == [("模块!XFD1048576", f"工作表太大，最多 {MOST_ROWS} 行 300 列")]


def repacked(content: bytes, name: str, part: bytes) -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, part)
    return target.getvalue()


def test_a_field_that_no_column_knows_travels_as_json() -> None:
    """Whatever a later version of the document adds, it is in the workbook before it has a column."""
    data = schemefile.to_data(RETAIL)
    data["sections"][0]["indicators"][0]["carry"] = {"kind": "shortfall", "cap": 0.5}
    data["sections"][0]["quantiles"] = [0.1, 0.9]
    data["gates"][0]["periods"] = 3
    data["gates"][0]["condition"]["within"] = "2 年"
    data["grades"][0]["admitted"] = {"all": [{"measure": "A", "op": "ge", "value": 1}]}
    data["examples"][0]["history"] = {"DEPOSIT_AVG": [1, None, 2.5]}
    data["examples"][0]["expect"]["rank"] = 1
    data["peers"] = {"by": "unit"}
    found = reading.read(sheets(written(data, "zh")))
    assert found.problems == []
    assert found.data == data


def test_a_new_field_of_the_schema_has_a_column_at_once() -> None:
    grown = {
        "periods": {"type": "integer"},
        "of": {"type": ["string", "object"]},
        "last": {"enum": ["a", "b"]},
    }
    shape = schema.GATE | {"properties": schema.GATE["properties"] | grown}
    found = {column.code: column for column in tables.columns_of(shape)}
    assert [found[name].kind for name in grown] == [tables.Kind.NUMBER, tables.Kind.ANY, tables.Kind.WORD]
    assert found["last"].words == ("a", "b")
    assert words.heading("periods", "zh") == "periods"


def test_a_text_longer_than_a_cell_is_refused_when_it_is_written() -> None:
    gate = {"code": "G", "name_zh": "门", "condition": {"measure": "A", "op": "ge", "value": 1}}
    gate |= {"effect": "withhold", "clause_zh": "x", "clause_en": "x" * 40_000}
    scheme = parse(document(section("S", 100, line("A", 100)), gates=[gate]))
    with pytest.raises(InvalidScheme, match="gates/0/clause_en: 太长，最多 32767 个字"):
        workbook.write(scheme)


PAGE = (Path(__file__).parents[2] / "docs" / "handbook" / "scheme-workbook.md").read_text(encoding="utf-8")


def test_the_notations_of_the_handbook_are_read() -> None:
    rows = {
        code: cell for _, code, cell in re.findall(r"^\| (\S+) `([a-z._]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    }
    columns = {column.code: column for column in all_columns()}
    assert rows.keys() == {"rule.table", "curve.segments", "coefficients", "also", "zero_denominator"}
    for code, cell in rows.items():
        kind = columns[code].notation
        for text in re.findall(r"`([^`]+)`", cell) if kind else ():
            if len(text) > 3:
                assert notation.told(kind, notation.read(kind, text)) in (text, "0.8 → 60；1 → 100")


def test_the_handbook_names_every_sheet() -> None:
    for chinese, english in words.SHEETS.values():
        assert f"| {chinese} {english} |" in PAGE


def all_columns() -> Iterator[tables.Column]:
    yield from tables.top()
    yield from tables.indicators()
    for name in tables.tables_of_items():
        yield from tables.plain(name) if name != "examples" else ()


def test_columns_and_choices_have_chinese_words_of_their_own() -> None:
    groups = [
        tables.top(),
        tables.indicators(),
        *(tables.plain(name) for name in ("sections", "gates", "grades")),
    ]
    for group in groups:
        heads = [words.heading(one.code, "zh") for one in group]
        assert len(set(heads)) == len(heads)
    for field, choices in words.CHOICES.items():
        assert len(set(choices.values())) == len(choices), field
    unknown = [one.code for one in all_columns() if one.code not in words.HEADINGS]
    assert unknown == []
