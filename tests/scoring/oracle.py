"""The same scheme scored a second time, one person after another, in plain Python and exact decimals.

It shares no code with the engine but the document's dataclasses and the nine-decimals rule of its text.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from lms.scoring.document import (
    BoundStage,
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
    scheme: Scheme, line: Indicator, x: Decimal | None, t: Decimal | None, own: dict[str, Decimal]
) -> tuple[str, Decimal | None]:
    """(state, points)."""
    if line.reference.kind is ReferenceKind.CONSTANT:
        assert line.reference.value is not None
        t = dec(line.reference.value)
    policy: Missing | None = None
    raw: Decimal | None = None
    if x is None or (line.position is not PositionKind.VALUE and t is None):
        policy = line.missing
    else:
        u = position(line, x, t)
        if u is not None:
            raw = curve(line, stepped(line, nine(u)))
        elif line.zero_denominator.policy is None:
            assert line.zero_denominator.points is not None
            raw = dec(line.zero_denominator.points)
        else:
            policy = line.zero_denominator.policy
    if policy is not None:
        state = {Missing.PENDING: "missing", Missing.ZERO: "zero", Missing.EXCLUDE: "excluded"}[policy]
        return state, Decimal(0) if policy is Missing.ZERO else None
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
        weights = [dec(line.weight or 0.0) for line, _ in kept]
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


def person(
    scheme: Scheme, facts: dict[str, Decimal], targets: dict[str, Decimal], own: dict[Key, Decimal]
) -> dict[str, Any]:
    lines: dict[str, tuple[str, Decimal | None]] = {}
    sections: dict[str, Decimal | None] = {}
    for section in scheme.sections:
        scored = []
        for line in section.indicators:
            mine = {name: value for (code, name), value in own.items() if code == line.code}
            scored.append(line_score(scheme, line, facts.get(line.measure), targets.get(line.measure), mine))
            lines[line.code] = scored[-1]
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
        value = facts.get(gate.condition.measure)
        if value is None:
            waiting = waiting or gate.missing is GateMissing.PENDING
            holds = gate.missing is GateMissing.APPLY
        else:
            holds = COMPARE[gate.condition.op](nine(value), dec(gate.condition.value))
        if holds:
            applied.append(gate)
    answer: dict[str, Any] = {"before": before, "gates": ",".join(gate.code for gate in applied)}
    if before is None or waiting:
        return answer | {"total": None, "grade": None}
    total, places = before, scheme.places.total
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
        people: dict[str, tuple[dict[str, Decimal], dict[str, Decimal], dict[Key, Decimal]]] = {}
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
        scores = {who: person(scheme, *figures) for who, figures in people.items()}
    totals = sorted((s["total"] for s in scores.values() if s["total"] is not None), reverse=True)
    for score in scores.values():
        score["rank"] = None if score["total"] is None else totals.index(score["total"]) + 1
    return scores
