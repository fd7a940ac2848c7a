"""The figures that a person can check by hand, on every engine."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from lms.scoring import canonical_json, parse, presets, sha256, to_dict
from lms.scoring.document import PositionKind, StepMode
from lms.scoring.explain import explain
from tests.scoring.build import BACKENDS, document, line, line_row, run, section, single, steps, total

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

GRADES = [
    {"code": "A", "name_zh": "优秀", "at_least": 90},
    {"code": "B", "name_zh": "良好", "at_least": 80},
    {"code": "C", "name_zh": "合格", "at_least": 70},
    {"code": "D", "name_zh": "待改进", "at_least": None},
]
BREACH = {
    "code": "BREACH",
    "name_zh": "违规",
    "condition": {"measure": "breaches", "op": "ge", "value": 1},
    "effect": "cap_grade",
    "grade": "C",
    "clause_zh": "有经确认的违规行为的，等级最高为 C。",
    "missing": "pass",
}
NPL = presets.difference_per_step(unit=0.1, points=10, less_is_better=True)


@pytest.mark.requirement("2.10")
def test_three_sections_weighted_60_25_15_give_89_89(backend: str) -> None:
    scheme = parse(
        document(
            section("business", 60, line("B")),
            section("comprehensive", 25, line("C")),
            section("training", 15, line("T")),
        )
    )
    result = run(scheme, {("p", "B"): 92.4, ("p", "C"): 85.0, ("p", "T"): 88.0}, backend=backend)
    assert total(result)["total"] == Decimal("89.89")
    assert [row["contribution"] for row in result.sections.to_pylist()] == [
        Decimal("55.44"),
        Decimal("21.25"),
        Decimal("13.2"),
    ]


@pytest.mark.requirement("7.38")
def test_a_ratio_of_110_to_100_under_a_cap_of_120_gives_110(backend: str) -> None:
    scheme = single(line(**presets.completion_ratio(cap=120)))
    result = run(scheme, {("p", "X"): 110.0}, {("p", "X"): 100.0}, backend=backend)
    assert line_row(result, "X")["points"] == Decimal(110)


@pytest.mark.requirement("7.38")
def test_an_npl_ratio_of_1_7_against_2_0_reaches_130_and_is_capped_at_120(backend: str) -> None:
    result = run(single(line(**NPL)), {("p", "X"): 1.7}, {("p", "X"): 2.0}, backend=backend)
    row = line_row(result, "X")
    assert row["raw_points"] == 130.0
    assert row["points"] == Decimal(120)
    assert steps(result, "X")["bound"] == (120.0, "cap")


@pytest.mark.requirement("7.38")
def test_the_two_weighted_0_7_and_0_3_give_113(backend: str) -> None:
    scheme = single(line("R", 70, **presets.completion_ratio()), line("D", 30, **NPL))
    result = run(
        scheme,
        {("p", "R"): 110.0, ("p", "D"): 1.7},
        {("p", "R"): 100.0, ("p", "D"): 2.0},
        backend=backend,
    )
    assert total(result)["total"] == Decimal("113.00")
    assert line_row(result, "R")["contribution"] == Decimal(77)
    assert line_row(result, "D")["contribution"] == Decimal(36)


@pytest.mark.requirement("2.15")
def test_a_confirmed_breach_caps_the_grade_at_c_and_leaves_the_score(backend: str) -> None:
    scheme = single(line(), grades=GRADES, gates=[BREACH])
    facts = {("p", "X"): 91.0, ("p", "breaches"): 1.0, ("q", "X"): 91.0, ("q", "breaches"): 0.0}
    facts |= {("r", "X"): 50.0, ("r", "breaches"): 1.0, ("s", "X"): 91.0}
    result = run(scheme, facts, backend=backend)
    breached = total(result, "p")
    assert (breached["total"], breached["grade"], breached["gates"]) == (Decimal(91), "C", "BREACH")
    assert steps(result, None)["gate"] == (1.0, "BREACH")
    assert (total(result, "q")["grade"], total(result, "q")["gates"]) == ("A", "")
    assert total(result, "r")["grade"] == "D"
    assert total(result, "s")["grade"] == "A"


def test_gates_cap_set_and_withhold(backend: str) -> None:
    cap = BREACH | {"code": "CAP", "effect": "cap_total", "points": 60, "grade": None}
    fixed = cap | {"code": "SET", "effect": "set_total", "points": 0}
    fixed["condition"] = {"measure": "fraud", "op": "gt", "value": 0}
    hold = cap | {"code": "HOLD", "effect": "withhold", "points": None}
    hold["condition"] = {"measure": "inquiry", "op": "eq", "value": 1}
    scheme = single(line(), grades=GRADES, gates=[cap, fixed, hold])
    facts = {(who, "X"): 91.0 for who in "abcd"}
    facts |= {("a", "breaches"): 1.0, ("b", "breaches"): 1.0, ("b", "fraud"): 1.0, ("c", "inquiry"): 1.0}
    result = run(scheme, facts, backend=backend)
    assert (total(result, "a")["total"], total(result, "a")["grade"]) == (Decimal(60), "D")
    assert total(result, "a")["total_before_gates"] == Decimal(91)
    assert (total(result, "b")["total"], total(result, "b")["gates"]) == (Decimal(0), "CAP,SET")
    assert (total(result, "c")["total"], total(result, "c")["grade"]) == (Decimal(91), None)
    assert [total(result, who)["rank"] for who in "abcd"] == [3, 4, 1, 1]


def test_a_set_total_still_meets_a_cap_whatever_the_order_of_gates(backend: str) -> None:
    cap = BREACH | {"code": "CAP", "effect": "cap_total", "points": 60, "grade": None}
    fixed = cap | {"code": "SET", "effect": "set_total", "points": 80}
    for gates in ([cap, fixed], [fixed, cap]):
        scheme = single(line(), gates=gates)
        result = run(scheme, {("p", "X"): 91.0, ("p", "breaches"): 1.0}, backend=backend)
        assert total(result)["total"] == Decimal(60)


def test_a_gate_that_waits_for_its_measure_keeps_the_total_open(backend: str) -> None:
    scheme = single(line(), grades=GRADES, gates=[BREACH | {"missing": "pending"}])
    row = total(run(scheme, {("p", "X"): 91.0}, backend=backend))
    assert (row["total"], row["state"], row["missing"]) == (None, "incomplete", "BREACH")
    strict = single(line(), grades=GRADES, gates=[BREACH | {"missing": "apply"}])
    assert total(run(strict, {("p", "X"): 91.0}, backend=backend))["grade"] == "C"


@pytest.mark.requirement("2.13")
def test_seven_ratings_of_4_give_80_and_one_missing_leaves_it_incomplete(backend: str) -> None:
    codes = [f"Q{number}" for number in range(1, 8)]
    weights = [14, 14, 14, 14, 14, 15, 15]
    rating = presets.value_as_points(factor=20)
    scheme = single(*(line(c, w, **rating) for c, w in zip(codes, weights, strict=True)), grades=GRADES)
    facts = {("p", code): 4.0 for code in codes} | {("q", code): 4.0 for code in codes[1:]}
    result = run(scheme, facts | {("q", "Q1"): None}, backend=backend)
    assert total(result, "p")["total"] == Decimal("80.00")
    open_ = total(result, "q")
    assert (open_["total"], open_["grade"], open_["rank"]) == (None, None, None)
    assert (open_["state"], open_["missing"]) == ("incomplete", "Q1")
    assert line_row(result, "Q1", "q")["points"] is None
    assert steps(result, "Q1", "q")["missing"] == (None, "actual:pending")


def test_missing_as_zero_is_a_zero_that_says_so(backend: str) -> None:
    scheme = single(line("A", 50), line("B", 50, missing="zero"))
    result = run(scheme, {("p", "A"): 80.0}, backend=backend)
    assert total(result)["total"] == Decimal(40)
    assert line_row(result, "B")["state"] == "zero"


def test_exclude_and_rescale_stays_within_its_section_and_is_shown(backend: str) -> None:
    scheme = parse(
        document(
            section("one", 50, line("A", 25, missing="exclude_and_rescale"), line("B", 50), line("C", 25)),
            section("two", 50, line("D")),
        )
    )
    result = run(scheme, {("p", "B"): 90.0, ("p", "C"): 60.0, ("p", "D"): 100.0}, backend=backend)
    assert total(result)["total"] == Decimal(90)
    assert line_row(result, "A")["state"] == "excluded"
    assert line_row(result, "B")["effective_weight"] == pytest.approx(66.666666667, abs=1e-12)
    assert steps(result, "B")["weight"][1] == "rescaled"
    assert steps(result, "D")["weight"] == (100.0, "weight")
    assert [row["weight"] for row in result.sections.to_pylist()] == [50.0, 50.0]


def test_a_section_with_nothing_left_is_incomplete_not_reweighted(backend: str) -> None:
    scheme = parse(
        document(section("one", 50, line("A", missing="exclude_and_rescale")), section("two", 50, line("D")))
    )
    row = total(run(scheme, {("p", "D"): 100.0}, backend=backend))
    assert (row["total"], row["state"], row["missing"]) == (None, "incomplete", "one")


@pytest.mark.parametrize(
    ("mode", "over", "under"),
    [
        (StepMode.PRO_RATA, "125", "75"),
        (StepMode.WHOLE, "120", "80"),
        (StepMode.STARTED, "130", "70"),
        (StepMode.HALF_UP, "130", "70"),
    ],
)
def test_one_wording_four_readings_of_a_broken_step(
    backend: str, mode: StepMode, over: str, under: str
) -> None:
    rule = presets.difference_per_step(unit=0.1, points=10, mode=mode, cap=None)
    result = run(
        single(line(**rule)),
        {("p", "X"): 2.25, ("q", "X"): 1.75},
        {("p", "X"): 2.0, ("q", "X"): 2.0},
        backend=backend,
    )
    assert line_row(result, "X", "p")["points"] == Decimal(over)
    assert line_row(result, "X", "q")["points"] == Decimal(under)


def test_three_whole_steps_are_three_though_floats_say_2_9999999(backend: str) -> None:
    rule = presets.difference_per_step(unit=0.1, points=10, mode=StepMode.WHOLE, cap=None)
    result = run(single(line(**rule)), {("p", "X"): 0.8}, {("p", "X"): 0.5}, backend=backend)
    assert (0.8 - 0.5) / 0.1 != 3
    assert line_row(result, "X")["points"] == Decimal(130)


@pytest.mark.parametrize(("stage", "points"), [("before_coefficient", "132"), ("after_coefficient", "120")])
def test_the_bound_before_or_after_the_coefficient(backend: str, stage: str, points: str) -> None:
    rule = presets.completion_ratio(cap=120)
    factor = [{"name": "region", "source": "表", "value": 1, "low": 0.5, "high": 1.5}]
    scheme = single(line(**rule, coefficients=factor), bound_stage=stage)
    facts, targets = {("p", "X"): 130.0, ("q", "X"): 50.0}, {("p", "X"): 100.0, ("q", "X"): 100.0}
    result = run(scheme, facts, targets, {("p", "X", "region"): 1.1}, backend=backend)
    assert line_row(result, "X")["points"] == Decimal(points)
    assert line_row(result, "X", "q")["points"] == Decimal(50)
    assert steps(result, "X")["coefficient"] == (1.1, "region: own row")
    assert steps(result, "X", "q")["coefficient"] == (1.0, "region: 表")


@pytest.mark.parametrize(
    ("policy", "points", "state"),
    [
        ("pending", None, "missing"),
        ("zero", Decimal(0), "zero"),
        ({"points": 100}, Decimal(100), "ok"),
        ("exclude_and_rescale", None, "excluded"),
    ],
)
def test_a_zero_target_does_what_the_scheme_says(
    backend: str, policy: object, points: Decimal | None, state: str
) -> None:
    scheme = single(line(**presets.completion_ratio(), zero_denominator=policy))
    row = line_row(run(scheme, {("p", "X"): 5.0}, {("p", "X"): 0.0}, backend=backend), "X")
    assert (row["points"], row["state"], row["position"]) == (points, state, None)


def test_bands_meet_their_threshold_whatever_the_division_leaves(backend: str) -> None:
    rule = presets.bands([(0.9, 80), (1.0, 100)], below=0, position=PositionKind.RATIO)
    scheme = single(line(**rule))
    facts = {("p", "X"): 8.1, ("q", "X"): 8.0999, ("r", "X"): 9.0}
    result = run(scheme, facts, {(who, "X"): 9.0 for who in "pqr"}, backend=backend)
    assert [line_row(result, "X", who)["points"] for who in "pqr"] == [80, 0, 100]


@pytest.mark.parametrize(("group", "expected"), [("sum", 150), ("min", 60), ("max", 90)])
def test_sections_may_add_or_take_the_least_or_the_best(backend: str, group: str, expected: int) -> None:
    block = section("only", 100, line("A"), line("B"), group=group, bound={"cap": 140})
    result = run(parse(document(block)), {("p", "A"): 60.0, ("p", "B"): 90.0}, backend=backend)
    assert total(result)["total"] == min(expected, 140)


def test_plain_points_are_added(backend: str) -> None:
    scheme = parse(
        document(
            section("one", 0, line("A"), group="sum"),
            section("two", 0, line("B"), group="sum", bound={"floor": -20, "cap": 0}),
            weighting="points",
        )
    )
    result = run(scheme, {("p", "A"): 95.5, ("p", "B"): -30.0}, backend=backend)
    assert total(result)["total"] == Decimal("75.5")


def test_equal_totals_share_the_better_rank(backend: str) -> None:
    facts = {("a", "X"): 80.0, ("b", "X"): 90.0, ("c", "X"): 90.0, ("d", "X"): 70.0}
    facts["e", "X"] = 89.995
    result = run(single(line()), facts, backend=backend)
    assert [total(result, who)["rank"] for who in "abcde"] == [4, 1, 1, 5, 1]


def test_the_grade_works_on_the_rounded_total(backend: str) -> None:
    scheme = single(line(), grades=GRADES)
    result = run(scheme, {("p", "X"): 89.995, ("q", "X"): 89.994}, backend=backend)
    assert (total(result, "p")["grade"], total(result, "q")["grade"]) == ("A", "B")


def test_the_example_document_reads_and_explains(backend: str) -> None:
    text = Path(__file__).with_name("example_scheme.json").read_text(encoding="utf-8")
    scheme = parse(json.loads(text))
    assert parse(to_dict(scheme)) == scheme
    assert parse(json.loads(canonical_json(scheme))) == scheme
    assert sha256(parse(json.loads(text.replace('"weight": 60', '"weight": 60.0')))) == sha256(scheme)
    facts = {("p", "DEPOSIT_AVG"): 110.0, ("p", "NPL_RATIO"): 1.7, ("p", "SERVICE"): 4.0}
    facts |= {("p", "ETHICS"): 4.0, ("p", "QUIZ"): 88.0}
    targets = {("p", "DEPOSIT_AVG"): 100.0, ("p", "NPL_RATIO"): 2.0}
    result = run(scheme, facts, targets, backend=backend)
    assert total(result)["total"] == Decimal("101.00")
    ((subject, tree),) = explain(result.trace)
    assert subject == "p"
    assert [part["section"] for part in tree["sections"]] == ["business", "comprehensive", "training"]
    assert tree["steps"][0] == {"step": "composite", "value": 101.0, "detail": "2"}
    deposits = tree["sections"][0]["indicators"][0]
    assert deposits["indicator"] == "DEPOSIT_AVG"
    assert [step["step"] for step in deposits["steps"]] == [
        "measure",
        "reference",
        "position",
        "curve",
        "coefficient",
        "bound",
        "round",
        "weight",
        "contribution",
    ]
