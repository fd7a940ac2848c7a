"""The one relation `fact`: actuals, records through their mappings and typed values, without hidden ones.

DuckDB in memory over the Parquet files that committed batches name. `fact` has a row for every row that
counts, with its person or unit; `day_fact` the same summed by day, for measures of many.
"""

# ruff: noqa: S608  the queries are made of checked names and quoted texts
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import duckdb
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.duck import create_table, duck, literal
from lms.indicators.models import ImportBatch, Indicator
from lms.indicators.rules import Aggregate
from lms.indicators.services.attribution import attribute
from lms.indicators.services.lean import Slot, changes, may_be_lean, slots_of
from lms.indicators.services.origins import (
    VALUE,
    Ask,
    Origin,
    origins,
    snapshot_days,
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
def row_facts(session: Session, ask: Ask, *, units: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the table `fact`: SCHEMA, and origin, customer, unit, place, source_name."""
    with duck(files=True) as connection:
        united = " UNION ALL ".join(one.rows() for one in origins(session, connection, ask))
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
    session: Session,
    ask: Ask,
    spans: Sequence[tuple[date, date]],
    *,
    subject: str = "employee",
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the table `day_fact` for measures of employees, units, places or customers.

    Its columns are origin, snapshot, system, officer, branch, customer, indicator, aggregate, day, item,
    total, n, latest; employee_number, unit, place; and `[start, stop)`, for which the value holds. Where
    `held` is not null, total is the sum of days held so long each, all within `[start, stop)`. The table
    `snapshot_day` has the days of which an origin knows the whole state.
    """
    how = dict(
        session.execute(
            select(Indicator.code, Indicator.aggregate).where(Indicator.code.in_(ask.codes))
        ).all()
    )
    with duck(files=True) as connection:
        laid = [_trimmed(one, subject) for one in origins(session, connection, ask)]
        create_table(
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
        short = _shortened(session, connection, ask, spans, laid, how) if subject == "unit" else laid
        _lay_days(session, connection, ask, short, how, subject)
        lost = "SELECT count(*) FROM day_fact WHERE unit IS NULL"
        if short is not laid and connection.sql(lost).fetchall()[0][0]:
            # A branch code means nothing here, so the officers must tell whose the rows are.
            _lay_days(session, connection, ask, laid, how, subject)
        yield connection


def _trimmed(one: Origin, subject: str) -> Origin:
    """Return an origin without the codes that a subject does not ask for."""
    if subject == "customer":
        return one.without("officer", "branch")
    return (
        one.without("customer", "branch")
        if subject == "employee" and one.indicator
        else one.without("customer")
    )


def _shortened(
    session: Session,
    connection: duckdb.DuckDBPyConnection,
    ask: Ask,
    spans: Sequence[tuple[date, date]],
    laid: list[Origin],
    how: Mapping[str, Aggregate],
) -> list[Origin]:
    """Return the origins with slots in place of days where that gives the same, else the list itself."""
    if connection.sql("SELECT count(*) FROM typed").fetchall()[0][0]:
        return laid
    slots: list[Slot] = []
    found = []
    for one in laid:
        held = None
        if one.indicator and how[one.indicator] is Aggregate.DAILY_AVG and may_be_lean(session, one):
            known = f"SELECT day FROM snapshot_day WHERE origin = {literal(one.name)} ORDER BY day"
            days = [day for (day,) in connection.sql(known).fetchall()]
            held = slots_of(days, ask.after, changes(session, one.system, spans))
        if held is None:
            found.append(one)
            continue
        numbered = replace(held, of_day=tuple(n and n + len(slots) for n in held.of_day))
        column = numbered.column() if len(held.slots) > 1 else str(len(slots) + 1)
        slots += held.slots
        columns = {**one.without("officer", "day").columns, "slot": column}
        found.append(replace(one, columns=columns))
    create_table(
        connection,
        "slot",
        pa.table(
            {
                "slot": pa.array(range(1, len(slots) + 1), pa.int32()),
                "start": pa.array([one.start for one in slots], pa.date32()),
                "stop": pa.array([one.stop for one in slots], pa.date32()),
                "held": pa.array([one.held for one in slots], pa.int32()),
            }
        ),
    )
    return found if slots else laid


def _lay_days(
    session: Session,
    connection: duckdb.DuckDBPyConnection,
    ask: Ask,
    laid: Sequence[Origin],
    how: dict[str, Aggregate],
    subject: str,
) -> None:
    parts = " UNION ALL ".join(_summed(one, how) for one in laid)
    connection.execute(f"CREATE OR REPLACE TABLE summed AS {parts}")
    connection.execute(_HELD.format(after=ask.after))
    if connection.sql("SELECT count(*) FROM summed WHERE slot > 0").fetchall()[0][0]:
        connection.execute(_SLOTTED)
    if subject == "customer":
        connection.execute(
            "CREATE TABLE day_fact AS SELECT *, NULL AS employee_number, NULL AS unit FROM held"
        )
        return
    attribute(session, connection, "held", "day_fact", units=subject != "employee")
    connection.execute(_UNTYPED.format(table="day_fact"))
    connection.execute(_CUT)


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
    CREATE OR REPLACE TABLE held AS
    WITH known AS (
        SELECT summed.* EXCLUDE (slot), aggregate, CAST(NULL AS INTEGER) AS held
        FROM summed JOIN how USING (indicator) WHERE slot = 0),
    follow AS (
        SELECT *, CASE WHEN aggregate = 'daily_avg' THEN lead(day, 1, DATE '{after}') OVER (
            PARTITION BY indicator, officer, branch ORDER BY day) ELSE day + 1 END AS stop
        FROM known WHERE origin = 'direct')
    SELECT *, day AS start FROM follow
    UNION ALL BY NAME
    SELECT known.*, day AS start, coalesce(state.following, day + 1) AS stop
    FROM known LEFT JOIN snapshot_day state USING (origin, day) WHERE origin <> 'direct'
"""


_SLOTTED = """
    INSERT INTO held BY NAME
    SELECT summed.* EXCLUDE (slot, day), aggregate, slot.start AS day, slot.start, slot.stop, slot.held
    FROM summed JOIN how USING (indicator) JOIN slot USING (slot)
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
        listed = ", ".join(
            literal(code) for code, aggregate in how.items() if aggregate is Aggregate.DISTINCT
        )
        item = f"CASE WHEN {one.columns['indicator']} IN ({listed}) THEN {one.columns['item']} END"
        bare = replace(bare, columns={**bare.columns, "item": item})
    else:
        bare = bare.without("item")
    return bare.summed({"total": "sum(value)", "n": "count(*)", "latest": latest})


def _name_snapshots(session: Session, connection: duckdb.DuckDBPyConnection, ask: Ask) -> None:
    """Make the table of the days of which a snapshot origin knows the whole state, each with the next one."""
    days = snapshot_days(session, connection, ask)
    create_table(
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
    create_table(
        connection,
        "batch_name",
        pa.table(
            {
                "batch": pa.array([batch for batch, _ in names], pa.int64()),
                "source_name": pa.array([source for _, source in names], pa.string()),
            }
        ),
    )
