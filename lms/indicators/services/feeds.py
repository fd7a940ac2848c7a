"""Feeds: which files are expected, what came of them day by day, and what somebody must look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from lms.access.actions import Action
from lms.access.services import Person
from lms.core import calendar, clock
from lms.core.audit import Acting, record
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_, pick
from lms.core.todo import Todo
from lms.indicators.models import Arrival, Balance, DataModel, Feed, ImportUpload
from lms.indicators.rules.feeds import FeedDraft, Worked, could_clash, due_day, expects, feed_problems
from lms.indicators.rules.kinds import ArrivalState, BatchState, FieldRole
from lms.indicators.services.datamodels import fields_in_force, find_model

LOOKED_BACK = 45
"""So many days back a file that never came is found missing."""
ALARMS = (ArrivalState.MISSING, ArrivalState.SHORT, ArrivalState.FAILED)
MOST_TODOS = 5


def feeds(*, active: bool = False) -> Select[Feed]:
    """Return the select of feeds with their models, by code."""
    found = select(Feed).options(joinedload(Feed.data_model)).order_by(Feed.code)
    return found.where(Feed.active) if active else found


def define_feed(session: Session, actor: Acting, draft: FeedDraft) -> Feed:
    """Expect a file from now on.

    Raises:
        Rejected: with everything that is wrong with it.
    """
    model = _checked(session, draft, None)
    feed = Feed(**_values(draft, model))
    session.add(feed)
    session.flush()
    record(session, actor, "admin:feed:define", f"feed:{feed.id}", code=feed.code)
    return feed


def revise_feed(session: Session, actor: Acting, feed: Feed, draft: FeedDraft) -> None:
    """Change how a file is expected; its code stays.

    Raises:
        Rejected: as `define_feed`.
    """
    draft = replace(draft, code=feed.code)
    for name, value in _values(draft, _checked(session, draft, feed)).items():
        setattr(feed, name, value)
    session.flush()
    record(session, actor, "admin:feed:revise", f"feed:{feed.id}", code=feed.code, active=feed.active)


def _checked(session: Session, draft: FeedDraft, feed: Feed | None) -> DataModel | None:
    model = find_model(session, draft.data_model) if draft.data_model else None
    has_day = model is not None and any(one.role is FieldRole.DAY for one in fields_in_force(model))
    problems = feed_problems(draft, model.delivery if model else None, has_day=has_day)
    others = [one for one in session.scalars(feeds()) if feed is None or one.id != feed.id]
    if any(one.code == draft.code for one in others):
        problems.append(Problem(N_("代码 %(code)s 已存在。"), {"code": draft.code}, field="code"))
    for one in others:
        if one.active and draft.active and could_clash(one.file_pattern, draft.file_pattern):
            message = N_("文件名会与 %(code)s 的文件混淆。")
            problems.append(Problem(message, {"code": one.code}, field="file_pattern"))
    if problems:
        raise Rejected(problems)
    return model


def _values(draft: FeedDraft, model: DataModel | None) -> dict[str, object]:
    return {
        "code": draft.code,
        "name_zh": draft.name_zh.strip(),
        "name_en": draft.name_en,
        "kind": draft.kind,
        "data_model_id": model.id if model else None,
        "mapping_name": draft.mapping_name,
        "file_pattern": draft.file_pattern,
        "control_pattern": draft.control_pattern,
        "ready_pattern": draft.ready_pattern,
        "rhythm": draft.rhythm,
        "due_days": draft.due_days,
        "due_minutes": draft.due_minutes,
        "shortest_percent": draft.shortest_percent,
        "policy": draft.policy,
        "starts_on": draft.starts_on,
        "active": draft.active,
    }


# ---------------------------------------------------------------- days


def working_days(session: Session) -> Worked:
    """Return the question whether a day is worked, with the holidays read once."""
    known = calendar.exceptions(session)
    return lambda day: calendar.is_working_day(day, known)


def due_at(feed: Feed, day: date, worked: Worked) -> datetime:
    """Return the moment from which the file of a day is missing."""
    return clock.midnight(due_day(day, feed.due_days, worked)) + timedelta(minutes=feed.due_minutes)


def newest_arrivals(session: Session, first: date, after: date) -> dict[tuple[int, date], Arrival]:
    """Return what became last of each feed's file of each day of `[first, after)`."""
    rows = session.scalars(
        select(Arrival).where(Arrival.day >= first, Arrival.day < after).order_by(Arrival.attempt, Arrival.id)
    )
    return {(one.feed_id, one.day): one for one in rows}


