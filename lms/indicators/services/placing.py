"""Records in their places: a manager's, a unit's pool's, nobody's, or the ledger's."""

# ruff: noqa: S608  the queries are made of checked names and quoted texts
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import duckdb
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.core.duck import duck, literal, quoted
from lms.indicators.models import DataField, DataModel, FieldMapping
from lms.indicators.rules.kinds import Delivery, FieldRole, ModelState
from lms.indicators.services.attribution import attribute
from lms.indicators.services.ledgers import ledger_indicators, names_employees
from lms.indicators.services.store import condition_sql, open_view, role_columns, value_sql


def feeding_models(session: Session) -> list[DataModel]:
    """Return the models that may have records, with fields, mappings and indicators, by code."""
    return list(
        session.scalars(
            select(DataModel)
            .where(DataModel.state != ModelState.DRAFT)
            .options(
                selectinload(DataModel.fields)
                .selectinload(DataField.mappings)
                .selectinload(FieldMapping.indicator)
            )
            .order_by(DataModel.code)
        )
    )


@contextmanager
def placed(
    session: Session,
    models: Sequence[DataModel],
    first: date,
    after: date,
    *,
    where: str = "true",
    rows: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the table `placed` of the records of `[first, after)`.

    Its columns: model, snapshot, ledger, system, officer, branch, product, indicator, day, n, total,
    employee_number, unit, place; with `rows` also batch and line, one row a record and indicator. A row with
    indicator null stands for the records themselves, whatever they feed. `where` limits them by code columns.
    """
    compared = ledger_indicators(models)
    with duck(files=True) as connection:
        parts = []
        for model in models:
            open_view(session, connection, model, first=first, after=after)
            parts += list(_parts(model, compared))
        if not parts:
            parts = [_NOTHING]
        own = ", batch, line" if rows else ""
        connection.execute(
            "CREATE TABLE given AS SELECT model, snapshot, ledger, system, officer, branch, product, "
            f"indicator, day{own}, count(*) AS n, CAST(sum(value) AS DECIMAL(38, 8)) AS total, "
            f"day AS start, day + 1 AS stop FROM ({' UNION ALL '.join(parts)}) WHERE {where} GROUP BY ALL"
        )
        attribute(session, connection, "given", "placed", units=True)
        yield connection


_NOTHING = (
    "SELECT '' AS model, false AS snapshot, false AS ledger, '' AS system, NULL::VARCHAR AS officer, "
    "NULL::VARCHAR AS branch, '' AS product, NULL::VARCHAR AS indicator, NULL::DATE AS day, "
    "NULL::BIGINT AS batch, NULL::BIGINT AS line, NULL::DECIMAL(28, 8) AS value WHERE false"
)


def _parts(model: DataModel, compared: set[str]) -> Iterator[str]:
    """Yield the queries of a model's records: as they are, and once for each indicator they feed."""
    roles = role_columns(model)
    whose = names_employees(model)

    officer, branch, product = (
        _code(roles.get(role)) for role in (FieldRole.EMPLOYEE, FieldRole.UNIT, FieldRole.PRODUCT)
    )
    snapshot = str(model.delivery is Delivery.SNAPSHOT).lower()

    def query(indicator: str, value: str, where: str, *, ledger: bool) -> str:
        return (
            f"SELECT {literal(model.code)} AS model, {snapshot} AS snapshot, "
            f"{str(ledger).lower()} AS ledger, {literal(model.source)} AS system, "
            f"{officer} AS officer, {branch} AS branch, coalesce({product}, '') AS product, "
            f"{indicator} AS indicator, _day AS day, _batch AS batch, _line AS line, "
            f"CAST({value} AS DECIMAL(28, 8)) AS value "
            f"FROM {quoted(model.code)} WHERE {where}"
        )

    if whose or FieldRole.UNIT in roles:
        yield query("NULL::VARCHAR", "NULL", "true", ledger=not whose)
    for field in model.fields:
        for mapping in field.mappings:
            value = value_sql(field, mapping)
            days = f"_day >= DATE '{mapping.valid_from}'"
            if mapping.valid_to is not None:
                days += f" AND _day < DATE '{mapping.valid_to}'"
            clause = f"{days} AND {condition_sql(mapping, model.fields)} AND {quoted(field.code)} IS NOT NULL"
            code = mapping.indicator.code
            yield query(literal(code), value, clause, ledger=not whose and code in compared)


def _code(column: str | None) -> str:
    return "NULL::VARCHAR" if column is None else f"nullif(trim(CAST({column} AS VARCHAR)), '')"


def split(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Return by indicator what managers, pools and suspense hold of the records that are no ledger's."""
    each = ", ".join(
        f"coalesce(sum(total) FILTER (place = '{place}'), 0)" for place in ("manager", "pool", "suspense")
    )
    rows = connection.execute(
        f"SELECT indicator, {each} FROM placed "
        "WHERE indicator IS NOT NULL AND NOT ledger GROUP BY indicator ORDER BY indicator"
    ).fetchall()
    return {code: (managers, pool, suspense) for code, managers, pool, suspense in rows}
