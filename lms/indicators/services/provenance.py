"""Where figures came from: the rows behind them, with file, batch and line, or who typed them and why."""

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
from lms.core.duck import Rows, create_table, duck, literal
from lms.core.periods import Period, months_of
from lms.indicators.models import Derivation, Indicator
from lms.indicators.rules import Flag, IndicatorSet
from lms.indicators.rules.formula import RANK, parse
from lms.indicators.services.facts import SCHEMA, row_facts
from lms.indicators.services.origins import VALUE, Ask, imported

_DERIVED: dict[str, pa.DataType] = {
    "kind": pa.string(),
    "subject": pa.string(),
    "value": VALUE,
    "flag": pa.string(),
}
DERIVED = pa.schema(_DERIVED)
"""The columns of a derivation's file."""


@dataclass(frozen=True)
class SourceRow:
    """One value and where it came from; a typed one has no batch and line, a derived one has a derivation."""

    batch_id: int | None
    source_name: str | None
    line: int | None
    day: date
    value: Decimal
    flag: str | None
    source: str
    reference: str | None
    employee_number: str | None = None
    indicator: str = ""
    unit: str | None = None
    place: str = ""


_ROW = (
    "batch, source_name, line, day, value, flag, source, reference, employee_number, indicator, unit, place"
)


def actuals(
    session: Session,
    employee_numbers: Collection[str] | None,
    indicator_codes: Collection[str],
    first: date,
    after: date,
) -> pa.Table:
    """Return the values of `[first, after)` that count, as `SCHEMA`; None means everybody.

    Records of one person, indicator, day and batch stand as one row with their sum; its line is that of the
    first, and its reference says how many there are. Ordered by indicator, employee, day, batch and line.
    """
    with flagged(session, Ask.of(indicator_codes, first, after, employee_numbers)) as connection:
        table = connection.sql(f"""
            SELECT {", ".join(SCHEMA.names)} FROM fact
            WHERE origin IN ('direct', 'derived') AND employee_number IS NOT NULL
            UNION ALL BY NAME
            SELECT employee_number, indicator, day, CAST(sum(value) AS DECIMAL(28, 8)) AS value,
                any_value(flag) AS flag, any_value(source) AS source, batch, min(line) AS line,
                CASE count(*) WHEN 1 THEN any_value(reference) ELSE '×' || count(*) END AS reference
            FROM fact WHERE origin NOT IN ('direct', 'derived') AND employee_number IS NOT NULL
            GROUP BY employee_number, indicator, day, batch
            ORDER BY indicator, employee_number, day, batch, line""").to_arrow_table()
        return pa.table(table).cast(SCHEMA)


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
    """Return one page of the values behind a person's figure, newest day first, and how many there are."""
    ask = Ask.of([indicator], first, after, [employee_number])
    return rows_of(session, ask, "true", "day DESC, batch, line", page=page, per_page=per_page)


def unit_rows(
    session: Session,
    unit_codes: Collection[str],
    indicator: str,
    first: date,
    after: date,
    *,
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[SourceRow], int]:
    """Return one page of the values that belong to these units themselves, newest day first."""
    listed = ", ".join(literal(code) for code in sorted(set(unit_codes))) or "NULL"
    ask = Ask.of([indicator], first, after)
    where = f"unit IN ({listed})"
    order = "day DESC, employee_number, batch, line"
    return rows_of(session, ask, where, order, page=page, per_page=per_page, units=True)


def unrecorded(
    session: Session, first: date, after: date, *, page: int = 1, per_page: int = 50
) -> tuple[list[SourceRow], int]:
    """Return the values of `[first, after)` that are not in the change table yet, and their number."""
    codes = list(session.scalars(select(Indicator.code)))
    return flagged_rows(session, codes, first, after, Flag.UNRECORDED, page=page, per_page=per_page)


