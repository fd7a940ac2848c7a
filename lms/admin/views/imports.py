"""Bringing files in: upload, look, dry run, import, what was rejected, withdraw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from lms.access.actions import Action
from lms.admin.forms.imports import (
    KINDS,
    POLICIES,
    SETS,
    WITHOUT_MODEL,
    UploadForm,
    WithdrawForm,
)
from lms.admin.services import people_import, withdrawal
from lms.admin.views.blueprint import bp
from lms.admin.views.import_steps import step_url
from lms.core import clock
from lms.core.db import db
from lms.core.errors import NotFound
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
from lms.web.text import local, say, say_problem

__all__ = ["people_import"]  # imported for its registration

PER_PAGE = 50
STATES = {
    BatchState.DRAFT: N_("待导入"),
    BatchState.COMMITTED: N_("已生效"),
    BatchState.REJECTED: N_("未导入"),
    BatchState.WITHDRAWN: N_("已撤回"),
}
CYCLE_STATES = {
    "collecting": N_("正在收集，尚未计算"),
    "computed": N_("已计算，尚未公布：撤回后须重新计算"),
    "published": N_("已公布：结果已冻结，撤回不会改变它"),
}
"""What a withdrawal means for a cycle, by its state."""
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


@bp.app_template_global()
def flag_word(flag: str) -> str:
    """Return a flag in the page's language."""
    return say(FLAGS[flag]) if flag in FLAGS else flag


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
    form, models = UploadForm(), db.session().scalars(services.importable_models()).all()
    form.kind.choices = [
        *((str(kind), word) for kind, word in WITHOUT_MODEL.items()),
        *((f"{ImportKind.RECORDS}:{one.code}", local(one, "name")) for one in models),
    ]
    mended = _mended(request.values.get("mends", type=int))
    if request.method == "GET":
        _fill_in(form, mended)
    if not form.validate_on_submit():
        status = 200 if request.method == "GET" else 422
        return render_template(
            "admin/import_new.html",
            form=form,
            mended=mended,
            whole=mended is not None and services.refused_whole(mended),
            limit=current_app.config["MAX_CONTENT_LENGTH"] >> 20,
            **_words(),
        ), status
    codes = {one.code: one.id for one in models}
    db.session.rollback()  # the content is hashed and written while no transaction waits
    held = services.hold(form.file.data.stream)
    draft = form.to_draft(held, codes)
    if mended is not None:
        draft = replace(draft, **services.as_mended(mended))
    upload = services.receive(db.session(), person(), draft, now=clock.now())
    return redirect(url_for("admin.show_import", upload_id=upload.id), 303)


def _mended(upload_id: int | None) -> ImportUpload | None:
    """Return the upload of which rejected rows come again."""
    return load(ImportUpload, upload_id, Action.IMPORT_RUN) if upload_id else None


def _fill_in(form: UploadForm, mended: ImportUpload | None) -> None:
    form.kind.data = request.args.get("kind", form.kind.data)
    form.period.data = Period.quarter_of(clock.today()).previous().code
    if mended is not None:
        model = mended.data_model
        form.kind.data = f"{mended.kind}:{model.code}" if model is not None else str(mended.kind)
        form.period.data, form.policy.data = mended.period, str(mended.policy)
        form.mends.data = str(mended.id)


@bp.get("/imports/<int:upload_id>")
@requires(Action.IMPORT_VIEW)
def show_import(upload_id: int) -> Any:
    """Show what came of an upload; before its import, lead to where the work on it goes on."""
    upload = _upload(upload_id, Action.IMPORT_VIEW)
    job = db.session().get(Job, upload.job_id) if upload.job_id else None
    if upload.state is BatchState.DRAFT and upload.kind in services.ROSTERS and job is None:
        return redirect(url_for("admin.show_roster", upload_id=upload.id), 303)
    if upload.state is BatchState.DRAFT and (job is None or job.kind == "import.check"):
        return redirect(step_url(upload), 303)
    rejects, total = services.rejects(upload, page=_page(), per_page=PER_PAGE)
    page = Page(rejects, _page(), max(1, -(-total // PER_PAGE)), total)
    own = job is not None and job.employee_id == person().employee_id
    return render_template(
        "admin/import_result.html",
        upload=upload,
        job=job if own else None,
        page=page,
        whole=services.refused_whole(upload),
        may_withdraw=person().can(Action.IMPORT_WITHDRAW),
        **_words(),
    )


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


@bp.route("/batches/<int:batch_id>/withdraw", methods=["GET", "POST"])
@requires(Action.IMPORT_WITHDRAW)
def withdraw_batch(batch_id: int) -> Any:
    """Show what changes when a batch counts no longer, and let it, with a reason."""
    batch = load(ImportBatch, batch_id, Action.IMPORT_WITHDRAW)
    form = WithdrawForm()
    if form.validate_on_submit():
        session, now = db.session(), clock.now()
        gone = services.withdraw(session, person(), batch, str(form.reason.data), now=now)
        cause, codes = f"import_batch:{batch.id}", services.codes_in(session, gone)
        services.derive_later(session, person(), cause, codes, services.batch_days(gone), now=now)
        flash(_("已撤回批次 %(batches)s。", batches=", ".join(str(one.id) for one in gone)), "success")
        return redirect(url_for("admin.show_import", upload_id=batch.upload_id), 303)
    if batch.state is not BatchState.COMMITTED:
        return redirect(url_for("admin.show_import", upload_id=batch.upload_id), 303)
    effect = services.effect_of(db.session(), batch)
    found = services.found_indicators(db.session(), effect.indicators)
    page = render_template(
        "admin/batch_withdraw.html",
        batch=batch,
        effect=effect,
        cycles=withdrawal.cycles_using(db.session(), effect),
        names=[local(found[code], "name") for code in effect.indicators if code in found],
        form=form,
        cycle_states=CYCLE_STATES,
        **_words(),
    )
    return page, 422 if request.method == "POST" else 200


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
