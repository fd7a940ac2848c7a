"""What the withdrawal of a batch means for appraisals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms import scoring
from lms.appraisal.models import Cycle, SchemeVersion
from lms.core.periods import Period
from lms.indicators.services import Effect, ImportKind

_NEWEST = 200
"""More cycles than a bank has open or published within the days of one batch."""


def cycles_using(session: Session, effect: Effect) -> Sequence[Cycle]:
    """Return the cycles whose period the values lie in and whose scheme asks for one of the indicators."""
    batch = effect.batches[0]
    span = Period.parse(batch.period)
    first, last = effect.first_day or span.first, effect.last_day or span.last
    codes = set(effect.indicators)
    wanted = (
        select(Cycle)
        .options(selectinload(Cycle.scheme_version).selectinload(SchemeVersion.scheme))
        .order_by(Cycle.id.desc())
        .limit(_NEWEST)
    )
    return [cycle for cycle in session.scalars(wanted) if _meets(cycle, first, last, batch.kind, codes)]


def _meets(cycle: Cycle, first: date, last: date, kind: ImportKind, codes: set[str]) -> bool:
    span = Period.parse(cycle.period)
    if kind is not ImportKind.TARGETS and not (span.first <= last and first < span.after):
        return False
    return bool(codes & set(scoring.parse(cycle.scheme_version.document).measures()))
