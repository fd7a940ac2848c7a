"""People: the list, and hiring, posting, leave, leaving, coming back and corrections."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.admin.forms.people import (
    CorrectPersonForm,
    EndLeaveForm,
    HireForm,
    LeaveForm,
    LeavingForm,
    PostingForm,
    ReasonForm,
    ReturnForm,
    offer,
)
from lms.admin.views.acting import act, offer_posts, unit_named
from lms.admin.views.blueprint import bp
from lms.admin.views.words import leave_names, sex_names, standing_names
from lms.core import clock
from lms.core.db import db
from lms.people.models import Employee, Grade, Leave, OrgUnit, Post, Posting, Sex
from lms.people.services import (
    PeopleFilter,
    Standing,
    cancel_posting,
    career_of,
    come_back,
    coming_postings,
    correct_employee,
    end_leave,
    grades,
    grant_leave,
    hire,
    leave_bank,
    leaves_on,
    people_list,
    pick_unit,
    post,
    postings_on,
    posts,
    standing_of,
)
from lms.web.current import person
from lms.web.filters import day as day_text
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate


@bp.get("/people")
@requires(Action.PEOPLE_LIST)
def people() -> Any:
    """List people with search and filters."""
    session, today = db.session(), clock.today()
    words, where = (request.args.get(name, "").strip()[:80] for name in ("q", "unit"))
    found = pick_unit(session, where) if where else None
    standing = request.args.get("standing", "")
    wanted = PeopleFilter(
        words,
        found.id if found else None,
        request.args.get("post", type=int),
        request.args.get("grade", type=int),
        Standing(standing) if standing in set(Standing) else None,
    )
    listed = people_list(wanted, today)
    if where and found is None:
        listed = listed.where(Employee.id.is_(None))
    page = paginate(reachable(listed, Employee, Action.PEOPLE_LIST))
    ids = [one.id for one in page.items]
    leaves = leaves_on(session, ids, today)
    return render_template(
        "admin/people.html",
        page=page,
        wanted=wanted,
        where=where,
        unknown=bool(where) and found is None,
        postings=postings_on(session, ids, today),
        coming=coming_postings(session, ids, today),
        standings={one.id: standing_of(one, leaves.get(one.id), today) for one in page.items},
        posts=posts(session),
        grades=grades(session),
        standing_names=standing_names(),
    )


@bp.route("/people/new", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def new_person() -> Any:
    """Hire a person and say where."""
    form = HireForm()
    offer_posts(form)
    offer(form.sex, sex_names())
    if request.method == "GET":
        form.day.data, form.unit.data = clock.today(), request.args.get("unit", "")

    def do() -> str:
        draft, session = form.to_hire(), db.session()
        at = draft.posting
        unit, held, grade = _places(at.unit, at.post_id, at.grade_id)
        hired = hire(
            session, person(), number=draft.number, name=draft.name, hired_on=at.day, sex=Sex(draft.sex)
        )
        post(session, person(), hired, unit, held, at.day, grade=grade)
        return _("已登记：%(name)s 自 %(day)s 入职。", name=hired.name, day=day_text(at.day))

    return act(form, do, title=_("新员工入职"), button=_("登记入职"), back=url_for("admin.people"))


@bp.route("/people/<int:employee_id>/post", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def post_person(employee_id: int) -> Any:
    """Post a person to another unit, post or grade."""
    found, form = load(Employee, employee_id, Action.PEOPLE_MANAGE), PostingForm()
    _fill(form, postings_on(db.session(), [found.id], clock.today()).get(found.id))

    def do() -> str:
        draft = form.to_draft()
        unit, held, grade = _places(draft.unit, draft.post_id, draft.grade_id)
        post(db.session(), person(), found, unit, held, draft.day, grade=grade)
        return _("已登记：自 %(day)s 起的新任职。", day=day_text(draft.day))

    return _acted(form, do, found, title=_("调动：%(name)s", name=found.name), button=_("登记调动"))


@bp.route("/people/<int:employee_id>/leave", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def grant_person_leave(employee_id: int) -> Any:
    """Record a long absence."""
    found, form = load(Employee, employee_id, Action.PEOPLE_MANAGE), LeaveForm()
    offer(form.kind, leave_names())
    if request.method == "GET":
        form.first.data = clock.today()

    def do() -> str:
        draft = form.to_draft()
        grant_leave(db.session(), person(), found, draft.kind, draft.first, draft.after)
        return _("已登记：自 %(day)s 起休假。", day=day_text(draft.first))

    return _acted(form, do, found, title=_("休假：%(name)s", name=found.name), button=_("登记休假"))


@bp.route("/leaves/<int:leave_id>/end", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def end_person_leave(leave_id: int) -> Any:
    """Change when a leave ends, or undo it."""
    leave, form = load(Leave, leave_id, Action.PEOPLE_MANAGE), EndLeaveForm()
    found = db.session().get_one(Employee, leave.employee_id)
    if request.method == "GET":
        form.day.data = leave.valid_to or clock.today()

    def do() -> str:
        draft = form.to_draft()
        end_leave(db.session(), person(), leave, draft.day, draft.reason)
        return _("已更正。")

    return _acted(form, do, found, title=_("返岗：%(name)s", name=found.name), button=_("登记返岗"))


@bp.route("/people/<int:employee_id>/leaving", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def let_go(employee_id: int) -> Any:
    """Record that a person leaves the bank."""
    found, form = load(Employee, employee_id, Action.PEOPLE_MANAGE), LeavingForm()
    if request.method == "GET":
        form.day.data = clock.today()

    def do() -> str:
        draft = form.to_draft()
        leave_bank(db.session(), person(), found, draft.day)
        return _("已登记：自 %(day)s 起离职。", day=day_text(draft.day))

    return _acted(form, do, found, title=_("离职：%(name)s", name=found.name), button=_("登记离职"))


@bp.route("/people/<int:employee_id>/return", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def take_back(employee_id: int) -> Any:
    """Take a person back, or take the leaving back."""
    found, form = load(Employee, employee_id, Action.PEOPLE_MANAGE), ReturnForm()
    stays = career_of(db.session(), found).postings
    _fill(form, stays[0] if stays else None)
    if request.method == "GET":
        form.day.data = max(found.left_on or clock.today(), clock.today())

    def do() -> str:
        draft = form.to_draft()
        unit, held, grade = _places(draft.unit, draft.post_id, draft.grade_id)
        come_back(db.session(), person(), found, unit, held, draft.day, grade=grade)
        return _("已登记：自 %(day)s 起重新入职。", day=day_text(draft.day))

    return _acted(form, do, found, title=_("重新入职：%(name)s", name=found.name), button=_("登记重新入职"))


@bp.route("/people/<int:employee_id>/correct", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def correct_person(employee_id: int) -> Any:
    """Correct secondary facts of a person."""
    found = load(Employee, employee_id, Action.PEOPLE_MANAGE)
    form = CorrectPersonForm(name=found.name, sex=found.sex.value, hired_on=found.hired_on)
    offer(form.sex, sex_names())

    def do() -> str:
        draft = form.to_draft()
        correct_employee(
            db.session(),
            person(),
            found,
            name=draft.name,
            sex=Sex(draft.sex),
            hired_on=draft.hired_on,
            reason=draft.reason,
        )
        return _("已更正。")

    return _acted(form, do, found, title=_("更正：%(name)s", name=found.name), button=_("保存更正"))


@bp.route("/postings/<int:posting_id>/cancel", methods=["GET", "POST"])
@requires(Action.PEOPLE_MANAGE)
def cancel_person_posting(posting_id: int) -> Any:
    """Take back a posting that has not begun."""
    posting, form = load(Posting, posting_id, Action.PEOPLE_MANAGE), ReasonForm()
    found = posting.employee

    def do() -> str:
        cancel_posting(db.session(), person(), posting, form.to_draft(), today=clock.today())
        return _("已取消。")

    return _acted(
        form,
        do,
        found,
        title=_("取消自 %(day)s 起的任职：%(name)s", day=day_text(posting.valid_from), name=found.name),
        button=_("取消这次任职"),
    )


def _acted(form: Any, do: Any, found: Employee, *, title: str, button: str) -> Any:
    return act(form, do, title=title, button=button, back=url_for("home.employee", employee_id=found.id))


def _fill(form: PostingForm, held: Posting | None) -> None:
    offer_posts(form, held.post if held else None, held.grade if held else None)
    if request.method == "GET" and held is not None:
        form.unit.data, form.post.data = held.org_unit.code, held.post_id
        form.grade.data, form.day.data = held.grade_id or 0, clock.today()


def _places(unit: str, post_id: int, grade_id: int | None) -> tuple[OrgUnit, Post, Grade | None]:
    session = db.session()
    grade = session.get_one(Grade, grade_id) if grade_id else None
    return unit_named(unit), session.get_one(Post, post_id), grade
