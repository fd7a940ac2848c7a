"""One's own account: rights, password, and the password somebody else handed over."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.access.policy import Role
from lms.access.services import grant, reset_password
from lms.access.services.accounts import HASHER
from lms.core import clock
from lms.core.audit import SYSTEM
from lms.demo.services import PASSWORD
from tests.queries import counted

Enter = Callable[..., Any]
SENTENCE = "秋天的江南也很美丽呀"


def change(client: Any, current: str, new: str) -> Any:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/me").text)
    assert token
    return client.post("/me", data={"csrf_token": token[1], "current": current, "new": new, "again": new})


def test_a_new_password_ends_the_session_and_opens_the_next(sign_in: Enter) -> None:
    client = sign_in("trainee")
    assert change(client, PASSWORD, SENTENCE).status_code == 303
    assert client.get("/").status_code == 302
    assert sign_in("trainee", SENTENCE).get("/").status_code == 200


def test_the_present_password_must_be_known_and_guessing_it_is_slowed(sign_in: Enter) -> None:
    client = sign_in("trainee")
    for _ in range(8):
        answer = change(client, "not the password", SENTENCE)
        assert answer.status_code == 422
        assert "当前密码不正确" in answer.text
    assert "尝试次数过多" in change(client, PASSWORD, SENTENCE).text


@pytest.mark.parametrize("weak", ["1234567890", "trainee12345", "short"])
def test_the_new_password_may_not_be_easy_to_guess(sign_in: Enter, weak: str) -> None:
    assert change(sign_in("trainee"), PASSWORD, weak).status_code == 422


def test_a_password_handed_over_opens_nothing_but_its_change(
    session: Session, bank: Any, sign_in: Enter
) -> None:
    reset_password(session, SYSTEM, bank.account("hr"), HASHER.hash("handed over"), clock.now())
    client = sign_in("hr", "handed over")
    for page in ("/", "/appraisal/schemes", "/search?q=a"):
        assert client.get(page).location == "/me"
    assert client.post("/appraisal/schemes/new").status_code in (303, 400)
    assert "初始密码" in client.get("/me").text
    assert change(client, "handed over", SENTENCE).status_code == 303
    assert sign_in("hr", SENTENCE).get("/appraisal/schemes").status_code == 200


def test_the_page_needs_no_more_queries_for_more_roles(session: Session, bank: Any, sign_in: Enter) -> None:
    client = sign_in("hr")
    client.get("/me")
    with counted() as few:
        client.get("/me")
    for role in (Role.TRAINER, Role.COMPLIANCE, Role.HEAD):
        grant(session, SYSTEM, bank.account("hr"), role, bank.unit("T101"), bank.today)
    with counted() as many:
        assert "合规" in client.get("/me").text
    assert 0 < len(many) <= len(few)
