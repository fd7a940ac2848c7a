"""The rules of appraisal: levels, drafts, words, grades."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms import scoring
from lms.appraisal.models import LineState
from lms.appraisal.rules.comprehensive import SEVEN, Mark, points_of, problem_of
from lms.appraisal.rules.draft import IndicatorDraft, Mode, document_of, draft_of, mode_of
from lms.appraisal.rules.standard import standard_scheme
from lms.appraisal.rules.standing import DETAILS, EFFECTS, standing_text
from lms.appraisal.rules.totals import final_grade, flag_of
from lms.appraisal.rules.training import completed_percent, mean_best
from lms.appraisal.rules.words import in_words, plain
from lms.appraisal.views.pages import LINE_STATES
from lms.scoring import presets
from lms.scoring.document import Effect, Group, Missing, PositionKind, ReferenceKind, StepMode
from tests.appraisal.house import draft

NPL = IndicatorDraft(
    "B_NPL",
    "不良率",
    "NPL",
    unit="%",
    mode=Mode.DIFFERENCE,
    direction="less",
    step=0.1,
    points_per_step=10.0,
    step_mode="whole",
    weight=30.0,
    cap=120.0,
)


def paths(made: object) -> list[str]:
    with pytest.raises(scoring.InvalidScheme) as refused:
        scoring.parse(document_of(made))  # type: ignore[arg-type]
    return [problem.path for problem in refused.value.problems]


@pytest.mark.requirement("2.13")
def test_a_level_is_worth_twenty_points() -> None:
    assert [points_of(level) for level in range(1, 6)] == [20, 40, 60, 80, 100]
    assert len(SEVEN) == 7
    assert [item.name_zh for item in SEVEN] == [
        "客户服务",
        "工作程序执行",
        "综合素质",
        "专业素质",
        "团队精神",
        "能力素质",
        "道德修养",
    ]


@pytest.mark.parametrize(
    ("level", "note", "fine"),
    [(1, "", False), (2, " ", False), (3, "", True), (4, "", True), (5, "", False), (5, "带教新人", True)],
)
def test_levels_far_from_the_middle_need_a_note(level: int, note: str, fine: bool) -> None:
    assert (problem_of(Mark("service", level, note)) is None) is fine


@pytest.mark.parametrize("mark", [Mark("service", 0), Mark("service", 6), Mark("charm", 3)])
def test_a_mark_that_does_not_exist_is_refused(mark: Mark) -> None:
    assert problem_of(mark) is not None


@pytest.mark.requirement("2.06")
def test_full_business_needs_a_reason() -> None:
    made = draft()
    only = replace(made, sections=(replace(made.sections[0], weight=100.0),))
    assert paths(only) == ["reason_for_full_business"]
    assert scoring.parse(document_of(replace(only, reason_for_full_business="新设支行首年只看业绩")))


@pytest.mark.parametrize(("weight", "path"), [(59.0, "sections"), (-1.0, "sections/0/weight")])
def test_wrong_weights_are_named_at_their_place(weight: float, path: str) -> None:
    made = draft()
    assert path in paths(
        replace(made, sections=(replace(made.sections[0], weight=weight), *made.sections[1:]))
    )


def test_a_draft_and_its_document_mean_the_same() -> None:
    made = replace(draft(), sections=(replace(draft().sections[0], indicators=(NPL,)), *draft().sections[1:]))
    made = replace(
        made,
        sections=(replace(made.sections[0], indicators=(replace(NPL, weight=100.0),)), *made.sections[1:]),
    )
    parsed = scoring.parse(document_of(made))
    again = draft_of(scoring.to_dict(parsed))
    assert scoring.sha256(scoring.parse(document_of(again))) == scoring.sha256(parsed)
    row = again.sections[0].indicators[0]
    assert (row.mode, row.step, row.points_per_step, row.step_mode) == (Mode.DIFFERENCE, 0.1, 10.0, "whole")


@given(
    mode=st.sampled_from([Mode.RATIO, Mode.DIFFERENCE, Mode.UNIT, Mode.LEDGER, Mode.VALUE]),
    direction=st.sampled_from(["more", "less"]),
    base=st.integers(1, 120),
    step=st.sampled_from([0.1, 0.3, 2.0, 5.0, 1000.0]),
    per_step=st.integers(1, 50),
    step_mode=st.sampled_from(["pro_rata", "whole", "started", "half_up"]),
)
def test_every_short_form_survives_the_way_through_the_document(
    mode: Mode, direction: str, base: int, step: float | None, per_step: int, step_mode: str
) -> None:
    line = replace(
        NPL,
        mode=mode,
        direction=direction,
        base=float(base),
        step=step,
        points_per_step=float(per_step),
        step_mode=step_mode,
        weight=100.0,
    )
    made = standard_scheme("X", "方案", (line,))
    parsed = scoring.parse(document_of(made))
    again = draft_of(scoring.to_dict(parsed))
    assert again.sections[0].indicators[0].mode is mode
    assert scoring.sha256(scoring.parse(document_of(again))) == scoring.sha256(parsed)


def test_a_rule_in_bands_is_shown_as_bands() -> None:
    document = document_of(draft())
    rule = document["sections"][0]["indicators"][0]
    rule["curve"] = {
        "segments": [
            {"low": None, "high": 0.9, "points": 60.0},
            {"low": 0.9, "high": None, "points": 100.0},
        ]
    }
    assert mode_of(rule) is Mode.BANDS
    parsed = scoring.parse(document)
    assert scoring.sha256(scoring.parse(document_of(draft_of(document)))) == scoring.sha256(parsed)


def test_a_rule_says_what_it_does() -> None:
    said = " ".join(text % params for text, params in in_words(NPL))
    assert said.startswith("达到目标得 100 分；每低于目标 0.1 % 加 10 分，每高于目标 0.1 % 减 10 分。")
    assert "不足一步的不计" in said
    assert "不高于 120" in said


@pytest.mark.requirement("2.15")
def test_an_adjustment_never_lifts_what_a_gate_caps() -> None:
    scheme = scoring.parse(document_of(draft()))
    assert final_grade(scheme, Decimal("91"), []) == "A"
    assert final_grade(scheme, Decimal("91"), ["BREACH"]) == "C"
    assert final_grade(scheme, Decimal("69.99"), ["BREACH"]) == "D"
    assert final_grade(scheme, None, []) is None


def test_the_least_certain_flag_speaks_for_a_figure() -> None:
    assert flag_of(["calculated", "inferred"]) == "inferred"
    assert flag_of([]) == ""


def test_training_means() -> None:
    assert mean_best([("a", Decimal(60)), ("a", Decimal(90)), ("b", Decimal(80))]) == 85
    assert completed_percent([True, False, True, True]) == 75


@pytest.mark.parametrize(
    ("kind", "value", "unit", "zh", "en"),
    [
        ("ratio", "1.1", "元", "110.0 %", "110.0 %"),
        ("difference", "-0.3", "%", "−0.3 个百分点", "−0.3 pp"),
        ("difference", "20", "户", "+20 户", "+20 customers"),
        ("difference", "2", "箱", "+2 箱", "+2 箱"),
        ("value", "4", "级", "", ""),
        ("rank", "2.000000", "元", "第 2 名", "place 2"),
        ("percentile", "66.666667", "元", "66.7 %", "66.7 %"),
    ],
)
def test_how_a_standing_is_written(kind: str, value: str, unit: str, zh: str, en: str) -> None:
    assert standing_text(kind, Decimal(value), unit, "zh") == zh
    assert standing_text(kind, Decimal(value), unit, "en") == en


def test_numbers_are_written_as_people_write_them() -> None:
    assert [plain(60.0), plain(0.1), plain(None), plain(Decimal("2.500000"))] == ["60", "0.1", "", "2.5"]


def test_every_choice_of_a_rule_has_its_words() -> None:
    lacking = [f"{lack}:{policy}" for lack in ("actual", "target", "denominator") for policy in Missing]
    kinds = [*PositionKind, *ReferenceKind, *StepMode, *Group]
    assert {kind for kind in kinds if kind not in DETAILS} == set()
    assert {reason for reason in lacking if reason not in DETAILS} == set()
    assert set(EFFECTS) == set(Effect)
    assert set(LINE_STATES) == set(LineState)


def test_a_ledger_section_and_a_gate_of_two_conditions_survive_the_editor() -> None:
    whole = {
        "code": "S",
        "name_zh": "方案",
        "sections": [
            {
                "code": "ledger",
                "name_zh": "加减分",
                "weight": 100,
                "group": "sum",
                "indicators": [
                    {"code": "X", "name_zh": "X", "weight": None, "measure": "X"}
                    | presets.by_rank([(1, 10)], others=0)
                ],
            }
        ],
        "gates": [
            {
                "code": "G",
                "name_zh": "门槛",
                "condition": {"measure": "A", "op": "ge", "value": 1},
                "also": [{"measure": "B", "op": "ge", "value": 1}],
                "effect": "multiply",
                "factor": 0.9,
                "clause_zh": "两项都有的，乘以 0.9。",
            }
        ],
    }
    scheme = scoring.parse(whole)
    assert scoring.parse(document_of(draft_of(whole))) == scheme
