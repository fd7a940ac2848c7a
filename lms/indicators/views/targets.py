"""Targets: a unit's with those under it, what people answered, a target's versions, and one's own."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lms.access.actions import Action
from lms.access.services import narrow
from lms.core import clock
from lms.core.clock import local_day
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.core.periods import Period
from lms.indicators import services
from lms.indicators.forms import ReasonForm, typed_answers, typed_cells
from lms.indicators.models import Indicator, Target
from lms.indicators.rules import IndicatorSet
from lms.indicators.rules.cascade import Verdict, attainment
from lms.indicators.rules.entry import differences
from lms.indicators.rules.kinds import Answer
from lms.indicators.views.blueprint import bp
from lms.people.models import Employee, OrgUnit
from lms.people.services import postings_on
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import say, say_problem

WIDEST = 16
"""More columns than these are shown by set only."""


def _period(fallback: Period | None = None) -> Period:
    text = request.args.get("period", "")
    try:
        return Period.parse(text) if text else fallback or Period.quarter_of(clock.today())
    except Refused as error:
        flash(say(error.message, error.params), "danger")
        return fallback or Period.quarter_of(clock.today())


def _plan() -> tuple[services.Cascade | None, IndicatorSet | None]:
    """Return the targets of the unit, period and set that the address names."""
    session, mine = db.session(), reachable(select(OrgUnit), OrgUnit, Action.TARGET_SET)
    unit_id = request.args.get("unit", type=int)
    unit = load(OrgUnit, unit_id, Action.TARGET_SET) if unit_id else _topmost(list(session.scalars(mine)))
    asked = request.args.get("set", "")
    one = IndicatorSet(asked) if asked in set(IndicatorSet) else None
    kinds = list(session.scalars(services.all_indicators(one)))
    if one is None and len(kinds) > WIDEST:
        one = kinds[0].indicator_set
        kinds = [kind for kind in kinds if kind.indicator_set is one]
    if unit is None:
        return None, one
    return services.cascade(session, unit, _period(), clock.today(), kinds), one


def _topmost(units: list[OrgUnit]) -> OrgUnit | None:
    order = {level: at for at, level in enumerate(type(units[0].level))} if units else {}
    return min(units, key=lambda unit: (order[unit.level], unit.code), default=None)


@bp.get("/targets")
@requires(Action.TARGET_SET)
def targets() -> Any:
    """Show a unit's targets with those of the units and people under it, and whether they add up."""
    plan, one = _plan()
    return _show(plan, one, ReasonForm(formdata=None))


def _show(
    plan: services.Cascade | None,
    one: IndicatorSet | None,
    form: ReasonForm,
    problems: dict[str, str] | None = None,
) -> str:
    session = db.session()
    units = reachable(select(OrgUnit).order_by(OrgUnit.code), OrgUnit, Action.TARGET_SET)
    seen = set(session.scalars(units.with_only_columns(OrgUnit.id).order_by(None)))
    own = f"e{person().employee_id}"
    return render_template(
        "indicators/targets.html",
        plan=plan,
        units=session.scalars(units),
        within=seen,
        excesses=services.excesses(session, plan, clock.now()) if plan else [],
        checks={kind.id: plan.check(kind) for kind in plan.indicators} if plan else {},
        answers=services.answers_of(session, [one.id for one in plan.cells.values()]) if plan else {},
        chosen_set=one,
        sets=list(IndicatorSet),
        verdicts=Verdict,
        form=form,
        problems=problems or {},
        typed=request.form if problems else {},
        own=own,
        imports=person().can(Action.IMPORT_RUN),
    )


@bp.post("/targets")
@requires(Action.TARGET_SET)
def save_targets() -> Any:
    """Let the changed targets stand in place of the earlier ones."""
    cells, form = typed_cells(request.form), ReasonForm()
    plan, one = _plan()
    problems = {str(problem.field): say_problem(problem) for problem in cells.problems}
    if plan is None or not form.validate_on_submit() or problems:
        return _show(plan, one, form, problems or {"": _("请写明理由。")}), 422
    changes = differences(cells.present, cells.given)
    content = services.content_of(plan, changes)
    db.session.rollback()  # the content is written while no transaction waits
    held = services.hold(content)
    plan, one = _plan()
    assert plan is not None
    try:
        services.set_targets(
            db.session(), person(), plan, changes, held, reason=str(form.reason.data), now=clock.now()
        )
    except Rejected as error:
        db.session.rollback()
        problems = {str(problem.field): say_problem(problem) for problem in error.problems}
        plan, one = _plan()
        return _show(plan, one, form, problems), 422
    flash(_("已保存 %(n)s 个目标值。", n=len(changes)), "success")
    args: dict[str, Any] = {"unit": plan.unit.id, "period": plan.period.code, "set": request.args.get("set")}
    return redirect(url_for("indicators.targets", **args), 303)


