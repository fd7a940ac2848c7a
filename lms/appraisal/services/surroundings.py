"""What a cycle is computed from beside its own figures: earlier periods, peer groups, the time elapsed.

Each table is there only where the scheme asks for it, and is frozen with the figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import scoring
from lms.appraisal import evidence
from lms.appraisal.evidence import Subject
from lms.appraisal.models import Appraisal, Cycle, CycleState, SchemeVersion
from lms.appraisal.models import Line as AppraisalLine
from lms.appraisal.models import Section as AppraisalSection
from lms.appraisal.rules.groupings import GRADE, LEVELS, POST, UNIT
from lms.core.dated import valid_on
from lms.core.periods import Period
from lms.people.models import Employee, OrgPlacement, OrgUnit
from lms.scoring import frames
from lms.scoring.conditions import grade_worth
from lms.scoring.document import (
    RESULT,
    RESULT_GRADE,
    RESULT_INDICATOR,
    RESULT_SECTION,
    RESULT_TOTAL,
    ReferenceKind,
)
from lms.scoring.history import HISTORY
from lms.scoring.peers import GROUPS

ELAPSED = frames.schema_of(elapsed=pa.float64())

Row = dict[str, Any]


def tables(session: Session, cycle: Cycle, scheme: scoring.Scheme, today: date) -> dict[str, pa.Table]:
    """Return history, groups and elapsed, those that the scheme asks for, in a fixed order of rows."""
    span, found = Period.parse(cycle.period), {}
    if asked := scheme.looks_back():
        found["history"] = _history(session, cycle, scheme, asked, span)
    if scheme.groupings():
        found["groups"] = _groups(session, cycle, scheme.groupings(), span.last)
    if any(line.reference.kind is ReferenceKind.TIME_ELAPSED for _, line in scheme.indicators()):
        found["elapsed"] = pa.table({"elapsed": [elapsed(span, today)]}, schema=ELAPSED)
    return found


def elapsed(span: Period, today: date) -> float:
    """Return which part of a period is over at the end of a day, 0 to 1, by days."""
    days = (span.after - span.first).days
    return min(max((today - span.first).days + 1, 0), days) / days


def _history(
    session: Session, cycle: Cycle, scheme: scoring.Scheme, asked: Mapping[str, int], span: Period
) -> pa.Table:
    subjects = evidence.members(session, cycle.id)
    parts, earlier = [HISTORY.empty_table()], span
    cycles = _published(session, cycle)
    for back in range(1, max(asked.values()) + 1):
        earlier = earlier.previous()
        codes = [code for code, furthest in asked.items() if furthest >= back]
        one = cycles.get(earlier.code)
        measures = [code for code in codes if not code.startswith(RESULT)]
        facts, targets = evidence.figures(session, one, measures, subjects, earlier)
        known = {(row["subject"], row["measure"]): row["value"] for row in facts.to_pylist()}
        aims = {(row["subject"], row["measure"]): row["target"] for row in targets.to_pylist()}
        if one is not None:
            known |= _results(session, one, scheme, subjects, {c for c in codes if c.startswith(RESULT)})
        same_year = earlier.first.year == span.first.year
        rows = [
            {
                "subject": key[0],
                "measure": key[1],
                "back": back,
                "same_year": same_year,
                "value": known.get(key),
                "target": aims.get(key),
            }
            for key in sorted({*known, *aims})
        ]
        parts.append(pa.Table.from_pylist(rows, HISTORY))
    return pa.concat_tables(parts).combine_chunks()


def _published(session: Session, cycle: Cycle) -> dict[str, Cycle]:
    """The published cycles of the same scheme and post series by period, rather those of the same unit."""
    rows = session.scalars(
        select(Cycle)
        .join(SchemeVersion, SchemeVersion.id == Cycle.scheme_version_id)
        .where(
            SchemeVersion.scheme_id == cycle.scheme_version.scheme_id,
            Cycle.series == cycle.series,
            Cycle.state == CycleState.PUBLISHED,
            Cycle.id != cycle.id,
        )
        .order_by(Cycle.published_at)
    )
    found: dict[str, Cycle] = {}
    for one in rows:
        if one.period not in found or one.org_unit_id == cycle.org_unit_id:
            found[one.period] = one
    return found


def _results(
    session: Session,
    cycle: Cycle,
    scheme: scoring.Scheme,
    subjects: Mapping[str, Subject],
    asked: Collection[str],
) -> dict[tuple[str, str], float]:
    """What became of the people in an earlier cycle: total, grade, points of sections and indicators."""
    number_of = {subject.employee_id: subject.number for subject in subjects.values()}
    rows = [*_totals(session, cycle, scheme)] if asked else []
    for prefix, code, points in (
        (RESULT_SECTION, AppraisalSection.code, AppraisalSection.points),
        (RESULT_INDICATOR, AppraisalLine.indicator_code, AppraisalLine.points),
    ):
        wanted = [measure.removeprefix(prefix) for measure in asked if measure.startswith(prefix)]
        if wanted:
            rows += _points(session, cycle, prefix, code, points, wanted)
    return {
        (number_of[employee_id], measure): value
        for employee_id, measure, value in rows
        if employee_id in number_of and measure in asked
    }


def _totals(session: Session, cycle: Cycle, scheme: scoring.Scheme) -> Iterator[tuple[int, str, float]]:
    rows = session.execute(
        select(Appraisal.employee_id, Appraisal.final_total, Appraisal.final_grade).where(
            Appraisal.cycle_id == cycle.id
        )
    )
    for employee_id, total, grade in rows:
        worth = grade_worth(scheme, grade or "")
        if total is not None:
            yield employee_id, RESULT_TOTAL, float(total)
        if worth is not None:
            yield employee_id, RESULT_GRADE, worth


def _points(
    session: Session, cycle: Cycle, prefix: str, code: Any, points: Any, wanted: Collection[str]
) -> Iterator[tuple[int, str, float]]:
    rows = session.execute(
        select(Appraisal.employee_id, code, points)
        .join(Appraisal, Appraisal.id == code.class_.appraisal_id)
        .where(Appraisal.cycle_id == cycle.id, code.in_(wanted), points.is_not(None))
    )
    for employee_id, name, value in rows:
        yield employee_id, prefix + name, float(value)


def _groups(session: Session, cycle: Cycle, groupings: Collection[str], day: date) -> pa.Table:
    above = _units_above(session, day) if set(groupings) & set(LEVELS) else {}
    rows: list[Row] = []
    people = session.execute(
        select(
            Employee.number,
            Appraisal.org_unit_id,
            OrgUnit.code,
            Appraisal.post_zh,
            Appraisal.person_grade_zh,
        )
        .join(Appraisal, Appraisal.employee_id == Employee.id)
        .join(OrgUnit, OrgUnit.id == Appraisal.org_unit_id)
        .where(Appraisal.cycle_id == cycle.id)
        .order_by(Employee.number)
    )
    for number, unit_id, unit, post, grade in people:
        own = {UNIT: unit, POST: post, GRADE: grade} | above.get(unit_id, {})
        rows += [
            {"subject": number, "grouping": name, "group": own[name]} for name in groupings if own.get(name)
        ]
    return pa.Table.from_pylist(rows, GROUPS)


def _units_above(session: Session, day: date) -> dict[int, dict[str, str]]:
    """For each unit the code of the unit of each level that it lies in on a day, itself included."""
    rows = session.execute(
        select(OrgUnit.id, OrgUnit.code, OrgUnit.level, OrgPlacement.parent_id)
        .join(OrgPlacement, OrgPlacement.org_unit_id == OrgUnit.id)
        .where(valid_on(OrgPlacement, day))
    )
    units = {row.id: row for row in rows}
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for unit_id in units:
        at: int | None = unit_id
        while at is not None and at in units:
            found[unit_id].setdefault(units[at].level.value, units[at].code)
            at = units[at].parent_id
    return found
