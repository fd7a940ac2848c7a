"""The same scheme scored a second time, one person after another, in plain Python and exact decimals.

It shares no code with the engine but the document's dataclasses and the nine-decimals rule of its text.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from lms.scoring.document import (
    RESULT_INDICATOR,
    RESULT_SECTION,
    BoundStage,
    Condition,
    Direction,
    Effect,
    GateMissing,
    Group,
    Indicator,
    Missing,
    PositionKind,
    Scheme,
    Section,
    Segment,
    StepMode,
    Weighting,
)
from tests.scoring.oracle_given import Earlier, Person, add_formulas, cut_off, dec, met, nine, reference

Key = tuple[str, str]
People = dict[str, Person]
Past = dict[tuple[str, str, int], tuple[float | None, float | None]]


def half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def clamp(value: Decimal, floor: float | None, cap: float | None) -> Decimal:
    if cap is not None and value > dec(cap):
        return dec(cap)
    if floor is not None and value < dec(floor):
        return dec(floor)
    return value


def standing(line: Indicator, peers: list[Person], mine: Decimal) -> Decimal:
    """Rank or percentile among everybody with the figure, by counting who is better."""
    figures = [peer.facts[line.measure] for peer in peers if line.measure in peer.facts]
    more = line.direction is Direction.MORE
    better = sum((one > mine) if more else (one < mine) for one in figures)
    if line.position is PositionKind.RANK:
        return Decimal(better + 1)
    others = len(figures) - 1
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
    scheme: Scheme, line: Indicator, person: Person, peers: list[Person], elapsed: Decimal
) -> tuple[str, Decimal | None]:
    """(state, points); the points of peer_mean are still to be found."""
    x, t = person.facts.get(line.measure), reference(line, person, peers, elapsed)
    alone = line.position in (PositionKind.VALUE, PositionKind.RANK, PositionKind.PERCENTILE)
    policy: Missing | None = None
    raw: Decimal | None = None
    if x is None or (not alone and t is None):
        policy = line.missing
    else:
        among = line.position in (PositionKind.RANK, PositionKind.PERCENTILE)
        u = standing(line, peers, x) if among else position(line, x, t)
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
            Missing.PREVIOUS: "previous",
        }[policy]
        if policy is Missing.PREVIOUS:
            before = [one.facts.get(RESULT_INDICATOR + line.code) for one in person.history if one.back == 1]
            if not before or before[0] is None:
                return "missing", None
            return state, half_up(nine(before[0]), scheme.places.item)
        worth = {
            Missing.ZERO: Decimal(0),
            Missing.FULL: half_up(clamp(Decimal(100), line.bound.floor, line.bound.cap), scheme.places.item),
        }
        return state, worth.get(policy)
    assert raw is not None
    factor = Decimal(1)
    for item in line.coefficients:
        factor *= person.own.get((line.code, item.name), dec(item.value))
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
    elif section.group is Group.ALL_OF:
        total = Decimal(100 if all(value >= dec(section.needs) for value in points) else 0)
    else:
        total = {Group.SUM: sum, Group.MIN: min, Group.MAX: max}[section.group](points)
    return half_up(clamp(nine(Decimal(total)), section.bound.floor, section.bound.cap), scheme.places.section)


def peers_of(who: str, people: People, grouping: str) -> list[str]:
    mine = people[who].groups.get(grouping, "")
    return [one for one, person in people.items() if person.groups.get(grouping, "") == mine]


def lines_of(
    scheme: Scheme, people: People, elapsed: Decimal
) -> dict[str, dict[str, tuple[str, Decimal | None]]]:
    """Every person's lines; a mean of the peers' points is known only when all have theirs."""
    found: dict[str, dict[str, tuple[str, Decimal | None]]] = {who: {} for who in people}
    for _, line in scheme.indicators():
        peers = {who: peers_of(who, people, line.peers) for who in people}
        for who, one in people.items():
            others = [people[name] for name in peers[who]]
            found[who][line.code] = line_score(scheme, line, one, others, elapsed)
        own = {who: lines[line.code][1] for who, lines in found.items() if lines[line.code][0] == "ok"}
        for who, lines in found.items():
            if lines[line.code][0] == "peer_mean":
                known = [own[name] for name in peers[who] if own.get(name) is not None]
                lines[line.code] = ("missing", None)
                if known:
                    mean = nine(sum((one for one in known if one is not None), Decimal(0)) / len(known))
                    lines[line.code] = ("peer_mean", half_up(mean, scheme.places.item))
    return found


def composed(scheme: Scheme, person: Person, lines: dict[str, tuple[str, Decimal | None]]) -> dict[str, Any]:
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
    now = dict(person.facts)
    now |= {RESULT_SECTION + code: points for code, points in sections.items() if points is not None}
    now |= {RESULT_INDICATOR + code: points for code, (_, points) in lines.items() if points is not None}
    answer = {"lines": lines, "sections": sections, "before": before, "now": now}
    return answer | gated(scheme, now, person, before)


def all_met(
    scheme: Scheme, conditions: tuple[Condition, ...], now: dict[str, Decimal], person: Person
) -> bool | None:
    """One that fails is enough; None while none fails and one is open."""
    each = [met(scheme, one, now, person.history) for one in conditions]
    return False if False in each else None if None in each else True


def gated(scheme: Scheme, now: dict[str, Decimal], person: Person, before: Decimal | None) -> dict[str, Any]:
    applied, waiting = [], False
    for gate in scheme.gates:
        holds = all_met(scheme, gate.conditions, now, person)
        if holds is None:
            waiting = waiting or gate.missing is GateMissing.PENDING
            holds = gate.missing is GateMissing.APPLY
        if holds:
            applied.append(gate)
    answer = {"applied": applied, "gates": ",".join(gate.code for gate in applied), "total": None}
    if before is None or waiting:
        return answer
    total, places = before, scheme.places.total
    factor = Decimal(1)
    for gate in applied:
        factor *= dec(gate.factor or 0.0) if gate.effect is Effect.MULTIPLY else 1
    total = half_up(nine(total * factor), places)
    fixed = [half_up(dec(g.points), places) for g in applied if g.effect is Effect.SET_TOTAL]
    caps = [half_up(dec(g.points), places) for g in applied if g.effect is Effect.CAP_TOTAL]
    total = min([*(fixed or [total])])
    return answer | {"total": min([total, *caps])}


def graded(scheme: Scheme, people: People, scores: dict[str, dict[str, Any]]) -> None:
    """Grades stand on everybody's totals: quotas are of peers. A grade that waits takes the total along."""
    totals = {who: score["total"] for who, score in scores.items() if score["total"] is not None}
    for who, score in scores.items():
        score["grade"] = None
        if who not in totals or not scheme.grades:
            continue
        codes = [band.code for band in scheme.grades]
        caps = [codes.index(g.grade) for g in score["applied"] if g.effect is Effect.CAP_GRADE]
        peers = [totals[name] for name in peers_of(who, people, scheme.grade_peers) if name in totals]
        for band in scheme.grades[max([0, *caps]) :]:
            if band.at_least is not None and totals[who] < dec(band.at_least):
                continue
            if band.top is not None:
                cut = cut_off(peers, band.top, scheme.quota)
                if cut is None or totals[who] < cut:
                    continue
            admitted = all_met(scheme, band.admission, score["now"], people[who])
            if admitted is None and band.missing is GateMissing.PENDING:
                score["total"] = None
            elif admitted is False or (admitted is None and band.missing is GateMissing.APPLY):
                continue
            score["grade"] = band.code
            break
        withheld = any(g.effect is Effect.WITHHOLD for g in score["applied"])
        if withheld or score["total"] is None:
            score["grade"] = None


