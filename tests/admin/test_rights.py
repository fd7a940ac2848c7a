"""The security administrator's desk: accounts, first passwords, roles; and the log they leave."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.access.meanings import event_meaning
from lms.access.models import Account, Credential, Grant
from lms.access.policy import Role
from lms.access.services import disable_account, grant, open_account, revoke
from lms.core import clock
from lms.core.audit import SYSTEM, AuditEntry, record
from lms.demo.services import PASSWORD
from lms.people.models import Employee, Grade, Post
from lms.people.services import add_grade, add_post, hire, post
from tests.queries import counted

Enter = Callable[..., Any]


def send(client: Any, page: str, address: str | None = None, **data: Any) -> Any:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert token
    return client.post(address or page, data={"csrf_token": token[1], **data})


def newcomers(session: Session, bank: Any, count: int, first: int = 0) -> list[Employee]:
    held = session.scalars(select(Post).order_by(Post.id)).first()
    assert held is not None
    made = []
    for at in range(first, first + count):
        one = hire(session, SYSTEM, number=f"NEW{at:03}", name=f"新人{at:03}", hired_on=date(2026, 1, 5))
        post(session, SYSTEM, one, bank.unit("T101"), held, date(2026, 1, 5))
        made.append(one)
    session.flush()
    return made


# ---------------------------------------------------------------- accounts for imported people


def test_people_without_accounts_get_them_with_a_password_shown_once(
    session: Session, bank: Any, sign_in: Enter
) -> None:
    people = newcomers(session, bank, 3)
    client = sign_in("security")
    page = client.get("/admin/accounts/open?q=NEW").text
    assert all(one.name in page for one in people)
    chosen = [str(one.id) for one in people[:2]]
    answer = send(client, "/admin/accounts/open?q=NEW", employees=chosen, role="trainee")
    assert answer.status_code == 200
    passwords = re.findall(r"<code>([^<]+)</code>", answer.text)
    assert len(set(passwords)) == 2
    left = client.get("/admin/accounts/open?q=NEW").text
    assert people[2].name in left
    assert people[0].name not in left
    account = session.scalars(select(Account).where(Account.username == "NEW000")).one()
    given = session.scalars(select(Grant).where(Grant.account_id == account.id)).one()
    assert (given.role, given.org_unit_id) == (Role.TRAINEE, bank.unit("T101").id)
    stored = set(session.scalars(select(Credential.secret)))
    assert not stored & set(passwords)
    logged = str(session.scalars(select(AuditEntry.details)).all())
    assert not any(word in logged for word in passwords)
    first = next(word for word in passwords if word in answer.text.split("NEW000")[1].split("</tr>")[0])
    assert sign_in("NEW000", first).get("/").location == "/me"


def test_only_people_of_the_page_can_be_chosen_and_never_twice(
    session: Session, bank: Any, sign_in: Enter
) -> None:
    (one,) = newcomers(session, bank, 1)
    client, address = sign_in("security"), "/admin/accounts/open?q=NEW"
    taken = str(bank.employee("trainee").id)
    for chosen in ([], [taken], ["99999999999999999999"], ["x"]):
        assert send(client, address, employees=chosen, role="-").status_code == 422
    assert send(client, address, employees=[str(one.id)], role="king").status_code == 422
    before = session.scalar(select(func.count(Account.id)))
    assert send(client, address, employees=[str(one.id)], role="-").status_code == 200
    assert session.scalar(select(func.count(Account.id))) == (before or 0) + 1


def test_who_has_left_gets_no_account_and_a_unit_narrows_the_list(
    session: Session, bank: Any, sign_in: Enter
) -> None:
    gone, stays = newcomers(session, bank, 2)
    gone.left_on = bank.today
    client = sign_in("security")
    page = client.get("/admin/accounts/open?q=NEW").text
    assert stays.name in page
    assert gone.name not in page
    assert stays.name in client.get("/admin/accounts/open?unit=T101").text
    other = client.get("/admin/accounts/open?unit=NOWHERE").text
    assert "NOWHERE" in other


def test_user_names_differ_by_more_than_case(session: Session, bank: Any, sign_in: Enter) -> None:
    newcomers(session, bank, 1)
    answer = send(
        sign_in("security"),
        "/admin/accounts/new",
        number="NEW000",
        username="TRAINEE",
        password="秋天的江南也很美丽呀",
    )
    assert answer.status_code in (303, 409)
    assert session.scalar(select(func.count(Account.id)).where(Account.username == "TRAINEE")) == 0


# ---------------------------------------------------------------- one account


def test_a_forgotten_password_is_reset_and_the_lock_is_lifted(
    session: Session, bank: Any, sign_in: Enter
) -> None:
    client = sign_in("security")
    page = f"/admin/accounts/{bank.account('hr').id}"
    answer = send(client, page, f"{page}/password")
    password = re.search(r"<code>([^<]+)</code>", answer.text)
    assert password
    with pytest.raises(AssertionError):
        sign_in("hr", PASSWORD)
    assert sign_in("hr", password[1]).get("/").location == "/me"
    logged = session.scalars(select(AuditEntry.action)).all()
    assert "access:password:reset" in logged


def test_a_disabled_account_is_enabled_again(session: Session, bank: Any, sign_in: Enter) -> None:
    account = bank.account("hr")
    disable_account(session, SYSTEM, account, clock.now())
    page = f"/admin/accounts/{account.id}"
    assert send(sign_in("security"), page, f"{page}/enable").status_code == 303
    assert sign_in("hr").get("/").status_code == 200


@pytest.mark.parametrize("act", ["disable", "password", "grant", "revoke"])
def test_nobody_works_on_the_own_account(session: Session, bank: Any, sign_in: Enter, act: str) -> None:
    own = bank.account("security")
    page = f"/admin/accounts/{own.id}"
    held = session.scalars(select(Grant).where(Grant.account_id == own.id)).one()
    address = {"grant": page, "revoke": f"{page}/grants/{held.id}/revoke"}.get(act, f"{page}/{act}")
    before = session.scalars(select(Credential.secret).where(Credential.account_id == own.id)).one()
    send(sign_in("security"), page, address, role="hr", unit="HO", valid_from="2026-11-24")
    session.expire_all()
    assert own.disabled_at is None
    assert session.scalars(select(Grant).where(Grant.account_id == own.id)).one().valid_to is None
    assert session.scalars(select(Credential.secret).where(Credential.account_id == own.id)).one() == before


def test_a_grant_of_another_account_is_not_revoked_through_this_one(
    session: Session, bank: Any, sign_in: Enter
) -> None:
    page = f"/admin/accounts/{bank.account('hr').id}"
    foreign = session.scalars(select(Grant).where(Grant.account_id == bank.account("head").id)).first()
    assert foreign is not None
    assert send(sign_in("security"), page, f"{page}/grants/{foreign.id}/revoke").status_code == 404


def test_a_role_taken_back_is_gone_at_the_next_request(session: Session, bank: Any, sign_in: Enter) -> None:
    client = sign_in("hr")
    assert client.get("/appraisal/schemes").status_code == 200
    for held in session.scalars(select(Grant).where(Grant.account_id == bank.account("hr").id)).all():
        revoke(session, SYSTEM, held, clock.today())
    assert client.get("/appraisal/schemes").status_code == 403


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "yesterday", ""])
def test_a_grant_needs_a_day_of_this_century(session: Session, bank: Any, sign_in: Enter, day: str) -> None:
    page = f"/admin/accounts/{bank.account('trainee').id}"
    answer = send(sign_in("security"), page, role="hr", unit="HO", valid_from=day)
    assert answer.status_code == 422
    assert "zx-error" in answer.text


# ---------------------------------------------------------------- the log


def test_the_log_is_searched_by_words_and_days(session: Session, bank: Any, sign_in: Enter) -> None:
    record(session, SYSTEM, "test:act:do", "thing:100%")
    client, today = sign_in("audit"), clock.today()
    assert "thing:100%" in client.get("/admin/audit?q=100%25").text
    assert "thing:100%" not in client.get("/admin/audit?q=100_").text
    assert "thing:100%" in client.get(f"/admin/audit?q=test:act&first={today}&last={today}").text
    later = today + timedelta(days=1)
    assert "thing:100%" not in client.get(f"/admin/audit?q=test:act&first={later}").text
    assert "thing:100%" not in client.get(f"/admin/audit?q=test:act&last={today - timedelta(days=1)}").text


@pytest.mark.parametrize("query", ["first=1-1-1", "last=9999-12-31", "first=x", "q=" + "长" * 99])
def test_a_search_of_the_log_that_cannot_be_says_so(sign_in: Enter, query: str) -> None:
    answer = sign_in("audit").get(f"/admin/audit?{query}")
    assert answer.status_code == 422
    assert "zx-error" in answer.text


# ---------------------------------------------------------------- posts, grades, the bank


def test_an_administrator_defines_posts_and_grades(session: Session, bank: Any, sign_in: Enter) -> None:
    client = sign_in("admin")
    grade = {"code": "X9", "name_zh": "首席", "rank": "90"}
    assert send(client, "/admin/grades/new", **grade).status_code == 303
    assert session.scalars(select(Grade).where(Grade.code == "X9")).one().rank == 90
    made = {"code": "P9", "name_zh": "投资顾问", "series": "营销"}
    assert send(client, "/admin/posts/new", **made).status_code == 303
    assert session.scalars(select(Post).where(Post.code == "P9")).one().series == "营销"
    before = session.scalar(select(func.count(Grade.id)))
    assert send(client, "/admin/grades/new", **grade).status_code == 409
    assert send(client, "/admin/grades/new", **{**grade, "code": "X8"}).status_code == 409
    assert send(client, "/admin/grades/new", **{**grade, "rank": "0"}).status_code == 422
    assert session.scalar(select(func.count(Grade.id))) == before


def test_the_banks_name_is_changed_and_its_logo_stays(session: Session, bank: Any, sign_in: Enter) -> None:
    client = sign_in("admin")
    answer = send(client, "/admin/bank", bank_zh="新名银行", bank_en="Newname Bank", colour="#004422")
    assert answer.status_code == 303
    assert "新名银行" in client.get("/admin/bank").text
    assert send(client, "/admin/bank", bank_zh="新名银行", colour="#ffff00").status_code == 422
    assert "#004422" in client.get("/brand.css").text


# ---------------------------------------------------------------- no page grows with its rows

PAGES = {
    "/admin/accounts": "security",
    "/admin/accounts/open": "security",
    "/admin/accounts/1": "security",
    "/admin/audit": "audit",
    "/admin/policy": "audit",
    "/admin/posts": "admin",
    "/admin/bank": "admin",
    "/admin/indicators": "admin",
    "/admin/imports": "admin",
    "/search?q=新人": "admin",
    "/": "admin",
}


@pytest.mark.parametrize(("page", "username"), PAGES.items(), ids=list(PAGES))
def test_a_page_needs_no_more_queries_for_more_rows(
    session: Session, bank: Any, sign_in: Enter, page: str, username: str
) -> None:
    newcomers(session, bank, 1)
    address = page.replace("/1", f"/{bank.account('hr').id}")
    client = sign_in(username)
    assert client.get(address).status_code == 200
    with counted() as few:
        client.get(address)
    for one in newcomers(session, bank, 25, first=100)[:12]:
        account = open_account(
            session,
            SYSTEM,
            username=f"aaa.{one.number}",
            password_hash="$argon2id$none",
            name=one.name,
            employee=one,
            now=clock.now(),
        )
        grant(session, SYSTEM, account, Role.TRAINEE, bank.unit("T101"), bank.today)
    for at, role in enumerate((Role.TRAINER, Role.COMPLIANCE, Role.AUDIT_ADMIN)):
        grant(session, SYSTEM, bank.account("hr"), role, bank.unit("T101"), bank.today)
        add_post(session, SYSTEM, code=f"N{at}", name_zh=f"岗{at}", name_en=None, series="管理")
        add_grade(session, SYSTEM, code=f"N{at}", name_zh=f"级{at}", name_en=None, rank=80 + at)
    with counted() as many:
        assert client.get(address).status_code == 200
    assert 0 < len(many) <= len(few)


def test_the_log_tells_in_words_whatever_the_rooms_write_into_it(
    session: Session, bank: Any, sign_in: Enter
) -> None:
    code = re.compile(r"record\(\s*session,\s*\w+,\s*\"([a-z]+:[a-z_]+:[a-z_]+)\"")
    written = {found for path in Path("lms").rglob("*.py") for found in code.findall(path.read_text())}
    assert len(written) > 30
    assert {one for one in written if not event_meaning(one, "zh") or not event_meaning(one, "en")} == set()
    record(session, SYSTEM, "access:grant:give", "account:1")
    session.flush()
    assert "授予角色" in sign_in("audit").get("/admin/audit?q=access:grant:give").text


def test_only_the_page_of_search_fills_the_search_box(bank: Any, sign_in: Enter) -> None:
    client = sign_in("audit")
    box = re.compile(r'<input[^>]*id="q"[^>]*value="([^"]*)"')
    assert box.findall(client.get("/admin/audit?q=access").text) == [""]
    assert box.findall(client.get("/search?q=access").text) == ["access"]
