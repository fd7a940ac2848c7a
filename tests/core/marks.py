"""A job kind for tests: every step leaves one audit line, so that a doubled step shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core import audit
from lms.core.errors import Refused
from lms.core.housekeeping import chore
from lms.core.i18n import N_
from lms.core.jobs import Job, JobKind, job_kind

KIND = "test.marks"


@job_kind(KIND)
class Marks(JobKind):
    """Args: `steps` (how many), `pause` (seconds each), `bad` (key of a step that goes wrong), `refused`."""

    planned = 0

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        Marks.planned += 1
        audit.record(session, audit.SYSTEM, "test:plan", target(job))
        # A plan that depends on more than its arguments must not change after a kill.
        return [
            f"{n}/{time.monotonic_ns() if job.args.get('fickle') else 0}" for n in range(job.args["steps"])
        ]

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        time.sleep(job.args.get("pause", 0))
        return {"prepared": key}

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        audit.record(session, audit.SYSTEM, "test:mark", target(job), key=key, **prepared)
        number = int(key.split("/")[0])
        if job.args.get("refused") == number:
            raise Refused(N_("文件没有 %(column)s 这一列。"), column="金额")
        if job.args.get("broken") == number:
            raise ZeroDivisionError("secret detail")

    def finish(self, session: Session, job: Job) -> None:
        job.result = {"marks": len(marks(session, job))}

    def abandoned(self, session: Session, job: Job) -> None:
        audit.record(session, audit.SYSTEM, "test:abandoned", target(job), state=job.state.value)


@chore("test.sweep")
def sweep(session: Session, now: datetime) -> int:
    """A chore with one thing to do, which its every later round finds done."""
    if swept(session):
        return 0
    audit.record(session, audit.SYSTEM, "test:sweep", "floor")
    return 1


def swept(session: Session) -> int:
    """Return how often the chore was done."""
    statement = select(func.count()).select_from(audit.AuditEntry).filter_by(action="test:sweep")
    return session.scalar(statement) or 0


def target(job: Job) -> str:
    return f"job:{job.id}"


def marks(session: Session, job: Job) -> list[str]:
    """Return the keys of the steps that took effect, once for every time they did."""
    lines = session.scalars(select(audit.AuditEntry).filter_by(action="test:mark", target=target(job)))
    return [line.details["key"] for line in lines]


def times(session: Session, job: Job, action: str) -> int:
    """Return how often something was recorded of a job."""
    statement = (
        select(func.count()).select_from(audit.AuditEntry).filter_by(action=action, target=target(job))
    )
    return session.scalar(statement) or 0
