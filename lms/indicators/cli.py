"""Commands of the bank's data: the shipped data models, all models, their templates."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select

from lms.core import clock, housekeeping
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.core.jobs import Job, JobState, run_inline
from lms.core.worker import Busy, only_one
from lms.indicators import services
from lms.indicators.jobs import INBOX
from lms.indicators.services import feeds
from lms.indicators.services.inbox import JOB
from lms.indicators.services.inbox import look as look_at_inbox

data = AppGroup("data", help="The bank's data: models and their templates.")


def init_app(app: Flask) -> None:
    """Add the commands of this room."""
    app.cli.add_command(data)


@data.command("load-models")
def load_models() -> None:
    """Define the six shipped data models and their indicators; those that are there stay as they are."""
    try:
        loaded = services.load_shipped(db.session(), SYSTEM, now=clock.now())
        db.session.commit()
    except (Refused, Rejected) as refused:
        db.session.rollback()
        click.echo(str(refused), err=True)
        sys.exit(1)
    for model in loaded:
        click.echo(f"{model.code}: {model.name_zh}")
    click.echo(f"{len(loaded)} loaded")


@data.command("model-list")
def model_list() -> None:
    """Print each data model: code, state, version, fields, records, name, and what forbids imports."""
    session = db.session()
    counts = services.record_counts(session)
    for model in session.scalars(services.data_models()):
        fields, count = len(services.fields_in_force(model)), counts.get(model.id, 0)
        click.echo(
            f"{model.code:<24} {model.state.value:<8} v{model.version:<3} {fields:>3} fields "
            f"{count:>10} records  {model.name_zh}"
        )
        for problem in services.obstacles(model):
            click.echo(f"    {problem}")


@data.command("template")
@click.argument("code")
@click.option(
    "--language", type=click.Choice(["zh", "en"]), default="zh", help="The language of the headings."
)
@click.option("--output", type=click.Path(path_type=Path), help="Where to write it instead of printing it.")
def template(code: str, language: str, output: Path | None) -> None:
    """Give the import template (CSV) of a data model."""
    model = services.find_model(db.session(), code)
    if model is None:
        raise click.ClickException(f"no data model is called {code}")
    content = services.import_template(model, language)
    if output is None:
        click.echo(content, nl=False)
    else:
        output.write_bytes(content)


@data.command("inbox")
@click.option("--json", "as_json", is_flag=True, help="Print the alarms as JSON.")
def inbox(as_json: bool) -> None:
    """Scan the inbox as the worker does each minute; exit 1 while there are alarms.

    Where no worker is running, the files are imported here and now.
    """
    housekeeping.do(INBOX)
    with suppress(Busy), only_one(Path(current_app.config["ZHIXING_HOME"]), db.engine):
        while job := _queued():
            run_inline(job)
        housekeeping.do(INBOX)
    session = db.session()
    told = [
        {
            "feed": one.feed.code,
            "day": one.day.isoformat(),
            "attempt": one.attempt,
            "state": one.state.value,
            "file": one.file_name,
            "message": _worded(one.message, one.params),
        }
        for one in feeds.alarms(session)
    ]
    unknown = list(look_at_inbox(session, now=clock.now()).unknown)
    session.rollback()
    if as_json:
        click.echo(json.dumps({"alarms": told, "unknown": unknown}, ensure_ascii=False, indent=2))
    else:
        for one in told:
            click.echo("  ".join(str(one[name]) for name in ("feed", "day", "state", "file", "message")))
        for name in unknown:
            click.echo(f"no feed expects: {name}")
        click.echo(f"{len(told)} alarms")
    sys.exit(1 if told else 0)


def _queued() -> int | None:
    session = db.session()
    wanted = select(Job.id).where(Job.kind == JOB, Job.state == JobState.QUEUED).order_by(Job.id).limit(1)
    found = session.scalar(wanted)
    session.rollback()
    return found


def _worded(message: str, params: dict[str, object]) -> str:
    try:
        return message % params if params else message
    except (KeyError, ValueError):
        return message
