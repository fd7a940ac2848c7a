"""Checks of questions: each has a right answer, and the answer names what is there to choose."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lms.core.i18n import N_
from lms.learning.rules.checks.names import repeated
from lms.learning.rules.package import Document, FieldPath, Finding

Question = Mapping[str, Any]
Complaint = tuple[FieldPath, str, dict[str, object]]


def check_questions(document: Document) -> Iterator[Finding]:
    """Findings over one file of questions that has passed its schema."""
    for place, question in enumerate(document.data["questions"]):
        base: FieldPath = ("questions", place)
        for name in ("options", "items", "left", "right"):
            if name in question:
                yield from repeated(document.file, (*base, name), question[name], "key")
        check = _CHECKS.get(question["type"])
        for path, message, params in check(question) if check else ():
            yield Finding(document.file, (*base, *path), message, params)


def _keys(choices: Sequence[Mapping[str, Any]]) -> list[str]:
    return [choice["key"] for choice in choices]


def _single(question: Question) -> Iterator[Complaint]:
    if question["answer"] not in _keys(question["options"]):
        yield ("answer",), N_("答案“%(key)s”不在选项中"), {"key": question["answer"]}


def _multiple(question: Question) -> Iterator[Complaint]:
    if not question["answer"]:
        yield ("answer",), N_("题目没有正确答案"), {}
    options = _keys(question["options"])
    for place, key in enumerate(question["answer"]):
        if key not in options:
            yield ("answer", place), N_("答案“%(key)s”不在选项中"), {"key": key}


def _ordering(question: Question) -> Iterator[Complaint]:
    items, answer = _keys(question["items"]), question["answer"]
    seen: set[str] = set()
    for place, key in enumerate(answer):
        if key not in items:
            yield ("answer", place), N_("答案“%(key)s”不在选项中"), {"key": key}
        elif key in seen:
            yield ("answer", place), N_("排序答案中“%(key)s”出现了不止一次"), {"key": key}
        seen.add(key)
    for key in items:
        if key not in seen:
            yield ("answer",), N_("排序答案中缺少“%(key)s”"), {"key": key}


def _matching(question: Question) -> Iterator[Complaint]:
    left, right = _keys(question["left"]), _keys(question["right"])
    for key, value in question["answer"].items():
        if key not in left:
            yield ("answer", key), N_("答案“%(key)s”不在选项中"), {"key": key}
        if value not in right:
            yield ("answer", key), N_("答案“%(key)s”不在选项中"), {"key": value}
    for key in left:
        if key not in question["answer"]:
            yield ("answer",), N_("“%(key)s”没有对应的答案"), {"key": key}


def _numeric(question: Question) -> Iterator[Complaint]:
    for name in ("answer", "tolerance"):
        if not math.isfinite(question[name]):
            yield (name,), N_("应为有限的数字"), {}


def _short(question: Question) -> Iterator[Complaint]:
    if "answer" not in question and "model_zh" not in question:
        yield ("answer",), N_("简答题要写明可接受的答案（answer）或参考答案（model_zh）"), {}


_CHECKS: Mapping[str, Callable[[Question], Iterator[Complaint]]] = {
    "single": _single,
    "multiple": _multiple,
    "ordering": _ordering,
    "matching": _matching,
    "numeric": _numeric,
    "short": _short,
}
