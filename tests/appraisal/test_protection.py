"""What protects results: triggers once they are published, and a check that names whatever differs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.access.services import decide
from lms.appraisal import services
from lms.appraisal.models import (
    Adjustment,
    Appraisal,
    ComprehensiveRating,
    Cycle,
    Line,
    Section,
)
from lms.people.models import Leave
from tests.appraisal.conftest import HASH
from tests.appraisal.house import NOW, House, told_again

Story = tuple[House, Cycle]


@pytest.fixture
def computed(session: Session) -> Story:
    return told_again(session, HASH, computed=True)


def adjust(house: House, cycle: Cycle, who: str, points: str) -> None:
    proposal = services.propose_adjustment(
        house.session,
        house.person("hr"),
        house.appraisal(cycle, who),
        Decimal(points),
        "经会议确认",
        now=NOW,
    )
    decide(house.session, house.person("hr2"), proposal, approve=True, reason="", now=NOW)


@pytest.mark.requirement("7.20")
@pytest.mark.parametrize("model", [Cycle, Appraisal, Section, Line, Adjustment, ComprehensiveRating])
def test_what_is_published_can_be_neither_changed_nor_deleted(
    session: Session, computed: Story, model: type
) -> None:
    house, cycle = computed
    adjust(house, cycle, "li", "1.00")
    column = {
        Cycle: {"name_zh": "x"},
        Appraisal: {"leave_days": 1},
        Section: {"place": 9},
        Line: {"place": 99},
        Adjustment: {"maker_name": "x"},
        ComprehensiveRating: {"note": "x"},
    }[model]
    one = session.scalars(select(model)).first()
    assert one is not None
    change, removal = update(model).values(**column), delete(model)
    with session.begin_nested() as before:
        session.execute(change)  # until it is published, all of it may change
        before.rollback()
    services.publish_by_two(session, cycle, house.person("hr"), house.person("hr2"), now=NOW)
    for act in (change, removal):
        with pytest.raises(DBAPIError, match="published"), session.begin_nested():
            session.execute(act.execution_options(synchronize_session=False))


def test_nobody_adds_an_adjustment_to_what_is_published(session: Session, computed: Story) -> None:
    house, cycle = computed
    adjust(house, cycle, "li", "1.00")
    services.publish_by_two(session, cycle, house.person("hr"), house.person("hr2"), now=NOW)
    copy = (
        "INSERT INTO adjustment"
        " (appraisal_id, points, reason, proposal_id, maker_name, checker_name, decided_at)"
        " SELECT appraisal_id, points, reason, -1, maker_name, checker_name, decided_at FROM adjustment"
    )
    with pytest.raises(DBAPIError, match="published"), session.begin_nested():
        session.execute(text(copy))


@pytest.mark.requirement("7.20")
@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE appraisal SET final_total = final_total + 1 WHERE id = {li}", "final_total"),
        ("UPDATE appraisal SET final_grade = 'Z' WHERE id = {li}", "final_grade"),
        ("UPDATE appraisal SET rank = 77 WHERE id = {li}", "rank"),
        ("UPDATE appraisal SET state = 'incomplete' WHERE id = {li}", "state"),
        (
            "UPDATE appraisal_line SET points = points + 1"
            " WHERE appraisal_id = {li} AND indicator_code = 'B_DEPOSIT'",
            "line B_DEPOSIT points",
        ),
        (
            "DELETE FROM appraisal_line WHERE appraisal_id = {li} AND indicator_code = 'B_DEPOSIT'",
            "line B_DEPOSIT",
        ),
        (
            "UPDATE appraisal_section SET weight = weight + 1"
            " WHERE appraisal_id = {li} AND code = 'training'",
            "section training weight",
        ),
        ("UPDATE adjustment SET points = points + 1 WHERE appraisal_id = {li}", "adjustment"),
        ("DELETE FROM adjustment WHERE appraisal_id = {li}", "final_total"),
    ],
)
def test_the_check_names_who_and_what_differs(session: Session, computed: Story, sql: str, what: str) -> None:
    house, cycle = computed
    adjust(house, cycle, "li", "1.00")
    assert services.verify(session, cycle).sound
    session.execute(text(sql.format(li=house.appraisal(cycle, "li").id)))
    session.expire_all()
    found = services.verify(session, cycle)
    assert not found.sound
    assert found.differing == ("E001",)
    assert found.differences[0].what.startswith(what)


def test_a_changed_scheme_is_named(session: Session, computed: Story) -> None:
    _house, cycle = computed
    document = dict(cycle.scheme_version.document)
    document["name_zh"] = "改过的方案"
    cycle.scheme_version.document = document
    session.flush()
    assert services.verify(session, cycle).damaged == ("scheme",)


def test_places_follow_the_final_totals(session: Session, computed: Story) -> None:
    house, cycle = computed
    places = {name: house.appraisal(cycle, name).rank for name in ("wang", "li", "qian")}
    assert places == {"wang": 1, "li": 2, "qian": 3}
    adjust(house, cycle, "qian", "20.00")
    session.expire_all()
    places = {name: house.appraisal(cycle, name).rank for name in ("wang", "li", "qian")}
    assert places["qian"] == 1
    assert services.verify(session, cycle).sound


def test_days_of_two_leaves_count_once(session: Session, story: Story) -> None:
    house, cycle = story
    for first, after in ((date(2026, 7, 1), date(2026, 8, 31)), (date(2026, 7, 15), date(2026, 8, 15))):
        session.add(Leave(employee_id=house.people["li"].id, kind="sick", valid_from=first, valid_to=after))
    session.flush()
    services.sync_members(session, cycle)
    assert house.appraisal(cycle, "li").leave_days == (date(2026, 8, 31) - date(2026, 7, 1)).days
