"""The commands that publish course packages and import people and units."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from lms.admin.rules import Asked, PeoplePlan, UnitPlan
from lms.admin.services.people_import import Look, import_now, look_at
from lms.admin.services.publishing import publish_package
from lms.core import clock
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.indicators.services import BatchState, ImportKind, Policy
from lms.learning.services import package_folders, read_package


def init_app(app: Flask) -> None:
    """Add `publish` to the group of course commands."""
    group = app.cli.commands["courses"]
    assert isinstance(group, click.Group)
    group.add_command(publish)
    app.cli.add_command(people)


people = AppGroup("people", help="People and units.")


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


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--units", is_flag=True, help="The file holds units, not people.")
@click.option("--dry-run", is_flag=True, help="Say what the file would do and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.option(
    "--effective",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="From which day rows without a day of their own count (default: today).",
)
@click.option("--full", is_flag=True, help="The file names everybody: report who is missing.")
@click.option(
    "--leavers",
    type=click.IntRange(min=0),
    default=None,
    metavar="N",
    help="With --full: let at most N missing people go; more of them reject the file.",
)
@click.option(
    "--good-rows", is_flag=True, help="Take the good rows when others are bad (default: all or none)."
)
def import_people(
    file: Path,
    *,
    units: bool,
    dry_run: bool,
    as_json: bool,
    effective: datetime | None,
    full: bool,
    leavers: int | None,
    good_rows: bool,
) -> None:
    """Import people or units from a text file or workbook. Exit code 0: done, 1: rejected, 2: wrong use."""
    if (full or leavers is not None) and units:
        raise click.UsageError("--full and --leavers are for files of people")
    if leavers is not None and not full:
        raise click.UsageError("--leavers needs --full")
    kind = ImportKind.UNITS if units else ImportKind.PEOPLE
    asked = Asked(effective.date() if effective else clock.today(), full, leavers)
    policy = Policy.GOOD_ROWS if good_rows else Policy.ALL_OR_NOTHING
    session, content = db.session(), file.read_bytes()
    look = look_at(session, kind, content, asked)
    state = "planned" if look.usable(policy, asked) else "rejected"
    refused: list[str] = list(look.whole(asked))
    if state == "planned" and not dry_run:
        try:
            upload = import_now(session, file.name, content, kind, asked, policy, now=clock.now())
            state = "imported" if upload.state is BatchState.COMMITTED else "rejected"
            session.commit()
        except (Refused, Rejected) as error:
            session.rollback()
            state, refused = "rejected", [*refused, str(error)]
    told = _report(file.name, kind, look, state, refused)
    click.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else _told(told))
    if state == "rejected":
        sys.exit(1)


def _report(name: str, kind: ImportKind, look: Look, state: str, refused: list[str]) -> dict[str, Any]:
    """Return what the command says, as plain data."""
    plan = look.plan
    changes: list[dict[str, Any]] = []
    absent: list[dict[str, Any]] = []
    if isinstance(plan, PeoplePlan):
        changes += [
            {"act": "unit", "line": None, "code": one.code, "name": one.name, "day": one.day}
            for one in plan.units
        ]
        for told, found in ((changes, plan.changes), (absent, plan.absent)):
            told += [
                {
                    "act": one.act.value,
                    "line": one.line,
                    "number": one.number,
                    "name": one.name,
                    "day": one.day,
                    "before": str(one.before) if one.before else None,
                    "after": str(one.after) if one.after else None,
                }
                for one in found
            ]
    elif isinstance(plan, UnitPlan):
        changes += [
            {
                "act": one.act.value,
                "line": one.line,
                "code": one.code,
                "name": one.name,
                "day": one.day,
                "before": one.before,
                "after": one.after,
            }
            for one in plan.changes
        ]
    problems = [
        {"line": one.line, "field": one.field, "value": one.value, "message": one.message % dict(one.params)}
        for one in look.problems
    ]
    problems += [{"line": None, "field": None, "value": None, "message": text} for text in refused]
    return {
        "file": name,
        "kind": kind.value,
        "state": state,
        "rows": look.rows,
        "counts": plan.counts,
        "changes": [_plain(one) for one in changes],
        "absent": [_plain(one) for one in absent],
        "problems": problems,
    }


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    return {name: one.isoformat() if isinstance(one, date) else one for name, one in told.items()}


def _told(report: dict[str, Any]) -> str:
    """Return a report as lines for people and log files."""
    counts = ", ".join(f"{name} {count}" for name, count in report["counts"].items())
    lines = [f"{report['file']}: {report['state']}, {report['rows']} rows: {counts}"]
    for title in ("changes", "absent"):
        for one in report[title]:
            line = one["line"] or "-"
            who = one.get("number") or one.get("code")
            act = one["act"] if title == "changes" else "absent"
            lines.append(
                f"  {line}\t{act}\t{who}\t{one['name']}\t{one['day']}"
                f"\t{one.get('before') or '-'} -> {one.get('after') or '-'}"
            )
    for one in report["problems"]:
        place = ":".join(str(part) for part in (one["line"], one["field"]) if part is not None)
        lines.append(f"  ! {place + ': ' if place else ''}{one['message']}")
    return "\n".join(lines)
