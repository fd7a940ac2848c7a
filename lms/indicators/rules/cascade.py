"""Targets from the head office down to a person: whether the parts make the whole, and what is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from lms.indicators.rules.kinds import Aggregate, Direction

NOT_ADDED = ("%", "‰", "分")
"""Units whose figures make no sum."""

ANSWER_WITHIN = timedelta(days=7)
"""How long a person has to answer a target."""


class Verdict(StrEnum):
    """How the targets of the children stand to that of the parent."""

    NO_SUM = "no_sum"
    NO_PARENT = "no_parent"
    NOT_SPLIT = "not_split"
    EVEN = "even"
    EXCEEDS = "exceeds"
    SHORT = "short"


@dataclass(frozen=True)
class Check:
    """The sum of the children, what it is more than the parent, and how many children have no target."""

    verdict: Verdict
    total: Decimal | None = None
    difference: Decimal | None = None
    lacking: int = 0


def adds_up(unit: str, aggregate: Aggregate) -> bool:
    """Whether the figures of several people make a sum: amounts and counts do, rates and averages do not."""
    return unit not in NOT_ADDED and aggregate is not Aggregate.MEAN


def check(parent: Decimal | None, children: Sequence[Decimal | None], *, sums: bool = True) -> Check:
    """Compare the targets of the children with that of their parent."""
    known = [one for one in children if one is not None]
    lacking = len(children) - len(known)
    if not sums:
        return Check(Verdict.NO_SUM, lacking=lacking)
    if not known:
        return Check(Verdict.NOT_SPLIT, lacking=lacking)
    total = sum(known, Decimal(0))
    if parent is None:
        return Check(Verdict.NO_PARENT, total, lacking=lacking)
    difference = total - parent
    verdict = Verdict.EVEN if not difference else Verdict.EXCEEDS if difference > 0 else Verdict.SHORT
    return Check(verdict, total, difference, lacking)


def attainment(direction: Direction, target: Decimal | None, actual: Decimal | None) -> Decimal | None:
    """Return the percentage reached; where less is better target ÷ actual. None where it has no sense."""
    if target is None or actual is None:
        return None
    above, below = (actual, target) if direction is Direction.MORE else (target, actual)
    if below <= 0 or above < 0:
        return None
    return (above / below * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)


def answer_due(set_on: date) -> date:
    """Return the last day on which an answer to a target is in time."""
    return set_on + ANSWER_WITHIN
