"""Measures: records become figures of people, customers and units, day by day, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.indicators.models import CodeMap, DataField, HiddenValue, ImportUpload, TypedValue
from lms.indicators.rules import Aggregate, BatchState, IndicatorDraft, IndicatorSet
from lms.indicators.rules.kinds import CodeKind, Delivery
from lms.indicators.services import (
    actuals,
    balance,
    define_indicator,
    find_indicator,
    measures,
    measures_of,
    source_rows,
    unit_rows,
)
from lms.indicators.services.placing import placed
from lms.people.models import Level
from lms.people.services import define_post, find_employee, find_unit, move_unit, open_unit, post
from tests.conftest import few
from tests.indicators.records import NOW, Book, data_model

Bring = Callable[..., ImportUpload]
FIRST, AFTER = date(2026, 7, 1), date(2026, 10, 1)
DAYS = 92
START = date(2020, 1, 1)


@pytest.fixture
def tree(figures: Session) -> Session:
    """Head office H, branches A and B, sub-branch A1 under A; 0001 and 0002 sit in A1, 0003 in B."""
    head = find_unit(figures, "H")
    units = {"H": head}
    for code, parent, level in (
        ("A", "H", Level.TIER_1),
        ("B", "H", Level.TIER_1),
        ("A1", "A", Level.SUB_BRANCH),
    ):
        units[code] = open_unit(
            figures, SYSTEM, code=code, name_zh=code, level=level, parent=units[parent], valid_from=START
        )
    desk = define_post(figures, "RM", "客户经理", "relationship_manager")
    for number, code in (("0001", "A1"), ("0002", "A1"), ("0003", "B")):
        employee, unit = find_employee(figures, number), units[code]
        assert employee
        assert unit
        post(figures, SYSTEM, employee, unit, desk, START)
    drafts = (
        IndicatorDraft("AVG", "日均", IndicatorSet.BASIC, "元", aggregate=Aggregate.DAILY_AVG),
        IndicatorDraft("END", "期末", IndicatorSet.BASIC, "元", aggregate=Aggregate.LAST),
        IndicatorDraft("CLIENTS", "客户数", IndicatorSet.OTHER, "户", aggregate=Aggregate.DISTINCT),
        IndicatorDraft("DEALS", "笔数", IndicatorSet.OTHER, "个", aggregate=Aggregate.COUNT),
        IndicatorDraft("SIZE", "笔均", IndicatorSet.OTHER, "元", aggregate=Aggregate.MEAN),
    )
    for draft in drafts:
        define_indicator(figures, SYSTEM, draft)
    return figures


@pytest.fixture
def deposits(tree: Session) -> Book:
    book = data_model(tree, "deposit", Delivery.SNAPSHOT)
    book.maps("amount", "AVG")
    book.maps("amount", "END")
    return book


@pytest.fixture
def deals(tree: Session) -> Book:
    book = data_model(tree, "deal", Delivery.REPLACE_DAY)
    book.maps("amount", "DEP_NEW")
    book.maps("amount", "DEALS")
    book.maps("amount", "SIZE")
    book.maps("customer", "CLIENTS")
    return book


def table(found: Any) -> dict[tuple[str, str], float]:
    return {(row["subject"], row["measure"]): row["value"] for row in found.to_pylist()}


def of_people(session: Session, *codes: str) -> dict[tuple[str, str], float]:
    return table(measures(session, ["0001", "0002", "0003", "0004"], codes, FIRST, AFTER))


def of_units(session: Session, *codes: str) -> dict[tuple[str, str], float]:
    return table(measures_of(session, "unit", None, codes, FIRST, AFTER))


def means(
    session: Session,
    code: str,
    *,
    employee: str | None = None,
    unit: str | None = None,
    kind: CodeKind = CodeKind.EMPLOYEE,
    first: date = START,
    after: date | None = None,
) -> None:
    person = find_employee(session, employee) if employee else None
    place = find_unit(session, unit) if unit else None
    session.add(
        CodeMap(
            kind=kind,
            source="core",
            code=code,
            employee_id=person.id if person else None,
            org_unit_id=place.id if place else None,
            valid_from=first,
            valid_to=after,
            actor_label="test",
            mapped_at=NOW,
        )
    )
    session.flush()


def types(session: Session, number: str, code: str, day: date, value: Any) -> TypedValue:
    indicator, employee = find_indicator(session, code), find_employee(session, number)
    assert indicator
    assert employee
    typed = TypedValue(
        indicator_id=indicator.id,
        employee_id=employee.id,
        day=day,
        value=Decimal(str(value)),
        reason="更正",
        actor_label="test",
        typed_at=NOW,
    )
    session.add(typed)
    session.flush()
    return typed


@pytest.mark.requirement("7.19")
def test_snapshots_become_daily_averages_and_last_states(deposits: Book) -> None:
    deposits.brings(date(2026, 6, 30), ("a", "0001", "A1", "c1", "x", 100))
    deposits.brings(
        date(2026, 7, 31), ("a", "0001", "A1", "c1", "x", 130), ("b", "0001", "A1", "c2", "x", 10)
    )
    deposits.brings(date(2026, 8, 31), ("b", "0002", "A1", "c2", "x", 20))
    found = of_people(deposits.session, "AVG", "END")
    assert found["0001", "AVG"] == pytest.approx((100 * 30 + 140 * 31) / DAYS)
    assert found["0002", "AVG"] == pytest.approx(20 * 31 / DAYS)
    # 0001 is not in the last state any more, so has nothing, not the state before.
    assert (found["0001", "END"], found["0002", "END"]) == (0.0, 20.0)
    assert ("0003", "AVG") not in found


def test_a_later_file_of_a_day_stands_in_place_and_comes_off_again(deposits: Book) -> None:
    day = date(2026, 7, 1)
    deposits.brings(day, ("a", "0001", "A1", "c1", "x", 100))
    before = of_people(deposits.session, "AVG", "END")
    again = deposits.brings(day, ("a", "0001", "A1", "c1", "x", 70))
    assert of_people(deposits.session, "END") == {("0001", "END"): 70.0}
    again.state = BatchState.WITHDRAWN
    deposits.session.flush()
    assert of_people(deposits.session, "AVG", "END") == before


def test_events_are_summed_counted_and_told_apart(deals: Book) -> None:
    day = date(2026, 8, 3)
    deals.brings(
        day,
        ("a", "0001", "A1", "c1", "x", 10),
        ("b", "0001", "A1", "c1", "x", 30),
        ("c", "0002", "A1", "c1", "x", 2),
        ("d", "0003", "B", "c2", "x", 5),
    )
    assert of_people(deals.session, "DEP_NEW", "DEALS", "SIZE", "CLIENTS") == {
        ("0001", "CLIENTS"): 1.0,
        ("0001", "DEALS"): 2.0,
        ("0001", "DEP_NEW"): 40.0,
        ("0001", "SIZE"): 20.0,
        ("0002", "CLIENTS"): 1.0,
        ("0002", "DEALS"): 1.0,
        ("0002", "DEP_NEW"): 2.0,
        ("0002", "SIZE"): 2.0,
        ("0003", "CLIENTS"): 1.0,
        ("0003", "DEALS"): 1.0,
        ("0003", "DEP_NEW"): 5.0,
        ("0003", "SIZE"): 5.0,
    }
    units = of_units(deals.session, "DEP_NEW", "SIZE", "CLIENTS")
    # A customer of two managers is one customer of their branch, and a mean divides last.
    assert (units["A", "CLIENTS"], units["H", "CLIENTS"]) == (1.0, 2.0)
    assert units["A", "SIZE"] == pytest.approx(14.0)
    customers = table(measures_of(deals.session, "customer", ["c1"], ["DEP_NEW"], FIRST, AFTER))
    assert customers == {("c1", "DEP_NEW"): 42.0}


def test_a_mapping_weighs_chooses_and_has_its_days(tree: Session) -> None:
    book = data_model(tree, "weighted", Delivery.REPLACE_DAY)
    book.maps(
        "amount",
        "DEP_NEW",
        coefficient=Decimal("0.3"),
        conditions=[{"field": "kind", "op": "eq", "value": "协议"}],
        valid_from=date(2026, 8, 1),
    )
    book.brings(date(2026, 7, 31), ("a", "0001", "A1", "c", "协议", 1000))
    book.brings(date(2026, 8, 1), ("a", "0001", "A1", "c", "协议", 100), ("b", "0001", "A1", "c", "活期", 5))
    assert of_people(tree, "DEP_NEW") == {("0001", "DEP_NEW"): 30.0}


def test_codes_change_hands_by_day(deposits: Book) -> None:
    session = deposits.session
    means(session, "T9", employee="0001", after=date(2026, 8, 1))
    means(session, "T9", employee="0002", first=date(2026, 8, 1))
    deposits.brings(FIRST, ("a", "T9", "A1", "c", "x", 92))
    found = of_people(session, "AVG")
    assert found == {("0001", "AVG"): pytest.approx(31.0), ("0002", "AVG"): pytest.approx(61.0)}


def test_a_field_in_force_speaks_before_one_that_was_retired(deposits: Book) -> None:
    session, model = deposits.session, deposits.model
    deposits.brings(FIRST, ("a", None, "A1", "c", "x", 4))
    [branch] = [one for one in model.fields if one.code == "branch"]
    branch.until = 2
    model.fields.append(
        DataField(
            place=0, code="site", name_zh="网点", kind=branch.kind, role=branch.role, use=branch.use, since=2
        )
    )
    session.flush()
    for day in range(1, DAYS):  # the retired one is filled as well, but speaks no longer
        deposits.brings(FIRST + timedelta(day), ("a", None, "A1", "c", "x", 4), site="B")
    found = {one.unit: one.pool for one in balance(session, "AVG", FIRST, AFTER)}
    assert found == {"A1": pytest.approx(4 / DAYS), "B": pytest.approx(4 * (DAYS - 1) / DAYS)}
    with placed(session, [model], FIRST, FIRST + timedelta(2)) as connection:
        rows = connection.sql("SELECT DISTINCT day, unit FROM placed ORDER BY day").fetchall()
    assert rows == [(FIRST, "A1"), (FIRST + timedelta(1), "B")]


def test_what_nobody_owns_goes_to_the_pool_or_to_suspense(deposits: Book) -> None:
    session = deposits.session
    means(session, "POOL9", unit="B")
    means(session, "0777", unit="A1", kind=CodeKind.UNIT)
    deposits.brings(
        FIRST,
        ("a", "0001", None, "c", "x", 1),
        ("b", " ", "A1", "c", "x", 2),
        ("c", "POOL9", "A1", "c", "x", 4),
        ("d", "NOBODY", "0777", "c", "x", 8),
        ("e", "NOBODY", "没有", "c", "x", 16),
    )
    found = {
        one.unit: (one.managers, one.pool, one.suspense) for one in balance(session, "AVG", FIRST, AFTER)
    }
    assert found == {"A1": (1.0, 2.0, 8.0), "B": (0.0, 4.0, 0.0), "": (0.0, 0.0, 16.0)}
    assert of_units(session, "AVG")["H", "AVG"] == pytest.approx(15.0)


@pytest.mark.requirement("7.19")
def test_a_moved_branch_counts_above_its_new_parent_from_that_day_on(deposits: Book) -> None:
    session = deposits.session
    for at in range(DAYS):
        deposits.brings(FIRST + timedelta(days=at), ("a", "0001", "A1", "c", "x", 92))
    before = of_units(session, "AVG", "END")
    assert (before["A", "AVG"], before["H", "AVG"]) == (92.0, 92.0)
    moved, parent = find_unit(session, "A1"), find_unit(session, "B")
    assert moved
    assert parent
    move_unit(session, SYSTEM, moved, parent, date(2026, 9, 1))
    after = of_units(session, "AVG", "END")
    assert (after["A", "AVG"], after["B", "AVG"]) == (pytest.approx(62.0), pytest.approx(30.0))
    assert (after.get(("A", "END")), after["B", "END"]) == (0.0, 92.0)
    earlier = table(measures_of(session, "unit", None, ["AVG"], FIRST, date(2026, 9, 1)))
    assert (earlier["A", "AVG"], earlier.get(("B", "AVG"))) == (92.0, None)


@pytest.mark.requirement("7.19")
def test_children_add_up_and_a_unit_is_not_the_mean_of_its_people(tree: Session, bring: Bring) -> None:
    bring("0001,DEP_NEW,2026-09-01,10,,\n0002,DEP_NEW,2026-09-01,20,,\n0003,DEP_NEW,2026-09-01,30,,\n")
    found = of_units(tree, "DEP_NEW")
    assert found == {
        ("A", "DEP_NEW"): 30.0,
        ("A1", "DEP_NEW"): 30.0,
        ("B", "DEP_NEW"): 30.0,
        ("H", "DEP_NEW"): 60.0,
    }


@pytest.mark.requirement("7.39")
def test_typed_values_stand_in_place_and_hidden_ones_count_nowhere(deposits: Book, bring: Bring) -> None:
    session = deposits.session
    upload = bring("0001,DEP_NEW,2026-09-01,10,,\n0001,DEP_NEW,2026-09-02,5,,\n0002,DEP_NEW,2026-09-01,7,,\n")
    typed = types(session, "0001", "DEP_NEW", date(2026, 9, 1), 11)
    assert of_people(session, "DEP_NEW") == {("0001", "DEP_NEW"): 16.0, ("0002", "DEP_NEW"): 7.0}
    rows, total = source_rows(session, "0001", "DEP_NEW", FIRST, AFTER)
    assert total == 2
    assert [(row.source, row.batch_id, row.line, row.reference) for row in rows] == [
        ("imported", upload.batches[0].id, 3, None),
        ("typed", None, None, f"typed_value:{typed.id}"),
    ]
    hidden = HiddenValue(
        batch_id=upload.batches[0].id,
        line=4,
        indicator="DEP_NEW",
        reason="误报",
        actor_label="test",
        hidden_at=NOW,
    )
    session.add(hidden)
    batch = deposits.brings(FIRST, ("a", "0003", "B", "c", "x", 92), ("b", "0003", "B", "c", "x", 8))
    session.add(HiddenValue(batch_id=batch.id, line=3, reason="误报", actor_label="test", hidden_at=NOW))
    session.flush()
    assert of_people(session, "DEP_NEW", "END") == {("0001", "DEP_NEW"): 16.0, ("0003", "END"): 92.0}
    typed.value = None
    session.flush()
    assert of_people(session, "DEP_NEW") == {("0001", "DEP_NEW"): 15.0}


def test_a_typed_state_ends_the_imported_one(deposits: Book) -> None:
    session = deposits.session
    deposits.brings(FIRST, ("a", "0001", "A1", "c", "x", 92))
    types(session, "0001", "AVG", date(2026, 7, 31), 46)
    found = of_people(session, "AVG")
    assert found["0001", "AVG"] == pytest.approx(92 * 30 / DAYS + 46)


def test_records_open_to_their_lines(deposits: Book) -> None:
    session = deposits.session
    batch = deposits.brings(
        FIRST,
        ("a", "0001", "A1", "c", "x", 1),
        ("b", "0001", "A1", "c", "x", 2),
        ("c", None, "B", "c", "x", 4),
    )
    rows, total = source_rows(session, "0001", "AVG", FIRST, AFTER)
    assert [(row.batch_id, row.line, row.source_name, row.reference, row.value) for row in rows] == [
        (batch.id, 2, "deposit0.txt", "a", Decimal(1)),
        (batch.id, 3, "deposit0.txt", "b", Decimal(2)),
    ]
    [one] = actuals(session, ["0001"], ["AVG"], FIRST, AFTER).to_pylist()
    assert (one["value"], one["line"], one["batch"], one["reference"]) == (Decimal(3), 2, batch.id, "×2")
    pooled, _ = unit_rows(session, ["B"], "AVG", FIRST, AFTER)
    assert [(row.place, row.unit, row.value) for row in pooled] == [("pool", "B", Decimal(4))]
    assert total == 2


# ---------------------------------------------------------------- properties

OFFICERS = st.sampled_from(["0001", "0002", "0003", "T9", "NOBODY", None])
BRANCHES = st.sampled_from(["A1", "B", "H", "没有", None])


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Whatever an example makes is gone before the next one."""
    nested = session.begin_nested()
    try:
        yield
    finally:
        nested.rollback()
        session.expunge_all()


