"""What an administrator does with files, on the pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.jobs import JobState, run_inline
from lms.indicators.models import ImportBatch, ImportUpload
from lms.indicators.rules import BatchState, IndicatorSet
from lms.indicators.services import IndicatorDraft, actuals, define_indicator
from lms.people.models import Employee

SignIn = Callable[..., Any]
PERIOD, FIRST, AFTER = "2030Q1", date(2030, 1, 1), date(2030, 4, 1)
"""A quarter of which the demo bank knows nothing yet."""


@pytest.fixture
def code(session: Session, bank: Any) -> str:
    """An indicator whose values stand alone."""
    return define_indicator(session, SYSTEM, IndicatorDraft("NPS", "推荐值", IndicatorSet.OTHER, "分")).code


@pytest.fixture
def number(session: Session, bank: Any) -> str:
    return session.scalars(select(Employee.number).order_by(Employee.id)).first() or ""


class Browser:
    """A signed-in client that sends the page's token with every form."""

    def __init__(self, client: Any) -> None:
        self.client, self.get = client, client.get
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/me").text)
        assert found
        self.token = found[1]

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        return self.client.post(path, data={"csrf_token": self.token, **(data or {})}, **more)


@pytest.fixture
def admin(sign_in: SignIn) -> Browser:
    return Browser(sign_in("admin"))


def upload(admin: Browser, text: str, *, encoding: str = "gb18030", **fields: str) -> Any:
    data = {
        "kind": "actuals",
        "period": PERIOD,
        "policy": "all_or_nothing",
        **fields,
        "file": (io.BytesIO(text.encode(encoding)), "一季度.csv"),
    }
    return admin.post("/admin/imports/new", data=data, content_type="multipart/form-data")


def number_in(answer: Any) -> int:
    assert answer.status_code == 303, answer.get_data(as_text=True)
    found = re.search(r"/admin/imports/(\d+)", answer.headers["Location"])
    assert found
    return int(found[1])


def run(session: Session, admin: Browser, upload_id: int) -> ImportUpload:
    assert admin.post(f"/admin/imports/{upload_id}/start").status_code == 303
    kept = session.get_one(ImportUpload, upload_id, populate_existing=True)
    assert kept.job_id is not None
    assert run_inline(kept.job_id).state is JobState.DONE
    return session.get_one(ImportUpload, upload_id, populate_existing=True)


@pytest.mark.requirement("7.23")
def test_a_gbk_file_is_shown_checked_imported_and_listed(
    session: Session, admin: Browser, code: str, number: str
) -> None:
    text = f"导出\r\n工号,指标,日期,数值\r\n{number},{code},2030-01-31,1\r\n{number},{code},2030-02-28,2\r\n"
    upload_id = number_in(upload(admin, text))
    page = admin.get(f"/admin/imports/{upload_id}/reading").get_data(as_text=True)
    assert "GB18030" in page
    assert "表头在第 2 行" in page
    page = admin.get(f"/admin/imports/{upload_id}/check").get_data(as_text=True)
    assert "共 2 行数据：2 行正确，0 行有误" in page
    assert actuals(session, [number], [code], FIRST, AFTER).num_rows == 0
    assert run(session, admin, upload_id).state is BatchState.COMMITTED
    lines = actuals(session, [number], [code], FIRST, AFTER).column("line").to_pylist()
    assert lines == [3, 4]
    assert "一季度.csv" in admin.get("/admin/imports").get_data(as_text=True)


def test_bad_rows_are_listed_with_line_field_and_reason_in_both_languages(
    session: Session, admin: Browser, code: str, number: str
) -> None:
    rows = (f"{number},{code},2030-02-30,1", f"没有,{code},2030-01-31,1", f"{number},{code},2030-01-31,x")
    text = "\n".join(["工号,指标,日期,数值", *rows, ""])
    upload_id = number_in(upload(admin, text))
    kept = run(session, admin, upload_id)
    assert (kept.state, kept.rejected, kept.batches) == (BatchState.REJECTED, 3, [])
    page = admin.get(f"/admin/imports/{upload_id}").get_data(as_text=True)
    for told in ("2030-02-30", "没有工号为“没有”的员工", "“x”不是有效的数字"):
        assert told in page
    errors = admin.get(f"/admin/imports/{upload_id}/errors.csv")
    assert errors.data.startswith(b"\xef\xbb\xbf")
    assert errors.data.decode("utf-8-sig").count("\r\n") == 4
    admin.post("/language/en")
    page = admin.get(f"/admin/imports/{upload_id}").get_data(as_text=True)
    assert "is not a valid number" in page
    assert "不是有效" not in page


def test_good_rows_only_is_chosen_before(session: Session, admin: Browser, code: str, number: str) -> None:
    text = f"工号,指标,日期,数值\n{number},{code},2030-01-31,1\n{number},{code},坏,1\n"
    kept = run(session, admin, number_in(upload(admin, text, policy="good_rows")))
    assert (kept.state, kept.rejected) == (BatchState.COMMITTED, 1)
    assert actuals(session, None, [code], FIRST, AFTER).num_rows == 1


