"""Targets from the head office down to a person: setting them by hand, checking sums, answering them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, func, insert, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.core.audit import Acting, record
from lms.core.clock import SHANGHAI
from lms.core.errors import Problem, Refused, Rejected
from lms.core.files import StoredFile
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.textfile import Options, csv_text
from lms.indicators.models import ImportBatch, ImportUpload, Indicator, Target, TargetAnswer
from lms.indicators.rules import BatchState, Flag, Held, ImportKind, Policy
from lms.indicators.rules.cascade import Check, adds_up, check
from lms.indicators.rules.columns import TARGETS
from lms.indicators.rules.entry import Change, Content, Key, Present, fault_of, written
from lms.indicators.rules.kinds import Answer
from lms.indicators.services.entry import LATER, cell_name
from lms.indicators.services.indicators import spec_of
from lms.indicators.services.targets import standing_targets
from lms.people.models import Employee, OrgUnit, Post, Posting
from lms.people.services import children, path_to

BY_HAND = "手工录入"
"""The name of the source of targets that were typed; a text of content, in the bank's language."""
SERIES = "relationship_manager"
_BLOCK = 500
_KINDS = {"e": "employee", "u": "unit"}


@dataclass(frozen=True)
class Cascade:
    """A unit's targets in a period with those of the units and people directly under it."""

    unit: OrgUnit
    period: Period
    path: Sequence[OrgUnit]
    indicators: Sequence[Indicator]
    units: Sequence[OrgUnit]
    people: Sequence[Employee]
    cells: Mapping[Key, Target]

    @property
    def own(self) -> str:
        """The subject of the unit itself."""
        return f"u{self.unit.id}"

    @property
    def subjects(self) -> dict[str, OrgUnit | Employee]:
        """What stands directly under the unit, by subject."""
        found: dict[str, OrgUnit | Employee] = {f"u{unit.id}": unit for unit in self.units}
        found.update({f"e{employee.id}": employee for employee in self.people})
        return found

    @property
    def present(self) -> dict[Key, Present]:
        """What counts in each cell, the unit's own included."""
        return {key: Present(Content(one.value), one.id) for key, one in self.cells.items()}

    def check(self, indicator: Indicator) -> Check:
        """Compare the parts with the unit's own target of an indicator."""
        own = self.cells.get((self.own, indicator.id))
        parts = [self.cells.get((subject, indicator.id)) for subject in self.subjects]
        return check(
            own.value if own else None,
            [one.value if one else None for one in parts],
            sums=adds_up(indicator.unit, indicator.aggregate),
        )


def day_of(period: Period, today: date) -> date:
    """Return the day whose tree and people a period's targets are spread over: the nearest to today."""
    return min(max(today, period.first), period.last)


def cascade(
    session: Session, unit: OrgUnit, period: Period, today: date, indicators: Sequence[Indicator]
) -> Cascade:
    """Return the targets of a unit and of what stands directly under it."""
    day = day_of(period, today)
    below = children(session, unit.id, day)
    people = list(session.scalars(_people(unit.id, period, day)))
    subjects = [*((f"u{one.id}") for one in (unit, *below)), *(f"e{one.id}" for one in people)]
    cells = _standing(session, period, subjects, [one.id for one in indicators])
    return Cascade(unit, period, path_to(session, unit.id, day), indicators, below, people, cells)


def _people(unit_id: int, period: Period, day: date) -> Select[Employee]:
    """The people of a unit that have targets: its relationship managers, and whoever was given one."""
    here = and_(
        Posting.org_unit_id == unit_id,
        Posting.valid_from <= day,
        or_(Posting.valid_to.is_(None), Posting.valid_to > day),
    )
    aimed = select(Target.subject_id).where(Target.subject_kind == "employee", Target.period == period.code)
    posted = (
        select(Posting.employee_id)
        .join(Post, Post.id == Posting.post_id)
        .where(here, or_(Post.series == SERIES, Posting.employee_id.in_(aimed)))
    )
    return select(Employee).where(Employee.id.in_(posted)).order_by(Employee.sort_key, Employee.id)


