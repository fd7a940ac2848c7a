"""What learning asks of a person today."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.services import Person
from lms.core.clock import local_day
from lms.core.i18n import N_, pick
from lms.core.todo import Todo
from lms.learning.models import Cohort, CohortState, CohortTrainer, EnrolmentState
from lms.learning.services.progress import my_enrolments, standings


def todo(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return lessons still to be learnt, and for trainers the cohorts that ended and are still open."""
    if person.employee_id is None:
        return []
    return _to_learn(session, person, person.employee_id) + _to_close(session, person.employee_id, now)


def _to_learn(session: Session, person: Person, employee_id: int) -> list[Todo]:
    enrolments = [
        one
        for one in session.scalars(my_enrolments(employee_id))
        if one.state is not EnrolmentState.COMPLETED and one.cohort.state is CohortState.OPEN
    ]
    found = standings(session, enrolments)
    return [
        Todo(
            title=N_("学习《%(course)s》：还有 %(n)s 课"),
            params={
                "course": pick(one.cohort.course_version, "title", person.language),
                "n": len(found[one.id].missing_lessons),
            },
            url_endpoint="learning.enrolment",
            url_args={"enrolment_id": one.id},
            due=one.cohort.ends_on,
            kind="lesson",
        )
        for one in enrolments
        if found[one.id].missing_lessons
    ]


def _to_close(session: Session, employee_id: int, now: datetime) -> list[Todo]:
    trained = select(CohortTrainer.cohort_id).where(CohortTrainer.employee_id == employee_id)
    ended = session.scalars(
        select(Cohort)
        .where(Cohort.id.in_(trained), Cohort.state == CohortState.OPEN, Cohort.ends_on < local_day(now))
        .order_by(Cohort.ends_on)
    )
    return [
        Todo(
            title=N_("培训班 %(number)s 已到期，请查看进度并结班"),
            params={"number": one.number},
            url_endpoint="learning.progress",
            url_args={"cohort_id": one.id},
            due=one.ends_on,
            kind="cohort",
        )
        for one in ended
    ]
