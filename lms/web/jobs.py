"""The page of a job: how far it is, and the button that stops it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, select

from lms.access.actions import Action
from lms.core import clock, jobs
from lms.core.db import db
from lms.core.jobs import Job, JobState
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load
from lms.web.text import say

bp = Blueprint("jobs", __name__, url_prefix="/jobs")


@bp.app_template_global()
def job_state_label(job: Job) -> str:
    """Return the state of a job in the page's language."""
    return {
        JobState.QUEUED: _("等待开始"),
        JobState.RUNNING: _("进行中"),
        JobState.DONE: _("已完成"),
        JobState.FAILED: _("失败"),
        JobState.CANCELLED: _("已取消"),
    }[job.state]


@bp.app_template_global()
def job_message(job: Job) -> str:
    """Return why a job failed, in the page's language, or an empty text."""
    return say(job.message, job.message_params) if job.message else ""


@bp.app_template_global()
def job_label(job: Job) -> str:
    """Return what the job does, in the page's language."""
    return say(job.label)


@bp.get("/<int:job_id>")
@requires(Action.JOB_VIEW)
def show(job_id: int) -> str:
    """Show one job to the person who asked for it."""
    return render_template("jobs/show.html", job=_own(job_id, Action.JOB_VIEW))


@bp.get("/<int:job_id>.json")
@requires(Action.JOB_VIEW)
def progress(job_id: int) -> Any:
    """Answer a polling page: state, its label, percent, counts, message."""
    job = _own(job_id, Action.JOB_VIEW)
    return jsonify(
        state=job.state.value,
        label=job_state_label(job),
        over=job.state.over,
        percent=job.percent,
        done=job.done,
        total=job.total,
        message=job_message(job),
    )


@bp.post("/<int:job_id>/cancel")
@requires(Action.JOB_CANCEL)
def cancel(job_id: int) -> Any:
    """Stop a job before its next step."""
    job = _own(job_id, Action.JOB_CANCEL)
    jobs.cancel(db.session(), job, person(), now=clock.now())
    flash(_("已请求取消，当前步骤完成后停止。"), "info")
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def _own(job_id: int, action: Action) -> Job:
    """Find a job of the person's own account: administrators need not be employees."""
    mine: Select[Job] = select(Job).where(Job.account_id == person().account_id)
    return load(mine, job_id, action)
