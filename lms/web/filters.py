"""How values look on a page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask
from flask_babel import format_date, format_datetime, format_decimal

from lms.core.periods import Period
from lms.web.text import local, page_language, say

NOTHING = "—"


def points(value: Any, places: int = 2) -> str:
    """Return points, percents or ratios with fixed places, rounded half up."""
    if value is None:
        return NOTHING
    return str(Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def percent(value: Any, places: int = 1) -> str:
    """Return a number of percents with its sign."""
    return NOTHING if value is None else f"{points(value, places)}%"


def money(value: Any) -> str:
    """Return yuan with thousands separators."""
    return NOTHING if value is None else str(format_decimal(Decimal(str(value)), format="#,##0.00"))


def amount(value: Any) -> str:
    """Return a figure of any unit with separators and no needless zeros."""
    return NOTHING if value is None else str(format_decimal(Decimal(str(value)), format="#,##0.####"))


def day(value: date | None) -> str:
    """Return a day."""
    if value is None:
        return NOTHING
    return str(format_date(value, "yyyy年M月d日" if page_language() == "zh" else "d MMM yyyy"))


def last_day(after: date | None) -> str:
    """Return the last day of a span that ends before `after`."""
    return NOTHING if after is None else day(after - timedelta(days=1))


def moment(value: datetime | None) -> str:
    """Return a moment to the minute, as clocks in Shanghai show it; its day is written as `day` writes it."""
    if value is None:
        return NOTHING
    pattern = "yyyy年M月d日 HH:mm" if page_language() == "zh" else "d MMM yyyy, HH:mm"
    return str(format_datetime(value, pattern))


def period_label(code: str) -> str:
    """Return a period's code as people write it."""
    return Period.parse(code).label(page_language())


def init_app(app: Flask) -> None:
    """Register the filters."""
    app.jinja_env.filters.update(
        points=points,
        percent=percent,
        money=money,
        amount=amount,
        day=day,
        last_day=last_day,
        moment=moment,
        local=local,
        period=period_label,
        say=say,
    )
