"""Formulas, conditions and grades in plain words, Chinese ("zh") or English ("en")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lms.scoring.document import (
    RESULT_INDICATOR,
    RESULT_SECTION,
    Condition,
    GradeBand,
    Node,
    Op,
    Operation,
    Quota,
    Scheme,
    Take,
)

Names = Mapping[str, str]

_BETWEEN = {
    Operation.SUM: " + ",
    Operation.DIFFERENCE: " − ",
    Operation.PRODUCT: " × ",
    Operation.QUOTIENT: " ÷ ",
}
SIGNS = {Op.GT: ">", Op.GE: "≥", Op.LT: "<", Op.LE: "≤", Op.EQ: "=", Op.NE: "≠"}
"""How people write a comparison."""
_WORDS: dict[str, dict[str, Any]] = {
    "zh": {
        "target": "{name}目标",
        "missing": "{name}（缺数据时按 {value} 计）",
        "min": "{parts} 中的较小者",
        "max": "{parts} 中的较大者",
        "and": "、",
        "section": "模块“{name}”得分",
        "indicator": "指标“{name}”得分",
        "result.total": "以往考核总分",
        "result.grade": "以往考核等级",
        "times": "最近 {periods} 期中至少 {times} 期{met}",
        "all": "最近 {periods} 期每期{met}",
        "year": "（只看本年）",
        Take.SUM: "最近 {periods} 期合计{met}",
        Take.MEAN: "最近 {periods} 期平均{met}",
        Op.LE: "不高于 {grade}",
        Op.GE: "不低于 {grade}",
        Op.LT: "低于 {grade}",
        Op.GT: "高于 {grade}",
        Op.EQ: "为 {grade}",
        Op.NE: "不为 {grade}",
        "at_least": "总分 {value} 分以上",
        "top": "前 {value}%",
        "rest": "其余",
        "join": "，且",
        Quota.DOWN: "（人数向下取整）",
        Quota.HALF_UP: "（人数四舍五入）",
        Quota.UP: "（人数向上取整）",
        Quota.INTERPOLATED: "",
    },
    "en": {
        "target": "target of {name}",
        "missing": "{name} (counted as {value} when missing)",
        "min": "the lower of {parts}",
        "max": "the higher of {parts}",
        "and": " and ",
        "section": "points of section “{name}”",
        "indicator": "points of indicator “{name}”",
        "result.total": "total of earlier appraisals",
        "result.grade": "grade of earlier appraisals",
        "times": "{met} in at least {times} of the last {periods} periods",
        "all": "{met} in each of the last {periods} periods",
        "year": " (this year only)",
        Take.SUM: "sum over the last {periods} periods: {met}",
        Take.MEAN: "mean over the last {periods} periods: {met}",
        Op.LE: "{grade} or worse",
        Op.GE: "{grade} or better",
        Op.LT: "worse than {grade}",
        Op.GT: "better than {grade}",
        Op.EQ: "{grade}",
        Op.NE: "other than {grade}",
        "at_least": "total of {value} or more",
        "top": "the first {value}%",
        "rest": "all others",
        "join": ", and ",
        Quota.DOWN: " (people rounded down)",
        Quota.HALF_UP: " (people rounded half up)",
        Quota.UP: " (people rounded up)",
        Quota.INTERPOLATED: "",
    },
}


def formula_words(node: Node, lang: str = "zh", names: Names | None = None) -> str:
    """The formula as one writes it, measures by their names where these are given: 利润 − 0.5 × 逾期."""
    return _node(node, _WORDS[lang], names or {}, inside=False)


def condition_words(
    scheme: Scheme, condition: Condition, lang: str = "zh", names: Names | None = None
) -> str:
    """The condition as a sentence without its end."""
    words = _WORDS[lang]
    name = _measure(scheme, condition.measure, words, lang, names or {})
    if isinstance(condition.value, str):
        space = " " if lang == "en" else ""
        met = name + space + words[condition.op].format(grade=condition.value)
    else:
        met = f"{name} {SIGNS[condition.op]} {_n(condition.value)}"
    periods = condition.periods or (1 if condition.of_the_past else None)
    if periods is None:
        return str(met)
    key: Any = condition.take
    if condition.take is Take.TIMES:
        key = "all" if (condition.times or periods) == periods else "times"
    told = words[key].format(periods=periods, times=condition.times, met=met)
    return str(told) + (words["year"] if condition.within_year else "")


def grade_words(scheme: Scheme, band: GradeBand, lang: str = "zh", names: Names | None = None) -> str:
    """What a grade asks for: 总分 90 分以上，且前 20%，且…."""
    words = _WORDS[lang]
    parts = []
    if band.at_least is not None:
        parts.append(words["at_least"].format(value=_n(band.at_least)))
    if band.top is not None:
        parts.append(words["top"].format(value=_n(band.top)) + words[scheme.quota])
    parts += [condition_words(scheme, one, lang, names) for one in band.admission]
    return str(words["join"].join(parts) if parts else words["rest"])


def _node(node: Node, words: Mapping[str, Any], names: Names, *, inside: bool) -> str:
    if node.op is Operation.NUMBER:
        return _n(node.value or 0.0)
    if node.op.leaf:
        name = names.get(node.code, node.code)
        said = words["target"].format(name=name) if node.op is Operation.TARGET else name
        return said if node.missing is None else words["missing"].format(name=said, value=_n(node.missing))
    parts = [_node(part, words, names, inside=True) for part in node.parts]
    if node.op in _BETWEEN:
        told = _BETWEEN[node.op].join(parts)
    else:
        told = words[node.op.value].format(parts=words["and"].join(parts))
    return f"({told})" if inside else str(told)


def _measure(scheme: Scheme, code: str, words: Mapping[str, Any], lang: str, names: Names) -> str:
    if code in words:
        return str(words[code])
    results = {RESULT_SECTION + one.code: ("section", _named(one, lang)) for one in scheme.sections}
    results |= {
        RESULT_INDICATOR + one.code: ("indicator", _named(one, lang)) for _, one in scheme.indicators()
    }
    if code in results:
        kind, name = results[code]
        return str(words[kind].format(name=name))
    formulas = {one.code: _named(one, lang) for one in scheme.formulas}
    return formulas.get(code) or names.get(code, code)


def _named(one: Any, lang: str) -> str:
    return str((one.name_en if lang == "en" else "") or one.name_zh)


def _n(value: float) -> str:
    return f"{value:.10g}"
