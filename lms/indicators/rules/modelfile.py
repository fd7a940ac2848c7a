"""A data model as a file that goes from one bank to another: YAML (or JSON, which is YAML too).

It carries the definitions of the indicators that its fields feed, so that the other bank can define
those that it lacks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.indicators.rules.conditions import Condition, Op
from lms.indicators.rules.datamodel import FieldDraft, MappingDraft, ModelDraft
from lms.indicators.rules.drafts import IndicatorDraft
from lms.indicators.rules.kinds import (
    Aggregate,
    Delivery,
    Direction,
    FieldKind,
    FieldRole,
    FieldUse,
    IndicatorSet,
)
from lms.scoring.document import IndicatorClass

FORMAT = "zhixing-data-model/1"
LARGEST = 512 * 1024
DEEPEST = 20
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = {"type": "string"}
_DAY = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_NUMBER = {"type": "string", "pattern": r"^-?\d{1,12}(\.\d{1,6})?$"}
_BOOL = {"type": "boolean"}


def _object(needed: Sequence[str], /, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(needed),
        "properties": properties,
        "additionalProperties": False,
    }


def _one_of(kind: Any) -> dict[str, Any]:
    return {"enum": [one.value for one in kind]}


_SCHEMA = _object(
    ["format", "model", "fields"],
    format={"const": FORMAT},
    model=_object(
        ["code", "name_zh", "delivery"],
        code=_TEXT,
        name_zh=_TEXT,
        name_en=_TEXT,
        source=_TEXT,
        delivery=_one_of(Delivery),
    ),
    fields={
        "type": "array",
        "maxItems": 500,
        "items": _object(
            ["code", "name_zh", "kind"],
            code=_TEXT,
            name_zh=_TEXT,
            name_en=_TEXT,
            kind=_one_of(FieldKind),
            required=_BOOL,
            key=_BOOL,
            unit=_TEXT,
            role=_one_of(FieldRole),
            use=_one_of(FieldUse),
            titles={"type": "array", "items": _TEXT},
            choices={"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
            mappings={
                "type": "array",
                "items": _object(
                    ["indicator", "valid_from"],
                    indicator=_TEXT,
                    valid_from=_DAY,
                    valid_to=_DAY,
                    coefficient=_NUMBER,
                    conditions={
                        "type": "array",
                        "items": _object(
                            ["field", "op"],
                            field=_TEXT,
                            op=_one_of(Op),
                            value={"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]},
                        ),
                    },
                ),
            },
        ),
    },
    indicators={
        "type": "array",
        "items": _object(
            ["code", "name_zh", "set", "unit"],
            code={"type": "string", "pattern": r"^[A-Za-z0-9_.-]{1,40}$"},
            name_zh={"type": "string", "minLength": 1, "maxLength": 120},
            name_en={"type": "string", "maxLength": 120},
            set=_one_of(IndicatorSet),
            unit=_TEXT,
            direction=_one_of(Direction),
            aggregate=_one_of(Aggregate),
            minimum=_NUMBER,
            maximum=_NUMBER,
            whole=_BOOL,
            **{"class": _one_of(IndicatorClass), "point_in_time": _BOOL},
        ),
    },
)
_VALIDATOR = Draft202012Validator(_SCHEMA)


@dataclass(frozen=True)
class ModelFile:
    """A model and the indicators that it needs."""

    model: ModelDraft
    indicators: tuple[IndicatorDraft, ...] = ()


def read_model_file(content: bytes) -> ModelFile:
    """Return what a file describes.

    Raises:
        Rejected: it is too large, no YAML, or not of this shape, naming the places.
    """
    if len(content) > LARGEST:
        raise Rejected([Problem(N_("模型文件过大：最多 %(limit)s KB。"), {"limit": LARGEST >> 10})])
    try:
        text = content.decode("utf-8-sig")
        _refuse_tricks(text)
        data = yaml.load(text, _Loader)  # noqa: S506 (a safe loader, by its name)
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise Rejected([Problem(N_("这不是模型文件：无法按 YAML 或 JSON 读取。"))]) from error
    data = _plain(data)
    wrong = sorted(_VALIDATOR.iter_errors(data), key=lambda one: list(map(str, one.absolute_path)))
    if wrong:
        message = N_("模型文件的“%(path)s”处无效，缺少内容或有多余内容。")
        raise Rejected([Problem(message, {"path": one.json_path.removeprefix("$.")}) for one in wrong[:20]])
    try:
        return _file(data)
    except ValueError as error:
        raise Rejected([Problem(N_("模型文件中的日期无效，请写成 2026-09-30。"))]) from error


def _refuse_tricks(text: str) -> None:
    """References, and nesting so deep that reading it would only keep the server busy."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.AliasEvent):
            raise Rejected([Problem(N_("模型文件不能使用引用（& 与 *）。"))])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Rejected([Problem(N_("模型文件嵌套超过 %(limit)s 层。"), {"limit": DEEPEST})])


