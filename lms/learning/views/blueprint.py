"""The room's URL table, and what its pages share."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort
from markupsafe import Markup

from lms.learning.forms import PressForm
from lms.learning.rules.text import to_html

bp = Blueprint("learning", __name__, url_prefix="/learning")


@bp.app_template_filter("lesson_text")
def lesson_text(text: str, address: Callable[[str], str] | None = None) -> Markup:
    """Return Markdown as safe HTML (template filter)."""
    return Markup(to_html(text, address))  # noqa: S704 (cleaned by nh3)


def pressed() -> None:
    """Answer 400 unless a button of ours was pressed (its token came along)."""
    if not PressForm().validate_on_submit():
        abort(400)
