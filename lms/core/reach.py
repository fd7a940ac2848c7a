"""What a model says of itself so that rights can narrow a query to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select

Own = Callable[[Any, int], ColumnElement[bool]]
"""(model, employee id) -> clause for that person's own rows."""
Unit = Callable[[Any, Select[int], date], ColumnElement[bool]]
"""(model, select of org unit ids, day) -> clause for rows of those units."""


@dataclass(frozen=True)
class Reach:
    """How own, assigned and unit rows of a model are told apart; an absent way reaches nothing."""

    own: Own | None = None
    assigned: Own | None = None
    unit: Unit | None = None
    everyone: bool = False

    @classmethod
    def shared(cls) -> Reach:
        """Catalogue data that everyone who may do the action sees whole."""
        return cls(everyone=True)


@dataclass(frozen=True)
class _Column:
    name: str

    def __call__(self, model: Any, wanted: Any, day: date | None = None) -> ColumnElement[bool]:
        attribute = getattr(model, self.name)
        clause: ColumnElement[bool] = (
            attribute.in_(wanted) if isinstance(wanted, Select) else attribute == wanted
        )
        return clause


def column(name: str) -> Any:
    """Rows whose column holds the employee (own) or the org unit (unit)."""
    return _Column(name)
