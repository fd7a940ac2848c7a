"""Plan, step, close: the three transactions a job is made of.

Every one of them may be called again after a kill and then finds its work done: the plan
is in JobStep rows, a step's row is marked in the transaction of the step's own effect.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lms.core import clock
from lms.core.db import db, read_only
from lms.core.errors import Refused, Rejected
from lms.core.i18n import N_
from lms.core.jobs.kinds import kind_of
from lms.core.jobs.models import Job, JobState, JobStep

T = TypeVar("T")

UNEXPECTED = N_("处理时发生意外错误，已记录在日志中（任务 %(job)s）。")


def plan(session: Session, job_id: int, *, now: datetime) -> list[str]:
    """Return the step keys of a job; the first call makes the plan, every later one reads it."""
    job = session.get_one(Job, job_id, with_for_update=True)
    if job.state.over:
        return []
    if job.started_at is None:
        keys = list(dict.fromkeys(kind_of(job.kind).plan(session, job)))
        session.add_all(JobStep(job_id=job.id, position=n, key=key) for n, key in enumerate(keys))
        job.state, job.total, job.started_at = JobState.RUNNING, len(keys), now
        session.flush()
    return list(
        session.scalars(select(JobStep.key).where(JobStep.job_id == job_id).order_by(JobStep.position))
    )


def step(session: Session, job_id: int, key: str, *, now: datetime, prepared: Any = None) -> bool:
    """Do one step unless it is done; return False when the job is to go no further.

    The job's row is not locked meanwhile: there is one worker, and cancelling must not wait.
    """
    job = session.get_one(Job, job_id)
    if job.state.over or job.cancel_asked:
        return False
    record = _record(session, job_id, key)
    if record.done_at is not None:
        return True
    kind_of(job.kind).apply(session, job, key, prepared)
    record.done_at = now
    session.flush()
    finished = select(func.count()).where(JobStep.job_id == job_id, JobStep.done_at.is_not(None))
    session.execute(update(Job).where(Job.id == job_id).values(done=finished.scalar_subquery()))
    return True


def prepare(session: Session, job_id: int, key: str) -> Any:
    """Return what the slow, reading part of a step gives; None when there is nothing left to do."""
    job = session.get_one(Job, job_id)
    if job.state.over or job.cancel_asked or _record(session, job_id, key).done_at is not None:
        return None
    return kind_of(job.kind).prepare(session, job, key)


def close(session: Session, job_id: int, *, now: datetime) -> None:
    """Finish a job whose steps are all done, or mark it cancelled when that was asked."""
    job = session.get_one(Job, job_id, with_for_update=True)
    if job.state.over:
        return
    if job.cancel_asked:
        job.state = JobState.CANCELLED
        kind_of(job.kind).abandoned(session, job)
    else:
        kind_of(job.kind).finish(session, job)
        job.state = JobState.DONE
    job.ended_at = now


def fail(session: Session, job_id: int, error: BaseException, *, now: datetime) -> None:
    """Store why a job failed, in words a person can use."""
    job = session.get_one(Job, job_id, with_for_update=True)
    if job.state.over:
        return
    job.message, job.message_params = _words(job, error)
    job.state, job.ended_at = JobState.FAILED, now
    kind_of(job.kind).abandoned(session, job)


def plan_now(job_id: int) -> list[str]:
    """Plan in a transaction of its own; an error ends the job and leaves nothing to do."""
    return _guarded(job_id, lambda: _write(lambda s: plan(s, job_id, now=clock.now()))) or []


def step_now(job_id: int, key: str) -> bool:
    """Prepare and do one step, committed whole; False when the job is to go no further."""

    def work() -> bool:
        prepared = _read(lambda s: prepare(s, job_id, key))
        return _write(lambda s: step(s, job_id, key, now=clock.now(), prepared=prepared))

    return _guarded(job_id, work) or False


def close_now(job_id: int) -> None:
    """Close the job in a transaction of its own."""
    _guarded(job_id, lambda: _write(lambda s: close(s, job_id, now=clock.now())))


def failed(job_id: int, error: BaseException) -> None:
    """Log an error that ended a job and store it with the job."""
    if not isinstance(error, (Refused, Rejected)):
        current_app.logger.error("job %s failed", job_id, exc_info=error)
    _write(lambda s: fail(s, job_id, error, now=clock.now()))


def run_inline(job_id: int) -> Job:
    """Run a job to its end here and now, as the worker would (tests, commands); return it."""
    for key in plan_now(job_id):
        if not step_now(job_id, key):
            break
    close_now(job_id)
    return db.session().get_one(Job, job_id, populate_existing=True)


def _guarded(job_id: int, work: Callable[[], T]) -> T | None:
    try:
        return work()
    except OperationalError:
        raise  # the database is away or locked: the worker tries again
    except Exception as error:  # noqa: BLE001  whatever a kind raises is told to the person who asked
        failed(job_id, error)
        return None


def _write(work: Callable[[Session], T]) -> T:
    session = db.session()
    try:
        answer = work(session)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return answer


def _read(work: Callable[[Session], T]) -> T:
    """Run reading work without the write lock; whatever it tries to write fails loudly."""

    def reading() -> T:
        read_only(reading=True)
        session = db.session()
        try:
            return work(session)
        finally:
            session.rollback()

    return copy_context().run(reading)


def _record(session: Session, job_id: int, key: str) -> JobStep:
    return session.scalars(select(JobStep).filter_by(job_id=job_id, key=key)).one()


def _words(job: Job, error: BaseException) -> tuple[str, dict[str, object]]:
    if isinstance(error, Refused):
        return error.message[:500], {name: str(value) for name, value in error.params.items()}
    if isinstance(error, Rejected) and error.problems:
        return str(error.problems[0])[:500], {}
    return UNEXPECTED, {"job": job.id}
