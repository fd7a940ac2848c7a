"""What a scheme of the right shape may still get wrong. Each check yields problems with their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from lms.scoring.clauses import clause_problems
from lms.scoring.condition_checks import condition_problems, gate_problems, grade_problems, known_measure
from lms.scoring.document import (
    Bound,
    Carry,
    Direction,
    Group,
    Indicator,
    Missing,
    PositionKind,
    ReferenceKind,
    Scheme,
    Section,
    Segment,
    Weighting,
)
from lms.scoring.example_checks import example_problems
from lms.scoring.formula_checks import formula_problems
from lms.scoring.problems import N_, Problem

# Weights carry at most four decimals, so that sums of weight × points are exact whatever the order.
WEIGHT_UNITS = 10_000


def problems(
    scheme: Scheme, measures: Collection[str] | None = None, groupings: Collection[str] | None = None
) -> Iterator[Problem]:
    """Everything wrong with the scheme; measures and groupings are those that exist, None to accept any."""
    yield from _doubled("sections", (s.code for s in scheme.sections))
    yield from _doubled("gates", (g.code for g in scheme.gates))
    yield from _doubled("grades", (g.code for g in scheme.grades))
    yield from _doubled("formulas", (one.code for one in scheme.formulas))
    seen: set[str] = set()
    for index, section in enumerate(scheme.sections):
        path = f"sections/{index}"
        yield from _section(section, path)
        for number, line in enumerate(section.indicators):
            place = f"{path}/indicators/{number}"
            if line.code in seen:
                yield Problem(f"{place}/code", N_("编码重复：%(code)s"), {"code": line.code})
            seen.add(line.code)
            yield from indicator_problems(line, place)
            yield from _grouping(line.peers, f"{place}/peers", groupings)
            yield from known_measure(scheme, line.measure, f"{place}/measure", measures)
            if line.reference.measure is not None:
                asked, where = line.reference.measure, f"{place}/reference/measure"
                yield from known_measure(scheme, asked, where, measures)
    yield from _composite(scheme)
    yield from formula_problems(scheme, measures)
    yield from gate_problems(scheme)
    yield from condition_problems(scheme, measures)
    yield from grade_problems(scheme)
    yield from _grouping(scheme.grade_peers, "grade_peers", groupings)
    yield from clause_problems(scheme)
    yield from example_problems(scheme)


def indicator_problems(line: Indicator, path: str) -> Iterator[Problem]:
    """Everything wrong with one indicator's rule by itself."""
    at = f"{path}/" if path else ""
    yield from _bound(line.bound, f"{at}bound")
    yield from _reference(line, at)
    yield from _segments(line.curve.segments, f"{at}curve/segments")
    yield from _sense(line, f"{at}direction")
    yield from _doubled(f"{at}coefficients", (c.name for c in line.coefficients))
    for index, item in enumerate(line.coefficients):
        place = f"{at}coefficients/{index}"
        low = float("-inf") if item.low is None else item.low
        high = float("inf") if item.high is None else item.high
        if low > high:
            yield Problem(place, N_("下限 %(low)s 大于上限 %(high)s"), {"low": low, "high": high})
        elif not low <= item.value <= high:
            yield Problem(
                f"{place}/value",
                N_("系数 %(name)s 为 %(value)s，不在 %(low)s 至 %(high)s 之间"),
                {"name": item.name, "value": item.value, "low": low, "high": high},
            )
        if min(item.value, low if item.low is not None else item.value) < 0:
            yield Problem(place, N_("系数不能是负数"))


def _section(section: Section, path: str) -> Iterator[Problem]:
    yield from _bound(section.bound, f"{path}/bound")
    yield from _moves(section, path)
    if section.needs != 100 and section.group is not Group.ALL_OF:
        yield Problem(f"{path}/needs", N_("只有全部达标的模块才填达标分 needs"))
    if section.group is not Group.WEIGHTED_MEAN:
        return
    yield from _weights([line.weight for line in section.indicators], f"{path}/indicators")


