"""Writing text files that a spreadsheet opens safely and that `read` reads back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"^[=+\-@\t\r]")
_FIGURE = re.compile(r"^[+-]?[\d.,]+%?$")


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (figures stay as they are)."""
    return f"'{text}" if _FORMULA.match(text) and not _FIGURE.match(text) else text


def mended(text: str) -> str:
    """Undo `safe_cell`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def csv_text(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a CSV in UTF-8 with a byte order mark and CRLF, as spreadsheets expect it."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([safe_cell(title) for title in titles])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return target.getvalue().encode("utf-8-sig")
