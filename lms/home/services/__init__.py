"""What awaits a person today, gathered from every room."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from lms.access.services import Person
from lms.appraisal import services as appraisal
from lms.assessment import services as assessment
from lms.core.todo import Todo
from lms.feedback import services as feedback
from lms.indicators import services as indicators
from lms.indicators.services import feeds
from lms.learning import services as learning
from lms.roleplay import services as roleplay

ROOMS = (learning, assessment, roleplay, feedback, indicators, appraisal, feeds)


def todos(session: Session, person: Person, now: datetime) -> list[Todo]:
    """Return everything a person has to do, the earliest due first."""
    found = [todo for room in ROOMS for todo in room.todo(session, person, now)]
    return sorted(found, key=lambda todo: (todo.due or date.max, todo.title))
