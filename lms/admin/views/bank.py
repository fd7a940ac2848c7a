"""The bank itself: its name and look, its posts and grades."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from lms.access.actions import Action
from lms.admin.forms.bank import GradeForm, PostForm
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.files import store
from lms.core.profile import DEFAULT_COLOUR, bank_profile, set_profile
from lms.people.models import Grade, Post
from lms.people.services import new_grade, new_post
from lms.web.bank import BankForm
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import reachable


@bp.route("/bank", methods=["GET", "POST"])
@requires(Action.BANK_EDIT)
def bank() -> Any:
    """Show and change the bank's name, colour and logo."""
    profile = bank_profile(db.session())
    form = BankForm(
        bank_zh=profile.name_zh if profile else "",
        bank_en=profile.name_en if profile else "",
        colour=profile.colour if profile else DEFAULT_COLOUR,
    )
    if not form.validate_on_submit():
        return render_template("admin/bank.html", form=form), 422 if form.errors else 200
    logo = None
    if form.picture:
        db.session.rollback()  # the file is written while no transaction waits
        logo = store(db.session(), form.picture, "logo.png", "image/png", now=clock.now())
    name_zh, name_en = form.names
    colour = str(form.colour.data)
    set_profile(db.session(), person(), name_zh=name_zh, name_en=name_en, colour=colour, logo=logo)
    flash(_("已保存。"), "success")
    return redirect(url_for("admin.bank"), 303)


@bp.route("/posts", methods=["GET", "POST"])
@requires(Action.POST_DEFINE)
def posts() -> Any:
    """List posts and grades; define a post or a grade."""
    post_form, grade_form = PostForm(prefix="post"), GradeForm(prefix="grade")
    typed = {"post": post_form, "grade": grade_form}.get(request.form.get("what", ""))
    valid = typed is not None and typed.validate_on_submit()
    if valid and typed is post_form:
        new_post(db.session(), person(), **vars(post_form.to_draft()))
    elif valid:
        new_grade(db.session(), person(), **vars(grade_form.to_draft()))
    if valid:
        flash(_("已保存。"), "success")
        return redirect(url_for("admin.posts"), 303)
    all_posts = reachable(select(Post).order_by(Post.series, Post.code), Post, Action.POST_DEFINE)
    all_grades = reachable(select(Grade).order_by(Grade.rank, Grade.code), Grade, Action.POST_DEFINE)
    return render_template(
        "admin/posts.html",
        posts=db.session().scalars(all_posts).all(),
        grades=db.session().scalars(all_grades).all(),
        post_form=post_form,
        grade_form=grade_form,
    ), 200 if request.method == "GET" else 422
