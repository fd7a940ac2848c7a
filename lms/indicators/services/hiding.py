"""Hiding an imported value that is wrong, with the reason; its row stays, and may be shown again."""

# ruff: noqa: S608  the queries are made of our own column names; values are bound
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from lms.core import parquet
from lms.core.audit import Acting, record
from lms.core.duck import duck, literal
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.indicators.models import HiddenValue, ImportBatch
from lms.indicators.rules import BatchState, ImportKind
from lms.indicators.services.formulas import batch_days, codes_in, derive_later

VALUE_TITLES = {
    "employee_number": N_("工号"),
    "indicator": N_("指标"),
    "day": N_("日期"),
    "value": N_("数值"),
    "flag": N_("标志"),
    "reference": N_("业务编号"),
}
"""The columns of actuals; those of records are the fields of their data model."""
_LINE = {ImportKind.ACTUALS: "line", ImportKind.RECORDS: "_line"}


@dataclass(frozen=True)
class BatchRow:
    """One imported row: its line and its cells by column."""

    line: int
    cells: dict[str, Any]


def batch_rows(
    batch: ImportBatch, words: str = "", *, line: int | None = None, page: int = 1, per_page: int = 50
) -> tuple[list[str], list[BatchRow], int]:
    """Return columns, one page of a batch's rows by line, and their number; `words` are part of a cell.

    Raises:
        Refused: the batch holds no values.
    """
    if batch.kind not in _LINE or not batch.files:
        raise Refused(N_("批次 %(batch)s 没有可以隐藏的值。"), batch=batch.id)
    number = _LINE[batch.kind]
    listed = ", ".join(literal(parquet.path(file)) for file in batch.files)
    with duck(files=True) as connection:
        found = connection.sql(f"SELECT * FROM read_parquet([{listed}], union_by_name = true)")
        columns = [one for one in found.columns if one not in (number, "_day", "source")]
        text = ", ".join(f"coalesce(CAST(\"{one}\" AS VARCHAR), '')" for one in columns)
        where = "true"
        params: dict[str, Any] = {}
        if line is not None:
            where, params = f'"{number}" = $line', {"line": line}
        elif words:
            where, params = f"contains(lower(concat_ws(chr(31), {text})), lower($words))", {"words": words}
        origin = f"FROM read_parquet([{listed}], union_by_name = true) WHERE {where}"
        total = connection.execute(f"SELECT count(*) {origin}", params).fetchall()[0][0]
        chosen = ", ".join(f'"{one}"' for one in (number, *columns))
        rows = connection.execute(
            f'SELECT {chosen} {origin} ORDER BY "{number}" LIMIT {int(per_page)} '
            f"OFFSET {max(page - 1, 0) * int(per_page)}",
            params,
        ).fetchall()
    return columns, [BatchRow(row[0], dict(zip(columns, row[1:], strict=True))) for row in rows], int(total)


def hidden_lines(
    session: Session, batch: ImportBatch, lines: Sequence[int]
) -> dict[tuple[int, str], HiddenValue]:
    """Return what of these lines is hidden, and why, by line and indicator (empty: a whole record)."""
    rows = session.scalars(
        select(HiddenValue).where(HiddenValue.batch_id == batch.id, HiddenValue.line.in_(list(lines)))
    )
    return {(one.line, one.indicator): one for one in rows}


def hidden_values() -> Select[HiddenValue]:
    """Return the select of everything hidden, newest first."""
    return select(HiddenValue).order_by(HiddenValue.id.desc()).options(joinedload(HiddenValue.batch))


def hide(
    session: Session,
    actor: Acting,
    batch: ImportBatch,
    line: int,
    reason: str,
    *,
    now: datetime,
    indicator: str = "",
) -> HiddenValue:
    """Let one imported value count no longer; `indicator` tells which one of a line that holds several.

    Raises:
        NotFound: the batch has no such value.
        Refused: without a reason, when the batch does not count, or the row is hidden already.
    """
    reason = _reason(reason)
    if batch.state is not BatchState.COMMITTED:
        raise Refused(N_("批次 %(batch)s 不在生效状态。"), batch=batch.id)
    rows = _rows(batch, line, indicator)
    code = _indicator(batch, rows)
    if (line, code) in hidden_lines(session, batch, [line]):
        raise Refused(N_("该值已经隐藏。"))
    hidden = HiddenValue(
        batch_id=batch.id,
        line=line,
        indicator=code,
        reason=reason,
        account_id=actor.actor.account_id,
        actor_label=actor.actor.label[:120],
        hidden_at=now,
    )
    session.add(hidden)
    session.flush()
    _log(session, actor, "indicators:value:hide", batch, line, reason, rows)
    _derive(session, actor, batch, now)
    return hidden


def _derive(session: Session, actor: Acting, batch: ImportBatch, now: datetime) -> None:
    """Derive anew what hangs on a batch of which a row no longer counts, or counts again."""
    cause = f"import_batch:{batch.id}"
    derive_later(session, actor, cause, codes_in(session, [batch]), batch_days([batch]), now=now)


def show(
    session: Session,
    actor: Acting,
    batch: ImportBatch,
    line: int,
    reason: str,
    *,
    now: datetime,
    indicator: str = "",
) -> None:
    """Let a hidden value count again; that it was hidden stays in the audit log.

    Raises:
        Refused: without a reason, or when the row is not hidden.
    """
    reason = _reason(reason)
    rows = _rows(batch, line, indicator)
    hidden = hidden_lines(session, batch, [line]).get((line, _indicator(batch, rows)))
    if hidden is None:
        raise Refused(N_("该值没有隐藏。"))
    session.delete(hidden)
    session.flush()
    _log(session, actor, "indicators:value:show", batch, line, reason, rows)
    _derive(session, actor, batch, now)


def _rows(batch: ImportBatch, line: int, indicator: str) -> list[BatchRow]:
    """Return the rows of a line, of one indicator where it is named.

    Raises:
        NotFound: there is none.
        Refused: a line of actuals holds several indicators and none is named.
    """
    rows = [one for one in batch_rows(batch, line=line)[1] if indicator in ("", one.cells.get("indicator"))]
    if not rows:
        raise NotFound
    if len(rows) > 1:
        raise Refused(N_("第 %(line)s 行有多个指标，请选定其中一个。"), line=line)
    return rows


def _indicator(batch: ImportBatch, rows: Sequence[BatchRow]) -> str:
    return str(rows[0].cells["indicator"]) if batch.kind is ImportKind.ACTUALS else ""


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused(N_("请写明理由。"))
    return reason.strip()[:500]


def _log(
    session: Session,
    actor: Acting,
    action: str,
    batch: ImportBatch,
    line: int,
    reason: str,
    rows: Sequence[BatchRow],
) -> None:
    cells = {name: str(cell) for row in rows for name, cell in row.cells.items() if cell is not None}
    record(session, actor, action, f"import_batch:{batch.id}", line=line, reason=reason, row=cells)
