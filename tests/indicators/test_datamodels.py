"""What an administrator does with data models: define, change, retire, drop, give and take as files."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused, Rejected
from lms.core.textfile import read
from lms.indicators.models import DataField, DataModel, DataModelChange, FieldMapping, Indicator
from lms.indicators.rules import BatchState, ImportKind
from lms.indicators.rules.datamodel import FieldDraft, ModelDraft, with_field, without_field
from lms.indicators.rules.kinds import Delivery, FieldKind, FieldUse, ModelState
from lms.indicators.rules.modelfile import read_model_file
from lms.indicators.services import (
    UploadDraft,
    activate_model,
    batches_of,
    columns_of_model,
    define_from_file,
    define_model,
    draft_of,
    drop_model,
    entry_template,
    field_draft,
    fields_in_force,
    headings,
    hold,
    import_template,
    load_shipped,
    model_file,
    obstacles,
    put_field,
    records,
    restore_field,
    retire_model,
    revise_model,
    run_import,
    shipped_missing,
    take_field,
    withdraw,
)
from tests.indicators.conftest import NOW

NAMES = {"储蓄存款", "对公存款", "贷款", "客户", "银行卡", "理财"}


def structured() -> ModelDraft:
    """The model of the requirement: 结构性存款 with eight fields."""
    codes = ("amount", "rate", "barrier", "term", "customer", "branch", "note")
    rest = tuple(
        FieldDraft(code, f"字段{code}", FieldKind.TEXT, required=False, use=FieldUse.NOT_USED)
        for code in codes
    )
    key = FieldDraft("contract", "合同号", FieldKind.ID, "Contract", in_key=True, use=FieldUse.NOT_USED)
    return ModelDraft("structured", "结构性存款", Delivery.DELTA, fields=(key, *rest))


@pytest.fixture
def model(figures: Session) -> DataModel:
    found = define_model(figures, SYSTEM, structured(), now=NOW)
    activate_model(figures, SYSTEM, found, now=NOW)
    return found


def bring(session: Session, model: DataModel, text: str) -> None:
    draft = UploadDraft(ImportKind.RECORDS, "r.csv", hold(text.encode()), "2026Q3", data_model_id=model.id)
    assert run_import(session, SYSTEM, draft, now=NOW).state is BatchState.COMMITTED


@pytest.mark.requirement("7.22")
def test_a_defined_model_has_a_store_and_templates_that_are_read_back(
    figures: Session, model: DataModel
) -> None:
    assert records(figures, model) == ([], 0)
    for language in ("zh", "en"):
        titles = headings(model, language)
        filled = import_template(model, language) + b"7,7,7,7,7,7,7,7\r\n"
        assert read(filled, columns_of_model(model)).table.column("contract").to_pylist() == ["7"]
        book = entry_template(model, language, sheet="数据", notes="说明", explained=[["a", "=1"]])
        sheets = CalamineWorkbook.from_filelike(io.BytesIO(book))
        assert sheets.get_sheet_by_index(0).to_python()[0] == titles
        assert sheets.get_sheet_by_index(1).to_python() == [["a", "=1"]], "a text, no formula"


@pytest.mark.requirement("7.22")
def test_a_hostile_name_defines_nothing(figures: Session) -> None:
    with pytest.raises(Rejected):
        define_model(figures, SYSTEM, replace(structured(), code="x; drop table"), now=NOW)
    assert figures.scalar(select(func.count()).select_from(DataModel)) == 0


def test_a_code_and_a_name_are_taken_once(figures: Session, model: DataModel) -> None:
    with pytest.raises(Rejected, match="代码“structured”已存在"):
        define_model(figures, SYSTEM, structured(), now=NOW)
    with pytest.raises(Rejected, match="名称“结构性存款”已存在"):
        define_model(figures, SYSTEM, replace(structured(), code="other"), now=NOW)


@pytest.mark.requirement("7.21")
def test_each_change_is_recorded_with_its_version(figures: Session, model: DataModel) -> None:
    added = with_field(draft_of(model), FieldDraft("grade", "评级", FieldKind.TEXT, required=False))
    model = revise_model(figures, SYSTEM, model, added, version=2, now=NOW)
    assert model.version == 3
    again = revise_model(figures, SYSTEM, model, draft_of(model), version=3, now=NOW)
    assert again.version == 3, "no change is none"
    told = figures.scalars(select(DataModelChange).order_by(DataModelChange.version)).all()
    assert [(one.version, one.changes[0]["what"]) for one in told] == [
        (1, "defined"),
        (2, "state"),
        (3, "field_new"),
    ]
    with pytest.raises(Refused, match="刚被他人修改"):
        revise_model(figures, SYSTEM, model, without_field(added, "grade"), version=2, now=NOW)


def test_a_field_is_removed_while_there_are_no_records_and_retired_afterwards(
    figures: Session, model: DataModel
) -> None:
    model = take_field(figures, SYSTEM, model, "note", version=model.version, now=NOW)
    assert "note" not in {field.code for field in model.fields}
    bring(figures, model, "合同号\n1\n")
    in_order = [field.code for field in fields_in_force(model)]
    model = take_field(figures, SYSTEM, model, "rate", version=model.version, now=NOW)
    [rate] = [field for field in model.fields if field.code == "rate"]
    assert rate.until == model.version
    model = restore_field(figures, SYSTEM, model, "rate", version=model.version, now=NOW)
    [rate] = [field for field in model.fields if field.code == "rate"]
    assert (rate.until, rate.since) == (None, 1)
    assert [field.code for field in fields_in_force(model)] == in_order, "it stands where it stood"
    for other in ("rate2", "rate_new"):
        moved = replace(field_draft(rate), code=other)
        with pytest.raises(Rejected, match="不能更改字段“字段rate”的代码"):
            put_field(
                figures, SYSTEM, model, moved, instead_of="rate", place=None, version=model.version, now=NOW
            )
    with pytest.raises(Rejected, match="主键"):
        take_field(figures, SYSTEM, model, "contract", version=model.version, now=NOW)
    wrong = with_field(
        draft_of(model), replace(structured().fields[0], kind=FieldKind.TEXT), instead_of="contract"
    )
    with pytest.raises(Rejected, match="类型"):
        revise_model(figures, SYSTEM, model, wrong, version=model.version, now=NOW)


@pytest.mark.requirement("7.22")
def test_a_store_is_dropped_only_when_it_is_empty(figures: Session, model: DataModel) -> None:
    spare = define_model(figures, SYSTEM, replace(structured(), code="spare", name_zh="备用"), now=NOW)
    drop_model(figures, SYSTEM, spare)
    assert figures.scalars(select(DataModel.code)).all() == ["structured"]
    assert figures.scalar(select(func.count()).select_from(DataField)) == 8
    bring(figures, model, "合同号\n1\n2\n")
    with pytest.raises(Refused, match="2 条记录"):
        drop_model(figures, SYSTEM, model)
    retire_model(figures, SYSTEM, model, now=NOW)
    assert records(figures, model)[1] == 2, "a retired model keeps its records"
    assert "已停用" in str(obstacles(model)[0])
    batch = figures.scalars(batches_of(model)).one()
    withdraw(figures, SYSTEM, batch, "清理", now=NOW)
    with pytest.raises(Refused, match="保留来源"):
        drop_model(figures, SYSTEM, model)


@pytest.mark.requirement("7.26")
def test_six_models_are_shipped_ready_for_files_and_loaded_once(figures: Session) -> None:
    assert shipped_missing(figures) == 6
    loaded = load_shipped(figures, SYSTEM, now=NOW)
    assert {one.name_zh for one in loaded} == NAMES
    for one in loaded:
        assert (one.state, one.shipped, obstacles(one)) == (ModelState.ACTIVE, True, [])
        assert 8 <= len(one.fields) <= 14
        assert one.name_en
        assert all(field.name_en for field in one.fields)
        assert any(field.mappings for field in one.fields)
    fed = select(FieldMapping.indicator_id)
    assert all(one.name_en for one in figures.scalars(select(Indicator).where(Indicator.id.in_(fed))))
    assert load_shipped(figures, SYSTEM, now=NOW) == []
    assert shipped_missing(figures) == 0


@pytest.mark.parametrize("as_json", [False, True])
def test_a_model_goes_to_another_bank_as_a_file(figures: Session, as_json: bool) -> None:
    savings = next(one for one in load_shipped(figures, SYSTEM, now=NOW) if one.code == "savings")
    content = model_file(figures, savings, as_json=as_json)
    file = read_model_file(content)
    assert file.model == draft_of(savings)
    assert {one.code for one in file.indicators} == {
        "SAVINGS_BALANCE",
        "SAVINGS_AVG",
        "SAVINGS_TIME_BALANCE",
    }
    with pytest.raises(Rejected, match="已存在"):
        define_from_file(figures, SYSTEM, content, now=NOW)
    drop_model(figures, SYSTEM, savings)
    assert draft_of(define_from_file(figures, SYSTEM, content, now=NOW)) == file.model


def test_an_indicator_that_means_something_else_here_stops_the_file(figures: Session) -> None:
    savings = next(one for one in load_shipped(figures, SYSTEM, now=NOW) if one.code == "savings")
    content = model_file(figures, savings).replace("unit: 万元".encode(), "unit: 亿元".encode())
    with pytest.raises(Rejected, match="SAVINGS_BALANCE"):
        define_from_file(figures, SYSTEM, content, now=NOW)
