"""Data models (数据模型): what an administrator says a file of the bank holds, and what becomes of it.

The records themselves are Parquet files with the model's schema, seen through a DuckDB view of its name.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.reach import Reach
from lms.core.types import EnumText, Json, LocalDate, Score, UtcDateTime
from lms.indicators.models.indicator import Indicator
from lms.indicators.rules.kinds import Delivery, FieldKind, FieldRole, FieldUse, ModelState


class DataModel(Model):
    """One kind of file of the bank: its fields, and how a new delivery stands to the earlier ones.

    `source` names the system it comes from, whose codes the code maps translate. `version` counts the
    recorded changes of its fields.
    """

    __tablename__ = "data_model"
    __scope__ = Reach.shared()

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120), unique=True)
    name_en: Mapped[str | None] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(40), default="")
    delivery: Mapped[Delivery] = mapped_column(EnumText(Delivery))
    state: Mapped[ModelState] = mapped_column(EnumText(ModelState))
    shipped: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    defined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lock: Mapped[int] = mapped_column(default=1)

    fields: Mapped[list[DataField]] = relationship(back_populates="model", order_by="DataField.place")

    __mapper_args__ = {"version_id_col": lock}


class DataField(Model):
    """A field of a data model; once records exist it is never removed, only retired by a later version.

    `titles` are further spellings of its header, `choices` the codes of a choice with their spellings,
    `since` and `until` the versions of the model in which it appeared and was retired.
    """

    __tablename__ = "data_field"
    __table_args__ = (UniqueConstraint("model_id", "code"),)

    model_id: Mapped[int] = mapped_column(ForeignKey("data_model.id"))
    place: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[FieldKind] = mapped_column(EnumText(FieldKind))
    required: Mapped[bool] = mapped_column(default=True)
    in_key: Mapped[bool] = mapped_column(default=False)
    unit: Mapped[str] = mapped_column(String(20), default="")
    role: Mapped[FieldRole] = mapped_column(EnumText(FieldRole))
    use: Mapped[FieldUse] = mapped_column(EnumText(FieldUse))
    titles: Mapped[Any] = mapped_column(Json, default=list)
    choices: Mapped[Any] = mapped_column(Json, default=dict)
    since: Mapped[int] = mapped_column(default=1)
    until: Mapped[int | None]

    model: Mapped[DataModel] = relationship(back_populates="fields")
    mappings: Mapped[list[FieldMapping]] = relationship(
        back_populates="field", order_by="FieldMapping.valid_from, FieldMapping.id"
    )


class FieldMapping(Model):
    """A field feeds an indicator from one day to another.

    `coefficient` weighs each row (a kind of deposit counted at 0.3); `conditions` is a list of
    {field, op, value} that a row must meet, all of them.
    """

    __tablename__ = "field_mapping"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),
        Index("ix_field_mapping_indicator", "indicator_id"),
    )

    field_id: Mapped[int] = mapped_column(ForeignKey("data_field.id"), index=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    coefficient: Mapped[Decimal] = mapped_column(Score, default=Decimal(1))
    conditions: Mapped[Any] = mapped_column(Json, default=list)
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)

    field: Mapped[DataField] = relationship(back_populates="mappings")
    indicator: Mapped[Indicator] = relationship()


class DataModelChange(Model):
    """A recorded change of a data model: who changed what, and the version it made."""

    __tablename__ = "data_model_change"

    model_id: Mapped[int] = mapped_column(ForeignKey("data_model.id"), index=True)
    version: Mapped[int]
    changes: Mapped[Any] = mapped_column(Json)
    actor_label: Mapped[str] = mapped_column(String(120))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
