"""What the rows of a unit file would do: which units open, move, are renamed, close, merge."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from lms.admin.rules.known import DEPTH, Asked, KnownBank, problem
from lms.core.errors import Problem, Refused
from lms.core.i18n import N_
from lms.people.rules import Tree
from lms.people.rules.tree import listed


class UnitAct(StrEnum):
    """What happens to a unit."""

    OPEN = "unit_open"
    MOVE = "unit_move"
    RENAME = "unit_rename"
    CLOSE = "unit_close"
    MERGE = "unit_merge"


@dataclass(frozen=True)
class UnitChange:
    """One thing that would happen to one unit on a day."""

    act: UnitAct
    line: int
    code: str
    name: str
    day: date
    before: str | None = None
    after: str | None = None
    level: str | None = None
    name_en: str | None = None


@dataclass(frozen=True)
class UnitPlan:
    """All that a file would do, in the order in which it is done, and what is wrong with it."""

    changes: Sequence[UnitChange] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    unchanged: int = 0
    problems: Sequence[Problem] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        acts = Counter(change.act.value for change in self.changes)
        return {act.value: acts.get(act.value, 0) for act in UnitAct} | {"unchanged": self.unchanged}

    @property
    def digest(self) -> str:
        """What two plans share that do the same."""
        return hashlib.sha256("\n".join(repr(one) for one in self.changes).encode()).hexdigest()


def plan_units(rows: Sequence[Mapping[str, Any]], bank: KnownBank, asked: Asked | None = None) -> UnitPlan:
    """Return what rows (the columns of `UNITS` and `line`) would do to the tree."""
    return _Planner(bank, asked or Asked()).plan(rows)


class _Planner:
    """Plays the rows on a copy of the tree: openings from the top, then moves, then closings from below."""

    def __init__(self, bank: KnownBank, asked: Asked) -> None:
        self.bank, self.asked = bank, asked
        self.tree = Tree()
        for code, level in bank.tree.levels.items():
            self.tree.add(code, level, bank.tree.names[code], bank.tree.places(code))
        self.changes: list[UnitChange] = []
        self.problems: list[Problem] = []
        self.received: dict[str, date] = {}
        """Units that got people by a merger of this file, and from when."""

    def plan(self, rows: Sequence[Mapping[str, Any]]) -> UnitPlan:
        first_lines: dict[str, int] = {}
        sound = []
        for row in rows:
            first = first_lines.setdefault(row["code"], row["line"])
            if first == row["line"]:
                sound.append(row)
            else:
                message = N_("与第 %(detail)s 行重复：同一机构代码。")
                self.problems.append(problem(row, message, "机构代码", row["code"], detail=first))
        known = set(self.tree.levels)
        fresh = [row for row in sound if row["code"] not in known]
        for row in sorted(fresh, key=lambda one: (DEPTH.get(one["level"] or "", 9), one["line"])):
            self._try(row, self._open)
        for row in sorted(sound, key=lambda one: (one["day"] or date.max, one["line"])):
            if row["code"] in known:
                self._try(row, self._go_on)
        for row in sorted(sound, key=self._closing_order):
            if row["closed_on"] is not None and row["code"] in self.tree.levels:
                self._try(row, self._close)
        bad = {one.line for one in self.problems}
        touched = {change.line for change in self.changes}
        good = [row for row in rows if row["line"] not in bad]
        return UnitPlan(
            [change for change in self.changes if change.line not in bad],
            good,
            sum(row["line"] not in touched for row in good),
            sorted(self.problems, key=lambda one: one.line or 0),
        )

    def _closing_order(self, row: Mapping[str, Any]) -> tuple[date, int, int]:
        return (row["closed_on"] or date.max, -self.tree.levels.get(row["code"], 0), row["line"])

    def _try(self, row: Mapping[str, Any], act: Any) -> None:
        try:
            act(row)
        except Refused as error:
            self.problems.append(
                Problem(error.message, error.params, field="机构代码", line=row["line"], value=row["code"])
            )

    def _add(self, row: Mapping[str, Any], message: str, title: str, value: Any, **params: Any) -> None:
        self.problems.append(problem(row, message, title, value, **params))

    def _open(self, row: Mapping[str, Any]) -> None:
        day = row["opened_on"] or row["day"] or self.asked.effective
        if row["level"] is None:
            self._add(row, N_("新机构须填写机构级别。"), "机构级别", "")
        elif row["parent"] is None and row["level"] != "head_office":
            self._add(row, N_("新机构须填写上级机构代码。"), "上级机构代码", "")
        elif row["parent"] is not None and row["parent"] not in self.tree.levels:
            self._add(row, N_("没有代码为“%(value)s”的上级机构。"), "上级机构代码", row["parent"])
        elif day is None:
            self._add(row, N_("新机构须填写开业日期。"), "开业日期", "")
        else:
            self.tree.open(row["code"], DEPTH[row["level"]], row["name"], row["parent"], day)
            self._note(UnitAct.OPEN, row, day, after=row["parent"], level=row["level"])

    def _go_on(self, row: Mapping[str, Any]) -> None:
        code, day = row["code"], row["day"] or self.asked.effective
        if row["level"] is not None and DEPTH[row["level"]] != self.tree.levels[code]:
            self._add(row, N_("机构“%(value)s”的级别与在册记录不符，级别不能更改。"), "机构级别", code)
            return
        last = self.tree.places(code)[-1]
        if last.after is not None and row["closed_on"] is None:
            self._add(row, N_("机构“%(value)s”已于 %(detail)s 关闭。"), "机构代码", code, detail=last.after)
            return
        if row["name"] != self.tree.names[code]:
            named = day or row["closed_on"] or last.first
            self._note(UnitAct.RENAME, row, named, before=self.tree.names[code], after=row["name"])
        if row["parent"] is None or row["parent"] == last.parent:
            return
        if day is None:
            self._add(row, N_("划转机构须填写生效日期。"), "生效日期", "")
        elif row["parent"] not in self.tree.levels:
            self._add(row, N_("没有代码为“%(value)s”的上级机构。"), "上级机构代码", row["parent"])
        else:
            place = self.tree.place_on(code, day)
            if place is not None and place.parent == row["parent"]:
                return
            self.tree.move(code, row["parent"], day)
            self._note(UnitAct.MOVE, row, day, before=place.parent if place else None, after=row["parent"])

    def _close(self, row: Mapping[str, Any]) -> None:
        code, day, successor = row["code"], row["closed_on"], row["successor"]
        if any(one.line == row["line"] for one in self.problems):
            return
        if self.tree.places(code)[-1].after == day:
            return
        if successor is not None and successor not in self.tree.levels:
            self._add(row, N_("没有代码为“%(value)s”的机构。"), "承接机构代码", successor)
            return
        staying = self._people(code, day)
        if successor is None and staying:
            message = N_("以下人员在 %(day)s 及以后仍任职于该机构，请先调动或填写承接机构代码：%(people)s。")
            params = {"day": day.isoformat(), "people": listed(staying)}
            self._add(row, message, "关闭日期", day, **params)
            return
        self.tree.close(code, day, successor)
        act = UnitAct.MERGE if successor else UnitAct.CLOSE
        if successor is not None and staying:
            self.received[successor] = max(day, self.received.get(successor, day))
        self._note(act, row, day, after=successor)

    def _people(self, code: str, day: date) -> list[str]:
        found = [
            f"{person.name}（{number}）"
            for number, person in sorted(self.bank.people.items())
            if any(stay.unit == code and (stay.after is None or stay.after > day) for stay in person.stays)
        ]
        return found or ([self.tree.label(code)] if code in self.received else [])

    def _note(self, act: UnitAct, row: Mapping[str, Any], day: date, **more: Any) -> None:
        self.changes.append(
            UnitChange(act, row["line"], row["code"], row["name"], day, name_en=row["name_en"], **more)
        )
