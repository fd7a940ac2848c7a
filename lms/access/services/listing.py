"""What the security and audit administrators read: accounts with their grants, the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from lms.access.models import Account, Grant
from lms.core.audit import AuditEntry
from lms.core.clock import midnight
from lms.core.dated import valid_on
from lms.people.models import Employee, OrgUnit, Posting
from lms.people.services import search_people, subtree


def accounts(words: str = "") -> Select[Account]:
    """Return the select of accounts whose user name or name contains the words, by user name."""
    listed = select(Account).order_by(Account.username)
    if words:
        listed = listed.where(
            or_(
                Account.username.contains(words, autoescape=True),
                Account.name.contains(words, autoescape=True),
            )
        )
    return listed


def grants_of(
    session: Session, account_ids: Collection[int], day: date
) -> dict[int, list[tuple[Grant, OrgUnit]]]:
    """Return the grants in force on a day, with their units, by account."""
    rows = session.execute(
        select(Grant, OrgUnit)
        .join(OrgUnit, OrgUnit.id == Grant.org_unit_id)
        .where(Grant.account_id.in_(account_ids), valid_on(Grant, day))
        .order_by(Grant.id)
    )
    found: dict[int, list[tuple[Grant, OrgUnit]]] = defaultdict(list)
    for grant, unit in rows:
        found[grant.account_id].append((grant, unit))
    return found


def without_account(day: date, words: str = "", unit_id: int | None = None) -> Select[Employee]:
    """Return the select of people at work on a day who cannot sign in yet, of a unit and below if given."""
    found = search_people(words).where(
        or_(Employee.left_on.is_(None), Employee.left_on > day),
        ~exists(select(Account.id).where(Account.employee_id == Employee.id)),
    )
    if unit_id is None:
        return found
    posted = select(Posting.employee_id).where(
        Posting.org_unit_id.in_(subtree(unit_id, day)), valid_on(Posting, day)
    )
    return found.where(Employee.id.in_(posted))


def audit_entries(words: str = "", first: date | None = None, last: date | None = None) -> Select[AuditEntry]:
    """Return the select of the audit log, newest first; words match action, target or who."""
    listed = select(AuditEntry).order_by(AuditEntry.id.desc())
    if first is not None:
        listed = listed.where(AuditEntry.at >= midnight(first))
    if last is not None:
        listed = listed.where(AuditEntry.at < midnight(last + timedelta(days=1)))
    if words:
        columns = (AuditEntry.action, AuditEntry.target, AuditEntry.label)
        listed = listed.where(or_(*(column.contains(words, autoescape=True) for column in columns)))
    return listed
