"""The front page and the one search box."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import select

from lms.access.actions import Action
from lms.core import clock
from lms.core.db import db
from lms.home.services import start, todos
from lms.learning.services import continue_lesson, search_courses
from lms.people.models import Employee, OrgUnit
from lms.people.services import career_of, leaves_on, postings_on, search_people, standing_of
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.roles import role_names

bp = Blueprint("home", __name__)


@bp.get("/")
@requires(Action.HOME_VIEW)
def index() -> Any:
    """Show what to do, and the one thing to continue with."""
    who, now, session = person(), clock.now(), db.session()
    posting = (
        postings_on(session, [who.employee_id], clock.today()).get(who.employee_id)
        if who.employee_id
        else None
    )
    return render_template(
        "home/index.html",
        todos=todos(session, who, now),
        lesson=continue_lesson(session, who.employee_id) if who.employee_id else None,
        posting=posting,
        steps=start.steps(session, who),
        role_names=role_names(),
        roles=sorted(who.roles),
    )


@bp.get("/search")
@requires(Action.SEARCH)
def search() -> Any:
    """Find people within scope and courses by name, pinyin, initials or number."""
    words = request.args.get("q", "").strip()[:80]
    if not words:
        return render_template("home/search.html", words="", people=None, courses=[])
    people = paginate(reachable(search_people(words), Employee, Action.PEOPLE_VIEW), per_page=20)
    courses = list(db.session().scalars(search_courses(words).limit(20)))
    postings = postings_on(db.session(), [employee.id for employee in people.items], clock.today())
    return render_template("home/search.html", words=words, people=people, courses=courses, postings=postings)


@bp.get("/people/<int:employee_id>")
@requires(Action.PEOPLE_VIEW)
def employee(employee_id: int) -> Any:
    """Show a person's basic data (7.07) and all days at the bank, coming ones included."""
    found, today = load(Employee, employee_id, Action.PEOPLE_VIEW), clock.today()
    leaves = leaves_on(db.session(), [found.id], today)
    career = career_of(db.session(), found)
    named = select(OrgUnit).where(OrgUnit.id.in_({one.org_unit_id for one in career.postings}))
    linked = reachable(named, OrgUnit, Action.UNIT_VIEW)
    return render_template(
        "home/employee.html",
        employee=found,
        posting=postings_on(db.session(), [found.id], today).get(found.id),
        standing=standing_of(found, leaves.get(found.id), today),
        career=career,
        manage=person().can(Action.PEOPLE_MANAGE),
        linked={one.id for one in db.session().scalars(linked)},
    )
