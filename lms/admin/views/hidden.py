"""Imported values one by one: looking at a batch's rows, hiding a wrong one, showing it again."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.admin.forms.imports import HideForm
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.indicators import services
from lms.indicators.models import HiddenValue, ImportBatch, Indicator
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import Page, paginate
from lms.web.text import local, say

PER_PAGE = 50


@bp.get("/hidden")
@requires(Action.VALUE_HIDE)
def hidden() -> str:
    """List everything that is hidden, newest first."""
    page = paginate(reachable(services.hidden_values(), HiddenValue, Action.VALUE_HIDE))
    return render_template("admin/hidden.html", page=page, form=HideForm(formdata=None))


@bp.get("/batches/<int:batch_id>/values")
@requires(Action.VALUE_HIDE)
def batch_values(batch_id: int) -> str:
    """Show a batch's rows, those that are hidden with the reason."""
    batch = load(ImportBatch, batch_id, Action.VALUE_HIDE)
    number, words = max(request.args.get("page", 1, type=int), 1), request.args.get("q", "").strip()[:80]
    columns, rows, total = services.batch_rows(batch, words, page=number, per_page=PER_PAGE)
    fields = {one.code: local(one, "name") for one in batch.data_model.fields} if batch.data_model else {}
    found = services.found_indicators(db.session(), {row.cells.get("indicator") or "" for row in rows})
    return render_template(
        "admin/batch_values.html",
        names={code: local(one, "name") for code, one in found.items()},
        days={one for row in rows for one, value in row.cells.items() if isinstance(value, date)},
        batch=batch,
        words=words,
        columns=columns,
        titles={
            one: say(services.VALUE_TITLES[one]) if one in services.VALUE_TITLES else fields.get(one, one)
            for one in columns
        },
        page=Page(rows, number, max(1, -(-total // PER_PAGE)), total),
        hidden=services.hidden_lines(db.session(), batch, [row.line for row in rows]),
        form=HideForm(formdata=None),
    )


@bp.post("/batches/<int:batch_id>/values/<int:line>/hide")
@requires(Action.VALUE_HIDE)
def hide_value(batch_id: int, line: int) -> Any:
    """Let one imported value count no longer."""
    batch, form = load(ImportBatch, batch_id, Action.VALUE_HIDE), HideForm()
    if form.validate_on_submit():
        services.hide(
            db.session(), person(), batch, line, str(form.reason.data), now=clock.now(), indicator=_chosen()
        )
        flash(_("第 %(line)s 行的值已隐藏，不再计入任何结果。", line=line), "success")
    else:
        flash(_("请写明理由。"), "danger")
    return redirect(_back(batch), 303)


@bp.post("/batches/<int:batch_id>/values/<int:line>/show")
@requires(Action.VALUE_HIDE)
def show_value(batch_id: int, line: int) -> Any:
    """Let a hidden value count again."""
    batch, form = load(ImportBatch, batch_id, Action.VALUE_HIDE), HideForm()
    if form.validate_on_submit():
        services.show(
            db.session(), person(), batch, line, str(form.reason.data), now=clock.now(), indicator=_chosen()
        )
        flash(_("第 %(line)s 行的值已恢复。", line=line), "success")
    else:
        flash(_("请写明理由。"), "danger")
    return redirect(_back(batch), 303)


def _chosen() -> str:
    return request.form.get("indicator", "")[:40]


def _back(batch: ImportBatch) -> str:
    return url_for(
        "admin.batch_values", batch_id=batch.id, q=request.args.get("q"), page=request.args.get("page")
    )


@bp.post("/indicators/<int:indicator_id>/by-hand")
@requires(Action.INDICATOR_DEFINE)
def indicator_by_hand(indicator_id: int) -> Any:
    """Say whether an indicator's values may be typed."""
    indicator = load(Indicator, indicator_id, Action.INDICATOR_DEFINE)
    by_hand = request.form.get("by_hand") == "yes"
    services.allow_by_hand(db.session(), person(), indicator, by_hand=by_hand)
    flash(_("已保存。"), "success")
    return redirect(
        url_for("admin.indicators", set=request.args.get("set"), page=request.args.get("page")), 303
    )
