"""Schemes as files and documents: take a version out, bring one in after a look, compare two."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms import scoring
from lms.access.actions import Action
from lms.appraisal import services
from lms.appraisal.forms import SchemeFileForm, packed
from lms.appraisal.models import Scheme, SchemeVersion
from lms.appraisal.rules.words import LABELS, place_words, plain, told_difference
from lms.appraisal.services import cycles as cycle_services
from lms.appraisal.services import scheme_documents, scheme_files, schemes
from lms.appraisal.services.linting import lint_of
from lms.appraisal.views.pages import LintCard, bp
from lms.core import clock, wordfile
from lms.core.db import db
from lms.core.errors import Refused
from lms.core.i18n import LANGUAGES
from lms.people.models import OrgUnit
from lms.scoring import schemefile
from lms.scoring.clauses import clauses_without_rule
from lms.scoring.diffing import differences
from lms.scoring.examples import run_examples
from lms.scoring.problems import Problem
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.text import local, page_language, say

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 50
"""So many problems are enough to go on with."""


@bp.context_processor
def file_words() -> dict[str, Any]:
    """What the pages of files ask: outcomes of examples, differences, clauses without a rule."""
    return {
        "outcomes_of": run_examples,
        "clauses_without_rule": clauses_without_rule,
        "outcome_value": _value,
        "place_of": lambda scheme, outcome: _place(outcome.place, scheme, scheme),
    }


@bp.get("/schemes/<int:scheme_id>/export")
@requires(Action.SCHEME_DESIGN)
def scheme_export(scheme_id: int) -> Response:
    """Give a version as a scheme file: YAML, or a workbook."""
    version = _asked(scheme_id)
    if request.args.get("format") == "xlsx":
        return _sent(scheme_files.workbook_of(version, page_language()), XLSX, _file_name(version, "xlsx"))
    return _sent(scheme_files.file_of(version), "application/yaml", _file_name(version, "yaml"))


def _asked(scheme_id: int) -> SchemeVersion:
    """The version of a scheme that the address asks for, the newest where it names none."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    number, session = request.args.get("version", type=int), db.session()
    return (
        schemes.version_of(session, found.id, number) if number else schemes.latest_version(session, found.id)
    )


def _file_name(version: SchemeVersion, ending: str) -> str:
    return f"{version.scheme.code}-v{version.number}.{ending}"


def _sent(content: str | bytes, kind: str, name: str) -> Response:
    """A file to be kept, not shown."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, mimetype=kind, headers=headers)


@bp.get("/schemes/<int:scheme_id>/document")
@requires(Action.SCHEME_DESIGN)
def scheme_document(scheme_id: int) -> Response:
    """Give the rules of a version as a Word document, in the language that the address asks for."""
    version, lang = _asked(scheme_id), _document_language()
    told = scheme_documents.of_version(db.session(), version, lang)
    content = scheme_documents.document(told, lang, person().name)
    return _sent(content, wordfile.TYPE, _file_name(version, f"{lang}.docx"))


@bp.get("/schemes/<int:scheme_id>/redline")
@requires(Action.SCHEME_DESIGN)
def scheme_redline(scheme_id: int) -> Response:
    """Give the rules of a version as a Word document in which the changes against another are tracked."""
    found, lang = load(Scheme, scheme_id, Action.SCHEME_DESIGN), _document_language()
    session = db.session()
    old, new = (schemes.version_of(session, found.id, number) for number in _compared(found))
    before, after = (scheme_documents.of_version(session, version, lang) for version in (old, new))
    content = scheme_documents.against(before, after, lang, person().name)
    return _sent(content, wordfile.TYPE, f"{found.code}-v{old.number}-v{new.number}.{lang}.docx")


def _document_language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else page_language()


def _compared(found: Scheme) -> tuple[int, int]:
    """The numbers of the older and the newer version that the address asks for."""
    new = request.args.get("new", type=int) or schemes.latest_version(db.session(), found.id).number
    return request.args.get("old", max(1, new - 1), type=int), new


@bp.get("/schemes/<int:scheme_id>/diff")
@requires(Action.SCHEME_DESIGN)
def scheme_diff(scheme_id: int) -> str:
    """Say what changed between two versions: by default between the newest and the one before it."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    session = db.session()
    newest = schemes.latest_version(session, found.id).number
    old, new = _compared(found)
    before, after = (scheme_files.parsed_version(session, found.id, number) for number in (old, new))
    return render_template(
        "appraisal/scheme_diff.html",
        scheme=found,
        old=old,
        new=new,
        numbers=list(range(1, newest + 1)),
        changes=changes_told(before, after),
    )


