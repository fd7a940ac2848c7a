"""Pages of schemes: the list, a version in plain words, the editor, and activating."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms import scoring
from lms.access.actions import Action
from lms.appraisal import services
from lms.appraisal.forms import SchemeForm, choices
from lms.appraisal.forms.moving import MOVES, moved_to, rearranged
from lms.appraisal.forms.scheme import FRESH, Told
from lms.appraisal.models import Scheme, SchemeVersion
from lms.appraisal.rules.draft import GateDraft, IndicatorDraft, Mode, SchemeDraft
from lms.appraisal.rules.standing import PERCENT_POINTS, unit_text
from lms.appraisal.rules.words import in_words
from lms.appraisal.services import parameters, schemes
from lms.appraisal.services.linting import lint_of
from lms.appraisal.views import scheme_preview
from lms.appraisal.views.findings import findings_told
from lms.appraisal.views.pages import LintCard, bp
from lms.appraisal.views.scheme_preview import Shown
from lms.appraisal.views.shared import measure_names, names, refusal, units
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Problem, Refused, Rejected
from lms.people.models import OrgUnit
from lms.web.current import person
from lms.web.guard import reads, requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local, page_language, say


@bp.get("/schemes", endpoint="schemes")
@requires(Action.SCHEME_DESIGN)
def schemes_list() -> Any:
    """List the schemes with their newest version."""
    page = paginate(reachable(schemes.schemes(), Scheme, Action.SCHEME_DESIGN))
    newest = schemes.newest(db.session(), [scheme.id for scheme in page.items])
    return render_template("appraisal/schemes.html", page=page, newest=newest)


@bp.get("/schemes/<int:scheme_id>")
@requires(Action.SCHEME_DESIGN)
def scheme(scheme_id: int) -> Any:
    """Show a version of a scheme in plain words."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    session = db.session()
    number = request.args.get("version", type=int)
    version = (
        schemes.version_of(session, found.id, number) if number else schemes.latest_version(session, found.id)
    )
    parsed, known = scoring.parse(version.document), names()
    return render_template(
        "appraisal/scheme.html",
        scheme=found,
        version=version,
        versions=schemes.versions(session, found.id),
        draft=schemes.editable(version),
        stamp=schemes.stamp(version),
        said=_said(version, known),
        measures=known | {one.code: local(one, "name") for one in parsed.formulas},
        parsed=parsed,
        worded=schemes.worded(parsed, page_language(), known),
        lint=_lint(version, parsed),
    )


def _lint(version: SchemeVersion, parsed: scoring.Scheme) -> LintCard:
    """What the rule check finds on the day asked for; of an activated version, what it found then."""
    try:
        day = date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        if version.lint is not None:
            return LintCard(date.fromisoformat(version.lint["day"]), version.lint["findings"], kept=True)
        day = clock.today()
    return LintCard(day, lint_of(db.session(), parsed, day))


@bp.route("/schemes/new", methods=["GET", "POST"])
@requires(Action.SCHEME_DESIGN)
def scheme_new() -> Any:
    """Design a new scheme, beginning with the usual three sections."""
    if request.method == "POST":
        return _save(SchemeForm(), None, None)
    form = SchemeForm(formdata=None)
    form.fill(services.standard_scheme("", "", ()))
    form.sections[0].form.indicators.append_entry(FRESH["indicators"])
    return _page(form, None, None)


@bp.route("/schemes/<int:scheme_id>/edit", methods=["GET", "POST"])
@requires(Action.SCHEME_DESIGN)
def scheme_edit(scheme_id: int) -> Any:
    """Revise a scheme: its draft, or a new draft beside the active version."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    version = schemes.latest_version(db.session(), found.id)
    before = schemes.editable(version)
    if request.method == "POST":
        return _save(SchemeForm(), found, before)
    form = SchemeForm(formdata=None)
    form.fill(before)
    form.seen.data, form.org_unit_id.data = schemes.stamp(version), found.org_unit_id
    return _page(form, found, before)


@bp.get("/schemes/new/draft", endpoint="scheme_draft_new_left")
@bp.get("/schemes/<int:scheme_id>/draft", endpoint="scheme_draft_left")
@requires(Action.SCHEME_DESIGN)
def scheme_draft_left(scheme_id: int | None = None) -> Any:
    """Lead back to the editor: what was tried out there is not kept."""
    if scheme_id is None:
        return redirect(url_for("appraisal.scheme_new"))
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    return redirect(url_for("appraisal.scheme_edit", scheme_id=found.id))


@bp.post("/schemes/new/draft", endpoint="scheme_draft_new")
@bp.post("/schemes/<int:scheme_id>/draft")
@reads
@requires(Action.SCHEME_DESIGN)
def scheme_draft(scheme_id: int | None = None) -> Any:
    """Work on a draft without storing anything: rows, presets, the preview, an example of a real person."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN) if scheme_id is not None else None
    before = schemes.editable(schemes.latest_version(db.session(), found.id)) if found else None
    action = request.form.get("do", "")
    if action.partition(" ")[0] in MOVES:
        form = SchemeForm(formdata=rearranged(request.form, action, FRESH))
        return _page(form, found, before, focus=moved_to(request.form, action))
    form = SchemeForm()
    if action == "preset":
        form.change_presets(before)
        return _page(form, found, before)
    form.prune()
    form.offer(measure_names(), units(Action.SCHEME_DESIGN))
    shown = scheme_preview.shown(form, found, before)
    if action == "example":
        shown = replace(shown, refused=scheme_preview.add_example(form, shown))
    if request.headers.get("X-Zhixing-Part") == "preview":
        return render_template("appraisal/_preview.html", preview=shown, draft_url=_draft_url(found))
    return _page(form, found, before, shown=shown)


