"""Commands of the bank's data: models, templates, importing a file, withdrawing a batch.

Exit 0: done; 1: rejected, nothing was imported; 2: called wrongly.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select

from lms.core import clock, housekeeping
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.core.jobs import Job, JobState, run_inline
from lms.core.textfile import Options
from lms.core.worker import Busy, only_one
from lms.indicators import services
from lms.indicators.jobs import INBOX
from lms.indicators.models import DataModel, ImportBatch, ImportUpload
from lms.indicators.rules import BatchState, Held, ImportKind, Policy, UploadDraft
from lms.indicators.services import Findings, Summary, feeds
from lms.indicators.services.inbox import JOB
from lms.indicators.services.inbox import look as look_at_inbox

data = AppGroup("data", help="The bank's data: models, templates, imports.")


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
    """Give the import template (CSV) of a data model, or of actuals, targets or people."""
    if code in (ImportKind.ACTUALS, ImportKind.TARGETS, ImportKind.PEOPLE):
        content = services.template(ImportKind(code))
    else:
        content = services.import_template(_model(code), language)
    if output is None:
        click.echo(content, nl=False)
    else:
        output.write_bytes(content)


@data.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(["actuals", "targets"]), help="What the file holds.")
@click.option("--model", help="Or: the code of the data model it is of.")
@click.option("--period", required=True, help="2026, 2026Q3 or 2026-09.")
@click.option("--policy", type=click.Choice([str(one) for one in Policy]), default=str(Policy.ALL_OR_NOTHING))
@click.option("--mapping", help="The saved mapping; its version of the period is used.")
@click.option("--encoding", help="utf-8, gb18030, utf-16-le or utf-16-be; guessed when left out.")
@click.option("--separator", help="Guessed when left out.")
@click.option("--header-line", type=click.IntRange(0, 200), help="0: the file has none.")
@click.option("--sheet", help="The sheet of a workbook; the first one when left out.")
@click.option("--day-order", type=click.Choice(["dmy", "mdy"]), help="Of dates that end with the year.")
@click.option("--skip-totals", is_flag=True, help="Leave out total and closing lines.")
@click.option("--split", is_flag=True, help="Agree to a batch for each indicator set.")
@click.option("--compute-changes", is_flag=True, help="Agree that missing change values are computed.")
@click.option("--supersede", is_flag=True, help="Agree that targets that are there already are replaced.")
@click.option("--dry-run", is_flag=True, help="Only check.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def import_file(
    file: Path,
    kind: str | None,
    model: str | None,
    period: str,
    policy: str,
    mapping: str | None,
    *,
    dry_run: bool,
    as_json: bool,
    **more: Any,
) -> None:
    """Import a file, or only check it; the report goes to standard output."""
    if (kind is None) == (model is None):
        raise click.UsageError("give --kind or --model, one of the two")
    known = _model(str(model)) if model is not None else None
    with _told(as_json=as_json):
        held = _held(file)
        split, computing, supersede = (more.pop(name) for name in ("split", "compute_changes", "supersede"))
        draft = UploadDraft(
            kind=ImportKind(kind) if kind else ImportKind.RECORDS,
            name=file.name,
            held=held,
            period=period,
            policy=Policy(policy),
            options=Options(**more),
            data_model_id=known.id if known is not None else None,
            split=split,
            compute_changes=computing,
            supersede=supersede,
        )
        session = db.session()
        upload = services.receive(session, SYSTEM, draft, now=clock.now())
        if mapping is not None:
            version = services.version_for(session, mapping, upload.kind, known, upload.period)
            services.apply_mapping(session, SYSTEM, upload, version)
            upload.options = {**upload.options, **{name: one for name, one in more.items() if one}}
            session.flush()
        summary = _carried_out(upload, dry_run=dry_run)
    _report(upload, summary, dry_run=dry_run, as_json=as_json)
    if not (summary.importable(upload.policy) if dry_run else upload.state is BatchState.COMMITTED):
        sys.exit(1)


def _held(file: Path) -> Held:
    try:
        with file.open("rb") as stream:
            return services.hold(stream)
    except OSError as error:
        raise Refused(N_("文件 %(name)s 读不出来：%(why)s。"), name=file.name, why=error.strerror) from None


def _carried_out(upload: ImportUpload, *, dry_run: bool) -> Summary:
    """Check a file, and import it unless this is a dry run, of which nothing stays."""
    session = db.session()
    if dry_run:
        summary = services.summarise(session, upload, services.inspect(session, upload))
        session.rollback()
        return summary
    session.commit()  # nobody waits for the write lock while the file is read
    seen = services.latest_change(session)
    findings: Findings = services.inspect(session, upload)
    summary = services.summarise(session, upload, findings)
    rejects = services.keep_findings(upload, findings)
    good = summary.importable(upload.policy)
    parts = services.write_parts(upload, findings) if good else []
    session.rollback()
    if services.judge(session, upload, findings, rejects):
        services.commit(session, SYSTEM, upload, parts, seen, now=clock.now())
    session.commit()
    return summary


def _report(upload: ImportUpload, summary: Summary, *, dry_run: bool, as_json: bool) -> None:
    state = "dry run" if dry_run else upload.state.value
    batches = [] if dry_run else [batch.id for batch in upload.batches]
    if as_json:
        told = {
            "state": state,
            "upload": None if dry_run else upload.id,
            "batches": batches,
            "rows": summary.rows,
            "good": summary.good,
            "bad": summary.bad,
            "skipped": summary.skipped,
            "sets": dict(summary.sets),
            "problems": [{**asdict(one), "text": str(one)} for one in summary.first],
            "notes": [str(note) for note in summary.notes],
            "replaces": summary.replaces,
        }
        click.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    click.echo(
        f"{state}: {summary.rows} rows, {summary.good} good, {summary.bad} bad, {summary.skipped} skipped"
    )
    for one, count in summary.sets.items():
        click.echo(f"  {one}: {count}")
    for note in [*summary.notes, *summary.first]:
        click.echo(f"  {note}")
    if summary.problems > len(summary.first):
        click.echo(f"  ... {summary.problems - len(summary.first)} more")
    if batches:
        click.echo(f"batches: {', '.join(map(str, batches))}")


@data.command("withdraw")
@click.argument("batch_id", type=int, metavar="BATCH")
@click.option("--reason", required=True, help="Why it counts no longer; it is kept with the batch.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def withdraw(batch_id: int, reason: str, *, dry_run: bool, as_json: bool) -> None:
    """Let a batch count no longer; a basic batch and its change batch go together."""
    session = db.session()
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise click.UsageError(f"there is no batch {batch_id}")
    with _told(as_json=as_json):
        effect = services.effect_of(session, batch)
        going, back = [one.id for one in effect.batches], [one.id for one in effect.returning]
        if not dry_run:
            going = [one.id for one in services.withdraw(session, SYSTEM, batch, reason, now=clock.now())]
            session.commit()
    told = {
        "withdrawn": going,
        "values": effect.values,
        "people": effect.people,
        "indicators": list(effect.indicators),
        "returning": back,
        "dry_run": dry_run,
    }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for name, value in told.items():
            shown = ", ".join(map(str, value)) or "none" if isinstance(value, list) else value
            click.echo(f"{name}: {shown}")


def _model(code: str) -> DataModel:
    model = services.find_model(db.session(), code)
    if model is None:
        raise click.UsageError(f"no data model is called {code}")
    return model


@contextmanager
def _told(*, as_json: bool) -> Iterator[None]:
    """Say why something was refused, and end with 1; nothing of it stays."""
    try:
        yield
    except (Refused, Rejected) as error:
        db.session.rollback()
        problems = error.problems if isinstance(error, Rejected) else [Problem(error.message, error.params)]
        if as_json:
            told = {"state": "refused", "problems": [str(one) for one in problems]}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            for one in problems:
                click.echo(str(one))
        sys.exit(1)


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
