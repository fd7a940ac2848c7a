"""The archive of a unit: a document for each person, and an index that also names those without one."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from lms.access.services import Person
from lms.appraisal.models import Appraisal, Cycle, CycleState
from lms.core import files, jobs
from lms.core.audit import Acting, record
from lms.core.clock import local_day
from lms.core.db import upsert
from lms.core.errors import Refused
from lms.core.files import StoredFile
from lms.core.i18n import LANGUAGES, N_, pick
from lms.people.models import OrgUnit
from lms.people.services import subtree
from lms.reports import rules
from lms.reports.document import Language
from lms.reports.models import DocumentState, IssuedDocument, UnitZip, ZipEntry
from lms.reports.services import issuing
from lms.reports.words import translations

KIND = "reports.unit_zip"
ZIP = "application/zip"
INDEX = (
    N_("机构编号"),
    N_("机构"),
    N_("工号"),
    N_("姓名"),
    N_("文件编号"),
    N_("文件"),
    N_("SHA-256"),
    N_("未出具原因"),
)


@dataclass(frozen=True)
class Failed:
    """Why a person has no document, as a message id."""

    reason: str


def zips() -> Select[UnitZip]:
    """Return the select of archives, the newest first, with what a list shows."""
    return (
        select(UnitZip)
        .options(joinedload(UnitZip.cycle), joinedload(UnitZip.org_unit), joinedload(UnitZip.stored_file))
        .order_by(UnitZip.id.desc())
    )


def start(
    session: Session,
    actor: Person,
    cycle: Cycle,
    unit: OrgUnit,
    language: str,
    *,
    address: str,
    now: datetime,
) -> UnitZip:
    """Have the documents of a unit and all below it issued and packed by the worker.

    Raises:
        Refused: when the cycle is not published or has nobody there, or the language is unknown.
    """
    if language not in LANGUAGES:
        raise Refused(N_("报告只有中文和英文两种。"))
    if cycle.state is not CycleState.PUBLISHED:
        raise Refused(N_("考核结果尚未公布，不能出具报告。"))
    asked = UnitZip(
        cycle_id=cycle.id,
        org_unit_id=unit.id,
        language=language,
        address=address,
        asked_at=now,
        asked_by_name=actor.name,
    )
    if session.scalar(_members(asked).with_only_columns(Appraisal.id).limit(1)) is None:
        raise Refused(N_("该机构在这个考核期没有被考核人员。"))
    session.add(asked)
    session.flush()
    job = jobs.enqueue(session, KIND, {"zip_id": asked.id}, actor, now=now, label=N_("打包机构考核报告"))
    asked.job_id = job.id
    session.flush()
    record(
        session,
        actor,
        "reports:zip:make",
        f"unit_zip:{asked.id}",
        cycle=cycle.code,
        unit=unit.code,
        language=language,
    )
    return asked


def plan(session: Session, asked: UnitZip, *, now: datetime) -> list[str]:
    """Return the steps: "<appraisal id>:<number>" for each person, then the packing.

    The number is taken here for those who have no standing document, and recorded with the plan, so that
    a step that runs again prints the same number.
    """
    people = session.scalars(_members(asked)).unique().all()
    has = issuing.standing(session, people, asked.language)
    needy = [one.id for one in people if one.id not in has]
    given = dict(zip(needy, issuing.numbers(session, len(needy), now=now), strict=True))
    return [*(f"{one.id}:{given.get(one.id, '')}" for one in people), "pack"]


def printed(session: Session, asked: UnitZip, key: str, *, now: datetime) -> issuing.Printed | Failed | None:
    """Print the document of one step; None when a standing one is there already. Only reads.

    A person of whom no document can be issued does not stop the others: the reason is kept instead.
    """
    number, appraisal_id = _step(key)
    appraisal = session.scalars(issuing.issuable().where(Appraisal.id == appraisal_id)).unique().one()
    if _standing(session, appraisal, asked.language) is not None:
        return None
    try:
        issuing.check(appraisal)
        if not number:
            return Failed(N_("打印期间考核结果有变化，请重新出具报告。"))
        draft = issuing.Draft(appraisal_id, asked.language, number, issuing.new_code())
        return issuing.prepare(session, draft, address=asked.address, now=now)
    except Refused as refusal:
        return Failed(refusal.message)


def enter(
    session: Session,
    actor: Acting,
    asked: UnitZip,
    key: str,
    done: issuing.Printed | Failed | None,
    *,
    now: datetime,
) -> None:
    """Keep what a step printed and enter the person into the archive, once."""
    _number, appraisal_id = _step(key)
    document: IssuedDocument | None = None
    reason = done.reason if isinstance(done, Failed) else ""
    if isinstance(done, issuing.Printed):
        try:
            document = issuing.keep(session, actor, done, now=now)
        except Refused as refusal:
            reason = refusal.message
    elif done is None:
        appraisal = session.scalars(issuing.issuable().where(Appraisal.id == appraisal_id)).unique().one()
        document = _standing(session, appraisal, asked.language)
        reason = "" if document else N_("打印期间考核结果有变化，请重新出具报告。")
    upsert(
        session,
        ZipEntry,
        [
            {
                "zip_id": asked.id,
                "appraisal_id": appraisal_id,
                "document_id": document.id if document else None,
                "reason": reason,
            }
        ],
        ["zip_id", "appraisal_id"],
    )


def packed(session: Session, asked: UnitZip) -> tuple[str, int]:
    """Write the archive into the store of files; return its SHA-256 and size. Only reads the database.

    A folder for each unit, in it a file for each person, and `index.csv` with everybody.
    """
    say = translations(Language(asked.language)).gettext
    rows = [[say(title) for title in INDEX]]
    with tempfile.TemporaryFile() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry in entries(session, asked.id):
                appraisal, document = entry.appraisal, entry.document
                unit, person = appraisal.org_unit, appraisal.employee
                name = ""
                if document is not None:
                    folder = rules.file_name(unit.code, pick(unit, "name", asked.language))
                    name = f"{folder}/{rules.file_name(person.number, person.name)}.pdf"
                    archive.writestr(name, files.read(document.stored_file))
                rows.append(
                    [
                        unit.code,
                        pick(unit, "name", asked.language),
                        person.number,
                        person.name,
                        document.number if document else "",
                        name,
                        document.sha256 if document else "",
                        say(entry.reason) if entry.reason else "",
                    ]
                )
            archive.writestr("index.csv", _csv(rows))
        target.seek(0)
        return files.keep(target)


def pack(session: Session, asked: UnitZip, kept: tuple[str, int], *, now: datetime) -> None:
    """Give the archive its file."""
    sha256, size = kept
    name = rules.file_name(asked.cycle.code, asked.org_unit.code, asked.language) + ".zip"
    asked.stored_file = StoredFile(sha256=sha256, name=name, media_type=ZIP, size=size, stored_at=now)
    session.flush()


def entries(session: Session, zip_id: int) -> Sequence[ZipEntry]:
    """Return the people of an archive by unit and number, with everything an index says."""
    return session.scalars(
        select(ZipEntry)
        .where(ZipEntry.zip_id == zip_id)
        .options(
            joinedload(ZipEntry.appraisal).joinedload(Appraisal.org_unit),
            joinedload(ZipEntry.appraisal).joinedload(Appraisal.employee),
            joinedload(ZipEntry.document).joinedload(IssuedDocument.stored_file),
        )
        .order_by(ZipEntry.appraisal_id)
    ).all()


def failures(session: Session, zip_id: int) -> list[ZipEntry]:
    """Return the people of an archive without a document."""
    return [entry for entry in entries(session, zip_id) if entry.document_id is None]


def _members(asked: UnitZip) -> Select[Appraisal]:
    """The select of the archive's appraisals; the tree is that of the day on which it was asked for."""
    below = subtree(asked.org_unit_id, local_day(asked.asked_at))
    return (
        issuing.issuable()
        .where(Appraisal.cycle_id == asked.cycle_id, Appraisal.org_unit_id.in_(below))
        .order_by(Appraisal.id)
    )


def _standing(session: Session, appraisal: Appraisal, language: str) -> IssuedDocument | None:
    found = issuing.standing(session, [appraisal], language).get(appraisal.id)
    return found if found is not None and found.state is DocumentState.VALID else None


def _step(key: str) -> tuple[str, int]:
    appraisal_id, _colon, number = key.partition(":")
    return number, int(appraisal_id)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV file that spreadsheets open as UTF-8 and take no formula from."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows([rules.plain_cell(cell) for cell in row] for row in rows)
    return target.getvalue().encode("utf-8-sig")
