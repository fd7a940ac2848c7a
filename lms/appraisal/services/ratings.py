"""Rating the seven comprehensive indicators: own people only, levels far from the middle with a note."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlalchemy.orm import Session, joinedload

from lms.access.actions import Action
from lms.access.services import Person, narrow
from lms.appraisal.models import Appraisal, ComprehensiveRating, Cycle, CycleState, RatingChange
from lms.appraisal.rules.comprehensive import SEVEN, Mark, problem_of
from lms.core.audit import Acting, record
from lms.core.db import upsert
from lms.core.errors import Forbidden, NotFound, Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.people.models import Employee

Marks = Mapping[int, Sequence[Mark]]
"""Marks by employee id."""


@dataclass(frozen=True)
class Unrated:
    """How far the ratings of a cycle are for the people somebody rates."""

    cycle: Cycle
    people: int
    open: int
    """People who still lack at least one of the seven."""


def rateable(cycle_id: int, person: Person, day: date) -> Select[Appraisal]:
    """Return the select of the people of a cycle whom a person rates, by name; never oneself."""
    statement = (
        select(Appraisal)
        .join(Employee, Employee.id == Appraisal.employee_id)
        .where(Appraisal.cycle_id == cycle_id, _not_myself(person))
        .options(joinedload(Appraisal.employee), joinedload(Appraisal.org_unit))
        .order_by(Employee.sort_key, Employee.id)
    )
    return narrow(statement, Appraisal, person, Action.RATING_GIVE, day)


def rating_cycle(session: Session, cycle_id: int, person: Person, day: date) -> Cycle:
    """Return a cycle in which a person rates somebody.

    Raises:
        NotFound: when there is no such cycle.
        Forbidden: when none of its people are the person's to rate.
    """
    cycle = session.get(Cycle, cycle_id)
    if cycle is None:
        raise NotFound
    if session.scalar(rateable(cycle_id, person, day).limit(1)) is None:
        raise Forbidden
    return cycle


def rated(
    session: Session, cycle_id: int, employee_ids: Collection[int]
) -> dict[int, dict[str, ComprehensiveRating]]:
    """Return the ratings given so far: by employee, then by indicator code."""
    found: dict[int, dict[str, ComprehensiveRating]] = defaultdict(dict)
    rows = session.scalars(
        select(ComprehensiveRating).where(
            ComprehensiveRating.cycle_id == cycle_id, ComprehensiveRating.employee_id.in_(employee_ids)
        )
    )
    for rating in rows:
        found[rating.employee_id][rating.indicator_code] = rating
    return found


def rate(
    session: Session,
    person: Person,
    cycle: Cycle,
    marks: Marks,
    *,
    reason: str = "",
    now: datetime,
    day: date,
) -> int:
    """Save a supervisor's marks and return how many are new or changed; unchanged ones are left alone.

    After the cycle was computed a change needs a reason, and both values are kept.

    Raises:
        Forbidden: when one of the people is not among those the person rates.
        Rejected: with every mark that may not be saved; `field` is "<employee id>-<indicator code>".
        Refused: when the cycle is published, or a late change has no reason.
    """
    allowed = set(
        session.scalars(
            rateable(cycle.id, person, day)
            .with_only_columns(Appraisal.employee_id)
            .where(Appraisal.employee_id.in_(marks))
            .order_by(None)
        )
    )
    if not allowed.issuperset(marks):
        raise Forbidden
    if cycle.state is CycleState.PUBLISHED:
        raise Refused(N_("考核结果已公布，评分不能再改。"))
    _refuse_bad(marks)
    before = rated(session, cycle.id, list(marks))
    changed = 0
    for employee_id, given in marks.items():
        for mark in given:
            old = before.get(employee_id, {}).get(mark.code)
            if _same(old, mark):
                continue
            if cycle.state is CycleState.COMPUTED and not reason.strip():
                raise Refused(N_("考核已计算，修改评分必须写明理由。"))
            _save(session, person, cycle, employee_id, old, mark, reason=reason.strip(), now=now)
            changed += 1
    session.flush()
    if changed:
        record(
            session, person, "appraisal:rating:give", f"cycle:{cycle.id}", people=len(marks), changed=changed
        )
    return changed


def rate_many(session: Session, actor: Acting, cycle: Cycle, marks: Marks, *, now: datetime) -> int:
    """Save many marks at once, without asking whose people they are (imports, the demo bank).

    Raises:
        Rejected: with every mark that may not be saved.
        Refused: when the cycle is not collecting.
    """
    if cycle.state is not CycleState.COLLECTING:
        raise Refused(N_("该考核期不在评分阶段。"))
    _refuse_bad(marks)
    who = actor.actor
    rows = [
        {
            "cycle_id": cycle.id,
            "employee_id": employee_id,
            "indicator_code": mark.code,
            "level": mark.level,
            "note": mark.note.strip(),
            "rater_id": who.account_id,
            "rater_name": who.label[:80],
            "rated_at": now,
        }
        for employee_id, given in marks.items()
        for mark in given
        if mark.level is not None
    ]
    for at in range(0, len(rows), 500):
        upsert(
            session, ComprehensiveRating, rows[at : at + 500], ["cycle_id", "employee_id", "indicator_code"]
        )
    session.expire_all()
    record(session, actor, "appraisal:rating:give", f"cycle:{cycle.id}", people=len(marks), changed=len(rows))
    return len(rows)


def changes_of(session: Session, rating_ids: Collection[int]) -> list[RatingChange]:
    """Return what was changed about ratings after the cycle had been computed, oldest first."""
    return list(
        session.scalars(
            select(RatingChange).where(RatingChange.rating_id.in_(rating_ids)).order_by(RatingChange.id)
        )
    )


def unrated(session: Session, person: Person, day: date) -> list[Unrated]:
    """Return, for each cycle not yet published, how many of one's people still lack some mark."""
    marks = (
        select(ComprehensiveRating.cycle_id, ComprehensiveRating.employee_id)
        .group_by(ComprehensiveRating.cycle_id, ComprehensiveRating.employee_id)
        .having(func.count() >= len(SEVEN))
        .subquery()
    )
    mine = (
        select(
            Appraisal.cycle_id, func.count().label("people"), func.count(marks.c.employee_id).label("done")
        )
        .join(Cycle, Cycle.id == Appraisal.cycle_id)
        .outerjoin(
            marks,
            and_(marks.c.cycle_id == Appraisal.cycle_id, marks.c.employee_id == Appraisal.employee_id),
        )
        .where(Cycle.state != CycleState.PUBLISHED, _not_myself(person))
        .group_by(Appraisal.cycle_id)
    )
    counted = narrow(mine, Appraisal, person, Action.RATING_GIVE, day).subquery()
    rows = session.execute(
        select(Cycle, counted.c.people, counted.c.done)
        .join(counted, counted.c.cycle_id == Cycle.id)
        .order_by(Cycle.rating_due, Cycle.id)
    )
    return [Unrated(cycle, people, people - done) for cycle, people, done in rows]


