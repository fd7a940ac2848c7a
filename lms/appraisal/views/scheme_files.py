"""Schemes as files: download a version, bring one in after a look at what would change, compare two."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms import scoring
from lms.access.actions import Action
from lms.appraisal import services
from lms.appraisal.forms import SchemeFileForm, packed
from lms.appraisal.models import Scheme
from lms.appraisal.rules.words import LABELS, place_words, plain, told_difference
from lms.appraisal.services import cycles as cycle_services
from lms.appraisal.services import scheme_files, schemes
from lms.appraisal.views.pages import bp
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Refused
from lms.people.models import OrgUnit
from lms.scoring.clauses import clauses_without_rule
from lms.scoring.diffing import differences
from lms.scoring.examples import run_examples
from lms.scoring.problems import Problem
from lms.scoring.yamltext import LARGEST
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.text import local, page_language, say

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
    """Give a version as a scheme file."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    number, session = request.args.get("version", type=int), db.session()
    version = (
        schemes.version_of(session, found.id, number) if number else schemes.latest_version(session, found.id)
    )
    return Response(
        scheme_files.file_of(version),
        mimetype="application/yaml",
        headers={
            "Content-Disposition": f'attachment; filename="{found.code}-v{version.number}.yaml"',
            "Cache-Control": "no-store",
        },
    )


@bp.get("/schemes/<int:scheme_id>/diff")
@requires(Action.SCHEME_DESIGN)
def scheme_diff(scheme_id: int) -> str:
    """Say what changed between two versions: by default between the newest and the one before it."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    session = db.session()
    newest = schemes.latest_version(session, found.id).number
    new = request.args.get("new", newest, type=int)
    old = request.args.get("old", max(1, new - 1), type=int)
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
        content = form.content(LARGEST)
        parsed = scheme_files.read_file(db.session(), content)
        if form.save.data:
            return _kept(form, parsed)
        return _looked_at(form, parsed, content)
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


def _looked_at(form: SchemeFileForm, parsed: scoring.Scheme, content: bytes) -> str:
    """The page that shows what the file would change; nothing is stored yet."""
    session = db.session()
    found = _reached(parsed)
    version = schemes.latest_version(session, found.id) if found else None
    form.packed.data = packed(content)
    form.seen.data = schemes.stamp(version) if version else ""
    before = scoring.parse(version.document) if version else None
    return _page(
        form,
        parsed=parsed,
        scheme=found,
        version=version,
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
