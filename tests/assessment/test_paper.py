from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.assessment.rules import results, timing
from lms.assessment.rules.paper import PoolTooSmall, draw, shown, shuffled
from lms.assessment.rules.question import Asked, QuestionType

BANK = [
    Asked(
        f"Q{n}", QuestionType.SINGLE if n % 2 else QuestionType.TRUE_FALSE, {"answer": True}, tags=("risk",)
    )
    for n in range(10)
]
SECTIONS = [{"questions": ["Q1", "Q2"]}, {"draw": 3, "tags": ["risk"]}]


@given(st.text(max_size=20))
def test_a_paper_is_full_without_repeats_and_the_same_for_its_seed(seed: str) -> None:
    paper = draw(SECTIONS, BANK, {}, seed)
    codes = [place.code for place in paper]
    assert len(codes) == len(set(codes)) == 5
    assert set(codes[:2]) == {"Q1", "Q2"}
    assert draw(SECTIONS, list(reversed(BANK)), {}, seed) == paper


def test_papers_differ_by_seed() -> None:
    papers = {tuple(place.code for place in draw(SECTIONS, BANK, {}, str(seed))) for seed in range(20)}
    assert len(papers) > 5


@given(st.text(max_size=20))
def test_the_least_met_questions_come_first(seed: str) -> None:
    used = {f"Q{n}": 1 for n in range(10) if n not in (4, 7, 8)}
    drawn = draw([{"draw": 3, "tags": ["risk"]}], BANK, used, seed)
    assert {place.code for place in drawn} == {"Q4", "Q7", "Q8"}


def test_a_section_draws_only_its_types_and_tags() -> None:
    drawn = draw([{"draw": 5, "tags": ["risk"], "types": ["true_false"]}], BANK, {}, "s")
    assert {place.code for place in drawn} == {"Q0", "Q2", "Q4", "Q6", "Q8"}
    with pytest.raises(PoolTooSmall):
        draw([{"draw": 1, "tags": ["risk", "none"]}], BANK, {}, "s")


@given(st.lists(st.text(max_size=5), unique=True), st.text(max_size=5))
def test_shuffling_keeps_everything_and_forgets_the_order_before(names: list[str], seed: str) -> None:
    assert sorted(shuffled(names, seed)) == sorted(names)
    assert shuffled(names, seed) == shuffled(list(reversed(names)), seed)


@given(st.text(max_size=10))
def test_steps_are_never_shown_in_the_right_order(seed: str) -> None:
    question = Asked(
        "Q", QuestionType.ORDERING, {"items": [{"key": "a"}, {"key": "b"}], "answer": ["a", "b"]}
    )
    assert shown(question, "items", seed) == ["b", "a"]


def test_left_sides_stay_as_written() -> None:
    left = [{"key": key} for key in "zyx"]
    assert shown(Asked("Q", QuestionType.MATCHING, {"left": left}), "left", "seed") == ["z", "y", "x"]


def test_percents_have_two_places_half_up() -> None:
    assert results.percent(Decimal(1), Decimal(3)) == Decimal("33.33")
    assert results.percent(Decimal(2), Decimal(3)) == Decimal("66.67")
    assert results.percent(Decimal("0.00005"), Decimal(1)) == Decimal("0.01")
    assert results.percent(Decimal(1), Decimal(0)) == 0
    assert results.passes(Decimal("60.00"), Decimal(60))
    assert not results.passes(Decimal("59.99"), Decimal(60))
    assert results.best([None, Decimal(40), Decimal(70), Decimal(60)]) == 70
    assert results.best([None]) is None
    assert results.mean([Decimal(70), Decimal(75), Decimal(75)]) == Decimal("73.33")
    assert results.mean([]) is None


@pytest.mark.requirement("5.20")
def test_gain_is_given_in_points_and_as_a_share_of_what_was_still_to_gain() -> None:
    assert results.gain(Decimal(55), Decimal(78)) == results.Gain(Decimal(23), Decimal("0.51"))
    assert results.gain(Decimal(100), Decimal(90)).normalised is None
    assert results.gain(Decimal(60), Decimal(50)) == results.Gain(Decimal(-10), Decimal("-0.25"))


def test_time_ends_with_a_small_grace() -> None:
    start = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    due = timing.due_at(start, 30)
    assert due == start + timedelta(minutes=30)
    assert timing.seconds_left(due, start) == 1800
    assert timing.seconds_left(due, due + timedelta(seconds=5)) == 0
    assert not timing.overdue(due, due + timing.GRACE)
    assert timing.overdue(due, due + timing.GRACE + timedelta(microseconds=1))
