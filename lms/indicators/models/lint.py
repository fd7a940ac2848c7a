"""The bank's own rows over the shipped lint rules, and approvals of children's targets above the parent's."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.core.db import Model
from lms.core.reach import Reach, column
from lms.core.types import EnumText, Json, LocalDate, Score, UtcDateTime
from lms.scoring.lint import Check, Severity


class LintRow(Model):
    """A lint rule as the bank wants it from one day to another; rows are added, never changed.

    On the days of several rows of one code the newest counts. `scoring.lint.LintRule` says what the fields
    mean; `enabled` False silences the rule on those days.
    """

    __tablename__ = "lint_rule"
    __scope__ = Reach.shared()
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),
        Index("ix_lint_rule_code", "code"),
    )

    code: Mapped[str] = mapped_column(String(60))
    check: Mapped[Check] = mapped_column(EnumText(Check))
    severity: Mapped[Severity] = mapped_column(EnumText(Severity))
    enabled: Mapped[bool]
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)
    threshold: Mapped[Decimal | None] = mapped_column(Score)
    classes: Mapped[Any] = mapped_column(Json, default=list)
    words: Mapped[Any] = mapped_column(Json, default=list)
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str | None] = mapped_column(String(200))
    advice_zh: Mapped[str] = mapped_column(String(500), default="")
    advice_en: Mapped[str | None] = mapped_column(String(500))
    source_zh: Mapped[str] = mapped_column(String(200))
    source_en: Mapped[str | None] = mapped_column(String(200))
    number: Mapped[str] = mapped_column(String(80), default="")
    article: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(500))
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class TargetExcess(Model):
    """Why the targets under a unit may make more than its own, as a second person approved it.

    It covers what is no worse: a total of at most `total` under a target of at least `parent`.
    """

    __tablename__ = "target_excess"
    __scope__ = Reach(unit=column("org_unit_id"))
    __table_args__ = (
        UniqueConstraint("proposal_id"),
        Index("ix_target_excess_unit", "org_unit_id", "period"),
    )

    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    period: Mapped[str] = mapped_column(String(7))
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    parent: Mapped[Decimal] = mapped_column(Score)
    total: Mapped[Decimal] = mapped_column(Score)
    reason: Mapped[str] = mapped_column(String(500))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    maker_name: Mapped[str] = mapped_column(String(80))
    checker_name: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
