"""Working days follow the published holidays and make-up days."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from lms.core.calendar import add_working_days, exceptions, is_working_day, load_statutory_days


def test_the_days_of_2026(session: Session) -> None:
    assert load_statutory_days(session, {2026}) > 0
    days = exceptions(session)
    assert {day.year for day in days} >= {2026}
    assert not is_working_day(date(2026, 10, 1), days)
    assert is_working_day(date(2026, 2, 14), days)
    assert is_working_day(date(2026, 2, 28), days)
    assert not is_working_day(date(2026, 11, 28), days)


def test_a_working_day_after_friday_is_monday() -> None:
    friday, saturday, monday = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 30)
    assert add_working_days(friday, 1, {}) == monday
    assert add_working_days(saturday, 0, {}) == monday
    assert add_working_days(friday, 1, {saturday: True}) == saturday
    assert add_working_days(friday, 1, {monday: False}) == date(2026, 12, 1)
