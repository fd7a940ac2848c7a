"""From the sheets of a workbook to the plain data of a scheme file, every place known by its cell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lms.scoring import fileschema
from lms.scoring.problems import N_, Problem
from lms.scoring.shortforms import PARTS
from lms.scoring.workbook import cells, tables, words
from lms.scoring.workbook.cells import NOTHING
from lms.scoring.workbook.problem import CellError
from lms.scoring.workbook.source import Sheet, address
from lms.scoring.workbook.tables import MORE, Column, Kind, Path

EXAMPLE_COLUMNS = ("example", "person", "item", "code", "value")
NEEDED = ("scheme", "sections", "indicators", "gates", "grades", "clauses", "examples")


@dataclass(slots=True)
class Found:
    """What a workbook says so far: data, the cell of each of its paths, and what is wrong."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def cell(self, path: str) -> str:
        """The cell of a path, or of the nearest one around it."""
        while path not in self.places and path:
            path = path.rpartition("/")[0]
        return self.places.get(path, "")

    def wrong(self, cell: str, message: str, **params: Any) -> None:
        """Keep a problem of a cell."""
        self.problems.append(Problem("", message, params, cell=cell))


@dataclass(slots=True)
class Table:
    """A sheet of rows: which column of the sheet is which, and where its rows begin."""

    sheet: Sheet
    at: dict[str, int]
    first: int

    def place(self, row: int, code: str = "") -> str:
        """A cell with the heading over it: 指标!F7 权重."""
        column = self.at.get(code, 0)
        told = str(self.sheet.cell(0, column)).strip() if code in self.at else ""
        return f"{address(self.sheet.name, row, column)} {told}".strip()

    def rows(self) -> Iterator[int]:
        """The rows that say anything."""
        for row in range(self.first, len(self.sheet.rows)):
            if any(str(self.sheet.cell(row, column)).strip() for column in self.at.values()):
                yield row


def read(sheets: Sequence[Sheet]) -> Found:
    """What the sheets say; where `problems` stands anything, the data are not whole."""
    found = Found()
    named = _named(sheets)
    lang = "en" if {words.sheet(name, "en") for name in NEEDED} & {sheet.name for sheet in sheets} else "zh"
    if missing := [words.sheet(name, lang) for name in NEEDED if name not in named]:
        shown = {"sheets": "、".join(missing), "found": "、".join(sheet.name for sheet in sheets)}
        found.wrong("", N_("缺少工作表：%(sheets)s（现有：%(found)s）"), **shown)
        return found
    for name, sheet in named.items():
        for row, column in sorted(sheet.formulas):
            found.wrong(
                address(sheet.name, row, column), N_("单元格是公式：请改为数值（复制后选择性粘贴为值）")
            )
        for row, column in sheet.merged:
            found.wrong(address(sheet.name, row, column), N_("不能使用合并单元格：请取消合并，每行都填"))
        if name == "scheme":
            _scheme(sheet, found)
    for name in tables.tables_of_items():
        if name in named and name != "examples":
            _items(name, named[name], found)
    _indicators(named["indicators"], found)
    _examples(named["examples"], found)
    return found


def _named(sheets: Sequence[Sheet]) -> dict[str, Sheet]:
    """The sheets by the names that the code knows; others are somebody's notes."""
    known = {*NEEDED, *tables.tables_of_items()}
    by_word = {word: name for name in known for word in (name, *words.SHEETS.get(name, ()))}
    found: dict[str, Sheet] = {}
    for sheet in sheets:
        name = by_word.get(sheet.name.strip(), by_word.get(sheet.name.strip().lower(), ""))
        if name:
            found.setdefault(name, sheet)
    return found


def _scheme(sheet: Sheet, found: Found) -> None:
    """The sheet of the scheme itself: a row for each field, known by its code or its name."""
    columns = {column.code: column for column in tables.top()}
    by_word = {word: code for code in columns for word in (code, *words.HEADINGS.get(code, ()))}
    table = _table(sheet, ("item", "code", "value"), found, ("value",), two_lines=False)
    found.places[""] = table.place(0)
    seen: set[str] = set()
    for row in table.rows():
        names = [
            str(sheet.cell(row, table.at[name])).strip() for name in ("code", "item") if name in table.at
        ]
        code = next((by_word[name] for name in names if name in by_word), "")
        if not code or code in seen:
            message = N_("字段重复") if code else N_("不认识的字段：%(fields)s")
            found.wrong(table.place(row), message, fields=" ".join(names).strip())
            continue
        seen.add(code)
        value = _value(columns[code], table, row, found, at="value")
        if code == MORE:
            _more(found.data, value, table.place(row, "value"), found)
        elif value is not NOTHING:
            _put(found.data, columns[code].paths[0], value)
            _mark(found, "", columns[code].paths[0], table.place(row, "value"))


def _items(name: str, sheet: Sheet, found: Found) -> None:
    columns = tables.plain(name)
    table = _columns(columns, sheet, found)
    found.places[name] = address(sheet.name, 0, 0)
    found.data[name] = []
    for row in table.rows():
        path = f"{name}/{len(found.data[name])}"
        found.data[name].append(_item(columns, table, row, path, found))
    if name not in NEEDED and not found.data[name]:
        del found.data[name]


