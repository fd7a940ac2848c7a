"""Files of actuals: what people did, by indicator and day."""

# ruff: noqa: S608  the queries are made of our own names
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import parquet
from lms.core.audit import Acting
from lms.core.duck import Rows, literal
from lms.core.errors import Problem
from lms.core.periods import Period
from lms.core.textfile import Column, Sheet
from lms.indicators.models import DataModel, ImportBatch, ImportUpload
from lms.indicators.rules import ACTUALS, Checked, IndicatorSet, check_actuals, check_sets
from lms.indicators.services import provenance
from lms.indicators.services.indicators import specs
from lms.indicators.services.pipeline import Part, digest_of
from lms.people.models import Employee


class ActualsImporter:
    """One batch a set; its values are one Parquet file, and never all in memory."""

    def columns(self, model: DataModel | None) -> Sequence[Column]:
        """Return the columns of every such file."""
        return ACTUALS

    def check(self, session: Session, upload: ImportUpload, sheet: Sheet) -> tuple[Checked, list[Problem]]:
        """Check rows against indicators, people, period and what already counts."""
        period = Period.parse(upload.period)
        existing = provenance.counting_beside(session, sheet.good, period.first, period.after)
        known = session.scalars(select(Employee.number)).all()
        checked = check_actuals(
            sheet.good, specs(session), known, period, existing, alone=upload.compute_changes
        )
        counts = {IndicatorSet(one): count for one, (count, _, _) in checked.spans.items()}
        return checked, check_sets(counts, split=upload.split)

    def parts(self, upload: ImportUpload, checked: Checked) -> list[Part]:
        """Return one part a set."""
        assert isinstance(checked.good, Rows)
        return [
            Part(
                one,
                checked.good.room.rows(
                    f"SELECT * FROM ({checked.good.query}) WHERE indicator_set = {literal(one.value)}"
                ),
                digest_of(upload, one.value, checked.digests[one.value]),
                first_day=first,
                last_day=last,
                count=count,
            )
            for one in IndicatorSet
            if one in checked.spans
            for count, first, last in [checked.spans[one]]
        ]

    def write(self, upload: ImportUpload, part: Part) -> Part:
        """Write the values sorted by indicator, so that whoever wants a few reads no others."""
        assert part.indicator_set is not None
        assert isinstance(part.source, Rows)
        path = f"actuals/{upload.period}/{upload.id}-{part.indicator_set}.parquet"
        parquet.write_rows(path, stored(part.source, part.indicator_set))
        return replace(part, files=[path])

    def apply(self, session: Session, actor: Acting, batch: ImportBatch, part: Part) -> None:
        """Nothing: the batch names the file, and that is all it takes."""


_STORED = """
    SELECT employee AS employee_number, indicator, day, value, CAST({flag} AS VARCHAR) AS flag,
        'imported' AS source, line, reference
    FROM (SELECT employee, indicator, day, value, line, reference, {kept} FROM ({given})
        ORDER BY indicator)
"""
"""Checked rows as they are kept (`facts.STORED`), sorted by indicator."""

_FLAGS = {
    IndicatorSet.CHANGE: ("flag", "flag"),
    IndicatorSet.BASIC: ("CASE WHEN paired THEN 'recorded' ELSE 'unrecorded' END", "paired"),
    IndicatorSet.INCOME: ("'unrecorded'", "NULL"),
    IndicatorSet.TRANSACTION: ("'unrecorded'", "NULL"),
    IndicatorSet.OTHER: ("NULL", "NULL"),
}
"""A set's flag, and the column that it takes; what is the same in all rows need not be sorted with them."""


def stored(rows: Rows, one: IndicatorSet) -> Rows:
    """Return the checked rows of a set as they are kept."""
    flag, kept = _FLAGS[one]
    return rows.room.rows(_STORED.format(given=rows.query, flag=flag, kept=kept))
