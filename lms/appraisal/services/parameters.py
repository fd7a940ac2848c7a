"""Parameters of a scheme by org level: who set which, what holds for a unit on a day, setting them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import isinf
from typing import Any

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session, joinedload

from lms import scoring
from lms.appraisal.models import Scheme, SchemeParameter, SchemeVersion, VersionState
from lms.appraisal.rules.levels import (
    Below,
    Effective,
    Leave,
    ParameterDraft,
    Resolved,
    Row,
    Setting,
    Shadow,
    effective,
    leave_of,
    overlaps,
    resolve,
    resolved,
    turning_days,
)
from lms.appraisal.rules.words import plain
from lms.core.audit import Acting, record
from lms.core.errors import NotFound, Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.people.models import OrgUnit
from lms.people.services import chain_of, parents_on
from lms.scoring.parameters import Parameter, Value, by_codes, fits, parameters

DIGITS = 6
"""So many decimals a range is kept with; values keep those of the document."""


@dataclass(frozen=True)
class Finding:
    """One thing wrong: where in the document (a path by codes), for which unit, since when."""

    place: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""
    day: date | None = None


class BadParameters(Rejected):
    """Parameters that may not be set; nothing was stored. `.findings` lists everything found."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__([Problem(one.message, one.params, field=one.place) for one in findings])


# ---------------------------------------------------------------- reading


def rows_of(session: Session, scheme_id: int, units: Collection[str] | None = None) -> list[Row]:
    """Return the rows of a scheme that are not closed: of all units, or of those with these codes."""
    found = session.execute(
        select(SchemeParameter, OrgUnit.code)
        .join(OrgUnit, OrgUnit.id == SchemeParameter.org_unit_id)
        .where(
            SchemeParameter.scheme_id == scheme_id,
            SchemeParameter.closed_at.is_(None),
            true() if units is None else OrgUnit.code.in_(units),
        )
        .order_by(SchemeParameter.id)
    )
    return [row_of(one, code) for one, code in found]


def row_of(one: SchemeParameter, unit: str) -> Row:
    """Return a stored row of a unit (by code) as the rules know it."""
    low, high = (None if end is None else float(end) for end in (one.low, one.high))
    return Row(
        one.id,
        unit,
        one.path,
        one.value,
        one.below,
        one.way,
        one.priority,
        one.valid_from,
        one.valid_to,
        low,
        high,
    )


def current_version(session: Session, scheme_id: int) -> SchemeVersion:
    """Return the active version of a scheme, or the newest where none is active.

    Raises:
        NotFound: when there is none.
    """
    found = session.scalars(
        select(SchemeVersion)
        .where(SchemeVersion.scheme_id == scheme_id)
        .order_by((SchemeVersion.state == VersionState.ACTIVE).desc(), SchemeVersion.number.desc())
        .limit(1)
    ).first()
    if found is None:
        raise NotFound
    return found


def owner_code(session: Session, scheme: Scheme) -> str:
    """Return the code of the unit that owns a scheme."""
    return session.get_one(OrgUnit, scheme.org_unit_id).code


def effective_for(session: Session, version: SchemeVersion, unit: OrgUnit, day: date) -> Effective:
    """Return what holds for a unit's people on a day under a version of a scheme.

    Raises:
        scoring.InvalidScheme: when what is set gives no scheme.
    """
    chain = chain_of(parents_on(session, day), unit.code)
    owner = owner_code(session, version.scheme)
    rows = rows_of(session, version.scheme_id, chain)
    return effective(scoring.parse(version.document), rows, chain, day, owner)


def as_written(written: scoring.Scheme, held: scoring.Scheme) -> scoring.Scheme:
    """Return a document with the examples of the scheme as written, which are none of its parameters."""
    return replace(held, examples=written.examples)


