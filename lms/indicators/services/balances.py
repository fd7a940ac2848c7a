"""The nightly balance: managers + pools + suspense = the ledger, by branch, product and indicator."""

# ruff: noqa: S608  the queries are made of our own names; values are bound or quoted
from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core import parquet
from lms.core.audit import Acting
from lms.core.db import upsert
from lms.core.duck import duck, literal
from lms.core.i18n import N_
from lms.core.jobs import Job, enqueue
from lms.indicators.models import Balance, CodeMap, DataModel, HiddenValue, ImportBatch
from lms.indicators.rules.kinds import BatchState, FieldRole, ImportKind
from lms.indicators.services.ledgers import indicators_of, ledger_indicators, names_employees
from lms.indicators.services.placing import feeding_models, placed
from lms.people.models import Posting

JOB = "indicators.balance"
NIGHTS = 35
"""So many days back a change of records or code maps makes a day be balanced anew by itself."""


@dataclass(frozen=True)
class Line:
    """One line: a branch (its code, or the raw code where no unit is known), or one product of it."""

    unit: str
    known: bool
    product: str
    managers: Decimal
    pool: Decimal
    suspense: Decimal
    ledger: Decimal | None
    broken: int

    @property
    def total(self) -> Decimal:
        """What managers, pool and suspense come to."""
        return self.managers + self.pool + self.suspense

    @property
    def difference(self) -> Decimal | None:
        """The total less the ledger, once the ledger is there."""
        return None if self.ledger is None else self.total - self.ledger


@dataclass(frozen=True)
class Sheet:
    """What was computed of one day, before it counts."""

    day: date
    signature: str
    file: str
    rows: int
    differences: int
    suspended: int


# ---------------------------------------------------------------- computing


def compute(session: Session, day: date) -> Sheet:
    """Compute the balance of a day and write its file; it counts when `keep` names it."""
    models = feeding_models(session)
    compared = ledger_indicators(models)
    by_product = {code for code in compared if _all_know_products(models, code)}
    with placed(session, models, day, day + timedelta(days=1)) as connection:
        listed = ", ".join(map(literal, sorted(by_product))) or "NULL"
        table = pa.table(connection.sql(_LINES.format(by_product=listed)).to_arrow_table())
        suspended = connection.execute(
            "SELECT coalesce(sum(n), 0)::BIGINT FROM placed "
            "WHERE place = 'suspense' AND indicator IS NULL AND NOT ledger"
        ).fetchall()[0][0]
    signature = signature_of(session, day, models)
    path = parquet.write(f"balance/{day:%Y%m}/{day:%Y%m%d}-{signature[:16]}.parquet", table)
    broken = table.filter(table.column("broken")).column("unit").unique()
    return Sheet(day, signature, path, table.num_rows, len(broken), int(suspended))


_LINES = """
    WITH part AS (
        SELECT indicator, ledger, place, total, coalesce(unit, branch, '') AS unit, unit IS NOT NULL AS known,
            CASE WHEN indicator IN ({by_product}) THEN product ELSE '' END AS product
        FROM placed WHERE indicator IS NOT NULL),
    line AS (
        SELECT indicator, unit, known, product,
            coalesce(sum(total) FILTER (NOT ledger AND place = 'manager'), 0) AS managers,
            coalesce(sum(total) FILTER (NOT ledger AND place = 'pool'), 0) AS pool,
            coalesce(sum(total) FILTER (NOT ledger AND place = 'suspense'), 0) AS suspense,
            sum(total) FILTER (ledger) AS ledger_found,
            bool_or(ledger) AS in_ledger
        FROM part GROUP BY indicator, unit, known, product),
    arrived AS (SELECT indicator, bool_or(in_ledger) AS here FROM line GROUP BY indicator),
    told AS (
        SELECT line.* EXCLUDE (ledger_found, in_ledger),
            CASE WHEN here THEN coalesce(ledger_found, 0) END AS ledger
        FROM line JOIN arrived USING (indicator))
    SELECT indicator, unit, known, product,
        CAST(managers AS DECIMAL(38, 8)) AS managers, CAST(pool AS DECIMAL(38, 8)) AS pool,
        CAST(suspense AS DECIMAL(38, 8)) AS suspense, CAST(ledger AS DECIMAL(38, 8)) AS ledger,
        ledger IS NOT NULL AND managers + pool + suspense <> ledger AS broken
    FROM told ORDER BY indicator, unit, product
"""


def _all_know_products(models: Sequence[DataModel], code: str) -> bool:
    """Whether all models that feed an indicator say of which product a record is."""
    return all(
        any(field.role is FieldRole.PRODUCT for field in model.fields)
        for model in models
        if code in indicators_of(model)
    )


def keep(session: Session, sheet: Sheet, *, now: datetime) -> None:
    """Let a computed balance be the one of its day."""
    row = {
        "day": sheet.day,
        "signature": sheet.signature,
        "file": sheet.file,
        "rows": sheet.rows,
        "differences": sheet.differences,
        "suspended": sheet.suspended,
        "computed_at": now,
    }
    upsert(session, Balance, [row], ["day"])


def balance_again(session: Session, actor: Acting, day: date | None, *, now: datetime) -> Job:
    """Queue the balance of a day, or of all days that are stale."""
    args = {"day": day.isoformat()} if day else {}
    return enqueue(session, JOB, args, actor, now=now, label=N_("对账"))


