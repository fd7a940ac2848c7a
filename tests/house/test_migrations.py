"""Migrations say what the models say, go up, down and up again, and lose nothing on the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from lms.core import audit, clock, triggers
from lms.core.db import Model, db
from lms.core.jobs import Job, JobState, JobStep, durable
from tests.conftest import Databases

ROOT = Path(__file__).parents[2]
TRIGGERS = {guard.name for guard in triggers.guards(Model.metadata.tables)}


@pytest.fixture
def bare(databases: Databases, make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Flask]:
    """An app on a database with nothing in it."""
    app = make_app(databases.empty(), tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def drift() -> list[Any]:
    """Return the differences between the database and the models."""
    options = {"compare_type": True, "include_name": durable.include_name}
    with db.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata)


def standing_triggers() -> set[str]:
    with db.engine.connect() as connection:
        return triggers.installed(connection)


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - durable.tables()


def test_up_down_up(bare: Flask) -> None:
    for _ in range(2):
        flask_migrate.upgrade()
        assert not drift()
        assert standing_triggers() >= TRIGGERS
        flask_migrate.downgrade(revision="base")
        assert tables() == {"alembic_version"}
    flask_migrate.upgrade()
    assert not drift()
    assert standing_triggers() >= TRIGGERS


def test_the_job_engines_tables_are_no_drift(bare: Flask) -> None:
    flask_migrate.upgrade()
    durable.prepare(db.engine.url)
    assert not drift()


def test_a_model_without_a_migration_is_noticed(bare: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE job ADD COLUMN surplus INTEGER"))
    assert any("surplus" in str(change) for change in drift())


def test_there_is_one_newest_migration(bare: Flask) -> None:
    assert len(ScriptDirectory(str(ROOT / "migrations")).get_heads()) == 1


# ---------------------------------------------------------------- on a filled database

REVISION = """
revision = "test"
down_revision = {head!r}
branch_labels = depends_on = None

import sqlalchemy as sa
from alembic import op


def upgrade():
    {upgrade}


def downgrade():
    pass
"""


@pytest.fixture
def filled(bare: Flask) -> Session:
    """A session on the newest schema with a job of two steps, which cascade from it."""
    flask_migrate.upgrade()
    session = db.session()
    now = clock.now()
    job = Job(kind="test", label="x", args={}, state=JobState.DONE, actor_label="x", created_at=now)
    session.add(job)
    session.flush()
    session.add_all(JobStep(job_id=job.id, position=n, key=str(n)) for n in range(2))
    audit.record(session, audit.SYSTEM, "test", "x")
    session.commit()
    return session


def migrate(tmp_path: Path, upgrade: str) -> None:
    """Run one more migration after the project's own."""
    directory = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", directory)
    head = ScriptDirectory(str(directory)).get_current_head()
    (directory / "versions" / "test.py").write_text(REVISION.format(head=head, upgrade=upgrade))
    flask_migrate.upgrade(directory=str(directory))


def test_rebuilding_a_parent_keeps_its_children_and_the_triggers(filled: Session, tmp_path: Path) -> None:
    migrate(
        tmp_path,
        'with op.batch_alter_table("job") as job: job.alter_column("actor_label", type_=sa.String(130))\n'
        '    with op.batch_alter_table("audit_entry") as log: log.alter_column("label", type_=sa.Text())',
    )
    assert filled.scalar(select(func.count(JobStep.id))) == 2
    filled.rollback()
    assert standing_triggers() >= TRIGGERS


def test_a_migration_that_orphans_rows_changes_nothing(
    filled: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if db.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL enforces its foreign keys while it migrates")
    with pytest.raises(SystemExit):
        migrate(tmp_path, 'op.execute("DELETE FROM job")')
    assert "2 rows without their parent: job_step" in caplog.text
    assert filled.scalar(select(func.count(Job.id))) == 1
    assert filled.scalar(text("SELECT version_num FROM alembic_version")) != "test"
