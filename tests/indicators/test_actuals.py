"""Actuals: what a file must be like to count, and what is said of what does not."""

from __future__ import annotations

import resource
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import files, parquet
from lms.core.audit import SYSTEM, AuditEntry
from lms.core.errors import Refused
from lms.indicators.models import ImportBatch, ImportUpload
from lms.indicators.rules import BatchState, ImportKind, IndicatorSet, Policy
from lms.indicators.services import (
    UploadDraft,
    actuals,
    error_file,
    hold,
    measures,
    rejects,
    run_import,
    source_rows,
    unrecorded,
    withdraw,
)
from tests.indicators.conftest import HEADER, NOW

Bring = Callable[..., ImportUpload]
FIRST, AFTER = date(2026, 7, 1), date(2026, 10, 1)


def values(session: Session, *codes: str) -> list[tuple[str, str, Decimal]]:
    rows = actuals(session, None, codes, FIRST, AFTER).to_pylist()
    return [(row["employee_number"], row["indicator"], row["value"]) for row in rows]


def told(upload: ImportUpload) -> list[tuple[int | None, str | None, str | None]]:
    found, _ = rejects(upload)
    return [(one.problem.line, one.problem.field, one.problem.value) for one in found]


@pytest.mark.requirement("7.23", "7.29")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_good_file_counts_with_its_lines_and_its_batch(
    figures: Session, bring: Bring, encoding: str
) -> None:
    upload = bring(
        '0001,DEP_NEW,2026-09-30,"1,234.50",,\n0002,新增存款,2026/9/1,￥2万元,,\n', encoding=encoding
    )
    [batch] = upload.batches
    assert (upload.state, batch.state, batch.indicator_set) == (
        BatchState.COMMITTED,
        BatchState.COMMITTED,
        IndicatorSet.TRANSACTION,
    )
    assert (batch.rows, batch.rejected, batch.first_day, batch.last_day) == (
        2,
        0,
        date(2026, 9, 1),
        date(2026, 9, 30),
    )
    rows = actuals(figures, None, ["DEP_NEW"], FIRST, AFTER).to_pylist()
    assert [(r["employee_number"], r["value"], r["line"], r["batch"], r["source"]) for r in rows] == [
        ("0001", Decimal("1234.5"), 2, batch.id, "imported"),
        ("0002", Decimal(20000), 3, batch.id, "imported"),
    ]


BAD = (
    "0001,DEP_NEW,2026-09-31,1,,\n"
    "9999,DEP_NEW,2026-09-30,1,,\n"
    "0001,NOPE,2026-09-30,1,,\n"
    "0001,CARDS,2026-09-30,-5,,\n"
    "0001,CARDS,2026-09-30,1.5,,\n"
    "0001,CARDS,2026-09-30,很多,,\n"
    "0001,DEP_NEW,2026-10-01,1,,\n"
    "0001,DEP_NEW,2026-09-30,35%,,\n"
    "0001,DEP_NEW,2026-09-30\n"
    "0001,DEP_NEW,2026-09-30,9000000000000,,\n"
)
GOOD = "0001,DEP_NEW,2026-09-30,1,,\n"


@pytest.mark.requirement("7.23")
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_each_bad_row_is_told_with_line_field_and_value(bring: Bring, encoding: str) -> None:
    upload = bring(BAD + GOOD, policy=Policy.GOOD_ROWS, encoding=encoding)
    assert told(upload) == [
        (2, "日期", "2026-09-31"),
        (3, "工号", "9999"),
        (4, "指标", "NOPE"),
        (5, "数值", "-5"),
        (6, "数值", "1.5"),
        (7, "数值", "很多"),
        (8, "日期", "2026-10-01"),
        (9, "数值", "%"),
        (10, None, None),
        (11, "数值", "9000000000000"),
    ]
    assert (upload.rows, upload.rejected) == (11, 10)


def test_all_or_nothing_leaves_nothing(figures: Session, bring: Bring, tmp_path: Path) -> None:
    upload = bring(GOOD + BAD)
    assert (upload.state, upload.rejected, upload.batches) == (BatchState.REJECTED, 10, [])
    assert values(figures, "DEP_NEW") == []
    assert list(tmp_path.rglob("actuals/**/*.parquet")) == []


def test_good_rows_only_takes_the_good_ones(figures: Session, bring: Bring) -> None:
    upload = bring(BAD + GOOD, policy=Policy.GOOD_ROWS)
    assert upload.state is BatchState.COMMITTED
    assert values(figures, "DEP_NEW") == [("0001", "DEP_NEW", Decimal(1))]


