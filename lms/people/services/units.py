"""Opening, moving, closing and merging units, each from a day on; earlier days stay as they were.

What may be done is decided by `rules.Tree`; whoever does many acts hands the same tree to all.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from lms.core.audit import Acting, record
from lms.core.dated import valid_within
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.people.models import Employee, Level, OrgPlacement, OrgUnit, Posting
from lms.people.rules import Place, Tree
from lms.people.rules.tree import listed
from lms.people.services.organisation import find_unit

DEPTH = {level: depth for depth, level in enumerate(Level)}


def tree_of(session: Session) -> Tree:
    """Return the whole tree over all days."""
    parent = aliased(OrgUnit)
    places: dict[str, list[Place]] = defaultdict(list)
    rows = session.execute(
        select(OrgUnit.code, parent.code, OrgPlacement.valid_from, OrgPlacement.valid_to)
        .join(OrgUnit, OrgUnit.id == OrgPlacement.org_unit_id)
        .outerjoin(parent, parent.id == OrgPlacement.parent_id)
    )
    for code, above, first, after in rows:
        places[code].append(Place(code, above, first, after))
    tree = Tree()
    for code, level, name in session.execute(select(OrgUnit.code, OrgUnit.level, OrgUnit.name_zh)):
        tree.add(code, DEPTH[level], name, places[code])
    return tree


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
    tree: Tree | None = None,
) -> OrgUnit:
    """Open a unit under a parent from a day on; only a head office has no parent.

    Raises:
        Refused: when the code is taken or the parent does not suit.
    """
    tree = tree or tree_of(session)
    tree.open(code, DEPTH[level], name_zh, parent.code if parent else None, valid_from)
    unit = OrgUnit(code=code, name_zh=name_zh, name_en=name_en, level=level)
    session.add(unit)
    session.flush()
    _write(session, tree, unit)
    record(session, actor, "people:unit:open", f"org_unit:{unit.id}", code=code, day=valid_from.isoformat())
    return unit


def move_unit(
    session: Session, actor: Acting, unit: OrgUnit, parent: OrgUnit, day: date, *, tree: Tree | None = None
) -> None:
    """Hang a unit under another parent from a day on; earlier days keep the old parent.

    Raises:
        Refused: when the unit is not open on that day or the parent does not suit.
    """
    tree = tree or tree_of(session)
    tree.move(unit.code, parent.code, day)
    _write(session, tree, unit)
    record(session, actor, "people:unit:move", f"org_unit:{unit.id}", parent=parent.code, day=day.isoformat())


def close_unit(
    session: Session,
    actor: Acting,
    unit: OrgUnit,
    day: date,
    *,
    receiver: OrgUnit | None = None,
    tree: Tree | None = None,
) -> None:
    """Close a unit: `day` is the first day without it. Its people and children go to the receiver that day.

    Raises:
        Refused: when it is not open, or people or children are left that nobody receives (they are named).
    """
    _close(session, actor, unit, day, receiver, tree or tree_of(session))
    record(
        session,
        actor,
        "people:unit:close",
        f"org_unit:{unit.id}",
        day=day.isoformat(),
        receiver=receiver.code if receiver else None,
    )


def merge_unit(
    session: Session,
    actor: Acting,
    unit: OrgUnit,
    successor: OrgUnit,
    day: date,
    *,
    tree: Tree | None = None,
) -> None:
    """Close a unit and let its successor take over people and children on that day.

    Raises:
        Refused: as `close_unit`.
    """
    _close(session, actor, unit, day, successor, tree or tree_of(session))
    unit.successor_id = successor.id
    session.flush()
    record(
        session,
        actor,
        "people:unit:merge",
        f"org_unit:{unit.id}",
        day=day.isoformat(),
        successor=successor.code,
    )


def reopen_unit(session: Session, actor: Acting, unit: OrgUnit, parent: OrgUnit, day: date) -> None:
    """Open a closed unit again; on the day of its closing this takes the closing back (its people stay away).

    Raises:
        Refused: when it is open then, or the parent does not suit.
    """
    tree = tree_of(session)
    tree.reopen(unit.code, parent.code, day)
    unit.successor_id = None
    _write(session, tree, unit)
    record(
        session, actor, "people:unit:reopen", f"org_unit:{unit.id}", parent=parent.code, day=day.isoformat()
    )


def correct_unit(
    session: Session,
    actor: Acting,
    unit: OrgUnit,
    *,
    name_zh: str,
    name_en: str | None,
    opened_on: date,
    reason: str,
) -> None:
    """Correct a unit's names or the day it first opened.

    Raises:
        Refused: without a reason, or when the day does not fit places and postings there are.
    """
    if not reason.strip():
        raise Refused(N_("更正须写明理由。"))
    before = {"name_zh": unit.name_zh, "name_en": unit.name_en}
    tree = tree_of(session)
    first = tree.places(unit.code)[0].first
    if opened_on != first:
        tree.begin(unit.code, opened_on)
        posted = session.scalars(
            _posted_people(unit.id).where(Posting.valid_from < opened_on).limit(1)
        ).first()
        if posted is not None:
            raise Refused(N_("%(name)s 在此之前已任职于该机构。"), name=f"{posted.name}（{posted.number}）")
        _write(session, tree, unit)
        before["opened_on"] = first.isoformat()
    unit.name_zh, unit.name_en = name_zh, name_en
    session.flush()
    record(
        session,
        actor,
        "people:unit:correct",
        f"org_unit:{unit.id}",
        before=before,
        after={"name_zh": name_zh, "name_en": name_en, "opened_on": opened_on.isoformat()},
        reason=reason.strip(),
    )


def _close(
    session: Session, actor: Acting, unit: OrgUnit, day: date, receiver: OrgUnit | None, tree: Tree
) -> None:
    postings = list(
        session.scalars(
            select(Posting)
            .where(Posting.org_unit_id == unit.id, valid_within(Posting, day, date.max))
            .order_by(Posting.employee_id, Posting.valid_from)
        )
    )
    if postings and receiver is None:
        told = session.scalars(
            _posted_people(unit.id).where(valid_within(Posting, day, date.max)).order_by(Employee.sort_key)
        )
        raise Refused(
            N_("以下人员在 %(day)s 及以后仍任职于该机构，请先调动或选择接收机构：%(people)s。"),
            day=day.isoformat(),
            people=listed(dict.fromkeys(f"{one.name}（{one.number}）" for one in told)),
        )
    children = tree.close(unit.code, day, receiver.code if receiver else None)
    for code in (unit.code, *children):
        changed = find_unit(session, code)
        assert changed is not None
        _write(session, tree, changed)
    if receiver is None:
        return
    for posting in postings:
        _hand_over(session, posting, receiver, day)
        record(
            session,
            actor,
            "people:employee:post",
            f"employee:{posting.employee_id}",
            unit=receiver.code,
            day=max(posting.valid_from, day).isoformat(),
            because=unit.code,
        )
    session.flush()


def _posted_people(unit_id: int) -> Select[Employee]:
    return (
        select(Employee)
        .join(Posting, Posting.employee_id == Employee.id)
        .where(Posting.org_unit_id == unit_id)
    )


def _hand_over(session: Session, posting: Posting, receiver: OrgUnit, day: date) -> None:
    """Let a posting go on in the receiver from a day on, with the same post and grade."""
    if posting.valid_from >= day:
        posting.org_unit_id = receiver.id
        return
    session.add(
        Posting(
            employee_id=posting.employee_id,
            org_unit_id=receiver.id,
            post_id=posting.post_id,
            grade_id=posting.grade_id,
            valid_from=day,
            valid_to=posting.valid_to,
        )
    )
    posting.valid_to = day


def _write(session: Session, tree: Tree, unit: OrgUnit) -> None:
    """Make a unit's stored places those of the tree."""
    wanted = {place.first: place for place in tree.places(unit.code)}
    stored = {
        row.valid_from: row
        for row in session.scalars(select(OrgPlacement).where(OrgPlacement.org_unit_id == unit.id))
    }
    for first in stored.keys() - wanted.keys():
        session.delete(stored[first])
    codes = {place.parent for place in wanted.values() if place.parent is not None}
    ids = dict(session.execute(select(OrgUnit.code, OrgUnit.id).where(OrgUnit.code.in_(codes))).all())
    for first, place in wanted.items():
        row = stored.get(first)
        if row is None:
            row = OrgPlacement(org_unit_id=unit.id, valid_from=first)
            session.add(row)
        row.parent_id = ids[place.parent] if place.parent is not None else None
        row.valid_to = place.after
    session.flush()
