"""Reading the tree of org units on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from lms.core.dated import valid_on
from lms.people.models import OrgPlacement, OrgUnit, Posting


def find_unit(session: Session, code: str) -> OrgUnit | None:
    """Return the unit with a code."""
    return session.scalar(select(OrgUnit).where(OrgUnit.code == code))


def subtree(unit_id: int | Select[int], day: date) -> Select[int]:
    """Return the select of the ids of a unit (or units) and everything below on a day."""
    start = unit_id if isinstance(unit_id, Select) else select(OrgUnit.id).where(OrgUnit.id == unit_id)
    tree = start.cte("tree", recursive=True)
    below = (
        select(OrgPlacement.org_unit_id)
        .join(tree, OrgPlacement.parent_id == tree.c[0])
        .where(valid_on(OrgPlacement, day))
    )
    tree = tree.union(below)
    return select(tree.c[0])


def units_under(session: Session, unit_id: int, day: date) -> list[OrgUnit]:
    """Return a unit and all below, by code."""
    return list(
        session.scalars(select(OrgUnit).where(OrgUnit.id.in_(subtree(unit_id, day))).order_by(OrgUnit.code))
    )


def units_open_on(session: Session, day: date) -> list[OrgUnit]:
    """Return every unit there is on a day, by code."""
    placed = select(OrgPlacement.org_unit_id).where(valid_on(OrgPlacement, day))
    return list(session.scalars(select(OrgUnit).where(OrgUnit.id.in_(placed)).order_by(OrgUnit.code)))


def children(session: Session, unit_id: int, day: date) -> list[OrgUnit]:
    """Return the units directly below, by code."""
    return list(
        session.scalars(
            select(OrgUnit)
            .join(OrgPlacement, OrgPlacement.org_unit_id == OrgUnit.id)
            .where(OrgPlacement.parent_id == unit_id, valid_on(OrgPlacement, day))
            .order_by(OrgUnit.code)
        )
    )


def path_to(session: Session, unit_id: int, day: date) -> list[OrgUnit]:
    """Return the units from the head office down to this one on a day."""
    path: list[OrgUnit] = []
    at: int | None = unit_id
    while at is not None:
        path.append(session.get_one(OrgUnit, at))
        at = session.scalar(
            select(OrgPlacement.parent_id).where(OrgPlacement.org_unit_id == at, valid_on(OrgPlacement, day))
        )
    return path[::-1]


def parents_on(session: Session, day: date) -> dict[str, str | None]:
    """Return the code of every open unit's parent on a day; the head office has none."""
    parent = aliased(OrgUnit)
    rows = session.execute(
        select(OrgUnit.code, parent.code)
        .join(OrgPlacement, OrgPlacement.org_unit_id == OrgUnit.id)
        .outerjoin(parent, parent.id == OrgPlacement.parent_id)
        .where(valid_on(OrgPlacement, day))
    )
    return dict(rows.all())


def chain_of(parents: Mapping[str, str | None], code: str) -> tuple[str, ...]:
    """Return the codes from the head office down to a unit; the unit alone when it is not open."""
    chain = [code]
    while (above := parents.get(chain[-1])) is not None:
        chain.append(above)
    return tuple(reversed(chain))


def unit_on(session: Session, employee_id: int, day: date) -> OrgUnit | None:
    """Return the unit in which a person is posted on a day."""
    return session.scalar(
        select(OrgUnit)
        .join(Posting, Posting.org_unit_id == OrgUnit.id)
        .where(Posting.employee_id == employee_id, valid_on(Posting, day))
        .order_by(Posting.id)
        .limit(1)
    )


def pick_unit(session: Session, words: str) -> OrgUnit | None:
    """Return the unit that a person means by its code or by its name, when only one has it."""
    text = words.strip()
    found = find_unit(session, text)
    if found is not None:
        return found
    named = list(
        session.scalars(select(OrgUnit).where(or_(OrgUnit.name_zh == text, OrgUnit.name_en == text)).limit(2))
    )
    return named[0] if len(named) == 1 else None


def open_throughout(session: Session, unit: OrgUnit, first: date, after: date | None) -> bool:
    """Whether a unit is open on every day from `first` until the day before `after`."""
    reached: date | None = first
    places = session.execute(
        select(OrgPlacement.valid_from, OrgPlacement.valid_to)
        .where(OrgPlacement.org_unit_id == unit.id)
        .order_by(OrgPlacement.valid_from)
    )
    for begins, ends in places:
        if reached is not None and begins <= reached and (ends is None or ends > reached):
            reached = ends
    return reached is None or (after is not None and reached >= after)


def placements(session: Session, unit_id: int) -> list[tuple[OrgPlacement, OrgUnit | None]]:
    """Return a unit's places with their parents, the latest first."""
    rows = session.execute(
        select(OrgPlacement, OrgUnit)
        .outerjoin(OrgUnit, OrgUnit.id == OrgPlacement.parent_id)
        .where(OrgPlacement.org_unit_id == unit_id)
        .order_by(OrgPlacement.valid_from.desc())
    )
    return [(placement, parent) for placement, parent in rows]


def merged_into(session: Session, unit_id: int) -> list[OrgUnit]:
    """Return the units that were merged into this one, by code."""
    return list(
        session.scalars(select(OrgUnit).where(OrgUnit.successor_id == unit_id).order_by(OrgUnit.code))
    )
