"""Periods are read as they are written, and nest without gaps."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.core.errors import Refused
from lms.core.periods import Period

YEARS = st.integers(1991, 2199)
PERIODS = st.one_of(
    YEARS.map(str),
    st.builds("{}Q{}".format, YEARS, st.integers(1, 4)),
    st.builds("{}-{:02d}".format, YEARS, st.integers(1, 12)),
).map(Period.parse)


@given(PERIODS)
def test_periods_are_read_back_and_follow_each_other(period: Period) -> None:
    assert Period.parse(period.code) == period
    assert period.following().previous() == period == period.previous().following()
    assert period.contains(period.first)
    assert period.contains(period.last)
    assert not period.contains(period.after)


@given(PERIODS)
def test_parts_tile_the_period(period: Period) -> None:
    parts = period.parts()
    assert len(parts) == {12: 4, 3: 3, 1: 0}[period.months]
    edges = [period.first, *(part.after for part in parts)]
    assert [part.first for part in parts] == edges[:-1]
    assert not parts or edges[-1] == period.after


def test_a_quarter_has_its_days() -> None:
    quarter = Period.parse("2026q3")
    assert (quarter.first, quarter.last) == (date(2026, 7, 1), date(2026, 9, 30))
    assert Period.parse("2026Q4").after == date(2027, 1, 1)


@pytest.mark.parametrize("code", ["", "2026Q0", "2026Q5", "2026-13", "2026-9", "26", "2026/09", "1989"])
def test_a_bad_code_is_refused(code: str) -> None:
    with pytest.raises(Refused):
        Period.parse(code)