@bp.context_processor
def editor_words() -> dict[str, Any]:
    """What the editor asks about its rows: which fields a short form shows, what is kept as it is."""
    return {
        "shown_fields": choices.shown,
        "rule_fields": choices.SCALARS,
        "at_labels": choices.AT_LABELS,
        "divided": choices.divides,
        "kept_gates": _kept_gates,
        "preview_standing": scheme_preview.standing,
    }


def _kept_gates(before: SchemeDraft | None) -> set[str]:
    """The codes of the gates that say more than the editor can."""
    return {str(one["code"]) for one in before.gates if not isinstance(one, GateDraft)} if before else set()


def _draft_url(found: Scheme | None) -> str:
    if found is None:
        return url_for("appraisal.scheme_draft_new")
    return url_for("appraisal.scheme_draft", scheme_id=found.id)


def _save(form: SchemeForm, found: Scheme | None, before: SchemeDraft | None) -> Any:
    """Save what was typed, or show what is wrong with it."""
    known = measure_names()
    form.prune()
    form.offer(known, units(Action.SCHEME_DESIGN))
    told: list[Told] = []
    if form.validate_on_submit():
        try:
            return _saved(form, found, form.to_draft(before), list(known))
        except scoring.InvalidScheme as error:
            told = form.attach(error.problems)
        except Refused as error:
            told = [Told("", refusal(error))]
    else:
        told = [Told("", _("有些内容填写有误，请看标出的地方。")), *form.unread()]
    return _page(form, found, before, told=told), 422


def _page(
    form: SchemeForm,
    found: Scheme | None,
    before: SchemeDraft | None,
    *,
    told: list[Told] | None = None,
    shown: Shown | None = None,
    focus: str = "",
) -> Any:
    """The editor with its preview."""
    form.offer(measure_names(), units(Action.SCHEME_DESIGN))
    if found is not None:
        form.code.render_kw = {"readonly": True}
    return render_template(
        "appraisal/scheme_edit.html",
        form=form,
        scheme=found,
        told=told or [],
        preview=shown or scheme_preview.waiting(found),
        focus=focus,
        before=before,
        draft_url=_draft_url(found),
        save_url=url_for("appraisal.scheme_edit", scheme_id=found.id)
        if found
        else url_for("appraisal.scheme_new"),
    )


def _saved(form: SchemeForm, found: Scheme | None, draft: SchemeDraft, measures: list[str]) -> Any:
    session, now = db.session(), clock.now()
    if found is None:
        unit = load(OrgUnit, form.org_unit_id.data, Action.SCHEME_DESIGN)
        version = services.design_scheme(session, person(), draft, unit.id, now=now, measures=measures)
    else:
        version = services.revise_scheme(
            session, person(), found.id, draft, now=now, measures=measures, seen=form.seen.data or ""
        )
    flash(_("方案草稿已保存。"), "success")
    return redirect(url_for("appraisal.scheme", scheme_id=version.scheme_id), 303)


@bp.post("/schemes/<int:scheme_id>/activate")
@requires(Action.SCHEME_DESIGN)
def scheme_activate(scheme_id: int) -> Any:
    """Make the draft the version that new cycles use."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    version = schemes.latest_version(db.session(), found.id)
    try:
        services.activate(
            db.session(),
            person(),
            version,
            now=clock.now(),
            measures=list(measure_names()),
            seen=request.form.get("seen"),
            lint_reason=request.form.get("lint_reason", ""),
        )
    except scoring.InvalidScheme as error:
        raise Rejected([Problem(one.message, one.params) for one in error.problems]) from error
    except parameters.BadParameters as error:
        told = findings_told(scoring.parse(version.document), error.findings)
        raise Rejected([Problem(f"{where}：{what}") for where, what in told]) from error
    flash(_("方案第 %(n)s 版已启用。", n=version.number), "success")
    if lost := parameters.lost(db.session(), found.id, scoring.parse(version.document)):
        paths = "、".join(dict.fromkeys(row.path for row in lost))
        flash(_("这一版没有以下参数，各机构对它们的设置不再起作用：%(paths)s", paths=paths), "warning")
    return redirect(url_for("appraisal.scheme", scheme_id=found.id), 303)


def _read(line: IndicatorDraft) -> IndicatorDraft:
    """A rule with its unit in the page's language; percentages differ by percentage points."""
    if line.unit == "%" and line.mode is Mode.DIFFERENCE:
        return replace(line, unit=PERCENT_POINTS[page_language()])
    return replace(line, unit=unit_text(line.unit, page_language()))


def _said(version: SchemeVersion, known: Mapping[str, str]) -> dict[str, list[str]]:
    """Each rule of a version in sentences, by indicator code."""
    described = schemes.described(version, page_language(), known)
    return {
        line.code: [say(text, params) for text, params in in_words(_read(line))] or [described[line.code]]
        for section in schemes.editable(version).sections
        for line in section.indicators
    }
