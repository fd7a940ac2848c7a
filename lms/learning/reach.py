"""Who reaches cohorts, enrolments and lessons: those who learn in them, teach them, or answer for it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from lms.people.reach import posted


def joined(model: Any, employee_id: int) -> ColumnElement[bool]:
    """Cohorts in which the person is enrolled."""
    clause: ColumnElement[bool] = model.id.in_(_joined(employee_id))
    return clause


def trained(model: Any, employee_id: int) -> ColumnElement[bool]:
    """Cohorts which the person trains."""
    clause: ColumnElement[bool] = model.id.in_(_trained(employee_id))
    return clause


def in_trained(model: Any, employee_id: int) -> ColumnElement[bool]:
    """Rows of a cohort (`cohort_id`) which the person trains."""
    clause: ColumnElement[bool] = model.cohort_id.in_(_trained(employee_id))
    return clause


def organised_or_posted(model: Any, units: Select[int], day: date) -> ColumnElement[bool]:
    """Enrolments in cohorts of the units, and those of people posted in the units."""
    from lms.learning.models import Cohort

    organised = select(Cohort.id).where(Cohort.org_unit_id.in_(units))
    return or_(model.cohort_id.in_(organised), posted("employee_id")(model, units, day))


def lessons_joined(model: Any, employee_id: int) -> ColumnElement[bool]:
    """Lessons of the course versions which the person is enrolled to learn."""
    clause: ColumnElement[bool] = model.course_version_id.in_(_versions(_joined(employee_id)))
    return clause


def lessons_trained(model: Any, employee_id: int) -> ColumnElement[bool]:
    """Lessons of the course versions which the person trains."""
    clause: ColumnElement[bool] = model.course_version_id.in_(_versions(_trained(employee_id)))
    return clause


def _joined(employee_id: int) -> Select[int]:
    from lms.learning.models import Enrolment, EnrolmentState

    return select(Enrolment.cohort_id).where(
        Enrolment.employee_id == employee_id, Enrolment.state != EnrolmentState.WITHDRAWN
    )


def _trained(employee_id: int) -> Select[int]:
    from lms.learning.models import CohortTrainer

    return select(CohortTrainer.cohort_id).where(CohortTrainer.employee_id == employee_id)


def _versions(cohorts: Select[int]) -> Select[int]:
    from lms.learning.models import Cohort

    return select(Cohort.course_version_id).where(Cohort.id.in_(cohorts))