def schemes_for(session: Session, unit: OrgUnit, day: date) -> Select[Scheme]:
    """Return the select of the schemes by which a unit's people may be appraised: its own and those of the
    units above it on a day, by code.
    """
    chain = chain_of(parents_on(session, day), unit.code)
    return (
        select(Scheme)
        .join(OrgUnit, OrgUnit.id == Scheme.org_unit_id)
        .where(OrgUnit.code.in_(chain))
        .options(joinedload(Scheme.org_unit))
        .order_by(Scheme.code)
    )


def opened_above(session: Session, units: Collection[str], day: date) -> Select[Scheme]:
    """Return the select of the schemes that units above these (by code) opened to those below them."""
    parents = parents_on(session, day)
    above = {code for unit in units for code in chain_of(parents, unit)[:-1]}
    owners = select(OrgUnit.id).where(OrgUnit.code.in_(above))
    return select(Scheme).where(Scheme.org_unit_id.in_(owners), Scheme.open_below)


def history(scheme_id: int, unit_id: int, paths: Collection[str]) -> Select[SchemeParameter]:
    """Return the select of a unit's rows for some parameters, closed ones too, the latest first."""
    return (
        select(SchemeParameter)
        .where(
            SchemeParameter.scheme_id == scheme_id,
            SchemeParameter.org_unit_id == unit_id,
            SchemeParameter.path.in_(paths),
        )
        .order_by(SchemeParameter.closed_at.is_not(None), SchemeParameter.id.desc())
    )


# ---------------------------------------------------------------- setting


def open_below(session: Session, actor: Acting, scheme: Scheme, *, opened: bool) -> None:
    """Let the units below run cycles of their own under a scheme, or end it; cycles that run go on."""
    if scheme.open_below is not opened:
        scheme.open_below = opened
        session.flush()
        record(session, actor, "appraisal:scheme:share", f"scheme:{scheme.id}", opened=opened)


def set_parameters(
    session: Session,
    actor: Acting,
    scheme: Scheme,
    unit: OrgUnit,
    setting: Setting,
    *,
    now: datetime,
    replaces: Collection[int] = (),
) -> list[SchemeParameter]:
    """Set parameters of a scheme for a unit and all below, in place of those rows of the unit; all or none.

    A setting without drafts only closes what it replaces. Whoever sets at the same time waits, and finds the
    new rows.

    Raises:
        BadParameters: with everything wrong: no such parameter, dates that overlap with equal priority, a
            value or range outside of what is allowed above, and every unit for which, on some day from the
            first on, the scheme would not hold together (weights that do not make 100).
        Refused: without a reason, or when another person changed the rows meanwhile.
    """
    session.get_one(Scheme, scheme.id, with_for_update=True)
    if not setting.reason.strip():
        raise Refused(N_("设置参数须写明理由。"))
    old = _replaced(session, scheme, unit, replaces)
    kept = [row for row in rows_of(session, scheme.id) if row.id not in replaces]
    added = [_row(-number, unit, draft, setting) for number, draft in enumerate(setting.drafts, start=1)]
    version = current_version(session, scheme.id)
    check = _Check(session, scheme, scoring.parse(version.document), kept + added)
    findings = [*_ill_made(added, check), *(one for row in added for one in check.disallowed(row))]
    if not findings:
        since = min([row.valid_from for row in old] + [row.first for row in added], default=setting.first)
        findings = list(check.unfit(since, unit.code))
    if findings:
        raise BadParameters(findings)
    return _written(session, actor, scheme, unit, setting, old, now)


def _replaced(
    session: Session, scheme: Scheme, unit: OrgUnit, replaces: Collection[int]
) -> list[SchemeParameter]:
    found = list(
        session.scalars(
            select(SchemeParameter).where(
                SchemeParameter.id.in_(replaces),
                SchemeParameter.scheme_id == scheme.id,
                SchemeParameter.org_unit_id == unit.id,
                SchemeParameter.closed_at.is_(None),
            )
        )
    )
    if len(found) < len(set(replaces)):
        raise Refused(N_("您编辑期间，其他人修改了这些参数，您的修改没有保存。请重新打开后再改。"))
    return found


