"""Org units and their dated places in the tree; employees and their dated postings."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.reach import Reach, column
from lms.core.types import EnumText, LocalDate
from lms.people.reach import hung, last_posted, posted


class Level(StrEnum):
    """The five levels of a bank, from the top."""

    HEAD_OFFICE = "head_office"
    TIER_1 = "tier_1"
    TIER_2 = "tier_2"
    SUB_BRANCH = "sub_branch"
    OFFICE = "office"


class Sex(StrEnum):
    """As the personnel file says; only used to balance groups."""

    FEMALE = "female"
    MALE = "male"
    UNSAID = "unsaid"


class LeaveKind(StrEnum):
    """Why somebody is away for long."""

    PARENTAL = "parental"
    SICK = "sick"
    PERSONAL = "personal"
    STUDY = "study"
    OTHER = "other"


class OrgUnit(Model):
    """A unit of the bank; where it hangs in the tree is told by its placements, which end when it closes.

    `successor` is the unit that took over when it was merged.
    """

    __tablename__ = "org_unit"
    __scope__ = Reach(unit=hung)

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    level: Mapped[Level] = mapped_column(EnumText(Level))
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))

    successor: Mapped[OrgUnit | None] = relationship(remote_side="OrgUnit.id")


class OrgPlacement(Model):
    """A unit's parent from one day to another; the head office has no parent."""

    __tablename__ = "org_placement"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),
        Index("ix_org_placement_parent", "parent_id", "valid_from"),
    )

    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)


class Post(Model):
    """A post (岗位) of a series."""

    __tablename__ = "post"
    __scope__ = Reach.shared()

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    series: Mapped[str] = mapped_column(String(40))
    retired_on: Mapped[date | None] = mapped_column(LocalDate)
    """From this day on nobody is given the post; those who hold it keep it."""


class Grade(Model):
    """A grade (等级) of relationship managers; rank 1 is the lowest."""

    __tablename__ = "grade"
    __scope__ = Reach.shared()

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str | None] = mapped_column(String(120))
    rank: Mapped[int]
    retired_on: Mapped[date | None] = mapped_column(LocalDate)


class Employee(Model):
    """A person of the bank; nobody is ever deleted, people leave.

    `hired_on` is the very first day, `left_on` the first day gone of the latest employment, empty
    while it lasts; `Employment` tells the days between for those who came back.
    """

    __tablename__ = "employee"
    __scope__ = Reach(own=column("id"), unit=last_posted("id"))
    __table_args__ = (Index("ix_employee_sort_key", "sort_key"),)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    name_pinyin: Mapped[str] = mapped_column(String(200))
    name_initials: Mapped[str] = mapped_column(String(40))
    sort_key: Mapped[str] = mapped_column(String(240))
    sex: Mapped[Sex] = mapped_column(EnumText(Sex))
    hired_on: Mapped[date] = mapped_column(LocalDate)
    left_on: Mapped[date | None] = mapped_column(LocalDate)


class Employment(Model):
    """One stretch of days in the bank's employ; a second one begins when somebody comes back."""

    __tablename__ = "employment"
    __table_args__ = (CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),)

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)


class Posting(Model):
    """Who holds which post in which unit from one day to another."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),
        Index("ix_posting_unit", "org_unit_id", "valid_from"),
    )
    __scope__ = Reach(own=column("employee_id"), unit=column("org_unit_id"))

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    grade_id: Mapped[int | None] = mapped_column(ForeignKey("grade.id"))
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)

    employee: Mapped[Employee] = relationship()
    org_unit: Mapped[OrgUnit] = relationship()
    post: Mapped[Post] = relationship()
    grade: Mapped[Grade | None] = relationship()


class Leave(Model):
    """A long absence (parental, sick…); such a person must not score a silent zero."""

    __tablename__ = "leave"
    __scope__ = Reach(own=column("employee_id"), unit=posted("employee_id"))

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)