def _standing(
    session: Session, period: Period, subjects: Sequence[str], indicator_ids: Sequence[int]
) -> dict[Key, Target]:
    found: dict[Key, Target] = {}
    for letter, kind in _KINDS.items():
        ids = [int(one[1:]) for one in subjects if one[0] == letter]
        for at in range(0, len(ids), _BLOCK):
            rows = session.scalars(
                select(Target)
                .where(
                    Target.id.in_(standing_targets(period.code)),
                    Target.subject_kind == kind,
                    Target.subject_id.in_(ids[at : at + _BLOCK]),
                    Target.indicator_id.in_(indicator_ids),
                )
                .options(joinedload(Target.batch).joinedload(ImportBatch.upload))
            )
            found.update({(f"{letter}{one.subject_id}", one.indicator_id): one for one in rows})
    return found


def content_of(plan: Cascade, changes: Sequence[Change]) -> bytes:
    """Return typed targets as the file that would have brought them; it is kept as their source."""
    things, kinds = {plan.own: plan.unit, **plan.subjects}, {one.id: one.code for one in plan.indicators}
    rows = []
    for one in changes:
        thing = things.get(one.key[0])
        number = thing.number if isinstance(thing, Employee) else ""
        code = thing.code if isinstance(thing, OrgUnit) else ""
        rows.append([number, code, kinds.get(one.key[1], ""), written(one.new.value)])
    return csv_text([column.title for column in TARGETS], rows)


def set_targets(
    session: Session,
    actor: Acting,
    plan: Cascade,
    changes: Sequence[Change],
    held: Held,
    *,
    reason: str,
    now: datetime,
) -> ImportBatch:
    """Let typed targets stand in place of the earlier ones, all or none; the earlier ones stay as versions.

    `held` is the kept `content_of` the changes.

    Raises:
        Refused: no reason, nothing changed, a target of one's own, or a cell outside the plan.
        Rejected: cells with bad values, or that somebody else changed meanwhile; the field names the cell.
    """
    reason = reason.strip()[:500]
    if not reason:
        raise Refused(N_("请写明录入理由。"))
    if not changes:
        raise Refused(N_("没有改动任何值。"))
    _refuse_foreign(actor, plan, changes)
    session.execute(select(OrgUnit.id).where(OrgUnit.id == plan.unit.id).with_for_update())
    subjects = sorted({one.key[0] for one in changes})
    current = _standing(session, plan.period, subjects, [one.id for one in plan.indicators])
    kinds = {one.id: one for one in plan.indicators}
    problems = [
        problem
        for one in changes
        if (problem := _problem(one, current.get(one.key), kinds[one.key[1]])) is not None
    ]
    if problems:
        raise Rejected(problems)
    batch = _batch(session, actor, plan, len(changes), held, reason, now)
    session.execute(
        insert(Target),
        [
            {
                "indicator_id": one.key[1],
                "subject_kind": _KINDS[one.key[0][0]],
                "subject_id": int(one.key[0][1:]),
                "period": plan.period.code,
                "value": one.new.value,
                "batch_id": batch.id,
                "line": line,
            }
            for line, one in enumerate(changes, start=2)  # as in the file, whose first line is its header
        ],
    )
    record(
        session,
        actor,
        "indicators:target:set",
        f"import_batch:{batch.id}",
        unit=plan.unit.code,
        period=plan.period.code,
        values=len(changes),
        reason=reason,
    )
    return batch


