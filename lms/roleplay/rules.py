"""How levels become points, when a gate caps them, and how several ratings become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lms.core.i18n import N_

LEVELS = (1, 2, 3, 4)
NO_LEVEL = 0
"""What a draft holds at a criterion with a remark and no level yet; never submitted."""
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Mark:
    """What one rating comes to: percent, what it would be without gates, and the gates that held."""

    percent: Decimal
    before_gates: Decimal
    gates: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Fault:
    """What is missing or wrong at a criterion: a message id and values."""

    code: str
    message: str
    params: Mapping[str, Any]


def points(weight: Decimal, level: int) -> Decimal:
    """Return weight × level / 4."""
    return weight * level / 4


def mark(rubric: Mapping[str, Any], levels: Mapping[str, int], bonus: Decimal = Decimal(0)) -> Mark:
    """Return what levels (criterion code → 1…4) come to: Σ weight × level/4, plus bonus, then gates.

    A gate (`criterion`, `at_most_level`, `cap_percent`) caps the total when its criterion
    was rated at or below its level. Two places, half up; never above 100.
    """
    total = sum(
        (points(Decimal(str(c["weight"])), levels[c["code"]]) for c in rubric["criteria"]), Decimal(0)
    )
    total = min(total + bonus, Decimal(100))
    held = tuple(g for g in rubric.get("gates", ()) if levels[g["criterion"]] <= g["at_most_level"])
    capped = min([total, *(Decimal(str(gate["cap_percent"])) for gate in held)])
    return Mark(_two(capped), _two(total), tuple(g for g in held if Decimal(str(g["cap_percent"])) < total))


def check(rubric: Mapping[str, Any], levels: Mapping[str, int], remarks: Mapping[str, str]) -> list[Fault]:
    """Return what a rating still lacks: a level at each criterion, a remark at each level 1."""
    faults = []
    for criterion in rubric["criteria"]:
        code = criterion["code"]
        if levels.get(code) not in LEVELS:
            faults.append(Fault(code, N_("请选择等级。"), {}))
        elif levels[code] == 1 and not remarks.get(code, "").strip():
            faults.append(Fault(code, N_("评为第 1 级时请写明看到了什么。"), {}))
    return faults


@dataclass(frozen=True)
class Final:
    """The mean of the ratings and how far they lie apart."""

    percent: Decimal
    spread: Decimal


def final(percents: Sequence[Decimal]) -> Final:
    """Return mean (two places, half up) and spread (highest less lowest) of one rating or more."""
    return Final(_two(sum(percents, Decimal(0)) / len(percents)), max(percents) - min(percents))


def mean_levels(rated: Sequence[Mapping[str, int]], code: str) -> Decimal:
    """Return the mean level of a criterion over the ratings."""
    return _two(Decimal(sum(levels[code] for levels in rated)) / len(rated))


def _two(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)
