"""Suspense: records that match nobody. They wait here until their code is mapped; none is ever dropped."""

# ruff: noqa: S608  the queries are made of our own names; values are bound or quoted
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core.duck import literal
from lms.core.periods import Period
from lms.indicators.models import ImportBatch
from lms.indicators.rules.kinds import BatchState, ImportKind
from lms.indicators.services.ledgers import names_employees
from lms.indicators.services.placing import feeding_models, placed


@dataclass(frozen=True)
class Group:
    """Records of one model, code, branch and product that match nobody.

    Of snapshots `rows` and `sums` are of the last day on which there are any, of other records of all days.
    """

    model: str
    source: str
    officer: str | None
    branch: str | None
    product: str
    rows: int
    first_day: date
    last_day: date
    sums: Mapping[str, Decimal]


@dataclass(frozen=True)
class Suspended:
    """One record in suspense, and what it would give to indicators."""

    batch: int
    line: int
    day: date
    sums: Mapping[str, Decimal]


def latest_month(session: Session, today: date) -> Period:
    """Return the month of the newest records, or this month."""
    newest = session.scalar(
        select(func.max(ImportBatch.last_day)).where(
            ImportBatch.kind == ImportKind.RECORDS, ImportBatch.state == BatchState.COMMITTED
        )
    )
    day = newest or today
    return Period.parse(f"{day:%Y-%m}")


def suspense(
    session: Session, first: date, after: date, *, page: int = 1, per_page: int = 50
) -> tuple[list[Group], int]:
    """Return one page of the groups in suspense in `[first, after)`, the largest first, and their number."""
    models = [model for model in feeding_models(session) if names_employees(model)]
    with placed(session, models, first, after) as connection:
        connection.execute(_GROUPS)
        total = connection.execute("SELECT count(*) FROM suspended WHERE indicator IS NULL").fetchall()[0][0]
        keys = connection.execute(
            "SELECT model, system, officer, branch, product, n, first_day, last_day FROM suspended "
            "WHERE indicator IS NULL ORDER BY n DESC, model, officer, branch, product "
            "LIMIT $limit OFFSET $offset",
            {"limit": per_page, "offset": max(page - 1, 0) * per_page},
        ).fetchall()
        sums = connection.execute(
            "SELECT model, officer, branch, product, indicator, total FROM suspended "
            "WHERE indicator IS NOT NULL ORDER BY indicator"
        ).fetchall()
    by_group: dict[tuple[Any, ...], dict[str, Decimal]] = {}
    for *key, indicator, value in sums:
        by_group.setdefault(tuple(key), {})[indicator] = value
    found = []
    for model, system, officer, branch, product, n, begun, ended in keys:
        given = by_group.get((model, officer, branch, product), {})
        found.append(Group(model, system, officer, branch, product, n, begun, ended, given))
    return found, int(total)


_GROUPS = """
    CREATE TABLE suspended AS
    WITH waiting AS (
        SELECT model, snapshot, system, officer, branch, product, indicator, day, n, total,
            max(day) OVER (PARTITION BY model, officer, branch, product) AS last_day,
            min(day) OVER (PARTITION BY model, officer, branch, product) AS first_day
        FROM placed WHERE place = 'suspense')
    SELECT model, system, officer, branch, product, indicator, any_value(first_day) AS first_day,
        any_value(last_day) AS last_day,
        coalesce(sum(n) FILTER (NOT snapshot OR day = last_day), 0)::BIGINT AS n,
        coalesce(sum(total) FILTER (NOT snapshot OR day = last_day), 0) AS total
    FROM waiting GROUP BY model, system, officer, branch, product, indicator
"""


def suspended_rows(
    session: Session,
    model: str,
    officer: str | None,
    branch: str | None,
    product: str,
    first: date,
    after: date,
    *,
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[Suspended], int]:
    """Return one page of a group's records, newest day first, and how many there are."""
    models = [one for one in feeding_models(session) if one.code == model and names_employees(one)]
    where = " AND ".join([_is("officer", officer), _is("branch", branch), f"product = {literal(product)}"])
    with placed(session, models, first, after, where=where, rows=True) as connection:
        waiting = "FROM placed WHERE place = 'suspense' AND indicator IS NULL"
        total = connection.execute(f"SELECT count(*) {waiting}").fetchall()[0][0]
        keys = connection.execute(
            f"SELECT batch, line, day {waiting} ORDER BY day DESC, batch, line LIMIT $limit OFFSET $offset",
            {"limit": per_page, "offset": max(page - 1, 0) * per_page},
        ).fetchall()
        sums = _sums(connection, keys)
    return [Suspended(batch, line, day, sums.get((batch, line), {})) for batch, line, day in keys], int(total)


def _sums(connection: Any, keys: Sequence[Sequence[Any]]) -> dict[tuple[int, int], dict[str, Decimal]]:
    listed = ", ".join(f"({int(batch)}, {int(line)})" for batch, line, *_ in keys)
    found: dict[tuple[int, int], dict[str, Decimal]] = {}
    if listed:
        for batch, line, indicator, value in connection.execute(
            "SELECT batch, line, indicator, total FROM placed "
            f"WHERE indicator IS NOT NULL AND (batch, line) IN ({listed}) ORDER BY indicator"
        ).fetchall():
            found.setdefault((batch, line), {})[indicator] = value
    return found


def _is(column: str, value: str | None) -> str:
    return f"{column} IS NULL" if value is None else f"{column} = {literal(value)}"
