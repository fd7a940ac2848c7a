"""Finding issued documents: those within reach, and the one behind a verification code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from lms.access.actions import Action
from lms.access.services import Person, narrow
from lms.appraisal.models import Appraisal, Cycle, CycleState
from lms.core.clock import local_day
from lms.people.models import OrgUnit
from lms.reports import rules
from lms.reports.models import DocumentState, IssuedDocument

HASH_PREFIX = 16


@dataclass(frozen=True)
class Verified:
    """What anybody who holds a document may learn of it: nothing about the person or the result."""

    number: str
    issued_on: date
    period: str
    sha256_prefix: str
    valid: bool


def documents() -> Select[IssuedDocument]:
    """Return the select of issued documents, the newest first, with what a list shows."""
    return (
        select(IssuedDocument)
        .options(
            joinedload(IssuedDocument.employee),
            joinedload(IssuedDocument.org_unit),
            joinedload(IssuedDocument.stored_file),
            joinedload(IssuedDocument.appraisal).joinedload(Appraisal.cycle),
        )
        .order_by(IssuedDocument.id.desc())
    )


def verified(session: Session, code: str) -> Verified | None:
    """Return what is public about the document with a code (as printed or typed), None for an unknown one."""
    found = session.execute(
        select(IssuedDocument, Cycle.period)
        .join(Appraisal, Appraisal.id == IssuedDocument.appraisal_id)
        .join(Cycle, Cycle.id == Appraisal.cycle_id)
        .where(IssuedDocument.code == rules.typed_code(code))
    ).one_or_none()
    if found is None:
        return None
    document, period = found
    return Verified(
        number=document.number,
        issued_on=local_day(document.issued_at),
        period=period,
        sha256_prefix=document.sha256[:HASH_PREFIX],
        valid=document.state is DocumentState.VALID,
    )


def published_cycles(person: Person, day: date) -> Select[Cycle]:
    """Return the select of the published cycles in which a person may pack reports, the latest first."""
    mine = narrow(select(Appraisal.cycle_id), Appraisal, person, Action.REPORT_PACK, day)
    return (
        select(Cycle)
        .where(Cycle.state == CycleState.PUBLISHED, Cycle.id.in_(mine))
        .order_by(Cycle.period.desc(), Cycle.id.desc())
    )


def own_published(session: Session, employee_id: int | None) -> list[Appraisal]:
    """Return somebody's published appraisals, the latest first, with their cycles."""
    if employee_id is None:
        return []
    rows = session.scalars(
        select(Appraisal)
        .join(Cycle, Cycle.id == Appraisal.cycle_id)
        .where(Appraisal.employee_id == employee_id, Cycle.state == CycleState.PUBLISHED)
        .options(joinedload(Appraisal.cycle), joinedload(Appraisal.org_unit))
        .order_by(Cycle.period.desc(), Cycle.id.desc())
        .limit(20)
    )
    return list(rows)


def units() -> Select[OrgUnit]:
    """Return the select of the units, by code."""
    return select(OrgUnit).order_by(OrgUnit.code)
