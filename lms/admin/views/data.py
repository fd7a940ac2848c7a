"""Everything about the bank's figures, from one entry of the menu."""

from __future__ import annotations

from flask import render_template

from lms.access.actions import Action
from lms.admin.views.blueprint import bp
from lms.core.i18n import N_
from lms.web.guard import requires
from lms.web.nav import reachable_entries

PAGES = (
    ("admin.imports", N_("数据导入"), N_("上传文件，核对、检查后导入；查看批次、错误行和撤回。")),
    ("admin.indicators", N_("全部指标"), N_("五个指标集中的指标：定义、单位、汇总方式。")),
    ("admin.models", N_("数据模型"), N_("银行各产品文件的字段，以及它们形成哪些指标。")),
    ("indicators.entry", N_("指标录入"), N_("逐项录入或按模板批量录入数值。")),
    ("indicators.targets", N_("目标分解"), N_("逐级分解目标，核对上下级合计。")),
    ("admin.codes", N_("代码对应"), N_("源系统的客户经理、机构代码在这里是谁。")),
    ("admin.suspended", N_("挂账"), N_("还没有对应到人或机构的记录。")),
    ("admin.balance", N_("对账"), N_("客户经理、公共部分和挂账合计是否等于总账。")),
    ("admin.feeds", N_("夜间文件"), N_("每天应到的文件和到达情况。")),
)
"""The pages in order; one is shown when it exists and the person may open it."""


@bp.get("/data")
@requires(Action.INDICATOR_VIEW)
def data() -> str:
    """Lead to the pages of data."""
    return render_template("admin/data.html", pages=list(reachable_entries(PAGES)))
