"""The calendar of expected files: names with a day in them, when a file is due, when it is too short."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.indicators.rules.kinds import Delivery, ImportKind, Policy, Rhythm

DAY, FILE = "{day}", "{file}"
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f?\[\]<>|\"]|\.\.|^[.~-]|\s$|^\s")
_BRACES = re.compile(r"[{}]")
_CODE = re.compile(r"^[A-Za-z0-9_.-]{1,40}$")
Worked = Callable[[date], bool]
"""Whether a day is worked."""


@dataclass(frozen=True)
class FeedDraft:
    """A file to be expected; `data_model` is a code, patterns are file names with `{day}` in them."""

    code: str
    name_zh: str
    kind: ImportKind
    file_pattern: str
    rhythm: Rhythm
    starts_on: date
    name_en: str | None = None
    data_model: str | None = None
    mapping_name: str = ""
    control_pattern: str = ""
    ready_pattern: str = ""
    due_days: int = 1
    due_minutes: int = 360
    shortest_percent: Decimal | None = None
    policy: Policy = Policy.ALL_OR_NOTHING
    active: bool = True


def feed_problems(draft: FeedDraft, delivery: Delivery | None, *, has_day: bool) -> list[Problem]:
    """Return what is wrong with a feed; `delivery` and `has_day` are of its data model, if it names one."""
    return [*_of_names(draft), *_of_numbers(draft), *_of_model(draft, delivery, has_day=has_day)]


def _of_names(draft: FeedDraft) -> Iterator[Problem]:
    if not _CODE.match(draft.code):
        yield Problem(N_("代码只能用字母、数字和 . _ -，不超过 40 个字符。"), field="code")
    if not draft.name_zh.strip():
        yield Problem(N_("请填写中文名称。"), field="name_zh")
    if DAY not in draft.file_pattern:
        yield Problem(N_("文件名里要有 {day}：数据日期，八位数字。"), field="file_pattern")
    for name in ("file_pattern", "control_pattern", "ready_pattern"):
        pattern = str(getattr(draft, name))
        companion = name != "file_pattern"
        if pattern and not _sound(pattern, companion=companion):
            yield Problem(
                N_("“%(pattern)s”不是可用的文件名：不能含路径、空白和特殊字符，{day} 只写一次。"),
                {"pattern": pattern},
                field=name,
            )
        if companion and pattern and DAY not in pattern and FILE not in pattern:
            yield Problem(N_("控制文件和就绪标志的文件名里要有 {day} 或 {file}。"), field=name)
    names = [one for one in (draft.file_pattern, draft.control_pattern, draft.ready_pattern) if one]
    if len(set(names)) < len(names):
        yield Problem(N_("数据文件、控制文件和就绪标志的文件名不能相同。"), field="file_pattern")


def _sound(pattern: str, *, companion: bool) -> bool:
    plain = pattern.replace(DAY, "20000101", 1)
    if companion:
        plain = plain.replace(FILE, "x", 1)
    stars = "*" in plain and companion
    return not (stars or _FORBIDDEN.search(plain) or _BRACES.search(plain) or len(pattern) > 200)


def _of_numbers(draft: FeedDraft) -> Iterator[Problem]:
    if not 0 <= draft.due_days <= 31:
        yield Problem(N_("最迟到达须在数据日期后 0 到 31 天。"), field="due_days")
    if not 0 <= draft.due_minutes < 24 * 60:
        yield Problem(N_("时间须在 00:00 到 23:59 之间。"), field="due_minutes")
    if draft.shortest_percent is not None and not 0 < draft.shortest_percent <= 100:
        yield Problem(N_("百分比须大于 0，不超过 100。"), field="shortest_percent")


def _of_model(draft: FeedDraft, delivery: Delivery | None, *, has_day: bool) -> Iterator[Problem]:
    records = draft.kind is ImportKind.RECORDS
    if records and delivery is None:
        yield Problem(N_("业务数据文件要指定数据模型。"), field="data_model")
    if not records and draft.data_model:
        yield Problem(N_("只有业务数据文件才指定数据模型。"), field="data_model")
    if records and delivery is not None and draft.rhythm is not Rhythm.MONTHLY and not has_day:
        yield Problem(
            N_("这个数据模型没有数据日期字段，只能按月送：一个月只有一个数据日期。"), field="rhythm"
        )


# ---------------------------------------------------------------- names


def day_in(pattern: str, name: str) -> date | None:
    """Return the day that a file's name tells, when the name is of the pattern (`*` is anything)."""
    before, _, behind = pattern.partition(DAY)
    wanted = f"{_free(before)}(?P<day>[0-9]{{8}}){_free(behind)}"
    found = re.fullmatch(wanted, name)
    if found is None:
        return None
    text = found["day"]
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _free(text: str) -> str:
    return "[^/]*".join(re.escape(part) for part in text.split("*"))


def companion(pattern: str, name: str, day: date) -> str:
    """Return the name of the control file or ready flag that belongs to a data file."""
    return pattern.replace(DAY, f"{day:%Y%m%d}").replace(FILE, name)


def could_clash(one: str, other: str) -> bool:
    """Whether a file of one pattern could pass for a file of the other."""
    sample = date(2026, 11, 30)
    return any(
        day_in(left, right.replace(DAY, f"{sample:%Y%m%d}").replace("*", "")) is not None
        for left, right in ((one, other), (other, one))
    )


# ---------------------------------------------------------------- days


def expects(rhythm: Rhythm, day: date, worked: Worked) -> bool:
    """Whether a file of this day comes: every day, each working day, or the last day of each month."""
    if rhythm is Rhythm.WORKING_DAY:
        return worked(day)
    if rhythm is Rhythm.MONTHLY:
        return (day + timedelta(days=1)).day == 1
    return True


def due_day(day: date, due_days: int, worked: Worked) -> date:
    """Return the day on which the file of `day` is due; nobody is alarmed on a day that is not worked."""
    due = day + timedelta(days=due_days)
    for _ in range(60):
        if worked(due):
            break
        due += timedelta(days=1)
    return due


def is_short(rows: int, before: int | None, percent: Decimal | None) -> bool:
    """Whether a file has fewer rows than `percent` of the one before."""
    return percent is not None and bool(before) and Decimal(rows) * 100 < percent * Decimal(before or 0)
