"""Drawing a paper: fixed and random sections, the least used first, shuffled by a seed.

Shuffling sorts by a digest of seed and name, so that the same seed gives the same paper on every
machine and version, and one question more in the bank does not turn the others round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lms.assessment.rules.question import Asked, QuestionType


class PoolTooSmall(ValueError):
    """A section asks for more questions than the bank has for it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question's place on the paper: the section counts from 0."""

    section: int
    code: str


def shuffled(names: Iterable[str], seed: str) -> list[str]:
    """Return the names in an order that depends on the seed and the names alone."""
    return sorted(names, key=lambda name: (sha256(f"{seed}\n{name}".encode()).digest(), name))


def pool(section: Mapping[str, Any], questions: Iterable[Asked]) -> list[str]:
    """Return the codes a random section draws from: all its tags, one of its types if it names any."""
    tags, types = set(section["tags"]), section.get("types")
    return [
        question.code
        for question in questions
        if tags <= set(question.tags) and (types is None or question.type.value in types)
    ]


def draw(
    sections: Sequence[Mapping[str, Any]],
    questions: Sequence[Asked],
    used: Mapping[str, int],
    seed: str,
) -> list[Drawn]:
    """Return the paper: sections in order, questions shuffled within each, none twice.

    `used` says how often the person has met a question; the least met are drawn first.

    Raises:
        PoolTooSmall: when a section cannot be filled.
    """
    paper: list[Drawn] = []
    taken: set[str] = set()
    for place, section in enumerate(sections):
        if "questions" in section:
            chosen = [str(code) for code in section["questions"] if code not in taken]
        else:
            free = shuffled(
                (code for code in pool(section, questions) if code not in taken), f"{seed}/{place}"
            )
            chosen = sorted(free, key=lambda code: used.get(code, 0))[: section["draw"]]
            if len(chosen) < section["draw"]:
                raise PoolTooSmall(place)
        taken.update(chosen)
        paper.extend(Drawn(place, code) for code in shuffled(chosen, f"{seed}/{place}/order"))
    return paper


def shown(asked: Asked, part: str, seed: str) -> list[str]:
    """Return the keys of a part in the order they are shown on a paper.

    Left sides of a matching question stay as written. The steps of an ordering question never come
    in the right order by chance: leaving them as they stand must earn less than full marks.
    """
    keys = asked.keys(part)
    if part == "left":
        return keys
    order = shuffled(keys, f"{seed}/{asked.code}/{part}")
    if asked.type is QuestionType.ORDERING and order == asked.content.get("answer"):
        order = [*order[1:], order[0]]
    return order
