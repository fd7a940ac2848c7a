"""Indicators: the list by set, and defining one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import selectinload

from lms.access.actions import Action
from lms.admin.forms.imports import (
    AGGREGATES,
    DIRECTIONS,
    SETS,
    ClassForm,
    IndicatorForm,
    class_of,
    declared,
)
from lms.admin.forms.indicators import ChangeForm, CombineForm, groups
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.indicators import services
from lms.indicators.models import Indicator
from lms.indicators.services import Formula, IndicatorSet, Op, dump
from lms.people.services import found_employees
from lms.scoring.lint import CLASS_NAMES
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import Page, paginate
from lms.web.text import local, say


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
        class_names=CLASS_NAMES,
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


# ---------------------------------------------------------------- one indicator


def chosen_period() -> Period:
    """Return the period the page asks for, else the last quarter that is over."""
    asked = request.args.get("period", "")
    try:
        return Period.parse(asked)
    except Refused:
        return Period.quarter_of(clock.today()).previous()


@bp.get("/indicators/<int:indicator_id>")
@requires(Action.INDICATOR_VIEW)
def show_indicator(indicator_id: int) -> str:
    """Show an indicator: its formula, what it uses and feeds, what was derived, what income makes of it."""
    indicator = load(Indicator, indicator_id, Action.INDICATOR_VIEW)
    session, period = db.session(), chosen_period()
    formula = services.formula_of(indicator)
    uses, fed = services.uses_of(session, indicator.code)
    both = (
        services.switch_effect(session, indicator.code, period)
        if formula is not None and formula.income
        else []
    )
    classed = ClassForm(formdata=None)
    classed.show(indicator.indicator_class, point_in_time=indicator.point_in_time)
    number = max(request.args.get("page", 1, type=int), 1)
    shown = both[(number - 1) * 50 : number * 50]
    return render_template(
        "admin/indicator.html",
        indicator=indicator,
        formula=dump(formula) if formula else None,
        named={one.code: one for one in (*uses, indicator)},
        fed=fed,
        period=period,
        derivations=list(session.scalars(services.derivations(indicator.id).limit(24))),
        effect=Page(shown, number, max(1, -(-len(both) // 50)), len(both)),
        totals=(sum(one.with_income for one in both), sum(one.without_income for one in both)),
        people=found_employees(session, [one.subject for one in shown]),
        sets=SETS,
        directions=DIRECTIONS,
        aggregates=AGGREGATES,
        class_names=CLASS_NAMES,
        class_form=classed,
        single_day=services.traits(session)[indicator.code].point_in_time,
        may_define=person().can(Action.INDICATOR_DEFINE),
    )


@bp.post("/indicators/<int:indicator_id>/class")
@requires(Action.INDICATOR_DEFINE)
def classify_indicator(indicator_id: int) -> Any:
    """Say what class an indicator is of, and whether it is the scale of a single day."""
    indicator = load(Indicator, indicator_id, Action.INDICATOR_DEFINE)
    form = ClassForm()
    if not form.validate_on_submit():
        raise Refused(N_("请从列表中选择指标类别。"))
    services.classify(
        db.session(),
        person(),
        indicator,
        class_of(form.indicator_class.data),
        point_in_time=declared(form.point_in_time.data),
    )
    flash(_("指标类别已保存。"), "success")
    return redirect(url_for("admin.show_indicator", indicator_id=indicator.id), 303)


@bp.route("/indicators/<int:indicator_id>/formula", methods=["GET", "POST"])
@requires(Action.INDICATOR_DEFINE)
def indicator_formula(indicator_id: int) -> Any:
    """Give an indicator its formula by choosing an operation and members."""
    indicator = load(Indicator, indicator_id, Action.INDICATOR_DEFINE)
    form = _formula_form(indicator)
    if not form.validate_on_submit():
        return _formula_page(indicator, form, 200 if request.method == "GET" else 422)
    try:
        services.set_formula(db.session(), person(), indicator, form.to_formula())
    except Refused as error:
        db.session.rollback()
        indicator = load(Indicator, indicator_id, Action.INDICATOR_DEFINE)
        flash(say(error.message, error.params), "danger")
        return _formula_page(indicator, form, 422)
    _derive_later(indicator)
    flash(_("公式已保存，正在后台重新推导。"), "success")
    return redirect(url_for("admin.show_indicator", indicator_id=indicator.id), 303)


@bp.post("/indicators/<int:indicator_id>/income")
@requires(Action.INDICATOR_DEFINE)
def switch_income(indicator_id: int) -> Any:
    """Turn the switch whether income takes part in a change."""
    indicator = load(Indicator, indicator_id, Action.INDICATOR_DEFINE)
    services.switch_income(db.session(), person(), indicator, counts=request.form.get("counts") == "yes")
    _derive_later(indicator)
    flash(_("已切换，正在后台重新推导。"), "success")
    return redirect(url_for("admin.show_indicator", indicator_id=indicator.id), 303)


def _derive_later(indicator: Indicator) -> None:
    cause = f"indicator:{indicator.code}"
    services.derive_later(db.session(), person(), cause, [indicator.code], None, now=clock.now())


def _formula_page(indicator: Indicator, form: Any, status: int) -> tuple[str, int]:
    kind = "change" if isinstance(form, ChangeForm) else "combine" if form else ""
    return render_template(
        "admin/indicator_formula.html", indicator=indicator, form=form, kind=kind, sets=SETS
    ), status


def _formula_form(indicator: Indicator) -> Any:
    """Return the form that suits the indicator's set, showing the formula it has."""
    formula = services.formula_of(indicator)
    by_set: dict[IndicatorSet, list[tuple[str, str]]] = {one: [] for one in IndicatorSet}
    for one in db.session().scalars(services.all_indicators()):
        if one.id != indicator.id:
            by_set[one.indicator_set].append((one.code, f"{local(one, 'name')}（{one.code}）"))
    stock = [by_set[one] for one in (IndicatorSet.BASIC, IndicatorSet.TRANSACTION, IndicatorSet.INCOME)]
    if indicator.indicator_set is IndicatorSet.CHANGE:
        change = ChangeForm(data=_change_data(formula))
        change.offer([pair for part in stock for pair in part], stock[1], stock[2])
        return change
    combine = CombineForm(data=_combine_data(formula))
    combine.offer([pair for part in by_set.values() for pair in part])
    return combine


def _change_data(formula: Formula | None) -> dict[str, Any]:
    if formula is None:
        return {"base": "-"}
    return {"base": formula.of[0], "flows": list(formula.flows), "income": list(formula.income)}


def _combine_data(formula: Formula | None) -> dict[str, Any]:
    if formula is None or formula.op is Op.CHANGE:
        return {"operation": "-"}
    left, right = groups(formula)
    return {"operation": formula.op.value, "left": left, "right": right, "percent": formula.times == 100}
