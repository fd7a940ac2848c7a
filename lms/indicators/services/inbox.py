"""The nightly inbox: from a file in a directory to an import, once, whatever is killed in between.

The content is kept first, then one transaction notes the arrival and queues its import; the file itself is
moved only when its outcome is recorded. A kill leaves the file where it is, and the next scan knows it by its
mark: noted already, so it is only put away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.compute
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import clock, files, inbox_files
from lms.core.audit import Acting, Actor, record
from lms.core.dated import valid_on
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.core.inbox_files import Sight
from lms.core.jobs import Job, enqueue
from lms.core.textfile import Column, Kind, Options, read
from lms.indicators.models import Arrival, Feed, ImportMapping, ImportUpload
from lms.indicators.rules import BatchState, Held, UploadDraft
from lms.indicators.rules.control import LONGEST, Control, control_problems, parse_control
from lms.indicators.rules.feeds import companion, day_in, is_short
from lms.indicators.rules.kinds import ArrivalState, Delivery, Rhythm
from lms.indicators.services import feeds
from lms.indicators.services.pipeline import LIMIT, Findings, columns_of, options_of, receive, rejects

STILL = timedelta(seconds=30)
"""A file without control file and ready flag must stay the same for so long."""
TRIES = 5
JOB = "inbox.file"
_FINAL = (ArrivalState.IMPORTED, ArrivalState.FAILED, ArrivalState.REPLACED)


def root() -> Path:
    """Return the directory into which other systems deliver."""
    return inbox_files.inbox_root()


@dataclass(frozen=True)
class Found:
    """A file that belongs to a feed and a day, and what is to be done with it now."""

    feed_id: int
    day: date
    sight: Sight
    control: Sight | None = None
    fault: Problem | None = None
    settled: bool = True
    """Whether it may be taken; otherwise it is only noted, to see whether it stands still."""


@dataclass(frozen=True)
class Away:
    """A file whose outcome is recorded, to be moved with what came beside it."""

    sight: Sight
    folder: str
    prefix: str
    beside: Sequence[Sight] = ()


@dataclass(frozen=True)
class Look:
    """What one look at the inbox shows; `unready`: files whose control file or ready flag has not come."""

    found: Sequence[Found] = ()
    away: Sequence[Away] = ()
    unknown: Sequence[str] = ()
    unready: Sequence[feeds.Unready] = ()


# ---------------------------------------------------------------- looking


def look(session: Session, *, now: datetime) -> Look:
    """Look at every file and say what is to be done; writes nothing."""
    lying = {sight.name: sight for sight in inbox_files.sights(root())}
    listed = list(session.scalars(feeds.feeds(active=True)))
    known: list[tuple[Feed, date, Sight]] = []
    unknown: list[str] = []
    companions: set[str] = set()
    for sight in lying.values():
        of = [(feed, day) for feed in listed if (day := day_in(feed.file_pattern, sight.name))]
        if len(of) == 1:
            known.append((*of[0], sight))
            companions |= {name for name in _beside(*of[0], sight.name) if name}
        else:
            unknown.append(sight.name)
    newest = _newest(session, [(feed.id, day) for feed, day, _ in known])
    found, away, unready = [], [], []
    for feed, day, sight in known:
        arrivals = newest.get((feed.id, day), [])
        noted = next((one for one in arrivals if one.params.get("mark") == sight.mark), None)
        if noted is not None and noted.state in _FINAL:
            away.append(_away(feed, day, noted, sight, lying, listed, newest))
        elif noted is None or noted.upload_id is None:
            if one := _found(feed, day, sight, lying, noted, arrivals, now=now):
                found.append(one)
            elif lacking := _lacking(feed, day, sight, lying):
                unready.append(feeds.Unready(feed.id, day, sight.name, lacking))
    return Look(found, away, sorted(set(unknown) - companions), unready)


def _lacking(feed: Feed, day: date, sight: Sight, lying: Mapping[str, Sight]) -> str:
    """Return the name of the control file or ready flag that a file still waits for."""
    control, ready = _beside(feed, day, sight.name)
    if control and (control not in lying or not lying[control].size):
        return control
    return ready if ready and ready not in lying else ""


def _beside(feed: Feed, day: date, name: str) -> list[str]:
    return [
        companion(pattern, name, day) if pattern else ""
        for pattern in (feed.control_pattern, feed.ready_pattern)
    ]


def _newest(session: Session, keys: Sequence[tuple[int, date]]) -> dict[tuple[int, date], list[Arrival]]:
    """Return the attempts of the feeds' days, the newest first."""
    days = sorted({day for _, day in keys})
    found: dict[tuple[int, date], list[Arrival]] = {}
    for at in range(0, len(days), 500):
        rows = session.scalars(
            select(Arrival).where(Arrival.day.in_(days[at : at + 500])).order_by(Arrival.attempt.desc())
        )
        for one in rows:
            found.setdefault((one.feed_id, one.day), []).append(one)
    return found


