"""Units from a file: opened, moved, renamed, closed and merged, or refused with the reason."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.admin.rules import Asked
from lms.admin.services.people_import import import_now, look_at
from lms.core.audit import SYSTEM
from lms.indicators.models import ImportUpload
from lms.indicators.rules import BatchState, ImportKind, Policy
from lms.indicators.services import rejects
from lms.people.models import Level, OrgUnit
from lms.people.services import define_post, find_unit, hire, open_unit, path_to, post, unit_on
from tests.indicators.conftest import NOW

FOUNDED, DAY = date(2020, 1, 1), date(2026, 6, 1)
TITLES = "机构号,机构名称,机构级别,上级机构号,成立日期,撤销日期,并入机构号\n"


@pytest.fixture
def bank(session: Session) -> Session:
    head = None
    for code, name, level in (
        ("H", "总行", Level.HEAD_OFFICE),
        ("A", "甲分行", Level.TIER_1),
        ("B", "乙分行", Level.TIER_1),
        ("S", "一支行", Level.SUB_BRANCH),
    ):
        parent = None if head is None else (find_unit(session, "A") if code == "S" else head)
        unit = open_unit(
            session, SYSTEM, code=code, name_zh=name, level=level, parent=parent, valid_from=FOUNDED
        )
        head = head or unit
    one = hire(session, SYSTEM, number="1", name="张三", hired_on=FOUNDED)
    branch = find_unit(session, "S")
    assert branch is not None
    post(session, SYSTEM, one, branch, define_post(session, "RM", "客户经理", "x"), FOUNDED)
    return session


def bring(session: Session, rows: str) -> ImportUpload:
    return import_now(
        session,
        "units.csv",
        (TITLES + rows).encode("gb18030"),
        ImportKind.UNITS,
        Asked(DAY),
        Policy.ALL_OR_NOTHING,
        now=NOW,
    )


def above(session: Session, code: str, day: date) -> list[str]:
    unit = session.scalars(select(OrgUnit).where(OrgUnit.code == code)).one()
    return [one.code for one in path_to(session, unit.id, day)]


def test_units_open_move_and_change_their_name(bank: Session) -> None:
    rows = (
        "W1,一分理处,分理处,S2,2026-02-01,,\nS2,二支行,支行,B,2026-01-01,,\n"
        "S,城东支行,支行,B,2020-01-01,,\nH,总行,总行,,,,\nA,甲分行,,,,,\n"
    )
    plan = look_at(bank, ImportKind.UNITS, (TITLES + rows).encode(), Asked(DAY)).plan
    assert {name: count for name, count in plan.counts.items() if count} == {
        "unit_open": 2, "unit_move": 1, "unit_rename": 1, "unchanged": 2,
    }  # fmt: skip
    upload = bring(bank, rows)
    assert upload.state is BatchState.COMMITTED, [str(one.problem) for one in rejects(upload)[0]]
    assert above(bank, "W1", DAY) == ["H", "B", "S2", "W1"]
    assert above(bank, "S", date(2026, 5, 31)) == ["H", "A", "S"]
    assert above(bank, "S", DAY) == ["H", "B", "S"]
    assert find_unit(bank, "S").name_zh == "城东支行"  # type: ignore[union-attr]
    again = bring(bank, rows)
    assert again.extra["done"]["unchanged"] == 5
    assert sum(again.extra["done"].values()) == 5


def test_a_merger_takes_people_along(bank: Session) -> None:
    rows = "S,一支行,支行,A,,2026-07-01,S2\nS2,二支行,支行,A,2026-01-01,,\n"
    upload = bring(bank, rows)
    assert upload.state is BatchState.COMMITTED, [str(one.problem) for one in rejects(upload)[0]]
    merged, heir = find_unit(bank, "S"), find_unit(bank, "S2")
    assert merged is not None
    assert heir is not None
    assert merged.successor_id == heir.id
    one = bank.scalars(select(OrgUnit).where(OrgUnit.code == "S2")).one()
    from lms.people.services import find_employee

    person = find_employee(bank, "1")
    assert person is not None
    assert unit_on(bank, person.id, date(2026, 6, 30)) is merged
    assert unit_on(bank, person.id, date(2026, 7, 1)) is one


BAD = [
    ("S,一支行,支行,A,,2026-07-01,", "关闭日期", "张三"),
    ("A,甲分行,,,,2026-07-01,", "机构代码", "一支行"),
    ("N,新支行,,A,2026-01-01,,", "机构级别", ""),
    ("N,新支行,支行,,2026-01-01,,", "上级机构代码", ""),
    ("N,新支行,支行,X,2026-01-01,,", "上级机构代码", ""),
    ("N,新支行,支行,A,2019-01-01,,", "机构代码", "2019-01-01"),
    ("A,甲分行,支行,,,,", "机构级别", ""),
    ("A,甲分行,一级分行,S,,,", "机构代码", ""),
    ("S,一支行,支行,A,,2026-07-01,X", "承接机构代码", ""),
    ("H,总行,总行,,,2026-07-01,", "机构代码", ""),
]


@pytest.mark.parametrize(("row", "field", "told"), BAD, ids=[f"{at}" for at in range(len(BAD))])
def test_what_would_tear_the_tree_is_refused(bank: Session, row: str, field: str, told: str) -> None:
    upload = bring(bank, row + "\nZ,好支行,支行,A,2026-01-01,,\n")
    assert upload.state is BatchState.REJECTED
    problems = [one.problem for one in rejects(upload)[0]]
    assert [(one.line, one.field) for one in problems] == [(2, field)]
    assert told in str(problems[0])
    assert find_unit(bank, "Z") is None
