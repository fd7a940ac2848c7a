"""A scheme version as an Excel workbook, one row an indicator: the data of the YAML file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from lms.scoring import schemefile
from lms.scoring.document import Scheme
from lms.scoring.problems import InvalidScheme
from lms.scoring.workbook import reading
from lms.scoring.workbook.source import LARGEST, is_workbook, sheets
from lms.scoring.workbook.writing import written

__all__ = ["LARGEST", "is_workbook", "read", "write"]


def read(
    content: bytes, *, measures: Collection[str] | None = None, groupings: Collection[str] | None = None
) -> Scheme:
    """The scheme that a workbook describes; measures and groupings are those that exist, None to accept any.

    Raises InvalidScheme with every problem and the sheet, row and column of its cell.
    """
    found = reading.read(sheets(content))
    if found.problems:
        raise InvalidScheme(found.problems)
    try:
        return schemefile.from_data(found.data, measures=measures, groupings=groupings)
    except InvalidScheme as error:
        placed = (replace(problem, cell=found.cell(problem.path)) for problem in error.problems)
        raise InvalidScheme(list({(one.cell, str(one)): one for one in placed}.values())) from error


def write(scheme: Scheme, lang: str = "zh") -> bytes:
    """The workbook of a scheme with headings in `lang` "zh" or "en"; `read` gives the same scheme again.

    Raises InvalidScheme: a text is longer than a cell holds.
    """
    return written(schemefile.to_data(scheme), lang)
