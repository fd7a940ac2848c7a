"""Accounts, passwords and signed-in sessions."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from lms.access.models import Account, Credential, LoginSession, SignInFailure
from lms.core.audit import Acting, Actor, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.people.models import Employee

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = HASHER.hash("the account that is not there costs as much time as the one that is")
SESSION_LENGTH = timedelta(hours=10)
WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 8
TRIES_PER_ADDRESS = 60


def open_account(
    session: Session,
    actor: Acting,
    *,
    username: str,
    password_hash: str,
    name: str,
    employee: Employee | None,
    now: datetime,
    demo: bool = False,
) -> Account:
    """Open an account; hash the password with `HASHER` first, outside the transaction.

    Raises:
        Refused: when the user name is taken.
    """
    if session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise Refused(N_("用户名 %(username)s 已被使用。"), username=username)
    account = Account(
        username=username, employee_id=employee.id if employee else None, name=name, created_at=now, demo=demo
    )
    session.add(account)
    session.flush()
    session.add(Credential(account_id=account.id, kind="password", secret=password_hash, changed_at=now))
    session.flush()
    record(session, actor, "access:account:open", f"account:{account.id}", username=username)
    return account


def throttled(session: Session, username: str, address: str, now: datetime) -> bool:
    """Whether this name or this address has failed too often in the last quarter of an hour."""
    since = now - WINDOW

    def failures(column: object, value: str) -> int:
        return (
            session.scalar(
                select(func.count())
                .select_from(SignInFailure)
                .where(column == value, SignInFailure.at > since)  # type: ignore[arg-type]
            )
            or 0
        )

    return (
        failures(SignInFailure.username, username) >= TRIES_PER_ACCOUNT
        or failures(SignInFailure.address, address) >= TRIES_PER_ADDRESS
    )


def verify_password(session: Session, username: str, password: str) -> int | None:
    """Return the account whose password this is; an unknown name takes the same time.

    Call it in a reading transaction: hashing takes tens of milliseconds.
    """
    row = session.execute(
        select(Account.id, Credential.secret)
        .join(Credential, Credential.account_id == Account.id)
        .where(Account.username == username, Account.disabled_at.is_(None), Credential.kind == "password")
    ).first()
    try:
        HASHER.verify(row.secret if row else _NOBODY, password)
    except VerificationError:
        return None
    return int(row.id) if row else None


def sign_in(
    session: Session, account_id: int | None, *, username: str, address: str, agent: str, now: datetime
) -> str | None:
    """Record the outcome of a password check; on success return the new session's token."""
    if account_id is None:
        session.add(SignInFailure(username=username[:80], address=address, at=now))
        return None
    session.execute(delete(SignInFailure).where(SignInFailure.username == username))
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            account_id=account_id,
            token_sha256=_digest(token),
            started_at=now,
            expires_at=now + SESSION_LENGTH,
            address=address,
            agent=agent[:200],
        )
    )
    session.flush()
    who = Actor(account_id=account_id, label=username[:80])
    record(session, who, "access:session:begin", f"account:{account_id}", address=address)
    return token


def is_demo(session: Session, account_id: int) -> bool:
    """Whether an account came with the demo bank, and so has a password everybody knows."""
    return session.get_one(Account, account_id).demo


def signed_in(session: Session, token: str, now: datetime) -> LoginSession | None:
    """Return the living session of a token with its account."""
    return session.scalar(
        select(LoginSession)
        .join(Account)
        .where(
            LoginSession.token_sha256 == _digest(token),
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now,
            Account.disabled_at.is_(None),
        )
        .options(joinedload(LoginSession.account))
    )


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End the session of a token."""
    found = signed_in(session, token, now)
    if found is not None:
        found.ended_at = now


def disable_account(session: Session, actor: Acting, account: Account, now: datetime) -> None:
    """Disable an account and end its sessions at once."""
    account.disabled_at = now
    for living in session.scalars(
        select(LoginSession).where(LoginSession.account_id == account.id, LoginSession.ended_at.is_(None))
    ):
        living.ended_at = now
    record(session, actor, "access:account:disable", f"account:{account.id}")


def change_language(session: Session, account_id: int, language: str) -> None:
    """Remember the language a person reads."""
    session.get_one(Account, account_id).language = language


def change_password(
    session: Session, actor: Acting, account_id: int, password_hash: str, now: datetime
) -> None:
    """Replace a password (hashed before) and end the account's other sessions."""
    credential = session.scalars(
        select(Credential).where(Credential.account_id == account_id, Credential.kind == "password")
    ).one()
    credential.secret, credential.changed_at = password_hash, now
    for living in session.scalars(
        select(LoginSession).where(LoginSession.account_id == account_id, LoginSession.ended_at.is_(None))
    ):
        living.ended_at = now
    record(session, actor, "access:password:change", f"account:{account_id}")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
