"""Results: lists, one person's appraisal, every point down to its source rows, and the data for paper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms import scoring
from lms.access.actions import Action
from lms.access.services import Person, narrow
from lms.appraisal.models import (
    Appraisal,
    AppraisalState,
    ComprehensiveRating,
    Cycle,
    CycleState,
    Line,
    SchemeVersion,
    Section,
)
from lms.appraisal.rules.comprehensive import BY_CODE, SEVEN
from lms.appraisal.rules.standing import EFFECTS, standing_text, unit_text
from lms.appraisal.services import frozen
from lms.appraisal.services.rulebook import Origin, document_of, frozen_origins
from lms.core.clock import local_day
from lms.core.errors import NotFound
from lms.core.i18n import pick
from lms.core.periods import Period
from lms.learning import services as learning
from lms.learning.models import Cohort, Course, CourseVersion, Enrolment, OutcomeKind
from lms.people.models import Employee, OrgUnit

TREND = 8
SORTS = {
    "rank": (Appraisal.rank.is_(None), Appraisal.rank, Employee.sort_key),
    "total": (Appraisal.final_total.is_(None), Appraisal.final_total.desc()),
    "name": (Employee.sort_key,),
    "unit": (OrgUnit.code, Employee.sort_key),
}


# ---------------------------------------------------------------- who may see what


def visible(person: Person) -> Select[Appraisal]:
    """Return the select of appraisals that may be looked at at all, before the scope narrows it.

    Computed ones of others (a supervisor reviews them before they are published), and one's own only
    once it is published.
    """
    computed = Cycle.state.in_((CycleState.COMPUTED, CycleState.PUBLISHED))
    not_mine = Appraisal.employee_id != (person.employee_id or 0)
    return (
        select(Appraisal)
        .join(Cycle, Cycle.id == Appraisal.cycle_id)
        .where(computed, or_(Cycle.state == CycleState.PUBLISHED, not_mine))
    )


def listed(
    person: Person,
    day: date,
    *,
    cycle_id: int | None = None,
    unit_id: int | None = None,
    grade: str | None = None,
    state: AppraisalState | None = None,
    words: str = "",
    sort: str = "rank",
) -> Select[Appraisal]:
    """Return the select of the results within a person's reach, filtered and sorted, names loaded."""
    statement = (
        visible(person)
        .join(Employee, Employee.id == Appraisal.employee_id)
        .join(OrgUnit, OrgUnit.id == Appraisal.org_unit_id)
        .options(joinedload(Appraisal.employee), joinedload(Appraisal.org_unit), joinedload(Appraisal.cycle))
    )
    if cycle_id is not None:
        statement = statement.where(Appraisal.cycle_id == cycle_id)
    if unit_id is not None:
        statement = statement.where(Appraisal.org_unit_id == unit_id)
    if grade:
        statement = statement.where(Appraisal.final_grade == grade)
    if state is not None:
        statement = statement.where(Appraisal.state == state)
    if text := words.strip():
        statement = statement.where(
            or_(Employee.name.contains(text, autoescape=True), Employee.number == text.upper())
        )
    order = SORTS.get(sort, SORTS["rank"])
    return narrow(statement.order_by(*order, Appraisal.id), Appraisal, person, Action.RESULT_LIST, day)


def section_points(session: Session, appraisal_ids: list[int]) -> dict[int, dict[str, Decimal | None]]:
    """Return the points of each section of these appraisals, by section code."""
    found: dict[int, dict[str, Decimal | None]] = defaultdict(dict)
    rows = session.execute(
        select(Section.appraisal_id, Section.code, Section.points).where(
            Section.appraisal_id.in_(appraisal_ids)
        )
    )
    for appraisal_id, code, points in rows:
        found[appraisal_id][code] = points
    return found


def units_of(session: Session, cycle_id: int, person: Person, day: date) -> list[OrgUnit]:
    """Return the units with results of a cycle within a person's reach, by code."""
    mine = listed(person, day, cycle_id=cycle_id).with_only_columns(Appraisal.org_unit_id).order_by(None)
    return list(session.scalars(select(OrgUnit).where(OrgUnit.id.in_(mine)).order_by(OrgUnit.code)))


