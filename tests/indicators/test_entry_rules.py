"""Cells, what they change, and whether the parts of a target make the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.indicators.rules import Aggregate, Direction, IndicatorSet, Spec
from lms.indicators.rules.cascade import Verdict, adds_up, attainment, check
from lms.indicators.rules.entry import (
    Content,
    Key,
    Present,
    amount,
    applied,
    differences,
    fault_of,
    moved,
    read_stamp,
    settled,
    stamp,
    touched,
    written,
)
from lms.indicators.rules.kinds import Flag

figures = st.decimals(-(10**12), 10**12, places=6, allow_nan=False)
keys = st.tuples(st.sampled_from(["e1", "e2", "u3"]), st.integers(1, 4))
contents = st.builds(Content, st.none() | figures, st.none() | st.sampled_from(Flag))
presents = st.builds(Present, contents, st.integers(0, 9), st.booleans())


@given(figures)
def test_a_figure_is_read_as_it_is_written(value: Decimal) -> None:
    assert amount(written(value)) == value
    assert amount(f"{value:,f}") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("  ", None), ("１，２３４．５", "1234.5"), ("-3", "-3"), (".5", "0.5"), ("−7", "-7")],
)
def test_figures_as_people_write_them(text: str, value: str | None) -> None:
    assert amount(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize("text", ["一百", "1,23", "1e5", "=1+1", ".", "-", "NaN", "1.2.3", "12%"])
def test_what_is_no_figure(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        amount(text)


@given(st.dictionaries(keys, presents), st.dictionaries(keys, contents))
def test_what_is_given_counts_afterwards_and_nothing_else_moves(
    present: dict[Key, Present], wanted: dict[Key, Content]
) -> None:
    changes = differences(present, wanted)
    after = applied(present, changes)
    for key, content in wanted.items():
        assert settled(after.get(key, Present()).content) == settled(content)
    for key in present.keys() - {one.key for one in changes}:
        assert after[key] is present[key]
    assert {one.key for one in changes} <= wanted.keys()
    assert differences(after, wanted) == []


@given(st.dictionaries(keys, presents))
def test_a_file_that_comes_back_as_it_went_changes_nothing(present: dict[Key, Present]) -> None:
    assert differences(present, {key: one.content for key, one in present.items()}) == []


@given(st.none() | figures, st.lists(st.none() | figures, max_size=6))
def test_the_check_tells_the_sum_of_the_children(
    parent: Decimal | None, children: list[Decimal | None]
) -> None:
    found = check(parent, children)
    known = [one for one in children if one is not None]
    assert found.lacking == len(children) - len(known)
    assert found.total == (sum(known, Decimal(0)) if known else None)
    if found.difference is not None:
        assert parent is not None
        assert found.total is not None
        assert parent + found.difference == found.total
        wanted = (
            Verdict.EXCEEDS
            if found.total > parent
            else Verdict.SHORT
            if found.total < parent
            else Verdict.EVEN
        )
        assert found.verdict is wanted
    else:
        assert found.verdict is (Verdict.NO_PARENT if known else Verdict.NOT_SPLIT)


@given(figures, st.lists(figures, min_size=1, max_size=5))
def test_one_more_for_a_child_is_one_more_in_the_difference(parent: Decimal, children: list[Decimal]) -> None:
    before = check(parent, children).difference
    after = check(parent, [children[0] + 1, *children[1:]]).difference
    assert before is not None
    assert after == before + 1


def test_rates_and_averages_make_no_sum() -> None:
    assert adds_up("万元", Aggregate.DAILY_AVG)
    assert adds_up("户", Aggregate.SUM)
    assert not adds_up("%", Aggregate.LAST)
    assert not adds_up("个", Aggregate.MEAN)
    assert check(Decimal(5), [Decimal(9)], sums=False).verdict is Verdict.NO_SUM


def test_attainment_by_direction_and_without_sense() -> None:
    assert attainment(Direction.MORE, Decimal(80), Decimal(100)) == Decimal("125.0")
    assert attainment(Direction.LESS, Decimal("1.2"), Decimal("1.6")) == Decimal("75.0")
    assert attainment(Direction.MORE, Decimal(0), Decimal(1)) is None
    assert attainment(Direction.LESS, Decimal(1), Decimal(0)) is None
    assert attainment(Direction.MORE, Decimal(1), None) is None


@pytest.mark.parametrize(
    ("value", "flag", "told"),
    [
        ("5", None, "变动指标集"),
        ("5", Flag.RECORDED, "变动指标集"),
        ("5", Flag.INFERRED, None),
        ("-1", Flag.CALCULATED, "最小值"),
        ("101", Flag.CALCULATED, "最大值"),
        ("1.5", Flag.CALCULATED, "整数"),
        ("0.1234567", Flag.CALCULATED, "小数位"),
        ("9000000000000", Flag.CALCULATED, "过大"),
    ],
)
def test_a_cell_keeps_to_the_limits_of_its_indicator(value: str, flag: Flag | None, told: str | None) -> None:
    spec = Spec("C", "变动", None, IndicatorSet.CHANGE, "户", Decimal(0), Decimal(100), whole=True)
    fault = fault_of(Content(Decimal(value), flag), spec)
    assert (fault is None) if told is None else (fault is not None and told in fault[0])
    assert fault_of(Content(None, None), spec) is None


codes = st.text("ABCDEFGHIJ0123456789_.-", min_size=1, max_size=12)
few_figures = st.decimals(-(10**9), 10**9, places=6, allow_nan=False)
cells = st.one_of(
    st.just(Content()),
    st.builds(Content, few_figures, st.sampled_from([None, Flag.CALCULATED, Flag.INFERRED])),
)


@given(st.dictionaries(codes, cells, max_size=8))
def test_a_stamp_tells_what_it_was_made_of(contents: dict[str, Content]) -> None:
    assert read_stamp(stamp(contents)) == contents


def test_a_stamp_that_somebody_spoilt_tells_nothing_wrong() -> None:
    assert read_stamp("A=1 B=x C=2,odd D E=") == {"A": Content(Decimal(1)), "E": Content()}
    assert read_stamp(None) == {}


def test_a_cell_that_nobody_touched_sets_nothing_back() -> None:
    was = {("e1", 1): Content(Decimal(1)), ("e2", 1): Content(Decimal(2))}
    given_ = {("e1", 1): Content(Decimal(1)), ("e2", 1): Content(Decimal(5)), ("e3", 1): Content(Decimal(7))}
    mine = touched(given_, was)
    assert set(mine) == {("e2", 1), ("e3", 1)}
    present = {("e1", 1): Present(Content(Decimal(9))), ("e2", 1): Present(Content(Decimal(3)))}
    assert moved(differences(present, mine), was) == [("e2", 1)]