def _found(
    feed: Feed,
    day: date,
    sight: Sight,
    lying: Mapping[str, Sight],
    noted: Arrival | None,
    arrivals: Sequence[Arrival],
    *,
    now: datetime,
) -> Found | None:
    if any(one.state is ArrivalState.WAITING and one.upload_id is not None for one in arrivals):
        return None  # the earlier file of this day is being imported: this one comes next
    fault = sight.fault or _wrong_day(feed, day, now)
    if fault:
        return Found(feed.id, day, sight, fault=Problem(fault))
    if _lacking(feed, day, sight, lying):
        return None
    control = lying.get(_beside(feed, day, sight.name)[0])
    if sight.size > LIMIT:
        return Found(feed.id, day, sight, fault=_too_large())
    flagged = bool(feed.ready_pattern or feed.control_pattern)
    still = noted is not None and now - noted.seen_at >= STILL
    if not flagged and noted is not None and not still:
        return None
    return Found(feed.id, day, sight, control, settled=flagged or still)


def _too_large() -> Problem:
    return Problem(N_("文件超过 %(limit)s MB，请按月份拆分后再上传。"), {"limit": LIMIT >> 20})


def _wrong_day(feed: Feed, day: date, now: datetime) -> str | None:
    if day > clock.local_day(now):
        return N_("文件的数据日期在将来。")
    if day < feed.starts_on:
        return N_("文件的数据日期早于开始日期。")
    if feed.rhythm is Rhythm.MONTHLY and (day + timedelta(days=1)).day != 1:
        return N_("这是按月送的文件，数据日期应是月末。")
    return None


def _away(
    feed: Feed,
    day: date,
    arrival: Arrival,
    sight: Sight,
    lying: Mapping[str, Sight],
    listed: Sequence[Feed],
    newest: Mapping[tuple[int, date], Sequence[Arrival]],
) -> Away:
    folder = "failed" if arrival.state is ArrivalState.FAILED else "done"
    beside = []
    for name in _beside(feed, day, sight.name):
        shared = [one for one in listed if one.id != feed.id and name in _beside(one, day, sight.name)]
        over = all((attempts := newest.get((one.id, day))) and attempts[0].state in _FINAL for one in shared)
        if name in lying and over:  # a flag that others wait for stays until they are done, too
            beside.append(lying[name])
    return Away(sight, f"{folder}/{day:%Y%m%d}", str(arrival.id), beside)


def put_away(away: Sequence[Away]) -> int:
    """Move the files whose outcome is recorded; return how many."""
    done = 0
    for one in away:
        if inbox_files.put_away(root(), one.sight, one.folder, one.prefix):
            done += 1
            for sight in one.beside:
                inbox_files.put_away(root(), sight, one.folder, one.prefix)
    return done


# ---------------------------------------------------------------- taking


@dataclass(frozen=True)
class Taken:
    """A file whose content is kept on disk, outside any transaction."""

    held: Held | None = None
    control: Mapping[str, Any] | None = None
    faults: Sequence[Problem] = field(default_factory=tuple)


def take_up(found: Found) -> Taken | None:
    """Keep a file's content and read its control file; None when it changed meanwhile."""
    if found.fault is not None or not found.settled:
        return Taken(faults=[found.fault] if found.fault else ())
    try:
        with inbox_files.reading(root(), found.sight) as stream:
            held = Held(*files.keep(stream))
        control = _control(found.control) if found.control else None
    except Refused:
        return None
    except Rejected as rejected:
        return Taken(faults=rejected.problems)
    return Taken(held, control)


