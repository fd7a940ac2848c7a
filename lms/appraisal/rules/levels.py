"""Parameters by org level: which of the rows set for a unit and those above it holds on a day, and why.

Each row is set by one unit for itself and all below. It may give a value, and it says what the units below
may do: nothing (`locked`), keep within a range, or anything (`free`). Walking down from the head office, the
row of a lower unit takes the place of the one above where that one lets it (`near`), or waits in its shadow
(`top`). Of several rows of one unit on a day the one with the smallest priority number holds. Below the unit
that owns the scheme nothing may be set that was not opened above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lms.scoring import Scheme
from lms.scoring.parameters import Value, apply, fits, parameters

LOWEST, HIGHEST = float("-inf"), float("inf")


class Below(StrEnum):
    """What a row lets the units below do."""

    LOCKED = "locked"
    RANGE = "range"
    FREE = "free"


class Way(StrEnum):
    """Which of the rows that are let through holds: that of the highest level, or the nearest."""

    TOP = "top"
    NEAR = "near"


class ParametersOf(StrEnum):
    """Whose parameters a cycle is computed by: those of each person's own unit, or of the cycle's for all."""

    PERSON = "person"
    CYCLE = "cycle"


class Why(StrEnum):
    """Why a row does not hold."""

    DATES = "dates"
    PRIORITY = "priority"
    NOT_OPENED = "not_opened"
    LOCKED = "locked"
    TOP = "top"
    OUTSIDE = "outside"
    NEARER = "nearer"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: set by a unit (its code) for a path, in force on the days [first, after).

    `value` None leaves what comes from above and only says what the units below may do. `low`/`high` belong
    to a range. `id` tells rows apart; `priority` 1 goes before 2.
    """

    id: int
    unit: str
    path: str
    value: Value | None
    below: Below
    way: Way
    priority: int
    first: date
    after: date | None = None
    low: float | None = None
    high: float | None = None

    def on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.first <= day and (self.after is None or day < self.after)

    def meets(self, other: Row) -> bool:
        """Whether both are in force on some day."""
        return (self.after is None or other.first < self.after) and (
            other.after is None or self.first < other.after
        )


@dataclass(frozen=True)
class ParameterDraft:
    """One parameter as it is to be set; `low`/`high` belong to a range, `value` None keeps what is above."""

    path: str
    value: Value | None
    below: Below = Below.LOCKED
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Setting:
    """Parameters set together by one unit: weights move only with those they make 100 with."""

    drafts: tuple[ParameterDraft, ...]
    first: date
    after: date | None = None
    way: Way = Way.NEAR
    priority: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shadow:
    """A row that does not hold, why, and because of which row (None where none is to blame)."""

    row: Row
    why: Why
    by: Row | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """What the rows above let a unit do with a parameter: nothing, or a value between low and high.

    `by` is the nearest row above; `top`: what is set would wait in its shadow.
    """

    open: bool
    low: float = LOWEST
    high: float = HIGHEST
    top: bool = False
    by: Row | None = None

    def takes(self, value: Value | None) -> bool:
        """Whether a value lies within the range; words and no value always do."""
        return value is None or isinstance(value, str) or self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Resolved:
    """What holds for a unit: the winning row (None: the scheme's own value), and those that do not hold."""

    winner: Row | None
    shadows: tuple[Shadow, ...]


def resolve(rows: Iterable[Row], chain: Sequence[str], day: date, owner: str) -> Resolved:
    """Return which of the rows of one path holds for the last unit of a chain on a day.

    `chain` are the codes of the units from the head office down; rows of other units are ignored. `owner` is
    the unit that owns the scheme. The order of the rows does not matter.
    """
    walk = _walked(rows, chain, day, _owned(chain, owner))
    place = {unit: depth for depth, unit in enumerate(chain)}
    order = sorted(
        walk.shadows, key=lambda one: (place[one.row.unit], one.row.priority, one.row.first, one.row.id)
    )
    return Resolved(walk.winner, tuple(order))


def leave_of(rows: Iterable[Row], chain: Sequence[str], day: date, owner: str) -> Leave:
    """Return what the rows above the last unit of a chain let it do with their parameter on a day."""
    owned = _owned(chain, owner)
    return _walked(rows, chain[:-1], day, owned).leave(opened=len(chain) - 1 <= owned)


def _owned(chain: Sequence[str], owner: str) -> int:
    """Down to which depth rows need no opening; a unit not below the owner depends on the head office."""
    return chain.index(owner) if owner in chain else 0


