"""The editor's drafts: every document goes through and back, what is wrong is told in the form's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from lms import scoring
from lms.appraisal.forms import SchemeForm
from lms.appraisal.forms.moving import moved_to, rearranged
from lms.appraisal.rules import shape
from lms.appraisal.rules.draft import (
    CoefficientDraft,
    GateDraft,
    IndicatorDraft,
    Mode,
    SchemeDraft,
    SectionDraft,
    SegmentDraft,
    StandardDraft,
    document_of,
    draft_of,
)
from lms.appraisal.rules.draft.findings import incomplete
from lms.appraisal.services import schemes
from lms.scoring import presets
from lms.scoring.document import StepMode
from tests.appraisal.house import draft
from tests.appraisal.test_pages import filled
from tests.scoring.build import document, line, run, section, single
from tests.scoring.test_properties import examples
from tests.scoring.test_properties import lines as any_line
from tests.scoring.test_properties import schemes as any_scheme

RULES: list[tuple[dict[str, Any], Mode]] = [
    (presets.completion_ratio(), Mode.RATIO),
    (presets.completion_ratio(full=80, less_is_better=True), Mode.RATIO),
    (presets.difference_per_step(unit=0.3, points=10, mode=StepMode.WHOLE), Mode.DIFFERENCE),
    (presets.difference_per_step(unit=0.1, points=7, less_is_better=True), Mode.DIFFERENCE),
    (presets.bands([(0.6, 60), (0.8, 80)], below=0), Mode.BANDS),
    (presets.interpolation([(50, 60), (80, 90), (120, 100)]), Mode.INTERPOLATION),
    (presets.interpolation([(50, 60), (80, 90)], below=0), Mode.INTERPOLATION),
    (presets.by_rank([(1, 100), (3, 80)], others=60), Mode.RANK),
    (presets.by_percentile([(50, 80), (90, 100)], below=60), Mode.PERCENTILE),
    (presets.value_as_points(unit=10, factor=0.3), Mode.UNIT),
    (presets.value_as_points(unit=1, factor=5, mode=StepMode.WHOLE, less_is_better=True), Mode.LEDGER),
    (presets.value_as_points(), Mode.VALUE),
]


def of_one(row: IndicatorDraft, **section_more: Any) -> SchemeDraft:
    """A scheme of one section with one row."""
    part = SectionDraft("only", "唯一", weight=100.0, indicators=(row,), **section_more)
    return SchemeDraft("S", "方案", sections=(part,))


def told(made: SchemeDraft) -> dict[str, str]:
    with pytest.raises(scoring.InvalidScheme) as caught:
        schemes.check(made)
    return {problem.path: problem.message % problem.params for problem in caught.value.problems}


ROW = IndicatorDraft("X", "指标", "X", weight=100.0)
BANDS = replace(ROW, mode=Mode.BANDS, position="ratio", below=0.0)
I0 = "sections/0/indicators/0"


@given(any_scheme())
@examples(25)
def test_every_document_goes_through_the_editor_unchanged(data: Any) -> None:
    scheme = scoring.parse(data | {"reason_for_full_business": "x"})
    made = draft_of(scoring.to_dict(scheme))
    assert scoring.parse(document_of(made)) == scheme
    assert all(row.mode is not Mode.CUSTOM for part in made.sections for row in part.indicators)
    assert all(isinstance(gate, GateDraft) for gate in made.gates)


@given(any_scheme())
@examples(6)
def test_every_document_goes_through_the_fields_of_the_form_unchanged(app: Flask, data: Any) -> None:
    scheme = scoring.parse(data | {"reason_for_full_business": "x"})
    made = draft_of(scoring.to_dict(scheme))
    fields = filled(app.test_client(), "/appraisal/schemes/new", made)
    with app.test_request_context("/", method="POST", data=fields):
        form = SchemeForm(meta={"csrf": False})
        form.prune()
        assert scoring.parse(document_of(form.to_draft(made))) == scheme
        # Nothing that the editor knows is kept behind its back.
        assert scoring.parse(document_of(form.to_draft(None))) == scheme


@pytest.mark.requirement("7.38")
@pytest.mark.parametrize(("rule", "mode"), RULES, ids=[f"{at}-{mode}" for at, (_, mode) in enumerate(RULES)])
def test_every_preset_is_shown_in_its_own_form(rule: dict[str, Any], mode: Mode) -> None:
    whole = document(section("only", 100, line(**rule)))
    scheme = scoring.parse(whole)
    made = draft_of(scoring.to_dict(scheme))
    assert made.sections[0].indicators[0].mode is mode
    assert scoring.parse(document_of(made)) == scheme


def test_what_the_editor_does_not_know_is_kept_word_for_word() -> None:
    whole = scoring.to_dict(scoring.parse(document(section("only", 100, line(**presets.completion_ratio())))))
    whole["later"] = {"a": 1}
    part = whole["sections"][0]
    part["later"] = "section"
    part["indicators"][0]["later"] = ["line"]
    part["indicators"][0]["curve"]["later"] = True
    whole["grades"] = [{"code": "A", "name_zh": "甲", "at_least": None, "later": 5}]
    condition = {"measure": "X", "op": "ge", "value": 1, "later": 1}
    whole["gates"] = [
        {"code": "G", "name_zh": "门槛", "clause_zh": "条", "effect": "withhold", "condition": condition}
    ]
    made = draft_of(whole)
    assert made.sections[0].indicators[0].mode is Mode.CUSTOM
    again = document_of(made)
    assert again["later"] == {"a": 1}
    assert again["sections"][0]["later"] == "section"
    kept = part["indicators"][0]
    assert {name: again["sections"][0]["indicators"][0][name] for name in kept} == kept
    assert again["grades"][0]["later"] == 5
    assert again["gates"] == whole["gates"]


def test_a_renamed_row_keeps_what_the_editor_does_not_know(app: Flask) -> None:
    whole = scoring.to_dict(scoring.parse(document(section("only", 100, line(**presets.completion_ratio())))))
    whole["sections"][0]["indicators"][0]["curve"]["later"] = True
    made = draft_of(whole)
    fields = filled(app.test_client(), "/", made) | {"sections-0-indicators-0-code": "NEW"}
    with app.test_request_context("/", method="POST", data=fields):
        again = document_of(SchemeForm(meta={"csrf": False}).to_draft(made))
    kept = again["sections"][0]["indicators"][0]
    assert (kept["code"], kept["curve"]["later"]) == ("NEW", True)


@pytest.mark.requirement("2.06")
@pytest.mark.parametrize(
    ("made", "path", "words"),
    [
        (of_one(replace(ROW, weight=99.0)), "sections/0/indicators", "合计为 99（99），应为 100，还差 1"),
        (of_one(replace(ROW, mode=Mode.UNIT, step=1.0)), f"{I0}/points_per_step", "需要填写"),
        (of_one(BANDS), f"{I0}/standards", "至少添加一行"),
        (of_one(replace(ROW, mode=Mode.SEGMENTS)), f"{I0}/segments", "至少添加一行"),
        (
            of_one(replace(BANDS, standards=(StandardDraft(0.8, 80.0), StandardDraft(1.0, 60.0)))),
            f"{I0}/standards/1/points",
            "从 0.8 到 1，得分由 80 降为 60",
        ),
        (
            of_one(replace(BANDS, standards=(StandardDraft(1.0, 80.0), StandardDraft(0.8, 90.0)))),
            f"{I0}/curve/segments/1",
            "起点 1 不小于终点 0.8",
        ),
        (
            of_one(replace(BANDS, below=50.0, standards=(StandardDraft(0.8, 40.0),))),
            f"{I0}/below",
            "次序不符",
        ),
        (
            of_one(
                replace(
                    ROW,
                    mode=Mode.SEGMENTS,
                    position="ratio",
                    segments=(SegmentDraft(None, 0.8, 0.0), SegmentDraft(0.9, None, 100.0)),
                )
            ),
            f"{I0}/curve/segments/1",
            "0.8 与 0.9 之间没有分段",
        ),
        (
            of_one(
                replace(
                    ROW,
                    mode=Mode.SEGMENTS,
                    position="ratio",
                    segments=(SegmentDraft(None, 0.9, 0.0), SegmentDraft(0.8, None, 100.0)),
                )
            ),
            f"{I0}/curve/segments/1",
            "0.8 与 0.9 之间分段重叠",
        ),
        (of_one(replace(ROW, reference="constant", reference_value=0.0)), f"{I0}/reference/value", "为 0"),
        (of_one(replace(ROW, base=1e7)), f"{I0}/base", "大得不合理"),
        (of_one(replace(ROW, missing="move", moves_to="X")), f"{I0}/moves_to", "另一个指标"),
        (of_one(replace(ROW, zero="points")), f"{I0}/zero_points", "请填写数字"),
        (
            of_one(replace(ROW, coefficients=(CoefficientDraft("k", "表", 2.0, 0.8, 1.2),))),
            f"{I0}/coefficients/0/value",
            "不在 0.8 至 1.2 之间",
        ),
    ],
)
def test_a_mistake_is_told_at_its_field(app: Flask, made: SchemeDraft, path: str, words: str) -> None:
    found = told(made)
    assert words in found[path]
    with app.test_request_context("/"):
        form = SchemeForm(formdata=None, meta={"csrf": False})
        form.fill(made)
        problems = [scoring.Problem(one, text) for one, text in found.items()]
        assert all(one.field for one in form.attach(problems))


def test_weights_that_move_in_a_circle_are_told_at_both_ends() -> None:
    one = replace(ROW, code="A", weight=50.0, missing="move", moves_to="B")
    other = replace(ROW, code="B", weight=50.0, missing="move", moves_to="A")
    part = SectionDraft("only", "唯一", weight=100.0, indicators=(one, other))
    found = told(SchemeDraft("S", "方案", sections=(part,)))
    assert set(found) == {f"{I0}/moves_to", "sections/0/indicators/1/moves_to"}


def test_the_standard_scheme_lacks_nothing() -> None:
    assert incomplete(draft()) == []


FIELDS = MultiDict({"s-0-code": "A", "s-0-t-0-at": "1", "s-0-t-4-at": "2", "s-2-code": "B", "other": "x"})


def test_rows_move_with_all_that_was_typed() -> None:
    moved = rearranged(FIELDS, "up s-2", {})
    assert moved == MultiDict(
        {"s-2-code": "A", "s-2-t-0-at": "1", "s-2-t-4-at": "2", "s-0-code": "B", "other": "x"}
    )
    assert moved_to(FIELDS, "up s-2") == "s-0"
    assert rearranged(moved, "down s-0", {}) == FIELDS
    inner = rearranged(FIELDS, "down s-0-t-0", {})
    assert (inner["s-0-t-0-at"], inner["s-0-t-4-at"]) == ("2", "1")


def test_rows_are_added_behind_and_removed_whole() -> None:
    added = rearranged(FIELDS, "add s-0-t", {"t": {"at": "9"}})
    assert added["s-0-t-5-at"] == "9"
    assert moved_to(FIELDS, "add s-0-t") == "s-0-t-5"
    assert set(rearranged(FIELDS, "remove s-0", {})) == {"s-2-code", "other"}


@pytest.mark.parametrize(
    "action", ["up s-0", "down s-2", "up s-9", "remove", "add nothing", "drop s-0", "", "up s-x", "add "]
)
def test_an_action_about_nothing_changes_nothing(action: str) -> None:
    assert rearranged(FIELDS, action, {"t": {"at": ""}}) == FIELDS


@given(any_line("X", 100, ["pending"], ("value", "difference")), st.integers(-200, 200))
@examples(12)
def test_the_picture_of_a_curve_gives_the_points_of_the_engine(rule: Any, tenths: int) -> None:
    at = tenths / 10
    plain = {**rule, "coefficients": [], "reference": {"kind": "constant", "value": 1.0}}
    scheme = single(plain)
    (_, indicator), *_ = scheme.indicators()
    actual = at if rule["position"] == "value" else at + 1.0
    (row,) = run(scheme, {("p", "X"): actual}, backend="pandas").lines.to_pylist()
    assert float(row["points"]) == pytest.approx(shape.points_at(indicator, row["position"]), abs=0.0051)


def test_the_bends_of_a_curve_are_told() -> None:
    def bends(rule: dict[str, Any]) -> list[float]:
        (_, indicator), *_ = single(line(**rule)).indicators()
        return shape.bends(indicator)

    assert bends(presets.completion_ratio()) == [0.8, 1.0, 1.2]
    assert bends(presets.bands([(0.6, 60), (0.8, 80)], below=0)) == [0.6, 0.8]
    assert bends(presets.by_rank([(1, 100), (3, 80)], others=60)) == [1, 3]
    assert bends(presets.difference_per_step(unit=0.1, points=10)) == [-0.1, 0.0, 0.1]
