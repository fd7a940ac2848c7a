"""One form, one act: what the pages of units and people share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import func, select

from lms.admin.forms.people import PostingForm, offer
from lms.admin.views.blueprint import bp
from lms.admin.views.words import leave_names, level_names, sex_names, standing_names
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.people.models import Grade, OrgUnit, Post
from lms.people.services import grades, pick_unit, posts
from lms.web.forms import Form
from lms.web.text import local, say

OFFERED = 1000
"""Up to so many units are offered while one types; in larger banks one types the code."""


@bp.app_template_global()
def level_name(level: str) -> str:
    """Return a level in the page's language."""
    return level_names()[level]


@bp.app_template_global()
def leave_name(kind: str) -> str:
    """Return a kind of leave in the page's language."""
    return leave_names().get(kind, kind)


@bp.app_template_global()
def sex_name(sex: str) -> str:
    """Return a sex in the page's language."""
    return sex_names()[sex]


@bp.app_template_global()
def standing_name(standing: str) -> str:
    """Return a standing in the page's language."""
    return standing_names()[standing]


def act(
    form: Form, do: Callable[[], str], *, title: str, button: str, back: str, done: str = "", note: str = ""
) -> Any:
    """Show a form, or do what it says and tell so; a refusal keeps what was typed."""
    refusal = ""
    if form.validate_on_submit():
        try:
            text = do()
        except Refused as refused:
            db.session.rollback()
            refusal = say(refused.message, refused.params)
        else:
            flash(text, "success")
            return redirect(done or back, 303)
    status = 409 if refusal else 200 if request.method == "GET" else 422
    page = render_template(
        "admin/act.html",
        form=form,
        title=title,
        button=button,
        back=back,
        note=note,
        refusal=refusal,
        units=_offered() if any("list" in (one.render_kw or {}) for one in form) else [],
        series=sorted({one.series for one in posts(db.session())}) if "series" in form else [],
    )
    return page, status


def _offered() -> list[OrgUnit]:
    session = db.session()
    if (session.scalar(select(func.count()).select_from(OrgUnit)) or 0) > OFFERED:
        return []
    return list(session.scalars(select(OrgUnit).order_by(OrgUnit.code)))


def unit_named(words: str) -> OrgUnit:
    """Return the unit with a code or name.

    Raises:
        Refused: when there is none, or several have the name.
    """
    found = pick_unit(db.session(), words)
    if found is None:
        raise Refused(N_("没有代码或名称为“%(words)s”的机构（重名时请填写代码）。"), words=words)
    return found


def offer_posts(form: PostingForm, held: Post | None = None, grade: Grade | None = None) -> None:
    """Offer the posts and grades that are in use, and those held now."""
    today, session = clock.today(), db.session()

    def usable(one: Post | Grade) -> bool:
        return one.retired_on is None or one.retired_on > today or one in (held, grade)

    offer(
        form.post, [(one.id, f"{local(one, 'name')}（{one.code}）") for one in posts(session) if usable(one)]
    )
    offer(
        form.grade,
        [(0, _("无")), *((one.id, local(one, "name")) for one in grades(session) if usable(one))],
    )


def chosen_day() -> date:
    """Return the day that the page is asked for; today when none or nonsense."""
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return clock.today()
