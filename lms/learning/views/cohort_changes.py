"""Opening a cohort, changing its plan, closing it and calling it off."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.learning import services
from lms.learning.forms import CancelForm, CohortForm
from lms.learning.models import Cohort, CourseVersion
from lms.learning.views.blueprint import bp, pressed
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load
from lms.web.text import local, say, say_problem


@bp.route("/cohorts/new", methods=["GET", "POST"])
@requires(Action.COHORT_OPEN)
def open_cohort() -> Any:
    """Open a cohort; what was typed stays on the page when something is wrong."""
    session, who = db.session(), person()
    form = CohortForm()
    form.offer(_courses(), _units())
    if request.method == "GET":
        form.trainers.data = form.trainers.data or services.own_number(session, who)
    plan = _plan(form)
    if plan is not None:
        try:
            cohort = services.open_cohort(session, who, **vars(plan))
        except Refused as refused:
            session.rollback()
            form.number.errors = [say(refused.message, refused.params)]
        else:
            flash(_("培训班 %(number)s 已开班，请添加学员。", number=cohort.number), "success")
            return redirect(url_for("learning.cohort", cohort_id=cohort.id), 303)
    return render_template("learning/cohort_new.html", form=form), 422 if form.errors else 200


@bp.route("/cohorts/<int:cohort_id>/edit", methods=["GET", "POST"])
@requires(Action.COHORT_MANAGE)
def edit_cohort(cohort_id: int) -> Any:
    """Change the plan of a cohort, as far as it may still be changed."""
    found = load(services.cohorts_listed(), cohort_id, Action.COHORT_MANAGE)
    session, who, today = db.session(), person(), clock.today()
    services.refuse_unless_open(found)
    before, standing = services.plan_of(found), services.standing_of(session, found, today)
    form = CohortForm(data=_shown(found))
    unit = found.org_unit
    form.offer(_courses(found.course_version), _units((str(unit.id), local(unit, "name"))))
    form.keep(standing.fixed, before)
    plan = _plan(form)
    if plan is not None:
        try:
            services.change_cohort(session, who, found, plan, seen=int(form.seen.data or 0), today=today)
        except Rejected as rejected:
            session.rollback()
            found = load(services.cohorts_listed(), cohort_id, Action.COHORT_MANAGE)
            for problem in rejected.problems:
                form[problem.field or "number"].errors = [say_problem(problem)]
        else:
            flash(_("培训班 %(number)s 已修改。", number=found.number), "success")
            still = services.may(session, who, Action.COHORT_VIEW, found.id, today)
            return redirect(
                url_for("learning.cohort", cohort_id=found.id) if still else url_for("learning.cohorts"), 303
            )
    page = render_template("learning/cohort_edit.html", form=form, cohort=found, standing=standing)
    return page, 422 if form.errors else 200


@bp.route("/cohorts/<int:cohort_id>/cancel", methods=["GET", "POST"])
@requires(Action.COHORT_MANAGE)
def cancel(cohort_id: int) -> Any:
    """Call a cohort off, with the reason that its people will read."""
    found = load(services.cohorts_listed(), cohort_id, Action.COHORT_MANAGE)
    session = db.session()
    services.refuse_unless_open(found)
    form = CancelForm()
    if form.validate_on_submit():
        services.cancel_cohort(session, person(), found, form.reason.data or "")
        flash(_("培训班 %(number)s 已取消。", number=found.number), "success")
        return redirect(url_for("learning.cohort", cohort_id=found.id), 303)
    page = render_template(
        "learning/cohort_cancel.html",
        form=form,
        cohort=found,
        count=services.head_counts(session, [found.id])[found.id],
        results=services.has_results(session, found.id),
    )
    return page, 422 if form.errors else 200


@bp.get("/cohorts/<int:cohort_id>/close")
@requires(Action.COHORT_MANAGE)
def ask_to_close(cohort_id: int) -> Any:
    """Say what closing a cohort means before it is done."""
    found = load(services.cohorts_listed(), cohort_id, Action.COHORT_MANAGE)
    services.refuse_unless_open(found)
    count = services.head_counts(db.session(), [found.id])[found.id]
    return render_template("learning/cohort_close.html", cohort=found, count=count)


@bp.post("/cohorts/<int:cohort_id>/close")
@requires(Action.COHORT_MANAGE)
def close(cohort_id: int) -> Any:
    """Close a cohort."""
    found = load(Cohort, cohort_id, Action.COHORT_MANAGE)
    pressed()
    services.close_cohort(db.session(), person(), found)
    flash(_("培训班 %(number)s 已结班。", number=found.number), "success")
    return redirect(url_for("learning.cohort", cohort_id=found.id), 303)


def _plan(form: CohortForm) -> services.Plan | None:
    """Return the plan typed; None, with a message at every field that is wrong, or before anything is."""
    if not form.is_submitted():
        return None
    valid = form.validate()
    trainers = services.choose_trainers(db.session(), form.trainers.data or "")
    if trainers.unknown:
        form.trainers.errors = [_("没有这些员工号：%(numbers)s", numbers="、".join(trainers.unknown))]
    if not valid or not trainers.employees or trainers.unknown:
        return None
    draft = form.to_draft()
    fields = {name: value for name, value in vars(draft).items() if name != "trainers"}
    return services.Plan(**fields, trainer_ids=tuple(one.id for one in trainers.employees))


def _shown(cohort: Cohort) -> dict[str, Any]:
    """Return a cohort as its form shows it."""
    return {
        **vars(services.plan_of(cohort)),
        "trainers": "\n".join(one.employee.number for one in cohort.trainers),
        "seen": cohort.lock,
    }


def _courses(also: CourseVersion | None = None) -> list[tuple[str, str]]:
    versions = services.courses(db.session())
    if also is not None and also.id not in {one.id for one in versions}:
        versions.insert(0, also)
    return [(str(one.id), f"{one.course.code} {local(one, 'title')}") for one in versions]


def _units(also: tuple[str, str] | None = None) -> list[tuple[str, str]]:
    units = services.units_to_choose(db.session(), person(), clock.today())
    choices = [(str(one.id), local(one, "name")) for one in units]
    return choices if also is None or also in choices else [also, *choices]
