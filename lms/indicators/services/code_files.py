"""Code maps by the file: looked at first, then taken over whole, and given out again in the same columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import Acting, record
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.core.spans import refuse_overlap
from lms.core.textfile import csv_text, read
from lms.indicators.models import CodeMap
from lms.indicators.rules.codemaps import CODE_MAPS, CodeMapDraft, read_row
from lms.indicators.rules.kinds import CodeKind
from lms.indicators.services.codes import spelled_out
from lms.people.models import Employee, OrgUnit

_BLOCK = 500
_Key = tuple[CodeKind, str, str]
_Meaning = tuple[CodeKind, str, str, int | None, int | None, date, date | None]


@dataclass(frozen=True)
class CodeFile:
    """What a file of code maps would do: `fresh` is new, `known` stands already word for word."""

    rows: int
    fresh: Sequence[CodeMapDraft] = ()
    known: int = 0
    problems: Sequence[Problem] = ()


def inspect_codes(session: Session, content: bytes) -> CodeFile:
    """Read and check a file of code maps, writing nothing: the dry run."""
    try:
        sheet = read(content, CODE_MAPS)
    except Rejected as rejected:
        return CodeFile(0, problems=rejected.problems)
    rows: list[dict[str, Any]] = sheet.table.to_pylist()
    employees = _ids(session, Employee.number, Employee.id, {row["employee"] for row in rows})
    units = _ids(session, OrgUnit.code, OrgUnit.id, {row["unit"] for row in rows})
    problems, drafts = list(sheet.problems), []
    for row in rows:
        answer = read_row(row, employees, units)
        if isinstance(answer, Problem):
            problems.append(answer)
        else:
            drafts.append((int(row["line"]), answer))
    spans, meanings = _standing(session, {draft.code for _, draft in drafts})
    fresh: list[CodeMapDraft] = []
    known = 0
    for line, draft in drafts:
        key = (draft.kind, draft.source, draft.code)
        if _meaning(draft) in meanings:
            known += 1
            continue
        try:
            refuse_overlap([*spans[key], (draft.valid_from, draft.valid_to)])
        except Refused as refused:
            problems.append(_double(draft, line, refused.params["day"]))
            continue
        spans[key].append((draft.valid_from, draft.valid_to))
        fresh.append(draft)
    problems.sort(key=lambda problem: problem.line or 0)
    return CodeFile(sheet.rows, fresh, known, problems)


def import_codes(session: Session, actor: Acting, content: bytes, *, now: datetime) -> CodeFile:
    """Take over all code maps of a file; what stands already is left as it is.

    Raises:
        Rejected: with every bad row; nothing of the file was taken over.
    """
    found = inspect_codes(session, content)
    if found.problems:
        raise Rejected(found.problems)
    session.add_all(
        CodeMap(
            kind=draft.kind,
            source=draft.source,
            code=draft.code,
            employee_id=draft.employee_id,
            org_unit_id=draft.org_unit_id,
            valid_from=draft.valid_from,
            valid_to=draft.valid_to,
            actor_label=actor.actor.label,
            mapped_at=now,
        )
        for draft in found.fresh
    )
    session.flush()
    record(session, actor, "admin:code_map:import", "code_map", rows=found.rows, fresh=len(found.fresh))
    return found


def code_map_file(session: Session, titles: Sequence[str]) -> bytes:
    """Return all code maps as a file that `import_codes` reads."""
    by_code = (CodeMap.source, CodeMap.kind, CodeMap.code, CodeMap.valid_from)
    rows = session.execute(spelled_out().order_by(*by_code))
    return csv_text(
        titles,
        (
            (
                kind.value,
                source,
                code,
                number or "",
                unit or "",
                first.isoformat(),
                after.isoformat() if after else "",
            )
            for kind, source, code, number, unit, first, after in rows
        ),
    )


def _double(draft: CodeMapDraft, line: int, day: str) -> Problem:
    return Problem(
        N_("代码 %(code)s 在 %(day)s 已有对应关系，请先终止或更正原有的。"),
        {"code": draft.code, "day": day},
        field=N_("来源代码"),
        line=line,
        value=draft.code,
    )


def _meaning(one: CodeMapDraft | CodeMap) -> _Meaning:
    return (
        one.kind,
        one.source,
        one.code,
        one.employee_id,
        one.org_unit_id,
        one.valid_from,
        one.valid_to,
    )


def _standing(
    session: Session, codes: Iterable[str]
) -> tuple[defaultdict[_Key, list[tuple[date, date | None]]], set[_Meaning]]:
    """Return for codes the days for which they mean something, and what."""
    spans: defaultdict[_Key, list[tuple[date, date | None]]] = defaultdict(list)
    meanings: set[_Meaning] = set()
    wanted = sorted(codes)
    for at in range(0, len(wanted), _BLOCK):
        for one in session.scalars(select(CodeMap).where(CodeMap.code.in_(wanted[at : at + _BLOCK]))):
            spans[one.kind, one.source, one.code].append((one.valid_from, one.valid_to))
            meanings.add(_meaning(one))
    return spans, meanings


def _ids(session: Session, column: Any, key: Any, values: Iterable[str | None]) -> dict[str, int]:
    wanted = sorted({value for value in values if value})
    found: dict[str, int] = {}
    for at in range(0, len(wanted), _BLOCK):
        rows = session.execute(select(column, key).where(column.in_(wanted[at : at + _BLOCK])))
        found.update(dict(rows.all()))
    return found
