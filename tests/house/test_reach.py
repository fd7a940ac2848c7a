"""Whose rows are whose: the clauses of every model's `__scope__` against a plain reading of the rows.

The matrix asks `narrow` which rows are in somebody's scope; here that answer itself is checked, row by
row, by code that shares nothing with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.actions import Action
from lms.access.models import Account, Grant
from lms.access.policy import POLICY, Scope
from lms.access.services import narrow
from lms.core.db import Model
from lms.core.reach import Reach
from lms.learning.models import Cohort, CohortTrainer, Enrolment, EnrolmentState
from lms.people.models import OrgPlacement, Posting
from lms.roleplay.models import SittingScorer
from tests.bank import Cast

CAST = (
    "trainee",
    "trainer",
    "trainer2",
    "supervisor",
    "head",
    "hr",
    "compliance",
    "admin",
    "security",
    "audit",
)
UNDECIDED = {"target"}
"""Models that no route reaches by itself."""


class Plain:
    """The rows that rights hang on, read once and walked in Python."""

    def __init__(self, session: Session, day: date) -> None:
        self.day = day
        self.parents = {
            one.org_unit_id: one.parent_id for one in session.scalars(select(OrgPlacement)) if self._on(one)
        }
        self.posted: dict[int, set[int]] = {}
        for one in session.scalars(select(Posting)):
            if self._on(one):
                self.posted.setdefault(one.employee_id, set()).add(one.org_unit_id)
        self.trainers: dict[int, set[int]] = {}
        for trainer in session.scalars(select(CohortTrainer)):
            self.trainers.setdefault(trainer.cohort_id, set()).add(trainer.employee_id)
        self.cohorts = {one.id: one for one in session.scalars(select(Cohort))}
        self.enrolments = {one.id: one for one in session.scalars(select(Enrolment))}
        self.scorers: dict[int, set[int]] = {}
        for scorer in session.scalars(select(SittingScorer)):
            self.scorers.setdefault(scorer.sitting_id, set()).add(scorer.employee_id)

    def _on(self, row: Any) -> bool:
        return bool(row.valid_from <= self.day and (row.valid_to is None or self.day < row.valid_to))

    def above(self, unit: int) -> set[int]:
        """A unit and every unit it hangs under."""
        path = {unit}
        while (parent := self.parents.get(unit)) is not None:
            path.add(parent)
            unit = parent
        return path

    def learners(self, cohort: int, *, withdrawn: bool = False) -> set[int]:
        return {
            one.employee_id
            for one in self.enrolments.values()
            if one.cohort_id == cohort and (withdrawn or one.state is not EnrolmentState.WITHDRAWN)
        }

    def of_version(self, version: int, people: Callable[[int], set[int]]) -> set[int]:
        cohorts = [one.id for one in self.cohorts.values() if one.course_version_id == version]
        return set().union(*(people(cohort) for cohort in cohorts)) if cohorts else set()

    def trained(self, cohort: int) -> set[int]:
        return self.trainers.get(cohort, set())

    def units(self, employee: int) -> set[int]:
        return self.posted.get(employee, set())


Sides = tuple[set[int], set[int], set[int]]
"""The employees a row belongs to, those it is assigned to, and the units it stands in."""


def of_person(plain: Plain, row: Any) -> Sides:
    return {row.employee_id}, set(), plain.units(row.employee_id)


def of_unit(_plain: Plain, row: Any) -> Sides:
    return set(), set(), {row.org_unit_id}


def of_person_and_unit(_plain: Plain, row: Any) -> Sides:
    return {row.employee_id}, set(), {row.org_unit_id}


def of_own_person(_plain: Plain, row: Any) -> Sides:
    return ({row.employee_id} if row.employee_id else set()), set(), set()


def of_subject(plain: Plain, row: Any) -> Sides:
    return (of_person if row.employee_id else of_unit)(plain, row)


def of_lesson(plain: Plain, row: Any) -> Sides:
    version = row.course_version_id
    return plain.of_version(version, plain.learners), plain.of_version(version, plain.trained), set()


def of_quiz(plain: Plain, row: Any) -> Sides:
    version = row.course_version_id
    learners = plain.of_version(version, lambda cohort: plain.learners(cohort, withdrawn=True))
    units = {one.org_unit_id for one in plain.cohorts.values() if one.course_version_id == version}
    return learners, plain.of_version(version, plain.trained), units


def of_enrolment(plain: Plain, row: Any) -> Sides:
    own_unit = plain.cohorts[row.cohort_id].org_unit_id
    return {row.employee_id}, plain.trained(row.cohort_id), plain.units(row.employee_id) | {own_unit}


def of_attempt(plain: Plain, row: Any) -> Sides:
    cohort = plain.enrolments[row.enrolment_id].cohort_id
    return {row.employee_id}, plain.trained(cohort), plain.units(row.employee_id)


def of_sitting(plain: Plain, row: Any) -> Sides:
    judges = plain.scorers.get(row.id, set()) | plain.trained(row.cohort_id)
    return {row.employee_id}, judges, plain.units(row.employee_id)


EXPECTED: dict[str, Callable[[Plain, Any], Sides]] = {
    "org_unit": lambda _plain, row: (set(), set(), {row.id}),
    "employee": lambda plain, row: ({row.id}, set(), plain.units(row.id)),
    "posting": of_person_and_unit,
    "leave": of_person,
    "account": of_own_person,
    "proposal": of_unit,
    "target_excess": of_unit,
    "lesson": of_lesson,
    "course_medium": of_lesson,
    "cohort": lambda plain, row: (plain.learners(row.id), plain.trained(row.id), {row.org_unit_id}),
    "cohort_trainer": lambda plain, row: ({row.employee_id}, plain.trained(row.cohort_id), set()),
    "enrolment": of_enrolment,
    "attempt": of_attempt,
    "sitting": of_sitting,
    "feedback_wave": lambda plain, row: (plain.learners(row.cohort_id), plain.trained(row.cohort_id), set()),
    "scheme": of_unit,
    "scheme_parameter": of_unit,
    "cycle": of_unit,
    "appraisal": of_person_and_unit,
    "issued_document": of_person_and_unit,
    "unit_zip": of_unit,
    "typed_value": of_subject,
    "target_answer": of_own_person,
}


QUIZZES = {"quiz", "question"}


def scoped() -> dict[str, type[Model]]:
    """The models whose rows are told apart by somebody's rights."""
    return {
        mapper.class_.__tablename__: mapper.class_
        for mapper in Model.registry.mappers
        if isinstance(reach := getattr(mapper.class_, "__scope__", None), Reach) and not reach.everyone
    }


