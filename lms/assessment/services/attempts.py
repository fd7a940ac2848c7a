"""An attempt from its start to its end: one paper, answers saved as they come, one grading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, joinedload

from lms.assessment.models import AnswerEntry, Attempt, AttemptItem, AttemptState, Question, Quiz
from lms.assessment.rules import grading, results, timing
from lms.assessment.rules.answers import Fill, NotAnAnswer, clean, fill, readable
from lms.assessment.rules.paper import draw
from lms.core.audit import SYSTEM, Acting, record
from lms.core.db import upsert
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.learning.models import CohortState, Enrolment, EnrolmentState, OutcomeKind
from lms.learning.services import record_outcome


@dataclass(frozen=True)
class Saved:
    """What became of a saved answer: how far it fills the question, and whether it can be read."""

    fill: Fill
    readable: bool
    seconds_left: int


def start_attempt(
    session: Session, actor: Acting, quiz: Quiz, enrolment: Enrolment, *, now: datetime
) -> Attempt:
    """Draw a paper and start the clock; an attempt that still runs is returned instead.

    Raises:
        Refused: when the cohort is closed, the person left it, or no attempt is left.
    """
    session.execute(select(Enrolment.id).where(Enrolment.id == enrolment.id).with_for_update())
    earlier = list(
        session.scalars(
            select(Attempt)
            .where(Attempt.quiz_id == quiz.id, Attempt.enrolment_id == enrolment.id)
            .order_by(Attempt.number)
        )
    )
    for attempt in earlier:
        if attempt.open and not timing.overdue(attempt.due_at, now):
            return attempt
        if attempt.open:
            _close(session, actor, attempt, AttemptState.EXPIRED, attempt.due_at)
    _refuse_start(quiz, enrolment, len(earlier))
    number = len(earlier) + 1
    attempt = Attempt(
        quiz_id=quiz.id,
        enrolment_id=enrolment.id,
        employee_id=enrolment.employee_id,
        number=number,
        state=AttemptState.STARTED,
        seed=f"{quiz.code}/{enrolment.cohort.number}/{enrolment.employee.number}/{number}",
        started_at=now,
        due_at=timing.due_at(now, quiz.time_limit_minutes),
    )
    session.add(attempt)
    session.flush()
    session.execute(insert(AttemptItem), _paper(session, quiz, attempt))
    record(session, actor, "assessment:attempt:start", f"attempt:{attempt.id}", number=number)
    return attempt


def save_answer(session: Session, attempt: Attempt, item_id: int, value: object, *, now: datetime) -> Saved:
    """Save the answer to one question of a running attempt.

    Raises:
        NotFound: when the paper has no such question.
        Refused: when the attempt is closed, the time is over, or the value is no answer.
    """
    item = save_answers(session, attempt, {item_id: value}, now=now)[item_id]
    asked = item.question.asked
    return Saved(
        fill(asked, item.answer), readable(asked, item.answer), timing.seconds_left(attempt.due_at, now)
    )


def save_answers(
    session: Session, attempt: Attempt, values: Mapping[int, object], *, now: datetime
) -> dict[int, AttemptItem]:
    """Save answers by item id in one statement, and add each change to the trail; None takes one back.

    Raises:
        As `save_answer`.
    """
    session.refresh(attempt, with_for_update=True)
    if not attempt.open:
        raise Refused(N_("这份答卷已经交卷，不能再修改。"))
    if timing.overdue(attempt.due_at, now):
        raise Refused(N_("答题时间已到，此前保存的答案有效。"))
    items = {item.id: item for item in _items(session, attempt, values)}
    if set(values) - set(items):
        raise NotFound
    changed: list[tuple[AttemptItem, Any]] = []
    for item_id, value in values.items():
        item = items[item_id]
        try:
            answer = clean(item.question.asked, value)
        except NotAnAnswer as error:
            raise Refused(N_("第 %(n)s 题的答案格式不正确。"), n=item.position) from error
        if answer != item.answer:
            changed.append((item, answer))
    upsert(session, AttemptItem, [_saved(item, answer, now) for item, answer in changed], _ITEM)
    if changed:
        session.execute(insert(AnswerEntry), [_entry(item, answer, now) for item, answer in changed])
    for item, _ in changed:
        session.refresh(item, ["answer", "answered_at"])
    return items


def submit(
    session: Session,
    actor: Acting,
    attempt: Attempt,
    *,
    now: datetime,
    answers: Mapping[int, object] | None = None,
) -> Attempt:
    """Hand in an attempt with the answers that come along, grade it and report the outcome.

    After the time is over the answers that come along are too late: what was saved before counts, and the
    attempt is closed as expired. An attempt handed in before stays as it is.
    """
    session.refresh(attempt, with_for_update=True)
    if not attempt.open:
        return attempt
    if timing.overdue(attempt.due_at, now):
        return _close(session, actor, attempt, AttemptState.EXPIRED, attempt.due_at)
    if answers:
        save_answers(session, attempt, answers, now=now)
    return _close(session, actor, attempt, AttemptState.SUBMITTED, min(now, attempt.due_at))


def expire_overdue(session: Session, *, now: datetime, actor: Acting = SYSTEM, limit: int = 200) -> int:
    """Close attempts whose time is over and that nobody handed in; return how many.

    Idempotent; a caller with more than `limit` of them calls again after its commit.
    """
    overdue = list(
        session.scalars(
            select(Attempt)
            .where(Attempt.state == AttemptState.STARTED, Attempt.due_at < now - timing.GRACE)
            .order_by(Attempt.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    for attempt in overdue:
        _close(session, actor, attempt, AttemptState.EXPIRED, attempt.due_at)
    return len(overdue)


def sit(
    session: Session,
    actor: Acting,
    quiz: Quiz,
    enrolment: Enrolment,
    answers: Mapping[str, object],
    *,
    started_at: datetime,
    submitted_at: datetime,
) -> Attempt:
    """Sit a whole attempt at once, through the same drawing, saving and grading as a person's own.

    `answers` is by question code; questions that were not drawn are passed over.
    """
    attempt = start_attempt(session, actor, quiz, enrolment, now=started_at)
    drawn = session.execute(
        select(AttemptItem.id, Question.code)
        .join(Question, Question.id == AttemptItem.question_id)
        .where(AttemptItem.attempt_id == attempt.id)
    )
    by_item = {item_id: answers[code] for item_id, code in drawn if code in answers}
    return submit(session, actor, attempt, now=submitted_at, answers=by_item)


_ITEM = ("attempt_id", "question_id")


def _refuse_start(quiz: Quiz, enrolment: Enrolment, used: int) -> None:
    if enrolment.state is EnrolmentState.WITHDRAWN or enrolment.cohort.state is not CohortState.OPEN:
        raise Refused(N_("培训班已结束或您已退出，不能开始测验。"))
    if quiz.course_version_id != enrolment.cohort.course_version_id:
        raise NotFound
    if used >= quiz.attempts_allowed:
        raise Refused(N_("测验最多可作答 %(n)s 次，次数已用完。"), n=quiz.attempts_allowed)


def _paper(session: Session, quiz: Quiz, attempt: Attempt) -> list[dict[str, Any]]:
    bank = {
        question.code: question
        for question in session.scalars(
            select(Question)
            .where(Question.course_version_id == quiz.course_version_id)
            .order_by(Question.code)
        )
    }
    met = session.execute(
        select(Question.code, func.count())
        .join(AttemptItem, AttemptItem.question_id == Question.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(
            Attempt.employee_id == attempt.employee_id, Question.course_version_id == quiz.course_version_id
        )
        .group_by(Question.code)
    )
    used = {code: int(times) for code, times in met}
    drawn = draw(quiz.sections, [question.asked for question in bank.values()], used, attempt.seed)
    return [
        {
            "attempt_id": attempt.id,
            "question_id": bank[place.code].id,
            "section": place.section,
            "position": position,
            "max_points": bank[place.code].asked.max_points,
        }
        for position, place in enumerate(drawn, 1)
    ]


def _items(
    session: Session, attempt: Attempt, wanted: Mapping[int, object] | None = None
) -> list[AttemptItem]:
    statement = select(AttemptItem).where(AttemptItem.attempt_id == attempt.id).order_by(AttemptItem.position)
    if wanted is not None:
        statement = statement.where(AttemptItem.id.in_(wanted))
    return list(session.scalars(statement.options(joinedload(AttemptItem.question))))


def _saved(item: AttemptItem, answer: Any, now: datetime) -> dict[str, Any]:
    return {
        "attempt_id": item.attempt_id,
        "question_id": item.question_id,
        "section": item.section,
        "position": item.position,
        "max_points": item.max_points,
        "answer": answer,
        "answered_at": now,
    }


def _entry(item: AttemptItem, answer: Any, now: datetime) -> dict[str, Any]:
    return {
        "attempt_id": item.attempt_id,
        "question_id": item.question_id,
        "answer": answer,
        "saved_at": now,
    }


def _close(session: Session, actor: Acting, attempt: Attempt, state: AttemptState, at: datetime) -> Attempt:
    """Grade what is saved, set the state and report the outcome downward."""
    quiz, items = attempt.quiz, _items(session, attempt)
    for item in items:
        item.points = grading.points(item.question.asked, item.answer, quiz.multiple_credit)
    earned = sum((item.points or Decimal(0) for item in items), Decimal(0))
    attempt.percent = results.percent(earned, sum((item.max_points for item in items), Decimal(0)))
    attempt.passed = results.passes(attempt.percent, quiz.pass_percent)
    attempt.state, attempt.submitted_at = state, at
    session.flush()
    record(
        session,
        actor,
        f"assessment:attempt:{'submit' if state is AttemptState.SUBMITTED else 'expire'}",
        f"attempt:{attempt.id}",
        percent=str(attempt.percent),
        passed=attempt.passed,
    )
    record_outcome(
        session,
        enrolment_id=attempt.enrolment_id,
        kind=OutcomeKind.QUIZ,
        item=quiz.code,
        source=f"quiz_attempt:{attempt.id}",
        points=attempt.percent,
        passed=attempt.passed,
        occurred_at=at,
    )
    return attempt
