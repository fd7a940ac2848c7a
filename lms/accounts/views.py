"""Sign-in, sign-out, one's own account, first set-up, and proposals to decide."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lms.access.actions import Action
from lms.access.models import Account, Proposal
from lms.access.services import (
    change_password as replace_password,
)
from lms.access.services import (
    decide,
    grants_of,
    has_to_change,
    throttled,
    verify_password,
)
from lms.access.services import (
    sign_in as record_sign_in,
)
from lms.access.services import (
    sign_out as end_session,
)
from lms.access.services.accounts import HASHER, is_demo
from lms.accounts.forms import PasswordForm, SetupForm, SignInForm
from lms.accounts.services import details, is_empty, set_up
from lms.appraisal.services import titles
from lms.core import clock
from lms.core.db import db, read_only
from lms.core.files import store
from lms.web import current
from lms.web.current import is_signed_in, person
from lms.web.guard import public, requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.roles import role_names

bp = Blueprint("accounts", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    """Ask for name and password; the answer is the same whatever was wrong."""
    if is_empty(db.session()):
        return redirect(url_for("accounts.setup"))
    form = SignInForm()
    if request.method == "GET" and is_signed_in():
        return redirect(url_for("home.index"))
    if not form.validate_on_submit():
        return render_template("accounts/sign_in.html", form=form), 200 if request.method == "GET" else 422
    username, address, now = str(form.username.data).strip(), request.remote_addr or "", clock.now()
    db.session.rollback()
    read_only(reading=True)  # hashing must not hold the write lock
    if throttled(db.session(), username, address, now):
        db.session.rollback()
        return _signed_out(form, _("尝试次数过多，请 15 分钟后再试。"), 429)
    account_id = verify_password(db.session(), username, str(form.password.data))
    if account_id is not None and current_app.config["PRODUCTION"] and is_demo(db.session(), account_id):
        account_id = None  # its password is printed by the demo: in production it opens nothing
    db.session.rollback()
    read_only(reading=False)
    token = record_sign_in(
        db.session(), account_id, username=username, address=address, agent=request.user_agent.string, now=now
    )
    db.session.commit()
    if token is None or account_id is None:
        return _signed_out(form, _("用户名或密码不正确。"), 401)
    current.begin(token, password_first=has_to_change(db.session(), account_id))
    if current.has_to_change_password():
        return redirect(url_for("accounts.me"), 303)
    return redirect(_safe(request.args.get("next")) or url_for("home.index"), 303)


def _signed_out(form: SignInForm, text: str, status: int) -> Any:
    g.keep_nothing = True
    return render_template("accounts/sign_in.html", form=form, failure=text), status


def _safe(target: str | None) -> str | None:
    """Return a path of our own to go on to; anything that could leave this host is dropped."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(letter) < 33 or ord(letter) == 127 for letter in target):
        return None
    return None if "[" in target or "]" in target else target


@bp.post("/sign-out")
@public
def sign_out() -> Any:
    """End the session here and on the server."""
    token = current.end()
    if token:
        end_session(db.session(), token, clock.now())
    return redirect(url_for("accounts.sign_in"), 303)


@bp.route("/me", methods=["GET", "POST"])
@requires(Action.SESSION_OWN)
def me() -> Any:
    """Show one's account and rights; change the password."""
    who = person()
    own = db.session().get_one(Account, who.account_id)
    username, address, now = own.username, request.remote_addr or "", clock.now()
    form = PasswordForm()
    form.known = (username,)
    if form.validate_on_submit():
        db.session.rollback()
        read_only(reading=True)  # hashing must not hold the write lock
        slowed = throttled(db.session(), username, address, now)
        fits = (
            not slowed and verify_password(db.session(), username, str(form.current.data)) == who.account_id
        )
        fresh = HASHER.hash(str(form.new.data)) if fits else ""
        db.session.rollback()
        read_only(reading=False)
        if fits:
            replace_password(db.session(), who, who.account_id, fresh, now)
            current.end()
            flash(_("密码已修改，请重新登录。"), "success")
            return redirect(url_for("accounts.sign_in"), 303)
        if slowed:
            form.current.errors = [_("尝试次数过多，请 15 分钟后再试。")]
        else:
            record_sign_in(db.session(), None, username=username, address=address, agent="", now=now)
            db.session.commit()
            form.current.errors = [_("当前密码不正确。")]
    held = grants_of(db.session(), [who.account_id], clock.today()).get(who.account_id, [])
    page = render_template(
        "accounts/me.html",
        form=form,
        username=username,
        held=held,
        roles=role_names(),
        password_first=current.has_to_change_password(),
    )
    return page, 422 if form.errors else 200


@bp.route("/setup", methods=["GET", "POST"])
@public
def setup() -> Any:
    """Set up an empty installation: the bank and its first administrator."""
    if not is_empty(db.session()):
        return redirect(url_for("accounts.sign_in"))
    form = SetupForm()
    if not form.validate_on_submit():
        return render_template("accounts/setup.html", form=form), 422 if form.errors else 200
    draft, now = form.to_draft(), clock.now()
    db.session.rollback()  # neither hashing nor writing a file holds the write lock
    password_hash = HASHER.hash(draft.password)
    logo = None
    if draft.logo:
        logo = store(db.session(), draft.logo, "logo.png", "image/png", now=now)
    set_up(
        db.session(),
        bank_zh=draft.bank_zh,
        bank_en=draft.bank_en,
        colour=draft.colour,
        logo=logo,
        name=draft.name,
        username=draft.username,
        password_hash=password_hash,
        now=now,
    )
    flash(_("设置完成，请用刚才的用户名登录。"), "success")
    return redirect(url_for("accounts.sign_in"), 303)


@bp.get("/proposals")
@requires(Action.PROPOSAL_VIEW)
def proposals() -> Any:
    """List what awaits a second person, newest first."""
    people = (joinedload(Proposal.maker), joinedload(Proposal.checker))
    listed = select(Proposal).options(*people).order_by(Proposal.id.desc())
    page = paginate(reachable(listed, Proposal, Action.PROPOSAL_VIEW), per_page=30)
    named = titles(db.session(), [proposal.target for proposal in page.items])
    return render_template("accounts/proposals.html", page=page, details=details, named=named)


@bp.post("/proposals/<int:proposal_id>")
@requires(Action.PROPOSAL_DECIDE)
def decide_proposal(proposal_id: int) -> Any:
    """Approve or refuse a proposal that somebody else made."""
    proposal = load(Proposal, proposal_id, Action.PROPOSAL_DECIDE)
    decide(
        db.session(),
        person(),
        proposal,
        approve=request.form.get("decision") == "approve",
        reason=request.form.get("reason", "")[:500],
        now=clock.now(),
    )
    flash(_("已处理。"), "success")
    return redirect(url_for("accounts.proposals"), 303)
