"""Levels, standings, flags and sources in the language of the page."""

from __future__ import annotations

from flask_babel import gettext as _

from lms.people.models import LeaveKind, Level, Sex
from lms.people.services import Standing


def level_names() -> dict[str, str]:
    """Return what each level of units is called, from the top."""
    return {
        Level.HEAD_OFFICE.value: _("总行"),
        Level.TIER_1.value: _("一级分行"),
        Level.TIER_2.value: _("二级分行"),
        Level.SUB_BRANCH.value: _("支行"),
        Level.OFFICE.value: _("分理处"),
    }


def leave_names() -> dict[str, str]:
    """Return what each kind of leave is called."""
    return {
        LeaveKind.PARENTAL.value: _("产假或育儿假"),
        LeaveKind.SICK.value: _("病假"),
        LeaveKind.PERSONAL.value: _("事假"),
        LeaveKind.STUDY.value: _("脱产学习"),
        LeaveKind.OTHER.value: _("其他"),
    }


def sex_names() -> dict[str, str]:
    """Return what each sex is called."""
    return {Sex.UNSAID.value: _("未说明"), Sex.FEMALE.value: _("女"), Sex.MALE.value: _("男")}


def standing_names() -> dict[str, str]:
    """Return what each standing of a person is called."""
    return {
        Standing.ACTIVE.value: _("在岗"),
        Standing.ON_LEAVE.value: _("休假"),
        Standing.COMING.value: _("待入职"),
        Standing.LEFT.value: _("已离职"),
    }


def flag_names() -> dict[str, str]:
    """Return what the flag of a value says."""
    return {
        "calculated": _("计算"),
        "inferred": _("推算"),
        "recorded": _("已入变动表"),
        "unrecorded": _("未入变动表"),
    }


def source_names() -> dict[str, str]:
    """Return where a value can come from."""
    return {"imported": _("文件导入"), "typed": _("录入"), "computed": _("推导")}
