"""The lists of people and the tree with its counts, as pages show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.core.dated import valid_on
from lms.people.models import Employee, Leave, OrgPlacement, OrgUnit, Posting
from lms.people.services.employees import search_people
from lms.people.services.organisation import subtree


class Standing(StrEnum):
    """Where a person stands on a day."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    COMING = "coming"
    LEFT = "left"


@dataclass(frozen=True)
class PeopleFilter:
    """What a list of people is limited to."""

    words: str = ""
    unit_id: int | None = None
    post_id: int | None = None
    grade_id: int | None = None
    standing: Standing | None = None


def people_list(wanted: PeopleFilter, day: date) -> Select[Employee]:
    """Return the select of people by name, as they stand on a day."""
    listed = search_people(wanted.words) if wanted.words else select(Employee)
    held = [Posting.employee_id == Employee.id, valid_on(Posting, day)]
    if wanted.unit_id is not None:
        held.append(Posting.org_unit_id.in_(subtree(wanted.unit_id, day)))
    if wanted.post_id is not None:
        held.append(Posting.post_id == wanted.post_id)
    if wanted.grade_id is not None:
        held.append(Posting.grade_id == wanted.grade_id)
    if len(held) > 2:
        listed = listed.where(exists().where(*held))
    away = exists().where(Leave.employee_id == Employee.id, valid_on(Leave, day))
    here = (Employee.hired_on <= day) & or_(Employee.left_on.is_(None), Employee.left_on > day)
    if wanted.standing is Standing.LEFT:
        listed = listed.where(Employee.left_on <= day)
    elif wanted.standing is Standing.COMING:
        listed = listed.where(Employee.hired_on > day)
    elif wanted.standing is not None:
        listed = listed.where(here, away if wanted.standing is Standing.ON_LEAVE else ~away)
    return listed.order_by(None).order_by(Employee.sort_key, Employee.id)


def standing_of(employee: Employee, leave: Leave | None, day: date) -> Standing:
    """Return where a person stands on a day, given the leave in force."""
    if employee.hired_on > day:
        return Standing.COMING
    if employee.left_on is not None and employee.left_on <= day:
        return Standing.LEFT
    return Standing.ACTIVE if leave is None else Standing.ON_LEAVE


def leaves_on(session: Session, employee_ids: Collection[int], day: date) -> dict[int, Leave]:
    """Return each person's leave on a day."""
    rows = session.scalars(select(Leave).where(Leave.employee_id.in_(employee_ids), valid_on(Leave, day)))
    return {leave.employee_id: leave for leave in rows}


def coming_postings(session: Session, employee_ids: Collection[int], day: date) -> dict[int, Posting]:
    """Return each person's next posting that begins after a day, with unit and post loaded."""
    rows = session.scalars(
        select(Posting)
        .where(Posting.employee_id.in_(employee_ids), Posting.valid_from > day)
        .options(joinedload(Posting.org_unit), joinedload(Posting.post), joinedload(Posting.grade))
        .order_by(Posting.valid_from.desc())
    )
    return {posting.employee_id: posting for posting in rows}


@dataclass
class Branch:
    """A unit in the tree of a day: its people, those of all units below it, and its children."""

    unit: OrgUnit
    people: int = 0
    total: int = 0
    units: int = 0
    children: list[Branch] = field(default_factory=list)
    hidden: int = 0
    """Children that are not shown, so that the page stays readable."""


def branches(session: Session, units: Select[OrgUnit], day: date, *, limit: int = 400) -> list[Branch]:
    """Return the open units of a select as trees, cut where more than `limit` units would be shown.

    A level is shown whole or not at all; the counts are those of the whole tree.
    """
    open_units = units.join(OrgPlacement, OrgPlacement.org_unit_id == OrgUnit.id).where(
        valid_on(OrgPlacement, day)
    )
    rows = session.execute(open_units.add_columns(OrgPlacement.parent_id).order_by(OrgUnit.code)).all()
    found = {unit.id: Branch(unit) for unit, _ in rows}
    for unit_id, people in session.execute(
        select(Posting.org_unit_id, func.count()).where(valid_on(Posting, day)).group_by(Posting.org_unit_id)
    ):
        if unit_id in found:
            found[unit_id].people = people
    roots: list[Branch] = []
    for unit, parent_id in rows:
        siblings = found[parent_id].children if parent_id in found else roots
        siblings.append(found[unit.id])
    for root in roots:
        _sum(root)
    _cut(roots, limit)
    return roots


def _sum(branch: Branch) -> None:
    for child in branch.children:
        _sum(child)
    branch.total = branch.people + sum(child.total for child in branch.children)
    branch.units = sum(1 + child.units for child in branch.children)


def _cut(roots: list[Branch], limit: int) -> None:
    shown, level = len(roots), roots
    while level:
        below = [child for branch in level for child in branch.children]
        if below and shown + len(below) > limit and level is not roots:
            for branch in level:
                branch.hidden, branch.children = len(branch.children), []
            return
        shown, level = shown + len(below), below


@dataclass(frozen=True)
class Span:
    """When a unit was open: from a day until the day before another, if it was closed."""

    opened_on: date
    closed_on: date | None


def spans_of(session: Session, unit_ids: Iterable[int]) -> dict[int, Span]:
    """Return when units opened first and closed last (None while open)."""
    first: dict[int, date] = {}
    last: dict[int, date | None] = defaultdict(lambda: None)
    rows = session.execute(
        select(OrgPlacement.org_unit_id, OrgPlacement.valid_from, OrgPlacement.valid_to)
        .where(OrgPlacement.org_unit_id.in_(list(unit_ids)))
        .order_by(OrgPlacement.valid_from)
    )
    for unit_id, begins, ends in rows:
        first.setdefault(unit_id, begins)
        last[unit_id] = ends
    return {unit_id: Span(day, last[unit_id]) for unit_id, day in first.items()}
