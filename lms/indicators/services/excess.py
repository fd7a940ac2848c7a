"""Children's targets above their parent's: written down with a reason, and approved by a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.actions import Action
from lms.access.models import Proposal, ProposalState
from lms.access.services import Person, on_approval, propose
from lms.core.audit import record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.indicators.models import Indicator, TargetExcess
from lms.indicators.services.cascade import Cascade
from lms.indicators.services.lint import lint_rules
from lms.scoring.lint import LintRule, excess


@dataclass(frozen=True)
class Excess:
    """Where the children's targets are more than a lint rule allows.

    `approved` covers it when a second person agreed to at least as much; `waiting` is to be decided yet.
    """

    indicator: Indicator
    rule: LintRule
    parent: Decimal
    total: Decimal
    over_percent: Decimal
    approved: TargetExcess | None = None
    waiting: Proposal | None = None


def excesses(session: Session, plan: Cascade, now: datetime) -> list[Excess]:
    """Return what exceeds in a plan, by the rules in force on the first day of its period."""
    rules = lint_rules(session, plan.period.first)
    over = []
    for one in plan.indicators:
        own = plan.cells.get((plan.own, one.id))
        total = plan.check(one).total
        found = (
            excess(rules, own.value, total, one.name_zh, one.name_en or "")
            if own is not None and total is not None
            else None
        )
        if found is not None and own is not None and total is not None:
            over.append(Excess(one, found[0], own.value, total, found[1]))
    if not over:
        return []
    approvals, proposals = _approvals(session, plan), _waiting(session, plan, now)
    return [
        Excess(
            one.indicator,
            one.rule,
            one.parent,
            one.total,
            one.over_percent,
            _covering(approvals.get(one.indicator.id, []), one),
            proposals.get(one.indicator.id),
        )
        for one in over
    ]


def propose_excess(
    session: Session, maker: Person, plan: Cascade, indicator_id: int, reason: str, *, now: datetime
) -> Proposal:
    """Lay the reason for targets above the parent's before a second person.

    Raises:
        Refused: without a reason, when nothing exceeds or it is approved, or when it waits already.
    """
    reason = reason.strip()[:500]
    if not reason:
        raise Refused(N_("请写明理由。"))
    one = next((one for one in excesses(session, plan, now) if one.indicator.id == indicator_id), None)
    if one is None:
        raise Refused(N_("此指标的下级合计没有超出本机构目标。"))
    if one.approved is not None:
        raise Refused(N_("此指标的超出部分已获批准。"))
    return propose(
        session,
        maker,
        action=Action.TARGET_EXCEED.value,
        target=_target(plan, indicator_id),
        org_unit_id=plan.unit.id,
        title=f"{plan.unit.name_zh} {plan.period.label('zh')} {one.indicator.name_zh}",
        diff={
            "code": one.indicator.code,
            "period": plan.period.code,
            "parent": _plain(one.parent),
            "children": _plain(one.total),
            "reason": reason,
        },
        now=now,
    )


@on_approval(Action.TARGET_EXCEED.value)
def allow_excess(session: Session, proposal: Proposal, checker: Person, now: datetime) -> None:
    """Keep that a second person agreed, with the figures as they were proposed."""
    unit_id, period, indicator_id = proposal.target.split(":")[1:]
    row = TargetExcess(
        org_unit_id=int(unit_id),
        period=period,
        indicator_id=int(indicator_id),
        parent=Decimal(proposal.diff["parent"]),
        total=Decimal(proposal.diff["children"]),
        reason=proposal.diff["reason"],
        proposal_id=proposal.id,
        maker_name=proposal.maker.name,
        checker_name=checker.name,
        decided_at=now,
    )
    session.add(row)
    session.flush()
    code = proposal.diff["code"]
    record(session, checker, Action.TARGET_EXCEED.value, f"target_excess:{row.id}", code=code)


def _target(plan: Cascade, indicator_id: int) -> str:
    return f"target_excess:{plan.unit.id}:{plan.period.code}:{indicator_id}"


def _approvals(session: Session, plan: Cascade) -> Mapping[int, list[TargetExcess]]:
    found: dict[int, list[TargetExcess]] = {}
    rows = session.scalars(
        select(TargetExcess)
        .where(TargetExcess.org_unit_id == plan.unit.id, TargetExcess.period == plan.period.code)
        .order_by(TargetExcess.id.desc())
    )
    for row in rows:
        found.setdefault(row.indicator_id, []).append(row)
    return found


def _waiting(session: Session, plan: Cascade, now: datetime) -> Mapping[int, Proposal]:
    rows = session.scalars(
        select(Proposal).where(
            Proposal.action == Action.TARGET_EXCEED.value,
            Proposal.target.in_([_target(plan, one.id) for one in plan.indicators]),
            Proposal.state == ProposalState.OPEN,
            Proposal.expires_at > now,
        )
    )
    return {int(one.target.rpartition(":")[2]): one for one in rows}


def _covering(approvals: list[TargetExcess], one: Excess) -> TargetExcess | None:
    return next((row for row in approvals if one.total <= row.total and one.parent >= row.parent), None)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
