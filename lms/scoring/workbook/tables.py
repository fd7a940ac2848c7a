"""Which sheets and columns a workbook has: taken from the schema of the file, so a new field has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from lms.scoring import fileschema, schema
from lms.scoring.schema import Schema
from lms.scoring.workbook.notation import Notation

Path = tuple[str, ...]


class Kind(StrEnum):
    """What a cell of a column holds. `any`: a number, a text, or JSON for what has no column of its own."""

    TEXT = "text"
    NUMBER = "number"
    PERCENT = "percent"
    FLAG = "flag"
    WORD = "word"
    WORD_OR_POINTS = "word_or_points"
    NOTATION = "notation"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its code, and where in an item its cells stand; with several places the preset decides."""

    code: str
    paths: tuple[Path, ...]
    kind: Kind
    required: bool = False
    nullable: bool = False
    words: tuple[str, ...] = ()
    notation: Notation | None = None

    @property
    def name(self) -> str:
        """The field's own name, by which words are looked up."""
        return self.paths[0][-1] if self.paths[0] else self.code


MORE = "more"
"""The column of whatever has no column of its own, as a JSON object."""
_MORE = Column(MORE, ((),), Kind.ANY)
SECTION = Column("section", (("section",),), Kind.TEXT, required=True)

_NOTATIONS = {
    "segments": Notation.SEGMENTS,
    "also": Notation.CONDITIONS,
    "admission": Notation.CONDITIONS,
    "coefficients": Notation.COEFFICIENTS,
    "thresholds": Notation.PAIRS,
    "standards": Notation.PAIRS,
    "places": Notation.PAIRS,
    "shares": Notation.PAIRS,
}
_PERCENTS = {"weight"}
_TOGETHER = {
    "rule.thresholds": "rule.table",
    "rule.standards": "rule.table",
    "rule.places": "rule.table",
    "rule.shares": "rule.table",
    "rule.below": "rule.below",
    "rule.others": "rule.below",
    "position": "rule.position",
    "direction": "rule.direction",
    "reference.kind": "rule.reference.kind",
    "reference.value": "rule.reference.value",
    "reference.measure": "rule.reference.measure",
    "reference.back": "rule.reference.back",
    "reference.carry": "rule.reference.carry",
    "reference.within_year": "rule.reference.within_year",
    "bound.floor": "rule.floor",
    "bound.cap": "rule.cap",
    "curve.step.unit": "rule.unit",
    "curve.step.mode": "rule.mode",
}
"""Fields that say the same of a short and of a full rule, or of several presets, share a column."""
_RULE = (
    "rule.preset",
    "rule.full",
    "rule.base",
    "rule.factor",
    "rule.unit",
    "rule.points",
    "rule.mode",
    "rule.table",
    "rule.below",
    "rule.less_is_better",
    "rule.position",
    "rule.direction",
    "rule.reference.kind",
    "rule.reference.value",
    "rule.reference.measure",
    "rule.reference.back",
    "rule.reference.carry",
    "rule.reference.within_year",
    "rule.floor",
    "rule.cap",
    "curve.segments",
    "curve.step.origin",
)
"""The order of these; what comes later stands behind them."""
_FIRST = ("code", "name_zh", "name_en", "unit", "weight", "measure", "clause")


def columns_of(shape: Schema, at: Path = (), *, needed: bool = True) -> Iterator[Column]:
    """The columns of an object of this shape, objects inside it laid out flat."""
    for name, kind in shape["properties"].items():
        path = (*at, name)
        must = needed and name in shape.get("required", ())
        if _is_object(kind) and "properties" in kind:
            yield from columns_of(kind, path, needed=must)
        else:
            yield _column(path, kind, required=must)


@cache
def top() -> tuple[Column, ...]:
    """The rows of the sheet of the scheme itself."""
    whole = fileschema.FILE
    own = {name: kind for name, kind in whole["properties"].items() if name not in tables_of_items()}
    return (*columns_of(whole | {"properties": own}), _MORE)


