"""From the plain data of a scheme file to a workbook that people read and fill in."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter

from lms.scoring.problems import InvalidScheme, Problem
from lms.scoring.workbook import cells, tables, words
from lms.scoring.workbook.cells import Cell
from lms.scoring.workbook.problem import CellError
from lms.scoring.workbook.reading import EXAMPLE_COLUMNS, NEEDED
from lms.scoring.workbook.tables import MORE, Column, Kind, Path

_ROWS = 500
"""So many rows below the headings have drop-down lists."""
_LONGEST_LIST = 255
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDE = {
    "clause_zh",
    "clause_en",
    "text",
    "rule.table",
    "curve.segments",
    "coefficients",
    "also",
    MORE,
    "example",
}
_COLOURS = {"rule": "#E2EFDA", "curve": "#FFF2CC"}
_GONE = object()


@dataclass(frozen=True, slots=True)
class _Page:
    """A sheet to be written: its columns and rows of cells."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | None]]


def written(data: Mapping[str, Any], lang: str) -> bytes:
    """The workbook of a file's plain data, with headings in `lang` "zh" or "en".

    Raises InvalidScheme: a text is longer than a cell holds.
    """
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        # The same scheme gives the same file.
        book.set_properties({"title": str(data.get("name_zh", "")), "created": datetime(2000, 1, 1)})  # noqa: DTZ001
        looks = _looks(book)
        pages = list(_pages(data, lang))
        _write_scheme(book, looks, data, lang)
        for page in pages:
            _write_page(book, looks, page, pages, lang)
        _write_help(book, looks, pages, lang)
    return target.getvalue()


def _pages(data: Mapping[str, Any], lang: str) -> Iterator[_Page]:
    known = tables.tables_of_items()
    for name in (*NEEDED[1:], *(name for name in known if name not in NEEDED)):
        if name == "examples":
            yield _Page(name, _example_columns(), list(_example_rows(data.get(name, []), lang)))
            continue
        columns = tables.indicators() if name == "indicators" else tables.plain(name)
        if name == "indicators":
            items = [
                ({"section": section["code"]} | line, f"sections/{index}/indicators/{number}")
                for index, section in enumerate(data["sections"])
                for number, line in enumerate(section["indicators"])
            ]
        else:
            items = [(one, f"{name}/{index}") for index, one in enumerate(data.get(name, []))]
        if name == "sections":
            items = [
                ({key: part for key, part in one.items() if key != "indicators"}, at) for one, at in items
            ]
        yield _Page(name, columns, [_cells(columns, one, at, lang) for one, at in items])


def _cells(columns: Sequence[Column], item: Mapping[str, Any], at: str, lang: str) -> list[Cell | None]:
    """The cells of an item; what no column has goes into the last one."""
    rest, row = _copy(item), list[Cell | None]()
    for column in columns:
        path, value = _taken(rest, column)
        empty = value is _GONE or (value is None and path[:1] != ("rule",) and not column.required)
        if column.code == MORE:
            left = _pruned(rest)
            empty, value = not left, left
        row.append(None if empty else _cell(column, value, f"{at}/{'/'.join(path)}".rstrip("/"), lang))
    return row


def _cell(column: Column, value: Any, path: str, lang: str) -> Cell:
    try:
        return cells.told(column, value, lang)
    except CellError as error:
        raise InvalidScheme([Problem(path, error.message, error.params)]) from error


def _taken(item: dict[str, Any], column: Column) -> tuple[Path, Any]:
    """The value of the column's first place that the item has, which is taken out of it."""
    for path in column.paths if column.code != MORE else ():
        inner: Any = item
        for name in path[:-1]:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and path[-1] in inner:
            return path, inner.pop(path[-1])
    return (), _GONE


def _copy(value: Any) -> Any:
    return {name: _copy(part) for name, part in value.items()} if isinstance(value, Mapping) else value


def _pruned(value: Any) -> Any:
    """What is left, without objects that were emptied."""
    if not isinstance(value, dict):
        return value
    kept = {name: _pruned(part) for name, part in value.items()}
    return {name: part for name, part in kept.items() if part != {}}


