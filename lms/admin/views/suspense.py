"""Suspense and the balance against the ledger."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy import select

from lms.access.actions import Action
from lms.admin.forms.codes import DayForm
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.indicators.models import Balance, DataModel, Indicator
from lms.indicators.services import balances
from lms.indicators.services.suspense import latest_month, suspended_rows, suspense
from lms.people.models import OrgUnit
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import reachable
from lms.web.paging import Page

PER_PAGE = 50


@bp.get("/suspense")
@requires(Action.BALANCE_VIEW)
def suspended() -> Any:
    """List what matches nobody in a month, by code, branch and product."""
    month = _month()
    groups, total = suspense(db.session(), month.first, month.after, page=_page(), per_page=PER_PAGE)
    return render_template(
        "admin/suspense.html",
        page=_paged(groups, total),
        month=month,
        models=_models(),
        indicators=_indicators(),
        may_map=person().can(Action.CODE_MAP_EDIT),
    )


@bp.get("/suspense/rows")
@requires(Action.BALANCE_VIEW)
def suspended_records() -> Any:
    """List the records of one group."""
    month, model = _month(), request.args.get("model", "")
    officer, branch = request.args.get("officer"), request.args.get("branch")
    product = request.args.get("product", "")
    rows, total = suspended_rows(
        db.session(),
        model,
        officer,
        branch,
        product,
        month.first,
        month.after,
        page=_page(),
        per_page=PER_PAGE,
    )
    return render_template(
        "admin/suspense_rows.html",
        page=_paged(rows, total),
        month=month,
        model=_models().get(model),
        officer=officer,
        branch=branch,
        product=product,
        indicators=_indicators(),
    )


@bp.get("/balance")
@requires(Action.BALANCE_VIEW)
def balance() -> Any:
    """Show one line a branch of a day's balance, for one indicator."""
    listed = balances.balances(db.session())
    chosen = _balance(listed)
    whole = balances.overview(chosen) if chosen else []
    codes = [code for code, _ in whole]
    wanted = request.args.get("indicator", "")
    indicator = wanted if wanted in codes else (codes[0] if codes else "")
    lines, total = (
        balances.branch_lines(chosen, indicator, page=_page(), per_page=PER_PAGE)
        if chosen and indicator
        else ([], 0)
    )
    return render_template(
        "admin/balance.html",
        listed=listed,
        chosen=chosen,
        whole=whole,
        indicator=indicator,
        page=_paged(lines, total),
        units=_units([line.unit for line in lines]),
        indicators=_indicators(),
        form=DayForm(formdata=None, day=chosen.day if chosen else clock.today()),
        may_make=person().can(Action.BALANCE_MAKE),
    )


@bp.get("/balance/branch")
@requires(Action.BALANCE_VIEW)
def balance_branch() -> Any:
    """Open one branch's line: its products, and the records of those that do not balance."""
    chosen = _balance(balances.balances(db.session()))
    indicator, unit = request.args.get("indicator", ""), request.args.get("unit", "")
    lines = balances.product_lines(chosen, indicator, unit) if chosen else []
    if chosen is None or not lines:
        raise NotFound
    broken = [line.product for line in lines if line.broken]
    products = None if not broken or (lines[0].product == "" and len(lines) == 1) else broken
    rows, total = balances.breaking_rows(
        db.session(), chosen.day, indicator, unit, products, page=_page(), per_page=PER_PAGE
    )
    return render_template(
        "admin/balance_branch.html",
        chosen=chosen,
        indicator=_indicators().get(indicator),
        unit=unit,
        units=_units([unit]),
        lines=lines,
        broken=broken,
        page=_paged(rows, total),
        models=_models(),
    )


@bp.post("/balance")
@requires(Action.BALANCE_MAKE)
def make_balance() -> Any:
    """Balance a day anew as long work."""
    form = DayForm()
    if not form.validate_on_submit() or form.day.data is None:
        raise Refused(N_("请填写日期。"))
    job = balances.balance_again(db.session(), person(), form.day.data, now=clock.now())
    return redirect(url_for("jobs.show", job_id=job.id), 303)


def _balance(listed: list[Balance]) -> Balance | None:
    text = request.args.get("day", "")
    found = [one for one in listed if one.day.isoformat() == text]
    return found[0] if found else (listed[0] if listed and not text else None)


def _month() -> Period:
    text = request.args.get("period", "")
    try:
        period = Period.parse(text)
    except Refused:
        return latest_month(db.session(), clock.today())
    return period


def _models() -> dict[str, DataModel]:
    found = reachable(select(DataModel), DataModel, Action.BALANCE_VIEW)
    return {one.code: one for one in db.session().scalars(found)}


def _indicators() -> dict[str, Indicator]:
    found = reachable(select(Indicator), Indicator, Action.BALANCE_VIEW)
    return {one.code: one for one in db.session().scalars(found)}


def _units(codes: list[str]) -> dict[str, OrgUnit]:
    found = reachable(select(OrgUnit).where(OrgUnit.code.in_(codes)), OrgUnit, Action.BALANCE_VIEW)
    return {one.code: one for one in db.session().scalars(found)}


def _page() -> int:
    return max(request.args.get("page", 1, type=int), 1)


def _paged(items: list[Any], total: int) -> Page[Any]:
    return Page(items, _page(), max(1, -(-total // PER_PAGE)), total)
