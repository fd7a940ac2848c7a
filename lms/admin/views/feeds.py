"""Expected files: defining them, the calendar of what came, and what somebody must decide."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.admin.forms.feeds import FEED_KINDS, NO_MODEL, RHYTHMS, DismissForm, FeedForm
from lms.admin.forms.imports import POLICIES
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Refused, Rejected
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.indicators.models import Arrival, Feed
from lms.indicators.services import ArrivalState, ModelState, data_models, inbox
from lms.indicators.services import feeds as services
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local, say, say_problem

COLUMNS = 8
STATES = {
    ArrivalState.WAITING: N_("处理中"),
    ArrivalState.IMPORTED: N_("已导入"),
    ArrivalState.MISSING: N_("未到"),
    ArrivalState.SHORT: N_("偏少，已扣住"),
    ArrivalState.FAILED: N_("失败"),
    ArrivalState.REPLACED: N_("已被替换"),
}


@bp.app_template_global()
def arrival_state(state: ArrivalState) -> str:
    """Return what became of a file in the page's language."""
    return say(STATES[state])


@bp.app_template_global()
def arrival_message(arrival: Arrival) -> str:
    """Return why, in the page's language."""
    return say(arrival.message, arrival.params) if arrival.message else ""


@bp.get("/feeds")
@requires(Action.FEED_VIEW)
def feeds() -> Any:
    """List the alarms and the files that are expected."""
    return render_template(
        "admin/feeds.html",
        page=paginate(reachable(services.feeds(), Feed, Action.FEED_VIEW)),
        alarms=services.alarms(db.session()),
        rhythms=RHYTHMS,
        folder=inbox.root(),
        may_edit=person().can(Action.FEED_EDIT),
    )


@bp.get("/feeds/calendar")
@requires(Action.FEED_VIEW)
def feed_calendar() -> Any:
    """Show a month: its days, and what came of each feed."""
    try:
        month = Period.parse(request.args.get("month", ""))
    except Refused:
        month = Period.parse(f"{clock.today():%Y-%m}")
    if month.months != 1:
        month = Period.parse(f"{month.first:%Y-%m}")
    page = paginate(reachable(services.feeds(), Feed, Action.FEED_VIEW), per_page=COLUMNS)
    squares = services.calendar_of(db.session(), page.items, month.first, month.after)
    worked = services.working_days(db.session())
    days = [square.day for square in next(iter(squares.values()), [])]
    return render_template(
        "admin/feed_calendar.html",
        page=page,
        month=month,
        rows=[
            (day, worked(day), [squares[feed.id][at] for feed in page.items]) for at, day in enumerate(days)
        ],
        now=clock.now(),
    )


@bp.route("/feeds/new", methods=["GET", "POST"])
@requires(Action.FEED_EDIT)
def new_feed() -> Any:
    """Expect another file."""
    form = FeedForm(starts_on=clock.today(), due_days=1, due_time=time(6), active=True, shortest_percent=80)
    return _edit(form, None)


@bp.route("/feeds/<int:feed_id>", methods=["GET", "POST"])
@requires(Action.FEED_EDIT)
def feed(feed_id: int) -> Any:
    """Change how a file is expected."""
    found = load(services.feeds(), feed_id, Action.FEED_EDIT)
    form = FeedForm(
        code=found.code,
        name_zh=found.name_zh,
        name_en=found.name_en,
        kind=found.kind.value,
        data_model=found.data_model.code if found.data_model else NO_MODEL,
        mapping_name=found.mapping_name,
        file_pattern=found.file_pattern,
        control_pattern=found.control_pattern,
        ready_pattern=found.ready_pattern,
        rhythm=found.rhythm.value,
        starts_on=found.starts_on,
        due_days=found.due_days,
        due_time=time(*divmod(found.due_minutes, 60)),
        shortest_percent=found.shortest_percent,
        policy=found.policy.value,
        active=found.active,
    )
    return _edit(form, found)


def _edit(form: FeedForm, found: Feed | None) -> Any:
    models = db.session().scalars(data_models())
    form.data_model.choices = [
        (NO_MODEL, _("无")),
        *((one.code, local(one, "name")) for one in models if one.state is not ModelState.RETIRED),
    ]
    if found is not None:
        form.code.data = found.code
    problems: list[Any] = []
    if form.validate_on_submit():
        try:
            if found is None:
                services.define_feed(db.session(), person(), form.to_draft())
            else:
                services.revise_feed(db.session(), person(), found, form.to_draft())
        except Rejected as rejected:
            db.session.rollback()
            problems = list(rejected.problems)
            for problem in problems:
                if problem.field in form._fields:
                    field = form._fields["due_time" if problem.field == "due_minutes" else problem.field]
                    field.errors = [*field.errors, say_problem(problem)]
        else:
            flash(_("已保存。"), "success")
            return redirect(url_for("admin.feeds"), 303)
    page = render_template("admin/feed.html", form=form, feed_id=found.id if found else None)
    return page, 422 if form.errors or problems else 200


@bp.get("/arrivals/<int:arrival_id>")
@requires(Action.FEED_VIEW)
def arrival(arrival_id: int) -> Any:
    """Show a feed's file of one day: every attempt, why, and what can be decided."""
    found = load(Arrival, arrival_id, Action.FEED_VIEW)
    attempts = list(db.session().scalars(services.arrivals_of(found.feed_id, found.day)))
    return render_template(
        "admin/arrival.html",
        feed=attempts[0].feed,
        day=found.day,
        attempts=attempts,
        due=services.due_at(attempts[0].feed, found.day, services.working_days(db.session())),
        form=DismissForm(formdata=None),
        policies=POLICIES,
        kinds=FEED_KINDS,
        may_edit=person().can(Action.FEED_EDIT),
    )


@bp.post("/arrivals/<int:arrival_id>/release")
@requires(Action.FEED_EDIT)
def release_arrival(arrival_id: int) -> Any:
    """Let a short file be imported after all."""
    found = load(Arrival, arrival_id, Action.FEED_EDIT)
    inbox.release(db.session(), person(), found, now=clock.now())
    flash(_("已放行，正在导入。"), "success")
    return redirect(url_for("admin.arrival", arrival_id=found.id), 303)


@bp.post("/arrivals/<int:arrival_id>/dismiss")
@requires(Action.FEED_EDIT)
def dismiss_arrival(arrival_id: int) -> Any:
    """Say that nothing more is to be done about an alarm."""
    found = load(Arrival, arrival_id, Action.FEED_EDIT)
    form = DismissForm()
    if not form.validate_on_submit():
        raise Refused(N_("请写明理由。"))
    services.dismiss(db.session(), person(), found, str(form.reason.data), now=clock.now())
    flash(_("告警已关闭。"), "success")
    return redirect(url_for("admin.feeds"), 303)
