"""Lint rules: what each check finds, with exact figures; which rules hold on a day; how weights are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.scoring import Scheme, parse, to_dict
from lms.scoring.document import IndicatorClass
from lms.scoring.lint import Check, Finding, LintRule, Severity, Trait, excess, findings, in_force, shipped
from lms.scoring.lint.shares import shares
from lms.scoring.lint.shipped import FILE, read_rules

DAY = date(2026, 10, 1)
C, R, E, T, S = IndicatorClass
LINE: dict[str, Any] = {
    "unit": "",
    "position": "ratio",
    "direction": "more",
    "curve": {"segments": [{"low": None, "high": None, "points": 0, "slope": 100}]},
}


def line(code: str, weight: float | None, kind: str | None = None, **more: Any) -> dict[str, Any]:
    classed = {"class": kind} if kind else {}
    return LINE | {"code": code, "name_zh": code, "measure": code, "weight": weight} | classed | more


def scheme(*lines: dict[str, Any], **more: Any) -> Scheme:
    section = {"code": "all", "name_zh": "全部", "weight": 100, "indicators": list(lines)}
    return parse({"code": "S", "name_zh": "方案", "sections": [section]} | more)


def rule(check: Check, **more: Any) -> LintRule:
    values = {"id": check.value, "severity": Severity.WARNING, "title_zh": "规则", "source_zh": "本行"}
    return LintRule(**values | {"check": check, "valid_from": date(2020, 1, 1)} | more)


def told(found: list[Finding]) -> list[str]:
    return [one.message % one.params for one in found]


@pytest.mark.requirement("2.15")
def test_too_little_weight_of_compliance_and_risk_is_found() -> None:
    low = rule(Check.CLASS_WEIGHT_MIN, classes=(C, R), threshold=20.0)
    made = scheme(line("A", 12, "compliance"), line("B", 7.5, "risk"), line("C", 80.5, "efficiency"))
    [found] = findings(made, [low])
    assert (found.message % found.params, found.severity) == ("权重合计 19.5%，低于 20%", Severity.WARNING)
    enough = scheme(line("A", 12, "compliance"), line("B", 8, "risk"), line("C", 80, "efficiency"))
    assert findings(enough, [low]) == []


@pytest.mark.requirement("2.15")
def test_compliance_and_risk_together_weigh_more_than_each_other_class() -> None:
    above = rule(Check.CLASS_WEIGHT_ABOVE, classes=(C, R), threshold=0.0)
    made = scheme(
        line("A", 20, "compliance"),
        line("B", 15, "risk"),
        line("C", 35, "efficiency"),
        line("D", 30, "social"),
    )
    [found] = findings(made, [above])
    assert (found.against, told([found])) == (E, ["权重合计 35%，没有高于另一类的 35%"])
    more = scheme(
        line("A", 20, "compliance"),
        line("B", 16, "risk"),
        line("C", 34, "efficiency"),
        line("D", 30, "social"),
    )
    assert findings(more, [above]) == []
    [lead] = findings(more, [replace(above, threshold=5.0)])
    assert "应高出 5 个百分点以上" in told([lead])[0]


def test_what_has_no_class_leaves_the_question_open() -> None:
    low = rule(Check.CLASS_WEIGHT_MIN, classes=(C,), threshold=20.0)
    above = rule(Check.CLASS_WEIGHT_ABOVE, classes=(C,), threshold=0.0)
    made = scheme(line("A", 15, "compliance"), line("B", 85))
    found = findings(made, [low, above])
    assert {one.severity for one in found} == {Severity.NOTICE}
    assert told(found) == ["尚有 85% 的权重没有归类，无法判断"] * 2
    known = findings(made, [low], {"B": Trait(E)})
    assert [one.severity for one in known] == [Severity.WARNING], "the bank's definition decides"
    own = scheme(line("A", 15, "compliance"), line("B", 85, "compliance"))
    assert findings(own, [low], {"B": Trait(E)}) == [], "the scheme itself goes first"


def test_missing_and_unknown_classes_and_a_heavy_indicator_are_named() -> None:
    made = scheme(line("A", 45, "risk"), line("B", 55))
    rules = [
        rule(Check.CLASS_MISSING, classes=tuple(IndicatorClass)),
        rule(Check.CLASS_UNKNOWN),
        rule(Check.SINGLE_WEIGHT_MAX, threshold=50.0),
    ]
    missing, unknown, heavy = sorted(findings(made, rules), key=lambda one: one.rule.id)
    assert (missing.classes, missing.severity) == ((C, E, T, S), Severity.NOTICE)
    assert unknown.indicators == ("B",)
    assert (heavy.indicators, told([heavy])) == (("B",), ["权重占总分 55%，高于 50%"])


@pytest.mark.requirement("2.06")
def test_results_alone_need_a_reason_in_the_scheme() -> None:
    alone = rule(Check.CLASS_WEIGHT_MAX, classes=(E,), threshold=70.0)
    made = scheme(line("A", 80, "efficiency"), line("B", 20, "risk"))
    assert told(findings(made, [alone])) == ["权重合计 80%，高于 70%，且没有写明理由"]
    assert findings(replace(made, reason_for_full_business="试点"), [alone]) == []


def test_scale_on_a_single_day_is_found_by_the_definition_or_by_declaration() -> None:
    single = rule(Check.POINT_IN_TIME, words=("存款",))
    made = scheme(line("A", 50, name_zh="存款余额"), line("B", 50, name_zh="贷款余额"))
    defined = {"A": Trait(T, point_in_time=True), "B": Trait(T, point_in_time=True)}
    assert [one.indicators for one in findings(made, [single], defined)] == [("A",)]
    assert findings(made, [single]) == []
    said = scheme(line("A", 100, name_zh="存款余额", point_in_time=False))
    assert findings(said, [single], defined) == []


def test_rank_alone_is_found_and_rank_beside_a_target_is_not() -> None:
    alone = rule(Check.RANK_WITHOUT_TARGET)
    ranked = {"position": "percentile", "reference": {"kind": "none"}}
    made = scheme(line("A", 50, **ranked), line("B", 50, reference={"kind": "peer_mean"}))
    assert [one.indicators for one in findings(made, [alone])] == [("A",), ("B",)]
    aimed = scheme(line("A", 50, **ranked), line("A2", 50, measure="A"))
    assert findings(aimed, [alone]) == []


@pytest.mark.parametrize(
    ("parent", "total", "limit", "over"),
    [
        ("100", "100", 0.0, None),
        ("100", "105", 0.0, "5"),
        ("100", "105", 5.0, None),
        ("100", "105.01", 5.0, "5.01"),
        ("0", "1", 5.0, "100"),
    ],
)
def test_children_above_their_parent(parent: str, total: str, limit: float, over: str | None) -> None:
    one = rule(Check.CHILD_TARGETS, threshold=limit)
    found = excess([one], Decimal(parent), Decimal(total), "存款")
    assert found == (None if over is None else (one, Decimal(over)))


def test_the_newest_row_of_the_bank_counts_on_its_days_only() -> None:
    first = rule(Check.CLASS_UNKNOWN, valid_from=date(2013, 1, 1))
    off = replace(first, enabled=False, valid_from=date(2026, 1, 1), valid_to=date(2027, 1, 1))
    stricter = replace(
        first, severity=Severity.NOTICE, valid_from=date(2026, 6, 1), valid_to=date(2026, 7, 1)
    )
    for day, expected in (
        (date(2012, 12, 31), []),
        (date(2013, 1, 1), [first]),
        (date(2026, 1, 1), []),
        (date(2026, 6, 30), [stricter]),
        (date(2026, 7, 1), []),
        (date(2027, 1, 1), [first]),
    ):
        assert in_force([first], [off, stricter], day) == expected, day


@given(days=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50), st.booleans()), max_size=6))
def test_on_a_day_without_rows_of_the_bank_the_shipped_rule_stands(days: list[tuple[int, int, bool]]) -> None:
    begin = date(2026, 1, 1)
    base = rule(Check.CLASS_UNKNOWN)
    rows = [
        replace(base, valid_from=begin + timedelta(at), valid_to=begin + timedelta(at + long), enabled=on)
        for at, long, on in days
    ]
    for offset in range(102):
        day = begin + timedelta(offset)
        covering = [row for row in rows if row.holds(day)]
        expected = covering[-1] if covering else base
        assert in_force([base], rows, day) == ([expected] if expected.enabled else [])


@given(weights=st.lists(st.integers(1, 10_000), min_size=1, max_size=8), first=st.integers(1, 99))
def test_weights_make_a_hundred(weights: list[int], first: int) -> None:
    total = sum(weights)
    lines = [line(f"A{n}", round(w / total * 100, 4)) for n, w in enumerate(weights)]
    lines[0]["weight"] = round(lines[0]["weight"] + 100 - sum(one["weight"] for one in lines), 4)
    if lines[0]["weight"] < 0:
        return
    half = {"code": "h", "name_zh": "半", "weight": first, "indicators": [line("B", 100)]}
    rest = {"code": "r", "name_zh": "余", "weight": 100 - first, "indicators": lines}
    made = parse({"code": "S", "name_zh": "方案", "sections": [half, rest]})
    parts = shares(made)
    assert parts is not None
    assert parts["B"] == pytest.approx(first)
    assert sum(parts.values()) == pytest.approx(100)


@given(moved=st.integers(0, 80))
def test_weight_moved_to_compliance_never_adds_a_finding(moved: int) -> None:
    rules = in_force(shipped().rules, (), DAY)
    few, more = (
        findings(scheme(line("A", 10 + n, "compliance"), line("B", 90 - n, "transformation")), rules)
        for n in (moved, min(80, moved + 1))
    )
    heavy = {"one-indicator-too-heavy"}
    assert {f.rule.id for f in more} - heavy <= {f.rule.id for f in few} - heavy


def test_additive_points_weigh_by_their_room_and_open_ends_leave_it_unknown() -> None:
    points = {"weighting": "points"}
    lines = [
        line("A", None, "efficiency", bound={"floor": 0, "cap": 60}),
        line("B", None, "compliance", bound={"floor": -20, "cap": 0}),
    ]
    section = {"code": "all", "name_zh": "全部", "group": "sum", "indicators": lines}
    made = parse({"code": "S", "name_zh": "方案", "sections": [section]} | points)
    assert shares(made) == {"A": 75.0, "B": 25.0}
    section["indicators"] = [line("A", None, "efficiency")]
    open_end = parse({"code": "S", "name_zh": "方案", "sections": [section]} | points)
    assert shares(open_end) is None
    low = rule(Check.CLASS_WEIGHT_MIN, classes=(C,), threshold=20.0)
    [found] = findings(open_end, [low])
    assert found.severity is Severity.NOTICE


def test_a_scheme_carries_class_and_declaration_and_without_them_keeps_its_fingerprint() -> None:
    made = scheme(line("A", 100, "risk", point_in_time=False))
    written = to_dict(made)["sections"][0]["indicators"][0]
    assert (written["class"], written["point_in_time"]) == ("risk", False)
    assert parse(to_dict(made)) == made
    assert not {"class", "point_in_time"} & set(
        to_dict(scheme(line("A", 100)))["sections"][0]["indicators"][0]
    )


@pytest.mark.requirement("2.15")
def test_every_shipped_rule_names_a_source_in_both_languages() -> None:
    for one in shipped().rules:
        assert all(
            (one.title_zh, one.title_en, one.advice_zh, one.advice_en, one.source_zh, one.source_en)
        ), one.id
        assert one.number or "非监管规定" in one.source_zh, one.id
    assert in_force(shipped().rules, (), date(2012, 12, 31)) == []


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("format: zhixing-lint/1", "format: other", "not a file"),
        ("threshold: 20", "threshold: 120", "compliance-risk-floor"),
        ("check: class_unknown", "check: nothing", "every-indicator-has-a-class"),
        ("id: five-classes", "id: no-rank-alone", "two rules"),
        ("valid_from: 2018-07-01", "valid_from: soon", "deposits-no-point-in-time"),
    ],
)
def test_a_wrong_file_of_rules_is_refused_by_name(old: str, new: str, named: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ValueError, match=named):
        read_rules(text.replace(old, new, 1))
