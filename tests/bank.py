"""The tiny bank and signing in, for tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.services import Person, person_of
from lms.demo.services import PASSWORD, build
from lms.people.models import Employee, OrgUnit

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
    for _title, done, _steps in build(session, "tiny", TODAY):
        if done == 1:
            break
    session.flush()
    return Cast(session)


@pytest.fixture
def whole_bank(session: Session) -> Cast:
    """The tiny bank with courses, closed quarters and an open cohort (some seconds)."""
    for _ in build(session, "tiny", TODAY):
        pass
    session.flush()
    return Cast(session)


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
