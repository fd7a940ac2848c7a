"""From an empty installation to the first appraisal: which steps are taken, which comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from lms.access.models import Account, Grant
from lms.access.policy import Role
from lms.access.services import Person
from lms.appraisal.models import Cycle, Scheme
from lms.core.i18n import N_
from lms.indicators.models import Indicator, Target
from lms.learning.models import Course
from lms.people.models import Employee, Grade

LEADERS = frozenset((Role.ADMIN, Role.SECURITY_ADMIN, Role.HR))
"""Who takes a new bank through these steps."""


@dataclass(frozen=True)
class Step:
    """One step: what, by whom, on which page, and whether it is taken."""

    title: str
    by: Role
    endpoint: str
    taken: bool


def _any(model: Any) -> ColumnElement[bool]:
    return exists(select(model.id))


STEPS: tuple[tuple[str, Role, str, Any], ...] = (
    (N_("定义客户经理的等级"), Role.ADMIN, "admin.posts", _any(Grade)),
    (N_("导入机构和人员"), Role.ADMIN, "admin.imports", _any(Employee)),
    (
        N_("为员工建立账号"),
        Role.SECURITY_ADMIN,
        "admin.open_accounts",
        select(func.count(Account.id) > 1).scalar_subquery(),
    ),
    (
        N_("授予人力资源、主管和培训师的角色"),
        Role.SECURITY_ADMIN,
        "admin.accounts_page",
        exists(select(Grant.id).where(Grant.role == Role.HR)),
    ),
    (N_("定义指标"), Role.ADMIN, "admin.indicators", _any(Indicator)),
    (N_("导入目标值和实际值"), Role.ADMIN, "admin.imports", _any(Target)),
    (N_("发布课程（在服务器上运行 flask courses publish）"), Role.ADMIN, "learning.catalogue", _any(Course)),
    (N_("制定考核方案"), Role.HR, "appraisal.schemes", _any(Scheme)),
    (N_("开立考核期"), Role.HR, "appraisal.cycles", _any(Cycle)),
)


def steps(session: Session, person: Person) -> list[Step]:
    """Return the steps for somebody who takes them, in one query; nothing when all are taken."""
    if not person.roles & LEADERS:
        return []
    row = session.execute(
        select(*(taken.label(f"step_{at}") for at, (*_words, taken) in enumerate(STEPS)))
    ).one()
    found = [Step(title, by, at, bool(taken)) for (title, by, at, _), taken in zip(STEPS, row, strict=True)]
    return [] if all(step.taken for step in found) else found
