"""What was uploaded, how it was read, and which batches of it count.

Actuals and the records of data models are not rows here but Parquet files: a file that no
committed batch names does not exist.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.files import StoredFile
from lms.core.reach import Reach
from lms.core.types import EnumText, Json, LocalDate, UtcDateTime
from lms.indicators.models.datamodel import DataModel
from lms.indicators.rules.kinds import BatchState, ImportKind, IndicatorSet, Policy


class ImportMapping(Model):
    """How files of one kind (and data model) are read: which title is which column, and the layout.

    Versions of one name follow each other by date: a file is read by the version of its own period.
    """

    __tablename__ = "import_mapping"
    __scope__ = Reach.shared()
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),
        UniqueConstraint("name", "valid_from"),
    )

    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[ImportKind] = mapped_column(EnumText(ImportKind))
    data_model_id: Mapped[int | None] = mapped_column(ForeignKey("data_model.id"))
    titles: Mapped[Any] = mapped_column(Json)
    options: Mapped[Any] = mapped_column(Json)
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)
    actor_label: Mapped[str] = mapped_column(String(120))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    data_model: Mapped[DataModel | None] = relationship()


class ImportUpload(Model):
    """A file that somebody brought, how it is to be read, and what came of it."""

    __tablename__ = "import_upload"
    __scope__ = Reach.shared()
    __table_args__ = (Index("ix_import_upload_sha256", "kind", "sha256"),)

    kind: Mapped[ImportKind] = mapped_column(EnumText(ImportKind))
    state: Mapped[BatchState] = mapped_column(EnumText(BatchState), default=BatchState.DRAFT)
    policy: Mapped[Policy] = mapped_column(EnumText(Policy))
    data_model_id: Mapped[int | None] = mapped_column(ForeignKey("data_model.id"))
    mapping_id: Mapped[int | None] = mapped_column(ForeignKey("import_mapping.id"))
    period: Mapped[str] = mapped_column(String(7))
    split: Mapped[bool] = mapped_column(default=False)
    compute_changes: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether change values that a basic file lacks are computed from it instead of refusing the file."""
    supersede: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether targets that count already are replaced by the file's."""
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    titles: Mapped[Any] = mapped_column(Json, default=dict, server_default="{}")
    """Which title of the file is which column, where the person said so: {column: title}."""
    options: Mapped[Any] = mapped_column(Json)
    extra: Mapped[Any] = mapped_column(Json, default=dict, server_default="{}")
    """What one kind asks beyond how the file is read; for people the effective day and what became of it."""
    layout: Mapped[Any | None] = mapped_column(Json)
    rows: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    rejects: Mapped[str | None] = mapped_column(String(200))
    notes: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    """What was worth knowing though it hindered nothing: [{message, params}]."""
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    account_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    stored_file: Mapped[StoredFile] = relationship()
    data_model: Mapped[DataModel | None] = relationship()
    mapping: Mapped[ImportMapping | None] = relationship()
    batches: Mapped[list[ImportBatch]] = relationship(back_populates="upload", order_by="ImportBatch.id")


class ImportBatch(Model):
    """What of an upload counts together: one set's actuals, or its targets, or its people.

    `reason` is why, where people typed it instead of bringing a file.
    """

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
    data_model_id: Mapped[int | None] = mapped_column(ForeignKey("data_model.id"), index=True)
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
    reason: Mapped[str | None] = mapped_column(String(500))

    upload: Mapped[ImportUpload] = relationship(back_populates="batches")
    data_model: Mapped[DataModel | None] = relationship()
