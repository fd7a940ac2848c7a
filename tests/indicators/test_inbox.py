"""The nightly inbox: what is picked up when, what is believed, and what a kill leaves behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core import clock, inbox_files
from lms.core.audit import SYSTEM
from lms.core.calendar import CalendarDay
from lms.core.errors import Refused, Rejected
from lms.core.jobs import run_inline
from lms.indicators import jobs
from lms.indicators.models import Arrival, DataModel, Feed, ImportBatch
from lms.indicators.rules import BatchState, ImportKind, Policy
from lms.indicators.rules.control import Control, control_problems, parse_control
from lms.indicators.rules.datamodel import FieldDraft, MappingDraft, ModelDraft
from lms.indicators.rules.feeds import FeedDraft, companion, day_in, due_day, expects, is_short
from lms.indicators.rules.kinds import ArrivalState, Delivery, FieldKind, FieldRole, FieldUse, Rhythm
from lms.indicators.services import activate_model, define_model, records, withdraw
from lms.indicators.services.feeds import alarms, define_feed, dismiss, revise_feed
from lms.indicators.services.inbox import release

DAY = date(2026, 10, 8)
"""A Thursday after the holidays."""
NIGHT = datetime(2026, 10, 8, 21, tzinfo=UTC)
"""05:00 of the 9th in Shanghai."""
HEAD = "账号,数据日期,余额,客户经理\n"


@pytest.fixture
def root(app: Any, tmp_path: Path) -> Iterator[Path]:
    before = app.config["ZHIXING_INBOX"]
    app.config["ZHIXING_INBOX"] = str(tmp_path / "inbox")
    (tmp_path / "inbox").mkdir()
    yield tmp_path / "inbox"
    app.config["ZHIXING_INBOX"] = before


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def stand(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    stand(NIGHT)
    return stand


def a_model(session: Session, code: str, delivery: Delivery) -> DataModel:
    mapping = (MappingDraft("DEP_NEW", date(2020, 1, 1)),)
    fields = (
        FieldDraft("account", "账号", FieldKind.ID, in_key=True, role=FieldRole.ACCOUNT),
        FieldDraft("as_of", "数据日期", FieldKind.DAY, role=FieldRole.DAY),
        FieldDraft("balance", "余额", FieldKind.NUMBER, unit="元", use=FieldUse.INDICATOR, mappings=mapping),
        FieldDraft("officer", "客户经理", FieldKind.ID, required=False, role=FieldRole.EMPLOYEE),
    )
    made = define_model(
        session, SYSTEM, ModelDraft(code, code, delivery, source="core", fields=fields), now=NIGHT
    )
    activate_model(session, SYSTEM, made, now=NIGHT)
    return made


def a_draft(code: str = "DEP", model: str | None = "dep", **more: Any) -> FeedDraft:
    draft: dict[str, Any] = {
        "code": code,
        "name_zh": "存款明细",
        "kind": ImportKind.RECORDS,
        "data_model": model,
        "file_pattern": f"{code.lower()}_{{day}}.csv",
        "rhythm": Rhythm.WORKING_DAY,
        "starts_on": DAY,
        "shortest_percent": Decimal(80),
        **more,
    }
    return FeedDraft(**draft)


@pytest.fixture
def feed(figures: Session, at: Any, root: Path) -> Feed:
    a_model(figures, "dep", Delivery.SNAPSHOT)
    return define_feed(figures, SYSTEM, a_draft(ready_pattern="{file}.ok"))


def rows(*balances: int, day: date = DAY) -> str:
    return HEAD + "".join(f"a{n},{day:%Y%m%d},{value},0001\n" for n, value in enumerate(balances))


def deliver(root: Path, text: str, *, name: str = f"dep_{DAY:%Y%m%d}.csv", flag: bool = True) -> Path:
    (root / name).write_text(text, encoding="utf-8")
    if flag:
        (root / f"{name}.ok").touch()
    return root / name


def night(session: Session) -> list[Arrival]:
    """What the worker does in a minute: scan, import, scan; returns all arrivals."""
    session.commit()
    for _ in range(6):
        while jobs.scan(session, clock.now()):
            session.commit()
        waiting = session.scalars(
            select(Arrival).where(Arrival.state == ArrivalState.WAITING, Arrival.upload_id.is_not(None))
        ).all()
        numbers = [one.upload.job_id for one in waiting if one.upload]
        session.commit()
        if not numbers:
            break
        for number in numbers:
            run_inline(number)
    session.rollback()
    return list(session.scalars(select(Arrival).order_by(Arrival.id)))


def states(session: Session) -> list[ArrivalState]:
    return [one.state for one in night(session)]


def counting(session: Session) -> int:
    wanted = select(func.count()).select_from(ImportBatch).where(ImportBatch.state == BatchState.COMMITTED)
    return session.scalar(wanted) or 0


# ---------------------------------------------------------------- rules


def test_a_name_tells_its_day_and_nothing_else_passes_for_it() -> None:
    assert day_in("dep_{day}*.csv", "dep_20261008_02.csv") == DAY
    for name in ("dep_20261399.csv", "dep_2026108.csv", "../dep_20261008.csv", "dep_20261008.csv.tmp", "x"):
        assert day_in("dep_{day}*.csv", name) is None
    assert companion("{file}.ok", "dep.csv", DAY) == "dep.csv.ok"
    assert companion("ALL_{day}.flg", "dep.csv", DAY) == "ALL_20261008.flg"


@pytest.mark.requirement("7.28")
def test_a_file_is_expected_by_its_rhythm_and_due_on_a_working_day() -> None:
    def worked(day: date) -> bool:
        return day.weekday() < 5 and not date(2026, 10, 1) <= day <= date(2026, 10, 7)

    assert not expects(Rhythm.WORKING_DAY, date(2026, 10, 1), worked)
    assert expects(Rhythm.DAILY, date(2026, 10, 1), worked)
    assert [day for day in range(1, 31) if expects(Rhythm.MONTHLY, date(2026, 9, day), worked)] == [30]
    assert expects(Rhythm.MONTHLY, date(2028, 2, 29), worked)
    assert not expects(Rhythm.MONTHLY, date(2028, 2, 28), worked)
    assert due_day(date(2026, 9, 30), 1, worked) == date(2026, 10, 8)
    assert due_day(date(2026, 10, 9), 1, worked) == date(2026, 10, 12)


def test_a_file_is_short_below_the_percent_and_not_at_it() -> None:
    assert is_short(79, 100, Decimal(80))
    assert not is_short(80, 100, Decimal(80))
    assert not is_short(0, None, Decimal(80))
    assert not is_short(0, 100, None)


@pytest.mark.parametrize(
    "text",
    [
        "rows=2\nsum(余额)=1,234.50\n",
        "# 控制文件\n行数 = 2\n合计（余额）= 1234.5",
        "rows,2\nsum(余额),1234.50\n",
        'item,value\nrows,2\nsum(余额),"1,234.50"\n',
        'rows,sum(余额)\n2,"1,234.50"\n',
    ],
)
def test_a_control_file_is_read_in_every_form(text: str) -> None:
    assert parse_control(text) == Control(2, {"余额": Decimal("1234.5")})


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "rows=two", "rows=1\nrows=2", "sum()=1", "colour=red", "rows=-1"]
)
def test_a_control_file_that_says_nothing_sure_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        parse_control(text)


def test_a_file_that_differs_from_its_control_file_is_told_how() -> None:
    told = control_problems(Control(3, {"余额": Decimal(5)}), 2, {"余额": Decimal(4)})
    assert [problem.params for problem in told] == [
        {"told": 3, "seen": 2},
        {"column": "余额", "told": "5", "seen": "4"},
    ]
    assert control_problems(Control(2, {"余额": Decimal("4.0")}), 2, {"余额": Decimal(4)}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"file_pattern": "../{day}.csv"},
        {"file_pattern": "a/{day}.csv"},
        {"file_pattern": "{day}{day}.csv"},
        {"file_pattern": "dep.csv"},
        {"file_pattern": ".{day}"},
        {"control_pattern": "dep.ctl"},
        {"control_pattern": "{day}*.ctl"},
        {"ready_pattern": "dep_{day}.csv"},
        {"due_minutes": 1440},
        {"shortest_percent": Decimal(101)},
        {"data_model": "nothing"},
        {"code": "a b"},
        {"name_zh": " "},
    ],
)
def test_a_feed_that_cannot_work_is_refused(figures: Session, wrong: dict[str, Any]) -> None:
    a_model(figures, "dep", Delivery.SNAPSHOT)
    with pytest.raises(Rejected):
        define_feed(figures, SYSTEM, a_draft(**wrong))


def test_two_feeds_may_not_claim_one_file(figures: Session, feed: Feed) -> None:
    with pytest.raises(Rejected):
        define_feed(figures, SYSTEM, a_draft("DEP2", file_pattern="dep_{day}*.csv"))
    with pytest.raises(Rejected):
        define_feed(figures, SYSTEM, a_draft("DEP", file_pattern="other_{day}.csv"))
    revise_feed(figures, SYSTEM, feed, a_draft(policy=Policy.GOOD_ROWS))
    assert feed.policy is Policy.GOOD_ROWS


# ---------------------------------------------------------------- picking up


@pytest.mark.requirement("7.28")
def test_a_file_is_taken_when_its_flag_is_there_and_not_before(
    figures: Session, feed: Feed, root: Path
) -> None:
    file = deliver(root, rows(1, 2), flag=False)
    assert night(figures) == []
    (root / f"{file.name}.ok").touch()
    [arrival] = night(figures)
    assert (arrival.state, arrival.day, arrival.attempt) == (ArrivalState.IMPORTED, DAY, 1)
    assert sorted(path.name for path in root.iterdir() if not path.name.startswith(".")) == ["done"]
    moved = {path.name for path in (root / "done" / "20261008").iterdir()}
    assert moved == {f"{arrival.id}-{file.name}", f"{arrival.id}-{file.name}.ok"}
    assert states(figures) == [ArrivalState.IMPORTED]


def test_without_a_flag_a_file_must_stand_still(
    figures: Session, root: Path, at: Callable[[datetime], None]
) -> None:
    a_model(figures, "dep", Delivery.SNAPSHOT)
    define_feed(figures, SYSTEM, a_draft())
    file = deliver(root, rows(1), flag=False)
    assert states(figures) == [ArrivalState.WAITING]
    assert counting(figures) == 0
    at(NIGHT + timedelta(minutes=1))
    file.write_text(rows(1, 2, 3), encoding="utf-8")  # it still grew
    assert states(figures) == [ArrivalState.WAITING]
    at(NIGHT + timedelta(minutes=2))
    [arrival] = night(figures)
    assert arrival.state is ArrivalState.IMPORTED
    assert arrival.upload is not None
    assert arrival.upload.rows == 3


def test_the_control_file_is_believed_before_the_file(figures: Session, root: Path, at: Any) -> None:
    a_model(figures, "dep", Delivery.SNAPSHOT)
    define_feed(figures, SYSTEM, a_draft(control_pattern="dep_{day}.ctl"))
    deliver(root, rows(1, 2), flag=False)
    assert night(figures) == []
    (root / "dep_20261008.ctl").write_text("rows=2\nsum(余额)=4\n", encoding="utf-8")
    [failed] = night(figures)
    assert (failed.state, failed.params["told"], failed.params["seen"]) == (ArrivalState.FAILED, "4", "3")
    assert counting(figures) == 0
    assert len(list((root / "failed" / "20261008").iterdir())) == 2
    deliver(root, rows(1, 2), flag=False)
    (root / "dep_20261008.ctl").write_text("rows,sum(balance)\n2,3\n", encoding="utf-8")
    assert states(figures) == [ArrivalState.FAILED, ArrivalState.IMPORTED]


def test_an_alarm_tells_when_only_the_control_file_lacks(
    figures: Session, root: Path, at: Callable[[datetime], None]
) -> None:
    a_model(figures, "dep", Delivery.SNAPSHOT)
    define_feed(figures, SYSTEM, a_draft(control_pattern="dep_{day}.ctl"))
    file = deliver(root, rows(1, 2), flag=False)
    at(datetime(2026, 10, 8, 22, 1, tzinfo=UTC))  # 06:01
    [missing] = night(figures)
    assert missing.state is ArrivalState.MISSING
    assert missing.params == {"file": file.name, "lacking": "dep_20261008.ctl"}
    assert "还缺" in missing.message
    (root / "dep_20261008.ctl").write_text("rows=2\n", encoding="utf-8")
    [imported] = night(figures)
    assert (imported.state, imported.message) == (ArrivalState.IMPORTED, "")


@pytest.mark.parametrize("delivery", list(Delivery))
def test_the_very_same_file_again_is_put_away_without_alarm(
    figures: Session, root: Path, at: Callable[[datetime], None], delivery: Delivery
) -> None:
    a_model(figures, "dep", delivery)
    define_feed(figures, SYSTEM, a_draft())
    for minute in range(4):
        at(NIGHT + timedelta(minutes=minute))
        deliver(root, rows(1, 2), flag=False) if minute in (0, 2) else None
        night(figures)
    [arrival] = night(figures)
    assert (arrival.state, counting(figures)) == (ArrivalState.IMPORTED, 1)
    assert "又送来一次" in arrival.message
    assert alarms(figures) == []
    assert sorted(path.name for path in root.iterdir() if not path.name.startswith(".")) == ["done"]
    figures.scalars(select(ImportBatch)).one().state = BatchState.WITHDRAWN
    deliver(root, rows(1, 2), flag=False)
    for minute in (5, 6):
        at(NIGHT + timedelta(minutes=minute))
        night(figures)
    assert [one.state for one in night(figures)] == [ArrivalState.REPLACED, ArrivalState.IMPORTED]


def test_a_file_that_cannot_be_read_says_why(figures: Session, feed: Feed, root: Path) -> None:
    deliver(root, "")
    [failed] = night(figures)
    assert (failed.state, failed.message) == (ArrivalState.FAILED, "文件是空的。")


@pytest.mark.requirement("7.28")
def test_a_kill_between_the_import_and_the_move_imports_nothing_twice(
    figures: Session, feed: Feed, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = deliver(root, rows(1, 2))
    with monkeypatch.context() as dying:
        dying.setattr(inbox_files, "put_away", lambda *_: False)
        assert states(figures) == [ArrivalState.IMPORTED]
    assert file.exists()
    assert states(figures) == [ArrivalState.IMPORTED]
    assert not file.exists()
    assert counting(figures) == 1


def test_a_kill_before_the_arrival_is_noted_leaves_the_file_for_the_next_scan(
    figures: Session, feed: Feed, root: Path
) -> None:
    deliver(root, rows(1, 2))
    figures.commit()
    assert jobs.scan(figures, clock.now()) == 1
    figures.rollback()
    assert figures.scalar(select(func.count()).select_from(Arrival)) == 0
    assert states(figures) == [ArrivalState.IMPORTED]


# ---------------------------------------------------------------- what must not be trusted


def test_links_folders_and_foreign_names_are_never_followed(
    figures: Session, feed: Feed, root: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(rows(9), encoding="utf-8")
    link = root / f"dep_{DAY:%Y%m%d}.csv"
    link.symlink_to(secret)
    (root / f"{link.name}.ok").touch()
    (root / "dep_20261009.csv").mkdir()
    (root / "strange.exe").touch()
    [arrival] = night(figures)
    assert arrival.state is ArrivalState.FAILED
    assert secret.exists()
    assert counting(figures) == 0
    assert (root / "strange.exe").exists()


def test_a_hard_link_and_a_pipe_are_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("x")
    os.link(tmp_path / "own", root / "linked.csv")
    os.mkfifo(root / "pipe.csv")
    assert [bool(one.fault) for one in inbox_files.sights(root)] == [True, True]


def test_a_file_of_a_stranger_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "dep.csv").write_text("x")
    real = os.getuid()
    told = inbox_files._fault("dep.csv", (root / "dep.csv").stat(), {real + 1})
    assert told is not None
    assert inbox_files._fault("dep.csv", (root / "dep.csv").stat(), {real}) is None


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_time(root: Path) -> None:
    (root / "dep.csv").write_text("one")
    [sight] = inbox_files.sights(root)
    reading = inbox_files.reading(root, sight)
    reading.__enter__()
    (root / "dep.csv").write_text("another")
    with pytest.raises(Refused):
        reading.__exit__(None, None, None)
    (root / "dep.csv").unlink()
    (root / "dep.csv").symlink_to("/etc/passwd")
    with pytest.raises(Refused), inbox_files.reading(root, sight):
        pass


def test_two_scans_never_work_together(root: Path, figures: Session, feed: Feed) -> None:
    deliver(root, rows(1))
    figures.commit()
    with inbox_files.alone(root) as mine:
        assert mine
        assert jobs.scan(figures, clock.now()) == 0
    assert jobs.scan(figures, clock.now()) == 1


# ---------------------------------------------------------------- redelivery, reversal, shortness


@pytest.mark.requirement("7.28")
def test_a_snapshot_that_comes_again_replaces_the_earlier_one(
    figures: Session, feed: Feed, root: Path
) -> None:
    deliver(root, rows(1, 2))
    night(figures)
    deliver(root, rows(5, 6))
    assert states(figures) == [ArrivalState.REPLACED, ArrivalState.IMPORTED]
    model = figures.scalars(select(DataModel)).one()
    assert sorted(row["balance"] for row in records(figures, model)[0]) == [5, 6]
    deliver(root, rows(5, 6))
    again = night(figures)
    assert [one.state for one in again] == [ArrivalState.REPLACED, ArrivalState.IMPORTED]
    assert "又送来一次" in again[-1].message


def test_a_delta_that_comes_again_is_refused_until_the_earlier_one_is_withdrawn(
    figures: Session, root: Path, at: Any
) -> None:
    model = a_model(figures, "dep", Delivery.DELTA)
    define_feed(figures, SYSTEM, a_draft(ready_pattern="{file}.ok"))
    deliver(root, rows(10, 20))
    night(figures)
    deliver(root, rows(10, 21))
    assert states(figures) == [ArrivalState.IMPORTED, ArrivalState.FAILED]
    withdraw(figures, SYSTEM, figures.scalars(select(ImportBatch)).one(), "有误", now=NIGHT)
    deliver(root, rows(10, 21))
    assert states(figures)[2:] == [ArrivalState.IMPORTED]
    assert sorted(row["balance"] for row in records(figures, model)[0]) == [10, 21]


def test_a_reversal_is_a_negative_row_of_a_later_delta(figures: Session, root: Path, at: Any) -> None:
    model = a_model(figures, "dep", Delivery.DELTA)
    define_feed(figures, SYSTEM, a_draft(ready_pattern="{file}.ok"))
    earlier = DAY - timedelta(days=8)
    deliver(
        root, f"{HEAD}a1,{DAY:%Y%m%d},100,0001\nr1,{earlier:%Y%m%d},-40,0001\nr2,{DAY:%Y%m%d},(60),0001\n"
    )
    [arrival] = night(figures)
    assert arrival.state is ArrivalState.IMPORTED
    assert sum(row["balance"] for row in records(figures, model)[0]) == 0


@pytest.mark.requirement("7.28")
def test_a_short_file_is_held_until_a_person_releases_it(
    figures: Session, feed: Feed, root: Path, at: Callable[[datetime], None]
) -> None:
    deliver(root, rows(*range(10)))
    night(figures)
    at(NIGHT + timedelta(days=1))
    following = DAY + timedelta(days=1)
    deliver(root, rows(*range(7), day=following), name="dep_20261009.csv")
    short = night(figures)[-1]
    assert short.state is ArrivalState.SHORT
    assert (short.params["rows"], short.params["before"], short.params["percent"]) == ("7", "10", "80")
    assert counting(figures) == 1
    assert alarms(figures) == [short]
    release(figures, SYSTEM, short, now=clock.now())
    assert states(figures) == [ArrivalState.IMPORTED, ArrivalState.IMPORTED]
    assert counting(figures) == 2
    with pytest.raises(Refused):
        release(figures, SYSTEM, short, now=clock.now())


def test_a_fuller_file_takes_the_place_of_one_that_is_held_back(
    figures: Session, feed: Feed, root: Path, at: Callable[[datetime], None]
) -> None:
    deliver(root, rows(*range(10)))
    night(figures)
    at(NIGHT + timedelta(days=1))
    following = DAY + timedelta(days=1)
    deliver(root, rows(1, day=following), name="dep_20261009.csv")
    night(figures)
    deliver(root, rows(*range(9), day=following), name="dep_20261009.csv")
    assert states(figures)[1:] == [ArrivalState.REPLACED, ArrivalState.IMPORTED]


def test_the_day_in_the_name_is_the_day_of_the_data(figures: Session, feed: Feed, root: Path) -> None:
    deliver(root, rows(1, day=DAY - timedelta(days=1)))
    assert states(figures) == [ArrivalState.FAILED]


def test_bad_rows_fail_the_file_and_are_kept_for_mending(figures: Session, feed: Feed, root: Path) -> None:
    deliver(root, rows(1) + f"a9,{DAY:%Y%m%d},many,0001\n")
    [arrival] = night(figures)
    assert arrival.state is ArrivalState.FAILED
    assert arrival.upload is not None
    assert arrival.upload.rejects is not None
    assert (arrival.params["rows"], arrival.params["bad"]) == ("2", "1")


@pytest.mark.parametrize(
    ("day", "rhythm"), [("20270101", "daily"), ("20261007", "daily"), ("20261008", "monthly")]
)
def test_a_day_that_cannot_be_is_refused(
    figures: Session, root: Path, at: Any, day: str, rhythm: str
) -> None:
    a_model(figures, "dep", Delivery.SNAPSHOT)
    define_feed(figures, SYSTEM, a_draft(ready_pattern="{file}.ok", rhythm=Rhythm(rhythm)))
    deliver(root, rows(1), name=f"dep_{day}.csv")
    assert states(figures) == [ArrivalState.FAILED]


# ---------------------------------------------------------------- alarms


@pytest.mark.requirement("7.28")
def test_a_missing_file_is_an_alarm_after_its_time_and_no_more_when_it_comes(
    figures: Session, feed: Feed, root: Path, at: Callable[[datetime], None]
) -> None:
    assert night(figures) == []
    at(datetime(2026, 10, 8, 22, 1, tzinfo=UTC))  # 06:01
    [missing] = night(figures)
    assert missing.state is ArrivalState.MISSING
    assert states(figures) == [ArrivalState.MISSING]
    assert alarms(figures) == [missing]
    deliver(root, rows(1))
    assert states(figures) == [ArrivalState.IMPORTED]
    assert alarms(figures) == []


def test_nobody_is_alarmed_on_a_holiday(figures: Session, feed: Feed, at: Callable[[datetime], None]) -> None:
    figures.add(CalendarDay(day=date(2026, 10, 9), working=False, name="行庆"))
    at(datetime(2026, 10, 11, 12, tzinfo=UTC))  # Sunday night
    assert night(figures) == []
    at(datetime(2026, 10, 11, 22, 1, tzinfo=UTC))  # Monday 06:01
    assert [one.day for one in night(figures)] == [DAY]


def test_an_alarm_is_dismissed_with_a_reason(
    figures: Session, feed: Feed, at: Callable[[datetime], None]
) -> None:
    at(datetime(2026, 10, 9, 1, tzinfo=UTC))
    [missing] = night(figures)
    with pytest.raises(Refused):
        dismiss(figures, SYSTEM, missing, " ", now=clock.now())
    dismiss(figures, SYSTEM, missing, "系统停机，无数据", now=clock.now())
    assert alarms(figures) == []
    with pytest.raises(Refused):
        dismiss(figures, SYSTEM, missing, "再来", now=clock.now())
    assert states(figures) == [ArrivalState.MISSING]


def test_an_import_that_breaks_off_is_tried_again_and_fails_in_the_end(
    figures: Session, feed: Feed, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lms.indicators import services

    def broken(*_: Any, **__: Any) -> None:
        raise services.Overtaken("其他批次生效")

    monkeypatch.setattr(services, "commit", broken)
    deliver(root, rows(1))
    assert states(figures) == [ArrivalState.FAILED]
    [arrival] = figures.scalars(select(Arrival)).all()
    assert arrival.params["tries"] == 5