@dataclass(frozen=True)
class Square:
    """A feed's file of one day on the calendar; `due` tells when, for one that is still expected."""

    day: date
    expected: bool
    arrival: Arrival | None
    due: datetime | None


def calendar_of(
    session: Session, listed: Sequence[Feed], first: date, after: date
) -> dict[int, list[Square]]:
    """Return by feed the squares of the days `[first, after)`."""
    worked, came = working_days(session), newest_arrivals(session, first, after)
    days = [first + timedelta(days=at) for at in range((after - first).days)]
    return {
        feed.id: [
            Square(
                day,
                expected := feed.active and day >= feed.starts_on and expects(feed.rhythm, day, worked),
                came.get((feed.id, day)),
                due_at(feed, day, worked) if expected else None,
            )
            for day in days
        ]
        for feed in listed
    }


def missing(session: Session, now: datetime) -> list[tuple[Feed, date]]:
    """Return the files that are due, have not come, and of which nobody was told yet."""
    today = clock.local_day(now)
    begin = today - timedelta(days=LOOKED_BACK)
    listed = list(session.scalars(feeds(active=True)))
    squares = calendar_of(session, listed, begin, today + timedelta(days=1))
    return [
        (feed, square.day)
        for feed in listed
        for square in squares[feed.id]
        if square.expected and square.arrival is None and square.due is not None and square.due <= now
    ]


def note_missing(session: Session, found: Sequence[tuple[Feed, date]], *, now: datetime) -> int:
    """Raise the alarm for files that did not come; return for how many."""
    session.add_all(
        Arrival(
            feed_id=feed.id,
            day=day,
            attempt=1,
            state=ArrivalState.MISSING,
            message=N_("到了最迟时间，文件还没有来。"),
            params={},
            seen_at=now,
        )
        for feed, day in found
    )
    session.flush()
    return len(found)


@dataclass(frozen=True)
class Unready:
    """A file that lies there and may not be read, because what is to come beside it has not come."""

    feed_id: int
    day: date
    file: str
    lacking: str

    @property
    def params(self) -> dict[str, str]:
        """What the alarm tells."""
        return {"file": self.file, "lacking": self.lacking}


def alarmed_unready(session: Session, found: Sequence[Unready]) -> list[tuple[Arrival, Unready]]:
    """Return the alarms for missing files that do not tell yet that only something beside the file lacks."""
    if not found:
        return []
    by_key = {(one.feed_id, one.day): one for one in found}
    missing = select(Arrival).where(
        Arrival.state == ArrivalState.MISSING,
        Arrival.dismissed_at.is_(None),
        Arrival.day.in_({one.day for one in found}),
    )
    pairs = [(one, by_key.get((one.feed_id, one.day))) for one in session.scalars(missing)]
    return [(one, why) for one, why in pairs if why is not None and one.params != why.params]


def note_unready(session: Session, found: Sequence[Unready]) -> int:
    """Let the alarms tell what lacks; return how many."""
    alarmed = alarmed_unready(session, found)
    for arrival, why in alarmed:
        arrival.message, arrival.params = N_("文件 %(file)s 到了，但还缺 %(lacking)s，没有读取。"), why.params
    session.flush()
    return len(alarmed)


# ---------------------------------------------------------------- alarms


def alarms(session: Session) -> list[Arrival]:
    """Return what somebody must look at: missing, short and failed files, the oldest day first."""
    later = aliased(Arrival)
    followed = select(later.id).where(
        later.feed_id == Arrival.feed_id, later.day == Arrival.day, later.attempt > Arrival.attempt
    )
    wanted = (
        select(Arrival)
        .join(Feed, Feed.id == Arrival.feed_id)
        .where(Arrival.state.in_(ALARMS), Arrival.dismissed_at.is_(None), Feed.active, ~followed.exists())
        .options(joinedload(Arrival.feed), joinedload(Arrival.upload))
        .order_by(Arrival.day, Arrival.feed_id)
    )
    return list(session.scalars(wanted))


