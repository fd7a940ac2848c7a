"""Code maps, suspense, balance and expected files, on the pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import clock
from lms.core.audit import SYSTEM
from lms.core.clock import midnight
from lms.core.jobs import Job, run_inline
from lms.indicators.jobs import BALANCE
from lms.indicators.models import Arrival, CodeMap, DataModel, Feed
from lms.indicators.rules import IndicatorSet
from lms.indicators.rules.kinds import ArrivalState
from lms.indicators.services import IndicatorDraft, define_indicator
from tests.admin.test_imports import Browser
from tests.bank import TODAY, Cast
from tests.indicators.test_codes import TITLES, load
from tests.queries import counted

DAY = TODAY - timedelta(days=1)
NOW = midnight(TODAY) + timedelta(hours=9)


@pytest.fixture(autouse=True)
def _home(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "ZHIXING_FACTS", str(tmp_path / "facts"))
    monkeypatch.setitem(app.config, "ZHIXING_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def admin(sign_in: Callable[..., Any]) -> Browser:
    return Browser(sign_in("admin"))


@pytest.fixture
def deposits(bank: Cast) -> DataModel:
    from lms.indicators.rules.datamodel import ModelDraft
    from lms.indicators.rules.kinds import Delivery
    from lms.indicators.services import activate_model, define_model
    from tests.indicators.test_codes import fields

    define_indicator(
        bank.session, SYSTEM, IndicatorDraft("DEP_NEW", "新增存款", IndicatorSet.TRANSACTION, "元")
    )
    draft = ModelDraft("dep_acct", "存款明细", Delivery.SNAPSHOT, source="core", fields=fields(officer=True))
    made = define_model(bank.session, SYSTEM, draft, now=NOW)
    activate_model(bank.session, SYSTEM, made, now=NOW)
    return made


def number(bank: Cast) -> str:
    return bank.employee("trainee").number


@pytest.mark.requirement("7.28")
def test_a_code_is_added_corrected_ended_and_found(bank: Cast, admin: Browser, session: Session) -> None:
    first = {"kind": "employee", "source": "core", "code": "A77", "employee": number(bank), "unit": ""}
    assert admin.post("/admin/codes/new", {**first, "valid_from": "2026-01-01"}).status_code == 303
    assert admin.post("/admin/codes/new", {**first, "valid_from": "2026-02-01"}).status_code in (303, 409)
    made = session.scalars(select(CodeMap)).one()
    assert bank.employee("trainee").name in admin.get("/admin/codes?q=A77").text
    assert admin.post(f"/admin/codes/{made.id}/end", {"day": "2026-06-01"}).status_code == 303
    assert "A77" not in admin.get("/admin/codes?source=core").text
    assert "A77" in admin.get("/admin/codes?all=1").text
    corrected = {**first, "code": "A78", "valid_from": "2026-01-01", "valid_to": "2026-07-01"}
    assert admin.post(f"/admin/codes/{made.id}", corrected).status_code == 303
    session.refresh(made)
    assert (made.code, made.valid_to) == ("A78", date(2026, 7, 1))
    assert (
        admin.post(
            "/admin/codes/new", {**first, "employee": "NOBODY", "valid_from": "2026-01-01"}
        ).status_code
        == 409
    )


def test_a_file_is_looked_at_and_then_taken_over(bank: Cast, admin: Browser, session: Session) -> None:
    content = ",".join(TITLES) + f"\nemployee,core,B1,{number(bank)},,2026-01-01,\n"
    seen = admin.post("/admin/codes/import", {"file": (io.BytesIO(content.encode()), "codes.csv")})
    assert seen.status_code == 200
    assert session.scalars(select(CodeMap)).all() == []
    sign = seen.text.split('name="looked_at" value="')[1].split('"')[0]
    assert admin.post("/admin/codes/import", {"looked_at": sign + "x"}).status_code == 409
    assert admin.post("/admin/codes/import", {"looked_at": sign}).status_code == 303
    assert [one.code for one in session.scalars(select(CodeMap))] == ["B1"]
    bad = admin.post("/admin/codes/import", {"file": (io.BytesIO(b"nothing"), "codes.csv")})
    assert "looked_at" not in bad.text.split("试运行结果")[1].split("<section")[0]
    assert "B1" in admin.get("/admin/codes.csv").text


@pytest.mark.requirement("7.28")
def test_a_code_in_suspense_is_mapped_with_one_choice(
    bank: Cast, admin: Browser, session: Session, deposits: DataModel
) -> None:
    load(session, deposits, "a1,@,10,X9,,定期\na2,@,5,X9,,定期\n", DAY)
    page = admin.get("/admin/suspense").text
    assert ">X9<" in page
    rows = admin.get("/admin/suspense/rows?model=dep_acct&officer=X9&product=定期&period=2026-11").text
    assert rows.count('data-label="批次"') == 2
    address = f"/admin/codes/map?kind=employee&source=core&code=X9&from={DAY}&q={number(bank)}"
    employee = bank.employee("trainee")
    assert f"employee:{employee.id}" in admin.get(address).text
    done = admin.post(address, {"target": f"employee:{employee.id}", "valid_from": DAY.isoformat()})
    assert done.status_code == 303
    assert ">X9<" not in admin.get("/admin/suspense").text


@pytest.mark.requirement("7.28")
def test_the_balance_is_made_on_demand_and_opens_to_its_rows(
    bank: Cast, admin: Browser, session: Session, deposits: DataModel
) -> None:
    code = bank.employee("trainee").number
    load(session, deposits, f"a1,@,10,{code},,定期\na2,@,5,X9,QQ,定期\n", DAY)
    assert "还没有对过账" in admin.get("/admin/balance").text
    assert admin.post("/admin/balance", {"day": DAY.isoformat()}).status_code == 303
    job = session.scalars(select(Job).where(Job.kind == BALANCE)).one()
    session.commit()
    assert run_inline(job.id).state == "done"
    page = admin.get("/admin/balance").text
    assert "未对应的机构 QQ" in page
    assert "没有总账" in page
    opened = admin.get(f"/admin/balance/branch?day={DAY}&indicator=DEP_NEW&unit=QQ")
    assert "X9" in opened.text
    assert admin.get(f"/admin/balance/branch?day={DAY}&indicator=DEP_NEW&unit=none").status_code == 404
    assert "条记录挂账" in admin.get("/").text


def a_feed(**more: str) -> dict[str, str]:
    return {
        "code": "ACT",
        "name_zh": "实际值文件",
        "kind": "actuals",
        "data_model": "-",
        "file_pattern": "act_{day}.csv",
        "rhythm": "working_day",
        "starts_on": (TODAY - timedelta(days=7)).isoformat(),
        "due_days": "1",
        "due_time": "06:00",
        "policy": "all_or_nothing",
        "active": "y",
        **more,
    }


@pytest.mark.requirement("7.28")
def test_a_feed_is_defined_seen_missing_and_dismissed(bank: Cast, admin: Browser, session: Session) -> None:
    from lms.indicators.jobs import scan

    assert admin.post("/admin/feeds/new", a_feed(file_pattern="../x")).status_code == 422
    assert admin.post("/admin/feeds/new", a_feed()).status_code == 303
    feed = session.scalars(select(Feed)).one()
    changed = admin.post(f"/admin/feeds/{feed.id}", a_feed(due_time="06:30", name_zh="实际值"))
    assert changed.status_code == 303
    session.commit()
    while scan(session, NOW):
        session.commit()
    arrivals = session.scalars(select(Arrival).order_by(Arrival.day)).all()
    assert [one.state for one in arrivals] == [ArrivalState.MISSING] * 5
    assert "文件未到：实际值" in admin.get("/").text
    assert "未到" in admin.get("/admin/feeds/calendar?month=2026-11").text
    page = admin.get(f"/admin/arrivals/{arrivals[0].id}")
    assert "到了最迟时间" in page.text
    assert admin.post(f"/admin/arrivals/{arrivals[0].id}/dismiss", {"reason": ""}).status_code in (303, 409)
    assert arrivals[0].dismissed_at is None
    done = admin.post(f"/admin/arrivals/{arrivals[0].id}/dismiss", {"reason": "无业务"})
    assert done.status_code == 303
    session.refresh(arrivals[0])
    assert arrivals[0].dismissed_at is not None
    assert admin.post(f"/admin/arrivals/{arrivals[1].id}/release").status_code == 409


def test_lists_ask_no_more_for_more_rows(bank: Cast, admin: Browser, session: Session) -> None:
    def queries(path: str) -> int:
        with counted() as seen:
            assert admin.get(path).status_code == 200
        return len(seen)

    def more(first: int, last: int) -> None:
        session.add_all(
            CodeMap(
                kind="employee",
                source="core",
                code=f"C{at}",
                employee_id=bank.employee("trainee" if at % 2 else "trainer").id,
                valid_from=date(2026, 1, 1),
                actor_label="test",
                mapped_at=NOW,
            )
            for at in range(first, last)
        )
        for at in range(first, last):
            assert (
                admin.post(
                    "/admin/feeds/new", a_feed(code=f"F{at}", file_pattern=f"f{at}_{{day}}")
                ).status_code
                == 303
            )
            feed = session.scalars(select(Feed).where(Feed.code == f"F{at}")).one()
            session.add(Arrival(feed_id=feed.id, day=DAY, state=ArrivalState.MISSING, seen_at=NOW))
        session.flush()

    paths = ("/admin/codes", "/admin/feeds", "/admin/feeds/calendar?month=2026-11", "/")
    more(0, 1)
    few = [queries(path) for path in paths]
    more(1, 4)
    assert [queries(path) for path in paths] == few


def test_the_pages_are_the_administrators_alone(sign_in: Callable[..., Any], bank: Cast) -> None:
    for username in ("hr", "supervisor", "trainee"):
        client = sign_in(username)
        for path in ("/admin/codes", "/admin/suspense", "/admin/balance", "/admin/feeds"):
            assert client.get(path).status_code == 403
