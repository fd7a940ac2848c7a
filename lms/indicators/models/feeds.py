"""The nightly inbox: which files are expected when, and what arrived."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.reach import Reach
from lms.core.types import EnumText, Json, LocalDate, Score, UtcDateTime
from lms.indicators.models.datamodel import DataModel
from lms.indicators.models.importing import ImportUpload
from lms.indicators.rules.kinds import ArrivalState, ImportKind, Policy, Rhythm


class Feed(Model):
    """A file that another system delivers: its name, its rhythm, when it is due, how it is checked.

    In the patterns `{day}` stands for the day the data are of, as YYYYMMDD. `due_minutes` are minutes after
    midnight (Shanghai) `due_days` after that day. `shortest_percent` alarms when a file has fewer rows than
    that part of the one before.
    """

    __tablename__ = "feed"
    __scope__ = Reach.shared()

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[ImportKind] = mapped_column(EnumText(ImportKind))
    data_model_id: Mapped[int | None] = mapped_column(ForeignKey("data_model.id"))
    mapping_name: Mapped[str] = mapped_column(String(120), default="")
    file_pattern: Mapped[str] = mapped_column(String(200))
    control_pattern: Mapped[str] = mapped_column(String(200), default="")
    ready_pattern: Mapped[str] = mapped_column(String(200), default="")
    rhythm: Mapped[Rhythm] = mapped_column(EnumText(Rhythm))
    due_days: Mapped[int] = mapped_column(default=1)
    due_minutes: Mapped[int] = mapped_column(default=360)
    shortest_percent: Mapped[Decimal | None] = mapped_column(Score)
    policy: Mapped[Policy] = mapped_column(EnumText(Policy))
    starts_on: Mapped[date] = mapped_column(LocalDate)
    active: Mapped[bool] = mapped_column(default=True)

    data_model: Mapped[DataModel | None] = relationship()


class Arrival(Model):
    """What became of a feed's file of one day; a redelivery makes a further attempt."""

    __tablename__ = "arrival"
    __scope__ = Reach.shared()
    __table_args__ = (UniqueConstraint("feed_id", "day", "attempt"),)

    feed_id: Mapped[int] = mapped_column(ForeignKey("feed.id"))
    day: Mapped[date] = mapped_column(LocalDate, index=True)
    attempt: Mapped[int] = mapped_column(default=1)
    state: Mapped[ArrivalState] = mapped_column(EnumText(ArrivalState))
    file_name: Mapped[str] = mapped_column(String(255), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    control: Mapped[Any | None] = mapped_column(Json)
    message: Mapped[str] = mapped_column(String(500), default="")
    params: Mapped[Any] = mapped_column(Json, default=dict)
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("import_upload.id"))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody said, with a reason, that nothing more is to be done about it."""

    feed: Mapped[Feed] = relationship()
    upload: Mapped[ImportUpload | None] = relationship()


class Balance(Model):
    """The balance of one day: managers + pools + suspense against the ledger, one Parquet file of lines.

    `signature` is the hash of everything it was computed from; another one means it is stale.
    """

    __tablename__ = "balance"
    __scope__ = Reach.shared()

    day: Mapped[date] = mapped_column(LocalDate, unique=True)
    signature: Mapped[str] = mapped_column(String(64))
    file: Mapped[str] = mapped_column(String(255))
    rows: Mapped[int]
    differences: Mapped[int]
    suspended: Mapped[int]
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
