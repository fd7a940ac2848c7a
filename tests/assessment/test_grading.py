from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.assessment.rules.answers import Fill, NotAnAnswer, clean, fill, readable
from lms.assessment.rules.grading import credit, points
from lms.assessment.rules.numbers import read_number
from lms.assessment.rules.question import Asked, MultipleCredit, QuestionType


def keys(*names: str) -> list[dict[str, str]]:
    return [{"key": name, "text_zh": name} for name in names]


def asked(type_: str, points_: str = "1", **content: Any) -> Asked:
    return Asked("Q", QuestionType(type_), content, Decimal(points_))


SINGLE = asked("single", options=keys("a", "b", "c"), answer="b")
MULTIPLE = asked("multiple", "2", options=keys("a", "b", "c", "d"), answer=["a", "c"])
TRUE = asked("true_false", answer=True)
FALSE = asked("true_false", answer=False)
STEPS = ["greet", "ask", "listen", "offer", "agree", "thank"]
ORDERING = asked("ordering", "5", items=keys(*sorted(STEPS)), answer=STEPS)
MATCHING = asked(
    "matching",
    "3",
    left=keys("x", "y", "z"),
    right=keys("1", "2", "3"),
    answer={"x": "1", "y": "2", "z": "3"},
)
FLOW = asked("numeric", answer=1.47, tolerance=0.01)
MONEY = asked("numeric", answer=1250, tolerance=0, unit_zh="万元", unit_en="ten thousand yuan")
SHORT = asked("short", answer=["KYC", "了解你的客户"])
OPEN = asked("short", model_zh="自由回答")

KEY = {
    "single": (SINGLE, "b"),
    "multiple": (MULTIPLE, ["c", "a"]),
    "true": (TRUE, True),
    "false": (FALSE, False),
    "ordering": (ORDERING, STEPS),
    "matching": (MATCHING, {"z": "3", "x": "1", "y": "2"}),
    "numeric": (FLOW, "1.47"),
    "short": (SHORT, " kyc "),
}


@pytest.mark.parametrize("name", KEY)
def test_the_key_earns_full_marks_under_both_rules(name: str) -> None:
    question, answer = KEY[name]
    for rule in MultipleCredit:
        assert points(question, clean(question, answer), rule) == question.points


@pytest.mark.parametrize("name", KEY)
def test_no_answer_earns_nothing(name: str) -> None:
    assert credit(KEY[name][0], None) == 0


@pytest.mark.parametrize(
    ("picked", "share"),
    [
        (["a"], Fraction(1, 2)),
        (["a", "b"], Fraction(0)),
        (["a", "b", "c"], Fraction(1, 2)),
        (["a", "b", "c", "d"], Fraction(0)),
        (["b", "d"], Fraction(0)),
    ],
)
def test_multiple_counts_right_picks_less_wrong_ones(picked: list[str], share: Fraction) -> None:
    assert credit(MULTIPLE, picked) == share
    assert credit(MULTIPLE, picked, MultipleCredit.ALL_OR_NOTHING) == 0


@pytest.mark.requirement("6.13")
@pytest.mark.parametrize(
    ("order", "neighbours"),
    [
        (STEPS, 5),
        (["ask", "greet", "listen", "offer", "agree", "thank"], 3),
        (STEPS[1:] + STEPS[:1], 4),
        (STEPS[::-1], 0),
        (["greet", None, "ask", None, None, None], 0),
        (["greet", "ask", None, "listen", None, None], 1),
    ],
)
def test_ordering_counts_right_neighbours(order: list[str | None], neighbours: int) -> None:
    assert points(ORDERING, clean(ORDERING, order)) == Decimal(neighbours)


def test_matching_counts_right_pairs() -> None:
    assert points(MATCHING, {"x": "1", "y": "3"}) == Decimal(1)


@pytest.mark.requirement("1.10")
@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("1.47", True),
        ("1.46", True),
        ("1.48", True),
        ("1.459", False),
        ("1.4801", False),
        ("１．４７", True),
        ("1。47", True),
        (" 1.470 ", True),
        ("+1.47", True),
        ("147%", True),
        ("1,47", False),
        ("-1.47", False),
        ("about 1.47", False),
        ("1.47.0", False),
    ],
)
def test_a_flow_ratio_is_right_within_its_tolerance(text: str, right: bool) -> None:
    assert credit(FLOW, text) == int(right)