@pytest.mark.parametrize(
    ("tail", "told"), [("2030-0", "截断"), ('2030-01-31,"1', "引号")], ids=["cut in a row", "cut in a quote"]
)
def test_a_broken_file_is_told_at_once_and_cannot_be_started(
    admin: Browser, code: str, number: str, tail: str, told: str
) -> None:
    text = f"工号,指标,日期,数值\n{number},{code},2030-01-31,1\n{number},{code},{tail}"
    page = admin.get(f"/admin/imports/{number_in(upload(admin, text))}/check").get_data(as_text=True)
    assert told in page
    assert "确认导入" not in page


def test_the_reading_can_be_changed(session: Session, admin: Browser, code: str, number: str) -> None:
    text = f"工号,指标,日期,数值\n{number},{code},47514,1\n合计,,,1\n"
    upload_id = number_in(upload(admin, text))
    data = {"encoding": "", "separator": ",", "skip_totals": "y", "serial_days": "y"}
    admin.post(f"/admin/imports/{upload_id}/reading", data=data)
    page = admin.get(f"/admin/imports/{upload_id}/check").get_data(as_text=True)
    assert "1 行正确，0 行有误，跳过 1 行" in page


@pytest.mark.requirement("7.23")
def test_the_same_file_again_names_the_first_batch(
    session: Session, admin: Browser, code: str, number: str
) -> None:
    text = f"工号,指标,日期,数值\n{number},{code},2030-01-31,1\n"
    first = run(session, admin, number_in(upload(admin, text))).batches[0]
    again = upload(admin, text)
    assert again.status_code == 409
    assert f"批次 {first.id}" in again.get_data(as_text=True)


def test_an_import_starts_once(session: Session, admin: Browser, code: str, number: str) -> None:
    upload_id = number_in(upload(admin, f"工号,指标,日期,数值\n{number},{code},2030-01-31,1\n"))
    assert admin.post(f"/admin/imports/{upload_id}/start").status_code == 303
    assert admin.post(f"/admin/imports/{upload_id}/start").status_code == 409
    page = admin.get(f"/admin/imports/{upload_id}").get_data(as_text=True)
    assert "data-zx-job" in page


def test_a_batch_is_withdrawn_with_a_reason(session: Session, admin: Browser, code: str, number: str) -> None:
    text = f"工号,指标,日期,数值\n{number},{code},2030-01-31,1\n"
    batch_id = run(session, admin, number_in(upload(admin, text))).batches[0].id
    admin.post(f"/admin/batches/{batch_id}/withdraw", data={"reason": ""})
    assert session.get_one(ImportBatch, batch_id, populate_existing=True).state is BatchState.COMMITTED
    admin.post(f"/admin/batches/{batch_id}/withdraw", data={"reason": "口径有误"})
    assert session.get_one(ImportBatch, batch_id, populate_existing=True).state is BatchState.WITHDRAWN
    assert actuals(session, None, [code], FIRST, AFTER).num_rows == 0


@pytest.mark.parametrize("field", ["file", "period", "kind"])
def test_a_form_without_its_parts_is_refused(admin: Browser, field: str) -> None:
    data: dict[str, Any] = {
        "kind": "actuals",
        "period": PERIOD,
        "policy": "all_or_nothing",
        "file": (io.BytesIO(b"x"), "x.csv"),
    }
    data[field] = "" if field != "kind" else "nonsense"
    answer = admin.post("/admin/imports/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422


@pytest.mark.parametrize("kind", ["actuals", "targets", "people"])
def test_each_kind_has_a_template(admin: Browser, kind: str) -> None:
    content = admin.get(f"/admin/imports/templates/{kind}.csv").data
    assert content.startswith("\ufeff工号,".encode())


def test_an_unknown_template_is_not_found(admin: Browser) -> None:
    assert admin.get("/admin/imports/templates/other.csv").status_code == 404


@pytest.mark.parametrize("username", ["trainee", "trainer", "supervisor", "head", "hr", "audit"])
@pytest.mark.parametrize(
    "path", ["/admin/imports", "/admin/imports/new", "/admin/imports/templates/people.csv"]
)
def test_nobody_else_may(sign_in: SignIn, username: str, path: str) -> None:
    assert sign_in(username).get(path).status_code == 403


def test_an_indicator_is_defined_and_listed(session: Session, admin: Browser) -> None:
    data = {
        "code": "NEW_1",
        "name_zh": "新指标",
        "indicator_set": "other",
        "unit": "户",
        "direction": "more",
        "aggregate": "sum",
        "minimum": "0",
        "maximum": "",
        "whole": "y",
        "base": "-",
    }
    assert admin.post("/admin/indicators/new", data=data).status_code == 303
    page = admin.get("/admin/indicators?set=other").get_data(as_text=True)
    assert "NEW_1" in page
    assert admin.post("/admin/indicators/new", data=data).status_code == 409
    assert admin.post("/admin/indicators/new", data={**data, "code": "坏 码"}).status_code == 422
