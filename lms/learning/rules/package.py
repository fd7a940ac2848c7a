"""What a course package is: plain values, whatever file or screen they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file of a package: its path inside the package and its content."""

    file: str
    data: Any


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a package: where (file and path of keys) and what (a message id with values)."""

    file: str
    path: FieldPath
    message: str
    params: Mapping[str, object]

    @property
    def field(self) -> str:
        """The path as people write it: ``quizzes[0].sections[1].draw`` (empty for the whole file)."""
        text = ""
        for step in self.path:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
        return text


@dataclass(frozen=True, slots=True)
class CourseInfo:
    """The head of a package; ``hours`` are teaching hours, ``pass_percent`` is 0–100."""

    code: str
    title_zh: str
    title_en: str
    summary_zh: str
    summary_en: str
    audience_zh: str
    audience_en: str | None
    owner_unit_zh: str | None
    owner_unit_en: str | None
    required: bool
    hours: Decimal
    pass_percent: Decimal
    prerequisites: tuple[str, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """One lesson; ``position`` counts from 1 in the order the course names its lessons."""

    code: str
    position: int
    title_zh: str
    title_en: str
    kind: str
    minutes: int
    owner_unit_zh: str | None
    owner_unit_en: str | None
    blocks: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Medium:
    """A picture or recording a lesson refers to; ``file`` is its path inside the package."""

    file: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Package:
    """A checked course package.

    ``questions``, ``quizzes``, ``scenarios``, ``rubrics`` and ``forms`` belong to higher rooms and stay
    plain mappings in the shape of ``lms/learning/schemas``; optional fields that were left out are filled
    with their defaults. ``sha256`` covers every file of the package.
    """

    code: str
    sha256: str
    course: CourseInfo
    lessons: tuple[LessonPlan, ...]
    questions: tuple[Mapping[str, Any], ...]
    quizzes: tuple[Mapping[str, Any], ...]
    scenarios: tuple[Mapping[str, Any], ...]
    rubrics: tuple[Mapping[str, Any], ...]
    forms: tuple[Mapping[str, Any], ...]
    media: tuple[Medium, ...]
