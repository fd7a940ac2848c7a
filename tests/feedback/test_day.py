"""Feedback over many rows, in two languages, and of a cohort called off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.feedback import services
from lms.learning.services import cancel_cohort
from tests.assessment.conftest import counting, token_in
from tests.assessment.test_queries import asked as statements
from tests.assessment.test_queries import more_cohorts
from tests.feedback.conftest import Asked

__all__ = ["counting"]


def test_a_form_of_a_cohort_called_off_is_put_to_nobody(asked: Asked) -> None:
    school = asked.school
    assert "填写反馈表" in school.browser("trainee").get("/").text
    cancel_cohort(school.session, SYSTEM, school.cohort, "场地停用")
    browser = school.browser("trainee")
    assert "填写反馈表" not in browser.get("/").text
    assert "培训反馈</strong>" not in browser.get("/feedback/").text
    assert browser.get(f"/feedback/waves/{asked.wave.id}/fill").status_code == 409
    with pytest.raises(Refused, match="培训班已取消"):
        services.open_wave(
            school.session,
            SYSTEM,
            form=asked.wave.form,
            cohort=school.cohort,
            opens_on=date(2026, 11, 24),
            due_on=date(2026, 11, 25),
        )


def test_the_to_do_list_speaks_the_readers_language(asked: Asked) -> None:
    asked.school.cohort.name_en = "Trial class"
    browser = asked.school.browser("trainee")
    browser.post("/language/en", data={"csrf_token": token_in(browser.get("/"))})
    assert "Fill in the feedback form: Trial class" in browser.get("/").text


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "😀" * 300, "'; DROP TABLE x --", "\u202e反"])
def test_hostile_words_are_kept_as_words(asked: Asked, words: str) -> None:
    for person in asked.people[1:5]:
        asked.answer(person)
    browser = asked.school.browser("trainee")
    address = f"/feedback/waves/{asked.wave.id}/fill"
    given = {"useful": "5", "said": words, "csrf_token": token_in(browser.get(address))}
    assert browser.post(address, data=given).status_code == 303
    assert browser.post(address, data=given).status_code == 409
    page = asked.school.browser("trainer").get(f"/feedback/waves/{asked.wave.id}").text
    assert "<script>alert" not in page
    assert words.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;") in page


@pytest.mark.parametrize("forged", ["", "0", "6", "２", "４.5", "x", "9" * 500])
def test_a_mark_off_the_scale_is_marked(asked: Asked, forged: str) -> None:
    browser = asked.school.browser("trainee")
    address = f"/feedback/waves/{asked.wave.id}/fill"
    given = {"useful": forged, "said": "好", "csrf_token": token_in(browser.get(address))}
    answer = browser.post(address, data=given)
    assert answer.status_code == (303 if forged == "２" else 422)  # a full-width 2 is a 2


def test_the_pages_ask_as_much_for_many_as_for_few(asked: Asked, counting: Callable[[], Any]) -> None:
    school = asked.school
    for person in asked.people[:5]:
        asked.answer(person)
    trainee, trainer = school.browser("trainee"), school.browser("trainer")
    results = f"/feedback/waves/{asked.wave.id}"
    few = statements(trainee, ["/", "/feedback/"], counting)
    few |= statements(trainer, ["/feedback/waves", results], counting)
    asked.answer(asked.people[5])
    for enrolment in more_cohorts(school, 4):
        services.open_wave(
            school.session,
            SYSTEM,
            form=asked.wave.form,
            cohort=enrolment.cohort,
            opens_on=date(2026, 11, 20),
            due_on=date(2099, 12, 31),
        )
    many = statements(trainee, ["/", "/feedback/"], counting)
    many |= statements(trainer, ["/feedback/waves", results], counting)
    assert {page: (few[page], many[page]) for page in few if many[page] > few[page]} == {}
