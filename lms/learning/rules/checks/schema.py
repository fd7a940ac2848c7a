"""Checks of one document against its JSON Schema, worded for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from lms.core.i18n import N_
from lms.learning.rules.package import Document, FieldPath, Finding

_TYPES = {
    "string": N_("应为文字"),
    "integer": N_("应为整数"),
    "number": N_("应为数字"),
    "boolean": N_("应为 true 或 false"),
    "array": N_("应为列表"),
    "object": N_("应为“名称：内容”的形式"),
}
_KEYWORDS = {
    "const": N_("应为 %(limit)s"),
    "pattern": N_("“%(value)s”不是合法的代码：只能用字母、数字、- 和 _"),
    "uniqueItems": N_("列表中有重复的项"),
    "minimum": N_("不得小于 %(limit)s"),
    "maximum": N_("不得大于 %(limit)s"),
    "exclusiveMinimum": N_("必须大于 %(limit)s"),
    "minItems": N_("至少要有 %(limit)s 项"),
    "maxItems": N_("最多只能有 %(limit)s 项"),
    "maxLength": N_("最多只能有 %(limit)s 个字符"),
}


_NEVER: Mapping[str, Any] = {"not": {}}  # how the schemas say "not with this type"


def check_schema(document: Document, validator: Draft202012Validator) -> list[Finding]:
    """All departures of a document from its schema, in the order of the file's fields, each once."""
    found: dict[tuple[FieldPath, str], Finding] = {}
    for error in validator.iter_errors(document.data):
        for finding in _findings(document.file, error):
            found.setdefault((finding.path, finding.message), finding)
    return list(found.values())


def _findings(file: str, error: ValidationError) -> Iterator[Finding]:
    path: FieldPath = tuple(error.absolute_path)
    limit: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    if error.validator == "required":
        for name in limit:
            if name not in instance:
                yield Finding(file, (*path, name), N_("缺少必填项"), {})
    elif error.validator == "additionalProperties":
        for name in instance:
            if name not in schema["properties"]:
                yield Finding(file, (*path, str(name)), N_("不认识的字段"), {})
    elif error.validator == "not":
        yield Finding(file, path, N_("此处不能使用这个字段"), {})
    else:
        message, params = _wording(str(error.validator), limit)
        yield Finding(file, path, message, {**params, "value": str(instance)[:60]})


def _wording(keyword: str, limit: Any) -> tuple[str, dict[str, object]]:
    """The message for a schema keyword and its limit; the value is added by the caller, shortened."""
    if keyword == "type":
        return _TYPES.get(str(limit), N_("内容的形式不对")), {}
    if keyword == "enum":
        allowed = "、".join(str(one) for one in limit)
        return N_("“%(value)s”不在允许的范围内：%(allowed)s"), {"allowed": allowed}
    if keyword == "pattern" and limit == r"\S":
        return N_("内容不能为空"), {}
    return _KEYWORDS.get(keyword, N_("内容的形式不对")), {"limit": limit}


def with_defaults(schema: Mapping[str, Any], definitions: Mapping[str, Any], data: Any) -> Any:
    """A copy of a valid document with the schema's default filled in wherever an optional field is absent.

    ``definitions`` are the schema's own ``$defs``; references into other files carry no defaults.
    """
    reference = schema.get("$ref", "")
    if reference.startswith("#/$defs/"):
        return with_defaults(definitions[reference.removeprefix("#/$defs/")], definitions, data)
    if isinstance(data, dict) and "properties" in schema:
        fields: Mapping[str, Any] = schema["properties"]
        filled = {
            name: with_defaults(fields[name], definitions, value)
            if isinstance(fields.get(name), Mapping)
            else value
            for name, value in data.items()
        }
        for name, field in fields.items():
            if isinstance(field, Mapping) and "default" in field and _applies(schema, data, name):
                filled.setdefault(name, field["default"])
        return filled
    if isinstance(data, list) and isinstance(schema.get("items"), Mapping):
        return [with_defaults(schema["items"], definitions, one) for one in data]
    return data


def _applies(schema: Mapping[str, Any], data: Mapping[str, Any], name: str) -> bool:
    """Whether a field with a default may stand beside the document's ``type`` at all."""
    for branch in schema.get("allOf", ()):
        wanted = branch["if"]["properties"]["type"]["const"]
        if data.get("type") == wanted and branch["then"].get("properties", {}).get(name) == _NEVER:
            return False
    return True
