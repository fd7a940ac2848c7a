"""Employees, their postings, and how they are found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.core.audit import Acting, record
from lms.core.dated import refuse_overlap, valid_on, valid_within
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.people.models import Employee, Grade, Leave, OrgUnit, Post, Posting, Sex
from lms.people.rules import sound_of


def hire(
    session: Session, actor: Acting, *, number: str, name: str, hired_on: date, sex: Sex = Sex.UNSAID
) -> Employee:
    """Take a person into the bank's employ.

    Raises:
        Refused: when the employee number is taken.
    """
    if find_employee(session, number) is not None:
        raise Refused(N_("员工号 %(number)s 已存在。"), number=number)
    sound = sound_of(name)
    employee = Employee(
        number=number,
        name=name,
        name_pinyin=sound.pinyin,
        name_initials=sound.initials,
        sort_key=sound.sort_key,
        sex=sex,
        hired_on=hired_on,
    )
    session.add(employee)
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
) -> Posting:
    """Post a person from a day on; the posting in force until then ends the same day.

    Raises:
        Refused: when the days overlap a later posting or lie before the hiring.
    """
    if valid_from < employee.hired_on:
        raise Refused(
            N_("员工 %(number)s 在 %(day)s 尚未入职。"), number=employee.number, day=valid_from.isoformat()
        )
    others = list(session.scalars(select(Posting).where(Posting.employee_id == employee.id)))
    for other in others:
        if other.valid_from == valid_from and other.valid_to is None and valid_to is None:
            other.org_unit_id, other.post_id = unit.id, held.id
            other.grade_id = grade.id if grade else None
            session.flush()
            return other
        if other.valid_from < valid_from and (other.valid_to is None or other.valid_to > valid_from):
            other.valid_to = valid_from
    refuse_overlap([(o.valid_from, o.valid_to) for o in others] + [(valid_from, valid_to)])
    posting = Posting(
        employee_id=employee.id,
        org_unit_id=unit.id,
        post_id=held.id,
        grade_id=grade.id if grade else None,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    session.add(posting)
    session.flush()
    record(
        session,
        actor,
        "people:employee:post",
        f"employee:{employee.id}",
        unit=unit.code,
        post=held.code,
        day=valid_from.isoformat(),
    )
    return posting


def leave_bank(session: Session, actor: Acting, employee: Employee, day: date) -> None:
    """Record that `day` is the first day a person no longer works here; history stays."""
    if day <= employee.hired_on:
        raise Refused(N_("离职日期必须晚于入职日期。"))
    employee.left_on = day
    for posting in session.scalars(
        select(Posting).where(Posting.employee_id == employee.id, valid_on(Posting, day))
    ):
        if posting.valid_from < day:
            posting.valid_to = day
    record(session, actor, "people:employee:leave", f"employee:{employee.id}", day=day.isoformat())


def grant_leave(
    session: Session, actor: Acting, employee: Employee, kind: str, valid_from: date, valid_to: date | None
) -> Leave:
    """Record a long absence."""
    spans = session.execute(
        select(Leave.valid_from, Leave.valid_to).where(Leave.employee_id == employee.id)
    ).all()
    refuse_overlap([(first, after) for first, after in spans] + [(valid_from, valid_to)])
    leave = Leave(employee_id=employee.id, kind=kind, valid_from=valid_from, valid_to=valid_to)
    session.add(leave)
    session.flush()
    record(session, actor, "people:leave:grant", f"employee:{employee.id}", kind=kind)
    return leave


def find_employee(session: Session, number: str) -> Employee | None:
    """Return the person with an employee number."""
    return session.scalar(select(Employee).where(Employee.number == number))


def found_employees(session: Session, numbers: Iterable[str]) -> dict[str, Employee]:
    """Return people by employee number, in blocks so that no statement grows without limit."""
    wanted = sorted(set(numbers))
    found: dict[str, Employee] = {}
    for at in range(0, len(wanted), 500):
        block = select(Employee).where(Employee.number.in_(wanted[at : at + 500]))
        found.update({employee.number: employee for employee in session.scalars(block)})
    return found


def employee_of(session: Session, employee_id: int) -> Employee:
    """Return a person by id.

    Raises:
        NotFound: when there is none.
    """
    employee = session.get(Employee, employee_id)
    if employee is None:
        raise NotFound
    return employee


def people_in(units: int | Select[int], day: date) -> Select[Employee]:
    """Return the select of the people posted in a unit, or in units, on a day, by name."""
    where = Posting.org_unit_id.in_(units) if isinstance(units, Select) else Posting.org_unit_id == units
    posted = select(Posting.employee_id).where(where, valid_on(Posting, day))
    return select(Employee).where(Employee.id.in_(posted)).order_by(Employee.sort_key, Employee.id)


def postings_on(session: Session, employee_ids: Collection[int], day: date) -> dict[int, Posting]:
    """Return each person's posting on a day with unit, post and grade loaded."""
    found: dict[int, Posting] = {}
    wanted = sorted(set(employee_ids))
    for at in range(0, len(wanted), 500):
        rows = session.scalars(
            select(Posting)
            .where(Posting.employee_id.in_(wanted[at : at + 500]), valid_on(Posting, day))
            .options(joinedload(Posting.org_unit), joinedload(Posting.post), joinedload(Posting.grade))
            .order_by(Posting.id.desc())
        )
        found.update({posting.employee_id: posting for posting in rows})
    return found


def postings_within(units: Select[int], first: date, after: date) -> Select[Posting]:
    """Return the select of postings in units in force on at least one day of `[first, after)`."""
    return select(Posting).where(Posting.org_unit_id.in_(units), valid_within(Posting, first, after))


def posted_units(session: Session, employee_id: int, day: date) -> list[int]:
    """Return the ids of the units a person is posted in on a day."""
    return list(
        session.scalars(
            select(Posting.org_unit_id).where(Posting.employee_id == employee_id, valid_on(Posting, day))
        )
    )


def on_leave(employee_id: int, first: date, after: date) -> Select[Leave]:
    """Return the select of a person's leaves that touch `[first, after)`."""
    return select(Leave).where(Leave.employee_id == employee_id, valid_within(Leave, first, after))


def search_people(words: str) -> Select[Employee]:
    """Return the select of people whose name, pinyin, initials or number match the words."""
    text = words.strip().lower().replace(" ", "")
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return (
        select(Employee)
        .where(
            or_(
                Employee.name.like(f"%{escaped}%", escape="\\"),
                Employee.name_pinyin.like(f"{escaped}%", escape="\\"),
                Employee.name_initials.like(f"{escaped}%", escape="\\"),
                Employee.number.like(f"{escaped.upper()}%", escape="\\"),
            )
        )
        .order_by(Employee.sort_key, Employee.id)
    )
