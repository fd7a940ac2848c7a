"""Lint rules: those in force on a day with their sources, one with its history, and the bank's rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from lms.access.actions import Action
from lms.core import clock
from lms.core.db import db
from lms.core.errors import NotFound, Refused, Rejected
from lms.indicators import services
from lms.indicators.forms import LintForm
from lms.indicators.models import LintRow
from lms.indicators.views.blueprint import bp
from lms.people.models import Level, OrgUnit
from lms.scoring.lint import CHECK_NAMES, CLASS_NAMES, SEVERITY_NAMES, LintRule, shipped
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import Page
from lms.web.text import say, say_problem

PER_PAGE = 50


def _head_office() -> int:
    found = db.session().scalar(
        select(OrgUnit.id).where(OrgUnit.level == Level.HEAD_OFFICE).order_by(OrgUnit.id).limit(1)
    )
    return found or 0


def _may_set() -> bool:
    """Whether the person's right reaches the head office, whose rules these are."""
    if not person().can(Action.LINT_SET):
        return False
    wanted = select(OrgUnit).where(OrgUnit.id == _head_office())
    return db.session().scalar(reachable(wanted, OrgUnit, Action.LINT_SET)) is not None


def _day() -> date:
    try:
        return date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return clock.today()


@bp.get("/lint")
@requires(Action.LINT_VIEW)
def lint() -> str:
    """List the rules as they stand on a day."""
    session, day = db.session(), _day()
    rows = list(session.scalars(reachable(services.lint_rows(), LintRow, Action.LINT_VIEW)))
    current = {rule.id: rule for rule in services.standing(rows, day)}
    known = services.known_rules(rows)
    rules = [current.get(rule.id, rule) for rule in known]
    number = max(request.args.get("page", 1, type=int), 1)
    shown = rules[(number - 1) * PER_PAGE : number * PER_PAGE]
    return render_template(
        "indicators/lint.html",
        page=Page(shown, number, max(1, -(-len(rules) // PER_PAGE)), len(rules)),
        current=current,
        own={row.code for row in rows},
        day=day,
        may_set=_may_set(),
        **_words(),
    )


@bp.route("/lint/new", methods=["GET", "POST"])
@requires(Action.LINT_SET)
def new_lint_rule() -> Any:
    """Add a rule of the bank."""
    load(OrgUnit, _head_office(), Action.LINT_SET)
    form = LintForm()
    if request.method == "GET":
        form.valid_from.data = clock.today()
    return _edit(form, None)


@bp.route("/lint/rules/<code>", methods=["GET", "POST"])
@requires(Action.LINT_VIEW)
def lint_rule(code: str) -> Any:
    """Show a rule with its history; who may puts a dated row of the bank over it."""
    rule = _found(code)
    if request.method == "POST":
        load(OrgUnit, _head_office(), Action.LINT_SET)
        return _edit(LintForm(), rule)
    form = LintForm(formdata=None)
    form.show(rule)
    form.valid_from.data = clock.today()
    return _page(form, rule)


def _found(code: str) -> LintRule:
    found = next((rule for rule in services.all_rules(db.session()) if rule.id == code), None)
    if found is None:
        raise NotFound
    return found


def _edit(form: LintForm, rule: LintRule | None) -> Any:
    told = ""
    if form.validate_on_submit():
        try:
            row = services.set_lint_rule(
                db.session(), person(), form.to_rule(rule), form.reason.data or "", now=clock.now()
            )
        except Rejected as error:
            for problem in error.problems:
                form[problem.field or "code"].errors = [say_problem(problem)]
        except Refused as error:
            told = say(error.message, error.params)
        else:
            flash(_("检查规则已保存，原来的保留可查。"), "success")
            return redirect(url_for("indicators.lint_rule", code=row.code), 303)
        db.session.rollback()
    page = _page(form, rule, told)
    return (page, 422) if request.method == "POST" else page


def _page(form: LintForm, rule: LintRule | None, told: str = "") -> str:
    code = rule.id if rule else ""
    return render_template(
        "indicators/lint_rule.html",
        form=form,
        rule=rule,
        told=told,
        original=next((one for one in shipped().rules if one.id == code), None),
        history=services.lint_history(db.session(), code) if rule else [],
        may_set=_may_set(),
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {"class_names": CLASS_NAMES, "check_names": CHECK_NAMES, "severity_names": SEVERITY_NAMES}
