"""What the security and audit administrators read: accounts with their grants, the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from lms.access.models import Account, Grant
from lms.core.audit import AuditEntry
from lms.core.dated import valid_on
from lms.people.models import OrgUnit


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


def audit_entries(words: str = "") -> Select[AuditEntry]:
    """Return the select of the audit log, newest first; words match action, target or who."""
    listed = select(AuditEntry).order_by(AuditEntry.id.desc())
    if words:
        columns = (AuditEntry.action, AuditEntry.target, AuditEntry.label)
        listed = listed.where(or_(*(column.contains(words, autoescape=True) for column in columns)))
    return listed
