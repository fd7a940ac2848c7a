"""Formulas of derived indicators: what they may say, what they hang on, and what they give.

A formula is data, chosen from lists: an operation and its members, which are codes of indicators or formulas
again. Nothing that somebody typed is ever evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any

from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.indicators.rules.kinds import Flag, IndicatorSet

PLACES = Decimal("0.00000001")
DEEPEST = 5

RANK = {
    IndicatorSet.BASIC: 0,
    IndicatorSet.TRANSACTION: 0,
    IndicatorSet.INCOME: 0,
    IndicatorSet.CHANGE: 1,
    IndicatorSet.OTHER: 2,
}
"""The order of derivation: basic, transaction and income give change, and all of them give other."""


class Op(StrEnum):
    """What a formula does with its members."""

    CHANGE = "change"
    SUM = "sum"
    DIFFERENCE = "difference"
    PRODUCT = "product"
    RATIO = "ratio"


@dataclass(frozen=True)
class Formula:
    """An operation over members; of a change `of` is the one base, `flows` and `income` are added."""

    op: Op
    of: tuple[str | Formula, ...]
    times: Decimal = Decimal(1)
    flows: tuple[str, ...] = ()
    income: tuple[str, ...] = ()

    def members(self) -> list[str]:
        """Return the codes it hangs on, each once, in the order they stand."""
        return list(dict.fromkeys(self._codes()))

    def _codes(self) -> Iterator[str]:
        for member in self.of:
            if isinstance(member, Formula):
                yield from member._codes()
            else:
                yield member
        yield from self.flows
        yield from self.income


@dataclass(frozen=True)
class Figure:
    """A derived value and how certain it is."""

    value: Decimal
    flag: Flag | None = None


def parse(data: Any) -> Formula:
    """Read a formula as it is stored.

    Raises:
        Refused: when it is none.
    """
    return _parse(data, 0)


def _parse(data: Any, depth: int) -> Formula:
    if not isinstance(data, Mapping) or data.get("op") not in set(Op) or depth > DEEPEST:
        raise Refused(N_("公式无效：请选择一种运算和它的指标。"))
    op = Op(data["op"])
    if op is Op.CHANGE:
        if depth:
            raise Refused(N_("“期间变动”只能是整个公式，不能是其中一部分。"))
        of = _codes([data.get("base")])
        return Formula(op, of, flows=_codes(data.get("flows", [])), income=_codes(data.get("income", [])))
    given = data.get("of")
    if not isinstance(given, list) or not 2 <= len(given) <= 50:
        raise Refused(N_("“和、差、积、比率”至少需要两个指标。"))
    if op is Op.RATIO and len(given) != 2:
        raise Refused(N_("比率需要一个分子和一个分母。"))
    members = tuple(_parse(one, depth + 1) if isinstance(one, Mapping) else _codes([one])[0] for one in given)
    try:
        times = Decimal(str(data.get("times", 1)))
    except ArithmeticError:
        raise Refused(N_("公式的倍数必须是数字。")) from None
    if not times.is_finite() or times == 0:
        raise Refused(N_("公式的倍数必须是数字。"))
    return Formula(op, members, times)


def _codes(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) and one for one in given):
        raise Refused(N_("公式无效：请选择一种运算和它的指标。"))
    return tuple(given)


def dump(formula: Formula) -> dict[str, Any]:
    """Return a formula as it is stored."""
    if formula.op is Op.CHANGE:
        return {
            "op": formula.op.value,
            "base": formula.of[0],
            "flows": list(formula.flows),
            "income": list(formula.income),
        }
    of = [dump(one) if isinstance(one, Formula) else one for one in formula.of]
    found: dict[str, Any] = {"op": formula.op.value, "of": of}
    return found if formula.times == 1 else {**found, "times": str(formula.times)}


# ---------------------------------------------------------------- what hangs on what


def refuse_misuse(
    code: str,
    own: IndicatorSet,
    formula: Formula,
    sets: Mapping[str, IndicatorSet],
    formulas: Mapping[str, Formula],
) -> None:
    """Refuse a formula that this indicator may not have.

    `sets` and `formulas` are those of all indicators as they stand.

    Raises:
        Refused: naming the unknown member, the chain of a cycle, or the member that stands too late.
    """
    for member in formula.members():
        if member not in sets and member != code:
            raise Refused(N_("没有代码为“%(code)s”的指标。"), code=member)
    chain = cycle_in({**formulas, code: formula}, code)
    if chain:
        raise Refused(N_("公式互相引用，形成循环：%(chain)s。"), chain=" → ".join(chain))
    if (own is IndicatorSet.CHANGE) != (formula.op is Op.CHANGE) or not RANK[own]:
        raise Refused(
            N_("“期间变动”公式只用于变动指标集，其余公式只用于其它指标集；基本、收支、交易指标没有公式。")
        )
    for member in formula.members():
        if RANK[sets[member]] > RANK[own] or (own is IndicatorSet.CHANGE and RANK[sets[member]]):
            raise Refused(
                N_("指标 %(member)s 在推导顺序中不在 %(code)s 之前：先基本、收支、交易，再变动，最后其它。"),
                member=member,
                code=code,
            )
    if formula.op is not Op.CHANGE:
        return
    wrong = [one for one in formula.flows if sets[one] is not IndicatorSet.TRANSACTION]
    wrong += [one for one in formula.income if sets[one] is not IndicatorSet.INCOME]
    if wrong:
        raise Refused(N_("%(member)s 不属于所选的交易或收支指标集。"), member=wrong[0])


def cycle_in(formulas: Mapping[str, Formula], start: str) -> list[str]:
    """Return the chain of codes from an indicator back to itself, empty when there is none."""
    path: list[str] = []

    def follow(code: str, seen: set[str]) -> bool:
        path.append(code)
        for member in formulas[code].members() if code in formulas else []:
            if member == start:
                path.append(member)
                return True
            if member not in seen:
                seen.add(member)
                if follow(member, seen):
                    return True
        path.pop()
        return False

    return path if follow(start, {start}) else []


def in_order(formulas: Mapping[str, Formula], wanted: Collection[str] | None = None) -> list[str]:
    """Return the derived indicators so that each stands after what it hangs on.

    `wanted` limits them to these and what they hang on.
    """
    found: dict[str, None] = {}

    def visit(code: str) -> None:
        if code in found or code not in formulas:
            return
        for member in formulas[code].members():
            visit(member)
        found[code] = None

    for code in sorted(formulas if wanted is None else wanted):
        visit(code)
    return list(found)


def touched_by(formulas: Mapping[str, Formula], changed: Collection[str]) -> list[str]:
    """Return the derived indicators that hang on any of these, in order; exactly they change with them."""
    touched = set(changed)
    for code in in_order(formulas):
        if touched.intersection(formulas[code].members()):
            touched.add(code)
    return [code for code in in_order(formulas) if code in touched]


# ---------------------------------------------------------------- what it gives


def interpolate(series: Sequence[Decimal | None]) -> list[Figure | None]:
    """Return a series with its inner gaps filled on a straight line, the filled ones marked inferred."""
    known = [at for at, value in enumerate(series) if value is not None]
    found: list[Figure | None] = [None if value is None else Figure(value) for value in series]
    for left, right in pairwise(known):
        low, high = series[left], series[right]
        assert low is not None
        assert high is not None
        for at in range(left + 1, right):
            value = low + (high - low) * (at - left) / (right - left)
            found[at] = Figure(_exact(value), Flag.INFERRED)
    return found


def change(series: Sequence[Decimal | None], at: int, added: Sequence[Decimal | None]) -> Figure | None:
    """Return the change of a series from the period before `at`, with what is added to it.

    Calculated when both ends are known, inferred when one was interpolated, nothing when one is neither.
    """
    filled = interpolate(series)
    before, now = (filled[at - 1] if at else None), filled[at]
    if before is None or now is None:
        return None
    value = now.value - before.value + sum((one for one in added if one is not None), Decimal())
    inferred = Flag.INFERRED in (before.flag, now.flag)
    return Figure(_exact(value), Flag.INFERRED if inferred else Flag.CALCULATED)


def evaluate(formula: Formula, value_of: Callable[[str], Decimal | None]) -> Decimal | None:
    """Return what a formula other than a change gives; None when it cannot be said.

    A sum adds what is known and a difference takes off what is known, beginning with its first member; a
    product and a ratio need every member, and a ratio a denominator that is not zero.
    """
    values = [evaluate(one, value_of) if isinstance(one, Formula) else value_of(one) for one in formula.of]
    result = _combined(formula.op, values)
    return None if result is None else _exact(result * formula.times)


def _combined(op: Op, values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    if op is Op.SUM:
        return sum(known, Decimal()) if known else None
    first = values[0]
    if op is Op.DIFFERENCE:
        return None if first is None else first * 2 - sum(known, Decimal())
    if len(known) < len(values):
        return None
    if op is Op.PRODUCT:
        product = Decimal(1)
        for value in known:
            product *= value
        return product
    return known[0] / known[1] if known[1] else None


def _exact(value: Decimal) -> Decimal:
    return value.quantize(PLACES, ROUND_HALF_UP)
