"""The house of the appraisal's tests with a published cycle, and signing in there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.access.services.accounts import HASHER
from lms.appraisal import services
from lms.appraisal.models import Cycle
from lms.core import clock, triggers
from tests.appraisal.house import NOW, TODAY, House, told_again

PASSWORD = "a password of these tests"
HASH = HASHER.hash(PASSWORD)
Story = tuple[House, Cycle]


@pytest.fixture
def computed(session: Session) -> Story:
    """Three managers in two branches, computed; nobody but their supervisors sees it yet."""
    return told_again(session, HASH, computed=True)


@pytest.fixture
def published(session: Session, computed: Story) -> Story:
    """The same, published."""
    house, cycle = computed
    services.publish_by_two(session, cycle, house.person("hr"), house.person("hr2"), now=NOW)
    return house, cycle


@pytest.fixture
def reopened(session: Session, published: Story) -> Story:
    """The same with the triggers of appraisals away, for what a published result could never become."""
    for guard in triggers.guards({"cycle", "appraisal"}):
        if guard.table == "appraisal":
            drop = f"DROP TRIGGER {guard.name}"
            on_table = session.connection().dialect.name == "postgresql"
            session.execute(text(f"{drop} ON {guard.table}" if on_table else drop))
    return published


@pytest.fixture
def enter(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FlaskClient]:
    """Sign somebody of the house in, in the days after the period; forms need no token here."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    monkeypatch.setitem(client.application.config, "WTF_CSRF_ENABLED", value=False)

    def sign_in(name: str) -> Any:
        client.post("/sign-out")
        answer = client.post("/sign-in", data={"username": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.status_code
        return client

    return sign_in
