"""Reach of rows about people and units: whom and what a role over units sees on a day.

Who left, who is yet to come, and units that were closed stay with the units where they were
last, or will be first: history does not vanish from those who answer for it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

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


class _LastPosted:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, model: Any, units: Select[int], day: date) -> ColumnElement[bool]:
        from lms.people.models import Posting

        posted_there = select(Posting.employee_id).where(
            Posting.org_unit_id.in_(units), nearest(Posting, Posting.employee_id, day)
        )
        clause: ColumnElement[bool] = getattr(model, self.name).in_(posted_there)
        return clause


def nearest(model: Any, key: Any, day: date) -> ColumnElement[bool]:
    """Return the clause for one row a key: in force on a day, else begun last, else beginning first."""
    other = aliased(model)
    same = getattr(other, key.key) == key
    begun_later = exists().where(same, other.valid_from > model.valid_from, other.valid_from <= day)
    begun_before = exists().where(same, other.valid_from < model.valid_from)
    return and_(~begun_later, or_(model.valid_from <= day, ~begun_before))


def hung(model: Any, units: Select[int], day: date) -> ColumnElement[bool]:
    """Units that are given, and those closed or yet to open whose nearest place is below them."""
    from lms.people.models import OrgPlacement

    tree = units.cte(recursive=True)
    below = (
        select(OrgPlacement.org_unit_id)
        .join(tree, OrgPlacement.parent_id == tree.c[0])
        .where(nearest(OrgPlacement, OrgPlacement.org_unit_id, day))
    )
    tree = tree.union(below)
    clause: ColumnElement[bool] = model.id.in_(select(tree.c[0]))
    return clause


def posted(name: str) -> _Posted:
    """Rows whose employee column names somebody posted in the units on the day."""
    return _Posted(name)


def last_posted(name: str) -> _LastPosted:
    """Rows whose employee column names somebody posted in the units, or there last or first to be."""
    return _LastPosted(name)
