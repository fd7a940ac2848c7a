"""Spans of days may touch, but not overlap."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.core.errors import Refused
from lms.core.spans import refuse_overlap

START = date(2026, 1, 1)
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 15)), max_size=5)


@given(SPANS)
def test_exactly_what_covers_a_day_twice_is_refused(lengths: list[tuple[int, int]]) -> None:
    covered = [at for first, length in lengths for at in range(first, first + length)]
    spans: list[tuple[date, date | None]] = [
        (START + timedelta(first), START + timedelta(first + length)) for first, length in lengths
    ]
    if len(covered) == len(set(covered)):
        refuse_overlap(spans)
    else:
        with pytest.raises(Refused):
            refuse_overlap(spans)


def test_open_ends_and_empty_spans() -> None:
    later = START + timedelta(1)
    refuse_overlap([(later, None), (START, later)])
    for bad in ([(START, None), (later, None)], [(START, START)], [(later, START)]):
        with pytest.raises(Refused):
            refuse_overlap(bad)
