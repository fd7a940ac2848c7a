"""How far a right reaches: own, assigned, unit, subtree, all; on the day, and never further."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.actions import Action
from lms.access.models import LoginSession, Proposal
from lms.access.policy import Role, Scope
from lms.access.services import Person, grant, narrow, person_of, revoke, widest
from lms.core.audit import SYSTEM, AuditEntry
from lms.core.errors import Refused
from lms.people.models import Employee, OrgUnit, Post
from lms.people.services import hire, move_unit, people_in, post, units_under


def reached(session: Session, person: Person, day: date, action: Action = Action.PEOPLE_VIEW) -> set[int]:
    return set(session.scalars(narrow(select(Employee.id), Employee, person, action, day)))


def somebody(employee_id: int | None, *grants: tuple[Role, int]) -> Person:
    return Person(account_id=0, employee_id=employee_id, name="某人", language="zh", grants=grants)


def below(session: Session, unit: OrgUnit, day: date) -> set[int]:
    units = select(OrgUnit.id).where(OrgUnit.id.in_([one.id for one in units_under(session, unit.id, day)]))
    return {one.id for one in session.scalars(people_in(units, day))}


def leaves(session: Session, bank: Any) -> list[OrgUnit]:
    """The units of T101 that have nothing below them."""
    under = units_under(session, bank.unit("T101").id, bank.today)
    return [one for one in under if len(units_under(session, one.id, bank.today)) == 1]


def test_a_subtree_is_the_unit_and_all_below_it(session: Session, bank: Any) -> None:
    unit = bank.unit("T101")
    inside, everybody = below(session, unit, bank.today), set(session.scalars(select(Employee.id)))
    assert inside
    assert inside < everybody
    assert reached(session, somebody(None, (Role.SUPERVISOR, unit.id)), bank.today) == inside


def test_own_is_oneself_and_everybody_reaches_that(session: Session, bank: Any) -> None:
    own = bank.employee("trainee").id
    for role in (Role.TRAINEE, Role.COMPLIANCE, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        assert reached(session, somebody(own, (role, bank.unit("HO").id)), bank.today) == {own}
    assert reached(session, somebody(None, (Role.TRAINEE, bank.unit("HO").id)), bank.today) == set()


def test_without_a_grant_nothing_is_reached(session: Session, bank: Any) -> None:
    nobody = somebody(bank.employee("trainee").id)
    assert reached(session, nobody, bank.today) == set()
    assert not any(nobody.can(action) for action in Action)
    assert widest(nobody, Action.HOME_VIEW) is Scope.NONE


def test_two_roles_reach_what_either_reaches_and_each_only_over_its_unit(session: Session, bank: Any) -> None:
    own, unit = bank.employee("trainee").id, bank.unit("T101")
    both = somebody(own, (Role.TRAINEE, bank.unit("HO").id), (Role.SUPERVISOR, unit.id))
    assert reached(session, both, bank.today) == below(session, unit, bank.today) | {own}


def test_a_person_who_moves_is_reached_by_the_new_supervisor_from_that_day(
    session: Session, bank: Any
) -> None:
    held = session.scalars(select(Post).order_by(Post.id)).first()
    assert held is not None
    old, new = leaves(session, bank)[:2]
    mover = hire(session, SYSTEM, number="MOVER", name="调动者", hired_on=date(2020, 1, 1))
    post(session, SYSTEM, mover, old, held, date(2020, 1, 1))
    day = bank.today + timedelta(days=7)
    post(session, SYSTEM, mover, new, held, day)
    before, after = somebody(None, (Role.SUPERVISOR, old.id)), somebody(None, (Role.SUPERVISOR, new.id))
    assert mover.id in reached(session, before, day - timedelta(days=1))
    assert mover.id not in reached(session, after, day - timedelta(days=1))
    assert mover.id not in reached(session, before, day)
    assert mover.id in reached(session, after, day)


def test_a_unit_that_moves_takes_its_people_along(session: Session, bank: Any) -> None:
    moved = leaves(session, bank)[0]
    people, day = below(session, moved, bank.today), bank.today + timedelta(days=1)
    assert people
    move_unit(session, SYSTEM, moved, bank.unit("HO"), day)
    chief = somebody(None, (Role.SUPERVISOR, bank.unit("T101").id))
    assert people <= reached(session, chief, bank.today)
    assert not people & reached(session, chief, day)
    assert people <= reached(session, somebody(None, (Role.SUPERVISOR, bank.unit("HO").id)), day)


@pytest.mark.parametrize(
    ("first", "after", "holds"), [(0, None, True), (1, None, False), (-9, 0, False), (-9, 1, True)]
)
def test_a_grant_holds_from_its_first_day_until_the_day_it_ends(
    session: Session, bank: Any, first: int, after: int | None, holds: bool
) -> None:
    account = bank.account("trainee")
    ends = None if after is None else bank.today + timedelta(days=after)
    grant(session, SYSTEM, account, Role.HR, bank.unit("T101"), bank.today + timedelta(days=first), ends)
    assert (Role.HR in person_of(session, account, bank.today, "zh").roles) is holds


def test_the_same_role_over_the_same_unit_is_given_once(session: Session, bank: Any) -> None:
    account, unit = bank.account("trainee"), bank.unit("T101")
    given = grant(session, SYSTEM, account, Role.HR, unit, bank.today)
    with pytest.raises(Refused):
        grant(session, SYSTEM, account, Role.HR, unit, bank.today)
    revoke(session, SYSTEM, given, bank.today)
    assert Role.HR not in person_of(session, account, bank.today, "zh").roles
    grant(session, SYSTEM, account, Role.HR, unit, bank.today)


def test_a_table_that_does_not_say_how_it_is_reached_is_not_narrowed_by_guess(
    session: Session, bank: Any
) -> None:
    with pytest.raises(LookupError):
        narrow(select(LoginSession), LoginSession, bank.person("hr"), Action.PEOPLE_VIEW, bank.today)


def test_a_right_one_does_not_have_reaches_nothing_even_of_what_all_share(
    session: Session, bank: Any
) -> None:
    statement = narrow(select(AuditEntry.id), AuditEntry, bank.person("hr"), Action.AUDIT_VIEW, bank.today)
    assert session.scalars(statement).all() == []
    statement = narrow(
        select(Proposal.id), Proposal, bank.person("trainee"), Action.PROPOSAL_VIEW, bank.today
    )
    assert session.scalars(statement).all() == []
