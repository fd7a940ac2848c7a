"""The columns of files of people and units, under the titles that real exports give them."""

from __future__ import annotations

from typing import Any

from lms.admin.rules.known import LEVELS
from lms.core.i18n import N_
from lms.core.textfile import Column, Kind

_SEXES = {
    "female": ("女", "女性", "F", "Female"),
    "male": ("男", "男性", "M", "Male"),
    "unsaid": ("未说明", "Unsaid"),
}


def _column(name: str, title: str, others: str, kind: Kind = Kind.TEXT, **more: Any) -> Column:
    """Return a column that must be there; `others` are more titles, with bars between them."""
    titles = tuple(one.strip() for one in others.split("|"))
    return Column(name, (title, *titles), kind, **more)


def _optional(name: str, title: str, others: str, kind: Kind = Kind.TEXT, **more: Any) -> Column:
    return _column(name, title, others, kind, required=False, blank=True, **more)


PEOPLE = (
    _column(
        "number",
        N_("工号"),
        "员工号|员工编号|员工工号|员工代码|人员编号|人员编码|人员代码|职工号|职工编号|行员号|行员编号"
        "|Employee number|Employee no|Employee no.|Employee ID|Employee code|Emp ID|Emp no|Staff ID|Staff no"
        "|Staff number|Personnel number",
        Kind.ID,
        longest=40,
    ),
    _column(
        "name",
        N_("姓名"),
        "员工姓名|人员姓名|职工姓名|行员姓名|Name|Full name|Employee name|Staff name",
        longest=80,
    ),
    _optional(
        "unit",
        N_("机构代码"),
        "机构号|机构编号|机构编码|所属机构代码|所属机构号|所在机构号|部门代码|部门编码|部门编号|组织代码|组织编码"
        "|组织机构代码|网点号|Unit code|Org code|Org unit code|Organization code|Organisation code"
        "|Department code|Department ID|Dept code|Dept ID|Branch code",
        Kind.ID,
        longest=40,
    ),
    _column(
        "post",
        N_("岗位"),
        "岗位代码|岗位编码|岗位名称|所在岗位|任职岗位|现任岗位|职位|职位名称|职务|Post|Position"
        "|Position title|Job title|Job|Title",
        longest=120,
    ),
    _optional(
        "grade",
        N_("等级"),
        "等级代码|等级名称|岗位等级|客户经理等级|职级|行员等级|级别|Grade|Job grade|Pay grade|Job level",
        longest=120,
    ),
    _optional("sex", N_("性别"), "Sex|Gender", Kind.CHOICE, choices=_SEXES),
    _optional(
        "hired_on",
        N_("入职日期"),
        "入职时间|入行日期|入行时间|到行日期|来行日期|录用日期|参加本行工作时间|Hired on|Hire date"
        "|Date of hire|Start date|Entry date|Joining date|Date joined",
        Kind.DAY,
    ),
    _optional(
        "day",
        N_("生效日期"),
        "生效时间|任职日期|任职时间|任现职日期|任现职时间|到岗日期|调动日期|变动日期|Effective from"
        "|Effective date|Valid from|Position start date",
        Kind.DAY,
    ),
    _optional(
        "left_on",
        N_("离职日期"),
        "离职时间|离行日期|离行时间|离岗日期|Left on|Leaving date|Termination date|Exit date|Date left",
        Kind.DAY,
    ),
    _optional(
        "unit_name",
        N_("机构名称"),
        "机构|所属机构|所在机构|所属机构名称|部门|部门名称|所在部门|所属部门|网点|网点名称|Unit name|Unit"
        "|Org unit|Organization|Organisation|Department|Department name|Branch|Branch name",
        longest=120,
    ),
    _optional("unit_level", N_("机构级别"), "机构层级|Unit level", Kind.CHOICE, choices=LEVELS),
    _optional(
        "parent",
        N_("上级机构代码"),
        "上级机构号|上级机构|上级部门代码|Parent unit code|Parent code",
        Kind.ID,
        longest=40,
    ),
    _optional("series", N_("岗位序列"), "岗位系列|岗位类别|序列|Post series|Job family", longest=40),
)
"""One posting a row; a unit or post that is not known yet is opened when the row describes it whole."""

UNITS = (
    _column(
        "code",
        N_("机构代码"),
        "机构号|机构编号|机构编码|部门代码|部门编码|组织代码|组织编码|网点号|Unit code|Org code"
        "|Organization code|Organisation code|Department code|Branch code",
        Kind.ID,
        longest=40,
    ),
    _column(
        "name",
        N_("机构名称"),
        "机构中文名称|机构全称|机构|部门名称|网点名称|Unit name|Org name|Organization name|Organisation name"
        "|Department name|Branch name",
        longest=120,
    ),
    _optional("name_en", N_("英文名称"), "机构英文名称|English name|Name (English)", longest=120),
    _optional(
        "level", N_("机构级别"), "机构层级|机构类型|级别|Unit level|Level", Kind.CHOICE, choices=LEVELS
    ),
    _optional(
        "parent",
        N_("上级机构代码"),
        "上级机构号|上级机构编码|上级机构|上级部门代码|管辖机构号|Parent unit code|Parent code"
        "|Parent unit|Parent",
        Kind.ID,
        longest=40,
    ),
    _optional(
        "opened_on",
        N_("开业日期"),
        "成立日期|设立日期|启用日期|Opened on|Opening date|Open date",
        Kind.DAY,
    ),
    _optional("day", N_("生效日期"), "变动日期|划转日期|Effective from|Effective date", Kind.DAY),
    _optional(
        "closed_on",
        N_("关闭日期"),
        "撤销日期|停业日期|终止日期|Closed on|Closing date|Close date",
        Kind.DAY,
    ),
    _optional(
        "successor",
        N_("承接机构代码"),
        "并入机构代码|并入机构号|承接机构|Successor|Successor code|Merged into",
        Kind.ID,
        longest=40,
    ),
)
"""One unit a row, as it is to be from its day on."""
