"""The pages of quizzes."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access.actions import Action
from lms.assessment import services
from lms.assessment.forms import read_answer, read_answers
from lms.assessment.models import Attempt, AttemptState, Quiz
from lms.core import clock
from lms.core.db import db
from lms.core.errors import NotFound
from lms.learning.models import Cohort, Enrolment
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate

bp = Blueprint("assessment", __name__, url_prefix="/assessment")


@bp.get("/")
@requires(Action.QUIZ_TAKE)
def mine() -> str:
    """The own attempts."""
    attempts = reachable(services.own_attempts(person().employee_id), Attempt, Action.QUIZ_TAKE)
    todos = services.todo(db.session(), person(), clock.now())
    return render_template("assessment/mine.html", page=paginate(attempts), todos=todos)


@bp.get("/<int:enrolment_id>/<code>")
@requires(Action.QUIZ_TAKE)
def intro(enrolment_id: int, code: str) -> str:
    """What a quiz is like, before it starts."""
    enrolment = load(Enrolment, enrolment_id, Action.QUIZ_TAKE)
    states = services.quiz_state(db.session(), enrolment, now=clock.now(), code=code)
    if not states:
        raise NotFound
    return render_template("assessment/intro.html", enrolment=enrolment, state=states[0])


@bp.post("/<int:enrolment_id>/<code>/start")
@requires(Action.QUIZ_TAKE)
def start(enrolment_id: int, code: str) -> Response:
    """Start (or go on with) an attempt."""
    enrolment = load(Enrolment, enrolment_id, Action.QUIZ_TAKE)
    quiz = services.find_quiz(db.session(), enrolment.cohort.course_version_id, code)
    attempt = services.start_attempt(db.session(), person(), quiz, enrolment, now=clock.now())
    return redirect(url_for(".sit", attempt_id=attempt.id), 303)


@bp.get("/attempts/<int:attempt_id>")
@requires(Action.QUIZ_TAKE)
def sit(attempt_id: int) -> str | Response:
    """The paper."""
    attempt = load(Attempt, attempt_id, Action.QUIZ_TAKE)
    if not attempt.open:
        return redirect(url_for(".result", attempt_id=attempt.id), 303)
    sheet = services.paper(db.session(), attempt, now=clock.now())
    return render_template("assessment/late.html" if sheet.overdue else "assessment/paper.html", paper=sheet)


@bp.post("/attempts/<int:attempt_id>/items/<int:item_id>")
@requires(Action.QUIZ_TAKE)
def save(attempt_id: int, item_id: int) -> Response:
    """Save one answer as it is given (for the script of the paper)."""
    attempt = load(Attempt, attempt_id, Action.QUIZ_TAKE)
    now = clock.now()
    item = next(
        (one for one in services.paper(db.session(), attempt, now=now).items if one.id == item_id), None
    )
    if item is None:
        raise NotFound
    value = read_answer(item.asked, item.name, request.form)
    saved = services.save_answer(db.session(), attempt, item_id, value, now=now)
    note = "" if saved.readable else _("这里需要一个数字，例如 1,234.5。")
    return jsonify(fill=saved.fill.value, note=note, seconds_left=saved.seconds_left)


@bp.post("/attempts/<int:attempt_id>")
@requires(Action.QUIZ_TAKE)
def keep(attempt_id: int) -> Response:
    """Save the whole paper at once; then stay, or go on to hand it in."""
    attempt = load(Attempt, attempt_id, Action.QUIZ_TAKE)
    now = clock.now()
    sheet = services.paper(db.session(), attempt, now=now)
    answers = read_answers(list(sheet.items), request.form)
    if request.form.get("then") == "submit":
        return _submit(attempt, answers)
    services.save_answers(db.session(), attempt, answers, now=now)
    if request.form.get("then") == "check":
        return redirect(url_for(".check", attempt_id=attempt.id), 303)
    flash(_("答案已保存。"), "success")
    return redirect(url_for(".sit", attempt_id=attempt.id), 303)


@bp.get("/attempts/<int:attempt_id>/check")
@requires(Action.QUIZ_TAKE)
def check(attempt_id: int) -> str | Response:
    """What is still open, before handing in."""
    attempt = load(Attempt, attempt_id, Action.QUIZ_TAKE)
    if not attempt.open:
        return redirect(url_for(".result", attempt_id=attempt.id), 303)
    sheet = services.paper(db.session(), attempt, now=clock.now())
    return render_template("assessment/check.html", paper=sheet)


@bp.post("/attempts/<int:attempt_id>/submit")
@requires(Action.QUIZ_TAKE)
def submit(attempt_id: int) -> Response:
    """Hand in what is saved."""
    return _submit(load(Attempt, attempt_id, Action.QUIZ_TAKE), None)


@bp.get("/attempts/<int:attempt_id>/result")
@requires(Action.ATTEMPT_VIEW)
def result(attempt_id: int) -> str:
    """A closed attempt with right answers and explanations."""
    attempt = load(Attempt, attempt_id, Action.ATTEMPT_VIEW)
    found = services.result(db.session(), attempt)
    return render_template(
        "assessment/result.html", result=found, own=attempt.employee_id == person().employee_id
    )


@bp.get("/cohorts")
@requires(Action.QUIZ_OVERVIEW)
def cohorts() -> str:
    """The cohorts whose quizzes one may look into."""
    page = paginate(reachable(services.cohorts(), Cohort, Action.QUIZ_OVERVIEW))
    return render_template("assessment/cohorts.html", page=page)


@bp.get("/cohorts/<int:cohort_id>")
@requires(Action.QUIZ_OVERVIEW)
def cohort(cohort_id: int) -> str:
    """A cohort's quizzes in figures."""
    found = load(Cohort, cohort_id, Action.QUIZ_OVERVIEW)
    return render_template(
        "assessment/cohort.html", cohort=found, quizzes=services.overview(db.session(), found)
    )


@bp.get("/cohorts/<int:cohort_id>/<code>")
@requires(Action.QUIZ_OVERVIEW)
def cohort_quiz(cohort_id: int, code: str) -> str:
    """One quiz in a cohort: question by question, attempt by attempt."""
    found = load(Cohort, cohort_id, Action.QUIZ_OVERVIEW)
    quiz: Quiz = services.find_quiz(db.session(), found.course_version_id, code)
    attempts = reachable(services.cohort_attempts(found, quiz), Attempt, Action.ATTEMPT_VIEW)
    return render_template(
        "assessment/cohort_quiz.html",
        cohort=found,
        quiz=quiz,
        rates=services.question_rates(db.session(), found, quiz),
        page=paginate(attempts),
    )


def _submit(attempt: Attempt, answers: dict[int, object] | None) -> Response:
    closed = services.submit(db.session(), person(), attempt, now=clock.now(), answers=answers)
    if closed.state is AttemptState.EXPIRED:
        flash(_("答题时间已到，按到时已保存的答案评分。"), "warning")
    return redirect(url_for(".result", attempt_id=closed.id), 303)
