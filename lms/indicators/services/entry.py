"""Typing values by hand: what stands in a grid, writing what was changed, and what was there before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from lms.core.audit import Acting, record
from lms.core.clock import SHANGHAI, local_day
from lms.core.errors import Problem, Refused, Rejected
from lms.core.files import StoredFile
from lms.core.i18n import N_
from lms.indicators.models import Indicator, TypedValue
from lms.indicators.rules import Flag, IndicatorSet, Source
from lms.indicators.rules.entry import Change, Content, Key, Present, fault_of, written
from lms.indicators.services.formulas import derive_later
from lms.indicators.services.indicators import spec_of
from lms.indicators.services.provenance import actuals
from lms.people.models import Employee

BLOCK = 500
LATER = N_("%(who)s 已于 %(when)s 把该值改为“%(value)s”。请核对：再次保存将以您的值取代它。")


@dataclass(frozen=True)
class Frame:
    """What may be typed: these people's values of these indicators on a day."""

    day: date
    employees: Sequence[Employee]
    indicators: Sequence[Indicator]

    @property
    def people(self) -> dict[str, Employee]:
        """The people by the subject of their cells."""
        return {f"e{employee.id}": employee for employee in self.employees}

    @property
    def kinds(self) -> dict[int, Indicator]:
        """The indicators by id."""
        return {indicator.id: indicator for indicator in self.indicators}


def cell_name(key: Key) -> str:
    """Return what a cell is called in a form and in the field of its problem."""
    return f"{key[0]}-{key[1]}"


def typable(indicator_set: IndicatorSet | None = None) -> Select[Indicator]:
    """Return the select of the indicators whose values may be typed, by code."""
    chosen = select(Indicator).where(Indicator.by_hand).order_by(Indicator.code)
    return chosen if indicator_set is None else chosen.where(Indicator.indicator_set == indicator_set)


def standing(session: Session, frame: Frame, *, at: Collection[Key] | None = None) -> dict[Key, TypedValue]:
    """Return the newest typed row of each cell; one without a value was taken back."""
    people = sorted({int(key[0][1:]) for key in at or ()} or {one.id for one in frame.employees})
    found: dict[Key, TypedValue] = {}
    for first in range(0, len(people), BLOCK):
        rows = session.scalars(
            select(TypedValue).where(
                TypedValue.superseded_at.is_(None),
                TypedValue.day == frame.day,
                TypedValue.employee_id.in_(people[first : first + BLOCK]),
                TypedValue.indicator_id.in_([one.id for one in frame.indicators]),
            )
        )
        found.update({(f"e{row.employee_id}", row.indicator_id): row for row in rows})
    return found


def present_values(session: Session, frame: Frame) -> dict[Key, Present]:
    """Return what counts in each cell: what was typed, else what was imported for that day."""
    if not frame.employees or not frame.indicators:
        return {}
    subject = {employee.number: f"e{employee.id}" for employee in frame.employees}
    by_code = {indicator.code: indicator.id for indicator in frame.indicators}
    sums: dict[Key, Decimal] = {}
    flags: dict[Key, Any] = {}
    table = actuals(session, list(subject), list(by_code), frame.day, frame.day + timedelta(days=1))
    for row in table.to_pylist():
        if row["source"] == Source.IMPORTED:
            key = (subject[row["employee_number"]], by_code[row["indicator"]])
            sums[key] = sums.get(key, Decimal(0)) + row["value"]
            flags[key] = row["flag"]
    kinds = frame.kinds
    present = {
        key: Present(Content(value, _change_flag(kinds[key[1]], flags[key])), imported=True)
        for key, value in sums.items()
    }
    for key, typed in standing(session, frame).items():
        if typed.value is None:
            before = present.get(key, Present())
            present[key] = Present(before.content, typed.id, before.imported)
        else:
            present[key] = Present(Content(typed.value, typed.flag), typed.id)
    return present


def _change_flag(indicator: Indicator, flag: str | None) -> Flag | None:
    return Flag(flag) if flag and indicator.indicator_set is IndicatorSet.CHANGE else None


