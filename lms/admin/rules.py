"""Which rows of a people file can be taken over, and why the others cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.core.textfile import Column, Kind

_LEVELS = {
    "head_office": ("总行", "Head office"),
    "tier_1": ("一级分行", "Tier-1 branch"),
    "tier_2": ("二级分行", "Tier-2 branch"),
    "sub_branch": ("支行", "Sub-branch"),
    "office": ("分理处", "Office"),
}
_SEXES = {"female": ("女", "F", "Female"), "male": ("男", "M", "Male"), "unsaid": ("未说明", "Unsaid")}


def _optional(name: str, titles: tuple[str, ...], kind: Kind = Kind.TEXT, **more: Any) -> Column:
    return Column(name, titles, kind, required=False, blank=True, **more)


PEOPLE = (
    Column("number", (N_("工号"), "员工号", "员工编号", "Employee number"), Kind.ID, longest=40),
    Column("name", (N_("姓名"), "员工姓名", "Name"), longest=80),
    Column("unit", (N_("机构代码"), "机构号", "Unit code"), Kind.ID, longest=40),
    Column("post", (N_("岗位"), "岗位代码", "岗位名称", "Post"), longest=120),
    _optional("grade", (N_("等级"), "等级代码", "Grade"), longest=120),
    _optional("sex", (N_("性别"), "Sex"), Kind.CHOICE, choices=_SEXES),
    _optional("hired_on", (N_("入职日期"), "Hired on"), Kind.DAY),
    _optional("day", (N_("生效日期"), "任职日期", "Effective from"), Kind.DAY),
    _optional("left_on", (N_("离职日期"), "Left on"), Kind.DAY),
    _optional("unit_name", (N_("机构名称"), "Unit name"), longest=120),
    _optional("unit_level", (N_("机构级别"), "Unit level"), Kind.CHOICE, choices=_LEVELS),
    _optional("parent", (N_("上级机构代码"), "Parent unit code"), Kind.ID, longest=40),
    _optional("series", (N_("岗位序列"), "Post series"), longest=40),
)
"""One posting a row; a unit or post that is not known yet is opened when the row describes it whole."""


@dataclass(frozen=True)
class KnownPerson:
    """What is known of somebody: name, first day, first day gone, start of the latest posting."""

    name: str
    hired_on: date
    left_on: date | None
    posted_from: date | None


@dataclass(frozen=True)
class KnownBank:
    """What is known before the import: people by number, units with level, names of posts and grades."""

    people: Mapping[str, KnownPerson]
    units: Mapping[str, str]
    posts: Mapping[str, str]
    grades: Mapping[str, str]


@dataclass(frozen=True)
class CheckedPeople:
    """The good rows, units from the top and then people by day, and what is wrong with the rest."""

    rows: list[dict[str, Any]]
    problems: list[Problem]


_NEEDED_UNIT = ("unit_name", "unit_level")


def check_people(rows: Sequence[Mapping[str, Any]], bank: KnownBank) -> CheckedPeople:
    """Check rows (the columns of `PEOPLE` and `line`) against what is known and one another.

    A good row's `day` is filled in: a newcomer's posting begins with the hiring unless said.
    """
    described = {
        row["unit"]: row
        for row in rows
        if row["unit"] not in bank.units and all(row[one] for one in _NEEDED_UNIT)
    }
    levels = dict(bank.units) | {code: str(row["unit_level"]) for code, row in described.items()}
    series = {row["post"] for row in rows if row["series"]}
    first_lines: dict[tuple[str, date | None], int] = {}
    hired: dict[str, KnownPerson] = {}
    good: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for row in sorted(rows, key=lambda one: (str(one["number"]), one["day"] or one["hired_on"] or date.min)):
        known = bank.people.get(row["number"]) or hired.get(row["number"])
        day = row["day"] or (row["hired_on"] if known is None else None)
        found = [
            *_unit_problems(row, levels, described),
            *_post_problems(row, bank, series),
            *_person_problems(row, known, day),
        ]
        first = first_lines.setdefault((row["number"], day), row["line"])
        if first != row["line"]:
            message = N_("与第 %(detail)s 行重复：同一工号和生效日期。")
            found.append(_problem(row, message, "工号", row["number"], detail=first))
        problems += found
        if not found:
            good.append({**row, "day": day})
            if known is None:
                hired[row["number"]] = KnownPerson(row["name"], row["hired_on"], row["left_on"], day)
    while stranded := _stranded(good, bank):
        lines = {problem.line for problem in stranded}
        good = [row for row in good if row["line"] not in lines]
        problems += stranded
    problems.sort(key=lambda problem: problem.line or 0)
    return CheckedPeople(sorted(good, key=lambda row: (row["day"], row["line"])), problems)


def _stranded(good: Sequence[Mapping[str, Any]], bank: KnownBank) -> list[Problem]:
    """Return problems for rows whose new unit or post is described only by rows that are not good."""
    units = set(bank.units) | {row["unit"] for row in good if all(row[one] for one in _NEEDED_UNIT)}
    posts = set(bank.posts) | {row["post"] for row in good if row["series"]}
    message = N_("描述新机构或新岗位“%(value)s”的行有误。")
    found = []
    for row in good:
        needed = [row["unit"], *([row["parent"]] if row["unit"] not in bank.units and row["parent"] else [])]
        lacking = [code for code in needed if code not in units]
        if lacking:
            found.append(_problem(row, message, "机构代码", lacking[0]))
        elif row["post"] not in posts:
            found.append(_problem(row, message, "岗位", row["post"]))
    return found


def _unit_problems(
    row: Mapping[str, Any], levels: Mapping[str, str], described: Mapping[str, Mapping[str, Any]]
) -> list[Problem]:
    unit = row["unit"]
    if unit not in levels:
        message = N_("没有代码为“%(value)s”的机构；新机构须填写机构名称和机构级别。")
        return [_problem(row, message, "机构代码", unit)]
    if unit not in described:
        return []
    order = list(_LEVELS)
    level, parent = described[unit]["unit_level"], described[unit]["parent"]
    if level == order[0] and parent is None:
        return []
    if parent not in levels:
        return [_problem(row, N_("没有代码为“%(value)s”的上级机构。"), "上级机构代码", parent or "")]
    if order.index(levels[parent]) >= order.index(level):
        return [_problem(row, N_("机构“%(value)s”的级别必须低于其上级。"), "机构级别", unit)]
    return []


def _post_problems(row: Mapping[str, Any], bank: KnownBank, series: set[str]) -> list[Problem]:
    problems = []
    if row["post"] not in bank.posts and row["post"] not in series:
        message = N_("没有名为“%(value)s”的岗位；新岗位须填写岗位序列。")
        problems.append(_problem(row, message, "岗位", row["post"]))
    if row["grade"] and row["grade"] not in bank.grades:
        problems.append(_problem(row, N_("没有名为“%(value)s”的等级。"), "等级", row["grade"]))
    return problems


def _person_problems(row: Mapping[str, Any], known: KnownPerson | None, day: date | None) -> list[Problem]:
    if known is None and row["hired_on"] is None:
        return [_problem(row, N_("新员工须填写入职日期。"), "入职日期", "")]
    if day is None:
        return [_problem(row, N_("在册员工的变动须填写生效日期。"), "生效日期", "")]
    problems = []
    hired_on = known.hired_on if known else row["hired_on"]
    if known is not None and known.name != row["name"]:
        message = N_("姓名与在册记录“%(detail)s”不符。")
        problems.append(_problem(row, message, "姓名", row["name"], detail=known.name))
    if known is not None and row["hired_on"] not in (None, known.hired_on):
        message = N_("入职日期与在册记录 %(detail)s 不符。")
        problems.append(_problem(row, message, "入职日期", str(row["hired_on"]), detail=known.hired_on))
    if day < hired_on:
        problems.append(
            _problem(row, N_("生效日期早于入职日期 %(detail)s。"), "生效日期", str(day), detail=hired_on)
        )
    if known is not None and known.posted_from is not None and day < known.posted_from:
        message = N_("生效日期早于现任职开始日期 %(detail)s。")
        problems.append(_problem(row, message, "生效日期", str(day), detail=known.posted_from))
    if known is not None and known.left_on is not None:
        problems.append(
            _problem(row, N_("该员工已于 %(detail)s 离职。"), "工号", row["number"], detail=known.left_on)
        )
    if row["left_on"] is not None and row["left_on"] <= day:
        problems.append(_problem(row, N_("离职日期必须晚于生效日期。"), "离职日期", str(row["left_on"])))
    return problems


def _problem(row: Mapping[str, Any], message: str, field: str, value: str, **params: Any) -> Problem:
    shown = {name: str(one) for name, one in params.items()}
    return Problem(message, {"value": value, **shown}, field=field, line=row["line"], value=value)
