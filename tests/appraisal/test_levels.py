"""Which row of a parameter holds for a unit, on a day: figures worked out by hand, and what always holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.appraisal.rules.levels import (
    Below,
    Effective,
    Row,
    Way,
    Why,
    effective,
    leave_of,
    overlaps,
    resolve,
    turning_days,
)
from tests.scoring.build import line, single

CHAIN = ("HO", "T1", "T2", "SUB", "OFF")
DAY = date(2026, 9, 30)
PATH = "sections/business/weight"


def row(number: int, unit: str, value: float | str | None, **changes: Any) -> Row:
    given_: dict[str, Any] = {"below": Below.FREE, "way": Way.NEAR, "priority": 1, "first": date(2026, 1, 1)}
    return Row(number, unit, PATH, value, **(given_ | changes))


def won(rows: list[Row], depth: int = len(CHAIN), owner: str = "HO", day: date = DAY) -> int | None:
    winner = resolve(rows, CHAIN[:depth], day, owner).winner
    return winner.id if winner else None


def shadows(rows: list[Row], depth: int = len(CHAIN)) -> dict[int, tuple[Why, int | None]]:
    found = resolve(rows, CHAIN[:depth], DAY, "HO").shadows
    return {one.row.id: (one.why, one.by.id if one.by else None) for one in found}


@pytest.mark.requirement("7.17")
def test_the_branch_sets_35_and_the_sub_branch_sees_it_until_it_is_gone() -> None:
    head = row(1, "HO", 30.0, below=Below.RANGE, low=25.0, high=40.0)
    branch = row(2, "T1", 35.0, below=Below.LOCKED)
    assert (won([head, branch], 4), shadows([head, branch], 4)) == (2, {1: (Why.NEARER, 2)})
    assert won([head, branch], 1) == 1, "the head office keeps its own"
    assert won([head], 4) == 1


@pytest.mark.requirement("7.18")
def test_the_smaller_priority_number_holds_and_the_other_is_told() -> None:
    rows = [row(1, "HO", 30.0, priority=2), row(2, "HO", 40.0, priority=1)]
    assert won(rows) == 2
    assert shadows(rows) == {1: (Why.PRIORITY, 2)}


def test_a_lock_a_top_a_range_and_dates_each_say_why_a_row_waits() -> None:
    for below, way, why in (
        (Below.LOCKED, Way.NEAR, Why.LOCKED),
        (Below.FREE, Way.TOP, Why.TOP),
    ):
        rows = [row(1, "HO", 30.0, below=below, way=way), row(2, "T2", 35.0)]
        assert (won(rows), shadows(rows)) == (1, {2: (why, 1)})
    rows = [row(1, "HO", 30.0, below=Below.RANGE, low=20.0, high=34.0), row(2, "T2", 35.0)]
    assert (won(rows), shadows(rows)) == (1, {2: (Why.OUTSIDE, 1)})
    rows = [row(1, "HO", 30.0), row(2, "T2", 35.0, after=DAY), row(3, "T2", 36.0, first=DAY)]
    assert (won(rows), shadows(rows)) == (3, {2: (Why.DATES, None), 1: (Why.NEARER, 3)})


def test_nothing_is_set_below_the_owner_that_was_not_opened_above() -> None:
    assert won([row(1, "T1", 35.0)]) is None
    assert won([row(1, "T1", 35.0)], owner="T1") == 1, "the owner itself needs no opening"
    assert won([row(1, "T1", 35.0), row(2, "HO", None)]) == 1, "a row without a value opens"
    closed = leave_of([], CHAIN[:2], DAY, "HO")
    assert (closed.open, closed.by) == (False, None)
    assert leave_of([], CHAIN[:1], DAY, "HO").open
    assert leave_of([], CHAIN[:2], DAY, "T1").open


def test_a_range_within_a_range_leaves_what_both_allow() -> None:
    rows = [
        row(1, "HO", None, below=Below.RANGE, low=20.0, high=40.0),
        row(2, "T1", 30.0, below=Below.RANGE, low=25.0, high=35.0),
        row(3, "T2", None, below=Below.FREE),
    ]
    leave = leave_of(rows, CHAIN[:4], DAY, "HO")
    assert (leave.open, leave.low, leave.high, leave.top) == (True, 25.0, 35.0, False)
    assert leave.by is not None
    assert leave.by.id == 3


def test_days_on_which_something_turns() -> None:
    rows = [row(1, "HO", 1.0, after=date(2026, 6, 1)), row(2, "T1", 2.0, first=date(2026, 7, 1))]
    assert turning_days(rows, date(2026, 3, 1), None) == [
        date(2026, 3, 1),
        date(2026, 6, 1),
        date(2026, 7, 1),
    ]
    assert turning_days(rows, date(2026, 6, 1), date(2026, 7, 1)) == [date(2026, 6, 1)]


def test_only_rows_of_one_unit_and_priority_overlap() -> None:
    held = row(1, "T1", 1.0, after=date(2026, 6, 1))
    assert overlaps(row(2, "T1", 2.0, first=date(2026, 5, 31)), [held]) is held
    assert overlaps(row(2, "T1", 2.0, first=date(2026, 6, 1)), [held]) is None
    assert overlaps(row(2, "T1", 2.0, priority=2), [held]) is None
    assert overlaps(row(2, "T2", 2.0), [held]) is None
    assert overlaps(held, [held]) is None, "a row is not beside itself"


# ---------------------------------------------------------------- what always holds

VALUES = st.one_of(st.none(), st.integers(0, 100).map(float))
DAYS = st.integers(-40, 40).map(lambda n: DAY + timedelta(days=n))


@st.composite
def many(draw: st.DrawFn) -> list[Row]:
    rows = []
    for number in range(draw(st.integers(0, 12))):
        low, high = sorted(draw(st.tuples(st.integers(0, 100), st.integers(0, 100))))
        first = draw(DAYS)
        rows.append(
            row(
                number,
                draw(st.sampled_from(CHAIN)),
                draw(VALUES),
                below=draw(st.sampled_from(list(Below))),
                way=draw(st.sampled_from([Way.NEAR, Way.NEAR, Way.TOP])),
                priority=draw(st.integers(1, 3)),
                first=first,
                after=first + timedelta(days=lasts) if (lasts := draw(st.integers(0, 60))) else None,
                low=float(low),
                high=float(high),
            )
        )
    return rows


@given(many(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[Row], random: Any) -> None:
    mixed = list(rows)
    random.shuffle(mixed)
    assert resolve(mixed, CHAIN, DAY, "HO") == resolve(rows, CHAIN, DAY, "HO")


@given(many())
def test_every_row_of_the_chain_wins_waits_or_only_gives_leave(rows: list[Row]) -> None:
    found = resolve(rows, CHAIN, DAY, "HO")
    told = [one.row.id for one in found.shadows]
    assert len(told) == len(set(told))
    assert found.winner is None or found.winner.id not in told
    silent = {one.id for one in rows} - set(told) - ({found.winner.id} if found.winner else set())
    assert all(one.value is None for one in rows if one.id in silent)


@given(many())
def test_what_is_locked_above_never_changes_below(rows: list[Row]) -> None:
    for depth in range(1, len(CHAIN)):
        there = resolve(rows, CHAIN[:depth], DAY, "HO")
        leave = leave_of(rows, CHAIN[: depth + 1], DAY, "HO")
        if not leave.open or leave.top:
            for deeper in range(depth, len(CHAIN) + 1):
                assert resolve(rows, CHAIN[:deeper], DAY, "HO").winner == there.winner


@given(many())
def test_a_value_set_below_lies_in_every_range_that_stood_above_it(rows: list[Row]) -> None:
    found = resolve(rows, CHAIN, DAY, "HO")
    if found.winner is None or found.winner.value is None:
        return
    depth = CHAIN.index(found.winner.unit) + 1
    leave = leave_of(rows, CHAIN[:depth], DAY, "HO")
    assert leave.open
    assert leave.low <= float(found.winner.value) <= leave.high
    waiting = {one.row.id for one in found.shadows if one.why is not Why.NEARER}
    for above in rows:
        if above.id not in waiting and above.below is Below.RANGE and CHAIN.index(above.unit) < depth - 1:
            assert above.low is not None
            assert above.high is not None
            assert above.low <= float(found.winner.value) <= above.high


@given(many())
def test_near_takes_the_deepest_and_top_the_highest(rows: list[Row]) -> None:
    plain = [
        Row(one.id, one.unit, PATH, one.value, Below.FREE, Way.NEAR, one.priority, one.first, one.after)
        for one in rows
    ]
    opened = [row(99, "HO", 50.0, priority=1, first=DAY - timedelta(days=99)), *plain]
    on_day = [one for one in opened if one.on(DAY)]
    best = {
        unit: min((one for one in on_day if one.unit == unit), key=lambda one: (one.priority, one.id))
        for unit in {one.unit for one in on_day}
    }
    valued = [unit for unit in CHAIN if unit in best and best[unit].value is not None]
    assert won(opened) == (best[valued[-1]].id if valued else None)
    top = [
        Row(one.id, one.unit, PATH, one.value, Below.FREE, Way.TOP, one.priority, one.first, one.after)
        for one in opened
    ]
    highest = best["HO"]
    assert won(top) == (highest.id if highest.value is not None else None)


# ---------------------------------------------------------------- the whole scheme


def held(*rows: Row, depth: int = 2) -> Effective:
    return effective(single(line()), rows, CHAIN[:depth], DAY, "HO")


def test_a_row_whose_parameter_is_gone_is_told_and_has_no_effect() -> None:
    found = held(row(1, "HO", 3.0), row(2, "OFF", 3.0))
    assert ([one.id for one in found.lost], found.origins) == ([1], {})
    assert found.document == single(line())
