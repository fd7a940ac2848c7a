from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.assessment import services
from lms.assessment.models import AnswerEntry, Attempt, AttemptItem, AttemptState, Question, Quiz
from lms.assessment.rules import grading, results
from lms.assessment.rules.answers import Fill
from lms.core import clock, housekeeping
from lms.core.audit import SYSTEM
from lms.core.errors import NotFound, Refused, Rejected
from lms.learning.models import Outcome
from lms.learning.services import close_cohort
from tests.assessment.conftest import NOW, QUIZ, RIGHT, School, package, question

MINUTE = timedelta(minutes=1)


def start(school: School, after: timedelta = timedelta()) -> Attempt:
    return services.start_attempt(school.session, SYSTEM, school.quiz, school.enrolment, now=NOW + after)


def item(school: School, attempt: Attempt, code: str) -> int:
    paper = services.paper(school.session, attempt, now=NOW)
    return next(one.id for one in paper.items if one.question.code == code)


def sit(school: School, answers: dict[str, object], after: timedelta = timedelta(), **who: Any) -> Attempt:
    return services.sit(
        school.session,
        SYSTEM,
        school.quiz,
        who.get("enrolment", school.enrolment),
        answers,
        started_at=NOW + after,
        submitted_at=NOW + after + 10 * MINUTE,
    )


def test_installing_twice_changes_nothing(school: School) -> None:
    counts = [select(func.count()).select_from(model) for model in (Question, Quiz)]
    before = [school.session.scalar(count) for count in counts]
    services.install_package(school.session, school.cohort.course_version, package(), SYSTEM, NOW)
    assert [school.session.scalar(count) for count in counts] == before == [7, 1]


def test_a_quiz_with_nothing_to_grade_is_rejected(school: School) -> None:
    bare = package(
        (question("open", "short", model_zh="随感"),), {**QUIZ, "sections": [{"questions": ["open"]}]}
    )
    with pytest.raises(Rejected, match="final"):
        services.install_package(school.session, school.cohort.course_version, bare, SYSTEM, NOW)


def test_a_running_attempt_is_taken_up_again(school: School) -> None:
    first = start(school)
    assert start(school, 5 * MINUTE).id == first.id
    assert first.due_at == NOW + 30 * MINUTE
    paper = services.paper(school.session, first, now=NOW + 5 * MINUTE)
    assert [one.position for one in paper.items] == list(range(1, 8))
    assert paper.seconds_left == 25 * 60


def test_saving_twice_keeps_one_answer_and_a_trail_of_both(school: School) -> None:
    attempt = start(school)
    one = item(school, attempt, "one")
    services.save_answer(school.session, attempt, one, "a", now=NOW + MINUTE)
    services.save_answer(school.session, attempt, one, "a", now=NOW + MINUTE)
    saved = services.save_answer(school.session, attempt, one, "b", now=NOW + 2 * MINUTE)
    assert saved.fill is Fill.FULL
    assert saved.seconds_left == 28 * 60
    kept = school.session.get_one(AttemptItem, one)
    assert (kept.answer, kept.answered_at) == ("b", NOW + 2 * MINUTE)
    trail = school.session.scalars(select(AnswerEntry.answer).order_by(AnswerEntry.id)).all()
    assert trail == ["a", "b"]
    assert school.session.scalar(select(func.count()).select_from(AttemptItem)) == 7


def test_an_answer_can_be_taken_back(school: School) -> None:
    attempt = start(school)
    one = item(school, attempt, "many")
    services.save_answer(school.session, attempt, one, ["a"], now=NOW)
    assert services.save_answer(school.session, attempt, one, [], now=NOW).fill is Fill.NONE


def test_what_is_no_answer_is_refused_and_nothing_kept(school: School) -> None:
    attempt = start(school)
    values = {item(school, attempt, "flow"): "1.47", item(school, attempt, "one"): "z"}
    with pytest.raises(Refused):
        services.save_answers(school.session, attempt, values, now=NOW)
    assert school.session.scalar(select(func.count()).select_from(AnswerEntry)) == 0
    with pytest.raises(NotFound):
        services.save_answer(school.session, attempt, 10**9, "a", now=NOW)


def test_a_late_answer_is_refused_and_the_saved_ones_count(school: School) -> None:
    attempt = start(school)
    one, flow = item(school, attempt, "one"), item(school, attempt, "flow")
    services.save_answer(school.session, attempt, one, "b", now=NOW + 29 * MINUTE)
    late = NOW + 31 * MINUTE
    with pytest.raises(Refused):
        services.save_answer(school.session, attempt, flow, "1.47", now=late)
    services.submit(school.session, SYSTEM, attempt, now=late, answers={flow: "1.47"})
    assert attempt.state is AttemptState.EXPIRED
    assert attempt.submitted_at == attempt.due_at
    assert attempt.percent == Decimal("10.00")


def test_within_the_grace_the_answer_still_counts(school: School) -> None:
    attempt = start(school)
    answers = {item(school, attempt, code): value for code, value in RIGHT.items()}
    services.submit(
        school.session, SYSTEM, attempt, now=NOW + 30 * MINUTE + timedelta(seconds=10), answers=answers
    )
    assert attempt.state is AttemptState.SUBMITTED
    assert attempt.percent == 100