@bp.post("/targets/exceed")
@requires(Action.TARGET_EXCEED)
def exceed() -> Any:
    """Lay the reason why the targets below make more than a unit's own before a second person."""
    session = db.session()
    unit = load(OrgUnit, request.form.get("unit", 0, type=int), Action.TARGET_EXCEED)
    kind = load(Indicator, request.form.get("indicator", 0, type=int), Action.TARGET_EXCEED)
    period = Period.parse(request.form.get("period", ""))
    plan = services.cascade(session, unit, period, clock.today(), [kind])
    reason = request.form.get("reason", "")
    services.propose_excess(session, person(), plan, kind.id, reason, now=clock.now())
    flash(_("已提交理由，等待另一人批准。"), "success")
    args: dict[str, Any] = {"unit": unit.id, "period": plan.period.code, "set": request.args.get("set")}
    return redirect(url_for("indicators.targets", **args), 303)


@bp.get("/targets/answers")
@requires(Action.TARGET_SET)
def answers() -> Any:
    """List people's targets with their answers and when these are due."""
    session, period = db.session(), _period()
    wanted = {"none": None, "accepted": Answer.ACCEPTED, "questioned": Answer.QUESTIONED}
    asked = request.args.get("answer", "")
    every = reachable(services.people_targets(period.code), Target, Action.TARGET_SET)
    chosen = services.people_targets(period.code, wanted[asked]) if asked in wanted else None
    page = paginate(reachable(chosen, Target, Action.TARGET_SET) if chosen is not None else every)
    who = {one.subject_id for one in page.items}
    people = session.scalars(select(Employee).where(Employee.id.in_(who)))
    return render_template(
        "indicators/answers.html",
        period=period,
        page=page,
        asked=asked,
        people={one.id: one for one in people},
        postings=postings_on(session, who, clock.today()),
        answers=services.answers_of(session, [one.id for one in page.items]),
        counts=dict(session.execute(services.count_by_answer(every)).all()),
        set_on=lambda target: local_day(target.batch.committed_at),
        choices=Answer,
    )


@bp.get("/targets/<int:target_id>")
@requires(Action.TARGET_VIEW)
def target(target_id: int) -> Any:
    """Show the versions of a target: figure, source, who, when, why, and what was answered."""
    one = load(select(Target).options(joinedload(Target.indicator)), target_id, Action.TARGET_VIEW)
    session = db.session()
    subject = session.get(Employee if one.subject_kind == "employee" else OrgUnit, one.subject_id)
    return render_template(
        "indicators/target.html",
        target=one,
        subject=subject,
        versions=services.versions(session, one),
        counting=set(session.scalars(services.standing_targets(one.period))),
    )


# ---------------------------------------------------------------- one's own


@bp.get("/mine")
@requires(Action.TARGET_ANSWER)
def mine() -> Any:
    """Show one's own targets: the target, what is reached so far, and one's answer."""
    return _mine({})


def _mine(problems: dict[str, str]) -> str:
    session, employee_id = db.session(), person().employee_id or 0
    periods = services.target_periods(session, employee_id)
    current = Period.quarter_of(clock.today()).code
    fallback = current if current in periods or not periods else periods[0]
    period = _period(Period.parse(fallback))
    found = session.scalars(
        narrow(
            select(Target.id).where(Target.id.in_(services.standing_targets(period.code))),
            Target,
            person(),
            Action.TARGET_ANSWER,
            clock.today(),
        )
    )
    reach = set(found)
    listed = [one for one in services.my_targets(session, employee_id, period.code) if one.id in reach]
    actual = _actuals([one.indicator for one in listed], period)
    return render_template(
        "indicators/mine.html",
        period=period,
        periods=periods,
        targets=listed,
        actual=actual,
        reached={
            one.id: attainment(one.indicator.direction, one.value, actual.get(one.indicator.code))
            for one in listed
        },
        answers=services.answers_of(session, [one.id for one in listed]),
        set_on=lambda target: local_day(target.batch.committed_at),
        problems=problems,
        typed=request.form if problems else {},
        choices=Answer,
    )


def _actuals(kinds: list[Indicator], period: Period) -> dict[str, Decimal]:
    """Return what the person has reached so far, by indicator code."""
    employee = db.session().get(Employee, person().employee_id or 0)
    after = min(period.after, clock.today() + timedelta(days=1))
    if employee is None or not kinds or after <= period.first:
        return {}
    codes = [one.code for one in kinds]
    rows = services.measures(db.session(), [employee.number], codes, period.first, after).to_pylist()
    return {row["measure"]: Decimal(str(round(row["value"], 6))) for row in rows}


@bp.post("/mine")
@requires(Action.TARGET_ANSWER)
def answer() -> Any:
    """Accept or question one's own targets."""
    given = typed_answers(request.form)
    try:
        done = services.answer_targets(
            db.session(), person(), person().employee_id or 0, given, now=clock.now()
        )
    except Rejected as error:
        db.session.rollback()
        return _mine({str(one.field): say_problem(one) for one in error.problems}), 422
    flash(_("已保存 %(n)s 项答复。", n=done), "success")
    return redirect(url_for("indicators.mine", period=request.args.get("period")), 303)
