"""Courses and their frozen versions, cohorts, who is enrolled, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.files import StoredFile
from lms.core.reach import Reach, column
from lms.core.types import EnumText, Json, LocalDate, Score, UtcDateTime
from lms.learning.reach import (
    in_trained,
    joined,
    lessons_joined,
    lessons_trained,
    organised_or_posted,
    trained,
)
from lms.learning.rules.states import EnrolmentState, OutcomeKind
from lms.people.models import Employee, OrgUnit

__all__ = [
    "Cohort",
    "CohortState",
    "CohortTrainer",
    "Course",
    "CourseMedium",
    "CourseVersion",
    "Enrolment",
    "EnrolmentState",
    "Lesson",
    "LessonKind",
    "LessonProgress",
    "Outcome",
    "OutcomeKind",
    "PairAnswer",
]


class LessonKind(StrEnum):
    """What a lesson mostly is."""

    THEORY = "theory"
    EXPERIENCE = "experience"
    DRILL = "drill"


class CohortState(StrEnum):
    """A cohort is open until its trainer or HR closes it, or calls it off."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Course(Model):
    """A course by its code; what it teaches stands in its versions."""

    __tablename__ = "course"
    __scope__ = Reach.shared()

    code: Mapped[str] = mapped_column(String(40), unique=True)


class CourseVersion(Model):
    """One published content of a course; never changed afterwards, cohorts keep theirs.

    `required` is what completion asks for: `{"quizzes": [codes], "forms": [codes]}`.
    """

    __tablename__ = "course_version"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        UniqueConstraint("course_id", "sha256"),
    )
    __scope__ = Reach.shared()

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str | None] = mapped_column(String(120))
    summary_zh: Mapped[str] = mapped_column(String(1000))
    summary_en: Mapped[str | None] = mapped_column(String(1000))
    hours: Mapped[Decimal] = mapped_column(Score)
    pass_percent: Mapped[Decimal] = mapped_column(Score)
    required: Mapped[Any] = mapped_column(Json)
    package: Mapped[Any] = mapped_column(Json, deferred=True)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)

    course: Mapped[Course] = relationship()
    lessons: Mapped[list[Lesson]] = relationship(back_populates="course_version", order_by="Lesson.position")


class Lesson(Model):
    """One lesson of a version; `blocks` in the shape of `schemas/lesson.json`."""

    __tablename__ = "lesson"
    __table_args__ = (
        UniqueConstraint("course_version_id", "code"),
        UniqueConstraint("course_version_id", "position"),
    )
    __scope__ = Reach(own=lessons_joined, assigned=lessons_trained)

    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    code: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[LessonKind] = mapped_column(EnumText(LessonKind))
    minutes: Mapped[int]
    blocks: Mapped[Any] = mapped_column(Json, deferred=True)

    course_version: Mapped[CourseVersion] = relationship(back_populates="lessons")


class CourseMedium(Model):
    """A picture or recording of a version by its path inside the package."""

    __tablename__ = "course_medium"
    __table_args__ = (UniqueConstraint("course_version_id", "path"),)
    __scope__ = Reach(own=lessons_joined, assigned=lessons_trained)

    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    path: Mapped[str] = mapped_column(String(255))
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))

    stored_file: Mapped[StoredFile] = relationship()


class Cohort(Model):
    """A numbered class (班次) on one course version; `ends_on` is its last day."""

    __tablename__ = "cohort"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="days"),
        CheckConstraint("capacity > 0", name="capacity"),
        Index("ix_cohort_starts_on", "starts_on"),
    )
    __scope__ = Reach(own=joined, assigned=trained, unit=column("org_unit_id"))

    number: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"), index=True)
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"), index=True)
    starts_on: Mapped[date] = mapped_column(LocalDate)
    ends_on: Mapped[date] = mapped_column(LocalDate)
    location: Mapped[str] = mapped_column(String(200))
    rest_days: Mapped[bool]
    state: Mapped[CohortState] = mapped_column(EnumText(CohortState))
    capacity: Mapped[int]
    cancel_reason: Mapped[str | None] = mapped_column(String(500))
    lock: Mapped[int] = mapped_column(default=1)

    course_version: Mapped[CourseVersion] = relationship()
    org_unit: Mapped[OrgUnit] = relationship()
    trainers: Mapped[list[CohortTrainer]] = relationship(order_by="CohortTrainer.id")

    __mapper_args__ = {"version_id_col": lock}


class CohortTrainer(Model):
    """Who trains a cohort."""

    __tablename__ = "cohort_trainer"
    __table_args__ = (UniqueConstraint("cohort_id", "employee_id"),)
    __scope__ = Reach(own=column("employee_id"), assigned=in_trained)

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)

    employee: Mapped[Employee] = relationship()


class Enrolment(Model):
    """A person's place in a cohort; the state follows the evidence and is never set by hand."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("cohort_id", "employee_id"),
        Index("ix_enrolment_employee", "employee_id", "completed_at"),
    )
    __scope__ = Reach(own=column("employee_id"), assigned=in_trained, unit=organised_or_posted)

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    state: Mapped[EnrolmentState] = mapped_column(EnumText(EnrolmentState))
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    cohort: Mapped[Cohort] = relationship()
    employee: Mapped[Employee] = relationship()


class LessonProgress(Model):
    """How far a person is in a lesson; `position` is the block last opened, from 0."""

    __tablename__ = "lesson_progress"
    __table_args__ = (UniqueConstraint("enrolment_id", "lesson_id"),)

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id"))
    position: Mapped[int]
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PairAnswer(Model):
    """What a person noticed in a right/wrong pair, and which listed differences were among it."""

    __tablename__ = "pair_answer"
    __table_args__ = (UniqueConstraint("enrolment_id", "lesson_id", "block"),)

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id"))
    block: Mapped[int]
    noticed: Mapped[str] = mapped_column(String(4000))
    found: Mapped[Any] = mapped_column(Json)
    percent: Mapped[Decimal | None] = mapped_column(Score)
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Outcome(Model):
    """A result reported by a higher room: what it came of (`source`) and of which item of the course."""

    __tablename__ = "outcome"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "source"),
        Index("ix_outcome_occurred_at", "occurred_at"),
    )

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    kind: Mapped[OutcomeKind] = mapped_column(EnumText(OutcomeKind))
    item: Mapped[str | None] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(80))
    points: Mapped[Decimal | None] = mapped_column(Score)
    passed: Mapped[bool | None]
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
