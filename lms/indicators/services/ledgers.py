"""Ledgers: data models whose figures the others must add up to, and which count nowhere else.

A model whose files name no employee is a ledger for every indicator that a model with employees feeds.
"""

from __future__ import annotations

from collections.abc import Sequence

from lms.indicators.models import DataModel
from lms.indicators.rules.kinds import FieldRole


def names_employees(model: DataModel) -> bool:
    """Whether records of a model say whose they are."""
    return any(field.role is FieldRole.EMPLOYEE for field in model.fields)


def indicators_of(model: DataModel) -> set[str]:
    """Return the codes of the indicators that a model feeds, or fed once."""
    return {mapping.indicator.code for field in model.fields for mapping in field.mappings}


def ledger_indicators(models: Sequence[DataModel]) -> set[str]:
    """Return the codes of the indicators of which a ledger tells the total."""
    detailed = {code for model in models if names_employees(model) for code in indicators_of(model)}
    whole = {code for model in models if not names_employees(model) for code in indicators_of(model)}
    return detailed & whole
