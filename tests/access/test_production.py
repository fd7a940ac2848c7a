"""In production the accounts of the demo open nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from lms.demo.services import PASSWORD


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