@bp.route("/schemes/import", methods=["GET", "POST"])
@requires(Action.SCHEME_DESIGN)
def scheme_import() -> Any:
    """Read a scheme file and show what it would change; keep it as a draft once that was seen."""
    form = SchemeFileForm()
    form.org_unit_id.choices = [
        (unit.id, local(unit, "name"))
        for unit in db.session().scalars(reachable(cycle_services.units(), OrgUnit, Action.SCHEME_DESIGN))
    ]
    if not form.validate_on_submit():
        page = _page(form)
        return (page, 422) if form.errors else page
    try:
        content = form.content(scheme_files.LARGEST)
        parsed = scheme_files.read_file(db.session(), content)
        if form.save.data:
            return _kept(form, parsed)
        return _looked_at(form, parsed)
    except scoring.InvalidScheme as error:
        return _page(form, problems=list(error.problems[:SHOWN])), 422
    except Refused as error:
        db.session.rollback()
        return _page(form, told=say(error.message, error.params)), 422


def _kept(form: SchemeFileForm, parsed: scoring.Scheme) -> Any:
    session = db.session()
    found = _reached(parsed)
    unit = None if found else load(OrgUnit, form.org_unit_id.data or 0, Action.SCHEME_DESIGN).id
    version = services.import_scheme(
        session, person(), parsed, unit, now=clock.now(), seen=form.seen.data if found else None
    )
    flash(_("方案草稿已保存。"), "success")
    return redirect(url_for("appraisal.scheme", scheme_id=version.scheme_id), 303)


def _looked_at(form: SchemeFileForm, parsed: scoring.Scheme) -> str:
    """The page that shows what the file would change; nothing is stored yet."""
    session = db.session()
    found = _reached(parsed)
    version = schemes.latest_version(session, found.id) if found else None
    # As text even where it came as a workbook, which would not shrink into a field of a form.
    form.packed.data = packed(schemefile.write(parsed).encode())
    form.seen.data = schemes.stamp(version) if version else ""
    before = scoring.parse(version.document) if version else None
    return _page(
        form,
        parsed=parsed,
        scheme=found,
        version=version,
        lint=LintCard(clock.today(), lint_of(session, parsed, clock.today())),
        changes=changes_told(before, parsed) if before else [],
    )


def _reached(parsed: scoring.Scheme) -> Scheme | None:
    """The scheme of this code, if there is one; one out of reach is forbidden."""
    found = scheme_files.scheme_of(db.session(), parsed.code)
    return load(Scheme, found.id, Action.SCHEME_DESIGN) if found else None


def _page(form: SchemeFileForm, *, told: str = "", problems: list[Problem] | None = None, **more: Any) -> str:
    return render_template(
        "appraisal/scheme_import.html",
        form=form,
        told=told,
        problems=problems or [],
        **{"parsed": None, **more},
    )


def changes_told(old: scoring.Scheme, new: scoring.Scheme) -> list[tuple[str, str]]:
    """(where, what) of every difference, in the page's language."""
    found = []
    for one in differences(old, new, page_language()):
        message, params = told_difference(one)
        found.append((_place(one.path, old, new), say(message, params)))
    return found


def _place(path: str, old: scoring.Scheme, new: scoring.Scheme) -> str:
    words = place_words(path, old, new, page_language())
    return " › ".join(say(word) if word in LABELS.values() else word for word in words)


def _value(value: Decimal | float | str | None) -> str:
    """A figure or grade of an example; a dash where there is none."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else plain(value)
