"""What may still change in a cohort's plan, by rule alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lms.learning.rules.cohort_plan import Plan, Standing, changes, faults

TODAY = date(2026, 11, 24)
PLAN = Plan(
    number="2026-01期",
    name_zh="第一期",
    name_en=None,
    course_version_id=1,
    org_unit_id=1,
    starts_on=date(2026, 12, 1),
    ends_on=date(2026, 12, 4),
    location="总行",
    capacity=40,
    rest_days=True,
    trainer_ids=(7,),
)
BEGUN = replace(PLAN, starts_on=date(2026, 11, 20))
EMPTY = Standing(begun=False, entered=False, enrolled=0)
ENTERED = Standing(begun=False, entered=True, enrolled=3)
RUNNING = Standing(begun=True, entered=True, enrolled=3)


def wrong(before: Plan, standing: Standing, **change: Any) -> list[str]:
    return [one.name for one in faults(before, replace(before, **change), standing, TODAY)]


def test_before_the_first_day_everything_may_change() -> None:
    change = {
        "number": "2026-02期",
        "course_version_id": 2,
        "org_unit_id": 2,
        "starts_on": TODAY,
        "ends_on": date(2026, 12, 30),
        "capacity": 1,
        "trainer_ids": (8, 9),
    }
    assert wrong(PLAN, EMPTY, **change) == []


def test_who_has_joined_keeps_the_course() -> None:
    assert wrong(PLAN, ENTERED, course_version_id=2) == ["course_version_id"]
    assert wrong(PLAN, ENTERED, number="2026-02期", starts_on=date(2026, 12, 2)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("number", "x"), ("course_version_id", 2), ("org_unit_id", 2), ("starts_on", date(2026, 11, 21))],
)
def test_once_begun_what_it_is_known_by_stays(name: str, value: Any) -> None:
    assert wrong(BEGUN, RUNNING, **{name: value}) == [name]


def test_once_begun_place_names_people_and_end_may_change() -> None:
    change = {
        "name_zh": "新名",
        "location": "二楼",
        "capacity": 3,
        "rest_days": False,
        "trainer_ids": (9,),
        "ends_on": TODAY,
    }
    assert wrong(BEGUN, RUNNING, **change) == []


def test_days_are_not_moved_into_the_past_or_turned_round() -> None:
    assert wrong(BEGUN, RUNNING, ends_on=date(2026, 11, 23)) == ["ends_on"]
    assert wrong(BEGUN, RUNNING, ends_on=date(2026, 11, 1)) == ["ends_on"]
    assert wrong(PLAN, EMPTY, starts_on=date(2026, 11, 23)) == ["starts_on"]
    over = replace(BEGUN, ends_on=date(2026, 11, 22))
    assert wrong(over, RUNNING, location="二楼") == []


def test_places_are_not_fewer_than_people_and_a_trainer_stays() -> None:
    assert wrong(BEGUN, RUNNING, capacity=2) == ["capacity"]
    assert wrong(BEGUN, RUNNING, trainer_ids=()) == ["trainers"]


def test_changes_name_old_and_new() -> None:
    told = changes(PLAN, replace(PLAN, ends_on=date(2026, 12, 5), capacity=41))
    assert told == {"ends_on": ["2026-12-04", "2026-12-05"], "capacity": [40, 41]}
