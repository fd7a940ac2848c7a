"""Rule lint: dated rules with their sources that look at schemes and targets; they change no points."""

from lms.scoring.lint.checks import excess, findings
from lms.scoring.lint.kinds import (
    CHECK_NAMES,
    CLASS_NAMES,
    SEVERITY_NAMES,
    Check,
    Finding,
    LintRule,
    Severity,
    Trait,
    in_force,
    rule_problems,
)
from lms.scoring.lint.shipped import shipped

__all__ = [
    "CHECK_NAMES",
    "CLASS_NAMES",
    "SEVERITY_NAMES",
    "Check",
    "Finding",
    "LintRule",
    "Severity",
    "Trait",
    "excess",
    "findings",
    "in_force",
    "rule_problems",
    "shipped",
]