def _control(sight: Sight) -> dict[str, Any]:
    if sight.fault:
        raise Rejected([Problem(sight.fault)])
    with inbox_files.reading(root(), sight) as stream:
        content = stream.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise Rejected([Problem(N_("控制文件过大。"))])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    control = parse_control(text)
    return {"rows": control.rows, "sums": {name: f"{value:f}" for name, value in control.sums.items()}}


def take(session: Session, found: Found, taken: Taken, *, now: datetime) -> Arrival:
    """Note a file that came and queue its import, in the caller's one transaction."""
    feed = session.get_one(Feed, found.feed_id)
    if taken.held is not None and (same := _came_before(session, feed, found, taken.held)):
        return _again(session, same, found)
    arrival = _arrival(session, feed, found, now=now)
    if taken.faults:
        return _failed(session, arrival, taken.faults[0])
    if taken.held is None:
        return arrival
    arrival.sha256, arrival.control = taken.held.sha256, dict(taken.control) if taken.control else None
    try:
        _refuse_redelivery(session, feed, arrival)
        upload = _upload(session, feed, arrival, taken.held, now=now)
    except Refused as refused:
        return _failed(session, arrival, Problem(refused.message, refused.params))
    arrival.upload_id = upload.id
    session.flush()
    _queue(session, arrival, upload, now=now)
    return arrival


def _came_before(session: Session, feed: Feed, found: Found, held: Held) -> Arrival | None:
    """Return the attempt of the day that brought the very same file and counts."""
    arrivals = feeds.arrivals_of(feed.id, found.day).where(
        Arrival.state == ArrivalState.IMPORTED, Arrival.sha256 == held.sha256
    )
    return next((one for one in session.scalars(arrivals) if _counts(one)), None)


def _counts(arrival: Arrival) -> bool:
    batches = arrival.upload.batches if arrival.upload is not None else []
    return any(batch.state is BatchState.COMMITTED for batch in batches)


def _again(session: Session, same: Arrival, found: Found) -> Arrival:
    """Note that a file came again that counts already: it is put away, and nobody is alarmed."""
    for other in session.scalars(feeds.arrivals_of(same.feed_id, same.day)):
        if other.attempt > same.attempt and other.state is ArrivalState.WAITING and other.upload_id is None:
            session.delete(other)  # it was only noted, to see whether it stands still
    same.params, same.message = (
        {**same.params, "mark": found.sight.mark},
        N_("同一个文件又送来一次，没有再导入。"),
    )
    session.flush()
    return same


def _arrival(session: Session, feed: Feed, found: Found, *, now: datetime) -> Arrival:
    """Return the attempt a file belongs to: the one that is only noted or missing, or a new one."""
    arrival = session.scalars(feeds.arrivals_of(feed.id, found.day).limit(1)).first()
    open_states = (ArrivalState.WAITING, ArrivalState.MISSING)
    if arrival is None or arrival.state not in open_states or arrival.upload_id is not None:
        if arrival is not None and arrival.state is ArrivalState.SHORT:
            _supersede(arrival)
        arrival = Arrival(
            feed_id=feed.id, day=found.day, attempt=feeds.newest_attempt(session, feed.id, found.day) + 1
        )
        session.add(arrival)
    known = arrival.params.get("mark") if arrival.params else None
    if known != found.sight.mark:
        arrival.seen_at = now
    arrival.state, arrival.message, arrival.dismissed_at = ArrivalState.WAITING, "", None
    arrival.file_name = found.sight.name[:255]
    arrival.params = {"mark": found.sight.mark}
    session.flush()
    return arrival


def _supersede(arrival: Arrival) -> None:
    """A file that was held back gives way to a newer one."""
    arrival.state = ArrivalState.REPLACED
    if arrival.upload is not None:
        arrival.upload.state = BatchState.REJECTED


