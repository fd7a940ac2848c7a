"""Issuing a document: take a number, print it, keep it.

The three stand apart because printing takes long: nobody may wait for the write lock meanwhile. A web
request commits after `reserve`, prints in a reading transaction and keeps in a last, short one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.appraisal.models import Appraisal, AppraisalState, Cycle, CycleState
from lms.appraisal.services import results
from lms.core import files
from lms.core.audit import Acting, record
from lms.core.clock import local_day
from lms.core.db import upsert
from lms.core.errors import NotFound, Refused
from lms.core.files import StoredFile
from lms.core.i18n import LANGUAGES, N_
from lms.core.types import canonical_json
from lms.reports import rules
from lms.reports.document import Verification
from lms.reports.models import DocumentCounter, DocumentState, IssuedDocument
from lms.reports.services.mapping import bank_of, report_of, rubrics_of

PDF = "application/pdf"


@dataclass(frozen=True)
class Draft:
    """A document to be: which appraisal, in which language, and the number and code it will bear."""

    appraisal_id: int
    language: str
    number: str
    code: str


@dataclass(frozen=True)
class Printed:
    """A printed document whose content lies in the store of files, without a row yet."""

    draft: Draft
    fingerprint: str
    sha256: str
    size: int


def issuable() -> Select[Appraisal]:
    """Return the select of the appraisals of which documents are issued: the published ones."""
    return (
        select(Appraisal)
        .join(Cycle, Cycle.id == Appraisal.cycle_id)
        .where(Cycle.state == CycleState.PUBLISHED)
        .options(
            joinedload(Appraisal.employee),
            joinedload(Appraisal.org_unit),
            joinedload(Appraisal.cycle).joinedload(Cycle.scheme_version),
            selectinload(Appraisal.adjustments),
        )
    )


def fingerprint(appraisal: Appraisal) -> str:
    """Return a SHA-256 of the result: another result of the same appraisal has another one."""
    cycle = appraisal.cycle
    result = {
        "employee": appraisal.employee_id,
        "unit": appraisal.org_unit_id,
        "scheme": cycle.scheme_version.sha256,
        "inputs": cycle.inputs_sha256,
        "results": cycle.result_sha256,
        "state": appraisal.state.value,
        "total": _text(appraisal.final_total),
        "grade": appraisal.final_grade,
        "rank": appraisal.rank,
        "missing": appraisal.missing,
        "gates": appraisal.gates,
        "adjustments": [[row.id, _text(row.points)] for row in appraisal.adjustments],
    }
    return hashlib.sha256(canonical_json(result).encode()).hexdigest()


def check(appraisal: Appraisal) -> None:
    """Refuse what no document is issued of.

    Raises:
        Refused: when the appraisal is not published, or the person was on leave for the whole period.
    """
    if appraisal.cycle.state is not CycleState.PUBLISHED:
        raise Refused(N_("考核结果尚未公布，不能出具报告。"))
    if appraisal.state is AppraisalState.ON_LEAVE:
        raise Refused(N_("整个考核期休假，本期不评分，不出具报告。"))
    if appraisal.state is AppraisalState.PENDING:
        raise Refused(N_("该考核尚未计算，不能出具报告。"))


def standing(session: Session, appraisals: Sequence[Appraisal], language: str) -> dict[int, IssuedDocument]:
    """Return the documents that tell the present result, by appraisal id, in a query a thousand."""
    present = {appraisal.id: fingerprint(appraisal) for appraisal in appraisals}
    ids, found = list(present), {}
    for at in range(0, len(ids), 1000):
        rows = session.scalars(
            select(IssuedDocument).where(
                IssuedDocument.appraisal_id.in_(ids[at : at + 1000]), IssuedDocument.language == language
            )
        )
        found.update({one.appraisal_id: one for one in rows if one.fingerprint == present[one.appraisal_id]})
    return found


def numbers(session: Session, how_many: int, *, now: datetime) -> list[str]:
    """Take numbers of this year out of the counter; concurrent takers wait for one another."""
    if not how_many:
        return []
    year = local_day(now).year
    upsert(session, DocumentCounter, [{"year": year}], ["year"])
    counter = session.scalars(select(DocumentCounter).filter_by(year=year).with_for_update()).one()
    first = counter.last + 1
    counter.last += how_many
    session.flush()
    return [rules.document_number(year, first + at) for at in range(how_many)]


def new_code() -> str:
    """Return a verification code of 80 random bits."""
    return rules.written_code("".join(secrets.choice(rules.CODE_ALPHABET) for _ in range(rules.CODE_LENGTH)))


def reserve(session: Session, appraisal_id: int, language: str, *, now: datetime) -> IssuedDocument | Draft:
    """Return the document that tells the present result, or a draft with a number of its own.

    Raises:
        Refused: when no document is issued of this appraisal, or not in this language.
    """
    if language not in LANGUAGES:
        raise Refused(N_("报告只有中文和英文两种。"))
    appraisal = results.whole(session, appraisal_id)
    check(appraisal)
    found = standing(session, [appraisal], language).get(appraisal_id)
    if found is not None and found.state is DocumentState.VALID:
        return found
    return Draft(appraisal_id, language, numbers(session, 1, now=now)[0], new_code())


def prepare(session: Session, draft: Draft, *, address: str, now: datetime) -> Printed:
    """Print a draft and put the file down; only reads the database. `address` is that of the house.

    Raises:
        Refused: when no document is issued of this appraisal.
    """
    from lms.reports.pdf import render_appraisal  # WeasyPrint is slow to import: only who prints waits

    appraisal = results.whole(session, draft.appraisal_id)
    check(appraisal)
    data = results.report_data(session, draft.appraisal_id, draft.language)
    report = report_of(
        data,
        bank_of(session, draft.language),
        rubrics_of(session, data.sat, draft.language),
        number=draft.number,
        verification=Verification(rules.verification_address(address, draft.code), draft.code),
        issued_at=now,
    )
    sha256, size = files.keep(render_appraisal(report))
    return Printed(draft, fingerprint(appraisal), sha256, size)


def keep(session: Session, actor: Acting, printed: Printed, *, now: datetime) -> IssuedDocument:
    """Issue what was printed; earlier documents of the appraisal in this language are superseded.

    Somebody else may have issued the same meanwhile: then that document is returned.

    Raises:
        Refused: when the result has changed since it was printed.
    """
    draft = printed.draft
    session.get_one(Appraisal, draft.appraisal_id, with_for_update=True, populate_existing=True)
    appraisal = results.whole(session, draft.appraisal_id)
    if fingerprint(appraisal) != printed.fingerprint:
        raise Refused(N_("打印期间考核结果有变化，请重新出具报告。"))
    issued = session.scalars(
        select(IssuedDocument).where(
            IssuedDocument.appraisal_id == appraisal.id, IssuedDocument.language == draft.language
        )
    ).all()
    same = next((one for one in issued if one.fingerprint == printed.fingerprint), None)
    for one in issued:
        one.state = DocumentState.VALID if one is same else DocumentState.SUPERSEDED
    if same is not None:
        return same
    version, who = appraisal.cycle.scheme_version, actor.actor
    stored = StoredFile(
        sha256=printed.sha256,
        name=rules.file_name(draft.number, appraisal.employee.number, appraisal.employee.name) + ".pdf",
        media_type=PDF,
        size=printed.size,
        stored_at=now,
    )
    document = IssuedDocument(
        number=draft.number,
        code=draft.code,
        appraisal_id=appraisal.id,
        employee_id=appraisal.employee_id,
        org_unit_id=appraisal.org_unit_id,
        language=draft.language,
        state=DocumentState.VALID,
        scheme_version=version.number,
        scheme_sha256=version.sha256,
        fingerprint=printed.fingerprint,
        sha256=printed.sha256,
        stored_file=stored,
        issued_at=now,
        issued_by=who.account_id,
        issued_by_name=who.label,
    )
    session.add(document)
    session.flush()
    record(
        session,
        actor,
        "reports:document:issue",
        f"issued_document:{document.id}",
        number=document.number,
        appraisal=appraisal.id,
        language=draft.language,
    )
    return document


def issue(
    session: Session, actor: Acting, appraisal_id: int, language: str, *, address: str, now: datetime
) -> IssuedDocument:
    """Issue a document in one go, for commands where nobody waits for the write lock.

    Raises:
        NotFound: when there is no such appraisal.
        Refused: when no document is issued of it.
    """
    if session.get(Appraisal, appraisal_id) is None:
        raise NotFound
    reserved = reserve(session, appraisal_id, language, now=now)
    if isinstance(reserved, IssuedDocument):
        return reserved
    return keep(session, actor, prepare(session, reserved, address=address, now=now), now=now)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
