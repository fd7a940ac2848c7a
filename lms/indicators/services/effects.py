"""What a batch replaces when it comes, and what changes when it goes."""

# ruff: noqa: S608  the queries are made of our own names; values are bound or registered
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow.parquet as pq
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from lms.core import parquet
from lms.core.duck import Rows, duck, quoted
from lms.indicators.models import DataModel, FieldMapping, ImportBatch, ImportUpload, Indicator, Target
from lms.indicators.models.datamodel import DataField
from lms.indicators.rules import BatchState, ImportKind
from lms.indicators.rules.kinds import Delivery, FieldRole
from lms.indicators.services.pipeline import Findings, together


@dataclass(frozen=True)
class Effect:
    """What goes with some batches: so many values or records of so many people (or owners) and indicators.

    `returning`: batches of which something counts again. `first_day` and `last_day` are of the values.
    """

    batches: Sequence[ImportBatch]
    values: int
    people: int
    indicators: Sequence[str]
    returning: Sequence[ImportBatch]
    first_day: date | None
    last_day: date | None


def effect_of(session: Session, batch: ImportBatch) -> Effect:
    """Return what changes when a batch is withdrawn. Only reads."""
    batches = together(batch)
    firsts = [one.first_day for one in batches if one.first_day]
    lasts = [one.last_day for one in batches if one.last_day]
    if batch.kind is ImportKind.TARGETS:
        people, codes = _targets(session, batch)
    elif batch.kind is ImportKind.RECORDS and batch.data_model is not None:
        people, codes = _records(session, batch, batch.data_model)
    else:
        people, codes = _actuals(batches)
    return Effect(
        batches=batches,
        values=sum(one.rows for one in batches),
        people=people,
        indicators=codes,
        returning=_returning(session, batch),
        first_day=min(firsts, default=None),
        last_day=max(lasts, default=None),
    )


def _actuals(batches: Sequence[ImportBatch]) -> tuple[int, list[str]]:
    files = [parquet.path(file) for one in batches for file in one.files]
    if not files:
        return 0, []
    with duck(files=True) as connection:
        rows = connection.execute(
            "SELECT count(DISTINCT employee_number), list(DISTINCT indicator ORDER BY indicator) "
            "FROM read_parquet($files)",
            {"files": files},
        ).fetchall()
    return int(rows[0][0]), list(rows[0][1] or [])


def _targets(session: Session, batch: ImportBatch) -> tuple[int, list[str]]:
    subjects = (
        select(Target.subject_kind, Target.subject_id)
        .where(Target.batch_id == batch.id)
        .distinct()
        .subquery()
    )
    codes = session.scalars(
        select(Indicator.code)
        .where(Indicator.id.in_(select(Target.indicator_id).where(Target.batch_id == batch.id)))
        .order_by(Indicator.code)
    )
    return session.scalar(select(func.count()).select_from(subjects)) or 0, list(codes)


def _records(session: Session, batch: ImportBatch, model: DataModel) -> tuple[int, list[str]]:
    """Return how many owners the records name, and the indicators that the model feeds."""
    codes = session.scalars(
        select(Indicator.code)
        .where(
            Indicator.id.in_(
                select(FieldMapping.indicator_id)
                .join(DataField, DataField.id == FieldMapping.field_id)
                .where(DataField.model_id == model.id)
            )
        )
        .order_by(Indicator.code)
    )
    owners = [field.code for field in model.fields if field.role is FieldRole.EMPLOYEE]
    people = 0
    for file in map(parquet.path, batch.files):  # a batch is one file
        there = [code for code in owners if code in pq.read_schema(file).names]
        if there:
            codes_there = ", ".join(map(quoted, there))
            with duck(files=True) as connection:
                counted = f"SELECT count(DISTINCT coalesce({codes_there})) FROM read_parquet($file)"
                people += int(connection.execute(counted, {"file": file}).fetchall()[0][0])
    return people, list(codes)


def _returning(session: Session, batch: ImportBatch) -> list[ImportBatch]:
    if batch.kind is ImportKind.TARGETS:
        own, other = aliased(Target), aliased(Target)
        earlier = (
            select(other.batch_id)
            .join(
                own,
                (own.indicator_id == other.indicator_id)
                & (own.subject_kind == other.subject_kind)
                & (own.subject_id == other.subject_id)
                & (own.period == other.period),
            )
            .where(own.batch_id == batch.id, other.batch_id < batch.id)
        )
        return _committed(session, earlier)
    if batch.kind is ImportKind.RECORDS and batch.first_day is not None and batch.last_day is not None:
        return _of_days(session, batch.data_model_id, batch.first_day, batch.last_day, before=batch.id)
    return []


def _committed(session: Session, ids: object) -> list[ImportBatch]:
    found = select(ImportBatch).where(ImportBatch.state == BatchState.COMMITTED, ImportBatch.id.in_(ids))  # type: ignore[arg-type]
    return list(session.scalars(found.order_by(ImportBatch.id.desc())))


def _of_days(
    session: Session, model_id: int | None, first: date, last: date, *, before: int | None = None
) -> list[ImportBatch]:
    found = select(ImportBatch.id).where(
        ImportBatch.kind == ImportKind.RECORDS,
        ImportBatch.data_model_id == model_id,
        ImportBatch.first_day <= last,
        ImportBatch.last_day >= first,
    )
    return _committed(session, found if before is None else found.where(ImportBatch.id < before))


@dataclass(frozen=True)
class Replaced:
    """Batches in whose place an upload would stand, and the days of it."""

    days: Sequence[date]
    batches: Sequence[ImportBatch]


_SHOWN_DAYS = 31


def replaced_by(session: Session, upload: ImportUpload, findings: Findings) -> Replaced | None:
    """Return what the records of an upload would replace, by its model's delivery; None if nothing."""
    model = upload.data_model
    if model is None or model.delivery is Delivery.DELTA or not findings.parts:
        return None
    first = min((part.first_day for part in findings.parts if part.first_day), default=None)
    last = max((part.last_day for part in findings.parts if part.last_day), default=None)
    if first is None or last is None:
        return None
    batches = _of_days(session, model.id, first, last)
    return Replaced(_days(findings), batches) if batches else None


def _days(findings: Findings) -> list[date]:
    found: set[date] = set()
    for part in findings.parts:
        if isinstance(part.source, Rows):
            query = f"SELECT DISTINCT _day FROM ({part.source.query}) ORDER BY _day LIMIT {_SHOWN_DAYS}"
            found |= {day for (day,) in part.source.room.connection.sql(query).fetchall()}
        elif part.source is not None:
            found |= {day for day in part.source.column("_day").unique().to_pylist() if day is not None}
    return sorted(found)[:_SHOWN_DAYS]
