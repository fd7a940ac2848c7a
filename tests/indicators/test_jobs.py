"""Imports as long work: large files, and a process killed in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM, AuditEntry
from lms.core.db import db
from lms.core.jobs import Job, JobState, run_inline, runner
from lms.indicators import services
from lms.indicators.models import ImportBatch, ImportUpload
from lms.indicators.rules import BatchState, ImportKind, IndicatorSet, Policy
from lms.indicators.services import (
    IndicatorDraft,
    UploadDraft,
    actuals,
    define_indicator,
    hold,
    receive,
    rejects,
    start,
)
from lms.people.services import hire
from tests.conftest import Databases
from tests.indicators.conftest import NOW, NUMBERS

ROWS = 50_000
BAD = {1_234: "2026-02-30", 20_000: "9999", 30_001: "两千", 44_444: "NOPE", 50_001: "-1"}
"""What is wrong, by line of the file; line 1 is the header."""
FIRST, AFTER = date(2026, 7, 1), date(2026, 10, 1)


def large_file() -> bytes:
    """50,000 actuals in GBK, five of them bad."""
    rows = ["工号,指标,日期,数值"]
    for line in range(2, ROWS + 2):
        cells = [
            NUMBERS[line % 4],
            "发卡量" if line % 2 else "CARDS",
            f"2026/{7 + line % 3}/{1 + line % 28}",
            f'"{line:,}"',
        ]
        if line in BAD:
            at = {1_234: 2, 20_000: 0, 30_001: 3, 44_444: 1, 50_001: 3}[line]
            cells[at] = BAD[line]
        rows.append(",".join(cells))
    return ("\r\n".join(rows) + "\r\n").encode("gbk")


def begin(session: Session, policy: Policy) -> tuple[ImportUpload, Job]:
    draft = UploadDraft(ImportKind.ACTUALS, "大文件.csv", hold(large_file()), "2026Q3", policy)
    upload = receive(session, SYSTEM, draft, now=NOW)
    return upload, start(session, SYSTEM, upload, now=NOW)


@pytest.mark.requirement("7.23", "7.37")
def test_fifty_thousand_gbk_rows_name_their_five_bad_ones(figures: Session) -> None:
    upload, job = begin(figures, Policy.GOOD_ROWS)
    figures.commit()
    began = time.monotonic()
    done = run_inline(job.id)
    assert time.monotonic() - began < 60
    assert (done.state, done.result["rows"], done.result["rejected"]) == (JobState.DONE, ROWS, 5)
    figures.refresh(upload)
    assert upload.layout["encoding"] == "gb18030"
    assert {one.problem.line: one.problem.value for one in rejects(upload)[0]} == BAD
    assert actuals(figures, None, ["CARDS"], FIRST, AFTER).num_rows == ROWS - 5


def test_a_step_that_is_repeated_after_its_files_were_written_doubles_nothing(figures: Session) -> None:
    _upload, job = begin(figures, Policy.GOOD_ROWS)
    figures.commit()
    assert runner.plan_now(job.id) == ["check", "commit", "derive"]
    assert runner.step_now(job.id, "check")
    runner.prepare(figures, job.id, "commit")  # the files are on disk, then the power goes
    assert actuals(figures, None, ["CARDS"], FIRST, AFTER).num_rows == 0
    assert run_inline(job.id).state is JobState.DONE
    assert run_inline(job.id).state is JobState.DONE
    assert figures.scalar(select(func.count()).select_from(ImportBatch)) == 1
    assert actuals(figures, None, ["CARDS"], FIRST, AFTER).num_rows == ROWS - 5


def test_an_import_overtaken_by_another_is_checked_again(figures: Session) -> None:
    upload, _ = begin(figures, Policy.GOOD_ROWS)
    seen = services.latest_change(figures)
    findings = services.inspect(figures, upload)
    parts = services.write_parts(upload, findings)
    other = UploadDraft(
        ImportKind.ACTUALS, "o.csv", hold("工号,指标,日期,数值\n0001,NPL,2026-09-30,1\n".encode()), "2026Q3"
    )
    services.run_import(figures, SYSTEM, other, now=NOW)
    with pytest.raises(services.Overtaken):
        services.commit(figures, SYSTEM, upload, parts, seen, now=NOW)


@pytest.mark.parametrize(
    ("policy", "state", "rows"),
    [(Policy.ALL_OR_NOTHING, BatchState.REJECTED, 1), (Policy.GOOD_ROWS, BatchState.COMMITTED, 2)],
)
def test_what_another_import_brought_after_the_check_is_judged_again(
    figures: Session, policy: Policy, state: BatchState, rows: int
) -> None:
    header = "工号,指标,日期,数值\n"
    content = f"{header}0001,SCORE,2026-09-30,5\n0002,SCORE,2026-09-30,6\n".encode()
    draft = UploadDraft(ImportKind.ACTUALS, "a.csv", hold(content), "2026Q3", policy)
    upload = receive(figures, SYSTEM, draft, now=NOW)
    job = start(figures, SYSTEM, upload, now=NOW)
    figures.commit()
    runner.plan_now(job.id)
    assert runner.step_now(job.id, "check")
    other = f"{header}0001,SCORE,2026-09-30,9\n".encode()
    services.run_import(
        figures, SYSTEM, UploadDraft(ImportKind.ACTUALS, "b.csv", hold(other), "2026Q3"), now=NOW
    )
    figures.commit()
    assert run_inline(job.id).state is JobState.DONE
    figures.refresh(upload)
    assert (upload.state, upload.rejected) == (state, 1)
    assert "已由批次" in rejects(upload)[0][0].problem.message
    assert actuals(figures, None, ["SCORE"], FIRST, AFTER).num_rows == rows


def test_an_import_whose_rows_all_came_meanwhile_counts_as_none(figures: Session) -> None:
    content = "工号,指标,日期,数值\n0001,SCORE,2026-09-30,5\n"
    upload = receive(
        figures, SYSTEM, UploadDraft(ImportKind.ACTUALS, "a.csv", hold(content.encode()), "2026Q3"), now=NOW
    )
    job = start(figures, SYSTEM, upload, now=NOW)
    figures.commit()
    runner.plan_now(job.id)
    assert runner.step_now(job.id, "check")
    same = UploadDraft(ImportKind.ACTUALS, "b.csv", hold((content + "\n").encode()), "2026Q3")
    services.run_import(figures, SYSTEM, same, now=NOW)
    figures.commit()
    assert run_inline(job.id).state is JobState.DONE
    figures.refresh(upload)
    assert (upload.state, upload.batches) == (BatchState.REJECTED, [])


CHILD = """
import sys
import time
from lms.app import create_app
from lms.core.jobs import run_inline
from lms.indicators import services
services.staged = lambda *_: time.sleep(120)  # the file is checked and written: here the power goes
app = create_app()
with app.app_context():
    run_inline(int(sys.argv[1]))
