"""The fixed set of checks; which of them are used, and with what figures, is data (`kinds.LintRule`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from lms.scoring.document import Indicator, IndicatorClass, ReferenceKind, Scheme
from lms.scoring.lint.kinds import Check, Finding, LintRule, Severity, Trait
from lms.scoring.lint.shares import shares
from lms.scoring.problems import N_

_OWN_AIM = (ReferenceKind.TARGET, ReferenceKind.CONSTANT)
# Weights are decimals of people; the binary tail of a sum must not decide.
_EPSILON = 1e-9


def findings(
    scheme: Scheme, rules: Collection[LintRule], traits: Mapping[str, Trait] | None = None
) -> list[Finding]:
    """Return what the rules find in a scheme, warnings first.

    `traits` say by measure what the bank's definition of it is; what a scheme itself says of an indicator
    (class, point_in_time) goes first. The rules are those in force (`kinds.in_force`).
    """
    seen = _Seen.of(scheme, traits or {})
    found = [one for rule in rules if rule.check in _CHECKS for one in _CHECKS[rule.check](rule, seen)]
    return sorted(found, key=lambda one: one.severity is not Severity.WARNING)


@dataclass(frozen=True)
class _Line:
    indicator: Indicator
    indicator_class: IndicatorClass | None
    point_in_time: bool
    share: float


@dataclass(frozen=True)
class _Seen:
    """A scheme with what the checks ask of it; `weighed`: whether the shares are known."""

    scheme: Scheme
    lines: tuple[_Line, ...]
    weighed: bool

    @classmethod
    def of(cls, scheme: Scheme, traits: Mapping[str, Trait]) -> _Seen:
        parts = shares(scheme)
        lines = []
        for _, line in scheme.indicators():
            trait = traits.get(line.measure, Trait())
            said = line.point_in_time
            lines.append(
                _Line(
                    line,
                    line.indicator_class or trait.indicator_class,
                    trait.point_in_time if said is None else said,
                    (parts or {}).get(line.code, 0.0),
                )
            )
        return cls(scheme, tuple(lines), parts is not None)

    def weight(self, *classes: IndicatorClass | None) -> float:
        return sum(line.share for line in self.lines if line.indicator_class in classes)


def _class_weight_min(rule: LintRule, seen: _Seen) -> Iterator[Finding]:
    if not seen.weighed:
        yield _unweighed(rule)
        return
    weight, unknown, limit = seen.weight(*rule.classes), seen.weight(None), rule.threshold or 0.0
    if weight + _EPSILON >= limit:
        return
    if weight + unknown + _EPSILON >= limit:
        yield _undecided(rule, unknown)
        return
    yield Finding(
        rule,
        rule.severity,
        N_("权重合计 %(weight)s%%，低于 %(limit)s%%"),
        {"weight": _said(weight), "limit": _said(limit)},
        classes=rule.classes,
    )


def _class_weight_above(rule: LintRule, seen: _Seen) -> Iterator[Finding]:
    if not seen.weighed:
        yield _unweighed(rule)
        return
    weight, unknown, margin = seen.weight(*rule.classes), seen.weight(None), rule.threshold or 0.0
    open_question = False
    for other in IndicatorClass:
        theirs = seen.weight(other)
        if other in rule.classes or (not theirs and not unknown):
            continue
        lead = weight - theirs
        # Just as heavy is not heavier.
        if lead + unknown <= margin + _EPSILON and theirs:
            yield Finding(
                rule,
                rule.severity,
                N_("权重合计 %(weight)s%%，没有高于另一类的 %(other)s%%（应高出 %(margin)s 个百分点以上）")
                if margin
                else N_("权重合计 %(weight)s%%，没有高于另一类的 %(other)s%%"),
                {"weight": _said(weight), "other": _said(theirs), "margin": _said(margin)},
                classes=rule.classes,
                against=other,
            )
        elif lead - unknown <= margin + _EPSILON and unknown:
            open_question = True
    if open_question:
        yield _undecided(rule, unknown)


def _class_weight_max(rule: LintRule, seen: _Seen) -> Iterator[Finding]:
    if seen.scheme.reason_for_full_business:
        return
    if not seen.weighed:
        yield _unweighed(rule)
        return
    weight, limit = seen.weight(*rule.classes), rule.threshold or 0.0
    if weight > limit + _EPSILON:
        yield Finding(
            rule,
            rule.severity,
            N_("权重合计 %(weight)s%%，高于 %(limit)s%%，且没有写明理由"),
            {"weight": _said(weight), "limit": _said(limit)},
            classes=rule.classes,
        )


def _class_missing(rule: LintRule, seen: _Seen) -> Iterator[Finding]:
    there = {line.indicator_class for line in seen.lines}
    lacking = tuple(one for one in rule.classes if one not in there)
    if lacking:
        unsure = None in there
        yield Finding(
            rule,
            Severity.NOTICE if unsure else rule.severity,
            N_("没有此类指标（尚有指标未归类）") if unsure else N_("没有此类指标"),
            classes=lacking,
        )


def _class_unknown(rule: LintRule, seen: _Seen) -> Iterator[Finding]:
    unknown = tuple(line.indicator.code for line in seen.lines if line.indicator_class is None)
    if unknown:
        yield Finding(
            rule, rule.severity, N_("%(n)s 个指标没有类别"), {"n": len(unknown)}, indicators=unknown
        )


def _single_weight_max(rule: LintRule, seen: _Seen) -> Iterator[Finding]:
    if not seen.weighed:
        yield _unweighed(rule)
        return
    for line in seen.lines:
        if line.share > (rule.threshold or 0.0) + _EPSILON:
            yield Finding(
                rule,
                rule.severity,
                N_("权重占总分 %(weight)s%%，高于 %(limit)s%%"),
                {"weight": _said(line.share), "limit": _said(rule.threshold or 0.0)},
                indicators=(line.indicator.code,),
            )


def _point_in_time(rule: LintRule, seen: _Seen) -> Iterator[Finding]:
    for line in seen.lines:
        if line.point_in_time and rule.about(line.indicator.name_zh, line.indicator.name_en):
            yield Finding(
                rule,
                rule.severity,
                N_("以期末一天的规模计分"),
                indicators=(line.indicator.code,),
            )


def _rank_without_target(rule: LintRule, seen: _Seen) -> Iterator[Finding]:
    aimed = {
        line.indicator.measure
        for line in seen.lines
        if line.indicator.reference.kind in _OWN_AIM and not line.indicator.position.among_peers
    }
    for line in seen.lines:
        one = line.indicator
        compared = one.position.among_peers or one.reference.kind.of_peers
        if compared and one.measure not in aimed and rule.about(one.name_zh, one.name_en):
            yield Finding(rule, rule.severity, N_("只与他人比较计分，没有自己的目标"), indicators=(one.code,))


_CHECKS: dict[Check, Callable[[LintRule, _Seen], Iterator[Finding]]] = {
    Check.CLASS_WEIGHT_MIN: _class_weight_min,
    Check.CLASS_WEIGHT_ABOVE: _class_weight_above,
    Check.CLASS_WEIGHT_MAX: _class_weight_max,
    Check.CLASS_MISSING: _class_missing,
    Check.CLASS_UNKNOWN: _class_unknown,
    Check.SINGLE_WEIGHT_MAX: _single_weight_max,
    Check.POINT_IN_TIME: _point_in_time,
    Check.RANK_WITHOUT_TARGET: _rank_without_target,
}


def excess(
    rules: Collection[LintRule], parent: Decimal, total: Decimal, *names: str
) -> tuple[LintRule, Decimal] | None:
    """Return the rule that the children's targets break, and by how many per cent of the parent's; or None.

    `names` are those of the indicator. A parent of zero or less is exceeded by anything above it, by 100 %.
    """
    if total <= parent:
        return None
    over = (total - parent) / parent * 100 if parent > 0 else Decimal(100)
    for rule in rules:
        limit = Decimal(str(rule.threshold or 0))
        if rule.check is Check.CHILD_TARGETS and rule.about(*names) and over > limit:
            return rule, over
    return None


def _unweighed(rule: LintRule) -> Finding:
    return Finding(rule, Severity.NOTICE, N_("按分数相加且分数没有上下限，算不出权重，无法判断"))


def _undecided(rule: LintRule, unknown: float) -> Finding:
    return Finding(
        rule,
        Severity.NOTICE,
        N_("尚有 %(unknown)s%% 的权重没有归类，无法判断"),
        {"unknown": _said(unknown)},
        classes=rule.classes,
    )


def _said(value: float) -> str:
    """A figure of at most two decimals, without zeros at its end."""
    return f"{round(value, 2):.2f}".rstrip("0").rstrip(".")
