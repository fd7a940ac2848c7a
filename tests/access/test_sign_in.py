"""Signing in and out: nothing is told to a stranger, and a session ends when it should."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.access.models import Credential, LoginSession
from lms.access.services import disable_account
from lms.core import clock
from lms.core.audit import SYSTEM, AuditEntry
from lms.demo.services import PASSWORD

Enter = Callable[..., Any]


def attempt(client: Any, username: str, password: str, after: str = "") -> Any:
    page = client.get("/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    data = {"csrf_token": token[1], "username": username, "password": password}
    return client.post("/sign-in" + after, data=data)


def words(answer: Any) -> str:
    return re.sub(r'value="[^"]*"', "", answer.text)


def test_a_wrong_name_and_a_wrong_password_look_the_same(client: Any, bank: Any) -> None:
    wrong_password = attempt(client, "trainee", "not the password")
    wrong_name = attempt(client, "nobody-here", "not the password")
    assert wrong_password.status_code == wrong_name.status_code == 401
    assert words(wrong_password) == words(wrong_name)


def test_too_many_failures_are_slowed_down_even_with_the_right_password(client: Any, bank: Any) -> None:
    for _ in range(8):
        assert attempt(client, "trainee", "wrong").status_code == 401
    assert attempt(client, "trainee", PASSWORD).status_code == 429
    assert attempt(client, "trainer", PASSWORD).status_code == 303


def test_passwords_are_argon2id(session: Session, bank: Any) -> None:
    secrets = set(session.scalars(select(Credential.secret)))
    assert secrets
    assert all(secret.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for secret in secrets)


def test_signing_in_renews_the_session_and_is_logged(client: Any, session: Session, sign_in: Enter) -> None:
    sign_in("trainee")
    with client.session_transaction() as first:
        before = first["_user_id"]
    sign_in("trainee")
    with client.session_transaction() as second:
        assert second["_user_id"] != before
    hashes = set(session.scalars(select(LoginSession.token_sha256)))
    assert len(hashes) == 2
    assert before not in hashes
    begun = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "access:session:begin")
    assert session.scalar(begun) == 2


def test_signing_out_ends_the_session_on_the_server(client: Any, sign_in: Enter) -> None:
    sign_in("trainee")
    with client.session_transaction() as held:
        old = dict(held)
    page = client.get("/").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    assert client.post("/sign-out", data={"csrf_token": token[1]}).status_code == 303
    with client.session_transaction() as held:
        held.update(old)
    answer = client.get("/")
    assert answer.status_code == 302
    assert "/sign-in" in answer.location


def test_a_disabled_account_is_out_at_the_next_request(
    client: Any, session: Session, bank: Any, sign_in: Enter
) -> None:
    sign_in("trainee")
    assert client.get("/").status_code == 200
    disable_account(session, SYSTEM, bank.account("trainee"), clock.now())
    assert client.get("/").status_code == 302
    assert attempt(client, "trainee", PASSWORD).status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "/%09/evil.example",
        "javascript:alert(1)",
        "/[",
    ],
)
def test_the_way_on_never_leaves_this_host(client: Any, bank: Any, target: str) -> None:
    answer = attempt(client, "trainee", PASSWORD, f"?next={target}")
    assert answer.status_code == 303
    assert answer.location in ("/", "http://localhost/")


def test_the_way_on_leads_to_the_page_that_was_asked_for(client: Any, bank: Any) -> None:
    asked = client.get("/appraisal/mine")
    assert asked.status_code == 302
    answer = attempt(client, "trainee", PASSWORD, asked.location.partition("/sign-in")[2])
    assert answer.location == "/appraisal/mine"


def test_a_denial_is_logged(session: Session, sign_in: Enter) -> None:
    client = sign_in("trainee")
    before = session.scalar(select(func.count()).select_from(AuditEntry))
    assert client.get("/admin/audit").status_code == 403
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == (before or 0) + 1
    assert last is not None
    assert (last.action, last.target) == ("access:denied", "/admin/audit")


def test_pages_carry_the_headers_that_protect_them(client: Any, bank: Any) -> None:
    answer = client.get("/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
