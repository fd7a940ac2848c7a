"""Code maps: what the codes of other systems mean here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.core.audit import Acting, record
from lms.core.dated import valid_on
from lms.core.duck import create_table
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.spans import refuse_overlap
from lms.indicators.models import CodeMap, DataModel
from lms.indicators.rules.codemaps import CodeMapDraft
from lms.indicators.rules.kinds import CodeKind
from lms.people.models import Employee, OrgUnit

_NEVER = date(9999, 1, 1)
_TYPES: dict[str, pa.DataType] = {
    "kind": pa.string(),
    "source": pa.string(),
    "code": pa.string(),
    "employee_number": pa.string(),
    "unit_code": pa.string(),
    "valid_from": pa.date32(),
    "valid_to": pa.date32(),
}
_SCHEMA = pa.schema(_TYPES)


def spelled_out() -> Select[*tuple[Any, ...]]:
    """Return the select of kind, source, code, employee number, unit code and days of all code maps."""
    return (
        select(
            CodeMap.kind,
            CodeMap.source,
            CodeMap.code,
            Employee.number,
            OrgUnit.code,
            CodeMap.valid_from,
            CodeMap.valid_to,
        )
        .outerjoin(Employee, Employee.id == CodeMap.employee_id)
        .outerjoin(OrgUnit, OrgUnit.id == CodeMap.org_unit_id)
    )


def register_code_maps(session: Session, connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table `code_map` in a connection; `valid_to` is never null there.

    An officer's code that stands for a unit (`unit_code`) is that unit's pool.
    """
    rows = session.execute(spelled_out().order_by(CodeMap.id)).all()
    table = pa.Table.from_pylist(
        [
            dict(zip(_SCHEMA.names, (kind.value, *meaning, valid_to or _NEVER), strict=True))
            for kind, *meaning, valid_to in rows
        ],
        schema=_SCHEMA,
    )
    create_table(connection, "code_map", table)


# ---------------------------------------------------------------- finding


def code_maps(words: str = "", *, source: str | None = None, day: date | None = None) -> Select[CodeMap]:
    """Return the select of code maps whose code or meaning matches the words, by source and code.

    `day` leaves out those that are not in force on it.
    """
    found = (
        select(CodeMap)
        .outerjoin(Employee, Employee.id == CodeMap.employee_id)
        .outerjoin(OrgUnit, OrgUnit.id == CodeMap.org_unit_id)
        .options(joinedload(CodeMap.employee), joinedload(CodeMap.org_unit))
        .order_by(CodeMap.source, CodeMap.kind, CodeMap.code, CodeMap.valid_from, CodeMap.id)
    )
    text = words.strip()
    if text:
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = (CodeMap.code, Employee.number, Employee.name, OrgUnit.code, OrgUnit.name_zh)
        found = found.where(or_(*(column.like(like, escape="\\") for column in columns)))
    if source is not None:
        found = found.where(CodeMap.source == source)
    return found if day is None else found.where(valid_on(CodeMap, day))


def sources(session: Session) -> list[str]:
    """Return the names of the source systems that data models or code maps know."""
    named = select(DataModel.source).union(select(CodeMap.source))
    return sorted(set(session.scalars(named)))


# ---------------------------------------------------------------- changing


def map_code(session: Session, actor: Acting, draft: CodeMapDraft, *, now: datetime) -> CodeMap:
    """Say what a code means from a day on; what it meant before must have ended.

    Raises:
        Refused: when the code means something else on one of these days.
    """
    _refuse_unsound(draft)
    refuse_double(draft, spans_of(session, draft.kind, draft.source, draft.code))
    made = CodeMap(**_values(draft), actor_label=actor.actor.label, mapped_at=now)
    session.add(made)
    session.flush()
    record(session, actor, "admin:code_map:add", f"code_map:{made.id}", **_told(draft))
    return made


