"""Values that people type, imported values that are hidden, and values that are derived."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.files import StoredFile
from lms.core.reach import Reach, column
from lms.core.types import EnumText, Json, LocalDate, Score, UtcDateTime
from lms.indicators.models.importing import ImportBatch
from lms.indicators.models.indicator import Indicator
from lms.indicators.rules.kinds import Flag
from lms.people.models import Employee, OrgUnit
from lms.people.reach import posted


def _subject(model: Any, units: Select[int], day: date) -> ColumnElement[bool]:
    return or_(posted("employee_id")(model, units, day), model.org_unit_id.in_(units))


class TypedValue(Model):
    """A value that somebody typed, for one person or one unit on a day: who, when, why, on what evidence.

    It stands in place of imported values of the same subject, indicator and day. A changed value is a
    new row; the old one keeps the moment from which it no longer counts. `value` None takes it back.
    """

    __tablename__ = "typed_value"
    __scope__ = Reach(own=column("employee_id"), unit=_subject)
    __table_args__ = (
        CheckConstraint("(employee_id IS NULL) <> (org_unit_id IS NULL)", name="subject"),
        Index("ix_typed_value_day", "indicator_id", "day"),
        *(
            Index(
                f"uq_typed_value_{subject}",
                "indicator_id",
                f"{subject}_id",
                "day",
                unique=True,
                sqlite_where=text(f"superseded_at IS NULL AND {subject}_id IS NOT NULL"),
                postgresql_where=text(f"superseded_at IS NULL AND {subject}_id IS NOT NULL"),
            )
            for subject in ("employee", "org_unit")
        ),
    )

    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    org_unit_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"), index=True)
    day: Mapped[date] = mapped_column(LocalDate)
    value: Mapped[Decimal | None] = mapped_column(Score)
    flag: Mapped[Flag | None] = mapped_column(EnumText(Flag))
    reason: Mapped[str] = mapped_column(String(500))
    stored_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    account_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(120))
    typed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    indicator: Mapped[Indicator] = relationship()
    employee: Mapped[Employee | None] = relationship()
    org_unit: Mapped[OrgUnit | None] = relationship()
    attachment: Mapped[StoredFile | None] = relationship()


class HiddenValue(Model):
    """An imported value that an administrator hid, with the reason; its row stays where it is.

    `indicator` is its code, since a line of a wide file holds several; empty: the whole record.
    """

    __tablename__ = "hidden_value"
    __table_args__ = (UniqueConstraint("batch_id", "line", "indicator"),)
    __scope__ = Reach.shared()

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"))
    line: Mapped[int]
    indicator: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(String(500))
    account_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(120))
    hidden_at: Mapped[datetime] = mapped_column(UtcDateTime)

    batch: Mapped[ImportBatch] = relationship()


class Derivation(Model):
    """The derived values of one indicator and period: one Parquet file that counts while this row names it.

    `signature` is the hash of everything it was computed from; another one means it is stale.
    """

    __tablename__ = "derivation"
    __table_args__ = (UniqueConstraint("indicator_id", "period"),)

    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    period: Mapped[str] = mapped_column(String(7))
    signature: Mapped[str] = mapped_column(String(64))
    file: Mapped[str] = mapped_column(String(255))
    rows: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    indicator: Mapped[Indicator] = relationship()


class Recalculation(Model):
    """What one change made the system compute anew: `items` lists indicator, period and how many values."""

    __tablename__ = "recalculation"
    __scope__ = Reach.shared()

    cause: Mapped[str] = mapped_column(String(120))
    items: Mapped[Any] = mapped_column(Json)
    actor_label: Mapped[str] = mapped_column(String(120))
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
