"""A finding as plain data: as a page shows it, and as it is kept beside what was decided on it."""

from __future__ import annotations

from typing import Any

from lms.scoring.document import IndicatorClass
from lms.scoring.lint.kinds import CLASS_NAMES, SEVERITY_NAMES, Finding, Severity

Kept = dict[str, Any]


def frozen(finding: Finding) -> Kept:
    """Return a finding with all its words, so that it reads the same after its rule has changed."""
    rule = finding.rule
    return {
        "rule": rule.id,
        "severity": finding.severity.value,
        "title_zh": rule.title_zh,
        "title_en": rule.title_en,
        "advice_zh": rule.advice_zh,
        "advice_en": rule.advice_en,
        "source_zh": rule.source_zh,
        "source_en": rule.source_en,
        "number": rule.number,
        "article": rule.article,
        "valid_from": rule.valid_from.isoformat(),
        "message": finding.message,
        "params": dict(finding.params),
        "classes": [one.value for one in finding.classes],
        "against": finding.against.value if finding.against else None,
        "indicators": list(finding.indicators),
    }


def is_warning(kept: Kept) -> bool:
    """Whether a kept finding asks for a written reason."""
    return bool(kept["severity"] == Severity.WARNING.value)


def class_name(code: str) -> str:
    """Return the message id of a class's name."""
    return CLASS_NAMES[IndicatorClass(code)]


def severity_name(code: str) -> str:
    """Return the message id of a severity's name."""
    return SEVERITY_NAMES[Severity(code)]
