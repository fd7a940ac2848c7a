"""Whose a figure is: codes become employees and units, day by day; what nobody owns is kept all the same.

A manager's figure has an employee; a unit's pool takes what belongs to a unit but to nobody in it; suspense
takes the rest. The three together are always the whole.
"""

# ruff: noqa: S608  the queries are made of our own names; values are registered
from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.core.duck import create_table
from lms.indicators.services.codes import register_code_maps
from lms.indicators.services.origins import BEGIN, DIRECT, NEVER
from lms.people.models import Employee, OrgPlacement, OrgUnit, Posting

_BLOCK = 500
_MANY = 5_000


def attribute(
    session: Session, connection: duckdb.DuckDBPyConnection, source: str, target: str, *, units: bool
) -> None:
    """Make the table `target` from the relation `source`, which has system, officer, branch, start, stop.

    A row is split where its code, its person's posting or its branch code changes meaning in
    `[start, stop)`. The new columns are employee_number, unit (only with `units`) and place: manager, pool
    or suspense.
    """
    codes = _texts(connection, f"SELECT DISTINCT officer FROM {source} WHERE officer IS NOT NULL")
    register_code_maps(session, connection)
    _employees(session, connection, codes)
    _timeline(
        connection, "owner", ("system", "officer"), f"SELECT DISTINCT system, officer FROM {source}", _OWN
    )
    _register_units(session, connection)
    _timeline(
        connection, "site", ("system", "branch"), f"SELECT DISTINCT system, branch FROM {source}", _SITE
    )
    _postings(session, connection, units=units)
    used = "SELECT DISTINCT employee_number FROM owner WHERE employee_number IS NOT NULL"
    _timeline(connection, "post", ("employee_number",), used, "SELECT * FROM posting")
    connection.execute(
        f"CREATE OR REPLACE TABLE {target} AS "
        + _ATTRIBUTED.format(source=source, posted="true" if units else "false")
    )


_OWN = f"""
    SELECT source AS system, code AS officer, valid_from, valid_to, employee_number, unit_code AS pool,
        0 AS rank
    FROM code_map WHERE kind = 'employee'
    UNION ALL
    SELECT used.system, number, CASE system WHEN '{DIRECT}' THEN DATE '{BEGIN}' ELSE hired_on END,
        CASE system WHEN '{DIRECT}' THEN DATE '{NEVER}' ELSE left_on END, number, NULL, 1
    FROM used JOIN employee ON employee.number = used.officer
"""
_SITE = f"""
    SELECT source AS system, code AS branch, valid_from, valid_to, unit_code AS unit, 0 AS rank
    FROM code_map WHERE kind = 'unit'
    UNION ALL
    SELECT used.system, code, DATE '{BEGIN}', DATE '{NEVER}', code, 1
    FROM used JOIN org_unit ON org_unit.code = used.branch
"""
_ATTRIBUTED = """
    WITH owned AS (
        SELECT given.* EXCLUDE (start, stop), owner.employee_number, owner.pool,
            greatest(given.start, owner.since) AS start, least(given.stop, owner.until) AS stop
        FROM {source} given LEFT JOIN owner ON owner.system = given.system
            AND owner.officer = given.officer AND owner.since < given.stop AND owner.until > given.start),
    sited AS (
        SELECT owned.* EXCLUDE (start, stop), site.unit AS site,
            greatest(owned.start, site.since) AS start, least(owned.stop, site.until) AS stop
        FROM owned LEFT JOIN site ON site.system = owned.system
            AND site.branch = owned.branch AND site.since < owned.stop AND site.until > owned.start),
    posted AS (
        SELECT sited.* EXCLUDE (start, stop), post.unit AS desk,
            greatest(sited.start, post.since) AS start, least(sited.stop, post.until) AS stop
        FROM sited LEFT JOIN post ON {posted} AND sited.site IS NULL
            AND post.employee_number = sited.employee_number
            AND post.since < sited.stop AND post.until > sited.start)
    SELECT * EXCLUDE (pool, site, desk),
        coalesce(CASE WHEN employee_number IS NULL THEN pool END, site, desk) AS unit,
        CASE WHEN employee_number IS NOT NULL THEN 'manager'
            WHEN pool IS NOT NULL OR (officer IS NULL AND site IS NOT NULL) THEN 'pool'
            ELSE 'suspense' END AS place
    FROM posted
"""