def type_values(
    session: Session,
    actor: Acting,
    frame: Frame,
    changes: Sequence[Change],
    *,
    reason: str,
    attachment: StoredFile | None = None,
    now: datetime,
) -> int:
    """Write changed cells, all or none; what was there before stays as history. Return how many.

    Raises:
        Refused: no reason, nothing changed, a future day, or a cell that may not be typed.
        Rejected: cells with bad values, or that somebody else changed meanwhile; the field names the cell.
    """
    reason = reason.strip()
    if not reason:
        raise Refused(N_("请写明录入理由。"))
    if not changes:
        raise Refused(N_("没有改动任何值。"))
    if frame.day > local_day(now):
        raise Refused(N_("不能录入将来日期的值。"))
    _refuse_foreign(actor, frame, changes)
    current = standing(session, frame, at=[one.key for one in changes])
    problems = [problem for one in changes if (problem := _problem(frame, one, current.get(one.key)))]
    if problems:
        raise Rejected(problems)
    _write(session, actor, frame, changes, reason[:500], attachment, now)
    record(
        session,
        actor,
        "indicators:value:type",
        f"day:{frame.day.isoformat()}",
        values=len(changes),
        indicators=sorted({frame.kinds[one.key[1]].code for one in changes}),
        people=sorted({frame.people[one.key[0]].number for one in changes})[:BLOCK],
        reason=reason[:500],
        attachment=attachment.sha256 if attachment else None,
    )
    codes = {frame.kinds[one.key[1]].code for one in changes}
    days = (frame.day, frame.day + timedelta(days=1))
    derive_later(session, actor, f"typed_values:{frame.day.isoformat()}", codes, days, now=now)
    return len(changes)


def _refuse_foreign(actor: Acting, frame: Frame, changes: Sequence[Change]) -> None:
    people, kinds, own = frame.people, frame.kinds, f"e{actor.actor.employee_id}"
    for one in changes:
        subject, indicator_id = one.key
        if subject == own:
            raise Refused(N_("不能录入自己的指标值。"))
        if subject not in people or indicator_id not in kinds:
            raise Refused(N_("表中有不属于该机构的人员或指标，没有保存任何值。"))
        if not kinds[indicator_id].by_hand:
            raise Refused(N_("指标 %(code)s 不允许人工录入。"), code=kinds[indicator_id].code)


def _problem(frame: Frame, change: Change, row: TypedValue | None) -> Problem | None:
    name = cell_name(change.key)
    if row is not None and row.id != change.seen:
        when = row.typed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        detail = {"who": row.actor_label, "when": when, "value": written(row.value)}
        return Problem(LATER, detail, field=name)
    if row is None and change.seen:
        return Problem(N_("该值已有变动，请刷新后核对。"), field=name)
    if change.new.value is None and (row is None or row.value is None):
        return Problem(N_("导入的值不能在这里清空；如确有错误，请管理员隐藏该值。"), field=name)
    fault = fault_of(change.new, spec_of(frame.kinds[change.key[1]]))
    return Problem(fault[0], fault[1], field=name) if fault else None


def _write(
    session: Session,
    actor: Acting,
    frame: Frame,
    changes: Sequence[Change],
    reason: str,
    attachment: StoredFile | None,
    now: datetime,
) -> None:
    kinds = frame.kinds
    rows = [
        {
            "indicator_id": one.key[1],
            "employee_id": int(one.key[0][1:]),
            "day": frame.day,
            "value": one.new.value,
            "flag": _change_flag(kinds[one.key[1]], one.new.flag),
            "reason": reason,
            "stored_file_id": attachment.id if attachment else None,
            "account_id": actor.actor.account_id,
            "actor_label": actor.actor.label[:120],
            "typed_at": now,
        }
        for one in changes
    ]
    replaced = [one.seen for one in changes if one.seen]
    gone = N_("其他人刚刚改了同一个值，没有保存任何值，请刷新后核对。")
    try:
        with session.begin_nested():
            for at in range(0, len(replaced), BLOCK):
                block = replaced[at : at + BLOCK]
                ended = session.execute(
                    update(TypedValue)
                    .where(TypedValue.id.in_(block), TypedValue.superseded_at.is_(None))
                    .values(superseded_at=now)
                    .execution_options(synchronize_session="fetch")
                )
                if ended.rowcount != len(block):  # type: ignore[attr-defined]
                    raise Refused(gone)
            session.execute(insert(TypedValue), rows)
    except IntegrityError as error:
        raise Refused(gone) from error


def typed_before(session: Session, employee_id: int, indicator_id: int, day: date) -> list[TypedValue]:
    """Return every value that was ever typed for a cell, newest first."""
    return list(
        session.scalars(
            select(TypedValue)
            .where(
                TypedValue.employee_id == employee_id,
                TypedValue.indicator_id == indicator_id,
                TypedValue.day == day,
            )
            .order_by(TypedValue.id.desc())
            .options(joinedload(TypedValue.attachment))
        )
    )


def typed_since(session: Session, frame: Frame, keys: Collection[Key]) -> dict[Key, TypedValue]:
    """Return the typed values that count now for some cells."""
    return standing(session, frame, at=keys) if keys else {}


def as_given(present: Mapping[Key, Present], keys: Collection[Key]) -> dict[Key, Content]:
    """Return the cells as they stand."""
    return {key: present.get(key, Present()).content for key in keys}
