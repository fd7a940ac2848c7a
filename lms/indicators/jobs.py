"""Imports as long work: check, then commit; each slow part runs without the write lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from lms.core import clock
from lms.core.audit import Actor
from lms.core.jobs import Job, JobKind, job_kind
from lms.indicators import services
from lms.indicators.models import ImportUpload
from lms.indicators.rules import BatchState


class ImportJob(JobKind):
    """Imports one upload; killed at any point and run again it leaves the same.

    The file is read once: the check leaves the written parts beside it. They are made again
    when other batches came or went before the commit.
    """

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        """Check, then commit, then compute anew what hangs on it."""
        return ["check", "commit", "derive"]

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        """Read, check and write files; a repeat replaces the files."""
        upload = session.get_one(ImportUpload, job.args["upload"])
        if key == "derive":
            return _derived(session, upload)
        if upload.state is not BatchState.DRAFT:
            return None
        seen = services.latest_change(session)
        if key == "commit" and (parts := services.staged(upload, seen)) is not None:
            return parts, seen
        findings = services.inspect(session, upload)
        if key == "check":
            services.stage(upload, findings, seen)
            return findings, services.keep_findings(upload, findings)
        return services.write_parts(upload, findings), seen

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Note the findings, or let the batches count."""
        upload = session.get_one(ImportUpload, job.args["upload"])
        if prepared is None:
            return
        actor = Actor(job.account_id, job.employee_id, job.actor_label)
        if key == "check":
            services.judge(session, upload, *prepared)
        elif key == "derive":
            services.keep(session, actor, f"import_upload:{upload.id}", prepared, now=clock.now())
        else:
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


def _derived(session: Session, upload: ImportUpload) -> list[services.Fresh] | None:
    """Compute what hangs on the upload's values, files only."""
    days = services.batch_days(upload.batches)
    if upload.state is not BatchState.COMMITTED or days is None:
        return None
    return services.recompute(session, services.codes_in(session, upload.batches), *days)


@job_kind("indicators.derive")
class DeriveJob(JobKind):
    """Computes anew what hangs on changed indicators."""

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        """One go: what is touched is computed together."""
        return ["derive"]

    def prepare(self, session: Session, job: Job, key: str) -> list[services.Fresh]:
        """Compute and write files; a repeat finds the same."""
        first, after = (date.fromisoformat(job.args[name]) for name in ("first", "after"))
        return services.recompute(session, job.args["changed"], first, after)

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Let the values count, and list what was recomputed."""
        actor = Actor(job.account_id, job.employee_id, job.actor_label)
        done = services.keep(session, actor, job.args["cause"], prepared, now=clock.now())
        job.result = {"recalculation": done.id if done else None}


@job_kind("import.check")
class CheckJob(JobKind):
    """The dry run of a large upload; afterwards it is a draft as before, with the findings beside it."""

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        """One step."""
        return ["check"]

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        """Read and check."""
        upload = session.get_one(ImportUpload, job.args["upload"])
        return services.summarise(session, upload, services.inspect(session, upload))

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Leave what was found."""
        services.keep_summary(session.get_one(ImportUpload, job.args["upload"]), prepared)

    def finish(self, session: Session, job: Job) -> None:
        """Give the upload free."""
        self.abandoned(session, job)

    def abandoned(self, session: Session, job: Job) -> None:
        """Give the upload free."""
        upload = session.get_one(ImportUpload, job.args["upload"])
        if upload.job_id == job.id:
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


@job_kind("import.units")
class UnitsJob(ImportJob):
    """Imports units; how, is said by the room above that knows the verbs of people."""