def _timeline(
    connection: duckdb.DuckDBPyConnection, table: str, keys: Sequence[str], used: str, spans: str
) -> None:
    """Make a table of keys, since, until and what is in force, without gaps from first day to last."""
    listed = ", ".join(keys)
    if not connection.sql(f"SELECT count({keys[-1]}) FROM ({used})").fetchall()[0][0]:  # quicker said
        connection.execute(
            f"CREATE OR REPLACE TABLE {table} AS WITH used AS ({used}) "
            f"SELECT {listed}, valid_from AS since, valid_to AS until, "
            f"* EXCLUDE ({listed}, valid_from, valid_to, rank) FROM ({spans}) WHERE false"
        )
        return
    same = " AND ".join(f"segment.{key} = span.{key}" for key in keys)
    connection.execute(f"""
        CREATE OR REPLACE TABLE {table} AS
        WITH used AS ({used}), span AS (SELECT * FROM ({spans}) given SEMI JOIN used USING ({listed})),
        point AS (
            SELECT {listed}, DATE '{BEGIN}' AS since FROM used
            UNION SELECT {listed}, valid_from FROM span UNION SELECT {listed}, valid_to FROM span),
        segment AS (
            SELECT {listed}, since,
                lead(since, 1, DATE '{NEVER}') OVER (PARTITION BY {listed} ORDER BY since) AS until
            FROM point WHERE since < DATE '{NEVER}')
        SELECT segment.*, span.* EXCLUDE ({listed}, valid_from, valid_to, rank)
        FROM segment LEFT JOIN span
            ON {same} AND span.valid_from <= segment.since AND span.valid_to > segment.since
        QUALIFY row_number() OVER (
            PARTITION BY {", ".join("segment." + key for key in keys)}, segment.since ORDER BY rank) = 1""")


def register_tree(session: Session, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `above`: which unit stands under which, itself included, from one day to another."""
    rows = session.execute(
        select(
            OrgPlacement.org_unit_id, OrgPlacement.parent_id, OrgPlacement.valid_from, OrgPlacement.valid_to
        )
    ).all()
    codes = dict(session.execute(select(OrgUnit.id, OrgUnit.code)).all())
    create_table(
        connection,
        "placement",
        pa.table(
            {
                "unit": pa.array([codes[row[0]] for row in rows], pa.string()),
                "parent": pa.array([codes.get(row[1]) if row[1] else None for row in rows], pa.string()),
                "valid_from": pa.array([row[2] for row in rows], pa.date32()),
                "valid_to": pa.array([row[3] or NEVER for row in rows], pa.date32()),
            }
        ),
    )
    create_table(connection, "org_unit", pa.table({"code": pa.array(sorted(codes.values()), pa.string())}))
    connection.execute(f"""
        CREATE OR REPLACE TABLE above AS
        WITH RECURSIVE climb AS (
            SELECT code AS unit, code AS ancestor, DATE '{BEGIN}' AS since, DATE '{NEVER}' AS until
            FROM org_unit
            UNION ALL
            SELECT climb.unit, placement.parent, greatest(climb.since, placement.valid_from),
                least(climb.until, placement.valid_to)
            FROM climb JOIN placement ON placement.unit = climb.ancestor AND placement.parent IS NOT NULL
                AND placement.valid_from < climb.until AND placement.valid_to > climb.since)
        SELECT * FROM climb""")


def _register_units(session: Session, connection: duckdb.DuckDBPyConnection) -> None:
    codes = session.scalars(select(OrgUnit.code).order_by(OrgUnit.code)).all()
    create_table(connection, "org_unit", pa.table({"code": pa.array(codes, pa.string())}))


def _employees(session: Session, connection: duckdb.DuckDBPyConnection, codes: Collection[str]) -> None:
    rows = _in_blocks(
        session, select(Employee.number, Employee.hired_on, Employee.left_on), Employee.number, codes
    )
    create_table(
        connection,
        "employee",
        pa.table(
            {
                "number": pa.array([row[0] for row in rows], pa.string()),
                "hired_on": pa.array([row[1] for row in rows], pa.date32()),
                "left_on": pa.array([row[2] or NEVER for row in rows], pa.date32()),
            }
        ),
    )


def _postings(session: Session, connection: duckdb.DuckDBPyConnection, *, units: bool) -> None:
    used = "SELECT DISTINCT employee_number FROM owner WHERE employee_number IS NOT NULL"
    numbers = _texts(connection, used) if units else []
    wanted = (
        select(Employee.number, OrgUnit.code, Posting.valid_from, Posting.valid_to, Posting.id)
        .join(Employee, Employee.id == Posting.employee_id)
        .join(OrgUnit, OrgUnit.id == Posting.org_unit_id)
    )
    rows = _in_blocks(session, wanted, Employee.number, numbers)
    create_table(
        connection,
        "posting",
        pa.table(
            {
                "employee_number": pa.array([row[0] for row in rows], pa.string()),
                "unit": pa.array([row[1] for row in rows], pa.string()),
                "valid_from": pa.array([row[2] for row in rows], pa.date32()),
                "valid_to": pa.array([row[3] or NEVER for row in rows], pa.date32()),
                "rank": pa.array([row[4] for row in rows], pa.int64()),
            }
        ),
    )


def _texts(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [str(row[0]) for row in connection.sql(query).fetchall()]


def _in_blocks(
    session: Session, wanted: Select[*tuple[Any, ...]], column: Any, values: Collection[str]
) -> list[Sequence[Any]]:
    """Return the rows with one of these values; of very many values all rows, in one go."""
    if len(values) > _MANY:
        return list(session.execute(wanted).all())
    listed = sorted(values)
    found: list[Sequence[Any]] = []
    for at in range(0, len(listed), _BLOCK):
        found += session.execute(wanted.where(column.in_(listed[at : at + _BLOCK]))).all()
    return found
