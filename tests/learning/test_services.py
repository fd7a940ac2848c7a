from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.access.actions import Action
from lms.access.services import narrow
from lms.core.audit import SYSTEM
from lms.core.errors import NotFound, Refused
from lms.learning import services
from lms.learning.models import (
    Cohort,
    CourseVersion,
    Enrolment,
    EnrolmentState,
    Lesson,
    Outcome,
    OutcomeKind,
)
from lms.people.models import Employee
from lms.people.services import hire
from tests.learning.conftest import NOW
from tests.learning.packages import lesson, small_package

Make = Callable[..., Cohort]


def newcomers(session: Session, count: int) -> list[Employee]:
    return [
        hire(session, SYSTEM, number=f"N{n:03}", name=f"学员{n}", hired_on=date(2020, 1, 1))
        for n in range(count)
    ]


def lessons(session: Session, version: CourseVersion) -> list[Lesson]:
    return services.lessons_of(session, version.id)


def outcome(session: Session, enrolment: Enrolment, kind: OutcomeKind, item: str | None, **over: Any) -> Any:
    fields: dict[str, Any] = {
        "source": f"{kind}:{item}",
        "points": Decimal(90),
        "passed": True,
        "occurred_at": NOW,
    }
    return services.record_outcome(
        session, enrolment_id=enrolment.id, kind=kind, item=item, **{**fields, **over}
    )


# ---------------------------------------------------------------- publishing and finding


def test_the_same_content_is_published_once(session: Session, version: CourseVersion) -> None:
    assert services.publish(session, small_package(), SYSTEM, NOW) is version
    second = services.publish(session, small_package(sha256="b" * 64), SYSTEM, NOW)
    assert (version.number, second.number) == (1, 2)
    assert session.scalar(select(func.count()).select_from(Lesson)) == 4
    assert version.required == {"quizzes": ["Q1"], "forms": ["F1"]}
    assert [one.id for one in services.courses(session)] == [second.id]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("拜访", True),
        ("入门 准备", True),
        ("FIRST", True),
        ("t01", True),
        ("入门 授信", False),
        ("%", False),
        ("", True),
    ],
)
def test_a_course_is_found_by_words_of_both_languages(
    session: Session, version: CourseVersion, words: str, found: bool
) -> None:
    assert (version in session.scalars(services.search_courses(words)).all()) is found


# ---------------------------------------------------------------- cohorts


@pytest.mark.requirement("1.01")
def test_forty_see_their_cohort_and_a_forty_first_does_not(
    session: Session, bank: Any, make_cohort: Make
) -> None:
    cohort = make_cohort()
    people = newcomers(session, 41)
    services.enrol_many(session, SYSTEM, cohort.id, [one.id for one in people[:40]], now=NOW)
    assert len(session.scalars(services.roster(cohort.id)).all()) == 40
    for one in people[:40]:
        assert [e.cohort_id for e in session.scalars(services.my_enrolments(one.id))] == [cohort.id]
    assert session.scalars(services.my_enrolments(people[40].id)).all() == []
    with pytest.raises(Refused, match="名额不足"):
        services.enrol(session, SYSTEM, cohort.id, people[40].id, now=NOW)
    trainee = bank.person("trainee")
    assert (
        session.scalars(narrow(select(Cohort), Cohort, trainee, Action.COHORT_VIEW, bank.today)).all() == []
    )


def test_capacity_is_all_or_nothing_and_twice_is_passed_over(session: Session, make_cohort: Make) -> None:
    cohort = make_cohort(capacity=2)
    ids = [one.id for one in newcomers(session, 3)]
    assert len(services.enrol_many(session, SYSTEM, cohort.id, ids[:1], now=NOW)) == 1
    with pytest.raises(Refused):
        services.enrol_many(session, SYSTEM, cohort.id, ids, now=NOW)
    assert services.head_counts(session, [cohort.id])[cohort.id] == (1, 0)
    assert len(services.enrol_many(session, SYSTEM, cohort.id, ids[:2], now=NOW)) == 1
    with pytest.raises(Refused, match="已在本班"):
        services.enrol(session, SYSTEM, cohort.id, ids[0], now=NOW)


