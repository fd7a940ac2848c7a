"""People from a file: joiners, moves, leavers, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.admin.rules import KnownBank, KnownPerson, check_people
from lms.admin.services import people_import
from lms.core.audit import SYSTEM
from lms.indicators.models import ImportUpload
from lms.indicators.rules import BatchState, ImportKind, Policy
from lms.indicators.services import UploadDraft, hold, rejects, run_import
from lms.people.models import Employee, Level, OrgUnit, Posting
from lms.people.services import define_grade, define_post, find_employee, open_unit, path_to, unit_on
from tests.indicators.conftest import NOW

assert people_import  # registers the importer

HEADER = "工号,姓名,机构代码,岗位,等级,入职日期,生效日期,离职日期,机构名称,上级机构代码,机构级别,岗位序列\n"


@pytest.fixture
def office(session: Session) -> Session:
    head = open_unit(
        session,
        SYSTEM,
        code="H",
        name_zh="总行",
        level=Level.HEAD_OFFICE,
        parent=None,
        valid_from=date(2020, 1, 1),
    )
    open_unit(
        session,
        SYSTEM,
        code="S1",
        name_zh="一支行",
        level=Level.SUB_BRANCH,
        parent=head,
        valid_from=date(2020, 1, 1),
    )
    define_post(session, "RM", "客户经理", "marketing")
    define_grade(session, "G1", "一级", 1)
    return session


def bring(session: Session, rows: str, policy: Policy = Policy.ALL_OR_NOTHING) -> ImportUpload:
    held = hold((HEADER + rows).encode("gb18030"))
    return run_import(
        session, SYSTEM, UploadDraft(ImportKind.PEOPLE, "people.csv", held, "2026", policy), now=NOW
    )


def lines(upload: ImportUpload) -> list[tuple[int | None, str | None]]:
    return [(one.problem.line, one.problem.field) for one in rejects(upload)[0]]


def test_a_joiner_is_hired_and_posted_from_the_first_day(office: Session) -> None:
    upload = bring(office, "00071,陈一,S1,客户经理,一级,2026-09-01,,,,,,\n")
    assert upload.state is BatchState.COMMITTED
    person = find_employee(office, "00071")
    assert person is not None
    assert person.hired_on == date(2026, 9, 1)
    posting = office.scalars(select(Posting).where(Posting.employee_id == person.id)).one()
    assert (posting.valid_from, posting.post.code, posting.grade and posting.grade.code) == (
        date(2026, 9, 1),
        "RM",
        "G1",
    )


def test_a_move_ends_the_old_posting_and_a_leaver_stays_on_record(office: Session) -> None:
    bring(office, "00071,陈一,S1,RM,,2026-01-01,,,,,,\n")
    moved = "00071,陈一,S2,RM,,,2026-05-01,,二支行,H,支行,\n"
    assert bring(office, moved).state is BatchState.COMMITTED
    person = find_employee(office, "00071")
    assert person is not None
    before, after = (
        unit_on(office, person.id, date(2026, 4, 30)),
        unit_on(office, person.id, date(2026, 5, 1)),
    )
    assert (before and before.code, after and after.code) == ("S1", "S2")
    assert [unit.code for unit in path_to(office, after.id if after else 0, date(2026, 5, 1))] == ["H", "S2"]
    gone = "00071,陈一,S2,RM,,,2026-06-01,2026-07-01,,,,\n"
    assert bring(office, gone).state is BatchState.COMMITTED
    assert person.left_on == date(2026, 7, 1)
    assert unit_on(office, person.id, date(2026, 7, 1)) is None
    assert (
        office.scalar(select(func.count()).select_from(Posting).where(Posting.employee_id == person.id)) == 3
    )


def test_units_are_opened_from_the_top_whatever_their_order_in_the_file(office: Session) -> None:
    upload = bring(
        office,
        "1,甲,D1,RM,,2026-02-01,,,一分理处,C1,分理处,\n2,乙,C1,RM,,2026-03-01,,,三支行,B1,支行,\n"
        "3,丙,B1,RM,,2026-04-01,,,一分行,H,一级分行,\n",
    )
    assert upload.state is BatchState.COMMITTED
    unit = office.scalars(select(OrgUnit).where(OrgUnit.code == "D1")).one()
    assert [one.code for one in path_to(office, unit.id, date(2026, 6, 1))] == ["H", "B1", "C1", "D1"]


BAD = [
    ("1,甲,S9,RM,,2026-01-01,,,,,,\n", "机构代码"),
    ("1,甲,S1,经理长,,2026-01-01,,,,,,\n", "岗位"),
    ("1,甲,S1,RM,九级,2026-01-01,,,,,,\n", "等级"),
    ("1,甲,S1,RM,,,,,,,,\n", "入职日期"),
    ("1,甲,S1,RM,,2026-01-32,,,,,,\n", "入职日期"),
    ("1,甲,S1,RM,,2026-01-02,2026-01-01,,,,,\n", "生效日期"),
    ("1,甲,S1,RM,,2026-01-01,,2026-01-01,,,,\n", "离职日期"),
    ("1,,S1,RM,,2026-01-01,,,,,,\n", "姓名"),
    ("1,甲,S5,RM,,2026-01-01,,,五支行,H9,支行,\n", "上级机构代码"),
    ("1,甲,S5,RM,,2026-01-01,,,五分行,S1,一级分行,\n", "机构级别"),
]


@pytest.mark.parametrize(("row", "field"), BAD, ids=[f"{field}-{at}" for at, (_, field) in enumerate(BAD)])
def test_a_bad_row_is_told_with_its_field_and_nobody_is_hired(office: Session, row: str, field: str) -> None:
    upload = bring(office, "9,好,S1,RM,,2026-01-01,,,,,,\n" + row)
    assert lines(upload) == [(3, field)]
    assert upload.state is BatchState.REJECTED
    assert office.scalar(select(func.count()).select_from(Employee)) == 0


def test_a_person_of_another_name_is_not_moved(office: Session) -> None:
    bring(office, "1,甲,S1,RM,,2026-01-01,,,,,,\n")
    assert lines(bring(office, "1,乙,S1,RM,,,2026-05-01,,,,,\n")) == [(2, "姓名")]


def test_a_move_before_the_present_posting_is_refused(office: Session) -> None:
    bring(office, "1,甲,S1,RM,,2026-01-01,2026-03-01,,,,,\n")
    assert lines(bring(office, "1,甲,S1,RM,,,2026-02-01,,,,,\n")) == [(2, "生效日期")]


def test_a_unit_described_only_by_a_bad_row_takes_the_rows_that_need_it_along() -> None:
    base: dict[str, Any] = dict.fromkeys(
        ("grade", "sex", "day", "left_on", "unit_name", "unit_level", "parent", "series")
    )
    rows = [
        {**base, "line": 2, "number": "1", "name": "甲", "unit": "S5", "post": "RM", "hired_on": None}
        | {"unit_name": "五支行", "unit_level": "sub_branch", "parent": "H"},
        {
            **base,
            "line": 3,
            "number": "2",
            "name": "乙",
            "unit": "S5",
            "post": "RM",
            "hired_on": date(2026, 1, 1),
        },
    ]
    checked = check_people(rows, KnownBank({}, {"H": "head_office"}, {"RM": "RM"}, {}))
    assert checked.rows == []
    assert [problem.line for problem in checked.problems] == [2, 3]


def test_somebody_who_left_is_not_posted_again_silently() -> None:
    known = KnownPerson("甲", date(2020, 1, 1), date(2025, 1, 1), date(2020, 1, 1))
    base: dict[str, Any] = dict.fromkeys(
        ("grade", "sex", "left_on", "unit_name", "unit_level", "parent", "series", "hired_on")
    )
    row = {**base, "line": 2, "number": "1", "name": "甲", "unit": "H", "post": "RM", "day": date(2026, 1, 1)}
    checked = check_people([row], KnownBank({"1": known}, {"H": "head_office"}, {"RM": "RM"}, {}))
    assert [problem.field for problem in checked.problems] == ["工号"]
