"""Answers from the fields of a paper; one parser for the autosave and for the plain form.

Field names begin with the item's name: `q7` (single, multiple, true/false, numeric, short) or `q7-<key>`
(the place of a step, the right side of a pair).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict

from lms.assessment.rules.question import Asked, QuestionType

Fields = MultiDict[str, str]


class Named(Protocol):
    """A question on a paper as forms need it."""

    @property
    def id(self) -> int:
        """Its item id."""

    @property
    def name(self) -> str:
        """The beginning of its field names."""

    @property
    def asked(self) -> Asked:
        """The question."""


def read_answers(items: list[Named], fields: Fields) -> dict[int, Any]:
    """Return the answers of all questions by item id; None where nothing was answered."""
    return {item.id: read_answer(item.asked, item.name, fields) for item in items}


def read_answer(asked: Asked, name: str, fields: Fields) -> Any:
    """Return the answer the fields give, in the shape of `rules.answers`, not yet checked."""
    match asked.type:
        case QuestionType.MULTIPLE:
            return fields.getlist(name)
        case QuestionType.TRUE_FALSE:
            said = fields.get(name)
            return _TRUTH.get(said, said) if said else None
        case QuestionType.ORDERING:
            places = {key: fields.get(f"{name}-{key}", "") for key in asked.keys("items")}
            return _order(places)
        case QuestionType.MATCHING:
            pairs = {key: fields.get(f"{name}-{key}", "") for key in asked.keys("left")}
            return {key: value for key, value in pairs.items() if value}
        case _:
            return fields.get(name)


_TRUTH: Mapping[str, bool] = {"true": True, "false": False}


def _order(places: Mapping[str, str]) -> list[str | None]:
    """Steps by their chosen place; of two on one place the first keeps it, the other counts as not placed."""
    order: list[str | None] = [None] * len(places)
    for key, text in places.items():
        place = int(text) - 1 if text.isascii() and text.isdigit() else -1
        if 0 <= place < len(order) and order[place] is None:
            order[place] = key
    return order