def test_a_cohort_refuses_a_taken_number_and_days_turned_round(make_cohort: Make) -> None:
    make_cohort()
    with pytest.raises(Refused, match="已存在"):
        make_cohort()
    with pytest.raises(Refused, match="早于"):
        make_cohort("2", ends_on=date(2026, 11, 1))
    with pytest.raises(Refused, match="名额"):
        make_cohort("3", capacity=0)


def test_a_closed_cohort_takes_nobody(session: Session, make_cohort: Make) -> None:
    cohort = make_cohort()
    services.close_cohort(session, SYSTEM, cohort)
    with pytest.raises(Refused):
        services.enrol(session, SYSTEM, cohort.id, newcomers(session, 1)[0].id, now=NOW)


def test_who_comes_back_keeps_what_was_done(
    session: Session, version: CourseVersion, make_cohort: Make
) -> None:
    cohort, person = make_cohort(), newcomers(session, 1)[0]
    enrolment = services.enrol(session, SYSTEM, cohort.id, person.id, now=NOW)
    services.complete_lesson(session, SYSTEM, enrolment.id, lessons(session, version)[0].id, now=NOW)
    services.withdraw(session, SYSTEM, enrolment)
    assert session.scalars(services.my_enrolments(person.id)).all() == []
    assert services.enrol(session, SYSTEM, cohort.id, person.id, now=NOW).state is EnrolmentState.LEARNING


@pytest.mark.requirement("1.02")
def test_fourteen_days_in_a_row_are_saved_and_warned_of(session: Session, make_cohort: Make) -> None:
    assert services.days_in_a_row(session, make_cohort("dense", rest_days=False)) == 14
    assert services.days_in_a_row(session, make_cohort("calm")) == 0


def test_the_trainer_reaches_the_own_cohort_only(session: Session, bank: Any, make_cohort: Make) -> None:
    mine = make_cohort("mine")
    other = make_cohort("other", trainer_ids=[bank.employee("trainer2").id])
    wanted = narrow(select(Cohort), Cohort, bank.person("trainer"), Action.COHORT_MANAGE, bank.today)
    reached = session.scalars(wanted).all()
    assert mine in reached
    assert other not in reached


# ---------------------------------------------------------------- learning


@pytest.fixture
def enrolment(session: Session, make_cohort: Make) -> Enrolment:
    return services.enrol(session, SYSTEM, make_cohort().id, newcomers(session, 1)[0].id, now=NOW)


@pytest.mark.requirement("5.01")
def test_a_course_is_completed_by_lessons_quiz_and_feedback(
    session: Session, version: CourseVersion, enrolment: Enrolment
) -> None:
    outcome(session, enrolment, OutcomeKind.ATTENDANCE, None, points=None)
    assert enrolment.state is EnrolmentState.ATTENDED
    for one in lessons(session, version):
        services.complete_lesson(session, SYSTEM, enrolment.id, one.id, now=NOW)
    outcome(session, enrolment, OutcomeKind.QUIZ, "Q1", passed=False)
    outcome(session, enrolment, OutcomeKind.FEEDBACK, "F1", passed=None)
    assert enrolment.state is EnrolmentState.ATTENDED
    assert enrolment.completed_at is None
    outcome(session, enrolment, OutcomeKind.QUIZ, "Q1", source="quiz_attempt:2")
    assert enrolment.state is EnrolmentState.COMPLETED
    assert enrolment.completed_at == NOW
    done = services.completions(session, [enrolment.employee_id], date(2026, 11, 24), date(2026, 11, 25))
    assert [(one.course_code, one.completed_at) for one in done] == [("T01", NOW)]


def test_an_outcome_told_again_is_corrected_not_doubled(session: Session, enrolment: Enrolment) -> None:
    outcome(session, enrolment, OutcomeKind.QUIZ, "Q1", points=Decimal("61.5"), passed=False)
    found = outcome(session, enrolment, OutcomeKind.QUIZ, "Q1", points=Decimal("88.5"))
    assert session.scalars(select(Outcome.points)).all() == [Decimal("88.5")]
    assert found.quizzes_passed == 1