def _plain(value: Any) -> Any:
    """Return YAML's own days and numbers as the text that they were."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()[:10]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _file(data: Mapping[str, Any]) -> ModelFile:
    head = data["model"]
    model = ModelDraft(
        code=head["code"],
        name_zh=head["name_zh"],
        name_en=head.get("name_en"),
        source=head.get("source", ""),
        delivery=Delivery(head["delivery"]),
        fields=tuple(_field(one) for one in data["fields"]),
    )
    return ModelFile(model, tuple(_indicator(one) for one in data.get("indicators", [])))


def _field(data: Mapping[str, Any]) -> FieldDraft:
    return FieldDraft(
        code=data["code"],
        name_zh=data["name_zh"],
        name_en=data.get("name_en"),
        kind=FieldKind(data["kind"]),
        required=data.get("required", True),
        in_key=data.get("key", False),
        unit=data.get("unit", ""),
        role=FieldRole(data.get("role", FieldRole.NONE)),
        use=FieldUse(data.get("use", FieldUse.UNDECIDED)),
        titles=tuple(data.get("titles", [])),
        choices={code: tuple(spellings) for code, spellings in data.get("choices", {}).items()},
        mappings=tuple(_mapping(one) for one in data.get("mappings", [])),
    )


def _mapping(data: Mapping[str, Any]) -> MappingDraft:
    until = data.get("valid_to")
    return MappingDraft(
        indicator=data["indicator"],
        valid_from=date.fromisoformat(data["valid_from"]),
        valid_to=date.fromisoformat(until) if until else None,
        coefficient=Decimal(data.get("coefficient", "1")),
        conditions=tuple(Condition.of_json(one) for one in data.get("conditions", [])),
    )


def _indicator(data: Mapping[str, Any]) -> IndicatorDraft:
    return IndicatorDraft(
        code=data["code"],
        name_zh=data["name_zh"],
        name_en=data.get("name_en"),
        indicator_set=IndicatorSet(data["set"]),
        unit=data["unit"],
        direction=Direction(data.get("direction", Direction.MORE)),
        aggregate=Aggregate(data.get("aggregate", Aggregate.SUM)),
        minimum=Decimal(data["minimum"]) if "minimum" in data else None,
        maximum=Decimal(data["maximum"]) if "maximum" in data else None,
        whole=data.get("whole", False),
        indicator_class=IndicatorClass(data["class"]) if "class" in data else None,
        point_in_time=data.get("point_in_time"),
    )


def write_model_file(file: ModelFile, *, as_json: bool = False) -> bytes:
    """Return the file of a model; reading it gives the same again."""
    data = _data(file)
    if as_json:
        return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    return text.encode()


def _data(file: ModelFile) -> dict[str, Any]:
    model = file.model
    head = {
        "code": model.code,
        "name_zh": model.name_zh,
        "name_en": model.name_en,
        "source": model.source,
        "delivery": model.delivery.value,
    }
    return {
        "format": FORMAT,
        "model": _filled(head),
        "fields": [_field_data(one) for one in model.fields],
        "indicators": [_indicator_data(one) for one in file.indicators],
    }


def _field_data(one: FieldDraft) -> dict[str, Any]:
    return _filled(
        {
            "code": one.code,
            "name_zh": one.name_zh,
            "name_en": one.name_en,
            "kind": one.kind.value,
            "required": one.required,
            "key": one.in_key,
            "unit": one.unit,
            "role": one.role.value,
            "use": one.use.value,
            "titles": list(one.titles),
            "choices": {code: list(spellings) for code, spellings in one.choices.items()},
            "mappings": [
                _filled(
                    {
                        "indicator": mapping.indicator,
                        "valid_from": mapping.valid_from.isoformat(),
                        "valid_to": mapping.valid_to.isoformat() if mapping.valid_to else None,
                        "coefficient": format(mapping.coefficient, "f"),
                        "conditions": [_filled(each.to_json()) for each in mapping.conditions],
                    }
                )
                for mapping in one.mappings
            ],
        }
    )


def _indicator_data(one: IndicatorDraft) -> dict[str, Any]:
    return _filled(
        {
            "code": one.code,
            "name_zh": one.name_zh,
            "name_en": one.name_en,
            "set": one.indicator_set.value,
            "unit": one.unit,
            "direction": one.direction.value,
            "aggregate": one.aggregate.value,
            "minimum": None if one.minimum is None else format(one.minimum, "f"),
            "maximum": None if one.maximum is None else format(one.maximum, "f"),
            "whole": one.whole,
            "class": one.indicator_class.value if one.indicator_class else None,
            "point_in_time": one.point_in_time,
        }
    )


def _filled(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is not empty; a `false` is kept."""
    return {key: value for key, value in data.items() if value not in (None, "", [], {})}
