"""What training results amount to: means in per cent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

TRAINING = "training."
QUIZ = "training.quiz"
SITTING = "training.sitting"
COMPLETION = "training.completion"


def mean_best(results: Iterable[tuple[str, Decimal]]) -> Decimal:
    """Return the mean of the best result of each item; there must be at least one.

    >>> mean_best([("Q1", Decimal(60)), ("Q1", Decimal(90)), ("Q2", Decimal(80))])
    Decimal('85')
    """
    best: dict[str, Decimal] = {}
    for item, points in results:
        best[item] = max(points, best.get(item, points))
    return sum(best.values(), Decimal(0)) / len(best)


def completed_percent(courses: Sequence[bool]) -> Decimal:
    """Return which part of the courses is completed, in per cent; there must be at least one."""
    return Decimal(sum(courses)) / len(courses) * 100
