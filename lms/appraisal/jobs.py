"""The durable computation of a cycle: gather, score, store a hundred people at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from lms.appraisal.models import Cycle
from lms.appraisal.services import computing, frozen
from lms.core import clock
from lms.core.audit import Actor
from lms.core.jobs import Job, JobKind, job_kind


@job_kind(computing.KIND)
class ComputeCycle(JobKind):
    """`args`: cycle_id. Reading, scoring and the writing of files happen outside the write lock."""

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        """Gather, score, one step for each hundred people, close."""
        parts = computing.chunks(session, job.args["cycle_id"])
        return ["gather", "score", *(f"store:{part}" for part in range(parts))]

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        """Gather or score, and keep the tables as files."""
        cycle = _cycle(session, job)
        if key == "gather":
            return frozen.keep(computing.gather(session, cycle))
        if key == "score":
            return frozen.keep(computing.scored(cycle))
        return None

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Write what was gathered, scored, or is to be stored."""
        cycle = _cycle(session, job)
        if key == "gather":
            computing.freeze(session, cycle, prepared, now=clock.now())
        elif key == "score":
            computing.keep_results(session, cycle, prepared, now=clock.now())
        else:
            computing.store(session, cycle, int(key.partition(":")[2]))

    def finish(self, session: Session, job: Job) -> None:
        """Mark the cycle as computed."""
        cycle = _cycle(session, job)
        actor = Actor(job.account_id, job.employee_id, job.actor_label)
        computing.close(session, actor, cycle, now=clock.now())
        job.result = {"cycle_id": cycle.id, "result_sha256": cycle.result_sha256}


def _cycle(session: Session, job: Job) -> Cycle:
    return session.get_one(Cycle, job.args["cycle_id"])
