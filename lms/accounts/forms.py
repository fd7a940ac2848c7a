"""Forms of signing in, set-up and password change."""

from __future__ import annotations

from dataclasses import dataclass

from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Regexp

from lms.web.bank import BankForm
from lms.web.forms import Form
from lms.web.passwords import Strong
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

    known: tuple[str, ...] = ()

    current = PasswordField(_l("当前密码"), [InputRequired(), Length(max=200)])
    new = PasswordField(_l("新密码"), [InputRequired(), Length(max=200), Strong()])
    again = PasswordField(_l("再输入一次新密码"), [EqualTo("new", _l("两次输入的密码不一致。"))])


@dataclass(frozen=True)
class SetupDraft:
    """The first administrator and the bank's face."""

    bank_zh: str
    bank_en: str | None
    colour: str
    logo: bytes | None
    name: str
    username: str
    password: str


class SetupForm(BankForm):
    """The first-run wizard: the bank's face and its first administrator."""

    name = StringField(_l("管理员姓名"), [InputRequired(), Length(max=80)])
    username = StringField(
        _l("管理员用户名"),
        [
            InputRequired(),
            Length(min=3, max=80),
            Regexp(r"^[A-Za-z0-9._-]+$", message=_l("用户名只能用字母、数字和 . _ -")),
        ],
    )
    password = PasswordField(_l("密码"), [InputRequired(), Length(max=200), Strong("username")])
    again = PasswordField(_l("再输入一次密码"), [EqualTo("password", _l("两次输入的密码不一致。"))])

    def to_draft(self) -> SetupDraft:
        """Return what was typed."""
        bank_zh, bank_en = self.names
        return SetupDraft(
            bank_zh=bank_zh,
            bank_en=bank_en,
            colour=str(self.colour.data),
            logo=self.picture,
            name=str(self.name.data).strip(),
            username=str(self.username.data).strip(),
            password=str(self.password.data),
        )
