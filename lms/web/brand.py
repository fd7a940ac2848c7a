"""The bank's colour and logo as small files, and the choice of language."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, session, url_for

from lms.access.services import change_language
from lms.core.db import db
from lms.core.errors import NotFound
from lms.core.files import read
from lms.core.i18n import LANGUAGES
from lms.core.profile import DEFAULT_COLOUR, bank_profile
from lms.web.current import is_signed_in, person
from lms.web.errors import came_from
from lms.web.guard import public

bp = Blueprint("web", __name__)


@bp.get("/brand.css")
@public
def brand() -> Response:
    """Answer the style sheet that carries the bank's colour."""
    profile = bank_profile(db.session())
    colour = profile.colour if profile else DEFAULT_COLOUR
    rgb = ", ".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    css = f":root {{ --zx-brand: {colour}; --zx-brand-rgb: {rgb}; }}\n"
    return Response(css, mimetype="text/css", headers={"Cache-Control": "max-age=60"})


@bp.get("/logo")
@public
def logo() -> Response:
    """Answer the bank's logo."""
    profile = bank_profile(db.session())
    if profile is None or profile.logo is None:
        raise NotFound
    return Response(read(profile.logo), mimetype="image/png", headers={"Cache-Control": "max-age=60"})


@bp.post("/language/<language>")
@public
def choose_language(language: str) -> Any:
    """Remember the language of the pages and return to the page it was chosen on."""
    if language not in LANGUAGES:
        raise NotFound
    session["language"] = language
    if is_signed_in():
        change_language(db.session(), person().account_id, language)
    return redirect(came_from() or url_for("home.index"), 303)


@bp.get("/healthz")
@public
def healthy() -> Response:
    """Answer that the server and its database are there."""
    bank_profile(db.session())
    return Response("ok\n", mimetype="text/plain")
