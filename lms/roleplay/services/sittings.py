"""Installing scenarios and rubrics, and scheduling sittings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.access.actions import Action
from lms.access.models import Account, Grant
from lms.access.policy import Role
from lms.access.services import Person
from lms.core.audit import Acting, record
from lms.core.clock import local_day
from lms.core.dated import valid_on
from lms.core.errors import Refused
from lms.core.i18n import N_, pick
from lms.core.todo import Todo
from lms.learning.models import Cohort, CohortState, CourseVersion, Enrolment, EnrolmentState
from lms.people.services import path_to, unit_on
from lms.roleplay.models import Rating, RatingState, Rubric, Scenario, Sitting, SittingScorer, SittingState


class _WithScenes(Protocol):
    @property
    def rubrics(self) -> tuple[Mapping[str, Any], ...]: ...
    @property
    def scenarios(self) -> tuple[Mapping[str, Any], ...]: ...


def install_package(
    session: Session, version: CourseVersion, package: _WithScenes, actor: Acting, now: datetime
) -> list[Scenario]:
    """Store rubrics and scenarios of a course package; those already there stay as they are."""
    rubrics = {
        rubric.code: rubric
        for rubric in session.scalars(select(Rubric).where(Rubric.course_version_id == version.id))
    }
    for plan in package.rubrics:
        if plan["code"] not in rubrics:
            rubrics[plan["code"]] = Rubric(
                course_version_id=version.id,
                content={name: list(plan.get(name, ())) for name in ("criteria", "gates", "bonus")},
                **{name: plan[name] for name in ("code", "version", "title_zh", "title_en")},
            )
    session.add_all(rubrics.values())
    session.flush()
    there = set(session.scalars(select(Scenario.code).where(Scenario.course_version_id == version.id)))
    fresh = [
        Scenario(
            course_version_id=version.id,
            rubric_id=rubrics[plan["rubric"]].id,
            card=dict(plan["card"]),
            hidden_card=dict(plan["hidden_card"]),
            background_en=plan.get("background_en"),
            **{name: plan[name] for name in ("code", "title_zh", "title_en", "minutes", "background_zh")},
        )
        for plan in package.scenarios
        if plan["code"] not in there
    ]
    session.add_all(fresh)
    session.flush()
    if fresh:
        codes = [scenario.code for scenario in fresh]
        record(session, actor, "roleplay:scenario:install", f"course_version:{version.id}", scenarios=codes)
    return fresh


def scenarios_for(session: Session, cohort: Cohort) -> list[Scenario]:
    """Return the scenarios of a cohort's course version."""
    return list(
        session.scalars(
            select(Scenario)
            .where(Scenario.course_version_id == cohort.course_version_id)
            .order_by(Scenario.code)
        )
    )


def schedule(
    session: Session,
    actor: Acting,
    *,
    enrolment: Enrolment,
    scenario: Scenario,
    scorer_ids: Collection[int],
    at: datetime,
) -> Sitting:
    """Schedule a sitting of a person in a cohort before scorers.

    Raises:
        Refused: without scorers, with the person or the person's own supervisor among them,
            for a scenario of another course, for somebody who has left the cohort or plays then already,
            or in a cohort that was called off.
    """
    if not scorer_ids:
        raise Refused(N_("请至少选择一位评分人。"))
    if enrolment.cohort.state is CohortState.CANCELLED:
        raise Refused(N_("培训班已取消。"))
    if enrolment.state is EnrolmentState.WITHDRAWN:
        raise Refused(N_("该学员已退出培训班。"))
    if enrolment.employee_id in scorer_ids:
        raise Refused(N_("学员不能给自己评分。"))
    if scenario.course_version_id != enrolment.cohort.course_version_id:
        raise Refused(N_("该情景不属于培训班的课程。"))
    if set(scorer_ids) & _own_supervisors(session, enrolment.employee_id, at):
        raise Refused(N_("学员的直接主管不参加演练评分。"))
    same = select(Sitting.id).where(
        Sitting.enrolment_id == enrolment.id,
        Sitting.scheduled_at == at,
        Sitting.state != SittingState.CANCELLED,
    )
    if session.scalar(same) is not None:
        raise Refused(N_("该学员在这个时间已经安排了演练。"))
    sitting = Sitting(
        cohort_id=enrolment.cohort_id,
        scenario_id=scenario.id,
        enrolment_id=enrolment.id,
        employee_id=enrolment.employee_id,
        scheduled_at=at,
        state=SittingState.SCHEDULED,
    )
    sitting.scorers = [SittingScorer(employee_id=scorer) for scorer in sorted(set(scorer_ids))]
    session.add(sitting)
    session.flush()
    record(session, actor, "roleplay:sitting:schedule", f"sitting:{sitting.id}", scenario=scenario.code)
    return sitting


