"""The one place where training and business meet: every figure that a scheme asks for, with its sources.

A measure's code says where it comes from: `comprehensive.*` are the rated levels, `training.*` the results of
learning, everything else an indicator. What is not there gives no row: missing is never zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import scoring
from lms.appraisal.models import Appraisal, ComprehensiveRating, Cycle
from lms.appraisal.rules.comprehensive import PREFIX, SEVEN
from lms.appraisal.rules.training import COMPLETION, QUIZ, SITTING, TRAINING, completed_percent, mean_best
from lms.core.clock import local_day
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.indicators import services as indicators
from lms.indicators.models import Indicator
from lms.learning import services as learning
from lms.learning.models import Cohort, CohortState, Course, CourseVersion, Enrolment, OutcomeKind
from lms.people.models import Employee, OrgUnit
from lms.scoring import frames

# The stubs of pyarrow refuse a plain value beside a column, which its functions take.
pc: Any = pyarrow.compute

LARGEST = 9e12
"""Figures are kept with six places in whole numbers of eight bytes; nothing larger can be shown again."""

FACTS = frames.FACTS
TARGETS = frames.TARGETS
PEOPLE = frames.schema_of(subject=pa.string(), unit=pa.string(), leave_days=pa.int64(), away=pa.bool_())
SOURCES = frames.schema_of(
    subject=pa.string(),
    measure=pa.string(),
    kind=pa.string(),
    reference=pa.string(),
    line=pa.int64(),
    day=pa.date32(),
    value=pa.float64(),
    flag=pa.string(),
    label=pa.string(),
)
"""kind: imported, typed, computed, quiz, sitting, enrolment or rating. reference: the batch, attempt, rating…
by its natural key ("import_batch:3"). line: the line of the file. flag: how far the value is certain."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What a cycle is computed from; `people` has everybody, the other tables only who is there for it."""

    people: pa.Table
    facts: pa.Table
    targets: pa.Table
    sources: pa.Table

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables by name, as they are frozen."""
        return {
            "people": self.people,
            "facts": self.facts,
            "targets": self.targets,
            "sources": self.sources,
        }


@dataclass(frozen=True)
class Subject:
    """A person of the cycle."""

    employee_id: int
    number: str
    unit: str
    leave_days: int


def gather(session: Session, cycle: Cycle, scheme: scoring.Scheme) -> Evidence:
    """Return everything the scheme asks for about the people of a cycle, in a fixed order of rows.

    Raises:
        Refused: when a figure is too large to be kept.
    """
    span = Period.parse(cycle.period)
    subjects = members(session, cycle.id)
    wanted = scheme.measures()
    parts = [
        _ratings(session, cycle, subjects, [code for code in wanted if code.startswith(PREFIX)]),
        _training(session, subjects, [code for code in wanted if code.startswith(TRAINING)], span),
        _business(session, subjects, [code for code in wanted if is_indicator(code)], span),
    ]
    facts = _joined([part.facts for part in parts], FACTS, ("subject", "measure"))
    _refuse_large(facts)
    return Evidence(
        people=_people(subjects, span),
        facts=facts,
        targets=_joined([part.targets for part in parts], TARGETS, ("subject", "measure")),
        sources=_joined(
            [part.sources for part in parts], SOURCES, ("subject", "measure", "day", "reference", "line")
        ),
    )


def figures(
    session: Session,
    cycle: Cycle | None,
    wanted: Sequence[str],
    subjects: Mapping[str, Subject],
    span: Period,
) -> tuple[pa.Table, pa.Table]:
    """Return facts and targets of these measures about some people in a period, without their sources.

    Ratings are those of the cycle, if there is one.

    Raises:
        Refused: when a figure is too large to be kept.
    """
    rated = [code for code in wanted if code.startswith(PREFIX)]
    business = [code for code in wanted if is_indicator(code)]
    parts = [
        *([_ratings(session, cycle, subjects, rated).facts] if cycle else []),
        _training(session, subjects, [code for code in wanted if code.startswith(TRAINING)], span).facts,
    ]
    targets = TARGETS.empty_table()
    if business:
        parts.append(_values(session, list(subjects), business, span))
        targets = _aims(session, list(subjects), business, span)
    facts = _joined(parts, FACTS, ("subject", "measure"))
    _refuse_large(facts)
    return facts, _joined([targets], TARGETS, ("subject", "measure"))


def last_data(
    session: Session, numbers: Sequence[str], codes: Sequence[str], before: date
) -> dict[str, date]:
    """Return the last day of the two years before a day on which people have a value, by indicator."""
    if not codes:
        return {}
    first = before.replace(year=before.year - 2)
    rows = indicators.actuals(session, list(numbers), list(codes), first, before)
    days = rows.group_by("indicator").aggregate([("day", "max")])
    return {str(row["indicator"]): row["day_max"] for row in days.to_pylist()}


def members(session: Session, cycle_id: int) -> dict[str, Subject]:
    """Return the people of a cycle by employee number, in that order."""
    rows = session.execute(
        select(Employee.id, Employee.number, OrgUnit.code, Appraisal.leave_days)
        .join(Appraisal, Appraisal.employee_id == Employee.id)
        .join(OrgUnit, OrgUnit.id == Appraisal.org_unit_id)
        .where(Appraisal.cycle_id == cycle_id)
        .order_by(Employee.number)
    )
    return {number: Subject(employee_id, number, unit, away) for employee_id, number, unit, away in rows}


def is_indicator(code: str) -> bool:
    """Whether a measure is an indicator of business, not a rating or a training result."""
    return not code.startswith((PREFIX, TRAINING))


def known_measures(session: Session) -> dict[str, tuple[str, str]]:
    """Return every measure that a scheme may ask for, with its name in both languages."""
    found = {item.measure: (item.name_zh, item.name_en) for item in SEVEN}
    found |= {
        QUIZ: ("测验成绩（各测验最好成绩的平均）", "Quiz results (mean of the best of each quiz)"),
        SITTING: ("情景演练成绩（平均）", "Role-play results (mean)"),
        COMPLETION: ("课程完成率", "Courses completed"),
    }
    for code, name_zh, name_en in session.execute(
        select(Indicator.code, Indicator.name_zh, Indicator.name_en).order_by(Indicator.code)
    ):
        found[code] = (name_zh, name_en or name_zh)
    return found


def _people(subjects: Mapping[str, Subject], span: Period) -> pa.Table:
    days = (span.after - span.first).days
    return pa.Table.from_pylist(
        [
            {"subject": s.number, "unit": s.unit, "leave_days": s.leave_days, "away": s.leave_days >= days}
            for s in subjects.values()
        ],
        schema=PEOPLE,
    )


def _ratings(
    session: Session, cycle: Cycle, subjects: Mapping[str, Subject], codes: Sequence[str]
) -> Evidence:
    number_of = {subject.employee_id: subject.number for subject in subjects.values()}
    facts: list[Row] = []
    sources: list[Row] = []
    rows = session.scalars(
        select(ComprehensiveRating)
        .where(
            ComprehensiveRating.cycle_id == cycle.id,
            ComprehensiveRating.indicator_code.in_([code.removeprefix(PREFIX) for code in codes]),
        )
        .order_by(ComprehensiveRating.id)
    )
    for rating in rows:
        if rating.employee_id not in number_of:
            continue
        key = {"subject": number_of[rating.employee_id], "measure": PREFIX + rating.indicator_code}
        facts.append({**key, "value": float(rating.level)})
        sources.append(
            {
                **key,
                "kind": "rating",
                "reference": f"comprehensive_rating:{rating.id}",
                "day": local_day(rating.rated_at),
                "value": float(rating.level),
                "label": rating.rater_name,
            }
        )
    return _evidence(facts, sources)


def _training(
    session: Session, subjects: Mapping[str, Subject], codes: Sequence[str], span: Period
) -> Evidence:
    if not codes:
        return _evidence([], [])
    number_of = {subject.employee_id: subject.number for subject in subjects.values()}
    points: dict[tuple[str, str], list[tuple[str, Decimal]]] = defaultdict(list)
    sources: list[Row] = []
    for one in learning.outcomes(session, list(number_of), span.first, span.after):
        measure = {OutcomeKind.QUIZ: QUIZ, OutcomeKind.SITTING: SITTING}.get(one.kind)
        if measure is None or measure not in codes or one.points is None:
            continue
        number = number_of[one.employee_id]
        points[number, measure].append((f"{one.course_code}/{one.item}", one.points))
        sources.append(
            {
                "subject": number,
                "measure": measure,
                "kind": one.kind.value,
                "reference": one.source,
                "day": local_day(one.occurred_at),
                "value": float(one.points),
                "label": f"{one.course_code} {one.item or ''}".strip(),
            }
        )
    facts: list[Row] = []
    for (number, measure), given in points.items():
        # Of a quiz the best attempt counts; every sitting counts as it was scored.
        keyed = given if measure == QUIZ else [(str(at), value) for at, (_, value) in enumerate(given)]
        facts.append({"subject": number, "measure": measure, "value": float(mean_best(keyed))})
    if COMPLETION in codes:
        more = _completion(session, number_of, span)
        facts += more[0]
        sources += more[1]
    return _evidence(facts, sources)


def _completion(session: Session, number_of: Mapping[int, str], span: Period) -> tuple[list[Row], list[Row]]:
    """Of the courses that ended in the period, which part a person has completed, in per cent."""
    done: dict[str, list[bool]] = defaultdict(list)
    sources: list[Row] = []
    for block in _blocks(number_of):
        rows = session.execute(
            select(Enrolment, Cohort.ends_on, Course.code)
            .join(Cohort, Cohort.id == Enrolment.cohort_id)
            .join(CourseVersion, CourseVersion.id == Cohort.course_version_id)
            .join(Course, Course.id == CourseVersion.course_id)
            .where(
                Enrolment.employee_id.in_(block),
                Cohort.state != CohortState.CANCELLED,
                Cohort.ends_on >= span.first,
                Cohort.ends_on < span.after,
            )
            .order_by(Enrolment.id)
        )
        for enrolment, ends_on, code in rows:
            at = enrolment.completed_at
            complete = at is not None and local_day(at) < span.after
            number = number_of[enrolment.employee_id]
            done[number].append(complete)
            sources.append(
                {
                    "subject": number,
                    "measure": COMPLETION,
                    "kind": "enrolment",
                    "reference": f"enrolment:{enrolment.id}",
                    "day": local_day(at) if at is not None and complete else ends_on,
                    "value": 100.0 if complete else 0.0,
                    "label": code,
                }
            )
    facts = [
        {"subject": number, "measure": COMPLETION, "value": float(completed_percent(courses))}
        for number, courses in done.items()
    ]
    return facts, sources


def _business(
    session: Session, subjects: Mapping[str, Subject], codes: Sequence[str], span: Period
) -> Evidence:
    if not codes:
        return _evidence([], [])
    numbers = list(subjects)
    rows = indicators.actuals(session, numbers, codes, span.first, span.after)
    return Evidence(
        people=PEOPLE.empty_table(),
        facts=_values(session, numbers, codes, span),
        targets=_aims(session, numbers, codes, span),
        sources=_import_rows(rows),
    )


def _values(session: Session, numbers: Sequence[str], codes: Sequence[str], span: Period) -> pa.Table:
    values = indicators.measures(session, numbers, codes, span.first, span.after)
    return values.select(FACTS.names).cast(FACTS)


def _aims(session: Session, numbers: Sequence[str], codes: Sequence[str], span: Period) -> pa.Table:
    aims = indicators.targets(session, codes, span.code)
    mine = pc.is_in(aims["employee_number"], value_set=pa.array(numbers, pa.string()))
    return aims.filter(mine).rename_columns(["subject", "measure", "target"]).cast(TARGETS)


def _import_rows(rows: pa.Table) -> pa.Table:
    """The rows of actuals as sources: batch and line, or the typed value or derivation they are."""
    batches = pc.binary_join_element_wise("import_batch", pc.cast(rows["batch"], pa.string()), ":")
    imported = pc.is_valid(rows["batch"])
    columns: dict[str, Any] = {
        "subject": rows["employee_number"],
        "measure": rows["indicator"],
        "kind": rows["source"],
        "reference": pc.if_else(imported, batches, rows["reference"]),
        "line": rows["line"],
        "day": rows["day"],
        "value": pc.cast(rows["value"], pa.float64()),
        "flag": rows["flag"],
        "label": pc.if_else(imported, rows["reference"], None),
    }
    return pa.table(columns).cast(SOURCES)


def _evidence(facts: Iterable[Row], sources: Iterable[Row]) -> Evidence:
    return Evidence(
        people=PEOPLE.empty_table(),
        facts=pa.Table.from_pylist(list(facts), schema=FACTS),
        targets=TARGETS.empty_table(),
        sources=pa.Table.from_pylist(list(sources), schema=SOURCES),
    )


def _joined(tables: Sequence[pa.Table], schema: pa.Schema, order: Sequence[str]) -> pa.Table:
    whole = pa.concat_tables([table.cast(schema) for table in tables])
    return whole.sort_by([(name, "ascending") for name in order]).combine_chunks()


def _refuse_large(facts: pa.Table) -> None:
    large = facts.filter(pc.greater(pc.abs(facts["value"]), LARGEST))
    for row in large.slice(0, 1).to_pylist():
        raise Refused(
            N_("员工 %(number)s 的指标 %(code)s 数值过大，无法计分。"),
            number=row["subject"],
            code=row["measure"],
        )


def _blocks(ids: Collection[int]) -> Iterable[list[int]]:
    wanted = sorted(ids)
    return (wanted[at : at + 500] for at in range(0, len(wanted), 500))
