"""The rules that come with the house, and the classes of its own measures, as one dated file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lms.scoring.document import IndicatorClass
from lms.scoring.lint.kinds import Check, LintRule, Severity, Trait, rule_problems

FORMAT = "zhixing-lint/1"
FILE = Path(__file__).parent / "rules.yaml"


@dataclass(frozen=True, slots=True)
class Shipped:
    """The rules, and what is known of measures that are no indicators of the bank (ratings, training)."""

    rules: tuple[LintRule, ...]
    traits: Mapping[str, Trait]


@cache
def shipped() -> Shipped:
    """Return what the file says."""
    return read_rules(FILE.read_text(encoding="utf-8"))


def read_rules(text: str) -> Shipped:
    """Return what a file of rules says.

    Raises:
        ValueError: naming the first rule that is wrong.
    """
    data = yaml.safe_load(text)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"not a file of {FORMAT}")
    rules = tuple(_rule(one, data["sources"]) for one in data["rules"])
    if len({rule.id for rule in rules}) < len(rules):
        raise ValueError("two rules of one id")
    traits = {measure: Trait(IndicatorClass(name)) for measure, name in data["measures"].items()}
    return Shipped(rules, traits)


def _rule(data: Mapping[str, Any], sources: Mapping[str, Any]) -> LintRule:
    rest = dict(data)
    name = rest.get("id", "?")
    try:
        source = sources[rest.pop("source")]
        rule = LintRule(
            **rest
            | {
                "check": Check(rest["check"]),
                "severity": Severity(rest["severity"]),
                "classes": tuple(IndicatorClass(one) for one in rest.get("classes", ())),
                "words": tuple(rest.get("words", ())),
                "source_zh": source["zh"],
                "source_en": source["en"],
                "number": source.get("number", ""),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"rule {name}: {error}") from error
    if not isinstance(rule.valid_from, date) or not isinstance(rule.valid_to, date | None):
        raise ValueError(f"rule {name}: a date is no date")
    if problems := rule_problems(rule):
        raise ValueError(f"rule {name}: {problems[0][0]}")
    return rule
