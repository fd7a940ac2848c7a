"""The names DBOS goes by here. DBOS itself takes two seconds to import, so it is imported late."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, inspect, make_url

if TYPE_CHECKING:
    from dbos import DBOSClient

APPLICATION = "zhixing"
EXECUTOR = "worker"
"""Pinned: after a restart the same executor takes its unfinished work up again."""
VERSION = "1"
"""Pinned too: by default it is a hash of the source, and jobs of another version stay pending.
Raise it only when no job is under way; a changed order of steps is a new workflow name."""
QUEUE = "jobs"
WORKFLOW = "run_job"
SCHEMA = "dbos"


@cache
def client(url: URL) -> DBOSClient:
    """Return a client that writes into the caller's transactions and never connects itself."""
    from dbos import DBOSClient

    return DBOSClient(
        system_database_engine=create_engine(url),
        dbos_system_schema=SCHEMA,
        serializer=serializer(),
        application_name=APPLICATION,
        lazy=True,
    )


def serializer() -> Any:
    """Return JSON serialisation: what is stored stays readable, and no pickle is ever loaded."""
    from dbos import DBOSPortableJSONSerializer

    return DBOSPortableJSONSerializer()


def workflow_id(job_id: int) -> str:
    """Return the workflow's id for a job: one job, one workflow."""
    return f"job-{job_id}"


def prepare(url: URL | str) -> None:
    """Create or migrate DBOS's own tables in the application database."""
    from dbos import DBOS

    DBOS.migrate(make_url(url).render_as_string(hide_password=False), schema=SCHEMA)


def prepared(engine: Engine) -> bool:
    """Whether DBOS's own tables stand, of whatever version."""
    schema = SCHEMA if engine.dialect.name == "postgresql" else None
    return inspect(engine).has_table("dbos_migrations", schema=schema)


@cache
def tables() -> frozenset[str]:
    """Return the names of DBOS's tables, which on SQLite stand beside ours and are not ours to migrate."""
    from dbos._datasource_migration import DATASOURCE_MIGRATIONS_TABLE
    from dbos._schemas.system_database import SystemSchema

    names = {str(table.name) for table in SystemSchema.metadata_obj.tables.values()}
    return frozenset(names | {"dbos_migrations", str(DATASOURCE_MIGRATIONS_TABLE)})


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """Tell Alembic's autogenerate which tables are ours."""
    return type_ != "table" or name not in tables()
