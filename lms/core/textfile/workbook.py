"""Workbooks: xlsx and the older binary xls, a sheet chosen by name, cells as a person typed them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO

from python_calamine import CalamineError, CalamineWorkbook

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile.rows import Row

UNPACKED_LIMIT = 400 * 1024 * 1024
FILE_LIMIT = 100 * 1024 * 1024
_EXACT_FIGURES = 10**15
_UNCOUNTED = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]+\d+)"[^>]*>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
"""A formula that no program has worked out: there is no value beside it."""


def is_workbook(head: bytes) -> bool:
    """Whether these are the first bytes of a workbook (xlsx, or the older binary xls)."""
    return head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


class Workbook:
    """An opened workbook and the one sheet of it that is read.

    Raises:
        Rejected: it is damaged, protected, unreasonably large, has no such sheet, or the sheet
            holds formulas without values.
    """

    def __init__(self, stream: IO[bytes], sheet: str | None = None) -> None:
        content = stream.read(FILE_LIMIT + 1)
        if len(content) > FILE_LIMIT:
            raise Rejected([_large()])
        try:
            if content.startswith(b"PK"):
                _refuse_bomb(content)
            self._book = CalamineWorkbook.from_filelike(io.BytesIO(content))
            self.sheets = tuple(self._book.sheet_names)
            if sheet is not None and sheet not in self.sheets:
                message = N_("工作簿中没有名为“%(sheet)s”的工作表，现有：%(sheets)s。")
                raise Rejected([Problem(message, {"sheet": sheet, "sheets": "、".join(self.sheets)})])
            self.sheet = sheet or self.sheets[0]
            self._rows = self._book.get_sheet_by_name(self.sheet).to_python(skip_empty_area=False)
            if content.startswith(b"PK"):
                _refuse_uncounted(content, self.sheets.index(self.sheet))
        except (CalamineError, zipfile.BadZipFile, IndexError, ValueError, KeyError) as error:
            raise Rejected([Problem(N_("无法打开工作簿：文件已损坏、被截断或有密码。"))]) from error

    def rows(self, first: int = 1) -> Iterator[Row]:
        """Give the rows from a line on; numbers and days as plain text."""
        for line, cells in enumerate(self._rows[first - 1 :], start=first):
            yield Row(line, [cell_text(cell) for cell in cells])

    def last(self, count: int) -> list[Row]:
        """Return the last rows that are not blank."""
        found: list[Row] = []
        for line in range(len(self._rows), 0, -1):
            if len(found) == count:
                break
            if any(str(cell).strip() for cell in self._rows[line - 1]):
                found.insert(0, Row(line, [cell_text(cell) for cell in self._rows[line - 1]]))
        return found


Cell = int | float | str | bool | time | date | datetime | timedelta


def cell_text(cell: Cell) -> str:
    """Return a workbook cell as a person would have typed it; whole numbers without `.0`.

    A workbook keeps 15 figures of a number. A longer one is shown as the workbook shows it
    (6.22202123456789E+15): its last figures are lost, so it must not pass for an account number.
    """
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        if abs(cell) >= _EXACT_FIGURES:
            return f"{Decimal(f'{cell:.15g}').normalize():E}"
        return format(Decimal(f"{cell:.15g}"), "f")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _refuse_bomb(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_LIMIT:
            raise Rejected([_large()])


def _refuse_uncounted(content: bytes, index: int) -> None:
    """Name the first formula cells of the sheet that have no value (written by a program, never opened)."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted(
            (name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
            key=lambda name: int(re.sub(r"\D", "", name)),
        )
        if index >= len(names):
            return
        cells = [found.decode() for found in _UNCOUNTED.findall(archive.read(names[index]))]
    if cells:
        shown = "、".join(cells[:5])
        line = int(re.sub(r"\D", "", cells[0]))
        message = N_("单元格 %(cells)s 是没有计算结果的公式：请用表格软件打开并保存一次，再上传。")
        raise Rejected([Problem(message, {"cells": shown}, line=line)])


def _large() -> Problem:
    return Problem(N_("工作簿过大，请拆分后再上传。"))
