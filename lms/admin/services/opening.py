"""Opening accounts for people who have been imported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.policy import Role
from lms.access.services import grant, open_account
from lms.core.audit import Acting
from lms.core.clock import local_day
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.people.models import Employee
from lms.people.services import postings_on

OPENED_AT_ONCE = 50
"""Each password costs some 35 ms to hash, while somebody waits."""


def open_for(
    session: Session, actor: Acting, hashes: Mapping[int, str], role: Role | None, *, now: datetime
) -> list[Account]:
    """Open an account named by the employee number for each person, with a role over the own unit.

    `hashes` are the hashed first passwords by person; the accounts come in the same order.

    Raises:
        Refused: when one of them has an account already, or gets a role and works in no unit.
    """
    day = local_day(now)
    people = {one.id: one for one in session.scalars(select(Employee).where(Employee.id.in_(hashes)))}
    taken = session.scalars(select(Account.employee_id).where(Account.employee_id.in_(hashes))).all()
    if taken:
        raise Refused(N_("%(name)s 已有账号，请刷新后重试。"), name=people[taken[0] or 0].name)
    postings = postings_on(session, list(hashes), day)
    opened = []
    for employee_id, password_hash in hashes.items():
        person = people[employee_id]
        account = open_account(
            session,
            actor,
            username=person.number,
            password_hash=password_hash,
            name=person.name,
            employee=person,
            now=now,
            handed_over=True,
        )
        opened.append(account)
        if role is None:
            continue
        if employee_id not in postings:
            raise Refused(N_("%(name)s 目前没有任职机构，不能同时授予角色。"), name=person.name)
        grant(session, actor, account, role, postings[employee_id].org_unit, day)
    return opened
