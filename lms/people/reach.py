"""Reach of rows about a person: the unit is where the person is posted on the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from lms.core.dated import valid_on


class _Posted:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, model: Any, units: Select[int], day: date) -> ColumnElement[bool]:
        from lms.people.models import Posting

        posted_there = select(Posting.employee_id).where(
            Posting.org_unit_id.in_(units), valid_on(Posting, day)
        )
        clause: ColumnElement[bool] = getattr(model, self.name).in_(posted_there)
        return clause


def posted(name: str) -> _Posted:
    """Rows whose employee column names somebody posted in the units on the day."""
    return _Posted(name)
