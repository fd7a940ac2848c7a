"""What the rows of a people file would do: who joins, moves, changes grade, leaves, comes back.

A row says how things are from its day on. What stands so already is no change, so the same file
brought again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lms.admin.rules.known import DEPTH, Asked, KnownBank, KnownPerson, Stay, problem
from lms.admin.rules.plan import NewUnit, PeoplePlan, PersonAct, PersonChange
from lms.core.errors import Problem, Refused
from lms.core.i18n import N_
from lms.people.rules import Tree


def plan_people(rows: Sequence[Mapping[str, Any]], bank: KnownBank, asked: Asked | None = None) -> PeoplePlan:
    """Return what rows (the columns of `PEOPLE` and `line`) would do to the bank."""
    return _Planner(rows, bank, asked or Asked()).plan()


@dataclass
class _Person:
    """Somebody as the rows read so far leave him."""

    name: str
    hired: list[date]
    left_on: date | None
    stays: list[Stay]

    @classmethod
    def of(cls, known: KnownPerson) -> _Person:
        return cls(known.name, list(known.hired), known.left_on, list(known.stays))

    def stay_on(self, day: date) -> Stay | None:
        return next((stay for stay in self.stays if stay.on(day)), None)

    def begins_after(self, day: date) -> Stay | None:
        return next((stay for stay in self.stays if stay.first > day), None)

    def put(self, stay: Stay) -> None:
        kept = [one for one in self.stays if one.first != stay.first]
        ended = [
            replace(one, after=stay.first) if one.on(stay.first) and one.first < stay.first else one
            for one in kept
        ]
        self.stays = sorted([*ended, stay], key=lambda one: one.first)

    def leave(self, day: date) -> None:
        self.left_on = day
        self.stays = [replace(one, after=day) if one.on(day) else one for one in self.stays]


class _Bad(Exception):
    """A row cannot be taken over."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


