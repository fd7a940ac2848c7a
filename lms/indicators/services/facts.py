"""The one relation `fact`: actuals, records through their mappings and typed values, without hidden ones.

DuckDB in memory over the Parquet files that committed batches name. `fact` has a row for every row that
counts, with its person or unit; `day_fact` the same summed by day, for measures of many.
"""

# ruff: noqa: S608  the queries are made of checked names and quoted texts
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.duck import duck
from lms.indicators.models import ImportBatch, Indicator
from lms.indicators.rules import Aggregate
from lms.indicators.services.attribution import attribute
from lms.indicators.services.origins import (
    VALUE,
    Ask,
    Origin,
    imported,
    origins,
    register,
    snapshot_days,
    text,
)

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
"""The columns of a file of actuals; which batch it is of is told by the one row that names it."""


@contextmanager
def row_facts(
    session: Session, ask: Ask, *, units: bool = False, imported_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the table `fact`: SCHEMA, and origin, customer, unit, place, source_name.

    `imported_only`: actuals as they were imported, whatever was typed over them.
    """
    with duck(files=True) as connection:
        laid = [imported(session, connection, ask)] if imported_only else origins(session, connection, ask)
        united = " UNION ALL ".join(one.rows() for one in laid)
        connection.execute(
            f"CREATE TABLE entry AS SELECT *, day AS start, day + 1 AS stop FROM ({united}) "
            f"WHERE day >= DATE '{ask.first}' AND day < DATE '{ask.after}'"
        )
        attribute(session, connection, "entry", "owned", units=units)
        _name_batches(session, connection)
        people = ""
        if ask.employees is not None:
            people = "WHERE employee_number IN (SELECT number FROM employee_wanted)"
        connection.execute(
            f"CREATE TABLE fact AS SELECT owned.* EXCLUDE (start, stop), source_name "
            f"FROM owned LEFT JOIN batch_name USING (batch) {people}"
        )
        connection.execute(_UNTYPED.format(table="fact"))
        yield connection


@contextmanager
def day_facts(
    session: Session, ask: Ask, *, subject: str = "employee"
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the table `day_fact` for measures of employees, units or customers.

    Its columns are origin, snapshot, system, officer, branch, customer, indicator, aggregate, day, item,
    total, n, latest; employee_number, unit, place; and `[start, stop)`, for which the value holds. The table
    `snapshot_day` has the days of which an origin knows the whole state.
    """
    how = dict(
        session.execute(
            select(Indicator.code, Indicator.aggregate).where(Indicator.code.in_(ask.codes))
        ).all()
    )
    with duck(files=True) as connection:
        parts = []
        for one in origins(session, connection, ask):
            trimmed = one if subject == "customer" else one.without("customer")
            trimmed = trimmed.without("officer", "branch") if subject == "customer" else trimmed
            trimmed = trimmed.without("branch") if subject == "employee" and one.indicator else trimmed
            parts.append(_summed(trimmed, how))
        connection.execute(f"CREATE TABLE summed AS {' UNION ALL '.join(parts)}")
        register(
            connection,
            "how",
            pa.table(
                {
                    "indicator": pa.array(list(how), pa.string()),
                    "aggregate": pa.array([one.value for one in how.values()], pa.string()),
                }
            ),
        )
        _name_snapshots(session, connection, ask)
        connection.execute(_HELD.format(after=ask.after))
        if subject == "customer":
            connection.execute(
                "CREATE TABLE day_fact AS SELECT *, NULL AS employee_number, NULL AS unit FROM held"
            )
        else:
            attribute(session, connection, "held", "day_fact", units=subject == "unit")
            connection.execute(_UNTYPED.format(table="day_fact"))
            connection.execute(_CUT)
        yield connection


_UNTYPED = """
    DELETE FROM {table} AS fact WHERE origin <> 'direct' AND EXISTS (FROM typed WHERE
        typed.officer = fact.employee_number AND typed.indicator = fact.indicator AND typed.day = fact.day)
"""
"""A typed value stands in place of the records of its day."""

_CUT = """
    UPDATE day_fact SET stop = (SELECT min(typed.day) FROM typed
        WHERE typed.officer = day_fact.employee_number AND typed.indicator = day_fact.indicator
        AND typed.day > day_fact.day AND typed.day < day_fact.stop)
    WHERE origin <> 'direct' AND snapshot AND EXISTS (FROM typed WHERE
        typed.officer = day_fact.employee_number AND typed.indicator = day_fact.indicator
        AND typed.day > day_fact.day AND typed.day < day_fact.stop)
"""
"""And a state known from records holds only until somebody typed another one."""

_HELD = """
    CREATE TABLE held AS
    WITH known AS (SELECT summed.*, aggregate FROM summed JOIN how USING (indicator)),
    follow AS (
        SELECT *, CASE WHEN aggregate = 'daily_avg' THEN lead(day, 1, DATE '{after}') OVER (
            PARTITION BY indicator, officer, branch ORDER BY day) ELSE day + 1 END AS stop
        FROM known WHERE origin = 'direct')
    SELECT *, day AS start FROM follow
    UNION ALL BY NAME
    SELECT known.*, day AS start, coalesce(state.following, day + 1) AS stop
    FROM known LEFT JOIN snapshot_day state USING (origin, day) WHERE origin <> 'direct'
"""


def _summed(one: Origin, how: dict[str, Aggregate]) -> str:
    """Return the query of an origin's rows summed by day; what no aggregate needs is not read."""
    known = [how[one.indicator]] if one.indicator else list(how.values())
    items = Aggregate.DISTINCT in known
    # What a day's last row says matters where rows follow each other; a snapshot's rows stand together.
    last = not one.snapshot and (one.name == "direct" or Aggregate.LAST in known)
    latest = (
        "arg_max(value, (coalesce(batch, 9223372036854775807), line))" if last else "NULL::DECIMAL(28, 8)"
    )
    bare = one.without("source", "flag", "reference")
    bare = bare if last else bare.without("batch", "line")
    if items:
        listed = ", ".join(text(code) for code, aggregate in how.items() if aggregate is Aggregate.DISTINCT)
        item = f"CASE WHEN {one.columns['indicator']} IN ({listed}) THEN {one.columns['item']} END"
        bare = replace(bare, columns={**bare.columns, "item": item})
    else:
        bare = bare.without("item")
    return bare.summed({"total": "sum(value)", "n": "count(*)", "latest": latest})


def _name_snapshots(session: Session, connection: duckdb.DuckDBPyConnection, ask: Ask) -> None:
    """Make the table of the days of which a snapshot origin knows the whole state, each with the next one."""
    days = snapshot_days(session, connection, ask)
    register(
        connection,
        "state_day",
        pa.table(
            {
                "origin": pa.array([origin for origin, _ in days], pa.string()),
                "day": pa.array([day for _, day in days], pa.date32()),
            }
        ),
    )
    connection.execute(
        f"CREATE TABLE snapshot_day AS SELECT *, lead(day, 1, DATE '{ask.after}') OVER ("
        "PARTITION BY origin ORDER BY day) AS following FROM state_day"
    )


def _name_batches(session: Session, connection: duckdb.DuckDBPyConnection) -> None:
    used: Sequence[int] = [
        int(row[0])
        for row in connection.sql("SELECT DISTINCT batch FROM entry WHERE batch IS NOT NULL").fetchall()
    ]
    names: list[tuple[int, str]] = []
    for at in range(0, len(used), 500):
        wanted = select(ImportBatch.id, ImportBatch.source_name).where(
            ImportBatch.id.in_(used[at : at + 500])
        )
        names += [(batch, source) for batch, source in session.execute(wanted)]
    register(
        connection,
        "batch_name",
        pa.table(
            {
                "batch": pa.array([batch for batch, _ in names], pa.int64()),
                "source_name": pa.array([source for _, source in names], pa.string()),
            }
        ),
    )