@cache
def tables_of_items() -> Mapping[str, Schema]:
    """Lists of objects by their field: each is a sheet."""
    return {
        name: kind["items"]
        for name, kind in schema.SCHEME["properties"].items()
        if kind.get("type") == "array" and "properties" in kind.get("items", {})
    }


@cache
def plain(name: str) -> tuple[Column, ...]:
    """The columns of a list of objects: sections, gates, grades, clauses, and any that comes later."""
    shape = tables_of_items()[name]
    own = {field: kind for field, kind in shape["properties"].items() if field != "indicators"}
    return (*columns_of(shape | {"properties": own}), _MORE)


@cache
def indicators() -> tuple[Column, ...]:
    """The columns of the indicators: one row each, with its rule in short or in full."""
    fields = list(columns_of(schema.INDICATOR))
    first = [column for name in _FIRST for column in fields if column.code == name]
    rest = [column for column in fields if column not in first]
    merged = list(_merged([*_short_fields(), *rest]))
    rules = [column for code in _RULE for column in merged if column.code == code]
    return (SECTION, *first, *rules, *(column for column in merged if column not in rules), _MORE)


@cache
def example_fields() -> Mapping[str, tuple[int, Column]]:
    """What an example says, by the word of its item: how many codes lead to a value, and its column."""
    return dict(_leaves(schema.EXAMPLE, ()))


def _leaves(shape: Schema, at: Path) -> Iterator[tuple[str, tuple[int, Column]]]:
    for name, kind in shape["properties"].items():
        path, deep, inner = (*at, name), 0, kind
        if path in (("name",), ("others",)):
            continue
        while isinstance(inner.get("additionalProperties"), dict):
            deep, inner = deep + 1, inner["additionalProperties"]
        if "properties" in inner and not deep:
            yield from _leaves(inner, path)
        else:
            yield ".".join(path), (deep, replace(_column(path, inner, required=False), nullable=True))


def _short_fields() -> Iterator[Column]:
    """The fields of all presets, each once."""
    rule = {"preset": fileschema.RULE["properties"]["preset"]}
    for fields in fileschema.PRESET_FIELDS.values():
        rule = rule | {name: kind for name, kind in fields.items() if name not in rule}
    yield from columns_of({"properties": rule}, ("rule",))


def _merged(columns: Iterable[Column]) -> Iterator[Column]:
    found: dict[str, Column] = {}
    for column in columns:
        code = _TOGETHER.get(column.code, column.code)
        before = found.get(code)
        if before is None:
            found[code] = replace(column, code=code, required=False)
        else:
            words = tuple(dict.fromkeys((*before.words, *column.words)))
            nullable = before.nullable or column.nullable
            found[code] = replace(
                before, paths=(*before.paths, *column.paths), words=words, nullable=nullable
            )
    return iter(found.values())


def _column(path: Path, kind: Schema, *, required: bool) -> Column:
    name, code = path[-1], ".".join(path)
    types = kind.get("type")
    several = types if isinstance(types, list) else [types]
    made = Column(code, (path,), Kind.ANY, required=required, nullable="null" in several)
    if name in _NOTATIONS and "array" in several:
        return replace(made, kind=Kind.NOTATION, notation=_NOTATIONS[name])
    if "enum" in kind:
        return replace(
            made, kind=Kind.WORD, words=tuple(str(word) for word in kind["enum"] if word is not None)
        )
    if isinstance(kind.get("else"), dict) and "enum" in kind["else"]:
        return replace(made, kind=Kind.WORD_OR_POINTS, words=tuple(kind["else"]["enum"]))
    of_types = {
        "boolean": Kind.FLAG,
        "string": Kind.TEXT,
        "integer": Kind.NUMBER,
        "number": Kind.PERCENT if name in _PERCENTS else Kind.NUMBER,
    }
    known = [of_types[one] for one in several if one in of_types]
    return replace(made, kind=known[0]) if len(known) == len(set(several) - {"null"}) == 1 else made


def _is_object(kind: Mapping[str, Any]) -> bool:
    types = kind.get("type")
    return types == "object" or (isinstance(types, list) and set(types) == {"object", "null"})