def _refuse_foreign(actor: Acting, plan: Cascade, changes: Sequence[Change]) -> None:
    allowed = set(plan.subjects) | ({plan.own} if len(plan.path) == 1 else set())
    kinds = {one.id for one in plan.indicators}
    for one in changes:
        if one.key[0] == f"e{actor.actor.employee_id}":
            raise Refused(N_("不能为自己设定目标值。"))
        if one.key[0] not in allowed or one.key[1] not in kinds:
            raise Refused(N_("表中有不属于该机构直接下级的机构或人员，没有保存任何目标值。"))


def _problem(change: Change, current: Target | None, indicator: Indicator) -> Problem | None:
    name = cell_name(change.key)
    if current is not None and current.id != change.seen:
        upload = current.batch.upload
        when = upload.created_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        detail = {"who": upload.actor_label, "when": when, "value": written(current.value)}
        return Problem(LATER, detail, field=name)
    if current is None and change.seen:
        return Problem(N_("该值已有变动，请刷新后核对。"), field=name)
    if change.new.value is None:
        return Problem(N_("目标值不能清空：请改为 0，或由管理员撤回其批次。"), field=name)
    fault = fault_of(Content(change.new.value, Flag.CALCULATED), spec_of(indicator))
    return Problem(fault[0], fault[1], field=name) if fault else None


def _batch(
    session: Session, actor: Acting, plan: Cascade, rows: int, held: Held, reason: str, now: datetime
) -> ImportBatch:
    name = f"{BY_HAND} {plan.unit.code} {plan.period.code}"
    stored = StoredFile(
        sha256=held.sha256, name=f"{name}.csv", media_type="text/csv", size=held.size, stored_at=now
    )
    session.add(stored)
    session.flush()
    upload = ImportUpload(
        kind=ImportKind.TARGETS,
        state=BatchState.COMMITTED,
        policy=Policy.ALL_OR_NOTHING,
        period=plan.period.code,
        name=name,
        sha256=held.sha256,
        stored_file_id=stored.id,
        options=asdict(Options()),
        rows=rows,
        account_id=actor.actor.account_id,
        actor_label=actor.actor.label,
        created_at=now,
    )
    session.add(upload)
    session.flush()
    batch = ImportBatch(
        upload=upload,
        kind=ImportKind.TARGETS,
        state=BatchState.COMMITTED,
        source_name=name,
        source_sha256=held.sha256,
        # The same figures may be typed again after others: each typing is content of its own.
        content_sha256=hashlib.sha256(f"typed|{upload.id}|{held.sha256}".encode()).hexdigest(),
        period=plan.period.code,
        files=[],
        rows=rows,
        rejected=0,
        committed_at=now,
        reason=reason,
    )
    session.add(batch)
    session.flush()
    return batch


def versions(session: Session, target: Target) -> list[tuple[Target, TargetAnswer | None]]:
    """Return every version of a target with its answer, newest first; withdrawn ones too."""
    rows = session.execute(
        select(Target, TargetAnswer)
        .outerjoin(TargetAnswer, TargetAnswer.target_id == Target.id)
        .where(
            Target.indicator_id == target.indicator_id,
            Target.subject_kind == target.subject_kind,
            Target.subject_id == target.subject_id,
            Target.period == target.period,
        )
        .order_by(Target.batch_id.desc(), Target.id.desc())
        .options(joinedload(Target.batch).joinedload(ImportBatch.upload))
    )
    return [(one, given) for one, given in rows]


def target_periods(session: Session, employee_id: int | None = None) -> list[str]:
    """Return the periods for which there are targets that count, of one person or at all, latest first."""
    chosen = (
        select(Target.period)
        .join(ImportBatch, ImportBatch.id == Target.batch_id)
        .where(ImportBatch.state == BatchState.COMMITTED)
        .distinct()
    )
    if employee_id is not None:
        chosen = chosen.where(Target.subject_kind == "employee", Target.subject_id == employee_id)
    return sorted(session.scalars(chosen), key=lambda code: Period.parse(code), reverse=True)


