"""A workbook opened without trust: its sheets as plain cells, formulas and percentages known by place."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from python_calamine import CalamineError, CalamineWorkbook

from lms.scoring.problems import N_, InvalidScheme, Problem

LARGEST = 5 * 1024 * 1024
"""A scheme of a hundred indicators is a hundredth of it."""
UNPACKED = 40 * 1024 * 1024
MOST_PARTS = 300
MOST_ROWS = 20_000
MOST_COLUMNS = 300
MOST_CELLS = 400_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PERCENT_FORMATS = {9, 10}

Place = tuple[int, int]


@dataclass(slots=True)
class Sheet:
    """One sheet: rows of cells as they were typed; places are (row, column) from 0."""

    name: str
    rows: list[list[Any]] = field(default_factory=list)
    formulas: set[Place] = field(default_factory=set)
    percents: set[Place] = field(default_factory=set)
    merged: list[Place] = field(default_factory=list)

    def cell(self, row: int, column: int) -> Any:
        """What stands there; empty text where nothing does."""
        cells = self.rows[row] if row < len(self.rows) else []
        return cells[column] if column < len(cells) else ""


def address(sheet: str, row: int, column: int) -> str:
    """The place as spreadsheets say it: 指标!H7."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{sheet}!{letters}{row + 1}"


def is_workbook(content: bytes) -> bool:
    """Whether these are the bytes of a workbook: xlsx, or the older xls, which is refused in words."""
    return content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def sheets(content: bytes) -> list[Sheet]:
    """Every sheet of a workbook.

    Raises InvalidScheme: too large, damaged, locked by a password, not an xlsx, unreasonably wide or long.
    """
    if len(content) > LARGEST:
        raise _refused(N_("文件超过 %(limit)s 字节"), limit=LARGEST)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refused(N_("旧格式（.xls）或有密码的工作簿：请另存为没有密码的 .xlsx"))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_bomb(archive)
            scanned = list(_scanned(archive))
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for sheet in scanned:
            page = book.get_sheet_by_name(sheet.name)
            sheet.rows = page.to_python(skip_empty_area=False)
            sheet.merged = [start for start, _ in page.merged_cell_ranges or ()]
    except (
        CalamineError,
        DefusedXmlException,
        IndexError,
        KeyError,
        NotImplementedError,
        ParseError,
        RuntimeError,
        UnicodeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        if isinstance(error, InvalidScheme):
            raise
        raise _refused(N_("无法打开工作簿：文件已损坏、被截断或不是 .xlsx")) from error
    return scanned


def _refused(message: str, **params: Any) -> InvalidScheme:
    return InvalidScheme([Problem("", message, params)])


def _refuse_bomb(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_PARTS or sum(entry.file_size for entry in entries) > UNPACKED:
        raise _refused(N_("工作簿解开后过大"))
    if archive.testzip() is not None:  # what is longer than it says fails here
        raise zipfile.BadZipFile


def _scanned(archive: zipfile.ZipFile) -> Iterator[Sheet]:
    """The sheets with the places of formulas and percentages; size is known before a cell is read."""
    percent = _percent_styles(archive)
    targets = {
        link.get("Id", ""): link.get("Target", "") for link in _xml(archive, "xl/_rels/workbook.xml.rels")
    }
    count = 0
    for entry in _xml(archive, "xl/workbook.xml").iter(f"{_MAIN}sheet"):
        path = targets[entry.get(_LINK, "")]
        if "worksheet" not in path:
            continue
        sheet = Sheet(entry.get("name", ""))
        place = path.lstrip("/") if path.startswith("/") else posixpath.normpath(f"xl/{path}")
        with archive.open(place) as part:
            for row, column, cell in _cells(part):
                count += 1
                if row >= MOST_ROWS or column >= MOST_COLUMNS or count > MOST_CELLS:
                    raise InvalidScheme(
                        [
                            Problem(
                                "",
                                N_("工作表太大，最多 %(rows)s 行 %(columns)s 列"),
                                {"rows": MOST_ROWS, "columns": MOST_COLUMNS},
                                cell=address(sheet.name, row, column),
                            )
                        ]
                    )
                if cell.find(f"{_MAIN}f") is not None:
                    sheet.formulas.add((row, column))
                if int(cell.get("s", 0)) in percent and cell.get("t", "n") == "n":
                    sheet.percents.add((row, column))
        yield sheet


def _cells(part: Any) -> Iterator[tuple[int, int, Element]]:
    """(row, column, element) of every cell that holds anything; places may be left out where they follow."""
    row, column = -1, -1
    for event, element in ElementTree.iterparse(part, events=("start", "end")):
        if element.tag == f"{_MAIN}row":
            if event == "start":
                row, column = int(element.get("r", row + 2)) - 1, -1
            else:
                element.clear()
        elif element.tag == f"{_MAIN}c" and event == "end":
            letters = re.match(r"[A-Z]{1,3}", element.get("r", ""))
            column = _column(letters[0]) if letters else column + 1
            if len(element):
                yield row, column, element


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _percent_styles(archive: zipfile.ZipFile) -> set[int]:
    """The numbers of the cell styles that show a percentage."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    styles = _xml(archive, "xl/styles.xml")
    own = {
        int(one.get("numFmtId", 0))
        for one in styles.iter(f"{_MAIN}numFmt")
        if "%" in re.sub(r'"[^"]*"|\\.', "", one.get("formatCode", ""))
    }
    formats = styles.find(f"{_MAIN}cellXfs")
    return {
        index
        for index, one in enumerate(formats if formats is not None else ())
        if int(one.get("numFmtId", 0)) in own | _PERCENT_FORMATS
    }


def _xml(archive: zipfile.ZipFile, name: str) -> Element:
    root: Element = ElementTree.fromstring(archive.read(name))
    return root
