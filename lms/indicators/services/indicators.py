"""Indicators themselves: defining and finding them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from lms.core.audit import Acting, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.textfile import UNITS
from lms.indicators.models import Indicator
from lms.indicators.rules import IndicatorDraft, IndicatorSet, Spec
from lms.scoring.document import IndicatorClass


def define_indicator(session: Session, actor: Acting, draft: IndicatorDraft) -> Indicator:
    """Define an indicator.

    Raises:
        Refused: when code or name is taken, the unit is unknown, the limits are turned round,
            or a base is given to what is no change indicator.
    """
    taken = select(Indicator.id).where(
        (func.lower(Indicator.code) == draft.code.lower()) | (Indicator.name_zh == draft.name_zh)
    )
    if session.scalar(taken) is not None:
        raise Refused(N_("指标代码“%(code)s”或名称“%(name)s”已存在。"), code=draft.code, name=draft.name_zh)
    if draft.unit not in UNITS:
        raise Refused(N_("未知的计量单位“%(unit)s”。"), unit=draft.unit)
    if None not in (draft.minimum, draft.maximum) and draft.minimum > draft.maximum:  # type: ignore[operator]
        raise Refused(N_("最小值不能大于最大值。"))
    base = find_indicator(session, draft.base) if draft.base else None
    if draft.base and (base is None or draft.indicator_set is not IndicatorSet.CHANGE):
        raise Refused(N_("只有变动指标可以对应另一个已定义的指标。"))
    indicator = Indicator(
        code=draft.code,
        name_zh=draft.name_zh,
        name_en=draft.name_en,
        indicator_set=draft.indicator_set,
        unit=draft.unit,
        direction=draft.direction,
        aggregate=draft.aggregate,
        minimum=draft.minimum,
        maximum=draft.maximum,
        whole=draft.whole,
        base_id=base.id if base else None,
        by_hand=draft.by_hand,
        indicator_class=draft.indicator_class,
        point_in_time=draft.point_in_time,
    )
    session.add(indicator)
    session.flush()
    record(session, actor, "indicators:indicator:define", f"indicator:{indicator.id}", code=draft.code)
    return indicator


def find_indicator(session: Session, code: str) -> Indicator | None:
    """Return the indicator with a code."""
    return session.scalar(select(Indicator).where(Indicator.code == code))


def allow_by_hand(session: Session, actor: Acting, indicator: Indicator, *, by_hand: bool) -> None:
    """Say whether people may type an indicator's values; what was typed stays."""
    indicator.by_hand = by_hand
    session.flush()
    record(
        session,
        actor,
        "indicators:indicator:by_hand",
        f"indicator:{indicator.id}",
        code=indicator.code,
        by_hand=by_hand,
    )


def classify(
    session: Session,
    actor: Acting,
    indicator: Indicator,
    indicator_class: IndicatorClass | None,
    *,
    point_in_time: bool | None,
) -> None:
    """Say what class an indicator is of and whether it is the scale of a single day; None leaves it open."""
    indicator.indicator_class, indicator.point_in_time = indicator_class, point_in_time
    session.flush()
    record(
        session,
        actor,
        "indicators:indicator:classify",
        f"indicator:{indicator.id}",
        code=indicator.code,
        indicator_class=indicator_class.value if indicator_class else None,
        point_in_time=point_in_time,
    )


def found_indicators(session: Session, codes: Collection[str]) -> dict[str, Indicator]:
    """Return indicators by code."""
    found = session.scalars(select(Indicator).where(Indicator.code.in_(sorted(set(codes)))))
    return {indicator.code: indicator for indicator in found}


def all_indicators(indicator_set: IndicatorSet | None = None) -> Select[Indicator]:
    """Return the select of the indicators, of one set or all, by set and code."""
    chosen = select(Indicator).order_by(Indicator.indicator_set, Indicator.code)
    return chosen if indicator_set is None else chosen.where(Indicator.indicator_set == indicator_set)


def change_bases() -> Select[Indicator]:
    """Return the select of the indicators of which another may be the change."""
    based = (IndicatorSet.BASIC, IndicatorSet.INCOME, IndicatorSet.TRANSACTION)
    return select(Indicator).where(Indicator.indicator_set.in_(based)).order_by(Indicator.code)


def indicators_by_set(session: Session) -> dict[IndicatorSet, int]:
    """Return how many indicators each of the five sets has."""
    counted = session.execute(select(Indicator.indicator_set, func.count()).group_by(Indicator.indicator_set))
    counts = dict(counted.all())
    return {one: counts.get(one, 0) for one in IndicatorSet}


def specs(session: Session) -> list[Spec]:
    """Return all indicators as the checks of files need them."""
    base = aliased(Indicator)
    rows = session.execute(
        select(Indicator, base.code).outerjoin(base, Indicator.base_id == base.id).order_by(Indicator.code)
    )
    return [
        # What is computed need not come with its base, nor its base with it.
        spec_of(indicator, None if indicator.formula else base_code)
        for indicator, base_code in rows
    ]


def spec_of(indicator: Indicator, base: str | None = None) -> Spec:
    """Return an indicator as the checks need it."""
    return Spec(
        code=indicator.code,
        name_zh=indicator.name_zh,
        name_en=indicator.name_en,
        indicator_set=indicator.indicator_set,
        unit=indicator.unit,
        minimum=indicator.minimum,
        maximum=indicator.maximum,
        whole=indicator.whole,
        base=base,
    )
