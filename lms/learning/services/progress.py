"""What people have done, and what state follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.core.audit import SYSTEM, Acting, record
from lms.core.clock import midnight
from lms.core.db import upsert
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.learning.models import (
    Cohort,
    CohortState,
    CohortTrainer,
    Course,
    CourseVersion,
    Enrolment,
    EnrolmentState,
    Lesson,
    LessonProgress,
    Outcome,
    OutcomeKind,
    PairAnswer,
)
from lms.learning.rules.completion import Event, Required, Standing, standing
from lms.learning.rules.pairs import found_percent


def remember_position(
    session: Session, enrolment_id: int, lesson_id: int, position: int, *, now: datetime
) -> None:
    """Remember the block (from 0) which a person opened last.

    Raises:
        NotFound: when the lesson is not one of the course, or has no such block.
    """
    lesson = _lesson_for(session, enrolment_id, lesson_id)
    if not 0 <= position < len(lesson.blocks):
        raise NotFound
    row = {"enrolment_id": enrolment_id, "lesson_id": lesson_id, "position": position, "seen_at": now}
    upsert(session, LessonProgress, [row], ["enrolment_id", "lesson_id"])


def complete_lesson(
    session: Session, actor: Acting, enrolment_id: int, lesson_id: int, *, now: datetime
) -> Standing:
    """Mark a lesson as done (the first moment stays) and settle where the person stands.

    Raises:
        NotFound: when the lesson is not one of the course.
    """
    lesson = _lesson_for(session, enrolment_id, lesson_id)
    progress = session.scalar(_progress(enrolment_id, lesson_id))
    if progress is None:
        progress = LessonProgress(
            enrolment_id=enrolment_id, lesson_id=lesson_id, position=len(lesson.blocks) - 1, seen_at=now
        )
        session.add(progress)
    if progress.completed_at is None:
        progress.completed_at = now
        record(session, actor, "learning:lesson:complete", f"enrolment:{enrolment_id}", lesson=lesson.code)
    session.flush()
    return settle(session, session.get_one(Enrolment, enrolment_id), now=now)


def record_outcome(
    session: Session,
    *,
    enrolment_id: int,
    kind: OutcomeKind | str,
    source: str,
    points: Decimal | None,
    passed: bool | None,
    occurred_at: datetime,
    item: str | None = None,
) -> Standing:
    """Record a result of a higher room, or its correction (same `source`), and settle the enrolment.

    `item` is the code of the quiz or form; without it the result counts only for a course that has one.

    Raises:
        NotFound: when there is no such enrolment.
    """
    enrolment = session.get(Enrolment, enrolment_id)
    if enrolment is None:
        raise NotFound
    row = {
        "enrolment_id": enrolment_id,
        "source": source,
        "kind": OutcomeKind(kind),
        "item": item,
        "points": points,
        "passed": passed,
        "occurred_at": occurred_at,
    }
    upsert(session, Outcome, [row], ["enrolment_id", "source"])
    return settle(session, enrolment, now=occurred_at)


def settle(session: Session, enrolment: Enrolment, *, now: datetime) -> Standing:
    """Let an enrolment's state follow the evidence; a withdrawn one stays withdrawn."""
    found = standings(session, [enrolment])[enrolment.id]
    if enrolment.state is EnrolmentState.WITHDRAWN or enrolment.state is found.state:
        return found
    completed = found.state is EnrolmentState.COMPLETED
    enrolment.state = found.state
    enrolment.completed_at = now if completed else None
    session.flush()
    if completed:
        record(session, SYSTEM, "learning:enrolment:complete", f"enrolment:{enrolment.id}")
    return found


def standings(session: Session, enrolments: Collection[Enrolment]) -> dict[int, Standing]:
    """Return where each stands, in a fixed number of queries."""
    ids = [one.id for one in enrolments]
    required = _required(session, {one.cohort_id for one in enrolments})
    done: dict[int, list[str]] = defaultdict(list)
    for enrolment_id, code in session.execute(
        select(LessonProgress.enrolment_id, Lesson.code)
        .join(Lesson, Lesson.id == LessonProgress.lesson_id)
        .where(LessonProgress.enrolment_id.in_(ids), LessonProgress.completed_at.is_not(None))
    ):
        done[enrolment_id].append(code)
    events: dict[int, list[Event]] = defaultdict(list)
    for enrolment_id, kind, item, passed in session.execute(
        select(Outcome.enrolment_id, Outcome.kind, Outcome.item, Outcome.passed).where(
            Outcome.enrolment_id.in_(ids)
        )
    ):
        events[enrolment_id].append(Event(kind, item, passed))
    return {one.id: standing(required[one.cohort_id], done[one.id], events[one.id]) for one in enrolments}