def computed_cycles(session: Session, person: Person, day: date) -> list[Cycle]:
    """Return the cycles that have results within a person's reach, the latest period first."""
    mine = listed(person, day).with_only_columns(Appraisal.cycle_id).order_by(None)
    return list(
        session.scalars(
            select(Cycle).where(Cycle.id.in_(mine)).order_by(Cycle.period.desc(), Cycle.id.desc())
        )
    )


def own(employee_id: int) -> Select[Appraisal]:
    """Return the select of somebody's own published appraisals, the latest first."""
    return (
        select(Appraisal)
        .join(Cycle, Cycle.id == Appraisal.cycle_id)
        .where(Appraisal.employee_id == employee_id, Cycle.state == CycleState.PUBLISHED)
        .options(joinedload(Appraisal.cycle), joinedload(Appraisal.org_unit))
        .order_by(Cycle.period.desc(), Cycle.id.desc())
    )


def whole(session: Session, appraisal_id: int) -> Appraisal:
    """Return an appraisal with everything a page or paper shows loaded, in a fixed number of queries.

    Raises:
        NotFound: when there is none.
    """
    found = session.scalar(
        select(Appraisal)
        .where(Appraisal.id == appraisal_id)
        .options(
            joinedload(Appraisal.employee),
            joinedload(Appraisal.org_unit),
            joinedload(Appraisal.cycle).joinedload(Cycle.scheme_version).joinedload(SchemeVersion.scheme),
            selectinload(Appraisal.sections),
            selectinload(Appraisal.lines),
            selectinload(Appraisal.adjustments),
        )
    )
    if found is None:
        raise NotFound
    return found


# ---------------------------------------------------------------- explained


@dataclass(frozen=True)
class Step:
    """One step of a computation, as the engine names it."""

    step: str
    value: Decimal | None
    detail: str


@dataclass(frozen=True)
class SourceRow:
    """Where a figure comes from: a line of an import batch, an attempt, a sitting, a rating."""

    kind: str
    reference: str
    line: int | None
    day: date | None
    value: Decimal | None
    flag: str
    label: str

    @property
    def number(self) -> str:
        """The number in the reference: 12 of import_batch:12."""
        return self.reference.rpartition(":")[2]


@dataclass(frozen=True)
class ExplainedLine:
    """An indicator with its steps and source rows."""

    line: Line
    steps: tuple[Step, ...]
    sources: tuple[SourceRow, ...]


@dataclass(frozen=True)
class ExplainedSection:
    """A section with its steps and indicators."""

    section: Section
    steps: tuple[Step, ...]
    lines: tuple[ExplainedLine, ...]


@dataclass(frozen=True)
class Explanation:
    """A composite opened: steps of the total, the sections, and what stands behind it all."""

    appraisal: Appraisal
    steps: tuple[Step, ...]
    sections: tuple[ExplainedSection, ...]
    inputs_sha256: str
    result_sha256: str
    scheme_sha256: str
    document_sha256: str
    """Of the document by which this person was scored: the scheme version's, unless parameters changed it."""
    origins: tuple[Origin, ...]