def correct_code_map(
    session: Session, actor: Acting, found: CodeMap, draft: CodeMapDraft, *, now: datetime
) -> None:
    """Put a code map right; the audit log keeps what it said before.

    Raises:
        Refused: as `map_code`.
    """
    _refuse_unsound(draft)
    refuse_double(draft, spans_of(session, draft.kind, draft.source, draft.code, but=found.id))
    before = _told(_draft_of(found))
    for name, value in _values(draft).items():
        setattr(found, name, value)
    found.actor_label, found.mapped_at = actor.actor.label, now
    session.flush()
    record(
        session, actor, "admin:code_map:correct", f"code_map:{found.id}", before=before, after=_told(draft)
    )


def end_code_map(session: Session, actor: Acting, found: CodeMap, day: date, *, now: datetime) -> None:
    """Let a code map hold no longer from a day on.

    Raises:
        Refused: when it does not hold just before that day.
    """
    if day <= found.valid_from or (found.valid_to is not None and day > found.valid_to):
        raise Refused(
            N_("终止日期须在 %(first)s 之后，且不晚于原来的失效日期。"), first=found.valid_from.isoformat()
        )
    found.valid_to, found.actor_label, found.mapped_at = day, actor.actor.label, now
    session.flush()
    record(session, actor, "admin:code_map:end", f"code_map:{found.id}", day=day.isoformat())


def spans_of(
    session: Session, kind: CodeKind, source: str, code: str, *, but: int | None = None
) -> list[tuple[date, date | None]]:
    """Return the days for which a code means something, except by one map."""
    rows = session.execute(
        select(CodeMap.valid_from, CodeMap.valid_to).where(
            CodeMap.kind == kind,
            CodeMap.source == source,
            CodeMap.code == code,
            CodeMap.id != (but or 0),
        )
    )
    return [(first, after) for first, after in rows]


def refuse_double(draft: CodeMapDraft, others: Collection[tuple[date, date | None]]) -> None:
    """Refuse a code that would mean two things on one day.

    Raises:
        Refused: naming the code and the first such day.
    """
    try:
        refuse_overlap([*others, (draft.valid_from, draft.valid_to)])
    except Refused as refused:
        raise Refused(
            N_("代码 %(code)s 在 %(day)s 已有对应关系，请先终止或更正原有的。"),
            code=draft.code,
            day=refused.params["day"],
        ) from None


def _refuse_unsound(draft: CodeMapDraft) -> None:
    if not draft.code.strip():
        raise Refused(N_("请填写来源代码。"))
    if (draft.employee_id is None) == (draft.org_unit_id is None):
        raise Refused(N_("员工号和机构代码须填一个，且只填一个。"))
    if draft.kind is CodeKind.UNIT and draft.org_unit_id is None:
        raise Refused(N_("机构类代码只能对应机构。"))
    if draft.valid_to is not None and draft.valid_to <= draft.valid_from:
        raise Refused(N_("失效日期必须晚于生效日期。"))


def _values(draft: CodeMapDraft) -> dict[str, object]:
    return {
        "kind": draft.kind,
        "source": draft.source,
        "code": draft.code,
        "employee_id": draft.employee_id,
        "org_unit_id": draft.org_unit_id,
        "valid_from": draft.valid_from,
        "valid_to": draft.valid_to,
    }


def _draft_of(found: CodeMap) -> CodeMapDraft:
    return CodeMapDraft(
        found.kind,
        found.source,
        found.code,
        found.valid_from,
        found.valid_to,
        found.employee_id,
        found.org_unit_id,
    )


def _told(draft: CodeMapDraft) -> dict[str, str | int | None]:
    return {
        "kind": draft.kind.value,
        "source": draft.source,
        "code": draft.code,
        "employee": draft.employee_id,
        "unit": draft.org_unit_id,
        "valid_from": draft.valid_from.isoformat(),
        "valid_to": draft.valid_to.isoformat() if draft.valid_to else None,
    }
