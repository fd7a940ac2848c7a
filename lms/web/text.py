"""Turning message ids into the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask_babel import gettext, lazy_gettext
from flask_login import current_user

from lms.core.errors import Problem
from lms.core.i18n import LANGUAGES, pick
from lms.web.current import browser_language


def page_language() -> str:
    """Return zh or en: what the person chose, else the browser's first of the two, else zh."""
    if current_user and current_user.is_authenticated and current_user.person.language in LANGUAGES:
        return str(current_user.person.language)
    return browser_language()


def say(message: str, params: Mapping[str, Any] | None = None) -> str:
    """Return a message id with its values in the page's language."""
    return str(gettext(message, **dict(params or {})))


def lazy(message: str) -> str:
    """Return a text that is translated when the page shows it (labels of form fields).

    It acts as a str everywhere; WTForms's types ask for one.
    """
    return cast(str, lazy_gettext(message))


def say_problem(problem: Problem) -> str:
    """Return a problem's sentence in the page's language."""
    return say(problem.message, problem.params)


def local(thing: Any, field: str) -> str:
    """Return a bilingual field in the page's language (template filter)."""
    return pick(thing, field, page_language())
