"""Who may be asked to score: the trainers of the bank."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.models import Account
from lms.access.policy import Role
from lms.access.services import accounts_with
from lms.people.models import Employee


def possible_scorers(session: Session, day: date) -> list[Employee]:
    """Return the employees who hold the trainer's role on a day, by name."""
    holders = accounts_with(Role.TRAINER, day).with_only_columns(Account.employee_id).order_by(None)
    return list(session.scalars(select(Employee).where(Employee.id.in_(holders)).order_by(Employee.sort_key)))
