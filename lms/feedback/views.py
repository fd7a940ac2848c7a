"""Pages of feedback: my forms, filling one, opening a wave, reading the results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Rejected
from lms.feedback.forms import WaveForm
from lms.feedback.models import Wave
from lms.feedback.services import answer, forms_for, may_answer, my_waves, open_wave, results, waves
from lms.learning.models import Cohort
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local, say_problem

bp = Blueprint("feedback", __name__, url_prefix="/feedback")


@bp.get("/")
@requires(Action.FEEDBACK_GIVE)
def index() -> Any:
    """List the forms put to the person."""
    page = paginate(my_waves(person().employee_id or 0, clock.now()), per_page=30, scalars=False)
    return render_template("feedback/mine.html", page=page)


@bp.route("/waves/<int:wave_id>/fill", methods=["GET", "POST"])
@requires(Action.FEEDBACK_GIVE)
def fill(wave_id: int) -> Any:
    """Fill a form; what was typed stays on the page when something is missing."""
    wave, who, now = load(Wave, wave_id, Action.FEEDBACK_GIVE), person(), clock.now()
    may_answer(db.session(), who.employee_id or 0, wave, now)
    faults: dict[str | None, str] = {}
    if request.method == "POST":
        raw = {name: request.form.getlist(name) for name in request.form}
        began = request.form.get("began", type=int) or int(now.timestamp())
        seconds = max(0, int(now.timestamp()) - began)
        try:
            answer(db.session(), who, wave, who.employee_id or 0, raw, seconds=seconds, now=now)
        except Rejected as rejected:
            db.session.rollback()
            wave = load(Wave, wave_id, Action.FEEDBACK_GIVE)
            faults = {problem.field: say_problem(problem) for problem in rejected.problems}
        else:
            flash(_("谢谢，您的反馈已提交。"), "success")
            return redirect(url_for("feedback.index"), 303)
    page = render_template(
        "feedback/fill.html", wave=wave, faults=faults, typed=request.form, began=int(now.timestamp())
    )
    return page, 422 if faults else 200


@bp.get("/waves")
@requires(Action.FEEDBACK_READ)
def all_waves() -> Any:
    """List the waves of the cohorts a trainer reads."""
    page = paginate(reachable(waves(), Wave, Action.FEEDBACK_READ), per_page=30)
    return render_template("feedback/waves.html", page=page)


@bp.get("/waves/<int:wave_id>")
@requires(Action.FEEDBACK_READ)
def wave_results(wave_id: int) -> Any:
    """Show what a cohort said."""
    wave = load(Wave, wave_id, Action.FEEDBACK_READ)
    return render_template("feedback/results.html", wave=wave, results=results(db.session(), wave))


@bp.route("/cohorts/<int:cohort_id>/open", methods=["GET", "POST"])
@requires(Action.FEEDBACK_OPEN)
def open_for(cohort_id: int) -> Any:
    """Open a wave for a cohort."""
    cohort = load(Cohort, cohort_id, Action.FEEDBACK_OPEN)
    choices = forms_for(db.session(), cohort)
    form = WaveForm(opens_on=clock.today(), due_on=clock.today() + timedelta(days=3))
    form.form_id.choices = [(item.id, local(item, "title")) for item in choices]
    if form.validate_on_submit() and form.opens_on.data and form.due_on.data:
        chosen = next(item for item in choices if item.id == form.form_id.data)
        wave = open_wave(
            db.session(),
            person(),
            form=chosen,
            cohort=cohort,
            opens_on=form.opens_on.data,
            due_on=form.due_on.data,
        )
        flash(_("反馈表已开放。"), "success")
        return redirect(url_for("feedback.wave_results", wave_id=wave.id), 303)
    return render_template("feedback/open.html", cohort=cohort, form=form), 422 if form.errors else 200
