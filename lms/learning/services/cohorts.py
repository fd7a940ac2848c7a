"""Opening cohorts, enrolling people, and who may be chosen for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.access.actions import Action
from lms.access.services import Person, narrow
from lms.core import calendar
from lms.core.audit import Acting, record
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.learning.models import Cohort, CohortState, CohortTrainer, Enrolment, EnrolmentState
from lms.learning.rules.numbers import pasted_numbers
from lms.learning.rules.schedule import LONGEST_RUN, class_days, longest_run
from lms.learning.services.progress import settle
from lms.people.models import Employee, Level, OrgUnit
from lms.people.services import found_employees, people_in


def open_cohort(
    session: Session,
    actor: Acting,
    *,
    number: str,
    name_zh: str,
    course_version_id: int,
    org_unit_id: int,
    starts_on: date,
    ends_on: date,
    location: str,
    capacity: int,
    trainer_ids: Iterable[int] = (),
    name_en: str | None = None,
    rest_days: bool = True,
) -> Cohort:
    """Open a cohort from its first to its last day, both included.

    Raises:
        Refused: when the number is taken, the days are turned round or the capacity is not above 0.
    """
    if session.scalar(select(Cohort.id).where(Cohort.number == number)) is not None:
        raise Refused(N_("班次编号 %(number)s 已存在。"), number=number)
    if ends_on < starts_on:
        raise Refused(N_("结束日期不能早于开始日期。"))
    if capacity < 1:
        raise Refused(N_("名额至少为 1 人。"))
    cohort = Cohort(
        number=number,
        name_zh=name_zh,
        name_en=name_en,
        course_version_id=course_version_id,
        org_unit_id=org_unit_id,
        starts_on=starts_on,
        ends_on=ends_on,
        location=location,
        rest_days=rest_days,
        state=CohortState.OPEN,
        capacity=capacity,
        trainers=[CohortTrainer(employee_id=one) for one in dict.fromkeys(trainer_ids)],
    )
    session.add(cohort)
    session.flush()
    record(session, actor, "learning:cohort:open", f"cohort:{cohort.id}", number=number)
    return cohort


def days_in_a_row(session: Session, cohort: Cohort) -> int:
    """Return the longest run of class days without a free one when it is too long, else 0."""
    run = longest_run(
        class_days(cohort.starts_on, cohort.ends_on, calendar.exceptions(session), rest_days=cohort.rest_days)
    )
    return run if run > LONGEST_RUN else 0


def enrol(session: Session, actor: Acting, cohort_id: int, employee_id: int, *, now: datetime) -> Enrolment:
    """Enrol one person.

    Raises:
        Refused: when enrolled already, the cohort is full or no longer open.
    """
    added = enrol_many(session, actor, cohort_id, [employee_id], now=now)
    if not added:
        raise Refused(N_("该学员已在本班。"))
    return added[0]


def enrol_many(
    session: Session, actor: Acting, cohort_id: int, employee_ids: Iterable[int], *, now: datetime
) -> list[Enrolment]:
    """Enrol people; those in the cohort already are passed over. Returns the new ones.

    Somebody who was withdrawn comes back with what he had done.

    Raises:
        Refused: when there are not enough places (nobody is enrolled then) or the cohort is not open.
    """
    cohort = _locked(session, cohort_id)
    if cohort.state is not CohortState.OPEN:
        raise Refused(N_("本班已不再接收学员。"))
    there = {one.employee_id: one for one in session.scalars(_members(cohort_id))}
    taken = sum(1 for one in there.values() if one.state is not EnrolmentState.WITHDRAWN)
    wanted = [
        one
        for one in dict.fromkeys(employee_ids)
        if one not in there or there[one].state is EnrolmentState.WITHDRAWN
    ]
    if taken + len(wanted) > cohort.capacity:
        raise Refused(
            N_("名额不足：本班 %(capacity)s 人，已有 %(taken)s 人，还要加入 %(wanted)s 人。"),
            capacity=cohort.capacity,
            taken=taken,
            wanted=len(wanted),
        )
    added = [_place(session, cohort_id, one, there.get(one), now) for one in wanted]
    session.flush()
    if added:
        record(session, actor, "learning:enrolment:add", f"cohort:{cohort_id}", employees=[*wanted])
    return added


def withdraw(session: Session, actor: Acting, enrolment: Enrolment) -> None:
    """Take a person out of a cohort; what was done stays on record.

    Raises:
        Refused: when the course is completed already.
    """
    if enrolment.state is EnrolmentState.COMPLETED:
        raise Refused(N_("该学员已结业，不能退班。"))
    enrolment.state = EnrolmentState.WITHDRAWN
    record(
        session,
        actor,
        "learning:enrolment:withdraw",
        f"cohort:{enrolment.cohort_id}",
        employee=enrolment.employee_id,
    )


def close_cohort(session: Session, actor: Acting, cohort: Cohort) -> None:
    """Close a cohort: nobody joins any more; late results still count.

    Raises:
        Refused: when it is not open.
    """
    if cohort.state is not CohortState.OPEN:
        raise Refused(N_("本班已不再接收学员。"))
    cohort.state = CohortState.CLOSED
    record(session, actor, "learning:cohort:close", f"cohort:{cohort.id}")


@dataclass(frozen=True)
class Chosen:
    """People found by pasted numbers, and the numbers nobody (within reach) has."""

    employees: list[Employee]
    unknown: list[str]


def choose_by_numbers(session: Session, person: Person, text: str, day: date) -> Chosen:
    """Return the people of pasted numbers whom the person may enrol, and the numbers not found."""
    numbers = pasted_numbers(text)
    found = found_employees(session, numbers)
    ids = select(Employee).where(Employee.id.in_([one.id for one in found.values()]))
    reached = {one.id for one in session.scalars(narrow(ids, Employee, person, Action.COHORT_OPEN, day))}
    known = {number: one for number, one in found.items() if one.id in reached}
    return Chosen([known[n] for n in numbers if n in known], [n for n in numbers if n not in known])


def choose_trainers(session: Session, text: str) -> Chosen:
    """Return the people of pasted numbers as trainers (from anywhere in the bank), and numbers not found."""
    numbers = pasted_numbers(text)
    found = found_employees(session, numbers)
    return Chosen([found[n] for n in numbers if n in found], [n for n in numbers if n not in found])


def own_number(session: Session, person: Person) -> str:
    """Return the person's employee number, to be offered as trainer ("" for an account without one)."""
    employee = session.get(Employee, person.employee_id) if person.employee_id else None
    return employee.number if employee else ""


