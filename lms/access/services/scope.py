"""The signed-in person, and the narrowing of a query to what the person may reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from lms.access.actions import Action
from lms.access.policy import Role, Scope, scope_of
from lms.core.audit import Actor
from lms.core.db import Model
from lms.core.reach import Reach
from lms.people.models import OrgUnit
from lms.people.services import subtree

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True)
class Person:
    """Who is signed in, with the roles held today and over which units."""

    account_id: int
    employee_id: int | None
    name: str
    language: str
    grants: tuple[tuple[Role, int], ...]

    @property
    def actor(self) -> Actor:
        """The person as the audit log writes it."""
        return Actor(self.account_id, self.employee_id, self.name)

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held today."""
        return frozenset(role for role, _ in self.grants)

    def can(self, action: Action) -> bool:
        """Whether any role allows the action at all."""
        return widest(self, action) is not Scope.NONE


def widest(person: Person, action: Action) -> Scope:
    """Return the widest scope in which a person may do an action."""
    return max((scope_of(role, action) for role, _ in person.grants), default=Scope.NONE)


def narrow(
    statement: Select[*Ts], model: type[Model], person: Person, action: Action, day: date
) -> Select[*Ts]:
    """Limit a select to the rows of `model` that the person's roles reach for an action.

    Raises:
        LookupError: when the model does not say how it is reached (`__scope__`).
    """
    reach: Reach | None = getattr(model, "__scope__", None)
    if reach is None:
        raise LookupError(f"{model.__name__} has no __scope__")
    clauses = [
        _clause(model, reach, scope_of(role, action), unit_id, person, day) for role, unit_id in person.grants
    ]
    return statement.where(or_(false(), *clauses))


def _clause(
    model: Any, reach: Reach, scope: Scope, unit_id: int, person: Person, day: date
) -> ColumnElement[bool]:
    if scope is Scope.NONE:
        return false()
    if scope is Scope.ALL or reach.everyone:
        return true()
    ways: list[ColumnElement[bool]] = []
    if reach.own is not None and person.employee_id is not None:
        ways.append(reach.own(model, person.employee_id))
    if scope >= Scope.ASSIGNED and reach.assigned is not None and person.employee_id is not None:
        ways.append(reach.assigned(model, person.employee_id))
    if scope is Scope.UNIT and reach.unit is not None:
        ways.append(reach.unit(model, select(OrgUnit.id).where(OrgUnit.id == unit_id), day))
    if scope is Scope.SUBTREE and reach.unit is not None:
        ways.append(reach.unit(model, subtree(unit_id, day), day))
    return or_(false(), *ways)