def _required(session: Session, cohort_ids: Collection[int]) -> dict[int, Required]:
    rows = session.execute(
        select(Cohort.id, CourseVersion.id, CourseVersion.required)
        .join(CourseVersion, CourseVersion.id == Cohort.course_version_id)
        .where(Cohort.id.in_(cohort_ids))
    ).all()
    lessons: dict[int, set[str]] = defaultdict(set)
    for version_id, code in session.execute(
        select(Lesson.course_version_id, Lesson.code).where(
            Lesson.course_version_id.in_({version_id for _, version_id, _ in rows})
        )
    ):
        lessons[version_id].add(code)
    return {
        cohort_id: Required(
            frozenset(lessons[version_id]), frozenset(codes["quizzes"]), frozenset(codes["forms"])
        )
        for cohort_id, version_id, codes in rows
    }


@dataclass(frozen=True)
class Step:
    """One lesson on somebody's way: done or not, and the block last opened (None: not begun)."""

    lesson: Lesson
    done: bool
    position: int | None


def steps_of(session: Session, enrolment: Enrolment) -> list[Step]:
    """Return the lessons of an enrolment's course in order with how far the person is."""
    rows = session.execute(
        select(Lesson, LessonProgress.position, LessonProgress.completed_at)
        .join(Cohort, Cohort.course_version_id == Lesson.course_version_id)
        .outerjoin(
            LessonProgress,
            (LessonProgress.lesson_id == Lesson.id) & (LessonProgress.enrolment_id == enrolment.id),
        )
        .where(Cohort.id == enrolment.cohort_id)
        .order_by(Lesson.position)
    ).all()
    return [Step(lesson, completed is not None, position) for lesson, position, completed in rows]


def next_step(steps: Sequence[Step]) -> Step | None:
    """Return where to go on: the lesson begun and not finished, else the first not done, else None."""
    open_steps = [one for one in steps if not one.done]
    begun = [one for one in open_steps if one.position is not None]
    return next(iter(begun or open_steps), None)


def continue_lesson(session: Session, employee_id: int) -> Lesson | None:
    """Return the lesson with which a person goes on: the one opened last and not finished, else the
    first not begun of the course that ends first; None when nothing is left.
    """
    mine = (
        select(Enrolment.id)
        .join(Enrolment.cohort)
        .where(
            Enrolment.employee_id == employee_id,
            Enrolment.state.not_in([EnrolmentState.WITHDRAWN, EnrolmentState.COMPLETED]),
            Cohort.state == CohortState.OPEN,
        )
    )
    return session.scalar(
        select(Lesson)
        .join(Cohort, Cohort.course_version_id == Lesson.course_version_id)
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .outerjoin(
            LessonProgress,
            (LessonProgress.lesson_id == Lesson.id) & (LessonProgress.enrolment_id == Enrolment.id),
        )
        .where(Enrolment.id.in_(mine), LessonProgress.completed_at.is_(None))
        .options(joinedload(Lesson.course_version))
        .order_by(
            LessonProgress.seen_at.is_(None), LessonProgress.seen_at.desc(), Cohort.ends_on, Lesson.position
        )
        .limit(1)
    )


def enrolment_for(session: Session, employee_id: int | None, version_id: int) -> Enrolment | None:
    """Return somebody's enrolment on a course version, an unfinished one before a completed one."""
    if employee_id is None:
        return None
    return session.scalar(
        my_enrolments(employee_id)
        .where(Cohort.course_version_id == version_id)
        .order_by(None)
        .order_by(Enrolment.completed_at.is_not(None), Enrolment.id.desc())
        .limit(1)
    )


def my_enrolments(employee_id: int) -> Select[Enrolment]:
    """Return the select of somebody's enrolments with cohort and course, the newest first."""
    return (
        select(Enrolment)
        .join(Enrolment.cohort)
        .where(
            Enrolment.employee_id == employee_id,
            Enrolment.state != EnrolmentState.WITHDRAWN,
            Cohort.state != CohortState.CANCELLED,
        )
        .options(
            joinedload(Enrolment.cohort).joinedload(Cohort.course_version).joinedload(CourseVersion.course),
            selectinload(Enrolment.cohort, Cohort.trainers).joinedload(CohortTrainer.employee),
        )
        .order_by(Cohort.starts_on.desc(), Enrolment.id)
    )


def note_pair(
    session: Session, enrolment_id: int, lesson: Lesson, block: int, noticed: str, *, now: datetime
) -> None:
    """Keep what a person noticed in a pair, before the list of differences is shown.

    Raises:
        NotFound: when the block is no pair.
        Refused: when nothing is written.
    """
    _pair(lesson, block)
    if not noticed.strip():
        raise Refused(N_("请先写下您发现的不同之处。"))
    row = {
        "enrolment_id": enrolment_id,
        "lesson_id": lesson.id,
        "block": block,
        "noticed": noticed.strip()[:4000],
        "found": [],
        "percent": None,
        "answered_at": now,
    }
    upsert(session, PairAnswer, [row], ["enrolment_id", "lesson_id", "block"])


