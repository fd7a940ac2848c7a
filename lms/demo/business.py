"""Indicators, targets and actuals of the demo bank, brought in as the text files an administrator imports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from random import Random

from sqlalchemy.orm import Session

from lms.core.audit import Acting
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.demo.staff import Bank
from lms.indicators.services import (
    Aggregate,
    BatchState,
    Direction,
    Formula,
    ImportKind,
    IndicatorDraft,
    IndicatorSet,
    Op,
    Policy,
    UploadDraft,
    define_indicator,
    hold,
    refresh,
    run_import,
    set_formula,
)
from lms.scoring.document import IndicatorClass


@dataclass(frozen=True)
class Demo:
    """An indicator of the demo bank, its quarterly target, and how its actuals scatter round it."""

    draft: IndicatorDraft
    target: Decimal
    monthly: bool
    """Whether the quarter's figure is the sum of three months."""


def _demo(
    code: str,
    zh: str,
    en: str,
    indicator_set: IndicatorSet,
    unit: str,
    target: str,
    aggregate: Aggregate = Aggregate.SUM,
    direction: Direction = Direction.MORE,
) -> Demo:
    draft = IndicatorDraft(
        code=code,
        name_zh=zh,
        name_en=en,
        indicator_set=indicator_set,
        unit=unit,
        aggregate=aggregate,
        direction=direction,
    )
    draft = replace(draft, by_hand=code in BY_HAND, indicator_class=CLASSES[code])
    return Demo(draft, Decimal(target), aggregate is Aggregate.SUM)


BY_HAND = ("SATISFACTION", "LOG_RATE")
CLASSES = {
    "DEPOSIT_AVG": IndicatorClass.TRANSFORMATION,
    "NPL_RATIO": IndicatorClass.RISK,
    "AUM": IndicatorClass.TRANSFORMATION,
    "DEPOSIT_GROWTH": IndicatorClass.TRANSFORMATION,
    "CUSTOMER_GROWTH": IndicatorClass.TRANSFORMATION,
    "FEE_INCOME": IndicatorClass.EFFICIENCY,
    "CARDS": IndicatorClass.TRANSFORMATION,
    "CHANNELS": IndicatorClass.TRANSFORMATION,
    "PRODUCTS": IndicatorClass.TRANSFORMATION,
    "SATISFACTION": IndicatorClass.SOCIAL,
    "LOG_RATE": IndicatorClass.COMPLIANCE,
    "CONFIRMED_BREACHES": IndicatorClass.COMPLIANCE,
    "AUM_GROWTH": IndicatorClass.TRANSFORMATION,
    "ASSETS": IndicatorClass.TRANSFORMATION,
    "FEE_YIELD": IndicatorClass.EFFICIENCY,
}
"""What each is about, for the rule check."""
_SETS = IndicatorSet
INDICATORS = (
    _demo(
        "DEPOSIT_AVG",
        "存款日均余额",
        "Average daily deposits",
        _SETS.BASIC,
        "万元",
        "6000",
        Aggregate.DAILY_AVG,
    ),
    _demo(
        "NPL_RATIO", "不良率", "Non-performing ratio", _SETS.BASIC, "%", "1.2", Aggregate.LAST, Direction.LESS
    ),
    _demo("AUM", "管理资产", "Assets under management", _SETS.BASIC, "万元", "7500", Aggregate.LAST),
    _demo("DEPOSIT_GROWTH", "存款日均净增", "Growth of average deposits", _SETS.CHANGE, "万元", "400"),
    _demo("CUSTOMER_GROWTH", "有效户净增", "Net new active customers", _SETS.CHANGE, "户", "35"),
    _demo("FEE_INCOME", "中间业务收入", "Fee income", _SETS.INCOME, "万元", "9"),
    _demo("CARDS", "信用卡发卡", "Credit cards issued", _SETS.TRANSACTION, "张", "25"),
    _demo("CHANNELS", "活跃渠道数", "Active channels", _SETS.TRANSACTION, "个", "2.4", Aggregate.MEAN),
    _demo("PRODUCTS", "户均产品数", "Products per customer", _SETS.OTHER, "个", "3.1", Aggregate.LAST),
    _demo("SATISFACTION", "客户满意度", "Customer satisfaction", _SETS.OTHER, "分", "92", Aggregate.MEAN),
    _demo("LOG_RATE", "工作日志完整率", "Work logs complete", _SETS.OTHER, "%", "95", Aggregate.LAST),
)
BREACHES = IndicatorDraft(
    code="CONFIRMED_BREACHES",
    name_zh="确认违规次数",
    name_en="Confirmed breaches",
    indicator_set=IndicatorSet.OTHER,
    unit="次",
    direction=Direction.LESS,
    minimum=Decimal(0),
    whole=True,
    by_hand=True,
)

LATE = "FEE_INCOME"
"""The figure that a department has not delivered for two managers: their composites wait for it."""


DERIVED = (
    (
        IndicatorDraft("AUM_GROWTH", "管理资产净增", IndicatorSet.CHANGE, "万元", "Growth of assets managed"),
        Formula(Op.CHANGE, ("AUM",), income=("FEE_INCOME",)),
    ),
    (
        IndicatorDraft(
            "ASSETS", "存款与管理资产合计", IndicatorSet.OTHER, "万元", "Deposits and assets managed"
        ),
        Formula(Op.SUM, ("DEPOSIT_AVG", "AUM")),
    ),
    (
        IndicatorDraft("FEE_YIELD", "中收收益率", IndicatorSet.OTHER, "%", "Fee yield"),
        Formula(Op.RATIO, ("FEE_INCOME", "ASSETS"), Decimal(100)),
    ),
)
"""Derived indicators with their formulas."""