def people_targets(period: str, answer: Answer | str | None = "") -> Select[Target]:
    """Return the select of people's targets that count, by answer: one of them, None for none, "" for all."""
    chosen = (
        select(Target)
        .outerjoin(TargetAnswer, TargetAnswer.target_id == Target.id)
        .join(Employee, Employee.id == Target.subject_id)
        .where(Target.subject_kind == "employee", Target.id.in_(standing_targets(period)))
        .order_by(Employee.sort_key, Employee.id, Target.indicator_id)
        .options(joinedload(Target.indicator), joinedload(Target.batch))
    )
    if answer == "":
        return chosen
    return chosen.where(TargetAnswer.id.is_(None) if answer is None else TargetAnswer.answer == answer)


def answers_of(session: Session, target_ids: Sequence[int]) -> dict[int, TargetAnswer]:
    """Return the answers to targets."""
    found: dict[int, TargetAnswer] = {}
    for at in range(0, len(target_ids), _BLOCK):
        block = target_ids[at : at + _BLOCK]
        for one in session.scalars(select(TargetAnswer).where(TargetAnswer.target_id.in_(block))):
            found[one.target_id] = one
    return found


def my_targets(session: Session, employee_id: int, period: str) -> list[Target]:
    """Return a person's own targets that count in a period, by set and code."""
    return list(
        session.scalars(
            select(Target)
            .join(Indicator, Indicator.id == Target.indicator_id)
            .where(
                Target.subject_kind == "employee",
                Target.subject_id == employee_id,
                Target.id.in_(standing_targets(period)),
            )
            .order_by(Indicator.indicator_set, Indicator.code)
            .options(joinedload(Target.indicator), joinedload(Target.batch))
        )
    )


def answer_targets(
    session: Session,
    actor: Acting,
    employee_id: int,
    given: Mapping[int, tuple[Answer, str]],
    *,
    now: datetime,
) -> int:
    """Keep a person's answers to own targets that count: accepted, or questioned with a note.

    Raises:
        Refused: nothing was answered, or a target is another person's or counts no longer.
        Rejected: a question without a note; the field is the target's id.
    """
    if not given:
        raise Refused(N_("请先选择接受或提出疑问。"))
    mine = {
        one.id: one
        for one in session.scalars(
            select(Target).where(
                Target.id.in_(sorted(given)),
                Target.subject_kind == "employee",
                Target.subject_id == employee_id,
            )
        )
    }
    counting = {
        one
        for period in {target.period for target in mine.values()}
        for one in session.scalars(standing_targets(period))
    } & mine.keys()
    if counting != given.keys():
        raise Refused(N_("目标值刚刚有了新版本，请刷新后再答复。"))
    problems = [
        Problem(N_("提出疑问时请写明原因。"), field=str(target_id))
        for target_id, (answer, note) in sorted(given.items())
        if answer is Answer.QUESTIONED and not note.strip()
    ]
    if problems:
        raise Rejected(problems)
    before = answers_of(session, sorted(given))
    changed = 0
    for target_id, (answer, note) in sorted(given.items()):
        old = before.get(target_id)
        if old is not None and (old.answer, old.note) == (answer, note.strip()[:500]):
            continue
        if old is None:
            old = TargetAnswer(target_id=target_id, employee_id=employee_id)
            session.add(old)
        old.answer, old.note, old.answered_at = answer, note.strip()[:500], now
        changed += 1
        record(
            session,
            actor,
            "indicators:target:answer",
            f"target:{target_id}",
            answer=answer.value,
            note=old.note,
        )
    session.flush()
    return changed


def count_by_answer(statement: Select[Target]) -> Select[Answer | None, int]:
    """Return the select of how many targets of a select have each answer."""
    wanted = statement.order_by(None).with_only_columns(Target.id).options().subquery()
    return (
        select(TargetAnswer.answer, func.count())
        .select_from(wanted)
        .outerjoin(TargetAnswer, TargetAnswer.target_id == wanted.c.id)
        .group_by(TargetAnswer.answer)
    )
