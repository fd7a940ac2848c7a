"""What of a scheme may be set for a part of the bank: its parameters, under paths that outlive versions.

A parameter is a weight, limit, threshold, coefficient, price or switch. What is measured, what it is compared
with and which way is good are the scheme itself and no parameters; targets are neither. A path names things
by their codes (`sections/business/weight`, `indicators/DEPOSIT/bound/cap`, `grades/A/at_least`), so a version
that adds or moves an indicator leaves the others' paths as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from lms.scoring.document import (
    BoundStage,
    GateMissing,
    Group,
    Missing,
    PositionKind,
    Scheme,
    StepMode,
    to_dict,
)
from lms.scoring.parsing import parse

Value = float | str
Data = MutableMapping[str, Any]

PERCENT, POINTS = "%", "points"
"""Units of weights, and of points of the composite; other numbers have the indicator's own unit, or none."""

RATIOS = (PositionKind.RATIO, PositionKind.INVERSE, PositionKind.RELATIVE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: where it stands, what it is now, and what it may be.

    A number has a unit (`PERCENT`, `POINTS`, the indicator's own or ""), a switch has its choices.
    """

    path: str
    value: Value
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Whether it is one of several words, not a number."""
        return bool(self.choices)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A parameter and every place that holds it: a threshold ends one band and begins another."""

    parameter: Parameter
    places: tuple[tuple[Data, str], ...]


def parameters(scheme: Scheme) -> tuple[Parameter, ...]:
    """Return every parameter of a scheme, in the order of the document."""
    return tuple(slot.parameter for slot in _slots(to_dict(scheme)))


def siblings(path: str, scheme: Scheme) -> tuple[str, ...]:
    """Return the paths of the weights that make 100 together with this one; the path alone for others."""
    if path.endswith("/weight"):
        groups = [[f"sections/{section.code}/weight" for section in scheme.sections]]
        groups += [[f"indicators/{i.code}/weight" for i in section.indicators] for section in scheme.sections]
        for group in groups:
            if path in group:
                return tuple(group)
    return (path,)


def fits(parameter: Parameter, value: Value) -> bool:
    """Whether a value is of the parameter's kind: a number, or one of its choices."""
    return value in parameter.choices if parameter.is_switch else not isinstance(value, str)


def apply(scheme: Scheme, values: Mapping[str, Value]) -> Scheme:
    """Return the scheme with these parameters set; it has passed every check of a document.

    Worked examples belong to the scheme as it was written and are left out of a changed one. Setting nothing,
    or what stands there anyway, gives the scheme itself.

    Raises:
        KeyError: for a path that the scheme has not.
        InvalidScheme: when the changed document is wrong anywhere (weights that do not make 100, …).
    """
    data = to_dict(scheme)
    slots = {slot.parameter.path: slot for slot in _slots(data)}
    changed = {path: value for path, value in values.items() if slots[path].parameter.value != value}
    if not changed:
        return scheme
    data.pop("examples", None)
    for path, value in changed.items():
        for holder, key in slots[path].places:
            holder[key] = value
    return parse(data)


def _slots(data: Data) -> Iterator[_Slot]:
    for section in data["sections"]:
        at = f"sections/{section['code']}"
        yield from _numbers(at, section, ("weight",), PERCENT)
        yield from _numbers(f"{at}/bound", section["bound"], ("floor", "cap"), POINTS)
        yield _switch(at, section, "group", Group)
        for line in section["indicators"]:
            yield from _indicator(f"indicators/{line['code']}", line)
    for gate in data["gates"]:
        yield from _gate(f"gates/{gate['code']}", gate, [grade["code"] for grade in data["grades"]])
    for grade in data["grades"]:
        yield from _numbers(f"grades/{grade['code']}", grade, ("at_least",), POINTS)
    yield _switch("", data, "bound_stage", BoundStage)


def _indicator(at: str, line: Data) -> Iterator[_Slot]:
    yield from _numbers(at, line, ("weight",), PERCENT)
    yield from _numbers(f"{at}/bound", line["bound"], ("floor", "cap"), POINTS)
    yield from _numbers(f"{at}/reference", line["reference"], ("value",), line["unit"])
    yield from _curve(f"{at}/curve", line)
    for item in line["coefficients"]:
        yield from _numbers(f"{at}/coefficients/{item['name']}", item, ("value", "low", "high"))
    # Where points move to another indicator, which one is part of the scheme, and so is that they move.
    policies = [policy for policy in Missing if policy is not Missing.MOVE]
    if line.get("moves_to") is None:
        yield _switch(at, line, "missing", policies)
    zero = line["zero_denominator"]
    if isinstance(zero, dict):
        yield from _numbers(f"{at}/zero_denominator", zero, ("points",), POINTS)
    elif line.get("moves_to") is None and line["position"] in RATIOS:
        yield _switch(at, line, "zero_denominator", policies)


def _curve(at: str, line: Data) -> Iterator[_Slot]:
    """The points of a single line or of bands, their thresholds, and the step.

    Lines that interpolate between standards hang together at their ends; none of them can be moved alone.
    """
    pieces, step = line["curve"]["segments"], line["curve"]["step"]
    unit = "" if line["position"] in (*RATIOS, "rank", "percentile") else line["unit"]
    if len(pieces) == 1:
        yield from _numbers(at, pieces[0], ("points", "slope"), POINTS)
    elif not any(piece["slope"] for piece in pieces):
        for number, piece in enumerate(pieces, start=1):
            yield from _numbers(f"{at}/{number}", piece, ("points",), POINTS)
        for number, (left, right) in enumerate(pairwise(pieces), start=1):
            yield _Slot(
                Parameter(f"{at}/{number}/until", right["low"], unit), ((left, "high"), (right, "low"))
            )
    if step:
        yield from _numbers(f"{at}/step", step, ("unit",), unit)
        yield _switch(f"{at}/step", step, "mode", StepMode)


def _gate(at: str, gate: Data, grades: list[str]) -> Iterator[_Slot]:
    yield from _numbers(f"{at}/condition", gate["condition"], ("value",))
    for number, condition in enumerate(gate.get("also", []), start=1):
        yield from _numbers(f"{at}/also/{number}", condition, ("value",))
    yield from _numbers(at, gate, ("points",), POINTS)
    yield from _numbers(at, gate, ("factor",))
    if gate["grade"] is not None:
        yield _switch(at, gate, "grade", grades)
    yield _switch(at, gate, "missing", GateMissing)


def _numbers(at: str, holder: Data, keys: tuple[str, ...], unit: str = "") -> Iterator[_Slot]:
    """The numbers that stand under these keys; where there is none, there is no parameter."""
    for key in keys:
        if holder.get(key) is not None:
            yield _Slot(Parameter(f"{at}/{key}", holder[key], unit), ((holder, key),))


def _switch(at: str, holder: Data, key: str, choices: type[StrEnum] | list[Any]) -> _Slot:
    path = f"{at}/{key}" if at else key
    return _Slot(Parameter(path, holder[key], choices=tuple(str(one) for one in choices)), ((holder, key),))


def by_codes(data: Mapping[str, Any], path: str) -> str:
    """Return the place of a problem (sections/0/weight) by codes (sections/business/weight).

    A place within an indicator begins with the indicator, as the paths of parameters do.
    """
    at: Any = data
    told: list[str] = []
    for part in path.split("/"):
        if isinstance(at, list) and part.isdecimal() and int(part) < len(at):
            at = at[int(part)]
            name = (at.get("code") or at.get("name")) if isinstance(at, Mapping) else None
            told.append(str(name or int(part) + 1))
        else:
            at = at.get(part) if isinstance(at, Mapping) else None
            told.append(part)
    if "indicators" in told[:-1]:
        told = told[told.index("indicators") :]
    return "/".join(told)
