"""Checks of codes: each named once, and every name standing for something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lms.core.i18n import N_
from lms.learning.rules.package import Document, FieldPath, Finding


def repeated(file: str, base: FieldPath, items: Sequence[Mapping[str, Any]], name: str) -> Iterator[Finding]:
    """Items of one list whose ``name`` field repeats that of an earlier item."""
    seen: set[object] = set()
    for place, item in enumerate(items):
        value = item[name]
        if value in seen:
            yield Finding(file, (*base, place, name), N_("“%(value)s”出现了不止一次"), {"value": value})
        seen.add(value)


def repeated_across(parts: Iterable[tuple[str, FieldPath, str]]) -> Iterator[Finding]:
    """Codes (file, path, code) that another file or place of the package uses already."""
    listed = list(parts)
    counts = Counter(code for _, _, code in listed)
    first: dict[str, str] = {}
    for file, path, code in listed:
        if counts[code] > 1 and code in first:
            params = {"value": code, "other": first[code]}
            yield Finding(file, path, N_("代码“%(value)s”已在 %(other)s 中使用"), params)
        first.setdefault(code, file)


def manifest(course: Document, field: str, present: Mapping[str, str]) -> Iterator[Finding]:
    """What the course names under ``field`` and the package lacks, and what it holds without naming it.

    ``present`` maps the codes found in the package to their files.
    """
    named: Sequence[str] = course.data.get(field, [])
    for place, code in enumerate(named):
        if code not in present:
            yield Finding(course.file, (field, place), _MISSING[field], {"code": code})
    for code, file in present.items():
        if code not in named:
            message = N_("“%(code)s”没有写进 course.yaml 的 %(field)s")
            yield Finding(file, ("code",), message, {"code": code, "field": field})


_MISSING = {
    "lessons": N_("课程包里没有课时“%(code)s”"),
    "quizzes": N_("课程包里没有测验“%(code)s”"),
    "rubrics": N_("课程包里没有评分标准“%(code)s”"),
    "scenarios": N_("课程包里没有演练“%(code)s”"),
    "forms": N_("课程包里没有表单“%(code)s”"),
}