def _walked(rows: Iterable[Row], chain: Sequence[str], day: date, owned: int) -> _Walk:
    known = sorted((row for row in rows if row.unit in chain), key=lambda row: (row.priority, row.id))
    walk = _Walk([Shadow(row, Why.DATES) for row in known if not row.on(day)])
    for depth, unit in enumerate(chain):
        there = [row for row in known if row.unit == unit and row.on(day)]
        walk.shadows += [Shadow(row, Why.PRIORITY, there[0]) for row in there[1:]]
        if there:
            walk.meet(there[0], opened=depth <= owned)
    return walk


class _Walk:
    """The way down: what has won so far, and what it lets the units below do."""

    def __init__(self, shadows: list[Shadow]) -> None:
        self.shadows = shadows
        self.winner: Row | None = None
        self.governing: Row | None = None
        self.low, self.high = LOWEST, HIGHEST

    def leave(self, *, opened: bool) -> Leave:
        """What the next unit may do."""
        above = self.governing
        if above is None:
            return Leave(opened)
        return Leave(above.below is not Below.LOCKED, self.low, self.high, top=above.way is Way.TOP, by=above)

    def meet(self, row: Row, *, opened: bool) -> None:
        """Let a row take its place, or say why it may not."""
        leave = self.leave(opened=opened)
        why = _refusal(row, leave)
        if why is not None:
            self.shadows.append(Shadow(row, why, leave.by))
            return
        if row.value is not None:
            if self.winner is not None:
                self.shadows.append(Shadow(self.winner, Why.NEARER, row))
            self.winner = row
        self.governing = row
        if row.below is Below.RANGE:
            self.low = max(self.low, LOWEST if row.low is None else row.low)
            self.high = min(self.high, HIGHEST if row.high is None else row.high)


def _refusal(row: Row, leave: Leave) -> Why | None:
    if not leave.open:
        return Why.NOT_OPENED if leave.by is None else Why.LOCKED
    if leave.top:
        return Why.TOP
    return None if leave.takes(row.value) else Why.OUTSIDE


def turning_days(rows: Iterable[Row], first: date, after: date | None) -> list[date]:
    """Return the days of [first, after) from which something may be otherwise: the first, and each on which a
    row begins or ends.
    """
    days = {first}
    for row in rows:
        days |= {day for day in (row.first, row.after) if day is not None and first < day}
    return sorted(day for day in days if after is None or day < after)


@dataclass(frozen=True, slots=True)
class Effective:
    """What a unit's people are appraised by: the document, where each parameter came from that has rows, by
    path, and the rows whose parameter the document has not (or no longer).
    """

    document: Scheme
    origins: dict[str, Resolved]
    lost: tuple[Row, ...]


def resolved(
    scheme: Scheme, rows: Iterable[Row], chain: Sequence[str], day: date, owner: str
) -> tuple[dict[str, Resolved], tuple[Row, ...]]:
    """Return what holds of every parameter with rows, by path, and the rows whose parameter is not there."""
    known = {one.path: one for one in parameters(scheme)}
    paths: dict[str, list[Row]] = {}
    lost: list[Row] = []
    for row in rows:
        if row.unit not in chain:
            continue
        parameter = known.get(row.path)
        if parameter is None or (row.value is not None and not fits(parameter, row.value)):
            lost.append(row)
        else:
            paths.setdefault(row.path, []).append(row)
    origins = {path: resolve(paths[path], chain, day, owner) for path in known if path in paths}
    return origins, tuple(sorted(lost, key=lambda row: (row.path, row.id)))


def effective(scheme: Scheme, rows: Iterable[Row], chain: Sequence[str], day: date, owner: str) -> Effective:
    """Return what holds for the last unit of a chain on a day.

    Raises:
        scoring.InvalidScheme: when what the rows give is no scheme (weights that do not make 100, …).
    """
    origins, lost = resolved(scheme, rows, chain, day, owner)
    return Effective(apply(scheme, winning(origins)), origins, lost)


def winning(origins: Mapping[str, Resolved]) -> dict[str, Value]:
    """Return the values that hold in place of the scheme's own, by path."""
    rows = ((path, one.winner) for path, one in origins.items())
    return {path: row.value for path, row in rows if row is not None and row.value is not None}


def overlaps(row: Row, others: Iterable[Row]) -> Row | None:
    """Return another row of the same unit, path and priority that is in force on a day of this one."""
    return next(
        (
            other
            for other in others
            if (other.unit, other.path, other.priority) == (row.unit, row.path, row.priority)
            and other.id != row.id
            and other.meets(row)
        ),
        None,
    )
