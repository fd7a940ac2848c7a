"""Everything that happened to the values behind one figure: typed, changed, hidden, withdrawn, recomputed."""

# ruff: noqa: S608  the queries are made of our own names; texts are quoted
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.core import parquet
from lms.core.audit import AuditEntry
from lms.core.duck import duck, literal
from lms.core.periods import Period
from lms.indicators.models import ImportBatch, Indicator, Recalculation, TypedValue
from lms.indicators.rules import BatchState, ImportKind
from lms.people.models import Employee, OrgUnit

RECENT = 200
"""So many recalculations are looked through, the newest first."""


@dataclass(frozen=True)
class PastRow:
    """What happened to an imported value: `what` is hidden, shown again, or withdrawn."""

    what: str
    batch_id: int
    upload_id: int
    source_name: str
    line: int
    day: date
    value: Decimal
    reason: str
    at: datetime | None
    by: str


def typed_history(
    session: Session, indicator: Indicator, subject: Employee | OrgUnit, period: Period
) -> list[TypedValue]:
    """Return every value that was typed for a subject in a period, the newest first, also those replaced."""
    mine = (
        TypedValue.employee_id == subject.id
        if isinstance(subject, Employee)
        else TypedValue.org_unit_id == subject.id
    )
    return list(
        session.scalars(
            select(TypedValue)
            .where(
                TypedValue.indicator_id == indicator.id,
                mine,
                TypedValue.day >= period.first,
                TypedValue.day < period.after,
            )
            .order_by(TypedValue.id.desc())
            .options(joinedload(TypedValue.attachment))
        )
    )


def past_rows(session: Session, indicator: Indicator, employee: Employee, period: Period) -> list[PastRow]:
    """Return what happened to the imported values of a person: hidden, shown again, withdrawn."""
    batches = session.scalars(
        select(ImportBatch)
        .where(
            ImportBatch.kind == ImportKind.ACTUALS,
            ImportBatch.indicator_set == indicator.indicator_set,
            ImportBatch.state.in_((BatchState.COMMITTED, BatchState.WITHDRAWN)),
            ImportBatch.first_day < period.after,
            ImportBatch.last_day >= period.first,
        )
        .order_by(ImportBatch.id)
    ).all()
    told = _hidings(session, batches, indicator.code)
    found: list[PastRow] = []
    for batch in batches:
        gone = batch.state is BatchState.WITHDRAWN
        if not gone and not any(number == batch.id for number, _ in told):
            continue
        for line, day, value in _rows(batch.files, indicator.code, employee.number, period):
            events = [*told.get((batch.id, line), ())]
            if gone:
                events.append(_Event("withdrawn", batch.withdraw_reason or "", batch.withdrawn_at, ""))
            found += [
                PastRow(
                    what=event.what,
                    batch_id=batch.id,
                    upload_id=batch.upload_id,
                    source_name=batch.source_name,
                    line=line,
                    day=day,
                    value=value,
                    reason=event.reason,
                    at=event.at,
                    by=event.by,
                )
                for event in events
            ]
    return found


@dataclass(frozen=True)
class _Event:
    what: str
    reason: str
    at: datetime | None
    by: str


_ACTIONS = {"indicators:value:hide": "hidden", "indicators:value:show": "shown"}


def _hidings(
    session: Session, batches: Sequence[ImportBatch], code: str
) -> dict[tuple[int, int], list[_Event]]:
    """Return every hiding and showing of an indicator's values, by batch and line, in their order.

    They are read from the audit log: a value that is shown again leaves nothing else behind.
    """
    numbers = {f"import_batch:{batch.id}": batch.id for batch in batches}
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.target.in_(list(numbers)), AuditEntry.action.in_(list(_ACTIONS)))
        .order_by(AuditEntry.id)
    )
    found: dict[tuple[int, int], list[_Event]] = {}
    for entry in entries:
        if entry.details.get("row", {}).get("indicator") == code:
            event = _Event(_ACTIONS[entry.action], str(entry.details["reason"]), entry.at, entry.label)
            found.setdefault((numbers[entry.target], int(entry.details["line"])), []).append(event)
    return found


def _rows(files: Sequence[str], code: str, number: str, period: Period) -> list[tuple[int, date, Decimal]]:
    listed = ", ".join(literal(parquet.path(file)) for file in files)
    if not listed:
        return []
    with duck(files=True) as connection:
        found = connection.execute(
            f"SELECT line, day, value FROM read_parquet([{listed}]) WHERE indicator = $code "
            "AND employee_number = $number AND day >= $first AND day < $after ORDER BY line",
            {"code": code, "number": number, "first": period.first, "after": period.after},
        ).fetchall()
    return [(int(line), day, value) for line, day, value in found]


def recomputed(session: Session, code: str, period: Period) -> list[Recalculation]:
    """Return the latest recalculations that touched an indicator in a period, the newest first."""
    latest = session.scalars(select(Recalculation).order_by(Recalculation.id.desc()).limit(RECENT))
    return [
        one
        for one in latest
        if any(item["indicator"] == code and item["period"] == period.code for item in one.items)
    ]
