from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lms.assessment import services
from lms.assessment.models import Attempt, AttemptItem, AttemptState
from lms.core import clock
from lms.core.audit import SYSTEM
from tests.assessment.conftest import NOW, RIGHT, School, token_in

FORM: dict[str, Any] = {
    "one": {"": "b"},
    "many": {"": ["a", "c"]},
    "truth": {"": "false"},
    "steps": {"-a": "1", "-b": "2", "-c": "3"},
    "pairs": {"-l": "r", "-m": "s"},
    "flow": {"": "１．４７"},
    "word": {"": "kyc"},
}


def started(school: School, *, ago: timedelta = timedelta()) -> Attempt:
    return services.start_attempt(
        school.session, SYSTEM, school.quiz, school.enrolment, now=clock.now() - ago
    )


def items(school: School, attempt: Attempt) -> dict[str, AttemptItem]:
    found = school.session.scalars(select(AttemptItem).where(AttemptItem.attempt_id == attempt.id))
    return {item.question.code: item for item in found}


def filled(school: School, attempt: Attempt, *codes: str) -> dict[str, Any]:
    by_code = items(school, attempt)
    return {f"q{by_code[code].id}{suffix}": value for code in codes for suffix, value in FORM[code].items()}


def test_a_trainee_takes_a_quiz_without_scripts(school: School) -> None:
    browser = school.browser("trainee")
    intro = browser.get(f"/assessment/{school.enrolment.id}/final")
    assert "30 分钟" in intro.text
    assert "60.0%" in intro.text
    begun = browser.post(
        f"/assessment/{school.enrolment.id}/final/start", data={"csrf_token": token_in(intro)}
    )
    assert begun.status_code == 303
    sheet = browser.get(begun.location)
    assert "题干steps" in sheet.text
    assert "因为" not in sheet.text
    attempt = school.session.scalars(select(Attempt)).one()
    answers = filled(school, attempt, *[code for code in FORM if code != "word"])
    kept = browser.post(begun.location, data={"csrf_token": token_in(sheet), "then": "check", **answers})
    check = browser.get(kept.location)
    word = items(school, attempt)["word"]
    assert "还有 1 题未答完" in check.text
    assert f"第 {word.position} 题" in check.text
    done = browser.post(f"/assessment/attempts/{attempt.id}/submit", data={"csrf_token": token_in(check)})
    result = browser.get(done.location)
    assert "90.00%" in result.text
    for code in FORM:
        assert f"因为{code}" in result.text
    assert browser.get(begun.location).location == done.location
    mine = browser.get("/assessment/")
    assert "90.00" in mine.text


def test_pages_are_in_english_for_who_reads_english(school: School) -> None:
    school.accounts["trainee"].language = "en"
    attempt = started(school)
    page = school.browser("trainee").get(f"/assessment/attempts/{attempt.id}")
    assert "Stem one" in page.text
    assert "Choice a" in page.text
    assert "题干" not in page.text


def test_an_answer_is_saved_by_script_with_the_token_in_a_header(school: School) -> None:
    attempt = started(school)
    browser = school.browser("trainee")
    token = token_in(browser.get(f"/assessment/attempts/{attempt.id}"))
    flow = items(school, attempt)["flow"]
    address = f"/assessment/attempts/{attempt.id}/items/{flow.id}"
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    for _ in range(2):
        saved = browser.post(address, data={f"q{flow.id}": "1.47"}, headers=headers)
        assert (saved.status_code, saved.json["fill"], saved.json["note"]) == (200, "full", "")
    assert browser.post(address, data={f"q{flow.id}": "ten"}, headers=headers).json["note"]
    assert 0 < saved.json["seconds_left"] <= 1800
    assert school.session.get_one(AttemptItem, flow.id).answer == "ten"
    one = items(school, attempt)["one"]
    wrong = browser.post(
        f"/assessment/attempts/{attempt.id}/items/{one.id}", data={f"q{one.id}": "zz"}, headers=headers
    )
    assert wrong.status_code == 409
    assert wrong.json["error"]


def test_every_write_needs_the_token(school: School) -> None:
    attempt = started(school)
    browser = school.browser("trainee")
    one = items(school, attempt)["one"]
    for address in (
        f"/assessment/{school.enrolment.id}/final/start",
        f"/assessment/attempts/{attempt.id}",
        f"/assessment/attempts/{attempt.id}/items/{one.id}",
        f"/assessment/attempts/{attempt.id}/submit",
    ):
        assert browser.post(address, data={f"q{one.id}": "b"}).status_code == 400, address
    assert school.session.get_one(Attempt, attempt.id).open
    assert school.session.get_one(AttemptItem, one.id).answer is None


