"""The tree of org units over time."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.core.audit import Acting, record
from lms.core.dated import valid_on
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.people.models import Grade, Level, OrgPlacement, OrgUnit, Post, Posting


def open_unit(
    session: Session,
    actor: Acting,
    *,
    code: str,
    name_zh: str,
    level: Level,
    parent: OrgUnit | None,
    valid_from: date,
    name_en: str | None = None,
) -> OrgUnit:
    """Open a unit under a parent from a day on; only a head office has no parent.

    Raises:
        Refused: when the code is taken or the parent does not suit the level.
    """
    if find_unit(session, code) is not None:
        raise Refused(N_("机构代码 %(code)s 已存在。"), code=code)
    order = list(Level)
    if parent is None and level is not Level.HEAD_OFFICE:
        raise Refused(N_("机构 %(code)s 需要上级机构。"), code=code)
    if parent is not None and order.index(parent.level) >= order.index(level):
        raise Refused(N_("机构 %(code)s 的级别必须低于其上级。"), code=code)
    unit = OrgUnit(code=code, name_zh=name_zh, name_en=name_en, level=level)
    session.add(unit)
    session.flush()
    session.add(
        OrgPlacement(org_unit_id=unit.id, parent_id=parent.id if parent else None, valid_from=valid_from)
    )
    session.flush()
    record(session, actor, "people:unit:open", f"org_unit:{unit.id}", code=code)
    return unit


def move_unit(session: Session, actor: Acting, unit: OrgUnit, parent: OrgUnit, day: date) -> OrgPlacement:
    """Hang a unit under another parent from a day on; earlier days keep the old parent.

    Raises:
        Refused: when the move would make a ring, or the unit is not open on that day.
    """
    current = session.scalar(
        select(OrgPlacement).where(OrgPlacement.org_unit_id == unit.id, valid_on(OrgPlacement, day))
    )
    if current is None:
        raise Refused(N_("机构 %(code)s 在 %(day)s 未开业。"), code=unit.code, day=day.isoformat())
    if parent.id in set(session.scalars(subtree(unit.id, day))):
        raise Refused(N_("机构不能移到自己的下级之下。"))
    if current.valid_from == day:
        current.parent_id = parent.id
        placement = current
    else:
        placement = OrgPlacement(
            org_unit_id=unit.id, parent_id=parent.id, valid_from=day, valid_to=current.valid_to
        )
        current.valid_to = day
        session.add(placement)
    session.flush()
    record(session, actor, "people:unit:move", f"org_unit:{unit.id}", parent=parent.code, day=day.isoformat())
    return placement


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


def unit_on(session: Session, employee_id: int, day: date) -> OrgUnit | None:
    """Return the unit in which a person is posted on a day."""
    return session.scalar(
        select(OrgUnit)
        .join(Posting, Posting.org_unit_id == OrgUnit.id)
        .where(Posting.employee_id == employee_id, valid_on(Posting, day))
        .order_by(Posting.id)
        .limit(1)
    )


def define_post(session: Session, code: str, name_zh: str, series: str, name_en: str | None = None) -> Post:
    """Return the post with a code, defining it when it is new."""
    found = session.scalar(select(Post).where(Post.code == code))
    if found is None:
        found = Post(code=code, name_zh=name_zh, name_en=name_en, series=series)
        session.add(found)
        session.flush()
    return found


def define_grade(session: Session, code: str, name_zh: str, rank: int, name_en: str | None = None) -> Grade:
    """Return the grade with a code, defining it when it is new."""
    found = session.scalar(select(Grade).where(Grade.code == code))
    if found is None:
        found = Grade(code=code, name_zh=name_zh, name_en=name_en, rank=rank)
        session.add(found)
        session.flush()
    return found


def new_post(
    session: Session, actor: Acting, *, code: str, name_zh: str, name_en: str | None, series: str
) -> Post:
    """Define a post.

    Raises:
        Refused: when the code is taken.
    """
    if session.scalar(select(Post.id).where(Post.code == code)) is not None:
        raise Refused(N_("代码 %(code)s 已存在。"), code=code)
    made = define_post(session, code, name_zh, series, name_en)
    record(session, actor, "people:post:define", f"post:{made.id}", code=code)
    return made


def new_grade(
    session: Session, actor: Acting, *, code: str, name_zh: str, name_en: str | None, rank: int
) -> Grade:
    """Define a grade at a place in the order of grades.

    Raises:
        Refused: when the code or the place is taken.
    """
    if session.scalar(select(Grade.id).where(Grade.code == code)) is not None:
        raise Refused(N_("代码 %(code)s 已存在。"), code=code)
    if session.scalar(select(Grade.id).where(Grade.rank == rank)) is not None:
        raise Refused(N_("次序 %(rank)s 已被另一个等级占用。"), rank=rank)
    made = define_grade(session, code, name_zh, rank, name_en)
    record(session, actor, "people:grade:define", f"grade:{made.id}", code=code, rank=rank)
    return made
