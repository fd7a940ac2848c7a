"""Commands of quizzes: close what the clock has ended."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from lms.assessment.services import expire_overdue
from lms.core import clock
from lms.core.db import db

quizzes = AppGroup("quizzes", help="Quizzes: close attempts whose time is over.")


def init_app(app: Flask) -> None:
    """Add the commands of this room."""
    app.cli.add_command(quizzes)


@quizzes.command()
def expire() -> None:
    """Grade attempts that nobody handed in before their time was over; commits in batches."""
    session, total = db.session(), 0
    while closed := expire_overdue(session, now=clock.now()):
        session.commit()
        total += closed
    click.echo(f"{total} closed")
