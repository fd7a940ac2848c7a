"""Typing values: the grid, the template, what a filled-in file would change, and the history of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lms.access.actions import Action
from lms.core import clock, files
from lms.core.db import db
from lms.core.errors import NotFound, Refused, Rejected
from lms.core.files import StoredFile
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.indicators import services
from lms.indicators.forms import EntryForm, FileForm, evidence_fault, media_type, typed_cells
from lms.indicators.models import Indicator, TypedValue
from lms.indicators.rules import IndicatorSet
from lms.indicators.rules.entry import Change, differences, touched
from lms.indicators.rules.entry import moved as moved_cells
from lms.indicators.services import entryfile
from lms.indicators.views.blueprint import FLAGS, bp
from lms.people.models import Employee, OrgUnit
from lms.people.services import people_in, postings_on
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import Page, paginate
from lms.web.text import local, say, say_problem

FIELDS = 800
"""A form with a file may have no more parts than the server takes (1,000)."""
TOKEN_LIFE = 2 * 60 * 60


@dataclass(frozen=True)
class Chosen:
    """What a page of the grid is about."""

    unit: OrgUnit
    indicator_set: IndicatorSet
    day: date
    on: str

    @property
    def args(self) -> dict[str, Any]:
        """The address of the same page."""
        return {"unit": self.unit.id, "set": self.indicator_set.value, "on": self.on}


def _day(text: str) -> date:
    """Return the day that a day or a period names: its last one.

    Raises:
        Refused: it names none, or one in the future.
    """
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = Period.parse(text).last
    if day > clock.today():
        raise Refused(N_("%(day)s 还没有到，请填写今天或更早的日期。"), day=day.isoformat())
    return day


def _chosen() -> Chosen | None:
    unit_id = request.args.get("unit", type=int)
    if unit_id is None:
        return None
    unit = load(OrgUnit, unit_id, Action.TYPED_WRITE)
    asked, on = request.args.get("set", ""), request.args.get("on", "") or clock.today().isoformat()
    indicator_set = IndicatorSet(asked) if asked in set(IndicatorSet) else IndicatorSet.OTHER
    return Chosen(unit, indicator_set, _day(on), on)


def _must_choose() -> Chosen:
    chosen = _chosen()
    if chosen is None:
        raise NotFound
    return chosen


def _people(chosen: Chosen) -> Any:
    there = people_in(chosen.unit.id, chosen.day).where(Employee.id != (person().employee_id or 0))
    return reachable(there, Employee, Action.TYPED_WRITE)


def _indicators(chosen: Chosen) -> list[Indicator]:
    return list(db.session().scalars(services.typable(chosen.indicator_set)))


def _whole(chosen: Chosen) -> services.Frame:
    return services.Frame(chosen.day, list(db.session().scalars(_people(chosen))), _indicators(chosen))


def _page(chosen: Chosen) -> tuple[Page[Any], services.Frame]:
    kinds = _indicators(chosen)
    fields = sum(3 if one.indicator_set is IndicatorSet.CHANGE else 2 for one in kinds)
    page = paginate(_people(chosen), per_page=max(5, min(50, FIELDS // max(fields, 1))))
    return page, services.Frame(chosen.day, page.items, kinds)


def _shown(template: str, chosen: Chosen | None, **more: Any) -> str:
    units = select(OrgUnit).order_by(OrgUnit.code)
    return render_template(
        template,
        chosen=chosen,
        units=db.session().scalars(reachable(units, OrgUnit, Action.TYPED_WRITE)),
        sets=list(IndicatorSet),
        **more,
    )


@bp.get("/entry")
@requires(Action.TYPED_WRITE)
def entry() -> Any:
    """Show the grid of a unit, a set and a day."""
    chosen = None
    try:
        chosen = _chosen()
    except Refused as error:
        flash(say(error.message, error.params), "danger")
    if chosen is None:
        return _shown("indicators/entry.html", None)
    return _grid(chosen, EntryForm(formdata=None))


def _grid(chosen: Chosen, form: EntryForm, problems: dict[str, str] | None = None) -> str:
    page, frame = _page(chosen)
    return _shown(
        "indicators/entry.html",
        chosen,
        page=page,
        frame=frame,
        present=services.present_values(db.session(), frame),
        form=form,
        file_form=FileForm(formdata=None),
        problems=problems or {},
        typed=request.form if problems else {},
        flags=FLAGS,
    )


@bp.post("/entry")
@requires(Action.TYPED_WRITE)
def save_entry() -> Any:
    """Write what was changed on a page of the grid."""
    chosen, form = _must_choose(), EntryForm()
    cells = typed_cells(request.form)
    problems = {str(one.field): say_problem(one) for one in cells.problems}
    if not form.validate_on_submit():
        return _grid(chosen, form, problems or {"": _("请写明录入理由。")}), 422
    if problems:
        return _grid(chosen, form, problems), 422
    try:
        done = _type(chosen, differences(cells.present, cells.given), form)
    except Rejected as error:
        db.session.rollback()
        problems = {str(one.field): say_problem(one) for one in error.problems}
        return _grid(chosen, form, problems), 422
    flash(_("已保存 %(n)s 个值。", n=done), "success")
    return redirect(url_for("indicators.entry", page=request.args.get("page"), **chosen.args), 303)


def _type(chosen: Chosen, changes: list[Change], form: EntryForm) -> int:
    evidence = _evidence(form)
    frame = _whole(chosen)
    if evidence is not None:
        db.session().add(evidence)
        db.session().flush()
    return services.type_values(
        db.session(),
        person(),
        frame,
        changes,
        reason=str(form.reason.data or ""),
        attachment=evidence,
        now=clock.now(),
    )


def _evidence(form: EntryForm) -> StoredFile | None:
    """Return the attached file, kept on disk before anything is written."""
    if not form.evidence.data or not form.evidence.data.filename:
        return None
    name, content = Path(form.evidence.data.filename).name[-255:], form.evidence.data.read()
    fault = evidence_fault(name, content)
    if fault:
        raise Refused(fault)
    db.session.rollback()
    sha256, size = files.keep(content)
    return StoredFile(sha256=sha256, name=name, media_type=media_type(name), size=size, stored_at=clock.now())


# ---------------------------------------------------------------- as a file


@bp.get("/entry/template.<kind>")
@requires(Action.TYPED_WRITE)
def entry_template(kind: str) -> Response:
    """Give the grid as a file with everybody filled in and what counts now in the cells."""
    chosen = _must_choose()
    if kind not in ("csv", "xlsx"):
        raise NotFound
    frame = _whole(chosen)
    postings = postings_on(db.session(), [one.id for one in frame.employees], chosen.day)
    units = {who: local(posting.org_unit, "name") for who, posting in postings.items()}
    say_it = entryfile.Say(say, lambda thing: local(thing, "name"))
    table = entryfile.table_of(frame, services.present_values(db.session(), frame), units, say_it)
    content = entryfile.as_csv(table) if kind == "csv" else entryfile.as_xlsx(table)
    types = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    name = f"entry-{chosen.unit.code}-{chosen.indicator_set}-{chosen.day.isoformat()}.{kind}"
    disposition = f'attachment; filename="{"".join(c if c.isascii() else "_" for c in name)}"'
    return Response(content, mimetype=types[kind], headers={"Content-Disposition": disposition})


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="entry-file")


@bp.post("/entry/file")
@requires(Action.TYPED_WRITE)
def entry_file() -> Any:
    """Show what a filled-in template would change, and which of its cells are bad; nothing is written."""
    chosen, form = _must_choose(), FileForm()
    if not form.validate_on_submit():
        flash(_("请选择文件。"), "danger")
        return redirect(url_for("indicators.entry", **chosen.args), 303)
    content = form.file.data.read()
    db.session.rollback()  # the content is written while no transaction waits
    sha256, _size = files.keep(content)
    return _preview(chosen, content, sha256, EntryForm(formdata=None))


def _preview(chosen: Chosen, content: bytes, sha256: str, form: EntryForm, *, moved: bool = False) -> Any:
    frame = _whole(chosen)
    try:
        back = entryfile.read_back(content, frame)
    except Rejected as error:
        back = entryfile.Readback(problems=error.problems)
    changes = differences(services.present_values(db.session(), frame), touched(back.given, back.was))
    elsewhere = moved_cells(changes, back.was)
    seal = [sha256, chosen.args, entryfile.digest(changes), person().account_id]
    return _shown(
        "indicators/entry_file.html",
        chosen,
        frame=frame,
        changes=changes,
        back=back,
        form=form,
        moved=moved,
        elsewhere=elsewhere,
        typed=services.typed_since(db.session(), frame, elsewhere),
        token=None if back.problems else _signer().dumps(seal),
    ), (422 if back.problems or moved else 200)


@bp.post("/entry/apply")
@requires(Action.TYPED_WRITE)
def apply_entry() -> Any:
    """Write what the file changes, if it still changes what was shown."""
    chosen, form = _must_choose(), EntryForm()
    try:
        sha256, args, digest, account = _signer().loads(request.form.get("token", ""), max_age=TOKEN_LIFE)
    except BadSignature as error:
        raise Refused(N_("预览已过期，请重新上传文件。")) from error
    if account != person().account_id or args != chosen.args:
        raise Refused(N_("预览已过期，请重新上传文件。"))
    content = files.path_of(sha256).read_bytes()
    if not form.validate_on_submit():
        return _preview(chosen, content, sha256, form)[0], 422
    frame = _whole(chosen)
    back = entryfile.read_back(content, frame)
    changes = differences(services.present_values(db.session(), frame), touched(back.given, back.was))
    if entryfile.digest(changes) != digest:
        return _preview(chosen, content, sha256, form, moved=True)
    done = _type(chosen, changes, form)
    flash(_("已保存 %(n)s 个值。", n=done), "success")
    return redirect(url_for("indicators.entry", **chosen.args), 303)


# ---------------------------------------------------------------- what was typed


@bp.get("/people/<int:employee_id>/typed/<int:indicator_id>/<on>")
@requires(Action.TYPED_VIEW)
def typed_history(employee_id: int, indicator_id: int, on: str) -> Any:
    """Show every value that was typed for a person, indicator and day: who, when, why, on what evidence."""
    employee = load(Employee, employee_id, Action.TYPED_VIEW)
    indicator = db.session().get(Indicator, indicator_id)
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise NotFound from error
    if indicator is None:
        raise NotFound
    rows = services.typed_before(db.session(), employee.id, indicator.id, day)
    return render_template("indicators/typed.html", employee=employee, indicator=indicator, on=day, rows=rows)


@bp.get("/typed/<int:typed_id>/attachment")
@requires(Action.TYPED_VIEW)
def attachment(typed_id: int) -> Any:
    """Give the evidence of a typed value to those who may see the value."""
    with_file = select(TypedValue).options(joinedload(TypedValue.attachment))
    row = load(with_file, typed_id, Action.TYPED_VIEW)
    if row.attachment is None:
        raise NotFound
    return send_file(
        files.path_of(row.attachment.sha256),
        mimetype=row.attachment.media_type,
        as_attachment=True,
        download_name=row.attachment.name,
    )
