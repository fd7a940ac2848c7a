"""The demo bank's schemes, and its closed cycles."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.services import Person, person_of
from lms.appraisal.models import Cycle, SchemeVersion
from lms.appraisal.services import (
    SEVEN,
    Mark,
    activate,
    import_scheme,
    open_cycle,
    publish_by_two,
    rate_many,
    read_scheme_file,
    run_cycle,
)
from lms.core.clock import local_day
from lms.core.periods import Period
from lms.demo.staff import Bank

SCHEMES = Path(__file__).parent / "schemes"
"""Scheme files of three kinds of people: retail and corporate managers, heads of sub-branches."""
WHY = "合规与风险另设限级和一票否决门槛，不计入权重；时点指标只占小部分，下一年度改为日均。"
"""Why schemes are used although the rule check warns."""
NOTES = {
    1: "本期多次未按约定回访，已面谈提醒。",
    2: "遇到复杂业务时准备不足，需要辅导。",
    5: "主动带教新人，客户多次书面表扬。",
}


def design(session: Session, bank: Bank, now: datetime) -> SchemeVersion:
    """Bring in the shipped scheme files and activate them; return the version of relationship managers."""
    hr = _person(session, bank.accounts["hr"], now)
    versions = {}
    for path in sorted(SCHEMES.glob("*.yaml")):
        parsed = read_scheme_file(session, path.read_bytes())
        version = import_scheme(session, hr, parsed, bank.head_office.id, now=now)
        activate(session, hr, version, now=now, lint_reason=WHY)
        versions[path.stem] = version
    return versions["retail"]


def open_for(session: Session, bank: Bank, version: SchemeVersion, period: Period, now: datetime) -> Cycle:
    """Open a quarter's cycle for all relationship managers."""
    return open_cycle(
        session,
        _person(session, bank.accounts["hr"], now),
        code=f"RM-{period.code}",
        name_zh=f"{period.label('zh')}客户经理考核",
        name_en=f"Appraisal of relationship managers, {period.label('en')}",
        period=period.code,
        version=version,
        unit=bank.head_office,
        series="relationship_manager",
        now=now,
    )


def close(
    session: Session, bank: Bank, cycle: Cycle, skill: dict[str, float], draw: Random, *, now: datetime
) -> None:
    """Rate, compute and publish a quarter as it was done at its time."""
    supervisor = _person(session, bank.accounts["supervisor"], now)
    marks = {}
    for employee in (one for one, _ in bank.managers if one not in bank.away):
        marks[employee.id] = [
            Mark(item.code, level, NOTES.get(level, ""))
            for item in SEVEN
            for level in [min(5, max(2, round(draw.gauss(4.2 + 0.15 * skill[employee.number], 0.55))))]
        ]
    rate_many(session, supervisor, cycle, marks, now=now)
    hr, checker = (_person(session, bank.accounts[name], now) for name in ("hr", "hr2"))
    run_cycle(session, cycle, hr, now)
    publish_by_two(session, cycle, hr, checker, now=now)


def _person(session: Session, account: Account, now: datetime) -> Person:
    return person_of(session, account, local_day(now), "zh")
