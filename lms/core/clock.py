"""The one place that asks what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return the present day in Shanghai."""
    return local_day(now())


def local_day(moment: datetime) -> date:
    """Return the Shanghai day on which a moment falls."""
    return moment.astimezone(SHANGHAI).date()


def midnight(day: date) -> datetime:
    """Return the aware moment at which a Shanghai day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
