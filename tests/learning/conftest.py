from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.learning.models import Cohort, CourseVersion
from lms.learning.services import open_cohort, publish
from tests.learning.packages import small_package

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.fixture
def version(session: Session) -> CourseVersion:
    return publish(session, small_package(), SYSTEM, NOW)


@pytest.fixture
def make_cohort(session: Session, bank: Any, version: CourseVersion) -> Callable[..., Cohort]:
    def make(number: str = "T-2026-01", **over: Any) -> Cohort:
        fields: dict[str, Any] = {
            "name_zh": "第一期培训班",
            "course_version_id": version.id,
            "org_unit_id": bank.unit("HO").id,
            "starts_on": date(2026, 11, 23),
            "ends_on": date(2026, 12, 6),
            "location": "总行培训中心",
            "capacity": 40,
            "trainer_ids": [bank.employee("trainer").id],
        }
        return open_cohort(session, SYSTEM, number=number, **{**fields, **over})

    return make


@pytest.fixture
def queries(session: Session) -> Callable[[], Any]:
    """Counts what a block reads: `with queries() as seen: ...; len(seen)`."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        seen: list[str] = []
        connection = session.connection()

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().startswith(("SELECT", "WITH")):
                seen.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(connection, "before_cursor_execute", note)

    return count
