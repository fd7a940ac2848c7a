"""Files of people and units: bring one, see all it would do, agree, and only then it happens."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from lms.access.actions import Action
from lms.access.models import Proposal, ProposalState
from lms.admin.forms.people import RosterForm, StartRosterForm
from lms.admin.rules import Asked, PeoplePlan, UnitPlan
from lms.admin.services.people_import import SECOND_PERSON_OVER, TOLD, look_at_upload, submit
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.db import db
from lms.core.errors import NotFound
from lms.core.jobs import Job
from lms.indicators import services
from lms.indicators.models import ImportUpload
from lms.indicators.services import ROSTERS, BatchState, ImportKind, Policy, UploadDraft
from lms.people.models import Level, OrgUnit
from lms.people.services import grades, posts
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load
from lms.web.text import local, say

SHOWN = 50
"""So many changes of a kind are listed; the rest can be seen by asking for all."""


@bp.app_template_global()
def act_name(act: str) -> str:
    """Return what happens to a person or unit, in the page's language."""
    return say(TOLD[act])


@bp.route("/people/import", methods=["GET", "POST"])
@requires(Action.IMPORT_RUN)
def new_roster() -> Any:
    """Take a file of people or units in; it is only looked at."""
    form = RosterForm()
    if request.method == "GET":
        form.effective.data = clock.today()
        form.kind.data = request.args.get("kind", "people")
    if not form.validate_on_submit():
        status, limit = (
            200 if request.method == "GET" else 422,
            current_app.config["MAX_CONTENT_LENGTH"] >> 20,
        )
        return render_template("admin/roster_new.html", form=form, limit=limit), status
    draft, content = form.to_draft(), form.file.data.read()
    db.session.rollback()  # the content is hashed and written while no transaction waits
    held = services.hold(content)
    upload = services.receive(
        db.session(),
        person(),
        UploadDraft(
            kind=ImportKind(draft.kind),
            name=draft.name,
            held=held,
            period=f"{draft.effective:%Y-%m}",
            policy=Policy(draft.policy),
            extra=Asked(draft.effective, draft.full).kept(),
        ),
        now=clock.now(),
    )
    return redirect(url_for("admin.show_roster", upload_id=upload.id), 303)


@bp.get("/people/import/<int:upload_id>")
@requires(Action.IMPORT_VIEW)
def show_roster(upload_id: int) -> Any:
    """Show all that a file would do, before anything happens."""
    upload = _roster(upload_id, Action.IMPORT_VIEW)
    if upload.state is not BatchState.DRAFT or upload.job_id is not None:
        return redirect(url_for("admin.show_import", upload_id=upload.id))
    look = look_at_upload(db.session(), upload)
    asked = Asked.of(upload.extra)
    plan = look.plan
    changes = plan.changes if isinstance(plan, PeoplePlan | UnitPlan) else ()
    by_act = {act: [one for one in changes if one.act == act] for act in TOLD}
    return render_template(
        "admin/roster.html",
        upload=upload,
        look=look,
        plan=plan,
        asked=asked,
        by_act={act: found for act, found in by_act.items() if found},
        usable=look.usable(upload.policy, Asked(asked.effective, asked.full)),
        waiting=_waiting(upload),
        units=_unit_names(),
        names={f"post:{one.code}": local(one, "name") for one in posts(db.session())}
        | {f"grade:{one.code}": local(one, "name") for one in grades(db.session())},
        shown=10_000 if request.args.get("all") else SHOWN,
        second_person_over=SECOND_PERSON_OVER,
        form=StartRosterForm(),
    )


@bp.post("/people/import/<int:upload_id>/start")
@requires(Action.IMPORT_RUN)
def start_roster(upload_id: int) -> Any:
    """Do what was shown, or lay it before a second person."""
    upload, form = _roster(upload_id, Action.IMPORT_RUN), StartRosterForm()
    form.validate_on_submit()
    head = db.session().scalars(
        select(OrgUnit.id).where(OrgUnit.level == Level.HEAD_OFFICE).order_by(OrgUnit.id)
    )
    answer = submit(
        db.session(),
        person(),
        upload,
        leavers=bool(form.leavers.data),
        head_office_id=head.first() or 0,
        now=clock.now(),
    )
    if isinstance(answer, Job):
        return redirect(url_for("admin.show_import", upload_id=upload.id), 303)
    flash(_("已提交复核：由另一人在“复核”中同意后开始导入。"), "success")
    return redirect(url_for("admin.show_roster", upload_id=upload.id), 303)


def _roster(upload_id: int, action: Action) -> ImportUpload:
    upload = load(ImportUpload, upload_id, action)
    if upload.kind not in ROSTERS:
        raise NotFound
    return upload


def _waiting(upload: ImportUpload) -> Proposal | None:
    return db.session().scalar(
        select(Proposal)
        .where(
            Proposal.action == Action.IMPORT_RUN.value,
            Proposal.target == f"import_upload:{upload.id}",
            Proposal.state == ProposalState.OPEN,
            Proposal.expires_at > clock.now(),
        )
        .limit(1)
    )


def _unit_names() -> dict[str, str]:
    """Return what units are called, by code."""
    return {unit.code: local(unit, "name") for unit in db.session().scalars(select(OrgUnit))}
