"""Answering a form once, without leaving a trace from the words to the person."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session, joinedload

from lms.access.actions import Action
from lms.access.services import Person
from lms.core.audit import Acting, record
from lms.core.clock import local_day
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_, pick
from lms.core.todo import Todo
from lms.feedback.models import Participation, Response, Wave
from lms.feedback.rules import read_answers, straight_lined
from lms.learning.models import Cohort, CohortState, Enrolment, EnrolmentState, OutcomeKind
from lms.learning.services import record_outcome

_BITS = 62


def my_waves(employee_id: int, day: datetime) -> Select[Wave, Participation | None]:
    """Return the select of the waves put to a person, open ones first, with the participation if any."""
    return (
        select(Wave, Participation)
        .join(
            Enrolment,
            and_(
                Enrolment.cohort_id == Wave.cohort_id,
                Enrolment.employee_id == employee_id,
                Enrolment.state != EnrolmentState.WITHDRAWN,
            ),
        )
        .outerjoin(
            Participation, and_(Participation.wave_id == Wave.id, Participation.enrolment_id == Enrolment.id)
        )
        .join(Cohort, Cohort.id == Wave.cohort_id)
        .where(Wave.opens_on <= local_day(day), Cohort.state != CohortState.CANCELLED)
        .options(joinedload(Wave.form), joinedload(Wave.cohort))
        .order_by(Wave.due_on.desc(), Wave.id.desc())
    )


def may_answer(session: Session, employee_id: int, wave: Wave, now: datetime) -> Enrolment:
    """Return the enrolment under which a person may answer a wave now.

    Raises:
        Refused: when the wave is closed, not put to this person, or answered already.
    """
    day = local_day(now)
    if not wave.opens_on <= day <= wave.due_on or wave.cohort.state is CohortState.CANCELLED:
        raise Refused(N_("这张反馈表现在不开放填写。"))
    enrolment = session.scalar(
        select(Enrolment).where(
            Enrolment.cohort_id == wave.cohort_id,
            Enrolment.employee_id == employee_id,
            Enrolment.state != EnrolmentState.WITHDRAWN,
        )
    )
    if enrolment is None or wave.form.respondent != "trainee":
        raise Refused(N_("这张反馈表不是发给您的。"))
    given = session.scalar(
        select(Participation.id).where(
            Participation.wave_id == wave.id, Participation.enrolment_id == enrolment.id
        )
    )
    if given is not None:
        raise Refused(N_("您已经填写过这张反馈表，谢谢。"))
    return enrolment


def answer(
    session: Session,
    actor: Acting,
    wave: Wave,
    employee_id: int,
    raw: Mapping[str, Sequence[str]],
    *,
    seconds: int,
    now: datetime,
) -> None:
    """Keep a person's answers and, apart from them, that the person has answered.

    Raises:
        Refused: when the person may not answer this wave (now).
        Rejected: naming every question that is not answered as asked.
    """
    enrolment = may_answer(session, employee_id, wave, now)
    answers, faults = read_answers(wave.form.questions, raw)
    if faults:
        raise Rejected([Problem(fault.message, fault.params, field=fault.code) for fault in faults])
    session.add(
        Response(
            id=secrets.randbits(_BITS),
            wave_id=wave.id,
            employee_id=None if wave.anonymous else employee_id,
            answers=answers,
            straight_lined=straight_lined(wave.form.questions, answers, seconds),
        )
    )
    session.add(
        Participation(wave_id=wave.id, enrolment_id=enrolment.id, employee_id=employee_id, submitted_at=now)
    )
    session.flush()
    record_outcome(
        session,
        enrolment_id=enrolment.id,
        kind=OutcomeKind.FEEDBACK,
        item=wave.form.code,
        source=f"feedback_wave:{wave.id}",
        points=None,
        passed=True,
        occurred_at=now,
    )
    record(session, actor, "feedback:answer:give", f"feedback_wave:{wave.id}")


def todo(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return the open forms a person has not answered."""
    if person.employee_id is None or not person.can(Action.FEEDBACK_GIVE):
        return []
    day = local_day(now)
    rows = session.execute(
        my_waves(person.employee_id, now).where(Wave.due_on >= day, Participation.id.is_(None))
    )
    return [
        Todo(
            N_("填写反馈表：%(cohort)s"),
            "feedback.fill",
            {"wave_id": wave.id},
            {"cohort": pick(wave.cohort, "name", person.language)},
            due=wave.due_on,
            kind="feedback",
        )
        for wave, _ in rows
        if wave.form.respondent == "trainee"
    ]