def explain(session: Session, appraisal_id: int) -> Explanation:
    """Return the tree composite → section → indicator → step → source rows of an appraisal.

    The source rows are the frozen ones: what the points were computed from, whatever was imported since.

    Raises:
        NotFound: when there is no such appraisal, or it has not been computed.
    """
    appraisal = whole(session, appraisal_id)
    cycle = appraisal.cycle
    if not cycle.results:
        raise NotFound
    sources: dict[str, list[SourceRow]] = defaultdict(list)
    rows = frozen.table(cycle.frozen or {}, "sources", [appraisal.employee.number])
    for row in rows.to_pylist():
        sources[row["measure"]].append(
            SourceRow(
                kind=row["kind"],
                reference=row["reference"],
                line=row["line"],
                day=row["day"],
                value=_decimal(row["value"]),
                flag=row["flag"] or "",
                label=row["label"] or "",
            )
        )
    return Explanation(
        appraisal=appraisal,
        steps=_told(appraisal.trace),
        sections=tuple(
            ExplainedSection(
                section,
                _told(section.trace),
                tuple(
                    ExplainedLine(line, _told(line.trace), tuple(sources[line.measure]))
                    for line in appraisal.lines
                    if line.section == section.code
                ),
            )
            for section in appraisal.sections
        ),
        inputs_sha256=cycle.inputs_sha256 or "",
        result_sha256=cycle.result_sha256 or "",
        scheme_sha256=cycle.scheme_version.sha256,
        document_sha256=scoring.sha256(document_of(appraisal)),
        origins=frozen_origins(appraisal),
    )


@dataclass(frozen=True)
class Gate:
    """A gate that acted, in one language: its name, what it did, and the clause that is the reason."""

    code: str
    name: str
    effect: str
    reason: str


def gates_of(appraisal: Appraisal, language: str) -> tuple[Gate, ...]:
    """Return the gates that acted on an appraisal, with the limits that held for its unit."""
    document = scoring.to_dict(document_of(appraisal))
    return tuple(
        Gate(
            gate["code"],
            pick(gate, "name", language),
            EFFECTS[gate["effect"]][0 if language == "zh" else 1].format(
                grade=gate.get("grade"), points=gate.get("points"), factor=gate.get("factor")
            ),
            pick(gate, "clause", language),
        )
        for gate in document.get("gates", [])
        if gate["code"] in appraisal.gates
    )


def missing_of(appraisal: Appraisal, language: str) -> tuple[str, ...]:
    """Return the names of what an incomplete appraisal lacks."""
    document = appraisal.cycle.scheme_version.document
    names = {s["code"]: pick(s, "name", language) for s in document["sections"]}
    names |= {i["code"]: pick(i, "name", language) for s in document["sections"] for i in s["indicators"]}
    names |= {g["code"]: pick(g, "name", language) for g in document.get("gates", [])}
    return tuple(names.get(code, code) for code in appraisal.missing)


def grade_name(version: SchemeVersion, code: str | None, language: str) -> str:
    """Return a grade with its name: "B 良好"; "" for none."""
    if code is None:
        return ""
    found = next((g for g in version.document.get("grades", []) if g["code"] == code), None)
    return f"{code} {pick(found, 'name', language)}" if found else code


@dataclass(frozen=True)
class TrendPoint:
    """The final composite of one period."""

    period: str
    total: Decimal | None


def trend(session: Session, appraisal: Appraisal) -> tuple[TrendPoint, ...]:
    """Return somebody's composites up to this cycle, the oldest first: published ones and this one.

    Like is compared with like: only cycles of the same unit, for a branch may run its own beside the bank's.
    """
    rows = session.execute(
        select(Cycle.period, Appraisal.final_total)
        .join(Appraisal, Appraisal.cycle_id == Cycle.id)
        .where(
            Appraisal.employee_id == appraisal.employee_id,
            Cycle.series == appraisal.cycle.series,
            Cycle.org_unit_id == appraisal.cycle.org_unit_id,
            Cycle.period <= appraisal.cycle.period,
            func.length(Cycle.period) == len(appraisal.cycle.period),
            or_(Cycle.state == CycleState.PUBLISHED, Cycle.id == appraisal.cycle_id),
        )
        .order_by(Cycle.period.desc(), Cycle.id.desc())
        .limit(TREND)
    )
    return tuple(TrendPoint(period, total) for period, total in list(rows)[::-1])


def ranked(session: Session, cycle_id: int) -> int:
    """Return how many people of a cycle have a rank."""
    return (
        session.scalar(
            select(func.count()).where(Appraisal.cycle_id == cycle_id, Appraisal.rank.is_not(None))
        )
        or 0
    )


