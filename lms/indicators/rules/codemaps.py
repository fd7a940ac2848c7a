"""Files of code maps: which columns they have, and what each row says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.core.textfile import Column, Kind
from lms.indicators.rules.kinds import CodeKind

CODE_MAPS = (
    Column(
        "kind",
        (N_("代码类别"), "类别", "Kind", "Code kind"),
        Kind.CHOICE,
        choices={
            "employee": ("employee", "人员", "客户经理", "officer", "Officer code", "人员代码"),
            "unit": ("unit", "机构", "branch", "Branch code", "机构代码"),
        },
    ),
    Column("source", (N_("来源系统"), "来源", "Source", "Source system"), Kind.ID, blank=True, longest=40),
    Column("code", (N_("来源代码"), "代码", "Code", "Source code"), Kind.ID, longest=60),
    Column(
        "employee",
        (N_("对应员工号"), "员工号", "工号", "Employee number"),
        Kind.ID,
        required=False,
        blank=True,
        longest=40,
    ),
    Column(
        "unit",
        (N_("对应机构代码"), "机构", "机构号", "Unit code"),
        Kind.ID,
        required=False,
        blank=True,
        longest=40,
    ),
    Column("valid_from", (N_("生效日期"), "开始日期", "Valid from", "From"), Kind.DAY),
    Column("valid_to", (N_("失效日期"), "结束日期", "Valid to", "To"), Kind.DAY, required=False, blank=True),
)
"""One code a row: of which system, whom or what it means, from when to when (the last day excluded)."""


@dataclass(frozen=True)
class CodeMapDraft:
    """What a code is to mean: exactly one of an employee and a unit, by id."""

    kind: CodeKind
    source: str
    code: str
    valid_from: date
    valid_to: date | None = None
    employee_id: int | None = None
    org_unit_id: int | None = None


def read_row(
    row: Mapping[str, Any], employees: Mapping[str, int], units: Mapping[str, int]
) -> CodeMapDraft | Problem:
    """Return what a row of a file asks for, or what is wrong with it."""
    number, unit = row["employee"], row["unit"]
    line = int(row["line"])
    if bool(number) == bool(unit):
        return Problem(N_("员工号和机构代码须填一个，且只填一个。"), field=N_("对应员工号"), line=line)
    if row["kind"] == "unit" and not unit:
        return Problem(N_("机构类代码只能对应机构。"), field=N_("对应机构代码"), line=line, value=number)
    if number and number not in employees:
        return _unknown(N_("没有员工 %(value)s。"), N_("对应员工号"), line, number)
    if unit and unit not in units:
        return _unknown(N_("没有机构 %(value)s。"), N_("对应机构代码"), line, unit)
    first, after = row["valid_from"], row["valid_to"]
    if after is not None and after <= first:
        return Problem(N_("失效日期必须晚于生效日期。"), field=N_("失效日期"), line=line, value=str(after))
    return CodeMapDraft(
        kind=CodeKind(row["kind"]),
        source=row["source"] or "",
        code=row["code"],
        valid_from=first,
        valid_to=after,
        employee_id=employees[number] if number else None,
        org_unit_id=units[unit] if unit else None,
    )


def _unknown(message: str, field: str, line: int, value: str) -> Problem:
    return Problem(message, {"value": value}, field=field, line=line, value=value)
