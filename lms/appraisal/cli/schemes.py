"""flask scheme …: check, score, export, import, compare scheme files (YAML or .xlsx), tell them in Word.

Exit 0: done, or all examples agree; 1: a problem, or an example that does not; 2: called wrongly.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import force_locale, get_locale, gettext
from sqlalchemy import select

from lms import scoring
from lms.appraisal.models import Scheme, SchemeVersion
from lms.appraisal.rules.ruletext import Issue
from lms.appraisal.rules.words import told_difference
from lms.appraisal.services import scheme_documents, scheme_files
from lms.appraisal.services.linting import lint_of
from lms.appraisal.services.schemes import latest_version, version_of
from lms.core import clock
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.core.errors import NotFound, Refused
from lms.core.i18n import LANGUAGES
from lms.core.textfile.write import safe_cell
from lms.people.models import OrgUnit
from lms.scoring import figures, lint, schemefile, workbook
from lms.scoring.clauses import clauses_without_rule
from lms.scoring.conditions import grades_worth
from lms.scoring.diffing import differences
from lms.scoring.document import PositionKind
from lms.scoring.examples import run_examples
from lms.scoring.lint.frozen import frozen, is_warning
from lms.scoring.problems import Problem, RefusedError

group = AppGroup("scheme", help="Scheme files: check, score, export, import, compare, tell in Word.")

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)
_LANG = click.Choice(LANGUAGES)
AUTHOR = "知行 Zhixing"
"""Who tracked changes are by, where no person asks for them."""
_DIVIDED_BY_TARGET = (PositionKind.RATIO, PositionKind.RELATIVE)


def spoken(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --lang, in whose language it tells problems."""

    @click.option("--lang", type=_LANG, default="zh", show_default=True, help="The language of problems.")
    @wraps(command)
    def told(*, lang: str, **given: Any) -> None:
        with force_locale(lang):
            command(**given)

    return told


@group.command("check")
@click.argument("file", type=_FILE)
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day whose rules hold; today.")
@click.option("--bank", is_flag=True, help="With the bank's own rules and classes (asks the database).")
@click.option("--strict", is_flag=True, help="Exit 1 on a warning of the rule check, too.")
@spoken
def check(file: Path, day: datetime | None, *, bank: bool, strict: bool) -> None:
    """Check the scheme FILE and run its examples; print what each expects and gets, and what lint finds.

    Without --bank no database is asked: the rules are those that come with the house, and a class that
    matters stands in the file itself (`class`).
    """
    parsed = _read(file)
    lines = len(parsed.indicators())
    click.echo(
        f"{parsed.code}: ok ({len(parsed.sections)} sections, {lines} indicators, {len(parsed.gates)} gates, "
        f"{len(parsed.examples)} examples)"
    )
    for clause in clauses_without_rule(parsed):
        click.echo(f"clause {clause.number} has no rule: {clause.text}")
    wrong = 0
    for one in run_examples(parsed):
        wrong += not one.agrees
        click.echo(
            f"{'ok' if one.agrees else 'WRONG':<5} {one.example}: {one.place}: "
            f"expected {_shown(one.expected)}, got {_shown(one.got)}"
        )
    warned = _lint(parsed, day.date() if day else clock.today(), bank=bank)
    if wrong:
        click.echo(f"{wrong} results differ from the examples", err=True)
    if warned and strict:
        click.echo(f"{warned} warnings of the rule check", err=True)
    if wrong or (warned and strict):
        sys.exit(1)


def _lint(parsed: scoring.Scheme, day: date, *, bank: bool) -> int:
    """Print what the rules of the day find; return how many warnings there are."""
    found = (
        lint_of(db.session(), parsed, day)
        if bank
        else [
            frozen(one)
            for one in lint.findings(
                parsed, lint.in_force(lint.shipped().rules, (), day), lint.shipped().traits
            )
        ]
    )
    for one in found:
        about = ", ".join([*one["classes"], *one["indicators"]])
        against = f" ({one['against']})" if one["against"] else ""
        source = one["number"] or one["source_zh"]
        click.echo(
            f"{one['severity']:<7} {one['rule']}: {about and about + ': '}"
            f"{one['message'] % one['params']}{against} [{source}]"
        )
    return sum(is_warning(one) for one in found)