def ratings_of(session: Session, appraisal: Appraisal) -> dict[str, ComprehensiveRating]:
    """Return the ratings of the appraised person by indicator code."""
    rows = session.scalars(
        select(ComprehensiveRating).where(
            ComprehensiveRating.cycle_id == appraisal.cycle_id,
            ComprehensiveRating.employee_id == appraisal.employee_id,
        )
    )
    return {rating.indicator_code: rating for rating in rows}


# ---------------------------------------------------------------- for paper


@dataclass(frozen=True)
class ReportSubject:
    """Whose appraisal it is, as frozen."""

    name: str
    number: str
    unit: str
    post: str
    grade: str


@dataclass(frozen=True)
class ReportSection:
    """One section as printed."""

    name: str
    weight: Decimal | None
    points: Decimal | None
    contribution: Decimal | None


@dataclass(frozen=True)
class ReportLine:
    """One line as printed; `state` is ok, missing, excluded or zero, `flag` a code (inferred…)."""

    section: str
    name: str
    target: Decimal | None
    actual: Decimal | None
    unit: str
    position: str
    points: Decimal | None
    weight: Decimal | None
    effective_weight: Decimal | None
    contribution: Decimal | None
    state: str
    flag: str


@dataclass(frozen=True)
class ReportLevel:
    """A rated level of one of the seven; None while it is not rated."""

    name: str
    level: Decimal | None
    note: str


@dataclass(frozen=True)
class ReportTraining:
    """One course of the period."""

    course_code: str
    course: str
    quiz_percent: Decimal | None
    passed: bool | None
    sitting_percent: Decimal | None
    completed_on: date | None


@dataclass(frozen=True)
class ReportComment:
    """A note of a rating: who, when, about what, and the note as it was written."""

    who: str
    on: date
    about: str
    text: str


@dataclass(frozen=True)
class ReportAdjustment:
    """A signed change of the total."""

    points: Decimal
    reason: str
    by: str
    approved_by: str
    on: date


@dataclass(frozen=True)
class ReportScheme:
    """Under which rules."""

    name: str
    version: int
    sha256: str


@dataclass(frozen=True)
class ReportData:
    """One person's appraisal in one language, ready for a document; nothing is left to compute.

    `composite` and `grade` are the final ones, after adjustments. `sat` are the source keys of the sittings
    of the period ("sitting:12"), for whoever prints their rubric.
    """

    appraisal_id: int
    employee_id: int
    language: str
    subject: ReportSubject
    period: str
    period_code: str
    cycle: str
    cycle_name: str
    published_at: datetime | None
    scheme: ReportScheme
    result_sha256: str
    state: str
    composite: Decimal | None
    grade: str | None
    rank: int | None
    of: int
    among: str
    missing: tuple[str, ...]
    sections: tuple[ReportSection, ...]
    lines: tuple[ReportLine, ...]
    comprehensive: tuple[ReportLevel, ...]
    training: tuple[ReportTraining, ...]
    sat: tuple[str, ...]
    trend: tuple[TrendPoint, ...]
    comments: tuple[ReportComment, ...]
    gates: tuple[Gate, ...]
    adjustments: tuple[ReportAdjustment, ...]


