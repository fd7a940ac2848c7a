"""What is wrong with a document or a frame, in a form that a page can translate and show beside the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def N_(message: str) -> str:  # noqa: N802 - the catalogue extractor looks for this name
    """Mark a message for the translation catalogue; changes nothing."""
    return message


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `path` is where (sections/0/weight); `message` a Chinese msgid with %(name)s places.

    `line` is the line of the file (from 1), where the document came from one; `cell` the cell of the
    workbook (指标!H7).
    """

    path: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None
    cell: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message % self.params}"


class RefusedError(ValueError):
    """A list of problems, raised."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class InvalidScheme(RefusedError):
    """A scheme document that may not be saved; `.problems` lists everything found."""


class InvalidFrame(RefusedError):
    """Facts, targets or coefficients that may not be scored; `.problems` lists everything found."""
