"""Code maps: finding, adding, correcting and ending them, by hand and by the file."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from lms.access.actions import Action
from lms.admin.forms.codes import KINDS, ChoiceForm, CodeFileForm, CodeMapForm, EndForm, TypedMap
from lms.admin.views.blueprint import bp
from lms.core import clock, files
from lms.core.db import db
from lms.core.errors import NotFound, Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.indicators.models import CodeMap
from lms.indicators.services import CODE_MAPS, CodeKind, CodeMapDraft
from lms.indicators.services.code_files import CodeFile, code_map_file, import_codes, inspect_codes
from lms.indicators.services.codes import code_maps, correct_code_map, end_code_map, map_code, sources
from lms.people.models import Employee, OrgUnit
from lms.people.services import find_employee, find_unit, postings_on, search_people, units_open_on
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate

MOST = 20
LARGEST = 8 * 1024 * 1024


@bp.get("/codes")
@requires(Action.CODE_MAP_VIEW)
def codes() -> Any:
    """List code maps, of one source or all, found by words."""
    words, source = request.args.get("q", "").strip()[:80], request.args.get("source", "")
    current = request.args.get("all") != "1"
    found = code_maps(words, source=source or None, day=clock.today() if current else None)
    return render_template(
        "admin/codes.html",
        page=paginate(reachable(found, CodeMap, Action.CODE_MAP_VIEW)),
        words=words,
        source=source,
        sources=sources(db.session()),
        current=current,
        kinds=KINDS,
        may_edit=person().can(Action.CODE_MAP_EDIT),
    )


@bp.route("/codes/new", methods=["GET", "POST"])
@requires(Action.CODE_MAP_EDIT)
def new_code() -> Any:
    """Say what a code means."""
    form = CodeMapForm()
    if not form.validate_on_submit():
        return _code_page(form, None)
    map_code(db.session(), person(), _draft(form.to_draft()), now=clock.now())
    flash(_("已保存。"), "success")
    return redirect(url_for("admin.codes", q=str(form.code.data).strip()), 303)


@bp.route("/codes/<int:code_map_id>", methods=["GET", "POST"])
@requires(Action.CODE_MAP_EDIT)
def code(code_map_id: int) -> Any:
    """Put a code map right."""
    found = load(CodeMap, code_map_id, Action.CODE_MAP_EDIT)
    form = CodeMapForm(
        kind=found.kind.value,
        source=found.source,
        code=found.code,
        employee=found.employee.number if found.employee else "",
        unit=found.org_unit.code if found.org_unit else "",
        valid_from=found.valid_from,
        valid_to=found.valid_to,
    )
    if not form.validate_on_submit():
        return _code_page(form, found)
    correct_code_map(db.session(), person(), found, _draft(form.to_draft()), now=clock.now())
    flash(_("已保存。"), "success")
    return redirect(url_for("admin.codes", q=found.code, all=1), 303)


def _code_page(form: CodeMapForm, found: CodeMap | None) -> Any:
    return render_template(
        "admin/code.html",
        form=form,
        found=found,
        end=EndForm(formdata=None, day=clock.today()),
        sources=sources(db.session()),
        units=units_open_on(db.session(), clock.today()),
    ), 422 if form.errors else 200


def _draft(typed: TypedMap) -> CodeMapDraft:
    employee = find_employee(db.session(), typed.employee) if typed.employee else None
    unit = find_unit(db.session(), typed.unit) if typed.unit else None
    if typed.employee and employee is None:
        raise Refused(N_("没有员工 %(value)s。"), value=typed.employee)
    if typed.unit and unit is None:
        raise Refused(N_("没有机构 %(value)s。"), value=typed.unit)
    return CodeMapDraft(
        typed.kind,
        typed.source,
        typed.code,
        typed.valid_from,
        typed.valid_to,
        employee.id if employee else None,
        unit.id if unit else None,
    )


@bp.post("/codes/<int:code_map_id>/end")
@requires(Action.CODE_MAP_EDIT)
def end_code(code_map_id: int) -> Any:
    """Let a code map hold no longer."""
    found = load(CodeMap, code_map_id, Action.CODE_MAP_EDIT)
    form = EndForm()
    if not form.validate_on_submit() or form.day.data is None:
        raise Refused(N_("请填写终止日期。"))
    end_code_map(db.session(), person(), found, form.day.data, now=clock.now())
    flash(_("已终止。"), "success")
    return redirect(url_for("admin.codes", q=found.code, all=1), 303)


# ---------------------------------------------------------------- from suspense


@bp.route("/codes/map", methods=["GET", "POST"])
@requires(Action.CODE_MAP_EDIT)
def map_found() -> Any:
    """Map a code that is in suspense to somebody found by a search, from a day on."""
    kind = CodeKind.UNIT if request.args.get("kind") == "unit" else CodeKind.EMPLOYEE
    source, wanted = request.args.get("source", "")[:40], request.args.get("code", "")[:60]
    if not wanted:
        raise NotFound
    form = ChoiceForm(valid_from=_day(request.args.get("from")))
    if form.validate_on_submit() and form.valid_from.data is not None:
        what, _sign, row_id = str(form.target.data).partition(":")
        draft = CodeMapDraft(
            kind,
            source,
            wanted,
            form.valid_from.data,
            _next_start(kind, source, wanted, form.valid_from.data),
            load(Employee, _number(row_id), Action.CODE_MAP_EDIT).id if what == "employee" else None,
            load(OrgUnit, _number(row_id), Action.CODE_MAP_EDIT).id if what == "unit" else None,
        )
        map_code(db.session(), person(), draft, now=clock.now())
        flash(
            _("代码 %(code)s 已对应：从所选日期起，它的记录已从挂账归到所选人员或机构。", code=wanted),
            "success",
        )
        return redirect(url_for("admin.suspended"), 303)
    words = request.args.get("q", "").strip()[:80]
    people = (
        list(db.session().scalars(_people(words).limit(MOST))) if words and kind is CodeKind.EMPLOYEE else []
    )
    return render_template(
        "admin/code_map.html",
        form=form,
        kind=kind,
        kinds=KINDS,
        source=source,
        code=wanted,
        words=words,
        people=people,
        postings=postings_on(db.session(), [one.id for one in people], clock.today()),
        units=_units(words) if words else [],
    ), 422 if form.errors else 200


def _people(words: str) -> Any:
    return reachable(search_people(words), Employee, Action.CODE_MAP_EDIT)


def _units(words: str) -> list[OrgUnit]:
    like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found = (
        select(OrgUnit)
        .where(OrgUnit.code.like(like, escape="\\") | OrgUnit.name_zh.like(like, escape="\\"))
        .order_by(OrgUnit.code)
        .limit(MOST)
    )
    return list(db.session().scalars(reachable(found, OrgUnit, Action.CODE_MAP_EDIT)))


def _next_start(kind: CodeKind, source: str, wanted: str, day: date) -> date | None:
    """Return the day on which the code means something else again, if it does later."""
    return db.session().scalar(
        select(CodeMap.valid_from)
        .where(
            CodeMap.kind == kind,
            CodeMap.source == source,
            CodeMap.code == wanted,
            CodeMap.valid_from > day,
        )
        .order_by(CodeMap.valid_from)
        .limit(1)
    )


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return clock.today().replace(day=1)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotFound
    return int(text)


# ---------------------------------------------------------------- files


@bp.get("/codes.csv")
@requires(Action.CODE_MAP_VIEW)
def export_codes() -> Response:
    """Give all code maps as a file that can be brought back."""
    content = code_map_file(db.session(), [_(column.title) for column in CODE_MAPS])
    return Response(
        content,
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="code-maps.csv"', "Cache-Control": "no-store"},
    )


@bp.route("/codes/import", methods=["GET", "POST"])
@requires(Action.CODE_MAP_EDIT)
def import_code_file() -> Any:
    """Look at a file of code maps; take it over once somebody has seen what it would do."""
    form = CodeFileForm()
    if not form.validate_on_submit():
        return render_template("admin/codes_import.html", form=form, found=None)
    if form.looked_at.data:
        content = files.path_of(_looked_at(str(form.looked_at.data))).read_bytes()
        try:
            done = import_codes(db.session(), person(), content, now=clock.now())
        except Rejected as rejected:
            db.session.rollback()
            return _looked(form, CodeFile(0, problems=rejected.problems), None), 422
        flash(_("已导入 %(n)s 条对应关系。", n=len(done.fresh)), "success")
        return redirect(url_for("admin.codes"), 303)
    content = form.file.data.read(LARGEST + 1) if form.file.data else b""
    if not content or len(content) > LARGEST:
        text = N_("请选择文件。") if not content else N_("文件过大。")
        return _looked(form, CodeFile(0, problems=[Problem(text)]), None), 422
    db.session.rollback()  # the content is hashed and written while no transaction waits
    sha256, _size = files.keep(io.BytesIO(content))
    found = inspect_codes(db.session(), content)
    return _looked(form, found, None if found.problems else _sign().dumps([sha256, person().account_id]))


def _looked(form: CodeFileForm, found: CodeFile, sign: str | None) -> str:
    return render_template("admin/codes_import.html", form=form, found=found, sign=sign)


def _sign() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="code-file")


def _looked_at(sign: str) -> str:
    """Return the hash of the file that this account looked at just now."""
    try:
        sha256, account = _sign().loads(sign, max_age=3600)
    except BadData:
        raise Refused(N_("文件已过期，请重新上传。")) from None
    if account != person().account_id or not files.path_of(sha256).exists():
        raise Refused(N_("文件已过期，请重新上传。"))
    return str(sha256)
