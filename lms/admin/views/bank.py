"""The bank itself: its name and look."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.files import store
from lms.core.profile import DEFAULT_COLOUR, bank_profile, set_profile
from lms.web.bank import BankForm
from lms.web.current import person
from lms.web.guard import requires


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
