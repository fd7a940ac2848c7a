"""Long work: it exists when its request commits, goes step by step, and says how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lms.core import audit, clock, jobs
from lms.core.db import db
from lms.core.errors import Refused
from lms.core.jobs import Job, JobState, durable, runner
from lms.core.worker import Busy, only_one
from tests.core import marks


def start(session: Session, **args: object) -> Job:
    args.setdefault("steps", 3)
    job = jobs.enqueue(session, marks.KIND, args, audit.SYSTEM, now=clock.now(), label="测试")
    session.commit()
    return job


def workflows(session: Session) -> int:
    schema = f"{durable.SCHEMA}." if session.get_bind().dialect.name == "postgresql" else ""
    return session.scalar(text(f"SELECT count(*) FROM {schema}workflow_status")) or 0  # noqa: S608


def test_a_job_and_its_workflow_exist_together_or_not_at_all(session: Session) -> None:
    jobs.enqueue(session, marks.KIND, {"steps": 1}, audit.SYSTEM, now=clock.now(), label="测试")
    assert workflows(session) == 1
    session.rollback()
    assert workflows(session) == 0
    assert session.scalar(select(func.count(Job.id))) == 0

    start(session)
    session.rollback()
    assert workflows(session) == 1


def test_an_unknown_kind_is_refused_before_anything_is_written(session: Session) -> None:
    with pytest.raises(LookupError, match=r"test\.marks"):
        jobs.enqueue(session, "test.nothing", {}, audit.SYSTEM, now=clock.now(), label="测试")
    assert session.scalar(select(func.count(Job.id))) == 0


def test_every_step_takes_effect_once_and_is_counted(session: Session) -> None:
    job = jobs.run_inline(start(session, steps=4).id)
    assert (job.state, job.done, job.total, job.percent) == (JobState.DONE, 4, 4, 100)
    assert job.result == {"marks": 4}
    assert job.started_at <= job.ended_at

    jobs.run_inline(job.id)  # the worker finds a job that is over
    assert len(marks.marks(session, job)) == 4


def test_the_plan_is_made_once_and_kept(session: Session) -> None:
    job = start(session, steps=3, fickle=True)
    first = runner.plan_now(job.id)
    assert runner.step_now(job.id, first[0])
    assert runner.plan_now(job.id) == first
    assert marks.times(session, job, "test:plan") == 1

    done = jobs.run_inline(job.id)
    assert done.state is JobState.DONE
    assert marks.marks(session, done) == first


def test_a_job_without_steps_is_done(session: Session) -> None:
    job = jobs.run_inline(start(session, steps=0).id)
    assert (job.state, job.percent) == (JobState.DONE, 100)


def test_a_refusal_ends_the_job_with_its_own_words_and_undoes_only_its_step(session: Session) -> None:
    job = jobs.run_inline(start(session, refused=1).id)
    assert job.state is JobState.FAILED
    assert (job.message, job.message_params) == ("文件没有 %(column)s 这一列。", {"column": "金额"})
    assert marks.marks(session, job) == ["0/0"]
    assert job.done == 1
    assert marks.times(session, job, "test:abandoned") == 1


def test_an_unexpected_error_tells_no_secrets(session: Session) -> None:
    job = jobs.run_inline(start(session, broken=0).id)
    assert job.state is JobState.FAILED
    assert job.message == runner.UNEXPECTED
    assert "secret" not in str(job.message_params)


def test_cancelling_stops_before_the_next_step(session: Session) -> None:
    job = start(session)
    keys = runner.plan_now(job.id)
    assert runner.step_now(job.id, keys[0])
    jobs.cancel(session, job, audit.SYSTEM, now=clock.now())
    session.commit()

    job = jobs.run_inline(job.id)
    assert (job.state, job.done) == (JobState.CANCELLED, 1)
    assert marks.times(session, job, "test:abandoned") == 1
    with pytest.raises(Refused):
        jobs.cancel(session, job, audit.SYSTEM, now=clock.now())


def test_a_waiting_job_is_cancelled_at_once(session: Session) -> None:
    job = start(session)
    jobs.cancel(session, job, audit.SYSTEM, now=clock.now())
    session.commit()
    assert job.state is JobState.CANCELLED
    assert marks.marks(session, jobs.run_inline(job.id)) == []


def test_there_is_one_worker(app: Flask, session: Session, tmp_path: Path) -> None:
    with only_one(tmp_path, db.engine.engine), pytest.raises(Busy), only_one(tmp_path, db.engine.engine):
        pytest.fail("two workers at once")
    with only_one(tmp_path, db.engine.engine):
        pass


def test_one_worker_even_from_another_host(app: Flask, session: Session, tmp_path: Path) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite lives on one host")
    with (
        only_one(tmp_path / "a", db.engine.engine),
        pytest.raises(Busy),
        only_one(tmp_path / "b", db.engine.engine),
    ):
        pytest.fail("two workers at once")
