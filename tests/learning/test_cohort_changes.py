"""Editing a cohort and calling it off, through its pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import clock
from lms.core.audit import SYSTEM, AuditEntry
from lms.core.errors import Refused
from lms.learning import services
from lms.learning.models import Cohort, CohortState, CourseVersion
from tests.learning.conftest import NOW
from tests.learning.test_learning_pages import Make, SignIn, post


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: date(2026, 11, 24))


@pytest.fixture
def later(make_cohort: Make) -> Cohort:
    return make_cohort(starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 4))


def typed(cohort: Cohort, **over: Any) -> dict[str, Any]:
    """The edit form as the page fills it."""
    fields = {
        "number": cohort.number,
        "name_zh": cohort.name_zh,
        "course_version_id": cohort.course_version_id,
        "org_unit_id": cohort.org_unit_id,
        "starts_on": str(cohort.starts_on),
        "ends_on": str(cohort.ends_on),
        "location": cohort.location,
        "capacity": cohort.capacity,
        "rest_days": "y",
        "trainers": "\n".join(one.employee.number for one in cohort.trainers),
        "seen": cohort.lock,
    }
    return {**fields, **over}


def edit(client: Any, cohort: Cohort, **over: Any) -> Any:
    address = f"/learning/cohorts/{cohort.id}/edit"
    return post(client, address, address, **typed(cohort, **over))


@pytest.mark.requirement("1.01")
def test_a_trainer_changes_a_coming_cohort(
    session: Session, bank: Any, later: Cohort, sign_in: SignIn
) -> None:
    client, second = sign_in("trainer"), bank.employee("trainer2")
    both = f"{bank.employee('trainer').number}\n{second.number}"
    made = edit(client, later, number="T-2026-77", starts_on="2026-12-02", capacity=20, trainers=both)
    assert made.status_code == 303
    assert (later.number, later.starts_on, later.capacity) == ("T-2026-77", date(2026, 12, 2), 20)
    assert [one.employee_id for one in later.trainers] == [bank.employee("trainer").id, second.id]
    told = session.scalars(select(AuditEntry).where(AuditEntry.action == "learning:cohort:change")).one()
    assert told.details["changes"]["capacity"] == [40, 20]
    assert "T-2026-77" in sign_in("trainer2").get(f"/learning/cohorts/{later.id}").text


def test_a_begun_cohort_keeps_its_number_whatever_is_sent(
    bank: Any, make_cohort: Make, sign_in: SignIn
) -> None:
    running, client = make_cohort(), sign_in("hr")
    page = client.get(f"/learning/cohorts/{running.id}/edit").text
    assert "本班已开课" in page
    answer = edit(client, running, number="FORGED", starts_on="2020-01-01", location="二楼")
    assert answer.status_code == 303
    assert (running.number, running.location) == ("T-2026-01", "二楼")
    assert running.starts_on == date(2026, 11, 23)


def test_everything_wrong_is_named_at_its_field_and_nothing_is_kept(
    session: Session, bank: Any, make_cohort: Make, sign_in: SignIn
) -> None:
    running, client = make_cohort(), sign_in("hr")
    services.enrol(session, SYSTEM, running.id, bank.employee("trainee").id, now=NOW)
    services.enrol(session, SYSTEM, running.id, bank.employee("supervisor").id, now=NOW)
    answer = edit(client, running, capacity=1, ends_on="2026-11-23", location="新地点")
    assert answer.status_code == 422
    assert "名额不能更少" in answer.text
    assert "结束日期不能改到今天以前" in answer.text
    assert "新地点" in answer.text
    assert (running.capacity, running.location) == (40, "总行培训中心")
    answer = edit(client, running, ends_on="2026-11-20", trainers="X999")
    assert "结束日期不能早于开始日期" in answer.text
    assert "没有这些员工号：X999" in answer.text


def test_a_taken_number_is_refused_at_its_field(make_cohort: Make, later: Cohort, sign_in: SignIn) -> None:
    make_cohort("T-2026-02")
    answer = edit(sign_in("hr"), later, number="T-2026-02")
    assert answer.status_code == 422
    assert "班次编号 T-2026-02 已存在" in answer.text
    assert later.number == "T-2026-01"


@pytest.mark.parametrize("forged", ["", "²", "-1", "9" * 30])
def test_an_edit_over_somebody_elses_is_refused(later: Cohort, sign_in: SignIn, forged: str) -> None:
    client = sign_in("hr")
    seen = later.lock
    assert edit(client, later, location="甲").status_code == 303
    for stale in (seen, forged):
        answer = edit(client, later, location="乙", seen=stale)
        assert "其他人刚刚修改了同一内容" in answer.text
        assert later.location == "甲"


def test_new_trainers_alone_count_as_an_edit(bank: Any, later: Cohort, sign_in: SignIn) -> None:
    seen = later.lock
    edit(sign_in("hr"), later, trainers=bank.employee("trainer2").number)
    assert later.lock == seen + 1


def test_who_hands_a_cohort_over_is_not_left_before_a_closed_door(
    bank: Any, later: Cohort, sign_in: SignIn
) -> None:
    client = sign_in("trainer")
    made = edit(client, later, trainers=bank.employee("trainer2").number)
    assert made.location.endswith("/learning/cohorts")
    assert client.get(f"/learning/cohorts/{later.id}/edit").status_code == 403


@pytest.mark.parametrize("verb", ["edit", "cancel", "close"])
def test_only_its_trainers_and_hr_change_a_cohort(
    session: Session, bank: Any, later: Cohort, sign_in: SignIn, verb: str
) -> None:
    services.enrol(session, SYSTEM, later.id, bank.employee("trainee").id, now=NOW)
    address = f"/learning/cohorts/{later.id}/{verb}"
    for name in ("trainee", "trainer2", "supervisor", "head"):
        assert (name, sign_in(name).get(address).status_code) == (name, 403)
    for name in ("trainer", "hr"):
        assert (name, sign_in(name).get(address).status_code) == (name, 200)


def test_a_cohort_is_called_off_with_a_reason_its_people_read(
    session: Session, bank: Any, later: Cohort, version: CourseVersion, sign_in: SignIn
) -> None:
    services.enrol(session, SYSTEM, later.id, bank.employee("trainee").id, now=NOW)
    client, address = sign_in("trainer"), f"/learning/cohorts/{later.id}/cancel"
    silent = post(client, address, address, reason="   ")
    assert silent.status_code == 422
    assert later.state is CohortState.OPEN
    assert post(client, address, address, reason="场地停用<b>").status_code == 303
    assert later.state is CohortState.CANCELLED
    client = sign_in("trainee")
    page = client.get(f"/learning/cohorts/{later.id}").text
    assert "场地停用&lt;b&gt;" in page
    assert "已取消" in page
    assert "学习《" not in client.get("/").text
    client = sign_in("hr")
    for verb in ("edit", "cancel", "close"):
        assert client.get(f"/learning/cohorts/{later.id}/{verb}").status_code == 409
    with pytest.raises(Refused):
        services.enrol(session, SYSTEM, later.id, bank.employee("supervisor").id, now=NOW)


def test_a_cohort_in_which_somebody_learnt_is_closed_not_called_off(
    session: Session, bank: Any, later: Cohort, version: CourseVersion, sign_in: SignIn
) -> None:
    enrolment = services.enrol(session, SYSTEM, later.id, bank.employee("trainee").id, now=NOW)
    lesson = services.lessons_of(session, version.id)[0]
    services.remember_position(session, enrolment.id, lesson.id, 0, now=NOW)
    assert not services.has_results(session, later.id)
    services.complete_lesson(session, SYSTEM, enrolment.id, lesson.id, now=NOW)
    client, address = sign_in("trainer"), f"/learning/cohorts/{later.id}/cancel"
    assert "请改为结班" in client.get(address).text
    post(client, f"/learning/cohorts/{later.id}/close", address, reason="不办了")
    assert later.state is CohortState.OPEN
    page = client.get(f"/learning/cohorts/{later.id}/close").text
    assert "还有 1 人没有结业" in page
    post(client, f"/learning/cohorts/{later.id}/close", f"/learning/cohorts/{later.id}/close")
    assert later.state is CohortState.CLOSED
    assert services.continue_lesson(session, enrolment.employee_id) is None


def test_the_page_of_a_cohort_leads_to_its_work(later: Cohort, sign_in: SignIn) -> None:
    page = sign_in("trainer").get(f"/learning/cohorts/{later.id}").text
    for address in (
        f"/roleplay/cohorts/{later.id}/schedule",
        f"/feedback/cohorts/{later.id}/open",
        f"/assessment/cohorts/{later.id}",
        f"/learning/cohorts/{later.id}/edit",
    ):
        assert f'href="{address}"' in page


def test_a_number_typed_twice_keeps_what_was_typed(
    bank: Any, later: Cohort, version: CourseVersion, sign_in: SignIn
) -> None:
    client, new = sign_in("hr"), "/learning/cohorts/new"
    answer = post(client, new, new, **typed(later, name_zh="另一个班"))
    assert answer.status_code == 422
    assert "班次编号 T-2026-01 已存在" in answer.text
    assert "另一个班" in answer.text


Counter = Callable[[], Any]


def test_the_pages_of_a_trainee_ask_as_much_for_many_as_for_few(
    session: Session, bank: Any, make_cohort: Make, version: CourseVersion, sign_in: SignIn, queries: Counter
) -> None:
    person = bank.employee("trainee").id
    first = services.enrol(session, SYSTEM, make_cohort().id, person, now=NOW)
    lesson = services.lessons_of(session, version.id)[0]
    client = sign_in("trainee")
    pages = [
        "/",
        "/search?q=员工",
        "/learning/mine",
        "/learning/courses",
        f"/learning/courses/{version.id}",
        "/learning/cohorts",
        f"/learning/enrolments/{first.id}",
        f"/learning/lessons/{lesson.id}",
    ]
    few = asked(client, pages, queries)
    for n in range(5):
        cohort = make_cohort(f"M-{n}", trainer_ids=[bank.employee("trainer2").id])
        services.enrol(session, SYSTEM, cohort.id, person, now=NOW)
    assert "M-4" in client.get("/learning/mine").text
    many = asked(client, pages, queries)
    assert {page: (few[page], many[page]) for page in pages if many[page] > few[page]} == {}


def test_the_pages_of_a_trainer_ask_as_much_for_many_as_for_few(
    session: Session, bank: Any, make_cohort: Make, sign_in: SignIn, queries: Counter
) -> None:
    cohort, client = make_cohort(), sign_in("trainer")
    pages = [
        "/",
        "/learning/cohorts",
        *(f"/learning/cohorts/{cohort.id}{verb}" for verb in ("", "/edit", "/cancel", "/close", "/progress")),
    ]
    few = asked(client, pages, queries)
    for n in range(5):
        make_cohort(f"M-{n}", trainer_ids=[bank.employee(name).id for name in ("trainer", "trainer2")])
    for name in ("trainee", "supervisor", "hr"):
        services.enrol(session, SYSTEM, cohort.id, bank.employee(name).id, now=NOW)
    many = asked(client, pages, queries)
    assert {page: (few[page], many[page]) for page in pages if many[page] > few[page]} == {}


def asked(client: Any, pages: list[str], queries: Counter) -> dict[str, int]:
    """How many queries each page makes, once what is loaded once has been loaded."""
    counts = {}
    for page in pages:
        client.get(page)
        with queries() as seen:
            assert client.get(page).status_code == 200, page
        assert seen, page
        counts[page] = len(seen)
    return counts
