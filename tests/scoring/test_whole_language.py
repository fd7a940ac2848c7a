"""Every choice of the language at once, drawn at random: both engines equal the oracle to the last digit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.scoring import InvalidScheme, parse, schemefile
from tests.scoring.build import ENGINES, groups_table, history_table, run
from tests.scoring.oracle import oracle
from tests.scoring.test_properties import (
    PEOPLE,
    POLICIES,
    examples,
    figure,
    gate,
    known,
    same,
    schemes,
)

BACKS = (1, 2, 3, 5)
YEAR = 2
OPS = ("gt", "ge", "lt", "le", "eq", "ne")
GROUPINGS = ("", "branch", "grade")


@st.composite
def trees(draw: st.DrawFn, codes: list[str], depth: int = 2) -> Any:
    """A formula's tree over measures and targets."""
    if depth == 0 or draw(st.booleans()):
        code = draw(st.sampled_from(codes))
        return draw(
            st.sampled_from(
                [code, 2.5, {"target": code}, {"measure": code, "missing": 0}, {"target": code, "missing": 1}]
            )
        )
    op = draw(st.sampled_from(["sum", "difference", "product", "quotient", "min", "max"]))
    return {op: [draw(trees(codes, depth - 1)), draw(trees(codes, depth - 1))]}


@st.composite
def references(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(["target", "carry", "prior", "time_elapsed", "measure"]))
    if kind == "carry":
        carry = draw(st.sampled_from(["shortfall", "surplus", "both"]))
        return {"kind": "target", "carry": carry, "within_year": draw(st.booleans())}
    more = {"prior": {"back": draw(st.sampled_from([1, 4, 5]))}, "measure": {"measure": "F0"}}
    return {"kind": kind} | more.get(kind, {})


@st.composite
def conditions(draw: st.DrawFn, codes: list[str], sections: list[str]) -> Any:
    results = [f"result.section.{code}" for code in sections] + [f"result.indicator.{code}" for code in codes]
    measure = draw(st.sampled_from([*codes, "F0", *results, "result.total", "result.grade"]))
    is_grade = measure == "result.grade"
    value: Any = draw(st.sampled_from(["A", "B", "C"]) if is_grade else st.integers(-20, 100))
    found = {"measure": measure, "op": draw(st.sampled_from(OPS)), "value": value}
    if draw(st.booleans()):
        periods = draw(st.integers(1, 4))
        found |= {"periods": periods, "within_year": draw(st.booleans())}
        take = draw(st.sampled_from(["times"] if is_grade else ["times", "sum", "mean"]))
        found["take"] = take
        if take == "times" and draw(st.booleans()):
            found["times"] = draw(st.integers(1, periods))
    return found


@st.composite
def documents(draw: st.DrawFn) -> Any:
    data = draw(schemes(policies=(*POLICIES, "previous")))
    lines = [line for block in data["sections"] for line in block["indicators"]]
    codes = [line["code"] for line in lines]
    data["formulas"] = [
        {"code": "F0", "name_zh": "甲", "formula": draw(trees([*codes, "F1"]))},
        {"code": "F1", "name_zh": "乙", "formula": draw(trees(codes))},
    ]
    for line in lines:
        line["peers"] = draw(st.sampled_from(GROUPINGS))
        if line["position"] not in ("rank", "percentile") and draw(st.booleans()):
            line["reference"] = draw(references())
        if draw(st.integers(0, 3)) == 0:
            line["measure"] = "F1"
    for block in data["sections"]:
        if draw(st.integers(0, 3)) == 0 and all("moves_to" not in line for line in block["indicators"]):
            block |= {"group": "all_of", "needs": draw(st.sampled_from([0, 60, 100]))}
    some = conditions(codes, [block["code"] for block in data["sections"]])
    for number in range(draw(st.integers(0, 2))):
        effect = draw(st.sampled_from(["cap_total", "set_total", "cap_grade", "multiply", "withhold"]))
        missing = draw(st.sampled_from(["pending", "pass", "apply"]))
        more = {"points": 55.5, "grade": "B", "factor": 0.8, "also": draw(st.lists(some, max_size=1))}
        data["gates"].append(gate(f"H{number}", effect, "ge", 0, missing, **more) | {"condition": draw(some)})
    best, middle, _ = data["grades"]
    best["top"] = draw(st.sampled_from([None, 0, 20, 33.3, 50]))
    middle["top"] = draw(st.sampled_from([None, 60, 75, 100]))
    for grade in (best, middle):
        grade["admission"] = draw(st.lists(some, max_size=2))
        grade["missing"] = draw(st.sampled_from(["pending", "pass", "apply"]))
        if grade["top"] is not None and draw(st.booleans()):
            grade["at_least"] = None
    data["quota"] = draw(st.sampled_from(["interpolated", "down", "half_up", "up"]))
    data["grade_peers"] = draw(st.sampled_from(GROUPINGS))
    return data | {"reason_for_full_business": "x"}


@st.composite
def worlds(draw: st.DrawFn) -> Any:
    data = draw(documents())
    lines = [line for block in data["sections"] for line in block["indicators"]]
    codes = sorted({line["code"] for line in lines})
    maybe = st.one_of(figure, figure, figure, st.just(0.0), st.none())
    facts = {(who, code): draw(maybe) for who in PEOPLE for code in codes}
    targets = {(who, code): draw(maybe) for who in PEOPLE for code in codes}
    results = {
        "result.total": st.integers(0, 120).map(float),
        "result.grade": st.sampled_from([1.0, 2.0, 3.0]),
        **{f"result.indicator.{code}": st.integers(0, 120).map(float) for code in codes},
    }
    history = {
        (who, code, back): (draw(maybe), draw(maybe)) for who in PEOPLE for code in codes for back in BACKS
    }
    history |= {
        (who, code, back): (draw(st.one_of(drawn, st.none())), None)
        for who in PEOPLE
        for code, drawn in results.items()
        for back in BACKS
    }
    groups = {(who, name): draw(st.sampled_from("xy")) for who in PEOPLE[1:] for name in GROUPINGS[1:]}
    return data, facts, targets, history, groups, draw(st.sampled_from([0.0, 0.25, 1.0]))


@pytest.mark.requirement("7.20")
@given(worlds())
@examples(4)
def test_every_choice_equals_the_decimal_oracle(world: Any) -> None:
    data, facts, targets, history, groups, elapsed = world
    scheme = parse(data)
    expected = oracle(
        scheme,
        known(facts) | {(who, "-"): 0.0 for who in PEOPLE},
        known(targets),
        {},
        history,
        groups,
        elapsed,
        YEAR,
    )
    more = {"history": history_table(history, YEAR), "groups": groups_table(groups), "elapsed": elapsed}
    results = [run(scheme, facts, targets, backend=backend, **more) for backend in ENGINES]
    for row in results[0].lines.to_pylist():
        assert (row["state"], row["points"]) == expected[row["subject"]]["lines"][row["indicator"]], row
    for row in results[0].totals.to_pylist():
        wanted = expected[row["subject"]]
        assert {k: row[k] for k in ("total", "grade", "rank", "gates")} == {
            k: wanted[k] for k in ("total", "grade", "rank", "gates")
        }
        assert row["total_before_gates"] == wanted["before"]
    for other in results[1:]:
        same(results[0], other)


@given(documents())
@examples(25)
def test_every_choice_survives_its_file(data: Any) -> None:
    try:
        scheme = parse(data)
    except InvalidScheme:
        return
    assert schemefile.read(schemefile.write(scheme)) == scheme