@group.command("score")
@click.argument("file", type=_FILE)
@click.option("--facts", type=_FILE, required=True, help="CSV: subject, measure, value[, target][, period].")
@click.option("--period", default="", help="Of the facts (2026Q3), where the CSV has a column period.")
@click.option("--groups", type=_FILE, help="CSV: subject, grouping, group: who is whose peer.")
@click.option("--elapsed", type=click.FloatRange(0, 1), default=1.0, help="What part of the period is over.")
@click.option("--targets", type=_FILE, help="CSV: subject, measure, target.")
@click.option("--coefficients", type=_FILE, help="CSV: subject, indicator, name, value, source.")
@click.option("--out", type=_OUT, required=True, help="Where the results go (CSV, one row a subject).")
@click.option("--trace", type=_OUT, help="Where every step goes (CSV).")
@spoken
def score(
    file: Path,
    facts: Path,
    period: str,
    groups: Path | None,
    elapsed: float,
    targets: Path | None,
    coefficients: Path | None,
    out: Path,
    trace: Path | None,
) -> None:
    """Score a file of facts under the scheme FILE, without any database."""
    parsed = _read(file)
    with _named(facts):
        given = figures.read_facts(facts.read_bytes(), period, grades_worth(parsed))
    wanted, own, grouped = given.targets, None, None
    if groups:
        with _named(groups):
            grouped = figures.read_groups(groups.read_bytes())
    if targets:
        with _named(targets):
            wanted = figures.read_targets(targets.read_bytes())
        if given.targets.num_rows:
            raise click.UsageError("targets stand in the facts already, so --targets would contradict them")
    if coefficients:
        with _named(coefficients):
            own = figures.read_coefficients(coefficients.read_bytes())
    for subject, measure in _zero_targets(parsed, wanted):
        click.echo(f"{subject}: the target of {measure} is 0, by which nothing can be divided", err=True)
    with _named(coefficients or facts):
        result = scoring.score(
            parsed,
            given.facts,
            wanted,
            coefficients=own,
            history=given.history,
            groups=grouped,
            elapsed=elapsed,
        )
    _write(out, *_results(parsed, result))
    if trace:
        _write(trace, result.trace.column_names, _steps(result))
    click.echo(f"{result.totals.num_rows} scored")


@group.command("export")
@click.argument("code")
@click.option("--version", "number", type=int, help="The newest when left out.")
@click.option("--output", type=_OUT, help="Where to write it instead of printing it; a workbook as .xlsx.")
@click.option("--lang", type=_LANG, default="zh", show_default=True, help="The headings of a workbook.")
def export(code: str, number: int | None, output: Path | None, lang: str) -> None:
    """Give a version of the scheme CODE as a scheme file: YAML, or a workbook."""
    parsed = _stored(code, number)
    if output is not None and output.suffix.lower() == scheme_files.WORKBOOK:
        with _named(output):
            output.write_bytes(workbook.write(parsed, lang))
        return
    text = schemefile.write(parsed)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@group.command("import")
@click.argument("file", type=_FILE)
@click.option("--unit", help="The code of the org unit that a new scheme belongs to.")
@spoken
def import_(file: Path, unit: str | None) -> None:
    """Take the scheme FILE in as a draft version."""
    session = db.session()
    parsed = _read(file, scheme_files.measure_codes(session))
    owner = None
    if unit is not None:
        owner = session.scalar(select(OrgUnit.id).where(OrgUnit.code == unit))
        if owner is None:
            raise click.UsageError(f"there is no org unit {unit}")
    try:
        version = scheme_files.import_scheme(session, SYSTEM, parsed, owner, now=clock.now())
        session.commit()
    except Refused as refused:
        session.rollback()
        click.echo(gettext(refused.message, **refused.params), err=True)
        sys.exit(1)
    click.echo(f"{parsed.code}: version {version.number} is a draft")


@group.command("diff")
@click.argument("old")
@click.argument("new")
@spoken
def diff(old: str, new: str) -> None:
    """Say what changed from OLD to NEW; each is a scheme file or CODE@N."""
    found = differences(_either(old), _either(new), str(get_locale()))
    for one in found:
        message, params = told_difference(one)
        click.echo(f"{one.path}: {gettext(message, **params)}")
    click.echo(f"{len(found)} differences")


