"""The page of a value: where it came from, what it fed, every change it had; and the lists by flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, render_template, request
from sqlalchemy import select

from lms.access.actions import Action
from lms.admin.forms.imports import AGGREGATES, SETS
from lms.admin.views.blueprint import bp as admin
from lms.admin.views.indicators import chosen_period
from lms.admin.views.words import flag_names, source_names
from lms.appraisal.models import Appraisal
from lms.appraisal.services.feeding import fed_by
from lms.appraisal.services.results import visible
from lms.core.db import db
from lms.core.errors import NotFound
from lms.core.files import StoredFile, read
from lms.core.periods import Period
from lms.indicators import services
from lms.indicators.models import Derivation, ImportBatch, Indicator, TypedValue
from lms.indicators.services import Flag, IndicatorSet, SourceRow, dump, history, touched_by
from lms.people.models import Employee, OrgUnit
from lms.people.services import found_employees, units_under
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import Page

bp = Blueprint("values", __name__, url_prefix="/values")

PER_PAGE = 50


@bp.get("/employee/<int:employee_id>/<code>/<period>")
@requires(Action.VALUE_VIEW)
def of_employee(employee_id: int, code: str, period: str) -> str:
    """Show what stands behind a person's figure."""
    employee = load(Employee, employee_id, Action.VALUE_VIEW)
    indicator, span = _indicator(code), Period.parse(period)
    number = _page()
    rows, total = services.source_rows(
        db.session(), employee.number, code, span.first, span.after, page=number, per_page=PER_PAGE
    )
    book = services.Book.read(db.session())
    fed = {code, *touched_by(book.formulas, [code])}
    shown = reachable(visible(person()), Appraisal, Action.RESULT_VIEW)
    return _value_page(
        indicator,
        span,
        employee,
        Page(rows, number, max(1, -(-total // PER_PAGE)), total),
        appraisals=fed_by(db.session(), shown, employee.id, fed, span),
        past=history.past_rows(db.session(), indicator, employee, span),
    )


@bp.get("/unit/<int:unit_id>/<code>/<period>")
@requires(Action.UNIT_VALUE_VIEW)
def of_unit(unit_id: int, code: str, period: str) -> str:
    """Show what stands behind a unit's figure: the rows of all below it as the tree stands at the end."""
    unit = load(OrgUnit, unit_id, Action.UNIT_VALUE_VIEW)
    indicator, span = _indicator(code), Period.parse(period)
    number = _page()
    below = [one.code for one in units_under(db.session(), unit.id, span.last)]
    rows, total = services.unit_rows(
        db.session(), below, code, span.first, span.after, page=number, per_page=PER_PAGE
    )
    pages = max(1, -(-total // PER_PAGE))
    return _value_page(indicator, span, unit, Page(rows, number, pages, total), appraisals=[], past=[])


@bp.get("/attachment/<int:employee_id>/<int:typed_id>")
@requires(Action.VALUE_VIEW)
def attachment(employee_id: int, typed_id: int) -> Response:
    """Give the evidence of a typed value to who may see the person's values."""
    employee = load(Employee, employee_id, Action.VALUE_VIEW)
    typed = db.session().get(TypedValue, typed_id)
    if typed is None or typed.employee_id != employee.id or typed.attachment is None:
        raise NotFound
    return _file(typed.attachment)


@admin.get("/values")
@requires(Action.INDICATOR_VIEW)
def flagged() -> str:
    """List the values of a period by set and flag, such as those not in the change table yet."""
    span, number = chosen_period(), _page()
    chosen, flag = request.args.get("set", ""), request.args.get("flag", "")
    one = IndicatorSet(chosen) if chosen in set(IndicatorSet) else None
    wanted = Flag(flag) if flag in set(Flag) else None
    session = db.session()
    indicators = {each.code: each for each in session.scalars(services.all_indicators(one))}
    rows, total = services.flagged_rows(
        session, list(indicators), span.first, span.after, wanted, page=number, per_page=PER_PAGE
    )
    return render_template(
        "admin/values.html",
        period=span,
        chosen=one,
        flag=wanted,
        counts=services.flag_counts(session, list(indicators), span.first, span.after),
        page=Page(rows, number, max(1, -(-total // PER_PAGE)), total),
        indicators=indicators,
        people=_people(rows),
        **_words(),
    )


def _value_page(
    indicator: Indicator,
    span: Period,
    subject: Employee | OrgUnit,
    page: Page[SourceRow],
    **more: Any,
) -> str:
    session = db.session()
    kind, key = ("employee", subject.number) if isinstance(subject, Employee) else ("unit", subject.code)
    formula = services.formula_of(indicator)
    without_income = formula is not None and bool(formula.income) and not indicator.income_counts
    if formula is not None and without_income:
        formula = replace(formula, income=())
    uses, fed = services.uses_of(session, indicator.code)
    if formula is not None and without_income:
        uses = [one for one in uses if one.code in formula.members()]
    codes = [indicator.code, *(one.code for one in (*uses, *fed))]
    found = services.measures_of(session, kind, [key], codes, span.first, span.after)  # type: ignore[arg-type]
    figures = {row["measure"]: row["value"] for row in found.to_pylist()}
    return render_template(
        "admin/value.html",
        indicator=indicator,
        period=span,
        subject=subject,
        kind=kind,
        figures=figures,
        formula=dump(formula) if formula else None,
        without_income=without_income,
        named={one.code: one for one in (*uses, indicator)},
        uses=uses,
        fed=fed,
        page=page,
        people=_people(page.items),
        uploads=_uploads(page.items),
        derived=_derived_in(indicator, span),
        typed=history.typed_history(session, indicator, subject, span),
        recomputed=history.recomputed(session, indicator.code, span),
        may_open_import=person().can(Action.IMPORT_VIEW),
        may_open_indicator=person().can(Action.INDICATOR_VIEW),
        **more,
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {"sets": SETS, "flags": flag_names(), "sources": source_names(), "aggregates": AGGREGATES}


def _indicator(code: str) -> Indicator:
    found = services.find_indicator(db.session(), code)
    if found is None:
        raise NotFound
    return found


def _people(rows: Sequence[SourceRow]) -> dict[str, Employee]:
    return found_employees(db.session(), [row.employee_number for row in rows if row.employee_number])


def _uploads(rows: Sequence[SourceRow]) -> dict[int, int]:
    """Return the upload of each batch of these rows."""
    batches = sorted({row.batch_id for row in rows if row.batch_id is not None})
    found = db.session().execute(
        select(ImportBatch.id, ImportBatch.upload_id).where(ImportBatch.id.in_(batches))
    )
    return dict(found.all())


def _derived_in(indicator: Indicator, span: Period) -> Derivation | None:
    return db.session().scalar(services.derivations(indicator.id).where(Derivation.period == span.code))


def _page() -> int:
    return max(request.args.get("page", 1, type=int), 1)


def _file(stored: StoredFile) -> Response:
    return Response(
        read(stored),
        mimetype="application/octet-stream",
        headers={"Content-Disposition": "attachment", "Cache-Control": "no-store"},
    )