def remember(people: People, history: Past, year: int) -> None:
    backs = sorted({back for _, _, back in history})
    for person in people.values():
        person.history = [Earlier(back, back <= year) for back in backs]
    for (who, measure, back), (value, target) in history.items():
        one = people[who].history[backs.index(back)]
        if value is not None:
            one.facts[measure] = dec(value)
        if target is not None:
            one.targets[measure] = dec(target)


def oracle(
    scheme: Scheme,
    facts: dict[Key, float],
    targets: dict[Key, float],
    own: dict[tuple[str, str, str], float],
    history: Past | None = None,
    groups: dict[Key, str] | None = None,
    elapsed: float = 1.0,
    year: int = 0,
) -> dict[str, dict[str, Any]]:
    """Every subject's score; keys are (subject, measure) and (subject, indicator, name).

    `history` by (subject, measure, back): value and target; up to `year` periods back are of this year.
    """
    with localcontext() as context:
        context.prec = 60
        people: People = {who: Person() for who in sorted({subject for subject, _ in facts})}
        for (who, measure), value in facts.items():
            people[who].facts[measure] = dec(value)
        for (who, measure), value in targets.items():
            if who in people:
                people[who].targets[measure] = dec(value)
        for (who, indicator, name), value in own.items():
            if who in people:
                people[who].own[indicator, name] = dec(value)
        for (who, grouping), group in (groups or {}).items():
            people[who].groups[grouping] = group
        remember(people, history or {}, year)
        for person in people.values():
            for one in (person, *person.history):
                add_formulas(scheme, one.facts, one.targets)
        lines = lines_of(scheme, people, dec(elapsed))
        scores = {who: composed(scheme, person, lines[who]) for who, person in people.items()}
        graded(scheme, people, scores)
    totals = sorted((s["total"] for s in scores.values() if s["total"] is not None), reverse=True)
    for score in scores.values():
        score["rank"] = None if score["total"] is None else totals.index(score["total"]) + 1
    return scores
