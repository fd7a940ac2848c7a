"""Files of actuals: what people did, by indicator and day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import parquet
from lms.core.audit import Acting
from lms.core.duck import duck
from lms.core.errors import Problem
from lms.core.periods import Period
from lms.core.textfile import Column, Sheet
from lms.indicators.models import DataModel, ImportBatch, ImportUpload
from lms.indicators.rules import ACTUALS, Checked, IndicatorSet, check_actuals, check_sets
from lms.indicators.services import facts, provenance
from lms.indicators.services.indicators import specs
from lms.indicators.services.pipeline import Part, digest_of
from lms.people.models import Employee


class ActualsImporter:
    """One batch a set; its values are one Parquet file."""

    def columns(self, model: DataModel | None) -> Sequence[Column]:
        """Return the columns of every such file."""
        return ACTUALS

    def check(self, session: Session, upload: ImportUpload, sheet: Sheet) -> tuple[Checked, list[Problem]]:
        """Check rows against indicators, people, period and what already counts."""
        period = Period.parse(upload.period)
        existing = provenance.counting_beside(session, sheet.table, period.first, period.after)
        known = session.scalars(select(Employee.number)).all()
        checked = check_actuals(sheet.table, specs(session), known, period, existing)
        counts = Counter(IndicatorSet(str(one)) for one in checked.rows.column("indicator_set").to_pylist())
        return checked, check_sets(counts, split=upload.split)

    def parts(self, upload: ImportUpload, checked: Checked) -> list[Part]:
        """Return one part a set."""
        sets = checked.rows.column("indicator_set").to_pylist()
        found = []
        for one in IndicatorSet:
            if one.value in sets:
                rows = checked.rows.filter(pa.array([name == one.value for name in sets], pa.bool_()))
                days: list[Any] = rows.column("day").to_pylist()
                digest = digest_of(upload, one.value, checked.digests[one.value])
                found.append(Part(one, rows, digest, first_day=min(days), last_day=max(days)))
        return found

    def write(self, upload: ImportUpload, part: Part) -> Part:
        """Write the values sorted by indicator, subject and day."""
        assert part.indicator_set is not None
        path = f"actuals/{upload.period}/{upload.id}-{part.indicator_set}.parquet"
        parquet.write(path, stored(part.rows))
        return Part(part.indicator_set, part.rows, part.digest, [path], part.first_day, part.last_day)

    def apply(self, session: Session, actor: Acting, batch: ImportBatch, part: Part) -> None:
        """Nothing: the batch names the file, and that is all it takes."""


_STORED = """
    SELECT employee AS employee_number, indicator, day, value,
        CASE WHEN indicator_set = 'change' THEN flag
            WHEN indicator_set IN ('basic', 'income', 'transaction')
            THEN CASE WHEN paired THEN 'recorded' ELSE 'unrecorded' END END AS flag,
        'imported' AS source, line, reference
    FROM given ORDER BY indicator, employee, day, line
"""


def stored(rows: pa.Table) -> pa.Table:
    """Return checked rows as they are kept, with source and flag, sorted by indicator and subject."""
    with duck() as connection:
        connection.register("given", rows)
        return pa.table(connection.sql(_STORED).to_arrow_table()).cast(facts.STORED)
