"""A worker killed in the middle of a job: after a restart the job ends, and nothing is doubled."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import URL
from sqlalchemy.orm import Session

from lms.core import audit, clock, jobs
from lms.core.db import db
from lms.core.jobs import Job, JobState
from tests.conftest import PROFILE, Databases
from tests.core import marks

ROUNDS = 5 if PROFILE == "full" else 1
STEPS = 40
ACKNOWLEDGED = 8
"""Steps that must be on record before a kill, else the test would show nothing."""
SECONDS = 60


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

        for number in (1, 2):
            with worker(url, tmp_path) as process:
                seen = wait(
                    session, job_id, lambda job, n=number: job.done >= ACKNOWLEDGED * n or job.state.over
                )
                time.sleep(random.uniform(0, 0.05))  # at any place within a step
                process.kill()
            assert seen.state is JobState.RUNNING, "the job ended before the kill"
            assert ACKNOWLEDGED * number <= seen.done < STEPS

        with worker(url, tmp_path):
            job = wait(session, job_id, lambda job: job.state.over)
        assert (job.state, job.done, job.total) == (JobState.DONE, STEPS, STEPS)
        kept = marks.marks(session, job)
        assert len(kept) == len(set(kept)) == STEPS
        assert [int(key.split("/")[0]) for key in kept] == list(range(STEPS))
        assert marks.times(session, job, "test:plan") == 1
        assert job.result == {"marks": STEPS}
        db.session.remove()
        db.engine.dispose()


@contextmanager
def worker(url: URL, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process; it is gone when the block ends, however it ends."""
    environment = {
        **os.environ,
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "ZHIXING_HOME": str(home),
        "SECRET_KEY": "only for tests",
    }
    process = subprocess.Popen([sys.executable, "-m", "tests.core.marks_worker"], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(SECONDS)


def wait(session: Session, job_id: int, until: Callable[[Job], bool]) -> Job:
    """Return the job as soon as it is as wished; each look is a short transaction, kept off the lock."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        job = session.get_one(Job, job_id, populate_existing=True)
        wished = until(job)
        session.expunge(job)
        session.rollback()
        if wished:
            return job
        time.sleep(0.02)
    pytest.fail(f"the job is still {job.state.value} at {job.done} of {job.total}")
