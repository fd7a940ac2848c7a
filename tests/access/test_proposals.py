"""The second person: never the first one, in time, once, within reach, with a reason for a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.models import Proposal, ProposalState
from lms.access.policy import Role
from lms.access.services import decide, grant, on_approval, proposals, propose
from lms.access.services.proposals import LIFE
from lms.core import clock
from lms.core.audit import SYSTEM, AuditEntry
from lms.core.errors import Refused
from tests.queries import counted

Enter = Callable[..., Any]
ACT = "test:thing:change"


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    done: list[str] = []
    monkeypatch.setattr(proposals, "_effects", dict(proposals._effects))
    on_approval(ACT)(lambda _session, proposal, _person, _now: done.append(proposal.target))
    return done


def lay(session: Session, bank: Any, target: str = "thing:1", unit: str = "HO") -> Proposal:
    return propose(
        session,
        bank.person("hr"),
        action=ACT,
        target=target,
        org_unit_id=bank.unit(unit).id,
        title="改变",
        diff={"从": "1", "到": "2"},
        now=clock.now(),
    )


def test_an_approval_has_its_effect_once_and_is_logged(
    session: Session, bank: Any, effects: list[str]
) -> None:
    proposal, checker = lay(session, bank), bank.person("head")
    decide(session, checker, proposal, approve=True, reason="", now=clock.now())
    assert effects == ["thing:1"]
    assert (proposal.state, proposal.checker_id) == (ProposalState.APPROVED, checker.account_id)
    with pytest.raises(Refused):
        decide(session, checker, proposal, approve=True, reason="", now=clock.now())
    assert effects == ["thing:1"]
    assert "access:proposal:approve" in session.scalars(select(AuditEntry.action)).all()


@pytest.mark.parametrize("approve", [True, False])
def test_the_maker_never_decides(session: Session, bank: Any, effects: list[str], approve: bool) -> None:
    proposal = lay(session, bank)
    with pytest.raises(Refused):
        decide(session, bank.person("hr"), proposal, approve=approve, reason="因为", now=clock.now())
    assert proposal.state is ProposalState.OPEN
    assert effects == []


def test_a_refusal_needs_a_reason_and_has_no_effect(session: Session, bank: Any, effects: list[str]) -> None:
    proposal, checker = lay(session, bank), bank.person("head")
    with pytest.raises(Refused):
        decide(session, checker, proposal, approve=False, reason="  ", now=clock.now())
    decide(session, checker, proposal, approve=False, reason="数字不对", now=clock.now())
    assert (proposal.state, proposal.reason) == (ProposalState.REFUSED, "数字不对")
    assert effects == []
    lay(session, bank)  # it may be laid again


def test_what_waited_too_long_is_not_carried_out(session: Session, bank: Any, effects: list[str]) -> None:
    proposal = lay(session, bank)
    with pytest.raises(Refused):
        decide(session, bank.person("head"), proposal, approve=True, reason="", now=proposal.made_at + LIFE)
    assert effects == []
    late = proposal.made_at + LIFE - timedelta(seconds=1)
    other = lay(session, bank, "thing:2")
    decide(session, bank.person("head"), other, approve=True, reason="", now=late)
    assert effects == ["thing:2"]


def test_the_same_act_waits_once(session: Session, bank: Any, effects: list[str]) -> None:
    lay(session, bank)
    with pytest.raises(Refused):
        lay(session, bank)
    lay(session, bank, "thing:2")


def test_the_desk_shows_and_decides_only_what_is_within_reach(
    session: Session, bank: Any, effects: list[str], sign_in: Enter
) -> None:
    proposal = lay(session, bank)
    trainee = bank.account("trainee")
    grant(session, SYSTEM, trainee, Role.HEAD, bank.unit("T101"), bank.today)
    client = sign_in("trainee")
    assert "改变" not in client.get("/proposals").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/proposals").text)
    assert token
    data = {"csrf_token": token[1], "decision": "approve"}
    assert client.post(f"/proposals/{proposal.id}", data=data).status_code == 403
    session.refresh(proposal)
    assert proposal.state is ProposalState.OPEN
    own = lay(session, bank, "thing:2", unit="T101")
    assert client.post(f"/proposals/{own.id}", data=data).status_code == 303
    assert effects == ["thing:2"]


def test_the_desk_needs_no_more_queries_for_more_proposals(
    session: Session, bank: Any, effects: list[str], sign_in: Enter
) -> None:
    lay(session, bank)
    client = sign_in("hr")
    client.get("/proposals")
    with counted() as few:
        client.get("/proposals")
    for at in range(20):
        one = lay(session, bank, f"more:{at}")
        if at % 2:
            who = "head" if at % 4 == 1 else "admin"
            decide(session, bank.person(who), one, approve=True, reason="", now=clock.now())
    with counted() as many:
        assert client.get("/proposals").text.count("改变") == 21
    assert 0 < len(many) <= len(few)
