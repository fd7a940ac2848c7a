"""Cohorts and the people in them."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.core import clock
from lms.core.db import db
from lms.learning import services
from lms.learning.forms import NumbersForm, PressForm, UnitForm
from lms.learning.models import Cohort
from lms.learning.views.blueprint import bp, pressed
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local


@bp.get("/cohorts")
@requires(Action.COHORT_VIEW)
def cohorts() -> Any:
    """List the cohorts I am in, train, or answer for."""
    page = paginate(reachable(services.cohorts_listed(), Cohort, Action.COHORT_VIEW))
    counts = services.head_counts(db.session(), [one.id for one in page.items])
    return render_template(
        "learning/cohorts.html", page=page, counts=counts, may_open=person().can(Action.COHORT_OPEN)
    )


@bp.get("/cohorts/<int:cohort_id>")
@requires(Action.COHORT_VIEW)
def cohort(cohort_id: int) -> Any:
    """Show a cohort: when, where, by whom, and how many are in it."""
    found = load(services.cohorts_listed(), cohort_id, Action.COHORT_VIEW)
    session = db.session()
    return render_template(
        "learning/cohort.html",
        cohort=found,
        count=services.head_counts(session, [found.id])[found.id],
        run=services.days_in_a_row(session, found),
        mine=services.enrolment_for(session, person().employee_id, found.course_version_id),
        may_manage=services.may(session, person(), Action.COHORT_MANAGE, found.id, clock.today()),
        form=PressForm(),
    )


@bp.get("/cohorts/<int:cohort_id>/progress")
@requires(Action.COHORT_MANAGE)
def progress(cohort_id: int) -> Any:
    """Show the roster of a cohort with everybody's progress, and the ways to add people."""
    found = load(services.cohorts_listed(), cohort_id, Action.COHORT_MANAGE)
    return _progress_page(found, NumbersForm(), [])


@bp.post("/cohorts/<int:cohort_id>/people")
@requires(Action.COHORT_MANAGE)
def add_people(cohort_id: int) -> Any:
    """Add people by pasted employee numbers; numbers nobody has are listed and nothing is lost."""
    found = load(services.cohorts_listed(), cohort_id, Action.COHORT_MANAGE)
    form = NumbersForm()
    if not form.validate_on_submit():
        return _progress_page(found, form, []), 422
    chosen = services.choose_by_numbers(db.session(), person(), form.numbers.data or "", clock.today())
    added = services.enrol_many(
        db.session(), person(), found.id, [one.id for one in chosen.employees], now=clock.now()
    )
    _tell_added(len(added), len(chosen.employees))
    if chosen.unknown:
        form.numbers.data = "\n".join(chosen.unknown)
        return _progress_page(found, form, chosen.unknown)
    return redirect(url_for("learning.progress", cohort_id=found.id), 303)


@bp.post("/cohorts/<int:cohort_id>/unit")
@requires(Action.COHORT_MANAGE)
def add_unit(cohort_id: int) -> Any:
    """Add everybody posted in a unit."""
    found = load(Cohort, cohort_id, Action.COHORT_MANAGE)
    session, who, today = db.session(), person(), clock.today()
    form = UnitForm()
    form.unit_id.choices = _unit_choices()
    if not form.validate_on_submit():
        abort(400)
    people = services.choose_by_unit(session, who, form.unit_id.data, today)
    added = services.enrol_many(session, who, found.id, [one.id for one in people], now=clock.now())
    _tell_added(len(added), len(people))
    return redirect(url_for("learning.progress", cohort_id=found.id), 303)


@bp.post("/cohorts/<int:cohort_id>/people/<int:enrolment_id>/withdraw")
@requires(Action.COHORT_MANAGE)
def withdraw(cohort_id: int, enrolment_id: int) -> Any:
    """Take a person out of a cohort."""
    found = load(Cohort, cohort_id, Action.COHORT_MANAGE)
    pressed()
    services.withdraw(db.session(), person(), services.member(db.session(), found.id, enrolment_id))
    flash(_("已退班，学习记录保留。"), "success")
    return redirect(url_for("learning.progress", cohort_id=found.id), 303)


def _progress_page(found: Cohort, numbers: NumbersForm, unknown: list[str]) -> Any:
    session = db.session()
    page = paginate(services.roster(found.id))
    unit = UnitForm()
    unit.unit_id.choices = _unit_choices()
    return render_template(
        "learning/progress.html",
        cohort=found,
        page=page,
        standings=services.standings(session, page.items),
        count=services.head_counts(session, [found.id])[found.id],
        numbers=numbers,
        unit=unit,
        unknown=unknown,
        form=PressForm(),
    )


def _unit_choices() -> list[tuple[str, str]]:
    units = services.units_to_choose(db.session(), person(), clock.today())
    return [(str(one.id), local(one, "name")) for one in units]


def _tell_added(added: int, chosen: int) -> None:
    flash(_("已加入 %(n)s 人；%(m)s 人原已在班。", n=added, m=chosen - added), "success")
