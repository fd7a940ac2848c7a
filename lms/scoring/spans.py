"""How far an earlier period lies back: 2025, 2026Q2 and 2026-09 are years, quarters and months."""

from __future__ import annotations

import re

_FORM = re.compile(r"(\d{4})(?:Q([1-4])|-(0[1-9]|1[0-2]))?\Z", re.ASCII)


def distance(period: str, now: str) -> tuple[int, bool] | None:
    """How many periods lie from the one to the other, and whether both are of one year.

    None where either is no period or they are of different length. Negative when `period` is the later one.
    """
    earlier, later = _read(period), _read(now)
    if earlier is None or later is None or earlier[0] != later[0]:
        return None
    parts = earlier[0]
    return later[1] - earlier[1], earlier[1] // parts == later[1] // parts


def _read(text: str) -> tuple[int, int] | None:
    """How many such periods a year has, and the number of this one since the year 0."""
    match = _FORM.match(text)
    if match is None:
        return None
    year, quarter, month = match.groups()
    parts = 4 if quarter else 12 if month else 1
    return parts, int(year) * parts + int(quarter or month or 1) - 1
