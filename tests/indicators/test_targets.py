"""Targets of people and units for a period."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.indicators.models import ImportUpload, Target
from lms.indicators.rules import BatchState, ImportKind, Policy
from lms.indicators.services import rejects, targets, unit_targets, withdraw
from tests.indicators.conftest import NOW

Bring = Callable[..., ImportUpload]
HEADER = "工号,机构代码,指标,目标值（万元）\n"


def bring_targets(bring: Bring, rows: str, **more: object) -> ImportUpload:
    return bring(rows, header=HEADER, kind=ImportKind.TARGETS, **more)


def test_targets_of_people_and_units_count_in_the_indicators_unit(figures: Session, bring: Bring) -> None:
    upload = bring_targets(bring, "0001,,DEP_NEW,12\n,H,新增存款,300\n0002,,BAL,7元\n")
    assert upload.state is BatchState.COMMITTED
    table = targets(figures, ["DEP_NEW", "BAL"], "2026Q3").to_pylist()
    assert table == [
        {"employee_number": "0001", "indicator": "DEP_NEW", "target": 120000.0},
        {"employee_number": "0002", "indicator": "BAL", "target": 0.0007},
    ]
    assert unit_targets(figures, ["DEP_NEW"], "2026Q3") == {("H", "DEP_NEW"): Decimal(3_000_000)}
    assert targets(figures, ["DEP_NEW"], "2026Q2").num_rows == 0


def test_bad_targets_are_told_and_nothing_is_kept(figures: Session, bring: Bring) -> None:
    upload = bring_targets(
        bring,
        "9999,,DEP_NEW,1\n0001,H,DEP_NEW,1\n,,DEP_NEW,1\n,H9,DEP_NEW,1\n0001,,NPL,5%\n0001,,不良率,6%\n0001,,BAL,x\n",
    )
    told = [(one.problem.line, one.problem.field) for one in rejects(upload)[0]]
    assert told == [(2, "工号"), (3, "工号"), (4, "工号"), (5, "机构代码"), (7, "指标"), (8, "目标值")]
    assert figures.scalar(select(func.count()).select_from(Target)) == 0


def test_a_target_counts_once_until_its_batch_is_withdrawn(figures: Session, bring: Bring) -> None:
    [batch] = bring_targets(bring, "0001,,BAL,5\n").batches
    again = bring_targets(bring, "0001,,BAL,6\n0002,,BAL,6\n", policy=Policy.GOOD_ROWS)
    assert [(one.problem.line, one.problem.params["detail"]) for one in rejects(again)[0]] == [
        (2, str(batch.id))
    ]
    withdraw(figures, SYSTEM, batch, "改目标", now=NOW)
    assert [row["employee_number"] for row in targets(figures, ["BAL"], "2026Q3").to_pylist()] == ["0002"]


def test_the_same_targets_may_hold_in_another_period(bring: Bring) -> None:
    assert bring_targets(bring, "0001,,BAL,5\n").state is BatchState.COMMITTED
    assert bring_targets(bring, "0001,,BAL,5\n", period="2026Q4").state is BatchState.COMMITTED