@pytest.mark.parametrize(
    "text", ["1250", "1,250", "１，２５０", "1250万元", "1,250.00 万元", "1250 Ten Thousand Yuan"]
)
def test_units_and_thousands_are_accepted(text: str) -> None:
    assert credit(MONEY, text) == 1


@pytest.mark.parametrize(
    "text", ["12,50", "1250元", "12500000", "", "1250万", "1e3", "NaN", "Infinity", "٣", "9" * 50]
)
def test_other_readings_are_not(text: str) -> None:
    assert credit(MONEY, clean(MONEY, text)) == 0


def test_percent_is_a_unit_where_the_question_says_so() -> None:
    assert read_number("12.5%", ["%"]) == Decimal("12.5")
    assert read_number("12.5％") == Decimal("0.125")


@pytest.mark.parametrize(
    ("text", "right"), [("ＫＹＣ", True), ("了解 你的客户。", True), ("kyb", False), ("。", False)]
)
def test_short_answers_are_compared_folded(text: str, right: bool) -> None:
    assert credit(SHORT, text) == int(right)


def test_a_question_with_a_model_answer_only_counts_nothing() -> None:
    assert OPEN.max_points == 0
    assert points(OPEN, "whatever") == 0


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (SINGLE, "z"),
        (SINGLE, ["a"]),
        (MULTIPLE, "a"),
        (MULTIPLE, ["z"]),
        (TRUE, "true"),
        (ORDERING, ["greet", "greet"]),
        (ORDERING, [*STEPS, "greet"]),
        (ORDERING, ["nowhere"]),
        (MATCHING, {"x": "9"}),
        (MATCHING, {"w": "1"}),
        (MATCHING, ["x"]),
        (FLOW, 1.47),
        (SHORT, "长" * 2001),
    ],
)
def test_what_cannot_be_an_answer_is_refused(question: Asked, value: object) -> None:
    with pytest.raises(NotAnAnswer):
        clean(question, value)


def test_fill_tells_none_part_and_full() -> None:
    assert fill(ORDERING, clean(ORDERING, [])) is Fill.NONE
    assert fill(ORDERING, clean(ORDERING, ["ask"])) is Fill.PART
    assert fill(ORDERING, STEPS) is Fill.FULL
    assert fill(MATCHING, clean(MATCHING, {"x": "1"})) is Fill.PART
    assert fill(FALSE, clean(FALSE, KEY["false"][1])) is Fill.FULL
    assert not readable(FLOW, "ten")
    assert readable(FLOW, None)


@given(st.sets(st.sampled_from("abcd")), st.sampled_from(MultipleCredit))
def test_multiple_stays_in_bounds_whatever_the_order_of_picks(picked: set[str], rule: MultipleCredit) -> None:
    one, other = clean(MULTIPLE, sorted(picked)), clean(MULTIPLE, sorted(picked, reverse=True))
    assert credit(MULTIPLE, one, rule) == credit(MULTIPLE, other, rule)
    assert 0 <= credit(MULTIPLE, one, rule) <= 1
    assert (credit(MULTIPLE, one, rule) == 1) == (picked == {"a", "c"})


@given(st.permutations(STEPS))
def test_ordering_stays_in_bounds_and_only_the_key_is_full(order: list[str]) -> None:
    assert 0 <= credit(ORDERING, order) <= 1
    assert (credit(ORDERING, order) == 1) == (order == STEPS)


@given(st.permutations(["a", "b", "c", "d"]), st.sets(st.sampled_from("abcd")))
def test_the_order_in_which_options_are_written_does_not_matter(order: list[str], picked: set[str]) -> None:
    turned = asked("multiple", "2", options=keys(*order), answer=["a", "c"])
    assert points(turned, clean(turned, sorted(picked))) == points(MULTIPLE, clean(MULTIPLE, sorted(picked)))


@given(st.decimals(-(10**9), 10**9, places=4))
def test_a_number_is_read_back_exactly_however_it_is_grouped(value: Decimal) -> None:
    for text in (f"{value}", f"{value:,}", f"{value:,}".replace(",", "，").replace(".", "．"), f"{value} 元"):
        assert read_number(text, ["元"]) == value


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_none(text: str) -> None:
    value = read_number(text, ["元", "%"])
    assert value is None or value.is_finite()
