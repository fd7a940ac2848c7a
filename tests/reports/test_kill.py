"""The archive of a unit, its worker killed in the middle: everybody is in it once, with one document."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.appraisal import services as appraisal
from lms.core import files
from lms.core.audit import AuditEntry
from lms.core.db import db
from lms.core.files import StoredFile
from lms.core.jobs import JobState, run_inline
from lms.reports import services
from lms.reports.models import IssuedDocument, UnitZip, ZipEntry
from lms.reports.services import unit_zips
from tests.appraisal.house import NOW, House, whole_story
from tests.conftest import Databases
from tests.core.killing import KILLS, ROUNDS, wait, worker

PEOPLE = 3
STEPS = PEOPLE + 1
ACKNOWLEDGED = 1
"""Steps that must be on record before a kill, else the test would show nothing."""


@pytest.mark.sampled
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_killed_packing_ends_after_a_restart_with_everybody_in_it_once(
    round_: int, databases: Databases, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    url = databases.filled()
    app = make_app(url, tmp_path)
    with app.app_context():
        session = db.session()
        house, cycle = whole_story(session)
        appraisal.run_cycle(session, cycle, house.person("hr"), NOW)
        appraisal.publish_by_two(session, cycle, house.person("hr"), house.person("hr2"), now=NOW)
        asked = ask(house, cycle)
        zip_id, job_id = asked.id, asked.job_id
        assert job_id
        session.commit()

        for least in (ACKNOWLEDGED, PEOPLE)[:KILLS]:  # while printing, and about the packing
            with worker(url, tmp_path, "tests.core.slow_worker", unit_zips.KIND) as process:
                seen = wait(session, job_id, lambda job, n=least: job.done >= n or job.state.over)
                time.sleep(random.uniform(0, 0.25))  # at any place within a step
                process.kill()
            assert seen.state is JobState.RUNNING, "the job ended before the kill"
            assert least <= seen.done < STEPS

        with worker(url, tmp_path, "flask", "--app", "lms.app", "worker", "--patience", "20"):
            job = wait(session, job_id, lambda job: job.state.over)
        assert (job.state, job.done, job.total) == (JobState.DONE, STEPS, STEPS)
        assert job.result["without"] == 0
        assert count(session, IssuedDocument) == count(session, ZipEntry) == PEOPLE
        assert count(session, AuditEntry, action="reports:document:issue") == PEOPLE
        assert count(session, StoredFile, media_type=unit_zips.ZIP) == 1
        packed = contents(session, zip_id)
        assert sorted(packed) == [
            "EAST_城东支行/E001_李明.pdf",
            "EAST_城东支行/E002_王芳.pdf",
            "WEST_城西支行/E003_钱进.pdf",
            "index.csv",
        ]
        assert sum(body.startswith(b"%PDF-") for body in packed.values()) == PEOPLE

        again = ask(house, cycle)
        session.commit()
        assert run_inline(again.job_id or 0).state is JobState.DONE
        assert contents(session, again.id) == packed
        db.session.remove()
        db.engine.dispose()


def ask(house: House, cycle: Any) -> UnitZip:
    return services.start(
        house.session,
        house.person("hr"),
        cycle,
        house.units["HO"],
        "zh",
        address="https://zhixing.example-bank.com",
        now=NOW,
    )


def contents(session: Session, zip_id: int) -> dict[str, bytes]:
    """Return the files of an archive by name; a name that stands in it twice fails."""
    asked = session.get_one(UnitZip, zip_id, populate_existing=True)
    assert asked.stored_file
    archive = zipfile.ZipFile(io.BytesIO(files.read(asked.stored_file)))
    assert len(archive.namelist()) == len(set(archive.namelist()))
    return {name: archive.read(name) for name in archive.namelist()}


def count(session: Session, model: Any, **wanted: object) -> int:
    return session.scalar(select(func.count()).select_from(model).filter_by(**wanted)) or 0