def _indicators(sheet: Sheet, found: Found) -> None:
    columns = tables.indicators()
    table = _columns(columns, sheet, found)
    sections = {str(section.get("code")): section for section in found.data["sections"]}
    indexes = {code: index for index, code in enumerate(sections)}
    for index, section in enumerate(found.data["sections"]):
        section["indicators"] = []
        found.places[f"sections/{index}/indicators"] = found.cell(f"sections/{index}")
    for row in table.rows():
        section_code = _value(tables.SECTION, table, row, found)
        if section_code is NOTHING or section_code not in sections:
            message = N_("模块表中没有 %(code)s") if section_code is not NOTHING else N_("不能为空")
            found.wrong(table.place(row, "section"), message, code=section_code)
            continue
        lines = sections[section_code]["indicators"]
        path = f"sections/{indexes[section_code]}/indicators/{len(lines)}"
        lines.append(_item(columns, table, row, path, found))


def _columns(columns: Sequence[Column], sheet: Sheet, found: Found) -> Table:
    codes = [column.code for column in columns]
    return _table(sheet, codes, found, [column.code for column in columns if column.required])


def _item(columns: Sequence[Column], table: Table, row: int, path: str, found: Found) -> dict[str, Any]:
    """The object that a row says."""
    item: dict[str, Any] = {}
    found.places[path] = table.place(row)
    values = {column.code: _value(column, table, row, found) for column in columns if column.code in table.at}
    preset = values.get("rule.preset", NOTHING)
    ruled = any(values.get(code, NOTHING) is not NOTHING for code in ("rule.preset", "curve.segments", MORE))
    if tables.SECTION in columns and not ruled:
        found.wrong(table.place(row, "rule.preset"), N_("请选择计分方法，或在“分段”列写出全部分段"))
    for column in columns:
        value = values.get(column.code, NOTHING)
        if column is tables.SECTION or column.code == MORE:
            continue
        if value is NOTHING:
            if column.required and column.nullable and column.code in table.at:
                _put(item, column.paths[0], None)
            continue
        at = _path_for(column, None if preset is NOTHING else str(preset))
        if at is None:
            message = (
                N_("计分方法“%(preset)s”不用这一列：请清空")
                if preset is not NOTHING
                else N_("没有选择计分方法，这一列应为空")
            )
            shown = words.choice("preset", str(preset), "zh")
            found.wrong(table.place(row, column.code), message, preset=shown)
            continue
        _put(item, at, value)
        _mark(found, path, at, table.place(row, column.code))
    _more(item, values.get(MORE, NOTHING), table.place(row, MORE), found)
    return item


def _more(item: dict[str, Any], more: Any, cell: str, found: Found) -> None:
    """Put what has no column of its own into the item."""
    if isinstance(more, dict):
        _merge(item, more)
    elif more is not NOTHING:
        found.wrong(cell, N_("这里须为 JSON 对象"))


def _path_for(column: Column, preset: str | None) -> Path | None:
    """Where in an indicator a cell stands, None where it may not stand at all."""
    short = [path for path in column.paths if path[0] == "rule"]
    full = [path for path in column.paths if path[0] != "rule"]
    if preset is None:
        return full[0] if full else None
    if not short:
        return None if full[0][0] in PARTS else full[0]
    known = fileschema.PRESET_FIELDS.get(preset)
    if known is None or short[0] == ("rule", "preset"):
        return short[0]
    return next((path for path in short if path[1] in known), None)


_NAME = replace(tables.SECTION, code="example", paths=(("name",),))
_ITEM = Column("item", (("item",),), Kind.WORD, words=tuple(tables.example_fields()))
_CODE = Column("code", (("code",),), Kind.TEXT)
_PERSON = Column("person", (("person",),), Kind.NUMBER)


def _examples(sheet: Sheet, found: Found) -> None:
    """Rows of figures, gathered by example and person."""
    table = _table(sheet, EXAMPLE_COLUMNS, found, ("example", "item", "value"))
    found.places["examples"] = address(sheet.name, 0, 0)
    by_name: dict[str, dict[str, Any]] = {}
    for row in table.rows():
        name, item = _value(_NAME, table, row, found), _value(_ITEM, table, row, found)
        if name is NOTHING:
            found.wrong(table.place(row, "example"), N_("不能为空"))
        elif item != MORE and item not in _ITEM.words:
            allowed = "、".join(words.choice("item", one, "zh") for one in _ITEM.words)
            shown = {"value": "" if item is NOTHING else item, "allowed": allowed}
            found.wrong(table.place(row, "item"), N_("不认识 %(value)s，可以是：%(allowed)s"), **shown)
        else:
            if name not in by_name:
                found.places[f"examples/{len(by_name)}"] = table.place(row)
                by_name[name] = {"name": name, "facts": {}, "expect": {}}
            _figure(by_name[name], f"examples/{list(by_name).index(name)}", str(item), table, row, found)
    found.data["examples"] = list(by_name.values())


