"""Indicators; what was uploaded and which batches of it count; targets.

Actuals themselves are not rows here but Parquet files: a file that no committed batch names
does not exist.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.files import StoredFile
from lms.core.reach import Reach
from lms.core.types import EnumText, Json, LocalDate, Score, UtcDateTime
from lms.indicators.rules.kinds import Aggregate, BatchState, Direction, ImportKind, IndicatorSet, Policy


class Indicator(Model):
    """Something that is measured, in one unit, in exactly one set."""

    __tablename__ = "indicator"
    __scope__ = Reach.shared()

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    indicator_set: Mapped[IndicatorSet] = mapped_column(EnumText(IndicatorSet))
    unit: Mapped[str] = mapped_column(String(20))
    direction: Mapped[Direction] = mapped_column(EnumText(Direction))
    aggregate: Mapped[Aggregate] = mapped_column(EnumText(Aggregate))
    minimum: Mapped[Decimal | None] = mapped_column(Score)
    maximum: Mapped[Decimal | None] = mapped_column(Score)
    whole: Mapped[bool] = mapped_column(default=False)
    base_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id"))

    base: Mapped[Indicator | None] = relationship(remote_side="Indicator.id")


class ImportUpload(Model):
    """A file that somebody brought, how it is to be read, and what came of it."""

    __tablename__ = "import_upload"
    __scope__ = Reach.shared()
    __table_args__ = (Index("ix_import_upload_sha256", "kind", "sha256"),)

    kind: Mapped[ImportKind] = mapped_column(EnumText(ImportKind))
    state: Mapped[BatchState] = mapped_column(EnumText(BatchState), default=BatchState.DRAFT)
    policy: Mapped[Policy] = mapped_column(EnumText(Policy))
    period: Mapped[str] = mapped_column(String(7))
    split: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    options: Mapped[Any] = mapped_column(Json)
    layout: Mapped[Any | None] = mapped_column(Json)
    rows: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    rejects: Mapped[str | None] = mapped_column(String(200))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    account_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    stored_file: Mapped[StoredFile] = relationship()
    batches: Mapped[list[ImportBatch]] = relationship(back_populates="upload", order_by="ImportBatch.id")


class ImportBatch(Model):
    """What of an upload counts together: one set's actuals, or its targets, or its people."""

    __tablename__ = "import_batch"
    __scope__ = Reach.shared()
    __table_args__ = (
        UniqueConstraint("upload_id", "indicator_set"),
        Index(
            "uq_import_batch_content",
            "kind",
            "content_sha256",
            unique=True,
            sqlite_where=text("state = 'committed'"),
            postgresql_where=text("state = 'committed'"),
        ),
    )

    upload_id: Mapped[int] = mapped_column(ForeignKey("import_upload.id"))
    kind: Mapped[ImportKind] = mapped_column(EnumText(ImportKind))
    indicator_set: Mapped[IndicatorSet | None] = mapped_column(EnumText(IndicatorSet))
    state: Mapped[BatchState] = mapped_column(EnumText(BatchState), index=True)
    source_name: Mapped[str] = mapped_column(String(255))
    source_sha256: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(7))
    files: Mapped[Any] = mapped_column(Json)
    rows: Mapped[int]
    rejected: Mapped[int]
    first_day: Mapped[date | None] = mapped_column(LocalDate)
    last_day: Mapped[date | None] = mapped_column(LocalDate)
    committed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdraw_reason: Mapped[str | None] = mapped_column(String(500))

    upload: Mapped[ImportUpload] = relationship(back_populates="batches")


class Target(Model):
    """What is aimed at for one person or unit, in the indicator's unit; counts while its batch does."""

    __tablename__ = "target"
    __scope__ = Reach()
    __table_args__ = (
        UniqueConstraint("batch_id", "line"),
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
