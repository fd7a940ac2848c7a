"""Schemes as files, YAML or workbook: what a version says goes out, and comes in as a draft."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import scoring
from lms.appraisal.evidence import known_measures
from lms.appraisal.models import Scheme, SchemeVersion
from lms.appraisal.rules.groupings import GROUPINGS
from lms.appraisal.services.schemes import design_parsed, latest_version, revise_parsed, version_of
from lms.core.audit import Acting, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.scoring import schemefile, workbook, yamltext

WORKBOOK = ".xlsx"
"""How the names of workbooks end."""


def measure_codes(session: Session) -> list[str]:
    """Return the codes of all measures that a scheme may ask for."""
    return list(known_measures(session))


LARGEST = max(yamltext.LARGEST, workbook.LARGEST)
"""No file of either kind is longer."""


def read_file(session: Session, content: bytes | str) -> scoring.Scheme:
    """Return the scheme that a file describes.

    Raises:
        scoring.InvalidScheme: with every problem, its place and line or cell; a measure that no data feeds
            is one.
    """
    return read_content(content, measures=measure_codes(session))


def read_content(
    content: bytes | str, *, measures: Collection[str] | None = None, name: str = ""
) -> scoring.Scheme:
    """Return the scheme of a workbook or a YAML file; which of them it is its first bytes or `name` say.

    With `measures`, those that exist, peers too are grouped only as a cycle can group them.

    Raises:
        scoring.InvalidScheme: with every problem, its place and line or cell.
    """
    groupings = None if measures is None else GROUPINGS
    if isinstance(content, bytes) and (workbook.is_workbook(content) or name.lower().endswith(WORKBOOK)):
        return workbook.read(content, measures=measures, groupings=groupings)
    return schemefile.read(content, measures=measures, groupings=groupings)


def parsed_version(session: Session, scheme_id: int, number: int | None = None) -> scoring.Scheme:
    """Return what a version of a scheme says, the newest when no number is given.

    Raises:
        NotFound: when there is no such version.
    """
    version = version_of(session, scheme_id, number) if number else latest_version(session, scheme_id)
    return scoring.parse(version.document)


def file_of(version: SchemeVersion) -> str:
    """Return a version as a scheme file."""
    return schemefile.write(scoring.parse(version.document))


def workbook_of(version: SchemeVersion, language: str) -> bytes:
    """Return a version as a workbook with headings in the language.

    Raises:
        Refused: a text is longer than a cell holds.
    """
    try:
        return workbook.write(scoring.parse(version.document), language)
    except scoring.InvalidScheme as error:
        raise Refused(N_("方案不能写成工作簿：%(detail)s"), detail=str(error)) from error


def scheme_of(session: Session, code: str) -> Scheme | None:
    """Return the scheme of this code, if there is one."""
    return session.scalar(select(Scheme).where(Scheme.code == code))


def import_scheme(
    session: Session,
    actor: Acting,
    parsed: scoring.Scheme,
    org_unit_id: int | None,
    *,
    now: datetime,
    seen: str | None = None,
) -> SchemeVersion:
    """Keep what a file says as a draft: of the scheme of its code, or of a new one of the unit.

    `seen` is the stamp of the version that the file was compared with.

    Raises:
        Refused: when a new scheme has no unit, or another person saved meanwhile.
    """
    found = scheme_of(session, parsed.code)
    if found is not None:
        version = revise_parsed(session, actor, found.id, parsed, now=now, seen=seen)
    elif org_unit_id is None:
        raise Refused(N_("%(code)s 是新方案，请指定所属机构。"), code=parsed.code)
    else:
        version = design_parsed(session, actor, parsed, org_unit_id, now=now)
    record(
        session,
        actor,
        "appraisal:scheme:import",
        f"scheme:{version.scheme_id}",
        number=version.number,
        sha256=version.sha256,
    )
    return version
