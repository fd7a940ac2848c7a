"""What a people file would do, as one value: to show, to agree to, to carry out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from lms.admin.rules.known import Stay
from lms.core.errors import Problem


class PersonAct(StrEnum):
    """What happens to a person."""

    JOIN = "join"
    MOVE = "move"
    GRADE = "grade"
    LEAVE = "leave"
    RETURN = "return"


@dataclass(frozen=True)
class PersonChange:
    """One thing that would happen to one person on a day. `line` is None when it is the file's silence."""

    act: PersonAct
    line: int | None
    number: str
    name: str
    day: date
    after: Stay | None = None
    before: Stay | None = None
    hired_on: date | None = None
    sex: str | None = None


@dataclass(frozen=True)
class NewUnit:
    """A unit that the file describes."""

    code: str
    name: str
    level: str
    parent: str | None
    day: date


@dataclass(frozen=True)
class PeoplePlan:
    """All that a file would do, and what is wrong with it.

    `changes` in order of days; `absent` are people whom a full roster does not name.
    """

    changes: Sequence[PersonChange] = ()
    absent: Sequence[PersonChange] = ()
    units: Sequence[NewUnit] = ()
    posts: Mapping[str, str] = field(default_factory=dict)
    """New posts and their series."""
    rows: Sequence[Mapping[str, Any]] = ()
    unchanged: int = 0
    problems: Sequence[Problem] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        acts = Counter(change.act.value for change in self.changes)
        told = {act.value: acts.get(act.value, 0) for act in PersonAct}
        return told | {
            "unit": len(self.units),
            "post": len(self.posts),
            "absent": len(self.absent),
            "unchanged": self.unchanged,
        }

    def people(self, *, leavers: bool) -> int:
        """Return how many people would be touched."""
        touched = {change.number for change in self.changes}
        return len(touched | ({change.number for change in self.absent} if leavers else set()))

    @property
    def digest(self) -> str:
        """What two plans share that do the same."""
        told = [repr(one) for one in (*self.changes, *self.absent, *self.units, sorted(self.posts.items()))]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()
