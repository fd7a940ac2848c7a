"""What is aimed at, and what people say to it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, UniqueConstraint, and_, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.reach import Reach, column
from lms.core.types import EnumText, Score, UtcDateTime
from lms.indicators.models.importing import ImportBatch
from lms.indicators.models.indicator import Indicator
from lms.indicators.rules.kinds import Answer
from lms.people.reach import posted


def _own(model: Any, employee_id: int) -> ColumnElement[bool]:
    return and_(model.subject_kind == "employee", model.subject_id == employee_id)


def _subject(model: Any, units: Select[int], day: date) -> ColumnElement[bool]:
    people = and_(model.subject_kind == "employee", posted("subject_id")(model, units, day))
    return or_(people, and_(model.subject_kind == "unit", model.subject_id.in_(units)))


class Target(Model):
    """What is aimed at for one person or unit, in the indicator's unit; counts while its batch does."""

    __tablename__ = "target"
    __scope__ = Reach(own=_own, unit=_subject)
    __table_args__ = (
        UniqueConstraint("batch_id", "line", "indicator_id"),
        Index("ix_target_subject", "period", "indicator_id", "subject_kind", "subject_id"),
    )

    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    period: Mapped[str] = mapped_column(String(7))
    value: Mapped[Decimal] = mapped_column(Score)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    line: Mapped[int]

    indicator: Mapped[Indicator] = relationship()
    batch: Mapped[ImportBatch] = relationship()


class TargetAnswer(Model):
    """What a person says to an own target: accepted, or questioned with a note."""

    __tablename__ = "target_answer"
    __scope__ = Reach(own=column("employee_id"))

    target_id: Mapped[int] = mapped_column(ForeignKey("target.id"), unique=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    answer: Mapped[Answer] = mapped_column(EnumText(Answer))
    note: Mapped[str] = mapped_column(String(500), default="")
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    target: Mapped[Target] = relationship()
