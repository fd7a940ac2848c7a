"""A job as people see it, and its plan: one row a step, written before the first step runs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.core.db import Model
from lms.core.reach import Reach
from lms.core.types import EnumText, Json, UtcDateTime


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Job(Model):
    """One piece of long work: who asked for it, how far it is, what came out."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_employee_id_created_at", "employee_id", "created_at"),)
    # A job belongs to the account that asked for it: lms.web.jobs selects by account.
    __scope__ = Reach.shared()

    kind: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(200))
    args: Mapped[Any] = mapped_column(Json)
    state: Mapped[JobState] = mapped_column(EnumText(JobState), default=JobState.QUEUED)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    result: Mapped[Any | None] = mapped_column(Json)
    message: Mapped[str | None] = mapped_column(String(500))
    message_params: Mapped[Any | None] = mapped_column(Json)
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    account_id: Mapped[int | None]
    employee_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def percent(self) -> int:
        """Return how much is done, 0 to 100; only a finished job says 100."""
        if self.state is JobState.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


class JobStep(Model):
    """One step of the plan; `done_at` is set in the transaction of the step's effect."""

    __tablename__ = "job_step"
    __table_args__ = (UniqueConstraint("job_id", "key"), UniqueConstraint("job_id", "position"))

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(200))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
