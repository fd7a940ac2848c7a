"""What a cohort said: hidden, here and not in a template, until enough have spoken."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from lms.feedback.models import Participation, Response, Wave
from lms.feedback.rules import Summary, may_show, rate_percent, summarise
from lms.learning.models import Enrolment, EnrolmentState


@dataclass(frozen=True)
class Results:
    """A wave's figures; `summaries` is None while too few have answered."""

    asked: int
    answered: int
    rate: Decimal | None
    least: int
    summaries: tuple[Summary, ...] | None
    straight_lined: int | None


def waves() -> Select[Wave]:
    """Return the select of all waves, newest first (narrow it to the reader)."""
    return (
        select(Wave)
        .options(joinedload(Wave.form), joinedload(Wave.cohort))
        .order_by(Wave.opens_on.desc(), Wave.id.desc())
    )


def results(session: Session, wave: Wave) -> Results:
    """Return what a wave came to."""
    asked = session.scalar(
        select(func.count())
        .select_from(Enrolment)
        .where(Enrolment.cohort_id == wave.cohort_id, Enrolment.state != EnrolmentState.WITHDRAWN)
    )
    answered = session.scalar(
        select(func.count()).select_from(Participation).where(Participation.wave_id == wave.id)
    )
    shown = may_show(answered or 0, wave.form.least_shown)
    summaries, hasty = None, None
    if shown:
        responses = list(session.scalars(select(Response).where(Response.wave_id == wave.id)))
        summaries = tuple(summarise(q, [r.answers for r in responses]) for q in wave.form.questions)
        hasty = sum(response.straight_lined for response in responses)
    return Results(
        asked=asked or 0,
        answered=answered or 0,
        rate=rate_percent(answered or 0, asked or 0),
        least=wave.form.least_shown,
        summaries=summaries,
        straight_lined=hasty,
    )
