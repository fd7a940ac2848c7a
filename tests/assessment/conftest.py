"""A small school: one course with a question of each kind, a cohort, its people, and browsers for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from lms.access.policy import Role
from lms.access.services import grant, open_account, sign_in
from lms.assessment import services
from lms.assessment.models import Quiz
from lms.core import clock
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.learning.models import Cohort, Enrolment
from lms.learning.rules.package import CourseInfo, LessonPlan, Package
from lms.learning.services import enrol, open_cohort, publish
from lms.people.models import Employee, Level, OrgUnit
from lms.people.services import define_post, hire, open_unit, post

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
FIRST = date(2020, 1, 1)


def keys(*names: str) -> list[dict[str, str]]:
    return [{"key": name, "text_zh": f"选项{name}", "text_en": f"Choice {name}"} for name in names]


def question(code: str, type_: str, **content: Any) -> dict[str, Any]:
    return {
        "code": code,
        "type": type_,
        "stem_zh": f"题干{code}",
        "stem_en": f"Stem {code}",
        "explanation_zh": f"因为{code}",
        "explanation_en": f"Because {code}",
        "tags": ["core"],
        **content,
    }


QUESTIONS = (
    question("one", "single", options=keys("a", "b", "c"), answer="b"),
    question("many", "multiple", options=keys("a", "b", "c"), answer=["a", "c"], points=2),
    question("truth", "true_false", answer=False),
    question("steps", "ordering", items=keys("a", "b", "c"), answer=["a", "b", "c"], points=2),
    question(
        "pairs", "matching", left=keys("l", "m"), right=keys("r", "s"), answer={"l": "r", "m": "s"}, points=2
    ),
    question("flow", "numeric", answer=1.47, tolerance=0.01),
    question("word", "short", answer=["KYC"]),
)
RIGHT: dict[str, object] = {
    "one": "b",
    "many": ["a", "c"],
    "truth": False,
    "steps": ["a", "b", "c"],
    "pairs": {"l": "r", "m": "s"},
    "flow": "1.47",
    "word": "kyc",
}
QUIZ = {
    "code": "final",
    "title_zh": "结业测验",
    "title_en": "Final quiz",
    "time_limit_minutes": 30,
    "pass_percent": 60,
    "attempts_allowed": 2,
    "sections": [{"questions": [one["code"] for one in QUESTIONS]}],
}


def package(questions: tuple[dict[str, Any], ...] = QUESTIONS, *quizzes: dict[str, Any]) -> Package:
    return Package(
        code="T01",
        sha256="0" * 64,
        course=CourseInfo(
            code="T01",
            title_zh="试课",
            title_en="Trial course",
            summary_zh="简介",
            summary_en="Summary",
            audience_zh="客户经理",
            audience_en=None,
            owner_unit_zh=None,
            owner_unit_en=None,
            required=False,
            hours=Decimal(2),
            pass_percent=Decimal(60),
            prerequisites=(),
            methods=(),
        ),
        lessons=(LessonPlan("L1", 1, "第一课", "Lesson one", "theory", 10, None, None, ()),),
        questions=questions,
        quizzes=quizzes or (QUIZ,),
        scenarios=(),
        rubrics=(),
        forms=(),
        media=(),
    )


@dataclass
class School:
    """The people by their part, their cohort and its quiz."""

    session: Session
    app: Flask
    unit: OrgUnit
    other_unit: OrgUnit
    cohort: Cohort
    quiz: Quiz
    enrolment: Enrolment
    other_enrolment: Enrolment
    accounts: dict[str, Any]

    def browser(self, name: str) -> Any:
        """A client signed in as one of the people."""
        client = self.app.test_client()
        token = sign_in(
            self.session, self.accounts[name].id, username=name, address="::1", agent="test", now=clock.now()
        )
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
        return client


@pytest.fixture
def school(session: Session, app: Flask) -> School:
    unit = open_unit(
        session, SYSTEM, code="HO", name_zh="总行", level=Level.HEAD_OFFICE, parent=None, valid_from=FIRST
    )
    other = open_unit(
        session, SYSTEM, code="B2", name_zh="分行", level=Level.TIER_1, parent=unit, valid_from=FIRST
    )
    held = define_post(session, "RM", "客户经理", "rm")
    people: dict[str, Employee] = {}
    accounts: dict[str, Any] = {}
    for number, (name, role, over) in enumerate(
        [
            ("trainee", Role.TRAINEE, unit),
            ("other", Role.TRAINEE, unit),
            ("outsider", Role.TRAINEE, unit),
            ("trainer", Role.TRAINER, unit),
            ("stranger", Role.TRAINER, unit),
            ("hr", Role.HR, unit),
            ("hr2", Role.HR, other),
            ("supervisor", Role.SUPERVISOR, unit),
        ]
    ):
        people[name] = hire(session, SYSTEM, number=f"E{number}", name=f"员工{number}", hired_on=FIRST)
        post(session, SYSTEM, people[name], unit, held, FIRST)
        accounts[name] = open_account(
            session, SYSTEM, username=name, password_hash="-", name=name, employee=people[name], now=NOW
        )
        grant(session, SYSTEM, accounts[name], role, over, FIRST)
    version = publish(session, package(), SYSTEM, NOW)
    services.install_package(session, version, package(), SYSTEM, NOW)
    cohort = open_cohort(
        session,
        SYSTEM,
        number="T-1",
        name_zh="试班",
        course_version_id=version.id,
        org_unit_id=unit.id,
        starts_on=date(2026, 11, 20),
        ends_on=date(2026, 11, 27),
        location="教室",
        capacity=40,
        trainer_ids=[people["trainer"].id],
    )
    enrolment = enrol(session, SYSTEM, cohort.id, people["trainee"].id, now=NOW)
    other_enrolment = enrol(session, SYSTEM, cohort.id, people["other"].id, now=NOW)
    quiz = services.find_quiz(session, version.id, "final")
    return School(session, app, unit, other, cohort, quiz, enrolment, other_enrolment, accounts)


def token_in(page: Any) -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


@pytest.fixture
def counting() -> Callable[[], Any]:
    """Return a counter of statements: `with counting() as count: …`, then `count[0]`."""

    @contextmanager
    def count() -> Iterator[list[int]]:
        seen = [0]

        def note(*_: Any) -> None:
            seen[0] += 1

        connection = db.session().connection()
        event.listen(connection, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(connection, "before_cursor_execute", note)

    return count
