"""The oracle's second half: formulas, references, conditions and cut-offs, person by person in decimals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from lms.scoring.document import (
    Carry,
    Condition,
    Direction,
    Indicator,
    Node,
    Op,
    Operation,
    Quota,
    ReferenceKind,
    Scheme,
    Take,
)

COMPARE: dict[Op, Callable[[Decimal, Decimal], bool]] = {
    Op.GT: lambda a, b: a > b,
    Op.GE: lambda a, b: a >= b,
    Op.LT: lambda a, b: a < b,
    Op.LE: lambda a, b: a <= b,
    Op.EQ: lambda a, b: a == b,
    Op.NE: lambda a, b: a != b,
}
Figures = dict[str, Decimal]


def dec(value: float) -> Decimal:
    return Decimal(repr(value))


def nine(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1e-9"), rounding=ROUND_HALF_UP)


@dataclass
class Earlier:
    """An earlier period of a person."""

    back: int
    same_year: bool
    facts: Figures = field(default_factory=dict)
    targets: Figures = field(default_factory=dict)


@dataclass
class Person:
    """Everything known of a person; `history` from the latest period to the oldest."""

    facts: Figures = field(default_factory=dict)
    targets: Figures = field(default_factory=dict)
    own: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    history: list[Earlier] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)


def evaluate(node: Node, facts: Figures, targets: Figures) -> Decimal | None:
    if node.op is Operation.NUMBER:
        return dec(node.value or 0.0)
    if node.op.leaf:
        found = (facts if node.op is Operation.MEASURE else targets).get(node.code)
        return dec(node.missing) if found is None and node.missing is not None else found
    parts = [evaluate(part, facts, targets) for part in node.parts]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    first, *rest = known
    for other in rest:
        if node.op is Operation.QUOTIENT and abs(other) < Decimal("1e-9"):
            return None
        first = {
            Operation.SUM: lambda a, b: a + b,
            Operation.DIFFERENCE: lambda a, b: a - b,
            Operation.PRODUCT: lambda a, b: a * b,
            Operation.QUOTIENT: lambda a, b: a / b,
            Operation.MIN: min,
            Operation.MAX: max,
        }[node.op](first, other)
    return first


def add_formulas(scheme: Scheme, facts: Figures, targets: Figures) -> None:
    """Formulas may ask for each other in any order: go round until nothing new comes."""
    left = {one.code: one.tree for one in scheme.formulas}
    for code in left:
        facts.pop(code, None)
    for _ in scheme.formulas:
        for code, tree in list(left.items()):
            if any(leaf.op is Operation.MEASURE and leaf.code in left for leaf in tree.leaves()):
                continue
            value = evaluate(tree, facts, targets)
            if value is not None:
                facts[code] = nine(value)
            del left[code]


def reference(line: Indicator, person: Person, peers: list[Person], elapsed: Decimal) -> Decimal | None:
    asked, own = line.reference, person.targets.get(line.measure)
    match asked.kind:
        case ReferenceKind.NONE:
            return None
        case ReferenceKind.CONSTANT:
            return dec(asked.value or 0.0)
        case ReferenceKind.TARGET:
            return None if own is None else own + carried(line, person.history)
        case ReferenceKind.TIME_ELAPSED:
            return None if own is None else nine(own * elapsed)
        case ReferenceKind.MEASURE:
            return person.facts.get(asked.measure or "")
        case ReferenceKind.PRIOR:
            before = [one.facts.get(line.measure) for one in person.history if one.back == asked.back]
            return before[0] if before else None
    figures = [peer.facts[line.measure] for peer in peers if line.measure in peer.facts]
    if not figures:
        return None
    best, worst = (max, min) if line.direction is Direction.MORE else (min, max)
    if asked.kind is ReferenceKind.PEER_MEAN:
        return sum(figures, Decimal(0)) / len(figures)
    return best(figures) if asked.kind is ReferenceKind.PEER_BEST else worst(figures)


def carried(line: Indicator, history: list[Earlier]) -> Decimal:
    """What is still open, told as how far the person is behind; ahead is negative."""
    behind, sign = Decimal(0), 1 if line.direction is Direction.MORE else -1
    for one in reversed(history):
        if line.reference.within_year and not one.same_year:
            continue
        if line.measure in one.facts and line.measure in one.targets:
            behind += sign * (one.targets[line.measure] - one.facts[line.measure])
        if line.reference.carry is Carry.SHORTFALL:
            behind = max(behind, Decimal(0))
        if line.reference.carry is Carry.SURPLUS:
            behind = min(behind, Decimal(0))
    return Decimal(0) if line.reference.carry is Carry.NONE else sign * behind


def met(scheme: Scheme, condition: Condition, now: Figures, history: list[Earlier]) -> bool | None:
    """Whether a condition holds; None while that is open."""
    value = condition.value
    worth = [band.code for band in reversed(scheme.grades)]
    limit = Decimal(worth.index(value) + 1) if isinstance(value, str) else dec(value)
    here = now.get(condition.measure)
    if condition.periods is None and not condition.of_the_past:
        return None if here is None else COMPARE[condition.op](nine(here), limit)
    count = condition.periods or 1
    window = [
        one.facts[condition.measure]
        for one in history
        if one.back <= (count if condition.of_the_past else count - 1)
        and (one.same_year or not condition.within_year)
        and condition.measure in one.facts
    ]
    if condition.take is not Take.TIMES:
        if not condition.of_the_past:
            if here is None:
                return None
            window.append(here)
        if not window and condition.take is Take.MEAN:
            return None
        taken = nine(sum(window, Decimal(0)))
        if condition.take is Take.MEAN:
            taken = nine(taken / len(window))
        return COMPARE[condition.op](taken, limit)
    needed = condition.times or count
    hits = sum(COMPARE[condition.op](nine(one), limit) for one in window)
    if condition.of_the_past:
        return hits >= needed
    if here is not None:
        return hits + COMPARE[condition.op](nine(here), limit) >= needed
    return None if hits == needed - 1 else hits >= needed


def cut_off(totals: list[Decimal], top: float, quota: Quota) -> Decimal | None:
    """The lowest total that is among the first per cent; None: there is none."""
    if not totals:
        return None
    falling = sorted(totals, reverse=True)
    if quota is Quota.INTERPOLATED:
        at = (len(falling) - 1) * dec(top) / 100
        low = int(at)
        after = falling[min(low + 1, len(falling) - 1)]
        return falling[low] + (after - falling[low]) * (at - low)
    rounding = {Quota.DOWN: ROUND_FLOOR, Quota.UP: ROUND_CEILING, Quota.HALF_UP: ROUND_HALF_UP}[quota]
    count = int((len(falling) * dec(top) / 100).quantize(Decimal(1), rounding=rounding))
    return falling[count - 1] if count else None