class _Planner:
    def __init__(self, rows: Sequence[Mapping[str, Any]], bank: KnownBank, asked: Asked) -> None:
        self.bank, self.asked = bank, asked
        self.rows = [self._resolved(row) for row in rows]
        known = bank.tree.levels
        self.described = {
            row["unit"]: row
            for row in reversed(self.rows)
            if row["unit"] and row["unit"] not in known and row["unit_name"] and row["unit_level"]
        }
        self.series = {row["post"]: row["series"] for row in reversed(self.rows) if row["series"]}
        self.people: dict[str, _Person] = {}
        self.problems: list[Problem] = []

    def plan(self) -> PeoplePlan:
        good: list[tuple[Mapping[str, Any], list[PersonChange]]] = []
        first_lines: dict[tuple[str, date | None], int] = {}
        order = sorted(
            self.rows, key=lambda row: (str(row["number"]), self._day(row) or date.min, row["line"])
        )
        for row in order:
            try:
                self._refuse_repeated(row, first_lines)
                good.append((row, self._read(row)))
            except _Bad as bad:
                self.problems += bad.problems
        good, units = self._without_stranded(good)
        changes = sorted(
            (change for _, found in good for change in found), key=lambda one: (one.day, one.line or 0)
        )
        used = {change.after.post for change in changes if change.after}
        return PeoplePlan(
            changes=changes,
            absent=list(self._absent()),
            units=units,
            posts={
                name: series
                for name, series in self.series.items()
                if name not in self.bank.posts and name in used
            },
            rows=sorted((row for row, _ in good), key=lambda row: int(row["line"])),
            unchanged=sum(not found for _, found in good),
            problems=sorted(self.problems, key=lambda one: one.line or 0),
        )

    def _resolved(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with the codes of units, posts and grades that it may name otherwise."""
        bank = self.bank
        found = dict(row)
        if not found["unit"] and found["unit_name"]:
            named = bank.unit_names.get(found["unit_name"], ())
            if len(named) == 1:
                found["unit"] = named[0]
        found["post"] = bank.posts.get(found["post"], found["post"])
        return found

    def _day(self, row: Mapping[str, Any]) -> date | None:
        """Return from when a row counts: its own day, a newcomer's first day, or the day of the file."""
        own: date | None = row["day"]
        if own is not None:
            return own
        if row["number"] not in self.bank.people:
            return row["hired_on"] or self.asked.effective
        return self.asked.effective

    def _refuse_repeated(
        self, row: Mapping[str, Any], first_lines: dict[tuple[str, date | None], int]
    ) -> None:
        first = first_lines.setdefault((row["number"], self._day(row)), row["line"])
        if first != row["line"]:
            message = N_("与第 %(detail)s 行重复：同一工号和生效日期。")
            raise _Bad(problem(row, message, "工号", row["number"], detail=first))

    def _read(self, row: Mapping[str, Any]) -> list[PersonChange]:
        known = self.bank.people.get(row["number"])
        person = self.people.get(row["number"]) or (_Person.of(known) if known else None)
        if person is None:
            changes, person = self._join(row)
        else:
            person = replace(person, stays=list(person.stays), hired=list(person.hired))
            changes = self._go_on(row, person)
        self.people[row["number"]] = person
        return changes

    def _join(self, row: Mapping[str, Any]) -> tuple[list[PersonChange], _Person]:
        hired_on, day = row["hired_on"], self._day(row)
        found = self._refused_names(row)
        if hired_on is None:
            found.append(problem(row, N_("新员工须填写入职日期。"), "入职日期", ""))
        elif day is not None and day < hired_on:
            message = N_("生效日期早于入职日期 %(detail)s。")
            found.append(problem(row, message, "生效日期", day, detail=hired_on))
        if not found and hired_on is not None and day is not None:
            found += self._refused_place(row, day)
        left_on = row["left_on"]
        if day is not None and left_on is not None and left_on <= day:
            found.append(problem(row, N_("离职日期必须晚于生效日期。"), "离职日期", left_on))
        if found or hired_on is None or day is None:
            raise _Bad(*found)
        stay = Stay(row["unit"], row["post"], self._grade(row), day)
        person = _Person(row["name"], [hired_on], None, [stay])
        changes = [
            self._change(PersonAct.JOIN, row, day, after=stay, hired_on=hired_on, sex=row["sex"]),
        ]
        return changes + self._leave(row, person), person

    def _go_on(self, row: Mapping[str, Any], person: _Person) -> list[PersonChange]:
        found = self._refused_names(row)
        if person.name != row["name"]:
            message = N_("姓名与在册记录“%(detail)s”不符；如系改名，请先在人员页面更正。")
            found.append(problem(row, message, "姓名", row["name"], detail=person.name))
        back = self._comes_back(row, person)
        if row["hired_on"] is not None and row["hired_on"] not in person.hired and back is None:
            message = N_("入职日期与在册记录 %(detail)s 不符。")
            found.append(problem(row, message, "入职日期", row["hired_on"], detail=person.hired[0]))
        if found:
            raise _Bad(*found)
        if row["left_on"] is not None and row["left_on"] == person.left_on:
            return []
        if row["left_on"] is not None and row["day"] is None and back is None:
            return self._leave(row, person)
        day = back or self._day(row)
        if day is None:
            raise _Bad(problem(row, N_("在册员工的变动须填写生效日期。"), "生效日期", ""))
        if day < person.hired[0]:
            message = N_("生效日期早于入职日期 %(detail)s。")
            raise _Bad(problem(row, message, "生效日期", day, detail=person.hired[0]))
        return self._post(row, person, day, back=back is not None) + self._leave(row, person)

    def _comes_back(self, row: Mapping[str, Any], person: _Person) -> date | None:
        """Return the day on which the row brings somebody back who left: it must say a day of its own."""
        if person.left_on is None or row["left_on"] == person.left_on:
            return None
        days = [day for day in (row["day"], row["hired_on"]) if day is not None and day >= person.left_on]
        return max(days, default=None)

    def _post(self, row: Mapping[str, Any], person: _Person, day: date, *, back: bool) -> list[PersonChange]:
        if not back and person.left_on is not None and day >= person.left_on:
            message = N_("该员工已于 %(detail)s 离职；如系重新入职，请填写之后的入职日期或生效日期。")
            raise _Bad(problem(row, message, "工号", row["number"], detail=person.left_on))
        now = person.stay_on(day)
        same_post = now is not None and now.post == row["post"]
        grade = self._grade(row) or (now.grade if now is not None and same_post else None)
        stay = Stay(row["unit"], row["post"], grade, day, person.left_on if not back else None)
        if now is not None and (now.unit, now.post, now.grade) == (stay.unit, stay.post, stay.grade):
            return []
        later = person.begins_after(day)
        if later is not None:
            message = N_("生效日期早于现任职开始日期 %(detail)s。")
            raise _Bad(problem(row, message, "生效日期", day, detail=later.first))
        refused = self._refused_place(row, day, now)
        if refused:
            raise _Bad(*refused)
        person.put(stay)
        if back:
            person.left_on = None
            person.hired.append(day)
            before = max(
                (one for one in person.stays if one.first < day), key=lambda one: one.first, default=None
            )
            return [self._change(PersonAct.RETURN, row, day, after=stay, before=before)]
        only_grade = now is not None and (now.unit, now.post) == (stay.unit, stay.post)
        act = PersonAct.GRADE if only_grade else PersonAct.MOVE
        return [self._change(act, row, day, after=stay, before=now)]

    def _leave(self, row: Mapping[str, Any], person: _Person) -> list[PersonChange]:
        left_on = row["left_on"]
        if left_on is None:
            return []
        if person.left_on is not None:
            message = N_("该员工已于 %(detail)s 离职。")
            raise _Bad(problem(row, message, "离职日期", left_on, detail=person.left_on))
        if left_on <= person.hired[-1]:
            raise _Bad(problem(row, N_("离职日期必须晚于入职日期。"), "离职日期", left_on))
        later = next((stay for stay in person.stays if stay.first >= left_on), None)
        if later is not None:
            message = N_("离职日期必须晚于最近一次任职的开始日期 %(detail)s。")
            raise _Bad(problem(row, message, "离职日期", left_on, detail=later.first))
        before = person.stays[-1] if person.stays else None
        person.leave(left_on)
        return [self._change(PersonAct.LEAVE, row, left_on, before=before)]

    def _absent(self) -> Iterator[PersonChange]:
        """Yield those whom a full roster does not name although they are here on its day."""
        day = self.asked.effective
        if not self.asked.full or day is None:
            return
        named = {row["number"] for row in self.rows}
        for number, person in sorted(self.bank.people.items()):
            if number in named or person.left_on is not None or person.hired[-1] >= day:
                continue
            stay = next((one for one in person.stays if one.on(day)), None)
            later = next((one for one in person.stays if one.first >= day), None)
            if later is not None:
                message = N_("文件中没有员工 %(value)s，但其已有自 %(detail)s 起的任职安排，请先处理。")
                params = {"value": f"{person.name}（{number}）", "detail": later.first.isoformat()}
                self.problems.append(Problem(message, params, field="工号", value=number))
                continue
            yield PersonChange(PersonAct.LEAVE, None, number, person.name, day, before=stay)

    def _grade(self, row: Mapping[str, Any]) -> str | None:
        return self.bank.grades.get(row["grade"]) if row["grade"] else None

    def _refused_names(self, row: Mapping[str, Any]) -> list[Problem]:
        """Return what the row names that is not there."""
        bank, found = self.bank, []
        if not row["unit"]:
            if len(bank.unit_names.get(row["unit_name"] or "", ())) > 1:
                message = N_("有多个名为“%(value)s”的机构，请填写机构代码。")
            elif row["unit_name"]:
                message = N_("没有名为“%(value)s”的机构。")
            else:
                message = N_("须填写机构代码或机构名称。")
            found.append(problem(row, message, "机构代码", row["unit_name"]))
        elif row["unit"] not in bank.tree.levels and row["unit"] not in self.described:
            message = N_("没有代码为“%(value)s”的机构；新机构须填写机构名称和机构级别。")
            found.append(problem(row, message, "机构代码", row["unit"]))
        elif row["unit"] in self.described:
            found += self._refused_unit(row, self.described[row["unit"]])
        if row["post"] not in bank.posts and row["post"] not in self.series:
            message = N_("没有名为“%(value)s”的岗位；新岗位须填写岗位序列。")
            found.append(problem(row, message, "岗位", row["post"]))
        if row["grade"] and row["grade"] not in bank.grades:
            found.append(problem(row, N_("没有名为“%(value)s”的等级。"), "等级", row["grade"]))
        return found

    def _refused_unit(self, row: Mapping[str, Any], described: Mapping[str, Any]) -> list[Problem]:
        level, parent = described["unit_level"], described["parent"]
        if level == "head_office" and parent is None:
            return []
        if parent in self.bank.tree.levels:
            above = self.bank.tree.levels[parent]
        elif parent in self.described:
            above = DEPTH[self.described[parent]["unit_level"]]
        else:
            return [problem(row, N_("没有代码为“%(value)s”的上级机构。"), "上级机构代码", parent)]
        if above >= DEPTH[level]:
            return [problem(row, N_("机构“%(value)s”的级别必须低于其上级。"), "机构级别", row["unit"])]
        return []

    def _refused_place(self, row: Mapping[str, Any], day: date, now: Stay | None = None) -> list[Problem]:
        """Return why nobody can be given this unit, post and grade on a day."""
        found = []
        tree, unit = self.bank.tree, row["unit"]
        if unit in tree.levels and not tree.open_throughout(unit, day, None):
            message = N_("机构“%(value)s”在 %(detail)s 未开业或之后将关闭。")
            found.append(problem(row, message, "机构代码", unit, detail=day))
        for kind, title, code in (("post", "岗位", row["post"]), ("grade", "等级", self._grade(row))):
            retired = self.bank.retired.get(f"{kind}:{code}")
            if retired is not None and retired <= day and (now is None or getattr(now, kind) != code):
                message = N_("“%(value)s”自 %(detail)s 起停用，不能再任用。")
                found.append(problem(row, message, title, row[kind], detail=retired))
        return found

    def _change(self, act: PersonAct, row: Mapping[str, Any], day: date, **more: Any) -> PersonChange:
        return PersonChange(act, row["line"], row["number"], row["name"], day, **more)

    def _without_stranded(
        self, good: list[tuple[Mapping[str, Any], list[PersonChange]]]
    ) -> tuple[list[tuple[Mapping[str, Any], list[PersonChange]]], list[NewUnit]]:
        """Drop rows whose new unit or post cannot be had, and with them all rows of their people."""
        message = N_("描述新机构或新岗位“%(value)s”的行有误。")
        while True:
            units, refused = self._new_units(good)
            posts = {row["post"] for row, _ in good if row["series"]} | set(self.bank.posts.values())
            bad: dict[str, Problem] = {}
            for row, _ in good:
                unit = row["unit"]
                if unit in refused:
                    why = refused[unit]
                    bad[row["number"]] = Problem(
                        why.message, why.params, field="机构代码", line=row["line"], value=unit
                    )
                elif unit not in self.bank.tree.levels and unit not in units:
                    bad[row["number"]] = problem(row, message, "机构代码", unit)
                elif row["post"] not in posts:
                    bad[row["number"]] = problem(row, message, "岗位", row["post"])
            if not bad:
                return good, list(units.values())
            self.problems += bad.values()
            good = [(row, changes) for row, changes in good if row["number"] not in bad]

    def _new_units(
        self, good: Sequence[tuple[Mapping[str, Any], list[PersonChange]]]
    ) -> tuple[dict[str, NewUnit], dict[str, Refused]]:
        """Return the units that good rows describe, from the top, each from the first day it is needed."""
        described = {
            row["unit"]: row
            for row, _ in reversed(good)
            if row["unit"] in self.described and row["unit_name"] and row["unit_level"]
        }
        first: dict[str, date] = {}
        for row, changes in good:
            for change in changes:
                if change.after is not None:
                    first[row["unit"]] = min(first.get(row["unit"], change.day), change.day)
        order = sorted(described, key=lambda code: (DEPTH[described[code]["unit_level"]], code))
        for code in reversed(order):
            above = described[code]["parent"]
            if above in described and code in first:
                first[above] = min(first.get(above, first[code]), first[code])
        units: dict[str, NewUnit] = {}
        refused: dict[str, Refused] = {}
        tree = Tree()
        for code in self.bank.tree.levels:
            tree.add(
                code, self.bank.tree.levels[code], self.bank.tree.names[code], self.bank.tree.places(code)
            )
        for code in order:
            row = described[code]
            if code not in first or (row["parent"] is not None and row["parent"] not in tree.levels):
                continue
            try:
                tree.open(code, DEPTH[row["unit_level"]], row["unit_name"], row["parent"], first[code])
            except Refused as error:
                refused[code] = error
                continue
            units[code] = NewUnit(code, row["unit_name"], row["unit_level"], row["parent"], first[code])
        return units, refused