@pytest.mark.parametrize(
    ("answers", "percent", "passed"),
    [
        (RIGHT, "100", True),
        ({}, "0", False),
        (
            {"many": ["a", "b", "c"], "steps": ["c", "a", "b"], "pairs": {"l": "r"}, "flow": "1.46元"},
            "30",
            False,
        ),
        ({**RIGHT, "many": ["a"], "one": "a", "flow": "2", "truth": True}, "60", True),
    ],
)
def test_the_result_is_what_the_rules_say(
    school: School, answers: dict[str, object], percent: str, passed: bool
) -> None:
    attempt = sit(school, answers)
    shown = services.result(school.session, attempt)
    by_rules = {one.question.code: grading.points(one.question.asked, one.answer) for one in shown.items}
    assert {one.question.code: one.points for one in shown.items} == by_rules
    assert (
        attempt.percent
        == Decimal(percent)
        == results.percent(sum(by_rules.values(), Decimal(0)), Decimal(10))
    )
    assert attempt.passed is passed
    outcome = school.session.scalars(select(Outcome)).one()
    assert (outcome.source, outcome.item) == (f"quiz_attempt:{attempt.id}", "final")
    assert (outcome.points, outcome.passed) == (attempt.percent, passed)


def test_handing_in_twice_grades_once(school: School) -> None:
    attempt = sit(school, RIGHT)
    flow = item(school, attempt, "flow")
    services.submit(school.session, SYSTEM, attempt, now=NOW + 12 * MINUTE, answers={flow: "0"})
    assert attempt.percent == 100
    with pytest.raises(Refused):
        services.save_answer(school.session, attempt, flow, "0", now=NOW + 12 * MINUTE)


def test_the_best_attempt_counts_and_attempts_run_out(school: School) -> None:
    sit(school, RIGHT)
    sit(school, {}, timedelta(hours=1))
    (state,) = services.quiz_state(school.session, school.enrolment, now=NOW)
    assert (state.best, state.passed, state.left, state.can_start) == (Decimal(100), True, 0, False)
    with pytest.raises(Refused):
        start(school, timedelta(hours=2))


def test_overdue_attempts_are_closed_once(school: School) -> None:
    attempt = start(school)
    assert services.expire_overdue(school.session, now=attempt.due_at) == 0
    assert services.expire_overdue(school.session, now=attempt.due_at + MINUTE) == 1
    assert attempt.state is AttemptState.EXPIRED
    assert services.expire_overdue(school.session, now=attempt.due_at + MINUTE) == 0
    assert start(school, timedelta(hours=1)).number == 2


def test_the_house_closes_overdue_attempts_by_itself(
    school: School, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = start(school)
    due = attempt.due_at
    school.session.commit()
    monkeypatch.setattr(clock, "now", lambda: due)
    housekeeping.do_all()
    assert attempt.state is AttemptState.STARTED
    monkeypatch.setattr(clock, "now", lambda: due + MINUTE)
    housekeeping.do_all()
    assert attempt.state is AttemptState.EXPIRED
    assert "0 closed" in app.test_cli_runner().invoke(args=["quizzes", "expire"]).output


def test_an_overdue_attempt_is_closed_by_the_next_start(school: School) -> None:
    first = start(school)
    assert start(school, timedelta(hours=1)).number == 2
    assert first.state is AttemptState.EXPIRED


def test_nobody_starts_in_a_closed_cohort(school: School) -> None:
    close_cohort(school.session, SYSTEM, school.cohort)
    with pytest.raises(Refused):
        start(school)


def test_right_answers_are_told_only_after_handing_in(school: School) -> None:
    with pytest.raises(Refused):
        services.result(school.session, start(school))


def test_the_overview_counts_people_by_their_best(school: School) -> None:
    sit(school, {})
    sit(school, RIGHT, timedelta(hours=1))
    sit(school, {"one": "b"}, enrolment=school.other_enrolment)
    (row,) = services.overview(school.session, school.cohort)
    assert (row.enrolled, row.sat, row.passed, row.mean) == (2, 2, 1, Decimal("55.00"))
    rates = {
        one.question.code: (one.n, one.rate)
        for one in services.question_rates(school.session, school.cohort, school.quiz)
    }
    assert rates["one"] == (3, Decimal("66.67"))
    assert rates["many"] == (3, Decimal("33.33"))


def test_todo_names_the_quiz_until_it_is_passed(school: School) -> None:
    from lms.access.services import person_of
    from tests.assessment.conftest import FIRST

    person = person_of(school.session, school.accounts["trainee"], FIRST, "zh")
    (todo,) = services.todo(school.session, person, NOW)
    assert (todo.params, todo.due) == ({"quiz": "结业测验"}, school.cohort.ends_on)
    attempt = start(school)
    assert services.todo(school.session, person, NOW)[0].title != todo.title
    services.submit(
        school.session,
        SYSTEM,
        attempt,
        now=NOW,
        answers={item(school, attempt, code): value for code, value in RIGHT.items()},
    )
    assert services.todo(school.session, person, NOW) == []


def test_queries_do_not_grow_with_rows(school: School, counting: Callable[[], Any]) -> None:
    attempt = sit(school, RIGHT)
    school.session.expire_all()
    with counting() as few:
        services.result(school.session, attempt)
        services.overview(school.session, school.cohort)
    sit(school, {}, timedelta(hours=1))
    sit(school, {}, enrolment=school.other_enrolment)
    school.session.expire_all()
    with counting() as more:
        services.result(school.session, attempt)
        services.overview(school.session, school.cohort)
    assert few[0] > 0
    assert more[0] <= few[0]


def test_the_command_closes_what_is_over(school: School) -> None:
    attempt = start(school, -timedelta(days=4000))
    school.session.commit()
    told = school.app.test_cli_runner().invoke(args=["quizzes", "expire"])
    assert told.output == "1 closed\n"
    school.session.refresh(attempt)
    assert attempt.state is AttemptState.EXPIRED