def arrivals_of(feed_id: int, day: date) -> Select[Arrival]:
    """Return the select of all attempts of a feed's day, the newest first."""
    return (
        select(Arrival)
        .where(and_(Arrival.feed_id == feed_id, Arrival.day == day))
        .options(joinedload(Arrival.feed), joinedload(Arrival.upload))
        .order_by(Arrival.attempt.desc())
    )


def dismiss(session: Session, actor: Acting, arrival: Arrival, reason: str, *, now: datetime) -> None:
    """Say with a reason that nothing more is to be done about an alarm.

    Raises:
        Refused: without a reason, or when it is no alarm.
    """
    if not reason.strip():
        raise Refused(N_("请写明理由。"))
    if arrival.state not in ALARMS or arrival.dismissed_at is not None:
        raise Refused(N_("这不是待处理的告警。"))
    arrival.dismissed_at = now
    arrival.params = {**arrival.params, "dismissed": reason.strip()[:500], "by": actor.actor.label}
    if arrival.state is ArrivalState.SHORT and arrival.upload is not None:
        arrival.upload.state = BatchState.REJECTED
    session.flush()
    record(session, actor, "admin:feed:dismiss", f"arrival:{arrival.id}", reason=reason.strip()[:500])


def todo(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return the alarms of the inbox and of the last balance for whoever looks after feeds."""
    found: list[Todo] = []
    if person.can(Action.FEED_VIEW):
        found += _alarm_todos(alarms(session), person.language)
    if person.can(Action.BALANCE_VIEW):
        last = session.scalar(select(Balance).order_by(Balance.day.desc()).limit(1))
        if last is not None and (last.differences or last.suspended):
            found.append(
                Todo(
                    title=N_("%(day)s 对账：%(n)s 个机构不平，%(rows)s 条记录挂账"),
                    params={"day": last.day.isoformat(), "n": last.differences, "rows": last.suspended},
                    url_endpoint="admin.balance",
                    url_args={"day": last.day.isoformat()},
                    kind="balance",
                )
            )
    return found


TITLES = {
    ArrivalState.MISSING: N_("文件未到：%(feed)s，%(day)s"),
    ArrivalState.SHORT: N_("文件行数偏少，等待放行：%(feed)s，%(day)s"),
    ArrivalState.FAILED: N_("文件导入失败：%(feed)s，%(day)s"),
}


def _alarm_todos(found: Sequence[Arrival], language: str) -> list[Todo]:
    told = [
        Todo(
            title=TITLES[one.state],
            params={"feed": pick(one.feed, "name", language), "day": one.day.isoformat()},
            url_endpoint="admin.arrival",
            url_args={"arrival_id": one.id},
            kind="arrival",
        )
        for one in found[:MOST_TODOS]
    ]
    if len(found) > MOST_TODOS:
        told.append(
            Todo(
                title=N_("夜间文件另有 %(n)s 项告警"),
                params={"n": len(found) - MOST_TODOS},
                url_endpoint="admin.feeds",
                kind="arrival",
            )
        )
    return told


def rows_before(session: Session, arrival: Arrival) -> int | None:
    """Return how many rows the file before this one had."""
    return session.scalar(
        select(ImportUpload.rows)
        .join(Arrival, Arrival.upload_id == ImportUpload.id)
        .where(
            Arrival.feed_id == arrival.feed_id,
            Arrival.day < arrival.day,
            or_(Arrival.state == ArrivalState.IMPORTED, Arrival.state == ArrivalState.REPLACED),
        )
        .order_by(Arrival.day.desc(), Arrival.attempt.desc())
        .limit(1)
    )


def newest_attempt(session: Session, feed_id: int, day: date) -> int:
    """Return the number of the last attempt of a feed's day, 0 when there was none."""
    wanted = select(func.max(Arrival.attempt)).where(Arrival.feed_id == feed_id, Arrival.day == day)
    return session.scalar(wanted) or 0
