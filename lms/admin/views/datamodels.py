"""The designer of data models: define, change, activate, retire, drop; files in and out; records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lms.access.actions import Action
from lms.admin.forms.datamodels import (
    DELIVERIES,
    DELIVERIES_SHORT,
    FIELD_KINDS,
    OPS,
    ROLES,
    STATES,
    USES,
    FieldForm,
    ModelFileForm,
    ModelForm,
    RecordsForm,
    field_data,
)
from lms.admin.forms.imports import SETS
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.errors import NotFound, Problem, Refused, Rejected
from lms.core.periods import Period
from lms.indicators import services
from lms.indicators.models import DataField, DataModel
from lms.indicators.services import FieldKind, FieldUse
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import Page, paginate
from lms.web.text import local, page_language, say_problem

PER_PAGE = 50
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _words() -> dict[str, Any]:
    return {
        "deliveries": DELIVERIES,
        "deliveries_short": DELIVERIES_SHORT,
        "model_states": STATES,
        "field_kinds": FIELD_KINDS,
        "roles": ROLES,
        "uses": USES,
        "ops": OPS,
        "sets": SETS,
    }


@bp.get("/models")
@requires(Action.MODEL_VIEW)
def models() -> str:
    """List the data models, with what they hold and what they still lack."""
    page = paginate(reachable(services.data_models(), DataModel, Action.MODEL_VIEW))
    return render_template(
        "admin/models.html",
        page=page,
        counts=services.record_counts(db.session()),
        lacking={model.id: services.obstacles(model) for model in page.items},
        missing=services.shipped_missing(db.session()),
        may_define=person().can(Action.MODEL_DEFINE),
        **_words(),
    )


@bp.post("/models/shipped")
@requires(Action.MODEL_DEFINE)
def load_models() -> Any:
    """Define the shipped models that are not there yet."""
    try:
        loaded = services.load_shipped(db.session(), person(), now=clock.now())
    except Rejected as rejected:
        return _not_done(rejected.problems, url_for("admin.models"))
    flash(_("已载入 %(count)s 个数据模型。", count=len(loaded)), "success")
    return redirect(url_for("admin.models"), 303)


@bp.route("/models/new", methods=["GET", "POST"])
@requires(Action.MODEL_DEFINE)
def new_model() -> Any:
    """Define a model; its fields are added on its page."""
    form, problems = ModelForm(), []
    if form.validate_on_submit():
        try:
            model = services.define_model(db.session(), person(), form.to_draft(), now=clock.now())
        except Rejected as rejected:
            problems = list(rejected.problems)
        else:
            flash(_("已定义数据模型，请添加字段。"), "success")
            return redirect(url_for("admin.show_model", model_id=model.id), 303)
    return _page("admin/model_edit.html", form=form, model=None, problems=problems)


@bp.route("/models/import", methods=["GET", "POST"])
@requires(Action.MODEL_DEFINE)
def import_model() -> Any:
    """Define the model that a file from another bank describes."""
    form, problems = ModelFileForm(), []
    if form.validate_on_submit():
        try:
            content = form.file.data.read()
            model = services.define_from_file(db.session(), person(), content, now=clock.now())
        except Rejected as rejected:
            db.session.rollback()
            problems = list(rejected.problems)
        except Refused as refused:
            db.session.rollback()
            problems = [Problem(refused.message, refused.params)]
        else:
            flash(_("已导入数据模型，核对后请启用。"), "success")
            return redirect(url_for("admin.show_model", model_id=model.id), 303)
    return _page("admin/model_import.html", form=form, problems=problems)


@bp.get("/models/<int:model_id>")
@requires(Action.MODEL_VIEW)
def show_model(model_id: int) -> str:
    """Show a model: what forbids imports, its fields and mappings, its changes and batches."""
    model = services.with_mappings(db.session(), _model(model_id, Action.MODEL_VIEW))
    session = db.session()
    return render_template(
        "admin/model.html",
        model=model,
        fields=services.fields_in_force(model),
        retired=[field for field in model.fields if field.until is not None],
        obstacles=services.obstacles(model),
        undecided=FieldUse.UNDECIDED,
        records=services.record_counts(session).get(model.id, 0),
        changes=session.scalars(services.changes_of(model).limit(20)).all(),
        batches=session.scalars(services.batches_of(model).limit(10)).all(),
        names={field.code: local(field, "name") for field in model.fields},
        change_words=_change_words(),
        value_words=_value_words(model),
        upload=_records_form(),
        may_define=person().can(Action.MODEL_DEFINE),
        may_import=person().can(Action.IMPORT_RUN),
        may_see_records=person().can(Action.RECORD_VIEW),
        **_words(),
    )


def _value_words(model: DataModel) -> Callable[[dict[str, Any]], str]:
    """Return how the values of a stored condition are shown: choices as the files spell them."""
    by_code = {field.code: field for field in model.fields}

    def words(condition: dict[str, Any]) -> str:
        field, given = by_code.get(condition["field"]), condition["value"]
        values = given if isinstance(given, list) else [] if given is None else [given]
        comma = "、" if page_language() == "zh" else ", "
        return comma.join(_shown(field, value) if field is not None else str(value) for value in values)

    return words


def _change_words() -> dict[str, Any]:
    """Return how recorded changes name attributes and their values."""
    values = {
        str(key): word
        for words in (DELIVERIES_SHORT, FIELD_KINDS, ROLES, USES)
        for key, word in words.items()
    }
    attributes = {
        "name_zh": _("中文名称"),
        "name_en": _("英文名称"),
        "source": _("来源系统"),
        "delivery": _("交付方式"),
        "kind": _("类型"),
        "required": _("必填"),
        "in_key": _("主键"),
        "unit": _("单位"),
        "role": _("角色"),
        "use": _("用途"),
        "titles": _("表头的其它写法"),
        "choices": _("选项"),
        "mappings": _("对应指标"),
    }
    return {"attributes": attributes, "values": values, "states": STATES}


def _records_form() -> RecordsForm:
    return RecordsForm(
        formdata=None, data={"period": Period.quarter_of(clock.today()).code, "policy": "all_or_nothing"}
    )


@bp.route("/models/<int:model_id>/edit", methods=["GET", "POST"])
@requires(Action.MODEL_DEFINE)
def edit_model(model_id: int) -> Any:
    """Change names, source and delivery of a model."""
    model = _model(model_id, Action.MODEL_DEFINE)
    form, problems = ModelForm(data=_head(model)), []
    if form.validate_on_submit():
        try:
            services.revise_head(
                db.session(), person(), model, form.to_draft(), version=_version(form), now=clock.now()
            )
        except Rejected as rejected:
            problems = list(rejected.problems)
        else:
            return _changed(model)
    return _page("admin/model_edit.html", form=form, model=model, problems=problems)


def _head(model: DataModel) -> dict[str, Any]:
    return {
        "code": model.code,
        "name_zh": model.name_zh,
        "name_en": model.name_en,
        "source": model.source,
        "delivery": model.delivery.value,
        "version": model.version,
    }


@bp.route("/models/<int:model_id>/fields/new", methods=["GET", "POST"])
@requires(Action.MODEL_DEFINE)
def new_field(model_id: int) -> Any:
    """Add a field to a model."""
    model = services.with_mappings(db.session(), _model(model_id, Action.MODEL_DEFINE))
    place = len(services.fields_in_force(model)) + 1
    form = FieldForm(data={"required": True, "place": place, "version": model.version})
    return _field_page(model, form, None)


@bp.route("/models/<int:model_id>/fields/<code>", methods=["GET", "POST"])
@requires(Action.MODEL_DEFINE)
def edit_field(model_id: int, code: str) -> Any:
    """Change a field of a model."""
    model = services.with_mappings(db.session(), _model(model_id, Action.MODEL_DEFINE))
    field = _field(model, code, retired=False)
    place = services.fields_in_force(model).index(field) + 1
    draft = services.field_draft(field)
    form = FieldForm(data=field_data(draft, place=place, version=model.version))
    return _field_page(model, form, code)


def _field_page(model: DataModel, form: FieldForm, code: str | None) -> Any:
    if "more" in request.form:
        form.mappings.append_entry()
    names = [(field.code, local(field, "name")) for field in services.fields_in_force(model)]
    form.offer(_indicators(), names)
    problems: Sequence[Problem] = []
    if "more" not in request.form and form.validate_on_submit():
        try:
            services.put_field(
                db.session(),
                person(),
                model,
                form.to_draft(),
                instead_of=code,
                place=form.place.data,
                version=_version(form),
                now=clock.now(),
            )
        except Rejected as rejected:
            problems = rejected.problems
        else:
            return _changed(model)
    return _page("admin/model_field.html", form=form, model=model, code=code, problems=problems)


def _indicators() -> list[tuple[str, str]]:
    found = db.session().scalars(services.all_indicators())
    return [(one.code, f"{SETS[one.indicator_set]} · {local(one, 'name')} ({one.unit})") for one in found]


@bp.post("/models/<int:model_id>/fields/<code>/take")
@requires(Action.MODEL_DEFINE)
def take_field(model_id: int, code: str) -> Any:
    """Take a field out: retired while records exist, else removed."""
    model = _model(model_id, Action.MODEL_DEFINE)
    _field(model, code, retired=False)
    return _act(model, services.take_field, code=code)


@bp.post("/models/<int:model_id>/fields/<code>/restore")
@requires(Action.MODEL_DEFINE)
def restore_field(model_id: int, code: str) -> Any:
    """Put a retired field in force again."""
    model = _model(model_id, Action.MODEL_DEFINE)
    _field(model, code, retired=True)
    return _act(model, services.restore_field, code=code)


def _act(model: DataModel, verb: Any, **more: Any) -> Any:
    try:
        version = request.form.get("version", model.version, type=int)
        verb(db.session(), person(), model, version=version, now=clock.now(), **more)
    except Rejected as rejected:
        return _not_done(rejected.problems, url_for("admin.show_model", model_id=model.id))
    return _changed(model)


@bp.post("/models/<int:model_id>/activate")
@requires(Action.MODEL_DEFINE)
def activate_model(model_id: int) -> Any:
    """Let files of a model be imported."""
    model = _model(model_id, Action.MODEL_DEFINE)
    try:
        services.activate_model(db.session(), person(), model, now=clock.now())
    except Rejected as rejected:
        return _not_done(rejected.problems, url_for("admin.show_model", model_id=model.id))
    flash(_("数据模型已启用，可以导入文件。"), "success")
    return redirect(url_for("admin.show_model", model_id=model.id), 303)


@bp.post("/models/<int:model_id>/retire")
@requires(Action.MODEL_DEFINE)
def retire_model(model_id: int) -> Any:
    """Take no more files of a model."""
    model = _model(model_id, Action.MODEL_DEFINE)
    services.retire_model(db.session(), person(), model, now=clock.now())
    flash(_("数据模型已停用，已有记录保留。"), "success")
    return redirect(url_for("admin.show_model", model_id=model.id), 303)


@bp.post("/models/<int:model_id>/drop")
@requires(Action.MODEL_DEFINE)
def drop_model(model_id: int) -> Any:
    """Remove a model that is empty."""
    model = _model(model_id, Action.MODEL_DEFINE)
    name = local(model, "name")
    services.drop_model(db.session(), person(), model)
    flash(_("已删除数据模型“%(name)s”。", name=name), "success")
    return redirect(url_for("admin.models"), 303)


@bp.post("/models/<int:model_id>/upload")
@requires(Action.IMPORT_RUN)
def upload_records(model_id: int) -> Any:
    """Take a file of records in; it is looked at before its import is started."""
    model = _model(model_id, Action.IMPORT_RUN)
    form, found = RecordsForm(), services.obstacles(model)
    if found:
        return _not_done(found, url_for("admin.show_model", model_id=model_id))
    if not form.validate_on_submit():
        for messages in form.errors.values():
            flash(" ".join(map(str, messages)), "danger")
        return redirect(url_for("admin.show_model", model_id=model_id), 303)
    db.session.rollback()  # the content is hashed and written while no transaction waits
    draft = form.to_draft(services.hold(form.file.data.read()), model_id)
    upload = services.receive(db.session(), person(), draft, now=clock.now())
    return redirect(url_for("admin.show_import", upload_id=upload.id), 303)


@bp.get("/models/<int:model_id>/records")
@requires(Action.RECORD_VIEW)
def model_records(model_id: int) -> str:
    """Show the records that count, newest day first."""
    model = _model(model_id, Action.RECORD_VIEW)
    number = max(request.args.get("page", 1, type=int), 1)
    rows, total = services.records(db.session(), model, page=number, per_page=PER_PAGE)
    uploads = services.uploads_of(db.session(), {row["_batch"] for row in rows})
    return render_template(
        "admin/model_records.html",
        model=model,
        page=Page(rows, number, max(1, -(-total // PER_PAGE)), total),
        uploads=uploads,
        shown=_shown,
    )


def _shown(field: DataField, value: Any) -> str:
    """Return a cell as people read it."""
    if value is None:
        return "—"
    if isinstance(value, Decimal):
        plain = format(value.normalize(), ",f")
        return format(value, ",.2f") if field.unit.endswith("元") and "." not in plain[:-3] else plain
    if isinstance(value, date):
        return value.isoformat()
    spellings = field.choices.get(value) if field.kind is FieldKind.CHOICE else None
    return str(spellings[0] if spellings and page_language() == "zh" else value)


@bp.get("/models/<int:model_id>/template.csv")
@requires(Action.MODEL_VIEW)
def model_template(model_id: int) -> Response:
    """Give the import template of a model."""
    model = _model(model_id, Action.MODEL_VIEW)
    content = services.import_template(model, page_language())
    return _download(content, f"{model.code}.csv", "text/csv")


@bp.get("/models/<int:model_id>/template.xlsx")
@requires(Action.MODEL_VIEW)
def model_entry_template(model_id: int) -> Response:
    """Give the entry template of a model: a workbook to fill in by hand."""
    model = _model(model_id, Action.MODEL_VIEW)
    content = services.entry_template(
        model, page_language(), sheet=_("数据"), notes=_("填写说明"), explained=_explained(model)
    )
    return _download(content, f"{model.code}.xlsx", SHEETS)


def _explained(model: DataModel) -> list[list[str]]:
    head = [_("字段"), _("类型"), _("必填"), _("主键"), _("单位"), _("可填内容")]
    return [
        head,
        *(
            [
                local(field, "name"),
                str(FIELD_KINDS[field.kind]),
                _("是") if field.required else _("否"),
                _("是") if field.in_key else _("否"),
                field.unit,
                "、".join((spellings[0] if spellings else code) for code, spellings in field.choices.items()),
            ]
            for field in services.fields_in_force(model)
        ),
    ]


@bp.get("/models/<int:model_id>/export.<any(yaml, json):form>")
@requires(Action.MODEL_VIEW)
def export_model(model_id: int, form: str) -> Response:
    """Give a model as a file that another bank can import."""
    model = _model(model_id, Action.MODEL_VIEW)
    content = services.model_file(db.session(), model, as_json=form == "json")
    return _download(content, f"{model.code}.{form}", f"application/{form}")


def _model(model_id: int, action: Action) -> DataModel:
    return load(select(DataModel).options(selectinload(DataModel.fields)), model_id, action)


def _field(model: DataModel, code: str, *, retired: bool) -> DataField:
    for field in model.fields:
        if field.code == code and (field.until is not None) is retired:
            return field
    raise NotFound


def _version(form: Any) -> int:
    return int(form.version.data) if str(form.version.data or "").isdigit() else 0


def _page(template: str, *, problems: Sequence[Problem], **more: Any) -> Any:
    status = 200 if request.method == "GET" or "more" in request.form else 422
    return render_template(template, problems=problems, **more, **_words()), status


def _changed(model: DataModel) -> Any:
    flash(_("已保存，现为第 %(version)s 版。", version=model.version), "success")
    return redirect(url_for("admin.show_model", model_id=model.id), 303)


def _not_done(problems: Sequence[Problem], back: str) -> Any:
    db.session.rollback()
    for problem in problems:
        flash(say_problem(problem), "danger")
    return redirect(back, 303)


def _download(content: bytes, name: str, kind: str) -> Response:
    return Response(
        content,
        mimetype=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
