"""Every mistake in a scheme document is named with its place; nothing half-right is accepted."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lms.scoring import InvalidFrame, InvalidScheme, Problem, parse, parse_indicator, presets, score, to_dict
from lms.scoring.document import StepMode
from tests.scoring.build import document, facts_table, line, run, section, single

EXAMPLE = json.loads(Path(__file__).with_name("example_scheme.json").read_text(encoding="utf-8"))
Change = Callable[[dict[str, Any]], object]


def found(change: Change, measures: set[str] | None = None) -> list[tuple[str, str]]:
    data = copy.deepcopy(EXAMPLE)
    change(data)
    with pytest.raises(InvalidScheme) as caught:
        parse(data, measures=measures)
    return [(problem.path, problem.message % problem.params) for problem in caught.value.problems]


def deposit(data: dict[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = data["sections"][0]["indicators"][0]
    return line


def segments(*pieces: tuple[float | None, float | None]) -> Change:
    curve = [{"low": low, "high": high, "points": 1} for low, high in pieces]
    return lambda data: deposit(data).update(curve={"segments": curve})


D = "sections/0/indicators/0"
CASES: list[tuple[Change, str, str]] = [
    (lambda d: d["sections"][0].update(weight=-60), "sections/0/weight", "权重不能是负数：-60"),
    (lambda d: d["sections"][0].update(weight=59), "sections", "权重合计为 99，应为 100"),
    (lambda d: d["sections"][0].update(weight=None), "sections", "每一项都要有权重"),
    (lambda d: deposit(d).update(weight=69), "sections/0/indicators", "权重合计为 99，应为 100"),
    (lambda d: deposit(d).update(weight=69.99999), "sections/0/indicators", "权重 69.99999 的小数超过四位"),
    (segments((None, 1), (2, None)), f"{D}/curve/segments/1", "1 与 2 之间没有分段"),
    (segments((None, 2), (1, None)), f"{D}/curve/segments/1", "1 与 2 之间分段重叠"),
    (segments((0, None)), f"{D}/curve/segments/0", "0 以下没有分段"),
    (segments((None, 5)), f"{D}/curve/segments/0", "5 以上没有分段"),
    (segments((None, 2), (2, 1), (1, None)), f"{D}/curve/segments/1", "分段的起点 2 不小于终点 1"),
    (segments(), f"{D}/curve/segments", "不能为空"),
    (lambda d: deposit(d).update(bound={"floor": 121, "cap": 120}), f"{D}/bound", "下限 121 大于上限 120"),
    (
        lambda d: deposit(d).update(position="place"),
        f"{D}/position",
        "不认识 place，可以是：value, ratio, inverse, difference, relative, rank, percentile",
    ),
    (lambda d: deposit(d).update(code="QUIZ"), "sections/2/indicators/0/code", "编码重复：QUIZ"),
    (lambda d: d["sections"][1].update(code="business"), "sections", "编码重复：business"),
    (lambda d: deposit(d).update(colour="red"), D, "不认识的字段：colour"),
    (lambda d: deposit(d).pop("measure"), D, "缺少：measure"),
    (lambda d: deposit(d).update(weight="70"), f"{D}/weight", "类型不对，应为 number, null"),
    (lambda d: deposit(d).update(weight=True), f"{D}/weight", "类型不对，应为 number, null"),
    (lambda d: deposit(d).update(weight=101), f"{D}/weight", "101 太大，最多为 100"),
    (lambda d: d.update(code="1 x"), "code", "编码 1 x 不合规：以字母开头，只含字母、数字、点、下划线、短横"),
    (lambda d: d["places"].update(total=5), "places/total", "5 太大，最多为 4"),
    (
        lambda d: deposit(d).update(direction="less"),
        f"{D}/direction",
        "方向为越少越好，但得分随完成情况变好而下降",
    ),
    (
        lambda d: deposit(d).update(reference={"kind": "none"}),
        f"{D}/reference",
        "比较方式 ratio 需要目标或常数",
    ),
    (lambda d: deposit(d).update(reference={"kind": "constant"}), f"{D}/reference/value", "常数参照要填数值"),
    (
        lambda d: deposit(d)["coefficients"][0].update(value=2),
        f"{D}/coefficients/0/value",
        "系数 region 为 2.0，不在 0.8 至 1.2 之间",
    ),
    (
        lambda d: deposit(d)["coefficients"][0].update(value=-1, low=None),
        f"{D}/coefficients/0",
        "系数不能是负数",
    ),
    (lambda d: d["gates"][0].update(grade="Z"), "gates/0/grade", "等级表中没有 Z"),
    (lambda d: d["gates"][0].update(effect="cap_total"), "gates/0/points", "限制总分的门槛要填分数"),
    (
        lambda d: d["grades"][1].update(at_least=95),
        "grades/1",
        "等级要从高到低排列，最低分依次下降，名额依次增加",
    ),
    (
        lambda d: d["grades"][3].update(at_least=10),
        "grades/3",
        "最低一级不设最低分、名额和条件，使每个总分都有等级",
    ),
    (lambda d: deposit(d).update(weight=float("nan")), f"{D}/weight", "必须是有限的数"),
]


@pytest.mark.parametrize(("change", "path", "message"), CASES, ids=[message for _, _, message in CASES])
def test_a_mistake_is_named_with_its_place(change: Change, path: str, message: str) -> None:
    assert (path, message) in found(change)


def test_all_mistakes_are_named_at_once() -> None:
    def change(data: dict[str, Any]) -> None:
        data["sections"][0]["weight"] = 59
        deposit(data)["weight"] = 60
        data["gates"][0]["grade"] = "Z"

    assert len(found(change)) == 3


def test_seams_belong_to_exactly_one_segment() -> None:
    def seam(*, left: bool, right: bool) -> Change:
        pieces = [
            {"low": None, "high": 1, "points": 0, "high_closed": left},
            {"low": 1, "high": None, "points": 1, "low_closed": right},
        ]
        return lambda data: deposit(data).update(curve={"segments": pieces})

    place = f"{D}/curve/segments/1"
    assert found(seam(left=True, right=True)) == [(place, "1 同时属于两个分段")]
    assert found(seam(left=False, right=False)) == [(place, "1 不属于任何分段")]
    for left, right in ((True, False), (False, True)):
        data = copy.deepcopy(EXAMPLE)
        seam(left=left, right=right)(data)
        parse(data)


def test_a_measure_nobody_has_is_named() -> None:
    known = set(parse(EXAMPLE).measures())
    parse(EXAMPLE, measures=known)
    places = dict(found(lambda data: None, known - {"QUIZ", "CONFIRMED_BREACHES"}))
    assert places == {
        "sections/2/indicators/0/measure": "没有计量项 QUIZ",
        "gates/0/condition/measure": "没有计量项 CONFIRMED_BREACHES",
    }


@pytest.mark.requirement("2.06")
def test_a_scheme_of_business_alone_needs_a_written_reason() -> None:
    alone = document(section("business", 100, line("A")), section("training", 0, line("B")))
    for reason in (None, "  "):
        with pytest.raises(InvalidScheme) as caught:
            parse(alone if reason is None else alone | {"reason_for_full_business": reason})
        assert [problem.path for problem in caught.value.problems] == ["reason_for_full_business"]
    parse(alone | {"reason_for_full_business": "试点期只考核业绩"})
    parse(document(section("business", 99, line("A")), section("training", 1, line("B"))))


def test_one_indicator_alone_can_be_read() -> None:
    rule = parse_indicator(deposit(EXAMPLE))
    assert rule.code == "DEPOSIT_AVG"
    with pytest.raises(InvalidScheme) as caught:
        parse_indicator(deposit(EXAMPLE) | {"bound": {"floor": 9, "cap": 1}})
    assert [problem.path for problem in caught.value.problems] == ["bound"]


def test_defaults_are_written_out_and_read_back() -> None:
    scheme = single(line())
    written = to_dict(scheme)
    assert written["sections"][0]["indicators"][0]["missing"] == "pending"
    assert parse(written) == scheme


def test_short_forms_say_themselves_in_both_languages() -> None:
    step = presets.difference_per_step(unit=0.1, points=10, mode=StepMode.WHOLE, less_is_better=True)
    rule = single(line(**step)).sections[0].indicators[0]
    zh, en = presets.describe(rule, "zh"), presets.describe(rule, "en")
    for words in ("差值法", "每 0.1 为一档，不足一档不计", "最高 120 分", "越少越好", "减 100 分"):
        assert words in zh
    for words in ("Difference", "steps of 0.1, whole steps only", "at most 120", "less is better"):
        assert words in en
    ratio = single(line(**presets.completion_ratio(), zero_denominator={"points": 60}))
    assert "除数为零时得 60 分" in presets.describe(ratio.sections[0].indicators[0])
    bands = single(line(**presets.bands([(60, 60), (80, 100)], below=0))).sections[0].indicators[0]
    assert "在 ≥ 60 且 < 80 处得 60 分" in presets.describe(bands)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({("p", "X"): float("nan")}, "数值 nan 无法计分"),
        ({("p", "X"): float("inf")}, "数值 inf 无法计分"),
        ({("p", "X"): 1e16}, "数值 1e+16 无法计分"),
    ],
)
def test_a_figure_that_is_no_number_is_refused(facts: dict[tuple[str, str], float], words: str) -> None:
    with pytest.raises(InvalidFrame, match="facts/0/value") as caught:
        run(single(line()), facts)
    assert words in str(caught.value)


def test_doubled_rows_and_missing_columns_are_refused() -> None:
    scheme = single(line())
    facts = facts_table({("p", "X"): 1.0})
    targets = facts.rename_columns(["subject", "measure", "target"])
    with pytest.raises(InvalidFrame, match="重复的行：p X"):
        score(scheme, pa.concat_tables([facts, facts]), targets)
    with pytest.raises(InvalidFrame, match="缺少：target"):
        score(scheme, facts, facts)


def test_a_coefficient_out_of_range_or_undeclared_is_refused() -> None:
    factor = [{"name": "region", "source": "表", "low": 0.8, "high": 1.2}]
    scheme = single(line(coefficients=factor))
    for name, value in (("region", 1.3), ("other", 1.0)):
        with pytest.raises(InvalidFrame) as caught:
            run(scheme, {("p", "X"): 1.0}, own={("p", "X", name): value})
        assert isinstance(caught.value.problems[0], Problem)
