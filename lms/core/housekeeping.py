"""Chores the house does by itself, again and again: each room registers its own in its `jobs.py`.

A chore keeps nothing in memory: what is to be done stands in the database, each round is a
transaction of its own, and a round too many finds nothing. So a kill loses nothing, and a worker
that was away catches up with its first round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from flask import Flask, current_app
from sqlalchemy.orm import Session

from lms.core import clock
from lms.core.db import db

Work = Callable[[Session, datetime], int]
EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Chore:
    """A name and its work, which does at most a batch and returns how many things it did."""

    name: str
    work: Work


_chores: dict[str, Chore] = {}


def chore(name: str) -> Callable[[Work], Work]:
    """Register a function as the chore `name`; a name is given once."""

    def register(work: Work) -> Work:
        known = _chores.get(name)
        if known is not None and known.work.__qualname__ != work.__qualname__:
            raise ValueError(f"two chores are called {name}")
        _chores[name] = Chore(name, work)
        return work

    return register


def do(name: str) -> int:
    """Do a chore to its end, each batch committed; return how many things were done."""
    session, total = db.session(), 0
    try:
        while done := _chores[name].work(session, clock.now()):
            session.commit()
            total += done
    finally:
        session.rollback()
    return total


def do_all() -> None:
    """Do every chore; one that goes wrong is logged, tried again next time, and stops no other."""
    for name in sorted(_chores):
        try:
            do(name)
        except Exception:  # whatever one chore raises, the others are done
            current_app.logger.exception("housekeeping: %s failed", name)


def keep(app: Flask, over: Event, *, every: timedelta = EVERY) -> None:
    """Do all chores now and then after every pause, until `over` is set."""
    while not over.is_set():
        with app.app_context():
            do_all()
        over.wait(every.total_seconds())