def flagged_rows(
    session: Session,
    codes: Collection[str],
    first: date,
    after: date,
    flag: Flag | None = None,
    *,
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[SourceRow], int]:
    """Return one page of indicators' values, of one flag or all, by batch and line, and their number."""
    where = "true" if flag is None else f"flag = {literal(flag.value)}"
    order = "batch NULLS LAST, line, indicator, employee_number, day"
    return rows_of(session, Ask.of(codes, first, after), where, order, page=page, per_page=per_page)


def flag_counts(session: Session, codes: Collection[str], first: date, after: date) -> dict[Flag, int]:
    """Return how many values of `[first, after)` have each flag."""
    with flagged(session, Ask.of(codes, first, after)) as connection:
        found = connection.sql(
            "SELECT flag, count(*) FROM fact WHERE flag IS NOT NULL GROUP BY flag"
        ).fetchall()
    counts = {Flag(flag): int(count) for flag, count in found}
    return {flag: counts.get(flag, 0) for flag in Flag}


def rows_of(
    session: Session, ask: Ask, where: str, order: str, *, page: int, per_page: int, units: bool = False
) -> tuple[list[SourceRow], int]:
    """Return one page of the rows that meet a clause of ours, and how many there are."""
    with flagged(session, ask, units=units) as connection:
        total = connection.execute(f"SELECT count(*) FROM fact WHERE {where}").fetchall()[0][0]
        rows = connection.execute(
            f"SELECT {_ROW} FROM fact WHERE {where} ORDER BY {order} LIMIT $limit OFFSET $offset",
            {"limit": per_page, "offset": max(page - 1, 0) * per_page},
        ).fetchall()
    return [SourceRow(*row) for row in rows], int(total)


def counting_beside(session: Session, rows: Rows, first: date, after: date) -> pa.Table:
    """Return what was imported already for the people and days of `rows` (columns employee, day).

    The columns are those of `existing` in the checks: employee, indicator, day, reference, batch.
    """
    codes = list(session.scalars(select(Indicator.code)))
    with duck(files=True) as connection:
        before = imported(session, connection, Ask.of(codes, first, after))
        if before is None:
            nothing = SCHEMA.empty_table().rename_columns({"employee_number": "employee"})
            return nothing.select(["employee", "indicator", "day", "reference", "batch"])
        given = rows.room.rows(f"SELECT DISTINCT employee, day FROM ({rows.query})")
        connection.register("given", given.table())
        return pa.table(
            connection.sql(
                f"SELECT officer AS employee, indicator, day, reference, batch FROM ({before.rows()}) fact "
                "SEMI JOIN given ON fact.officer = given.employee AND fact.day = given.day"
            ).to_arrow_table()
        )


# ---------------------------------------------------------------- flags and derived rows


