"""The same scheme scored a second time, one person after another, in plain Python and exact decimals.

It shares no code with the engine but the document's dataclasses and the nine-decimals rule of its text.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from lms.scoring.document import (
    BoundStage,
    Direction,
    Effect,
    GateMissing,
    Group,
    Indicator,
    Missing,
    Op,
    PositionKind,
    ReferenceKind,
    Scheme,
    Section,
    Segment,
    StepMode,
    Weighting,
)

Key = tuple[str, str]
People = dict[str, tuple[dict[str, Decimal], dict[str, Decimal], dict[Key, Decimal]]]


def dec(value: float) -> Decimal:
    return Decimal(repr(value))


def half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def nine(value: Decimal) -> Decimal:
    return half_up(value, 9)


def clamp(value: Decimal, floor: float | None, cap: float | None) -> Decimal:
    if cap is not None and value > dec(cap):
        return dec(cap)
    if floor is not None and value < dec(floor):
        return dec(floor)
    return value


Figures = dict[str, dict[str, Decimal]]


def reference(line: Indicator, x: Figures, own: Decimal | None) -> Decimal | None:
    """What a person is compared with; `own`: the target, `x`: everybody's actuals by person and measure."""
    if line.reference.kind is ReferenceKind.TARGET:
        return own
    if line.reference.kind is ReferenceKind.CONSTANT:
        assert line.reference.value is not None
        return dec(line.reference.value)
    peers = [theirs[line.measure] for theirs in x.values() if line.measure in theirs]
    if line.reference.kind is ReferenceKind.NONE or not peers:
        return None
    best, worst = (max, min) if line.direction is Direction.MORE else (min, max)
    return {
        ReferenceKind.PEER_MEAN: sum(peers, Decimal(0)) / len(peers),
        ReferenceKind.PEER_BEST: best(peers),
        ReferenceKind.PEER_WORST: worst(peers),
    }[line.reference.kind]


def standing(line: Indicator, x: Figures, mine: Decimal) -> Decimal:
    """Rank or percentile among everybody with the figure, by counting who is better."""
    peers = [theirs[line.measure] for theirs in x.values() if line.measure in theirs]
    more = line.direction is Direction.MORE
    better = sum((one > mine) if more else (one < mine) for one in peers)
    if line.position is PositionKind.RANK:
        return Decimal(better + 1)
    others = len(peers) - 1
    return 100 * Decimal(others - better) / others if others else Decimal(100)


def position(line: Indicator, x: Decimal, t: Decimal | None) -> Decimal | None:
    """None for a zero denominator."""
    if line.position is PositionKind.VALUE:
        return x
    assert t is not None
    if line.position is PositionKind.DIFFERENCE:
        return x - t
    top, bottom = {
        PositionKind.RATIO: (x, t),
        PositionKind.INVERSE: (t, x),
        PositionKind.RELATIVE: (x - t, abs(t)),
    }[line.position]
    return None if abs(bottom) < Decimal("1e-9") else top / bottom


def stepped(line: Indicator, u: Decimal) -> Decimal:
    step = line.curve.step
    if step is None:
        return u
    steps = nine((u - dec(step.origin)) / dec(step.unit))
    rounding = {
        StepMode.WHOLE: ROUND_FLOOR,
        StepMode.STARTED: ROUND_CEILING,
        StepMode.HALF_UP: ROUND_HALF_UP,
    }.get(step.mode)
    size = abs(steps) if rounding is None else abs(steps).quantize(Decimal(1), rounding=rounding)
    return nine(dec(step.origin) + size.copy_sign(steps) * dec(step.unit))


def inside(piece: Segment, u: Decimal) -> bool:
    above = piece.low is None or u > dec(piece.low) or (piece.low_closed and u == dec(piece.low))
    below = piece.high is None or u < dec(piece.high) or (piece.high_closed and u == dec(piece.high))
    return above and below


def curve(line: Indicator, u: Decimal) -> Decimal:
    (piece,) = [piece for piece in line.curve.segments if inside(piece, u)]
    points = dec(piece.points) + dec(piece.slope) * (u - dec(piece.at))
    return nine(max(Decimal(-1_000_000), min(Decimal(1_000_000), points)))


