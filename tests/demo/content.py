"""What a bank holds, as one hash: canonical JSON by natural keys, without secrets or timestamps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Table, select
from sqlalchemy.orm import Session

from lms.core.db import Model
from lms.core.types import UtcDateTime, canonical_json

LEFT_OUT = {"audit_entry", "job", "job_step", "login_session", "sign_in_failure"}
"""What tells how the bank came about, not what it holds."""
SECRET = {"credential.secret"}


def tables() -> Iterator[Table]:
    """Every table of the house, those that are referred to before those that refer."""
    for table in Model.metadata.sorted_tables:
        if table.name not in LEFT_OUT:
            yield table


def content(session: Session) -> dict[str, list[str]]:
    """Return the hashes of the rows of every table, sorted.

    A row's hash takes in the hashes of the rows it refers to instead of their ids, which are no natural keys.
    """
    known: dict[str, dict[int, str]] = {}
    for table in tables():
        rows = session.execute(select(table).order_by(table.c.id)).mappings().all()
        known[table.name] = {}
        for row in rows:
            plain = {column.name: _said(column, row[column.name], known) for column in _counted(table)}
            text = canonical_json({"table": table.name, **plain})
            known[table.name][row["id"]] = hashlib.sha256(text.encode()).hexdigest()
    return {name: sorted(rows.values()) for name, rows in known.items() if rows}


def _counted(table: Table) -> Iterator[Column[Any]]:
    for column in table.columns:
        timestamp = isinstance(column.type, UtcDateTime)
        if not column.primary_key and not timestamp and f"{table.name}.{column.name}" not in SECRET:
            yield column


def _said(column: Column[Any], value: Any, known: dict[str, dict[int, str]]) -> Any:
    """A value in words JSON knows; what refers to another row is that row's hash."""
    if value is None or (isinstance(value, (bool, int, float, dict, list)) and not column.foreign_keys):
        return value
    for key in column.foreign_keys:
        if key.column.table.name in LEFT_OUT:
            return None
        return known[key.column.table.name][value]
    return str(value)
