"""What a batch replaces when it comes, and what changes when it goes."""

# ruff: noqa: S608  the queries are made of our own names; values are bound or registered
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from lms.core import parquet
from lms.core.duck import Rows, duck, quoted
from lms.indicators.models import DataModel, FieldMapping, ImportBatch, ImportUpload, Indicator, Target
from lms.indicators.models.datamodel import DataField
from lms.indicators.rules import BatchState, ImportKind
from lms.indicators.rules.kinds import Delivery, FieldRole
from lms.indicators.services.pipeline import Findings, together
from lms.indicators.services.store import open_view


@dataclass(frozen=True)
class Effect:
    """What goes with some batches: values or records of so many people (or owners) and indicators.

    * values: how many of them count now; above: newer batches that stand in place of the others.
    * returning: batches of which something counts again. first_day, last_day: of the values.
    """

    batches: Sequence[ImportBatch]
    values: int
    people: int
    indicators: Sequence[str]
    returning: Sequence[ImportBatch]
    first_day: date | None
    last_day: date | None
    above: Sequence[ImportBatch] = ()


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
    values = total = sum(one.rows for one in batches)
    above: list[ImportBatch] = []
    if batch.kind is ImportKind.TARGETS:
        values, above = _targets_in_force(session, batch)
    elif batch.data_model is not None:
        values = _records_in_force(session, batch, batch.data_model)
        above = _above(session, batch, batch.data_model) if values < total else []
    return Effect(
        batches=batches,
        values=values,
        people=people,
        indicators=codes,
        returning=_returning(session, batch) if values else [],
        first_day=min(firsts, default=None),
        last_day=max(lasts, default=None),
        above=above,
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


def _targets_in_force(session: Session, batch: ImportBatch) -> tuple[int, list[ImportBatch]]:
    """Return how many targets of a batch no newer batch has in their place, and the newer batches."""
    own, other = aliased(Target), aliased(Target)
    pairs = (
        select(own.id, other.batch_id)
        .join(other, _same_target(own, other))
        .join(ImportBatch, ImportBatch.id == other.batch_id)
        .where(own.batch_id == batch.id, other.batch_id > batch.id, ImportBatch.state == BatchState.COMMITTED)
        .subquery()
    )
    gone = session.scalar(select(func.count(pairs.c.id.distinct()))) or 0
    total = session.scalar(select(func.count()).where(Target.batch_id == batch.id)) or 0
    return total - gone, _committed(session, select(pairs.c.batch_id))


def _same_target(own: Any, other: Any) -> ColumnElement[bool]:
    return and_(
        own.indicator_id == other.indicator_id,
        own.subject_kind == other.subject_kind,
        own.subject_id == other.subject_id,
        own.period == other.period,
    )


def _records_in_force(session: Session, batch: ImportBatch, model: DataModel) -> int:
    """Return how many records of a batch are seen: neither hidden nor replaced by a later batch."""
    if batch.first_day is None or batch.last_day is None:
        return batch.rows
    with duck(files=True) as connection:
        after = batch.last_day + timedelta(days=1)
        open_view(session, connection, model, first=batch.first_day, after=after)
        counted = f"SELECT count(*) FROM {quoted(model.code)} WHERE _batch = {batch.id}"
        return int(connection.execute(counted).fetchall()[0][0])


def _above(session: Session, batch: ImportBatch, model: DataModel) -> list[ImportBatch]:
    """Return the newer batches of the days of a batch; of a delta they stand for single records only."""
    if model.delivery is Delivery.DELTA or batch.first_day is None or batch.last_day is None:
        return []
    found = _of_days(session, batch.data_model_id, batch.first_day, batch.last_day)
    return [one for one in found if one.id > batch.id]


def _returning(session: Session, batch: ImportBatch) -> list[ImportBatch]:
    if batch.kind is ImportKind.TARGETS:
        own, other = aliased(Target), aliased(Target)
        earlier = (
            select(other.batch_id)
            .join(own, _same_target(own, other))
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
