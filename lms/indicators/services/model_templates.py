"""The import and the entry template of a data model: files whose headings are read back as they are."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from lms.core.textfile import csv_text
from lms.indicators.models import DataField, DataModel
from lms.indicators.rules.kinds import FieldKind
from lms.indicators.services.datamodels import fields_in_force

_ROWS = 20_000
"""How many rows of the entry template are prepared."""
_LIST = 255
"""A list of choices may not be longer in a workbook."""


def headings(model: DataModel, language: str) -> list[str]:
    """Return what the columns of a model's files are called, each a spelling that is read back."""
    return [_heading(field, language) for field in fields_in_force(model)]


def _heading(field: DataField, language: str) -> str:
    return field.name_en if language == "en" and field.name_en else field.name_zh


def import_template(model: DataModel, language: str) -> bytes:
    """Return an empty CSV with all headings."""
    return csv_text(headings(model, language), [])


def entry_template(
    model: DataModel, language: str, *, sheet: str, notes: str, explained: Sequence[Sequence[str]]
) -> bytes:
    """Return a workbook to fill in by hand, and to be imported as it is.

    Its first sheet (`sheet`) has the headings alone, with the cells below them prepared; the second one
    (`notes`) the rows of `explained`, which are not read.
    """
    target = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, {"in_memory": True, **plain}) as book:
        page = book.add_worksheet(sheet)
        formats = _formats(book)
        for at, field in enumerate(fields_in_force(model)):
            heading = _heading(field, language)
            page.write_string(0, at, heading, formats["must" if field.required else "may"])
            page.set_column(at, at, max(12, 2 * len(heading) + 2), formats[field.kind])
            rule = _rule(field)
            if rule is not None:
                page.data_validation(1, at, _ROWS, at, rule)
        page.freeze_panes(1, 0)
        told = book.add_worksheet(notes)
        for line, cells in enumerate(explained):
            for at, text in enumerate(cells):
                told.write_string(line, at, text, formats["must" if line == 0 else "text"])
        told.set_column(0, max(map(len, explained), default=1) - 1, 24)
    return target.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    """Return how cells look; numbers of accounts stay text, so that they keep their zeros."""
    return {
        "must": book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1}),
        "may": book.add_format({"bold": False, "bg_color": "#F2F2F2", "border": 1}),
        FieldKind.TEXT: book.add_format({"num_format": "@"}),
        FieldKind.ID: book.add_format({"num_format": "@"}),
        FieldKind.CHOICE: book.add_format({"num_format": "@"}),
        FieldKind.NUMBER: book.add_format({"num_format": "#,##0.00######"}),
        FieldKind.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
    }


def _rule(field: DataField) -> Mapping[str, Any] | None:
    if field.kind is not FieldKind.CHOICE:
        return None
    shown = [spellings[0] if spellings else code for code, spellings in field.choices.items()]
    if any("," in one for one in shown) or len(",".join(shown)) > _LIST:
        return None
    return {"validate": "list", "source": shown, "ignore_blank": not field.required}
