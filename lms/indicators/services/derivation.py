"""Derived indicators: what their formulas give, kept by period, and computed anew only where touched.

`measures` always works from what counts now. `refresh` keeps the same figures as files, so that lists, flags
and source rows can name them; it writes only what its inputs' signature says has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from lms.core import parquet
from lms.core.audit import Acting, record
from lms.core.periods import Period, months_of
from lms.indicators.models import Derivation, ImportBatch, Indicator, Recalculation, TypedValue
from lms.indicators.rules import BatchState
from lms.indicators.rules.formula import (
    Figure,
    Formula,
    Op,
    change,
    dump,
    evaluate,
    in_order,
    parse,
    touched_by,
)
from lms.indicators.services.measures import SCHEMA, Kind, plain_measures
from lms.indicators.services.provenance import DERIVED

GAP = 12
"""A gap is filled only when both of its ends lie within so many periods."""

Figures = Mapping[tuple[str, str], Decimal]
"""(code, subject) → value."""


@dataclass(frozen=True)
class Book:
    """The derived indicators as they stand: formulas by code, and the switches of income."""

    formulas: Mapping[str, Formula]
    income_counts: Mapping[str, bool]

    @classmethod
    def read(cls, session: Session) -> Book:
        """Read it."""
        rows = session.execute(
            select(Indicator.code, Indicator.formula, Indicator.income_counts)
            .where(Indicator.formula.is_not(None))
            .order_by(Indicator.code)
        ).all()
        with_formula = [(code, parse(formula), counts) for code, formula, counts in rows if formula]
        return cls(
            {code: formula for code, formula, _ in with_formula},
            {code: counts for code, _, counts in with_formula},
        )

    def switched(self, code: str, *, income_counts: bool) -> Book:
        """Return the same with one switch turned."""
        return Book(self.formulas, {**self.income_counts, code: income_counts})


@dataclass
class Sheet:
    """What is known of one period: plain figures of each period needed, derived ones as they are found."""

    series: Sequence[Figures]
    at: int
    explicit: Figures
    derived: dict[tuple[str, str], Figure] = field(default_factory=dict)

    def value(self, code: str, subject: str) -> Decimal | None:
        """Return what is known of a subject, imported or typed values first."""
        key = (code, subject)
        if key in self.explicit:
            return self.explicit[key]
        return self.derived[key].value if key in self.derived else None


def measures(
    session: Session,
    employee_numbers: Collection[str],
    indicator_codes: Collection[str],
    first: date,
    after: date,
) -> pa.Table:
    """Return subject, measure, value (float64): each indicator's figure over `[first, after)`.

    A pair without any value has no row. A derived indicator has what was imported or typed for the person,
    else what its formula gives; a change needs a whole month, quarter or year.
    """
    return measures_of(session, "employee", employee_numbers, indicator_codes, first, after)


def measures_of(
    session: Session,
    kind: Kind,
    subjects: Collection[str] | None,
    codes: Collection[str],
    first: date,
    after: date,
) -> pa.Table:
    """Return the same for employees, units (rolled up by the tree) or customers; None means all of them."""
    book = Book.read(session)
    if not set(codes) & set(book.formulas):
        return plain_measures(session, kind, subjects, codes, [(first, after)])[0]
    sheet = _sheet(session, book, kind, subjects, codes, first, after)
    rows = {key: float(value) for key, value in sheet.explicit.items() if key[0] in codes}
    for key, figure in sheet.derived.items():
        if key[0] in codes:
            rows.setdefault(key, float(figure.value))
    ordered = sorted((subject, code, value) for (code, subject), value in rows.items())
    return (
        pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in ordered], schema=SCHEMA)
        if ordered
        else pa.Table.from_batches([], SCHEMA)
    )


def derived_figures(
    session: Session, kind: Kind, subjects: Collection[str] | None, code: str, period: Period, book: Book
) -> dict[str, Figure]:
    """Return what the formula of an indicator gives each subject, whatever was imported or typed."""
    sheet = _sheet(session, book, kind, subjects, [code], period.first, period.after)
    return {subject: figure for (of, subject), figure in sheet.derived.items() if of == code}


@dataclass(frozen=True)
class Switched:
    """A subject's change with income and without."""

    subject: str
    with_income: Decimal
    without_income: Decimal

    @property
    def difference(self) -> Decimal:
        """What income makes of it."""
        return self.with_income - self.without_income


def switch_effect(session: Session, code: str, period: Period, kind: Kind = "employee") -> list[Switched]:
    """Return both results of the income switch of a change indicator, by subject."""
    book = Book.read(session)
    both = [
        derived_figures(session, kind, None, code, period, book.switched(code, income_counts=counts))
        for counts in (True, False)
    ]
    return [
        Switched(subject, both[0][subject].value, both[1][subject].value)
        for subject in sorted(both[0].keys() & both[1].keys())
    ]


# ---------------------------------------------------------------- evaluating


