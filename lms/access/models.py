"""Accounts and what proves them, sign-ins, grants, and proposals that await a second person."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.access.policy import Role
from lms.core.db import Model
from lms.core.reach import Reach, column
from lms.core.types import EnumText, Json, LocalDate, UtcDateTime
from lms.people.models import Employee


class Account(Model):
    """Who can sign in; usually an employee."""

    __tablename__ = "account"
    __scope__ = Reach(own=column("employee_id"))

    username: Mapped[str] = mapped_column(String(80), unique=True)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    language: Mapped[str | None] = mapped_column(String(8))
    demo: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    employee: Mapped[Employee | None] = relationship()


class Credential(Model):
    """An account's password as argon2id."""

    __tablename__ = "credential"
    __table_args__ = (UniqueConstraint("account_id", "kind"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(20), default="password")
    secret: Mapped[str] = mapped_column(String(300))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoginSession(Model):
    """A signed-in browser, by the hash of its token; ended by sign-out, disabling or time."""

    __tablename__ = "login_session"
    __table_args__ = (Index("ix_login_session_account", "account_id"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(200))

    account: Mapped[Account] = relationship()


class SignInFailure(Model):
    """A failed sign-in, by the name typed and the address it came from; throttling counts these."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_username", "username", "at"),
        Index("ix_sign_in_failure_address", "address", "at"),
    )

    username: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Grant(Model):
    """A role held over an org unit from one day to another."""

    __tablename__ = "grant"
    __table_args__ = (Index("ix_grant_account", "account_id"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    role: Mapped[Role] = mapped_column(EnumText(Role))
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    valid_from: Mapped[date] = mapped_column(LocalDate)
    valid_to: Mapped[date | None] = mapped_column(LocalDate)


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"


class Proposal(Model):
    """A sensitive act waiting for another person (双人复核): maker and checker are never one."""

    __tablename__ = "proposal"
    __scope__ = Reach(unit=column("org_unit_id"))

    action: Mapped[str] = mapped_column(String(80))
    target: Mapped[str] = mapped_column(String(120), index=True)
    org_unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    title: Mapped[str] = mapped_column(String(200))
    diff: Mapped[Any] = mapped_column(Json)
    state: Mapped[ProposalState] = mapped_column(EnumText(ProposalState))
    maker_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    checker_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str | None] = mapped_column(String(500))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    maker: Mapped[Account] = relationship(foreign_keys=[maker_id])
    checker: Mapped[Account | None] = relationship(foreign_keys=[checker_id])
