"""Accounts, passwords and signed-in sessions."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select, text
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
CHOSEN, FIRST = "password", "initial"
"""A password its owner chose, and one that an administrator handed over: it only opens the way to choose."""


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
    handed_over: bool = False,
) -> Account:
    """Open an account; hash the password with `HASHER` first, outside the transaction.

    A password that was `handed_over` has to be changed before anything else.

    Raises:
        Refused: when the user name is taken.
    """
    same = select(Account.id).where(func.lower(Account.username) == username.lower())
    if session.scalar(same) is not None:
        raise Refused(N_("用户名 %(username)s 已被使用。"), username=username)
    account = Account(
        username=username, employee_id=employee.id if employee else None, name=name, created_at=now, demo=demo
    )
    session.add(account)
    session.flush()
    session.add(
        Credential(
            account_id=account.id,
            kind=FIRST if handed_over else CHOSEN,
            secret=password_hash,
            changed_at=now,
        )
    )
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
        .where(Account.username == username, Account.disabled_at.is_(None))
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


def has_to_change(session: Session, account_id: int) -> bool:
    """Whether the account's password was handed over and not changed since."""
    return session.scalar(select(Credential.kind).where(Credential.account_id == account_id)) == FIRST


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
    _end_sessions(session, account.id, now)
    record(session, actor, "access:account:disable", f"account:{account.id}")


def enable_account(session: Session, actor: Acting, account: Account) -> None:
    """Let a disabled account sign in again, with the password and the grants it has."""
    account.disabled_at = None
    record(session, actor, "access:account:enable", f"account:{account.id}")


def change_language(session: Session, account_id: int, language: str) -> None:
    """Remember the language a person reads."""
    session.get_one(Account, account_id).language = language


def change_password(
    session: Session, actor: Acting, account_id: int, password_hash: str, now: datetime
) -> None:
    """Replace a password (hashed before) by one its owner chose, and end the account's sessions."""
    _replace(session, account_id, password_hash, CHOSEN, now)
    record(session, actor, "access:password:change", f"account:{account_id}")


def reset_password(
    session: Session, actor: Acting, account: Account, password_hash: str, now: datetime
) -> None:
    """Replace a forgotten password by one to hand over; the account may try again at once."""
    _replace(session, account.id, password_hash, FIRST, now)
    session.execute(delete(SignInFailure).where(SignInFailure.username == account.username))
    record(session, actor, "access:password:reset", f"account:{account.id}")


def lock_accounts(session: Session) -> None:
    """Let no other transaction open an account until this one ends (SQLite has one writer anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))


def _replace(session: Session, account_id: int, password_hash: str, kind: str, now: datetime) -> None:
    credential = session.scalars(select(Credential).where(Credential.account_id == account_id)).one()
    credential.secret, credential.kind, credential.changed_at = password_hash, kind, now
    _end_sessions(session, account_id, now)


def _end_sessions(session: Session, account_id: int, now: datetime) -> None:
    for living in session.scalars(
        select(LoginSession).where(LoginSession.account_id == account_id, LoginSession.ended_at.is_(None))
    ):
        living.ended_at = now


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
