"""How employees, their postings and leaves are found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.core.dated import valid_on, valid_within
from lms.core.errors import NotFound
from lms.people.models import Employee, Leave, Posting


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
