"""Chores: done to their end in batches, again and again, and one that fails stops no other."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from threading import Event

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.core import audit, housekeeping
from lms.core.audit import SYSTEM, AuditEntry
from lms.core.housekeeping import chore


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the chores of a test are registered in it."""
    monkeypatch.setattr(housekeeping, "_chores", {})


def swept(session: Session) -> int:
    return session.query(AuditEntry).filter_by(action="test:sweep").count()


def sweep(session: Session, _now: datetime) -> int:
    """Three things to do, two at a time."""
    done = min(2, 3 - swept(session))
    for _ in range(done):
        audit.record(session, SYSTEM, "test:sweep", "floor")
    return done


def test_a_chore_is_done_to_its_end_and_a_round_too_many_finds_nothing(session: Session) -> None:
    chore("sweep")(sweep)
    assert housekeeping.do("sweep") == 3
    assert housekeeping.do("sweep") == 0
    assert swept(session) == 3


def test_a_chore_that_fails_is_logged_undone_and_stops_no_other(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    @chore("break")
    def breaking(session: Session, now: datetime) -> int:
        audit.record(session, SYSTEM, "test:break", "cup")
        raise ZeroDivisionError

    chore("sweep")(sweep)
    with caplog.at_level(logging.ERROR):
        housekeeping.do_all()
    assert swept(session) == 3
    assert "break failed" in caplog.text
    assert session.query(AuditEntry).filter_by(action="test:break").count() == 0


def test_chores_are_done_until_it_is_over(app: Flask, session: Session) -> None:
    over, rounds = Event(), []

    @chore("count")
    def counting(session: Session, now: datetime) -> int:
        rounds.append(now)
        if len(rounds) == 3:
            over.set()
        return 0

    housekeeping.keep(app, over, every=timedelta(0))
    assert len(rounds) == 3


def test_a_name_is_given_once() -> None:
    chore("sweep")(sweep)
    chore("sweep")(sweep)
    with pytest.raises(ValueError, match="sweep"):
        chore("sweep")(lambda session, now: 0)
