"""The first set-up of an empty installation, and what a proposal says in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.policy import Role
from lms.access.services import grant, lock_accounts, open_account
from lms.core.audit import SYSTEM
from lms.core.calendar import load_statutory_days
from lms.core.clock import local_day
from lms.core.errors import Refused
from lms.core.files import StoredFile
from lms.core.i18n import N_
from lms.core.profile import set_profile
from lms.people.models import Level
from lms.people.services import find_unit, open_unit

HEAD_OFFICE = "HO"
FOUNDED_BEFORE = 50
"""Years before today from which the head office stands, so that the people's history fits under it."""
LABELS = {
    "code": N_("代码"),
    "number": N_("工号"),
    "period": N_("期间"),
    "parent": N_("本机构目标"),
    "children": N_("下级合计"),
    "total": N_("计算得分"),
    "points": N_("调整分值"),
    "reason": N_("理由"),
    "people": N_("人数"),
    "complete": N_("完整"),
    "incomplete": N_("不完整"),
    "on_leave": N_("休假不评"),
    "result_sha256": N_("结果指纹"),
}
"""What a proposal's keys are called, in the order a second person reads them."""


def details(diff: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a proposal changes as (message id, value); a key without a name stays as it is."""
    order = [*(key for key in LABELS if key in diff), *(key for key in diff if key not in LABELS)]
    return [(LABELS.get(key, key), _shown(key, diff[key])) for key in order]


def _shown(key: str, value: Any) -> str:
    if key not in ("total", "points", "parent", "children"):
        return str(value)
    text = f"{Decimal(str(value)):{'+' if key == 'points' else ''},.2f}"
    return text.replace("-", "−")


def is_empty(session: Session) -> bool:
    """Whether nobody can sign in yet."""
    return not session.scalar(select(exists().where(Account.id.is_not(None))))


def set_up(
    session: Session,
    *,
    bank_zh: str,
    bank_en: str | None,
    colour: str,
    logo: StoredFile | None,
    name: str,
    username: str,
    password_hash: str,
    now: datetime,
) -> Account:
    """Make the head office, the bank's face and the first administrator, who holds the three admin roles.

    Raises:
        Refused: when somebody can sign in already.
    """
    lock_accounts(session)  # of two people at the wizard, the second finds the work done
    if not is_empty(session):
        raise Refused(N_("系统已经完成初始设置。"))
    day = local_day(now)
    set_profile(session, SYSTEM, name_zh=bank_zh, name_en=bank_en, colour=colour, logo=logo)
    head_office = find_unit(session, HEAD_OFFICE) or open_unit(
        session,
        SYSTEM,
        code=HEAD_OFFICE,
        name_zh="总行",
        name_en="Head office",
        level=Level.HEAD_OFFICE,
        parent=None,
        valid_from=date(day.year - FOUNDED_BEFORE, 1, 1),
    )
    account = open_account(
        session, SYSTEM, username=username, password_hash=password_hash, name=name, employee=None, now=now
    )
    for role in (Role.ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        grant(session, SYSTEM, account, role, head_office, day)
    load_statutory_days(session, range(day.year - 3, day.year + 2))
    return account
