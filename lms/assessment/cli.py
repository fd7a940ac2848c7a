"""Commands of quizzes: close what the clock has ended."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from lms.assessment.jobs import EXPIRE
from lms.core import housekeeping

quizzes = AppGroup("quizzes", help="Quizzes: close attempts whose time is over.")


def init_app(app: Flask) -> None:
    """Add the commands of this room."""
    app.cli.add_command(quizzes)


@quizzes.command()
def expire() -> None:
    """Grade attempts that nobody handed in before their time was over, as the worker does each minute."""
    click.echo(f"{housekeeping.do(EXPIRE)} closed")
