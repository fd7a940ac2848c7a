"""`flask demo build` and `flask demo sign-ins`."""

from __future__ import annotations

from datetime import datetime

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from tqdm import tqdm

from lms.accounts.services import is_empty
from lms.core import clock
from lms.core.db import db
from lms.demo.services import PASSWORD, SIGN_INS, build

demo = AppGroup("demo", help="The demo bank.")


@demo.command("build")
@click.option("--size", type=click.Choice(["tiny", "demo"]), default="demo")
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day the bank is built for."
)
def build_command(size: str, today: datetime | None) -> None:
    """Build the demo bank in an empty installation: the whole of it, or, when interrupted, nothing."""
    if current_app.config["PRODUCTION"]:
        raise click.ClickException("the demo bank is refused in production")
    session = db.session()
    if not is_empty(session):
        raise click.ClickException("the installation is not empty; choose another ZHIXING_HOME")
    day = today.date() if today else clock.today()
    with tqdm(total=1, unit="step", bar_format="{desc}: {bar} {n_fmt}/{total_fmt} [{elapsed}]") as bar:
        for title, done, steps in build(session, size, day):
            bar.total = steps
            bar.n = done
            bar.set_description(title)
        session.commit()  # once: half a bank would pass for a whole one at the next start
        bar.n = bar.total or 0
        bar.refresh()


@demo.command("sign-ins")
def sign_ins() -> None:
    """Print one sign-in for each role."""
    for username in SIGN_INS:
        click.echo(f"  {username:<12} {PASSWORD}")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(demo)
