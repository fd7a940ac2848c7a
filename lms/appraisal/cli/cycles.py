"""flask appraisal …: check closed cycles."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select

from lms.appraisal.models import Cycle
from lms.appraisal.services import verify
from lms.core.db import db

SHOWN = 200

group = AppGroup("appraisal", help="Check appraisals.")


@group.command("verify")
@click.argument("code")
def verify_command(code: str) -> None:
    """Recompute the cycle CODE from its frozen inputs and name whatever is stored otherwise."""
    session = db.session()
    cycle = session.scalar(select(Cycle).where(Cycle.code == code))
    if cycle is None:
        raise click.ClickException(f"no cycle {code}")
    found = verify(session, cycle)
    if found.sound:
        click.echo(f"{code}: {found.people} appraisals agree, result {found.recomputed}")
        return
    for name in found.damaged:
        click.echo(f"{code}: {name} is gone or changed since its hash was taken", err=True)
    for one in found.differences[:SHOWN]:
        click.echo(f"{code}: {one.number}: {one.what} is {one.stored}, should be {one.expected}", err=True)
    if len(found.differences) > SHOWN:
        click.echo(f"{code}: and {len(found.differences) - SHOWN} more differences", err=True)
    if not found.damaged and not found.same_result:
        click.echo(f"{code}: recomputed {found.recomputed}, stored {cycle.result_sha256}", err=True)
    raise click.exceptions.Exit(1)
