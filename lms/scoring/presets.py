"""The short forms that people fill in, each giving the one shape that the engine knows (JSON objects).

Every function returns the rule part of an indicator: position, direction, reference, curve, bound, ready to
be merged with code, names, unit, weight and measure. `describe` says any rule in plain words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from lms.scoring.document import (
    Carry,
    Curve,
    Direction,
    Indicator,
    Missing,
    PositionKind,
    ReferenceKind,
    Segment,
    StepMode,
)

Rule = dict[str, Any]


def completion_ratio(
    *, full: float = 100.0, floor: float | None = 0.0, cap: float | None = 120.0, less_is_better: bool = False
) -> Rule:
    """完成率: `full` points at 100 % of the target, in proportion; target ÷ actual where less is better."""
    return {
        "reference": {"kind": "target"},
        "position": "inverse" if less_is_better else "ratio",
        "direction": "less" if less_is_better else "more",
        "curve": {"segments": [_line(None, None, at=1.0, points=full, slope=full)], "step": None},
        "bound": {"floor": floor, "cap": cap},
    }


def difference_per_step(
    *,
    unit: float,
    points: float,
    base: float = 100.0,
    mode: StepMode = StepMode.PRO_RATA,
    floor: float | None = 0.0,
    cap: float | None = 120.0,
    less_is_better: bool = False,
) -> Rule:
    """差值: `base` points on target, `points` more or fewer for each `unit` by which the actual differs.

    `mode` says how a broken unit counts. unit and points are positive.
    """
    slope = points / unit * (-1.0 if less_is_better else 1.0)
    return {
        "reference": {"kind": "target"},
        "position": "difference",
        "direction": "less" if less_is_better else "more",
        "curve": {
            "segments": [_line(None, None, at=0.0, points=base, slope=slope)],
            "step": {"unit": unit, "mode": mode.value, "origin": 0},
        },
        "bound": {"floor": floor, "cap": cap},
    }


def bands(
    thresholds: Sequence[tuple[float, float]],
    *,
    below: float,
    position: PositionKind = PositionKind.VALUE,
    reference: Rule | None = None,
    direction: Direction = Direction.MORE,
) -> Rule:
    """分档: (from, points) pairs in rising order, bands closed below; `below`: the points under all."""
    edges = [None, *(start for start, _ in thresholds), None]
    points = [below, *(worth for _, worth in thresholds)]
    segments = [
        _line(edges[index], edges[index + 1], at=0.0, points=worth, slope=0.0)
        for index, worth in enumerate(points)
    ]
    kind = "none" if position is PositionKind.VALUE else "target"
    return {
        "reference": reference or {"kind": kind},
        "position": position.value,
        "direction": direction.value,
        "curve": {"segments": segments, "step": None},
        "bound": {"floor": None, "cap": None},
    }


def by_rank(places: Sequence[tuple[int, float]], *, others: float, less_is_better: bool = False) -> Rule:
    """名次: (up to which place, points) pairs in rising order; `others`: the points of all behind them.

    `less_is_better` is about the figure that is ranked; the first place is the best one either way.
    """
    edges = [None, *(place + 0.5 for place, _ in places), None]
    points = [*(worth for _, worth in places), others]
    return _among(PositionKind.RANK, edges, points, less_is_better=less_is_better)


def by_percentile(
    shares: Sequence[tuple[float, float]], *, below: float, less_is_better: bool = False
) -> Rule:
    """百分位: (share of the others left behind in %, points) pairs in rising order; `below`: under all."""
    edges = [None, *(share for share, _ in shares), None]
    points = [below, *(worth for _, worth in shares)]
    return _among(PositionKind.PERCENTILE, edges, points, less_is_better=less_is_better)


def _among(
    position: PositionKind, edges: Sequence[float | None], points: Sequence[float], *, less_is_better: bool
) -> Rule:
    segments = [
        _line(low, high, at=0.0, points=worth, slope=0.0)
        for low, high, worth in zip(edges, edges[1:], points, strict=False)
    ]
    return {
        "reference": {"kind": "none"},
        "position": position.value,
        "direction": "less" if less_is_better else "more",
        "curve": {"segments": segments, "step": None},
        "bound": {"floor": None, "cap": None},
    }


def interpolation(
    standards: Sequence[tuple[float, float]],
    *,
    below: float | None = None,
    position: PositionKind = PositionKind.VALUE,
    direction: Direction = Direction.MORE,
) -> Rule:
    """插值: (at, points) pairs in rising order, a straight line from each to the next.

    Beyond the last its points hold; under the first its own, or `below` where that is given.
    """
    first, last = standards[0], standards[-1]
    segments = [_line(None, first[0], at=0.0, points=first[1] if below is None else below, slope=0.0)]
    for (at, points), (end, worth) in pairwise(standards):
        # Standards that do not rise are named when the segments are checked.
        slope = (worth - points) / (end - at) if end != at else 0.0
        segments.append(_line(at, end, at=at, points=points, slope=slope))
    segments.append(_line(last[0], None, at=0.0, points=last[1], slope=0.0))
    return {
        "reference": {"kind": "none" if position is PositionKind.VALUE else "target"},
        "position": position.value,
        "direction": direction.value,
        "curve": {"segments": segments, "step": None},
        "bound": {"floor": None, "cap": None},
    }


def value_as_points(
    *,
    factor: float = 1.0,
    base: float | None = None,
    unit: float | None = None,
    mode: StepMode = StepMode.PRO_RATA,
    floor: float | None = 0.0,
    cap: float | None = 100.0,
    less_is_better: bool = False,
) -> Rule:
    """按值计分: the actual times `factor` is the points (a percent: 1; a rating of 1–5: 20).

    They are added to `base` (0), or taken from it (100) where less is better. With `unit` the actual counts
    in units of it, and `mode` says how a broken one does.
    """
    start = (100.0 if less_is_better else 0.0) if base is None else base
    return {
        "reference": {"kind": "none"},
        "position": "value",
        "direction": "less" if less_is_better else "more",
        "curve": {
            "segments": [
                _line(None, None, at=0.0, points=start, slope=-factor if less_is_better else factor)
            ],
            "step": None if unit is None else {"unit": unit, "mode": mode.value, "origin": 0},
        },
        "bound": {"floor": floor, "cap": cap},
    }


def describe(indicator: Indicator, lang: str = "zh", names: Mapping[str, str] = MappingProxyType({})) -> str:
    """The rule in plain words, `lang` "zh" or "en": what is compared, how points arise, limits, gaps.

    `names` of measures and groupings by their codes; without one the code stands for itself.
    """
    words = _EN if lang == "en" else _ZH
    parts = [
        words["position"][indicator.position].format(reference=_reference(indicator, words, names)),
        *_curve(indicator.curve, words),
    ]
    low, high = indicator.bound.floor, indicator.bound.cap
    if low is not None:
        parts.append(words["floor"].format(value=_n(low)))
    if high is not None:
        parts.append(words["cap"].format(value=_n(high)))
    for item in indicator.coefficients:
        parts.append(words["coefficient"].format(name=item.name, source=item.source))
    if indicator.peers:
        parts.append(words["peers"].format(name=names.get(indicator.peers, indicator.peers)))
    parts.append(words["direction"][indicator.direction])
    parts.append(words["missing"][indicator.missing].format(to=indicator.moves_to))
    zero = indicator.zero_denominator
    if indicator.position in (PositionKind.RATIO, PositionKind.INVERSE, PositionKind.RELATIVE):
        gives = (
            words["points"].format(points=_n(zero.points or 0.0))
            if zero.policy is None
            else words["policy"][zero.policy].format(to=indicator.moves_to)
        )
        parts.append(words["zero"].format(gives=gives))
    return str(words["join"]).join(parts) + str(words["end"])


def _line(low: float | None, high: float | None, *, at: float, points: float, slope: float) -> Rule:
    return {
        "low": low,
        "high": high,
        "points": points,
        "slope": slope,
        "at": at,
        "low_closed": True,
        "high_closed": False,
    }


def _curve(curve: Curve, words: dict[str, Any]) -> list[str]:
    step = curve.step
    parts = []
    if step:
        parts.append(words["step"].format(unit=_n(step.unit), mode=words["mode"][step.mode]))
        if step.origin:
            parts.append(words["origin"].format(value=_n(step.origin)))
    parts += [_segment(piece, words) for piece in curve.segments]
    return parts


def _segment(piece: Segment, words: dict[str, Any]) -> str:
    where = _range(piece, words)
    if piece.slope == 0:
        return str(words["constant"].format(where=where, points=_n(piece.points)))
    return str(
        words["rise" if piece.slope > 0 else "fall"].format(
            where=where, at=_n(piece.at), points=_n(piece.points), slope=_n(abs(piece.slope))
        )
    )


def _range(piece: Segment, words: dict[str, Any]) -> str:
    low = None if piece.low is None else f"{'≥' if piece.low_closed else '>'} {_n(piece.low)}"
    high = None if piece.high is None else f"{'≤' if piece.high_closed else '<'} {_n(piece.high)}"
    ends = [end for end in (low, high) if end]
    return str(words["where"].format(ends=words["and"].join(ends))) if ends else ""


def _reference(indicator: Indicator, words: dict[str, Any], names: Mapping[str, str]) -> str:
    asked = indicator.reference
    if asked.kind is ReferenceKind.CONSTANT:
        return f"{_n(asked.value or 0.0)}{indicator.unit}"
    if asked.carry is not Carry.NONE:
        year = words["within_year"] if asked.within_year else ""
        return str(words["carry"][asked.carry].format(year=year))
    said = words["reference"].get(asked.kind, words["target"])
    measure = names.get(asked.measure or "", asked.measure)
    return str(said.format(back=asked.back, measure=measure))


def _n(value: float) -> str:
    return f"{value:.10g}"


_ZH: dict[str, Any] = {
    "join": "；",
    "end": "。",
    "and": " 且 ",
    "where": "在 {ends} 处",
    "target": "目标值",
    "reference": {
        ReferenceKind.PEER_MEAN: "同组平均值",
        ReferenceKind.PEER_BEST: "同组最好值",
        ReferenceKind.PEER_WORST: "同组最差值",
        ReferenceKind.PRIOR: "往前第 {back} 期的实际值",
        ReferenceKind.TIME_ELAPSED: "按时间进度的目标值",
        ReferenceKind.MEASURE: "{measure}",
    },
    "carry": {
        Carry.SHORTFALL: "目标值（加上{year}以前各期的欠额）",
        Carry.SURPLUS: "目标值（减去{year}以前各期的超额）",
        Carry.BOTH: "目标值（结转{year}以前各期的差额）",
    },
    "within_year": "年内",
    "peers": "只与{name}的人比",
    "position": {
        PositionKind.VALUE: "按实际值计分",
        PositionKind.RATIO: "比率法：实际值 ÷ {reference}",
        PositionKind.INVERSE: "比率法（反向）：{reference} ÷ 实际值",
        PositionKind.DIFFERENCE: "差值法：实际值 − {reference}",
        PositionKind.RELATIVE: "增幅：（实际值 − {reference}）÷ {reference}的绝对值",
        PositionKind.RANK: "按名次计分（第 1 名最好，并列取较好名次）",
        PositionKind.PERCENTILE: "按百分位计分（胜过同组其他人的百分比）",
    },
    "constant": "{where}得 {points} 分",
    "rise": "{where}以 {at} 得 {points} 分为基准，每增加 1 加 {slope} 分",
    "fall": "{where}以 {at} 得 {points} 分为基准，每增加 1 减 {slope} 分",
    "step": "每 {unit} 为一档，{mode}",
    "origin": "从 {value} 起算",
    "mode": {
        StepMode.PRO_RATA: "不足一档按比例计",
        StepMode.WHOLE: "不足一档不计",
        StepMode.STARTED: "不足一档按一档计",
        StepMode.HALF_UP: "不足一档满半档按一档计",
    },
    "floor": "最低 {value} 分",
    "cap": "最高 {value} 分",
    "coefficient": "乘以系数 {name}（来源：{source}）",
    "direction": {
        Direction.MORE: "越多越好",
        Direction.LESS: "越少越好",
        Direction.RANGE: "适度为好",
    },
    "missing": {
        Missing.PENDING: "缺数据时总分显示为不完整",
        Missing.ZERO: "缺数据时得 0 分",
        Missing.FULL: "缺数据时按满分（100 分，受上下限约束）计",
        Missing.PEER_MEAN: "缺数据时按同组其他人的平均得分计",
        Missing.PREVIOUS: "缺数据时按上一期的得分计",
        Missing.EXCLUDE: "缺数据时不计，其权重按比例分给同一模块的其他指标",
        Missing.MOVE: "缺数据时不计，其权重移给指标 {to}",
    },
    "policy": {
        Missing.PENDING: "总分显示为不完整",
        Missing.ZERO: "得 0 分",
        Missing.FULL: "按满分计",
        Missing.PEER_MEAN: "按同组其他人的平均得分计",
        Missing.PREVIOUS: "按上一期的得分计",
        Missing.EXCLUDE: "不计，权重分给同一模块的其他指标",
        Missing.MOVE: "不计，权重移给指标 {to}",
    },
    "points": "得 {points} 分",
    "zero": "除数为零时{gives}",
}

_EN: dict[str, Any] = {
    "join": "; ",
    "end": ".",
    "and": " and ",
    "where": "where {ends}: ",
    "target": "target",
    "reference": {
        ReferenceKind.PEER_MEAN: "mean of the peers",
        ReferenceKind.PEER_BEST: "best of the peers",
        ReferenceKind.PEER_WORST: "worst of the peers",
        ReferenceKind.PRIOR: "actual {back} period(s) before",
        ReferenceKind.TIME_ELAPSED: "target for the time elapsed",
        ReferenceKind.MEASURE: "{measure}",
    },
    "carry": {
        Carry.SHORTFALL: "target plus what earlier periods{year} fell short",
        Carry.SURPLUS: "target less what earlier periods{year} exceeded",
        Carry.BOTH: "target with the difference of earlier periods{year}",
    },
    "within_year": " of the year",
    "peers": "compared with people of the {name} only",
    "position": {
        PositionKind.VALUE: "Scored on the actual value",
        PositionKind.RATIO: "Ratio: actual ÷ {reference}",
        PositionKind.INVERSE: "Inverse ratio: {reference} ÷ actual",
        PositionKind.DIFFERENCE: "Difference: actual − {reference}",
        PositionKind.RELATIVE: "Relative change: (actual − {reference}) ÷ absolute {reference}",
        PositionKind.RANK: "Scored on the rank (1 is best, equal figures share the better rank)",
        PositionKind.PERCENTILE: "Scored on the percentile (how many per cent of the others are left behind)",
    },
    "constant": "{where}{points} points",
    "rise": "{where}{points} points at {at}, plus {slope} for each 1 more",
    "fall": "{where}{points} points at {at}, minus {slope} for each 1 more",
    "step": "counted in steps of {unit}, {mode}",
    "origin": "from {value}",
    "mode": {
        StepMode.PRO_RATA: "a broken step in proportion",
        StepMode.WHOLE: "whole steps only",
        StepMode.STARTED: "a started step counts as one",
        StepMode.HALF_UP: "half a step or more counts as one",
    },
    "floor": "at least {value} points",
    "cap": "at most {value} points",
    "coefficient": "times coefficient {name} (source: {source})",
    "direction": {
        Direction.MORE: "more is better",
        Direction.LESS: "less is better",
        Direction.RANGE: "a middle range is best",
    },
    "missing": {
        Missing.PENDING: "without data the total is shown as incomplete",
        Missing.ZERO: "without data 0 points",
        Missing.FULL: "without data full points (100, within the limits)",
        Missing.PEER_MEAN: "without data the mean points of the others",
        Missing.PREVIOUS: "without data the points of the period before",
        Missing.MOVE: "without data left out, its weight going to indicator {to}",
        Missing.EXCLUDE: "without data left out, its weight going to the others of its section in proportion",
    },
    "policy": {
        Missing.PENDING: "the total is shown as incomplete",
        Missing.ZERO: "0 points",
        Missing.FULL: "full points",
        Missing.PEER_MEAN: "the mean points of the others",
        Missing.PREVIOUS: "the points of the period before",
        Missing.MOVE: "left out, its weight going to indicator {to}",
        Missing.EXCLUDE: "left out, its weight going to the others of its section",
    },
    "points": "{points} points",
    "zero": "a zero divisor: {gives}",
}
