"""Pages of role-play: sittings, scheduling, scoring, results."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.learning.models import Cohort, Enrolment
from lms.learning.services import roster
from lms.roleplay.forms import SittingForm
from lms.roleplay.models import RatingState, Scenario, Sitting
from lms.roleplay.services import (
    my_rating,
    save_draft,
    scenarios_for,
    schedule,
    sitting_page,
    sittings,
    submit,
    view_for,
)
from lms.roleplay.services.scorers import possible_scorers
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local, say, say_problem

bp = Blueprint("roleplay", __name__, url_prefix="/roleplay")


@bp.get("/")
@requires(Action.SITTING_VIEW)
def index() -> Any:
    """List the sittings a person plays, scores or trains."""
    page = paginate(reachable(sittings(), Sitting, Action.SITTING_VIEW), per_page=30)
    return render_template("roleplay/index.html", page=page, now=clock.now())


@bp.get("/sittings/<int:sitting_id>")
@requires(Action.SITTING_VIEW)
def sitting(sitting_id: int) -> Any:
    """Show a sitting: cards before, ratings after."""
    found = load(sitting_page(), sitting_id, Action.SITTING_VIEW)
    return render_template("roleplay/sitting.html", view=view_for(found, person().employee_id))


@bp.route("/sittings/<int:sitting_id>/rate", methods=["GET", "POST"])
@requires(Action.SITTING_RATE)
def rate(sitting_id: int) -> Any:
    """Score a sitting on its rubric; a draft can be kept, a submission is final."""
    found, who = load(sitting_page(), sitting_id, Action.SITTING_RATE), person()
    rating = my_rating(db.session(), found, who.employee_id or 0)
    view = view_for(found, who.employee_id)
    if not view.scores or (rating is not None and rating.state is RatingState.SUBMITTED):
        return redirect(url_for("roleplay.sitting", sitting_id=sitting_id), 303)
    levels = {score.criterion_code: score.level for score in rating.scores} if rating else {}
    remarks = {score.criterion_code: score.remark for score in rating.scores} if rating else {}
    overall, faults = rating.remarks if rating else "", {}
    if request.method == "POST":
        levels = {
            name.removeprefix("level-"): int(value)
            for name, value in request.form.items()
            if name.startswith("level-") and value in ("1", "2", "3", "4")
        }
        remarks = {
            name.removeprefix("remark-"): value
            for name, value in request.form.items()
            if name.startswith("remark-")
        }
        overall = request.form.get("overall", "")
        given: Any = {"levels": levels, "remarks": remarks, "overall": overall}
        if request.form.get("act") != "submit":
            save_draft(db.session(), who, found, who.employee_id or 0, **given)
            flash(_("草稿已保存。"), "success")
            return redirect(url_for("roleplay.rate", sitting_id=sitting_id), 303)
        try:
            submit(db.session(), who, found, who.employee_id or 0, now=clock.now(), **given)
        except Rejected as rejected:
            db.session.rollback()
            found = load(sitting_page(), sitting_id, Action.SITTING_RATE)
            view = view_for(found, who.employee_id)
            faults = {problem.field: say_problem(problem) for problem in rejected.problems}
        else:
            flash(_("评分已提交。"), "success")
            return redirect(url_for("roleplay.sitting", sitting_id=sitting_id), 303)
    page = render_template(
        "roleplay/rate.html", view=view, levels=levels, remarks=remarks, overall=overall, faults=faults
    )
    return page, 422 if faults else 200


@bp.route("/cohorts/<int:cohort_id>/schedule", methods=["GET", "POST"])
@requires(Action.SITTING_SCHEDULE)
def schedule_for(cohort_id: int) -> Any:
    """Schedule a sitting for somebody of a cohort."""
    cohort = load(Cohort, cohort_id, Action.SITTING_SCHEDULE)
    form = SittingForm()
    members = db.session().scalars(roster(cohort.id))
    form.enrolment_id.choices = [(enrolment.id, enrolment.employee.name) for enrolment in members]
    form.scenario_id.choices = [(s.id, local(s, "title")) for s in scenarios_for(db.session(), cohort)]
    form.scorer_ids.choices = [
        (employee.id, employee.name) for employee in possible_scorers(db.session(), clock.today())
    ]
    if request.method == "GET":
        form.scorer_ids.data = [one.employee_id for one in cohort.trainers]
    refusal = None
    if form.validate_on_submit() and form.at.data:
        try:
            planned = schedule(
                db.session(),
                person(),
                enrolment=db.session().get_one(Enrolment, form.enrolment_id.data),
                scenario=db.session().get_one(Scenario, form.scenario_id.data),
                scorer_ids=form.scorer_ids.data or [],
                at=form.at.data.replace(tzinfo=clock.SHANGHAI),
            )
        except Refused as refused:
            db.session.rollback()
            cohort = load(Cohort, cohort_id, Action.SITTING_SCHEDULE)
            refusal = say(refused.message, refused.params)
        else:
            flash(_("演练已安排。"), "success")
            return redirect(url_for("roleplay.sitting", sitting_id=planned.id), 303)
    page = render_template("roleplay/schedule.html", cohort=cohort, form=form, refusal=refusal)
    return page, 422 if form.errors or refusal else 200
