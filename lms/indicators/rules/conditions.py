"""Which rows of a data model a mapping counts: conditions over its fields, all of which must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from lms.core.duck import literal, quoted
from lms.indicators.rules.kinds import FieldKind


class Op(StrEnum):
    """How a field is compared; `EMPTY` and `FILLED` take no value, `IN` and `NOT_IN` several."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    EMPTY = "empty"
    FILLED = "filled"


BARE = (Op.EMPTY, Op.FILLED)
SEVERAL = (Op.IN, Op.NOT_IN)
ORDERED = (Op.GT, Op.GE, Op.LT, Op.LE)
_SIGNS = {Op.EQ: "=", Op.GT: ">", Op.GE: ">=", Op.LT: "<", Op.LE: "<="}


@dataclass(frozen=True)
class Condition:
    """One condition; `values` are as a person writes them: numbers plain, days as 2026-09-30."""

    field: str
    op: Op
    values: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored: {field, op, value}; several values are a list."""
        value: Any = list(self.values) if self.op in SEVERAL else next(iter(self.values), None)
        return {"field": self.field, "op": self.op.value, "value": value}

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Condition:
        """Return a stored condition."""
        value = data.get("value")
        values = value if isinstance(value, list) else [] if value is None else [value]
        return cls(str(data["field"]), Op(data["op"]), tuple(map(str, values)))


def value_fits(value: str, kind: FieldKind, choices: Sequence[str]) -> bool:
    """Whether a value can be compared with a field of a kind."""
    if kind is FieldKind.NUMBER:
        try:
            return Decimal(value).is_finite() and abs(Decimal(value)) < 10**15
        except InvalidOperation:
            return False
    if kind is FieldKind.DAY:
        try:
            return date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    if kind is FieldKind.CHOICE:
        return value in choices
    return 0 < len(value) <= 200


def sql_of(condition: Condition, kind: FieldKind) -> str:
    """Return a checked condition as SQL over a column of the field's name; an empty cell meets only EMPTY.

    `NE` and `NOT_IN` hold for an empty cell too: what is nothing is not that thing.
    """
    column = quoted(condition.field)
    values = [_literal(value, kind) for value in condition.values]
    match condition.op:
        case Op.EMPTY:
            return f"{column} IS NULL"
        case Op.FILLED:
            return f"{column} IS NOT NULL"
        case Op.IN:
            return f"coalesce({column} IN ({', '.join(values) or 'NULL'}), false)"
        case Op.NOT_IN:
            return f"NOT coalesce({column} IN ({', '.join(values) or 'NULL'}), false)"
        case Op.NE:
            return f"{column} IS DISTINCT FROM {values[0]}"
        case _:
            return f"coalesce({column} {_SIGNS[condition.op]} {values[0]}, false)"


def _literal(value: str, kind: FieldKind) -> str:
    text = literal(value)
    if kind is FieldKind.NUMBER:
        return f"CAST({text} AS DECIMAL(28, 8))"
    return f"CAST({text} AS DATE)" if kind is FieldKind.DAY else text