def report_data(session: Session, appraisal_id: int, language: str) -> ReportData:
    """Return everything a printed appraisal says, in one language.

    Raises:
        NotFound: when there is no such appraisal.
    """
    appraisal = whole(session, appraisal_id)
    cycle, version = appraisal.cycle, appraisal.cycle.scheme_version
    ratings = ratings_of(session, appraisal)
    names = {section.code: pick(section, "name", language) for section in appraisal.sections}
    courses, sat = _courses(session, appraisal, language)
    return ReportData(
        appraisal_id=appraisal.id,
        employee_id=appraisal.employee_id,
        language=language,
        subject=ReportSubject(
            appraisal.employee.name,
            appraisal.employee.number,
            pick(appraisal.org_unit, "name", language),
            pick(appraisal, "post", language),
            pick(appraisal, "person_grade", language),
        ),
        period=Period.parse(cycle.period).label(language),
        period_code=cycle.period,
        cycle=cycle.code,
        cycle_name=pick(cycle, "name", language),
        published_at=cycle.published_at,
        scheme=ReportScheme(pick(version.scheme, "name", language), version.number, version.sha256),
        result_sha256=cycle.result_sha256 or "",
        state=appraisal.state.value,
        composite=appraisal.final_total,
        grade=grade_name(version, appraisal.final_grade, language) or None,
        rank=appraisal.rank,
        of=ranked(session, cycle.id),
        among=pick(cycle.org_unit, "name", language),
        missing=missing_of(appraisal, language),
        sections=tuple(
            ReportSection(names[s.code], s.weight, s.points, s.contribution) for s in appraisal.sections
        ),
        lines=tuple(_report_line(line, names, language) for line in appraisal.lines),
        comprehensive=tuple(
            ReportLevel(
                pick(item, "name", language),
                Decimal(ratings[item.code].level) if item.code in ratings else None,
                ratings[item.code].note if item.code in ratings else "",
            )
            for item in SEVEN
            if any(line.measure == item.measure for line in appraisal.lines)
        ),
        training=courses,
        sat=sat,
        trend=trend(session, appraisal),
        comments=tuple(
            ReportComment(
                rating.rater_name,
                local_day(rating.rated_at),
                pick(BY_CODE[code], "name", language),
                rating.note,
            )
            for code, rating in ratings.items()
            if rating.note
        ),
        gates=gates_of(appraisal, language),
        adjustments=tuple(
            ReportAdjustment(a.points, a.reason, a.maker_name, a.checker_name, local_day(a.decided_at))
            for a in appraisal.adjustments
        ),
    )


def _report_line(line: Line, names: Mapping[str, str], language: str) -> ReportLine:
    """A line as printed; its contribution is in points of its section."""
    return ReportLine(
        section=names.get(line.section, line.section),
        name=pick(line, "name", language),
        target=line.target,
        actual=line.actual,
        unit=unit_text(line.unit, language),
        position=standing_text(line.position_kind, line.standing, line.unit, language),
        points=line.points,
        weight=line.weight,
        effective_weight=line.effective_weight,
        contribution=line.contribution,
        state=line.state.value,
        flag=line.flag,
    )


def _courses(
    session: Session, appraisal: Appraisal, language: str
) -> tuple[tuple[ReportTraining, ...], tuple[str, ...]]:
    """The courses with a result in the period, and the sittings among the results."""
    span = Period.parse(appraisal.cycle.period)
    found = learning.outcomes(session, [appraisal.employee_id], span.first, span.after)
    by_enrolment: dict[int, list[Any]] = defaultdict(list)
    for one in found:
        by_enrolment[one.enrolment_id].append(one)
    rows = session.execute(
        select(Enrolment, CourseVersion, Course.code)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(CourseVersion, CourseVersion.id == Cohort.course_version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Enrolment.id.in_(by_enrolment))
        .order_by(Course.code, Enrolment.id)
    )
    courses = []
    for enrolment, version, code in rows:
        given = by_enrolment[enrolment.id]
        quizzes = [one for one in given if one.kind is OutcomeKind.QUIZ]
        sittings = [one.points for one in given if one.kind is OutcomeKind.SITTING and one.points is not None]
        courses.append(
            ReportTraining(
                code,
                pick(version, "title", language),
                max((one.points for one in quizzes if one.points is not None), default=None),
                any(one.passed for one in quizzes) if quizzes else None,
                sittings[-1] if sittings else None,
                local_day(enrolment.completed_at) if enrolment.completed_at else None,
            )
        )
    return tuple(courses), tuple(one.source for one in found if one.kind is OutcomeKind.SITTING)


def _told(trace: list[dict[str, Any]]) -> tuple[Step, ...]:
    return tuple(Step(row["step"], _decimal(row["value"]), row["detail"] or "") for row in trace)


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(round(value, 6)))
