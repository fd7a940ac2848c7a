"""Questions and quizzes of a course version, as its package brought them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.assessment.models import Question, Quiz
from lms.assessment.rules.numbers import exact
from lms.assessment.rules.paper import pool
from lms.assessment.rules.question import Asked, MultipleCredit, QuestionType
from lms.core.audit import Acting, record
from lms.core.db import upsert
from lms.core.errors import NotFound, Problem, Rejected
from lms.core.i18n import N_
from lms.learning.models import CourseVersion
from lms.learning.services.packages import Package

CONTENT = (
    "options",
    "items",
    "left",
    "right",
    "answer",
    "tolerance",
    "unit_zh",
    "unit_en",
    "model_zh",
    "model_en",
)


def install_package(
    session: Session, version: CourseVersion, package: Package, actor: Acting, now: datetime
) -> None:
    """Keep the questions and quizzes of a checked package for its version; doing it again changes nothing.

    Raises:
        Rejected: naming each quiz that has no question to grade.
    """
    asked = [_asked(raw) for raw in package.questions]
    problems = [
        Problem(N_("测验“%(quiz)s”没有可评分的题目"), {"quiz": raw["code"]}, file="quizzes.yaml")
        for raw in package.quizzes
        if not _gradable(raw, asked)
    ]
    if problems:
        raise Rejected(problems)
    upsert(session, Question, [_question(version, raw) for raw in package.questions], _KEYS)
    upsert(session, Quiz, [_quiz(version, raw, place) for place, raw in enumerate(package.quizzes, 1)], _KEYS)
    record(
        session,
        actor,
        "assessment:package:install",
        f"course_version:{version.id}",
        questions=len(package.questions),
        quizzes=len(package.quizzes),
        at=now.isoformat(),
    )


def find_quiz(session: Session, course_version_id: int, code: str) -> Quiz:
    """Return a version's quiz by its code.

    Raises:
        NotFound: when the version has no such quiz.
    """
    found = session.scalar(
        select(Quiz)
        .where(Quiz.course_version_id == course_version_id, Quiz.code == code)
        .options(joinedload(Quiz.course_version))
    )
    if found is None:
        raise NotFound
    return found


_KEYS = ("course_version_id", "code")


def _asked(raw: Mapping[str, Any]) -> Asked:
    return Asked(raw["code"], QuestionType(raw["type"]), raw, tags=tuple(raw.get("tags", ())))


def _gradable(quiz: Mapping[str, Any], asked: list[Asked]) -> bool:
    codes = {
        code
        for section in quiz["sections"]
        for code in (section["questions"] if "questions" in section else pool(section, asked))
    }
    return any(one.graded for one in asked if one.code in codes)


def _question(version: CourseVersion, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "course_version_id": version.id,
        "code": raw["code"],
        "type": QuestionType(raw["type"]),
        "stem_zh": raw["stem_zh"],
        "stem_en": raw.get("stem_en"),
        "content": {name: _kept(raw[name]) for name in CONTENT if name in raw},
        "explanation_zh": raw["explanation_zh"],
        "explanation_en": raw.get("explanation_en"),
        "difficulty": raw.get("difficulty", 2),
        "points": exact(raw.get("points", 1)),
        "tags": list(raw.get("tags", ())),
    }


def _kept(value: Any) -> Any:
    """Numbers that JSON cannot hold exactly stay as the text that was written."""
    return str(value) if isinstance(value, Decimal) else value


def _quiz(version: CourseVersion, raw: Mapping[str, Any], position: int) -> dict[str, Any]:
    return {
        "course_version_id": version.id,
        "code": raw["code"],
        "position": position,
        "title_zh": raw["title_zh"],
        "title_en": raw.get("title_en"),
        "time_limit_minutes": raw["time_limit_minutes"],
        "pass_percent": exact(raw["pass_percent"]),
        "attempts_allowed": raw.get("attempts_allowed", 3),
        "multiple_credit": MultipleCredit(raw.get("multiple_credit", MultipleCredit.PARTIAL)),
        "sections": list(raw["sections"]),
    }
