"""What a draft would give real people, beside what the version in force gives; pure, from figures to rows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import pyarrow as pa

from lms import scoring
from lms.appraisal.rules.around import arguments
from lms.appraisal.rules.draft import SchemeDraft, indicator_document
from lms.core.i18n import N_
from lms.scoring import Problem
from lms.scoring.document import (
    Group,
    Indicator,
    Missing,
    PositionKind,
    Scheme,
    Section,
    Weighting,
    ZeroDenominator,
)

_ABSURD = 1000
_BARS = 10
Row = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """What a scheme gives people: lines by subject and indicator, totals by subject."""

    lines: Mapping[tuple[str, str], Row]
    totals: Mapping[str, Row]


@dataclass(frozen=True)
class PersonRow:
    """A person's total and grade, before and as typed; None where there is none."""

    subject: str
    before: Decimal | None
    before_grade: str | None
    after: Decimal | None
    after_grade: str | None
    missing: str = ""

    @property
    def change(self) -> Decimal | None:
        """How much the total changes."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class LineRow:
    """One indicator of one person, as typed, and the points that the version in force gives for the same."""

    line: Indicator
    actual: float | None
    target: float | None
    position: float | None
    points: Decimal | None
    weight: float | None
    contribution: Decimal | None
    state: str
    before: Decimal | None


@dataclass(frozen=True)
class Spread:
    """How many totals fall into each range between the edges, before and as typed."""

    edges: tuple[float, ...] = ()
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outlook:
    """What the draft gives, whole or only line by line, and what the version in force gives."""

    scheme: Scheme
    whole: bool
    after: Given
    before: Given | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    """Where each indicator of the scheme stands in the document: its path by code."""


def relaxed(draft: SchemeDraft) -> tuple[Scheme | None, dict[str, str]]:
    """Return the rules of a draft that are right by themselves, plainly added, with their paths by code.

    So points can be shown while weights do not yet add up. None when no rule is right.
    """
    lines: dict[str, Indicator] = {}
    paths: dict[str, str] = {}
    for at, section in enumerate(draft.sections):
        for number, row in enumerate(section.indicators):
            try:
                line = scoring.parse_indicator(indicator_document(row))
            except scoring.InvalidScheme:
                continue
            if line.code not in lines:
                lines[line.code] = _standing_alone(line)
                paths[line.code] = f"sections/{at}/indicators/{number}"
    if not lines:
        return None, {}
    whole = Section("lines", "", "", None, tuple(lines.values()), Group.SUM)
    return Scheme(draft.code, "", "", (whole,), weighting=Weighting.POINTS), paths


def paths_of(scheme: Scheme) -> dict[str, str]:
    """Return the path of each indicator of a scheme by its code."""
    return {
        line.code: f"sections/{at}/indicators/{number}"
        for at, section in enumerate(scheme.sections)
        for number, line in enumerate(section.indicators)
    }


@dataclass(frozen=True, eq=False)
class World:
    """The people of a preview with their figures; equal to another that has the same."""

    facts: pa.Table
    targets: pa.Table
    subjects: tuple[str, ...]
    waits: tuple[str, ...]
    around: Mapping[str, pa.Table] = field(default_factory=dict)
    """Earlier periods, peer groups and the time elapsed, those that the schemes ask for."""

    @cached_property
    def digest(self) -> bytes:
        """A fingerprint of all of it."""
        found = hashlib.sha256(repr((self.subjects, self.waits)).encode())
        for table in (self.facts, self.targets, *self.around.values()):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as stream:
                stream.write_table(table)
            found.update(sink.getvalue())
        return found.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, World) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=12)
def given(scheme: Scheme, world: World) -> Given:
    """Return what a scheme gives people.

    While one types, the version in force is asked again and again for the same people, and whoever looks at
    another person changes no scheme: what was scored a moment ago is not scored again.
    """
    if not world.subjects:
        return Given({}, {})
    result = scoring.score(
        scheme,
        world.facts,
        world.targets,
        **arguments(world.around),
        subjects=world.subjects,
        waits=world.waits,
        traced=False,
    )
    lines = {(row["subject"], row["indicator"]): row for row in result.lines.to_pylist()}
    return Given(lines, {row["subject"]: row for row in result.totals.to_pylist()})


def person_rows(outlook: Outlook, subjects: Sequence[str]) -> list[PersonRow]:
    """Return the totals of people, before and as typed."""
    return [_person(outlook, subject) for subject in subjects]


def line_rows(outlook: Outlook, subject: str) -> list[LineRow]:
    """Return every indicator of a person."""
    return [
        _line(
            line, outlook.after.lines.get((subject, line.code)), _before(outlook, subject, line.code), outlook
        )
        for _, line in outlook.scheme.indicators()
    ]


def positions(outlook: Outlook, code: str) -> dict[str, float]:
    """Return where people stand on the curve of an indicator."""
    return {
        subject: row["position"]
        for (subject, indicator), row in outlook.after.lines.items()
        if indicator == code and row["position"] is not None
    }


def spread(rows: Sequence[PersonRow]) -> Spread:
    """Return how the totals are spread, before and as typed, over the same ranges of round width."""
    before = [float(row.before) for row in rows if row.before is not None]
    after = [float(row.after) for row in rows if row.after is not None]
    known = [*before, *after]
    if not known:
        return Spread()
    low, high = min(known), max(known)
    width = next(one for one in _widths() if (high - low) / one < _BARS - 1)
    first = math.floor(low / width) * width
    count = max(math.floor((high - first) / width) + 1, 1)
    edges = tuple(round(first + at * width, 9) for at in range(count + 1))

    def counted(values: Sequence[float]) -> tuple[int, ...]:
        found = [0] * count
        for value in values:
            found[min(int((value - first) / width), count - 1)] += 1
        return tuple(found)

    return Spread(edges, counted(before), counted(after))


def warnings(outlook: Outlook, facts: pa.Table, targets: pa.Table) -> Iterator[Problem]:
    """Yield what is right in the scheme and yet gives no sensible points: zero targets, absurd points."""
    zero: dict[str, int] = {}
    for row in targets.to_pylist():
        if row["target"] == 0:
            zero[row["measure"]] = zero.get(row["measure"], 0) + 1
    worst: dict[str, float] = {}
    for (_, code), row in outlook.after.lines.items():
        if row["raw_points"] is not None and row["points"] is not None and abs(row["points"]) > _ABSURD:
            worst[code] = max(worst.get(code, 0.0), abs(float(row["points"])))
    for _, line in outlook.scheme.indicators():
        path = outlook.places.get(line.code, "")
        divides = line.position in (PositionKind.RATIO, PositionKind.RELATIVE)
        if divides and line.reference.kind.value == "target" and line.measure in zero:
            yield Problem(
                f"{path}/zero_denominator",
                N_("有 %(n)s 人的目标值为 0，不能作除数，按“除数为零时”的设置处理"),
                {"n": zero[line.measure]},
            )
        if line.code in worst:
            yield Problem(
                f"{path}/cap",
                N_("有人得 %(points)s 分，请检查规则，或设封顶分"),
                {"points": f"{worst[line.code]:.10g}"},
            )


def _standing_alone(line: Indicator) -> Indicator:
    """A rule that moves no weight to another."""
    zero = line.zero_denominator
    return replace(
        line,
        weight=None,
        moves_to=None,
        missing=Missing.PENDING if line.missing is Missing.MOVE else line.missing,
        zero_denominator=ZeroDenominator() if zero.policy is Missing.MOVE else zero,
    )


def _person(outlook: Outlook, subject: str) -> PersonRow:
    after = outlook.after.totals.get(subject, {}) if outlook.whole else {}
    before = outlook.before.totals.get(subject, {}) if outlook.before else {}
    return PersonRow(
        subject,
        before.get("total"),
        before.get("grade"),
        after.get("total"),
        after.get("grade"),
        after.get("missing", ""),
    )


def _before(outlook: Outlook, subject: str, code: str) -> Decimal | None:
    row = outlook.before.lines.get((subject, code)) if outlook.before else None
    return row["points"] if row else None


def _line(line: Indicator, row: Row | None, before: Decimal | None, outlook: Outlook) -> LineRow:
    known = row or {}
    return LineRow(
        line=line,
        actual=known.get("actual"),
        target=known.get("target"),
        position=known.get("position"),
        points=known.get("points"),
        weight=known.get("effective_weight") if outlook.whole else None,
        contribution=known.get("contribution") if outlook.whole else None,
        state=str(known.get("state", "missing")),
        before=before,
    )


def _widths() -> Iterator[float]:
    size = 1.0
    while True:
        for factor in (1, 2, 5):
            yield size * factor
        size *= 10
