"""What happens to a person at the bank: hired, posted, on leave, gone, back; each with its day.

Nothing is deleted but an act that has not come to pass yet, and that is written in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.core.audit import Acting, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.spans import refuse_overlap
from lms.people.models import Employee, Employment, Grade, Leave, OrgUnit, Post, Posting, Sex
from lms.people.rules import Tree, sound_of
from lms.people.services.catalogue import refuse_retired
from lms.people.services.employees import find_employee
from lms.people.services.organisation import open_throughout


def hire(
    session: Session, actor: Acting, *, number: str, name: str, hired_on: date, sex: Sex = Sex.UNSAID
) -> Employee:
    """Take a person into the bank's employ.

    Raises:
        Refused: when the employee number is taken.
    """
    if find_employee(session, number) is not None:
        raise Refused(N_("员工号 %(number)s 已存在。"), number=number)
    employee = Employee(number=number, sex=sex, hired_on=hired_on)
    _call(employee, name)
    session.add(employee)
    session.flush()
    session.add(Employment(employee_id=employee.id, valid_from=hired_on))
    session.flush()
    record(session, actor, "people:employee:hire", f"employee:{employee.id}", number=number)
    return employee


def post(
    session: Session,
    actor: Acting,
    employee: Employee,
    unit: OrgUnit,
    held: Post,
    valid_from: date,
    *,
    grade: Grade | None = None,
    valid_to: date | None = None,
    tree: Tree | None = None,
) -> Posting:
    """Post a person from a day on; the posting in force until then ends the same day.

    Raises:
        Refused: when the person is not employed or is posted later, the unit is not open, or the post
            or grade is retired.
    """
    valid_to = _employed_until(session, employee, valid_from, valid_to)
    refuse_retired(held, valid_from)
    refuse_retired(grade, valid_from)
    is_open = (
        tree.open_throughout(unit.code, valid_from, valid_to)
        if tree
        else open_throughout(session, unit, valid_from, valid_to)
    )
    if not is_open:
        raise Refused(
            N_("机构 %(code)s 在 %(day)s 未开业或之后将关闭。"), code=unit.code, day=valid_from.isoformat()
        )
    others = _postings(session, employee)
    later = next((other for other in others if other.valid_from > valid_from), None)
    if later is not None and (valid_to is None or valid_to > later.valid_from):
        raise Refused(
            N_("员工 %(number)s 已有自 %(day)s 起的任职安排：请登记自该日起的任职，或先取消该安排。"),
            number=employee.number,
            day=later.valid_from.isoformat(),
        )
    wanted = (unit.id, held.id, grade.id if grade else None, valid_to)
    for other in others:
        now = (other.org_unit_id, other.post_id, other.grade_id, other.valid_to)
        if other.valid_from < valid_from and now == wanted:
            raise Refused(
                N_("员工 %(number)s 自 %(day)s 起已是这一任职，没有变化。"),
                number=employee.number,
                day=other.valid_from.isoformat(),
            )
    posting = next((other for other in others if other.valid_from == valid_from), None)
    if posting is None:
        for other in others:
            if other.valid_from < valid_from and (other.valid_to is None or other.valid_to > valid_from):
                other.valid_to = valid_from
        posting = Posting(employee_id=employee.id, valid_from=valid_from)
        session.add(posting)
    posting.valid_to = valid_to
    posting.org_unit_id, posting.post_id = unit.id, held.id
    posting.grade_id = grade.id if grade else None
    session.flush()
    record(
        session,
        actor,
        "people:employee:post",
        f"employee:{employee.id}",
        unit=unit.code,
        post=held.code,
        grade=grade.code if grade else None,
        day=valid_from.isoformat(),
    )
    return posting


def cancel_posting(session: Session, actor: Acting, posting: Posting, reason: str, *, today: date) -> None:
    """Take back a posting that has not begun; the one before it goes on.

    Raises:
        Refused: without a reason, when it has begun, or when there is none before it.
    """
    if not reason.strip():
        raise Refused(N_("取消须写明理由。"))
    if posting.valid_from <= today:
        raise Refused(N_("只能取消尚未生效的任职。"))
    before = session.scalar(
        select(Posting).where(
            Posting.employee_id == posting.employee_id, Posting.valid_to == posting.valid_from
        )
    )
    if before is None:
        raise Refused(N_("这是入职时的任职，不能取消；请改为登记新的任职。"))
    if not open_throughout(session, before.org_unit, posting.valid_from, posting.valid_to):
        raise Refused(N_("原任职机构届时已关闭，不能取消；请改为登记新的任职。"))
    day, until = posting.valid_from, posting.valid_to
    session.delete(posting)
    session.flush()
    before.valid_to = until
    session.flush()
    record(
        session,
        actor,
        "people:posting:cancel",
        f"employee:{before.employee_id}",
        day=day.isoformat(),
        reason=reason.strip(),
    )


def leave_bank(session: Session, actor: Acting, employee: Employee, day: date) -> None:
    """Record that `day` is the first day a person no longer works here; history stays.

    Raises:
        Refused: when the person left already, or has postings or leaves that begin later.
    """
    if employee.left_on is not None:
        raise Refused(
            N_("员工 %(number)s 已于 %(day)s 离职。"),
            number=employee.number,
            day=employee.left_on.isoformat(),
        )
    current = _employments(session, employee)[-1]
    if day <= current.valid_from:
        raise Refused(N_("离职日期必须晚于入职日期。"))
    spans: list[Posting | Leave] = [*_postings(session, employee), *_leaves(session, employee)]
    later = next((one for one in spans if one.valid_from >= day), None)
    if later is not None:
        raise Refused(
            N_("员工 %(number)s 已有自 %(day)s 起的任职或休假安排，请先取消或改期。"),
            number=employee.number,
            day=later.valid_from.isoformat(),
        )
    for one in spans:
        if one.valid_to is None or one.valid_to > day:
            one.valid_to = day
    employee.left_on = current.valid_to = day
    session.flush()
    record(session, actor, "people:employee:leave", f"employee:{employee.id}", day=day.isoformat())


def come_back(
    session: Session,
    actor: Acting,
    employee: Employee,
    unit: OrgUnit,
    held: Post,
    day: date,
    *,
    grade: Grade | None = None,
    tree: Tree | None = None,
) -> None:
    """Take a person back from a day on; on the very day of leaving this takes the leaving back.

    Raises:
        Refused: when the person has not left by then, or cannot be posted so.
    """
    if employee.left_on is None or day < employee.left_on:
        raise Refused(
            N_("员工 %(number)s 在 %(day)s 尚未离职。"), number=employee.number, day=day.isoformat()
        )
    last = _employments(session, employee)[-1]
    if last.valid_to == day:
        last.valid_to = None
    else:
        session.add(Employment(employee_id=employee.id, valid_from=day))
    employee.left_on = None
    session.flush()
    same = next(
        (
            one
            for one in _postings(session, employee)
            if one.valid_to == day
            and (one.org_unit_id, one.post_id, one.grade_id)
            == (unit.id, held.id, grade.id if grade else None)
        ),
        None,
    )
    if same is not None and open_throughout(session, unit, day, None):
        same.valid_to = None
        session.flush()
    else:
        post(session, actor, employee, unit, held, day, grade=grade, tree=tree)
    record(session, actor, "people:employee:return", f"employee:{employee.id}", day=day.isoformat())


def grant_leave(
    session: Session, actor: Acting, employee: Employee, kind: str, valid_from: date, valid_to: date | None
) -> Leave:
    """Record a long absence.

    Raises:
        Refused: when the person is not employed on all its days, or it overlaps another one.
    """
    valid_to = _employed_until(session, employee, valid_from, valid_to)
    spans = [(one.valid_from, one.valid_to) for one in _leaves(session, employee)]
    refuse_overlap([*spans, (valid_from, valid_to)])
    leave = Leave(employee_id=employee.id, kind=kind, valid_from=valid_from, valid_to=valid_to)
    session.add(leave)
    session.flush()
    record(
        session,
        actor,
        "people:leave:grant",
        f"employee:{employee.id}",
        kind=kind,
        first=valid_from.isoformat(),
        after=valid_to.isoformat() if valid_to else None,
    )
    return leave


def end_leave(session: Session, actor: Acting, leave: Leave, day: date, reason: str) -> None:
    """Let a leave end another day than planned: `day` is the first day back; on its first day it is undone.

    Raises:
        Refused: without a reason, before its beginning, or when it would overlap another leave.
    """
    if not reason.strip():
        raise Refused(N_("更正须写明理由。"))
    if day < leave.valid_from:
        raise Refused(N_("结束日期必须晚于开始日期 %(day)s。"), day=leave.valid_from.isoformat())
    employee = session.get_one(Employee, leave.employee_id)
    before = leave.valid_to.isoformat() if leave.valid_to else None
    if day == leave.valid_from:
        session.delete(leave)
    else:
        others = [one for one in _leaves(session, employee) if one is not leave]
        until = _employed_until(session, employee, leave.valid_from, day)
        refuse_overlap([*((one.valid_from, one.valid_to) for one in others), (leave.valid_from, until)])
        leave.valid_to = until
    session.flush()
    record(
        session,
        actor,
        "people:leave:end",
        f"employee:{employee.id}",
        first=leave.valid_from.isoformat(),
        before=before,
        after=day.isoformat(),
        reason=reason.strip(),
    )


def correct_employee(
    session: Session,
    actor: Acting,
    employee: Employee,
    *,
    name: str,
    sex: Sex,
    hired_on: date,
    reason: str,
) -> None:
    """Correct the name, the sex or the first day of a person; the employee number never changes.

    Raises:
        Refused: without a reason, or when a posting or leave begins before the new first day.
    """
    if not reason.strip():
        raise Refused(N_("更正须写明理由。"))
    spans: list[Posting | Leave] = [*_postings(session, employee), *_leaves(session, employee)]
    begun = [one.valid_from for one in spans]
    first = _employments(session, employee)[0]
    if hired_on != employee.hired_on:
        if begun and min(begun) < hired_on:
            raise Refused(N_("员工在 %(day)s 已有任职，入职日期不能更晚。"), day=min(begun).isoformat())
        if first.valid_to is not None and hired_on >= first.valid_to:
            raise Refused(N_("离职日期必须晚于入职日期。"))
    before = {"name": employee.name, "sex": employee.sex.value, "hired_on": employee.hired_on.isoformat()}
    _call(employee, name)
    employee.sex = sex
    employee.hired_on = first.valid_from = hired_on
    session.flush()
    after = {"name": name, "sex": sex.value, "hired_on": hired_on.isoformat()}
    record(
        session,
        actor,
        "people:employee:correct",
        f"employee:{employee.id}",
        before=before,
        after=after,
        reason=reason.strip(),
    )


@dataclass(frozen=True)
class Career:
    """All that is known of a person's days at the bank, the latest first."""

    employments: list[Employment]
    postings: list[Posting]
    leaves: list[Leave]


