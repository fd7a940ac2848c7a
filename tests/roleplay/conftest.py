"""A sitting at the small school: one scene, a rubric with a gate, two scorers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

from lms.core.audit import SYSTEM
from lms.learning.models import CourseVersion
from lms.roleplay import services
from lms.roleplay.models import Rating, Scenario, Sitting
from lms.roleplay.services import SittingView
from tests.assessment.conftest import NOW, School, package, school

__all__ = ["school"]


def criterion(code: str, weight: int) -> dict[str, Any]:
    return {
        "code": code,
        "weight": weight,
        "title_zh": f"要点{code}",
        "title_en": f"Point {code}",
        "levels_zh": ["未做", "部分", "做到", "出色"],
        "levels_en": ["Missing", "Partly", "Done", "Very well"],
    }


RUBRIC: dict[str, Any] = {
    "code": "R1",
    "version": 1,
    "title_zh": "评分标准",
    "title_en": "Rubric",
    "criteria": [criterion("need", 40), criterion("offer", 40), criterion("law", 20)],
    "gates": [{"criterion": "law", "at_most_level": 1, "cap_percent": 59}],
}
SCENARIO: dict[str, Any] = {
    "code": "S1",
    "rubric": "R1",
    "title_zh": "首次拜访",
    "title_en": "First visit",
    "minutes": 10,
    "background_zh": "一家制造企业",
    "background_en": "A manufacturer",
    "card": {"role_zh": "客户经理", "role_en": "Manager", "text_zh": "了解需求", "text_en": "Find the need"},
    "hidden_card": {
        "role_zh": "财务总监",
        "role_en": "CFO",
        "text_zh": "不主动透露",
        "text_en": "Says little",
        "need_zh": "急需置换高息贷款",
        "need_en": "Wants to replace a dear loan",
        "objections_zh": ["利率太高"],
        "objections_en": ["Too dear"],
    },
}
GOOD = {"need": 3, "offer": 4, "law": 2}
BETTER = {"need": 4, "offer": 4, "law": 4}


@dataclass
class Stage:
    """The school with a scheduled sitting of its trainee before `trainer` and `stranger`."""

    school: School
    scenario: Scenario
    sitting: Sitting

    def id_of(self, name: str) -> int:
        employee_id = self.school.accounts[name].employee_id
        assert isinstance(employee_id, int)
        return employee_id

    def view(self, name: str) -> SittingView:
        """What somebody sees of the sitting as it is stored."""
        session = self.school.session
        session.flush()
        session.expire_all()
        found = session.scalars(services.sitting_page().where(Sitting.id == self.sitting.id)).one()
        return services.view_for(found, self.id_of(name))

    def draft(self, name: str, levels: dict[str, int]) -> Rating:
        return services.save_draft(
            self.school.session, SYSTEM, self.sitting, self.id_of(name), levels=levels, remarks={}, overall=""
        )

    def submit(self, name: str, levels: dict[str, int], **remarks: str) -> Rating:
        return services.submit(
            self.school.session,
            SYSTEM,
            self.sitting,
            self.id_of(name),
            levels=levels,
            remarks=remarks,
            overall="",
            now=NOW,
        )


@pytest.fixture
def stage(school: School) -> Stage:
    session = school.session
    version = session.get_one(CourseVersion, school.cohort.course_version_id)
    scenes = replace(package(), rubrics=(RUBRIC,), scenarios=(SCENARIO,))
    services.install_package(session, version, scenes, SYSTEM, NOW)
    scenario = session.scalars(select(Scenario)).one()
    scorers = [school.accounts[name].employee_id for name in ("trainer", "stranger")]
    sitting = services.schedule(
        session, SYSTEM, enrolment=school.enrolment, scenario=scenario, scorer_ids=scorers, at=NOW
    )
    return Stage(school, scenario, sitting)