"""


@pytest.mark.sampled
def test_a_killed_import_ends_after_a_restart_with_nothing_doubled(
    databases: Databases, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    url: URL = databases.filled()
    app = make_app(url, tmp_path)
    with app.app_context():
        session = db.session()
        for number in NUMBERS:
            hire(session, SYSTEM, number=number, name="测试员", hired_on=date(2020, 1, 1))
        define_indicator(
            session, SYSTEM, IndicatorDraft("CARDS", "发卡量", IndicatorSet.OTHER, "张", whole=True)
        )
        upload, job = begin(session, Policy.GOOD_ROWS)
        upload_id, job_id = upload.id, job.id
        session.commit()
        environment = {
            **os.environ,
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "ZHIXING_HOME": str(tmp_path),
            "ZHIXING_FILES": str(tmp_path / "files"),
            "SECRET_KEY": "only for tests",
        }
        process = subprocess.Popen([sys.executable, "-c", CHILD, str(job_id)], env=environment)
        until = time.monotonic() + 120
        while time.monotonic() < until and session.get_one(Job, job_id, populate_existing=True).done < 1:
            session.rollback()
            time.sleep(0.02)
        process.kill()
        process.wait(60)
        killed = session.get_one(Job, job_id, populate_existing=True)
        assert (killed.state, killed.done) == (JobState.RUNNING, 1), "the kill was not in the middle"
        assert actuals(session, None, ["CARDS"], FIRST, AFTER).num_rows == 0
        session.rollback()

        assert run_inline(job_id).state is JobState.DONE
        upload = session.get_one(ImportUpload, upload_id, populate_existing=True)
        [batch] = upload.batches
        assert (batch.state, upload.rejected) == (BatchState.COMMITTED, ROWS - batch.rows)
        lines = actuals(session, None, ["CARDS"], FIRST, AFTER).column("line").to_pylist()
        assert len(lines) == len(set(lines)) == batch.rows
        committed = select(func.count()).where(AuditEntry.action == "admin:import:commit")
        assert session.scalar(committed) == 1
        db.session.remove()
        db.engine.dispose()
