"""Posts and grades: the lists, defining, renaming, retiring."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.admin.forms.people import GradeForm, PostForm, ReviseGradeForm, RevisePostForm
from lms.admin.views.acting import act
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.people.models import Grade, Post
from lms.people.services import (
    add_grade,
    add_post,
    grades,
    holders,
    posts,
    retire,
    revise_grade,
    revise_post,
)
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load
from lms.web.text import local


@bp.get("/posts", endpoint="posts")
@requires(Action.POST_VIEW)
def all_posts() -> Any:
    """List posts and grades with how many people hold each today."""
    session = db.session()
    by_post, by_grade = holders(session, clock.today())
    return render_template(
        "admin/posts.html", posts=posts(session), grades=grades(session), by_post=by_post, by_grade=by_grade
    )


@bp.route("/posts/new", methods=["GET", "POST"])
@requires(Action.POST_MANAGE)
def new_post() -> Any:
    """Define a post."""
    form = PostForm()

    def do() -> str:
        draft = form.to_draft()
        add_post(
            db.session(),
            person(),
            code=draft.code,
            name_zh=draft.name_zh,
            name_en=draft.name_en,
            series=draft.series,
        )
        return _("已定义岗位 %(code)s。", code=draft.code)

    return _acted(form, do, title=_("定义岗位"), button=_("定义"))


@bp.route("/posts/<int:post_id>", methods=["GET", "POST"])
@requires(Action.POST_MANAGE)
def edit_post(post_id: int) -> Any:
    """Rename or retire a post."""
    found = load(Post, post_id, Action.POST_MANAGE)
    form = RevisePostForm(
        name_zh=found.name_zh, name_en=found.name_en, series=found.series, retired_on=found.retired_on
    )

    def do() -> str:
        draft = form.to_draft()
        revise_post(
            db.session(), person(), found, name_zh=draft.name_zh, name_en=draft.name_en, series=draft.series
        )
        if draft.retired_on != found.retired_on:
            retire(db.session(), person(), found, draft.retired_on)
        return _("已保存。")

    return _acted(form, do, title=_("岗位：%(name)s", name=local(found, "name")), button=_("保存"))


@bp.route("/grades/new", methods=["GET", "POST"])
@requires(Action.POST_MANAGE)
def new_grade() -> Any:
    """Define a grade."""
    form = GradeForm()
    if request.method == "GET":
        form.rank.data = max((one.rank for one in grades(db.session())), default=0) + 1

    def do() -> str:
        draft = form.to_draft()
        add_grade(
            db.session(),
            person(),
            code=draft.code,
            name_zh=draft.name_zh,
            name_en=draft.name_en,
            rank=draft.rank,
        )
        return _("已定义等级 %(code)s。", code=draft.code)

    return _acted(form, do, title=_("定义等级"), button=_("定义"))


@bp.route("/grades/<int:grade_id>", methods=["GET", "POST"])
@requires(Action.POST_MANAGE)
def edit_grade(grade_id: int) -> Any:
    """Rename or retire a grade."""
    found = load(Grade, grade_id, Action.POST_MANAGE)
    form = ReviseGradeForm(
        name_zh=found.name_zh, name_en=found.name_en, rank=found.rank, retired_on=found.retired_on
    )

    def do() -> str:
        draft = form.to_draft()
        revise_grade(
            db.session(), person(), found, name_zh=draft.name_zh, name_en=draft.name_en, rank=draft.rank
        )
        if draft.retired_on != found.retired_on:
            retire(db.session(), person(), found, draft.retired_on)
        return _("已保存。")

    return _acted(form, do, title=_("等级：%(name)s", name=local(found, "name")), button=_("保存"))


def _acted(form: Any, do: Any, *, title: str, button: str) -> Any:
    return act(form, do, title=title, button=button, back=url_for("admin.posts"))