def _own_supervisors(session: Session, employee_id: int, at: datetime) -> set[int]:
    """Return the supervisors of the unit a person is posted in, or of the nearest unit above with one."""
    day = local_day(at)
    unit = unit_on(session, employee_id, day)
    if unit is None:
        return set()
    path = [above.id for above in path_to(session, unit.id, day)]
    rows = session.execute(
        select(Grant.org_unit_id, Account.employee_id)
        .join(Account, Account.id == Grant.account_id)
        .where(Grant.role == Role.SUPERVISOR, Grant.org_unit_id.in_(path), valid_on(Grant, day))
    ).all()
    nearest = max((path.index(unit_id) for unit_id, _ in rows), default=None)
    return {
        supervisor
        for unit_id, supervisor in rows
        if supervisor is not None and path.index(unit_id) == nearest
    }


def sittings() -> Select[Sitting]:
    """Return the select of all sittings, newest first (narrow it to the reader)."""
    return (
        select(Sitting)
        .options(
            joinedload(Sitting.employee),
            joinedload(Sitting.scenario),
            joinedload(Sitting.cohort),
            selectinload(Sitting.scorers).joinedload(SittingScorer.employee),
        )
        .order_by(Sitting.scheduled_at.desc(), Sitting.id.desc())
    )


def sitting_page() -> Select[Sitting]:
    """Return the select of one sitting with everything its page shows."""
    return sittings().options(
        selectinload(Sitting.ratings).selectinload(Rating.scores),
        selectinload(Sitting.ratings).joinedload(Rating.scorer),
        joinedload(Sitting.scenario).joinedload(Scenario.rubric),
    )


def _held() -> ColumnElement[bool]:
    """Sittings of cohorts that were not called off."""
    return Sitting.cohort_id.in_(select(Cohort.id).where(Cohort.state != CohortState.CANCELLED))


def todo(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return the sittings a person has to score, and those to play."""
    if person.employee_id is None:
        return []
    todos = []
    if person.can(Action.SITTING_RATE):
        rated = select(Rating.sitting_id).where(
            Rating.scorer_id == person.employee_id, Rating.state == RatingState.SUBMITTED
        )
        waiting = session.scalars(
            sittings()
            .join(SittingScorer, SittingScorer.sitting_id == Sitting.id)
            .where(
                SittingScorer.employee_id == person.employee_id,
                Sitting.state == SittingState.SCHEDULED,
                Sitting.id.not_in(rated),
                _held(),
            )
            .limit(20)
        )
        todos += [
            Todo(
                N_("演练评分：%(name)s · %(scenario)s"),
                "roleplay.rate",
                {"sitting_id": sitting.id},
                {"name": sitting.employee.name, "scenario": pick(sitting.scenario, "title", person.language)},
                due=local_day(sitting.scheduled_at),
                kind="sitting",
            )
            for sitting in waiting
        ]
    if person.can(Action.SITTING_OWN):
        own = session.scalars(
            sittings()
            .where(
                Sitting.employee_id == person.employee_id,
                Sitting.state == SittingState.SCHEDULED,
                Sitting.scheduled_at > now,
                _held(),
            )
            .limit(20)
        )
        todos += [
            Todo(
                N_("准备演练：%(scenario)s"),
                "roleplay.sitting",
                {"sitting_id": sitting.id},
                {"scenario": pick(sitting.scenario, "title", person.language)},
                due=local_day(sitting.scheduled_at),
                kind="sitting",
            )
            for sitting in own
        ]
    return todos
