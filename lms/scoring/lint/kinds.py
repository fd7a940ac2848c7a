"""Lint: what a rule that looks at schemes is, what is known of a measure, and what was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from lms.scoring.document import IndicatorClass
from lms.scoring.problems import N_


class Severity(StrEnum):
    """notice: to think about; warning: activated only with a written reason."""

    NOTICE = "notice"
    WARNING = "warning"


class Check(StrEnum):
    """What can be looked at. Each rule is one of these with figures, classes and words of its own."""

    CLASS_WEIGHT_MIN = "class_weight_min"
    CLASS_WEIGHT_ABOVE = "class_weight_above"
    CLASS_WEIGHT_MAX = "class_weight_max"
    CLASS_MISSING = "class_missing"
    CLASS_UNKNOWN = "class_unknown"
    SINGLE_WEIGHT_MAX = "single_weight_max"
    POINT_IN_TIME = "point_in_time"
    RANK_WITHOUT_TARGET = "rank_without_target"
    CHILD_TARGETS = "child_targets"

    @property
    def has_threshold(self) -> bool:
        """Whether the check needs a figure (per cent, or percentage points)."""
        return self in _WITH_THRESHOLD

    @property
    def has_classes(self) -> bool:
        """Whether the check needs classes."""
        return self in _WITH_CLASSES

    @property
    def has_words(self) -> bool:
        """Whether the check may be kept to indicators whose names hold certain words."""
        return self in _WITH_WORDS


_WITH_CLASSES = (
    Check.CLASS_WEIGHT_MIN,
    Check.CLASS_WEIGHT_ABOVE,
    Check.CLASS_WEIGHT_MAX,
    Check.CLASS_MISSING,
)
_WITH_THRESHOLD = (
    Check.CLASS_WEIGHT_MIN,
    Check.CLASS_WEIGHT_ABOVE,
    Check.CLASS_WEIGHT_MAX,
    Check.SINGLE_WEIGHT_MAX,
    Check.CHILD_TARGETS,
)
_WITH_WORDS = (Check.POINT_IN_TIME, Check.RANK_WITHOUT_TARGET, Check.CHILD_TARGETS)


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule: the check with its data, since when and until when (exclusive) it holds, and who says so.

    `threshold`: class_weight_min, class_weight_max, single_weight_max: per cent of the composite;
    class_weight_above: percentage points by which the classes together lead every other class;
    child_targets: per cent that the children may exceed their parent. `words`: only indicators whose Chinese
    or English name holds one of them; none: all.
    """

    id: str
    check: Check
    severity: Severity
    title_zh: str
    valid_from: date
    source_zh: str
    title_en: str = ""
    advice_zh: str = ""
    advice_en: str = ""
    source_en: str = ""
    number: str = ""
    article: str = ""
    valid_to: date | None = None
    threshold: float | None = None
    classes: tuple[IndicatorClass, ...] = ()
    words: tuple[str, ...] = ()
    enabled: bool = True

    def holds(self, day: date) -> bool:
        """Whether the rule's dates cover the day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def about(self, *names: str) -> bool:
        """Whether a thing of these names is what the rule looks at."""
        return not self.words or any(word.lower() in name.lower() for word in self.words for name in names)


def rule_problems(rule: LintRule) -> list[tuple[str, str]]:
    """Return what keeps a rule from being used: pairs of field and message id."""
    found = []
    if rule.check.has_threshold and (rule.threshold is None or not 0 <= rule.threshold <= 100):
        found.append(("threshold", N_("请填写 0 至 100 的数。")))
    if rule.check.has_classes and not rule.classes:
        found.append(("classes", N_("请至少选一类。")))
    if rule.valid_to is not None and rule.valid_to <= rule.valid_from:
        found.append(("valid_to", N_("截止日必须晚于起始日。")))
    return found


def in_force(shipped: Collection[LintRule], own: Collection[LintRule], day: date) -> list[LintRule]:
    """Return the rules that hold on a day, warnings first.

    `own` are the bank's rows, oldest first: on the days that one covers it stands in place of everything
    before it of the same id, and switched off it silences it.
    """
    found = {rule.id: rule for rule in shipped if rule.holds(day)}
    found.update({rule.id: rule for rule in own if rule.holds(day)})
    chosen = [rule for rule in found.values() if rule.enabled]
    return sorted(chosen, key=lambda rule: (rule.severity is not Severity.WARNING, rule.id))


@dataclass(frozen=True, slots=True)
class Trait:
    """What the bank's definition of a measure says: its class, and whether it is a scale on one day."""

    indicator_class: IndicatorClass | None = None
    point_in_time: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: a Chinese msgid with its values, the classes and the indicators it is about.

    `against`: the class that the classes are compared with. A finding that the data do not suffice to decide
    is a notice, whatever its rule's severity.
    """

    rule: LintRule
    severity: Severity
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[IndicatorClass, ...] = ()
    against: IndicatorClass | None = None
    indicators: tuple[str, ...] = ()


CLASS_NAMES: dict[IndicatorClass, str] = {
    IndicatorClass.COMPLIANCE: N_("合规经营类"),
    IndicatorClass.RISK: N_("风险管理类"),
    IndicatorClass.EFFICIENCY: N_("经营效益类"),
    IndicatorClass.TRANSFORMATION: N_("发展转型类"),
    IndicatorClass.SOCIAL: N_("社会责任类"),
}
SEVERITY_NAMES: dict[Severity, str] = {Severity.WARNING: N_("警告"), Severity.NOTICE: N_("提示")}
CHECK_NAMES: dict[Check, str] = {
    Check.CLASS_WEIGHT_MIN: N_("所选各类的权重合计不低于（百分数）"),
    Check.CLASS_WEIGHT_ABOVE: N_("所选各类的权重合计高于其他每一类（百分点）"),
    Check.CLASS_WEIGHT_MAX: N_("所选各类的权重合计不高于（百分数），另有书面理由的除外"),
    Check.CLASS_MISSING: N_("所选各类都有指标"),
    Check.CLASS_UNKNOWN: N_("每个指标都有类别"),
    Check.SINGLE_WEIGHT_MAX: N_("单个指标的权重不高于（百分数）"),
    Check.POINT_IN_TIME: N_("不考核时点性规模"),
    Check.RANK_WITHOUT_TARGET: N_("不单纯与他人比较而没有目标"),
    Check.CHILD_TARGETS: N_("下级目标合计不高于上级目标（容许超出的百分数）"),
}
