"""The one declarative base, the session, and how a transaction begins on each store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """Base of every table; `__scope__` on a subclass says which columns carry rights."""

    metadata = MetaData(naming_convention=NAMING)

    id: Mapped[int] = mapped_column(primary_key=True)


db = SQLAlchemy(metadata=Model.metadata)

_reading: ContextVar[bool] = ContextVar("zhixing_reading", default=False)


def read_only(*, reading: bool) -> None:
    """Say whether transactions begun from here on may only read (a GET or HEAD request)."""
    _reading.set(reading)


def is_reading() -> bool:
    """Return whether transactions begun now may only read."""
    return _reading.get()


@contextmanager
def writing() -> Iterator[None]:
    """Let a block write although the request around it only reads (its own short transaction)."""
    token = _reading.set(False)
    try:
        yield
    finally:
        _reading.reset(token)


def prepare_engine(engine: Engine) -> None:
    """Install the listeners that make transactions begin as the plan says.

    SQLite: autocommit driver, WAL, FULL, foreign keys, and BEGIN IMMEDIATE for writing
    sessions, because a deferred BEGIN that turns to writing fails at once under load.
    PostgreSQL: read-only transactions for reading requests.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        event.listen(engine, "begin", _postgresql_begin)


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    reading = _reading.get()
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql_begin(connection: Any) -> None:
    if _reading.get():
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def upsert(
    session: Session, model: type[Model], rows: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> None:
    """Insert rows, or update the rows that have the same `keys` (a unique constraint), in one statement."""
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(model).values(list(rows))
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=list(keys), set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(keys))
    session.execute(statement)
