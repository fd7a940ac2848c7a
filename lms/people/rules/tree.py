"""The tree of units over time: what may be opened, moved, closed and opened again.

On every day each open unit but the top one hangs under one open unit of a higher level; every act
either keeps that true for all days or is refused and changes nothing. Since levels only go down,
a ring cannot arise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from lms.core.errors import Refused
from lms.core.i18n import N_

NAMED = 8
"""So many names are told in a refusal, then how many more there are."""


@dataclass(frozen=True)
class Place:
    """A unit's parent from `first` until the day before `after`."""

    unit: str
    parent: str | None
    first: date
    after: date | None = None

    def on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.first <= day and self.lasts_beyond(day)

    def lasts_beyond(self, day: date) -> bool:
        """Whether it is in force on the day or later."""
        return self.after is None or self.after > day


def listed(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are."""
    told = list(names)
    more = f" … (+{len(told) - NAMED})" if len(told) > NAMED else ""
    return "、".join(told[:NAMED]) + more


class Tree:
    """Units by code, each with its level (0 is the top), its name and its places in order of days."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self._places: dict[str, list[Place]] = {}
        self._below: dict[str, set[str]] = {}

    def add(self, code: str, level: int, name: str, places: Iterable[Place]) -> None:
        """Take in a unit as it stands."""
        self.levels[code], self.names[code] = level, name
        self._put(code, sorted(places, key=lambda place: place.first))

    def places(self, code: str) -> list[Place]:
        """Return a unit's places, the earliest first."""
        return list(self._places.get(code, ()))

    def place_on(self, code: str, day: date) -> Place | None:
        """Return where a unit hangs on a day."""
        return next((place for place in self._places.get(code, ()) if place.on(day)), None)

    def open_throughout(self, code: str, first: date, after: date | None) -> bool:
        """Whether a unit is open on every day from `first` until the day before `after`."""
        reached: date | None = first
        for place in self._places.get(code, ()):
            if reached is not None and place.on(reached):
                reached = place.after
                if reached is None or (after is not None and reached >= after):
                    return True
        return False

    def below_from(self, code: str, day: date) -> list[Place]:
        """Return the places directly below a unit that are in force on the day or later."""
        return [
            place
            for child in sorted(self._below.get(code, ()))
            for place in self._places[child]
            if place.parent == code and place.lasts_beyond(day)
        ]

    def open(self, code: str, level: int, name: str, parent: str | None, day: date) -> None:
        """Open a unit that was not there.

        Raises:
            Refused: when the code is taken or the parent does not suit.
        """
        if code in self.levels:
            raise Refused(N_("机构代码 %(code)s 已存在。"), code=code)
        self._refuse_parent(code, level, parent, day, None)
        self.add(code, level, name, [Place(code, parent, day)])

    def move(self, code: str, parent: str, day: date) -> None:
        """Hang a unit under another parent from a day on, until its next change.

        Raises:
            Refused: when it is not open that day or the parent does not suit.
        """
        current = self.place_on(code, day)
        if current is None:
            raise Refused(N_("机构 %(code)s 在 %(day)s 未开业。"), code=code, day=day.isoformat())
        if self._is_under(parent, code, day):
            raise Refused(N_("机构不能移到自己的下级之下。"))
        if current.parent == parent:
            raise Refused(
                N_("机构 %(code)s 在 %(day)s 已隶属于 %(parent)s。"),
                code=code,
                day=day.isoformat(),
                parent=parent,
            )
        self._refuse_parent(code, self.levels[code], parent, day, current.after)
        self._rehang(current, parent, day)

    def close(self, code: str, day: date, receiver: str | None = None) -> list[str]:
        """Close a unit: `day` is the first day without it. Return the children that the receiver took over.

        Raises:
            Refused: when the unit is not open, changes later, or children hang under it that nobody
                takes over.
        """
        last = self._places[code][-1]
        if last.after is not None:
            raise Refused(N_("机构 %(code)s 已于 %(day)s 关闭。"), code=code, day=last.after.isoformat())
        if self.levels[code] == 0:
            raise Refused(N_("总行不能关闭。"))
        if last.first >= day:
            raise Refused(
                N_("机构 %(code)s 在 %(day)s 才开业或划转，关闭日期必须更晚。"),
                code=code,
                day=last.first.isoformat(),
            )
        hanging = self.below_from(code, day)
        if hanging and receiver is None:
            told = listed(self.label(child) for child in dict.fromkeys(place.unit for place in hanging))
            raise Refused(
                N_("以下机构在 %(day)s 及以后仍隶属于该机构，请先划转或选择接收机构：%(units)s。"),
                day=day.isoformat(),
                units=told,
            )
        if receiver is not None:
            self._refuse_receiver(code, receiver, day, hanging)
            for place in hanging:
                self._rehang(place, receiver, max(place.first, day))
        self._put(code, [*self._places[code][:-1], replace(last, after=day)])
        return list(dict.fromkeys(place.unit for place in hanging))

    def reopen(self, code: str, parent: str | None, day: date) -> None:
        """Open a closed unit again; on the very day of its closing this takes the closing back.

        Raises:
            Refused: when it is open, was open later, or the parent does not suit.
        """
        last = self._places[code][-1]
        if last.after is None or day < last.after:
            raise Refused(N_("机构 %(code)s 在 %(day)s 尚未关闭。"), code=code, day=day.isoformat())
        self._refuse_parent(code, self.levels[code], parent, day, None)
        if day == last.after and parent == last.parent:
            self._put(code, [*self._places[code][:-1], replace(last, after=None)])
        else:
            self._put(code, [*self._places[code], Place(code, parent, day)])

    def begin(self, code: str, day: date) -> None:
        """Correct the day a unit first opened.

        Raises:
            Refused: when it would not hang under an open parent, or its first place would be empty.
        """
        first = self._places[code][0]
        if first.after is not None and day >= first.after:
            raise Refused(N_("开业日期必须早于第一次划转或关闭的日期 %(day)s。"), day=first.after.isoformat())
        early = [place for place in self.below_from(code, first.first) if place.first < day]
        if early:
            told = listed(self.label(child) for child in dict.fromkeys(place.unit for place in early))
            raise Refused(N_("以下机构在此之前已隶属于该机构：%(units)s。"), units=told)
        self._refuse_parent(code, self.levels[code], first.parent, day, first.after)
        self._put(code, [replace(first, first=day), *self._places[code][1:]])

    def label(self, code: str) -> str:
        """Return a unit as people tell it from others."""
        return f"{self.names[code]}（{code}）"

    def _is_under(self, code: str, above: str, day: date) -> bool:
        at: str | None = code
        while at is not None:
            if at == above:
                return True
            place = self.place_on(at, day)
            at = place.parent if place else None
        return False

    def _refuse_parent(
        self, code: str, level: int, parent: str | None, day: date, after: date | None
    ) -> None:
        if parent is None:
            if level != 0:
                raise Refused(N_("机构 %(code)s 需要上级机构。"), code=code)
            return
        if self.levels[parent] >= level:
            raise Refused(N_("机构 %(code)s 的级别必须低于其上级。"), code=code)
        if self.place_on(parent, day) is None:
            raise Refused(N_("上级机构 %(code)s 在 %(day)s 未开业。"), code=parent, day=day.isoformat())
        if not self.open_throughout(parent, day, after):
            raise Refused(N_("上级机构 %(code)s 在 %(day)s 之后将关闭。"), code=parent, day=day.isoformat())

    def _refuse_receiver(self, code: str, receiver: str, day: date, hanging: list[Place]) -> None:
        if receiver == code or self._is_under(receiver, code, day):
            raise Refused(N_("接收机构不能是该机构自己或其下级。"))
        if not self.open_throughout(receiver, day, None):
            raise Refused(
                N_("接收机构 %(code)s 在 %(day)s 及以后须一直营业。"), code=receiver, day=day.isoformat()
            )
        unfit = [place.unit for place in hanging if self.levels[place.unit] <= self.levels[receiver]]
        if unfit:
            raise Refused(
                N_("接收机构的级别必须高于划转的下级机构：%(units)s。"),
                units=listed(self.label(child) for child in dict.fromkeys(unfit)),
            )

    def _rehang(self, place: Place, parent: str, day: date) -> None:
        """Let a place end on a day and go on under another parent; equal neighbours become one."""
        cut = [replace(place, after=day)] if place.first < day else []
        moved = Place(place.unit, parent, max(place.first, day), place.after)
        others = [other for other in self._places[place.unit] if other != place]
        joined: list[Place] = []
        for one in sorted([*others, *cut, moved], key=lambda each: each.first):
            before = joined[-1] if joined else None
            if before is not None and before.after == one.first and before.parent == one.parent:
                joined[-1] = replace(before, after=one.after)
            else:
                joined.append(one)
        self._put(place.unit, joined)

    def _put(self, code: str, places: list[Place]) -> None:
        self._places[code] = places
        for place in places:
            if place.parent is not None:
                self._below.setdefault(place.parent, set()).add(code)
