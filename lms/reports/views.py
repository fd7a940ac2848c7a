"""Pages of reports: issue, download, pack a unit, verify."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.appraisal.models import Cycle
from lms.appraisal.services import results
from lms.core import clock
from lms.core.db import db, read_only
from lms.core.errors import NotFound
from lms.core.files import StoredFile, path_of
from lms.core.jobs import Job
from lms.people.models import OrgUnit
from lms.reports import services
from lms.reports.forms import ZipForm
from lms.reports.models import IssuedDocument, UnitZip
from lms.web.current import person
from lms.web.guard import public, requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.text import local, page_language

bp = Blueprint("reports", __name__)


@bp.get("/reports/")
@requires(Action.REPORT_VIEW)
def index() -> Any:
    """List the documents within reach; offer one's own to be issued, and a unit's to be packed."""
    session, who = db.session(), person()
    page = paginate(reachable(services.documents(), IssuedDocument, Action.REPORT_VIEW))
    packing = who.can(Action.REPORT_PACK)
    return render_template(
        "reports/index.html",
        page=page,
        own=services.own_published(session, who.employee_id),
        form=_zip_form() if packing else None,
        zips=paginate(reachable(services.zips(), UnitZip, Action.REPORT_PACK), per_page=10).items
        if packing
        else [],
    )


@bp.post("/reports/appraisals/<int:appraisal_id>/issue")
@requires(Action.REPORT_ISSUE)
def issue(appraisal_id: int) -> Any:
    """Issue the document of an appraisal, unless it stands already, and lead to it.

    Three transactions, so that nobody waits for the write lock while it is printed.
    """
    load(results.visible(person()), appraisal_id, Action.REPORT_ISSUE)
    session = db.session()
    language = request.form.get("language") or page_language()
    reserved = services.reserve(session, appraisal_id, language, now=clock.now())
    if isinstance(reserved, services.Draft):
        session.commit()
        printed = _outside_the_lock(reserved)
        reserved = services.keep(session, person(), printed, now=clock.now())
    return redirect(url_for("reports.download", document_id=reserved.id), 303)


@bp.get("/reports/documents/<int:document_id>.pdf")
@requires(Action.REPORT_VIEW)
def download(document_id: int) -> Any:
    """Answer a document as it was issued."""
    return _file(load(services.documents(), document_id, Action.REPORT_VIEW).stored_file)


@bp.post("/reports/zips")
@requires(Action.REPORT_PACK)
def pack() -> Any:
    """Have a unit's documents packed."""
    form = _zip_form()
    if not form.validate_on_submit():
        flash(_("请选择考核期、机构和语言。"), "danger")
        return redirect(url_for("reports.index"), 303)
    asked = services.start(
        db.session(),
        person(),
        db.session().get_one(Cycle, form.cycle_id.data),  # one of those offered
        load(OrgUnit, form.org_unit_id.data, Action.REPORT_PACK),
        form.language.data,
        address=_address(),
        now=clock.now(),
    )
    return redirect(url_for("reports.unit_zip", zip_id=asked.id), 303)


@bp.get("/reports/zips/<int:zip_id>")
@requires(Action.REPORT_PACK)
def unit_zip(zip_id: int) -> Any:
    """Show how far the packing is, then the archive and who is missing from it."""
    session = db.session()
    asked = load(services.zips(), zip_id, Action.REPORT_PACK)
    job = session.get(Job, asked.job_id) if asked.job_id else None
    return render_template(
        "reports/unit_zip.html",
        asked=asked,
        job=job,
        mine=job is not None and job.account_id == person().account_id,
        failures=services.failures(session, asked.id),
    )


@bp.get("/reports/zips/<int:zip_id>/download")
@requires(Action.REPORT_PACK)
def unit_zip_file(zip_id: int) -> Any:
    """Answer the archive."""
    asked = load(services.zips(), zip_id, Action.REPORT_PACK)
    if asked.stored_file is None:
        raise NotFound
    return _file(asked.stored_file)


@bp.get("/verify")
@public
def verify_form() -> Any:
    """Ask for the code on a document, and answer a typed one."""
    code = request.args.get("code", "").strip()
    if code:
        return verify(code)
    return render_template("reports/verify.html", code="", asked=False, found=None)


@bp.get("/verify/<code>")
@public
def verify(code: str) -> Any:
    """Say whether a document with this code was issued here, and nothing about whom."""
    found = services.verified(db.session(), code)
    return render_template("reports/verify.html", code=code[:40], asked=True, found=found)


def _outside_the_lock(draft: services.Draft) -> services.Printed:
    """Print in a reading transaction, and leave the request writing as it was."""
    session = db.session()
    read_only(reading=True)
    try:
        return services.prepare(session, draft, address=_address(), now=clock.now())
    finally:
        session.rollback()
        read_only(reading=False)


def _address() -> str:
    """The address of this house as its readers know it."""
    return str(current_app.config["PUBLIC_URL"] or request.url_root)


def _file(stored: StoredFile) -> Any:
    return send_file(
        path_of(stored.sha256), mimetype=stored.media_type, as_attachment=True, download_name=stored.name
    )


def _zip_form() -> ZipForm:
    session = db.session()
    form = ZipForm()
    cycles = session.scalars(services.published_cycles(person(), clock.today()))
    form.cycle_id.choices = [(cycle.id, local(cycle, "name")) for cycle in cycles]
    units = session.scalars(reachable(services.units(), OrgUnit, Action.REPORT_PACK))
    form.org_unit_id.choices = [(unit.id, local(unit, "name")) for unit in units]
    return form