def test_good_rows_of_a_file_without_any_is_rejected(bring: Bring) -> None:
    assert bring(BAD, policy=Policy.GOOD_ROWS).state is BatchState.REJECTED


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("0001,DEP_NEW,2026-09-30,1,,\n0002,DEP_N", "截断"),
        ('0001,DEP_NEW,2026-09-30,1,,\n0002,DEP_NEW,2026-09-30,"1', "引号"),
        ("", "没有数据行"),
    ],
)
@pytest.mark.parametrize("policy", list(Policy))
def test_a_broken_file_is_rejected_whole_whatever_the_policy(
    figures: Session, bring: Bring, rows: str, said: str, policy: Policy
) -> None:
    upload = bring(rows, policy=policy)
    assert upload.state is BatchState.REJECTED
    assert said in rejects(upload)[0][0].problem.message
    assert values(figures, "DEP_NEW") == []


def test_a_missing_column_is_named(bring: Bring) -> None:
    upload = bring("0001,DEP_NEW,1\n", header="工号,指标,数值\n")
    assert told(upload) == [(1, "日期", None)]


@pytest.mark.requirement("7.23")
def test_the_same_file_twice_is_recognised_by_name_of_the_first(bring: Bring) -> None:
    first = bring(GOOD, name="九月.csv")
    with pytest.raises(Refused) as caught:
        bring(GOOD, name="again.csv")
    assert (caught.value.params["batch"], caught.value.params["name"]) == (first.batches[0].id, "九月.csv")


def test_the_same_content_in_another_encoding_and_order_is_recognised(bring: Bring) -> None:
    first = bring("0001,DEP_NEW,2026-09-30,1,,\n0002,DEP_NEW,2026-09-30,2,,\n")
    again = bring("0002,DEP_NEW,20260930,2.0,,\n0001,新增存款,2026-09-30,1,,\n", encoding="gbk")
    assert again.state is BatchState.REJECTED
    assert rejects(again)[0][0].problem.params["batch"] == str(first.batches[0].id)


def test_what_counts_already_is_not_counted_again(figures: Session, bring: Bring) -> None:
    first = bring("0001,NPL,2026-09-30,1.5,,\n").batches[0]
    second = bring("0001,NPL,2026-09-30,1.6,,\n0002,NPL,2026-09-30,2%,,\n", policy=Policy.GOOD_ROWS)
    [reject] = rejects(second)[0]
    assert (reject.problem.line, reject.problem.params["detail"]) == (2, str(first.id))
    assert values(figures, "NPL") == [("0001", "NPL", Decimal("1.5")), ("0002", "NPL", Decimal(2))]


def test_events_of_a_day_add_up_unless_their_number_says_they_are_one(figures: Session, bring: Bring) -> None:
    upload = bring(
        "0001,DEP_NEW,2026-09-30,5,,A1\n0001,DEP_NEW,2026-09-30,5,,A2\n"
        "0001,DEP_NEW,2026-09-30,5,,A1\n0001,DEP_NEW,2026-09-30,5,,\n0001,DEP_NEW,2026-09-30,5,,\n",
        policy=Policy.GOOD_ROWS,
    )
    assert [line for line, _, _ in told(upload)] == [4]
    assert len(values(figures, "DEP_NEW")) == 4


def test_a_value_given_twice_in_a_file_is_told_with_the_first_line(bring: Bring) -> None:
    upload = bring("0001,NPL,2026-09-30,1,,\n0002,NPL,2026-09-30,1,,\n0001,不良率,20260930,2,,\n")
    [reject] = rejects(upload)[0]
    assert (reject.problem.line, reject.problem.params["detail"]) == (4, "2")


@pytest.mark.requirement("7.29", "7.31")
def test_a_mixed_file_needs_consent_and_is_then_split_by_set(figures: Session, bring: Bring) -> None:
    rows = "0001,DEP_NEW,2026-09-30,1,,\n0001,NPL,2026-09-30,1,,\n"
    assert bring(rows).state is BatchState.REJECTED
    upload = bring(rows, split=True)
    assert {batch.indicator_set for batch in upload.batches} == {IndicatorSet.TRANSACTION, IndicatorSet.OTHER}
    assert all(len(batch.files) == 1 for batch in upload.batches)


