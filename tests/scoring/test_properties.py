"""Whatever the scheme and the figures: engine equals oracle, order is no matter, more never lowers."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.scoring import Result, parse, score
from tests.scoring.build import (
    ENGINES,
    coefficients_table,
    document,
    facts_table,
    run,
    section,
    targets_table,
)
from tests.scoring.oracle import oracle


def examples(small: int) -> settings:
    """So many examples in the small profile, in proportion in a larger one. A run scores on whole engines."""
    count = settings().max_examples * small // 25
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


PEOPLE = "abcde"
PEERS = [{"kind": "peer_mean"}, {"kind": "peer_best"}, {"kind": "peer_worst"}]
ALONE = ("value", "ratio", "inverse", "difference", "relative")
AMONG = ("rank", "percentile")
POLICIES = ("pending", "zero", "full", "peer_mean", "exclude_and_rescale")

figure = st.decimals(-200, 200, places=2).map(float)
good = st.decimals(0, 200, places=2).map(float)
points = st.integers(-50, 150)


@st.composite
def curves(draw: st.DrawFn, sign: int) -> dict[str, Any]:
    """One to four segments that run in the direction `sign`, with a step or without."""
    edges = sorted(draw(st.sets(st.integers(-30, 30), max_size=3)))
    bounds = [None, *(edge / 10 for edge in edges), None]
    level, pieces = draw(points), []
    for index in range(len(bounds) - 1):
        low, high = bounds[index], bounds[index + 1]
        at = low if low is not None else (high if high is not None else 0.0)
        slope = sign * draw(st.sampled_from([0, 0, 5, 20, 100]))
        pieces.append({"low": low, "high": high, "at": at, "points": level, "slope": slope})
        rise = 0.0 if low is None or high is None else (high - low) * slope
        level = round(level + rise + sign * draw(st.integers(0, 10)), 4)
    step = None
    if draw(st.booleans()):
        mode = draw(st.sampled_from(["pro_rata", "whole", "started", "half_up"]))
        step = {"unit": draw(st.sampled_from([0.1, 0.25, 1, 3])), "mode": mode}
        step["origin"] = draw(st.sampled_from([0, 1, -0.5]))
    return {"segments": pieces, "step": step}


@st.composite
def lines(
    draw: st.DrawFn, code: str, weight: float, policies: list[str], kinds: tuple[str, ...]
) -> dict[str, Any]:
    kind = draw(st.sampled_from(kinds))
    direction = draw(st.sampled_from(["more", "less"]))
    sign = 1 if (direction == "more") != (kind == "inverse") else -1
    sign = {"rank": -1, "percentile": 1}.get(kind, sign)
    low = draw(st.sampled_from([None, -10, 0]))
    line = {
        "code": code,
        "name_zh": code,
        "measure": code,
        "weight": weight,
        "position": kind,
        "direction": direction,
        "curve": draw(curves(sign)),
        "bound": {"floor": low, "cap": draw(st.sampled_from([None, 100, 120]))},
        "missing": draw(st.sampled_from(policies)),
        "zero_denominator": draw(st.sampled_from([*policies, {"points": 42.5}])),
    }
    if kind in ("rank", "percentile"):
        line["reference"] = {"kind": "none"}
    elif draw(st.booleans()):
        line["reference"] = draw(
            st.sampled_from([{"kind": "constant", "value": draw(figure.filter(bool))}, *PEERS])
        )
    if draw(st.booleans()):
        line["coefficients"] = [{"name": "k", "source": "表", "value": 1.1}, {"name": "m", "source": "表"}]
    return line


@st.composite
def schemes(
    draw: st.DrawFn, policies: tuple[str, ...] = POLICIES, kinds: tuple[str, ...] = ALONE + AMONG
) -> Any:
    blocks, number = [], 0
    for index, weight in enumerate(draw(st.sampled_from([[100], [60, 40], [33.3333, 33.3333, 33.3334]]))):
        shares = draw(st.sampled_from([[100], [70, 30], [25, 25, 50], [0, 100]]))
        parts = []
        for share in shares:
            parts.append(draw(lines(f"I{number}", share, list(policies), kinds)))
            number += 1
        group = draw(st.sampled_from(["weighted_mean", "weighted_mean", "sum", "min", "max"]))
        if group == "weighted_mean" and len(parts) > 1 and policies is POLICIES and draw(st.booleans()):
            parts[0] |= {"missing": "move", "moves_to": parts[1]["code"]}
        bound = {"floor": None, "cap": draw(st.sampled_from([None, 110]))}
        blocks.append(section(f"S{index}", weight, *parts, group=group, bound=bound))
    grade = [
        {"code": "A", "name_zh": "甲", "at_least": 90},
        {"code": "B", "name_zh": "乙", "at_least": 60.005},
        {"code": "C", "name_zh": "丙", "at_least": None},
    ]
    gates = draw(st.lists(st.sampled_from(GATES), unique_by=lambda gate: gate["code"], max_size=3))
    return document(
        *blocks,
        grades=grade,
        gates=gates,
        weighting=draw(st.sampled_from(["percent", "percent", "points"])),
        bound_stage=draw(st.sampled_from(["before_coefficient", "after_coefficient"])),
        places={name: draw(st.integers(0, 4)) for name in ("item", "section", "total")},
    )


def gate(code: str, effect: str, op: str, value: float, missing: str, **more: Any) -> dict[str, Any]:
    condition = {"measure": "I0", "op": op, "value": value}
    base = {"code": code, "name_zh": code, "clause_zh": code, "effect": effect}
    return base | {"condition": condition, "missing": missing} | more


ALSO = {"measure": "I1", "op": "lt", "value": 100}
GATES = [
    gate("G1", "cap_total", "ge", 50, "pass", points=70),
    gate("G2", "set_total", "lt", -50, "pending", points=12.345),
    gate("G3", "cap_grade", "ne", 0, "apply", grade="B"),
    gate("G4", "withhold", "gt", 100, "pass"),
    gate("G5", "multiply", "ge", 20, "pending", factor=0.9, also=[ALSO]),
    gate("G6", "multiply", "lt", 0, "apply", factor=1.15),
]


@st.composite
def worlds(draw: st.DrawFn, document_strategy: Any = None, figures: Any = figure) -> Any:
    data = draw(schemes() if document_strategy is None else document_strategy)
    codes = [line["code"] for block in data["sections"] for line in block["indicators"]]
    maybe = st.one_of(figures, figures, figures, st.just(0.0), st.none())
    facts = {(who, code): draw(maybe) for who in PEOPLE for code in codes}
    targets = {(who, code): draw(maybe) for who in PEOPLE for code in codes}
    has = [
        line["code"] for block in data["sections"] for line in block["indicators"] if "coefficients" in line
    ]
    own = {(who, code, "m"): draw(st.sampled_from([0.8, 1.25])) for who in "ab" for code in has}
    return data, facts, targets, own


def known(values: dict[Any, float | None]) -> dict[Any, float]:
    return {key: value for key, value in values.items() if value is not None}


def same(one: Result, other: Result) -> None:
    for name in ("lines", "sections", "totals", "trace"):
        assert getattr(one, name).equals(getattr(other, name)), name


@given(worlds())
@examples(6)
def test_every_engine_equals_the_decimal_oracle(world: Any) -> None:
    data, facts, targets, own = world
    scheme = parse(data | {"reason_for_full_business": "x"})
    expected = oracle(scheme, known(facts) | {(who, "-"): 0.0 for who in PEOPLE}, known(targets), own)
    results = [run(scheme, facts, targets, own, backend) for backend in ENGINES]
    for row in results[0].lines.to_pylist():
        state, worth = expected[row["subject"]]["lines"][row["indicator"]]
        assert (row["state"], row["points"]) == (state, worth), row
    for row in results[0].sections.to_pylist():
        assert row["points"] == expected[row["subject"]]["sections"][row["section"]], row
    for row in results[0].totals.to_pylist():
        wanted = expected[row["subject"]]
        assert row["total_before_gates"] == wanted["before"]
        assert {k: row[k] for k in ("total", "grade", "rank", "gates")} == {
            k: wanted[k] for k in ("total", "grade", "rank", "gates")
        }
    for other in results[1:]:
        same(results[0], other)


@pytest.mark.requirement("7.20")
@given(worlds(), st.randoms())
@examples(3)
def test_run_twice_and_shuffled_the_bytes_are_equal(world: Any, chance: random.Random) -> None:
    data, facts, targets, own = world
    scheme = parse(data | {"reason_for_full_business": "x"})
    first = run(scheme, facts, targets, own)
    same(first, run(scheme, facts, targets, own))
    tables = []
    for table in (facts_table(facts), targets_table(targets), coefficients_table(own)):
        order = list(range(table.num_rows))
        chance.shuffle(order)
        tables.append(table.take(pa.array(order, pa.int64())))
    same(first, score(scheme, tables[0], tables[1], coefficients=tables[2]))


@given(worlds())
@examples(3)
def test_the_order_of_sections_and_indicators_changes_no_total(world: Any) -> None:
    data, facts, targets, own = world
    turned = data | {
        "sections": [
            block | {"indicators": block["indicators"][::-1]} for block in reversed(data["sections"])
        ],
        "gates": data["gates"][::-1],
    }
    columns = ["subject", "total", "total_before_gates", "state", "grade", "rank"]
    one, other = (
        run(parse(d | {"reason_for_full_business": "x"}), facts, targets, own) for d in (data, turned)
    )
    assert one.totals.select(columns).equals(other.totals.select(columns))


@given(worlds(schemes(policies=("zero",), kinds=ALONE), good), st.decimals(0, 100, places=2).map(float))
@examples(6)
def test_more_of_the_good_never_lowers_the_composite(world: Any, more: float) -> None:
    data, facts, targets, own = world
    # A zero denominator and a missing figure break by declaration; here all is there and positive.
    facts = {key: (value or 0.0) + 0.5 for key, value in facts.items()}
    targets = {key: (value or 0.0) + 0.5 for key, value in targets.items()}
    for block in data["sections"]:
        for line in block["indicators"]:
            line.pop("reference", None)
    scheme = parse(data | {"reason_for_full_business": "x", "gates": []})
    better = dict(facts)
    for _, line in scheme.indicators():
        for who in PEOPLE:
            now = facts[who, line.measure]
            better[who, line.measure] = now + more if line.direction == "more" else max(0.01, now - more)
    before, after = run(scheme, facts, targets, own), run(scheme, better, targets, own)
    pairs = zip(before.totals["total"].to_pylist(), after.totals["total"].to_pylist(), strict=True)
    assert all(isinstance(low, Decimal) and low <= high for low, high in pairs)


@given(worlds(schemes(policies=("zero",), kinds=AMONG), good), st.decimals(0, 100, places=2).map(float))
@examples(3)
def test_who_alone_gets_better_never_falls_behind_where_peers_are_compared(world: Any, more: float) -> None:
    data, facts, targets, own = world
    facts = {key: (value or 0.0) + 0.5 for key, value in facts.items()}
    scheme = parse(data | {"reason_for_full_business": "x", "gates": []})
    better = dict(facts)
    for _, line in scheme.indicators():
        now = facts["a", line.measure]
        better["a", line.measure] = now + more if line.direction == "more" else max(0.01, now - more)
    before, after = (
        run(scheme, figures, targets, own).totals["total"][0].as_py() for figures in (facts, better)
    )
    assert before <= after
