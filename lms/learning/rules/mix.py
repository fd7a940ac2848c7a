"""What a course is made of: its teaching hours by kind of lesson."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Part:
    """One kind's part of a course: how many lessons, and how many of the course's hours (one place)."""

    kind: str
    lessons: int
    hours: Decimal


def mix(hours: Decimal, lessons: Iterable[tuple[str, int]], order: Iterable[str]) -> list[Part]:
    """Return a course's hours by kind, shared by the minutes of its lessons, in the given order of kinds.

    `lessons` are (kind, minutes). The parts are tenths of an hour and total the course's hours (as far
    as these are tenths): what rounding down leaves goes to the largest remainders.
    """
    listed = list(lessons)
    minutes = {kind: sum(length for one, length in listed if one == kind) for kind in order}
    minutes = {kind: length for kind, length in minutes.items() if length}
    total = sum(minutes.values())
    exact = {kind: hours * length / total for kind, length in minutes.items()}
    share = {kind: one.quantize(TENTH, ROUND_FLOOR) for kind, one in exact.items()}
    left = int((hours - sum(share.values(), Decimal(0))) / TENTH)
    for kind in sorted(exact, key=lambda one: share[one] - exact[one])[:left]:
        share[kind] += TENTH
    return [Part(kind, sum(1 for one, _ in listed if one == kind), share[kind]) for kind in minutes]