@contextmanager
def flagged(session: Session, ask: Ask, *, units: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with `fact` as it is told: with derived values, and every flag as it stands now.

    A basic, transaction or income value is recorded when a change value of the same person that hangs on its
    indicator was imported or typed for the same day, or derived for the day's month.
    """
    every = session.scalars(select(Indicator)).all()
    hangs = [(one, member) for one in every for member in _hangs_on(one)]
    changes = {one.code for one, member in hangs if member in ask.codes}
    wider = Ask.of({*ask.codes, *changes}, ask.first, ask.after, ask.employees)
    sets = {one.code: one.indicator_set for one in every}
    with row_facts(session, wider, units=units) as connection:
        _add_derived(session, connection, wider)
        create_table(
            connection,
            "hangs_on",
            pa.table(
                {
                    "change": pa.array([one.code for one, _ in hangs], pa.string()),
                    "base": pa.array([member for _, member in hangs], pa.string()),
                }
            ),
        )
        known = {code for code in ask.codes if code in sets}
        listed = ", ".join(literal(code) for code in sorted(known) if not RANK[sets[code]]) or "NULL"
        connection.execute(_RECORDED.format(listed=listed))
        wanted = ", ".join(literal(code) for code in ask.codes) or "NULL"
        connection.execute(f"DELETE FROM fact WHERE indicator NOT IN ({wanted})")
        yield connection


_RECORDED = """
    UPDATE fact SET flag = CASE WHEN
        EXISTS (FROM fact change JOIN hangs_on ON hangs_on.change = change.indicator
            WHERE hangs_on.base = fact.indicator AND change.employee_number = fact.employee_number
            AND change.day = fact.day AND change.origin <> 'derived')
        OR EXISTS (FROM derived_month JOIN hangs_on ON hangs_on.change = derived_month.indicator
            WHERE hangs_on.base = fact.indicator AND derived_month.employee_number = fact.employee_number
            AND date_trunc('month', fact.day) = derived_month.month)
        THEN 'recorded' ELSE 'unrecorded' END
    WHERE indicator IN ({listed})
"""


def _hangs_on(indicator: Indicator) -> list[str]:
    """Return what a change indicator records: its base, and what its formula adds."""
    if indicator.indicator_set is not IndicatorSet.CHANGE:
        return []
    found = [indicator.base.code] if indicator.base else []
    return list(dict.fromkeys([*found, *(parse(indicator.formula).members() if indicator.formula else [])]))


def _add_derived(session: Session, connection: duckdb.DuckDBPyConnection, ask: Ask) -> None:
    """Add the derived values of the period, or of the months in it, where nothing was imported or typed."""
    months = months_of(ask.first, ask.after)
    exact = [one for size in (1, 3, 12) if (one := Period(ask.first, size)).after == ask.after]
    exact = exact if ask.first.day == 1 else []
    wanted = [one.code for one in {*months, *exact}]
    found = session.execute(
        select(Derivation.id, Indicator.code, Derivation.period, Derivation.file)
        .join(Indicator, Indicator.id == Derivation.indicator_id)
        .where(Indicator.code.in_(ask.codes), Derivation.period.in_(wanted))
    ).all()
    whole = {code for _, code, period, _ in found if exact and period == exact[0].code}
    create_table(
        connection,
        "derivation",
        pa.table(
            {
                "reference": pa.array([f"derivation:{row_id}" for row_id, *_ in found], pa.string()),
                "indicator": pa.array([code for _, code, _, _ in found], pa.string()),
                "month": pa.array([Period.parse(period).first for _, _, period, _ in found], pa.date32()),
                "day": pa.array([Period.parse(period).last for _, _, period, _ in found], pa.date32()),
                "monthly": pa.array(
                    [Period.parse(period).months == 1 for _, _, period, _ in found], pa.bool_()
                ),
                "shown": pa.array(
                    [
                        (code not in whole) == (not exact or period != exact[0].code)
                        for _, code, period, _ in found
                    ],
                    pa.bool_(),
                ),
                "filename": pa.array([parquet.path(file) for *_, file in found], pa.string()),
            }
        ),
    )
    create_table(connection, "no_derived", DERIVED.append(pa.field("filename", pa.string())).empty_table())
    listed = ", ".join(literal(parquet.path(file)) for *_, file in found)
    origin = f"read_parquet([{listed}], filename = true)" if found else "no_derived"
    people = "true" if ask.employees is None else "subject IN (SELECT number FROM employee_wanted)"
    connection.execute(
        f"CREATE TABLE derived AS SELECT * EXCLUDE (filename, kind) FROM {origin} "
        f"JOIN derivation USING (filename) WHERE kind = 'employee' AND {people}"
    )
    connection.execute(
        "CREATE TABLE derived_month AS SELECT indicator, subject AS employee_number, month FROM derived "
        "WHERE monthly"
    )
    connection.execute(
        "INSERT INTO fact BY NAME SELECT 'derived' AS origin, false AS snapshot, 'computed' AS source, "
        "subject AS employee_number, 'manager' AS place, indicator, day, value, flag, reference FROM derived "
        "WHERE shown AND NOT EXISTS (FROM fact WHERE fact.indicator = derived.indicator "
        "AND fact.employee_number = derived.subject)"
    )
