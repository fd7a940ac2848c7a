"""Records of a data model: what a file must hold, what is told of it, and what its view shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.duck import duck
from lms.core.errors import Refused, Rejected
from lms.indicators.models import CodeMap, DataModel, HiddenValue, ImportBatch, ImportUpload
from lms.indicators.rules import BatchState, ImportKind, Policy
from lms.indicators.rules.conditions import Condition, Op
from lms.indicators.rules.datamodel import FieldDraft, MappingDraft, ModelDraft, with_field, without_field
from lms.indicators.rules.kinds import CodeKind, Delivery, FieldKind, FieldRole, FieldUse
from lms.indicators.services import (
    UploadDraft,
    activate_model,
    commit,
    define_model,
    draft_of,
    effect_of,
    error_file,
    find_model,
    hold,
    inspect,
    latest_change,
    measures,
    receive,
    records,
    refuse_unready,
    rejects,
    revise_model,
    run_import,
    start,
    template,
    with_mappings,
    withdraw,
    write_parts,
)
from lms.indicators.services.pipeline import Overtaken
from lms.indicators.services.store import condition_sql, open_view, value_sql
from lms.people.models import Employee
from tests.indicators.conftest import NOW

HEADER = "账号,数据日期,余额（万元）,状态,客户经理\n"
Load = Callable[..., ImportUpload]


def deposits(delivery: Delivery = Delivery.SNAPSHOT) -> ModelDraft:
    """A small model of deposit accounts."""
    mapping = MappingDraft(
        "BAL",
        date(2020, 1, 1),
        conditions=(Condition("status", Op.EQ, ("open",)),),
        coefficient=Decimal("0.3"),
    )
    return ModelDraft(
        "deposit",
        "存款账户",
        delivery,
        "Deposit accounts",
        source="core",
        fields=(
            FieldDraft("account", "账号", FieldKind.ID, in_key=True, role=FieldRole.ACCOUNT),
            FieldDraft("as_of", "数据日期", FieldKind.DAY, role=FieldRole.DAY),
            FieldDraft(
                "balance", "余额", FieldKind.NUMBER, unit="元", use=FieldUse.INDICATOR, mappings=(mapping,)
            ),
            FieldDraft(
                "status",
                "状态",
                FieldKind.CHOICE,
                required=False,
                use=FieldUse.NOT_USED,
                choices={"open": ("正常",), "Closed's": ("销户",)},
            ),
            FieldDraft("officer", "客户经理", FieldKind.ID, required=False, role=FieldRole.EMPLOYEE),
        ),
    )


@pytest.fixture
def model(figures: Session) -> DataModel:
    return active(figures, deposits())


def active(session: Session, draft: ModelDraft) -> DataModel:
    found = define_model(session, SYSTEM, draft, now=NOW)
    activate_model(session, SYSTEM, found, now=NOW)
    return found


def revised(session: Session, model: DataModel, draft: ModelDraft) -> DataModel:
    return revise_model(session, SYSTEM, model, draft, version=model.version, now=NOW)


@pytest.fixture
def load(figures: Session) -> Load:
    """Import rows of a model at once; returns the upload."""

    def bring(
        model: DataModel,
        rows: str,
        *,
        header: str = HEADER,
        policy: Policy = Policy.ALL_OR_NOTHING,
        period: str = "2026Q3",
    ) -> ImportUpload:
        draft = UploadDraft(
            ImportKind.RECORDS,
            "records.csv",
            hold((header + rows).encode()),
            period,
            policy,
            data_model_id=model.id,
        )
        return run_import(figures, SYSTEM, draft, now=NOW)

    return bring


def shown(session: Session, model: DataModel) -> list[tuple[Any, ...]]:
    return [(row["account"], row["_day"].isoformat(), row["balance"]) for row in records(session, model)[0]]


@pytest.mark.requirement("7.22")
def test_a_file_becomes_records_in_the_units_of_the_model(
    figures: Session, model: DataModel, load: Load
) -> None:
    upload = load(model, "001,2026-09-30,1.5,正常,0001\n002,20260930,20元,销户,\n")
    assert upload.state is BatchState.COMMITTED
    [batch] = upload.batches
    assert (batch.data_model_id, batch.first_day, batch.rows) == (model.id, date(2026, 9, 30), 2)
    assert shown(figures, model) == [
        ("001", "2026-09-30", Decimal(15000)),
        ("002", "2026-09-30", Decimal(20)),
    ]
    row = records(figures, model)[0][0]
    assert (row["status"], row["officer"], row["_batch"], row["_line"]) == ("open", "0001", batch.id, 2)
    assert records(figures, model)[0][1]["status"] == "Closed's"


def test_of_events_without_a_key_each_row_counts(figures: Session, load: Load) -> None:
    plain = deposits(Delivery.DELTA)
    fields = (replace(plain.fields[0], in_key=False, required=False), *plain.fields[1:])
    model = active(figures, replace(plain, fields=fields))
    twice = "001,2026-09-30,1元,正常,\n001,2026-09-30,1元,正常,\n,2026-09-29,2元,正常,\n"
    assert load(model, twice).state is BatchState.COMMITTED
    assert load(model, "001,2026-09-30,1元,正常,\n").state is BatchState.COMMITTED
    assert sorted(one[1:] for one in shown(figures, model)) == [
        ("2026-09-29", Decimal(2)),
        *[("2026-09-30", Decimal(1))] * 3,
    ]


def test_bad_rows_are_told_by_line_field_and_value(figures: Session, model: DataModel, load: Load) -> None:
    upload = load(
        model,
        "001,2026-09-30,1,正常,0001\n"
        "001,2026-09-30,2,正常,0001\n"
        "002,2026-10-01,1,正常,0001\n"
        "003,2026-09-30,5%,正常,0001\n"
        "004,2026-09-30,99999999999999,正常,0001\n"
        "005,2026-09-30,1,冻结,0001\n"
        ",2026-09-30,1,正常,0001\n",
    )
    assert upload.state is BatchState.REJECTED
    told = [(one.problem.line, one.problem.field, one.problem.value) for one in rejects(upload)[0]]
    assert told == [
        (3, "账号", "001"),
        (4, "数据日期", "2026-10-01"),
        (5, "余额", "%"),
        (6, "余额", "99999999999999"),
        (7, "状态", "冻结"),
        (8, "账号", ""),
    ]
    assert records(figures, model) == ([], 0)


def test_good_rows_alone_may_be_taken_and_the_rest_mended(
    figures: Session, model: DataModel, load: Load
) -> None:
    upload = load(model, "001,2026-09-30,1,正常,\n002,x,1,正常,\n", policy=Policy.GOOD_ROWS)
    assert (upload.state, upload.rejected) == (BatchState.COMMITTED, 1)
    revised(
        figures,
        model,
        with_field(
            draft_of(model), FieldDraft("note", "备注", FieldKind.TEXT, required=False, use=FieldUse.NOT_USED)
        ),
    )
    lines = error_file(upload, ["行", "列", "值", "因"], str).decode("utf-8-sig").splitlines()
    assert lines[0] == "账号,数据日期,余额（万元）,状态,客户经理,行,列,值,因", "the titles of the file itself"
    assert lines[1].startswith("002,x,1,正常,,3,数据日期,x,")


def test_nobodys_codes_are_counted_and_not_refused(figures: Session, model: DataModel, load: Load) -> None:
    person = figures.scalars(select(Employee).limit(1)).one()
    figures.add(
        CodeMap(
            kind=CodeKind.EMPLOYEE,
            source="core",
            code="K7",
            employee_id=person.id,
            valid_from=date(2026, 7, 1),
            valid_to=date(2026, 9, 30),
            actor_label="x",
            mapped_at=NOW,
        )
    )
    upload = load(
        model,
        "001,2026-09-29,1,正常,K7\n002,2026-09-30,1,正常,K7\n003,2026-09-30,1,正常,K8\n"
        "004,2026-09-30,1,正常,0001\n005,2026-09-30,1,正常,\n",
    )
    assert upload.state is BatchState.COMMITTED
    [note] = upload.notes
    assert (note["params"]["rows"], note["params"]["codes"], note["params"]["field"]) == (2, 2, "客户经理")


def test_the_same_content_is_recognised_in_any_order(figures: Session, model: DataModel, load: Load) -> None:
    [batch] = load(model, "001,2026-09-30,1,正常,\n002,2026-09-30,2,正常,\n").batches
    again = load(model, "002,2026年9月30日,20000元,正常,\n001,2026-09-30,10000元,正常,\n")
    assert again.state is BatchState.REJECTED
    assert rejects(again)[0][0].problem.params["batch"] == str(batch.id)
    with pytest.raises(Refused, match="同一文件已导入"):
        load(model, "001,2026-09-30,1,正常,\n002,2026-09-30,2,正常,\n")
    other = active(figures, replace(deposits(), code="deposit_b", name_zh="另一存款"))
    assert load(other, "001,2026-09-30,1,正常,\n002,2026-09-30,2,正常,\n").state is BatchState.COMMITTED


def test_a_snapshot_stands_in_place_of_an_earlier_one_of_its_day(
    figures: Session, model: DataModel, load: Load
) -> None:
    load(model, "001,2026-08-31,1,正常,\n001,2026-09-30,1,正常,\n002,2026-09-30,2,正常,\n")
    [later] = load(model, "001,2026-09-30,3,正常,\n").batches
    now = [("001", "2026-09-30", Decimal(30000)), ("001", "2026-08-31", Decimal(10000))]
    assert shown(figures, model) == now
    [earlier] = figures.scalars(select(ImportBatch).where(ImportBatch.id < later.id))
    under, over = effect_of(figures, earlier), effect_of(figures, later)
    assert (under.values, under.above, under.returning) == (1, [later], [])
    assert (over.values, over.above, over.returning) == (1, [], [earlier])
    figures.add(HiddenValue(batch_id=later.id, line=2, reason="x", actor_label="x", hidden_at=NOW))
    figures.flush()
    assert shown(figures, model) == now[1:], "hiding a row does not bring back what it replaced"
    assert effect_of(figures, later).values == 0
    withdraw(figures, SYSTEM, later, "错", now=NOW)
    assert len(shown(figures, model)) == 3


def test_withdrawing_what_a_newer_snapshot_replaced_says_that_nothing_changes(
    figures: Session, model: DataModel, load: Load
) -> None:
    [earlier] = load(model, "001,2026-09-30,1,正常,\n").batches
    [later] = load(model, "001,2026-09-30,3,正常,\n").batches
    before = shown(figures, model)
    effect = effect_of(figures, earlier)
    assert (effect.values, effect.above, effect.returning) == (0, [later], [])
    withdraw(figures, SYSTEM, earlier, "错", now=NOW)
    assert shown(figures, model) == before


def test_a_delta_adds_and_a_row_replaces_the_one_of_its_key_on_any_day(figures: Session, load: Load) -> None:
    model = active(figures, deposits(Delivery.DELTA))
    load(model, "001,2026-09-30,1,正常,\n002,2026-09-30,2,正常,\n")
    [later] = load(model, "001,2026-10-01,3,正常,\n", period="2026Q4").batches
    assert shown(figures, model) == [
        ("001", "2026-10-01", Decimal(30000)),
        ("002", "2026-09-30", Decimal(20000)),
    ]
    with duck(files=True) as connection:
        open_view(figures, connection, model, after=date(2026, 10, 1))
        assert connection.execute("SELECT account FROM deposit").fetchall() == [("002",)]
        open_view(figures, connection, model, first=date(2026, 10, 1))
        assert connection.execute("SELECT account FROM deposit").fetchall() == [("001",)]
        open_view(figures, connection, model, batches=[later.id])
        assert connection.execute("SELECT account FROM deposit").fetchall() == [("001",)]
    withdraw(figures, SYSTEM, later, "错", now=NOW)
    assert shown(figures, model)[0] == ("001", "2026-09-30", Decimal(10000))


def test_the_effect_of_a_delta_counts_what_no_later_row_replaced(figures: Session, load: Load) -> None:
    model = active(figures, deposits(Delivery.DELTA))
    [first] = load(model, "001,2026-09-30,1,正常,\n002,2026-09-30,2,正常,\n").batches
    load(model, "001,2026-10-01,3,正常,\n", period="2026Q4")
    assert effect_of(figures, first).values == 1


@pytest.mark.requirement("7.21")
def test_a_later_field_keeps_the_records_and_old_ones_give_null(
    figures: Session, model: DataModel, load: Load
) -> None:
    load(model, "001,2026-08-31,1,正常,\n")
    rate = FieldDraft("rate", "利率", FieldKind.NUMBER, unit="%", required=False, use=FieldUse.NOT_USED)
    model = revised(figures, model, with_field(draft_of(model), rate))
    load(model, "001,2026-09-30,1,正常,,1.5%\n", header=HEADER.strip() + ",利率\n")
    found = records(figures, model)[0]
    assert [(row["_day"].day, row["rate"]) for row in found] == [(30, Decimal("1.5")), (31, None)]


def test_a_retired_field_leaves_files_and_stays_in_the_view(
    figures: Session, model: DataModel, load: Load
) -> None:
    load(model, "001,2026-08-31,1,正常,0001\n")
    model = revised(figures, model, without_field(draft_of(model), "officer"))
    assert template(ImportKind.RECORDS, model).decode("utf-8-sig") == "账号,数据日期,余额,状态\r\n"
    load(model, "001,2026-09-30,1,正常\n", header="账号,数据日期,余额,状态\n")
    assert [row["officer"] for row in records(figures, model)[0]] == [None, "0001"]


@pytest.mark.requirement("7.40")
def test_an_undecided_field_forbids_the_import_and_is_named(
    figures: Session, model: DataModel, load: Load
) -> None:
    waiting = receive(
        figures,
        SYSTEM,
        UploadDraft(ImportKind.RECORDS, "r.csv", hold(b"x"), "2026Q3", data_model_id=model.id),
        now=NOW,
    )
    model = revised(
        figures,
        model,
        with_field(draft_of(model), FieldDraft("grade", "评级", FieldKind.TEXT, required=False)),
    )
    with pytest.raises(Rejected, match="评级"):
        refuse_unready(model)
    with pytest.raises(Rejected, match="评级"):
        load(model, "001,2026-09-30,1,正常,\n")
    with pytest.raises(Rejected, match="评级"):
        start(figures, SYSTEM, waiting, now=NOW)


def test_a_change_between_check_and_commit_makes_the_check_be_made_again(
    figures: Session, model: DataModel
) -> None:
    content = (HEADER + "001,2026-09-30,1,正常,\n").encode()
    draft = UploadDraft(ImportKind.RECORDS, "r.csv", hold(content), "2026Q3", data_model_id=model.id)
    upload = receive(figures, SYSTEM, draft, now=NOW)
    parts = write_parts(upload, inspect(figures, upload))
    revised(figures, model, without_field(draft_of(model), "officer"))
    with pytest.raises(Overtaken):
        commit(figures, SYSTEM, upload, parts, latest_change(figures), now=NOW)


def test_a_mapping_weighs_chooses_and_gives_the_indicators_unit(
    figures: Session, model: DataModel, load: Load
) -> None:
    load(model, "001,2026-09-30,1,正常,\n002,2026-09-30,2,销户,\n003,2026-09-30,4,,\n")
    model = with_mappings(figures, model)
    [field] = [one for one in model.fields if one.code == "balance"]
    clause = condition_sql(field.mappings[0], model.fields)
    with duck(files=True) as connection:
        open_view(figures, connection, model)
        counted = connection.table("deposit").filter(clause)
        value = value_sql(field, field.mappings[0])
        assert counted.aggregate(f"sum({value})").fetchall() == [(Decimal("0.3"),)]


def test_a_record_reaches_its_officer_in_the_unit_of_the_indicator(
    figures: Session, model: DataModel, load: Load
) -> None:
    load(model, "001,2026-09-30,20000元,正常,0001\n002,2026-09-30,9,销户,0001\n")
    found = measures(figures, ["0001"], ["BAL"], date(2026, 7, 1), date(2026, 10, 1))
    assert found.to_pylist() == [{"subject": "0001", "measure": "BAL", "value": pytest.approx(0.6)}]


def test_an_upload_finds_its_model_again(figures: Session, model: DataModel) -> None:
    assert find_model(figures, "deposit") is model
    assert find_model(figures, "nothing") is None
