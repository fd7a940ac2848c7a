"""The first-run wizard: one administrator, a face that can be read, and a door that closes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.access.models import Account, Grant
from lms.access.policy import Role
from lms.core.db import db
from lms.core.files import read
from lms.core.profile import bank_profile

SENTENCE = "春天的江南很美丽呀真的"


def picture(kind: str = "PNG", size: tuple[int, int] = (120, 60)) -> bytes:
    written = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(written, kind)
    return written.getvalue()


def fill(client: Any, logo: bytes | None = None, name: str = "logo.png", **over: str) -> Any:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/setup").text)
    assert token
    data: dict[str, Any] = {
        "csrf_token": token[1],
        "bank_zh": "江南银行",
        "bank_en": "",
        "colour": "#7a1f2b",
        "name": "王敏",
        "username": "wang.min",
        "password": SENTENCE,
        "again": SENTENCE,
        **over,
    }
    if logo is not None:
        data["logo"] = (io.BytesIO(logo), name, "text/html")
    return client.post("/setup", data=data)


def test_an_empty_bank_leads_to_the_wizard_and_the_wizard_closes(client: Any, session: Session) -> None:
    assert client.get("/sign-in").location.endswith("/setup")
    answer = fill(client, picture("JPEG"), "logo.jpg")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    account = session.scalars(select(Account)).one()
    roles = set(session.scalars(select(Grant.role).where(Grant.account_id == account.id)))
    assert roles == {Role.ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}
    assert client.get("/setup").location == "/sign-in"
    profile = bank_profile(session)
    assert profile is not None
    assert profile.name_zh == "江南银行"
    assert profile.logo is not None
    assert read(profile.logo).startswith(b"\x89PNG"), "pictures are written anew, whatever they were"
    shown = client.get("/logo")
    assert shown.mimetype == "image/png"
    assert "--zx-brand: #7a1f2b" in client.get("/brand.css").text


@pytest.mark.parametrize(
    "logo",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html><script>alert(1)</script></html>",
        picture()[:3000],
        picture("JPEG")[:900],
        picture("GIF"),
        b"\x89PNG\r\n\x1a\n" + bytes(60),
        b"\x89PNG" + bytes(2 << 20),
        b"",
    ],
    ids=["svg", "html", "half a png", "half a jpeg", "gif", "empty png", "2 MB", "nothing"],
)
def test_a_file_that_is_no_picture_is_no_logo(client: Any, session: Session, logo: bytes) -> None:
    answer = fill(client, logo)
    assert answer.status_code == 422
    assert "zx-error" in answer.text
    assert session.scalar(select(func.count(Account.id))) == 0


def test_nothing_but_the_picture_is_kept(client: Any, session: Session) -> None:
    assert fill(client, picture() + b"<script>alert(1)</script>").status_code == 303
    assert b"script" not in client.get("/logo").data


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "#ffee00"),
        ("colour", "red;}"),
        ("colour", "#12345"),
        ("username", "ab"),
        ("username", "王敏"),
        ("bank_zh", "长" * 81),
        ("bank_zh", ""),
        ("again", "another sentence"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_stays(
    client: Any, session: Session, field: str, value: str
) -> None:
    answer = fill(client, **{field: value})
    assert answer.status_code == 422
    assert f'id="{field}-note"' in answer.text
    assert field == "name" or 'value="王敏"' in answer.text
    assert session.scalar(select(func.count(Account.id))) == 0


@pytest.mark.parametrize(
    "password", ["short", "1234567890", "aaaaaaaaaaaa", "Password123", "wang.min12345", "qwertyuiop"]
)
def test_a_password_that_is_easy_to_guess_is_refused(client: Any, session: Session, password: str) -> None:
    assert fill(client, password=password, again=password).status_code == 422
    assert session.scalar(select(func.count(Account.id))) == 0


def test_of_people_at_the_wizard_at_once_one_becomes_administrator(
    databases: Any, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    app = make_app(databases.filled(), tmp_path, WTF_CSRF_ENABLED=False)
    app.config["WTF_CSRF_ENABLED"] = False
    barrier = Barrier(4)

    def at_the_wizard(number: int) -> int:
        data = {"bank_zh": "江南银行", "colour": "#7a1f2b", "name": "王敏", "username": f"first{number}"}
        barrier.wait()
        answer = app.test_client().post("/setup", data={**data, "password": SENTENCE, "again": SENTENCE})
        return int(answer.status_code)

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(at_the_wizard, range(4)))
    assert max(statuses) < 500
    with app.app_context():
        assert db.session().scalar(select(func.count(Account.id))) == 1
        db.engine.dispose()
