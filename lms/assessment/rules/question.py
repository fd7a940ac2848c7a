"""A question as the rules see it: plain values, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class QuestionType(StrEnum):
    """The ways of asking."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    ORDERING = "ordering"
    MATCHING = "matching"
    NUMERIC = "numeric"
    SHORT = "short"


class MultipleCredit(StrEnum):
    """How picks of a multiple-choice question earn: by the pick, or only all together."""

    PARTIAL = "partial"
    ALL_OR_NOTHING = "all_or_nothing"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is needed to read and grade an answer.

    `content` is the question's content as packages write it: `options`, `items` or `left` and `right`
    (lists of choices with a `key`), `answer`, `tolerance`, `unit_zh`, `unit_en`. `points` is what a right
    answer earns.
    """

    code: str
    type: QuestionType
    content: Mapping[str, Any]
    points: Decimal = Decimal(1)
    tags: tuple[str, ...] = ()

    @property
    def graded(self) -> bool:
        """Whether it counts; a short question with only a model answer is for self-checking."""
        return self.content.get("answer") is not None

    @property
    def max_points(self) -> Decimal:
        """What a right answer earns; nothing where nothing is graded."""
        return self.points if self.graded else Decimal(0)

    def keys(self, part: str) -> list[str]:
        """The keys of `options`, `items`, `left` or `right`, in the order written."""
        return [str(choice["key"]) for choice in self.content.get(part, ())]
