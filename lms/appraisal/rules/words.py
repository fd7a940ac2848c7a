"""A rule of a scheme in plain words: sentences as message ids with their values, translated by the page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from lms.appraisal.rules.draft import IndicatorDraft, Mode
from lms.core.i18n import N_, pick
from lms.scoring import Scheme
from lms.scoring.diffing import Change, Difference

Sentence = tuple[str, Mapping[str, Any]]

_MORE = N_(
    "达到目标得 %(base)s 分；每高于目标 %(step)s 加 %(points)s 分，每低于目标 %(step)s 减 %(points)s 分。"
)
_LESS = N_(
    "达到目标得 %(base)s 分；每低于目标 %(step)s 加 %(points)s 分，每高于目标 %(step)s 减 %(points)s 分。"
)
_STEP_MODES = {
    "whole": N_("不足一步的不计。"),
    "started": N_("不足一步的按一步计。"),
    "half_up": N_("不足一步的，满半步按一步计。"),
}
_MISSING = {
    "pending": N_("缺数据时不出总分，不按零分计。"),
    "zero": N_("缺数据时按零分计。"),
    "full": N_("缺数据时按满分计（100 分，不超出上下限）。"),
    "peer_mean": N_("缺数据时按其他人的平均得分计。"),
    "previous": N_("缺数据时按上期得分计。"),
    "exclude_and_rescale": N_("缺数据时不计此项，其权重按比例分给同模块其他指标。"),
    "move": N_("缺数据时不计此项，其权重移给指标 %(to)s。"),
}
_BY_VALUE = (Mode.VALUE, Mode.UNIT, Mode.LEDGER)


def in_words(line: IndicatorDraft) -> list[Sentence]:
    """Return what a rule says, sentence by sentence; nothing for one that these sentences cannot say."""
    against_target = line.mode in (Mode.RATIO, Mode.DIFFERENCE) and line.reference == "target"
    if not (against_target or line.mode in _BY_VALUE) or line.zero != "pending":
        return []
    said = [_curve(line)]
    if line.mode in (Mode.DIFFERENCE, Mode.UNIT) and line.step is not None and line.step_mode in _STEP_MODES:
        said.append((_STEP_MODES[line.step_mode], {}))
    if line.mode is Mode.LEDGER:
        said.append((_STEP_MODES["whole"], {}))
    said += [
        (N_("再乘以系数 %(value)s。"), {"value": plain(one.value)})
        for one in line.coefficients
        if one.value != 1
    ]
    said += _bounds(line)
    said.append((_MISSING[line.missing], {"to": line.moves_to}))
    return said


def plain(value: float | Decimal | None) -> str:
    """Return a number as people write it: 60, 0.1, 2.5; nothing for none."""
    if value is None:
        return ""
    text = f"{Decimal(repr(value)) if isinstance(value, float) else Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_CHANGES = {
    Change.ADDED: N_("新增：%(new)s"),
    Change.REMOVED: N_("删除：%(old)s"),
    Change.CHANGED: N_("由 %(old)s 改为 %(new)s"),
    Change.MOVED: N_("顺序由 %(old)s 改为 %(new)s"),
}


LABELS = {
    "admission": N_("准入条件"),
    "at_least": N_("最低分"),
    "bound": N_("保底与封顶"),
    "bound_stage": N_("封顶与系数的先后"),
    "cap": N_("封顶分"),
    "class": N_("指标类别"),
    "clause": N_("条款编号"),
    "clause_zh": N_("门槛条文"),
    "clauses": N_("条款"),
    "coefficients": N_("系数"),
    "condition": N_("条件"),
    "effect": N_("效果"),
    "examples": N_("算例"),
    "floor": N_("保底分"),
    "formula": N_("公式"),
    "formulas": N_("公式"),
    "gates": N_("门槛"),
    "grade": N_("等级"),
    "grade_peers": N_("等级名额的分组"),
    "grades": N_("等级"),
    "group": N_("合成方式"),
    "indicators": N_("指标"),
    "measure": N_("数据来源"),
    "missing": N_("缺数据时"),
    "name_en": N_("英文名称"),
    "needs": N_("达标分"),
    "peers": N_("同组"),
    "name_zh": N_("名称"),
    "places": N_("小数位数"),
    "point_in_time": N_("时点性规模"),
    "points": N_("分数"),
    "quota": N_("名额的取法"),
    "reason_for_full_business": N_("只考核业绩的理由"),
    "rule": N_("计分规则"),
    "sections": N_("模块"),
    "top": N_("名额（%）"),
    "total": N_("总分"),
    "unit": N_("单位"),
    "value": N_("数值"),
    "weight": N_("权重"),
    "weighting": N_("权重方式"),
    "zero_denominator": N_("除数为零时"),
}
"""Fields of a scheme as people call them."""


def place_words(path: str, old: Scheme, new: Scheme, lang: str) -> list[str]:
    """Return where a path of codes leads, in names; fields are message ids of `LABELS`."""
    names = {code: name for scheme in (old, new) for code, name in _names(scheme, lang)}
    parts = path.split("/")
    words: list[str] = []
    for at, part in enumerate(parts):
        holder = parts[at - 1] if at else ""
        if (holder, part) in names:
            if holder in ("sections", "indicators"):
                words.pop()  # these are known by their names alone
            words.append(names[holder, part])
        else:
            words.append(LABELS.get(part, part))
    return words


def _names(scheme: Scheme, lang: str) -> Iterator[tuple[tuple[str, str], str]]:
    named: list[tuple[str, Any]] = [("sections", section) for section in scheme.sections]
    named += [("indicators", line) for _, line in scheme.indicators()]
    named += [("gates", gate) for gate in scheme.gates]
    named += [("grades", grade) for grade in scheme.grades]
    for holder, one in named:
        yield (holder, one.code), pick(one, "name", lang)


def told_difference(one: Difference) -> Sentence:
    """Return what changed between two versions at one place."""
    return _CHANGES[one.change], {"old": _shown(one.old), "new": _shown(one.new)}


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return plain(float(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _curve(line: IndicatorDraft) -> Sentence:
    step = f"{plain(line.step if line.step is not None else 1.0)} {line.unit}".strip()
    values = {"base": plain(line.base), "step": step, "points": plain(line.points_per_step or 0.0)}
    if line.mode is Mode.RATIO:
        if line.direction == "less":
            return N_("得分 = 目标 ÷ 实际 × %(base)s，数值越低得分越高。"), values
        return N_("得分 = 实际 ÷ 目标 × %(base)s。"), values
    if line.mode is Mode.DIFFERENCE:
        return (_LESS if line.direction == "less" else _MORE), values
    if line.mode in _BY_VALUE:
        if line.direction == "less":
            return N_("从 %(base)s 分起，每 %(step)s 减 %(points)s 分。"), values
        if line.base:
            return N_("从 %(base)s 分起，每 %(step)s 加 %(points)s 分。"), values
        return N_("每 %(step)s 得 %(points)s 分。"), values
    raise ValueError(line.mode)


def _bounds(line: IndicatorDraft) -> list[Sentence]:
    if line.floor is not None and line.cap is not None:
        return [
            (
                N_("得分不低于 %(floor)s，不高于 %(cap)s。"),
                {"floor": plain(line.floor), "cap": plain(line.cap)},
            )
        ]
    if line.floor is not None:
        return [(N_("得分不低于 %(floor)s。"), {"floor": plain(line.floor)})]
    if line.cap is not None:
        return [(N_("得分不高于 %(cap)s。"), {"cap": plain(line.cap)})]
    return []
