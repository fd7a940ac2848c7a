"""Giving an indicator its formula, turning the switch of income, and what must be computed after that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import parquet
from lms.core.audit import Acting, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.jobs import Job, enqueue
from lms.indicators.models import DataField, FieldMapping, ImportBatch, Indicator
from lms.indicators.rules import ImportKind
from lms.indicators.rules.formula import Formula, Op, dump, parse, refuse_misuse, touched_by
from lms.indicators.services.derivation import Book, data_span


def formula_of(indicator: Indicator) -> Formula | None:
    """Return an indicator's formula."""
    return parse(indicator.formula) if indicator.formula else None


def set_formula(session: Session, actor: Acting, indicator: Indicator, formula: Formula | None) -> None:
    """Give an indicator a formula, another one, or none any more.

    Raises:
        Refused: when a member is unknown or stands too late, or when formulas would go round in a circle.
    """
    if formula is not None:
        rows = session.execute(select(Indicator.code, Indicator.indicator_set, Indicator.formula)).all()
        refuse_misuse(
            indicator.code,
            indicator.indicator_set,
            formula,
            {code: indicator_set for code, indicator_set, _ in rows},
            {code: parse(data) for code, _, data in rows if data},
        )
    before = indicator.formula
    indicator.formula = None if formula is None else dump(formula)
    if formula is not None and formula.op is Op.CHANGE:
        base = session.scalar(select(Indicator).where(Indicator.code == formula.of[0]))
        indicator.base_id = base.id if base else None
    session.flush()
    record(
        session,
        actor,
        "indicators:indicator:formula",
        f"indicator:{indicator.id}",
        before=before,
        after=indicator.formula,
    )


def switch_income(session: Session, actor: Acting, indicator: Indicator, *, counts: bool) -> None:
    """Say whether the income terms of a change formula take part.

    Raises:
        Refused: when its formula has none.
    """
    formula = formula_of(indicator)
    if formula is None or not formula.income:
        raise Refused(N_("该指标的公式不含收支指标，没有可切换的内容。"))
    indicator.income_counts = counts
    session.flush()
    record(session, actor, "indicators:indicator:income", f"indicator:{indicator.id}", counts=counts)


def uses_of(session: Session, code: str) -> tuple[list[Indicator], list[Indicator]]:
    """Return the indicators that an indicator's formula uses, and those whose formulas use it."""
    every = list(session.scalars(select(Indicator).order_by(Indicator.code)))
    formulas = {one.code: parse(one.formula) for one in every if one.formula}
    members = formulas[code].members() if code in formulas else []
    return (
        [one for one in every if one.code in members],
        [one for one in every if one.code in formulas and code in formulas[one.code].members()],
    )


def codes_in(session: Session, batches: Collection[ImportBatch]) -> set[str]:
    """Return the codes of the indicators that batches hold values of."""
    found: set[str] = set()
    for batch in batches:
        if batch.kind is ImportKind.ACTUALS:
            for file in batch.files:
                table = pq.read_table(
                    parquet.path(file), columns=["indicator"], read_dictionary=["indicator"]
                )
                found.update(str(code) for code in table.column("indicator").unique().to_pylist())
        elif batch.kind is ImportKind.RECORDS:
            mapped = (
                select(Indicator.code)
                .join(FieldMapping, FieldMapping.indicator_id == Indicator.id)
                .join(DataField, DataField.id == FieldMapping.field_id)
                .where(DataField.model_id == batch.data_model_id)
            )
            found.update(session.scalars(mapped))
    return found


def derive_later(
    session: Session,
    actor: Acting,
    cause: str,
    changed: Collection[str],
    days: tuple[date, date] | None,
    *,
    now: datetime,
) -> Job | None:
    """Queue the recalculation of what hangs on indicators in `[first, after)`, None meaning all days.

    Returns None when nothing hangs on them.
    """
    span = days or data_span(session)
    if span is None or not touched_by(Book.read(session).formulas, changed):
        return None
    args = {
        "cause": cause,
        "changed": sorted(changed),
        "first": span[0].isoformat(),
        "after": span[1].isoformat(),
    }
    return enqueue(session, "indicators.derive", args, actor, now=now, label=N_("重新推导指标"))


def batch_days(batches: Sequence[ImportBatch]) -> tuple[date, date] | None:
    """Return the days of batches as `[first, after)`, None when they have none."""
    firsts = [one.first_day for one in batches if one.first_day]
    lasts = [one.last_day for one in batches if one.last_day]
    if not firsts or not lasts:
        return None
    return min(firsts), date.fromordinal(max(lasts).toordinal() + 1)
