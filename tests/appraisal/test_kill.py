"""The computation of a cycle, its worker killed in the middle: it ends as if nothing had happened."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.appraisal import services
from lms.appraisal.models import Appraisal, Cycle, CycleState, Line, Section
from lms.appraisal.services import computing
from lms.core.audit import SYSTEM, AuditEntry
from lms.core.db import db
from lms.core.files import StoredFile
from lms.core.jobs import JobState, JobStep, run_inline
from lms.people.models import Employee, Post
from lms.people.services import hire, post
from tests.appraisal.house import NOW, House, import_actuals, import_targets, marks, whole_story
from tests.conftest import Databases
from tests.core.killing import KILLS, ROUNDS, wait, worker

MORE = 240
"""People beside the three of the story, so that they are stored in three parts."""
STEPS = 5
ACKNOWLEDGED = 1
"""Steps that must be on record before a kill, else the test would show nothing."""


@pytest.mark.sampled
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_killed_computation_ends_after_a_restart_with_nothing_doubled(
    round_: int, databases: Databases, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    url = databases.filled()
    app = make_app(url, tmp_path)
    with app.app_context():
        session = db.session()
        house, cycle = whole_story(session)
        hire_more(house, cycle)
        cycle_id, job_id = cycle.id, services.start_compute(session, house.person("hr"), cycle, now=NOW).id
        session.commit()

        first = ACKNOWLEDGED + round_ % 2
        for least in (first, first + 2)[:KILLS]:
            with worker(url, tmp_path, "tests.core.slow_worker", computing.KIND) as process:
                seen = wait(session, job_id, lambda job, n=least: job.done >= n or job.state.over)
                time.sleep(random.uniform(0, 0.25))  # at any place within a step
                process.kill()
            assert seen.state is JobState.RUNNING, "the job ended before the kill"
            assert least <= seen.done < STEPS

        with worker(url, tmp_path, "flask", "--app", "lms.app", "worker", "--patience", "20"):
            job = wait(session, job_id, lambda job: job.state.over)
        assert (job.state, job.done, job.total) == (JobState.DONE, STEPS, STEPS)
        cycle = session.get_one(Cycle, cycle_id, populate_existing=True)
        assert cycle.state is CycleState.COMPUTED
        assert services.verify(session, cycle).sound
        assert count(session, Appraisal) == MORE + 3
        assert count(session, JobStep) == STEPS
        assert count(session, AuditEntry, action="appraisal:cycle:computed") == 1
        kept = [name for name in session.scalars(select(StoredFile.name)) if name.startswith(cycle.code)]
        assert len(kept) == len(set(kept)) == len(cycle.frozen) + len(cycle.results)

        killed, hashes = rows(session), (cycle.inputs_sha256, cycle.result_sha256)
        undisturbed = services.start_compute(session, house.person("hr"), cycle, now=NOW)
        session.commit()
        assert run_inline(undisturbed.id).state is JobState.DONE
        cycle = session.get_one(Cycle, cycle_id, populate_existing=True)
        assert (cycle.inputs_sha256, cycle.result_sha256) == hashes
        assert rows(session) == killed
        db.session.remove()
        db.engine.dispose()


def hire_more(house: House, cycle: Cycle) -> None:
    """Give the branches enough managers, each with a target, a figure and marks."""
    session, start = house.session, date(2020, 1, 1)
    held = session.scalars(select(Post).filter_by(code="RM")).one()
    numbers = [f"M{at:03d}" for at in range(MORE)]
    people: list[Employee] = []
    for number in numbers:
        people.append(hire(session, SYSTEM, number=number, name="测试员", hired_on=start))
        post(session, SYSTEM, people[-1], house.units["EAST"], held, start)
    import_targets(session, *(f"{number},DEPOSIT,100" for number in numbers))
    import_actuals(session, *(f"{n},DEPOSIT,2026-08-10,{60 + at % 50}" for at, n in enumerate(numbers)))
    services.rate_many(session, house.person("zhao"), cycle, {one.id: marks() for one in people}, now=NOW)


def count(session: Session, model: Any, **wanted: object) -> int:
    return session.scalar(select(func.count()).select_from(model).filter_by(**wanted)) or 0


def rows(session: Session) -> list[tuple[Any, ...]]:
    """Return every stored result by its natural key; a doubled one would stand here twice."""
    totals = select(Employee.number, Appraisal.total, Appraisal.final_total, Appraisal.grade, Appraisal.rank)
    parts = select(Employee.number, Section.code, Section.points, Section.contribution)
    lines = select(
        Employee.number, Line.indicator_code, Line.target, Line.actual, Line.points, Line.contribution
    )
    found = [
        *session.execute(totals.join_from(Employee, Appraisal)),
        *session.execute(parts.join_from(Employee, Appraisal).join(Section)),
        *session.execute(lines.join_from(Employee, Appraisal).join(Line)),
    ]
    keys = [row[:2] if len(row) != 5 else row[:1] for row in found]
    assert len(keys) == len(set(keys))
    return sorted((tuple(row) for row in found), key=repr)
