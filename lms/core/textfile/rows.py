"""From text or a workbook to rows of cells with their true line numbers."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_

_UNPACKED_LIMIT = 400 * 1024 * 1024


class Row(NamedTuple):
    """A row: the line where it begins (1-based), its cells, and whether its quotes hold."""

    line: int
    cells: list[str]
    sound: bool = True


def delimited(text: str, separator: str) -> Iterator[Row]:
    """Split text into rows; a quoted cell may hold separators and line breaks.

    Raises:
        Rejected: a quote is never closed, so that rows can no longer be told apart.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    while True:
        try:
            for cells in reader:
                yield Row(line, cells)
                line = reader.line_num + 1
            return
        except csv.Error as error:
            if reader.line_num > line or "end of data" in str(error) or "limit" in str(error):
                raise Rejected([_open_quote(line)]) from error
            yield Row(line, [], sound=False)
            line = reader.line_num + 1


def _open_quote(line: int) -> Problem:
    return Problem(N_("第 %(line)s 行的引号没有结束：文件被截断或引号有误。"), {"line": line}, line=line)


def is_workbook(content: bytes) -> bool:
    """Whether the bytes are a workbook (xlsx, or the older binary xls)."""
    return content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def workbook(content: bytes) -> Iterator[Row]:
    """Give the rows of the first visible sheet; numbers and days as plain text.

    Raises:
        Rejected: the workbook is damaged, protected or unreasonably large.
    """
    try:
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > _UNPACKED_LIMIT:
                    raise Rejected([Problem(N_("工作簿过大，请拆分后再上传。"))])
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = book.get_sheet_by_index(0)
        for line, cells in enumerate(sheet.to_python(skip_empty_area=False), start=1):
            yield Row(line, [cell_text(cell) for cell in cells])
    except (CalamineError, zipfile.BadZipFile, IndexError, ValueError) as error:
        raise Rejected([Problem(N_("无法打开工作簿：文件已损坏、被截断或有密码。"))]) from error


Cell = int | float | str | bool | time | date | datetime | timedelta


def cell_text(cell: Cell) -> str:
    """Return a workbook cell as a person would have typed it; whole numbers without `.0`."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, float):
        return format(Decimal(f"{cell:.15g}"), "f")
    return cell.isoformat() if isinstance(cell, date) else str(cell)
