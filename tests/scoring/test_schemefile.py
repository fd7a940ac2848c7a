"""A scheme file gives the scheme it says, goes back unchanged, and tells line and place of what is wrong."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lms.scoring import InvalidScheme, fileschema, parse, presets, sha256, to_dict
from lms.scoring.clauses import clauses_without_rule
from lms.scoring.diffing import Change, differences
from lms.scoring.document import Scheme
from lms.scoring.examples import run_examples
from lms.scoring.schemefile import read, write
from lms.scoring.wordings import condition_words
from lms.scoring.yamltext import DEEPEST, LARGEST, MOST_PARTS
from tests.scoring.build import document, line, section
from tests.scoring.test_properties import gate, schemes

ROOT = Path(__file__).parents[2]
EXAMPLE = json.loads(Path(__file__).with_name("example_scheme.json").read_text(encoding="utf-8"))

FILE = """\
format: zhixing-scheme/1
code: NPL
name_zh: 不良率考核
reason_for_full_business: 只为算例
clauses:
- {number: 3.10, text: 不良率每低于目标 0.1 个百分点加 10 分，最高 120 分。}
- {number: "4", text: 解释权归总行。}
sections:
- code: business
  name_zh: 业绩
  weight: 100
  indicators:
  - code: NPL_RATIO
    name_zh: 不良率
    unit: "%"
    weight: 100
    measure: NPL_RATIO
    clause: 3.10
    rule: {preset: difference_per_step, unit: 0.1, points: 10, less_is_better: true}
    coefficients: [{name: region, source: 地区系数表, low: 0.8, high: 1.2}]
examples:
- name: 低于目标 0.15 个百分点
  facts: {NPL_RATIO: 1.85}
  targets: {NPL_RATIO: 2}
  expect: {total: 115, indicators: {NPL_RATIO: 115}, sections: {business: 115}, grade: null}
- name: 地区系数
  facts: {NPL_RATIO: 2}
  targets: {NPL_RATIO: 2}
  coefficients: {NPL_RATIO: {region: 0.9}}
  expect: {total: 90}
- name: 没有目标
  facts: {NPL_RATIO: 2}
  expect: {total: null}
