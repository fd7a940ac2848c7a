"""What awaits a person today, gathered from every room."""

from __future__ import annotations

import importlib
import importlib.util
from datetime import date, datetime

from sqlalchemy.orm import Session

from lms.access.services import Person
from lms.core.todo import Todo

ROOMS = ("learning", "assessment", "roleplay", "feedback", "appraisal", "reports")


def todos(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return everything a person has to do, the earliest due first."""
    found: list[Todo] = []
    for room in ROOMS:
        if importlib.util.find_spec(f"lms.{room}.services") is None:
            continue
        services = importlib.import_module(f"lms.{room}.services")
        if hasattr(services, "todo"):
            found += services.todo(session, person, now)
    return sorted(found, key=lambda todo: (todo.due or date.max, todo.title))