def _moves(section: Section, path: str) -> Iterator[Problem]:
    """Points may move to another indicator of the same section whose own points do not move on."""
    by_code = {line.code: line for line in section.indicators}
    for index, line in enumerate(section.indicators):
        place, to = f"{path}/indicators/{index}/moves_to", line.moves_to
        if Missing.MOVE not in line.policies:
            if to is not None:
                yield Problem(place, N_("只有缺数据时移分的指标才填移往的指标"))
        elif to is None or to == line.code or to not in by_code:
            yield Problem(place, N_("缺数据时移分，要填同一模块中的另一个指标"))
        elif section.group is not Group.WEIGHTED_MEAN:
            yield Problem(place, N_("只有加权平均的模块才能移分"))
        elif Missing.MOVE in by_code[to].policies:
            yield Problem(place, N_("移往的指标 %(code)s 自己也移分，不能再移"), {"code": to})


def _composite(scheme: Scheme) -> Iterator[Problem]:
    business = [section for section in scheme.sections if section.code == "business"]
    if scheme.weighting is Weighting.PERCENT:
        yield from _weights([section.weight for section in scheme.sections], "sections")
        full = any(section.weight == 100 for section in business)
    else:
        full = len(business) == len(scheme.sections)
    if full and not scheme.reason_for_full_business:
        yield Problem("reason_for_full_business", N_("方案只考核业绩（权重 100），必须写明理由才能保存"))


def _weights(weights: list[float | None], path: str) -> Iterator[Problem]:
    known = [weight for weight in weights if weight is not None]
    if len(known) < len(weights):
        yield Problem(path, N_("每一项都要有权重"))
        return
    units = [weight * WEIGHT_UNITS for weight in known]
    for weight, unit in zip(known, units, strict=True):
        if abs(unit - round(unit)) > 1e-6:
            yield Problem(path, N_("权重 %(value)s 的小数超过四位"), {"value": weight})
    if sum(round(unit) for unit in units) != 100 * WEIGHT_UNITS:
        total = sum(round(unit) for unit in units) / WEIGHT_UNITS
        yield Problem(path, N_("权重合计为 %(total)s，应为 100"), {"total": f"{total:g}"})


def _bound(bound: Bound, path: str) -> Iterator[Problem]:
    if bound.floor is not None and bound.cap is not None and bound.floor > bound.cap:
        yield Problem(
            path, N_("下限 %(low)s 大于上限 %(high)s"), {"low": f"{bound.floor:g}", "high": f"{bound.cap:g}"}
        )


def _reference(line: Indicator, at: str) -> Iterator[Problem]:
    kind, value = line.reference.kind, line.reference.value
    needs = line.position is not PositionKind.VALUE and not line.position.among_peers
    ordered = line.position.among_peers or kind in (ReferenceKind.PEER_BEST, ReferenceKind.PEER_WORST)
    if needs and kind is ReferenceKind.NONE:
        yield Problem(
            f"{at}reference", N_("比较方式 %(position)s 需要目标或常数"), {"position": line.position}
        )
    if line.position.among_peers and kind is not ReferenceKind.NONE:
        yield Problem(f"{at}reference", N_("按名次计分不与目标比较，参照应为 none"))
    if ordered and line.direction is Direction.RANGE:
        yield Problem(f"{at}direction", N_("与同组比较时，方向须为越多越好或越少越好"))
    if kind is ReferenceKind.CONSTANT and value is None:
        yield Problem(f"{at}reference/value", N_("常数参照要填数值"))
    if (
        kind is ReferenceKind.CONSTANT
        and value == 0
        and line.position
        in (
            PositionKind.RATIO,
            PositionKind.RELATIVE,
        )
    ):
        yield Problem(f"{at}reference/value", N_("常数参照为 0，不能作除数"))
    if kind is not ReferenceKind.CONSTANT and value is not None:
        yield Problem(f"{at}reference/value", N_("只有常数参照才填数值"))
    yield from _looking_around(line, f"{at}reference")


