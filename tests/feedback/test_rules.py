"""What counts as an answer, what may be shown, and what the figures come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.feedback.rules import may_show, rate_percent, read_answers, straight_lined, summarise

SCALE: dict[str, Any] = {"code": "s", "type": "scale", "min": 1, "max": 5}
KEYS = [{"key": "a"}, {"key": "b"}, {"key": "c"}]


@pytest.mark.parametrize(
    ("question", "texts", "value"),
    [
        (SCALE, ["4"], 4),
        ({"code": "s", "type": "number", "min": 0, "max": 40}, [" 12 "], 12),
        ({"code": "s", "type": "yes_no"}, ["no"], False),
        ({"code": "s", "type": "single", "options": KEYS}, ["b"], "b"),
        ({"code": "s", "type": "multiple", "options": KEYS}, ["c", "a"], ["a", "c"]),
        ({"code": "s", "type": "text"}, [" 很好 "], "很好"),
    ],
)
def test_each_type_is_read(question: dict[str, Any], texts: list[str], value: Any) -> None:
    assert read_answers([question], {"s": texts}) == ({"s": value}, [])


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        (SCALE, ["6"]),
        (SCALE, ["0"]),
        (SCALE, ["four"]),
        (SCALE, []),
        ({"code": "s", "type": "yes_no"}, ["maybe"]),
        ({"code": "s", "type": "single", "options": KEYS}, ["z"]),
        ({"code": "s", "type": "multiple", "options": KEYS}, ["a", "z"]),
        ({"code": "s", "type": "text", "max_length": 3}, ["四个字了"]),
    ],
)
def test_a_wrong_answer_is_a_fault_at_its_question(question: dict[str, Any], texts: list[str]) -> None:
    answers, faults = read_answers([question], {"s": texts})
    assert answers == {}
    assert [fault.code for fault in faults] == ["s"]


def test_a_conditional_question_is_only_put_when_its_condition_holds() -> None:
    questions = [
        {"code": "used", "type": "yes_no"},
        {"code": "why", "type": "text", "only_if": {"question": "used", "answer": False}},
    ]
    assert read_answers(questions, {"used": ["yes"], "why": ["stray"]}) == ({"used": True}, [])
    assert [fault.code for fault in read_answers(questions, {"used": ["no"]})[1]] == ["why"]


@given(st.integers(1, 5), st.integers(0, 60))
def test_the_same_place_everywhere_in_little_time_is_marked(place: int, seconds: int) -> None:
    questions = [{**SCALE, "code": code} for code in "xyz"]
    answers = dict.fromkeys("xyz", place)
    assert straight_lined(questions, answers, seconds) is (seconds < 20)
    assert not straight_lined(questions, {**answers, "x": place % 5 + 1}, seconds)


def test_exact_figures() -> None:
    assert rate_percent(18, 20) == Decimal("90.0")
    assert rate_percent(0, 0) is None
    summary = summarise(SCALE, [{"s": 5}, {"s": 4}, {"s": 4}, {}])
    assert (summary.count, summary.mean) == (3, Decimal("4.33"))
    assert summary.distribution == (("1", 0), ("2", 0), ("3", 0), ("4", 2), ("5", 1))
    assert [may_show(count) for count in (0, 4, 5)] == [False, False, True]


@given(st.lists(st.integers(1, 5), min_size=1))
def test_mean_and_distribution_agree(values: list[int]) -> None:
    summary = summarise(SCALE, [{"s": value} for value in values])
    assert summary.mean is not None
    assert sum(count for _, count in summary.distribution) == len(values)
    assert abs(summary.mean - Decimal(sum(values)) / len(values)) <= Decimal("0.005")
