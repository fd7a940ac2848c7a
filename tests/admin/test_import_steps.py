"""The wizard from upload to withdrawal, as an administrator walks through it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from lms.admin.views import import_steps
from lms.core.audit import SYSTEM
from lms.core.db import db
from lms.core.jobs import JobState, run_inline
from lms.indicators import services
from lms.indicators.models import ImportBatch, ImportMapping, ImportUpload
from lms.indicators.rules import BatchState, IndicatorSet
from lms.indicators.services import IndicatorDraft, actuals, define_indicator
from lms.people.models import Employee
from tests.admin.test_imports import AFTER, FIRST, PERIOD, Browser, number_in, run, upload

SignIn = Callable[..., Any]
NAMES = {"NPS": "推荐值", "TIPS": "建议数"}


@pytest.fixture
def codes(session: Session, bank: Any) -> list[str]:
    """Two indicators whose values stand alone, and a basic one with its change."""
    for code, name in NAMES.items():
        define_indicator(session, SYSTEM, IndicatorDraft(code, name, IndicatorSet.OTHER, "万元"))
    define_indicator(session, SYSTEM, IndicatorDraft("HOLD", "持有量", IndicatorSet.BASIC, "万元"))
    change = IndicatorDraft("HOLD_C", "持有变动", IndicatorSet.CHANGE, "万元", base="HOLD")
    define_indicator(session, SYSTEM, change)
    return ["NPS", "TIPS"]


@pytest.fixture
def numbers(session: Session, bank: Any) -> list[str]:
    return list(session.scalars(select(Employee.number).order_by(Employee.id).limit(3)))


@pytest.fixture
def admin(sign_in: SignIn) -> Browser:
    return Browser(sign_in("admin"))


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def box_of(page: str, title: str) -> str:
    """The name of the select box under a label that begins with a title."""
    found = re.search(rf'for="([^"]+)">{re.escape(title)}', page)
    assert found, title
    return found[1]


def chosen_in(page: str, box: str) -> str:
    select_box = re.search(rf'<select[^>]* name="{box}".*?</select>', page, re.DOTALL)
    assert select_box, box
    found = re.search(r'<option selected value="([^"]*)"', select_box[0])
    return found[1] if found else ""


@pytest.mark.requirement("7.23")
def test_a_wide_file_is_walked_from_upload_to_report(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    content = (
        f"某行\n员工编号,姓名,推荐值(元),Q2\n{numbers[0]},甲,10000,3\n{numbers[1]},乙,,4\n合计,,10000,7\n"
    )
    at = number_in(upload(admin, content))
    here = f"/admin/imports/{at}"
    assert admin.get(here).headers["Location"].endswith(f"{here}/reading")
    page = text(admin.get(f"{here}/reading"))
    assert "表头在第 2 行" in page
    assert "最后一行像是合计或结束行" in page
    reading = {"encoding": "", "separator": "", "skip_totals": "y", "quoted": "", "sheet": "", "next": "1"}
    assert admin.post(f"{here}/reading", data=reading).headers["Location"].endswith("/columns")
    page = text(admin.get(f"{here}/columns"))
    assert chosen_in(page, "column_employee") == "员工编号"
    assert chosen_in(page, box_of(page, "推荐值(元)")) == "NPS"
    assert chosen_in(page, box_of(page, "Q2")) == ""
    columns = {
        "column_employee": "员工编号",
        box_of(page, "推荐值(元)"): "NPS",
        box_of(page, "Q2"): "TIPS",
        "day": "2030-02-28",
        "flag": "",
        "name": "网点报表",
        "valid_from": "2030-01-01",
    }
    assert admin.post(f"{here}/columns?shape=wide", data=columns).headers["Location"].endswith("/preview")
    assert admin.get(here).headers["Location"].endswith("/preview"), "closing the browser loses nothing"
    page = text(admin.get(f"{here}/preview"))
    assert "→ 推荐值" in page
    assert "不导入" in page
    page = text(admin.get(f"{here}/check"))
    assert "可导入 3 个数值，0 行有误，跳过 1 行" in page
    assert run(session, admin, at).state is BatchState.COMMITTED
    rows = actuals(session, numbers, codes, FIRST, AFTER).to_pylist()
    assert {(one["indicator"], one["line"], str(one["value"])) for one in rows} == {
        ("NPS", 3, "1.00000000"),
        ("TIPS", 3, "3.00000000"),
        ("TIPS", 4, "4.00000000"),
    }
    assert session.scalars(select(ImportMapping.name)).all() == ["网点报表"]
    second = number_in(upload(admin, content.replace("10000", "20000")))
    answer = admin.post(f"/admin/imports/{second}/reading", data=reading)
    assert "网点报表" in text(admin.get(answer.headers["Location"]))


def test_a_bad_cell_is_mended_and_brought_again_alone(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    content = f"工号,推荐值(元),建议数\n{numbers[0]},10000,1\n{numbers[1]},x,2\n"
    at = number_in(upload(admin, content, policy="good_rows"))
    page = text(admin.get(f"/admin/imports/{at}/columns"))
    boxes = {box_of(page, "推荐值(元)"): "NPS", box_of(page, "建议数"): "TIPS"}
    admin.post(f"/admin/imports/{at}/columns", data={"column_employee": "工号", "flag": "", **boxes})
    kept = run(session, admin, at)
    assert (kept.state, kept.rejected) == (BatchState.COMMITTED, 1)
    assert f"mends={at}" in text(admin.get(f"/admin/imports/{at}"))
    errors = admin.get(f"/admin/imports/{at}/errors.csv").data.decode("utf-8-sig")
    assert errors.splitlines()[0].startswith("工号,推荐值(元),建议数,"), "the unit stays with its title"
    assert "原来的" in text(admin.get(f"/admin/imports/new?mends={at}"))
    mended = errors.replace(",x,", ",20000,")
    again = number_in(upload(admin, mended, encoding="utf-8", mends=str(at)))
    assert run(session, admin, again).state is BatchState.COMMITTED
    values = actuals(session, numbers, ["NPS"], FIRST, AFTER).column("value").to_pylist()
    assert sorted(map(str, values)) == ["1.00000000", "2.00000000"]


@pytest.mark.requirement("7.23")
def test_dates_that_end_with_the_year_are_read_in_the_order_of_their_column(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    rows = [f"{numbers[0]};NPS;03/01/2030;1", f"{numbers[1]};NPS;x;2", f"{numbers[2]};NPS;31/01/2030;3"]
    at = number_in(upload(admin, "工号;指标;日期;数值\n" + "\n".join(rows) + "\n", policy="good_rows"))
    assert "看不出日和月哪个在前" not in text(admin.get(f"/admin/imports/{at}/reading"))
    assert "“日期”列的日期按“日/月/年”读取" in text(admin.get(f"/admin/imports/{at}/check"))
    assert run(session, admin, at).state is BatchState.COMMITTED
    errors = admin.get(f"/admin/imports/{at}/errors.csv").data.decode("utf-8-sig")
    again = number_in(
        upload(admin, errors.replace(",x,", ",02/01/2030,", 1), encoding="utf-8", mends=str(at))
    )
    assert run(session, admin, again).state is BatchState.COMMITTED, "the mended rows alone tell no order"
    found = actuals(session, numbers, ["NPS"], FIRST, AFTER).to_pylist()
    assert sorted((one["day"].isoformat(), int(one["value"])) for one in found) == [
        ("2030-01-02", 2),
        ("2030-01-03", 1),
        ("2030-01-31", 3),
    ]


@pytest.mark.requirement("7.23")
def test_an_order_of_day_and_month_that_is_unclear_is_asked_for_and_kept_with_the_mapping(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    at = number_in(upload(admin, f"工号,指标,日期,数值\n{numbers[0]},NPS,02/03/2030,1\n"))
    here = f"/admin/imports/{at}"
    assert "“02/03/2030”这样的日期看不出日和月哪个在前" in text(admin.get(f"{here}/reading"))
    assert "看不出日和月哪个在前" in text(admin.get(f"{here}/check"))
    reading = {"encoding": "", "separator": "", "quoted": "", "sheet": "", "day_order": "mdy", "next": "1"}
    admin.post(f"{here}/reading", data=reading)
    assert 'value="mdy"' in text(admin.get(f"{here}/reading"))
    boxes = {"employee": "工号", "indicator": "指标", "day": "日期", "value": "数值"}
    columns = {f"column_{name}": title for name, title in boxes.items()}
    admin.post(f"{here}/columns", data={**columns, "flag": "", "name": "美式", "valid_from": "2030-01-01"})
    assert session.scalars(select(ImportMapping.options)).all() == [{"day_order": "mdy"}]
    assert run(session, admin, at).state is BatchState.COMMITTED
    found = actuals(session, numbers, ["NPS"], FIRST, AFTER).to_pylist()
    assert [one["day"].isoformat() for one in found] == ["2030-02-03"]


def test_a_file_refused_as_a_whole_comes_again_as_a_whole(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    content = f"工号!指标!日期!数值\n{numbers[0]}!NPS!2030-01-31!1\n{numbers[1]}!NPS!2030-01-31!x\n"
    at = number_in(upload(admin, content))
    assert "—" in text(admin.get("/admin/imports")), "a draft has no counts yet"
    reading = {"encoding": "", "separator": "other", "other": "!", "quoted": "", "sheet": "", "day_order": ""}
    admin.post(f"/admin/imports/{at}/reading", data=reading)
    assert run(session, admin, at).state is BatchState.REJECTED
    page = text(admin.get(f"/admin/imports/{at}"))
    assert "正确的行也没有导入" in page
    assert "上传改好的行" not in page
    assert "改好的整个文件" in text(admin.get(f"/admin/imports/new?mends={at}"))
    again = number_in(upload(admin, content.replace("!x", "!2"), mends=str(at)))
    assert run(session, admin, again).state is BatchState.COMMITTED
    found = actuals(session, numbers, ["NPS"], FIRST, AFTER).column("value").to_pylist()
    assert sorted(map(int, found)) == [1, 2]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"column_employee": ""}, "请为“工号”选择文件中的一列"),
        ({"column_employee": "推荐值"}, "被选了不止一次"),
        ({"NPS": "TIPS"}, "被选给了不止一列"),
        ({"NPS": "", "TIPS": ""}, "请至少为一列选择指标"),
    ],
)
def test_an_impossible_choice_is_told_and_not_kept(
    session: Session, admin: Browser, codes: list[str], numbers: list[str], change: dict[str, str], told: str
) -> None:
    at = number_in(upload(admin, f"工号,推荐值,建议数\n{numbers[0]},1,2\n"))
    page = text(admin.get(f"/admin/imports/{at}/columns"))
    data = {
        "column_employee": change.get("column_employee", "工号"),
        "flag": "",
        box_of(page, "推荐值"): change.get("NPS", "NPS"),
        box_of(page, "建议数"): change.get("TIPS", "TIPS"),
    }
    answer = admin.post(f"/admin/imports/{at}/columns", data=data)
    assert answer.status_code == 422
    assert told in text(answer)
    assert session.get_one(ImportUpload, at, populate_existing=True).titles == {}


@pytest.mark.requirement("7.29")
def test_a_mixed_file_needs_consent_to_be_split(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    define_indicator(session, SYSTEM, IndicatorDraft("SOLD", "销量", IndicatorSet.TRANSACTION, "张"))
    rows = f"{numbers[0]},NPS,2030-01-31,1\n{numbers[0]},SOLD,2030-01-31,2\n"
    at = number_in(upload(admin, f"工号,指标,日期,数值\n{rows}"))
    page = text(admin.get(f"/admin/imports/{at}/check"))
    assert "请同意按指标集拆分" in page
    assert "确认导入" not in page
    admin.post(f"/admin/imports/{at}/check", data={"policy": "all_or_nothing", "split": "y"})
    assert "确认导入" in text(admin.get(f"/admin/imports/{at}/check"))
    assert len(run(session, admin, at).batches) == 2


@pytest.mark.requirement("7.30")
def test_a_basic_file_alone_is_refused_or_computed_by_consent(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    at = number_in(upload(admin, f"工号,指标,日期,数值\n{numbers[0]},HOLD,2030-01-31,1\n"))
    page = text(admin.get(f"/admin/imports/{at}/check"))
    assert "基本指标与其变动指标须一同导入" in page
    assert "确认导入" not in page
    admin.post(f"/admin/imports/{at}/check", data={"policy": "all_or_nothing", "compute_changes": "y"})
    kept = run(session, admin, at)
    assert (kept.state, kept.compute_changes) == (BatchState.COMMITTED, True)


@pytest.mark.requirement("7.23")
def test_a_withdrawal_shows_first_what_it_changes(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    rows = "".join(f"{number},NPS,2030-01-31,1\n" for number in numbers)
    batch = run(session, admin, number_in(upload(admin, f"工号,指标,日期,数值\n{rows}"))).batches[0]
    page = text(admin.get(f"/admin/batches/{batch.id}/withdraw"))
    for told in ("撤回后会改变什么", "推荐值", "2030年1月31日", "没有"):
        assert told in page
    assert admin.post(f"/admin/batches/{batch.id}/withdraw", data={"reason": ""}).status_code == 422
    assert admin.post(f"/admin/batches/{batch.id}/withdraw", data={"reason": "口径有误"}).status_code == 303
    assert session.get_one(ImportBatch, batch.id, populate_existing=True).state is BatchState.WITHDRAWN
    assert admin.get(f"/admin/batches/{batch.id}/withdraw").status_code == 303


def test_the_second_of_two_administrators_is_told(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    first = number_in(upload(admin, f"工号,指标,日期,数值\n{numbers[0]},NPS,2030-01-31,1\n"))
    second = number_in(upload(admin, f"工号,指标,日期,数值\n{numbers[1]},NPS,2030-01-31,1\n"))
    admin.post(f"/admin/imports/{first}/start")
    other = session.get_one(ImportUpload, first, populate_existing=True)
    other.account_id, other.actor_label = (other.account_id or 0) + 1, "李四"
    session.flush()
    assert "李四 正在导入" in text(admin.get(f"/admin/imports/{second}/check"))
    answer = admin.post(f"/admin/imports/{second}/start")
    assert answer.status_code == 409
    assert "李四 正在导入" in text(answer)
    assert other.job_id is not None
    assert run_inline(other.job_id).state is JobState.DONE
    assert run(session, admin, second).state is BatchState.COMMITTED


def test_the_closing_line_of_a_workbook_is_seen(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as made:
        sheet = made.add_worksheet("明细")
        rows = [
            ["工号", "指标", "日期", "数值"],
            [numbers[0], "NPS", "2030-01-31", 1],
            ["以上数据仅供参考", "", "", ""],
        ]
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
    data = {"kind": "actuals", "period": PERIOD, "policy": "all_or_nothing"}
    answer = admin.post(
        "/admin/imports/new",
        data={**data, "file": (io.BytesIO(book.getvalue()), "x.xlsx")},
        content_type="multipart/form-data",
    )
    at = number_in(answer)
    page = text(admin.get(f"/admin/imports/{at}/reading"))
    assert "以上数据仅供参考" in page
    assert "最后一行像是合计或结束行" in page
    assert re.search(r'<input[^>]*checked[^>]*name="skip_totals"', page)


def test_an_import_that_broke_off_says_why_where_the_work_goes_on(
    session: Session, admin: Browser, codes: list[str], numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_: Any, **__: Any) -> Any:
        raise services.Overtaken("检查之后有其他批次生效或撤回，请重新导入这个文件。")

    at = number_in(upload(admin, f"工号,指标,日期,数值\n{numbers[0]},NPS,2030-01-31,1\n"))
    admin.post(f"/admin/imports/{at}/start")
    with monkeypatch.context() as patched:
        patched.setattr(services, "commit", overtaken)
        job = session.get_one(ImportUpload, at, populate_existing=True).job_id
        assert run_inline(job or 0).state is JobState.FAILED
    assert admin.get(f"/admin/imports/{at}").headers["Location"].endswith("/check")
    page = text(admin.get(f"/admin/imports/{at}/check"))
    assert "上一次导入没有完成" in page
    assert "其他批次生效或撤回" in page
    assert run(session, admin, at).state is BatchState.COMMITTED


def test_a_large_file_is_checked_in_the_background(
    session: Session,
    admin: Browser,
    codes: list[str],
    numbers: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_steps, "CHECKED_AT_ONCE", 10)
    at = number_in(upload(admin, f"工号,指标,日期,数值\n{numbers[0]},NPS,2030-01-31,x\n"))
    assert "在后台检查" in text(admin.get(f"/admin/imports/{at}/check"))
    admin.post(f"/admin/imports/{at}/check/start")
    kept = session.get_one(ImportUpload, at, populate_existing=True)
    assert "data-zx-job" in text(admin.get(f"/admin/imports/{at}/check"))
    assert admin.post(f"/admin/imports/{at}/start").status_code == 409
    assert run_inline(kept.job_id or 0).state is JobState.DONE
    page = text(admin.get(f"/admin/imports/{at}/check"))
    assert "“x”不是有效的数字" in page
    assert session.get_one(ImportUpload, at, populate_existing=True).job_id is None
    admin.post(f"/admin/imports/{at}/check", data={"policy": "good_rows"})
    assert "在后台检查" in text(admin.get(f"/admin/imports/{at}/check")), "a changed decision makes it stale"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "文件是空的"),
        (b"<html><table><tr><td>1</td></tr></table>", "网页格式"),
        (b"PK\x03\x04" + b"x" * 50, "工作簿"),
        (b"a" * (2 << 20) + b"\n", "超过 1 MB"),
    ],
    ids=["empty", "a web page", "a damaged workbook", "one endless line"],
)
def test_what_is_no_data_file_is_told_on_every_step(admin: Browser, content: bytes, told: str) -> None:
    data = {
        "kind": "actuals",
        "period": PERIOD,
        "policy": "all_or_nothing",
        "file": (io.BytesIO(content), "x.csv"),
    }
    answer = admin.post("/admin/imports/new", data=data, content_type="multipart/form-data")
    at = number_in(answer)
    assert told in text(admin.get(f"/admin/imports/{at}/reading"))
    assert admin.get(f"/admin/imports/{at}/columns").status_code == 303
    page = text(admin.get(f"/admin/imports/{at}/check"))
    assert told in page
    assert "确认导入" not in page


@pytest.mark.parametrize("step", ["reading", "columns", "preview", "check"])
def test_steps_are_for_administrators_and_lead_to_the_result_afterwards(
    session: Session, admin: Browser, sign_in: SignIn, codes: list[str], numbers: list[str], step: str
) -> None:
    at = number_in(upload(admin, f"工号,指标,日期,数值\n{numbers[0]},NPS,2030-01-31,1\n"))
    admin.post("/language/en")
    page = text(admin.get(f"/admin/imports/{at}/{step}"))
    assert "Steps of the import" in page
    assert "下一步" not in page
    assert "返回" not in page
    admin.post("/language/zh")
    run(session, admin, at)
    assert admin.get(f"/admin/imports/{at}/{step}").headers["Location"].endswith(f"/admin/imports/{at}")
    assert sign_in("hr").get(f"/admin/imports/{at}/{step}").status_code == 403


def test_the_list_asks_no_more_for_more_uploads(
    session: Session, admin: Browser, codes: list[str], numbers: list[str]
) -> None:
    def asked() -> int:
        statements: list[str] = []
        connection = db.session().connection()

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        admin.get("/admin/imports")
        event.remove(connection, "before_cursor_execute", note)
        return len(statements)

    upload(admin, f"工号,指标,日期,数值\n{numbers[0]},NPS,2030-01-31,0\n")
    few = asked()
    for value in range(4):
        upload(admin, f"工号,指标,日期,数值\n{numbers[0]},NPS,2030-01-31,{value + 1}\n")
    assert asked() <= few


def test_one_entry_of_the_menu_leads_to_all_data(admin: Browser, sign_in: SignIn) -> None:
    page = text(admin.get("/admin/data"))
    for path in ("/admin/imports", "/admin/indicators", "/admin/models"):
        assert f'href="{path}"' in page
    assert text(admin.get("/me")).count('href="/admin/data"') == 1
    assert 'href="/admin/imports"' not in text(sign_in("hr").get("/admin/data"))
    assert sign_in("trainee").get("/admin/data").status_code == 403
