"""The short way for daily averages of units: snapshot days on which nothing changes hands are summed at once.

Where the rows themselves say their branch, the units' figures need neither the officer nor each day apart:
days that are held equally long, between two changes of the tree or of the branch codes, make one slot.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.indicators.models import CodeMap
from lms.indicators.rules.kinds import CodeKind
from lms.indicators.services.origins import NEVER, Origin
from lms.people.models import OrgPlacement


@dataclass(frozen=True)
class Slot:
    """Days in `[start, stop)` that are each held for `held` days."""

    start: date
    stop: date
    held: int


@dataclass(frozen=True)
class Slots:
    """The slot of each day, by its number from `first` on; 0 where no state is known."""

    first: date
    slots: tuple[Slot, ...]
    of_day: tuple[int, ...]

    def column(self) -> str:
        """Return the SQL of a row's slot; the same for all rows when there is only one."""
        if len(self.slots) == 1:
            return "1"
        return f"[{', '.join(map(str, self.of_day))}][date_diff('day', DATE '{self.first}', _day) + 1]"


def may_be_lean(session: Session, origin: Origin) -> bool:
    """Whether an origin's rows say their branch, and no officer's code stands for a unit."""
    if not origin.snapshot or origin.columns["branch"].startswith("NULL"):
        return False
    pooled = select(CodeMap.id).where(
        CodeMap.kind == CodeKind.EMPLOYEE, CodeMap.source == origin.system, CodeMap.org_unit_id.is_not(None)
    )
    return session.scalar(pooled.limit(1)) is None


def changes(session: Session, system: str, spans: Sequence[tuple[date, date]]) -> list[date]:
    """Return the days on which a unit's place, a branch code's meaning or a span begins or ends, in order."""
    days = {day for span in spans for day in span}
    for first, after in session.execute(select(OrgPlacement.valid_from, OrgPlacement.valid_to).distinct()):
        days |= {first, after or NEVER}
    codes = select(CodeMap.valid_from, CodeMap.valid_to).where(
        CodeMap.kind == CodeKind.UNIT, CodeMap.source == system
    )
    for first, after in session.execute(codes.distinct()):
        days |= {first, after or NEVER}
    return sorted(days)


def slots_of(days: Sequence[date], after: date, points: Sequence[date]) -> Slots | None:
    """Return the slots of snapshot days; None when they save nothing or a day is held over a change."""
    if len(days) < 3:
        return None
    found: dict[Slot, int] = {}
    of_day = [0] * ((days[-1] - days[0]).days + 1)
    for at, day in enumerate(days):
        following = days[at + 1] if at + 1 < len(days) else after
        place = bisect_right(points, day)
        start = points[place - 1] if place else date.min
        stop = points[place] if place < len(points) else NEVER
        if following > stop:
            return None
        slot = Slot(start, stop, (following - day).days)
        of_day[(day - days[0]).days] = found.setdefault(slot, len(found) + 1)
    if len(found) * 2 > len(days):
        return None
    return Slots(days[0], tuple(found), tuple(of_day))
