"""Months, quarters and years, and how they nest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from lms.core.errors import Refused
from lms.core.i18n import N_

_FORMS = re.compile(r"^(?P<year>\d{4})(?:Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?$")
_MONTHS_EN = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, order=True)
class Period:
    """A year (`2026`), quarter (`2026Q3`) or month (`2026-09`) as half-open days."""

    first: date
    months: int

    @classmethod
    def parse(cls, code: str) -> Period:
        """Read a code.

        Raises:
            Refused: when the code is none of the three forms.
        """
        match = _FORMS.match(code.strip().upper())
        if match is None:
            raise Refused(N_("考核期“%(code)s”无效：请写成 2026、2026Q3 或 2026-09。"), code=code)
        year = int(match["year"])
        if not 1990 <= year <= 2200:
            raise Refused(N_("考核期“%(code)s”的年份超出范围。"), code=code)
        if match["quarter"]:
            return cls(date(year, int(match["quarter"]) * 3 - 2, 1), 3)
        if match["month"]:
            return cls(date(year, int(match["month"]), 1), 1)
        return cls(date(year, 1, 1), 12)

    @classmethod
    def quarter_of(cls, day: date) -> Period:
        """Return the quarter a day falls in."""
        return cls(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3)

    @property
    def after(self) -> date:
        """The first day that is no longer in the period."""
        return _months_on(self.first, self.months)

    @property
    def last(self) -> date:
        """The last day of the period."""
        return self.after - timedelta(days=1)

    @property
    def code(self) -> str:
        """The text that `parse` reads."""
        if self.months == 12:
            return f"{self.first.year}"
        if self.months == 3:
            return f"{self.first.year}Q{(self.first.month + 2) // 3}"
        return f"{self.first.year}-{self.first.month:02d}"

    def contains(self, day: date) -> bool:
        """Whether a day lies in the period."""
        return self.first <= day < self.after

    def parts(self) -> list[Period]:
        """Return the next smaller periods inside: quarters of a year, months of a quarter."""
        size = {12: 3, 3: 1}.get(self.months)
        if size is None:
            return []
        return [Period(_months_on(self.first, at), size) for at in range(0, self.months, size)]

    def previous(self) -> Period:
        """Return the period of the same length just before."""
        return Period(_months_on(self.first, -self.months), self.months)

    def following(self) -> Period:
        """Return the period of the same length just after."""
        return Period(self.after, self.months)

    def label(self, language: str) -> str:
        """Return the period as people write it."""
        year = self.first.year
        if self.months == 12:
            return f"{year}年" if language == "zh" else str(year)
        if self.months == 3:
            quarter = (self.first.month + 2) // 3
            return f"{year}年第{quarter}季度" if language == "zh" else f"Q{quarter} {year}"
        month = self.first.month
        return f"{year}年{month}月" if language == "zh" else f"{_MONTHS_EN[month - 1]} {year}"


def months_of(first: date, after: date) -> list[Period]:
    """Return the whole months in `[first, after)`."""
    month = Period(first.replace(day=1), 1)
    month = month if month.first == first else month.following()
    found = []
    while month.after <= after:
        found.append(month)
        month = month.following()
    return found


def _months_on(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    return date(total // 12, total % 12 + 1, 1)
