"""Who holds which role over which unit, and the person this makes."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.access.models import Account, Grant
from lms.access.policy import Role
from lms.access.services.scope import Person
from lms.core.audit import Acting, record
from lms.core.dated import valid_on
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.people.models import OrgUnit


def grant(
    session: Session,
    actor: Acting,
    account: Account,
    role: Role,
    unit: OrgUnit,
    valid_from: date,
    valid_to: date | None = None,
) -> Grant:
    """Give a role over a unit from a day on.

    Raises:
        Refused: when the same role over the same unit is held already.
    """
    held = session.scalar(
        select(Grant.id).where(
            Grant.account_id == account.id,
            Grant.role == role,
            Grant.org_unit_id == unit.id,
            valid_on(Grant, valid_from),
        )
    )
    if held is not None:
        raise Refused(N_("该账号已在 %(unit)s 拥有此角色。"), unit=unit.name_zh)
    given = Grant(
        account_id=account.id, role=role, org_unit_id=unit.id, valid_from=valid_from, valid_to=valid_to
    )
    session.add(given)
    session.flush()
    record(session, actor, "access:grant:give", f"account:{account.id}", role=role.value, unit=unit.code)
    return given


def revoke(session: Session, actor: Acting, given: Grant, day: date) -> None:
    """End a grant: `day` is the first day without it. A grant of today is taken back whole."""
    if given.valid_from >= day:
        session.delete(given)
    else:
        given.valid_to = day
    record(session, actor, "access:grant:revoke", f"account:{given.account_id}", role=given.role.value)


def person_of(session: Session, account: Account, day: date, language: str) -> Person:
    """Return the person an account is on a day."""
    grants = session.execute(
        select(Grant.role, Grant.org_unit_id)
        .where(Grant.account_id == account.id, valid_on(Grant, day))
        .order_by(Grant.id)
    ).all()
    return Person(
        account_id=account.id,
        employee_id=account.employee_id,
        name=account.name,
        language=account.language or language,
        grants=tuple((role, unit_id) for role, unit_id in grants),
    )


def accounts_with(role: Role, day: date) -> Select[Account]:
    """Return the select of accounts that hold a role on a day."""
    holders = select(Grant.account_id).where(Grant.role == role, valid_on(Grant, day))
    return select(Account).where(Account.id.in_(holders)).order_by(Account.username)
