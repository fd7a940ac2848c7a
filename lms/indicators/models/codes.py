"""Code maps: what the codes of the bank's other systems mean here, from one day to another."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.core.db import Model
from lms.core.reach import Reach
from lms.core.types import EnumText, LocalDate, UtcDateTime
from lms.indicators.rules.kinds import CodeKind
from lms.people.models import Employee, OrgUnit


class CodeMap(Model):
    """A code of a source system is this employee (or this unit) for these days; many codes may be one."""

    __tablename__ = "code_map"
    __scope__ = Reach.shared()
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),
        CheckConstraint("(employee_id IS NULL) <> (org_unit_id IS NULL)", name="meaning"),
        Index("ix_code_map_code", "kind", "source", "code", "valid_from"),
    )

    kind: Mapped[CodeKind] = mapped_column(EnumText(CodeKind))
    source: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(60))
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    org_unit_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"), index=True)
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)
    actor_label: Mapped[str] = mapped_column(String(120))
    mapped_at: Mapped[datetime] = mapped_column(UtcDateTime)

    employee: Mapped[Employee | None] = relationship()
    org_unit: Mapped[OrgUnit | None] = relationship()
