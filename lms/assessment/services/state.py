"""Where a person stands with the quizzes of a course, and which of them are still to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, joinedload

from lms.access.actions import Action
from lms.access.services import Person
from lms.assessment.models import Attempt, AttemptState, Quiz
from lms.assessment.rules import results, timing
from lms.core.i18n import N_, pick
from lms.core.todo import Todo
from lms.learning.models import Cohort, CohortState, Enrolment, EnrolmentState


@dataclass(frozen=True)
class QuizState:
    """A quiz for one enrolment: attempts used and left, the best percent, what can be done now."""

    quiz: Quiz
    attempts: Sequence[Attempt]
    best: Decimal | None
    passed: bool
    running: Attempt | None
    left: int
    open: bool

    @property
    def can_start(self) -> bool:
        """Whether another attempt may begin."""
        return self.open and self.left > 0 and self.running is None


def quiz_state(
    session: Session, enrolment: Enrolment, *, now: datetime, code: str | None = None
) -> list[QuizState]:
    """Return the state of each quiz of the enrolment's course (or of the one with a code), in two queries."""
    wanted = select(Quiz).where(Quiz.course_version_id == enrolment.cohort.course_version_id)
    if code is not None:
        wanted = wanted.where(Quiz.code == code)
    quizzes = list(session.scalars(wanted.order_by(Quiz.position).options(joinedload(Quiz.course_version))))
    attempts = attempts_at(session, enrolment)
    return [
        _state(quiz, enrolment, [one for one in attempts if one.quiz_id == quiz.id], now) for quiz in quizzes
    ]


def attempts_at(session: Session, enrolment: Enrolment) -> list[Attempt]:
    """Return the attempts of an enrolment, the first first."""
    return list(
        session.scalars(select(Attempt).where(Attempt.enrolment_id == enrolment.id).order_by(Attempt.number))
    )


def own_attempts(employee_id: int | None) -> Select[Attempt]:
    """Return the select of a person's attempts, the latest first, with quiz and course."""
    return (
        select(Attempt)
        .where(Attempt.employee_id == employee_id)
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
        .options(joinedload(Attempt.quiz).joinedload(Quiz.course_version))
    )


def todo(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return the quizzes the person has still to pass and may still sit, in two queries."""
    if person.employee_id is None or not person.can(Action.QUIZ_TAKE):
        return []
    mine = and_(Attempt.quiz_id == Quiz.id, Attempt.enrolment_id == Enrolment.id)
    pairs = list(
        session.execute(
            select(Enrolment, Quiz, func.count(Attempt.id), func.max(Attempt.percent))
            .join(Cohort, Cohort.id == Enrolment.cohort_id)
            .join(Quiz, Quiz.course_version_id == Cohort.course_version_id)
            .outerjoin(Attempt, mine)
            .where(
                Enrolment.employee_id == person.employee_id,
                Enrolment.state.not_in([EnrolmentState.WITHDRAWN, EnrolmentState.COMPLETED]),
                Cohort.state == CohortState.OPEN,
            )
            .group_by(Enrolment.id, Quiz.id, Cohort.id)
            .add_columns(Cohort.ends_on)
        )
    )
    running = {
        (attempt.enrolment_id, attempt.quiz_id)
        for attempt in session.scalars(
            select(Attempt).where(
                Attempt.employee_id == person.employee_id,
                Attempt.state == AttemptState.STARTED,
                Attempt.due_at > now,
            )
        )
    }
    return [
        Todo(
            title=N_("继续测验：%(quiz)s")
            if (enrolment.id, quiz.id) in running
            else N_("参加测验：%(quiz)s"),
            params={"quiz": pick(quiz, "title", person.language)},
            url_endpoint="assessment.intro",
            url_args={"enrolment_id": enrolment.id, "code": quiz.code},
            due=ends_on,
            kind="quiz",
        )
        for enrolment, quiz, used, best, ends_on in pairs
        if not (best is not None and results.passes(best, quiz.pass_percent))
        and (used < quiz.attempts_allowed or (enrolment.id, quiz.id) in running)
    ]


def _state(quiz: Quiz, enrolment: Enrolment, attempts: list[Attempt], now: datetime) -> QuizState:
    reached = results.best(attempt.percent for attempt in attempts)
    return QuizState(
        quiz=quiz,
        attempts=attempts,
        best=reached,
        passed=reached is not None and results.passes(reached, quiz.pass_percent),
        running=next((one for one in attempts if one.open and not timing.overdue(one.due_at, now)), None),
        left=max(0, quiz.attempts_allowed - len(attempts)),
        open=enrolment.cohort.state is CohortState.OPEN and enrolment.state is not EnrolmentState.WITHDRAWN,
    )
