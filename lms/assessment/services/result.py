"""A closed attempt: what was answered, what is right and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from lms.assessment.models import Attempt, AttemptItem, Question
from lms.assessment.rules.numbers import exact
from lms.assessment.rules.paper import shown
from lms.assessment.rules.question import QuestionType
from lms.assessment.services.paper import Choice, choices_of, rows
from lms.core.errors import Refused
from lms.core.i18n import N_


class Mark(StrEnum):
    """What an answer was worth."""

    RIGHT = "right"
    PART = "part"
    WRONG = "wrong"
    UNGRADED = "ungraded"


@dataclass(frozen=True)
class Option:
    """A choice with whether it was picked and whether it is right."""

    choice: Choice
    picked: bool
    right: bool


@dataclass(frozen=True)
class Pair:
    """A left side with the right side that was chosen (None: none) and the one that belongs to it."""

    left: Choice
    chosen: Choice | None
    right: Choice


@dataclass(frozen=True)
class ResultItem:
    """One question with the own answer and the right one, in the shape its type shows."""

    position: int
    question: Question
    mark: Mark
    points: Decimal
    max_points: Decimal
    answer: Any
    options: Sequence[Option]
    order: Sequence[Choice | None]
    right_order: Sequence[Choice]
    pairs: Sequence[Pair]
    right_number: Decimal | None
    tolerance: Decimal | None
    accepted: Sequence[str]


@dataclass(frozen=True)
class Result:
    """A closed attempt and its questions."""

    attempt: Attempt
    items: Sequence[ResultItem]
    points: Decimal
    max_points: Decimal


def result(session: Session, attempt: Attempt) -> Result:
    """Return the result of a closed attempt in a fixed number of queries.

    Raises:
        Refused: while the attempt runs, because right answers would be told.
    """
    if attempt.open:
        raise Refused(N_("交卷后才能查看成绩和解析。"))
    items = [_item(attempt, item) for item in rows(session, attempt)]
    return Result(
        attempt=attempt,
        items=items,
        points=sum((item.points for item in items), Decimal(0)),
        max_points=sum((item.max_points for item in items), Decimal(0)),
    )


def _mark(item: AttemptItem) -> Mark:
    if not item.max_points:
        return Mark.UNGRADED
    if item.points == item.max_points:
        return Mark.RIGHT
    return Mark.PART if item.points else Mark.WRONG


def _item(attempt: Attempt, item: AttemptItem) -> ResultItem:
    asked, answer = item.question.asked, item.answer
    expected = asked.content.get("answer")
    numeric, ordering = asked.type is QuestionType.NUMERIC, asked.type is QuestionType.ORDERING
    steps = {choice["key"]: choice for choice in asked.content.get("items", ())}
    return ResultItem(
        position=item.position,
        question=item.question,
        mark=_mark(item),
        points=item.points or Decimal(0),
        max_points=item.max_points,
        answer=answer,
        options=_options(attempt, item),
        order=[steps.get(key) for key in answer] if ordering and answer else [],
        right_order=choices_of(asked, "items", expected) if ordering and expected else [],
        pairs=_pairs(item),
        right_number=exact(expected) if numeric else None,
        tolerance=exact(asked.content.get("tolerance", 0)) if numeric else None,
        accepted=list(expected) if asked.type is QuestionType.SHORT and expected else [],
    )


def _options(attempt: Attempt, item: AttemptItem) -> list[Option]:
    asked = item.question.asked
    if asked.type not in (QuestionType.SINGLE, QuestionType.MULTIPLE):
        return []
    several = asked.type is QuestionType.MULTIPLE
    right = set(asked.content["answer"]) if several else {asked.content["answer"]}
    picked = set(item.answer or ()) if several else {item.answer}
    return [
        Option(choice, choice["key"] in picked, choice["key"] in right)
        for choice in choices_of(asked, "options", shown(asked, "options", attempt.seed))
    ]


def _pairs(item: AttemptItem) -> list[Pair]:
    asked = item.question.asked
    if asked.type is not QuestionType.MATCHING:
        return []
    right = {choice["key"]: choice for choice in asked.content["right"]}
    chosen = item.answer or {}
    return [
        Pair(left, right.get(chosen.get(left["key"])), right[asked.content["answer"][left["key"]]])
        for left in asked.content["left"]
    ]
