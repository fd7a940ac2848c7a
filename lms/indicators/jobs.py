"""Imports as long work: check, then commit; each slow part runs without the write lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from lms.core import clock
from lms.core.audit import Actor
from lms.core.jobs import Job, JobKind, job_kind
from lms.indicators import services
from lms.indicators.models import ImportUpload
from lms.indicators.rules import BatchState


class ImportJob(JobKind):
    """Imports one upload; killed at any point and run again it leaves the same."""

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        """Check, then commit."""
        return ["check", "commit"]

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        """Read, check and write files; a repeat replaces the files."""
        upload = session.get_one(ImportUpload, job.args["upload"])
        if upload.state is not BatchState.DRAFT:
            return None
        seen = services.latest_change(session)
        findings = services.inspect(session, upload)
        if key == "check":
            return findings, services.keep_findings(upload, findings)
        return services.write_parts(upload, findings), seen

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Note the findings, or let the batches count."""
        upload = session.get_one(ImportUpload, job.args["upload"])
        if prepared is None:
            return
        if key == "check":
            services.judge(session, upload, *prepared)
        else:
            actor = Actor(job.account_id, job.employee_id, job.actor_label)
            services.commit(session, actor, upload, *prepared, now=clock.now())

    def finish(self, session: Session, job: Job) -> None:
        """Leave the counts with the job."""
        upload = session.get_one(ImportUpload, job.args["upload"])
        job.result = {
            "upload": upload.id,
            "state": upload.state.value,
            "rows": upload.rows,
            "rejected": upload.rejected,
            "batches": [batch.id for batch in upload.batches],
        }

    def abandoned(self, session: Session, job: Job) -> None:
        """Let the same upload be started again, unless it was rejected."""
        upload = session.get_one(ImportUpload, job.args["upload"])
        if upload.state is BatchState.DRAFT:
            upload.job_id = None


@job_kind("import.actuals")
class ActualsJob(ImportJob):
    """Imports actuals."""


@job_kind("import.targets")
class TargetsJob(ImportJob):
    """Imports targets."""


@job_kind("import.records")
class RecordsJob(ImportJob):
    """Imports the records of a data model."""


@job_kind("import.people")
class PeopleJob(ImportJob):
    """Imports people; how, is said by the room above that knows the verbs of people."""
