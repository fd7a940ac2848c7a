"""The short forms of a scheme file: a rule by the name of its preset, and back where it is exactly one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lms.scoring import presets
from lms.scoring.document import (
    Direction,
    Indicator,
    PositionKind,
    Reference,
    ReferenceKind,
    StepMode,
    indicator_to_dict,
    reference_to_dict,
)
from lms.scoring.parsing import parse_indicator
from lms.scoring.problems import InvalidScheme

Rule = dict[str, Any]

PRESETS: dict[str, Callable[..., Rule]] = {
    "completion_ratio": presets.completion_ratio,
    "difference_per_step": presets.difference_per_step,
    "bands": presets.bands,
    "by_rank": presets.by_rank,
    "by_percentile": presets.by_percentile,
    "interpolation": presets.interpolation,
    "value_as_points": presets.value_as_points,
}
PARTS = ("position", "direction", "reference", "curve", "bound")
"""What a short form stands for in an indicator."""
_ENUMS = {"position": PositionKind, "direction": Direction, "mode": StepMode}
_PAIRS = ("thresholds", "standards", "places", "shares")


def expand(rule: Mapping[str, Any]) -> Rule:
    """Return the parts of an indicator that a short form of the right shape stands for."""
    given = {name: value for name, value in rule.items() if name not in ("preset", "reference")}
    for name, kind in _ENUMS.items():
        if name in given:
            given[name] = kind(given[name])
    for name in _PAIRS:
        if name in given:
            given[name] = [(start, points) for start, points in given[name]]
    parts = PRESETS[rule["preset"]](**given)
    return parts | {"reference": rule["reference"]} if "reference" in rule else parts


def shorten(line: Indicator) -> Rule | None:
    """Return the short form that stands for exactly this rule, None where there is none."""
    return next((rule for rule in _candidates(line) if _is(rule, line)), None)


def _is(rule: Rule, line: Indicator) -> bool:
    whole = indicator_to_dict(line)
    try:
        return parse_indicator(whole | expand(rule)) == line
    except InvalidScheme:
        return False


def _candidates(line: Indicator) -> Iterator[Rule]:
    pieces = line.curve.segments
    found = _straight(line) if len(pieces) == 1 else _broken(line)
    for rule in found:
        default = expand(rule)["reference"]["kind"]
        if line.reference != Reference(ReferenceKind(default)):
            told = reference_to_dict(line.reference)
            rule["reference"] = {name: value for name, value in told.items() if value is not None}
        yield rule


def _straight(line: Indicator) -> Iterator[Rule]:
    """Rules of one line from end to end."""
    piece, step = line.curve.segments[0], line.curve.step
    less: Rule = {"less_is_better": True} if line.direction is Direction.LESS else {}
    ends: Rule = {"floor": _short(line.bound.floor), "cap": _short(line.bound.cap)}
    yield {"preset": "completion_ratio", "full": _short(piece.points)} | less | ends
    size = abs(piece.slope)
    counted: Rule = {"unit": _short(step.unit), "mode": step.mode.value} if step else {}
    if step:
        worth = {"unit": counted["unit"], "points": _short(round(size * step.unit, 9))}
        base = {"base": _short(piece.points), "mode": step.mode.value}
        yield {"preset": "difference_per_step"} | worth | base | less | ends
    value: Rule = {"preset": "value_as_points", "factor": _short(size), "base": _short(piece.points)}
    yield value | counted | less | ends


def _broken(line: Indicator) -> Iterator[Rule]:
    """Rules of several pieces: constant ones, or lines between standards."""
    pieces = line.curve.segments
    head = {"position": line.position.value, "direction": line.direction.value}
    if any(piece.low is None for piece in pieces[1:]):
        return
    starts = [[_short(piece.low), _short(piece.points)] for piece in pieces[1:]]
    below = {"below": _short(pieces[0].points)}
    less: Rule = {"less_is_better": True} if line.direction is Direction.LESS else {}
    if line.position is PositionKind.RANK:
        ends = [_short((piece.high or 0.0) - 0.5) for piece in pieces[:-1]]
        places = [[end, _short(piece.points)] for end, piece in zip(ends, pieces, strict=False)]
        yield {"preset": "by_rank", "places": places, "others": _short(pieces[-1].points)} | less
    if line.position is PositionKind.PERCENTILE:
        yield {"preset": "by_percentile", "shares": starts} | below | less
    yield {"preset": "bands", "thresholds": starts} | below | head
    yield {"preset": "interpolation", "standards": starts} | head
    yield {"preset": "interpolation", "standards": starts} | below | head


def _short(value: float | None) -> int | float | None:
    """60 for 60.0."""
    return int(value) if value is not None and value.is_integer() else value
