"""Whether an indicator is the scale of a single day, told from its definition."""

from __future__ import annotations

from lms.indicators.rules.kinds import Aggregate, Direction, IndicatorSet

MONEY = ("元", "千元", "万元", "百万元", "亿元")
"""Units whose stocks are scale; a number of customers is not what regulators mean by it."""


def is_point_in_time(
    indicator_set: IndicatorSet,
    aggregate: Aggregate,
    unit: str,
    direction: Direction,
    *,
    declared: bool | None = None,
) -> bool:
    """Whether the last state of a stock of money, the more the better, is what counts.

    A basic amount taken on the last day is; a daily average, a rate, a count, or a stock to be kept small is
    not. What was declared goes first.
    """
    if declared is not None:
        return declared
    stock = indicator_set is IndicatorSet.BASIC and aggregate is Aggregate.LAST
    return stock and unit in MONEY and direction is Direction.MORE
