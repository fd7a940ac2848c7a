"""The base form: CSRF and messages in the page's language."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm

from lms.web.text import page_language


class Form(FlaskForm):  # type: ignore[misc]
    """A form; `to_draft()` of a subclass returns a frozen dataclass."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        @property
        def locales(self) -> list[str]:
            """The languages of WTForms's own messages."""
            return [page_language()]

        def get_translations(self, form: Any) -> Any:
            """Take WTForms's own catalogue of the page's language."""
            from wtforms.i18n import get_translations

            return get_translations(self.locales)
