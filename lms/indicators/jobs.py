"""Imports as long work: check, then commit; each slow part runs without the write lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from lms.core import clock, inbox_files
from lms.core.audit import SYSTEM, Actor
from lms.core.db import db, read_only
from lms.core.housekeeping import chore
from lms.core.i18n import N_
from lms.core.jobs import Job, JobKind, job_kind
from lms.core.ops import doctors
from lms.indicators import services
from lms.indicators.models import Arrival, ImportUpload
from lms.indicators.rules import BatchState
from lms.indicators.rules.kinds import ArrivalState
from lms.indicators.services import balances, feeds, inbox

T = TypeVar("T")
INBOX, BALANCE = "indicators.inbox", balances.JOB
NIGHT = timedelta(hours=2)
"""From this time of the night on the balance is made."""


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
            return parts, seen, None
        findings = services.inspect(session, upload)
        rejects = services.keep_findings(upload, findings)
        if key == "check":
            services.stage(upload, findings, seen)
            return findings, rejects
        parts = services.write_parts(upload, findings) if services.usable(upload, findings) else []
        return parts, seen, (findings, rejects)

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
            parts, seen, again = prepared
            if again is None or services.judge(session, upload, *again):
                services.commit(session, actor, upload, parts, seen, now=clock.now())

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
            message, params = job.message or N_("导入已取消。"), job.message_params or {}
            services.note_extra(upload, step="check", stopped={"message": message, "params": params})


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


@job_kind(inbox.JOB)
class InboxJob(ImportJob):
    """Imports a file of the inbox, unless its control file, its day or its length speak against it."""

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        """As every import, and hold what was found against what was promised."""
        arrival = session.get_one(Arrival, job.args["arrival"])
        if arrival.state is not ArrivalState.WAITING:
            return None
        prepared = super().prepare(session, job, key)
        if key == "check" and prepared is not None:
            return prepared, inbox.verdict(session, arrival, prepared[0])
        return prepared

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Note the findings; what is held back goes no further."""
        if key != "check" or prepared is None:
            super().apply(session, job, key, prepared)
            return
        found, spoken = prepared
        super().apply(session, job, key, found)
        arrival = session.get_one(Arrival, job.args["arrival"])
        upload = session.get_one(ImportUpload, job.args["upload"])
        if spoken is not None and upload.state is BatchState.DRAFT:
            inbox.hold_back(arrival, *spoken)

    def finish(self, session: Session, job: Job) -> None:
        """Say what became of the file."""
        super().finish(session, job)
        inbox.conclude(session, session.get_one(Arrival, job.args["arrival"]))

    def abandoned(self, session: Session, job: Job) -> None:
        """Try again some times, for other batches may have come between."""
        super().abandoned(session, job)
        inbox.give_up(session, session.get_one(Arrival, job.args["arrival"]), job, now=clock.now())


@chore(INBOX)
def scan(session: Session, now: datetime) -> int:
    """Put away what is over, take one file that is ready, and raise the alarm for what did not come."""
    with inbox_files.alone(inbox.root()) as alone:
        if not alone:
            return 0
        seen = _reading(session, lambda: inbox.look(session, now=now))
        inbox.put_away(seen.away)
        for found in seen.found:
            taken = inbox.take_up(found)  # the content is read while no transaction waits
            if taken is not None:
                inbox.take(session, found, taken, now=now)
                return 1
        if _reading(session, lambda: bool(feeds.missing(session, now))):
            return feeds.note_missing(session, feeds.missing(session, now), now=now)
        unready = seen.unready
        if _reading(session, lambda: bool(feeds.alarmed_unready(session, unready))):
            return feeds.note_unready(session, unready)
        return 0


@chore(BALANCE)
def balance_nightly(session: Session, now: datetime) -> int:
    """Once a night, queue the balance of the days whose records or code maps changed."""
    night = clock.midnight(clock.local_day(now)) + NIGHT
    if now < night:
        return 0

    def due() -> bool:
        made = select(Job.id).where(Job.kind == BALANCE, Job.created_at >= night).limit(1)
        return session.scalar(made) is None and bool(balances.stale_days(session, clock.local_day(now)))

    if not _reading(session, due):
        return 0
    balances.balance_again(session, SYSTEM, None, now=now)
    return 1


@job_kind(BALANCE)
class BalanceJob(JobKind):
    """Balances days anew: the named one, or all that are stale."""

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        """Return the days."""
        if day := job.args.get("day"):
            return [str(day)]
        stale = balances.stale_days(session, clock.local_day(job.created_at))
        return [day.isoformat() for day in stale]

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        """Compute a day and write its file."""
        return balances.compute(session, date.fromisoformat(key))

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Let it count."""
        balances.keep(session, prepared, now=clock.now())


def _reading(session: Session, work: Callable[[], T]) -> T:
    """Look without holding the write lock."""

    def looked() -> T:
        read_only(reading=True)
        try:
            return work()
        finally:
            session.rollback()

    return copy_context().run(looked)


@doctors("inbox")
def inbox_alarms() -> str:
    """Say what the inbox needs somebody for; without a schema there is nothing to say."""
    if not inspect(db.engine).has_table("arrival"):
        return "no database yet"
    session = db.session()
    try:
        found = feeds.alarms(session)
        told = ", ".join(f"{one.feed.code} {one.day} {one.state}" for one in found[:5])
    finally:
        session.rollback()
    if found:
        raise RuntimeError(f"{len(found)} alarms: {told} (flask data inbox)")
    return f"{inbox.root()}, no alarms"
