"""Commands that keep an installation going: upgrade, doctor, empty."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from lms.core import clock, ops
from lms.core.db import Model, db


def init_app(app: Flask) -> None:
    """Add the commands of this room."""
    for command in (upgrade, doctor, empty):
        app.cli.add_command(command)


@click.command()
@with_appcontext
@click.option("--without-backup", is_flag=True, help="Migrate although no backup can be made.")
def upgrade(without_backup: bool) -> None:
    """Back the database up, migrate it, and verify the result."""
    engine = db.engine
    present, wanted = ops.present_heads(engine), ops.wanted_heads()
    if present != wanted:
        if present and not without_backup:
            _back_up()
        logging.getLogger("alembic").setLevel(logging.WARNING)
        flask_migrate.upgrade()
        click.echo(f"Database migrated to {', '.join(sorted(wanted))}.")
    ops.prepare_jobs(engine)
    with engine.connect() as connection:
        faults = ops.faults(connection)
    for fault in faults:
        click.echo(f"Fault: {fault}", err=True)
    if faults:
        sys.exit(1)
    click.echo("Database verified: schema, references, triggers.")


def _back_up() -> None:
    folder = Path(current_app.config["ZHIXING_HOME"]) / "backups"
    try:
        click.echo(f"Backup: {ops.back_up(db.engine, folder, now=clock.now())}")
    except ops.BackupImpossible as impossible:
        raise click.ClickException(
            f"{impossible}\nNothing was migrated. Back the database up by other means, "
            "then run: flask upgrade --without-backup"
        ) from None


@click.command()
@with_appcontext
def doctor() -> None:
    """Say what this installation has and lacks; exit 1 when something is missing."""
    sick = False
    for finding in ops.examine():
        click.echo(f"{'ok ' if finding.good else 'BAD'}  {finding.name:<9} {finding.text}")
        sick = sick or not finding.good
    sys.exit(1 if sick else 0)


@click.command()
@with_appcontext
def empty() -> None:
    """Exit 0 when no person and no account is recorded yet, 1 otherwise."""
    tables = Model.metadata.tables
    with db.engine.connect() as connection:
        used = any(
            connection.execute(select(tables[name].c.id).limit(1)).first() for name in ("employee", "account")
        )
    sys.exit(1 if used else 0)
