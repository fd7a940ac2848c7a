"""The second person: one makes a proposal, another decides, both are logged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.models import Proposal, ProposalState
from lms.access.services.scope import Person
from lms.core.audit import record
from lms.core.errors import Refused
from lms.core.i18n import N_

LIFE = timedelta(days=14)

Effect = Callable[[Session, Proposal, Person, datetime], None]
_effects: dict[str, Effect] = {}


def on_approval(action: str) -> Callable[[Effect], Effect]:
    """Register what an approved proposal of an action does, in the same transaction."""

    def register(effect: Effect) -> Effect:
        _effects[action] = effect
        return effect

    return register


def propose(
    session: Session,
    maker: Person,
    *,
    action: str,
    target: str,
    org_unit_id: int,
    title: str,
    diff: dict[str, Any],
    now: datetime,
) -> Proposal:
    """Lay an act before a second person.

    Raises:
        Refused: when the same act on the same target is already waiting.
    """
    waiting = session.scalar(
        select(Proposal.id).where(
            Proposal.action == action,
            Proposal.target == target,
            Proposal.state == ProposalState.OPEN,
            Proposal.expires_at > now,
        )
    )
    if waiting is not None:
        raise Refused(N_("同一事项已提交复核，请等待复核人处理。"))
    proposal = Proposal(
        action=action,
        target=target,
        org_unit_id=org_unit_id,
        title=title,
        diff=diff,
        state=ProposalState.OPEN,
        maker_id=maker.account_id,
        made_at=now,
        expires_at=now + LIFE,
    )
    session.add(proposal)
    session.flush()
    record(session, maker, "access:proposal:make", f"proposal:{proposal.id}", act=action, on=target)
    return proposal


def decide(
    session: Session, checker: Person, proposal: Proposal, *, approve: bool, reason: str, now: datetime
) -> None:
    """Approve (and carry out) or refuse a proposal.

    Raises:
        Refused: when the checker made it, it is decided or expired, or a refusal has no reason.
    """
    if proposal.state is not ProposalState.OPEN:
        raise Refused(N_("该事项已处理。"))
    if proposal.expires_at <= now:
        proposal.state = ProposalState.EXPIRED
        raise Refused(N_("该事项已过期，请重新提交。"))
    if proposal.maker_id == checker.account_id:
        raise Refused(N_("提交人不能复核自己的事项，请由另一人复核。"))
    if not approve and not reason.strip():
        raise Refused(N_("退回时请写明理由。"))
    proposal.state = ProposalState.APPROVED if approve else ProposalState.REFUSED
    proposal.checker_id, proposal.reason, proposal.decided_at = (
        checker.account_id,
        reason.strip() or None,
        now,
    )
    session.flush()
    record(
        session, checker, f"access:proposal:{'approve' if approve else 'refuse'}", f"proposal:{proposal.id}"
    )
    if approve:
        _effects[proposal.action](session, proposal, checker, now)
