"""Rights at the door: every view says what it requires, or that it is public."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import abort, redirect, request, url_for

from lms.access.actions import Action
from lms.core.audit import record_now
from lms.core.db import db
from lms.web.current import has_to_change_password, is_signed_in, person

P = ParamSpec("P")
R = TypeVar("R")


def requires(action: Action) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view be reached only by people whose roles allow the action in some scope."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not is_signed_in():
                if request.method == "GET":
                    return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))  # type: ignore[return-value]
                abort(401)
            if has_to_change_password() and action is not Action.SESSION_OWN:
                return redirect(url_for("accounts.me"), 303)  # type: ignore[return-value]
            if not person().can(action):
                deny(action)
            return view(*args, **kwargs)

        guarded.__action__ = action  # type: ignore[attr-defined]
        return guarded

    return guard


def reads(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that stores nothing although it is posted to: it reads, and holds no lock of writers."""
    view.__reads__ = True  # type: ignore[attr-defined]
    return view


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that anybody may reach."""
    view.__action__ = None  # type: ignore[attr-defined]
    return view


def deny(action: Action) -> Any:
    """Log the denial in a transaction of its own and answer 403."""
    db.session.rollback()
    record_now(person(), "access:denied", request.path[:120], right=action.value, method=request.method)
    abort(403)


def may_open(app_view: Any) -> bool:
    """Whether the current person may reach a view (for menus; the view checks again)."""
    action = getattr(app_view, "__action__", None)
    return action is None or (is_signed_in() and person().can(action))
