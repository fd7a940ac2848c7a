"""Accounts and grants, the table of rights, and the audit log."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.access.actions import Action
from lms.access.meanings import event_meaning, meaning
from lms.access.models import Account, Grant
from lms.access.policy import POLICY, Role, Scope
from lms.access.services import (
    accounts,
    audit_entries,
    disable_account,
    enable_account,
    grant,
    grants_of,
    open_account,
    reset_password,
    revoke,
    without_account,
)
from lms.access.services.accounts import HASHER
from lms.admin.forms.rights import NO_ROLE, AccountForm, AuditForm, GrantForm, OpeningDraft, OpeningForm
from lms.admin.services.opening import OPENED_AT_ONCE, open_for
from lms.admin.views.blueprint import bp
from lms.core import clock
from lms.core.audit import AuditEntry
from lms.core.db import db
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.core.passwords import first_password
from lms.people.models import Employee
from lms.people.services import find_employee, find_unit, postings_on, units_open_on
from lms.web.current import person
from lms.web.guard import requires
from lms.web.load import load, reachable
from lms.web.paging import paginate
from lms.web.roles import role_names, scope_names
from lms.web.text import page_language


@bp.get("/accounts")
@requires(Action.ACCOUNT_MANAGE)
def accounts_page() -> Any:
    """List accounts with their grants."""
    words = request.args.get("q", "").strip()[:80]
    page = paginate(reachable(accounts(words), Account, Action.ACCOUNT_MANAGE), per_page=50)
    held = grants_of(db.session(), [account.id for account in page.items], clock.today())
    return render_template("admin/accounts.html", page=page, held=held, words=words, roles=role_names())


@bp.route("/accounts/new", methods=["GET", "POST"])
@requires(Action.ACCOUNT_MANAGE)
def new_account() -> Any:
    """Open an account for an employee."""
    form = AccountForm(number=request.args.get("number", "")[:40])
    if not form.validate_on_submit():
        return render_template("admin/account_new.html", form=form), 422 if form.errors else 200
    draft = form.to_draft()
    db.session.rollback()
    password_hash = HASHER.hash(draft.password)  # before the transaction: hashing takes its time
    employee = find_employee(db.session(), draft.number)
    if employee is None:
        raise Refused(N_("没有员工号为 %(number)s 的员工。"), number=draft.number)
    account = open_account(
        db.session(),
        person(),
        username=draft.username,
        password_hash=password_hash,
        name=employee.name,
        employee=employee,
        now=clock.now(),
        handed_over=True,
    )
    flash(_("账号已建立。"), "success")
    return redirect(url_for("admin.account", account_id=account.id), 303)


@bp.route("/accounts/open", methods=["GET", "POST"])
@requires(Action.ACCOUNT_MANAGE)
def open_accounts() -> Any:
    """Open accounts for people chosen from those who have none; show their first passwords this once."""
    words, code = request.args.get("q", "").strip()[:80], request.args.get("unit", "").strip()[:40]
    day, session = clock.today(), db.session()
    unit = find_unit(session, code) if code else None
    found = without_account(day, words, unit.id if unit else None)
    page = paginate(reachable(found, Employee, Action.ACCOUNT_MANAGE), per_page=OPENED_AT_ONCE)
    form = OpeningForm()
    form.employees.choices = [(one.id, one.name) for one in page.items]
    form.role.choices = [(NO_ROLE, _("暂不授予")), *role_names().items()]
    if form.validate_on_submit():
        return _open_chosen(form.to_draft())
    return render_template(
        "admin/accounts_open.html",
        page=page,
        form=form,
        postings=postings_on(session, [one.id for one in page.items], day),
        words=words,
        code=code,
        unknown=bool(code) and unit is None,
        units=units_open_on(session, day),
    ), 422 if form.errors else 200


def _open_chosen(draft: OpeningDraft) -> str:
    db.session.rollback()
    passwords = [first_password() for _id in draft.employee_ids]
    hashes = [HASHER.hash(password) for password in passwords]  # before the transaction
    opened = open_for(
        db.session(),
        person(),
        dict(zip(draft.employee_ids, hashes, strict=True)),
        Role(draft.role) if draft.role else None,
        now=clock.now(),
    )
    rows = list(zip(opened, passwords, strict=True))
    return render_template("admin/accounts_opened.html", rows=rows)


@bp.route("/accounts/<int:account_id>", methods=["GET", "POST"])
@requires(Action.ACCOUNT_MANAGE)
def account(account_id: int) -> Any:
    """Show an account; give it a role over a unit."""
    found = load(Account, account_id, Action.ACCOUNT_MANAGE)
    form = GrantForm(valid_from=clock.today())
    form.role.choices = list(role_names().items())
    if form.validate_on_submit():
        draft = form.to_draft()
        unit = find_unit(db.session(), draft.unit)
        if unit is None:
            raise Refused(N_("没有代码为 %(code)s 的机构。"), code=draft.unit)
        if found.id == person().account_id:
            raise Refused(N_("不能给自己授权，请由另一位安全管理员办理。"))
        grant(db.session(), person(), found, Role(draft.role), unit, draft.valid_from, draft.valid_to)
        flash(_("已授权。"), "success")
        return redirect(url_for("admin.account", account_id=found.id), 303)
    page = render_template(
        "admin/account.html",
        account=found,
        form=form,
        held=grants_of(db.session(), [found.id], clock.today()).get(found.id, []),
        roles=role_names(),
        units=units_open_on(db.session(), clock.today()),
    )
    return page, 422 if form.errors else 200


@bp.post("/accounts/<int:account_id>/grants/<int:grant_id>/revoke")
@requires(Action.ACCOUNT_MANAGE)
def revoke_grant(account_id: int, grant_id: int) -> Any:
    """End a grant today."""
    found = load(Account, account_id, Action.ACCOUNT_MANAGE)
    given = db.session().get(Grant, grant_id)
    if given is None or given.account_id != found.id:
        raise NotFound
    if found.id == person().account_id:
        raise Refused(N_("不能收回自己的角色，请由另一位安全管理员办理。"))
    revoke(db.session(), person(), given, clock.today())
    flash(_("已收回授权。"), "success")
    return redirect(url_for("admin.account", account_id=found.id), 303)


@bp.post("/accounts/<int:account_id>/disable")
@requires(Action.ACCOUNT_MANAGE)
def disable(account_id: int) -> Any:
    """Disable an account; its sessions end at once."""
    found = load(Account, account_id, Action.ACCOUNT_MANAGE)
    if found.id == person().account_id:
        raise Refused(N_("不能停用自己的账号。"))
    disable_account(db.session(), person(), found, clock.now())
    flash(_("账号已停用。"), "success")
    return redirect(url_for("admin.account", account_id=found.id), 303)


@bp.post("/accounts/<int:account_id>/enable")
@requires(Action.ACCOUNT_MANAGE)
def enable(account_id: int) -> Any:
    """Let a disabled account sign in again."""
    found = load(Account, account_id, Action.ACCOUNT_MANAGE)
    enable_account(db.session(), person(), found)
    flash(_("账号已重新启用。"), "success")
    return redirect(url_for("admin.account", account_id=found.id), 303)


@bp.post("/accounts/<int:account_id>/password")
@requires(Action.ACCOUNT_MANAGE)
def reset(account_id: int) -> Any:
    """Replace a forgotten password by a random one, shown this once."""
    found = load(Account, account_id, Action.ACCOUNT_MANAGE)
    if found.id == person().account_id:
        raise Refused(N_("自己的密码请在“我的账号”中修改。"))
    db.session.rollback()
    password = first_password()
    password_hash = HASHER.hash(password)  # before the transaction
    found = load(Account, account_id, Action.ACCOUNT_MANAGE)
    reset_password(db.session(), person(), found, password_hash, clock.now())
    return render_template("admin/accounts_opened.html", rows=[(found, password)])


@bp.get("/policy")
@requires(Action.POLICY_VIEW)
def policy() -> Any:
    """Show the one table of rights."""
    return render_template(
        "admin/policy.html",
        policy=POLICY,
        actions={action: meaning(action, page_language()) for action in Action},
        roles=role_names(),
        scopes=scope_names(),
        none=Scope.NONE,
    )


@bp.get("/audit")
@requires(Action.AUDIT_VIEW)
def audit() -> Any:
    """Search the audit log by words and days."""
    form = AuditForm(request.args)
    valid = form.validate()
    words = str(form.q.data or "").strip()
    found = audit_entries(words, form.first.data, form.last.data) if valid else audit_entries(words[:80])
    page = paginate(reachable(found, AuditEntry, Action.AUDIT_VIEW), per_page=50)
    language = page_language()
    shown = render_template(
        "admin/audit.html", page=page, form=form, told=lambda code: event_meaning(code, language)
    )
    return shown, 200 if valid else 422
