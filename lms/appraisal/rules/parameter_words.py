"""Parameters in words: what a path names, what a switch says, and why a row does not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lms.appraisal.rules.levels import Below, Way, Why
from lms.core.i18n import N_, pick
from lms.scoring import Scheme

Said = tuple[str, Mapping[str, Any]]
"""A message id with its values."""

_WHAT = (
    (r"weight", N_("权重")),
    (r"bound/floor", N_("保底分")),
    (r"bound/cap", N_("封顶分")),
    (r"group", N_("合成方式")),
    (r"missing", N_("缺数据时")),
    (r"zero_denominator", N_("除数为零时")),
    (r"zero_denominator/points", N_("除数为零时的分数")),
    (r"reference/value", N_("参照值")),
    (r"curve/points", N_("基准分")),
    (r"curve/slope", N_("每 1 个单位的分数")),
    (r"curve/(?P<n>\d+)/points", N_("第 %(n)s 档的分数")),
    (r"curve/(?P<n>\d+)/until", N_("第 %(n)s 档与下一档的分界")),
    (r"curve/step/unit", N_("步长")),
    (r"curve/step/mode", N_("不足一步")),
    (r"coefficients/(?P<name>[^/]+)/value", N_("系数 %(name)s")),
    (r"coefficients/(?P<name>[^/]+)/low", N_("系数 %(name)s 的下限")),
    (r"coefficients/(?P<name>[^/]+)/high", N_("系数 %(name)s 的上限")),
    (r"condition/value", N_("触发值")),
    (r"also/(?P<n>\d+)/value", N_("另一条件 %(n)s 的触发值")),
    (r"points", N_("限定的分数")),
    (r"factor", N_("乘数")),
    (r"grade", N_("最高等级")),
    (r"at_least", N_("最低分")),
)
_STAGE: Said = (N_("封顶与系数的先后"), {})

CHOICES = {
    "weighted_mean": N_("加权平均"),
    "sum": N_("相加"),
    "min": N_("取最低"),
    "max": N_("取最高"),
    "pending": N_("不出总分，等数据"),
    "zero": N_("按零分计"),
    "full": N_("按满分计"),
    "peer_mean": N_("按其他人的平均得分计"),
    "exclude_and_rescale": N_("不计此项，权重分给同模块其他指标"),
    "pass": N_("放行"),
    "apply": N_("照样触发"),
    "pro_rata": N_("按比例"),
    "whole": N_("不足一步不计"),
    "started": N_("不足一步按一步计"),
    "half_up": N_("满半步按一步计"),
    "before_coefficient": N_("先封顶，再乘系数"),
    "after_coefficient": N_("先乘系数，再封顶"),
}
"""What a switch says; a grade says its own code."""

BELOW = {Below.LOCKED: N_("锁定"), Below.RANGE: N_("范围内"), Below.FREE: N_("放开")}
WAYS = {Way.NEAR: N_("就近：下级有设置时用下级的"), Way.TOP: N_("最高级优先：下级的设置只备着")}
WHY = {
    Why.DATES: N_("不在有效期内"),
    Why.PRIORITY: N_("优先级较低"),
    Why.NOT_OPENED: N_("上级没有放开"),
    Why.LOCKED: N_("上级已锁定"),
    Why.TOP: N_("以最高级为准"),
    Why.OUTSIDE: N_("超出上级允许的范围"),
    Why.NEARER: N_("下级另有设置"),
}


def holder_of(path: str) -> tuple[str, str]:
    """Return what a parameter belongs to: its list and its code; ("", "") for the scheme as a whole."""
    kind, _, rest = path.partition("/")
    return (kind, rest.partition("/")[0]) if rest else ("", "")


def holder_names(scheme: Scheme, language: str) -> dict[tuple[str, str], str]:
    """Return the names of everything that has parameters, by list and code."""
    named: list[tuple[str, Any]] = [("sections", section) for section in scheme.sections]
    named += [("indicators", line) for _, line in scheme.indicators()]
    named += [("gates", gate) for gate in scheme.gates]
    named += [("grades", grade) for grade in scheme.grades]
    return {(kind, one.code): pick(one, "name", language) for kind, one in named}


def what_of(path: str) -> Said:
    """Return what of its holder a path names; a path that no scheme has says itself."""
    if "/" not in path:
        return _STAGE if path == "bound_stage" else (path, {})
    rest = path.split("/", 2)[-1]
    for pattern, message in _WHAT:
        found = re.fullmatch(pattern, rest)
        if found is not None:
            return message, found.groupdict()
    return rest, {}
