"""People from a file: joiners, moves, leavers, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.admin.rules import Asked
from lms.admin.services import people_import
from lms.admin.services.people_import import import_now, look_at
from lms.core.audit import SYSTEM
from lms.indicators.models import ImportUpload
from lms.indicators.rules import BatchState, ImportKind, Policy
from lms.indicators.services import UploadDraft, hold, rejects, run_import
from lms.people.models import Employee, Employment, Level, OrgUnit, Posting
from lms.people.services import (
    define_grade,
    define_post,
    find_employee,
    hire,
    leave_bank,
    open_unit,
    path_to,
    post,
    retire,
    unit_on,
)
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
        office.scalar(select(func.count()).select_from(Posting).where(Posting.employee_id == person.id)) == 2
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


def test_a_unit_described_only_by_a_bad_row_takes_the_rows_that_need_it_along(office: Session) -> None:
    upload = bring(
        office,
        "1,甲,S5,RM,,,,,五支行,H,支行,\n2,乙,S5,RM,,2026-01-01,,,,,,\n3,丙,S1,RM,,2026-01-01,,,,,,\n",
        Policy.GOOD_ROWS,
    )
    assert upload.state is BatchState.COMMITTED
    assert lines(upload) == [(2, "入职日期"), (3, "机构代码")]
    assert office.scalars(select(Employee.number)).all() == ["3"]
    assert office.scalar(select(func.count()).select_from(OrgUnit)) == 2


# ------------------------------------------------------------- a roster, with nothing but a day


DAY = date(2026, 6, 1)
TITLES = "员工编号,人员姓名,所属机构,职位,职级,入行日期,离行日期\n"


def person(
    session: Session, number: str, name: str, hired: date = date(2026, 1, 1), unit: str = "S1"
) -> Employee:
    one = hire(session, SYSTEM, number=number, name=name, hired_on=hired)
    where = session.scalars(select(OrgUnit).where(OrgUnit.code == unit)).one()
    post(session, SYSTEM, one, where, define_post(session, "RM", "客户经理", "marketing"), hired)
    return one


def roster(
    session: Session, rows: str, *, full: bool = False, leavers: int | None = None, day: date = DAY
) -> ImportUpload:
    return import_now(
        session,
        "roster.csv",
        (TITLES + rows).encode("gb18030"),
        ImportKind.PEOPLE,
        Asked(day, full, leavers),
        Policy.ALL_OR_NOTHING,
        now=NOW,
    )


def planned(session: Session, rows: str, *, full: bool = False) -> dict[str, int]:
    look = look_at(session, ImportKind.PEOPLE, (TITLES + rows).encode(), Asked(DAY, full))
    assert not look.problems, [str(one) for one in look.problems]
    return {name: count for name, count in look.plan.counts.items() if count}


def test_a_dry_run_tells_every_kind_of_change_and_does_nothing(office: Session) -> None:
    define_grade(office, "G2", "二级", 2)
    define_post(office, "T", "柜员", "service")
    for number, name in (("1", "甲"), ("2", "乙"), ("3", "丙"), ("4", "丁"), ("5", "戊"), ("6", "己")):
        person(office, number, name)
    leave_bank(office, SYSTEM, find_employee(office, "5") or Employee(), date(2026, 3, 1))
    rows = (
        "1,甲,一支行,客户经理,,,\n2,乙,总行,客户经理,,,\n3,丙,一支行,客户经理,二级,,\n"
        "4,丁,一支行,柜员,,,\n5,戊,一支行,客户经理,,2026-05-01,\n6,己,一支行,客户经理,,,2026-05-20\n"
        "7,庚,S1,RM,一级,2026-05-06,\n"
    ).replace("7,庚,S1", "7,庚,一支行")
    before = office.scalar(select(func.count()).select_from(Posting))
    assert planned(office, rows) == {
        "join": 1, "move": 2, "grade": 1, "leave": 1, "return": 1, "unchanged": 1,
    }  # fmt: skip
    assert office.scalar(select(func.count()).select_from(Posting)) == before
    upload = roster(office, rows)
    assert upload.state is BatchState.COMMITTED, lines(upload)
    assert upload.extra["done"]["move"] == 2
    back = find_employee(office, "5")
    assert back is not None
    assert back.left_on is None
    assert len(office.scalars(select(Employment).where(Employment.employee_id == back.id)).all()) == 2
    gone = find_employee(office, "6")
    assert gone is not None
    assert gone.left_on == date(2026, 5, 20)


def test_the_same_file_twice_changes_nothing(office: Session) -> None:
    rows = "1,甲,一支行,客户经理,一级,2026-01-01,\n2,乙,一支行,客户经理,,2026-02-01,2026-05-01\n"
    assert roster(office, rows).extra["done"]["join"] == 2
    postings = office.execute(select(Posting.employee_id, Posting.valid_from, Posting.valid_to)).all()
    again = roster(office, rows, day=date(2026, 7, 1))
    assert again.state is BatchState.COMMITTED
    assert again.extra["done"]["unchanged"] == 2
    assert sum(again.extra["done"].values()) == 2
    assert office.execute(select(Posting.employee_id, Posting.valid_from, Posting.valid_to)).all() == postings


def test_those_missing_from_a_full_roster_stay_unless_that_is_agreed_to(office: Session) -> None:
    for number, name in (("1", "甲"), ("2", "乙"), ("3", "丙")):
        person(office, number, name)
    rows = "1,甲,一支行,客户经理,,,\n"
    assert planned(office, rows, full=True) == {"unchanged": 1, "absent": 2}
    assert roster(office, rows, full=True).state is BatchState.COMMITTED
    assert office.scalars(select(Employee).where(Employee.left_on.is_not(None))).all() == []
    refused = roster(office, rows, full=True, leavers=1)
    assert refused.state is BatchState.REJECTED
    assert "2" in rejects(refused)[0][0].problem.params["count"]
    assert roster(office, rows, full=True, leavers=2).state is BatchState.COMMITTED
    gone = office.scalars(select(Employee.number).where(Employee.left_on == DAY).order_by(Employee.number))
    assert gone.all() == ["2", "3"]


def test_a_full_roster_with_a_bad_row_lets_nobody_go(office: Session) -> None:
    for number, name in (("1", "甲"), ("2", "乙")):
        person(office, number, name)
    upload = import_now(
        office,
        "roster.csv",
        (TITLES + "1,甲,一支行,客户经理,,,\n2,乙,没有,客户经理,,,\n").encode(),
        ImportKind.PEOPLE,
        Asked(DAY, full=True, leavers=5),
        Policy.GOOD_ROWS,
        now=NOW,
    )
    assert upload.state is BatchState.REJECTED
    assert office.scalars(select(Employee).where(Employee.left_on.is_not(None))).all() == []


def test_what_was_shown_is_what_happens_or_nothing_does(office: Session) -> None:
    person(office, "1", "甲")
    rows = "1,甲,总行,客户经理,,,\n"
    shown = look_at(office, ImportKind.PEOPLE, (TITLES + rows).encode(), Asked(DAY)).plan.digest
    leave_bank(office, SYSTEM, find_employee(office, "1") or Employee(), date(2026, 7, 1))
    upload = import_now(
        office,
        "roster.csv",
        (TITLES + rows).encode(),
        ImportKind.PEOPLE,
        Asked(DAY, plan=shown),
        Policy.ALL_OR_NOTHING,
        now=NOW,
    )
    assert upload.state is BatchState.REJECTED


HARD = [
    ("1,甲,二支行,客户经理,,,", "机构代码"),
    (",甲,一支行,客户经理,,,", "工号"),
    ("1,甲,一支行,退役岗,,,", "岗位"),
    ("2,乙,一支行,客户经理,,,", "工号"),
    ("3,丙,一支行,客户经理,,,2026-01-01", "离职日期"),
    ("4,丁,总行,客户经理,,,", "生效日期"),
    ("1,甲,一支行,客户经理,,2025-01-01,", "入职日期"),
]


@pytest.mark.parametrize(("row", "field"), HARD, ids=[f"{field}-{at}" for at, (_, field) in enumerate(HARD)])
def test_a_row_that_cannot_be_meant_so_is_refused(office: Session, row: str, field: str) -> None:
    retire(office, SYSTEM, define_post(office, "OLD", "退役岗", "marketing"), date(2026, 1, 1))
    for number, name in (("1", "甲"), ("2", "乙"), ("3", "丙"), ("4", "丁")):
        person(office, number, name)
    leave_bank(office, SYSTEM, find_employee(office, "2") or Employee(), date(2026, 3, 1))
    head = office.scalars(select(OrgUnit).where(OrgUnit.code == "H")).one()
    held = define_post(office, "RM", "客户经理", "marketing")
    post(office, SYSTEM, find_employee(office, "4") or Employee(), head, held, date(2026, 8, 1))
    upload = roster(office, row + "\n9,新,一支行,客户经理,,2026-02-02,\n")
    assert lines(upload) == [(2, field)]
    assert upload.state is BatchState.REJECTED
    assert find_employee(office, "9") is None


@pytest.mark.parametrize(
    "titles",
    [
        "Employee ID,Full name,Department code,Job title,Job grade,Hire date",
        "人员编码,员工姓名,部门编码,岗位名称,岗位等级,入行时间",
        "行员号,行员姓名,所属机构号,现任岗位,职级,录用日期",
        "工 号,姓 名,机构号,职务,级别,入职时间",
    ],
)
def test_titles_of_real_exports_are_understood(office: Session, titles: str) -> None:
    text = f"{titles}\n00071,陈一,S1,客户经理,一级,2026-05-01\n"
    look = look_at(office, ImportKind.PEOPLE, text.encode("utf-16"), Asked(DAY))
    assert not look.problems
    assert look.plan.counts["join"] == 1
