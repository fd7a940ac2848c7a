"""What looks at earlier periods, other measures, peers and quotas: what is refused, and how it is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lms.scoring import InvalidFrame, InvalidScheme, parse, presets
from lms.scoring.document import Condition, Op, Take
from lms.scoring.figures import read_facts, read_groups
from lms.scoring.spans import distance
from lms.scoring.wordings import condition_words, formula_words, grade_words
from tests.scoring.build import (
    document,
    groups_table,
    history_table,
    line,
    run,
    section,
    single,
    steps,
    total,
)

GRADES = [
    {"code": "A", "name_zh": "优秀", "name_en": "Excellent", "at_least": 90, "top": 20},
    {"code": "B", "name_zh": "良好", "at_least": None, "top": 70},
    {"code": "C", "name_zh": "合格", "at_least": None},
]


def whole(**more: Any) -> dict[str, Any]:
    return document(section("only", 100, line("X")), **more)


def formula(code: str, tree: Any) -> dict[str, Any]:
    return {"code": code, "name_zh": code, "formula": tree}


def gated(condition: dict[str, Any]) -> dict[str, Any]:
    gate = {"code": "G", "name_zh": "门槛", "clause_zh": "x", "effect": "multiply", "factor": 0.5}
    return whole(grades=GRADES, gates=[gate | {"condition": condition}])


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (whole(formulas=[formula("F", {"sum": ["X", "G"]}), formula("G", "F")]), "formulas", "循环"),
    (whole(formulas=[formula("F", {"sum": ["F", 1]})]), "formulas", "循环"),
    (whole(formulas=[formula("X", 1)]), "formulas/0/code", "自己的编码"),
    (whole(formulas=[formula("F", {"sum": ["NONE", 1]})]), "formulas/0/formula", "NONE"),
    (whole(formulas=[formula("F", "result.total")]), "formulas/0/formula", "考核结果"),
    (whole(formulas=[formula("F", {"sum": ["X"], "max": ["X"]})]), "formulas/0/formula", "一种运算"),
    (whole(formulas=[formula("F", {"missing": 0})]), "formulas/0/formula", "一种运算"),
    (whole(formulas=[formula("F", {"quotient": ["X"]})]), "formulas/0/formula/quotient", "两项"),
    (whole(formulas=[formula("F", {"power": ["X", 2]})]), "formulas/0/formula", "power"),
    (
        gated({"measure": "result.section.none", "op": "ge", "value": 1}),
        "gates/0/condition/measure",
        "没有考核结果",
    ),
    (gated({"measure": "result.grade", "op": "le", "value": 3}), "gates/0/condition/value", "等级编码"),
    (gated({"measure": "result.grade", "op": "le", "value": "E"}), "gates/0/condition/value", "E"),
    (gated({"measure": "X", "op": "le", "value": "A"}), "gates/0/condition/value", "数字"),
    (gated({"measure": "X", "op": "le", "value": 1, "times": 2}), "gates/0/condition", "periods"),
    (
        gated({"measure": "X", "op": "le", "value": 1, "periods": 2, "times": 3}),
        "gates/0/condition/times",
        "2 期",
    ),
    (gated({"measure": "NONE", "op": "le", "value": 1}), "gates/0/condition/measure", "NONE"),
    (whole(grades=[GRADES[0] | {"top": 80}, *GRADES[1:]]), "grades/1", "名额"),
    (whole(grades=[GRADES[0] | {"top": None, "at_least": None}, *GRADES[1:]]), "grades/0", "at_least"),
    (whole(grades=[*GRADES[:2], GRADES[2] | {"top": 100}]), "grades/2", "最低一级"),
    (whole(grade_peers="town"), "grade_peers", "town"),
    (document(section("only", 100, line("X", peers="town"))), "sections/0/indicators/0/peers", "town"),
    (document(section("only", 100, line("result.X"))), "sections/0/indicators/0/measure", "条件"),
    (document(section("only", 100, line("X"), needs=80)), "sections/0/needs", "全部达标"),
]
REFERENCES = [
    ({"kind": "measure"}, "reference/measure"),
    ({"kind": "target", "measure": "X"}, "reference/measure"),
    ({"kind": "target", "back": 2}, "reference/back"),
    ({"kind": "prior", "carry": "both"}, "reference/carry"),
    ({"kind": "target", "within_year": True}, "reference/within_year"),
]


@pytest.mark.parametrize(("data", "path", "said"), REFUSED, ids=[f"{n}" for n in range(len(REFUSED))])
def test_what_cannot_be_is_refused_at_its_place(data: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(InvalidScheme) as refused:
        parse(data, measures=["X"], groupings=["branch"])
    assert [one for one in refused.value.problems if one.path == path and said in str(one)], refused.value


@pytest.mark.parametrize(("reference", "path"), REFERENCES)
def test_a_reference_says_only_what_its_kind_needs(reference: dict[str, Any], path: str) -> None:
    rule = presets.completion_ratio() | {"reference": reference}
    with pytest.raises(InvalidScheme) as refused:
        parse(document(section("only", 100, line("X", **rule))))
    assert [one.path for one in refused.value.problems] == [f"sections/0/indicators/0/{path}"]


@pytest.mark.parametrize(
    ("period", "now", "apart"),
    [
        ("2026Q2", "2026Q3", (1, True)),
        ("2025Q4", "2026Q1", (1, False)),
        ("2025Q3", "2026Q3", (4, False)),
        ("2025-12", "2026-02", (2, False)),
        ("2024", "2026", (2, False)),
        ("2026Q4", "2026Q3", (-1, True)),
        ("2026-09", "2026Q3", None),
        ("yesterday", "2026Q3", None),
    ],
)
def test_how_far_a_period_lies_back(period: str, now: str, apart: tuple[int, bool] | None) -> None:
    assert distance(period, now) == apart


@pytest.mark.parametrize("backend", ["duckdb", "pandas"])
@pytest.mark.parametrize(
    ("quota", "expected"),
    # Ten people at 10, 20 … 100: 25 % of them are 2.5 people, the quantile 0.75 is 77.5.
    [("interpolated", 3), ("down", 2), ("half_up", 3), ("up", 3)],
)
def test_a_quota_ends_where_the_scheme_says(quota: str, expected: int, backend: str) -> None:
    grades = [
        {"code": "A", "name_zh": "A", "at_least": None, "top": 25},
        {"code": "B", "name_zh": "B", "at_least": None},
    ]
    scheme = single(line("X"), grades=grades, quota=quota)
    facts = {(f"p{n}", "X"): n * 10.0 for n in range(1, 11)}
    found = run(scheme, facts, backend=backend).totals["grade"].to_pylist()
    assert found.count("A") == expected


def test_equal_totals_share_the_last_place_of_a_quota_and_groups_count_apart() -> None:
    grades = [
        {"code": "A", "name_zh": "A", "at_least": None, "top": 50},
        {"code": "B", "name_zh": "B", "at_least": None},
    ]
    scheme = single(line("X"), grades=grades, quota="down", grade_peers="branch")
    facts = {("a", "X"): 90.0, ("b", "X"): 80.0, ("c", "X"): 80.0, ("d", "X"): 70.0, ("e", "X"): 10.0}
    groups = groups_table({(who, "branch"): "east" for who in "abcd"} | {("e", "branch"): "west"})
    result = run(scheme, facts, groups=groups)
    assert result.totals["grade"].to_pylist() == ["A", "A", "A", "B", "B"]
    assert steps(result, None, "b")["cut_off"] == (80.0, "A")
    # Half of one person rounded down is nobody.
    assert steps(result, None, "e")["cut_off"] == (None, "A")


def test_peers_are_those_of_the_group() -> None:
    rule = presets.by_rank([(1, 100.0)], others=50) | {"peers": "branch"}
    groups = groups_table({("a", "branch"): "east", ("b", "branch"): "east", ("c", "branch"): "west"})
    facts = {("a", "X"): 3.0, ("b", "X"): 2.0, ("c", "X"): 1.0}
    found = run(single(line("X", **rule)), facts, groups=groups).lines["points"].to_pylist()
    assert found == [Decimal("100.00"), Decimal("50.00"), Decimal("100.00")]


def test_a_figure_still_to_come_waits_only_where_it_could_turn_the_scale() -> None:
    gate = {"code": "G", "name_zh": "G", "clause_zh": "x", "effect": "cap_total", "points": 1}
    condition = {"measure": "B", "op": "ge", "value": 1, "periods": 3, "times": 2}
    scheme = single(line("X"), gates=[gate | {"condition": condition}])
    history = history_table(
        {("p", "B", 1): (1.0, None), ("q", "B", 1): (0.0, None), ("q", "B", 2): (0.0, None)}
    )
    result = run(scheme, {("p", "X"): 90.0, ("q", "X"): 90.0}, history=history)
    assert total(result, "p")["missing"] == "G"
    assert total(result, "q")["total"] == Decimal("90.00")


def test_a_formula_too_large_to_be_scored_is_refused_with_its_name() -> None:
    tree = {"product": ["X", 1e9, 1e9]}
    scheme = parse(document(section("only", 100, line("F")), formulas=[formula("F", tree)]))
    with pytest.raises(InvalidFrame) as refused:
        run(scheme, {("p", "X"): 5.0})
    assert refused.value.problems[0].path == "formulas/F"


def test_rules_are_told_in_words() -> None:
    data = gated({"measure": "result.grade", "op": "le", "value": "B", "periods": 2, "within_year": True})
    scheme = parse(
        data
        | {
            "quota": "down",
            "formulas": [
                formula("F", {"difference": ["X", {"product": [0.5, {"target": "Y", "missing": 0}]}]})
            ],
        }
    )
    condition = scheme.gates[0].condition
    assert condition_words(scheme, condition) == "最近 2 期每期以往考核等级不高于 B（只看本年）"
    assert condition_words(scheme, condition, "en") == (
        "grade of earlier appraisals B or worse in each of the last 2 periods (this year only)"
    )
    assert grade_words(scheme, scheme.grades[0]) == "总分 90 分以上，且前 20%（人数向下取整）"
    assert grade_words(scheme, scheme.grades[2], "en") == "all others"
    assert formula_words(scheme.formulas[0].tree, "zh", {"X": "利润", "Y": "逾期"}) == (
        "利润 − (0.5 × 逾期目标（缺数据时按 0 计）)"
    )
    several = Condition("X", Op.LT, 60.0, periods=4, times=2)
    assert condition_words(scheme, several) == "最近 4 期中至少 2 期X < 60"
    assert (
        condition_words(scheme, Condition("X", Op.GE, 3.0, periods=4, take=Take.SUM)) == "最近 4 期合计X ≥ 3"
    )


def test_facts_of_earlier_periods_come_with_their_period() -> None:
    text = (
        "subject,measure,value,target,period\n"
        "a,X,5,6,2026Q3\na,X,4,6,2026Q2\na,result.grade,B,,2025Q4\nb,X,7,,\n"
    )
    found = read_facts(text.encode(), "2026Q3", {"A": 2.0, "B": 1.0})
    assert found.facts.to_pylist() == [
        {"subject": "a", "measure": "X", "value": 5.0},
        {"subject": "b", "measure": "X", "value": 7.0},
    ]
    assert [tuple(row.values()) for row in found.history.to_pylist()] == [
        ("a", "X", 1, True, 4.0, 6.0),
        ("a", "result.grade", 3, False, 1.0, None),
    ]
    for wrong, said in (
        ("a,X,5,,2026Q4\n", "2026Q4"),
        ("a,X,5,,2026-07\n", "2026-07"),
        ("a,result.grade,E,,2026Q2\n", "E"),
    ):
        with pytest.raises(InvalidFrame) as refused:
            read_facts(("subject,measure,value,target,period\n" + wrong).encode(), "2026Q3", {"B": 1.0})
        assert [(one.line, said in str(one)) for one in refused.value.problems] == [(2, True)]
    groups = read_groups("subject,grouping,group\na,branch,东\n".encode())
    assert groups.to_pylist() == [{"subject": "a", "grouping": "branch", "group": "东"}]
