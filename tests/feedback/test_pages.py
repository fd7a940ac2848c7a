"""The pages of feedback, by their doors and by what is typed into them."""

from __future__ import annotations

from sqlalchemy import select

from lms.feedback.models import Response
from tests.assessment.conftest import token_in
from tests.feedback.conftest import Asked


def test_a_missing_answer_is_marked_and_what_was_typed_stays(asked: Asked) -> None:
    browser = asked.school.browser("trainee")
    address = f"/feedback/waves/{asked.wave.id}/fill"
    given = {"said": "写了很久的话", "csrf_token": token_in(browser.get(address))}
    answer = browser.post(address, data=given)
    assert answer.status_code == 422
    assert 'id="fault-useful"' in answer.text
    assert 'id="fault-said"' not in answer.text
    assert "写了很久的话" in answer.text
    assert asked.school.session.scalars(select(Response)).all() == []
    assert browser.post(address, data={**given, "useful": "5"}).status_code == 303
    kept = asked.school.session.scalars(select(Response)).one()
    assert kept.answers == {"useful": 5, "said": "写了很久的话"}


def test_only_the_trainers_of_the_cohort_read_the_results(asked: Asked) -> None:
    for person in asked.people[:5]:
        asked.answer(person)
    address = f"/feedback/waves/{asked.wave.id}"
    for name in ("trainee", "stranger", "supervisor"):
        refused = asked.school.browser(name).get(address)
        assert (name, refused.status_code) == (name, 403)
        assert "案例再多些" not in refused.text
    assert "案例再多些" in asked.school.browser("trainer").get(address).text


def test_few_answers_are_not_shown_to_the_trainer(asked: Asked) -> None:
    for person in asked.people[:4]:
        asked.answer(person)
    page = asked.school.browser("trainer").get(f"/feedback/waves/{asked.wave.id}")
    assert page.status_code == 200
    assert "案例再多些" not in page.text
    assert "少于 5 位" in page.text