def _row(number: int, unit: OrgUnit, draft: ParameterDraft, setting: Setting) -> Row:
    ranged = draft.below is Below.RANGE
    return Row(
        number,
        unit.code,
        draft.path,
        draft.value,
        draft.below,
        setting.way,
        setting.priority,
        setting.first,
        setting.after,
        draft.low if ranged else None,
        draft.high if ranged else None,
    )


def _ill_made(rows: Sequence[Row], check: _Check) -> Iterator[Finding]:
    """What is wrong with rows by themselves and beside the other rows of their unit."""
    for row in rows:
        parameter = check.known.get(row.path)
        if parameter is None:
            yield Finding(row.path, N_("方案中没有参数 %(path)s"), {"path": row.path})
            continue
        yield from _misfit(row, parameter)
        if row.priority < 1:
            yield Finding(row.path, N_("优先级从 1 起，1 最优先"))
        if row.after is not None and row.after <= row.first:
            yield Finding(row.path, N_("结束日期必须晚于开始日期 %(day)s。"), {"day": row.first.isoformat()})
        elif (other := overlaps(row, check.rows)) is not None:
            yield Finding(
                row.path,
                N_("与本机构优先级同为 %(n)s 的另一设置（%(first)s 起）有效期重叠，请改日期或优先级"),
                {"n": row.priority, "first": other.first.isoformat()},
            )


def _misfit(row: Row, parameter: Parameter) -> Iterator[Finding]:
    """A value or range that is none for this parameter."""
    if row.value is not None and not fits(parameter, row.value):
        yield Finding(row.path, N_("这里不能填 %(value)s"), {"value": str(row.value)})
    if row.below is not Below.RANGE:
        return
    low, high = row.low, row.high
    if parameter.is_switch:
        yield Finding(row.path, N_("选项没有范围，只能锁定或放开"))
    elif low is None and high is None:
        yield Finding(row.path, N_("选择“范围内”时，下限和上限至少填一个"))
    elif low is not None and high is not None and low > high:
        yield Finding(
            row.path, N_("下限 %(low)s 大于上限 %(high)s"), {"low": plain(low), "high": plain(high)}
        )
    elif isinstance(row.value, int | float) and not _within(row.value, low, high):
        yield Finding(
            row.path,
            N_("本级的值 %(value)s 不在给下级的范围 %(range)s 内"),
            {"value": plain(float(row.value)), "range": span_text(low, high)},
        )


def _said(value: Value | None) -> str:
    return plain(float(value)) if isinstance(value, int | float) else str(value)


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


def span_text(low: float | Decimal | None, high: float | Decimal | None) -> str:
    """Return a range as people write it: 30–40, ≥ 30, ≤ 40."""
    ends = [None if end is None or isinf(end) else plain(end) for end in (low, high)]
    if None not in ends:
        return "–".join(str(end) for end in ends)
    return f"≥ {ends[0]}" if ends[0] is not None else f"≤ {ends[1]}" if ends[1] is not None else "–"


