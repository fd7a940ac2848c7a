"""The columns of the files that are imported here, with their header spellings."""

from __future__ import annotations

from lms.core.i18n import N_
from lms.core.textfile import Column, Kind

_EMPLOYEE = (N_("工号"), "员工号", "员工编号", "客户经理号", "Employee number", "employee_number", "Staff no")
_INDICATOR = (N_("指标"), "指标代码", "指标编号", "指标名称", "Indicator", "Indicator code")
_FLAGS = {
    "calculated": ("计算", "calculated", "calc"),
    "inferred": ("推算", "inferred"),
}

ACTUALS = (
    Column("employee", _EMPLOYEE, Kind.ID, longest=40),
    Column("indicator", _INDICATOR, Kind.ID, longest=120),
    Column("day", (N_("日期"), "数据日期", "业务日期", "统计日期", "Date", "Day"), Kind.DAY),
    Column("value", (N_("数值"), "实际值", "指标值", "金额", "Value", "Actual", "Amount"), Kind.NUMBER),
    Column(
        "flag",
        (N_("计算/推算"), "计算或推算", "标志", "Calculated or inferred", "Flag"),
        Kind.CHOICE,
        required=False,
        blank=True,
        choices=_FLAGS,
    ),
    Column(
        "reference", (N_("业务编号"), "凭证号", "流水号", "Reference"), Kind.ID, required=False, blank=True
    ),
)
"""One actual a row: who, which indicator, when, how much."""

TARGETS = (
    Column("employee", _EMPLOYEE, Kind.ID, required=False, blank=True, longest=40),
    Column(
        "unit",
        (N_("机构代码"), "机构号", "Unit code", "Unit"),
        Kind.ID,
        required=False,
        blank=True,
        longest=40,
    ),
    Column("indicator", _INDICATOR, Kind.ID, longest=120),
    Column("target", (N_("目标值"), "目标", "Target"), Kind.NUMBER),
)
"""One target a row: of a person or of a unit, for the period of the upload."""
