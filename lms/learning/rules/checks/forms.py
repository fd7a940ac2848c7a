"""Checks of feedback forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lms.core.i18n import N_
from lms.learning.rules.checks.names import repeated
from lms.learning.rules.package import Document, FieldPath, Finding


def check_form(document: Document) -> Iterator[Finding]:
    """Question codes are used once, ranges are ranges, and a condition names an earlier question's answer."""
    questions = document.data["questions"]
    yield from repeated(document.file, ("questions",), questions, "code")
    earlier: dict[str, Mapping[str, Any]] = {}
    for place, question in enumerate(questions):
        base: FieldPath = ("questions", place)
        if "min" in question and question["min"] >= question["max"]:
            yield Finding(document.file, (*base, "max"), N_("最大值必须大于最小值"), {})
        if "options" in question:
            yield from repeated(document.file, (*base, "options"), question["options"], "key")
            for index, option in enumerate(question["options"]):
                if "text_en" not in option:
                    yield Finding(document.file, (*base, "options", index, "text_en"), N_("缺少必填项"), {})
        condition = question.get("only_if")
        if condition is not None:
            asked = earlier.get(condition["question"])
            if asked is None:
                yield Finding(
                    document.file,
                    (*base, "only_if", "question"),
                    N_("前面没有问题“%(code)s”"),
                    {"code": condition["question"]},
                )
            elif condition["answer"] not in _answers(asked):
                yield Finding(
                    document.file,
                    (*base, "only_if", "answer"),
                    N_("问题“%(code)s”没有这个答案"),
                    {"code": condition["question"]},
                )
        earlier[question["code"]] = question


def _answers(question: Mapping[str, Any]) -> list[object]:
    """The answers a condition may wait for: yes/no or a choice; scales and texts have none."""
    if question["type"] == "yes_no":
        return [True, False]
    return [option["key"] for option in question.get("options", ())]