def _refuse_redelivery(session: Session, feed: Feed, arrival: Arrival) -> None:
    """A day's file that came before is replaced only where the model says how.

    Raises:
        Refused: a delta would count twice.
    """
    model = feed.data_model
    if model is None or model.delivery is not Delivery.DELTA:
        return
    earlier = session.scalar(
        feeds.arrivals_of(feed.id, arrival.day).where(
            Arrival.state == ArrivalState.IMPORTED, Arrival.id != arrival.id
        ).limit(1)
    )  # fmt: skip
    if earlier is not None and _counts(earlier):
        raise Refused(N_("这一天的增量文件已经导入，重发会重复计入：请先撤回原来的批次，再重新送达。"))


def _upload(session: Session, feed: Feed, arrival: Arrival, held: Held, *, now: datetime) -> ImportUpload:
    delta = feed.data_model is not None and feed.data_model.delivery is Delivery.DELTA
    # A delta may put right what an earlier month held, so its period is the year.
    period = f"{arrival.day.year}" if delta else f"{arrival.day:%Y-%m}"
    mapping = _mapping(session, feed, arrival.day)
    draft = UploadDraft(
        kind=feed.kind,
        name=arrival.file_name,
        held=held,
        period=period,
        policy=feed.policy,
        options=Options(**mapping.options) if mapping else Options(),
        data_model_id=feed.data_model_id,
    )
    upload = receive(session, _actor(feed), draft, now=now)
    if mapping is not None:
        upload.mapping_id, upload.titles = mapping.id, mapping.titles
    return upload


def _mapping(session: Session, feed: Feed, day: date) -> ImportMapping | None:
    if not feed.mapping_name:
        return None
    wanted = select(ImportMapping).where(
        ImportMapping.name == feed.mapping_name, valid_on(ImportMapping, day)
    )
    mapping = session.scalar(wanted)
    if mapping is None:
        raise Refused(
            N_("映射“%(name)s”没有适用于 %(day)s 的版本。"), name=feed.mapping_name, day=day.isoformat()
        )
    return mapping


def _actor(feed: Feed) -> Actor:
    return Actor(label=f"inbox:{feed.code}")


def _queue(session: Session, arrival: Arrival, upload: ImportUpload, *, now: datetime) -> Job:
    actor = _actor(arrival.feed)
    args = {"upload": upload.id, "arrival": arrival.id}
    job = enqueue(session, JOB, args, actor, now=now, label=N_("导入夜间文件"))
    upload.job_id = job.id
    session.flush()
    return job


def _failed(session: Session, arrival: Arrival, problem: Problem) -> Arrival:
    arrival.state, arrival.message = ArrivalState.FAILED, problem.message[:500]
    arrival.params = {**arrival.params, **{name: str(value) for name, value in problem.params.items()}}
    session.flush()
    return arrival


# ---------------------------------------------------------------- judging


def verdict(session: Session, arrival: Arrival, findings: Findings) -> tuple[ArrivalState, Problem] | None:
    """Return why a file that reads well is not to count now; only reads."""
    upload = arrival.upload
    assert upload is not None
    problems = _control_faults(arrival, upload, findings) + _day_faults(arrival, findings)
    if problems:
        return ArrivalState.FAILED, problems[0]
    before = feeds.rows_before(session, arrival)
    released = bool(arrival.params.get("released"))
    if not released and is_short(findings.rows, before, arrival.feed.shortest_percent):
        message = N_("有 %(rows)s 行，上一次有 %(before)s 行，少于 %(percent)s%%。")
        percent = f"{(arrival.feed.shortest_percent or Decimal(0)).normalize():f}"
        return ArrivalState.SHORT, Problem(
            message, {"rows": findings.rows, "before": before, "percent": percent}
        )
    return None


def _control_faults(arrival: Arrival, upload: ImportUpload, findings: Findings) -> list[Problem]:
    if not arrival.control:
        return []
    told = arrival.control
    control = Control(told["rows"], {name: Decimal(value) for name, value in told["sums"].items()})
    try:
        sums = _sums(upload, list(control.sums)) if control.sums else {}
    except Rejected as rejected:
        return list(rejected.problems)
    return control_problems(control, findings.rows, sums)


