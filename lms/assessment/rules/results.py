"""From points to a percent, from percents to what counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
FULL = Decimal(100)


def percent(earned: Decimal, possible: Decimal) -> Decimal:
    """Return what was earned of what was possible, to two places half up; of nothing, nothing."""
    if possible <= 0:
        return Decimal("0.00")
    return (earned * FULL / possible).quantize(CENT, ROUND_HALF_UP)


def passes(reached: Decimal, pass_percent: Decimal) -> bool:
    """Whether a percent reaches the pass mark; the mark itself is enough."""
    return reached >= pass_percent


def best(percents: Iterable[Decimal | None]) -> Decimal | None:
    """Return the attempt that counts: the best one; None when none is finished."""
    return max((value for value in percents if value is not None), default=None)


def mean(percents: Iterable[Decimal]) -> Decimal | None:
    """Return the mean to two places half up, or None of no values."""
    values = list(percents)
    if not values:
        return None
    return (sum(values, Decimal(0)) / len(values)).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Gain:
    """What a course added between two tests: percent points, and the share of what was still to gain."""

    points: Decimal
    normalised: Decimal | None


def gain(before: Decimal, after: Decimal) -> Gain:
    """Return the gain from a pre-test to a post-test; who began at 100 had nothing to gain (None)."""
    room = FULL - before
    share = None if room <= 0 else ((after - before) / room).quantize(CENT, ROUND_HALF_UP)
    return Gain(after - before, share)
