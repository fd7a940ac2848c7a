"""The demo bank's parameters by org level: what the head office opens and locks, what a branch does."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from lms.access.services import Person, person_of
from lms.appraisal.models import SchemeVersion
from lms.appraisal.services import Below, ParameterDraft, Setting, open_below, set_parameters
from lms.core.clock import local_day
from lms.demo.staff import Bank
from lms.people.models import OrgUnit

BUSINESS, COMPREHENSIVE = "sections/business/weight", "sections/comprehensive/weight"
BRANCH = "T101"


def set_levels(
    session: Session,
    bank: Bank,
    version: SchemeVersion,
    *,
    since: date,
    latest: date,
    present: date,
    now: datetime,
) -> None:
    """Open two weights within ranges and lock grade A from a day on; a branch raises one from a later day.

    `since`, `latest`, `present`: the first days of the first and the last closed quarter and of this one.
    """
    hr = person_of(session, bank.accounts["hr"], local_day(now), "zh")
    branch = next(unit for unit in bank.units if unit.code == BRANCH)

    def put(who: Person, unit: OrgUnit, setting: Setting) -> None:
        set_parameters(session, who, version.scheme, unit, setting, now=now)

    open_below(session, hr, version.scheme, opened=True)
    weights = (
        ParameterDraft(BUSINESS, None, Below.RANGE, 50, 70),
        ParameterDraft(COMPREHENSIVE, None, Below.RANGE, 15, 30),
    )
    put(hr, bank.head_office, Setting(weights, since, reason="各分行可在范围内调整业绩与综合的权重"))
    grade = (ParameterDraft("grades/A/at_least", 90.0),)
    put(hr, bank.head_office, Setting(grade, since, reason="全行优秀标准一致"))
    fees = (ParameterDraft("indicators/B_FEE_INCOME/bound/cap", 130.0),)
    put(hr, bank.head_office, Setting(fees, latest, present, reason="中间业务劳动竞赛期间放宽封顶"))
    own = person_of(session, bank.accounts["hr-branch"], local_day(now), "zh")
    raised = (ParameterDraft(BUSINESS, 65.0), ParameterDraft(COMPREHENSIVE, 20.0))
    put(own, branch, Setting(raised, latest, reason="分行业绩攻坚"))
