"""The scheme editor with its preview, in a real browser and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, follow

EDIT = "/appraisal/schemes/2/edit"
ROW = "sections-0-indicators-0"


@pytest.mark.requirement("7.38")
def test_a_rule_is_changed_to_bands_and_tried_while_one_types(visit: Callable[..., Any]) -> None:
    page = visit("zh").sign_in("hr")
    page.goto(EDIT)
    preview = page.locator("#zx-preview")
    expect(preview.locator("figure svg").first).to_be_visible()
    expect(preview).to_contain_text("没有发现问题")
    page.locator(f"#{ROW}-row > summary").click()
    page.locator(f"#{ROW}-mode").select_option("bands")
    expect(page.locator(f"#{ROW}-below")).to_be_visible()
    for at, (start, points) in enumerate((("0.6", "60"), ("0.8", "50"))):
        page.locator(f"button[value='add {ROW}-standards']").click()
        expect(page.locator(f"#{ROW}-standards-{at}-at")).to_be_focused()
        page.keyboard.type(start)
        page.keyboard.press("Tab")
        page.keyboard.type(points)
    page.locator(f"#{ROW}-position").select_option("ratio")
    page.locator(f"#{ROW}-below").fill("0")
    wrong = page.locator(f"#{ROW}-standards-1-points")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"#{ROW}-row")).to_contain_text("得分由 60 降为 50")
    wrong.fill("80")
    expect(wrong).not_to_have_attribute("aria-invalid", "true")
    expect(preview).to_contain_text("60 % → 60 分；80 % → 80 分")
    page.locator("button[value='example']").click()
    expect(page.locator("#zx-builder")).to_contain_text("实际数据 1")


def test_the_editor_works_without_scripts(visit: Callable[..., Any]) -> None:
    page = visit("zh", java_script_enabled=False).sign_in("hr")
    page.goto(EDIT)
    page.locator(f"#{ROW}-row > summary").click()
    page.locator(f"#{ROW}-mode").select_option("interpolation")
    page.locator(f"#{ROW}-weight").fill("24")
    follow(page.locator(f"#{ROW}-row button[value='preset']"))
    page.locator(f"#{ROW}-row > summary").click()
    expect(page.locator(f"#{ROW}-weight")).to_have_value("24")
    follow(page.locator(f"button[value='add {ROW}-standards']"))
    expect(page.locator(f"#{ROW}-standards-0-at")).to_be_visible()
    follow(page.locator("[data-zx-preview]"))
    expect(page.locator("#zx-preview")).to_contain_text("还差 1")


def test_the_preview_is_open_to_assistive_technology_on_a_phone(visit: Callable[..., Any]) -> None:
    page = visit("en", bypass_csp=True, viewport=PHONE).sign_in("hr")
    page.goto(EDIT)
    expect(page.locator("#zx-preview figure svg").first).to_be_visible()
    page.locator(f"#{ROW}-row > summary").click()
    found = Axe().run(page)
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