def _sheet(
    session: Session,
    book: Book,
    kind: Kind,
    subjects: Collection[str] | None,
    codes: Collection[str],
    first: date,
    after: date,
) -> Sheet:
    """Measure the plain members of some indicators over some days and evaluate their formulas in order."""
    size = next((size for size in (1, 3, 12) if Period(first, size).after == after), None)
    if size is not None and first.day == 1:
        return _sheets(session, book, kind, subjects, codes, [Period(first, size)])[0]
    plain = plain_measures(session, kind, subjects, _plain(book, codes), [(first, after)])
    return _evaluated(Sheet([{}], 0, _figures(plain[0])), book, in_order(book.formulas, codes))


def _sheets(
    session: Session,
    book: Book,
    kind: Kind,
    subjects: Collection[str] | None,
    codes: Collection[str],
    periods: Sequence[Period],
) -> list[Sheet]:
    """Return the sheets of periods of one length; everything is measured in two goes."""
    order = in_order(book.formulas, codes)
    spans = [(one.first, one.after) for one in periods]
    explicit = plain_measures(session, kind, subjects, _plain(book, codes), spans)
    bases = {str(book.formulas[code].of[0]) for code in order if book.formulas[code].op is Op.CHANGE}
    line = _line(periods) if bases else list(periods)
    around = plain_measures(session, kind, subjects, bases, [(one.first, one.after) for one in line])
    series = [_figures(one) for one in around]
    return [
        _evaluated(Sheet(series, line.index(period), _figures(table)), book, order)
        for period, table in zip(periods, explicit, strict=True)
    ]


def _plain(book: Book, codes: Collection[str]) -> set[str]:
    order = in_order(book.formulas, codes)
    return {*codes, *(member for code in order for member in book.formulas[code].members())}


def _line(periods: Sequence[Period]) -> list[Period]:
    """Return all periods from well before the first to well after the last, so that gaps show both ends."""
    reach = GAP if periods[0].months == 1 else 2
    line = [min(periods)]
    for _ in range(reach):
        line.insert(0, line[0].previous())
    while line[-1] < max(periods):
        line.append(line[-1].following())
    for _ in range(reach):
        line.append(line[-1].following())
    return line


def _evaluated(sheet: Sheet, book: Book, order: Sequence[str]) -> Sheet:
    for code in order:
        _evaluate(sheet, code, book)
    return sheet


def _figures(table: pa.Table) -> dict[tuple[str, str], Decimal]:
    return {
        (row["measure"], row["subject"]): Decimal(repr(round(row["value"], 9))) for row in table.to_pylist()
    }


def _evaluate(sheet: Sheet, code: str, book: Book) -> None:
    formula = book.formulas[code]
    members = set(formula.members())
    if formula.op is Op.CHANGE:
        base = str(formula.of[0])
        subjects = {subject for one in sheet.series for of, subject in one if of == base}
        added = [*formula.flows, *(formula.income if book.income_counts[code] else ())]
        for subject in subjects:
            series = [one.get((base, subject)) for one in sheet.series]
            figure = change(series, sheet.at, [sheet.value(one, subject) for one in added])
            if figure is not None:
                sheet.derived[code, subject] = figure
        return
    for subject in {subject for of, subject in (*sheet.explicit, *sheet.derived) if of in members}:
        value = evaluate(formula, lambda member, subject=subject: sheet.value(member, subject))  # type: ignore[misc]
        if value is not None:
            sheet.derived[code, subject] = Figure(value)


# ---------------------------------------------------------------- keeping


@dataclass(frozen=True)
class Fresh:
    """Derived values that were computed anew and wait to be named; `rows` None: there are none any more."""

    code: str
    period: str
    signature: str
    file: str | None
    rows: int


def recompute(session: Session, changed: Collection[str], first: date, after: date) -> list[Fresh]:
    """Compute what hangs on these indicators and days, and write the files of what came out otherwise.

    Writes no row, so it may run outside the transaction that then calls `keep`.
    """
    book = Book.read(session)
    touched = touched_by(book.formulas, changed)
    if not touched:
        return []
    known = _kept(session, touched)
    by_size: dict[int, list[Period]] = {}
    for period in _periods(book, touched, known, first, after):
        by_size.setdefault(period.months, []).append(period)
    found: list[Fresh] = []
    for _, periods in sorted(by_size.items()):
        employees = _sheets(session, book, "employee", None, touched, periods)
        units = _sheets(session, book, "unit", None, touched, periods)
        for period, employee, unit in zip(periods, employees, units, strict=True):
            found += _recomputed(book, touched, period, {"employee": employee, "unit": unit}, known)
    return found


def _recomputed(
    book: Book,
    touched: Sequence[str],
    period: Period,
    sheets: Mapping[str, Sheet],
    known: Mapping[tuple[str, str], str],
) -> Iterator[Fresh]:
    """Write and yield what came out otherwise than it is kept."""
    for code in touched:
        rows = [
            {"kind": kind, "subject": subject, "value": figure.value, "flag": figure.flag}
            for kind, sheet in sheets.items()
            for (of, subject), figure in sorted(sheet.derived.items())
            if of == code
        ]
        signature = _signature(book, code, rows, sheets)
        before = known.get((code, period.code))
        if signature == before or (not rows and before is None):
            continue
        file = None
        if rows:
            file = f"derived/{period.code}/{code}-{signature[:16]}.parquet"
            parquet.write(file, pa.Table.from_pylist(rows, schema=DERIVED))
        yield Fresh(code, period.code, signature, file, len(rows))


