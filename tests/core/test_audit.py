"""The audit log only grows."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM, record


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET label = 'x'", "DELETE FROM audit_entry"])
def test_a_line_is_neither_changed_nor_deleted(session: Session, statement: str) -> None:
    record(session, SYSTEM, "core:test", "thing:1", size=1)
    session.flush()
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))
    kept = session.execute(text("SELECT label FROM audit_entry WHERE target = 'thing:1'")).all()
    assert [row.label for row in kept] == ["system"]