@group.command("document")
@click.argument("source")
@click.option(
    "--against", help="Another FILE or CODE@N: what changed since it is tracked, to accept or reject."
)
@click.option("--out", type=_OUT, required=True, help="Where the Word document goes (.docx).")
@click.option("--lang", type=_LANG, default="zh", show_default=True, help="The language of the document.")
def document(source: str, against: str | None, out: Path, lang: str) -> None:
    """Write the rules of SOURCE, a scheme file or CODE or CODE@N, as a Word document."""
    new = _told_of(source, lang)
    if against is None:
        out.write_bytes(scheme_documents.document(new, lang, AUTHOR))
    else:
        out.write_bytes(scheme_documents.against(_told_of(against, lang), new, lang, AUTHOR))
    click.echo(f"{new.scheme.code}: {out}")


def _told_of(name: str, lang: str) -> scheme_documents.Told:
    """A file, or a stored version with what is known of it; the newest where no number is given."""
    path = Path(name)
    if path.is_file():
        return scheme_documents.Told(_read(path), Issue(), clock.now())
    code, _, number = name.partition("@")
    if number and not number.isdecimal():
        raise click.UsageError(f"{name} is neither a file nor CODE@N")
    return scheme_documents.of_version(db.session(), _version(code, int(number) if number else None), lang)


def _either(name: str) -> scoring.Scheme:
    path = Path(name)
    if path.is_file():
        return _read(path)
    code, at, number = name.rpartition("@")
    if not at or not number.isdecimal():
        raise click.UsageError(f"{name} is neither a file nor CODE@N")
    return _stored(code, int(number))


def _stored(code: str, number: int | None) -> scoring.Scheme:
    return scoring.parse(_version(code, number).document)


def _version(code: str, number: int | None) -> SchemeVersion:
    session = db.session()
    found = session.scalar(select(Scheme).where(Scheme.code == code))
    if found is None:
        raise click.UsageError(f"there is no scheme {code}")
    try:
        return version_of(session, found.id, number) if number else latest_version(session, found.id)
    except NotFound:
        raise click.UsageError(f"scheme {code} has no version {number}") from None


def _read(file: Path, measures: Collection[str] | None = None) -> scoring.Scheme:
    # One byte more than may be read tells a file that is too large, however large it is.
    with _named(file), file.open("rb") as source:
        content = source.read(scheme_files.LARGEST + 1)
        return scheme_files.read_content(content, measures=measures, name=file.name)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Print every problem with file, line and place, and end with 1."""
    try:
        yield
    except RefusedError as error:
        for problem in error.problems:
            click.echo(_told(file, problem), err=True)
        sys.exit(1)


def _told(file: Path, problem: Problem) -> str:
    where = f"{file}:{problem.line}" if problem.line else str(file)
    said = gettext(problem.message, **problem.params)
    return ": ".join(part for part in (where, problem.cell, problem.path, said) if part)


def _zero_targets(parsed: scoring.Scheme, targets: Any) -> Iterable[tuple[str, str]]:
    """Whose target is zero although a rule divides by it."""
    divided = {line.measure for _, line in parsed.indicators() if line.position in _DIVIDED_BY_TARGET}
    for row in targets.to_pylist():
        if row["target"] == 0 and row["measure"] in divided:
            yield row["subject"], row["measure"]


def _results(parsed: scoring.Scheme, result: scoring.Result) -> tuple[list[str], Iterable[list[str]]]:
    """Titles and rows: the totals, then the points of each section and indicator."""
    points: dict[str, dict[str, Any]] = {}
    for row in result.sections.to_pylist():
        points.setdefault(row["subject"], {})[row["section"]] = row["points"]
    for row in result.lines.to_pylist():
        points[row["subject"]][f"{row['section']}/{row['indicator']}"] = row["points"]
    parts = [section.code for section in parsed.sections]
    parts += [f"{section.code}/{line.code}" for section, line in parsed.indicators()]
    rows = (
        [_cell(value) for value in row.values()] + [_cell(points[row["subject"]].get(part)) for part in parts]
        for row in result.totals.to_pylist()
    )
    return [*result.totals.column_names, *parts], rows


def _steps(result: scoring.Result) -> Iterator[list[str]]:
    """The rows of the trace, some at a time: there are many times as many as people."""
    for batch in result.trace.to_batches(max_chunksize=10_000):
        yield from ([_cell(value) for value in row.values()] for row in batch.to_pylist())


def _write(path: Path, titles: list[str], rows: Iterable[list[str]]) -> None:
    """Write a CSV as `csv_text` does, row by row."""
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([safe_cell(title) for title in titles])
        writer.writerows([safe_cell(cell) for cell in row] for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _shown(value: Decimal | float | str | None) -> str:
    return "nothing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
