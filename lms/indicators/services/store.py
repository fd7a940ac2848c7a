"""The typed store of a data model: Parquet files with its schema, seen in DuckDB through a view of its name.

Beside the model's fields every record has `_batch`, `_line` and `_day` (the day of its DAY field, else the
last day of the period it was imported for). Only records that count are seen: of committed batches, not
hidden, and by the model's delivery not replaced by a later batch.
"""

# ruff: noqa: S608  the queries are made of checked names and bound values
from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import duckdb
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import parquet
from lms.core.duck import create_table, literal, quoted
from lms.core.textfile import factor
from lms.indicators.models import DataField, DataModel, FieldMapping, HiddenValue, ImportBatch
from lms.indicators.rules import BatchState, ImportKind
from lms.indicators.rules.conditions import Condition, sql_of
from lms.indicators.rules.kinds import Delivery, FieldKind, FieldRole

_TYPES: dict[FieldKind, pa.DataType] = {
    FieldKind.TEXT: pa.string(),
    FieldKind.ID: pa.string(),
    FieldKind.NUMBER: pa.decimal128(28, 8),
    FieldKind.DAY: pa.date32(),
    FieldKind.CHOICE: pa.string(),
}
_SYSTEM: dict[str, pa.DataType] = {"_batch": pa.int64(), "_line": pa.int64(), "_day": pa.date32()}
SYSTEM = pa.schema(_SYSTEM)


def schema_of(fields: Sequence[DataField]) -> pa.Schema:
    """Return the columns of a model's records: its fields by code, then the system's own."""
    return pa.schema([*(pa.field(field.code, _TYPES[field.kind]) for field in fields), *SYSTEM])


def stored_schema(fields: Sequence[DataField]) -> pa.Schema:
    """Return the columns of a file; which batch it is of is told by the one row that names it."""
    schema = schema_of(fields)
    return schema.remove(schema.get_field_index("_batch"))


def day_field(fields: Sequence[DataField]) -> str | None:
    """Return the code of the field that tells a record's day."""
    return next((field.code for field in fields if field.role is FieldRole.DAY), None)


def role_columns(model: DataModel) -> dict[FieldRole, str]:
    """Return by role the SQL of what a record of any version says for it.

    The field in force speaks first; records older than it have their own, retired since.
    """
    bearers: dict[FieldRole, list[DataField]] = {}
    for field in sorted(model.fields, key=lambda one: (one.until is not None, -(one.until or 0))):
        if field.role is not FieldRole.NONE:
            bearers.setdefault(field.role, []).append(field)
    return {
        role: quoted(fields[0].code)
        if len(fields) == 1
        else f"coalesce({', '.join(f'CAST({quoted(one.code)} AS VARCHAR)' for one in fields)})"
        for role, fields in bearers.items()
    }


