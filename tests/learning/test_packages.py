"""Course packages: the shipped ones pass, every kind of broken one is refused by name."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from lms.core.errors import Problem, Rejected
from lms.learning.rules.checks.courses import check_prerequisites
from lms.learning.rules.checks.quizzes import section_pool
from lms.learning.rules.package import Package
from lms.learning.services.packages import read_package, read_packages

ROOT = Path(__file__).resolve().parents[2] / "courses"
Parts = dict[str, Any]

SMALL: Parts = {
    "course.yaml": {
        "format": 1,
        "code": "T01",
        "title_zh": "小课程",
        "title_en": "A small course",
        "summary_zh": "只为检验格式。",
        "summary_en": "Only to check the format.",
        "audience_zh": "所有人",
        "hours": 0.5,
        "pass_percent": 60,
        "lessons": ["L1"],
        "quizzes": ["Q"],
        "rubrics": ["R"],
        "scenarios": ["S"],
        "forms": ["F"],
    },
    "lessons/one.yaml": {
        "code": "L1",
        "title_zh": "第一课",
        "title_en": "Lesson one",
        "kind": "theory",
        "minutes": 10,
        "blocks": [
            {"kind": "intro", "text_zh": "看图：![三块的比例](media/blocks.png)"},
            {"kind": "pair", "wrong_zh": "不问。", "right_zh": "先问。", "differences_zh": ["右边问了"]},
        ],
    },
    "questions/bank.yaml": {
        "tags": ["all"],
        "questions": [
            {
                "code": "SI",
                "type": "single",
                "stem_zh": "选一个",
                "explanation_zh": "因为。",
                "options": [{"key": "A", "text_zh": "甲"}, {"key": "B", "text_zh": "乙"}],
                "answer": "A",
            },
            {
                "code": "MU",
                "type": "multiple",
                "stem_zh": "选几个",
                "explanation_zh": "因为。",
                "options": [{"key": "A", "text_zh": "甲"}, {"key": "B", "text_zh": "乙"}],
                "answer": ["A", "B"],
            },
            {"code": "TF", "type": "true_false", "stem_zh": "对吗", "explanation_zh": "对。", "answer": True},
            {
                "code": "OR",
                "type": "ordering",
                "stem_zh": "排序",
                "explanation_zh": "因为。",
                "items": [{"key": "x", "text_zh": "先"}, {"key": "y", "text_zh": "后"}],
                "answer": ["x", "y"],
            },
            {
                "code": "MA",
                "type": "matching",
                "stem_zh": "配对",
                "explanation_zh": "因为。",
                "left": [{"key": "a", "text_zh": "一"}, {"key": "b", "text_zh": "二"}],
                "right": [{"key": "c", "text_zh": "三"}, {"key": "d", "text_zh": "四"}],
                "answer": {"a": "d", "b": "d"},
            },
            {
                "code": "NU",
                "type": "numeric",
                "stem_zh": "多少",
                "explanation_zh": "88 ÷ 80",
                "answer": 110.0,
                "tolerance": 0.05,
                "unit_zh": "分",
            },
            {"code": "SH", "type": "short", "stem_zh": "说说", "explanation_zh": "略", "answer": ["信任"]},
        ],
    },
    "quizzes.yaml": {
        "quizzes": [
            {
                "code": "Q",
                "title_zh": "测验",
                "title_en": "Quiz",
                "time_limit_minutes": 10,
                "pass_percent": 60,
                "sections": [
                    {"draw": 3, "tags": ["all"], "types": ["single", "multiple", "true_false", "ordering"]},
                    {"questions": ["NU", "MA"]},
                ],
            }
        ]
    },
    "rubrics/r.yaml": {
        "code": "R",
        "version": 1,
        "title_zh": "标准",
        "title_en": "Rubric",
        "criteria": [
            {
                "code": "a",
                "title_zh": "甲",
                "title_en": "A",
                "weight": 60,
                "levels_zh": ["一", "二", "三", "四"],
            },
            {
                "code": "b",
                "title_zh": "乙",
                "title_en": "B",
                "weight": 40,
                "levels_zh": ["一", "二", "三", "四"],
            },
        ],
        "gates": [{"criterion": "b", "at_most_level": 1, "cap_percent": 59, "reason_zh": "未揭示风险"}],
    },
    "scenarios/s.yaml": {
        "code": "S",
        "title_zh": "演练",
        "title_en": "Role-play",
        "minutes": 8,
        "rubric": "R",
        "background_zh": "背景。",
        "card": {"role_zh": "客户经理", "text_zh": "任务。"},
        "hidden_card": {
            "role_zh": "客户",
            "text_zh": "性格。",
            "need_zh": "需求。",
            "objections_zh": ["太贵"],
        },
    },
    "forms/f.yaml": {
        "code": "F",
        "version": 1,
        "wave": 1,
        "respondent": "trainee",
        "title_zh": "反馈表",
        "title_en": "Feedback",
        "questions": [
            {"code": "Q1", "type": "scale", "min": 1, "max": 5, "text_zh": "有用吗", "text_en": "Useful?"},
            {"code": "Q2", "type": "yes_no", "text_zh": "冲突吗", "text_en": "A clash?"},
            {
                "code": "Q3",
                "type": "number",
                "min": 1,
                "max": 60,
                "text_zh": "几天",
                "text_en": "Days?",
                "only_if": {"question": "Q2", "answer": True},
            },
        ],
    },
}


def write(folder: Path, parts: Parts) -> Path:
    for name, content in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    (folder / "media").mkdir(exist_ok=True)
    (folder / "media" / "blocks.png").write_bytes(b"picture")
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write(tmp_path / "T01", SMALL)


def problems(folder: Path, known: frozenset[str] = frozenset()) -> tuple[Problem, ...]:
    with pytest.raises(Rejected) as caught:
        read_package(folder, known)
    return caught.value.problems


def shipped() -> tuple[Package, ...]:
    return read_packages(ROOT)


# -- what is shipped ----------------------------------------------------------------------------------


def package(code: str) -> Package:
    return next(one for one in shipped() if one.code == code)


@pytest.mark.requirement("5.14")
def test_shipped_packages_pass_in_the_order_in_which_they_are_needed() -> None:
    codes = [one.code for one in shipped()]
    assert {"C01", "C02"} <= set(codes)
    assert codes.index("C01") < codes.index("C02")


def test_c01_holds_what_the_plan_asks() -> None:
    course = package("C01")
    assert len(course.lessons) == 7
    assert course.course.required
    [quiz] = course.quizzes
    drawn = {section["types"][0]: section["draw"] for section in quiz["sections"]}
    assert drawn == {"numeric": 8, "single": 6, "true_false": 4, "ordering": 2}
    assert quiz["pass_percent"] == 80
    [rubric] = course.rubrics
    assert [one["weight"] for one in rubric["criteria"]] == [20, 20, 25, 25, 10]
    assert [scenario["minutes"] for scenario in course.scenarios] == [8]


@pytest.mark.requirement("1.18")
def test_c02_draws_six_questions_a_step_and_six_over_all() -> None:
    course = package("C02")
    assert len(course.lessons) == 11
    assert len(course.questions) >= 120
    [quiz] = course.quizzes
    assert quiz["pass_percent"] == 75
    by_tag = {section["tags"][0]: section for section in quiz["sections"] if "tags" in section}
    assert {tag: one["draw"] for tag, one in by_tag.items()} == {
        **{f"step-{number}": 6 for number in range(1, 10)},
        "overall": 4,
    }
    fixed = [code for section in quiz["sections"] for code in section.get("questions", ())]
    kinds = {one["code"]: one for one in course.questions}
    assert [kinds[code]["type"] for code in fixed] == ["ordering", "matching"]
    assert len(kinds[fixed[0]]["items"]) == 9
    # a second paper can be drawn without any question of the first but the two fixed ones
    assert all(
        len(section_pool(section, course.questions)) >= 2 * section["draw"] for section in by_tag.values()
    )


def test_c02_scores_sales_with_a_gate_on_risk_and_teams_with_a_bonus() -> None:
    rubrics = {one["code"]: one for one in package("C02").rubrics}
    sales, team = rubrics["R-Sales"], rubrics["R-Team"]
    assert [one["weight"] for one in sales["criteria"]] == [15, 10, 20, 15, 15, 10, 10, 5]
    [gate] = sales["gates"]
    assert (gate["criterion"], gate["at_most_level"], gate["cap_percent"]) == ("risk", 1, 59)
    assert [one["weight"] for one in team["criteria"]] == [20, 25, 20, 25, 10]
    assert [one["max_points"] for one in team["bonus"]] == [5]
    scenarios = {one["code"]: one for one in package("C02").scenarios}
    assert set(scenarios) == {"RP1", "RP2", "RP3", "RP4", "RP5", "RP6"}
    assert scenarios["RP6"]["rubric"] == "R-Team"
    assert scenarios["RP6"]["team"] == {"least": 6, "most": 9}
    assert all(len(one["hidden_card"]["objections_zh"]) == 2 for one in scenarios.values())


# Each figure again, from the numbers of its stem.
FIGURES = {
    "C01-N1": 88 / 80 * 100,
    "C01-N2": 100 + (1.2 - 1.0) / 0.1 * 10,
    "C01-N3": min(138, 120) * 0.20,
    "C01-N4": 90 * 0.60 + 80 * 0.25 + 92 * 0.15,
    "C01-N5": (9000 + 15000 + 6000) * (1 - 0.08),
    "C01-N6": 200 * (0.6 * 12 + 0.4 * 18) / 30,
    "C01-N7": (290 - 240) / 2,
    "C01-N8": (14 + 22 + 27) / 70 * 100,
    "C02-103": 15 / (6 / 100),
    "C02-104": 15 / (0.6 * 0.5 * 0.5 * 0.5),
    "C02-206": 120 - 95 - 13,
    "C02-309": 5 + 10 + 15 + 10 + 10 + 10,
    "C02-310": 13 / 52 * 100,
    "C02-510": 30 * 2 / 3,
    "C02-605": 50000 * 0.03,
    "C02-606": (30 - 10) / 4,
    "C02-702": 500000 * 0.0015,
    "C02-712": 400000 * 0.002 * 90 / 360,
    "C02-803": 120 * 3 * 0.8,
    "C02-804": 288 * 0.054 * 90 / 360,
    "C02-810": (450 - 46) * 0.8,
    "C02-903": 100000 * 0.012,
    "C02-911": 12 / 18 * 100,
    "C02-912": 1 + 30,
    "C02-003": sum(w * 3 / 4 for w in (15, 10, 20, 15, 15, 10, 10, 5)),
    "C02-004": sum(w * 3 / 4 for w in (15, 10, 15, 15, 10, 10, 5)) + 20,
    "C02-005": min(82.5, 59),
    "C02-006": (78 + 84 + 81) / 3,
}


def test_numeric_answers_of_c01_and_c02_are_right() -> None:
    numeric = {
        one["code"]: one
        for code in ("C01", "C02")
        for one in package(code).questions
        if one["type"] == "numeric"
    }
    assert set(numeric) == set(FIGURES)
    for code, question in numeric.items():
        assert abs(question["answer"] - FIGURES[code]) <= question["tolerance"] + 1e-9, code


def test_questions_are_distinct_and_explained() -> None:
    for one in shipped():
        stems = [question["stem_zh"] for question in one.questions]
        assert len(set(stems)) == len(stems), one.code
        assert all(question["explanation_zh"] != question["stem_zh"] for question in one.questions)


@pytest.mark.requirement("5.18")
def test_the_feedback_form_has_the_questions_of_version_one_in_both_languages() -> None:
    forms = {one["code"]: one for one in package("C01").forms}
    codes = [one["code"] for one in forms["FB-W1"]["questions"]]
    assert [code for code in codes if "_" not in code] == [f"Q{number}" for number in range(1, 19)]
    assert {"Q19", "Q20", "Q21", "Q22"} <= {one["code"] for one in forms["FB-W2"]["questions"]}
    assert [one["code"] for one in forms["FB-S2"]["questions"]] == ["S1", "S2", "S3"]
    assert forms["FB-W2"]["after_days"] == [30, 60, 90]
    assert all(one["text_en"] for form in forms.values() for one in form["questions"])


def test_a_form_version_is_the_same_in_every_package() -> None:
    seen: dict[tuple[str, int], Any] = {}
    for one in shipped():
        for form in one.forms:
            assert seen.setdefault((form["code"], form["version"]), form) == form


@pytest.mark.requirement("6.18")
def test_courses_name_no_brands_and_insult_nobody() -> None:
    brands = "香奈儿 迪奥 古驰 路易威登 爱马仕 普拉达 阿玛尼 劳力士 欧米茄 卡地亚 万宝龙 兰蔻 耐克"
    insults = "矮胖 肥婆 胖子 矮子 丑陋 水桶腰 大象腿 罗圈腿 大饼脸 马脸 老女人 剩女 娘娘腔 蠢货 白痴 弱智"
    latin = (
        r"\b(?:chanel|dior|gucci|prada|armani|burberry|rolex|omega|cartier|montblanc|hermes|nike|adidas)\b"
    )
    for path in ROOT.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert [word for word in f"{brands} {insults}".split() if word in text] == [], path
        assert re.findall(latin, text, re.IGNORECASE) == [], path


# -- what a package becomes ---------------------------------------------------------------------------


def test_a_small_package_is_read_with_defaults_and_tags(small: Path) -> None:
    read = read_package(small)
    assert (read.code, read.lessons[0].position) == ("T01", 1)
    single = next(one for one in read.questions if one["code"] == "SI")
    assert (single["tags"], single["points"], single["difficulty"]) == (["all"], 1, 2)
    assert read.quizzes[0]["attempts_allowed"] == 3
    assert read.forms[0]["least_shown"] == 5
    assert "max_length" not in read.forms[0]["questions"][0]
    assert read.rubrics[0]["bonus"] == []
    assert [one.file for one in read.media] == ["media/blocks.png"]


def test_the_hash_follows_the_content_and_not_the_place(small: Path, tmp_path: Path) -> None:
    before = read_package(small).sha256
    copy = shutil.copytree(small, tmp_path / "elsewhere" / "T01")
    assert read_package(copy).sha256 == before
    (copy / "media" / "blocks.png").write_bytes(b"another picture")
    assert read_package(copy).sha256 != before


# -- what is refused ----------------------------------------------------------------------------------


def _question(parts: Parts, code: str) -> Parts:
    found: Parts = next(one for one in parts["questions/bank.yaml"]["questions"] if one["code"] == code)
    return found


def _set(*path: Any, to: Any) -> Callable[[Parts], None]:
    def edit(parts: Parts) -> None:
        node = parts
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = to

    return edit


def _drop(*path: Any) -> Callable[[Parts], None]:
    def edit(parts: Parts) -> None:
        node = parts
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return edit


BANK = "questions/bank.yaml"
QS = (BANK, "questions")
QUIZ = ("quizzes.yaml", "quizzes", 0)
BROKEN: list[tuple[Callable[[Parts], None], str, str | None, str]] = [
    (_drop("quizzes.yaml"), "quizzes.yaml", None, "缺少文件"),
    (_set(*QUIZ, "code", to="Q2"), "course.yaml", "quizzes[0]", "课程包里没有测验“Q”"),
    (_drop("lessons/one.yaml"), "course.yaml", "lessons[0]", "课程包里没有课时“L1”"),
    (_set("course.yaml", "rubrics", to=[]), "rubrics/r.yaml", "code", "没有写进 course.yaml"),
    (_set("course.yaml", "colour", to="red"), "course.yaml", "colour", "不认识的字段"),
    (_drop("course.yaml", "title_en"), "course.yaml", "title_en", "缺少必填项"),
    (_set("course.yaml", "summary_zh", to="  "), "course.yaml", "summary_zh", "内容不能为空"),
    (_set("course.yaml", "code", to="C 1"), "course.yaml", "code", "不是合法的代码"),
    (_set("course.yaml", "hours", to="四"), "course.yaml", "hours", "应为数字"),
    (_set("course.yaml", "pass_percent", to=101), "course.yaml", "pass_percent", "不得大于 100"),
    (_set("course.yaml", "prerequisites", to=["T01"]), "course.yaml", "prerequisites[0]", "以自己为先修"),
    (_set("course.yaml", "prerequisites", to=["C99"]), "course.yaml", "prerequisites[0]", "“C99”不存在"),
    (_set(*QUIZ, "pass_percent", to=-1), "quizzes.yaml", "quizzes[0].pass_percent", "不得小于 0"),
    (
        _set(*QUIZ, "sections", 1, "questions", to=["NU", "XX"]),
        "quizzes.yaml",
        "quizzes[0].sections[1].questions[1]",
        "不存在的题目“XX”",
    ),
    (
        _set(*QUIZ, "sections", 0, "draw", to=5),
        "quizzes.yaml",
        "quizzes[0].sections[0].draw",
        "要抽 5 题，题库中符合条件的只有 4 题",
    ),
    (
        _set(*QUIZ, "sections", 1, "questions", to=["NU", "SI"]),
        "quizzes.yaml",
        "quizzes[0].sections[1]",
        "“SI”已属于第 1 部分",
    ),
    (_set(*QUIZ, "sections", to=[]), "quizzes.yaml", "quizzes[0].sections", "至少要有 1 项"),
    (_drop(*QS, 0, "answer"), BANK, "questions[0].answer", "缺少必填项"),
    (_set(*QS, 0, "answer", to="Z"), BANK, "questions[0].answer", "答案“Z”不在选项中"),
    (_set(*QS, 0, "tolerance", to=1), BANK, "questions[0].tolerance", "此处不能使用这个字段"),
    (_set(*QS, 0, "type", to="essay"), BANK, "questions[0].type", "“essay”不在允许的范围内"),
    (_set(*QS, 0, "code", to="MU"), BANK, "questions[1].code", "代码“MU”已在"),
    (_set(*QS, 1, "answer", to=[]), BANK, "questions[1].answer", "题目没有正确答案"),
    (_set(*QS, 1, "answer", to=["A", "Z"]), BANK, "questions[1].answer[1]", "答案“Z”不在选项中"),
    (_set(*QS, 1, "options", 1, "key", to="A"), BANK, "questions[1].options[1].key", "“A”出现了不止一次"),
    (_set(*QS, 2, "answer", to="对"), BANK, "questions[2].answer", "应为 true 或 false"),
    (_set(*QS, 3, "answer", to=["x", "x"]), BANK, "questions[3].answer[1]", "“x”出现了不止一次"),
    (_set(*QS, 3, "answer", to=["x"]), BANK, "questions[3].answer", "缺少“y”"),
    (_set(*QS, 4, "answer", to={"a": "d"}), BANK, "questions[4].answer", "“b”没有对应的答案"),
    (_set(*QS, 4, "answer", "a", to="q"), BANK, "questions[4].answer.a", "答案“q”不在选项中"),
    (_drop(*QS, 5, "tolerance"), BANK, "questions[5].tolerance", "缺少必填项"),
    (_set(*QS, 5, "answer", to=float("inf")), BANK, "questions[5].answer", "应为有限的数字"),
    (_drop(*QS, 6, "answer"), BANK, "questions[6].answer", "可接受的答案"),
    (_set("lessons/one.yaml", "blocks", to=[]), "lessons/one.yaml", "blocks", "至少要有 1 项"),
    (
        _set("lessons/one.yaml", "blocks", 0, "kind", to="song"),
        "lessons/one.yaml",
        "blocks[0].kind",
        "“song”",
    ),
    (
        _drop("lessons/one.yaml", "blocks", 1, "right_zh"),
        "lessons/one.yaml",
        "blocks[1].right_zh",
        "缺少必填",
    ),
    (
        _set("rubrics/r.yaml", "criteria", 0, "weight", to=59),
        "rubrics/r.yaml",
        "criteria",
        "各项权重合计为 99，应为 100",
    ),
    (
        _set("rubrics/r.yaml", "criteria", 1, "levels_zh", to=["一", "二", "三"]),
        "rubrics/r.yaml",
        "criteria[1].levels_zh",
        "至少要有 4 项",
    ),
    (
        _set("rubrics/r.yaml", "gates", 0, "criterion", to="z"),
        "rubrics/r.yaml",
        "gates[0].criterion",
        "没有“z”这一项",
    ),
    (_set("scenarios/s.yaml", "rubric", to="R9"), "scenarios/s.yaml", "rubric", "没有评分标准“R9”"),
    (_set("forms/f.yaml", "questions", 0, "max", to=1), "forms/f.yaml", "questions[0].max", "大于最小值"),
    (_drop("forms/f.yaml", "questions", 0, "text_en"), "forms/f.yaml", "questions[0].text_en", "缺少必填项"),
    (_set("forms/f.yaml", "questions", 1, "code", to="Q1"), "forms/f.yaml", "questions[1].code", "不止一次"),
    (
        _set("forms/f.yaml", "questions", 2, "only_if", "question", to="Q7"),
        "forms/f.yaml",
        "questions[2].only_if.question",
        "前面没有问题“Q7”",
    ),
    (
        _set("forms/f.yaml", "questions", 2, "only_if", "answer", to="maybe"),
        "forms/f.yaml",
        "questions[2].only_if.answer",
        "没有这个答案",
    ),
]


@pytest.mark.parametrize(("edit", "file", "field", "words"), BROKEN)
def test_a_broken_package_is_refused_naming_file_and_field(
    tmp_path: Path, edit: Callable[[Parts], None], file: str, field: str | None, words: str
) -> None:
    parts = deepcopy(SMALL)
    edit(parts)
    found = problems(write(tmp_path / "T01", parts))
    hits = [one for one in found if (one.file, one.field) == (file, field)]
    assert any(words in one.message % dict(one.params) for one in hits), [str(one) for one in found]
    if field is not None:
        assert all(one.line is not None for one in hits)


@pytest.mark.requirement("6.07")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("![](media/blocks.png)", "缺少文字说明"),
        ("![图](media/none.png)", "没有文件“media/none.png”"),
        ("![图](https://example.com/a.png)", "必须是课程包内的相对路径"),
        ("[看](//example.com/a)", "必须是课程包内的相对路径"),
        ("[看](/etc/passwd)", "必须是课程包内的相对路径"),
        ("[看](media/../../T02/course.yaml)", "必须是课程包内的相对路径"),
        ("[看](media/%2e%2e/%2e%2e/secret)", "必须是课程包内的相对路径"),
        ("<script>alert(1)</script>", "不能包含 HTML"),
        ("文字 <img src=x> 文字", "不能包含 HTML"),
    ],
)
def test_pictures_need_a_description_and_links_stay_inside(tmp_path: Path, text: str, words: str) -> None:
    parts = deepcopy(SMALL)
    parts["lessons/one.yaml"]["blocks"][0]["text_zh"] = text
    found = problems(write(tmp_path / "T01", parts))
    hits = [one for one in found if one.field == "blocks[0].text_zh"]
    assert any(words in one.message % dict(one.params) for one in hits), [str(one) for one in found]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"code: L1\ncode: L2\n", "字段重复"),
        (b"code: [L1\n", "YAML 写法有误"),
        (b"a: &x [1]\nb: *x\n", "锚点和引用"),
        (b"a: !!python/object/apply:os.system ['true']\n", "类型标签"),
        ("标题".encode("gbk"), "UTF-8"),
        (b"[" * 60 + b"]" * 60, "嵌套超过"),
        (b"x: " + b"a" * (1024 * 1024), "字节"),
        (b"when: 2026-02-30\n", "YAML 写法有误"),
        (b"", "应为“名称：内容”的形式"),
    ],
)
def test_a_file_that_is_no_plain_yaml_is_refused(small: Path, content: bytes, words: str) -> None:
    (small / "lessons" / "one.yaml").write_bytes(content)
    hits = [one for one in problems(small) if one.file == "lessons/one.yaml"]
    assert any(words in one.message % dict(one.params) for one in hits)


def test_lines_are_those_of_the_file(small: Path) -> None:
    path = small / "course.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("pass_percent: 60", "pass_percent: 600"))
    number = path.read_text(encoding="utf-8").splitlines().index("pass_percent: 600") + 1
    assert [(one.file, one.line) for one in problems(small)] == [("course.yaml", number)]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    parts = deepcopy(SMALL)
    parts["course.yaml"]["pass_percent"] = 120
    _question(parts, "SI")["answer"] = "Z"
    parts["rubrics/r.yaml"]["criteria"][0]["weight"] = 50
    files = {one.file for one in problems(write(tmp_path / "T01", parts))}
    assert files == {"course.yaml", BANK, "rubrics/r.yaml"}


def test_files_that_do_not_belong_are_refused(small: Path) -> None:
    (small / "install.py").write_text("print()")
    (small / "media" / "run.svg").write_text("<svg/>")
    os.symlink("/etc/hostname", small / "media" / "host.png")
    found = {(one.file, one.message) for one in problems(small)}
    assert {
        ("install.py", "课程包里不该有这个文件"),
        ("media/run.svg", "课程包里不该有这个文件"),
        ("media/host.png", "课程包里不能有指向别处的链接文件"),
    } <= found


def test_a_picture_nobody_shows_is_named(small: Path) -> None:
    (small / "media" / "old.png").write_bytes(b"old")
    assert [(one.file, one.message) for one in problems(small)] == [("media/old.png", "没有课时用到这个文件")]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert [one.message for one in problems(tmp_path / "none")] == ["找不到课程包文件夹"]
    with pytest.raises(Rejected):
        read_packages(tmp_path)


@pytest.mark.requirement("5.14")
def test_prerequisites_that_wait_for_each_other_are_refused_naming_both(tmp_path: Path) -> None:
    for code, other in (("A1", "B1"), ("B1", "A1")):
        parts = deepcopy(SMALL)
        parts["course.yaml"] |= {"code": code, "prerequisites": [other]}
        write(tmp_path / code, parts)
    with pytest.raises(Rejected) as caught:
        read_packages(tmp_path)
    [problem] = caught.value.problems
    assert problem.message % dict(problem.params) == "先修课程互相等待：A1 → B1 → A1"


def test_a_ring_is_told_once_and_a_chain_is_no_ring() -> None:
    chain = check_prerequisites({"A": ["B"], "B": ["C"], "C": []})
    ring = check_prerequisites({"A": ["B"], "B": ["C"], "C": ["B"]})
    assert list(chain) == []
    assert [one.params["ring"] for one in ring] == ["B → C → B"]
