"""The pages of quizzes ask the database as much for many rows as for few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from lms.assessment import services
from lms.core.audit import SYSTEM
from lms.learning.services import enrol, open_cohort
from lms.people.services import hire
from tests.assessment.conftest import FIRST, NOW, RIGHT, School

Counting = Callable[[], Any]


def sat(school: School, enrolment: Any, answers: dict[str, object], later: timedelta) -> int:
    began = NOW + later
    attempt = services.sit(
        school.session,
        SYSTEM,
        school.quiz,
        enrolment,
        answers,
        started_at=began,
        submitted_at=began + timedelta(minutes=9),
    )
    return attempt.id


def asked(browser: Any, pages: list[str], counting: Counting) -> dict[str, int]:
    """How many statements each page makes, once what is loaded once has been loaded."""
    counts = {}
    for page in pages:
        browser.get(page)
        with counting() as seen:
            assert browser.get(page).status_code == 200, page
        assert seen[0], page
        counts[page] = seen[0]
    return counts


def more_people(school: School, numbers: int) -> list[Any]:
    """New people in the cohort."""
    hired = [
        hire(school.session, SYSTEM, number=f"Q{n}", name=f"同学{n}", hired_on=FIRST) for n in range(numbers)
    ]
    return [enrol(school.session, SYSTEM, school.cohort.id, one.id, now=NOW) for one in hired]


def more_cohorts(school: School, numbers: int) -> list[Any]:
    """New cohorts of the same course and trainer, each with the trainee in it."""
    made = [
        open_cohort(
            school.session,
            SYSTEM,
            number=f"T-{n}-more",
            name_zh=f"第{n}班",
            course_version_id=school.cohort.course_version_id,
            org_unit_id=school.unit.id,
            starts_on=date(2026, 11, 20),
            ends_on=date(2026, 11, 27),
            location="教室",
            capacity=40,
            trainer_ids=[school.accounts["trainer"].employee_id],
        )
        for n in range(numbers)
    ]
    return [
        enrol(school.session, SYSTEM, one.id, school.accounts["trainee"].employee_id, now=NOW) for one in made
    ]


def test_the_quizzes_of_a_trainee(school: School, counting: Counting) -> None:
    attempt = sat(school, school.enrolment, {}, timedelta())
    browser = school.browser("trainee")
    pages = [
        "/",
        "/assessment/",
        f"/assessment/{school.enrolment.id}/final",
        f"/assessment/attempts/{attempt}/result",
    ]
    few = asked(browser, pages, counting)
    sat(school, school.enrolment, RIGHT, timedelta(hours=1))
    for enrolment in more_cohorts(school, 4):
        sat(school, enrolment, {}, timedelta(hours=2))
    many = asked(browser, pages, counting)
    assert {page: (few[page], many[page]) for page in pages if many[page] > few[page]} == {}


def test_the_figures_of_a_trainer(school: School, counting: Counting) -> None:
    sat(school, school.enrolment, {}, timedelta())
    cohort = f"/assessment/cohorts/{school.cohort.id}"
    pages = ["/assessment/cohorts", cohort, f"{cohort}/final"]
    browser = school.browser("trainer")
    few = asked(browser, pages, counting)
    for enrolment in more_people(school, 4):
        sat(school, enrolment, RIGHT, timedelta(hours=1))
    more_cohorts(school, 4)
    many = asked(browser, pages, counting)
    assert {page: (few[page], many[page]) for page in pages if many[page] > few[page]} == {}
