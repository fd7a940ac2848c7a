"""What is known of the bank before a file is read, and what the bringer of the file decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lms.core.errors import Problem
from lms.people.rules import Tree

LEVELS = {
    "head_office": ("总行", "Head office"),
    "tier_1": ("一级分行", "分行", "Tier-1 branch"),
    "tier_2": ("二级分行", "Tier-2 branch"),
    "sub_branch": ("支行", "Sub-branch"),
    "office": ("分理处", "网点", "Office"),
}
DEPTH = {level: depth for depth, level in enumerate(LEVELS)}


@dataclass(frozen=True)
class Asked:
    """What was decided beside the file.

    * effective: the day from which rows without a day of their own count.
    * full: the file names everybody, so that whoever is missing is to be looked at.
    * leavers: how many missing people may be let go; None: nobody was asked yet, so nobody goes.
    * plan: the digest of what was shown to the person who agreed.
    """

    effective: date | None = None
    full: bool = False
    leavers: int | None = None
    plan: str | None = None

    @classmethod
    def of(cls, extra: Mapping[str, Any]) -> Asked:
        """Return what is kept with an upload."""
        day = extra.get("effective")
        return cls(
            date.fromisoformat(day) if day else None,
            bool(extra.get("full")),
            extra.get("leavers"),
            extra.get("plan"),
        )

    def kept(self) -> dict[str, Any]:
        """Return it for keeping with an upload."""
        day = self.effective.isoformat() if self.effective else None
        return {"effective": day, "full": self.full, "leavers": self.leavers, "plan": self.plan}


@dataclass(frozen=True)
class Stay:
    """A posting: unit, post and grade by code, from a day until the day before another."""

    unit: str
    post: str
    grade: str | None
    first: date
    after: date | None = None

    def on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.first <= day and (self.after is None or self.after > day)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.unit, self.post, self.grade)))


@dataclass(frozen=True)
class KnownPerson:
    """What is known of somebody; `hired` are the first days of each employment, `stays` in order of days."""

    name: str
    hired: Sequence[date]
    left_on: date | None = None
    stays: Sequence[Stay] = ()


@dataclass(frozen=True)
class KnownBank:
    """People by number, the tree, codes of units by name, codes of posts and grades by code or name."""

    people: Mapping[str, KnownPerson] = field(default_factory=dict)
    tree: Tree = field(default_factory=Tree)
    unit_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    posts: Mapping[str, str] = field(default_factory=dict)
    grades: Mapping[str, str] = field(default_factory=dict)
    retired: Mapping[str, date] = field(default_factory=dict)
    """`post:<code>` or `grade:<code>` and the day from which nobody is given it."""


def problem(row: Mapping[str, Any], message: str, title: str, value: Any, **params: Any) -> Problem:
    """Return what is wrong with a row, in a field."""
    shown = {name: str(one) for name, one in params.items()}
    text = "" if value is None else str(value)
    return Problem(message, {"value": text, **shown}, field=title, line=row["line"], value=text)
