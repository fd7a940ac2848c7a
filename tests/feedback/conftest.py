"""An open wave of an anonymous form at the small school, with people enough to answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lms.core.audit import SYSTEM
from lms.feedback import services
from lms.feedback.models import Form, Wave
from lms.learning.models import CourseVersion
from lms.learning.services import enrol
from lms.people.services import hire
from tests.assessment.conftest import FIRST, NOW, School, package, school

__all__ = ["school"]

FORM: dict[str, Any] = {
    "code": "F1",
    "version": 1,
    "wave": 1,
    "respondent": "trainee",
    "title_zh": "培训反馈",
    "title_en": "Feedback",
    "questions": [
        {"code": "useful", "type": "scale", "min": 1, "max": 5, "text_zh": "有用吗", "text_en": "Useful?"},
        {"code": "said", "type": "text", "text_zh": "想说的", "text_en": "Your words"},
    ],
}
ANSWERS = {"useful": ["4"], "said": ["案例再多些"]}


@dataclass
class Asked:
    """The school, its wave, and the employee ids of six people in the cohort."""

    school: School
    wave: Wave
    people: list[int]

    def answer(self, employee_id: int, raw: dict[str, list[str]] = ANSWERS) -> None:
        services.answer(self.school.session, SYSTEM, self.wave, employee_id, raw, seconds=60, now=NOW)


@pytest.fixture
def asked(school: School) -> Asked:
    session = school.session
    version = session.get_one(CourseVersion, school.cohort.course_version_id)
    services.install_package(session, version, replace(package(), forms=(FORM,)), SYSTEM, NOW)
    people = [school.enrolment.employee_id, school.other_enrolment.employee_id]
    for number in range(4):
        person = hire(session, SYSTEM, number=f"F{number}", name=f"同学{number}", hired_on=FIRST)
        enrol(session, SYSTEM, school.cohort.id, person.id, now=NOW)
        people.append(person.id)
    wave = services.open_wave(
        session,
        SYSTEM,
        form=session.scalars(select(Form)).one(),
        cohort=school.cohort,
        opens_on=date(2026, 11, 20),
        due_on=date(2099, 12, 31),
    )
    return Asked(school, wave, people)
