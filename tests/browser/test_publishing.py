"""HR from a new scheme to a published cycle; on a bank of its own, since nothing undoes a publication."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from lms.core import clock
from lms.core.periods import Period
from tests.browser.conftest import Live, follow, menu, press, serve


@pytest.fixture(scope="module")
def live(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A bank for this file alone."""
    with serve(built, tmp_path_factory.mktemp("publishing")) as bank:
        yield bank


def test_hr_builds_a_scheme_runs_a_cycle_publishes_and_prints(visit: Callable[..., Any]) -> None:
    hr = visit("zh").sign_in("hr")
    menu(hr, "考核方案")
    follow(hr.get_by_role("link", name="新建方案"))
    hr.fill("[name=code]", "BROWSER")
    hr.fill("[name=name_zh]", "浏览器方案")
    rows = hr.locator("[name^='sections-0-indicators-'][name$='-code']")
    before = rows.count()
    hr.get_by_role("button", name="添加指标").first.click()
    expect(rows).to_have_count(before + 1)
    added = rows.last
    row = str(added.get_attribute("name")).removesuffix("code")
    hr.fill(f"[name='{row}code']", "DEPOSIT")
    hr.fill(f"[name='{row}name_zh']", "存款日均余额")
    hr.locator(f"[name='{row}measure']").select_option("DEPOSIT_AVG")
    hr.locator(f"[name='{row}mode']").select_option("ratio")
    hr.fill(f"[name='{row}weight']", "100")
    hr.fill(f"[name='{row}cap']", "120")
    hr.fill("[name='sections-0-weight']", "59")
    press(hr, "保存草稿")
    expect(hr.get_by_role("alert")).to_contain_text("99")
    hr.fill("[name='sections-0-weight']", "60")
    press(hr, "保存草稿")
    hr.fill("[name=lint_reason]", "只为试用")
    press(hr, "写明理由并启用")
    expect(hr.locator("main")).to_contain_text("只为试用")

    menu(hr, "考核期")
    follow(hr.locator("main").get_by_role("link", name=Period.quarter_of(clock.today()).label("zh")).first)
    press(hr, "开始计算")
    expect(hr.get_by_role("button", name="提交公布")).to_be_visible(timeout=60_000)
    press(hr, "提交公布")
    checker = visit("zh").sign_in("hr2")
    menu(checker, "复核")
    press(checker, "同意")
    expect(checker.get_by_text("已处理")).to_be_visible()
