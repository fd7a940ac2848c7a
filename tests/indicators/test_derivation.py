"""Derived indicators: their formulas, their order, their flags, and only what is touched computed anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.core.periods import Period
from lms.indicators.models import Derivation, ImportUpload, Indicator, Recalculation
from lms.indicators.rules import Aggregate, Flag, IndicatorDraft, IndicatorSet
from lms.indicators.rules.formula import (
    Formula,
    Op,
    change,
    cycle_in,
    dump,
    evaluate,
    in_order,
    interpolate,
    parse,
    refuse_misuse,
    touched_by,
)
from lms.indicators.services import (
    actuals,
    define_indicator,
    find_indicator,
    flag_counts,
    flagged_rows,
    measures,
    refresh,
    set_formula,
    switch_effect,
    switch_income,
    unrecorded,
    withdraw,
)
from tests.conftest import PROFILE, few
from tests.indicators.conftest import NOW

Bring = Callable[..., ImportUpload]
SETS = {
    "A": IndicatorSet.BASIC,
    "T": IndicatorSet.TRANSACTION,
    "I": IndicatorSet.INCOME,
    "C": IndicatorSet.CHANGE,
    "X": IndicatorSet.OTHER,
    "Y": IndicatorSet.OTHER,
}
CHANGE = parse({"op": "change", "base": "A", "flows": ["T"], "income": ["I"]})


# ---------------------------------------------------------------- the rules


@pytest.mark.requirement("7.32")
def test_a_missing_month_is_interpolated_and_its_changes_are_inferred() -> None:
    series = [Decimal(100), None, Decimal(130)]
    november, december = change(series, 1, []), change(series, 2, [])
    assert november
    assert december
    assert (november.value, november.flag) == (Decimal(15), Flag.INFERRED)
    assert (december.value, december.flag) == (Decimal(15), Flag.INFERRED)
    known = change([Decimal(100), Decimal(110), Decimal(130)], 1, [])
    assert known
    assert (known.value, known.flag) == (Decimal(10), Flag.CALCULATED)
    assert change([None, Decimal(1)], 1, []) is None
    assert change([Decimal(1), None], 1, []) is None
    assert interpolate([None, Decimal(2), None]) == [None, interpolate([Decimal(2)])[0], None]


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ({"op": "sum", "of": ["A", "B"]}, Decimal(12)),
        ({"op": "sum", "of": ["A", "none"]}, Decimal(10)),
        ({"op": "sum", "of": ["none", "none"]}, None),
        ({"op": "difference", "of": ["A", "B"]}, Decimal(8)),
        ({"op": "difference", "of": ["none", "B"]}, None),
        ({"op": "product", "of": ["A", "B"]}, Decimal(20)),
        ({"op": "product", "of": ["A", "none"]}, None),
        ({"op": "ratio", "of": ["A", "B"], "times": 100}, Decimal(500)),
        ({"op": "ratio", "of": ["A", "zero"]}, None),
        ({"op": "ratio", "of": [{"op": "sum", "of": ["A", "B"]}, "B"]}, Decimal(6)),
    ],
)
def test_what_a_formula_gives(formula: dict[str, Any], found: Decimal | None) -> None:
    values = {"A": Decimal(10), "B": Decimal(2), "zero": Decimal(0)}
    assert evaluate(parse(formula), values.get) == found
    assert parse(dump(parse(formula))) == parse(formula)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "A + B",
        {"op": "__import__", "of": ["A", "B"]},
        {"op": "sum", "of": ["A"]},
        {"op": "sum", "of": ["A", 1]},
        {"op": "ratio", "of": ["A", "B", "C"]},
        {"op": "ratio", "of": ["A", "B"], "times": "nan"},
        {"op": "ratio", "of": ["A", "B"], "times": "0"},
        {"op": "sum", "of": ["A", {"op": "change", "base": "A"}]},
        {"op": "change"},
    ],
)
def test_what_is_no_formula_is_refused(data: Any) -> None:
    with pytest.raises(Refused):
        parse(data)


@pytest.mark.requirement("7.34")
def test_cycles_are_refused_with_their_chain() -> None:
    x, y = parse({"op": "sum", "of": ["A", "Y"]}), parse({"op": "sum", "of": ["A", "X"]})
    assert cycle_in({"X": x, "Y": y}, "X") == ["X", "Y", "X"]
    with pytest.raises(Refused) as refused:
        refuse_misuse("Y", IndicatorSet.OTHER, y, SETS, {"X": x})
    assert refused.value.params == {"chain": "Y → X → Y"}
    with pytest.raises(Refused) as own:
        refuse_misuse("X", IndicatorSet.OTHER, parse({"op": "sum", "of": ["A", "X"]}), SETS, {})
    assert own.value.params == {"chain": "X → X"}


@pytest.mark.requirement("7.34")
@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("A", {"op": "sum", "of": ["T", "I"]}),
        ("C", {"op": "sum", "of": ["A", "T"]}),
        ("C", {"op": "change", "base": "X"}),
        ("C", {"op": "change", "base": "A", "flows": ["I"]}),
        ("C", {"op": "change", "base": "A", "income": ["T"]}),
        ("X", {"op": "change", "base": "A"}),
        ("X", {"op": "sum", "of": ["A", "nowhere"]}),
    ],
)
def test_a_formula_uses_only_what_stands_before_it(code: str, data: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        refuse_misuse(code, SETS[code], parse(data), SETS, {})


def test_good_formulas_are_ordered_and_say_what_they_touch() -> None:
    formulas = {
        "Y": parse({"op": "product", "of": ["X", "I"]}),
        "X": parse({"op": "sum", "of": ["C", "A"]}),
        "C": CHANGE,
    }
    for code, formula in formulas.items():
        refuse_misuse(code, SETS[code], formula, SETS, formulas)
    assert in_order(formulas) == ["C", "X", "Y"]
    assert touched_by(formulas, ["T"]) == ["C", "X", "Y"]
    assert touched_by(formulas, ["X"]) == ["Y"] or touched_by(formulas, ["X"]) == ["X", "Y"]
    assert touched_by(formulas, ["nothing"]) == []


CODES = [f"I{at}" for at in range(8)]


@given(
    links=st.dictionaries(
        st.sampled_from(CODES), st.lists(st.sampled_from(CODES), min_size=2, max_size=3), max_size=8
    ),
    changed=st.sampled_from(CODES),
)
def test_exactly_the_dependants_are_touched(links: dict[str, list[str]], changed: str) -> None:
    formulas = {code: Formula(Op.SUM, tuple(one for one in of if one < code)) for code, of in links.items()}
    below = {changed}
    for _ in CODES:
        below |= {code for code, formula in formulas.items() if below & set(formula.members())}
    expected = {code for code in below if code in formulas}
    assert set(touched_by(formulas, [changed])) == expected


# ---------------------------------------------------------------- on figures

OCT, NOV, DEC = (Period.parse(f"2026-{month}") for month in (10, 11, 12))


@pytest.fixture
def derived(figures: Session) -> Session:
    """BAL_CHG is the change of BAL with new deposits and fees; WORTH and YIELD hang on it."""
    define_indicator(figures, SYSTEM, IndicatorDraft("YIELD", "收益率", IndicatorSet.OTHER, "%"))
    define_indicator(figures, SYSTEM, IndicatorDraft("WORTH", "总量", IndicatorSet.OTHER, "万元"))
    gives(figures, "BAL_CHG", {"op": "change", "base": "BAL", "income": ["FEE"]})
    gives(figures, "WORTH", {"op": "sum", "of": ["BAL", "AUM"]})
    gives(figures, "YIELD", {"op": "ratio", "of": ["FEE", "BAL"], "times": "100"})
    return figures


def gives(session: Session, code: str, data: dict[str, Any]) -> Indicator:
    indicator = find_indicator(session, code)
    assert indicator
    set_formula(session, SYSTEM, indicator, parse(data))
    return indicator


def brings(bring: Bring, text: str, period: str) -> ImportUpload:
    return bring(text, period=period, split=True)


def derive(session: Session, *codes: str, first: date = date(2026, 10, 1)) -> set[tuple[str, str]]:
    done = refresh(session, SYSTEM, "test", codes, first, date(2027, 1, 1), now=NOW)
    return {(item["indicator"], item["period"]) for item in done.items} if done else set()


def changes(session: Session) -> dict[tuple[str, str], tuple[Decimal, str]]:
    rows = [
        row
        for period in (OCT, NOV, DEC)
        for row in actuals(session, None, ["BAL_CHG"], period.first, period.after).to_pylist()
    ]
    return {(row["employee_number"], f"{row['day']:%m}"): (row["value"], row["flag"]) for row in rows}


@pytest.mark.sampled
@pytest.mark.requirement("7.32")
def test_changes_are_computed_flagged_and_mended_when_a_month_arrives(derived: Session, bring: Bring) -> None:
    brings(bring, "0001,BAL,2026-10-31,100,,\n", "2026-10")
    brings(bring, "0001,BAL,2026-12-31,130,,\n", "2026-12")
    derive(derived, "BAL")
    assert changes(derived) == {
        ("0001", "11"): (Decimal(15), "inferred"),
        ("0001", "12"): (Decimal(15), "inferred"),
    }
    [row] = actuals(derived, None, ["BAL_CHG"], NOV.first, NOV.after).to_pylist()
    kept = derived.scalars(select(Derivation).where(Derivation.period == "2026-11")).all()
    assert (row["source"], row["batch"], row["reference"]) == ("computed", None, f"derivation:{kept[0].id}")
    brings(bring, "0001,BAL,2026-11-30,110,,\n", "2026-11")
    derive(derived, "BAL", first=NOV.first)
    assert changes(derived) == {
        ("0001", "11"): (Decimal(10), "calculated"),
        ("0001", "12"): (Decimal(20), "calculated"),
    }
    found = measures(derived, ["0001"], ["BAL_CHG"], NOV.first, NOV.after).to_pylist()
    assert [row["value"] for row in found] == [10.0]


@pytest.mark.sampled
@pytest.mark.requirement("7.34")
def test_only_what_is_touched_is_recomputed_and_listed(derived: Session, bring: Bring) -> None:
    for month, rows in (("10", "31"), ("11", "30"), ("12", "31")):
        text = "".join(f"000{n},BAL,2026-{month}-{rows},{n}00,,\n" for n in (1, 2))
        brings(
            bring, text + f"0001,AUM,2026-{month}-01,50,,\n0001,FEE,2026-{month}-05,2,,\n", f"2026-{month}"
        )
    assert derive(derived, "BAL", "AUM", "FEE")
    assert derive(derived, "BAL", "AUM", "FEE") == set(), "nothing changed, nothing recomputed"
    brings(bring, "0001,AUM,2026-12-15,80,,\n", "2026-12")
    assert derive(derived, "AUM", first=DEC.first) == {("WORTH", "2026-12"), ("WORTH", "2026Q4")}
    listed = derived.scalars(select(Recalculation).order_by(Recalculation.id.desc())).first()
    assert listed
    assert {item["indicator"] for item in listed.items} == {"WORTH"}


@pytest.mark.sampled
@settings(
    few, max_examples=30 if PROFILE == "full" else 3, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(changed=st.sampled_from(["BAL", "AUM", "FEE"]), month=st.sampled_from([10, 11, 12]))
def test_changing_one_fact_recomputes_exactly_its_dependants(
    derived: Session, bring: Bring, changed: str, month: int
) -> None:
    nested = derived.begin_nested()
    try:
        for at, day in ((10, 31), (11, 30), (12, 31)):
            rows = (
                f"0001,BAL,2026-{at}-{day},{at}00,,\n0001,AUM,2026-{at}-01,50,,\n0001,FEE,2026-{at}-05,2,,\n"
            )
            brings(bring, rows, f"2026-{at}")
        derive(derived, "BAL", "AUM", "FEE")
        before = _files(derived)
        value = {"BAL": "0001,BAL,2026-{m}-29,1,,\n", "AUM": "0001,AUM,2026-{m}-20,9,,\n"}
        text = value.get(changed, "0001,FEE,2026-{m}-20,9,,\n").format(m=month)
        if changed == "BAL":  # of another person: a day before the last one would not be the last value
            text = text.replace("0001", "0002")
        brings(bring, text, f"2026-{month}")
        touched = derive(derived, changed, first=date(2026, month, 1))
        after = _files(derived)
        moved = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        assert moved == touched
        dependants = {"BAL": {"BAL_CHG", "WORTH", "YIELD"}, "AUM": {"WORTH"}, "FEE": {"BAL_CHG", "YIELD"}}
        assert touched
        assert {code for code, _ in touched} <= dependants[changed]
        assert derive(derived, "BAL", "AUM", "FEE") == set(), "nothing was forgotten"
    finally:
        nested.rollback()
        derived.expunge_all()


def _files(session: Session) -> dict[tuple[str, str], str]:
    return {(one.indicator.code, one.period): one.file for one in session.scalars(select(Derivation))}


@pytest.mark.requirement("7.35")
def test_the_switch_of_income_shows_both_results(derived: Session, bring: Bring) -> None:
    brings(bring, "0001,BAL,2026-10-31,100,,\n", "2026-10")
    brings(bring, "0001,BAL,2026-11-30,110,,\n0001,FEE,2026-11-05,3,,\n", "2026-11")
    [effect] = switch_effect(derived, "BAL_CHG", NOV)
    assert (effect.subject, effect.with_income, effect.without_income, effect.difference) == (
        "0001",
        Decimal(13),
        Decimal(10),
        Decimal(3),
    )
    indicator = find_indicator(derived, "BAL_CHG")
    assert indicator
    switch_income(derived, SYSTEM, indicator, counts=False)
    [row] = measures(derived, ["0001"], ["BAL_CHG"], NOV.first, NOV.after).to_pylist()
    assert row["value"] == 10.0
    with pytest.raises(Refused):
        switch_income(derived, SYSTEM, find_indicator(derived, "WORTH") or indicator, counts=True)


@pytest.mark.sampled
@pytest.mark.requirement("7.33")
def test_of_a_thousand_basic_values_the_ten_not_recorded_are_listed(figures: Session, bring: Bring) -> None:
    from lms.people.services import hire

    numbers = [f"N{at:04}" for at in range(1000)]
    for number in numbers:
        hire(figures, SYSTEM, number=number, name="测试员", hired_on=date(2020, 1, 1))
    define_indicator(
        figures,
        SYSTEM,
        IndicatorDraft("LOAN", "贷款余额", IndicatorSet.BASIC, "万元", aggregate=Aggregate.LAST),
    )
    bring("".join(f"{number},LOAN,2026-09-30,5,,\n" for number in numbers))
    assert unrecorded(figures, date(2026, 7, 1), date(2026, 10, 1))[1] == 1000
    define_indicator(
        figures, SYSTEM, IndicatorDraft("LOAN_CHG", "贷款变动", IndicatorSet.CHANGE, "万元", base="LOAN")
    )
    later = bring("".join(f"{number},LOAN_CHG,2026-09-30,1,计算,\n" for number in numbers[10:]))
    rows, total = unrecorded(figures, date(2026, 7, 1), date(2026, 10, 1), per_page=20)
    assert (total, [row.employee_number for row in rows]) == (10, numbers[:10])
    counts = flag_counts(figures, ["LOAN", "LOAN_CHG"], date(2026, 7, 1), date(2026, 10, 1))
    assert counts == {Flag.CALCULATED: 990, Flag.INFERRED: 0, Flag.RECORDED: 990, Flag.UNRECORDED: 10}
    withdraw(figures, SYSTEM, later.batches[0], "来源有误", now=NOW)
    assert unrecorded(figures, date(2026, 7, 1), date(2026, 10, 1))[1] == 1000


@pytest.mark.requirement("7.31", "7.32", "7.33")
def test_every_value_of_its_set_has_its_flag(derived: Session, bring: Bring) -> None:
    brings(bring, "0001,BAL,2026-10-31,100,,\n0001,NPL,2026-10-31,1,,\n", "2026-10")
    brings(bring, "0001,BAL,2026-11-30,110,,\n0001,FEE,2026-11-05,3,,\n0002,FEE,2026-11-05,3,,\n", "2026-11")
    derive(derived, "BAL", "FEE")
    rows, _ = flagged_rows(derived, ["BAL", "BAL_CHG", "FEE", "NPL"], OCT.first, DEC.first)
    found = {(row.employee_number, row.indicator, f"{row.day:%m}"): row.flag for row in rows}
    assert found == {
        ("0001", "BAL", "10"): "unrecorded",
        ("0001", "NPL", "10"): None,
        ("0001", "BAL", "11"): "recorded",
        ("0001", "FEE", "11"): "recorded",
        ("0002", "FEE", "11"): "unrecorded",
        ("0001", "BAL_CHG", "11"): "calculated",
    }