def check_pair(
    session: Session, enrolment_id: int, lesson: Lesson, block: int, found: Collection[int], *, now: datetime
) -> Decimal:
    """Keep which listed differences a person had noticed; returns their share in whole percents.

    Raises:
        NotFound: when the block is no pair.
        Refused: when the person has not yet written down what was noticed.
    """
    differences = _pair(lesson, block)
    answer = pair_answers(session, enrolment_id, lesson.id).get(block)
    if answer is None:
        raise Refused(N_("请先写下您发现的不同之处。"))
    answer.found = sorted({place for place in found if 0 <= place < len(differences)})
    answer.percent = found_percent(found, len(differences))
    answer.answered_at = now
    return answer.percent


def pair_answers(session: Session, enrolment_id: int, lesson_id: int) -> dict[int, PairAnswer]:
    """Return somebody's answers to the pairs of a lesson by block."""
    rows = session.scalars(
        select(PairAnswer).where(PairAnswer.enrolment_id == enrolment_id, PairAnswer.lesson_id == lesson_id)
    )
    return {one.block: one for one in rows}


@dataclass(frozen=True)
class Result:
    """One outcome as evidence: whose, of which cohort and course, and what came of it."""

    outcome_id: int
    employee_id: int
    enrolment_id: int
    cohort_number: str
    course_code: str
    kind: OutcomeKind
    item: str | None
    source: str
    points: Decimal | None
    passed: bool | None
    occurred_at: datetime


def outcomes(session: Session, employee_ids: Collection[int], first: date, after: date) -> list[Result]:
    """Return the outcomes of people within `[first, after)`, in order of person and time."""
    found: list[Result] = []
    for block in _blocks(employee_ids):
        rows = session.execute(
            select(Outcome, Enrolment.employee_id, Cohort.number, Course.code)
            .join(Enrolment, Enrolment.id == Outcome.enrolment_id)
            .join(Cohort, Cohort.id == Enrolment.cohort_id)
            .join(CourseVersion, CourseVersion.id == Cohort.course_version_id)
            .join(Course, Course.id == CourseVersion.course_id)
            .where(
                Enrolment.employee_id.in_(block),
                Outcome.occurred_at >= midnight(first),
                Outcome.occurred_at < midnight(after),
            )
            .order_by(Enrolment.employee_id, Outcome.occurred_at, Outcome.id)
        )
        found += [
            Result(
                outcome_id=one.id,
                employee_id=employee_id,
                enrolment_id=one.enrolment_id,
                cohort_number=number,
                course_code=code,
                kind=one.kind,
                item=one.item,
                source=one.source,
                points=one.points,
                passed=one.passed,
                occurred_at=one.occurred_at,
            )
            for one, employee_id, number, code in rows
        ]
    return found


@dataclass(frozen=True)
class Completion:
    """A course completed, as evidence."""

    employee_id: int
    enrolment_id: int
    cohort_number: str
    course_code: str
    completed_at: datetime


def completions(
    session: Session, employee_ids: Collection[int], first: date, after: date
) -> list[Completion]:
    """Return the courses people completed within `[first, after)`, in order of person and time."""
    found: list[Completion] = []
    for block in _blocks(employee_ids):
        rows = session.execute(
            select(Enrolment.employee_id, Enrolment.id, Cohort.number, Course.code, Enrolment.completed_at)
            .join(Cohort, Cohort.id == Enrolment.cohort_id)
            .join(CourseVersion, CourseVersion.id == Cohort.course_version_id)
            .join(Course, Course.id == CourseVersion.course_id)
            .where(
                Enrolment.employee_id.in_(block),
                Enrolment.completed_at >= midnight(first),
                Enrolment.completed_at < midnight(after),
            )
            .order_by(Enrolment.employee_id, Enrolment.completed_at, Enrolment.id)
        )
        found += [
            Completion(employee_id, enrolment_id, number, code, at)
            for employee_id, enrolment_id, number, code, at in rows
            if at is not None
        ]
    return found


def _blocks(employee_ids: Collection[int]) -> list[list[int]]:
    wanted = sorted(set(employee_ids))
    return [wanted[at : at + 500] for at in range(0, len(wanted), 500)]


def _progress(enrolment_id: int, lesson_id: int) -> Select[LessonProgress]:
    return select(LessonProgress).where(
        LessonProgress.enrolment_id == enrolment_id, LessonProgress.lesson_id == lesson_id
    )


def _lesson_for(session: Session, enrolment_id: int, lesson_id: int) -> Lesson:
    lesson = session.scalar(
        select(Lesson)
        .join(Cohort, Cohort.course_version_id == Lesson.course_version_id)
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .where(Enrolment.id == enrolment_id, Lesson.id == lesson_id)
    )
    if lesson is None:
        raise NotFound
    return lesson


def _pair(lesson: Lesson, block: int) -> list[str]:
    if not 0 <= block < len(lesson.blocks) or lesson.blocks[block]["kind"] != "pair":
        raise NotFound
    differences: list[str] = lesson.blocks[block]["differences_zh"]
    return differences
