"""The check of a new password, as a form field's validator."""

from __future__ import annotations

from typing import Any

from wtforms.validators import ValidationError

from lms.core.passwords import weakness
from lms.web.text import say


class Strong:
    """Refuse a password that is easy to guess.

    It may not consist of the values of the fields `names`, nor of what the form says is `known`.
    """

    def __init__(self, *names: str) -> None:
        self.names = names

    def __call__(self, form: Any, field: Any) -> None:
        typed = (str(form[name].data or "").strip() for name in self.names)
        known = (*typed, *getattr(form, "known", ()))
        if why := weakness(str(field.data or ""), *known):
            raise ValidationError(say(why))
