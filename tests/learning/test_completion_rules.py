from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.learning.rules.completion import Event, Required, standing
from lms.learning.rules.mix import mix
from lms.learning.rules.numbers import pasted_numbers
from lms.learning.rules.pairs import found_percent
from lms.learning.rules.schedule import class_days, longest_run
from lms.learning.rules.states import EnrolmentState, OutcomeKind
from lms.learning.rules.text import to_html

REQUIRED = Required(frozenset({"L1", "L2"}), frozenset({"Q1", "Q2"}), frozenset({"F1"}))
KINDS = ["theory", "experience", "drill"]
FAILED = Event(OutcomeKind.QUIZ, "Q2", passed=False)
FEEDBACK = Event(OutcomeKind.FEEDBACK, "F1")
QUIZZES = [Event(OutcomeKind.QUIZ, "Q1", passed=True), Event(OutcomeKind.QUIZ, "Q2", passed=True)]


@pytest.mark.requirement("5.01")
def test_five_days_present_without_the_quiz_is_attended_and_not_completed() -> None:
    days = [Event(OutcomeKind.ATTENDANCE, f"day {n}", passed=True) for n in range(5)]
    found = standing(REQUIRED, ["L1", "L2"], [*days, FEEDBACK])
    assert found.state is EnrolmentState.ATTENDED
    assert found.missing_quizzes == {"Q1", "Q2"}
    assert found.percent == 60


@pytest.mark.requirement("5.01")
def test_lessons_quizzes_and_feedback_complete() -> None:
    found = standing(REQUIRED, ["L1", "L2"], [*QUIZZES, FEEDBACK])
    assert found.state is EnrolmentState.COMPLETED
    assert found.percent == 100


@pytest.mark.parametrize(
    ("done", "events", "state"),
    [
        ([], [], EnrolmentState.ENROLLED),
        (["L1"], [], EnrolmentState.LEARNING),
        (["L1"], [*QUIZZES, FEEDBACK], EnrolmentState.LEARNING),
        (["L1", "L2"], QUIZZES, EnrolmentState.ATTENDED),
        (["L1", "L2"], [QUIZZES[0], FEEDBACK], EnrolmentState.ATTENDED),
        ([], [Event(OutcomeKind.ATTENDANCE, passed=False)], EnrolmentState.LEARNING),
        (
            ["L1", "L2"],
            [QUIZZES[0], Event(OutcomeKind.QUIZ, "Q2", passed=False), FEEDBACK],
            EnrolmentState.ATTENDED,
        ),
    ],
)
def test_each_missing_part_keeps_the_course_open(
    done: list[str], events: list[Event], state: EnrolmentState
) -> None:
    assert standing(REQUIRED, done, events).state is state


def test_an_outcome_without_item_counts_only_for_a_single_quiz() -> None:
    nameless = Event(OutcomeKind.QUIZ, passed=True)
    assert standing(REQUIRED, [], [nameless]).quizzes_passed == 0
    one = Required(frozenset({"L1"}), frozenset({"Q1"}), frozenset())
    assert standing(one, ["L1"], [nameless]).state is EnrolmentState.COMPLETED


events = st.builds(
    Event,
    kind=st.sampled_from(list(OutcomeKind)),
    item=st.sampled_from(["Q1", "Q2", "F1", "other", None]),
    passed=st.sampled_from([True, False, None]),
)
ORDER = [
    EnrolmentState.ENROLLED,
    EnrolmentState.LEARNING,
    EnrolmentState.ATTENDED,
    EnrolmentState.COMPLETED,
]


@given(st.sets(st.sampled_from(["L1", "L2", "L9"])), st.lists(events, max_size=8), events)
def test_more_evidence_never_takes_anything_away(done: set[str], told: list[Event], more: Event) -> None:
    before, after = standing(REQUIRED, done, told), standing(REQUIRED, done, [*told, more])
    assert ORDER.index(after.state) >= ORDER.index(before.state)
    assert after.percent >= before.percent
    assert (after.percent == 100) is (after.state is EnrolmentState.COMPLETED)


@pytest.mark.requirement("6.08")
def test_four_of_five_differences_are_eighty_percent() -> None:
    assert found_percent([0, 1, 2, 4], 5) == Decimal(80)
    assert found_percent([0, 0, 7, -1], 5) == Decimal(20)


@pytest.mark.requirement("1.02")
def test_fourteen_days_without_rest_are_one_run() -> None:
    first, last = date(2026, 3, 2), date(2026, 3, 15)
    assert longest_run(class_days(first, last, {}, rest_days=False)) == 14
    assert longest_run(class_days(first, last, {}, rest_days=True)) == 5
    worked = {date(2026, 3, 7): True, date(2026, 3, 8): True}
    assert longest_run(class_days(first, last, worked, rest_days=True)) == 12


@given(st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 1)), max_size=40))
def test_a_run_is_really_there_and_no_longer_one_is(days: set[date]) -> None:
    run = longest_run(days)
    starts = [d for d in days if all(d + timedelta(days=n) in days for n in range(run))]
    assert bool(starts) is (run > 0) or not days
    assert not any(all(d + timedelta(days=n) in days for n in range(run + 1)) for d in days)


def test_pasted_numbers_keep_zeros_and_lose_repetitions() -> None:
    assert pasted_numbers("0012,E0034\n E0012;\tE0034 、007") == ["0012", "E0034", "E0012", "007"]


def test_hours_by_kind_total_the_hours_of_the_course() -> None:
    parts = mix(Decimal(4), [("theory", 175), ("drill", 35), ("experience", 30)], KINDS)
    assert [(one.kind, one.lessons, one.hours) for one in parts] == [
        ("theory", 1, Decimal("2.9")),
        ("experience", 1, Decimal("0.5")),
        ("drill", 1, Decimal("0.6")),
    ]


@given(
    st.integers(1, 1000),
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 6000)), min_size=1, max_size=20),
)
def test_no_tenth_of_an_hour_is_lost(tenths: int, lessons: list[tuple[str, int]]) -> None:
    hours = Decimal(tenths) / 10
    parts = mix(hours, lessons, KINDS)
    assert sum(one.hours for one in parts) == hours
    assert sum(one.lessons for one in parts) == len(lessons)


def test_markdown_carries_no_script_and_pictures_get_their_address() -> None:
    html = to_html("# 标题\n\n<script>x</script> **粗** ![图](media/a.png)", lambda path: f"/files/{path}")
    assert "<script" not in html
    assert "<h3>标题</h3>" in html
    assert 'src="/files/media/a.png"' in html
    assert "<strong>粗</strong>" in html
    assert "href" not in to_html("[x](javascript:alert(1))", lambda path: path)