def _figure(whole: dict[str, Any], path: str, item: str, table: Table, row: int, found: Found) -> None:
    """Put what one row says into its example."""
    if item == MORE:
        more = _value(tables.plain("examples")[-1], table, row, found, at="value")
        _more(whole, more, table.place(row, "value"), found)
        return
    code, person = _value(_CODE, table, row, found), _value(_PERSON, table, row, found)
    deep, column = tables.example_fields()[item]
    codes = [] if code is NOTHING else str(code).split("/")
    at = (*column.paths[0], *codes)
    if person is not NOTHING:
        at = _other(whole, person, codes, found, table.place(row, "person"))
        if not codes:  # somebody of whom nothing is known
            return
    if len(codes) != deep:
        message = N_("要填编码，系数填“指标/系数名”") if deep else N_("这一项没有编码：请清空")
        found.wrong(table.place(row, "code"), message)
    elif path_of(path, at) in found.places:
        found.wrong(table.place(row), N_("字段重复"))
    else:
        value = _value(column, table, row, found, at="value")
        _put(whole, at, None if value is NOTHING else value)
        found.places[path_of(path, at)] = table.place(row, "value")


def _other(whole: dict[str, Any], person: Any, codes: list[str], found: Found, cell: str) -> Path:
    """The path of a figure of another person of the example; people are numbered from 1."""
    others = whole.setdefault("others", [])
    if not isinstance(person, int) or not 1 <= person <= len(others) + 1:
        found.wrong(cell, N_("同组他人从 1 起依次编号"))
        return ("others", "0", *codes)
    if person > len(others):
        others.append({})
    return ("others", str(person - 1), *codes)


def _table(
    sheet: Sheet, codes: Sequence[str], found: Found, needed: Collection[str], *, two_lines: bool = True
) -> Table:
    """Which column is which, by the headings and the codes below them; no row where it is unclear."""
    by_word = {word: code for code in codes for word in (code, *words.HEADINGS.get(code, ()))}
    width = max((len(row) for row in sheet.rows[:2]), default=0)
    heads = [str(sheet.cell(0, column)).strip() for column in range(width)]
    unders = [str(sheet.cell(1, column)).strip() for column in range(width)]
    coded = two_lines and sum(under in codes for under in unders) * 2 > sum(map(bool, unders))
    count, at = len(found.problems), dict[str, int]()
    for column, (head, under) in enumerate(zip(heads, unders, strict=True)):
        code = by_word.get(head, "")
        if coded and code and under and under != code:
            found.wrong(
                address(sheet.name, 1, column),
                N_("列标题“%(head)s”与下面的代码 %(code)s 不是同一列：可能错位"),
                head=head,
                code=under,
            )
            continue
        code = code or (by_word.get(under, "") if coded else "")
        if code in at:
            found.wrong(address(sheet.name, 0, column), N_("列重复：%(head)s"), head=head or under)
        elif code:
            at[code] = column
        elif head and head not in words.HEADINGS["note"]:
            found.wrong(address(sheet.name, 0, column), N_("不认识的列标题：%(head)s"), head=head)
    if lost := [words.HEADINGS.get(code, (code,))[0] for code in needed if code not in at]:
        found.wrong(address(sheet.name, 0, 0), N_("缺少列：%(heads)s"), heads="、".join(lost))
    first = 2 if coded else 1
    for row, column in _stray(sheet, first, {column for column, head in enumerate(heads) if head}):
        found.wrong(address(sheet.name, row, column), N_("这一格上方没有列标题：内容可能错位"))
    return Table(sheet, at if count == len(found.problems) else {}, first)


def _stray(sheet: Sheet, first: int, headed: set[int]) -> Iterator[tuple[int, int]]:
    """The first cell of each column that has content and no heading."""
    told = set(headed)
    for row in range(first, len(sheet.rows)):
        for column, cell in enumerate(sheet.rows[row]):
            if column not in told and str(cell).strip():
                told.add(column)
                yield row, column


def _value(column: Column, table: Table, row: int, found: Found, at: str = "") -> Any:
    """What the cell of a row says; a problem of the cell counts as nothing."""
    code = at or column.code
    if code not in table.at:
        return NOTHING
    where = table.at[code]
    try:
        percent = (row, where) in table.sheet.percents
        return cells.read(column, table.sheet.cell(row, where), percent=percent)
    except CellError as error:
        found.wrong(table.place(row, code), error.message, **error.params)
        return NOTHING


def path_of(at: str, path: Path) -> str:
    """A path as problems have it."""
    return "/".join((at, *path) if at else path)


def _mark(found: Found, at: str, path: Path, cell: str) -> None:
    for end in range(1, len(path) + 1):
        found.places.setdefault(path_of(at, path[:end]), cell)


def _put(item: Any, path: Path, value: Any) -> None:
    for name in path[:-1]:
        item = item[int(name)] if isinstance(item, list) else item.setdefault(name, {})
    item[path[-1]] = value


def _merge(item: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(item.get(name), dict):
            _merge(item[name], value)
        else:
            item[name] = value
