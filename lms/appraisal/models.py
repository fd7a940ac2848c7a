"""Schemes and their versions, cycles, ratings, and what became of each person: appraisal, section, line."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.appraisal.rules.levels import Below, ParametersOf, Way
from lms.core.db import Model
from lms.core.reach import Reach, column
from lms.core.types import EnumText, Json, LocalDate, Score, UtcDateTime
from lms.people.models import Employee, OrgUnit


class VersionState(StrEnum):
    """A draft can be changed; an active version never again; a later one retires it."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class CycleState(StrEnum):
    """Where a cycle stands: ratings and figures come in, it is computed, each person sees the result."""

    COLLECTING = "collecting"
    COMPUTED = "computed"
    PUBLISHED = "published"


class AppraisalState(StrEnum):
    """What became of a person's appraisal: not computed, with a composite, without one, or on leave."""

    PENDING = "pending"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    ON_LEAVE = "on_leave"


class LineState(StrEnum):
    """What became of an indicator, as the engine says it."""

    OK = "ok"
    MISSING = "missing"
    EXCLUDED = "excluded"
    MOVED = "moved"
    ZERO = "zero"
    FULL = "full"
    PEER_MEAN = "peer_mean"
    PREVIOUS = "previous"


class Scheme(Model):
    """A scheme (考核方案) of a unit; what it says stands in its versions.

    `open_below`: the units below may run cycles of their own under it.
    """

    __tablename__ = "scheme"
    __scope__ = Reach(unit=column("org_unit_id"))

    code: Mapped[str] = mapped_column(String(60), unique=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"), index=True)
    open_below: Mapped[bool] = mapped_column(default=False)

    org_unit: Mapped[OrgUnit] = relationship()


class SchemeVersion(Model):
    """One wording of a scheme: a document of room scoring under its hash, fixed once it is active.

    `lint` is what the rule check found when it was activated ({"day", "findings"}), `lint_reason` why it was
    activated with warnings.
    """

    __tablename__ = "scheme_version"
    __table_args__ = (UniqueConstraint("scheme_id", "number"),)

    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    number: Mapped[int]
    document: Mapped[Any] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[VersionState] = mapped_column(EnumText(VersionState))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lint: Mapped[Any | None] = mapped_column(Json)
    lint_reason: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    lock: Mapped[int] = mapped_column(default=1)

    scheme: Mapped[Scheme] = relationship()

    __mapper_args__ = {"version_id_col": lock}


class SchemeParameter(Model):
    """A parameter (参数) of a scheme as one unit set it for itself and all below, and what it lets them do.

    `path` names it as `lms.scoring.parameters` does; `value` is a number, a word, or None where only `below`
    is said; `low` and `high` belong to a range. A row is never changed: another takes its place and it is
    closed, with the name of who did it.
    """

    __tablename__ = "scheme_parameter"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),
        CheckConstraint("priority >= 1", name="priority"),
        Index("ix_scheme_parameter_path", "scheme_id", "path"),
    )
    __scope__ = Reach(unit=column("org_unit_id"))

    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"), index=True)
    path: Mapped[str] = mapped_column(String(300))
    value: Mapped[Any | None] = mapped_column(Json)
    below: Mapped[Below] = mapped_column(EnumText(Below))
    low: Mapped[Decimal | None] = mapped_column(Score)
    high: Mapped[Decimal | None] = mapped_column(Score)
    way: Mapped[Way] = mapped_column(EnumText(Way))
    priority: Mapped[int]
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)
    reason: Mapped[str] = mapped_column(String(1000))
    set_by: Mapped[str] = mapped_column(String(120))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(120))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_reason: Mapped[str | None] = mapped_column(String(1000))

    org_unit: Mapped[OrgUnit] = relationship()


