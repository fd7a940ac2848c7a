"""The demo bank: right on any day, the same for the same day, and whole or not there at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from signal import SIGKILL

import pytest
from flask import Flask
from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from lms.core.db import Model, db
from lms.core.types import UtcDateTime
from lms.demo.services import Plan, build
from tests import stores
from tests.bank import TODAY
from tests.conftest import PROFILE, Databases
from tests.demo.content import LEFT_OUT, content

DAYS = [date(2026, 1, 1), date(2028, 2, 29), date(2026, 3, 31), date(2026, 6, 30), date(2026, 10, 3)]
PLAYED = DAYS if PROFILE == "full" else [TODAY]  # the bank that stands already
PLANNED = {"sitting.scheduled_at", "proposal.expires_at"}
"""What may lie ahead of the day: appointments and expiries. Days on which something is due are no moments."""


@pytest.mark.sampled
@pytest.mark.parametrize("day", PLAYED, ids=str)
def test_nothing_is_dated_after_noon_of_the_day(day: date, session: Session, standing: Flask) -> None:
    if day == TODAY:
        with standing.app_context():
            latest = dict(moments(db.session()))
            db.session.remove()
    else:
        for _ in build(session, "tiny", day):
            pass
        latest = dict(moments(session))
    noon = Plan("tiny", day).now
    told = {
        "course_version.published_at",
        "outcome.occurred_at",
        "import_batch.committed_at",
        "cycle.published_at",
    }
    assert told <= set(latest)
    assert {name: at for name, at in latest.items() if at > noon and name not in PLANNED} == {}


def moments(session: Session) -> Iterator[tuple[str, datetime]]:
    """Yield the latest moment in every column that holds moments, as `table.column`."""
    for table in Model.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, UtcDateTime) and table.name not in LEFT_OUT:
                latest = session.scalar(select(func.max(column)))
                if latest is not None:
                    yield f"{table.name}.{column.name}", latest


CHILD = """
import os, signal
from lms.app import create_app
from lms.demo import services

def die(*_arguments, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

services.close = die  # when people, courses and the first quarter's figures have been written
app = create_app()
app.test_cli_runner().invoke(args=["demo", "build", "--size", "tiny", "--today", "TODAY"])
""".replace("TODAY", str(TODAY))


@pytest.mark.sampled
def test_an_interrupted_bank_is_not_there_and_the_next_one_is_whole(
    databases: Databases, make_app: Callable[..., Flask], standing: Flask, tmp_path: Path
) -> None:
    url = databases.filled()
    environment = {
        **os.environ,
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "ZHIXING_HOME": str(tmp_path / "first"),
        "SECRET_KEY": "only for tests",
    }
    killed = subprocess.run([sys.executable, "-c", CHILD], env=environment, check=False)
    assert killed.returncode == -SIGKILL, "the build was not killed in the middle"
    left, after_kill = built(make_app, url, tmp_path / "first")
    assert left == {}, "what was begun is not there"
    with standing.app_context():
        whole = content(db.session())
        db.session.remove()
    assert rows_in(after_kill) == rows_in(whole)
    # PostgreSQL's sequences go on after a rollback, and some texts name rows by id.
    if stores.STORE == "sqlite":
        assert after_kill == whole, "the same seed and day give the same content"
    elif PROFILE == "full":
        _nothing, again = built(make_app, databases.filled(), tmp_path / "second")
        assert again == whole, "the same seed and day give the same content"


def rows_in(found: dict[str, list[str]]) -> dict[str, int]:
    """Return how many rows every table holds."""
    return {table: len(rows) for table, rows in found.items()}


def built(
    make_app: Callable[..., Flask], url: URL, home: Path
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Build a bank as `make run` does; return what was there before and after."""
    app = make_app(url, home)
    with app.app_context():
        before = content(db.session())
        db.session.remove()
        runner = app.test_cli_runner()
        assert runner.invoke(args=["empty"]).exit_code == 0
        done = runner.invoke(args=["demo", "build", "--size", "tiny", "--today", str(TODAY)])
        assert done.exit_code == 0, done.output
        assert runner.invoke(args=["empty"]).exit_code == 1
        after = content(db.session())
        db.session.remove()
        db.engine.dispose()
    return before, after
