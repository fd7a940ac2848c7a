"""Parameters by org level: the table of a unit, setting them, and what the whole scheme comes to there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from lms import scoring
from lms.access.actions import Action
from lms.access.policy import Scope, scope_of
from lms.appraisal.forms import ParameterForm, TableFilterForm
from lms.appraisal.models import Scheme, SchemeVersion
from lms.appraisal.rules.levels import Leave, Row
from lms.appraisal.rules.parameter_words import BELOW, CHOICES, WHY, holder_names, holder_of, what_of
from lms.appraisal.rules.words import plain
from lms.appraisal.services import cycles as cycle_services
from lms.appraisal.services import parameters as services
from lms.appraisal.services.parameters import BadParameters, Finding, TableLine, span_text
from lms.appraisal.views.findings import findings_told
from lms.appraisal.views.pages import bp
from lms.appraisal.views.scheme_files import changes_told
from lms.core import clock
from lms.core.db import db
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.people.models import OrgUnit
from lms.scoring.parameters import PERCENT, POINTS, Parameter, Value, siblings
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import page_of, paginate
from lms.web.text import page_language, say

PER_PAGE = 40


@bp.context_processor
def parameter_words() -> dict[str, Any]:
    """How parameters, their values, and the rows behind them are told."""
    return {
        "parameter_name": parameter_name,
        "parameter_value": value_text,
        "below_name": lambda below: say(BELOW[below]),
        "why_name": lambda why: say(WHY[why]),
        "span_text": span_text,
        "leave_text": leave_text,
        "set_action": Action.PARAMETER_SET,
    }


def parameter_name(scheme: scoring.Scheme, path: str) -> str:
    """Return a parameter in words: 存款 · 封顶分."""
    message, params = what_of(path)
    holder = holder_names(scheme, page_language()).get(holder_of(path))
    return " · ".join(one for one in (holder, say(message, params)) if one)


def value_text(value: Value | None, unit: str = "") -> str:
    """Return a value as people write it, a switch in words, a weight with its sign."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return say(CHOICES[value]) if value in CHOICES else value
    after = {PERCENT: "%", POINTS: ""}.get(unit, f" {unit}" if unit else "")
    return f"{plain(float(value))}{after}"


def leave_text(leave: Leave) -> str:
    """Return what the units above let this one do."""
    if not leave.open:
        return _("上级已锁定") if leave.by else _("上级未放开")
    told = span_text(leave.low, leave.high)
    said = _("可设") if told == "–" else _("可设 %(span)s", span=told)
    return f"{said} · {_('以最高级为准')}" if leave.top else said


# ---------------------------------------------------------------- the table


@bp.get("/parameters", endpoint="parameters")
@requires(Action.PARAMETER_VIEW)
def parameters_index() -> Any:
    """Show the parameters of the unit that is asked for, or of the one the reader's role is over."""
    asked = request.args.get("unit", type=int) or next(
        unit_id
        for role, unit_id in person().grants
        if scope_of(role, Action.PARAMETER_VIEW) is not Scope.NONE
    )
    return _table_page(load(OrgUnit, asked, Action.PARAMETER_VIEW))


@bp.get("/parameters/<int:unit_id>")
@requires(Action.PARAMETER_VIEW)
def parameters_of(unit_id: int) -> Any:
    """Show the parameters of a unit: which row holds of each, and which it shadows."""
    return _table_page(load(OrgUnit, unit_id, Action.PARAMETER_VIEW))


def _table_page(unit: OrgUnit) -> Any:
    session, form = db.session(), TableFilterForm(request.args)
    on = form.on.data or clock.today()
    known = list(session.scalars(services.schemes_for(session, unit, on)))
    chosen = next((one for one in known if one.code == form.scheme.data), known[0] if known else None)
    shown: dict[str, Any] = {}
    if chosen is not None:
        version = services.current_version(session, chosen.id)
        found = services.table(session, version, unit, on)
        lines = _filtered(found, form)
        page = page_of(lines, PER_PAGE)
        rows = [row for line in page.items for row in _rows_of(line)] + list(found.lost)
        shown = {
            "version": version,
            "table": found,
            "page": page,
            "stored": services.stored(session, {row.id for row in rows}),
            "parts": holder_names(found.scheme, page_language()),
            "problems": findings_told(found.scheme, found.problems),
            "together": {one.parameter.path: _own_groups(found, one) for one in page.items if one.own},
        }
    return render_template(
        "appraisal/parameters.html",
        unit=unit,
        units=session.scalars(reachable(cycle_services.units(), OrgUnit, Action.PARAMETER_VIEW)).all(),
        schemes=known,
        scheme=chosen,
        form=form,
        on=on,
        may_set=_may_set(unit),
        **shown,
    )


