"""The day's work of each role, in a real browser."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from lms.core import clock
from lms.core.periods import Period
from tests.browser.conftest import ROOT, follow, menu, press

BANK = yaml.safe_load((ROOT / "courses/C01/questions/bank.yaml").read_text("utf-8"))["questions"]
THIS_QUARTER = Period.quarter_of(clock.today())
BY_STEM = {question["stem_zh"].strip()[:18]: question for question in BANK}


@pytest.mark.requirement("5.01", "7.08")
def test_a_trainee_learns_is_tested_gives_feedback_and_sees_the_result(visit: Callable[..., Any]) -> None:
    page = visit("zh").sign_in("trainee")
    expect(page.get_by_role("heading", name="待办事项")).to_be_visible()

    follow(page.get_by_role("link", name=re.compile("^继续：")))
    for _ in range(12):
        button = page.locator("[data-lx-next]").first
        text = button.inner_text()
        follow(button)
        if text.startswith("完成本课"):
            break
    else:
        raise AssertionError("the lesson has no end")

    take_the_quiz(page)

    page.goto("/feedback/")
    follow(page.get_by_role("link", name="填写", exact=True).first)
    press(page, "提交反馈")
    expect(page.get_by_role("alert")).to_contain_text("个问题需要处理")
    for question in page.locator("fieldset").all():
        if question.locator(".zx-scale").count():
            question.locator(".zx-scale label").nth(3).click()
        elif question.locator("input[type=radio]").count():
            question.locator("input[type=radio]").last.check()
    press(page, "提交反馈")
    expect(page.get_by_text("您的反馈已提交")).to_be_visible()

    menu(page, "我的考核")
    follow(page.get_by_role("link", name=THIS_QUARTER.previous().label("zh")).first)
    total = page.locator(".zx-figure").first.inner_text()
    assert re.match(r"^\d{2,3}\.\d{2}", total)
    follow(page.get_by_role("link", name="这个分数怎么来的"))
    source = page.locator("main table").filter(has_text="行号").first
    expect(source).to_contain_text("导入")
    expect(source).to_contain_text("未记入变动表")


def take_the_quiz(page: Page) -> None:
    page.goto("/assessment/")
    follow(page.locator("main").get_by_role("link").filter(has_text="认识考核体系").first)
    press(page, "开始测验")
    answered = 0
    for box in page.locator("[data-question], fieldset").all():
        stem = next((stem for stem in BY_STEM if stem in box.inner_text()), None)
        if stem is None or not box.is_visible():
            continue
        answer_one(box, BY_STEM[stem])
        answered += 1
    assert answered == 20
    press(page, "检查并交卷")
    press(page, "交卷")
    expect(page.locator("main")).to_contain_text("100")


def answer_one(box: Any, question: dict[str, Any]) -> None:
    answer = question["answer"]
    match question["type"]:
        case "numeric":
            box.locator("input[type=text], input:not([type])").first.fill(str(answer))
        case "single":
            box.locator(f"input[type=radio][value='{answer}']").check()
        case "true_false":
            box.locator("input[type=radio]").nth(0 if answer else 1).check()
        case "multiple":
            for key in answer:
                box.locator(f"input[value='{key}']").check()
        case "ordering":
            for place, key in enumerate(answer):
                box.locator(f"select[name$='-{key}']").select_option(str(place + 1))


@pytest.mark.requirement("1.19")
def test_two_trainers_score_without_seeing_each_other(visit: Callable[..., Any]) -> None:
    first, second = visit("zh").sign_in("trainer"), visit("zh").sign_in("trainer2")
    for page, level in ((first, 3), (second, 2)):
        page.goto("/")
        follow(page.get_by_role("link", name=re.compile("^演练评分：")).first)
        press(page, "提交评分")
        expect(page.get_by_role("alert")).to_contain_text("需要处理")
        for criterion in page.locator(".zx-levels").all():
            criterion.locator("label").nth(level).click()
        press(page, "提交评分")
        expect(page.get_by_text("评分已提交")).to_be_visible()
        if page is first:
            expect(page.locator("main")).to_contain_text("已提交 1 / 2 份评分")
            address = page.url
    expect(second.locator("main")).to_contain_text("87.50")
    first.goto(address)
    expect(first.locator(".zx-figure")).to_contain_text("87.50")


@pytest.mark.requirement("1.01", "5.18")
def test_a_trainer_opens_a_cohort_and_reads_feedback(visit: Callable[..., Any]) -> None:
    page = visit("zh").sign_in("trainer")
    menu(page, "培训班")
    follow(page.locator("main").get_by_role("link", name=re.compile("开班|新建|开设")).first)
    page.fill("[name=number]", "2026-B01")
    page.fill("[name=name_zh]", "浏览器班")
    page.locator("[name=course_version_id], [name=version_id]").first.select_option(index=0)
    page.fill("[name=starts_on]", str(clock.today()))
    page.fill("[name=ends_on]", str(clock.today() + timedelta(days=1)))
    page.fill("[name=location]", "三楼教室")
    page.fill("[name=capacity]", "30")
    follow(page.locator("main form button").last)
    expect(page.get_by_role("heading", name=re.compile("浏览器班"))).to_be_visible()
    menu(page, "反馈结果")
    follow(page.locator("main").get_by_role("link").first)
    expect(page.locator("main")).to_contain_text("暂不显示结果")


@pytest.mark.requirement("2.13")
def test_a_supervisor_rates_the_own_people_and_reviews_their_results(visit: Callable[..., Any]) -> None:
    page = visit("zh").sign_in("supervisor")
    menu(page, "综合评价")
    follow(page.locator("main").get_by_role("link", name=THIS_QUARTER.label("zh")).first)
    selects = page.locator("select[name^=level-]")
    expect(selects.first).to_be_visible()
    assert selects.count() % 7 == 0
    for select in selects.all():
        select.select_option("4")
    press(page, "保存本页评分")
    expect(page.locator("main")).to_contain_text("已保存")
    menu(page, "考核结果")
    expect(page.locator("main table, main ul").first).to_be_visible()


def test_hr_downloads_one_pdf_and_a_zip(visit: Callable[..., Any]) -> None:
    page = visit("zh").sign_in("hr")
    menu(page, "考核结果")
    follow(page.locator("main table a").first)
    with page.expect_download() as download:
        page.get_by_role("button", name="下载报告（中文）").first.click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    menu(page, "报告")
    page.locator("[name=org_unit_id]").select_option(label="示例银行总行")
    press(page, "开始打包")
    link = page.get_by_role("link", name=re.compile("下载"))
    expect(link.first).to_be_visible(timeout=120_000)
    with page.expect_download() as download:
        link.first.click()
    names = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())).namelist()
    assert sum(name.endswith(".pdf") for name in names) >= 2


@pytest.mark.requirement("7.23")
def test_an_administrator_imports_a_file_with_a_bad_row(visit: Callable[..., Any], tmp_path: Any) -> None:
    page = visit("zh").sign_in("admin")
    first = THIS_QUARTER.first
    rows = [f"100010,SATISFACTION,{first:%Y%m%d},93", f"999999,SATISFACTION,{first:%Y-%m}-02,91"]
    bank = "\n".join(["工号,指标,日期,数值", *rows, ""])
    path = tmp_path / "满意度.txt"
    path.write_bytes(bank.encode("gb18030"))
    menu(page, "数据")
    follow(page.get_by_role("link", name="数据导入").first)
    follow(page.get_by_role("link", name="导入文件"))
    page.locator("[name=kind]").first.select_option("actuals")
    page.fill("[name=period]", THIS_QUARTER.code)
    page.locator("[name=policy]").select_option("good_rows")
    page.set_input_files("input[type=file]", str(path))
    press(page, "上传并查看")
    expect(page.locator("main")).to_contain_text("GB18030")
    press(page, "下一步：对应列")
    press(page, "下一步：预览")
    expect(page.locator("main")).to_contain_text("999999")
    follow(page.get_by_role("link", name="下一步：检查"))
    expect(page.locator("main")).to_contain_text("1 行正确，1 行有误")
    press(page, "确认导入")
    expect(page.locator("main")).to_contain_text("已生效", timeout=60_000)
    expect(page.locator("main")).to_contain_text("999999")
