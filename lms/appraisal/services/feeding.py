"""Which appraisals a figure went into."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select
from sqlalchemy.orm import Session, joinedload

from lms.appraisal.models import Appraisal, Cycle, Line
from lms.core.periods import Period


def fed_by(
    session: Session, shown: Select[Appraisal], employee_id: int, measures: Collection[str], period: Period
) -> list[Appraisal]:
    """Return a person's appraisals whose lines use any of these measures over days of a period.

    `shown` is the select of the appraisals that whoever asks may look at.
    """
    mine = (
        shown.join(Line, Line.appraisal_id == Appraisal.id)
        .where(Appraisal.employee_id == employee_id, Line.measure.in_(sorted(measures)))
        .distinct()
        .order_by(Appraisal.id)
        .options(joinedload(Appraisal.cycle))
    )
    return [one for one in session.scalars(mine).unique() if _touch(one.cycle, period)]


def _touch(cycle: Cycle, period: Period) -> bool:
    span = Period.parse(cycle.period)
    return span.first < period.after and period.first < span.after
