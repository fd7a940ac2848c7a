"""The demo bank's scheme, and its closed cycles."""

from __future__ import annotations

from datetime import datetime
from random import Random

from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.services import Person, person_of
from lms.appraisal.models import Cycle, SchemeVersion
from lms.appraisal.services import (
    SEVEN,
    IndicatorDraft,
    Mark,
    Mode,
    activate,
    design_scheme,
    open_cycle,
    publish_by_two,
    rate_many,
    run_cycle,
    standard_scheme,
)
from lms.core.clock import local_day
from lms.core.periods import Period
from lms.demo.staff import Bank

NOTES = {
    1: "本期多次未按约定回访，已面谈提醒。",
    2: "遇到复杂业务时准备不足，需要辅导。",
    5: "主动带教新人，客户多次书面表扬。",
}


def _ratio(code: str, zh: str, en: str, unit: str, weight: float) -> IndicatorDraft:
    return IndicatorDraft(
        code=f"B_{code}",
        name_zh=zh,
        name_en=en,
        unit=unit,
        measure=code,
        mode=Mode.RATIO,
        weight=weight,
        floor=0.0,
        cap=120.0,
    )


BUSINESS = (
    _ratio("DEPOSIT_AVG", "存款日均余额", "Average daily deposits", "万元", 25.0),
    _ratio("DEPOSIT_GROWTH", "存款日均净增", "Growth of average deposits", "万元", 20.0),
    IndicatorDraft(
        code="B_NPL_RATIO",
        name_zh="不良率",
        name_en="Non-performing ratio",
        unit="%",
        measure="NPL_RATIO",
        mode=Mode.DIFFERENCE,
        direction="less",
        base=100.0,
        step=0.1,
        points_per_step=10.0,
        weight=15.0,
        floor=0.0,
        cap=120.0,
    ),
    _ratio("FEE_INCOME", "中间业务收入", "Fee income", "万元", 15.0),
    _ratio("CUSTOMER_GROWTH", "有效户净增", "Net new active customers", "户", 15.0),
    _ratio("PRODUCTS", "户均产品数", "Products per customer", "个", 10.0),
)


def design(session: Session, bank: Bank, now: datetime) -> SchemeVersion:
    """Design and activate the scheme of relationship managers."""
    hr = _person(session, bank.accounts["hr"], now)
    draft = standard_scheme(
        "RM", "客户经理季度考核方案", BUSINESS, "Quarterly appraisal of relationship managers"
    )
    version = design_scheme(session, hr, draft, bank.head_office.id, now=now)
    activate(session, hr, version, now=now)
    return version


def open_for(session: Session, bank: Bank, version: SchemeVersion, period: Period, now: datetime) -> Cycle:
    """Open a quarter's cycle for all relationship managers."""
    return open_cycle(
        session,
        _person(session, bank.accounts["hr"], now),
        code=f"RM-{period.code}",
        name_zh=f"{period.label('zh')}客户经理考核",
        name_en=f"Appraisal of relationship managers, {period.label('en')}",
        period=period.code,
        version=version,
        unit=bank.head_office,
        series="relationship_manager",
        now=now,
    )


def close(
    session: Session, bank: Bank, cycle: Cycle, skill: dict[str, float], draw: Random, *, now: datetime
) -> None:
    """Rate, compute and publish a quarter as it was done at its time."""
    supervisor = _person(session, bank.accounts["supervisor"], now)
    marks = {}
    for employee in (one for one, _ in bank.managers if one not in bank.away):
        marks[employee.id] = [
            Mark(item.code, level, NOTES.get(level, ""))
            for item in SEVEN
            for level in [min(5, max(2, round(draw.gauss(4.2 + 0.15 * skill[employee.number], 0.55))))]
        ]
    rate_many(session, supervisor, cycle, marks, now=now)
    hr, checker = (_person(session, bank.accounts[name], now) for name in ("hr", "hr2"))
    run_cycle(session, cycle, hr, now)
    publish_by_two(session, cycle, hr, checker, now=now)


def _person(session: Session, account: Account, now: datetime) -> Person:
    return person_of(session, account, local_day(now), "zh")
