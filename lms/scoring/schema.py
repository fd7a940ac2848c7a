"""The shape of a scheme document as JSON Schema. What no schema can say is in `checks`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from lms.scoring.document import (
    BoundStage,
    Carry,
    Direction,
    Effect,
    GateMissing,
    Group,
    IndicatorClass,
    Missing,
    Op,
    Operation,
    PositionKind,
    Quota,
    ReferenceKind,
    StepMode,
    Take,
    Weighting,
)

# Figures go further than what a rule says of them: no more digits than a double carries with cents.
FIGURE_LIMIT = 1e15
# Beyond these a double no longer carries the digits that rounding needs.
LIMIT = 1_000_000_000

Schema = dict[str, Any]


def _one_of(values: type[StrEnum]) -> Schema:
    return {"enum": [value.value for value in values]}


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema, at_least: int = 0) -> Schema:
    return {"type": "array", "items": items, "minItems": at_least}


def _by_code(values: Schema) -> Schema:
    """An object whose keys are codes of what the values belong to; `checks` knows which codes there are."""
    return {"type": "object", "additionalProperties": values}


NUMBER: Schema = {"type": "number", "minimum": -LIMIT, "maximum": LIMIT}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"], "minimum": -LIMIT, "maximum": LIMIT}
WEIGHT: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 100}
CODE: Schema = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9_.\-]{0,59}\Z"}
TEXT: Schema = {"type": "string"}
NAME_OR_EMPTY: Schema = {"type": "string", "maxLength": 200}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
CLAUSE_NUMBER: Schema = {"type": "string", "maxLength": 40}
GROUPING: Schema = {"type": "string", "pattern": r"^([A-Za-z][A-Za-z0-9_.\-]{0,59})?\Z"}
FLAG: Schema = {"type": "boolean"}
PERIODS: Schema = {"type": "integer", "minimum": 1, "maximum": 60}
PLACES: Schema = {"type": "integer", "minimum": 0, "maximum": 4}
BOUND = _object({}, {"floor": NUMBER_OR_NULL, "cap": NUMBER_OR_NULL})

SEGMENT = _object(
    {"low": NUMBER_OR_NULL, "high": NUMBER_OR_NULL, "points": NUMBER},
    {"slope": NUMBER, "at": NUMBER, "low_closed": {"type": "boolean"}, "high_closed": {"type": "boolean"}},
)
STEP = _object(
    {"unit": {"type": "number", "minimum": 1e-6, "maximum": LIMIT}, "mode": _one_of(StepMode)},
    {"origin": NUMBER},
)
COEFFICIENT = _object(
    {"name": CODE, "source": NAME},
    {"value": NUMBER, "low": NUMBER_OR_NULL, "high": NUMBER_OR_NULL},
)
INDICATOR = _object(
    {
        "code": CODE,
        "name_zh": NAME,
        "measure": CODE,
        "position": _one_of(PositionKind),
        "direction": _one_of(Direction),
        "curve": _object({"segments": _list(SEGMENT, 1)}, {"step": STEP | {"type": ["object", "null"]}}),
    },
    {
        "name_en": NAME_OR_EMPTY,
        "unit": TEXT | {"maxLength": 40},
        "weight": WEIGHT,
        "reference": _object(
            {"kind": _one_of(ReferenceKind)},
            {
                "value": NUMBER_OR_NULL,
                "measure": CODE | {"type": ["string", "null"]},
                "back": PERIODS,
                "carry": _one_of(Carry),
                "within_year": FLAG,
            },
        ),
        "bound": BOUND,
        "coefficients": _list(COEFFICIENT),
        "missing": _one_of(Missing),
        "moves_to": CODE | {"type": ["string", "null"]},
        "zero_denominator": {
            "if": {"type": "object"},
            "then": _object({"points": NUMBER}),
            "else": _one_of(Missing),
        },
        "clause": CLAUSE_NUMBER,
        "peers": GROUPING,
        "class": {"enum": [*(one.value for one in IndicatorClass), None]},
        "point_in_time": {"type": ["boolean", "null"]},
    },
)
SECTION = _object(
    {"code": CODE, "name_zh": NAME, "indicators": _list(INDICATOR, 1)},
    {
        "name_en": NAME_OR_EMPTY,
        "weight": WEIGHT,
        "group": _one_of(Group),
        "bound": BOUND,
        "clause": CLAUSE_NUMBER,
        "needs": NUMBER,
    },
)
CONDITION = _object(
    {
        "measure": CODE,
        "op": _one_of(Op),
        "value": {"if": {"type": "string"}, "then": CODE, "else": NUMBER},
    },
    {
        "periods": PERIODS | {"type": ["integer", "null"]},
        "take": _one_of(Take),
        "times": PERIODS | {"type": ["integer", "null"]},
        "within_year": FLAG,
    },
)
GATE = _object(
    {
        "code": CODE,
        "name_zh": NAME,
        "condition": CONDITION,
        "effect": _one_of(Effect),
        "clause_zh": NAME | {"maxLength": 2000},
    },
    {
        "name_en": NAME_OR_EMPTY,
        "clause_en": TEXT,
        "points": NUMBER_OR_NULL,
        "grade": {"type": ["string", "null"]},
        "missing": _one_of(GateMissing),
        "also": _list(CONDITION),
        "factor": {"type": ["number", "null"], "minimum": 0, "maximum": 10},
        "clause": CLAUSE_NUMBER,
    },
)
GRADE = _object(
    {"code": CODE, "name_zh": NAME, "at_least": NUMBER_OR_NULL},
    {
        "name_en": NAME_OR_EMPTY,
        "top": {"type": ["number", "null"], "minimum": 0, "maximum": 100},
        "admission": _list(CONDITION),
        "missing": _one_of(GateMissing),
        "clause": CLAUSE_NUMBER,
    },
)
CLAUSE = _object({"number": CLAUSE_NUMBER | {"minLength": 1}, "text": NAME | {"maxLength": 4000}})
FIGURE: Schema = {"type": ["number", "null"], "minimum": -FIGURE_LIMIT, "maximum": FIGURE_LIMIT}
FIGURES = _by_code(FIGURE)
PERIOD: Schema = {"type": "string", "pattern": r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))?\Z"}
EARLIER = _object(
    {},
    {"facts": _by_code({"if": {"type": "string"}, "then": CODE, "else": FIGURE}), "targets": FIGURES},
)
EXAMPLE = _object(
    {
        "name": NAME,
        "facts": FIGURES,
        "expect": _object(
            {},
            {
                "total": NUMBER_OR_NULL,
                "grade": {"type": ["string", "null"]},
                "sections": _by_code(NUMBER_OR_NULL),
                "indicators": _by_code(NUMBER_OR_NULL),
            },
        )
        | {"minProperties": 1},
    },
    {
        "targets": FIGURES,
        "coefficients": _by_code(_by_code(NUMBER)),
        "others": _list(FIGURES),
        "period": PERIOD,
        "history": {"type": "object", "propertyNames": PERIOD, "additionalProperties": EARLIER},
        "elapsed": {"type": "number", "minimum": 0, "maximum": 1},
    },
)
_NODE_PARTS: Schema = {"type": "array", "items": {"$ref": "#/$defs/node"}, "minItems": 1, "maxItems": 60}
_LEAVES = [Operation.MEASURE, Operation.TARGET]
NODE: Schema = {
    "if": {"type": "object"},
    "then": _object(
        {},
        {one.value: CODE for one in _LEAVES}
        | {"missing": NUMBER}
        | {one.value: _NODE_PARTS for one in Operation if not one.leaf},
    )
    | {"minProperties": 1},
    "else": {"if": {"type": "string"}, "then": CODE, "else": NUMBER},
}
FORMULA = _object(
    {"code": CODE, "name_zh": NAME, "formula": {"$ref": "#/$defs/node"}},
    {"name_en": NAME_OR_EMPTY, "unit": TEXT | {"maxLength": 40}, "clause": CLAUSE_NUMBER},
)
_DIALECT: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {"node": NODE},
}
SCHEME: Schema = _DIALECT | _object(
    {"code": CODE, "name_zh": NAME, "sections": _list(SECTION, 1)},
    {
        "name_en": NAME_OR_EMPTY,
        "places": _object({}, {"item": PLACES, "section": PLACES, "total": PLACES}),
        "weighting": _one_of(Weighting),
        "bound_stage": _one_of(BoundStage),
        "gates": _list(GATE),
        "grades": _list(GRADE),
        "reason_for_full_business": TEXT | {"maxLength": 1000},
        "clauses": _list(CLAUSE),
        "examples": _list(EXAMPLE) | {"maxItems": 200},
        "formulas": _list(FORMULA) | {"maxItems": 200},
        "quota": _one_of(Quota),
        "grade_peers": GROUPING,
    },
)
