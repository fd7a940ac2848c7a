"""Half-open days `[valid_from, valid_to)`: the clauses; the check is in `spans`."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_


def valid_on(model: Any, day: date) -> ColumnElement[bool]:
    """Return the clause for rows in force on a day; an empty `valid_to` means still in force."""
    return and_(model.valid_from <= day, or_(model.valid_to.is_(None), model.valid_to > day))


def valid_within(model: Any, first: date, after: date) -> ColumnElement[bool]:
    """Return the clause for rows in force on at least one day of `[first, after)`."""
    return and_(model.valid_from < after, or_(model.valid_to.is_(None), model.valid_to > first))
