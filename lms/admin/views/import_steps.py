"""The import wizard: each step is a page of its own, and the upload keeps what was decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from lms.access.actions import Action
from lms.admin.forms.import_steps import (
    ApplyForm,
    ColumnsForm,
    DecisionForm,
    ReadingForm,
    columns_form,
    separator_name,
)
from lms.admin.forms.imports import KINDS, POLICIES, SETS
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.core.jobs import Job
from lms.core.periods import Period
from lms.indicators import services
from lms.indicators.models import ImportMapping, ImportUpload
from lms.indicators.services import (
    WIDE,
    WIDE_KINDS,
    BatchState,
    Guess,
    IndicatorSet,
    Summary,
    looks_wide,
    propose,
    propose_indicators,
    wide_base,
)
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load
from lms.web.text import local, say

STEPS = (
    ("reading", N_("读取"), "admin.import_reading"),
    ("columns", N_("对应列"), "admin.import_columns"),
    ("preview", N_("预览"), "admin.import_preview"),
    ("check", N_("检查"), "admin.import_check"),
)
_SET = re.compile("|".join(IndicatorSet))
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
CHECKED_AT_ONCE = 8 * 1024 * 1024
"""Larger files are checked in the background, not while a page waits."""


@bp.app_template_global()
def import_steps() -> list[tuple[str, str, str]]:
    """Return the steps of the wizard: key, name in the page's language, endpoint."""
    return [(key, say(name), endpoint) for key, name, endpoint in STEPS]


@bp.app_template_global()
def kind_name(thing: Any) -> str:
    """Return what an upload, batch or mapping holds: the name of its data model, or of its kind."""
    return local(thing.data_model, "name") if thing.data_model is not None else str(KINDS[thing.kind])


