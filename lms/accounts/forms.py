"""Forms of signing in, set-up and password change."""

from __future__ import annotations

from dataclasses import dataclass

from flask_wtf.file import FileAllowed, FileField
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional, Regexp

from lms.core.passwords import SHORTEST
from lms.web.forms import Form
from lms.web.text import lazy as _l


class SignInForm(Form):
    """User name and password."""

    username = StringField(
        _l("用户名"), [InputRequired(), Length(max=80)], render_kw={"autocomplete": "username"}
    )
    password = PasswordField(
        _l("密码"), [InputRequired(), Length(max=200)], render_kw={"autocomplete": "current-password"}
    )


class PasswordForm(Form):
    """A new password for one's own account."""

    current = PasswordField(_l("当前密码"), [InputRequired(), Length(max=200)])
    new = PasswordField(_l("新密码"), [InputRequired(), Length(min=SHORTEST, max=200)])
    again = PasswordField(_l("再输入一次新密码"), [EqualTo("new", _l("两次输入的密码不一致。"))])


@dataclass(frozen=True)
class SetupDraft:
    """The first administrator and the bank's face."""

    bank_zh: str
    bank_en: str | None
    colour: str
    name: str
    username: str
    password: str


class SetupForm(Form):
    """The first-run wizard."""

    bank_zh = StringField(_l("银行名称（中文）"), [InputRequired(), Length(max=80)])
    bank_en = StringField(_l("银行名称（英文）"), [Optional(), Length(max=120)])
    colour = StringField(
        _l("主色"),
        [InputRequired(), Regexp(r"^#[0-9a-fA-F]{6}$", message=_l("颜色请写成 #rrggbb 的形式。"))],
        default="#0b4f8a",
        render_kw={"type": "color", "class": "form-control form-control-color"},
    )
    logo = FileField(
        _l("行徽（PNG 或 JPEG，可不填）"),
        [FileAllowed(["png", "jpg", "jpeg"], _l("请选择 PNG 或 JPEG 图片。"))],
    )
    name = StringField(_l("管理员姓名"), [InputRequired(), Length(max=80)])
    username = StringField(
        _l("管理员用户名"),
        [
            InputRequired(),
            Length(min=3, max=80),
            Regexp(r"^[A-Za-z0-9._-]+$", message=_l("用户名只能用字母、数字和 . _ -")),
        ],
    )
    password = PasswordField(_l("密码"), [InputRequired(), Length(min=SHORTEST, max=200)])
    again = PasswordField(_l("再输入一次密码"), [EqualTo("password", _l("两次输入的密码不一致。"))])

    def to_draft(self) -> SetupDraft:
        """Return what was typed."""
        return SetupDraft(
            bank_zh=str(self.bank_zh.data).strip(),
            bank_en=(self.bank_en.data or "").strip() or None,
            colour=str(self.colour.data),
            name=str(self.name.data).strip(),
            username=str(self.username.data).strip(),
            password=str(self.password.data),
        )
