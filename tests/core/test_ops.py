"""Backing up, migrating, verifying; and the doctor who names what is missing."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from lms.core import audit, ops, triggers
from lms.core.db import db
from tests.conftest import Databases

TABLE = triggers.APPEND_ONLY[0]


@pytest.fixture
def house(databases: Databases, make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    """An app on a database with nothing in it."""
    app = make_app(databases.empty(), tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def run(app: Flask, *command: str) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=list(command))
    return answer.exit_code, answer.output


def on_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def test_upgrade_builds_a_new_database_and_then_finds_nothing_to_do(house: Flask, tmp_path: Path) -> None:
    code, output = run(house, "upgrade")
    assert code == 0, output
    assert "migrated" in output
    assert "verified" in output
    assert not (tmp_path / "backups").exists(), "there was nothing to back up"

    code, output = run(house, "upgrade")
    assert code == 0
    assert "migrated" not in output


def test_upgrade_backs_up_what_it_migrates(house: Flask, tmp_path: Path) -> None:
    run(house, "upgrade")
    session = db.session()
    audit.record(session, audit.SYSTEM, "test", "kept")
    session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    session.commit()
    db.session.remove()
    if not on_sqlite() and shutil.which("pg_dump") is None:
        assert run(house, "upgrade")[0] == 1
        return
    code, output = run(house, "upgrade")
    made = list((tmp_path / "backups").iterdir()) if (tmp_path / "backups").exists() else []
    if on_sqlite():
        (copy,) = made
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT target FROM audit_entry").fetchall() == [("kept",)]
    else:  # pg_dump may be older than the server, which it then says
        assert made or "Nothing was migrated" in output
    assert code != 0, "no path leads from an unknown revision"


def test_without_pg_dump_nothing_is_migrated(
    house: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if on_sqlite():
        pytest.skip("SQLite is copied without a tool")
    run(house, "upgrade")
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    monkeypatch.setattr(ops.shutil, "which", lambda name: None)
    code, output = run(house, "upgrade")
    assert code == 1
    assert "apt-get install postgresql-client" in output
    assert "flask upgrade --without-backup" in output


def test_only_the_newest_backups_are_kept(
    house: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not on_sqlite():
        pytest.skip("the same lines keep both kinds")
    run(house, "upgrade")
    from datetime import timedelta

    from lms.core import clock

    monkeypatch.setattr(ops, "KEPT_BACKUPS", 2)
    made = [ops.back_up(db.engine, tmp_path / "b", now=clock.now() + timedelta(seconds=n)) for n in range(4)]
    assert sorted((tmp_path / "b").iterdir()) == made[2:]


def test_verification_names_a_missing_trigger(house: Flask) -> None:
    run(house, "upgrade")
    on = "" if on_sqlite() else f" ON {TABLE}"
    with db.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {TABLE}_no_delete{on}"))
    code, output = run(house, "upgrade")
    assert code == 1
    assert f"{TABLE}_no_delete" in output


def test_the_doctor_names_a_missing_schema_and_a_missing_worker(house: Flask) -> None:
    code, output = run(house, "doctor")
    assert code == 1
    assert "flask upgrade" in output
    assert "no worker is running" in output


def test_the_doctor_names_files_that_cannot_be_written(house: Flask, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file, no folder")
    house.config["ZHIXING_FILES"] = str(tmp_path / "blocked")
    findings = {finding.name: finding for finding in ops.examine()}
    assert not findings["files"].good
    assert findings["python"].good


def test_the_doctor_sees_a_worker(house: Flask, tmp_path: Path) -> None:
    from lms.core.worker import only_one

    run(house, "upgrade")
    with only_one(tmp_path, db.engine):
        findings = {finding.name: finding for finding in ops.examine()}
    assert findings["worker"].good
    assert findings["database"].good
    assert os.fspath(tmp_path) in findings["files"].text


def test_empty_tells_a_new_installation(house: Flask) -> None:
    run(house, "upgrade")
    assert run(house, "empty")[0] == 0
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO employee (number, name, name_pinyin, name_initials, sort_key, sex, hired_on)"
                " VALUES ('1', 'x', 'x', 'x', 'x', 'female', '2020-01-01')"
            )
        )
    assert run(house, "empty")[0] == 1