class _Check:
    """The rows as they would be, and what they would mean for every unit they touch."""

    def __init__(self, session: Session, scheme: Scheme, parsed: scoring.Scheme, rows: list[Row]) -> None:
        self.parsed, self.rows = parsed, rows
        self.known = {one.path: one for one in parameters(parsed)}
        self.owner = owner_code(session, scheme)
        self.data = scoring.to_dict(parsed)
        self.parents = lru_cache(maxsize=64)(lambda day: parents_on(session, day))

    def disallowed(self, row: Row) -> Iterator[Finding]:
        """Where a row is not allowed by those above, the first day it is not."""
        same = [one for one in self.rows if one.path == row.path]
        for day in turning_days(same, row.first, row.after):
            chain = chain_of(self.parents(day), row.unit)
            found = _overstepped(row, leave_of(same, chain, day, self.owner), day)
            if found is not None:
                yield found
                return

    def unfit(self, since: date, below: str | None = None) -> Iterator[Finding]:
        """Every unit with rows (at or below a unit) whose scheme does not hold together from a day on, with
        the first day of it.
        """
        told: set[str] = set()
        fine: set[tuple[tuple[str, Value | None], ...]] = set()
        for day in turning_days(self.rows, since, None):
            parents = self.parents(day)
            for unit in sorted({row.unit for row in self.rows} | ({below} if below else set())):
                chain = chain_of(parents, unit)
                if unit in told or unit not in parents or (below is not None and below not in chain):
                    continue
                won = self._won(chain, day)
                if won in fine:
                    continue
                try:
                    effective(self.parsed, self.rows, chain, day, self.owner)
                    fine.add(won)
                except scoring.InvalidScheme as error:
                    told.add(unit)
                    for one in error.problems:
                        place = by_codes(self.data, one.path)
                        yield Finding(place, one.message, one.params, unit=unit, day=day)

    def _won(self, chain: Sequence[str], day: date) -> tuple[tuple[str, Value | None], ...]:
        """The values that hold: where they were fine once, they are fine again."""
        paths = sorted({row.path for row in self.rows if row.unit in chain and row.path in self.known})
        winners = (
            resolve([row for row in self.rows if row.path == path], chain, day, self.owner).winner
            for path in paths
        )
        return tuple((one.path, one.value) for one in winners if one is not None)


def _overstepped(row: Row, leave: Leave, day: date) -> Finding | None:
    by = {"unit": leave.by.unit} if leave.by else {}
    if not leave.open and leave.by is None:
        return Finding(row.path, N_("上级没有放开此参数，本机构不能设置"), unit=row.unit, day=day)
    if not leave.open:
        return Finding(row.path, N_("此参数已由 %(unit)s 锁定，下级不能设置"), by, unit=row.unit, day=day)
    span = span_text(leave.low, leave.high)
    if not leave.takes(row.value):
        told = {"value": _said(row.value), "range": span}
        return Finding(
            row.path, N_("%(value)s 不在上级允许的范围 %(range)s 内"), told, unit=row.unit, day=day
        )
    ends = [end for end in (row.low, row.high) if end is not None]
    if row.below is Below.RANGE and not all(leave.takes(end) for end in ends):
        told = {"own": span_text(row.low, row.high), "range": span}
        return Finding(
            row.path, N_("给下级的范围 %(own)s 超出上级允许的范围 %(range)s"), told, unit=row.unit, day=day
        )
    return None


def _written(
    session: Session,
    actor: Acting,
    scheme: Scheme,
    unit: OrgUnit,
    setting: Setting,
    old: Sequence[SchemeParameter],
    now: datetime,
) -> list[SchemeParameter]:
    name, reason = actor.actor.label, setting.reason.strip()
    for row in old:
        row.closed_by, row.closed_at, row.closed_reason = name, now, reason
    made = [
        SchemeParameter(
            scheme_id=scheme.id,
            org_unit_id=unit.id,
            path=draft.path,
            value=_plain(draft.value),
            below=draft.below,
            low=_exact(draft.low) if draft.below is Below.RANGE else None,
            high=_exact(draft.high) if draft.below is Below.RANGE else None,
            way=setting.way,
            priority=setting.priority,
            valid_from=setting.first,
            valid_to=setting.after,
            reason=reason,
            set_by=name,
            set_at=now,
        )
        for draft in setting.drafts
    ]
    session.add_all(made)
    session.flush()
    record(
        session,
        actor,
        "appraisal:parameter:set" if made else "appraisal:parameter:close",
        f"scheme:{scheme.id}",
        unit=unit.code,
        set={row.path: row.value for row in made},
        closed=[row.id for row in old],
        rows=[row.id for row in made],
        first=setting.first.isoformat(),
        reason=reason,
    )
    return made


