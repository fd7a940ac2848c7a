"""The rules as a Word document, and as a redline that gives either version back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.appraisal.rules.redline import redline
from lms.appraisal.rules.ruletext import Issue, Part, rule_document
from lms.appraisal.rules.ruletext_words import WORDS
from lms.core.wordfile import About, Paragraph, Row, Run, Table, write
from lms.demo.appraisals import SCHEMES
from lms.scoring import Scheme, parse
from lms.scoring.document import BoundStage, Effect, GateMissing, Group, IndicatorClass, Weighting
from lms.scoring.schemefile import read as read_scheme
from tests.appraisal.docx import W, body, changes, read
from tests.scoring.test_properties import schemes

pytestmark = pytest.mark.sampled

SHIPPED = sorted(SCHEMES.glob("*.yaml"))
CORPORATE = (SCHEMES / "corporate.yaml").read_text(encoding="utf-8")
AT = About("方案", author="张三", at=datetime(2026, 11, 24, 8, 30, tzinfo=UTC))


def document(scheme: Scheme, lang: str = "zh", **issue: Any) -> bytes:
    return write([part.block for part in rule_document(scheme, Issue(**issue), lang)], AT)


def redlined(old: Scheme, new: Scheme, lang: str = "zh") -> bytes:
    return write(redline(*(rule_document(one, Issue(), lang) for one in (old, new))), AT)


@pytest.mark.requirement("7.17")
def test_the_document_says_clause_by_clause_what_is_scored() -> None:
    scheme = read_scheme(CORPORATE)
    told = read(
        document(
            scheme,
            bank="示例银行",
            number=2,
            state="active",
            since="2026-01-01",
            measures={"LOAN_AVG": "贷款"},
        )
    )
    assert told[:2] == [("Title", "公司客户经理季度考核方案"), ("Subtitle", "考核计分规则")]
    assert ("row", "版本", "第 2 版") in told
    assert ("row", "状态", "已启用") in told
    at = told.index(("Heading2", "第 2.2 条"))
    assert told[at + 1][1].startswith("贷款日均完成 80% 得 60 分")
    assert told[at + 2][1].startswith("指标 贷款日均：权重 20%；数据来源：贷款。比率法：实际值 ÷ 目标值；")
    gate = next(line[1] for line in told if line[1].startswith("门槛 测验不合格："))
    assert gate == (
        "门槛 测验不合格：training.quiz < 60 时，等级最高为 C 合格；缺数据时不出总分。"
        "公布的理由：测验成绩低于 60 分的，等级最高为 C。"
    )
    assert ("row", "B", "良好", "总分 85 分以上") in told
    assert ("row", "总分", "97.08", "97.08", "相符") in told
    last = told[told.index(("Heading1", "五、没有计分规则的条款")) + 1 :]
    assert last[0] == (
        "ListParagraph",
        "1 本办法适用于公司条线客户经理，按季考核。".replace("1 ", "第 1 条 "),
    )


def test_the_english_document_has_no_chinese_but_the_banks_own() -> None:
    scheme = read_scheme(CORPORATE)
    own = "".join(
        [clause.text for clause in scheme.clauses]
        + [one.name for one in scheme.examples]
        + [line.unit for _, line in scheme.indicators()]
        + [item.source for _, line in scheme.indicators() for item in line.coefficients]
    )
    for line in read(document(scheme, "en", number=2, state="draft")):
        for chinese in re.findall(r"[\u4e00-\u9fff]+", " ".join(line[1:])):
            assert chinese in own


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_rule_and_clause_stands_in_the_document_once(path: Any, lang: str) -> None:
    scheme = read_scheme(path.read_bytes())
    parts = rule_document(scheme, Issue(), lang)
    keys = [part.key for part in parts]
    assert len(set(keys)) == len(keys)
    assert {f"indicator/{line.code}" for _, line in scheme.indicators()} <= set(keys)
    assert {f"gate/{gate.code}" for gate in scheme.gates} <= set(keys)
    numbers = {clause.number for clause in scheme.clauses}
    assert numbers == {key.split("/")[-1] for key in keys if re.fullmatch(r"(without/)?clause/[^/]+", key)}


def test_every_choice_has_words() -> None:
    tables = {"weighting": Weighting, "bound_stage": BoundStage, "group": Group, "class": IndicatorClass}
    tables |= {"effect": Effect, "gate_missing": GateMissing}
    for words in WORDS.values():
        for name, kind in tables.items():
            assert set(words[name]) == set(kind)
    assert WORDS["zh"].keys() == WORDS["en"].keys()


@pytest.mark.requirement("7.17")
def test_a_redline_marks_what_went_and_what_came_with_name_and_time() -> None:
    old = read_scheme(CORPORATE)
    text = CORPORATE.replace("at_least: 95}", "at_least: 96}").split("examples:")[0]
    new = read_scheme(text.replace("测验成绩低于 60 分的，", "测验成绩低于 65 分的，"))
    content = redlined(old, new)
    assert ("96" in changes(content, "ins"), "95" in changes(content, "del")) == (True, True)
    assert ("65" in changes(content, "ins"), "60" in changes(content, "del")) == (True, True)
    assert "算例 1：一位客户经理的全部指标" in changes(content, "del")
    marks = [one for kind in ("ins", "del") for one in body(content).iter(f"{W}{kind}")]
    assert {one.get(f"{W}author") for one in marks} == {"张三"}
    assert {one.get(f"{W}date") for one in marks} == {"2026-11-24T08:30:00Z"}
    assert len({one.get(f"{W}id") for one in marks}) == len(marks)
    assert read(content, gone="del") == read(document(new))
    assert read(content, gone="ins") == read(document(old))


@pytest.mark.requirement("7.17")
@given(schemes(), schemes(), st.sampled_from(["zh", "en"]))
def test_accepted_it_is_the_new_one_and_rejected_the_old_one(
    first: dict[str, Any], second: dict[str, Any], lang: str
) -> None:
    old, new = (parse(data | {"reason_for_full_business": "x"}) for data in (first, second))
    content = redlined(old, new, lang)
    assert read(content, gone="del") == read(document(new, lang))
    assert read(content, gone="ins") == read(document(old, lang))
    assert changes(redlined(new, new, lang), "ins") == []


words = st.text(st.sampled_from("计分得 60.5%ab\n\x01<&>\"'\ud800"), max_size=8)
cells = st.tuples(words, words).map(lambda pair: Row(tuple((Run(one),) for one in pair)))


@st.composite
def parts(draw: st.DrawFn) -> list[Part]:
    found = []
    for key in draw(st.lists(st.sampled_from("abcdefg"), unique=True)):
        if draw(st.booleans()):
            names = tuple(draw(st.lists(st.sampled_from("xyz"), unique=True)))
            rows = tuple(draw(cells) for _ in names)
            found.append(Part(key, Table(rows, (50, 50)), names))
        else:
            style = draw(st.sampled_from(["Normal", "Heading1"]))
            runs = (Run(draw(words)), Run(draw(words), bold=True))
            found.append(Part(key, Paragraph(runs, style)))  # type: ignore[arg-type]
    return found


@given(parts(), parts())
def test_any_two_documents_lie_over_each_other(old: list[Part], new: list[Part]) -> None:
    content = write(redline(old, new), AT)
    assert read(content, gone="del") == read(write([part.block for part in new], AT))
    assert read(content, gone="ins") == read(write([part.block for part in old], AT))


def test_the_same_document_is_the_same_file() -> None:
    scheme = read_scheme(CORPORATE)
    assert document(scheme) == document(scheme)
