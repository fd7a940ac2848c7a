"""Production takes neither the accounts of the demo nor a key that can be guessed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

import config
from lms.access.services import disable_account, open_account
from lms.core import clock, ops
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.demo.services import PASSWORD, build
from tests.bank import TODAY
from tests.conftest import Databases

KEY = "k3Yq8vTn5RwZx1Lp7MbCs9HdFgJu2EaXo"


@pytest.mark.parametrize(("production", "status"), [(False, 303), (True, 401)])
def test_demo_accounts_sign_in_only_outside_production(
    app: Flask, client: Any, bank: Any, monkeypatch: pytest.MonkeyPatch, production: bool, status: int
) -> None:
    monkeypatch.setitem(app.config, "PRODUCTION", production)
    account = bank.account("trainer")
    assert account.demo
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert token
    data = {"csrf_token": token[1], "username": "trainer", "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == status


def test_a_session_of_a_demo_account_ends_when_production_begins(
    app: Flask, sign_in: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("trainee")
    assert client.get("/").status_code == 200
    monkeypatch.setitem(app.config, "PRODUCTION", value=True)
    assert client.get("/").status_code == 302


@pytest.mark.sampled
def test_the_server_refuses_to_start_over_demo_accounts(
    databases: Databases, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    url = databases.filled()
    app = make_app(url, tmp_path)

    def served(environment: str) -> subprocess.CompletedProcess[str]:
        own = {
            "ZHIXING_ENV": environment,
            "ZHIXING_HOME": str(tmp_path),
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "SECRET_KEY": KEY,
        }
        start = [sys.executable, "-c", "from lms.app import serve; serve(); print('serving')"]
        return subprocess.run(start, env={**os.environ, **own}, capture_output=True, text=True, check=False)

    with app.app_context():
        for _title, done, _steps in build(db.session(), "tiny", TODAY):
            if done == 1:
                break
        db.session.commit()
        refused = served("production")
        assert refused.returncode == 1
        assert "serving" not in refused.stdout
        assert "accounts of the demo bank (admin, hr, hr2, trainer, trainer2, …)" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert served("").stdout == "serving\n"
        db.session.remove()
        db.engine.dispose()


def test_disabled_demo_accounts_are_no_hindrance(session: Session, bank: Any) -> None:
    connection = session.connection()
    with pytest.raises(ops.NotForProduction, match="accounts of the demo bank"):
        ops.refuse_demo_accounts(connection)
    names = ops.demo_accounts(connection)
    assert {"admin", "trainee"} < set(names)
    for name in names:
        disable_account(session, SYSTEM, bank.account(name), clock.now())
    session.flush()
    ops.refuse_demo_accounts(connection)


def test_the_doctor_tells_of_demo_accounts(
    databases: Databases, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    app = make_app(databases.filled(), tmp_path)

    def told() -> ops.Finding:
        return next(finding for finding in ops.examine() if finding.name == "accounts")

    with app.app_context():
        assert told() == ops.Finding("accounts", good=True, text="none of the demo bank")
        demo = {"password_hash": "x", "name": "演示", "employee": None, "now": clock.now(), "demo": True}
        open_account(db.session(), SYSTEM, username="admin", **demo)
        db.session.commit()
        assert told().good
        assert told().text == "1 account of the demo bank (admin): for trials only"
        app.config["PRODUCTION"] = True
        assert not told().good
        assert "refused in production" in told().text
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("key", ["", "short", "a" * 40, "changeme" * 5])
def test_production_refuses_a_key_that_can_be_guessed(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIXING_ENV", "production")
    monkeypatch.setenv("SECRET_KEY", key)
    with pytest.raises(SystemExit, match="SECRET_KEY must be at least 32 random characters"):
        config.settings(tmp_path)
    assert not (tmp_path / "secret.key").exists(), "none is made in its place"
    monkeypatch.setenv("SECRET_KEY", KEY)
    assert config.settings(tmp_path)["SECRET_KEY"] == KEY
