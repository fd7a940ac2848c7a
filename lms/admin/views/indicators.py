"""Indicators: the list by set, and defining one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from lms.access.actions import Action
from lms.admin.forms.imports import AGGREGATES, DIRECTIONS, SETS, IndicatorForm
from lms.admin.views.blueprint import bp
from lms.core.db import db
from lms.indicators import services
from lms.indicators.models import Indicator
from lms.indicators.services import IndicatorSet
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import reachable
from lms.web.paging import paginate
from lms.web.text import local


@bp.get("/indicators")
@requires(Action.INDICATOR_VIEW)
def indicators() -> str:
    """List indicators, of one set or all, with the count of each set."""
    chosen = request.args.get("set", "")
    one = IndicatorSet(chosen) if chosen in set(IndicatorSet) else None
    listed = services.all_indicators(one).options(selectinload(Indicator.base))
    return render_template(
        "admin/indicators.html",
        page=paginate(reachable(listed, Indicator, Action.INDICATOR_VIEW)),
        counts=services.indicators_by_set(db.session()),
        chosen=one,
        sets=SETS,
        directions=DIRECTIONS,
        aggregates=AGGREGATES,
        may_define=person().can(Action.INDICATOR_DEFINE),
    )


@bp.route("/indicators/new", methods=["GET", "POST"])
@requires(Action.INDICATOR_DEFINE)
def new_indicator() -> Any:
    """Define an indicator."""
    form = IndicatorForm()
    bases = db.session().scalars(services.change_bases())
    form.base.choices = [
        ("-", _("无")),
        *((base.code, f"{base.code} {local(base, 'name')}") for base in bases),
    ]
    if not form.validate_on_submit():
        status = 200 if request.method == "GET" else 422
        return render_template("admin/indicator_new.html", form=form), status
    indicator = services.define_indicator(db.session(), person(), form.to_draft())
    flash(_("已定义指标 %(code)s。", code=indicator.code), "success")
    return redirect(url_for("admin.indicators"), 303)
