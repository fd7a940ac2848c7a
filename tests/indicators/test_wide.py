"""Files with one row a person and one column an indicator."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.indicators.models import ImportUpload, Target
from lms.indicators.rules import BatchState, ImportKind, Policy
from lms.indicators.services import actuals, hide, rejects, show, targets
from tests.indicators.conftest import NOW, Bring

HEADER = "员工编号,姓名,服务得分,管理资产(万元)\n"
TITLES = {"employee": "员工编号", "indicator:SCORE": "服务得分", "indicator:AUM": "管理资产(万元)"}
FIRST, AFTER = date(2026, 7, 1), date(2026, 10, 1)


def values(session: Session) -> set[tuple[Any, ...]]:
    table = actuals(session, None, ["SCORE", "AUM", "BAL", "BAL_CHG"], FIRST, AFTER)
    return {
        (one["employee_number"], one["indicator"], one["day"], one["value"], one["line"])
        for one in table.to_pylist()
    }


def told(upload: ImportUpload) -> list[tuple[int | None, str | None]]:
    return [(reject.problem.line, reject.problem.field) for reject in rejects(upload)[0]]


@pytest.mark.requirement("7.23")
def test_each_column_is_an_indicator_on_the_declared_day(bring: Bring, figures: Session) -> None:
    rows = "0001,甲,88.5,120\n0002,乙,,1.2亿\n"
    upload = bring(rows, header=HEADER, titles=TITLES, extra={"day": "2026-08-31"})
    assert (upload.state, upload.rows) == (BatchState.COMMITTED, 2)
    day = date(2026, 8, 31)
    assert values(figures) == {
        ("0001", "SCORE", day, Decimal("88.5"), 2),
        ("0001", "AUM", day, Decimal(120), 2),
        ("0002", "AUM", day, Decimal(12_000), 3),
    }


@pytest.mark.requirement("7.39")
def test_one_value_of_a_wide_row_is_hidden_and_its_neighbour_counts(bring: Bring, figures: Session) -> None:
    [batch] = bring("0001,甲,88.5,120\n", header=HEADER, titles=TITLES).batches
    with pytest.raises(Refused, match="多个指标"):
        hide(figures, SYSTEM, batch, 2, "源系统有误", now=NOW)
    hide(figures, SYSTEM, batch, 2, "源系统有误", now=NOW, indicator="SCORE")
    assert {one[1] for one in values(figures)} == {"AUM"}
    show(figures, SYSTEM, batch, 2, "已核实", now=NOW, indicator="SCORE")
    assert {one[1] for one in values(figures)} == {"AUM", "SCORE"}


def test_a_day_column_wins_over_the_declared_day_and_the_last_day_is_the_default(
    bring: Bring, figures: Session
) -> None:
    bring("0001,甲,1,\n", header=HEADER, titles=TITLES)
    header = "日期," + HEADER
    bring("2026-07-02,0002,乙,2,\n", header=header, titles={**TITLES, "day": "日期"})
    assert {one[2] for one in values(figures)} == {date(2026, 9, 30), date(2026, 7, 2)}


def test_a_bad_cell_is_told_by_line_and_title_and_its_row_stays_out_whole(
    bring: Bring, figures: Session
) -> None:
    header = HEADER.replace("服务得分", "不良率")
    titles = {"employee": "员工编号", "indicator:NPL": "不良率", "indicator:AUM": "管理资产(万元)"}
    rows = "0001,甲,3,10\n0002,乙,101,20\n0003,丙,x,30\n9999,丁,1,40\n0004,戊,2,50%\n"
    upload = bring(rows, header=header, titles=titles, policy=Policy.GOOD_ROWS)
    assert told(upload) == [(3, "不良率"), (4, "不良率"), (5, "工号"), (6, "管理资产(万元)")]
    assert upload.rejected == 4
    assert [batch.rows for batch in upload.batches] == [2]
    assert {one[0] for one in values(figures)} == {"0001"}


def test_a_mended_row_comes_alone_afterwards(bring: Bring, figures: Session) -> None:
    rows = "0001,甲,1,10\n0002,乙,x,20\n"
    bring(rows, header=HEADER, titles=TITLES, policy=Policy.GOOD_ROWS)
    upload = bring("0002,乙,2,20\n", header=HEADER, titles=TITLES)
    assert upload.state is BatchState.COMMITTED
    assert len(values(figures)) == 4


def test_the_same_person_twice_is_told_once_with_the_first_line(bring: Bring, figures: Session) -> None:
    upload = bring("0001,甲,1,10\n0001,甲,2,20\n", header=HEADER, titles=TITLES)
    [(reject, total)] = [(rejects(upload)[0][0], rejects(upload)[1])]
    assert total == 1
    assert (reject.problem.line, reject.problem.params["detail"]) == (3, "2")
    assert reject.cells[:1] == ["0001"]


@pytest.mark.requirement("7.30")
def test_a_basic_column_without_its_change_is_refused_unless_computing_is_agreed(
    bring: Bring, figures: Session
) -> None:
    titles = {"employee": "员工编号", "indicator:BAL": "余额"}
    content = {"rows": "0001,10\n0002,20\n", "header": "员工编号,余额\n", "titles": titles}
    refused = bring(**content)
    assert (refused.state, told(refused)) == (BatchState.REJECTED, [(2, "余额"), (3, "余额")])
    taken = bring(**content, compute_changes=True)
    assert taken.state is BatchState.COMMITTED
    flags = actuals(figures, None, ["BAL"], FIRST, AFTER).column("flag").to_pylist()
    assert flags == ["unrecorded", "unrecorded"]


def test_change_columns_take_the_declared_flag(bring: Bring, figures: Session) -> None:
    titles = {"employee": "员工编号", "indicator:BAL": "余额", "indicator:BAL_CHG": "变动"}
    content = {"rows": "0001,10,1\n", "header": "员工编号,余额,变动\n", "titles": titles}
    assert told(bring(**content)) == [(2, "余额"), (2, "变动")]
    upload = bring(**content, extra={"flag": "calculated"})
    assert [batch.indicator_set for batch in upload.batches] == ["basic", "change"]
    flags = actuals(figures, None, ["BAL_CHG"], FIRST, AFTER).column("flag").to_pylist()
    assert flags == ["calculated"]


def test_wide_targets_of_people_and_units(bring: Bring, figures: Session) -> None:
    titles = {"employee": "工号", "unit": "机构", "indicator:SCORE": "评分目标", "indicator:AUM": "资产目标"}
    header = "工号,机构,评分目标,资产目标\n"
    upload = bring("0001,,90,100\n,H,80,\n", header=header, kind=ImportKind.TARGETS, titles=titles)
    assert upload.state is BatchState.COMMITTED, told(upload)
    rows = targets(figures, ["SCORE", "AUM"], "2026Q3").to_pylist()
    assert [(one["indicator"], one["target"]) for one in rows] == [("AUM", 100.0), ("SCORE", 90.0)]
    assert sorted(figures.scalars(select(Target.line))) == [2, 2, 3]


def test_a_mapped_column_that_is_missing_is_named(bring: Bring, figures: Session) -> None:
    upload = bring("0001,甲,1\n", header="员工编号,姓名,管理资产\n", titles=TITLES)
    assert upload.state is BatchState.REJECTED
    assert [reject.problem.params["title"] for reject in rejects(upload)[0]] == ["服务得分"]


def test_a_file_without_a_header_is_told_by_places(bring: Bring, figures: Session) -> None:
    titles = {"employee": "#1", "indicator:SCORE": "#3"}
    upload = bring("0001,甲,7\n0002,乙,8\n", header="", titles=titles, header_line=0)
    assert upload.state is BatchState.COMMITTED, told(upload)
    assert {(one[0], one[3], one[4]) for one in values(figures)} == {("0001", 7, 1), ("0002", 8, 2)}