def open_view(
    session: Session,
    connection: duckdb.DuckDBPyConnection,
    model: DataModel,
    *,
    first: date | None = None,
    after: date | None = None,
    batches: Collection[int] | None = None,
) -> None:
    """Create the view named by the model's code in a connection that may read files.

    `first` and `after` limit the days `[first, after)`; `batches` the batches, whatever replaced them.
    """
    code = model.code
    wanted = select(ImportBatch.id, ImportBatch.files, ImportBatch.first_day, ImportBatch.last_day).where(
        ImportBatch.kind == ImportKind.RECORDS,
        ImportBatch.data_model_id == model.id,
        ImportBatch.state == BatchState.COMMITTED,
    )
    by_day = model.delivery is not Delivery.DELTA and batches is None
    if batches is not None:
        wanted = wanted.where(ImportBatch.id.in_(sorted(batches)))
    elif by_day:  # of a delta a later row of any day may stand in place of an earlier one
        if first is not None:
            wanted = wanted.where(ImportBatch.last_day >= first)
        if after is not None:
            wanted = wanted.where(ImportBatch.first_day < after)
    rows = session.execute(wanted.order_by(ImportBatch.id)).all()
    told = by_day and all(begin is not None and begin == end for _, _, begin, end in rows)
    if told:  # each batch is of one day, so the last one of a day is known without reading any
        latest = {begin: batch for batch, _, begin, _ in rows}
        rows = [row for row in rows if latest[row[2]] == row[0]]
    files = [(batch, parquet.path(file)) for batch, paths, _, _ in rows for file in paths]
    hidden = session.execute(
        select(HiddenValue.batch_id, HiddenValue.line)
        .join(ImportBatch, ImportBatch.id == HiddenValue.batch_id)
        .where(ImportBatch.data_model_id == model.id)
    ).all()
    create_table(
        connection,
        f"_hidden_{code}",
        _pairs([batch for batch, _ in hidden], [line for _, line in hidden]),
    )
    create_table(connection, f"_none_{code}", schema_of(model.fields).empty_table())
    origin = f'SELECT * FROM "_none_{code}"'
    alike: dict[str, list[tuple[int, str]]] = {}
    for batch, file in files:  # files of one version of the model have the same columns
        alike.setdefault(file.rpartition("-v")[2], []).append((batch, file))
    for several in alike.values():
        listed = ", ".join(literal(file) for _, file in several)
        # A file's name is one value for all its rows: this costs little, and nothing where nobody asks.
        batch_of = " ".join(f"WHEN {literal(file)} THEN {batch}" for batch, file in several)
        origin += (
            " UNION ALL BY NAME SELECT * EXCLUDE (filename), "
            f"CAST(CASE filename {batch_of} END AS BIGINT) AS _batch "
            f"FROM read_parquet([{listed}], filename = true)"
        )
    connection.execute(f'CREATE OR REPLACE VIEW "_all_{code}" AS {origin}')
    days = [f"_day {sign} DATE '{day}'" for sign, day in ((">=", first), ("<", after)) if day is not None]
    clause = " AND ".join(days) or "true"
    standing = ""
    if by_day and not told:
        # Which batch stands for a day is found once from two columns: a window over all rows is slow.
        newest = f'SELECT _day, max(_batch) AS _batch FROM "_all_{code}" WHERE {clause} GROUP BY _day'
        connection.execute(f'CREATE OR REPLACE TABLE "_standing_{code}" AS {newest}')
        standing = f'SEMI JOIN "_standing_{code}" USING (_day, _batch)'
    elif batches is None and not by_day:
        standing = _newest_of_key(model)
    shown = f'ANTI JOIN "_hidden_{code}" USING (_batch, _line)' if hidden else ""
    connection.execute(
        f'CREATE OR REPLACE VIEW "{code}" AS SELECT * FROM "_all_{code}" record '
        f"{standing} {shown} WHERE {clause}"
    )


def _newest_of_key(model: DataModel) -> str:
    """Return the join that leaves out the rows of a delta that a later row with their key replaced.

    It looks at all rows, hidden ones too: hiding a row must not bring back what the row replaced.
    """
    every = f'"_all_{model.code}"'
    key = [f'"{field.code}"' for field in model.fields if field.in_key]
    if not key:
        return ""
    newest = f"row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY _batch DESC, _line DESC) = 1"
    return f"SEMI JOIN (SELECT _batch, _line FROM {every} QUALIFY {newest}) standing USING (_batch, _line)"


def value_sql(field: DataField, mapping: FieldMapping) -> str:
    """Return the figure that a record gives to an indicator, weighed and in the indicator's unit.

    It is the field's number, or 1 for a record whose cell is filled where the field is no number.
    """
    times = mapping.coefficient
    if field.kind is FieldKind.NUMBER:
        value = f'"{field.code}"'
        times *= factor(field.unit, mapping.indicator.unit) or 1  # what is only counted need not convert
    else:
        value = f'CASE WHEN "{field.code}" IS NOT NULL THEN 1 END'
    if times != 1:
        value = f"{value} * {times.normalize():f}"
    return f"CAST({value} AS DECIMAL(28, 8))"


def condition_sql(mapping: FieldMapping, fields: Sequence[DataField]) -> str:
    """Return the clause over the model's view that a record meets to be counted by a mapping."""
    kinds = {field.code: field.kind for field in fields}
    given = [Condition.of_json(one) for one in mapping.conditions]
    return " AND ".join(f"({sql_of(one, kinds[one.field])})" for one in given) or "true"


def _pairs(batches: list[int], lines: list[int]) -> pa.Table:
    return pa.table({"_batch": pa.array(batches, pa.int64()), "_line": pa.array(lines, pa.int64())})
