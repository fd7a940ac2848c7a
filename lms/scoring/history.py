"""What earlier periods leave to this one: a figure to compare with, a target to catch up, points to repeat.

History is one table: subject, measure, back (1: the period before), same_year (whether that period lies in
the year of this one), value, target. Results of earlier periods stand in it as measures (`result.…`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from lms.scoring import frames
from lms.scoring.columns import Floats, aligned, column_of, known, snapped
from lms.scoring.document import RESULT_INDICATOR, Carry, Direction, Indicator, ReferenceKind, Scheme
from lms.scoring.formulas import with_formulas
from lms.scoring.frames import Column, pc, schema_of

HISTORY = schema_of(
    subject=pa.string(),
    measure=pa.string(),
    back=pa.int64(),
    same_year=pa.bool_(),
    value=pa.float64(),
    target=pa.float64(),
)


def with_past_formulas(scheme: Scheme, history: pa.Table) -> pa.Table:
    """The history with what the scheme's formulas give for each earlier period."""
    if not scheme.formulas or not history.num_rows:
        return history
    own = pa.array([one.code for one in scheme.formulas])
    parts = [history.filter(pc.invert(pc.is_in(history["measure"], own)))]
    for same_year in (True, False):
        for back, rows in periods(history.filter(pc.equal(history["same_year"], same_year))):
            facts = rows.select(frames.FACTS.names)
            targets = rows.filter(pc.is_valid(rows["target"])).select(frames.TARGETS.names)
            given = with_formulas(scheme, facts, targets)
            made = given.filter(pc.is_in(given["measure"], own))
            parts.append(_rows(made, back=back, same_year=same_year))
    return pa.concat_tables(parts).combine_chunks()


def periods(history: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """How far back each earlier period lies, and its rows; the oldest first."""
    for back in sorted(pc.unique(history["back"]).to_pylist(), reverse=True):
        yield back, history.filter(pc.equal(history["back"], back))


def reference(
    line: Indicator, facts: pa.Table, targets: pa.Table, history: pa.Table, subjects: Column, elapsed: float
) -> Floats | None:
    """What the indicator is compared with, one number a subject; None where the engine has it itself."""
    kind, asked = line.reference.kind, line.reference
    if kind is ReferenceKind.MEASURE:
        return column_of(facts, asked.measure or "", "value", subjects)
    if kind is ReferenceKind.PRIOR:
        return column_of(_back(history, asked.back), line.measure, "value", subjects)
    if kind is ReferenceKind.TIME_ELAPSED:
        return snapped(column_of(targets, line.measure, "target", subjects) * elapsed)
    if kind is ReferenceKind.TARGET and asked.carry is not Carry.NONE:
        target = column_of(targets, line.measure, "target", subjects)
        return snapped(target + carried(line, history, subjects))
    return None


def carried(line: Indicator, history: pa.Table, subjects: Column) -> Floats:
    """What the earlier periods add to the target, one number a subject.

    Period by period the balance grows by target − actual; carrying only what is lacking it never passes zero
    to the other side (a surplus is forgotten), and the other way round. A period without figure or target
    leaves it as it is.
    """
    carry, balance = line.reference.carry, np.zeros(len(subjects))
    rows = history.filter(pc.equal(history["measure"], line.measure))
    if line.reference.within_year:
        rows = rows.filter(rows["same_year"])
    # Where less is better, to lack is to have more than the target, and the next target falls by it.
    lacking = carry is Carry.SHORTFALL
    positive = lacking == (line.direction is Direction.MORE)
    for _, period in periods(rows):
        change = aligned(period, "target", subjects) - aligned(period, "value", subjects)
        balance = np.where(known(change), snapped(balance + change), balance)
        if carry is not Carry.BOTH:
            balance = np.maximum(balance, 0.0) if positive else np.minimum(balance, 0.0)
    return balance


def previous_points(line: Indicator, history: pa.Table, subjects: Column) -> Floats:
    """The points of the indicator in the period before, one number a subject."""
    return column_of(_back(history, 1), RESULT_INDICATOR + line.code, "value", subjects)


def _back(history: pa.Table, back: int) -> pa.Table:
    return history.filter(pc.equal(history["back"], back))


def _rows(facts: pa.Table, *, back: int, same_year: bool) -> pa.Table:
    count = facts.num_rows
    columns: list[Column] = [
        facts["subject"],
        facts["measure"],
        pa.array([back] * count, pa.int64()),
        pa.array([same_year] * count, pa.bool_()),
        facts["value"],
        pa.nulls(count, pa.float64()),
    ]
    return pa.table(columns, schema=HISTORY)
