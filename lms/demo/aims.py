"""The open quarter's targets from the head office down, what some people answered, and a few typed values."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import Actor
from lms.core.periods import Period
from lms.demo.business import INDICATORS, target_file
from lms.demo.staff import Bank
from lms.indicators import services
from lms.indicators.models import Indicator
from lms.indicators.services import Answer, Change, Content, adds_up
from lms.people.models import OrgUnit
from lms.people.services import path_to

ANSWERING = 12
"""How many managers have answered."""


def aim(session: Session, bank: Bank, period: Period, today: date, now: datetime) -> None:
    """Import the targets of people and units; one branch was given less than its parts add up to."""
    rows = [
        f"{employee.number},,{demo.draft.code},{demo.target}"
        for employee, _unit in bank.managers
        for demo in INDICATORS
    ]
    heads: dict[str, int] = defaultdict(int)
    levels: dict[str, OrgUnit] = {}
    for unit in {unit.id: unit for _, unit in bank.managers}.values():
        here = sum(1 for _, one in bank.managers if one.id == unit.id)
        for above in path_to(session, unit.id, today):
            heads[above.code] += here
            levels[above.code] = above
    branches = sorted(code for code, unit in levels.items() if unit.level.value == "tier_1")
    for code, people in sorted(heads.items()):
        for demo in INDICATORS:
            if adds_up(demo.draft.unit, demo.draft.aggregate):
                cut = (
                    Decimal("0.95") if code == branches[0] and demo.draft.code == "FEE_INCOME" else Decimal(1)
                )
                rows.append(f",{code},{demo.draft.code},{demo.target * people * cut}")
    target_file(session, _actor(bank, "admin"), rows, period, now)
    _answer(session, bank, period, now)


def _answer(session: Session, bank: Bank, period: Period, now: datetime) -> None:
    for at, (employee, _unit) in enumerate(bank.managers[1 : 1 + ANSWERING]):
        mine = services.my_targets(session, employee.id, period.code)
        given = {one.id: (Answer.ACCEPTED, "") for one in mine}
        if at == 0:
            fee = next(one.id for one in mine if one.indicator.code == "FEE_INCOME")
            given[fee] = (Answer.QUESTIONED, "辖内两家企业已迁出，手续费来源减少，请求复核。")
        services.answer_targets(session, Actor(None, employee.id, employee.name), employee.id, given, now=now)


def type_in(session: Session, bank: Bank, today: date, now: datetime) -> None:
    """Let a supervisor type the satisfaction of the own people, and correct one of the values."""
    chosen = session.scalars(select(Indicator).where(Indicator.code == "SATISFACTION")).one()
    people = [employee for employee, unit in bank.managers if unit.code == "S001"]
    frame = services.Frame(today, people, [chosen])
    cells = [
        Change((f"e{one.id}", chosen.id), Content(), Content(Decimal(88 + at % 9)), 0)
        for at, one in enumerate(people)
    ]
    actor = _actor(bank, "supervisor")
    services.type_values(session, actor, frame, cells, reason="本季客户电话回访评分", now=now)
    first = services.present_values(session, frame)[cells[0].key]
    mended = Change(cells[0].key, first.content, Content(Decimal(90)), first.seen)
    services.type_values(session, actor, frame, [mended], reason="补录一份漏计的回访表", now=now)


def _actor(bank: Bank, username: str) -> Actor:
    account, employee = bank.accounts[username], bank.people.get(username)
    return Actor(account.id, employee.id if employee else None, account.name)
