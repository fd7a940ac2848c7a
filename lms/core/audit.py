"""Who did what to what: one line for every write, and for every denial and unmasking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.core import clock
from lms.core.db import Model, db, writing
from lms.core.reach import Reach
from lms.core.types import Json, UtcDateTime


@dataclass(frozen=True)
class Actor:
    """Who acts: an account with its employee, or a command of the system (`account_id` None)."""

    account_id: int | None = None
    employee_id: int | None = None
    label: str = "system"

    @property
    def actor(self) -> Actor:
        """Itself, so that a signed-in person and an actor are given alike."""
        return self


SYSTEM = Actor()


class Acting(Protocol):
    """Anybody with an `actor`."""

    @property
    def actor(self) -> Actor: ...


class AuditEntry(Model):
    """One line of the audit log; rows are only ever added (triggers see to it)."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_target", "target"), Index("ix_audit_entry_at", "at"))
    __scope__ = Reach.shared()

    at: Mapped[datetime] = mapped_column(UtcDateTime)
    account_id: Mapped[int | None]
    employee_id: Mapped[int | None]
    label: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(80))
    target: Mapped[str] = mapped_column(String(120))
    details: Mapped[Any] = mapped_column(Json)


def record(session: Session, actor: Acting, action: str, target: str, **details: Any) -> None:
    """Add an audit line to the transaction of the write it tells of."""
    session.add(_entry(actor, action, target, details))


def record_now(actor: Acting, action: str, target: str, **details: Any) -> None:
    """Write an audit line in a short transaction of its own (denials, unmasking, sign-ins)."""
    with writing(), Session(db.engine) as session, session.begin():
        session.add(_entry(actor, action, target, details))


def _entry(actor: Acting, action: str, target: str, details: dict[str, Any]) -> AuditEntry:
    who = actor.actor
    return AuditEntry(
        at=clock.now(),
        account_id=who.account_id,
        employee_id=who.employee_id,
        label=who.label,
        action=str(action),
        target=target,
        details=details,
    )
