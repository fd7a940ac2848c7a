"""The person of this request; the only place that knows flask-login."""

from __future__ import annotations

from typing import Any

import flask_login
from flask import Flask, request, session

from lms.access.models import LoginSession
from lms.access.services import Person, person_of, signed_in
from lms.core import clock
from lms.core.db import db
from lms.core.errors import Forbidden
from lms.core.i18n import LANGUAGES


class SignedIn(flask_login.UserMixin):  # type: ignore[misc]
    """A living session and the person it belongs to."""

    def __init__(self, token: str, living: LoginSession, person: Person) -> None:
        self.token = token
        self.login_session_id = living.id
        self.person = person

    def get_id(self) -> str:
        """Return the token of the server-side session, never the account."""
        return self.token


def init_app(app: Flask) -> None:
    """Let flask-login find the person by the session token."""
    manager: Any = flask_login.LoginManager(app)
    manager.session_protection = None

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load_user(token: str) -> SignedIn | None:
        living = signed_in(db.session(), token, clock.now())
        if living is None or (app.config["PRODUCTION"] and living.account.demo):
            return None
        person = person_of(db.session(), living.account, clock.today(), browser_language())
        return SignedIn(token, living, person)


def browser_language() -> str:
    """Return the language chosen in this browser, else its first of the two, else zh."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES) or "zh"


def begin(token: str, *, password_first: bool = False) -> None:
    """Start a browser session for a token; whatever the browser held before is dropped.

    With `password_first` it leads nowhere but to the change of the password.
    """
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session["_user_id"] = token
    session["_fresh"] = True
    if password_first:
        session["password_first"] = True


def end() -> str | None:
    """Drop the browser session; return the token it held."""
    token = session.get("_user_id")
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    return token


def has_to_change_password() -> bool:
    """Whether this session was begun with a password that somebody else knows."""
    return bool(session.get("password_first"))


def is_signed_in() -> bool:
    """Whether this request comes from a living session."""
    return bool(flask_login.current_user.is_authenticated)


def person() -> Person:
    """Return the signed-in person.

    Raises:
        Forbidden: when nobody is signed in.
    """
    if not is_signed_in():
        raise Forbidden
    found: Person = flask_login.current_user.person
    return found
