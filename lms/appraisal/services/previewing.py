"""Looking at a draft before it is saved: what it gives people of a past period; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.access.services import Person
from lms.appraisal import evidence
from lms.appraisal.models import Appraisal, Cycle
from lms.appraisal.rules import preview
from lms.appraisal.rules.draft import SchemeDraft
from lms.appraisal.rules.preview import LineRow, Outlook, PersonRow, Spread
from lms.appraisal.services import results, surroundings
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.scoring import Problem
from lms.scoring.document import Asked, Example, Expected, Figure, Missing, Scheme, example_to_dict
from lms.scoring.examples import run_examples

# The stubs of pyarrow refuse a plain value beside a column, which its functions take.
pc: Any = pyarrow.compute

LARGEST = 500
"""So many people are looked at; more make the page slow and the picture no clearer."""
CYCLES = 12
_EXAMPLE_PEERS = 60


@dataclass(frozen=True)
class Member:
    """One of the people that are looked at."""

    number: str
    name: str
    unit: str
    away: bool
    waits: bool
    employee_id: int


@dataclass(frozen=True)
class Look:
    """A draft over the people of a cycle."""

    cycle: Cycle
    members: tuple[Member, ...]
    more: bool
    """Whether there are more people than are looked at."""
    facts: pa.Table
    targets: pa.Table
    outlook: Outlook
    warnings: tuple[Problem, ...]

    @cached_property
    def present(self) -> tuple[Member, ...]:
        """Those who were there for some of the period."""
        return tuple(one for one in self.members if not one.away)

    @cached_property
    def rows(self) -> dict[str, PersonRow]:
        """Everybody's totals by number."""
        found = preview.person_rows(self.outlook, [one.number for one in self.present])
        return {row.subject: row for row in found}

    @cached_property
    def spread(self) -> Spread:
        """How the totals are spread."""
        return preview.spread(list(self.rows.values()))

    def found(self, words: str, most: int) -> list[Member]:
        """Return those whose name or number has these words, at most so many."""
        text = words.strip().lower()
        hits = [one for one in self.present if text in one.name.lower() or text in one.number.lower()]
        return hits[:most]

    def member(self, number: str) -> Member | None:
        """Return one of the people by number."""
        return next((one for one in self.present if one.number == number), None)

    def lines(self, number: str) -> list[LineRow]:
        """Return every indicator of a person."""
        return preview.line_rows(self.outlook, number)


def cycles(session: Session, person: Person, day: date) -> list[Cycle]:
    """Return the cycles whose people a person may look at, the latest period first."""
    known = [cycle.id for cycle in results.computed_cycles(session, person, day)[:CYCLES]]
    found = session.scalars(
        select(Cycle)
        .where(Cycle.id.in_(known))
        .order_by(Cycle.period.desc(), Cycle.id.desc())
        .options(joinedload(Cycle.scheme_version))
    )
    return list(found)


def look(
    session: Session,
    person: Person,
    day: date,
    draft: SchemeDraft,
    whole: Scheme | None,
    active: Scheme | None,
    cycle: Cycle,
) -> Look | None:
    """Return what a draft gives the people of a cycle within reach; None when no rule is right yet.

    `whole` is the draft as a scheme if it is right, else its rules are looked at one by one. `active` is
    what it is compared with.

    Raises:
        Refused: when a figure is too large to be scored.
    """
    scheme, places = (whole, preview.paths_of(whole)) if whole else preview.relaxed(draft)
    if scheme is None:
        return None
    members, more = _members(session, person, day, cycle)
    wanted = sorted({*scheme.measures(), *(active.measures() if active else ())})
    subjects = {one.number: evidence.Subject(one.employee_id, one.number, one.unit, 0) for one in members}
    facts, targets = evidence.figures(session, cycle, wanted, subjects, Period.parse(cycle.period))
    present = tuple(one.number for one in members if not one.away)
    waits = tuple(one.number for one in members if one.waits)
    world = preview.World(facts, targets, present, waits)

    def given(one: Scheme) -> preview.Given:
        return preview.given(one, replace(world, around=surroundings.tables(session, cycle, one, day)))

    outlook = Outlook(
        scheme=scheme,
        whole=whole is not None,
        after=given(scheme),
        before=given(active) if active else None,
        places=places,
    )
    told = [*preview.warnings(outlook, facts, targets), *_unfed(session, outlook, facts, present, cycle)]
    return Look(cycle, tuple(members), more, facts, targets, outlook, tuple(told))


