"""Every kind of screen, both languages, and people who do not use a mouse or see the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, follow

WIDTHS = (360, 768, 1024, 1366, 1920, 3840)
PAGES = {
    "trainee": (
        "/",
        "/learning/mine",
        "/learning/lessons/1",
        "/assessment/",
        "/appraisal/mine",
        "/feedback/",
    ),
    "trainer": ("/learning/cohorts", "/learning/cohorts/1", "/roleplay/", "/feedback/waves/1"),
    "supervisor": ("/appraisal/ratings/3", "/appraisal/results"),
    "hr": ("/appraisal/schemes/1", "/appraisal/schemes/1/edit", "/appraisal/cycles/1", "/reports/"),
    "admin": ("/admin/imports", "/admin/imports/new", "/admin/indicators"),
    "security": ("/admin/accounts", "/admin/policy"),
    "audit": ("/admin/audit",),
}


@pytest.mark.requirement("3.12")
@pytest.mark.parametrize("username", ["trainee", "supervisor", "hr"])
def test_no_page_scrolls_sideways_on_any_screen(visit: Callable[..., Any], username: str) -> None:
    page = visit("zh").sign_in(username)
    for path in PAGES[username]:
        page.goto(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, width, wide)


@pytest.mark.requirement("3.12")
def test_targets_are_large_enough_for_a_thumb(visit: Callable[..., Any]) -> None:
    page = visit("zh", viewport=PHONE).sign_in("trainee")
    for path in ("/", "/feedback/", "/learning/mine"):
        page.goto(path)
        for button in page.locator("main .btn:visible, .zx-nav a:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44, (path, button.inner_text(), box)


@pytest.mark.parametrize("username", list(PAGES))
def test_pages_are_open_to_assistive_technology(visit: Callable[..., Any], username: str) -> None:
    page = visit("en", bypass_csp=True).sign_in(username)
    for path in PAGES[username]:
        answer = page.goto(path)
        assert answer.status == 200, path
        found = Axe().run(page)
        violations = [(one["id"], one["nodes"][0]["html"][:120]) for one in found.response["violations"]]
        assert not violations, (path, violations)


def test_english_pages_speak_english(visit: Callable[..., Any]) -> None:
    page = visit("en").sign_in("trainee")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name="To do")).to_be_visible()
    follow(page.get_by_role("button", name="中文"))
    expect(page.get_by_role("heading", name="待办事项")).to_be_visible()
