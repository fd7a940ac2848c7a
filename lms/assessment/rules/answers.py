"""Answers: their shape for each type, and whether one is complete.

single: a key · multiple: list of keys in the order of the options · true_false: bool · ordering: list with
one place an item, each a key or None · matching: left key → right key · numeric, short: text as typed.
No answer at all is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from lms.assessment.rules.numbers import read_number
from lms.assessment.rules.question import Asked, QuestionType

LONGEST_TEXT = 2000

Answer = Any


class Fill(StrEnum):
    """How far a question is answered."""

    NONE = "none"
    PART = "part"
    FULL = "full"


class NotAnAnswer(ValueError):
    """The value cannot be an answer to this question."""


def clean(asked: Asked, value: object) -> Answer:
    """Return the value as a well-formed answer, or None for an empty one.

    Raises:
        NotAnAnswer: when it has another shape, names what is not there to choose, or is too long.
    """
    if value is None or value in ("", [], {}):
        return None
    match asked.type:
        case QuestionType.SINGLE:
            return _known(value, asked.keys("options"))
        case QuestionType.MULTIPLE:
            options = asked.keys("options")
            picked = {_known(key, options) for key in _list(value)}
            return [key for key in options if key in picked]
        case QuestionType.TRUE_FALSE:
            if not isinstance(value, bool):
                raise NotAnAnswer(value)
            return value
        case QuestionType.ORDERING:
            return _order(asked.keys("items"), _list(value))
        case QuestionType.MATCHING:
            return _pairs(asked, value)
        case QuestionType.NUMERIC | QuestionType.SHORT:
            if not isinstance(value, str) or len(value) > LONGEST_TEXT:
                raise NotAnAnswer(value)
            return value.strip() or None


def fill(asked: Asked, answer: Answer) -> Fill:
    """Return how far a cleaned answer fills the question."""
    if answer is None:
        return Fill.NONE
    if asked.type is QuestionType.ORDERING:
        return Fill.PART if None in answer else Fill.FULL
    if asked.type is QuestionType.MATCHING:
        return Fill.FULL if len(answer) == len(asked.keys("left")) else Fill.PART
    return Fill.FULL


def units_of(asked: Asked) -> list[str]:
    """Return the units a numeric answer may carry."""
    return [str(asked.content[name]) for name in ("unit_zh", "unit_en") if asked.content.get(name)]


def readable(asked: Asked, answer: Answer) -> bool:
    """Whether a numeric answer says a number; every other answer is readable."""
    return (
        asked.type is not QuestionType.NUMERIC
        or answer is None
        or read_number(answer, units_of(asked)) is not None
    )


def _known(key: object, keys: list[str]) -> str:
    if not isinstance(key, str) or key not in keys:
        raise NotAnAnswer(key)
    return key


def _list(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise NotAnAnswer(value)
    return list(value)


def _order(items: list[str], value: list[object]) -> Answer:
    if len(value) > len(items):
        raise NotAnAnswer(value)
    places: list[str | None] = [None if key is None else _known(key, items) for key in value]
    named = [key for key in places if key is not None]
    if len(named) != len(set(named)):
        raise NotAnAnswer(value)
    return [*places, *[None] * (len(items) - len(places))] if named else None


def _pairs(asked: Asked, value: object) -> Answer:
    if not isinstance(value, Mapping):
        raise NotAnAnswer(value)
    left, right = asked.keys("left"), asked.keys("right")
    chosen = {_known(key, left): _known(other, right) for key, other in value.items() if other}
    return {key: chosen[key] for key in left if key in chosen} or None
