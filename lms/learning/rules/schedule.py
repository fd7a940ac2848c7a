"""The days of a cohort, and whether they leave time to rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

LONGEST_RUN = 6
"""More class days than this in a row, without one free day, are worth a warning."""


def class_days(first: date, last: date, exceptions: Mapping[date, bool], *, rest_days: bool) -> list[date]:
    """Return the class days from `first` to `last`, both included.

    With `rest_days` weekends and public holidays are free (`exceptions`: day → worked or not).
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if not rest_days or exceptions.get(day, day.weekday() < 5)]


def longest_run(days: Iterable[date]) -> int:
    """Return how many of the days follow one another without a gap, at most."""
    longest = run = 0
    before: date | None = None
    for day in sorted(set(days)):
        run = run + 1 if before is not None and day - before == timedelta(days=1) else 1
        longest, before = max(longest, run), day
    return longest
