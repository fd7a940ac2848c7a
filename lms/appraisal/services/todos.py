"""What appraisals ask of people: ratings to give, a new result to read."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.access.actions import Action
from lms.access.services import Person
from lms.appraisal.models import Appraisal, Cycle, CycleState
from lms.appraisal.services.ratings import unrated
from lms.core.clock import local_day
from lms.core.i18n import N_, pick
from lms.core.todo import Todo

NEW_FOR = timedelta(days=30)


def todo(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return what a person has to do here: rate the own people, look at a newly published result."""
    lines: list[Todo] = []
    if person.can(Action.RATING_GIVE):
        lines += [
            Todo(
                N_("还有 %(people)s 人待评分：%(cycle)s"),
                "appraisal.grid",
                {"cycle_id": one.cycle.id},
                {"people": one.open, "cycle": pick(one.cycle, "name", person.language)},
                one.cycle.rating_due,
                "rating",
            )
            for one in unrated(session, person, local_day(now))
            if one.open
        ]
    if person.employee_id is not None:
        fresh = session.scalars(
            select(Appraisal)
            .join(Cycle, Cycle.id == Appraisal.cycle_id)
            .where(
                Appraisal.employee_id == person.employee_id,
                Cycle.state == CycleState.PUBLISHED,
                Cycle.published_at > now - NEW_FOR,
            )
            .options(joinedload(Appraisal.cycle))
            .order_by(Cycle.period.desc())
        )
        lines += [
            Todo(
                N_("考核结果已公布：%(cycle)s"),
                "appraisal.result",
                {"appraisal_id": appraisal.id},
                {"cycle": pick(appraisal.cycle, "name", person.language)},
                None,
                "result",
            )
            for appraisal in fresh
        ]
    return lines