def _not_myself(person: Person) -> ColumnElement[bool]:
    return true() if person.employee_id is None else Appraisal.employee_id != person.employee_id


def _refuse_bad(marks: Marks) -> None:
    problems: list[Problem] = [
        problem
        for employee_id, given in marks.items()
        for mark in given
        if (problem := problem_of(mark, field=f"{employee_id}-{mark.code}")) is not None
    ]
    if problems:
        raise Rejected(problems)


def _same(old: ComprehensiveRating | None, mark: Mark) -> bool:
    if old is None:
        return mark.level is None
    return old.level == mark.level and old.note == mark.note.strip()


def _save(
    session: Session,
    person: Person,
    cycle: Cycle,
    employee_id: int,
    old: ComprehensiveRating | None,
    mark: Mark,
    *,
    reason: str,
    now: datetime,
) -> None:
    if mark.level is None:
        if cycle.state is CycleState.COMPUTED:
            raise Refused(N_("考核已计算，评分不能清空。"))
        session.delete(old)
        return
    if old is None:
        session.add(
            ComprehensiveRating(
                cycle_id=cycle.id,
                employee_id=employee_id,
                indicator_code=mark.code,
                level=mark.level,
                note=mark.note.strip(),
                rater_id=person.account_id,
                rater_name=person.name,
                rated_at=now,
            )
        )
        return
    if cycle.state is CycleState.COMPUTED:
        session.add(
            RatingChange(
                rating_id=old.id,
                old_level=old.level,
                new_level=mark.level,
                old_note=old.note,
                reason=reason,
                by_name=person.name,
                at=now,
            )
        )
    old.level, old.note = mark.level, mark.note.strip()
    old.rater_id, old.rater_name, old.rated_at = person.account_id, person.name, now
