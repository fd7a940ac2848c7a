"""Working days as data: weekends, public holidays and make-up days."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import chinese_calendar
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.core.db import Model, upsert
from lms.core.reach import Reach
from lms.core.types import LocalDate


class CalendarDay(Model):
    """A day that is not what its weekday says: a holiday, or a weekend worked to make up."""

    __tablename__ = "calendar_day"
    __scope__ = Reach.shared()

    day: Mapped[date] = mapped_column(LocalDate, unique=True)
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(String(80))


def is_working_day(day: date, exceptions: Mapping[date, bool]) -> bool:
    """Whether a day is worked: what the exceptions say, else Monday to Friday."""
    return exceptions.get(day, day.weekday() < 5)


def add_working_days(day: date, count: int, exceptions: Mapping[date, bool]) -> date:
    """Return the working day that lies `count` (0 or more) working days after `day`.

    With 0 the day itself when it is worked, else the next one that is.
    """
    while not is_working_day(day, exceptions):
        day += timedelta(days=1)
    for _ in range(count):
        day += timedelta(days=1)
        while not is_working_day(day, exceptions):
            day += timedelta(days=1)
    return day


def exceptions(session: Session) -> dict[date, bool]:
    """Return the stored exceptions by day."""
    rows = session.execute(select(CalendarDay.day, CalendarDay.working))
    return {day: working for day, working in rows}  # noqa: C416 (rows are no pairs to a type checker)


def load_statutory_days(session: Session, years: Collection[int]) -> int:
    """Store the published holidays and make-up days of the given years; return how many days."""
    rows = [
        {"day": day, "working": False, "name": name}
        for day, name in chinese_calendar.constants.holidays.items()
        if day.year in years
    ] + [
        {"day": day, "working": True, "name": name}
        for day, name in chinese_calendar.constants.workdays.items()
        if day.year in years
    ]
    upsert(session, CalendarDay, rows, ["day"])
    return len(rows)
