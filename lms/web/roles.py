"""Roles and scopes in the language of the page."""

from __future__ import annotations

from flask_babel import gettext as _

from lms.access.policy import Role, Scope


def role_names() -> dict[str, str]:
    """Return what each role is called."""
    return {
        Role.TRAINEE.value: _("学员（客户经理）"),
        Role.TRAINER.value: _("培训师"),
        Role.SUPERVISOR.value: _("主管"),
        Role.HEAD.value: _("机构负责人"),
        Role.HR.value: _("人力资源"),
        Role.COMPLIANCE.value: _("合规"),
        Role.ADMIN.value: _("系统管理员"),
        Role.SECURITY_ADMIN.value: _("安全管理员"),
        Role.AUDIT_ADMIN.value: _("审计管理员"),
    }


def scope_names() -> dict[Scope, str]:
    """Return what each scope is called."""
    return {
        Scope.NONE: _("无"),
        Scope.OWN: _("本人"),
        Scope.ASSIGNED: _("所带"),
        Scope.UNIT: _("本机构"),
        Scope.SUBTREE: _("本机构及下级"),
        Scope.ALL: _("全部"),
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
    return {"imported": _("导入"), "typed": _("录入"), "computed": _("推导")}
