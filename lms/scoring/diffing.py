"""What changed from one version of a scheme to another, by the codes of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from lms.scoring.document import Indicator, Scheme, to_dict
from lms.scoring.presets import describe
from lms.scoring.shortforms import PARTS

# Lists whose items are told apart by these fields.
_NAMED_BY = {
    "sections": "code",
    "indicators": "code",
    "gates": "code",
    "grades": "code",
    "coefficients": "name",
    "clauses": "number",
    "examples": "name",
    "formulas": "code",
}
# Parts of an example are values by code; a change of one is a change of the whole example.
_WHOLE = {"examples"}
RULE = "rule"


class Change(StrEnum):
    """What became of a place."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Difference:
    """One change: `path` by codes (sections/business/indicators/DEPOSIT/weight), and both values.

    Values are numbers, texts, or None; a rule is given in words. What was added or removed whole gives its
    name.
    """

    path: str
    change: Change
    old: Any = None
    new: Any = None


def differences(old: Scheme, new: Scheme, lang: str = "zh") -> list[Difference]:
    """Everything that differs, in the order of the new version; rules are said in words of `lang`."""
    return [_named(one, lang) for one in _objects(_told(old, lang), _told(new, lang), "")]


def _named(one: Difference, lang: str) -> Difference:
    """The difference with what was added or removed by its name in the language."""
    old, new = (_name(item, lang) if isinstance(item, Mapping) else item for item in (one.old, one.new))
    return replace(one, old=old, new=new)


def _told(scheme: Scheme, lang: str) -> dict[str, Any]:
    """The document with every rule as a sentence beside its data."""
    data = to_dict(scheme)
    lines: Iterator[Indicator] = (line for _, line in scheme.indicators())
    for section in data["sections"]:
        for item in section["indicators"]:
            # Two rules may read alike and still differ in a digit that words do not show.
            item[RULE] = _Rule({part: item.pop(part) for part in PARTS}, describe(next(lines), lang))
    return data


@dataclass(frozen=True, slots=True)
class _Rule:
    data: Mapping[str, Any]
    words: str


def _objects(old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[Difference]:
    for name in [*new, *(name for name in old if name not in new)]:
        yield from _values(old.get(name), new.get(name), f"{at}{name}", name)


def _values(old: Any, new: Any, path: str, name: str) -> Iterator[Difference]:
    if old == new:
        return
    if name in _NAMED_BY and (isinstance(old, list) or isinstance(new, list)):
        yield from _lists(old or [], new or [], path, name)
    elif isinstance(old, _Rule) and isinstance(new, _Rule):
        yield from _rules(old, new, path)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _objects(old, new, f"{path}/")
    else:
        yield Difference(path, Change.CHANGED, old, new)


def _rules(old: _Rule, new: _Rule, path: str) -> Iterator[Difference]:
    if old.words != new.words:
        yield Difference(path, Change.CHANGED, old.words, new.words)
    else:
        yield from _objects(old.data, new.data, f"{path}/")


def _lists(old: list[Any], new: list[Any], path: str, name: str) -> Iterator[Difference]:
    key = _NAMED_BY[name]
    before, after = {item[key]: item for item in old}, {item[key]: item for item in new}
    for code, item in after.items():
        place = f"{path}/{code}"
        if code not in before:
            yield Difference(place, Change.ADDED, None, item)
        elif name in _WHOLE:
            if before[code] != item:
                yield Difference(place, Change.CHANGED, _plain(before[code]), _plain(item))
        else:
            yield from _objects(before[code], item, f"{place}/")
    for code, item in before.items():
        if code not in after:
            yield Difference(f"{path}/{code}", Change.REMOVED, item, None)
    kept = [code for code in before if code in after]
    order = [code for code in after if code in before]
    if kept != order:
        yield Difference(path, Change.MOVED, ", ".join(kept), ", ".join(order))


def _name(item: Mapping[str, Any], lang: str) -> str:
    names = (item.get(name) for name in (f"name_{lang}", "name_zh", "text", "source", "name"))
    return str(next((name for name in names if name), ""))


def _plain(example: Mapping[str, Any]) -> str:
    """An example's figures on one line."""
    return "; ".join(f"{part}: {_flat(example[part])}" for part in example if part != "name")


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_flat(item)}" for name, item in value.items())
    return "–" if value is None else str(value)
