"""Real worker processes to be killed, and waiting for what they get done."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.orm import Session

from lms.core.jobs import Job
from tests.conftest import PROFILE

ROUNDS = 5 if PROFILE == "full" else 1
KILLS = 2 if PROFILE == "full" else 1
SECONDS = 120


@contextmanager
def worker(url: URL, home: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process, `python -m` and the words given; it is gone when the block ends, however it ends."""
    environment = {
        **os.environ,
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "ZHIXING_HOME": str(home),
        "ZHIXING_FILES": str(home / "files"),
        "SECRET_KEY": "only for tests",
    }
    process = subprocess.Popen([sys.executable, "-m", *command], env=environment)
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
