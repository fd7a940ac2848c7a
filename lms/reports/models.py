"""Documents as they were issued, the numbers they bear, and the archives of a unit's documents."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.appraisal.models import Appraisal, Cycle
from lms.core.db import Model
from lms.core.files import StoredFile
from lms.core.reach import Reach, column
from lms.core.types import EnumText, UtcDateTime
from lms.people.models import Employee, OrgUnit


class DocumentState(StrEnum):
    """A document stands until one with another result of the same appraisal is issued."""

    VALID = "valid"
    SUPERSEDED = "superseded"


class DocumentCounter(Model):
    """The last number given out in a year. A number that no document came to bear stays unused."""

    __tablename__ = "document_counter"

    year: Mapped[int] = mapped_column(unique=True)
    last: Mapped[int] = mapped_column(default=0)


class IssuedDocument(Model):
    """A printed appraisal, stored as issued; `fingerprint` stands for the result it was printed from."""

    __tablename__ = "issued_document"
    __table_args__ = (
        UniqueConstraint("appraisal_id", "language", "fingerprint"),
        Index("ix_issued_document_unit", "org_unit_id", "id"),
        Index("ix_issued_document_employee", "employee_id", "id"),
    )
    __scope__ = Reach(own=column("employee_id"), unit=column("org_unit_id"))

    number: Mapped[str] = mapped_column(String(20), unique=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    appraisal_id: Mapped[int] = mapped_column(ForeignKey("appraisal.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[DocumentState] = mapped_column(EnumText(DocumentState))
    scheme_version: Mapped[int]
    scheme_sha256: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    issued_by_name: Mapped[str] = mapped_column(String(120))

    appraisal: Mapped[Appraisal] = relationship()
    employee: Mapped[Employee] = relationship()
    org_unit: Mapped[OrgUnit] = relationship()
    stored_file: Mapped[StoredFile] = relationship()


class UnitZip(Model):
    """An archive of the documents of a unit and all below it in one cycle; `address` leads to this house."""

    __tablename__ = "unit_zip"
    __scope__ = Reach(unit=column("org_unit_id"))

    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    address: Mapped[str] = mapped_column(String(500))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    stored_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by_name: Mapped[str] = mapped_column(String(120))

    cycle: Mapped[Cycle] = relationship()
    org_unit: Mapped[OrgUnit] = relationship()
    stored_file: Mapped[StoredFile | None] = relationship()


class ZipEntry(Model):
    """One person of an archive: the document, or a message id saying why there is none."""

    __tablename__ = "zip_entry"
    __table_args__ = (UniqueConstraint("zip_id", "appraisal_id"),)

    zip_id: Mapped[int] = mapped_column(ForeignKey("unit_zip.id"))
    appraisal_id: Mapped[int] = mapped_column(ForeignKey("appraisal.id"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("issued_document.id"))
    reason: Mapped[str] = mapped_column(String(200), default="")

    appraisal: Mapped[Appraisal] = relationship()
    document: Mapped[IssuedDocument | None] = relationship()
