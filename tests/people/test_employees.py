"""People are hired, posted, found, and leave without losing their history."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.people.models import Employee, Level, OrgUnit, Post, Posting
from lms.people.services import define_post, hire, leave_bank, open_unit, post, search_people, unit_on

HIRED = date(2025, 1, 6)


@pytest.fixture
def unit(session: Session) -> OrgUnit:
    return open_unit(
        session, SYSTEM, code="H", name_zh="总行", level=Level.HEAD_OFFICE, parent=None, valid_from=HIRED
    )


@pytest.fixture
def held(session: Session) -> Post:
    return define_post(session, "RM", "客户经理", "business")


@pytest.fixture
def employee(session: Session) -> Employee:
    return hire(session, SYSTEM, number="T_1001", name="张晓明", hired_on=HIRED)


def spans(session: Session, employee: Employee) -> list[tuple[date, date | None]]:
    rows = session.scalars(
        select(Posting).where(Posting.employee_id == employee.id).order_by(Posting.valid_from)
    )
    return [(row.valid_from, row.valid_to) for row in rows]


def test_a_number_is_given_once(session: Session, employee: Employee) -> None:
    with pytest.raises(Refused):
        hire(session, SYSTEM, number=employee.number, name="李四", hired_on=HIRED)


def test_a_posting_ends_the_one_before(
    session: Session, employee: Employee, unit: OrgUnit, held: Post
) -> None:
    later, other = date(2026, 3, 1), define_post(session, "HEAD", "支行行长", "management")
    post(session, SYSTEM, employee, unit, held, HIRED)
    with pytest.raises(Refused, match="没有变化"):
        post(session, SYSTEM, employee, unit, held, later)
    post(session, SYSTEM, employee, unit, other, later)
    assert spans(session, employee) == [(HIRED, later), (later, None)]


def test_overlap_and_days_before_hiring_are_refused(
    session: Session, employee: Employee, unit: OrgUnit, held: Post
) -> None:
    post(session, SYSTEM, employee, unit, held, date(2026, 1, 1))
    for day in (date(2025, 6, 1), date(2025, 1, 5)):
        with pytest.raises(Refused):
            post(session, SYSTEM, employee, unit, held, day)
    assert spans(session, employee) == [(date(2026, 1, 1), None)]


def test_leaving_keeps_history(session: Session, employee: Employee, unit: OrgUnit, held: Post) -> None:
    post(session, SYSTEM, employee, unit, held, HIRED)
    with pytest.raises(Refused):
        leave_bank(session, SYSTEM, employee, HIRED)
    leave_bank(session, SYSTEM, employee, date(2026, 5, 1))
    session.flush()
    assert unit_on(session, employee.id, date(2026, 4, 30)) is unit
    assert unit_on(session, employee.id, date(2026, 5, 1)) is None


@pytest.mark.parametrize("words", ["晓明", "张 晓明", "zhangxiao", "Zhang Xiao", "zxm", "t_10"])
def test_a_person_is_found(session: Session, employee: Employee, words: str) -> None:
    hire(session, SYSTEM, number="TX1002", name="李四", hired_on=HIRED)
    assert list(session.scalars(search_people(words))) == [employee]


@pytest.mark.parametrize("words", ["%", "_", "z%m", "T%1", "\\"])
def test_wildcards_are_plain_letters(session: Session, employee: Employee, words: str) -> None:
    assert list(session.scalars(search_people(words))) == []
