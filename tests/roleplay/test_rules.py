"""Levels, gates and the mean of several ratings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lms.roleplay.rules import check, final, mark, points

RUBRIC: dict[str, Any] = {
    "criteria": [
        {"code": "need", "weight": 40},
        {"code": "offer", "weight": 40},
        {"code": "law", "weight": 20},
    ],
    "gates": [{"criterion": "law", "at_most_level": 1, "cap_percent": 59}],
}


def test_three_ratings_give_mean_and_spread() -> None:
    result = final([Decimal(78), Decimal(84), Decimal(81)])
    assert (result.percent, result.spread) == (Decimal("81.00"), Decimal(6))


def test_a_level_is_its_share_of_the_weight() -> None:
    assert points(Decimal(40), 3) == Decimal(30)
    assert mark(RUBRIC, {"need": 3, "offer": 4, "law": 2}).percent == Decimal("80.00")


def test_a_gate_at_level_one_caps_at_59_and_says_what_it_was() -> None:
    result = mark(RUBRIC, {"need": 4, "offer": 4, "law": 1})
    assert (result.percent, result.before_gates) == (Decimal("59.00"), Decimal("85.00"))
    assert [gate["criterion"] for gate in result.gates] == ["law"]
    low = mark(RUBRIC, {"need": 1, "offer": 1, "law": 1})
    assert (low.percent, low.gates) == (Decimal("25.00"), ())  # a cap above the points takes nothing


def test_a_missing_level_and_a_bare_level_one_name_their_criteria() -> None:
    faults = check(RUBRIC, {"need": 1, "offer": 5}, {"need": "  "})
    assert [fault.code for fault in faults] == ["need", "offer", "law"]
    assert check(RUBRIC, {"need": 1, "offer": 2, "law": 4}, {"need": "未提问"}) == []


@given(st.tuples(*[st.integers(1, 4)] * 3), st.integers(0, 2))
def test_a_higher_level_never_lowers_the_mark(levels: tuple[int, ...], at: int) -> None:
    codes = ["need", "offer", "law"]
    before = mark(RUBRIC, dict(zip(codes, levels, strict=True))).percent
    raised = [min(4, level + (place == at)) for place, level in enumerate(levels)]
    after = mark(RUBRIC, dict(zip(codes, raised, strict=True))).percent
    assert before <= after <= 100