def signature_of(session: Session, day: date, models: Sequence[DataModel]) -> str:
    """Return the hash of what a day's balance depends on: batches, hidden rows, models, maps, postings."""
    batches = session.scalars(
        select(ImportBatch.id)
        .where(
            ImportBatch.kind == ImportKind.RECORDS,
            ImportBatch.state == BatchState.COMMITTED,
            ImportBatch.first_day <= day,
            ImportBatch.last_day >= day,
        )
        .order_by(ImportBatch.id)
    ).all()
    hidden = session.execute(select(func.count(), func.max(HiddenValue.id)).select_from(HiddenValue)).one()
    maps = session.execute(select(func.count(), func.max(CodeMap.mapped_at)).select_from(CodeMap)).one()
    posted = session.execute(
        select(func.count(), func.max(Posting.id), func.count(Posting.valid_to)).select_from(Posting)
    ).one()
    versions = [(model.code, model.version) for model in models]
    told = repr((list(batches), tuple(hidden), tuple(maps), tuple(posted), versions))
    return hashlib.sha256(told.encode()).hexdigest()


def stale_days(session: Session, today: date) -> list[date]:
    """Return the days of the last weeks with records whose balance is missing or no longer true."""
    models = feeding_models(session)
    if not ledger_indicators(models) and not any(map(names_employees, models)):
        return []
    begin = today - timedelta(days=NIGHTS)
    spans = session.execute(
        select(ImportBatch.first_day, ImportBatch.last_day).where(
            ImportBatch.kind == ImportKind.RECORDS,
            ImportBatch.state == BatchState.COMMITTED,
            ImportBatch.last_day >= begin,
        )
    ).all()
    days = {
        day
        for first, last in spans
        for day in (begin + timedelta(days=at) for at in range(NIGHTS + 1))
        if first and last and first <= day <= last
    }
    known = dict(session.execute(select(Balance.day, Balance.signature)).all())
    days |= {day for day in known if day >= begin}
    return [day for day in sorted(days) if known.get(day) != signature_of(session, day, models)]


# ---------------------------------------------------------------- reading


def balances(session: Session) -> list[Balance]:
    """Return the days that were balanced, newest first."""
    return list(session.scalars(select(Balance).order_by(Balance.day.desc()).limit(400)))


def balance_of(session: Session, day: date) -> Balance | None:
    """Return the balance of a day."""
    return session.scalar(select(Balance).where(Balance.day == day))


def overview(balance: Balance) -> list[tuple[str, Line]]:
    """Return by indicator one line for the whole bank, those that do not balance first."""
    rows = _read(
        balance,
        "SELECT indicator, '' AS unit, true AS known, '' AS product, sum(managers), sum(pool), "
        "sum(suspense), sum(ledger), (count(*) FILTER (broken))::BIGINT AS n FROM line GROUP BY indicator "
        "ORDER BY n DESC, indicator",
    )
    return [(row[0], Line(*row[1:])) for row in rows]


def branch_lines(
    balance: Balance, indicator: str, *, page: int = 1, per_page: int = 50
) -> tuple[list[Line], int]:
    """Return one page of one line a branch, those that do not balance first, and their number."""
    of = f"FROM line WHERE indicator = {literal(indicator)}"
    total = _read(balance, f"SELECT count(DISTINCT (unit, known)) {of}")[0][0]
    rows = _read(
        balance,
        "SELECT unit, known, '' AS product, sum(managers), sum(pool), sum(suspense), sum(ledger), "
        f"(count(*) FILTER (broken))::BIGINT AS n {of} GROUP BY unit, known ORDER BY n DESC, unit "
        f"LIMIT {int(per_page)} OFFSET {max(page - 1, 0) * int(per_page)}",
    )
    return [Line(*row) for row in rows], int(total)


def product_lines(balance: Balance, indicator: str, unit: str) -> list[Line]:
    """Return the lines of one branch by product, those that do not balance first."""
    rows = _read(
        balance,
        "SELECT unit, known, product, managers, pool, suspense, ledger, CAST(broken AS BIGINT) "
        f"FROM line WHERE indicator = {literal(indicator)} AND unit = {literal(unit)} "
        "ORDER BY broken DESC, product",
    )
    return [Line(*row) for row in rows]


def _read(balance: Balance, query: str) -> list[Any]:
    with duck(files=True) as connection:
        connection.execute(f"CREATE VIEW line AS FROM read_parquet({literal(parquet.path(balance.file))})")
        return connection.execute(query).fetchall()


@dataclass(frozen=True)
class Entry:
    """One record behind a line of the balance."""

    model: str
    ledger: bool
    place: str
    batch: int
    line: int
    product: str
    officer: str | None
    employee_number: str | None
    value: Decimal


def breaking_rows(
    session: Session,
    day: date,
    indicator: str,
    unit: str,
    products: Sequence[str] | None,
    *,
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[Entry], int]:
    """Return one page of a branch's records of these products: the ledger's, what nobody owns, the rest."""
    models = [one for one in feeding_models(session) if indicator in indicators_of(one)]
    where = f"indicator = {literal(indicator)}"
    if products is not None:
        where += f" AND product IN ({', '.join(map(literal, products)) or 'NULL'})"
    with placed(session, models, day, day + timedelta(days=1), where=where, rows=True) as connection:
        of = f"FROM placed WHERE coalesce(unit, branch, '') = {literal(unit)}"
        total = connection.execute(f"SELECT count(*) {of}").fetchall()[0][0]
        rows = connection.execute(
            "SELECT model, ledger, CASE WHEN ledger THEN 'ledger' ELSE place END AS place, batch, line, "
            f"product, officer, employee_number, total {of} ORDER BY NOT ledger, "
            "CASE place WHEN 'suspense' THEN 0 WHEN 'pool' THEN 1 ELSE 2 END, product, batch, line "
            "LIMIT $limit OFFSET $offset",
            {"limit": per_page, "offset": max(page - 1, 0) * per_page},
        ).fetchall()
    return [Entry(*row) for row in rows], int(total)