def expected(table: str) -> Callable[[Plain, Any], Sides] | None:
    if table in EXPECTED:
        return EXPECTED[table]
    return of_quiz if table in QUIZZES else None


def test_every_scoped_model_is_looked_at() -> None:
    unknown = {table for table in scoped() if expected(table) is None} - UNDECIDED
    assert not unknown, f"say in EXPECTED whose rows these are: {sorted(unknown)}"


@pytest.mark.requirement("7.06")
def test_rows_reached_are_the_rows_a_plain_reading_gives(whole_bank: Cast) -> None:
    session, day = whole_bank.session, whole_bank.today
    plain, compared, reached = Plain(session, day), 0, 0
    grants = session.scalars(select(Grant)).all()
    for table, model in scoped().items():
        says = expected(table)
        if says is None:
            continue
        rows = session.scalars(select(model)).all()
        for username in CAST:
            account = session.scalars(select(Account).where(Account.username == username)).one()
            person = whole_bank.person(username)
            mine = [one for one in grants if one.account_id == account.id and plain._on(one)]
            for action in one_action_a_scope(mine):
                got = set(session.scalars(narrow(select(model.id), model, person, action, day)))
                wanted = {row.id for row in rows if reaches(plain, says(plain, row), mine, account, action)}
                assert got == wanted, (table, username, action, sorted(got ^ wanted)[:5])
                compared, reached = compared + 1, reached + len(got)
    assert compared > 200
    assert reached > 1000


def one_action_a_scope(grants: list[Grant]) -> list[Action]:
    """One action for each combination of scopes that somebody's roles give."""
    found: dict[tuple[Scope, ...], Action] = {}
    for action in POLICY:
        scopes = tuple(POLICY[action].get(grant.role, Scope.NONE) for grant in grants)
        found.setdefault(scopes, action)
    return list(found.values())


def reaches(plain: Plain, sides: Sides, grants: list[Grant], account: Account, action: Action) -> bool:
    own, assigned, units = sides
    for grant in grants:
        scope = POLICY[action].get(grant.role, Scope.NONE)
        if scope is Scope.ALL:
            return True
        if scope >= Scope.OWN and account.employee_id in own:
            return True
        if scope >= Scope.ASSIGNED and account.employee_id in assigned:
            return True
        if scope is Scope.UNIT and grant.org_unit_id in units:
            return True
        if scope is Scope.SUBTREE and any(grant.org_unit_id in plain.above(unit) for unit in units):
            return True
    return False
