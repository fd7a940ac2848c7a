"""The command that publishes course packages."""

from __future__ import annotations

import sys

import click
from flask import Flask

from lms.admin.services.publishing import publish_package
from lms.core import clock
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.learning.services import package_folders, read_package


def init_app(app: Flask) -> None:
    """Add `publish` to the group of course commands."""
    group = app.cli.commands["courses"]
    assert isinstance(group, click.Group)
    group.add_command(publish)


@click.command()
@click.argument("names", nargs=-1, metavar="[CODE|PATH]...")
def publish(names: tuple[str, ...]) -> None:
    """Check packages and publish them, all or none; unchanged ones keep their version."""
    try:
        packages = [(folder, read_package(folder)) for folder in package_folders(names)]
        session, now = db.session(), clock.now()
        done = [publish_package(session, package, SYSTEM, now, folder=folder) for folder, package in packages]
        told = [
            f"{package.code}: version {version.number}"
            for version, (_, package) in zip(done, packages, strict=True)
        ]
        session.commit()
    except Rejected as rejected:
        db.session.rollback()
        for problem in rejected.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    except Refused as refused:
        db.session.rollback()
        click.echo(str(refused), err=True)
        sys.exit(1)
    click.echo("\n".join(told) or "No course package found.")
