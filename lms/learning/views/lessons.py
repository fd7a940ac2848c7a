"""Courses, their lessons, and how far I am in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.core import clock, files
from lms.core.db import db
from lms.core.errors import NotFound
from lms.learning import services
from lms.learning.forms import FoundForm, NoticedForm
from lms.learning.models import CourseMedium, CourseVersion, Enrolment, Lesson
from lms.learning.views.blueprint import bp, pressed
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local

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
    pressed()
    place = request.form.get("block", 1, type=int)
    services.remember_position(db.session(), mine.id, found.id, place - 1, now=clock.now())
    return redirect(url_for("learning.lesson", lesson_id=found.id, block=place), 303)


@bp.post("/lessons/<int:lesson_id>/done")
@requires(Action.LESSON_STUDY)
def finish(lesson_id: int) -> Any:
    """Finish a lesson and go to the next one, or to what is still missing."""
    found, mine = _studied(lesson_id)
    pressed()
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


def _address_of(version_id: int) -> Callable[[str], str]:
    return lambda path: url_for("learning.medium", version_id=version_id, path=path)