def career_of(session: Session, employee: Employee) -> Career:
    """Return a person's employments, postings (with unit, post and grade) and leaves."""
    return Career(
        _employments(session, employee)[::-1],
        _postings(session, employee)[::-1],
        _leaves(session, employee)[::-1],
    )


def _call(employee: Employee, name: str) -> None:
    sound = sound_of(name)
    employee.name, employee.name_pinyin = name, sound.pinyin
    employee.name_initials, employee.sort_key = sound.initials, sound.sort_key


def _employed_until(session: Session, employee: Employee, first: date, after: date | None) -> date | None:
    """Return the end of a span cut to the employment it begins in.

    Raises:
        Refused: when the person is not employed on its first day.
    """
    for one in _employments(session, employee):
        if one.valid_from <= first and (one.valid_to is None or one.valid_to > first):
            ends = [day for day in (after, one.valid_to) if day is not None]
            return min(ends, default=None)
    if first < employee.hired_on:
        raise Refused(
            N_("员工 %(number)s 在 %(day)s 尚未入职。"), number=employee.number, day=first.isoformat()
        )
    raise Refused(N_("员工 %(number)s 在 %(day)s 不在职。"), number=employee.number, day=first.isoformat())


def _employments(session: Session, employee: Employee) -> list[Employment]:
    return list(
        session.scalars(
            select(Employment).where(Employment.employee_id == employee.id).order_by(Employment.valid_from)
        )
    )


def _postings(session: Session, employee: Employee) -> list[Posting]:
    return list(
        session.scalars(
            select(Posting)
            .where(Posting.employee_id == employee.id)
            .options(joinedload(Posting.org_unit), joinedload(Posting.post), joinedload(Posting.grade))
            .order_by(Posting.valid_from)
        )
    )


def _leaves(session: Session, employee: Employee) -> list[Leave]:
    return list(
        session.scalars(select(Leave).where(Leave.employee_id == employee.id).order_by(Leave.valid_from))
    )
