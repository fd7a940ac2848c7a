"""Units, people and rosters on the pages, as those see them who may."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from lms.access.models import Proposal
from lms.access.services import decide
from lms.admin.services import people_import
from lms.core import clock
from lms.core.audit import SYSTEM
from lms.core.jobs import run_inline
from lms.indicators.models import ImportUpload
from lms.people.models import Employee, Level, OrgUnit, Posting
from lms.people.services import define_post, find_unit, hire, open_unit, post
from tests.bank import TODAY

SignIn = Callable[..., Any]


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


class Browser:
    def __init__(self, client: Any) -> None:
        self.client = client
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/me").text)
        assert found
        self.token = found[1]

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.text)

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(path, data={"csrf_token": self.token, **data})


@pytest.fixture
def admin(sign_in: SignIn) -> Browser:
    return Browser(sign_in("admin"))


def unit(session: Session, code: str) -> OrgUnit:
    found = find_unit(session, code)
    assert found is not None
    return found


def test_a_merger_on_the_page_takes_people_along_and_is_shown_before_its_day(
    session: Session, admin: Browser
) -> None:
    old, heir = unit(session, "S001"), unit(session, "S002")
    people = session.scalars(select(Posting.employee_id).where(Posting.org_unit_id == old.id)).all()
    assert people
    path = f"/admin/units/{old.id}"
    refused = admin.post(f"{path}/close", day="2027-01-01", unit="")
    assert refused.status_code == 409
    assert session.get_one(Employee, people[0]).name in refused.text
    assert admin.post(f"{path}/merge", day="2027-01-01", unit="S002").status_code == 303
    shown = admin.get(path)
    assert "将于 2027年1月1日 关闭" in shown
    assert old.name_zh in admin.get("/admin/units")
    assert f">{old.name_zh}</a>" not in admin.get("/admin/units?day=2027-01-01")
    session.expire_all()
    assert session.get_one(OrgUnit, old.id).successor_id == heir.id
    coming = session.scalars(select(Posting).where(Posting.org_unit_id == heir.id)).all()
    assert {one.employee_id for one in coming if one.valid_from == date(2027, 1, 1)} == set(people)


def test_a_person_goes_through_all_acts_on_the_pages(session: Session, admin: Browser) -> None:
    held = define_post(session, "RM_RETAIL", "", "")
    data = {"unit": "S001", "post": held.id, "grade": 0, "day": "2026-01-05"}
    assert (
        admin.post("/admin/people/new", number="900001", name="钟小小", sex="female", **data).status_code
        == 303
    )
    one = session.scalars(select(Employee).where(Employee.number == "900001")).one()
    again = admin.post("/admin/people/new", number="900001", name="另一人", sex="male", **data)
    assert again.status_code == 409
    assert "另一人" in again.text, "what was typed is kept"
    path = f"/admin/people/{one.id}"
    moved = {**data, "unit": "S002", "day": "2027-03-01"}
    assert admin.post(f"{path}/post", **moved).status_code == 303
    assert "尚未生效" in admin.get(f"/people/{one.id}")
    assert admin.post(f"{path}/leaving", day="2026-12-01").status_code == 409
    later = session.scalars(
        select(Posting).where(Posting.employee_id == one.id, Posting.valid_to.is_(None))
    ).one()
    assert admin.post(f"/admin/postings/{later.id}/cancel", reason="计划取消").status_code == 303
    leave = {"kind": "sick", "first": "2026-10-01", "after": "2026-12-31"}
    assert admin.post(f"{path}/leave", **leave).status_code == 303
    assert admin.post(f"{path}/leave", **leave).status_code == 409
    assert "病假" in admin.get(f"/people/{one.id}")
    assert (
        admin.post(f"{path}/correct", name="钟晓晓", sex="female", hired_on="2026-01-05").status_code == 422
    )
    correction = {"name": "钟晓晓", "sex": "female", "hired_on": "2026-01-05", "reason": "错字"}
    assert admin.post(f"{path}/correct", **correction).status_code == 303
    assert admin.post(f"{path}/leaving", day="2026-11-01").status_code == 303
    assert "钟晓晓" in admin.get("/admin/people?standing=left&q=zxx")
    assert admin.post(f"{path}/return", **{**data, "day": "2026-11-20"}).status_code == 303
    assert "在职期间" in admin.get(f"/people/{one.id}")


def test_each_sees_the_own_part_and_only_the_administrator_acts(
    session: Session, sign_in: SignIn, bank: Any
) -> None:
    boss = Browser(sign_in("supervisor"))
    tree = boss.get("/admin/units")
    assert unit(session, "S001").name_zh in tree
    assert unit(session, "S002").name_zh not in tree
    assert "新设机构" not in tree
    assert bank.employee("supervisor2").name not in boss.get("/admin/people")
    own = boss.get(f"/admin/units/{unit(session, 'S001').id}")
    assert "示例银行总行" in own
    for link in set(re.findall(r'href="(/(?:admin/units|people)/\d+[^"]*)"', own)):
        assert boss.client.get(link).status_code == 200, link
    assert boss.post(f"/admin/units/{unit(session, 'S001').id}/close", day="2027-01-01").status_code == 403


def test_posts_and_grades_are_defined_renamed_and_retired(session: Session, admin: Browser) -> None:
    assert admin.post("/admin/posts/new", code="CRO", name_zh="风险经理", series="support").status_code == 303
    again = admin.post("/admin/posts/new", code="CRO", name_zh="风险官", series="support")
    assert again.status_code == 409
    found = define_post(session, "CRO", "", "")
    edit = {"name_zh": "风险官", "series": "support", "retired_on": "2026-01-01"}
    assert admin.post(f"/admin/posts/{found.id}", **edit).status_code == 303
    assert "已于 2026年1月1日 停用" in admin.get("/admin/posts")
    assert "风险官" not in admin.get("/admin/people/new")


def bring(admin: Browser, text: str, **fields: str) -> str:
    data = {"kind": "people", "effective": TODAY.isoformat(), "policy": "all_or_nothing", **fields}
    answer = admin.client.post(
        "/admin/people/import",
        data={"csrf_token": admin.token, **data, "file": (io.BytesIO(text.encode()), "名册.csv")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_roster_is_shown_agreed_to_and_only_then_done(session: Session, admin: Browser) -> None:
    where = bring(
        admin, "工号,姓名,机构代码,岗位,入职日期\n900007,新人甲,S001,RM_RETAIL,2026-11-02\n", full="y"
    )
    shown = admin.get(where)
    for told in ("新入职", "新人甲", "文件中未列的在职人员", "同意："):
        assert told in shown
    assert session.scalars(select(Employee).where(Employee.number == "900007")).first() is None
    assert admin.post(f"{where}/start").status_code == 303
    upload = session.scalars(select(ImportUpload).order_by(ImportUpload.id.desc())).first()
    assert upload is not None
    run_inline(upload.job_id or 0)
    assert session.scalars(select(Employee).where(Employee.number == "900007")).one().name == "新人甲"
    assert session.scalars(select(Employee).where(Employee.left_on.is_not(None))).all() == []


@pytest.mark.requirement("3.17")
def test_a_mass_import_waits_for_somebody_else(
    session: Session, admin: Browser, bank: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_import, "SECOND_PERSON_OVER", 1)
    rows = "".join(f"90001{at},新人{at},S001,RM_RETAIL,2026-11-02\n" for at in range(3))
    where = bring(admin, "工号,姓名,机构代码,岗位,入职日期\n" + rows)
    assert admin.post(f"{where}/start").status_code == 303
    assert "等待另一人同意" in admin.get(where)
    proposal = session.scalars(select(Proposal).order_by(Proposal.id.desc())).first()
    assert proposal is not None
    upload = session.scalars(select(ImportUpload).order_by(ImportUpload.id.desc())).first()
    assert upload is not None
    assert upload.job_id is None
    for step in ("start", "check/start"):
        around = admin.client.post(f"/admin/imports/{upload.id}/{step}", data={"csrf_token": admin.token})
        assert around.status_code == 404, "steps of figures are no way around the second person"
    assert upload.job_id is None
    decide(session, bank.person("hr"), proposal, approve=True, reason="", now=clock.now())
    run_inline(upload.job_id or 0)
    assert len(session.scalars(select(Employee).where(Employee.number.like("90001%"))).all()) == 3


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["/admin/units", "/admin/people", "/admin/units/{unit}", "/admin/posts"])
def test_a_page_asks_no_more_for_more_rows(session: Session, admin: Browser, path: str) -> None:
    parent = unit(session, "S001")
    where = path.format(unit=parent.id)
    admin.get(where)
    with counted(session) as before:
        admin.get(where)
    held = define_post(session, "RM_RETAIL", "", "")
    for at in range(8):
        office = open_unit(
            session, SYSTEM, code=f"N{at}", name_zh=f"新{at}", level=Level.OFFICE, parent=parent,
            valid_from=date(2026, 1, 1),
        )  # fmt: skip
        for place in (office, parent):
            number = f"{place.code}-{at}"
            one = hire(session, SYSTEM, number=number, name=f"人{at}", hired_on=date(2026, 1, 1))
            post(session, SYSTEM, one, place, held, date(2026, 1, 1))
    with counted(session) as after:
        admin.get(where)
    assert len(after) <= len(before) + 1, after


@pytest.mark.parametrize(
    ("text", "more", "code", "told"),
    [
        ("900001,甲,H,RM,2026-01-01", ["--dry-run"], 0, '"join": 1'),
        ("900001,甲,X,RM,2026-01-01", [], 1, "机构代码"),
        ("900001,甲,H,RM,2026-01-01", ["--leavers", "1"], 2, "--full"),
        ("900001,甲,H,RM,2026-01-01", [], 0, '"imported"'),
    ],
)
def test_the_command_answers_with_its_exit_code(
    app: Flask, session: Session, tmp_path: Path, text: str, more: list[str], code: int, told: str
) -> None:
    founded = date(2020, 1, 1)
    open_unit(
        session, SYSTEM, code="H", name_zh="总行", level=Level.HEAD_OFFICE, parent=None, valid_from=founded
    )
    define_post(session, "RM", "客户经理", "x")
    session.commit()
    file = tmp_path / "roster.csv"
    file.write_text(f"工号,姓名,机构代码,岗位,入职日期\n{text}\n", "gb18030")
    done = app.test_cli_runner().invoke(args=["people", "import", str(file), "--json", *more])
    assert done.exit_code == code, done.output
    assert told in done.output
    assert bool(session.scalars(select(Employee)).first()) is (told == '"imported"')
