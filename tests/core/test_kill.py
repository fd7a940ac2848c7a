"""A worker killed in the middle of a job: after a restart the job ends, and nothing is doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from lms.core import audit, clock, jobs
from lms.core.db import db
from lms.core.jobs import JobState
from tests.conftest import Databases
from tests.core import marks
from tests.core.killing import KILLS, ROUNDS, wait, worker

WORKER = "tests.core.marks_worker"
STEPS = 40
ACKNOWLEDGED = 8
"""Steps that must be on record before a kill, else the test would show nothing."""


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_killed_job_ends_after_a_restart_with_nothing_doubled(
    round_: int, databases: Databases, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    url = databases.filled()
    app = make_app(url, tmp_path)
    with app.app_context():
        session = db.session()
        arguments = {"steps": STEPS, "pause": 0.02, "fickle": True}
        job_id = jobs.enqueue(session, marks.KIND, arguments, audit.SYSTEM, now=clock.now(), label="测试").id
        session.commit()

        for number in range(1, KILLS + 1):
            with worker(url, tmp_path, WORKER) as process:
                seen = wait(
                    session, job_id, lambda job, n=number: job.done >= ACKNOWLEDGED * n or job.state.over
                )
                time.sleep(random.uniform(0, 0.05))  # at any place within a step
                process.kill()
            assert seen.state is JobState.RUNNING, "the job ended before the kill"
            assert ACKNOWLEDGED * number <= seen.done < STEPS

        with worker(url, tmp_path, WORKER):
            job = wait(session, job_id, lambda job: job.state.over)
        assert (job.state, job.done, job.total) == (JobState.DONE, STEPS, STEPS)
        kept = marks.marks(session, job)
        assert len(kept) == len(set(kept)) == STEPS
        assert [int(key.split("/")[0]) for key in kept] == list(range(STEPS))
        assert marks.times(session, job, "test:plan") == 1
        assert job.result == {"marks": STEPS}
        assert marks.swept(session) == 1, "every worker does the chores, which three of them do not double"
        db.session.remove()
        db.engine.dispose()
