"""The durable packing of a unit's documents: one step a person, then the archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lms.core import clock
from lms.core.audit import Actor
from lms.core.i18n import N_
from lms.core.jobs import Job, JobKind, job_kind
from lms.reports.models import UnitZip
from lms.reports.services import unit_zips

UNPRINTABLE = N_("生成报告时发生意外错误，已记录在日志中。")


@job_kind(unit_zips.KIND)
class PackUnit(JobKind):
    """`args`: zip_id. Printing and packing happen outside the write lock."""

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        """Take the numbers that are needed; one step a person, one for the archive."""
        return unit_zips.plan(session, _asked(session, job), now=clock.now())

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        """Print one document, or pack them all."""
        asked = _asked(session, job)
        if key == "pack":
            return unit_zips.packed(session, asked)
        try:
            return unit_zips.printed(session, asked, key, now=clock.now())
        except OperationalError:
            raise  # the database is away: the worker tries again
        except Exception:  # one person's broken report is listed, the others get theirs
            current_app.logger.exception("job %s: no report for step %s", job.id, key)
            return unit_zips.Failed(UNPRINTABLE)

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Keep the document with its person's entry, or the archive."""
        asked, now = _asked(session, job), clock.now()
        if key == "pack":
            unit_zips.pack(session, asked, prepared, now=now)
        else:
            actor = Actor(job.account_id, job.employee_id, job.actor_label)
            unit_zips.enter(session, actor, asked, key, prepared, now=now)

    def finish(self, session: Session, job: Job) -> None:
        """Say where the archive is and how many are missing from it."""
        asked = _asked(session, job)
        missing = len(unit_zips.failures(session, asked.id))
        job.result = {"url": f"/reports/zips/{asked.id}", "without": missing}


def _asked(session: Session, job: Job) -> UnitZip:
    return session.get_one(UnitZip, job.args["zip_id"])