def _rows_of(line: TableLine) -> Iterable[Row]:
    yield from line.own
    yield from (shadow.row for shadow in line.shadows)
    yield from (shadow.by for shadow in line.shadows if shadow.by)
    yield from (row for row in (line.winner, line.leave.by) if row)


def _filtered(found: services.Table, form: TableFilterForm) -> list[TableLine]:
    words = (form.words.data or "").strip().lower()
    return [
        line
        for line in found.lines
        if (not form.part.data or "/".join(holder_of(line.parameter.path)) == form.part.data)
        and (not form.touched.data or line.touched)
        and words in f"{parameter_name(found.scheme, line.parameter.path)} {line.parameter.path}".lower()
    ]


def _own_groups(found: services.Table, line: TableLine) -> dict[int, str]:
    """The ids that are changed with each of the unit's rows, as the address of the form takes them."""
    group = siblings(line.parameter.path, found.scheme)
    rows = [row for one in found.lines if one.parameter.path in group for row in one.own]
    return {row.id: ",".join(str(one.id) for one in services.together(rows, row, group)) for row in line.own}


def _may_set(unit: OrgUnit) -> bool:
    found = reachable(select(OrgUnit).where(OrgUnit.id == unit.id), OrgUnit, Action.PARAMETER_SET)
    return db.session().scalar(found) is not None


def _scheme_of(unit: OrgUnit) -> tuple[Scheme, SchemeVersion]:
    """The scheme that the address names, if the unit's people may be appraised by it."""
    session = db.session()
    known = services.schemes_for(session, unit, clock.today()).where(
        Scheme.code == request.args.get("scheme", "")
    )
    found = session.scalar(known)
    if found is None:
        raise NotFound
    return found, services.current_version(session, found.id)


# ---------------------------------------------------------------- setting


@bp.route("/parameters/<int:unit_id>/edit", methods=["GET", "POST"])
@requires(Action.PARAMETER_SET)
def parameters_edit(unit_id: int) -> Any:
    """Set a parameter of a unit, with those it makes 100 with; change or close what was set."""
    unit = load(OrgUnit, unit_id, Action.PARAMETER_SET)
    scheme, version = _scheme_of(unit)
    parsed = scoring.parse(version.document)
    asked = {one.path: one for one in scoring.parameters.parameters(parsed)}
    path = request.args.get("path", "")
    if path not in asked:
        raise NotFound
    group = [asked[one] for one in siblings(path, parsed)]
    form = ParameterForm()
    if request.method == "GET":
        _fill(form, group, scheme, unit)
    _offer(form, asked)
    findings: list[Finding] = []
    told = ""
    if form.validate_on_submit():
        try:
            return _set(form, scheme, unit, group)
        except BadParameters as error:
            db.session.rollback()
            findings = list(error.findings)
        except Refused as error:
            db.session.rollback()
            told = say(error.message, error.params)
    answer = render_template(
        "appraisal/parameters_edit.html",
        **_edit_page(form, unit, scheme, version, path, group, findings, told),
    )
    return (answer, 422) if findings or told or form.errors else answer


def _fill(form: ParameterForm, group: list[Parameter], scheme: Scheme, unit: OrgUnit) -> None:
    """The rows that are to be changed, or an empty line for each parameter from today on."""
    session = db.session()
    wanted = {int(one) for one in request.args.get("rows", "").split(",") if one.isdecimal()}
    rows = {
        row.path: row
        for row in services.rows_of(session, scheme.id)
        if row.id in wanted and row.unit == unit.code
    }
    form.valid_from.data = clock.today()
    for one in list(rows.values())[:1]:
        form.valid_from.data, form.valid_to.data = one.first, one.after
        form.priority.data, form.way.data = one.priority, one.way.value
    form.replaces.data = ",".join(str(row.id) for row in rows.values())
    for asked in group:
        row = rows.get(asked.path)
        value = row.value if row else None
        form.lines.append_entry(
            {
                "path": asked.path,
                "value": None if asked.is_switch else value,
                "choice": value if asked.is_switch else None,
                "below": row.below.value if row else "locked",
                "low": row.low if row else None,
                "high": row.high if row else None,
            }
        )


