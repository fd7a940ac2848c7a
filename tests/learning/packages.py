"""A small course as a package, for tests of what happens after reading."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lms.learning.rules.package import CourseInfo, LessonPlan, Package

PAIR = {
    "kind": "pair",
    "wrong_zh": "客户经理一进门就谈产品。",
    "right_zh": "客户经理先问候,再问近况。",
    "differences_zh": ["没有问候", "没有递名片", "先谈产品", "打断客户", "没有约下次时间"],
}


def lesson(code: str, position: int, *blocks: dict[str, Any], kind: str = "theory") -> LessonPlan:
    return LessonPlan(
        code=code,
        position=position,
        title_zh=f"第{position}课 拜访客户",
        title_en=f"Lesson {position} Visiting customers",
        kind=kind,
        minutes=45,
        owner_unit_zh=None,
        owner_unit_en=None,
        blocks=blocks,
    )


def small_package(code: str = "T01", sha256: str = "a" * 64, **over: Any) -> Package:
    """Two lessons, one quiz, one feedback form of the first wave and one of the second."""
    head = {
        "title_zh": "客户拜访入门",
        "title_en": "First visits",
        "summary_zh": "怎样准备和进行一次拜访。",
        "summary_en": "How to prepare and make a call on a customer.",
    }
    head |= {name: over.pop(name) for name in list(over) if name in head}
    parts: dict[str, Any] = {
        "lessons": (
            lesson(
                "L1",
                1,
                {"kind": "intro", "text_zh": "为什么要拜访?", "text_en": "Why visit?"},
                {"kind": "theory", "title_zh": "准备", "text_zh": "**先看资料**,再定目标。"},
                {"kind": "discussion", "text_zh": "您会怎么做?", "answer_zh": "先了解客户的近况。"},
            ),
            lesson("L2", 2, PAIR, kind="drill"),
        ),
        "questions": (),
        "quizzes": ({"code": "Q1"},),
        "scenarios": (),
        "rubrics": (),
        "forms": (
            {"code": "F1", "respondent": "trainee", "wave": 1},
            {"code": "F2", "respondent": "trainee", "wave": 2},
            {"code": "S1", "respondent": "supervisor", "wave": 1},
        ),
        "media": (),
    } | over
    return Package(
        code=code,
        sha256=sha256,
        course=CourseInfo(
            code=code,
            **head,
            audience_zh="客户经理",
            audience_en="Relationship managers",
            owner_unit_zh=None,
            owner_unit_en=None,
            required=True,
            hours=Decimal("4.5"),
            pass_percent=Decimal(80),
            prerequisites=(),
            methods=(),
        ),
        **parts,
    )