"""


def problems(text: str | bytes, measures: set[str] | None = None) -> list[tuple[int | None, str, str]]:
    with pytest.raises(InvalidScheme) as caught:
        read(text, measures=measures)
    return [(one.line, one.path, one.message % one.params) for one in caught.value.problems]


def changed(old: str, new: str) -> str:
    assert FILE.count(old) == 1
    return FILE.replace(old, new)


def with_rule(rule: str) -> Scheme:
    return read(
        changed("{preset: difference_per_step, unit: 0.1, points: 10, less_is_better: true}", rule).split(
            "examples:"
        )[0]
    )


@pytest.mark.requirement("7.17")
def test_a_file_says_a_scheme_with_clauses_and_examples() -> None:
    scheme = read(FILE)
    (indicator,) = scheme.sections[0].indicators
    assert (indicator.clause, [clause.number for clause in scheme.clauses]) == ("3.10", ["3.10", "4"])
    assert indicator.curve.segments[0].slope == -100
    assert [(one.place, str(one.got), one.agrees) for one in run_examples(scheme)] == [
        ("total", "115.00", True),
        ("grade", "None", True),
        ("sections/business", "115.00", True),
        ("indicators/NPL_RATIO", "115.00", True),
        ("total", "90.00", True),
        ("total", "None", True),
    ]
    assert read(write(scheme)) == scheme


def test_an_example_that_disagrees_says_what_came_out() -> None:
    found = [one for one in run_examples(read(changed("{total: 90}", "{total: 90.5}"))) if not one.agrees]
    assert [(one.example, one.place, one.expected, str(one.got)) for one in found] == [
        ("地区系数", "total", 90.5, "90.00")
    ]


def test_a_scheme_without_clauses_keeps_its_fingerprint() -> None:
    scheme = parse(EXAMPLE)
    assert sha256(scheme) == "7968e2e9abd6ea967fba67ff99d33834962855fb0d85153108ac46fa3d617d10"
    data = to_dict(read(FILE))
    assert parse(data) == read(FILE)
    assert {"clauses", "examples"} <= data.keys()
    assert not {"clauses", "examples"} & to_dict(scheme).keys()
    assert "clause" not in to_dict(scheme)["sections"][0]["indicators"][0]


CASES = [
    ("weight: 100\n  indicators", "weight: 99\n  indicators", 8, "sections", "权重合计为 99，应为 100"),
    (
        "{preset: difference_per_step, unit: 0.1, points: 10, less_is_better: true}",
        "{preset: interpolation, standards: [[2, 60], [1, 100]]}",
        19,
        "sections/0/indicators/0/rule",
        "分段的起点 2 不小于终点 1",
    ),
    ("unit: 0.1, points", "unit: .inf, points", 19, "sections/0/indicators/0/rule/unit", "必须是有限的数"),
    ("points: 10,", "points: 1e999,", 19, "sections/0/indicators/0/rule/points", "必须是有限的数"),
    ("points: 10,", "points: .NaN,", 19, "sections/0/indicators/0/rule/points", "必须是有限的数"),
    ("unit: 0.1, ", "", 19, "sections/0/indicators/0/rule", "缺少：unit"),
    ("unit: 0.1, ", "unit: 0.1, colour: 1, ", 19, "sections/0/indicators/0/rule", "不认识的字段：colour"),
    (
        "preset: difference_per_step",
        "preset: magic",
        19,
        "sections/0/indicators/0/rule/preset",
        "不认识 magic，可以是：completion_ratio, difference_per_step, bands, by_rank, by_percentile, "
        "interpolation, value_as_points",
    ),
    ("clause: 3.10", "clause: 3.1", 18, "sections/0/indicators/0/clause", "条款表中没有 3.1"),
    ('{number: "4",', "{number: 3.10,", 5, "clauses", "编码重复：3.10"),
    (
        "facts: {NPL_RATIO: 1.85}",
        "facts: {NPL: 1.85}",
        23,
        "examples/0/facts/NPL",
        "方案没有用到计量项 NPL",
    ),
    ("{total: 90}", "{}", 30, "examples/1/expect", "不能为空"),
    (
        "region: 0.9",
        "region: 3",
        29,
        "examples/1/coefficients/NPL_RATIO/region",
        "系数 region 为 3.0，不在 0.8 至 1.2 之间",
    ),
    ("grade: null", "grade: A", 25, "examples/0/expect/grade", "等级表中没有 A"),
    ("name: 没有目标", "name: 地区系数", 21, "examples", "算例重名：地区系数"),
    ("code: NPL\n", "code: NPL\ncode: TWO\n", 3, "code", "字段重复"),
    ("zhixing-scheme/1", "other/1", 1, "format", "不认识 other/1，可以是：zhixing-scheme/1"),
    (
        "name_zh: 不良率考核",
        "name_zh: !!python/object:os.system 不良率",
        3,
        "",
        "不能使用 YAML 的类型标签（!）",
    ),
    ("name_zh: 不良率考核", "name_zh: &a 不良率\nname_en: *a", 3, "", "不能使用 YAML 的锚点和引用（& 和 *）"),
    ("name_zh: 不良率考核", 'name_zh: "\\0"', 3, "name_zh", "文本中有不可用的字符"),
    ("name_zh: 不良率考核", "? [a]\n: b", 3, "", "字段名必须是文字"),
    (
        "name_zh: 不良率考核",
        "name_zh: [",
        5,
        "",
        "第 5 行第 8 列的 YAML 写法有误：did not find expected ',' or ']'",
    ),
    (
        "name_zh: 不良率考核",
        "name_zh: " + "[" * 5000,
        3,
        "",
        f"嵌套超过 {DEEPEST} 层",
    ),
]


@pytest.mark.parametrize(("old", "new", "at", "path", "message"), CASES, ids=[case[4] for case in CASES])
def test_a_mistake_is_named_with_line_and_place(old: str, new: str, at: int, path: str, message: str) -> None:
    assert (at, path, message) in problems(changed(old, new))


def segments(*pieces: str) -> str:
    curve = "".join(f"\n      - {piece}" for piece in pieces)
    return changed(
        "    rule: {preset: difference_per_step, unit: 0.1, points: 10, less_is_better: true}",
        "    position: value\n    direction: more\n    reference: {kind: none}\n"
        f"    curve:\n      segments:{curve}",
    )


def test_gap_and_overlap_are_named() -> None:
    gap = segments("{low: null, high: 1, points: 0}", "{low: 2, high: null, points: 9}")
    overlap = segments("{low: null, high: 2, points: 0}", "{low: 1, high: null, points: 9}")
    place = "sections/0/indicators/0/curve/segments/1"
    assert problems(gap) == [(25, place, "1 与 2 之间没有分段")]
    assert problems(overlap) == [(25, place, "1 与 2 之间分段重叠")]


def test_a_measure_that_no_data_feeds_and_a_target_of_zero_are_named() -> None:
    assert problems(FILE, {"OTHER"})[0] == (
        17,
        "sections/0/indicators/0/measure",
        "没有计量项 NPL_RATIO",
    )
    zero = "{preset: completion_ratio, reference: {kind: constant, value: 0}}"
    rule = "{preset: difference_per_step, unit: 0.1, points: 10, less_is_better: true}"
    assert (19, "sections/0/indicators/0/rule", "常数参照为 0，不能作除数") in problems(changed(rule, zero))


def test_what_is_no_text_or_too_large_is_refused_before_it_is_parsed() -> None:
    assert problems(b"x" * (LARGEST + 1)) == [(None, "", f"文件超过 {LARGEST} 字节")]
    assert problems(FILE.encode("gb18030")) == [(3, "", "文件不是 UTF-8 编码")]
    assert problems("") == [(None, "", "类型不对，应为 object")]
    many = "sections:\n" + "- {}\n" * 30_000
    assert problems(many) == [(25000, "", f"文件内容太多，最多 {MOST_PARTS} 个字段和值")]
    assert problems("code: A") == [(1, "", "缺少：format, name_zh, sections")]
    assert problems("- a")[0][2] == "类型不对，应为 object"
    bomb = "a: &a [x]\n" + "".join(
        f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert problems(bomb)[0][2] == "不能使用 YAML 的锚点和引用（& 和 *）"


def test_words_of_older_yaml_stay_texts() -> None:
    scheme = read(changed("name_zh: 不良率考核", "name_zh: NO\nname_en: 2026-02-30"))
    assert (scheme.name_zh, scheme.name_en) == ("NO", "2026-02-30")
    assert read(write(scheme)) == scheme


SHORT = {
    "completion_ratio": presets.completion_ratio(full=80, cap=None),
    "completion_ratio, less": presets.completion_ratio(less_is_better=True),
    "difference_per_step": presets.difference_per_step(unit=0.7, points=3, base=90, floor=10),
    "bands": presets.bands([(60, 60), (80, 100)], below=0),
    "interpolation": presets.interpolation([(0.8, 60), (1, 100), (1.5, 120)], below=0),
    "interpolation, held": presets.interpolation([(0.3, 60), (0.7, 100)]),
    "value_as_points": presets.value_as_points(factor=20),
    "value_as_points, in units": presets.value_as_points(factor=0.4, unit=5, less_is_better=True),
}


@pytest.mark.parametrize("rule", SHORT.values(), ids=SHORT)
def test_a_short_form_is_written_short_and_read_back(rule: dict[str, Any]) -> None:
    data = copy.deepcopy(EXAMPLE)
    data["sections"][0]["indicators"] = [line("A", 100, **rule)]
    scheme = parse(data)
    text = write(scheme)
    assert "rule: {preset:" in text.split("code: comprehensive")[0]
    assert read(text) == scheme


def test_interpolation_gives_the_points_between_its_standards() -> None:
    scheme = with_rule("{preset: interpolation, standards: [[60, 60], [80, 90], [100, 100]], below: 0}")
    text = write(scheme) + (
        "examples:\n"
        + "".join(
            f"- {{name: '{value}', facts: {{NPL_RATIO: {value}}}, expect: {{total: {points}}}}}\n"
            for value, points in ((59.99, 0), (60, 60), (70, 75), (80, 90), (90, 95), (140, 100))
        )
    )
    assert all(one.agrees for one in run_examples(read(text)))


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


@pytest.mark.requirement("7.17")
@given(schemes(), texts, texts)
def test_what_is_written_is_read_back(data: dict[str, Any], name: str, clause: str) -> None:
    first = data["sections"][0]["indicators"][0]
    first["clause"] = "1.10"
    scheme = parse(
        data
        | {
            "reason_for_full_business": "x",
            "name_zh": name,
            "clauses": [{"number": "1.10", "text": clause}, {"number": "null", "text": name}],
            "examples": [
                {
                    "name": name,
                    "facts": {first["measure"]: 1.5},
                    "targets": {first["measure"]: None},
                    "expect": {"total": None, "indicators": {first["code"]: 3}},
                }
            ],
        }
    )
    assert read(write(scheme)) == scheme
    assert read(write(scheme).encode()) == scheme


def test_differences_are_told_by_the_codes_of_the_parts() -> None:
    data = copy.deepcopy(EXAMPLE)
    business = data["sections"][0]
    business["indicators"][0]["weight"], business["indicators"][1]["weight"] = 60, 40
    business["indicators"][1].update(presets.difference_per_step(unit=0.1, points=20, less_is_better=True))
    data["sections"][2]["indicators"] = [line("NEW", 100)]
    data["grades"][0]["at_least"] = 92
    data["sections"][:2] = data["sections"][1::-1]
    found = {one.path: (one.change, one.old, one.new) for one in differences(parse(EXAMPLE), parse(data))}
    at = "sections/business/indicators"
    assert found[f"{at}/DEPOSIT_AVG/weight"] == (Change.CHANGED, 70, 60)
    assert found["sections/training/indicators/NEW"] == (Change.ADDED, None, "NEW")
    assert found["sections/training/indicators/QUIZ"] == (Change.REMOVED, "测验成绩", None)
    assert found["grades/A/at_least"] == (Change.CHANGED, 90, 92)
    assert found["sections"][0] is Change.MOVED
    change, old, new = found[f"{at}/NPL_RATIO/rule"]
    assert change is Change.CHANGED
    assert ("减 100 分" in old, "减 200 分" in new) == (True, True)
    assert len(found) == 7
    assert differences(parse(EXAMPLE), parse(EXAMPLE)) == []


PAGE = (ROOT / "docs" / "handbook" / "scheme-file.md").read_text(encoding="utf-8")
WHOLE = re.findall(r"```yaml\n(format: .*?)```", PAGE, re.DOTALL)
CONDITIONS = re.findall(r"^\| ([^|]+) \| `(\{measure: .*op: .*\})` \|$", PAGE, re.MULTILINE)
WORDINGS = re.findall(r"^\| ([^|]+) \| `(\{preset: .*\})` \|$", PAGE, re.MULTILINE)


def test_the_complete_files_of_the_handbook_are_right() -> None:
    assert len(WHOLE) == 3
    for text in WHOLE:
        outcomes = run_examples(read(text))
        assert outcomes
        assert [one for one in outcomes if not one.agrees] == []


def test_the_examples_of_the_handbook_are_right() -> None:
    files = sorted((ROOT / "docs" / "handbook" / "examples").glob("*.yaml"))
    assert len(files) >= 2
    for file in files:
        scheme = read(file.read_bytes())
        assert [one for one in run_examples(scheme) if not one.agrees] == []
        assert clauses_without_rule(scheme) == ()


@pytest.mark.parametrize("rule", [rule for _, rule in WORDINGS], ids=[wording for wording, _ in WORDINGS])
def test_every_wording_of_the_handbook_is_a_rule(rule: str) -> None:
    assert len(WORDINGS) >= 24
    scheme = with_rule(rule)
    assert read(write(scheme)) == scheme


@pytest.mark.parametrize(("wording", "condition"), CONDITIONS)
def test_every_condition_of_the_handbook_is_read_and_told(wording: str, condition: str) -> None:
    data = yaml.safe_load(condition)
    grades = [{"code": code, "name_zh": code, "at_least": low} for code, low in (("A", 90), ("D", None))]
    found = gate("G", "multiply", "ge", 0, "pass", factor=0.5) | {"condition": data}
    business = section("business", 100, line("X", 100))
    scheme = parse(document(business, grades=grades, gates=[found], reason_for_full_business="x"))
    assert read(write(scheme)) == scheme
    told = condition_words(scheme, scheme.gates[0].condition)
    assert set(re.findall(r"\d+", wording)) <= set(re.findall(r"\d+", told)) | set("一两三四")


def test_the_handbook_names_every_field_and_choice_of_a_file() -> None:
    def words(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from part.get("properties", {}) if isinstance(part.get("properties"), dict) else ()
            yield from (word for word in part.get("enum", []) if isinstance(word, str))
            for inner in part.values():
                yield from words(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from words(inner)

    assert sorted(set(words(fileschema.FILE)) - set(re.findall(r"\w+", PAGE))) == []


def test_the_published_schema_is_that_of_the_code() -> None:
    path = ROOT / "docs" / "handbook" / "scheme-file.schema.json"
    assert path.read_text(encoding="utf-8") == fileschema.published(), "run: make schema"
