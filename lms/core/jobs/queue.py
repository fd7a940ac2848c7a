"""Asking for long work, and asking for its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lms.core import audit
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.jobs import durable
from lms.core.jobs.kinds import kind_of
from lms.core.jobs.models import Job, JobState


def enqueue(
    session: Session, kind: str, args: Mapping[str, Any], actor: audit.Acting, *, now: datetime, label: str
) -> Job:
    """Add a job to the caller's transaction: it exists, and will run, if and only if that commits.

    `label` is the gettext id of what the person asked for; `args` is plain JSON.
    """
    kind_of(kind)
    who = actor.actor
    job = Job(
        kind=kind,
        label=label,
        args=dict(args),
        state=JobState.QUEUED,
        account_id=who.account_id,
        employee_id=who.employee_id,
        actor_label=who.label,
        created_at=now,
    )
    session.add(job)
    session.flush()
    audit.record(session, actor, "core:job:start", f"job:{job.id}", kind=kind)
    _submit(session, job)
    return job


def cancel(session: Session, job: Job, actor: audit.Acting, *, now: datetime) -> None:
    """Stop a job before its next step; what is done stays, unless its kind tidies it up."""
    session.refresh(job, with_for_update=True)
    if job.state.over:
        raise Refused(N_("这项后台任务已经结束，不能取消。"))
    job.cancel_asked = True
    if job.state is JobState.QUEUED:
        job.state, job.ended_at = JobState.CANCELLED, now
        kind_of(job.kind).abandoned(session, job)
    audit.record(session, actor, "core:job:cancel", f"job:{job.id}", done=job.done, total=job.total)


def _submit(session: Session, job: Job) -> None:
    bind = session.get_bind()
    url = bind.url if isinstance(bind, Engine) else bind.engine.url
    durable.client(url).enqueue_in_transaction(
        session,
        {
            "workflow_name": durable.WORKFLOW,
            "queue_name": durable.QUEUE,
            "workflow_id": durable.workflow_id(job.id),
            "app_version": durable.VERSION,
        },
        job.id,
    )
