"""Values typed by hand: who, when and why; two at one cell; hiding an imported value."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM, Actor, AuditEntry
from lms.core.errors import NotFound, Refused, Rejected
from lms.core.periods import Period
from lms.indicators import services
from lms.indicators.models import HiddenValue, ImportUpload, Indicator, TypedValue
from lms.indicators.rules import Flag
from lms.indicators.rules.entry import Change, Content, Key, Present, differences
from lms.indicators.services import entryfile, history
from lms.indicators.services.entry import Frame
from lms.people.models import Employee
from lms.people.services import find_employee
from tests.indicators.conftest import NOW

Bring = Callable[..., ImportUpload]
DAY = date(2026, 9, 30)
SAY = entryfile.Say(lambda word: word, lambda thing: thing.name_zh)  # type: ignore[attr-defined]
ZHANG, LI = Actor(7, None, "张三"), Actor(8, None, "李四")


@pytest.fixture
def frame(figures: Session) -> Frame:
    people = list(figures.scalars(select(Employee).order_by(Employee.number)))
    kinds = list(
        figures.scalars(
            select(Indicator).where(Indicator.code.in_(["BAL", "BAL_CHG", "NPL"])).order_by(Indicator.code)
        )
    )
    for kind in kinds:
        services.allow_by_hand(figures, SYSTEM, kind, by_hand=True)
    return Frame(DAY, people, kinds)


def key(frame: Frame, number: str, code: str) -> Key:
    [who] = [one.id for one in frame.employees if one.number == number]
    [what] = [one.id for one in frame.indicators if one.code == code]
    return f"e{who}", what


def write(
    session: Session, frame: Frame, cells: dict[Key, Content], actor: Actor = ZHANG, **more: object
) -> int:
    changes = differences(services.present_values(session, frame), cells)
    return services.type_values(
        session, actor, frame, changes, reason=str(more.get("reason", "月末核对")), now=NOW
    )


@pytest.mark.requirement("7.27")
def test_a_typed_value_tells_who_when_and_why_and_what_was_there_before(
    figures: Session, frame: Frame
) -> None:
    at = key(frame, "0001", "BAL")
    write(figures, frame, {at: Content(Decimal("12.5"))})
    write(figures, frame, {at: Content(Decimal(13))}, LI, reason="更正")
    newest, first = services.typed_before(figures, int(at[0][1:]), at[1], DAY)
    assert (newest.value, newest.actor_label, newest.reason) == (13, "李四", "更正")
    assert (first.value, first.actor_label, first.typed_at, first.superseded_at) == (
        Decimal("12.5"),
        "张三",
        NOW,
        NOW,
    )
    assert newest.superseded_at is None
    assert services.present_values(figures, frame)[at] == Present(Content(Decimal(13)), newest.id)


def test_taking_a_value_back_lets_the_imported_one_count_again(
    figures: Session, frame: Frame, bring: Bring
) -> None:
    bring("0001,NPL,2026-09-30,5,,\n")
    at = key(frame, "0001", "NPL")
    assert services.present_values(figures, frame)[at] == Present(Content(Decimal(5)), imported=True)
    write(figures, frame, {at: Content(Decimal(6))})
    write(figures, frame, {at: Content()})
    now = services.present_values(figures, frame)[at]
    assert (now.content.value, now.imported) == (5, True)
    with pytest.raises(Rejected, match="不能在这里清空"):
        write(figures, frame, {at: Content()})


def test_two_people_at_one_cell_the_second_is_told_and_nothing_of_hers_is_kept(
    figures: Session, frame: Frame
) -> None:
    one, other = key(frame, "0001", "BAL"), key(frame, "0002", "BAL")
    write(figures, frame, {one: Content(Decimal(10))})
    mine = [Change(one, Content(), Content(Decimal(11)), 0), Change(other, Content(), Content(Decimal(4)), 0)]
    with pytest.raises(Rejected) as told:
        services.type_values(figures, LI, frame, mine, reason="核对", now=NOW)
    [problem] = told.value.problems
    assert (problem.field, problem.params["who"], problem.params["value"]) == (
        services.cell_name(one),
        "张三",
        "10",
    )
    assert len(list(figures.scalars(select(TypedValue)))) == 1


def test_what_may_not_be_typed_is_refused_whole(figures: Session, frame: Frame) -> None:
    bal, npl, change = (key(frame, "0001", code) for code in ("BAL", "NPL", "BAL_CHG"))
    good = Content(Decimal(1))
    with pytest.raises(Refused, match="录入理由"):
        write(figures, frame, {bal: good}, reason=" ")
    with pytest.raises(Refused, match="没有改动"):
        write(figures, frame, {})
    with pytest.raises(Refused, match="自己"):
        write(figures, frame, {bal: good}, Actor(1, int(bal[0][1:]), "本人"))
    with pytest.raises(Refused, match="不属于该机构"):
        write(figures, frame, {("e999999", bal[1]): good})
    with pytest.raises(Refused, match="将来"):
        write(figures, Frame(date(2027, 1, 1), frame.employees, frame.indicators), {bal: good})
    with pytest.raises(Rejected) as told:
        write(figures, frame, {bal: good, npl: Content(Decimal(101)), change: good})
    assert {problem.field for problem in told.value.problems} == {
        services.cell_name(npl),
        services.cell_name(change),
    }
    services.allow_by_hand(figures, SYSTEM, frame.kinds[bal[1]], by_hand=False)
    with pytest.raises(Refused, match="不允许人工录入"):
        write(figures, frame, {bal: good})
    assert not list(figures.scalars(select(TypedValue)))


def test_a_change_value_keeps_its_flag(figures: Session, frame: Frame) -> None:
    at = key(frame, "0001", "BAL_CHG")
    write(figures, frame, {at: Content(Decimal(3), Flag.INFERRED)})
    [row] = figures.scalars(select(TypedValue))
    assert row.flag is Flag.INFERRED


@pytest.mark.requirement("7.28")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_template_has_everybody_and_comes_back_with_only_what_was_changed(
    figures: Session, frame: Frame, kind: str
) -> None:
    figures.scalars(select(Employee).where(Employee.number == "0003")).one().name = "=HYPERLINK(1)"
    write(figures, frame, {key(frame, "0001", "BAL"): Content(Decimal("1234567.123456"))})
    write(figures, frame, {key(frame, "0002", "BAL_CHG"): Content(Decimal(-3), Flag.CALCULATED)})
    present = services.present_values(figures, frame)
    table = entryfile.table_of(frame, present, {}, SAY)
    content = entryfile.as_csv(table) if kind == "csv" else entryfile.as_xlsx(table)
    if kind == "xlsx":
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        assert [row[1] for row in sheet[1:]] == ["0001", "0002", "0003", "0004"]
        assert sheet[3][2] == "=HYPERLINK(1)"
    else:
        assert [line.split(",")[1] for line in content.decode("utf-8-sig").splitlines()[1:]] == [
            "0001",
            "0002",
            "0003",
            "0004",
        ]
        assert "'=HYPERLINK(1)" in content.decode("utf-8-sig")
    back = entryfile.read_back(content, frame)
    assert not back.problems
    assert len(back.given) == 12
    assert differences(present, back.given) == []
    changed = entryfile.table_of(
        frame, {**present, key(frame, "0004", "NPL"): Present(Content(Decimal(2)))}, {}, SAY
    )
    again = entryfile.read_back(entryfile.as_csv(changed), frame)
    [change] = differences(present, again.given)
    assert (change.key, change.old.value, change.new.value) == (key(frame, "0004", "NPL"), None, 2)
    assert again.lines[change.key] == 5


def test_bad_cells_of_a_file_are_named_by_row_and_column(frame: Frame) -> None:
    rows = "\n".join(
        [
            "日期,工号,BAL,NPL,BAL_CHG,BAL_CHG 标志",
            "2026-09-30,1,5万元,,,",
            "2026-09-30,9999,1,,,",
            "2026-09-30,0002,x,101,1,",
            "2026-09-30,0003,,101,1,",
            "2026-09-29,0004,1,,,",
            "2026-09-30,0001,1,,,",
        ]
    )
    back = entryfile.read_back(rows.encode(), frame)
    told = sorted((problem.line or 0, problem.field) for problem in back.problems)
    assert told == [
        (3, "工号"),
        (4, "BAL"),
        (4, "BAL_CHG"),
        (4, "NPL"),
        (5, "BAL_CHG"),
        (5, "NPL"),
        (6, "日期"),
        (7, "工号"),
    ], "of a row all that is wrong is told at once"
    assert back.given[key(frame, "0001", "BAL")] == Content(Decimal(5))  # the zeros a spreadsheet dropped


def test_a_file_without_a_column_leaves_its_cells_alone(frame: Frame) -> None:
    back = entryfile.read_back("日期,工号,NPL\n2026-09-30,0001,3\n".encode(), frame)
    assert set(back.given) == {key(frame, "0001", "NPL")}
    with pytest.raises(Rejected, match="指标列"):
        entryfile.read_back("日期,工号,别的\n2026-09-30,0001,3\n".encode(), frame)


@pytest.mark.requirement("7.39")
def test_hiding_needs_a_reason_stays_in_the_log_and_can_be_taken_back(figures: Session, bring: Bring) -> None:
    upload = bring("0001,NPL,2026-09-30,5,,\n0002,NPL,2026-09-30,6,,\n")
    [batch] = upload.batches
    columns, rows, total = services.batch_rows(batch, "0002")
    assert (total, rows[0].line, rows[0].cells["employee_number"]) == (1, 3, "0002")
    assert "line" not in columns
    with pytest.raises(Refused, match="理由"):
        services.hide(figures, ZHANG, batch, 3, "  ", now=NOW)
    with pytest.raises(NotFound):
        services.hide(figures, ZHANG, batch, 99, "没有的行", now=NOW)
    services.hide(figures, ZHANG, batch, 3, "源系统重复", now=NOW)
    assert services.hidden_lines(figures, batch, [2, 3])[3, "NPL"].reason == "源系统重复"
    with pytest.raises(Refused, match="已经隐藏"):
        services.hide(figures, ZHANG, batch, 3, "再一次", now=NOW + timedelta(1))
    services.show(figures, LI, batch, 3, "已核实无误", now=NOW)
    assert not list(figures.scalars(select(HiddenValue)))
    log = figures.scalars(
        select(AuditEntry).where(AuditEntry.action.like("indicators:value:%")).order_by(AuditEntry.id)
    )
    assert [(one.action, one.label, one.details["reason"]) for one in log] == [
        ("indicators:value:hide", "张三", "源系统重复"),
        ("indicators:value:show", "李四", "已核实无误"),
    ]
    indicator, employee = services.find_indicator(figures, "NPL"), find_employee(figures, "0002")
    assert indicator
    assert employee
    past = history.past_rows(figures, indicator, employee, Period.parse("2026Q3"))
    assert [(one.what, one.by, one.reason, one.line, one.value) for one in past] == [
        ("hidden", "张三", "源系统重复", 3, 6),
        ("shown", "李四", "已核实无误", 3, 6),
    ], "the page of the value tells both"