def line_score(
    scheme: Scheme,
    line: Indicator,
    x: Decimal | None,
    everybody: Figures,
    t: Decimal | None,
    own: dict[str, Decimal],
) -> tuple[str, Decimal | None]:
    """(state, points); the points of peer_mean are still to be found."""
    t = reference(line, everybody, t)
    alone = line.position in (PositionKind.VALUE, PositionKind.RANK, PositionKind.PERCENTILE)
    policy: Missing | None = None
    raw: Decimal | None = None
    if x is None or (not alone and t is None):
        policy = line.missing
    else:
        among = line.position in (PositionKind.RANK, PositionKind.PERCENTILE)
        u = standing(line, everybody, x) if among else position(line, x, t)
        if u is not None:
            raw = curve(line, stepped(line, nine(u)))
        elif line.zero_denominator.policy is None:
            assert line.zero_denominator.points is not None
            raw = dec(line.zero_denominator.points)
        else:
            policy = line.zero_denominator.policy
    if policy is not None:
        state = {
            Missing.PENDING: "missing",
            Missing.ZERO: "zero",
            Missing.EXCLUDE: "excluded",
            Missing.MOVE: "moved",
            Missing.FULL: "full",
            Missing.PEER_MEAN: "peer_mean",
        }[policy]
        worth = {
            Missing.ZERO: Decimal(0),
            Missing.FULL: half_up(clamp(Decimal(100), line.bound.floor, line.bound.cap), scheme.places.item),
        }
        return state, worth.get(policy)
    assert raw is not None
    factor = Decimal(1)
    for item in line.coefficients:
        factor *= own.get(item.name, dec(item.value))
    floor, cap = line.bound.floor, line.bound.cap
    if scheme.bound_stage is BoundStage.BEFORE:
        points = nine(clamp(raw, floor, cap) * factor)
    else:
        points = clamp(nine(raw * factor), floor, cap)
    return "ok", half_up(points, scheme.places.item)


def section_score(
    scheme: Scheme, section: Section, scored: list[tuple[str, Decimal | None]]
) -> Decimal | None:
    if any(state == "missing" for state, _ in scored):
        return None
    kept = [
        (line, points)
        for line, (_, points) in zip(section.indicators, scored, strict=True)
        if points is not None
    ]
    if not kept:
        return None
    points = [value for _, value in kept]
    if section.group is Group.WEIGHTED_MEAN:
        moved: dict[str, Decimal] = {}
        for line, (state, _) in zip(section.indicators, scored, strict=True):
            if state == "moved":
                assert line.moves_to is not None
                moved[line.moves_to] = moved.get(line.moves_to, Decimal(0)) + dec(line.weight or 0.0)
        weights = [dec(line.weight or 0.0) + moved.get(line.code, Decimal(0)) for line, _ in kept]
        if sum(weights) == 0:
            return None
        total = sum(w * p for w, p in zip(weights, points, strict=True)) / sum(weights)
    else:
        total = {Group.SUM: sum, Group.MIN: min, Group.MAX: max}[section.group](points)
    return half_up(clamp(nine(Decimal(total)), section.bound.floor, section.bound.cap), scheme.places.section)


COMPARE = {
    Op.GT: lambda a, b: a > b,
    Op.GE: lambda a, b: a >= b,
    Op.LT: lambda a, b: a < b,
    Op.LE: lambda a, b: a <= b,
    Op.EQ: lambda a, b: a == b,
    Op.NE: lambda a, b: a != b,
}


def lines_of(scheme: Scheme, people: People) -> dict[str, dict[str, tuple[str, Decimal | None]]]:
    """Every person's lines; a mean of the others' points is known only when all have theirs."""
    figures = {who: facts for who, (facts, _, _) in people.items()}
    found: dict[str, dict[str, tuple[str, Decimal | None]]] = {who: {} for who in people}
    for _, line in scheme.indicators():
        for who, (facts, targets, own) in people.items():
            mine = {name: value for (code, name), value in own.items() if code == line.code}
            x, t = facts.get(line.measure), targets.get(line.measure)
            found[who][line.code] = line_score(scheme, line, x, figures, t, mine)
        scored = [worth for state, worth in (one[line.code] for one in found.values()) if state == "ok"]
        known = [worth for worth in scored if worth is not None]
        for one in found.values():
            if one[line.code][0] == "peer_mean":
                one[line.code] = ("missing", None)
                if known:
                    mean = nine(sum(known, Decimal(0)) / len(known))
                    one[line.code] = ("peer_mean", half_up(mean, scheme.places.item))
    return found