def test_a_late_answer_is_refused_and_the_paper_says_so(school: School) -> None:
    attempt = started(school, ago=timedelta(minutes=31))
    browser = school.browser("trainee")
    page = browser.get(f"/assessment/attempts/{attempt.id}")
    assert "答题时间已到" in page.text
    token, one = token_in(page), items(school, attempt)["one"]
    late = browser.post(
        f"/assessment/attempts/{attempt.id}/items/{one.id}",
        data={f"q{one.id}": "b"},
        headers={"X-CSRFToken": token, "Accept": "application/json"},
    )
    assert late.status_code == 409
    done = browser.post(
        f"/assessment/attempts/{attempt.id}", data={"csrf_token": token, "then": "submit", f"q{one.id}": "b"}
    )
    assert "0.00%" in browser.get(done.location).text
    assert school.session.get_one(Attempt, attempt.id).state is AttemptState.EXPIRED


@pytest.mark.parametrize("who", ["other", "outsider", "trainer", "hr", "supervisor"])
def test_another_persons_running_paper_is_closed_to_all(school: School, who: str) -> None:
    attempt = started(school)
    browser = school.browser(who)
    assert browser.get(f"/assessment/attempts/{attempt.id}").status_code == 403
    assert browser.get(f"/assessment/attempts/{attempt.id}/check").status_code == 403
    assert browser.get(f"/assessment/{school.enrolment.id}/final").status_code == 403


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("trainee", 200),
        ("trainer", 200),
        ("hr", 200),
        ("other", 403),
        ("stranger", 403),
        ("hr2", 403),
        ("supervisor", 403),
    ],
)
def test_a_result_is_seen_by_its_owner_the_trainer_and_hr(school: School, who: str, status: int) -> None:
    attempt = services.sit(
        school.session, SYSTEM, school.quiz, school.enrolment, RIGHT, started_at=NOW, submitted_at=NOW
    )
    assert school.browser(who).get(f"/assessment/attempts/{attempt.id}/result").status_code == status


@pytest.mark.parametrize(
    ("who", "status"), [("trainer", 200), ("hr", 200), ("stranger", 403), ("hr2", 403), ("trainee", 403)]
)
def test_figures_of_a_cohort_are_for_its_trainer_and_hr(school: School, who: str, status: int) -> None:
    services.sit(
        school.session, SYSTEM, school.quiz, school.enrolment, RIGHT, started_at=NOW, submitted_at=NOW
    )
    browser = school.browser(who)
    for address in (
        f"/assessment/cohorts/{school.cohort.id}",
        f"/assessment/cohorts/{school.cohort.id}/final",
    ):
        page = browser.get(address)
        assert page.status_code == status
        assert ("100.00%" in page.text) == (status == 200)
    listed = browser.get("/assessment/cohorts")
    assert ("试班" in listed.text) == (status == 200)


def test_what_is_not_there_is_not_found(school: School) -> None:
    browser = school.browser("trainee")
    assert browser.get("/assessment/attempts/999999").status_code == 404
    assert browser.get(f"/assessment/{school.enrolment.id}/nothing").status_code == 404
    assert browser.get("/assessment/999999/final").status_code == 404


def test_two_steps_on_one_place_count_as_unfinished(school: School) -> None:
    attempt = started(school)
    browser = school.browser("trainee")
    token = token_in(browser.get(f"/assessment/attempts/{attempt.id}"))
    steps = items(school, attempt)["steps"]
    name = f"q{steps.id}"
    data = {"csrf_token": token, "then": "check", f"{name}-a": "1", f"{name}-b": "1", f"{name}-c": "99"}
    check = browser.get(browser.post(f"/assessment/attempts/{attempt.id}", data=data).location)
    assert f"第 {steps.position} 题" in check.text
    assert school.session.get_one(AttemptItem, steps.id).answer == ["a", None, None]


def test_pages_cost_the_same_with_more_attempts(school: School, counting: Callable[[], Any]) -> None:
    def cost() -> int:
        browser = school.browser("trainer")
        with counting() as count:
            assert browser.get(f"/assessment/cohorts/{school.cohort.id}/final").status_code == 200
        return int(count[0])

    def once(enrolment: Any, hours: int) -> None:
        at = NOW + timedelta(hours=hours)
        services.sit(school.session, SYSTEM, school.quiz, enrolment, RIGHT, started_at=at, submitted_at=at)

    once(school.enrolment, 0)
    few = cost()
    once(school.enrolment, 1)
    once(school.other_enrolment, 2)
    assert 0 < cost() <= few


def test_no_page_carries_inline_styles_or_scripts(school: School) -> None:
    attempt = started(school)
    page = school.browser("trainee").get(f"/assessment/attempts/{attempt.id}").text
    assert "style=" not in page
    assert " onclick=" not in page
    assert "<script>" not in page
