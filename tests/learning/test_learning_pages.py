from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.learning import services
from lms.learning.models import Cohort, CourseVersion, EnrolmentState, LessonProgress
from lms.people.services import hire, unit_on
from tests.learning.conftest import NOW

Make = Callable[..., Cohort]
SignIn = Callable[..., Any]


def post(client: Any, page: str, address: str, **data: Any) -> Any:
    """Post with the token of a page, as a browser does."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert token
    return client.post(address, data={"csrf_token": token.group(1), **data})


@pytest.fixture
def cohort(session: Session, bank: Any, make_cohort: Make) -> Cohort:
    made = make_cohort()
    services.enrol(session, SYSTEM, made.id, bank.employee("trainee").id, now=NOW)
    return made


def test_a_trainee_reads_goes_on_and_finishes(
    session: Session, cohort: Cohort, version: CourseVersion, sign_in: SignIn
) -> None:
    client = sign_in("trainee")
    first, second = (f"/learning/lessons/{one.id}" for one in services.lessons_of(session, version.id))
    assert "继续" in client.get("/learning/mine").text
    page = client.get(first)
    assert "为什么要拜访" in page.text
    assert "lx-intro" in page.text
    answer = post(client, first, f"{first}/position", block=2)
    assert answer.location.endswith(f"{first}?block=2")
    assert "<strong>先看资料</strong>" in client.get(first).text  # where it was left
    done = post(client, first, f"{first}/done")
    assert done.location.endswith(second)
    assert "已完成" in client.get(second).text
    last = post(client, second, f"{second}/done")
    assert "/enrolments/" in last.location
    page = client.get(last.location)
    assert "到课未结业" in page.text
    assert "还需通过 1 个测验" in page.text
    own = LessonProgress.lesson_id.in_([one.id for one in services.lessons_of(session, version.id)])
    moments = session.scalars(select(LessonProgress.completed_at).where(own)).all()
    assert len(moments) == 2
    assert None not in moments


@pytest.mark.requirement("6.08")
def test_a_pair_shows_its_differences_after_ones_own_and_counts_them(
    session: Session, cohort: Cohort, version: CourseVersion, sign_in: SignIn
) -> None:
    client = sign_in("trainee")
    address = f"/learning/lessons/{services.lessons_of(session, version.id)[1].id}"
    assert "没有递名片" not in client.get(address).text
    post(client, address, f"{address}/blocks/1/noticed", noticed="没有打招呼")
    page = client.get(address).text
    assert "没有打招呼" in page
    assert "没有递名片" in page
    post(client, address, f"{address}/blocks/1/found", found=["0", "1", "2", "3"])
    assert "找到 4 处，共 5 处（80%）" in client.get(address).text


def test_lessons_are_closed_to_others_and_open_to_trainer_and_hr(
    session: Session, cohort: Cohort, version: CourseVersion, sign_in: SignIn
) -> None:
    address = f"/learning/lessons/{services.lessons_of(session, version.id)[0].id}"
    assert sign_in("trainer").get(address).status_code == 200
    assert "预览" in sign_in("hr").get(address).text
    assert sign_in("trainer2").get(address).status_code == 403
    assert sign_in("supervisor").get(address).status_code == 403
    assert sign_in("trainer").post(f"{address}/done").status_code in (400, 403)
    assert sign_in("trainee").post(f"{address}/done").status_code == 400  # without its token


def test_the_course_page_tells_hours_and_is_found_by_search(version: CourseVersion, sign_in: SignIn) -> None:
    client = sign_in("supervisor")
    page = client.get(f"/learning/courses/{version.id}").text
    assert "4.5" in page
    assert "2.3 学时（1 课）" in page
    assert "客户拜访入门" in client.get("/learning/courses?words=拜访").text
    assert "没有找到" in client.get("/learning/courses?words=授信").text
    assert client.get("/learning/courses/999999").status_code == 404


@pytest.mark.requirement("1.01", "1.02")
def test_a_trainer_opens_a_cohort_and_fills_its_roster(
    session: Session, bank: Any, version: CourseVersion, sign_in: SignIn
) -> None:
    client = sign_in("hr")
    fields = {
        "number": "T-2026-09",
        "name_zh": "第一期",
        "course_version_id": version.id,
        "org_unit_id": bank.unit("HO").id,
        "starts_on": "2026-12-01",
        "ends_on": "2026-12-14",
        "location": "总行",
        "capacity": 40,
        "trainers": bank.employee("trainer").number,
    }
    new = "/learning/cohorts/new"
    wrong = post(client, new, new, **{**fields, "ends_on": "2026-11-30", "trainers": "X999"})
    assert wrong.status_code == 422
    assert "结束日期不能早于开始日期" in wrong.text
    unknown = post(client, new, new, **{**fields, "trainers": "X999"})
    assert "没有这些员工号：X999" in unknown.text
    mine = select(Cohort).where(Cohort.number == "T-2026-09")
    assert session.scalars(mine).all() == []
    made = post(client, new, new, **fields)
    assert made.status_code == 303
    assert "连续上课 14 天" in client.get(made.location).text
    client = sign_in("trainer")
    assert "T-2026-09" in client.get("/learning/cohorts").text
    cohort = session.scalars(mine).one()
    roster = f"/learning/cohorts/{cohort.id}/progress"
    number = bank.employee("trainee").number
    added = post(client, roster, f"/learning/cohorts/{cohort.id}/people", numbers=f"{number}\nX998")
    assert "X998" in added.text
    assert number in client.get(roster).text
    client = sign_in("trainee")
    assert "客户拜访入门" in client.get("/").text
    assert client.get(roster).status_code == 403
    assert client.get(f"/learning/cohorts/{cohort.id}").status_code == 200
    assert sign_in("trainer2").get(f"/learning/cohorts/{cohort.id}").status_code == 403


def test_a_unit_is_added_whole_and_a_person_taken_out(
    session: Session, bank: Any, make_cohort: Make, sign_in: SignIn
) -> None:
    cohort, client = make_cohort(), sign_in("hr")
    roster = f"/learning/cohorts/{cohort.id}/progress"
    home = unit_on(session, bank.employee("trainee").id, bank.today)
    assert home
    post(client, roster, f"/learning/cohorts/{cohort.id}/unit", unit_id=home.id)
    members = session.scalars(services.roster(cohort.id)).all()
    assert bank.employee("trainee").id in {one.employee_id for one in members}
    post(client, roster, f"/learning/cohorts/{cohort.id}/people/{members[0].id}/withdraw")
    assert members[0].state is EnrolmentState.WITHDRAWN
    post(client, roster, f"/learning/cohorts/{cohort.id}/close")
    assert client.get(f"/learning/cohorts/{cohort.id}").text.count("已结班") >= 1


def test_the_progress_page_asks_as_much_for_twenty_as_for_one(
    session: Session, cohort: Cohort, sign_in: SignIn, queries: Callable[[], Any]
) -> None:
    client = sign_in("trainer")
    address = f"/learning/cohorts/{cohort.id}/progress"
    client.get(address)
    with queries() as few:
        client.get(address)
    people = [
        hire(session, SYSTEM, number=f"M{n:03}", name=f"学员{n}", hired_on=date(2020, 1, 1))
        for n in range(19)
    ]
    services.enrol_many(session, SYSTEM, cohort.id, [one.id for one in people], now=NOW)
    with queries() as many:
        assert "M018" in client.get(address).text
    assert 0 < len(many) <= len(few)


def test_pages_speak_english(cohort: Cohort, version: CourseVersion, sign_in: SignIn) -> None:
    client = sign_in("trainee")
    post(client, "/learning/mine", "/language/en")
    page = client.get(f"/learning/courses/{version.id}").text
    assert "First visits" in page