@pytest.mark.requirement("7.30", "7.32")
def test_basic_values_come_with_their_change_both_or_neither(figures: Session, bring: Bring) -> None:
    alone = bring("0001,BAL,2026-09-30,100,,\n", policy=Policy.GOOD_ROWS)
    assert alone.state is BatchState.REJECTED
    assert rejects(alone)[0][0].problem.value == "BAL_CHG"
    both = bring(
        "0001,BAL,2026-09-30,100,,\n0001,BAL_CHG,2026-09-30,15,推算,\n"
        "0002,BAL,2026-09-30,50,,\n0002,BAL_CHG,2026-09-30,5,,\n"
        "0003,BAL,2026-09-30,错,,\n0003,BAL_CHG,2026-09-30,7,计算,\n"
        "9999,BAL,2026-09-30,1,,\n9999,BAL_CHG,2026-09-30,7,计算,\n",
        policy=Policy.GOOD_ROWS,
    )
    flags = {
        (r["employee_number"], r["indicator"]): r["flag"]
        for r in actuals(figures, None, ["BAL", "BAL_CHG"], FIRST, AFTER).to_pylist()
    }
    assert flags == {
        ("0001", "BAL"): "recorded",
        ("0001", "BAL_CHG"): "inferred",
        ("0003", "BAL_CHG"): "calculated",
    }
    assert [line for line, _, _ in told(both)] == [4, 5, 6, 8, 9]
    mended = bring("0003,BAL,2026-09-30,60,,\n")
    assert mended.state is BatchState.COMMITTED
    together = withdraw(figures, SYSTEM, both.batches[0], "来源有误", now=NOW)
    assert {batch.indicator_set for batch in together} == {IndicatorSet.BASIC, IndicatorSet.CHANGE}


@pytest.mark.requirement("7.33")
def test_values_not_in_the_change_table_are_listed(figures: Session, bring: Bring) -> None:
    bring("0001,FEE,2026-09-30,10,,\n0002,FEE,2026-09-30,11,,\n")
    found, total = unrecorded(figures, FIRST, AFTER)
    assert (total, [row.value for row in found]) == (2, [Decimal(10), Decimal(11)])


@pytest.mark.requirement("7.27", "7.39")
def test_a_withdrawn_batch_no_longer_counts_and_may_come_again(figures: Session, bring: Bring) -> None:
    [batch] = bring(GOOD).batches
    with pytest.raises(Refused):
        withdraw(figures, SYSTEM, batch, "  ", now=NOW)
    withdraw(figures, SYSTEM, batch, "来源系统更正", now=NOW)
    assert values(figures, "DEP_NEW") == []
    assert (batch.state, batch.withdraw_reason) == (BatchState.WITHDRAWN, "来源系统更正")
    entry = figures.scalars(select(AuditEntry).where(AuditEntry.action == "admin:import:withdraw")).one()
    assert entry.target == f"import_batch:{batch.id}"
    with pytest.raises(Refused):
        withdraw(figures, SYSTEM, batch, "再来", now=NOW)
    assert bring(GOOD).state is BatchState.COMMITTED
    assert values(figures, "DEP_NEW") == [("0001", "DEP_NEW", Decimal(1))]


def test_rejected_rows_can_be_mended_and_imported_alone(figures: Session, bring: Bring) -> None:
    upload = bring(
        GOOD + "0002,DEP_NEW,2026-09-31,7,,\n=cmd(),DEP_NEW,2026-09-30,7,,\n", policy=Policy.GOOD_ROWS
    )
    said = error_file(upload, ["行", "列", "值", "原因"], lambda problem: problem.message % problem.params)
    lines = said.decode("utf-8-sig").splitlines()
    assert lines[0].startswith(HEADER.strip())
    assert "3,日期,2026-09-31" in lines[1]
    assert lines[2].startswith("'=cmd()")
    mended = lines[0] + "\n" + lines[1].replace("0002,DEP_NEW,2026-09-31", "0002,DEP_NEW,2026-09-30") + "\n"
    assert bring(mended, header="").state is BatchState.COMMITTED
    assert [number for number, _, _ in values(figures, "DEP_NEW")] == ["0001", "0002"]


def test_a_file_that_no_committed_batch_names_does_not_exist(
    figures: Session, bring: Bring, tmp_path: Path
) -> None:
    bring(GOOD)
    [file] = tmp_path.rglob("actuals/**/*.parquet")
    file.with_name("999-other.parquet").write_bytes(file.read_bytes())
    assert len(values(figures, "DEP_NEW")) == 1


