"""Forms and waves; participation names people, responses never do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.reach import Reach
from lms.core.types import Json, LocalDate, UtcDateTime
from lms.learning.models import Cohort, CohortTrainer, CourseVersion, Enrolment
from lms.people.models import Employee


def _of_my_cohorts(model: Any, employee_id: int) -> ColumnElement[bool]:
    enrolled = select(Enrolment.cohort_id).where(Enrolment.employee_id == employee_id)
    clause: ColumnElement[bool] = model.cohort_id.in_(enrolled)
    return clause


def _of_trained_cohorts(model: Any, employee_id: int) -> ColumnElement[bool]:
    trained = select(CohortTrainer.cohort_id).where(CohortTrainer.employee_id == employee_id)
    clause: ColumnElement[bool] = model.cohort_id.in_(trained)
    return clause


class Form(Model):
    """One version of a feedback form (培训效果反馈表) of a course version."""

    __tablename__ = "feedback_form"
    __table_args__ = (UniqueConstraint("course_version_id", "code"),)
    __scope__ = Reach.shared()

    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    wave: Mapped[int]
    respondent: Mapped[str] = mapped_column(String(20))
    anonymous: Mapped[bool]
    due_days: Mapped[int]
    least_shown: Mapped[int]
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str | None] = mapped_column(String(120))
    intro_zh: Mapped[str | None] = mapped_column(String(1000))
    intro_en: Mapped[str | None] = mapped_column(String(1000))
    questions: Mapped[Any] = mapped_column(Json)

    course_version: Mapped[CourseVersion] = relationship()


class Wave(Model):
    """A form put to a cohort, open from a day and due on another."""

    __tablename__ = "feedback_wave"
    __table_args__ = (UniqueConstraint("form_id", "cohort_id", "number"),)
    __scope__ = Reach(own=_of_my_cohorts, assigned=_of_trained_cohorts)

    form_id: Mapped[int] = mapped_column(ForeignKey("feedback_form.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    number: Mapped[int]
    opens_on: Mapped[date] = mapped_column(LocalDate)
    due_on: Mapped[date] = mapped_column(LocalDate)
    anonymous: Mapped[bool]

    form: Mapped[Form] = relationship()
    cohort: Mapped[Cohort] = relationship()


class Participation(Model):
    """That a person has given an answer; of what was said it knows nothing."""

    __tablename__ = "feedback_participation"
    __table_args__ = (
        UniqueConstraint("wave_id", "enrolment_id"),
        Index("ix_feedback_participation_employee", "employee_id"),
    )

    wave_id: Mapped[int] = mapped_column(ForeignKey("feedback_wave.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    employee: Mapped[Employee] = relationship()


class Response(Model):
    """What was said. In an anonymous wave it has no person, no time, and an id drawn at random,

    so that neither order nor clock leads back to a participation.
    """

    __tablename__ = "feedback_response"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    wave_id: Mapped[int] = mapped_column(ForeignKey("feedback_wave.id"), index=True)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    answers: Mapped[Any] = mapped_column(Json)
    straight_lined: Mapped[bool]
