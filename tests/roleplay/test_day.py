"""What a trainer's and a trainee's day with role-plays must not stumble over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lms.core import clock
from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.learning.services import cancel_cohort
from lms.roleplay import services
from lms.roleplay.models import Rating, Sitting
from tests.assessment.conftest import NOW, counting, token_in
from tests.assessment.test_queries import asked, more_people
from tests.roleplay.conftest import BETTER, GOOD, Stage

__all__ = ["counting"]


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def test_a_remark_without_a_level_stays_in_the_draft(stage: Stage) -> None:
    browser = stage.school.browser("trainer")
    address = f"/roleplay/sittings/{stage.sitting.id}/rate"
    token = token_in(browser.get(address))
    given = {"remark-need": "追问了两次资金用途", "act": "draft", "csrf_token": token}
    assert browser.post(address, data=given).status_code == 303
    assert "追问了两次资金用途" in browser.get(address).text
    refused = browser.post(address, data={**given, "act": "submit"})
    assert refused.status_code == 422
    assert 'id="fault-need"' in refused.text
    levels = {f"level-{code}": str(level) for code, level in GOOD.items()}
    assert browser.post(address, data={**given, **levels, "act": "submit"}).status_code == 303
    rating = stage.school.session.scalars(select(Rating)).one()
    assert {score.criterion_code: score.level for score in rating.scores} == GOOD


def test_a_person_is_not_asked_to_play_twice_at_once(stage: Stage) -> None:
    school = stage.school
    browser, address = school.browser("trainer"), f"/roleplay/cohorts/{school.cohort.id}/schedule"
    plan = {
        "scenario_id": stage.scenario.id,
        "at": "2026-11-25T10:00",
        "scorer_ids": [stage.id_of("stranger")],
        "enrolment_id": school.other_enrolment.id,
        "csrf_token": token_in(browser.get(address)),
    }
    assert browser.post(address, data=plan).status_code == 303
    again = browser.post(address, data=plan)
    assert again.status_code == 422
    assert "在这个时间已经安排了演练" in again.text
    assert 'value="2026-11-25T10:00"' in again.text
    theirs = select(Sitting).where(Sitting.enrolment_id == school.other_enrolment.id)
    assert len(school.session.scalars(theirs).all()) == 1


def test_a_sitting_of_a_cohort_called_off_asks_nobody_any_more(stage: Stage) -> None:
    school = stage.school
    for name in ("trainer", "trainee"):
        assert "首次拜访" in school.browser(name).get("/").text, name
    cancel_cohort(school.session, SYSTEM, school.cohort, "场地停用")
    for name in ("trainer", "trainee"):
        assert "首次拜访" not in school.browser(name).get("/").text, name
    with pytest.raises(Refused, match="培训班已取消"):
        services.schedule(
            school.session,
            SYSTEM,
            enrolment=school.other_enrolment,
            scenario=stage.scenario,
            scorer_ids=[stage.id_of("trainer")],
            at=NOW,
        )


@pytest.fixture(autouse=True)
def tomorrow(stage: Stage) -> None:
    """The sitting is to be played tomorrow, so that its player has it before him."""
    stage.sitting.scheduled_at = NOW + timedelta(days=1)


def test_the_to_do_list_speaks_the_readers_language(stage: Stage) -> None:
    browser = stage.school.browser("trainee")
    browser.post("/language/en", data={"csrf_token": token_in(browser.get("/"))})
    page = browser.get("/").text
    assert "First visit" in page
    assert "首次拜访" not in page


def test_the_player_reads_how_the_play_is_judged(stage: Stage) -> None:
    page = stage.school.browser("trainee").get(f"/roleplay/sittings/{stage.sitting.id}").text
    assert "要点need" in page
    assert "出色" in page
    assert "已提交 0 / 2 份评分" in page


def test_the_pages_ask_as_much_for_many_as_for_few(stage: Stage, counting: Callable[[], Any]) -> None:
    school = stage.school
    browser = school.browser("trainer")
    sitting = f"/roleplay/sittings/{stage.sitting.id}"
    pages = ["/", "/roleplay/", f"/roleplay/cohorts/{school.cohort.id}/schedule", f"{sitting}/rate"]
    few = asked(browser, pages, counting)
    for n, enrolment in enumerate(more_people(school, 5)):
        services.schedule(
            school.session,
            SYSTEM,
            enrolment=enrolment,
            scenario=stage.scenario,
            scorer_ids=[stage.id_of("trainer"), stage.id_of("stranger")],
            at=NOW + timedelta(hours=n),
        )
    many = asked(browser, pages, counting)
    assert {page: (few[page], many[page]) for page in pages if many[page] > few[page]} == {}
    stage.submit("trainer", GOOD)
    one = asked(browser, [sitting], counting)
    stage.submit("stranger", BETTER)
    assert asked(browser, [sitting], counting)[sitting] <= one[sitting]