def person(
    scheme: Scheme, facts: dict[str, Decimal], lines: dict[str, tuple[str, Decimal | None]]
) -> dict[str, Any]:
    sections: dict[str, Decimal | None] = {}
    for section in scheme.sections:
        scored = [lines[line.code] for line in section.indicators]
        sections[section.code] = section_score(scheme, section, scored)
    before = None
    if all(points is not None for points in sections.values()):
        total = Decimal(0)
        for section in scheme.sections:
            weight = dec(section.weight or 0.0) if scheme.weighting is Weighting.PERCENT else Decimal(100)
            total += (sections[section.code] or Decimal(0)) * weight / 100
        before = half_up(nine(total), scheme.places.total)
    return {"lines": lines, "sections": sections} | gated(scheme, facts, before)


def gated(scheme: Scheme, facts: dict[str, Decimal], before: Decimal | None) -> dict[str, Any]:
    applied, waiting = [], False
    for gate in scheme.gates:
        values = [(one, facts.get(one.measure)) for one in gate.conditions]
        known = [COMPARE[one.op](nine(value), dec(one.value)) for one, value in values if value is not None]
        if all(known) and len(known) < len(values):
            waiting = waiting or gate.missing is GateMissing.PENDING
            holds = gate.missing is GateMissing.APPLY
        else:
            holds = all(known)
        if holds:
            applied.append(gate)
    answer: dict[str, Any] = {"before": before, "gates": ",".join(gate.code for gate in applied)}
    if before is None or waiting:
        return answer | {"total": None, "grade": None}
    total, places = before, scheme.places.total
    factor = Decimal(1)
    for gate in applied:
        factor *= dec(gate.factor or 0.0) if gate.effect is Effect.MULTIPLY else 1
    total = half_up(nine(total * factor), places)
    fixed = [half_up(dec(g.points), places) for g in applied if g.effect is Effect.SET_TOTAL]
    caps = [half_up(dec(g.points), places) for g in applied if g.effect is Effect.CAP_TOTAL]
    total = min([*(fixed or [total])])
    total = min([total, *caps])
    grade = None
    if scheme.grades and not any(g.effect is Effect.WITHHOLD for g in applied):
        codes = [band.code for band in scheme.grades]
        earned = next(
            i for i, b in enumerate(scheme.grades) if b.at_least is None or total >= dec(b.at_least)
        )
        caps_at = [codes.index(g.grade) for g in applied if g.effect is Effect.CAP_GRADE]
        grade = codes[max([earned, *caps_at])]
    return answer | {"total": total, "grade": grade}


def oracle(
    scheme: Scheme,
    facts: dict[Key, float],
    targets: dict[Key, float],
    own: dict[tuple[str, str, str], float],
) -> dict[str, dict[str, Any]]:
    """Every subject's score; keys are (subject, measure) and (subject, indicator, name)."""
    with localcontext() as context:
        context.prec = 60
        people: People = {}
        for who in sorted({subject for subject, _ in facts}):
            people[who] = ({}, {}, {})
        for (who, measure), value in facts.items():
            people[who][0][measure] = dec(value)
        for (who, measure), value in targets.items():
            if who in people:
                people[who][1][measure] = dec(value)
        for (who, indicator, name), value in own.items():
            if who in people:
                people[who][2][indicator, name] = dec(value)
        lines = lines_of(scheme, people)
        scores = {who: person(scheme, facts, lines[who]) for who, (facts, _, _) in people.items()}
    totals = sorted((s["total"] for s in scores.values() if s["total"] is not None), reverse=True)
    for score in scores.values():
        score["rank"] = None if score["total"] is None else totals.index(score["total"]) + 1
    return scores
