"""How a migration runs: on an engine of its own, in one transaction, checked before it commits.

SQLite rebuilds a table to change it. With foreign keys on, dropping the old parent table
deletes the children that cascade from it; so they are off here, and checked at the end.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from lms.core import triggers
from lms.core.db import Model, db
from lms.core.jobs.durable import include_name

configure_args: dict[str, Any] = dict(current_app.extensions["migrate"].configure_args)


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write plain database types into a migration, which must not change when our code does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def leave_out_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration when the models say what the database says."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def run() -> None:
    """Run the migrations asked for; nothing of them stays when one fails."""
    engine = create_engine(db.engine.url, poolclass=NullPool)
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        event.listen(engine, "connect", _without_foreign_keys)
        event.listen(engine, "begin", _begin_immediate)
    configure_args.setdefault("process_revision_directives", leave_out_empty)
    with engine.connect() as connection, connection.begin():
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            include_name=include_name,
            render_item=render_item,
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,
            **{
                name: value
                for name, value in configure_args.items()
                if name not in ("compare_type", "render_as_batch")
            },
        )
        with context.begin_transaction():
            context.run_migrations()
        if sqlite:
            _check_foreign_keys(connection)
        triggers.install(connection)
    engine.dispose()


def _without_foreign_keys(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("foreign_keys=OFF", "synchronous=FULL", "busy_timeout=20000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _check_foreign_keys(connection: Connection) -> None:
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if orphans:
        rows = ", ".join(f"{table} row {row} -> {parent}" for table, row, parent, _ in orphans[:5])
        raise RuntimeError(f"the migration would leave {len(orphans)} rows without their parent: {rows}")


if context.is_offline_mode():
    raise RuntimeError("migrations are checked while they run; --sql cannot do that")
run()
