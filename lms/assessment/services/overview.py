"""What trainers and HR see of a cohort's quizzes: means, numbers, and how each question went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from lms.assessment.models import Attempt, AttemptItem, AttemptState, Question, Quiz
from lms.assessment.rules import results
from lms.learning.models import Cohort, Enrolment, EnrolmentState
from lms.people.models import Employee


@dataclass(frozen=True)
class QuizOverview:
    """A quiz in a cohort: how many are enrolled, sat it and passed it; the mean of their best percents."""

    quiz: Quiz
    enrolled: int
    sat: int
    passed: int
    mean: Decimal | None


@dataclass(frozen=True)
class QuestionRate:
    """A question in a cohort: in how many closed attempts it stood, and the share of points it earned."""

    question: Question
    n: int
    rate: Decimal


def cohorts() -> Select[Cohort]:
    """Return the select of cohorts, the latest first; the caller narrows it to the person's reach."""
    return (
        select(Cohort)
        .order_by(Cohort.starts_on.desc(), Cohort.id.desc())
        .options(joinedload(Cohort.course_version))
    )


def overview(session: Session, cohort: Cohort) -> Sequence[QuizOverview]:
    """Return the quizzes of a cohort's course with their figures, in three queries."""
    enrolled = session.scalar(
        select(func.count())
        .select_from(Enrolment)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.state != EnrolmentState.WITHDRAWN)
    )
    best = session.execute(
        select(Attempt.quiz_id, Attempt.enrolment_id, func.max(Attempt.percent))
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(
            Enrolment.cohort_id == cohort.id,
            Enrolment.state != EnrolmentState.WITHDRAWN,
            Attempt.state != AttemptState.STARTED,
        )
        .group_by(Attempt.quiz_id, Attempt.enrolment_id)
    ).all()
    quizzes = session.scalars(
        select(Quiz).where(Quiz.course_version_id == cohort.course_version_id).order_by(Quiz.position)
    )
    return [
        _figures(
            quiz,
            enrolled or 0,
            [percent for quiz_id, _, percent in best if quiz_id == quiz.id and percent is not None],
        )
        for quiz in quizzes
    ]


def question_rates(session: Session, cohort: Cohort, quiz: Quiz) -> Sequence[QuestionRate]:
    """Return how each graded question of a quiz went in a cohort, the hardest first, in one query."""
    rows = session.execute(
        select(Question, func.count(), func.sum(AttemptItem.points), func.sum(AttemptItem.max_points))
        .join(AttemptItem, AttemptItem.question_id == Question.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(
            Enrolment.cohort_id == cohort.id,
            Attempt.quiz_id == quiz.id,
            Attempt.state != AttemptState.STARTED,
            AttemptItem.max_points > 0,
        )
        .group_by(Question.id)
    )
    rates = [
        QuestionRate(question, n, results.percent(earned or Decimal(0), possible or Decimal(0)))
        for question, n, earned, possible in rows
    ]
    return sorted(rates, key=lambda one: (one.rate, one.question.code))


def cohort_attempts(cohort: Cohort, quiz: Quiz) -> Select[Attempt]:
    """Return the select of a cohort's attempts at a quiz by person and number."""
    return (
        select(Attempt)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .join(Employee, Employee.id == Attempt.employee_id)
        .where(Enrolment.cohort_id == cohort.id, Attempt.quiz_id == quiz.id)
        .order_by(Employee.sort_key, Employee.id, Attempt.number)
        .options(joinedload(Attempt.employee))
    )


def _figures(quiz: Quiz, enrolled: int, best: list[Decimal]) -> QuizOverview:
    return QuizOverview(
        quiz=quiz,
        enrolled=enrolled,
        sat=len(best),
        passed=sum(results.passes(percent, quiz.pass_percent) for percent in best),
        mean=results.mean(best),
    )
