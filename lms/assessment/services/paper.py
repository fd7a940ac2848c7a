"""A paper as it lies before the person: questions and choices, and nothing of what is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.assessment.models import Attempt, AttemptItem, Question
from lms.assessment.rules import timing
from lms.assessment.rules.answers import Fill, fill, readable
from lms.assessment.rules.paper import shown
from lms.assessment.rules.question import Asked, QuestionType

Choice = Mapping[str, Any]
PARTS = {
    QuestionType.SINGLE: "options",
    QuestionType.MULTIPLE: "options",
    QuestionType.ORDERING: "items",
    QuestionType.MATCHING: "right",
}


@dataclass(frozen=True)
class PaperItem:
    """One question on the paper; `choices` as shown, `left` only for matching, `unit` a bilingual mapping."""

    id: int
    position: int
    section: Mapping[str, Any] | None
    asked: Asked
    question: Question
    choices: Sequence[Choice]
    left: Sequence[Choice]
    answer: Any
    fill: Fill
    readable: bool

    @property
    def name(self) -> str:
        """The name of its fields in the form."""
        return f"q{self.id}"

    def place_of(self, key: str) -> int | None:
        """The place (from 1) which an ordering answer gives a step."""
        return self.answer.index(key) + 1 if self.answer and key in self.answer else None


@dataclass(frozen=True)
class Paper:
    """A running attempt's questions and how much time is left."""

    attempt: Attempt
    items: Sequence[PaperItem]
    seconds_left: int
    overdue: bool

    @property
    def unanswered(self) -> list[PaperItem]:
        """What is not yet fully answered."""
        return [item for item in self.items if item.fill is not Fill.FULL]

    @property
    def unreadable(self) -> list[PaperItem]:
        """Numeric answers that say no number."""
        return [item for item in self.items if not item.readable]


def paper(session: Session, attempt: Attempt, *, now: datetime) -> Paper:
    """Return the paper of an attempt in a fixed number of queries."""
    return Paper(
        attempt=attempt,
        items=[_item(attempt, item) for item in rows(session, attempt)],
        seconds_left=timing.seconds_left(attempt.due_at, now),
        overdue=timing.overdue(attempt.due_at, now),
    )


def rows(session: Session, attempt: Attempt) -> list[AttemptItem]:
    """Return an attempt's items with their questions, in order."""
    return list(
        session.scalars(
            select(AttemptItem)
            .where(AttemptItem.attempt_id == attempt.id)
            .order_by(AttemptItem.position)
            .options(joinedload(AttemptItem.question))
        )
    )


def choices_of(asked: Asked, part: str, keys: Sequence[str]) -> list[Choice]:
    """Return the choices of a part in the order of the keys."""
    by_key = {choice["key"]: choice for choice in asked.content.get(part, ())}
    return [by_key[key] for key in keys]


def _item(attempt: Attempt, item: AttemptItem) -> PaperItem:
    asked = item.question.asked
    part = PARTS.get(asked.type)
    order = shown(asked, part, attempt.seed) if part else []
    filled = fill(asked, item.answer)
    if asked.type is QuestionType.ORDERING and filled is Fill.FULL:
        order = list(item.answer or ())
    sections = attempt.quiz.sections
    return PaperItem(
        id=item.id,
        position=item.position,
        section=sections[item.section] if item.section < len(sections) else None,
        asked=asked,
        question=item.question,
        choices=choices_of(asked, part, order) if part else [],
        left=choices_of(asked, "left", asked.keys("left")),
        answer=item.answer,
        fill=filled,
        readable=readable(asked, item.answer),
    )
