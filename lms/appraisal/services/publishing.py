"""Publishing results and adjusting totals: one person proposes, another decides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.actions import Action
from lms.access.models import Proposal, ProposalState
from lms.access.services import Person, decide, on_approval, propose
from lms.appraisal.models import Adjustment, Appraisal, AppraisalState, Cycle, CycleState
from lms.appraisal.rules.totals import final_grade
from lms.appraisal.services.computing import place
from lms.appraisal.services.cycles import counts
from lms.appraisal.services.rulebook import document_of
from lms.core.audit import record
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.people.models import Employee

M = TypeVar("M", Cycle, Appraisal)

LARGEST_ADJUSTMENT = Decimal(20)


def propose_publish(session: Session, maker: Person, cycle: Cycle, *, now: datetime) -> Proposal:
    """Lay the results of a computed cycle before a second person.

    Raises:
        Refused: when it is not computed, or waits already.
    """
    if cycle.state is not CycleState.COMPUTED:
        raise Refused(N_("只有已计算的考核期可以提交公布。"))
    found = counts(session, cycle.id)
    return propose(
        session,
        maker,
        action=Action.CYCLE_PUBLISH.value,
        target=f"cycle:{cycle.id}",
        org_unit_id=cycle.org_unit_id,
        title=cycle.name_zh,
        diff={
            "code": cycle.code,
            "result_sha256": cycle.result_sha256,
            "people": found.people,
            "complete": found.complete,
            "incomplete": found.incomplete,
            "on_leave": found.on_leave,
        },
        now=now,
    )


@on_approval(Action.CYCLE_PUBLISH.value)
def publish(session: Session, proposal: Proposal, checker: Person, now: datetime) -> None:
    """Let everybody see the own result: exactly the one that was proposed.

    Raises:
        Refused: when the cycle was computed again meanwhile.
    """
    cycle = _target(session, proposal, Cycle)
    if cycle.state is not CycleState.COMPUTED or cycle.result_sha256 != proposal.diff["result_sha256"]:
        raise Refused(N_("提交后结果已重新计算，请重新提交公布。"))
    cycle.state, cycle.published_at = CycleState.PUBLISHED, now
    session.flush()
    record(session, checker, Action.CYCLE_PUBLISH.value, f"cycle:{cycle.id}", result=cycle.result_sha256)


def publish_by_two(session: Session, cycle: Cycle, maker: Person, checker: Person, *, now: datetime) -> None:
    """Propose and decide at once (the demo bank, commands); the two must be different people."""
    proposal = propose_publish(session, maker, cycle, now=now)
    decide(session, checker, proposal, approve=True, reason="", now=now)


def propose_adjustment(
    session: Session, maker: Person, appraisal: Appraisal, points: Decimal, reason: str, *, now: datetime
) -> Proposal:
    """Lay a signed change of somebody's total before a second person; the computed total stays as it is.

    Raises:
        Refused: without a reason, a composite or a change, beyond ±20 points, or once published.
    """
    if appraisal.cycle.state is not CycleState.COMPUTED or appraisal.state is not AppraisalState.COMPLETE:
        raise Refused(N_("只有已计算、未公布且有总分的考核可以调整。"))
    if not reason.strip():
        raise Refused(N_("调整总分必须写明理由。"))
    if not points or abs(points) > LARGEST_ADJUSTMENT:
        raise Refused(N_("调整分值不能为零，且不超过 ±%(limit)s 分。"), limit=str(LARGEST_ADJUSTMENT))
    return propose(
        session,
        maker,
        action=Action.RESULT_ADJUST.value,
        target=f"appraisal:{appraisal.id}",
        org_unit_id=appraisal.org_unit_id,
        title=f"{appraisal.employee.name} {appraisal.cycle.name_zh}",
        diff={
            "number": appraisal.employee.number,
            "total": str(appraisal.total),
            "points": str(points),
            "reason": reason.strip(),
        },
        now=now,
    )


@on_approval(Action.RESULT_ADJUST.value)
def adjust(session: Session, proposal: Proposal, checker: Person, now: datetime) -> None:
    """Add an approved adjustment and bring the final total and grade up to date.

    Raises:
        Refused: when the results were published or recomputed meanwhile.
    """
    appraisal = _target(session, proposal, Appraisal)
    unchanged = appraisal.total is not None and str(appraisal.total) == proposal.diff["total"]
    if appraisal.cycle.state is not CycleState.COMPUTED or not unchanged:
        raise Refused(N_("提交后结果已变化，请重新提交调整。"))
    points = Decimal(proposal.diff["points"])
    session.add(
        Adjustment(
            appraisal_id=appraisal.id,
            points=points,
            reason=proposal.diff["reason"],
            proposal_id=proposal.id,
            maker_name=proposal.maker.name,
            checker_name=checker.name,
            decided_at=now,
        )
    )
    appraisal.final_total = (appraisal.final_total or Decimal(0)) + points
    appraisal.final_grade = final_grade(
        document_of(appraisal), appraisal.final_total, appraisal.gates, appraisal.trace
    )
    session.flush()
    place(session, appraisal.cycle_id)
    record(session, checker, Action.RESULT_ADJUST.value, f"appraisal:{appraisal.id}", points=str(points))


def waiting(session: Session, target: str, now: datetime) -> Proposal | None:
    """Return the proposal about a target that still waits for its second person."""
    return session.scalar(
        select(Proposal).where(
            Proposal.target == target, Proposal.state == ProposalState.OPEN, Proposal.expires_at > now
        )
    )


@dataclass(frozen=True)
class Title:
    """What a proposal is about, in both languages."""

    title_zh: str
    title_en: str


def titles(session: Session, targets: Collection[str]) -> dict[str, Title]:
    """Return the titles of the cycles and appraisals among the targets of proposals, in two queries."""
    found: dict[str, Title] = {}
    for one in session.scalars(select(Cycle).where(Cycle.id.in_(_ids(targets, "cycle")))):
        found[f"cycle:{one.id}"] = Title(one.name_zh, one.name_en or one.name_zh)
    rows = session.execute(
        select(Appraisal.id, Employee.name, Cycle.name_zh, Cycle.name_en)
        .join(Employee, Employee.id == Appraisal.employee_id)
        .join(Cycle, Cycle.id == Appraisal.cycle_id)
        .where(Appraisal.id.in_(_ids(targets, "appraisal")))
    )
    for appraisal_id, name, zh, en in rows:
        found[f"appraisal:{appraisal_id}"] = Title(f"{name} {zh}", f"{name} · {en or zh}")
    return found


def _ids(targets: Collection[str], kind: str) -> list[int]:
    pairs = [target.partition(":") for target in targets]
    return [int(number) for name, _, number in pairs if name == kind]


def _target(session: Session, proposal: Proposal, model: type[M]) -> M:
    found = session.get(model, int(proposal.target.partition(":")[2]))
    if found is None:
        raise NotFound
    return found
