"""Files of targets, and the targets that count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

import pyarrow as pa
from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from lms.core.audit import Acting
from lms.core.errors import Problem
from lms.core.textfile import Column, Sheet
from lms.indicators.models import DataModel, ImportBatch, ImportUpload, Indicator, Target
from lms.indicators.rules import TARGETS, BatchState, Checked, check_targets
from lms.indicators.services.indicators import found_indicators, specs
from lms.indicators.services.pipeline import Part, digest_of
from lms.people.models import Employee, OrgUnit

_BLOCK = 2_000


class TargetsImporter:
    """One batch a file; its targets are rows."""

    def columns(self, model: DataModel | None) -> Sequence[Column]:
        """Return the columns of every such file."""
        return TARGETS

    def check(self, session: Session, upload: ImportUpload, sheet: Sheet) -> tuple[Checked, list[Problem]]:
        """Check rows against indicators, people, units and targets that already count."""
        people = session.scalars(select(Employee.number)).all()
        units = session.scalars(select(OrgUnit.code)).all()
        existing = _counting(session, upload.period)
        if upload.supersede:
            existing = existing.slice(0, 0)
        return check_targets(sheet.good, specs(session), people, units, existing), []

    def parts(self, upload: ImportUpload, checked: Checked) -> list[Part]:
        """Return all rows as one part."""
        rows = checked.rows
        if not rows.num_rows:
            return []
        return [Part(None, rows, digest_of(upload, "", checked.digests[""]))]

    def write(self, upload: ImportUpload, part: Part) -> Part:
        """Nothing to write: targets are rows."""
        return part

    def apply(self, session: Session, actor: Acting, batch: ImportBatch, part: Part) -> None:
        """Add the targets in blocks."""
        rows = part.rows.to_pylist()
        found = found_indicators(session, {row["indicator"] for row in rows})
        subjects = {
            "employee": dict(session.execute(select(Employee.number, Employee.id)).all()),
            "unit": dict(session.execute(select(OrgUnit.code, OrgUnit.id)).all()),
        }
        values = [
            {
                "indicator_id": found[row["indicator"]].id,
                "subject_kind": row["subject_kind"],
                "subject_id": subjects[row["subject_kind"]][row["subject"]],
                "period": batch.period,
                "value": row["value"],
                "batch_id": batch.id,
                "line": row["line"],
            }
            for row in rows
        ]
        for at in range(0, len(values), _BLOCK):
            session.execute(insert(Target), values[at : at + _BLOCK])


def standing_targets(period: str) -> Select[int]:
    """Return the select of the ids of the targets that count in a period: of several, the newest batch's."""
    rank = func.row_number().over(
        partition_by=(Target.indicator_id, Target.subject_kind, Target.subject_id),
        order_by=Target.batch_id.desc(),
    )
    ranked = (
        select(Target.id, rank.label("rank"))
        .join(ImportBatch, Target.batch_id == ImportBatch.id)
        .where(Target.period == period, ImportBatch.state == BatchState.COMMITTED)
        .subquery()
    )
    return select(ranked.c.id).where(ranked.c.rank == 1)


def targets(session: Session, indicator_codes: Collection[str], period: str) -> pa.Table:
    """Return employee_number, indicator, target (float64) of people's targets that count in a period."""
    rows = session.execute(
        select(Employee.number, Indicator.code, Target.value)
        .join(Target, Target.subject_id == Employee.id)
        .join(Indicator, Target.indicator_id == Indicator.id)
        .where(
            Target.subject_kind == "employee",
            Target.id.in_(standing_targets(period)),
            Indicator.code.in_(sorted(set(indicator_codes))),
        )
        .order_by(Employee.number, Indicator.code)
    ).all()
    return pa.table(
        {
            "employee_number": pa.array([number for number, _, _ in rows], pa.string()),
            "indicator": pa.array([code for _, code, _ in rows], pa.string()),
            "target": pa.array([float(value) for _, _, value in rows], pa.float64()),
        }
    )


def unit_targets(
    session: Session, indicator_codes: Collection[str], period: str
) -> dict[tuple[str, str], Decimal]:
    """Return the targets of units that count in a period, by unit code and indicator code."""
    rows = session.execute(
        select(OrgUnit.code, Indicator.code, Target.value)
        .join(Target, Target.subject_id == OrgUnit.id)
        .join(Indicator, Target.indicator_id == Indicator.id)
        .where(
            Target.subject_kind == "unit",
            Target.id.in_(standing_targets(period)),
            Indicator.code.in_(sorted(set(indicator_codes))),
        )
    ).all()
    return {(unit, indicator): value for unit, indicator, value in rows}


def _counting(session: Session, period: str) -> pa.Table:
    """Return subject_kind, subject, indicator, batch of the targets that count in a period."""
    rows = session.execute(
        select(Target.subject_kind, Employee.number, OrgUnit.code, Indicator.code, Target.batch_id)
        .join(Indicator, Target.indicator_id == Indicator.id)
        .outerjoin(Employee, (Target.subject_id == Employee.id) & (Target.subject_kind == "employee"))
        .outerjoin(OrgUnit, (Target.subject_id == OrgUnit.id) & (Target.subject_kind == "unit"))
        .where(Target.id.in_(standing_targets(period)))
    ).all()
    return pa.table(
        {
            "subject_kind": pa.array([row[0] for row in rows], pa.string()),
            "subject": pa.array([row[1] or row[2] for row in rows], pa.string()),
            "indicator": pa.array([row[3] for row in rows], pa.string()),
            "batch": pa.array([row[4] for row in rows], pa.int64()),
        }
    )