def member(session: Session, cohort_id: int, enrolment_id: int) -> Enrolment:
    """Return an enrolment of a cohort.

    Raises:
        NotFound: when it is not of this cohort.
    """
    found = session.scalar(_members(cohort_id).where(Enrolment.id == enrolment_id))
    if found is None:
        raise NotFound
    return found


def choose_by_unit(session: Session, person: Person, unit_id: int, day: date) -> list[Employee]:
    """Return the people of one unit whom the person may enrol."""
    return list(session.scalars(narrow(people_in(unit_id, day), Employee, person, Action.COHORT_OPEN, day)))


def units_to_choose(session: Session, person: Person, day: date) -> list[OrgUnit]:
    """Return the units for which the person may open cohorts, from the highest level down, by code."""
    order = list(Level)
    units = session.scalars(narrow(select(OrgUnit), OrgUnit, person, Action.COHORT_OPEN, day))
    return sorted(units, key=lambda unit: (order.index(unit.level), unit.code))


def cohorts_listed() -> Select[Cohort]:
    """Return the select of cohorts with course, unit and trainers, newest first."""
    return (
        select(Cohort)
        .options(
            joinedload(Cohort.course_version),
            joinedload(Cohort.org_unit),
            selectinload(Cohort.trainers).joinedload(CohortTrainer.employee),
        )
        .order_by(Cohort.starts_on.desc(), Cohort.number)
    )


def head_counts(session: Session, cohort_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return (people enrolled, of these completed) by cohort."""
    rows = session.execute(
        select(Enrolment.cohort_id, Enrolment.state, func.count())
        .where(Enrolment.cohort_id.in_(cohort_ids), Enrolment.state != EnrolmentState.WITHDRAWN)
        .group_by(Enrolment.cohort_id, Enrolment.state)
    ).all()
    counts = dict.fromkeys(cohort_ids, (0, 0))
    for cohort_id, state, count in rows:
        enrolled, completed = counts[cohort_id]
        counts[cohort_id] = enrolled + count, completed + (count if state is EnrolmentState.COMPLETED else 0)
    return counts


def roster(cohort_id: int) -> Select[Enrolment]:
    """Return the select of a cohort's enrolments with their people, by name; withdrawn ones are left out."""
    return (
        _members(cohort_id)
        .join(Enrolment.employee)
        .where(Enrolment.state != EnrolmentState.WITHDRAWN)
        .options(joinedload(Enrolment.employee))
        .order_by(Employee.sort_key, Employee.id)
    )


def may(session: Session, person: Person, action: Action, cohort_id: int, day: date) -> bool:
    """Whether the person may do an action on a cohort (to show or hide its button)."""
    wanted = narrow(select(Cohort.id).where(Cohort.id == cohort_id), Cohort, person, action, day)
    return session.scalar(wanted) is not None


def _members(cohort_id: int) -> Select[Enrolment]:
    return select(Enrolment).where(Enrolment.cohort_id == cohort_id)


def _locked(session: Session, cohort_id: int) -> Cohort:
    cohort = session.scalar(select(Cohort).where(Cohort.id == cohort_id).with_for_update())
    if cohort is None:
        raise NotFound
    return cohort


def _place(
    session: Session, cohort_id: int, employee_id: int, before: Enrolment | None, now: datetime
) -> Enrolment:
    if before is not None:
        before.state, before.enrolled_at = EnrolmentState.ENROLLED, now
        session.flush()
        settle(session, before, now=now)
        return before
    enrolment = Enrolment(
        cohort_id=cohort_id, employee_id=employee_id, state=EnrolmentState.ENROLLED, enrolled_at=now
    )
    session.add(enrolment)
    return enrolment
