"""Reading figures: DuckDB in memory over the Parquet files that committed batches name."""

# ruff: noqa: S608  the queries are made of our own names; values are bound or registered
from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import parquet
from lms.core.duck import Rows, duck
from lms.indicators.models import ImportBatch, Indicator
from lms.indicators.rules import Aggregate, BatchState, ImportKind

VALUE = pa.decimal128(28, 8)
_TYPES: dict[str, pa.DataType] = {
    "employee_number": pa.string(),
    "indicator": pa.string(),
    "day": pa.date32(),
    "value": VALUE,
    "flag": pa.string(),
    "source": pa.string(),
    "batch": pa.int64(),
    "line": pa.int64(),
    "reference": pa.string(),
}
SCHEMA = pa.schema(_TYPES)
"""The columns of `actuals`; value is in the indicator's unit."""

STORED = pa.schema([SCHEMA.field(name) for name in SCHEMA.names if name != "batch"])
"""The columns of a file; which batch it is of is told by the one row that names it."""


@dataclass(frozen=True)
class SourceRow:
    """One value and where it came from."""

    batch_id: int
    source_name: str
    line: int
    day: date
    value: Decimal
    flag: str | None
    source: str
    reference: str | None


def actuals(
    session: Session,
    employee_numbers: Collection[str] | None,
    indicator_codes: Collection[str],
    first: date,
    after: date,
) -> pa.Table:
    """Return the values of `[first, after)` that count, as `SCHEMA`; None means everybody.

    Ordered by indicator, employee, day, batch and line.
    """
    with _facts(session, employee_numbers, indicator_codes, first, after) as connection:
        table = connection.sql(
            "SELECT * EXCLUDE source_name FROM fact ORDER BY indicator, employee_number, day, batch, line"
        ).to_arrow_table()
        return pa.table(table).cast(SCHEMA)


def measures(
    session: Session,
    employee_numbers: Collection[str],
    indicator_codes: Collection[str],
    first: date,
    after: date,
) -> pa.Table:
    """Return subject, measure, value (float64): each indicator's aggregate over `[first, after)`.

    A pair without any value has no row. A daily average holds each value until the next one,
    beginning with the last value before `first`, over the days for which one is known; of
    several values on a day the last one imported counts.
    """
    chosen = session.execute(
        select(Indicator.code, Indicator.aggregate).where(Indicator.code.in_(sorted(set(indicator_codes))))
    ).all()
    how = pa.table(
        {
            "indicator": pa.array([code for code, _ in chosen], pa.string()),
            "aggregate": pa.array([aggregate.value for _, aggregate in chosen], pa.string()),
        }
    )
    carried = any(aggregate is Aggregate.DAILY_AVG for _, aggregate in chosen)
    begin = date(1900, 1, 1) if carried else first
    with _facts(session, employee_numbers, indicator_codes, begin, after) as connection:
        connection.register("how", how)
        return pa.table(connection.sql(_MEASURES, params={"first": first, "after": after}).to_arrow_table())


_MEASURES = """
    WITH known AS (SELECT fact.*, aggregate FROM fact JOIN how USING (indicator)),
    plain AS (
        SELECT employee_number, indicator, CAST(CASE any_value(aggregate)
            WHEN 'sum' THEN sum(value)
            WHEN 'count' THEN count(*)
            WHEN 'last' THEN arg_max(value, (day, batch, line)) END AS DOUBLE) AS value,
            any_value(aggregate) AS aggregate, CAST(sum(value) AS DOUBLE) / count(*) AS mean
        FROM known WHERE aggregate <> 'daily_avg' AND day >= $first
        GROUP BY employee_number, indicator),
    daily AS (
        SELECT employee_number, indicator, day, arg_max(value, (batch, line)) AS value
        FROM known WHERE aggregate = 'daily_avg' GROUP BY employee_number, indicator, day),
    span AS (
        SELECT *, date_diff('day', greatest(day, $first),
            lead(day, 1, $after) OVER (PARTITION BY employee_number, indicator ORDER BY day)) AS days
        FROM daily)
    SELECT employee_number AS subject, indicator AS measure,
        CASE aggregate WHEN 'mean' THEN mean ELSE value END AS value FROM plain
    UNION ALL
    SELECT employee_number, indicator, CAST(sum(value * days) AS DOUBLE) / CAST(sum(days) AS DOUBLE)
    FROM span WHERE days > 0 GROUP BY employee_number, indicator
    ORDER BY subject, measure
"""


