"""Checks of quizzes: every section finds its questions, and no question can be drawn twice in one paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lms.core.i18n import N_
from lms.learning.rules.checks.names import repeated
from lms.learning.rules.package import Document, FieldPath, Finding

Question = Mapping[str, Any]


def section_pool(section: Mapping[str, Any], questions: Sequence[Question]) -> list[str]:
    """Codes of the questions a section takes (fixed) or draws from: all its tags, one of its types."""
    if "questions" in section:
        return list(section["questions"])
    tags, types = set(section["tags"]), section.get("types")
    return [
        question["code"]
        for question in questions
        if tags <= set(question["tags"]) and (types is None or question["type"] in types)
    ]


def check_quizzes(document: Document, questions: Sequence[Question]) -> Iterator[Finding]:
    """Findings over the file of quizzes against the package's whole bank of questions (tags filled in)."""
    known = {question["code"] for question in questions}
    yield from repeated(document.file, ("quizzes",), document.data["quizzes"], "code")
    for number, quiz in enumerate(document.data["quizzes"]):
        taken: dict[str, int] = {}
        for place, section in enumerate(quiz["sections"]):
            base: FieldPath = ("quizzes", number, "sections", place)
            pool = section_pool(section, questions)
            if "questions" in section:
                for index, code in enumerate(pool):
                    if code not in known:
                        yield Finding(
                            document.file,
                            (*base, "questions", index),
                            N_("测验“%(quiz)s”用到了不存在的题目“%(code)s”"),
                            {"quiz": quiz["code"], "code": code},
                        )
            elif len(pool) < section["draw"]:
                yield Finding(
                    document.file,
                    (*base, "draw"),
                    N_("要抽 %(draw)s 题，题库中符合条件的只有 %(pool)s 题"),
                    {"draw": section["draw"], "pool": len(pool)},
                )
            twice = next((code for code in pool if taken.get(code, place) != place), None)
            if twice is not None:
                yield Finding(
                    document.file,
                    base,
                    N_("题目“%(code)s”已属于第 %(section)s 部分，同一张卷子会重复出题"),
                    {"code": twice, "section": taken[twice] + 1},
                )
            for code in pool:
                taken.setdefault(code, place)
