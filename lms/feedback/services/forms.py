"""Installing the forms of a course version, and putting one to a cohort."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core.audit import Acting, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.feedback.models import Form, Wave
from lms.learning.models import Cohort, CohortState, CourseVersion


class _WithForms(Protocol):
    @property
    def forms(self) -> tuple[Mapping[str, Any], ...]: ...


def install_package(
    session: Session, version: CourseVersion, package: _WithForms, actor: Acting, now: datetime
) -> list[Form]:
    """Store the forms of a course package; those already there stay as they are."""
    there = set(session.scalars(select(Form.code).where(Form.course_version_id == version.id)))
    fresh = [_form(version, plan) for plan in package.forms if plan["code"] not in there]
    session.add_all(fresh)
    session.flush()
    if fresh:
        record(
            session,
            actor,
            "feedback:form:install",
            f"course_version:{version.id}",
            forms=[f.code for f in fresh],
        )
    return fresh


def _form(version: CourseVersion, plan: Mapping[str, Any]) -> Form:
    return Form(
        course_version_id=version.id,
        questions=list(plan["questions"]),
        anonymous=plan.get("anonymous", True),
        due_days=plan.get("due_days", 3),
        least_shown=plan.get("least_shown", 5),
        intro_zh=plan.get("intro_zh"),
        intro_en=plan.get("intro_en"),
        **{name: plan[name] for name in ("code", "version", "wave", "respondent", "title_zh", "title_en")},
    )


def forms_for(session: Session, cohort: Cohort) -> list[Form]:
    """Return the trainee forms of a cohort's course version."""
    return list(
        session.scalars(
            select(Form)
            .where(Form.course_version_id == cohort.course_version_id, Form.respondent == "trainee")
            .order_by(Form.wave, Form.code)
        )
    )


def open_wave(
    session: Session, actor: Acting, *, form: Form, cohort: Cohort, opens_on: date, due_on: date
) -> Wave:
    """Put a form to the people of a cohort.

    Raises:
        Refused: when the form is of another course, the cohort was called off, the days are turned
            round, or an earlier wave of the same form is still open on that day.
    """
    if form.course_version_id != cohort.course_version_id:
        raise Refused(N_("这张反馈表不属于该培训班的课程。"))
    if cohort.state is CohortState.CANCELLED:
        raise Refused(N_("培训班已取消。"))
    if due_on < opens_on:
        raise Refused(N_("截止日期不能早于开始日期。"))
    open_then = session.scalar(
        select(Wave.id).where(Wave.form_id == form.id, Wave.cohort_id == cohort.id, Wave.due_on >= opens_on)
    )
    if open_then is not None:
        raise Refused(N_("这张反馈表在该培训班已经开放。"))
    number = session.scalar(
        select(func.count()).select_from(Wave).where(Wave.form_id == form.id, Wave.cohort_id == cohort.id)
    )
    wave = Wave(
        form_id=form.id,
        cohort_id=cohort.id,
        number=(number or 0) + 1,
        opens_on=opens_on,
        due_on=due_on,
        anonymous=form.anonymous,
    )
    session.add(wave)
    session.flush()
    record(
        session, actor, "feedback:wave:open", f"feedback_wave:{wave.id}", cohort=cohort.number, form=form.code
    )
    return wave
