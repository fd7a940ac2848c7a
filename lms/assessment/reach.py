"""Who reaches attempts and papers: who sat them, who trains the cohort, who answers for the unit."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from lms.learning.models import Cohort, CohortTrainer, Enrolment
from lms.people.reach import posted


def of_trained(model: Any, employee_id: int) -> ColumnElement[bool]:
    """Rows of an enrolment (`enrolment_id`) in a cohort which the person trains."""
    enrolled = (
        select(Enrolment.id)
        .join(CohortTrainer, CohortTrainer.cohort_id == Enrolment.cohort_id)
        .where(CohortTrainer.employee_id == employee_id)
    )
    clause: ColumnElement[bool] = model.enrolment_id.in_(enrolled)
    return clause


def of_posted(model: Any, units: Select[int], day: date) -> ColumnElement[bool]:
    """Rows of people posted in the units on the day."""
    return posted("employee_id")(model, units, day)


def learnt(model: Any, employee_id: int) -> ColumnElement[bool]:
    """Quizzes of the course versions which the person is enrolled to learn."""
    return _of_versions(model, select(Enrolment.cohort_id).where(Enrolment.employee_id == employee_id))


def taught(model: Any, employee_id: int) -> ColumnElement[bool]:
    """Quizzes of the course versions which the person trains."""
    return _of_versions(
        model, select(CohortTrainer.cohort_id).where(CohortTrainer.employee_id == employee_id)
    )


def offered(model: Any, units: Select[int], _day: date) -> ColumnElement[bool]:
    """Quizzes of the course versions which cohorts of the units learn."""
    return _of_versions(model, select(Cohort.id).where(Cohort.org_unit_id.in_(units)))


def _of_versions(model: Any, cohorts: Select[int]) -> ColumnElement[bool]:
    versions = select(Cohort.course_version_id).where(Cohort.id.in_(cohorts))
    clause: ColumnElement[bool] = model.course_version_id.in_(versions)
    return clause
