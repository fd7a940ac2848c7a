"""Opening cycles and saying who is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session, joinedload

from lms.appraisal.models import (
    Appraisal,
    AppraisalState,
    Cycle,
    CycleState,
    Line,
    SchemeVersion,
    Section,
    VersionState,
)
from lms.appraisal.rules.levels import ParametersOf
from lms.core.audit import Acting, record
from lms.core.dated import valid_within
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.people.models import Leave, OrgUnit, Post, Posting
from lms.people.services import chain_of, parents_on, postings_within, subtree

RATING_DAYS = 10


@dataclass(frozen=True)
class Counts:
    """How many appraisals of a cycle there are, and in which state."""

    people: int
    complete: int
    incomplete: int
    on_leave: int


def open_cycle(
    session: Session,
    actor: Acting,
    *,
    code: str,
    name_zh: str,
    period: str,
    version: SchemeVersion,
    unit: OrgUnit,
    series: str,
    now: datetime,
    name_en: str | None = None,
    rating_due: date | None = None,
    parameters_of: ParametersOf = ParametersOf.PERSON,
) -> Cycle:
    """Open a cycle for the people of a post series in a unit and below; ratings can be given from now on.

    `period` is a code such as 2026Q3; `rating_due` is by default ten days after the period. The scheme is one
    of the unit itself or of a unit above it.

    Raises:
        Refused: when the code or period is taken or wrong, the version is not active or its scheme not for
            this unit, or nobody is in it.
    """
    span = Period.parse(period)
    if version.state is not VersionState.ACTIVE:
        raise Refused(N_("只有启用的方案版本可以用于考核期。"))
    owner = version.scheme.org_unit
    if owner.code not in chain_of(parents_on(session, span.last), unit.code):
        raise Refused(
            N_("方案属于 %(owner)s，不能用于 %(unit)s：只能用本机构或上级机构的方案。"),
            owner=owner.name_zh,
            unit=unit.name_zh,
        )
    if session.scalar(select(Cycle.id).where(Cycle.code == code)) is not None:
        raise Refused(N_("考核期编码 %(code)s 已存在。"), code=code)
    twin = select(Cycle.code).where(
        Cycle.period == span.code, Cycle.org_unit_id == unit.id, Cycle.series == series
    )
    if (taken := session.scalar(twin)) is not None:
        raise Refused(N_("同一机构、岗位序列和期间已有考核期 %(code)s。"), code=taken)
    cycle = Cycle(
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        period=span.code,
        scheme_version_id=version.id,
        org_unit_id=unit.id,
        series=series,
        parameters_of=parameters_of,
        state=CycleState.COLLECTING,
        rating_due=rating_due or span.after + timedelta(days=RATING_DAYS),
        opened_at=now,
    )
    session.add(cycle)
    session.flush()
    people = sync_members(session, cycle)
    if not people:
        raise Refused(
            N_("%(unit)s 在 %(period)s 没有该岗位序列的人员。"), unit=unit.name_zh, period=span.code
        )
    record(
        session, actor, "appraisal:cycle:open", f"cycle:{cycle.id}", code=code, people=people, unit=unit.code
    )
    return cycle


def sync_members(session: Session, cycle: Cycle) -> int:
    """Bring the cycle's people up to date and return how many they are.

    In it is who held a post of the series in the unit or below on at least one day of the period; the unit
    that counts is that of the latest such posting. Who no longer belongs loses the (unpublished) appraisal.
    """
    span = Period.parse(cycle.period)
    latest: dict[int, Posting] = {}
    rows = session.scalars(
        postings_within(subtree(cycle.org_unit_id, span.last), span.first, span.after)
        .join(Post, Post.id == Posting.post_id)
        .where(Post.series == cycle.series)
        .options(joinedload(Posting.post), joinedload(Posting.grade))
        .order_by(Posting.valid_from, Posting.id)
    )
    for posting in rows:
        latest[posting.employee_id] = posting
    away = _leave_days(session, span)
    known = {
        a.employee_id: a for a in session.scalars(select(Appraisal).where(Appraisal.cycle_id == cycle.id))
    }
    for employee_id, posting in latest.items():
        appraisal = known.pop(employee_id, None)
        if appraisal is None:
            appraisal = Appraisal(
                cycle_id=cycle.id,
                employee_id=employee_id,
                state=AppraisalState.PENDING,
                gates=[],
                missing=[],
                trace=[],
            )
            session.add(appraisal)
        appraisal.org_unit_id = posting.org_unit_id
        appraisal.post_zh, appraisal.post_en = posting.post.name_zh, posting.post.name_en
        appraisal.person_grade_zh = posting.grade.name_zh if posting.grade else ""
        appraisal.person_grade_en = posting.grade.name_en if posting.grade else None
        appraisal.leave_days = away.get(employee_id, 0)
    for gone in known.values():
        for model in (Line, Section):
            session.execute(delete(model).where(model.appraisal_id == gone.id))
        session.delete(gone)
    session.flush()
    return len(latest)


def cycles() -> Select[Cycle]:
    """Return the select of cycles, the latest period first."""
    return (
        select(Cycle)
        .options(
            joinedload(Cycle.org_unit), joinedload(Cycle.scheme_version).joinedload(SchemeVersion.scheme)
        )
        .order_by(Cycle.period.desc(), Cycle.id.desc())
    )


def counts(session: Session, cycle_id: int) -> Counts:
    """Return how many people a cycle has and how they stand."""
    rows = session.execute(
        select(Appraisal.state, func.count()).where(Appraisal.cycle_id == cycle_id).group_by(Appraisal.state)
    )
    found: dict[AppraisalState, int] = dict(rows.all())
    return Counts(
        people=sum(found.values()),
        complete=found.get(AppraisalState.COMPLETE, 0),
        incomplete=found.get(AppraisalState.INCOMPLETE, 0),
        on_leave=found.get(AppraisalState.ON_LEAVE, 0),
    )


def units() -> Select[OrgUnit]:
    """Return the select of org units, by code."""
    return select(OrgUnit).order_by(OrgUnit.code)


def series_in_use(session: Session) -> list[str]:
    """Return the post series there are."""
    return list(session.scalars(select(Post.series).distinct().order_by(Post.series)))


def _leave_days(session: Session, span: Period) -> dict[int, int]:
    """How many days of the period each person was on leave; a day of two leaves counts once."""
    days: dict[int, int] = {}
    counted: dict[int, date] = {}
    rows = session.execute(
        select(Leave.employee_id, Leave.valid_from, Leave.valid_to)
        .where(valid_within(Leave, span.first, span.after))
        .order_by(Leave.valid_from)
    )
    for employee_id, first, after in rows:
        begin = max(first, span.first, counted.get(employee_id, span.first))
        end = min(after or span.after, span.after)
        if end > begin:
            days[employee_id] = days.get(employee_id, 0) + (end - begin).days
            counted[employee_id] = end
    return days