def test_outcomes_are_told_by_local_day(session: Session, enrolment: Enrolment) -> None:
    midnight = NOW.replace(hour=16)  # 24:00 in Shanghai
    outcome(session, enrolment, OutcomeKind.QUIZ, "Q1", occurred_at=midnight - timedelta(seconds=1))
    outcome(session, enrolment, OutcomeKind.SITTING, None, occurred_at=midnight)
    found = services.outcomes(session, [enrolment.employee_id], date(2026, 11, 24), date(2026, 11, 25))
    assert [(one.kind, one.cohort_number, one.points) for one in found] == [
        (OutcomeKind.QUIZ, "T-2026-01", Decimal(90))
    ]


def test_one_goes_on_where_one_left_off(
    session: Session, version: CourseVersion, enrolment: Enrolment
) -> None:
    first, second = lessons(session, version)
    assert services.continue_lesson(session, enrolment.employee_id) is first
    services.remember_position(session, enrolment.id, second.id, 0, now=NOW)
    assert services.continue_lesson(session, enrolment.employee_id) is second
    services.remember_position(session, enrolment.id, first.id, 2, now=NOW + timedelta(minutes=1))
    assert services.continue_lesson(session, enrolment.employee_id) is first
    services.complete_lesson(session, SYSTEM, enrolment.id, first.id, now=NOW)
    services.complete_lesson(session, SYSTEM, enrolment.id, second.id, now=NOW)
    assert services.continue_lesson(session, enrolment.employee_id) is None
    with pytest.raises(NotFound):
        services.remember_position(session, enrolment.id, first.id, 3, now=NOW)


def test_a_lesson_of_another_course_is_not_found(session: Session, enrolment: Enrolment) -> None:
    other = services.publish(
        session,
        small_package("T02", lessons=(lesson("X", 1, {"kind": "intro", "text_zh": "x"}),)),
        SYSTEM,
        NOW,
    )
    with pytest.raises(NotFound):
        services.complete_lesson(session, SYSTEM, enrolment.id, other.lessons[0].id, now=NOW)


@pytest.mark.requirement("6.08")
def test_differences_are_noticed_before_they_are_shown(
    session: Session, version: CourseVersion, enrolment: Enrolment
) -> None:
    pair = lessons(session, version)[1]
    with pytest.raises(Refused):
        services.check_pair(session, enrolment.id, pair, 0, [0], now=NOW)
    with pytest.raises(Refused):
        services.note_pair(session, enrolment.id, pair, 0, "  ", now=NOW)
    services.note_pair(session, enrolment.id, pair, 0, "没打招呼", now=NOW)
    assert services.check_pair(session, enrolment.id, pair, 0, [0, 1, 2, 3, 9], now=NOW) == Decimal(80)
    with pytest.raises(NotFound):
        services.note_pair(session, enrolment.id, lessons(session, version)[0], 0, "x", now=NOW)


def test_progress_of_many_costs_as_many_queries_as_of_one(
    session: Session, make_cohort: Make, queries: Callable[[], Any]
) -> None:
    cohort = make_cohort()
    people = newcomers(session, 20)
    added = services.enrol_many(session, SYSTEM, cohort.id, [one.id for one in people], now=NOW)
    session.flush()
    with queries() as one:
        services.standings(session, added[:1])
    with queries() as many:
        services.standings(session, added)
    assert len(many) == len(one) <= 4


def test_to_do_names_lessons_left_and_cohorts_to_close(
    session: Session, bank: Any, version: CourseVersion, make_cohort: Make
) -> None:
    cohort = make_cohort(starts_on=date(2026, 11, 2), ends_on=date(2026, 11, 13))
    services.enrol(session, SYSTEM, cohort.id, bank.employee("trainee").id, now=NOW)
    mine = [
        one
        for one in services.todo(session, bank.person("trainee"), NOW)
        if one.params.get("course") == version.title_zh
    ]
    assert [(one.params["n"], one.due) for one in mine] == [(2, date(2026, 11, 13))]
    theirs = services.todo(session, bank.person("trainer"), NOW)
    assert {"cohort_id": cohort.id} in [one.url_args for one in theirs]
    others = services.todo(session, bank.person("trainer2"), NOW)
    assert {"cohort_id": cohort.id} not in [one.url_args for one in others]
