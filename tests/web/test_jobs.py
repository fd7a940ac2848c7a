"""The page of long work: its owner sees how far it is and may stop it; nobody else may."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.core import clock, jobs
from lms.core.jobs import Job, JobState, runner
from tests.core import marks

Enter = Callable[..., Any]


@pytest.fixture
def job(session: Session, bank: Any) -> Job:
    """A job that the HR officer asked for, not yet begun."""
    actor = bank.person("hr").actor
    job = jobs.enqueue(
        session, marks.KIND, {"steps": 4, "refused": 2}, actor, now=clock.now(), label="测试任务"
    )
    session.commit()
    return job


def token(page: Any) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found
    return found[1]


def test_the_owner_sees_the_bar_and_a_script_the_figures(session: Session, job: Job, sign_in: Enter) -> None:
    hr = sign_in("hr")
    page = hr.get(f"/jobs/{job.id}")
    assert "测试任务" in page.text
    assert "等待开始" in page.text
    assert f'data-zx-job="/jobs/{job.id}.json"' in page.text
    assert "jobs.js" in page.text

    for key in runner.plan_now(job.id)[:2]:
        runner.step_now(job.id, key)
    figures = hr.get(f"/jobs/{job.id}.json").get_json()
    assert (figures["state"], figures["percent"], figures["done"], figures["total"]) == ("running", 50, 2, 4)
    assert not figures["over"]


def test_a_failure_is_told_in_words(job: Job, sign_in: Enter) -> None:
    jobs.run_inline(job.id)
    hr = sign_in("hr")
    assert "文件没有 金额 这一列。" in hr.get(f"/jobs/{job.id}").text
    assert hr.get(f"/jobs/{job.id}.json").get_json()["message"] == "文件没有 金额 这一列。"
    assert f"/jobs/{job.id}/cancel" not in hr.get(f"/jobs/{job.id}").text


def test_the_owner_stops_it_once(session: Session, job: Job, sign_in: Enter) -> None:
    hr = sign_in("hr")
    data = {"csrf_token": token(hr.get(f"/jobs/{job.id}"))}
    assert hr.post(f"/jobs/{job.id}/cancel", data=data).status_code == 303
    assert session.get_one(Job, job.id).state is JobState.CANCELLED
    assert hr.post(f"/jobs/{job.id}/cancel", data=data).status_code == 409


def test_stopping_needs_the_token(session: Session, job: Job, sign_in: Enter) -> None:
    assert sign_in("hr").post(f"/jobs/{job.id}/cancel").status_code == 400
    assert session.get_one(Job, job.id).state is JobState.QUEUED


@pytest.mark.parametrize("username", ["trainee", "supervisor", "admin", "security"])
def test_nobody_else_sees_or_stops_it(session: Session, job: Job, sign_in: Enter, username: str) -> None:
    other = sign_in(username)
    data = {"csrf_token": token(other.get("/me"))}
    assert other.get(f"/jobs/{job.id}").status_code == 404
    assert other.get(f"/jobs/{job.id}.json").status_code == 404
    assert other.post(f"/jobs/{job.id}/cancel", data=data).status_code == 404
    assert session.get_one(Job, job.id).state is JobState.QUEUED


def test_a_visitor_is_sent_to_sign_in(client: Any, job: Job) -> None:
    assert client.get(f"/jobs/{job.id}").status_code == 302
