"""Answering once and without a name; figures only when enough have spoken."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from lms.core.errors import Refused, Rejected
from lms.feedback.models import Participation, Response
from lms.feedback.services import results
from lms.learning.models import Outcome, OutcomeKind
from tests.assessment.conftest import NOW
from tests.feedback.conftest import ANSWERS, Asked


def test_four_answers_are_hidden_and_five_are_shown(asked: Asked) -> None:
    for person in asked.people[:4]:
        asked.answer(person)
    few = results(asked.school.session, asked.wave)
    assert (few.asked, few.answered, few.rate) == (6, 4, Decimal("66.7"))
    assert (few.summaries, few.straight_lined) == (None, None)
    asked.answer(asked.people[4], {**ANSWERS, "useful": ["1"]})
    enough = results(asked.school.session, asked.wave)
    assert enough.summaries is not None
    assert [(one.code, one.count, one.mean) for one in enough.summaries] == [
        ("useful", 5, Decimal("3.40")),
        ("said", 5, None),
    ]


def test_an_anonymous_answer_names_nobody(asked: Asked) -> None:
    asked.answer(asked.people[0])
    session = asked.school.session
    response = session.scalars(select(Response)).one()
    assert (response.employee_id, response.answers) == (None, {"useful": 4, "said": "案例再多些"})
    assert session.scalars(select(Participation.employee_id)).all() == [asked.people[0]]


def test_an_answer_under_a_name_keeps_it(asked: Asked) -> None:
    asked.wave.anonymous = False
    asked.answer(asked.people[0])
    assert asked.school.session.scalars(select(Response.employee_id)).all() == [asked.people[0]]


def test_nobody_answers_twice_or_unasked(asked: Asked) -> None:
    asked.answer(asked.people[0])
    with pytest.raises(Refused, match="已经填写过"):
        asked.answer(asked.people[0])
    stranger = asked.school.accounts["outsider"].employee_id
    with pytest.raises(Refused, match="不是发给您的"):
        asked.answer(stranger)
    assert len(asked.school.session.scalars(select(Response)).all()) == 1


def test_what_is_missing_is_named_and_nothing_is_kept(asked: Asked) -> None:
    with pytest.raises(Rejected) as rejected:
        asked.answer(asked.people[0], {"useful": ["9"]})
    assert [problem.field for problem in rejected.value.problems] == ["useful", "said"]
    assert asked.school.session.scalars(select(Participation)).all() == []


def test_an_answer_is_reported_as_an_outcome(asked: Asked) -> None:
    asked.answer(asked.people[0])
    outcome = asked.school.session.scalars(select(Outcome).where(Outcome.kind == OutcomeKind.FEEDBACK)).one()
    assert (outcome.enrolment_id, outcome.item) == (asked.school.enrolment.id, "F1")
    assert (outcome.points, outcome.passed, outcome.occurred_at) == (None, True, NOW)
