"""What figures ask of a person: answer the own targets, look at what others question."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.access.actions import Action
from lms.access.services import Person, narrow
from lms.core.clock import local_day
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.todo import Todo
from lms.indicators.models import ImportBatch, Target, TargetAnswer
from lms.indicators.rules.cascade import answer_due
from lms.indicators.rules.kinds import Answer
from lms.indicators.services.cascade import target_periods
from lms.indicators.services.targets import standing_targets


def todo(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return the targets of running and coming periods that wait for an answer or for another word."""
    today = local_day(now)
    lines: list[Todo] = []
    if person.employee_id is not None and person.can(Action.TARGET_ANSWER):
        for code in target_periods(session, person.employee_id):
            if Period.parse(code).after <= today:
                continue
            count, first = session.execute(
                select(func.count(Target.id), func.min(ImportBatch.committed_at))
                .join(ImportBatch, ImportBatch.id == Target.batch_id)
                .outerjoin(TargetAnswer, TargetAnswer.target_id == Target.id)
                .where(
                    Target.subject_kind == "employee",
                    Target.subject_id == person.employee_id,
                    Target.id.in_(standing_targets(code)),
                    TargetAnswer.id.is_(None),
                )
            ).one()
            if count:
                lines.append(
                    Todo(
                        N_("确认 %(period)s 的 %(n)s 项目标"),
                        "indicators.mine",
                        {"period": code},
                        {"period": Period.parse(code).label(person.language), "n": count},
                        answer_due(local_day(first)) if first else None,
                        "target",
                    )
                )
    if person.can(Action.TARGET_SET):
        lines += _questioned(session, person, now)
    return lines


def _questioned(session: Session, person: Person, now: datetime) -> list[Todo]:
    today = local_day(now)
    asked = (
        select(Target.period)
        .join(TargetAnswer, TargetAnswer.target_id == Target.id)
        .where(TargetAnswer.answer == Answer.QUESTIONED)
        .distinct()
    )
    lines = []
    for code in sorted(session.scalars(narrow(asked, Target, person, Action.TARGET_SET, today))):
        if Period.parse(code).after <= today:
            continue
        counted = (
            select(func.count(Target.id))
            .join(TargetAnswer, TargetAnswer.target_id == Target.id)
            .where(TargetAnswer.answer == Answer.QUESTIONED, Target.id.in_(standing_targets(code)))
        )
        count = session.scalar(narrow(counted, Target, person, Action.TARGET_SET, today))
        if count:
            lines.append(
                Todo(
                    N_("%(period)s 有 %(n)s 项目标被提出疑问"),
                    "indicators.answers",
                    {"period": code, "answer": Answer.QUESTIONED.value},
                    {"period": Period.parse(code).label(person.language), "n": count},
                    None,
                    "target",
                )
            )
    return lines
