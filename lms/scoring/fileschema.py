"""The shape of a scheme file as JSON Schema: that of the document, and the short forms of rules."""

from __future__ import annotations

import json
from typing import Any

from lms.scoring import schema
from lms.scoring.document import Direction, PositionKind, StepMode
from lms.scoring.schema import Schema
from lms.scoring.shortforms import PARTS, PRESETS

FORMAT = "zhixing-scheme/1"

_PAIRS: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "array", "items": schema.NUMBER, "minItems": 2, "maxItems": 2},
}
_ENDS: Schema = {"floor": schema.NUMBER_OR_NULL, "cap": schema.NUMBER_OR_NULL}
_LESS: Schema = {"less_is_better": {"type": "boolean"}}
_UNIT: Schema = {"type": "number", "minimum": 1e-6, "maximum": schema.LIMIT}
_POSITIVE: Schema = {"type": "number", "minimum": 0, "maximum": schema.LIMIT}
_MODE: Schema = {"mode": {"enum": [one.value for one in StepMode]}}
_COMPARED: Schema = {
    "position": {"enum": [one.value for one in PositionKind]},
    "direction": {"enum": [one.value for one in Direction]},
}
_REFERENCE: Schema = schema.INDICATOR["properties"]["reference"]

_NEEDED: dict[str, Schema] = {
    "completion_ratio": {},
    "difference_per_step": {"unit": _UNIT, "points": _POSITIVE},
    "bands": {"thresholds": _PAIRS, "below": schema.NUMBER},
    "by_rank": {"places": _PAIRS, "others": schema.NUMBER},
    "by_percentile": {"shares": _PAIRS, "below": schema.NUMBER},
    "interpolation": {"standards": _PAIRS},
    "value_as_points": {},
}
_POSSIBLE: dict[str, Schema] = {
    "completion_ratio": {"full": _POSITIVE} | _LESS | _ENDS,
    "difference_per_step": {"base": schema.NUMBER} | _MODE | _LESS | _ENDS,
    "bands": _COMPARED,
    "by_rank": _LESS,
    "by_percentile": _LESS,
    "interpolation": {"below": schema.NUMBER} | _COMPARED,
    "value_as_points": {"factor": _POSITIVE, "base": schema.NUMBER, "unit": _UNIT} | _MODE | _LESS | _ENDS,
}


PRESET_FIELDS: dict[str, Schema] = {
    name: _NEEDED[name] | _POSSIBLE[name] | {"reference": _REFERENCE} for name in PRESETS
}
"""What a rule in each short form may say besides its preset."""


def _object(required: Schema, optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }


def _preset(name: str) -> Schema:
    """What a rule must be when it names this preset."""
    return {
        "if": {"type": "object", "properties": {"preset": {"const": name}}, "required": ["preset"]},
        "then": _object(
            {"preset": {"const": name}} | _NEEDED[name], _POSSIBLE[name] | {"reference": _REFERENCE}
        ),
    }


RULE: Schema = {
    "type": "object",
    "required": ["preset"],
    "properties": {"preset": {"enum": list(PRESETS)}},
    "allOf": [_preset(name) for name in PRESETS],
}


def _indicator() -> Schema:
    """An indicator with its rule in full, or by a preset."""
    fields: Schema = schema.INDICATOR["properties"]
    needed = [name for name in schema.INDICATOR["required"] if name not in PARTS]
    short = _object(
        {name: fields[name] for name in needed} | {"rule": RULE},
        {name: kind for name, kind in fields.items() if name not in (*needed, *PARTS)},
    )
    return {"if": {"required": ["rule"]}, "then": short, "else": schema.INDICATOR}


def _file() -> Schema:
    whole: Schema = schema.SCHEME["properties"]
    sections: Schema = whole["sections"]
    section: Schema = sections["items"]
    lines: Schema = section["properties"]["indicators"]
    inner = section["properties"] | {"indicators": lines | {"items": _indicator()}}
    outer = whole | {"sections": sections | {"items": section | {"properties": inner}}}
    return schema.SCHEME | {
        "properties": {"format": {"const": FORMAT}} | outer,
        "required": ["format", *schema.SCHEME["required"]],
    }


FILE: Schema = _file()


def published() -> str:
    """Return the schema as it stands beside the handbook, for editors that check while one types."""
    title = {"title": "Zhixing scheme file 知行考核方案文件"}
    text = json.dumps(title | _portable(FILE), ensure_ascii=False, indent=1)
    return text + "\n"


def _portable(value: Any) -> Any:
    r"""Patterns as every regular expression engine reads them: `$` for Python's `\Z`."""
    if isinstance(value, dict):
        return {
            key: item.replace(r"\Z", "$") if key == "pattern" and isinstance(item, str) else _portable(item)
            for key, item in value.items()
        }
    return [_portable(item) for item in value] if isinstance(value, list) else value
