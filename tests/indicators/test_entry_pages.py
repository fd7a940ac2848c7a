"""The pages of typing, targets and answers, as each role meets them."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from lms.core import clock
from lms.core.audit import SYSTEM
from lms.demo.business import define
from lms.indicators import services
from lms.indicators.models import HiddenValue, ImportBatch, Indicator, Target, TargetAnswer, TypedValue
from lms.indicators.rules import ImportKind
from lms.indicators.services import UploadDraft, hold, run_import
from lms.people.services import people_in
from tests.bank import TODAY, Cast

Enter = Callable[..., Any]
NOW = clock.midnight(TODAY)
ON = TODAY.isoformat()


@pytest.fixture
def set_up(session: Session, bank: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(clock, "now", lambda: clock.midnight(TODAY) + timedelta(hours=12))
    define(session, SYSTEM)
    return bank


def people(bank: Cast, code: str = "S001") -> list[Any]:
    return list(bank.session.scalars(people_in(bank.unit(code).id, TODAY)))


def indicator(bank: Cast, code: str) -> Indicator:
    return bank.session.scalars(select(Indicator).where(Indicator.code == code)).one()


def fields(page: str, action: str = "data-zx-grid") -> dict[str, str]:
    """The fields of a grid as a browser would send them."""
    form = re.search(rf"<form[^>]*{action}[^>]*>(.*?)</form>", page, re.DOTALL)
    assert form is not None
    found = {}
    for tag in re.findall(r"<input[^>]*>", form[1]):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="file"' not in tag:
            found[name[1]] = html.unescape(value[1]) if value else ""
    return found


def entry(bank: Cast, **more: Any) -> str:
    return f"/indicators/entry?unit={bank.unit('S001').id}&set=other&on={more.get('on', ON)}"


@pytest.mark.requirement("7.27")
@pytest.mark.requirement("7.28")
def test_a_supervisor_types_a_value_with_evidence_and_it_opens_to_who_when_and_why(
    set_up: Cast, sign_in: Enter
) -> None:
    client = sign_in("supervisor")
    who = next(one for one in people(set_up) if one.id != set_up.employee("supervisor").id)
    what = indicator(set_up, "SATISFACTION")
    sent = fields(client.get(entry(set_up)).text)
    assert f"c-e{who.id}-{what.id}" in sent
    assert f"c-e{set_up.employee('supervisor').id}-{what.id}" not in sent
    sent |= {f"c-e{who.id}-{what.id}": "91", "reason": "电话回访"}
    answer = client.post(entry(set_up), data={**sent, "evidence": (io.BytesIO(b"%PDF-1.7"), "回访表.pdf")})
    assert answer.status_code == 303
    row = set_up.session.scalars(select(TypedValue)).one()
    opened = client.get(f"/indicators/people/{who.id}/typed/{what.id}/{ON}").text
    for word in ("人工录入", set_up.account("supervisor").name, "电话回访", "回访表.pdf", "91"):
        assert word in opened
    given = client.get(f"/indicators/typed/{row.id}/attachment")
    assert given.data == b"%PDF-1.7"
    assert given.headers["Content-Disposition"].startswith("attachment")
    outside = sign_in("supervisor2")
    assert outside.get(f"/indicators/typed/{row.id}/attachment").status_code == 403
    assert outside.get(entry(set_up)).status_code == 403


def test_the_second_of_two_is_told_in_the_cell_and_may_then_save(set_up: Cast, sign_in: Enter) -> None:
    client = sign_in("supervisor")
    who = next(one for one in people(set_up) if one.id != set_up.employee("supervisor").id)
    name = f"e{who.id}-{indicator(set_up, 'SATISFACTION').id}"
    sent = fields(client.get(entry(set_up)).text)
    first = {**sent, f"c-{name}": "80", "reason": "先"}
    assert client.post(entry(set_up), data=first).status_code == 303
    late = client.post(entry(set_up), data={**sent, f"c-{name}": "85", "reason": "后"})
    assert late.status_code == 422
    assert f'id="bad-{name}"' in late.text
    assert "80" in late.text
    again = fields(late.text)
    assert again[f"c-{name}"] == "85"
    assert client.post(entry(set_up), data=again | {"reason": "后"}).status_code == 303
    values = [row.value for row in set_up.session.scalars(select(TypedValue).order_by(TypedValue.id))]
    assert values == [80, 85]


@pytest.mark.requirement("7.28")
def test_an_old_template_sets_back_nobody_elses_change_and_tells_of_a_clash(
    set_up: Cast, sign_in: Enter
) -> None:
    client = sign_in("supervisor")
    own = set_up.employee("supervisor").id
    one, two = [person for person in people(set_up) if person.id != own][:2]
    what = indicator(set_up, "SATISFACTION")
    query = entry(set_up).partition("?")[2]
    sent = fields(client.get(entry(set_up)).text)
    first = {f"c-e{one.id}-{what.id}": "80", f"c-e{two.id}-{what.id}": "81", "reason": "先"}
    client.post(entry(set_up), data={**sent, **first})
    template = client.get(f"/indicators/entry/template.csv?{query}").data.decode("utf-8-sig")
    sent = fields(client.get(entry(set_up)).text)
    client.post(
        entry(set_up),
        data={**sent, f"c-e{one.id}-{what.id}": "90", f"c-e{two.id}-{what.id}": "91", "reason": "后"},
    )
    lines = template.splitlines()
    at = next(place for place, line in enumerate(lines) if two.number in line)
    lines[at] = lines[at].replace(",81,", ",85,")
    assert ",85," in lines[at]
    shown = client.post(
        f"/indicators/entry/file?{query}",
        data={"csrf_token": sent["csrf_token"], "file": (io.BytesIO("\n".join(lines).encode()), "back.csv")},
    )
    assert "将改变的值（1 个）" in shown.text, "the untouched 80 does not set back the 90"
    assert "有 1 个值在您下载模板后被别人改过" in shown.text
    assert f"由 {set_up.account('supervisor').name} 于" in shown.text
    seal = fields(shown.text, "entry/apply")
    assert client.post(f"/indicators/entry/apply?{query}", data={**seal, "reason": "核对"}).status_code == 303
    rows = set_up.session.scalars(select(TypedValue).where(TypedValue.superseded_at.is_(None)))
    assert {row.employee_id: row.value for row in rows} == {one.id: 90, two.id: 85}


def test_a_file_is_shown_before_it_is_applied_and_a_moved_value_shows_it_again(
    set_up: Cast, sign_in: Enter
) -> None:
    client = sign_in("supervisor")
    who = next(one for one in people(set_up) if one.id != set_up.employee("supervisor").id)
    query = entry(set_up).partition("?")[2]
    token = fields(client.get(entry(set_up)).text)["csrf_token"]
    template = client.get(f"/indicators/entry/template.csv?{query}").data.decode("utf-8-sig")
    assert who.number in template
    content = f"日期,工号,SATISFACTION\n{ON},{who.number},77\n".encode()

    def bring(text: bytes) -> Any:
        return client.post(
            f"/indicators/entry/file?{query}",
            data={"csrf_token": token, "file": (io.BytesIO(text), "back.csv")},
        )

    bad = bring(f"日期,工号,SATISFACTION\n{ON},{who.number},x7\n".encode())
    assert bad.status_code == 422
    assert "apply" not in bad.text
    shown = bring(content)
    assert "77" in shown.text
    assert not list(set_up.session.scalars(select(TypedValue)))
    seal = fields(shown.text, "entry/apply")
    other = fields(client.get(entry(set_up)).text)
    other |= {f"c-e{who.id}-{indicator(set_up, 'SATISFACTION').id}": "70", "reason": "抢先"}
    assert client.post(entry(set_up), data=other).status_code == 303
    moved = client.post(f"/indicators/entry/apply?{query}", data={**seal, "reason": "文件"})
    assert moved.status_code == 422
    assert "70" in moved.text
    done = client.post(
        f"/indicators/entry/apply?{query}", data={**fields(moved.text, "entry/apply"), "reason": "文件"}
    )
    assert done.status_code == 303
    [row] = set_up.session.scalars(select(TypedValue).where(TypedValue.superseded_at.is_(None)))
    assert (row.value, row.reason) == (77, "文件")
    forged = {**seal, "reason": "文件", "token": seal["token"][:-2] + "xx"}
    assert client.post(f"/indicators/entry/apply?{query}", data=forged).status_code == 409


@pytest.mark.requirement("7.39")
def test_a_relationship_manager_hides_nothing_an_administrator_does(set_up: Cast, sign_in: Enter) -> None:
    number = people(set_up)[0].number
    content = f"工号,指标,日期,数值\n{number},SATISFACTION,2026-09-30,88\n".encode()
    draft = UploadDraft(ImportKind.ACTUALS, "a.csv", hold(content), "2026Q3")
    [batch] = run_import(set_up.session, SYSTEM, draft, now=NOW).batches
    path = f"/admin/batches/{batch.id}/values"
    client = sign_in("trainee")
    token = fields(client.get("/").text, 'action="/sign-out"')["csrf_token"]
    assert client.post(f"{path}/2/hide", data={"csrf_token": token, "reason": "x"}).status_code == 403
    assert set_up.session.scalar(select(HiddenValue)) is None
    admin = sign_in("admin")
    token = fields(admin.get(path).text, 'method="post" action="/admin')["csrf_token"]
    assert admin.post(f"{path}/2/hide", data={"csrf_token": token, "reason": "重复"}).status_code == 303
    assert "重复" in admin.get("/admin/hidden").text
    page = admin.get(path).text
    for shown in ("重复", "客户满意度", "2026年9月30日"):
        assert shown in page
    assert "indicators:value:hide" in sign_in("audit").get("/admin/audit").text


def test_targets_go_down_are_checked_answered_and_kept_in_versions(set_up: Cast, sign_in: Enter) -> None:
    unit, what = set_up.unit("S001"), indicator(set_up, "FEE_INCOME")
    me = set_up.employee("trainee")
    content = f"工号,机构代码,指标,目标值\n,S001,FEE_INCOME,10\n{me.number},,FEE_INCOME,9\n".encode()
    run_import(
        set_up.session, SYSTEM, UploadDraft(ImportKind.TARGETS, "t.csv", hold(content), "2026Q4"), now=NOW
    )
    assert len(people(set_up)) > 1
    address = f"/indicators/targets?unit={unit.id}&period=2026Q4"
    client = sign_in("supervisor")
    before = client.get(address).text
    assert "比本机构目标少 1 万元" in before
    sent = fields(before)
    assert f"c-u{unit.id}-{what.id}" not in sent, "a unit's own target comes from above"
    sent |= {f"c-e{me.id}-{what.id}": "12", "reason": "新客户划入"}
    assert client.post(address, data=sent).status_code == 303
    assert "超出本机构目标 2 万元" in client.get(address).text
    stale = client.post(address, data=sent | {f"c-e{me.id}-{what.id}": "13"})
    assert stale.status_code == 422
    table = services.targets(set_up.session, ["FEE_INCOME"], "2026Q4").to_pylist()
    assert [row["target"] for row in table] == [12.0]

    mine = sign_in("trainee")
    assert "项目标" in mine.get("/").text
    page = mine.get("/indicators/mine?period=2026Q4").text
    target = set_up.session.scalars(select(Target).order_by(Target.id.desc())).first()
    assert target is not None
    token = fields(page, "indicators/mine")["csrf_token"]
    asked = {"csrf_token": token, f"a-{target.id}": "questioned", f"n-{target.id}": ""}
    assert mine.post("/indicators/mine?period=2026Q4", data=asked).status_code == 422
    asked[f"n-{target.id}"] = "请求复核"
    assert mine.post("/indicators/mine?period=2026Q4", data=asked).status_code == 303
    assert set_up.session.scalars(select(TargetAnswer)).one().note == "请求复核"
    history = mine.get(f"/indicators/targets/{target.id}").text
    assert "新客户划入" in history
    assert "t.csv" in history

    for who in ("supervisor", "hr"):
        client = sign_in(who)
        assert "请求复核" in client.get("/indicators/targets/answers?period=2026Q4&answer=questioned").text
        assert "被提出疑问" in client.get("/").text
    [newest] = set_up.session.scalars(select(ImportBatch).where(ImportBatch.reason.is_not(None)))
    services.withdraw(set_up.session, SYSTEM, newest, "误设", now=NOW)
    table = services.targets(set_up.session, ["FEE_INCOME"], "2026Q4").to_pylist()
    assert [row["target"] for row in table] == [9.0]


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    bind = session.connection()
    event.listen(bind, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(bind, "before_cursor_execute", note)


def test_the_pages_ask_no_more_when_there_are_more_rows(set_up: Cast, sign_in: Enter) -> None:
    client, unit = sign_in("supervisor"), set_up.unit("S001")
    pages = (
        entry(set_up),
        f"/indicators/targets?unit={unit.id}&period=2026Q4",
        "/indicators/targets/answers?period=2026Q4",
    )

    def ask() -> list[int]:
        counts = []
        for page in pages:
            with counted(set_up.session) as seen:
                assert client.get(page).status_code == 200
            counts.append(len(seen))
        return counts

    staff = people(set_up)

    def aim(numbers: list[str], value: int) -> None:
        rows = [f"{number},FEE_INCOME,{value}\n{number},CARDS,{value}\n" for number in numbers]
        content = ("工号,指标,目标值\n" + "".join(rows)).encode()
        draft = UploadDraft(ImportKind.TARGETS, f"{value}.csv", hold(content), "2026Q4")
        run_import(set_up.session, SYSTEM, draft, now=NOW)

    aim([staff[0].number], 1)
    few = ask()
    aim([one.number for one in staff[1:]], 2)
    assert ask() == few
