"""The seven comprehensive indicators (综合指标), their anchors in behaviour, and what a level is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lms.core.errors import Problem
from lms.core.i18n import N_

LOWEST, HIGHEST = 1, 5
NOTE_LEVELS = (1, 2, 5)
"""Levels so far from the middle that they need a word of reason."""
NOTE_LENGTH = 1000
PREFIX = "comprehensive."


@dataclass(frozen=True)
class Comprehensive:
    """One of the seven; `anchors` tell in behaviour what levels 1, 3 and 5 look like, in both languages."""

    code: str
    name_zh: str
    name_en: str
    anchors_zh: Mapping[int, str]
    anchors_en: Mapping[int, str]

    @property
    def measure(self) -> str:
        """The code under which a scheme asks for the rated level."""
        return PREFIX + self.code


SEVEN = (
    Comprehensive(
        "service",
        "客户服务",
        "Customer service",
        {1: "客户来电来访常无回音", 3: "按时回应，问题有着落", 5: "主动回访，难题跟到解决"},
        {
            1: "Customers often get no answer",
            3: "Answers in time",
            5: "Calls back unasked, sees problems through",
        },
    ),
    Comprehensive(
        "procedure",
        "工作程序执行",
        "Following procedure",
        {1: "经常省略规定步骤", 3: "步骤齐全，偶有补件", 5: "一次做对，并能指出程序漏洞"},
        {
            1: "Often skips required steps",
            3: "Steps complete, few papers late",
            5: "Right first time, spots gaps",
        },
    ),
    Comprehensive(
        "general",
        "综合素质",
        "General quality",
        {1: "表达和条理影响工作", 3: "沟通清楚，安排有序", 5: "复杂局面下判断稳、讲得清"},
        {1: "Unclear, disorganised", 3: "Clear and orderly", 5: "Sound and clear even when it gets complex"},
    ),
    Comprehensive(
        "expertise",
        "专业素质",
        "Professional knowledge",
        {1: "产品和制度常答错", 3: "常用产品和制度熟练", 5: "能为同事解答疑难"},
        {1: "Often wrong on products and rules", 3: "Sure of the usual ones", 5: "Colleagues ask for advice"},
    ),
    Comprehensive(
        "teamwork",
        "团队精神",
        "Teamwork",
        {1: "不愿分享，协作常受阻", 3: "按约配合，信息共享", 5: "主动补位，带动他人"},
        {1: "Keeps things to oneself", 3: "Cooperates and shares", 5: "Steps in unasked, lifts others"},
    ),
    Comprehensive(
        "ability",
        "能力素质",
        "Working ability",
        {1: "常需他人代办", 3: "独立完成本职工作", 5: "承担难任务并有成果"},
        {1: "Others often finish the work", 3: "Does the job alone", 5: "Takes hard tasks and delivers"},
    ),
    Comprehensive(
        "ethics",
        "道德修养",
        "Ethics and conduct",
        {1: "有违规或误导客户的情形", 3: "守规矩，如实说明风险", 5: "面对业绩压力仍守底线并提醒他人"},
        {
            1: "Broke rules or misled customers",
            3: "Keeps rules, tells risks",
            5: "Holds the line under pressure",
        },
    ),
)
BY_CODE = {item.code: item for item in SEVEN}


@dataclass(frozen=True)
class Mark:
    """What a supervisor gives one person on one indicator; `level` None leaves it unrated."""

    code: str
    level: int | None
    note: str = ""


def points_of(level: int) -> Decimal:
    """Return what a level is worth on the scale of 100: level / 5 · 100."""
    return Decimal(level) / HIGHEST * 100


def problem_of(mark: Mark, *, field: str | None = None) -> Problem | None:
    """Return what is wrong with a mark, or None; levels 1, 2 and 5 need a note."""
    if mark.code not in BY_CODE:
        return Problem(N_("没有综合指标 %(code)s。"), {"code": mark.code}, field=field)
    if mark.level is None:
        return None
    if not LOWEST <= mark.level <= HIGHEST:
        return Problem(N_("评分只能是 1 至 5。"), field=field, value=str(mark.level))
    if mark.level in NOTE_LEVELS and not mark.note.strip():
        return Problem(
            N_("评为 %(level)s 级，请写明依据。"),
            {"level": mark.level},
            field=field,
        )
    if len(mark.note) > NOTE_LENGTH:
        return Problem(N_("说明过长，最多 %(limit)s 字。"), {"limit": NOTE_LENGTH}, field=field)
    return None