def _signature(book: Book, code: str, rows: Sequence[Mapping[str, Any]], sheets: Mapping[str, Sheet]) -> str:
    """Return the hash of everything an indicator's values were computed from."""
    formula = book.formulas[code]
    members = set(formula.members())
    content: list[Any] = [dump(formula), book.income_counts[code]]
    for kind, sheet in sheets.items():
        used = {key: str(value) for key, value in sheet.explicit.items() if key[0] in members}
        used |= {
            key: f"{one.value}{one.flag or ''}"
            for key, one in sheet.derived.items()
            if key[0] in members and key not in used
        }
        content.append([kind, sorted((*key, value) for key, value in used.items())])
    content.append([(row["kind"], row["subject"], str(row["value"]), str(row["flag"])) for row in rows])
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _kept(session: Session, codes: Collection[str]) -> dict[tuple[str, str], str]:
    rows = session.execute(
        select(Indicator.code, Derivation.period, Derivation.signature)
        .join(Indicator, Indicator.id == Derivation.indicator_id)
        .where(Indicator.code.in_(codes))
    )
    return {(code, period): signature for code, period, signature in rows}


def _periods(
    book: Book, touched: Sequence[str], known: Mapping[tuple[str, str], str], first: date, after: date
) -> list[Period]:
    """Return the periods whose values may have changed: those of the days, and those that look at them."""
    months = months_of(first.replace(day=1), Period(after.replace(day=1), 1).after)
    months = [one for one in months if one.first < after and one.after > first]
    if any(book.formulas[code].op is Op.CHANGE for code in touched):
        # A new end of a gap makes the months inside it known.
        earliest = months[0]
        for _ in range(GAP - 1):
            earliest = earliest.previous()
            months.insert(0, earliest)
    quarters = {Period.quarter_of(one.first) for one in months if one.first >= first.replace(day=1)}
    later = {Period.parse(period) for _, period in known}
    return sorted({*months, *quarters, *(one for one in later if one.after > first)})


def keep(
    session: Session, actor: Acting, cause: str, fresh: Sequence[Fresh], *, now: datetime
) -> Recalculation | None:
    """Let freshly computed values count, and list what was recomputed; None when nothing was."""
    if not fresh:
        return None
    ids = dict(
        session.execute(
            select(Indicator.code, Indicator.id).where(Indicator.code.in_({one.code for one in fresh}))
        ).all()
    )
    for one in fresh:
        kept = session.scalar(
            select(Derivation).where(
                Derivation.indicator_id == ids[one.code], Derivation.period == one.period
            )
        )
        if one.file is None:
            if kept is not None:
                session.delete(kept)
            continue
        if kept is None:
            kept = Derivation(indicator_id=ids[one.code], period=one.period)
            session.add(kept)
        kept.signature, kept.file, kept.rows, kept.computed_at = one.signature, one.file, one.rows, now
    items = [{"indicator": one.code, "period": one.period, "values": one.rows} for one in fresh]
    done = Recalculation(cause=cause[:120], items=items, actor_label=actor.actor.label, computed_at=now)
    session.add(done)
    session.flush()
    record(session, actor, "indicators:derivation:keep", f"recalculation:{done.id}", cause=cause)
    return done


def refresh(
    session: Session,
    actor: Acting,
    cause: str,
    changed: Collection[str],
    first: date,
    after: date,
    *,
    now: datetime,
) -> Recalculation | None:
    """Compute and keep at once what hangs on these indicators and days."""
    return keep(session, actor, cause, recompute(session, changed, first, after), now=now)


def data_span(session: Session) -> tuple[date, date] | None:
    """Return the first day with a value, and the day after the last one."""
    imported = session.execute(
        select(func.min(ImportBatch.first_day), func.max(ImportBatch.last_day)).where(
            ImportBatch.state == BatchState.COMMITTED
        )
    ).one()
    typed = session.execute(
        select(func.min(TypedValue.day), func.max(TypedValue.day)).where(TypedValue.superseded_at.is_(None))
    ).one()
    firsts = [one for one in (imported[0], typed[0]) if one]
    lasts = [one for one in (imported[1], typed[1]) if one]
    if not firsts:
        return None
    return min(firsts), Period(max(lasts).replace(day=1), 1).after


def recalculations(code: str | None = None) -> Select[Recalculation]:
    """Return the select of what was recomputed, newest first."""
    return select(Recalculation).order_by(Recalculation.id.desc())


def derivations(indicator_id: int) -> Select[Derivation]:
    """Return the select of an indicator's derivations, the newest period first."""
    return (
        select(Derivation)
        .where(Derivation.indicator_id == indicator_id)
        .order_by(Derivation.period.desc())
        .options(joinedload(Derivation.indicator))
    )
