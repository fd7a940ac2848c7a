"""Finding one row, within the scope of the person, or answering that there is none."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select, select

from lms.access.actions import Action
from lms.access.services import narrow
from lms.core import clock
from lms.core.db import Model, db
from lms.core.errors import NotFound
from lms.web.current import person
from lms.web.guard import deny

M = TypeVar("M", bound=Model)


def load(source: type[M] | Select[M], row_id: int, action: Action) -> M:
    """Return the row with an id if the current person's roles reach it for the action.

    A row that exists but is out of reach answers 403 and is logged; one that does not, 404.

    Raises:
        NotFound: when there is no such row.
    """
    statement: Select[M] = source if isinstance(source, Select) else select(source)
    model: Any = statement.column_descriptions[0]["entity"]
    statement = statement.where(model.id == row_id)
    found = db.session().scalar(narrow(statement, model, person(), action, clock.today()))
    if found is not None:
        return found
    if db.session().scalar(statement) is not None:
        deny(action)
    raise NotFound


def reachable(statement: Select[M], model: type[M], action: Action) -> Select[M]:
    """Return a select limited to the rows that the current person reaches for the action."""
    return narrow(statement, model, person(), action, clock.today())
