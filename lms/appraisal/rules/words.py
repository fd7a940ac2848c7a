"""A rule of a scheme in plain words: sentences as message ids with their values, translated by the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lms.appraisal.rules.draft import IndicatorDraft, Mode
from lms.core.i18n import N_
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
    "exclude_and_rescale": N_("缺数据时不计此项，其权重按比例分给同模块其他指标。"),
}


def in_words(line: IndicatorDraft) -> list[Sentence]:
    """Return what a rule says, sentence by sentence; nothing for one that is none of the short forms."""
    if line.mode is Mode.CUSTOM:
        return []
    said = [_curve(line)]
    if line.mode in (Mode.DIFFERENCE, Mode.VALUE) and line.step is not None and line.step_mode in _STEP_MODES:
        said.append((_STEP_MODES[line.step_mode], {}))
    if line.coefficient != 1:
        said.append((N_("再乘以系数 %(value)s。"), {"value": plain(line.coefficient)}))
    said += _bounds(line)
    said.append((_MISSING.get(line.missing, _MISSING["pending"]), {}))
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
    if line.mode is Mode.VALUE:
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