def _plain(value: Value | None) -> Value | None:
    """A number as documents write it: 60, not 60.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(round(float(value), DIGITS)))


# ---------------------------------------------------------------- a new version of the scheme


def refuse_unfit(session: Session, scheme: Scheme, parsed: scoring.Scheme, day: date) -> None:
    """Refuse a version under which some unit's parameters no longer make a scheme, from a day on.

    Raises:
        BadParameters: naming each unit, the first day and the place.
    """
    rows = rows_of(session, scheme.id)
    if rows and (findings := list(_Check(session, scheme, parsed, rows).unfit(day))):
        raise BadParameters(findings)


def lost(session: Session, scheme_id: int, parsed: scoring.Scheme) -> list[Row]:
    """Return the rows whose parameter a version has not: they stay, and have no effect under it."""
    known = {one.path: one for one in parameters(parsed)}
    return [
        row
        for row in rows_of(session, scheme_id)
        if row.path not in known or (row.value is not None and not fits(known[row.path], row.value))
    ]


# ---------------------------------------------------------------- the table of a unit


@dataclass(frozen=True)
class TableLine:
    """One parameter for a unit on a day: the scheme's value, the head office's, the one that holds, and why.

    `shadows` and `winner` are rows; `own` are the unit's rows for it that are not closed.
    """

    parameter: Parameter
    head: Value
    value: Value
    winner: Row | None
    shadows: tuple[Shadow, ...]
    leave: Leave
    own: tuple[Row, ...]

    @property
    def touched(self) -> bool:
        """Whether anybody set anything for it."""
        return self.winner is not None or bool(self.shadows) or self.leave.by is not None or bool(self.own)


@dataclass(frozen=True)
class Table:
    """All parameters of a scheme for a unit on a day, and what is wrong with them together."""

    scheme: scoring.Scheme
    lines: tuple[TableLine, ...]
    lost: tuple[Row, ...]
    problems: tuple[Finding, ...]


def table(session: Session, version: SchemeVersion, unit: OrgUnit, day: date) -> Table:
    """Return the parameters of a version for a unit on a day; the number of queries is fixed."""
    chain, owner = chain_of(parents_on(session, day), unit.code), owner_code(session, version.scheme)
    scheme, rows = scoring.parse(version.document), rows_of(session, version.scheme_id, chain)
    origins, lost = resolved(scheme, rows, chain, day, owner)
    heads, _ = resolved(scheme, rows, chain[:1], day, owner)
    by_path: dict[str, list[Row]] = {}
    for row in rows:
        by_path.setdefault(row.path, []).append(row)
    lines = []
    for one in parameters(scheme):
        there = by_path.get(one.path, [])
        found = origins.get(one.path)
        lines.append(
            TableLine(
                one,
                _value(heads.get(one.path), one.value),
                _value(found, one.value),
                found.winner if found else None,
                found.shadows if found else (),
                leave_of(there, chain, day, owner),
                tuple(row for row in there if row.unit == unit.code),
            )
        )
    problems: tuple[Finding, ...] = ()
    try:
        effective(scheme, rows, chain, day, owner)
    except scoring.InvalidScheme as error:
        data = scoring.to_dict(scheme)
        problems = tuple(Finding(by_codes(data, p.path), p.message, p.params) for p in error.problems)
    return Table(scheme, tuple(lines), lost, problems)


def _value(found: Resolved | None, own: Value) -> Value:
    winner = found.winner if found else None
    return own if winner is None or winner.value is None else winner.value


def together(rows: Iterable[Row], row: Row, paths: Collection[str]) -> tuple[Row, ...]:
    """Return the rows set with one: same unit, days and priority, of parameters that move together."""
    return tuple(
        one
        for one in rows
        if one.path in paths
        and (one.unit, one.first, one.after, one.priority) == (row.unit, row.first, row.after, row.priority)
    )


def stored(session: Session, ids: Collection[int]) -> dict[int, SchemeParameter]:
    """Return rows with their units by id, for whoever tells of them."""
    found = session.scalars(
        select(SchemeParameter)
        .where(SchemeParameter.id.in_(ids))
        .options(joinedload(SchemeParameter.org_unit))
    )
    return {one.id: one for one in found}