def _sums(upload: ImportUpload, columns: Sequence[str]) -> dict[str, Decimal]:
    """Return what columns add up to as the file writes them, in whatever unit that is."""
    spelt = {column.name: column.titles for column in columns_of(upload)}
    mapped = {name: (title,) for name, title in (upload.titles or {}).items()}
    wanted = [
        Column(f"sum_{at}", mapped.get(name) or spelt.get(name) or (name,), Kind.NUMBER, blank=True)
        for at, name in enumerate(columns)
    ]
    sheet = read(files.read(upload.stored_file), wanted, options_of(upload))
    total: Any = pyarrow.compute.sum
    return {
        name: total(sheet.table.column(f"sum_{at}")).as_py() or Decimal(0) for at, name in enumerate(columns)
    }


def _day_faults(arrival: Arrival, findings: Findings) -> list[Problem]:
    """A snapshot is of one day, the day in its name."""
    model = arrival.feed.data_model
    if model is None or model.delivery is not Delivery.SNAPSHOT:
        return []
    for part in findings.parts:
        if part.first_day != arrival.day or part.last_day != arrival.day:
            params = {
                "first": str(part.first_day),
                "last": str(part.last_day),
                "day": arrival.day.isoformat(),
            }
            message = N_("文件名的日期是 %(day)s，数据却是 %(first)s 至 %(last)s 的。")
            return [Problem(message, params)]
    return []


def hold_back(arrival: Arrival, state: ArrivalState, problem: Problem) -> None:
    """Keep a file from counting: failed for good, or short until a person releases it."""
    arrival.state, arrival.message = state, problem.message[:500]
    arrival.params = {**arrival.params, **{name: str(value) for name, value in problem.params.items()}}
    if state is ArrivalState.FAILED and arrival.upload is not None:
        arrival.upload.state = BatchState.REJECTED


def conclude(session: Session, arrival: Arrival) -> None:
    """Note what became of an import; an earlier file of the day is replaced by it."""
    upload = arrival.upload
    assert upload is not None
    if arrival.state is not ArrivalState.WAITING:
        return
    if upload.state is not BatchState.COMMITTED:
        hold_back(arrival, ArrivalState.FAILED, _why_not(upload))
        return
    arrival.state = ArrivalState.IMPORTED
    for earlier in session.scalars(feeds.arrivals_of(arrival.feed_id, arrival.day)):
        if earlier.id != arrival.id and earlier.state is ArrivalState.IMPORTED:
            earlier.state = ArrivalState.REPLACED
    session.flush()


def _why_not(upload: ImportUpload) -> Problem:
    """Return what is wrong with a file as a whole, or how many of its rows are bad."""
    first = next((one.problem for one in rejects(upload, per_page=1)[0]), None)
    if first is not None and not upload.rejected:
        return first
    return Problem(
        N_("没有导入：%(rows)s 行，%(bad)s 行有误。"), {"rows": upload.rows, "bad": upload.rejected}
    )


def give_up(session: Session, arrival: Arrival, job: Job, *, now: datetime) -> None:
    """Try a broken-off import again, or say why it failed after so many tries."""
    upload, tries = arrival.upload, int(arrival.params.get("tries", 0)) + 1
    arrival.params = {**arrival.params, "tries": tries}
    if upload is not None and upload.state is BatchState.DRAFT and tries < TRIES and not job.cancel_asked:
        _queue(session, arrival, upload, now=now)
        return
    message = job.message or N_("导入没有完成。")
    hold_back(arrival, ArrivalState.FAILED, Problem(message, job.message_params or {}))


def release(session: Session, actor: Acting, arrival: Arrival, *, now: datetime) -> None:
    """Let a file that was held back for being short be imported after all.

    Raises:
        Refused: when it is not held back.
    """
    if arrival.state is not ArrivalState.SHORT or arrival.upload is None or arrival.dismissed_at is not None:
        raise Refused(N_("这个文件没有被扣住。"))
    arrival.state, arrival.message = ArrivalState.WAITING, ""
    arrival.params = {**arrival.params, "released": actor.actor.label}
    record(session, actor, "admin:feed:release", f"arrival:{arrival.id}", file=arrival.file_name)
    _queue(session, arrival, arrival.upload, now=now)
