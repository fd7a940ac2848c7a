"""Forms of accounts and grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from wtforms import DateField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from lms.core.passwords import SHORTEST
from lms.web.forms import Form
from lms.web.text import lazy as _l


@dataclass(frozen=True)
class AccountDraft:
    """An account to be, for an employee."""

    number: str
    username: str
    password: str


class AccountForm(Form):
    """For whom, under which name, with which first password."""

    number = StringField(_l("员工号"), [InputRequired(), Length(max=40)])
    username = StringField(
        _l("用户名"),
        [
            InputRequired(),
            Length(min=3, max=80),
            Regexp(r"^[A-Za-z0-9._-]+$", message=_l("用户名只能用字母、数字和 . _ -")),
        ],
    )
    password = PasswordField(_l("初始密码"), [InputRequired(), Length(min=SHORTEST, max=200)])

    def to_draft(self) -> AccountDraft:
        """Return what was typed."""
        return AccountDraft(
            str(self.number.data).strip(), str(self.username.data).strip(), str(self.password.data)
        )


@dataclass(frozen=True)
class GrantDraft:
    """A role over a unit from one day to another."""

    role: str
    unit: str
    valid_from: date
    valid_to: date | None


class GrantForm(Form):
    """Which role, over which unit, from when to when."""

    role = SelectField(_l("角色"), [InputRequired()])
    unit = StringField(_l("机构代码"), [InputRequired(), Length(max=40)])
    valid_from = DateField(_l("生效日期"), [InputRequired()])
    valid_to = DateField(_l("失效日期（可不填）"), [Optional()])

    def validate_valid_to(self, field: DateField) -> None:
        """Refuse days that are turned round."""
        if field.data and self.valid_from.data and field.data <= self.valid_from.data:
            raise ValidationError(str(_l("失效日期必须晚于生效日期。")))

    def to_draft(self) -> GrantDraft:
        """Return what was typed."""
        assert self.valid_from.data is not None
        return GrantDraft(
            str(self.role.data), str(self.unit.data).strip(), self.valid_from.data, self.valid_to.data
        )
