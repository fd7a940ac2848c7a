"""What a course is made of: minutes by kind of lesson and the kinds of its blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ACADEMIC_HOUR = 45
"""Minutes of a teaching hour (学时)."""


@dataclass(frozen=True)
class Part:
    """One kind's part of a course: its lessons, minutes, teaching hours (one place)."""

    kind: str
    lessons: int
    minutes: int

    @property
    def hours(self) -> Decimal:
        """Teaching hours of 45 minutes, half up to one place."""
        return (Decimal(self.minutes) / ACADEMIC_HOUR).quantize(Decimal("0.1"), ROUND_HALF_UP)


def mix(lessons: Iterable[tuple[str, int]], order: Iterable[str]) -> list[Part]:
    """Return the parts of a course from (kind, minutes) of its lessons, in the given order of kinds."""
    listed = list(lessons)
    parts = [
        Part(kind, sum(1 for one, _ in listed if one == kind), sum(m for one, m in listed if one == kind))
        for kind in order
    ]
    return [part for part in parts if part.lessons]