DERIVED = (
    (
        IndicatorDraft("AUM_GROWTH", "管理资产净增", IndicatorSet.CHANGE, "万元", "Growth of assets managed"),
        Formula(Op.CHANGE, ("AUM",), income=("FEE_INCOME",)),
    ),
    (
        IndicatorDraft(
            "ASSETS", "存款与管理资产合计", IndicatorSet.OTHER, "万元", "Deposits and assets managed"
        ),
        Formula(Op.SUM, ("DEPOSIT_AVG", "AUM")),
    ),
    (
        IndicatorDraft("FEE_YIELD", "中收收益率", IndicatorSet.OTHER, "%", "Fee yield"),
        Formula(Op.RATIO, ("FEE_INCOME", "ASSETS"), Decimal(100)),
    ),
)
"""Derived indicators with their formulas."""


def define(session: Session, actor: Acting) -> None:
    """Define the indicators."""
    for demo in INDICATORS:
        define_indicator(session, actor, demo.draft)
    define_indicator(session, actor, replace(BREACHES, indicator_class=CLASSES[BREACHES.code]))
    for draft, formula in DERIVED:
        classed = replace(draft, indicator_class=CLASSES[draft.code])
        set_formula(session, actor, define_indicator(session, actor, classed), formula)


def bring_in(
    session: Session,
    actor: Acting,
    bank: Bank,
    period: Period,
    skill: dict[str, float],
    draw: Random,
    *,
    now: datetime,
) -> None:
    """Import a quarter's targets and actuals, one file a kind and set, in the encoding such files have."""
    _import(session, actor, ImportKind.TARGETS, f"目标值{period.code}.csv", _targets(bank), period, now)
    lacking = {employee.number for employee, _unit in bank.managers[67 + period.first.month :: 130][:2]}
    for indicator_set in IndicatorSet:
        lines = ["工号,指标,日期,数值,计算/推算"]
        for employee in (one for one, _ in bank.managers if one not in bank.away):
            for demo in INDICATORS:
                late = employee.number in lacking and demo.draft.code == LATE
                if demo.draft.indicator_set is indicator_set and not late:
                    lines += _actuals(employee.number, demo, period, skill[employee.number], draw)
        if indicator_set is IndicatorSet.OTHER and len(bank.managers) > 5:
            for employee, _unit in bank.managers[7::120]:
                lines.append(f"{employee.number},CONFIRMED_BREACHES,{period.last:%Y%m%d},1,")
        name = f"{indicator_set.value}_{period.code}.txt"
        _import(session, actor, ImportKind.ACTUALS, name, lines, period, now)
    bases = {member for _, formula in DERIVED for member in formula.members()}
    refresh(session, actor, f"demo:{period.code}", bases, period.first, period.after, now=now)


def target_file(session: Session, actor: Acting, rows: list[str], period: Period, now: datetime) -> None:
    """Import targets of people and units: number, unit code, indicator, target."""
    lines = ["工号,机构代码,指标,目标值", *rows]
    _import(session, actor, ImportKind.TARGETS, f"目标值{period.code}.csv", lines, period, now)
    bases = {member for _, formula in DERIVED for member in formula.members()}
    refresh(session, actor, f"demo:{period.code}", bases, period.first, period.after, now=now)


def _targets(bank: Bank) -> list[str]:
    return ["工号,指标,目标值"] + [
        f"{employee.number},{demo.draft.code},{demo.target}"
        for employee, _unit in bank.managers
        for demo in INDICATORS
    ]


def _actuals(number: str, demo: Demo, period: Period, skill: float, draw: Random) -> list[str]:
    """Return the rows of one person and indicator: a figure a month; 3 % of change values are inferred."""
    attainment = min(max(draw.gauss(0.845 + 0.09 * skill, 0.08), 0.25), 1.5)
    if demo.draft.direction is Direction.LESS:
        attainment = 2 - attainment
    flag = ""
    if demo.draft.indicator_set is IndicatorSet.CHANGE:
        flag = "推算" if draw.random() < 0.03 else "计算"
    months = period.parts()
    rows = []
    for month in months:
        value = demo.target * Decimal(str(round(attainment * draw.uniform(0.97, 1.03), 4)))
        if demo.monthly:
            value /= len(months)
        rows.append(f"{number},{demo.draft.code},{month.first:%Y%m%d},{value:.2f},{flag}")
    if demo.draft.code == "AUM" and Random(f"{number}{period.code}").random() < 0.03:
        del rows[1]  # a file came without this person: both changes round the gap are inferred
    return rows


def _import(
    session: Session,
    actor: Acting,
    kind: ImportKind,
    name: str,
    lines: list[str],
    period: Period,
    now: datetime,
) -> None:
    content = "\r\n".join(lines).encode("gb18030")
    draft = UploadDraft(
        kind=kind, name=name, held=hold(content), period=period.code, policy=Policy.ALL_OR_NOTHING
    )
    upload = run_import(session, actor, draft, now=now)
    if upload.state is BatchState.REJECTED:
        raise Refused(N_("示例文件 %(name)s 未能导入。"), name=name)
