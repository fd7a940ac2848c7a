"""The house of these tests, as a fixture with its cycle, and signing in there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.access.services.accounts import HASHER
from lms.appraisal.models import Cycle
from lms.core import clock
from tests.appraisal.house import NOW, TODAY, House, told_again

PASSWORD = "a password of these tests"
HASH = HASHER.hash(PASSWORD)


@pytest.fixture
def story(session: Session) -> tuple[House, Cycle]:
    """Three managers with all their figures in an open cycle."""
    return told_again(session, HASH)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand still in the days after the period."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)


@pytest.fixture
def enter(client: FlaskClient, today: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FlaskClient]:
    """Sign somebody of the house in; that tokens are asked for is tested with the whole house."""
    monkeypatch.setitem(client.application.config, name="WTF_CSRF_ENABLED", value=False)

    def sign_in(name: str) -> Any:
        client.post("/sign-out")
        answer = client.post("/sign-in", data={"username": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.status_code
        return client

    return sign_in
