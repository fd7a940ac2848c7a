"""Commands of learning: check course packages."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import AppGroup

from lms.core.errors import Problem, Rejected
from lms.learning.services import package_folders, read_package

courses = AppGroup("courses", help="Course packages: check and publish.")


def init_app(app: Flask) -> None:
    """Add the commands of this room."""
    app.cli.add_command(courses)


@courses.command()
@click.argument("names", nargs=-1, metavar="[CODE|PATH]...")
def check(names: tuple[str, ...]) -> None:
    """Check packages and print each problem with file, line and field; exit code 1 when there are any."""
    wanted = package_folders(names)
    faults = 0
    for folder in wanted:
        try:
            package = read_package(folder)
        except Rejected as rejected:
            faults += len(rejected.problems)
            for problem in rejected.problems:
                click.echo(f"{folder.name}/{told(problem)}")
        else:
            click.echo(
                f"{package.code}: ok ({len(package.lessons)} lessons, {len(package.questions)} questions, "
                f"{len(package.quizzes)} quizzes, {len(package.scenarios)} scenarios, "
                f"{len(package.forms)} forms)"
            )
    if not wanted:
        click.echo("No course package found.")
    if faults or not wanted:
        click.echo(f"{faults} problems in {len(wanted)} packages.")
        sys.exit(1)


def told(problem: Problem) -> str:
    """Return a problem as `file:line: field: sentence`."""
    file = str(problem.params.get("file", "") or problem.file or "")
    field = (problem.field or "").removeprefix(file).removeprefix(": ")
    sentence = problem.message % dict(problem.params) if problem.params else problem.message
    where = f"{file}:{problem.line}" if problem.line else file
    return ": ".join(part for part in (where, field, sentence) if part)
