"""Conditions of gates and grades: what a measure came to, now or over several periods, and what it meets."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from lms.scoring.columns import Flags, Floats, aligned, column_of, known, snapped
from lms.scoring.document import RESULT_GRADE, Condition, Op, Scheme, Take
from lms.scoring.frames import Column, pc
from lms.scoring.history import periods

COMPARE: dict[Op, Callable[[Any, float], Any]] = {
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
}
"""How a figure is compared, whether it stands in an array or in an expression of an engine."""


def grade_worth(scheme: Scheme, grade: str) -> float | None:
    """A grade as a number, the last one 1, a better one more; None for a grade the scheme does not have."""
    codes = [band.code for band in scheme.grades]
    return float(len(codes) - codes.index(grade)) if grade in codes else None


def grades_worth(scheme: Scheme) -> dict[str, float]:
    """Every grade of the scheme as a number."""
    return {band.code: grade_worth(scheme, band.code) or 0.0 for band in scheme.grades}


def worth(scheme: Scheme, value: float | str | None) -> float | None:
    """A figure as a number: itself, or what the grade is worth."""
    return grade_worth(scheme, value) if isinstance(value, str) else value


def test(scheme: Scheme, condition: Condition) -> tuple[Op, float]:
    """What the number of `values` must meet."""
    if _counts(condition):
        return Op.GE, float(condition.times or _periods(condition))
    return condition.op, _limit(scheme, condition)


def values(
    scheme: Scheme, condition: Condition, facts: pa.Table, history: pa.Table, subjects: Column
) -> Floats:
    """What is to be tested, one number a subject: the figure, how often it was met, or its sum or mean.

    NaN where it is not known. A figure of now that is still to come leaves a count unknown only where it
    could turn the scale.
    """
    now = column_of(facts, condition.measure, "value", subjects)
    if not condition.periods and not condition.of_the_past:
        return now
    past = _past(condition, history, subjects)
    if condition.take is Take.TIMES:
        op, limit, asked = condition.op, _limit(scheme, condition), test(scheme, condition)[1]
        met = sum((_met(one, op, limit) for one in past), np.zeros(len(subjects)))
        if condition.of_the_past:
            return met
        undecided = ~known(now) & (met < asked) & (met + 1 >= asked)
        return np.where(undecided, np.nan, met + _met(now, op, limit))
    return _taken(condition, now, past)


def _taken(condition: Condition, now: Floats, past: list[Floats]) -> Floats:
    figures = np.vstack([*past, *([] if condition.of_the_past else [now]), np.full(len(now), np.nan)])
    count = known(figures).sum(axis=0).astype(np.float64)
    total = snapped(np.where(known(figures), figures, 0.0).sum(axis=0))
    if condition.take is Take.MEAN:
        total = snapped(total / np.where(count > 0, count, np.nan))
    return total if condition.of_the_past else np.where(known(now), total, np.nan)


def _met(figures: Floats, op: Op, limit: float) -> Floats:
    there = known(figures)
    meets: Flags = COMPARE[op](snapped(np.where(there, figures, 0.0)), limit)
    return (there & meets).astype(np.float64)


def _past(condition: Condition, history: pa.Table, subjects: Column) -> list[Floats]:
    """The figures of the earlier periods that the condition looks at, oldest first."""
    furthest = _periods(condition) - (0 if condition.of_the_past else 1)
    rows = history.filter(pc.equal(history["measure"], condition.measure))
    if condition.within_year:
        rows = rows.filter(rows["same_year"])
    return [aligned(period, "value", subjects) for back, period in periods(rows) if back <= furthest]


def _counts(condition: Condition) -> bool:
    return condition.take is Take.TIMES and bool(condition.periods or condition.of_the_past)


def _periods(condition: Condition) -> int:
    return condition.periods or 1


def _limit(scheme: Scheme, condition: Condition) -> float:
    if condition.measure == RESULT_GRADE:
        return grade_worth(scheme, str(condition.value)) or 0.0
    return float(condition.value)
