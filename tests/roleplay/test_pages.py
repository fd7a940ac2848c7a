"""The pages of role-play, by their doors and by what is typed into them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lms.access.policy import Role
from lms.access.services import grant
from lms.core.audit import SYSTEM
from lms.learning.services import enrol, open_cohort
from lms.roleplay.models import Rating, RatingState, Sitting
from tests.assessment.conftest import FIRST, NOW, token_in
from tests.roleplay.conftest import GOOD, Stage


def typed(levels: dict[str, Any], **over: str) -> dict[str, Any]:
    return {**{f"level-{code}": str(level) for code, level in levels.items()}, **over}


def test_a_trainer_of_neither_sitting_nor_cohort_is_kept_out(stage: Stage) -> None:
    school = stage.school
    grant(school.session, SYSTEM, school.accounts["outsider"], Role.TRAINER, school.unit, FIRST)
    browser = school.browser("outsider")
    for path in ("", "/rate"):
        assert browser.get(f"/roleplay/sittings/{stage.sitting.id}{path}").status_code == 403
    assert browser.get(f"/roleplay/cohorts/{school.cohort.id}/schedule").status_code == 403
    assert browser.get(f"/roleplay/sittings/{stage.sitting.id + 1000}").status_code == 404
    listed = browser.get("/roleplay/")
    assert listed.status_code == 200
    assert "首次拜访" not in listed.text
    assert "首次拜访" in school.browser("trainer").get("/roleplay/").text


def test_the_player_reads_the_own_card_and_cannot_rate(stage: Stage) -> None:
    browser = stage.school.browser("trainee")
    page = browser.get(f"/roleplay/sittings/{stage.sitting.id}")
    assert "了解需求" in page.text
    assert "急需置换高息贷款" not in page.text
    address = f"/roleplay/sittings/{stage.sitting.id}/rate"
    assert browser.get(address).status_code == 403
    forged = browser.post(address, data=typed(GOOD, act="submit", csrf_token=token_in(page)))
    assert forged.status_code == 403
    assert stage.school.session.scalars(select(Rating)).all() == []


def test_a_scorer_keeps_a_draft_and_submits_it(stage: Stage) -> None:
    browser = stage.school.browser("trainer")
    address = f"/roleplay/sittings/{stage.sitting.id}/rate"
    page = browser.get(address)
    assert "急需置换高息贷款" in page.text
    draft = typed({"need": 3}, act="draft", overall="先记一笔", csrf_token=token_in(page))
    assert browser.post(address, data=draft).status_code == 303
    page = browser.get(address)
    assert "先记一笔" in page.text
    given = typed(GOOD, act="submit", overall="很稳", csrf_token=token_in(page))
    assert browser.post(address, data=given).status_code == 303
    assert browser.get(address).status_code == 303
    rating = stage.school.session.scalars(select(Rating)).one()
    assert (rating.state, rating.remarks) == (RatingState.SUBMITTED, "很稳")


@pytest.mark.parametrize("forged", ["²", "0", "5", "-1", "x", "", "9" * 5000])
def test_a_forged_level_counts_as_none(stage: Stage, forged: str) -> None:
    browser = stage.school.browser("trainer")
    address = f"/roleplay/sittings/{stage.sitting.id}/rate"
    token = token_in(browser.get(address))
    given = typed({**GOOD, "need": forged}, act="submit", overall="写好的总评", csrf_token=token)
    answer = browser.post(address, data=given)
    assert answer.status_code == 422
    assert 'id="fault-need"' in answer.text
    assert 'id="fault-offer"' not in answer.text
    assert "写好的总评" in answer.text
    submitted = select(Rating).where(Rating.state == RatingState.SUBMITTED)
    assert stage.school.session.scalars(submitted).all() == []


def test_only_people_of_the_cohort_are_scheduled(stage: Stage) -> None:
    school = stage.school
    elsewhere = open_cohort(
        school.session,
        SYSTEM,
        number="T-2",
        name_zh="别班",
        course_version_id=school.cohort.course_version_id,
        org_unit_id=school.unit.id,
        starts_on=date(2026, 11, 20),
        ends_on=date(2026, 11, 27),
        location="教室",
        capacity=40,
        trainer_ids=[stage.id_of("stranger")],
    )
    theirs = enrol(school.session, SYSTEM, elsewhere.id, stage.id_of("outsider"), now=NOW)
    browser = school.browser("trainer")
    address = f"/roleplay/cohorts/{school.cohort.id}/schedule"
    plan = {
        "scenario_id": stage.scenario.id,
        "at": "2026-11-25T10:00",
        "scorer_ids": [stage.id_of("stranger")],
        "csrf_token": token_in(browser.get(address)),
    }
    assert browser.post(address, data={**plan, "enrolment_id": theirs.id}).status_code == 422
    assert school.session.scalars(select(Sitting)).all() == [stage.sitting]
    assert browser.post(address, data={**plan, "enrolment_id": school.other_enrolment.id}).status_code == 303
    fresh = school.session.scalars(select(Sitting).where(Sitting.id != stage.sitting.id)).one()
    assert fresh.enrolment_id == school.other_enrolment.id
    assert fresh.scheduled_at.isoformat() == "2026-11-25T02:00:00+00:00"
