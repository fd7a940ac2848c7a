"""A quiz whose taker loses the sign-in or the line in the middle."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from lms.demo.services import PASSWORD
from tests.browser.conftest import PHONE, Visitor, follow, press, serve


def test_answers_outlive_a_lost_sign_in_and_a_lost_line(
    chromium: Browser, built: Path, tmp_path: Path
) -> None:
    with serve(built, tmp_path) as bank:
        visitor = Visitor(chromium, bank, "zh", viewport=PHONE)
        page = visitor.sign_in("trainee")
        page.goto("/assessment/")
        follow(page.locator("main").get_by_role("link").filter(has_text="认识考核体系").first)
        press(page, "开始测验")
        state, number = page.locator("[data-quiz-state]"), page.locator("main input[type=text]").first
        entrance = page.locator("[data-quiz-sign-in]")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        number.fill("１．４７")
        expect(state).to_have_text("已保存")
        visitor.context.clear_cookies()
        number.fill("27,600")
        expect(entrance).to_be_visible()
        expect(state).to_have_text("未能保存，正在重试")
        with visitor.context.expect_page() as opened:
            entrance.get_by_role("link").click()
        door = opened.value
        door.fill("input[name=username]", "trainee")
        door.fill("input[name=password]", PASSWORD)
        door.click("main button")
        expect(door.locator("[data-quiz-clock]")).to_be_visible()
        expect(state).to_have_text("已保存")
        expect(entrance).to_be_hidden()

        visitor.context.set_offline(True)
        number.fill("27,601")
        expect(state).to_have_text("未能保存，正在重试")
        visitor.context.set_offline(False)
        expect(state).to_have_text("已保存")

        page.reload()
        expect(number).to_have_value("27,601")
        visitor.context.close()