def example_of(found: Look, number: str, name: str) -> dict[str, Any]:
    """Return a worked example of a person's figures, without anything that says who it is.

    Raises:
        Refused: when the person is not among those looked at, or the scheme is not right yet.
    """
    scheme = found.outlook.scheme
    if not found.outlook.whole or found.member(number) is None:
        raise Refused(N_("请先改正方案中的问题并选择人员，再取作算例。"))
    wanted = set(scheme.measures())
    facts, targets = _by_subject(found.facts, "value", wanted), _by_subject(found.targets, "target", wanted)
    peers = [one.number for one in found.present if one.number != number][:_EXAMPLE_PEERS]
    others = tuple(_figures(facts.get(one, {})) for one in peers) if _compares(scheme) else ()
    example = Example(
        name=name,
        facts=_figures(facts.get(number, {})),
        targets=_figures(targets.get(number, {})),
        others=tuple(one for one in others if one),
        expect=(Expected(Asked.TOTAL, "", None),),
    )
    return example_to_dict(replace(example, expect=_expected(scheme, example)))


def _members(session: Session, person: Person, day: date, cycle: Cycle) -> tuple[list[Member], bool]:
    span = Period.parse(cycle.period)
    days = (span.after - span.first).days
    statement = results.listed(person, day, cycle_id=cycle.id, sort="name").limit(LARGEST + 1)
    rows: Sequence[Appraisal] = session.scalars(statement).all()
    members = [
        Member(
            number=row.employee.number,
            name=row.employee.name,
            unit=row.org_unit.name_zh,
            away=row.leave_days >= days,
            waits=bool(row.leave_days),
            employee_id=row.employee_id,
        )
        for row in rows[:LARGEST]
    ]
    return members, len(rows) > LARGEST


def _unfed(
    session: Session, outlook: Outlook, facts: pa.Table, present: Sequence[str], cycle: Cycle
) -> list[Problem]:
    """Name the indicators of which nobody has a figure in the period, and when there was one."""
    fed = set(pc.unique(facts["measure"]).to_pylist())
    empty = [line for _, line in outlook.scheme.indicators() if line.measure not in fed]
    if not empty or not present:
        return []
    codes = sorted({line.measure for line in empty if evidence.is_indicator(line.measure)})
    days = evidence.last_data(session, present, codes, Period.parse(cycle.period).first)
    found = []
    for line in empty:
        path = f"{outlook.places.get(line.code, '')}/measure"
        said = {"code": line.measure, "period": cycle.period}
        if line.measure in days:
            said["last"] = Period.quarter_of(days[line.measure]).code
            message = N_("%(period)s 没有人有 %(code)s 的数据，最近有数据的期间是 %(last)s")
        else:
            message = N_("%(period)s 没有人有 %(code)s 的数据，此前两年也没有；请检查导入，或换数据来源")
        found.append(Problem(path, message, said))
    return found


def _compares(scheme: Scheme) -> bool:
    return any(band.top is not None for band in scheme.grades) or any(
        line.position.among_peers or line.reference.kind.of_peers or Missing.PEER_MEAN in line.policies
        for _, line in scheme.indicators()
    )


def _by_subject(table: pa.Table, column: str, wanted: set[str]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in table.to_pylist():
        if row["measure"] in wanted and row[column] is not None:
            found.setdefault(row["subject"], {})[row["measure"]] = row[column]
    return found


def _figures(values: Mapping[str, float]) -> tuple[Figure, ...]:
    return tuple(Figure(measure, value) for measure, value in sorted(values.items()))


def _expected(scheme: Scheme, example: Example) -> tuple[Expected, ...]:
    """What the scheme gives the figures of an example: total, grade, every section and indicator."""
    asked = (
        Expected(Asked.TOTAL, "", None),
        *([Expected(Asked.GRADE, "", None)] if scheme.grades else []),
        *(Expected(Asked.SECTIONS, section.code, None) for section in scheme.sections),
        *(Expected(Asked.INDICATORS, line.code, None) for _, line in scheme.indicators()),
    )
    outcomes = run_examples(replace(scheme, examples=(replace(example, expect=asked),)))
    return tuple(
        Expected(one.what, one.code, one.got if isinstance(one.got, str) else _float(one.got))
        for one in outcomes
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
