"""What an administrator does with data models, on their pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.clock import now
from lms.core.db import db
from lms.core.jobs import JobState, run_inline
from lms.indicators.models import DataModel, ImportUpload
from lms.indicators.rules import IndicatorSet
from lms.indicators.services import IndicatorDraft, define_indicator, find_model, load_shipped, uploads
from tests.admin.test_imports import Browser, admin

__all__ = ["admin"]  # a fixture

SignIn = Callable[..., Any]
FIELD = {"kind": "id", "unit": "", "role": "none", "use": "not_used", "required": "y"}


@pytest.fixture
def empty(session: Session, bank: Any, admin: Browser) -> DataModel:
    """A model that was just defined on the page."""
    answer = admin.post(
        "/admin/models/new",
        {"code": "structured", "name_zh": "结构性存款", "name_en": "Structured", "delivery": "delta"},
    )
    assert answer.status_code == 303
    found = find_model(session, "structured")
    assert found is not None
    return found


def add(admin: Browser, model: DataModel, code: str, name: str, *, key: bool = True, **more: str) -> Any:
    page = admin.get(f"/admin/models/{model.id}").text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    data = {
        **FIELD,
        **({"in_key": "y"} if key else {}),
        "code": code,
        "name_zh": name,
        "version": version[1],
        **more,
    }
    return admin.post(f"/admin/models/{model.id}/fields/new", data)


@pytest.mark.requirement("7.21", "7.22")
def test_a_model_is_designed_activated_filled_and_looked_at(
    session: Session, admin: Browser, empty: DataModel
) -> None:
    assert add(admin, empty, "contract", "合同号").status_code == 303
    define_indicator(session, SYSTEM, IndicatorDraft("NOTES", "结构性存款额", IndicatorSet.BASIC, "万元"))
    mapping = {
        "kind": "number", "unit": "万元", "use": "indicator", "mappings-0-indicator": "NOTES",
        "mappings-0-coefficient": "0.3", "mappings-0-conditions-0-field": "contract",
        "mappings-0-conditions-0-op": "filled",
    }  # fmt: skip
    answer = add(admin, empty, "amount", "金额", key=False, **mapping)
    assert answer.status_code == 303, answer.text
    page = admin.get(f"/admin/models/{empty.id}").text
    assert "× 0.3" in page
    assert "尚未启用" in page
    assert admin.post(f"/admin/models/{empty.id}/activate").status_code == 303
    answer = admin.post(
        f"/admin/models/{empty.id}/upload",
        {
            "period": "2030Q1",
            "policy": "all_or_nothing",
            "file": (io.BytesIO("合同号,金额\n001,2元\n".encode()), "a.csv"),
        },
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303
    upload = session.scalars(uploads().limit(1)).one()
    assert "结构性存款" in admin.get(f"/admin/imports/{upload.id}", follow_redirects=True).text
    assert admin.post(f"/admin/imports/{upload.id}/start").status_code == 303
    kept = session.get_one(ImportUpload, upload.id, populate_existing=True)
    assert kept.job_id is not None
    assert run_inline(kept.job_id).state is JobState.DONE
    shown = admin.get(f"/admin/models/{empty.id}/records").text
    assert "0.0002" in shown
    assert ">001<" in shown
    assert "不能删除" in admin.post(f"/admin/models/{empty.id}/drop", follow_redirects=True).text


@pytest.mark.requirement("7.22")
def test_a_hostile_code_is_refused_on_the_page(session: Session, bank: Any, admin: Browser) -> None:
    answer = admin.post("/admin/models/new", {"code": "x; drop table", "name_zh": "坏", "delivery": "delta"})
    assert answer.status_code == 422
    assert "只能用小写字母" in answer.text
    assert session.scalars(select(DataModel).where(DataModel.name_zh == "坏")).first() is None


@pytest.mark.requirement("7.40")
def test_an_undecided_field_disables_the_import_button_and_is_named(
    session: Session, admin: Browser, empty: DataModel
) -> None:
    add(admin, empty, "contract", "合同号")
    admin.post(f"/admin/models/{empty.id}/activate")
    assert add(admin, empty, "grade", "客户评级", use="undecided", key=False).status_code == 303
    page = admin.get(f"/admin/models/{empty.id}").text
    assert "字段“客户评级”尚未对应指标" in page
    assert re.search(r"<button[^>]*disabled[^>]*>导入文件</button>", page)
    assert "上传并查看" not in page
    data = {"period": "2030Q1", "policy": "all_or_nothing", "file": (io.BytesIO(b"x"), "a.csv")}
    answer = admin.post(
        f"/admin/models/{empty.id}/upload", data, content_type="multipart/form-data", follow_redirects=True
    )
    assert "客户评级" in answer.text
    assert session.scalars(uploads().where(ImportUpload.data_model_id == empty.id)).first() is None


def test_one_more_mapping_is_offered_without_saving(admin: Browser, empty: DataModel) -> None:
    answer = add(admin, empty, "amount", "金额", kind="number", more="1")
    assert answer.status_code == 200
    assert 'name="mappings-1-indicator"' in answer.text
    assert "金额" not in admin.get(f"/admin/models/{empty.id}").text


def test_an_old_page_overwrites_nothing(admin: Browser, empty: DataModel) -> None:
    add(admin, empty, "contract", "合同号")
    answer = admin.post(
        f"/admin/models/{empty.id}/fields/new", {**FIELD, "code": "tardy", "name_zh": "晚", "version": "1"}
    )
    assert answer.status_code == 409 or "刚被他人修改" in answer.text
    assert "tardy" not in admin.get(f"/admin/models/{empty.id}").text


def test_files_of_models_go_out_and_in(session: Session, bank: Any, admin: Browser) -> None:
    load_shipped(session, SYSTEM, now=now())
    savings = find_model(session, "wealth")
    assert savings is not None
    content = admin.get(f"/admin/models/{savings.id}/export.yaml").data
    assert admin.get(f"/admin/models/{savings.id}/export.json").json["model"]["code"] == "wealth"
    assert "交易流水号" in admin.get(f"/admin/models/{savings.id}/template.csv").data.decode("utf-8-sig")
    assert admin.get(f"/admin/models/{savings.id}/template.xlsx").data.startswith(b"PK")
    assert admin.post(f"/admin/models/{savings.id}/drop").status_code == 303
    answer = admin.post(
        "/admin/models/import", {"file": (io.BytesIO(content), "m.yaml")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 303
    bad = admin.post(
        "/admin/models/import", {"file": (io.BytesIO(b"[1]"), "m.yaml")}, content_type="multipart/form-data"
    )
    assert (bad.status_code, "模型文件" in bad.text) == (422, True)


@pytest.mark.requirement("7.26")
def test_the_button_loads_what_is_missing(session: Session, bank: Any, admin: Browser) -> None:
    load_shipped(session, SYSTEM, now=now())
    for code in ("loan", "wealth"):
        model = find_model(session, code)
        assert model is not None
        admin.post(f"/admin/models/{model.id}/drop")
    assert "载入预置模型（2 个）" in admin.get("/admin/models").text
    assert admin.post("/admin/models/shipped").status_code == 303
    page = admin.get("/admin/models").text
    assert "载入预置模型" not in page
    assert "理财" in page


@pytest.mark.parametrize(("who", "sees", "records_too"), [("hr", 200, 403), ("trainee", 403, 403)])
def test_only_administrators_see_records_and_design(
    session: Session, bank: Any, sign_in: SignIn, who: str, sees: int, records_too: int
) -> None:
    [model, *_] = load_shipped(session, SYSTEM, now=now())
    session.commit()
    client = sign_in(who)
    assert client.get(f"/admin/models/{model.id}").status_code == sees
    assert client.get("/admin/models").status_code == sees
    assert client.get(f"/admin/models/{model.id}/records").status_code == records_too
    assert client.get("/admin/models/new").status_code == 403


def test_queries_do_not_grow_with_models_and_fields(
    session: Session, bank: Any, admin: Browser, empty: DataModel
) -> None:
    def queries(path: str) -> int:
        seen = []

        def count(*_arguments: Any) -> None:
            seen.append(1)

        event.listen(db.engine, "before_cursor_execute", count)
        try:
            assert admin.get(path).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
        return len(seen)

    [full, *_] = load_shipped(session, SYSTEM, now=now())
    session.commit()
    assert queries(f"/admin/models/{full.id}") <= queries(f"/admin/models/{empty.id}") + 3
    assert queries("/admin/models") < 15
    assert queries(f"/admin/models/{full.id}/records") < 15
