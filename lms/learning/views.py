"""Pages of learning: courses, lessons and cohorts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from lms.access.actions import Action
from lms.core import clock, files
from lms.core.db import db
from lms.core.errors import NotFound
from lms.learning import services
from lms.learning.forms import CohortForm, FoundForm, NoticedForm, NumbersForm, PressForm, UnitForm
from lms.learning.models import Cohort, CourseMedium, CourseVersion, Enrolment, Lesson
from lms.learning.rules.text import to_html
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local

bp = Blueprint("learning", __name__, url_prefix="/learning")


@bp.app_template_filter("lesson_text")
def lesson_text(text: str, address: Callable[[str], str] | None = None) -> Markup:
    """Return Markdown as safe HTML (template filter)."""
    return Markup(to_html(text, address))  # noqa: S704 (cleaned by nh3)


# ---------------------------------------------------------------- courses


@bp.get("/courses")
@requires(Action.COURSE_VIEW)
def catalogue() -> Any:
    """List the courses, or those in which some words stand."""
    words = request.args.get("words", "").strip()[:80]
    page = paginate(services.search_courses(words), per_page=24)
    return render_template("learning/catalogue.html", page=page, words=words)


@bp.get("/courses/<int:version_id>")
@requires(Action.COURSE_VIEW)
def course(version_id: int) -> Any:
    """Show what a course holds, and the way into it for those who learn or teach it."""
    version = load(CourseVersion, version_id, Action.COURSE_VIEW)
    session = db.session()
    lessons = services.lessons_of(session, version.id)
    wanted = reachable(services.lessons_in(version.id), Lesson, Action.LESSON_READ)
    readable = {one.id for one in session.scalars(wanted)}
    return render_template(
        "learning/course.html",
        version=version,
        lessons=lessons,
        parts=services.make_up(version, lessons),
        readable=readable,
        enrolment=services.enrolment_for(session, person().employee_id, version.id),
    )


@bp.get("/mine")
@requires(Action.LEARNING_OWN)
def mine() -> Any:
    """List my courses with how far I am."""
    session, who = db.session(), person()
    page = paginate(services.my_enrolments(who.employee_id or 0), per_page=20)
    return render_template(
        "learning/mine.html",
        page=page,
        standings=services.standings(session, page.items),
        lesson=services.continue_lesson(session, who.employee_id or 0),
    )


@bp.get("/enrolments/<int:enrolment_id>")
@requires(Action.LEARNING_OWN)
def enrolment(enrolment_id: int) -> Any:
    """Show my class: when and where, my lessons, and what is missing."""
    found = load(Enrolment, enrolment_id, Action.LEARNING_OWN)
    steps = services.steps_of(db.session(), found)
    return render_template(
        "learning/enrolment.html",
        enrolment=found,
        cohort=found.cohort,
        steps=steps,
        standing=services.standings(db.session(), [found])[found.id],
        following=services.next_step(steps),
    )


# ---------------------------------------------------------------- lessons


@bp.get("/lessons/<int:lesson_id>")
@requires(Action.LESSON_READ)
def lesson(lesson_id: int) -> Any:
    """Show one block of a lesson: the one asked for, else the one where I left off."""
    found = load(services.lessons_with_text(), lesson_id, Action.LESSON_READ)
    session = db.session()
    mine = services.enrolment_for(session, person().employee_id, found.course_version_id)
    steps = services.steps_of(session, mine) if mine else []
    step = next((one for one in steps if one.lesson.id == found.id), None)
    left_at = step.position if step and step.position is not None and not step.done else 0
    place = request.args.get("block", left_at + 1, type=int) - 1
    if not 0 <= place < len(found.blocks):
        raise NotFound
    lessons = services.lessons_of(session, found.course_version_id)
    answers = services.pair_answers(session, mine.id, found.id) if mine else {}
    return render_template(
        "learning/lesson.html",
        lesson=found,
        lessons=lessons,
        enrolment=mine,
        step=step,
        done={one.lesson.id for one in steps if one.done},
        place=place,
        block=found.blocks[place],
        answer=answers.get(place),
        noticed=NoticedForm(),
        found_form=FoundForm(),
        address=_address_of(found.course_version_id),
    )


@bp.post("/lessons/<int:lesson_id>/position")
@requires(Action.LESSON_STUDY)
def go_to(lesson_id: int) -> Any:
    """Go to a block and remember it."""
    found, mine = _studied(lesson_id)
    _pressed()
    place = request.form.get("block", 1, type=int)
    services.remember_position(db.session(), mine.id, found.id, place - 1, now=clock.now())
    return redirect(url_for("learning.lesson", lesson_id=found.id, block=place), 303)


@bp.post("/lessons/<int:lesson_id>/done")
@requires(Action.LESSON_STUDY)
def finish(lesson_id: int) -> Any:
    """Finish a lesson and go to the next one, or to what is still missing."""
    found, mine = _studied(lesson_id)
    _pressed()
    services.complete_lesson(db.session(), person(), mine.id, found.id, now=clock.now())
    following = services.next_step(services.steps_of(db.session(), mine))
    flash(_("已完成：%(title)s", title=local(found, "title")), "success")
    if following is None:
        return redirect(url_for("learning.enrolment", enrolment_id=mine.id), 303)
    return redirect(url_for("learning.lesson", lesson_id=following.lesson.id), 303)


@bp.post("/lessons/<int:lesson_id>/blocks/<int:block>/noticed")
@requires(Action.LESSON_STUDY)
def note_pair(lesson_id: int, block: int) -> Any:
    """Keep what I noticed in a pair; the list of differences follows."""
    found, mine = _studied(lesson_id)
    form = NoticedForm()
    if form.validate_on_submit():
        services.note_pair(db.session(), mine.id, found, block - 1, form.noticed.data or "", now=clock.now())
    else:
        flash(_("请先写下您发现的不同之处。"), "warning")
    return redirect(url_for("learning.lesson", lesson_id=found.id, block=block), 303)


@bp.post("/lessons/<int:lesson_id>/blocks/<int:block>/found")
@requires(Action.LESSON_STUDY)
def check_pair(lesson_id: int, block: int) -> Any:
    """Keep which of the differences I had found."""
    found, mine = _studied(lesson_id)
    form = FoundForm()
    if not form.validate_on_submit():
        abort(400)
    services.check_pair(db.session(), mine.id, found, block - 1, form.found.data or [], now=clock.now())
    return redirect(url_for("learning.lesson", lesson_id=found.id, block=block), 303)


@bp.get("/courses/<int:version_id>/files/<path:path>")
@requires(Action.LESSON_READ)
def medium(version_id: int, path: str) -> Response:
    """Serve a picture or recording of a course, in parts when the browser asks for parts."""
    wanted = reachable(services.medium_of(version_id, path), CourseMedium, Action.LESSON_READ)
    found = db.session().scalar(wanted)
    if found is None:
        raise NotFound
    stored = found.stored_file
    return send_file(
        files.path_of(stored.sha256), mimetype=stored.media_type, conditional=True, etag=stored.sha256
    )


def _studied(lesson_id: int) -> tuple[Lesson, Enrolment]:
    found = load(Lesson, lesson_id, Action.LESSON_STUDY)
    mine = services.enrolment_for(db.session(), person().employee_id, found.course_version_id)
    if mine is None:
        raise NotFound
    return found, mine


def _pressed() -> None:
    if not PressForm().validate_on_submit():
        abort(400)


def _address_of(version_id: int) -> Callable[[str], str]:
    return lambda path: url_for("learning.medium", version_id=version_id, path=path)


# ---------------------------------------------------------------- cohorts


@bp.get("/cohorts")
@requires(Action.COHORT_VIEW)
def cohorts() -> Any:
    """List the cohorts I am in, train, or answer for."""
    page = paginate(reachable(services.cohorts_listed(), Cohort, Action.COHORT_VIEW))
    counts = services.head_counts(db.session(), [one.id for one in page.items])
    return render_template(
        "learning/cohorts.html", page=page, counts=counts, may_open=person().can(Action.COHORT_OPEN)
    )


@bp.route("/cohorts/new", methods=["GET", "POST"])
@requires(Action.COHORT_OPEN)
def open_cohort() -> Any:
    """Open a cohort."""
    session, who, today = db.session(), person(), clock.today()
    form = CohortForm()
    form.offer(
        [(str(one.id), f"{one.course.code} {local(one, 'title')}") for one in services.courses(session)],
        [(str(one.id), local(one, "name")) for one in services.units_to_choose(session, who, today)],
    )
    if request.method == "GET":
        own = services.own_number(session, who)
        form.trainers.data = form.trainers.data or own
    if form.validate_on_submit():
        draft = form.to_draft()
        trainers = services.choose_trainers(session, draft.trainers)
        if trainers.unknown:
            form.trainers.errors = [_("没有这些员工号：%(numbers)s", numbers="、".join(trainers.unknown))]
        else:
            cohort = services.open_cohort(
                session,
                who,
                number=draft.number,
                name_zh=draft.name_zh,
                name_en=draft.name_en,
                course_version_id=draft.course_version_id,
                org_unit_id=draft.org_unit_id,
                starts_on=draft.starts_on,
                ends_on=draft.ends_on,
                location=draft.location,
                capacity=draft.capacity,
                rest_days=draft.rest_days,
                trainer_ids=[one.id for one in trainers.employees],
            )
            flash(_("培训班 %(number)s 已开班，请添加学员。", number=cohort.number), "success")
            _warn_of_long_run(cohort)
            return redirect(url_for("learning.cohort", cohort_id=cohort.id), 303)
    return render_template("learning/cohort_new.html", form=form), 422 if form.errors else 200


def _warn_of_long_run(cohort: Cohort) -> None:
    run = services.days_in_a_row(db.session(), cohort)
    if run:
        flash(_("提醒：本班连续上课 %(n)s 天，中间没有休息日。", n=run), "warning")


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
    _pressed()
    services.withdraw(db.session(), person(), services.member(db.session(), found.id, enrolment_id))
    flash(_("已退班，学习记录保留。"), "success")
    return redirect(url_for("learning.progress", cohort_id=found.id), 303)


@bp.post("/cohorts/<int:cohort_id>/close")
@requires(Action.COHORT_MANAGE)
def close(cohort_id: int) -> Any:
    """Close a cohort."""
    found = load(Cohort, cohort_id, Action.COHORT_MANAGE)
    _pressed()
    services.close_cohort(db.session(), person(), found)
    flash(_("培训班 %(number)s 已结班。", number=found.number), "success")
    return redirect(url_for("learning.cohort", cohort_id=found.id), 303)


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