def source_rows(
    session: Session,
    employee_number: str,
    indicator: str,
    first: date,
    after: date,
    *,
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[SourceRow], int]:
    """Return one page of the values behind a figure, newest day first, and how many there are."""
    with _facts(session, [employee_number], [indicator], first, after) as connection:
        total = connection.execute("SELECT count(*) FROM fact").fetchall()[0][0]
        rows = connection.execute(
            "SELECT batch, source_name, line, day, value, flag, source, reference FROM fact "
            "ORDER BY day DESC, batch, line LIMIT $limit OFFSET $offset",
            {"limit": per_page, "offset": max(page - 1, 0) * per_page},
        ).fetchall()
    return [SourceRow(*row) for row in rows], int(total)


def unrecorded(
    session: Session, first: date, after: date, *, page: int = 1, per_page: int = 50
) -> tuple[list[SourceRow], int]:
    """Return the values of `[first, after)` that are not in the change table yet, and their number."""
    codes = list(session.scalars(select(Indicator.code)))
    with _facts(session, None, codes, first, after) as connection:
        where = "WHERE flag = 'unrecorded'"
        total = connection.execute(f"SELECT count(*) FROM fact {where}").fetchall()[0][0]
        rows = connection.execute(
            "SELECT batch, source_name, line, day, value, flag, source, reference "
            f"FROM fact {where} ORDER BY batch, line LIMIT $limit OFFSET $offset",
            {"limit": per_page, "offset": max(page - 1, 0) * per_page},
        ).fetchall()
    return [SourceRow(*row) for row in rows], int(total)


def counting_beside(session: Session, rows: Rows, first: date, after: date) -> pa.Table:
    """Return what already counts for the people and days of `rows` (columns employee, day).

    The columns are those of `existing` in the checks: employee, indicator, day, reference, batch.
    """
    codes = list(session.scalars(select(Indicator.code)))
    with _facts(session, None, codes, first, after) as connection:
        if connection.execute("SELECT count(*) FROM fact").fetchall()[0][0]:
            given = rows.room.rows(f"SELECT DISTINCT employee, day FROM ({rows.query})").table()
        else:
            given = pa.table({"employee": pa.array([], pa.string()), "day": pa.array([], pa.date32())})
        connection.register("given", given)
        return pa.table(
            connection.sql(
                "SELECT employee_number AS employee, indicator, day, reference, batch FROM fact "
                "SEMI JOIN given ON fact.employee_number = given.employee AND fact.day = given.day"
            ).to_arrow_table()
        )


@contextmanager
def _facts(
    session: Session, employees: Collection[str] | None, codes: Collection[str], first: date, after: date
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the view `fact` over what is wanted."""
    batches = session.execute(
        select(ImportBatch.id, ImportBatch.source_name, ImportBatch.files)
        .where(
            ImportBatch.kind == ImportKind.ACTUALS,
            ImportBatch.state == BatchState.COMMITTED,
            ImportBatch.first_day < after,
            ImportBatch.last_day >= first,
        )
        .order_by(ImportBatch.id)
    ).all()
    files = [(batch, name, parquet.path(file)) for batch, name, paths in batches for file in paths]
    named = pa.table(
        {
            "batch": pa.array([batch for batch, _, _ in files], pa.int64()),
            "source_name": pa.array([name for _, name, _ in files], pa.string()),
            "filename": pa.array([file for _, _, file in files], pa.string()),
        }
    )
    with duck(files=True) as connection:
        connection.register("batch_file", named)
        connection.register("code_wanted", pa.table({"indicator": pa.array(sorted(set(codes)), pa.string())}))
        people = "true"
        if employees is not None:
            numbers = pa.table({"number": pa.array(sorted(set(employees)), pa.string())})
            connection.register("employee_wanted", numbers)
            people = "employee_number IN (SELECT number FROM employee_wanted)"
        if files:
            listed = ", ".join("'" + file.replace("'", "''") + "'" for _, _, file in files)
            origin = f"read_parquet([{listed}], filename = true) JOIN batch_file USING (filename)"
        else:
            connection.register("nothing", SCHEMA.append(pa.field("source_name", pa.string())).empty_table())
            origin = "nothing"
        connection.execute(
            f"CREATE TABLE fact AS SELECT {', '.join(SCHEMA.names)}, source_name FROM {origin} "
            f"WHERE day >= $first AND day < $after AND {people} "
            "AND indicator IN (SELECT indicator FROM code_wanted)",
            {"first": first, "after": after},
        )
        yield connection
