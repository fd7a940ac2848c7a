"""The bank of questions, quizzes, attempts with their papers, and every answer ever saved."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.assessment.reach import learnt, of_posted, of_trained, offered, taught
from lms.assessment.rules.question import Asked, MultipleCredit, QuestionType
from lms.core.db import Model
from lms.core.reach import Reach, column
from lms.core.types import EnumText, Json, Score, UtcDateTime
from lms.learning.models import CourseVersion, Enrolment
from lms.people.models import Employee

__all__ = [
    "AnswerEntry",
    "Attempt",
    "AttemptItem",
    "AttemptState",
    "MultipleCredit",
    "Question",
    "QuestionType",
    "Quiz",
]


class AttemptState(StrEnum):
    """Where an attempt stands; `expired` was closed by the clock and graded as it had been saved."""

    STARTED = "started"
    SUBMITTED = "submitted"
    EXPIRED = "expired"


class Question(Model):
    """A question of a course version; `content` in the shape of the package (options, answer, …)."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("course_version_id", "code"),)
    __scope__ = Reach(own=learnt, assigned=taught, unit=offered)

    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    code: Mapped[str] = mapped_column(String(40))
    type: Mapped[QuestionType] = mapped_column(EnumText(QuestionType))
    stem_zh: Mapped[str] = mapped_column(Text)
    stem_en: Mapped[str | None] = mapped_column(Text)
    content: Mapped[Any] = mapped_column(Json)
    explanation_zh: Mapped[str] = mapped_column(Text)
    explanation_en: Mapped[str | None] = mapped_column(Text)
    difficulty: Mapped[int]
    points: Mapped[Decimal] = mapped_column(Score)
    tags: Mapped[Any] = mapped_column(Json)

    @property
    def asked(self) -> Asked:
        """The question as the rules see it."""
        return Asked(self.code, self.type, self.content, self.points, tuple(self.tags))


class Quiz(Model):
    """A quiz of a course version; `sections` name questions or say what to draw."""

    __tablename__ = "quiz"
    __table_args__ = (UniqueConstraint("course_version_id", "code"),)
    __scope__ = Reach(own=learnt, assigned=taught, unit=offered)

    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    code: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str | None] = mapped_column(String(120))
    time_limit_minutes: Mapped[int]
    pass_percent: Mapped[Decimal] = mapped_column(Score)
    attempts_allowed: Mapped[int]
    multiple_credit: Mapped[MultipleCredit] = mapped_column(EnumText(MultipleCredit))
    sections: Mapped[Any] = mapped_column(Json)

    course_version: Mapped[CourseVersion] = relationship()


class Attempt(Model):
    """One sitting of a quiz; the server's clock decides `due_at`, and `percent` stands once closed."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("quiz_id", "enrolment_id", "number"),
        CheckConstraint("number > 0", name="number"),
        Index("ix_attempt_enrolment", "enrolment_id"),
        Index("ix_attempt_employee", "employee_id", "started_at"),
        Index("ix_attempt_state", "state", "due_at"),
    )
    __scope__ = Reach(own=column("employee_id"), assigned=of_trained, unit=of_posted)

    quiz_id: Mapped[int] = mapped_column(ForeignKey("quiz.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    number: Mapped[int]
    state: Mapped[AttemptState] = mapped_column(EnumText(AttemptState))
    seed: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    percent: Mapped[Decimal | None] = mapped_column(Score)
    passed: Mapped[bool | None]

    quiz: Mapped[Quiz] = relationship()
    enrolment: Mapped[Enrolment] = relationship()
    employee: Mapped[Employee] = relationship()

    @property
    def open(self) -> bool:
        """Whether it has not been handed in or closed."""
        return self.state is AttemptState.STARTED


class AttemptItem(Model):
    """A question's place on a paper with the answer last saved; points stand once the attempt is closed."""

    __tablename__ = "attempt_item"
    __table_args__ = (
        UniqueConstraint("attempt_id", "question_id"),
        Index("ix_attempt_item_question", "question_id"),
    )

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    section: Mapped[int]
    position: Mapped[int]
    max_points: Mapped[Decimal] = mapped_column(Score)
    answer: Mapped[Any | None] = mapped_column(Json)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    points: Mapped[Decimal | None] = mapped_column(Score)

    attempt: Mapped[Attempt] = relationship()
    question: Mapped[Question] = relationship()


class AnswerEntry(Model):
    """Every saved answer, one line each, only ever added: the trail behind a result."""

    __tablename__ = "answer_entry"
    __table_args__ = (Index("ix_answer_entry_attempt", "attempt_id", "question_id"),)

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    answer: Mapped[Any | None] = mapped_column(Json)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