def _offer(form: ParameterForm, asked: Mapping[str, Parameter]) -> None:
    for line in form.lines:
        one = asked.get(line.form.path.data or "")
        choices = [(choice, value_text(choice)) for choice in one.choices] if one else []
        line.form.choice.choices = [("", _("不设")), *choices]


def _set(form: ParameterForm, scheme: Scheme, unit: OrgUnit, group: list[Parameter]) -> Any:
    switches = {one.path for one in group if one.is_switch}
    setting = form.to_draft(switches)
    allowed = {one.path for one in group}
    if any(draft.path not in allowed for draft in setting.drafts):
        raise NotFound
    if not setting.drafts and not form.replaced():
        raise Refused(N_("请填写本级的值，或放开给下级。"))
    services.set_parameters(
        db.session(), person(), scheme, unit, setting, now=clock.now(), replaces=form.replaced()
    )
    flash(_("参数已保存。") if setting.drafts else _("本级设置已撤销。"), "success")
    return redirect(url_for("appraisal.parameters_of", unit_id=unit.id, scheme=scheme.code), 303)


def _edit_page(
    form: ParameterForm,
    unit: OrgUnit,
    scheme: Scheme,
    version: SchemeVersion,
    path: str,
    group: list[Parameter],
    findings: list[Finding],
    told: str,
) -> dict[str, Any]:
    session, paths = db.session(), [one.path for one in group]
    on = form.valid_from.data or clock.today()
    found = services.table(session, version, unit, on)
    beside: dict[str, list[str]] = {one: [] for one in paths}
    for one in findings:
        if one.place in beside:
            beside[one.place] += [text for _where, text in findings_told(found.scheme, [one])]
    return {
        "unit": unit,
        "scheme": scheme,
        "form": form,
        "on": on,
        "path": path,
        "parsed": found.scheme,
        "weights": len(group) > 1,
        "known": {one.parameter.path: one for one in found.lines if one.parameter.path in paths},
        "beside": beside,
        "findings": findings_told(found.scheme, [one for one in findings if one.place not in beside]),
        "told": told,
        "history": paginate(services.history(scheme.id, unit.id, paths), per_page=20),
    }


# ---------------------------------------------------------------- the whole scheme, and who may use it


@bp.get("/parameters/<int:unit_id>/preview")
@requires(Action.PARAMETER_VIEW)
def parameters_preview(unit_id: int) -> Any:
    """Show how the scheme of a unit differs from the scheme as written, on a day."""
    unit = load(OrgUnit, unit_id, Action.PARAMETER_VIEW)
    scheme, version = _scheme_of(unit)
    form = TableFilterForm(request.args)
    on: date = form.on.data or clock.today()
    written = scoring.parse(version.document)
    problems: list[tuple[str, str]] = []
    changes: list[tuple[str, str]] = []
    document = ""
    try:
        held = services.effective_for(db.session(), version, unit, on)
        document = scoring.sha256(held.document)
        changes = changes_told(written, services.as_written(written, held.document))
    except scoring.InvalidScheme:
        problems = findings_told(written, services.table(db.session(), version, unit, on).problems)
    return render_template(
        "appraisal/parameters_preview.html",
        unit=unit,
        scheme=scheme,
        version=version,
        on=on,
        changes=changes,
        problems=problems,
        document=document,
    )


@bp.post("/schemes/<int:scheme_id>/share")
@requires(Action.SCHEME_DESIGN)
def scheme_share(scheme_id: int) -> Any:
    """Let the units below run cycles of their own under a scheme, or end it."""
    found = load(Scheme, scheme_id, Action.SCHEME_DESIGN)
    opened = request.form.get("opened") == "1"
    services.open_below(db.session(), person(), found, opened=opened)
    flash(
        _("下级机构可以用此方案自行考核。") if opened else _("下级机构不再能用此方案开启考核期。"), "success"
    )
    return redirect(url_for("appraisal.scheme", scheme_id=found.id), 303)