@bp.app_template_global()
def in_words(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a problem's values with the sets called as on the page."""
    named = dict(params)
    if "sets" in named:
        named["sets"] = _SET.sub(lambda match: str(SETS[IndicatorSet(match[0])]), str(named["sets"]))
    return named


@bp.app_template_global()
def kind_of_problem(message: str) -> str:
    """Return a problem's sentence without its values, for counting."""
    return say(message, dict.fromkeys(_PLACEHOLDER.findall(message), "…"))


def step_url(upload: ImportUpload) -> str:
    """Return the page where the work on a draft goes on."""
    step = str(upload.extra.get("step", "reading"))
    endpoint = next((endpoint for key, _name, endpoint in STEPS if key == step), STEPS[0][2])
    return url_for(endpoint, upload_id=upload.id)


def _draft(upload_id: int) -> ImportUpload:
    """Return an upload of figures; one of people or units has steps, and a second person, of its own."""
    upload = load(ImportUpload, upload_id, Action.IMPORT_RUN)
    if upload.kind in services.ROSTERS:
        raise NotFound
    return upload


def _begun(upload: ImportUpload) -> bool:
    return upload.state is not BatchState.DRAFT or (upload.job_id is not None and _job(upload) is None)


def _job(upload: ImportUpload) -> Job | None:
    """Return the dry run that is under way."""
    job = db.session().get(Job, upload.job_id) if upload.job_id else None
    return job if job is not None and job.kind == "import.check" else None


def _result(upload: ImportUpload) -> Any:
    return redirect(url_for("admin.show_import", upload_id=upload.id), 303)


def _on(upload: ImportUpload, step: str) -> Any:
    services.note_extra(upload, step=step)
    return redirect(step_url(upload), 303)


@bp.route("/imports/<int:upload_id>/reading", methods=["GET", "POST"])
@requires(Action.IMPORT_RUN)
def import_reading(upload_id: int) -> Any:
    """Show how the file seems to be laid out, and let it be corrected."""
    upload = _draft(upload_id)
    if _begun(upload):
        return _result(upload)
    form = ReadingForm()
    status = 200
    if request.method == "GET":
        form.show(services.options_of(upload))
    elif form.validate_on_submit():
        services.revise(db.session(), person(), upload, form.to_options(), upload.policy, split=upload.split)
        if "next" in request.form and _guessed(upload)[0] is not None:
            _propose_mapping(upload)
            return _on(upload, "columns")
        return redirect(url_for("admin.import_reading", upload_id=upload.id), 303)
    else:
        status = 422
    seen, problems = _guessed(upload)
    if request.method == "GET" and seen is not None and "step" not in upload.extra:
        form.skip_totals.data = form.skip_totals.data or seen.total
    if seen is not None and seen.layout.sheets:
        form.sheet.choices = [(one, one) for one in seen.layout.sheets]
    page = render_template(
        "admin/import_reading.html",
        upload=upload,
        form=form,
        seen=seen,
        problems=problems,
        separator=separator_name(seen.layout.separator) if seen else "",
    )
    return page, status


def _guessed(upload: ImportUpload) -> tuple[Guess | None, list[Problem]]:
    try:
        return services.guess(upload, services.specs(db.session())), []
    except Rejected as error:
        return None, list(error.problems)


def _propose_mapping(upload: ImportUpload) -> None:
    """Take the saved mapping of the file's period whose titles the file has, unless titles were chosen."""
    seen, _problems = _guessed(upload)
    if upload.titles or seen is None:
        return
    mapping = services.fitting(db.session(), upload, seen.titles)
    if mapping is not None:
        services.apply_mapping(db.session(), person(), upload, mapping)
        flash(_("已按映射“%(name)s”对应各列，请核对。", name=mapping.name), "info")


@bp.route("/imports/<int:upload_id>/columns", methods=["GET", "POST"])
@requires(Action.IMPORT_RUN)
def import_columns(upload_id: int) -> Any:
    """Ask which title of the file is which column, with a proposal."""
    upload = _draft(upload_id)
    if _begun(upload):
        return _result(upload)
    seen, _problems = _guessed(upload)
    if seen is None:
        return redirect(url_for("admin.import_reading", upload_id=upload.id), 303)
    form, wide, near = _columns_form(upload, seen)
    problems: list[Problem] = []
    if form.validate_on_submit():
        problems = _chosen(upload, form, wide=wide)
        if not problems:
            return _on(upload, "preview")
    versions = services.versions_for(db.session(), upload.kind, upload.data_model_id, upload.period)
    applied = ApplyForm(formdata=None, data={"mapping": upload.mapping_id})
    applied.mapping.choices = [(one.id, _version_name(one)) for one in versions]
    page = render_template(
        "admin/import_columns.html",
        upload=upload,
        form=form,
        seen=seen,
        wide=wide,
        may_be_wide=upload.kind in WIDE_KINDS,
        problems=problems,
        near=near,
        apply=applied if versions else None,
        last_day=Period.parse(upload.period).last,
    )
    return page, 422 if problems or form.errors else 200


def _version_name(mapping: ImportMapping) -> str:
    return _("%(name)s（%(day)s 起）", name=mapping.name, day=mapping.valid_from.isoformat())


def _columns_form(upload: ImportUpload, seen: Guess) -> tuple[ColumnsForm, bool, int]:
    """Return the form, filled in on a first look; whether the file is a wide one; how many are proposed."""
    columns = services.importer_of(upload.kind).columns(upload.data_model)
    specs = services.specs(db.session()) if upload.kind in WIDE_KINDS else []
    known = propose_indicators(seen.titles, specs)
    wide = _is_wide(upload, looks_wide(upload.kind, columns, seen.titles, len(known)))
    names = [(spec.code, f"{local(spec, 'name')}（{spec.unit}）{spec.code}") for spec in specs]
    made = columns_form(columns, seen, names, wide=wide, place=_("第 %(n)s 列", n="%(n)s"))
    if request.method == "POST":
        return made(), wide, 0
    chosen = dict(upload.titles)
    if not chosen or any(name.startswith(WIDE) for name in chosen) is not wide:
        chosen = propose(wide_base(columns) if wide else columns, seen.titles)
        if wide:
            free = [title for title in seen.titles if title not in chosen.values()]
            chosen |= {f"{WIDE}{code}": title for title, code in propose_indicators(free, specs).items()}
    form = made(formdata=None)
    by_title = {title: name.removeprefix(WIDE) for name, title in chosen.items() if name.startswith(WIDE)}
    for column, box in form.wanted:
        form[box].data = chosen.get(column, "")
    for title, box in form.offered:
        form[box].data = by_title.get(title, "")
    form.flag.data = upload.extra.get("flag", "")
    form.day.data = date.fromisoformat(upload.extra["day"]) if "day" in upload.extra else None
    form.valid_from.data = Period.parse(upload.period).first
    form.name.data = upload.mapping.name if upload.mapping is not None else ""
    return form, wide, len(chosen)


def _is_wide(upload: ImportUpload, guessed: bool) -> bool:
    """Whether the file is a wide one: as the page says, as was chosen, or as it looks."""
    if upload.kind not in WIDE_KINDS:
        return False
    asked = request.args.get("shape")
    if asked in ("wide", "long"):
        return asked == "wide"
    if upload.titles:
        return any(name.startswith(WIDE) for name in upload.titles)
    return guessed


def _chosen(upload: ImportUpload, form: ColumnsForm, *, wide: bool) -> list[Problem]:
    """Take the choice over; return what forbids it."""
    if (code := form.twice()) is not None:
        return [Problem(N_("指标“%(code)s”被选给了不止一列。"), {"code": code})]
    try:
        services.choose(db.session(), person(), upload, form.to_titles(), wide_file=wide, **form.to_extra())
        if form.name.data:
            day = form.valid_from.data or Period.parse(upload.period).first
            services.save_mapping(db.session(), person(), upload, str(form.name.data), day, now=clock.now())
            flash(_("映射“%(name)s”已保存。", name=form.name.data), "success")
    except Rejected as error:
        return list(error.problems)
    except Refused as error:
        return [Problem(error.message, error.params)]
    return []


@bp.post("/imports/<int:upload_id>/mapping")
@requires(Action.IMPORT_RUN)
def apply_mapping(upload_id: int) -> Any:
    """Read the file by a saved mapping."""
    upload = _draft(upload_id)
    versions = services.versions_for(db.session(), upload.kind, upload.data_model_id, upload.period)
    form = ApplyForm()
    form.mapping.choices = [(one.id, one.name) for one in versions]
    if form.validate_on_submit():
        mapping = next(one for one in versions if one.id == form.mapping.data)
        services.apply_mapping(db.session(), person(), upload, mapping)
    return redirect(url_for("admin.import_columns", upload_id=upload.id), 303)


@bp.get("/imports/<int:upload_id>/preview")
@requires(Action.IMPORT_RUN)
def import_preview(upload_id: int) -> Any:
    """Show the first rows under what their columns will be."""
    upload = _draft(upload_id)
    if _begun(upload):
        return _result(upload)
    preview, meant, problems = None, [], []
    try:
        preview = services.look(upload)
        meant = services.meant(upload, preview.layout.titles)
    except Rejected as error:
        problems = list(error.problems)
    named = {spec.code: local(spec, "name") for spec in services.specs(db.session())}
    return render_template(
        "admin/import_preview.html",
        upload=upload,
        preview=preview,
        meant=[named.get(one) or (say(one) if one else "") for one in meant],
        problems=problems,
        separator=separator_name(preview.layout.separator) if preview else "",
    )


@bp.route("/imports/<int:upload_id>/check", methods=["GET", "POST"])
@requires(Action.IMPORT_RUN)
def import_check(upload_id: int) -> Any:
    """Show what an import would bring and refuse, and ask what is agreed to."""
    upload = _draft(upload_id)
    if _begun(upload):
        return _result(upload)
    form = DecisionForm()
    if form.validate_on_submit():
        agreed = form.agreed(upload.kind)
        services.decide(db.session(), person(), upload, form.chosen_policy, **agreed)
        return _on(upload, "check")
    if request.method == "GET":
        form.process(formdata=None, obj=upload)
        form.policy.data = upload.policy.value
    summary = _summary(upload)
    return render_template(
        "admin/import_check.html",
        upload=upload,
        form=form,
        job=_job(upload),
        summary=summary,
        replaced=services.replaced_batches(db.session(), summary) if summary else [],
        beside=db.session().scalar(services.running_beside(upload)),
        policies=POLICIES,
        sets=SETS,
    )


def _summary(upload: ImportUpload) -> Summary | None:
    """Return the dry run: made at once for a small file, else what the background left."""
    if _job(upload) is not None:
        return None
    if upload.stored_file.size > CHECKED_AT_ONCE:
        return services.kept_summary(upload)
    return services.summarise(db.session(), upload, services.inspect(db.session(), upload))


@bp.post("/imports/<int:upload_id>/check/start")
@requires(Action.IMPORT_RUN)
def start_check(upload_id: int) -> Any:
    """Check a large file in the background."""
    upload = _draft(upload_id)
    services.start_check(db.session(), person(), upload, now=clock.now())
    return redirect(url_for("admin.import_check", upload_id=upload.id), 303)


@bp.post("/imports/<int:upload_id>/start")
@requires(Action.IMPORT_RUN)
def start_import(upload_id: int) -> Any:
    """Start the import as long work."""
    upload = _draft(upload_id)
    services.start(db.session(), person(), upload, now=clock.now())
    return redirect(url_for("admin.show_import", upload_id=upload.id), 303)