def _example_columns() -> list[Column]:
    kinds = {"person": Kind.NUMBER, "item": Kind.WORD, "value": Kind.NUMBER}
    fields = tuple(tables.example_fields())
    return [
        Column(code, ((code,),), kinds.get(code, Kind.TEXT), words=fields if code == "item" else ())
        for code in EXAMPLE_COLUMNS
    ]


def _example_rows(examples: Sequence[Mapping[str, Any]], lang: str) -> Iterator[list[Cell | None]]:
    for index, example in enumerate(examples):
        for person, item, code, column, value in _figures(example):
            label = item if item == MORE else words.choice("item", item, lang)
            at = f"examples/{index}"
            told = None if value is _GONE else _cell(column, value, at, lang)
            name = _cell(tables.SECTION, example["name"], at, lang)
            yield [name, person or None, label, code or None, told]


def _figures(example: Mapping[str, Any]) -> Iterator[tuple[int, str, str, Column, Any]]:
    """(person, item, code, column, value) of everything that an example says."""
    rest = _copy({name: value for name, value in example.items() if name not in ("name", "others")})
    facts = tables.example_fields()["facts"][1]
    for item, (deep, column) in tables.example_fields().items():
        _, found = _taken(rest, column)
        if found is not _GONE:
            for codes, value in _by_code(found, deep):
                yield 0, item, codes, column, value
        if item != "facts":
            continue
        for number, other in enumerate(example.get("others", []), start=1):
            for measure, value in other.items() or [("", _GONE)]:
                yield number, "facts", measure, facts, value
    if left := _pruned(rest):
        yield 0, MORE, "", tables.plain("examples")[-1], left


def _by_code(value: Any, deep: int) -> Iterator[tuple[str, Any]]:
    if not deep:
        yield "", value
        return
    for code, inner in value.items():
        for codes, one in _by_code(inner, deep - 1):
            yield f"{code}/{codes}".rstrip("/"), one


