"""Bringing files in: upload, look, dry run, import, what was rejected, withdraw."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from lms.access.actions import Action
from lms.admin.forms.imports import (
    KINDS,
    POLICIES,
    SETS,
    WITHOUT_MODEL,
    ReadingForm,
    UploadForm,
    WithdrawForm,
)
from lms.admin.services import people_import
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.errors import NotFound, Rejected
from lms.core.i18n import N_
from lms.core.jobs import Job
from lms.core.periods import Period
from lms.indicators import services
from lms.indicators.models import ImportBatch, ImportUpload
from lms.indicators.services import BatchState, ImportKind
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import Page, paginate
from lms.web.text import say, say_problem

__all__ = ["people_import"]  # imported for its registration

PER_PAGE = 50
DRY_RUN_UP_TO = 8 * 1024 * 1024
"""Larger files are checked by the import itself, not while a page waits."""

STATES = {
    BatchState.DRAFT: N_("待导入"),
    BatchState.COMMITTED: N_("已生效"),
    BatchState.REJECTED: N_("未导入"),
    BatchState.WITHDRAWN: N_("已撤回"),
}
FLAGS = {
    "calculated": N_("计算"),
    "inferred": N_("推算"),
    "recorded": N_("已入变动表"),
    "unrecorded": N_("未入变动表"),
}


@bp.app_template_global()
def import_state(state: BatchState) -> str:
    """Return the state of an upload or batch in the page's language."""
    return say(STATES[state])


def _words() -> dict[str, Any]:
    return {"kinds": KINDS, "templates": WITHOUT_MODEL, "policies": POLICIES, "sets": SETS}


@bp.get("/imports")
@requires(Action.IMPORT_VIEW)
def imports() -> str:
    """List what was brought, newest first, with its batches."""
    listed = services.uploads().options(
        selectinload(ImportUpload.batches), selectinload(ImportUpload.data_model)
    )
    page = paginate(reachable(listed, ImportUpload, Action.IMPORT_VIEW))
    return render_template("admin/imports.html", page=page, **_words())


@bp.route("/imports/new", methods=["GET", "POST"])
@requires(Action.IMPORT_RUN)
def new_import() -> Any:
    """Take a file in; it is only looked at until somebody starts its import."""
    form = UploadForm()
    if request.method == "GET":
        form.kind.data = request.args.get("kind", form.kind.data)
        form.period.data = Period.quarter_of(clock.today()).previous().code
    if not form.validate_on_submit():
        status = 200 if request.method == "GET" else 422
        return render_template(
            "admin/import_new.html", form=form, limit=services.LIMIT >> 20, **_words()
        ), status
    db.session.rollback()  # the content is hashed and written while no transaction waits
    held = services.hold(form.file.data.read())
    upload = services.receive(db.session(), person(), form.to_draft(held), now=clock.now())
    return redirect(url_for("admin.show_import", upload_id=upload.id), 303)


@bp.get("/imports/<int:upload_id>")
@requires(Action.IMPORT_VIEW)
def show_import(upload_id: int) -> str:
    """Show an upload: before its import how it reads, afterwards what came of it."""
    upload = _upload(upload_id, Action.IMPORT_VIEW)
    job = db.session().get(Job, upload.job_id) if upload.job_id else None
    if upload.state is BatchState.DRAFT and job is None:
        return _show_draft(upload)
    rejects, total = services.rejects(upload, page=_page(), per_page=PER_PAGE)
    page = Page(rejects, _page(), max(1, -(-total // PER_PAGE)), total)
    own = job is not None and job.employee_id == person().employee_id
    return render_template(
        "admin/import_result.html",
        upload=upload,
        job=job if own else None,
        page=page,
        withdraw=WithdrawForm(),
        **_words(),
    )


def _show_draft(upload: ImportUpload) -> str:
    options = services.options_of(upload)
    form = ReadingForm(
        formdata=None,
        data={
            "encoding": options.encoding or "",
            "separator": options.separator or "",
            "skip_totals": options.skip_totals,
            "serial_days": options.serial_days,
            "policy": upload.policy.value,
            "split": upload.split,
        },
    )
    preview, problems = None, []
    try:
        preview = services.look(upload)
    except Rejected as error:
        problems = list(error.problems)
    small = upload.stored_file.size <= DRY_RUN_UP_TO
    findings = services.inspect(db.session(), upload) if small and preview else None
    return render_template(
        "admin/import_draft.html",
        upload=upload,
        form=form,
        preview=preview,
        problems=problems,
        findings=findings,
        shown=PER_PAGE,
        **_words(),
    )


@bp.post("/imports/<int:upload_id>/reading")
@requires(Action.IMPORT_RUN)
def revise_import(upload_id: int) -> Any:
    """Change how a file is read, and look again."""
    upload = _upload(upload_id, Action.IMPORT_RUN)
    form = ReadingForm()
    if form.validate_on_submit():
        policy = services.Policy(form.policy.data)
        services.revise(
            db.session(), person(), upload, form.to_options(), policy, split=bool(form.split.data)
        )
    else:
        flash(_("设置无效，没有保存。"), "danger")
    return redirect(url_for("admin.show_import", upload_id=upload.id), 303)


@bp.post("/imports/<int:upload_id>/start")
@requires(Action.IMPORT_RUN)
def start_import(upload_id: int) -> Any:
    """Start the import as long work."""
    upload = _upload(upload_id, Action.IMPORT_RUN)
    services.start(db.session(), person(), upload, now=clock.now())
    return redirect(url_for("admin.show_import", upload_id=upload.id), 303)


@bp.get("/imports/<int:upload_id>/errors.csv")
@requires(Action.IMPORT_VIEW)
def import_errors(upload_id: int) -> Response:
    """Give the rejected rows as a file to mend and bring again."""
    upload = _upload(upload_id, Action.IMPORT_VIEW)
    if upload.rejects is None:
        raise NotFound
    extra = [_("原行号"), _("问题列"), _("问题值"), _("原因")]
    return _download(services.error_file(upload, extra, say_problem), f"errors-{upload.id}.csv")


@bp.get("/imports/templates/<kind>.csv")
@requires(Action.IMPORT_VIEW)
def import_template(kind: str) -> Response:
    """Give an empty file to fill in."""
    if kind not in set(WITHOUT_MODEL):
        raise NotFound
    return _download(services.template(ImportKind(kind)), f"template-{kind}.csv")


@bp.post("/batches/<int:batch_id>/withdraw")
@requires(Action.IMPORT_WITHDRAW)
def withdraw_batch(batch_id: int) -> Any:
    """Let a batch count no longer."""
    batch = load(ImportBatch, batch_id, Action.IMPORT_WITHDRAW)
    form = WithdrawForm()
    if form.validate_on_submit():
        gone = services.withdraw(db.session(), person(), batch, str(form.reason.data), now=clock.now())
        flash(_("已撤回批次 %(batches)s。", batches=", ".join(str(one.id) for one in gone)), "success")
    else:
        flash(_("撤回批次须写明理由。"), "danger")
    return redirect(url_for("admin.show_import", upload_id=batch.upload_id), 303)


def _upload(upload_id: int, action: Action) -> ImportUpload:
    return load(ImportUpload, upload_id, action)


def _page() -> int:
    return max(request.args.get("page", 1, type=int), 1)


def _download(content: bytes, name: str) -> Response:
    return Response(
        content,
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
