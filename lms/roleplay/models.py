"""Rubrics and scenarios of course versions; sittings, their scorers and ratings."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.reach import Reach, column
from lms.core.types import EnumText, Json, Score, UtcDateTime
from lms.learning.models import Cohort, CohortTrainer, CourseVersion, Enrolment
from lms.people.models import Employee
from lms.people.reach import posted


def _scored_or_trained(model: Any, employee_id: int) -> ColumnElement[bool]:
    scored = select(SittingScorer.sitting_id).where(SittingScorer.employee_id == employee_id)
    trained = select(CohortTrainer.cohort_id).where(CohortTrainer.employee_id == employee_id)
    return or_(model.id.in_(scored), model.cohort_id.in_(trained))


class Rubric(Model):
    """One version of a rubric (评分标准): criteria with weights and four levels, and gates."""

    __tablename__ = "rubric"
    __table_args__ = (UniqueConstraint("course_version_id", "code"),)
    __scope__ = Reach.shared()

    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str | None] = mapped_column(String(120))
    content: Mapped[Any] = mapped_column(Json)
    """`criteria`, `gates` and `bonus` in the shape of `schemas/rubric.json`."""


class Scenario(Model):
    """A scene to play: a card for the relationship manager and a hidden one for the customer."""

    __tablename__ = "scenario"
    __table_args__ = (UniqueConstraint("course_version_id", "code"),)
    __scope__ = Reach.shared()

    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    rubric_id: Mapped[int] = mapped_column(ForeignKey("rubric.id"))
    code: Mapped[str] = mapped_column(String(40))
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str | None] = mapped_column(String(120))
    minutes: Mapped[int]
    background_zh: Mapped[str] = mapped_column(String(20000))
    background_en: Mapped[str | None] = mapped_column(String(20000))
    card: Mapped[Any] = mapped_column(Json)
    hidden_card: Mapped[Any] = mapped_column(Json)

    course_version: Mapped[CourseVersion] = relationship()
    rubric: Mapped[Rubric] = relationship()


class SittingState(StrEnum):
    """A sitting is scheduled until every scorer has submitted."""

    SCHEDULED = "scheduled"
    DONE = "done"
    CANCELLED = "cancelled"


class Sitting(Model):
    """One person playing one scenario before scorers (演练)."""

    __tablename__ = "sitting"
    __table_args__ = (Index("ix_sitting_cohort", "cohort_id", "scheduled_at"),)
    __scope__ = Reach(own=column("employee_id"), assigned=_scored_or_trained, unit=posted("employee_id"))

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    scheduled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[SittingState] = mapped_column(EnumText(SittingState))
    final_percent: Mapped[Decimal | None] = mapped_column(Score)
    spread: Mapped[Decimal | None] = mapped_column(Score)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    cohort: Mapped[Cohort] = relationship()
    scenario: Mapped[Scenario] = relationship()
    enrolment: Mapped[Enrolment] = relationship()
    employee: Mapped[Employee] = relationship()
    scorers: Mapped[list[SittingScorer]] = relationship(order_by="SittingScorer.id")
    ratings: Mapped[list[Rating]] = relationship(order_by="Rating.id", back_populates="sitting")


class SittingScorer(Model):
    """Who scores a sitting."""

    __tablename__ = "sitting_scorer"
    __table_args__ = (UniqueConstraint("sitting_id", "employee_id"),)

    sitting_id: Mapped[int] = mapped_column(ForeignKey("sitting.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)

    employee: Mapped[Employee] = relationship()


class RatingState(StrEnum):
    """A draft can be changed; a submitted rating cannot."""

    DRAFT = "draft"
    SUBMITTED = "submitted"


class Rating(Model):
    """One scorer's rating of a sitting."""

    __tablename__ = "rating"
    __table_args__ = (UniqueConstraint("sitting_id", "scorer_id"),)

    sitting_id: Mapped[int] = mapped_column(ForeignKey("sitting.id"))
    scorer_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    state: Mapped[RatingState] = mapped_column(EnumText(RatingState))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    percent: Mapped[Decimal | None] = mapped_column(Score)
    before_gates: Mapped[Decimal | None] = mapped_column(Score)
    remarks: Mapped[str] = mapped_column(String(2000), default="")

    sitting: Mapped[Sitting] = relationship(back_populates="ratings")
    scorer: Mapped[Employee] = relationship()
    scores: Mapped[list[RatingScore]] = relationship(order_by="RatingScore.id", cascade="all, delete-orphan")


class RatingScore(Model):
    """The level a scorer gave at a criterion, and why."""

    __tablename__ = "rating_score"
    __table_args__ = (UniqueConstraint("rating_id", "criterion_code"),)

    rating_id: Mapped[int] = mapped_column(ForeignKey("rating.id"))
    criterion_code: Mapped[str] = mapped_column(String(20))
    level: Mapped[int]
    remark: Mapped[str] = mapped_column(String(1000), default="")