def _looks(book: Any) -> dict[str, Any]:
    head = {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter", "bg_color": "#DCE6F1"}
    code = {"font_size": 8, "font_color": "#7F7F7F", "border": 1, "text_wrap": True, "valign": "top"}
    looks = {
        "head": book.add_format(head),
        "code": book.add_format(code),
        "text": book.add_format({"num_format": "@", "valign": "top", "text_wrap": True}),
        "number": book.add_format({"num_format": "General", "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
    }
    for group, colour in _COLOURS.items():
        looks[f"head.{group}"] = book.add_format(head | {"bg_color": colour})
    return looks


def _write_scheme(book: Any, looks: Mapping[str, Any], data: Mapping[str, Any], lang: str) -> None:
    page = book.add_worksheet(words.sheet("scheme", lang))
    lists = {*tables.tables_of_items()}
    row_of = _cells(tables.top(), {name: part for name, part in data.items() if name not in lists}, "", lang)
    for at, code in enumerate(("item", "code", "value", "note")):
        page.write_string(0, at, words.heading(code, lang), looks["head"])
    shown = [one for one in zip(tables.top(), row_of, strict=True) if one[0].code != MORE or one[1]]
    for row, (column, cell) in enumerate(shown, start=1):
        page.write_string(row, 0, words.heading(column.code, lang), looks["text"])
        page.write_string(row, 1, column.code, looks["code"])
        _write_cell(page, row, 2, cell, looks["number" if column.kind is Kind.NUMBER else "text"])
        page.write_string(row, 3, _about(column, lang), looks["text"])
        _validate(page, column, row, row, 2, lang)
    page.set_column(0, 0, 22)
    page.set_column(1, 1, 24)
    page.set_column(2, 3, 50)
    page.freeze_panes(1, 2)


def _write_page(book: Any, looks: Mapping[str, Any], page: _Page, pages: Sequence[_Page], lang: str) -> None:
    sheet = book.add_worksheet(words.sheet(page.name, lang))
    for at, column in enumerate(page.columns):
        group = column.code.split(".")[0]
        heading = words.heading(column.code, lang)
        sheet.write_string(0, at, heading, looks.get(f"head.{group}", looks["head"]))
        sheet.write_string(1, at, column.code, looks["code"])
        look = looks["number" if column.kind in (Kind.NUMBER, Kind.PERCENT) else "text"]
        used = [str(row[at]) for row in page.rows if row[at] is not None]
        unused = {"hidden": True} if column.code == MORE and not used else None
        sheet.set_column(at, at, _width(column, heading, used), look, unused)
        _validate(sheet, column, 2, _ROWS, at, lang, _codes_of(column, page, pages, lang))
        for line, row in enumerate(page.rows, start=2):
            _write_cell(sheet, line, at, row[at], look)
    sheet.set_row(0, 32)
    sheet.freeze_panes(2, {"indicators": 3, "clauses": 1, "examples": 1}.get(page.name, 2))


def _write_cell(sheet: Any, row: int, column: int, cell: Cell | None, look: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, column, cell, look)
    elif cell is not None:
        sheet.write_number(row, column, cell, look)


def _width(column: Column, heading: str, used: Sequence[str]) -> int:
    """Wide enough for most of what stands in it: a hanzi is two letters wide."""
    least = min(16, 2 * len(heading) + 2)
    longest = max((sum(1 + (ord(one) > 255) for one in text) for text in used), default=0)
    return max(least, min(longest + 2, 46 if column.code in _WIDE else 24))


def _codes_of(column: Column, page: _Page, pages: Sequence[_Page], lang: str) -> str:
    """The cells that a column's codes are chosen from."""
    source = {"section": "sections", "grade": "grades", "clause": "clauses"}.get(column.code, "")
    if column.code == "moves_to" and page.name == "indicators":
        source = "indicators"
    other = next((one for one in pages if one.name == source), None)
    if other is None:
        return ""
    at = next(at for at, one in enumerate(other.columns) if one.code in ("code", "number"))
    letter = chr(65 + at)
    return f"='{words.sheet(source, lang)}'!${letter}$3:${letter}${_ROWS + 1}"


def _validate(
    sheet: Any, column: Column, first: int, last: int, at: int, lang: str, source: str = ""
) -> None:
    """The drop-down list of a column, and what one reads when its cells are chosen."""
    choices = _choices(column, lang)
    rule: dict[str, Any] = {"validate": "any", "ignore_blank": True}
    if source or (choices and sum(map(len, choices)) + len(choices) <= _LONGEST_LIST):
        rule |= {"validate": "list", "source": source or choices, "error_type": "warning"}
    if column.kind is Kind.WORD_OR_POINTS:
        rule["error_type"] = "information"
    if note := words.note(column.code, lang):
        rule |= {"input_title": words.heading(column.code, lang)[:32], "input_message": note[:255]}
    if len(rule) > 2:
        sheet.data_validation(first, at, last, at, rule)


def _choices(column: Column, lang: str) -> list[str]:
    if column.kind is Kind.FLAG:
        return [words.FLAGS[one][lang == "en"] for one in (True, False)]
    return [words.choice(cells.field_of(column), one, lang) for one in column.words]


def _about(column: Column, lang: str) -> str:
    note, choices = words.note(column.code, lang), "、".join(_choices(column, lang))
    return " ".join(part for part in (choices, note) if part)


def _write_help(book: Any, looks: Mapping[str, Any], pages: Sequence[_Page], lang: str) -> None:
    """How to fill the workbook in, and every column with what may stand in it."""
    sheet = book.add_worksheet(words.sheet("help", lang))
    for row, line in enumerate(words.HELP["en" if lang == "en" else "zh"]):
        sheet.write_string(row, 0, line, looks["title"] if row == 0 else None)
    row = len(words.HELP["zh"]) + 1
    for at, code in enumerate(("sheet", "item", "code", "note")):
        sheet.write_string(row, at, words.heading(code, lang), looks["head"])
    for page in pages:
        for column in page.columns:
            row += 1
            told = (
                words.sheet(page.name, lang),
                words.heading(column.code, lang),
                column.code,
                _about(column, lang),
            )
            for at, text in enumerate(told):
                sheet.write_string(row, at, text, looks["text"])
    sheet.set_column(0, 0, 12)
    sheet.set_column(1, 2, 26)
    sheet.set_column(3, 3, 90)