def test_measures_are_each_indicators_own_aggregate(figures: Session, bring: Bring) -> None:
    bring(
        "0001,DEP_NEW,2026-09-01,0.1,,\n0001,DEP_NEW,2026-09-02,0.2,,\n"
        "0001,NPL,2026-07-31,2,,\n0001,NPL,2026-09-30,1.7,,\n0001,NPL,2026-08-31,1.9,,\n"
        "0001,VISITS,2026-09-01,1,,\n0001,VISITS,2026-09-02,1,,\n"
        "0001,SCORE,2026-09-01,80,,\n0001,SCORE,2026-09-02,90,,\n"
        "0001,AUM,2026-07-01,100,,\n0001,AUM,2026-09-01,130,,\n"
        "0002,AUM,2026-09-21,50,,\n",
        split=True,
    )
    bring("0003,AUM,2026-06-30,10,,\n", period="2026Q2")
    codes = ["DEP_NEW", "NPL", "VISITS", "SCORE", "AUM"]
    table = measures(figures, ["0001", "0002", "0003", "0004"], codes, FIRST, AFTER)
    found = {(row["subject"], row["measure"]): row["value"] for row in table.to_pylist()}
    assert found == {
        ("0001", "DEP_NEW"): 0.3,
        ("0001", "NPL"): 1.7,
        ("0001", "VISITS"): 2.0,
        ("0001", "SCORE"): 85.0,
        ("0001", "AUM"): pytest.approx((100 * 62 + 130 * 30) / 92, abs=1e-12),
        ("0002", "AUM"): 50.0,
        ("0003", "AUM"): 10.0,
    }


def test_source_rows_open_a_figure_down_to_file_and_line(figures: Session, bring: Bring) -> None:
    upload = bring(
        "0001,DEP_NEW,2026-09-01,1,,\n0001,DEP_NEW,2026-09-02,2,,\n0002,DEP_NEW,2026-09-02,3,,\n",
        name="源.csv",
    )
    rows, total = source_rows(figures, "0001", "DEP_NEW", FIRST, AFTER, page=1, per_page=1)
    assert total == 2
    assert [(r.batch_id, r.source_name, r.line, r.day, r.value, r.source) for r in rows] == [
        (upload.batches[0].id, "源.csv", 3, date(2026, 9, 2), Decimal(2), "imported")
    ]
    assert source_rows(figures, "0001", "DEP_NEW", FIRST, AFTER, page=2, per_page=1)[0][0].line == 2


def test_no_figures_at_all_reads_as_empty(figures: Session) -> None:
    assert actuals(figures, None, ["DEP_NEW"], FIRST, AFTER).num_rows == 0
    assert measures(figures, ["0001"], ["DEP_NEW"], FIRST, AFTER).num_rows == 0
    assert source_rows(figures, "0001", "DEP_NEW", FIRST, AFTER) == ([], 0)


def test_batches_hold_one_set_each(figures: Session, bring: Bring) -> None:
    bring("0001,DEP_NEW,2026-09-30,1,,\n0001,NPL,2026-09-30,1,,\n0001,FEE,2026-09-30,1,,\n", split=True)
    for batch in figures.scalars(select(ImportBatch)):
        [path] = batch.files
        assert path.endswith(f"-{batch.indicator_set}.parquet")


@pytest.mark.requirement("7.23")
@pytest.mark.parametrize("writer", ["write_rows", "write"])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    figures: Session, bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    before = getattr(parquet, writer)

    def cramped(*arguments: Any) -> Any:
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, usual[1]))
        try:
            return before(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    monkeypatch.setattr(parquet, writer, cramped)
    with pytest.raises(Refused) as caught:
        bring(GOOD + BAD if writer == "write" else GOOD, policy=Policy.GOOD_ROWS)
    assert "磁盘" in caught.value.message
    assert values(figures, "DEP_NEW") == []
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".part", ".parquet")] == []


def test_a_file_that_was_changed_on_disk_is_rejected(figures: Session, bring: Bring) -> None:
    held = hold((HEADER + GOOD).encode())
    path = files.path_of(held.sha256)
    path.write_bytes(path.read_bytes() + b"0002,DEP_NEW,2026-09-30,1,,\n")
    draft = UploadDraft(ImportKind.ACTUALS, "f.csv", held, "2026Q3", Policy.GOOD_ROWS)
    upload = run_import(figures, SYSTEM, draft, now=NOW)
    assert upload.state is BatchState.REJECTED
    assert "改动" in rejects(upload)[0][0].problem.message
    path.unlink()
