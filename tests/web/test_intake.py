"""What no store can hold is refused at the door, in the visitor's language; errors tell nothing inside."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from lms.web.errors import came_from

Enter = Callable[..., Any]


@pytest.mark.parametrize("number", ["99999999999999999999", "2147483648", "9" * 400])
def test_a_number_no_row_can_have_names_no_page(sign_in: Enter, number: str) -> None:
    assert sign_in("hr").get(f"/appraisal/results/{number}").status_code == 404
    assert sign_in("security").get(f"/admin/accounts/{number}").status_code == 404


@pytest.mark.parametrize("path", ["/search?q=%00", "/%00", "/search?%00=1", "/people/1%00"])
def test_a_null_character_is_refused_in_addresses(sign_in: Enter, path: str) -> None:
    assert sign_in("admin").get(path).status_code in (400, 404)


def test_a_null_character_is_refused_in_forms(client: Any, bank: Any) -> None:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert token
    data = {"csrf_token": token[1], "username": "a\0b", "password": "x"}
    assert client.post("/sign-in", data=data).status_code == 400


@pytest.mark.parametrize(
    ("language", "text"),
    [("zh", "没有找到这个页面或内容"), ("en", "This page or content was not found")],
)
def test_an_error_speaks_the_visitors_language(client: Any, bank: Any, language: str, text: str) -> None:
    answer = client.get("/nowhere", headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert text in answer.text


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "文件超过 1 MB，没有上传"), ("en", "The file has more than 1 MB")]
)
def test_a_file_beyond_the_limit_is_refused_in_words_with_a_way_back(
    sign_in: Enter, monkeypatch: pytest.MonkeyPatch, language: str, text: str
) -> None:
    admin = sign_in("admin")
    monkeypatch.setitem(admin.application.config, "MAX_CONTENT_LENGTH", 1 << 20)
    answer = admin.post(
        "/admin/imports/new",
        data={"file": (io.BytesIO(b"x" * (2 << 20)), "large.csv")},
        content_type="multipart/form-data",
        headers={"Referer": "http://localhost/admin/imports/new", "Accept-Language": language},
    )
    assert answer.status_code == 413
    assert text in answer.text
    assert 'href="/admin/imports/new"' in answer.text


def test_a_fault_inside_tells_nothing_of_the_inside(
    databases: Any, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    app = make_app(databases.filled(), tmp_path, TESTING=False, PROPAGATE_EXCEPTIONS=False)

    @app.get("/fault")
    def fault() -> str:
        raise RuntimeError("the secret of the house")

    answer = app.test_client().get("/fault")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("referrer", "page"),
    [
        ("http://localhost/search?q=1", "/search?q=1"),
        ("http://localhost//evil.example/", None),
        ("http://localhost/\\evil.example/", None),
        ("http://evil.example/search", None),
        ("//evil.example", None),
        ("", None),
    ],
)
def test_the_way_back_never_leaves_this_host(app: Flask, referrer: str, page: str | None) -> None:
    with app.test_request_context("/", headers={"Referer": referrer}):
        assert came_from() == page


def test_a_visitor_is_known_by_the_address_the_proxy_saw(
    databases: Any, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    from flask import request

    seen = []
    for proxies in (0, 1):
        app = make_app(databases.filled(), tmp_path, PROXIES=proxies)
        app.add_url_rule(f"/who{proxies}", "who", lambda: str(request.remote_addr))
        forged = {"X-Forwarded-For": "6.6.6.6, 10.1.2.3"}
        seen.append(app.test_client().get(f"/who{proxies}", headers=forged).text)
    assert seen == ["127.0.0.1", "10.1.2.3"]


def test_private_pages_are_never_kept_by_a_browser_or_proxy(sign_in: Enter) -> None:
    client = sign_in("hr")
    for page in ("/", "/me", "/search?q=a", "/appraisal/results", "/nowhere"):
        assert client.get(page).headers["Cache-Control"] == "no-store"


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: Any, bank: Any) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_in_production_the_cookie_travels_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import config

    monkeypatch.setenv("ZHIXING_ENV", "production")
    monkeypatch.setenv("SECRET_KEY", "9vK2mQ7xR4tB8nW1zL6cY3fH5jD0sPgA")
    assert config.settings(Path("nowhere"))["SESSION_COOKIE_SECURE"]


@pytest.mark.parametrize(
    "path", ["/static/../config.py", "/static/%2e%2e/config.py", "/static/..%2fconfig.py"]
)
def test_no_path_leads_out_of_the_static_files(client: Any, bank: Any, path: str) -> None:
    assert client.get(path).status_code == 404
