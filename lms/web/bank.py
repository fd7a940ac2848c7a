"""The fields of the bank's own face, asked for at the first set-up and changed later."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from lms.core.errors import Refused
from lms.core.pictures import as_png
from lms.core.profile import DEFAULT_COLOUR, LEAST_CONTRAST, contrast_with_white
from lms.web.forms import Form
from lms.web.text import lazy as _l
from lms.web.text import say


class BankForm(Form):
    """Name, colour and logo of the bank; `picture` is the logo as it will be shown."""

    picture: bytes | None = None

    bank_zh = StringField(_l("银行名称（中文）"), [InputRequired(), Length(max=80)])
    bank_en = StringField(_l("银行名称（英文）"), [Optional(), Length(max=120)])
    colour = StringField(
        _l("主色"),
        [InputRequired(), Regexp(r"^#[0-9a-fA-F]{6}$", message=_l("颜色请写成 #rrggbb 的形式。"))],
        default=DEFAULT_COLOUR,
        render_kw={"type": "color", "class": "form-control form-control-color"},
    )
    logo = FileField(_l("行徽（PNG 或 JPEG，可不填）"), render_kw={"accept": "image/png,image/jpeg"})

    def validate_colour(self, field: StringField) -> None:
        """Refuse a colour on which white text cannot be read."""
        if not field.errors and contrast_with_white(str(field.data)) < LEAST_CONTRAST:
            raise ValidationError(str(_l("这个颜色太浅，白色文字看不清，请选择更深的颜色。")))

    def validate_logo(self, field: Any) -> None:
        """Look at the picture itself: names and announced types prove nothing."""
        if not field.data:
            return
        try:
            self.picture = as_png(field.data.read())
        except Refused as refused:
            raise ValidationError(say(refused.message, refused.params)) from None

    @property
    def names(self) -> tuple[str, str | None]:
        """The bank's name in both languages."""
        return str(self.bank_zh.data).strip(), (self.bank_en.data or "").strip() or None
