"""Units, people and accounts of the demo bank."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from pypinyin import lazy_pinyin
from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.policy import Role
from lms.access.services import grant, open_account
from lms.core.audit import SYSTEM
from lms.demo.names import NameGiver
from lms.demo.shape import CITIES, GRADES, POSTS, STREETS, TOWNS, Shape
from lms.people.models import Employee, Grade, Level, OrgUnit, Post
from lms.people.services import (
    close_unit,
    define_grade,
    define_post,
    grant_leave,
    hire,
    merge_unit,
    move_unit,
    open_unit,
    post,
    tree_of,
)


@dataclass
class Bank:
    """What has been built so far, for the steps that follow."""

    head_office: OrgUnit
    units: list[OrgUnit] = field(default_factory=list)
    posts: dict[str, Post] = field(default_factory=dict)
    grades: list[Grade] = field(default_factory=list)
    managers: list[tuple[Employee, OrgUnit]] = field(default_factory=list)
    away: list[Employee] = field(default_factory=list)
    """Managers on long leave: in the cycles, but without figures, levels and courses."""
    accounts: dict[str, Account] = field(default_factory=dict)
    people: dict[str, Employee] = field(default_factory=dict)


def open_units(session: Session, shape: Shape, founded: date) -> Bank:
    """Open the tree, posts and grades."""

    def opened(code: str, zh: str, en: str, level: Level, parent: OrgUnit | None) -> OrgUnit:
        unit = open_unit(
            session,
            SYSTEM,
            code=code,
            name_zh=zh,
            name_en=en,
            level=level,
            parent=parent,
            valid_from=founded,
        )
        bank.units.append(unit)
        return unit

    bank = Bank(head_office=None)  # type: ignore[arg-type]
    bank.head_office = opened("HO", "示例银行总行", "Demo Bank head office", Level.HEAD_OFFICE, None)
    parents, towns, streets = [bank.head_office], iter(TOWNS), iter(STREETS)
    tier_1 = [
        opened(f"T1{at:02d}", f"{city}分行", f"{_latin(city)} Branch", Level.TIER_1, bank.head_office)
        for at, city in enumerate(CITIES[: shape.tier_1], 1)
    ]
    parents += tier_1
    number = 0
    for above, count in zip(tier_1, shape.tier_2, strict=True):
        for _ in range(count):
            number += 1
            town = next(towns)
            parents.append(
                opened(f"T2{number:02d}", f"{town}分行", f"{_latin(town)} Branch", Level.TIER_2, above)
            )
    number, subs = 0, []
    for above, count in zip(parents, shape.sub_branches, strict=True):
        for _ in range(count):
            number += 1
            street = next(streets)
            subs.append(
                opened(
                    f"S{number:03d}",
                    f"{street}支行",
                    f"{_latin(street)} Sub-branch",
                    Level.SUB_BRANCH,
                    above,
                )
            )
    for at in range(shape.offices):
        above = subs[at * 3 // 4 % len(subs)]
        name = above.name_zh.removesuffix("支行")
        english = f"{_latin(name)} Office {at % 4 + 1}"
        opened(f"F{at + 1:03d}", f"{name}第{at % 4 + 1}分理处", english, Level.OFFICE, above)
    for code, zh, en, series in POSTS:
        bank.posts[code] = define_post(session, code, zh, series, en)
    bank.grades = [define_grade(session, code, zh, at, en) for at, (code, zh, en, _) in enumerate(GRADES, 1)]
    return bank


def send_away(session: Session, bank: Bank, since: date) -> None:
    """Put four managers of a full bank on long leave; they must not score 0."""
    for employee, kind in zip([one for one, _ in bank.managers[60::80]], AWAY, strict=False):
        grant_leave(session, SYSTEM, employee, kind, since, None)
        bank.away.append(employee)


def _latin(name: str) -> str:
    """A place as English papers write it: 城东 is Chengdong."""
    return "".join(lazy_pinyin(name)).capitalize()


CAST = (
    ("admin", "IT", Role.ADMIN, "HO"),
    ("hr", "HR", Role.HR, "HO"),
    ("hr2", "HR", Role.HR, "HO"),
    ("trainer", "TRAINER", Role.TRAINER, "HO"),
    ("trainer2", "TRAINER", Role.TRAINER, "HO"),
    ("head", "HEAD", Role.HEAD, "T101"),
    ("supervisor", "SUPERVISOR", Role.SUPERVISOR, "S001"),
    ("supervisor2", "SUPERVISOR", Role.SUPERVISOR, "S002"),
    ("compliance", "COMPLIANCE", Role.COMPLIANCE, "HO"),
)
"""Sign-in name, post, role and unit of the people one plays first; `trainee` is the first manager."""


AWAY = ("parental", "sick", "parental", "study")
"""The kinds of long leave in the demo bank."""


def take_on(
    session: Session,
    bank: Bank,
    shape: Shape,
    draw: Random,
    *,
    password_hash: str,
    now: datetime,
    today: date,
) -> None:
    """Hire and post everybody and open their accounts."""
    names, units = NameGiver(draw), {unit.code: unit for unit in bank.units}
    number = 0

    def engage(
        post_code: str, unit: OrgUnit, grade: Grade | None = None, years: float | None = None
    ) -> Employee:
        nonlocal number
        number += 1
        name, sex = names.next()
        tenure = draw.choices((0.7, 2.0, 7.0), (22, 35, 43))[0] if years is None else years
        since = today - timedelta(days=200 + int(tenure * draw.uniform(0.6, 1.4) * 365))
        employee = hire(session, SYSTEM, number=f"{100000 + number}", name=name, hired_on=since, sex=sex)
        post(session, SYSTEM, employee, unit, bank.posts[post_code], since, grade=grade)
        return employee

    def give(username: str, employee: Employee | None, role: Role, unit: OrgUnit, name: str = "") -> Account:
        account = bank.accounts.get(username) or open_account(
            session,
            SYSTEM,
            username=username,
            password_hash=password_hash,
            name=employee.name if employee else name,
            employee=employee,
            now=now,
            demo=True,
        )
        bank.accounts[username] = account
        if employee is not None:
            bank.people[username] = employee
        grant(session, SYSTEM, account, role, unit, today - timedelta(days=200))
        return account

    for username, post_code, role, code in CAST:
        give(username, engage(post_code, units[code], years=7.0), role, units[code])
    give("security", None, Role.SECURITY_ADMIN, bank.head_office, "安全管理员")
    give("audit", None, Role.AUDIT_ADMIN, bank.head_office, "审计管理员")
    give("hr-branch", None, Role.HR, units["T101"], "分行人事")

    fronts = [unit for unit in bank.units if unit.level in (Level.SUB_BRANCH, Level.OFFICE)]
    ladder = [
        grade for grade, (_, _, _, share) in zip(bank.grades, GRADES, strict=True) for _ in range(share)
    ]
    posts = ["RM_CORPORATE"] * 96 + ["RM_SME"] * 84 + ["RM_RETAIL"] * 180
    for at in range(shape.managers):
        unit = fronts[at % len(fronts)] if at < 2 * len(fronts) else draw.choice(fronts)
        held = posts[at * 97 % 360] if shape.managers > 12 else "RM_RETAIL"
        employee = engage(held, unit, grade=ladder[at * 89 % 360])
        give("trainee" if at == 0 else employee.number, employee, Role.TRAINEE, unit)
        bank.managers.append((employee, unit))
    taken = {"S001", "S002"}
    if shape.managers > 12:
        for unit in bank.units:
            if unit.code not in taken and unit.level in (Level.SUB_BRANCH, Level.TIER_2):
                employee = engage("SUPERVISOR", unit, years=7.0)
                give(employee.number, employee, Role.SUPERVISOR, unit)
        for at in range(22):
            employee = engage("TRAINER", bank.units[1 + at % 4], years=7.0)
            give(employee.number, employee, Role.TRAINER, bank.head_office)
    for at in range(max(0, shape.others - (number - shape.managers))):
        engage("LOBBY" if at % 10 == 0 else "TELLER", draw.choice(fronts))
    session.flush()


def reorganise(session: Session, bank: Bank, today: date) -> None:
    """Let two offices close and one move; in a tiny bank one goes on leave."""
    offices = [unit for unit in bank.units if unit.level is Level.OFFICE]
    subs = {unit.code: unit for unit in bank.units if unit.level is Level.SUB_BRANCH}
    if len(offices) > 3:
        tree = tree_of(session)
        day = today - timedelta(days=150)

        def parent_of(unit: OrgUnit) -> OrgUnit:
            place = tree.place_on(unit.code, day)
            assert place is not None
            return subs[str(place.parent)]

        merge_unit(session, SYSTEM, offices[-1], parent_of(offices[-1]), day, tree=tree)
        close_unit(session, SYSTEM, offices[-2], day, receiver=parent_of(offices[-2]), tree=tree)
        moved = parent_of(offices[-3])
        heir = next(unit for code, unit in sorted(subs.items(), reverse=True) if unit is not moved)
        move_unit(session, SYSTEM, offices[-3], heir, day, tree=tree)
    if len(bank.managers) < 20:
        employee, _unit = bank.managers[-1]
        grant_leave(
            session, SYSTEM, employee, AWAY[0], today - timedelta(days=25), today + timedelta(days=90)
        )
