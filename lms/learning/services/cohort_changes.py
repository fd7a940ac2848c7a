"""Changing and calling off cohorts that are not closed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from lms.core.audit import Acting, record
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.learning.models import (
    Cohort,
    CohortState,
    CohortTrainer,
    Enrolment,
    EnrolmentState,
    LessonProgress,
    Outcome,
)
from lms.learning.rules.cohort_plan import Plan, Standing, changes, faults


def plan_of(cohort: Cohort) -> Plan:
    """Return a cohort as planned."""
    return Plan(
        number=cohort.number,
        name_zh=cohort.name_zh,
        name_en=cohort.name_en,
        course_version_id=cohort.course_version_id,
        org_unit_id=cohort.org_unit_id,
        starts_on=cohort.starts_on,
        ends_on=cohort.ends_on,
        location=cohort.location,
        capacity=cohort.capacity,
        rest_days=cohort.rest_days,
        trainer_ids=tuple(one.employee_id for one in cohort.trainers),
    )


def standing_of(session: Session, cohort: Cohort, today: date) -> Standing:
    """Return what a cohort has come to, as far as it decides what may still change."""
    counted = session.execute(
        select(func.count(), func.count().filter(Enrolment.state != EnrolmentState.WITHDRAWN)).where(
            Enrolment.cohort_id == cohort.id
        )
    ).one()
    return Standing(begun=cohort.starts_on <= today, entered=counted[0] > 0, enrolled=counted[1])


def change_cohort(
    session: Session, actor: Acting, cohort: Cohort, plan: Plan, *, seen: int, today: date
) -> None:
    """Change the plan of an open cohort; `seen` is the lock number of the plan that was edited.

    Raises:
        Refused: when it is no longer open, or somebody changed it since.
        Rejected: naming every field that may not be changed so.
    """
    _lock(session, cohort)
    refuse_unless_open(cohort)
    if cohort.lock != seen:
        raise Refused(N_("其他人刚刚修改了同一内容，请刷新后重试。"))
    before = plan_of(cohort)
    found = faults(before, plan, standing_of(session, cohort, today), today)
    problems = [Problem(one.message, one.params, field=one.name) for one in found]
    taken = select(Cohort.id).where(Cohort.number == plan.number, Cohort.id != cohort.id)
    if session.scalar(taken) is not None:
        problems.append(Problem(N_("班次编号 %(number)s 已存在。"), {"number": plan.number}, field="number"))
    if problems:
        raise Rejected(problems)
    told = changes(before, plan)
    if not told:
        return
    for name, value in vars(plan).items():
        if name != "trainer_ids":
            setattr(cohort, name, value)
    _set_trainers(session, cohort, plan.trainer_ids)
    # New trainers alone touch no column, and the lock number would stay.
    flag_modified(cohort, "number")
    session.flush()
    session.expire(cohort, ["trainers", "course_version", "org_unit"])
    record(session, actor, "learning:cohort:change", f"cohort:{cohort.id}", changes=told)


def cancel_cohort(session: Session, actor: Acting, cohort: Cohort, reason: str) -> None:
    """Call off a cohort in which nobody has learnt anything yet.

    Raises:
        Refused: when it is no longer open, has results already, or without a reason.
    """
    _lock(session, cohort)
    refuse_unless_open(cohort)
    if not reason.strip():
        raise Refused(N_("请写明取消的原因。"))
    if has_results(session, cohort.id):
        raise Refused(N_("本班已有学习记录，不能取消，请改为结班。"))
    cohort.state, cohort.cancel_reason = CohortState.CANCELLED, reason.strip()
    session.flush()
    record(session, actor, "learning:cohort:cancel", f"cohort:{cohort.id}", reason=reason.strip())


def has_results(session: Session, cohort_id: int) -> bool:
    """Whether somebody of a cohort has finished a lesson or earned a result."""
    found = session.scalar(
        select(Enrolment.id)
        .outerjoin(LessonProgress, LessonProgress.enrolment_id == Enrolment.id)
        .outerjoin(Outcome, Outcome.enrolment_id == Enrolment.id)
        .where(
            Enrolment.cohort_id == cohort_id,
            or_(LessonProgress.completed_at.is_not(None), Outcome.id.is_not(None)),
        )
        .limit(1)
    )
    return found is not None


def refuse_unless_open(cohort: Cohort) -> None:
    """Refuse what only an open cohort allows.

    Raises:
        Refused: when it was closed or called off.
    """
    if cohort.state is not CohortState.OPEN:
        raise Refused(N_("本班已结班或已取消，不能再改。"))


def _lock(session: Session, cohort: Cohort) -> None:
    """Lock and reread the row; plain, since PostgreSQL locks no row of an outer join the page loaded with."""
    row = select(Cohort).where(Cohort.id == cohort.id).with_for_update()
    session.execute(row.execution_options(populate_existing=True)).scalar_one()


def _set_trainers(session: Session, cohort: Cohort, wanted: tuple[int, ...]) -> None:
    there = {one.employee_id: one for one in cohort.trainers}
    for employee_id, row in there.items():
        if employee_id not in wanted:
            session.delete(row)
    session.add_all(
        CohortTrainer(cohort_id=cohort.id, employee_id=one)
        for one in dict.fromkeys(wanted)
        if one not in there
    )
