"""Fields of the appraisal's forms, and reading them."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

from wtforms import FloatField, SelectField
from wtforms.validators import Optional
from wtforms.widgets import TextInput

from lms.core.i18n import N_
from lms.scoring.schema import LIMIT
from lms.web.text import say


class Number(FloatField):
    """A number that may be left empty; shown as people write it, full-width digits read as well.

    A plain text field: a browser's number field sends nothing at all for what it cannot read, and a turn of
    the wheel over it changes a weight unseen. What is shown is the whole number, to its last digit.
    """

    widget = TextInput()

    def __init__(self, label: Any = None, **more: Any) -> None:
        super().__init__(
            label, [Optional()], render_kw={"inputmode": "decimal", "autocomplete": "off"}, **more
        )

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number, or say in the page's language that it is none or beyond all reason."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(say(N_("请填写数字。"))) from None
        if self.data is not None and not isfinite(self.data):
            self.data = None
            raise ValueError(say(N_("请填写数字。")))
        if self.data is not None and abs(self.data) > LIMIT:
            self.data = None
            raise ValueError(say(N_("数字太大，最多为 %(limit)s。"), {"limit": f"{LIMIT:,}"}))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        text = f"{Decimal(repr(float(self.data))):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class SelectOne(SelectField):
    """One of the choices; a field that was not sent keeps its default, as one that was never shown."""

    def __init__(self, label: Any, choices: list[tuple[str, Any]], **more: Any) -> None:
        more.setdefault("default", choices[0][0])
        super().__init__(label, **more)
        self.choices = list(choices)


class SelectOffered(SelectField):
    """One of the choices that the page offers; what is not among them is named when the scheme is checked."""

    def __init__(self, label: Any, **more: Any) -> None:
        super().__init__(label, validate_choice=False, default="", **more)
        self.choices = []

    def offer(self, choices: list[tuple[str, str]], empty: str) -> None:
        """Fill the choices, with an empty one before, and one for what stands there and is unknown."""
        known = {code for code, _ in choices}
        mine = [] if not self.data or self.data in known else [(self.data, self.data)]
        self.choices = [("", empty), *mine, *choices]


def text_of(field: Any) -> str:
    """Return what was typed, without spaces around it."""
    return str(field.data or "").strip()


def number_of(field: Any, otherwise: float) -> float:
    """Return the number that was typed, or another where there is none."""
    return otherwise if field.data is None else float(field.data)