ROWS = st.lists(
    st.tuples(OFFICERS, BRANCHES, st.integers(-1000, 1000), st.integers(0, DAYS - 1)), min_size=1, max_size=12
)
LEGAL = settings(
    max_examples=few.max_examples,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.sampled
@pytest.mark.requirement("7.19")
@LEGAL
@given(rows=ROWS, moved=st.integers(1, DAYS - 1), delivery=st.sampled_from(list(Delivery)[:2]))
def test_nothing_is_lost_and_children_add_up(
    tree: Session, rows: list[Any], moved: int, delivery: Delivery
) -> None:
    with undone(tree):
        book = data_model(tree, "any", delivery)
        book.maps("amount", "AVG")
        book.maps("amount", "DEP_NEW")
        means(tree, "T9", employee="0002", first=FIRST + timedelta(days=moved))
        for day in {at for *_, at in rows}:
            listed = [
                (str(n), officer, branch, "c", "x", amount)
                for n, (officer, branch, amount, at) in enumerate(rows)
                if at == day
            ]
            book.brings(FIRST + timedelta(days=day), *listed)
        unit, parent = find_unit(tree, "A1"), find_unit(tree, "B")
        assert unit
        assert parent
        move_unit(tree, SYSTEM, unit, parent, FIRST + timedelta(days=moved))
        for code in ("DEP_NEW", "AVG"):
            units = {unit: value for (unit, _), value in of_units(tree, code).items()}
            parts = balance(tree, code, FIRST, AFTER)
            own = {one.unit: one.total for one in parts}
            whole = _expected(rows, code, delivery)
            assert sum(own.values()) == pytest.approx(whole, abs=1e-6)
            assert units.get("H", 0.0) + own.get("", 0.0) == pytest.approx(whole, abs=1e-6)
            below = sum(units.get(unit, 0.0) for unit in ("A", "B"))
            assert units.get("H", 0.0) == pytest.approx(below + own.get("H", 0.0), abs=1e-6)
            people = sum(of_people(tree, code).values())
            assert people == pytest.approx(sum(one.managers for one in parts), abs=1e-6)


def _expected(rows: list[Any], code: str, delivery: Delivery) -> float:
    if code == "DEP_NEW":
        return float(sum(amount for _, _, amount, _ in rows))
    days = sorted({at for *_, at in rows})
    if delivery is Delivery.REPLACE_DAY:
        return sum(amount for _, _, amount, _ in rows) / DAYS
    total = 0
    for day, following in zip(days, [*days[1:], DAYS], strict=True):
        total += sum(amount for _, _, amount, at in rows if at == day) * (following - day)
    return total / (DAYS - days[0])


@pytest.mark.sampled
@LEGAL
@given(amounts=st.lists(st.integers(1, 10**6), min_size=6, max_size=6), moved=st.integers(1, 5))
def test_the_short_way_gives_what_the_long_way_gives(
    tree: Session, amounts: list[int], moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with undone(tree):
        book = data_model(tree, "dense", Delivery.SNAPSHOT)
        book.maps("amount", "AVG")
        for at, amount in enumerate(amounts):
            day = FIRST + timedelta(days=at)
            book.brings(day, ("a", "0001", "A1", "c", "x", amount), ("b", "0003", "B", "c", "x", 7))
        unit, parent = find_unit(tree, "A1"), find_unit(tree, "B")
        assert unit
        assert parent
        move_unit(tree, SYSTEM, unit, parent, FIRST + timedelta(days=moved))
        span = (FIRST, FIRST + timedelta(days=len(amounts)))
        short = table(measures_of(tree, "unit", None, ["AVG"], *span))
        with monkeypatch.context() as patch:
            patch.setattr("lms.indicators.services.facts.may_be_lean", lambda *_: False)
            long = table(measures_of(tree, "unit", None, ["AVG"], *span))
        assert short == pytest.approx(long, abs=1e-9)
        assert short["H", "AVG"] == pytest.approx(sum(amounts) / 6 + 7)


@pytest.mark.sampled
@pytest.mark.requirement("7.27")
@LEGAL
@given(rows=ROWS, again=ROWS)
def test_withdrawing_undoes_exactly_and_bringing_twice_changes_nothing(
    tree: Session, rows: list[Any], again: list[Any]
) -> None:
    with undone(tree):
        book = data_model(tree, "undone", Delivery.SNAPSHOT)
        for code in ("AVG", "END", "DEP_NEW"):
            book.maps("amount", code)

        def bring_all(given: list[Any]) -> list[Any]:
            return [
                book.brings(
                    FIRST + timedelta(days=day),
                    *[(str(n), o, b, "c", "x", a) for n, (o, b, a, at) in enumerate(given) if at == day],
                )
                for day in sorted({at for *_, at in given})
            ]

        bring_all(rows)
        before = (of_people(tree, "AVG", "END", "DEP_NEW"), of_units(tree, "AVG", "END", "DEP_NEW"))
        bring_all(rows)
        assert (of_people(tree, "AVG", "END", "DEP_NEW"), of_units(tree, "AVG", "END", "DEP_NEW")) == before
        later = bring_all(again)
        for batch in later:
            batch.state = BatchState.WITHDRAWN
        tree.flush()
        assert (of_people(tree, "AVG", "END", "DEP_NEW"), of_units(tree, "AVG", "END", "DEP_NEW")) == before
