"""The tiny bank and signing in, for tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.services import Person, person_of
from lms.core.db import db
from lms.demo.services import PASSWORD, build
from lms.people.models import Employee, OrgUnit
from tests import stores
from tests.replay import Named, replayed

TODAY = date(2026, 11, 24)


@dataclass
class Cast:
    """The tiny bank's people by sign-in name."""

    session: Session
    today: date = TODAY

    def account(self, username: str) -> Account:
        return self.session.scalars(select(Account).where(Account.username == username)).one()

    def person(self, username: str) -> Person:
        return person_of(self.session, self.account(username), self.today, "zh")

    def employee(self, username: str) -> Employee:
        employee = self.account(username).employee
        assert employee is not None
        return employee

    def unit(self, code: str) -> OrgUnit:
        return self.session.scalars(select(OrgUnit).where(OrgUnit.code == code)).one()


@pytest.fixture
def bank(session: Session) -> Cast:
    """Units, people and accounts only; each test makes what else it needs."""

    def people() -> Named:
        for _title, done, _steps in build(session, "tiny", TODAY):
            if done == 1:
                break
        return {}

    replayed(session, "bank", people)
    return Cast(session)


@pytest.fixture(scope="module")
def standing(make_app: Callable[..., Flask], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app on a tiny bank of the module's own, with courses, closed quarters and an open cohort."""

    def fill(url: URL, home: Path) -> None:
        app = make_app(url, home)
        with app.app_context():
            for _ in build(db.session(), "tiny", TODAY):
                pass
            db.session.commit()
            db.session.remove()
            db.engine.dispose()  # the last connection of SQLite leaves one file behind it, which is copied

    home = tmp_path_factory.mktemp("standing")
    url = stores.copy_of_bank("standing", home, fill)
    app = make_app(url, home)
    yield app
    with app.app_context():
        db.engine.dispose()
    stores.drop(url)


@pytest.fixture
def whole_bank(standing: Flask) -> Iterator[Cast]:
    """The people of that bank; what a test changes is rolled back."""
    with standing.app_context():
        yield Cast(db.session())
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def sign_in(client: Any, bank: Cast) -> Iterator[Callable[..., Any]]:
    def enter(username: str, password: str = PASSWORD) -> Any:
        client.delete_cookie("zhixing")  # a visitor again
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
        assert token
        answer = client.post(
            "/sign-in", data={"csrf_token": token[1], "username": username, "password": password}
        )
        assert answer.status_code == 303, answer.status_code
        return client

    return enter
