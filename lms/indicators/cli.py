"""Commands of the bank's data: the shipped data models, all models, their templates."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from lms.core import clock
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.indicators import services

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
