"""The menu: the rooms' first pages, shown to those who may open them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for

from lms.core.clock import today
from lms.core.db import db
from lms.core.i18n import N_
from lms.core.profile import bank_profile
from lms.web.current import has_to_change_password, is_signed_in, person
from lms.web.guard import may_open
from lms.web.text import page_language, say


@dataclass(frozen=True)
class Entry:
    """One entry of the menu."""

    label: str
    url: str
    here: bool


MENU = (
    (N_("首页"), "home.index"),
    (N_("我的课程"), "learning.mine"),
    (N_("课程目录"), "learning.catalogue"),
    (N_("培训班"), "learning.cohorts"),
    (N_("我的测验"), "assessment.mine"),
    (N_("测验统计"), "assessment.cohorts"),
    (N_("情景演练"), "roleplay.index"),
    (N_("培训反馈"), "feedback.index"),
    (N_("反馈结果"), "feedback.all_waves"),
    (N_("我的目标"), "indicators.mine"),
    (N_("我的考核"), "appraisal.mine"),
    (N_("综合评价"), "appraisal.ratings"),
    (N_("考核结果"), "appraisal.results"),
    (N_("目标分解"), "indicators.targets"),
    (N_("指标录入"), "indicators.entry"),
    (N_("考核期"), "appraisal.cycles"),
    (N_("考核方案"), "appraisal.schemes"),
    (N_("考核参数"), "appraisal.parameters"),
    (N_("报告"), "reports.index"),
    (N_("复核"), "accounts.proposals"),
    (N_("银行资料"), "admin.bank"),
    (N_("机构与人员"), "admin.units"),
    (N_("数据"), "admin.data"),
    (N_("账号与权限"), "admin.accounts_page"),
    (N_("权限表"), "admin.policy"),
    (N_("审计日志"), "admin.audit"),
)


WITHIN = {
    "admin.units": ("people", "posts", "rosters", "units"),
    "admin.data": (
        "codes",
        "datamodels",
        "feeds",
        "hidden",
        "import_steps",
        "imports",
        "indicators",
        "suspense",
        "values",
    ),
}
"""Under which entry the pages of the administrators' views stand, by the name of their module."""


def entries() -> Iterator[Entry]:
    """Yield the menu of the current person."""
    if not is_signed_in() or has_to_change_password():
        return
    found = []
    for label, endpoint in MENU:
        view = current_app.view_functions.get(endpoint)
        if view is not None and may_open(view):
            found.append((label, endpoint, url_for(endpoint)))
    here = _here([(endpoint, url) for _, endpoint, url in found])
    for label, endpoint, url in found:
        yield Entry(say(label), url, endpoint == here)


def _here(pages: Sequence[tuple[str, str]]) -> str | None:
    """Return under which entry the current page stands: itself, its part of the house, or its address."""
    asked = request.endpoint
    if asked is None or asked in dict(pages):
        return asked
    module = current_app.view_functions[asked].__module__.rpartition("admin.views.")[2]
    for endpoint, _ in pages:
        if module in WITHIN.get(endpoint, ()):
            return endpoint
    above = [(len(url), one) for one, url in pages if request.path.startswith(f"{url.rstrip('/')}/")]
    length, nearest = max(above, default=(0, ""))
    return nearest if length > 1 else None


@dataclass(frozen=True)
class Lead:
    """A page that another one leads to."""

    label: str
    about: str
    url: str


def reachable_entries(pages: Iterable[tuple[str, str, str]]) -> Iterator[Lead]:
    """Yield of pages (endpoint, label, what it is for) those that exist and that the person may open."""
    for endpoint, label, about in pages:
        view = current_app.view_functions.get(endpoint)
        if view is not None and may_open(view):
            yield Lead(say(label), say(about), url_for(endpoint))


def init_app(app: Flask) -> None:
    """Give templates the menu, the bank and the person."""

    @app.context_processor
    def everywhere() -> dict[str, Any]:
        return {
            "menu": lambda: list(entries()),
            "bank": lambda: bank_profile(db.session()),
            "language": page_language(),
            "person": person() if is_signed_in() else None,
            "today": today(),
        }