class Cycle(Model):
    """A cycle (考核期): a period of a unit and all below it, appraised under one scheme version.

    `frozen` and `results` name the stored Parquet files by table: {"facts": {"file_id", "sha256"}, …};
    the two hashes stand for all files of a kind together.
    """

    __tablename__ = "cycle"
    __scope__ = Reach(unit=column("org_unit_id"))

    code: Mapped[str] = mapped_column(String(60), unique=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    period: Mapped[str] = mapped_column(String(7), index=True)
    scheme_version_id: Mapped[int] = mapped_column(ForeignKey("scheme_version.id"))
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"), index=True)
    series: Mapped[str] = mapped_column(String(40))
    parameters_of: Mapped[ParametersOf] = mapped_column(EnumText(ParametersOf), default=ParametersOf.PERSON)
    state: Mapped[CycleState] = mapped_column(EnumText(CycleState))
    rating_due: Mapped[date] = mapped_column(LocalDate)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    computed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    job_id: Mapped[int | None]
    frozen: Mapped[Any | None] = mapped_column(Json)
    inputs_sha256: Mapped[str | None] = mapped_column(String(64))
    results: Mapped[Any | None] = mapped_column(Json)
    result_sha256: Mapped[str | None] = mapped_column(String(64))
    lock: Mapped[int] = mapped_column(default=1)

    scheme_version: Mapped[SchemeVersion] = relationship()
    org_unit: Mapped[OrgUnit] = relationship()

    __mapper_args__ = {"version_id_col": lock}


class Appraisal(Model):
    """One person in one cycle, with the unit as frozen; figures are empty until computed.

    `total` is what the engine gave and is never overwritten; `final_total` adds the adjustments, and `rank`
    is the place by it.
    """

    __tablename__ = "appraisal"
    __table_args__ = (
        UniqueConstraint("cycle_id", "employee_id"),
        Index("ix_appraisal_unit", "cycle_id", "org_unit_id"),
        Index("ix_appraisal_employee", "employee_id"),
    )
    __scope__ = Reach(own=column("employee_id"), unit=column("org_unit_id"))

    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    post_zh: Mapped[str] = mapped_column(String(120))
    post_en: Mapped[str | None] = mapped_column(String(120))
    person_grade_zh: Mapped[str] = mapped_column(String(120), default="")
    person_grade_en: Mapped[str | None] = mapped_column(String(120))
    leave_days: Mapped[int] = mapped_column(default=0)
    state: Mapped[AppraisalState] = mapped_column(EnumText(AppraisalState))
    total: Mapped[Decimal | None] = mapped_column(Score)
    before_gates: Mapped[Decimal | None] = mapped_column(Score)
    grade: Mapped[str | None] = mapped_column(String(60))
    rank: Mapped[int | None]
    final_total: Mapped[Decimal | None] = mapped_column(Score)
    final_grade: Mapped[str | None] = mapped_column(String(60))
    gates: Mapped[Any] = mapped_column(Json, default=list)
    missing: Mapped[Any] = mapped_column(Json, default=list)
    trace: Mapped[Any] = mapped_column(Json, default=list)

    cycle: Mapped[Cycle] = relationship()
    employee: Mapped[Employee] = relationship()
    org_unit: Mapped[OrgUnit] = relationship()
    sections: Mapped[list[Section]] = relationship(order_by="Section.place", viewonly=True)
    lines: Mapped[list[Line]] = relationship(order_by="Line.place", viewonly=True)
    adjustments: Mapped[list[Adjustment]] = relationship(order_by="Adjustment.id", viewonly=True)


class Section(Model):
    """A section (考核模块) of an appraisal; weight in per cent, contribution in points of the composite."""

    __tablename__ = "appraisal_section"
    __table_args__ = (UniqueConstraint("appraisal_id", "code"),)

    appraisal_id: Mapped[int] = mapped_column(ForeignKey("appraisal.id"))
    place: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    weight: Mapped[Decimal | None] = mapped_column(Score)
    points: Mapped[Decimal | None] = mapped_column(Score)
    contribution: Mapped[Decimal | None] = mapped_column(Score)
    complete: Mapped[bool]
    trace: Mapped[Any] = mapped_column(Json, default=list)


class Line(Model):
    """A line of the score (得分明细): the whole way from the figures to the points, as it was computed.

    `standing` is the position u of the rule; `contribution` is in points of the section.
    """

    __tablename__ = "appraisal_line"
    __table_args__ = (UniqueConstraint("appraisal_id", "indicator_code"),)

    appraisal_id: Mapped[int] = mapped_column(ForeignKey("appraisal.id"))
    place: Mapped[int]
    section: Mapped[str] = mapped_column(String(60))
    indicator_code: Mapped[str] = mapped_column(String(60))
    measure: Mapped[str] = mapped_column(String(60))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(40))
    position_kind: Mapped[str] = mapped_column(String(20))
    target: Mapped[Decimal | None] = mapped_column(Score)
    actual: Mapped[Decimal | None] = mapped_column(Score)
    standing: Mapped[Decimal | None] = mapped_column(Score)
    points: Mapped[Decimal | None] = mapped_column(Score)
    coefficient: Mapped[Decimal | None] = mapped_column(Score)
    weight: Mapped[Decimal | None] = mapped_column(Score)
    effective_weight: Mapped[Decimal | None] = mapped_column(Score)
    contribution: Mapped[Decimal | None] = mapped_column(Score)
    state: Mapped[LineState] = mapped_column(EnumText(LineState))
    flag: Mapped[str] = mapped_column(String(40), default="")
    trace: Mapped[Any] = mapped_column(Json, default=list)


class ComprehensiveRating(Model):
    """A supervisor's level (1 to 5) for one of the seven comprehensive indicators of one person."""

    __tablename__ = "comprehensive_rating"
    __table_args__ = (
        UniqueConstraint("cycle_id", "employee_id", "indicator_code"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )

    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    indicator_code: Mapped[str] = mapped_column(String(60))
    level: Mapped[int]
    note: Mapped[str] = mapped_column(String(1000), default="")
    rater_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    rater_name: Mapped[str] = mapped_column(String(80))
    rated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RatingChange(Model):
    """A rating changed after the cycle was computed: the value before, the one after, and why."""

    __tablename__ = "rating_change"

    rating_id: Mapped[int] = mapped_column(ForeignKey("comprehensive_rating.id"), index=True)
    old_level: Mapped[int]
    new_level: Mapped[int]
    old_note: Mapped[str] = mapped_column(String(1000))
    reason: Mapped[str] = mapped_column(String(1000))
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Adjustment(Model):
    """A signed change of a total with its reason, made by one person and approved by another."""

    __tablename__ = "adjustment"

    appraisal_id: Mapped[int] = mapped_column(ForeignKey("appraisal.id"), index=True)
    points: Mapped[Decimal] = mapped_column(Score)
    reason: Mapped[str] = mapped_column(String(1000))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    maker_name: Mapped[str] = mapped_column(String(80))
    checker_name: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
