"""What may still be changed in the plan of a cohort, before and after it has begun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lms.core.i18n import N_

FIXED_ONCE_BEGUN = frozenset({"number", "course_version_id", "org_unit_id", "starts_on"})
"""What lists, results and rights of a running cohort are tied to."""
FIXED_ONCE_ENROLLED = frozenset({"course_version_id"})
"""Somebody may have begun to learn the course before the first day."""


@dataclass(frozen=True)
class Plan:
    """A cohort as planned; `trainer_ids` in the order of their naming."""

    number: str
    name_zh: str
    name_en: str | None
    course_version_id: int
    org_unit_id: int
    starts_on: date
    ends_on: date
    location: str
    capacity: int
    rest_days: bool
    trainer_ids: tuple[int, ...]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field of a plan: its name, a message id and values."""

    name: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """What a cohort has come to: begun or not, ever entered by anybody or not, and how many are in it now."""

    begun: bool
    entered: bool
    enrolled: int

    @property
    def fixed(self) -> frozenset[str]:
        """The fields which can no longer be changed."""
        begun = FIXED_ONCE_BEGUN if self.begun else frozenset()
        return begun | (FIXED_ONCE_ENROLLED if self.entered else frozenset())


def faults(before: Plan, after: Plan, standing: Standing, today: date) -> list[Fault]:
    """Return everything that forbids a change of the plan."""
    found = [
        Fault(name, N_("本班已开课或已有学员，这一项不能再改。"))
        for name in sorted(standing.fixed)
        if getattr(after, name) != getattr(before, name)
    ]
    if after.ends_on < after.starts_on:
        found.append(Fault("ends_on", N_("结束日期不能早于开始日期。")))
    elif after.ends_on != before.ends_on and after.ends_on < today:
        found.append(Fault("ends_on", N_("结束日期不能改到今天以前。")))
    if not standing.begun and after.starts_on != before.starts_on and after.starts_on < today:
        found.append(Fault("starts_on", N_("开始日期不能改到今天以前。")))
    if after.capacity < standing.enrolled:
        found.append(Fault("capacity", N_("本班已有 %(n)s 名学员，名额不能更少。"), {"n": standing.enrolled}))
    if not after.trainer_ids:
        found.append(Fault("trainers", N_("请至少保留一位培训师。")))
    return found


def changes(before: Plan, after: Plan) -> dict[str, list[Any]]:
    """Return what changed by field: old and new, days as text (for the audit log)."""
    return {
        name: [_plain(old), _plain(new)]
        for name, old in vars(before).items()
        if (new := getattr(after, name)) != old
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value
