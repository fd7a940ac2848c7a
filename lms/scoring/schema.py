"""The shape of a scheme document as JSON Schema. What no schema can say is in `checks`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from lms.scoring.document import (
    BoundStage,
    Direction,
    Effect,
    GateMissing,
    Group,
    Missing,
    Op,
    PositionKind,
    ReferenceKind,
    StepMode,
    Weighting,
)

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


NUMBER: Schema = {"type": "number", "minimum": -LIMIT, "maximum": LIMIT}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"], "minimum": -LIMIT, "maximum": LIMIT}
WEIGHT: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 100}
CODE: Schema = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9_.\-]{0,59}\Z"}
TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
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
        "name_en": TEXT,
        "unit": TEXT,
        "weight": WEIGHT,
        "reference": _object({"kind": _one_of(ReferenceKind)}, {"value": NUMBER_OR_NULL}),
        "bound": BOUND,
        "coefficients": _list(COEFFICIENT),
        "missing": _one_of(Missing),
        "moves_to": CODE | {"type": ["string", "null"]},
        "zero_denominator": {
            "if": {"type": "object"},
            "then": _object({"points": NUMBER}),
            "else": _one_of(Missing),
        },
    },
)
SECTION = _object(
    {"code": CODE, "name_zh": NAME, "indicators": _list(INDICATOR, 1)},
    {"name_en": TEXT, "weight": WEIGHT, "group": _one_of(Group), "bound": BOUND},
)
CONDITION = _object({"measure": CODE, "op": _one_of(Op), "value": NUMBER})
GATE = _object(
    {
        "code": CODE,
        "name_zh": NAME,
        "condition": CONDITION,
        "effect": _one_of(Effect),
        "clause_zh": NAME | {"maxLength": 2000},
    },
    {
        "name_en": TEXT,
        "clause_en": TEXT,
        "points": NUMBER_OR_NULL,
        "grade": {"type": ["string", "null"]},
        "missing": _one_of(GateMissing),
        "also": _list(CONDITION),
        "factor": {"type": ["number", "null"], "minimum": 0, "maximum": 10},
    },
)
GRADE = _object({"code": CODE, "name_zh": NAME, "at_least": NUMBER_OR_NULL}, {"name_en": TEXT})
SCHEME: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | _object(
    {"code": CODE, "name_zh": NAME, "sections": _list(SECTION, 1)},
    {
        "name_en": TEXT,
        "places": _object({}, {"item": PLACES, "section": PLACES, "total": PLACES}),
        "weighting": _one_of(Weighting),
        "bound_stage": _one_of(BoundStage),
        "gates": _list(GATE),
        "grades": _list(GRADE),
        "reason_for_full_business": TEXT,
    },
)