def _looking_around(line: Indicator, path: str) -> Iterator[Problem]:
    """References to another measure, to an earlier period, and what is carried over."""
    asked = line.reference
    if asked.kind is ReferenceKind.MEASURE and asked.measure is None:
        yield Problem(f"{path}/measure", N_("与另一个计量项比较时，要填它的编码"))
    if asked.kind is not ReferenceKind.MEASURE and asked.measure is not None:
        yield Problem(f"{path}/measure", N_("只有参照为 measure 时才填计量项"))
    if asked.kind is not ReferenceKind.PRIOR and asked.back != 1:
        yield Problem(f"{path}/back", N_("只有与以前比较时才填往前几期"))
    if asked.carry is not Carry.NONE and asked.kind is not ReferenceKind.TARGET:
        yield Problem(f"{path}/carry", N_("只有与目标比较时才能结转差额"))
    if asked.carry is not Carry.NONE and line.direction is Direction.RANGE:
        yield Problem(f"{path}/carry", N_("适度为好的指标没有欠额和超额，不能结转"))
    if asked.within_year and asked.carry is Carry.NONE:
        yield Problem(f"{path}/within_year", N_("只有结转时才填是否只在年内"))


def _segments(segments: tuple[Segment, ...], path: str) -> Iterator[Problem]:
    """The pieces must cover the whole line exactly once, in rising order."""
    for index, piece in enumerate(segments):
        if piece.low is None or piece.high is None:
            continue
        if piece.low > piece.high or (
            piece.low == piece.high and not (piece.low_closed and piece.high_closed)
        ):
            yield Problem(
                f"{path}/{index}",
                N_("分段的起点 %(low)s 不小于终点 %(high)s"),
                {"low": f"{piece.low:g}", "high": f"{piece.high:g}"},
            )
    if segments[0].low is not None:
        yield Problem(f"{path}/0", N_("%(high)s 以下没有分段"), {"high": f"{segments[0].low:g}"})
    last = len(segments) - 1
    if segments[last].high is not None:
        yield Problem(f"{path}/{last}", N_("%(low)s 以上没有分段"), {"low": f"{segments[last].high:g}"})
    for index, (left, right) in enumerate(pairwise(segments), start=1):
        yield from _seam(left, right, f"{path}/{index}")


def _seam(left: Segment, right: Segment, path: str) -> Iterator[Problem]:
    high = float("inf") if left.high is None else left.high
    low = float("-inf") if right.low is None else right.low
    ends = {"low": f"{min(low, high):g}", "high": f"{max(low, high):g}"}
    if high < low:
        yield Problem(path, N_("%(low)s 与 %(high)s 之间没有分段"), ends)
    elif high > low:
        yield Problem(path, N_("%(low)s 与 %(high)s 之间分段重叠"), ends)
    elif left.high_closed and right.low_closed:
        yield Problem(path, N_("%(point)s 同时属于两个分段"), {"point": f"{low:g}"})
    elif not left.high_closed and not right.low_closed:
        yield Problem(path, N_("%(point)s 不属于任何分段"), {"point": f"{low:g}"})


def _sense(line: Indicator, path: str) -> Iterator[Problem]:
    """More of the good may never lower the points: the curve must run the way the direction says."""
    if line.direction is Direction.RANGE:
        return
    rising = (line.direction is Direction.MORE) != (line.position is PositionKind.INVERSE)
    if line.position.among_peers:  # the better has the higher percentile and the lower rank, whatever is good
        rising = line.position is PositionKind.PERCENTILE
    if not _runs(line.curve.segments, 1.0 if rising else -1.0):
        message = (
            N_("方向为越多越好，但得分随完成情况变好而下降")
            if line.direction is Direction.MORE
            else N_("方向为越少越好，但得分随完成情况变好而下降")
        )
        yield Problem(path, message)


def _runs(segments: tuple[Segment, ...], sign: float) -> bool:
    if any(piece.slope * sign < 0 for piece in segments):
        return False
    ends = [
        (
            left.points + left.slope * (left.high - left.at),
            right.points + right.slope * (right.low - right.at),
        )
        for left, right in pairwise(segments)
        if left.high is not None and right.low is not None
    ]
    return all((after - before) * sign >= -1e-9 for before, after in ends)


def _grouping(name: str, path: str, groupings: Collection[str] | None) -> Iterator[Problem]:
    if name and groupings is not None and name not in groupings:
        shown = {"name": name, "allowed": ", ".join(groupings)}
        yield Problem(path, N_("没有分组 %(name)s，可以是：%(allowed)s"), shown)


def _doubled(path: str, codes: Iterable[str]) -> Iterator[Problem]:
    for code, count in Counter(codes).items():
        if count > 1:
            yield Problem(path, N_("编码重复：%(code)s"), {"code": code})
